
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "common/wub_metrics.h"


typedef struct {
    uint64_t  value;
    size_t    bucket;
} bucket_case_t;

typedef struct {
    wub_str_t    value;
    const char  *text;
} label_case_t;

typedef struct {
    size_t    cells;
    size_t    empty;
    uint64_t  low;
    uint64_t  high;
} distinct_case_t;


static const uint64_t  bounds[] = { 1000, 5000, 1000000, 600000000 };

static const bucket_case_t  bucket_cases[] = {
    { 0, 0 },
    { 1000, 0 },
    { 1001, 1 },
    { 5000, 1 },
    { 5001, 2 },
    { 600000000, 3 },
    { 600000001, 4 },
    { UINT64_MAX, 4 }
};

static const label_case_t  label_cases[] = {
    { wub_string(""), "n{a=\"\"} 1\n" },
    { wub_string("desertbus"), "n{a=\"desertbus\"} 1\n" },
    { wub_string("a\\b\"c\nd"), "n{a=\"a\\\\b\\\"c\\nd\"} 1\n" },
    { wub_string("\xc3\xa9 \xff \xf0\x9f\x98\x80 \xe2\x82"),
      "n{a=\"\xc3\xa9 \xef\xbf\xbd \xf0\x9f\x98\x80 "
      "\xef\xbf\xbd\xef\xbf\xbd\"} 1\n" }
};

/* n marks leave m * exp(-n/m) cells empty */
static const distinct_case_t  distinct_cases[] = {
    { 0, 0, 0, 0 },
    { 1024, 1024, 0, 0 },
    { 1024, 1023, 1, 1 },
    { 1024, 1022, 2, 2 },
    { 1024, 1021, 3, 3 },
    { 1024, 1014, 10, 10 },
    { 1024, 628, 499, 502 },
    { 1024, 377, 1021, 1025 },
    { 1024, 1, 7090, 7110 },
    { 1024, 0, 7790, 7820 },
    { 1, 0, 1, 1 },
    { 8, 8, 0, 0 }
};


static void
test_bucket(void **state)
{
    size_t  i, is;

    (void) state;

    for (i = 0; i < wub_nitems(bucket_cases); i++) {
        is = wub_metrics_bucket(bounds, wub_nitems(bounds),
                                bucket_cases[i].value);

        wub_expect(is == bucket_cases[i].bucket, "row %zu: bucket %zu", i,
                   is);
    }
}


static void
test_labels(void **state)
{
    size_t               i;
    wub_buf_t            b;
    wub_arena_t         *arena;
    wub_metrics_label_t  label;

    static const wub_metrics_t  metric = { "n", WUB_METRICS_GAUGE, "help" };

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(label_cases); i++) {
        wub_buf_init(&b, arena, 4096);

        label.name = "a";
        label.value = label_cases[i].value;
        wub_metrics_put(&b, &metric, &label, 1, 1);

        wub_expect(b.rc == WUB_OK
                   && wub_str_eq(wub_buf_view(&b),
                                 wub_test_str(label_cases[i].text)),
                   "row %zu: %.*s", i, wub_arg(wub_buf_view(&b)));
    }

    wub_arena_destroy(arena);
}


static wub_rc_t
write_all(wub_arena_t *arena, void *data)
{
    wub_buf_t *b = data;

    static const uint64_t  counts[] = { 3, 0, 2, 0, 1 };

    static const wub_metrics_label_t  labels[] = {
        { "endpoint", wub_string("cut") },
        { "status", wub_string("200") }
    };

    static const wub_metrics_t  counter = {
        "c_total", WUB_METRICS_COUNTER, "Things counted"
    };

    static const wub_metrics_t  cpu = {
        "cpu_seconds_total", WUB_METRICS_COUNTER, "Time"
    };

    static const wub_metrics_t  histogram = {
        "latency", WUB_METRICS_HISTOGRAM, "How long it took"
    };

    wub_buf_init(b, arena, 65536);

    wub_metrics_head(b, &counter);
    wub_metrics_put(b, &counter, NULL, 0, UINT64_MAX);
    wub_metrics_put(b, &counter, labels, 2, 0);
    wub_metrics_head(b, &cpu);
    wub_metrics_put_us(b, &cpu, labels, 1, 1500000);
    wub_metrics_head(b, &histogram);
    wub_metrics_histogram(b, &histogram, labels, 2, bounds,
                          wub_nitems(bounds), counts, 601004123);
    wub_metrics_histogram(b, &histogram, NULL, 0, bounds, 1, counts, 0);

    return b->rc;
}


static void
test_text(void **state)
{
    wub_buf_t     b;
    wub_arena_t  *arena;

    static const char  text[] =
        "# HELP c_total Things counted\n"
        "# TYPE c_total counter\n"
        "c_total 18446744073709551615\n"
        "c_total{endpoint=\"cut\",status=\"200\"} 0\n"
        "# HELP cpu_seconds_total Time\n"
        "# TYPE cpu_seconds_total counter\n"
        "cpu_seconds_total{endpoint=\"cut\"} 1.500000\n"
        "# HELP latency How long it took\n"
        "# TYPE latency histogram\n"
        "latency_bucket{endpoint=\"cut\",status=\"200\",le=\"0.001\"} 3\n"
        "latency_bucket{endpoint=\"cut\",status=\"200\",le=\"0.005\"} 3\n"
        "latency_bucket{endpoint=\"cut\",status=\"200\",le=\"1.0\"} 5\n"
        "latency_bucket{endpoint=\"cut\",status=\"200\",le=\"600.0\"} 5\n"
        "latency_bucket{endpoint=\"cut\",status=\"200\",le=\"+Inf\"} 6\n"
        "latency_sum{endpoint=\"cut\",status=\"200\"} 601.004123\n"
        "latency_count{endpoint=\"cut\",status=\"200\"} 6\n"
        "latency_bucket{le=\"0.001\"} 3\n"
        "latency_bucket{le=\"+Inf\"} 3\n"
        "latency_sum 0.000000\n"
        "latency_count 3\n";

    (void) state;

    arena = wub_test_arena();

    assert_int_equal(write_all(arena, &b), WUB_OK);
    wub_expect(wub_str_eq(wub_buf_view(&b), wub_test_str(text)), "%.*s",
               wub_arg(wub_buf_view(&b)));

    wub_arena_destroy(arena);
}


static void
test_torture(void **state)
{
    wub_buf_t  b;

    (void) state;

    wub_test_torture(write_all, &b);
}


static void
test_distinct(void **state)
{
    size_t                  i;
    uint64_t                is;
    const distinct_case_t  *c;

    (void) state;

    for (i = 0; i < wub_nitems(distinct_cases); i++) {
        c = &distinct_cases[i];
        is = wub_metrics_distinct(c->cells, c->empty);

        wub_expect(is >= c->low && is <= c->high, "row %zu: %llu", i,
                   (unsigned long long) is);
    }
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_bucket),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_torture),
        cmocka_unit_test(test_distinct)
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
