
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "worker/worker_survey.h"

#include "wub_test.h"


#define SECOND  INT64_C(1000000)


static worker_form_t
form(uint32_t width, size_t ntracks, uint32_t rate)
{
    size_t         i;
    worker_form_t  f;

    memset(&f, 0, sizeof(worker_form_t));

    f.video.width = width;
    f.video.height = 100;
    f.video.chroma = 1;
    f.video.depth = 8;
    f.ntracks = ntracks;

    for (i = 0; i < ntracks; i++) {
        f.tracks[i].rate = rate;
        f.tracks[i].channels = 2;
        f.tracks[i].object = 2;
    }

    return f;
}


typedef struct {
    uint32_t  width;
    size_t    ntracks;
    uint32_t  rate;             /* 0: no sound was heard */
    int64_t   seconds;
} test_segment_t;

typedef struct {
    const char      *name;
    test_segment_t   segments[5];
    uint32_t         width;
    size_t           ntracks;
    uint32_t         rate;      /* of the first track */
} test_case_t;

static const test_case_t  cases[] = {
    { "one", { { 640, 1, 48000, 2 } }, 640, 1, 48000 },
    { "the longer one, not the more frequent",
      { { 640, 1, 48000, 1 }, { 320, 1, 44100, 5 }, { 640, 1, 48000, 1 },
        { 640, 1, 48000, 1 } }, 320, 1, 44100 },
    { "of equals the first",
      { { 320, 1, 44100, 2 }, { 640, 1, 48000, 2 } }, 320, 1, 44100 },
    { "picture and sound are told apart",
      { { 320, 1, 48000, 3 }, { 640, 1, 48000, 2 }, { 640, 1, 44100, 4 } },
      640, 1, 48000 },
    { "what was not heard does not count",
      { { 320, 1, 0, 9 }, { 320, 1, 48000, 1 } }, 320, 1, 48000 },
    { "no sound at all", { { 320, 0, 0, 2 } }, 320, 0, 0 },
    { "a track that is only there sometimes",
      { { 320, 0, 0, 9 }, { 320, 2, 48000, 1 } }, 320, 2, 48000 },
    { "never heard", { { 320, 1, 0, 9 } }, 320, 1, 0 },
};


static void
test_form(void **state)
{
    size_t               i, k;
    worker_form_t        f;
    worker_survey_t      survey;
    const test_case_t   *c;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        c = &cases[i];
        memset(&survey, 0, sizeof(worker_survey_t));

        for (k = 0; k < 5 && c->segments[k].seconds != 0; k++) {
            f = form(c->segments[k].width, c->segments[k].ntracks,
                     c->segments[k].rate);
            worker_survey_add(&survey, &f, c->segments[k].seconds * SECOND);
        }

        worker_survey_form(&survey, &f);

        if (f.video.width != c->width || f.ntracks != c->ntracks
            || f.tracks[0].rate != c->rate)
        {
            fail_msg("%s: %u, %zu, %u", c->name, f.video.width, f.ntracks,
                     f.tracks[0].rate);
        }
    }
}


/* more forms than can be told apart: the first ones still count */
static void
test_many(void **state)
{
    uint32_t         i;
    worker_form_t    f;
    worker_survey_t  survey;

    (void) state;

    memset(&survey, 0, sizeof(worker_survey_t));

    for (i = 0; i < 5 * WORKER_SURVEY_FORMS; i++) {
        f = form(100 + i, WORKER_TRACKS_MAX, 8000 + i);
        worker_survey_add(&survey, &f, SECOND * (i == 3 ? 2 : 1));
    }

    worker_survey_form(&survey, &f);

    assert_int_equal(f.video.width, 103);
    assert_int_equal(f.ntracks, WORKER_TRACKS_MAX);
    assert_int_equal(f.tracks[WORKER_TRACKS_MAX - 1].rate, 8003);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests_name("survey", tests, NULL, NULL);
}
