
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
        return ngx_http_wubloader_thrim_no_database(r);
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

    return ngx_http_wubloader_thrim_failed(read->thrim, work);
}
