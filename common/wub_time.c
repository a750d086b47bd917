
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "common/wub_scan.h"


#define WUB_DAY                  (INT64_C(24) * WUB_HOUR)
#define WUB_MINUTE               (INT64_C(60) * WUB_SECOND)

#define WUB_YEAR_MIN             1
#define WUB_YEAR_MAX             9999

/* days from 0000-03-01 to 1970-01-01, and of 400 years */
#define WUB_TIME_MARCH           719468
#define WUB_TIME_ERA             146097

/* 10000-01-01, the first moment that cannot be written */
#define WUB_TIME_END             (INT64_C(2932897) * WUB_DAY)


typedef struct {
    int64_t  year;
    int64_t  month;         /* 1 to 12 */
    int64_t  day;           /* 1 to 31 */
    int64_t  us;            /* since midnight */
} wub_civil_t;


static wub_rc_t wub_time_date(wub_scan_t *s, int64_t *ret_us);
static wub_rc_t wub_time_clock(wub_scan_t *s, int64_t *ret_us);
static wub_rc_t wub_time_fraction(wub_scan_t *s, int64_t *ret_us);
static wub_rc_t wub_time_zone(wub_scan_t *s, int64_t *ret_us);
static wub_rc_t wub_time_two(wub_scan_t *s, int64_t max, int64_t *ret);
static int64_t wub_time_days(int64_t year, int64_t month, int64_t day);
static void wub_time_civil(int64_t us, wub_civil_t *ret);
static void wub_time_hour(const wub_civil_t *t, char out[WUB_HOUR_LEN]);
static char *wub_time_digits(char *out, int64_t value, size_t n);
static void wub_time_mul(uint32_t limbs[4], uint32_t by);
static uint32_t wub_time_div(uint32_t limbs[4], uint32_t by);


wub_rc_t
wub_time_parse(wub_str_t s, int64_t *ret_us)
{
    int64_t     date, clock, zone, us;
    wub_scan_t  scan;

    wub_scan_init(&scan, s);

    if (wub_time_date(&scan, &date) != WUB_OK) {
        return WUB_INVALID;
    }

    if (!wub_scan_char(&scan, 'T') && !wub_scan_char(&scan, ' ')) {
        return WUB_INVALID;
    }

    if (wub_time_clock(&scan, &clock) != WUB_OK) {
        return WUB_INVALID;
    }

    if (wub_time_zone(&scan, &zone) != WUB_OK || !wub_scan_done(&scan)) {
        return WUB_INVALID;
    }

    us = date + clock - zone;

    if (us < 0) {
        us = 0;

    } else if (us >= WUB_TIME_END) {
        us = WUB_TIME_END - 1;
    }

    *ret_us = us;

    return WUB_OK;
}


wub_rc_t
wub_hour_parse(wub_str_t s, int64_t *ret_us)
{
    int64_t     date, hour;
    wub_scan_t  scan;

    wub_scan_init(&scan, s);

    if (wub_time_date(&scan, &date) != WUB_OK || date < 0
        || !wub_scan_char(&scan, 'T'))
    {
        return WUB_INVALID;
    }

    if (wub_time_two(&scan, 23, &hour) != WUB_OK || !wub_scan_done(&scan)) {
        return WUB_INVALID;
    }

    *ret_us = date + hour * WUB_HOUR;

    return WUB_OK;
}


int64_t
wub_hour_floor(int64_t us)
{
    int64_t  rest;

    rest = us % WUB_HOUR;

    if (rest < 0) {
        rest += WUB_HOUR;
    }

    return (us < INT64_MIN + rest) ? us : us - rest;
}


void
wub_hour_format(int64_t us, char out[WUB_HOUR_LEN])
{
    wub_civil_t  t;

    wub_time_civil(us, &t);
    wub_time_hour(&t, out);
}


void
wub_time_format(int64_t us, char out[WUB_TIME_LEN])
{
    wub_civil_t  t;

    wub_time_civil(us, &t);
    wub_time_hour(&t, out);

    out += WUB_HOUR_LEN;
    *out++ = ':';
    out = wub_time_digits(out, t.us % WUB_HOUR / WUB_MINUTE, 2);
    *out++ = ':';
    out = wub_time_digits(out, t.us % WUB_MINUTE / WUB_SECOND, 2);
    *out++ = '.';
    (void) wub_time_digits(out, t.us % WUB_SECOND, 6);
}


