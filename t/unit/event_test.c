
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test_json.h"
#include "common/wub_event.h"
#include "common/wub_event_text.h"
#include "common/wub_transition_names.h"


#define HEADER  "\n\nThis video is part of the following playlists:\n"
#define LINK    " [https://youtube.com/playlist?list="


typedef struct {
    wub_str_t  a;
    wub_str_t  b;
    int        order;           /* of a to b */
} cmp_t;

typedef struct {
    const char  *text;
    const char  *description;
} strip_t;

/* a row that is changed in one place, and the members that are then so */
typedef struct {
    const char  *change;        /* "KEY=TEXT", empty: null */
    const char  *members;       /* JSON */
} view_t;


/* CONTRACT.md 7, letter for letter: who may go from row to column */
static const char  *steps[4][WUB_STATES] = {
    { "EE.....", "EE.....", "EE.....", ".......", ".......",
      "......E", "......E" },
    { ".....L.", ".......", ".......", ".......", ".......",
      ".......", "......." },
    { "R......", "R......", "R......", ".......", ".......",
      ".......", "......." },
    { "F......", "F......", "F......", "F......", "F......",
      "F......", "F......" }
};


static const cmp_t  cmps[] = {
    { wub_string(""), wub_string(" \t\n\r\v\f"), 0 },
    { wub_string("a"), wub_string(" A "), 0 },
    { wub_string("\u00a0\u3000x\u2003"), wub_string("X"), 0 },
    { wub_string("ÀÉÞ"), wub_string("àéþ"), 0 },
    { wub_string("×"), wub_string("÷"), -1 },
    { wub_string("ŁŹŶĞ"), wub_string("łźŷğ"), 0 },
    { wub_string("ΑΩΣ"), wub_string("αωσ"), 0 },
    { wub_string("ЂАЯ"), wub_string("ђая"), 0 },
    { wub_string("🚌"), wub_string("🚌"), 0 },
    { wub_string("🚌"), wub_string("🚍"), -1 },
    { wub_string("a"), wub_string("ab"), -1 },
    { wub_string("b"), wub_string("ab"), 1 },
    { wub_string("a b"), wub_string("ab"), -1 },
    { wub_string("\x80"), wub_string("\x81"), -1 },
    { wub_string("\xc3"), wub_string("\xc3\xa9"), 1 },
    { wub_string("\xf0\x9f"), wub_string("\xf0\x9f"), 0 }
};


/* stored descriptions, upstream's too, with the footer "F" */
static const strip_t  strips[] = {
    { "", "" },
    { "D", "D" },
    { "D F", "D F" },
    { "D\nF", "D\nF" },
    { "\n\nF", "" },
    { "D\n\nF", "D" },
    { "D\n\n\nF", "D\n" },
    { "D\n\nF\n\nF", "D\n\nF" },
    { "D\n\nThumbnail Credit: me\nF", "D" },
    { "\n\nThumbnail Credit: me\nF", "" },
    { "D\nThumbnail Credit: me\nF", "D\nThumbnail Credit: me\nF" },
    { "Thumbnail Credit: me\nF", "Thumbnail Credit: me\nF" },
    { "D\n\nThumbnail Credit: me\n\nF", "D\n\nThumbnail Credit: me" },
    { "D" HEADER "- a" LINK "PLx]\n\nF", "D" },
    { "D" HEADER "- a" LINK "PLx]\n- b" LINK "y_-]\n\nF", "D" },
    { "D" HEADER "- a" LINK "PLx]\n\nThumbnail Credit: me\nF", "D" },
    { HEADER "- a" LINK "PLx]\n\nF", "" },
    { "D" HEADER "-  [x]" LINK "PLx]\n\nF", "D" },

    /* not quite a block */
    { "D" HEADER "\nF", "D\n\nThis video is part of the following"
      " playlists:" },
    { "D" HEADER "- a" LINK "PL x]\n\nF", "D" HEADER "- a" LINK "PL x]" },
    { "D" HEADER "- a" LINK "]\n\nF", "D" HEADER "- a" LINK "]" },
    { "D" HEADER "a" LINK "PLx]\n\nF", "D" HEADER "a" LINK "PLx]" },
    { "D" HEADER "- a" LINK "PLx]\nF", "D" HEADER "- a" LINK "PLx]\nF" },

    /* two blocks: the one that was added goes */
    { "D" HEADER "- a" LINK "x]" HEADER "- b" LINK "y]\n\nF",
      "D" HEADER "- a" LINK "x]" },

    /* a space says that the block is the editor's own */
    { "D" HEADER "- a" LINK "x] \n\nF", "D" HEADER "- a" LINK "x]" },
    { "D" HEADER "- a" LINK "x]  \n\nF", "D" HEADER "- a" LINK "x] " },
    { "D \n\nF", "D " }
};


