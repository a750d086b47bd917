
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * What an editor is shown, posts unchanged and is shown again is the same,
 * for random rows; and what is put around a description is what a slow and
 * simple reader of upstream's form says it is.
 */


#include "t/unit/wub_test_json.h"
#include "common/wub_edit.h"
#include "common/wub_event.h"


#define ROUNDS          20000

#define TEXT_MAX        2000
#define PARTS_MAX       12
#define PLAYLISTS_MAX   4


/* a row as the columns that an edit writes, and the sheet's */
typedef struct {
    wub_event_row_t  row;
    const char      *state;
    bool             archive;
} row_t;

/* all that is random of a case lives here */
typedef struct {
    uint64_t               random;
    wub_arena_t           *arena;
    wub_event_conf_t       conf;
    wub_event_playlist_t   playlists[PLAYLISTS_MAX];
    size_t                 nplaylists;
} world_t;


/* pieces of which texts are made: all that a footer is made of, and less */
static const char  *parts[] = {
    "", " ", "  ", "\n", "\n\n", "\n\n\n", "D", "é€😀", "\"\\",
    "This video is part of the following playlists:",
    "\n\nThis video is part of the following playlists:\n",
    "- ", "- a [https://youtube.com/playlist?list=PL-1_x]",
    "- a [https://youtube.com/playlist?list=PL-1_x]\n",
    "\n- [b] [https://youtube.com/playlist?list=y]",
    " [https://youtube.com/playlist?list=", "PL1", "]", "]\n", "]\n\n",
    "Thumbnail Credit: ", "Thumbnail Credit: me", "Thumbnail Credit: me\n",
    "\n\nThumbnail Credit: me", "Visit us", "\nVisit us", "DB - ", "==========",
    ("\n\nThis video is part of the following playlists:\n"
     "- a [https://youtube.com/playlist?list=PL-1_x]")
};

static const char  *footers[] = { "", "Visit us", "\nVisit us", "]", "\n" };

static const wub_event_note_t  notes[] = {
    { wub_string("games"), wub_string("Ask who played.") }
};

static const char  *prefixes[] = { "", "DB - ", "D" };


static wub_str_t
random_text(world_t *w)
{
    char    text[TEXT_MAX];
    size_t  i, n, len;

    len = 0;
    n = wub_test_below(&w->random, PARTS_MAX);

    for (i = 0; i < n; i++) {
        len += (size_t) snprintf(text + len, sizeof(text) - len, "%s",
                                 parts[wub_test_below(&w->random,
                                                      wub_nitems(parts))]);
    }

    return wub_str_n(wub_arena_strdup(w->arena, wub_str_n(text, len)), len);
}


static bool
one_in(world_t *w, size_t n)
{
    return wub_test_below(&w->random, n) == 0;
}


static const char *
one_of(world_t *w, const char **texts, size_t n)
{
    return texts[wub_test_below(&w->random, n)];
}


/* a text without what a title may not hold */
static wub_str_t
random_line(world_t *w)
{
    char       *p;
    size_t      i;
    wub_str_t   s;

    s = random_text(w);
    s.len = (s.len > 40) ? 40 : s.len;

    while (s.len > 0 && ((uint8_t) s.data[s.len - 1] & 0x80) != 0) {
        s.len--;
    }

    p = wub_arena_strdup(w->arena, s);

    for (i = 0; i < s.len; i++) {
        p[i] = (p[i] == '\n') ? '/' : p[i];
    }

    return wub_str_n(p, s.len);
}


