
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_db: work in the database for a request: one statement,
 * or several in one transaction, over one of the connections that this
 * process keeps.  Nothing here blocks; work waits in a bounded queue for a
 * free connection.
 * May call: nginx, ngx_http_wubloader_pg (the only file with libpq).
 * Frees: a request's pool frees its work; connections end with the process.
 */


#ifndef NGX_HTTP_WUBLOADER_DB_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_DB_H_INCLUDED_


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


/* parameters of one statement */
#define NGX_HTTP_WUBLOADER_DB_PARAMS  64

/* a SQLSTATE */
#define NGX_HTTP_WUBLOADER_DB_STATE   5


typedef struct ngx_http_wubloader_db_work_s  ngx_http_wubloader_db_work_t;
typedef struct ngx_http_wubloader_pg_result_s
    ngx_http_wubloader_pg_result_t;


/*
 * A statement of a fixed text, prepared once on each connection under its
 * name; values are bound, as text.
 */
typedef struct {
    const char                   *name;
    const char                   *text;
    ngx_uint_t                    nparams;
} ngx_http_wubloader_db_statement_t;


/* how work ended */
typedef enum {
    NGX_HTTP_WUBLOADER_DB_DONE = 0,     /* committed, or read */
    NGX_HTTP_WUBLOADER_DB_UNDONE,       /* next() declined; rolled back */
    NGX_HTTP_WUBLOADER_DB_REFUSED,      /* by the database: see state */
    NGX_HTTP_WUBLOADER_DB_BUSY,         /* the queue, or memory, is full */
    NGX_HTTP_WUBLOADER_DB_AWAY,         /* no connection, or it is lost */
    NGX_HTTP_WUBLOADER_DB_SLOW,         /* no answer within the timeout */
    NGX_HTTP_WUBLOADER_DB_UNKNOWN,      /* lost while it committed */
    NGX_HTTP_WUBLOADER_DB_FAILED        /* memory, or a fault of ours */
} ngx_http_wubloader_db_end_e;


/*
 * What comes next.  result is that of the statement sent last, NULL at the
 * beginning; it is gone after the call, unless kept.  A transaction that the
 * database undoes for the sake of others (40001, 40P01), or whose connection
 * is lost before its COMMIT, is begun again: result is NULL again, so all
 * state has to be reset then.
 *
 *     NGX_AGAIN     db_send() was called: wait for its result
 *     NGX_OK        all is done: commit
 *     NGX_DECLINED  the handler does not want it: roll back
 *     NGX_BUSY      db_keep() says so: roll back, BUSY
 *     NGX_ERROR     roll back, FAILED
 */
typedef ngx_int_t (*ngx_http_wubloader_db_next_pt)(
    ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result);

/* returns what a content handler returns, may start other work or a task */
typedef ngx_int_t (*ngx_http_wubloader_db_end_pt)(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work);


struct ngx_http_wubloader_db_work_s {
    ngx_http_request_t           *request;
    void                         *data;         /* of the handler */
    ngx_http_wubloader_db_next_pt  next;
    ngx_http_wubloader_db_end_pt  end;
    unsigned                      transaction:1;    /* BEGIN ... COMMIT */
    unsigned                      write:1;  /* a lost one may have happened */

    ngx_http_wubloader_db_end_e   how;
    u_char                        state[NGX_HTTP_WUBLOADER_DB_STATE + 1];
    ngx_str_t                     constraint;   /* that REFUSED it, or empty */
    ngx_str_t                     message;      /* the database's, for a log */

    /* the rest is db's own */

    ngx_http_wubloader_db_t      *db;
    ngx_http_cleanup_t           *cleanup;
    ngx_queue_t                   queue;    /* waiting, or ended */
    unsigned                      queued:1;
    unsigned                      waits:1;  /* for a connection */
    unsigned                      kept:1;   /* the result of the call */
    void                         *connection;   /* NULL: it runs on none */
    const ngx_http_wubloader_db_statement_t  *statement;
    const wub_str_t              *params;
    ngx_uint_t                    tries;
    ngx_msec_t                    deadline;
    uint64_t                      started;  /* us; in the queue, then at
                                               work */
};


/* the directive "wubloader_database CONNINFO [connections=N] [timeout=TIME]" */
char *ngx_http_wubloader_database(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* starts and ends what a process keeps */
ngx_int_t ngx_http_wubloader_db_process(ngx_cycle_t *cycle);
void ngx_http_wubloader_db_exit(ngx_cycle_t *cycle);

/*
 * Work of r's location, from the request's pool; NULL: memory.  The caller
 * sets data, next, end and the flags, then runs it.
 */
ngx_http_wubloader_db_work_t *ngx_http_wubloader_db_work(
    ngx_http_request_t *r);

/*
 * Returns what a content handler returns: NGX_DONE mostly, and end() is
 * called later, from the event loop.  When the client leaves, work that
 * waits is dropped, and what runs is rolled back unless it commits already;
 * end() is not called then.
 */
ngx_int_t ngx_http_wubloader_db_run(ngx_http_wubloader_db_work_t *work);

/*
 * From next() only, whose return value it returns: NGX_AGAIN, or NGX_ERROR.
 * params: statement->nparams texts, data NULL for SQL's null; they have to
 * stay until the result comes, or next() is called with none.
 */
ngx_int_t ngx_http_wubloader_db_send(ngx_http_wubloader_db_work_t *work,
    const ngx_http_wubloader_db_statement_t *statement,
    const wub_str_t *params);

/*
 * The answer when work ended in any way but DONE and UNDONE: 503 with
 * Retry-After, or 500 for what should not happen; logs what it has to.
 */
ngx_int_t ngx_http_wubloader_db_failed(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work);

/* results: counts, and a value, whose data is NULL for SQL's null */
ngx_uint_t ngx_http_wubloader_db_rows(
    const ngx_http_wubloader_pg_result_t *result);
ngx_uint_t ngx_http_wubloader_db_affected(
    const ngx_http_wubloader_pg_result_t *result);
wub_str_t ngx_http_wubloader_db_value(
    const ngx_http_wubloader_pg_result_t *result, ngx_uint_t row,
    ngx_uint_t column);

/*
 * Keeps a result, and so its values, until the request's pool goes.
 * NGX_BUSY: it is long, and others have not been sent yet.
 */
ngx_int_t ngx_http_wubloader_db_keep(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result);


#endif /* NGX_HTTP_WUBLOADER_DB_H_INCLUDED_ */
