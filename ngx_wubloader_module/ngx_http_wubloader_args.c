
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"

#include "common/wub_time.h"


static ngx_int_t ngx_http_wubloader_arg_time(ngx_http_request_t *r,
    const char *name, int64_t *ret);


ngx_int_t
ngx_http_wubloader_arg_range(ngx_http_request_t *r, int64_t *ret_start,
    int64_t *ret_end)
{
    ngx_int_t  rc;

    rc = ngx_http_wubloader_arg_time(r, "start", ret_start);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    return ngx_http_wubloader_arg_time(r, "end", ret_end);
}


static ngx_int_t
ngx_http_wubloader_arg_time(ngx_http_request_t *r, const char *name,
    int64_t *ret)
{
    wub_rc_t                   rc;
    wub_str_t                  value, clean;
    ngx_str_t                 *quote;
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    if (!wub_query_first(&ctx->query, wub_str_n(name, ngx_strlen(name)),
                         &value))
    {
        return NGX_DECLINED;
    }

    rc = wub_query_time(ctx->arena, value, &clean);
    if (rc != WUB_OK) {
        return NGX_ERROR;
    }

    if (wub_time_parse(clean, ret) == WUB_OK) {
        return NGX_DECLINED;
    }

    quote = ngx_http_wubloader_quote(r, value, NGX_HTTP_WUBLOADER_QUOTE);
    if (quote == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
               "%s is not a time: '%V'; write YYYY-MM-DDTHH:MM:SS.", name,
               quote);
}


ngx_int_t
ngx_http_wubloader_arg_bool(ngx_http_request_t *r, const char *name,
    bool *ret)
{
    wub_str_t                  value;
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    if (!wub_query_first(&ctx->query, wub_str_n(name, ngx_strlen(name)),
                         &value))
    {
        return NGX_DECLINED;
    }

    if (wub_query_bool(value, ret) == WUB_OK) {
        return NGX_DECLINED;
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                                    "%s must be one of: true, false", name);
}


ngx_str_t *
ngx_http_wubloader_quote(ngx_http_request_t *r, wub_str_t s, size_t max)
{
    size_t      i, n;
    ngx_str_t  *quote;

    n = ngx_min(s.len, max);

    quote = ngx_palloc(r->pool, sizeof(ngx_str_t));
    if (quote == NULL) {
        return NULL;
    }

    quote->data = ngx_pnalloc(r->pool, n + 3);
    if (quote->data == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {
        quote->data[i] = (s.data[i] < ' ' || s.data[i] >= 0x7f)
                         ? '?' : (u_char) s.data[i];
    }

    quote->len = n;

    if (n < s.len) {
        (void) ngx_cpymem(quote->data + n, "...", 3);
        quote->len = n + 3;
    }

    return quote;
}
