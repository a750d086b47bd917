
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <math.h>

#include "worker/worker_blend_plane.h"


/* the bat: half as wide as this, ellipses this high, and what it grows by */
#define WORKER_BLEND_BAT_WIDE    7.0
#define WORKER_BLEND_BAT_HIGH    3.0
#define WORKER_BLEND_BAT_GROWS   0.3
#define WORKER_BLEND_BAT_RISES   0.4


static double worker_blend_bat_top(double x);
static double worker_blend_bat_bottom(double x);


/*
 * A hand that turns once around, from the top.  It cuts a row that it
 * points to at edge; above the middle what it has passed lies to the left
 * of that, on the side of the hand, below it to the right.
 */
void
worker_blend_clock(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back)
{
    double  turn, middle, edge, width, dy;
    size_t  y;

    (void) back;

    turn = worker_blend_done(b);
    width = (double) b->width;
    middle = width / 2;

    for (y = 0; y < p->height; y++) {
        dy = (double) (y * p->down) - (double) b->height / 2;
        edge = middle - dy * tan(2 * WORKER_BLEND_PI * turn);

        worker_blend_old(b, p, y);

        if (dy < 0) {
            worker_blend_new(b, p, y, middle, (turn < 0.25) ? edge : width);

            if (turn > 0.75) {
                worker_blend_new(b, p, y, 0, edge);
            }

        } else if (turn > 0.75) {
            worker_blend_new(b, p, y, 0, width);

        } else if (turn > 0.25) {
            worker_blend_new(b, p, y, (dy > 0) ? edge : middle, width);
        }
    }
}


/*
 * Five lines at one distance from the middle, each across from where a tip
 * of the star points to: in the star is what lies beyond one at most.  Of
 * the two lines that cut a row on the right of the middle, those on the left
 * are the mirror images.
 */
void
worker_blend_star(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back)
{
    double  t, far, dy, middle, arm, leg, inner, outer;
    size_t  y;

    (void) back;

    t = worker_blend_done(b);
    middle = (double) b->width / 2;
    far = 0.75 * t * t * hypot(middle, (double) b->height / 2);

    for (y = 0; y < p->height; y++) {
        dy = (double) (y * p->down) - (double) b->height / 2;

        arm = (far + dy * sin(WORKER_BLEND_PI / 10))
              / cos(WORKER_BLEND_PI / 10);
        leg = (far - dy * sin(WORKER_BLEND_PI * 3 / 10))
              / cos(WORKER_BLEND_PI * 3 / 10);

        inner = fmin(arm, leg);
        outer = fmax(arm, leg);

        worker_blend_old(b, p, y);

        if (-dy >= far) {
            worker_blend_new(b, p, y, middle - inner, middle + inner);

        } else if (inner >= 0) {
            worker_blend_new(b, p, y, middle - outer, middle + outer);

        } else {
            worker_blend_new(b, p, y, middle - outer, middle + inner);
            worker_blend_new(b, p, y, middle - inner, middle + outer);
        }
    }
}


/*
 * Column by column, for in each the bat is one piece.  It grows, and rises a
 * little while it does, so that all of the picture is reached at once.
 */
void
worker_blend_bat(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back)
{
    double    t, grown, middle, unit, dx;
    size_t    i, n, x, y, tops[WORKER_BLEND_STRIP], ends[WORKER_BLEND_STRIP];
    uint32_t  weights[WORKER_BLEND_STRIP];

    (void) back;

    t = worker_blend_done(b);
    grown = t * t * t * t / WORKER_BLEND_BAT_GROWS;
    unit = (double) b->height / 6 * grown;
    middle = (double) b->height / 2;

    if (t > 0.5) {
        middle -= (double) b->height * WORKER_BLEND_BAT_RISES
                  * (t - 0.5) * (t - 0.5);
    }

    for (x = 0; x < p->width; x += n) {
        n = p->width - x;
        n = (n < WORKER_BLEND_STRIP) ? n : WORKER_BLEND_STRIP;

        for (i = 0; i < n; i++) {
            dx = fabs((double) ((x + i) * p->across) - (double) b->width / 2)
                 * 2 * WORKER_BLEND_BAT_WIDE / ((double) b->width * grown);

            tops[i] = worker_blend_at(middle - unit
                                               * worker_blend_bat_top(dx),
                                      p->down, p->height);
            ends[i] = worker_blend_at(middle - unit
                                               * worker_blend_bat_bottom(dx),
                                      p->down, p->height);
        }

        for (y = 0; y < p->height; y++) {
            for (i = 0; i < n; i++) {
                weights[i] = (y >= tops[i] && y < ends[i])
                             ? WORKER_BLEND_WHOLE : 0;
            }

            worker_blend_mix(b, p, x, y, weights, n);
        }
    }
}


void
worker_blend_diamond(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back)
{
    double  half, middle, height;
    size_t  y;

    (void) back;

    middle = (double) b->width / 2;
    height = (double) b->height;

    for (y = 0; y < p->height; y++) {
        half = (double) b->width
               * (worker_blend_done(b)
                  - fabs((double) (y * p->down) / height - 0.5));

        worker_blend_old(b, p, y);
        worker_blend_new(b, p, y, middle - half, middle + half);
    }
}


/* above the middle: wing, shoulder, ear on its outside and inside, head */
static double
worker_blend_bat_top(double x)
{
    if (x >= WORKER_BLEND_BAT_WIDE) {
        return 0;
    }

    if (x > 3) {
        return WORKER_BLEND_BAT_HIGH
               * sqrt(1 - x * x / (WORKER_BLEND_BAT_WIDE
                                   * WORKER_BLEND_BAT_WIDE));
    }

    if (x > 1) {
        return 1.5 - 0.5 * x
               + 3 * sqrt(10) / 7 * (2 - sqrt(4 - (x - 1) * (x - 1)));
    }

    if (x > 0.75) {
        return 9 - 8 * x;
    }

    return (x > 0.5) ? 3 * x + 0.75 : 2.25;
}


/* below it: wing, and two arcs on each side of the tail */
static double
worker_blend_bat_bottom(double x)
{
    double  arc;

    if (x >= 4) {
        return (x < WORKER_BLEND_BAT_WIDE) ? -worker_blend_bat_top(x) : 0;
    }

    arc = fabs(x - 2) - 1;

    return x / 2 - (3 * sqrt(33) - 7) / 112 * x * x - 3
           + sqrt(1 - arc * arc);
}
