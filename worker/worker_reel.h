
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_reel: the frames or the sound of a range, decoded as they are
 * asked for: one side of a transition.  Holes are closed, as in any cut.
 * May call: worker_store, worker_footage, worker_full_*,
 * worker_overlap_pair, worker_av_keep, common/.
 * Frees: all of its own in worker_reel_close(); what it lends too.
 */


#ifndef WORKER_REEL_H_INCLUDED_
#define WORKER_REEL_H_INCLUDED_


#include "common/wub_range.h"
#include "worker/worker_maker.h"
#include "worker/worker_store.h"


/*
 * Sound that is there before the first frame and behind the last: ticks.
 * Three frames of AAC at 11025 Hz.
 */
#define WORKER_REEL_BESIDE       27000


struct AVFrame;

typedef struct worker_reel_s  worker_reel_t;

typedef enum {
    WORKER_REEL_TIMES = 0,      /* frames, but no pictures */
    WORKER_REEL_PICTURES,
    WORKER_REEL_SOUND
} worker_reel_e;

typedef struct {
    struct AVFrame  *frame;     /* as it was decoded; NULL: times only */
    int64_t          place;     /* ticks from the first frame of the reel */
    int64_t          duration;  /* ticks, to the next one or the end */
    int64_t          time;      /* CONTRACT.md 0, time of a frame */
    bool             damaged;
    bool             last;
} worker_reel_frame_t;


/*
 * making: of it the rates and channels of the form, beside and tick are
 * used, and step, if it has one, is told of what is decoded.  A range
 * without footage has no frames, which is no error.
 */
worker_rc_t worker_reel_open(worker_reel_t **ret, worker_reel_e what,
    const worker_store_t *store, const worker_making_t *making,
    const wub_range_t *range, worker_err_t *err);

/* the next frame, lent until the next call; NULL: there is none */
worker_rc_t worker_reel_next(worker_reel_t *r,
    const worker_reel_frame_t **ret, worker_err_t *err);

/*
 * Instead: the one nearest to a place, of two the earlier; NULL where the
 * reel has none at all.  Places rise from call to call.
 */
worker_rc_t worker_reel_near(worker_reel_t *r, int64_t place,
    const worker_reel_frame_t **ret, worker_err_t *err);

/*
 * n samples of a track's sound from a place on, which counts samples from
 * the first frame of the reel.  Places rise from call to call; silence
 * where there is no sound.
 */
worker_rc_t worker_reel_sound(worker_reel_t *r, size_t track, int64_t place,
    float *const *planes, size_t n, worker_err_t *err);

/* adds frames that could not be decoded, or damaged sound */
void worker_reel_made(const worker_reel_t *r, worker_made_t *made);

/* NULL is accepted */
void worker_reel_close(worker_reel_t *r);


#endif /* WORKER_REEL_H_INCLUDED_ */
