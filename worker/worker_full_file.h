
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_full_file: the output of a full cut: frames at their places go
 * into one encoder, which opens the file with the first one.
 * May call: worker_av_*, worker_full_sound, common/.
 * Frees: all of its own in worker_full_file_close().
 */


#ifndef WORKER_FULL_FILE_H_INCLUDED_
#define WORKER_FULL_FILE_H_INCLUDED_


#include "worker/worker_av_encode.h"
#include "worker/worker_av_out.h"
#include "worker/worker_full_sound.h"
#include "worker/worker_full_video.h"
#include "worker/worker_maker.h"


typedef struct {
    const worker_making_t  *making;
    worker_full_sound_t    *sound;
    wub_timeline_t         *timeline;
    worker_made_t          *made;

    /* set by worker_full_file_*() */

    bool                    begun;      /* the timeline has its base */
    int64_t                 spacing;    /* frame to frame, on average */
    worker_av_encode_t     *encoder;    /* NULL before the first frame */
    worker_av_out_t        *out;        /* the same */
    int64_t                 pts;        /* of the last frame */
} worker_full_file_t;


/* before the first run of all: where its first frame is shown */
void worker_full_file_begin(worker_full_file_t *o, int64_t spacing);

/* data is the worker_full_file_t; a worker_full_frame_pt */
worker_rc_t worker_full_file_frame(void *data, struct AVFrame *frame,
    const worker_full_frame_t *want, worker_err_t *err);

/* the video's end, and the file's, which comes behind the sound's */
worker_rc_t worker_full_file_video_end(worker_full_file_t *o,
    worker_err_t *err);
worker_rc_t worker_full_file_end(worker_full_file_t *o, worker_err_t *err);

void worker_full_file_close(worker_full_file_t *o);


#endif /* WORKER_FULL_FILE_H_INCLUDED_ */
