
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_wave_columns: in which column of a waveform each sample is, against
 * arithmetic of 128 bits; however long the range, and wherever the sound.
 */


#include "t/unit/wub_test.h"
#include "worker/worker_wave_columns.h"


#define WAVE_ROUNDS              3000
#define WAVE_SAMPLES             2048
#define WAVE_RATE_MAX            96000

/* how far a damaged time stamp can lie from a segment's first one */
#define WAVE_FAR                 (14 * WUB_HOUR)


typedef struct {
    int64_t   length;           /* of the range */
    uint32_t  width;
    int64_t   time;             /* of the sound, from the range's start */
    uint32_t  rate;
    size_t    heard;            /* samples that count */
} wave_row_t;


static float                   wave_samples[WAVE_SAMPLES];
static const float *const      wave_planes[] = { wave_samples };

static const wave_row_t  wave_rows[] = {

    /* all of it, and none */
    { WUB_SECOND, 1, 0, 48000, WAVE_SAMPLES },
    { WUB_SECOND, 1000, WUB_SECOND / 2, 48000, WAVE_SAMPLES },
    { WUB_SECOND, 1000, WUB_SECOND, 48000, 0 },
    { WUB_SECOND, 1000, -WUB_SECOND, 48000, 0 },

    /* parts, at both ends */
    { WUB_SECOND, 1000, -10000, 48000, WAVE_SAMPLES - 480 },
    { WUB_SECOND, 1000, WUB_SECOND - 10000, 48000, 480 },

    /* the most that can be asked for */
    { 6 * WUB_HOUR, 4096, 6 * WUB_HOUR - WUB_SECOND, WAVE_RATE_MAX,
      WAVE_SAMPLES },
    { 6 * WUB_HOUR, 4096, 6 * WUB_HOUR - 10000, WAVE_RATE_MAX, 960 },

    /* time stamps and rates that are damaged */
    { 6 * WUB_HOUR, 4096, 6 * WUB_HOUR + WAVE_FAR, 48000, 0 },
    { 6 * WUB_HOUR, 4096, 6 * WUB_HOUR + WAVE_FAR, WAVE_RATE_MAX, 0 },
    { 6 * WUB_HOUR, 4096, -WAVE_FAR, WAVE_RATE_MAX, 0 },
    { 6 * WUB_HOUR, 4096, 5 * WUB_HOUR, 2 * WAVE_RATE_MAX, 0 },
    { WUB_SECOND, 4096, INT64_C(1) << 40, WAVE_RATE_MAX, 0 }
};


/* the columns' counts, and their sum */
static void
wave_check(const wave_row_t *row)
{
    size_t                   i, n, all;
    uint32_t                 x;
    __int128                 at;
    wub_arena_t             *arena;
    worker_err_t             err;
    worker_wave_columns_t    c;
    worker_av_wave_sound_t   sound;

    size_t  counts[4096] = { 0 };

    arena = wub_arena_create(WUB_TEST_ARENA);
    assert_non_null(arena);

    memset(&c, 0, sizeof(worker_wave_columns_t));

    c.range.start = INT64_C(1709251200000000);
    c.range.end = c.range.start + row->length;
    c.width = row->width;
    c.height = 1;

    assert_int_equal(worker_wave_columns(arena, &c, &err), WORKER_OK);

    sound.planes = wave_planes;
    sound.channels = 1;
    sound.n = WAVE_SAMPLES;
    sound.rate = row->rate;

    worker_wave_add(&c, c.range.start + row->time, &sound);

    for (i = 0; i < WAVE_SAMPLES && row->rate <= WAVE_RATE_MAX; i++) {
        at = (__int128) row->time * row->rate + (__int128) i * WUB_SECOND;

        if (at >= 0 && at < (__int128) row->length * row->rate) {
            counts[(size_t) (at * row->width
                             / ((__int128) row->length * row->rate))]++;
        }
    }

    all = 0;

    for (x = 0; x < row->width; x++) {
        n = c.columns[x].counts[0];
        all += n;

        wub_expect(n == counts[x], "length %lld, width %u, time %lld, "
                   "rate %u, column %u: %zu, not %zu",
                   (long long) row->length, row->width,
                   (long long) row->time, row->rate, x, n, counts[x]);
    }

    wub_expect(all == row->heard, "length %lld, width %u, time %lld, rate %u: "
               "%zu samples, not %zu", (long long) row->length, row->width,
               (long long) row->time, row->rate, all, row->heard);

    wub_arena_destroy(arena);
}


static void
table(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < wub_nitems(wave_rows); i++) {
        wave_check(&wave_rows[i]);
    }
}


/* sound that lies in its range, all of which counts */
static void
oracle(void **state)
{
    size_t      i;
    int64_t     most;
    uint64_t    seed;
    wave_row_t  row;

    static const uint32_t  rates[] = {
        7350, 11025, 22050, 32000, 44100, 48000, 96000
    };

    (void) state;

    seed = wub_test_seed();
    row.heard = WAVE_SAMPLES;

    for (i = 0; i < WAVE_ROUNDS; i++) {
        row.rate = rates[wub_test_below(&seed, wub_nitems(rates))];
        row.width = (uint32_t) (1 + wub_test_below(&seed, 4096));
        most = 6 * WUB_HOUR / (int64_t) (1 + wub_test_below(&seed, 9999));
        row.length = WUB_SECOND
                     + (int64_t) wub_test_below(&seed, (size_t) most);
        row.length = (row.length < 6 * WUB_HOUR) ? row.length : 6 * WUB_HOUR;
        most = row.length - (int64_t) WAVE_SAMPLES * WUB_SECOND / row.rate;
        row.time = (int64_t) wub_test_below(&seed, (size_t) most);

        wave_check(&row);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(oracle),
    };

    return cmocka_run_group_tests_name("wave", tests, NULL, NULL);
}
