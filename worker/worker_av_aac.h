
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_aac: samples as AAC LC with ADTS headers, to stand between
 * frames that are copied.
 * May call: libavcodec, wub_adts.
 * Frees: all of its own in worker_av_aac_close(); packets are lent.
 */


#ifndef WORKER_AV_AAC_H_INCLUDED_
#define WORKER_AV_AAC_H_INCLUDED_


#include "common/wub_adts.h"
#include "worker/worker.h"
#include "worker/worker_footage.h"


struct AVCodecContext;

/* samples of a frame */
#define WORKER_AV_AAC_SAMPLES    1024

/* the object type of AAC LC */
#define WORKER_AV_AAC_LC         2

#define WORKER_AV_AAC_CHANNELS   8

typedef struct worker_av_aac_s  worker_av_aac_t;

/* lent until the next frame is sent */
typedef struct {
    const uint8_t  *data;       /* NULL: there is none yet */
    size_t          len;
    int64_t         frame;      /* sent, of whose samples it is, from 0 on;
                                   before that of what nobody sent */
} worker_av_aac_packet_t;


/*
 * An encoder for what a header tells, of so many bits a second, 0: as many
 * as it likes.  *ret is NULL where it takes no such sound.
 */
worker_rc_t worker_av_aac_codec(struct AVCodecContext **ret,
    const wub_adts_t *head, int64_t bits, worker_err_t *err);

/* the same; the rate and the channels of the sound are known */
worker_rc_t worker_av_aac_open(worker_av_aac_t **ret,
    const worker_sound_t *sound, int64_t bits, worker_err_t *err);

size_t worker_av_aac_channels(const worker_av_aac_t *a);

/* where the samples of the next frame are to be written, for each channel */
worker_rc_t worker_av_aac_planes(worker_av_aac_t *a, float *const **ret,
    worker_err_t *err);

/* encodes them */
worker_rc_t worker_av_aac_send(worker_av_aac_t *a,
    worker_av_aac_packet_t *ret, worker_err_t *err);

/* NULL is accepted */
void worker_av_aac_close(worker_av_aac_t *a);


#endif /* WORKER_AV_AAC_H_INCLUDED_ */
