
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"

#include "common/wub_metrics.h"


/* bytes of the text: every series that can be, and their names */
#define NGX_HTTP_WUBLOADER_METRICS_MAX  ((size_t) 16 * 1024 * 1024)

/* labels that a series has at most */
#define NGX_HTTP_WUBLOADER_LABELS       3


typedef struct {
    ngx_http_wubloader_metrics_t  *metrics;
    ngx_http_wubloader_ctx_t      *ctx;
    uint64_t                       now;     /* seconds since the epoch */
    wub_buf_t                      text;
    ngx_http_wubloader_processes_t  processes;
} ngx_http_wubloader_report_t;


/* a number of the cache */
typedef struct {
    wub_metrics_t                  metric;
    size_t                         offset;  /* in the stats */
} ngx_http_wubloader_stat_t;


static void ngx_http_wubloader_metrics_work(void *data);
static ngx_int_t ngx_http_wubloader_metrics_done(ngx_http_request_t *r,
    void *data);
static void ngx_http_wubloader_put_latency(
    ngx_http_wubloader_report_t *report);
static void ngx_http_wubloader_put_histogram(
    ngx_http_wubloader_report_t *report, ngx_uint_t endpoint,
    ngx_uint_t method, ngx_uint_t status);
static void ngx_http_wubloader_put_ongoing(
    ngx_http_wubloader_report_t *report);
static void ngx_http_wubloader_put_endpoints(
    ngx_http_wubloader_report_t *report);
static void ngx_http_wubloader_put_playlists(
    ngx_http_wubloader_report_t *report);
static uint64_t ngx_http_wubloader_clients(
    ngx_http_wubloader_watched_t *watched, uint64_t now);
static void ngx_http_wubloader_put_cache(
    ngx_http_wubloader_report_t *report);
static void ngx_http_wubloader_put_process(
    ngx_http_wubloader_report_t *report);
static void ngx_http_wubloader_put_nginx(ngx_http_wubloader_report_t *report);


static const char *const
    ngx_http_wubloader_method_names[ngx_http_wubloader_methods] =
{
    "GET", "HEAD", "POST", "other"
};


static const char *const
    ngx_http_wubloader_level_names[ngx_http_wubloader_log_levels] =
{
    "WARNING", "ERROR", "CRITICAL"
};


/* upstream's services, whose numbers are all the same text here */
static const char *const  ngx_http_wubloader_services[] = {
    "", "nginx", "restreamer", "thrimshim", NULL
};


static const wub_metrics_t  ngx_http_wubloader_latency_metric = {
    "http_request_latency_all", WUB_METRICS_HISTOGRAM,
    "Seconds from a request's handler to the end of its answer"
};

static const wub_metrics_t  ngx_http_wubloader_ongoing_metric = {
    "http_request_concurrency_all", WUB_METRICS_GAUGE,
    "Requests that are being answered"
};

static const wub_metrics_t  ngx_http_wubloader_sent_metric = {
    "http_response_sent_bytes_total", WUB_METRICS_COUNTER,
    "Bytes sent to clients, headers included"
};

static const wub_metrics_t  ngx_http_wubloader_log_metric = {
    "log_count_total", WUB_METRICS_COUNTER,
    "Lines that the module put on the error log, by what was asked for"
};

static const wub_metrics_t  ngx_http_wubloader_sessions_metric = {
    "wubloader_playlist_sessions", WUB_METRICS_GAUGE,
    "Clients (address and user agent) that asked for a media playlist in "
    "the minute before this one, estimated"
};

static const wub_metrics_t  ngx_http_wubloader_requests_metric = {
    "wubloader_playlist_requests_total", WUB_METRICS_COUNTER,
    "Answers 200 and 304 to requests for a media playlist"
};

static const wub_metrics_t  ngx_http_wubloader_unwatched_metric = {
    "wubloader_playlist_requests_untold_total", WUB_METRICS_COUNTER,
    "Such answers for playlists beyond the number that is told apart, and "
    "for names that are not UTF-8"
};

