
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_db_pool.h"


/* what a refusal means for the work */
typedef enum {
    ngx_http_wubloader_db_refuse = 0,
    ngx_http_wubloader_db_retry_it,     /* others were in the way */
    ngx_http_wubloader_db_reconnect,    /* the connection ends */
    ngx_http_wubloader_db_elsewhere,    /* the server takes no writes */
    ngx_http_wubloader_db_afresh,       /* a prepared statement is gone */
    ngx_http_wubloader_db_late,
    ngx_http_wubloader_db_overload
} ngx_http_wubloader_db_action_e;


/* a SQLSTATE or how it begins */
typedef struct {
    const char                      *state;
    ngx_http_wubloader_db_action_e   action;
} ngx_http_wubloader_db_code_t;


static ngx_http_wubloader_db_action_e ngx_http_wubloader_db_action(
    const char *state);
static ngx_str_t ngx_http_wubloader_db_text(ngx_http_request_t *r,
    const char *text);
static ngx_uint_t ngx_http_wubloader_db_unknown(
    ngx_http_wubloader_db_conn_t *conn);
static ngx_uint_t ngx_http_wubloader_db_repeatable(
    ngx_http_wubloader_db_conn_t *conn, ngx_uint_t tries);


static const ngx_http_wubloader_db_code_t  ngx_http_wubloader_db_codes[] = {

    { "40001", ngx_http_wubloader_db_retry_it },    /* serialization */
    { "40P01", ngx_http_wubloader_db_retry_it },    /* deadlock */
    { "25006", ngx_http_wubloader_db_elsewhere },   /* read-only */
    { "26000", ngx_http_wubloader_db_afresh },      /* not prepared */
    { "42P05", ngx_http_wubloader_db_afresh },      /* prepared twice */
    { "0A000", ngx_http_wubloader_db_afresh },      /* another result type */
    { "57014", ngx_http_wubloader_db_late },        /* statement_timeout */
    { "55P03", ngx_http_wubloader_db_late },        /* lock_timeout */
    { "57P", ngx_http_wubloader_db_reconnect },     /* shut down, crashed */
    { "25P03", ngx_http_wubloader_db_reconnect },   /* idle for too long */
    { "08", ngx_http_wubloader_db_reconnect },
    { "53", ngx_http_wubloader_db_overload },
    { NULL, ngx_http_wubloader_db_refuse }
};


void
ngx_http_wubloader_db_error(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_pg_result_t *result)
{
    ngx_http_wubloader_db_end_e      how;
    ngx_http_wubloader_db_action_e   action;

    action = ngx_http_wubloader_db_action(
                 ngx_http_wubloader_pg_state(result));

    if (action == ngx_http_wubloader_db_reconnect
        || conn->step == ngx_http_wubloader_db_setup
        || conn->step == ngx_http_wubloader_db_rollback)
    {
        ngx_http_wubloader_pg_clear(result);
        ngx_http_wubloader_db_lost(conn);
        return;
    }

    how = NGX_HTTP_WUBLOADER_DB_REFUSED;

    ngx_http_wubloader_db_reason(conn, ngx_http_wubloader_pg_state(result),
        ngx_http_wubloader_pg_message(result),
        ngx_http_wubloader_pg_constraint(result));

    ngx_http_wubloader_pg_clear(result);

    switch (action) {

    case ngx_http_wubloader_db_retry_it:
        how = NGX_HTTP_WUBLOADER_DB_BUSY;
        conn->again = ngx_http_wubloader_db_repeatable(conn,
                          NGX_HTTP_WUBLOADER_DB_TRIES);
        break;

    case ngx_http_wubloader_db_elsewhere:

        /* all connections may lead to a server that was the first one */

        how = NGX_HTTP_WUBLOADER_DB_AWAY;
        ngx_http_wubloader_db_shun(conn->db, &conn->place);
        conn->db->epoch++;
        /* fall through */

    case ngx_http_wubloader_db_afresh:
        conn->bad = 1;
        conn->again = ngx_http_wubloader_db_repeatable(conn,
                          NGX_HTTP_WUBLOADER_DB_LOST);
        break;

    case ngx_http_wubloader_db_late:
        how = NGX_HTTP_WUBLOADER_DB_SLOW;
        break;

    case ngx_http_wubloader_db_overload:
        how = NGX_HTTP_WUBLOADER_DB_AWAY;
        break;

    default:
        break;
    }

    ngx_http_wubloader_db_finish(conn, how);
}


