
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_pg.h"

#include <postgresql/libpq-fe.h>


/* what libpq says of a conninfo begins so, and what we say instead */
typedef struct {
    const char  *begin;
    const char  *sentence;
} ngx_http_wubloader_pg_fault_t;


static const char *ngx_http_wubloader_pg_fault(const char *message);
static char *ngx_http_wubloader_pg_copy(ngx_pool_t *pool, const char *text);
static void ngx_http_wubloader_pg_notice(void *data, const PGresult *result);
static PGconn *ngx_http_wubloader_pg_conn(
    const ngx_http_wubloader_pg_t *pg);
static PGresult *ngx_http_wubloader_pg_res(
    const ngx_http_wubloader_pg_result_t *result);
static const char *ngx_http_wubloader_pg_field(
    const ngx_http_wubloader_pg_result_t *result, int field);


static const ngx_http_wubloader_pg_fault_t  ngx_http_wubloader_pg_faults[] = {

    { "missing \"=\"",
      "has a word without a \"=\"; write key=value, and a value with blanks "
      "in single quotes" },

    { "unterminated quoted string",
      "has a single quote too few or too many" },

    { "invalid connection option",
      "has a key that libpq does not know; its manual lists them, host, "
      "port, dbname and user, say" },

    { "invalid URI query parameter",
      "has a parameter that libpq does not know; its manual lists them" },

    { "invalid percent-encoded token",
      "has a percent sign without two hexadecimal digits behind it" },

    { "forbidden value %00",
      "has a %00, which no value may hold" },

    { NULL,
      "is none that libpq reads; write \"host=... dbname=... user=...\" or "
      "\"postgresql://user@host/dbname\"" }
};


const char *
ngx_http_wubloader_pg_parse(ngx_pool_t *pool, const char *conninfo,
    ngx_array_t *ret)
{
    char                            *error;
    const char                      *sentence;
    PQconninfoOption                *list, *p;
    ngx_http_wubloader_pg_option_t  *option;

    error = NULL;

    list = PQconninfoParse(conninfo, &error);

    if (list == NULL) {
        sentence = ngx_http_wubloader_pg_fault(error);
        PQfreemem(error);
        return sentence;
    }

    sentence = NULL;

    for (p = list; p->keyword != NULL; p++) {

        if (p->val == NULL || p->val[0] == '\0') {
            continue;
        }

        option = ngx_array_push(ret);

        if (option == NULL
            || (option->key = ngx_http_wubloader_pg_copy(pool, p->keyword))
               == NULL
            || (option->value = ngx_http_wubloader_pg_copy(pool, p->val))
               == NULL)
        {
            sentence = "needs more memory than there is";
            break;
        }
    }

    PQconninfoFree(list);

    return sentence;
}


static const char *
ngx_http_wubloader_pg_fault(const char *message)
{
    const ngx_http_wubloader_pg_fault_t  *fault;

    for (fault = ngx_http_wubloader_pg_faults; fault->begin; fault++) {
        if (message
            && ngx_strncmp(message, fault->begin, ngx_strlen(fault->begin))
               == 0)
        {
            break;
        }
    }

    return fault->sentence;
}


static char *
ngx_http_wubloader_pg_copy(ngx_pool_t *pool, const char *text)
{
    char    *p;
    size_t   len;

    len = ngx_strlen(text) + 1;

    p = ngx_pnalloc(pool, len);
    if (p == NULL) {
        return NULL;
    }

    ngx_memcpy(p, text, len);

    return p;
}


ngx_http_wubloader_pg_t *
ngx_http_wubloader_pg_start(const char *const *keys,
    const char *const *values)
{
    PGconn  *conn;

    conn = PQconnectStartParams(keys, values, 0);

    if (conn != NULL) {
        (void) PQsetNoticeReceiver(conn, ngx_http_wubloader_pg_notice, NULL);
    }

    return (ngx_http_wubloader_pg_t *) conn;
}


