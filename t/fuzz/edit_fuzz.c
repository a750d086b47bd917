
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Posted edits of any kind and shape, and texts with something put around
 * them.  The first byte says which:
 *   e, E    an edit, read and checked against a row; E: every key is there
 *   l t T   a link, a template, one that is updated
 *   f       a description, behind the next byte: what is around it
 *   v       a row as the editor sees it
 * A value is a letter and what it holds, as fuzz_value() reads it.
 */


#include "common/wub_edit.h"
#include "common/wub_event.h"
#include "common/wub_event_text.h"
#include "common/wub_pg.h"


#define FUZZ_ARENA_MAX  ((size_t) 1 << 24)
#define FUZZ_DEPTH_MAX  4
#define FUZZ_ITEMS_MAX  64
#define FUZZ_KEYS       27
#define FUZZ_FIELDS     (sizeof(wub_event_row_t) / sizeof(wub_str_t))

#define fuzz_count(table)  (sizeof(table) / sizeof((table)[0]))


/* what is left of the input */
typedef struct {
    const uint8_t  *pos;
    const uint8_t  *end;
    wub_arena_t    *arena;
} fuzz_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static bool fuzz_value(fuzz_t *f, unsigned depth, wub_value_t *ret);


/* an object's key is a letter, from 'a' */
static const wub_str_t  fuzz_keys[FUZZ_KEYS] = {
    wub_string("upload_location"), wub_string("video_ranges"),
    wub_string("video_transitions"), wub_string("video_channel"),
    wub_string("video_quality"), wub_string("video_title"),
    wub_string("video_description"), wub_string("video_tags"),
    wub_string("public"), wub_string("thumbnail_mode"),
    wub_string("state"), wub_string("sheet_name"), wub_string("event_start"),
    wub_string("event_end"), wub_string("category"),
    wub_string("description"), wub_string("notes"), wub_string("tags"),
    wub_string("allow_holes"), wub_string("uploader_whitelist"),
    wub_string("thumbnail_time"), wub_string("thumbnail_template"),
    wub_string("thumbnail_image"), wub_string("thumbnail_crop"),
    wub_string("thumbnail_location"), wub_string("cut_type"),
    wub_string("override_changes")
};

static const wub_str_t  fuzz_more_keys[] = {
    wub_string("link"), wub_string("upload_location"), wub_string("name"),
    wub_string("image"), wub_string("description"), wub_string("attribution"),
    wub_string("crop"), wub_string("location")
};

/* texts that random bytes would not find: a capital letter, from 'A' */
static const wub_str_t  fuzz_texts[] = {
    wub_string("EDITED"), wub_string("UNEDITED"), wub_string("MODIFIED"),
    wub_string("2026-11-14T01:02:03"), wub_string("2026-11-14 02:02:03+01"),
    wub_string("TEMPLATE"), wub_string("CUSTOM"), wub_string("fade"),
    wub_string("iVBORw0KGgo="), wub_string("smart"),
    wub_string("youtube-manual"), wub_string("https://youtu.be/12345678901"),
    wub_string("This video is part of the following playlists:\n"),
    wub_string("- a [https://youtube.com/playlist?list=PL1]"),
    wub_string("Thumbnail Credit: me"), wub_string("DB - "),
    wub_string("\n\n"), wub_string("Visit us")
};

static wub_str_t  fuzz_tags[] = { wub_string("Bus"), wub_string("\xc3\x89") };

static const wub_event_playlist_t  fuzz_playlists[] = {
    { wub_string("Bus\nof <all>"), wub_string("PL1"), { fuzz_tags, 1 }, true,
      wub_string("of the bus") },
    { wub_string("All"), wub_string("PL2"), { fuzz_tags, 0 }, true,
      { 0, NULL } },
    { wub_string("None"), wub_string("PL3"), { NULL, 0 }, true, { 0, NULL } }
};

static const wub_event_note_t  fuzz_notes[] = {
    { wub_string("Games"), wub_string("Ask.") }
};

static const wub_str_t  fuzz_footers[] = {
    wub_string(""), wub_string("Visit us"), wub_string("\nVisit us"),
    wub_string("]")
};


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


static uint8_t
fuzz_byte(fuzz_t *f)
{
    return (f->pos < f->end) ? *f->pos++ : 0;
}


