
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_db_pool.h"


/* bytes of values that need no memory of their own */
#define NGX_HTTP_WUBLOADER_DB_VALUES  4096

/* ms: before work is begun again that others were in the way of */
#define NGX_HTTP_WUBLOADER_DB_PAUSE   10


static void ngx_http_wubloader_db_submitted(
    ngx_http_wubloader_db_conn_t *conn, ngx_http_wubloader_db_step_e step,
    ngx_int_t rc);
static ngx_int_t ngx_http_wubloader_db_flush(
    ngx_http_wubloader_db_conn_t *conn);
static ngx_int_t ngx_http_wubloader_db_collect(
    ngx_http_wubloader_db_conn_t *conn);
static void ngx_http_wubloader_db_good(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_pg_result_t *result);
static void ngx_http_wubloader_db_next(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_pg_result_t *result);
static void ngx_http_wubloader_db_submit(
    ngx_http_wubloader_db_conn_t *conn);
static ngx_uint_t ngx_http_wubloader_db_prepared(
    ngx_http_wubloader_db_conn_t *conn,
    const ngx_http_wubloader_db_statement_t *statement);
static void ngx_http_wubloader_db_perform(
    ngx_http_wubloader_db_conn_t *conn);
static ssize_t ngx_http_wubloader_db_measure(
    const ngx_http_wubloader_db_work_t *work);
static void ngx_http_wubloader_db_bind(
    const ngx_http_wubloader_db_work_t *work, u_char *buf,
    const char **values);

/*
 * A server that hangs for longer than we wait has given a statement up by
 * itself by then, so that it is not done behind our back.
 */
static const char  ngx_http_wubloader_db_settings[] =
    "SELECT set_config('search_path', 'public, pg_temp', false),"
    " set_config('TimeZone', 'UTC', false),"
    " set_config('DateStyle', 'ISO', false),"
    " set_config('IntervalStyle', 'postgres', false),"
    " set_config('bytea_output', 'hex', false),"
    " set_config('standard_conforming_strings', 'on', false),"
    " set_config('statement_timeout', $1, false),"
    " set_config('idle_in_transaction_session_timeout', $2, false)";


void
ngx_http_wubloader_db_set_up(ngx_http_wubloader_db_conn_t *conn)
{
    u_char       statement[NGX_INT64_LEN + 1], idle[NGX_INT64_LEN + 1];
    const char  *values[2];

    (void) ngx_sprintf(statement, "%M%Z", conn->db->timeout);
    (void) ngx_sprintf(idle, "%M%Z", conn->db->timeout * 2);

    values[0] = (char *) statement;
    values[1] = (char *) idle;

    conn->step = ngx_http_wubloader_db_setup;

    ngx_http_wubloader_db_submitted(conn, ngx_http_wubloader_db_setup,
        ngx_http_wubloader_pg_query(conn->pg,
                                    ngx_http_wubloader_db_settings, 2,
                                    values));
}


void
ngx_http_wubloader_db_start(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_db_work_t *work)
{
    conn->work = work;
    conn->how = NGX_HTTP_WUBLOADER_DB_DONE;
    conn->again = 0;
    conn->sent = 0;
    conn->transaction = work->transaction;
    conn->write = work->write;
    conn->c->idle = 0;

    work->connection = conn;
    work->tries++;

    ngx_add_timer(&conn->timer, ngx_http_wubloader_db_left(work->deadline));

    if (!conn->transaction) {
        conn->step = ngx_http_wubloader_db_begin;
        ngx_http_wubloader_db_next(conn, NULL);
        return;
    }

    ngx_http_wubloader_db_submitted(conn, ngx_http_wubloader_db_begin,
        ngx_http_wubloader_pg_query(conn->pg,
                                    "BEGIN ISOLATION LEVEL READ COMMITTED", 0,
                                    NULL));
}


static void
ngx_http_wubloader_db_submitted(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_db_step_e step, ngx_int_t rc)
{
    conn->step = step;

    if (rc == NGX_OK) {
        rc = ngx_http_wubloader_db_flush(conn);
    }

    if (rc != NGX_OK) {
        ngx_http_wubloader_db_lost(conn);
    }
}


