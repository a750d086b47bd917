
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavcodec/packet.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>

#include "common/wub_ts.h"
#include "worker/worker_av.h"
#include "worker/worker_av_out.h"


#define WORKER_AV_OUT_BUFFER     (128 * 1024)

/* how far the clock runs ahead of decoding, microseconds */
#define WORKER_AV_OUT_DELAY      250000

#define WORKER_AV_OUT_RATE       48000

#define WORKER_AV_OUT_VIDEO      0
#define WORKER_AV_OUT_AUDIO      1


struct worker_av_out_s {
    AVFormatContext      *format;
    AVIOContext          *io;
    AVPacket             *packet;
    uint8_t              *joined;   /* room for an insertion */
    unsigned int          joined_size;

    worker_av_write_pt   write;
    void                 *write_data;
    worker_rc_t           rc;       /* of the sink; sticky */
    worker_err_t          err;      /* its sentence */
    int64_t               bytes;
};


static worker_rc_t worker_av_out_format(worker_av_out_t *out,
    const worker_form_t *form, worker_err_t *err);
static worker_rc_t worker_av_out_streams(worker_av_out_t *out,
    const worker_form_t *form, worker_err_t *err);
static worker_rc_t worker_av_out_join(worker_av_out_t *out,
    const worker_av_packet_t *packet, worker_err_t *err);
static worker_rc_t worker_av_out_result(worker_av_out_t *out, int rc,
    worker_err_t *err);
static int worker_av_out_sink(void *data, uint8_t *bytes, int len);


worker_rc_t
worker_av_out_open(worker_av_out_t **ret, const worker_form_t *form,
    worker_av_write_pt write, void *write_data, worker_err_t *err)
{
    worker_rc_t       rc;
    worker_av_out_t  *out;

    out = av_mallocz(sizeof(worker_av_out_t));
    if (out == NULL) {
        return worker_fail_memory(err, "Writing the video");
    }

    out->write = write;
    out->write_data = write_data;

    rc = worker_av_out_format(out, form, err);
    if (rc != WORKER_OK) {
        worker_av_out_close(out);
        return rc;
    }

    *ret = out;

    return WORKER_OK;
}


worker_rc_t
worker_av_out_write(worker_av_out_t *out, const worker_av_packet_t *packet,
    worker_err_t *err)
{
    int          rc;
    worker_rc_t  wrc;

    /*
     * The packet is lent: without a buffer of its own the muxer writes it
     * at once and keeps nothing.
     */

    out->packet->data = WORKER_AV_UNCONST(packet->data);
    out->packet->size = (int) packet->len;

    if (packet->insert.len != 0) {
        wrc = worker_av_out_join(out, packet, err);
        if (wrc != WORKER_OK) {
            return wrc;
        }
    }

    out->packet->pts = packet->pts;
    out->packet->dts = packet->dts;
    out->packet->flags = packet->key ? AV_PKT_FLAG_KEY : 0;
    out->packet->stream_index = packet->video ? WORKER_AV_OUT_VIDEO
                                              : WORKER_AV_OUT_AUDIO;

    rc = av_write_frame(out->format, out->packet);

    out->packet->data = NULL;
    out->packet->size = 0;

    return worker_av_out_result(out, rc, err);
}


worker_rc_t
worker_av_out_finish(worker_av_out_t *out, worker_err_t *err)
{
    int  rc;

    rc = av_write_trailer(out->format);
    avio_flush(out->io);

    return worker_av_out_result(out, rc, err);
}


int64_t
worker_av_out_bytes(const worker_av_out_t *out)
{
    return out->bytes;
}


void
worker_av_out_close(worker_av_out_t *out)
{
    if (out == NULL) {
        return;
    }

    avformat_free_context(out->format);
    av_packet_free(&out->packet);
    av_freep(&out->joined);

    if (out->io != NULL) {
        av_freep(&out->io->buffer);
        avio_context_free(&out->io);
    }

    av_free(out);
}


