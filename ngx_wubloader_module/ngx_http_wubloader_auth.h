
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_auth: who asks.  A token of an issuer is checked
 * against cached keys, and its address against the table roles.
 * May call: nginx, db, json, task, ngx_http_wubloader_jwt (the only file
 * with OpenSSL).
 * Frees: a request's pool; keys and roles end with the cycle's pool.
 */


#ifndef NGX_HTTP_WUBLOADER_AUTH_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_AUTH_H_INCLUDED_


#include "common/wub_token.h"

#include "ngx_wubloader_module/ngx_http_wubloader_jwt.h"
#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


/* a set of keys is fetched anew after this time, ms */
#define NGX_HTTP_WUBLOADER_KEYS_FRESH   (5 * 60 * 1000)

/* and is of use for this long while it cannot be fetched, ms */
#define NGX_HTTP_WUBLOADER_KEYS_OLD     (24 * 3600 * 1000)

/*
 * Between the beginnings of two fetches, or two looks at a file, ms; less
 * after a fetch that ended because its client left, or such clients would
 * keep all others out.
 */
#define NGX_HTTP_WUBLOADER_KEYS_FLOOR   10000
#define NGX_HTTP_WUBLOADER_KEYS_ORPHAN  1000
#define NGX_HTTP_WUBLOADER_KEYS_LOOK    2000

/* a request waits for a fetch, a fetch is given up, ms */
#define NGX_HTTP_WUBLOADER_KEYS_WAIT    5000
#define NGX_HTTP_WUBLOADER_KEYS_LOST    60000

/* requests that may wait for one fetch */
#define NGX_HTTP_WUBLOADER_KEYS_WAITERS  1000

/* roles that a process remembers, and for how long, ms */
#define NGX_HTTP_WUBLOADER_ROLES        256
#define NGX_HTTP_WUBLOADER_ROLES_FRESH  5000


typedef enum {
    NGX_HTTP_WUBLOADER_ANYBODY = 0, /* a reader: being unknown is no fault */
    NGX_HTTP_WUBLOADER_EDITOR,
    NGX_HTTP_WUBLOADER_ARTIST
} ngx_http_wubloader_role_e;


/*
 * Who it is: the address, lower case; "NOT_AUTH" with "wubloader_auth off";
 * empty: nobody (ANYBODY only, and always with "wubloader_auth off").
 * Returns what a content handler returns.
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


/* the rest is between the files of auth */

typedef struct ngx_http_wubloader_fetch_s  ngx_http_wubloader_fetch_t;

/* what tells that a file has changed */
typedef struct {
    struct timespec               mtime;
    struct timespec               ctime;
    off_t                         size;
    ngx_file_uniq_t               uniq;
} ngx_http_wubloader_key_stamp_t;

/* where keys come from, and those that this process has */
struct ngx_http_wubloader_auth_keys_s {
    ngx_str_t                     name;     /* as configured */
    ngx_str_t                     uri;      /* empty: a file */
    ngx_str_t                     args;
    ngx_str_t                     path;     /* with a zero */

    ngx_http_wubloader_jwt_set_t *set;      /* NULL: none */
    wub_arena_t                  *arena;    /* of set */
    ngx_msec_t                    loaded;   /* when set came */

    ngx_msec_t                    tried;    /* when the last try began */
    ngx_http_wubloader_key_stamp_t  stamp;  /* of the file, then */
    ngx_http_wubloader_fetch_t   *fetch;    /* that runs, or NULL */
    ngx_queue_t                   waiting;  /* ngx_http_wubloader_auth_t */
    ngx_uint_t                    nwaiting;
    unsigned                      tries:1;  /* there was a try */
    unsigned                      orphan:1; /* whose client left */
    unsigned                      failed:1; /* the last one did */
};

/* a request whose token is looked at */
typedef struct {
    ngx_http_request_t           *request;
    ngx_http_wubloader_auth_keys_t  *keys;
    ngx_http_wubloader_role_e     role;
    ngx_http_wubloader_auth_pt    then;
    void                         *data;

    wub_token_t                   token;
    wub_str_t                     email;
    ngx_uint_t                    roles;    /* auth_roles' */

    ngx_queue_t                   queue;    /* of keys->waiting */
    ngx_event_t                   event;    /* how long; go on */
    unsigned                      waiting:1;
    unsigned                      waited:1; /* enough */
} ngx_http_wubloader_auth_t;


