
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_scale: pictures in the form that an encoder takes: size, format
 * and range of the levels.
 * May call: libavutil, libswscale.
 * Frees: all of its own in worker_av_scale_free(); the pictures that it
 * lends too.
 */


#ifndef WORKER_AV_SCALE_H_INCLUDED_
#define WORKER_AV_SCALE_H_INCLUDED_


#include <stdbool.h>

#include "common/wub_video.h"
#include "worker/worker.h"


struct AVCodecContext;
struct AVFrame;
struct SwsContext;

typedef struct {
    int  width;
    int  height;
    int  format;                /* one that says no range besides */
    int  full;                  /* levels from 0 on: 1 */
} worker_av_look_t;

/* zeroed before its first use */
typedef struct {
    struct AVFrame     *frame;      /* the one lent last */
    struct SwsContext  *sws;
    worker_av_look_t    from;       /* what sws is for */
    worker_av_look_t    to;
} worker_av_scale_t;


/* the format that a picture has but for its range */
int worker_av_scale_plain(int format);

/* the format of footage, and how pictures of its size look in a format */
int worker_av_scale_format(const wub_video_form_t *form);
worker_av_look_t worker_av_scale_form(const wub_video_form_t *form,
    int format, bool full);

/* whether its levels begin at 0 */
bool worker_av_scale_full(const struct AVFrame *frame);

/*
 * *frame is what the encoder takes: itself if it fits, else a new one, lent
 * until the next call.
 */
worker_rc_t worker_av_scale(worker_av_scale_t *s, struct AVFrame **frame,
    const struct AVCodecContext *encoder, worker_err_t *err);

/* the same without an encoder */
worker_rc_t worker_av_scale_to(worker_av_scale_t *s, struct AVFrame **frame,
    const worker_av_look_t *look, worker_err_t *err);

void worker_av_scale_free(worker_av_scale_t *s);

/*
 * Tells an encoder that is not open yet what pictures look like that are
 * as this one, size and format apart: aspect, colours, levels, and, where
 * interlaced is true, fields.
 */
void worker_av_scale_tell(struct AVCodecContext *encoder,
    const struct AVFrame *frame, bool interlaced);


#endif /* WORKER_AV_SCALE_H_INCLUDED_ */
