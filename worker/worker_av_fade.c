
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdio.h>

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/frame.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#include "common/wub_transition_names.h"
#include "worker/worker_av.h"
#include "worker/worker_av_fade.h"
#include "worker/worker_blend.h"


/*
 * The second that a transition takes in the filter, in ticks: as many as
 * the single precision of its arithmetic can tell apart.
 */
#define WORKER_AV_FADE_TICKS     (1 << 23)

/* the same samples on every kind of processor */
#define WORKER_AV_FADE_HOW       "flags=bicubic+accurate_rnd+bitexact"

#define WORKER_AV_FADE_TEXT      256


struct worker_av_fade_s {
    const worker_blend_how_t  *how;     /* NULL: the filter */
    worker_av_look_t           look;
    AVFrame                   *lent;
    AVFrame                   *fed;

    /* the filter, made with its first picture */

    const char                *name;    /* of the table of names */
    const char                *inside;  /* the format that it works in */
    AVFilterGraph             *graph;
    AVFilterContext           *sources[2];
    AVFilterContext           *sink;
};

/* formats that xfade works in, by their bits */
typedef struct {
    int                        depth;
    enum AVPixelFormat         grey;
    enum AVPixelFormat         colour;
} worker_av_fade_format_t;


static worker_rc_t worker_av_fade_format(worker_av_fade_t *f,
    worker_err_t *err);
static bool worker_av_fade_fits(const worker_av_fade_t *f,
    const AVFrame *frame);
static worker_rc_t worker_av_fade_blend(worker_av_fade_t *f,
    const AVFrame *from, const AVFrame *to, int64_t place, int64_t length,
    worker_err_t *err);
static worker_rc_t worker_av_fade_filter(worker_av_fade_t *f,
    const AVFrame *from, const AVFrame *to, int64_t place, int64_t length,
    worker_err_t *err);
static int worker_av_fade_graph(worker_av_fade_t *f);
static int worker_av_fade_link(worker_av_fade_t *f);
static int worker_av_fade_pair(worker_av_fade_t *f, const AVFrame *from,
    const AVFrame *to, int64_t ticks);
static int worker_av_fade_feed(worker_av_fade_t *f, AVFilterContext *source,
    const AVFrame *frame, int64_t ticks);
static int worker_av_fade_room(worker_av_fade_t *f);


static const worker_av_fade_format_t  worker_av_fade_formats[] = {
    { 8, AV_PIX_FMT_GRAY8, AV_PIX_FMT_YUV444P },
    { 9, AV_PIX_FMT_GRAY10, AV_PIX_FMT_YUV444P10 },
    { 10, AV_PIX_FMT_GRAY10, AV_PIX_FMT_YUV444P10 },
    { 12, AV_PIX_FMT_GRAY12, AV_PIX_FMT_YUV444P12 }
};


worker_rc_t
worker_av_fade_open(worker_av_fade_t **ret, wub_str_t name,
    const worker_av_look_t *look, worker_err_t *err)
{
    worker_rc_t                   rc;
    worker_av_fade_t             *f;
    const wub_transition_name_t  *known;

    known = wub_transition_find(name);
    if (known == NULL) {
        return worker_fail(err, WORKER_INVALID,
                           "There is no transition \"%.*s\".",
                           (int) name.len, name.data);
    }

    f = av_mallocz(sizeof(worker_av_fade_t));
    if (f == NULL) {
        return worker_fail_memory(err, "A transition");
    }

    f->how = worker_blend_find(name);
    f->name = known->name.data;
    f->look = *look;
    f->lent = av_frame_alloc();
    f->fed = av_frame_alloc();

    rc = (f->lent != NULL && f->fed != NULL)
         ? worker_av_fade_format(f, err)
         : worker_fail_memory(err, "A transition");

    if (rc != WORKER_OK) {
        worker_av_fade_close(f);
        return rc;
    }

    *ret = f;

    return WORKER_OK;
}