/* libpq would write them to stderr */

static void
ngx_http_wubloader_pg_notice(void *data, const PGresult *result)
{
}


void
ngx_http_wubloader_pg_finish(ngx_http_wubloader_pg_t *pg)
{
    PQfinish(ngx_http_wubloader_pg_conn(pg));
}


ngx_int_t
ngx_http_wubloader_pg_connect(ngx_http_wubloader_pg_t *pg,
    ngx_uint_t *ret_write)
{
    PGconn  *conn;

    conn = ngx_http_wubloader_pg_conn(pg);

    if (PQstatus(conn) == CONNECTION_BAD) {
        return NGX_ERROR;
    }

    switch (PQconnectPoll(conn)) {

    case PGRES_POLLING_READING:
        *ret_write = 0;
        return NGX_AGAIN;

    case PGRES_POLLING_WRITING:
        *ret_write = 1;
        return NGX_AGAIN;

    case PGRES_POLLING_OK:
        return PQsetnonblocking(conn, 1) == 0 ? NGX_OK : NGX_ERROR;

    default:
        return NGX_ERROR;
    }
}


int
ngx_http_wubloader_pg_socket(const ngx_http_wubloader_pg_t *pg)
{
    return PQsocket(ngx_http_wubloader_pg_conn(pg));
}


ngx_str_t
ngx_http_wubloader_pg_error(const ngx_http_wubloader_pg_t *pg, u_char *buf,
    size_t max)
{
    u_char      *p;
    ngx_str_t    text;
    const char  *message;

    message = PQerrorMessage(ngx_http_wubloader_pg_conn(pg));

    text.data = buf;
    text.len = (size_t) (ngx_snprintf(buf, max, "%s", message) - buf);

    for (p = text.data; p < text.data + text.len; p++) {
        if (*p < ' ') {
            *p = ' ';
        }
    }

    while (text.len && text.data[text.len - 1] == ' ') {
        text.len--;
    }

    return text;
}


