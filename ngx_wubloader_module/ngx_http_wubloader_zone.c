
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


/* whoever makes an item for longer than this is no longer waited for, s */
#define NGX_HTTP_WUBLOADER_ZONE_PATIENCE  10

/* the part of a zone that one item may take; more would throw out the rest */
#define NGX_HTTP_WUBLOADER_ZONE_SHARE     2


/* of files whose entries made room for another one */
typedef struct {
    uint64_t    *ids;
    size_t       max;
    size_t       n;
} ngx_http_wubloader_gone_t;


typedef struct {
    ngx_rbtree_node_t             node;
    ngx_queue_t                   queue;
    u_char                        key[NGX_HTTP_WUBLOADER_KEY];
    wub_dir_stamp_t               stamp;
    ngx_http_wubloader_meta_t     meta;
    u_char                       *rest;     /* of meta.rest bytes, or NULL */
    ngx_pid_t                     maker;    /* 0: nobody is at it */
    time_t                        since;    /* when the maker began, s */
    unsigned                      ready:1;  /* there is an item */
} ngx_http_wubloader_entry_t;


static void ngx_http_wubloader_zone_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_http_wubloader_entry_t *ngx_http_wubloader_zone_find(
    ngx_http_wubloader_cache_t *cache, const u_char *key);
static ngx_http_wubloader_entry_t *ngx_http_wubloader_zone_add(
    ngx_http_wubloader_cache_t *cache, const u_char *key,
    ngx_http_wubloader_gone_t *gone);
static ngx_int_t ngx_http_wubloader_zone_claim(
    ngx_http_wubloader_entry_t *entry);
static ngx_int_t ngx_http_wubloader_zone_copy(
    const ngx_http_wubloader_entry_t *entry, wub_arena_t *arena,
    ngx_http_wubloader_item_t *ret);
static size_t ngx_http_wubloader_zone_collect(const ngx_queue_t *head,
    uint64_t *ids, size_t room);
static int ngx_libc_cdecl ngx_http_wubloader_zone_cmp_ids(const void *one,
    const void *two);
static void *ngx_http_wubloader_zone_alloc(ngx_http_wubloader_cache_t *cache,
    size_t size, const ngx_http_wubloader_entry_t *except,
    ngx_http_wubloader_gone_t *gone);
static void ngx_http_wubloader_zone_empty(ngx_http_wubloader_cache_t *cache,
    ngx_http_wubloader_entry_t *entry, ngx_http_wubloader_gone_t *gone);
static void ngx_http_wubloader_zone_delete(ngx_http_wubloader_cache_t *cache,
    ngx_http_wubloader_entry_t *entry, ngx_http_wubloader_gone_t *gone);
static time_t ngx_http_wubloader_zone_clock(void);


ngx_int_t
ngx_http_wubloader_zone_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_http_wubloader_cache_t *old = data;

    uint64_t                      start;
    struct timespec               ts;
    ngx_http_wubloader_cache_t   *cache;
    ngx_http_wubloader_shared_t  *shared;

    cache = zone->data;
    cache->pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (old != NULL) {
        cache->shared = old->shared;
        return NGX_OK;
    }

    if (zone->shm.exists) {
        cache->shared = cache->pool->data;
        return NGX_OK;
    }

    shared = ngx_slab_calloc(cache->pool,
                             sizeof(ngx_http_wubloader_shared_t));
    if (shared == NULL) {
        return NGX_ERROR;
    }

    cache->shared = shared;
    cache->pool->data = shared;

    /* a full zone is nothing to shout about */

    cache->pool->log_nomem = 0;

    ngx_rbtree_init(&shared->rbtree, &shared->sentinel,
                    ngx_http_wubloader_zone_insert);
    ngx_queue_init(&shared->queue);

    /* names that no earlier run has used, not even within one second */

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    start = (uint64_t) ts.tv_sec * 1000000000 + (uint64_t) ts.tv_nsec;
    shared->next = (ngx_atomic_uint_t) ((start << 8) | 1);

    if (!ngx_test_config) {
        ngx_http_wubloader_cache_clean(cache, zone->shm.log);
    }

    return NGX_OK;
}


