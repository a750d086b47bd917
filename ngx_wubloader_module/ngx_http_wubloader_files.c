
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"

#include "common/wub_time.h"


/* bytes of one listing: every name of the largest hour, escaped */
#define NGX_HTTP_WUBLOADER_LISTING  ((size_t) 256 * 1024 * 1024)


typedef struct {
    ngx_http_wubloader_store_t  store;
    ngx_http_wubloader_path_t   path;
    bool                        tombstones;

    wub_rc_t                    rc;
    ngx_http_wubloader_text_t   text;
} ngx_http_wubloader_listing_t;


static void ngx_http_wubloader_files_work(void *data);
static wub_rc_t ngx_http_wubloader_files_cached(
    ngx_http_wubloader_listing_t *listing);
static wub_rc_t ngx_http_wubloader_files_names(
    ngx_http_wubloader_listing_t *listing, wub_names_t *ret);
static ngx_int_t ngx_http_wubloader_files_done(ngx_http_request_t *r,
    void *data);


ngx_int_t
ngx_http_wubloader_files(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    wub_str_t                      rest;
    ngx_http_wubloader_listing_t  *listing;

    listing = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_listing_t));
    if (listing == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_rest(r, &rest);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (rest.len != 0) {
        rc = ngx_http_wubloader_split(r, rest, wub_str(""), &listing->path);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (listing->path.nparts == 3) {
        rc = ngx_http_wubloader_arg_bool(r, "tombstones",
                                         &listing->tombstones);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    ngx_http_wubloader_store_init(r, &listing->store, &listing->path);
    ngx_http_wubloader_text_init(r, &listing->text);

    if (listing->store.cache && listing->store.cache->path.len
        && listing->path.nparts == 3)
    {
        listing->store.peek = 1;
        listing->rc = ngx_http_wubloader_files_cached(listing);

        if (listing->rc == WUB_OK) {
            return ngx_http_wubloader_files_done(r, listing);
        }

        ngx_http_wubloader_store_again(&listing->store);
        ngx_http_wubloader_text_again(&listing->text);
    }

    return ngx_http_wubloader_task(r, ngx_http_wubloader_files_work,
                                   ngx_http_wubloader_files_done, listing);
}


static void
ngx_http_wubloader_files_work(void *data)
{
    ngx_http_wubloader_listing_t *listing = data;

    wub_buf_t    b;
    wub_names_t  names;

    if (listing->path.nparts == 3 && listing->store.cache
        && listing->store.cache->path.len)
    {
        listing->rc = ngx_http_wubloader_files_cached(listing);

        if (listing->rc == WUB_OK || listing->rc == WUB_NO_MEMORY) {
            return;
        }

        ngx_http_wubloader_store_again(&listing->store);
        ngx_http_wubloader_text_again(&listing->text);
    }

    ngx_memzero(&names, sizeof(wub_names_t));

    listing->rc = ngx_http_wubloader_files_names(listing, &names);

    if (listing->rc != WUB_OK && listing->rc != WUB_NOT_FOUND) {
        return;
    }

    /* what is missing is an empty list */

    wub_buf_init(&b, listing->store.arena, NGX_HTTP_WUBLOADER_LISTING);
    wub_names_json(&b, &names);

    listing->rc = b.rc;

    if (b.rc == WUB_OK) {
        listing->rc = ngx_http_wubloader_text_make(&listing->text, b.arena,
                                                   wub_buf_view(&b));
    }

    if (listing->rc != WUB_OK) {
        (void) ngx_http_wubloader_store_fail(&listing->store, listing->rc, 0,
                                             "");
    }
}


/* WUB_DECLINED: the name is not that of an hour */

static wub_rc_t
ngx_http_wubloader_files_cached(ngx_http_wubloader_listing_t *listing)
{
    int64_t                       hour;
    wub_rc_t                      rc;
    ngx_http_wubloader_text_t    *text;
    ngx_http_wubloader_item_e     item;
    ngx_http_wubloader_store_t   *store;
    ngx_http_wubloader_record_t  *record, *plain;

    text = &listing->text;
    store = &listing->store;

    if (wub_hour_parse(listing->path.parts[2], &hour) != WUB_OK) {
        return WUB_DECLINED;
    }

    plain = wub_arena_alloc(store->arena,
                            2 * sizeof(ngx_http_wubloader_record_t));
    if (plain == NULL) {
        return ngx_http_wubloader_store_fail(store, WUB_NO_MEMORY, 0, "");
    }

    /* without tombstones both listings are one text */

    item = ngx_http_wubloader_item_list;
    store->lazy = text->gzip;
    store->both = listing->tombstones;

    rc = ngx_http_wubloader_cache_get(store, item, hour, plain);

    if (rc == WUB_OK && listing->tombstones && plain->meta.graves) {
        item = ngx_http_wubloader_item_tombs;

        rc = ngx_http_wubloader_cache_get(store, item, hour, plain);
    }

    if (rc != WUB_OK) {
        return rc;
    }

    store->nlooked++;
    ngx_http_wubloader_etag_hash(plain->meta.hash, text->etag);

    if (ngx_http_wubloader_text_same(text)) {
        return WUB_OK;
    }

    record = plain;

    if (text->gzip) {
        record = &plain[1];

        rc = ngx_http_wubloader_cache_gz(store, item + 1, hour, plain,
                                         record);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    text->pieces = wub_arena_calloc(store->arena,
                                    sizeof(ngx_http_wubloader_piece_t));
    if (text->pieces == NULL) {
        return ngx_http_wubloader_store_fail(store, WUB_NO_MEMORY, 0, "");
    }

    text->npieces = 1;
    text->pieces->data = record->text;
    text->pieces->fd = record->fd;
    text->pieces->to = record->meta.text;

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_files_names(ngx_http_wubloader_listing_t *listing,
    wub_names_t *ret)
{
    wub_rc_t                     rc;
    const char                  *path;
    wub_names_t                  names;
    ngx_http_wubloader_store_t  *store;

    store = &listing->store;

    path = ngx_http_wubloader_store_path(store, listing->path.parts,
                                         listing->path.nparts);
    if (path == NULL) {
        return ngx_http_wubloader_store_fail(store, WUB_NO_MEMORY, 0, "");
    }

    if (listing->path.nparts < 3) {
        return ngx_http_wubloader_store_dirs(store, path, ret);
    }

    rc = ngx_http_wubloader_store_read(store, path, &names);
    if (rc != WUB_OK) {
        return rc;
    }

    store->nlooked++;

    rc = wub_hour_list(store->arena, &names, listing->tombstones, ret);
    if (rc != WUB_OK) {
        return ngx_http_wubloader_store_fail(store, rc, 0, path);
    }

    return WUB_OK;
}


static ngx_int_t
ngx_http_wubloader_files_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_listing_t *listing = data;

    ngx_http_wubloader_store_log(r, &listing->store);

    if (listing->rc != WUB_OK) {
        return ngx_http_wubloader_store_failed(r, &listing->store);
    }

    return ngx_http_wubloader_text_send(r, "application/json",
                                        &listing->text);
}
