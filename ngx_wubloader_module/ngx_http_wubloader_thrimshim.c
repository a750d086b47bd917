
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


/* what may follow the location's prefix: WORD, WORD/NAME or NAME */
typedef struct {
    wub_str_t                      word;    /* empty: none */
    ngx_uint_t                     named;   /* a name follows */
    wub_str_t                      ending;  /* of the name, taken off */

    ngx_uint_t                     method;  /* GET, which brings HEAD, or
                                               POST */
    ngx_uint_t                     who;     /* role is asked for */
    ngx_http_wubloader_role_e      role;
    ngx_http_wubloader_endpoint_e  endpoint;
    ngx_http_wubloader_thrim_pt    handler; /* NULL: not in this version */
} ngx_http_wubloader_route_t;


static ngx_int_t ngx_http_wubloader_thrim_answer(ngx_http_request_t *r,
    wub_str_t rest);
static const ngx_http_wubloader_route_t *ngx_http_wubloader_thrim_find(
    ngx_http_request_t *r, wub_str_t rest, wub_str_t *ret_name,
    ngx_uint_t *ret_methods);
static ngx_uint_t ngx_http_wubloader_thrim_match(
    const ngx_http_wubloader_route_t *route, wub_str_t rest,
    wub_str_t *ret_name);
static ngx_uint_t ngx_http_wubloader_thrim_name_fits(wub_str_t name);


/*
 * CONTRACT.md 4.  Words come first, so a row whose id is one of them cannot
 * be reached, as upstream.
 */
static const ngx_http_wubloader_route_t  ngx_http_wubloader_routes[] = {

    { wub_string(""), 0, wub_string(""), NGX_HTTP_GET,
      1, NGX_HTTP_WUBLOADER_ANYBODY,
      ngx_http_wubloader_get_all_rows,
      ngx_http_wubloader_thrim_list },

    { wub_string("defaults"), 0, wub_string(""), NGX_HTTP_GET,
      0, NGX_HTTP_WUBLOADER_ANYBODY,
      ngx_http_wubloader_get_defaults,
      ngx_http_wubloader_thrim_defaults },

    { wub_string("transitions"), 0, wub_string(""), NGX_HTTP_GET,
      0, NGX_HTTP_WUBLOADER_ANYBODY,
      ngx_http_wubloader_get_transitions,
      ngx_http_wubloader_thrim_transitions },

    { wub_string("templates"), 0, wub_string(""), NGX_HTTP_GET,
      0, NGX_HTTP_WUBLOADER_ANYBODY,
      ngx_http_wubloader_list_templates,
      ngx_http_wubloader_thrim_templates },

    { wub_string("template"), 1, wub_string(".png"), NGX_HTTP_GET,
      0, NGX_HTTP_WUBLOADER_ANYBODY,
      ngx_http_wubloader_get_template,
      ngx_http_wubloader_thrim_template },

    { wub_string("template-metadata"), 1, wub_string(""), NGX_HTTP_GET,
      0, NGX_HTTP_WUBLOADER_ANYBODY,
      ngx_http_wubloader_get_template_metadata,
      ngx_http_wubloader_thrim_template_metadata },

    { wub_string("event-thumbnail"), 1, wub_string(".png"), NGX_HTTP_GET,
      0, NGX_HTTP_WUBLOADER_ANYBODY,
      ngx_http_wubloader_get_event_thumbnail,
      ngx_http_wubloader_thrim_event_thumbnail },

    { wub_string("auth-test"), 0, wub_string(""), NGX_HTTP_POST,
      1, NGX_HTTP_WUBLOADER_EDITOR,
      ngx_http_wubloader_test, NULL },

    { wub_string("manual-link"), 1, wub_string(""), NGX_HTTP_POST,
      1, NGX_HTTP_WUBLOADER_EDITOR,
      ngx_http_wubloader_manual_link, NULL },

    { wub_string("reset"), 1, wub_string(""), NGX_HTTP_POST,
      1, NGX_HTTP_WUBLOADER_EDITOR,
      ngx_http_wubloader_reset_row, NULL },

    { wub_string("add-template"), 0, wub_string(""), NGX_HTTP_POST,
      1, NGX_HTTP_WUBLOADER_ARTIST,
      ngx_http_wubloader_add_template, NULL },

    { wub_string("update-template"), 1, wub_string(""), NGX_HTTP_POST,
      1, NGX_HTTP_WUBLOADER_ARTIST,
      ngx_http_wubloader_update_template, NULL },

    { wub_string(""), 1, wub_string(""), NGX_HTTP_GET,
      1, NGX_HTTP_WUBLOADER_ANYBODY,
      ngx_http_wubloader_get_row,
      ngx_http_wubloader_thrim_row },

    { wub_string(""), 1, wub_string(""), NGX_HTTP_POST,
      1, NGX_HTTP_WUBLOADER_EDITOR,
      ngx_http_wubloader_update_row, NULL },

    { wub_string(""), 0, wub_string(""), 0,
      0, NGX_HTTP_WUBLOADER_ANYBODY,
      ngx_http_wubloader_get_thrimshim, NULL }
};


