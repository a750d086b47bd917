
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


typedef enum {
    WORKER_FOOTAGE_APART = 0,
    WORKER_FOOTAGE_ANEW,        /* by its name, but its time stamps begin
                                   anew */
    WORKER_FOOTAGE_FOLLOWS
} worker_footage_run_e;


/*
 * Whether b goes on where a ends, and if so, by how many ticks its first
 * frame is behind a's.  hole: there is a hole between them.
 */
worker_footage_run_e worker_footage_run(const worker_footage_t *a,
    const worker_footage_t *b, bool hole, int64_t *ret);


#endif /* WORKER_FOOTAGE_RUN_H_INCLUDED_ */
