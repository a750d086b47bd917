
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_still: one picture out of a row of access units.
 * May call: worker_av_decode, worker_av_image, libavutil.
 * Frees: all of its own before it returns; pixels live in the caller's
 * arena.
 */


#ifndef WORKER_AV_STILL_H_INCLUDED_
#define WORKER_AV_STILL_H_INCLUDED_


#include "worker/worker_av_image.h"
#include "worker/worker_footage.h"


typedef struct {
    const worker_video_t  *video;
    int64_t                time;        /* INT64_MIN: never the one */
    bool                   idle;        /* no other refers to it */
} worker_av_still_unit_t;


/*
 * Units in decoding order, the first one a key frame, the last one that
 * which is wanted.  Where that does not come out of the decoder, the one
 * of the latest time is taken instead.  WORKER_INVALID: none comes.
 */
worker_rc_t worker_av_still(wub_arena_t *arena, wub_video_codec_e codec,
    const worker_av_still_unit_t *units, size_t nunits,
    const worker_tick_t *tick, worker_av_image_t *ret, worker_err_t *err);


#endif /* WORKER_AV_STILL_H_INCLUDED_ */
