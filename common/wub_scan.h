
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_scan: bounded readers over a wub_str_t.  Every number that comes
 * from outside is read here.
 * May call: nothing.
 * Frees: nothing.
 */


#ifndef WUB_SCAN_H_INCLUDED_
#define WUB_SCAN_H_INCLUDED_


#include "common/wub.h"


typedef struct {
    const char  *pos;
    const char  *end;
} wub_scan_t;


void wub_scan_init(wub_scan_t *s, wub_str_t input);
bool wub_scan_done(const wub_scan_t *s);

/* consumes c, or nothing */
bool wub_scan_char(wub_scan_t *s, char c);

/* consumes the literal, or nothing */
bool wub_scan_literal(wub_scan_t *s, wub_str_t literal);

/* exactly n digits, n <= 18 */
wub_rc_t wub_scan_digits(wub_scan_t *s, size_t n, int64_t *ret)
    WUB_MUST_CHECK;

/* one or more digits up to max; WUB_TOO_BIG above it */
wub_rc_t wub_scan_u64(wub_scan_t *s, uint64_t max, uint64_t *ret)
    WUB_MUST_CHECK;

/* as wub_scan_u64() with an optional sign */
wub_rc_t wub_scan_i64(wub_scan_t *s, int64_t min, int64_t max, int64_t *ret)
    WUB_MUST_CHECK;

/*
 * A plain decimal of seconds, digits[.digits], as microseconds; digits
 * after the sixth are rounded, ties to even.  max in microseconds.
 */
wub_rc_t wub_scan_seconds(wub_scan_t *s, int64_t max, int64_t *ret)
    WUB_MUST_CHECK;

/* the bytes before the next c, which is consumed; WUB_DECLINED: no c */
wub_rc_t wub_scan_until(wub_scan_t *s, char c, wub_str_t *ret)
    WUB_MUST_CHECK;

/* all that is left */
wub_str_t wub_scan_rest(wub_scan_t *s);

/* a whole string that is one number, as wub_scan_u64() */
wub_rc_t wub_str_u64(wub_str_t s, uint64_t max, uint64_t *ret)
    WUB_MUST_CHECK;


#endif /* WUB_SCAN_H_INCLUDED_ */
