
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Cut plans: tables of small segments, and random ones against an oracle
 * that looks at every frame alone.
 */


#include "t/unit/wub_test.h"
#include "t/unit/wub_test_cutplan.h"


#define NFRAMES  64

/* 2019-11-13T02:34:36 */
#define T        INT64_C(1573612476000000)


/*
 * A segment as text: in decoding order "K5" is a closed key frame, "O5" an
 * open one and "5" another frame, shown at that many ticks of 10 ms; "!"
 * behind it: damaged, "^": mended, "~": of another form.  Plans as text:
 * "C0-3" is a copy, "E4-7/2" an encoded span of which two frames are kept,
 * "E2:4-7/2" one whose decoding begins at 2, "Eb:0-3/2" in the segment
 * before; "L1": one frame is lost, "D1": one of the kept ones is damaged.
 * The state is text too: "b" before, "c" copied, "d" damaged.
 */
typedef struct {
    const char  *name;
    const char  *frames;
    int64_t      start;         /* ms after the start of the segment */
    int64_t      end;
    const char  *before;
    wub_rc_t     rc;
    const char  *plan;
    const char  *after;
} plan_case_t;


static const bool  forms[] = { true, false };


static size_t
read_frames(const char *text, wub_cutplan_frame_t *frames)
{
    char                 *end;
    size_t                n;
    wub_cutplan_frame_t  *frame;

    for (n = 0; *text != '\0'; n++) {
        assert_true(n < NFRAMES);

        frame = &frames[n];
        frame->key = (*text == 'K') ? WUB_KEY_CLOSED
                     : (*text == 'O') ? WUB_KEY_OPEN : WUB_KEY_NONE;
        text += (frame->key != WUB_KEY_NONE);
        frame->pts = strtoll(text, &end, 10);
        frame->dts = (int64_t) n;

        assert_true(end != text);

        frame->damaged = (*end == '!');
        frame->form = (*end == '~');
        frame->mended = (*end == '^');
        text = end + (*end == '!' || *end == '~' || *end == '^');
        text += (*text == ' ');
    }

    return n;
}


static wub_cutplan_state_t
read_state(const char *text)
{
    wub_cutplan_state_t  state;

    state.before = (strchr(text, 'b') != NULL);
    state.copied = (strchr(text, 'c') != NULL);
    state.damaged = (strchr(text, 'd') != NULL);

    return state;
}


static void
print_plan(const wub_cutplan_t *plan, char *text, size_t size)
{
    char               roll[24];
    size_t             i, k, len, damaged;
    const wub_span_t  *s;

    len = 0;
    text[0] = '\0';
    damaged = 0;

    for (i = 0; i < plan->nspans; i++) {
        s = &plan->spans[i];
        roll[0] = '\0';

        if (s->before || s->roll != s->first) {
            snprintf(roll, sizeof(roll), s->before ? "b:" : "%zu:", s->roll);
        }

        len += (size_t) snprintf(text + len, size - len, "%s%c%s%zu-%zu",
                                 (i == 0) ? "" : " ",
                                 (s->kind == WUB_SPAN_COPY) ? 'C' : 'E',
                                 roll, s->first, s->last);

        if (s->kind == WUB_SPAN_ENCODE) {
            len += (size_t) snprintf(text + len, size - len, "/%zu",
                                     s->nkept);
        }

        for (k = 0; k < s->nkept; k++) {
            damaged += s->kept[k].damaged;
        }
    }

    if (plan->nlost != 0) {
        len += (size_t) snprintf(text + len, size - len, " L%zu",
                                 plan->nlost);
    }

    if (damaged != 0) {
        len += (size_t) snprintf(text + len, size - len, " D%zu", damaged);
    }

    assert_true(len < size);
}


