
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "worker/worker_av.h"
#include "worker/worker_av_image.h"
#include "worker/worker_av_scale.h"


/* rows begin on such a boundary, and as much lies behind the last one */
#define WORKER_AV_IMAGE_ALIGN    64

/* lines from which on pictures that do not say so are BT.709 to players */
#define WORKER_AV_IMAGE_HD       720

/* colours of every pixel, from its neighbours too; levels are rounded */
#define WORKER_AV_IMAGE_TAKE     (SWS_BILINEAR | SWS_ACCURATE_RND             \
                                  | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP   \
                                  | SWS_BITEXACT)
#define WORKER_AV_IMAGE_SCALE    (SWS_LANCZOS | SWS_ACCURATE_RND              \
                                  | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP   \
                                  | SWS_BITEXACT)

#define WORKER_AV_IMAGE_ONE      (1 << 16)      /* contrast, saturation */

#define WORKER_AV_IMAGE_PLANES   3


typedef struct {
    const char  *name;
    int          value;
} worker_av_image_option_t;

/* three planes of one size */
typedef struct {
    uint8_t     *data[4];
    int          strides[4];
} worker_av_image_planes_t;


static struct SwsContext *worker_av_image_sws(const worker_av_look_t *from,
    const worker_av_look_t *to, int64_t flags, int space);
static int worker_av_image_space(const AVFrame *frame);
static worker_rc_t worker_av_image_planes(wub_arena_t *arena, uint32_t width,
    uint32_t height, worker_av_image_planes_t *ret, worker_err_t *err);
static void worker_av_image_split(const worker_av_image_t *image,
    const worker_av_image_box_t *box, const worker_av_image_planes_t *to);
static void worker_av_image_join(const worker_av_image_planes_t *from,
    const worker_av_image_t *image);


worker_rc_t
worker_av_image_new(wub_arena_t *arena, uint32_t width, uint32_t height,
    uint32_t channels, worker_av_image_t *ret, worker_err_t *err)
{
    size_t  stride;

    stride = (size_t) width * channels + WORKER_AV_IMAGE_ALIGN - 1;
    stride -= stride % WORKER_AV_IMAGE_ALIGN;

    ret->data = wub_arena_calloc(arena,
                                 stride * height + WORKER_AV_IMAGE_ALIGN);
    if (ret->data == NULL) {
        return worker_fail_memory(err, "A picture");
    }

    ret->stride = stride;
    ret->width = width;
    ret->height = height;
    ret->channels = channels;

    return WORKER_OK;
}


