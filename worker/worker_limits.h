
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_limits: what the render service knows of requests before it looks
 * into them: their kinds, and what each kind may use at most.
 * May call: libc.
 * Frees: nothing.
 */


#ifndef WORKER_LIMITS_H_INCLUDED_
#define WORKER_LIMITS_H_INCLUDED_


#include "worker/worker.h"


typedef enum {
    WORKER_LIMITS_CUT = 0,
    WORKER_LIMITS_PLAN,         /* of a cut */
    WORKER_LIMITS_FRAME,
    WORKER_LIMITS_WAVEFORM,
    WORKER_LIMITS_THUMBNAIL,
    WORKER_LIMITS_METRICS,
    WORKER_LIMITS_OTHER,        /* what renders nothing */
    WORKER_LIMITS_KINDS
} worker_limits_kind_e;

/* -1: not given */
typedef struct {
    int64_t  children;          /* at work at the same time */
    int64_t  queue;             /* that wait for one of them */
    int64_t  wait;              /* seconds in the queue */
    int64_t  memory;            /* MiB of address space */
    int64_t  cpu;               /* seconds of it */
    int64_t  time;              /* seconds from start to end */
    int64_t  stall;             /* seconds in which the client takes
                                   nothing of what is ready */
} worker_limits_t;

typedef struct {
    const char       *name;
    bool              renders;  /* counts as one of the service's children */
    worker_limits_t   limits;   /* the defaults */
} worker_limits_row_t;


extern const worker_limits_row_t  worker_limits_rows[WORKER_LIMITS_KINDS];


/* NULL, or the row of a kind that renders */
const worker_limits_row_t *worker_limits_find(const char *name);

/* nothing is given */
void worker_limits_unset(worker_limits_t *limits);

/* the defaults where nothing is given; no more than the service's children */
void worker_limits_fill(worker_limits_t *limits, worker_limits_kind_e kind,
    int64_t children);


#endif /* WORKER_LIMITS_H_INCLUDED_ */
