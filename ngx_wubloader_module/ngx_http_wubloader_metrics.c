
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"

#include "common/wub_buf.h"
#include "common/wub_metrics.h"


#define NGX_HTTP_WUBLOADER_MINUTE  60


static ngx_int_t ngx_http_wubloader_metrics_zone_init(ngx_shm_zone_t *zone,
    void *data);
static ngx_int_t ngx_http_wubloader_metrics_log(ngx_http_request_t *r);
static ngx_uint_t ngx_http_wubloader_metrics_free(
    ngx_http_wubloader_process_t *slot);
static ngx_http_wubloader_metrics_t *ngx_http_wubloader_metrics_of(
    ngx_http_wubloader_main_conf_t *wmcf);
static ngx_uint_t ngx_http_wubloader_metrics_status(ngx_http_request_t *r);
static void ngx_http_wubloader_metrics_watch(ngx_http_request_t *r,
    ngx_http_wubloader_metrics_t *metrics, wub_str_t channel,
    wub_str_t quality);
static ngx_http_wubloader_watched_t *ngx_http_wubloader_metrics_find(
    ngx_http_wubloader_metrics_t *metrics, ngx_str_t *name,
    size_t channel_len);
static void ngx_http_wubloader_metrics_mark(ngx_http_request_t *r,
    ngx_http_wubloader_watched_t *watched);


/* upstream's, in microseconds */
static const uint64_t
    ngx_http_wubloader_latency_bounds[NGX_HTTP_WUBLOADER_BOUNDS] =
{
    1000, 5000, 10000, 50000, 100000, 500000, 1000000, 5000000, 10000000,
    30000000, 60000000, 120000000, 300000000, 600000000
};


static const ngx_uint_t
    ngx_http_wubloader_statuses[NGX_HTTP_WUBLOADER_STATUSES] =
{
    200, 201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 405, 406, 408,
    409, 410, 412, 413, 414, 415, 416, 429, 499, 500, 501, 502, 503, 504
};


static const char *const
    ngx_http_wubloader_status_names[NGX_HTTP_WUBLOADER_STATUSES + 1] =
{
    "200", "201", "204", "206", "301", "302", "304", "400", "401", "403",
    "404", "405", "406", "408", "409", "410", "412", "413", "414", "415",
    "416", "429", "499", "500", "501", "502", "503", "504", "other"
};


char *
ngx_http_wubloader_metrics_add(ngx_conf_t *cf)
{
    ngx_str_t                        name;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wubloader_module);

    if (wmcf->metrics) {
        return NGX_CONF_OK;
    }

    ngx_str_set(&name, "wubloader_metrics");

    /* the table and what the slab allocator wants for its pages */

    wmcf->metrics = ngx_shared_memory_add(cf, &name,
                        ngx_align(sizeof(ngx_http_wubloader_metrics_t),
                                  ngx_pagesize)
                        + 16 * ngx_pagesize, &ngx_http_wubloader_module);

    if (wmcf->metrics == NULL) {
        return NGX_CONF_ERROR;
    }

    wmcf->metrics->init = ngx_http_wubloader_metrics_zone_init;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_wubloader_metrics_zone_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_time_t                    *tp;
    ngx_slab_pool_t               *pool;
    ngx_http_wubloader_metrics_t  *metrics;

    pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (data != NULL) {
        zone->data = data;
        return NGX_OK;
    }

    if (zone->shm.exists) {
        zone->data = pool->data;
        return NGX_OK;
    }

    metrics = ngx_slab_calloc(pool, sizeof(ngx_http_wubloader_metrics_t));
    if (metrics == NULL) {
        return NGX_ERROR;
    }

    tp = ngx_timeofday();

    metrics->start = (ngx_atomic_uint_t) tp->sec * 1000000
                     + (ngx_atomic_uint_t) tp->msec * 1000;

    pool->data = metrics;
    zone->data = metrics;

    return NGX_OK;
}


ngx_int_t
ngx_http_wubloader_metrics_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt             *h;
    ngx_http_core_main_conf_t       *cmcf;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wubloader_module);

    if (wmcf->metrics == NULL) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_wubloader_metrics_log;

    return NGX_OK;
}


