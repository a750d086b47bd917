
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test_json.h"
#include "common/wub_edit.h"


#define BODY                                                                  \
    "{'upload_location': 'youtube',"                                          \
    " 'video_ranges': [['2026-11-14T01:02:03', '2026-11-14T01:04:03']],"      \
    " 'video_transitions': [],"                                               \
    " 'video_channel': 'desertbus', 'video_quality': 'source',"               \
    " 'video_title': 'A title', 'video_description': 'What happened',"        \
    " 'video_tags': [], 'public': true,"                                      \
    " 'thumbnail_mode': 'NONE', 'state': 'EDITED', 'sheet_name': 'Day 1',"    \
    " 'event_start': '2026-11-14T01:02:00',"                                  \
    " 'event_end': '2026-11-14T01:06:00', 'category': 'Games',"               \
    " 'description': 'Said', 'notes': '', 'tags': ['Game', 'Bus']}"

#define CHANGED                                                               \
    "Sheet columns have changed since editing has begun. Please review"       \
    " changes\n"

#define X10   "xxxxxxxxxx"
#define X90   X10 X10 X10 X10 X10 X10 X10 X10 X10
#define E10   "éééééééééé"
#define E90   E10 E10 E10 E10 E10 E10 E10 E10 E10


typedef struct {
    const char  *patch;         /* of the body */
    const char  *old;           /* of the row, "KEY=TEXT", or NULL */
    unsigned     status;
    const char  *sentence;
} case_t;

typedef struct {
    const char  *patch;
    const char  *title;         /* as it is written; NULL: null */
    const char  *description;
} dress_t;


static wub_str_t  tags_bus[] = { wub_string("bUS") };
static wub_str_t  tags_other[] = { wub_string("bus"), wub_string("snake") };
static wub_str_t  tags_none[] = { wub_string("") };

static const wub_event_playlist_t  playlists[] = {
    { wub_string("Bus [best]\nof"), wub_string("PL-a_1"), { tags_bus, 1 },
      true, { 0, NULL } },
    { wub_string("Snakes"), wub_string("PL2"), { tags_other, 2 }, true,
      { 0, NULL } },
    { wub_string("All <3"), wub_string("PL3"), { tags_none, 0 }, true,
      { 0, NULL } },
    { wub_string("Nothing"), wub_string("PL4"), { NULL, 0 }, true,
      { 0, NULL } },
    { wub_string("Hidden"), wub_string("PL5"), { tags_none, 0 }, false,
      { 0, NULL } },
    { wub_string("Not there yet"), { 0, NULL }, { tags_none, 0 }, true,
      { 0, NULL } },
    { wub_string("Odd"), wub_string("a]b"), { tags_none, 0 }, true,
      { 0, NULL } }
};

static const wub_event_note_t  notes[] = {
    { wub_string("games"), wub_string("Ask who played.") }
};

static const wub_event_conf_t  conf = {
    .title_prefix = wub_string("DB - "),
    .description_footer = wub_string("Visit us"),
    .archive_sheet = wub_string("Archive"),
    .archive_location = wub_string("vault"),
    .notes = notes,
    .nnotes = 1
};

static const char  *sheet_keys[WUB_SHEET_COLUMNS] = {
    "sheet_name", "event_start", "event_end", "category", "description",
    "notes", "tags"
};


