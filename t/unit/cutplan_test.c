
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Cut plans: tables of small segments, and random ones against an oracle
 * that looks at every frame alone.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/wub_cutplan.h"
#include "common/wub_time.h"


#define ARENA_MAX  ((size_t) 1 << 20)
#define NFRAMES    64
#define NSPANS     4

/* 2019-11-13T02:34:36 */
#define T          INT64_C(1573612476000000)


/*
 * A segment as text: in decoding order "K5" is a key frame and "5" another
 * frame, shown at that many ticks of 10 ms.  Plans as text: "C0-3" is a
 * copy, "E4-7/2" an encoded span of which two frames are kept.
 */
typedef struct {
    const char  *name;
    const char  *frames;
    int64_t      start;         /* ms after the start of the segment */
    int64_t      end;
    wub_rc_t     rc;
    const char  *plan;
} plan_case_t;


static uint32_t      seed = 1;
static wub_arena_t  *arena;


static uint32_t
rnd(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;

    return (seed >> 8) % n;
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


static size_t
read_frames(const char *text, wub_cutplan_frame_t *frames)
{
    char    *end;
    size_t   n;

    for (n = 0; *text != '\0'; n++) {
        assert_true(n < NFRAMES);

        frames[n].key = (*text == 'K') ? WUB_KEY_CLOSED : WUB_KEY_NONE;
        text += (*text == 'K');
        frames[n].pts = strtoll(text, &end, 10);
        frames[n].dts = (int64_t) n;

        assert_true(end != text);

        text = end + (*end == ' ');
    }

    return n;
}


static void
print_plan(const wub_cutplan_t *plan, char *text, size_t size)
{
    size_t             i, len;
    const wub_span_t  *s;

    len = 0;
    text[0] = '\0';

    for (i = 0; i < plan->nspans; i++) {
        s = &plan->spans[i];

        len += (size_t) snprintf(text + len, size - len, "%s%c%zu-%zu",
                                 (i == 0) ? "" : " ",
                                 (s->kind == WUB_SPAN_COPY) ? 'C' : 'E',
                                 s->first, s->last);

        if (s->kind == WUB_SPAN_ENCODE) {
            len += (size_t) snprintf(text + len, size - len, "/%zu",
                                     s->nkept);
        }

        assert_true(len < size);
    }
}


static void
plans(void **state)
{
    char                   text[200];
    size_t                 i, k, kept;
    wub_rc_t               rc;
    wub_cutplan_t          plan;
    wub_cutplan_frame_t    frames[NFRAMES];
    wub_cutplan_segment_t  segment;

    static const plan_case_t  cases[] = {

        /* closed GOPs of four frames at 0, 10, 20, ... ms */

        { "whole", "K0 1 2 3 K4 5 6 7 K8 9", 0, 100, WUB_OK, "C0-9" },
        { "whole, wider", "K0 1 2 3 K4 5 6 7", -100, 500, WUB_OK, "C0-7" },
        { "head", "K0 1 2 3 K4 5 6 7 K8 9", 20, 100, WUB_OK,
          "E0-3/2 C4-9" },
        { "tail", "K0 1 2 3 K4 5 6 7 K8 9", 0, 90, WUB_OK, "C0-7 E8-9/1" },
        { "both", "K0 1 2 3 K4 5 6 7 K8 9", 10, 90, WUB_OK,
          "E0-3/3 C4-7 E8-9/1" },
        { "in one GOP", "K0 1 2 3 K4 5 6 7", 50, 70, WUB_OK, "E4-7/2" },
        { "one frame", "K0 1 2 3 K4 5 6 7", 60, 61, WUB_OK, "E4-7/1" },
        { "a GOP exactly", "K0 1 2 3 K4 5 6 7 K8 9", 40, 80, WUB_OK,
          "C4-7" },
        { "over a border", "K0 1 2 3 K4 5 6 7", 30, 50, WUB_OK, "E0-7/2" },
        { "a frame at the start is in", "K0 1 2 3", 10, 30, WUB_OK,
          "E0-3/2" },
        { "1 us later it is not", "K0 1 2 3 K4 5", 31, 60, WUB_OK, "C4-5" },
        { "a frame at the end is out", "K0 1 2 3 K4 5", 0, 40, WUB_OK,
          "C0-3" },
        { "1 ms later it is in", "K0 1 2 3 K4 5", 0, 41, WUB_OK,
          "C0-3 E4-5/1" },
        { "before", "K0 1 2 3", -50, 0, WUB_OK, "" },
        { "after", "K0 1 2 3", 31, 100, WUB_OK, "" },
        { "between frames", "K0 1 2 3", 11, 19, WUB_OK, "" },
        { "empty range", "K0 1 2 3", 10, 10, WUB_OK, "" },
        { "backward range", "K0 1 2 3", 30, 10, WUB_OK, "" },
        { "no frames", "", 0, 100, WUB_OK, "" },

        /* B-frames */

        { "I P B B", "K0 3 1 2 K4 7 5 6", 0, 80, WUB_OK, "C0-7" },
        { "I P B B, head", "K0 3 1 2 K4 7 5 6", 20, 80, WUB_OK,
          "E0-3/2 C4-7" },
        { "I P B B, tail ends in B", "K0 3 1 2 K4 7 5 6", 0, 60, WUB_OK,
          "C0-3 E4-7/2" },
        { "I P B B, middle", "K0 3 1 2", 10, 30, WUB_OK, "E0-3/2" },
        { "pyramid", "K0 4 2 1 3 K5 9 7 6 8", 30, 100, WUB_OK,
          "E0-4/2 C5-9" },

        /* GOPs of one frame, and of any length */

        { "one frame GOPs", "K0 K1 K2 K3", 10, 30, WUB_OK, "C1-2" },
        { "one frame GOP", "K0", 0, 10, WUB_OK, "C0-0" },
        { "one frame GOP amid", "K0 1 K2 K3 4", 10, 40, WUB_OK,
          "E0-1/1 C2-2 E3-4/1" },
        { "variable rate", "K0 9 K10 11 12 K50 90", 90, 510, WUB_OK,
          "E0-1/1 C2-4 E5-6/1" },
        { "neighbours encoded", "K0 9 K10 50 K51 52", 90, 200, WUB_OK,
          "E0-3/2" },
        { "a GOP that the range leaves out", "K0 9 K10 11 K50 90", 600, 950,
          WUB_OK, "E4-5/1" },

        /* timestamps count from the first frame, whatever it says */

        { "late", "K900 901 K902 903", 10, 40, WUB_OK, "E0-1/1 C2-3" },
        { "negative", "K-4 -3 -2 K-1 0 1", 10, 60, WUB_OK, "E0-2/2 C3-5" },
        { "past 33 bits", "K8589934590 8589934591 K8589934592 8589934593",
          10, 40, WUB_OK, "E0-1/1 C2-3" },

        /* what cannot be cut */

        { "no key frame", "0 1 2 3", 0, 40, WUB_INVALID, NULL },
        { "key frame late", "0 K1 2 3", 10, 40, WUB_INVALID, NULL },
        { "open GOP", "K0 1 2 K6 4 5 7", 0, 80, WUB_INVALID, NULL },
        { "open GOP out of range", "K0 1 2 K6 4 5 7", 0, 20, WUB_INVALID,
          NULL },
        { "open GOP at first", "K2 0 1 3", 0, 80, WUB_INVALID, NULL },
        { "shown after the next key", "K0 1 5 K4 6 7", 0, 80, WUB_INVALID,
          NULL },
        { "shown with the next key", "K0 1 4 K4 6 7", 0, 80, WUB_INVALID,
          NULL },
        { "keys backward", "K4 K0", 0, 80, WUB_INVALID, NULL },
        { "wrapped", "K8589934590 8589934591 K0 1", 0, 80, WUB_INVALID,
          NULL },
        { "far apart", "K0 1 K1099511627776", 0, 80, WUB_INVALID, NULL },
        { "as far as can be", "K-9223372036854775807 9223372036854775807",
          0, 80, WUB_INVALID, NULL },
    };

    (void) state;

    segment.start = T;
    segment.num = 1;
    segment.den = 100;
    segment.frames = frames;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        segment.nframes = read_frames(cases[i].frames, frames);
        memset(&plan, 0, sizeof(plan));

        rc = wub_cutplan_build(arena, &segment, T + cases[i].start * 1000,
                               T + cases[i].end * 1000, &plan);

        if (rc != cases[i].rc) {
            fail_msg("%s: %d", cases[i].name, rc);
        }

        if (rc != WUB_OK) {
            assert_null(plan.spans);
            continue;
        }

        print_plan(&plan, text, sizeof(text));

        if (strcmp(text, cases[i].plan) != 0) {
            fail_msg("%s: %s", cases[i].name, text);
        }

        kept = 0;

        for (k = 0; k < plan.nspans; k++) {
            kept += plan.spans[k].nkept;
            assert_int_equal(plan.spans[k].from, T + cases[i].start * 1000);
            assert_int_equal(plan.spans[k].to, T + cases[i].end * 1000);
        }

        assert_int_equal(plan.nkept, kept);
    }
}


