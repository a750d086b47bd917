
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_log: logfmt lines on stderr, one write each.  Called by the top
 * layer only (main and roles); everything below returns its sentence.
 * May call: libc.
 * Frees: nothing.
 */


#ifndef WORKER_LOG_H_INCLUDED_
#define WORKER_LOG_H_INCLUDED_


#include "worker/worker.h"


typedef enum {
    WORKER_LOG_ERROR = 0,
    WORKER_LOG_WARN,
    WORKER_LOG_INFO,
    WORKER_LOG_DEBUG
} worker_log_level_e;


/*
 * "time=... level=info role=cut pid=... msg=\"...\" key=value ...":
 * after msg come pairs of const char * key and value, ended by NULL.
 */
void worker_log(worker_log_level_e level, const char *msg, ...)
    __attribute__((sentinel));

/* once, at the start: the role that every line names, and the least level */
void worker_log_setup(const char *role, worker_log_level_e level);


#endif /* WORKER_LOG_H_INCLUDED_ */
