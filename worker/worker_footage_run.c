
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
static int64_t worker_footage_drift(const worker_footage_t *a,
    const worker_footage_t *b, int64_t distance);


worker_footage_run_e
worker_footage_run(const worker_footage_t *a, const worker_footage_t *b,
    bool hole, int64_t *ret)
{
    int64_t  distance, gap, joined;

    distance = wub_ts_unwrap(a->first + a->end, b->first) - a->first;
    joined = a->end - worker_footage_lead(b);
    gap = distance - joined;

    if ((2 * gap <= a->spacing && 2 * gap >= -a->spacing)
        || (!hole && gap > 0
            && worker_footage_drift(a, b, distance) <= WORKER_FOOTAGE_DRIFT))
    {
        *ret = distance;
        return WORKER_FOOTAGE_FOLLOWS;
    }

    if (!hole && worker_footage_drift(a, b, joined) <= WORKER_FOOTAGE_DRIFT) {
        *ret = joined;
        return WORKER_FOOTAGE_ANEW;
    }

    return WORKER_FOOTAGE_APART;
}


/* microseconds between a distance in ticks and that of the names */
static int64_t
worker_footage_drift(const worker_footage_t *a, const worker_footage_t *b,
    int64_t distance)
{
    int64_t  drift;

    drift = (b->segment.start - a->segment.start)
            - wub_time_from_ticks(distance, 1, WUB_TS_HZ);

    return (drift < 0) ? -drift : drift;
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