/* 90 kHz and 1001/30000 do not fall on microseconds: the rounded time rules */
static void
rounding(void **state)
{
    size_t                 i;
    wub_cutplan_t          plan;
    wub_cutplan_frame_t    frames[4];
    wub_cutplan_segment_t  segment;

    static const int64_t  times[] = { 0, 33367, 66733, 100100 };

    (void) state;

    for (i = 0; i < 4; i++) {
        frames[i].pts = 126000 + 3003 * (int64_t) i;
        frames[i].dts = 0;
        frames[i].key = (i == 0) ? WUB_KEY_CLOSED : WUB_KEY_NONE;
    }

    segment.start = T;
    segment.num = 1;
    segment.den = 90000;
    segment.frames = frames;
    segment.nframes = 4;

    for (i = 0; i < 4; i++) {
        assert_int_equal(wub_cutplan_time(&segment, &frames[i]),
                         T + times[i]);

        assert_int_equal(wub_cutplan_build(arena, &segment, T + times[i],
                                           T + times[i] + 1, &plan),
                         WUB_OK);
        assert_int_equal(plan.nkept, 1);

        assert_int_equal(wub_cutplan_build(arena, &segment, T + times[i] + 1,
                                           T + 200000, &plan), WUB_OK);
        assert_int_equal(plan.nkept, 3 - i);

        assert_int_equal(wub_cutplan_build(arena, &segment, T, T + times[i],
                                           &plan), WUB_OK);
        assert_int_equal(plan.nkept, i);
    }
}


