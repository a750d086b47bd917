
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "common/wub_best.h"
#include "common/wub_time.h"


#define FILES_MAX                8
#define HOURS_MAX                3
#define NIGHT                    "2020-02-28T23"


/*
 * Times are milliseconds after 2020-02-28T23:00, the eve of a leap day.
 * hours: the names of 23:00, 00:00 and 01:00.  chain: what is chosen, as
 * "MM:SS" of its name, and holes as "-FROM-TO", apart by blanks.
 */
typedef struct {
    const char  *what;
    int64_t      start;
    int64_t      end;
    const char  *hours[HOURS_MAX][FILES_MAX];
    const char  *chain;
} case_t;


#define F(time, duration)        time "-" duration "-full-AAAA.ts"
#define P(time, duration)        time "-" duration "-partial-AAAA.ts"
#define S(time, duration)        time "-" duration "-suspect-AAAA.ts"

#define H                        INT64_C(3600000)


static const case_t  cases[] = {
    { "nothing", 0, 4000, { { NULL } }, "-0-4000" },

    { "exact", 0, 4000, { { F("00:00", "2"), F("00:02", "2") } },
      "00:00 00:02" },

    { "ends inside of the last one", 0, 3000,
      { { F("00:00", "2"), F("00:02", "2"), F("00:04", "2") } },
      "00:00 00:02" },

    { "starts inside of the first one", 1999, 4000,
      { { F("00:00", "2"), F("00:02", "2") } }, "00:00 00:02" },

    { "starts where the first one ends", 2000, 4000,
      { { F("00:00", "2"), F("00:02", "2") } }, "00:02" },

    { "the earliest that covers the start", 3000, 8000,
      { { F("00:00", "5"), F("00:02", "6") } }, "00:00 -5000-8000" },

    { "leading hole", 1000, 4000, { { F("00:02", "2") } },
      "-1000-2000 00:02" },

    { "leading hole of a microsecond is one; tolerance is for joins", 1999,
      4000, { { F("00:02", "2") } }, "-1999-2000 00:02" },

    { "trailing hole", 0, 4001, { { F("00:00", "2"), F("00:02", "2") } },
      "00:00 00:02 -4000-4001" },

    { "all before, all after", 4000, 6000,
      { { F("00:02", "2"), F("00:06", "2") } }, "-4000-6000" },

    { "9 ms apart", 0, 4009, { { F("00:00", "2"), F("00:02.009", "2") } },
      "00:00 00:02" },
    { "10 ms apart", 0, 4010, { { F("00:00", "2"), F("00:02.010", "2") } },
      "00:00 00:02" },
    { "10.001 ms apart", 0, 4010,
      { { F("00:00", "2"), F("00:02.010001", "2") } },
      "00:00 -2000-2010 00:02" },
    { "11 ms apart", 0, 4011, { { F("00:00", "2"), F("00:02.011", "2") } },
      "00:00 -2000-2011 00:02" },

    { "9 ms of overlap", 0, 3991,
      { { F("00:00", "2"), F("00:01.991", "2") } }, "00:00 00:01" },
    { "10 ms of overlap", 0, 3990,
      { { F("00:00", "2"), F("00:01.990", "2") } }, "00:00 00:01" },
    { "10.001 ms of overlap", 0, 3980,
      { { F("00:00", "2"), F("00:01.989999", "2") } },
      "00:00 -2000-3980" },
    { "11 ms of overlap", 0, 3989,
      { { F("00:00", "2"), F("00:01.989", "2"), F("00:02.001", "2") } },
      "00:00 00:02" },

    { "what is not full ends in a hole, however well the next one joins", 0,
      6000, { { P("00:00", "2"), S("00:02", "2"), F("00:04", "2") } },
      "00:00 -2000-2000 00:02 -4000-4000 00:04" },

    { "and the hole is never of negative length", 0, 4000,
      { { P("00:00", "2"), F("00:01.995", "3") } },
      "00:00 -2000-2000 00:01" },

    { "the last one is not full", 0, 3000, { { P("00:00", "4") } },
      "00:00 -4000-4000" },

    { "one that starts after the end, behind a hole", 0, 4000,
      { { F("00:00", "2"), F("00:06", "2"), F("00:08", "2") } },
      "00:00 -2000-6000 00:06" },

    { "but not when the end is reached", 0, 2000,
      { { F("00:00", "2"), F("00:06", "2") } }, "00:00" },

    { "and not as the first one", 0, 4000, { { F("00:04", "2") } },
      "-0-4000" },

    { "duration 0: never covers the start", 0, 4000,
      { { F("00:00", "0"), F("00:00.001", "4") } }, "-0-1 00:00" },

    { "duration 0: but may follow", 0, 4000,
      { { F("00:00", "2"), F("00:02", "0"), F("00:02.001", "2") } },
      "00:00 00:02 00:02" },

    { "duration 0: after a leading hole", 0, 2000, { { F("00:01", "0") } },
      "-0-1000 00:01 -1000-2000" },

    { "an empty range inside of a segment", 1000, 1000,
      { { F("00:00", "2"), F("00:02", "2") } }, "00:00" },

    { "an empty range in a hole", 3000, 3000,
      { { F("00:00", "2"), F("00:04", "2") } }, "-3000-3000" },

    { "over the hour", H - 4000, H + 4000,
      { { F("59:56", "2"), F("59:58", "2") },
        { F("00:00", "2"), F("00:02", "2") } },
      "59:56 59:58 00:00 00:02" },

    { "from the hour before", H + 1000, H + 4000,
      { { F("59:58", "4") }, { F("00:02", "2") } }, "59:58 00:02" },

    { "from the hour before, over an hour without a directory", H + 1000,
      2 * H + 2000,
      { { F("59:58", "3600") }, { NULL }, { F("00:00", "2") } },
      "59:58 -7198000-7200000 00:00" },

    { "a partial copy in one hour and a full one 5 ms later in the next", H - 5,
      H + 2000, { { P("59:59.995", "2") }, { F("00:00", "2") } },
      "59:59 -3601995-3602000" }
};


