
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>

#include "common/wub_ts.h"
#include "worker/worker_av.h"
#include "worker/worker_av_io.h"
#include "worker/worker_av_out.h"


/* how far the clock runs ahead of decoding, microseconds */
#define WORKER_AV_OUT_DELAY      250000

/* where no frame of a track was seen */
#define WORKER_AV_OUT_RATE       48000
#define WORKER_AV_OUT_CHANNELS   2
#define WORKER_AV_OUT_OBJECT     2

/* libavformat whose Matroska muxer adds the delay of an encoder */
#define WORKER_AV_OUT_PADS       60

/* an AudioSpecificConfig, ISO/IEC 14496-3, 1.6.2.1 */
#define WORKER_AV_OUT_ASC        2


struct worker_av_out_s {
    AVFormatContext        *format;
    worker_av_io_t          io;
    AVPacket               *packet;
    uint8_t                *joined;     /* room for an insertion */
    unsigned int            joined_size;
    AVRational              ticks[1 + WORKER_TRACKS_MAX]; /* of encoders */
    worker_av_container_e   container;
};

/* a muxer and its options; of two kinds where there is a file */
typedef struct {
    const char             *muxer;
    const char             *options[2];
} worker_av_out_muxer_t;


static worker_rc_t worker_av_out_format(worker_av_out_t *out,
    const worker_av_out_conf_t *conf, worker_err_t *err);
static int worker_av_out_header(worker_av_out_t *out,
    const worker_av_out_conf_t *conf);
static worker_rc_t worker_av_out_copied(worker_av_out_t *out,
    const worker_av_out_conf_t *conf, worker_err_t *err);
static worker_rc_t worker_av_out_video(worker_av_out_t *out,
    const worker_av_out_conf_t *conf, worker_err_t *err);
static worker_rc_t worker_av_out_track(worker_av_out_t *out,
    const worker_sound_t *sound, worker_err_t *err);
static bool worker_av_out_asc(const worker_sound_t *sound, uint8_t *ret);
static int worker_av_out_extra(AVCodecParameters *par, const void *data,
    size_t len);
static worker_rc_t worker_av_out_streams(worker_av_out_t *out,
    const worker_av_out_conf_t *conf, worker_err_t *err);
static worker_rc_t worker_av_out_join(worker_av_out_t *out,
    const worker_av_packet_t *packet, worker_err_t *err);
static void worker_av_out_strip(worker_av_out_t *out);


/*
 * Transport streams: times as given, and each audio frame with its own.
 * MP4: a fragment per GOP and at least each 0.1 s, so that it plays while it
 * is made, and each with its own time, also the first one, so that no track
 * is pulled to 0; in a file the index goes in front.
 */
static const worker_av_out_muxer_t  worker_av_out_muxers[] = {
    { "mpegts", { "mpegts_copyts=1:pes_payload_size=0",
                  "mpegts_copyts=1:pes_payload_size=0" } },
    { "mp4", { "movflags=frag_keyframe+empty_moov+default_base_moof"
               "+frag_discont:use_editlist=0:avoid_negative_ts=1"
               ":frag_duration=100000",
               "movflags=faststart:avoid_negative_ts=1"
               ":movie_timescale=90000" } },
    { "webm", { "", "" } },
    { "matroska", { "", "" } },
};


worker_rc_t
worker_av_out_create(worker_av_out_t **ret, const worker_av_out_conf_t *conf,
    worker_err_t *err)
{
    worker_rc_t       rc;
    worker_av_out_t  *out;

    out = av_mallocz(sizeof(worker_av_out_t));
    if (out == NULL) {
        return worker_fail_memory(err, "Writing the video");
    }

    out->container = conf->container;
    out->io.write = conf->write;
    out->io.data = conf->write_data;
    out->io.fd = conf->fd;

    rc = worker_av_out_format(out, conf, err);
    if (rc != WORKER_OK) {
        worker_av_out_close(out);
        return rc;
    }

    *ret = out;

    return WORKER_OK;
}


worker_rc_t
worker_av_out_open(worker_av_out_t **ret, const worker_form_t *form,
    worker_av_write_pt write, void *write_data, worker_err_t *err)
{
    worker_av_out_conf_t  conf;

    memset(&conf, 0, sizeof(worker_av_out_conf_t));

    conf.container = WORKER_AV_OUT_MPEGTS;
    conf.write = write;
    conf.write_data = write_data;
    conf.fd = -1;
    conf.form = form;

    return worker_av_out_create(ret, &conf, err);
}