static wub_str_t  tags_a[] = { wub_string("A") };
static wub_str_t  tags_b[] = { wub_string("b") };
static wub_str_t  tags_ab[] = { wub_string("b"), wub_string("a") };
static wub_str_t  tags_x[] = { wub_string("x") };
static wub_str_t  tags_none[] = { wub_string("") };

#define P(name, tags, n, template)                                            \
    { wub_string(name), wub_string("PL" name), { tags, n }, true,             \
      wub_string(template) }

static const wub_event_playlist_t  playlists[] = {
    P("1", tags_none, 0, "everything"),
    P("2", tags_a, 1, "of a"),
    P("3", tags_b, 1, "of b"),
    P("4", tags_ab, 2, "of both"),
    P("5", tags_x, 1, "of x"),
    P("6", NULL, 0, "of nothing")
};

static const wub_str_t  locations[] = {
    wub_string("youtube"), wub_string("vault"), wub_string("disk")
};

static const wub_event_note_t  notes[] = {
    { wub_string("RDP"), wub_string("Do not upload.") },
    { wub_string("Games"), wub_string("Ask.") }
};

static const wub_event_conf_t  conf = {
    .default_channel = wub_string("desertbus"),
    .bustime_start = wub_string("2026-11-13T22:00:00Z"),
    .title_prefix = wub_string("ÄB - "),
    .description_footer = wub_string("F"),
    .locations = locations,
    .nlocations = wub_nitems(locations),
    .archive_sheet = wub_string("Archive"),
    .archive_location = wub_string("vault"),
    .notes = notes,
    .nnotes = wub_nitems(notes)
};


static const char  *row_keys[] = {
    "sheet_name", "event_start", "event_end", "category", "notes", "tags",
    "allow_holes", "video_channel", "video_title", "video_description",
    "thumbnail_mode", "thumbnail_time", "thumbnail_template", "description"
};

static const wub_event_row_t  base = {
    .sheet_name = wub_string("Day 1"),
    .event_start = wub_string("2026-11-14 01:02:03"),
    .event_end = wub_string("(f,\"2026-11-14 01:03:04.5\")"),
    .category = wub_string("Food"),
    .notes = wub_string("n"),
    .tags = wub_string("{}"),
    .allow_holes = wub_string("f"),
    .thumbnail_mode = wub_string("TEMPLATE"),
    .description = wub_string("Said \"so\"")
};

