
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"

#include "common/wub_probe.h"
#include "common/wub_rate.h"


/* where a segment is looked for that tells its formats */
#define NGX_HTTP_WUBLOADER_MASTER_HOURS   2
#define NGX_HTTP_WUBLOADER_MASTER_PROBES  3


typedef struct {
    ngx_http_wubloader_store_t  store;

    int64_t                     start;      /* microseconds; INT64_MIN: open */
    int64_t                     end;        /* microseconds; INT64_MAX: open */
    int64_t                     now;        /* microseconds */
    wub_str_t                   prefix;     /* of the location */
    wub_str_t                   query;

    wub_arena_t                *scratch;    /* of one probe */

    wub_rc_t                    rc;         /* WUB_NOT_FOUND: no quality */
    wub_str_t                   body;
    u_char                      etag[NGX_HTTP_WUBLOADER_ETAG];
} ngx_http_wubloader_master_t;


static void ngx_http_wubloader_master_work(void *data);
static wub_rc_t ngx_http_wubloader_master_variants(
    ngx_http_wubloader_master_t *m, wub_m3u8_variant_t **ret, size_t *ret_n);
static wub_rc_t ngx_http_wubloader_master_variant(
    ngx_http_wubloader_master_t *m, wub_str_t quality,
    wub_m3u8_variant_t *ret);
static size_t ngx_http_wubloader_master_newest(
    const ngx_http_wubloader_master_t *m);
static wub_rc_t ngx_http_wubloader_master_hour(
    ngx_http_wubloader_master_t *m, size_t hour, const wub_hour_t **index,
    int *fd);
static wub_rc_t ngx_http_wubloader_master_bandwidth(
    ngx_http_wubloader_master_t *m, size_t hour, wub_m3u8_variant_t *ret);
static wub_rc_t ngx_http_wubloader_master_probe(
    ngx_http_wubloader_master_t *m, wub_probe_t *ret);
static wub_rc_t ngx_http_wubloader_master_probe_hour(
    ngx_http_wubloader_master_t *m, size_t hour, ngx_uint_t *left,
    wub_probe_t *ret);
static ngx_uint_t ngx_http_wubloader_master_probe_segment(
    ngx_http_wubloader_master_t *m, int dirfd, wub_str_t name,
    wub_probe_t *ret);
static wub_rc_t ngx_http_wubloader_master_probe_file(
    ngx_http_wubloader_master_t *m, int fd, size_t max, wub_probe_t *ret);
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

    rc = ngx_http_wubloader_master_bandwidth(m,
             ngx_http_wubloader_master_newest(m), ret);
    if (rc != WUB_OK) {
        return rc;
    }

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


/* an hour and its directory, to be closed; WUB_NOT_FOUND: gone meanwhile */