static const case_t  cases[] = {
    { "{}", NULL, 0, "" },

    /* texts */

    { "{'video_title': '" X90 "12345'}", NULL, 0, "" },
    { "{'video_title': '" E90 "éøå€😀'}", NULL, 0, "" },
    { "{'video_title': '" X90 "123456'}", NULL, 400,
      "Title must be 100 characters or less, including prefix" },
    { "{'video_title': 'a < b'}", NULL, 400,
      "Title may not contain a < character" },
    { "{'video_title': 'a > b'}", NULL, 400,
      "Title may not contain a > character" },
    { "{'video_title': 'a\\u0001b'}", NULL, 400,
      "Title may not contain control characters" },
    { "{'video_title': 'a\\nb'}", NULL, 400,
      "Title may not contain control characters" },
    { "{'video_description': 'a <b>'}", NULL, 400,
      "Description may not contain a < character" },
    { "{'video_description': 'a> b'}", NULL, 400,
      "Description may not contain a > character" },
    { "{'video_description': 'a\\u001bb'}", NULL, 400,
      "Description may not contain control characters" },
    { "{'video_description': 'a\\r\\n\\tb'}", NULL, 0, "" },
    { "{'video_title': ''}", NULL, 400, "Video title must not be blank" },
    { "{'video_title': ' \\t\\u00a0\\u3000'}", NULL, 400,
      "Video title must not be blank" },
    { "{'video_title': '', 'state': 'MODIFIED'}", "state=DONE", 400,
      "Video title must not be blank" },
    { "{'video_title': '', 'state': 'UNEDITED'}", NULL, 0, "" },
    { "{'video_title': '', 'sheet_name': 'Archive'}", "sheet_name=Archive",
      0, "" },
    { "{'video_title': '" X90 X10 "', 'sheet_name': 'Archive'}",
      "sheet_name=Archive", 0, "" },
    { "{'video_title': '" X90 X10 "1', 'sheet_name': 'Archive'}",
      "sheet_name=Archive", 400,
      "Title must be 100 characters or less, including prefix" },

    /* the archive is what the row says, not what the editor says */
    { "{'video_title': '" X90 X10 "', 'sheet_name': 'Archive'}", NULL, 400,
      "Title must be 100 characters or less, including prefix" },

    /* states */

    { "{'state': 'UNEDITED'}", "state=CLAIMED", 0, "" },
    { "{'state': 'EDITED'}", "state=EDITED", 0, "" },
    { "{'state': 'EDITED'}", "state=FINALIZING", 403,
      "Video already published" },
    { "{'state': 'EDITED'}", "state=TRANSCODING", 403,
      "Video already published" },
    { "{'state': 'UNEDITED'}", "state=DONE", 403, "Video already published" },
    { "{'state': 'EDITED'}", "state=MODIFIED", 403,
      "Video already published" },
    { "{'state': 'EDITED'}", "state=NEWER", 403, "Video already published" },
    { "{'state': 'MODIFIED'}", "state=DONE", 0, "" },
    { "{'state': 'MODIFIED'}", "state=MODIFIED", 0, "" },
    { "{'state': 'MODIFIED'}", "state=EDITED", 403,
      "Video is in state EDITED and cannot be modified" },
    { "{'state': 'MODIFIED'}", "state=FINALIZING", 403,
      "Video is in state FINALIZING and cannot be modified" },
    { "{'state': 'MODIFIED'}", "state=NEWER", 403,
      "Video is in state NEWER and cannot be modified" },

    /* the order: texts, state, sheet */

    { "{'video_title': '<', 'tags': []}", "state=DONE", 400,
      "Title may not contain a < character" },
    { "{'tags': []}", "state=DONE", 403, "Video already published" },

    /* the sheet */

    { "{'sheet_name': 'day 1 '}", NULL, 0, "" },
    { "{'sheet_name': 'Day 2'}", NULL, 409,
      CHANGED "sheet_name: Day 2 => Day 1\n" },
    { "{'sheet_name': null}", NULL, 409,
      CHANGED "sheet_name: None => Day 1\n" },
    { "{'sheet_name': 'Day 2', 'override_changes': true}", NULL, 0, "" },
    { "{'sheet_name': 'Day 2', 'override_changes': false}", NULL, 409,
      CHANGED "sheet_name: Day 2 => Day 1\n" },
    { "{'event_start': '2026-11-14T02:02:00.0+01:00'}", NULL, 0, "" },
    { "{'event_start': '2026-11-14T01:02:01'}", NULL, 409, CHANGED
      "event_start: 2026-11-14T01:02:01 => 2026-11-14T01:02:00\n" },
    { "{'event_start': null}", NULL, 409,
      CHANGED "event_start: None => 2026-11-14T01:02:00\n" },
    { "{'event_start': null}", "event_start=", 0, "" },
    { "{}", "event_start=", 409,
      CHANGED "event_start: 2026-11-14T01:02:00 => None\n" },
    { "{}", "event_start=2026-11-14 01:02:00.5", 409, CHANGED
      "event_start: 2026-11-14T01:02:00 => 2026-11-14T01:02:00.500000\n" },
    { "{}", "event_end=(t,\"2026-11-14 01:06:00\")", 0, "" },
    { "{}", "event_end=(f,)", 409,
      CHANGED "event_end: 2026-11-14T01:06:00 => None\n" },
    { "{'event_end': null}", "event_end=(t,)", 0, "" },
    { "{'event_end': null}", "event_end=(f,infinity)", 409,
      CHANGED "event_end: None => infinity\n" },
    { "{'category': ' GAMES'}", NULL, 0, "" },
    { "{'description': 'sÄiÐ ЖΩ'}", "description=Säið жω", 0, "" },
    { "{'description': 'said.'}", NULL, 409,
      CHANGED "description: said. => Said\n" },

    /* notes as GET shows them are not a change */

    { "{'notes': 'Ask who played.'}", NULL, 0, "" },
    { "{'notes': 'n\\n\\nAsk who played.'}", "notes=n", 0, "" },
    { "{'notes': 'n'}", "notes=n", 0, "" },
    { "{'notes': 'm\\n\\nAsk who played.'}", "notes=n", 409,
      CHANGED "notes: m\n\nAsk who played. => n\n" },
    { "{'notes': 'Ask who played.', 'category': 'Food'}", NULL, 409,
      CHANGED "category: Food => Games\nnotes: Ask who played. => \n" },

    { "{'tags': ['bus ', 'GAME']}", NULL, 0, "" },
    { "{'tags': ['Bus']}", NULL, 409,
      CHANGED "tags: ['Bus'] => ['Game', 'Bus']\n" },
    { "{'tags': ['Bus', 'Bus']}", NULL, 409,
      CHANGED "tags: ['Bus', 'Bus'] => ['Game', 'Bus']\n" },
    { "{'tags': []}", "tags={}", 0, "" },
    { "{'tags': []}", "tags={a}", 409, CHANGED "tags: [] => ['a']\n" },
    { "{'tags': null}", NULL, 409,
      CHANGED "tags: None => ['Game', 'Bus']\n" },
    { "{'tags': ['b', 'A', 'a']}", "tags={a,B,A}", 0, "" },
    { "{'sheet_name': 'x', 'tags': []}", NULL, 409,
      CHANGED "sheet_name: x => Day 1\ntags: [] => ['Game', 'Bus']\n" }
};


