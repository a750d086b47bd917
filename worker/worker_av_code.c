
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavcodec/avcodec.h>
#include <libavutil/mem.h>

#include "common/wub_ts.h"
#include "worker/worker_av.h"
#include "worker/worker_av_anew.h"
#include "worker/worker_av_code.h"


/* what is encoded does not depend on it, for whole footage */
#define WORKER_AV_CODE_THREADS   4

/* an access unit of which no frame is kept */
#define WORKER_AV_CODE_NONE      SIZE_MAX


typedef struct {
    const worker_av_span_t  *span;
    const worker_tick_t     *tick;
    worker_av_anew_t        *anew;

    AVCodecContext          *decoder;
    AVPacket                *packet;
    AVFrame                 *frame;
    size_t                  *places;    /* of units from span->first on,
                                           in kept[] */
    size_t                   next;      /* of kept[], that may come */
    bool                     begun;     /* the decoder has had a packet */
} worker_av_coder_t;


static worker_rc_t worker_av_code_open(worker_av_coder_t *c,
    worker_err_t *err);
static void worker_av_code_places(worker_av_coder_t *c);
static bool worker_av_code_whole(const worker_av_span_t *span);
static worker_rc_t worker_av_code_run(worker_av_coder_t *c,
    worker_err_t *err);
static worker_rc_t worker_av_code_before(worker_av_coder_t *c,
    worker_err_t *err);
static worker_rc_t worker_av_code_send(worker_av_coder_t *c,
    const worker_footage_t *footage, size_t i, worker_err_t *err);
static worker_rc_t worker_av_code_packet(worker_av_coder_t *c,
    const worker_video_t *video, worker_err_t *err);
static worker_rc_t worker_av_code_decoded(worker_av_coder_t *c,
    worker_err_t *err);
static worker_rc_t worker_av_code_frame(worker_av_coder_t *c,
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

    rc = worker_av_code_open(&c, err);

    if (rc == WORKER_OK) {
        rc = worker_av_anew_open(&c.anew, span, tick, sink, data, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_av_code_run(&c, err);
    }

    worker_av_anew_close(c.anew);
    avcodec_free_context(&c.decoder);
    av_packet_free(&c.packet);
    av_frame_free(&c.frame);
    av_freep(&c.places);

    return rc;
}


static worker_rc_t
worker_av_code_open(worker_av_coder_t *c, worker_err_t *err)
{
    int                      rc;
    size_t                   n;
    const AVCodec           *codec;
    const wub_video_form_t  *form;

    form = &c->span->footage->forms[
               c->span->footage->frames[c->span->span->first].form];

    codec = avcodec_find_decoder((form->codec == WUB_VIDEO_HEVC)
                                 ? AV_CODEC_ID_HEVC : AV_CODEC_ID_H264);
    if (codec == NULL) {
        return worker_fail(err, WORKER_ERROR,
                           "This libavcodec has no decoder for the video of "
                           "the segment %s.", c->span->footage->name);
    }

    n = c->span->span->last - c->span->span->first + 1;

    c->packet = av_packet_alloc();
    c->frame = av_frame_alloc();
    c->decoder = avcodec_alloc_context3(codec);
    c->places = av_malloc_array(n, sizeof(size_t));

    if (c->packet == NULL || c->frame == NULL || c->decoder == NULL
        || c->places == NULL)
    {
        return worker_fail_memory(err, "Decoding");
    }

    worker_av_code_places(c);

    /*
     * Frames come in their order even where a stream does not say how many
     * it reorders, and come out though they are not whole; how these look
     * must not depend on the pace of threads.
     */

    c->decoder->strict_std_compliance = FF_COMPLIANCE_STRICT;
    c->decoder->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_OUTPUT_CORRUPT;
    c->decoder->pkt_timebase = (AVRational) { 1, WUB_TS_HZ };
    c->decoder->thread_count = worker_av_code_whole(c->span)
                               ? WORKER_AV_CODE_THREADS : 1;

    rc = avcodec_open2(c->decoder, codec, NULL);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Decoding");
    }

    return WORKER_OK;
}


static void
worker_av_code_places(worker_av_coder_t *c)
{
    size_t             i;
    const wub_span_t  *span;

    span = c->span->span;

    for (i = 0; i <= span->last - span->first; i++) {
        c->places[i] = WORKER_AV_CODE_NONE;
    }

    for (i = 0; i < span->nkept; i++) {
        c->places[span->kept[i].frame - span->first] = i;
    }
}


