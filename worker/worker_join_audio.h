
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_join_audio: the audio of what worker_join lays end to end, from
 * the segment at hand and from those beside it: a transport stream sends
 * audio somewhat before or after the video it belongs to.
 * May call: worker_av_out, worker_footage, common/.
 * Frees: nothing but what a failing call read.
 */


#ifndef WORKER_JOIN_AUDIO_H_INCLUDED_
#define WORKER_JOIN_AUDIO_H_INCLUDED_


#include "worker/worker_join.h"


/* true when b goes on where a, whose first frame is at anchor, ends */
bool worker_join_follows(const worker_footage_t *a, int64_t anchor,
    const worker_footage_t *b, bool hole);

/* the audio frames of the one track, or 0 */
size_t worker_join_naudio(const worker_footage_t *f);

/* the segment beside f and its anchor; *ret is NULL where none goes on */
worker_rc_t worker_join_beside(worker_join_t *j, const worker_footage_t *f,
    int64_t anchor, bool before, worker_footage_t **ret, int64_t *ret_anchor,
    worker_err_t *err);

/*
 * Writes the audio of f from *next on, up to the output time limit or the
 * end of the video so far; *next is then the first frame left.
 */
worker_rc_t worker_join_frames(worker_join_t *j, const worker_footage_t *f,
    int64_t anchor, size_t *next, int64_t limit, worker_err_t *err);

/* at the end of a run: its last audio, where that is in the next segment */
worker_rc_t worker_join_tail(worker_join_t *j, worker_err_t *err);


#endif /* WORKER_JOIN_AUDIO_H_INCLUDED_ */