#define BLOCK                                                                 \
    "\n\nThis video is part of the following playlists:\n"                    \
    "- Bus [best] of [https://youtube.com/playlist?list=PL-a_1]\n"            \
    "- All 3 [https://youtube.com/playlist?list=PL3]\n\n"

static const dress_t  dresses[] = {
    { "{}", "DB - A title", "What happened" BLOCK "Visit us" },
    { "{'video_title': 'DB - A title'}", "DB - DB - A title",
      "What happened" BLOCK "Visit us" },
    { "{'state': 'UNEDITED', 'video_title': null,"
      " 'video_description': null}", NULL, NULL },
    { "{'state': 'UNEDITED', 'video_title': '', 'video_description': ''}",
      "DB - ", BLOCK "Visit us" },
    { "{'thumbnail_mode': 'TEMPLATE'}", "DB - A title",
      "What happened" BLOCK "Thumbnail Credit: An artist\nVisit us" },
    { "{'thumbnail_mode': 'BARE'}", "DB - A title",
      "What happened" BLOCK "Visit us" },
};


static void
read_body(wub_arena_t *arena, const char *patch, wub_edit_t *edit)
{
    json_t        *json;
    wub_value_t   *value;
    wub_answer_t   answer;

    json = wub_test_load(BODY);
    json_object_update_new(json, wub_test_load(patch));

    value = wub_arena_alloc(arena, sizeof(wub_value_t));
    assert_non_null(value);
    wub_test_value(arena, json, value);
    json_decref(json);

    assert_int_equal(wub_edit_read(arena, value, edit, &answer), WUB_OK);
    wub_expect(answer.status == 0, "%s: %.*s", patch,
               wub_arg(answer.sentence));
}


/* the row that BODY fits, with one thing changed: empty is null */
static void
old_row(const char *change, wub_edit_old_t *old)
{
    size_t       i, len;
    wub_str_t    value;
    const char  *text;

    static const wub_edit_old_t  row = {
        .state = wub_string("UNEDITED"),
        .sheet = {
            wub_string("Day 1"), wub_string("2026-11-14 01:02:00"),
            wub_string("(f,\"2026-11-14 01:06:00\")"), wub_string("Games"),
            wub_string("Said"), wub_string(""), wub_string("{Game,Bus}")
        },
        .playlists = playlists,
        .nplaylists = wub_nitems(playlists),
        .attribution = wub_string("An artist")
    };

    *old = row;

    if (change == NULL) {
        return;
    }

    text = strchr(change, '=');
    assert_non_null(text);

    len = (size_t) (text - change);
    value = (text[1] == '\0') ? wub_str_n(NULL, 0) : wub_test_str(text + 1);

    if (strncmp(change, "state", len) == 0) {
        old->state = value;
        return;
    }

    for (i = 0; i < WUB_SHEET_COLUMNS; i++) {
        if (strlen(sheet_keys[i]) == len
            && memcmp(sheet_keys[i], change, len) == 0)
        {
            old->sheet[i] = value;
            return;
        }
    }

    fail_msg("%s", change);
}