static void
check_case(const plan_case_t *c)
{
    char                   text[200];
    wub_rc_t               rc;
    wub_arena_t           *arena;
    wub_cutplan_t          plan;
    wub_test_plan_t        test;
    wub_cutplan_frame_t    frames[NFRAMES];
    wub_cutplan_state_t    want;
    wub_cutplan_segment_t  segment;

    arena = wub_test_arena();
    memset(&plan, 0, sizeof(plan));

    segment.start = T;
    segment.num = 1;
    segment.den = 100;
    segment.frames = frames;
    segment.nframes = read_frames(c->frames, frames);
    segment.forms = forms;
    segment.nforms = wub_nitems(forms);

    test.segment = &segment;
    test.start = T + c->start * 1000;
    test.end = T + c->end * 1000;
    test.before = read_state(c->before);
    test.after = test.before;
    test.plan = &plan;

    rc = wub_cutplan_build(arena, &segment, test.start, test.end,
                           &test.after, &plan);

    wub_expect(rc == c->rc, "%s: %d", c->name, (int) rc);

    if (rc == WUB_OK) {
        print_plan(&plan, text, sizeof(text));
        wub_expect(strcmp(text, c->plan) == 0, "%s: %s", c->name, text);
        wub_expect(wub_test_plan(&test) == NULL, "%s: %s", c->name,
                   wub_test_plan(&test));

        want = read_state(c->after);
        wub_expect(memcmp(&want, &test.after, sizeof(want)) == 0,
                   "%s: the state", c->name);

    } else {
        assert_null(plan.spans);
        assert_memory_equal(&test.before, &test.after, sizeof(test.after));
    }

    wub_arena_destroy(arena);
}


static void
closed(void **state)
{
    size_t  i;

    static const plan_case_t  cases[] = {

        /* closed GOPs of four frames at 0, 10, 20, ... ms */

        { "whole", "K0 1 2 3 K4 5 6 7 K8 9", 0, 100, "", WUB_OK, "C0-9",
          "bc" },
        { "whole, wider", "K0 1 2 3 K4 5 6 7", -100, 500, "", WUB_OK,
          "C0-7", "bc" },
        { "head", "K0 1 2 3 K4 5 6 7 K8 9", 20, 100, "", WUB_OK,
          "E0-3/2 C4-9", "bc" },
        { "tail", "K0 1 2 3 K4 5 6 7 K8 9", 0, 90, "", WUB_OK,
          "C0-7 E8-8/1", "b" },
        { "both", "K0 1 2 3 K4 5 6 7 K8 9", 10, 90, "", WUB_OK,
          "E0-3/3 C4-7 E8-8/1", "b" },
        { "in one GOP", "K0 1 2 3 K4 5 6 7", 50, 70, "", WUB_OK, "E4-6/2",
          "b" },
        { "one frame", "K0 1 2 3 K4 5 6 7", 60, 61, "", WUB_OK, "E4-6/1",
          "b" },
        { "a GOP exactly", "K0 1 2 3 K4 5 6 7 K8 9", 40, 80, "", WUB_OK,
          "C4-7", "b" },
        { "over a border", "K0 1 2 3 K4 5 6 7", 30, 50, "", WUB_OK,
          "E0-4/2", "b" },
        { "a frame at the start is in", "K0 1 2 3", 10, 30, "", WUB_OK,
          "E0-2/2", "b" },
        { "1 us later it is not", "K0 1 2 3 K4 5", 31, 60, "", WUB_OK,
          "C4-5", "bc" },
        { "a frame at the end is out", "K0 1 2 3 K4 5", 0, 40, "", WUB_OK,
          "C0-3", "b" },
        { "1 ms later it is in", "K0 1 2 3 K4 5", 0, 41, "", WUB_OK,
          "C0-3 E4-4/1", "b" },
        { "before", "K0 1 2 3", -50, 0, "bc", WUB_OK, "", "b" },
        { "after", "K0 1 2 3", 31, 100, "", WUB_OK, "", "b" },
        { "between frames", "K0 1 2 3", 11, 19, "", WUB_OK, "", "b" },
        { "empty range", "K0 1 2 3", 10, 10, "", WUB_OK, "", "b" },
        { "backward range", "K0 1 2 3", 30, 10, "", WUB_OK, "", "b" },
        { "no frames", "", 0, 100, "bd", WUB_OK, "", "bd" },

        /* B-frames */

        { "I P B B", "K0 3 1 2 K4 7 5 6", 0, 80, "", WUB_OK, "C0-7", "bc" },
        { "I P B B, head", "K0 3 1 2 K4 7 5 6", 20, 80, "", WUB_OK,
          "E0-3/2 C4-7", "bc" },
        { "I P B B, tail ends in B", "K0 3 1 2 K4 7 5 6", 0, 60, "", WUB_OK,
          "C0-3 E4-6/2", "b" },
        { "I P B B, middle", "K0 3 1 2", 10, 30, "", WUB_OK, "E0-3/2",
          "b" },
        { "pyramid", "K0 4 2 1 3 K5 9 7 6 8", 30, 100, "", WUB_OK,
          "E0-4/2 C5-9", "bc" },
        { "pyramid, nothing behind the last one is decoded",
          "K0 4 2 1 3 K5 9 7 6 8", 0, 70, "", WUB_OK, "C0-4 E5-8/2", "b" },
        { "shown before a closed key frame, by its leave",
          "K0 1 K4 2 3 5 K6", 0, 70, "", WUB_OK, "C0-6", "bc" },
        { "... in part", "K0 1 K4 2 3 5 K6", 30, 70, "", WUB_OK,
          "E2-5/3 C6-6", "bc" },

        /* GOPs of one frame, and of any length */

        { "one frame GOPs", "K0 K1 K2 K3", 10, 30, "", WUB_OK, "C1-2",
          "b" },
        { "one frame GOP", "K0", 0, 10, "", WUB_OK, "C0-0", "bc" },
        { "one frame GOP amid", "K0 1 K2 K3 4", 10, 40, "", WUB_OK,
          "E0-1/1 C2-2 E3-3/1", "b" },
        { "variable rate", "K0 9 K10 11 12 K50 90", 90, 510, "", WUB_OK,
          "E0-1/1 C2-4 E5-5/1", "b" },
        { "neighbours encoded", "K0 9 K10 50 K51 52", 90, 200, "", WUB_OK,
          "E0-2/2", "b" },
        { "a GOP that the range leaves out", "K0 9 K10 11 K50 90", 600, 950,
          "", WUB_OK, "E4-5/1", "b" },

        /* timestamps count from the first frame, whatever it says */

        { "late", "K900 901 K902 903", 10, 40, "", WUB_OK, "E0-1/1 C2-3",
          "bc" },
        { "negative", "K-4 -3 -2 K-1 0 1", 10, 60, "", WUB_OK,
          "E0-2/2 C3-5", "bc" },
        { "past 33 bits", "K8589934590 8589934591 K8589934592 8589934593",
          10, 40, "", WUB_OK, "E0-1/1 C2-3", "bc" },
    };

    (void) state;

    for (i = 0; i < wub_nitems(cases); i++) {
        check_case(&cases[i]);
    }
}


