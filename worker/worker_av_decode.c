
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavcodec/avcodec.h>

#include "common/wub_ts.h"
#include "worker/worker_av.h"
#include "worker/worker_av_decode.h"


struct worker_av_decode_s {
    AVCodecContext       *codec;
    AVPacket             *packet;
    AVFrame              *frame;
    worker_tick_t         tick;
    worker_av_decode_pt   sink;
    void                 *data;
    bool                  start;    /* parameter sets must come next */
};


static worker_rc_t worker_av_decode_fill(worker_av_decode_t *d,
    const worker_video_t *unit, worker_err_t *err);
static worker_rc_t worker_av_decode_frames(worker_av_decode_t *d,
    worker_err_t *err);


worker_rc_t
worker_av_decode_open(worker_av_decode_t **ret, wub_video_codec_e codec,
    const worker_tick_t *tick, worker_av_decode_pt sink, void *data,
    worker_err_t *err)
{
    int                  rc;
    const AVCodec       *c;
    worker_av_decode_t  *d;

    c = avcodec_find_decoder((codec == WUB_VIDEO_HEVC) ? AV_CODEC_ID_HEVC
                                                       : AV_CODEC_ID_H264);
    if (c == NULL) {
        return worker_fail(err, WORKER_ERROR,
                           "This libavcodec has no decoder for %s.",
                           (codec == WUB_VIDEO_HEVC) ? "HEVC" : "H.264");
    }

    d = av_mallocz(sizeof(worker_av_decode_t));
    if (d == NULL) {
        return worker_fail_memory(err, "Decoding");
    }

    d->tick = *tick;
    d->sink = sink;
    d->data = data;
    d->start = true;
    d->packet = av_packet_alloc();
    d->frame = av_frame_alloc();
    d->codec = avcodec_alloc_context3(c);

    if (d->packet == NULL || d->frame == NULL || d->codec == NULL) {
        worker_av_decode_close(d);
        return worker_fail_memory(err, "Decoding");
    }

    /*
     * Frames come in their order even where a stream does not say how many
     * it reorders; one that lacks what it refers to is better than none,
     * and how it looks must not depend on the pace of threads.
     */

    d->codec->strict_std_compliance = FF_COMPLIANCE_STRICT;
    d->codec->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_OUTPUT_CORRUPT;
    d->codec->pkt_timebase = (AVRational) { 1, WUB_TS_HZ };
    d->codec->thread_count = 1;

    rc = avcodec_open2(d->codec, c, NULL);
    if (rc < 0) {
        worker_av_decode_close(d);
        return worker_av_fail(err, WORKER_ERROR, rc, "Decoding");
    }

    *ret = d;

    return WORKER_OK;
}


worker_rc_t
worker_av_decode_send(worker_av_decode_t *d, const worker_video_t *unit,
    int64_t id, worker_err_t *err)
{
    int          rc;
    worker_rc_t  wrc;

    wrc = d->tick.call(d->tick.data);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    wrc = worker_av_decode_fill(d, unit, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    d->packet->pts = id;
    d->packet->dts = AV_NOPTS_VALUE;
    d->start = false;

    rc = avcodec_send_packet(d->codec, d->packet);
    av_packet_unref(d->packet);

    /* what a broken unit costs shows in the frames that come */

    if (rc < 0 && rc != AVERROR_INVALIDDATA) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Decoding");
    }

    return worker_av_decode_frames(d, err);
}


worker_rc_t
worker_av_decode_drain(worker_av_decode_t *d, worker_err_t *err)
{
    worker_rc_t  rc;

    if (d->start) {
        return WORKER_OK;
    }

    (void) avcodec_send_packet(d->codec, NULL);

    rc = worker_av_decode_frames(d, err);

    avcodec_flush_buffers(d->codec);
    d->start = true;

    return rc;
}


void
worker_av_decode_close(worker_av_decode_t *d)
{
    if (d == NULL) {
        return;
    }

    avcodec_free_context(&d->codec);
    av_packet_free(&d->packet);
    av_frame_free(&d->frame);
    av_free(d);
}


/* a copy, for the decoder reads beyond the end and keeps it */
static worker_rc_t
worker_av_decode_fill(worker_av_decode_t *d, const worker_video_t *unit,
    worker_err_t *err)
{
    int          rc;
    size_t       lead;
    uint8_t     *p;
    wub_str_t    sets;

    sets = wub_str_n(NULL, 0);

    if (d->start && !unit->sets && unit->in_force != NULL) {
        sets = *unit->in_force;
    }

    rc = av_new_packet(d->packet, (int) (unit->len + sets.len));
    if (rc < 0) {
        return worker_av_fail(err, WORKER_RETRY, rc, "Decoding");
    }

    p = d->packet->data;
    lead = (sets.len != 0) ? unit->lead : 0;

    memcpy(p, unit->data, lead);
    p += lead;

    if (sets.len != 0) {
        memcpy(p, sets.data, sets.len);
        p += sets.len;
    }

    memcpy(p, unit->data + lead, unit->len - lead);

    return WORKER_OK;
}


static worker_rc_t
worker_av_decode_frames(worker_av_decode_t *d, worker_err_t *err)
{
    int          rc;
    bool         damaged;
    worker_rc_t  wrc;

    for ( ;; ) {
        rc = avcodec_receive_frame(d->codec, d->frame);

        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) {
            return WORKER_OK;
        }

        if (rc == AVERROR_INVALIDDATA) {
            continue;
        }

        if (rc < 0) {
            return worker_av_fail(err, WORKER_ERROR, rc, "Decoding");
        }

        damaged = d->frame->decode_error_flags != 0
                  || (d->frame->flags & AV_FRAME_FLAG_CORRUPT) != 0;

        wrc = d->sink(d->data, d->frame, d->frame->pts, damaged, err);
        av_frame_unref(d->frame);

        if (wrc != WORKER_OK) {
            return wrc;
        }
    }
}
