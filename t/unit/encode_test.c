
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_encode: settings by kind, what they may be, and what is said of
 * those that may not.
 */


#include "t/unit/wub_test.h"
#include "worker/worker_encode.h"


typedef struct {
    const char  *kind;
    const char  *text;
    const char  *name;          /* the pair that comes of it */
    const char  *value;
} encode_good_t;

typedef struct {
    const char  *kind;
    const char  *text;
    const char  *says;          /* a part of the sentence */
} encode_bad_t;

typedef struct {
    const char  *kind;
    const char  *text;
    const char  *alone;         /* what is said of it; NULL: nothing */
    const char  *with;
    const char  *says;          /* of both */
} encode_profile_t;


static const encode_profile_t  profiles[] = {
    { "mp4", "profile=high", NULL, "pixel_format=yuv444p",
      "profile=high does not hold pixel_format=yuv444p" },
    { "mp4", "profile=main", NULL, "pixel_format=yuv420p10le", "not hold" },
    { "mp4", "profile=high10", NULL, "pixel_format=yuv420p10le", NULL },
    { "mp4", "profile=high10", NULL, "pixel_format=yuv422p10le", "not hold" },
    { "mp4", "profile=high422", NULL, "pixel_format=yuv422p10le", NULL },
    { "mp4", "profile=high422", NULL, "pixel_format=yuv444p", "not hold" },
    { "mp4", "profile=high444", NULL, "pixel_format=yuv444p10le", NULL },
    { "mp4", "profile=high", NULL, "pixel_format=source", NULL },
    { "mpegts", "profile=high", "cannot be without loss", "crf=1", NULL },
    { "mpegts", "profile=main", "cannot be without loss", "bitrate=1M", NULL },
    { "mpegts", "profile=high444", NULL, "pixel_format=yuv420p", NULL },
    { "mpegts", "profile=high10", NULL, "pixel_format=yuv420p",
      "cannot be without loss" },
    { "mpegts", "profile=high10", NULL, "pixel_format=yuv420p10le", NULL },
    { "mpegts", "crf=0.5", NULL, "profile=auto", NULL }
};

static const encode_good_t  good[] = {
    { "mp4", "crf=17.5", "crf", "17.5" },
    { "mp4", "crf=0", "crf", "0" },
    { "mp4", "crf=51", "crf", "51" },
    { "webm", "crf=63", "crf", "63" },
    { "mpegts", "preset=veryslow", "preset", "veryslow" },
    { "mp4", "bitrate=12M", "bitrate", "12000000" },
    { "mp4", "bitrate=2500k", "bitrate", "2500000" },
    { "mp4", "bitrate=999", "bitrate", "999" },
    { "mp4", "gop=0.5", "gop", "0.5" },
    { "mp4", "pixel_format=source", "pixel_format", "source" },
    { "webm", "speed=8", "speed", "8" },
    { "mp4", "audio_bitrate=384k", "audio_bitrate", "384000" },
    { "mp4", "low_latency=yes", "low_latency", "yes" },
    { "mp4", "preview", "low_latency", "yes" },
    { "webm", "preview", "low_latency", "yes" },
    { "webm", "preview", "speed", "8" },
    { "mp4", "youtube", "edit_lists", "no" },
    { "mp4", "youtube", "gop", "0.5" },
    { "mp4", "youtube", "audio_rate", "48000" },
    { "mp4", "youtube", "profile", "high" },
};

static const encode_bad_t  bad[] = {
    { "mp4", "crf=52", "crf of mp4 cuts is '52', but must be a number from "
                       "0 to 51." },
    { "mp4", "crf=-1", "'-1'" },
    { "mp4", "crf=", "''" },
    { "mp4", "crf=1x", "'1x'" },
    { "mp4", "gop=0.05", "from 0.1 to 60" },
    { "mp4", "bitrate=2G", "bits (k and M may follow) from 0 to 1000000000" },
    { "mp4", "bitrate=1001M", "'1001M'" },
    { "mp4", "bitrate=1kk", "'1kk'" },
    { "mp4", "preset=fastest", "one of ultrafast, superfast" },
    { "mp4", "faststart=1", "one of no, yes" },
    { "mp4", "threads=0", "a whole number from 1 to 64" },
    { "mp4", "threads=2.5", "a whole number from 1 to 64" },
    { "mp4", "speed=3", "no encoder setting 'speed' of mp4 cuts; there are "
                        "crf, preset" },
    { "webm", "preset=fast", "no encoder setting 'preset' of webm" },
    { "webm", "bframes=2", "no encoder setting 'bframes'" },
    { "mpegts", "faststart=yes", "no encoder setting 'faststart'" },
    { "mp4", "=3", "no encoder setting ''" },
    { "mp4", "cr=3", "no encoder setting 'cr'" },
    { "mp4", "crff=3", "no encoder setting 'crff'" },
    { "mpegts", "low_latency=yes", "no encoder setting 'low_latency'" },
    { "mpegts", "preview", "'preview' is no encoder setting" },
    { "webm", "youtube", "'youtube' is no encoder setting" },
    { "mp4", "vimeo", "'vimeo' is no encoder setting: write NAME=VALUE" },
    { "smart", "crf=9", "Cuts of this type have no encoder settings; leave "
                        "'crf' out" },
};