static const view_t  views[] = {
    { NULL, "{'title_prefix': 'ÄB - ', 'title_max_length': 95,"
      " 'bustime_start': '2026-11-13T22:00:00Z',"
      " 'upload_locations': ['youtube', 'vault', 'disk'],"
      " 'event_end': '2026-11-14T01:03:04.500000', 'notes': 'n',"
      " 'allow_holes': false, 'video_channel': 'desertbus',"
      " 'video_title': null, 'video_description': null,"
      " 'thumbnail_mode': 'TEMPLATE',"
      " 'thumbnail_time': '2026-11-14T01:02:33.750000',"
      " 'thumbnail_template': 'everything'}" },

    { "sheet_name=Archive", "{'title_prefix': '', 'title_max_length': 100,"
      " 'bustime_start': '2026-11-13T22:00:00Z',"
      " 'upload_locations': ['vault', 'youtube', 'disk'],"
      " 'event_end': '2026-11-14T01:03:04.500000', 'notes': 'n',"
      " 'allow_holes': true, 'video_channel': 'desertbus',"
      " 'video_title': 'Said \\u0022so\\u0022', 'video_description': null,"
      " 'thumbnail_mode': 'NONE', 'thumbnail_time': null,"
      " 'thumbnail_template': null}" },

    { "event_end=(f,)", "{'event_end': null,"
      " 'thumbnail_time': '2026-11-14T01:02:03'}" },
    { "event_end=(t,\"2026-11-14 01:02:03\")",
      "{'event_end': '2026-11-14T01:02:03',"
      " 'thumbnail_time': '2026-11-14T01:02:03'}" },
    { "event_end=(f,\"2026-11-14 01:02:00\")",
      "{'thumbnail_time': '2026-11-14T01:02:01.500000'}" },
    { "event_end=(f,infinity)", "{'event_end': 'infinity',"
      " 'thumbnail_time': '2026-11-14T01:02:03'}" },
    { "event_start=", "{'thumbnail_time': null,"
      " 'thumbnail_template': 'everything'}" },
    { "event_start=0044-03-15 12:00:00 BC",
      "{'thumbnail_time': '0044-03-15 12:00:00 BC'}" },
    { "thumbnail_time=1969-12-31 23:59:59.1",
      "{'thumbnail_time': '1969-12-31T23:59:59.100000'}" },
    { "thumbnail_template=mine", "{'thumbnail_template': 'mine'}" },
    { "video_channel=other", "{'video_channel': 'other'}" },
    { "video_title=ÄB - ÄB - t", "{'video_title': 'ÄB - t'}" },
    { "video_title=AB - t", "{'video_title': 'AB - t'}" },
    { "video_description=d\n\nF", "{'video_description': 'd'}" },
    { "allow_holes=t", "{'allow_holes': true}" },

    { "category= games", "{'notes': 'n\\n\\nAsk.'}" },
    { "category=RDP", "{'notes': 'n\\n\\nDo not upload.'}" },
    { "notes=", "{'notes': null}" },

    /* the last tag that has a template, the playlist that wants most */
    { "tags={a}", "{'thumbnail_template': 'of a'}" },
    { "tags={a,c}", "{'thumbnail_template': 'of a'}" },
    { "tags={c}", "{'thumbnail_template': 'everything'}" },
    { "tags={a,b}", "{'thumbnail_template': 'of both'}" },
    { "tags={b,X,c}", "{'thumbnail_template': 'of x'}" },
    { "tags={x,b}", "{'thumbnail_template': 'of b'}" },
    { "tags={x,NULL}", "{'thumbnail_template': 'of x'}" }
};


static void
test_states(void **state)
{
    int          who, from, to;
    wub_state_e  parsed;

    static const char  letters[] = "ELRF";

    (void) state;

    for (who = 0; who < 4; who++) {
        for (from = 0; from < WUB_STATES; from++) {
            for (to = 0; to < WUB_STATES; to++) {
                wub_expect(wub_state_step((wub_step_e) who,
                                          (wub_state_e) from,
                                          (wub_state_e) to)
                           == (steps[who][from][to] == letters[who]),
                           "%c %d %d", letters[who], from, to);
            }
        }
    }

    for (from = 0; from < WUB_STATES; from++) {
        assert_int_equal(wub_state_parse(wub_state_names[from], &parsed),
                         WUB_OK);
        assert_int_equal(parsed, from);
    }

    assert_int_equal(wub_state_parse(wub_str("done"), &parsed),
                     WUB_NOT_FOUND);
    assert_int_equal(wub_state_parse(wub_str(""), &parsed), WUB_NOT_FOUND);
}


