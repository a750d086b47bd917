
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_fade: every transition there is, in the formats of footage: how
 * far it is, where it begins, that it is the same in each run, and what it
 * refuses.
 */


#include <limits.h>

#include <libavutil/frame.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#include "common/wub_transition_names.h"
#include "t/unit/wub_test.h"
#include "worker/worker_av.h"
#include "worker/worker_av_fade.h"


#define WIDTH        96
#define HEIGHT       54
#define LENGTH       30
#define FRAMES       4


/* pictures that a transition is made of, and the ones it makes */
typedef struct {
    worker_av_look_t   look;
    AVFrame           *from;
    AVFrame           *to;
} pair_t;

static const int64_t  places[FRAMES] = { 0, 1, 15, 29 };


static size_t
bytes(int format)
{
    return (av_pix_fmt_desc_get(format)->comp[0].depth > 8) ? 2 : 1;
}


static int
width(const AVFrame *f, int plane)
{
    const AVPixFmtDescriptor  *d;

    d = av_pix_fmt_desc_get(f->format);

    return (plane == 0) ? f->width
                        : AV_CEIL_RSHIFT(f->width, d->log2_chroma_w);
}


static int
height(const AVFrame *f, int plane)
{
    const AVPixFmtDescriptor  *d;

    d = av_pix_fmt_desc_get(f->format);

    return (plane == 0) ? f->height
                        : AV_CEIL_RSHIFT(f->height, d->log2_chroma_h);
}


static int
get(const AVFrame *f, int plane, int x, int y)
{
    uint16_t        two;
    const uint8_t  *row;

    row = f->data[plane] + y * f->linesize[plane];

    if (bytes(f->format) == 1) {
        return row[x];
    }

    memcpy(&two, row + 2 * x, 2);

    return two;
}


static void
put(AVFrame *f, int plane, int x, int y, int value)
{
    uint8_t   *row;
    uint16_t   two;

    row = f->data[plane] + y * f->linesize[plane];

    if (bytes(f->format) == 1) {
        row[x] = (uint8_t) value;
        return;
    }

    two = (uint16_t) value;
    memcpy(row + 2 * x, &two, 2);
}


/* of 8 bits, in each depth: a slope, and colours of its own */
static AVFrame *
picture(const worker_av_look_t *look, int luma, int slope, int chroma)
{
    int       i, x, y, value, up;
    AVFrame  *f;

    f = av_frame_alloc();
    assert_non_null(f);

    f->format = look->format;
    f->width = look->width;
    f->height = look->height;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);

    up = av_pix_fmt_desc_get(f->format)->comp[0].depth - 8;

    for (i = 0; i < av_pix_fmt_count_planes(f->format); i++) {
        for (y = 0; y < height(f, i); y++) {
            for (x = 0; x < width(f, i); x++) {
                value = (i == 0) ? luma + slope * x / f->width : chroma + 8 * i;
                put(f, i, x, y, value << up);
            }
        }
    }

    f->pts = 1234567;
    f->sample_aspect_ratio = (AVRational) { 4, 3 };
    f->color_range = AVCOL_RANGE_MPEG;
    f->colorspace = AVCOL_SPC_BT709;
    f->chroma_location = AVCHROMA_LOC_LEFT;

    assert_non_null(av_frame_new_side_data(f, AV_FRAME_DATA_A53_CC, 8));

    return f;
}


static void
open_pair(pair_t *p, int format, int times)
{
    p->look = (worker_av_look_t) { WIDTH * times, HEIGHT * times, format, 0 };
    p->from = picture(&p->look, 40, 20, 70);
    p->to = picture(&p->look, 180, 30, 150);
}


static void
close_pair(pair_t *p)
{
    av_frame_free(&p->from);
    av_frame_free(&p->to);
}


static worker_av_fade_t *
open_fade(const char *name, const worker_av_look_t *look)
{
    worker_err_t       err;
    worker_av_fade_t  *f;

    wub_expect(worker_av_fade_open(&f, wub_test_str(name), look, &err)
               == WORKER_OK, "%s: %s", name, err.text);

    return f;
}


static AVFrame *
fade(worker_av_fade_t *f, const pair_t *p, int64_t place, int64_t length)
{
    AVFrame       *out;
    worker_err_t   err;

    wub_expect(worker_av_fade(f, p->from, p->to, place, length, &out, &err)
               == WORKER_OK, "%s", err.text);

    return out;
}


