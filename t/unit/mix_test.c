
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_mix: samples at their places, joins without a jump, silence.
 */


#include <math.h>

#include "t/unit/wub_test.h"
#include "worker/worker_mix.h"


#define MIX_RATE                 48000
#define MIX_HZ                   440.0
#define MIX_PI                   3.14159265358979323846
#define MIX_MAX                  8192


static float  out[MIX_MAX];
static size_t  nout;


/* a sine that is at the same phase at a place of its source, always */
static void
put(worker_mix_t *m, int64_t place, int64_t source, size_t n)
{
    float         samples[1024];
    size_t        i;
    const float  *planes[1];

    planes[0] = samples;

    for (i = 0; i < n; i++) {
        samples[i] = (float) sin(2 * MIX_PI * MIX_HZ
                                 * (double) (source + (int64_t) i)
                                 / MIX_RATE);
    }

    assert_int_equal(worker_mix_put(m, place, planes, n, NULL), WORKER_OK);
}


static void
take(worker_mix_t *m, size_t n)
{
    assert_true(nout + n <= MIX_MAX);
    memcpy(out + nout, m->planes[0], n * sizeof(float));
    nout += n;
    worker_mix_take(m, n);
}


static void
finish(worker_mix_t *m, int64_t place)
{
    assert_int_equal(worker_mix_end(m, place, NULL), WORKER_OK);
    take(m, m->len);
    worker_mix_free(m);
}


static void
begin(worker_mix_t *m)
{
    nout = 0;
    assert_int_equal(worker_mix_init(m, 1, MIX_RATE, NULL), WORKER_OK);
    worker_mix_run(m, 0);
}


/* the largest second difference: a sine's is small, a jump's is not */
static double
jump(size_t from, size_t to)
{
    size_t  i;
    double  d, max;

    for (i = from + 2, max = 0; i < to; i++) {
        d = fabs((double) out[i] - 2 * (double) out[i - 1]
                 + (double) out[i - 2]);
        max = (d > max) ? d : max;
    }

    return max;
}


static double
wrong(size_t from, size_t to, int64_t source)
{
    size_t  i;
    double  d, max;

    for (i = from, max = 0; i < to; i++) {
        d = fabs((double) out[i] - sin(2 * MIX_PI * MIX_HZ
                 * (double) (source + (int64_t) (i - from)) / MIX_RATE));
        max = (d > max) ? d : max;
    }

    return max;
}


/* what goes on as it was is the same, wherever it is taken and joined */
static void
same_test(void **state)
{
    size_t        i, n;
    worker_mix_t  m;

    (void) state;

    begin(&m);

    for (i = 0; i < 4; i++) {
        put(&m, (int64_t) i * 1000 - 500, (int64_t) i * 1000 - 500, 1000);
        n = worker_mix_ready(&m, 3000);
        take(&m, n);
    }

    finish(&m, 3100);

    assert_int_equal(nout, 3100);
    assert_true(wrong(0, 3100, 0) < 1e-5);

    /* two ranges that touch, with material on either side */

    begin(&m);
    put(&m, 0, 0, 1024);
    put(&m, 1024, 1024, 1024);
    worker_mix_run(&m, 1500);
    put(&m, 1000, 1000, 300);
    put(&m, 1300, 1300, 300);
    put(&m, 1600, 1600, 1000);
    finish(&m, 2500);

    assert_int_equal(nout, 2500);
    assert_true(wrong(0, 2500, 0) < 1e-5);
}


/* ranges of other moments: neither clicks, and both are at their place */
static void
join_test(void **state)
{
    size_t        i;
    worker_mix_t  m;

    static const int64_t  sources[] = { 13, 27, 40, 55, 81, 109 };

    (void) state;

    for (i = 0; i < wub_nitems(sources); i++) {
        begin(&m);
        put(&m, 0, 0, 1024);
        put(&m, 1024, 1024, 1000);
        put(&m, 2024, 2024, 1000);
        take(&m, worker_mix_ready(&m, 2000));
        worker_mix_run(&m, 2000);
        take(&m, worker_mix_ready(&m, 5000));
        put(&m, 1500, sources[i] - 500, 1024);
        put(&m, 2524, sources[i] + 524, 1000);
        finish(&m, 3000);

        assert_int_equal(nout, 3000);
        assert_true(jump(0, 3000) < 0.006);
        assert_true(wrong(0, 1880, 0) < 1e-5);
        assert_true(wrong(2120, 3000, sources[i] + 120) < 1e-5);

        /* without any to spare it dips, but does not click */

        begin(&m);
        put(&m, 0, 0, 1000);
        put(&m, 1000, 1000, 1000);
        worker_mix_run(&m, 2000);
        put(&m, 2000, sources[i], 1000);
        finish(&m, 3000);

        assert_int_equal(nout, 3000);
        assert_true(jump(0, 3000) < 0.006);
        assert_true(wrong(0, 1760, 0) < 1e-5);
        assert_true(wrong(2240, 3000, sources[i] + 240) < 1e-5);
    }
}


static void
silence_test(void **state)
{
    size_t        i;
    worker_mix_t  m;

    (void) state;

    /* it begins late, has a gap, and ends early */

    begin(&m);
    put(&m, 500, 500, 700);
    put(&m, 1700, 1700, 1000);
    assert_int_equal(worker_mix_silence(&m, 3000, NULL), WORKER_OK);
    take(&m, worker_mix_ready(&m, 3000));
    put(&m, 3500, 3500, 500);
    finish(&m, 5000);

    assert_int_equal(nout, 5000);
    assert_true(jump(0, 5000) < 0.006);
    assert_true(wrong(740, 960, 740) < 1e-5);
    assert_true(wrong(1940, 2460, 1940) < 1e-5);
    assert_true(wrong(3740, 3760, 3740) < 1e-5);

    for (i = 0; i < 5000; i++) {
        if (i < 500 || (i >= 1200 && i < 1700) || (i >= 2700 && i < 3500)
            || i >= 4000)
        {
            assert_true(fabs((double) out[i]) < 1e-9);
        }
    }

    /* steps back within a run: what is taken already stays */

    begin(&m);
    put(&m, 0, 0, 1024);
    put(&m, 724, 1024, 1024);
    finish(&m, 1748);

    assert_int_equal(nout, 1748);
    assert_true(jump(0, 1748) < 0.006);
    assert_true(wrong(964, 1748, 1264) < 1e-5);

    begin(&m);
    put(&m, 0, 0, 1024);
    take(&m, worker_mix_ready(&m, 5000));
    put(&m, 0, 0, 1024);
    finish(&m, 1024);

    assert_int_equal(nout, 1024);
    assert_true(wrong(0, 1024, 0) < 1e-5);

    /* none at all */

    begin(&m);
    finish(&m, 100);
    assert_int_equal(nout, 100);
    assert_true(fabs((double) out[50]) < 1e-9);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(same_test),
        cmocka_unit_test(join_test),
        cmocka_unit_test(silence_test),
    };

    return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
