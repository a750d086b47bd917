
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


void
ngx_http_wubloader_store_log(ngx_http_request_t *r,
    ngx_http_wubloader_store_t *store)
{
    ngx_str_t                 *where;
    const char                *what;
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    ctx->seen.looked = (store->nlooked != 0 || store->joined);
    ctx->seen.hours = store->nlooked;
    ctx->seen.joined = store->joined;
    ctx->seen.holes = store->nholes;
    ctx->seen.cache = store->found;

    ngx_http_wubloader_store_close(store);

    if (store->ignored) {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "wubloader: %uz names that are no segments",
                       store->ignored);
    }

    if (store->unwritten) {
        ngx_log_error(NGX_LOG_WARN, r->connection->log, store->unwritten,
                      "\"%V\" of \"wubloader_cache\" cannot be written; "
                      "each request reads the directories that it needs",
                      &store->cache->path);
    }

    if (store->where == NULL) {
        return;
    }

    where = ngx_http_wubloader_quote(r, wub_str_n(store->where,
                                                  ngx_strlen(store->where)),
                                     NGX_MAX_PATH);
    if (where == NULL) {
        return;
    }

    switch (store->rc) {

    case WUB_DECLINED:
        what = "is not a directory";
        break;

    case WUB_TOO_BIG:
        what = "holds too much to be listed";
        break;

    case WUB_NO_MEMORY:
        what = "needs too much memory to be listed";
        break;

    case WUB_NOT_FOUND:
        what = "vanished or changed while it was read";
        break;

    default:
        what = (store->where[0] == '\0')
               ? "of \"wubloader_root\" cannot be read; is the disk mounted?"
               : "cannot be read";
        break;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, store->err,
                  "\"%s%s%V\" %s", store->root, where->len ? "/" : "", where,
                  what);

    ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_error);
}


ngx_int_t
ngx_http_wubloader_store_failed(ngx_http_request_t *r,
    const ngx_http_wubloader_store_t *store)
{
    /* a link that leads out of the store, or round and round */

    if (store->err == NGX_EXDEV || store->err == NGX_ELOOP) {
        return ngx_http_wubloader_error(r, NGX_HTTP_FORBIDDEN,
                   "This path may not be read, or leads out of the segment "
                   "store.");
    }

    switch (store->rc) {

    case WUB_TOO_BIG:
    case WUB_NO_MEMORY:
        return ngx_http_wubloader_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                   "The request needs too much memory; ask for a shorter "
                   "range.");

    default:
        return ngx_http_wubloader_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                   "The segment store cannot be read; see the error log of "
                   "this server.");
    }
}