static ngx_http_wubloader_db_action_e
ngx_http_wubloader_db_action(const char *state)
{
    const ngx_http_wubloader_db_code_t  *code;

    /* without one it is libpq's own: there is no server any more */

    if (state[0] == '\0') {
        return ngx_http_wubloader_db_reconnect;
    }

    for (code = ngx_http_wubloader_db_codes; code->state; code++) {
        if (ngx_strncmp(code->state, state, ngx_strlen(code->state)) == 0) {
            break;
        }
    }

    return code->action;
}


void
ngx_http_wubloader_db_reason(ngx_http_wubloader_db_conn_t *conn,
    const char *state, const char *message, const char *constraint)
{
    ngx_http_wubloader_db_work_t *work = conn->work;

    if (work != NULL) {
        (void) ngx_cpystrn(work->state, (u_char *) (uintptr_t) state,
                           sizeof(work->state));

        work->message = ngx_http_wubloader_db_text(work->request, message);
        work->constraint = ngx_http_wubloader_db_text(work->request,
                                                      constraint);
    }
}


static ngx_str_t
ngx_http_wubloader_db_text(ngx_http_request_t *r, const char *text)
{
    ngx_str_t  s;

    ngx_str_null(&s);

    s.data = ngx_pnalloc(r->pool, ngx_strlen(text));

    if (s.data) {
        s.len = ngx_strlen(text);
        ngx_memcpy(s.data, text, s.len);
    }

    return s;
}


void
ngx_http_wubloader_db_lost(ngx_http_wubloader_db_conn_t *conn)
{
    switch (conn->step) {

    case ngx_http_wubloader_db_setup:
        ngx_http_wubloader_db_note(conn);
        ngx_http_wubloader_db_next_place(conn);
        return;

    case ngx_http_wubloader_db_idle:
        ngx_log_error(NGX_LOG_INFO, conn->db->log, 0,
                      "the database ended an idle connection");
        ngx_http_wubloader_db_close(conn);
        return;

    case ngx_http_wubloader_db_rollback:
        break;

    default:
        if (ngx_http_wubloader_db_unknown(conn)) {
            conn->how = NGX_HTTP_WUBLOADER_DB_UNKNOWN;
            break;
        }

        conn->how = NGX_HTTP_WUBLOADER_DB_AWAY;
        conn->again = ngx_http_wubloader_db_repeatable(conn,
                          NGX_HTTP_WUBLOADER_DB_LOST);
    }

    ngx_http_wubloader_db_note(conn);

    ngx_log_error(NGX_LOG_WARN, conn->db->log, 0,
                  "the connection to the database is lost: %*s",
                  conn->db->error_len, conn->db->error);

    /* a server that ends sends all of its connections away: to a new one */

    ngx_http_wubloader_count(conn->db->stats, lost, 1);

    conn->db->epoch++;
    conn->bad = 1;
    ngx_http_wubloader_db_release(conn);
}


/* a server that hangs would hang again: there is no second try */

void
ngx_http_wubloader_db_timeout(ngx_http_wubloader_db_conn_t *conn)
{
    switch (conn->step) {

    case ngx_http_wubloader_db_pause:
        ngx_http_wubloader_db_start(conn, conn->work);
        return;

    case ngx_http_wubloader_db_rollback:
        if (conn->again) {
            conn->again = 0;
            conn->how = NGX_HTTP_WUBLOADER_DB_SLOW;
        }

        break;

    default:
        conn->how = ngx_http_wubloader_db_unknown(conn)
                    ? NGX_HTTP_WUBLOADER_DB_UNKNOWN
                    : NGX_HTTP_WUBLOADER_DB_SLOW;
    }

    ngx_log_error(NGX_LOG_WARN, conn->db->log, NGX_ETIMEDOUT,
                  "the database does not answer");

    ngx_http_wubloader_count(conn->db->stats, lost, 1);

    conn->bad = 1;
    ngx_http_wubloader_db_release(conn);
}


/* without an answer to what was sent last, a write may be done or not */

static ngx_uint_t
ngx_http_wubloader_db_unknown(ngx_http_wubloader_db_conn_t *conn)
{
    if (!conn->write) {
        return 0;
    }

    if (conn->transaction) {
        return conn->step == ngx_http_wubloader_db_commit;
    }

    return conn->sent != 0;
}


/* statements of their own that wrote something are not written twice */

static ngx_uint_t
ngx_http_wubloader_db_repeatable(ngx_http_wubloader_db_conn_t *conn,
    ngx_uint_t tries)
{
    if (conn->work == NULL || conn->work->tries >= tries) {
        return 0;
    }

    return conn->transaction || !conn->write || conn->sent <= 1;
}
