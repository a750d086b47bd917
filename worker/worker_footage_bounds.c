
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdlib.h>

#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_footage_bounds.h"


/* frames by which a name and the time stamps differ */
#define WORKER_BOUNDS_SLACK      2


static int64_t worker_bounds_missing(const worker_footage_t *f,
    const worker_bounds_t *b);


void
worker_bounds_init(worker_bounds_t *b)
{
    b->key = WUB_TS_NONE;
    b->early = WUB_TS_NONE;
}


void
worker_bounds_left(worker_bounds_t *b, int64_t pts, bool key)
{
    if (pts == WUB_TS_NONE) {
        return;
    }

    if (key && b->key == WUB_TS_NONE) {
        b->key = pts;
    }

    if (b->early == WUB_TS_NONE || wub_ts_unwrap(b->early, pts) < b->early) {
        b->early = pts;
    }
}


void
worker_footage_bounds(worker_footage_t *f, const worker_bounds_t *b)
{
    size_t   i;
    int64_t  last, time;

    last = 0;

    for (i = 0; i < f->nvideo; i++) {
        last = (f->frames[i].pts > last) ? f->frames[i].pts : last;
    }

    f->spacing = worker_footage_spacing(f, last);
    f->end = last + f->spacing;

    time = wub_time_from_ticks(worker_bounds_missing(f, b), 1, WUB_TS_HZ);

    if (time > 0 && time < f->segment.duration) {
        f->missing = time;
        f->segment.start += time;
        f->segment.duration -= time;
    }
}


/*
 * Ticks from the segment's start to its first frame.  Without a sign of its
 * own key frame, pictures before that are its own where it is as much
 * shorter than its name says; the key frame was shown before them.
 */
static int64_t
worker_bounds_missing(const worker_footage_t *f, const worker_bounds_t *b)
{
    int64_t  spacing, ticks, less;

    if (b->key != WUB_TS_NONE) {
        return wub_ts_unwrap(0, f->first - b->key);
    }

    if (b->early == WUB_TS_NONE) {
        return 0;
    }

    spacing = worker_footage_spacing(f, 0);
    ticks = wub_ts_unwrap(0, f->first - b->early) + spacing;
    less = f->segment.duration - wub_time_from_ticks(f->end + ticks, 1,
                                                     WUB_TS_HZ);

    return (llabs(less) <= wub_time_from_ticks(WORKER_BOUNDS_SLACK * spacing,
                                               1, WUB_TS_HZ)) ? ticks : 0;
}
