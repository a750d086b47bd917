
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_plan: writes down what a cut does, as JSON: ranges and their
 * segments, the form of the output, settings and versions, and each step
 * of a maker.  It goes to the sink piece by piece, whatever its length.
 * May call: worker_kind, worker_encode, worker_av_*, common/.
 * Frees: its arena, in worker_plan_free().
 */


#ifndef WORKER_PLAN_H_INCLUDED_
#define WORKER_PLAN_H_INCLUDED_


#include "common/wub_best.h"
#include "common/wub_range.h"
#include "worker/worker.h"
#include "worker/worker_kind.h"
#include "worker/worker_maker.h"
#include "worker/worker_store.h"


typedef struct {
    worker_write_pt       write;    /* NULL: nobody asks for a plan */
    void                 *data;

    /* set by worker_plan_*() */

    const worker_kind_t  *kind;
    wub_arena_t          *arena;    /* of one piece */
    wub_buf_t             b;
    bool                  more;     /* a comma comes before the next */

    /* a transition: what it decodes of the one range and of the other */

    bool                  crosses;  /* one is at work */
    wub_arena_t          *crossing; /* NULL before the first */
    wub_transition_t      cross;
    wub_range_t           from;
    wub_buf_t             sides[2];

    bool                  counts;   /* frames are told */
    int64_t               frames;
    int64_t               copied;
} worker_plan_t;


/* all but init and free do nothing where nobody asks */
worker_rc_t worker_plan_init(worker_plan_t *p, worker_err_t *err);
void worker_plan_free(worker_plan_t *p);

/* in this order; ranges in theirs, the parts of each as its chain has them */
worker_rc_t worker_plan_begin(worker_plan_t *p, const worker_kind_t *kind,
    const worker_store_t *store, bool allow_holes, worker_err_t *err);
worker_rc_t worker_plan_range(worker_plan_t *p, const wub_range_t *range,
    const wub_chain_t *chain, worker_err_t *err);

/* form: NULL where the kind has none of its own */
worker_rc_t worker_plan_form(worker_plan_t *p, const worker_form_t *form,
    const worker_encode_t *encode, worker_err_t *err);

worker_rc_t worker_plan_step(worker_plan_t *p,
    const worker_footage_t *footage, const worker_step_t *step,
    worker_err_t *err);

/*
 * A transition, then the steps of what it decodes, in any order, then what
 * it took of the next range and how many frames it has.
 */
worker_rc_t worker_plan_overlap(worker_plan_t *p, const wub_transition_t *t,
    const wub_range_t *from, worker_err_t *err);
worker_rc_t worker_plan_crossed(worker_plan_t *p, const wub_range_t *to,
    int64_t frames, worker_err_t *err);

/* a whole segment as it is */
worker_rc_t worker_plan_whole(worker_plan_t *p, const wub_hour_t *hour,
    const wub_segment_t *segment, uint64_t size, worker_err_t *err);

/* a further file */
worker_rc_t worker_plan_next(worker_plan_t *p, worker_err_t *err);

worker_rc_t worker_plan_end(worker_plan_t *p, worker_err_t *err);


#endif /* WORKER_PLAN_H_INCLUDED_ */