/* sends what is left, and asks to be told when there is room for more */

static ngx_int_t
ngx_http_wubloader_db_flush(ngx_http_wubloader_db_conn_t *conn)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = conn->c;
    rc = ngx_http_wubloader_pg_flush(conn->pg);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (!c->read->active
        && ngx_add_event(c->read, NGX_READ_EVENT, NGX_LEVEL_EVENT) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (rc == NGX_AGAIN && !c->write->active) {
        return ngx_add_event(c->write, NGX_WRITE_EVENT, NGX_LEVEL_EVENT);
    }

    if (rc == NGX_OK && c->write->active) {
        return ngx_del_event(c->write, NGX_WRITE_EVENT, 0);
    }

    return NGX_OK;
}


void
ngx_http_wubloader_db_writable(ngx_http_wubloader_db_conn_t *conn)
{
    if (ngx_http_wubloader_db_flush(conn) != NGX_OK) {
        ngx_http_wubloader_db_lost(conn);
    }
}


void
ngx_http_wubloader_db_readable(ngx_http_wubloader_db_conn_t *conn)
{
    ngx_int_t                        rc;
    ngx_http_wubloader_pg_result_t  *result;

    rc = ngx_http_wubloader_pg_read(conn->pg);

    if (conn->step == ngx_http_wubloader_db_idle
        || conn->step == ngx_http_wubloader_db_pause)
    {
        if (rc != NGX_OK) {
            ngx_http_wubloader_db_lost(conn);
        }

        return;
    }

    /* what came before the end counts */

    if (rc != NGX_OK) {
        conn->bad = 1;
    }

    if (ngx_http_wubloader_db_collect(conn) == NGX_AGAIN) {

        if (conn->bad || ngx_http_wubloader_db_flush(conn) != NGX_OK) {
            ngx_http_wubloader_db_lost(conn);
        }

        return;
    }

    result = conn->result;
    conn->result = NULL;

    if (result == NULL) {
        ngx_http_wubloader_db_lost(conn);
        return;
    }

    if (ngx_http_wubloader_pg_good(result)) {
        ngx_http_wubloader_db_good(conn, result);
        return;
    }

    ngx_http_wubloader_db_error(conn, result);
}


/* the first result that is bad, or the last one */

static ngx_int_t
ngx_http_wubloader_db_collect(ngx_http_wubloader_db_conn_t *conn)
{
    ngx_int_t                        rc;
    ngx_http_wubloader_pg_result_t  *result;

    for ( ;; ) {
        rc = ngx_http_wubloader_pg_result(conn->pg, &result);

        if (rc != NGX_OK) {
            return rc;
        }

        if (conn->result && !ngx_http_wubloader_pg_good(conn->result)) {
            ngx_http_wubloader_pg_clear(result);
            continue;
        }

        ngx_http_wubloader_pg_clear(conn->result);
        conn->result = result;
    }
}


static void
ngx_http_wubloader_db_good(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_pg_result_t *result)
{
    ngx_uint_t  committed;

    switch (conn->step) {

    case ngx_http_wubloader_db_begin:
        ngx_http_wubloader_pg_clear(result);
        ngx_http_wubloader_db_next(conn, NULL);
        return;

    case ngx_http_wubloader_db_execute:
        ngx_http_wubloader_db_next(conn, result);
        return;

    case ngx_http_wubloader_db_commit:
        committed = ngx_http_wubloader_pg_committed(result);
        ngx_http_wubloader_pg_clear(result);
        ngx_http_wubloader_db_finish(conn, committed
                                         ? NGX_HTTP_WUBLOADER_DB_DONE
                                         : NGX_HTTP_WUBLOADER_DB_FAILED);
        return;

    default:
        break;
    }

    ngx_http_wubloader_pg_clear(result);

    if (conn->step == ngx_http_wubloader_db_setup) {
        ngx_http_wubloader_db_ready(conn);
        return;
    }

    if (conn->step == ngx_http_wubloader_db_rollback) {
        ngx_http_wubloader_db_release(conn);
        return;
    }

    /* prepared; with no room for one more the connection ends after it */

    if (conn->nstatements < NGX_HTTP_WUBLOADER_DB_STATEMENTS) {
        conn->statements[conn->nstatements++] = conn->preparing;

    } else {
        conn->bad = 1;
    }

    if (conn->work) {
        ngx_http_wubloader_db_perform(conn);
        return;
    }

    ngx_http_wubloader_db_finish(conn, NGX_HTTP_WUBLOADER_DB_UNDONE);
}


