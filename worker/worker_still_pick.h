
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_still_pick: the picture that a chain of segments shows at a time.
 * May call: worker_footage, worker_av_still, common/.
 * Frees: all of its own; pixels live in the caller's arena.
 */


#ifndef WORKER_STILL_PICK_H_INCLUDED_
#define WORKER_STILL_PICK_H_INCLUDED_


#include "worker/worker_av_image.h"
#include "worker/worker_still.h"


/* of the time of the request; RGB */
worker_rc_t worker_still_pick(wub_arena_t *arena,
    const worker_still_t *still, const wub_chain_t *chain,
    worker_av_image_t *ret, worker_err_t *err);

/* "We have no content ...", for return */
worker_rc_t worker_still_nothing(worker_err_t *err);


#endif /* WORKER_STILL_PICK_H_INCLUDED_ */
