
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_metrics.h: what is counted, in memory that all
 * processes of nginx share, and what is noted of one request for the log
 * and the counters.
 * May call: nginx, common/.
 * Frees: nothing; the zone stays until no configuration has it.
 *
 * All counters are changed by atomic operations alone, without a lock, and
 * may be changed in threads.  The zone is there where some location has
 * "wubloader metrics", and survives a reload.
 */


#ifndef NGX_HTTP_WUBLOADER_METRICS_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_METRICS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "common/wub.h"
#include "common/wub_buf.h"


/* upstream's buckets: 1 ms to 600 s */
#define NGX_HTTP_WUBLOADER_BOUNDS      14

/* processes at a time, old ones that end after a reload included */
#define NGX_HTTP_WUBLOADER_SLOTS       128

/* media playlists whose clients are told apart; further ones are not */
#define NGX_HTTP_WUBLOADER_WATCHED     128

/* "CHANNEL/QUALITY"; a playlist of longer names is not told apart */
#define NGX_HTTP_WUBLOADER_WATCHED_NAME  128

/* cells for the clients of a minute: some 7,000 can be told apart */
#define NGX_HTTP_WUBLOADER_CELLS       1024

/* statuses of their own in the metrics, and one for all others */
#define NGX_HTTP_WUBLOADER_STATUSES    28


/* upstream's names of what is asked for, as far as it has one */
typedef enum {
    ngx_http_wubloader_list_channels = 0,
    ngx_http_wubloader_list_qualities,
    ngx_http_wubloader_list_hours,
    ngx_http_wubloader_list_segments,
    ngx_http_wubloader_list_extras,
    ngx_http_wubloader_get_digest,
    ngx_http_wubloader_master_playlist,
    ngx_http_wubloader_media_playlist,
    ngx_http_wubloader_get_segment,
    ngx_http_wubloader_get_cut,
    ngx_http_wubloader_get_frame,
    ngx_http_wubloader_get_waveform,
    ngx_http_wubloader_get_thumbnail,
    ngx_http_wubloader_get_uploaded,        /* a thumbnail by POST */
    ngx_http_wubloader_get_thrimshim,
    ngx_http_wubloader_get_status,
    ngx_http_wubloader_get_metrics,

    ngx_http_wubloader_get_all_rows,
    ngx_http_wubloader_get_defaults,
    ngx_http_wubloader_get_transitions,
    ngx_http_wubloader_get_row,
    ngx_http_wubloader_update_row,
    ngx_http_wubloader_manual_link,
    ngx_http_wubloader_reset_row,
    ngx_http_wubloader_list_templates,
    ngx_http_wubloader_get_template,
    ngx_http_wubloader_get_template_metadata,
    ngx_http_wubloader_add_template,
    ngx_http_wubloader_update_template,
    ngx_http_wubloader_get_event_thumbnail,
    ngx_http_wubloader_test,

    ngx_http_wubloader_endpoints
} ngx_http_wubloader_endpoint_e;


typedef enum {
    ngx_http_wubloader_method_get = 0,
    ngx_http_wubloader_method_head,
    ngx_http_wubloader_method_post,
    ngx_http_wubloader_method_other,

    ngx_http_wubloader_methods
} ngx_http_wubloader_method_e;


/* upstream's names: those of Python's logging */
typedef enum {
    ngx_http_wubloader_log_warning = 0,
    ngx_http_wubloader_log_error,
    ngx_http_wubloader_log_critical,

    ngx_http_wubloader_log_levels
} ngx_http_wubloader_log_e;


/* $wubloader_cache_status */
typedef enum {
    ngx_http_wubloader_cache_none = 0,  /* no cache is configured: "-" */
    ngx_http_wubloader_cache_hit,       /* all hours were in the cache */
    ngx_http_wubloader_cache_wait,      /* another request filled one */
    ngx_http_wubloader_cache_miss,      /* one was read for this request */
    ngx_http_wubloader_cache_bypass     /* one was read, and not kept */
} ngx_http_wubloader_cache_e;


