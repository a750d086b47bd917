
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/mathematics.h>
#include <libswresample/swresample.h>

#include "worker/worker_av.h"
#include "worker/worker_av_sound.h"


/* how far time stamps and samples may be apart: 1/200 of a second */
#define WORKER_AV_SOUND_APART    200


struct worker_av_sound_s {
    AVCodecContext       *codec;
    AVPacket             *packet;
    AVFrame              *frame;
    AVFrame              *made;         /* resampled */
    struct SwrContext    *swr;          /* NULL: the source is as it must be */
    uint32_t              rate;
    AVChannelLayout       layout;
    worker_av_sound_pt    sink;
    void                 *data;

    bool                  runs;         /* a stretch of samples is open */
    int                   from_rate;    /* its form */
    int                   from_format;
    AVChannelLayout       from_layout;
    int64_t               start;        /* its place */
    int64_t               nread;        /* samples, at from_rate */
    int64_t               nmade;        /* samples, at rate */
};


static worker_rc_t worker_av_sound_frame(worker_av_sound_t *s,
    int64_t place, worker_err_t *err);
static bool worker_av_sound_follows(const worker_av_sound_t *s,
    int64_t place);
static worker_rc_t worker_av_sound_begin(worker_av_sound_t *s,
    int64_t place, worker_err_t *err);
static worker_rc_t worker_av_sound_end(worker_av_sound_t *s,
    worker_err_t *err);
static worker_rc_t worker_av_sound_convert(worker_av_sound_t *s,
    const AVFrame *frame, worker_err_t *err);


worker_rc_t
worker_av_sound_open(worker_av_sound_t **ret, uint32_t rate,
    size_t channels, worker_av_sound_pt sink, void *data, worker_err_t *err)
{
    int                 rc;
    const AVCodec      *codec;
    worker_av_sound_t  *s;

    codec = avcodec_find_decoder_by_name("aac");
    if (codec == NULL) {
        return worker_fail(err, WORKER_ERROR,
                           "This libavcodec has no AAC decoder.");
    }

    s = av_mallocz(sizeof(worker_av_sound_t));
    if (s == NULL) {
        return worker_fail_memory(err, "Sound");
    }

    s->rate = rate;
    s->sink = sink;
    s->data = data;
    s->packet = av_packet_alloc();
    s->frame = av_frame_alloc();
    s->made = av_frame_alloc();
    s->codec = avcodec_alloc_context3(codec);
    av_channel_layout_default(&s->layout, (int) channels);

    if (s->packet == NULL || s->frame == NULL || s->made == NULL
        || s->codec == NULL)
    {
        worker_av_sound_close(s);
        return worker_fail_memory(err, "Sound");
    }

    s->codec->flags |= AV_CODEC_FLAG_BITEXACT;

    worker_av_plain(true);
    rc = avcodec_open2(s->codec, codec, NULL);
    worker_av_plain(false);

    if (rc < 0) {
        worker_av_sound_close(s);
        return worker_av_fail(err, WORKER_ERROR, rc, "Decoding sound");
    }

    *ret = s;

    return WORKER_OK;
}


worker_rc_t
worker_av_sound_send(worker_av_sound_t *s, const worker_audio_t *audio,
    int64_t place, worker_err_t *err)
{
    int          rc;
    worker_rc_t  wrc;

    rc = av_new_packet(s->packet, (int) audio->len);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_RETRY, rc, "Decoding sound");
    }

    memcpy(s->packet->data, audio->data, audio->len);

    rc = avcodec_send_packet(s->codec, s->packet);
    av_packet_unref(s->packet);

    /* a decoder of AAC holds no frame back */

    while (rc >= 0) {
        rc = avcodec_receive_frame(s->codec, s->frame);

        if (rc < 0) {
            break;
        }

        wrc = worker_av_sound_frame(s, place, err);
        av_frame_unref(s->frame);

        if (wrc != WORKER_OK) {
            return wrc;
        }
    }

    if (rc == AVERROR(ENOMEM)) {
        return worker_av_fail(err, WORKER_RETRY, rc, "Decoding sound");
    }

    return WORKER_OK;
}


worker_rc_t
worker_av_sound_drain(worker_av_sound_t *s, worker_err_t *err)
{
    avcodec_flush_buffers(s->codec);

    return worker_av_sound_end(s, err);
}


