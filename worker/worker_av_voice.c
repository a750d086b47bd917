
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>

#include "worker/worker_av.h"
#include "worker/worker_av_voice.h"


#define WORKER_AV_VOICE_OPUS     48000

/* where no frame of the track was seen */
#define WORKER_AV_VOICE_RATE     48000
#define WORKER_AV_VOICE_STEREO   2


struct worker_av_voice_s {
    AVCodecContext       *codec;
    AVPacket             *packet;
    AVFrame              *frame;
    worker_tick_t         tick;
    worker_av_voice_pt    sink;
    void                 *data;
    int64_t               from;
};


static worker_rc_t worker_av_voice_form(worker_av_voice_t *v,
    const worker_encode_t *settings, const worker_sound_t *sound,
    worker_err_t *err);
static worker_rc_t worker_av_voice_frame(worker_av_voice_t *v, int64_t pts,
    const float *const *planes, size_t at, size_t n, worker_err_t *err);
static worker_rc_t worker_av_voice_packets(worker_av_voice_t *v,
    worker_err_t *err);


worker_rc_t
worker_av_voice_open(worker_av_voice_t **ret,
    const worker_encode_t *settings, const worker_sound_t *sound,
    bool headers, const worker_tick_t *tick, worker_err_t *err)
{
    const char         *name;
    worker_rc_t         rc;
    const AVCodec      *codec;
    worker_av_voice_t  *v;

    name = (settings->kind == WORKER_ENCODE_WEBM) ? "libopus" : "aac";

    codec = avcodec_find_encoder_by_name(name);
    if (codec == NULL) {
        return worker_fail(err, WORKER_ERROR,
                           "This libavcodec has no encoder %s.", name);
    }

    v = av_mallocz(sizeof(worker_av_voice_t));
    if (v == NULL) {
        return worker_fail_memory(err, "Sound");
    }

    v->tick = *tick;
    v->from = INT64_MIN;
    v->packet = av_packet_alloc();
    v->frame = av_frame_alloc();
    v->codec = avcodec_alloc_context3(codec);

    if (v->packet == NULL || v->frame == NULL || v->codec == NULL) {
        worker_av_voice_close(v);
        return worker_fail_memory(err, "Sound");
    }

    if (headers) {
        v->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }

    rc = worker_av_voice_form(v, settings, sound, err);
    if (rc != WORKER_OK) {
        worker_av_voice_close(v);
        return rc;
    }

    *ret = v;

    return WORKER_OK;
}


void
worker_av_voice_sink(worker_av_voice_t *v, worker_av_voice_pt sink,
    void *data)
{
    v->sink = sink;
    v->data = data;
}


uint32_t
worker_av_voice_rate(const worker_av_voice_t *v)
{
    return (uint32_t) v->codec->sample_rate;
}


size_t
worker_av_voice_channels(const worker_av_voice_t *v)
{
    return (size_t) v->codec->ch_layout.nb_channels;
}


int64_t
worker_av_voice_padding(const worker_av_voice_t *v)
{
    return v->codec->initial_padding;
}


void
worker_av_voice_from(worker_av_voice_t *v, int64_t from)
{
    v->from = from;
}