/* a length, and as many bytes, made UTF-8 without a zero */
static wub_str_t
fuzz_text(fuzz_t *f)
{
    char    *p;
    size_t   i, len;

    len = fuzz_byte(f);

    if (len >= 'A' && len - 'A' < fuzz_count(fuzz_texts)) {
        return fuzz_texts[len - 'A'];
    }

    if (len > (size_t) (f->end - f->pos)) {
        len = (size_t) (f->end - f->pos);
    }

    p = wub_arena_alloc(f->arena, len + 1);
    if (p == NULL) {
        return wub_str("");
    }

    for (i = 0; i < len; i++) {
        p[i] = (f->pos[i] == 0) ? ' ' : (char) f->pos[i];
    }

    f->pos += len;

    if (!wub_buf_is_utf8(wub_str_n(p, len))) {

        for (i = 0; i < len; i++) {
            p[i] = (char) ((uint8_t) p[i] & 0x7f);
            p[i] = (p[i] == '\0') ? ' ' : p[i];
        }
    }

    return wub_str_n(p, len);
}


/* up to a ']' or the end */
static bool
fuzz_items(fuzz_t *f, unsigned depth, wub_value_t *ret)
{
    wub_value_t  *items;

    items = wub_arena_calloc(f->arena, FUZZ_ITEMS_MAX * sizeof(wub_value_t));
    if (items == NULL) {
        return false;
    }

    ret->items = items;

    while (ret->nitems < FUZZ_ITEMS_MAX && f->pos < f->end) {

        if (*f->pos == ']') {
            f->pos++;
            break;
        }

        if (!fuzz_value(f, depth + 1, &items[ret->nitems++])) {
            return false;
        }
    }

    return true;
}


static bool
fuzz_value(fuzz_t *f, unsigned depth, wub_value_t *ret)
{
    size_t  i;

    memset(ret, 0, sizeof(wub_value_t));

    switch (fuzz_byte(f)) {

    case 'b':
        ret->kind = WUB_VALUE_BOOL;
        ret->truth = fuzz_byte(f) & 1;
        break;

    case 'n':
        ret->kind = WUB_VALUE_NUMBER;

        for (i = 0; i < 8; i++) {
            ret->micros = (int64_t) ((uint64_t) ret->micros << 8
                                     | fuzz_byte(f));
        }

        ret->whole = (ret->micros % WUB_SECOND == 0);
        break;

    case 'w':
        ret->kind = WUB_VALUE_NUMBER;
        ret->whole = true;
        ret->micros = fuzz_byte(f) * WUB_SECOND;
        break;

    case 't':
        ret->kind = WUB_VALUE_TEXT;
        ret->text = fuzz_text(f);
        break;

    case '[':
        if (depth < FUZZ_DEPTH_MAX) {
            ret->kind = WUB_VALUE_LIST;
            return fuzz_items(f, depth, ret);
        }

        break;

    default:
        break;
    }

    return true;
}


/* all: the keys that are not given are null */
static bool
fuzz_object(fuzz_t *f, const wub_str_t *keys, size_t nkeys, bool all,
    wub_value_t *ret)
{
    bool          seen[FUZZ_KEYS];
    size_t        i, key;
    wub_value_t  *items;

    memset(seen, 0, sizeof(seen));
    memset(ret, 0, sizeof(wub_value_t));

    items = wub_arena_calloc(f->arena, nkeys * sizeof(wub_value_t));
    if (items == NULL) {
        return false;
    }

    ret->kind = WUB_VALUE_OBJECT;
    ret->items = items;

    while (f->pos < f->end) {
        key = (size_t) (fuzz_byte(f) - 'a');

        if (key >= nkeys || seen[key]) {
            break;
        }

        if (!fuzz_value(f, 0, &items[ret->nitems])) {
            return false;
        }

        seen[key] = true;
        items[ret->nitems++].key = keys[key];
    }

    for (i = 0; i < nkeys && all; i++) {
        if (!seen[i]) {
            items[ret->nitems++].key = keys[i];
        }
    }

    return true;
}


static void
fuzz_conf(uint8_t how, wub_event_conf_t *ret)
{
    memset(ret, 0, sizeof(wub_event_conf_t));

    ret->title_prefix = (how & 4) ? wub_str("DB - ") : wub_str("");
    ret->description_footer = fuzz_footers[how & 3];
    ret->archive_sheet = wub_str("Archive");
    ret->archive_location = wub_str("vault");
    ret->notes = fuzz_notes;
    ret->nnotes = fuzz_count(fuzz_notes);
}


