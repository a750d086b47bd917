
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_io: where a muxer's bytes go: a function that takes them in
 * order, or a file in which the muxer may seek and read again.
 * May call: libavformat, libc.
 * Frees: all of its own in worker_av_io_close(); the file stays the
 * caller's.
 */


#ifndef WORKER_AV_IO_H_INCLUDED_
#define WORKER_AV_IO_H_INCLUDED_


#include <libavformat/avformat.h>

#include "worker/worker.h"


/* takes all of len bytes or fails with a sentence; of 0 it may do that too */
typedef worker_rc_t (*worker_av_io_pt)(void *data, const uint8_t *bytes,
    size_t len, worker_err_t *err);


typedef struct {
    worker_av_io_pt   write;
    void             *data;
    int               fd;       /* -1: write is called */

    /* set here */

    AVIOContext      *context;
    int64_t           at;       /* in the file */
    int64_t           bytes;    /* handed on; of a file, its size */
    worker_rc_t       rc;       /* of the first failure; sticky */
    worker_err_t      err;      /* its sentence */
} worker_av_io_t;


/* the fields above the line are the caller's to set before */
worker_rc_t worker_av_io_open(worker_av_io_t *io, AVFormatContext *format,
    worker_err_t *err);

/* what a call of libavformat came to; a failure of the sink comes first */
worker_rc_t worker_av_io_result(const worker_av_io_t *io, int averror,
    worker_err_t *err);

void worker_av_io_close(worker_av_io_t *io);


#endif /* WORKER_AV_IO_H_INCLUDED_ */
