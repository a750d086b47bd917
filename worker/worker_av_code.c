
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavcodec/avcodec.h>
#include <libavutil/dict.h>
#include <libavutil/opt.h>

#include "common/wub_ts.h"
#include "worker/worker_av.h"
#include "worker/worker_av_code.h"


/* fixed, as the output depends on it */
#define WORKER_AV_CODE_THREADS   4

/* no second key frame within a span */
#define WORKER_AV_CODE_GOP       (1 << 20)

/*
 * x264: constant quality, seen to keep 48 dB; no trade of one frame for
 * another, for the last ones of a span would pay; the same bytes on every
 * kind of processor; a delimiter before each picture, as transport streams
 * want it.  Parameter sets with an id of their own, as encoders give
 * theirs the first ones: those of the copied parts stay valid beside them.
 */
#define WORKER_AV_CODE_CRF       "9"
#define WORKER_AV_CODE_PRESET    "veryfast"
#define WORKER_AV_CODE_PARAMS    "cpu-independent=1:mbtree=0:qcomp=0.8"       \
                                 ":aud=1:sps-id=31"


typedef struct {
    const worker_av_span_t  *span;
    const worker_tick_t     *tick;
    worker_av_code_pt        sink;
    void                    *data;

    AVCodecContext          *decoder;
    AVCodecContext          *encoder;   /* NULL before the first frame */
    AVPacket                *packet;
    AVFrame                 *frame;
    size_t                   nsent;     /* frames, to the encoder */
    size_t                   nmade;     /* frames, to the sink */
} worker_av_coder_t;


static worker_rc_t worker_av_code_run(worker_av_coder_t *c,
    worker_err_t *err);
static worker_rc_t worker_av_code_open(worker_av_coder_t *c,
    worker_err_t *err);
static worker_rc_t worker_av_code_send(worker_av_coder_t *c, size_t i,
    worker_err_t *err);
static worker_rc_t worker_av_code_decoded(worker_av_coder_t *c,
    worker_err_t *err);
static worker_rc_t worker_av_code_frame(worker_av_coder_t *c,
    worker_err_t *err);
static worker_rc_t worker_av_code_encoder(worker_av_coder_t *c,
    worker_err_t *err);
static void worker_av_code_look(const worker_av_coder_t *c,
    AVCodecContext *e);
static worker_rc_t worker_av_code_encoded(worker_av_coder_t *c,
    worker_err_t *err);
static worker_rc_t worker_av_code_damaged(const worker_av_coder_t *c,
    worker_err_t *err);


worker_rc_t
worker_av_code(const worker_av_span_t *span, const worker_tick_t *tick,
    worker_av_code_pt sink, void *data, worker_err_t *err)
{
    worker_rc_t        rc;
    worker_av_coder_t  c;

    memset(&c, 0, sizeof(worker_av_coder_t));

    c.span = span;
    c.tick = tick;
    c.sink = sink;
    c.data = data;

    rc = worker_av_code_open(&c, err);

    if (rc == WORKER_OK) {
        rc = worker_av_code_run(&c, err);
    }

    avcodec_free_context(&c.decoder);
    avcodec_free_context(&c.encoder);
    av_packet_free(&c.packet);
    av_frame_free(&c.frame);

    return rc;
}


static worker_rc_t
worker_av_code_run(worker_av_coder_t *c, worker_err_t *err)
{
    int          rc;
    size_t       i;
    worker_rc_t  wrc;

    for (i = c->span->first; i <= c->span->last + 1; i++) {
        wrc = worker_av_code_send(c, i, err);
        if (wrc != WORKER_OK) {
            return wrc;
        }

        wrc = worker_av_code_decoded(c, err);
        if (wrc != WORKER_OK) {
            return wrc;
        }
    }

    if (c->nsent != c->span->nkept) {
        return worker_av_code_damaged(c, err);
    }

    rc = avcodec_send_frame(c->encoder, NULL);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Encoding");
    }

    wrc = worker_av_code_encoded(c, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    if (c->nmade != c->span->nkept) {
        return worker_fail(err, WORKER_ERROR,
                           "The encoder made %zu frames of %zu.", c->nmade,
                           c->span->nkept);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_av_code_open(worker_av_coder_t *c, worker_err_t *err)
{
    int             rc;
    const AVCodec  *codec;

    codec = avcodec_find_decoder(AV_CODEC_ID_H264);
    if (codec == NULL) {
        return worker_fail(err, WORKER_ERROR,
                           "This libavcodec has no H.264 decoder.");
    }

    c->packet = av_packet_alloc();
    c->frame = av_frame_alloc();
    c->decoder = avcodec_alloc_context3(codec);

    if (c->packet == NULL || c->frame == NULL || c->decoder == NULL) {
        return worker_fail_memory(err, "Decoding");
    }

    c->decoder->thread_count = WORKER_AV_CODE_THREADS;
    c->decoder->pkt_timebase = (AVRational) { 1, WUB_TS_HZ };

    rc = avcodec_open2(c->decoder, codec, NULL);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Decoding");
    }

    return WORKER_OK;
}


/* the i-th access unit; past the last one, the end */
static worker_rc_t
worker_av_code_send(worker_av_coder_t *c, size_t i, worker_err_t *err)
{
    int                        rc;
    worker_rc_t                wrc;
    const worker_video_t      *video;
    const wub_cutplan_frame_t *frame;

    wrc = c->tick->call(c->tick->data);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    if (i > c->span->last) {
        rc = avcodec_send_packet(c->decoder, NULL);
        return (rc < 0) ? worker_av_code_damaged(c, err) : WORKER_OK;
    }

    video = &c->span->footage->video[i];
    frame = &c->span->footage->frames[i];

    /* a copy, for the decoder reads beyond the end */

    rc = av_new_packet(c->packet, (int) video->len);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_RETRY, rc, "Decoding");
    }

    memcpy(c->packet->data, video->data, video->len);
    c->packet->pts = frame->pts;
    c->packet->dts = frame->dts;

    rc = avcodec_send_packet(c->decoder, c->packet);
    av_packet_unref(c->packet);

    /* what a broken packet costs shows in the number of frames */

    if (rc < 0 && rc != AVERROR_INVALIDDATA) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Decoding");
    }

    return WORKER_OK;
}