static void
random_conf(world_t *w)
{
    size_t                 i, n;
    wub_str_t             *tags;
    wub_event_playlist_t  *p;

    static const char  *names[] = { "a", "[b]", "c\nd", "", "e]\n\n", "<f>" };
    static const char  *ids[] = { "PL1", "a-_", "", "b]", "x=y" };
    static const char  *words[] = { "a", "B", "c" };

    memset(&w->conf, 0, sizeof(w->conf));

    w->conf.title_prefix = wub_test_str(one_of(w, prefixes,
                                               wub_nitems(prefixes)));
    w->conf.description_footer = wub_test_str(one_of(w, footers,
                                                     wub_nitems(footers)));
    w->conf.default_channel = wub_str("desertbus");
    w->conf.archive_sheet = wub_str("Archive");
    w->conf.archive_location = wub_str("vault");
    w->conf.notes = notes;
    w->conf.nnotes = wub_test_below(&w->random, 2);

    w->nplaylists = wub_test_below(&w->random, PLAYLISTS_MAX + 1);

    for (i = 0; i < w->nplaylists; i++) {
        p = &w->playlists[i];
        n = wub_test_below(&w->random, 3);

        tags = wub_arena_alloc(w->arena, 2 * sizeof(wub_str_t));
        tags[0] = wub_test_str(one_of(w, words, 3));
        tags[1] = wub_test_str(one_of(w, words, 3));

        p->name = wub_test_str(one_of(w, names, wub_nitems(names)));
        p->playlist_id = wub_test_str(one_of(w, ids, wub_nitems(ids)));
        p->tags.items = one_in(w, 5) ? NULL : tags;
        p->tags.nitems = (p->tags.items == NULL) ? 0 : n;
        p->show = !one_in(w, 4);
        p->default_template = one_in(w, 2) ? wub_str("t")
                                           : wub_str_n(NULL, 0);

        if (one_in(w, 5)) {
            p->playlist_id = wub_str_n(NULL, 0);
        }
    }
}


static wub_str_t
or_null(world_t *w, wub_str_t s)
{
    return one_in(w, 4) ? wub_str_n(NULL, 0) : s;
}


static void
random_row(world_t *w, row_t *r)
{
    static const char  *tags[] = { "{}", "{A}", "{b,a}", "{C,x}",
                                   "{\"a\",b,c}" };
    static const char  *ends[] = { "(f,)", "(f,\"2026-11-14 01:03:04.25\")",
                                   "(t,\"2026-11-14 01:02:03\")" };
    static const char  *states[] = { "UNEDITED", "EDITED", "DONE" };
    static const char  *modes[] = { "NONE", "BARE", "TEMPLATE", "CUSTOM" };

    memset(r, 0, sizeof(row_t));

    r->state = states[wub_test_below(&w->random, 3)];
    r->archive = one_in(w, 5);

    r->row.sheet_name = r->archive ? wub_str("Archive") : wub_str("Day 1");
    r->row.event_start = or_null(w, wub_str("2026-11-14 01:02:03"));
    r->row.event_end = wub_test_str(ends[wub_test_below(&w->random, 3)]);
    r->row.category = wub_str("Games");
    r->row.notes = random_text(w);
    r->row.tags = wub_test_str(tags[wub_test_below(&w->random, 5)]);
    r->row.allow_holes = one_in(w, 2) ? wub_str("t") : wub_str("f");
    r->row.video_channel = or_null(w, wub_str("other"));
    r->row.thumbnail_mode = wub_test_str(
                                 modes[wub_test_below(&w->random, 4)]);
    r->row.thumbnail_time = or_null(w, wub_str("2026-11-14 01:02:30.125"));
    r->row.thumbnail_template = or_null(w, wub_str("mine"));
    r->row.description = random_line(w);

    /* whoever wrote them: they need not be dressed */
    r->row.video_title = or_null(w, random_line(w));
    r->row.video_description = or_null(w, random_text(w));
}


/* GET */
static json_t *
view(world_t *w, const row_t *r)
{
    json_t        *json;
    wub_buf_t      b;
    json_error_t   error;

    wub_buf_init(&b, w->arena, 100000);
    wub_buf_putc(&b, '{');
    assert_int_equal(wub_event_put(&b, w->arena, &w->conf, &r->row,
                                   w->playlists, w->nplaylists), WUB_OK);
    wub_buf_putc(&b, '}');

    json = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, &error);
    wub_expect(json != NULL, "%s: %.*s", error.text, (int) b.len, b.data);

    return json;
}


static void
put_text(json_t *json, const char *key, wub_str_t s)
{
    json_object_set_new(json, key, json_stringn(s.data, s.len));
}


