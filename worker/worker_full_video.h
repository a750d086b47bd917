
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_full_video: access units go into one decoder, and of the frames
 * that come those that are expected to the sink.
 * May call: worker_av_*, common/.
 * Frees: all of its own in worker_full_video_close().
 */


#ifndef WORKER_FULL_VIDEO_H_INCLUDED_
#define WORKER_FULL_VIDEO_H_INCLUDED_


#include "worker/worker_av_decode.h"
#include "worker/worker_maker.h"


/* frames that H.264 and HEVC let a decoder hold back */
#define WORKER_FULL_HELD         16


/* a frame of the output that the decoder still owes */
typedef struct {
    int64_t                 pts;        /* source, unwrapped */
    int64_t                 out;
    int64_t                 duration;
    int64_t                 time;       /* CONTRACT.md 0, time of a frame */
    bool                    damaged;
} worker_full_frame_t;

/* a frame that was expected, in order; lent, and NULL if not decoded */
typedef worker_rc_t (*worker_full_frame_pt)(void *data,
    struct AVFrame *frame, const worker_full_frame_t *want,
    worker_err_t *err);

typedef struct {
    const worker_making_t  *making;
    worker_full_frame_pt    sink;
    void                   *data;

    /* set by worker_full_video_*() */

    worker_av_decode_t     *decoder;    /* NULL before the first segment */
    wub_video_codec_e       codec;      /* of the decoder */
    wub_arena_t            *arena;      /* of the frames below */
    worker_full_frame_t    *frames;     /* in the order they are shown */
    size_t                  first;
    size_t                  nframes;
    size_t                  room;
    worker_made_t           made;
} worker_full_video_t;


/* the fields above the line are the caller's to set */
worker_rc_t worker_full_video_init(worker_full_video_t *v,
    worker_err_t *err);

/* a frame that is to come; of two with one time the first one counts */
worker_rc_t worker_full_video_expect(worker_full_video_t *v,
    const worker_full_frame_t *frame, worker_err_t *err);

/* durations of frames from the old-th expected on; the last one ends here */
void worker_full_video_spread(worker_full_video_t *v, size_t old,
    int64_t end);

/* before access units of a segment: a decoder for them */
worker_rc_t worker_full_video_codec(worker_full_video_t *v,
    wub_video_codec_e codec, worker_err_t *err);

/* pts: its frame's, source, unwrapped */
worker_rc_t worker_full_video_send(worker_full_video_t *v,
    const worker_video_t *unit, int64_t pts, worker_err_t *err);

/* without a decoder: the frames that are expected, but for the last keep */
worker_rc_t worker_full_video_pass(worker_full_video_t *v, size_t keep,
    worker_err_t *err);

/* nothing goes on from here: what is still expected is lost */
worker_rc_t worker_full_video_drain(worker_full_video_t *v,
    worker_err_t *err);

void worker_full_video_close(worker_full_video_t *v);


#endif /* WORKER_FULL_VIDEO_H_INCLUDED_ */