static worker_rc_t
worker_av_code_decoded(worker_av_coder_t *c, worker_err_t *err)
{
    int          rc;
    worker_rc_t  wrc;

    for ( ;; ) {
        rc = avcodec_receive_frame(c->decoder, c->frame);

        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) {
            return WORKER_OK;
        }

        if (rc == AVERROR_INVALIDDATA) {
            continue;
        }

        if (rc < 0) {
            return worker_av_fail(err, WORKER_ERROR, rc, "Decoding");
        }

        wrc = worker_av_code_frame(c, err);
        av_frame_unref(c->frame);

        if (wrc != WORKER_OK) {
            return wrc;
        }
    }
}


static worker_rc_t
worker_av_code_frame(worker_av_coder_t *c, worker_err_t *err)
{
    int          rc;
    int64_t      pts;
    worker_rc_t  wrc;

    wrc = c->tick->call(c->tick->data);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    pts = c->frame->pts;

    if (c->nsent == c->span->nkept || pts < c->span->kept[c->nsent]) {
        return WORKER_OK;
    }

    if (pts != c->span->kept[c->nsent]) {
        return worker_av_code_damaged(c, err);
    }

    if (c->encoder == NULL) {
        wrc = worker_av_code_encoder(c, err);
        if (wrc != WORKER_OK) {
            return wrc;
        }
    }

    if (c->frame->width != c->encoder->width
        || c->frame->height != c->encoder->height
        || c->frame->format != c->encoder->pix_fmt)
    {
        return worker_av_code_damaged(c, err);
    }

    /* the encoder counts frames; the kind of picture is for it to choose */

    c->frame->pts = (int64_t) c->nsent++;
    c->frame->pict_type = AV_PICTURE_TYPE_NONE;

    rc = avcodec_send_frame(c->encoder, c->frame);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Encoding");
    }

    return worker_av_code_encoded(c, err);
}


static worker_rc_t
worker_av_code_encoder(worker_av_coder_t *c, worker_err_t *err)
{
    int              rc;
    const AVCodec   *codec;
    AVDictionary    *options;
    AVCodecContext  *e;

    codec = avcodec_find_encoder_by_name("libx264");
    if (codec == NULL) {
        return worker_fail(err, WORKER_ERROR,
                           "This libavcodec has no libx264.");
    }

    e = avcodec_alloc_context3(codec);
    if (e == NULL) {
        return worker_fail_memory(err, "Encoding");
    }

    c->encoder = e;
    worker_av_code_look(c, e);

    options = NULL;
    (void) av_dict_set(&options, "preset", WORKER_AV_CODE_PRESET, 0);
    (void) av_dict_set(&options, "crf", WORKER_AV_CODE_CRF, 0);
    (void) av_dict_set(&options, "x264-params", WORKER_AV_CODE_PARAMS, 0);

    rc = avcodec_open2(e, codec, &options);
    av_dict_free(&options);

    if (rc < 0) {
        return worker_av_fail(err, WORKER_INVALID, rc,
                              "Encoding frames in the form of the source");
    }

    return WORKER_OK;
}


/* the form of the source, as the first decoded frame shows it */
static void
worker_av_code_look(const worker_av_coder_t *c, AVCodecContext *e)
{
    const AVFrame  *frame;

    frame = c->frame;

    e->width = frame->width;
    e->height = frame->height;
    e->pix_fmt = frame->format;
    e->sample_aspect_ratio = frame->sample_aspect_ratio;

    e->color_range = frame->color_range;
    e->color_primaries = frame->color_primaries;
    e->color_trc = frame->color_trc;
    e->colorspace = frame->colorspace;
    e->chroma_sample_location = frame->chroma_location;

    e->time_base = (AVRational) { (int) c->span->spacing, WUB_TS_HZ };
    e->framerate = (AVRational) { WUB_TS_HZ, (int) c->span->spacing };

    e->gop_size = WORKER_AV_CODE_GOP;
    e->max_b_frames = 0;
    e->thread_count = WORKER_AV_CODE_THREADS;
}


static worker_rc_t
worker_av_code_encoded(worker_av_coder_t *c, worker_err_t *err)
{
    int          rc;
    worker_rc_t  wrc;

    for ( ;; ) {
        rc = avcodec_receive_packet(c->encoder, c->packet);

        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) {
            return WORKER_OK;
        }

        if (rc < 0) {
            return worker_av_fail(err, WORKER_ERROR, rc, "Encoding");
        }

        wrc = c->tick->call(c->tick->data);

        if (wrc == WORKER_OK && c->packet->pts != (int64_t) c->nmade) {
            wrc = worker_fail(err, WORKER_ERROR,
                              "The encoder changed the order of frames.");
        }

        if (wrc == WORKER_OK) {
            wrc = c->sink(c->data, c->packet->data, (size_t) c->packet->size,
                          c->nmade++, err);
        }

        av_packet_unref(c->packet);

        if (wrc != WORKER_OK) {
            return wrc;
        }
    }
}


static worker_rc_t
worker_av_code_damaged(const worker_av_coder_t *c, worker_err_t *err)
{
    return worker_fail(err, WORKER_INVALID,
                       "The segment %s is damaged: not all frames that are "
                       "asked for can be decoded.", c->span->footage->name);
}
