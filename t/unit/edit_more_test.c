
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test_json.h"
#include "common/wub_edit.h"


#define T(minute)       (INT64_C(1794618000) * WUB_SECOND                     \
                         + (minute) * 60 * WUB_SECOND)

#define NOT_YOUTUBE                                                           \
    "Link does not appear to be a youtube.com or youtu.be video link. Try"    \
    " removing any extra query params (after the video id)."

#define NOT_MANUAL                                                            \
    "Upload location must be \"manual\" or \"youtube-manual\""

#define PNG             "iVBORw0KGgo="
#define TEMPLATE        "{'name': 'zeta', 'image': '" PNG "',"                \
                        " 'description': 'd', 'attribution': '',"             \
                        " 'crop': [0, 1, 2, 3], 'location': [4, 5, 6, 7]}"

#define NAME_RULE       "Template name must be a text of at most 255 bytes"   \
                        " without control characters"


typedef struct {
    wub_range_t  ranges[3];
    size_t       nranges;
    size_t       holes[3];
    const char  *text;
} warn_t;

typedef struct {
    const char  *body;
    const char  *sentence;      /* NULL: accepted */
    const char  *location;
    const char  *video_id;      /* NULL: null */
} link_t;

typedef struct {
    const char  *patch;
    const char  *without;
    bool         update;
    const char  *sentence;      /* NULL: accepted */
} template_t;


static const warn_t  warns[] = {
    { { { 0, 0 } }, 0, { 0 }, "[]" },
    { { { T(0), T(240) } }, 1, { 0 }, "[]" },
    { { { T(0), T(240) + 1 } }, 1, { 0 },
      "[\"Range 1 is longer than 4 hours: from 2026-11-14T01:00:00.000000"
      " to 2026-11-14T05:00:00.000001.\"]" },
    { { { T(0), T(1) } }, 1, { 1 },
      "[\"Range 1 has 1 hole in its footage: from"
      " 2026-11-14T01:00:00.000000 to 2026-11-14T01:01:00.000000.\"]" },
    { { { T(0), INT64_MAX } }, 1, { 2 },
      "[\"Range 1 has 2 holes in its footage: from"
      " 2026-11-14T01:00:00.000000 on.\"]" },

    /* a range without a start has no length, and is nowhere */
    { { { INT64_MIN, T(1) }, { INT64_MIN, INT64_MAX }, { T(0), T(2) } }, 3,
      { 0 }, "[]" },

    /* touching is not overlapping */
    { { { T(0), T(1) }, { T(1), T(2) }, { T(3), T(4) } }, 3, { 0 }, "[]" },

    { { { T(3), T(5) }, { T(0), T(1) }, { T(4), T(6) } }, 3, { 0 },
      "[\"Ranges 1 and 3 overlap: from 2026-11-14T01:04:00.000000 to"
      " 2026-11-14T01:05:00.000000.\"]" },
    { { { T(3), INT64_MAX }, { T(4), INT64_MAX } }, 2, { 0 },
      "[\"Ranges 1 and 2 overlap: from 2026-11-14T01:04:00.000000 on.\"]" },
    { { { T(0), T(300) }, { T(4), T(5) } }, 2, { 0, 3 },
      "[\"Range 1 is longer than 4 hours: from 2026-11-14T01:00:00.000000"
      " to 2026-11-14T06:00:00.000000.\", \"Range 2 has 3 holes in its"
      " footage: from 2026-11-14T01:04:00.000000 to"
      " 2026-11-14T01:05:00.000000.\", \"Ranges 1 and 2 overlap: from"
      " 2026-11-14T01:04:00.000000 to 2026-11-14T01:05:00.000000.\"]" }
};


