
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test_json.h"
#include "common/wub_edit.h"


#define BODY                                                                  \
    "{'upload_location': 'youtube',"                                          \
    " 'video_ranges': [['2026-11-14T01:02:03', '2026-11-14T01:04:03.5'],"     \
    "                  ['2026-11-14 01:05:00Z', '2026-11-14T02:06+01:00']],"  \
    " 'video_transitions': [['fade', 1.5]],"                                  \
    " 'video_channel': 'desertbus', 'video_quality': 'source',"               \
    " 'video_title': 'A title', 'video_description': 'What happened',"        \
    " 'video_tags': ['a', 'b c', ''], 'public': true,"                        \
    " 'thumbnail_mode': 'NONE', 'state': 'EDITED', 'sheet_name': 'Day 1',"    \
    " 'event_start': '2026-11-14T01:02:00',"                                  \
    " 'event_end': '2026-11-14T01:06:00', 'category': 'Games',"               \
    " 'description': 'Said', 'notes': '', 'tags': ['Game', 'Bus']}"

#define PNG        "iVBORw0KGgo="
#define BOX_SENSE  " must have left less than right and top less than bottom"
#define BOX_FORM   " must be a list of 4 whole numbers: left, top, right,"    \
                   " bottom"

/* three ranges; of the one between */
#define THREE(start, end)                                                     \
    "[['2026-01-01T00:00', '2026-01-01T00:01'], [" start ", " end "],"        \
    " ['2026-01-01T00:03', '2026-01-01T00:04']]"


/* a body with some keys changed, one of them left out; what is answered */
typedef struct {
    const char  *patch;
    const char  *without;
    const char  *sentence;      /* NULL: accepted */
    int          column;        /* of an accepted one; -1: none is looked at */
    const char  *text;          /* "": not sent; NULL: null */
} case_t;


#define ANY  -1


