
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


static ngx_http_wubloader_ctx_t *ngx_http_wubloader_create_ctx(
    ngx_http_request_t *r);
static void ngx_http_wubloader_ctx_cleanup(void *data);
static void ngx_http_wubloader_arena_free(void *data);


/* upstream's names of the arguments */
static const char *const
    ngx_http_wubloader_part_names[NGX_HTTP_WUBLOADER_PARTS] =
{
    "channel",
    "quality",
    "hour"
};


ngx_int_t
ngx_http_wubloader_handler(ngx_http_request_t *r)
{
    ngx_int_t                       rc;
    ngx_uint_t                      methods;
    ngx_http_wubloader_ctx_t       *ctx;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    methods = NGX_HTTP_GET | (wlcf->kind->post ? NGX_HTTP_POST : 0);

    if (!wlcf->kind->routes && !(r->method & methods & NGX_HTTP_POST)) {
        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    ctx = ngx_http_wubloader_create_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_http_wubloader_see(r, &ctx->seen);
    ngx_http_wubloader_metrics_begin(r, &ctx->seen);

    if (wlcf->kind->routes) {
        return wlcf->kind->handler(r);
    }

    if (!(r->method & (methods|NGX_HTTP_HEAD))) {
        return ngx_http_wubloader_allow(r, methods);
    }

    rc = ngx_http_wubloader_query(r);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    return wlcf->kind->handler(r);
}


static ngx_http_wubloader_ctx_t *
ngx_http_wubloader_create_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t             *cln;
    ngx_http_wubloader_ctx_t       *ctx;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_wubloader_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_http_wubloader_ctx_t));

    cln->handler = ngx_http_wubloader_ctx_cleanup;

    ctx->request = r;
    ctx->thread_pool = wlcf->thread_pool;

    ctx->arena = wub_arena_create(WUB_ARENA_MAX);
    if (ctx->arena == NULL) {
        return NULL;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_wubloader_module);

    return ctx;
}


static void
ngx_http_wubloader_ctx_cleanup(void *data)
{
    ngx_http_wubloader_ctx_t *ctx = data;

    ngx_http_wubloader_metrics_end(&ctx->seen);

    if (ctx->arena != NULL) {
        ngx_http_wubloader_free(ctx->thread_pool, wub_arena_used(ctx->arena),
                                ngx_http_wubloader_arena_free, ctx->arena);
    }
}


static void
ngx_http_wubloader_arena_free(void *data)
{
    wub_arena_destroy(data);
}


ngx_http_wubloader_ctx_t *
ngx_http_wubloader_find_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t        *cln;
    ngx_http_wubloader_ctx_t  *ctx, *found;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    if ((ctx && ctx->request) || !r->internal) {
        return ctx;
    }

    /* an internal redirect forgets contexts, the cleanups stay */

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_wubloader_ctx_cleanup) {
            found = cln->data;
            return (found->request == r) ? found : ctx;
        }
    }

    return ctx;
}


ngx_int_t
ngx_http_wubloader_allow(ngx_http_request_t *r, ngx_uint_t methods)
{
    ngx_str_t  allow;

    switch (methods) {

    case NGX_HTTP_GET:
        ngx_str_set(&allow, "GET, HEAD, OPTIONS");
        break;

    case NGX_HTTP_POST:
        ngx_str_set(&allow, "POST, OPTIONS");
        break;

    default:
        ngx_str_set(&allow, "GET, HEAD, POST, OPTIONS");
        break;
    }

    if (ngx_http_wubloader_header(r, "Allow", &allow) != NGX_OK) {
        return NGX_ERROR;
    }

    if (r->method & NGX_HTTP_OPTIONS) {
        return ngx_http_wubloader_no_content(r);
    }

    switch (methods) {

    case NGX_HTTP_GET:
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_ALLOWED,
                   "Only GET and HEAD are answered here.");

    case NGX_HTTP_POST:
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_ALLOWED,
                   "Only POST is answered here.");

    default:
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_ALLOWED,
                   "Only GET, HEAD and POST are answered here.");
    }
}


ngx_int_t
ngx_http_wubloader_query(ngx_http_request_t *r)
{
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    switch (wub_query_parse(ctx->arena, ngx_http_wubloader_wub(r->args),
                            &ctx->query))
    {
    case WUB_OK:
        return NGX_DECLINED;

    case WUB_INVALID:
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "The query string holds a percent sign without two "
                   "hexadecimal digits behind it, or a zero byte.");

    case WUB_TOO_BIG:
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "The query string holds more than %d parameters.",
                   WUB_QUERY_ARGS_MAX);

    default:
        return NGX_ERROR;
    }
}


ngx_int_t
ngx_http_wubloader_rest(ngx_http_request_t *r, wub_str_t *ret)
{
    wub_str_t                       rest;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    /* a rewrite may have taken the prefix away */

    if (r->uri.len < wlcf->prefix.len
        || ngx_memcmp(r->uri.data, wlcf->prefix.data, wlcf->prefix.len) != 0)
    {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                        "There is nothing at this path.");
    }

    rest = wub_str_n((char *) r->uri.data + wlcf->prefix.len,
                     r->uri.len - wlcf->prefix.len);

    if (rest.len && rest.data[0] == '/') {
        *ret = wub_str_n(rest.data + 1, rest.len - 1);
        return NGX_DECLINED;
    }

    if (rest.len && wlcf->prefix.data[wlcf->prefix.len - 1] != '/') {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                        "There is nothing at this path.");
    }

    *ret = rest;

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_wubloader_split(ngx_http_request_t *r, wub_str_t rest,
    wub_str_t ending, ngx_http_wubloader_path_t *ret)
{
    ngx_int_t    rc;
    ngx_uint_t   i;
    wub_str_t    part;
    const char  *slash;

    ngx_memzero(ret, sizeof(ngx_http_wubloader_path_t));

    if (rest.len < ending.len
        || ngx_memcmp(rest.data + rest.len - ending.len, ending.data,
                      ending.len) != 0)
    {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                   "There is nothing at this path; it has to end in %s.",
                   ending.data);
    }

    rest.len -= ending.len;

    for (i = 0; i < NGX_HTTP_WUBLOADER_PARTS; i++) {
        slash = (rest.len != 0) ? memchr(rest.data, '/', rest.len) : NULL;

        part = (slash == NULL) ? rest
                               : wub_str_n(rest.data,
                                           (size_t) (slash - rest.data));

        rc = ngx_http_wubloader_check_part(r, part,
                                           ngx_http_wubloader_part_names[i]);
        if (rc != NGX_DECLINED) {
            return rc;
        }

        ret->parts[ret->nparts++] = part;

        if (slash == NULL) {
            return NGX_DECLINED;
        }

        rest = wub_str_n(slash + 1, rest.len - part.len - 1);
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                    "There is nothing at this path; it has "
                                    "too many parts.");
}


ngx_int_t
ngx_http_wubloader_check_part(ngx_http_request_t *r, wub_str_t part,
    const char *what)
{
    if (part.len && part.data[0] == '.') {
        return ngx_http_wubloader_error(r, NGX_HTTP_FORBIDDEN,
                   "Bad %s: May not start with a period", what);
    }

    if (!wub_name_safe(part)) {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                   "There is nothing at this path; the %s is empty or too "
                   "long.", what);
    }

    return NGX_DECLINED;
}