static void
test_text(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < wub_nitems(cmps); i++) {
        wub_expect(wub_event_cmp(cmps[i].a, cmps[i].b) == cmps[i].order
                   && wub_event_cmp(cmps[i].b, cmps[i].a) == -cmps[i].order,
                   "%zu: %d", i, wub_event_cmp(cmps[i].a, cmps[i].b));
    }

    assert_true(wub_str_eq(wub_event_trim(wub_str(" \u00a0a b\u2028\n")),
                           wub_str("a b")));
    assert_int_equal(wub_event_trim(wub_str("\u3000")).len, 0);
    assert_int_equal(wub_event_trim(wub_str("\x80\x80")).len, 2);

    assert_int_equal(wub_event_chars(wub_str("")), 0);
    assert_int_equal(wub_event_chars(wub_str("aé€😀")), 4);

    assert_true(wub_event_control(wub_str("a\n"), wub_str("\t")));
    assert_true(wub_event_control(wub_str("\x7f"), wub_str("\n")));
    assert_true(wub_event_control(wub_str("\0"), wub_str("")));
    assert_false(wub_event_control(wub_str("a\n é"), wub_str("\n")));
}


static void
test_strip(void **state)
{
    size_t            i;
    wub_str_t         got, text;
    wub_event_conf_t  none;

    (void) state;

    for (i = 0; i < wub_nitems(strips); i++) {
        got = wub_event_strip_footer(&conf, wub_test_str(strips[i].text));

        wub_expect(wub_str_eq(got, wub_test_str(strips[i].description)),
                   "%zu: \"%.*s\"", i, wub_arg(got));
    }

    /* upstream puts an empty footer too */

    memset(&none, 0, sizeof(none));

    text = wub_str("D\n\n");
    assert_int_equal(wub_event_strip_footer(&none, text).len, 1);

    text = wub_str("D\n\nThumbnail Credit: x\n");
    assert_int_equal(wub_event_strip_footer(&none, text).len, 1);

    text = wub_str("D" HEADER "- a" LINK "x]\n\n");
    assert_int_equal(wub_event_strip_footer(&none, text).len, 1);

    text = wub_str("D");
    assert_int_equal(wub_event_strip_footer(&none, text).len, 1);
    assert_int_equal(wub_event_strip_prefix(&none, text).len, 1);
}


static void
row_of(const char *change, wub_event_row_t *row)
{
    size_t       i, len;
    wub_str_t    value;
    wub_str_t   *fields[] = {
        &row->sheet_name, &row->event_start, &row->event_end, &row->category,
        &row->notes, &row->tags, &row->allow_holes, &row->video_channel,
        &row->video_title, &row->video_description, &row->thumbnail_mode,
        &row->thumbnail_time, &row->thumbnail_template, &row->description
    };
    const char  *text;

    *row = base;

    if (change == NULL) {
        return;
    }

    text = strchr(change, '=');
    assert_non_null(text);

    len = (size_t) (text - change);
    value = (text[1] == '\0') ? wub_str_n(NULL, 0) : wub_test_str(text + 1);

    for (i = 0; i < wub_nitems(fields); i++) {
        if (strlen(row_keys[i]) == len
            && memcmp(row_keys[i], change, len) == 0)
        {
            *fields[i] = value;
            return;
        }
    }

    fail_msg("%s", change);
}


static void
test_put(void **state)
{
    size_t            i;
    json_t           *got, *want, *value;
    wub_buf_t         b;
    const char       *key;
    wub_arena_t      *arena;
    wub_event_row_t   row;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(views); i++) {
        wub_arena_reset(arena);
        row_of(views[i].change, &row);

        wub_buf_init(&b, arena, 10000);
        wub_buf_putc(&b, '{');
        assert_int_equal(wub_event_put(&b, arena, &conf, &row, playlists,
                                       wub_nitems(playlists)), WUB_OK);
        wub_buf_putc(&b, '}');

        got = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
        want = wub_test_load(views[i].members);
        wub_expect(got != NULL, "%.*s", wub_arg(wub_buf_view(&b)));

        json_object_foreach(want, key, value) {
            wub_expect(json_equal(json_object_get(got, key), value),
                       "%s: %s in %.*s", views[i].change, key,
                       wub_arg(wub_buf_view(&b)));
        }

        wub_expect(i > 1 || json_equal(got, want), "%.*s",
                   wub_arg(wub_buf_view(&b)));

        json_decref(got);
        json_decref(want);
    }

    wub_arena_destroy(arena);
}


