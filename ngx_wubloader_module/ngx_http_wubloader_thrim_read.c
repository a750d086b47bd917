
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


typedef struct {
    ngx_http_wubloader_thrim_t               *thrim;
    const ngx_http_wubloader_db_statement_t  *statement;
    const wub_str_t                          *params;
    ngx_http_wubloader_read_pt                done;
    const ngx_http_wubloader_pg_result_t     *result;
} ngx_http_wubloader_read_t;


static ngx_int_t ngx_http_wubloader_read_next(
    ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result);
static ngx_int_t ngx_http_wubloader_read_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work);


ngx_int_t
ngx_http_wubloader_thrim_read(ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_db_statement_t *statement,
    const wub_str_t *params, ngx_http_wubloader_read_pt done)
{
    ngx_http_request_t             *r;
    ngx_http_wubloader_read_t      *read;
    ngx_http_wubloader_db_work_t   *work;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    r = thrim->request;
    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    if (wlcf->db == NULL) {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_IMPLEMENTED,
                   "This needs a database; the operator of this server has "
                   "to set wubloader_database.");
    }

    read = ngx_palloc(r->pool, sizeof(ngx_http_wubloader_read_t));
    work = ngx_http_wubloader_db_work(r);

    if (read == NULL || work == NULL) {
        return NGX_ERROR;
    }

    read->thrim = thrim;
    read->statement = statement;
    read->params = params;
    read->done = done;
    read->result = NULL;

    work->data = read;
    work->next = ngx_http_wubloader_read_next;
    work->end = ngx_http_wubloader_read_end;

    return ngx_http_wubloader_db_run(work);
}


static ngx_int_t
ngx_http_wubloader_read_next(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result)
{
    ngx_http_wubloader_read_t  *read;

    read = work->data;

    if (result == NULL) {
        return ngx_http_wubloader_db_send(work, read->statement,
                                          read->params);
    }

    read->result = result;

    return ngx_http_wubloader_db_keep(work, result);
}


static ngx_int_t
ngx_http_wubloader_read_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work)
{
    ngx_http_wubloader_read_t  *read;

    read = work->data;

    if (work->how == NGX_HTTP_WUBLOADER_DB_DONE) {
        return read->done(read->thrim, read->result);
    }

    /* a function that does not exist */

    if (work->how == NGX_HTTP_WUBLOADER_DB_REFUSED
        && ngx_strcmp(work->state, "42883") == 0)
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "the database lacks what this version needs: run "
                      "\"wubloader-worker migrate\" on it (%V)",
                      &work->message);
        ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_error);

        return ngx_http_wubloader_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                   "The database lacks what this version needs; its "
                   "operator has to run wubloader-worker migrate.");
    }

    return ngx_http_wubloader_db_failed(r, work);
}