static const link_t  links[] = {
    { "{'link': 'https://example.com/a b'}", NULL, "manual", NULL },
    { "{'link': 'x', 'upload_location': 'manual'}", NULL, "manual", NULL },
    { "{'link': 'https://youtu.be/a-B_4567890', 'upload_location':"
      " 'youtube-manual'}", NULL, "youtube-manual", "a-B_4567890" },
    { "{'link': 'http://youtu.be/12345678901', 'upload_location':"
      " 'youtube-manual'}", NULL, "youtube-manual", "12345678901" },
    { "{'link': 'https://youtube.com/watch?v=12345678901',"
      " 'upload_location': 'youtube-manual'}", NULL, "youtube-manual",
      "12345678901" },
    { "{'link': 'http://www.youtube.com/watch?v=12345678901',"
      " 'upload_location': 'youtube-manual'}", NULL, "youtube-manual",
      "12345678901" },
    { "{'link': 'https://youtu.be/12345678901?t=3', 'upload_location':"
      " 'youtube-manual'}", NOT_YOUTUBE, NULL, NULL },
    { "{'link': 'https://youtu.be/1234567890', 'upload_location':"
      " 'youtube-manual'}", NOT_YOUTUBE, NULL, NULL },
    { "{'link': 'https://youtu.be/123456789012', 'upload_location':"
      " 'youtube-manual'}", NOT_YOUTUBE, NULL, NULL },
    { "{'link': 'https://youtu.be/1234567890%', 'upload_location':"
      " 'youtube-manual'}", NOT_YOUTUBE, NULL, NULL },
    { "{'link': 'https://evil.example/youtu.be/12345678901',"
      " 'upload_location': 'youtube-manual'}", NOT_YOUTUBE, NULL, NULL },
    { "{'link': 'https://youtube.com/watch?v=12345678901&list=x',"
      " 'upload_location': 'youtube-manual'}", NOT_YOUTUBE, NULL, NULL },
    { "{'link': 'x', 'upload_location': 'youtube'}", NOT_MANUAL, NULL, NULL },
    { "{'link': 'x', 'upload_location': null}", NOT_MANUAL, NULL, NULL },
    { "{'link': 'x', 'upload_location': ['manual']}", NOT_MANUAL, NULL,
      NULL },
    { "{}", "Fields missing in JSON: link", NULL, NULL },
    { "{'link': null}", "link must be a text without control characters",
      NULL, NULL },
    { "{'link': 'a\\nb'}", "link must be a text without control characters",
      NULL, NULL },
    { "{'link': ''}", "link may not be empty", NULL, NULL }
};


static const template_t  templates[] = {
    { "{}", NULL, false, NULL },
    { "{'more': 1}", NULL, false, NULL },
    { "{}", "image", false, "Fields missing in JSON: image" },
    { "{}", "image", true, NULL },
    { "{'image': null}", NULL, true, NULL },
    { "{'image': ''}", NULL, true, NULL },
    { "{'image': null}", NULL, false, "Template image must be valid base64" },
    { "{'image': ''}", NULL, false, "Template image must be a PNG" },
    { "{'image': '!'}", NULL, true, "Template image must be valid base64" },
    { "{'image': 'AAAA'}", NULL, true, "Template image must be a PNG" },
    { "{}", "crop", true, "Fields missing in JSON: crop" },
    { "{}", "*", false, "Fields missing in JSON: name, image, description,"
      " attribution, crop, location" },
    { "{}", "*", true, "Fields missing in JSON: name, description,"
      " attribution, crop, location" },
    { "{'name': ''}", NULL, false, "Template name may not be empty" },
    { "{'name': null}", NULL, false, NAME_RULE },
    { "{'name': 'a\\nb'}", NULL, false, NAME_RULE },
    { "{'name': '../a'}", NULL, false, "Template name may not contain a / or"
      " start with a period" },
    { "{'name': 'a/b'}", NULL, false, "Template name may not contain a / or"
      " start with a period" },
    { "{'name': 'é ?#%'}", NULL, false, NULL },
    { "{'description': null}", NULL, false,
      "Template description must be a text" },
    { "{'attribution': 'a\\nb'}", NULL, false, "Template attribution must be"
      " a text without control characters" },
    { "{'crop': null}", NULL, false, "Template crop must be a list of 4"
      " whole numbers: left, top, right, bottom" },
    { "{'location': [4, 5, 4, 7]}", NULL, false, "Template location must have"
      " left less than right and top less than bottom" }
};


