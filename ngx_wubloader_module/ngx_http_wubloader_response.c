
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


/* bytes of a sentence */
#define NGX_HTTP_WUBLOADER_SENTENCE  512


static ngx_int_t ngx_http_wubloader_refuse(ngx_http_request_t *r,
    ngx_uint_t status, wub_str_t text);


ngx_int_t
ngx_http_wubloader_header(ngx_http_request_t *r, const char *key,
    const ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.len = ngx_strlen(key);
    h->key.data = (u_char *) (uintptr_t) key;
    h->value = *value;

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}


ngx_int_t
ngx_http_wubloader_send_header(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    ctx->sending = 1;
    rc = ngx_http_send_header(r);
    ctx->sending = 0;

    return rc;
}


ngx_int_t
ngx_http_wubloader_error(ngx_http_request_t *r, ngx_uint_t status,
    const char *fmt, ...)
{
    u_char   *p, *last;
    va_list   args;

    p = ngx_pnalloc(r->pool, NGX_HTTP_WUBLOADER_SENTENCE);
    if (p == NULL) {
        return NGX_ERROR;
    }

    va_start(args, fmt);
    last = ngx_vslprintf(p, p + NGX_HTTP_WUBLOADER_SENTENCE - 1, fmt, args);
    va_end(args);

    *last++ = LF;

    return ngx_http_wubloader_refuse(r, status,
                                     wub_str_n((char *) p,
                                               (size_t) (last - p)));
}


ngx_int_t
ngx_http_wubloader_sentence(ngx_http_request_t *r, ngx_uint_t status,
    wub_str_t sentence)
{
    u_char  *p, *last;

    p = ngx_pnalloc(r->pool, sentence.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_cpymem(p, sentence.data, sentence.len);

    if (last == p || last[-1] != LF) {
        *last++ = LF;
    }

    return ngx_http_wubloader_refuse(r, status,
                                     wub_str_n((char *) p,
                                               (size_t) (last - p)));
}


static ngx_int_t
ngx_http_wubloader_refuse(ngx_http_request_t *r, ngx_uint_t status,
    wub_str_t text)
{
    ngx_int_t  rc;
    ngx_str_t  control;

    /* a body that was read or discarded already stays so */

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    /* what is missing now may be there in a moment */

    ngx_str_set(&control, "no-cache");

    if (ngx_http_wubloader_header(r, "Cache-Control", &control) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_body(r, status, "text/plain", text);
}


ngx_int_t
ngx_http_wubloader_no_content(ngx_http_request_t *r)
{
    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    return ngx_http_wubloader_send_header(r);
}


void
ngx_http_wubloader_type(ngx_http_request_t *r, ngx_uint_t status,
    const char *type)
{
    r->headers_out.status = status;
    r->headers_out.content_type.len = ngx_strlen(type);
    r->headers_out.content_type.data = (u_char *) (uintptr_t) type;
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
}


ngx_int_t
ngx_http_wubloader_body(ngx_http_request_t *r, ngx_uint_t status,
    const char *type, wub_str_t body)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    ngx_http_wubloader_type(r, status, type);

    r->headers_out.content_length_n = (off_t) body.len;

    /* the header goes out only when the body is sure to */

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->pos = (u_char *) (uintptr_t) body.data;
    b->last = b->pos + body.len;
    b->memory = (body.len != 0);
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;
    b->sync = (body.len == 0 && !b->last_buf);

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_http_wubloader_set_etag(ngx_http_request_t *r, ngx_str_t *etag)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "ETag");
    h->value = *etag;

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    r->headers_out.etag = h;

    return NGX_OK;
}