/* of wubloader_cache; "now": up and down */
typedef struct {
    ngx_atomic_t                  hits;     /* items found */
    ngx_atomic_t                  misses;   /* items not found */
    ngx_atomic_t                  fills;    /* items made and kept */
    ngx_atomic_t                  bypasses; /* items made, not kept */
    ngx_atomic_t                  waits;    /* for a fill of another's */
    ngx_atomic_t                  evictions;
    ngx_atomic_t                  waiting;  /* now: of all processes, 0 in
                                               the zone */
    ngx_atomic_t                  hours;    /* now: items kept */
    ngx_atomic_t                  bytes;    /* now: bytes of the zone used */
    ngx_atomic_t                  size;     /* of the zone; 0: no cache */
} ngx_http_wubloader_stats_t;


typedef struct {
    ngx_atomic_t                  counts[NGX_HTTP_WUBLOADER_BOUNDS + 1];
    ngx_atomic_t                  sum;      /* microseconds */
} ngx_http_wubloader_latency_t;


/* ways that work in the database ends; as ngx_http_wubloader_db_end_e */
#define NGX_HTTP_WUBLOADER_DB_ENDS     8

/* of wubloader_database, all together */
typedef struct {
    ngx_atomic_t                  opened;   /* connections */
    ngx_atomic_t                  failed;   /* attempts to connect */
    ngx_atomic_t                  lost;     /* connections, at work */
    ngx_atomic_t                  statements;
    ngx_atomic_t                  repeated; /* work that was begun again */
    ngx_atomic_t                  ended[NGX_HTTP_WUBLOADER_DB_ENDS];
    ngx_http_wubloader_latency_t  wait;     /* for a connection */
    ngx_http_wubloader_latency_t  work;     /* on one */
} ngx_http_wubloader_db_stats_t;


/* now, of one process */
typedef struct {
    ngx_atomic_t                  connecting;
    ngx_atomic_t                  idle;
    ngx_atomic_t                  busy;
    ngx_atomic_t                  waiting;  /* for a connection */
} ngx_http_wubloader_db_gauges_t;


/*
 * A process of nginx.  One that died by a signal leaves its numbers here;
 * the next one that takes the slot adds its time to dead_cpu.
 */
typedef struct {
    ngx_atomic_t                  pid;      /* 0: never taken */
    ngx_atomic_t                  cpu;      /* microseconds, as last seen */
    ngx_atomic_t                  waiting;  /* for a fill of another's */
    ngx_http_wubloader_db_gauges_t  db;
    ngx_atomic_t                  ongoing[ngx_http_wubloader_endpoints]
                                         [ngx_http_wubloader_methods];
} ngx_http_wubloader_process_t;


/*
 * A media playlist.  Who asked for it in a minute marks a cell, by a plain
 * store; how many cells are marked tells how many there were.
 */
typedef struct {
    ngx_atomic_t                  state;    /* 0: free, 1: taken, 2: named */
    uint32_t                      hash;     /* of the names */
    size_t                        channel_len;
    size_t                        len;      /* of both and the slash */
    u_char                        name[NGX_HTTP_WUBLOADER_WATCHED_NAME];

    ngx_atomic_t                  requests;
    ngx_atomic_t                  minute[2];    /* of each half of cells */
    u_char                        cells[2][NGX_HTTP_WUBLOADER_CELLS];
} ngx_http_wubloader_watched_t;


typedef struct {
    ngx_http_wubloader_stats_t    cache;
    ngx_http_wubloader_db_stats_t  db;

    ngx_atomic_t                  start;    /* microseconds since the epoch */
    ngx_atomic_t                  dead_cpu; /* microseconds */
    ngx_atomic_t                  unwatched;    /* requests */
    ngx_atomic_t                  sent[ngx_http_wubloader_endpoints];
    ngx_atomic_t                  logged[ngx_http_wubloader_log_levels]
                                        [ngx_http_wubloader_endpoints];

    ngx_http_wubloader_process_t  slots[NGX_HTTP_WUBLOADER_SLOTS];
    ngx_http_wubloader_watched_t  watched[NGX_HTTP_WUBLOADER_WATCHED];

    ngx_http_wubloader_latency_t  latency[ngx_http_wubloader_endpoints]
                                         [ngx_http_wubloader_methods]
                                         [NGX_HTTP_WUBLOADER_STATUSES + 1];
} ngx_http_wubloader_metrics_t;


