
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_render_metrics: the counters of the render service as Prometheus
 * reads them.
 * May call: common/wub_metrics, worker_render_answer, worker_render_count.
 * Frees: nothing; the text lives in the child's arena.
 */


#ifndef WORKER_RENDER_METRICS_H_INCLUDED_
#define WORKER_RENDER_METRICS_H_INCLUDED_


#include "worker/worker_render_answer.h"


worker_rc_t worker_render_metrics(const worker_render_shared_t *shared,
    worker_render_answer_t *a, worker_err_t *err);


#endif /* WORKER_RENDER_METRICS_H_INCLUDED_ */