ngx_int_t
ngx_http_wubloader_thrimshim(ngx_http_request_t *r)
{
    ngx_int_t  rc;
    wub_str_t  rest;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_wubloader_rest(r, &rest);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    return ngx_http_wubloader_thrim_answer(r, rest);
}


static ngx_int_t
ngx_http_wubloader_thrim_answer(ngx_http_request_t *r, wub_str_t rest)
{
    wub_str_t                          name;
    ngx_int_t                          rc;
    ngx_uint_t                         methods;
    ngx_http_wubloader_ctx_t          *ctx;
    ngx_http_wubloader_thrim_t        *thrim;
    ngx_http_wubloader_loc_conf_t     *wlcf;
    const ngx_http_wubloader_route_t  *route;

    route = ngx_http_wubloader_thrim_find(r, rest, &name, &methods);

    if (methods == 0) {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                   "There is nothing at this path; a name is too long or "
                   "not UTF-8.");
    }

    if (route == NULL) {
        return ngx_http_wubloader_allow(r, methods);
    }

    rc = ngx_http_wubloader_query(r);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (route->handler == NULL) {
        return NGX_HTTP_NOT_IMPLEMENTED;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);
    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    thrim = wub_arena_calloc(ctx->arena, sizeof(ngx_http_wubloader_thrim_t));
    if (thrim == NULL) {
        return NGX_ERROR;
    }

    thrim->request = r;
    thrim->arena = ctx->arena;
    thrim->conf = &wlcf->thrim;
    thrim->name = name;

    return route->handler(thrim);
}


/* NULL: the method is none of ret_methods, which are 0 for no such path */

static const ngx_http_wubloader_route_t *
ngx_http_wubloader_thrim_find(ngx_http_request_t *r, wub_str_t rest,
    wub_str_t *ret_name, ngx_uint_t *ret_methods)
{
    ngx_uint_t                         method;
    const ngx_http_wubloader_route_t  *route;

    method = (r->method == NGX_HTTP_HEAD) ? NGX_HTTP_GET : r->method;
    *ret_methods = 0;

    for (route = ngx_http_wubloader_routes; route->method; route++) {
        if (!ngx_http_wubloader_thrim_match(route, rest, ret_name)) {
            continue;
        }

        *ret_methods |= route->method;

        if (route->method == method) {
            return route;
        }

        if (route->word.len != 0) {
            break;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_wubloader_thrim_match(const ngx_http_wubloader_route_t *route,
    wub_str_t rest, wub_str_t *ret_name)
{
    size_t  skip;

    if (!route->named) {
        *ret_name = wub_str("");
        return wub_str_eq(rest, route->word);
    }

    skip = (route->word.len != 0) ? route->word.len + 1 : 0;

    if (rest.len <= skip + route->ending.len) {
        return 0;
    }

    if (skip != 0
        && (ngx_memcmp(rest.data, route->word.data, skip - 1) != 0
            || rest.data[skip - 1] != '/'))
    {
        return 0;
    }

    if (ngx_memcmp(rest.data + rest.len - route->ending.len,
                   route->ending.data, route->ending.len)
        != 0)
    {
        return 0;
    }

    *ret_name = wub_str_n(rest.data + skip,
                          rest.len - skip - route->ending.len);

    return ngx_http_wubloader_thrim_name_fits(*ret_name);
}


/* the database takes no other text */

static ngx_uint_t
ngx_http_wubloader_thrim_name_fits(wub_str_t name)
{
    u_char    *p, *last;
    uint32_t   u;

    if (name.len > WUB_NAME_MAX) {
        return 0;
    }

    p = (u_char *) (uintptr_t) name.data;
    last = p + name.len;

    while (p < last) {
        if (*p == '\0') {
            return 0;
        }

        if (*p < 0x80) {
            p++;
            continue;
        }

        u = ngx_utf8_decode(&p, (size_t) (last - p));

        if (u > 0x10ffff || (u >= 0xd800 && u < 0xe000)) {
            return 0;
        }
    }

    return 1;
}


ngx_http_wubloader_endpoint_e
ngx_http_wubloader_thrim_endpoint(ngx_http_request_t *r, wub_str_t rest)
{
    wub_str_t                          name;
    ngx_uint_t                         methods;
    const ngx_http_wubloader_route_t  *route;

    route = ngx_http_wubloader_thrim_find(r, rest, &name, &methods);

    return route ? route->endpoint : ngx_http_wubloader_get_thrimshim;
}


ngx_int_t
ngx_http_wubloader_thrim_no_row(ngx_http_wubloader_thrim_t *thrim)
{
    ngx_http_request_t  *r;

    r = thrim->request;

    return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                    "Row id = %*s not found",
                                    thrim->name.len, thrim->name.data);
}
