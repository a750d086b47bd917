
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "common/wub_time.h"


/* numbers of seconds: date -u -d ... +%s */
#define T_2019                   INT64_C(1573612476)
#define T_LEAP                   INT64_C(1582934400)
#define T_END                    INT64_C(253402300800)


typedef struct {
    const char  *in;
    int64_t      us;
} good_case_t;

typedef struct {
    int64_t  ticks;
    int32_t  num;
    int32_t  den;
    int64_t  us;
} ticks_case_t;


static const good_case_t  good[] = {
    { "2019-11-13T02:34:36", T_2019 * WUB_SECOND },
    { "2019-11-13 02:34:36", T_2019 * WUB_SECOND },
    { "2019-11-13T02:34:36Z", T_2019 * WUB_SECOND },
    { "2019-11-13T02:34", (T_2019 - 36) * WUB_SECOND },
    { "2019-11-13T02:34Z", (T_2019 - 36) * WUB_SECOND },
    { "2019-11-13T02:34:36.5", T_2019 * WUB_SECOND + 500000 },
    { "2019-11-13T02:34:36.05", T_2019 * WUB_SECOND + 50000 },
    { "2019-11-13T02:34:36.000001", T_2019 * WUB_SECOND + 1 },
    { "2019-11-13T02:34:36.123456", T_2019 * WUB_SECOND + 123456 },

    /* cut off, not rounded */
    { "2019-11-13T02:34:36.1234569", T_2019 * WUB_SECOND + 123456 },
    { "2019-11-13T02:34:36.9999999", T_2019 * WUB_SECOND + 999999 },
    { "2019-11-13T02:34:36.00000099999999999999999999999999",
      T_2019 * WUB_SECOND },

    /* converted, not ignored */
    { "2019-11-13T03:34:36+01:00", T_2019 * WUB_SECOND },
    { "2019-11-13T03:34:36+0100", T_2019 * WUB_SECOND },
    { "2019-11-13T03:34:36+01", T_2019 * WUB_SECOND },
    { "2019-11-12T18:34:36-08:00", T_2019 * WUB_SECOND },
    { "2019-11-13T08:19:36.25+05:45", T_2019 * WUB_SECOND + 250000 },
    { "2019-11-13T02:34-00:00", (T_2019 - 36) * WUB_SECOND },

    { "1970-01-01T00:00:00", 0 },
    { "1970-01-01T01:00:00+01:00", 0 },
    { "1969-12-31T23:00-01:00", 0 },
    { "9999-12-31T23:59:59.999999", T_END * WUB_SECOND - 1 },

    /* before the first and past the last moment that is told apart */
    { "0001-01-01T00:00", 0 },
    { "1969-12-31T23:59:59.999999", 0 },
    { "1970-01-01T00:00:00+00:01", 0 },
    { "9999-12-31T23:59:59.999999-00:01", T_END * WUB_SECOND - 1 },
    { "1968-02-29T00:00:00", 0 },

    /* leap days */
    { "2020-02-29T00:00:00", T_LEAP * WUB_SECOND },
    { "2020-02-28T24:00:00", -1 },
    { "2020-03-01T00:00:00", (T_LEAP + 86400) * WUB_SECOND },
    { "2000-02-29T00:00:00", INT64_C(951782400) * WUB_SECOND },
    { "2400-02-29T00:00:00", INT64_C(13574563200) * WUB_SECOND },
    { "1972-02-29T00:00:00", INT64_C(68169600) * WUB_SECOND }
};


