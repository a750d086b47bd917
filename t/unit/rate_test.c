
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Bit rates: cases as text, and random hours against an oracle that looks
 * at every run of segments.
 */


#include "t/unit/wub_test.h"

#include "common/wub_rate.h"


#define S        WUB_SECOND
#define MAX      40
#define SLACK    INT64_C(10000)


typedef struct {
    wub_segment_t  segments[MAX];
    uint64_t       sizes[MAX];
    wub_rate_t     rate;
} hour_t;


static void
add(hour_t *h, int64_t start, int64_t duration, wub_segment_type_e type,
    uint64_t size)
{
    size_t  n;

    n = h->rate.n++;
    assert_true(n < MAX);

    memset(&h->segments[n], 0, sizeof(wub_segment_t));
    h->segments[n].start = start;
    h->segments[n].duration = duration;
    h->segments[n].type = type;
    h->sizes[n] = size;
}


static void
empty(hour_t *h)
{
    h->rate.segments = h->segments;
    h->rate.sizes = h->sizes;
    h->rate.n = 0;
    h->rate.tolerance = SLACK;
}


/*
 * "2:1000" is a segment of 2 s with 1000 bytes, behind the one before it;
 * "+0.5" a gap, "-0.01" an overlap, "p2:9" a partial one.
 */
static void
make(hour_t *h, const char *text)
{
    bool      partial;
    char     *next;
    double    seconds;
    int64_t   at, us;

    at = 0;
    empty(h);

    while (*text != '\0') {
        partial = (*text == 'p');
        text += partial;

        seconds = strtod(text, &next);
        assert_true(next != text);
        us = (int64_t) (seconds * 1e6 + (seconds < 0 ? -0.5 : 0.5));

        if (*next == ':') {
            add(h, at, us, partial ? WUB_SEGMENT_PARTIAL : WUB_SEGMENT_FULL,
                strtoull(next + 1, &next, 10));
        }

        at += us;
        text = next + (*next == ' ');
    }
}


static void
cases(void **state)
{
    size_t    i;
    hour_t    h;
    uint64_t  peak, average;

    static const struct {
        const char  *hour;
        uint64_t     peak;
        uint64_t     average;
    } rows[] = {
        { "", 0, 0 },
        { "2:1000000", 4000000, 4000000 },
        { "2:1000000 2:3000000 2:2000000", 12000000, 8000000 },
        { "3:1", 3, 3 },
        { "2:0", 0, 0 },
        { "0:1000", 0, 0 },
        { "p2:1000", 0, 0 },
        { "p2:9000 2:1000", 4000, 4000 },

        /* two of 1 s are half of a target of 4, one is not */

        { "4:4000 1:3000 1:1000", 16000, 10667 },
        { "4:4000 1:3000 +0.010 1:1000", 16000, 10667 },
        { "4:4000 1:3000 +0.010001 1:1000", 11200, 10667 },
        { "4:4000 1:3000 -0.010 1:1000", 16000, 10667 },
        { "4:4000 1:3000 -0.010001 1:1000", 11200, 10667 },
        { "4:4000 1:3000 p1:1000 1:3000", 11200, 13334 },

        /* three halves of the target, and a little more */

        { "2:1000 1:1000", 8000, 5334 },
        { "2:1000 0.9:900 2:1000 +1 0.999999:9000", 5242, 16136 },
        { "4:1000 1:5000 1:5000 +1 4:0", 40000, 8800 },
        { "4:0 1:0 1:9000 4.000001:99999", 199998, 87200 },

        /* less than half a second altogether: that of each */

        { "0.2:1000 0.2:3000", 120000, 80000 },
        { "0.3:1000 0.2:3000", 64000, 64000 },
        { "1.5:1000 0.999999:9000", 32001, 32001 },

        /* more bits than 64 hold */

        { "0.000001:18446744073709551615 1:18446744073709551615",
          UINT64_C(18446744073704), UINT64_C(18446725626979) },
        { "0.000001:18446744073709551615",
          UINT64_C(18446744073704000000), UINT64_C(18446744073704000000) },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        make(&h, rows[i].hour);

        peak = wub_rate_peak(&h.rate);
        average = wub_rate_average(&h.rate);

        wub_expect(peak == rows[i].peak && average == rows[i].average,
                   "row %zu: peak %llu average %llu", i,
                   (unsigned long long) peak, (unsigned long long) average);
    }
}


