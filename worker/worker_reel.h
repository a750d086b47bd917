
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_reel: the frames and the sound of a range, decoded as they are
 * asked for: one side of a transition.  Holes are closed, as in any cut.
 * May call: worker_store, worker_footage, worker_full_*, worker_av_*,
 * common/.
 * Frees: all of its own in worker_reel_close(); what it lends too.
 */


#ifndef WORKER_REEL_H_INCLUDED_
#define WORKER_REEL_H_INCLUDED_


#include "common/wub_range.h"
#include "worker/worker_maker.h"
#include "worker/worker_store.h"


struct AVFrame;

typedef struct worker_reel_s  worker_reel_t;

typedef struct {
    struct AVFrame  *frame;     /* in the form of the output; NULL: dry */
    int64_t          place;     /* ticks from the first frame of the reel */
    int64_t          duration;  /* ticks, to the next one or the end */
    int64_t          time;      /* CONTRACT.md 0, time of a frame */
    bool             damaged;
} worker_reel_frame_t;


/*
 * making: the maker's; of it the form, beside and tick are used, step is
 * told of what is decoded, and dry decodes nothing.  No frame in the range
 * is no error.  The range lives as long as the reel.
 */
worker_rc_t worker_reel_open(worker_reel_t **ret,
    const worker_store_t *store, const worker_making_t *making,
    const wub_range_t *range, worker_err_t *err);

/* the next frame, lent until the next call; NULL: there is none */
worker_rc_t worker_reel_next(worker_reel_t *r,
    const worker_reel_frame_t **ret, worker_err_t *err);

/*
 * n samples of a track's sound, by the rate of the making's form and the
 * channels of it, or those given to worker_reel_sounds(): from a place,
 * counted from the first frame of the reel, which may be a little before
 * it.  Places rise from call to call; silence where there is no sound.
 * Reads on as far as it must; frames are kept for worker_reel_next().
 */
worker_rc_t worker_reel_sound(worker_reel_t *r, size_t track, int64_t place,
    float *const *planes, size_t n, worker_err_t *err);

/* before the first call of all: what a track's samples are */
worker_rc_t worker_reel_sounds(worker_reel_t *r, size_t track,
    uint32_t rate, size_t channels, worker_err_t *err);

/* frames of the range that could not be decoded, and damaged sound */
void worker_reel_made(const worker_reel_t *r, worker_made_t *ret);

/* NULL is accepted */
void worker_reel_close(worker_reel_t *r);


#endif /* WORKER_REEL_H_INCLUDED_ */
