
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_fade: one frame of a transition between two pictures: by the
 * xfade filter where it has the transition, else by worker_blend.
 * May call: libavfilter, libavutil, worker_blend, common/.
 * Frees: all of its own in worker_av_fade_close(); a frame is lent.
 */


#ifndef WORKER_AV_FADE_H_INCLUDED_
#define WORKER_AV_FADE_H_INCLUDED_


#include "worker/worker_av_scale.h"


struct AVFrame;

typedef struct worker_av_fade_s  worker_av_fade_t;


/*
 * name: of common/wub_transition_names; look: size and format of all
 * pictures, planar YUV or grey of 8 to 12 bits.  WORKER_INVALID: no such
 * transition, or a format that none can be made in.
 */
worker_rc_t worker_av_fade_open(worker_av_fade_t **ret, wub_str_t name,
    const worker_av_look_t *look, worker_err_t *err);

/*
 * The picture at place of length, 0 <= place < length, of any clock; place
 * rises.  At 0 it is from.  *ret has the properties of from and is lent
 * until the next call; from and to stay as they are.
 */
worker_rc_t worker_av_fade(worker_av_fade_t *f, const struct AVFrame *from,
    const struct AVFrame *to, int64_t place, int64_t length,
    struct AVFrame **ret, worker_err_t *err);

/* NULL is accepted */
void worker_av_fade_close(worker_av_fade_t *f);


#endif /* WORKER_AV_FADE_H_INCLUDED_ */
