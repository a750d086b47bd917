
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


/* a body on its way to one text; a thread looks at the second half only */
typedef struct {
    ngx_http_wubloader_body_pt  then;
    void                       *data;

    wub_arena_t                *arena;
    ngx_chain_t                *bufs;
    size_t                      size;
    wub_str_t                   text;
    wub_rc_t                    rc;
    ngx_err_t                   err;
} ngx_http_wubloader_reader_t;


static ngx_int_t ngx_http_wubloader_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static void ngx_http_wubloader_body_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_wubloader_body_whole(ngx_http_request_t *r,
    ngx_http_wubloader_reader_t *reader);
static void ngx_http_wubloader_body_work(void *data);
static ngx_int_t ngx_http_wubloader_body_done(ngx_http_request_t *r,
    void *data);


static ngx_http_request_body_filter_pt  ngx_http_next_request_body_filter;


void
ngx_http_wubloader_body_init(void)
{
    ngx_http_next_request_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_http_wubloader_body_filter;
}


/* the length of a chunked body is known only when it is there */

static ngx_int_t
ngx_http_wubloader_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t               *cl;
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    if (ctx == NULL || !ctx->reading) {
        return ngx_http_next_request_body_filter(r, in);
    }

    for (cl = in; cl; cl = cl->next) {
        ctx->room -= ngx_buf_size(cl->buf);
    }

    if (ctx->room < 0) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "client sends a body of more than %d bytes",
                      NGX_HTTP_WUBLOADER_BODY_MAX);
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    return ngx_http_next_request_body_filter(r, in);
}


ngx_int_t
ngx_http_wubloader_body_read(ngx_http_request_t *r,
    ngx_http_wubloader_body_pt then, void *data)
{
    ngx_http_wubloader_ctx_t     *ctx;
    ngx_http_wubloader_reader_t  *reader;

    reader = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_reader_t));
    if (reader == NULL) {
        return NGX_ERROR;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    reader->then = then;
    reader->data = data;
    reader->arena = ctx->arena;

    ctx->data = reader;

    r->request_body_in_single_buf = 1;

    return ngx_http_wubloader_body_wait(r, ngx_http_wubloader_body_handler);
}


ngx_int_t
ngx_http_wubloader_body_wait(ngx_http_request_t *r,
    ngx_http_client_body_handler_pt handler)
{
    ngx_int_t                  rc;
    ngx_http_wubloader_ctx_t  *ctx;

    if (r->headers_in.content_length_n > NGX_HTTP_WUBLOADER_BODY_MAX) {
        rc = ngx_http_discard_request_body(r);
        return (rc == NGX_OK) ? NGX_HTTP_REQUEST_ENTITY_TOO_LARGE : rc;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    ctx->room = NGX_HTTP_WUBLOADER_BODY_MAX;
    ctx->reading = 1;

    rc = ngx_http_read_client_request_body(r, handler);

    return (rc >= NGX_HTTP_SPECIAL_RESPONSE) ? rc : NGX_DONE;
}


static void
ngx_http_wubloader_body_handler(ngx_http_request_t *r)
{
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    ctx->reading = 0;

    ngx_http_finalize_request(r, ngx_http_wubloader_body_whole(r, ctx->data));
}


static ngx_int_t
ngx_http_wubloader_body_whole(ngx_http_request_t *r,
    ngx_http_wubloader_reader_t *reader)
{
    off_t         size;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    /* what was read before it came to us may be missing, or too large */

    reader->bufs = r->request_body ? r->request_body->bufs : NULL;
    size = 0;

    for (cl = reader->bufs; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    if (size > NGX_HTTP_WUBLOADER_BODY_MAX) {
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    if (size == 0) {
        return reader->then(r, reader->data, wub_str(""));
    }

    b = reader->bufs->buf;

    if (reader->bufs->next == NULL && !b->in_file) {
        return reader->then(r, reader->data,
                            wub_str_n((char *) b->pos, (size_t) size));
    }

    reader->size = (size_t) size;

    return ngx_http_wubloader_task(r, ngx_http_wubloader_body_work,
                                   ngx_http_wubloader_body_done, reader);
}


static void
ngx_http_wubloader_body_work(void *data)
{
    ngx_http_wubloader_reader_t *reader = data;

    char         *text, *p;
    size_t        n;
    ngx_chain_t  *cl;

    text = wub_arena_alloc(reader->arena, reader->size);
    if (text == NULL) {
        reader->rc = WUB_NO_MEMORY;
        return;
    }

    p = text;

    for (cl = reader->bufs; cl; cl = cl->next) {
        n = (size_t) ngx_buf_size(cl->buf);

        reader->rc = ngx_http_wubloader_body_copy(cl->buf, p, n,
                                                  &reader->err);
        if (reader->rc != WUB_OK) {
            return;
        }

        p += n;
    }

    reader->text = wub_str_n(text, reader->size);
}


wub_rc_t
ngx_http_wubloader_body_copy(const ngx_buf_t *b, char *to, size_t size,
    ngx_err_t *ret_err)
{
    off_t    pos;
    ssize_t  n;

    if (size == 0) {
        return WUB_OK;
    }

    if (!b->in_file) {
        ngx_memcpy(to, b->pos, size);
        return WUB_OK;
    }

    pos = b->file_pos;

    while (size > 0) {
        n = pread(b->file->fd, to, size, pos);

        if (n == -1 && ngx_errno == NGX_EINTR) {
            continue;
        }

        if (n <= 0) {
            *ret_err = (n == -1) ? ngx_errno : 0;
            return WUB_IO;
        }

        to += n;
        pos += n;
        size -= (size_t) n;
    }

    return WUB_OK;
}


static ngx_int_t
ngx_http_wubloader_body_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_reader_t *reader = data;

    if (reader->rc == WUB_OK) {
        return reader->then(r, reader->data, reader->text);
    }

    return (reader->rc == WUB_IO)
           ? ngx_http_wubloader_body_lost(r, reader->err) : NGX_ERROR;
}


ngx_int_t
ngx_http_wubloader_body_lost(ngx_http_request_t *r, ngx_err_t err)
{
    ngx_log_error(NGX_LOG_CRIT, r->connection->log, err,
                  "cannot read back the body of a request from its "
                  "temporary file");
    ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_critical);

    return NGX_ERROR;
}
