
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "worker/worker_survey.h"

#include "wub_test.h"


#define SECOND  INT64_C(1000000)


/* of a segment "hour/NTH", a minute after the one before */
typedef struct {
    char                  name[32];
    wub_video_form_t      video;
    wub_cutplan_frame_t   frame;
    worker_sound_t        sounds[WORKER_TRACKS_MAX];
    worker_audio_t        audio[WORKER_TRACKS_MAX];
    worker_track_t        tracks[WORKER_TRACKS_MAX];
    worker_footage_t      footage;
} test_head_t;


static const worker_footage_t *
head(test_head_t *h, size_t nth, uint32_t width, size_t ntracks,
    uint32_t rate)
{
    size_t  i;

    memset(h, 0, sizeof(test_head_t));

    h->video.width = width;
    h->video.height = 100;
    h->video.chroma = 1;
    h->video.depth = 8;

    (void) snprintf(h->name, sizeof(h->name), "hour/%zu", nth);

    h->footage.name = h->name;
    h->footage.segment.start = (int64_t) nth * 60 * SECOND;
    h->footage.forms = &h->video;
    h->footage.frames = &h->frame;
    h->footage.tracks = h->tracks;
    h->footage.ntracks = ntracks;

    for (i = 0; i < ntracks; i++) {
        h->sounds[i].rate = rate;
        h->sounds[i].channels = 2;
        h->sounds[i].object = 2;
        h->audio[i].pts = 45000;
        h->tracks[i].forms = &h->sounds[i];
        h->tracks[i].nforms = (rate != 0);
        h->tracks[i].audio = &h->audio[i];
        h->tracks[i].naudio = (rate != 0);
    }

    return &h->footage;
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
    test_head_t          h;
    worker_form_t        f;
    worker_survey_t      survey;
    const test_case_t   *c;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        c = &cases[i];
        memset(&survey, 0, sizeof(worker_survey_t));

        for (k = 0; k < 5 && c->segments[k].seconds != 0; k++) {
            worker_survey_add(&survey,
                              head(&h, k, c->segments[k].width,
                                   c->segments[k].ntracks,
                                   c->segments[k].rate),
                              c->segments[k].seconds * SECOND, true);
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
    test_head_t      h;
    worker_form_t    f;
    worker_survey_t  survey;

    (void) state;

    memset(&survey, 0, sizeof(worker_survey_t));

    for (i = 0; i < 5 * WORKER_SURVEY_FORMS; i++) {
        worker_survey_add(&survey, head(&h, i, 100 + i, WORKER_TRACKS_MAX,
                                        8000 + i),
                          SECOND * (i == 3 ? 2 : 1), true);
    }

    worker_survey_form(&survey, &f);

    assert_int_equal(f.video.width, 103);
    assert_int_equal(f.ntracks, WORKER_TRACKS_MAX);
    assert_int_equal(f.tracks[WORKER_TRACKS_MAX - 1].rate, 8003);
}


typedef struct {
    size_t        ntracks;
    uint32_t      rate;
    int64_t       seconds;
    bool          encoded;
} test_copy_t;

typedef struct {
    const char   *name;
    test_copy_t   segments[4];
    const char   *sentence;     /* what it begins with; NULL: none */
} test_sound_t;

static const test_sound_t  sounds[] = {
    { "all alike", { { 1, 48000, 1, false }, { 1, 48000, 1, false } }, NULL },
    { "a later one", { { 1, 48000, 3, false }, { 1, 44100, 1, false },
                       { 1, 32000, 1, false } },
      "The segment hour/1 has audio of 44100 Hz with 2 channels (AAC type 2) "
      "from 1970-01-01T00:01:00.500000 on, the cut 48000 Hz with 2 (type 2);"
    },
    { "the first, when most is of the later ones",
      { { 1, 48000, 1, false }, { 1, 44100, 3, false } },
      "The segment hour/0 has audio of 48000 Hz" },
    { "surveyed twice", { { 1, 48000, 3, false }, { 1, 44100, 1, false },
                          { 1, 48000, 1, false }, { 1, 44100, 1, false } },
      "The segment hour/1 has audio of 44100 Hz" },
    { "the first of all tracks",
      { { 2, 48000, 5, false }, { 2, 44100, 1, false } },
      "The segment hour/1 has audio of 44100 Hz" },
    { "no sound is no difference",
      { { 1, 48000, 1, false }, { 1, 0, 9, false }, { 0, 0, 9, false } },
      NULL },
    { "what is encoded is none",
      { { 1, 48000, 3, false }, { 1, 44100, 1, true } }, NULL },
    { "but the next that is copied is",
      { { 1, 48000, 3, false }, { 1, 44100, 1, true },
        { 1, 44100, 1, false } },
      "The segment hour/2 has audio of 44100 Hz" },
    { "what is encoded has the most",
      { { 1, 48000, 1, false }, { 1, 44100, 3, true } },
      "The segment hour/0 has audio of 48000 Hz" },
};


static void
test_sounds(void **state)
{
    size_t               i, k;
    test_head_t          h;
    worker_rc_t          rc;
    worker_err_t         err;
    worker_form_t        f;
    worker_survey_t      survey;
    const test_sound_t  *c;

    (void) state;

    for (i = 0; i < sizeof(sounds) / sizeof(sounds[0]); i++) {
        c = &sounds[i];
        memset(&survey, 0, sizeof(worker_survey_t));
        memset(&err, 0, sizeof(worker_err_t));

        for (k = 0; k < 4 && c->segments[k].seconds != 0; k++) {
            worker_survey_add(&survey,
                              head(&h, k, 640, c->segments[k].ntracks,
                                   c->segments[k].rate),
                              c->segments[k].seconds * SECOND,
                              !c->segments[k].encoded);
        }

        worker_survey_form(&survey, &f);
        rc = worker_survey_sounds(&survey, &f, &err);

        if ((c->sentence == NULL)
            ? rc != WORKER_OK
            : (rc != WORKER_INVALID
               || strncmp(err.text, c->sentence, strlen(c->sentence)) != 0))
        {
            fail_msg("%s: %d, %s", c->name, (int) rc, err.text);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_sounds),
    };

    return cmocka_run_group_tests_name("survey", tests, NULL, NULL);
}
