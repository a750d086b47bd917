
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrim_dir.h"


typedef struct {
    ngx_http_wubloader_thrim_t  *thrim;
    ngx_uint_t                   update;

    wub_edit_template_t          template;
    wub_rc_t                     rc;
    wub_answer_t                 answer;

    wub_str_t                    params[8];
} ngx_http_wubloader_paint_t;


static ngx_int_t ngx_http_wubloader_paint(ngx_http_wubloader_thrim_t *thrim,
    ngx_uint_t update);
static void ngx_http_wubloader_paint_read(void *data);
static ngx_int_t ngx_http_wubloader_paint_start(ngx_http_request_t *r,
    void *data);
static ngx_int_t ngx_http_wubloader_paint_next(
    ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result);
static ngx_int_t ngx_http_wubloader_paint_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work);
static ngx_int_t ngx_http_wubloader_paint_none(ngx_http_request_t *r,
    void *data, const ngx_http_wubloader_template_t *template);


static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_paint_add =
{
    "wubloader_template_add",
    "INSERT INTO templates (name, description, attribution, crop, location,"
    " image) SELECT $1, $2, $3, $4::box_coords, $5::box_coords, $6::bytea"
    " FROM set_config('application_name', $7, true)"
    " ON CONFLICT DO NOTHING",
    7
};

/* a template may get another name, which another one may have */
static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_paint_update =
{
    "wubloader_template_update",
    "UPDATE templates SET name = $1, description = $2, attribution = $3,"
    " crop = $4::box_coords, location = $5::box_coords,"
    " image = coalesce($6::bytea, image)"
    " FROM set_config('application_name', $7, true) WHERE name = $8",
    8
};


ngx_int_t
ngx_http_wubloader_thrim_add_template(ngx_http_wubloader_thrim_t *thrim)
{
    return ngx_http_wubloader_paint(thrim, 0);
}


ngx_int_t
ngx_http_wubloader_thrim_update_template(ngx_http_wubloader_thrim_t *thrim)
{
    return ngx_http_wubloader_paint(thrim, 1);
}


static ngx_int_t
ngx_http_wubloader_paint(ngx_http_wubloader_thrim_t *thrim, ngx_uint_t update)
{
    ngx_http_wubloader_paint_t  *paint;

    paint = wub_arena_calloc(thrim->arena,
                             sizeof(ngx_http_wubloader_paint_t));
    if (paint == NULL) {
        return NGX_ERROR;
    }

    paint->thrim = thrim;
    paint->update = update;

    return ngx_http_wubloader_thrim_write(thrim,
                                          ngx_http_wubloader_paint_read,
                                          ngx_http_wubloader_paint_start,
                                          paint);
}


static void
ngx_http_wubloader_paint_read(void *data)
{
    ngx_http_wubloader_paint_t *paint = data;

    paint->rc = wub_edit_template(paint->thrim->arena, paint->thrim->body,
                                  paint->update, &paint->template,
                                  &paint->answer);
}


static ngx_int_t
ngx_http_wubloader_paint_start(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_paint_t *paint = data;

    ngx_int_t                    rc;
    wub_str_t                   *p;
    const wub_edit_template_t   *template;
    ngx_http_wubloader_thrim_t  *thrim;

    thrim = paint->thrim;
    template = &paint->template;

    rc = ngx_http_wubloader_thrim_checked(thrim, paint->rc, &paint->answer);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    p = paint->params;

    *p++ = template->name;
    *p++ = template->description;
    *p++ = template->attribution;
    *p++ = template->crop;
    *p++ = template->location;
    *p++ = template->image;
    *p++ = ngx_http_wubloader_thrim_writer(thrim);
    *p = thrim->name;

    return ngx_http_wubloader_thrim_run(thrim, ngx_http_wubloader_paint_next,
                                        ngx_http_wubloader_paint_end, paint);
}


static ngx_int_t
ngx_http_wubloader_paint_next(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result)
{
    ngx_http_wubloader_paint_t  *paint;

    paint = work->data;

    if (result == NULL) {
        return ngx_http_wubloader_db_send(work,
                   paint->update ? &ngx_http_wubloader_paint_update
                                 : &ngx_http_wubloader_paint_add,
                   paint->params);
    }

    return (ngx_http_wubloader_db_affected(result) == 1) ? NGX_OK
                                                         : NGX_DECLINED;
}


static ngx_int_t
ngx_http_wubloader_paint_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work)
{
    wub_str_t                    name;
    ngx_http_wubloader_paint_t  *paint;

    paint = work->data;

    if (work->how == NGX_HTTP_WUBLOADER_DB_DONE) {
        return ngx_http_wubloader_thrim_written(paint->thrim,
                                                paint->update
                                                ? NGX_HTTP_OK
                                                : NGX_HTTP_CREATED);
    }

    if (work->how != NGX_HTTP_WUBLOADER_DB_UNDONE) {
        return ngx_http_wubloader_thrim_failed(paint->thrim, work);
    }

    if (paint->update) {
        return ngx_http_wubloader_dir_one(paint->thrim, paint->thrim->name,
                                          ngx_http_wubloader_paint_none,
                                          paint);
    }

    name = paint->template.name;

    return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
               "Template with name %*s already exists", name.len, name.data);
}


static ngx_int_t
ngx_http_wubloader_paint_none(ngx_http_request_t *r, void *data,
    const ngx_http_wubloader_template_t *template)
{
    ngx_http_wubloader_paint_t *paint = data;

    wub_str_t  name;

    name = paint->thrim->name;

    if (template != NULL) {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "Template with name %*s is read-only: it lies in a "
                   "directory of this server", name.len, name.data);
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
               "Template with name %*s does not exist", name.len, name.data);
}
