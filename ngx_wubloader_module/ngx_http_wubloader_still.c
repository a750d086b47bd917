
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_render.h"


static ngx_int_t ngx_http_wubloader_still(ngx_http_request_t *r,
    wub_render_kind_e kind);
static void ngx_http_wubloader_still_work(void *data);
static ngx_int_t ngx_http_wubloader_still_done(ngx_http_request_t *r,
    void *data);


ngx_int_t
ngx_http_wubloader_frame(ngx_http_request_t *r)
{
    return ngx_http_wubloader_still(r, WUB_RENDER_FRAME);
}


ngx_int_t
ngx_http_wubloader_waveform(ngx_http_request_t *r)
{
    return ngx_http_wubloader_still(r, WUB_RENDER_WAVEFORM);
}


static ngx_int_t
ngx_http_wubloader_still(ngx_http_request_t *r, wub_render_kind_e kind)
{
    ngx_int_t                    rc;
    ngx_http_wubloader_still_t  *still;

    still = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_still_t));
    if (still == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_render_begin(r, kind, &still->store,
                                         &still->render);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    return ngx_http_wubloader_task(r, ngx_http_wubloader_still_work,
                                   ngx_http_wubloader_still_done, still);
}


static void
ngx_http_wubloader_still_work(void *data)
{
    ngx_http_wubloader_still_t *still = data;

    still->chosen = ngx_http_wubloader_still_choose(&still->store,
                                                    &still->render);
}


ngx_http_wubloader_chosen_e
ngx_http_wubloader_still_choose(ngx_http_wubloader_store_t *store,
    const wub_render_t *render)
{
    wub_rc_t     rc;
    wub_range_t  span;
    wub_chain_t  chain;

    rc = ngx_http_wubloader_store_hours(store);

    if (rc != WUB_OK) {
        return (rc == WUB_NOT_FOUND) ? ngx_http_wubloader_chosen_no_quality
                                     : ngx_http_wubloader_chosen_failed;
    }

    span = wub_render_span(render);

    if (ngx_http_wubloader_store_chain(store, span.start, span.end, &chain)
        != WUB_OK)
    {
        return ngx_http_wubloader_chosen_failed;
    }

    if (chain.nsegments == 0) {
        return ngx_http_wubloader_chosen_empty;
    }

    if (render->kind != WUB_RENDER_WAVEFORM
        && wub_render_shown(&chain, render->timestamp) == NULL)
    {
        return ngx_http_wubloader_chosen_empty;
    }

    return ngx_http_wubloader_chosen;
}


static ngx_int_t
ngx_http_wubloader_still_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_still_t *still = data;

    ngx_int_t  rc;

    ngx_http_wubloader_store_log(r, &still->store);

    rc = ngx_http_wubloader_render_chosen(r, &still->store, still->chosen);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_wubloader_render_ready(r, &still->render);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    return ngx_http_wubloader_render_pass(r, &still->render);
}