/* the answer is a sentence, in UTF-8, or nothing */
static void
fuzz_answer(const wub_answer_t *answer)
{
    fuzz_check(answer->status == 0 || answer->status == 400
               || answer->status == 403 || answer->status == 409);
    fuzz_check((answer->status == 0) == (answer->sentence.len == 0));
    fuzz_check(wub_buf_is_utf8(answer->sentence));
}


/* what goes to the database can be read there */
static void
fuzz_written(wub_arena_t *arena, const wub_edit_t *edit)
{
    size_t          i;
    int64_t         us;
    wub_str_t       text;
    wub_pg_box_t    box;
    wub_ranges_t    r;
    wub_pg_items_t  items;

    memset(&r, 0, sizeof(r));

    for (i = 0; i < WUB_EDIT_COLUMNS; i++) {
        text = edit->columns[i];

        fuzz_check(edit->sent[i] || text.data == NULL);
        fuzz_check(text.data == NULL || wub_buf_is_utf8(text));

        if (text.data == NULL) {
            continue;
        }

        if (i == WUB_EDIT_RANGES) {
            fuzz_check(wub_range_pg_parse(arena, text, &r) == WUB_OK);
            fuzz_check(r.nranges == edit->ranges.nranges && r.nranges > 0);
        }

        if (i == WUB_EDIT_TRANSITIONS) {
            fuzz_check(wub_transition_pg_parse(arena, text, &r) == WUB_OK);
            fuzz_check(r.ntransitions == edit->ranges.ntransitions);
        }

        if (i == WUB_EDIT_TAGS || i == WUB_EDIT_WHITELIST) {
            fuzz_check(wub_pg_array_parse(arena, text, &items) == WUB_OK);
        }

        if (i == WUB_EDIT_THUMBNAIL_CROP || i == WUB_EDIT_THUMBNAIL_LOCATION)
        {
            fuzz_check(wub_pg_box_parse(arena, text, &box) == WUB_OK);
        }

        if (i == WUB_EDIT_THUMBNAIL_TIME) {
            fuzz_check(wub_pg_timestamp_parse(text, &us) == WUB_OK);
        }

        if (i == WUB_EDIT_THUMBNAIL_IMAGE) {
            fuzz_check(wub_pg_bytea_parse(arena, text, &text) == WUB_OK);
        }
    }

    for (i = 0; i < edit->ranges.nranges; i++) {
        fuzz_check(edit->ranges.ranges[i].start < edit->ranges.ranges[i].end);
    }
}


static void
fuzz_edit(fuzz_t *f, bool all)
{
    wub_buf_t         b;
    wub_str_t         title, description;
    wub_edit_t        edit;
    wub_value_t       body;
    wub_answer_t      answer;
    wub_edit_old_t    old;
    wub_event_conf_t  conf;

    fuzz_conf(fuzz_byte(f), &conf);

    memset(&old, 0, sizeof(old));
    old.state = wub_state_names[fuzz_byte(f) % WUB_STATES];
    old.sheet[WUB_SHEET_NAME] = fuzz_text(f);
    old.sheet[WUB_SHEET_START] = wub_str("2026-11-14 01:02:03");
    old.sheet[WUB_SHEET_END] = wub_str("(f,)");
    old.sheet[WUB_SHEET_CATEGORY] = wub_str("Games");
    old.sheet[WUB_SHEET_NOTES] = fuzz_text(f);
    old.sheet[WUB_SHEET_TAGS] = wub_str("{bus,\"a \"}");
    old.playlists = fuzz_playlists;
    old.nplaylists = fuzz_count(fuzz_playlists);
    old.attribution = fuzz_text(f);

    if (!fuzz_object(f, fuzz_keys, fuzz_count(fuzz_keys), all, &body)
        || wub_edit_read(f->arena, &body, &edit, &answer) != WUB_OK)
    {
        return;
    }

    fuzz_answer(&answer);

    if (answer.status != 0) {
        return;
    }

    fuzz_written(f->arena, &edit);

    title = edit.columns[WUB_EDIT_TITLE];
    description = edit.columns[WUB_EDIT_DESCRIPTION];

    if (wub_edit_check(f->arena, &conf, &old, &edit, &answer) != WUB_OK) {
        return;
    }

    fuzz_answer(&answer);

    if (answer.status != 0) {
        return;
    }

    fuzz_written(f->arena, &edit);

    wub_buf_init(&b, f->arena, FUZZ_ARENA_MAX);
    fuzz_check(wub_edit_warnings(&b, &edit, NULL) == WUB_OK);

    if (title.data == NULL || description.data == NULL
        || wub_event_is_archive(&conf, old.sheet[WUB_SHEET_NAME]))
    {
        return;
    }

    fuzz_check(wub_str_eq(title, wub_event_strip_prefix(&conf,
                                     edit.columns[WUB_EDIT_TITLE])));
    fuzz_check(wub_str_eq(description, wub_event_strip_footer(&conf,
                                     edit.columns[WUB_EDIT_DESCRIPTION])));
}


