
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_edit.h"
#include "common/wub_time.h"


/* sentences that an editor would read */
#define WUB_EDIT_WARNINGS_MAX    20


/* sentences, as far as they are written out */
typedef struct {
    wub_buf_t           *buf;
    const wub_ranges_t  *r;
    size_t               n;
} wub_edit_warn_t;


static void wub_edit_warn_range(wub_edit_warn_t *w, size_t n, size_t holes);
static void wub_edit_warn_overlap(wub_edit_warn_t *w, size_t a, size_t b);
static bool wub_edit_warn_begin(wub_edit_warn_t *w);
static void wub_edit_warn_span(wub_buf_t *b, int64_t start, int64_t end);


wub_rc_t
wub_edit_warnings(wub_buf_t *b, const wub_edit_t *edit, const size_t *holes)
{
    size_t           i, k;
    wub_edit_warn_t  w;

    w.buf = b;
    w.r = &edit->ranges;
    w.n = 0;

    wub_buf_putc(b, '[');

    for (i = 0; i < w.r->nranges; i++) {
        wub_edit_warn_range(&w, i, (holes != NULL) ? holes[i] : 0);
    }

    for (i = 0; i < w.r->nranges; i++) {
        for (k = i + 1; k < w.r->nranges; k++) {
            wub_edit_warn_overlap(&w, i, k);
        }
    }

    /* the newer editor's page sends an empty list where nobody is named */

    if (wub_str_eq(edit->columns[WUB_EDIT_WHITELIST], wub_str("{}"))
        && wub_edit_warn_begin(&w))
    {
        wub_buf_lit(b, "uploader_whitelist is an empty list, so no node will "
                    "cut this video; set it to null to let any of them.\"");
    }

    if (w.n > WUB_EDIT_WARNINGS_MAX) {
        wub_buf_lit(b, ", \"There are ");
        wub_buf_u64(b, w.n - WUB_EDIT_WARNINGS_MAX);
        wub_buf_lit(b, " more warnings like these.\"");
    }

    wub_buf_putc(b, ']');

    return b->rc;
}


static void
wub_edit_warn_range(wub_edit_warn_t *w, size_t n, size_t holes)
{
    wub_buf_t          *b;
    const wub_range_t  *range;

    b = w->buf;
    range = &w->r->ranges[n];

    if (range->start != INT64_MIN && range->end != INT64_MAX
        && range->end - range->start > WUB_EDIT_LONG
        && wub_edit_warn_begin(w))
    {
        wub_buf_lit(b, "Range ");
        wub_buf_u64(b, n + 1);
        wub_buf_lit(b, " is longer than 4 hours");
        wub_edit_warn_span(b, range->start, range->end);
    }

    if (holes > 0 && wub_edit_warn_begin(w)) {
        wub_buf_lit(b, "Range ");
        wub_buf_u64(b, n + 1);
        wub_buf_lit(b, " has ");
        wub_buf_u64(b, holes);
        wub_buf_str(b, (holes == 1) ? wub_str(" hole in its footage")
                                    : wub_str(" holes in its footage"));
        wub_edit_warn_span(b, range->start, range->end);
    }
}


/* by their numbers from 0, and what is in both */
static void
wub_edit_warn_overlap(wub_edit_warn_t *w, size_t a, size_t b)
{
    int64_t             start, end;
    const wub_range_t  *x, *y;

    x = &w->r->ranges[a];
    y = &w->r->ranges[b];

    start = (x->start > y->start) ? x->start : y->start;
    end = (x->end < y->end) ? x->end : y->end;

    /* where a range has no start yet, nobody can tell */

    if (x->start == INT64_MIN || y->start == INT64_MIN || start >= end
        || !wub_edit_warn_begin(w))
    {
        return;
    }

    wub_buf_lit(w->buf, "Ranges ");
    wub_buf_u64(w->buf, a + 1);
    wub_buf_lit(w->buf, " and ");
    wub_buf_u64(w->buf, b + 1);
    wub_buf_lit(w->buf, " overlap");
    wub_edit_warn_span(w->buf, start, end);
}


/* true: a sentence is opened; false: there are enough of them */
static bool
wub_edit_warn_begin(wub_edit_warn_t *w)
{
    if (++w->n > WUB_EDIT_WARNINGS_MAX) {
        return false;
    }

    wub_buf_str(w->buf, (w->n == 1) ? wub_str("\"") : wub_str(", \""));

    return true;
}


/* closes the sentence */
static void
wub_edit_warn_span(wub_buf_t *b, int64_t start, int64_t end)
{
    char  text[WUB_TIME_LEN];

    wub_time_format(start, text);

    wub_buf_lit(b, ": from ");
    wub_buf_put(b, text, WUB_TIME_LEN);

    if (end == INT64_MAX) {
        wub_buf_lit(b, " on.\"");
        return;
    }

    wub_time_format(end, text);

    wub_buf_lit(b, " to ");
    wub_buf_put(b, text, WUB_TIME_LEN);
    wub_buf_lit(b, ".\"");
}
