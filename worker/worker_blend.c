
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <math.h>
#include <string.h>

#include "worker/worker_blend_plane.h"


struct worker_blend_how_s {
    wub_str_t        name;
    worker_blend_pt  plane;
    bool             back;
};


static void worker_blend_cover_x(const worker_blend_t *b,
    const worker_blend_plane_t *p, bool back);
static void worker_blend_cover_y(const worker_blend_t *b,
    const worker_blend_plane_t *p, bool back);
static void worker_blend_reveal_x(const worker_blend_t *b,
    const worker_blend_plane_t *p, bool back);
static void worker_blend_reveal_y(const worker_blend_t *b,
    const worker_blend_plane_t *p, bool back);
static void worker_blend_wind_x(const worker_blend_t *b,
    const worker_blend_plane_t *p, bool back);
static void worker_blend_wind_y(const worker_blend_t *b,
    const worker_blend_plane_t *p, bool back);
static size_t worker_blend_step(const worker_blend_t *b);
static size_t worker_blend_rest(const worker_blend_t *b, size_t side);
static size_t worker_blend_moved(const worker_blend_t *b, size_t side);
static double worker_blend_noise(float seed);
static uint32_t worker_blend_weight(double u);
static uint8_t *worker_blend_sample(const worker_blend_t *b,
    const worker_blend_side_t *side, size_t x, size_t y);
static void worker_blend_copy(const worker_blend_t *b,
    const worker_blend_plane_t *p, size_t x, size_t y,
    const worker_blend_side_t *side, size_t side_x, size_t side_y, size_t n);


static const worker_blend_how_t  worker_blend_hows[] = {
    { wub_string("hlwind"), worker_blend_wind_x, true },
    { wub_string("hrwind"), worker_blend_wind_x, false },
    { wub_string("vuwind"), worker_blend_wind_y, true },
    { wub_string("vdwind"), worker_blend_wind_y, false },
    { wub_string("coverleft"), worker_blend_cover_x, true },
    { wub_string("coverright"), worker_blend_cover_x, false },
    { wub_string("coverup"), worker_blend_cover_y, true },
    { wub_string("coverdown"), worker_blend_cover_y, false },
    { wub_string("revealleft"), worker_blend_reveal_x, true },
    { wub_string("revealright"), worker_blend_reveal_x, false },
    { wub_string("revealup"), worker_blend_reveal_y, true },
    { wub_string("revealdown"), worker_blend_reveal_y, false },
    { wub_string("clockwipe"), worker_blend_clock, false },
    { wub_string("starwipe"), worker_blend_star, false },
    { wub_string("batman"), worker_blend_bat, false },
    { wub_string("diamondwipe"), worker_blend_diamond, false }
};


const worker_blend_how_t *
worker_blend_find(wub_str_t name)
{
    size_t  i;

    for (i = 0;
         i < sizeof(worker_blend_hows) / sizeof(worker_blend_hows[0]);
         i++)
    {
        if (wub_str_eq(worker_blend_hows[i].name, name)) {
            return &worker_blend_hows[i];
        }
    }

    return NULL;
}


void
worker_blend(const worker_blend_how_t *how, const worker_blend_t *b)
{
    size_t                       i, y;
    const worker_blend_plane_t  *p;

    for (i = 0; i < b->nplanes; i++) {
        p = &b->planes[i];

        if (b->place > 0) {
            how->plane(b, p, how->back);
            continue;
        }

        for (y = 0; y < p->height; y++) {
            worker_blend_old(b, p, y);
        }
    }
}


/* the new picture comes over the old one from the other side */
static void
worker_blend_cover_x(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back)
{
    size_t  y, rest, n;

    rest = worker_blend_rest(b, b->width) / p->across;
    n = p->width - rest;

    for (y = 0; y < p->height; y++) {
        worker_blend_old(b, p, y);
        worker_blend_copy(b, p, back ? rest : 0, y, &p->to,
                          back ? 0 : rest, y, n);
    }
}