static void
fuzz_footer(fuzz_t *f)
{
    uint8_t           how;
    wub_buf_t         b, text;
    wub_str_t         credit;
    wub_pg_items_t    tags;
    wub_event_conf_t  conf;

    how = fuzz_byte(f);
    fuzz_conf(how, &conf);
    credit = (how & 8) ? fuzz_text(f) : wub_str("");

    tags.items = fuzz_tags;
    tags.nitems = (how & 16) ? 1 : 0;

    wub_buf_init(&text, f->arena, FUZZ_ARENA_MAX);

    while (f->pos < f->end) {
        wub_buf_str(&text, fuzz_text(f));
    }

    wub_buf_init(&b, f->arena, FUZZ_ARENA_MAX);

    if (wub_event_add_footer(&b, &conf, wub_buf_view(&text), &tags,
                             fuzz_playlists, (how & 32) ? 3 : 0, credit)
        != WUB_OK)
    {
        return;
    }

    fuzz_check(wub_str_eq(wub_event_strip_footer(&conf, wub_buf_view(&b)),
                          wub_buf_view(&text)));
    fuzz_check(wub_event_strip_footer(&conf, wub_buf_view(&text)).len
               <= text.len);
}


static void
fuzz_view(fuzz_t *f)
{
    size_t             i;
    wub_rc_t           rc;
    wub_buf_t          b;
    wub_str_t          fields[FUZZ_FIELDS];
    wub_event_row_t    row;
    wub_event_conf_t   conf;

    fuzz_conf(fuzz_byte(f), &conf);

    for (i = 0; i < fuzz_count(fields); i++) {
        fields[i] = fuzz_text(f);

        if (fields[i].len == 0) {
            fields[i] = wub_str_n(NULL, 0);
        }
    }

    memcpy(&row, fields, sizeof(row));

    wub_buf_init(&b, f->arena, FUZZ_ARENA_MAX);

    rc = wub_event_put(&b, f->arena, &conf, &row, fuzz_playlists,
                       fuzz_count(fuzz_playlists));

    fuzz_check(rc != WUB_OK || wub_buf_is_utf8(wub_buf_view(&b)));
}


static void
fuzz_more(fuzz_t *f, uint8_t what)
{
    wub_rc_t             rc;
    wub_value_t          body;
    wub_answer_t         answer;
    wub_edit_link_t      link;
    wub_edit_template_t  t;

    if (!fuzz_object(f, fuzz_more_keys, fuzz_count(fuzz_more_keys), false,
                     &body))
    {
        return;
    }

    if (what == 'l') {
        rc = wub_edit_link(f->arena, &body, &link, &answer);
        fuzz_check(rc != WUB_OK || answer.status != 0 || link.link.len > 0);

    } else {
        rc = wub_edit_template(f->arena, &body, what == 'T', &t, &answer);
        fuzz_check(rc != WUB_OK || answer.status != 0
                   || (t.name.len > 0 && t.name.data[0] != '.'
                       && memchr(t.name.data, '/', t.name.len) == NULL
                       && (what == 'T' || t.image.data != NULL)));
    }

    if (rc == WUB_OK) {
        fuzz_answer(&answer);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_t   f;
    uint8_t  what;

    f.pos = data;
    f.end = data + size;

    f.arena = wub_arena_create(FUZZ_ARENA_MAX);
    if (f.arena == NULL) {
        return 0;
    }

    what = fuzz_byte(&f);

    switch (what) {

    case 'e':
    case 'E':
        fuzz_edit(&f, what == 'E');
        break;

    case 'f':
        fuzz_footer(&f);
        break;

    case 'v':
        fuzz_view(&f);
        break;

    case 'l':
    case 't':
    case 'T':
        fuzz_more(&f, what);
        break;

    default:
        break;
    }

    wub_arena_destroy(f.arena);

    return 0;
}
