
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_db_pool.h"


static ngx_int_t ngx_http_wubloader_db_init(ngx_cycle_t *cycle,
    ngx_http_wubloader_db_t *db);
static void ngx_http_wubloader_db_event(ngx_http_wubloader_db_t *db,
    ngx_event_t *ev, ngx_event_handler_pt handler);
static void ngx_http_wubloader_db_conn_timer(ngx_event_t *ev);
static void ngx_http_wubloader_db_give(ngx_http_wubloader_db_t *db);
static void ngx_http_wubloader_db_assign(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_db_work_t *work);
static void ngx_http_wubloader_db_connect_more(ngx_http_wubloader_db_t *db);
static void ngx_http_wubloader_db_arm(ngx_http_wubloader_db_t *db);


ngx_int_t
ngx_http_wubloader_db_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                       i;
    ngx_http_wubloader_db_t        **db;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_wubloader_module);
    if (wmcf == NULL) {
        return NGX_OK;
    }

    db = wmcf->dbs.elts;

    for (i = 0; i < wmcf->dbs.nelts; i++) {
        if (ngx_http_wubloader_db_init(cycle, db[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wubloader_db_init(ngx_cycle_t *cycle, ngx_http_wubloader_db_t *db)
{
    ngx_uint_t                       i;
    ngx_http_wubloader_db_conn_t    *conn;
    ngx_http_wubloader_metrics_t    *metrics;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_wubloader_module);

    if (wmcf->metrics) {
        metrics = wmcf->metrics->data;
        db->stats = &metrics->db;
        db->gauges = wmcf->slot ? &wmcf->slot->db : NULL;
    }

    db->log = cycle->log;

    ngx_queue_init(&db->waiting);
    ngx_queue_init(&db->ended);
    ngx_queue_init(&db->idle);
    ngx_queue_init(&db->free);

    ngx_http_wubloader_db_event(db, &db->pump, ngx_http_wubloader_db_pump);
    ngx_http_wubloader_db_event(db, &db->timer, ngx_http_wubloader_db_waited);
    ngx_http_wubloader_db_event(db, &db->backoff,
                                ngx_http_wubloader_db_retry);

    db->backoff.cancelable = 1;

    db->conns = ngx_pcalloc(cycle->pool, db->max
                            * sizeof(ngx_http_wubloader_db_conn_t));
    if (db->conns == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < db->max; i++) {
        conn = &db->conns[i];
        conn->db = db;
        conn->timer.data = conn;
        conn->timer.log = db->log;
        conn->timer.handler = ngx_http_wubloader_db_conn_timer;

        ngx_queue_insert_tail(&db->free, &conn->queue);
    }

    return NGX_OK;
}


static void
ngx_http_wubloader_db_event(ngx_http_wubloader_db_t *db, ngx_event_t *ev,
    ngx_event_handler_pt handler)
{
    ev->data = db;
    ev->log = db->log;
    ev->handler = handler;
}


void
ngx_http_wubloader_db_exit(ngx_cycle_t *cycle)
{
    ngx_uint_t                       i, n;
    ngx_http_wubloader_db_t        **db;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_wubloader_module);
    if (wmcf == NULL) {
        return;
    }

    db = wmcf->dbs.elts;

    for (i = 0; i < wmcf->dbs.nelts; i++) {
        for (n = 0; db[i]->conns && n < db[i]->max; n++) {
            ngx_http_wubloader_db_close(&db[i]->conns[n]);
        }
    }
}


static void
ngx_http_wubloader_db_conn_timer(ngx_event_t *ev)
{
    ngx_http_wubloader_db_conn_t *conn = ev->data;

    ngx_http_wubloader_db_t  *db;

    db = conn->db;

    switch (conn->step) {

    case ngx_http_wubloader_db_lookup:
        db->error_len = (size_t)
            (ngx_sprintf(db->error, "its host is looked up for too long")
             - db->error);

        ngx_http_wubloader_db_close(conn);
        ngx_http_wubloader_db_failing(db);
        return;

    case ngx_http_wubloader_db_connect:
    case ngx_http_wubloader_db_setup:
        db->error_len = (size_t)
            (ngx_sprintf(db->error, "it does not answer") - db->error);

        ngx_http_wubloader_db_shun(db, &conn->place);
        ngx_http_wubloader_db_next_place(conn);
        return;

    default:
        ngx_http_wubloader_db_timeout(conn);
    }
}


ngx_msec_t
ngx_http_wubloader_db_left(ngx_msec_t deadline)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) (deadline - ngx_current_msec);

    return (left < 1) ? 1 : (ngx_msec_t) left;
}