/* asks the handler what comes next; result is its own for the call */

static void
ngx_http_wubloader_db_next(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_pg_result_t *result)
{
    ngx_int_t                      rc;
    ngx_http_request_t            *r;
    ngx_http_wubloader_db_work_t  *work;

    work = conn->work;

    if (work == NULL) {
        ngx_http_wubloader_pg_clear(result);
        ngx_http_wubloader_db_finish(conn, NGX_HTTP_WUBLOADER_DB_UNDONE);
        return;
    }

    r = work->request;
    ngx_http_set_log_request(r->connection->log, r);

    work->statement = NULL;
    work->kept = 0;

    rc = work->next(work, result);

    if (!work->kept) {
        ngx_http_wubloader_pg_clear(result);
    }

    if (rc == NGX_AGAIN && work->statement) {
        ngx_http_wubloader_db_submit(conn);
        return;
    }

    if (rc == NGX_OK && conn->transaction) {
        ngx_http_wubloader_db_submitted(conn, ngx_http_wubloader_db_commit,
            ngx_http_wubloader_pg_query(conn->pg, "COMMIT", 0, NULL));
        return;
    }

    ngx_http_wubloader_db_finish(conn,
        (rc == NGX_OK) ? NGX_HTTP_WUBLOADER_DB_DONE
        : (rc == NGX_DECLINED) ? NGX_HTTP_WUBLOADER_DB_UNDONE
        : (rc == NGX_BUSY) ? NGX_HTTP_WUBLOADER_DB_BUSY
        : NGX_HTTP_WUBLOADER_DB_FAILED);
}


static void
ngx_http_wubloader_db_submit(ngx_http_wubloader_db_conn_t *conn)
{
    const ngx_http_wubloader_db_statement_t  *statement;

    statement = conn->work->statement;

    if (ngx_http_wubloader_db_prepared(conn, statement)) {
        ngx_http_wubloader_db_perform(conn);
        return;
    }

    conn->preparing = statement;

    ngx_http_wubloader_db_submitted(conn, ngx_http_wubloader_db_prepare,
        ngx_http_wubloader_pg_prepare(conn->pg, statement->name,
                                      statement->text));
}


static ngx_uint_t
ngx_http_wubloader_db_prepared(ngx_http_wubloader_db_conn_t *conn,
    const ngx_http_wubloader_db_statement_t *statement)
{
    ngx_uint_t  i;

    for (i = 0; i < conn->nstatements; i++) {
        if (conn->statements[i] == statement) {
            return 1;
        }
    }

    return 0;
}


/* libpq wants a zero behind each value, and copies them */

