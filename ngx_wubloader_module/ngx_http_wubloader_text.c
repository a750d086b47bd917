
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"

#include "common/wub_gzip.h"


/* bytes that the event loop itself may compress, a fraction of a ms */
#define NGX_HTTP_WUBLOADER_TEXT_INLINE  16384


static ngx_uint_t ngx_http_wubloader_text_cork(ngx_http_request_t *r);
static void ngx_http_wubloader_text_nopush(void *data);
static ngx_int_t ngx_http_wubloader_text_chain(ngx_http_request_t *r,
    const ngx_http_wubloader_text_t *text, ngx_chain_t **ret);
static ngx_int_t ngx_http_wubloader_text_headers(ngx_http_request_t *r,
    const ngx_http_wubloader_text_t *text);
static ngx_int_t ngx_http_wubloader_vary(ngx_http_request_t *r);
static ngx_int_t ngx_http_wubloader_not_modified(ngx_http_request_t *r);
static ngx_uint_t ngx_http_wubloader_none_match(const ngx_str_t *value,
    const u_char etag[NGX_HTTP_WUBLOADER_ETAG]);
static u_char *ngx_http_wubloader_next_tag(u_char *p, u_char *end,
    ngx_str_t *ret);
static ngx_uint_t ngx_http_wubloader_same_tag(const ngx_str_t *tag,
    const u_char etag[NGX_HTTP_WUBLOADER_ETAG]);


void
ngx_http_wubloader_text_init(ngx_http_request_t *r,
    ngx_http_wubloader_text_t *text)
{
    ngx_table_elt_t  *h;

    ngx_memzero(text, sizeof(ngx_http_wubloader_text_t));

    text->gzip = ngx_http_wubloader_gzip_accepted(r) ? 1 : 0;

    /*
     * What goes before If-None-Match by RFC 9110, 13.2.2 is left to nginx's
     * own filter.
     */

    h = r->headers_in.if_none_match;

    if (h != NULL && r->headers_in.if_match == NULL
        && r->headers_in.if_unmodified_since == NULL)
    {
        text->none_match = h->value;
    }
}


void
ngx_http_wubloader_text_again(ngx_http_wubloader_text_t *text)
{
    text->pieces = NULL;
    text->npieces = 0;
    text->same = 0;
}


wub_rc_t
ngx_http_wubloader_text_make(ngx_http_wubloader_text_t *text,
    wub_arena_t *arena, wub_str_t body)
{
    text->body = body;

    ngx_http_wubloader_etag(body, text->etag);

    if (ngx_http_wubloader_text_same(text) || !text->gzip) {
        return WUB_OK;
    }

    return wub_gzip(arena, body, &text->body);
}


ngx_uint_t
ngx_http_wubloader_text_same(ngx_http_wubloader_text_t *text)
{
    text->same = ngx_http_wubloader_none_match(&text->none_match, text->etag)
                 ? 1 : 0;

    return text->same;
}


