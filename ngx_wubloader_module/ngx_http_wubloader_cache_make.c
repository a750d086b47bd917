
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


/* bytes that it takes to make the items of a usual hour */
#define NGX_HTTP_WUBLOADER_CACHE_MAKER  (2 * 1024 * 1024)

/* files that one new item may push out */
#define NGX_HTTP_WUBLOADER_CACHE_GONE   16


static wub_rc_t ngx_http_wubloader_cache_make_open(
    ngx_http_wubloader_seek_t *seek);
static wub_arena_t *ngx_http_wubloader_cache_arena(
    ngx_http_wubloader_store_t *store);
static wub_rc_t ngx_http_wubloader_cache_read(
    ngx_http_wubloader_seek_t *seek, wub_arena_t *arena);
static wub_rc_t ngx_http_wubloader_cache_keep(
    ngx_http_wubloader_seek_t *seek);
static wub_rc_t ngx_http_wubloader_cache_own(
    ngx_http_wubloader_seek_t *seek);
static wub_rc_t ngx_http_wubloader_cache_copy(
    ngx_http_wubloader_store_t *store, wub_str_t *s);
static int64_t ngx_http_wubloader_cache_now(void);


wub_rc_t
ngx_http_wubloader_cache_make(ngx_http_wubloader_seek_t *seek)
{
    wub_rc_t                      rc;
    wub_arena_t                  *arena;
    ngx_http_wubloader_record_t  *record;

    record = seek->record;

    arena = ngx_http_wubloader_cache_arena(seek->store);

    rc = (arena == NULL) ? WUB_NO_MEMORY
                         : ngx_http_wubloader_cache_make_open(seek);

    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_cache_read(seek, arena);
    }

    if (rc == WUB_OK) {
        rc = record->kept ? ngx_http_wubloader_cache_keep(seek)
                          : ngx_http_wubloader_cache_own(seek);
    }

    if (rc == WUB_OK && record->kept) {
        ngx_http_wubloader_count(seek->cache->stats, fills, 1);

        seek->store->found = ngx_max(seek->store->found,
                                     ngx_http_wubloader_cache_miss);
        return WUB_OK;
    }

    if (seek->plain == NULL || seek->plain->kept) {
        ngx_http_wubloader_zone_drop(seek->cache, record->key);
    }

    if (rc == WUB_NOT_FOUND) {
        return rc;
    }

    ngx_http_wubloader_count(seek->cache->stats, bypasses, 1);

    seek->store->found = ngx_http_wubloader_cache_bypass;

    if (rc != WUB_OK) {
        return ngx_http_wubloader_cache_fail(seek, rc, 0);
    }

    return WUB_OK;
}


/* the directory itself, whose stamps before and after are those that count */

static wub_rc_t
ngx_http_wubloader_cache_make_open(ngx_http_wubloader_seek_t *seek)
{
    int       err;
    wub_rc_t  rc;

    if (seek->plain || seek->dirfd != NGX_INVALID_FILE) {
        return WUB_OK;
    }

    rc = wub_dir_open_at(seek->store->dirfd, seek->name, &seek->dirfd, &err);

    if (rc == WUB_OK || rc == WUB_NOT_FOUND) {
        return rc;
    }

    return ngx_http_wubloader_cache_open(seek);
}


/*
 * Of its own: a week of directories is more than a week of indexes.  The
 * task's: one hour after the other takes the memory of the first.
 */

static wub_arena_t *
ngx_http_wubloader_cache_arena(ngx_http_wubloader_store_t *store)
{
    if (store->maker == NULL) {
        store->maker = wub_arena_create(WUB_ARENA_MAX);

        if (store->maker == NULL
            || wub_arena_alloc(store->maker, NGX_HTTP_WUBLOADER_CACHE_MAKER)
               == NULL)
        {
            return NULL;
        }
    }

    wub_arena_reset(store->maker);

    return store->maker;
}