/* takes a slot for this process; without one it goes on uncounted */

void
ngx_http_wubloader_metrics_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                       i;
    ngx_http_wubloader_process_t    *slot;
    ngx_http_wubloader_metrics_t    *metrics;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_wubloader_module);

    if (wmcf == NULL || wmcf->metrics == NULL) {
        return;
    }

    metrics = wmcf->metrics->data;

    for (i = 0; i < NGX_HTTP_WUBLOADER_SLOTS; i++) {
        slot = &metrics->slots[i];

        if (ngx_http_wubloader_metrics_free(slot)) {
            (void) ngx_atomic_fetch_add(&metrics->dead_cpu,
                                        (ngx_atomic_int_t) slot->cpu);

            slot->cpu = 0;
            slot->waiting = 0;
            ngx_memzero((void *) (uintptr_t) &slot->db, sizeof(slot->db));
            ngx_memzero((void *) (uintptr_t) slot->ongoing,
                        sizeof(slot->ongoing));

            wmcf->slot = slot;
            return;
        }
    }
}


/* true: it is ours from now on */

static ngx_uint_t
ngx_http_wubloader_metrics_free(ngx_http_wubloader_process_t *slot)
{
    ngx_atomic_uint_t  pid;

    pid = slot->pid;

    if (pid != 0 && pid != (ngx_atomic_uint_t) ngx_pid
        && (kill((ngx_pid_t) pid, 0) == 0 || ngx_errno != NGX_ESRCH))
    {
        return 0;
    }

    return ngx_atomic_cmp_set(&slot->pid, pid, (ngx_atomic_uint_t) ngx_pid);
}


/* what it used is known exactly, for once */

void
ngx_http_wubloader_metrics_exit(ngx_cycle_t *cycle)
{
    struct rusage                    usage;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_wubloader_module);

    if (wmcf == NULL || wmcf->slot == NULL
        || getrusage(RUSAGE_SELF, &usage) == -1)
    {
        return;
    }

    wmcf->slot->cpu = (ngx_atomic_uint_t) (usage.ru_utime.tv_sec
                                           + usage.ru_stime.tv_sec) * 1000000
                      + (ngx_atomic_uint_t) (usage.ru_utime.tv_usec
                                             + usage.ru_stime.tv_usec);
}


static ngx_http_wubloader_metrics_t *
ngx_http_wubloader_metrics_of(ngx_http_wubloader_main_conf_t *wmcf)
{
    return wmcf->metrics ? wmcf->metrics->data : NULL;
}


ngx_http_wubloader_metrics_t *
ngx_http_wubloader_metrics_zone(ngx_http_request_t *r)
{
    return ngx_http_wubloader_metrics_of(
               ngx_http_get_module_main_conf(r, ngx_http_wubloader_module));
}


ngx_http_wubloader_stats_t *
ngx_http_wubloader_stats(ngx_http_request_t *r)
{
    ngx_http_wubloader_metrics_t  *metrics;

    metrics = ngx_http_wubloader_metrics_zone(r);

    return metrics ? &metrics->cache : NULL;
}


void
ngx_http_wubloader_metrics_begin(ngx_http_request_t *r,
    ngx_http_wubloader_seen_t *seen)
{
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_wubloader_module);

    if (wmcf->metrics == NULL) {
        return;
    }

    seen->start = ngx_http_wubloader_metrics_clock();

    if (wmcf->slot) {
        seen->ongoing = &wmcf->slot->ongoing[seen->endpoint][seen->method];
        (void) ngx_atomic_fetch_add(seen->ongoing, 1);
    }
}


void
ngx_http_wubloader_metrics_end(ngx_http_wubloader_seen_t *seen)
{
    if (seen->ongoing) {
        (void) ngx_atomic_fetch_add(seen->ongoing, -1);
    }
}