worker_rc_t
worker_av_image_take(wub_arena_t *arena, const AVFrame *frame,
    worker_av_image_t *ret, worker_err_t *err)
{
    int                 rc, stride;
    worker_rc_t         wrc;
    worker_av_look_t    from, to;
    struct SwsContext  *sws;

    if (frame->width <= 0 || frame->height <= 0) {
        return worker_fail(err, WORKER_INVALID, "The picture has no pixels.");
    }

    from.width = frame->width;
    from.height = frame->height;
    from.format = worker_av_scale_plain(frame->format);
    from.full = (frame->color_range == AVCOL_RANGE_JPEG
                 || from.format != frame->format);

    to = from;
    to.format = AV_PIX_FMT_RGB24;
    to.full = 1;

    wrc = worker_av_image_new(arena, (uint32_t) from.width,
                              (uint32_t) from.height, WORKER_AV_IMAGE_RGB,
                              ret, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    sws = worker_av_image_sws(&from, &to, WORKER_AV_IMAGE_TAKE,
                              worker_av_image_space(frame));
    if (sws == NULL) {
        return worker_fail(err, WORKER_INVALID,
                           "A picture of %dx%d %s cannot be shown in red, "
                           "green and blue.", from.width, from.height,
                           av_get_pix_fmt_name(frame->format));
    }

    stride = (int) ret->stride;

    rc = sws_scale(sws, (const uint8_t *const *) frame->data,
                   frame->linesize, 0, frame->height, &ret->data, &stride);

    sws_freeContext(sws);

    if (rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Taking a picture");
    }

    return WORKER_OK;
}


/*
 * libswscale takes red, green and blue apart into luma and chroma before it
 * scales them, and rounds; as planes of one another they stay what they are.
 */
worker_rc_t
worker_av_image_scale(wub_arena_t *arena, const worker_av_image_t *image,
    const worker_av_image_box_t *box, uint32_t width, uint32_t height,
    worker_av_image_t *ret, worker_err_t *err)
{
    int                        rc;
    worker_rc_t                wrc;
    worker_av_look_t           from, to;
    struct SwsContext         *sws;
    worker_av_image_planes_t   in, out;

    from.width = (int) (box->right - box->left);
    from.height = (int) (box->bottom - box->top);
    from.format = AV_PIX_FMT_YUV444P;
    from.full = 1;

    to = from;
    to.width = (int) width;
    to.height = (int) height;

    wrc = worker_av_image_planes(arena, (uint32_t) from.width,
                                 (uint32_t) from.height, &in, err);

    if (wrc == WORKER_OK) {
        wrc = worker_av_image_new(arena, width, height, WORKER_AV_IMAGE_RGB,
                                  ret, err);
    }

    if (wrc != WORKER_OK) {
        return wrc;
    }

    worker_av_image_split(image, box, &in);

    if (from.width == to.width && from.height == to.height) {
        worker_av_image_join(&in, ret);
        return WORKER_OK;
    }

    wrc = worker_av_image_planes(arena, width, height, &out, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    sws = worker_av_image_sws(&from, &to, WORKER_AV_IMAGE_SCALE,
                              SWS_CS_DEFAULT);
    if (sws == NULL) {
        return worker_fail(err, WORKER_DECLINED,
                           "A box of %dx%d pixels cannot be scaled to "
                           "%dx%d.", from.width, from.height, to.width,
                           to.height);
    }

    rc = sws_scale(sws, (const uint8_t *const *) in.data, in.strides, 0,
                   from.height, out.data, out.strides);

    sws_freeContext(sws);

    if (rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Scaling");
    }

    worker_av_image_join(&out, ret);

    return WORKER_OK;
}


/* space: of the one that is not red, green and blue; NULL: it cannot be */
static struct SwsContext *
worker_av_image_sws(const worker_av_look_t *from, const worker_av_look_t *to,
    int64_t flags, int space)
{
    int                 rc;
    size_t              i;
    const int          *table;
    struct SwsContext  *sws;

    const worker_av_image_option_t  options[] = {
        { "srcw", from->width },
        { "srch", from->height },
        { "src_format", from->format },
        { "src_range", from->full },
        { "dstw", to->width },
        { "dsth", to->height },
        { "dst_format", to->format },
        { "dst_range", to->full },
        { "sws_flags", (int) flags },
    };

    sws = sws_alloc_context();
    if (sws == NULL) {
        return NULL;
    }

    rc = 0;

    for (i = 0;
         rc >= 0 && i < sizeof(options) / sizeof(options[0]);
         i++)
    {
        rc = av_opt_set_int(sws, options[i].name, options[i].value, 0);
    }

    if (rc >= 0) {
        rc = sws_init_context(sws, NULL, NULL);
    }

    if (rc < 0) {
        sws_freeContext(sws);
        return NULL;
    }

    /* it says no where neither side has a space: nothing is to be told */

    table = sws_getCoefficients(space);

    (void) sws_setColorspaceDetails(sws, table, from->full, table, to->full,
                                    0, WORKER_AV_IMAGE_ONE,
                                    WORKER_AV_IMAGE_ONE);

    return sws;
}


static int
worker_av_image_space(const AVFrame *frame)
{
    if (frame->colorspace != AVCOL_SPC_UNSPECIFIED) {
        return (int) frame->colorspace;
    }

    return (frame->height >= WORKER_AV_IMAGE_HD) ? SWS_CS_ITU709
                                                 : SWS_CS_ITU601;
}


static worker_rc_t
worker_av_image_planes(wub_arena_t *arena, uint32_t width, uint32_t height,
    worker_av_image_planes_t *ret, worker_err_t *err)
{
    size_t             i;
    worker_rc_t        rc;
    worker_av_image_t  plane;

    memset(ret, 0, sizeof(worker_av_image_planes_t));

    for (i = 0; i < WORKER_AV_IMAGE_PLANES; i++) {
        rc = worker_av_image_new(arena, width, height, 1, &plane, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        ret->data[i] = plane.data;
        ret->strides[i] = (int) plane.stride;
    }

    return WORKER_OK;
}


/* planes are zeroed: what the image does not have stays black */
static void
worker_av_image_split(const worker_av_image_t *image,
    const worker_av_image_box_t *box, const worker_av_image_planes_t *to)
{
    size_t          x, y, i, right, bottom;
    uint8_t        *out;
    const uint8_t  *in;

    right = (box->right < image->width) ? box->right : image->width;
    bottom = (box->bottom < image->height) ? box->bottom : image->height;

    for (y = box->top; y < bottom; y++) {
        for (i = 0; i < WORKER_AV_IMAGE_PLANES; i++) {
            in = image->data + y * image->stride + i;
            out = to->data[i] + (y - box->top) * (size_t) to->strides[i];

            for (x = box->left; x < right; x++) {
                *out++ = in[WORKER_AV_IMAGE_RGB * x];
            }
        }
    }
}


static void
worker_av_image_join(const worker_av_image_planes_t *from,
    const worker_av_image_t *image)
{
    size_t          x, y, i;
    uint8_t        *out;
    const uint8_t  *in;

    for (y = 0; y < image->height; y++) {
        for (i = 0; i < WORKER_AV_IMAGE_PLANES; i++) {
            in = from->data[i] + y * (size_t) from->strides[i];
            out = image->data + y * image->stride + i;

            for (x = 0; x < image->width; x++) {
                out[WORKER_AV_IMAGE_RGB * x] = in[x];
            }
        }
    }
}
