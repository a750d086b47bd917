
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdio.h>

#include <libavcodec/avcodec.h>
#include <libavutil/dict.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#include "common/wub_ts.h"
#include "worker/worker_av.h"
#include "worker/worker_av_anew.h"
#include "worker/worker_av_pump.h"
#include "worker/worker_av_scale.h"


/* no second key frame within a span */
#define WORKER_AV_ANEW_GOP       (1 << 20)

/* parameters of an encoder, as one text */
#define WORKER_AV_ANEW_PARAMS    512

/* frames that an encoder holds at first; room for more is made */
#define WORKER_AV_ANEW_HELD      64


/* a frame that the encoder has, in the order they went in */
typedef struct {
    size_t                   index;
    bool                     damaged;
} worker_av_sent_t;

struct worker_av_anew_s {
    worker_av_anew_conf_t    conf;
    const worker_tick_t     *tick;
    worker_av_code_pt        sink;
    void                    *data;

    AVCodecContext          *encoder;   /* NULL before the first frame */
    worker_av_pump_t        *pump;      /* NULL before the encoder is open,
                                           whose it is then */
    worker_av_scale_t        scale;
    worker_av_sent_t        *sent;      /* a ring, of a power of two */
    size_t                   room;
    size_t                   nsent;
    size_t                   nmade;     /* to the sink */
};

typedef struct {
    uint8_t                  chroma;
    uint8_t                  depth;
    enum AVPixelFormat       format;
} worker_av_pixels_t;


static worker_rc_t worker_av_anew_note(worker_av_anew_t *a, size_t index,
    bool damaged, worker_err_t *err);
static worker_rc_t worker_av_anew_encoder(worker_av_anew_t *a,
    const AVFrame *frame, worker_err_t *err);
static worker_rc_t worker_av_anew_codec(worker_av_anew_t *a,
    const worker_av_setting_t *setting, worker_err_t *err);
static worker_rc_t worker_av_anew_start(worker_av_anew_t *a,
    const worker_av_setting_t *setting, worker_err_t *err);
static void worker_av_anew_look(const worker_av_anew_t *a,
    const AVFrame *frame, AVCodecContext *e);
static enum AVPixelFormat worker_av_anew_format(const wub_video_form_t *form,
    const AVFrame *frame);
static worker_rc_t worker_av_anew_packet(void *data, AVPacket *packet,
    worker_err_t *err);


/*
 * Constant quality, seen to keep 48 dB, with a limit that keeps 46 of pure
 * noise (x264 counts it from the least quantizer that a depth has); no
 * trade of one frame for another, for the last ones of a span would pay;
 * the same bytes on every kind of processor; a delimiter before each
 * picture, as transport streams want it.
 * x264: parameter sets with an id of their own, as encoders give theirs the
 * first ones: those of the copied parts stay valid beside them.  x265 has
 * no such ids; each part that is copied brings its own sets.  What it gets
 * for its offsets it gives back only where they are in use (3.5).
 */
static const worker_av_setting_t  worker_av_settings[] = {
    { WUB_VIDEO_H264, "libx264", "veryfast", "9", "x264-params",
      "cpu-independent=1:mbtree=0:qcomp=0.8:aud=1:sps-id=31", 15, 6, 4,
      false },
    { WUB_VIDEO_HEVC, "libx265", "superfast", "11", "x265-params",
      "log-level=none:pools=4:wpp=1:sao=1:cutree=0:qcomp=0.8:aud=1:info=0"
      ":hash=0:open-gop=0:scenecut=0:repeat-headers=1", 13, 0, 2, true },
};

/*
 * HEVC says in its parameter sets how many frames are reordered, and what
 * reads a stream trusts the first of them: the encoded parts say what the
 * source does, though no frame of theirs is one between others.
 */
static const char *const  worker_av_reorder[] = {
    ":bframes=0", ":bframes=1:b-adapt=0:b-pyramid=0",
    ":bframes=3:b-adapt=0:b-pyramid=1"
};

static const worker_av_pixels_t  worker_av_pixels[] = {
    { 0, 8, AV_PIX_FMT_GRAY8 },
    { 1, 8, AV_PIX_FMT_YUV420P },
    { 2, 8, AV_PIX_FMT_YUV422P },
    { 3, 8, AV_PIX_FMT_YUV444P },
    { 0, 10, AV_PIX_FMT_GRAY10LE },
    { 1, 10, AV_PIX_FMT_YUV420P10LE },
    { 2, 10, AV_PIX_FMT_YUV422P10LE },
    { 3, 10, AV_PIX_FMT_YUV444P10LE },
    { 1, 12, AV_PIX_FMT_YUV420P12LE },
    { 2, 12, AV_PIX_FMT_YUV422P12LE },
    { 3, 12, AV_PIX_FMT_YUV444P12LE },
};


