
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"
#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


/* parts of a path that are looked at */
#define NGX_HTTP_WUBLOADER_SEEN_PARTS  3


/* how a path is read whose handler begins at an endpoint */
typedef struct {
    ngx_uint_t  least;      /* parts that the first endpoint has */
    ngx_uint_t  more;       /* endpoints for more parts, one each */
    ngx_uint_t  names;      /* parts are channel and quality */
    ngx_uint_t  ending;     /* the last part ends in .m3u8, .ts or .png */
} ngx_http_wubloader_shape_t;


static wub_str_t ngx_http_wubloader_see_rest(ngx_http_request_t *r,
    ngx_http_wubloader_loc_conf_t *wlcf);
static ngx_uint_t ngx_http_wubloader_see_parts(wub_str_t rest,
    wub_str_t parts[NGX_HTTP_WUBLOADER_SEEN_PARTS]);
static wub_str_t ngx_http_wubloader_see_stem(wub_str_t part);
static const ngx_http_wubloader_seen_t *ngx_http_wubloader_var_seen(
    ngx_http_request_t *r, ngx_http_wubloader_seen_t *room);
static ngx_int_t ngx_http_wubloader_var_name(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_wubloader_var_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_wubloader_var_cache(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


/* by the first endpoint of a handler; others are never looked up */
static const ngx_http_wubloader_shape_t
    ngx_http_wubloader_shapes[ngx_http_wubloader_endpoints] =
{
    { 0, 3, 1, 0 },     /* list_channels, list_qualities, ... */
    { 0, 0, 0, 0 },
    { 0, 0, 0, 0 },
    { 0, 0, 0, 0 },
    { 0, 0, 0, 0 },     /* list_extras */
    { 0, 0, 1, 0 },     /* digest */
    { 1, 1, 1, 1 },     /* generate_master_playlist, ..._media_... */
    { 0, 0, 0, 0 },
    { 0, 0, 1, 0 },     /* segments */
    { 0, 0, 1, 1 },     /* cut */
    { 0, 0, 1, 1 },     /* frame */
    { 0, 0, 1, 1 },     /* waveform */
    { 0, 0, 1, 1 },     /* thumbnail */
    { 0, 0, 0, 0 },     /* by POST, which the method tells */
    { 0, 0, 0, 0 },     /* thrimshim, which has a table of its own */
    { 0, 0, 0, 0 },     /* status */
    { 0, 0, 0, 0 },     /* metrics */
};


static ngx_http_variable_t  ngx_http_wubloader_vars[] = {

    { ngx_string("wubloader_channel"), NULL, ngx_http_wubloader_var_name,
      offsetof(ngx_http_wubloader_seen_t, channel), 0, 0 },

    { ngx_string("wubloader_quality"), NULL, ngx_http_wubloader_var_name,
      offsetof(ngx_http_wubloader_seen_t, quality), 0, 0 },

    { ngx_string("wubloader_hours"), NULL, ngx_http_wubloader_var_number,
      offsetof(ngx_http_wubloader_seen_t, hours),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("wubloader_holes"), NULL, ngx_http_wubloader_var_number,
      offsetof(ngx_http_wubloader_seen_t, holes),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("wubloader_cache_status"), NULL,
      ngx_http_wubloader_var_cache, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


/* of ngx_http_wubloader_cache_e */
static const ngx_str_t  ngx_http_wubloader_cache_names[] = {
    ngx_null_string,
    ngx_string("HIT"),
    ngx_string("WAIT"),
    ngx_string("MISS"),
    ngx_string("BYPASS")
};


ngx_int_t
ngx_http_wubloader_vars_add(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_wubloader_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


void
ngx_http_wubloader_see(ngx_http_request_t *r, ngx_http_wubloader_seen_t *seen)
{
    wub_str_t                          rest;
    ngx_uint_t                         n, more;
    wub_str_t                          parts[NGX_HTTP_WUBLOADER_SEEN_PARTS];
    ngx_http_wubloader_loc_conf_t     *wlcf;
    const ngx_http_wubloader_shape_t  *shape;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    switch (r->method) {

    case NGX_HTTP_GET:
        seen->method = ngx_http_wubloader_method_get;
        break;

    case NGX_HTTP_HEAD:
        seen->method = ngx_http_wubloader_method_head;
        break;

    case NGX_HTTP_POST:
        seen->method = ngx_http_wubloader_method_post;
        break;

    default:
        seen->method = ngx_http_wubloader_method_other;
        break;
    }

    seen->endpoint = wlcf->kind->endpoint;
    rest = ngx_http_wubloader_see_rest(r, wlcf);

    if (wlcf->kind->routes) {
        seen->endpoint = ngx_http_wubloader_thrim_endpoint(r, rest);
        return;
    }

    shape = &ngx_http_wubloader_shapes[seen->endpoint];

    n = ngx_http_wubloader_see_parts(rest, parts);

    more = (n > shape->least) ? n - shape->least : 0;
    seen->endpoint += ngx_min(more, shape->more);

    if (wlcf->kind->post && r->method == NGX_HTTP_POST) {
        seen->endpoint++;
    }

    if (shape->ending && (n == 1 || n == 2)) {
        parts[n - 1] = ngx_http_wubloader_see_stem(parts[n - 1]);
    }

    if (shape->names && n > 0) {
        seen->channel = parts[0];
    }

    if (shape->names && n > 1) {
        seen->quality = parts[1];
    }
}


static wub_str_t
ngx_http_wubloader_see_rest(ngx_http_request_t *r,
    ngx_http_wubloader_loc_conf_t *wlcf)
{
    u_char  *p, *last;

    if (r->uri.len < wlcf->prefix.len) {
        return wub_str("");
    }

    p = r->uri.data + wlcf->prefix.len;
    last = r->uri.data + r->uri.len;

    if (p < last && *p == '/') {
        p++;
    }

    return wub_str_n((char *) p, (size_t) (last - p));
}


static ngx_uint_t
ngx_http_wubloader_see_parts(wub_str_t rest,
    wub_str_t parts[NGX_HTTP_WUBLOADER_SEEN_PARTS])
{
    size_t       len;
    ngx_uint_t   n;
    const char  *slash;

    for (n = 0; n < NGX_HTTP_WUBLOADER_SEEN_PARTS && rest.len != 0; n++) {
        slash = memchr(rest.data, '/', rest.len);
        len = (slash == NULL) ? rest.len : (size_t) (slash - rest.data);

        parts[n] = wub_str_n(rest.data, len);

        if (slash != NULL) {
            len++;
        }

        rest = wub_str_n(rest.data + len, rest.len - len);
    }

    return n;
}


static wub_str_t
ngx_http_wubloader_see_stem(wub_str_t part)
{
    size_t  i;

    for (i = part.len; i > 0; i--) {
        if (part.data[i - 1] == '.') {
            return wub_str_n(part.data, i - 1);
        }
    }

    return part;
}


/* what was refused before it came to its handler has a path, too */

static const ngx_http_wubloader_seen_t *
ngx_http_wubloader_var_seen(ngx_http_request_t *r,
    ngx_http_wubloader_seen_t *room)
{
    ngx_http_wubloader_ctx_t       *ctx;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    ctx = ngx_http_wubloader_find_ctx(r);

    if (ctx && ctx->request) {
        return &ctx->seen;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    if (wlcf->kind == NULL) {
        return NULL;
    }

    ngx_memzero(room, sizeof(ngx_http_wubloader_seen_t));
    ngx_http_wubloader_see(r, room);

    return room;
}


static ngx_int_t
ngx_http_wubloader_var_name(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const wub_str_t                  *name;
    ngx_http_wubloader_seen_t         room;
    const ngx_http_wubloader_seen_t  *seen;

    seen = ngx_http_wubloader_var_seen(r, &room);

    if (seen == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    name = (const wub_str_t *) ((const char *) seen + data);

    if (name->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->len = (unsigned) name->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->data = (u_char *) (uintptr_t) name->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wubloader_var_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                           *p;
    ngx_http_wubloader_seen_t         room;
    const ngx_http_wubloader_seen_t  *seen;

    seen = ngx_http_wubloader_var_seen(r, &room);

    if (seen == NULL
        || !(data == offsetof(ngx_http_wubloader_seen_t, hours)
             ? seen->looked : seen->joined))
    {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_SIZE_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->len = (unsigned) (ngx_sprintf(p, "%uz",
                                     *(const size_t *) ((const char *) seen
                                                        + data))
                         - p);
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->data = p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wubloader_var_cache(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const ngx_str_t                  *name;
    ngx_http_wubloader_seen_t         room;
    const ngx_http_wubloader_seen_t  *seen;

    seen = ngx_http_wubloader_var_seen(r, &room);

    if (seen == NULL || seen->cache == ngx_http_wubloader_cache_none) {
        v->not_found = 1;
        return NGX_OK;
    }

    name = &ngx_http_wubloader_cache_names[seen->cache];

    v->len = (unsigned) name->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->data = name->data;

    return NGX_OK;
}
