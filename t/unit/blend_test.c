
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_blend: each transition against one that asks of every sample, in
 * floating point, what the definition says of its pixel.
 */


#include <math.h>

#include "t/unit/wub_test.h"
#include "worker/worker_blend.h"


#define PI           3.14159265358979323846
#define GUARD        6
#define MARK         0xa5

/*
 * Where an edge is closer to a pixel than this, in pixels, either side of it
 * is right: rounding of floating point, and nothing else, is in here.
 */
#define CLOSE        1e-6

/* half a step for rounding; of weights, half of their smallest step */
#define ROUNDING     0.5
#define WEIGHT       (0.501 / 32768)


/* a pixel of the pictures, and how far the transition is */
typedef struct {
    double       x;
    double       y;
    double       w;
    double       h;
    double       t;
} pixel_t;

typedef bool (*inside_pt)(const pixel_t *p);

typedef struct {
    const char  *name;
    char         kind;      /* c, r: cover, reveal; w: wind; s: a shape */
    char         way;       /* l, r, u, d */
    inside_pt    inside;    /* a shape of the new picture */
} blend_t;

typedef struct {
    const char  *name;
    size_t       nplanes;
    size_t       across;
    size_t       down;
    unsigned     bits;
} format_t;

typedef struct {
    uint8_t     *data[3];
    size_t       row[3];
    size_t       rows[3];
} picture_t;


static bool
clock_inside(const pixel_t *p)
{
    double  turn;

    turn = atan2(p->x - p->w / 2, p->h / 2 - p->y) / (2 * PI);

    return (turn < 0 ? turn + 1 : turn) < p->t;
}


/* the polar equation of a star with five tips, {5/2}, one of them on top */
static bool
star_inside(const pixel_t *p)
{
    double  dx, dy, far, edge, tip;

    dx = p->x - p->w / 2;
    dy = p->y - p->h / 2;
    far = hypot(dx, dy) / hypot(p->w / 2, p->h / 2);

    tip = asin(cos(5 * (atan2(dy, dx) + PI / 2)));
    edge = 0.75 * p->t * p->t / cos((2 * tip + 3 * PI) / 10);

    return far < edge;
}


/* the equations of the sign, of x to 7 and y to 3 */
static bool
bat_sign(double x, double y)
{
    double  wing;

    wing = (fabs(y) < 3) ? 7 * sqrt(1 - y * y / 9) : 0;

    if (y > 0) {
        if (x > 3) {
            return x < wing;
        }

        if (x > 1) {
            return y < 6 * sqrt(10) / 7 + 1.5 - x / 2
                       - 3 * sqrt(10) / 7 * sqrt(4 - pow(x - 1, 2));
        }

        if (x > 0.75) {
            return y < 9 - 8 * x;
        }

        return y < ((x > 0.5) ? 3 * x + 0.75 : 2.25);
    }

    if (x > 4) {
        return x < wing;
    }

    return y > x / 2 - (3 * sqrt(33) - 7) / 112 * x * x - 3
               + sqrt(1 - pow(fabs(x - 2) - 1, 2));
}


static bool
bat_inside(const pixel_t *p)
{
    double  up, size;

    up = (p->t > 0.5) ? 0.4 * pow(p->t - 0.5, 2) : 0;
    size = 0.3 / pow(p->t, 4);

    return bat_sign(fabs(p->x - p->w / 2) * 14 / p->w * size,
                    (p->h * (0.5 - up) - p->y) * 6 / p->h * size);
}


static bool
diamond_inside(const pixel_t *p)
{
    return fabs(p->x / p->w - 0.5) + fabs(p->y / p->h - 0.5) < p->t;
}


static const blend_t  blends[] = {
    { "hlwind", 'w', 'l', NULL },
    { "hrwind", 'w', 'r', NULL },
    { "vuwind", 'w', 'u', NULL },
    { "vdwind", 'w', 'd', NULL },
    { "coverleft", 'c', 'l', NULL },
    { "coverright", 'c', 'r', NULL },
    { "coverup", 'c', 'u', NULL },
    { "coverdown", 'c', 'd', NULL },
    { "revealleft", 'r', 'l', NULL },
    { "revealright", 'r', 'r', NULL },
    { "revealup", 'r', 'u', NULL },
    { "revealdown", 'r', 'd', NULL },
    { "clockwipe", 's', ' ', clock_inside },
    { "starwipe", 's', ' ', star_inside },
    { "batman", 's', ' ', bat_inside },
    { "diamondwipe", 's', ' ', diamond_inside }
};

