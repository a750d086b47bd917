
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"
#include "ngx_wubloader_module/ngx_http_wubloader_master.h"

#include "common/wub_rate.h"


/* where a segment is looked for that tells its formats */
#define NGX_HTTP_WUBLOADER_MASTER_HOURS   2
#define NGX_HTTP_WUBLOADER_MASTER_PROBES  3


static wub_rc_t ngx_http_wubloader_master_open(
    ngx_http_wubloader_master_t *m, size_t hour, int *fd);
static wub_rc_t ngx_http_wubloader_master_index(
    ngx_http_wubloader_master_t *m, size_t hour, const wub_hour_t **index);
static wub_rc_t ngx_http_wubloader_master_measure(
    ngx_http_wubloader_master_t *m, size_t hour, int fd,
    ngx_http_wubloader_rates_t *ret);
static wub_rc_t ngx_http_wubloader_master_probe_newest(
    ngx_http_wubloader_master_t *m, size_t hour, int fd, ngx_uint_t *left,
    wub_probe_t *ret);
static wub_rc_t ngx_http_wubloader_master_probe_hour(
    ngx_http_wubloader_master_t *m, size_t hour, int fd, ngx_uint_t *left,
    wub_probe_t *ret);
static ngx_uint_t ngx_http_wubloader_master_probe_segment(
    ngx_http_wubloader_master_t *m, int dirfd, wub_str_t name,
    wub_probe_t *ret);
static wub_rc_t ngx_http_wubloader_master_probe_file(
    ngx_http_wubloader_master_t *m, int fd, size_t max, wub_probe_t *ret);


/* the directory of an hour, to be closed; WUB_NOT_FOUND: gone meanwhile */

static wub_rc_t
ngx_http_wubloader_master_open(ngx_http_wubloader_master_t *m, size_t hour,
    int *fd)
{
    const char  *path;

    path = ngx_http_wubloader_store_hour_path(&m->store,
                                              m->store.hours[hour]);
    if (path == NULL) {
        return ngx_http_wubloader_store_fail(&m->store, WUB_NO_MEMORY, 0, "");
    }

    return ngx_http_wubloader_store_open(&m->store, path, fd);
}


/* an hour is counted once, though only a fact of it was looked at before */

static wub_rc_t
ngx_http_wubloader_master_index(ngx_http_wubloader_master_t *m, size_t hour,
    const wub_hour_t **index)
{
    if (m->known == hour) {
        m->known = m->store.nhours;
        m->store.nlooked--;
    }

    return ngx_http_wubloader_store_hour(&m->store, hour, index);
}


wub_rc_t
ngx_http_wubloader_master_rates(ngx_http_wubloader_master_t *m, size_t hour,
    ngx_http_wubloader_rates_t *ret)
{
    int                         fd;
    wub_rc_t                    rc;
    ngx_http_wubloader_fact_t   fact;

    ngx_memzero(ret, sizeof(ngx_http_wubloader_rates_t));

    m->known = m->store.nhours;

    rc = ngx_http_wubloader_master_open(m, hour, &fd);

    if (rc != WUB_OK) {
        return (rc == WUB_NOT_FOUND) ? WUB_OK : rc;
    }

    if (ngx_http_wubloader_fact_find(&fact, &m->store,
                                     ngx_http_wubloader_fact_rates, fd, ret,
                                     sizeof(ngx_http_wubloader_rates_t))
        == NGX_OK)
    {
        m->known = hour;
        m->store.nlooked++;

    } else {
        rc = ngx_http_wubloader_master_measure(m, hour, fd, ret);

        if (rc == WUB_OK) {
            ngx_http_wubloader_fact_keep(&fact, ret,
                                         sizeof(ngx_http_wubloader_rates_t));
        }
    }

    (void) close(fd);

    return (rc == WUB_NOT_FOUND) ? WUB_OK : rc;
}


static wub_rc_t
ngx_http_wubloader_master_measure(ngx_http_wubloader_master_t *m,
    size_t hour, int fd, ngx_http_wubloader_rates_t *ret)
{
    size_t             i;
    uint64_t          *sizes;
    wub_rc_t           rc;
    wub_rate_t         rate;
    const wub_hour_t  *index;

    rc = ngx_http_wubloader_master_index(m, hour, &index);
    if (rc != WUB_OK) {
        return rc;
    }

    rate.segments = index->segments;
    rate.n = index->nsegments;
    rate.tolerance = m->store.tolerance;

    sizes = wub_arena_alloc(m->store.arena,
                            (rate.n + 1) * sizeof(uint64_t));
    if (sizes == NULL) {
        return ngx_http_wubloader_store_fail(&m->store, WUB_NO_MEMORY, 0, "");
    }

    for (i = 0; i < rate.n; i++) {
        sizes[i] = (rate.segments[i].type == WUB_SEGMENT_FULL)
                   ? wub_dir_size(&fd, rate.segments[i].name) : 0;
    }

    rate.sizes = sizes;

    ret->peak = wub_rate_peak(&rate);
    ret->average = wub_rate_average(&rate);

    return WUB_OK;
}


wub_rc_t
ngx_http_wubloader_master_probe(ngx_http_wubloader_master_t *m,
    wub_probe_t *ret)
{
    int         fd;
    size_t      i, hour;
    wub_rc_t    rc;
    ngx_uint_t  left;

    left = NGX_HTTP_WUBLOADER_MASTER_PROBES;

    for (i = 0; i < NGX_HTTP_WUBLOADER_MASTER_HOURS && i < m->store.nhours
                && left > 0; i++)
    {
        hour = m->store.nhours - 1 - i;

        rc = ngx_http_wubloader_master_open(m, hour, &fd);

        if (rc == WUB_NOT_FOUND) {
            continue;
        }

        if (rc != WUB_OK) {
            return rc;
        }

        rc = (i == 0) ? ngx_http_wubloader_master_probe_newest(m, hour, fd,
                                                               &left, ret)
                      : ngx_http_wubloader_master_probe_hour(m, hour, fd,
                                                             &left, ret);
        (void) close(fd);

        if (rc != WUB_OK) {
            return rc;
        }
    }

    return WUB_OK;
}


/* kept where no other hour has a say in it */

static wub_rc_t
ngx_http_wubloader_master_probe_newest(ngx_http_wubloader_master_t *m,
    size_t hour, int fd, ngx_uint_t *left, wub_probe_t *ret)
{
    wub_rc_t                    rc;
    ngx_http_wubloader_fact_t   fact;

    if (ngx_http_wubloader_fact_find(&fact, &m->store,
                                     ngx_http_wubloader_fact_probe, fd, ret,
                                     sizeof(wub_probe_t))
        == NGX_OK)
    {
        m->store.nlooked += (m->known != hour
                             && m->store.indexes[hour] == NULL);
        *left = 0;
        return WUB_OK;
    }

    rc = ngx_http_wubloader_master_probe_hour(m, hour, fd, left, ret);

    if (rc == WUB_OK && *left == 0) {
        ngx_http_wubloader_fact_keep(&fact, ret, sizeof(wub_probe_t));
    }

    return rc;
}


/* left: of segments to try */

static wub_rc_t
ngx_http_wubloader_master_probe_hour(ngx_http_wubloader_master_t *m,
    size_t hour, int fd, ngx_uint_t *left, wub_probe_t *ret)
{
    size_t             i;
    wub_rc_t           rc;
    const wub_hour_t  *index;

    rc = ngx_http_wubloader_master_index(m, hour, &index);

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
