
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


/* a parameter that was not given */
#define NGX_HTTP_WUBLOADER_UNSET     INT64_MIN


typedef enum {
    ngx_http_wubloader_media_found = 0,
    ngx_http_wubloader_media_no_quality,
    ngx_http_wubloader_media_no_hours,
    ngx_http_wubloader_media_too_long,
    ngx_http_wubloader_media_declined,
    ngx_http_wubloader_media_failed
} ngx_http_wubloader_media_e;


typedef struct {
    ngx_http_wubloader_store_t  store;

    int64_t                     start;          /* microseconds, or unset */
    int64_t                     end;            /* microseconds, or unset */
    int64_t                     max_implicit;   /* microseconds */
    wub_m3u8_media_t            media;

    ngx_http_wubloader_media_e  result;
    ngx_http_wubloader_text_t   text;
} ngx_http_wubloader_media_t;


static ngx_int_t ngx_http_wubloader_media(ngx_http_request_t *r,
    const ngx_http_wubloader_path_t *path);
static ngx_uint_t ngx_http_wubloader_media_peek(
    ngx_http_wubloader_media_t *m);
static void ngx_http_wubloader_media_work(void *data);
static ngx_http_wubloader_media_e ngx_http_wubloader_media_range(
    ngx_http_wubloader_media_t *m);
static ngx_http_wubloader_media_e ngx_http_wubloader_media_joined(
    ngx_http_wubloader_media_t *m);
static ngx_http_wubloader_media_e ngx_http_wubloader_media_text(
    ngx_http_wubloader_media_t *m, const wub_chain_t *chain);
static ngx_int_t ngx_http_wubloader_media_done(ngx_http_request_t *r,
    void *data);
static ngx_int_t ngx_http_wubloader_media_too_long_error(
    ngx_http_request_t *r);


ngx_int_t
ngx_http_wubloader_playlist(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    wub_str_t                  rest;
    ngx_http_wubloader_path_t  path;

    rc = ngx_http_wubloader_rest(r, &rest);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_wubloader_split(r, rest, wub_str(".m3u8"), &path);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    switch (path.nparts) {

    case 1:
        return ngx_http_wubloader_master(r, &path);

    case 2:
        return ngx_http_wubloader_media(r, &path);

    default:
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                   "There is no playlist here; ask for CHANNEL.m3u8 or "
                   "CHANNEL/QUALITY.m3u8.");
    }
}


static ngx_int_t
ngx_http_wubloader_media(ngx_http_request_t *r,
    const ngx_http_wubloader_path_t *path)
{
    ngx_int_t                       rc;
    ngx_time_t                     *tp;
    ngx_http_wubloader_media_t     *m;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    m = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_media_t));
    if (m == NULL) {
        return NGX_ERROR;
    }

    m->start = NGX_HTTP_WUBLOADER_UNSET;
    m->end = NGX_HTTP_WUBLOADER_UNSET;

    rc = ngx_http_wubloader_arg_range(r, &m->start, &m->end);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_http_wubloader_store_init(r, &m->store, path);
    ngx_http_wubloader_text_init(r, &m->text);

    tp = ngx_timeofday();

    m->max_implicit = (int64_t) wlcf->max_implicit_range * WUB_SECOND;

    m->media.segments_uri = ngx_http_wubloader_wub(wlcf->segments_uri);
    m->media.channel = m->store.channel;
    m->media.quality = m->store.quality;
    m->media.now = (int64_t) tp->sec * WUB_SECOND
                   + (int64_t) tp->msec * 1000;
    m->media.live_hold = (int64_t) wlcf->live_hold * 1000;
    m->media.target_duration = wlcf->target_duration;

    if (ngx_http_wubloader_media_peek(m)) {
        return ngx_http_wubloader_media_done(r, m);
    }

    return ngx_http_wubloader_task(r, ngx_http_wubloader_media_work,
                                   ngx_http_wubloader_media_done, m);
}


/*
 * A few hours that are all in the cache are joined in the event loop: that
 * takes less time than to hand them to a thread, which has to do all else.
 */

static ngx_uint_t
ngx_http_wubloader_media_peek(ngx_http_wubloader_media_t *m)
{
    if (m->store.cache == NULL || m->store.cache->path.len == 0
        || m->start == NGX_HTTP_WUBLOADER_UNSET
        || m->end == NGX_HTTP_WUBLOADER_UNSET
        || ngx_http_wubloader_store_peek(&m->store, m->start, m->end)
           != WUB_OK)
    {
        return 0;
    }

    m->result = ngx_http_wubloader_media_range(m);

    /* without any hour there may be no such quality */

    if (ngx_http_wubloader_media_joined(m) == ngx_http_wubloader_media_found
        && m->store.nlooked != 0)
    {
        return 1;
    }

    ngx_http_wubloader_store_again(&m->store);
    ngx_http_wubloader_text_again(&m->text);

    return 0;
}


