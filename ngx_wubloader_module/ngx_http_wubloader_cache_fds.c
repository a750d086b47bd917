
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


/* the part of all descriptors that texts may hold, and how many at most */
#define NGX_HTTP_WUBLOADER_SHARE     4
#define NGX_HTTP_WUBLOADER_FDS_MAX   8192
#define NGX_HTTP_WUBLOADER_FDS       256    /* where no limit is known */

/* that one sweep closes */
#define NGX_HTTP_WUBLOADER_FDS_SWEEP 256


static ngx_uint_t ngx_http_wubloader_fds_max(void);
static ngx_http_wubloader_held_t **ngx_http_wubloader_fds_bucket(
    ngx_http_wubloader_fds_t *fds, const u_char *key);
static ngx_http_wubloader_held_t *ngx_http_wubloader_fds_lookup(
    ngx_http_wubloader_fds_t *fds, const u_char *key);
static ngx_http_wubloader_held_t *ngx_http_wubloader_fds_take(
    ngx_http_wubloader_fds_t *fds, const u_char *key, uint64_t id,
    ngx_fd_t fd, ngx_fd_t *ret_fd);
static void ngx_http_wubloader_fds_use(ngx_http_wubloader_fds_t *fds,
    ngx_http_wubloader_held_t *held);
static ngx_fd_t ngx_http_wubloader_fds_drop(ngx_http_wubloader_fds_t *fds,
    ngx_http_wubloader_held_t *held);
static ngx_fd_t ngx_http_wubloader_fds_empty(ngx_http_wubloader_fds_t *fds,
    ngx_http_wubloader_held_t *held);
static void ngx_http_wubloader_fds_close(ngx_fd_t fd);


