
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_pause: when what failed may be tried again, by key.  A job's key
 * changes with its row, so a job that somebody edits waits for nothing.
 * Pure: the clock is the caller's.
 * May call: nothing.
 * Frees: nothing.
 */


#ifndef WORKER_PAUSE_H_INCLUDED_
#define WORKER_PAUSE_H_INCLUDED_


#include "worker/worker.h"


/* a key is an md5 in hex, with a zero */
#define WORKER_PAUSE_KEY         33

/* above it, the key that may go on soonest is forgotten: it is tried */
#define WORKER_PAUSE_MAX         2048


typedef struct {
    char      key[WORKER_PAUSE_KEY];
    bool      ready;            /* found good, there was no room to start */
    unsigned  failures;
    int64_t   until;            /* milliseconds of the caller's clock */
} worker_pause_key_t;

typedef struct {
    worker_pause_key_t  keys[WORKER_PAUSE_MAX];
    size_t              nkeys;
} worker_pauses_t;


/* NULL: the key never failed, or that was forgotten */
const worker_pause_key_t *worker_pause_find(const worker_pauses_t *pauses,
    const char *key);

/* another failure: waits base, then twice that and so on, most at last */
void worker_pause_failed(worker_pauses_t *pauses, const char *key,
    int64_t now, int64_t base, int64_t most);

/* no failure: it waits for room, and is looked at again after ms */
void worker_pause_ready(worker_pauses_t *pauses, const char *key,
    int64_t now, int64_t ms);

/* forgets what ended, and what has been waiting for nothing since before */
void worker_pause_forget(worker_pauses_t *pauses, const char *key);
void worker_pause_expire(worker_pauses_t *pauses, int64_t before);


#endif /* WORKER_PAUSE_H_INCLUDED_ */