static void
test_warnings(void **state)
{
    size_t         i;
    wub_buf_t      b;
    wub_edit_t     edit;
    wub_range_t    ranges[3];
    wub_arena_t   *arena;

    (void) state;

    arena = wub_test_arena();
    memset(&edit, 0, sizeof(edit));

    for (i = 0; i < wub_nitems(warns); i++) {
        memcpy(ranges, warns[i].ranges, sizeof(ranges));
        edit.ranges.ranges = ranges;
        edit.ranges.nranges = warns[i].nranges;

        wub_buf_init(&b, arena, 10000);
        assert_int_equal(wub_edit_warnings(&b, &edit, warns[i].holes),
                         WUB_OK);
        wub_test_text(&b, warns[i].text);
    }

    /* nobody looked for holes */
    wub_buf_init(&b, arena, 10000);
    edit.ranges.nranges = 1;
    assert_int_equal(wub_edit_warnings(&b, &edit, NULL), WUB_OK);

    /* nobody may cut it */
    wub_buf_init(&b, arena, 10000);
    edit.ranges.nranges = 0;
    edit.columns[WUB_EDIT_WHITELIST] = wub_str("{}");
    assert_int_equal(wub_edit_warnings(&b, &edit, NULL), WUB_OK);
    wub_test_text(&b, "[\"uploader_whitelist is an empty list, so no node "
                  "will cut this video; set it to null to let any of "
                  "them.\"]");

    wub_arena_destroy(arena);
}


/* as many as can be: a few are told, the rest is counted */
static void
test_many_warnings(void **state)
{
    size_t        i;
    json_t       *json;
    wub_buf_t     b;
    wub_edit_t    edit;
    wub_range_t  *ranges;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();
    memset(&edit, 0, sizeof(edit));

    ranges = wub_arena_alloc(arena, WUB_RANGES_MAX * sizeof(wub_range_t));
    assert_non_null(ranges);

    for (i = 0; i < WUB_RANGES_MAX; i++) {
        ranges[i].start = T(0);
        ranges[i].end = T(1);
    }

    edit.ranges.ranges = ranges;
    edit.ranges.nranges = WUB_RANGES_MAX;

    wub_buf_init(&b, arena, 10000);
    assert_int_equal(wub_edit_warnings(&b, &edit, NULL), WUB_OK);

    json = json_loadb(b.data, b.len, 0, NULL);
    assert_int_equal(json_array_size(json), 21);
    assert_string_equal(json_string_value(json_array_get(json, 20)),
                        "There are 499480 more warnings like these.");
    json_decref(json);

    wub_buf_init(&b, arena, 100);
    assert_int_equal(wub_edit_warnings(&b, &edit, NULL), WUB_TOO_BIG);

    wub_arena_destroy(arena);
}


static void
test_link(void **state)
{
    size_t            i;
    json_t           *json;
    const link_t     *l;
    wub_value_t       body;
    wub_arena_t      *arena;
    wub_answer_t      answer;
    wub_edit_link_t   link;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(links); i++) {
        l = &links[i];
        wub_arena_reset(arena);

        json = wub_test_load(l->body);
        wub_test_value(arena, json, &body);
        json_decref(json);

        assert_int_equal(wub_edit_link(arena, &body, &link, &answer), WUB_OK);

        if (l->sentence != NULL) {
            wub_expect(answer.status == 400
                       && wub_str_eq(answer.sentence,
                                     wub_test_str(l->sentence)),
                       "%s: %.*s", l->body, wub_arg(answer.sentence));
            continue;
        }

        wub_expect(answer.status == 0
                   && wub_str_eq(link.location, wub_test_str(l->location)),
                   "%s: %.*s", l->body, wub_arg(answer.sentence));
        wub_expect((l->video_id == NULL) ? link.video_id.data == NULL
                   : wub_str_eq(link.video_id, wub_test_str(l->video_id)),
                   "%s: \"%.*s\"", l->body, wub_arg(link.video_id));
        assert_true(wub_str_eq(link.link,
                               wub_value_find(&body, wub_str("link"))->text));
    }

    wub_arena_destroy(arena);
}


static void
load_template(wub_arena_t *arena, const template_t *t, wub_value_t *ret)
{
    json_t  *json;

    json = wub_test_load(TEMPLATE);
    json_object_update_new(json, wub_test_load(t->patch));

    if (t->without != NULL && *t->without == '*') {
        json_object_clear(json);

    } else if (t->without != NULL) {
        assert_int_equal(json_object_del(json, t->without), 0);
    }

    wub_test_value(arena, json, ret);
    json_decref(json);
}