static void
opened(void **state)
{
    size_t  i;

    static const plan_case_t  cases[] = {

        { "copied from a closed key on", "K0 3 1 2 O6 4 5 9 7 8", 0, 100, "",
          WUB_OK, "C0-9", "bc" },
        { "not from an open one", "K0 3 1 2 O6 4 5 9 7 8", 10, 100, "",
          WUB_OK, "E0-9/9", "b" },
        { "with the next closed one copying goes on",
          "K0 1 O4 2 3 K5 6 O9 7 8", 10, 100, "", WUB_OK, "E0-4/4 C5-9",
          "bc" },
        { "the GOP before is decoded for the frames before the key",
          "K0 3 1 2 O6 4 5 9 7 8", 40, 100, "", WUB_OK, "E0:4-9/6", "b" },
        { "one of them", "K0 3 1 2 O6 4 5 9 7 8", 50, 100, "", WUB_OK,
          "E0:4-9/5", "b" },
        { "none of them", "K0 3 1 2 O6 4 5 9 7 8", 60, 100, "", WUB_OK,
          "E4-9/4", "b" },
        { "only the GOP before", "K0 1 O4 2 3 O7 5 6", 50, 70, "", WUB_OK,
          "E2:5-7/2", "b" },
        { "behind a copy", "K0 3 1 2 O6 4 5 9 7 8", 0, 50, "", WUB_OK,
          "C0-3 E0:4-5/1", "b" },

        /* times before the start of the segment; the segment before */

        { "goes on with a copy", "O2 0 1 5 3 4", -20, 40, "bc", WUB_OK,
          "C0-5", "bc" },
        { "goes on", "O2 0 1 5 3 4", -20, 40, "b", WUB_OK, "Eb:0-5/6",
          "b" },
        { "begins within", "O2 0 1 5 3 4", -10, 40, "b", WUB_OK,
          "Eb:0-5/5", "b" },
        { "begins at the key", "O2 0 1 5 3 4", 0, 40, "b", WUB_OK,
          "E0-5/4", "b" },
        { "ends before the key", "O2 0 1 5 3 4", -20, 0, "bc", WUB_OK,
          "Eb:0-2/2", "b" },
        { "behind a hole", "O2 0 1 5 3 4", -20, 40, "", WUB_OK,
          "E0-5/4 L2", "b" },
        { "behind a hole, copied later", "O2 0 1 3 K4 5", -20, 40, "",
          WUB_OK, "E0-3/2 C4-5 L2", "bc" },
        { "nothing but what is lost", "O2 0 1 5 3 4", -20, 0, "", WUB_OK,
          " L2", "b" },
        { "out of range it is not lost", "O2 0 1 5 3 4", 0, 40, "", WUB_OK,
          "E0-5/4", "b" },

        /* frames of two GOPs mixed in display: they are one */

        { "mixed", "K0 1 3 O6 2 4 5 O9 7 8", 0, 100, "", WUB_OK, "C0-9",
          "bc" },
        { "mixed, in part", "K0 1 3 O6 2 4 5 O9 7 8", 20, 100, "", WUB_OK,
          "E0-9/8", "b" },
        { "mixed, of the second alone", "K0 1 3 O6 2 4 5 O9 7 8", 40, 100,
          "", WUB_OK, "E0-9/6", "b" },
    };

    (void) state;

    for (i = 0; i < wub_nitems(cases); i++) {
        check_case(&cases[i]);
    }
}


