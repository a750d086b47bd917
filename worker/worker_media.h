
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_media: the one-shot command "media KIND": one cut into a file or
 * to stdout, with a bar on stderr where that is a terminal.
 * May call: worker_cut, worker_media_out, libc.
 * Frees: all that it opened; the temporary file is gone when it fails.
 */


#ifndef WORKER_MEDIA_H_INCLUDED_
#define WORKER_MEDIA_H_INCLUDED_


#include "common/wub_range.h"
#include "worker/worker.h"
#include "worker/worker_encode.h"
#include "worker/worker_kind.h"
#include "worker/worker_store.h"


typedef enum {
    WORKER_MEDIA_PLAN_NONE = 0,
    WORKER_MEDIA_PLAN_ONLY,             /* to stdout, and nothing is cut */
    WORKER_MEDIA_PLAN_BESIDE            /* of what is done, to stderr */
} worker_media_plan_e;

typedef struct {
    const worker_kind_t           *kind;
    worker_store_t                 store;
    wub_ranges_t                   ranges;
    bool                           allow_holes;
    worker_encode_t                encode;
    worker_media_plan_e            plan;
    const char                    *output;      /* a path; "-": stdout */
    const volatile sig_atomic_t   *stop;        /* may be NULL */
} worker_media_t;


/*
 * WORKER_DECLINED: a range that is none, an output that is no file: exit
 * 2.  All else as worker_cut_run(): exit 1.
 */
worker_rc_t worker_media_run(const worker_media_t *m, worker_err_t *err);


#endif /* WORKER_MEDIA_H_INCLUDED_ */
