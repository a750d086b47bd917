
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_db_pool.h"


/* options of ours, and those of one address, beside the conninfo's */
#define NGX_HTTP_WUBLOADER_DB_OPTIONS  64


/* an option, or a part of one */
typedef struct {
    const char  *keys[NGX_HTTP_WUBLOADER_DB_OPTIONS];
    const char  *values[NGX_HTTP_WUBLOADER_DB_OPTIONS];
    ngx_uint_t   n;
} ngx_http_wubloader_db_options_t;


static void ngx_http_wubloader_db_begin_connect(
    ngx_http_wubloader_db_conn_t *conn);
static ngx_int_t ngx_http_wubloader_db_try(
    ngx_http_wubloader_db_conn_t *conn);
static void ngx_http_wubloader_db_option(
    ngx_http_wubloader_db_options_t *options, const char *key,
    const char *value);
static void ngx_http_wubloader_db_step_connect(
    ngx_http_wubloader_db_conn_t *conn);
static ngx_int_t ngx_http_wubloader_db_attach(
    ngx_http_wubloader_db_conn_t *conn, ngx_uint_t write);
static void ngx_http_wubloader_db_detach(ngx_http_wubloader_db_conn_t *conn,
    ngx_uint_t flags);
static void ngx_http_wubloader_db_drop(ngx_http_wubloader_db_conn_t *conn);
static void ngx_http_wubloader_db_read_event(ngx_event_t *ev);
static void ngx_http_wubloader_db_write_event(ngx_event_t *ev);


/*
 * What a conninfo may say otherwise: a server that vanishes without a word
 * is noticed; Kerberos, which waits, is not asked unless it is wished for.
 */

static const ngx_http_wubloader_pg_option_t
    ngx_http_wubloader_db_defaults[] =
{
    { "keepalives", "1" },
    { "keepalives_idle", "30" },
    { "keepalives_interval", "10" },
    { "keepalives_count", "3" },
    { "tcp_user_timeout", "30000" },
    { "gssencmode", "disable" },
    { "application_name", "wubloader-nginx" },
    { NULL, NULL }
};


void
ngx_http_wubloader_db_open(ngx_http_wubloader_db_conn_t *conn)
{
    ngx_http_wubloader_db_t *db = conn->db;

    ngx_queue_remove(&conn->queue);

    conn->step = ngx_http_wubloader_db_lookup;
    conn->epoch = db->epoch;
    conn->nstatements = 0;
    conn->bad = 0;
    db->nconnecting++;

    switch (ngx_http_wubloader_db_look_up(db)) {

    case NGX_OK:
        ngx_http_wubloader_db_begin_connect(conn);
        return;

    case NGX_AGAIN:
        ngx_add_timer(&conn->timer, db->timeout);
        return;

    default:
        db->error_len = (size_t)
            (ngx_sprintf(db->error, "too many tasks wait for a thread")
             - db->error);

        ngx_http_wubloader_db_close(conn);
        ngx_http_wubloader_db_failing(db);
    }
}


void
ngx_http_wubloader_db_looked_up(ngx_http_wubloader_db_t *db)
{
    ngx_uint_t  i;

    for (i = 0; i < db->max; i++) {
        if (db->conns[i].step == ngx_http_wubloader_db_lookup) {
            ngx_http_wubloader_db_begin_connect(&db->conns[i]);
        }
    }
}


static void
ngx_http_wubloader_db_begin_connect(ngx_http_wubloader_db_conn_t *conn)
{
    conn->step = ngx_http_wubloader_db_connect;

    ngx_http_wubloader_db_place_init(conn->db, &conn->place);
    ngx_http_wubloader_db_next_place(conn);
}


