
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_wave: the samples of AAC frames, as they are, one frame after
 * the other.
 * May call: libavcodec.
 * Frees: all of its own in worker_av_wave_close(); samples are lent.
 */


#ifndef WORKER_AV_WAVE_H_INCLUDED_
#define WORKER_AV_WAVE_H_INCLUDED_


#include "worker/worker.h"


typedef struct worker_av_wave_s  worker_av_wave_t;

/* samples of -1 to 1, of each channel as many; n 0: nothing came out */
typedef struct {
    const float *const  *planes;
    size_t               channels;
    size_t               n;
    uint32_t             rate;
} worker_av_wave_sound_t;


worker_rc_t worker_av_wave_open(worker_av_wave_t **ret, worker_err_t *err);

/* a frame with its ADTS header; what it gives is lent until the next call */
worker_rc_t worker_av_wave_decode(worker_av_wave_t *w, const uint8_t *data,
    size_t len, worker_av_wave_sound_t *ret, worker_err_t *err);

/* what comes next does not follow; its first frame lacks half of itself */
void worker_av_wave_flush(worker_av_wave_t *w);

/* NULL is accepted */
void worker_av_wave_close(worker_av_wave_t *w);


#endif /* WORKER_AV_WAVE_H_INCLUDED_ */
