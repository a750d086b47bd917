
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_encode: the settings of kinds of cut that encode everything: a
 * table of names, each with its type, its range and its default per kind;
 * checked where they are set, read by worker_full and its wrappers.
 * May call: common/.
 * Frees: nothing; a worker_encode_t is a value and owns nothing.
 */


#ifndef WORKER_ENCODE_H_INCLUDED_
#define WORKER_ENCODE_H_INCLUDED_


#include "worker/worker.h"


/* a value as text, a zero behind it */
#define WORKER_ENCODE_LEN        24

/* the unit of numbers that may have a fraction: crf, gop */
#define WORKER_ENCODE_ONE        INT64_C(1000000)


typedef enum {
    WORKER_ENCODE_NONE = 0,     /* a kind without settings */
    WORKER_ENCODE_MPEGTS,
    WORKER_ENCODE_MP4,
    WORKER_ENCODE_WEBM,
    WORKER_ENCODE_KINDS
} worker_encode_kind_e;

typedef enum {
    WORKER_ENCODE_CRF = 0,      /* WORKER_ENCODE_ONE */
    WORKER_ENCODE_PRESET,
    WORKER_ENCODE_PROFILE,
    WORKER_ENCODE_SPEED,
    WORKER_ENCODE_BITRATE,      /* bits per second; 0: by crf */
    WORKER_ENCODE_MAXRATE,      /* 0: none */
    WORKER_ENCODE_BUFSIZE,      /* bits; 0: two seconds of maxrate */
    WORKER_ENCODE_PIXEL_FORMAT,
    WORKER_ENCODE_GOP,          /* WORKER_ENCODE_ONE is a second */
    WORKER_ENCODE_BFRAMES,
    WORKER_ENCODE_THREADS,
    WORKER_ENCODE_AUDIO_BITRATE,
    WORKER_ENCODE_AUDIO_RATE,   /* Hz; 0: that of the source */
    WORKER_ENCODE_FASTSTART,
    WORKER_ENCODE_EDIT_LISTS,
    WORKER_ENCODE_LOW_LATENCY,
    WORKER_ENCODE_SETTINGS
} worker_encode_id_e;

/* numbers in their unit, words as their index; the kind's own only */
typedef struct worker_encode_s {
    worker_encode_kind_e  kind;
    int64_t               values[WORKER_ENCODE_SETTINGS];
} worker_encode_t;

typedef struct {
    const char  *name;
    char         value[WORKER_ENCODE_LEN];
} worker_encode_pair_t;


/* the kind's defaults; a kind that encodes nothing has no settings */
void worker_encode_defaults(worker_encode_t *e, const char *kind);

/* WORKER_INVALID: no such setting of this kind, or no such value of it */
worker_rc_t worker_encode_set(worker_encode_t *e, const char *name,
    const char *value, worker_err_t *err);

/* "NAME=VALUE", or the name of a whole set: "preview", "youtube" */
worker_rc_t worker_encode_text(worker_encode_t *e, const char *text,
    worker_err_t *err);

/* what can be said only of all settings together; after the last one */
worker_rc_t worker_encode_check(const worker_encode_t *e,
    worker_err_t *err);

/* the i-th setting of the kind, as it would be set; false past the last */
bool worker_encode_pair(const worker_encode_t *e, size_t i,
    worker_encode_pair_t *ret);

/* a number, in its unit; of a yes or no, 1 or 0 */
int64_t worker_encode_number(const worker_encode_t *e,
    worker_encode_id_e id);

/* a word */
const char *worker_encode_word(const worker_encode_t *e,
    worker_encode_id_e id);


#endif /* WORKER_ENCODE_H_INCLUDED_ */
