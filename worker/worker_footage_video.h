
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_footage_video: the access units of a segment, their times and
 * what decoding them needs.
 * May call: common/.
 * Frees: nothing; all lives in the segment's arena.
 */


#ifndef WORKER_FOOTAGE_VIDEO_H_INCLUDED_
#define WORKER_FOOTAGE_VIDEO_H_INCLUDED_


#include "common/wub_ts.h"
#include "worker/worker_footage.h"


/* fills all of f that is of video; size: bytes of the file */
worker_rc_t worker_footage_video(worker_footage_t *f,
    const wub_ts_stream_t *stream, size_t size, worker_err_t *err);


#endif /* WORKER_FOOTAGE_VIDEO_H_INCLUDED_ */
