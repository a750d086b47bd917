
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavcodec/avcodec.h>

#include "worker/worker_av.h"
#include "worker/worker_av_wave.h"


struct worker_av_wave_s {
    AVCodecContext  *codec;
    AVPacket        *packet;
    AVFrame         *frame;
};


worker_rc_t
worker_av_wave_open(worker_av_wave_t **ret, worker_err_t *err)
{
    int                rc;
    const AVCodec     *codec;
    worker_av_wave_t  *w;

    codec = avcodec_find_decoder_by_name("aac");
    if (codec == NULL) {
        return worker_fail(err, WORKER_ERROR,
                           "This libavcodec has no AAC decoder.");
    }

    w = av_mallocz(sizeof(worker_av_wave_t));
    if (w == NULL) {
        return worker_fail_memory(err, "Sound");
    }

    w->packet = av_packet_alloc();
    w->frame = av_frame_alloc();
    w->codec = avcodec_alloc_context3(codec);

    if (w->packet == NULL || w->frame == NULL || w->codec == NULL) {
        worker_av_wave_close(w);
        return worker_fail_memory(err, "Sound");
    }

    w->codec->thread_count = 1;

    rc = avcodec_open2(w->codec, codec, NULL);
    if (rc < 0) {
        worker_av_wave_close(w);
        return worker_av_fail(err, WORKER_ERROR, rc, "Decoding sound");
    }

    *ret = w;

    return WORKER_OK;
}


/* a frame that cannot be decoded has no samples */
worker_rc_t
worker_av_wave_decode(worker_av_wave_t *w, const uint8_t *data, size_t len,
    worker_av_wave_sound_t *ret, worker_err_t *err)
{
    int  rc;

    memset(ret, 0, sizeof(worker_av_wave_sound_t));
    av_frame_unref(w->frame);

    rc = av_new_packet(w->packet, (int) len);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_RETRY, rc, "Decoding sound");
    }

    memcpy(w->packet->data, data, len);

    rc = avcodec_send_packet(w->codec, w->packet);
    av_packet_unref(w->packet);

    if (rc >= 0) {
        rc = avcodec_receive_frame(w->codec, w->frame);
    }

    if (rc == AVERROR(ENOMEM)) {
        return worker_av_fail(err, WORKER_RETRY, rc, "Decoding sound");
    }

    if (rc < 0 || w->frame->format != AV_SAMPLE_FMT_FLTP
        || w->frame->sample_rate <= 0)
    {
        return WORKER_OK;
    }

    ret->planes = (const float *const *) w->frame->extended_data;
    ret->channels = (size_t) w->frame->ch_layout.nb_channels;
    ret->n = (size_t) w->frame->nb_samples;
    ret->rate = (uint32_t) w->frame->sample_rate;

    return WORKER_OK;
}


void
worker_av_wave_flush(worker_av_wave_t *w)
{
    avcodec_flush_buffers(w->codec);
}


void
worker_av_wave_close(worker_av_wave_t *w)
{
    if (w == NULL) {
        return;
    }

    avcodec_free_context(&w->codec);
    av_packet_free(&w->packet);
    av_frame_free(&w->frame);
    av_free(w);
}
