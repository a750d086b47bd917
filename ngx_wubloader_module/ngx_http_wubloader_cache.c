
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"

#include "common/wub_time.h"


/* how long one request waits for what another one makes, ms */
#define NGX_HTTP_WUBLOADER_CACHE_WAIT   2000


static void ngx_http_wubloader_cache_seek_init(
    ngx_http_wubloader_seek_t *seek, ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_item_e item, int64_t hour,
    ngx_http_wubloader_record_t *record);
static wub_rc_t ngx_http_wubloader_cache_seek(
    ngx_http_wubloader_seek_t *seek);
static void ngx_http_wubloader_cache_waiting(
    ngx_http_wubloader_cache_t *cache, ngx_atomic_int_t n);
static wub_rc_t ngx_http_wubloader_cache_stamp(
    ngx_http_wubloader_seek_t *seek);
static void ngx_http_wubloader_cache_key(ngx_http_wubloader_seek_t *seek);
static void ngx_http_wubloader_cache_key_begin(
    ngx_http_wubloader_store_t *store);
static ngx_int_t ngx_http_wubloader_cache_find(
    ngx_http_wubloader_seek_t *seek);


wub_rc_t
ngx_http_wubloader_cache_get(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_item_e item, int64_t hour,
    ngx_http_wubloader_record_t *ret)
{
    wub_rc_t                   rc;
    ngx_http_wubloader_seek_t  seek;

    ngx_http_wubloader_cache_seek_init(&seek, store, item, hour, ret);

    rc = ngx_http_wubloader_store_quality(store);
    if (rc != WUB_OK) {
        return rc;
    }

    wub_hour_format(hour, seek.name);

    rc = ngx_http_wubloader_cache_seek(&seek);

    if (seek.dirfd != NGX_INVALID_FILE) {
        (void) close(seek.dirfd);
    }

    return rc;
}


wub_rc_t
ngx_http_wubloader_cache_index(ngx_http_wubloader_store_t *store,
    int64_t hour, wub_hour_t *ret)
{
    wub_rc_t                      rc;
    wub_str_t                     text;
    wub_arena_t                  *arena;
    const wub_hourtext_t         *index;
    ngx_http_wubloader_record_t   record;

    rc = ngx_http_wubloader_cache_get(store, ngx_http_wubloader_item_hour,
                                      hour, &record);
    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_file_need(store, &record);
    }

    if (rc != WUB_OK) {
        return rc;
    }

    /* of its own: of a text only the names are needed, and not for long */

    arena = wub_arena_create(WUB_ARENA_MAX);
    if (arena == NULL) {
        return WUB_NO_MEMORY;
    }

    text = wub_str_n(NULL, 0);

    rc = ngx_http_wubloader_file_index(arena, &record, &index);

    if (rc == WUB_OK
        && (record.fd != NGX_INVALID_FILE || record.text.data != NULL))
    {
        rc = ngx_http_wubloader_file_text(arena, &record, 0,
                                          record.meta.text, &text);
    }

    if (rc == WUB_OK) {
        rc = wub_hourtext_hour(store->arena, index, text, ret);
    }

    wub_arena_destroy(arena);

    return rc;
}


wub_rc_t
ngx_http_wubloader_cache_gz(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_item_e item, int64_t hour,
    ngx_http_wubloader_record_t *plain, ngx_http_wubloader_record_t *ret)
{
    ngx_http_wubloader_seek_t  seek;

    ngx_http_wubloader_cache_seek_init(&seek, store, item, hour, ret);

    seek.plain = plain;

    return ngx_http_wubloader_cache_seek(&seek);
}


static void
ngx_http_wubloader_cache_seek_init(ngx_http_wubloader_seek_t *seek,
    ngx_http_wubloader_store_t *store, ngx_http_wubloader_item_e item,
    int64_t hour, ngx_http_wubloader_record_t *record)
{
    ngx_memzero(seek, sizeof(ngx_http_wubloader_seek_t));

    seek->store = store;
    seek->cache = store->cache;
    seek->item = item;
    seek->hour = hour;
    seek->dirfd = NGX_INVALID_FILE;
    seek->record = record;
}


static wub_rc_t
ngx_http_wubloader_cache_seek(ngx_http_wubloader_seek_t *seek)
{
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

        rc = ngx_http_wubloader_cache_stamp(seek);
        if (rc != WUB_OK) {
            goto done;
        }

        switch (ngx_http_wubloader_cache_find(seek)) {

        case NGX_OK:
            found = (waited != 0) ? ngx_http_wubloader_cache_wait
                                  : ngx_http_wubloader_cache_hit;

            seek->store->found = ngx_max(seek->store->found, found);
            rc = WUB_OK;
            goto done;

        case NGX_AGAIN:

            if (seek->store->ahead) {
                return WUB_DECLINED;
            }

            break;

        case NGX_ABORT:
            return WUB_DECLINED;

        default:
            rc = ngx_http_wubloader_cache_make(seek);
            goto done;
        }

        if (waited == 0) {
            ngx_http_wubloader_count(seek->cache->stats, waits, 1);
            ngx_http_wubloader_cache_waiting(seek->cache, 1);
        }

        ngx_msleep(1);
    }

    rc = ngx_http_wubloader_cache_make(seek);