static void
test_template(void **state)
{
    size_t                i;
    wub_value_t           body;
    wub_arena_t          *arena;
    wub_answer_t          answer;
    const template_t     *t;
    wub_edit_template_t   ret;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(templates); i++) {
        t = &templates[i];
        wub_arena_reset(arena);
        load_template(arena, t, &body);

        assert_int_equal(wub_edit_template(arena, &body, t->update, &ret,
                                           &answer), WUB_OK);

        wub_expect((t->sentence == NULL) ? answer.status == 0
                   : (answer.status == 400
                      && wub_str_eq(answer.sentence,
                                    wub_test_str(t->sentence))),
                   "%s -%s: %u %.*s", t->patch, t->without, answer.status,
                   wub_arg(answer.sentence));

        wub_expect(t->sentence != NULL
                   || (ret.image.data == NULL) == (t->update), "%s",
                   t->patch);
    }

    load_template(arena, &templates[0], &body);
    assert_int_equal(wub_edit_template(arena, &body, false, &ret, &answer),
                     WUB_OK);
    assert_true(wub_str_eq(ret.name, wub_str("zeta")));
    assert_true(wub_str_eq(ret.description, wub_str("d")));
    assert_true(wub_str_eq(ret.attribution, wub_str("")));
    assert_non_null(ret.attribution.data);
    assert_true(wub_str_eq(ret.crop, wub_str("{0,1,2,3}")));
    assert_true(wub_str_eq(ret.location, wub_str("{4,5,6,7}")));
    assert_true(wub_str_eq(ret.image, wub_str("\\x89504e470d0a1a0a")));

    wub_arena_destroy(arena);
}


/* a sentence of its own for each rule of the schema, one for all others */
static void
test_refused(void **state)
{
    size_t        i;
    wub_answer_t  answer, other;

    static const char  *rules[] = {
        "events_upload_location_check", "events_video_ranges_check",
        "events_video_transitions_check", "events_transitions_count_check",
        "events_video_title_check", "events_video_description_check",
        "events_video_tags_check", "events_video_channel_check",
        "events_thumbnail_time_check", "events_thumbnail_template_check",
        "events_thumbnail_image_check", "events_video_link_check",
        "events_event_end_check", "events_cut_type_check", "templates_pkey"
    };

    (void) state;

    wub_edit_refused(wub_str("somebody_s_rule"), &other);
    assert_int_equal(other.status, 400);
    assert_true(other.sentence.len > 0);

    for (i = 0; i < wub_nitems(rules); i++) {
        wub_edit_refused(wub_test_str(rules[i]), &answer);
        wub_expect(answer.status == 400
                   && !wub_str_eq(answer.sentence, other.sentence), "%s",
                   rules[i]);
    }

    wub_edit_refused(wub_str_n(NULL, 0), &answer);
    assert_true(wub_str_eq(answer.sentence, other.sentence));
}


static wub_rc_t
work_template(wub_arena_t *arena, void *data)
{
    wub_answer_t         answer;
    wub_edit_template_t  ret;

    return wub_edit_template(arena, data, false, &ret, &answer);
}


static wub_rc_t
work_link(wub_arena_t *arena, void *data)
{
    wub_answer_t     answer;
    wub_edit_link_t  ret;

    return wub_edit_link(arena, data, &ret, &answer);
}


static void
test_torture(void **state)
{
    json_t       *json;
    wub_value_t   body;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    load_template(arena, &templates[0], &body);
    assert_true(wub_test_torture(work_template, &body) > 0);

    json = wub_test_load("{'link': '', 'upload_location': 'x'}");
    wub_test_value(arena, json, &body);
    json_decref(json);
    assert_true(wub_test_torture(work_link, &body) > 0);

    wub_arena_destroy(arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_many_warnings),
        cmocka_unit_test(test_link),
        cmocka_unit_test(test_template),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_torture)
    };

    return cmocka_run_group_tests_name("edit_more", tests, NULL, NULL);
}
