
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "common/wub_segment.h"
#include "common/wub_time.h"


#define HASH                     "prOUSvwW08WDpEn7JGcPgdbItWFP1sKztraVKe87dK8"
#define TAIL                     "-2.0-full-" HASH ".ts"


typedef struct {
    const char          *name;
    int64_t              start;     /* since the hour, microseconds */
    int64_t              duration;
    wub_segment_type_e   type;
    const char          *hash;
} good_case_t;

typedef struct {
    wub_str_t        name;
    wub_name_kind_e  kind;
    const char      *stem;
} kind_case_t;


static const good_case_t  good[] = {

    /* 0 to 6 fraction digits */
    { "34:36" TAIL, 2076000000, 2000000, WUB_SEGMENT_FULL, HASH },
    { "34:36.9" TAIL, 2076900000, 2000000, WUB_SEGMENT_FULL, HASH },
    { "34:36.99" TAIL, 2076990000, 2000000, WUB_SEGMENT_FULL, HASH },
    { "34:36.999" TAIL, 2076999000, 2000000, WUB_SEGMENT_FULL, HASH },
    { "34:36.0009" TAIL, 2076000900, 2000000, WUB_SEGMENT_FULL, HASH },
    { "34:36.00009" TAIL, 2076000090, 2000000, WUB_SEGMENT_FULL, HASH },
    { "34:36.000009" TAIL, 2076000009, 2000000, WUB_SEGMENT_FULL, HASH },
    { "00:00.000000" TAIL, 0, 2000000, WUB_SEGMENT_FULL, HASH },
    { "59:59.999999" TAIL, 3599999999, 2000000, WUB_SEGMENT_FULL, HASH },

    /* durations */
    { "00:00-0-full-.ts", 0, 0, WUB_SEGMENT_FULL, "" },
    { "00:00-0.0-full-.ts", 0, 0, WUB_SEGMENT_FULL, "" },
    { "00:00-3600-full-.ts", 0, 3600000000, WUB_SEGMENT_FULL, "" },
    { "00:00-3600.000000-full-.ts", 0, 3600000000, WUB_SEGMENT_FULL, "" },
    { "00:00-01.9980000-full-.ts", 0, 1998000, WUB_SEGMENT_FULL, "" },
    { "00:00-1.0000005-full-.ts", 0, 1000000, WUB_SEGMENT_FULL, "" },
    { "00:00-1.0000015-full-.ts", 0, 1000002, WUB_SEGMENT_FULL, "" },
    { "00:00-1.0166666666666666-full-.ts", 0, 1016667, WUB_SEGMENT_FULL, "" },

    /* types; what a temp file has for a hash is of no matter */
    { "00:00-2-suspect-" HASH ".ts", 0, 2000000, WUB_SEGMENT_SUSPECT, HASH },
    { "00:00-2-partial-" HASH ".ts", 0, 2000000, WUB_SEGMENT_PARTIAL, HASH },
    { "00:00-2-temp-1c1d6c84-6fe8-4d6c-9e4d-08ac2de4b8ca.ts", 0, 2000000,
      WUB_SEGMENT_TEMP, "1c1d6c84-6fe8-4d6c-9e4d-08ac2de4b8ca" },
    { "00:00-2-temp-a.b c!.ts", 0, 2000000, WUB_SEGMENT_TEMP, "a.b c!" },

    /* hashes with dashes, and short ones */
    { "00:00-2-full--xWJ7qm-q_Yg.ts", 0, 2000000, WUB_SEGMENT_FULL,
      "-xWJ7qm-q_Yg" },
    { "00:00-2-full-----.ts", 0, 2000000, WUB_SEGMENT_FULL, "----" },
    { "00:00-2-full-ab.ts", 0, 2000000, WUB_SEGMENT_FULL, "ab" },
    { "00:00-2-full-abc.ts", 0, 2000000, WUB_SEGMENT_FULL, "abc" },
    { "00:00-2-full-abcdef.ts", 0, 2000000, WUB_SEGMENT_FULL, "abcdef" }
};


