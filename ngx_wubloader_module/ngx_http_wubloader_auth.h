
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_auth: who asks.  A token of an issuer is checked
 * against cached keys, and its address against the table roles.
 * May call: nginx, db, json, ngx_http_wubloader_jwt (the only file with
 * OpenSSL).
 * Frees: a request's pool; keys and roles end with the process.
 */


#ifndef NGX_HTTP_WUBLOADER_AUTH_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_AUTH_H_INCLUDED_


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


typedef enum {
    NGX_HTTP_WUBLOADER_ANYBODY = 0, /* a reader: being unknown is no fault */
    NGX_HTTP_WUBLOADER_EDITOR,
    NGX_HTTP_WUBLOADER_ARTIST
} ngx_http_wubloader_role_e;


/*
 * Who it is: the address, lower case; "NOT_AUTH" with "wubloader_auth off";
 * empty: nobody (ANYBODY only).  Returns what a content handler returns.
 */
typedef ngx_int_t (*ngx_http_wubloader_auth_pt)(ngx_http_request_t *r,
    void *data, wub_str_t user);


/*
 * Finds out who asks and calls then(), at once or later; answers 401 or 403
 * itself.  token: that of the body, data NULL when it has none; else that
 * of "Authorization: Bearer" counts.  For ANYBODY a token that is bad, or
 * keys or a database that are away, make a nobody.  Returns what a content
 * handler returns.
 */
ngx_int_t ngx_http_wubloader_auth(ngx_http_request_t *r, wub_str_t token,
    ngx_http_wubloader_role_e role, ngx_http_wubloader_auth_pt then,
    void *data);


/* directives */

char *ngx_http_wubloader_auth_off(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_wubloader_auth_keys(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* NGX_HTTP_WUBLOADER_AUTH_H_INCLUDED_ */
