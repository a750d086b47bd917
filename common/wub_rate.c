
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_rate.h"


/* sizes beyond it, and sums of them, count as it: bits must fit 64 */
#define WUB_RATE_BYTES_MAX       (UINT64_MAX / (8 * (uint64_t) WUB_SECOND))

/*
 * Segments of one set.  Sets of a true stream hold two or three; the bound
 * is for an hour full of segments that last no time.
 */
#define WUB_RATE_SET_MAX         256


static uint64_t wub_rate_set(const wub_rate_t *s, size_t from,
    int64_t least, int64_t most);
static int64_t wub_rate_longest(const wub_rate_t *s);
static uint64_t wub_rate_bytes(uint64_t sum, uint64_t size);
static uint64_t wub_rate_bits(uint64_t bytes, int64_t duration);


uint64_t
wub_rate_peak(const wub_rate_t *s)
{
    size_t    i;
    int64_t   target;
    uint64_t  rate, peak, single;

    peak = 0;
    single = 0;

    target = (wub_rate_longest(s) + WUB_SECOND / 2) / WUB_SECOND;
    target = (target < 1) ? WUB_SECOND : target * WUB_SECOND;

    for (i = 0; i < s->n; i++) {

        if (s->segments[i].type != WUB_SEGMENT_FULL) {
            continue;
        }

        rate = wub_rate_set(s, i, target / 2, target + target / 2);
        peak = (rate > peak) ? rate : peak;

        rate = wub_rate_bits(s->sizes[i], s->segments[i].duration);
        single = (rate > single) ? rate : single;
    }

    return (peak != 0) ? peak : single;
}


uint64_t
wub_rate_average(const wub_rate_t *s)
{
    size_t    i;
    int64_t   duration;
    uint64_t  bytes;

    bytes = 0;
    duration = 0;

    for (i = 0; i < s->n; i++) {
        if (s->segments[i].type == WUB_SEGMENT_FULL) {
            bytes = wub_rate_bytes(bytes, s->sizes[i]);
            duration += s->segments[i].duration;
        }
    }

    return wub_rate_bits(bytes, duration);
}


/* the highest rate of sets that begin with one segment; 0: none qualifies */
static uint64_t
wub_rate_set(const wub_rate_t *s, size_t from, int64_t least,
    int64_t most)
{
    size_t                i;
    int64_t               duration, gap;
    uint64_t              bytes, rate, best;
    const wub_segment_t  *segment;

    best = 0;
    bytes = 0;
    duration = 0;

    for (i = from; i < s->n && i - from < WUB_RATE_SET_MAX; i++) {
        segment = &s->segments[i];

        if (segment->type != WUB_SEGMENT_FULL) {
            break;
        }

        if (i != from) {
            gap = segment->start - wub_segment_end(segment - 1);

            if (gap > s->tolerance || gap < -s->tolerance) {
                break;
            }
        }

        duration += segment->duration;
        bytes = wub_rate_bytes(bytes, s->sizes[i]);

        if (duration > most) {
            break;
        }

        if (duration >= least) {
            rate = wub_rate_bits(bytes, duration);
            best = (rate > best) ? rate : best;
        }
    }

    return best;
}


static int64_t
wub_rate_longest(const wub_rate_t *s)
{
    size_t   i;
    int64_t  longest;

    longest = 0;

    for (i = 0; i < s->n; i++) {
        if (s->segments[i].type == WUB_SEGMENT_FULL
            && s->segments[i].duration > longest)
        {
            longest = s->segments[i].duration;
        }
    }

    return longest;
}


static uint64_t
wub_rate_bytes(uint64_t sum, uint64_t size)
{
    return (size < WUB_RATE_BYTES_MAX - sum) ? sum + size
                                             : WUB_RATE_BYTES_MAX;
}


/* a second, rounded up: no set may be above its playlist's peak */
static uint64_t
wub_rate_bits(uint64_t bytes, int64_t duration)
{
    uint64_t  bits, us;

    if (duration <= 0) {
        return 0;
    }

    us = (uint64_t) duration;
    bits = wub_rate_bytes(0, bytes) * 8 * (uint64_t) WUB_SECOND;

    return bits / us + (bits % us != 0);
}