static bool
same(const AVFrame *a, const AVFrame *b)
{
    int     i, y;
    size_t  n;

    for (i = 0; i < av_pix_fmt_count_planes(a->format); i++) {
        n = (size_t) width(a, i) * bytes(a->format);

        for (y = 0; y < height(a, i); y++) {
            if (memcmp(a->data[i] + y * a->linesize[i],
                       b->data[i] + y * b->linesize[i], n) != 0)
            {
                return false;
            }
        }
    }

    return true;
}


/* samples of a that are like those of b, of a hundred */
static int
alike(const AVFrame *a, const AVFrame *b)
{
    int  i, x, y, n, all, near;

    n = 0;
    all = 0;
    near = 6 << (av_pix_fmt_desc_get(a->format)->comp[0].depth - 8);

    for (i = 0; i < av_pix_fmt_count_planes(a->format); i++) {
        for (y = 0; y < height(a, i); y++) {
            for (x = 0; x < width(a, i); x++) {
                n += abs(get(a, i, x, y) - get(b, i, x, y)) <= near;
                all++;
            }
        }
    }

    return n * 100 / all;
}


static void
check_look(const char *name, const AVFrame *f, const AVFrame *from)
{
    wub_expect(f->width == from->width && f->height == from->height
               && f->format == from->format && f->pts == from->pts
               && f->sample_aspect_ratio.num == 4
               && f->color_range == from->color_range
               && f->colorspace == from->colorspace
               && f->chroma_location == from->chroma_location
               && f->nb_side_data == 1,
               "%s does not look as what goes", name);
}


/* every name in the formats of footage; kept: pictures of another run */
static void
check_name(const char *name, const pair_t *p, int run, AVFrame **kept)
{
    int                i, least;
    AVFrame           *out;
    worker_av_fade_t  *f;

    f = open_fade(name, &p->look);

    for (i = 0; i < FRAMES; i++) {
        out = fade(f, p, places[i], LENGTH);
        check_look(name, out, p->from);

        if (run == 0) {
            kept[i] = av_frame_clone(out);
            assert_non_null(kept[i]);
            continue;
        }

        wub_expect(same(out, kept[i]), "%s: place %d differs", name,
                   (int) places[i]);
    }

    worker_av_fade_close(f);

    if (run == 0) {
        return;
    }

    wub_expect(same(kept[0], p->from), "%s begins with something else",
               name);

    /* most of a picture, but where it goes through black or white soon */

    least = (strcmp(name, "fadeblack") == 0
             || strcmp(name, "fadewhite") == 0) ? 30 : 80;

    wub_expect(alike(kept[1], p->from) >= least, "%s is early: %d", name,
               alike(kept[1], p->from));
    wub_expect(alike(kept[FRAMES - 1], p->to) >= least, "%s is late: %d",
               name, alike(kept[FRAMES - 1], p->to));

    /* where all differs as much, distance turns it all at once */

    wub_expect((!same(kept[2], p->from) && !same(kept[2], p->to))
               || strcmp(name, "distance") == 0, "%s is not between", name);
}


static void
test_names(void **state)
{
    size_t     i, j, k;
    pair_t     p, untouched;
    AVFrame   *kept[FRAMES];
    const int  formats[] = { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P10 };

    (void) state;

    for (i = 0; i < wub_nitems(formats); i++) {
        open_pair(&p, formats[i], 1);
        open_pair(&untouched, formats[i], 1);

        for (j = 0; j < WUB_TRANSITION_NAMES; j++) {
            check_name(wub_transition_names[j].name.data, &p, 0, kept);
            check_name(wub_transition_names[j].name.data, &p, 1, kept);

            for (k = 0; k < FRAMES; k++) {
                av_frame_free(&kept[k]);
            }
        }

        assert_true(same(p.from, untouched.from));
        assert_true(same(p.to, untouched.to));

        close_pair(&p);
        close_pair(&untouched);
    }
}


