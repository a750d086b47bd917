
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_plan_json: the words that a plan is written with.
 * May call: common/.
 * Frees: nothing.
 */


#ifndef WORKER_PLAN_JSON_H_INCLUDED_
#define WORKER_PLAN_JSON_H_INCLUDED_


#include "worker/worker_plan.h"


/*
 * Bytes of one side of a transition, which is an hour at most; and of what
 * is written at once, both of them and what is around them.
 */
#define WORKER_PLAN_SIDE         ((size_t) 8 << 20)
#define WORKER_PLAN_PIECE        (2 * WORKER_PLAN_SIDE + ((size_t) 1 << 20))


void worker_plan_open(worker_plan_t *p);
void worker_plan_close(worker_plan_t *p);
void worker_plan_key(worker_plan_t *p, const char *key);
void worker_plan_text(worker_plan_t *p, const char *key, const char *value);
void worker_plan_number(worker_plan_t *p, const char *key, int64_t n);
void worker_plan_bool(worker_plan_t *p, const char *key, bool value);
void worker_plan_time(worker_plan_t *p, const char *key, int64_t us);
void worker_plan_list(worker_plan_t *p, const char *key);

/* what follows begins a line of its own: it is read by people too */
void worker_plan_line(worker_plan_t *p);

/* the first one, and the one behind the last */
void worker_plan_bytes(worker_plan_t *p, uint64_t from, uint64_t to);

/* hands it on */
worker_rc_t worker_plan_put(worker_plan_t *p, worker_err_t *err);


#endif /* WORKER_PLAN_JSON_H_INCLUDED_ */