void
wub_time_put(wub_buf_t *b, int64_t us)
{
    char  text[WUB_TIME_LEN + 1];

    wub_time_format(us, text);
    text[WUB_TIME_LEN] = 'Z';

    wub_buf_put(b, text, sizeof(text));
}


/*
 * The product has up to 91 bits: limbs of 32 bits, lowest first, since
 * a division of 128 bits is a call into the compiler's library.
 */
int64_t
wub_time_from_ticks(int64_t ticks, int32_t num, int32_t den)
{
    bool      minus;
    uint32_t  limbs[4], rest;
    uint64_t  n, twice;

    if (num < 0 || den <= 0) {
        return 0;
    }

    minus = (ticks < 0);
    n = minus ? 0 - (uint64_t) ticks : (uint64_t) ticks;

    limbs[0] = (uint32_t) (n & UINT32_MAX);
    limbs[1] = (uint32_t) (n >> 32);
    limbs[2] = 0;
    limbs[3] = 0;

    wub_time_mul(limbs, (uint32_t) num);
    wub_time_mul(limbs, (uint32_t) WUB_SECOND);

    rest = wub_time_div(limbs, (uint32_t) den);

    if (limbs[3] != 0 || limbs[2] != 0 || limbs[1] > INT32_MAX) {
        return minus ? INT64_MIN : INT64_MAX;
    }

    n = (uint64_t) limbs[1] << 32 | limbs[0];
    twice = (uint64_t) rest * 2;

    if (n < INT64_MAX
        && (twice > (uint32_t) den
            || (twice == (uint32_t) den && n % 2 != 0)))
    {
        n++;
    }

    return minus ? -(int64_t) n : (int64_t) n;
}


/* YYYY-MM-DD */
static wub_rc_t
wub_time_date(wub_scan_t *s, int64_t *ret_us)
{
    bool                  leap;
    int64_t               year, month, day, max;
    static const uint8_t  days[] = { 31, 28, 31, 30, 31, 30,
                                     31, 31, 30, 31, 30, 31 };

    if (wub_scan_digits(s, 4, &year) != WUB_OK
        || year < WUB_YEAR_MIN || year > WUB_YEAR_MAX
        || !wub_scan_char(s, '-'))
    {
        return WUB_INVALID;
    }

    if (wub_time_two(s, 12, &month) != WUB_OK || month == 0
        || !wub_scan_char(s, '-'))
    {
        return WUB_INVALID;
    }

    leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    max = days[month - 1] + ((month == 2 && leap) ? 1 : 0);

    if (wub_time_two(s, max, &day) != WUB_OK || day == 0) {
        return WUB_INVALID;
    }

    *ret_us = wub_time_days(year, month, day) * WUB_DAY;

    return WUB_OK;
}


/* HH:MM[:SS[.f...]] */
static wub_rc_t
wub_time_clock(wub_scan_t *s, int64_t *ret_us)
{
    int64_t  hour, minute, second, fraction;

    if (wub_time_two(s, 23, &hour) != WUB_OK || !wub_scan_char(s, ':')
        || wub_time_two(s, 59, &minute) != WUB_OK)
    {
        return WUB_INVALID;
    }

    second = 0;
    fraction = 0;

    if (wub_scan_char(s, ':')) {

        if (wub_time_two(s, 59, &second) != WUB_OK) {
            return WUB_INVALID;
        }

        if (wub_scan_char(s, '.')
            && wub_time_fraction(s, &fraction) != WUB_OK)
        {
            return WUB_INVALID;
        }
    }

    *ret_us = hour * WUB_HOUR + minute * WUB_MINUTE + second * WUB_SECOND
              + fraction;

    return WUB_OK;
}


/* one digit or more; those after the sixth are read and cut off */
static wub_rc_t
wub_time_fraction(wub_scan_t *s, int64_t *ret_us)
{
    int64_t  digit, us, unit;

    if (wub_scan_digits(s, 1, &digit) != WUB_OK) {
        return WUB_INVALID;
    }

    us = 0;
    unit = WUB_SECOND / 10;

    do {
        us += digit * unit;
        unit /= 10;
    } while (wub_scan_digits(s, 1, &digit) == WUB_OK);

    *ret_us = us;

    return WUB_OK;
}


