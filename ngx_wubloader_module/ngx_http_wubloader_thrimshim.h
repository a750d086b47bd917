
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
    ngx_uint_t                    large;    /* too much to look through it
                                               in the event loop */
    wub_str_t                     user;     /* of a POST, or who reads */
    void                         *data;     /* of the handler */
} ngx_http_wubloader_thrim_t;


/* returns what a content handler returns */
typedef ngx_int_t (*ngx_http_wubloader_thrim_pt)(
    ngx_http_wubloader_thrim_t *thrim);


/* thrimshim_conf: directives */

char *ngx_http_wubloader_default_channel(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_wubloader_bustime_start(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_wubloader_title_header(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_wubloader_description_footer(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
char *ngx_http_wubloader_upload_locations(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
char *ngx_http_wubloader_archive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_wubloader_templates(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_wubloader_category_notes(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
void ngx_http_wubloader_thrim_merge(ngx_http_wubloader_loc_conf_t *prev,
    ngx_http_wubloader_loc_conf_t *conf);


/* thrimshim */

/* of a path, without the location's prefix */
ngx_http_wubloader_endpoint_e ngx_http_wubloader_thrim_endpoint(
    ngx_http_request_t *r, wub_str_t rest);

/* 501, where wubloader_database is not set */
ngx_int_t ngx_http_wubloader_thrim_no_database(ngx_http_request_t *r);

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


/* write: what all writes have in common */

/* of an application_name: what comes before who writes */
#define NGX_HTTP_WUBLOADER_WRITER  "wubloader-nginx "

/*
 * Reads the body, read(data), in a thread where it is large, and then goes
 * on with done(), in the event loop.
 */
ngx_int_t ngx_http_wubloader_thrim_write(ngx_http_wubloader_thrim_t *thrim,
    ngx_http_wubloader_work_pt read, ngx_http_wubloader_done_pt done,
    void *data);

/* what reading and checking came to: NGX_DECLINED, all is well */
ngx_int_t ngx_http_wubloader_thrim_checked(ngx_http_wubloader_thrim_t *thrim,
    wub_rc_t rc, const wub_answer_t *answer);

/*
 * A transaction of one or more statements; data is work's.  The next
 * statement's parameters are the caller's.
 */
ngx_int_t ngx_http_wubloader_thrim_run(ngx_http_wubloader_thrim_t *thrim,
    ngx_http_wubloader_db_next_pt next, ngx_http_wubloader_db_end_pt end,
    void *data);

/* the answer when it ended in any way but DONE and UNDONE */
ngx_int_t ngx_http_wubloader_thrim_failed(ngx_http_wubloader_thrim_t *thrim,
    ngx_http_wubloader_db_work_t *work);

/*
 * A parameter for set_config('application_name', ...), by which the history
 * in audit.logged_actions tells who it was; data NULL: memory.
 */
wub_str_t ngx_http_wubloader_thrim_writer(ngx_http_wubloader_thrim_t *thrim);

/* 200 or 201 without a body */
ngx_int_t ngx_http_wubloader_thrim_written(ngx_http_wubloader_thrim_t *thrim,
    ngx_uint_t status);


/* holes: how many there are in the store, of each range of an edit */

/* done() gets NULL where nobody could look */
typedef ngx_int_t (*ngx_http_wubloader_holes_pt)(ngx_http_request_t *r,
    void *data, const size_t *holes);

/* returns what a content handler returns; done() is called in any case */
ngx_int_t ngx_http_wubloader_thrim_holes(ngx_http_wubloader_thrim_t *thrim,
    const wub_edit_t *edit, ngx_http_wubloader_holes_pt done, void *data);


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

/* that no body is read that is too large, whatever nginx lets through */
void ngx_http_wubloader_body_init(void);

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

/*
 * The same, but leaves the body in r's buffers or file.  The handler has to
 * end reading in the context, and to finalize the request.
 */
ngx_int_t ngx_http_wubloader_body_wait(ngx_http_request_t *r,
    ngx_http_client_body_handler_pt handler);

/* in a thread: the first bytes of a buffer; WUB_IO: it was in a file */
wub_rc_t ngx_http_wubloader_body_copy(const ngx_buf_t *b, char *to,
    size_t size, ngx_err_t *ret_err);

/* what is answered then */
ngx_int_t ngx_http_wubloader_body_lost(ngx_http_request_t *r, ngx_err_t err);


#endif /* NGX_HTTP_WUBLOADER_THRIMSHIM_H_INCLUDED_ */