static void
time_base(void **state)
{
    size_t                 i;
    wub_cutplan_t          plan;
    wub_cutplan_frame_t    frame = { 0, 0, WUB_KEY_CLOSED, 0, false };
    wub_cutplan_segment_t  segment = { T, 1, 1, &frame, 1 };

    static const struct {
        int32_t   num;
        int32_t   den;
        wub_rc_t  rc;
    } cases[] = {
        { 1, 90000, WUB_OK },
        { 1, 1, WUB_OK },
        { 1001, 30000, WUB_OK },
        { 1, INT32_MAX, WUB_OK },
        { 2, 1, WUB_INVALID },
        { 0, 1, WUB_INVALID },
        { 1, 0, WUB_INVALID },
        { -1, 90000, WUB_INVALID },
        { 1, -90000, WUB_INVALID },
        { -1, -1, WUB_INVALID },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        segment.num = cases[i].num;
        segment.den = cases[i].den;

        assert_int_equal(wub_cutplan_build(arena, &segment, T, T + 1, &plan),
                         cases[i].rc);
    }
}


/* GOPs with jittered times, each decoded with its last shown frame early */
static size_t
random_frames(wub_cutplan_frame_t *frames, int64_t *ret_length)
{
    size_t                n, first, i, k;
    int64_t               pts;
    wub_cutplan_frame_t   swap;

    n = 0;
    pts = (int64_t) rnd(2000) - 1000;
    *ret_length = -pts;

    do {
        first = n;

        do {
            frames[n].pts = pts;
            frames[n].dts = (int64_t) n;
            frames[n].key = (n == first) ? WUB_KEY_CLOSED
                                         : WUB_KEY_NONE;
            pts += 1 + rnd(rnd(4) ? 3 : 40);
            n++;
        } while (rnd(6) && n < NFRAMES);

        /* what follows the key frame is decoded in any order */

        for (i = first + 1; i < n; i++) {
            k = i + rnd((uint32_t) (n - i));
            swap = frames[i];
            frames[i] = frames[k];
            frames[k] = swap;
        }
    } while (rnd(8) && n < NFRAMES);

    *ret_length += pts;

    return n;
}