static uint64_t
bits(uint64_t bytes, uint64_t us)
{
    return (us == 0) ? 0 : (bytes * 8000000 + us - 1) / us;
}


/* every run of full ones that touch, in doubled microseconds */
static uint64_t
oracle(const hour_t *h)
{
    bool      touch;
    size_t    i, k, j;
    int64_t   longest, target, us;
    uint64_t  bytes, rate, peak, single;

    longest = 0;
    peak = 0;
    single = 0;

    for (i = 0; i < h->rate.n; i++) {
        if (h->segments[i].type == WUB_SEGMENT_FULL) {
            if (h->segments[i].duration > longest) {
                longest = h->segments[i].duration;
            }

            rate = bits(h->sizes[i], (uint64_t) h->segments[i].duration);
            single = (rate > single) ? rate : single;
        }
    }

    for (target = 1; 2 * longest >= (2 * target + 1) * S; target++) {
        /* void */
    }

    for (i = 0; i < h->rate.n; i++) {
        for (k = i; k < h->rate.n; k++) {
            us = 0;
            bytes = 0;
            touch = true;

            for (j = i; j <= k; j++) {
                us += h->segments[j].duration;
                bytes += h->sizes[j];
                touch = touch && h->segments[j].type == WUB_SEGMENT_FULL
                        && (j == i
                            || llabs(h->segments[j].start
                                     - h->segments[j - 1].start
                                     - h->segments[j - 1].duration) <= SLACK);
            }

            if (touch && 2 * us >= target * S && 2 * us <= 3 * target * S) {
                rate = bits(bytes, (uint64_t) us);
                peak = (rate > peak) ? rate : peak;
            }
        }
    }

    return (peak != 0) ? peak : single;
}


static void
random_hours(void **state)
{
    size_t    i, k, n;
    hour_t    h;
    int64_t   at, us;
    uint64_t  seed, peak;

    static const int64_t  gaps[] = {
        0, 0, 0, 0, 0, 1, -1, SLACK, -SLACK, SLACK + 1, -SLACK - 1, S
    };

    (void) state;

    seed = wub_test_seed();

    for (i = 0; i < 20000; i++) {
        empty(&h);
        at = 0;
        n = wub_test_below(&seed, MAX + 1);

        for (k = 0; k < n; k++) {
            us = (int64_t) wub_test_below(&seed, 12) * S / 4
                 + (int64_t) wub_test_below(&seed, 3) - 1;
            us = (us < 0) ? 0 : us;

            add(&h, at, us,
                wub_test_below(&seed, 8) == 0 ? WUB_SEGMENT_SUSPECT
                                              : WUB_SEGMENT_FULL,
                wub_test_below(&seed, 5000));

            at += us + gaps[wub_test_below(&seed, wub_nitems(gaps))];
        }

        peak = wub_rate_peak(&h.rate);

        wub_expect(peak == oracle(&h), "hour %zu: %llu, not %llu", i,
                   (unsigned long long) peak,
                   (unsigned long long) oracle(&h));
    }
}


/* an hour full of segments that last no time is read in no time, too */
static void
many(void **state)
{
    size_t          i;
    uint64_t       *sizes;
    wub_rate_t      s;
    wub_segment_t  *segments;

    (void) state;

    s.n = WUB_HOUR_ENTRIES_MAX;
    s.tolerance = SLACK;
    sizes = test_malloc(s.n * sizeof(uint64_t));
    segments = test_malloc(s.n * sizeof(wub_segment_t));
    memset(segments, 0, s.n * sizeof(wub_segment_t));

    for (i = 0; i < s.n; i++) {
        segments[i].type = WUB_SEGMENT_FULL;
        sizes[i] = 1;
    }

    s.sizes = sizes;
    s.segments = segments;

    assert_int_equal(wub_rate_peak(&s), 0);
    assert_int_equal(wub_rate_average(&s), 0);

    test_free(sizes);
    test_free(segments);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(cases),
        cmocka_unit_test(random_hours),
        cmocka_unit_test(many),
    };

    return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
