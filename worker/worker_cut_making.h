
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_cut_making: what a maker is given to work with: the sink, the
 * footage beside a range, the plan and the progress.
 * May call: worker_store, worker_footage, worker_behind, worker_plan.
 * Frees: nothing.
 */


#ifndef WORKER_CUT_MAKING_H_INCLUDED_
#define WORKER_CUT_MAKING_H_INCLUDED_


#include "worker/worker_cut_first.h"


/* all but the form of the output, which is learnt later */
void worker_cut_making(worker_cutter_t *c);

/* progress, now */
void worker_cut_tell(worker_cutter_t *c);

/* of the files that are finished and the one at work */
void worker_cut_sum(const worker_cutter_t *c, worker_made_t *ret);


#endif /* WORKER_CUT_MAKING_H_INCLUDED_ */
