
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrim_dir.h"


typedef struct {
    ngx_http_wubloader_dir_t      dir;
    wub_str_t                     name;
    wub_rc_t                      rc;

    ngx_http_wubloader_dir_pt     done;
    void                         *data;
} ngx_http_wubloader_dir_one_t;


static void ngx_http_wubloader_dir_one_work(void *data);
static ngx_int_t ngx_http_wubloader_dir_one_done(ngx_http_request_t *r,
    void *data);


ngx_int_t
ngx_http_wubloader_dir_one(ngx_http_wubloader_thrim_t *thrim, wub_str_t name,
    ngx_http_wubloader_dir_pt done, void *data)
{
    ngx_http_request_t             *r;
    ngx_http_wubloader_dir_one_t   *one;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    r = thrim->request;
    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    if (wlcf->templates == NULL || name.len == 0) {
        return done(r, data, NULL);
    }

    one = wub_arena_calloc(thrim->arena,
                           sizeof(ngx_http_wubloader_dir_one_t));
    if (one == NULL) {
        return NGX_ERROR;
    }

    ngx_http_wubloader_dir_init(&one->dir, thrim->arena,
                                (char *) wlcf->templates->path.data);

    one->name = name;
    one->done = done;
    one->data = data;

    return ngx_http_wubloader_task(r, ngx_http_wubloader_dir_one_work,
                                   ngx_http_wubloader_dir_one_done, one);
}


static void
ngx_http_wubloader_dir_one_work(void *data)
{
    ngx_http_wubloader_dir_one_t *one = data;

    one->rc = ngx_http_wubloader_dir_find(&one->dir, one->name);
}


static ngx_int_t
ngx_http_wubloader_dir_one_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_dir_one_t *one = data;

    if (one->rc == WUB_NO_MEMORY) {
        return NGX_ERROR;
    }

    if (one->rc != WUB_OK && one->rc != WUB_NOT_FOUND) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log,
                      (ngx_err_t) one->dir.err,
                      "the directory of templates \"%s\" cannot be read",
                      one->dir.path);
        ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_error);
    }

    return one->done(r, one->data,
                     (one->rc == WUB_OK) ? one->dir.templates : NULL);
}
