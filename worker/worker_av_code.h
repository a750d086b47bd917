
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_code: decodes whole GOPs of a segment and encodes some of
 * their frames anew, in the form of the source: the edges of a cut.
 * May call: libavcodec.
 * Frees: all of its own before it returns.
 */


#ifndef WORKER_AV_CODE_H_INCLUDED_
#define WORKER_AV_CODE_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_footage.h"


typedef struct {
    const worker_footage_t  *footage;
    size_t                   first;     /* access units, inclusive */
    size_t                   last;
    const int64_t           *kept;      /* pts of frames, rising */
    size_t                   nkept;
    int64_t                  spacing;   /* ticks from frame to frame */
} worker_av_span_t;

/* one encoded frame, the index-th kept one; they come in that order */
typedef worker_rc_t (*worker_av_code_pt)(void *data, const uint8_t *bytes,
    size_t len, size_t index, worker_err_t *err);


/* WORKER_INVALID: the frames that are to be kept cannot be decoded */
worker_rc_t worker_av_code(const worker_av_span_t *span,
    const worker_tick_t *tick, worker_av_code_pt sink, void *data,
    worker_err_t *err);


#endif /* WORKER_AV_CODE_H_INCLUDED_ */