static const char  *bad[] = {
    "", " ", "T", "now", "1573612476",
    "2019-11-13", "2019-11-13T", "2019-11-13T02", "2019-11-13T02:",
    "2019-11-13T02:3", "2019-11-13T02:34:", "2019-11-13T02:34:3",
    "2019-11-13T02:34:36.", "2019-11-13T02:34:36.x", "2019-11-13T02:34.5",
    "2019-11-13T02:34:36,5", "2019-11-13t02:34:36", "2019-11-13T02:34:36z",
    "2019-11-13  02:34:36", "2019-11-13T02:34:36 ", " 2019-11-13T02:34:36",
    "2019-11-13T02:34:36ZZ", "2019-11-13T02:34:36Z+01:00",
    "2019-11-13T02:34:36+", "2019-11-13T02:34:36+1", "2019-11-13T02:34:36+01:",
    "2019-11-13T02:34:36+01:0", "2019-11-13T02:34:36+010",
    "2019-11-13T02:34:36+24:00", "2019-11-13T02:34:36+01:60",
    "2019-11-13T02:34:36+01:00x", "2019-11-13T02:34:36 +01:00",
    "2019-11-13T02:34:36 UTC", "2019-11-13T02:34:36+-1:00",
    "2019-11-13T24:00:00", "2019-11-13T02:60:00", "2019-11-13T02:34:60",
    "2019-00-13T02:34:36", "2019-13-13T02:34:36", "2019-11-00T02:34:36",
    "2019-11-31T02:34:36", "2019-02-29T00:00", "1900-02-29T00:00",
    "2100-02-29T00:00", "2020-02-30T00:00",
    "0000-01-01T00:00", "10000-01-01T00:00", "1969-02-29T00:00",
    "19-11-13T02:34:36", "-2019-11-13T02:34:36", "+2019-11-13T02:34:36",
    "2019-1-13T02:34:36", "2019-11-13T2:34:36", "2019/11/13T02:34:36",
    "20191113T023436", "inf", "nan"
};


static const char  *bad_hours[] = {
    "", "2019", "2019-11-13", "2019-11-13T", "2019-11-13T2",
    "2019-11-13T024", "2019-11-13T24", "2019-11-13 02", "2019-11-31T02",
    "2019-11-13T02:00", "2019-11-13T02/", ".019-11-13T02", "2019-02-29T00",
    "1969-12-31T23", "0001-01-01T00", "2019-11-13T02Z", "2019-11-13T-1"
};


static const ticks_case_t  ticks_cases[] = {
    { 0, 1, 90000, 0 },
    { 90000, 1, 90000, 1000000 },
    { -90000, 1, 90000, -1000000 },
    { 3003, 1, 90000, 33367 },
    { 1, 1, 90000, 11 },
    { 1, 1001, 30000, 33367 },

    /* halves go to the even one */
    { 1, 1, 2000000, 0 },
    { 3, 1, 2000000, 2 },
    { 5, 1, 2000000, 2 },
    { -1, 1, 2000000, 0 },
    { -3, 1, 2000000, -2 },
    { -5, 1, 2000000, -2 },

    /* 33 bits and more of a 90 kHz clock */
    { INT64_C(8589934592), 1, 90000, INT64_C(95443717689) },
    { INT64_C(1099511627775), 1, 90000, INT64_C(12216795864167) },
    { INT64_C(1099511627775), INT32_MAX, INT32_MAX,
      INT64_C(1099511627775000000) },
    { INT64_C(-1099511627775), INT32_MAX, INT32_MAX,
      INT64_C(-1099511627775000000) },
    { INT64_C(1099511627775), INT32_MAX, 1, INT64_MAX },
    { INT64_C(-1099511627775), INT32_MAX, 1, INT64_MIN },
    { INT64_C(1099511627775), 1, INT32_MAX, 512000000 },
    { 5, 0, 1, 0 }
};


static void
test_parse(void **state)
{
    size_t    i;
    int64_t   us;
    wub_rc_t  rc;

    (void) state;

    for (i = 0; i < wub_nitems(good); i++) {
        us = -2;
        rc = wub_time_parse(wub_test_str(good[i].in), &us);

        if (good[i].us == -1) {
            wub_expect(rc == WUB_INVALID && us == -2, "%s", good[i].in);
            continue;
        }

        wub_expect(rc == WUB_OK, "%s: %d", good[i].in, (int) rc);
        wub_expect(us == good[i].us, "%s: %lld", good[i].in, (long long) us);
    }

    for (i = 0; i < wub_nitems(bad); i++) {
        us = -2;
        rc = wub_time_parse(wub_test_str(bad[i]), &us);
        wub_expect(rc == WUB_INVALID && us == -2, "%s: %d", bad[i], (int) rc);
    }

    assert_int_equal(wub_time_parse(wub_str("2019-11-13T02:34\0"), &us),
                     WUB_INVALID);
}


