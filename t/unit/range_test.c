
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Ranges and transitions as clients and Postgres write them.
 */


#include "t/unit/wub_test.h"
#include "common/wub_pg.h"
#include "common/wub_range.h"


#define ARENA_MAX  ((size_t) 1 << 22)

/* 2019-11-13T02:34:36 */
#define T          INT64_C(1573612476000000)


static uint32_t      seed = 1;
static wub_arena_t  *arena;


static uint32_t
rnd(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;

    return (seed >> 8) % n;
}


static wub_str_t
str(const char *s)
{
    return wub_str_n(s, strlen(s));
}


static int
setup(void **state)
{
    (void) state;

    arena = wub_arena_create(ARENA_MAX);

    return (arena == NULL);
}


static int
teardown(void **state)
{
    (void) state;

    wub_arena_destroy(arena);

    return 0;
}


static void
range(void **state)
{
    size_t       i;
    wub_rc_t     rc;
    wub_range_t  r;

    static const struct {
        const char  *text;
        wub_rc_t     rc;
        int64_t      start;
        int64_t      end;
    } cases[] = {
        { "2019-11-13T02:34:36,2019-11-13T02:35:06.611", WUB_OK, T,
          T + 30611000 },
        { "2019-11-13 02:34:36,2019-11-13 02:34:37", WUB_OK, T, T + 1000000 },
        { "2019-11-13T02:34:36Z,2019-11-13T03:34:36+01:00", WUB_OK, T, T },
        { "2019-11-13T03:34:36+0100,2019-11-13T01:34:36-01", WUB_OK, T, T },
        { "2019-11-13T02:34,2019-11-13T02:33", WUB_OK, T - 36000000,
          T - 96000000 },
        { "2019-11-13T02:34:36.1234567,2019-11-13T02:34:36.9999999", WUB_OK,
          T + 123456, T + 999999 },
        { "2019-11-13T02:34:36,", WUB_INVALID, 0, 0 },
        { ",2019-11-13T02:34:36", WUB_INVALID, 0, 0 },
        { ",", WUB_INVALID, 0, 0 },
        { "", WUB_INVALID, 0, 0 },
        { "2019-11-13T02:34:36", WUB_INVALID, 0, 0 },
        { "2019-11-13T02:34:36,2019-11-13T02:34:37,", WUB_INVALID, 0, 0 },
        { "2019-11-13T02:34:36,2019-11-13T02:34:37,2019-11-13T02:34:38",
          WUB_INVALID, 0, 0 },
        { "2019-11-13T02:34:36, 2019-11-13T02:34:37", WUB_INVALID, 0, 0 },
        { "2019-11-13T02:34:36;2019-11-13T02:34:37", WUB_INVALID, 0, 0 },
        { "2019-11-13T02:34:36 01:00,2019-11-13T02:34:37", WUB_INVALID,
          0, 0 },
        { "x,2019-11-13T02:34:37", WUB_INVALID, 0, 0 },
        { "2019-11-13T02:34:36,x", WUB_INVALID, 0, 0 },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        r.start = -7;
        r.end = -7;

        rc = wub_range_parse(str(cases[i].text), &r);

        if (rc != cases[i].rc) {
            fail_msg("%s: %d", cases[i].text, rc);
        }

        assert_int_equal(r.start, (rc == WUB_OK) ? cases[i].start : -7);
        assert_int_equal(r.end, (rc == WUB_OK) ? cases[i].end : -7);
    }
}


