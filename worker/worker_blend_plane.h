
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_blend_plane: what the files of worker_blend share: the shapes that
 * are made plane by plane, and what rows are made of.
 * May call: libm.
 * Frees: nothing.
 */


#ifndef WORKER_BLEND_PLANE_H_INCLUDED_
#define WORKER_BLEND_PLANE_H_INCLUDED_


#include "worker/worker_blend.h"


#define WORKER_BLEND_PI          3.14159265358979323846

/* columns that are worked out at once where each one is different */
#define WORKER_BLEND_STRIP       256

/* the weight of a sample of to that alone is seen */
#define WORKER_BLEND_BITS        15
#define WORKER_BLEND_WHOLE       (1u << WORKER_BLEND_BITS)


/* back: of what has a direction, to the left or upwards */
typedef void (*worker_blend_pt)(const worker_blend_t *b,
    const worker_blend_plane_t *p, bool back);


void worker_blend_clock(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back);
void worker_blend_star(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back);
void worker_blend_bat(const worker_blend_t *b, const worker_blend_plane_t *p,
    bool back);
void worker_blend_diamond(const worker_blend_t *b,
    const worker_blend_plane_t *p, bool back);

/* 0 to 1 */
double worker_blend_done(const worker_blend_t *b);

/* the first sample at a pixel or behind it; end at most */
size_t worker_blend_at(double pixel, size_t step, size_t end);

/* a row of from */
void worker_blend_old(const worker_blend_t *b, const worker_blend_plane_t *p,
    size_t y);

/* of to, the part of a row between two pixels, the right one left out */
void worker_blend_new(const worker_blend_t *b, const worker_blend_plane_t *p,
    size_t y, double left, double right);

/* n samples, each of to as far as its weight says */
void worker_blend_mix(const worker_blend_t *b, const worker_blend_plane_t *p,
    size_t x, size_t y, const uint32_t *weights, size_t n);


#endif /* WORKER_BLEND_PLANE_H_INCLUDED_ */
