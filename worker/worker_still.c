
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "worker/worker_av.h"
#include "worker/worker_still.h"
#include "worker/worker_still_pick.h"
#include "worker/worker_still_thumb.h"
#include "worker/worker_wave.h"


static worker_rc_t worker_still_write(wub_arena_t *arena,
    const worker_still_t *still, const worker_av_image_t *image,
    wub_str_t *ret, worker_err_t *err);


worker_rc_t
worker_still_chain(wub_arena_t *arena, const worker_still_t *still,
    wub_chain_t *ret, worker_err_t *err)
{
    wub_range_t   range;
    worker_rc_t   rc;

    range = wub_render_span(still->request);

    /* what is there is told apart from what cannot be looked at */

    ret->nparts = SIZE_MAX;
    ret->nsegments = 0;

    rc = worker_store_chain(arena, &still->store, &range, ret, err);

    if (rc == WORKER_INVALID && ret->nparts != SIZE_MAX
        && ret->nsegments == 0)
    {
        return worker_still_nothing(err);
    }

    return rc;
}


worker_rc_t
worker_still_frame(wub_arena_t *arena, const worker_still_t *still,
    const wub_chain_t *chain, wub_str_t *ret, worker_err_t *err)
{
    worker_rc_t         rc;
    wub_arena_t        *work;
    worker_av_image_t   image;

    worker_av_setup();

    work = wub_arena_create(WUB_ARENA_MAX);
    if (work == NULL) {
        return worker_fail_memory(err, "A frame");
    }

    rc = worker_still_pick(work, still, chain, &image, err);

    if (rc == WORKER_OK) {
        rc = worker_still_write(arena, still, &image, ret, err);
    }

    wub_arena_destroy(work);

    return rc;
}


worker_rc_t
worker_still_thumbnail(wub_arena_t *arena, const worker_still_t *still,
    const wub_chain_t *chain, wub_str_t *ret, worker_err_t *err)
{
    worker_rc_t         rc;
    wub_arena_t        *work;
    worker_av_image_t   frame, image;

    worker_av_setup();

    work = wub_arena_create(WUB_ARENA_MAX);
    if (work == NULL) {
        return worker_fail_memory(err, "A thumbnail");
    }

    /* a template that is not good is told before work is done for it */

    rc = worker_still_template(work, still, &image, err);

    if (rc == WORKER_OK) {
        rc = worker_still_pick(work, still, chain, &frame, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_still_compose(work, still, &frame, &image, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_av_image_png(arena, &image, ret, err);
    }

    wub_arena_destroy(work);

    return rc;
}


worker_rc_t
worker_still_waveform(wub_arena_t *arena, const worker_still_t *still,
    const wub_chain_t *chain, wub_str_t *ret, worker_err_t *err)
{
    worker_rc_t   rc;
    wub_arena_t  *work;

    worker_av_setup();

    work = wub_arena_create(WUB_ARENA_MAX);
    if (work == NULL) {
        return worker_fail_memory(err, "A waveform");
    }

    rc = worker_wave(work, arena, still, chain, ret, err);

    wub_arena_destroy(work);

    return rc;
}


static worker_rc_t
worker_still_write(wub_arena_t *arena, const worker_still_t *still,
    const worker_av_image_t *image, wub_str_t *ret, worker_err_t *err)
{
    if (still->request->format == WUB_RENDER_JPG) {
        return worker_av_image_jpg(arena, image, ret, err);
    }

    return worker_av_image_png(arena, image, ret, err);
}