/* what an editor posts who has changed nothing */
static void
post(world_t *w, const row_t *r, json_t *seen, wub_edit_t *ret,
    wub_answer_t *answer)
{
    size_t           i;
    json_t          *body, *tags;
    wub_value_t     *value;
    wub_pg_items_t   items;

    body = wub_test_load("{'upload_location': 'youtube', 'public': true,"
                         " 'video_ranges': [['2026-11-14T01:00',"
                         " '2026-11-14T01:01']], 'video_transitions': [],"
                         " 'video_quality': 'source', 'video_tags': []}");
    json_object_update(body, seen);

    json_object_set_new(body, "state",
                        json_string(strcmp(r->state, "DONE") == 0
                                    ? "MODIFIED" : r->state));
    put_text(body, "sheet_name", r->row.sheet_name);
    put_text(body, "category", r->row.category);
    put_text(body, "description", r->row.description);
    json_object_set_new(body, "event_start", (r->row.event_start.data == NULL)
                                             ? json_null()
                        : json_string("2026-11-14T01:02:03"));

    tags = json_array();
    assert_int_equal(wub_pg_array_parse(w->arena, r->row.tags, &items),
                     WUB_OK);

    for (i = 0; i < items.nitems; i++) {
        json_array_append_new(tags, json_stringn(items.items[i].data,
                                                 items.items[i].len));
    }

    json_object_set_new(body, "tags", tags);

    value = wub_arena_alloc(w->arena, sizeof(wub_value_t));
    wub_test_value(w->arena, body, value);
    json_decref(body);

    assert_int_equal(wub_edit_read(w->arena, value, ret, answer), WUB_OK);
}


/* what the database holds after the edit */
static void
write_row(const wub_edit_t *edit, row_t *r)
{
    size_t  i;

    const struct {
        wub_edit_column_e   column;
        wub_str_t          *field;
    } columns[] = {
        { WUB_EDIT_CHANNEL, &r->row.video_channel },
        { WUB_EDIT_TITLE, &r->row.video_title },
        { WUB_EDIT_DESCRIPTION, &r->row.video_description },
        { WUB_EDIT_THUMBNAIL_MODE, &r->row.thumbnail_mode },
        { WUB_EDIT_ALLOW_HOLES, &r->row.allow_holes },
        { WUB_EDIT_THUMBNAIL_TIME, &r->row.thumbnail_time },
        { WUB_EDIT_THUMBNAIL_TEMPLATE, &r->row.thumbnail_template }
    };

    for (i = 0; i < wub_nitems(columns); i++) {
        if (edit->sent[columns[i].column]) {
            *columns[i].field = edit->columns[columns[i].column];
        }
    }
}


static bool
round_trip(world_t *w)
{
    row_t            r;
    json_t          *before, *after;
    wub_edit_t       edit;
    wub_answer_t     answer;
    wub_edit_old_t   old;

    random_conf(w);
    random_row(w, &r);

    before = view(w, &r);
    post(w, &r, before, &edit, &answer);

    if (answer.status != 0) {
        /* what the row lacks for its state; no change of a text */
        json_decref(before);
        return false;
    }

    memset(&old, 0, sizeof(old));
    old.state = wub_test_str(r.state);
    old.sheet[WUB_SHEET_NAME] = r.row.sheet_name;
    old.sheet[WUB_SHEET_START] = r.row.event_start;
    old.sheet[WUB_SHEET_END] = r.row.event_end;
    old.sheet[WUB_SHEET_CATEGORY] = r.row.category;
    old.sheet[WUB_SHEET_DESCRIPTION] = r.row.description;
    old.sheet[WUB_SHEET_NOTES] = r.row.notes;
    old.sheet[WUB_SHEET_TAGS] = r.row.tags;
    old.playlists = w->playlists;
    old.nplaylists = w->nplaylists;
    old.attribution = one_in(w, 2) ? random_line(w) : wub_str_n(NULL, 0);

    assert_int_equal(wub_edit_check(w->arena, &w->conf, &old, &edit, &answer),
                     WUB_OK);

    if (answer.status == 400) {
        json_decref(before);
        return false;
    }

    wub_expect(answer.status == 0, "%u %.*s", answer.status,
               wub_arg(answer.sentence));

    write_row(&edit, &r);

    if (one_in(w, 2)) {
        /* playlists change meanwhile; templates of theirs are not in rows */
        w->nplaylists = wub_test_below(&w->random, w->nplaylists + 1);
    }

    after = view(w, &r);

    if (!json_equal(before, after)) {
        fail_msg("%s\n became %s", json_dumps(before, 0),
                 json_dumps(after, 0));
    }

    json_decref(before);
    json_decref(after);

    return true;
}