/* how far it is: of xfade's, and of one of ours */
static void
test_progress(void **state)
{
    int                x, place, want;
    pair_t             p;
    AVFrame           *out;
    worker_av_fade_t  *f, *wipe, *cover;

    (void) state;

    open_pair(&p, AV_PIX_FMT_YUV420P, 1);
    f = open_fade("fade", &p.look);
    wipe = open_fade("wiperight", &p.look);
    cover = open_fade("coverright", &p.look);

    for (place = 1; place < LENGTH; place++) {
        out = fade(f, &p, place, LENGTH);

        for (x = 0; x < WIDTH; x++) {
            want = get(p.from, 0, x, 20) * (LENGTH - place)
                   + get(p.to, 0, x, 20) * place;
            wub_expect(abs(get(out, 0, x, 20) - want / LENGTH) <= 1,
                       "at %d a column is %d, not %d", place,
                       get(out, 0, x, 20), want / LENGTH);
        }

        /* a column to and fro is what single precision makes of it */

        out = fade(wipe, &p, place, LENGTH);
        want = WIDTH * place / LENGTH;
        assert_int_equal(get(out, 0, want - 1, 20),
                         get(p.to, 0, want - 1, 20));
        assert_int_equal(get(out, 0, want + 1, 20),
                         get(p.from, 0, want + 1, 20));

        /* pictures move by two columns, for the sake of the colours */

        out = fade(cover, &p, place, LENGTH);
        want = WIDTH - WIDTH * (LENGTH - place) / LENGTH / 2 * 2;
        assert_int_equal(get(out, 0, want - 1, 20),
                         get(p.to, 0, WIDTH - 1, 20));
        assert_int_equal(get(out, 0, want, 20), get(p.from, 0, want, 20));
    }

    worker_av_fade_close(f);
    worker_av_fade_close(wipe);
    worker_av_fade_close(cover);
    close_pair(&p);
}


/* a picture depends on its place alone, not on those before nor the clock */
static void
test_place(void **state)
{
    size_t             i;
    pair_t             p;
    AVFrame           *a, *b;
    worker_av_fade_t  *all, *one;

    static const char *const  names[] = { "fade", "dissolve", "revealup" };

    (void) state;

    open_pair(&p, AV_PIX_FMT_YUV420P, 1);

    for (i = 0; i < wub_nitems(names); i++) {
        all = open_fade(names[i], &p.look);
        one = open_fade(names[i], &p.look);

        (void) fade(all, &p, 0, LENGTH);
        (void) fade(all, &p, 7, LENGTH);
        a = fade(all, &p, 11, LENGTH);
        b = fade(one, &p, INT64_C(11) << 40, (int64_t) LENGTH << 40);

        wub_expect(same(a, b), "%s depends on more than the place",
                   names[i]);

        worker_av_fade_close(all);
        worker_av_fade_close(one);
    }

    close_pair(&p);
}


/* levels stay what they are, said in either way */
static void
test_full(void **state)
{
    pair_t             p;
    AVFrame           *out;
    worker_av_fade_t  *f;

    (void) state;

    p.look = (worker_av_look_t) { WIDTH, HEIGHT, AV_PIX_FMT_YUV420P, 1 };
    p.from = picture(&p.look, 0, 0, 70);
    p.look.format = AV_PIX_FMT_YUVJ420P;
    p.to = picture(&p.look, 250, 0, 150);
    p.look.format = AV_PIX_FMT_YUV420P;
    p.from->color_range = AVCOL_RANGE_JPEG;
    p.to->color_range = AVCOL_RANGE_JPEG;

    f = open_fade("fade", &p.look);
    out = fade(f, &p, 1, 2);

    assert_int_equal(out->color_range, AVCOL_RANGE_JPEG);
    assert_int_equal(get(out, 0, 30, 30), 125);
    assert_in_range(get(out, 1, 20, 20), 117, 119);

    out = fade(f, &p, 1, 1000000);
    assert_int_equal(get(out, 0, 30, 30), 0);

    worker_av_fade_close(f);
    close_pair(&p);
}


