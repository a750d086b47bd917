
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_config_work: what the files that read the configuration share:
 * tables of keys, and where in the file a sentence is about.
 * May call: jansson, worker_config.
 * Frees: nothing; the JSON tree is worker_config.c's.
 */


#ifndef WORKER_CONFIG_WORK_H_INCLUDED_
#define WORKER_CONFIG_WORK_H_INCLUDED_


#include <jansson.h>

#include "worker/worker_config.h"


/* one key of the file, with the objects around it */
#define WORKER_CONFIG_PATH       512


/* numbers are whole, int64_t, and bounded by worker_config_numbers[] */
typedef enum {
    WORKER_CONFIG_JOBS = 0,     /* processes at the same time */
    WORKER_CONFIG_QUEUE,        /* connections that wait */
    WORKER_CONFIG_WAIT,         /* seconds */
    WORKER_CONFIG_SECONDS,      /* at least one */
    WORKER_CONFIG_MEMORY,       /* MiB */
    WORKER_CONFIG_STRING,       /* const char *; not empty */
    WORKER_CONFIG_LISTEN,       /* const char *; an address */
    WORKER_CONFIG_BOOL,         /* bool */
    WORKER_CONFIG_MODE,         /* int64_t, of a file, as octal digits */
    WORKER_CONFIG_STRINGS,      /* worker_list_t */
    WORKER_CONFIG_OTHER,        /* an object that another role reads */
    WORKER_CONFIG_LATER,        /* what depends on the keys beside it */
    WORKER_CONFIG_CUT,          /* worker_config_cut_t */
    WORKER_CONFIG_LOCATIONS,    /* worker_config_cut_t's locations */
    WORKER_CONFIG_RENDER,       /* worker_config_render_t */
    WORKER_CONFIG_LIMITS        /* worker_limits_t of each kind */
} worker_config_kind_e;

typedef struct {
    const char            *key;
    worker_config_kind_e   kind;
    size_t                 offset;
} worker_config_key_t;

typedef struct {
    wub_arena_t   *arena;
    const char    *what;        /* file or option, for sentences */
    char           path[WORKER_CONFIG_PATH];
    worker_err_t  *err;
} worker_config_ctx_t;


/* an object of known keys; a table ends with a key that is NULL */
worker_rc_t worker_config_object(worker_config_ctx_t *ctx, json_t *json,
    const worker_config_key_t *keys, void *ret);

worker_rc_t worker_config_locations(worker_config_ctx_t *ctx, json_t *json,
    worker_config_cut_t *cut);

worker_rc_t worker_config_dup(worker_config_ctx_t *ctx, wub_str_t s,
    const char **ret);

/* appends ".key" to the path; returns its length before, to go back to */
size_t worker_config_enter(worker_config_ctx_t *ctx, const char *key);

worker_rc_t worker_config_fail(worker_config_ctx_t *ctx, const char *why);
worker_rc_t worker_config_full(worker_config_ctx_t *ctx);


#endif /* WORKER_CONFIG_WORK_H_INCLUDED_ */
