
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


/* bytes of a sentence */
#define NGX_HTTP_WUBLOADER_SENTENCE  512


static ngx_int_t ngx_http_wubloader_body(ngx_http_request_t *r,
    ngx_uint_t status, const char *type, wub_str_t body);
static ngx_int_t ngx_http_wubloader_vary(ngx_http_request_t *r);
static ngx_int_t ngx_http_wubloader_not_modified(ngx_http_request_t *r);
static ngx_int_t ngx_http_wubloader_none_match(ngx_http_request_t *r,
    ngx_str_t *etag);
static u_char *ngx_http_wubloader_next_tag(u_char *p, u_char *end,
    ngx_str_t *ret);
static ngx_uint_t ngx_http_wubloader_same_tag(ngx_str_t *tag,
    ngx_str_t *etag);


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
    u_char     *p, *last;
    va_list     args;
    ngx_str_t   control;

    p = ngx_pnalloc(r->pool, NGX_HTTP_WUBLOADER_SENTENCE);
    if (p == NULL) {
        return NGX_ERROR;
    }

    va_start(args, fmt);
    last = ngx_vslprintf(p, p + NGX_HTTP_WUBLOADER_SENTENCE - 1, fmt, args);
    va_end(args);

    *last++ = LF;

    /* what is missing now may be there in a moment */

    ngx_str_set(&control, "no-cache");

    if (ngx_http_wubloader_header(r, "Cache-Control", &control) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_body(r, status, "text/plain",
                                   wub_str_n((char *) p,
                                             (size_t) (last - p)));
}


ngx_int_t
ngx_http_wubloader_no_content(ngx_http_request_t *r)
{
    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    return ngx_http_wubloader_send_header(r);
}


static ngx_int_t
ngx_http_wubloader_body(ngx_http_request_t *r, ngx_uint_t status,
    const char *type, wub_str_t body)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    r->headers_out.status = status;
    r->headers_out.content_length_n = (off_t) body.len;
    r->headers_out.content_type.len = ngx_strlen(type);
    r->headers_out.content_type.data = (u_char *) (uintptr_t) type;
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

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
ngx_http_wubloader_text(ngx_http_request_t *r, const char *type,
    wub_str_t body, const u_char etag[NGX_HTTP_WUBLOADER_ETAG])
{
    ngx_str_t  tag, control;

    tag.len = NGX_HTTP_WUBLOADER_ETAG;
    tag.data = ngx_pnalloc(r->pool, NGX_HTTP_WUBLOADER_ETAG);
    if (tag.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(tag.data, etag, NGX_HTTP_WUBLOADER_ETAG);

    ngx_str_set(&control, "no-cache");

    if (ngx_http_wubloader_set_etag(r, &tag) != NGX_OK
        || ngx_http_wubloader_vary(r) != NGX_OK
        || ngx_http_wubloader_header(r, "Cache-Control", &control) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_wubloader_none_match(r, &tag) == NGX_OK) {
        return ngx_http_wubloader_not_modified(r);
    }

    return ngx_http_wubloader_body(r, NGX_HTTP_OK, type, body);
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


/* nginx adds this header itself where it compresses and may say so */

static ngx_int_t
ngx_http_wubloader_vary(ngx_http_request_t *r)
{
    ngx_str_t  value;

#if (NGX_HTTP_GZIP)

    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->gzip_vary) {
        r->gzip_vary = 1;
        return NGX_OK;
    }

#endif

    ngx_str_set(&value, "Accept-Encoding");

    return ngx_http_wubloader_header(r, "Vary", &value);
}


static ngx_int_t
ngx_http_wubloader_not_modified(ngx_http_request_t *r)
{
    r->headers_out.status = NGX_HTTP_NOT_MODIFIED;
    r->headers_out.content_type.len = 0;
    r->header_only = 1;

    return ngx_http_wubloader_send_header(r);
}


/*
 * NGX_OK: a tag of If-None-Match is ours, compared weakly, or ours with
 * the ending of the compressed form.  What goes before If-None-Match by
 * RFC 9110, 13.2.2 is left to nginx's own filter.
 */

static ngx_int_t
ngx_http_wubloader_none_match(ngx_http_request_t *r, ngx_str_t *etag)
{
    u_char           *p, *end;
    ngx_str_t         tag;
    ngx_table_elt_t  *h;

    h = r->headers_in.if_none_match;

    if (h == NULL || r->headers_in.if_match
        || r->headers_in.if_unmodified_since)
    {
        return NGX_DECLINED;
    }

    p = h->value.data;
    end = p + h->value.len;

    while (p < end) {
        p = ngx_http_wubloader_next_tag(p, end, &tag);

        if (ngx_http_wubloader_same_tag(&tag, etag)) {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/* cuts one element off the list, without the blanks around it */

static u_char *
ngx_http_wubloader_next_tag(u_char *p, u_char *end, ngx_str_t *ret)
{
    u_char      *start, *last;
    ngx_uint_t   quoted;

    start = p;
    quoted = 0;

    for ( /* void */ ; p < end; p++) {

        if (*p == '"') {
            quoted = !quoted;
        }

        if (*p == ',' && !quoted) {
            break;
        }
    }

    last = p;

    while (start < last && (*start == ' ' || *start == '\t')) {
        start++;
    }

    while (start < last && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }

    ret->data = start;
    ret->len = (size_t) (last - start);

    return p + 1;
}


static ngx_uint_t
ngx_http_wubloader_same_tag(ngx_str_t *tag, ngx_str_t *etag)
{
    size_t   n;
    u_char  *p;

    if (tag->len == 1 && tag->data[0] == '*') {
        return 1;
    }

    p = tag->data;
    n = tag->len;

    if (n > 2 && p[0] == 'W' && p[1] == '/') {
        p += 2;
        n -= 2;
    }

    if (n == etag->len) {
        return ngx_memcmp(p, etag->data, n) == 0;
    }

    return n == etag->len + 3
           && ngx_memcmp(p, etag->data, etag->len - 1) == 0
           && ngx_memcmp(p + etag->len - 1, "-gz\"", 4) == 0;
}


void
ngx_http_wubloader_etag(wub_str_t body, u_char etag[NGX_HTTP_WUBLOADER_ETAG])
{
    ngx_md5_t  md5;

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, body.data, body.len);
    ngx_http_wubloader_etag_final(&md5, etag);
}


/* MD5 tells our own texts apart; nobody gains by making two that collide */

void
ngx_http_wubloader_etag_final(ngx_md5_t *md5,
    u_char etag[NGX_HTTP_WUBLOADER_ETAG])
{
    u_char  hash[16];

    ngx_md5_final(hash, md5);

    etag[0] = '"';
    (void) ngx_hex_dump(etag + 1, hash, 16);
    etag[NGX_HTTP_WUBLOADER_ETAG - 1] = '"';
}
