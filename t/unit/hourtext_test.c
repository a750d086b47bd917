
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Hours as a cache keeps them, and playlists joined from them.  The oracle
 * is the walk over all segments and the playlist made of it: random stores
 * and ranges must give the same bytes, however the hours were cut.
 *
 * WUB_SEED repeats a run; WUB_LONG=1 makes fifty times as many.
 */


#include "t/unit/wub_test.h"

#include "common/wub_hourtext.h"
#include "common/wub_time.h"


#define MS         INT64_C(1000)
#define S          WUB_SECOND
#define TOLERANCE  (10 * MS)

#define HOURS      5
#define FILES      40
#define STORES     10000
#define LONG       50
#define RANGES     8
#define BUF_MAX    ((size_t) 8 << 20)

/* of the first directory; any hour will do */
#define ZERO       (INT64_C(438000) * WUB_HOUR)


/* a store in memory, and each hour of it as it is kept */
typedef struct {
    char                   room[HOURS][FILES][100];
    wub_str_t              list[HOURS][FILES];
    wub_names_t            names[HOURS];
    wub_hour_t             hours[HOURS];
    wub_hourtext_t        *kept[HOURS];     /* from malloc, size exact */
    const wub_hourtext_t  *given[HOURS];
    wub_str_t              texts[HOURS];
    size_t                 nhours;
    int64_t                tolerance;
    bool                   named;
    wub_m3u8_media_t       m;
    int64_t                start;
    int64_t                end;
    uint64_t               random;
} store_t;


/* what the random stores led to, so that none of it goes untested */
enum {
    WHOLE = 0,          /* pieces: a text from end to end */
    HEADLESS,           /* a text without its beginning */
    CUT,                /* a text without its end */
    OFF,                /* of no text */
    HOLED,              /* with a hole before them */
    HELD,               /* lists: held back in the middle of a text */
    COMPLETE,
    OPEN,
    EMPTY,
    SEEN
};

static const char  *seen_names[SEEN] = {
    "whole", "headless", "cut", "off", "holed", "held", "complete", "open",
    "empty"
};


static int64_t
pick(store_t *st, const int64_t *list, size_t n)
{
    return list[wub_test_below(&st->random, n)];
}


static void
add(store_t *st, size_t hour, int64_t start, int64_t duration,
    const char *type, const char *hash)
{
    size_t        n;
    wub_names_t  *names;

    names = &st->names[hour];
    n = names->nnames;

    if (n == FILES) {
        return;
    }

    (void) snprintf(st->room[hour][n], sizeof(st->room[hour][n]),
                    "%02d:%02d.%06d-%d.%06d-%s-%s.ts",
                    (int) (start / (60 * S)), (int) (start / S % 60),
                    (int) (start % S), (int) (duration / S),
                    (int) (duration % S), type, hash);

    st->list[hour][n] = wub_test_str(st->room[hour][n]);
    names->nnames++;
}


/*
 * Runs of segments that join, nearly join, overlap and leave holes, at the
 * start, the end or anywhere of an hour, on into the next one.
 */
static void
fill(store_t *st)
{
    size_t   i, runs, run, n;
    int64_t  at, duration;

    static const int64_t  slips[] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1, 9999, -9999, TOLERANCE, -TOLERANCE,
        10001, -10001, 3 * MS, -3 * MS, 5 * S, -S, 20 * MS, -20 * MS
    };
    static const int64_t  durations[] = {
        2 * S, 2 * S, 2 * S, 2 * S, S, 5 * MS, 10 * MS, 0, 0, 1, 2499999,
        2500000, 4 * S, 20 * S, WUB_HOUR
    };
    static const int64_t  begins[] = {
        0, 0, 0, 1, 3 * MS, 30 * 60 * S, WUB_HOUR - 7 * S, WUB_HOUR - 3 * S,
        WUB_HOUR - 1
    };
    static const char  *types[] = {
        "full", "full", "full", "full", "full", "full", "full", "full",
        "partial", "suspect", "temp"
    };
    static const char  *hashes[] = {
        "", "AbCd", "A-_a", "AbCd", "A-_a", "AbCd", "A-_a", "no hash: ignored"
    };

    runs = 1 + wub_test_below(&st->random, 2 * HOURS);

    for (run = 0; run < runs; run++) {
        at = (int64_t) wub_test_below(&st->random, HOURS) * WUB_HOUR
             + pick(st, begins, wub_nitems(begins));
        n = wub_test_below(&st->random, FILES / 2);

        for (i = 0; i < n && at >= 0 && at < HOURS * WUB_HOUR; i++) {
            duration = pick(st, durations,
                            wub_nitems(durations)
                            - (wub_test_below(&st->random, 20) != 0));

            add(st, (size_t) (at / WUB_HOUR), at % WUB_HOUR, duration,
                types[wub_test_below(&st->random, wub_nitems(types))],
                hashes[wub_test_below(&st->random, wub_nitems(hashes))]);

            at += pick(st, slips, wub_nitems(slips));

            if (wub_test_below(&st->random, 6) != 0) {
                at += duration;
            }
        }
    }
}


