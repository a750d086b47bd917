
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_encode: pictures become packets of one video stream, in the
 * form of the output and by the settings of its kind.
 * May call: libavcodec, libswscale.
 * Frees: all of its own in worker_av_encode_close(); packets are lent to
 * the sink.
 */


#ifndef WORKER_AV_ENCODE_H_INCLUDED_
#define WORKER_AV_ENCODE_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_encode.h"
#include "worker/worker_footage.h"


struct AVCodecContext;
struct AVFrame;
struct AVPacket;

typedef struct worker_av_encode_s  worker_av_encode_t;

/* ticks of 90 kHz */
typedef worker_rc_t (*worker_av_encode_pt)(void *data,
    struct AVPacket *packet, worker_err_t *err);


/*
 * frame: the first one, for its colours; spacing: ticks between frames on
 * average; headers: once for the file, not in band.
 */
worker_rc_t worker_av_encode_open(worker_av_encode_t **ret,
    const worker_encode_t *settings, const wub_video_form_t *form,
    const struct AVFrame *frame, int64_t spacing, bool headers,
    const worker_tick_t *tick, worker_err_t *err);

void worker_av_encode_sink(worker_av_encode_t *e, worker_av_encode_pt sink,
    void *data);

/* the frame may be changed; pts rises */
worker_rc_t worker_av_encode_send(worker_av_encode_t *e,
    struct AVFrame *frame, int64_t pts, int64_t duration, worker_err_t *err);

/* the packets that are held; nothing may be sent afterwards */
worker_rc_t worker_av_encode_finish(worker_av_encode_t *e,
    worker_err_t *err);

const struct AVCodecContext *worker_av_encode_codec(
    const worker_av_encode_t *e);

/* NULL is accepted */
void worker_av_encode_close(worker_av_encode_t *e);


#endif /* WORKER_AV_ENCODE_H_INCLUDED_ */
