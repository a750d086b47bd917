
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_render.h"
#include "ngx_wubloader_module/ngx_http_wubloader_thrim_dir.h"


#define NGX_HTTP_WUBLOADER_PNG_HEAD                                           \
    (sizeof(NGX_HTTP_WUBLOADER_PNG) - 1)


typedef struct {
    ngx_http_wubloader_still_t   still;
    ngx_http_wubloader_thrim_t   thrim;     /* of a template's name */

    /* of a template that is posted */

    ngx_chain_t                 *body;
    ngx_uint_t                   png;       /* it begins as a PNG */
    wub_rc_t                     rc;
    ngx_err_t                    err;
} ngx_http_wubloader_thumbnail_t;


static void ngx_http_wubloader_thumbnail_posted(ngx_http_request_t *r);
static ngx_int_t ngx_http_wubloader_thumbnail_task(ngx_http_request_t *r,
    ngx_http_wubloader_thumbnail_t *thumb);
static void ngx_http_wubloader_thumbnail_work(void *data);
static void ngx_http_wubloader_thumbnail_head(
    ngx_http_wubloader_thumbnail_t *thumb);
static ngx_int_t ngx_http_wubloader_thumbnail_done(ngx_http_request_t *r,
    void *data);
static ngx_int_t ngx_http_wubloader_thumbnail_checked(ngx_http_request_t *r,
    ngx_http_wubloader_thumbnail_t *thumb);
static ngx_int_t ngx_http_wubloader_thumbnail_named(ngx_http_request_t *r,
    ngx_http_wubloader_thumbnail_t *thumb);
static ngx_int_t ngx_http_wubloader_thumbnail_found(ngx_http_request_t *r,
    void *data, const ngx_http_wubloader_template_t *template);
static ngx_int_t ngx_http_wubloader_thumbnail_box(ngx_http_request_t *r,
    const wub_pg_box_t *from, const char *what, bool *given,
    wub_render_box_t *ret);
static ngx_int_t ngx_http_wubloader_thumbnail_body(ngx_http_request_t *r,
    wub_str_t image);


ngx_int_t
ngx_http_wubloader_thumbnail(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    ngx_http_wubloader_ctx_t        *ctx;
    ngx_http_wubloader_thumbnail_t  *thumb;

    thumb = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_thumbnail_t));
    if (thumb == NULL) {
        return NGX_ERROR;
    }

    thumb->still.render.posted = (r->method == NGX_HTTP_POST);

    rc = ngx_http_wubloader_render_begin(r, WUB_RENDER_THUMBNAIL,
                                         &thumb->still.store,
                                         &thumb->still.render);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (!thumb->still.render.posted) {
        return ngx_http_wubloader_thumbnail_task(r, thumb);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);
    ctx->data = thumb;

    return ngx_http_wubloader_body_wait(r,
                                        ngx_http_wubloader_thumbnail_posted);
}


static void
ngx_http_wubloader_thumbnail_posted(ngx_http_request_t *r)
{
    ngx_http_wubloader_ctx_t        *ctx;
    ngx_http_wubloader_thumbnail_t  *thumb;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    ctx->reading = 0;

    thumb = ctx->data;
    thumb->body = r->request_body ? r->request_body->bufs : NULL;

    ngx_http_finalize_request(r,
                              ngx_http_wubloader_thumbnail_task(r, thumb));
}


static ngx_int_t
ngx_http_wubloader_thumbnail_task(ngx_http_request_t *r,
    ngx_http_wubloader_thumbnail_t *thumb)
{
    return ngx_http_wubloader_task(r, ngx_http_wubloader_thumbnail_work,
                                   ngx_http_wubloader_thumbnail_done, thumb);
}


static void
ngx_http_wubloader_thumbnail_work(void *data)
{
    ngx_http_wubloader_thumbnail_t *thumb = data;

    ngx_http_wubloader_still_t  *still;

    still = &thumb->still;

    if (still->render.posted) {
        ngx_http_wubloader_thumbnail_head(thumb);

        if (!thumb->png) {
            return;
        }
    }

    still->chosen = ngx_http_wubloader_still_choose(&still->store,
                                                    &still->render);
}


/* it may begin in one buffer and go on in the next */