static void
keep(store_t *st, wub_arena_t *arena)
{
    size_t           i;
    wub_str_t        text;
    wub_hourtext_t  *t;

    st->nhours = 0;

    for (i = 0; i < HOURS; i++) {
        st->names[i].names = st->list[i];

        /* an hour without a directory is left out */

        if (st->names[i].nnames == 0
            && wub_test_below(&st->random, 2) == 0)
        {
            continue;
        }

        assert_int_equal(wub_hour_build(arena, &st->names[i],
                                        ZERO + (int64_t) i * WUB_HOUR,
                                        st->tolerance, NULL, NULL,
                                        &st->hours[st->nhours]), WUB_OK);

        assert_int_equal(wub_hourtext_build(arena, &st->m,
                                            &st->hours[st->nhours],
                                            st->tolerance, st->named, &t,
                                            &text),
                         WUB_OK);

        /* at another address, with nothing behind it */

        st->kept[st->nhours] = malloc(t->size);
        assert_non_null(st->kept[st->nhours]);
        memcpy(st->kept[st->nhours], t, t->size);
        memset(t, 0xff, t->size);

        st->given[st->nhours] = st->kept[st->nhours];
        st->texts[st->nhours] = text;
        st->nhours++;
    }
}


static void
drop(store_t *st)
{
    size_t  i;

    for (i = 0; i < st->nhours; i++) {
        free(st->kept[i]);
    }
}


static void
make(store_t *st, wub_arena_t *arena)
{
    static const int64_t  tolerances[] = {
        TOLERANCE, TOLERANCE, TOLERANCE, 0, 3 * S
    };

    memset(st->names, 0, sizeof(st->names));
    memset(&st->m, 0, sizeof(wub_m3u8_media_t));

    st->tolerance = pick(st, tolerances, wub_nitems(tolerances));
    st->named = (wub_test_below(&st->random, 2) == 0);
    st->m.segments_uri = wub_str("https://cdn.example/segments");
    st->m.channel = wub_str("a b");
    st->m.quality = wub_str("source");

    fill(st);
    keep(st, arena);
}


/* a moment at which something may turn */
static int64_t
moment(store_t *st)
{
    size_t            i, hour;
    int64_t           us;
    const wub_hour_t  *h;

    static const int64_t  slips[] = {
        0, 0, 1, -1, TOLERANCE, -TOLERANCE, S, -S
    };

    us = (int64_t) wub_test_below(&st->random, 16 * HOURS)
         * (WUB_HOUR / 8) - HOURS * WUB_HOUR / 2;

    if (st->nhours != 0 && wub_test_below(&st->random, 4) != 0) {
        hour = wub_test_below(&st->random, st->nhours);
        h = &st->hours[hour];

        if (h->nsegments != 0) {
            i = wub_test_below(&st->random, h->nsegments);
            us = h->segments[i].start - ZERO;

            if (wub_test_below(&st->random, 2) == 0) {
                us += h->segments[i].duration;
            }
        }
    }

    return ZERO + us + pick(st, slips, wub_nitems(slips));
}


static void
make_range(store_t *st)
{
    int64_t  us;

    static const int64_t  holds[] = {
        0, 0, 15 * S, 15 * S, 1, WUB_HOUR
    };
    static const uint64_t  targets[] = { 0, 0, 2, 4 };

    st->start = moment(st);
    st->end = moment(st);

    if (st->end < st->start && wub_test_below(&st->random, 16) != 0) {
        us = st->start;
        st->start = st->end;
        st->end = us;
    }

    if (wub_test_below(&st->random, 4) == 0) {
        st->start = ZERO;
        st->end = ZERO + HOURS * WUB_HOUR;
    }

    st->m.start = st->start;
    st->m.end = (wub_test_below(&st->random, 4) == 0) ? INT64_MAX : st->end;
    st->m.live_hold = pick(st, holds, wub_nitems(holds));
    st->m.now = moment(st) + st->m.live_hold;
    st->m.target_duration = targets[wub_test_below(&st->random, 4)];

    if (wub_test_below(&st->random, 3) == 0) {
        st->m.now = ZERO + 100 * WUB_HOUR;
    }
}


