
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_db_pool: what db's own files share: the connections of
 * this process to one database, and the work that waits for them.
 * May call: nginx, ngx_http_wubloader_pg.
 * Frees: db_exit(), or the process; all memory is the configuration's.
 *
 * conf reads the directive; db is what handlers call; pool gives work to
 * connections; connect makes a connection, hosts says to where, run takes
 * it through the statements of some work, fail decides what becomes of work
 * that something was in the way of, and away of all when there is no server.
 */


#ifndef NGX_HTTP_WUBLOADER_DB_POOL_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_DB_POOL_H_INCLUDED_


#include "ngx_wubloader_module/ngx_http_wubloader_db.h"
#include "ngx_wubloader_module/ngx_http_wubloader_pg.h"


/* work that waits in a process for one database */
#define NGX_HTTP_WUBLOADER_DB_QUEUE       512

/* servers of a conninfo, one bit each */
#define NGX_HTTP_WUBLOADER_DB_HOSTS       32

/* addresses of a name that are tried */
#define NGX_HTTP_WUBLOADER_DB_ADDRS       8

/* statements that a connection keeps prepared; more are not kept */
#define NGX_HTTP_WUBLOADER_DB_STATEMENTS  128

/* times that work is begun, for what others do, and for a lost server */
#define NGX_HTTP_WUBLOADER_DB_TRIES       8
#define NGX_HTTP_WUBLOADER_DB_LOST        3

/* bytes of a message about a connection */
#define NGX_HTTP_WUBLOADER_DB_ERROR       256

/* ms: a server that is away for longer is not waited for */
#define NGX_HTTP_WUBLOADER_DB_GRACE       3000


typedef u_char  ngx_http_wubloader_db_addr_t[NGX_SOCKADDR_STRLEN];


typedef struct {
    const char                   *name;     /* NULL: libpq's default */
    const char                   *addr;     /* NULL: none was given */
    const char                   *port;     /* NULL: the default */
    ngx_msec_t                    shunned;  /* until then it is the last
                                               choice; 0: it is not */
    unsigned                      lookup:1; /* name has to be looked up */
    unsigned                      fixed:1;  /* addr, if any, is the one */

    ngx_uint_t                    naddrs;
    ngx_http_wubloader_db_addr_t  addrs[NGX_HTTP_WUBLOADER_DB_ADDRS];
} ngx_http_wubloader_db_host_t;


/* what a connection waits for */
typedef enum {
    ngx_http_wubloader_db_free = 0,     /* nothing: it is none */
    ngx_http_wubloader_db_lookup,
    ngx_http_wubloader_db_connect,
    ngx_http_wubloader_db_setup,
    ngx_http_wubloader_db_idle,         /* for work */
    ngx_http_wubloader_db_begin,
    ngx_http_wubloader_db_prepare,
    ngx_http_wubloader_db_execute,
    ngx_http_wubloader_db_commit,
    ngx_http_wubloader_db_rollback,
    ngx_http_wubloader_db_pause         /* before the work is begun again */
} ngx_http_wubloader_db_step_e;


/* where an attempt to connect is */
typedef struct {
    ngx_uint_t                    pass;     /* of prefer-standby: 0, 1 */
    ngx_uint_t                    last;     /* true: those that are shunned */
    uint32_t                      tried;    /* hosts of this pass */
    ngx_uint_t                    host;
    ngx_uint_t                    addr;
    ngx_msec_t                    each;     /* ms for one address */
} ngx_http_wubloader_db_place_t;