static const case_t  cases[] = {

    /* columns as they go to the database */

    { "{}", NULL, NULL, WUB_EDIT_LOCATION, "youtube" },
    { "{}", NULL, NULL, WUB_EDIT_RANGES,
      "{\"(\\\"2026-11-14 01:02:03\\\",\\\"2026-11-14 01:04:03.5\\\")\","
      "\"(\\\"2026-11-14 01:05:00\\\",\\\"2026-11-14 01:06:00\\\")\"}" },
    { "{}", NULL, NULL, WUB_EDIT_TRANSITIONS, "{\"(fade,1.500000)\"}" },
    { "{}", NULL, NULL, WUB_EDIT_TAGS, "{a,\"b c\",\"\"}" },
    { "{}", NULL, NULL, WUB_EDIT_PUBLIC, "t" },
    { "{}", NULL, NULL, WUB_EDIT_TITLE, "A title" },
    { "{}", NULL, NULL, WUB_EDIT_ALLOW_HOLES, "" },
    { "{}", NULL, NULL, WUB_EDIT_CUT_TYPE, "" },
    { "{'allow_holes': false}", NULL, NULL, WUB_EDIT_ALLOW_HOLES, "f" },
    { "{'uploader_whitelist': ['x,y']}", NULL, NULL, WUB_EDIT_WHITELIST,
      "{\"x,y\"}" },
    { "{'uploader_whitelist': null}", NULL, NULL, WUB_EDIT_WHITELIST, NULL },
    { "{'uploader_whitelist': []}", NULL, NULL, WUB_EDIT_WHITELIST, "{}" },
    { "{'thumbnail_time': '2026-11-14T01:02:03.25'}", NULL, NULL,
      WUB_EDIT_THUMBNAIL_TIME, "2026-11-14 01:02:03.25" },
    { "{'thumbnail_mode': 'CUSTOM', 'thumbnail_image': '" PNG "'}", NULL,
      NULL, WUB_EDIT_THUMBNAIL_IMAGE, "\\x89504e470d0a1a0a" },
    { "{'thumbnail_crop': [0, 0, 1920, 1080]}", NULL, NULL,
      WUB_EDIT_THUMBNAIL_CROP, "{0,0,1920,1080}" },
    { "{'thumbnail_location': [1, 2, 3, 16384]}", NULL, NULL,
      WUB_EDIT_THUMBNAIL_LOCATION, "{1,2,3,16384}" },
    { "{'cut_type': 'smart'}", NULL, NULL, WUB_EDIT_CUT_TYPE, "smart" },
    { "{'cut_type': null}", NULL, NULL, WUB_EDIT_CUT_TYPE, NULL },
    { "{'video_link': 'http://evil', 'uploader': 'me', 'anything': 1}", NULL,
      NULL, ANY, NULL },

    /* keys, states */

    { "{}", "public", "Fields missing in JSON: public", ANY, NULL },
    { "{}", "state", "Fields missing in JSON: state", ANY, NULL },
    { "{}", "*", "Fields missing in JSON: upload_location, video_ranges,"
      " video_transitions, video_channel, video_quality, video_title,"
      " video_description, video_tags, public, thumbnail_mode, state,"
      " sheet_name, event_start, event_end, category, description, notes,"
      " tags", ANY, NULL },
    { "{'state': 'CLAIMED'}", NULL, "Invalid state CLAIMED", ANY, NULL },
    { "{'state': 'DONE'}", NULL, "Invalid state DONE", ANY, NULL },
    { "{'state': 'edited'}", NULL, "Invalid state edited", ANY, NULL },
    { "{'state': 'a\\u0001\\nb'}", NULL, "Invalid state a??b", ANY, NULL },
    { "{'state': null}", NULL, "state must be a text", ANY, NULL },
    { "{'state': ['EDITED']}", NULL, "state must be a text", ANY, NULL },
    { "{'override_changes': 1}", NULL,
      "override_changes must be true or false", ANY, NULL },
    { "{'override_changes': null}", NULL, NULL, ANY, NULL },

    /* nulls */

    { "{'video_title': null, 'upload_location': null}", NULL,
      "Fields upload_location, video_title must be non-null for video to be"
      " cut", ANY, NULL },
    { "{'upload_location': ''}", NULL,
      "Fields upload_location must be non-null for video to be cut", ANY,
      NULL },
    { "{'allow_holes': null}", NULL,
      "Fields allow_holes must be non-null for video to be cut", ANY, NULL },
    { "{'state': 'UNEDITED', 'video_title': null, 'upload_location': null,"
      " 'video_ranges': null, 'video_transitions': null,"
      " 'video_channel': null, 'video_description': null,"
      " 'video_tags': null}", NULL, NULL, WUB_EDIT_TITLE, NULL },
    { "{'state': 'UNEDITED', 'public': null, 'video_quality': null}", NULL,
      "Fields video_quality, public must be non-null for a draft", ANY,
      NULL },
    { "{'state': 'MODIFIED', 'video_tags': null, 'thumbnail_mode': null}",
      NULL, "Fields video_tags, thumbnail_mode must be non-null for modified"
      " video", ANY, NULL },

    /* what a published video keeps is not looked at */

    { "{'state': 'MODIFIED', 'video_ranges': [[null, null]],"
      " 'video_transitions': 7, 'video_channel': null, 'cut_type': 1,"
      " 'upload_location': null}", NULL, NULL, WUB_EDIT_RANGES, "" },
    { "{'state': 'MODIFIED'}", NULL, NULL, WUB_EDIT_TITLE, "A title" },
    { "{'state': 'MODIFIED', 'allow_holes': true}", NULL, NULL,
      WUB_EDIT_ALLOW_HOLES, "" },
    { "{'state': 'MODIFIED', 'cut_type': 'smart'}", NULL, NULL,
      WUB_EDIT_CUT_TYPE, "" },
    { "{'state': 'MODIFIED', 'thumbnail_crop': [1, 2, 3, 4]}", NULL, NULL,
      WUB_EDIT_THUMBNAIL_CROP, "{1,2,3,4}" },

    /* types */

    { "{'upload_location': 1}", NULL, "upload_location must be a text of at"
      " most 255 bytes without control characters", ANY, NULL },
    { "{'upload_location': 'a\\u007fb'}", NULL, "upload_location must be a"
      " text of at most 255 bytes without control characters", ANY, NULL },
    { "{'video_channel': '../x'}", NULL, "video_channel may not contain a /"
      " or start with a period", ANY, NULL },
    { "{'video_channel': '.x'}", NULL, "video_channel may not contain a / or"
      " start with a period", ANY, NULL },
    { "{'video_quality': 'a/b'}", NULL, "video_quality may not contain a /"
      " or start with a period", ANY, NULL },
    { "{'video_title': {}}", NULL, "video_title must be a text", ANY, NULL },
    { "{'video_description': false}", NULL,
      "video_description must be a text", ANY, NULL },
    { "{'video_tags': 'a'}", NULL,
      "video_tags must be a list of at most 10000 texts", ANY, NULL },
    { "{'video_tags': ['a', 1]}", NULL, "video_tags must be a list of texts",
      ANY, NULL },
    { "{'public': 'true'}", NULL, "public must be true or false", ANY,
      NULL },
    { "{'thumbnail_mode': 'ONEOFF'}", NULL,
      "thumbnail_mode must be one of: NONE, BARE, TEMPLATE, CUSTOM", ANY,
      NULL },
    { "{'cut_type': 'quick'}", NULL, "cut_type must be one of: rough, fast,"
      " smart, full, mpegts, webm, mp4, archive", ANY, NULL },
    { "{'thumbnail_time': 'noon'}", NULL,
      "thumbnail_time must be a time as YYYY-MM-DDTHH:MM:SS", ANY, NULL },
    { "{'thumbnail_time': 12}", NULL,
      "thumbnail_time must be a time as YYYY-MM-DDTHH:MM:SS", ANY, NULL },
    { "{'uploader_whitelist': 'a'}", NULL,
      "uploader_whitelist must be a list of at most 10000 texts", ANY, NULL },

    /* the sheet */

    { "{'sheet_name': null, 'event_start': null, 'tags': null}", NULL, NULL,
      ANY, NULL },
    { "{'category': 1}", NULL, "category must be a text", ANY, NULL },
    { "{'event_end': [false, null]}", NULL,
      "event_end must be a time as YYYY-MM-DDTHH:MM:SS", ANY, NULL },
    { "{'event_start': 'x'}", NULL,
      "event_start must be a time as YYYY-MM-DDTHH:MM:SS", ANY, NULL },
    { "{'tags': [null]}", NULL, "tags must be a list of texts", ANY, NULL },

    /* ranges */

    { "{'video_ranges': 'x'}", NULL,
      "video_ranges must be a list of [start, end] pairs", ANY, NULL },
    { "{'video_ranges': []}", NULL, "Ranges must contain at least one range",
      ANY, NULL },
    { "{'video_ranges': [], 'state': 'UNEDITED'}", NULL,
      "Ranges must contain at least one range", ANY, NULL },
    { "{'video_ranges': [null, null]}", NULL,
      "Range 1 of video_ranges must be a pair [start, end]", ANY, NULL },
    { "{'video_ranges': [['2026-01-01T00:00']]}", NULL,
      "Range 1 of video_ranges must be a pair [start, end]", ANY, NULL },
    { "{'video_ranges': [{'start': 1, 'end': 2}]}", NULL,
      "Range 1 of video_ranges must be a pair [start, end]", ANY, NULL },
    { "{'video_ranges': [['2026-01-01T00:00', '2026-01-01T00:01'],"
      " [1, '2026-01-01T00:01']]}", NULL, "The start of range 2 of"
      " video_ranges must be a time as YYYY-MM-DDTHH:MM:SS", ANY, NULL },
    { "{'state': 'UNEDITED', 'video_transitions': [],"
      " 'video_ranges': [[null, '2026-01-01T00:01']]}", NULL, NULL,
      WUB_EDIT_RANGES, "{\"(,\\\"2026-01-01 00:01:00\\\")\"}" },
    { "{'state': 'UNEDITED', 'video_transitions': [],"
      " 'video_ranges': [[null, null]]}", NULL, NULL, WUB_EDIT_RANGES,
      "{\"(,)\"}" },
    { "{'video_ranges': [['2026-01-01T00:00', '2026-01-01T00:01'],"
      " [null, '2026-01-01T00:01']]}", NULL, "Range 2 has no start: only a"
      " draft may leave it open", ANY, NULL },
    { "{'video_ranges': [[null, null]], 'video_transitions': []}", NULL,
      "Range 1 has no start: only a draft may leave it open", ANY, NULL },
    { "{'video_ranges': [['2026-01-01T00:00', 'never']]}", NULL,
      "The end of range 1 of video_ranges must be a time as"
      " YYYY-MM-DDTHH:MM:SS", ANY, NULL },
    { "{'video_ranges': [['2026-01-01T00:01', '2026-01-01T00:00']],"
      " 'video_transitions': []}", NULL, "Range start must be less than end",
      ANY, NULL },
    { "{'video_ranges': [['2026-01-01T00:01', '2026-01-01T00:01']],"
      " 'video_transitions': []}", NULL, "Range start must be less than end",
      ANY, NULL },

    /* as texts the end would be the lesser one */
    { "{'video_ranges': [['2026-01-01T10:00+03:00', '2026-01-01T09:00']],"
      " 'video_transitions': []}", NULL, NULL, WUB_EDIT_RANGES,
      "{\"(\\\"2026-01-01 07:00:00\\\",\\\"2026-01-01 09:00:00\\\")\"}" },
    { "{'video_ranges': [['2026-01-01 09:00', '2026-01-01T08:00Z']],"
      " 'video_transitions': []}", NULL, "Range start must be less than end",
      ANY, NULL },
    { "{'video_ranges': [['2026-01-01T00:01', null]],"
      " 'video_transitions': []}", NULL, "Range 1 has no end: only a draft"
      " may leave it open", ANY, NULL },
    { "{'video_ranges': [['2026-01-01T00:01', null]], 'state': 'UNEDITED',"
      " 'video_transitions': []}", NULL, NULL, WUB_EDIT_RANGES,
      "{\"(\\\"2026-01-01 00:01:00\\\",)\"}" },

    /* transitions */

    { "{'video_transitions': []}", NULL,
      "There must be exactly 1 transitions for 2 ranges", ANY, NULL },
    { "{'video_transitions': [null, null]}", NULL,
      "There must be exactly 1 transitions for 2 ranges", ANY, NULL },
    { "{'video_transitions': [], 'state': 'UNEDITED'}", NULL,
      "There must be exactly 1 transitions for 2 ranges", ANY, NULL },
    { "{'video_transitions': null, 'state': 'UNEDITED'}", NULL, NULL,
      WUB_EDIT_TRANSITIONS, NULL },
    { "{'video_transitions': [null]}", NULL, NULL, WUB_EDIT_TRANSITIONS,
      "{NULL}" },
    { "{'video_transitions': {}}", NULL, "video_transitions must be a list"
      " of null or [type, seconds], one less than there are ranges", ANY,
      NULL },
    { "{'video_transitions': ['fade']}", NULL, "Transition 1 of"
      " video_transitions must be null or [type, seconds]", ANY, NULL },
    { "{'video_transitions': [['fade', '1']]}", NULL, "Transition 1 of"
      " video_transitions must be null or [type, seconds]", ANY, NULL },
    { "{'video_transitions': [['fade', 1, 2]]}", NULL, "Transition 1 of"
      " video_transitions must be null or [type, seconds]", ANY, NULL },
    { "{'video_transitions': [['swoosh', 1]]}", NULL,
      "Unknown transition 'swoosh'", ANY, NULL },
    { "{'video_transitions': [['fade', 0]]}", NULL, "Transition 1 of"
      " video_transitions must last more than 0 seconds and at most an hour",
      ANY, NULL },
    { "{'video_transitions': [['fade', -1]]}", NULL, "Transition 1 of"
      " video_transitions must last more than 0 seconds and at most an hour",
      ANY, NULL },
    { "{'video_transitions': [['fade', 1e300]]}", NULL, "Transition 1 of"
      " video_transitions must last more than 0 seconds and at most an hour",
      ANY, NULL },
    { "{'video_transitions': [['batman', 60]]}", NULL, NULL, ANY, NULL },
    { "{'video_transitions': [['fade', 60.000001]]}", NULL, "Transition 1 of"
      " video_transitions is longer than a range beside it", ANY, NULL },
    { "{'video_transitions': [['fade', 9]], 'state': 'UNEDITED',"
      " 'video_ranges': [['2026-01-01T00:01', '2026-01-01T00:02'],"
      " ['2026-01-01T00:01', null]]}", NULL, NULL, ANY, NULL },
    { "{'video_transitions': [['fade', 9]], 'state': 'UNEDITED',"
      " 'video_ranges': [['1960-01-01T00:01', null],"
      " [null, '2026-01-01T00:02']]}", NULL, NULL, ANY, NULL },
    { "{'video_transitions': [['fade', 2], ['wipeup', 1]],"
      " 'video_ranges': " THREE("'2026-01-01T00:02'", "'2026-01-01T00:02:03'")
      "}", NULL, NULL, ANY, NULL },
    { "{'video_transitions': [['fade', 2], ['wipeup', 1.000001]],"
      " 'video_ranges': " THREE("'2026-01-01T00:02'", "'2026-01-01T00:02:03'")
      "}", NULL, "Transitions 1 and 2 of video_transitions are together longer"
      " than the range between them", ANY, NULL },
    { "{'video_transitions': [['fade', 2], ['wipeup', 1.000001]],"
      " 'video_ranges': " THREE("'2026-01-01T00:02'", "'2026-01-01T00:02:03'")
      ", 'state': 'UNEDITED'}", NULL, "Transitions 1 and 2 of"
      " video_transitions are together longer than the range between them",
      ANY, NULL },
    { "{'video_transitions': [['fade', 2], ['wipeup', 1.000001]],"
      " 'video_ranges': " THREE("'2026-01-01T00:02'", "null")
      ", 'state': 'UNEDITED'}", NULL, NULL, ANY, NULL },
    { "{'video_transitions': [['fade', 2], ['wipeup', 3.000001]],"
      " 'video_ranges': " THREE("'2026-01-01T00:02'", "'2026-01-01T00:02:03'")
      "}", NULL, "Transition 2 of video_transitions is longer than a range"
      " beside it", ANY, NULL },
    { "{'video_transitions': [['fade', 3], null],"
      " 'video_ranges': " THREE("'2026-01-01T00:02'", "'2026-01-01T00:02:03'")
      "}", NULL, NULL, ANY, NULL },
    { "{'video_transitions': [['', 0]]}", NULL, NULL, WUB_EDIT_TRANSITIONS,
      "{NULL}" },
    { "{'video_transitions': [['', '']]}", NULL, "Transition 1 of"
      " video_transitions must be null or [type, seconds]", ANY, NULL },
    { "{'video_transitions': [['cut', 1]]}", NULL,
      "Unknown transition 'cut'", ANY, NULL },

    /* thumbnails */

    { "{'thumbnail_image': '" PNG "'}", NULL, "Can only upload custom image"
      " when thumbnail_mode = \"CUSTOM\"", ANY, NULL },
    { "{'thumbnail_image': null}", NULL, NULL, WUB_EDIT_THUMBNAIL_IMAGE,
      NULL },
    { "{'thumbnail_mode': 'CUSTOM', 'thumbnail_image': 'a'}", NULL,
      "thumbnail_image must be valid base64", ANY, NULL },
    { "{'thumbnail_mode': 'CUSTOM', 'thumbnail_image': 'iVBORw0KGgo'}", NULL,
      "thumbnail_image must be valid base64", ANY, NULL },
    { "{'thumbnail_mode': 'CUSTOM', 'thumbnail_image': 5}", NULL,
      "thumbnail_image must be valid base64", ANY, NULL },
    { "{'thumbnail_mode': 'CUSTOM', 'thumbnail_image': ''}", NULL,
      "thumbnail_image must be a PNG", ANY, NULL },
    { "{'thumbnail_mode': 'CUSTOM', 'thumbnail_image': '/9j/4AAQ'}", NULL,
      "thumbnail_image must be a PNG", ANY, NULL },
    { "{'thumbnail_mode': 'CUSTOM', 'thumbnail_image': null}", NULL,
      "thumbnail_image must be set for thumbnail_mode CUSTOM", ANY, NULL },
    { "{'thumbnail_mode': 'CUSTOM', 'thumbnail_image': null,"
      " 'state': 'UNEDITED'}", NULL, NULL, WUB_EDIT_THUMBNAIL_IMAGE, NULL },
    { "{'thumbnail_mode': 'CUSTOM'}", NULL, NULL, WUB_EDIT_THUMBNAIL_IMAGE,
      "" },
    { "{'thumbnail_mode': 'TEMPLATE', 'thumbnail_template': ''}", NULL,
      "thumbnail_template must be set for thumbnail_mode TEMPLATE", ANY,
      NULL },
    { "{'thumbnail_mode': 'BARE', 'thumbnail_time': null}", NULL,
      "thumbnail_time must be set for thumbnail_mode BARE and TEMPLATE", ANY,
      NULL },
    { "{'thumbnail_crop': [0, 0, 1]}", NULL, "thumbnail_crop" BOX_FORM, ANY,
      NULL },
    { "{'thumbnail_crop': {}}", NULL, "thumbnail_crop" BOX_FORM, ANY, NULL },
    { "{'thumbnail_crop': [0, 0, 1.5, 2]}", NULL,
      "thumbnail_crop must hold whole numbers from 0 to 16384", ANY, NULL },
    { "{'thumbnail_crop': [0, -1, 2, 2]}", NULL,
      "thumbnail_crop must hold whole numbers from 0 to 16384", ANY, NULL },
    { "{'thumbnail_location': [0, 1, 2, 1e30]}", NULL,
      "thumbnail_location must hold whole numbers from 0 to 16384", ANY,
      NULL },
    { "{'thumbnail_location': [0, 1, 2, '3']}", NULL,
      "thumbnail_location must hold whole numbers from 0 to 16384", ANY,
      NULL },
    { "{'thumbnail_location': [2, 1, 2, 3]}", NULL,
      "thumbnail_location" BOX_SENSE, ANY, NULL },
    { "{'thumbnail_location': [1, 3, 2, 3]}", NULL,
      "thumbnail_location" BOX_SENSE, ANY, NULL }
};


