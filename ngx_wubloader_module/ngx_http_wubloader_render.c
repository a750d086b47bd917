
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_render.h"


/* what its answer is, of the one that HEAD gets */
typedef struct {
    wub_str_t    name;
    const char  *type;
} ngx_http_wubloader_render_type_t;


static ngx_int_t ngx_http_wubloader_render_head(ngx_http_request_t *r,
    const wub_render_t *render);
static const char *ngx_http_wubloader_render_type(const wub_render_t *render);
static ngx_int_t ngx_http_wubloader_render_set_uri(ngx_http_request_t *r,
    const wub_render_t *render);


static const ngx_http_wubloader_render_type_t
    ngx_http_wubloader_render_cuts[] =
{
    { wub_string("webm"), "video/webm" },
    { wub_string("mp4"), "video/mp4" },
    { { 0, NULL }, "video/mp2t" }
};


/* of wub_render_format_e */
static const char *const  ngx_http_wubloader_render_formats[] = {
    "image/png",
    "image/jpeg",
    "application/json"
};


ngx_int_t
ngx_http_wubloader_render_begin(ngx_http_request_t *r, wub_render_kind_e kind,
    ngx_http_wubloader_store_t *store, wub_render_t *ret)
{
    ngx_int_t                   rc;
    wub_str_t                   rest, ending;
    wub_answer_t                answer;
    ngx_http_wubloader_ctx_t   *ctx;
    ngx_http_wubloader_path_t   path;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    rc = ngx_http_wubloader_rest(r, &rest);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    ending = wub_render_ending(kind);

    rc = ngx_http_wubloader_split(r, rest, ending, &path);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (path.nparts != 2) {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                   "There is no %s here; ask for CHANNEL/QUALITY%s.",
                   wub_render_names[kind].data, ending.data);
    }

    ngx_http_wubloader_store_init(r, store, &path);

    ret->kind = kind;
    ret->channel = path.parts[0];
    ret->quality = path.parts[1];

    return ngx_http_wubloader_render_checked(r,
               wub_render_read(ctx->arena, &ctx->query, ret, &answer),
               &answer);
}


ngx_int_t
ngx_http_wubloader_render_checked(ngx_http_request_t *r, wub_rc_t rc,
    const wub_answer_t *answer)
{
    if (rc != WUB_OK) {
        return NGX_ERROR;
    }

    if (answer->status == 0) {
        return NGX_DECLINED;
    }

    return ngx_http_wubloader_sentence(r, answer->status, answer->sentence);
}


ngx_int_t
ngx_http_wubloader_render_chosen(ngx_http_request_t *r,
    ngx_http_wubloader_store_t *store, ngx_http_wubloader_chosen_e chosen)
{
    switch (chosen) {

    case ngx_http_wubloader_chosen:
        return NGX_DECLINED;

    case ngx_http_wubloader_chosen_no_quality:
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                        "There is no such channel or "
                                        "quality.");

    case ngx_http_wubloader_chosen_no_hours:
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                        "This quality has no segments yet; "
                                        "give start and end.");

    case ngx_http_wubloader_chosen_backwards:
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                                        "Ends must be after starts");

    case ngx_http_wubloader_chosen_holes:
        return ngx_http_wubloader_error(r, NGX_HTTP_WUBLOADER_NOT_ACCEPTABLE,
                                        "Requested time range contains holes "
                                        "or is incomplete.");

    case ngx_http_wubloader_chosen_empty:
        return ngx_http_wubloader_error(r, NGX_HTTP_WUBLOADER_NOT_ACCEPTABLE,
                                        "We have no content available within "
                                        "the requested time range.");

    case ngx_http_wubloader_chosen_vanished:
        return ngx_http_wubloader_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                        "A segment was withdrawn while the "
                                        "cut was prepared; try again.");

    default:
        return ngx_http_wubloader_store_failed(r, store);
    }
}


