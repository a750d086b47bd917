
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_pump: an encoder on a thread of its own, so that the caller can
 * be told to stop while the encoder is busy with a frame, which may take
 * seconds.  A busy one is left to its thread, which frees it in the end.
 * May call: libavcodec, pthread.
 * Frees: all of its own in worker_av_pump_close().
 */


#ifndef WORKER_AV_PUMP_H_INCLUDED_
#define WORKER_AV_PUMP_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_footage.h"


struct AVCodecContext;
struct AVFrame;
struct AVPacket;

typedef struct worker_av_pump_s  worker_av_pump_t;


/* an open encoder, which is taken on every path */
worker_rc_t worker_av_pump_open(worker_av_pump_t **ret,
    struct AVCodecContext *codec, const worker_tick_t *tick,
    worker_err_t *err);

/* the packet is lent */
typedef worker_rc_t (*worker_av_pump_pt)(void *data,
    struct AVPacket *packet, worker_err_t *err);

/*
 * One frame, or NULL behind the last one; then the packets that are ready,
 * at the end all that are left.  What tick says is returned, and ends it:
 * only close may follow.
 */
worker_rc_t worker_av_pump_send(worker_av_pump_t *p,
    const struct AVFrame *frame, worker_err_t *err);
worker_rc_t worker_av_pump_packets(worker_av_pump_t *p,
    worker_av_pump_pt sink, void *data, worker_err_t *err);

/* NULL is accepted */
void worker_av_pump_close(worker_av_pump_t *p);


#endif /* WORKER_AV_PUMP_H_INCLUDED_ */