static worker_rc_t
worker_av_out_format(worker_av_out_t *out, const worker_form_t *form,
    worker_err_t *err)
{
    int            rc;
    uint8_t       *buffer;
    worker_rc_t    wrc;
    AVDictionary  *options;

    out->packet = av_packet_alloc();
    buffer = av_malloc(WORKER_AV_OUT_BUFFER);

    out->io = avio_alloc_context(buffer, WORKER_AV_OUT_BUFFER, 1, out, NULL,
                                 worker_av_out_sink, NULL);
    if (out->io == NULL) {
        av_free(buffer);
    }

    (void) avformat_alloc_output_context2(&out->format, NULL, "mpegts", NULL);

    if (out->packet == NULL || out->io == NULL || out->format == NULL) {
        return worker_fail_memory(err, "Writing the video");
    }

    out->format->pb = out->io;
    out->format->max_delay = WORKER_AV_OUT_DELAY;

    /*
     * The same bytes each time; packets as they are; the sink is called
     * when the buffer is full.
     */

    out->format->flags |= AVFMT_FLAG_BITEXACT | AVFMT_FLAG_CUSTOM_IO;
    out->format->flags &= ~AVFMT_FLAG_AUTO_BSF;
    out->format->flush_packets = 0;

    wrc = worker_av_out_streams(out, form, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    /* times as given, and each audio frame with its own */

    options = NULL;
    (void) av_dict_set(&options, "mpegts_copyts", "1", 0);
    (void) av_dict_set(&options, "pes_payload_size", "0", 0);
    (void) av_dict_set(&out->format->metadata, "service_name", "wubloader", 0);
    (void) av_dict_set(&out->format->metadata, "service_provider",
                       "wubloader", 0);

    rc = avformat_write_header(out->format, &options);
    av_dict_free(&options);

    return worker_av_out_result(out, rc, err);
}


static worker_rc_t
worker_av_out_streams(worker_av_out_t *out, const worker_form_t *form,
    worker_err_t *err)
{
    AVStream  *video, *audio;

    video = avformat_new_stream(out->format, NULL);
    audio = (form->ntracks != 0) ? avformat_new_stream(out->format, NULL)
                                 : NULL;

    if (video == NULL || (form->ntracks != 0 && audio == NULL)) {
        return worker_fail_memory(err, "Writing the video");
    }

    video->time_base = (AVRational) { 1, WUB_TS_HZ };
    video->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
    video->codecpar->codec_id = AV_CODEC_ID_H264;
    video->codecpar->width = (int) form->video.width;
    video->codecpar->height = (int) form->video.height;

    if (audio != NULL) {
        audio->time_base = (AVRational) { 1, WUB_TS_HZ };
        audio->codecpar->codec_type = AVMEDIA_TYPE_AUDIO;
        audio->codecpar->codec_id = AV_CODEC_ID_AAC;

        /* only a check looks at it; a first segment may lack its audio */

        audio->codecpar->sample_rate = (form->tracks[0].rate != 0)
                                       ? (int) form->tracks[0].rate
                                       : WORKER_AV_OUT_RATE;
    }

    return WORKER_OK;
}


static worker_rc_t
worker_av_out_join(worker_av_out_t *out, const worker_av_packet_t *packet,
    worker_err_t *err)
{
    size_t    len;
    uint8_t  *p;

    len = packet->insert.len + packet->len;

    av_fast_malloc(&out->joined, &out->joined_size, len);
    if (out->joined == NULL) {
        return worker_fail_memory(err, "Writing the video");
    }

    p = out->joined;
    memcpy(p, packet->data, packet->at);
    p += packet->at;
    memcpy(p, packet->insert.data, packet->insert.len);
    p += packet->insert.len;
    memcpy(p, packet->data + packet->at, packet->len - packet->at);

    out->packet->data = out->joined;
    out->packet->size = (int) len;

    return WORKER_OK;
}


static worker_rc_t
worker_av_out_result(worker_av_out_t *out, int rc, worker_err_t *err)
{
    if (out->rc != WORKER_OK) {
        return worker_fail(err, out->rc, "%s", out->err.text);
    }

    if (rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Writing the video");
    }

    return WORKER_OK;
}


static int
worker_av_out_sink(void *data, uint8_t *bytes, int len)
{
    worker_av_out_t  *out;

    out = data;

    if (out->rc == WORKER_OK) {
        out->rc = out->write(out->write_data, bytes, (size_t) len, &out->err);
    }

    if (out->rc != WORKER_OK) {
        return AVERROR(EIO);
    }

    out->bytes += len;

    return len;
}