/* with its pieces from the texts, where they have them, or all rendered */
static void
joined_text(const store_t *st, const wub_hourtext_joined_t *joined,
    bool texts, wub_buf_t *b)
{
    size_t                       i;
    wub_str_t                    text;
    const wub_hourtext_piece_t  *piece;

    wub_m3u8_head(b, &st->m, joined->longest, joined->complete);

    for (i = 0; i < joined->npieces; i++) {
        piece = &joined->pieces[i];
        text = st->texts[piece->hour];

        if (!texts || piece->to == 0) {
            wub_hourtext_render(b, &st->m, st->given[piece->hour], piece);
            continue;
        }

        assert_true(piece->from < piece->to);
        assert_true(piece->to <= text.len);

        if (piece->hole) {
            wub_buf_lit(b, WUB_M3U8_HOLE);
        }

        wub_buf_put(b, text.data + piece->from, piece->to - piece->from);
    }

    wub_m3u8_tail(b, joined->complete);

    assert_int_equal(b->rc, WUB_OK);
}


static void
see(const store_t *st, const wub_hourtext_joined_t *joined, bool held,
    size_t *seen)
{
    size_t                       i;
    const wub_hourtext_t        *t;
    const wub_hourtext_piece_t  *piece;

    t = NULL;
    piece = NULL;

    for (i = 0; i < joined->npieces; i++) {
        piece = &joined->pieces[i];
        t = st->given[piece->hour];

        seen[OFF] += (piece->to == 0);
        seen[WHOLE] += wub_hourtext_whole(t, piece);
        seen[HEADLESS] += (piece->from != 0);
        seen[CUT] += (piece->to != 0 && piece->to != t->text_len);
        seen[HOLED] += piece->hole;

        /* of a run of own ones the text is one piece */

        assert_true(i == 0 || piece->hour != piece[-1].hour
                    || piece[-1].to == 0);
    }

    seen[HELD] += (held && piece != NULL && piece->to != 0
                   && piece->to != t->text_len);
    seen[COMPLETE] += joined->complete;
    seen[OPEN] += !joined->complete;
    seen[EMPTY] += (joined->npieces == 0);
}


static void
check(store_t *st, uint64_t seed, size_t *seen)
{
    size_t                 i, n, holes, nsegments;
    int64_t                longest, last_end;
    wub_buf_t              want, got, rendered;
    wub_arena_t           *arena;
    wub_chain_t            chain;
    wub_hourtext_joined_t  joined;

    arena = wub_test_arena();

    assert_int_equal(wub_best_collect(arena, st->hours, st->nhours, st->start,
                                      st->end, st->tolerance, &chain),
                     WUB_OK);

    wub_buf_init(&want, arena, BUF_MAX);
    wub_m3u8_media(&want, &st->m, &chain, &holes);
    assert_int_equal(want.rc, WUB_OK);

    longest = 0;
    nsegments = 0;
    last_end = st->start;
    n = wub_m3u8_listed(&chain, st->m.now, st->m.live_hold);

    for (i = 0; i < n; i++) {

        if (chain.parts[i].segment != NULL) {
            nsegments++;
            last_end = chain.parts[i].to;

            if (chain.parts[i].segment->duration > longest) {
                longest = chain.parts[i].segment->duration;
            }
        }
    }

    assert_int_equal(wub_hourtext_join(arena, st->given, st->nhours, &st->m,
                                       st->start, st->end, st->tolerance,
                                       &joined), WUB_OK);

    wub_buf_init(&got, arena, BUF_MAX);
    joined_text(st, &joined, true, &got);

    wub_buf_init(&rendered, arena, BUF_MAX);
    joined_text(st, &joined, !st->named, &rendered);

    wub_expect(wub_str_eq(wub_buf_view(&want), wub_buf_view(&got)),
               "seed %llu: wanted\n%.*s\ngot\n%.*s",
               (unsigned long long) seed, wub_arg(wub_buf_view(&want)),
               wub_arg(wub_buf_view(&got)));
    wub_expect(wub_str_eq(wub_buf_view(&want), wub_buf_view(&rendered)),
               "seed %llu: wanted\n%.*s\nrendered\n%.*s",
               (unsigned long long) seed, wub_arg(wub_buf_view(&want)),
               wub_arg(wub_buf_view(&rendered)));

    wub_expect(joined.nholes == holes && joined.nsegments == nsegments
               && joined.longest == longest && joined.last_end == last_end,
               "seed %llu: %zu %zu holes, %zu %zu segments, %lld %lld, "
               "%lld %lld", (unsigned long long) seed, joined.nholes, holes,
               joined.nsegments, nsegments, (long long) joined.longest,
               (long long) longest, (long long) joined.last_end,
               (long long) last_end);

    see(st, &joined, n < chain.nparts, seen);

    wub_arena_destroy(arena);
}


