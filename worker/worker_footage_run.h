
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_footage_run: whether segments are one run of footage, which is
 * decoded and shown without a break.
 * May call: worker_footage, common/.
 * Frees: nothing.
 */


#ifndef WORKER_FOOTAGE_RUN_H_INCLUDED_
#define WORKER_FOOTAGE_RUN_H_INCLUDED_


#include "worker/worker_footage.h"


/*
 * True when b goes on where a, whose first frame is at anchor, unwrapped,
 * ends.  hole: there is a hole between them.
 */
bool worker_footage_follows(const worker_footage_t *a, int64_t anchor,
    const worker_footage_t *b, bool hole);


#endif /* WORKER_FOOTAGE_RUN_H_INCLUDED_ */
