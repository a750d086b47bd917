
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_join_work: what the files of worker_join share: the cut so far,
 * and the segment at work.
 * May call: nothing; its functions as their files say.
 * Frees: nothing.
 */


#ifndef WORKER_JOIN_WORK_H_INCLUDED_
#define WORKER_JOIN_WORK_H_INCLUDED_


#include "common/wub_timeline.h"
#include "common/wub_ts.h"
#include "worker/worker_av_aac.h"
#include "worker/worker_av_hush.h"
#include "worker/worker_av_out.h"
#include "worker/worker_maker.h"
#include "worker/worker_overlap.h"


/* frame spacings that an encoder's clock can have: to ten seconds */
#define WORKER_JOIN_SPACING_MAX  ((int64_t) 10 * WUB_TS_HZ)


/* a cut so far; times of the output are ticks of 90 kHz */
typedef struct {
    const worker_making_t     *making;
    wub_arena_t               *own;         /* it lies in it */
    wub_arena_t               *arena;       /* of one segment's plan */
    worker_av_out_t           *out;         /* NULL before the first frame */
    worker_sound_t             sounds[WORKER_TRACKS_MAX];
    worker_av_hush_t           hush[WORKER_TRACKS_MAX]; /* rate 0: not made */
    wub_timeline_t             timeline;
    wub_timeline_track_t       tracks[WORKER_TRACKS_MAX];
    int64_t                    base;        /* of the first frame */
    int64_t                    dts;         /* of the last video packet */
    int64_t                    audio_dts[WORKER_TRACKS_MAX];
    bool                       begun;       /* a frame is placed */
    bool                       run;         /* a run of footage is open */
    bool                       sets;        /* parameter sets come next */
    int64_t                    start;       /* of the range, microseconds */
    int64_t                    end;
    int64_t                    delay;       /* of the range before: by that
                                               its frames are decoded early */
    int64_t                    bits[WORKER_TRACKS_MAX];
                                            /* a second of its sound; 0: not
                                               known */

    /*
     * The footage added last, when it goes on with what comes: its frames
     * may be referred to, its audio from next[] on may still be needed.
     */
    worker_footage_t          *last;
    int64_t                    anchor;      /* its first frame, unwrapped */
    size_t                     next[WORKER_TRACKS_MAX];
    wub_cutplan_state_t        state;

    worker_made_t              made;
} worker_join_t;

/* a track's sound in a transition; frames are of its encoder's size */
typedef struct {
    worker_av_aac_t           *aac;         /* NULL: it has none */
    uint32_t                   rate;
    int64_t                    start;       /* output: of the first frame */
    int64_t                    place;       /* of it, in the transition, in
                                               samples */
    int64_t                    nsent;       /* frames to the encoder, */
    int64_t                    nmade;       /* and to the output */
} worker_join_voice_t;

typedef struct {
    worker_join_t             *join;
    worker_overlap_t          *overlap;
    worker_join_voice_t        voices[WORKER_TRACKS_MAX];
    size_t                     nvoices;
} worker_join_cross_t;

/* one segment at work */
typedef struct {
    worker_join_t             *join;
    worker_footage_t          *footage;
    wub_cutplan_segment_t      segment;
    wub_cutplan_t              plan;
    wub_cutplan_state_t        state;
    const wub_span_t          *span;        /* that is encoded */
    int64_t                    delay;       /* and its reordering */
    bool                       first;       /* its first frame comes next */
    int64_t                    anchor;      /* as above */
    int64_t                    start;       /* what counts of it */
    int64_t                    end;
    bool                       shown;       /* a frame of it is placed */
    size_t                     next[WORKER_TRACKS_MAX];
} worker_join_work_t;


/* ---- worker_join_span: the video of a segment, as planned */

worker_rc_t worker_join_spans(worker_join_work_t *w, worker_err_t *err);

/* by how much frames of the GOP of a segment's frame are decoded early */
int64_t worker_join_delay(const worker_footage_t *f, size_t first);

/* before the first frame of all, and before that of a run */
void worker_join_begun(worker_join_t *j, int64_t delay);
void worker_join_runs(worker_join_t *j, int64_t pts);

/* before a frame is written: its decoding time may change */
worker_rc_t worker_join_ready(worker_join_t *j, worker_av_packet_t *packet,
    worker_err_t *err);
worker_rc_t worker_join_put(worker_join_t *j, worker_av_packet_t *packet,
    worker_err_t *err);


/* ---- worker_join_overlap: a transition */

worker_rc_t worker_join_overlap(void *maker, worker_overlap_t *overlap,
    worker_err_t *err);


/* ---- worker_join_cross: its sound */

/* behind the beginning of its run; for what begins, close is called */
worker_rc_t worker_join_cross_open(worker_join_cross_t *c,
    worker_join_t *join, worker_overlap_t *overlap, worker_err_t *err);

/* up to an output time, or the end of the video so far */
worker_rc_t worker_join_cross(worker_join_cross_t *c, int64_t limit,
    worker_err_t *err);
void worker_join_cross_close(worker_join_cross_t *c);


/* ---- worker_join_audio */

/* audio up to an output time: what is left of the last segment, then this */
worker_rc_t worker_join_audio(worker_join_work_t *w, int64_t limit,
    worker_err_t *err);

/* one frame of it, at an output time */
worker_rc_t worker_join_frame(worker_join_t *j, size_t track,
    const uint8_t *data, size_t len, int64_t out, int64_t duration,
    worker_err_t *err);

/* silence where tracks have no audio, up to the end of the video so far */
worker_rc_t worker_join_silence(worker_join_t *j, worker_err_t *err);

/* true when audio of the frame at pts may lie in the segment before */
bool worker_join_audio_early(const worker_join_work_t *w, int64_t pts);

/* true when audio of the video so far may lie in the segment behind */
bool worker_join_audio_late(const worker_join_t *j);

/* WORKER_INVALID: tracks that cannot be copied beside what is there */
worker_rc_t worker_join_sounds(worker_join_t *j, const worker_footage_t *f,
    worker_err_t *err);


#endif /* WORKER_JOIN_WORK_H_INCLUDED_ */