static const wub_metrics_t  ngx_http_wubloader_cpu_metric = {
    "process_cpu_seconds_total", WUB_METRICS_COUNTER,
    "User and system CPU time of all worker processes, ended ones included"
};

static const wub_metrics_t  ngx_http_wubloader_memory_metric = {
    "process_resident_memory_bytes", WUB_METRICS_GAUGE,
    "Resident memory of the worker processes, shared zones counted once"
};

static const wub_metrics_t  ngx_http_wubloader_start_metric = {
    "process_start_time_seconds", WUB_METRICS_GAUGE,
    "When the counters began, in seconds since the epoch"
};

static const wub_metrics_t  ngx_http_wubloader_processes_metric = {
    "nginx_processes", WUB_METRICS_GAUGE,
    "Processes of nginx besides the master, old ones that finish included"
};


static const ngx_http_wubloader_stat_t  ngx_http_wubloader_stat_metrics[] = {

    { { "wubloader_cache_hits_total", WUB_METRICS_COUNTER,
        "Items found in the cache: an hour's index, listing, or one of them "
        "compressed" },
      offsetof(ngx_http_wubloader_stats_t, hits) },

    { { "wubloader_cache_misses_total", WUB_METRICS_COUNTER,
        "Items not found in the cache, or changed since" },
      offsetof(ngx_http_wubloader_stats_t, misses) },

    { { "wubloader_cache_fills_total", WUB_METRICS_COUNTER,
        "Items made from what is on disk and kept" },
      offsetof(ngx_http_wubloader_stats_t, fills) },

    { { "wubloader_cache_bypasses_total", WUB_METRICS_COUNTER,
        "Items made and not kept: too fresh, or no room" },
      offsetof(ngx_http_wubloader_stats_t, bypasses) },

    { { "wubloader_cache_waits_total", WUB_METRICS_COUNTER,
        "Times that a request waited for another one to make an item" },
      offsetof(ngx_http_wubloader_stats_t, waits) },

    { { "wubloader_cache_evictions_total", WUB_METRICS_COUNTER,
        "Items thrown out to make room" },
      offsetof(ngx_http_wubloader_stats_t, evictions) },

    { { "wubloader_cache_waiters", WUB_METRICS_GAUGE,
        "Requests that wait for another one to make an item" },
      offsetof(ngx_http_wubloader_stats_t, waiting) },

    { { "wubloader_cache_items", WUB_METRICS_GAUGE,
        "Items in the cache" },
      offsetof(ngx_http_wubloader_stats_t, hours) },

    { { "wubloader_cache_bytes", WUB_METRICS_GAUGE,
        "Bytes of the cache that are in use" },
      offsetof(ngx_http_wubloader_stats_t, bytes) },

    { { "wubloader_cache_size_bytes", WUB_METRICS_GAUGE,
        "Bytes that the cache may use" },
      offsetof(ngx_http_wubloader_stats_t, size) },

    { { NULL, WUB_METRICS_GAUGE, NULL }, 0 }
};


ngx_int_t
ngx_http_wubloader_metrics(ngx_http_request_t *r)
{
    ngx_int_t                     rc;
    wub_str_t                     rest;
    const char *const            *service;
    ngx_http_wubloader_report_t  *report;

    rc = ngx_http_wubloader_rest(r, &rest);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    for (service = ngx_http_wubloader_services; *service; service++) {
        if (rest.len == ngx_strlen(*service)
            && ngx_memcmp(rest.data, *service, rest.len) == 0)
        {
            break;
        }
    }

    if (*service == NULL) {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                   "There are no metrics of that name here; ask for "
                   "/metrics.");
    }

    report = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_report_t));
    if (report == NULL) {
        return NGX_ERROR;
    }

    report->metrics = ngx_http_wubloader_metrics_zone(r);
    report->ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);
    report->now = (uint64_t) ngx_time();

    return ngx_http_wubloader_task(r, ngx_http_wubloader_metrics_work,
                                   ngx_http_wubloader_metrics_done, report);
}


