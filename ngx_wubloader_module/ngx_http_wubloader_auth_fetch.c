
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_auth.h"


/*
 * A background subrequest: the request that begins it need not wait for it,
 * and answers when its time is up.  What comes is taken by our filters and
 * not by nginx's own in-memory subrequests, whose bodies proxy_cache does
 * not keep and subrequest_output_buffer_size cuts at 4k.
 */

struct ngx_http_wubloader_fetch_s {
    ngx_http_wubloader_auth_keys_t  *keys;  /* NULL: it has ended */
    const ngx_http_request_t        *main;  /* whose subrequest it is */
    ngx_uint_t                       status;
    u_char                          *start; /* NGX_HTTP_WUBLOADER_JWT_SET_MAX
                                               bytes */
    size_t                           len;
    unsigned                         coded:1;
    unsigned                         too_big:1;
};


static ngx_int_t ngx_http_wubloader_fetch_headers(ngx_http_request_t *r,
    ngx_http_request_t *sr);
static ngx_int_t ngx_http_wubloader_fetch_done(ngx_http_request_t *sr,
    void *data, ngx_int_t rc);
static const char *ngx_http_wubloader_fetch_fault(ngx_http_request_t *sr,
    const ngx_http_wubloader_fetch_t *fetch);
static void ngx_http_wubloader_fetch_gone(void *data);


ngx_int_t
ngx_http_wubloader_fetch(ngx_http_wubloader_auth_keys_t *keys,
    ngx_http_request_t *r)
{
    ngx_http_cleanup_t          *cln;
    ngx_http_request_t          *sr;
    ngx_http_post_subrequest_t  *ps;
    ngx_http_wubloader_fetch_t  *fetch;

    cln = ngx_http_cleanup_add(r, sizeof(ngx_http_wubloader_fetch_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    fetch = cln->data;
    ngx_memzero(fetch, sizeof(ngx_http_wubloader_fetch_t));
    cln->handler = ngx_http_wubloader_fetch_gone;

    fetch->start = ngx_palloc(r->pool, NGX_HTTP_WUBLOADER_JWT_SET_MAX);
    if (fetch->start == NULL) {
        return NGX_ERROR;
    }

    ps = ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t));
    if (ps == NULL) {
        return NGX_ERROR;
    }

    ps->handler = ngx_http_wubloader_fetch_done;
    ps->data = fetch;

    if (ngx_http_subrequest(r, &keys->uri, &keys->args, &sr, ps,
                            NGX_HTTP_SUBREQUEST_BACKGROUND)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_wubloader_fetch_headers(r, sr) != NGX_OK) {
        return NGX_ERROR;
    }

    fetch->keys = keys;
    fetch->main = r->main;
    keys->fetch = fetch;

    return NGX_OK;
}


ngx_uint_t
ngx_http_wubloader_fetch_is(const ngx_http_wubloader_fetch_t *fetch,
    const ngx_http_request_t *r)
{
    return fetch != NULL && fetch->main == r->main;
}


/*
 * Nothing of the client's request goes out: its token would, its gzip and
 * its conditions would come back.
 */

static ngx_int_t
ngx_http_wubloader_fetch_headers(ngx_http_request_t *r,
    ngx_http_request_t *sr)
{
    ngx_memzero(&sr->headers_in, sizeof(ngx_http_headers_in_t));

    sr->headers_in.server = r->headers_in.server;
    sr->headers_in.content_length_n = -1;
    sr->headers_in.keep_alive_n = -1;
    sr->request_body = NULL;
    sr->filter_need_in_memory = 1;

    return ngx_list_init(&sr->headers_in.headers, sr->pool, 1,
                         sizeof(ngx_table_elt_t));
}


ngx_http_wubloader_fetch_t *
ngx_http_wubloader_fetch_of(ngx_http_request_t *r)
{
    if (r == r->main || r->post_subrequest == NULL
        || r->post_subrequest->handler != ngx_http_wubloader_fetch_done)
    {
        return NULL;
    }

    return r->post_subrequest->data;
}


ngx_int_t
ngx_http_wubloader_fetch_header(ngx_http_request_t *r,
    ngx_http_wubloader_fetch_t *fetch)
{
    ngx_table_elt_t  *h;

    h = r->headers_out.content_encoding;

    fetch->status = r->headers_out.status;
    fetch->coded = (h != NULL && h->value.len != 0);
    fetch->too_big = (r->headers_out.content_length_n
                      > NGX_HTTP_WUBLOADER_JWT_SET_MAX);

    r->filter_need_in_memory = 1;

    return NGX_OK;
}


/* takes all there is: an error would close the client's connection */

ngx_int_t
ngx_http_wubloader_fetch_body(ngx_http_wubloader_fetch_t *fetch,
    ngx_chain_t *in)
{
    size_t      n;
    ngx_buf_t  *b;

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;

        if (!ngx_buf_in_memory(b)) {
            continue;
        }

        n = (size_t) (b->last - b->pos);

        if (n > NGX_HTTP_WUBLOADER_JWT_SET_MAX - fetch->len) {
            fetch->too_big = 1;
        }

        if (!fetch->too_big) {
            ngx_memcpy(fetch->start + fetch->len, b->pos, n);
            fetch->len += n;
        }

        b->pos = b->last;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wubloader_fetch_done(ngx_http_request_t *sr, void *data,
    ngx_int_t rc)
{
    ngx_http_wubloader_fetch_t *fetch = data;

    const char                      *fault;
    ngx_http_wubloader_auth_keys_t  *keys;

    /* it comes again once all is through the filters */

    if (sr->buffered && rc != NGX_ERROR) {
        return rc;
    }

    keys = fetch->keys;

    if (keys == NULL) {
        return NGX_OK;
    }

    fetch->keys = NULL;

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        fetch->status = (ngx_uint_t) rc;
    }

    fault = (rc == NGX_ERROR) ? "The answer was not whole."
                              : ngx_http_wubloader_fetch_fault(sr, fetch);

    ngx_http_wubloader_keys_fetched(keys, sr,
                                    wub_str_n((char *) fetch->start,
                                              fetch->len), fault);

    /* what became of the keys is nothing to the client's request */

    return NGX_OK;
}


/* NULL: none */

static const char *
ngx_http_wubloader_fetch_fault(ngx_http_request_t *sr,
    const ngx_http_wubloader_fetch_t *fetch)
{
    u_char  *text, *last;

    if (fetch->status != NGX_HTTP_OK) {
        text = ngx_pnalloc(sr->pool, 64);
        if (text == NULL) {
            return "Memory is out.";
        }

        last = ngx_snprintf(text, 63, "The answer had status %ui.",
                            fetch->status);
        *last = '\0';

        return (char *) text;
    }

    if (fetch->too_big) {
        return "The answer is more than 65536 bytes.";
    }

    return fetch->coded ? "The answer is compressed." : NULL;
}


static void
ngx_http_wubloader_fetch_gone(void *data)
{
    ngx_http_wubloader_fetch_t *fetch = data;

    ngx_http_wubloader_auth_keys_t  *keys;

    keys = fetch->keys;

    if (keys == NULL) {
        return;
    }

    fetch->keys = NULL;

    /* another one may have been begun in place of a lost one */

    if (keys->fetch == fetch) {
        ngx_http_wubloader_keys_orphaned(keys);
    }
}