static void
ngx_http_wubloader_media_work(void *data)
{
    ngx_http_wubloader_media_t *m = data;

    wub_rc_t     rc;
    wub_chain_t  chain;

    rc = ngx_http_wubloader_store_hours(&m->store);

    if (rc != WUB_OK) {
        m->result = (rc == WUB_NOT_FOUND)
                    ? ngx_http_wubloader_media_no_quality
                    : ngx_http_wubloader_media_failed;
        return;
    }

    m->result = ngx_http_wubloader_media_range(m);

    if (m->result != ngx_http_wubloader_media_found) {
        return;
    }

    if (m->store.cache && m->start < m->end) {
        m->result = ngx_http_wubloader_media_joined(m);

        if (m->result != ngx_http_wubloader_media_declined) {
            return;
        }
    }

    ngx_memzero(&chain, sizeof(wub_chain_t));

    /* someone may ask from a moment on that is not there yet */

    if (m->start < m->end) {
        rc = ngx_http_wubloader_store_chain(&m->store, m->start, m->end,
                                            &chain);
        if (rc != WUB_OK) {
            m->result = ngx_http_wubloader_media_failed;
            return;
        }
    }

    m->result = ngx_http_wubloader_media_text(m, &chain);
}


/* fills in the ends that were not given */

static ngx_http_wubloader_media_e
ngx_http_wubloader_media_range(ngx_http_wubloader_media_t *m)
{
    m->media.end = m->end;

    if (m->start != NGX_HTTP_WUBLOADER_UNSET
        && m->end != NGX_HTTP_WUBLOADER_UNSET)
    {
        m->media.start = m->start;
        return ngx_http_wubloader_media_found;
    }

    if (m->store.nhours == 0) {
        return ngx_http_wubloader_media_no_hours;
    }

    if (m->start == NGX_HTTP_WUBLOADER_UNSET) {
        m->start = m->store.hours[0];
    }

    /* more may come at an open end: never ENDLIST */

    if (m->end == NGX_HTTP_WUBLOADER_UNSET) {
        m->end = m->store.hours[m->store.nhours - 1] + WUB_HOUR;
        m->media.end = INT64_MAX;
    }

    m->media.start = m->start;

    return (m->end > m->start && m->end - m->start > m->max_implicit)
           ? ngx_http_wubloader_media_too_long
           : ngx_http_wubloader_media_found;
}


/*
 * From the texts of hours.  Declined: there are too many of them, or one
 * went while it was needed.
 */

static ngx_http_wubloader_media_e
ngx_http_wubloader_media_joined(ngx_http_wubloader_media_t *m)
{
    wub_rc_t  rc;

    rc = ngx_http_wubloader_join(&m->store, &m->media, m->start, m->end,
                                 &m->text);

    switch (rc) {

    case WUB_OK:
        return ngx_http_wubloader_media_found;

    case WUB_NO_MEMORY:
        (void) ngx_http_wubloader_store_fail(&m->store, rc, 0, "");
        return ngx_http_wubloader_media_failed;

    default:
        m->store.where = NULL;
        ngx_http_wubloader_text_again(&m->text);
        return ngx_http_wubloader_media_declined;
    }
}


static ngx_http_wubloader_media_e
ngx_http_wubloader_media_text(ngx_http_wubloader_media_t *m,
    const wub_chain_t *chain)
{
    wub_rc_t   rc;
    wub_buf_t  b;

    wub_buf_init(&b, m->store.arena, WUB_ARENA_MAX);
    wub_m3u8_media(&b, &m->media, chain, NULL);

    rc = b.rc;

    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_text_make(&m->text, m->store.arena,
                                          wub_buf_view(&b));
    }

    if (rc != WUB_OK) {
        (void) ngx_http_wubloader_store_fail(&m->store, rc, 0, "");
        return ngx_http_wubloader_media_failed;
    }

    return ngx_http_wubloader_media_found;
}


static ngx_int_t
ngx_http_wubloader_media_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_media_t *m = data;

    ngx_http_wubloader_store_log(r, &m->store);

    switch (m->result) {

    case ngx_http_wubloader_media_found:
        return ngx_http_wubloader_text_send(r,
                                            "application/vnd.apple.mpegurl",
                                            &m->text);

    case ngx_http_wubloader_media_no_quality:
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                        "There is no such channel or "
                                        "quality.");

    case ngx_http_wubloader_media_no_hours:
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                        "This quality has no segments yet; "
                                        "give start and end.");

    case ngx_http_wubloader_media_too_long:
        return ngx_http_wubloader_media_too_long_error(r);

    default:
        return ngx_http_wubloader_store_failed(r, &m->store);
    }
}


static ngx_int_t
ngx_http_wubloader_media_too_long_error(ngx_http_request_t *r)
{
    time_t                          max;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    max = wlcf->max_implicit_range;

    if (max % 3600 == 0) {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "Implicit range may not be longer than %T hours",
                   max / 3600);
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
               "Implicit range may not be longer than %T seconds", max);
}