void
ngx_http_wubloader_metrics_logged(ngx_http_request_t *r,
    ngx_http_wubloader_log_e level)
{
    ngx_http_wubloader_ctx_t      *ctx;
    ngx_http_wubloader_metrics_t  *metrics;

    ctx = ngx_http_wubloader_find_ctx(r);
    metrics = ngx_http_wubloader_metrics_zone(r);

    if (ctx && metrics) {
        (void) ngx_atomic_fetch_add(
                   &metrics->logged[level][ctx->seen.endpoint], 1);
    }
}


/* microseconds; nginx's own times are those of the event loop's turn */

uint64_t
ngx_http_wubloader_metrics_clock(void)
{
    struct timespec  ts;

    if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1) {
        return 0;
    }

    return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}


void
ngx_http_wubloader_metrics_observe(ngx_http_wubloader_latency_t *latency,
    uint64_t us)
{
    (void) ngx_atomic_fetch_add(
               &latency->counts[wub_metrics_bucket(
                                    ngx_http_wubloader_latency_bounds,
                                    NGX_HTTP_WUBLOADER_BOUNDS, us)], 1);
    (void) ngx_atomic_fetch_add(&latency->sum, (ngx_atomic_int_t) us);
}


/* a request that was refused before its handler took no time to speak of */

static ngx_int_t
ngx_http_wubloader_metrics_log(ngx_http_request_t *r)
{
    uint64_t                        us;
    ngx_uint_t                      status;
    ngx_http_wubloader_ctx_t       *ctx;
    ngx_http_wubloader_seen_t       room, *seen;
    ngx_http_wubloader_latency_t   *latency;
    ngx_http_wubloader_metrics_t   *metrics;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    ctx = ngx_http_wubloader_find_ctx(r);
    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);
    metrics = ngx_http_wubloader_metrics_zone(r);

    /* a context without a request is the filter's, in no location of ours */

    if (ctx != NULL && ctx->request == NULL) {
        ctx = NULL;
    }

    if (r != r->main || metrics == NULL || (ctx == NULL && wlcf->kind == NULL))
    {
        return NGX_OK;
    }

    seen = &room;
    us = 0;

    if (ctx != NULL) {
        seen = &ctx->seen;
        us = ngx_http_wubloader_metrics_clock() - seen->start;

    } else {
        ngx_memzero(seen, sizeof(ngx_http_wubloader_seen_t));
        ngx_http_wubloader_see(r, seen);
    }

    status = ngx_http_wubloader_metrics_status(r);

    latency = ngx_http_wubloader_metrics_latency(metrics, seen->endpoint,
                                                 seen->method, status);

    ngx_http_wubloader_metrics_observe(latency, us);

    (void) ngx_atomic_fetch_add(&metrics->sent[seen->endpoint],
                                (ngx_atomic_int_t) r->connection->sent);

    if (seen->endpoint == ngx_http_wubloader_media_playlist
        && (status == NGX_HTTP_OK || status == NGX_HTTP_NOT_MODIFIED))
    {
        ngx_http_wubloader_metrics_watch(r, metrics, seen->channel,
                                         seen->quality);
    }

    return NGX_OK;
}


/* as $status tells it */

static ngx_uint_t
ngx_http_wubloader_metrics_status(ngx_http_request_t *r)
{
    return r->err_status ? r->err_status : r->headers_out.status;
}


ngx_http_wubloader_latency_t *
ngx_http_wubloader_metrics_latency(ngx_http_wubloader_metrics_t *metrics,
    ngx_http_wubloader_endpoint_e endpoint,
    ngx_http_wubloader_method_e method, ngx_uint_t status)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_WUBLOADER_STATUSES; i++) {
        if (ngx_http_wubloader_statuses[i] == status) {
            break;
        }
    }

    return &metrics->latency[endpoint][method][i];
}