static void
test_hour(void **state)
{
    char      text[WUB_HOUR_LEN];
    size_t    i;
    int64_t   us;
    wub_rc_t  rc;

    (void) state;

    assert_int_equal(wub_hour_parse(wub_str("2019-11-13T02"), &us), WUB_OK);
    assert_true(us == INT64_C(1573610400) * WUB_SECOND);
    wub_hour_format(us + WUB_HOUR - 1, text);
    assert_memory_equal(text, "2019-11-13T02", WUB_HOUR_LEN);

    assert_int_equal(wub_hour_parse(wub_str("2020-02-29T23"), &us), WUB_OK);
    wub_hour_format(us + WUB_HOUR, text);
    assert_memory_equal(text, "2020-03-01T00", WUB_HOUR_LEN);

    for (i = 0; i < wub_nitems(bad_hours); i++) {
        us = -2;
        rc = wub_hour_parse(wub_test_str(bad_hours[i]), &us);
        wub_expect(rc == WUB_INVALID && us == -2, "%s", bad_hours[i]);
    }

    assert_true(wub_hour_floor(0) == 0);
    assert_true(wub_hour_floor(WUB_HOUR - 1) == 0);
    assert_true(wub_hour_floor(WUB_HOUR) == WUB_HOUR);
    assert_true(wub_hour_floor(-1) == -WUB_HOUR);
    assert_true(wub_hour_floor(-WUB_HOUR) == -WUB_HOUR);
}


static void
test_format(void **state)
{
    char  text[WUB_TIME_LEN];

    (void) state;

    wub_time_format(T_2019 * WUB_SECOND + 42, text);
    assert_memory_equal(text, "2019-11-13T02:34:36.000042", WUB_TIME_LEN);

    wub_time_format(T_END * WUB_SECOND - 1, text);
    assert_memory_equal(text, "9999-12-31T23:59:59.999999", WUB_TIME_LEN);

    /* outside of what can be written: the nearer end, never a wild write */
    wub_time_format(INT64_MIN, text);
    assert_memory_equal(text, "1970-01-01T00:00:00.000000", WUB_TIME_LEN);
    wub_time_format(INT64_MAX, text);
    assert_memory_equal(text, "9999-12-31T23:59:59.999999", WUB_TIME_LEN);
}


/* the C library as a judge */
static void
test_round(void **state)
{
    char       text[WUB_TIME_LEN], expected[64];
    size_t     n;
    time_t     seconds;
    int64_t    us, back;
    uint64_t   random;
    struct tm  tm;

    (void) state;

    random = wub_test_seed();

    for (n = 0; n < 20000; n++) {
        us = (int64_t) (wub_test_random(&random)
                        % (uint64_t) (T_END * WUB_SECOND));

        if (n % 2 == 0) {
            us %= INT64_C(4102444800) * WUB_SECOND;
        }

        seconds = us / WUB_SECOND;
        assert_non_null(gmtime_r(&seconds, &tm));
        strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(expected + 19, sizeof(expected) - 19, ".%06d",
                 (int) (us % WUB_SECOND));

        wub_time_format(us, text);
        wub_expect(memcmp(text, expected, WUB_TIME_LEN) == 0, "%s: %.*s",
                   expected, WUB_TIME_LEN, text);

        assert_int_equal(wub_time_parse(wub_str_n(text, WUB_TIME_LEN), &back),
                         WUB_OK);
        assert_true(back == us);

        assert_int_equal(wub_hour_parse(wub_str_n(text, WUB_HOUR_LEN), &back),
                         WUB_OK);
        assert_true(back == wub_hour_floor(us));
    }
}


static void
test_ticks(void **state)
{
    size_t               i;
    int64_t              us;
    const ticks_case_t  *c;

    (void) state;

    for (i = 0; i < wub_nitems(ticks_cases); i++) {
        c = &ticks_cases[i];
        us = wub_time_from_ticks(c->ticks, c->num, c->den);
        wub_expect(us == c->us, "%lld * %d / %d: %lld", (long long) c->ticks,
                   (int) c->num, (int) c->den, (long long) us);
    }
}


static wub_rc_t
work(wub_arena_t *arena, void *data)
{
    wub_buf_t  b;

    (void) data;

    wub_buf_init(&b, arena, 100);
    wub_time_put(&b, T_2019 * WUB_SECOND);

    if (b.rc == WUB_OK) {
        assert_true(wub_str_eq(wub_buf_view(&b),
                               wub_str("2019-11-13T02:34:36.000000Z")));
    }

    return b.rc;
}


static void
test_torture(void **state)
{
    (void) state;

    assert_int_equal(wub_test_torture(work, NULL), 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_hour),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_torture)
    };

    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