static const char  *bad[] = {
    "", ".ts", "notasegment.ts", "-.ts", "---.ts", "----.ts", "34:36.ts",
    "34:36-2.0.ts", "34:36-2.0-full.ts", "34:36-2.0-" HASH ".ts",
    ".34:36" TAIL, "34:36-2.0-full-" HASH, "34:36-2.0-full-" HASH ".TS",
    "34:36-2.0-full-" HASH ".ts.tmp", "34:36-2.0-full-" HASH ".json",
    "34:36-2.0-full-" HASH ".tombstone",

    /* times */
    "34:36.0000000" TAIL, "34:36.1234567" TAIL, "34:36." TAIL, "34:60" TAIL,
    "60:00" TAIL, "34:61.000" TAIL, "4:36" TAIL, "34:6" TAIL, "034:36" TAIL,
    "34-36" TAIL, "34:36,5" TAIL, "-1:36" TAIL, "+4:36" TAIL, " 34:36" TAIL,
    "34:36 " TAIL, "02:34:36" TAIL, "34:36.-5" TAIL, "34:3x" TAIL,

    /* durations */
    "34:36-inf-full-" HASH ".ts", "34:36-nan-full-" HASH ".ts",
    "34:36-Infinity-full-" HASH ".ts", "34:36--2.0-full-" HASH ".ts",
    "34:36-+2.0-full-" HASH ".ts", "34:36-2e0-full-" HASH ".ts",
    "34:36-2.0e0-full-" HASH ".ts", "34:36-2E+1-full-" HASH ".ts",
    "34:36-1e-05-full-" HASH ".ts", "34:36-2.-full-" HASH ".ts",
    "34:36-.5-full-" HASH ".ts", "34:36--full-" HASH ".ts",
    "34:36- 2-full-" HASH ".ts", "34:36-2_0-full-" HASH ".ts",
    "34:36-0x2-full-" HASH ".ts", "34:36-x-full-abc.ts",
    "34:36-3600.000001-full-" HASH ".ts", "34:36-3600.0000001-full-abc.ts",
    "34:36-3601-full-" HASH ".ts", "34:36-18446744073709551618-full-abc.ts",
    "34:36-1e309-full-" HASH ".ts", "34:36-2,5-full-" HASH ".ts",

    /* types */
    "34:36-2.0--" HASH ".ts", "34:36-2.0-best-abc.ts", "34:36-2.0-FULL-abc.ts",
    "34:36-2.0-ful-abc.ts", "34:36-2.0-fulll-abc.ts", "34:36-2.0- full-abc.ts",

    /* hashes: a length of 1 modulo 4 is none, nor are other characters */
    "34:36-2.0-full-a.ts", "34:36-2.0-full-abcde.ts", "34:36-2.0-full--.ts",
    "34:36-2.0-full-" HASH "aa.ts", "34:36-2.0-full-ab=.ts",
    "34:36-2.0-full-ab+c.ts", "34:36-2.0-full-a/bc.ts",
    "34:36-2.0-full-a.bc.ts", "34:36-2.0-full-\xc3\xa9.ts"
};


static const kind_case_t  kinds[] = {
    { wub_string(""), WUB_NAME_OTHER, "" },
    { wub_string("a.ts"), WUB_NAME_TS, "a" },
    { wub_string("a.b.ts"), WUB_NAME_TS, "a.b" },
    { wub_string("a.json"), WUB_NAME_JSON, "a" },
    { wub_string("a.tombstone"), WUB_NAME_TOMBSTONE, "a" },
    { wub_string("a.ts.tombstone"), WUB_NAME_TOMBSTONE, "a.ts" },
    { wub_string("a.tombstone.ts"), WUB_NAME_TS, "a.tombstone" },
    { wub_string("a.tombstone-reason"), WUB_NAME_OTHER, "a.tombstone-reason" },
    { wub_string(".a.ts"), WUB_NAME_OTHER, ".a" },
    { wub_string(".ts"), WUB_NAME_OTHER, "" },
    { wub_string(".tombstone"), WUB_NAME_OTHER, "" },
    { wub_string("ts"), WUB_NAME_OTHER, "ts" },
    { wub_string("a.Ts"), WUB_NAME_OTHER, "a.Ts" },
    { wub_string("README"), WUB_NAME_OTHER, "README" },
    { wub_string("a.ts.tmp"), WUB_NAME_OTHER, "a.ts.tmp" },
    { wub_string("a.json.uuid.temp"), WUB_NAME_OTHER, "a.json.uuid.temp" }
};


static void
test_good(void **state)
{
    size_t              i;
    int64_t             hour;
    wub_str_t           name;
    wub_segment_t       segment;
    const good_case_t  *c;

    (void) state;

    assert_int_equal(wub_hour_parse(wub_str("2020-02-29T23"), &hour), WUB_OK);

    for (i = 0; i < wub_nitems(good); i++) {
        c = &good[i];
        name = wub_test_str(c->name);

        wub_expect(wub_segment_parse(name, hour, &segment) == WUB_OK, "%s",
                   c->name);
        wub_expect(segment.start == hour + c->start, "%s: start %lld",
                   c->name, (long long) (segment.start - hour));
        wub_expect(segment.duration == c->duration, "%s: duration %lld",
                   c->name, (long long) segment.duration);
        wub_expect(segment.type == c->type, "%s: type %d", c->name,
                   (int) segment.type);
        wub_expect(wub_str_eq(segment.hash, wub_test_str(c->hash)),
                   "%s: hash %.*s", c->name, wub_arg(segment.hash));
        wub_expect(segment.name.data == c->name
                   && segment.name.len == name.len, "%s: name", c->name);
        wub_expect(wub_segment_end(&segment) == hour + c->start + c->duration,
                   "%s: end", c->name);
    }
}