static const char *
value_of(const worker_encode_t *e, const char *name,
    worker_encode_pair_t *pair)
{
    size_t  i;

    for (i = 0; worker_encode_pair(e, i, pair); i++) {
        if (strcmp(pair->name, name) == 0) {
            return pair->value;
        }
    }

    return "(none)";
}


static void
good_test(void **state)
{
    size_t                i;
    worker_err_t          err;
    worker_encode_t       e;
    worker_encode_pair_t  pair;

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        worker_encode_defaults(&e, good[i].kind);

        assert_int_equal(worker_encode_text(&e, good[i].text, &err),
                         WORKER_OK);
        assert_string_equal(value_of(&e, good[i].name, &pair),
                            good[i].value);
        assert_int_equal(worker_encode_check(&e, &err), WORKER_OK);
    }
}


static void
bad_test(void **state)
{
    size_t           i;
    worker_err_t     err;
    worker_encode_t  e, before;

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        worker_encode_defaults(&e, bad[i].kind);
        before = e;

        assert_int_equal(worker_encode_text(&e, bad[i].text, &err),
                         WORKER_INVALID);
        assert_non_null(strstr(err.text, bad[i].says));
        assert_memory_equal(&e, &before, sizeof(e));
    }
}


/* what is printed can be set again and is the same, for every kind */
static void
round_test(void **state)
{
    size_t                i, k;
    worker_err_t          err;
    worker_encode_t       e, again;
    worker_encode_pair_t  pair;

    static const char *const  kinds[] = { "mpegts", "mp4", "webm" };

    (void) state;

    for (k = 0; k < 3; k++) {
        worker_encode_defaults(&e, kinds[k]);
        memset(&again, 0, sizeof(again));
        again.kind = e.kind;

        for (i = 0; worker_encode_pair(&e, i, &pair); i++) {
            assert_int_equal(worker_encode_set(&again, pair.name, pair.value,
                                               &err), WORKER_OK);
        }

        assert_true(i > 5);
        assert_memory_equal(&e, &again, sizeof(e));
        assert_int_equal(worker_encode_check(&e, &err), WORKER_OK);
    }

    worker_encode_defaults(&e, "smart");
    assert_false(worker_encode_pair(&e, 0, &pair));
}


/* each pair alone is good, and together they are what the table says */
static void
profile_test(void **state)
{
    size_t           i;
    worker_err_t     err;
    worker_encode_t  e;

    (void) state;

    for (i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        worker_encode_defaults(&e, profiles[i].kind);
        assert_int_equal(worker_encode_text(&e, profiles[i].text, &err),
                         WORKER_OK);
        assert_int_equal(worker_encode_check(&e, &err),
                         profiles[i].alone == NULL ? WORKER_OK
                                                   : WORKER_INVALID);

        if (profiles[i].alone != NULL) {
            assert_non_null(strstr(err.text, profiles[i].alone));
        }

        assert_int_equal(worker_encode_text(&e, profiles[i].with, &err),
                         WORKER_OK);
        assert_int_equal(worker_encode_check(&e, &err),
                         profiles[i].says == NULL ? WORKER_OK
                                                  : WORKER_INVALID);

        if (profiles[i].says != NULL) {
            assert_non_null(strstr(err.text, profiles[i].says));
        }
    }
}


static void
check_test(void **state)
{
    worker_err_t     err;
    worker_encode_t  e;

    (void) state;

    worker_encode_defaults(&e, "mp4");
    assert_int_equal(worker_encode_text(&e, "profile=baseline", &err),
                     WORKER_OK);
    assert_int_equal(worker_encode_check(&e, &err), WORKER_INVALID);
    assert_non_null(strstr(err.text, "set bframes=0"));
    assert_int_equal(worker_encode_text(&e, "bframes=0", &err), WORKER_OK);
    assert_int_equal(worker_encode_check(&e, &err), WORKER_OK);

    worker_encode_defaults(&e, "mp4");
    assert_int_equal(worker_encode_number(&e, WORKER_ENCODE_AUDIO_RATE), 0);
    assert_int_equal(worker_encode_text(&e, "bufsize=2M", &err), WORKER_OK);
    assert_int_equal(worker_encode_check(&e, &err), WORKER_INVALID);
    assert_non_null(strstr(err.text, "bufsize needs maxrate"));

    assert_int_equal(worker_encode_text(&e, "maxrate=2M", &err), WORKER_OK);
    assert_int_equal(worker_encode_check(&e, &err), WORKER_OK);

    assert_int_equal(worker_encode_text(&e, "bitrate=3M", &err), WORKER_OK);
    assert_int_equal(worker_encode_check(&e, &err), WORKER_INVALID);
    assert_non_null(strstr(err.text, "maxrate is less"));

    assert_int_equal(worker_encode_text(&e, "youtube", &err), WORKER_OK);
    assert_int_equal(worker_encode_number(&e, WORKER_ENCODE_AUDIO_RATE),
                     48000);
    assert_string_equal(worker_encode_word(&e, WORKER_ENCODE_PIXEL_FORMAT),
                        "yuv420p");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(good_test),
        cmocka_unit_test(bad_test),
        cmocka_unit_test(round_test),
        cmocka_unit_test(profile_test),
        cmocka_unit_test(check_test),
    };

    return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
