
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <inttypes.h>
#include <stdio.h>

#include <libavcodec/avcodec.h>
#include <libavutil/dict.h>
#include <libavutil/pixdesc.h>

#include "common/wub_ts.h"
#include "worker/worker_av.h"
#include "worker/worker_av_encode.h"
#include "worker/worker_av_pump.h"
#include "worker/worker_av_scale.h"


/* frames within an encoder: x264 looks ahead by 250 at most */
#define WORKER_AV_ENCODE_HELD    512


/* a frame in the encoder, in ticks */
typedef struct {
    int64_t                 pts;
    int64_t                 duration;
} worker_av_held_t;

struct worker_av_encode_s {
    const worker_encode_t  *settings;
    AVCodecContext         *codec;
    worker_av_pump_t       *pump;       /* whose the codec is */
    worker_av_scale_t       scale;
    worker_tick_t           tick;
    worker_av_encode_pt     sink;
    void                   *data;
    int64_t                 spacing;
    int64_t                 first;      /* of the first frame, ticks */
    worker_av_held_t        held[WORKER_AV_ENCODE_HELD];
    int64_t                 nsent;
};


static worker_rc_t worker_av_encode_codec_open(worker_av_encode_t *e,
    AVDictionary **options, const char *name, worker_err_t *err);
static void worker_av_encode_size(AVCodecContext *c,
    const wub_video_form_t *form, enum AVPixelFormat format);
static enum AVPixelFormat worker_av_encode_format(const char *name,
    const wub_video_form_t *form);
static void worker_av_encode_rate(AVCodecContext *c,
    const worker_encode_t *s, int64_t spacing);
static void worker_av_encode_x264(AVDictionary **options,
    AVCodecContext *c, const worker_encode_t *s);
static void worker_av_encode_vp9(AVDictionary **options,
    const worker_encode_t *s);
static void worker_av_encode_crf(AVDictionary **options,
    const worker_encode_t *s);
static worker_rc_t worker_av_encode_packet(void *data, AVPacket *packet,
    worker_err_t *err);
static void worker_av_encode_times(const worker_av_encode_t *e, AVPacket *p);


worker_rc_t
worker_av_encode_open(worker_av_encode_t **ret,
    const worker_encode_t *settings, const wub_video_form_t *form,
    const AVFrame *frame, int64_t spacing, bool headers,
    const worker_tick_t *tick, worker_err_t *err)
{
    bool                 vp9;
    const char          *name;
    worker_rc_t          rc;
    AVDictionary        *options;
    const AVCodec       *codec;
    worker_av_encode_t  *e;

    vp9 = settings->kind == WORKER_ENCODE_WEBM;
    name = vp9 ? "libvpx-vp9" : "libx264";

    codec = avcodec_find_encoder_by_name(name);
    if (codec == NULL) {
        return worker_fail(err, WORKER_ERROR,
                           "This libavcodec has no %s.", name);
    }

    e = av_mallocz(sizeof(worker_av_encode_t));
    if (e == NULL) {
        return worker_fail_memory(err, "Encoding");
    }

    e->settings = settings;
    e->spacing = spacing;
    e->tick = *tick;
    e->codec = avcodec_alloc_context3(codec);

    if (e->codec == NULL) {
        worker_av_encode_close(e);
        return worker_fail_memory(err, "Encoding");
    }

    worker_av_encode_size(e->codec, form,
                          worker_av_encode_format(
                              worker_encode_word(settings,
                                             WORKER_ENCODE_PIXEL_FORMAT),
                              form));

    /* lines of two times stay apart, where the codec can tell of them */

    worker_av_scale_tell(e->codec, frame, !vp9 && form->interlaced);
    worker_av_encode_rate(e->codec, settings, spacing);

    if (headers) {
        e->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }

    options = NULL;

    if (vp9) {
        worker_av_encode_vp9(&options, settings);

    } else {
        worker_av_encode_x264(&options, e->codec, settings);
    }

    rc = worker_av_encode_codec_open(e, &options, name, err);
    av_dict_free(&options);

    if (rc == WORKER_OK) {
        rc = worker_av_pump_open(&e->pump, e->codec, tick, err);
        e->codec = (rc == WORKER_OK) ? e->codec : NULL;
    }

    if (rc != WORKER_OK) {
        worker_av_encode_close(e);
        return rc;
    }

    *ret = e;

    return WORKER_OK;
}


