
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"

#include "common/wub_walk.h"


/* bytes of one listing: the greatest number of the longest paths is more */
#define NGX_HTTP_WUBLOADER_EXTRAS  ((size_t) 256 * 1024 * 1024)


typedef struct {
    ngx_http_wubloader_store_t  store;
    const char                 *dir;        /* with a zero */

    wub_rc_t                    rc;
    ngx_http_wubloader_text_t   text;
} ngx_http_wubloader_extras_t;


static void ngx_http_wubloader_extras_work(void *data);
static wub_rc_t ngx_http_wubloader_extras_names(
    ngx_http_wubloader_extras_t *extras, wub_names_t *ret);
static ngx_int_t ngx_http_wubloader_extras_done(ngx_http_request_t *r,
    void *data);


ngx_int_t
ngx_http_wubloader_extras(ngx_http_request_t *r)
{
    ngx_int_t                     rc;
    wub_str_t                     rest;
    ngx_http_wubloader_path_t     path;
    ngx_http_wubloader_extras_t  *extras;

    rc = ngx_http_wubloader_rest(r, &rest);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_wubloader_check_part(r, rest, "dir");
    if (rc != NGX_DECLINED) {
        return rc;
    }

    extras = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_extras_t));
    if (extras == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&path, sizeof(ngx_http_wubloader_path_t));

    ngx_http_wubloader_store_init(r, &extras->store, &path);
    ngx_http_wubloader_text_init(r, &extras->text);

    extras->dir = ngx_http_wubloader_store_path(&extras->store, &rest, 1);
    if (extras->dir == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_task(r, ngx_http_wubloader_extras_work,
                                   ngx_http_wubloader_extras_done, extras);
}


static void
ngx_http_wubloader_extras_work(void *data)
{
    ngx_http_wubloader_extras_t *extras = data;

    wub_buf_t    b;
    wub_names_t  names;

    ngx_memzero(&names, sizeof(wub_names_t));

    extras->rc = ngx_http_wubloader_extras_names(extras, &names);

    if (extras->rc != WUB_OK) {
        return;
    }

    wub_buf_init(&b, extras->store.arena, NGX_HTTP_WUBLOADER_EXTRAS);
    wub_names_json(&b, &names);

    extras->rc = b.rc;

    if (b.rc == WUB_OK) {
        extras->rc = ngx_http_wubloader_text_make(&extras->text, b.arena,
                                                  wub_buf_view(&b));
    }

    if (extras->rc != WUB_OK) {
        (void) ngx_http_wubloader_store_fail(&extras->store, extras->rc, 0,
                                             extras->dir);
    }
}


/* what is missing, or is no directory, is an empty list */

static wub_rc_t
ngx_http_wubloader_extras_names(ngx_http_wubloader_extras_t *extras,
    wub_names_t *ret)
{
    int                          err;
    wub_rc_t                     rc;
    wub_names_t                  names;
    ngx_http_wubloader_store_t  *store;

    store = &extras->store;

    rc = wub_walk(store->arena, store->root, extras->dir, ret, &err);

    switch (rc) {

    case WUB_OK:
        return WUB_OK;

    case WUB_DECLINED:
        (void) ngx_http_wubloader_store_fail(store, rc, err, extras->dir);
        return WUB_OK;

    case WUB_NOT_FOUND:

        /* only when the root is there: reading that tells */

        rc = ngx_http_wubloader_store_read(store, extras->dir, &names);
        return (rc == WUB_NOT_FOUND) ? WUB_OK : rc;

    default:
        return ngx_http_wubloader_store_fail(store, rc, err, extras->dir);
    }
}


static ngx_int_t
ngx_http_wubloader_extras_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_extras_t *extras = data;

    ngx_http_wubloader_store_log(r, &extras->store);

    if (extras->rc == WUB_TOO_BIG) {
        return ngx_http_wubloader_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                   "This directory holds more than %d names, or "
                   "directories more than %d deep; it is too large to be "
                   "listed.", WUB_WALK_NAMES_MAX, WUB_WALK_DEPTH_MAX);
    }

    if (extras->rc != WUB_OK) {
        return ngx_http_wubloader_store_failed(r, &extras->store);
    }

    return ngx_http_wubloader_text_send(r, "application/json",
                                        &extras->text);
}
