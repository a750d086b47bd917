
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


/* bytes of the name of a file: digits of its id, and an ending */
#define NGX_HTTP_WUBLOADER_FILE_LEN  20

/* entries of a folder that is cleaned: more are none of ours */
#define NGX_HTTP_WUBLOADER_CLEAN     1000000

/* descriptors that nobody uses are looked at so often, ms */
#define NGX_HTTP_WUBLOADER_TURN      5000

/* ids in a run of a zone: those of another run are not that near */
#define NGX_HTTP_WUBLOADER_RUN       (UINT64_C(1) << 40)


static ngx_int_t ngx_http_wubloader_cache_begin(ngx_http_request_t *r,
    ngx_http_wubloader_cache_t *cache);
static void ngx_http_wubloader_cache_turn(ngx_event_t *ev);
static void ngx_http_wubloader_cache_work(void *data, ngx_log_t *log);
static void ngx_http_wubloader_cache_done(ngx_event_t *ev);
static void ngx_http_wubloader_cache_cleanup(void *data);
static void ngx_http_wubloader_cache_sweep(
    ngx_http_wubloader_cache_t *cache);
static ngx_uint_t ngx_http_wubloader_cache_ours(const u_char *name,
    uint64_t *ret);
static ngx_uint_t ngx_http_wubloader_cache_known(const uint64_t *ids,
    size_t n, uint64_t id);


/* a cache that the last configuration had is none any more */

void
ngx_http_wubloader_cache_process(ngx_cycle_t *cycle)
{
    ngx_http_wubloader_metrics_t    *metrics;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_wubloader_module);

    if (wmcf == NULL || wmcf->metrics == NULL) {
        return;
    }

    metrics = wmcf->metrics->data;

    if (wmcf->cache == NULL) {
        metrics->cache.size = 0;
        return;
    }

    ngx_http_wubloader_zone_stats(wmcf->cache, &metrics->cache);
}


void
ngx_http_wubloader_cache_attach(ngx_http_request_t *r,
    ngx_http_wubloader_store_t *store)
{
    ngx_pool_cleanup_t              *cln;
    ngx_http_wubloader_cache_t      *cache;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_wubloader_module);
    cache = wmcf->cache;

    if (cache == NULL
        || (cache->event.handler == NULL
            && ngx_http_wubloader_cache_begin(r, cache) != NGX_OK))
    {
        return;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return;
    }

    cln->handler = ngx_http_wubloader_cache_cleanup;
    cln->data = store;

    store->cache = cache;

    cache->stats = ngx_http_wubloader_stats(r);
    cache->waiting = wmcf->slot ? &wmcf->slot->waiting : NULL;

    if (cache->path.len != 0 && !cache->event.timer_set) {
        ngx_add_timer(&cache->event, NGX_HTTP_WUBLOADER_TURN);
    }
}


/* of a process */