static wub_rc_t
ngx_http_wubloader_cache_read(ngx_http_wubloader_seek_t *seek,
    wub_arena_t *arena)
{
    int                           err;
    int64_t                       now;
    wub_rc_t                      rc;
    wub_dir_stamp_t               after;
    ngx_http_wubloader_record_t  *record;

    record = seek->record;

    if (seek->plain) {
        record->kept = seek->plain->kept;

        return ngx_http_wubloader_item_pack(seek, arena);
    }

    now = ngx_http_wubloader_cache_now();

    rc = wub_dir_stamp(seek->dirfd, &record->stamp, &err);

    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_item_read(seek, arena);
    }

    if (rc != WUB_OK) {
        return rc;
    }

    record->kept = (wub_dir_stamp(seek->dirfd, &after, &err) == WUB_OK
                    && wub_stamp_keep(&record->stamp, &after, now));

    if (!record->kept) {
        seek->store->names.nnames = 0;
    }

    /* rendered each time, also this time, so that the tag is the same */

    if (seek->cache->path.len == 0
        && seek->item == ngx_http_wubloader_item_hour)
    {
        record->text = wub_str_n(NULL, 0);
    }

    return WUB_OK;
}


/*
 * Into a file, or, without "path=", the index alone into the zone.  What
 * cannot be kept, for want of disk or memory, serves this request.
 */

static wub_rc_t
ngx_http_wubloader_cache_keep(ngx_http_wubloader_seek_t *seek)
{
    size_t                        i, n;
    uint64_t                      gone[NGX_HTTP_WUBLOADER_CACHE_GONE];
    ngx_int_t                     rc;
    ngx_uint_t                    files;
    ngx_http_wubloader_item_t     item;
    ngx_http_wubloader_record_t  *record;

    record = seek->record;
    files = (seek->cache->path.len != 0);

    record->meta.text = (uint32_t) record->text.len;
    record->meta.rest = (uint32_t) record->rest.len;

    if (files && seek->item == ngx_http_wubloader_item_hour) {
        record->meta.tail = sizeof(WUB_M3U8_END) - 1;
    }

    if (files
        && ngx_http_wubloader_file_write(seek->store, record) != NGX_OK)
    {
        record->kept = 0;

    } else {
        item.meta = record->meta;
        item.rest = files ? wub_str_n(NULL, 0) : record->rest;

        rc = ngx_http_wubloader_zone_put(seek->cache, record->key,
                                         &record->stamp, &item, gone,
                                         NGX_HTTP_WUBLOADER_CACHE_GONE, &n);

        if (rc != NGX_OK) {
            record->kept = 0;
            ngx_http_wubloader_file_remove(seek->cache, record->meta.id);
        }

        for (i = 0; i < n; i++) {
            ngx_http_wubloader_file_remove(seek->cache, gone[i]);
        }
    }

    if (record->fd != NGX_INVALID_FILE) {
        return WUB_OK;
    }

    /* nobody looks for a file of what is not in one */

    if (!record->kept) {
        record->meta.id = 0;
        record->meta.tail = 0;
    }

    return ngx_http_wubloader_cache_own(seek);
}


/* the maker's arena goes; what it made stays with the request */

static wub_rc_t
ngx_http_wubloader_cache_own(ngx_http_wubloader_seek_t *seek)
{
    ngx_http_wubloader_record_t  *record;

    record = seek->record;

    record->meta.text = (uint32_t) record->text.len;
    record->meta.rest = (uint32_t) record->rest.len;

    if (ngx_http_wubloader_cache_copy(seek->store, &record->text) != WUB_OK
        || ngx_http_wubloader_cache_copy(seek->store, &record->rest)
           != WUB_OK)
    {
        return WUB_NO_MEMORY;
    }

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_cache_copy(ngx_http_wubloader_store_t *store,
    wub_str_t *s)
{
    char  *p;

    if (s->data == NULL) {
        return WUB_OK;
    }

    p = wub_arena_alloc(store->arena, s->len + 1);
    if (p == NULL) {
        return WUB_NO_MEMORY;
    }

    ngx_memcpy(p, s->data, s->len);
    s->data = p;

    return WUB_OK;
}


static int64_t
ngx_http_wubloader_cache_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    return (int64_t) ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}
