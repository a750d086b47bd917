
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "worker/worker_av.h"
#include "worker/worker_av_scale.h"


/* the same samples on every kind of processor */
#define WORKER_AV_SCALE_HOW      (SWS_LANCZOS | SWS_ACCURATE_RND              \
                                  | SWS_BITEXACT | SWS_FULL_CHR_H_INT         \
                                  | SWS_FULL_CHR_H_INP)


/* options of libswscale */
typedef struct {
    const char  *name;
    int          value;
} worker_av_scale_option_t;

/* what a picture is scaled to */
typedef struct {
    int                      width;
    int                      height;
    int                      format;
    enum AVColorRange        range;
    AVRational               aspect;
} worker_av_scale_want_t;


static worker_av_look_t worker_av_scale_look(int width, int height,
    int format, int range);
static bool worker_av_scale_same(const worker_av_look_t *a,
    const worker_av_look_t *b);
static int worker_av_scale_open(worker_av_scale_t *s,
    const worker_av_look_t *from, const worker_av_look_t *to);
static worker_rc_t worker_av_scale_picture(worker_av_scale_t *s,
    AVFrame **frame, const worker_av_scale_want_t *want, worker_err_t *err);
static int worker_av_scale_room(worker_av_scale_t *s, const AVFrame *from,
    const worker_av_scale_want_t *want);


int
worker_av_scale_plain(int format)
{
    switch (format) {

    case AV_PIX_FMT_YUVJ420P:
        return AV_PIX_FMT_YUV420P;

    case AV_PIX_FMT_YUVJ422P:
        return AV_PIX_FMT_YUV422P;

    case AV_PIX_FMT_YUVJ444P:
        return AV_PIX_FMT_YUV444P;

    default:
        return format;
    }
}


int
worker_av_scale_format(const wub_video_form_t *form)
{
    static const enum AVPixelFormat  formats[3][2] = {
        { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P10 },
        { AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV422P10 },
        { AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV444P10 },
    };

    if (form->chroma < 1 || form->chroma > 3) {
        return AV_PIX_FMT_YUV420P;
    }

    return formats[form->chroma - 1][form->depth > 8];
}


worker_av_look_t
worker_av_scale_form(const wub_video_form_t *form, int format, bool full)
{
    int                        odd;
    worker_av_look_t           look;
    const AVPixFmtDescriptor  *d;

    look.width = (int) form->width;
    look.height = (int) form->height;
    look.format = format;
    look.full = full;

    d = av_pix_fmt_desc_get(format);

    if (d != NULL) {
        odd = (1 << d->log2_chroma_w) - 1;
        look.width -= look.width & odd;
        odd = (1 << d->log2_chroma_h) - 1;
        look.height -= look.height & odd;
    }

    return look;
}


bool
worker_av_scale_full(const AVFrame *frame)
{
    return worker_av_scale_look(frame->width, frame->height, frame->format,
                                (int) frame->color_range).full;
}


worker_rc_t
worker_av_scale(worker_av_scale_t *s, AVFrame **frame,
    const AVCodecContext *encoder, worker_err_t *err)
{
    worker_av_scale_want_t  want;

    want.width = encoder->width;
    want.height = encoder->height;
    want.format = encoder->pix_fmt;
    want.range = encoder->color_range;
    want.aspect = encoder->sample_aspect_ratio;

    return worker_av_scale_picture(s, frame, &want, err);
}


worker_rc_t
worker_av_scale_to(worker_av_scale_t *s, AVFrame **frame,
    const worker_av_look_t *look, worker_err_t *err)
{
    worker_av_scale_want_t  want;

    want.width = look->width;
    want.height = look->height;
    want.format = look->format;
    want.range = look->full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    want.aspect = (*frame)->sample_aspect_ratio;

    return worker_av_scale_picture(s, frame, &want, err);
}


void
worker_av_scale_free(worker_av_scale_t *s)
{
    av_frame_free(&s->frame);
    sws_freeContext(s->sws);
    s->sws = NULL;
}


void
worker_av_scale_tell(AVCodecContext *encoder, const AVFrame *frame,
    bool interlaced)
{
    encoder->sample_aspect_ratio = frame->sample_aspect_ratio;

    encoder->color_range = (worker_av_scale_plain(frame->format)
                            != frame->format)
                           ? AVCOL_RANGE_JPEG : frame->color_range;
    encoder->color_primaries = frame->color_primaries;
    encoder->color_trc = frame->color_trc;
    encoder->colorspace = frame->colorspace;
    encoder->chroma_sample_location = frame->chroma_location;

    if (interlaced && frame->interlaced_frame) {
        encoder->flags |= AV_CODEC_FLAG_INTERLACED_DCT;
        encoder->field_order = frame->top_field_first ? AV_FIELD_TT
                                                      : AV_FIELD_BB;
    }
}