static ngx_int_t
ngx_http_wubloader_cache_begin(ngx_http_request_t *r,
    ngx_http_wubloader_cache_t *cache)
{
    ngx_http_wubloader_loc_conf_t  *wlcf;

    if (ngx_http_wubloader_fds_init(cache) != NGX_OK) {
        return NGX_ERROR;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    cache->threads = wlcf->thread_pool;
    cache->first = ngx_http_wubloader_zone_id(cache);

    cache->event.handler = ngx_http_wubloader_cache_turn;
    cache->event.data = cache;
    cache->event.log = ngx_cycle->log;
    cache->event.cancelable = 1;

    return NGX_OK;
}


/*
 * The first time a thread looks for what a process left that was killed:
 * the one that took its place is new, as this one is.
 */

static void
ngx_http_wubloader_cache_turn(ngx_event_t *ev)
{
    ngx_thread_task_t           *task;
    ngx_http_wubloader_cache_t  *cache;

    cache = ev->data;

    if (cache->threads != NULL) {
        task = ngx_thread_task_alloc(ngx_cycle->pool, sizeof(cache));

        if (task != NULL) {
            ngx_memcpy(task->ctx, &cache, sizeof(cache));

            task->handler = ngx_http_wubloader_cache_work;
            task->event.handler = ngx_http_wubloader_cache_done;
            task->event.log = ngx_cycle->log;

            (void) ngx_thread_task_post(cache->threads, task);
        }

        cache->threads = NULL;
    }

    if (ngx_http_wubloader_fds_sweep(&cache->fds, 0) != NGX_OK) {
        ngx_add_timer(ev, NGX_HTTP_WUBLOADER_TURN);
    }
}


static void
ngx_http_wubloader_cache_work(void *data, ngx_log_t *log)
{
    ngx_http_wubloader_cache_t *cache;

    ngx_memcpy(&cache, data, sizeof(cache));
    ngx_http_wubloader_cache_sweep(cache);
}


static void
ngx_http_wubloader_cache_done(ngx_event_t *ev)
{
}


void
ngx_http_wubloader_cache_end(void *data)
{
    ngx_http_wubloader_cache_t *cache = data;

    if (cache->event.handler == NULL) {
        return;
    }

    if (cache->event.timer_set) {
        ngx_del_timer(&cache->event);
    }

    (void) ngx_http_wubloader_fds_sweep(&cache->fds, 1);
    (void) ngx_thread_mutex_destroy(&cache->fds.mutex, ngx_cycle->log);
}


static void
ngx_http_wubloader_cache_cleanup(void *data)
{
    ngx_http_wubloader_store_t *store = data;

    ngx_event_t  *ev;

    /* the last turn may have seen nothing idle, for all was used here */

    ev = &store->cache->event;

    if (store->nheld != 0 && !ev->timer_set) {
        ngx_add_timer(ev, NGX_HTTP_WUBLOADER_TURN);
    }

    ngx_http_wubloader_store_close(store);
    ngx_http_wubloader_cache_release(store);
}


void
ngx_http_wubloader_cache_release(ngx_http_wubloader_store_t *store)
{
    size_t  i;

    for (i = 0; i < store->nheld; i++) {
        ngx_http_wubloader_fds_release(&store->cache->fds, store->held[i], 0);
    }

    store->nheld = 0;
}


void
ngx_http_wubloader_cache_clean(ngx_http_wubloader_cache_t *cache,
    ngx_log_t *log)
{
    u_char      name[NGX_MAX_PATH];
    uint64_t    id;
    ngx_dir_t   dir;
    ngx_uint_t  n;

    if (cache->path.len == 0) {
        return;
    }

    if (ngx_open_dir(&cache->path, &dir) == NGX_ERROR) {
        ngx_log_error(NGX_LOG_WARN, log, ngx_errno,
                      "\"%V\" of \"wubloader_cache\" cannot be cleaned",
                      &cache->path);
        return;
    }

    for (n = 0; n < NGX_HTTP_WUBLOADER_CLEAN; n++) {

        if (ngx_read_dir(&dir) == NGX_ERROR) {
            break;
        }

        if (ngx_http_wubloader_cache_ours(ngx_de_name(&dir), &id)) {
            (void) ngx_snprintf(name, NGX_MAX_PATH, "%V/%s%Z", &cache->path,
                                ngx_de_name(&dir));
            (void) ngx_delete_file(name);
        }
    }

    (void) ngx_close_dir(&dir);
}


/*
 * A file that is being made is younger than this process; should one take
 * longer than that it is lost, and made again by who misses it.
 */

static void
ngx_http_wubloader_cache_sweep(ngx_http_wubloader_cache_t *cache)
{
    size_t        nids;
    uint64_t      id, *ids;
    ngx_dir_t     dir;
    ngx_uint_t    n;
    wub_arena_t  *arena;

    arena = wub_arena_create(WUB_ARENA_MAX);
    if (arena == NULL) {
        return;
    }

    if (ngx_http_wubloader_zone_ids(cache, arena, &ids, &nids) != NGX_OK
        || ngx_open_dir(&cache->path, &dir) == NGX_ERROR)
    {
        wub_arena_destroy(arena);
        return;
    }

    for (n = 0; n < NGX_HTTP_WUBLOADER_CLEAN; n++) {

        if (ngx_read_dir(&dir) == NGX_ERROR) {
            break;
        }

        if (ngx_http_wubloader_cache_ours(ngx_de_name(&dir), &id)
            && id - cache->first >= NGX_HTTP_WUBLOADER_RUN
            && !ngx_http_wubloader_cache_known(ids, nids, id))
        {
            ngx_http_wubloader_file_remove(cache, id);
        }
    }

    (void) ngx_close_dir(&dir);
    wub_arena_destroy(arena);
}


static ngx_uint_t
ngx_http_wubloader_cache_known(const uint64_t *ids, size_t n, uint64_t id)
{
    size_t  low, high, middle;

    low = 0;
    high = n;

    while (low < high) {
        middle = low + (high - low) / 2;

        if (ids[middle] == id) {
            return 1;
        }

        if (ids[middle] < id) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_wubloader_cache_ours(const u_char *name, uint64_t *ret)
{
    ngx_uint_t  i;

    if (ngx_strlen(name) != NGX_HTTP_WUBLOADER_FILE_LEN
        || ngx_strcmp(name + 16, ".wub") != 0)
    {
        return 0;
    }

    *ret = 0;

    for (i = 0; i < 16; i++) {

        if (name[i] >= '0' && name[i] <= '9') {
            *ret = *ret * 16 + (uint64_t) (name[i] - '0');

        } else if (name[i] >= 'a' && name[i] <= 'f') {
            *ret = *ret * 16 + (uint64_t) (name[i] - 'a' + 10);

        } else {
            return 0;
        }
    }

    return 1;
}
