
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdlib.h>

#include "common/wub_ts.h"
#include "worker/worker_footage_times.h"


/*
 * From one decoding time to the next it is no more than that, nor than what
 * the segment has and a second.
 */
#define WORKER_TIMES_STEP        (10 * WUB_TS_HZ)

/* access units in a row whose times may be wrong */
#define WORKER_TIMES_ROW         4

/* of so many times one may be wrong, and a few more: else the rule is */
#define WORKER_TIMES_SHARE       8
#define WORKER_TIMES_FEW         2

/* by how much even times are rounded */
#define WORKER_TIMES_ROUND       2

/* times so near to each other are of one stream */
#define WORKER_TIMES_NEAR        (INT64_C(1) << 31)


typedef struct {
    wub_cutplan_frame_t  *frames;
    size_t                n;
    int64_t              *dts;          /* of each frame, mended */
    bool                 *wrong;        /* its dts */
    bool                 *stray;        /* its pts */
    int64_t              *sorted;       /* room for n, and what is in it */
    size_t                nsorted;
    int64_t               least;        /* of pts - dts, what most have */
    int64_t               most;
    int64_t               reach;        /* from dts to dts, at most */
    int64_t               step;         /* and the longest that there is */
    int64_t               spacing;      /* and one of even frames */
    bool                  even;
    bool                  straight;     /* no picture is moved */
} worker_times_t;


static worker_rc_t worker_times_init(worker_times_t *t,
    worker_footage_t *f, worker_err_t *err);
static void worker_times_unwrap(worker_times_t *t);
static bool worker_times_dts(worker_times_t *t);
static size_t worker_times_dts_at(worker_times_t *t, size_t k);
static bool worker_times_fit(const worker_times_t *t, int64_t a, int64_t b);
static bool worker_times_few(const worker_times_t *t, size_t count);
static void worker_times_measure(worker_times_t *t);
static bool worker_times_even(const worker_times_t *t);
static bool worker_times_straight(const worker_times_t *t);
static bool worker_times_stray(worker_times_t *t);
static bool worker_times_off(const worker_times_t *t, size_t i);
static void worker_times_key(worker_times_t *t, size_t key);
static void worker_times_again(worker_times_t *t, size_t i, int64_t low,
    int64_t high);
static void worker_times_remove(worker_times_t *t, int64_t pts);
static void worker_times_mend(worker_times_t *t);
static int64_t worker_times_place(const worker_times_t *t, size_t i);
static void worker_times_insert(worker_times_t *t, int64_t pts);
static int worker_times_compare(const void *a, const void *b);


