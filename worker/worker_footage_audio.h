
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_footage_audio: an AAC stream of a segment, taken apart into frames.
 * A header that differs from those beside it is damage and is made as they
 * are; a frame that lost bytes is left out; both are marked.
 * May call: wub_adts, wub_ts, wub_arena.
 * Frees: nothing; frames live in the footage's arena.
 */


#ifndef WORKER_FOOTAGE_AUDIO_H_INCLUDED_
#define WORKER_FOOTAGE_AUDIO_H_INCLUDED_


#include "common/wub_ts.h"
#include "worker/worker_footage.h"


worker_rc_t worker_footage_audio(worker_footage_t *f, worker_track_t *track,
    const wub_ts_stream_t *stream, worker_err_t *err);


#endif /* WORKER_FOOTAGE_AUDIO_H_INCLUDED_ */