/* in a thread: /proc is no disk, but what it costs is not known */

static void
ngx_http_wubloader_metrics_work(void *data)
{
    ngx_http_wubloader_report_t *report = data;

    wub_buf_init(&report->text, report->ctx->arena,
                 NGX_HTTP_WUBLOADER_METRICS_MAX);

    ngx_http_wubloader_metrics_processes(report->metrics,
                                         &report->processes);

    ngx_http_wubloader_put_latency(report);
    ngx_http_wubloader_put_ongoing(report);
    ngx_http_wubloader_put_endpoints(report);
    ngx_http_wubloader_put_playlists(report);
    ngx_http_wubloader_put_cache(report);
    ngx_http_wubloader_db_put(&report->text, report->metrics,
                              &report->processes);
    ngx_http_wubloader_put_process(report);
    ngx_http_wubloader_put_nginx(report);
}


static ngx_int_t
ngx_http_wubloader_metrics_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_report_t *report = data;

    wub_str_t  text;
    u_char     etag[NGX_HTTP_WUBLOADER_ETAG];

    if (report->text.rc != WUB_OK) {
        return ngx_http_wubloader_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                   "The metrics need too much memory.");
    }

    text = wub_buf_view(&report->text);
    ngx_http_wubloader_etag(text, etag);

    return ngx_http_wubloader_text(r,
                                   "text/plain; version=0.0.4; charset=utf-8",
                                   text, etag);
}


static void
ngx_http_wubloader_put_latency(ngx_http_wubloader_report_t *report)
{
    ngx_uint_t  e, m, s;

    wub_metrics_head(&report->text, &ngx_http_wubloader_latency_metric);

    for (e = 0; e < ngx_http_wubloader_endpoints; e++) {
        for (m = 0; m < ngx_http_wubloader_methods; m++) {
            for (s = 0; s <= NGX_HTTP_WUBLOADER_STATUSES; s++) {
                ngx_http_wubloader_put_histogram(report, e, m, s);
            }
        }
    }
}


/* one that never got a value is left out */

static void
ngx_http_wubloader_put_histogram(ngx_http_wubloader_report_t *report,
    ngx_uint_t endpoint, ngx_uint_t method, ngx_uint_t status)
{
    size_t                         i;
    uint64_t                       counts[NGX_HTTP_WUBLOADER_BOUNDS + 1];
    uint64_t                       total;
    const char                    *name;
    wub_metrics_label_t            labels[NGX_HTTP_WUBLOADER_LABELS];
    ngx_http_wubloader_latency_t  *latency;

    latency = &report->metrics->latency[endpoint][method][status];
    total = 0;

    for (i = 0; i <= NGX_HTTP_WUBLOADER_BOUNDS; i++) {
        counts[i] = latency->counts[i];
        total += counts[i];
    }

    if (total == 0) {
        return;
    }

    name = ngx_http_wubloader_method_names[method];

    labels[0].name = "endpoint";
    labels[0].value = ngx_http_wubloader_endpoint_name(endpoint);
    labels[1].name = "method";
    labels[1].value = wub_str_n(name, ngx_strlen(name));
    labels[2].name = "status";
    labels[2].value = ngx_http_wubloader_status_name(status);

    wub_metrics_histogram(&report->text, &ngx_http_wubloader_latency_metric,
                          labels, 3, ngx_http_wubloader_bounds(),
                          NGX_HTTP_WUBLOADER_BOUNDS, counts, latency->sum);
}