static void
append(char *out, size_t size, const wub_best_part_t *part, int64_t zero)
{
    size_t  len;

    len = strlen(out);

    if (part->segment != NULL) {
        snprintf(out + len, size - len, "%s%.5s", (len == 0) ? "" : " ",
                 part->segment->name.data);
        return;
    }

    snprintf(out + len, size - len, "%s-%lld-%lld", (len == 0) ? "" : " ",
             (long long) ((part->from - zero) / 1000),
             (long long) ((part->to - zero) / 1000));
}


static void
check(const case_t *c)
{
    char          got[1000];
    size_t        i, j, n;
    int64_t       zero, start, end;
    wub_str_t     room[HOURS_MAX][FILES_MAX];
    wub_hour_t    hours[HOURS_MAX];
    wub_chain_t   chain;
    wub_names_t   names;
    wub_arena_t  *arena;

    assert_int_equal(wub_hour_parse(wub_str(NIGHT), &zero), WUB_OK);

    arena = wub_test_arena();
    n = 0;

    for (i = 0; i < HOURS_MAX; i++) {

        for (j = 0; j < FILES_MAX && c->hours[i][j] != NULL; j++) {
            room[i][j] = wub_test_str(c->hours[i][j]);
        }

        if (j == 0) {
            continue;
        }

        names.names = room[i];
        names.nnames = j;

        assert_int_equal(wub_hour_build(arena, &names,
                                        zero + (int64_t) i * WUB_HOUR,
                                        WUB_BEST_TOLERANCE, NULL, NULL,
                                        &hours[n++]), WUB_OK);
    }

    start = zero + c->start * 1000;
    end = zero + c->end * 1000;

    assert_int_equal(wub_best_collect(arena, hours, n, start, end,
                                      WUB_BEST_TOLERANCE, &chain), WUB_OK);

    got[0] = '\0';
    n = 0;

    for (i = 0; i < chain.nparts; i++) {
        append(got, sizeof(got), &chain.parts[i], zero);
        n += (chain.parts[i].segment == NULL);

        if (chain.parts[i].segment != NULL) {
            assert_true(chain.parts[i].from == chain.parts[i].segment->start);
            assert_true(chain.parts[i].to
                        == wub_segment_end(chain.parts[i].segment));
        }
    }

    wub_expect(strcmp(got, c->chain) == 0, "%s: %s", c->what, got);
    assert_int_equal(chain.nholes, n);
    assert_int_equal(chain.nsegments, chain.nparts - n);

    wub_arena_destroy(arena);
}


static void
test_cases(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < wub_nitems(cases); i++) {
        check(&cases[i]);
    }
}


