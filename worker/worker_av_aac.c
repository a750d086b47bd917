
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/mem.h>

#include "worker/worker_av.h"
#include "worker/worker_av_aac.h"


/* bits that a frame may have for each channel (ISO/IEC 14496-3, 4.5.3) */
#define WORKER_AV_AAC_BITS       6144


struct worker_av_aac_s {
    AVCodecContext  *codec;
    AVFrame         *frame;
    AVPacket        *packet;
    wub_adts_t       head;
    float           *planes[WORKER_AV_AAC_CHANNELS];
    int64_t          nsent;
    uint8_t          data[WUB_ADTS_MAX];
};


static worker_rc_t worker_av_aac_write(worker_av_aac_t *a,
    worker_av_aac_packet_t *ret, worker_err_t *err);


worker_rc_t
worker_av_aac_codec(AVCodecContext **ret, const wub_adts_t *head,
    int64_t bits, worker_err_t *err)
{
    int              rc;
    int64_t          most;
    AVCodecContext  *c;
    const AVCodec   *codec;

    codec = avcodec_find_encoder_by_name("aac");
    if (codec == NULL) {
        return worker_fail(err, WORKER_ERROR,
                           "This libavcodec has no encoder aac.");
    }

    c = avcodec_alloc_context3(codec);
    if (c == NULL) {
        return worker_fail_memory(err, "Encoding sound");
    }

    c->sample_rate = (int) head->rate;
    c->sample_fmt = AV_SAMPLE_FMT_FLTP;
    c->time_base = (AVRational) { 1, c->sample_rate };
    c->flags |= AV_CODEC_FLAG_BITEXACT;

    /* one more channel than the number of the last configuration says */

    av_channel_layout_default(&c->ch_layout,
                              (head->channels == 7) ? 8 : head->channels);

    most = (int64_t) WORKER_AV_AAC_BITS * head->rate / WORKER_AV_AAC_SAMPLES
           * c->ch_layout.nb_channels;

    if (bits > 0) {
        c->bit_rate = (bits < most) ? bits : most;
    }

    worker_av_plain(true);
    rc = avcodec_open2(c, codec, NULL);
    worker_av_plain(false);

    if (rc < 0) {
        avcodec_free_context(&c);
    }

    *ret = c;

    return WORKER_OK;
}


worker_rc_t
worker_av_aac_open(worker_av_aac_t **ret, const worker_sound_t *sound,
    int64_t bits, worker_err_t *err)
{
    worker_rc_t       rc;
    worker_av_aac_t  *a;

    *ret = NULL;

    a = av_mallocz(sizeof(worker_av_aac_t));
    if (a == NULL) {
        return worker_fail_memory(err, "Encoding sound");
    }

    a->head.rate = sound->rate;
    a->head.channels = sound->channels;
    a->head.object = WORKER_AV_AAC_LC;
    a->frame = av_frame_alloc();
    a->packet = av_packet_alloc();

    rc = (a->frame == NULL || a->packet == NULL)
         ? worker_fail_memory(err, "Encoding sound")
         : worker_av_aac_codec(&a->codec, &a->head, bits, err);

    if (rc != WORKER_OK || a->codec == NULL) {
        worker_av_aac_close(a);
        return rc;
    }

    *ret = a;

    return WORKER_OK;
}


size_t
worker_av_aac_channels(const worker_av_aac_t *a)
{
    return (size_t) a->codec->ch_layout.nb_channels;
}


worker_rc_t
worker_av_aac_planes(worker_av_aac_t *a, float *const **ret,
    worker_err_t *err)
{
    int     rc;
    size_t  i;

    av_frame_unref(a->frame);

    a->frame->nb_samples = WORKER_AV_AAC_SAMPLES;
    a->frame->format = a->codec->sample_fmt;
    a->frame->sample_rate = a->codec->sample_rate;
    a->frame->pts = a->nsent * WORKER_AV_AAC_SAMPLES;

    rc = av_channel_layout_copy(&a->frame->ch_layout, &a->codec->ch_layout);

    if (rc >= 0) {
        rc = av_frame_get_buffer(a->frame, 0);
    }

    if (rc < 0) {
        return worker_av_fail(err, WORKER_RETRY, rc, "Encoding sound");
    }

    for (i = 0; i < worker_av_aac_channels(a); i++) {
        a->planes[i] = (float *) (void *) a->frame->extended_data[i];
    }

    *ret = a->planes;

    return WORKER_OK;
}


worker_rc_t
worker_av_aac_send(worker_av_aac_t *a, worker_av_aac_packet_t *ret,
    worker_err_t *err)
{
    int  rc;

    memset(ret, 0, sizeof(worker_av_aac_packet_t));
    av_packet_unref(a->packet);

    rc = avcodec_send_frame(a->codec, a->frame);

    if (rc >= 0) {
        a->nsent++;
        rc = avcodec_receive_packet(a->codec, a->packet);
    }

    if (rc == AVERROR(EAGAIN)) {
        return WORKER_OK;
    }

    return (rc >= 0) ? worker_av_aac_write(a, ret, err)
                     : worker_av_fail(err, WORKER_ERROR, rc,
                                      "Encoding sound");
}


void
worker_av_aac_close(worker_av_aac_t *a)
{
    if (a == NULL) {
        return;
    }

    avcodec_free_context(&a->codec);
    av_frame_free(&a->frame);
    av_packet_free(&a->packet);
    av_free(a);
}


static worker_rc_t
worker_av_aac_write(worker_av_aac_t *a, worker_av_aac_packet_t *ret,
    worker_err_t *err)
{
    size_t  size;

    size = (size_t) a->packet->size;
    a->head.len = WUB_ADTS_HEAD + size;

    if (size > WUB_ADTS_MAX - WUB_ADTS_HEAD
        || wub_adts_write(&a->head, a->data) != WUB_OK)
    {
        return worker_fail(err, WORKER_INVALID,
                           "Sound of %u Hz with %u channels cannot be "
                           "encoded for a transition; cut as mp4 or mpegts.",
                           a->head.rate, a->head.channels);
    }

    memcpy(a->data + WUB_ADTS_HEAD, a->packet->data, size);

    /* what it made of what nobody sent has a time before that of the first */

    ret->data = a->data;
    ret->len = a->head.len;
    ret->frame = a->packet->pts / WORKER_AV_AAC_SAMPLES;

    return WORKER_OK;
}
