
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "common/wub_scan.h"


#define UNTOUCHED                42


/* left: what the scanner stands at afterwards */
typedef struct {
    const char  *in;
    wub_rc_t     rc;
    int64_t      value;
    const char  *left;
} case_t;


/* max 3600 s */
static const case_t  seconds_cases[] = {
    { "0", WUB_OK, 0, "" },
    { "2", WUB_OK, 2000000, "" },
    { "2.0", WUB_OK, 2000000, "" },
    { "002.000", WUB_OK, 2000000, "" },
    { "1.998-full", WUB_OK, 1998000, "-full" },
    { "0.1", WUB_OK, 100000, "" },
    { "0.000001", WUB_OK, 1, "" },
    { "0.1234567", WUB_OK, 123457, "" },
    { "0.0000005", WUB_OK, 0, "" },
    { "0.0000015", WUB_OK, 2, "" },
    { "0.0000025", WUB_OK, 2, "" },
    { "0.00000250000000000000000000000000001", WUB_OK, 3, "" },
    { "0.9999995", WUB_OK, 1000000, "" },
    { "0.9999994999999", WUB_OK, 999999, "" },
    { "2.0.0", WUB_OK, 2000000, ".0" },
    { "2e3", WUB_OK, 2000000, "e3" },
    { "3600", WUB_OK, 3600000000, "" },
    { "3600.000000000", WUB_OK, 3600000000, "" },
    { "3600.0000001", WUB_TOO_BIG, 0, NULL },
    { "3600.00000000000001", WUB_TOO_BIG, 0, NULL },
    { "3600.000001", WUB_TOO_BIG, 0, NULL },
    { "3601", WUB_TOO_BIG, 0, NULL },
    { "99999999999999999999999999", WUB_TOO_BIG, 0, NULL },
    { "", WUB_INVALID, 0, NULL },
    { ".", WUB_INVALID, 0, NULL },
    { ".5", WUB_INVALID, 0, NULL },
    { "2.", WUB_INVALID, 0, NULL },
    { "2.x", WUB_INVALID, 0, NULL },
    { "-2", WUB_INVALID, 0, NULL },
    { "+2", WUB_INVALID, 0, NULL },
    { " 2", WUB_INVALID, 0, NULL },
    { "inf", WUB_INVALID, 0, NULL },
    { "nan", WUB_INVALID, 0, NULL }
};


/* min -100, max 200 */
static const case_t  signed_cases[] = {
    { "0", WUB_OK, 0, "" },
    { "+7x", WUB_OK, 7, "x" },
    { "-100", WUB_OK, -100, "" },
    { "200", WUB_OK, 200, "" },
    { "0000000000000000000000000200", WUB_OK, 200, "" },
    { "-101", WUB_TOO_BIG, 0, NULL },
    { "201", WUB_TOO_BIG, 0, NULL },
    { "9223372036854775808", WUB_TOO_BIG, 0, NULL },
    { "-9223372036854775809", WUB_TOO_BIG, 0, NULL },
    { "", WUB_INVALID, 0, NULL },
    { "-", WUB_INVALID, 0, NULL },
    { "+", WUB_INVALID, 0, NULL },
    { "--1", WUB_INVALID, 0, NULL },
    { "x", WUB_INVALID, 0, NULL }
};


/* exactly three digits */
static const case_t  digits_cases[] = {
    { "123", WUB_OK, 123, "" },
    { "0012", WUB_OK, 1, "2" },
    { "12", WUB_INVALID, 0, NULL },
    { "12x", WUB_INVALID, 0, NULL },
    { "", WUB_INVALID, 0, NULL }
};


static wub_rc_t
read_seconds(wub_scan_t *s, int64_t *ret)
{
    return wub_scan_seconds(s, 3600 * WUB_SECOND, ret);
}


static wub_rc_t
read_signed(wub_scan_t *s, int64_t *ret)
{
    return wub_scan_i64(s, -100, 200, ret);
}


static wub_rc_t
read_digits(wub_scan_t *s, int64_t *ret)
{
    return wub_scan_digits(s, 3, ret);
}


static void
run(const case_t *cases, size_t n, wub_rc_t (*reader)(wub_scan_t *, int64_t *))
{
    size_t         i;
    int64_t        value;
    wub_rc_t       rc;
    wub_scan_t     s;
    const case_t  *c;

    for (i = 0; i < n; i++) {
        c = &cases[i];
        value = UNTOUCHED;

        wub_scan_init(&s, wub_test_str(c->in));
        rc = reader(&s, &value);

        wub_expect(rc == c->rc, "\"%s\": %d", c->in, (int) rc);
        wub_expect(value == (rc == WUB_OK ? c->value : UNTOUCHED),
                   "\"%s\": %lld", c->in, (long long) value);

        /* what fails consumes nothing */
        wub_expect(wub_str_eq(wub_scan_rest(&s),
                              wub_test_str(rc == WUB_OK ? c->left : c->in)),
                   "\"%s\": wrong place", c->in);
    }
}


