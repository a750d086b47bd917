
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_wave: how loud the sound of a range is, as a picture or as JSON.
 * May call: worker_store, worker_footage, worker_av_*, common/.
 * Frees: all of its own; what it returns lives in the caller's arena.
 */


#ifndef WORKER_WAVE_H_INCLUDED_
#define WORKER_WAVE_H_INCLUDED_


#include "worker/worker_still.h"


/* work: what is needed on the way; arena: where the result lives */
worker_rc_t worker_wave(wub_arena_t *work, wub_arena_t *arena,
    const worker_still_t *still, const wub_chain_t *chain, wub_str_t *ret,
    worker_err_t *err);


#endif /* WORKER_WAVE_H_INCLUDED_ */