ngx_int_t
ngx_http_wubloader_text_send(ngx_http_request_t *r, const char *type,
    const ngx_http_wubloader_text_t *text)
{
    ngx_int_t     rc;
    ngx_uint_t    corked;
    ngx_chain_t  *out;

    if (ngx_http_wubloader_text_headers(r, text) != NGX_OK) {
        return NGX_ERROR;
    }

    if (text->same) {
        return ngx_http_wubloader_not_modified(r);
    }

    if (text->npieces == 0) {
        return ngx_http_wubloader_body(r, NGX_HTTP_OK, type, text->body);
    }

    ngx_http_wubloader_type(r, NGX_HTTP_OK, type);

    /* the header goes out only when the body is sure to */

    if (ngx_http_wubloader_text_chain(r, text, &out) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    corked = ngx_http_wubloader_text_cork(r);

    rc = ngx_http_output_filter(r, out);

    /* a socket that fails here fails the next write, too */

    if (corked) {
        (void) ngx_tcp_push(r->connection->fd);
    }

    return rc;
}


/*
 * Header, memory, file, memory: nginx's own tcp_nopush takes TCP_NODELAY
 * away, and then the kernel holds the last few bytes until the client
 * acknowledges what came before, which takes up to 40 ms.  So nginx is kept
 * from it for this answer: where the operator wants full packets the socket
 * is held while the chain is handed over, and with TCP_NODELAY all that is
 * left goes out at once when it is let go.  True: it is held.
 */

static ngx_uint_t
ngx_http_wubloader_text_cork(ngx_http_request_t *r)
{
    ngx_connection_t          *c;
    ngx_pool_cleanup_t        *cln;
    ngx_http_core_loc_conf_t  *clcf;

    c = r->connection;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!clcf->tcp_nodelay || r->http_version >= NGX_HTTP_VERSION_20
        || c->tcp_nopush == NGX_TCP_NOPUSH_SET)
    {
        return 0;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (cln == NULL || ngx_tcp_nodelay(c) != NGX_OK
        || c->tcp_nopush != NGX_TCP_NOPUSH_UNSET)
    {
        return 0;
    }

    cln->handler = ngx_http_wubloader_text_nopush;
    cln->data = c;

    c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;

    return ngx_tcp_nopush(c->fd) == 0;
}


/* the next request of the connection may want it */

static void
ngx_http_wubloader_text_nopush(void *data)
{
    ngx_connection_t *c = data;

    c->tcp_nopush = NGX_TCP_NOPUSH_UNSET;
}


/* one buffer for each piece; the length of all goes into the header */

static ngx_int_t
ngx_http_wubloader_text_chain(ngx_http_request_t *r,
    const ngx_http_wubloader_text_t *text, ngx_chain_t **ret)
{
    size_t                             i;
    ngx_buf_t                         *b;
    ngx_chain_t                       *cl, **ll;
    const ngx_http_wubloader_piece_t  *piece;

    ll = ret;
    b = NULL;
    r->headers_out.content_length_n = 0;

    for (i = 0; i < text->npieces; i++) {
        piece = &text->pieces[i];

        b = ngx_calloc_buf(r->pool);
        cl = ngx_alloc_chain_link(r->pool);

        if (b == NULL || cl == NULL) {
            return NGX_ERROR;
        }

        if (piece->fd == NGX_INVALID_FILE) {
            b->pos = (u_char *) (uintptr_t) piece->data.data;
            b->last = b->pos + piece->data.len;
            b->memory = 1;

        } else {
            b->file = ngx_pcalloc(r->pool, sizeof(ngx_file_t));
            if (b->file == NULL) {
                return NGX_ERROR;
            }

            b->file->fd = piece->fd;
            b->file->log = r->connection->log;
            ngx_str_set(&b->file->name, "of wubloader_cache");

            b->file_pos = piece->from;
            b->file_last = piece->to;
            b->in_file = 1;
        }

        r->headers_out.content_length_n += ngx_buf_size(b);

        cl->buf = b;
        *ll = cl;
        ll = &cl->next;
    }

    *ll = NULL;

    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    return NGX_OK;
}


ngx_int_t
ngx_http_wubloader_text(ngx_http_request_t *r, const char *type,
    wub_str_t body, const u_char etag[NGX_HTTP_WUBLOADER_ETAG])
{
    ngx_http_wubloader_ctx_t   *ctx;
    ngx_http_wubloader_text_t   text;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    ngx_http_wubloader_text_init(r, &text);

    if (body.len > NGX_HTTP_WUBLOADER_TEXT_INLINE) {
        text.gzip = 0;
    }

    if (ngx_http_wubloader_text_make(&text, ctx->arena, body) != WUB_OK) {
        text.gzip = 0;
        text.body = body;
    }

    ngx_memcpy(text.etag, etag, NGX_HTTP_WUBLOADER_ETAG);

    return ngx_http_wubloader_text_send(r, type, &text);
}


static ngx_int_t
ngx_http_wubloader_text_headers(ngx_http_request_t *r,
    const ngx_http_wubloader_text_t *text)
{
    u_char           *p;
    ngx_str_t         tag, value;
    ngx_table_elt_t  *h;

    tag.data = ngx_pnalloc(r->pool, NGX_HTTP_WUBLOADER_ETAG + 3);
    if (tag.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(tag.data, text->etag, NGX_HTTP_WUBLOADER_ETAG - 1);

    if (text->gzip) {
        p = ngx_cpymem(p, "-gz", 3);
    }

    *p++ = '"';
    tag.len = (size_t) (p - tag.data);

    ngx_str_set(&value, "no-cache");

    if (ngx_http_wubloader_set_etag(r, &tag) != NGX_OK
        || ngx_http_wubloader_vary(r) != NGX_OK
        || ngx_http_wubloader_header(r, "Cache-Control", &value) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!text->gzip || text->same) {
        return NGX_OK;
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Content-Encoding");
    ngx_str_set(&h->value, "gzip");

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    r->headers_out.content_encoding = h;

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
 * A tag of If-None-Match is ours, compared weakly, or ours with the ending
 * of the compressed form.
 */

static ngx_uint_t
ngx_http_wubloader_none_match(const ngx_str_t *value,
    const u_char etag[NGX_HTTP_WUBLOADER_ETAG])
{
    u_char     *p, *end;
    ngx_str_t   tag;

    p = value->data;
    end = p + value->len;

    while (p < end) {
        p = ngx_http_wubloader_next_tag(p, end, &tag);

        if (ngx_http_wubloader_same_tag(&tag, etag)) {
            return 1;
        }
    }

    return 0;
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
ngx_http_wubloader_same_tag(const ngx_str_t *tag,
    const u_char etag[NGX_HTTP_WUBLOADER_ETAG])
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

    if (n == NGX_HTTP_WUBLOADER_ETAG) {
        return ngx_memcmp(p, etag, n) == 0;
    }

    return n == NGX_HTTP_WUBLOADER_ETAG + 3
           && ngx_memcmp(p, etag, NGX_HTTP_WUBLOADER_ETAG - 1) == 0
           && ngx_memcmp(p + NGX_HTTP_WUBLOADER_ETAG - 1, "-gz\"", 4) == 0;
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
    ngx_http_wubloader_etag_hash(hash, etag);
}


void
ngx_http_wubloader_etag_hash(const u_char hash[16],
    u_char etag[NGX_HTTP_WUBLOADER_ETAG])
{
    etag[0] = '"';
    (void) ngx_hex_dump(etag + 1, (u_char *) (uintptr_t) hash, 16);
    etag[NGX_HTTP_WUBLOADER_ETAG - 1] = '"';
}
