
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_scan.h"


#define WUB_SCAN_DIGITS_MAX      18


/* what follows the seconds; nothing at all is zero */
typedef struct {
    bool      rest;         /* a digit after the seventh is not zero */
    uint64_t  us;
    uint64_t  seventh;
} wub_scan_fraction_t;


static wub_rc_t wub_scan_fraction(wub_scan_t *s, wub_scan_fraction_t *ret);
static bool wub_scan_digit(const wub_scan_t *s, uint64_t *ret);


void
wub_scan_init(wub_scan_t *s, wub_str_t input)
{
    s->pos = input.data;
    s->end = (input.len == 0) ? input.data : input.data + input.len;
}


bool
wub_scan_done(const wub_scan_t *s)
{
    return s->pos == s->end;
}


bool
wub_scan_char(wub_scan_t *s, char c)
{
    if (s->pos == s->end || *s->pos != c) {
        return false;
    }

    s->pos++;

    return true;
}


bool
wub_scan_literal(wub_scan_t *s, wub_str_t literal)
{
    if ((size_t) (s->end - s->pos) < literal.len) {
        return false;
    }

    if (literal.len == 0) {
        return true;
    }

    if (memcmp(s->pos, literal.data, literal.len) != 0) {
        return false;
    }

    s->pos += literal.len;

    return true;
}


wub_rc_t
wub_scan_digits(wub_scan_t *s, size_t n, int64_t *ret)
{
    size_t      i;
    uint64_t    value, digit;
    wub_scan_t  look;

    if (n == 0 || n > WUB_SCAN_DIGITS_MAX) {
        return WUB_INVALID;
    }

    look = *s;
    value = 0;

    for (i = 0; i < n; i++) {
        if (!wub_scan_digit(&look, &digit)) {
            return WUB_INVALID;
        }

        value = value * 10 + digit;
        look.pos++;
    }

    *s = look;
    *ret = (int64_t) value;

    return WUB_OK;
}


wub_rc_t
wub_scan_u64(wub_scan_t *s, uint64_t max, uint64_t *ret)
{
    uint64_t    value, digit;
    wub_scan_t  look;

    look = *s;
    value = 0;

    while (wub_scan_digit(&look, &digit)) {
        if (digit > max || value > (max - digit) / 10) {
            return WUB_TOO_BIG;
        }

        value = value * 10 + digit;
        look.pos++;
    }

    if (look.pos == s->pos) {
        return WUB_INVALID;
    }

    *s = look;
    *ret = value;

    return WUB_OK;
}


wub_rc_t
wub_scan_i64(wub_scan_t *s, int64_t min, int64_t max, int64_t *ret)
{
    bool        minus;
    int64_t     value;
    uint64_t    n, limit;
    wub_rc_t    rc;
    wub_scan_t  look;

    look = *s;
    minus = wub_scan_char(&look, '-');

    if (!minus) {
        (void) wub_scan_char(&look, '+');
    }

    limit = (uint64_t) INT64_MAX + (minus ? 1 : 0);

    rc = wub_scan_u64(&look, limit, &n);
    if (rc != WUB_OK) {
        return rc;
    }

    if (!minus) {
        value = (int64_t) n;

    } else if (n == limit) {
        value = INT64_MIN;

    } else {
        value = -(int64_t) n;
    }

    if (value < min || value > max) {
        return WUB_TOO_BIG;
    }

    *s = look;
    *ret = value;

    return WUB_OK;
}


wub_rc_t
wub_scan_seconds(wub_scan_t *s, int64_t max, int64_t *ret)
{
    uint64_t             value;
    wub_rc_t             rc;
    wub_scan_t           look;
    wub_scan_fraction_t  f;

    if (max < 0) {
        return WUB_TOO_BIG;
    }

    look = *s;

    rc = wub_scan_u64(&look, (uint64_t) (max / WUB_SECOND), &value);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_scan_fraction(&look, &f);
    if (rc != WUB_OK) {
        return rc;
    }

    value = value * (uint64_t) WUB_SECOND + f.us;

    if (value > (uint64_t) max
        || (value == (uint64_t) max && (f.seventh != 0 || f.rest)))
    {
        return WUB_TOO_BIG;
    }

    if (f.seventh > 5 || (f.seventh == 5 && (f.rest || value % 2 != 0))) {
        value++;
    }

    *s = look;
    *ret = (int64_t) value;

    return WUB_OK;
}


wub_rc_t
wub_scan_until(wub_scan_t *s, char c, wub_str_t *ret)
{
    const char  *p;

    for (p = s->pos; p != s->end; p++) {

        if (*p == c) {
            *ret = wub_str_n(s->pos, (size_t) (p - s->pos));
            s->pos = p + 1;
            return WUB_OK;
        }
    }

    return WUB_DECLINED;
}


wub_str_t
wub_scan_rest(wub_scan_t *s)
{
    wub_str_t  rest;

    rest = wub_str_n(s->pos, (size_t) (s->end - s->pos));
    s->pos = s->end;

    return rest;
}


wub_rc_t
wub_str_u64(wub_str_t s, uint64_t max, uint64_t *ret)
{
    uint64_t    value;
    wub_rc_t    rc;
    wub_scan_t  scan;

    wub_scan_init(&scan, s);

    rc = wub_scan_u64(&scan, max, &value);
    if (rc != WUB_OK) {
        return rc;
    }

    if (!wub_scan_done(&scan)) {
        return WUB_INVALID;
    }

    *ret = value;

    return WUB_OK;
}


static wub_rc_t
wub_scan_fraction(wub_scan_t *s, wub_scan_fraction_t *ret)
{
    size_t    n;
    uint64_t  digit;

    memset(ret, 0, sizeof(wub_scan_fraction_t));

    if (!wub_scan_char(s, '.')) {
        return WUB_OK;
    }

    for (n = 0; wub_scan_digit(s, &digit); n++) {

        if (n < 6) {
            ret->us = ret->us * 10 + digit;

        } else if (n == 6) {
            ret->seventh = digit;

        } else if (digit != 0) {
            ret->rest = true;
        }

        s->pos++;
    }

    if (n == 0) {
        return WUB_INVALID;
    }

    for ( /* void */ ; n < 6; n++) {
        ret->us *= 10;
    }

    return WUB_OK;
}


static bool
wub_scan_digit(const wub_scan_t *s, uint64_t *ret)
{
    if (s->pos == s->end || *s->pos < '0' || *s->pos > '9') {
        return false;
    }

    *ret = (uint64_t) (*s->pos - '0');

    return true;
}
