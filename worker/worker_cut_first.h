
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_cut_first: what a cut does before its first byte: everything that
 * can be refused is, and the form of the output is learnt.
 * May call: worker_store, worker_survey, worker_plan, common/.
 * Frees: nothing.
 */


#ifndef WORKER_CUT_FIRST_H_INCLUDED_
#define WORKER_CUT_FIRST_H_INCLUDED_


#include "worker/worker_behind.h"
#include "worker/worker_cut.h"
#include "worker/worker_plan.h"
#include "worker/worker_survey.h"


typedef struct {
    const worker_cut_t      *cut;
    const worker_maker_t    *ops;       /* NULL: segments as they are */
    void                    *maker;     /* NULL between two files */
    worker_making_t          making;
    worker_behind_t         *behind;    /* NULL: the sink is called itself */
    worker_encode_t          encode;    /* where the caller has none */
    worker_form_t            form;      /* that most of the footage has */
    worker_plan_t            plan;
    worker_survey_t          survey;
    wub_arena_t             *arena;     /* of one range's chain */
    wub_arena_t             *scratch;   /* of one look beside it */
    worker_cut_progress_t    progress;
    int64_t                  told;      /* when progress was, ms */
    worker_cut_result_t      result;    /* of the files that are finished */
} worker_cutter_t;


/* as worker_cut_run(), before it */
worker_rc_t worker_cut_first(worker_cutter_t *c, worker_err_t *err);

/* how long the transition behind the i-th range is; 0: a hard cut */
int64_t worker_cut_overlap(const worker_cutter_t *c, size_t i);

/* the segments of a range; they live until the next call */
worker_rc_t worker_cut_chain(worker_cutter_t *c, const wub_range_t *range,
    wub_chain_t *ret, worker_err_t *err);


#endif /* WORKER_CUT_FIRST_H_INCLUDED_ */
