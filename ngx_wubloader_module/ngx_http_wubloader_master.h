
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_master.h: what a master playlist tells of a quality,
 * between the one who writes it and the one who measures.
 * May call: nginx, common/.
 * Frees: nothing; all functions run in threads.
 */


#ifndef NGX_HTTP_WUBLOADER_MASTER_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_MASTER_H_INCLUDED_


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"

#include "common/wub_probe.h"


/* bits per second */
typedef struct {
    uint64_t                    peak;
    uint64_t                    average;
} ngx_http_wubloader_rates_t;


typedef struct {
    ngx_http_wubloader_store_t  store;

    int64_t                     start;      /* microseconds; INT64_MIN: open */
    int64_t                     end;        /* microseconds; INT64_MAX: open */
    int64_t                     now;        /* microseconds */
    wub_str_t                   prefix;     /* of the location */
    wub_str_t                   query;

    wub_arena_t                *scratch;    /* of one probe */

    size_t                      known;      /* hour whose rates were kept */

    wub_rc_t                    rc;         /* WUB_NOT_FOUND: no quality */
    wub_str_t                   body;
    u_char                      etag[NGX_HTTP_WUBLOADER_ETAG];
} ngx_http_wubloader_master_t;


/* of an hour of store->hours; zeroes where it is gone */
wub_rc_t ngx_http_wubloader_master_rates(ngx_http_wubloader_master_t *m,
    size_t hour, ngx_http_wubloader_rates_t *ret);

/*
 * After the rates: what the newest complete segment tells, or one before it
 * where that one cannot be read.  Nothing here fails a request but memory
 * and the store.
 */
wub_rc_t ngx_http_wubloader_master_probe(ngx_http_wubloader_master_t *m,
    wub_probe_t *ret);


#endif /* NGX_HTTP_WUBLOADER_MASTER_H_INCLUDED_ */
