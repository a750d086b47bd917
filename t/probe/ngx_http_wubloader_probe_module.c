
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * The directive "wubloader_probe" makes a location run statements in the
 * database, as a handler of the module would:
 *
 *     GET /?do=NAME:VALUE,NAME:VALUE[&transaction=1][&write=1]
 *
 * The answer has a line for each statement, its first two values, and one
 * that tells how often the work was begun.  "decline" and "error" are what
 * next() may return besides.
 */


#include "ngx_wubloader_module/ngx_http_wubloader_db.h"


#define PROBE_STEPS  16
#define PROBE_BYTES  4096

/* bytes of a value that are shown */
#define PROBE_VALUE  64


typedef struct {
    ngx_str_t    steps[PROBE_STEPS];
    ngx_uint_t   nsteps;
    ngx_uint_t   at;
    wub_str_t    value;
    u_char      *last;          /* of text */
    u_char       text[PROBE_BYTES];
} probe_t;


static char *probe_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static ngx_int_t probe_handler(ngx_http_request_t *r);
static ngx_int_t probe_read(ngx_http_request_t *r, probe_t *probe,
    ngx_str_t *arg);
static ngx_int_t probe_next(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result);
static void probe_show(probe_t *probe,
    ngx_http_wubloader_pg_result_t *result);
static void probe_value(probe_t *probe, wub_str_t value);
static ngx_int_t probe_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work);


static const ngx_http_wubloader_db_statement_t  probe_statements[] = {
    { "probe_text", "SELECT $1::text, pg_backend_pid()", 1 },
    { "probe_null", "SELECT NULL, $1", 1 },
    { "probe_sleep", "SELECT pg_sleep($1::float8), pg_backend_pid()", 1 },
    { "probe_insert", "INSERT INTO probe (v) VALUES ($1)", 1 },
    { "probe_late", "INSERT INTO probe_late (v) VALUES ($1)", 1 },
    { "probe_count", "SELECT count(*), min(v) FROM probe WHERE v = $1", 1 },
    { "probe_bump", "UPDATE probe_n SET n = n + 1 WHERE k = $1", 1 },
    { "probe_n", "SELECT n, k FROM probe_n WHERE k = $1", 1 },
    { "probe_serial", "SELECT probe_serial($1)", 1 },
    { "probe_star", "SELECT * FROM probe_star WHERE v = $1", 1 },
    { "probe_rows", "SELECT repeat('x', 1000) FROM "
                    "generate_series(1, $1::integer)", 1 },
    { "probe_row", "SELECT repeat('x', $1::integer)", 1 },
    { "probe_forget", "DEALLOCATE ALL", 0 },
    { NULL, NULL, 0 }
};