static void
ngx_http_wubloader_zone_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t           **p;
    ngx_http_wubloader_entry_t   *a, *b;

    a = (ngx_http_wubloader_entry_t *) node;

    for ( ;; ) {
        b = (ngx_http_wubloader_entry_t *) temp;

        p = (ngx_http_wubloader_key_cmp(a->key, b->key) < 0) ? &temp->left
                                                             : &temp->right;
        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


/* threads do not have nginx's cached time */

static time_t
ngx_http_wubloader_zone_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec;
}


ngx_int_t
ngx_http_wubloader_zone_get(ngx_http_wubloader_cache_t *cache,
    const u_char key[NGX_HTTP_WUBLOADER_KEY], const wub_dir_stamp_t *stamp,
    wub_arena_t *arena, ngx_uint_t claim, ngx_http_wubloader_item_t *ret)
{
    uint64_t                      id;
    ngx_int_t                     rc;
    ngx_http_wubloader_gone_t     gone;
    ngx_http_wubloader_entry_t   *entry;
    ngx_http_wubloader_shared_t  *shared;

    id = 0;
    shared = cache->shared;

    gone.ids = &id;
    gone.max = 1;
    gone.n = 0;

    ngx_shmtx_lock(&cache->pool->mutex);

    entry = ngx_http_wubloader_zone_find(cache, key);

    if (!claim && (entry == NULL || !entry->ready
                   || !wub_stamp_eq(&entry->stamp, stamp)))
    {
        rc = NGX_ABORT;

    } else if (entry == NULL) {

        entry = ngx_http_wubloader_zone_add(cache, key, &gone);

        if (entry != NULL) {
            rc = ngx_http_wubloader_zone_claim(entry);

        } else {
            rc = NGX_ERROR;
        }

    } else if (entry->ready && wub_stamp_eq(&entry->stamp, stamp)) {
        ngx_queue_remove(&entry->queue);
        ngx_queue_insert_head(&shared->queue, &entry->queue);

        rc = ngx_http_wubloader_zone_copy(entry, arena, ret);

    } else {
        rc = ngx_http_wubloader_zone_claim(entry);
    }

    ngx_shmtx_unlock(&cache->pool->mutex);

    ngx_http_wubloader_file_remove(cache, id);

    if (rc == NGX_OK) {
        ngx_http_wubloader_count(cache->stats, hits, 1);

    } else if (rc != NGX_AGAIN && rc != NGX_ABORT) {
        ngx_http_wubloader_count(cache->stats, misses, 1);
    }

    return rc;
}