/* nothing configured, nothing in the row */
static void
test_put_bare(void **state)
{
    wub_buf_t          b;
    wub_arena_t       *arena;
    wub_event_row_t    row;
    wub_event_conf_t   none;

    (void) state;

    arena = wub_test_arena();
    memset(&row, 0, sizeof(row));
    memset(&none, 0, sizeof(none));

    wub_buf_init(&b, arena, 10000);
    assert_int_equal(wub_event_put(&b, arena, &none, &row, NULL, 0), WUB_OK);
    wub_test_text(&b, "\"title_prefix\": \"\", \"title_max_length\": 100,"
                  " \"bustime_start\": null, \"upload_locations\": [],"
                  " \"event_end\": null, \"notes\": null,"
                  " \"allow_holes\": false, \"video_channel\": null,"
                  " \"video_title\": null, \"video_description\": null,"
                  " \"thumbnail_mode\": null, \"thumbnail_time\": null,"
                  " \"thumbnail_template\": null");

    row.tags = wub_str("{");
    wub_buf_init(&b, arena, 10000);
    assert_int_equal(wub_event_put(&b, arena, &none, &row, NULL, 0),
                     WUB_INVALID);

    row.tags = wub_str("{}");
    row.event_end = wub_str("(f)");
    wub_buf_init(&b, arena, 10000);
    assert_int_equal(wub_event_put(&b, arena, &none, &row, NULL, 0),
                     WUB_INVALID);

    row.event_end = wub_str("(f,)");
    wub_buf_init(&b, arena, 100);
    assert_int_equal(wub_event_put(&b, arena, &none, &row, NULL, 0),
                     WUB_TOO_BIG);

    wub_arena_destroy(arena);
}


static wub_rc_t
work_put(wub_arena_t *arena, void *data)
{
    wub_buf_t  b;

    wub_buf_init(&b, arena, 10000);

    return wub_event_put(&b, arena, &conf, data, playlists,
                         wub_nitems(playlists));
}


static void
test_torture(void **state)
{
    wub_event_row_t  row;

    (void) state;

    row_of("tags={a,b}", &row);
    row.category = wub_str("Games");

    assert_true(wub_test_torture(work_put, &row) > 3);
}


static void
test_value(void **state)
{
    json_t             *json;
    wub_value_t         value;
    wub_arena_t        *arena;
    const wub_value_t  *found;

    (void) state;

    arena = wub_test_arena();
    json = wub_test_load("{'a': 1, 'ab': {'a': 2.5}}");
    wub_test_value(arena, json, &value);
    json_decref(json);

    found = wub_value_find(&value, wub_str("ab"));
    assert_non_null(found);
    found = wub_value_find(found, wub_str("a"));
    assert_non_null(found);
    assert_int_equal(found->micros, 2500000);
    assert_false(found->whole);

    assert_null(wub_value_find(&value, wub_str("b")));
    assert_null(wub_value_find(&value, wub_str("")));
    assert_null(wub_value_find(found, wub_str("a")));
    assert_null(wub_value_find(NULL, wub_str("a")));

    wub_arena_destroy(arena);
}


static void
test_transitions(void **state)
{
    size_t     i, k;
    wub_str_t  d;

    (void) state;

    for (i = 0; i < WUB_TRANSITION_NAMES; i++) {
        d = wub_transition_names[i].description;

        wub_expect(d.len > 10 && d.data[d.len - 1] == '.'
                   && d.data[0] >= 'A' && d.data[0] <= 'Z', "%.*s",
                   wub_arg(d));

        for (k = 0; k < i; k++) {
            wub_expect(!wub_str_eq(d, wub_transition_names[k].description),
                       "twice: %.*s", wub_arg(d));
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_strip),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_put_bare),
        cmocka_unit_test(test_torture),
        cmocka_unit_test(test_value),
        cmocka_unit_test(test_transitions)
    };

    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