static ngx_command_t  probe_commands[] = {

    { ngx_string("wubloader_probe"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      probe_set,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  probe_module_ctx = {
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
};


ngx_module_t  ngx_http_wubloader_probe_module = {
    NGX_MODULE_V1,
    &probe_module_ctx,
    probe_commands,
    NGX_HTTP_MODULE,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NGX_MODULE_V1_PADDING
};


static char *
probe_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = probe_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
probe_handler(ngx_http_request_t *r)
{
    probe_t                       *probe;
    ngx_int_t                      rc;
    ngx_str_t                      arg;
    ngx_http_wubloader_ctx_t      *ctx;
    ngx_http_wubloader_db_work_t  *work;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    probe = ngx_pcalloc(r->pool, sizeof(probe_t));
    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_ctx_t));
    work = ngx_http_wubloader_db_work(r);

    if (probe == NULL || ctx == NULL || work == NULL) {
        return NGX_ERROR;
    }

    ctx->request = r;
    ngx_http_set_ctx(r, ctx, ngx_http_wubloader_module);

    if (ngx_http_arg(r, (u_char *) "do", 2, &arg) != NGX_OK
        || probe_read(r, probe, &arg) != NGX_OK)
    {
        return NGX_HTTP_BAD_REQUEST;
    }

    work->transaction = (ngx_http_arg(r, (u_char *) "transaction", 11, &arg)
                         == NGX_OK);
    work->write = (ngx_http_arg(r, (u_char *) "write", 5, &arg) == NGX_OK);
    work->data = probe;
    work->next = probe_next;
    work->end = probe_end;

    return ngx_http_wubloader_db_run(work);
}


static ngx_int_t
probe_read(ngx_http_request_t *r, probe_t *probe, ngx_str_t *arg)
{
    u_char     *p, *end, *last, *src;
    ngx_str_t  *step;

    last = arg->data + arg->len;

    for (p = arg->data; p < last; p = end + 1) {

        if (probe->nsteps == PROBE_STEPS) {
            return NGX_ERROR;
        }

        end = ngx_strlchr(p, last, ',');
        if (end == NULL) {
            end = last;
        }

        step = &probe->steps[probe->nsteps++];

        step->data = ngx_pnalloc(r->pool, (size_t) (end - p) + 1);
        if (step->data == NULL) {
            return NGX_ERROR;
        }

        src = p;
        p = step->data;
        ngx_unescape_uri(&p, &src, (size_t) (end - src), 0);
        step->len = (size_t) (p - step->data);
    }

    return NGX_OK;
}


static ngx_int_t
probe_next(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result)
{
    probe_t *probe = work->data;

    size_t                                    len;
    u_char                                   *p;
    ngx_str_t                                *step;
    const ngx_http_wubloader_db_statement_t  *st;

    if (result == NULL) {
        probe->at = 0;
        probe->last = probe->text;

    } else {
        probe_show(probe, result);
    }

    if (probe->at == probe->nsteps) {
        return NGX_OK;
    }

    step = &probe->steps[probe->at++];
    p = ngx_strlchr(step->data, step->data + step->len, ':');
    len = (p == NULL) ? step->len : (size_t) (p - step->data);

    if (p == NULL) {
        probe->value = wub_str("");

    } else {
        probe->value = wub_str_n((char *) p + 1, step->len - len - 1);
    }

    for (st = probe_statements; st->name; st++) {
        if (ngx_strlen(st->name) == sizeof("probe_") - 1 + len
            && ngx_memcmp(st->name + sizeof("probe_") - 1, step->data, len)
               == 0)
        {
            return ngx_http_wubloader_db_send(work, st, &probe->value);
        }
    }

    return (len == 7 && ngx_memcmp(step->data, "decline", 7) == 0)
           ? NGX_DECLINED : NGX_ERROR;
}


static void
probe_show(probe_t *probe, ngx_http_wubloader_pg_result_t *result)
{
    probe->last = ngx_slprintf(probe->last, probe->text + PROBE_BYTES,
                               "rows=%ui affected=%ui",
                               ngx_http_wubloader_db_rows(result),
                               ngx_http_wubloader_db_affected(result));

    probe_value(probe, ngx_http_wubloader_db_value(result, 0, 0));
    probe_value(probe, ngx_http_wubloader_db_value(result, 0, 1));

    probe->last = ngx_slprintf(probe->last, probe->text + PROBE_BYTES, "\n");
}


static void
probe_value(probe_t *probe, wub_str_t value)
{
    if (value.data == NULL) {
        value = wub_str("NULL");
    }

    probe->last = ngx_slprintf(probe->last, probe->text + PROBE_BYTES,
                               " [%*s]", ngx_min(value.len, PROBE_VALUE),
                               value.data);
}


static ngx_int_t
probe_end(ngx_http_request_t *r, ngx_http_wubloader_db_work_t *work)
{
    probe_t *probe = work->data;

    if (work->how != NGX_HTTP_WUBLOADER_DB_DONE
        && work->how != NGX_HTTP_WUBLOADER_DB_UNDONE)
    {
        return ngx_http_wubloader_db_failed(r, work);
    }

    probe->last = ngx_slprintf(probe->last, probe->text + PROBE_BYTES,
                               "%s at try %ui\n",
                               (work->how == NGX_HTTP_WUBLOADER_DB_DONE)
                               ? "done" : "declined",
                               work->tries);

    return ngx_http_wubloader_body(r, NGX_HTTP_OK, "text/plain",
               wub_str_n((char *) probe->text,
                         (size_t) (probe->last - probe->text)));
}
