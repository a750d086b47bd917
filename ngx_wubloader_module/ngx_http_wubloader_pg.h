
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_pg: a connection to Postgres that never waits; the only
 * file of this room with libpq.
 * May call: libpq, nginx's pools.
 * Frees: pg_finish() a connection, pg_clear() a result; both take NULL.
 */


#ifndef NGX_HTTP_WUBLOADER_PG_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_PG_H_INCLUDED_


#include "ngx_wubloader_module/ngx_http_wubloader_db.h"


typedef struct ngx_http_wubloader_pg_s  ngx_http_wubloader_pg_t;


/* an option of a conninfo, as it was given */
typedef struct {
    const char                   *key;
    const char                   *value;
} ngx_http_wubloader_pg_option_t;


/*
 * Reads a conninfo, key=value pairs or a URI; ret is an array of options,
 * in pool.  Returns NULL, or what is wrong with it, which repeats nothing
 * of it: any part may belong to a password.
 */
const char *ngx_http_wubloader_pg_parse(ngx_pool_t *pool,
    const char *conninfo, ngx_array_t *ret);

/*
 * Begins to connect; keys and values end with a NULL, later ones win.  What
 * names a host has to name an address or a socket's folder.  NULL: memory.
 */
ngx_http_wubloader_pg_t *ngx_http_wubloader_pg_start(const char *const *keys,
    const char *const *values);
void ngx_http_wubloader_pg_finish(ngx_http_wubloader_pg_t *pg);

/*
 * A step of connecting: NGX_OK, NGX_ERROR, or NGX_AGAIN and the event to
 * wait for.  It may exchange the descriptor for another one.
 */
ngx_int_t ngx_http_wubloader_pg_connect(ngx_http_wubloader_pg_t *pg,
    ngx_uint_t *ret_write);

/* -1: none */
int ngx_http_wubloader_pg_socket(const ngx_http_wubloader_pg_t *pg);

/* what the server said at last, or libpq: one line, in a buffer of max */
ngx_str_t ngx_http_wubloader_pg_error(const ngx_http_wubloader_pg_t *pg,
    u_char *buf, size_t max);

/*
 * Begin a statement, whose values libpq copies; NGX_ERROR: the connection is
 * not to be used any more.  Values are texts that a zero ends, or NULL.
 */
ngx_int_t ngx_http_wubloader_pg_query(ngx_http_wubloader_pg_t *pg,
    const char *text, ngx_uint_t nvalues, const char *const *values);
ngx_int_t ngx_http_wubloader_pg_prepare(ngx_http_wubloader_pg_t *pg,
    const char *name, const char *text);
ngx_int_t ngx_http_wubloader_pg_execute(ngx_http_wubloader_pg_t *pg,
    const char *name, ngx_uint_t nvalues, const char *const *values);

/* NGX_OK: all is sent; NGX_AGAIN: when it can be written to; NGX_ERROR */
ngx_int_t ngx_http_wubloader_pg_flush(ngx_http_wubloader_pg_t *pg);

/* takes in what is there; NGX_ERROR: the connection is lost */
ngx_int_t ngx_http_wubloader_pg_read(ngx_http_wubloader_pg_t *pg);

/*
 * NGX_OK: a result, the caller's; NGX_AGAIN: not yet; NGX_DONE: there are no
 * more of this statement.
 */
ngx_int_t ngx_http_wubloader_pg_result(ngx_http_wubloader_pg_t *pg,
    ngx_http_wubloader_pg_result_t **ret);
void ngx_http_wubloader_pg_clear(ngx_http_wubloader_pg_result_t *result);

/* bytes of memory */
size_t ngx_http_wubloader_pg_size(
    const ngx_http_wubloader_pg_result_t *result);

/* the server is in a transaction, of which nothing is to be kept */
ngx_uint_t ngx_http_wubloader_pg_open(const ngx_http_wubloader_pg_t *pg);

/* false: it has a SQLSTATE */
ngx_uint_t ngx_http_wubloader_pg_good(
    const ngx_http_wubloader_pg_result_t *result);

/* a COMMIT of a transaction that had failed "is done", too */
ngx_uint_t ngx_http_wubloader_pg_committed(
    ngx_http_wubloader_pg_result_t *result);

/* never NULL; empty for an error that libpq itself has made */
const char *ngx_http_wubloader_pg_state(
    const ngx_http_wubloader_pg_result_t *result);
const char *ngx_http_wubloader_pg_constraint(
    const ngx_http_wubloader_pg_result_t *result);
const char *ngx_http_wubloader_pg_message(
    const ngx_http_wubloader_pg_result_t *result);

ngx_uint_t ngx_http_wubloader_pg_rows(
    const ngx_http_wubloader_pg_result_t *result);
ngx_uint_t ngx_http_wubloader_pg_affected(
    const ngx_http_wubloader_pg_result_t *result);

/* data is NULL for SQL's null, and when there is no such row or column */
wub_str_t ngx_http_wubloader_pg_value(
    const ngx_http_wubloader_pg_result_t *result, ngx_uint_t row,
    ngx_uint_t column);


#endif /* NGX_HTTP_WUBLOADER_PG_H_INCLUDED_ */