static void
transition(void **state)
{
    size_t            i;
    wub_rc_t          rc;
    wub_transition_t  t;

    static const struct {
        const char  *text;
        wub_rc_t     rc;
        const char  *type;
        int64_t      duration;
    } cases[] = {
        { "", WUB_OK, "", 0 },
        { "fade,1", WUB_OK, "fade", 1000000 },
        { "fade,1.5", WUB_OK, "fade", 1500000 },
        { "wipeleft,0.000001", WUB_OK, "wipeleft", 1 },
        { "a,3600", WUB_OK, "a", INT64_C(3600000000) },
        { "abcdefghijklmnopqrstuvwxyzabcdef,1", WUB_OK,
          "abcdefghijklmnopqrstuvwxyzabcdef", 1000000 },
        { "abcdefghijklmnopqrstuvwxyzabcdefg,1", WUB_INVALID, NULL, 0 },
        { "a,3600.000001", WUB_TOO_BIG, NULL, 0 },
        { "a,99999999999999999999999", WUB_TOO_BIG, NULL, 0 },
        { "fade", WUB_INVALID, NULL, 0 },
        { "fade,", WUB_INVALID, NULL, 0 },
        { ",1", WUB_INVALID, NULL, 0 },
        { ",", WUB_INVALID, NULL, 0 },
        { "fade,0", WUB_INVALID, NULL, 0 },
        { "fade,0.0000001", WUB_INVALID, NULL, 0 },
        { "fade,-1", WUB_INVALID, NULL, 0 },
        { "fade,+1", WUB_INVALID, NULL, 0 },
        { "fade,1e3", WUB_INVALID, NULL, 0 },
        { "fade,nan", WUB_INVALID, NULL, 0 },
        { "fade,inf", WUB_INVALID, NULL, 0 },
        { "fade,1,2", WUB_INVALID, NULL, 0 },
        { "fade, 1", WUB_INVALID, NULL, 0 },
        { "fade,1 ", WUB_INVALID, NULL, 0 },
        { "Fade,1", WUB_INVALID, NULL, 0 },
        { "fade2,1", WUB_INVALID, NULL, 0 },
        { "fade:x=1,1", WUB_INVALID, NULL, 0 },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        t.type = wub_str("untouched");
        t.duration = -7;

        rc = wub_transition_parse(str(cases[i].text), &t);

        if (rc != cases[i].rc) {
            fail_msg("%s: %d", cases[i].text, rc);
        }

        if (rc != WUB_OK) {
            assert_true(wub_str_eq(t.type, wub_str("untouched")));
            assert_int_equal(t.duration, -7);
            continue;
        }

        assert_true(wub_str_eq(t.type, str(cases[i].type)));
        assert_int_equal(t.duration, cases[i].duration);
    }
}


static void
range_pg(void **state)
{
    size_t        i;
    wub_rc_t      rc;
    wub_buf_t     b;
    wub_ranges_t  r;

    static const struct {
        const char   *text;
        wub_rc_t      rc;
        size_t        n;
        wub_range_t   ranges[2];
        const char   *put;          /* NULL: as text */
    } cases[] = {
        { "{}", WUB_OK, 0, { { 0, 0 } }, NULL },
        { "{\"(\\\"2019-11-13 02:34:36\\\",\\\"2019-11-13 02:35:06.611\\\")"
          "\"}", WUB_OK, 1, { { T, T + 30611000 } }, NULL },
        { "{\"(\\\"2019-11-13 02:34:36\\\",\\\"2019-11-13 02:34:37\\\")\","
          "\"(\\\"2019-11-13 02:34:38.000001\\\",)\"}", WUB_OK, 2,
          { { T, T + 1000000 }, { T + 2000001, INT64_MAX } }, NULL },
        { "{\"(2019-11-13 02:34:36,\\\"2019-11-13 02:34:37.10\\\")\"}",
          WUB_OK, 1, { { T, T + 1100000 } },
          "{\"(\\\"2019-11-13 02:34:36\\\",\\\"2019-11-13 02:34:37.1\\\")\"}"
        },
        { "{NULL}", WUB_INVALID, 0, { { 0, 0 } }, NULL },
        { "{\"(,)\"}", WUB_INVALID, 0, { { 0, 0 } }, NULL },
        { "{\"(,\\\"2019-11-13 02:34:36\\\")\"}", WUB_INVALID, 0,
          { { 0, 0 } }, NULL },
        { "{\"(\\\"2019-11-13 02:34:36\\\")\"}", WUB_INVALID, 0,
          { { 0, 0 } }, NULL },
        { "{\"(\\\"2019-11-13 02:34:36\\\",,)\"}", WUB_INVALID, 0,
          { { 0, 0 } }, NULL },
        { "{\"(\\\"2019-11-13 02:34:36\\\",\\\"\\\")\"}", WUB_INVALID, 0,
          { { 0, 0 } }, NULL },
        { "{\"(\\\"2019-11-13 02:34:36\\\",infinity)\"}", WUB_INVALID, 0,
          { { 0, 0 } }, NULL },
        { "{\"\"}", WUB_INVALID, 0, { { 0, 0 } }, NULL },
        { "{", WUB_INVALID, 0, { { 0, 0 } }, NULL },
        { "", WUB_INVALID, 0, { { 0, 0 } }, NULL },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&r, 0, sizeof(r));

        rc = wub_range_pg_parse(arena, str(cases[i].text), &r);

        if (rc != cases[i].rc) {
            fail_msg("%s: %d", cases[i].text, rc);
        }

        if (rc != WUB_OK) {
            assert_null(r.ranges);
            continue;
        }

        assert_int_equal(r.nranges, cases[i].n);
        assert_memory_equal(r.ranges, cases[i].ranges,
                            cases[i].n * sizeof(wub_range_t));
        assert_null(r.transitions);

        wub_buf_init(&b, arena, 1000);
        wub_range_pg_put(&b, &r);
        wub_test_text(&b, (cases[i].put == NULL) ? cases[i].text
                                               : cases[i].put);
    }
}


