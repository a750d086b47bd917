
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


ngx_int_t
ngx_http_wubloader_thrim_auth_test(ngx_http_wubloader_thrim_t *thrim)
{
    wub_buf_t  b;

    wub_buf_init(&b, thrim->arena, WUB_ARENA_MAX);
    wub_buf_json(&b, thrim->user);

    if (b.rc != WUB_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_body(thrim->request, NGX_HTTP_OK,
                                   "application/json", wub_buf_view(&b));
}


ngx_int_t
ngx_http_wubloader_thrim_write(ngx_http_wubloader_thrim_t *thrim,
    ngx_http_wubloader_work_pt read, ngx_http_wubloader_done_pt done,
    void *data)
{
    if (thrim->large) {
        return ngx_http_wubloader_task(thrim->request, read, done, data);
    }

    read(data);

    return done(thrim->request, data);
}


ngx_int_t
ngx_http_wubloader_thrim_checked(ngx_http_wubloader_thrim_t *thrim,
    wub_rc_t rc, const wub_answer_t *answer)
{
    if (rc != WUB_OK) {
        return NGX_ERROR;
    }

    if (answer->status != 0) {
        return ngx_http_wubloader_sentence(thrim->request, answer->status,
                                           answer->sentence);
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_wubloader_thrim_run(ngx_http_wubloader_thrim_t *thrim,
    ngx_http_wubloader_db_next_pt next, ngx_http_wubloader_db_end_pt end,
    void *data)
{
    ngx_http_wubloader_db_work_t  *work;

    work = ngx_http_wubloader_db_work(thrim->request);
    if (work == NULL) {
        return NGX_ERROR;
    }

    work->data = data;
    work->next = next;
    work->end = end;
    work->transaction = 1;
    work->write = 1;

    return ngx_http_wubloader_db_run(work);
}


ngx_int_t
ngx_http_wubloader_thrim_failed(ngx_http_wubloader_thrim_t *thrim,
    ngx_http_wubloader_db_work_t *work)
{
    wub_answer_t         answer;
    ngx_http_request_t  *r;

    r = thrim->request;

    if (work->how != NGX_HTTP_WUBLOADER_DB_REFUSED) {
        return ngx_http_wubloader_db_failed(r, work);
    }

    /* a rule that is not of ours has no sentence that names it */

    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "the database refuses it: %V (%s)", &work->message,
                  work->state);

    /* classes of SQLSTATE: a rule is broken, a value is none */

    if (ngx_strncmp(work->state, "23", 2) == 0) {
        wub_edit_refused(ngx_http_wubloader_wub(work->constraint), &answer);

        return ngx_http_wubloader_sentence(r, answer.status,
                                           answer.sentence);
    }

    if (ngx_strncmp(work->state, "22", 2) == 0) {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "A value is not one that the database can hold.");
    }

    /* a function, a column or a table that does not exist */

    if (ngx_strcmp(work->state, "42883") == 0
        || ngx_strcmp(work->state, "42703") == 0
        || ngx_strcmp(work->state, "42P01") == 0)
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


wub_str_t
ngx_http_wubloader_thrim_writer(ngx_http_wubloader_thrim_t *thrim)
{
    wub_buf_t  b;

    wub_buf_init(&b, thrim->arena, WUB_ARENA_MAX);
    wub_buf_lit(&b, NGX_HTTP_WUBLOADER_WRITER);
    wub_buf_str(&b, thrim->user);

    return (b.rc == WUB_OK) ? wub_buf_view(&b) : wub_str_n(NULL, 0);
}


ngx_int_t
ngx_http_wubloader_thrim_written(ngx_http_wubloader_thrim_t *thrim,
    ngx_uint_t status)
{
    return ngx_http_wubloader_body(thrim->request, status, "text/plain",
                                   wub_str(""));
}
