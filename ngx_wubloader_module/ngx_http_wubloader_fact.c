
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


/* files that one fact may push out */
#define NGX_HTTP_WUBLOADER_FACT_GONE  16


static void ngx_http_wubloader_fact_key(ngx_http_wubloader_fact_t *fact,
    const ngx_http_wubloader_store_t *store, ngx_http_wubloader_fact_e kind);


/*
 * There is no claim and nobody waits: what many ask for at the moment of a
 * change each of them measures, once.
 */

ngx_int_t
ngx_http_wubloader_fact_find(ngx_http_wubloader_fact_t *fact,
    ngx_http_wubloader_store_t *store, ngx_http_wubloader_fact_e kind,
    int dirfd, void *data, size_t size)
{
    int                        err;
    struct timespec            ts;
    ngx_http_wubloader_item_t  item;

    fact->cache = store->cache;

    if (fact->cache == NULL) {
        return NGX_DECLINED;
    }

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    fact->dirfd = dirfd;
    fact->now = (int64_t) ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;

    if (wub_dir_stamp(dirfd, &fact->stamp, &err) != WUB_OK) {
        fact->cache = NULL;
        return NGX_DECLINED;
    }

    ngx_http_wubloader_fact_key(fact, store, kind);

    if (ngx_http_wubloader_zone_get(fact->cache, fact->key, &fact->stamp,
                                    store->arena, 0, &item)
        != NGX_OK)
    {
        ngx_http_wubloader_count(fact->cache->stats, misses, 1);
        return NGX_DECLINED;
    }

    if (item.rest.len != size) {
        return NGX_DECLINED;
    }

    ngx_memcpy(data, item.rest.data, size);

    store->found = ngx_max(store->found, ngx_http_wubloader_cache_hit);

    return NGX_OK;
}


void
ngx_http_wubloader_fact_keep(ngx_http_wubloader_fact_t *fact,
    const void *data, size_t size)
{
    int                        err;
    size_t                     i, n;
    uint64_t                   gone[NGX_HTTP_WUBLOADER_FACT_GONE];
    wub_dir_stamp_t            after;
    ngx_http_wubloader_item_t  item;

    if (fact->cache == NULL) {
        return;
    }

    if (wub_dir_stamp(fact->dirfd, &after, &err) != WUB_OK
        || !wub_stamp_keep(&fact->stamp, &after, fact->now))
    {
        ngx_http_wubloader_count(fact->cache->stats, bypasses, 1);
        return;
    }

    ngx_memzero(&item, sizeof(ngx_http_wubloader_item_t));

    item.meta.rest = (uint32_t) size;
    item.rest = wub_str_n(data, size);

    if (ngx_http_wubloader_zone_put(fact->cache, fact->key, &fact->stamp,
                                    &item, gone,
                                    NGX_HTTP_WUBLOADER_FACT_GONE, &n)
        == NGX_OK)
    {
        ngx_http_wubloader_count(fact->cache->stats, fills, 1);
    }

    for (i = 0; i < n; i++) {
        ngx_http_wubloader_file_remove(fact->cache, gone[i]);
    }
}


/* the directory is part of the stamp, so one fact follows another */

static void
ngx_http_wubloader_fact_key(ngx_http_wubloader_fact_t *fact,
    const ngx_http_wubloader_store_t *store, ngx_http_wubloader_fact_e kind)
{
    size_t     i;
    ngx_md5_t  md5;
    wub_str_t  parts[4];

    parts[0] = wub_str("fact");
    parts[1] = wub_str_n(store->root, ngx_strlen(store->root));
    parts[2] = store->channel;
    parts[3] = store->quality;

    ngx_md5_init(&md5);

    for (i = 0; i < 4; i++) {
        ngx_md5_update(&md5, &parts[i].len, sizeof(size_t));
        ngx_md5_update(&md5, parts[i].data, parts[i].len);
    }

    ngx_md5_update(&md5, &store->tolerance, sizeof(int64_t));
    ngx_md5_update(&md5, &kind, sizeof(ngx_http_wubloader_fact_e));

    ngx_md5_final(fact->key, &md5);
}