static void
transition_pg(void **state)
{
    size_t        i;
    wub_rc_t      rc;
    wub_buf_t     b;
    wub_ranges_t  r;

    static const struct {
        const char  *text;
        wub_rc_t     rc;
        size_t       n;
        int64_t      duration;      /* of the last */
        const char  *put;
    } cases[] = {
        { "{}", WUB_OK, 0, 0, "{}" },
        { "{NULL}", WUB_OK, 1, 0, "{NULL}" },
        { "{NULL,\"(fade,1.5)\"}", WUB_OK, 2, 1500000,
          "{NULL,\"(fade,1.500000)\"}" },
        { "{\"(fade,1)\",NULL}", WUB_OK, 2, 0,
          "{\"(fade,1.000000)\",NULL}" },
        { "{\"(,)\"}", WUB_OK, 1, 0, "{NULL}" },
        { "{\"(fade,)\"}", WUB_INVALID, 0, 0, NULL },
        { "{\"(,1)\"}", WUB_INVALID, 0, 0, NULL },
        { "{\"(\\\"\\\",1)\"}", WUB_INVALID, 0, 0, NULL },
        { "{\"(fade,1,2)\"}", WUB_INVALID, 0, 0, NULL },
        { "{\"(fade)\"}", WUB_INVALID, 0, 0, NULL },
        { "{\"(\\\"a b\\\",1)\"}", WUB_INVALID, 0, 0, NULL },
        { "{fade}", WUB_INVALID, 0, 0, NULL },
        { "(fade,1)", WUB_INVALID, 0, 0, NULL },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&r, 0, sizeof(r));

        rc = wub_transition_pg_parse(arena, str(cases[i].text), &r);

        if (rc != cases[i].rc) {
            fail_msg("%s: %d", cases[i].text, rc);
        }

        if (rc != WUB_OK) {
            assert_null(r.transitions);
            continue;
        }

        assert_int_equal(r.ntransitions, cases[i].n);
        assert_null(r.ranges);

        if (cases[i].n != 0) {
            assert_int_equal(r.transitions[cases[i].n - 1].duration,
                             cases[i].duration);
        }

        wub_buf_init(&b, arena, 1000);
        wub_transition_pg_put(&b, &r);
        wub_test_text(&b, cases[i].put);
    }
}


