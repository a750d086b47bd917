
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_time: moments as microseconds since 1970-01-01T00:00:00 UTC, read
 * and written; leap seconds do not exist here.  No clock, no locale.
 * May call: wub_scan, wub_buf.
 * Frees: nothing.
 */


#ifndef WUB_TIME_H_INCLUDED_
#define WUB_TIME_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_buf.h"


/* "YYYY-MM-DDTHH" */
#define WUB_HOUR_LEN             13

/* "YYYY-MM-DDTHH:MM:SS.ffffff" */
#define WUB_TIME_LEN             26


/*
 * A time as a client writes it (CONTRACT.md 0): ISO 8601,
 * YYYY-MM-DDTHH:MM[:SS[.f...]], a space for T allowed; no zone or Z is
 * UTC, +HH:MM, +HHMM or +HH is converted; digits after the sixth of the
 * fraction are cut off.  Years 1 to 9999.  A moment before 1970 is 1970's
 * first, one past 9999 its last: there is no footage that could tell.
 * WUB_INVALID otherwise.
 */
wub_rc_t wub_time_parse(wub_str_t s, int64_t *ret_us) WUB_MUST_CHECK;

/* exactly "YYYY-MM-DDTHH", a real date and hour, from 1970 on */
wub_rc_t wub_hour_parse(wub_str_t s, int64_t *ret_us) WUB_MUST_CHECK;

/* the start of the hour that holds us */
int64_t wub_hour_floor(int64_t us);

/* writes WUB_HOUR_LEN bytes, no zero; us within years 1970 to 9999 */
void wub_hour_format(int64_t us, char out[WUB_HOUR_LEN]);

/* writes WUB_TIME_LEN bytes, no zero, no zone */
void wub_time_format(int64_t us, char out[WUB_TIME_LEN]);

/* appends "YYYY-MM-DDTHH:MM:SS.ffffffZ" */
void wub_time_put(wub_buf_t *b, int64_t us);

/*
 * ticks * num / den seconds in microseconds, rounded to the nearest, ties
 * to even (CONTRACT.md 0, time of a frame).  den > 0; no overflow for
 * |ticks| below 2^40 and num, den below 2^31.
 */
int64_t wub_time_from_ticks(int64_t ticks, int32_t num, int32_t den);


#endif /* WUB_TIME_H_INCLUDED_ */
