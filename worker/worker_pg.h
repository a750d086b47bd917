
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_pg: the only file with libpq.  One connection; bound parameters
 * only; a lost connection is WORKER_RETRY and is opened anew by
 * worker_pg_connect(), a serialization failure or deadlock too.
 * May call: libpq, poll.
 * Frees: rows by worker_pg_free(), the connection by worker_pg_close().
 */


#ifndef WORKER_PG_H_INCLUDED_
#define WORKER_PG_H_INCLUDED_


#include "worker/worker.h"


typedef struct worker_pg_s  worker_pg_t;
typedef struct worker_pg_rows_s  worker_pg_rows_t;


/*
 * Connects or reconnects within timeout_ms.  name becomes
 * application_name, "wubloader-worker ROLE NAME" as a rule.  TimeZone is
 * UTC, DateStyle ISO, on every connection.
 */
worker_rc_t worker_pg_open(worker_pg_t **ret, const char *conninfo,
    const char *name, int timeout_ms, worker_err_t *err);
worker_rc_t worker_pg_reconnect(worker_pg_t *pg, worker_err_t *err);

/* NULL is accepted */
void worker_pg_close(worker_pg_t *pg);

/* in a child after fork(): closes the descriptor, says nothing to the peer */
void worker_pg_abandon(worker_pg_t *pg);

/*
 * Runs one statement with text parameters ($1..$n; a NULL value is SQL's
 * null) and gives its rows.  ret may be NULL.  A CHECK or constraint that
 * fails is WORKER_INVALID with Postgres' own sentence.
 */
worker_rc_t worker_pg_run(worker_pg_t *pg, const char *sql, int nvalues,
    const char *const *values, worker_pg_rows_t **ret, worker_err_t *err);

/* several statements without parameters, as a migration file holds them */
worker_rc_t worker_pg_script(worker_pg_t *pg, const char *sql,
    worker_err_t *err);

int worker_pg_nrows(const worker_pg_rows_t *rows);

/* rows that an INSERT, UPDATE or DELETE changed */
long worker_pg_affected(const worker_pg_rows_t *rows);

/* NULL for SQL's null; ends with a zero; valid until the rows are freed */
const char *worker_pg_value(const worker_pg_rows_t *rows, int row, int col);
int worker_pg_value_len(const worker_pg_rows_t *rows, int row, int col);

/* NULL is accepted */
void worker_pg_free(worker_pg_rows_t *rows);

/* the descriptor to poll for notifications; -1 when not connected */
int worker_pg_socket(const worker_pg_t *pg);

/*
 * Reads what has arrived.  WORKER_OK: at least one notification came and
 * all are consumed; WORKER_AGAIN: none; WORKER_RETRY: connection lost.
 */
worker_rc_t worker_pg_notified(worker_pg_t *pg, worker_err_t *err);


#endif /* WORKER_PG_H_INCLUDED_ */
