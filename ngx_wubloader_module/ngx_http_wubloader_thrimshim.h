
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_thrimshim: the editor's API (CONTRACT.md 4): a table of
 * routes, one file for reading, one for templates, one for each kind of
 * write.
 * May call: db, auth, body, json, response, text, task, hours, common/.
 * Frees: a request's pool.
 */


#ifndef NGX_HTTP_WUBLOADER_THRIMSHIM_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_THRIMSHIM_H_INCLUDED_


#include "common/wub_edit.h"
#include "common/wub_event.h"
#include "common/wub_value.h"

#include "ngx_wubloader_module/ngx_http_wubloader_auth.h"
#include "ngx_wubloader_module/ngx_http_wubloader_db.h"
#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


/* bytes of a body that is read */
#define NGX_HTTP_WUBLOADER_BODY_MAX  (20 * 1024 * 1024)


/* one request of the API; the context of all of its handlers */
typedef struct {
    ngx_http_request_t           *request;
    wub_arena_t                  *arena;    /* of the request */
    const wub_event_conf_t       *conf;
    wub_str_t                     name;     /* of the row or template, as a
                                               part of the path, decoded */
    const wub_value_t            *body;     /* of a POST: an object */
    wub_str_t                     user;     /* of a POST, or who reads */
    void                         *data;     /* of the handler */
} ngx_http_wubloader_thrim_t;


/* returns what a content handler returns */
typedef ngx_int_t (*ngx_http_wubloader_thrim_pt)(
    ngx_http_wubloader_thrim_t *thrim);


/* thrimshim */

/* 404: `Row id = X not found` */
ngx_int_t ngx_http_wubloader_thrim_no_row(ngx_http_wubloader_thrim_t *thrim);


/*
 * send: what is read, under a strong ETag, 200 or 304; hashed and compressed
 * in a thread when it is long.  What is handed over stays as long as the
 * request, in pieces that may be those of a database's answer.
 */

ngx_int_t ngx_http_wubloader_thrim_send_json(
    ngx_http_wubloader_thrim_t *thrim, const wub_str_t *pieces,
    size_t npieces);

/* hex: data is the text of a bytea */
ngx_int_t ngx_http_wubloader_thrim_send_png(
    ngx_http_wubloader_thrim_t *thrim, wub_str_t data, ngx_uint_t hex);


/* read: one statement, whose answer is kept, and then done() */

typedef ngx_int_t (*ngx_http_wubloader_read_pt)(
    ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_pg_result_t *result);

/* 501 without wubloader_database; params as db_send() has them */
ngx_int_t ngx_http_wubloader_thrim_read(ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_db_statement_t *statement,
    const wub_str_t *params, ngx_http_wubloader_read_pt done);


/* rows: reading */

ngx_int_t ngx_http_wubloader_thrim_list(ngx_http_wubloader_thrim_t *thrim);
ngx_int_t ngx_http_wubloader_thrim_row(ngx_http_wubloader_thrim_t *thrim);
ngx_int_t ngx_http_wubloader_thrim_defaults(
    ngx_http_wubloader_thrim_t *thrim);
ngx_int_t ngx_http_wubloader_thrim_transitions(
    ngx_http_wubloader_thrim_t *thrim);
ngx_int_t ngx_http_wubloader_thrim_event_thumbnail(
    ngx_http_wubloader_thrim_t *thrim);

/*
 * The playlists of wubloader_row(), as it gives them.  WUB_INVALID: that is
 * no such text.
 */
wub_rc_t ngx_http_wubloader_thrim_playlists(wub_arena_t *arena,
    wub_str_t text, wub_event_playlist_t **ret, size_t *ret_n);


/* templates: reading */

ngx_int_t ngx_http_wubloader_thrim_templates(
    ngx_http_wubloader_thrim_t *thrim);
ngx_int_t ngx_http_wubloader_thrim_template(
    ngx_http_wubloader_thrim_t *thrim);
ngx_int_t ngx_http_wubloader_thrim_template_metadata(
    ngx_http_wubloader_thrim_t *thrim);


/* writes: the body is an object, the user has the route's role */

ngx_int_t ngx_http_wubloader_thrim_auth_test(
    ngx_http_wubloader_thrim_t *thrim);
ngx_int_t ngx_http_wubloader_thrim_update(ngx_http_wubloader_thrim_t *thrim);
ngx_int_t ngx_http_wubloader_thrim_link(ngx_http_wubloader_thrim_t *thrim);
ngx_int_t ngx_http_wubloader_thrim_reset(ngx_http_wubloader_thrim_t *thrim);
ngx_int_t ngx_http_wubloader_thrim_add_template(
    ngx_http_wubloader_thrim_t *thrim);
ngx_int_t ngx_http_wubloader_thrim_update_template(
    ngx_http_wubloader_thrim_t *thrim);


/* body */

/* returns what a content handler returns */
typedef ngx_int_t (*ngx_http_wubloader_body_pt)(ngx_http_request_t *r,
    void *data, wub_str_t body);

/*
 * Calls then() with the whole body of a POST, at once or later; answers 413
 * itself.  The text stays as long as the request.  Returns what a content
 * handler returns.
 */
ngx_int_t ngx_http_wubloader_body_read(ngx_http_request_t *r,
    ngx_http_wubloader_body_pt then, void *data);


#endif /* NGX_HTTP_WUBLOADER_THRIMSHIM_H_INCLUDED_ */