static void
unfit(void **state)
{
    size_t  i;

    static const plan_case_t  cases[] = {

        /* damage ends with its GOP */

        { "damaged", "K0 1! 2 3 K4 5 6 7", 0, 80, "", WUB_OK,
          "E0-3/4 C4-7 D3", "bc" },
        { "mended", "K0 1^ 2 3 K4 5 6 7", 0, 80, "", WUB_OK,
          "C0-7 D1", "bc" },
        { "damaged amid", "K0 1 K2 3! K4 5", 0, 60, "", WUB_OK,
          "C0-1 E2-3/2 C4-5 D1", "bc" },
        { "damaged at the end", "K0 1 K2 3!", 0, 60, "", WUB_OK,
          "C0-1 E2-3/2 D1", "bd" },
        { "damage out of range", "K0 1! K2 3", 20, 60, "", WUB_OK, "C2-3",
          "bc" },
        { "damage before an open key", "K0 1! O4 2 3 5 K6", 0, 70, "",
          WUB_OK, "E0-5/6 C6-6 D3", "bc" },
        { "damage in the segment before", "O4 2 3 5 K6", -20, 30, "bd",
          WUB_OK, "Eb:0-3/4 C4-4 D2", "bc" },
        { "damage in the segment before, closed", "K4 2 3 5 K6", -20, 30,
          "bd", WUB_OK, "C0-4", "bc" },

        /* another form */

        { "another form", "K0~ 1~ K2 3", 0, 60, "", WUB_OK, "E0-1/2 C2-3",
          "bc" },
        { "another form, open", "K0~ 1~ O4~ 2~ 3~ K5 6", 0, 70, "", WUB_OK,
          "E0-4/5 C5-6", "bc" },
        { "the same form, open", "K0 1 K2~ 3~ O6 4 5 K7", 0, 80, "", WUB_OK,
          "C0-1 E2-6/5 C7-7", "bc" },

        /* one time, two frames */

        { "the same time twice", "K0 1 1 2 K3 4", 0, 60, "", WUB_OK,
          "E0-3/3 C4-5 L1", "bc" },

        /* what cannot be cut */

        { "no key frame", "0 1 2 3", 0, 40, "", WUB_INVALID, NULL, NULL },
        { "key frame late", "0 K1 2 3", 10, 40, "", WUB_INVALID, NULL,
          NULL },
        { "shown after the next key", "K0 1 5 K4 6 7", 0, 80, "bc",
          WUB_INVALID, NULL, NULL },
        { "shown with the next key", "K0 1 4 O4 6 7", 0, 80, "",
          WUB_INVALID, NULL, NULL },
        { "keys backward", "K4 K0", 0, 80, "", WUB_INVALID, NULL, NULL },
        { "wrapped", "K8589934590 8589934591 K0 1", 0, 80, "", WUB_INVALID,
          NULL, NULL },
        { "far apart", "K0 1 K1099511627776", 0, 80, "", WUB_INVALID, NULL,
          NULL },
        { "far back", "O1099511627776 0", 0, 80, "", WUB_INVALID, NULL,
          NULL },
        { "as far as can be", "K-9223372036854775807 9223372036854775807",
          0, 80, "", WUB_INVALID, NULL, NULL },
    };

    (void) state;

    for (i = 0; i < wub_nitems(cases); i++) {
        check_case(&cases[i]);
    }
}