/* every frame alone: is it in range, and does the plan treat it so */
static void
check_against_oracle(const wub_cutplan_segment_t *segment, int64_t start,
    int64_t end, const wub_cutplan_t *plan)
{
    bool               in, gop_in;
    size_t             i, k, first, kept, covered;
    int64_t            t;
    const wub_span_t  *s;

    kept = 0;
    first = 0;

    for (i = 0; i < segment->nframes; i++) {
        t = segment->start
            + wub_time_from_ticks(segment->frames[i].pts
                                  - segment->frames[0].pts,
                                  segment->num, segment->den);
        in = (start <= t && t < end);
        kept += in;
        covered = 0;

        if (segment->frames[i].key) {
            first = i;
        }

        gop_in = true;

        for (k = first; k < segment->nframes; k++) {
            if (k != first && segment->frames[k].key) {
                break;
            }

            t = wub_cutplan_time(segment, &segment->frames[k]);
            gop_in = gop_in && start <= t && t < end;
        }

        t = wub_cutplan_time(segment, &segment->frames[i]);

        for (k = 0; k < plan->nspans; k++) {
            s = &plan->spans[k];

            if (i < s->first || i > s->last) {
                continue;
            }

            assert_int_equal(s->kind == WUB_SPAN_COPY, gop_in);
            covered += (s->kind == WUB_SPAN_COPY
                        || (s->from <= t && t < s->to));
        }

        assert_int_equal(covered, in);
    }

    assert_int_equal(plan->nkept, kept);
}


static void
check_spans(const wub_cutplan_segment_t *segment, const wub_cutplan_t *plan)
{
    size_t             i, kept;
    const wub_span_t  *s;

    kept = 0;

    for (i = 0; i < plan->nspans; i++) {
        s = &plan->spans[i];

        assert_true(s->first <= s->last && s->last < segment->nframes);
        assert_true(segment->frames[s->first].key);
        assert_true(s->last + 1 == segment->nframes
                    || segment->frames[s->last + 1].key);
        assert_true(s->nkept != 0);
        kept += s->nkept;

        if (s->kind == WUB_SPAN_COPY) {
            assert_int_equal(s->nkept, s->last - s->first + 1);
        }

        if (i != 0) {
            assert_int_equal(s->first, s[-1].last + 1);
            assert_int_not_equal(s->kind, s[-1].kind);
        }
    }

    assert_int_equal(plan->nkept, kept);
}


