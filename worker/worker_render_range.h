
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_render_range: what nginx has looked at before it hands a request
 * on, looked at again: whether there is such a quality, which ends a range
 * has that were not given, and whether there is any footage of it.
 * May call: worker_store, common/ (wub_dir).
 * Frees: nothing; it works in the caller's arena.
 */


#ifndef WORKER_RENDER_RANGE_H_INCLUDED_
#define WORKER_RENDER_RANGE_H_INCLUDED_


#include "common/wub_answer.h"
#include "common/wub_render.h"
#include "worker/worker_store.h"


/*
 * Ends that are not set become those of the hours there are.  Here and
 * below, a status of 0 is none: nothing is refused.
 */
worker_rc_t worker_render_range_fill(wub_arena_t *arena,
    const worker_store_t *store, const wub_render_t *r,
    wub_answer_t *answer, worker_err_t *err);

/* 404 for a quality that does not exist */
void worker_render_range_exists(wub_arena_t *arena,
    const worker_store_t *store, wub_answer_t *answer);

/* behind a failure: 406 where there is nothing of one of the ranges */
void worker_render_range_empty(wub_arena_t *arena,
    const worker_store_t *store, const wub_render_t *r,
    wub_answer_t *answer);

/* 406 in upstream's words */
void worker_render_range_holes(const wub_render_t *r, wub_answer_t *answer);


#endif /* WORKER_RENDER_RANGE_H_INCLUDED_ */
