
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_master.h"


static void ngx_http_wubloader_master_work(void *data);
static wub_rc_t ngx_http_wubloader_master_variants(
    ngx_http_wubloader_master_t *m, wub_m3u8_variant_t **ret, size_t *ret_n);
static wub_rc_t ngx_http_wubloader_master_variant(
    ngx_http_wubloader_master_t *m, wub_str_t quality,
    wub_m3u8_variant_t *ret);
static size_t ngx_http_wubloader_master_newest(
    const ngx_http_wubloader_master_t *m);
static ngx_int_t ngx_http_wubloader_master_done(ngx_http_request_t *r,
    void *data);


ngx_int_t
ngx_http_wubloader_master(ngx_http_request_t *r,
    const ngx_http_wubloader_path_t *path)
{
    ngx_int_t                       rc;
    ngx_http_wubloader_master_t    *m;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    m = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_master_t));
    if (m == NULL) {
        return NGX_ERROR;
    }

    m->start = INT64_MIN;
    m->end = INT64_MAX;

    rc = ngx_http_wubloader_arg_range(r, &m->start, &m->end);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_http_wubloader_store_init(r, &m->store, path);

    m->now = (int64_t) ngx_time() * WUB_SECOND;
    m->query = ngx_http_wubloader_wub(r->args);
    m->prefix = ngx_http_wubloader_wub(wlcf->prefix);

    if (m->prefix.len && m->prefix.data[m->prefix.len - 1] == '/') {
        m->prefix.len--;
    }

    return ngx_http_wubloader_task(r, ngx_http_wubloader_master_work,
                                   ngx_http_wubloader_master_done, m);
}


static void
ngx_http_wubloader_master_work(void *data)
{
    ngx_http_wubloader_master_t *m = data;

    size_t               n;
    wub_buf_t            b;
    wub_m3u8_variant_t  *variants;

    n = 0;
    variants = NULL;

    m->scratch = wub_arena_create(WUB_PROBE_BYTES_MAX + WUB_PROBE_ARENA);

    m->rc = (m->scratch != NULL)
            ? ngx_http_wubloader_master_variants(m, &variants, &n)
            : ngx_http_wubloader_store_fail(&m->store, WUB_NO_MEMORY, 0, "");

    wub_arena_destroy(m->scratch);

    if (m->rc != WUB_OK) {
        return;
    }

    if (n == 0) {
        m->rc = WUB_NOT_FOUND;
        return;
    }

    wub_m3u8_variants(variants, n);

    wub_buf_init(&b, m->store.arena, WUB_ARENA_MAX);
    wub_m3u8_master(&b, m->prefix, m->store.channel, m->query, variants, n);

    m->rc = b.rc;

    if (b.rc != WUB_OK) {
        (void) ngx_http_wubloader_store_fail(&m->store, b.rc, 0, "");
        return;
    }

    m->body = wub_buf_view(&b);
    ngx_http_wubloader_etag(m->body, m->etag);
}


static wub_rc_t
ngx_http_wubloader_master_variants(ngx_http_wubloader_master_t *m,
    wub_m3u8_variant_t **ret, size_t *ret_n)
{
    size_t               i, n;
    wub_rc_t             rc;
    const char          *path;
    wub_names_t          names;
    wub_m3u8_variant_t  *variants;

    path = ngx_http_wubloader_store_path(&m->store, &m->store.channel, 1);
    if (path == NULL) {
        return ngx_http_wubloader_store_fail(&m->store, WUB_NO_MEMORY, 0, "");
    }

    rc = ngx_http_wubloader_store_dirs(&m->store, path, &names);
    if (rc != WUB_OK) {
        return rc;
    }

    variants = wub_arena_alloc(m->store.arena,
                               (names.nnames + 1)
                               * sizeof(wub_m3u8_variant_t));
    if (variants == NULL) {
        return ngx_http_wubloader_store_fail(&m->store, WUB_NO_MEMORY, 0,
                                             path);
    }

    n = 0;

    for (i = 0; i < names.nnames; i++) {

        if (wub_str_eq(names.names[i], wub_str("chat"))) {
            continue;
        }

        rc = ngx_http_wubloader_master_variant(m, names.names[i],
                                               &variants[n]);
        if (rc == WUB_DECLINED) {
            continue;
        }

        if (rc != WUB_OK) {
            return rc;
        }

        n++;
    }

    *ret = variants;
    *ret_n = n;

    return WUB_OK;
}


/* WUB_DECLINED: the quality has nothing of the range, hour by hour */

static wub_rc_t
ngx_http_wubloader_master_variant(ngx_http_wubloader_master_t *m,
    wub_str_t quality, wub_m3u8_variant_t *ret)
{
    size_t                       n;
    wub_rc_t                     rc;
    ngx_http_wubloader_rates_t   rates;
    ngx_http_wubloader_store_t  *store;

    store = &m->store;
    store->quality = quality;

    ngx_memzero(ret, sizeof(wub_m3u8_variant_t));
    ret->name = quality;

    rc = ngx_http_wubloader_store_hours(store);

    if (rc == WUB_NOT_FOUND) {
        return WUB_DECLINED;
    }

    if (rc != WUB_OK) {
        return rc;
    }

    n = store->nhours;

    if (m->start != INT64_MIN
        && (n == 0 || store->hours[n - 1] + WUB_HOUR < m->start))
    {
        return WUB_DECLINED;
    }

    if (m->end != INT64_MAX && (n == 0 || m->end < store->hours[0])) {
        return WUB_DECLINED;
    }

    if (n == 0) {
        return WUB_OK;
    }

    rc = ngx_http_wubloader_master_rates(m,
             ngx_http_wubloader_master_newest(m), &rates);
    if (rc != WUB_OK) {
        return rc;
    }

    ret->bandwidth = rates.peak;
    ret->average = rates.average;

    return ngx_http_wubloader_master_probe(m, &ret->probe);
}


/* the newest hour that is over; while the first one runs, that one */

static size_t
ngx_http_wubloader_master_newest(const ngx_http_wubloader_master_t *m)
{
    size_t  i;

    for (i = m->store.nhours; i > 0; i--) {
        if (m->store.hours[i - 1] + WUB_HOUR <= m->now) {
            return i - 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_wubloader_master_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_master_t *m = data;

    ngx_http_wubloader_store_log(r, &m->store);

    switch (m->rc) {

    case WUB_OK:
        return ngx_http_wubloader_text(r, "application/vnd.apple.mpegurl",
                                       m->body, m->etag);

    case WUB_NOT_FOUND:
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                   "There is no such channel, or it has no quality within "
                   "the requested time range.");

    default:
        return ngx_http_wubloader_store_failed(r, &m->store);
    }
}