static void
oracle(void **state)
{
    size_t                 i, copies, encodes;
    int64_t                length, start, end;
    wub_cutplan_t          plan;
    wub_cutplan_frame_t    frames[NFRAMES];
    wub_cutplan_segment_t  segment;

    (void) state;

    copies = 0;
    encodes = 0;

    for (i = 0; i < 30000; i++) {
        segment.start = T + (int64_t) rnd(1000000);
        segment.num = 1;
        segment.den = rnd(2) ? 90000 : 1000;
        segment.frames = frames;
        segment.nframes = random_frames(frames, &length);

        length = wub_time_from_ticks(length + 5, 1, segment.den);
        start = segment.start - 5
                + (int64_t) rnd((uint32_t) length);
        end = start + (int64_t) rnd((uint32_t) length + 10);

        if (rnd(3) == 0) {
            start = wub_cutplan_time(&segment,
                                     &frames[rnd((uint32_t)
                                                 segment.nframes)]);
        }

        if (rnd(3) == 0) {
            end = wub_cutplan_time(&segment,
                                   &frames[rnd((uint32_t)
                                               segment.nframes)]);
        }

        assert_int_equal(wub_cutplan_build(arena, &segment, start, end,
                                           &plan), WUB_OK);
        assert_true(plan.nspans < NSPANS);

        check_spans(&segment, &plan);
        check_against_oracle(&segment, start, end, &plan);

        copies += (plan.nspans != 0
                   && plan.spans[plan.nspans / 2].kind == WUB_SPAN_COPY);
        encodes += (plan.nspans != 0
                    && plan.spans[0].kind == WUB_SPAN_ENCODE);

        wub_arena_reset(arena);
    }

    /* the random ranges reach all kinds of plans */

    assert_true(copies > 1000);
    assert_true(encodes > 1000);
}


/* any order of any flags: an answer, and never a plan beyond the frames */
static void
nonsense(void **state)
{
    size_t                 i, k, valid;
    wub_rc_t               rc;
    wub_cutplan_t          plan;
    wub_cutplan_frame_t    frames[8];
    wub_cutplan_segment_t  segment;

    (void) state;

    valid = 0;

    for (i = 0; i < 30000; i++) {
        segment.start = T;
        segment.num = 1;
        segment.den = 1000;
        segment.frames = frames;
        segment.nframes = rnd(8);

        for (k = 0; k < segment.nframes; k++) {
            frames[k].pts = rnd(12);
            frames[k].dts = 0;
            frames[k].key = (rnd(3) == 0) ? WUB_KEY_CLOSED
                                          : WUB_KEY_NONE;
        }

        rc = wub_cutplan_build(arena, &segment, T + rnd(12000),
                               T + rnd(12000), &plan);

        if (rc == WUB_OK) {
            valid++;
            check_spans(&segment, &plan);

        } else {
            assert_int_equal(rc, WUB_INVALID);
        }

        wub_arena_reset(arena);
    }

    assert_true(valid > 1000);
}


static void
torture(void **state)
{
    wub_cutplan_t          plan;
    wub_cutplan_frame_t    frame = { 0, 0, WUB_KEY_CLOSED, 0, false };
    wub_cutplan_segment_t  segment = { T, 1, 90000, &frame, 1 };

    (void) state;

    memset(&plan, 0, sizeof(plan));

    wub_arena_fail_after(arena, 1);
    assert_int_equal(wub_cutplan_build(arena, &segment, T, T + 1, &plan),
                     WUB_NO_MEMORY);
    assert_null(plan.spans);

    wub_arena_fail_after(arena, 2);
    assert_int_equal(wub_cutplan_build(arena, &segment, T, T + 1, &plan),
                     WUB_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(plans, setup, teardown),
        cmocka_unit_test_setup_teardown(rounding, setup, teardown),
        cmocka_unit_test_setup_teardown(time_base, setup, teardown),
        cmocka_unit_test_setup_teardown(oracle, setup, teardown),
        cmocka_unit_test_setup_teardown(nonsense, setup, teardown),
        cmocka_unit_test_setup_teardown(torture, setup, teardown),
    };

    return cmocka_run_group_tests_name("cutplan", tests, NULL, NULL);
}