static void
ngx_http_wubloader_db_perform(ngx_http_wubloader_db_conn_t *conn)
{
    u_char                             *buf;
    u_char                              room[NGX_HTTP_WUBLOADER_DB_VALUES];
    ssize_t                             len;
    ngx_int_t                           rc;
    const char                  *values[NGX_HTTP_WUBLOADER_DB_PARAMS] = { 0 };
    const ngx_http_wubloader_db_work_t  *work;

    work = conn->work;
    len = ngx_http_wubloader_db_measure(work);

    if (len == NGX_ERROR) {

        /* what the server says of one that it can see */

        ngx_http_wubloader_db_reason(conn, "22021",
                                     "a value holds a zero byte", "");
        ngx_http_wubloader_db_finish(conn, NGX_HTTP_WUBLOADER_DB_REFUSED);
        return;
    }

    buf = room;

    if ((size_t) len > sizeof(room)) {
        buf = ngx_alloc((size_t) len, conn->db->log);
        if (buf == NULL) {
            ngx_http_wubloader_db_finish(conn, NGX_HTTP_WUBLOADER_DB_FAILED);
            return;
        }
    }

    ngx_http_wubloader_db_bind(work, buf, values);

    rc = ngx_http_wubloader_pg_execute(conn->pg, work->statement->name,
                                       work->statement->nparams, values);

    if (buf != room) {
        ngx_free(buf);
    }

    conn->sent++;
    ngx_http_wubloader_count(conn->db->stats, statements, 1);

    ngx_http_wubloader_db_submitted(conn, ngx_http_wubloader_db_execute, rc);
}


static ssize_t
ngx_http_wubloader_db_measure(const ngx_http_wubloader_db_work_t *work)
{
    size_t       len;
    ngx_uint_t   i;
    const char  *p;

    len = 0;

    for (i = 0; i < work->statement->nparams; i++) {
        p = work->params[i].data;

        /* ngx_strlchr() takes 1 ms for each MB, and an image has many */

        if (p && memchr(p, '\0', work->params[i].len)) {
            return NGX_ERROR;
        }

        len += work->params[i].len + 1;
    }

    return (ssize_t) len;
}


static void
ngx_http_wubloader_db_bind(const ngx_http_wubloader_db_work_t *work,
    u_char *buf, const char **values)
{
    ngx_uint_t  i;

    for (i = 0; i < work->statement->nparams; i++) {
        if (work->params[i].data) {
            values[i] = (char *) buf;

            buf = ngx_cpymem(buf, work->params[i].data, work->params[i].len);
            *buf++ = '\0';
        }
    }
}


void
ngx_http_wubloader_db_finish(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_db_end_e how)
{
    conn->how = how;

    if (conn->bad || !ngx_http_wubloader_pg_open(conn->pg)) {
        ngx_http_wubloader_db_release(conn);
        return;
    }

    ngx_http_wubloader_db_submitted(conn, ngx_http_wubloader_db_rollback,
        ngx_http_wubloader_pg_query(conn->pg, "ROLLBACK", 0, NULL));
}


void
ngx_http_wubloader_db_release(ngx_http_wubloader_db_conn_t *conn)
{
    ngx_uint_t                     again;
    ngx_http_wubloader_db_t       *db;
    ngx_http_wubloader_db_end_e    how;
    ngx_http_wubloader_db_work_t  *work;

    db = conn->db;
    how = conn->how;
    work = conn->work;
    again = conn->again;

    if (conn->timer.timer_set) {
        ngx_del_timer(&conn->timer);
    }

    if (again && work && !conn->bad) {
        ngx_http_wubloader_count(db->stats, repeated, 1);
        conn->step = ngx_http_wubloader_db_pause;
        conn->sent = 0;
        ngx_add_timer(&conn->timer, 1 + (ngx_msec_t) ngx_random()
                      % (NGX_HTTP_WUBLOADER_DB_PAUSE * work->tries));
        return;
    }

    conn->work = NULL;

    if (conn->bad) {
        ngx_http_wubloader_db_close(conn);

    } else {
        ngx_http_wubloader_db_ready(conn);
    }

    if (work != NULL) {
        work->connection = NULL;

        if (db->stats) {
            ngx_http_wubloader_metrics_observe(&db->stats->work,
                ngx_http_wubloader_metrics_clock() - work->started);
        }

        if (again) {
            ngx_http_wubloader_db_wait(work);

        } else {
            ngx_http_wubloader_db_end(work, how);
        }
    }

    ngx_http_wubloader_db_wake(db);
}


void
ngx_http_wubloader_db_leave(ngx_http_wubloader_db_conn_t *conn)
{
    conn->work = NULL;
    conn->again = 0;

    if (conn->step == ngx_http_wubloader_db_pause) {
        ngx_http_wubloader_db_release(conn);
    }
}
