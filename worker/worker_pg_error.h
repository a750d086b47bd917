
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_pg_error: what a failure of the database means for a job, and its
 * sentence.  For worker_pg only; knows strings, not libpq.
 * May call: worker.h.
 * Frees: nothing.
 */


#ifndef WORKER_PG_ERROR_H_INCLUDED_
#define WORKER_PG_ERROR_H_INCLUDED_


#include "worker/worker.h"


/* NULL, a failure of the connection itself, is WORKER_RETRY */
worker_rc_t worker_pg_state(const char *sqlstate);

/* "what: message"; libpq's lines and tabs become one line */
worker_rc_t worker_pg_say(worker_err_t *err, worker_rc_t rc,
    const char *what, const char *message);


#endif /* WORKER_PG_ERROR_H_INCLUDED_ */
