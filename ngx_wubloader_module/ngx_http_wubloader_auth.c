
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_auth.h"
#include "ngx_wubloader_module/ngx_http_wubloader_json.h"


static ngx_int_t ngx_http_wubloader_auth_none(
    ngx_http_wubloader_auth_t *auth);
static wub_str_t ngx_http_wubloader_auth_bearer(ngx_http_request_t *r);
static ngx_int_t ngx_http_wubloader_auth_token(
    ngx_http_wubloader_auth_t *auth, wub_str_t text);
static wub_rc_t ngx_http_wubloader_auth_read(
    ngx_http_wubloader_auth_t *auth, wub_arena_t *arena, wub_str_t text,
    const char **ret_fault);
static ngx_int_t ngx_http_wubloader_auth_later(
    ngx_http_wubloader_auth_t *auth);
static ngx_int_t ngx_http_wubloader_auth_missing(
    ngx_http_wubloader_auth_t *auth);
static ngx_int_t ngx_http_wubloader_auth_refuse(
    ngx_http_wubloader_auth_t *auth, const char *fault);


ngx_int_t
ngx_http_wubloader_auth(ngx_http_request_t *r, wub_str_t token,
    ngx_http_wubloader_role_e role, ngx_http_wubloader_auth_pt then,
    void *data)
{
    ngx_http_wubloader_auth_t      *auth;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    auth = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_auth_t));
    if (auth == NULL) {
        return NGX_ERROR;
    }

    auth->request = r;
    auth->keys = wlcf->auth_keys;
    auth->role = role;
    auth->then = then;
    auth->data = data;

    if (role != NGX_HTTP_WUBLOADER_ANYBODY && wlcf->auth_off) {
        return then(r, data, wub_str("NOT_AUTH"));
    }

    if (wlcf->auth_keys == NULL) {
        return ngx_http_wubloader_auth_none(auth);
    }

    if (token.data == NULL) {
        token = ngx_http_wubloader_auth_bearer(r);
    }

    return ngx_http_wubloader_auth_token(auth, token);
}


static ngx_int_t
ngx_http_wubloader_auth_none(ngx_http_wubloader_auth_t *auth)
{
    ngx_http_request_t  *r;

    r = auth->request;

    if (auth->role == NGX_HTTP_WUBLOADER_ANYBODY) {
        return ngx_http_wubloader_auth_nobody(auth);
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_FORBIDDEN,
               "Nobody may change anything here yet: the server's "
               "configuration has to set wubloader_auth_keys and "
               "wubloader_auth_clients, or wubloader_auth off.");
}


/* data NULL: none */

static wub_str_t
ngx_http_wubloader_auth_bearer(ngx_http_request_t *r)
{
    wub_str_t         token;
    ngx_table_elt_t  *h;

    token = wub_str_n(NULL, 0);
    h = r->headers_in.authorization;

    if (h == NULL || h->value.len < sizeof("Bearer ") - 1
        || ngx_strncasecmp(h->value.data, (u_char *) "Bearer ",
                           sizeof("Bearer ") - 1)
           != 0)
    {
        return token;
    }

    token = ngx_http_wubloader_wub(h->value);

    token.data += sizeof("Bearer ") - 1;
    token.len -= sizeof("Bearer ") - 1;

    while (token.len && *token.data == ' ') {
        token.data++;
        token.len--;
    }

    return token;
}