worker_rc_t
worker_av_out_write(worker_av_out_t *out, const worker_av_packet_t *packet,
    worker_err_t *err)
{
    int          rc;
    AVPacket    *p;
    worker_rc_t  wrc;

    /*
     * The packet is lent: without a buffer of its own the muxer writes it
     * at once and keeps nothing.
     */

    p = out->packet;
    p->data = WORKER_AV_UNCONST(packet->data);
    p->size = (int) packet->len;

    if (packet->insert.len != 0) {
        wrc = worker_av_out_join(out, packet, err);
        if (wrc != WORKER_OK) {
            return wrc;
        }
    }

    if (!packet->video && out->container != WORKER_AV_OUT_MPEGTS) {
        worker_av_out_strip(out);
    }

    p->pts = packet->pts;
    p->dts = packet->dts;
    p->duration = packet->duration;
    p->flags = packet->key ? AV_PKT_FLAG_KEY : 0;
    p->stream_index = packet->video ? 0 : (int) packet->track + 1;

    av_packet_rescale_ts(p, (AVRational) { 1, WUB_TS_HZ },
                         out->format->streams[p->stream_index]->time_base);

    rc = av_write_frame(out->format, p);

    p->data = NULL;
    p->size = 0;

    return worker_av_io_result(&out->io, rc, err);
}


worker_rc_t
worker_av_out_encoded(worker_av_out_t *out, AVPacket *packet,
    size_t encoder, worker_err_t *err)
{
    int  rc;

    packet->stream_index = (int) encoder;

    /*
     * Readers of WebM take the encoder's delay from the times that are
     * written; older muxers leave it to us to add it.
     */

    if (out->container == WORKER_AV_OUT_WEBM
        && LIBAVFORMAT_VERSION_MAJOR < WORKER_AV_OUT_PADS)
    {
        packet->pts += out->format->streams[encoder]
                           ->codecpar->initial_padding;
        packet->dts = packet->pts;
    }

    av_packet_rescale_ts(packet, out->ticks[encoder],
                         out->format->streams[encoder]->time_base);

    rc = av_interleaved_write_frame(out->format, packet);

    return worker_av_io_result(&out->io, rc, err);
}


worker_rc_t
worker_av_out_finish(worker_av_out_t *out, worker_err_t *err)
{
    int  rc;

    rc = av_write_trailer(out->format);
    avio_flush(out->format->pb);

    return worker_av_io_result(&out->io, rc, err);
}


int64_t
worker_av_out_bytes(const worker_av_out_t *out)
{
    return out->io.bytes;
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
    worker_av_io_close(&out->io);

    av_free(out);
}