static wub_rc_t
ngx_http_wubloader_master_hour(ngx_http_wubloader_master_t *m, size_t hour,
    const wub_hour_t **index, int *fd)
{
    int          err;
    wub_rc_t     rc;
    const char  *path;

    rc = ngx_http_wubloader_store_hour(&m->store, hour, index);
    if (rc != WUB_OK) {
        return rc;
    }

    path = ngx_http_wubloader_store_hour_path(&m->store,
                                              m->store.hours[hour]);
    if (path == NULL) {
        return ngx_http_wubloader_store_fail(&m->store, WUB_NO_MEMORY, 0, "");
    }

    if (wub_dir_open(m->store.root, path, fd, &err) != WUB_OK) {
        return WUB_NOT_FOUND;
    }

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_master_bandwidth(ngx_http_wubloader_master_t *m,
    size_t hour, wub_m3u8_variant_t *ret)
{
    int                fd;
    size_t             i;
    uint64_t          *sizes;
    wub_rc_t           rc;
    wub_rate_t         rate;
    const wub_hour_t  *index;

    rc = ngx_http_wubloader_master_hour(m, hour, &index, &fd);

    if (rc != WUB_OK) {
        return (rc == WUB_NOT_FOUND) ? WUB_OK : rc;
    }

    rate.segments = index->segments;
    rate.n = index->nsegments;
    rate.tolerance = m->store.tolerance;

    sizes = wub_arena_alloc(m->store.arena,
                            (rate.n + 1) * sizeof(uint64_t));

    for (i = 0; sizes != NULL && i < rate.n; i++) {
        sizes[i] = (rate.segments[i].type == WUB_SEGMENT_FULL)
                   ? wub_dir_size(&fd, rate.segments[i].name) : 0;
    }

    (void) close(fd);

    if (sizes == NULL) {
        return ngx_http_wubloader_store_fail(&m->store, WUB_NO_MEMORY, 0, "");
    }

    rate.sizes = sizes;

    ret->bandwidth = wub_rate_peak(&rate);
    ret->average = wub_rate_average(&rate);

    return WUB_OK;
}


/*
 * What the newest complete segment tells, or one before it where that one
 * cannot be read.  Nothing here fails a request but memory and the store.
 */

static wub_rc_t
ngx_http_wubloader_master_probe(ngx_http_wubloader_master_t *m,
    wub_probe_t *ret)
{
    size_t      i;
    wub_rc_t    rc;
    ngx_uint_t  left;

    left = NGX_HTTP_WUBLOADER_MASTER_PROBES;

    for (i = 0; i < NGX_HTTP_WUBLOADER_MASTER_HOURS && i < m->store.nhours
                && left > 0; i++)
    {
        rc = ngx_http_wubloader_master_probe_hour(m, m->store.nhours - 1 - i,
                                                  &left, ret);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return WUB_OK;
}


/* left: of segments to try */

static wub_rc_t
ngx_http_wubloader_master_probe_hour(ngx_http_wubloader_master_t *m,
    size_t hour, ngx_uint_t *left, wub_probe_t *ret)
{
    int                fd;
    size_t             i;
    wub_rc_t           rc;
    const wub_hour_t  *index;

    rc = ngx_http_wubloader_master_hour(m, hour, &index, &fd);

    if (rc != WUB_OK) {
        return (rc == WUB_NOT_FOUND) ? WUB_OK : rc;
    }

    for (i = index->nsegments; i > 0 && *left > 0; i--) {

        if (index->segments[i - 1].type != WUB_SEGMENT_FULL) {
            continue;
        }

        (*left)--;

        if (ngx_http_wubloader_master_probe_segment(m, fd,
                index->segments[i - 1].name, ret))
        {
            *left = 0;
        }
    }

    (void) close(fd);

    return WUB_OK;
}


/* true when another segment would tell no more; ret keeps what was found */

static ngx_uint_t
ngx_http_wubloader_master_probe_segment(ngx_http_wubloader_master_t *m,
    int dirfd, wub_str_t name, wub_probe_t *ret)
{
    int              err, fd;
    wub_rc_t         rc;
    wub_probe_t      probe;
    wub_file_stat_t  st;

    if (wub_dir_open_segment(dirfd, name, &fd, &st, &err) != WUB_OK) {
        return 0;
    }

    rc = ngx_http_wubloader_master_probe_file(m, fd, WUB_PROBE_BYTES, &probe);

    if (rc == WUB_OK && probe.more && st.size > WUB_PROBE_BYTES) {
        rc = ngx_http_wubloader_master_probe_file(m, fd, WUB_PROBE_BYTES_MAX,
                                                  &probe);
    }

    (void) close(fd);

    if (rc != WUB_OK) {
        return 0;
    }

    if (!probe.more || ret->width == 0) {
        *ret = probe;
    }

    return !probe.more;
}


static wub_rc_t
ngx_http_wubloader_master_probe_file(ngx_http_wubloader_master_t *m, int fd,
    size_t max, wub_probe_t *ret)
{
    size_t    len;
    ssize_t   n;
    uint8_t  *bytes;

    wub_arena_reset(m->scratch);

    bytes = wub_arena_alloc(m->scratch, max);
    if (bytes == NULL) {
        return WUB_NO_MEMORY;
    }

    for (len = 0; len < max; len += (size_t) n) {
        n = pread(fd, bytes + len, max - len, (off_t) len);

        if (n == -1 && ngx_errno == NGX_EINTR) {
            n = 0;
            continue;
        }

        if (n == -1) {
            return WUB_IO;
        }

        if (n == 0) {
            break;
        }
    }

    return wub_probe(m->scratch, bytes, len, ret);
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
