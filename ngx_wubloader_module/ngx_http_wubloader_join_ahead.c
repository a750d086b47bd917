
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


static void *ngx_http_wubloader_ahead_work(void *data);


/*
 * A thread of its own, and not one of the pool's: it is waited for by a
 * thread of the pool, and where all of these wait none would be left for
 * what they wait for.  Without it all is as before, only slower.
 */

void
ngx_http_wubloader_ahead_start(ngx_http_wubloader_ahead_t *ahead,
    const ngx_http_wubloader_store_t *store, size_t i, int64_t end)
{
    size_t  last;

    if (ahead->tried || ngx_ncpu < 2) {
        return;
    }

    ahead->tried = 1;

    for (last = i; last < store->nhours; last++) {
        if (store->hours[last] >= end) {
            break;
        }
    }

    if (last - i < NGX_HTTP_WUBLOADER_AHEAD) {
        return;
    }

    ahead->first = i;
    ahead->last = last;

    ahead->store = *store;
    ahead->store.dirfd = NGX_INVALID_FILE;
    ahead->store.maker = NULL;
    ahead->store.held = NULL;
    ahead->store.nheld = 0;
    ahead->store.room = 0;
    ahead->store.lazy = 1;
    ahead->store.ahead = 1;

    ahead->store.arena = wub_arena_create(WUB_ARENA_MAX);
    if (ahead->store.arena == NULL) {
        return;
    }

    if (pthread_create(&ahead->thread, NULL, ngx_http_wubloader_ahead_work,
                       ahead)
        != 0)
    {
        wub_arena_destroy(ahead->store.arena);
        return;
    }

    ahead->running = 1;
}


void
ngx_http_wubloader_ahead_stop(ngx_http_wubloader_ahead_t *ahead)
{
    if (!ahead->running) {
        return;
    }

    (void) ngx_atomic_fetch_add(&ahead->stop, 1);
    (void) pthread_join(ahead->thread, NULL);

    wub_arena_destroy(ahead->store.arena);
    ahead->running = 0;
}


/*
 * From the last hour on backwards, until it meets who started it; whatever
 * fails here fails there, and is told of there.
 */

static void *
ngx_http_wubloader_ahead_work(void *data)
{
    ngx_http_wubloader_ahead_t *ahead = data;

    size_t                        i;
    wub_rc_t                      rc;
    ngx_http_wubloader_store_t   *store;
    ngx_http_wubloader_record_t   record;

    store = &ahead->store;

    for (i = ahead->last; i > ahead->first; i--) {

        if (ngx_atomic_fetch_add(&ahead->stop, 0) != 0) {
            break;
        }

        rc = ngx_http_wubloader_cache_get(store, ngx_http_wubloader_item_hour,
                                          store->hours[i - 1], &record);

        ngx_http_wubloader_cache_release(store);

        store->room = 0;
        store->held = NULL;
        wub_arena_reset(store->arena);

        if (rc != WUB_OK && rc != WUB_NOT_FOUND && rc != WUB_DECLINED) {
            break;
        }
    }

    ngx_http_wubloader_store_close(store);

    return NULL;
}
