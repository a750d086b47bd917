
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_blend: pictures of the transitions that FFmpeg 5.1's xfade lacks:
 * those that later ones have, by the same geometry, and upstream's own.
 * Planes of any size and of 8 to 16 bits, as they are: nothing is converted.
 * May call: libm.
 * Frees: nothing.
 */


#ifndef WORKER_BLEND_H_INCLUDED_
#define WORKER_BLEND_H_INCLUDED_


#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/wub.h"


#define WORKER_BLEND_PLANES      4


typedef struct {
    uint8_t                *data;
    ptrdiff_t               row;        /* bytes from one to the next */
} worker_blend_side_t;

/* a plane of the pictures; only out is written to */
typedef struct {
    worker_blend_side_t     from;
    worker_blend_side_t     to;
    worker_blend_side_t     out;
    size_t                  width;      /* samples */
    size_t                  height;
    size_t                  across;     /* pixels that a sample stands for */
    size_t                  down;
} worker_blend_plane_t;

typedef struct {
    worker_blend_plane_t    planes[WORKER_BLEND_PLANES];
    size_t                  nplanes;
    size_t                  bytes;      /* of a sample: 1 or 2 */
    size_t                  width;      /* pixels */
    size_t                  height;
    int64_t                 place;      /* 0 <= place <= length */
    int64_t                 length;     /* over 0; under 2^46 */
} worker_blend_t;

/* a way to make such pictures */
typedef struct worker_blend_how_s  worker_blend_how_t;


/* NULL: xfade has it, or there is no such transition */
const worker_blend_how_t *worker_blend_find(wub_str_t name);

/*
 * Fills in out.  A sample that stands for several pixels goes where the
 * first one of them goes.  At place 0 it is from.
 */
void worker_blend(const worker_blend_how_t *how, const worker_blend_t *b);


#endif /* WORKER_BLEND_H_INCLUDED_ */
