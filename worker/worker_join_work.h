
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
#include "worker/worker_av_hush.h"
#include "worker/worker_av_out.h"
#include "worker/worker_maker.h"


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


/* ---- worker_join_audio */

/* audio up to an output time: what is left of the last segment, then this */
worker_rc_t worker_join_audio(worker_join_work_t *w, int64_t limit,
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