/* the body, patched, as a value in the arena */
static const wub_value_t *
body_of(wub_arena_t *arena, const char *patch, const char *without)
{
    json_t       *json, *changes;
    wub_value_t  *value;

    json = wub_test_load(BODY);
    changes = wub_test_load(patch);

    assert_int_equal(json_object_update(json, changes), 0);

    if (without != NULL && strcmp(without, "*") == 0) {
        json_object_clear(json);

    } else if (without != NULL) {
        assert_int_equal(json_object_del(json, without), 0);
    }

    value = wub_arena_alloc(arena, sizeof(wub_value_t));
    assert_non_null(value);
    wub_test_value(arena, json, value);

    json_decref(json);
    json_decref(changes);

    return value;
}


static void
test_read(void **state)
{
    size_t         i;
    wub_str_t      text;
    const case_t  *c;
    wub_edit_t     edit;
    wub_arena_t   *arena;
    wub_answer_t   answer;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(cases); i++) {
        c = &cases[i];
        wub_arena_reset(arena);

        assert_int_equal(wub_edit_read(arena,
                                       body_of(arena, c->patch, c->without),
                                       &edit, &answer), WUB_OK);

        if (c->sentence != NULL) {
            wub_expect(answer.status == 400
                       && wub_str_eq(answer.sentence,
                                     wub_test_str(c->sentence)),
                       "%s -%s: %u %.*s", c->patch,
                       (c->without != NULL) ? c->without : "", answer.status,
                       wub_arg(answer.sentence));
            continue;
        }

        wub_expect(answer.status == 0, "%s: %u %.*s", c->patch,
                   answer.status, wub_arg(answer.sentence));

        if (c->column == ANY) {
            continue;
        }

        text = edit.columns[c->column];

        wub_expect((c->text == NULL) ? text.data == NULL
                   : wub_str_eq(text, wub_test_str(c->text)),
                   "%s: \"%.*s\"", c->patch, wub_arg(text));
        wub_expect(edit.sent[c->column]
                   == (c->text == NULL || *c->text != '\0'), "%s", c->patch);
    }

    wub_arena_destroy(arena);
}