static const format_t  formats[] = {
    { "4:2:0 of 8 bits", 3, 2, 2, 8 },
    { "4:2:2 of 10 bits", 3, 2, 1, 10 },
    { "4:4:4 of 8 bits", 3, 1, 1, 8 },
    { "4:4:4 of 16 bits", 3, 1, 1, 16 },
    { "4:1:1 of 8 bits", 3, 4, 1, 8 },
    { "grey of 12 bits", 1, 1, 1, 12 }
};

static const size_t  sizes[][2] = {
    { 2, 2 }, { 64, 36 }, { 33, 17 }, { 1, 5 }, { 320, 180 }
};

static const int64_t  places[] = {
    0, 1, 33, 125, 250, 333, 500, 617, 750, 787, 967, 999, 1000
};


static size_t
samples(const format_t *f, size_t plane, size_t pixels, bool across)
{
    size_t  step;

    step = (plane == 0) ? 1 : (across ? f->across : f->down);

    return (pixels + step - 1) / step;
}


static void
make(picture_t *p, const format_t *f, const size_t *size)
{
    size_t  i;

    memset(p, 0, sizeof(picture_t));

    for (i = 0; i < f->nplanes; i++) {
        p->row[i] = samples(f, i, size[0], true) * (f->bits > 8 ? 2 : 1)
                    + GUARD;
        p->rows[i] = samples(f, i, size[1], false);
        p->data[i] = malloc(p->row[i] * p->rows[i]);
        assert_non_null(p->data[i]);
        memset(p->data[i], MARK, p->row[i] * p->rows[i]);
    }
}


static void
drop(picture_t *p)
{
    size_t  i;

    for (i = 0; i < 3; i++) {
        free(p->data[i]);
    }
}


static unsigned
get(const picture_t *p, const format_t *f, size_t plane, size_t x, size_t y)
{
    uint16_t        two;
    const uint8_t  *row;

    row = p->data[plane] + y * p->row[plane];

    if (f->bits <= 8) {
        return row[x];
    }

    memcpy(&two, row + 2 * x, 2);

    return two;
}


static void
put(picture_t *p, const format_t *f, size_t plane, size_t x, size_t y,
    unsigned value)
{
    uint8_t   *row;
    uint16_t   two;

    row = p->data[plane] + y * p->row[plane];

    if (f->bits <= 8) {
        row[x] = (uint8_t) value;
        return;
    }

    two = (uint16_t) value;
    memcpy(row + 2 * x, &two, 2);
}


/* noise of which no sample is the same in both */
static void
noise(picture_t *from, picture_t *to, const format_t *f, const size_t *size)
{
    size_t    i, x, y;
    uint64_t  state;
    unsigned  value;

    state = 1;

    for (i = 0; i < f->nplanes; i++) {
        for (y = 0; y < samples(f, i, size[1], false); y++) {
            for (x = 0; x < samples(f, i, size[0], true); x++) {
                value = (unsigned) wub_test_below(&state,
                                                  (size_t) 1 << f->bits);
                put(from, f, i, x, y, value);
                put(to, f, i, x, y, value ^ (1u << (f->bits - 1)));
            }
        }
    }
}


/* pixels from the edge that the new picture comes from, as a part of all */
static double
wind_weight(const blend_t *b, const pixel_t *p)
{
    float   seed;
    double  at, streak, x;
    bool    level;

    level = (b->way == 'l' || b->way == 'r');
    at = level ? p->x / p->w : p->y / p->h;
    at = (b->way == 'l' || b->way == 'u') ? 1 - at : at;

    seed = level ? (float) p->y * 78.233f : (float) p->x * 12.9898f;
    streak = sin((double) seed) * 43758.545;
    streak -= floor(streak);

    x = (at * 0.8 + streak * 0.2 - p->t * 1.2) / -0.2;
    x = fmin(fmax(x, 0), 1);

    return x * x * (3 - 2 * x);
}


/*
 * Where a pixel of a picture that moved comes from: *ret_old: from the one
 * that goes.  Both planes move by what is whole samples of all.
 */
