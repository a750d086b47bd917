
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"

#include "ngx_wubloader_module/ngx_http_wubloader_json.h"


/* bytes of JSON that are read without a thread */
#define NGX_HTTP_WUBLOADER_PARSE_HERE  65536


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
    ngx_http_wubloader_thrim_pt    handler;
} ngx_http_wubloader_route_t;


/* a request on its way to its handler */
typedef struct {
    ngx_http_wubloader_thrim_t         thrim;   /* has to be the first */
    const ngx_http_wubloader_route_t  *route;

    wub_str_t                          text;    /* the body */
    wub_value_t                        value;
    wub_rc_t                           rc;
    const char                        *error;
} ngx_http_wubloader_call_t;


static ngx_int_t ngx_http_wubloader_thrim_answer(ngx_http_request_t *r,
    wub_str_t rest);
static ngx_int_t ngx_http_wubloader_thrim_call(ngx_http_request_t *r,
    const ngx_http_wubloader_route_t *route, wub_str_t name);
static ngx_uint_t ngx_http_wubloader_thrim_is_conditional(
    ngx_http_request_t *r);
static ngx_uint_t ngx_http_wubloader_thrim_is_json(ngx_http_request_t *r);
static ngx_int_t ngx_http_wubloader_thrim_body(ngx_http_request_t *r,
    void *data, wub_str_t body);
static void ngx_http_wubloader_thrim_parse(void *data);
static ngx_int_t ngx_http_wubloader_thrim_parsed(ngx_http_request_t *r,
    void *data);
static ngx_int_t ngx_http_wubloader_thrim_known(ngx_http_request_t *r,
    void *data, wub_str_t user);
static const ngx_http_wubloader_route_t *ngx_http_wubloader_thrim_find(
    ngx_http_request_t *r, wub_str_t rest, wub_str_t *ret_name,
    ngx_uint_t *ret_methods);
static ngx_uint_t ngx_http_wubloader_thrim_match(
    const ngx_http_wubloader_route_t *route, wub_str_t rest,
    wub_str_t *ret_name);


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
      ngx_http_wubloader_test, ngx_http_wubloader_thrim_auth_test },

    { wub_string("manual-link"), 1, wub_string(""), NGX_HTTP_POST,
      1, NGX_HTTP_WUBLOADER_EDITOR,
      ngx_http_wubloader_manual_link, ngx_http_wubloader_thrim_link },

    { wub_string("reset"), 1, wub_string(""), NGX_HTTP_POST,
      1, NGX_HTTP_WUBLOADER_EDITOR,
      ngx_http_wubloader_reset_row, ngx_http_wubloader_thrim_reset },

    { wub_string("add-template"), 0, wub_string(""), NGX_HTTP_POST,
      1, NGX_HTTP_WUBLOADER_ARTIST,
      ngx_http_wubloader_add_template,
      ngx_http_wubloader_thrim_add_template },

    { wub_string("update-template"), 1, wub_string(""), NGX_HTTP_POST,
      1, NGX_HTTP_WUBLOADER_ARTIST,
      ngx_http_wubloader_update_template,
      ngx_http_wubloader_thrim_update_template },

    { wub_string(""), 1, wub_string(""), NGX_HTTP_GET,
      1, NGX_HTTP_WUBLOADER_ANYBODY,
      ngx_http_wubloader_get_row,
      ngx_http_wubloader_thrim_row },

    { wub_string(""), 1, wub_string(""), NGX_HTTP_POST,
      1, NGX_HTTP_WUBLOADER_EDITOR,
      ngx_http_wubloader_update_row, ngx_http_wubloader_thrim_update },

    { wub_string(""), 0, wub_string(""), 0,
      0, NGX_HTTP_WUBLOADER_ANYBODY,
      ngx_http_wubloader_get_thrimshim, NULL }
};


ngx_int_t
ngx_http_wubloader_thrimshim(ngx_http_request_t *r)
{
    ngx_int_t  rc;
    wub_str_t  rest;

    if (!(r->method & NGX_HTTP_POST)) {
        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }
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

    return ngx_http_wubloader_thrim_call(r, route, name);
}