/* the view of a kept hour is the hour */
static void
check_hours(const store_t *st, wub_arena_t *arena)
{
    size_t                i, k;
    wub_hour_t            hour;
    const wub_segment_t  *a, *b;

    for (i = 0; i < st->nhours; i++) {
        assert_int_equal(wub_hourtext_hour(arena, st->given[i],
                                           st->named ? wub_str("")
                                                     : st->texts[i],
                                           &hour), WUB_OK);

        assert_true(wub_hourtext_sound(
            wub_str_n((const char *) st->given[i], st->given[i]->size),
            (uint32_t) st->texts[i].len));
        assert_true(hour.start == st->hours[i].start);
        assert_int_equal(hour.ignored, st->hours[i].ignored);
        assert_int_equal(hour.nsegments, st->hours[i].nsegments);

        for (k = 0; k < hour.nsegments; k++) {
            a = &hour.segments[k];
            b = &st->hours[i].segments[k];

            assert_true(a->start == b->start && a->duration == b->duration);
            assert_true(a->type == b->type);
            assert_true(wub_str_eq(a->name, b->name));
            assert_true(wub_str_eq(a->hash, b->hash));
        }
    }
}


static void
random_stores(void **state)
{
    size_t        i, k, n, seen[SEEN];
    store_t      *st;
    uint64_t      seed, random;
    const char   *text;
    wub_arena_t  *arena;

    (void) state;

    st = calloc(1, sizeof(store_t));
    assert_non_null(st);

    memset(seen, 0, sizeof(seen));
    text = getenv("WUB_LONG");
    n = (text != NULL && *text == '1') ? (size_t) LONG * STORES : STORES;
    random = wub_test_seed();

    for (i = 0; i < n; i++) {
        arena = wub_test_arena();
        seed = random;
        st->random = wub_test_random(&random);

        make(st, arena);
        check_hours(st, arena);

        for (k = 0; k < RANGES; k++) {
            make_range(st);
            check(st, seed, seen);
        }

        drop(st);
        wub_arena_destroy(arena);
    }

    for (i = 0; i < SEEN; i++) {
        printf("# %s: %zu\n", seen_names[i], seen[i]);
        wub_expect(seen[i] > n / 100, "hardly any %s", seen_names[i]);
    }

    free(st);
}


/*
 * Segments of 2 s, ten to an hour, a hole behind the fifth; over: and one
 * that reaches into the next hour, where the first one is then left out.
 */
static void
make_plain(store_t *st, wub_arena_t *arena, bool over)
{
    size_t  i, k;

    memset(st, 0, sizeof(store_t));

    st->tolerance = TOLERANCE;
    st->m.segments_uri = wub_str("/segments");
    st->m.channel = wub_str("c");
    st->m.quality = wub_str("q");
    st->start = ZERO + 3 * S;
    st->end = ZERO + (HOURS - 1) * WUB_HOUR + 5 * S;
    st->m.end = st->end;
    st->m.now = st->end + WUB_HOUR;

    for (i = 0; i < HOURS; i++) {
        for (k = 0; k < 10; k++) {
            add(st, i, (int64_t) (2 * k + (k > 4)) * S, 2 * S, "full",
                "AAAA");
        }

        if (over) {
            add(st, i, WUB_HOUR - S, 2 * S, "full", "AAAA");
        }
    }

    keep(st, arena);
}