static double
moved(const blend_t *b, const pixel_t *p, double step, bool *ret_old)
{
    double  at, side, rest, gone;
    bool    back;

    back = (b->way == 'l' || b->way == 'u');
    at = (b->way == 'l' || b->way == 'r') ? p->x : p->y;
    side = (b->way == 'l' || b->way == 'r') ? p->w : p->h;

    rest = floor(side * (1 - p->t) + 1e-9);
    gone = ceil((side - rest) / step) * step;
    rest = floor(rest / step) * step;

    if (b->kind == 'c') {
        *ret_old = back ? at < rest : at + rest >= side;
        return *ret_old ? at : (back ? at - rest : at + rest);
    }

    *ret_old = back ? at + gone < side : at >= gone;

    return *ret_old ? (back ? at + gone : at - gone) : at;
}


/* 1: the new picture's, 0: the old one's, -1: an edge is too close */
static int
shape(const blend_t *b, const pixel_t *p)
{
    int      i, n;
    pixel_t  q;

    n = 0;

    for (i = 0; i < 9; i++) {
        q = *p;
        q.x += (i % 3 - 1) * CLOSE;
        q.y += (i / 3 - 1) * CLOSE;
        n += b->inside(&q);
    }

    return (n == 0) ? 0 : (n == 9) ? 1 : -1;
}


/* what a sample should be; false: an edge is too close to say */
static bool
oracle(const blend_t *b, const format_t *f, const picture_t *from,
    const picture_t *to, size_t plane, const pixel_t *p, double *ret)
{
    int      in;
    bool     old;
    double   weight, at;
    size_t   x, y, across, down;
    pixel_t  q;

    across = (plane == 0) ? 1 : f->across;
    down = (plane == 0) ? 1 : f->down;
    q = *p;
    weight = 0;

    switch (b->kind) {

    case 's':
        in = shape(b, p);
        if (in < 0 && p->t > 0) {
            return false;
        }

        weight = in;
        break;

    case 'w':
        weight = wind_weight(b, p);
        break;

    default:
        at = moved(b, p, (double) ((f->nplanes == 1) ? 1 : f->across), &old);
        weight = old ? 0 : 1;

        if (b->way == 'l' || b->way == 'r') {
            q.x = at;

        } else {
            q.y = at;
        }
    }

    if (p->t <= 0) {
        q = *p;
        weight = 0;
    }

    x = (size_t) q.x / across;
    y = (size_t) q.y / down;

    *ret = (1 - weight) * get(from, f, plane, x, y)
           + weight * get(to, f, plane, x, y);

    return true;
}


static void
blend(const blend_t *b, const format_t *f, const size_t *size,
    int64_t place, const picture_t *from, const picture_t *to,
    picture_t *out)
{
    size_t                     i;
    worker_blend_t             w;
    const worker_blend_how_t  *how;

    how = worker_blend_find(wub_test_str(b->name));
    wub_expect(how != NULL, "%s is not there", b->name);

    memset(&w, 0, sizeof(w));
    w.nplanes = f->nplanes;
    w.bytes = (f->bits > 8) ? 2 : 1;
    w.width = size[0];
    w.height = size[1];
    w.place = place;
    w.length = 1000;

    for (i = 0; i < f->nplanes; i++) {
        w.planes[i].from.data = from->data[i];
        w.planes[i].from.row = (ptrdiff_t) from->row[i];
        w.planes[i].to.data = to->data[i];
        w.planes[i].to.row = (ptrdiff_t) to->row[i];
        w.planes[i].out.data = out->data[i];
        w.planes[i].out.row = (ptrdiff_t) out->row[i];
        w.planes[i].width = samples(f, i, size[0], true);
        w.planes[i].height = samples(f, i, size[1], false);
        w.planes[i].across = (i == 0) ? 1 : f->across;
        w.planes[i].down = (i == 0) ? 1 : f->down;
    }

    worker_blend(how, &w);
}


