
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_cut: makes one video out of ranges of footage.  Plans each
 * segment by wub_cutplan and executes the plan through the worker_av_*
 * wrappers; the bytes go to the caller's sink in order, nothing is kept.
 * May call: worker_store, worker_av_*, common/.
 * Frees: all that it opened, on every path.
 */


#ifndef WORKER_CUT_H_INCLUDED_
#define WORKER_CUT_H_INCLUDED_


#include "common/wub_range.h"
#include "worker/worker.h"
#include "worker/worker_store.h"


/* a longer range is a slip of the pen: each of its hours would be read */
#define WORKER_CUT_HOURS         1000


typedef struct {
    int64_t  done;              /* microseconds of the video written */
    int64_t  total;             /* microseconds asked for */
    int64_t  bytes;             /* written to the sink */
} worker_cut_progress_t;


/* takes all of len bytes or fails with a sentence */
typedef worker_rc_t (*worker_cut_write_pt)(void *data, const uint8_t *bytes,
    size_t len, worker_err_t *err);

/* called at least each 100 ms of work */
typedef void (*worker_cut_progress_pt)(void *data,
    const worker_cut_progress_t *progress);


typedef struct {
    const char                    *kind;        /* "smart" */
    worker_store_t                 store;
    const wub_ranges_t            *ranges;      /* every end is set */
    bool                           allow_holes;
    worker_cut_write_pt            write;
    void                          *write_data;
    worker_cut_progress_pt         progress;    /* may be NULL */
    void                          *progress_data;
    const volatile sig_atomic_t   *stop;        /* may be NULL */
} worker_cut_t;

typedef struct {
    int64_t   frames;           /* video frames in the output */
    int64_t   copied;           /* of them, copied bit by bit */
    int64_t   duration;         /* microseconds */
    int64_t   bytes;
} worker_cut_result_t;


/* true for a kind that worker_cut_run() can make */
bool worker_cut_known(const char *kind);

/*
 * WORKER_HOLES, WORKER_INVALID (footage of a form that cannot be cut, the
 * sentence says which segment), WORKER_RETRY (a segment that vanished or
 * cannot be read), WORKER_STOPPED, or what the sink returned.
 */
worker_rc_t worker_cut_run(wub_arena_t *arena, const worker_cut_t *cut,
    worker_cut_result_t *ret, worker_err_t *err);


#endif /* WORKER_CUT_H_INCLUDED_ */
