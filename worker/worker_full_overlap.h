
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_full_overlap: a transition in a full cut: its frames go into the
 * same encoder as all others, its sound into the same mix.
 * May call: worker_overlap, worker_full_*, worker_mix, common/.
 * Frees: nothing.
 */


#ifndef WORKER_FULL_OVERLAP_H_INCLUDED_
#define WORKER_FULL_OVERLAP_H_INCLUDED_


#include "worker/worker_full_segment.h"
#include "worker/worker_overlap.h"


/* f has a file; no range is at work */
worker_rc_t worker_full_overlap(worker_full_t *f, worker_overlap_t *overlap,
    worker_err_t *err);


#endif /* WORKER_FULL_OVERLAP_H_INCLUDED_ */