typedef struct {
    ngx_http_wubloader_db_t      *db;
    ngx_http_wubloader_pg_t      *pg;       /* NULL: not connected */
    ngx_connection_t             *c;        /* NULL: no events */
    ngx_event_t                   timer;
    ngx_queue_t                   queue;    /* of idle ones, or free ones */
    ngx_http_wubloader_db_step_e  step;
    ngx_http_wubloader_db_place_t  place;
    ngx_uint_t                    epoch;

    ngx_http_wubloader_db_work_t  *work;    /* NULL: none, or its client has
                                               left */
    ngx_http_wubloader_pg_result_t  *result;    /* of the statement */
    const ngx_http_wubloader_db_statement_t  *preparing;
    ngx_http_wubloader_db_end_e   how;      /* after the ROLLBACK */
    ngx_uint_t                    sent;     /* statements of the work */
    unsigned                      again:1;  /* after it: begin again */
    unsigned                      bad:1;    /* after it: close */
    unsigned                      transaction:1;
    unsigned                      write:1;

    ngx_uint_t                    nstatements;
    const ngx_http_wubloader_db_statement_t
                       *statements[NGX_HTTP_WUBLOADER_DB_STATEMENTS];
} ngx_http_wubloader_db_conn_t;


typedef struct ngx_http_wubloader_db_lookup_s
    ngx_http_wubloader_db_lookup_t;


struct ngx_http_wubloader_db_s {
    ngx_str_t                     conninfo;
    ngx_uint_t                    max;      /* connections */
    ngx_msec_t                    timeout;
    ngx_array_t                   options;  /* ..._pg_option_t, but those of
                                               hosts and ports */
    ngx_array_t                   hosts;    /* ..._db_host_t */
    ngx_msec_t                    connect_timeout;  /* 0: none */
    unsigned                      prefer_standby:1;
    unsigned                      lookups:1;    /* of some host */
    ngx_thread_pool_t            *thread_pool;

    /* of this process */

    ngx_log_t                    *log;
    ngx_queue_t                   waiting;  /* ..._db_work_t, by deadline */
    ngx_queue_t                   ended;    /* ..._db_work_t */
    ngx_queue_t                   idle;     /* ..._db_conn_t, last used
                                               first */
    ngx_queue_t                   free;     /* ..._db_conn_t */
    ngx_http_wubloader_db_conn_t  *conns;
    ngx_uint_t                    nwaiting;
    ngx_uint_t                    nconnecting;
    ngx_uint_t                    nconnected;
    ngx_uint_t                    nidle;    /* of these */
    ngx_uint_t                    epoch;    /* older connections are not
                                               used any more */

    size_t                        kept;     /* bytes of answers */
    ngx_uint_t                    giving;   /* work to connections */
    ngx_event_t                   pump;
    ngx_event_t                   timer;    /* of what waits the longest */
    ngx_event_t                   backoff;  /* set: do not connect */
    ngx_uint_t                    fails;    /* to connect, in a row */
    ngx_msec_t                    away;     /* since when; if fails */
    ngx_msec_t                    said;     /* when it was logged */
    ngx_uint_t                    asked;    /* while it was away */
    size_t                        error_len;
    u_char                        error[NGX_HTTP_WUBLOADER_DB_ERROR];

    ngx_http_wubloader_db_lookup_t  *lookup;
    ngx_thread_task_t            *task;     /* of it */
    ngx_uint_t                    looking;  /* it runs */

    ngx_http_wubloader_db_stats_t  *stats;  /* NULL: nothing is counted */
    ngx_http_wubloader_db_gauges_t  *gauges;    /* of the process, or NULL */
    ngx_uint_t                    told[4];  /* of each of them */
};


/* conf: NULL, or a sentence about the conninfo */

const char *ngx_http_wubloader_db_hosts(ngx_pool_t *pool,
    ngx_http_wubloader_db_t *db, const char *host, const char *hostaddr,
    const char *port);


/* hosts */

/* NGX_OK: they are known; NGX_AGAIN: later; NGX_ERROR */
ngx_int_t ngx_http_wubloader_db_look_up(ngx_http_wubloader_db_t *db);

/* the first and the next address of an attempt; false: there is none */
void ngx_http_wubloader_db_place_init(ngx_http_wubloader_db_t *db,
    ngx_http_wubloader_db_place_t *place);