/* no value of a wrong type may pass, or be taken for another */
static void
test_kinds(void **state)
{
    size_t        i, k;
    char          patch[256];
    wub_edit_t    edit;
    wub_arena_t  *arena;
    wub_answer_t  answer;

    static const char  *keys[] = {
        "upload_location", "video_ranges", "video_transitions",
        "video_channel", "video_quality", "video_title", "video_description",
        "video_tags", "public", "thumbnail_mode", "allow_holes",
        "uploader_whitelist", "thumbnail_time", "thumbnail_template",
        "thumbnail_image", "thumbnail_crop", "thumbnail_location", "cut_type",
        "state", "sheet_name", "event_start", "event_end", "category",
        "description", "notes", "tags", "override_changes"
    };
    static const char  *values[] = { "{'a': 1}", "1.5", "[[]]", "[1]" };

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(keys); i++) {
        for (k = 0; k < wub_nitems(values); k++) {
            wub_arena_reset(arena);
            snprintf(patch, sizeof(patch), "{'thumbnail_mode': 'CUSTOM',"
                     " '%s': %s}", keys[i], values[k]);

            assert_int_equal(wub_edit_read(arena, body_of(arena, patch, NULL),
                                           &edit, &answer), WUB_OK);
            wub_expect(answer.status == 400
                       && (memmem(answer.sentence.data, answer.sentence.len,
                                  keys[i], strlen(keys[i])) != NULL),
                       "%s: %u %.*s", patch, answer.status,
                       wub_arg(answer.sentence));
        }
    }

    wub_arena_destroy(arena);
}