worker_rc_t
worker_footage_times(worker_footage_t *f, worker_err_t *err)
{
    size_t           i;
    int64_t          first;
    worker_rc_t      rc;
    worker_times_t   t;

    rc = worker_times_init(&t, f, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    worker_times_unwrap(&t);

    if (t.n > 2 && worker_times_dts(&t)) {
        worker_times_measure(&t);

        if (worker_times_stray(&t)) {
            worker_times_mend(&t);

            for (i = 1; i < t.n; i++) {
                if (t.frames[i].key != WUB_KEY_NONE) {
                    worker_times_key(&t, i);
                }
            }
        }
    }

    for (i = 0; i < t.n; i++) {
        if (t.frames[i].pts == WUB_TS_NONE) {
            return worker_fail(err, WORKER_INVALID,
                               "The segment %s has frames without a time "
                               "stamp, and an order that does not tell "
                               "theirs; it cannot be cut.", f->name);
        }
    }

    first = t.frames[0].pts;
    f->first = (f->first + first) & ((INT64_C(1) << 33) - 1);

    for (i = 0; i < t.n; i++) {
        t.frames[i].pts = wub_ts_unwrap(0, t.frames[i].pts - first);
        t.frames[i].dts = wub_ts_unwrap(0, t.frames[i].dts - first);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_times_init(worker_times_t *t, worker_footage_t *f, worker_err_t *err)
{
    memset(t, 0, sizeof(worker_times_t));

    t->frames = f->frames;
    t->n = f->nvideo;
    t->reach = f->segment.duration / 100 * 9 + WUB_TS_HZ;
    t->reach = (t->reach < WORKER_TIMES_STEP) ? t->reach : WORKER_TIMES_STEP;
    t->dts = wub_arena_alloc(f->arena, t->n * sizeof(int64_t));
    t->sorted = wub_arena_alloc(f->arena, t->n * sizeof(int64_t));
    t->wrong = wub_arena_calloc(f->arena, t->n * sizeof(bool));
    t->stray = wub_arena_calloc(f->arena, t->n * sizeof(bool));

    if (t->dts == NULL || t->sorted == NULL || t->wrong == NULL
        || t->stray == NULL)
    {
        return worker_fail_memory(err, f->name);
    }

    return WORKER_OK;
}


/* near a time that is like another one, far from it in the segment */
static void
worker_times_unwrap(worker_times_t *t)
{
    size_t                i;
    int64_t               near, middle, last;
    wub_cutplan_frame_t  *frame;

    near = t->frames[0].dts;
    middle = t->frames[t->n / 2].dts;
    last = t->frames[t->n - 1].dts;

    if (near == WUB_TS_NONE
        || (middle != WUB_TS_NONE && last != WUB_TS_NONE
            && llabs(wub_ts_unwrap(near, middle) - near) > WORKER_TIMES_NEAR
            && llabs(wub_ts_unwrap(last, middle) - last)
               <= WORKER_TIMES_NEAR))
    {
        near = middle;
    }

    near = (near == WUB_TS_NONE) ? 0 : near;

    for (i = 0; i < t->n; i++) {
        frame = &t->frames[i];

        if (frame->pts != WUB_TS_NONE) {
            frame->pts = wub_ts_unwrap(near, frame->pts);
            frame->dts = wub_ts_unwrap(near, frame->dts);
        }
    }
}


/*
 * Decoding times rise, of three pictures at least.  False where there is no
 * such order: then nothing tells which times are wrong.
 */
static bool
worker_times_dts(worker_times_t *t)
{
    size_t  i, k, count;

    for (i = 0; i < t->n; i++) {
        t->dts[i] = t->frames[i].dts;
    }

    count = 0;

    if (!worker_times_fit(t, t->dts[0], t->dts[1])
        && !worker_times_fit(t, t->dts[0], t->dts[2])
        && worker_times_fit(t, t->dts[1], t->dts[2]))
    {
        t->dts[0] = 2 * t->dts[1] - t->dts[2];
        t->wrong[0] = true;
        count++;
    }

    for (i = 1; i < t->n; i = k) {
        k = worker_times_dts_at(t, i);
        count += (t->wrong[i]) ? k - i : 0;
    }

    for (i = 0; i < t->n && t->dts[i] != WUB_TS_NONE; i++) {
        /* void */
    }

    return i == t->n && worker_times_few(t, count);
}


/* mends the times from k on, as far as they are wrong; what comes behind */
static size_t
worker_times_dts_at(worker_times_t *t, size_t k)
{
    size_t    i, next;
    int64_t  *dts, span;

    dts = t->dts;

    if (worker_times_fit(t, dts[k - 1], dts[k])
        && (k + 1 == t->n || worker_times_fit(t, dts[k], dts[k + 1])
            || !worker_times_fit(t, dts[k - 1], dts[k + 1])))
    {
        return k + 1;
    }

    if (k + 1 == t->n && k > 1 && worker_times_fit(t, dts[k - 2], dts[k - 1]))
    {
        dts[k] = 2 * dts[k - 1] - dts[k - 2];
        t->wrong[k] = true;
    }

    for (next = k + 1; next < t->n && next <= k + WORKER_TIMES_ROW; next++) {

        if (!worker_times_fit(t, dts[k - 1], dts[next])) {
            continue;
        }

        span = dts[next] - dts[k - 1];

        for (i = k; i < next; i++) {
            dts[i] = dts[k - 1] + span * (int64_t) (i + 1 - k)
                                  / (int64_t) (next + 1 - k);
            t->wrong[i] = true;
        }

        return next;
    }

    return k + 1;
}


static bool
worker_times_fit(const worker_times_t *t, int64_t a, int64_t b)
{
    return a != WUB_TS_NONE && b != WUB_TS_NONE && b > a
           && b - a <= t->reach;
}


/* more are no accident */
static bool
worker_times_few(const worker_times_t *t, size_t count)
{
    return 2 * count < t->n
           && count <= t->n / WORKER_TIMES_SHARE + WORKER_TIMES_FEW;
}


/* what most frames have in common */
static void
worker_times_measure(worker_times_t *t)
{
    size_t   i, n;
    int64_t  step;

    for (i = 1; i < t->n; i++) {
        step = t->dts[i] - t->dts[i - 1];
        t->sorted[i - 1] = step;
        t->step = (step > t->step && step <= t->reach) ? step
                                                                : t->step;
    }

    qsort(t->sorted, t->n - 1, sizeof(int64_t), worker_times_compare);
    t->spacing = t->sorted[(t->n - 1) / 2];

    for (i = 0, n = 0; i < t->n; i++) {
        if (t->frames[i].pts != WUB_TS_NONE) {
            t->sorted[n++] = t->frames[i].pts - t->dts[i];
        }
    }

    if (n == 0) {
        return;
    }

    qsort(t->sorted, n, sizeof(int64_t), worker_times_compare);

    t->least = t->sorted[n / WORKER_TIMES_SHARE];
    t->most = t->sorted[n - 1 - n / WORKER_TIMES_SHARE];
    t->even = worker_times_even(t);
    t->straight = worker_times_straight(t);
}


/* true when all decoding times, and most others, are a spacing apart */
static bool
worker_times_even(const worker_times_t *t)
{
    size_t   i, count;
    int64_t  n, span, at;

    n = (t->n > 1) ? (int64_t) t->n - 1 : 1;
    span = t->dts[t->n - 1] - t->dts[0];
    count = 0;

    for (i = 0; i < t->n; i++) {
        at = t->dts[0] + span * (int64_t) i / n;

        if (llabs(t->dts[i] - at) > WORKER_TIMES_ROUND) {
            return false;
        }

        count += worker_times_off(t, i);
    }

    return span > n * 8 * WORKER_TIMES_ROUND && worker_times_few(t, count);
}


/* where pictures are moved, more than one is */
static bool
worker_times_straight(const worker_times_t *t)
{
    size_t   i, count;
    int64_t  pts;

    count = 0;

    for (i = 0; i < t->n; i++) {
        pts = t->frames[i].pts;
        count += (pts == WUB_TS_NONE || llabs(pts - t->dts[i] - t->least)
                                        > WORKER_TIMES_ROUND);
    }

    return count <= 1;
}


/* true when a picture is not shown a whole number of spacings from most */
static bool
worker_times_off(const worker_times_t *t, size_t i)
{
    int64_t  n, span, rest;

    n = (int64_t) t->n - 1;
    span = t->dts[n] - t->dts[0];

    if (t->frames[i].pts == WUB_TS_NONE || span <= 0) {
        return true;
    }

    rest = (t->frames[i].pts - t->dts[0] - t->least) % span * n % span;
    rest = (rest < 0) ? rest + span : rest;
    rest = (rest > span / 2) ? span - rest : rest;

    return rest > WORKER_TIMES_ROUND * n;
}


/* shown before it is decoded, far behind that, or between others */
static bool
worker_times_stray(worker_times_t *t)
{
    size_t   i, count;
    int64_t  late, low, high;

    count = 0;
    t->nsorted = 0;
    low = (t->least < 0) ? t->least - t->step : 0;
    high = 2 * (t->most + t->step);

    if (t->straight) {
        low = t->least - WORKER_TIMES_ROUND;
        high = t->least + WORKER_TIMES_ROUND;
    }

    for (i = 0; i < t->n; i++) {
        t->stray[i] = true;

        if (t->frames[i].pts != WUB_TS_NONE) {
            late = t->frames[i].pts - t->dts[i];
            t->stray[i] = late < low || late > high
                          || (t->even && worker_times_off(t, i));
        }

        if (t->stray[i]) {
            count++;

        } else {
            t->sorted[t->nsorted++] = t->frames[i].pts;
        }
    }

    qsort(t->sorted, t->nsorted, sizeof(int64_t), worker_times_compare);

    return worker_times_few(t, count);
}


static void
worker_times_mend(worker_times_t *t)
{
    size_t                i;
    wub_cutplan_frame_t  *frame;

    for (i = 0; i < t->n; i++) {
        frame = &t->frames[i];

        if (t->wrong[i]) {
            frame->dts = t->dts[i];
            frame->mended = true;
        }

        if (t->stray[i]) {
            frame->pts = worker_times_place(t, i);
            frame->dts = t->dts[i];
            frame->mended = true;
            t->stray[i] = false;
            worker_times_insert(t, frame->pts);
        }
    }
}


/* where a picture is missing, about the time that it is decoded */
static int64_t
worker_times_place(const worker_times_t *t, size_t i)
{
    size_t          k;
    int64_t         low, high, gap, at;
    const int64_t  *shown;

    if (t->straight) {
        return t->dts[i] + t->least;
    }

    shown = t->sorted;

    if (i == 0 && t->frames[0].key == WUB_KEY_CLOSED) {
        return shown[0] - t->spacing;
    }

    low = t->dts[i] + ((t->least < 0) ? t->least : 0);
    high = t->dts[i] + 2 * (t->most + t->step);
    gap = 0;
    at = 0;

    for (k = 1; k < t->nsorted; k++) {

        if (shown[k] > low && shown[k - 1] < high
            && shown[k] - shown[k - 1] > gap)
        {
            gap = shown[k] - shown[k - 1];
            at = (t->even && 2 * gap > 5 * t->spacing)
                 ? shown[k - 1] + t->spacing : shown[k - 1] + gap / 2;
        }
    }

    if (2 * gap >= 3 * t->spacing) {
        return at;
    }

    if (shown[0] - t->spacing >= low && shown[0] <= high) {
        return shown[0] - t->spacing;
    }

    return shown[t->nsorted - 1] + t->spacing;
}


static void
worker_times_insert(worker_times_t *t, int64_t pts)
{
    size_t  i;

    for (i = t->nsorted++; i > 0 && t->sorted[i - 1] > pts; i--) {
        t->sorted[i] = t->sorted[i - 1];
    }

    t->sorted[i] = pts;
}


/*
 * A key frame is shown behind all that is decoded before it: mends the one
 * time by which it is not.
 */
static void
worker_times_key(worker_times_t *t, size_t key)
{
    size_t   i, count, stray;
    int64_t  pts, low, high;

    pts = t->frames[key].pts;
    low = INT64_MAX;
    high = INT64_MIN;
    count = 0;
    stray = key;

    for (i = 0; i < key; i++) {

        if (t->frames[i].pts >= pts) {
            stray = i;
            count++;
        }

        high = (t->frames[i].pts > high) ? t->frames[i].pts : high;
    }

    if (count == 0) {
        return;
    }

    if (count == 1 && key > 1) {
        worker_times_again(t, stray, INT64_MIN, pts);
        return;
    }

    for (i = key + 1; i < t->n && t->frames[i].key == WUB_KEY_NONE; i++) {
        low = (t->frames[i].pts < low) ? t->frames[i].pts : low;
    }

    worker_times_again(t, key, high, low);
}


/* another time for a picture, if there is one between those two */
static void
worker_times_again(worker_times_t *t, size_t i, int64_t low, int64_t high)
{
    int64_t  pts, at;

    pts = t->frames[i].pts;

    worker_times_remove(t, pts);

    if (t->nsorted != 0) {
        at = worker_times_place(t, i);

        if (at > low && at < high) {
            pts = at;
            t->frames[i].pts = at;
            t->frames[i].mended = true;
        }
    }

    worker_times_insert(t, pts);
}


static void
worker_times_remove(worker_times_t *t, int64_t pts)
{
    size_t  i;

    for (i = 0; i < t->nsorted && t->sorted[i] != pts; i++) {
        /* void */
    }

    if (i < t->nsorted) {
        t->nsorted--;
        memmove(t->sorted + i, t->sorted + i + 1,
                (t->nsorted - i) * sizeof(int64_t));
    }
}


static int
worker_times_compare(const void *a, const void *b)
{
    const int64_t  *one, *two;

    one = a;
    two = b;

    return (*one > *two) - (*one < *two);
}
