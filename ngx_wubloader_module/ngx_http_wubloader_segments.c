
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"

#include "common/wub_base64.h"


typedef struct {
    ngx_str_t                   ending;
    ngx_str_t                   type;
} ngx_http_wubloader_type_t;


typedef struct {
    const char                 *dir;        /* below the root, with a zero */
    wub_str_t                   name;
    ngx_fd_t                    fd;
    wub_file_stat_t             stat;
    ngx_http_wubloader_store_t  store;
} ngx_http_wubloader_segment_t;


static ngx_int_t ngx_http_wubloader_segments_path(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s);
static ngx_int_t ngx_http_wubloader_segments_open(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s);
static ngx_int_t ngx_http_wubloader_segments_missing(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s, wub_rc_t rc, int err);
static ngx_int_t ngx_http_wubloader_segments_header(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s);
static ngx_int_t ngx_http_wubloader_segments_etag(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s);
static ngx_int_t ngx_http_wubloader_segments_send(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s);


/* CONTRACT.md 0, HTTP; the last one is for all else */
static const ngx_http_wubloader_type_t  ngx_http_wubloader_types[] = {
    { ngx_string(".ts"), ngx_string("video/mp2t") },
    { ngx_string(".json"), ngx_string("application/json") },
    { ngx_string(".png"), ngx_string("image/png") },
    { ngx_string(".html"), ngx_string("text/html") },
    { ngx_string(".mkv"), ngx_string("video/x-matroska") },
    { ngx_string(".m3u8"), ngx_string("application/vnd.apple.mpegurl") },
    { ngx_null_string, ngx_string("application/octet-stream") }
};


/*
 * The file is opened here and not in a thread: as many lookups as nginx
 * makes for a static file, and segments are asked for one by one, mostly
 * soon after they were written.  A trip through the thread pool would cost
 * more than it saves.
 */

ngx_int_t
ngx_http_wubloader_segments(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_http_wubloader_segment_t  *s;

    s = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_segment_t));
    if (s == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_segments_path(r, s);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_wubloader_segments_open(r, s);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_http_wubloader_segments_header(r, s) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_segments_send(r, s);
}