static void
ngx_http_wubloader_thumbnail_head(ngx_http_wubloader_thumbnail_t *thumb)
{
    char          head[NGX_HTTP_WUBLOADER_PNG_HEAD];
    size_t        n, size;
    ngx_chain_t  *cl;

    n = 0;

    for (cl = thumb->body; cl && n < sizeof(head); cl = cl->next) {
        size = ngx_min((size_t) ngx_buf_size(cl->buf), sizeof(head) - n);

        thumb->rc = ngx_http_wubloader_body_copy(cl->buf, head + n, size,
                                                 &thumb->err);
        if (thumb->rc != WUB_OK) {
            return;
        }

        n += size;
    }

    thumb->png = (n == sizeof(head)
                  && ngx_memcmp(head, NGX_HTTP_WUBLOADER_PNG, sizeof(head))
                     == 0);
}


static ngx_int_t
ngx_http_wubloader_thumbnail_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_thumbnail_t *thumb = data;

    ngx_int_t                    rc;
    ngx_http_wubloader_still_t  *still;

    still = &thumb->still;

    ngx_http_wubloader_store_log(r, &still->store);

    rc = ngx_http_wubloader_thumbnail_checked(r, thumb);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_wubloader_render_chosen(r, &still->store, still->chosen);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_wubloader_render_ready(r, &still->render);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (still->render.posted) {
        return ngx_http_wubloader_render_pass(r, &still->render);
    }

    return ngx_http_wubloader_thumbnail_named(r, thumb);
}


static ngx_int_t
ngx_http_wubloader_thumbnail_checked(ngx_http_request_t *r,
    ngx_http_wubloader_thumbnail_t *thumb)
{
    if (!thumb->still.render.posted || thumb->png) {
        return NGX_DECLINED;
    }

    if (thumb->rc != WUB_OK) {
        return ngx_http_wubloader_body_lost(r, thumb->err);
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
               "The body has to be a template: a PNG image.");
}


static ngx_int_t
ngx_http_wubloader_thumbnail_named(ngx_http_request_t *r,
    ngx_http_wubloader_thumbnail_t *thumb)
{
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    thumb->thrim.request = r;
    thumb->thrim.arena = ctx->arena;
    thumb->thrim.name = thumb->still.render.template;

    return ngx_http_wubloader_thrim_template_whole(&thumb->thrim,
               ngx_http_wubloader_thumbnail_found, thumb);
}


static ngx_int_t
ngx_http_wubloader_thumbnail_found(ngx_http_request_t *r, void *data,
    const ngx_http_wubloader_template_t *template)
{
    ngx_http_wubloader_thumbnail_t *thumb = data;

    ngx_int_t      rc;
    wub_render_t  *render;

    render = &thumb->still.render;

    /* a database keeps any bytes, and none */

    if (template->image.len < NGX_HTTP_WUBLOADER_PNG_HEAD
        || ngx_memcmp(template->image.data, NGX_HTTP_WUBLOADER_PNG,
                      NGX_HTTP_WUBLOADER_PNG_HEAD)
           != 0)
    {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "The template is no PNG image; store it again as one.");
    }

    rc = ngx_http_wubloader_thumbnail_box(r, &template->crop, "crop",
                                          &render->crop_given, &render->crop);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_wubloader_thumbnail_box(r, &template->location, "location",
                                          &render->location_given,
                                          &render->location);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    /* to the renderer it is as if the client had sent the template */

    render->posted = true;

    if (r->method != NGX_HTTP_HEAD
        && ngx_http_wubloader_thumbnail_body(r, template->image) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_render_pass(r, render);
}


/* that of the request, or else the template's */

static ngx_int_t
ngx_http_wubloader_thumbnail_box(ngx_http_request_t *r,
    const wub_pg_box_t *from, const char *what, bool *given,
    wub_render_box_t *ret)
{
    if (*given) {
        return NGX_DECLINED;
    }

    if (wub_render_box(from->box, ret) != WUB_OK) {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "The template has a %s that cannot be used; give %s.",
                   what, what);
    }

    *given = true;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_wubloader_thumbnail_body(ngx_http_request_t *r, wub_str_t image)
{
    ngx_buf_t                *b;
    ngx_chain_t              *cl;
    ngx_http_request_body_t  *body;

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);
    body = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));

    if (b == NULL || cl == NULL || body == NULL) {
        return NGX_ERROR;
    }

    b->pos = (u_char *) (uintptr_t) image.data;
    b->last = b->pos + image.len;
    b->memory = 1;

    cl->buf = b;
    cl->next = NULL;

    body->bufs = cl;

    r->request_body = body;
    r->headers_in.content_length_n = (off_t) image.len;
    r->headers_in.chunked = 0;

    r->method = NGX_HTTP_POST;
    ngx_str_set(&r->method_name, "POST");

    return NGX_OK;
}
