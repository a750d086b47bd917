
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_image: pictures as pixels of 8 bits, made of decoded frames and
 * PNG files, scaled, and written as PNG and JPEG.
 * May call: libavcodec, libavutil, libswscale.
 * Frees: all of libav's before it returns; pixels and bytes live in the
 * caller's arena.
 */


#ifndef WORKER_AV_IMAGE_H_INCLUDED_
#define WORKER_AV_IMAGE_H_INCLUDED_


#include "worker/worker.h"


#define WORKER_AV_IMAGE_RGB      3
#define WORKER_AV_IMAGE_RGBA     4      /* alpha not multiplied in */


struct AVFrame;

/* rows from the top; bytes of a pixel: WORKER_AV_IMAGE_RGB or _RGBA */
typedef struct {
    uint8_t   *data;
    size_t     stride;          /* bytes from row to row */
    uint32_t   width;
    uint32_t   height;
    uint32_t   channels;
} worker_av_image_t;

/* corners, from the left and top ones up to these */
typedef struct {
    uint32_t   left;
    uint32_t   top;
    uint32_t   right;
    uint32_t   bottom;
} worker_av_image_box_t;


/* room for pixels, zeroed */
worker_rc_t worker_av_image_new(wub_arena_t *arena, uint32_t width,
    uint32_t height, uint32_t channels, worker_av_image_t *ret,
    worker_err_t *err);

/* RGB, as the frame is coded: its pixels may not be square */
worker_rc_t worker_av_image_take(wub_arena_t *arena,
    const struct AVFrame *frame, worker_av_image_t *ret, worker_err_t *err);

/*
 * A box of an RGB image, black where that has no pixels, in another size,
 * by a Lanczos filter of three lobes.  Each colour is filtered for itself.
 */
worker_rc_t worker_av_image_scale(wub_arena_t *arena,
    const worker_av_image_t *image, const worker_av_image_box_t *box,
    uint32_t width, uint32_t height, worker_av_image_t *ret,
    worker_err_t *err);

worker_rc_t worker_av_image_png(wub_arena_t *arena,
    const worker_av_image_t *image, wub_str_t *ret, worker_err_t *err);

/* of an RGB image */
worker_rc_t worker_av_image_jpg(wub_arena_t *arena,
    const worker_av_image_t *image, wub_str_t *ret, worker_err_t *err);

/*
 * RGBA of a PNG file of any kind; 16 bits become the nearest 8.
 * WORKER_DECLINED: it is none, damaged, or has more pixels than max.
 */
worker_rc_t worker_av_image_read(wub_arena_t *arena, wub_str_t png,
    size_t max, worker_av_image_t *ret, worker_err_t *err);


#endif /* WORKER_AV_IMAGE_H_INCLUDED_ */