static void
worker_blend_cover_y(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back)
{
    size_t  y, rest;

    rest = worker_blend_rest(b, b->height) / p->down;

    for (y = 0; y < p->height; y++) {
        if (back && y >= rest) {
            worker_blend_copy(b, p, 0, y, &p->to, 0, y - rest, p->width);

        } else if (!back && y + rest < p->height) {
            worker_blend_copy(b, p, 0, y, &p->to, 0, y + rest, p->width);

        } else {
            worker_blend_old(b, p, y);
        }
    }
}


/* the old picture goes off the new one */
static void
worker_blend_reveal_x(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back)
{
    size_t  y, moved, n;

    moved = worker_blend_moved(b, b->width) / p->across;
    moved = (moved < p->width) ? moved : p->width;
    n = p->width - moved;

    for (y = 0; y < p->height; y++) {
        worker_blend_copy(b, p, back ? n : 0, y, &p->to, back ? n : 0, y,
                          moved);
        worker_blend_copy(b, p, back ? 0 : moved, y, &p->from,
                          back ? moved : 0, y, n);
    }
}


static void
worker_blend_reveal_y(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back)
{
    size_t  y, moved;

    moved = worker_blend_moved(b, b->height) / p->down;

    for (y = 0; y < p->height; y++) {
        if (back && y + moved < p->height) {
            worker_blend_copy(b, p, 0, y, &p->from, 0, y + moved, p->width);

        } else if (!back && y >= moved) {
            worker_blend_copy(b, p, 0, y, &p->from, 0, y - moved, p->width);

        } else {
            worker_blend_copy(b, p, 0, y, &p->to, 0, y, p->width);
        }
    }
}


/*
 * A soft edge, a quarter of the picture wide, that is ahead by up to as
 * much in some rows: the weight is a smooth step of 6 t - 4 x - noise.
 */
static void
worker_blend_wind_x(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back)
{
    double    u, all, none, x, width;
    size_t    i, n, y, first, end;
    uint32_t  weights[WORKER_BLEND_STRIP];

    width = (double) b->width;

    for (y = 0; y < p->height; y++) {
        u = 6 * worker_blend_done(b)
            - worker_blend_noise((float) (y * p->down) * 78.233f);

        all = width * (u - 1) / 4;
        none = width * u / 4;

        worker_blend_old(b, p, y);
        worker_blend_new(b, p, y, back ? width - all : 0,
                         back ? width : all);

        first = worker_blend_at(back ? width - none : all, p->across,
                                p->width);
        end = worker_blend_at(back ? width - all : none, p->across,
                              p->width);

        for ( /* void */ ; first < end; first += n) {
            n = end - first;
            n = (n < WORKER_BLEND_STRIP) ? n : WORKER_BLEND_STRIP;

            for (i = 0; i < n; i++) {
                x = (double) ((first + i) * p->across) / width;
                weights[i] = worker_blend_weight(u - 4 * (back ? 1 - x : x));
            }

            worker_blend_mix(b, p, first, y, weights, n);
        }
    }
}


static void
worker_blend_wind_y(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back)
{
    double    u, y0, noise[WORKER_BLEND_STRIP];
    size_t    i, n, x, y;
    uint32_t  weights[WORKER_BLEND_STRIP];

    for (x = 0; x < p->width; x += n) {
        n = p->width - x;
        n = (n < WORKER_BLEND_STRIP) ? n : WORKER_BLEND_STRIP;

        for (i = 0; i < n; i++) {
            noise[i] = worker_blend_noise((float) ((x + i) * p->across)
                                          * 12.9898f);
        }

        for (y = 0; y < p->height; y++) {
            y0 = (double) (y * p->down) / (double) b->height;
            u = 6 * worker_blend_done(b) - 4 * (back ? 1 - y0 : y0);

            if (u <= 0 || u >= 2) {
                worker_blend_copy(b, p, x, y, (u > 0) ? &p->to : &p->from,
                                  x, y, n);
                continue;
            }

            for (i = 0; i < n; i++) {
                weights[i] = worker_blend_weight(u - noise[i]);
            }

            worker_blend_mix(b, p, x, y, weights, n);
        }
    }
}


double
worker_blend_done(const worker_blend_t *b)
{
    return (double) b->place / (double) b->length;
}


/*
 * Pictures move by whole samples of every plane, so that the colours stay
 * where they belong: the pixels that are common to them.
 */