static void
ngx_http_wubloader_put_ongoing(ngx_http_wubloader_report_t *report)
{
    ngx_uint_t           e, m, s;
    const char          *name;
    wub_metrics_label_t  labels[NGX_HTTP_WUBLOADER_LABELS];

    wub_metrics_head(&report->text, &ngx_http_wubloader_ongoing_metric);

    for (e = 0; e < ngx_http_wubloader_endpoints; e++) {
        for (m = 0; m < ngx_http_wubloader_methods; m++) {

            /* like the latency: not before the first request */

            for (s = 0; s <= NGX_HTTP_WUBLOADER_STATUSES; s++) {
                if (report->metrics->latency[e][m][s].sum != 0) {
                    break;
                }
            }

            if (report->processes.ongoing[e][m] == 0
                && s > NGX_HTTP_WUBLOADER_STATUSES)
            {
                continue;
            }

            name = ngx_http_wubloader_method_names[m];

            labels[0].name = "endpoint";
            labels[0].value = ngx_http_wubloader_endpoint_name(e);
            labels[1].name = "method";
            labels[1].value = wub_str_n(name, ngx_strlen(name));

            wub_metrics_put(&report->text,
                            &ngx_http_wubloader_ongoing_metric, labels, 2,
                            report->processes.ongoing[e][m]);
        }
    }
}


static void
ngx_http_wubloader_put_endpoints(ngx_http_wubloader_report_t *report)
{
    ngx_uint_t           e, l;
    const char          *name;
    wub_metrics_label_t  labels[NGX_HTTP_WUBLOADER_LABELS];

    wub_metrics_head(&report->text, &ngx_http_wubloader_sent_metric);

    for (e = 0; e < ngx_http_wubloader_endpoints; e++) {
        if (report->metrics->sent[e] != 0) {
            labels[0].name = "endpoint";
            labels[0].value = ngx_http_wubloader_endpoint_name(e);

            wub_metrics_put(&report->text, &ngx_http_wubloader_sent_metric,
                            labels, 1, report->metrics->sent[e]);
        }
    }

    wub_metrics_head(&report->text, &ngx_http_wubloader_log_metric);

    for (l = 0; l < ngx_http_wubloader_log_levels; l++) {
        for (e = 0; e < ngx_http_wubloader_endpoints; e++) {
            if (report->metrics->logged[l][e] == 0) {
                continue;
            }

            name = ngx_http_wubloader_level_names[l];

            labels[0].name = "level";
            labels[0].value = wub_str_n(name, ngx_strlen(name));
            labels[1].name = "module";
            labels[1].value = wub_str("nginx");
            labels[2].name = "function";
            labels[2].value = ngx_http_wubloader_endpoint_name(e);

            wub_metrics_put(&report->text, &ngx_http_wubloader_log_metric,
                            labels, 3, report->metrics->logged[l][e]);
        }
    }
}


static void
ngx_http_wubloader_put_playlists(ngx_http_wubloader_report_t *report)
{
    ngx_uint_t                     i, k;
    wub_metrics_label_t            labels[NGX_HTTP_WUBLOADER_LABELS];
    ngx_http_wubloader_watched_t  *w;

    const wub_metrics_t *const  metrics[2] = {
        &ngx_http_wubloader_sessions_metric,
        &ngx_http_wubloader_requests_metric
    };

    for (k = 0; k < 2; k++) {
        wub_metrics_head(&report->text, metrics[k]);

        for (i = 0; i < NGX_HTTP_WUBLOADER_WATCHED; i++) {
            w = &report->metrics->watched[i];

            if (w->state != 2) {
                continue;
            }

            ngx_memory_barrier();

            labels[0].name = "channel";
            labels[0].value = wub_str_n((char *) w->name, w->channel_len);
            labels[1].name = "quality";
            labels[1].value = wub_str_n((char *) w->name + w->channel_len + 1,
                                        w->len - w->channel_len - 1);

            wub_metrics_put(&report->text, metrics[k], labels, 2,
                            (k == 0) ? ngx_http_wubloader_clients(w,
                                                                 report->now)
                                     : w->requests);
        }
    }

    wub_metrics_head(&report->text, &ngx_http_wubloader_unwatched_metric);
    wub_metrics_put(&report->text, &ngx_http_wubloader_unwatched_metric,
                    NULL, 0, report->metrics->unwatched);
}