static void
test_round(void **state)
{
    size_t   i, passed;
    world_t  w;

    (void) state;

    w.random = wub_test_seed();
    w.arena = wub_test_arena();
    passed = 0;

    for (i = 0; i < ROUNDS; i++) {
        wub_arena_reset(w.arena);
        passed += round_trip(&w);
    }

    /* if most were refused, this would test nothing */
    wub_expect(passed > ROUNDS / 4, "%zu of %d passed", passed, ROUNDS);

    wub_arena_destroy(w.arena);
}


/* upstream's form: an empty line, a block, a credit, the footer; or not */
static bool
tail_is_footing(world_t *w, const char *tail)
{
    size_t       n;
    const char  *p, *end;

    static const char  header[] =
        "This video is part of the following playlists:\n";
    static const char  credit[] = "Thumbnail Credit:";

    if (strncmp(tail, "\n\n", 2) != 0) {
        return false;
    }

    p = tail + 2;

    if (strncmp(p, header, sizeof(header) - 1) == 0) {
        p += sizeof(header) - 1;

        for (n = 0; strncmp(p, "- ", 2) == 0; n++) {
            end = strchr(p, '\n');

            if (end == NULL || end[-1] != ']') {
                return false;
            }

            p = end + 1;
        }

        if (n == 0 || *p++ != '\n') {
            return false;
        }
    }

    if (strncmp(p, credit, sizeof(credit) - 1) == 0) {
        p = strchr(p, '\n');

        if (p == NULL) {
            return false;
        }

        p++;
    }

    return strcmp(p, w->conf.description_footer.data) == 0;
}


/* any text, dressed, begins with itself, ends in a footing, comes back */
static void
test_footer(void **state)
{
    size_t           i, spaces;
    world_t          w;
    wub_buf_t        b;
    wub_str_t        text, back, stored;
    wub_pg_items_t   tags;

    (void) state;

    w.random = wub_test_seed();
    w.arena = wub_test_arena();

    for (i = 0; i < ROUNDS; i++) {
        wub_arena_reset(w.arena);
        random_conf(&w);
        text = random_text(&w);

        assert_int_equal(wub_pg_array_parse(w.arena, wub_str("{a,b}"), &tags),
                         WUB_OK);
        wub_buf_init(&b, w.arena, 100000);
        assert_int_equal(wub_event_add_footer(&b, &w.conf, text, &tags,
                                              w.playlists, w.nplaylists,
                                              random_line(&w)), WUB_OK);
        stored = wub_buf_view(&b);
        wub_buf_putc(&b, '\0');

        back = wub_event_strip_footer(&w.conf, stored);
        wub_expect(wub_str_eq(back, text), "\"%.*s\" in \"%s\" is \"%.*s\"",
                   wub_arg(text), b.data, wub_arg(back));

        assert_memory_equal(b.data, text.data, text.len);
        spaces = (b.data[text.len] == ' ');
        wub_expect(tail_is_footing(&w, b.data + text.len + spaces), "\"%s\"",
                   b.data);

        /* stripping any text takes nothing but its end, and only once */
        back = wub_event_strip_footer(&w.conf, text);
        assert_true(back.len <= text.len);
        assert_memory_equal(back.data, text.data, back.len);
    }

    wub_arena_destroy(w.arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_footer)
    };

    return cmocka_run_group_tests_name("edit_round", tests, NULL, NULL);
}
