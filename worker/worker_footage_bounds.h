
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_footage_bounds: where the video of a segment begins and ends.  What
 * is left out before its first frame may be of the segment before, or be
 * what this one begins with by its name.
 * May call: worker_footage, common/.
 * Frees: nothing.
 */


#ifndef WORKER_FOOTAGE_BOUNDS_H_INCLUDED_
#define WORKER_FOOTAGE_BOUNDS_H_INCLUDED_


#include "worker/worker_footage.h"


/* times of pictures before the first frame, 33 bits, or WUB_TS_NONE */
typedef struct {
    int64_t  key;               /* the first that is a key frame */
    int64_t  early;             /* the first one shown */
} worker_bounds_t;


void worker_bounds_init(worker_bounds_t *b);

/* a picture is left out; pts may be WUB_TS_NONE */
void worker_bounds_left(worker_bounds_t *b, int64_t pts, bool key);

/* sets start, missing, end and spacing, once the times of frames[] are set */
void worker_footage_bounds(worker_footage_t *f, const worker_bounds_t *b);


#endif /* WORKER_FOOTAGE_BOUNDS_H_INCLUDED_ */
