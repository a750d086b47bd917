
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_full_overlap.h"


/* samples at a time */
#define WORKER_FULL_BLOCK        1024

/* ticks of sound behind the end, for the cross-over: 1/100 of a second */
#define WORKER_FULL_MORE         (WUB_TS_HZ / 100)


/* a transition at work */
typedef struct {
    worker_full_t     *full;
    worker_overlap_t  *overlap;
    int64_t            begin[WORKER_TRACKS_MAX];    /* place in the mix */
    int64_t            at[WORKER_TRACKS_MAX];       /* sound is there up to
                                                       here, from begin */
    float              block[WORKER_MIX_CHANNELS][WORKER_FULL_BLOCK];
} worker_full_cross_t;


static worker_rc_t worker_full_overlap_begin(worker_full_cross_t *c,
    const worker_reel_frame_t *frame, worker_err_t *err);
static worker_rc_t worker_full_overlap_frame(worker_full_cross_t *c,
    const worker_reel_frame_t *frame, worker_err_t *err);
static worker_rc_t worker_full_overlap_sound(worker_full_cross_t *c,
    size_t i, int64_t out, worker_err_t *err);
static worker_rc_t worker_full_overlap_end(worker_full_cross_t *c,
    worker_err_t *err);


worker_rc_t
worker_full_overlap(worker_full_t *f, worker_overlap_t *overlap,
    worker_err_t *err)
{
    bool                        any;
    worker_rc_t                 rc;
    worker_full_cross_t         c;
    const worker_reel_frame_t  *frame;

    c.full = f;
    c.overlap = overlap;
    any = false;

    for ( ;; ) {
        rc = worker_overlap_next(overlap, &frame, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        if (frame == NULL) {
            break;
        }

        if (!any) {
            any = true;

            rc = worker_full_overlap_begin(&c, frame, err);
            if (rc != WORKER_OK) {
                return rc;
            }
        }

        rc = worker_full_overlap_frame(&c, frame, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return any ? worker_full_overlap_end(&c, err) : WORKER_OK;
}


/* a run of its own */
static worker_rc_t
worker_full_overlap_begin(worker_full_cross_t *c,
    const worker_reel_frame_t *frame, worker_err_t *err)
{
    size_t                i;
    worker_rc_t           rc;
    worker_full_t        *f;
    worker_full_track_t  *track;

    f = c->full;

    if (!f->file->begun) {
        worker_full_file_begin(f->file, frame->duration);
    }

    wub_timeline_run(&f->timeline, 0);
    worker_full_sound_run(&f->sound);

    memset(c->begin, 0, sizeof(c->begin));
    memset(c->at, 0, sizeof(c->at));

    for (i = 0; worker_full_sounds(f) && i < f->sound.ntracks; i++) {
        track = &f->sound.tracks[i];

        c->begin[i] = worker_full_sound_place(track, f->timeline.base);
        c->at[i] = -track->mix.half;

        rc = worker_overlap_sounds(c->overlap, i, (uint32_t) track->rate,
                                   track->mix.channels, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


static worker_rc_t
worker_full_overlap_frame(worker_full_cross_t *c,
    const worker_reel_frame_t *frame, worker_err_t *err)
{
    size_t                i;
    worker_rc_t           rc;
    worker_full_t        *f;
    worker_full_frame_t   want;

    f = c->full;

    wub_timeline_extend(&f->timeline, frame->place, frame->duration);

    if (f->what == WORKER_FULL_PLAN) {
        f->video.made.frames++;
        f->video.made.done = wub_time_from_ticks(f->timeline.video_end
                                                 - f->sound.base, 1,
                                                 WUB_TS_HZ);
        return WORKER_OK;
    }

    memset(&want, 0, sizeof(worker_full_frame_t));

    want.out = wub_timeline_out(&f->timeline, frame->place);
    want.duration = frame->duration;
    want.damaged = frame->damaged;

    rc = worker_full_file_frame(f->file, frame->frame, &want, err);

    for (i = 0; rc == WORKER_OK && i < f->sound.ntracks; i++) {
        rc = worker_full_overlap_sound(c, i, f->timeline.video_end, err);
    }

    return rc;
}


/* into the mix up to an output time */
static worker_rc_t
worker_full_overlap_sound(worker_full_cross_t *c, size_t i, int64_t out,
    worker_err_t *err)
{
    float                *planes[WORKER_MIX_CHANNELS];
    size_t                n, k;
    int64_t               end;
    worker_rc_t           rc;
    worker_full_track_t  *track;

    track = &c->full->sound.tracks[i];
    end = worker_full_sound_place(track, out) - c->begin[i];

    for (k = 0; k < WORKER_MIX_CHANNELS; k++) {
        planes[k] = c->block[k];
    }

    while (c->at[i] < end) {
        n = (end - c->at[i] < WORKER_FULL_BLOCK) ? (size_t) (end - c->at[i])
                                                 : WORKER_FULL_BLOCK;

        rc = worker_overlap_sound(c->overlap, i, c->at[i], planes, n, err);

        if (rc == WORKER_OK) {
            rc = worker_mix_put(&track->mix, c->begin[i] + c->at[i],
                                (const float *const *) planes, n, err);
        }

        if (rc != WORKER_OK) {
            return rc;
        }

        c->at[i] += (int64_t) n;
    }

    return worker_full_sound_encode(track, false, err);
}


/* what the next range crosses over with, and what was lost */
static worker_rc_t
worker_full_overlap_end(worker_full_cross_t *c, worker_err_t *err)
{
    size_t          i;
    worker_rc_t     rc;
    worker_full_t  *f;
    worker_made_t   made;

    f = c->full;

    for (i = 0; worker_full_sounds(f) && i < f->sound.ntracks; i++) {
        rc = worker_full_overlap_sound(c, i, f->timeline.video_end
                                             + WORKER_FULL_MORE, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    f->sound.filled = f->timeline.video_end;

    worker_overlap_made(c->overlap, &made);
    f->video.made.lost += made.lost;
    f->sound.hurt += made.hurt;

    return WORKER_OK;
}