ngx_uint_t ngx_http_wubloader_db_place_next(ngx_http_wubloader_db_t *db,
    ngx_http_wubloader_db_place_t *place);

/* the server did not answer, or not as it should */
void ngx_http_wubloader_db_shun(ngx_http_wubloader_db_t *db,
    const ngx_http_wubloader_db_place_t *place);


/* connect */

void ngx_http_wubloader_db_open(ngx_http_wubloader_db_conn_t *conn);
void ngx_http_wubloader_db_looked_up(ngx_http_wubloader_db_t *db);
void ngx_http_wubloader_db_close(ngx_http_wubloader_db_conn_t *conn);

/* false: its server has ended it, which no event has told yet */
ngx_uint_t ngx_http_wubloader_db_alive(ngx_http_wubloader_db_conn_t *conn);

/* this address did not give a connection: the next one */
void ngx_http_wubloader_db_next_place(ngx_http_wubloader_db_conn_t *conn);

/* keeps what libpq says about it for the log */
void ngx_http_wubloader_db_note(ngx_http_wubloader_db_conn_t *conn);


/* run */

/* of the connection: says how it is to be used */
void ngx_http_wubloader_db_set_up(ngx_http_wubloader_db_conn_t *conn);

void ngx_http_wubloader_db_start(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_db_work_t *work);
void ngx_http_wubloader_db_readable(ngx_http_wubloader_db_conn_t *conn);
void ngx_http_wubloader_db_writable(ngx_http_wubloader_db_conn_t *conn);

/* rolls back what is to be, then lets go of the connection */
void ngx_http_wubloader_db_finish(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_db_end_e how);
void ngx_http_wubloader_db_release(ngx_http_wubloader_db_conn_t *conn);

/* the client of its work has left */
void ngx_http_wubloader_db_leave(ngx_http_wubloader_db_conn_t *conn);


/* fail */

/* takes the result */
void ngx_http_wubloader_db_error(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_pg_result_t *result);
void ngx_http_wubloader_db_lost(ngx_http_wubloader_db_conn_t *conn);
void ngx_http_wubloader_db_timeout(ngx_http_wubloader_db_conn_t *conn);

/* notes for the handler why it is refused */
void ngx_http_wubloader_db_reason(ngx_http_wubloader_db_conn_t *conn,
    const char *state, const char *message, const char *constraint);


/* pool */

/* the deadline of work, or of a connection, from now; at least 1 */
ngx_msec_t ngx_http_wubloader_db_left(ngx_msec_t deadline);

void ngx_http_wubloader_db_wait(ngx_http_wubloader_db_work_t *work);
void ngx_http_wubloader_db_unqueue(ngx_http_wubloader_db_work_t *work);
void ngx_http_wubloader_db_end(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_db_end_e how);
/* the same, from the event loop's next turn */
void ngx_http_wubloader_db_refuse_work(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_db_end_e how);
void ngx_http_wubloader_db_forget(ngx_http_wubloader_db_work_t *work);
void ngx_http_wubloader_db_wake(ngx_http_wubloader_db_t *db);

/* a connection waits for work; the first time it is a new one */
void ngx_http_wubloader_db_ready(ngx_http_wubloader_db_conn_t *conn);


/* away */

/* no address took a connection */
void ngx_http_wubloader_db_failing(ngx_http_wubloader_db_t *db);

/* whether work would wait for a server that is away for long already */
ngx_uint_t ngx_http_wubloader_db_hopeless(ngx_http_wubloader_db_t *db);


/* metrics */

void ngx_http_wubloader_db_tell(ngx_http_wubloader_db_t *db);


/* events */

void ngx_http_wubloader_db_pump(ngx_event_t *ev);
void ngx_http_wubloader_db_waited(ngx_event_t *ev);
void ngx_http_wubloader_db_retry(ngx_event_t *ev);


#endif /* NGX_HTTP_WUBLOADER_DB_POOL_H_INCLUDED_ */
