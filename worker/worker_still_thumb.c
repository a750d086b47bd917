
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "worker/worker_still_thumb.h"


/* of a PNG: its first chunk lies behind these bytes, and holds its size */
#define WORKER_STILL_SIGNATURE   8
#define WORKER_STILL_HEADER      33


static worker_rc_t worker_still_template_head(const worker_still_t *still,
    worker_err_t *err);
static worker_rc_t worker_still_box(const wub_render_box_t *box,
    const char *name, worker_err_t *err);
static uint32_t worker_still_u32(const char *p);
static void worker_still_over(worker_av_image_t *image, uint32_t left,
    uint32_t top, const worker_av_image_t *frame);


static const char  worker_still_png[WORKER_STILL_SIGNATURE + 8] = {
    '\x89', 'P', 'N', 'G', '\r', '\n', '\x1a', '\n',
    0, 0, 0, 13, 'I', 'H', 'D', 'R'
};


worker_rc_t
worker_still_template(wub_arena_t *arena, const worker_still_t *still,
    worker_av_image_t *ret, worker_err_t *err)
{
    worker_rc_t            rc;
    const wub_render_t    *r;

    r = still->request;

    rc = worker_still_template_head(still, err);

    if (rc == WORKER_OK && r->crop_given) {
        rc = worker_still_box(&r->crop, "crop", err);
    }

    if (rc == WORKER_OK && r->location_given) {
        rc = worker_still_box(&r->location, "location", err);
    }

    if (rc == WORKER_OK) {
        rc = worker_av_image_read(arena, still->template,
                                  WORKER_STILL_PIXELS, ret, err);
    }

    return rc;
}


/* a box that is not given is all of the frame, or of the template */
worker_rc_t
worker_still_compose(wub_arena_t *arena, const worker_still_t *still,
    const worker_av_image_t *frame, worker_av_image_t *image,
    worker_err_t *err)
{
    uint32_t                left, top, width, height;
    worker_rc_t             rc;
    worker_av_image_t       scaled;
    const wub_render_t     *r;
    worker_av_image_box_t   box;

    r = still->request;

    box.left = r->crop_given ? r->crop.left : 0;
    box.top = r->crop_given ? r->crop.top : 0;
    box.right = r->crop_given ? r->crop.right : frame->width;
    box.bottom = r->crop_given ? r->crop.bottom : frame->height;

    left = r->location_given ? r->location.left : 0;
    top = r->location_given ? r->location.top : 0;
    width = r->location_given ? r->location.right - left : image->width;
    height = r->location_given ? r->location.bottom - top : image->height;

    rc = worker_av_image_scale(arena, frame, &box, width, height, &scaled,
                               err);

    if (rc == WORKER_OK) {
        worker_still_over(image, left, top, &scaled);
    }

    return rc;
}


/* before anything is decoded */
static worker_rc_t
worker_still_template_head(const worker_still_t *still, worker_err_t *err)
{
    uint32_t   width, height;
    wub_str_t  png;

    png = still->template;

    if (png.len > WORKER_STILL_TEMPLATE) {
        return worker_fail(err, WORKER_DECLINED,
                           "The template is larger than %zu MB.",
                           WORKER_STILL_TEMPLATE >> 20);
    }

    if (png.len < WORKER_STILL_HEADER
        || memcmp(png.data, worker_still_png, sizeof(worker_still_png)) != 0)
    {
        return worker_fail(err, WORKER_DECLINED,
                           "The template is not a PNG.");
    }

    width = worker_still_u32(png.data + sizeof(worker_still_png));
    height = worker_still_u32(png.data + sizeof(worker_still_png) + 4);

    if (width == 0 || height == 0) {
        return worker_fail(err, WORKER_DECLINED,
                           "The template is a PNG without pixels.");
    }

    if ((uint64_t) width * height > WORKER_STILL_PIXELS) {
        return worker_fail(err, WORKER_DECLINED,
                           "The template has more than %d megapixels.",
                           WORKER_STILL_PIXELS >> 20);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_still_box(const wub_render_box_t *box, const char *name,
    worker_err_t *err)
{
    if (box->left >= box->right || box->top >= box->bottom) {
        return worker_fail(err, WORKER_DECLINED,
                           "The %s has no pixels: its right and bottom must "
                           "be beyond its left and top.", name);
    }

    if (box->right - box->left > WUB_RENDER_SIDE_MAX
        || box->bottom - box->top > WUB_RENDER_SIDE_MAX)
    {
        return worker_fail(err, WORKER_DECLINED,
                           "The %s is more than %d pixels wide or high.",
                           name, WUB_RENDER_SIDE_MAX);
    }

    return WORKER_OK;
}


static uint32_t
worker_still_u32(const char *p)
{
    return (uint32_t) (uint8_t) p[0] << 24 | (uint32_t) (uint8_t) p[1] << 16
           | (uint32_t) (uint8_t) p[2] << 8 | (uint8_t) p[3];
}


/*
 * The image over the frame, which is opaque, and over nothing elsewhere:
 * alpha is a number of 255ths, and a colour is the nearest integer to
 * (a * image + (255 - a) * frame) / 255; 255 is odd, so there are no ties.
 * Where neither has anything all is zero.
 */
static void
worker_still_over(worker_av_image_t *image, uint32_t left, uint32_t top,
    const worker_av_image_t *frame)
{
    bool            row;
    size_t          x, y, i;
    uint32_t        a;
    uint8_t        *out;
    const uint8_t  *in;

    for (y = 0; y < image->height; y++) {
        out = image->data + y * image->stride;
        row = (y >= top && y - top < frame->height);
        in = row ? frame->data + (y - top) * frame->stride : frame->data;

        for (x = 0; x < image->width; x++, out += 4) {
            a = out[3];

            if (row && x >= left && x - left < frame->width) {
                for (i = 0; i < 3; i++) {
                    out[i] = (uint8_t) ((a * out[i]
                                         + (255 - a) * in[3 * (x - left) + i]
                                         + 127) / 255);
                }

                out[3] = 255;

            } else if (a == 0) {
                memset(out, 0, 4);
            }
        }
    }
}