static ngx_http_wubloader_entry_t *
ngx_http_wubloader_zone_find(ngx_http_wubloader_cache_t *cache,
    const u_char *key)
{
    ngx_int_t                     rc;
    ngx_rbtree_node_t            *node, *sentinel;
    ngx_http_wubloader_entry_t   *entry;

    node = cache->shared->rbtree.root;
    sentinel = cache->shared->rbtree.sentinel;

    while (node != sentinel) {
        entry = (ngx_http_wubloader_entry_t *) node;

        rc = ngx_http_wubloader_key_cmp(key, entry->key);

        if (rc == 0) {
            return entry;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


static ngx_http_wubloader_entry_t *
ngx_http_wubloader_zone_add(ngx_http_wubloader_cache_t *cache,
    const u_char *key, ngx_http_wubloader_gone_t *gone)
{
    ngx_http_wubloader_entry_t  *entry;

    entry = ngx_http_wubloader_zone_alloc(cache,
                                          sizeof(ngx_http_wubloader_entry_t),
                                          NULL, gone);
    if (entry == NULL) {
        return NULL;
    }

    ngx_memzero(entry, sizeof(ngx_http_wubloader_entry_t));
    ngx_memcpy(entry->key, key, NGX_HTTP_WUBLOADER_KEY);

    ngx_rbtree_insert(&cache->shared->rbtree, &entry->node);
    ngx_queue_insert_head(&cache->shared->queue, &entry->queue);

    return entry;
}


/* NGX_AGAIN: a maker that lives, and not for too long, is at it */

static ngx_int_t
ngx_http_wubloader_zone_claim(ngx_http_wubloader_entry_t *entry)
{
    time_t  now;

    now = ngx_http_wubloader_zone_clock();

    if (entry->maker != 0
        && now - entry->since < NGX_HTTP_WUBLOADER_ZONE_PATIENCE
        && (kill(entry->maker, 0) == 0 || ngx_errno != NGX_ESRCH))
    {
        return NGX_AGAIN;
    }

    entry->maker = ngx_pid;
    entry->since = now;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_wubloader_zone_copy(const ngx_http_wubloader_entry_t *entry,
    wub_arena_t *arena, ngx_http_wubloader_item_t *ret)
{
    char  *rest;

    ret->meta = entry->meta;
    ret->rest = wub_str_n(NULL, 0);

    if (entry->rest == NULL) {
        return NGX_OK;
    }

    rest = wub_arena_alloc(arena, entry->meta.rest);
    if (rest == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(rest, entry->rest, entry->meta.rest);
    ret->rest = wub_str_n(rest, entry->meta.rest);

    return NGX_OK;
}


uint64_t
ngx_http_wubloader_zone_id(ngx_http_wubloader_cache_t *cache)
{
    return (uint64_t) ngx_atomic_fetch_add(&cache->shared->next, 1);
}


ngx_int_t
ngx_http_wubloader_zone_put(ngx_http_wubloader_cache_t *cache,
    const u_char key[NGX_HTTP_WUBLOADER_KEY], const wub_dir_stamp_t *stamp,
    const ngx_http_wubloader_item_t *item, uint64_t *ret_gone, size_t max,
    size_t *ret_ngone)
{
    u_char                      *rest;
    ngx_int_t                    rc;
    ngx_http_wubloader_gone_t    gone;
    ngx_http_wubloader_entry_t  *entry;

    gone.ids = ret_gone;
    gone.max = max;
    gone.n = 0;

    *ret_ngone = 0;

    if (item->rest.data != NULL
        && item->rest.len > cache->zone->shm.size
                            / NGX_HTTP_WUBLOADER_ZONE_SHARE)
    {
        return NGX_DECLINED;
    }

    rc = NGX_DECLINED;
    rest = NULL;

    ngx_shmtx_lock(&cache->pool->mutex);

    entry = ngx_http_wubloader_zone_find(cache, key);

    if (entry == NULL) {
        entry = ngx_http_wubloader_zone_add(cache, key, &gone);

    } else {
        ngx_http_wubloader_zone_empty(cache, entry, &gone);

        /* not the next one to make room, least of all for itself */

        ngx_queue_remove(&entry->queue);
        ngx_queue_insert_head(&cache->shared->queue, &entry->queue);
    }

    if (entry != NULL && item->rest.data != NULL) {
        rest = ngx_http_wubloader_zone_alloc(cache, item->rest.len, entry,
                                             &gone);
        if (rest == NULL) {
            ngx_http_wubloader_zone_delete(cache, entry, &gone);
            entry = NULL;

        } else {
            ngx_memcpy(rest, item->rest.data, item->rest.len);
        }
    }

    if (entry != NULL) {
        entry->stamp = *stamp;
        entry->meta = item->meta;
        entry->rest = rest;
        entry->maker = 0;
        entry->ready = 1;

        ngx_http_wubloader_count(cache->stats, hours, 1);
        rc = NGX_OK;
    }

    ngx_http_wubloader_zone_stats(cache, cache->stats);

    ngx_shmtx_unlock(&cache->pool->mutex);

    *ret_ngone = gone.n;

    return rc;
}


void
ngx_http_wubloader_zone_stats(ngx_http_wubloader_cache_t *cache,
    ngx_http_wubloader_stats_t *stats)
{
    if (stats == NULL) {
        return;
    }

    stats->size = cache->zone->shm.size;
    stats->bytes = cache->zone->shm.size - cache->pool->pfree * ngx_pagesize;
}


ngx_int_t
ngx_http_wubloader_zone_ids(ngx_http_wubloader_cache_t *cache,
    wub_arena_t *arena, uint64_t **ret, size_t *ret_n)
{
    size_t        n, room;
    uint64_t     *ids;
    ngx_queue_t  *head;

    head = &cache->shared->queue;
    room = 0;

    /* memory is got without the lock; more may have come until it is there */

    for ( ;; ) {
        ids = wub_arena_alloc(arena, room * sizeof(uint64_t));
        if (ids == NULL) {
            return NGX_ERROR;
        }

        ngx_shmtx_lock(&cache->pool->mutex);

        n = ngx_http_wubloader_zone_collect(head, ids, room);

        ngx_shmtx_unlock(&cache->pool->mutex);

        if (n <= room) {
            break;
        }

        room = n + n / 8 + 16;
    }

    ngx_qsort(ids, n, sizeof(uint64_t), ngx_http_wubloader_zone_cmp_ids);

    *ret = ids;
    *ret_n = n;

    return NGX_OK;
}


/* how many there are, of which room are filled in */

static size_t
ngx_http_wubloader_zone_collect(const ngx_queue_t *head, uint64_t *ids,
    size_t room)
{
    size_t                       n;
    ngx_queue_t                 *q;
    ngx_http_wubloader_entry_t  *entry;

    n = 0;

    for (q = ngx_queue_head(head);
         q != ngx_queue_sentinel(head);
         q = ngx_queue_next(q))
    {
        entry = ngx_queue_data(q, ngx_http_wubloader_entry_t, queue);

        if (entry->ready && entry->meta.id != 0) {

            if (n < room) {
                ids[n] = entry->meta.id;
            }

            n++;
        }
    }

    return n;
}


static int ngx_libc_cdecl
ngx_http_wubloader_zone_cmp_ids(const void *one, const void *two)
{
    uint64_t  a, b;

    a = *(const uint64_t *) one;
    b = *(const uint64_t *) two;

    return (a > b) - (a < b);
}


void
ngx_http_wubloader_zone_drop(ngx_http_wubloader_cache_t *cache,
    const u_char key[NGX_HTTP_WUBLOADER_KEY])
{
    ngx_http_wubloader_entry_t  *entry;

    ngx_shmtx_lock(&cache->pool->mutex);

    entry = ngx_http_wubloader_zone_find(cache, key);

    if (entry != NULL && !entry->ready) {
        ngx_http_wubloader_zone_delete(cache, entry, NULL);

    } else if (entry != NULL) {
        entry->maker = 0;
    }

    ngx_shmtx_unlock(&cache->pool->mutex);
}


/*
 * The least used entries make room, until gone is full of what somebody
 * has to remove.
 */

static void *
ngx_http_wubloader_zone_alloc(ngx_http_wubloader_cache_t *cache, size_t size,
    const ngx_http_wubloader_entry_t *except, ngx_http_wubloader_gone_t *gone)
{
    void                        *p;
    ngx_queue_t                 *q;
    ngx_http_wubloader_entry_t  *entry;

    for ( ;; ) {
        p = ngx_slab_alloc_locked(cache->pool, size);

        if (p != NULL || gone->n == gone->max
            || ngx_queue_empty(&cache->shared->queue))
        {
            return p;
        }

        q = ngx_queue_last(&cache->shared->queue);
        entry = ngx_queue_data(q, ngx_http_wubloader_entry_t, queue);

        if (entry == except) {
            return NULL;
        }

        ngx_http_wubloader_zone_delete(cache, entry, gone);

        ngx_http_wubloader_count(cache->stats, evictions, 1);
    }
}


static void
ngx_http_wubloader_zone_empty(ngx_http_wubloader_cache_t *cache,
    ngx_http_wubloader_entry_t *entry, ngx_http_wubloader_gone_t *gone)
{
    if (entry->rest) {
        ngx_slab_free_locked(cache->pool, entry->rest);
        entry->rest = NULL;
    }

    if (gone && entry->ready && entry->meta.id != 0 && gone->n < gone->max) {
        gone->ids[gone->n++] = entry->meta.id;
    }

    if (entry->ready) {
        entry->ready = 0;
        ngx_http_wubloader_count(cache->stats, hours, -1);
    }
}


static void
ngx_http_wubloader_zone_delete(ngx_http_wubloader_cache_t *cache,
    ngx_http_wubloader_entry_t *entry, ngx_http_wubloader_gone_t *gone)
{
    ngx_http_wubloader_zone_empty(cache, entry, gone);

    ngx_queue_remove(&entry->queue);
    ngx_rbtree_delete(&cache->shared->rbtree, &entry->node);
    ngx_slab_free_locked(cache->pool, entry);
}