static ngx_int_t
ngx_http_wubloader_thrim_call(ngx_http_request_t *r,
    const ngx_http_wubloader_route_t *route, wub_str_t name)
{
    wub_str_t                       token;
    ngx_http_wubloader_ctx_t       *ctx;
    ngx_http_wubloader_call_t      *call;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);
    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    call = wub_arena_calloc(ctx->arena, sizeof(ngx_http_wubloader_call_t));
    if (call == NULL) {
        return NGX_ERROR;
    }

    call->route = route;
    call->thrim.request = r;
    call->thrim.arena = ctx->arena;
    call->thrim.conf = &wlcf->thrim;
    call->thrim.name = name;

    if (route->method == NGX_HTTP_POST) {
        if (wlcf->db == NULL
            && route->handler != ngx_http_wubloader_thrim_auth_test)
        {
            return ngx_http_wubloader_thrim_no_database(r);
        }

        if (ngx_http_wubloader_thrim_is_conditional(r)) {
            return ngx_http_wubloader_error(r, NGX_HTTP_PRECONDITION_FAILED,
                       "A write takes no condition in a header; what was "
                       "seen of a row goes into the body.");
        }

        if (!ngx_http_wubloader_thrim_is_json(r)) {
            return ngx_http_wubloader_error(r,
                       NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
                       "The body has to be JSON, sent with Content-Type: "
                       "application/json.");
        }

        return ngx_http_wubloader_body_read(r, ngx_http_wubloader_thrim_body,
                                            call);
    }

    if (route->who) {
        token = wub_str_n(NULL, 0);
        return ngx_http_wubloader_auth(r, token, route->role,
                                       ngx_http_wubloader_thrim_known, call);
    }

    return route->handler(&call->thrim);
}


/* nginx would look at a condition in the answer, when all is written */

static ngx_uint_t
ngx_http_wubloader_thrim_is_conditional(ngx_http_request_t *r)
{
    return r->headers_in.if_match != NULL
           || r->headers_in.if_none_match != NULL
           || r->headers_in.if_unmodified_since != NULL;
}


/* forms of other sites can send only types that are not JSON's */

static ngx_uint_t
ngx_http_wubloader_thrim_is_json(ngx_http_request_t *r)
{
    u_char           *p, *last;
    ngx_str_t         json;
    ngx_table_elt_t  *type;

    ngx_str_set(&json, "application/json");
    type = r->headers_in.content_type;

    if (type == NULL || type->value.len < json.len
        || ngx_strncasecmp(type->value.data, json.data, json.len) != 0)
    {
        return 0;
    }

    p = type->value.data + json.len;
    last = type->value.data + type->value.len;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    return p == last || *p == ';';
}


static ngx_int_t
ngx_http_wubloader_thrim_body(ngx_http_request_t *r, void *data,
    wub_str_t body)
{
    ngx_http_wubloader_call_t *call = data;

    call->text = body;
    call->thrim.large = (body.len > NGX_HTTP_WUBLOADER_PARSE_HERE);

    if (call->thrim.large) {
        return ngx_http_wubloader_task(r, ngx_http_wubloader_thrim_parse,
                                       ngx_http_wubloader_thrim_parsed, call);
    }

    ngx_http_wubloader_thrim_parse(call);

    return ngx_http_wubloader_thrim_parsed(r, call);
}


static void
ngx_http_wubloader_thrim_parse(void *data)
{
    ngx_http_wubloader_call_t *call = data;

    call->rc = ngx_http_wubloader_json_read(call->thrim.arena, call->text,
                                            &call->value, &call->error);
}


static ngx_int_t
ngx_http_wubloader_thrim_parsed(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_call_t *call = data;

    wub_str_t           token;
    const wub_value_t  *value;

    if (call->rc == WUB_INVALID || call->rc == WUB_TOO_BIG) {
        return ngx_http_wubloader_sentence(r, NGX_HTTP_BAD_REQUEST,
                                           wub_str_n(call->error,
                                               ngx_strlen(call->error)));
    }

    if (call->rc != WUB_OK) {
        return NGX_ERROR;
    }

    call->thrim.body = &call->value;

    /* what is not a text is no good token, but one nonetheless */

    token = wub_str_n(NULL, 0);
    value = wub_value_find(&call->value, wub_str("token"));

    if (value != NULL && value->kind != WUB_VALUE_NULL) {
        token = (value->kind == WUB_VALUE_TEXT) ? value->text : wub_str("");
    }

    return ngx_http_wubloader_auth(r, token, call->route->role,
                                   ngx_http_wubloader_thrim_known, call);
}


static ngx_int_t
ngx_http_wubloader_thrim_known(ngx_http_request_t *r, void *data,
    wub_str_t user)
{
    ngx_http_wubloader_call_t *call = data;

    call->thrim.user = user;

    if (call->thrim.body && call->thrim.body->kind != WUB_VALUE_OBJECT) {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "The body has to be a JSON object.");
    }

    return call->route->handler(&call->thrim);
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

    /* the database takes no other text */

    return ret_name->len <= WUB_NAME_MAX && wub_buf_is_utf8(*ret_name)
           && memchr(ret_name->data, '\0', ret_name->len) == NULL;
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
ngx_http_wubloader_thrim_no_database(ngx_http_request_t *r)
{
    return ngx_http_wubloader_error(r, NGX_HTTP_NOT_IMPLEMENTED,
               "This needs a database; the operator of this server has to "
               "set wubloader_database.");
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
