
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_footage_run.h"


/*
 * Segments without a hole between them go on where their time stamps do
 * what their names say, to this many microseconds: a frame may be missing
 * or late.
 */
#define WORKER_FOOTAGE_DRIFT     INT64_C(50000)


static int64_t worker_footage_lead(const worker_footage_t *f);


bool
worker_footage_follows(const worker_footage_t *a, int64_t anchor,
    const worker_footage_t *b, bool hole)
{
    int64_t  first, gap, drift;

    first = wub_ts_unwrap(anchor + a->end, b->first);
    gap = first + worker_footage_lead(b) - (anchor + a->end);

    if (2 * gap <= a->spacing && 2 * gap >= -a->spacing) {
        return true;
    }

    drift = (b->segment.start - a->segment.start)
            - wub_time_from_ticks(first - anchor, 1, WUB_TS_HZ);

    return !hole && gap > 0 && drift <= WORKER_FOOTAGE_DRIFT
           && drift >= -WORKER_FOOTAGE_DRIFT;
}


/* the time of the frame shown first against that of the key frame */
static int64_t
worker_footage_lead(const worker_footage_t *f)
{
    size_t   i;
    int64_t  lead;

    lead = f->frames[0].pts;

    for (i = 1; i < f->nvideo && f->frames[i].key == WUB_KEY_NONE; i++) {
        lead = (f->frames[i].pts < lead) ? f->frames[i].pts : lead;
    }

    return lead - f->frames[0].pts;
}