static void
index_of_an_hour(void **state)
{
    store_t               *st;
    wub_arena_t           *arena;
    const wub_hourtext_t  *t;

    (void) state;

    st = calloc(1, sizeof(store_t));
    assert_non_null(st);

    arena = wub_test_arena();
    make_plain(st, arena, false);
    t = st->given[1];

    assert_true(t->start == ZERO + WUB_HOUR);
    assert_true(t->longest == 2 * S);
    assert_true(t->last_end == t->start + 21 * S);
    assert_true(t->before == t->start + 19 * S);
    assert_true(t->youngest == t->start + 11 * S);
    assert_int_equal(t->text_len, st->texts[1].len);
    assert_int_equal(t->nsegments, 10);
    assert_int_equal(t->nown, 10);
    assert_int_equal(t->nholes, 1);
    assert_int_equal(t->last, 9);
    assert_int_equal(t->longest_at, 9);
    assert_int_equal(t->segments[0].text, 0);
    assert_int_equal(t->segments[5].hole, 1);
    assert_true(memcmp(st->texts[1].data + t->segments[5].text,
                       "#EXT-X-PROGRAM-DATE-TIME:", 25) == 0);

    /* no names: they are in the text */

    assert_int_equal(sizeof(wub_hourtext_segment_t), 20);
    assert_int_equal(t->size, sizeof(wub_hourtext_t)
                              + 10 * sizeof(wub_hourtext_segment_t));

    drop(st);
    wub_arena_destroy(arena);
    free(st);
}


/* what is taken to its end is not read beyond where the walk meets it */
static void
check_unread(store_t *st, size_t met)
{
    size_t                 i, holes;
    wub_buf_t              want, got;
    wub_chain_t            chain;
    wub_arena_t           *arena;
    wub_hourtext_joined_t  joined;

    arena = wub_test_arena();

    for (i = 1; i < HOURS - 1; i++) {
        memset(&st->kept[i]->segments[met + 1], 0,
               (st->kept[i]->nsegments - met - 1)
               * sizeof(wub_hourtext_segment_t));
    }

    assert_int_equal(wub_hourtext_join(arena, st->given, HOURS, &st->m,
                                       st->start, st->end, TOLERANCE,
                                       &joined), WUB_OK);
    assert_int_equal(joined.npieces, HOURS);

    for (i = 0; i < HOURS; i++) {
        assert_int_equal(joined.pieces[i].first, (i == 0) ? 1 : met);
        assert_int_equal(joined.pieces[i].hole, i != 0);
        assert_int_equal(wub_hourtext_whole(st->given[i], &joined.pieces[i]),
                         met == 0 && i != 0 && i != HOURS - 1);
    }

    wub_buf_init(&got, arena, BUF_MAX);
    joined_text(st, &joined, true, &got);

    assert_int_equal(wub_best_collect(arena, st->hours, HOURS, st->start,
                                      st->end, TOLERANCE, &chain), WUB_OK);
    wub_buf_init(&want, arena, BUF_MAX);
    wub_m3u8_media(&want, &st->m, &chain, &holes);

    assert_true(wub_str_eq(wub_buf_view(&want), wub_buf_view(&got)));
    assert_int_equal(joined.nholes, holes);
    assert_true(joined.complete);

    wub_arena_destroy(arena);
}


static void
whole_hours(void **state)
{
    size_t        met;
    store_t      *st;
    wub_arena_t  *arena;

    (void) state;

    st = calloc(1, sizeof(store_t));
    assert_non_null(st);

    for (met = 0; met < 2; met++) {
        arena = wub_test_arena();

        make_plain(st, arena, met != 0);
        check_unread(st, met);

        drop(st);
        wub_arena_destroy(arena);
    }

    free(st);
}