done:

    if (waited != 0) {
        ngx_http_wubloader_cache_waiting(seek->cache, -1);
    }

    return rc;
}


/* so counted that those of a process that dies go with it */

static void
ngx_http_wubloader_cache_waiting(ngx_http_wubloader_cache_t *cache,
    ngx_atomic_int_t n)
{
    if (cache->waiting) {
        (void) ngx_atomic_fetch_add(cache->waiting, n);
    }
}


/*
 * Of the directory that is there now.  Of one that is open: where a link
 * leads is not looked at twice.
 */

static wub_rc_t
ngx_http_wubloader_cache_stamp(ngx_http_wubloader_seek_t *seek)
{
    int                           err;
    wub_rc_t                      rc;
    ngx_http_wubloader_record_t  *record;

    record = seek->record;

    if (seek->plain) {
        record->stamp = seek->plain->stamp;
        return WUB_OK;
    }

    if (seek->dirfd == NGX_INVALID_FILE) {
        rc = wub_dir_stamp_at(seek->store->dirfd, seek->name, &record->stamp,
                              &err);

        if (rc == WUB_OK || rc == WUB_NOT_FOUND) {
            return rc;
        }

        rc = ngx_http_wubloader_cache_open(seek);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    rc = wub_dir_stamp(seek->dirfd, &record->stamp, &err);

    if (rc != WUB_OK) {
        return ngx_http_wubloader_cache_fail(seek, rc, err);
    }

    return WUB_OK;
}


wub_rc_t
ngx_http_wubloader_cache_open(ngx_http_wubloader_seek_t *seek)
{
    const char  *path;

    path = ngx_http_wubloader_store_hour_path(seek->store, seek->hour);
    if (path == NULL) {
        return ngx_http_wubloader_store_fail(seek->store, WUB_NO_MEMORY, 0,
                                             "");
    }

    return ngx_http_wubloader_store_open(seek->store, path, &seek->dirfd);
}


wub_rc_t
ngx_http_wubloader_cache_fail(ngx_http_wubloader_seek_t *seek, wub_rc_t rc,
    int err)
{
    const char  *path;

    path = NULL;

    /* what is made of a text that is there does not blame its directory */

    if (seek->plain == NULL) {
        path = ngx_http_wubloader_store_hour_path(seek->store, seek->hour);
    }

    return ngx_http_wubloader_store_fail(seek->store, rc, err,
                                         path ? path : "");
}


/*
 * All that tells one text from another, but for the directory's content.
 * Of the two forms of a text only the last bit differs, so that they stand
 * side by side in the zone.
 */

static void
ngx_http_wubloader_cache_key(ngx_http_wubloader_seek_t *seek)
{
    ngx_md5_t                    md5;
    ngx_http_wubloader_item_e    item;
    ngx_http_wubloader_store_t  *store;

    store = seek->store;

    if (!store->keyed) {
        ngx_http_wubloader_cache_key_begin(store);
    }

    item = seek->item & ~1;
    md5 = store->key;

    ngx_md5_update(&md5, &seek->hour, sizeof(int64_t));
    ngx_md5_update(&md5, &item, sizeof(ngx_http_wubloader_item_e));
    ngx_md5_final(seek->record->key, &md5);

    seek->record->key[NGX_HTTP_WUBLOADER_KEY - 1] ^= (u_char)
                                                     (seek->item & 1);
}


/* the part that all hours of a quality share */

static void
ngx_http_wubloader_cache_key_begin(ngx_http_wubloader_store_t *store)
{
    size_t     i;
    wub_str_t  parts[5];

    parts[0] = ngx_http_wubloader_wub(store->cache->path);
    parts[1] = wub_str_n(store->root, ngx_strlen(store->root));
    parts[2] = store->channel;
    parts[3] = store->quality;
    parts[4] = store->segments_uri;

    ngx_md5_init(&store->key);

    for (i = 0; i < 5; i++) {
        ngx_md5_update(&store->key, &parts[i].len, sizeof(size_t));
        ngx_md5_update(&store->key, parts[i].data, parts[i].len);
    }

    ngx_md5_update(&store->key, &store->tolerance, sizeof(int64_t));

    store->keyed = 1;
}


static ngx_int_t
ngx_http_wubloader_cache_find(ngx_http_wubloader_seek_t *seek)
{
    ngx_int_t                     rc;
    ngx_http_wubloader_item_t     item;
    ngx_http_wubloader_record_t  *record;

    record = seek->record;

    rc = ngx_http_wubloader_zone_get(seek->cache, record->key, &record->stamp,
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