void
worker_av_sound_close(worker_av_sound_t *s)
{
    if (s == NULL) {
        return;
    }

    avcodec_free_context(&s->codec);
    av_packet_free(&s->packet);
    av_frame_free(&s->frame);
    av_frame_free(&s->made);
    swr_free(&s->swr);
    av_channel_layout_uninit(&s->layout);
    av_channel_layout_uninit(&s->from_layout);
    av_free(s);
}


static worker_rc_t
worker_av_sound_frame(worker_av_sound_t *s, int64_t place,
    worker_err_t *err)
{
    worker_rc_t  rc;

    if (!worker_av_sound_follows(s, place)) {
        rc = worker_av_sound_end(s, err);

        if (rc == WORKER_OK) {
            rc = worker_av_sound_begin(s, place, err);
        }

        if (rc != WORKER_OK) {
            return rc;
        }
    }

    s->nread += s->frame->nb_samples;

    if (s->swr != NULL) {
        return worker_av_sound_convert(s, s->frame, err);
    }

    place = s->start + s->nmade;
    s->nmade += s->frame->nb_samples;

    return s->sink(s->data, place,
                   (const float *const *) s->frame->extended_data,
                   (size_t) s->frame->nb_samples, err);
}


/* the same form, and where the last frame ended */
static bool
worker_av_sound_follows(const worker_av_sound_t *s, int64_t place)
{
    int64_t  apart;

    if (!s->runs || s->frame->sample_rate != s->from_rate
        || s->frame->format != s->from_format
        || av_channel_layout_compare(&s->frame->ch_layout,
                                     &s->from_layout) != 0)
    {
        return false;
    }

    apart = s->start + av_rescale(s->nread, s->rate, s->from_rate) - place;

    return apart <= s->rate / WORKER_AV_SOUND_APART
           && -apart <= s->rate / WORKER_AV_SOUND_APART;
}


static worker_rc_t
worker_av_sound_begin(worker_av_sound_t *s, int64_t place,
    worker_err_t *err)
{
    int  rc;

    s->runs = true;
    s->start = place;
    s->nread = 0;
    s->nmade = 0;
    s->from_rate = s->frame->sample_rate;
    s->from_format = s->frame->format;

    rc = av_channel_layout_copy(&s->from_layout, &s->frame->ch_layout);

    if (rc >= 0
        && (s->from_rate != (int) s->rate
            || s->from_format != AV_SAMPLE_FMT_FLTP
            || s->from_layout.nb_channels != s->layout.nb_channels))
    {
        rc = swr_alloc_set_opts2(&s->swr, &s->layout, AV_SAMPLE_FMT_FLTP,
                                 (int) s->rate, &s->from_layout,
                                 s->from_format, s->from_rate, 0, NULL);
        if (rc >= 0) {
            worker_av_plain(true);
            rc = swr_init(s->swr);
            worker_av_plain(false);
        }
    }

    if (rc < 0) {
        return worker_av_fail(err, WORKER_INVALID, rc, "Resampling sound");
    }

    return WORKER_OK;
}


static worker_rc_t
worker_av_sound_end(worker_av_sound_t *s, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = WORKER_OK;

    if (s->runs && s->swr != NULL) {
        rc = worker_av_sound_convert(s, NULL, err);
    }

    s->runs = false;
    swr_free(&s->swr);

    return rc;
}


/* NULL: what the filter still holds */
static worker_rc_t
worker_av_sound_convert(worker_av_sound_t *s, const AVFrame *frame,
    worker_err_t *err)
{
    int          rc;
    int64_t      place;
    worker_rc_t  wrc;

    av_frame_unref(s->made);

    s->made->sample_rate = (int) s->rate;
    s->made->format = AV_SAMPLE_FMT_FLTP;

    rc = av_channel_layout_copy(&s->made->ch_layout, &s->layout);

    if (rc >= 0) {
        rc = swr_convert_frame(s->swr, s->made, frame);
    }

    if (rc < 0) {
        return worker_av_fail(err, WORKER_INVALID, rc, "Resampling sound");
    }

    if (s->made->nb_samples <= 0) {
        return WORKER_OK;
    }

    place = s->start + s->nmade;
    s->nmade += s->made->nb_samples;

    wrc = s->sink(s->data, place,
                  (const float *const *) s->made->extended_data,
                  (size_t) s->made->nb_samples, err);

    return wrc;
}
