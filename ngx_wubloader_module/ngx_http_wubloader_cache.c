
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"

/* how long one request waits for what another one makes, ms */
#define NGX_HTTP_WUBLOADER_CACHE_WAIT   2000

/* files that one new item may push out */
#define NGX_HTTP_WUBLOADER_CACHE_GONE   16


static wub_rc_t ngx_http_wubloader_cache_seek(
    ngx_http_wubloader_seek_t *seek);
static void ngx_http_wubloader_cache_key(ngx_http_wubloader_seek_t *seek);
static ngx_int_t ngx_http_wubloader_cache_find(
    ngx_http_wubloader_seek_t *seek);
static wub_rc_t ngx_http_wubloader_cache_make(
    ngx_http_wubloader_seek_t *seek);
static wub_rc_t ngx_http_wubloader_cache_keep(
    ngx_http_wubloader_seek_t *seek);
static wub_rc_t ngx_http_wubloader_cache_own(
    ngx_http_wubloader_seek_t *seek);
static wub_rc_t ngx_http_wubloader_cache_copy(
    ngx_http_wubloader_store_t *store, wub_str_t *s);
static int64_t ngx_http_wubloader_cache_now(void);


wub_rc_t
ngx_http_wubloader_cache_get(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_item_e item, int64_t hour,
    ngx_http_wubloader_record_t *ret)
{
    wub_rc_t                   rc;
    ngx_http_wubloader_seek_t  seek;

    ngx_memzero(&seek, sizeof(ngx_http_wubloader_seek_t));

    seek.store = store;
    seek.cache = store->cache;
    seek.item = item;
    seek.hour = hour;
    seek.record = ret;

    seek.path = ngx_http_wubloader_store_hour_path(store, hour);
    if (seek.path == NULL) {
        return ngx_http_wubloader_store_fail(store, WUB_NO_MEMORY, 0, "");
    }

    rc = ngx_http_wubloader_store_open(store, seek.path, &seek.dirfd);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = ngx_http_wubloader_cache_seek(&seek);

    (void) close(seek.dirfd);

    return rc;
}


wub_rc_t
ngx_http_wubloader_cache_index(ngx_http_wubloader_store_t *store,
    int64_t hour, wub_hour_t *ret)
{
    wub_rc_t                      rc;
    ngx_http_wubloader_record_t   record;

    rc = ngx_http_wubloader_cache_get(store, ngx_http_wubloader_item_hour,
                                      hour, &record);
    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_file_need(store, &record);
    }

    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_file_rest(store->arena, &record);
    }

    if (rc != WUB_OK) {
        return rc;
    }

    return wub_hourtext_hour(store->arena,
                             (const wub_hourtext_t *) (const void *)
                             record.rest.data, ret);
}


wub_rc_t
ngx_http_wubloader_cache_gz(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_item_e item, int64_t hour,
    ngx_http_wubloader_record_t *plain, ngx_http_wubloader_record_t *ret)
{
    ngx_http_wubloader_seek_t  seek;

    ngx_memzero(&seek, sizeof(ngx_http_wubloader_seek_t));

    seek.store = store;
    seek.cache = store->cache;
    seek.item = item;
    seek.hour = hour;
    seek.path = "";
    seek.plain = plain;
    seek.record = ret;

    return ngx_http_wubloader_cache_seek(&seek);
}


static wub_rc_t
ngx_http_wubloader_cache_seek(ngx_http_wubloader_seek_t *seek)
{
    int                           err;
    wub_rc_t                      rc;
    ngx_uint_t                    waited;
    ngx_http_wubloader_cache_e    found;
    ngx_http_wubloader_record_t  *record;

    record = seek->record;

    ngx_memzero(record, sizeof(ngx_http_wubloader_record_t));
    record->fd = NGX_INVALID_FILE;

    /* what is not kept has no stamp that anything could be found by */

    if (seek->plain && !seek->plain->kept) {
        return ngx_http_wubloader_cache_make(seek);
    }

    ngx_http_wubloader_cache_key(seek);

    for (waited = 0; waited < NGX_HTTP_WUBLOADER_CACHE_WAIT; waited++) {

        if (seek->plain) {
            record->stamp = seek->plain->stamp;

        } else {
            rc = wub_dir_stamp(seek->dirfd, &record->stamp, &err);
            if (rc != WUB_OK) {
                (void) ngx_http_wubloader_store_fail(seek->store, rc, err,
                                                     seek->path);
                goto done;
            }
        }

        switch (ngx_http_wubloader_cache_find(seek)) {

        case NGX_OK:
            found = (waited != 0) ? ngx_http_wubloader_cache_wait
                                  : ngx_http_wubloader_cache_hit;

            seek->store->found = ngx_max(seek->store->found, found);
            rc = WUB_OK;
            goto done;

        case NGX_AGAIN:
            break;

        case NGX_ABORT:
            return WUB_DECLINED;

        default:
            rc = ngx_http_wubloader_cache_make(seek);
            goto done;
        }

        if (waited == 0) {
            ngx_http_wubloader_count(seek->cache->stats, waits, 1);
            ngx_http_wubloader_count(seek->cache->stats, waiting, 1);
        }

        ngx_msleep(1);
    }

    rc = ngx_http_wubloader_cache_make(seek);

done:

    if (waited != 0) {
        ngx_http_wubloader_count(seek->cache->stats, waiting, -1);
    }

    return rc;
}


/* all that tells one text from another, but for the directory's content */