ngx_int_t
ngx_http_wubloader_render_ready(ngx_http_request_t *r,
    const wub_render_t *render)
{
    ngx_str_t                      *quote;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    if (wlcf->render.len == 0) {

        if (render->kind != WUB_RENDER_CUT || render->plan) {
            return ngx_http_wubloader_error(r, NGX_HTTP_NOT_IMPLEMENTED,
                       "This server does not render a %s; its operator has "
                       "to set wubloader_render.",
                       render->plan ? "plan"
                                    : wub_render_names[render->kind].data);
        }

        quote = ngx_http_wubloader_quote(r, render->type,
                                         NGX_HTTP_WUBLOADER_QUOTE);
        if (quote == NULL) {
            return NGX_ERROR;
        }

        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_IMPLEMENTED,
                   "This server does not render cuts of type %V; ask for "
                   "type=rough.", quote);
    }

    /* its length is the client's, and still counted down */

    if (r->discard_body) {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "The body of this request is not wanted; send it without "
                   "one.");
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_wubloader_render_pass(ngx_http_request_t *r,
    const wub_render_t *render)
{
    ngx_http_wubloader_loc_conf_t  *wlcf;

    if (r->method == NGX_HTTP_HEAD) {
        return ngx_http_wubloader_render_head(r, render);
    }

    if (ngx_http_wubloader_render_set_uri(r, render) != NGX_OK) {
        return NGX_ERROR;
    }

    /* a body that was discarded must not be announced to the renderer */

    if (r->method == NGX_HTTP_GET) {
        r->headers_in.content_length_n = -1;
        r->headers_in.chunked = 0;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    return ngx_http_named_location(r, &wlcf->render);
}


/* a length and a tag are known only when all of it is rendered */

static ngx_int_t
ngx_http_wubloader_render_head(ngx_http_request_t *r,
    const wub_render_t *render)
{
    ngx_str_t  control;

    ngx_http_wubloader_type(r, NGX_HTTP_OK,
                            ngx_http_wubloader_render_type(render));

    ngx_str_set(&control, "no-cache");

    if (ngx_http_wubloader_header(r, "Cache-Control", &control) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_send_header(r);
}


static const char *
ngx_http_wubloader_render_type(const wub_render_t *render)
{
    const ngx_http_wubloader_render_type_t  *type;

    if (render->kind != WUB_RENDER_CUT) {
        return ngx_http_wubloader_render_formats[render->format];
    }

    if (render->plan) {
        return ngx_http_wubloader_render_formats[WUB_RENDER_JSON];
    }

    for (type = ngx_http_wubloader_render_cuts; type->name.len; type++) {
        if (wub_str_eq(type->name, render->type)) {
            break;
        }
    }

    return type->type;
}


/*
 * nginx percent-encodes a URI that is not the client's as it passes it on,
 * but no arguments.
 */

static ngx_int_t
ngx_http_wubloader_render_set_uri(ngx_http_request_t *r,
    const wub_render_t *render)
{
    size_t                     path;
    wub_buf_t                  b;
    wub_str_t                  name, ending;
    ngx_str_t                  uri, args;
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    wub_buf_init(&b, ctx->arena, WUB_RENDER_MAX);

    if (wub_render_put(&b, render, &path) != WUB_OK) {
        return NGX_ERROR;
    }

    name = wub_render_names[render->kind];
    ending = wub_render_ending(render->kind);

    uri.len = name.len + render->channel.len + render->quality.len
              + ending.len + sizeof("///") - 1;
    args.len = b.len - path - 1;

    uri.data = ngx_pnalloc(r->pool, uri.len);
    args.data = ngx_pnalloc(r->pool, args.len);

    if (uri.data == NULL || args.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_snprintf(uri.data, uri.len, "/%*s/%*s/%*s%*s",
                        name.len, name.data,
                        render->channel.len, render->channel.data,
                        render->quality.len, render->quality.data,
                        ending.len, ending.data);

    ngx_memcpy(args.data, b.data + path + 1, args.len);

    r->uri = uri;
    r->args = args;
    r->valid_unparsed_uri = 0;

    return NGX_OK;
}