const worker_av_setting_t *
worker_av_code_setting(wub_video_codec_e codec)
{
    return (codec == WUB_VIDEO_HEVC) ? &worker_av_settings[1]
                                     : &worker_av_settings[0];
}


worker_rc_t
worker_av_anew_open(worker_av_anew_t **ret,
    const worker_av_anew_conf_t *conf, const worker_tick_t *tick,
    worker_av_code_pt sink, void *data, worker_err_t *err)
{
    worker_av_anew_t  *a;

    a = av_mallocz(sizeof(worker_av_anew_t));
    if (a == NULL) {
        return worker_fail_memory(err, "Encoding");
    }

    a->conf = *conf;
    a->tick = tick;
    a->sink = sink;
    a->data = data;
    a->room = WORKER_AV_ANEW_HELD;
    a->sent = av_malloc_array(a->room, sizeof(worker_av_sent_t));

    if (a->sent == NULL) {
        worker_av_anew_close(a);
        return worker_fail_memory(err, "Encoding");
    }

    *ret = a;

    return WORKER_OK;
}


worker_rc_t
worker_av_anew_frame(worker_av_anew_t *a, AVFrame *frame, size_t index,
    bool damaged, worker_err_t *err)
{
    worker_rc_t  wrc;

    if (a->encoder == NULL) {
        wrc = worker_av_anew_encoder(a, frame, err);
        if (wrc != WORKER_OK) {
            return wrc;
        }
    }

    wrc = worker_av_anew_note(a, index, damaged, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    wrc = worker_av_scale(&a->scale, &frame, a->encoder, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    /*
     * The encoder counts frames and begins with a key frame by itself; one
     * that says that it reorders must not do it.
     */

    frame->pict_type = (a->nsent != 0
                        && worker_av_code_setting(a->conf.form->codec)
                           ->reorders)
                       ? AV_PICTURE_TYPE_P : AV_PICTURE_TYPE_NONE;
    frame->pts = (int64_t) a->nsent++;

    wrc = worker_av_pump_send(a->pump, frame, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    return worker_av_pump_packets(a->pump, worker_av_anew_packet, a, err);
}


worker_rc_t
worker_av_anew_finish(worker_av_anew_t *a, worker_err_t *err)
{
    worker_rc_t  wrc;

    if (a->encoder == NULL) {
        return WORKER_OK;
    }

    wrc = worker_av_pump_send(a->pump, NULL, err);

    if (wrc == WORKER_OK) {
        wrc = worker_av_pump_packets(a->pump, worker_av_anew_packet, a, err);
    }

    if (wrc != WORKER_OK) {
        return wrc;
    }

    if (a->nmade != a->nsent) {
        return worker_fail(err, WORKER_ERROR,
                           "The encoder made %zu frames of %zu.", a->nmade,
                           a->nsent);
    }

    return WORKER_OK;
}


void
worker_av_anew_close(worker_av_anew_t *a)
{
    if (a == NULL) {
        return;
    }

    if (a->pump == NULL) {
        avcodec_free_context(&a->encoder);
    }

    worker_av_pump_close(a->pump);
    worker_av_scale_free(&a->scale);
    av_free(a->sent);
    av_free(a);
}


static worker_rc_t
worker_av_anew_note(worker_av_anew_t *a, size_t index, bool damaged,
    worker_err_t *err)
{
    size_t             i;
    worker_av_sent_t  *sent;

    if (a->nsent - a->nmade == a->room) {
        sent = av_malloc_array(2 * a->room, sizeof(worker_av_sent_t));
        if (sent == NULL) {
            return worker_fail_memory(err, "Encoding");
        }

        for (i = a->nmade; i < a->nsent; i++) {
            sent[i & (2 * a->room - 1)] = a->sent[i & (a->room - 1)];
        }

        av_free(a->sent);
        a->sent = sent;
        a->room *= 2;
    }

    sent = &a->sent[a->nsent & (a->room - 1)];
    sent->index = index;
    sent->damaged = damaged;

    return WORKER_OK;
}


static worker_rc_t
worker_av_anew_encoder(worker_av_anew_t *a, const AVFrame *frame,
    worker_err_t *err)
{
    worker_rc_t                 rc;
    const worker_av_setting_t  *setting;

    setting = worker_av_code_setting(a->conf.form->codec);

    rc = worker_av_anew_codec(a, setting, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    worker_av_anew_look(a, frame, a->encoder);

    if (a->encoder->pix_fmt == AV_PIX_FMT_NONE) {
        return worker_fail(err, WORKER_INVALID,
                           "The pictures of %s%s have a format that cannot "
                           "be encoded; cut at whole GOPs, or as mp4.",
                           (a->conf.segment != NULL) ? "the segment "
                                                     : "a transition",
                           (a->conf.segment != NULL) ? a->conf.segment : "");
    }

    return worker_av_anew_start(a, setting, err);
}


static worker_rc_t
worker_av_anew_codec(worker_av_anew_t *a, const worker_av_setting_t *setting,
    worker_err_t *err)
{
    const AVCodec  *codec;

    codec = avcodec_find_encoder_by_name(setting->encoder);
    if (codec == NULL) {
        return worker_fail(err, WORKER_ERROR,
                           "This libavcodec has no %s.", setting->encoder);
    }

    a->encoder = avcodec_alloc_context3(codec);
    if (a->encoder == NULL) {
        return worker_fail_memory(err, "Encoding");
    }

    return WORKER_OK;
}


static worker_rc_t
worker_av_anew_start(worker_av_anew_t *a, const worker_av_setting_t *setting,
    worker_err_t *err)
{
    int            rc, qpmax;
    char           params[WORKER_AV_ANEW_PARAMS];
    size_t         most, reorder;
    worker_rc_t    wrc;
    AVDictionary  *options;

    most = sizeof(worker_av_reorder) / sizeof(char *) - 1;
    reorder = (a->conf.reorder < most) ? a->conf.reorder : most;

    qpmax = setting->qpmax
            + setting->qpmax_bit * ((int) a->conf.form->depth - 8);

    (void) snprintf(params, sizeof(params), "%s:qpmax=%d%s", setting->params,
                    qpmax, setting->reorders ? worker_av_reorder[reorder]
                                             : "");

    a->encoder->thread_count = setting->threads;

    options = NULL;
    (void) av_dict_set(&options, "preset", setting->preset, 0);
    (void) av_dict_set(&options, "crf", setting->crf, 0);
    (void) av_dict_set(&options, setting->option, params, 0);

    rc = avcodec_open2(a->encoder, a->encoder->codec, &options);
    av_dict_free(&options);

    if (rc < 0) {
        return worker_av_fail(err, WORKER_INVALID, rc,
                              "Encoding frames in the form of the source");
    }

    wrc = worker_av_pump_open(&a->pump, a->encoder, a->tick, err);
    if (wrc != WORKER_OK) {
        a->encoder = NULL;
    }

    return wrc;
}


/* the form of the output, the rest as the first decoded frame shows it */
static void
worker_av_anew_look(const worker_av_anew_t *a, const AVFrame *frame,
    AVCodecContext *e)
{
    const wub_video_form_t  *form;

    form = a->conf.form;

    e->width = (int) form->width;
    e->height = (int) form->height;
    e->pix_fmt = worker_av_anew_format(form, frame);
    worker_av_scale_tell(e, frame, form->interlaced);

    e->time_base = (AVRational) { (int) a->conf.spacing, WUB_TS_HZ };
    e->framerate = (AVRational) { WUB_TS_HZ, (int) a->conf.spacing };

    e->gop_size = WORKER_AV_ANEW_GOP;
    e->max_b_frames = 0;
}


/* that of the frame where it has the form, for forms know no full range */
static enum AVPixelFormat
worker_av_anew_format(const wub_video_form_t *form, const AVFrame *frame)
{
    size_t                     i;
    const AVPixFmtDescriptor  *want, *have;
    enum AVPixelFormat         format;

    format = AV_PIX_FMT_NONE;

    for (i = 0; i < sizeof(worker_av_pixels) / sizeof(worker_av_pixels_t);
         i++)
    {
        if (worker_av_pixels[i].chroma == form->chroma
            && worker_av_pixels[i].depth == form->depth)
        {
            format = worker_av_pixels[i].format;
        }
    }

    want = av_pix_fmt_desc_get(format);
    have = av_pix_fmt_desc_get(frame->format);

    if (want == NULL || have == NULL
        || have->flags != want->flags
        || have->nb_components != want->nb_components
        || have->log2_chroma_w != want->log2_chroma_w
        || have->log2_chroma_h != want->log2_chroma_h
        || have->comp[0].depth != want->comp[0].depth)
    {
        return format;
    }

    return frame->format;
}


static worker_rc_t
worker_av_anew_packet(void *data, AVPacket *packet, worker_err_t *err)
{
    worker_av_anew_t *a = data;

    worker_av_coded_t        coded;
    const worker_av_sent_t  *sent;

    if (packet->pts != (int64_t) a->nmade) {
        return worker_fail(err, WORKER_ERROR,
                           "The encoder changed the order of frames.");
    }

    sent = &a->sent[a->nmade++ & (a->room - 1)];

    coded.data = packet->data;
    coded.len = (size_t) packet->size;
    coded.index = sent->index;
    coded.damaged = sent->damaged;

    return a->sink(a->data, &coded, err);
}
