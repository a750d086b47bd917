
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_still: pictures of a moment: the frame that is shown then, and the
 * thumbnail of a template around it; and the loudness of a range.  Each is
 * one answer, whole.
 * May call: worker_store, worker_footage, worker_av_*, common/.
 * Frees: all of its own; what it returns lives in the caller's arena.
 */


#ifndef WORKER_STILL_H_INCLUDED_
#define WORKER_STILL_H_INCLUDED_


#include "common/wub_render.h"
#include "worker/worker.h"
#include "worker/worker_footage.h"
#include "worker/worker_store.h"


/* bytes and pixels of a template */
#define WORKER_STILL_TEMPLATE    ((size_t) 20 << 20)
#define WORKER_STILL_PIXELS      (32 << 20)


typedef struct {
    worker_store_t        store;
    const wub_render_t   *request;      /* channel and quality are store's */
    wub_str_t             template;     /* PNG, of a thumbnail */
    worker_tick_t         tick;
} worker_still_t;


/*
 * The chain of segments it is made of, by worker_store_chain() for
 * wub_render_span(); so that a tag can be made of their names before any
 * work is done.
 */
worker_rc_t worker_still_chain(wub_arena_t *arena,
    const worker_still_t *still, wub_chain_t *ret, worker_err_t *err);

/*
 * A PNG, a JPEG or JSON, as the request says.  WORKER_HOLES: there is no
 * footage of that time; WORKER_DECLINED: the template or a box is not good
 * (the client's fault); else as worker_footage_read().
 */
worker_rc_t worker_still_frame(wub_arena_t *arena,
    const worker_still_t *still, const wub_chain_t *chain, wub_str_t *ret,
    worker_err_t *err);
worker_rc_t worker_still_thumbnail(wub_arena_t *arena,
    const worker_still_t *still, const wub_chain_t *chain, wub_str_t *ret,
    worker_err_t *err);
worker_rc_t worker_still_waveform(wub_arena_t *arena,
    const worker_still_t *still, const wub_chain_t *chain, wub_str_t *ret,
    worker_err_t *err);


#endif /* WORKER_STILL_H_INCLUDED_ */
