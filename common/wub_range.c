
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_range.h"
#include "common/wub_pg.h"
#include "common/wub_scan.h"
#include "common/wub_time.h"


#define WUB_TRANSITION_TYPE_MAX  32
#define WUB_TRANSITION_MAX       WUB_HOUR

/* significant digits that a number is read to; a double writes 17 */
#define WUB_DOUBLE_DIGITS        18

/* no exponent of a double is greater, its digits taken as an integer */
#define WUB_DOUBLE_EXPONENT      400


/* digits times ten to the exponent; more: digits that were cut off, not 0 */
typedef struct {
    int64_t  digits;
    int64_t  exponent;
    bool     more;
} wub_double_t;


static bool wub_transition_type(wub_str_t s);
static wub_rc_t wub_range_pg_one(wub_arena_t *arena, wub_str_t s,
    wub_range_t *ret);
static wub_rc_t wub_transition_pg_one(wub_arena_t *arena, wub_str_t s,
    wub_transition_t *ret);
static wub_rc_t wub_double_seconds(wub_str_t s, int64_t max,
    int64_t *ret_us);
static wub_rc_t wub_double_scan(wub_scan_t *s, wub_double_t *ret);
static wub_rc_t wub_double_scale(const wub_double_t *d, int64_t max,
    int64_t *ret);


wub_rc_t
wub_range_parse(wub_str_t s, wub_range_t *ret)
{
    wub_rc_t     rc;
    wub_str_t    start;
    wub_scan_t   scan;
    wub_range_t  range;

    wub_scan_init(&scan, s);

    if (wub_scan_until(&scan, ',', &start) != WUB_OK) {
        return WUB_INVALID;
    }

    rc = wub_time_parse(start, &range.start);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_time_parse(wub_scan_rest(&scan), &range.end);
    if (rc != WUB_OK) {
        return rc;
    }

    *ret = range;

    return WUB_OK;
}


wub_rc_t
wub_transition_parse(wub_str_t s, wub_transition_t *ret)
{
    wub_rc_t          rc;
    wub_scan_t        scan;
    wub_transition_t  t;

    if (s.len == 0) {
        ret->type = wub_str("");
        ret->duration = 0;
        return WUB_OK;
    }

    wub_scan_init(&scan, s);

    if (wub_scan_until(&scan, ',', &t.type) != WUB_OK
        || !wub_transition_type(t.type))
    {
        return WUB_INVALID;
    }

    rc = wub_scan_seconds(&scan, WUB_TRANSITION_MAX, &t.duration);
    if (rc != WUB_OK) {
        return rc;
    }

    if (!wub_scan_done(&scan) || t.duration == 0) {
        return WUB_INVALID;
    }

    *ret = t;

    return WUB_OK;
}


