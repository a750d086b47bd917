
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_still_thumb: a thumbnail: a part of a frame, scaled into a box of
 * a picture of the template's size, under the template.
 * May call: worker_av_image, common/.
 * Frees: nothing; pixels live in the caller's arena.
 */


#ifndef WORKER_STILL_THUMB_H_INCLUDED_
#define WORKER_STILL_THUMB_H_INCLUDED_


#include "worker/worker_av_image.h"
#include "worker/worker_still.h"


/* WORKER_DECLINED: it, or a box of the request, is not good */
worker_rc_t worker_still_template(wub_arena_t *arena,
    const worker_still_t *still, worker_av_image_t *ret, worker_err_t *err);

/* image: the template, then the thumbnail */
worker_rc_t worker_still_compose(wub_arena_t *arena,
    const worker_still_t *still, const worker_av_image_t *frame,
    worker_av_image_t *image, worker_err_t *err);


#endif /* WORKER_STILL_THUMB_H_INCLUDED_ */
