
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_cutter: the role cut.  A single-threaded parent that finds jobs
 * and supervises a child for each; it does no media and no file of the
 * store, so that neither can stop it.
 * May call: worker_job, worker_cutter_job, worker_child, worker_loop,
 * worker_pause, worker_pg, worker_log.
 * Frees: all, after its last child has ended.
 */


#ifndef WORKER_CUTTER_H_INCLUDED_
#define WORKER_CUTTER_H_INCLUDED_


#include "worker/worker_config.h"


/* an exit code; says on its own what went wrong */
int worker_cutter(const worker_config_t *config, bool once);


#endif /* WORKER_CUTTER_H_INCLUDED_ */
