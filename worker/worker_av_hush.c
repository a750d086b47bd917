
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/mem.h>

#include "common/wub_adts.h"
#include "worker/worker_av.h"
#include "worker/worker_av_aac.h"
#include "worker/worker_av_hush.h"


#define WORKER_AV_HUSH_RATE      48000
#define WORKER_AV_HUSH_STEREO    2

/* the encoder's first packets know of what was before there was any */
#define WORKER_AV_HUSH_FRAMES    4


static int worker_av_hush_encode(AVCodecContext *c, AVFrame *frame,
    AVPacket *packet);
static void worker_av_hush_write(worker_av_hush_t *h, wub_adts_t *head,
    const AVPacket *packet);


worker_rc_t
worker_av_hush(worker_av_hush_t *ret, const worker_sound_t *sound,
    worker_err_t *err)
{
    int              rc;
    bool             known;
    AVFrame         *frame;
    AVPacket        *packet;
    wub_adts_t       head;
    worker_rc_t      wrc;
    AVCodecContext  *c;

    memset(ret, 0, sizeof(worker_av_hush_t));
    memset(&head, 0, sizeof(wub_adts_t));

    known = sound->rate != 0;
    head.rate = known ? sound->rate : WORKER_AV_HUSH_RATE;
    head.channels = known ? sound->channels : WORKER_AV_HUSH_STEREO;
    head.object = WORKER_AV_AAC_LC;
    ret->rate = head.rate;

    if (head.channels == 0) {
        return WORKER_OK;
    }

    wrc = worker_av_aac_codec(&c, &head, 0, err);
    if (wrc != WORKER_OK || c == NULL) {
        return wrc;
    }

    frame = av_frame_alloc();
    packet = av_packet_alloc();

    rc = (frame != NULL && packet != NULL)
         ? worker_av_hush_encode(c, frame, packet) : AVERROR(ENOMEM);

    if (rc >= 0) {
        worker_av_hush_write(ret, &head, packet);
    }

    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&c);

    return (rc >= 0) ? WORKER_OK
                     : worker_av_fail(err, WORKER_RETRY, rc,
                                      "Encoding silence");
}


static int
worker_av_hush_encode(AVCodecContext *c, AVFrame *frame, AVPacket *packet)
{
    int  i, rc;

    frame->nb_samples = c->frame_size;
    frame->format = c->sample_fmt;
    frame->sample_rate = c->sample_rate;

    rc = av_channel_layout_copy(&frame->ch_layout, &c->ch_layout);

    if (rc >= 0) {
        rc = av_frame_get_buffer(frame, 0);
    }

    if (rc < 0) {
        return rc;
    }

    for (i = 0; i < c->ch_layout.nb_channels; i++) {
        memset(frame->extended_data[i], 0,
               (size_t) frame->nb_samples * sizeof(float));
    }

    for (i = 0; rc >= 0 && i < WORKER_AV_HUSH_FRAMES; i++) {
        frame->pts = (int64_t) i * c->frame_size;

        rc = avcodec_send_frame(c, frame);

        if (rc >= 0) {
            av_packet_unref(packet);
            rc = avcodec_receive_packet(c, packet);
        }

        rc = (rc == AVERROR(EAGAIN)) ? 0 : rc;
    }

    return rc;
}


static void
worker_av_hush_write(worker_av_hush_t *h, wub_adts_t *head,
    const AVPacket *packet)
{
    head->len = WUB_ADTS_HEAD + (size_t) packet->size;

    if (packet->size == 0 || head->len > WORKER_AV_HUSH_MAX
        || wub_adts_write(head, h->data) != WUB_OK)
    {
        return;
    }

    memcpy(h->data + WUB_ADTS_HEAD, packet->data, (size_t) packet->size);
    h->len = head->len;
}