void
ngx_http_wubloader_db_next_place(ngx_http_wubloader_db_conn_t *conn)
{
    ngx_http_wubloader_db_t *db = conn->db;

    conn->step = ngx_http_wubloader_db_connect;

    while (ngx_http_wubloader_db_place_next(db, &conn->place)) {

        ngx_http_wubloader_db_drop(conn);

        if (ngx_http_wubloader_db_try(conn) == NGX_OK) {
            ngx_add_timer(&conn->timer, conn->place.each);
            return;
        }

        ngx_http_wubloader_db_note(conn);
    }

    if (db->error_len == 0) {
        db->error_len = (size_t)
            (ngx_sprintf(db->error, "none of its hosts is found")
             - db->error);
    }

    ngx_http_wubloader_db_close(conn);
    ngx_http_wubloader_db_failing(db);
}


static ngx_int_t
ngx_http_wubloader_db_try(ngx_http_wubloader_db_conn_t *conn)
{
    ngx_uint_t                             i;
    ngx_http_wubloader_db_t               *db;
    ngx_http_wubloader_db_host_t          *host;
    ngx_http_wubloader_db_options_t        options;
    ngx_http_wubloader_pg_option_t        *option;
    const ngx_http_wubloader_pg_option_t  *p;

    db = conn->db;
    host = db->hosts.elts;
    host += conn->place.host;
    options.n = 0;

    for (p = ngx_http_wubloader_db_defaults; p->key; p++) {
        ngx_http_wubloader_db_option(&options, p->key, p->value);
    }

    option = db->options.elts;

    for (i = 0; i < db->options.nelts; i++) {
        ngx_http_wubloader_db_option(&options, option[i].key,
                                     option[i].value);
    }

    ngx_http_wubloader_db_option(&options, "client_encoding", "UTF8");
    ngx_http_wubloader_db_option(&options, "host", host->name);
    ngx_http_wubloader_db_option(&options, "port", host->port);
    ngx_http_wubloader_db_option(&options, "hostaddr",
        host->lookup ? (char *) host->addrs[conn->place.addr] : host->addr);

    if (db->prefer_standby && conn->place.pass == 0) {
        ngx_http_wubloader_db_option(&options, "target_session_attrs",
                                     "standby");
    }

    options.keys[options.n] = NULL;
    options.values[options.n] = NULL;

    conn->pg = ngx_http_wubloader_pg_start(options.keys, options.values);

    if (conn->pg == NULL || ngx_http_wubloader_pg_socket(conn->pg) == -1) {
        return NGX_ERROR;
    }

    /* libpq's rule: at first as if it had asked to write */

    return ngx_http_wubloader_db_attach(conn, 1);
}


static void
ngx_http_wubloader_db_option(ngx_http_wubloader_db_options_t *options,
    const char *key, const char *value)
{
    if (value && options->n < NGX_HTTP_WUBLOADER_DB_OPTIONS - 1) {
        options->keys[options->n] = key;
        options->values[options->n++] = value;
    }
}


static void
ngx_http_wubloader_db_step_connect(ngx_http_wubloader_db_conn_t *conn)
{
    ngx_int_t   rc;
    ngx_uint_t  write;

    /* the descriptor may be closed and opened again under the same number */

    ngx_http_wubloader_db_detach(conn, 0);

    write = 0;
    rc = ngx_http_wubloader_pg_connect(conn->pg, &write);

    if (rc != NGX_ERROR
        && ngx_http_wubloader_db_attach(conn, write) == NGX_OK)
    {
        if (rc == NGX_OK) {
            ngx_http_wubloader_db_set_up(conn);
        }

        return;
    }

    ngx_http_wubloader_db_note(conn);
    ngx_http_wubloader_db_next_place(conn);
}


void
ngx_http_wubloader_db_note(ngx_http_wubloader_db_conn_t *conn)
{
    conn->db->error_len = ngx_http_wubloader_pg_error(conn->pg,
                              conn->db->error,
                              NGX_HTTP_WUBLOADER_DB_ERROR).len;
}


