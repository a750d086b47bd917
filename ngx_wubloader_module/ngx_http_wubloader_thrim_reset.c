
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


typedef struct {
    ngx_http_wubloader_thrim_t  *thrim;
    bool                         force;
    wub_str_t                    params[2];
} ngx_http_wubloader_reset_t;


static ngx_int_t ngx_http_wubloader_reset_next(
    ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result);
static ngx_int_t ngx_http_wubloader_reset_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work);


/* the history has no other place that tells who it was */
#define NGX_HTTP_WUBLOADER_RESET                                              \
    "WITH who AS MATERIALIZED"                                                \
    " (SELECT set_config('application_name', $2, true))"                      \
    " UPDATE events SET state = 'UNEDITED', error = NULL, video_id = NULL,"   \
    " video_link = NULL, uploader = NULL, editor = NULL, edit_time = NULL,"   \
    " upload_time = NULL, last_modified = NULL, progress = NULL,"             \
    " progress_note = NULL FROM who WHERE id = $1"


static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_reset_statement =
{
    "wubloader_reset",
    NGX_HTTP_WUBLOADER_RESET
    " AND state IN ('UNEDITED', 'EDITED', 'CLAIMED')",
    2
};

static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_reset_force =
{
    "wubloader_reset_force",
    NGX_HTTP_WUBLOADER_RESET,
    2
};


ngx_int_t
ngx_http_wubloader_thrim_reset(ngx_http_wubloader_thrim_t *thrim)
{
    ngx_int_t                    rc;
    ngx_http_wubloader_reset_t  *reset;

    reset = wub_arena_calloc(thrim->arena,
                             sizeof(ngx_http_wubloader_reset_t));
    if (reset == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_arg_bool(thrim->request, "force", &reset->force);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    reset->thrim = thrim;
    reset->params[0] = thrim->name;
    reset->params[1] = ngx_http_wubloader_thrim_writer(thrim);

    return ngx_http_wubloader_thrim_run(thrim, ngx_http_wubloader_reset_next,
                                        ngx_http_wubloader_reset_end, reset);
}


static ngx_int_t
ngx_http_wubloader_reset_next(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result)
{
    ngx_http_wubloader_reset_t  *reset;

    reset = work->data;

    if (result == NULL) {
        return ngx_http_wubloader_db_send(work,
                   reset->force ? &ngx_http_wubloader_reset_force
                                : &ngx_http_wubloader_reset_statement,
                   reset->params);
    }

    return (ngx_http_wubloader_db_affected(result) == 1) ? NGX_OK
                                                         : NGX_DECLINED;
}


static ngx_int_t
ngx_http_wubloader_reset_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work)
{
    ngx_http_wubloader_reset_t  *reset;

    reset = work->data;

    if (work->how == NGX_HTTP_WUBLOADER_DB_DONE) {
        return ngx_http_wubloader_thrim_written(reset->thrim, NGX_HTTP_OK);
    }

    if (work->how == NGX_HTTP_WUBLOADER_DB_UNDONE) {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                   "Row id = %*s not found or not in cancellable state",
                   reset->params[0].len, reset->params[0].data);
    }

    return ngx_http_wubloader_thrim_failed(reset->thrim, work);
}