void
worker_av_encode_sink(worker_av_encode_t *e, worker_av_encode_pt sink,
    void *data)
{
    e->sink = sink;
    e->data = data;
}


worker_rc_t
worker_av_encode_send(worker_av_encode_t *e, AVFrame *frame, int64_t pts,
    int64_t duration, worker_err_t *err)
{
    worker_rc_t        wrc;
    worker_av_held_t  *held;

    wrc = e->tick.call(e->tick.data);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    wrc = worker_av_scale(&e->scale, &frame, e->codec, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    held = &e->held[e->nsent % WORKER_AV_ENCODE_HELD];
    held->pts = pts;
    held->duration = duration;
    e->first = (e->nsent == 0) ? pts : e->first;

    /* the kind of picture is for the encoder to choose */

    frame->pts = e->nsent++;
    frame->pkt_duration = 1;
    frame->pict_type = AV_PICTURE_TYPE_NONE;

    wrc = worker_av_pump_send(e->pump, frame, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    return worker_av_pump_packets(e->pump, worker_av_encode_packet, e, err);
}


worker_rc_t
worker_av_encode_finish(worker_av_encode_t *e, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = worker_av_pump_send(e->pump, NULL, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_av_pump_packets(e->pump, worker_av_encode_packet, e, err);
}


const AVCodecContext *
worker_av_encode_codec(const worker_av_encode_t *e)
{
    return e->codec;
}


void
worker_av_encode_close(worker_av_encode_t *e)
{
    if (e == NULL) {
        return;
    }

    if (e->pump == NULL) {
        avcodec_free_context(&e->codec);
    }

    worker_av_pump_close(e->pump);
    worker_av_scale_free(&e->scale);
    av_free(e);
}


static worker_rc_t
worker_av_encode_codec_open(worker_av_encode_t *e, AVDictionary **options,
    const char *name, worker_err_t *err)
{
    int  rc;

    rc = avcodec_open2(e->codec, e->codec->codec, options);

    if (rc < 0) {
        return worker_fail(err, WORKER_INVALID,
                           "The encoder %s does not take these settings, or "
                           "pictures of %dx%d %s; change the encoder "
                           "settings.", name, e->codec->width,
                           e->codec->height,
                           av_get_pix_fmt_name(e->codec->pix_fmt));
    }

    return WORKER_OK;
}


/* chroma of half a size needs luma of an even one */
static void
worker_av_encode_size(AVCodecContext *c, const wub_video_form_t *form,
    enum AVPixelFormat format)
{
    worker_av_look_t  look;

    look = worker_av_scale_form(form, format, false);

    c->width = look.width;
    c->height = look.height;
    c->pix_fmt = format;
}


/* by name, or that of the source */
static enum AVPixelFormat
worker_av_encode_format(const char *name, const wub_video_form_t *form)
{
    if (strcmp(name, "source") != 0) {
        return av_get_pix_fmt(name);
    }

    return worker_av_scale_format(form);
}


static void
worker_av_encode_rate(AVCodecContext *c, const worker_encode_t *s,
    int64_t spacing)
{
    int64_t  gop;

    gop = (worker_encode_number(s, WORKER_ENCODE_GOP) * WUB_TS_HZ
           / WORKER_ENCODE_ONE + spacing / 2) / spacing;

    /* its clock counts frames, which H.264 tells as their rate */

    c->time_base = (AVRational) { (int) spacing, WUB_TS_HZ };
    c->framerate = (AVRational) { WUB_TS_HZ, (int) spacing };
    c->gop_size = (gop > 1) ? (int) gop : 1;
    c->thread_count = (int) worker_encode_number(s, WORKER_ENCODE_THREADS);
    c->flags |= AV_CODEC_FLAG_BITEXACT;

    c->bit_rate = worker_encode_number(s, WORKER_ENCODE_BITRATE);
    c->rc_max_rate = worker_encode_number(s, WORKER_ENCODE_MAXRATE);

    if (c->rc_max_rate != 0) {
        c->rc_buffer_size =
                      (int) worker_encode_number(s, WORKER_ENCODE_BUFSIZE);

        if (c->rc_buffer_size == 0) {
            c->rc_buffer_size = (int) (2 * c->rc_max_rate);
        }
    }
}


/*
 * The same bytes on every kind of processor; a delimiter before each
 * picture, as transport streams want it.
 */
static void
worker_av_encode_x264(AVDictionary **options, AVCodecContext *c,
    const worker_encode_t *s)
{
    const char  *profile, *params;

    c->max_b_frames = (int) worker_encode_number(s, WORKER_ENCODE_BFRAMES);

    (void) av_dict_set(options, "preset",
                       worker_encode_word(s, WORKER_ENCODE_PRESET), 0);

    profile = worker_encode_word(s, WORKER_ENCODE_PROFILE);

    if (strcmp(profile, "auto") != 0) {
        (void) av_dict_set(options, "profile", profile, 0);
    }

    params = (s->kind == WORKER_ENCODE_MPEGTS) ? "cpu-independent=1:aud=1"
                                               : "cpu-independent=1";

    if (worker_encode_number(s, WORKER_ENCODE_LOW_LATENCY)) {
        params = "cpu-independent=1:rc-lookahead=0:sync-lookahead=0";
    }

    (void) av_dict_set(options, "x264-params", params, 0);

    if (c->bit_rate == 0) {
        worker_av_encode_crf(options, s);
    }
}


static void
worker_av_encode_vp9(AVDictionary **options, const worker_encode_t *s)
{
    bool  now;

    now = worker_encode_number(s, WORKER_ENCODE_LOW_LATENCY) != 0;

    (void) av_dict_set(options, "deadline", now ? "realtime" : "good", 0);
    (void) av_dict_set_int(options, "cpu-used",
                           worker_encode_number(s, WORKER_ENCODE_SPEED), 0);
    (void) av_dict_set(options, "row-mt", "1", 0);
    (void) av_dict_set(options, "tile-columns", "2", 0);

    if (now) {
        (void) av_dict_set(options, "lag-in-frames", "0", 0);
        (void) av_dict_set(options, "auto-alt-ref", "0", 0);
    }

    worker_av_encode_crf(options, s);
}


static void
worker_av_encode_crf(AVDictionary **options, const worker_encode_t *s)
{
    char     crf[WORKER_ENCODE_LEN];
    int64_t  n;

    n = worker_encode_number(s, WORKER_ENCODE_CRF);

    (void) snprintf(crf, sizeof(crf), "%" PRId64 ".%06" PRId64,
                    n / WORKER_ENCODE_ONE, n % WORKER_ENCODE_ONE);
    (void) av_dict_set(options, "crf", crf, 0);
}


static worker_rc_t
worker_av_encode_packet(void *data, AVPacket *packet, worker_err_t *err)
{
    worker_av_encode_t *e = data;

    worker_av_encode_times(e, packet);

    return e->sink(e->data, packet, err);
}


/*
 * From numbers of frames to ticks.  A negative one is the time to decode
 * what is shown first, so many frames before it.
 */
static void
worker_av_encode_times(const worker_av_encode_t *e, AVPacket *p)
{
    const worker_av_held_t  *held;

    if (p->dts >= 0) {
        p->dts = e->held[p->dts % WORKER_AV_ENCODE_HELD].pts;

    } else {
        p->dts = e->first + p->dts * e->spacing;
    }

    held = &e->held[p->pts % WORKER_AV_ENCODE_HELD];

    p->pts = held->pts;
    p->duration = held->duration;
}
