
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_full_range: ranges of footage on their way through the decoders,
 * an access unit at a time, so that who needs little decodes little.
 * May call: worker_full_segment, worker_full_video, worker_full_sound,
 * worker_footage, common/.
 * Frees: all of its own in worker_full_range_close(), the footage too.
 */


#ifndef WORKER_FULL_RANGE_H_INCLUDED_
#define WORKER_FULL_RANGE_H_INCLUDED_


#include "worker/worker_full_segment.h"


typedef struct {
    worker_full_t       full;
    worker_full_work_t  work;       /* the segment at work */
    bool                busy;       /* it has steps left */
} worker_full_range_t;


/* what, making, file, and the video's sink are the caller's to set before */
worker_rc_t worker_full_range_init(worker_full_range_t *r,
    worker_err_t *err);

/*
 * A segment comes next: taken on every path, and while busy no other.
 * start and end are the range's.
 */
worker_rc_t worker_full_range_add(worker_full_range_t *r,
    worker_footage_t *footage, int64_t start, int64_t end, bool hole,
    worker_err_t *err);

/* while busy */
worker_rc_t worker_full_range_step(worker_full_range_t *r,
    worker_err_t *err);

/* behind the last segment: some of the next one may come, as by add */
worker_rc_t worker_full_range_behind(worker_full_range_t *r,
    worker_err_t *err);

/* the range ends */
worker_rc_t worker_full_range_end(worker_full_range_t *r,
    worker_err_t *err);

void worker_full_range_close(worker_full_range_t *r);


#endif /* WORKER_FULL_RANGE_H_INCLUDED_ */