ngx_int_t
ngx_http_wubloader_pg_query(ngx_http_wubloader_pg_t *pg, const char *text,
    ngx_uint_t nvalues, const char *const *values)
{
    return PQsendQueryParams(ngx_http_wubloader_pg_conn(pg), text,
                             (int) nvalues, NULL, values, NULL, NULL, 0)
           ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_wubloader_pg_prepare(ngx_http_wubloader_pg_t *pg, const char *name,
    const char *text)
{
    return PQsendPrepare(ngx_http_wubloader_pg_conn(pg), name, text, 0, NULL)
           ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_wubloader_pg_execute(ngx_http_wubloader_pg_t *pg, const char *name,
    ngx_uint_t nvalues, const char *const *values)
{
    return PQsendQueryPrepared(ngx_http_wubloader_pg_conn(pg), name,
                               (int) nvalues, values, NULL, NULL, 0)
           ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_wubloader_pg_flush(ngx_http_wubloader_pg_t *pg)
{
    switch (PQflush(ngx_http_wubloader_pg_conn(pg))) {

    case 0:
        return NGX_OK;

    case 1:
        return NGX_AGAIN;

    default:
        return NGX_ERROR;
    }
}


ngx_int_t
ngx_http_wubloader_pg_read(ngx_http_wubloader_pg_t *pg)
{
    PGconn    *conn;
    PGnotify  *notify;

    conn = ngx_http_wubloader_pg_conn(pg);

    if (PQconsumeInput(conn) == 0) {
        return NGX_ERROR;
    }

    while ((notify = PQnotifies(conn)) != NULL) {
        PQfreemem(notify);
    }

    return PQstatus(conn) == CONNECTION_OK ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_wubloader_pg_result(ngx_http_wubloader_pg_t *pg,
    ngx_http_wubloader_pg_result_t **ret)
{
    PGconn    *conn;
    PGresult  *result;

    conn = ngx_http_wubloader_pg_conn(pg);

    if (PQisBusy(conn)) {
        return NGX_AGAIN;
    }

    result = PQgetResult(conn);

    if (result == NULL) {
        return NGX_DONE;
    }

    *ret = (ngx_http_wubloader_pg_result_t *) result;

    return NGX_OK;
}


void
ngx_http_wubloader_pg_clear(ngx_http_wubloader_pg_result_t *result)
{
    PQclear(ngx_http_wubloader_pg_res(result));
}


size_t
ngx_http_wubloader_pg_size(const ngx_http_wubloader_pg_result_t *result)
{
    return PQresultMemorySize(ngx_http_wubloader_pg_res(result));
}


ngx_uint_t
ngx_http_wubloader_pg_open(const ngx_http_wubloader_pg_t *pg)
{
    return PQtransactionStatus(ngx_http_wubloader_pg_conn(pg))
           != PQTRANS_IDLE;
}


ngx_uint_t
ngx_http_wubloader_pg_good(const ngx_http_wubloader_pg_result_t *result)
{
    ExecStatusType  status;

    status = PQresultStatus(ngx_http_wubloader_pg_res(result));

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
           || status == PGRES_EMPTY_QUERY;
}


ngx_uint_t
ngx_http_wubloader_pg_committed(ngx_http_wubloader_pg_result_t *result)
{
    return ngx_strcmp(PQcmdStatus(ngx_http_wubloader_pg_res(result)),
                      "COMMIT")
           == 0;
}


const char *
ngx_http_wubloader_pg_state(const ngx_http_wubloader_pg_result_t *result)
{
    return ngx_http_wubloader_pg_field(result, PG_DIAG_SQLSTATE);
}


const char *
ngx_http_wubloader_pg_constraint(
    const ngx_http_wubloader_pg_result_t *result)
{
    return ngx_http_wubloader_pg_field(result, PG_DIAG_CONSTRAINT_NAME);
}


const char *
ngx_http_wubloader_pg_message(const ngx_http_wubloader_pg_result_t *result)
{
    return ngx_http_wubloader_pg_field(result, PG_DIAG_MESSAGE_PRIMARY);
}


ngx_uint_t
ngx_http_wubloader_pg_rows(const ngx_http_wubloader_pg_result_t *result)
{
    return (ngx_uint_t) PQntuples(ngx_http_wubloader_pg_res(result));
}


ngx_uint_t
ngx_http_wubloader_pg_affected(const ngx_http_wubloader_pg_result_t *result)
{
    char       *p;
    ngx_int_t   n;

    p = PQcmdTuples(ngx_http_wubloader_pg_res(result));
    n = ngx_atoi((u_char *) p, ngx_strlen(p));

    return (n == NGX_ERROR) ? 0 : (ngx_uint_t) n;
}


wub_str_t
ngx_http_wubloader_pg_value(const ngx_http_wubloader_pg_result_t *result,
    ngx_uint_t row, ngx_uint_t column)
{
    int        i, k;
    PGresult  *res;

    i = (int) row;
    k = (int) column;
    res = ngx_http_wubloader_pg_res(result);

    if (i >= PQntuples(res) || k >= PQnfields(res)
        || PQgetisnull(res, i, k))
    {
        return wub_str_n(NULL, 0);
    }

    return wub_str_n(PQgetvalue(res, i, k), (size_t) PQgetlength(res, i, k));
}


static PGconn *
ngx_http_wubloader_pg_conn(const ngx_http_wubloader_pg_t *pg)
{
    return (PGconn *) (uintptr_t) pg;
}


static PGresult *
ngx_http_wubloader_pg_res(const ngx_http_wubloader_pg_result_t *result)
{
    return (PGresult *) (uintptr_t) result;
}


static const char *
ngx_http_wubloader_pg_field(const ngx_http_wubloader_pg_result_t *result,
    int field)
{
    const char  *value;

    value = PQresultErrorField(ngx_http_wubloader_pg_res(result), field);

    return (value == NULL) ? "" : value;
}
