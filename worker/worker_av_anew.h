
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_anew: encodes the decoded frames of one span, scaled where
 * their form is another than the output's.
 * May call: libavcodec, libswscale.
 * Frees: all of its own in worker_av_anew_close(); frames stay the
 * caller's.
 */


#ifndef WORKER_AV_ANEW_H_INCLUDED_
#define WORKER_AV_ANEW_H_INCLUDED_


#include "worker/worker_av_code.h"


struct AVFrame;

typedef struct worker_av_anew_s  worker_av_anew_t;

/* the form outlives the encoder */
typedef struct {
    const wub_video_form_t  *form;      /* of what is made */
    int64_t                  spacing;   /* ticks from frame to frame */
    size_t                   reorder;   /* frames that the source delays */
    const char              *segment;   /* where frames are from, or NULL */
} worker_av_anew_conf_t;


worker_rc_t worker_av_anew_open(worker_av_anew_t **ret,
    const worker_av_anew_conf_t *conf, const worker_tick_t *tick,
    worker_av_code_pt sink, void *data, worker_err_t *err);

/* index: what the sink is told of the frame; its fields may change */
worker_rc_t worker_av_anew_frame(worker_av_anew_t *a, struct AVFrame *frame,
    size_t index, bool damaged, worker_err_t *err);

/* what the encoder holds back; nothing may be sent afterwards */
worker_rc_t worker_av_anew_finish(worker_av_anew_t *a, worker_err_t *err);

/* NULL is accepted */
void worker_av_anew_close(worker_av_anew_t *a);


#endif /* WORKER_AV_ANEW_H_INCLUDED_ */