ngx_int_t
ngx_http_wubloader_fds_init(ngx_http_wubloader_cache_t *cache)
{
    ngx_uint_t                  i, n, size;
    ngx_http_wubloader_fds_t   *fds;
    ngx_http_wubloader_held_t  *held;

    fds = &cache->fds;
    n = ngx_http_wubloader_fds_max();

    for (size = 1; size < n; size *= 2) { /* void */ }

    held = ngx_pcalloc(ngx_cycle->pool,
                       n * sizeof(ngx_http_wubloader_held_t));
    fds->buckets = ngx_pcalloc(ngx_cycle->pool,
                               size * sizeof(ngx_http_wubloader_held_t *));

    if (held == NULL || fds->buckets == NULL
        || ngx_thread_mutex_create(&fds->mutex, ngx_cycle->log) != NGX_OK)
    {
        return NGX_ERROR;
    }

    fds->mask = size - 1;

    ngx_queue_init(&fds->idle);
    ngx_queue_init(&fds->free);

    for (i = 0; i < n; i++) {
        held[i].fd = NGX_INVALID_FILE;
        ngx_queue_insert_tail(&fds->free, &held[i].queue);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_wubloader_fds_max(void)
{
    struct rlimit  limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1
        || limit.rlim_cur == RLIM_INFINITY)
    {
        return NGX_HTTP_WUBLOADER_FDS;
    }

    return (ngx_uint_t) ngx_min(limit.rlim_cur / NGX_HTTP_WUBLOADER_SHARE,
                                NGX_HTTP_WUBLOADER_FDS_MAX);
}


ngx_http_wubloader_held_t *
ngx_http_wubloader_fds_find(ngx_http_wubloader_fds_t *fds,
    const u_char key[NGX_HTTP_WUBLOADER_KEY], uint64_t id)
{
    ngx_fd_t                    fd;
    ngx_http_wubloader_held_t  *held;

    fd = NGX_INVALID_FILE;

    (void) ngx_thread_mutex_lock(&fds->mutex, ngx_cycle->log);

    held = ngx_http_wubloader_fds_lookup(fds, key);

    if (held != NULL && held->id != id) {
        fd = ngx_http_wubloader_fds_drop(fds, held);
        held = NULL;
    }

    if (held != NULL) {
        ngx_http_wubloader_fds_use(fds, held);
    }

    (void) ngx_thread_mutex_unlock(&fds->mutex, ngx_cycle->log);

    ngx_http_wubloader_fds_close(fd);

    return held;
}


ngx_http_wubloader_held_t *
ngx_http_wubloader_fds_put(ngx_http_wubloader_fds_t *fds,
    const u_char key[NGX_HTTP_WUBLOADER_KEY], uint64_t id, ngx_fd_t fd)
{
    ngx_fd_t                    old, gone;
    ngx_http_wubloader_held_t  *held;

    old = NGX_INVALID_FILE;
    gone = NGX_INVALID_FILE;

    (void) ngx_thread_mutex_lock(&fds->mutex, ngx_cycle->log);

    held = ngx_http_wubloader_fds_lookup(fds, key);

    if (held != NULL && held->id != id) {
        old = ngx_http_wubloader_fds_drop(fds, held);
        held = NULL;
    }

    if (held != NULL) {

        /* another thread opened it at the same time */

        ngx_http_wubloader_fds_use(fds, held);
        gone = fd;

    } else {
        held = ngx_http_wubloader_fds_take(fds, key, id, fd, &gone);
    }

    (void) ngx_thread_mutex_unlock(&fds->mutex, ngx_cycle->log);

    ngx_http_wubloader_fds_close(old);
    ngx_http_wubloader_fds_close(gone);

    return held;
}


void
ngx_http_wubloader_fds_release(ngx_http_wubloader_fds_t *fds,
    ngx_http_wubloader_held_t *held, ngx_uint_t forget)
{
    ngx_fd_t  fd;

    fd = NGX_INVALID_FILE;

    (void) ngx_thread_mutex_lock(&fds->mutex, ngx_cycle->log);

    if (forget && held->id != 0) {
        (void) ngx_http_wubloader_fds_drop(fds, held);
    }

    if (--held->users == 0) {

        if (held->id == 0) {
            fd = ngx_http_wubloader_fds_empty(fds, held);

        } else {
            held->turn = fds->turn;
            ngx_queue_insert_head(&fds->idle, &held->queue);
        }
    }

    (void) ngx_thread_mutex_unlock(&fds->mutex, ngx_cycle->log);

    ngx_http_wubloader_fds_close(fd);
}


ngx_int_t
ngx_http_wubloader_fds_sweep(ngx_http_wubloader_fds_t *fds, ngx_uint_t all)
{
    ngx_fd_t                    gone[NGX_HTTP_WUBLOADER_FDS_SWEEP];
    ngx_int_t                   rc;
    ngx_uint_t                  i, n;
    ngx_queue_t                *q;
    ngx_http_wubloader_held_t  *held;

    do {
        n = 0;

        (void) ngx_thread_mutex_lock(&fds->mutex, ngx_cycle->log);

        while (n < NGX_HTTP_WUBLOADER_FDS_SWEEP
               && !ngx_queue_empty(&fds->idle))
        {
            q = ngx_queue_last(&fds->idle);
            held = ngx_queue_data(q, ngx_http_wubloader_held_t, queue);

            if (!all && held->turn == fds->turn) {
                break;
            }

            gone[n++] = ngx_http_wubloader_fds_drop(fds, held);
        }

        /* those that were not looked at stay old */

        if (n < NGX_HTTP_WUBLOADER_FDS_SWEEP) {
            fds->turn++;
        }

        rc = ngx_queue_empty(&fds->idle) ? NGX_OK : NGX_AGAIN;

        (void) ngx_thread_mutex_unlock(&fds->mutex, ngx_cycle->log);

        for (i = 0; i < n; i++) {
            ngx_http_wubloader_fds_close(gone[i]);
        }

    } while (all && n != 0);

    return rc;
}


static ngx_http_wubloader_held_t **
ngx_http_wubloader_fds_bucket(ngx_http_wubloader_fds_t *fds,
    const u_char *key)
{
    uint32_t  hash;

    /* a key is a hash itself */

    ngx_memcpy(&hash, key, sizeof(uint32_t));

    return &fds->buckets[hash & fds->mask];
}


static ngx_http_wubloader_held_t *
ngx_http_wubloader_fds_lookup(ngx_http_wubloader_fds_t *fds,
    const u_char *key)
{
    ngx_http_wubloader_held_t  *held;

    for (held = *ngx_http_wubloader_fds_bucket(fds, key);
         held != NULL;
         held = held->next)
    {
        if (ngx_http_wubloader_key_cmp(held->key, key) == 0) {
            return held;
        }
    }

    return NULL;
}


/* a free place, or that of the one that was idle longest */

static ngx_http_wubloader_held_t *
ngx_http_wubloader_fds_take(ngx_http_wubloader_fds_t *fds, const u_char *key,
    uint64_t id, ngx_fd_t fd, ngx_fd_t *ret_fd)
{
    ngx_queue_t                 *q;
    ngx_http_wubloader_held_t   *held, **bucket;

    if (ngx_queue_empty(&fds->free)) {

        if (ngx_queue_empty(&fds->idle)) {
            return NULL;
        }

        q = ngx_queue_last(&fds->idle);
        held = ngx_queue_data(q, ngx_http_wubloader_held_t, queue);

        *ret_fd = ngx_http_wubloader_fds_drop(fds, held);
    }

    q = ngx_queue_head(&fds->free);
    held = ngx_queue_data(q, ngx_http_wubloader_held_t, queue);
    ngx_queue_remove(q);

    ngx_memcpy(held->key, key, NGX_HTTP_WUBLOADER_KEY);
    held->id = id;
    held->fd = fd;
    held->users = 1;

    bucket = ngx_http_wubloader_fds_bucket(fds, key);
    held->next = *bucket;
    *bucket = held;

    return held;
}


static void
ngx_http_wubloader_fds_use(ngx_http_wubloader_fds_t *fds,
    ngx_http_wubloader_held_t *held)
{
    if (held->users++ == 0) {
        ngx_queue_remove(&held->queue);
    }
}


/* out of its bucket; what is to be closed, or nothing where it is in use */

static ngx_fd_t
ngx_http_wubloader_fds_drop(ngx_http_wubloader_fds_t *fds,
    ngx_http_wubloader_held_t *held)
{
    ngx_http_wubloader_held_t  **p;

    for (p = ngx_http_wubloader_fds_bucket(fds, held->key);
         *p != held;
         p = &(*p)->next)
    { /* void */ }

    *p = held->next;
    held->id = 0;

    if (held->users != 0) {
        return NGX_INVALID_FILE;
    }

    ngx_queue_remove(&held->queue);

    return ngx_http_wubloader_fds_empty(fds, held);
}


static ngx_fd_t
ngx_http_wubloader_fds_empty(ngx_http_wubloader_fds_t *fds,
    ngx_http_wubloader_held_t *held)
{
    ngx_fd_t  fd;

    fd = held->fd;

    held->id = 0;
    held->fd = NGX_INVALID_FILE;

    ngx_queue_insert_tail(&fds->free, &held->queue);

    return fd;
}


/* never under the lock: the last one of a removed file frees its bytes */

static void
ngx_http_wubloader_fds_close(ngx_fd_t fd)
{
    if (fd != NGX_INVALID_FILE) {
        (void) close(fd);
    }
}
