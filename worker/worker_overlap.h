
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_overlap: a transition: the end of one range and the beginning of
 * the next at the same time.  Its frames lie at the times of those that go
 * out; of those that come in each is shown with the nearest.  The sound
 * crosses over along a straight line, as FFmpeg's acrossfade does by
 * default.
 * May call: worker_reel, worker_overlap_pair, worker_av_fade,
 * worker_av_scale, common/.
 * Frees: all of its own, the reels too, in worker_overlap_close(); what it
 * lends too.
 */


#ifndef WORKER_OVERLAP_H_INCLUDED_
#define WORKER_OVERLAP_H_INCLUDED_


#include "worker/worker_reel.h"


typedef struct worker_overlap_s  worker_overlap_t;

/* what goes on where: microseconds; ranges as the cut asks for them */
typedef struct {
    const worker_store_t    *store;
    const worker_making_t   *making;
    const wub_transition_t  *transition;
    wub_range_t              from;      /* the overlap's part of the range */
    wub_range_t              to;        /* the next range, from its start to
                                           its end */
} worker_overlap_conf_t;


/*
 * Of the making the form, beside and tick are used; step is told of what is
 * decoded; dry decodes nothing.  conf and what it points to outlive it.
 */
worker_rc_t worker_overlap_open(worker_overlap_t **ret,
    const worker_overlap_conf_t *conf, worker_err_t *err);

const worker_overlap_conf_t *worker_overlap_conf(const worker_overlap_t *o);

/*
 * The next frame of the transition, as worker_reel_next(), in the form of
 * the output; places count from the first one of them.  The last one's
 * duration reaches to the first frame of the next range that is not in the
 * transition.
 */
worker_rc_t worker_overlap_next(worker_overlap_t *o,
    const worker_reel_frame_t **ret, worker_err_t *err);

/*
 * The time of that first frame behind it, from which on the next range is
 * as it is; its end where no frame is left, and its start where nothing is
 * shown.  It is known from the beginning, but nothing is shown only where
 * no frame came.
 */
int64_t worker_overlap_resume(const worker_overlap_t *o);

/* ticks that its frames take; 0: a hole, it shows none */
int64_t worker_overlap_length(const worker_overlap_t *o);

/*
 * Before the first sound: what a track's samples are, if not by the rate
 * and channels of the making's form.
 */
worker_rc_t worker_overlap_sounds(worker_overlap_t *o, size_t track,
    uint32_t rate, size_t channels, worker_err_t *err);

/*
 * n samples of a track from a place on, which counts samples from the first
 * frame: before it that of the range before, behind the end that of the
 * next one, each for 3/10 of a second.  Places rise from call to call;
 * frames and sound are asked for in any order.
 */
worker_rc_t worker_overlap_sound(worker_overlap_t *o, size_t track,
    int64_t place, float *const *planes, size_t n, worker_err_t *err);

/*
 * Before the first sound: the next range's is this many samples late
 * against its frames, which fits it to what is copied behind.
 */
void worker_overlap_later(worker_overlap_t *o, size_t track,
    int64_t samples);

/* of what it has shown and sounded: lost, damaged and hurt */
void worker_overlap_made(const worker_overlap_t *o, worker_made_t *ret);

/* NULL is accepted */
void worker_overlap_close(worker_overlap_t *o);


#endif /* WORKER_OVERLAP_H_INCLUDED_ */
