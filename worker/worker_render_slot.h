
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_render_slot: what the parent of the render service and its
 * children share: for each connection a slot, where its child says how far
 * it is, and the counters, which only the parent writes.
 * May call: libc.
 * Frees: nothing; the mapping is there as long as the processes are.
 */


#ifndef WORKER_RENDER_SLOT_H_INCLUDED_
#define WORKER_RENDER_SLOT_H_INCLUDED_


#include <stdalign.h>
#include <stdatomic.h>

#include "worker/worker_limits.h"


/* connections at the same time, of whatever state */
#define WORKER_RENDER_CONNS      512

/* bytes of a page of memory, as a rule */
#define WORKER_RENDER_PAGE       4096

/* of a request and of a sentence, for the log; a zero behind it */
#define WORKER_RENDER_TEXT       1024

/* what a client is told of the limit of memory */
#define WORKER_RENDER_NO_MEMORY                                               \
    "Rendering needs more memory than is allowed here; ask for less."

/* of histograms of times; and statuses that are counted by themselves */
#define WORKER_RENDER_BOUNDS     18
#define WORKER_RENDER_STATUSES   16


/* why a child did not end by itself, or ended before its answer did */
typedef enum {
    WORKER_RENDER_NOTHING = 0,
    WORKER_RENDER_TIME,         /* its limit of wall time */
    WORKER_RENDER_CPU,          /* of CPU time */
    WORKER_RENDER_MEMORY,       /* of memory, told by the child */
    WORKER_RENDER_STALL,        /* its client took nothing, likewise */
    WORKER_RENDER_LEFT,         /* its client left */
    WORKER_RENDER_STOP,         /* the service ends */
    WORKER_RENDER_REASONS
} worker_render_reason_e;

/*
 * Written by the child and read by the parent, mostly after its end; the
 * texts only then.  All is zero when a child begins.
 */
typedef struct {
    _Atomic unsigned  status;       /* of the answer, once its head is handed
                                       on; 0: nobody has seen any of it */
    _Atomic unsigned  reason;       /* worker_render_reason_e */
    _Atomic bool      sent;         /* all of the answer is */
    _Atomic int64_t   first;        /* microseconds: the first byte of it */
    _Atomic uint64_t  bytes;        /* of its body */
    unsigned          wanted;       /* status that the parent is to answer */
    char              text[WORKER_RENDER_TEXT];     /* the request */
    char              plan[WORKER_RENDER_TEXT];     /* the step at work */
    char              error[WORKER_RENDER_TEXT];    /* what failed, or "" */
} worker_render_slot_t;

typedef struct {
    uint64_t          sum;          /* microseconds */
    uint64_t          counts[WORKER_RENDER_BOUNDS + 1];
} worker_render_times_t;

typedef struct {
    uint64_t                statuses[WORKER_RENDER_STATUSES];
    uint64_t                bytes;
    uint64_t                busy;       /* answered 503 without a child */
    uint64_t                crashed;
    uint64_t                broken;     /* failed behind the first byte */
    uint64_t                killed[WORKER_RENDER_REASONS];
    uint64_t                cpu;        /* microseconds of children */
    uint64_t                queued;     /* just now */
    uint64_t                working;    /* just now */
    worker_render_times_t   seconds;    /* from accept() to the end */
    worker_render_times_t   first;      /* to the first byte */
} worker_render_counts_t;

/* children cannot write to the pages before that of the slots */
typedef struct {
    worker_render_counts_t  kinds[WORKER_LIMITS_KINDS];
    int64_t                 started;    /* microseconds since the epoch */
    uint64_t                accepted;
    uint64_t                failed;     /* accept() or fork() did */
    uint64_t                conns;      /* open just now */
    worker_limits_t         limits[WORKER_LIMITS_KINDS];
    int64_t                 children;   /* of the service at most */

    alignas(WORKER_RENDER_PAGE)
    worker_render_slot_t    slots[WORKER_RENDER_CONNS];
} worker_render_shared_t;


#endif /* WORKER_RENDER_SLOT_H_INCLUDED_ */
