
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_status.h: what /status tells, as found by
 * ngx_http_wubloader_status.c and written by its two writers.
 * May call: nginx, common/.
 * Frees: nothing; all of it lies in the request's arena.
 */


#ifndef NGX_HTTP_WUBLOADER_STATUS_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_STATUS_H_INCLUDED_


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


/* qualities that are looked at, of all channels together */
#define NGX_HTTP_WUBLOADER_STATUS_QUALITIES  100

/* of the holes of a quality the newest ones are told one by one */
#define NGX_HTTP_WUBLOADER_STATUS_HOLES      20

/* holes are looked for in the newest footage of this length */
#define NGX_HTTP_WUBLOADER_STATUS_WINDOW     (3 * WUB_HOUR)


typedef enum {
    ngx_http_wubloader_status_past = 0, /* nobody expects footage of it */
    ngx_http_wubloader_status_fine,
    ngx_http_wubloader_status_warn,
    ngx_http_wubloader_status_bad
} ngx_http_wubloader_status_e;


/* what is told in the same words by both writers */
typedef struct {
    ngx_http_wubloader_status_e   level;
    wub_str_t                     text;
} ngx_http_wubloader_note_t;


typedef struct {
    int64_t                       from;
    int64_t                       to;
} ngx_http_wubloader_gap_t;


/* all times in microseconds since the epoch */
typedef struct {
    wub_str_t                     channel;
    wub_str_t                     quality;

    int64_t                       first;    /* where its footage begins */
    int64_t                       newest;   /* where its last full one ends */
    wub_str_t                     name;     /* of that; empty: none */

    int64_t                       from;     /* where holes are looked for, */
    ngx_http_wubloader_gap_t     *gaps;     /* up to newest; newest first */
    size_t                        ngaps;
    size_t                        nholes;   /* all of them */
    int64_t                       missing;  /* microseconds of all holes */
    size_t                        withdrawn;    /* tombstones of the window */

    ngx_http_wubloader_note_t     state;
} ngx_http_wubloader_recording_t;


typedef struct {
    ngx_http_wubloader_store_t    store;
    int64_t                       now;
    ngx_uint_t                    json;

    ngx_http_wubloader_recording_t  *recordings;    /* by channel, quality */
    size_t                        nrecordings;
    ngx_uint_t                    cut;      /* there are more of them */
    uint64_t                      total;    /* bytes of the disk; 0: unknown */
    uint64_t                      left;
    ngx_http_wubloader_note_t     disk;
    ngx_http_wubloader_note_t     all;

    wub_rc_t                      rc;
    ngx_http_wubloader_text_t     text;
} ngx_http_wubloader_overview_t;


/* judge: whether what was found is well, in plain words */

void ngx_http_wubloader_status_judge(ngx_http_wubloader_overview_t *o,
    ngx_http_wubloader_recording_t *rec);
void ngx_http_wubloader_status_disk(ngx_http_wubloader_overview_t *o);
void ngx_http_wubloader_status_all(ngx_http_wubloader_overview_t *o);

/* "12 minutes", rounded down */
void ngx_http_wubloader_status_span(wub_buf_t *b, int64_t us);

/* "2024-02-29 23:59:50" */
void ngx_http_wubloader_status_time(wub_buf_t *b, int64_t us);

/* "23:59:50.5" */
void ngx_http_wubloader_status_clock(wub_buf_t *b, int64_t us);

/* "12.3 GB" */
void ngx_http_wubloader_status_bytes(wub_buf_t *b, uint64_t bytes);


/* html, json: the two writers */

void ngx_http_wubloader_status_html(wub_buf_t *b,
    const ngx_http_wubloader_overview_t *o);
void ngx_http_wubloader_status_json(wub_buf_t *b,
    const ngx_http_wubloader_overview_t *o);


#endif /* NGX_HTTP_WUBLOADER_STATUS_H_INCLUDED_ */
