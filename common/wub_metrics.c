
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_metrics.h"


/* cells of a table of marks are counted in parts of this many */
#define WUB_METRICS_ONE          (UINT64_C(1) << 32)


static void wub_metrics_name(wub_buf_t *b, const wub_metrics_t *metric,
    const char *tail, const wub_metrics_label_t *labels, size_t nlabels,
    wub_str_t le);
static void wub_metrics_label(wub_buf_t *b, const char *name,
    wub_str_t value);
static void wub_metrics_le(wub_buf_t *b, uint64_t us);


static const char *const  wub_metrics_types[] = {
    "counter",
    "gauge",
    "histogram"
};


void
wub_metrics_head(wub_buf_t *b, const wub_metrics_t *metric)
{
    wub_buf_lit(b, "# HELP ");
    wub_buf_put(b, metric->name, strlen(metric->name));
    wub_buf_putc(b, ' ');
    wub_buf_put(b, metric->help, strlen(metric->help));

    wub_buf_lit(b, "\n# TYPE ");
    wub_buf_put(b, metric->name, strlen(metric->name));
    wub_buf_putc(b, ' ');
    wub_buf_put(b, wub_metrics_types[metric->type],
                strlen(wub_metrics_types[metric->type]));
    wub_buf_putc(b, '\n');
}


void
wub_metrics_put(wub_buf_t *b, const wub_metrics_t *metric,
    const wub_metrics_label_t *labels, size_t nlabels, uint64_t value)
{
    wub_metrics_name(b, metric, "", labels, nlabels, wub_str(""));
    wub_buf_u64(b, value);
    wub_buf_putc(b, '\n');
}


void
wub_metrics_put_us(wub_buf_t *b, const wub_metrics_t *metric,
    const wub_metrics_label_t *labels, size_t nlabels, uint64_t us)
{
    wub_metrics_name(b, metric, "", labels, nlabels, wub_str(""));
    wub_buf_seconds(b, (int64_t) (us & INT64_MAX));
    wub_buf_putc(b, '\n');
}


void
wub_metrics_histogram(wub_buf_t *b, const wub_metrics_t *metric,
    const wub_metrics_label_t *labels, size_t nlabels,
    const uint64_t *bounds, size_t nbounds, const uint64_t *counts,
    uint64_t sum_us)
{
    char          text[32];
    size_t        i;
    uint64_t      total;
    wub_buf_t     le;

    total = 0;

    for (i = 0; i <= nbounds; i++) {
        total += counts[i];

        /* a buffer over memory that is there never asks the arena */

        memset(&le, 0, sizeof(wub_buf_t));
        le.data = text;
        le.cap = sizeof(text);
        le.max = sizeof(text);

        if (i == nbounds) {
            wub_buf_lit(&le, "+Inf");

        } else {
            wub_metrics_le(&le, bounds[i]);
        }

        wub_metrics_name(b, metric, "_bucket", labels, nlabels,
                         wub_buf_view(&le));
        wub_buf_u64(b, total);
        wub_buf_putc(b, '\n');
    }

    wub_metrics_name(b, metric, "_sum", labels, nlabels, wub_str(""));
    wub_buf_seconds(b, (int64_t) (sum_us & INT64_MAX));
    wub_buf_putc(b, '\n');

    wub_metrics_name(b, metric, "_count", labels, nlabels, wub_str(""));
    wub_buf_u64(b, total);
    wub_buf_putc(b, '\n');
}


size_t
wub_metrics_bucket(const uint64_t *bounds, size_t nbounds, uint64_t value)
{
    size_t  i;

    for (i = 0; i < nbounds; i++) {
        if (value <= bounds[i]) {
            break;
        }
    }

    return i;
}


/*
 * Linear counting: n marks leave cells * (1 - 1/cells)^n cells empty on
 * average.  Counted down step by step, which needs no logarithm.
 */

uint64_t
wub_metrics_distinct(size_t cells, size_t empty)
{
    uint64_t  n, left, floor;

    if (cells == 0) {
        return 0;
    }

    left = cells * WUB_METRICS_ONE;

    /* to the nearest; all but the last half cell for a table that is full */

    floor = (empty == 0) ? WUB_METRICS_ONE / 2 : empty * WUB_METRICS_ONE;

    for (n = 0; left > floor && left - floor >= left / cells / 2; n++) {
        left -= left / cells;
    }

    return n;
}


/* name{label="value",...} and the space before the number */

static void
wub_metrics_name(wub_buf_t *b, const wub_metrics_t *metric, const char *tail,
    const wub_metrics_label_t *labels, size_t nlabels, wub_str_t le)
{
    size_t  i;

    wub_buf_put(b, metric->name, strlen(metric->name));
    wub_buf_put(b, tail, strlen(tail));

    if (nlabels != 0 || le.len != 0) {
        wub_buf_putc(b, '{');

        for (i = 0; i < nlabels; i++) {
            if (i != 0) {
                wub_buf_putc(b, ',');
            }

            wub_metrics_label(b, labels[i].name, labels[i].value);
        }

        if (le.len != 0) {
            if (nlabels != 0) {
                wub_buf_putc(b, ',');
            }

            wub_metrics_label(b, "le", le);
        }

        wub_buf_putc(b, '}');
    }

    wub_buf_putc(b, ' ');
}


static void
wub_metrics_label(wub_buf_t *b, const char *name, wub_str_t value)
{
    static const wub_escape_t  escapes[] = {
        { '\\', "\\\\" },
        { '"', "\\\"" },
        { '\n', "\\n" },
        { '\0', NULL }
    };

    wub_buf_put(b, name, strlen(name));
    wub_buf_lit(b, "=\"");
    wub_buf_escape(b, value, escapes);
    wub_buf_putc(b, '"');
}


/* seconds as Python writes a float: upstream's series are named so */

static void
wub_metrics_le(wub_buf_t *b, uint64_t us)
{
    size_t  len;

    wub_buf_seconds(b, (int64_t) us);

    for (len = b->len; len > 2; len--) {
        if (b->data[len - 1] != '0' || b->data[len - 2] == '.') {
            break;
        }
    }

    b->len = len;
}
