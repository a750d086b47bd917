
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "worker/worker_loop.h"
#include "worker/worker_pg.h"
#include "worker/worker_pg_error.h"


#define WORKER_PG_ARENA_MAX      65536


struct worker_pg_s {
    PGconn               *conn;         /* NULL when not connected */
    void                 *notice_data;
    wub_arena_t          *arena;        /* this struct and its strings */
    const char           *name;
    const char           *conninfo;
    worker_pg_notice_pt   notice;       /* may be NULL */
    int                   timeout_ms;   /* of a connect */
};


/*
 * A server that hangs for longer than a statement may take has given it up
 * by itself when we do, so that it is not done behind our back.
 */
static const char  worker_pg_setup[] =
    "SELECT set_config('TimeZone', 'UTC', false),"
    " set_config('DateStyle', 'ISO', false),"
    " set_config('bytea_output', 'hex', false),"
    " set_config('client_encoding', 'UTF8', false),"
    " set_config('standard_conforming_strings', 'on', false),"
    " set_config('statement_timeout', '25s', false),"
    " set_config('idle_in_transaction_session_timeout', '60s', false)";


static worker_rc_t worker_pg_connect(worker_pg_t *pg, worker_err_t *err);
static worker_rc_t worker_pg_connect_wait(PGconn *conn, int64_t deadline,
    worker_err_t *err);
static worker_rc_t worker_pg_exec(worker_pg_t *pg, int timeout,
    PGresult **ret, worker_err_t *err);
static worker_rc_t worker_pg_result(worker_pg_t *pg, int64_t deadline,
    PGresult **ret, worker_err_t *err);
static worker_rc_t worker_pg_lost(worker_pg_t *pg, worker_err_t *err);
static worker_rc_t worker_pg_check(const PGresult *res, worker_err_t *err);
static void worker_pg_receive(void *data, const PGresult *res);
static bool worker_pg_poll(int fd, short events, int64_t deadline);


worker_rc_t
worker_pg_open(worker_pg_t **ret, const char *conninfo, const char *name,
    int timeout_ms, worker_err_t *err)
{
    char              *message;
    wub_arena_t       *arena;
    worker_pg_t       *pg;
    worker_rc_t        rc;
    PQconninfoOption  *options;

    message = NULL;
    options = PQconninfoParse(conninfo, &message);
    if (options == NULL) {
        rc = worker_pg_say(err, WORKER_INVALID, "the database's conninfo",
                           message == NULL ? "out of memory" : message);
        PQfreemem(message);
        return rc;
    }

    PQconninfoFree(options);

    pg = NULL;

    arena = wub_arena_create(WORKER_PG_ARENA_MAX);
    if (arena != NULL) {
        pg = wub_arena_calloc(arena, sizeof(worker_pg_t));
    }

    if (pg == NULL) {
        wub_arena_destroy(arena);
        return worker_fail_memory(err, "database connection");
    }

    pg->arena = arena;
    pg->timeout_ms = timeout_ms;
    pg->name = wub_arena_strdup(arena, wub_str_n(name, strlen(name)));
    pg->conninfo = wub_arena_strdup(arena,
                                    wub_str_n(conninfo, strlen(conninfo)));

    if (pg->name == NULL || pg->conninfo == NULL) {
        wub_arena_destroy(arena);
        return worker_fail_memory(err, "database connection");
    }

    rc = worker_pg_connect(pg, err);
    if (rc != WORKER_OK) {
        worker_pg_close(pg);
        return rc;
    }

    *ret = pg;

    return WORKER_OK;
}


worker_rc_t
worker_pg_reconnect(worker_pg_t *pg, worker_err_t *err)
{
    PQfinish(pg->conn);
    pg->conn = NULL;

    return worker_pg_connect(pg, err);
}


void
worker_pg_close(worker_pg_t *pg)
{
    if (pg == NULL) {
        return;
    }

    PQfinish(pg->conn);
    wub_arena_destroy(pg->arena);
}


void
worker_pg_abandon(worker_pg_t *pg)
{
    int  fd, null;

    if (pg == NULL) {
        return;
    }

    fd = worker_pg_socket(pg);

    /*
     * PQfinish() says goodbye, which would end the parent's session: let it
     * speak to a descriptor that is no socket.
     */

    if (fd != -1) {
        null = open("/dev/null", O_RDWR|O_CLOEXEC);
        if (null == -1 || dup2(null, fd) == -1) {
            (void) close(fd);
            pg->conn = NULL;
        }

        if (null != -1) {
            (void) close(null);
        }
    }

    worker_pg_close(pg);
}


