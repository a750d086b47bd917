
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_db_pool.h"


/* ms: between attempts to connect, doubled with each one that fails */
#define NGX_HTTP_WUBLOADER_DB_DELAY      100
#define NGX_HTTP_WUBLOADER_DB_DOUBLINGS  5

/* ms: while somebody waits */
#define NGX_HTTP_WUBLOADER_DB_SOON       500

/* ms: between lines of the log about a server that is away */
#define NGX_HTTP_WUBLOADER_DB_SAY        30000


static void ngx_http_wubloader_db_give_up(ngx_http_wubloader_db_t *db);
static ngx_uint_t ngx_http_wubloader_db_gone(ngx_http_wubloader_db_t *db);
static void ngx_http_wubloader_db_say(ngx_http_wubloader_db_t *db,
    ngx_uint_t first);


void
ngx_http_wubloader_db_failing(ngx_http_wubloader_db_t *db)
{
    ngx_msec_t  delay;
    ngx_uint_t  first;

    ngx_http_wubloader_count(db->stats, failed, 1);

    /* several connections fail for one reason */

    if (db->backoff.timer_set) {
        return;
    }

    first = (db->fails == 0);

    if (first) {
        db->away = ngx_current_msec;
    }

    delay = (ngx_msec_t) NGX_HTTP_WUBLOADER_DB_DELAY
            << ngx_min(db->fails, NGX_HTTP_WUBLOADER_DB_DOUBLINGS);

    db->fails++;

    ngx_http_wubloader_db_say(db, first);

    if (ngx_http_wubloader_db_gone(db)) {
        ngx_http_wubloader_db_give_up(db);

    } else if (db->nwaiting) {
        delay = ngx_min(delay, NGX_HTTP_WUBLOADER_DB_SOON);
    }

    delay = delay * 3 / 4 + (ngx_msec_t) ngx_random() % (delay / 2);

    ngx_add_timer(&db->backoff, delay);
}


static void
ngx_http_wubloader_db_say(ngx_http_wubloader_db_t *db, ngx_uint_t first)
{
    ngx_uint_t  gone, level;

    gone = ngx_http_wubloader_db_gone(db);
    level = gone ? NGX_LOG_ERR : NGX_LOG_WARN;

    /* a restart is no error; one that takes long is, and is not forgotten */

    if (!first
        && (!gone
            || (db->said
                && ngx_current_msec - db->said < NGX_HTTP_WUBLOADER_DB_SAY)))
    {
        return;
    }

    db->said = gone ? ngx_current_msec : 0;

    ngx_log_error(level, db->log, 0, "no connection to the database: %*s",
                  db->error_len, db->error);
}


ngx_uint_t
ngx_http_wubloader_db_hopeless(ngx_http_wubloader_db_t *db)
{
    return db->backoff.timer_set && ngx_http_wubloader_db_gone(db);
}


static ngx_uint_t
ngx_http_wubloader_db_gone(ngx_http_wubloader_db_t *db)
{
    return db->fails && db->nconnected == 0 && db->nconnecting == 0
           && ngx_current_msec - db->away >= NGX_HTTP_WUBLOADER_DB_GRACE;
}


static void
ngx_http_wubloader_db_give_up(ngx_http_wubloader_db_t *db)
{
    ngx_http_wubloader_db_work_t  *work;

    while (!ngx_queue_empty(&db->waiting)) {
        work = ngx_queue_data(ngx_queue_head(&db->waiting),
                              ngx_http_wubloader_db_work_t, queue);

        ngx_http_wubloader_db_unqueue(work);
        ngx_http_wubloader_db_refuse_work(work, NGX_HTTP_WUBLOADER_DB_AWAY);
    }
}


/* somebody asked meanwhile: is the server there again? */

void
ngx_http_wubloader_db_retry(ngx_event_t *ev)
{
    ngx_http_wubloader_db_t *db = ev->data;

    ngx_uint_t  asked;

    asked = db->asked;
    db->asked = 0;

    if (asked && db->nwaiting == 0 && db->nconnecting == 0 && !ngx_exiting
        && !ngx_queue_empty(&db->free))
    {
        ngx_http_wubloader_db_open(
            ngx_queue_data(ngx_queue_head(&db->free),
                           ngx_http_wubloader_db_conn_t, queue));
        return;
    }

    ngx_http_wubloader_db_wake(db);
}