wub_rc_t
wub_range_pg_parse(wub_arena_t *arena, wub_str_t s, wub_ranges_t *ret)
{
    size_t           i;
    wub_rc_t         rc;
    wub_range_t     *ranges;
    wub_pg_items_t   items;

    rc = wub_pg_array_parse(arena, s, &items);
    if (rc != WUB_OK) {
        return rc;
    }

    if (items.nitems > WUB_RANGES_MAX) {
        return WUB_TOO_BIG;
    }

    ranges = wub_arena_alloc(arena, (items.nitems + 1) * sizeof(wub_range_t));
    if (ranges == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < items.nitems; i++) {
        rc = wub_range_pg_one(arena, items.items[i], &ranges[i]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    ret->ranges = ranges;
    ret->nranges = items.nitems;

    return WUB_OK;
}


wub_rc_t
wub_transition_pg_parse(wub_arena_t *arena, wub_str_t s, wub_ranges_t *ret)
{
    size_t             i;
    wub_rc_t           rc;
    wub_pg_items_t     items;
    wub_transition_t  *transitions;

    rc = wub_pg_array_parse(arena, s, &items);
    if (rc != WUB_OK) {
        return rc;
    }

    if (items.nitems > WUB_RANGES_MAX) {
        return WUB_TOO_BIG;
    }

    transitions = wub_arena_alloc(arena, (items.nitems + 1)
                                         * sizeof(wub_transition_t));
    if (transitions == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < items.nitems; i++) {
        rc = wub_transition_pg_one(arena, items.items[i], &transitions[i]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    ret->transitions = transitions;
    ret->ntransitions = items.nitems;

    return WUB_OK;
}


void
wub_range_pg_put(wub_buf_t *b, const wub_ranges_t *r)
{
    size_t              i;
    const wub_range_t  *range;

    wub_buf_putc(b, '{');

    /* the composite's own quotes, escaped once more for the array */

    for (i = 0; i < r->nranges; i++) {
        range = &r->ranges[i];

        if (i != 0) {
            wub_buf_putc(b, ',');
        }

        wub_buf_lit(b, "\"(");

        if (range->start != INT64_MIN) {
            wub_buf_lit(b, "\\\"");
            wub_pg_timestamp_put(b, range->start);
            wub_buf_lit(b, "\\\"");
        }

        wub_buf_putc(b, ',');

        if (range->end != INT64_MAX) {
            wub_buf_lit(b, "\\\"");
            wub_pg_timestamp_put(b, range->end);
            wub_buf_lit(b, "\\\"");
        }

        wub_buf_lit(b, ")\"");
    }

    wub_buf_putc(b, '}');
}


void
wub_transition_pg_put(wub_buf_t *b, const wub_ranges_t *r)
{
    size_t                   i;
    wub_buf_t                seconds, composite;
    wub_str_t                fields[2];
    wub_pg_items_t           items;
    const wub_transition_t  *t;

    wub_buf_init(&seconds, b->arena, b->max);
    wub_buf_init(&composite, b->arena, b->max);

    items.items = fields;
    items.nitems = 2;

    wub_buf_putc(b, '{');

    for (i = 0; i < r->ntransitions && b->rc == WUB_OK; i++) {
        t = &r->transitions[i];

        if (i != 0) {
            wub_buf_putc(b, ',');
        }

        if (t->type.len == 0) {
            wub_pg_array_put_item(b, wub_str_n(NULL, 0));
            continue;
        }

        seconds.len = 0;
        wub_buf_seconds(&seconds, t->duration);

        fields[0] = t->type;
        fields[1] = wub_buf_view(&seconds);

        composite.len = 0;
        wub_pg_composite_put(&composite, &items);
        wub_pg_array_put_item(b, wub_buf_view(&composite));

        if (seconds.rc != WUB_OK || composite.rc != WUB_OK) {
            b->rc = (seconds.rc != WUB_OK) ? seconds.rc : composite.rc;
        }
    }

    wub_buf_putc(b, '}');
}


int64_t
wub_ranges_length(const wub_ranges_t *r)
{
    size_t   i;
    int64_t  length;

    length = 0;

    for (i = 0; i < r->nranges; i++) {
        length += r->ranges[i].end - r->ranges[i].start;
    }

    for (i = 0; i < r->ntransitions; i++) {
        length -= r->transitions[i].duration;
    }

    return length;
}


static bool
wub_transition_type(wub_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < 'a' || s.data[i] > 'z') {
            return false;
        }
    }

    return s.len != 0 && s.len <= WUB_TRANSITION_TYPE_MAX;
}


static wub_rc_t
wub_range_pg_one(wub_arena_t *arena, wub_str_t s, wub_range_t *ret)
{
    wub_rc_t        rc;
    wub_pg_items_t  items;

    rc = wub_pg_composite_parse(arena, s, &items);
    if (rc != WUB_OK) {
        return rc;
    }

    if (items.nitems != 2) {
        return WUB_INVALID;
    }

    rc = wub_pg_timestamp_parse(items.items[0], &ret->start);
    if (rc != WUB_OK) {
        return rc;
    }

    if (items.items[1].data == NULL) {
        ret->end = INT64_MAX;
        return WUB_OK;
    }

    return wub_pg_timestamp_parse(items.items[1], &ret->end);
}


/* to SQL a composite of nulls is as null as the null element: a hard cut */
static wub_rc_t
wub_transition_pg_one(wub_arena_t *arena, wub_str_t s, wub_transition_t *ret)
{
    wub_rc_t        rc;
    wub_pg_items_t  items;

    ret->type = wub_str("");
    ret->duration = 0;

    if (s.data == NULL) {
        return WUB_OK;
    }

    rc = wub_pg_composite_parse(arena, s, &items);
    if (rc != WUB_OK) {
        return rc;
    }

    if (items.nitems != 2) {
        return WUB_INVALID;
    }

    if (items.items[0].data == NULL && items.items[1].data == NULL) {
        return WUB_OK;
    }

    if (!wub_transition_type(items.items[0])) {
        return WUB_INVALID;
    }

    ret->type = items.items[0];

    rc = wub_double_seconds(items.items[1], WUB_TRANSITION_MAX,
                            &ret->duration);
    if (rc != WUB_OK) {
        return rc;
    }

    return (ret->duration != 0) ? WUB_OK : WUB_INVALID;
}


/* double precision as Postgres writes it, "1.5" or "1e-05", not negative */
static wub_rc_t
wub_double_seconds(wub_str_t s, int64_t max, int64_t *ret_us)
{
    wub_rc_t      rc;
    wub_scan_t    scan;
    wub_double_t  d;

    wub_scan_init(&scan, s);

    rc = wub_double_scan(&scan, &d);
    if (rc != WUB_OK) {
        return rc;
    }

    if (!wub_scan_done(&scan)) {
        return WUB_INVALID;
    }

    d.exponent += 6;

    return wub_double_scale(&d, max, ret_us);
}


static wub_rc_t
wub_double_scan(wub_scan_t *s, wub_double_t *ret)
{
    bool      point, any;
    int64_t   digit, exponent;
    wub_rc_t  rc;
    uint64_t  ndigits;

    memset(ret, 0, sizeof(wub_double_t));

    point = false;
    any = false;
    ndigits = 0;

    for ( ;; ) {

        if (!point && any && wub_scan_char(s, '.')) {
            point = true;
            any = false;
        }

        if (wub_scan_digits(s, 1, &digit) != WUB_OK) {
            break;
        }

        any = true;

        if (ndigits == WUB_DOUBLE_DIGITS) {
            ret->more = ret->more || digit != 0;
            ret->exponent += !point;
            continue;
        }

        ret->digits = ret->digits * 10 + digit;
        ret->exponent -= point;
        ndigits += (ret->digits != 0);
    }

    if (!any) {
        return WUB_INVALID;
    }

    if (wub_scan_char(s, 'e')) {
        rc = wub_scan_i64(s, -WUB_DOUBLE_EXPONENT, WUB_DOUBLE_EXPONENT,
                          &exponent);
        if (rc != WUB_OK) {
            return rc;
        }

        ret->exponent += exponent;
    }

    return WUB_OK;
}


/* to an integer, ties to even as wub_scan_seconds() has them */
static wub_rc_t
wub_double_scale(const wub_double_t *d, int64_t max, int64_t *ret)
{
    bool     more;
    int64_t  i, n, half;

    n = d->digits;
    half = 0;
    more = d->more;

    for (i = d->exponent; i < 0 && n + half != 0; i++) {
        more = more || half != 0;
        half = n % 10;
        n /= 10;
    }

    for ( /* void */ ; i > 0 && n != 0; i--) {

        if (n > max / 10) {
            return WUB_TOO_BIG;
        }

        n *= 10;
    }

    if (half > 5 || (half == 5 && (more || n % 2 != 0))) {
        n++;
    }

    if (n > max) {
        return WUB_TOO_BIG;
    }

    *ret = n;

    return WUB_OK;
}