/* 90 kHz and 1001/30000 do not fall on microseconds: the rounded time rules */
static void
rounding(void **state)
{
    size_t                 i, k;
    wub_arena_t           *arena;
    wub_cutplan_t          plan;
    wub_cutplan_frame_t    frames[4];
    wub_cutplan_state_t    before;
    wub_cutplan_segment_t  segment = { T, 1, 90000, frames, 4, forms, 1 };

    static const int64_t  times[] = { 0, 33367, 66733, 100100 };

    (void) state;

    arena = wub_test_arena();
    memset(frames, 0, sizeof(frames));
    memset(&before, 0, sizeof(before));

    for (i = 0; i < 4; i++) {
        frames[i].pts = 126000 + 3003 * (int64_t) i;
        frames[i].key = (i == 0) ? WUB_KEY_CLOSED : WUB_KEY_NONE;
    }

    for (i = 0; i < 4; i++) {
        const int64_t  ranges[][3] = {
            { times[i], times[i] + 1, 1 },
            { times[i] + 1, 200000, 3 - (int64_t) i },
            { 0, times[i], (int64_t) i },
        };

        assert_int_equal(wub_cutplan_time(&segment, &frames[i]),
                         T + times[i]);

        for (k = 0; k < wub_nitems(ranges); k++) {
            assert_int_equal(wub_cutplan_build(arena, &segment,
                                               T + ranges[k][0],
                                               T + ranges[k][1], &before,
                                               &plan), WUB_OK);
            assert_int_equal(plan.nkept, ranges[k][2]);
        }
    }

    wub_arena_destroy(arena);
}


static void
time_base(void **state)
{
    size_t                 i;
    wub_arena_t           *arena;
    wub_cutplan_t          plan;
    wub_cutplan_frame_t    frame = { 0, 0, WUB_KEY_CLOSED, 0, false, false };
    wub_cutplan_state_t    before;
    wub_cutplan_segment_t  segment = { T, 1, 1, &frame, 1, forms, 1 };

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

    arena = wub_test_arena();
    memset(&before, 0, sizeof(before));

    for (i = 0; i < wub_nitems(cases); i++) {
        segment.num = cases[i].num;
        segment.den = cases[i].den;

        assert_int_equal(wub_cutplan_build(arena, &segment, T, T + 1,
                                           &before, &plan), cases[i].rc);
    }

    wub_arena_destroy(arena);
}


/*
 * GOPs with jittered times, closed and open ones, whose frames are decoded
 * in any order; frames before an open key may mix with the GOP before.
 */
static size_t
random_frames(uint64_t *seed, wub_cutplan_frame_t *frames,
    int64_t *ret_length)
{
    size_t               n, first, i, k;
    int64_t              pts;
    wub_cutplan_frame_t  swap;

    n = 0;
    pts = (int64_t) wub_test_below(seed, 2000) - 1000;
    *ret_length = -pts;

    do {
        first = n;

        do {
            frames[n].pts = pts;
            frames[n].dts = (int64_t) n;
            frames[n].key = WUB_KEY_NONE;
            frames[n].form = (wub_test_below(seed, 60) == 0);
            frames[n].damaged = (wub_test_below(seed, 60) == 0);
            frames[n].mended = (wub_test_below(seed, 60) == 0);
            pts += 1 + (int64_t) wub_test_below(seed,
                                       wub_test_below(seed, 4) ? 3 : 40);
            pts -= (wub_test_below(seed, 40) == 0);
            n++;
        } while (wub_test_below(seed, 6) != 0 && n < NFRAMES);

        /* the key frame is shown first, or behind those that lead it */

        k = first;

        if (wub_test_below(seed, 2) != 0) {
            k += wub_test_below(seed, n - first) / 2;
        }

        swap = frames[first];
        frames[first] = frames[k];
        frames[k] = swap;
        frames[first].key = wub_test_below(seed, 3) ? WUB_KEY_OPEN
                                                    : WUB_KEY_CLOSED;

        for (i = first + 1; i < n; i++) {
            k = i + wub_test_below(seed, n - i);
            swap = frames[i];
            frames[i] = frames[k];
            frames[k] = swap;
        }

        if (first != 0 && wub_test_below(seed, 8) == 0
            && frames[first].pts > frames[first - 1].pts + 1)
        {
            frames[n - 1].pts = frames[first - 1].pts - 1;
        }
    } while (wub_test_below(seed, 8) != 0 && n < NFRAMES);

    *ret_length += pts;

    return n;
}


