
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_db_pool.h"


/* bytes of long answers that slow clients may keep in a process */
#define NGX_HTTP_WUBLOADER_DB_KEPT  (128 * 1024 * 1024)
#define NGX_HTTP_WUBLOADER_DB_LONG  65536


/* how a client is told of work that ended badly */
typedef struct {
    ngx_uint_t                  status;
    ngx_uint_t                  retry;      /* Retry-After */
    ngx_uint_t                  level;      /* of the log */
    ngx_http_wubloader_log_e    count;
    const char                 *words;      /* on it */
    const char                 *sentence;
} ngx_http_wubloader_db_failure_t;


/* a result that stays as long as the request */
typedef struct {
    ngx_http_wubloader_pg_result_t  *result;
    size_t                           size;
    ngx_http_wubloader_db_t         *db;
    ngx_thread_pool_t               *thread_pool;
} ngx_http_wubloader_kept_t;


static void ngx_http_wubloader_db_cleanup(void *data);
static void ngx_http_wubloader_db_result_cleanup(void *data);
static void ngx_http_wubloader_db_result_free(void *data);


/* by ngx_http_wubloader_db_end_e; the first three are not foreseen here */

static const ngx_http_wubloader_db_failure_t
    ngx_http_wubloader_db_failures[NGX_HTTP_WUBLOADER_DB_ENDS] =
{
    { NGX_HTTP_INTERNAL_SERVER_ERROR, 0, NGX_LOG_ERR,
      ngx_http_wubloader_log_error, "done",
      "The server made a mistake; its error log says more." },

    { NGX_HTTP_INTERNAL_SERVER_ERROR, 0, NGX_LOG_ERR,
      ngx_http_wubloader_log_error, "rolled back",
      "The server made a mistake; its error log says more." },

    { NGX_HTTP_INTERNAL_SERVER_ERROR, 0, NGX_LOG_ERR,
      ngx_http_wubloader_log_error, "refused",
      "The database refused this; the server's error log says why." },

    { NGX_HTTP_SERVICE_UNAVAILABLE, 1, NGX_LOG_WARN,
      ngx_http_wubloader_log_warning, "too much at a time",
      "Too many requests wait for the database; try again." },

    { NGX_HTTP_SERVICE_UNAVAILABLE, 1, NGX_LOG_WARN,
      ngx_http_wubloader_log_warning, "no connection",
      "The database cannot be reached at the moment; try again." },

    { NGX_HTTP_SERVICE_UNAVAILABLE, 1, NGX_LOG_WARN,
      ngx_http_wubloader_log_warning, "no answer in time",
      "The database took too long to answer, and nothing was changed; try "
      "again." },

    { NGX_HTTP_SERVICE_UNAVAILABLE, 0, NGX_LOG_ERR,
      ngx_http_wubloader_log_error, "lost in the end",
      "The database was lost while it saved this, so it may be saved or "
      "not; look before you try again." },

    { NGX_HTTP_INTERNAL_SERVER_ERROR, 0, NGX_LOG_ERR,
      ngx_http_wubloader_log_error, "a fault of nginx",
      "The server had too little memory, or made a mistake; its error log "
      "says more." }
};


ngx_http_wubloader_db_work_t *
ngx_http_wubloader_db_work(ngx_http_request_t *r)
{
    ngx_http_wubloader_db_work_t   *work;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    work = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_db_work_t));

    if (work == NULL || wlcf->db == NULL) {
        return NULL;
    }

    work->request = r;
    work->db = wlcf->db;

    return work;
}


