
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_code: decodes GOPs of a segment and encodes some of their
 * frames anew, in the form of the output: the edges of a cut, and what
 * cannot be copied.  What does not come out of a damaged stream is left
 * out, never an error.
 * May call: libavcodec, libswscale.
 * Frees: all of its own before it returns.
 */


#ifndef WORKER_AV_CODE_H_INCLUDED_
#define WORKER_AV_CODE_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_footage.h"


typedef struct {
    const worker_footage_t  *footage;
    const worker_footage_t  *before;    /* its last GOP is decoded first;
                                           or NULL */
    const wub_span_t        *span;
    const wub_video_form_t  *form;      /* of what is made */
    int64_t                  spacing;   /* ticks from frame to frame */
    size_t                   reorder;   /* frames that the source delays */
} worker_av_span_t;

/* an encoded frame: of a span, kept[index]; these come in that order */
typedef struct {
    const uint8_t           *data;
    size_t                   len;
    size_t                   index;
    bool                     damaged;   /* the decoder says so */
} worker_av_coded_t;

typedef worker_rc_t (*worker_av_code_pt)(void *data,
    const worker_av_coded_t *coded, worker_err_t *err);

/* how a codec is encoded; the names are those of libavcodec */
typedef struct {
    wub_video_codec_e        codec;
    const char              *encoder;
    const char              *preset;
    const char              *crf;
    const char              *option;    /* that takes the parameters */
    const char              *params;
    int                      qpmax;     /* with 8 bits of depth */
    int                      qpmax_bit; /* more with each bit more */
    int                      threads;
    bool                     reorders;  /* says so as the source does */
} worker_av_setting_t;


const worker_av_setting_t *worker_av_code_setting(wub_video_codec_e codec);

/* WORKER_INVALID: nothing can be encoded in that form */
worker_rc_t worker_av_code(const worker_av_span_t *span,
    const worker_tick_t *tick, worker_av_code_pt sink, void *data,
    worker_err_t *err);


#endif /* WORKER_AV_CODE_H_INCLUDED_ */