static ngx_int_t
ngx_http_wubloader_auth_token(ngx_http_wubloader_auth_t *auth,
    wub_str_t text)
{
    wub_rc_t                   rc;
    const char                *fault;
    ngx_http_request_t        *r;
    ngx_http_wubloader_ctx_t  *ctx;

    r = auth->request;

    if (text.data == NULL) {
        return ngx_http_wubloader_auth_missing(auth);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);
    fault = "";

    rc = ngx_http_wubloader_auth_read(auth, ctx->arena, text, &fault);

    if (rc == WUB_INVALID || rc == WUB_TOO_BIG) {
        return ngx_http_wubloader_auth_refuse(auth, fault);
    }

    if (rc != WUB_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_auth_go_on(auth);
}


/*
 * All but the signature.  What a stranger wrote is believed only once that
 * is checked; but no keys are fetched for a token that is of no use anyway.
 */

static wub_rc_t
ngx_http_wubloader_auth_read(ngx_http_wubloader_auth_t *auth,
    wub_arena_t *arena, wub_str_t text, const char **ret_fault)
{
    int64_t                         now;
    wub_rc_t                        rc;
    ngx_time_t                     *tp;
    wub_value_t                     value;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(auth->request,
                                        ngx_http_wubloader_module);

    rc = wub_token_split(arena, text, &auth->token, ret_fault);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = ngx_http_wubloader_json_read(arena, auth->token.header, &value,
                                      ret_fault);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_token_header(&value, &auth->token, ret_fault);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = ngx_http_wubloader_json_read(arena, auth->token.claims, &value,
                                      ret_fault);
    if (rc != WUB_OK) {
        return rc;
    }

    tp = ngx_timeofday();
    now = (int64_t) tp->sec * WUB_SECOND + (int64_t) tp->msec * 1000;

    return wub_token_claims(arena, &wlcf->auth_token, &value, now,
                            &auth->email, ret_fault);
}


ngx_int_t
ngx_http_wubloader_auth_go_on(ngx_http_wubloader_auth_t *auth)
{
    wub_rc_t                         rc;
    ngx_int_t                        looked;
    const char                      *fault;
    ngx_http_wubloader_auth_keys_t  *keys;

    keys = auth->keys;
    fault = "its key is unknown";

    rc = keys->set
         ? ngx_http_wubloader_jwt_check(keys->set, &auth->token, &fault)
         : WUB_NOT_FOUND;

    looked = ngx_http_wubloader_keys_look(auth, rc == WUB_NOT_FOUND);
    if (looked != NGX_DECLINED) {
        return looked;
    }

    /* nothing else is read from a connection before the fetch on it ends */

    if (ngx_http_wubloader_fetch_is(keys->fetch, auth->request)) {
        auth->request->main->keepalive = 0;
    }

    /* those that it was checked with were too old */

    if (keys->set == NULL) {
        rc = WUB_NOT_FOUND;
    }

    if (rc == WUB_OK) {
        return ngx_http_wubloader_roles(auth);
    }

    if (rc != WUB_NOT_FOUND || (keys->set && !keys->failed)) {
        return ngx_http_wubloader_auth_refuse(auth, fault);
    }

    return ngx_http_wubloader_auth_later(auth);
}


static ngx_int_t
ngx_http_wubloader_auth_later(ngx_http_wubloader_auth_t *auth)
{
    ngx_str_t            value;
    ngx_http_request_t  *r;

    r = auth->request;

    if (auth->role == NGX_HTTP_WUBLOADER_ANYBODY) {
        return ngx_http_wubloader_auth_nobody(auth);
    }

    ngx_str_set(&value, "10");

    if (ngx_http_wubloader_header(r, "Retry-After", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
               "The keys that tokens are checked with cannot be had at the "
               "moment; try again.");
}


ngx_int_t
ngx_http_wubloader_auth_nobody(ngx_http_wubloader_auth_t *auth)
{
    return auth->then(auth->request, auth->data, wub_str(""));
}


/* the sentences are upstream's */

static ngx_int_t
ngx_http_wubloader_auth_missing(ngx_http_wubloader_auth_t *auth)
{
    ngx_str_t            value;
    ngx_http_request_t  *r;

    r = auth->request;

    if (auth->role == NGX_HTTP_WUBLOADER_ANYBODY) {
        return ngx_http_wubloader_auth_nobody(auth);
    }

    ngx_str_set(&value, "Bearer");

    if (ngx_http_wubloader_header(r, "WWW-Authenticate", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_UNAUTHORIZED,
                                    "User token required");
}


static ngx_int_t
ngx_http_wubloader_auth_refuse(ngx_http_wubloader_auth_t *auth,
    const char *fault)
{
    ngx_http_request_t  *r;

    r = auth->request;

    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "a token is refused: %s", fault);
    ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_warning);

    if (auth->role == NGX_HTTP_WUBLOADER_ANYBODY) {
        return ngx_http_wubloader_auth_nobody(auth);
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_FORBIDDEN,
                                    "Invalid token. Access denied.");
}


ngx_int_t
ngx_http_wubloader_auth_unknown(ngx_http_wubloader_auth_t *auth)
{
    ngx_http_request_t  *r;

    r = auth->request;

    if (auth->role == NGX_HTTP_WUBLOADER_ANYBODY) {
        return ngx_http_wubloader_auth_nobody(auth);
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_FORBIDDEN,
                                    "Unknown user. Access denied.");
}