static size_t
worker_blend_step(const worker_blend_t *b)
{
    size_t  i, step;

    step = 1;

    for (i = 0; i < b->nplanes; i++) {
        step = (b->planes[i].across > step) ? b->planes[i].across : step;
        step = (b->planes[i].down > step) ? b->planes[i].down : step;
    }

    return step;
}


/* of a side of this many pixels, those still to go */
static size_t
worker_blend_rest(const worker_blend_t *b, size_t side)
{
    size_t  step, rest;

    step = worker_blend_step(b);
    rest = (size_t) ((int64_t) side * (b->length - b->place) / b->length);

    return rest / step * step;
}


/* those gone; of an odd side it may be one more than there are */
static size_t
worker_blend_moved(const worker_blend_t *b, size_t side)
{
    size_t  step, rest;

    step = worker_blend_step(b);
    rest = (size_t) ((int64_t) side * (b->length - b->place) / b->length);

    return (side - rest + step - 1) / step * step;
}


/*
 * What xfade takes for a random number: its steps through the sine are those
 * of single precision, or the streaks would be others.
 */
static double
worker_blend_noise(float seed)
{
    double  noise;

    noise = sin((double) seed) * 43758.545;

    return noise - floor(noise);
}


static uint32_t
worker_blend_weight(double u)
{
    u = (u > 0) ? u : 0;
    u = (u < 1) ? u : 1;

    return (uint32_t) (WORKER_BLEND_WHOLE * u * u * (3 - 2 * u) + 0.5);
}


size_t
worker_blend_at(double pixel, size_t step, size_t end)
{
    double  at;

    at = ceil(pixel / (double) step);

    if (at <= 0) {
        return 0;
    }

    return (at < (double) end) ? (size_t) at : end;
}


static uint8_t *
worker_blend_sample(const worker_blend_t *b, const worker_blend_side_t *side,
    size_t x, size_t y)
{
    return side->data + (ptrdiff_t) y * side->row + x * b->bytes;
}


static void
worker_blend_copy(const worker_blend_t *b, const worker_blend_plane_t *p,
    size_t x, size_t y, const worker_blend_side_t *side, size_t side_x,
    size_t side_y, size_t n)
{
    memcpy(worker_blend_sample(b, &p->out, x, y),
           worker_blend_sample(b, side, side_x, side_y), n * b->bytes);
}


void
worker_blend_old(const worker_blend_t *b, const worker_blend_plane_t *p,
    size_t y)
{
    worker_blend_copy(b, p, 0, y, &p->from, 0, y, p->width);
}


void
worker_blend_new(const worker_blend_t *b, const worker_blend_plane_t *p,
    size_t y, double left, double right)
{
    size_t  first, end;

    first = worker_blend_at(left, p->across, p->width);
    end = worker_blend_at(right, p->across, p->width);

    if (first < end) {
        worker_blend_copy(b, p, first, y, &p->to, first, y, end - first);
    }
}


void
worker_blend_mix(const worker_blend_t *b, const worker_blend_plane_t *p,
    size_t x, size_t y, const uint32_t *weights, size_t n)
{
    size_t     i;
    uint8_t   *out, *from, *to;
    uint16_t  *out16, *from16, *to16;

    out = worker_blend_sample(b, &p->out, x, y);
    from = worker_blend_sample(b, &p->from, x, y);
    to = worker_blend_sample(b, &p->to, x, y);

    if (b->bytes == 1) {
        for (i = 0; i < n; i++) {
            out[i] = (uint8_t) ((from[i] * (WORKER_BLEND_WHOLE - weights[i])
                                 + to[i] * weights[i]
                                 + WORKER_BLEND_WHOLE / 2)
                                >> WORKER_BLEND_BITS);
        }

        return;
    }

    out16 = (uint16_t *) out;
    from16 = (uint16_t *) from;
    to16 = (uint16_t *) to;

    for (i = 0; i < n; i++) {
        out16[i] = (uint16_t) ((from16[i] * (WORKER_BLEND_WHOLE - weights[i])
                                + to16[i] * weights[i]
                                + WORKER_BLEND_WHOLE / 2)
                               >> WORKER_BLEND_BITS);
    }
}