worker_rc_t
worker_pg_run(worker_pg_t *pg, const char *sql, int nvalues,
    const char *const *values, worker_pg_rows_t **ret, worker_err_t *err)
{
    PGresult     *res;
    worker_rc_t   rc;

    if (pg->conn == NULL
        || PQsendQueryParams(pg->conn, sql, nvalues, NULL, values, NULL, NULL,
                             0) == 0)
    {
        return worker_pg_lost(pg, err);
    }

    rc = worker_pg_exec(pg, WORKER_PG_TIMEOUT, &res, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (ret != NULL) {
        *ret = (worker_pg_rows_t *) res;
        return WORKER_OK;
    }

    PQclear(res);

    return WORKER_OK;
}


worker_rc_t
worker_pg_script(worker_pg_t *pg, const char *sql, worker_err_t *err)
{
    PGresult     *res;
    worker_rc_t   rc;

    if (pg->conn == NULL || PQsendQuery(pg->conn, sql) == 0) {
        return worker_pg_lost(pg, err);
    }

    rc = worker_pg_exec(pg, WORKER_PG_SCRIPT_TIMEOUT, &res, err);

    if (rc == WORKER_OK) {
        PQclear(res);
        return WORKER_OK;
    }

    if (pg->conn != NULL && PQtransactionStatus(pg->conn) == PQTRANS_INERROR) {
        (void) worker_pg_run(pg, "ROLLBACK", 0, NULL, NULL, NULL);
    }

    return rc;
}


int
worker_pg_nrows(const worker_pg_rows_t *rows)
{
    return PQntuples((const PGresult *) rows);
}


long
worker_pg_affected(const worker_pg_rows_t *rows)
{
    long         n;
    PGresult    *res;
    const char  *p;

    /* not const for no reason that libpq would name; it is only read */
    memcpy(&res, &rows, sizeof(void *));

    n = 0;

    for (p = PQcmdTuples(res); *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (*p - '0');
    }

    return n;
}


const char *
worker_pg_value(const worker_pg_rows_t *rows, int row, int col)
{
    if (PQgetisnull((const PGresult *) rows, row, col)) {
        return NULL;
    }

    return PQgetvalue((const PGresult *) rows, row, col);
}


int
worker_pg_value_len(const worker_pg_rows_t *rows, int row, int col)
{
    return PQgetlength((const PGresult *) rows, row, col);
}


void
worker_pg_free(worker_pg_rows_t *rows)
{
    PQclear((PGresult *) rows);
}


void
worker_pg_on_notice(worker_pg_t *pg, worker_pg_notice_pt notice, void *data)
{
    pg->notice = notice;
    pg->notice_data = data;
}


int
worker_pg_socket(const worker_pg_t *pg)
{
    return pg->conn == NULL ? -1 : PQsocket(pg->conn);
}


worker_rc_t
worker_pg_notified(worker_pg_t *pg, worker_err_t *err)
{
    PGnotify     *notify;
    worker_rc_t   rc;

    if (pg->conn == NULL || PQconsumeInput(pg->conn) == 0) {
        return worker_pg_lost(pg, err);
    }

    rc = WORKER_AGAIN;

    for ( ;; ) {
        notify = PQnotifies(pg->conn);
        if (notify == NULL) {
            break;
        }

        PQfreemem(notify);
        rc = WORKER_OK;
    }

    return rc;
}


static worker_rc_t
worker_pg_connect(worker_pg_t *pg, worker_err_t *err)
{
    PGresult     *res;
    int64_t       deadline;
    worker_rc_t   rc;

    /* a conninfo may say otherwise, but for the name */

    static const char *const  keys[] = {
        "keepalives", "keepalives_idle", "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "dbname",
        "application_name", NULL
    };

    const char *const  values[] = {
        "1", "30", "10", "3", "30000", pg->conninfo, pg->name, NULL
    };

    deadline = worker_loop_now() + pg->timeout_ms;

    pg->conn = PQconnectStartParams(keys, values, 1);
    if (pg->conn == NULL) {
        return worker_fail_memory(err, "database connection");
    }

    rc = worker_pg_connect_wait(pg->conn, deadline, err);
    if (rc == WORKER_OK) {
        (void) PQsetNoticeReceiver(pg->conn, worker_pg_receive, pg);

        if (PQsetnonblocking(pg->conn, 1) == -1
            || PQsendQuery(pg->conn, worker_pg_setup) == 0)
        {
            return worker_pg_lost(pg, err);
        }

        rc = worker_pg_exec(pg, pg->timeout_ms, &res, err);
    }

    if (rc != WORKER_OK) {
        PQfinish(pg->conn);
        pg->conn = NULL;
        return rc;
    }

    PQclear(res);

    return WORKER_OK;
}


static worker_rc_t
worker_pg_connect_wait(PGconn *conn, int64_t deadline, worker_err_t *err)
{
    short                      events;
    PostgresPollingStatusType  status;

    status = PGRES_POLLING_WRITING;     /* libpq's rule for the first */

    while (PQstatus(conn) != CONNECTION_BAD) {
        events = (status == PGRES_POLLING_READING) ? POLLIN : POLLOUT;

        /* the descriptor may be another one after each step */

        if (!worker_pg_poll(PQsocket(conn), events, deadline)) {
            return worker_fail(err, WORKER_RETRY, "the database did not "
                               "accept a connection in time");
        }

        status = PQconnectPoll(conn);

        if (status == PGRES_POLLING_OK) {
            return WORKER_OK;
        }

        if (status == PGRES_POLLING_FAILED) {
            break;
        }
    }

    return worker_pg_say(err, WORKER_RETRY, "cannot connect to the database",
                         PQerrorMessage(conn));
}


/* what was sent is run to its end; ret is its last result, or the failure */

static worker_rc_t
worker_pg_exec(worker_pg_t *pg, int timeout, PGresult **ret, worker_err_t *err)
{
    int64_t       deadline;
    PGresult     *res, *last;
    worker_rc_t   rc, failed;

    res = NULL;
    last = NULL;
    failed = WORKER_OK;
    deadline = worker_loop_now() + timeout;

    for ( ;; ) {
        rc = worker_pg_result(pg, deadline, &res, err);
        if (rc != WORKER_OK) {
            PQclear(last);
            return rc;
        }

        if (res == NULL) {
            break;
        }

        if (failed == WORKER_OK) {
            failed = worker_pg_check(res, err);
        }

        PQclear(last);
        last = res;
    }

    /* a server that goes away says why first */

    if (PQstatus(pg->conn) == CONNECTION_BAD) {
        PQfinish(pg->conn);
        pg->conn = NULL;

        if (failed == WORKER_OK) {
            (void) worker_pg_lost(pg, err);
        }

        failed = WORKER_RETRY;
    }

    if (failed != WORKER_OK) {
        PQclear(last);
        return failed;
    }

    *ret = last;

    return WORKER_OK;
}


/* *ret is NULL behind the last one */

static worker_rc_t
worker_pg_result(worker_pg_t *pg, int64_t deadline, PGresult **ret,
    worker_err_t *err)
{
    bool   flush;
    short  events;

    for ( ;; ) {
        /* when it failed, the server's last words are still to be read */

        flush = (PQflush(pg->conn) == 1);

        if (!flush && PQisBusy(pg->conn) == 0) {
            break;
        }

        events = (short) (POLLIN | (flush ? POLLOUT : 0));

        if (!worker_pg_poll(PQsocket(pg->conn), events, deadline)) {
            PQfinish(pg->conn);
            pg->conn = NULL;
            return worker_fail(err, WORKER_RETRY, "the database did not "
                               "answer in time, the connection is closed");
        }

        if (PQconsumeInput(pg->conn) == 0) {
            return worker_pg_lost(pg, err);
        }
    }

    *ret = PQgetResult(pg->conn);

    return WORKER_OK;
}


static worker_rc_t
worker_pg_lost(worker_pg_t *pg, worker_err_t *err)
{
    worker_rc_t  rc;

    if (pg->conn == NULL) {
        return worker_fail(err, WORKER_RETRY, "no connection to the database");
    }

    rc = worker_pg_say(err, WORKER_RETRY, "the connection to the database is "
                       "lost", PQerrorMessage(pg->conn));

    PQfinish(pg->conn);
    pg->conn = NULL;

    return rc;
}


static worker_rc_t
worker_pg_check(const PGresult *res, worker_err_t *err)
{
    const char      *message;
    ExecStatusType   status;

    status = PQresultStatus(res);

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
        || status == PGRES_EMPTY_QUERY)
    {
        return WORKER_OK;
    }

    message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    if (message == NULL) {
        message = PQresultErrorMessage(res);
    }

    return worker_pg_say(err,
                         worker_pg_state(PQresultErrorField(res,
                                                            PG_DIAG_SQLSTATE)),
                         "database", message);
}


static void
worker_pg_receive(void *data, const PGresult *res)
{
    worker_pg_t   *pg;
    const char    *severity, *message;
    worker_err_t   line;

    pg = data;

    severity = PQresultErrorField(res, PG_DIAG_SEVERITY);
    message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

    if (pg->notice == NULL || severity == NULL || message == NULL) {
        return;
    }

    (void) worker_pg_say(&line, WORKER_OK, severity, message);

    pg->notice(pg->notice_data, line.text);
}


/* false when the deadline has passed; errors show at the next libpq call */

static bool
worker_pg_poll(int fd, short events, int64_t deadline)
{
    int            rc;
    int64_t        left;
    struct pollfd  pfd;

    pfd.fd = fd;
    pfd.events = events;

    do {
        left = deadline - worker_loop_now();
        if (left <= 0) {
            return false;
        }

        rc = poll(&pfd, 1, (int) left);

    } while (rc == -1 && errno == EINTR);

    return rc != 0;
}
