
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_db_pool.h"

#include "common/wub_metrics.h"


/* a number, and the one label of its series */
typedef struct {
    const char                   *label;    /* NULL: it has none */
    const char                   *value;
    size_t                        offset;
} ngx_http_wubloader_db_sample_t;


/* samples of one metric */
typedef struct {
    wub_metrics_t                          metric;
    const ngx_http_wubloader_db_sample_t  *samples;
    size_t                                 n;
} ngx_http_wubloader_db_metric_t;


static void ngx_http_wubloader_db_put_metrics(wub_buf_t *b,
    const ngx_http_wubloader_db_metric_t *list, size_t n, const void *base);
static void ngx_http_wubloader_db_put_latency(wub_buf_t *b,
    const wub_metrics_t *metric, const ngx_http_wubloader_latency_t *latency);


#define NGX_HTTP_WUBLOADER_DB_GAUGE(field)                                    \
    offsetof(ngx_http_wubloader_db_gauges_t, field)

#define NGX_HTTP_WUBLOADER_DB_STAT(field)                                     \
    offsetof(ngx_http_wubloader_db_stats_t, field)

#define NGX_HTTP_WUBLOADER_DB_ENDED(how)                                      \
    (offsetof(ngx_http_wubloader_db_stats_t, ended)                           \
     + NGX_HTTP_WUBLOADER_DB_ ## how * sizeof(ngx_atomic_t))

#define NGX_HTTP_WUBLOADER_DB_LIST(samples)                                   \
    samples, sizeof(samples) / sizeof(ngx_http_wubloader_db_sample_t)


static const ngx_http_wubloader_db_sample_t
    ngx_http_wubloader_db_connections[] =
{
    { "state", "connecting", NGX_HTTP_WUBLOADER_DB_GAUGE(connecting) },
    { "state", "idle", NGX_HTTP_WUBLOADER_DB_GAUGE(idle) },
    { "state", "busy", NGX_HTTP_WUBLOADER_DB_GAUGE(busy) }
};

static const ngx_http_wubloader_db_sample_t  ngx_http_wubloader_db_queue[] = {
    { NULL, NULL, NGX_HTTP_WUBLOADER_DB_GAUGE(waiting) }
};

static const ngx_http_wubloader_db_sample_t
    ngx_http_wubloader_db_connects[] =
{
    { "result", "ok", NGX_HTTP_WUBLOADER_DB_STAT(opened) },
    { "result", "failed", NGX_HTTP_WUBLOADER_DB_STAT(failed) }
};

static const ngx_http_wubloader_db_sample_t  ngx_http_wubloader_db_losses[] = {
    { NULL, NULL, NGX_HTTP_WUBLOADER_DB_STAT(lost) }
};

static const ngx_http_wubloader_db_sample_t
    ngx_http_wubloader_db_statements[] =
{
    { NULL, NULL, NGX_HTTP_WUBLOADER_DB_STAT(statements) }
};

static const ngx_http_wubloader_db_sample_t
    ngx_http_wubloader_db_repeats[] =
{
    { NULL, NULL, NGX_HTTP_WUBLOADER_DB_STAT(repeated) }
};

static const ngx_http_wubloader_db_sample_t  ngx_http_wubloader_db_ends[] = {
    { "result", "done", NGX_HTTP_WUBLOADER_DB_ENDED(DONE) },
    { "result", "declined", NGX_HTTP_WUBLOADER_DB_ENDED(UNDONE) }
};

static const ngx_http_wubloader_db_sample_t  ngx_http_wubloader_db_errors[] = {
    { "kind", "refused", NGX_HTTP_WUBLOADER_DB_ENDED(REFUSED) },
    { "kind", "busy", NGX_HTTP_WUBLOADER_DB_ENDED(BUSY) },
    { "kind", "away", NGX_HTTP_WUBLOADER_DB_ENDED(AWAY) },
    { "kind", "slow", NGX_HTTP_WUBLOADER_DB_ENDED(SLOW) },
    { "kind", "unknown", NGX_HTTP_WUBLOADER_DB_ENDED(UNKNOWN) },
    { "kind", "failed", NGX_HTTP_WUBLOADER_DB_ENDED(FAILED) }
};


static const ngx_http_wubloader_db_metric_t
    ngx_http_wubloader_db_gauge_list[] =
{
    { { "wubloader_database_connections", WUB_METRICS_GAUGE,
        "Connections to databases, and those that are being made" },
      NGX_HTTP_WUBLOADER_DB_LIST(ngx_http_wubloader_db_connections) },

    { { "wubloader_database_queue_length", WUB_METRICS_GAUGE,
        "Requests that wait for a connection to a database" },
      NGX_HTTP_WUBLOADER_DB_LIST(ngx_http_wubloader_db_queue) }
};


static const ngx_http_wubloader_db_metric_t
    ngx_http_wubloader_db_stat_list[] =
{
    { { "wubloader_database_connects_total", WUB_METRICS_COUNTER,
        "Attempts to connect to a database" },
      NGX_HTTP_WUBLOADER_DB_LIST(ngx_http_wubloader_db_connects) },

    { { "wubloader_database_lost_total", WUB_METRICS_COUNTER,
        "Connections that ended, or hung, while they were at work" },
      NGX_HTTP_WUBLOADER_DB_LIST(ngx_http_wubloader_db_losses) },

    { { "wubloader_database_statements_total", WUB_METRICS_COUNTER,
        "Statements of requests that were sent, without those that begin "
        "and end transactions" },
      NGX_HTTP_WUBLOADER_DB_LIST(ngx_http_wubloader_db_statements) },

    { { "wubloader_database_retries_total", WUB_METRICS_COUNTER,
        "Times that work of a request was begun again, as others were in "
        "the way or the connection was lost" },
      NGX_HTTP_WUBLOADER_DB_LIST(ngx_http_wubloader_db_repeats) },

    { { "wubloader_database_queries_total", WUB_METRICS_COUNTER,
        "Reads and transactions of requests that ended as they should" },
      NGX_HTTP_WUBLOADER_DB_LIST(ngx_http_wubloader_db_ends) },

    { { "wubloader_database_errors_total", WUB_METRICS_COUNTER,
        "Reads and transactions of requests that ended otherwise" },
      NGX_HTTP_WUBLOADER_DB_LIST(ngx_http_wubloader_db_errors) }
};


static const wub_metrics_t  ngx_http_wubloader_db_wait_metric = {
    "wubloader_database_wait_seconds", WUB_METRICS_HISTOGRAM,
    "Seconds that a request waited for a connection"
};

static const wub_metrics_t  ngx_http_wubloader_db_work_metric = {
    "wubloader_database_query_seconds", WUB_METRICS_HISTOGRAM,
    "Seconds that a request had a connection"
};


void
ngx_http_wubloader_db_put(wub_buf_t *b,
    const ngx_http_wubloader_metrics_t *metrics,
    const ngx_http_wubloader_processes_t *processes)
{
    if (metrics->db.opened == 0 && metrics->db.failed == 0) {
        return;
    }

    ngx_http_wubloader_db_put_metrics(b, ngx_http_wubloader_db_gauge_list,
        sizeof(ngx_http_wubloader_db_gauge_list)
        / sizeof(ngx_http_wubloader_db_metric_t),
        &processes->db);

    ngx_http_wubloader_db_put_metrics(b, ngx_http_wubloader_db_stat_list,
        sizeof(ngx_http_wubloader_db_stat_list)
        / sizeof(ngx_http_wubloader_db_metric_t),
        &metrics->db);

    ngx_http_wubloader_db_put_latency(b, &ngx_http_wubloader_db_wait_metric,
                                      &metrics->db.wait);
    ngx_http_wubloader_db_put_latency(b, &ngx_http_wubloader_db_work_metric,
                                      &metrics->db.work);
}


static void
ngx_http_wubloader_db_put_metrics(wub_buf_t *b,
    const ngx_http_wubloader_db_metric_t *list, size_t n, const void *base)
{
    size_t                                 i, k;
    wub_metrics_label_t                    label;
    const ngx_http_wubloader_db_sample_t  *sample;

    for (i = 0; i < n; i++) {
        wub_metrics_head(b, &list[i].metric);

        for (k = 0; k < list[i].n; k++) {
            sample = &list[i].samples[k];

            if (sample->label != NULL) {
                label.name = sample->label;
                label.value = wub_str_n(sample->value,
                                        ngx_strlen(sample->value));
            }

            wub_metrics_put(b, &list[i].metric, &label,
                            (sample->label == NULL) ? 0 : 1,
                            *(const ngx_atomic_t *) (const void *)
                            ((const char *) base + sample->offset));
        }
    }
}


static void
ngx_http_wubloader_db_put_latency(wub_buf_t *b, const wub_metrics_t *metric,
    const ngx_http_wubloader_latency_t *latency)
{
    size_t    i;
    uint64_t  counts[NGX_HTTP_WUBLOADER_BOUNDS + 1];

    for (i = 0; i <= NGX_HTTP_WUBLOADER_BOUNDS; i++) {
        counts[i] = latency->counts[i];
    }

    wub_metrics_head(b, metric);
    wub_metrics_histogram(b, metric, NULL, 0, ngx_http_wubloader_bounds(),
                          NGX_HTTP_WUBLOADER_BOUNDS, counts, latency->sum);
}


/* adds what has changed since the last time to what the process has */

void
ngx_http_wubloader_db_tell(ngx_http_wubloader_db_t *db)
{
    size_t         i;
    ngx_atomic_t  *gauge;

    const ngx_http_wubloader_db_sample_t *const  gauges[] = {
        &ngx_http_wubloader_db_connections[0],
        &ngx_http_wubloader_db_connections[1],
        &ngx_http_wubloader_db_connections[2],
        &ngx_http_wubloader_db_queue[0]
    };

    const ngx_uint_t  now[] = {
        db->nconnecting, db->nidle, db->nconnected - db->nidle, db->nwaiting
    };

    for (i = 0; db->gauges && i < sizeof(now) / sizeof(now[0]); i++) {
        gauge = (ngx_atomic_t *) (void *)
                ((char *) db->gauges + gauges[i]->offset);

        (void) ngx_atomic_fetch_add(gauge,
                                    (ngx_atomic_int_t) (now[i]
                                                        - db->told[i]));
        db->told[i] = now[i];
    }
}
