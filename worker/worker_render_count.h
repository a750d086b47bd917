
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_render_count: what became of requests, counted; and the words for
 * it.
 * May call: common/wub_metrics, worker_render_slot.
 * Frees: nothing.
 */


#ifndef WORKER_RENDER_COUNT_H_INCLUDED_
#define WORKER_RENDER_COUNT_H_INCLUDED_


#include "worker/worker_render_slot.h"


/* of each reason, for labels and the log; "" of none */
extern const char *const  worker_render_reason_names[WORKER_RENDER_REASONS];

/* microseconds, sorted */
extern const uint64_t     worker_render_bounds[WORKER_RENDER_BOUNDS];

/* statuses that are counted; the last one is 0, any other */
extern const unsigned     worker_render_statuses[WORKER_RENDER_STATUSES];


/* an answer of a kind; microseconds since its connection was accepted */
void worker_render_count(worker_render_counts_t *counts, unsigned status,
    int64_t us);

void worker_render_count_first(worker_render_counts_t *counts, int64_t us);


#endif /* WORKER_RENDER_COUNT_H_INCLUDED_ */