static void
doubles(void **state)
{
    size_t        i;
    char          text[600];
    wub_rc_t      rc;
    wub_ranges_t  r;

    static const struct {
        const char  *text;
        wub_rc_t     rc;
        int64_t      us;
    } cases[] = {
        { "1", WUB_OK, 1000000 },
        { "0.1", WUB_OK, 100000 },
        { "1e-05", WUB_OK, 10 },
        { "1.5e-05", WUB_OK, 15 },
        { "1.25e-06", WUB_OK, 1 },
        { "1.5e-06", WUB_OK, 2 },
        { "2.5e-06", WUB_OK, 2 },
        { "2.5000000001e-06", WUB_OK, 3 },
        { "2.4999999999999999e-06", WUB_OK, 2 },
        { "9.999995", WUB_OK, 9999995 },
        { "9.9999995", WUB_OK, 10000000 },
        { "5.1e-07", WUB_OK, 1 },
        { "0.30000000000000004", WUB_OK, 300000 },
        { "1.2345678901234567", WUB_OK, 1234568 },
        { "000000000000000000000000001.5", WUB_OK, 1500000 },
        { "1.50000000000000000000000000000000", WUB_OK, 1500000 },
        { "0.00000249999999999999999999999999", WUB_OK, 2 },
        { "0.00000250000000000000000000000001", WUB_OK, 3 },
        { "1e+03", WUB_OK, 1000000000 },
        { "1e3", WUB_OK, 1000000000 },
        { "3.6e+03", WUB_OK, INT64_C(3600000000) },
        { "1234567890123456789012e-20", WUB_OK, 12345679 },
        { "3600000000e-06", WUB_OK, INT64_C(3600000000) },
        { "3600.000001", WUB_TOO_BIG, 0 },
        { "1e+04", WUB_TOO_BIG, 0 },
        { "1.7976931348623157e+308", WUB_TOO_BIG, 0 },
        { "123456789012345678901234567890", WUB_TOO_BIG, 0 },
        { "1e+99999999999999999999", WUB_TOO_BIG, 0 },
        { "5e-324", WUB_INVALID, 0 },
        { "5e-07", WUB_INVALID, 0 },
        { "0", WUB_INVALID, 0 },
        { "0e+400", WUB_INVALID, 0 },
        { "0.0", WUB_INVALID, 0 },
        { "-0", WUB_INVALID, 0 },
        { "-1", WUB_INVALID, 0 },
        { "+1", WUB_INVALID, 0 },
        { "1.", WUB_INVALID, 0 },
        { ".5", WUB_INVALID, 0 },
        { "1.5.5", WUB_INVALID, 0 },
        { "1e", WUB_INVALID, 0 },
        { "e5", WUB_INVALID, 0 },
        { "1e5x", WUB_INVALID, 0 },
        { "1E1", WUB_INVALID, 0 },
        { "0x10", WUB_INVALID, 0 },
        { "NaN", WUB_INVALID, 0 },
        { "Infinity", WUB_INVALID, 0 },
        { "-Infinity", WUB_INVALID, 0 },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void) snprintf(text, sizeof(text), "{\"(fade,%s)\"}",
                        cases[i].text);

        rc = wub_transition_pg_parse(arena, str(text), &r);

        if (rc != cases[i].rc) {
            fail_msg("%s: %d", cases[i].text, rc);
        }

        if (rc == WUB_OK && r.transitions[0].duration != cases[i].us) {
            fail_msg("%s: %lld", cases[i].text,
                     (long long) r.transitions[0].duration);
        }
    }
}


/* what printf() writes of a double is read as the microseconds it holds */
static void
doubles_random(void **state)
{
    char          text[100];
    size_t        i;
    int64_t       us;
    wub_ranges_t  r;

    (void) state;

    for (i = 0; i < 20000; i++) {
        us = 1 + (int64_t) rnd(rnd(2) ? 1000 : 1u << 24) * (1 + rnd(200));

        (void) snprintf(text, sizeof(text), "{\"(fade,%.*g)\"}",
                        rnd(2) ? 17 : 15, (double) us / 1e6);

        assert_int_equal(wub_transition_pg_parse(arena, str(text), &r),
                         WUB_OK);

        if (r.transitions[0].duration != us) {
            fail_msg("%s: %lld", text, (long long) us);
        }

        wub_arena_reset(arena);
    }
}


