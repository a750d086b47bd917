
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_metrics.h"
#include "worker/worker_render_count.h"


#define WORKER_RENDER_MS         UINT64_C(1000)
#define WORKER_RENDER_S          UINT64_C(1000000)


static void worker_render_count_time(worker_render_times_t *times,
    int64_t us);


const char *const  worker_render_reason_names[WORKER_RENDER_REASONS] = {
    [WORKER_RENDER_NOTHING] = "",
    [WORKER_RENDER_TIME] = "time",
    [WORKER_RENDER_CPU] = "cpu",
    [WORKER_RENDER_MEMORY] = "memory",
    [WORKER_RENDER_STALL] = "stall",
    [WORKER_RENDER_LEFT] = "left",
    [WORKER_RENDER_STOP] = "stop"
};

const uint64_t  worker_render_bounds[WORKER_RENDER_BOUNDS] = {
    5 * WORKER_RENDER_MS, 10 * WORKER_RENDER_MS, 25 * WORKER_RENDER_MS,
    50 * WORKER_RENDER_MS, 100 * WORKER_RENDER_MS, 200 * WORKER_RENDER_MS,
    500 * WORKER_RENDER_MS, WORKER_RENDER_S, 2 * WORKER_RENDER_S,
    5 * WORKER_RENDER_S, 10 * WORKER_RENDER_S, 30 * WORKER_RENDER_S,
    60 * WORKER_RENDER_S, 120 * WORKER_RENDER_S, 300 * WORKER_RENDER_S,
    600 * WORKER_RENDER_S, 1800 * WORKER_RENDER_S, 3600 * WORKER_RENDER_S
};

/* 499: the client left before it was told anything, as nginx has it */
const unsigned  worker_render_statuses[WORKER_RENDER_STATUSES] = {
    200, 304, 400, 403, 404, 405, 406, 408, 413, 431, 499, 500, 501, 503,
    505, 0
};


void
worker_render_count(worker_render_counts_t *counts, unsigned status,
    int64_t us)
{
    size_t  i;

    for (i = 0; i < WORKER_RENDER_STATUSES - 1; i++) {
        if (worker_render_statuses[i] == status) {
            break;
        }
    }

    counts->statuses[i]++;
    worker_render_count_time(&counts->seconds, us);
}


void
worker_render_count_first(worker_render_counts_t *counts, int64_t us)
{
    worker_render_count_time(&counts->first, us);
}


static void
worker_render_count_time(worker_render_times_t *times, int64_t us)
{
    uint64_t  value;

    value = (us > 0) ? (uint64_t) us : 0;

    times->sum += value;
    times->counts[wub_metrics_bucket(worker_render_bounds,
                                     WORKER_RENDER_BOUNDS, value)]++;
}
