
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_metrics: numbers as Prometheus reads them, text format 0.0.4, and
 * which bucket of a histogram a value falls into.
 * May call: wub_buf.
 * Frees: nothing; counters lie where the caller keeps them.
 */


#ifndef WUB_METRICS_H_INCLUDED_
#define WUB_METRICS_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_buf.h"


typedef enum {
    WUB_METRICS_COUNTER = 0,
    WUB_METRICS_GAUGE,
    WUB_METRICS_HISTOGRAM
} wub_metrics_type_e;


/* a metric; a counter's name ends in _total */
typedef struct {
    const char          *name;
    wub_metrics_type_e   type;
    const char          *help;
} wub_metrics_t;


/* value: any bytes; those that are not UTF-8 become U+FFFD */
typedef struct {
    const char  *name;
    wub_str_t    value;
} wub_metrics_label_t;


/* HELP and TYPE; the samples of a metric follow it, all in one piece */
void wub_metrics_head(wub_buf_t *b, const wub_metrics_t *metric);

void wub_metrics_put(wub_buf_t *b, const wub_metrics_t *metric,
    const wub_metrics_label_t *labels, size_t nlabels, uint64_t value);

/* the same of a value in microseconds, as seconds */
void wub_metrics_put_us(wub_buf_t *b, const wub_metrics_t *metric,
    const wub_metrics_label_t *labels, size_t nlabels, uint64_t us);

/*
 * A histogram of times: bounds in microseconds, sorted; counts has one
 * more, for what lies above the last bound, and is not cumulative.
 */
void wub_metrics_histogram(wub_buf_t *b, const wub_metrics_t *metric,
    const wub_metrics_label_t *labels, size_t nlabels,
    const uint64_t *bounds, size_t nbounds, const uint64_t *counts,
    uint64_t sum_us);

/* the first bound that is not below value; nbounds: none */
size_t wub_metrics_bucket(const uint64_t *bounds, size_t nbounds,
    uint64_t value);

/*
 * How many different things have probably marked one cell each of a table,
 * chosen by their hash, when that many cells are still empty.  No cell
 * empty: the number from which on that is likely, a lower bound.
 */
uint64_t wub_metrics_distinct(size_t cells, size_t empty);


#endif /* WUB_METRICS_H_INCLUDED_ */