static void
test_check(void **state)
{
    size_t           i;
    wub_edit_t       edit;
    wub_arena_t     *arena;
    wub_answer_t     answer;
    const case_t    *c;
    wub_edit_old_t   old;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(cases); i++) {
        c = &cases[i];
        wub_arena_reset(arena);

        read_body(arena, c->patch, &edit);
        old_row(c->old, &old);

        assert_int_equal(wub_edit_check(arena, &conf, &old, &edit, &answer),
                         WUB_OK);
        wub_expect(answer.status == c->status
                   && wub_str_eq(answer.sentence, wub_test_str(c->sentence)),
                   "%s, %s: %u %.*s", c->patch, c->old, answer.status,
                   wub_arg(answer.sentence));
    }

    wub_arena_destroy(arena);
}


static void
test_dress(void **state)
{
    size_t           i, k;
    wub_str_t        got[2];
    wub_edit_t       edit;
    const char      *want[2];
    wub_arena_t     *arena;
    wub_answer_t     answer;
    wub_edit_old_t   old;

    (void) state;

    arena = wub_test_arena();
    old_row(NULL, &old);

    for (i = 0; i < wub_nitems(dresses); i++) {
        wub_arena_reset(arena);
        read_body(arena, dresses[i].patch, &edit);

        assert_int_equal(wub_edit_check(arena, &conf, &old, &edit, &answer),
                         WUB_OK);
        assert_int_equal(answer.status, 0);

        got[0] = edit.columns[WUB_EDIT_TITLE];
        got[1] = edit.columns[WUB_EDIT_DESCRIPTION];
        want[0] = dresses[i].title;
        want[1] = dresses[i].description;

        for (k = 0; k < 2; k++) {
            wub_expect((want[k] == NULL) ? got[k].data == NULL
                       : wub_str_eq(got[k], wub_test_str(want[k])),
                       "%s: \"%.*s\"", dresses[i].patch, wub_arg(got[k]));
        }
    }

    wub_arena_destroy(arena);
}


/* 5000 characters with all that is put behind them */
static void
test_description(void **state)
{
    char             text[5100];
    size_t           room, n;
    wub_edit_t       edit;
    wub_arena_t     *arena;
    wub_answer_t     answer;
    wub_edit_old_t   old;

    (void) state;

    arena = wub_test_arena();
    old_row(NULL, &old);
    room = WUB_EVENT_DESCRIPTION_MAX - (sizeof(BLOCK "Visit us") - 1);

    memset(text, 'x', sizeof(text));

    for (n = room; n <= room + 1; n++) {
        read_body(arena, "{}", &edit);
        edit.columns[WUB_EDIT_DESCRIPTION] = wub_str_n(text, n);

        assert_int_equal(wub_edit_check(arena, &conf, &old, &edit, &answer),
                         WUB_OK);
        wub_expect(answer.status == (n > room ? 400 : 0), "%zu", n);
    }

    assert_true(wub_str_eq(answer.sentence,
                           wub_str("Description must be 5000 characters or"
                                   " less, including footer")));

    wub_arena_destroy(arena);
}


static wub_rc_t
work_check(wub_arena_t *arena, void *data)
{
    wub_edit_t       edit;
    wub_answer_t     answer;
    wub_edit_old_t   old;

    old_row("tags={Game,Food}", &old);
    edit = *(wub_edit_t *) data;

    return wub_edit_check(arena, &conf, &old, &edit, &answer);
}


static void
test_torture(void **state)
{
    wub_edit_t    edit;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    read_body(arena, "{'notes': 'n', 'event_end': null}", &edit);
    assert_true(wub_test_torture(work_check, &edit) > 3);

    read_body(arena, "{'state': 'MODIFIED'}", &edit);
    assert_true(wub_test_torture(work_check, &edit) > 3);

    wub_arena_destroy(arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_dress),
        cmocka_unit_test(test_description),
        cmocka_unit_test(test_torture)
    };

    return cmocka_run_group_tests_name("edit_check", tests, NULL, NULL);
}