/* what is to be taken off for UTC: nothing, Z, +HH:MM, +HHMM or +HH */
static wub_rc_t
wub_time_zone(wub_scan_t *s, int64_t *ret_us)
{
    bool     minus;
    int64_t  hour, minute;

    if (wub_scan_done(s) || wub_scan_char(s, 'Z')) {
        *ret_us = 0;
        return WUB_OK;
    }

    minus = wub_scan_char(s, '-');

    if (!minus && !wub_scan_char(s, '+')) {
        return WUB_INVALID;
    }

    if (wub_time_two(s, 23, &hour) != WUB_OK) {
        return WUB_INVALID;
    }

    minute = 0;

    if ((wub_scan_char(s, ':') || !wub_scan_done(s))
        && wub_time_two(s, 59, &minute) != WUB_OK)
    {
        return WUB_INVALID;
    }

    *ret_us = hour * WUB_HOUR + minute * WUB_MINUTE;

    if (minus) {
        *ret_us = -*ret_us;
    }

    return WUB_OK;
}


static wub_rc_t
wub_time_two(wub_scan_t *s, int64_t max, int64_t *ret)
{
    int64_t  value;

    if (wub_scan_digits(s, 2, &value) != WUB_OK || value > max) {
        return WUB_INVALID;
    }

    *ret = value;

    return WUB_OK;
}


/*
 * Days since 1970-01-01 of the proleptic Gregorian calendar.  The year is
 * counted from March, so that the leap day is its last.
 */
static int64_t
wub_time_days(int64_t year, int64_t month, int64_t day)
{
    int64_t  y, m;

    y = (month > 2) ? year : year - 1;
    m = (month > 2) ? month - 3 : month + 9;

    return y * 365 + y / 4 - y / 100 + y / 400
           + (153 * m + 2) / 5 + day - 1 - WUB_TIME_MARCH;
}


/* us outside the years 1970 to 9999 is brought to the nearer end */
static void
wub_time_civil(int64_t us, wub_civil_t *ret)
{
    int64_t  days, era, year, month;

    if (us < 0) {
        us = 0;

    } else if (us >= WUB_TIME_END) {
        us = WUB_TIME_END - 1;
    }

    /* days of an era of 400 years, whose years begin in March, as above */

    days = us / WUB_DAY + WUB_TIME_MARCH;
    era = days / WUB_TIME_ERA;
    days %= WUB_TIME_ERA;

    year = (days - days / 1460 + days / 36524 - days / 146096) / 365;
    days -= year * 365 + year / 4 - year / 100;
    month = (5 * days + 2) / 153;

    ret->year = era * 400 + year + (month > 9);
    ret->month = (month > 9) ? month - 9 : month + 3;
    ret->day = days - (153 * month + 2) / 5 + 1;
    ret->us = us % WUB_DAY;
}


static void
wub_time_hour(const wub_civil_t *t, char out[WUB_HOUR_LEN])
{
    out = wub_time_digits(out, t->year, 4);
    *out++ = '-';
    out = wub_time_digits(out, t->month, 2);
    *out++ = '-';
    out = wub_time_digits(out, t->day, 2);
    *out++ = 'T';
    (void) wub_time_digits(out, t->us / WUB_HOUR, 2);
}


static char *
wub_time_digits(char *out, int64_t value, size_t n)
{
    size_t  i;

    for (i = n; i > 0; i--) {
        out[i - 1] = (char) ('0' + value % 10);
        value /= 10;
    }

    return out + n;
}


static void
wub_time_mul(uint32_t limbs[4], uint32_t by)
{
    size_t    i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < 4; i++) {
        n += (uint64_t) limbs[i] * by;
        limbs[i] = (uint32_t) (n & UINT32_MAX);
        n >>= 32;
    }
}


/* returns the remainder */
static uint32_t
wub_time_div(uint32_t limbs[4], uint32_t by)
{
    size_t    i;
    uint64_t  n;

    n = 0;

    for (i = 4; i > 0; i--) {
        n = n << 32 | limbs[i - 1];
        limbs[i - 1] = (uint32_t) (n / by);
        n %= by;
    }

    return (uint32_t) n;
}