static void
test_ranges(void **state)
{
    wub_edit_t    edit;
    wub_arena_t  *arena;
    wub_answer_t  answer;

    (void) state;

    arena = wub_test_arena();

    assert_int_equal(wub_edit_read(arena, body_of(arena, "{}", NULL), &edit,
                                   &answer), WUB_OK);
    assert_int_equal(edit.state, WUB_STATE_EDITED);
    assert_false(edit.override);
    assert_int_equal(edit.ranges.nranges, 2);
    assert_int_equal(edit.ranges.ntransitions, 1);
    assert_int_equal(edit.ranges.transitions[0].duration, 1500000);
    assert_int_equal(edit.ranges.ranges[1].end
                     - edit.ranges.ranges[1].start, 60 * WUB_SECOND);

    assert_int_equal(wub_edit_read(arena,
                                   body_of(arena, "{'state': 'MODIFIED',"
                                           " 'override_changes': true}",
                                           NULL), &edit, &answer), WUB_OK);
    assert_int_equal(edit.state, WUB_STATE_MODIFIED);
    assert_true(edit.override);
    assert_int_equal(edit.ranges.nranges, 0);

    wub_arena_destroy(arena);
}


/* as many as a cut may have, and one more */
static void
test_many(void **state)
{
    size_t        n;
    json_t       *json, *ranges, *cuts;
    wub_edit_t    edit;
    wub_arena_t  *arena;
    wub_answer_t  answer;
    wub_value_t   value;

    (void) state;

    arena = wub_test_arena();
    json = wub_test_load(BODY);
    ranges = json_array();
    cuts = json_array();

    json_object_set_new(json, "video_ranges", ranges);
    json_object_set_new(json, "video_transitions", cuts);

    for (n = 1; n <= WUB_RANGES_MAX + 1; n++) {
        json_array_append_new(ranges, wub_test_load("['2026-01-01T00:00',"
                                                    " '2026-01-01T00:01']"));

        if (n >= WUB_RANGES_MAX) {
            wub_test_value(arena, json, &value);
            assert_int_equal(wub_edit_read(arena, &value, &edit, &answer),
                             WUB_OK);
            wub_expect(answer.status == (n > WUB_RANGES_MAX ? 400 : 0),
                       "%zu: %.*s", n, wub_arg(answer.sentence));
        }

        json_array_append_new(cuts, json_null());
    }

    json_decref(json);
    wub_arena_destroy(arena);
}