worker_rc_t
worker_av_fade(worker_av_fade_t *f, const AVFrame *from, const AVFrame *to,
    int64_t place, int64_t length, AVFrame **ret, worker_err_t *err)
{
    int          rc;
    worker_rc_t  wrc;

    av_frame_unref(f->lent);

    if (!worker_av_fade_fits(f, from) || !worker_av_fade_fits(f, to)) {
        return worker_fail(err, WORKER_ERROR,
                           "A transition was given a picture that is not "
                           "%dx%d %s.", f->look.width, f->look.height,
                           av_get_pix_fmt_name(f->look.format));
    }

    if (place <= 0 || length <= 0) {
        rc = av_frame_ref(f->lent, from);
        if (rc < 0) {
            return worker_av_fail(err, WORKER_RETRY, rc, "A transition");
        }

        *ret = f->lent;

        return WORKER_OK;
    }

    wrc = (f->how != NULL)
          ? worker_av_fade_blend(f, from, to, place, length, err)
          : worker_av_fade_filter(f, from, to, place, length, err);

    if (wrc != WORKER_OK) {
        return wrc;
    }

    rc = av_frame_copy_props(f->lent, from);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_RETRY, rc, "A transition");
    }

    *ret = f->lent;

    return WORKER_OK;
}


void
worker_av_fade_close(worker_av_fade_t *f)
{
    if (f == NULL) {
        return;
    }

    avfilter_graph_free(&f->graph);
    av_frame_free(&f->lent);
    av_frame_free(&f->fed);
    av_free(f);
}


/* planes of samples that stand alone, of luma or of luma and two chromas */
static worker_rc_t
worker_av_fade_format(worker_av_fade_t *f, worker_err_t *err)
{
    int                        planes;
    size_t                     i;
    const AVPixFmtDescriptor  *d;

    d = av_pix_fmt_desc_get(f->look.format);
    planes = (d != NULL) ? av_pix_fmt_count_planes(f->look.format) : 0;

    if (d != NULL && planes == d->nb_components
        && (planes == 1 || planes == 3) && d->comp[0].shift == 0
        && (d->flags & (uint64_t) ~AV_PIX_FMT_FLAG_PLANAR) == 0)
    {
        for (i = 0;
             i < sizeof(worker_av_fade_formats)
                 / sizeof(worker_av_fade_formats[0]);
             i++)
        {
            if (worker_av_fade_formats[i].depth == d->comp[0].depth) {
                f->inside = av_get_pix_fmt_name((planes == 1)
                                     ? worker_av_fade_formats[i].grey
                                     : worker_av_fade_formats[i].colour);
                return WORKER_OK;
            }
        }
    }

    return worker_fail(err, WORKER_INVALID,
                       "No transition can be made of pictures in the format "
                       "%s.", (d != NULL) ? d->name : "of none");
}


static bool
worker_av_fade_fits(const worker_av_fade_t *f, const AVFrame *frame)
{
    return frame->width == f->look.width && frame->height == f->look.height
           && worker_av_scale_plain(frame->format) == f->look.format;
}


static worker_rc_t
worker_av_fade_blend(worker_av_fade_t *f, const AVFrame *from,
    const AVFrame *to, int64_t place, int64_t length, worker_err_t *err)
{
    int                        rc;
    size_t                     i, across, down;
    worker_blend_t             b;
    const AVPixFmtDescriptor  *d;

    rc = worker_av_fade_room(f);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_RETRY, rc, "A transition");
    }

    d = av_pix_fmt_desc_get(f->look.format);

    b.nplanes = d->nb_components;
    b.bytes = (d->comp[0].depth > 8) ? 2 : 1;
    b.width = (size_t) f->look.width;
    b.height = (size_t) f->look.height;
    b.place = place;
    b.length = length;

    for (i = 0; i < b.nplanes; i++) {
        across = (size_t) 1 << ((i > 0) ? d->log2_chroma_w : 0);
        down = (size_t) 1 << ((i > 0) ? d->log2_chroma_h : 0);

        b.planes[i] = (worker_blend_plane_t) {
            { from->data[i], from->linesize[i] },
            { to->data[i], to->linesize[i] },
            { f->lent->data[i], f->lent->linesize[i] },
            (b.width + across - 1) / across,
            (b.height + down - 1) / down,
            across,
            down
        };
    }

    worker_blend(f->how, &b);

    return WORKER_OK;
}


static worker_rc_t
worker_av_fade_filter(worker_av_fade_t *f, const AVFrame *from,
    const AVFrame *to, int64_t place, int64_t length, worker_err_t *err)
{
    int      rc;
    int64_t  ticks;

    rc = 0;

    /* where a transition begins is told by the first pair of pictures */

    if (f->graph == NULL) {
        rc = worker_av_fade_graph(f);

        if (rc >= 0) {
            rc = worker_av_fade_pair(f, from, to, 0);
        }
    }

    if (rc >= 0) {
        ticks = av_rescale(place, WORKER_AV_FADE_TICKS, length);
        rc = worker_av_fade_pair(f, from, to, ticks);
    }

    if (rc < 0) {
        return worker_av_fail(err,
                              (rc == AVERROR(ENOMEM)) ? WORKER_RETRY
                                                      : WORKER_ERROR,
                              rc, "A transition");
    }

    /* or what from has beside its samples would be there twice */

    while (f->lent->nb_side_data > 0) {
        av_frame_remove_side_data(f->lent, f->lent->side_data[0]->type);
    }

    return WORKER_OK;
}