static ngx_int_t
ngx_http_wubloader_segments_path(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s)
{
    u_char                    *dir;
    size_t                     len;
    ngx_int_t                  rc;
    wub_str_t                  rest, part;
    const char                *slash;
    ngx_http_wubloader_path_t  path;

    rc = ngx_http_wubloader_rest(r, &rest);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_memzero(&path, sizeof(ngx_http_wubloader_path_t));
    ngx_http_wubloader_store_init(r, &s->store, &path);

    part = rest;

    for ( ;; ) {
        slash = (part.len != 0) ? memchr(part.data, '/', part.len) : NULL;

        s->name = (slash == NULL) ? part
                                  : wub_str_n(part.data,
                                              (size_t) (slash - part.data));

        rc = ngx_http_wubloader_check_part(r, s->name, "path");
        if (rc != NGX_DECLINED) {
            return rc;
        }

        if (slash == NULL) {
            break;
        }

        part = wub_str_n(slash + 1, part.len - s->name.len - 1);
    }

    /* the slash before the name goes, too */

    len = rest.len - s->name.len;
    len -= (len != 0);

    dir = ngx_pnalloc(r->pool, len + 1);
    if (dir == NULL) {
        return NGX_ERROR;
    }

    *ngx_cpymem(dir, rest.data, len) = '\0';

    s->dir = (const char *) dir;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_wubloader_segments_open(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s)
{
    int                       dirfd, err;
    wub_rc_t                  rc;
    ngx_pool_cleanup_t       *cln;
    ngx_pool_cleanup_file_t  *clnf;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_pool_cleanup_file_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    rc = wub_dir_open(s->store.root, s->dir, &dirfd, &err);
    if (rc != WUB_OK) {
        return ngx_http_wubloader_segments_missing(r, s, rc, err);
    }

    rc = wub_dir_open_segment(dirfd, s->name, &s->fd, &s->stat, &err);

    (void) close(dirfd);

    if (rc == WUB_DENIED && err == 0) {
        return ngx_http_wubloader_error(r, NGX_HTTP_WUBLOADER_GONE,
                   "This segment was withdrawn; a tombstone marks it.");
    }

    if (rc != WUB_OK) {
        return ngx_http_wubloader_segments_missing(r, s, rc, err);
    }

    cln->handler = ngx_pool_cleanup_file;
    clnf = cln->data;

    clnf->fd = s->fd;
    clnf->name = r->uri.data;
    clnf->log = r->pool->log;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_wubloader_segments_missing(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s, wub_rc_t rc, int err)
{
    int  fd;

    if (rc == WUB_NOT_FOUND || rc == WUB_DECLINED) {

        rc = wub_dir_open(s->store.root, "", &fd, &err);

        if (rc == WUB_OK) {
            (void) close(fd);

            return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                       "There is no such file in the segment store.");
        }

        (void) ngx_http_wubloader_store_fail(&s->store, WUB_IO, err, "");

    } else {
        (void) ngx_http_wubloader_store_fail(&s->store, rc, err,
                   s->dir[0] == '\0' ? "." : s->dir);
    }

    ngx_http_wubloader_store_log(r, &s->store);

    if (rc == WUB_DENIED) {
        return ngx_http_wubloader_error(r, NGX_HTTP_FORBIDDEN,
                   "This path may not be read, or leads out of the segment "
                   "store.");
    }

    return ngx_http_wubloader_store_failed(r, &s->store);
}


static ngx_int_t
ngx_http_wubloader_segments_header(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s)
{
    size_t                            n;
    ngx_str_t                         control;
    const ngx_http_wubloader_type_t  *type;
    ngx_http_wubloader_loc_conf_t    *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    n = sizeof("max-age=, must-revalidate") - 1 + NGX_TIME_T_LEN;

    control.data = ngx_pnalloc(r->pool, n);
    if (control.data == NULL) {
        return NGX_ERROR;
    }

    control.len = (size_t) (ngx_snprintf(control.data, n,
                                         "max-age=%T, must-revalidate",
                                         wlcf->segment_max_age)
                            - control.data);

    for (type = ngx_http_wubloader_types; type->ending.len; type++) {
        n = type->ending.len;

        if (s->name.len > n
            && ngx_memcmp(s->name.data + s->name.len - n, type->ending.data,
                          n)
               == 0)
        {
            break;
        }
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = (off_t) s->stat.size;
    r->headers_out.last_modified_time = (time_t) s->stat.mtime;
    r->headers_out.content_type = type->type;
    r->headers_out.content_type_len = type->type.len;
    r->allow_ranges = 1;

    if (ngx_http_wubloader_segments_etag(r, s) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_header(r, "Cache-Control", &control);
}


/*
 * A segment that bears the hash of its bytes has the same tag on every
 * node; another file has one of its inode and time.
 */

static ngx_int_t
ngx_http_wubloader_segments_etag(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s)
{
    size_t         n;
    ngx_str_t      etag;
    wub_segment_t  segment;

    n = sizeof("\"--\"") - 1 + WUB_HASH_LEN + 2 * NGX_OFF_T_LEN;

    etag.data = ngx_pnalloc(r->pool, n);
    if (etag.data == NULL) {
        return NGX_ERROR;
    }

    /* the hour is of no matter to the hash */

    if (wub_segment_parse(s->name, 0, &segment) == WUB_OK
        && segment.hash.len == WUB_HASH_LEN
        && segment.type != WUB_SEGMENT_TEMP)
    {
        etag.len = (size_t) (ngx_snprintf(etag.data, n, "\"%*s-%xL\"",
                                          segment.hash.len, segment.hash.data,
                                          (int64_t) s->stat.size)
                             - etag.data);

    } else {
        etag.len = (size_t) (ngx_snprintf(etag.data, n, "\"%xL-%xL-%xL\"",
                                          s->stat.mtime,
                                          (int64_t) s->stat.size,
                                          (int64_t) s->stat.inode)
                             - etag.data);
    }

    return ngx_http_wubloader_set_etag(r, &etag);
}


static ngx_int_t
ngx_http_wubloader_segments_send(ngx_http_request_t *r,
    ngx_http_wubloader_segment_t *s)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->file = ngx_pcalloc(r->pool, sizeof(ngx_file_t));
    if (b->file == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->file_pos = 0;
    b->file_last = (off_t) s->stat.size;

    b->in_file = (b->file_last != 0);
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;
    b->sync = (b->file_last == 0 && !b->last_buf);

    b->file->fd = s->fd;
    b->file->name = r->uri;
    b->file->log = r->connection->log;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
