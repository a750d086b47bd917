
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_decode: access units of footage in decoding order become
 * pictures in the order they are shown.  Damage is concealed.
 * May call: libavcodec.
 * Frees: all of its own in worker_av_decode_close(); a frame is lent to the
 * sink.
 */


#ifndef WORKER_AV_DECODE_H_INCLUDED_
#define WORKER_AV_DECODE_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_footage.h"


struct AVFrame;

typedef struct worker_av_decode_s  worker_av_decode_t;

/* id: as it was given with the access unit; damaged: some is concealed */
typedef worker_rc_t (*worker_av_decode_pt)(void *data, struct AVFrame *frame,
    int64_t id, bool damaged, worker_err_t *err);


worker_rc_t worker_av_decode_open(worker_av_decode_t **ret,
    wub_video_codec_e codec, const worker_tick_t *tick,
    worker_av_decode_pt sink, void *data, worker_err_t *err);

/* the first one of all and after a drain is a key */
worker_rc_t worker_av_decode_send(worker_av_decode_t *d,
    const worker_video_t *unit, int64_t id, worker_err_t *err);

/* gives out all frames that are held; what is sent next is a new start */
worker_rc_t worker_av_decode_drain(worker_av_decode_t *d,
    worker_err_t *err);

/* NULL is accepted */
void worker_av_decode_close(worker_av_decode_t *d);


#endif /* WORKER_AV_DECODE_H_INCLUDED_ */
