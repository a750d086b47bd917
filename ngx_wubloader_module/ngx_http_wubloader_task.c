
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


/* a disk that takes longer than this is worth a line on the log, ms */
#define NGX_HTTP_WUBLOADER_SLOW   60000


/* bytes: a task and what it is told */
#define NGX_HTTP_WUBLOADER_FREE_POOL  512


typedef struct {
    ngx_http_wubloader_work_pt  work;
    void                       *data;
} ngx_http_wubloader_task_t;


/* of what has no request any more */
typedef struct {
    ngx_http_wubloader_free_pt  free;
    void                       *data;
} ngx_http_wubloader_rest_t;


static void ngx_http_wubloader_task_work(void *data, ngx_log_t *log);
static void ngx_http_wubloader_task_event(ngx_event_t *ev);
static void ngx_http_wubloader_task_resume(ngx_http_request_t *r);
static void ngx_http_wubloader_free_work(void *data, ngx_log_t *log);
static void ngx_http_wubloader_free_event(ngx_event_t *ev);


ngx_int_t
ngx_http_wubloader_task(ngx_http_request_t *r,
    ngx_http_wubloader_work_pt work, ngx_http_wubloader_done_pt done,
    void *data)
{
    ngx_int_t  rc;

    rc = ngx_http_wubloader_try_task(r, work, done, data);

    if (rc == NGX_DECLINED) {
        return ngx_http_wubloader_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                   "Too many requests wait for the disk; try again.");
    }

    return rc;
}


ngx_int_t
ngx_http_wubloader_try_task(ngx_http_request_t *r,
    ngx_http_wubloader_work_pt work, ngx_http_wubloader_done_pt done,
    void *data)
{
    ngx_thread_task_t              *task;
    ngx_http_wubloader_ctx_t       *ctx;
    ngx_http_wubloader_task_t      *job;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);
    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    task = ngx_thread_task_alloc(r->pool, sizeof(ngx_http_wubloader_task_t));
    if (task == NULL) {
        return NGX_ERROR;
    }

    job = task->ctx;
    job->work = work;
    job->data = data;

    ctx->data = data;
    ctx->done = done;

    task->handler = ngx_http_wubloader_task_work;
    task->event.data = r;
    task->event.handler = ngx_http_wubloader_task_event;
    task->event.log = r->connection->log;

    if (ngx_thread_task_post(wlcf->thread_pool, task) != NGX_OK) {
        return NGX_DECLINED;
    }

    /* a client that leaves is noticed; the pool stays while blocked is set */

    r->write_event_handler = ngx_http_wubloader_task_resume;

    if (!r->discard_body) {
        r->read_event_handler = ngx_http_test_reading;
    }

    ngx_add_timer(&task->event, NGX_HTTP_WUBLOADER_SLOW);

    r->main->count++;
    r->main->blocked++;
    r->aio = 1;

    return NGX_DONE;
}


static void
ngx_http_wubloader_task_work(void *data, ngx_log_t *log)
{
    ngx_http_wubloader_task_t *job = data;

    job->work(job->data);
}


static void
ngx_http_wubloader_task_event(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ev->data;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ev->timedout) {
        ngx_log_error(NGX_LOG_ALERT, c->log, 0,
                      "reading the segment store takes over a minute");
        ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_critical);
        ev->timedout = 0;
        return;
    }

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, c->log, 0,
                   "wubloader task done: \"%V\"", &r->uri);

    r->main->blocked--;
    r->aio = 0;

    /* when the client has left, this is nginx's own, and frees the request */

    r->write_event_handler(r);

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_wubloader_task_resume(ngx_http_request_t *r)
{
    ngx_http_wubloader_ctx_t  *ctx;

    /* the socket became writable; the thread is still at work */

    if (r->aio) {
        return;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_http_finalize_request(r, ctx->done(r, ctx->data));
}


/*
 * The C library gives memory back to the kernel in small steps, half a
 * millisecond for each MB.
 */

void
ngx_http_wubloader_free(ngx_thread_pool_t *tp, size_t size,
    ngx_http_wubloader_free_pt free, void *data)
{
    ngx_pool_t                 *pool;
    ngx_thread_task_t          *task;
    ngx_http_wubloader_rest_t  *rest;

    if (size < NGX_HTTP_WUBLOADER_FREE) {
        free(data);
        return;
    }

    /* the request's pool goes now */

    pool = ngx_create_pool(NGX_HTTP_WUBLOADER_FREE_POOL, ngx_cycle->log);
    if (pool == NULL) {
        free(data);
        return;
    }

    task = ngx_thread_task_alloc(pool, sizeof(ngx_http_wubloader_rest_t));

    if (task != NULL) {
        rest = task->ctx;
        rest->free = free;
        rest->data = data;

        task->handler = ngx_http_wubloader_free_work;
        task->event.data = pool;
        task->event.handler = ngx_http_wubloader_free_event;
        task->event.log = ngx_cycle->log;

        if (ngx_thread_task_post(tp, task) == NGX_OK) {
            return;
        }
    }

    ngx_destroy_pool(pool);
    free(data);
}


static void
ngx_http_wubloader_free_work(void *data, ngx_log_t *log)
{
    ngx_http_wubloader_rest_t *rest = data;

    rest->free(rest->data);
}


static void
ngx_http_wubloader_free_event(ngx_event_t *ev)
{
    ngx_destroy_pool(ev->data);
}
