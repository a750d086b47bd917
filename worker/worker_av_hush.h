
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_hush: a frame of silence, as a stream of sound has them.
 * May call: libavcodec, common/wub_adts.
 * Frees: all of its own before it returns.
 */


#ifndef WORKER_AV_HUSH_H_INCLUDED_
#define WORKER_AV_HUSH_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_footage.h"


/* a frame of silence is shorter, header and all */
#define WORKER_AV_HUSH_MAX       256

/* samples of a frame */
#define WORKER_AV_HUSH_SAMPLES   1024

typedef struct {
    uint8_t   data[WORKER_AV_HUSH_MAX];
    size_t    len;              /* 0: such sound has no frame of silence */
    uint32_t  rate;
} worker_av_hush_t;


/* AAC LC with its ADTS header; of stereo at 48 kHz where sound is not known */
worker_rc_t worker_av_hush(worker_av_hush_t *ret,
    const worker_sound_t *sound, worker_err_t *err);


#endif /* WORKER_AV_HUSH_H_INCLUDED_ */
