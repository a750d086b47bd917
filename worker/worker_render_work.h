
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_render_work: what is done for each kind of request.
 * May call: worker_cut, worker_still, worker_render_answer,
 * worker_render_range.
 * Frees: nothing; it works in the child's arena.
 */


#ifndef WORKER_RENDER_WORK_H_INCLUDED_
#define WORKER_RENDER_WORK_H_INCLUDED_


#include "common/wub_render.h"
#include "worker/worker_render_answer.h"
#include "worker/worker_store.h"


typedef struct {
    worker_render_answer_t  *answer;
    const wub_render_t      *request;
    worker_store_t           store;
} worker_render_work_t;


/*
 * WORKER_OK: answered, be it refused or rendered; else the answer is the
 * caller's to give, or to break off.
 */
worker_rc_t worker_render_work(const worker_render_work_t *w,
    worker_err_t *err);

/* of a good request: the type of what is rendered for it */
const char *worker_render_work_type(const wub_render_t *r);


#endif /* WORKER_RENDER_WORK_H_INCLUDED_ */
