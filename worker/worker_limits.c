
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "worker/worker_limits.h"


#define WORKER_LIMITS_UNSET      (-1)


/*
 * A cut lasts as long as its client takes it, and one child is left for
 * what is short.  Address space is more than what is used: the libraries
 * alone take some 300 MiB of it.
 */
const worker_limits_row_t  worker_limits_rows[WORKER_LIMITS_KINDS] = {
    [WORKER_LIMITS_CUT] =
        { "cut", true, { 3, 8, 10, 2048, 3600, 7200, 60 } },
    [WORKER_LIMITS_PLAN] =
        { "plan", true, { 2, 8, 10, 1024, 60, 120, 20 } },
    [WORKER_LIMITS_FRAME] =
        { "frame", true, { 4, 32, 10, 1024, 20, 30, 20 } },
    [WORKER_LIMITS_WAVEFORM] =
        { "waveform", true, { 2, 8, 10, 1024, 30, 60, 20 } },
    [WORKER_LIMITS_THUMBNAIL] =
        { "thumbnail", true, { 4, 16, 10, 1024, 20, 30, 20 } },
    [WORKER_LIMITS_METRICS] =
        { "metrics", false, { 2, 8, 5, 512, 5, 10, 5 } },
    [WORKER_LIMITS_OTHER] =
        { "other", false, { 4, 32, 5, 512, 5, 30, 5 } }
};


const worker_limits_row_t *
worker_limits_find(const char *name)
{
    size_t  i;

    for (i = 0; i < WORKER_LIMITS_KINDS; i++) {
        if (worker_limits_rows[i].renders
            && strcmp(worker_limits_rows[i].name, name) == 0)
        {
            return &worker_limits_rows[i];
        }
    }

    return NULL;
}


void
worker_limits_unset(worker_limits_t *limits)
{
    limits->children = WORKER_LIMITS_UNSET;
    limits->queue = WORKER_LIMITS_UNSET;
    limits->wait = WORKER_LIMITS_UNSET;
    limits->memory = WORKER_LIMITS_UNSET;
    limits->cpu = WORKER_LIMITS_UNSET;
    limits->time = WORKER_LIMITS_UNSET;
    limits->stall = WORKER_LIMITS_UNSET;
}


void
worker_limits_fill(worker_limits_t *limits, worker_limits_kind_e kind,
    int64_t children)
{
    size_t                  i;
    const worker_limits_t  *rest = &worker_limits_rows[kind].limits;

    const struct {
        int64_t  *field;
        int64_t   value;
    } rows[] = {
        { &limits->children, rest->children },
        { &limits->queue, rest->queue },
        { &limits->wait, rest->wait },
        { &limits->memory, rest->memory },
        { &limits->cpu, rest->cpu },
        { &limits->time, rest->time },
        { &limits->stall, rest->stall }
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (*rows[i].field == WORKER_LIMITS_UNSET) {
            *rows[i].field = rows[i].value;
        }
    }

    if (worker_limits_rows[kind].renders && limits->children > children) {
        limits->children = children;
    }
}