/* what was begun earlier goes first, also when it is begun again */

void
ngx_http_wubloader_db_wait(ngx_http_wubloader_db_work_t *work)
{
    ngx_queue_t                   *q;
    ngx_http_wubloader_db_t       *db;
    ngx_http_wubloader_db_work_t  *other;

    db = work->db;

    for (q = ngx_queue_last(&db->waiting);
         q != ngx_queue_sentinel(&db->waiting);
         q = ngx_queue_prev(q))
    {
        other = ngx_queue_data(q, ngx_http_wubloader_db_work_t, queue);

        if ((ngx_msec_int_t) (work->deadline - other->deadline) >= 0) {
            break;
        }
    }

    ngx_queue_insert_after(q, &work->queue);

    work->queued = 1;
    work->waits = 1;
    db->nwaiting++;

    if (db->stats) {
        work->started = ngx_http_wubloader_metrics_clock();
    }

    ngx_http_wubloader_db_arm(db);
    ngx_http_wubloader_db_wake(db);
}


static void
ngx_http_wubloader_db_arm(ngx_http_wubloader_db_t *db)
{
    ngx_http_wubloader_db_work_t  *work;

    if (ngx_queue_empty(&db->waiting)) {
        if (db->timer.timer_set) {
            ngx_del_timer(&db->timer);
        }

        return;
    }

    work = ngx_queue_data(ngx_queue_head(&db->waiting),
                          ngx_http_wubloader_db_work_t, queue);

    ngx_add_timer(&db->timer, ngx_http_wubloader_db_left(work->deadline));
}


void
ngx_http_wubloader_db_unqueue(ngx_http_wubloader_db_work_t *work)
{
    ngx_queue_remove(&work->queue);
    work->queued = 0;

    if (work->waits) {
        work->waits = 0;
        work->db->nwaiting--;
    }
}


/* the client has left: nothing may look at its work any more */

void
ngx_http_wubloader_db_forget(ngx_http_wubloader_db_work_t *work)
{
    if (work->queued) {
        ngx_http_wubloader_db_unqueue(work);
        ngx_http_wubloader_db_arm(work->db);
    }

    if (work->connection) {
        ngx_http_wubloader_db_leave(work->connection);
        work->connection = NULL;
    }
}


void
ngx_http_wubloader_db_end(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_db_end_e how)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    work->how = how;
    work->cleanup->handler = NULL;

    ngx_http_wubloader_count(work->db->stats, ended[how], 1);

    r = work->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, c->log, 0,
                   "wubloader database: work ended %d, \"%V\"", how, &r->uri);

    ngx_http_finalize_request(r, work->end(r, work));

    ngx_http_run_posted_requests(c);
}


void
ngx_http_wubloader_db_wake(ngx_http_wubloader_db_t *db)
{
    if (!db->pump.posted) {
        ngx_post_event(&db->pump, &ngx_posted_events);
    }
}


void
ngx_http_wubloader_db_pump(ngx_event_t *ev)
{
    ngx_http_wubloader_db_t *db = ev->data;

    ngx_http_wubloader_db_work_t  *work;

    while (!ngx_queue_empty(&db->ended)) {
        work = ngx_queue_data(ngx_queue_head(&db->ended),
                              ngx_http_wubloader_db_work_t, queue);

        ngx_http_wubloader_db_unqueue(work);
        ngx_http_wubloader_db_end(work, work->how);
    }

    ngx_http_wubloader_db_give(db);
    ngx_http_wubloader_db_connect_more(db);
    ngx_http_wubloader_db_arm(db);
    ngx_http_wubloader_db_tell(db);
}


/* work that fails at once gives its connection back from in here */