static void
test_formats(void **state)
{
    size_t             i, j;
    pair_t             p;
    AVFrame           *out;
    worker_av_fade_t  *f;

    static const char *const  names[] = { "circleopen", "batman" };

    const int  formats[] = {
        AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV411P,
        AV_PIX_FMT_YUV440P, AV_PIX_FMT_GRAY8, AV_PIX_FMT_YUV420P9,
        AV_PIX_FMT_YUV422P10, AV_PIX_FMT_GRAY10, AV_PIX_FMT_YUV420P12,
        AV_PIX_FMT_YUV444P12, AV_PIX_FMT_GRAY12
    };

    (void) state;

    for (i = 0; i < wub_nitems(formats); i++) {
        open_pair(&p, formats[i], 1);

        for (j = 0; j < wub_nitems(names); j++) {
            f = open_fade(names[j], &p.look);
            out = fade(f, &p, 29, LENGTH);
            wub_expect(alike(out, p.to) > 90, "%s in %s: %d", names[j],
                       av_get_pix_fmt_name(formats[i]), alike(out, p.to));
            worker_av_fade_close(f);
        }

        close_pair(&p);
    }
}


static void
test_refused(void **state)
{
    size_t             i;
    pair_t             p;
    AVFrame           *out;
    worker_err_t       err;
    worker_av_fade_t  *f;
    worker_av_look_t   look;

    const int  formats[] = {
        AV_PIX_FMT_RGB24, AV_PIX_FMT_GBRP, AV_PIX_FMT_NV12,
        AV_PIX_FMT_YUVA420P, AV_PIX_FMT_PAL8, AV_PIX_FMT_YUV420P10BE,
        AV_PIX_FMT_P010LE, AV_PIX_FMT_YUYV422, AV_PIX_FMT_NONE
    };

    static const char *const  names[] = {
        "", "custom", "fade,negate", "Fade", "fadefast"
    };

    (void) state;

    look = (worker_av_look_t) { WIDTH, HEIGHT, AV_PIX_FMT_YUV420P, 0 };

    for (i = 0; i < wub_nitems(names); i++) {
        wub_expect(worker_av_fade_open(&f, wub_test_str(names[i]), &look,
                                       &err) == WORKER_INVALID,
                   "\"%s\" is taken", names[i]);
        assert_non_null(strstr(err.text, "There is no transition \""));
    }

    for (i = 0; i < wub_nitems(formats); i++) {
        look.format = formats[i];
        wub_expect(worker_av_fade_open(&f, wub_test_str("fade"), &look,
                                       &err) == WORKER_INVALID,
                   "format %zu is taken", i);
        assert_non_null(strstr(err.text, "No transition can be made"));
    }

    open_pair(&p, AV_PIX_FMT_YUV420P, 1);

    p.look.height += 2;
    f = open_fade("revealup", &p.look);
    assert_int_equal(worker_av_fade(f, p.from, p.to, 1, 2, &out, &err),
                     WORKER_ERROR);
    worker_av_fade_close(f);

    worker_av_fade_close(NULL);
    close_pair(&p);
}


/* memory that is out passes, and the pictures behind it are the same */
static void
test_memory(void **state)
{
    size_t             i, j;
    pair_t             p;
    AVFrame           *out, *kept;
    worker_rc_t        rc;
    worker_err_t       err;
    worker_av_fade_t  *f;

    const size_t  most[] = { 60, 1000, 5000, 200000 };

    static const char *const  names[] = { "fade", "wipeleft", "starwipe" };

    (void) state;

    /* planes that are larger than all else */

    open_pair(&p, AV_PIX_FMT_YUV420P, 8);

    for (i = 0; i < wub_nitems(names); i++) {
        f = open_fade(names[i], &p.look);
        kept = av_frame_clone(fade(f, &p, 9, LENGTH));
        assert_non_null(kept);
        worker_av_fade_close(f);

        f = open_fade(names[i], &p.look);

        for (j = 0; j < wub_nitems(most); j++) {
            av_max_alloc(most[j]);
            rc = worker_av_fade(f, p.from, p.to, 9, LENGTH, &out, &err);
            av_max_alloc(INT_MAX);

            wub_expect(rc == WORKER_RETRY, "%s with %zu bytes: %d",
                       names[i], most[j], (int) rc);
        }

        wub_expect(same(fade(f, &p, 9, LENGTH), kept), "%s is another",
                   names[i]);

        av_frame_free(&kept);
        worker_av_fade_close(f);
    }

    close_pair(&p);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memory),
    };

    worker_av_setup();

    return cmocka_run_group_tests(tests, NULL, NULL);
}
