
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "common/wub_buf.h"


typedef struct {
    wub_str_t    in;
    const char  *out;
} text_case_t;

typedef struct {
    int64_t      in;
    const char  *out;
} number_case_t;


static const text_case_t  json_cases[] = {
    { wub_string(""), "\"\"" },
    { wub_string("34:36.0-2.0-full-a_b.ts"), "\"34:36.0-2.0-full-a_b.ts\"" },
    { wub_string("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"" },
    { wub_string("\n\r\t\b\f"), "\"\\n\\r\\t\\u0008\\u000c\"" },
    { wub_string("\0x\x1f\x7f"), "\"\\u0000x\\u001f\x7f\"" },
    { wub_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
      "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },

    /* alone, cut short, overlong, a surrogate, above U+10FFFF */
    { wub_string("a\x80z"), "\"a\xef\xbf\xbdz\"" },
    { wub_string("a\xff"), "\"a\xef\xbf\xbd\"" },
    { wub_string("\xc3"), "\"\xef\xbf\xbd\"" },
    { wub_string("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    { wub_string("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    { wub_string("\xe0\x80\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    { wub_string("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    { wub_string("\xf4\x90\x80\x80"),
      "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    { wub_string("\xc3\"\xc3\xa9"), "\"\xef\xbf\xbd\\\"\xc3\xa9\"" }
};


static const text_case_t  uri_cases[] = {
    { wub_string(""), "" },
    { wub_string("2019-11-13T02/34:36.0-2.0-full-a_b~c.ts"),
      "2019-11-13T02/34%3A36.0-2.0-full-a_b~c.ts" },
    { wub_string("a b?c#d%e+f&g"), "a%20b%3Fc%23d%25e%2Bf%26g" },
    { wub_string("\xc3\xa9\xff\n"), "%C3%A9%FF%0A" }
};


static const number_case_t  number_cases[] = {
    { 0, "0" },
    { 7, "7" },
    { -7, "-7" },
    { 10, "10" },
    { 999999, "999999" },
    { INT64_MAX, "9223372036854775807" },
    { INT64_MIN, "-9223372036854775808" }
};


static const number_case_t  seconds_cases[] = {
    { 0, "0.000000" },
    { 1, "0.000001" },
    { 2000000, "2.000000" },
    { 1998000, "1.998000" },
    { 3600000000, "3600.000000" },
    { -1, "-0.000001" },
    { -2500000, "-2.500000" },
    { INT64_MAX, "9223372036854.775807" },
    { INT64_MIN, "-9223372036854.775808" }
};


static void
test_text(void **state)
{
    size_t        i;
    wub_buf_t     b;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(json_cases); i++) {
        wub_buf_init(&b, arena, 1000);
        wub_buf_json(&b, json_cases[i].in);
        wub_expect(wub_str_eq(wub_buf_view(&b),
                              wub_test_str(json_cases[i].out)),
                   "json %s: %.*s", json_cases[i].out,
                   wub_arg(wub_buf_view(&b)));
        wub_expect(wub_buf_is_utf8(json_cases[i].in)
                   == (strstr(json_cases[i].out, "\xef\xbf\xbd") == NULL),
                   "utf8 %s", json_cases[i].out);
    }

    for (i = 0; i < wub_nitems(uri_cases); i++) {
        wub_buf_init(&b, arena, 1000);
        wub_buf_uri(&b, uri_cases[i].in);
        wub_expect(wub_str_eq(wub_buf_view(&b),
                              wub_test_str(uri_cases[i].out)),
                   "uri %s: %.*s", uri_cases[i].out,
                   wub_arg(wub_buf_view(&b)));
    }

    wub_arena_destroy(arena);
}


static void
test_numbers(void **state)
{
    size_t        i;
    wub_buf_t     b;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(number_cases); i++) {
        wub_buf_init(&b, arena, 1000);
        wub_buf_i64(&b, number_cases[i].in);
        wub_expect(wub_str_eq(wub_buf_view(&b),
                              wub_test_str(number_cases[i].out)),
                   "%s: %.*s", number_cases[i].out,
                   wub_arg(wub_buf_view(&b)));
    }

    for (i = 0; i < wub_nitems(seconds_cases); i++) {
        wub_buf_init(&b, arena, 1000);
        wub_buf_seconds(&b, seconds_cases[i].in);
        wub_expect(wub_str_eq(wub_buf_view(&b),
                              wub_test_str(seconds_cases[i].out)),
                   "%s: %.*s", seconds_cases[i].out,
                   wub_arg(wub_buf_view(&b)));
    }

    wub_buf_init(&b, arena, 1000);
    wub_buf_u64(&b, UINT64_MAX);
    assert_true(wub_str_eq(wub_buf_view(&b),
                           wub_str("18446744073709551615")));

    wub_arena_destroy(arena);
}


static void
test_max(void **state)
{
    wub_buf_t     b;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    wub_buf_init(&b, arena, 5);
    wub_buf_lit(&b, "abcde");
    wub_buf_put(&b, NULL, 0);
    assert_int_equal(b.rc, WUB_OK);
    assert_true(wub_str_eq(wub_buf_view(&b), wub_str("abcde")));

    wub_buf_putc(&b, 'f');
    assert_int_equal(b.rc, WUB_TOO_BIG);

    /* the first failure sticks, and what was written stays */
    wub_buf_put(&b, "", 0);
    wub_buf_lit(&b, "g");
    assert_int_equal(b.rc, WUB_TOO_BIG);
    assert_true(wub_str_eq(wub_buf_view(&b), wub_str("abcde")));

    wub_buf_init(&b, arena, 5);
    wub_buf_lit(&b, "abcdef");
    assert_int_equal(b.rc, WUB_TOO_BIG);
    assert_int_equal(b.len, 0);

    wub_buf_init(&b, arena, SIZE_MAX);
    wub_buf_put(&b, "a", 1);
    wub_buf_put(&b, "a", SIZE_MAX);
    assert_int_equal(b.rc, WUB_TOO_BIG);

    wub_arena_destroy(arena);
}


static wub_rc_t
work(wub_arena_t *arena, void *data)
{
    size_t     i;
    wub_buf_t  b;

    (void) data;

    wub_buf_init(&b, arena, 1 << 20);

    for (i = 0; i < 20000; i++) {
        wub_buf_u64(&b, i);
        wub_buf_putc(&b, '\n');
    }

    if (b.rc == WUB_OK) {
        assert_int_equal(b.len, 10 * 2 + 90 * 3 + 900 * 4 + 9000 * 5
                                + 10000 * 6);
        assert_memory_equal(b.data + b.len - 12, "19998\n19999\n", 12);
    }

    return b.rc;
}


static void
test_torture(void **state)
{
    (void) state;

    assert_true(wub_test_torture(work, NULL) > 5);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_max),
        cmocka_unit_test(test_torture)
    };

    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
