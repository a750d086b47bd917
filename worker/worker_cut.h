
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_cut: makes one video out of ranges of footage: finds the segments
 * of each range, learns what form they have, and hands them in order of
 * time to the maker of the kind (worker_maker.h).  The bytes go to the
 * caller's sink in order, nothing is kept.  What grows with a cut is the
 * list of one range's segments, a few hundred bytes for each of them.
 * May call: worker_store, worker_survey, worker_plan, the makers, common/.
 * Frees: all that it opened, on every path.
 */


#ifndef WORKER_CUT_H_INCLUDED_
#define WORKER_CUT_H_INCLUDED_


#include "common/wub_range.h"
#include "worker/worker.h"
#include "worker/worker_kind.h"
#include "worker/worker_maker.h"
#include "worker/worker_store.h"


/* a longer range is a slip of the pen: each of its hours would be read */
#define WORKER_CUT_HOURS         1000


typedef struct {
    int64_t  done;              /* microseconds of the video written */
    int64_t  total;             /* microseconds asked for */
    int64_t  bytes;             /* written to the sink */
} worker_cut_progress_t;


/* called at least each 100 ms of work */
typedef void (*worker_cut_progress_pt)(void *data,
    const worker_cut_progress_t *progress);

/* what is written from here on belongs into a further file */
typedef worker_rc_t (*worker_cut_next_pt)(void *data, worker_err_t *err);


typedef struct {
    const worker_kind_t           *kind;
    worker_store_t                 store;
    const wub_ranges_t            *ranges;      /* every end is set */
    bool                           allow_holes;
    const worker_encode_t         *encode;      /* NULL: the defaults */
    worker_write_pt                write;
    void                          *write_data;
    int                            fd;          /* of the new, seekable file
                                                   behind write, or -1 */
    worker_cut_next_pt             next;        /* NULL: one file only */
    worker_write_pt                plan;        /* takes the plan; or NULL */
    void                          *plan_data;
    bool                           dry;         /* the plan and no more */
    worker_cut_progress_pt         progress;    /* may be NULL */
    void                          *progress_data;
    const volatile sig_atomic_t   *stop;        /* may be NULL */
} worker_cut_t;

typedef struct {
    worker_made_t   made;       /* frames are 0 where nobody counted them */
    size_t          nsegments;
    size_t          nfiles;
    size_t          nshort;     /* segments that lack some of their time */
    worker_err_t    missing;    /* and the first of them, by how much */
} worker_cut_result_t;


/*
 * WORKER_HOLES, WORKER_INVALID (footage of a form that cannot be cut, the
 * sentence says which segment), WORKER_RETRY (a segment that vanished or
 * cannot be read), WORKER_STOPPED, or what the sink returned.
 */
worker_rc_t worker_cut_run(wub_arena_t *arena, const worker_cut_t *cut,
    worker_cut_result_t *ret, worker_err_t *err);

/* "20.433 s, 613 frames, ..."; what is in a video */
void worker_cut_summary(const worker_cut_result_t *result, char *out,
    size_t size);

/* what is not as it should be; false when there is nothing */
bool worker_cut_warning(const worker_cut_result_t *result, char *out,
    size_t size);


#endif /* WORKER_CUT_H_INCLUDED_ */
