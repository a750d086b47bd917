
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_rough: a segment as it is, byte by byte.
 * May call: worker_store, libc.
 * Frees: its descriptor.
 */


#ifndef WORKER_ROUGH_H_INCLUDED_
#define WORKER_ROUGH_H_INCLUDED_


#include "worker/worker_maker.h"
#include "worker/worker_store.h"


/*
 * Writes the bytes of a segment, or tells how many they are, where nothing
 * is to be written: making->dry.  Its size is that of its opening; what is
 * shorter then is WORKER_RETRY.
 */
worker_rc_t worker_rough(wub_arena_t *arena, const worker_store_t *store,
    const wub_hour_t *hour, const wub_segment_t *segment,
    const worker_making_t *making, uint64_t *ret_size, worker_err_t *err);


#endif /* WORKER_ROUGH_H_INCLUDED_ */