static void
test_seconds(void **state)
{
    int64_t     value;
    wub_scan_t  s;

    (void) state;

    run(seconds_cases, wub_nitems(seconds_cases), read_seconds);

    wub_scan_init(&s, wub_str("9223372036854.775807"));
    assert_int_equal(wub_scan_seconds(&s, INT64_MAX, &value), WUB_OK);
    assert_true(value == INT64_MAX);

    wub_scan_init(&s, wub_str("9223372036854.7758071"));
    assert_int_equal(wub_scan_seconds(&s, INT64_MAX, &value), WUB_TOO_BIG);

    wub_scan_init(&s, wub_str("9223372036854.775808"));
    assert_int_equal(wub_scan_seconds(&s, INT64_MAX, &value), WUB_TOO_BIG);

    wub_scan_init(&s, wub_str("0"));
    assert_int_equal(wub_scan_seconds(&s, -1, &value), WUB_TOO_BIG);
}


static void
test_signed(void **state)
{
    int64_t     value;
    wub_scan_t  s;

    (void) state;

    run(signed_cases, wub_nitems(signed_cases), read_signed);

    wub_scan_init(&s, wub_str("-9223372036854775808"));
    assert_int_equal(wub_scan_i64(&s, INT64_MIN, 0, &value), WUB_OK);
    assert_true(value == INT64_MIN);

    wub_scan_init(&s, wub_str("9223372036854775807"));
    assert_int_equal(wub_scan_i64(&s, 0, INT64_MAX, &value), WUB_OK);
    assert_true(value == INT64_MAX);
}


static void
test_digits(void **state)
{
    int64_t     value;
    wub_scan_t  s;

    (void) state;

    run(digits_cases, wub_nitems(digits_cases), read_digits);

    wub_scan_init(&s, wub_str("9999999999999999999"));
    assert_int_equal(wub_scan_digits(&s, 19, &value), WUB_INVALID);
    assert_int_equal(wub_scan_digits(&s, 0, &value), WUB_INVALID);
    assert_int_equal(wub_scan_digits(&s, 18, &value), WUB_OK);
    assert_true(value == INT64_C(999999999999999999));
}


static void
test_unsigned(void **state)
{
    uint64_t  n;

    (void) state;

    n = UNTOUCHED;

    assert_int_equal(wub_str_u64(wub_str(""), 10, &n), WUB_INVALID);
    assert_int_equal(wub_str_u64(wub_str("1 "), 10, &n), WUB_INVALID);
    assert_int_equal(wub_str_u64(wub_str("1a"), 10, &n), WUB_INVALID);
    assert_int_equal(wub_str_u64(wub_str("+1"), 10, &n), WUB_INVALID);
    assert_int_equal(wub_str_u64(wub_str("-1"), 10, &n), WUB_INVALID);
    assert_int_equal(wub_str_u64(wub_str("11"), 10, &n), WUB_TOO_BIG);
    assert_int_equal(wub_str_u64(wub_str("9"), 8, &n), WUB_TOO_BIG);
    assert_int_equal(wub_str_u64(wub_str("18446744073709551616"),
                                 UINT64_MAX, &n), WUB_TOO_BIG);
    assert_int_equal(n, UNTOUCHED);

    assert_int_equal(wub_str_u64(wub_str("0"), 0, &n), WUB_OK);
    assert_int_equal(n, 0);
    assert_int_equal(wub_str_u64(wub_str("010"), 10, &n), WUB_OK);
    assert_int_equal(n, 10);
    assert_int_equal(wub_str_u64(wub_str("18446744073709551615"),
                                 UINT64_MAX, &n), WUB_OK);
    assert_true(n == UINT64_MAX);
}


static void
test_words(void **state)
{
    wub_str_t   word;
    wub_scan_t  s;

    (void) state;

    wub_scan_init(&s, wub_str_n(NULL, 0));
    assert_true(wub_scan_done(&s));
    assert_false(wub_scan_char(&s, 'a'));
    assert_true(wub_scan_literal(&s, wub_str("")));
    assert_int_equal(wub_scan_until(&s, 'a', &word), WUB_DECLINED);
    assert_int_equal(wub_scan_rest(&s).len, 0);

    wub_scan_init(&s, wub_str("key=a-b--c"));
    assert_false(wub_scan_literal(&s, wub_str("kez")));
    assert_false(wub_scan_literal(&s, wub_str("key=a-b--cd")));
    assert_true(wub_scan_literal(&s, wub_str("key")));
    assert_false(wub_scan_char(&s, 'k'));
    assert_true(wub_scan_char(&s, '='));

    assert_int_equal(wub_scan_until(&s, '-', &word), WUB_OK);
    assert_true(wub_str_eq(word, wub_str("a")));
    assert_int_equal(wub_scan_until(&s, '-', &word), WUB_OK);
    assert_true(wub_str_eq(word, wub_str("b")));
    assert_int_equal(wub_scan_until(&s, '-', &word), WUB_OK);
    assert_int_equal(word.len, 0);
    assert_int_equal(wub_scan_until(&s, '-', &word), WUB_DECLINED);
    assert_false(wub_scan_done(&s));
    assert_true(wub_str_eq(wub_scan_rest(&s), wub_str("c")));
    assert_true(wub_scan_done(&s));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_unsigned),
        cmocka_unit_test(test_words)
    };

    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