ngx_int_t
ngx_http_wubloader_db_run(ngx_http_wubloader_db_work_t *work)
{
    ngx_http_request_t       *r;
    ngx_http_wubloader_db_t  *db;

    r = work->request;
    db = work->db;

    work->cleanup = ngx_http_cleanup_add(r, 0);
    if (work->cleanup == NULL) {
        return NGX_ERROR;
    }

    work->cleanup->handler = ngx_http_wubloader_db_cleanup;
    work->cleanup->data = work;

    work->tries = 0;
    work->state[0] = '\0';
    ngx_str_null(&work->message);
    ngx_str_null(&work->constraint);
    work->deadline = ngx_current_msec + db->timeout;

    /* a client that leaves is noticed */

    if (!r->discard_body) {
        r->read_event_handler = ngx_http_test_reading;
    }

    r->write_event_handler = ngx_http_request_empty_handler;
    r->main->count++;

    if (db->nwaiting >= NGX_HTTP_WUBLOADER_DB_QUEUE) {
        ngx_http_wubloader_db_refuse_work(work, NGX_HTTP_WUBLOADER_DB_BUSY);

    } else if (ngx_http_wubloader_db_hopeless(db)) {
        ngx_http_wubloader_db_refuse_work(work, NGX_HTTP_WUBLOADER_DB_AWAY);

    } else {
        ngx_http_wubloader_db_wait(work);
    }

    return NGX_DONE;
}


static void
ngx_http_wubloader_db_cleanup(void *data)
{
    ngx_http_wubloader_db_work_t *work = data;

    ngx_http_wubloader_db_forget(work);
}


ngx_int_t
ngx_http_wubloader_db_send(ngx_http_wubloader_db_work_t *work,
    const ngx_http_wubloader_db_statement_t *statement,
    const wub_str_t *params)
{
    if (work->statement
        || statement->nparams > NGX_HTTP_WUBLOADER_DB_PARAMS)
    {
        return NGX_ERROR;
    }

    work->statement = statement;
    work->params = params;

    return NGX_AGAIN;
}


ngx_int_t
ngx_http_wubloader_db_failed(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work)
{
    ngx_str_t                               seconds;
    const ngx_http_wubloader_db_failure_t  *failure;

    failure = &ngx_http_wubloader_db_failures[work->how];

    ngx_log_error(failure->level, r->connection->log, 0,
                  "work in the database failed: %s %s %V",
                  failure->words, work->state, &work->message);

    ngx_http_wubloader_metrics_logged(r, failure->count);

    ngx_str_set(&seconds, "1");

    if (failure->retry
        && ngx_http_wubloader_header(r, "Retry-After", &seconds) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_error(r, failure->status, failure->sentence);
}


ngx_uint_t
ngx_http_wubloader_db_rows(const ngx_http_wubloader_pg_result_t *result)
{
    return ngx_http_wubloader_pg_rows(result);
}


ngx_uint_t
ngx_http_wubloader_db_affected(const ngx_http_wubloader_pg_result_t *result)
{
    return ngx_http_wubloader_pg_affected(result);
}


wub_str_t
ngx_http_wubloader_db_value(const ngx_http_wubloader_pg_result_t *result,
    ngx_uint_t row, ngx_uint_t column)
{
    return ngx_http_wubloader_pg_value(result, row, column);
}


ngx_int_t
ngx_http_wubloader_db_keep(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result)
{
    size_t                          size;
    ngx_pool_cleanup_t             *cln;
    ngx_http_wubloader_kept_t      *kept;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    if (work->kept) {
        return NGX_OK;
    }

    size = ngx_http_wubloader_pg_size(result);

    if (size > NGX_HTTP_WUBLOADER_DB_LONG
        && work->db->kept >= NGX_HTTP_WUBLOADER_DB_KEPT)
    {
        return NGX_BUSY;
    }

    wlcf = ngx_http_get_module_loc_conf(work->request,
                                        ngx_http_wubloader_module);

    cln = ngx_pool_cleanup_add(work->request->pool,
                               sizeof(ngx_http_wubloader_kept_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_wubloader_db_result_cleanup;

    kept = cln->data;
    kept->result = result;
    kept->size = size;
    kept->db = work->db;
    kept->thread_pool = wlcf->thread_pool;

    work->kept = 1;
    work->db->kept += size;

    return NGX_OK;
}


static void
ngx_http_wubloader_db_result_cleanup(void *data)
{
    ngx_http_wubloader_kept_t *kept = data;

    kept->db->kept -= kept->size;

    ngx_http_wubloader_free(kept->thread_pool, kept->size,
                            ngx_http_wubloader_db_result_free, kept->result);
}


static void
ngx_http_wubloader_db_result_free(void *data)
{
    ngx_http_wubloader_pg_clear(data);
}