static void
test_bad(void **state)
{
    size_t         i;
    wub_segment_t  segment, untouched;

    (void) state;

    memset(&segment, 0x55, sizeof(segment));
    memset(&untouched, 0x55, sizeof(segment));

    for (i = 0; i < wub_nitems(bad); i++) {
        wub_expect(wub_segment_parse(wub_test_str(bad[i]), 0, &segment)
                   == WUB_INVALID, "%s", bad[i]);
        wub_expect(memcmp(&segment, &untouched, sizeof(segment)) == 0,
                   "%s: touched", bad[i]);
    }
}


/* as long as a file's name can be, and longer */
static void
test_long(void **state)
{
    char           name[301];
    wub_segment_t  segment;

    (void) state;

    memset(name, 'A', sizeof(name));
    memcpy(name, "34:36-2.0-full-", 15);

    /* 15 and 237 and 3: 237 is 1 modulo 4 */
    memcpy(name + 252, ".ts", 3);
    assert_int_equal(wub_segment_parse(wub_str_n(name, 255), 0, &segment),
                     WUB_INVALID);

    memcpy(name + 251, ".tsA", 4);
    assert_int_equal(wub_segment_parse(wub_str_n(name, 254), 0, &segment),
                     WUB_OK);
    assert_int_equal(segment.hash.len, 236);

    memcpy(name + 251, "AAAA", 4);
    memcpy(name + 297, ".ts", 3);
    assert_int_equal(wub_segment_parse(wub_str_n(name, 300), 0, &segment),
                     WUB_INVALID);

    memcpy(name, "34:36-2.0-temp-", 15);
    assert_int_equal(wub_segment_parse(wub_str_n(name, 300), 0, &segment),
                     WUB_INVALID);
    assert_int_equal(wub_name_kind(wub_str_n(name, 300)), WUB_NAME_TS);
}


static void
test_kinds(void **state)
{
    size_t              i;
    const kind_case_t  *c;

    (void) state;

    for (i = 0; i < wub_nitems(kinds); i++) {
        c = &kinds[i];

        wub_expect(wub_name_kind(c->name) == c->kind, "%.*s",
                   wub_arg(c->name));
        wub_expect(wub_str_eq(wub_name_stem(c->name), wub_test_str(c->stem)),
                   "%.*s: stem", wub_arg(c->name));
    }
}


static void
test_safe(void **state)
{
    char  name[300];

    (void) state;

    memset(name, 'a', sizeof(name));

    assert_true(wub_name_safe(wub_str_n(name, 1)));
    assert_true(wub_name_safe(wub_str_n(name, 255)));
    assert_false(wub_name_safe(wub_str_n(name, 256)));
    assert_false(wub_name_safe(wub_str_n(name, 300)));
    assert_true(wub_name_safe(wub_str("a..b")));
    assert_true(wub_name_safe(wub_str("a ?%\xff")));
    assert_false(wub_name_safe(wub_str("")));
    assert_false(wub_name_safe(wub_str(".")));
    assert_false(wub_name_safe(wub_str("..")));
    assert_false(wub_name_safe(wub_str(".a")));
    assert_false(wub_name_safe(wub_str("a/b")));
    assert_false(wub_name_safe(wub_str("/")));
    assert_false(wub_name_safe(wub_str("a/")));
    assert_false(wub_name_safe(wub_str("a\0b")));
}


static void
test_types(void **state)
{
    (void) state;

    assert_true(wub_str_eq(wub_segment_type_name(WUB_SEGMENT_FULL),
                           wub_str("full")));
    assert_true(wub_str_eq(wub_segment_type_name(WUB_SEGMENT_SUSPECT),
                           wub_str("suspect")));
    assert_true(wub_str_eq(wub_segment_type_name(WUB_SEGMENT_PARTIAL),
                           wub_str("partial")));
    assert_true(wub_str_eq(wub_segment_type_name(WUB_SEGMENT_TEMP),
                           wub_str("temp")));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_safe),
        cmocka_unit_test(test_types)
    };

    return cmocka_run_group_tests_name("segment", tests, NULL, NULL);
}
