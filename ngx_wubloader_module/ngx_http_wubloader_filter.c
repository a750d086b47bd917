
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_auth.h"
#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


/* what nginx answers by itself, said as we say it */
typedef struct {
    ngx_uint_t  status;     /* 0: any other */
    ngx_str_t   sentence;
} ngx_http_wubloader_sentence_t;


static ngx_int_t ngx_http_wubloader_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_wubloader_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_uint_t ngx_http_wubloader_ours(ngx_http_request_t *r);
static ngx_uint_t ngx_http_wubloader_has_header(ngx_http_request_t *r,
    const ngx_str_t *key);
static ngx_int_t ngx_http_wubloader_cors(ngx_http_request_t *r);
static ngx_int_t ngx_http_wubloader_replace(ngx_http_request_t *r);
static ngx_int_t ngx_http_wubloader_retry(ngx_http_request_t *r);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


/* upstream's, CONTRACT.md 3, and "Authorization", which "*" leaves out */
static const ngx_keyval_t  ngx_http_wubloader_cors_headers[] = {
    { ngx_string("Access-Control-Allow-Origin"), ngx_string("*") },
    { ngx_string("Access-Control-Allow-Headers"),
      ngx_string("*, Authorization") },
    { ngx_string("Access-Control-Allow-Methods"),
      ngx_string("GET,POST,HEAD") },
    { ngx_string("Access-Control-Allow-Credentials"), ngx_string("false") },
    { ngx_string("Access-Control-Max-Age"), ngx_string("86400") },
    { ngx_null_string, ngx_null_string }
};


static const ngx_http_wubloader_sentence_t
    ngx_http_wubloader_sentences[] =
{
    { 400, ngx_string("The request is malformed, or its headers are too "
                      "large.\n") },
    { 401, ngx_string("This server wants a user name and password.\n") },
    { 403, ngx_string("Access is denied.\n") },
    { 404, ngx_string("There is nothing at this path.\n") },
    { 405, ngx_string("This method is not allowed here.\n") },
    { 408, ngx_string("The request took too long to arrive.\n") },
    { 412, ngx_string("A condition of the request does not hold.\n") },
    { 413, ngx_string("The body of the request is too large.\n") },
    { 414, ngx_string("The path and query of the request are too long.\n") },
    { 416, ngx_string("The range lies outside of the file.\n") },
    { 429, ngx_string("There were too many requests.\n") },
    { 502, ngx_string("The renderer does not answer.\n") },
    { 503, ngx_string("The server is too busy; try again.\n") },
    { 504, ngx_string("The renderer took too long to answer.\n") },
    { 0, ngx_string("The request failed.\n") }
};


ngx_int_t
ngx_http_wubloader_filter_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_wubloader_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_wubloader_body_filter;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wubloader_header_filter(ngx_http_request_t *r)
{
    ngx_http_wubloader_fetch_t  *fetch;

    /* keys of tokens come to us alone */

    fetch = ngx_http_wubloader_fetch_of(r);

    if (fetch != NULL) {
        return ngx_http_wubloader_fetch_header(r, fetch);
    }

    if (r != r->main || !ngx_http_wubloader_ours(r)) {
        return ngx_http_next_header_filter(r);
    }

    if (!ngx_http_wubloader_has_header(r,
                                    &ngx_http_wubloader_cors_headers[0].key)
        && ngx_http_wubloader_cors(r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_wubloader_replace(r) != NGX_OK
        || ngx_http_wubloader_retry(r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* RFC 9110, 8.6: the length would be that of the answer with a body */

    if (r->headers_out.status == NGX_HTTP_NOT_MODIFIED) {
        ngx_http_clear_content_length(r);
    }

    return ngx_http_next_header_filter(r);
}


/*
 * A request is ours in a location of ours; after a redirect out of one;
 * and where nginx refused it before it looked for a location, in a server
 * that has one of ours.
 */

static ngx_uint_t
ngx_http_wubloader_ours(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t       *clcf;
    ngx_http_wubloader_srv_conf_t  *wscf;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wscf = ngx_http_get_module_srv_conf(r, ngx_http_wubloader_module);

    if (!wscf->used) {
        return 0;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    if (wlcf->kind || ngx_http_wubloader_find_ctx(r)) {
        return 1;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    return clcf->name.len == 0;
}


static ngx_uint_t
ngx_http_wubloader_has_header(ngx_http_request_t *r, const ngx_str_t *key)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash != 0
                && h[i].key.len == key->len
                && ngx_strncasecmp(h[i].key.data, key->data, key->len) == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_wubloader_cors(ngx_http_request_t *r)
{
    const ngx_keyval_t  *cors;

    for (cors = ngx_http_wubloader_cors_headers; cors->key.len; cors++) {
        if (ngx_http_wubloader_header(r, (char *) cors->key.data,
                                      &cors->value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * An error page that nginx made itself becomes text/plain; one that the
 * operator set with error_page stays.
 */

static ngx_int_t
ngx_http_wubloader_replace(ngx_http_request_t *r)
{
    ngx_http_wubloader_ctx_t             *ctx;
    const ngx_http_wubloader_sentence_t  *s;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    if (r->err_status < NGX_HTTP_BAD_REQUEST
        || (ctx && ctx->sending)
        || r->error_page
        || r->headers_out.last_modified_time != -1
        || r->headers_out.content_type.len != sizeof("text/html") - 1
        || ngx_memcmp(r->headers_out.content_type.data, "text/html", 9) != 0)
    {
        return NGX_OK;
    }

    if (ctx == NULL) {
        ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_ctx_t));
        if (ctx == NULL) {
            return NGX_ERROR;
        }

        ngx_http_set_ctx(r, ctx, ngx_http_wubloader_module);
    }

    for (s = ngx_http_wubloader_sentences; s->status; s++) {
        if (s->status == r->err_status) {
            break;
        }
    }

    ctx->sentence = s->sentence;

    r->headers_out.content_length_n = (off_t) s->sentence.len;

    ngx_str_set(&r->headers_out.content_type, "text/plain");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    return NGX_OK;
}


/* whoever is told to come back is told when, if only by nginx's limits */

static ngx_int_t
ngx_http_wubloader_retry(ngx_http_request_t *r)
{
    static const ngx_str_t  key = ngx_string("Retry-After");
    static const ngx_str_t  value = ngx_string("2");

    if (r->headers_out.status != NGX_HTTP_SERVICE_UNAVAILABLE
        || ngx_http_wubloader_has_header(r, &key))
    {
        return NGX_OK;
    }

    return ngx_http_wubloader_header(r, (char *) key.data, &value);
}


static ngx_int_t
ngx_http_wubloader_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_buf_t                   *b;
    ngx_chain_t                  out, *cl;
    ngx_http_wubloader_ctx_t    *ctx;
    ngx_http_wubloader_fetch_t  *fetch;

    fetch = ngx_http_wubloader_fetch_of(r);

    if (fetch != NULL) {
        return ngx_http_wubloader_fetch_body(fetch, in);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    if (ctx == NULL || ctx->sentence.len == 0 || in == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    /* nginx sends its page in one piece; all of it is consumed */

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = ctx->sentence.data;
    b->last = b->pos + ctx->sentence.len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    ngx_str_null(&ctx->sentence);

    out.buf = b;
    out.next = NULL;

    return ngx_http_next_body_filter(r, &out);
}
