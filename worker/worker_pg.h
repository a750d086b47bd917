
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_pg: the only file with libpq.  One connection; bound parameters
 * only.  WORKER_RETRY: the connection is lost (open it anew by
 * worker_pg_reconnect()), the server does not answer in time or is read
 * only, or a serialization failure or deadlock; nothing else is worth
 * trying again as it is.
 * May call: libpq, poll, common/ (wub_arena).
 * Frees: rows by worker_pg_free(), the connection by worker_pg_close().
 */


#ifndef WORKER_PG_H_INCLUDED_
#define WORKER_PG_H_INCLUDED_


#include "worker/worker.h"


/* milliseconds that one statement, or one script, may take */
#define WORKER_PG_TIMEOUT         30000
#define WORKER_PG_SCRIPT_TIMEOUT  900000


typedef struct worker_pg_s  worker_pg_t;
typedef struct worker_pg_rows_s  worker_pg_rows_t;

/* what the server remarks on a statement: "NOTICE: ..." */
typedef void (*worker_pg_notice_pt)(void *data, const char *text);


/*
 * Connects or reconnects within timeout_ms; only the lookup of a host's
 * name may take longer.  name becomes application_name, "wubloader-worker
 * ROLE NAME" as a rule.  TimeZone is UTC, DateStyle ISO, on every
 * connection; statements end after WORKER_PG_TIMEOUT.  A conninfo that
 * cannot be read is WORKER_INVALID.
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

/*
 * Several statements without parameters, as a migration file holds them.
 * After a failure a transaction that the script began is rolled back.
 */
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

/* remarks go nowhere unless somebody asks for them; stays over reconnects */
void worker_pg_on_notice(worker_pg_t *pg, worker_pg_notice_pt notice,
    void *data);

/* the descriptor to poll for notifications; -1 when not connected */
int worker_pg_socket(const worker_pg_t *pg);

/*
 * Reads what has arrived.  WORKER_OK: at least one notification came and
 * all are consumed; WORKER_AGAIN: none; WORKER_RETRY: connection lost.
 * Ask before waiting for the descriptor: what came along with the answer to
 * a statement does not make it readable again.
 */
worker_rc_t worker_pg_notified(worker_pg_t *pg, worker_err_t *err);


#endif /* WORKER_PG_H_INCLUDED_ */