worker_rc_t
worker_av_voice_send(worker_av_voice_t *v, int64_t base,
    const float *const *planes, size_t n, bool last, size_t *ret,
    worker_err_t *err)
{
    size_t       at, len;
    worker_rc_t  rc;

    for (at = 0; at < n; at += len) {
        len = (size_t) v->codec->frame_size;

        if (n - at < len) {
            if (!last) {
                break;
            }

            len = n - at;
        }

        rc = worker_av_voice_frame(v, base + (int64_t) at, planes, at, len,
                                   err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    *ret = at;

    return WORKER_OK;
}


worker_rc_t
worker_av_voice_finish(worker_av_voice_t *v, worker_err_t *err)
{
    int  rc;

    rc = avcodec_send_frame(v->codec, NULL);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Encoding sound");
    }

    return worker_av_voice_packets(v, err);
}


const AVCodecContext *
worker_av_voice_codec(const worker_av_voice_t *v)
{
    return v->codec;
}


void
worker_av_voice_close(worker_av_voice_t *v)
{
    if (v == NULL) {
        return;
    }

    avcodec_free_context(&v->codec);
    av_packet_free(&v->packet);
    av_frame_free(&v->frame);
    av_free(v);
}


static worker_rc_t
worker_av_voice_form(worker_av_voice_t *v, const worker_encode_t *settings,
    const worker_sound_t *sound, worker_err_t *err)
{
    int              rc, channels;
    int64_t          rate;
    AVCodecContext  *c;

    c = v->codec;
    rate = worker_encode_number(settings, WORKER_ENCODE_AUDIO_RATE);

    /* one channel more than the number of the last configuration says */

    channels = (sound->channels == 7) ? 8 : sound->channels;

    if (sound->rate == 0 || channels == 0) {
        channels = WORKER_AV_VOICE_STEREO;
    }

    if (settings->kind == WORKER_ENCODE_WEBM) {
        c->sample_rate = WORKER_AV_VOICE_OPUS;
        c->sample_fmt = AV_SAMPLE_FMT_FLT;

    } else {
        c->sample_rate = (rate != 0) ? (int) rate
                         : (sound->rate != 0) ? (int) sound->rate
                         : WORKER_AV_VOICE_RATE;
        c->sample_fmt = AV_SAMPLE_FMT_FLTP;
    }

    av_channel_layout_default(&c->ch_layout, channels);
    c->time_base = (AVRational) { 1, c->sample_rate };
    c->bit_rate = worker_encode_number(settings,
                                       WORKER_ENCODE_AUDIO_BITRATE);
    c->flags |= AV_CODEC_FLAG_BITEXACT;

    worker_av_plain(true);
    rc = avcodec_open2(c, c->codec, NULL);
    worker_av_plain(false);

    if (rc < 0) {
        return worker_fail(err, WORKER_INVALID,
                           "The encoder %s does not take sound of %d Hz and "
                           "%d channels with these settings; change the "
                           "encoder settings.", c->codec->name,
                           c->sample_rate, channels);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_av_voice_frame(worker_av_voice_t *v, int64_t pts,
    const float *const *planes, size_t at, size_t n, worker_err_t *err)
{
    int              rc;
    float           *to;
    size_t           i, k, channels;
    worker_rc_t      wrc;
    AVCodecContext  *c;

    c = v->codec;
    channels = worker_av_voice_channels(v);

    wrc = v->tick.call(v->tick.data);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    v->frame->nb_samples = (int) n;
    v->frame->format = c->sample_fmt;
    v->frame->sample_rate = c->sample_rate;
    v->frame->pts = pts;

    rc = av_channel_layout_copy(&v->frame->ch_layout, &c->ch_layout);

    if (rc >= 0) {
        rc = av_frame_get_buffer(v->frame, 0);
    }

    if (rc < 0) {
        av_frame_unref(v->frame);
        return worker_av_fail(err, WORKER_RETRY, rc, "Encoding sound");
    }

    for (k = 0; k < channels; k++) {

        if (c->sample_fmt == AV_SAMPLE_FMT_FLTP) {
            memcpy(v->frame->extended_data[k], planes[k] + at,
                   n * sizeof(float));
            continue;
        }

        to = (float *) (void *) v->frame->data[0];

        for (i = 0; i < n; i++) {
            to[i * channels + k] = planes[k][at + i];
        }
    }

    rc = avcodec_send_frame(c, v->frame);
    av_frame_unref(v->frame);

    if (rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Encoding sound");
    }

    return worker_av_voice_packets(v, err);
}


static worker_rc_t
worker_av_voice_packets(worker_av_voice_t *v, worker_err_t *err)
{
    int          rc;
    worker_rc_t  wrc;

    for ( ;; ) {
        rc = avcodec_receive_packet(v->codec, v->packet);

        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) {
            return WORKER_OK;
        }

        if (rc < 0) {
            return worker_av_fail(err, WORKER_ERROR, rc, "Encoding sound");
        }

        wrc = (v->packet->pts >= v->from) ? v->sink(v->data, v->packet, err)
                                          : WORKER_OK;
        av_packet_unref(v->packet);

        if (wrc != WORKER_OK) {
            return wrc;
        }
    }
}