/* auth: goes on with a request that waited for keys */

ngx_int_t ngx_http_wubloader_auth_go_on(ngx_http_wubloader_auth_t *auth);


/* auth_keys */

/* in place of what there was; NULL: a sentence is in ret_error */
ngx_int_t ngx_http_wubloader_keys_take(ngx_http_wubloader_auth_keys_t *keys,
    wub_str_t text, const char **ret_error);

void ngx_http_wubloader_keys_cleanup(void *data);

/*
 * Makes sure that keys are as new as they should be.  need: there is none
 * for auth.  NGX_DECLINED: go on with what there is; anything else is what
 * a content handler returns, and auth_go_on() is called later.
 */
ngx_int_t ngx_http_wubloader_keys_look(ngx_http_wubloader_auth_t *auth,
    ngx_uint_t need);

/* a fetch has ended; error NULL: keys came; text: what is wrong */
void ngx_http_wubloader_keys_fetched(ngx_http_wubloader_auth_keys_t *keys,
    ngx_http_request_t *r, wub_str_t text, const char *error);

/* the request that fetched is gone */
void ngx_http_wubloader_keys_orphaned(ngx_http_wubloader_auth_keys_t *keys);


/* auth_file */

/* in a process or when the configuration is read; error NULL: it was read */
typedef struct {
    char                         *data;
    size_t                        len;
    ngx_http_wubloader_key_stamp_t  stamp;
    ngx_err_t                     err;
    const char                   *error;
    unsigned                      same:1;   /* as stamp was */
} ngx_http_wubloader_key_file_t;

/* data has room for NGX_HTTP_WUBLOADER_JWT_SET_MAX bytes; thread-safe */
void ngx_http_wubloader_key_file_read(const char *path,
    ngx_http_wubloader_key_file_t *file);

ngx_int_t ngx_http_wubloader_key_file_look(ngx_http_wubloader_auth_t *auth);


/* auth_fetch */

ngx_int_t ngx_http_wubloader_fetch(ngx_http_wubloader_auth_keys_t *keys,
    ngx_http_request_t *r);

/* true: it runs on r's connection; NULL is on none */
ngx_uint_t ngx_http_wubloader_fetch_is(
    const ngx_http_wubloader_fetch_t *fetch, const ngx_http_request_t *r);

/* in the filters: NULL unless r is a fetch */
ngx_http_wubloader_fetch_t *ngx_http_wubloader_fetch_of(
    ngx_http_request_t *r);
ngx_int_t ngx_http_wubloader_fetch_header(ngx_http_request_t *r,
    ngx_http_wubloader_fetch_t *fetch);
ngx_int_t ngx_http_wubloader_fetch_body(
    ngx_http_wubloader_fetch_t *fetch, ngx_chain_t *in);


/* auth_roles */

ngx_http_wubloader_roles_t *ngx_http_wubloader_roles_create(
    ngx_pool_t *pool);

/* calls auth->then(), or answers 403 or 503 itself */
ngx_int_t ngx_http_wubloader_roles(ngx_http_wubloader_auth_t *auth);

/* an answer to somebody who may not, or then() with nobody */
ngx_int_t ngx_http_wubloader_auth_unknown(ngx_http_wubloader_auth_t *auth);
ngx_int_t ngx_http_wubloader_auth_nobody(ngx_http_wubloader_auth_t *auth);


/* auth_conf: directives */

char *ngx_http_wubloader_auth_off(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_wubloader_auth_keys(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* issuers and clients, by the command's offset */
char *ngx_http_wubloader_auth_names(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

char *ngx_http_wubloader_auth_merge(ngx_conf_t *cf,
    ngx_http_wubloader_loc_conf_t *prev,
    ngx_http_wubloader_loc_conf_t *conf);


#endif /* NGX_HTTP_WUBLOADER_AUTH_H_INCLUDED_ */