/* returns the samples that are the new picture's */
static size_t
compare(const blend_t *b, const format_t *f, const size_t *size,
    int64_t place, const picture_t *from, const picture_t *to,
    const picture_t *out)
{
    double   want;
    size_t   i, x, y, w, h, unsure, new;
    pixel_t  p;

    new = 0;

    for (i = 0; i < f->nplanes; i++) {
        w = samples(f, i, size[0], true);
        h = samples(f, i, size[1], false);
        unsure = 0;

        for (y = 0; y < h; y++) {
            for (x = 0; x < w; x++) {
                p.x = (double) (x * ((i == 0) ? 1 : f->across));
                p.y = (double) (y * ((i == 0) ? 1 : f->down));
                p.w = (double) size[0];
                p.h = (double) size[1];
                p.t = (double) place / 1000;

                new += get(out, f, i, x, y) == get(to, f, i, x, y);

                if (!oracle(b, f, from, to, i, &p, &want)) {
                    unsure++;
                    want = get(from, f, i, x, y);

                    if (get(out, f, i, x, y) == get(to, f, i, x, y)) {
                        want = get(to, f, i, x, y);
                    }
                }

                wub_expect(fabs(want - get(out, f, i, x, y))
                           <= ROUNDING + WEIGHT * (1u << f->bits),
                           "%s, %zux%zu %s at %d: plane %zu, %zu %zu is %u, "
                           "not %.2f", b->name, size[0], size[1], f->name,
                           (int) place, i, x, y, get(out, f, i, x, y), want);
            }

            wub_expect(out->data[i][(y + 1) * out->row[i] - 1] == MARK
                       && out->data[i][(y + 1) * out->row[i] - GUARD] == MARK,
                       "%s writes beyond row %zu", b->name, y);
        }

        wub_expect(unsure <= 2 * (w + h), "%s at %d: %zu edges", b->name,
                   (int) place, unsure);
    }

    return new;
}


static void
check(const blend_t *b, const format_t *f, const size_t *size)
{
    size_t     i, j, all, new;
    picture_t  from, to, out;

    make(&from, f, size);
    make(&to, f, size);
    noise(&from, &to, f, size);

    all = 0;

    for (i = 0; i < f->nplanes; i++) {
        all += samples(f, i, size[0], true) * samples(f, i, size[1], false);
    }

    for (i = 0; i < wub_nitems(places); i++) {
        make(&out, f, size);
        blend(b, f, size, places[i], &from, &to, &out);
        new = compare(b, f, size, places[i], &from, &to, &out);

        if (places[i] == 0) {
            for (j = 0; j < f->nplanes; j++) {
                wub_expect(memcmp(out.data[j], from.data[j],
                                  out.row[j] * out.rows[j]) == 0,
                           "%s begins with something else", b->name);
            }
        }

        if (places[i] == 999 && all > 100) {
            wub_expect(new > all / 100 * 98, "%s is late: %zu of %zu",
                       b->name, new, all);
        }

        drop(&out);
    }

    drop(&from);
    drop(&to);
}


static void
test_oracle(void **state)
{
    size_t  i, j, k;

    (void) state;

    for (i = 0; i < wub_nitems(blends); i++) {
        for (j = 0; j < wub_nitems(formats); j++) {
            for (k = 0; k < wub_nitems(sizes); k++) {

                /* large ones take the oracle a while */

                if (sizes[k][0] < 100
                    || (j == 0 && getenv("WUB_SHORT") == NULL))
                {
                    check(&blends[i], &formats[j], sizes[k]);
                }
            }
        }
    }
}


/* the hand of the clock begins at the very top */
static void
test_top(void **state)
{
    size_t         y;
    picture_t      from, to, out;
    const size_t   size[] = { 64, 36 };
    const blend_t  clock = { "clockwipe", 's', ' ', NULL };

    (void) state;

    make(&from, &formats[0], size);
    make(&to, &formats[0], size);
    make(&out, &formats[0], size);
    noise(&from, &to, &formats[0], size);

    blend(&clock, &formats[0], size, 125, &from, &to, &out);

    for (y = 0; y < 18; y++) {
        assert_int_equal(get(&out, &formats[0], 0, 32, y),
                         get(&to, &formats[0], 0, 32, y));
        assert_int_equal(get(&out, &formats[0], 0, 31, y),
                         get(&from, &formats[0], 0, 31, y));
    }

    drop(&from);
    drop(&to);
    drop(&out);
}


/* those that xfade has, and none, are not there */
static void
test_names(void **state)
{
    (void) state;

    assert_null(worker_blend_find(wub_test_str("fade")));
    assert_null(worker_blend_find(wub_test_str("cover")));
    assert_null(worker_blend_find(wub_test_str("")));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_top),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
