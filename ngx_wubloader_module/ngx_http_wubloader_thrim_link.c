
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


typedef struct {
    ngx_http_wubloader_thrim_t  *thrim;
    wub_edit_link_t              link;

    ngx_uint_t                   locked;    /* the row, in this try */
    ngx_uint_t                   missing;
    ngx_uint_t                   lost;
    wub_state_e                  state;     /* it has */
    wub_str_t                    who[2];
    wub_str_t                    params[5];
} ngx_http_wubloader_link_t;


static ngx_int_t ngx_http_wubloader_link_next(
    ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result);
static ngx_int_t ngx_http_wubloader_link_check(
    ngx_http_wubloader_link_t *link, ngx_http_wubloader_pg_result_t *result);
static ngx_int_t ngx_http_wubloader_link_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work);


static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_link_lock =
{
    "wubloader_link_lock",
    "SELECT state, set_config('application_name', $2, true) FROM events"
    " WHERE id = $1 FOR UPDATE",
    2
};

/* it may be no video of ours, so it gets no thumbnail of ours */
static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_link_write =
{
    "wubloader_link_write",
    "UPDATE events SET state = 'DONE', upload_location = $2,"
    " video_link = $3, video_id = $4, editor = $5,"
    " edit_time = now() AT TIME ZONE 'UTC',"
    " upload_time = now() AT TIME ZONE 'UTC', thumbnail_mode = 'NONE'"
    " WHERE id = $1 AND state = 'UNEDITED'",
    5
};


ngx_int_t
ngx_http_wubloader_thrim_link(ngx_http_wubloader_thrim_t *thrim)
{
    wub_rc_t                    rc;
    ngx_int_t                   checked;
    wub_answer_t                answer;
    ngx_http_wubloader_link_t  *link;

    link = wub_arena_calloc(thrim->arena, sizeof(ngx_http_wubloader_link_t));
    if (link == NULL) {
        return NGX_ERROR;
    }

    link->thrim = thrim;

    rc = wub_edit_link(thrim->arena, thrim->body, &link->link, &answer);

    checked = ngx_http_wubloader_thrim_checked(thrim, rc, &answer);
    if (checked != NGX_DECLINED) {
        return checked;
    }

    link->who[0] = thrim->name;
    link->who[1] = ngx_http_wubloader_thrim_writer(thrim);

    link->params[0] = thrim->name;
    link->params[1] = link->link.location;
    link->params[2] = link->link.link;
    link->params[3] = link->link.video_id;
    link->params[4] = thrim->user;

    return ngx_http_wubloader_thrim_run(thrim, ngx_http_wubloader_link_next,
                                        ngx_http_wubloader_link_end, link);
}


static ngx_int_t
ngx_http_wubloader_link_next(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result)
{
    ngx_int_t                   rc;
    ngx_http_wubloader_link_t  *link;

    link = work->data;

    if (result == NULL) {
        link->locked = 0;
        link->missing = 0;
        link->lost = 0;

        return ngx_http_wubloader_db_send(work,
                                          &ngx_http_wubloader_link_lock,
                                          link->who);
    }

    if (!link->locked) {
        rc = ngx_http_wubloader_link_check(link, result);
        if (rc != NGX_OK) {
            return rc;
        }

        link->locked = 1;

        return ngx_http_wubloader_db_send(work,
                                          &ngx_http_wubloader_link_write,
                                          link->params);
    }

    if (ngx_http_wubloader_db_affected(result) != 1) {
        link->lost = 1;
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wubloader_link_check(ngx_http_wubloader_link_t *link,
    ngx_http_wubloader_pg_result_t *result)
{
    if (ngx_http_wubloader_db_rows(result) == 0) {
        link->missing = 1;
        return NGX_DECLINED;
    }

    if (wub_state_parse(ngx_http_wubloader_db_value(result, 0, 0),
                        &link->state)
        != WUB_OK)
    {
        return NGX_ERROR;
    }

    return wub_state_step(WUB_STEP_LINK, link->state, WUB_STATE_DONE)
           ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_wubloader_link_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work)
{
    wub_str_t                   name;
    ngx_http_wubloader_link_t  *link;

    link = work->data;

    if (work->how == NGX_HTTP_WUBLOADER_DB_DONE) {
        return ngx_http_wubloader_thrim_written(link->thrim, NGX_HTTP_OK);
    }

    if (work->how != NGX_HTTP_WUBLOADER_DB_UNDONE) {
        return ngx_http_wubloader_thrim_failed(link->thrim, work);
    }

    if (link->missing) {
        return ngx_http_wubloader_thrim_no_row(link->thrim);
    }

    if (link->lost) {
        return ngx_http_wubloader_error(r, NGX_HTTP_CONFLICT,
                   "Video changed state while we were updating - maybe it "
                   "was reset?");
    }

    name = wub_state_names[link->state];

    return ngx_http_wubloader_error(r, NGX_HTTP_FORBIDDEN,
                                    "Invalid state %*s for manual video link",
                                    name.len, name.data);
}