static ngx_int_t
ngx_http_wubloader_db_attach(ngx_http_wubloader_db_conn_t *conn,
    ngx_uint_t write)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = ngx_get_connection(ngx_http_wubloader_pg_socket(conn->pg),
                           conn->db->log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->data = conn;
    c->log = conn->db->log;
    c->read->log = c->log;
    c->read->handler = ngx_http_wubloader_db_read_event;
    c->write->log = c->log;
    c->write->handler = ngx_http_wubloader_db_write_event;

    conn->c = c;

    if (write) {
        rc = ngx_add_event(c->write, NGX_WRITE_EVENT, NGX_LEVEL_EVENT);

    } else {
        rc = ngx_add_event(c->read, NGX_READ_EVENT, NGX_LEVEL_EVENT);
    }

    if (rc != NGX_OK) {
        ngx_http_wubloader_db_detach(conn, NGX_CLOSE_EVENT);
    }

    return rc;
}


/* flags: NGX_CLOSE_EVENT when libpq closes the descriptor next */

static void
ngx_http_wubloader_db_detach(ngx_http_wubloader_db_conn_t *conn,
    ngx_uint_t flags)
{
    ngx_connection_t  *c;

    c = conn->c;

    if (c == NULL) {
        return;
    }

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, flags);
    }

    if (c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, flags);
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    /* not ngx_close_connection(): the descriptor is libpq's */

    ngx_free_connection(c);

    c->fd = (ngx_socket_t) -1;
    conn->c = NULL;
}


static void
ngx_http_wubloader_db_drop(ngx_http_wubloader_db_conn_t *conn)
{
    if (conn->timer.timer_set) {
        ngx_del_timer(&conn->timer);
    }

    ngx_http_wubloader_db_detach(conn, NGX_CLOSE_EVENT);

    ngx_http_wubloader_pg_clear(conn->result);
    conn->result = NULL;

    ngx_http_wubloader_pg_finish(conn->pg);
    conn->pg = NULL;
}


void
ngx_http_wubloader_db_close(ngx_http_wubloader_db_conn_t *conn)
{
    ngx_http_wubloader_db_t *db = conn->db;

    if (conn->step == ngx_http_wubloader_db_free) {
        return;
    }

    ngx_http_wubloader_db_drop(conn);

    if (conn->step < ngx_http_wubloader_db_idle) {
        db->nconnecting--;

    } else {
        db->nconnected--;
    }

    if (conn->step == ngx_http_wubloader_db_idle) {
        ngx_queue_remove(&conn->queue);
        db->nidle--;
    }

    conn->step = ngx_http_wubloader_db_free;
    ngx_queue_insert_tail(&db->free, &conn->queue);
    ngx_http_wubloader_db_tell(db);
}


/* a server may say goodbye before it closes */

ngx_uint_t
ngx_http_wubloader_db_alive(ngx_http_wubloader_db_conn_t *conn)
{
    u_char      byte;
    ssize_t     n;
    ngx_uint_t  look;

    for (look = 0; look < 2; look++) {
        n = recv(conn->c->fd, (char *) &byte, 1, MSG_PEEK|MSG_DONTWAIT);

        if (n == 0) {
            return 0;
        }

        if (n < 0) {
            return ngx_socket_errno == NGX_EAGAIN;
        }

        if (ngx_http_wubloader_pg_read(conn->pg) != NGX_OK) {
            return 0;
        }
    }

    return 1;
}


static void
ngx_http_wubloader_db_read_event(ngx_event_t *ev)
{
    ngx_connection_t              *c;
    ngx_http_wubloader_db_conn_t  *conn;

    c = ev->data;
    conn = c->data;

    /* nginx asks idle connections to end when the process does */

    if (c->close) {
        if (conn->step == ngx_http_wubloader_db_idle) {
            ngx_http_wubloader_db_close(conn);
        }

        return;
    }

    if (conn->step == ngx_http_wubloader_db_connect) {
        ngx_http_wubloader_db_step_connect(conn);
        return;
    }

    ngx_http_wubloader_db_readable(conn);
}


static void
ngx_http_wubloader_db_write_event(ngx_event_t *ev)
{
    ngx_connection_t              *c;
    ngx_http_wubloader_db_conn_t  *conn;

    c = ev->data;
    conn = c->data;

    if (conn->step == ngx_http_wubloader_db_connect) {
        ngx_http_wubloader_db_step_connect(conn);
        return;
    }

    ngx_http_wubloader_db_writable(conn);
}