/* what no directory can lead to, but a caller's mistake */
static void
no_hour(void **state)
{
    size_t            i;
    wub_str_t         text;
    wub_hour_t        hour;
    wub_arena_t      *arena;
    wub_segment_t     segment;
    wub_hourtext_t   *t;
    wub_m3u8_media_t  m;

    static const char  name[] = "00:00-2-full-AAAA.ts";

    static const struct {
        int64_t  start;
        int64_t  duration;
        size_t   name_len;
        size_t   hash;
        size_t   hash_len;
        bool     ok;
    } cases[] = {
        { 0, 0, 20, 13, 4, true },
        { WUB_HOUR - 1, WUB_HOUR, 20, 13, 4, true },
        { 0, 0, 20, 20, 0, true },
        { 0, 0, 20, 16, 4, true },
        { -1, 0, 20, 13, 4, false },
        { WUB_HOUR, 0, 20, 13, 4, false },
        { 0, -1, 20, 13, 4, false },
        { 0, WUB_HOUR + 1, 20, 13, 4, false },
        { 0, 0, WUB_NAME_MAX + 1, 13, 4, false },
        { 0, 0, 12, 13, 4, false },
        { 0, 0, 20, 17, 4, false }
    };

    (void) state;

    arena = wub_test_arena();
    memset(&m, 0, sizeof(wub_m3u8_media_t));
    memset(&hour, 0, sizeof(wub_hour_t));

    hour.start = ZERO;
    hour.segments = &segment;
    hour.nsegments = 1;

    for (i = 0; i < wub_nitems(cases); i++) {
        segment.start = ZERO + cases[i].start;
        segment.duration = cases[i].duration;
        segment.name = wub_str_n(name, cases[i].name_len);
        segment.hash = wub_str_n(name + cases[i].hash, cases[i].hash_len);
        segment.type = WUB_SEGMENT_FULL;

        wub_expect(wub_hourtext_build(arena, &m, &hour, TOLERANCE, false, &t,
                                      &text)
                   == (cases[i].ok ? WUB_OK : WUB_INVALID), "row %zu", i);
    }

    hour.nsegments = WUB_HOUR_ENTRIES_MAX + 1;
    assert_int_equal(wub_hourtext_build(arena, &m, &hour, TOLERANCE, false,
                                        &t, &text), WUB_INVALID);

    wub_arena_destroy(arena);
}


/* whatever becomes of a stored index, nothing outside of it is read */
static void
broken_index(void **state)
{
    char             *copy;
    size_t            i, k, n;
    wub_rc_t          rc;
    wub_str_t         text;
    wub_hour_t        hour;
    wub_arena_t      *arena;
    wub_names_t       names;
    wub_hourtext_t   *t;
    wub_m3u8_media_t  m;

    wub_str_t  list[] = {
        wub_str("00:00.0-2.0-full-AAAA.ts"),
        wub_str("00:01.0-2.0-partial-AAAA.ts"),
        wub_str("00:02.0-2.0-full-AAAA.ts"),
        wub_str("00:09.0-2.0-full-AAAA.ts")
    };

    static const uint8_t  flips[] = { 0x01, 0x10, 0x80, 0xff };

    (void) state;

    arena = wub_test_arena();
    memset(&m, 0, sizeof(wub_m3u8_media_t));

    names.names = list;
    names.nnames = wub_nitems(list);

    assert_int_equal(wub_hour_build(arena, &names, ZERO, TOLERANCE, NULL,
                                    NULL, &hour), WUB_OK);
    assert_int_equal(wub_hourtext_build(arena, &m, &hour, TOLERANCE, false,
                                        &t, &text), WUB_OK);

    n = t->size;
    copy = malloc(n);
    assert_non_null(copy);

    for (i = 0; i < n; i++) {
        assert_false(wub_hourtext_sound(wub_str_n((const char *) t, i),
                                        t->text_len));
    }

    for (i = 0; i < n * wub_nitems(flips); i++) {
        memcpy(copy, t, n);
        copy[i / wub_nitems(flips)] ^= (char) flips[i % wub_nitems(flips)];

        if (!wub_hourtext_sound(wub_str_n(copy, n), t->text_len)) {
            continue;
        }

        rc = wub_hourtext_hour(arena, (wub_hourtext_t *) (void *) copy, text,
                               &hour);
        assert_true(rc == WUB_OK || rc == WUB_INVALID);

        for (k = 0; rc == WUB_OK && k < hour.nsegments; k++) {
            assert_true(wub_hourtext_end((wub_hourtext_t *) (void *) copy, k)
                        <= t->text_len);
        }
    }

    free(copy);
    wub_arena_destroy(arena);
}


