
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_cut_joints: whether the transitions of a cut can be made at all, and
 * where they begin.
 * May call: common/.
 * Frees: nothing.
 */


#ifndef WORKER_CUT_JOINTS_H_INCLUDED_
#define WORKER_CUT_JOINTS_H_INCLUDED_


#include "common/wub_best.h"
#include "common/wub_range.h"
#include "worker/worker.h"


/*
 * Of ranges that end behind their starts.  WORKER_INVALID: one is unknown,
 * or longer than a range beside it, or two that follow each other are
 * longer than the range between them.
 */
worker_rc_t worker_cut_joints(const wub_ranges_t *ranges,
    worker_err_t *err);

/*
 * Where the last of a range begins that has that much footage by the names
 * of its segments, microseconds: holes do not count.  The range's start
 * where it has less.
 */
int64_t worker_cut_tail(const wub_range_t *range, const wub_chain_t *chain,
    int64_t length);


#endif /* WORKER_CUT_JOINTS_H_INCLUDED_ */
