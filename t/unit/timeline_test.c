
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Runs of footage laid end to end: random ones, against what must hold of
 * any output, and the odd cases by hand.
 */


#include "t/unit/wub_test.h"

#include "common/wub_timeline.h"


#define HZ     90000
#define FRAME  3003
#define AUDIO  1920
#define BASE   HZ


/* the audio of a source: frame k begins at offset + k * AUDIO */
static size_t
feed(const wub_timeline_t *t, wub_timeline_track_t *track, int64_t offset,
    size_t to, int64_t *ret_first, int64_t *ret_last)
{
    size_t          k, n;
    int64_t         out;
    wub_timeline_e  what;

    n = 0;

    for (k = 0; k < to; k++) {
        what = wub_timeline_audio(t, track, offset + (int64_t) k * AUDIO,
                                  AUDIO, &out);

        if (what == WUB_TIMELINE_WAIT) {
            break;
        }

        if (what == WUB_TIMELINE_SKIP) {
            continue;
        }

        *ret_first = (n == 0) ? out : *ret_first;
        *ret_last = out;
        n++;

        wub_timeline_take(t, track, offset + (int64_t) k * AUDIO, AUDIO);
    }

    return n;
}


/* many runs from one source: no gap, no overlap, never out of step */
static void
joins(void **state)
{
    size_t                i, n;
    int64_t               begin, length, first, last, end;
    uint64_t              seed;
    wub_timeline_t        t;
    wub_timeline_track_t  track;

    (void) state;
    seed = wub_test_seed();

    wub_timeline_init(&t, BASE);
    memset(&track, 0, sizeof(track));
    end = INT64_MIN;
    first = 0;
    last = 0;

    for (i = 0; i < 2000; i++) {
        begin = (int64_t) wub_test_below(&seed, 1000) * FRAME;
        length = (int64_t) (10 + wub_test_below(&seed, 300)) * FRAME;

        wub_timeline_run(&t, begin);
        wub_timeline_extend(&t, begin + length - FRAME, FRAME);

        n = feed(&t, &track, 777 - 10 * AUDIO, 3000, &first, &last);
        assert_true(n > 0);

        /* laid end to end, but the first, which keeps its place */

        wub_expect(i == 0 || first == end, "run %zu begins at %lld, not %lld",
                   i, (long long) first, (long long) end);
        assert_int_equal(last - first, (int64_t) (n - 1) * AUDIO);

        /* in step with the video to half a frame, however many runs */

        assert_true(2 * track.shift <= AUDIO && 2 * track.shift >= -AUDIO);

        end = last + AUDIO;
        assert_true(2 * (end - t.video_end) <= AUDIO);
        assert_true(2 * (end - t.video_end) >= -AUDIO);
    }
}


/* runs that follow each other in the source are laid as one would be */
static void
touching(void **state)
{
    int64_t               first, last;
    wub_timeline_t        t;
    wub_timeline_track_t  track;

    (void) state;

    wub_timeline_init(&t, BASE);
    memset(&track, 0, sizeof(track));
    wub_timeline_run(&t, 100 * FRAME);
    wub_timeline_extend(&t, 149 * FRAME, FRAME);
    (void) feed(&t, &track, 5, 1000, &first, &last);
    assert_int_equal(t.source_end, 150 * FRAME);

    wub_timeline_run(&t, 150 * FRAME);
    wub_timeline_extend(&t, 199 * FRAME, FRAME);
    (void) feed(&t, &track, 5, 1000, &first, &last);

    assert_int_equal(track.shift, 0);
    assert_int_equal(t.video_end, BASE + 100 * FRAME);
    assert_int_equal(wub_timeline_out(&t, 160 * FRAME), BASE + 60 * FRAME);
}


/* audio that is not there: a gap stays, what comes after it is in step */
static void
gaps(void **state)
{
    int64_t               first, last;
    wub_timeline_t        t;
    wub_timeline_track_t  track;

    (void) state;
    first = 0;

    wub_timeline_init(&t, BASE);
    memset(&track, 0, sizeof(track));
    wub_timeline_run(&t, 0);
    wub_timeline_extend(&t, 99 * FRAME, FRAME);

    /* ends early, by ten audio frames */

    (void) feed(&t, &track, 0, (size_t) (100 * FRAME / AUDIO - 10), &first,
                &last);

    wub_timeline_run(&t, HZ * 1000);
    wub_timeline_extend(&t, HZ * 1000 + 99 * FRAME, FRAME);
    assert_true(feed(&t, &track, HZ * 1000 - 5000, 1000, &first, &last) > 0);
    assert_int_equal(track.shift, 0);
    assert_true(2 * (first - t.base) <= AUDIO);
    assert_true(2 * (first - t.base) >= -AUDIO);

    /* begins late, by a second */

    wub_timeline_run(&t, 0);
    wub_timeline_extend(&t, 99 * FRAME, FRAME);
    assert_true(feed(&t, &track, HZ, 1000, &first, &last) > 0);
    assert_int_equal(track.shift, 0);
    assert_int_equal(first, t.base + HZ);
}