/* one that failed is gone, so that the next picture makes it anew */
static int
worker_av_fade_graph(worker_av_fade_t *f)
{
    int  rc;

    f->graph = avfilter_graph_alloc();
    if (f->graph == NULL) {
        return AVERROR(ENOMEM);
    }

    f->graph->nb_threads = 1;

    f->graph->scale_sws_opts = av_strdup(WORKER_AV_FADE_HOW);
    if (f->graph->scale_sws_opts == NULL) {
        rc = AVERROR(ENOMEM);

    } else {
        rc = worker_av_fade_link(f);
    }

    if (rc >= 0) {
        rc = avfilter_graph_config(f->graph, NULL);
    }

    if (rc < 0) {
        avfilter_graph_free(&f->graph);
    }

    return rc;
}


/*
 * The filter wants a constant rate, whatever it is, and works on pixels
 * that have all their colours: scalers come in where the formats differ.
 */
static int
worker_av_fade_link(worker_av_fade_t *f)
{
    int             rc;
    char            source[WORKER_AV_FADE_TEXT], text[3 * WORKER_AV_FADE_TEXT];
    const char     *format;
    AVFilterInOut  *in, *out;

    format = av_get_pix_fmt_name(f->look.format);

    (void) snprintf(source, sizeof(source),
                    "width=%d:height=%d:pix_fmt=%s:time_base=1/%d:"
                    "frame_rate=25,format=%s", f->look.width, f->look.height,
                    format, WORKER_AV_FADE_TICKS, f->inside);

    (void) snprintf(text, sizeof(text),
                    "buffer@a=%s[a];buffer@b=%s[b];"
                    "[a][b]xfade=transition=%s:duration=1,format=%s,"
                    "buffersink@c", source, source, f->name, format);

    in = NULL;
    out = NULL;

    rc = avfilter_graph_parse2(f->graph, text, &in, &out);

    avfilter_inout_free(&in);
    avfilter_inout_free(&out);

    if (rc < 0) {
        return rc;
    }

    f->sources[0] = avfilter_graph_get_filter(f->graph, "buffer@a");
    f->sources[1] = avfilter_graph_get_filter(f->graph, "buffer@b");
    f->sink = avfilter_graph_get_filter(f->graph, "buffersink@c");

    return (f->sources[0] != NULL && f->sources[1] != NULL
            && f->sink != NULL) ? 0 : AVERROR_BUG;
}


/* one pair in, one picture out: the filter keeps none back */
static int
worker_av_fade_pair(worker_av_fade_t *f, const AVFrame *from,
    const AVFrame *to, int64_t ticks)
{
    int  rc;

    rc = worker_av_fade_feed(f, f->sources[0], from, ticks);

    if (rc >= 0) {
        rc = worker_av_fade_feed(f, f->sources[1], to, ticks);
    }

    if (rc >= 0) {
        av_frame_unref(f->lent);
        rc = av_buffersink_get_frame(f->sink, f->lent);
    }

    if (rc < 0) {
        avfilter_graph_free(&f->graph);
    }

    return rc;
}


/*
 * Levels are not told: scalers would make limited ones of full ones, and
 * samples are what they are.
 */
static int
worker_av_fade_feed(worker_av_fade_t *f, AVFilterContext *source,
    const AVFrame *frame, int64_t ticks)
{
    int  rc;

    av_frame_unref(f->fed);

    rc = av_frame_ref(f->fed, frame);
    if (rc < 0) {
        return rc;
    }

    f->fed->format = f->look.format;
    f->fed->color_range = AVCOL_RANGE_UNSPECIFIED;
    f->fed->pts = ticks;

    rc = av_buffersrc_add_frame_flags(source, f->fed,
                                      AV_BUFFERSRC_FLAG_PUSH);
    av_frame_unref(f->fed);

    return rc;
}


/* a new picture, for the encoder may still look at the last one */
static int
worker_av_fade_room(worker_av_fade_t *f)
{
    f->lent->width = f->look.width;
    f->lent->height = f->look.height;
    f->lent->format = f->look.format;

    return av_frame_get_buffer(f->lent, 0);
}
