
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_sound: AAC frames of footage become samples of the output's
 * rate and channels, each at its place, counted in samples of the output.
 * May call: libavcodec, libswresample.
 * Frees: all of its own in worker_av_sound_close(); samples are lent to the
 * sink.
 */


#ifndef WORKER_AV_SOUND_H_INCLUDED_
#define WORKER_AV_SOUND_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_footage.h"


typedef struct worker_av_sound_s  worker_av_sound_t;

/* the same number of samples for each channel */
typedef worker_rc_t (*worker_av_sound_pt)(void *data, int64_t place,
    const float *const *planes, size_t n, worker_err_t *err);


worker_rc_t worker_av_sound_open(worker_av_sound_t **ret, uint32_t rate,
    size_t channels, worker_av_sound_pt sink, void *data,
    worker_err_t *err);

/*
 * place: where its first sample lies by its time stamp.  Frames that follow
 * each other are laid end to end as long as that is where they belong, to
 * 1/200 of a second.  What cannot be decoded is left out.
 */
worker_rc_t worker_av_sound_send(worker_av_sound_t *s,
    const worker_audio_t *audio, int64_t place, worker_err_t *err);

/* gives out what is held; what is sent next is a new start */
worker_rc_t worker_av_sound_drain(worker_av_sound_t *s, worker_err_t *err);

/* NULL is accepted */
void worker_av_sound_close(worker_av_sound_t *s);


#endif /* WORKER_AV_SOUND_H_INCLUDED_ */