static void
there_and_back(void **state)
{
    size_t            i, k;
    wub_buf_t         b;
    wub_range_t       ranges[5];
    wub_ranges_t      r, back;
    wub_transition_t  transitions[4];

    (void) state;

    for (i = 0; i < 5000; i++) {
        r.ranges = ranges;
        r.nranges = 1 + rnd(5);
        r.transitions = transitions;
        r.ntransitions = r.nranges - 1;

        for (k = 0; k < r.nranges; k++) {
            ranges[k].start = (int64_t) rnd(1u << 24) * rnd(1u << 24)
                              * (1 + (int64_t) rnd(900));
            ranges[k].end = rnd(4) ? ranges[k].start + rnd(1u << 24)
                                   : INT64_MAX;
        }

        for (k = 0; k < r.ntransitions; k++) {
            transitions[k].type = rnd(3) ? wub_str("fade") : wub_str("");
            transitions[k].duration = (transitions[k].type.len != 0)
                                      ? 1 + (int64_t) rnd(1u << 24) : 0;
        }

        wub_buf_init(&b, arena, 10000);
        wub_range_pg_put(&b, &r);
        assert_int_equal(wub_range_pg_parse(arena, wub_buf_view(&b), &back),
                         WUB_OK);

        wub_buf_init(&b, arena, 10000);
        wub_transition_pg_put(&b, &r);
        assert_int_equal(wub_transition_pg_parse(arena, wub_buf_view(&b),
                                                 &back), WUB_OK);

        assert_int_equal(back.nranges, r.nranges);
        assert_int_equal(back.ntransitions, r.ntransitions);
        assert_memory_equal(back.ranges, ranges,
                            r.nranges * sizeof(wub_range_t));

        for (k = 0; k < r.ntransitions; k++) {
            assert_true(wub_str_eq(back.transitions[k].type,
                                   transitions[k].type));
            assert_int_equal(back.transitions[k].duration,
                             transitions[k].duration);
        }

        wub_arena_reset(arena);
    }
}


static void
limits(void **state)
{
    size_t            i, n;
    wub_buf_t         b;
    wub_ranges_t      r, back;
    wub_transition_t  fade;

    (void) state;

    fade.type = wub_str("fade");
    fade.duration = 1;

    for (n = WUB_RANGES_MAX; n <= WUB_RANGES_MAX + 1; n++) {
        r.ranges = wub_arena_calloc(arena, n * sizeof(wub_range_t));
        r.nranges = n;
        r.transitions = wub_arena_calloc(arena, n * sizeof(wub_transition_t));
        r.ntransitions = n;

        assert_non_null(r.ranges);
        assert_non_null(r.transitions);

        for (i = 0; i < n; i++) {
            r.transitions[i] = fade;
        }

        wub_buf_init(&b, arena, 1u << 20);
        wub_range_pg_put(&b, &r);
        assert_int_equal(wub_range_pg_parse(arena, wub_buf_view(&b), &back),
                         (n == WUB_RANGES_MAX) ? WUB_OK : WUB_TOO_BIG);

        wub_buf_init(&b, arena, 1u << 20);
        wub_transition_pg_put(&b, &r);
        assert_int_equal(wub_transition_pg_parse(arena, wub_buf_view(&b),
                                                 &back),
                         (n == WUB_RANGES_MAX) ? WUB_OK : WUB_TOO_BIG);
    }
}


/* a type that no parser lets through still makes one well-formed literal */
static void
quoting(void **state)
{
    wub_buf_t         b;
    wub_ranges_t      r;
    wub_pg_items_t    items;
    wub_transition_t  t;

    (void) state;

    memset(&r, 0, sizeof(r));

    t.type = wub_str("a\"b\\c),\"(x");
    t.duration = 250000;
    r.transitions = &t;
    r.ntransitions = 1;

    wub_buf_init(&b, arena, 1000);
    wub_transition_pg_put(&b, &r);

    assert_int_equal(wub_pg_array_parse(arena, wub_buf_view(&b), &items),
                     WUB_OK);
    assert_int_equal(items.nitems, 1);
    assert_int_equal(wub_pg_composite_parse(arena, items.items[0], &items),
                     WUB_OK);
    assert_int_equal(items.nitems, 2);
    assert_true(wub_str_eq(items.items[0], t.type));
    assert_true(wub_str_eq(items.items[1], wub_str("0.250000")));
}


