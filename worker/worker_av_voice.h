
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_voice: samples become packets of one stream of sound, AAC or
 * Opus by the settings of the kind.
 * May call: libavcodec.
 * Frees: all of its own in worker_av_voice_close(); packets are lent to the
 * sink.
 */


#ifndef WORKER_AV_VOICE_H_INCLUDED_
#define WORKER_AV_VOICE_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_encode.h"
#include "worker/worker_footage.h"


struct AVCodecContext;
struct AVPacket;

typedef struct worker_av_voice_s  worker_av_voice_t;

/* one tick of a packet is one sample */
typedef worker_rc_t (*worker_av_voice_pt)(void *data,
    struct AVPacket *packet, worker_err_t *err);


/* sound: what its source is, the first of its forms */
worker_rc_t worker_av_voice_open(worker_av_voice_t **ret,
    const worker_encode_t *settings, const worker_sound_t *sound,
    bool headers, const worker_tick_t *tick, worker_err_t *err);

void worker_av_voice_sink(worker_av_voice_t *v, worker_av_voice_pt sink,
    void *data);

uint32_t worker_av_voice_rate(const worker_av_voice_t *v);
size_t worker_av_voice_channels(const worker_av_voice_t *v);

/* samples of its first packet that nobody asked for */
int64_t worker_av_voice_padding(const worker_av_voice_t *v);

/* packets before a time, in samples, are left out */
void worker_av_voice_from(worker_av_voice_t *v, int64_t from);

/*
 * Takes whole frames of what is there, and with last what is left too;
 * returns how many samples that were.  The first one is shown at base.
 */
worker_rc_t worker_av_voice_send(worker_av_voice_t *v, int64_t base,
    const float *const *planes, size_t n, bool last, size_t *ret,
    worker_err_t *err);

/* the packets that are held; nothing may be sent afterwards */
worker_rc_t worker_av_voice_finish(worker_av_voice_t *v, worker_err_t *err);

const struct AVCodecContext *worker_av_voice_codec(
    const worker_av_voice_t *v);

/* NULL is accepted */
void worker_av_voice_close(worker_av_voice_t *v);


#endif /* WORKER_AV_VOICE_H_INCLUDED_ */