/* a frame is taken once, though it comes twice; past the video it waits */
static void
once(void **state)
{
    int64_t               out;
    wub_timeline_t        t;
    wub_timeline_track_t  track;

    (void) state;

    wub_timeline_init(&t, BASE);
    memset(&track, 0, sizeof(track));
    wub_timeline_run(&t, 0);
    wub_timeline_extend(&t, FRAME, FRAME);

    assert_int_equal(wub_timeline_audio(&t, &track, -AUDIO, AUDIO, &out),
                     WUB_TIMELINE_SKIP);
    assert_int_equal(wub_timeline_audio(&t, &track, -AUDIO / 2, AUDIO, &out),
                     WUB_TIMELINE_TAKE);
    assert_int_equal(out, BASE - AUDIO / 2);
    assert_int_equal(wub_timeline_audio(&t, &track, 0, AUDIO, &out),
                     WUB_TIMELINE_TAKE);

    wub_timeline_take(&t, &track, 0, AUDIO);
    assert_int_equal(wub_timeline_audio(&t, &track, 0, AUDIO, &out),
                     WUB_TIMELINE_SKIP);
    assert_int_equal(wub_timeline_audio(&t, &track, 2 * FRAME - AUDIO / 2,
                                        AUDIO, &out), WUB_TIMELINE_WAIT);
    assert_int_equal(wub_timeline_audio(&t, &track,
                                        2 * FRAME - AUDIO / 2 - 1, AUDIO,
                                        &out), WUB_TIMELINE_TAKE);
}


/* tracks are each measured by themselves, one may begin late or be absent */
static void
tracks(void **state)
{
    size_t                i, n;
    int64_t               first, last, end;
    uint64_t              seed;
    wub_timeline_t        t;
    wub_timeline_track_t  track, other, late;

    (void) state;
    seed = wub_test_seed();

    wub_timeline_init(&t, BASE);
    memset(&track, 0, sizeof(track));
    memset(&other, 0, sizeof(other));
    memset(&late, 0, sizeof(late));
    end = 0;
    first = 0;
    last = 0;

    for (i = 0; i < 300; i++) {
        wub_timeline_run(&t, (int64_t) i * HZ);
        wub_timeline_extend(&t, (int64_t) i * HZ
                            + (int64_t) wub_test_below(&seed, 30) * FRAME,
                            FRAME);

        (void) feed(&t, &track, 100, 20000, &first, &last);
        n = feed(&t, &other, 777, 20000, &first, &last);

        /* laid end to end, whatever the track beside it does */

        assert_true(i == 0 || n == 0 || first == end);
        end = (n != 0) ? last + AUDIO : end;
        assert_int_equal(other.end, end);

        assert_true(2 * other.shift <= AUDIO && 2 * other.shift >= -AUDIO);
        assert_true(2 * track.shift <= AUDIO && 2 * track.shift >= -AUDIO);
    }

    assert_int_equal(late.run, 0);
    assert_true(feed(&t, &late, 777, 20000, &first, &last) > 0);
    assert_int_equal(late.shift, 0);
    assert_true(2 * (first - t.base) >= -AUDIO);
}


/* a single frame of video, wherever it lies, has sound from the first on */
static void
single(void **state)
{
    size_t                n;
    int64_t               pts, first, last;
    wub_timeline_t        t;
    wub_timeline_track_t  track;

    (void) state;
    first = 0;
    last = 0;

    for (pts = 0; pts < AUDIO; pts++) {
        wub_timeline_init(&t, BASE);
        memset(&track, 0, sizeof(track));
        wub_timeline_run(&t, 10 * AUDIO + pts);
        wub_timeline_extend(&t, 10 * AUDIO + pts, FRAME / 2);

        n = feed(&t, &track, 0, 100, &first, &last);
        assert_int_equal(n, 1);
        assert_true(2 * (first - BASE) <= AUDIO);
        assert_true(2 * (first - BASE) >= -AUDIO);
        assert_true(first + AUDIO - t.video_end < AUDIO);

        /* never ahead by less than a millisecond */

        assert_true(first >= BASE || BASE - first >= HZ / 1000);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(joins),
        cmocka_unit_test(touching),
        cmocka_unit_test(gaps),
        cmocka_unit_test(once),
        cmocka_unit_test(tracks),
        cmocka_unit_test(single),
    };

    return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