static void
length(void **state)
{
    wub_ranges_t      r;
    wub_range_t       ranges[] = { { T, T + 5000000 }, { T, T + 1000001 },
                                   { T + 10, T + 30 } };
    wub_transition_t  transitions[] = { { wub_string("fade"), 1000000 },
                                        { wub_string(""), 0 } };

    (void) state;

    memset(&r, 0, sizeof(r));
    assert_int_equal(wub_ranges_length(&r), 0);

    r.ranges = ranges;
    r.nranges = 3;
    assert_int_equal(wub_ranges_length(&r), 6000021);

    r.transitions = transitions;
    r.ntransitions = 2;
    assert_int_equal(wub_ranges_length(&r), 5000021);
}


static void
torture(void **state)
{
    size_t        n;
    wub_rc_t      rc;
    wub_buf_t     b;
    wub_ranges_t  r;

    static const wub_str_t  ranges = wub_string(
        "{\"(\\\"2019-11-13 02:34:36\\\",\\\"2019-11-13 02:34:37\\\")\","
        "\"(\\\"2019-11-13 02:34:36\\\",)\"}");
    static const wub_str_t  transitions = wub_string(
        "{\"(fade,1.5)\",NULL,\"(fade,1)\"}");

    (void) state;

    rc = WUB_NO_MEMORY;

    for (n = 1; rc != WUB_OK; n++) {
        memset(&r, 0, sizeof(r));
        wub_arena_fail_after(arena, n);

        rc = wub_range_pg_parse(arena, ranges, &r);

        if (rc == WUB_OK) {
            rc = wub_transition_pg_parse(arena, transitions, &r);

        } else {
            assert_null(r.ranges);
        }

        if (rc == WUB_OK) {
            wub_buf_init(&b, arena, 1000);
            wub_range_pg_put(&b, &r);
            wub_transition_pg_put(&b, &r);
            rc = b.rc;

            if (rc == WUB_OK) {
                wub_test_text(&b,
                            "{\"(\\\"2019-11-13 02:34:36\\\","
                            "\\\"2019-11-13 02:34:37\\\")\","
                            "\"(\\\"2019-11-13 02:34:36\\\",)\"}"
                            "{\"(fade,1.500000)\",NULL,"
                            "\"(fade,1.000000)\"}");
            }

        } else {
            assert_null(r.transitions);
        }

        wub_arena_fail_after(arena, 0);
        wub_arena_reset(arena);

        assert_true(rc == WUB_OK || rc == WUB_NO_MEMORY);
    }

    assert_true(n > 15);

    assert_int_equal(wub_transition_pg_parse(arena, transitions, &r), WUB_OK);
    wub_buf_init(&b, arena, 20);
    wub_transition_pg_put(&b, &r);
    assert_int_equal(b.rc, WUB_TOO_BIG);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(range, setup, teardown),
        cmocka_unit_test_setup_teardown(transition, setup, teardown),
        cmocka_unit_test_setup_teardown(range_pg, setup, teardown),
        cmocka_unit_test_setup_teardown(transition_pg, setup, teardown),
        cmocka_unit_test_setup_teardown(doubles, setup, teardown),
        cmocka_unit_test_setup_teardown(doubles_random, setup, teardown),
        cmocka_unit_test_setup_teardown(there_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(limits, setup, teardown),
        cmocka_unit_test_setup_teardown(quoting, setup, teardown),
        cmocka_unit_test_setup_teardown(length, setup, teardown),
        cmocka_unit_test_setup_teardown(torture, setup, teardown),
    };

    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
