
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_render: what nginx does not render itself.  A request
 * is read and checked by the rules of wub_render, the segments it needs are
 * looked for, and only what can be rendered goes on, complete, to the named
 * location of wubloader_render.
 * May call: route, task, hours, response, common/.
 * Frees: a request's pool.
 */


#ifndef NGX_HTTP_WUBLOADER_RENDER_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_RENDER_H_INCLUDED_


#include "common/wub_render.h"

#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


/* what the store has of it, in the order in which it is looked for */
typedef enum {
    ngx_http_wubloader_chosen = 0,
    ngx_http_wubloader_chosen_no_quality,
    ngx_http_wubloader_chosen_no_hours,
    ngx_http_wubloader_chosen_backwards,
    ngx_http_wubloader_chosen_holes,
    ngx_http_wubloader_chosen_empty,
    ngx_http_wubloader_chosen_vanished,
    ngx_http_wubloader_chosen_failed
} ngx_http_wubloader_chosen_e;

/* a picture of a moment or of a range */
typedef struct {
    ngx_http_wubloader_store_t   store;
    wub_render_t                 render;
    ngx_http_wubloader_chosen_e  chosen;
} ngx_http_wubloader_still_t;


/* render: path and parameters; ret->posted is set */
ngx_int_t ngx_http_wubloader_render_begin(ngx_http_request_t *r,
    wub_render_kind_e kind, ngx_http_wubloader_store_t *store,
    wub_render_t *ret);

/* what reading came to */
ngx_int_t ngx_http_wubloader_render_checked(ngx_http_request_t *r,
    wub_rc_t rc, const wub_answer_t *answer);

/* what selection came to */
ngx_int_t ngx_http_wubloader_render_chosen(ngx_http_request_t *r,
    ngx_http_wubloader_store_t *store, ngx_http_wubloader_chosen_e chosen);

/* whether it could go on at all; before a body is put in place */
ngx_int_t ngx_http_wubloader_render_ready(ngx_http_request_t *r,
    const wub_render_t *render);

/* goes on, but for HEAD, which is answered */
ngx_int_t ngx_http_wubloader_render_pass(ngx_http_request_t *r,
    const wub_render_t *render);


/* still: in a thread */
ngx_http_wubloader_chosen_e ngx_http_wubloader_still_choose(
    ngx_http_wubloader_store_t *store, const wub_render_t *render);


#endif /* NGX_HTTP_WUBLOADER_RENDER_H_INCLUDED_ */