static wub_rc_t
work_read(wub_arena_t *arena, void *data)
{
    wub_edit_t    edit;
    wub_answer_t  answer;

    return wub_edit_read(arena, data, &edit, &answer);
}


static void
test_torture(void **state)
{
    size_t        i;
    wub_value_t   value;
    json_t       *json;
    wub_arena_t  *arena;

    static const char  *patches[] = {
        ("{'uploader_whitelist': ['a'], 'thumbnail_mode': 'CUSTOM',"
         " 'thumbnail_image': '" PNG "', 'thumbnail_crop': [1, 2, 3, 4],"
         " 'thumbnail_time': '2026-01-01T00:00'}"),
        "{'state': 'EDIT'}",
        "{'public': null}",
        "{'thumbnail_mode': 'x'}",
        "{'video_transitions': []}",
        ("{'video_ranges': [['2026-01-01T00:01', null]],"
         " 'video_transitions': []}")
    };

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(patches); i++) {
        json = wub_test_load(BODY);
        json_object_update_new(json, wub_test_load(patches[i]));
        wub_test_value(arena, json, &value);

        assert_true(wub_test_torture(work_read, &value) > 0);
        json_decref(json);
    }

    json = json_object();
    wub_test_value(arena, json, &value);
    assert_true(wub_test_torture(work_read, &value) > 0);
    json_decref(json);

    wub_arena_destroy(arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_torture)
    };

    return cmocka_run_group_tests_name("edit", tests, NULL, NULL);
}