static void
ngx_http_wubloader_cache_key(ngx_http_wubloader_seek_t *seek)
{
    size_t                       i;
    ngx_md5_t                    md5;
    wub_str_t                    parts[5];
    ngx_http_wubloader_store_t  *store;

    store = seek->store;

    parts[0] = ngx_http_wubloader_wub(seek->cache->path);
    parts[1] = wub_str_n(store->root, ngx_strlen(store->root));
    parts[2] = store->channel;
    parts[3] = store->quality;
    parts[4] = store->segments_uri;

    ngx_md5_init(&md5);

    for (i = 0; i < 5; i++) {
        ngx_md5_update(&md5, &parts[i].len, sizeof(size_t));
        ngx_md5_update(&md5, parts[i].data, parts[i].len);
    }

    ngx_md5_update(&md5, &store->tolerance, sizeof(int64_t));
    ngx_md5_update(&md5, &seek->hour, sizeof(int64_t));
    ngx_md5_update(&md5, &seek->item, sizeof(ngx_http_wubloader_item_e));

    ngx_md5_final(seek->key, &md5);
}


static ngx_int_t
ngx_http_wubloader_cache_find(ngx_http_wubloader_seek_t *seek)
{
    ngx_int_t                     rc;
    ngx_http_wubloader_item_t     item;
    ngx_http_wubloader_record_t  *record;

    record = seek->record;

    rc = ngx_http_wubloader_zone_get(seek->cache, seek->key, &record->stamp,
                                     seek->store->arena, !seek->store->peek,
                                     &item);
    if (rc != NGX_OK) {
        return rc;
    }

    record->meta = item.meta;
    record->rest = item.rest;
    record->kept = 1;

    if (item.meta.id == 0
        || (seek->plain == NULL && seek->store->lazy)
        || (seek->item == ngx_http_wubloader_item_hour
            && item.meta.latest <= seek->store->from))
    {
        return NGX_OK;
    }

    /* evicted a moment ago, or removed by somebody */

    if (ngx_http_wubloader_file_open(seek->store, record) != NGX_OK) {
        record->kept = 0;
        return seek->store->peek ? NGX_ABORT : NGX_DECLINED;
    }

    return NGX_OK;
}


static wub_rc_t
ngx_http_wubloader_cache_make(ngx_http_wubloader_seek_t *seek)
{
    int                           err;
    int64_t                       now;
    wub_rc_t                      rc;
    wub_arena_t                  *arena;
    wub_dir_stamp_t               after;
    ngx_http_wubloader_record_t  *record;

    record = seek->record;
    /* of its own: a week of directories is more than a week of indexes */

    arena = wub_arena_create(WUB_ARENA_MAX);
    if (arena == NULL) {
        rc = WUB_NO_MEMORY;
        goto failed;
    }

    if (seek->plain) {
        rc = ngx_http_wubloader_item_pack(seek, arena);
        record->kept = seek->plain->kept;

    } else {
        now = ngx_http_wubloader_cache_now();

        rc = wub_dir_stamp(seek->dirfd, &record->stamp, &err);

        if (rc == WUB_OK) {
            rc = ngx_http_wubloader_item_read(seek, arena);
        }

        record->kept = (rc == WUB_OK
                        && wub_dir_stamp(seek->dirfd, &after, &err) == WUB_OK
                        && wub_stamp_keep(&record->stamp, &after, now));
    }

    /* rendered each time, also this time, so that the tag is the same */

    if (seek->cache->path.len == 0
        && seek->item == ngx_http_wubloader_item_hour)
    {
        record->text = wub_str_n(NULL, 0);
    }

    if (rc == WUB_OK) {
        rc = record->kept ? ngx_http_wubloader_cache_keep(seek)
                          : ngx_http_wubloader_cache_own(seek);
    }

    wub_arena_destroy(arena);

failed:

    if (record->kept && rc == WUB_OK) {
        ngx_http_wubloader_count(seek->cache->stats, fills, 1);

        seek->store->found = ngx_max(seek->store->found,
                                     ngx_http_wubloader_cache_miss);

    } else {
        ngx_http_wubloader_count(seek->cache->stats, bypasses, 1);

        seek->store->found = ngx_http_wubloader_cache_bypass;

        if (seek->plain == NULL || seek->plain->kept) {
            ngx_http_wubloader_zone_drop(seek->cache, seek->key);
        }
    }

    if (rc != WUB_OK) {
        return ngx_http_wubloader_store_fail(seek->store, rc, 0, seek->path);
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
    ngx_http_wubloader_item_t     item;
    ngx_http_wubloader_record_t  *record;

    n = 0;
    record = seek->record;

    record->meta.text = (uint32_t) record->text.len;
    record->meta.rest = (uint32_t) record->rest.len;

    if (seek->cache->path.len == 0) {
        item.meta = record->meta;
        item.rest = record->rest;

        (void) ngx_http_wubloader_zone_put(seek->cache, seek->key,
                                           &record->stamp, &item, gone,
                                           NGX_HTTP_WUBLOADER_CACHE_GONE,
                                           &n);

        return ngx_http_wubloader_cache_own(seek);
    }

    if (ngx_http_wubloader_file_write(seek->store, record) != NGX_OK) {
        record->kept = 0;
        return ngx_http_wubloader_cache_own(seek);
    }

    item.meta = record->meta;
    item.rest = wub_str_n(NULL, 0);

    rc = ngx_http_wubloader_zone_put(seek->cache, seek->key, &record->stamp,
                                     &item, gone,
                                     NGX_HTTP_WUBLOADER_CACHE_GONE, &n);
    if (rc != NGX_OK) {
        ngx_http_wubloader_file_remove(seek->cache, record->meta.id);
    }

    for (i = 0; i < n; i++) {
        ngx_http_wubloader_file_remove(seek->cache, gone[i]);
    }

    return (record->fd != NGX_INVALID_FILE) ? WUB_OK
                                            : ngx_http_wubloader_cache_own(
                                                  seek);
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
