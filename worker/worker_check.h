
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_check: whether a row can be cut here and now, and all that its
 * cut needs, read from the row's text and the disk.
 * May call: worker_store, worker_cut, common/.
 * Frees: nothing; results live in the caller's arena.
 */


#ifndef WORKER_CHECK_H_INCLUDED_
#define WORKER_CHECK_H_INCLUDED_


#include "common/wub_hour.h"
#include "worker/worker_config.h"
#include "worker/worker_cut.h"
#include "worker/worker_job.h"


typedef struct {
    const worker_location_t  *location;
    const worker_kind_t      *kind;
    worker_encode_t           encode;       /* settings of that kind */
    worker_store_t            store;
    wub_ranges_t              ranges;
    bool                      allow_holes;
    wub_pg_items_t            tags;         /* the row's and the worker's */
    wub_str_t                 thumbnail;
    wub_names_t               tombstones;   /* "HOUR/STEM", sorted */
} worker_check_t;


/*
 * WORKER_INVALID and WORKER_HOLES: it cannot be cut as it is, the sentence
 * is for the row; WORKER_RETRY: that cannot be told just now.
 */
worker_rc_t worker_check_job(wub_arena_t *arena,
    const worker_config_t *config, const worker_job_t *job,
    worker_check_t *ret, worker_err_t *err);

/*
 * WORKER_RETRY when a tombstone of the ranges has come since, with a
 * sentence that names it.
 */
worker_rc_t worker_check_tombstones(wub_arena_t *arena,
    const worker_check_t *check, worker_err_t *err);


#endif /* WORKER_CHECK_H_INCLUDED_ */
