
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_footage_audio: the audio frames of a segment and their times.
 * May call: common/.
 * Frees: nothing; frames live in the segment's arena.
 */


#ifndef WORKER_FOOTAGE_AUDIO_H_INCLUDED_
#define WORKER_FOOTAGE_AUDIO_H_INCLUDED_


#include "common/wub_ts.h"
#include "worker/worker_footage.h"


/* fills a track; the segment's first must be set */
worker_rc_t worker_footage_audio(worker_footage_t *f, worker_track_t *track,
    const wub_ts_stream_t *stream, worker_err_t *err);


#endif /* WORKER_FOOTAGE_AUDIO_H_INCLUDED_ */