/* names that the text encodes, and texts that are not that of the index */
static void
names_in_the_text(void **state)
{
    char             *copy;
    size_t            i, k, n;
    wub_str_t         text;
    wub_hour_t        hour, back;
    wub_arena_t      *arena;
    wub_segment_t     segments[6];
    wub_hourtext_t   *t;
    wub_m3u8_media_t  m;

    static const char  *names[] = {
        "00:00.0-2.0-full-A-_a.ts", "%41%2F.ts", "a b\n\"\xc3\xbc%", "%", "",
        "left out"
    };

    (void) state;

    arena = wub_test_arena();
    n = wub_nitems(names);
    memset(&m, 0, sizeof(wub_m3u8_media_t));

    for (i = 0; i < n; i++) {
        memset(&segments[i], 0, sizeof(wub_segment_t));

        segments[i].start = ZERO + (int64_t) i * 2 * S;
        segments[i].duration = 2 * S;
        segments[i].name = wub_test_str(names[i]);
        segments[i].type = WUB_SEGMENT_FULL;
    }

    segments[0].hash = wub_str_n(segments[0].name.data + 17, 4);

    /* one that ends with the one before it is not of the own chain */

    segments[n - 1].start -= 2 * S - 1;
    segments[n - 1].duration = S;

    hour.start = ZERO;
    hour.segments = segments;
    hour.nsegments = n;
    hour.ignored = 7;

    assert_int_equal(wub_hourtext_build(arena, &m, &hour, 0, false, &t,
                                        &text), WUB_OK);
    assert_int_equal(t->nown, n - 1);
    assert_int_equal(t->size, sizeof(wub_hourtext_t)
                              + n * sizeof(wub_hourtext_segment_t)
                              + strlen("left out"));

    copy = malloc(text.len);
    assert_non_null(copy);
    memcpy(copy, text.data, text.len);
    memset((char *) (uintptr_t) text.data, 'x', text.len);

    assert_int_equal(wub_hourtext_hour(arena, t, wub_str_n(copy, text.len),
                                       &back), WUB_OK);

    for (i = 0; i < n; i++) {
        assert_true(wub_str_eq(back.segments[i].name, segments[i].name));
        assert_true(wub_str_eq(back.segments[i].hash, segments[i].hash));
    }

    /* cut short; with other bytes; with what is no digit */

    for (k = 0; k < text.len; k++) {
        assert_int_equal(wub_hourtext_hour(arena, t, wub_str_n(copy, k),
                                           &back), WUB_INVALID);
    }

    assert_int_equal(wub_hourtext_hour(arena, t, text, &back), WUB_INVALID);

    copy[t->segments[4].text - 2] = 'G';
    assert_int_equal(wub_hourtext_hour(arena, t, wub_str_n(copy, text.len),
                                       &back), WUB_INVALID);

    free(copy);
    wub_arena_destroy(arena);
}


static wub_rc_t
build_and_join(wub_arena_t *arena, void *data)
{
    store_t *st = data;

    size_t                  i;
    wub_rc_t                rc;
    wub_str_t               text;
    wub_hour_t              hour;
    wub_hourtext_t         *t;
    const wub_hourtext_t   *many[200];
    wub_hourtext_joined_t   joined;

    rc = wub_hourtext_build(arena, &st->m, &st->hours[0], TOLERANCE, false,
                            &t, &text);
    if (rc != WUB_OK) {
        return rc;
    }

    assert_true(wub_str_eq(text, st->texts[0]));

    rc = wub_hourtext_hour(arena, t, text, &hour);
    if (rc != WUB_OK) {
        return rc;
    }

    /* the same hour again and again: each time a piece */

    for (i = 0; i < wub_nitems(many); i++) {
        many[i] = t;
    }

    rc = wub_hourtext_join(arena, many, wub_nitems(many), &st->m, ZERO,
                           INT64_MAX, WUB_HOUR, &joined);
    if (rc != WUB_OK) {
        return rc;
    }

    assert_int_equal(joined.npieces, wub_nitems(many));
    assert_int_equal(joined.nsegments, 10 * wub_nitems(many));

    return WUB_OK;
}


static void
torture(void **state)
{
    store_t      *st;
    wub_arena_t  *arena;

    (void) state;

    st = calloc(1, sizeof(store_t));
    assert_non_null(st);

    arena = wub_test_arena();
    make_plain(st, arena, false);

    assert_true(wub_test_torture(build_and_join, st) >= 6);

    drop(st);
    wub_arena_destroy(arena);
    free(st);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(index_of_an_hour),
        cmocka_unit_test(whole_hours),
        cmocka_unit_test(no_hour),
        cmocka_unit_test(broken_index),
        cmocka_unit_test(names_in_the_text),
        cmocka_unit_test(random_stores),
        cmocka_unit_test(torture)
    };

    return cmocka_run_group_tests_name("hourtext", tests, NULL, NULL);
}