static worker_av_look_t
worker_av_scale_look(int width, int height, int format, int range)
{
    worker_av_look_t  look;

    look.width = width;
    look.height = height;
    look.format = worker_av_scale_plain(format);
    look.full = (range == AVCOL_RANGE_JPEG || look.format != format);

    return look;
}


static bool
worker_av_scale_same(const worker_av_look_t *a, const worker_av_look_t *b)
{
    return a->width == b->width && a->height == b->height
           && a->format == b->format && a->full == b->full;
}


/* *frame itself where it is so already */
static worker_rc_t
worker_av_scale_picture(worker_av_scale_t *s, AVFrame **frame,
    const worker_av_scale_want_t *want, worker_err_t *err)
{
    int               rc;
    AVFrame          *f;
    worker_av_look_t  from, to;

    f = *frame;
    from = worker_av_scale_look(f->width, f->height, f->format,
                                (int) f->color_range);
    to = worker_av_scale_look(want->width, want->height, want->format,
                              (int) want->range);

    if (worker_av_scale_same(&from, &to)) {
        f->format = want->format;
        return WORKER_OK;
    }

    rc = worker_av_scale_open(s, &from, &to);
    if (rc < 0) {
        return worker_fail(err, WORKER_INVALID,
                           "Pictures of %dx%d %s cannot be scaled to %dx%d "
                           "%s.", from.width, from.height,
                           av_get_pix_fmt_name(f->format), to.width,
                           to.height, av_get_pix_fmt_name(want->format));
    }

    rc = worker_av_scale_room(s, f, want);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_RETRY, rc, "Scaling");
    }

    rc = sws_scale(s->sws, (const uint8_t *const *) f->data, f->linesize, 0,
                   f->height, s->frame->data, s->frame->linesize);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Scaling");
    }

    *frame = s->frame;

    return WORKER_OK;
}


/* ranges are told before it is opened: what is opened depends on them */
static int
worker_av_scale_open(worker_av_scale_t *s, const worker_av_look_t *from,
    const worker_av_look_t *to)
{
    int     rc;
    size_t  i;

    const worker_av_scale_option_t  options[] = {
        { "srcw", from->width },
        { "srch", from->height },
        { "src_format", from->format },
        { "src_range", from->full },
        { "dstw", to->width },
        { "dsth", to->height },
        { "dst_format", to->format },
        { "dst_range", to->full },
        { "sws_flags", WORKER_AV_SCALE_HOW },
    };

    if (s->sws != NULL && worker_av_scale_same(&s->from, from)
        && worker_av_scale_same(&s->to, to))
    {
        return 0;
    }

    sws_freeContext(s->sws);

    s->sws = sws_alloc_context();
    if (s->sws == NULL) {
        return AVERROR(ENOMEM);
    }

    rc = 0;

    for (i = 0;
         rc >= 0 && i < sizeof(options) / sizeof(options[0]);
         i++)
    {
        rc = av_opt_set_int(s->sws, options[i].name, options[i].value, 0);
    }

    if (rc >= 0) {
        rc = sws_init_context(s->sws, NULL, NULL);
    }

    if (rc < 0) {
        sws_freeContext(s->sws);
        s->sws = NULL;
        return rc;
    }

    s->from = *from;
    s->to = *to;

    return 0;
}


/* a new picture, for the encoder may still look at the last one */
static int
worker_av_scale_room(worker_av_scale_t *s, const AVFrame *from,
    const worker_av_scale_want_t *want)
{
    int  rc;

    if (s->frame == NULL) {
        s->frame = av_frame_alloc();
    }

    if (s->frame == NULL) {
        return AVERROR(ENOMEM);
    }

    av_frame_unref(s->frame);

    rc = av_frame_copy_props(s->frame, from);
    if (rc < 0) {
        return rc;
    }

    s->frame->width = want->width;
    s->frame->height = want->height;
    s->frame->format = want->format;
    s->frame->color_range = want->range;
    s->frame->sample_aspect_ratio = want->aspect;

    return av_frame_get_buffer(s->frame, 0);
}
