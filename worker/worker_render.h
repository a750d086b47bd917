
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_render: the role that renders on demand: a parent that accepts
 * connections and waits for them, and a child for each one that answers it.
 * The parent never calls libav nor libmicrohttpd.
 * May call: worker_render_*, worker_log, worker_loop.
 * Frees: all of its own.
 */


#ifndef WORKER_RENDER_H_INCLUDED_
#define WORKER_RENDER_H_INCLUDED_


#include "worker/worker_config.h"


/* until SIGTERM; the exit status of the process */
int worker_render(const worker_config_t *config);


#endif /* WORKER_RENDER_H_INCLUDED_ */