static worker_rc_t
worker_av_out_format(worker_av_out_t *out, const worker_av_out_conf_t *conf,
    worker_err_t *err)
{
    worker_rc_t  rc;

    out->packet = av_packet_alloc();

    (void) avformat_alloc_output_context2(&out->format, NULL,
                         worker_av_out_muxers[conf->container].muxer, "");

    if (out->packet == NULL || out->format == NULL) {
        return worker_fail_memory(err, "Writing the video");
    }

    rc = worker_av_io_open(&out->io, out->format, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    out->format->max_delay = WORKER_AV_OUT_DELAY;

    /*
     * The same bytes each time; packets as they are; the sink is called
     * when the buffer is full.  Encoders run ahead of each other by frames,
     * never by streams that end: wait for all of them.
     */

    out->format->flags |= AVFMT_FLAG_BITEXACT;
    out->format->flags &= ~AVFMT_FLAG_AUTO_BSF;
    out->format->flush_packets = 0;
    out->format->max_interleave_delta = 0;

    rc = (conf->form != NULL) ? worker_av_out_copied(out, conf, err)
                              : worker_av_out_streams(out, conf, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    (void) av_dict_set(&out->format->metadata, "service_name", "wubloader", 0);
    (void) av_dict_set(&out->format->metadata, "service_provider",
                       "wubloader", 0);

    return worker_av_io_result(&out->io, worker_av_out_header(out, conf),
                               err);
}


static int
worker_av_out_header(worker_av_out_t *out, const worker_av_out_conf_t *conf)
{
    int            rc;
    const char    *text;
    AVDictionary  *options;

    options = NULL;
    text = worker_av_out_muxers[conf->container].options[conf->fd != -1];

    rc = av_dict_parse_string(&options, text, "=", ":", 0);

    /* without edit lists each track begins with its first packet, at 0 */

    if (rc >= 0 && conf->container == WORKER_AV_OUT_MP4 && conf->fd != -1
        && !conf->edits)
    {
        (void) av_dict_set(&options, "use_editlist", "0", 0);
        (void) av_dict_set(&options, "avoid_negative_ts", "make_zero", 0);
    }

    if (rc >= 0) {
        rc = avformat_write_header(out->format, &options);
    }

    av_dict_free(&options);

    return rc;
}


static worker_rc_t
worker_av_out_copied(worker_av_out_t *out, const worker_av_out_conf_t *conf,
    worker_err_t *err)
{
    size_t       i;
    worker_rc_t  rc;

    rc = worker_av_out_video(out, conf, err);

    for (i = 0; rc == WORKER_OK && i < conf->form->ntracks; i++) {
        rc = worker_av_out_track(out, &conf->form->tracks[i], err);
    }

    return rc;
}


static worker_rc_t
worker_av_out_video(worker_av_out_t *out, const worker_av_out_conf_t *conf,
    worker_err_t *err)
{
    AVStream           *stream;
    AVCodecParameters  *par;

    stream = avformat_new_stream(out->format, NULL);
    if (stream == NULL) {
        return worker_fail_memory(err, "Writing the video");
    }

    stream->time_base = (AVRational) { 1, WUB_TS_HZ };

    par = stream->codecpar;
    par->codec_type = AVMEDIA_TYPE_VIDEO;
    par->codec_id = (conf->form->video.codec == WUB_VIDEO_HEVC)
                    ? AV_CODEC_ID_HEVC : AV_CODEC_ID_H264;
    par->width = (int) conf->form->video.width;
    par->height = (int) conf->form->video.height;

    /* Matroska's muxer makes avcC or hvcC of sets with start codes */

    if (conf->container != WORKER_AV_OUT_MPEGTS
        && worker_av_out_extra(par, conf->sets.data, conf->sets.len) < 0)
    {
        return worker_fail_memory(err, "Writing the video");
    }

    return WORKER_OK;
}


static worker_rc_t
worker_av_out_track(worker_av_out_t *out, const worker_sound_t *sound,
    worker_err_t *err)
{
    uint8_t             asc[WORKER_AV_OUT_ASC];
    AVStream           *stream;
    worker_sound_t      s;
    AVCodecParameters  *par;

    stream = avformat_new_stream(out->format, NULL);
    if (stream == NULL) {
        return worker_fail_memory(err, "Writing the video");
    }

    s = *sound;

    if (s.rate == 0) {
        s.rate = WORKER_AV_OUT_RATE;
        s.channels = WORKER_AV_OUT_CHANNELS;
        s.object = WORKER_AV_OUT_OBJECT;
    }

    stream->time_base = (AVRational) { 1, WUB_TS_HZ };

    par = stream->codecpar;
    par->codec_type = AVMEDIA_TYPE_AUDIO;
    par->codec_id = AV_CODEC_ID_AAC;
    par->sample_rate = (int) s.rate;

    if (out->container == WORKER_AV_OUT_MPEGTS) {
        return WORKER_OK;
    }

    /* one more channel than the number of the last configuration says */

    av_channel_layout_default(&par->ch_layout,
                              (s.channels == 7) ? 8 : s.channels);

    if (!worker_av_out_asc(&s, asc)) {
        return worker_fail(err, WORKER_INVALID,
                           "The sound has its channels described in band; "
                           "such sound cannot be archived.");
    }

    if (worker_av_out_extra(par, asc, sizeof(asc)) < 0) {
        return worker_fail_memory(err, "Writing the video");
    }

    return WORKER_OK;
}


static bool
worker_av_out_asc(const worker_sound_t *sound, uint8_t *ret)
{
    size_t  i;

    static const uint32_t  rates[] = {
        96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000,
        11025, 8000, 7350
    };

    for (i = 0; i < sizeof(rates) / sizeof(uint32_t); i++) {

        if (rates[i] == sound->rate && sound->channels != 0) {
            ret[0] = (uint8_t) ((size_t) sound->object << 3 | i >> 1);
            ret[1] = (uint8_t) ((i & 1) << 7 | (size_t) sound->channels << 3);

            return true;
        }
    }

    return false;
}


static int
worker_av_out_extra(AVCodecParameters *par, const void *data, size_t len)
{
    par->extradata = av_mallocz(len + AV_INPUT_BUFFER_PADDING_SIZE);
    if (par->extradata == NULL) {
        return AVERROR(ENOMEM);
    }

    memcpy(par->extradata, data, len);
    par->extradata_size = (int) len;

    return 0;
}


static worker_rc_t
worker_av_out_streams(worker_av_out_t *out, const worker_av_out_conf_t *conf,
    worker_err_t *err)
{
    int                    rc;
    size_t                 i;
    AVStream              *stream;
    const AVCodecContext  *encoder;

    for (i = 0; i < conf->nencoders; i++) {
        encoder = conf->encoders[i];

        stream = avformat_new_stream(out->format, NULL);
        rc = (stream != NULL)
             ? avcodec_parameters_from_context(stream->codecpar, encoder)
             : AVERROR(ENOMEM);

        if (rc < 0) {
            return worker_av_fail(err, WORKER_RETRY, rc,
                                  "Writing the video");
        }

        out->ticks[i] = (encoder->codec_type == AVMEDIA_TYPE_VIDEO)
                        ? (AVRational) { 1, WUB_TS_HZ } : encoder->time_base;

        stream->time_base = out->ticks[i];
        stream->avg_frame_rate = encoder->framerate;
        stream->sample_aspect_ratio = encoder->sample_aspect_ratio;
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


/* only transport streams keep the ADTS header: 7 bytes, 9 with a checksum */
static void
worker_av_out_strip(worker_av_out_t *out)
{
    int  head;

    head = (out->packet->size > 1 && (out->packet->data[1] & 1) != 0) ? 7 : 9;

    if (out->packet->size > head) {
        out->packet->data += head;
        out->packet->size -= head;
    }
}