static void
ngx_http_wubloader_metrics_watch(ngx_http_request_t *r,
    ngx_http_wubloader_metrics_t *metrics, wub_str_t channel,
    wub_str_t quality)
{
    u_char                         text[NGX_HTTP_WUBLOADER_WATCHED_NAME];
    ngx_str_t                      name;
    ngx_http_wubloader_watched_t  *watched;

    watched = NULL;

    if (channel.len + 1 + quality.len <= NGX_HTTP_WUBLOADER_WATCHED_NAME) {
        name.data = text;
        name.len = (size_t) (ngx_sprintf(text, "%*s/%*s",
                                         channel.len, channel.data,
                                         quality.len, quality.data)
                             - text);

        watched = ngx_http_wubloader_metrics_find(metrics, &name,
                                                  channel.len);
    }

    if (watched == NULL) {
        (void) ngx_atomic_fetch_add(&metrics->unwatched, 1);
        return;
    }

    (void) ngx_atomic_fetch_add(&watched->requests, 1);
    ngx_http_wubloader_metrics_mark(r, watched);
}


/*
 * An entry is taken by one process, named, and never given back, so that
 * no playlist ever has two.  Who comes while it is being named is not
 * counted: it may be the one that is sought.
 */

static ngx_http_wubloader_watched_t *
ngx_http_wubloader_metrics_find(ngx_http_wubloader_metrics_t *metrics,
    ngx_str_t *name, size_t channel_len)
{
    uint32_t                       hash;
    ngx_uint_t                     i;
    ngx_http_wubloader_watched_t  *w;

    hash = ngx_murmur_hash2(name->data, name->len);

    for (i = 0; i < NGX_HTTP_WUBLOADER_WATCHED; i++) {
        w = &metrics->watched[(hash + i) % NGX_HTTP_WUBLOADER_WATCHED];

        /* two such names might be one label */

        if (w->state == 0
            && !wub_buf_is_utf8(ngx_http_wubloader_wub(*name)))
        {
            return NULL;
        }

        if (w->state == 0 && ngx_atomic_cmp_set(&w->state, 0, 1)) {
            w->hash = hash;
            w->channel_len = channel_len;
            w->len = name->len;
            ngx_memcpy(w->name, name->data, name->len);

            ngx_memory_barrier();
            w->state = 2;

            return w;
        }

        if (w->state != 2) {
            return NULL;
        }

        ngx_memory_barrier();

        if (w->hash == hash && w->len == name->len
            && w->channel_len == channel_len
            && ngx_memcmp(w->name, name->data, name->len) == 0)
        {
            return w;
        }
    }

    return NULL;
}


/*
 * A client is an address and a user agent.  Each minute has a half of the
 * cells; the first one of a minute empties it, and a mark that another
 * process sets meanwhile may get lost: what is told is an estimate.
 */

static void
ngx_http_wubloader_metrics_mark(ngx_http_request_t *r,
    ngx_http_wubloader_watched_t *watched)
{
    uint32_t            hash;
    ngx_str_t          *address;
    ngx_uint_t          half;
    ngx_table_elt_t    *agent;
    ngx_atomic_uint_t   minute, old;

    minute = (ngx_atomic_uint_t) ngx_time() / NGX_HTTP_WUBLOADER_MINUTE;
    half = minute % 2;
    old = watched->minute[half];

    if (old != minute
        && ngx_atomic_cmp_set(&watched->minute[half], old, minute))
    {
        ngx_memzero(watched->cells[half], NGX_HTTP_WUBLOADER_CELLS);
    }

    address = &r->connection->addr_text;
    agent = r->headers_in.user_agent;

    hash = ngx_murmur_hash2(address->data, address->len);

    if (agent != NULL) {
        hash = hash * 31 + ngx_murmur_hash2(agent->value.data,
                                            agent->value.len);
    }

    /* the low bits of what was multiplied are the poorest */

    hash ^= hash >> 15;
    hash *= 0x2c1b3c6d;
    hash ^= hash >> 12;

    watched->cells[half][hash % NGX_HTTP_WUBLOADER_CELLS] = 1;
}


wub_str_t
ngx_http_wubloader_status_name(ngx_uint_t column)
{
    const char  *name;

    name = ngx_http_wubloader_status_names[column];

    return wub_str_n(name, ngx_strlen(name));
}


const uint64_t *
ngx_http_wubloader_bounds(void)
{
    return ngx_http_wubloader_latency_bounds;
}