/* of all processes but the master */
typedef struct {
    uint64_t                      cpu;      /* microseconds, ended ones too */
    uint64_t                      resident; /* bytes */
    ngx_uint_t                    count;
    ngx_atomic_uint_t             waiting;  /* for the cache */
    ngx_http_wubloader_db_gauges_t  db;
    ngx_atomic_uint_t             ongoing[ngx_http_wubloader_endpoints]
                                         [ngx_http_wubloader_methods];
} ngx_http_wubloader_processes_t;


/* of a request, for the log and the counters */
typedef struct {
    uint64_t                      start;    /* of a clock of its own, us */
    ngx_atomic_t                 *ongoing;  /* NULL: not counted */
    ngx_http_wubloader_endpoint_e  endpoint;
    ngx_http_wubloader_method_e   method;

    wub_str_t                     channel;  /* empty: none */
    wub_str_t                     quality;  /* empty: none */
    size_t                        hours;    /* looked at */
    size_t                        holes;
    ngx_http_wubloader_cache_e    cache;

    unsigned                      looked:1; /* hours is known */
    unsigned                      joined:1; /* holes is known */
} ngx_http_wubloader_seen_t;


/* in the event loop; NULL: nothing is counted */
ngx_http_wubloader_metrics_t *ngx_http_wubloader_metrics_zone(
    ngx_http_request_t *r);

/* the same for the cache, which hands it to its threads */
ngx_http_wubloader_stats_t *ngx_http_wubloader_stats(ngx_http_request_t *r);

/* stats may be NULL */
#define ngx_http_wubloader_count(stats, field, n)                             \
    do {                                                                      \
        if ((stats) != NULL) {                                                \
            (void) ngx_atomic_fetch_add(&(stats)->field,                      \
                                        (ngx_atomic_int_t) (n));              \
        }                                                                     \
    } while (0)


/* metrics */

char *ngx_http_wubloader_metrics_add(ngx_conf_t *cf);
ngx_int_t ngx_http_wubloader_metrics_init(ngx_conf_t *cf);
void ngx_http_wubloader_metrics_process(ngx_cycle_t *cycle);
void ngx_http_wubloader_metrics_exit(ngx_cycle_t *cycle);

/* when a request comes to its handler, and when it is gone for good */
void ngx_http_wubloader_metrics_begin(ngx_http_request_t *r,
    ngx_http_wubloader_seen_t *seen);
void ngx_http_wubloader_metrics_end(ngx_http_wubloader_seen_t *seen);

/* a line about this request that we put on the log */
void ngx_http_wubloader_metrics_logged(ngx_http_request_t *r,
    ngx_http_wubloader_log_e level);

ngx_http_wubloader_latency_t *ngx_http_wubloader_metrics_latency(
    ngx_http_wubloader_metrics_t *metrics,
    ngx_http_wubloader_endpoint_e endpoint,
    ngx_http_wubloader_method_e method, ngx_uint_t status);

/* in a thread: what those that are alive are at, and what all of them used */
void ngx_http_wubloader_metrics_processes(
    ngx_http_wubloader_metrics_t *metrics,
    ngx_http_wubloader_processes_t *ret);

/* microseconds, of a clock of its own */
uint64_t ngx_http_wubloader_metrics_clock(void);

void ngx_http_wubloader_metrics_observe(
    ngx_http_wubloader_latency_t *latency, uint64_t us);

/* for the text: names of the enums, and the status of a column */
wub_str_t ngx_http_wubloader_endpoint_name(
    ngx_http_wubloader_endpoint_e endpoint);
wub_str_t ngx_http_wubloader_status_name(ngx_uint_t column);
const uint64_t *ngx_http_wubloader_bounds(void);


/* db_metrics: nothing before there was a connection, or an attempt */

void ngx_http_wubloader_db_put(wub_buf_t *b,
    const ngx_http_wubloader_metrics_t *metrics,
    const ngx_http_wubloader_processes_t *processes);


/* vars */

ngx_int_t ngx_http_wubloader_vars_add(ngx_conf_t *cf);

/* reads the path: endpoint, method, channel and quality */
void ngx_http_wubloader_see(ngx_http_request_t *r,
    ngx_http_wubloader_seen_t *seen);


#endif /* NGX_HTTP_WUBLOADER_METRICS_H_INCLUDED_ */
