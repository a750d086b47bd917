
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_join: lays the footage of ranges end to end in one output: plans
 * each segment by wub_cutplan, copies or encodes its frames, and places
 * them and their audio by wub_timeline.
 * May call: worker_av_*, worker_footage, common/.
 * Frees: all of its own in worker_join_free(), the footage it took too.
 */


#ifndef WORKER_JOIN_H_INCLUDED_
#define WORKER_JOIN_H_INCLUDED_


#include "common/wub_timeline.h"
#include "worker/worker.h"
#include "worker/worker_av_out.h"
#include "worker/worker_footage.h"


/*
 * Reads the segment before or behind the one given, where audio of that
 * one may lie; *ret is NULL when there is none of use.
 */
typedef worker_rc_t (*worker_join_beside_pt)(void *data,
    const worker_footage_t *footage, bool before, worker_footage_t **ret,
    worker_err_t *err);


typedef struct {
    worker_av_write_pt      write;
    void                   *write_data;
    worker_join_beside_pt   beside;
    void                   *beside_data;
    worker_tick_t           tick;

    /* set by worker_join_*() */

    wub_arena_t            *arena;      /* of one segment's plan */
    worker_av_out_t        *out;        /* NULL before the first frame */
    worker_form_t           form;
    wub_timeline_t          timeline;
    int64_t                 base;       /* of the first frame */
    int64_t                 dts;        /* of the last video packet */
    int64_t                 audio_dts;  /* of the last audio packet */
    bool                    run;        /* a run of footage is open */
    bool                    sets;       /* parameter sets must come next */

    /*
     * The footage added last; its audio from last_audio on may still be
     * needed.  last_anchor: its first frame, unwrapped.
     */
    worker_footage_t       *last;
    size_t                  last_audio;
    int64_t                 last_anchor;

    int64_t                 frames;
    int64_t                 copied;
} worker_join_t;


/* the fields above the line are the caller's to set before */
worker_rc_t worker_join_init(worker_join_t *j, worker_err_t *err);
void worker_join_free(worker_join_t *j);

/*
 * Adds what of a segment is in [start, end), microseconds.  hole: there is
 * a hole in front of it.  The footage is taken on every path.
 */
worker_rc_t worker_join_add(worker_join_t *j, worker_footage_t *footage,
    int64_t start, int64_t end, bool hole, worker_err_t *err);

/* after the last segment of a range */
worker_rc_t worker_join_range_end(worker_join_t *j, worker_err_t *err);

/* after the last range */
worker_rc_t worker_join_finish(worker_join_t *j, worker_err_t *err);

/* microseconds of video so far */
int64_t worker_join_done(const worker_join_t *j);


#endif /* WORKER_JOIN_H_INCLUDED_ */