static void
ngx_http_wubloader_db_give(ngx_http_wubloader_db_t *db)
{
    ngx_http_wubloader_db_conn_t  *conn;
    ngx_http_wubloader_db_work_t  *work;

    if (db->giving) {
        return;
    }

    db->giving = 1;

    while (db->nwaiting && !ngx_queue_empty(&db->idle)) {
        conn = ngx_queue_data(ngx_queue_head(&db->idle),
                              ngx_http_wubloader_db_conn_t, queue);

        if (conn->epoch != db->epoch
            || !ngx_http_wubloader_db_alive(conn))
        {
            ngx_http_wubloader_db_close(conn);
            continue;
        }

        work = ngx_queue_data(ngx_queue_head(&db->waiting),
                              ngx_http_wubloader_db_work_t, queue);

        ngx_queue_remove(&conn->queue);
        db->nidle--;
        ngx_http_wubloader_db_unqueue(work);
        ngx_http_wubloader_db_assign(conn, work);
    }

    db->giving = 0;
}


static void
ngx_http_wubloader_db_assign(ngx_http_wubloader_db_conn_t *conn,
    ngx_http_wubloader_db_work_t *work)
{
    uint64_t                        now;
    ngx_http_wubloader_db_stats_t  *stats;

    stats = conn->db->stats;

    if (stats != NULL) {
        now = ngx_http_wubloader_metrics_clock();

        ngx_http_wubloader_metrics_observe(&stats->wait, now - work->started);
        ngx_http_wubloader_count(stats, repeated, work->tries != 0);

        work->started = now;
    }

    ngx_http_wubloader_db_start(conn, work);
}


static void
ngx_http_wubloader_db_connect_more(ngx_http_wubloader_db_t *db)
{
    while (db->nwaiting > db->nconnecting
           && !db->backoff.timer_set
           && !ngx_queue_empty(&db->free))
    {
        /* one finds out whether the server is there again */

        if (db->fails && db->nconnecting) {
            return;
        }

        ngx_http_wubloader_db_open(
            ngx_queue_data(ngx_queue_head(&db->free),
                           ngx_http_wubloader_db_conn_t, queue));
    }
}


/* somebody has waited for as long as may be */

void
ngx_http_wubloader_db_waited(ngx_event_t *ev)
{
    ngx_http_wubloader_db_t *db = ev->data;

    ngx_http_wubloader_db_work_t  *work;

    while (!ngx_queue_empty(&db->waiting)) {
        work = ngx_queue_data(ngx_queue_head(&db->waiting),
                              ngx_http_wubloader_db_work_t, queue);

        if ((ngx_msec_int_t) (work->deadline - ngx_current_msec) > 0) {
            break;
        }

        ngx_http_wubloader_db_unqueue(work);
        ngx_http_wubloader_db_end(work, db->fails
                                        ? NGX_HTTP_WUBLOADER_DB_AWAY
                                        : NGX_HTTP_WUBLOADER_DB_SLOW);
    }

    ngx_http_wubloader_db_arm(db);
}


void
ngx_http_wubloader_db_ready(ngx_http_wubloader_db_conn_t *conn)
{
    ngx_http_wubloader_db_t  *db;

    db = conn->db;

    if (conn->timer.timer_set) {
        ngx_del_timer(&conn->timer);
    }

    if (conn->step == ngx_http_wubloader_db_setup) {
        db->nconnecting--;
        db->nconnected++;
        ngx_http_wubloader_count(db->stats, opened, 1);

        if (db->fails) {
            ngx_log_error(NGX_LOG_NOTICE, db->log, 0,
                          "the database is there again");
            db->fails = 0;
            db->asked = 0;
        }
    }

    conn->step = ngx_http_wubloader_db_idle;
    conn->c->idle = 1;
    ngx_queue_insert_head(&db->idle, &conn->queue);
    db->nidle++;

    /* nginx has asked idle connections to end before this one was */

    if (conn->epoch != db->epoch || (ngx_exiting && db->nwaiting == 0)) {
        ngx_http_wubloader_db_close(conn);
    }

    /* the server has something to do while the last answer is sent */

    ngx_http_wubloader_db_give(db);
    ngx_http_wubloader_db_wake(db);
}


void
ngx_http_wubloader_db_refuse_work(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_db_end_e how)
{
    work->how = how;
    work->queued = 1;
    work->db->asked = 1;

    ngx_queue_insert_tail(&work->db->ended, &work->queue);
    ngx_http_wubloader_db_wake(work->db);
}
