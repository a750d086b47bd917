
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


/* hours that are looked at for one edit; the ranges beyond are taken as
   whole */
#define NGX_HTTP_WUBLOADER_HOLES_HOURS  200


typedef struct {
    ngx_http_wubloader_store_t    store;
    const wub_edit_t             *edit;
    size_t                       *holes;
    ngx_uint_t                    looked;

    ngx_http_wubloader_holes_pt   done;
    void                         *data;
} ngx_http_wubloader_holes_t;


static ngx_int_t ngx_http_wubloader_holes_path(ngx_http_request_t *r,
    const wub_edit_t *edit, ngx_http_wubloader_path_t *path);
static void ngx_http_wubloader_holes_work(void *data);
static wub_rc_t ngx_http_wubloader_holes_count(
    ngx_http_wubloader_holes_t *holes);
static ngx_int_t ngx_http_wubloader_holes_done(ngx_http_request_t *r,
    void *data);


ngx_int_t
ngx_http_wubloader_thrim_holes(ngx_http_wubloader_thrim_t *thrim,
    const wub_edit_t *edit, ngx_http_wubloader_holes_pt done, void *data)
{
    ngx_int_t                    rc;
    ngx_http_request_t          *r;
    ngx_http_wubloader_path_t    path;
    ngx_http_wubloader_holes_t  *holes;

    r = thrim->request;

    if (ngx_http_wubloader_holes_path(r, edit, &path) != NGX_OK) {
        return done(r, data, NULL);
    }

    holes = wub_arena_calloc(thrim->arena,
                             sizeof(ngx_http_wubloader_holes_t));
    if (holes == NULL) {
        return done(r, data, NULL);
    }

    ngx_http_wubloader_store_init(r, &holes->store, &path);

    holes->edit = edit;
    holes->done = done;
    holes->data = data;

    rc = ngx_http_wubloader_try_task(r, ngx_http_wubloader_holes_work,
                                     ngx_http_wubloader_holes_done, holes);

    /* the edit is written: that nobody can look now is no failure */

    return (rc == NGX_DONE) ? rc : done(r, data, NULL);
}


/* an editor may name a channel that no store could have */

static ngx_int_t
ngx_http_wubloader_holes_path(ngx_http_request_t *r, const wub_edit_t *edit,
    ngx_http_wubloader_path_t *path)
{
    ngx_uint_t                      i;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    ngx_memzero(path, sizeof(ngx_http_wubloader_path_t));

    path->parts[0] = edit->columns[WUB_EDIT_CHANNEL];
    path->parts[1] = edit->columns[WUB_EDIT_QUALITY];
    path->nparts = 2;

    if (wlcf->root.len == 0 || edit->ranges.nranges == 0) {
        return NGX_DECLINED;
    }

    for (i = 0; i < path->nparts; i++) {
        if (path->parts[i].data == NULL || !wub_name_safe(path->parts[i])
            || path->parts[i].data[0] == '.')
        {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static void
ngx_http_wubloader_holes_work(void *data)
{
    ngx_http_wubloader_holes_t *holes = data;

    wub_rc_t  rc;

    holes->holes = wub_arena_calloc(holes->store.arena,
                                    holes->edit->ranges.nranges
                                    * sizeof(size_t));
    if (holes->holes == NULL) {
        return;
    }

    rc = ngx_http_wubloader_store_hours(&holes->store);

    /* no such quality: there is no footage at all */

    if (rc == WUB_OK || rc == WUB_NOT_FOUND) {
        rc = ngx_http_wubloader_holes_count(holes);
    }

    holes->looked = (rc == WUB_OK);
}


static wub_rc_t
ngx_http_wubloader_holes_count(ngx_http_wubloader_holes_t *holes)
{
    size_t        i;
    int64_t       first, last, left;
    wub_rc_t      rc;
    wub_range_t  *range;
    wub_chain_t   chain;

    left = NGX_HTTP_WUBLOADER_HOLES_HOURS;

    for (i = 0; i < holes->edit->ranges.nranges; i++) {
        range = &holes->edit->ranges.ranges[i];

        if (range->start == INT64_MIN || range->end == INT64_MAX) {
            continue;
        }

        wub_best_hours(range->start, range->end, &first, &last);

        left -= (last - first) / WUB_HOUR;

        if (left < 0) {
            break;
        }

        rc = ngx_http_wubloader_store_chain(&holes->store, range->start,
                                            range->end, &chain);
        if (rc != WUB_OK) {
            return rc;
        }

        holes->holes[i] = chain.nholes;
    }

    return WUB_OK;
}


static ngx_int_t
ngx_http_wubloader_holes_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_holes_t *holes = data;

    ngx_http_wubloader_store_log(r, &holes->store);

    return holes->done(r, holes->data, holes->looked ? holes->holes : NULL);
}
