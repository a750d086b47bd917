
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_cut_joints: whether the transitions of a cut can be made at all.
 * May call: common/.
 * Frees: nothing.
 */


#ifndef WORKER_CUT_JOINTS_H_INCLUDED_
#define WORKER_CUT_JOINTS_H_INCLUDED_


#include "common/wub_range.h"
#include "worker/worker.h"


/*
 * Of ranges that end behind their starts.  WORKER_INVALID: one is unknown,
 * or longer than a range beside it, or two that follow each other are
 * longer than the range between them.
 */
worker_rc_t worker_cut_joints(const wub_ranges_t *ranges,
    worker_err_t *err);


#endif /* WORKER_CUT_JOINTS_H_INCLUDED_ */