static void
test_hours(void **state)
{
    int64_t  zero, first, last;

    (void) state;

    assert_int_equal(wub_hour_parse(wub_str(NIGHT), &zero), WUB_OK);

    wub_best_hours(zero, zero, &first, &last);
    assert_true(first == zero - WUB_HOUR);
    assert_true(last == zero);

    wub_best_hours(zero + WUB_HOUR - 1, zero + WUB_HOUR - 1, &first, &last);
    assert_true(first == zero - WUB_HOUR);
    assert_true(last == zero);

    /* the hour of the end is read though the range does not enter it */
    wub_best_hours(zero + WUB_HOUR, zero + 2 * WUB_HOUR, &first, &last);
    assert_true(first == zero);
    assert_true(last == zero + 2 * WUB_HOUR);

    wub_best_hours(0, 0, &first, &last);
    assert_true(first == 0);
    assert_true(last == 0);

    wub_best_hours(WUB_HOUR, INT64_MAX, &first, &last);
    assert_true(first == 0);
    assert_int_equal(wub_hour_parse(wub_str("9999-12-31T23"), &zero), WUB_OK);
    assert_true(last == zero);
}


static wub_rc_t
no_holes(void *data, const wub_hour_t *hour, const wub_segment_t *segment,
    int64_t from, int64_t to)
{
    size_t  *n = data;

    (void) hour;
    (void) from;
    (void) to;

    if (segment == NULL) {
        return WUB_DECLINED;
    }

    (*n)++;

    return WUB_OK;
}


/* fail-fast: the walk ends at the first hole (CONTRACT.md 2 rule 7) */
static void
test_stop(void **state)
{
    size_t        n;
    wub_str_t     room[] = { wub_string(F("00:00", "2")),
                             wub_string(F("00:02", "2")),
                             wub_string(F("00:05", "2")) };
    wub_best_t    w;
    wub_hour_t    hour;
    wub_names_t   names;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    names.names = room;
    names.nnames = wub_nitems(room);
    assert_int_equal(wub_hour_build(arena, &names, 0, WUB_BEST_TOLERANCE,
                                    NULL, NULL, &hour), WUB_OK);

    n = 0;
    wub_best_init(&w, 0, 7 * WUB_SECOND, WUB_BEST_TOLERANCE, no_holes, &n);
    assert_int_equal(wub_best_hour(&w, &hour), WUB_DECLINED);
    assert_int_equal(n, 2);

    n = 0;
    wub_best_init(&w, 0, 4 * WUB_SECOND, WUB_BEST_TOLERANCE, no_holes, &n);
    assert_false(w.done);
    assert_int_equal(wub_best_hour(&w, &hour), WUB_OK);
    assert_true(w.done);
    assert_int_equal(wub_best_hour(&w, &hour), WUB_OK);
    assert_int_equal(wub_best_finish(&w), WUB_OK);
    assert_int_equal(n, 2);
    assert_int_equal(w.nsegments, 2);
    assert_int_equal(w.nholes, 0);

    n = 0;
    wub_best_init(&w, 8 * WUB_SECOND, 9 * WUB_SECOND, WUB_BEST_TOLERANCE,
                  no_holes, &n);
    assert_int_equal(wub_best_hour(&w, &hour), WUB_OK);
    assert_int_equal(wub_best_finish(&w), WUB_DECLINED);
    assert_int_equal(n, 0);

    wub_arena_destroy(arena);
}


static wub_rc_t
work(wub_arena_t *arena, void *data)
{
    size_t         i;
    wub_hour_t     hour;
    wub_chain_t    chain;
    wub_segment_t  segments[300];

    (void) data;

    memset(segments, 0, sizeof(segments));

    for (i = 0; i < wub_nitems(segments); i++) {
        segments[i].start = (int64_t) i * 2 * WUB_SECOND;
        segments[i].duration = WUB_SECOND;
        segments[i].type = WUB_SEGMENT_FULL;
    }

    hour.start = 0;
    hour.segments = segments;
    hour.nsegments = wub_nitems(segments);

    return wub_best_collect(arena, &hour, 1, 0, WUB_HOUR, WUB_BEST_TOLERANCE,
                            &chain);
}


static void
test_torture(void **state)
{
    (void) state;

    assert_int_equal(wub_test_torture(work, NULL), 5);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_torture)
    };

    return cmocka_run_group_tests_name("best", tests, NULL, NULL);
}