/* of the last minute that is over */

static uint64_t
ngx_http_wubloader_clients(ngx_http_wubloader_watched_t *watched,
    uint64_t now)
{
    size_t      i, empty;
    uint64_t    minute;
    ngx_uint_t  half;

    minute = now / 60 - 1;
    half = minute % 2;

    if (watched->minute[half] != minute) {
        return 0;
    }

    empty = 0;

    for (i = 0; i < NGX_HTTP_WUBLOADER_CELLS; i++) {
        if (watched->cells[half][i] == 0) {
            empty++;
        }
    }

    return wub_metrics_distinct(NGX_HTTP_WUBLOADER_CELLS, empty);
}


static void
ngx_http_wubloader_put_cache(ngx_http_wubloader_report_t *report)
{
    ngx_http_wubloader_stats_t        stats;
    const ngx_http_wubloader_stat_t  *stat;

    if (report->metrics->cache.size == 0) {
        return;
    }

    stats = report->metrics->cache;
    stats.waiting = report->processes.waiting;

    for (stat = ngx_http_wubloader_stat_metrics; stat->metric.name; stat++) {
        wub_metrics_head(&report->text, &stat->metric);
        wub_metrics_put(&report->text, &stat->metric, NULL, 0,
                        *(const ngx_atomic_t *) (const void *)
                        ((const char *) &stats + stat->offset));
    }
}


static void
ngx_http_wubloader_put_process(ngx_http_wubloader_report_t *report)
{
    wub_buf_t *b = &report->text;

    wub_metrics_head(b, &ngx_http_wubloader_cpu_metric);
    wub_metrics_put_us(b, &ngx_http_wubloader_cpu_metric, NULL, 0,
                       report->processes.cpu);

    wub_metrics_head(b, &ngx_http_wubloader_memory_metric);
    wub_metrics_put(b, &ngx_http_wubloader_memory_metric, NULL, 0,
                    report->processes.resident);

    wub_metrics_head(b, &ngx_http_wubloader_start_metric);
    wub_metrics_put_us(b, &ngx_http_wubloader_start_metric, NULL, 0,
                       report->metrics->start);

    wub_metrics_head(b, &ngx_http_wubloader_processes_metric);
    wub_metrics_put(b, &ngx_http_wubloader_processes_metric, NULL, 0,
                    report->processes.count);
}


/* what stub_status tells, under the names of nginx's own exporter */

static void
ngx_http_wubloader_put_nginx(ngx_http_wubloader_report_t *report)
{
#if (NGX_STAT_STUB)

    size_t  i;

    const struct {
        wub_metrics_t      metric;
        ngx_atomic_uint_t  value;
    } stats[] = {
        { { "nginx_connections_accepted_total", WUB_METRICS_COUNTER,
            "Connections accepted" }, *ngx_stat_accepted },
        { { "nginx_connections_handled_total", WUB_METRICS_COUNTER,
            "Connections handled; fewer than accepted: "
            "worker_connections is too small" }, *ngx_stat_handled },
        { { "nginx_http_requests_total", WUB_METRICS_COUNTER,
            "Requests of all locations" }, *ngx_stat_requests },
        { { "nginx_connections_active", WUB_METRICS_GAUGE,
            "Connections that are open" }, *ngx_stat_active },
        { { "nginx_connections_reading", WUB_METRICS_GAUGE,
            "Connections whose request is being read" },
          *ngx_stat_reading },
        { { "nginx_connections_writing", WUB_METRICS_GAUGE,
            "Connections that are being answered" }, *ngx_stat_writing },
        { { "nginx_connections_waiting", WUB_METRICS_GAUGE,
            "Connections that wait for the next request" },
          *ngx_stat_waiting }
    };

    for (i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
        wub_metrics_head(&report->text, &stats[i].metric);
        wub_metrics_put(&report->text, &stats[i].metric, NULL, 0,
                        stats[i].value);
    }

#endif
}