static void
oracle(void **state)
{
    size_t                 i, k, valid, copies, lost, rolls;
    int64_t                length;
    uint64_t               seed;
    wub_rc_t               rc;
    const char            *wrong;
    wub_arena_t           *arena;
    wub_cutplan_t          plan;
    wub_test_plan_t        test;
    wub_cutplan_frame_t    frames[NFRAMES];
    wub_cutplan_segment_t  segment;

    (void) state;

    seed = wub_test_seed();
    arena = wub_test_arena();
    valid = copies = lost = rolls = 0;

    test.segment = &segment;
    test.plan = &plan;
    segment.num = 1;
    segment.frames = frames;
    segment.forms = forms;
    segment.nforms = wub_nitems(forms);

    for (i = 0; i < 20000; i++) {
        segment.start = T + (int64_t) wub_test_below(&seed, 1000000);
        segment.den = wub_test_below(&seed, 2) ? 90000 : 1000;
        segment.nframes = random_frames(&seed, frames, &length);

        length = wub_time_from_ticks(length + 5, 1, segment.den);
        test.start = segment.start - length / 4
                     + (int64_t) wub_test_below(&seed, (size_t) length);
        test.end = test.start
                   + (int64_t) wub_test_below(&seed, 2 * (size_t) length);

        if (wub_test_below(&seed, 3) == 0) {
            k = wub_test_below(&seed, segment.nframes);
            test.start = wub_cutplan_time(&segment, &frames[k]);
        }

        if (wub_test_below(&seed, 3) == 0) {
            k = wub_test_below(&seed, segment.nframes);
            test.end = wub_cutplan_time(&segment, &frames[k]);
        }

        test.before.before = (wub_test_below(&seed, 3) != 0);
        test.before.copied = test.before.before
                             && wub_test_below(&seed, 2) != 0;
        test.before.damaged = test.before.before && !test.before.copied
                              && wub_test_below(&seed, 4) == 0;
        test.after = test.before;

        rc = wub_cutplan_build(arena, &segment, test.start, test.end,
                               &test.after, &plan);

        if (rc == WUB_OK) {
            wrong = wub_test_plan(&test);
            wub_expect(wrong == NULL, "turn %zu: %s", i, wrong);

            valid++;
            lost += (plan.nlost != 0);

            for (k = 0; k < plan.nspans; k++) {
                copies += (plan.spans[k].kind == WUB_SPAN_COPY);
                rolls += (plan.spans[k].before
                          || plan.spans[k].roll != plan.spans[k].first);
            }
        }

        wub_arena_reset(arena);
    }

    wub_arena_destroy(arena);

    /* the random segments reach all kinds of plans */

    assert_true(valid > 5000);
    assert_true(copies > 1000);
    assert_true(lost > 300);
    assert_true(rolls > 300);
}


static wub_rc_t
build(wub_arena_t *arena, void *data)
{
    wub_rc_t               rc;
    wub_cutplan_t          plan;
    wub_cutplan_frame_t    frame = { 0, 0, WUB_KEY_CLOSED, 0, false, false };
    wub_cutplan_state_t    before;
    wub_cutplan_segment_t  segment = { T, 1, 90000, &frame, 1, forms, 1 };

    (void) data;

    memset(&before, 0, sizeof(before));
    rc = wub_cutplan_build(arena, &segment, T, T + 1, &before, &plan);
    assert_true(before.before == (rc == WUB_OK));

    return rc;
}


static void
torture(void **state)
{
    (void) state;

    assert_true(wub_test_torture(build, NULL) > 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(closed),
        cmocka_unit_test(opened),
        cmocka_unit_test(unfit),
        cmocka_unit_test(rounding),
        cmocka_unit_test(time_base),
        cmocka_unit_test(oracle),
        cmocka_unit_test(torture),
    };

    return cmocka_run_group_tests_name("cutplan", tests, NULL, NULL);
}