static bool
worker_av_code_whole(const worker_av_span_t *span)
{
    size_t  i;

    if (span->before != NULL && span->before->ndamaged != 0) {
        return false;
    }

    for (i = span->span->roll; i <= span->span->last; i++) {
        if (span->footage->frames[i].damaged) {
            return false;
        }
    }

    return true;
}


static worker_rc_t
worker_av_code_run(worker_av_coder_t *c, worker_err_t *err)
{
    int          rc;
    size_t       i;
    worker_rc_t  wrc;

    wrc = worker_av_code_before(c, err);

    for (i = c->span->span->roll; i <= c->span->span->last; i++) {
        if (wrc != WORKER_OK) {
            return wrc;
        }

        wrc = worker_av_code_send(c, c->span->footage, i, err);
    }

    if (wrc != WORKER_OK) {
        return wrc;
    }

    rc = avcodec_send_packet(c->decoder, NULL);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Decoding");
    }

    wrc = worker_av_code_decoded(c, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    return worker_av_anew_finish(c->anew, err);
}


/* the last GOP of the segment before */
static worker_rc_t
worker_av_code_before(worker_av_coder_t *c, worker_err_t *err)
{
    size_t                   i;
    worker_rc_t              rc;
    const worker_footage_t  *before;

    before = c->span->before;

    if (before == NULL) {
        return WORKER_OK;
    }

    for (i = before->nvideo - 1; i > 0; i--) {
        if (before->frames[i].key != WUB_KEY_NONE) {
            break;
        }
    }

    for ( /* void */ ; i < before->nvideo; i++) {
        rc = worker_av_code_send(c, before, i, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


/* decodes an access unit; the frame that comes of it knows its index */
static worker_rc_t
worker_av_code_send(worker_av_coder_t *c, const worker_footage_t *footage,
    size_t i, worker_err_t *err)
{
    int          rc;
    worker_rc_t  wrc;

    wrc = c->tick->call(c->tick->data);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    wrc = worker_av_code_packet(c, &footage->video[i], err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    c->packet->pts = (footage == c->span->footage && i >= c->span->span->first)
                     ? (int64_t) (i - c->span->span->first) : -1;

    rc = avcodec_send_packet(c->decoder, c->packet);
    av_packet_unref(c->packet);

    /* what a broken packet costs shows in the number of frames */

    if (rc < 0 && rc != AVERROR_INVALIDDATA) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Decoding");
    }

    return worker_av_code_decoded(c, err);
}


/*
 * A copy, for the decoder reads beyond the end; the first one has the
 * parameter sets.
 */
static worker_rc_t
worker_av_code_packet(worker_av_coder_t *c, const worker_video_t *video,
    worker_err_t *err)
{
    int        rc;
    uint8_t   *p;
    wub_str_t  sets;

    sets = (c->begun || video->sets) ? wub_str_n(NULL, 0) : *video->in_force;
    c->begun = true;

    rc = av_new_packet(c->packet, (int) (video->len + sets.len));
    if (rc < 0) {
        return worker_av_fail(err, WORKER_RETRY, rc, "Decoding");
    }

    p = c->packet->data;
    memcpy(p, video->data, video->lead);
    p += video->lead;

    if (sets.len != 0) {
        memcpy(p, sets.data, sets.len);
        p += sets.len;
    }

    memcpy(p, video->data + video->lead, video->len - video->lead);

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


/* what comes twice, or behind what should follow it, is left out */
static worker_rc_t
worker_av_code_frame(worker_av_coder_t *c, worker_err_t *err)
{
    size_t       place;
    int64_t      unit;
    worker_rc_t  rc;

    rc = c->tick->call(c->tick->data);
    if (rc != WORKER_OK) {
        return rc;
    }

    unit = c->frame->pts;

    if (unit < 0
        || (size_t) unit > c->span->span->last - c->span->span->first)
    {
        return WORKER_OK;
    }

    place = c->places[unit];

    if (place == WORKER_AV_CODE_NONE || place < c->next) {
        return WORKER_OK;
    }

    c->next = place + 1;

    return worker_av_anew_frame(c->anew, c->frame, place, err);
}
