
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_overlap_pair: which frames are shown together, and which one is
 * the first behind a transition, against a search through all of them.
 */


#include "t/unit/wub_test.h"
#include "worker/worker_overlap_pair.h"


#define PAIR_MAX                 16
#define PAIR_NONE                SIZE_MAX
#define PAIR_ROUNDS              20000


/* frames of a side: places, and where the last one ends */
typedef struct {
    int64_t  places[PAIR_MAX + 1];
    size_t   n;
} side_t;

typedef struct {
    size_t   shown[PAIR_MAX];   /* of those that come in, by that goes out */
    size_t   behind;            /* the first one, or PAIR_NONE */
} pairs_t;


static side_t
even(size_t n, int64_t spacing)
{
    size_t  i;
    side_t  s;

    s.n = n;

    for (i = 0; i <= n; i++) {
        s.places[i] = (int64_t) i * spacing;
    }

    return s;
}


static worker_overlap_out_t
out_of(const side_t *from)
{
    worker_overlap_out_t  out;

    out.nframes = (int64_t) from->n;
    out.last = from->places[from->n - 1];
    out.end = from->places[from->n];

    return out;
}


/* as a transition does it: what is behind first, then forward */
static pairs_t
pair(const side_t *from, const side_t *to)
{
    size_t                i, k, n;
    pairs_t               p;
    worker_overlap_out_t  out;

    out = out_of(from);

    for (n = 0; n < to->n; n++) {
        if (worker_overlap_behind(&out, to->places[n],
                                  to->places[n + 1] - to->places[n]))
        {
            break;
        }
    }

    p.behind = (n < to->n) ? n : PAIR_NONE;
    k = 0;

    for (i = 0; i < from->n; i++) {
        while (k + 1 < n
               && worker_overlap_nearer(from->places[i], to->places[k],
                                        to->places[k + 1]))
        {
            k++;
        }

        p.shown[i] = k;
    }

    return p;
}


/* the same by the rules' words, tick by tick where they speak of halves */
static pairs_t
search(const side_t *from, const side_t *to)
{
    size_t   i, k, n;
    int64_t  tick, best, inside, outside, away;
    pairs_t  p;

    p.behind = PAIR_NONE;

    for (k = 0; k < to->n && p.behind == PAIR_NONE; k++) {
        inside = 0;
        outside = 0;

        for (tick = to->places[k]; tick < to->places[k + 1]; tick++) {
            inside += tick < from->places[from->n];
            outside += tick >= from->places[from->n];
        }

        if (outside > inside && to->places[k] > from->places[from->n - 1]) {
            p.behind = k;
        }
    }

    n = (p.behind != PAIR_NONE) ? p.behind : to->n;

    for (i = 0; i < from->n; i++) {
        best = INT64_MAX;

        for (k = n; k-- > 0; /* void */ ) {
            away = llabs(to->places[k] - from->places[i]);

            if (away <= best) {
                best = away;
                p.shown[i] = k;
            }
        }
    }

    return p;
}


static void
table(void **state)
{
    size_t   i, k;
    pairs_t  p;

    const struct {
        const char  *name;
        side_t       from;
        side_t       to;
        pairs_t      want;
    } rows[] = {
        { "one rate", even(4, 6), even(9, 6),
          { { 0, 1, 2, 3 }, 4 } },
        { "twice as many come in", even(4, 6), even(12, 3),
          { { 0, 2, 4, 6 }, 8 } },
        { "half as many come in", even(6, 6), even(9, 12),
          { { 0, 0, 1, 1, 2, 2 }, 3 } },
        { "fifty to thirty", even(4, 30), even(9, 18),
          { { 0, 2, 3, 5 }, 7 } },
        { "thirty to fifty", even(6, 18), even(9, 30),
          { { 0, 1, 1, 2, 2, 3 }, 4 } },
        { "what comes in is over early", even(4, 6), even(2, 6),
          { { 0, 1, 1, 1 }, PAIR_NONE } },
        { "it has just as many", even(4, 6), even(4, 6),
          { { 0, 1, 2, 3 }, PAIR_NONE } },
        { "one long frame comes in", even(4, 6), even(2, 100),
          { { 0, 0, 0, 0 }, 1 } },
        { "half of a frame is behind", even(2, 6),
          { { 0, 10, 14, 20 }, 3 },
          { { 0, 1 }, 2 } },
        { "a little more than half", even(2, 6),
          { { 0, 10, 15, 20 }, 3 },
          { { 0, 0 }, 1 } },
        { "more, but it begins with the last one", even(2, 6),
          { { 0, 6, 30, 40 }, 3 },
          { { 0, 1 }, 2 } },
        { "a single frame goes out", even(1, 6), even(3, 6),
          { { 0 }, 1 } },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        p = pair(&rows[i].from, &rows[i].to);

        for (k = 0; k < rows[i].from.n; k++) {
            wub_expect(p.shown[k] == rows[i].want.shown[k],
                       "%s: with %zu is shown %zu", rows[i].name, k,
                       p.shown[k]);
        }

        wub_expect(p.behind == rows[i].want.behind,
                   "%s: %zu is behind", rows[i].name, p.behind);
    }
}


static void
oracle(void **state)
{
    size_t    i, k, round, max;
    side_t    sides[2];
    pairs_t   p, want;
    uint64_t  seed;

    (void) state;
    seed = wub_test_seed();

    for (round = 0; round < PAIR_ROUNDS; round++) {

        for (i = 0; i < 2; i++) {
            sides[i].n = 1 + wub_test_below(&seed, PAIR_MAX);
            sides[i].places[0] = 0;
            max = 1 + wub_test_below(&seed, 20);

            for (k = 0; k < sides[i].n; k++) {
                sides[i].places[k + 1] = sides[i].places[k] + 1
                              + (int64_t) wub_test_below(&seed, max);
            }
        }

        p = pair(&sides[0], &sides[1]);
        want = search(&sides[0], &sides[1]);

        for (k = 0; k < sides[0].n; k++) {
            wub_expect(p.shown[k] == want.shown[k],
                       "round %zu, with %zu is shown %zu, not %zu", round, k,
                       p.shown[k], want.shown[k]);
        }

        wub_expect(p.behind == want.behind, "round %zu, %zu is behind,"
                   " not %zu", round, p.behind, want.behind);
    }
}


/* of one rate: sum of the ranges less the overlap, and no gap */
static void
grid(void **state)
{
    size_t   n, more;
    side_t   from, to;
    pairs_t  p;

    static const int64_t  spacings[] = { 1, 2, 1501, 1502, 3000, 3003, 3754 };

    (void) state;

    for (n = 1; n < PAIR_MAX; n++) {
        for (more = 0; more < wub_nitems(spacings); more++) {
            from = even(n, spacings[more]);
            to = even(PAIR_MAX, spacings[more]);
            p = pair(&from, &to);

            wub_expect(p.behind == n, "%zu of %lld: %zu", n,
                       (long long) spacings[more], p.behind);
            wub_expect(to.places[p.behind] == from.places[n],
                       "%zu of %lld: a gap", n,
                       (long long) spacings[more]);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(oracle),
        cmocka_unit_test(grid),
    };

    return cmocka_run_group_tests_name("overlap", tests, NULL, NULL);
}
