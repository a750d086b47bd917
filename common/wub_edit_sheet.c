
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdlib.h>

#include "common/wub_edit_in.h"
#include "common/wub_event_text.h"
#include "common/wub_pg.h"
#include "common/wub_time.h"


/* what is compared */
typedef struct {
    wub_arena_t             *arena;
    const wub_event_conf_t  *conf;
    const wub_edit_old_t    *old;
    const wub_edit_t        *edit;
} wub_edit_pair_t;

/* column of the sheet: is it as the editor saw it? */
typedef wub_rc_t (*wub_edit_same_pt)(const wub_edit_pair_t *pair,
    wub_sheet_column_e column, bool *ret);

typedef struct {
    wub_edit_same_pt  same;
    void            (*put)(wub_buf_t *b, wub_arena_t *arena, wub_str_t old);
} wub_edit_column_t;


static bool wub_edit_same_null(const wub_value_t *value, wub_str_t old,
    bool *ret);
static wub_rc_t wub_edit_same_text(const wub_edit_pair_t *pair,
    wub_sheet_column_e column, bool *ret);
static wub_rc_t wub_edit_same_notes(const wub_edit_pair_t *pair,
    wub_sheet_column_e column, bool *ret);
static wub_rc_t wub_edit_same_time(const wub_edit_pair_t *pair,
    wub_sheet_column_e column, bool *ret);
static wub_rc_t wub_edit_same_end(const wub_edit_pair_t *pair,
    wub_sheet_column_e column, bool *ret);
static wub_rc_t wub_edit_same_texts(const wub_edit_pair_t *pair,
    wub_sheet_column_e column, bool *ret);
static bool wub_edit_same_moment(const wub_value_t *value, wub_str_t old);
static int wub_edit_cmp(const void *a, const void *b);
static void wub_edit_put_seen(wub_buf_t *b, const wub_value_t *value);
static void wub_edit_put_text(wub_buf_t *b, wub_arena_t *arena,
    wub_str_t old);
static void wub_edit_put_time(wub_buf_t *b, wub_arena_t *arena,
    wub_str_t old);
static void wub_edit_put_end(wub_buf_t *b, wub_arena_t *arena,
    wub_str_t old);
static void wub_edit_put_texts(wub_buf_t *b, wub_arena_t *arena,
    wub_str_t old);
static void wub_edit_put_item(wub_buf_t *b, wub_str_t item);


const wub_edit_sheet_t  wub_edit_sheet[WUB_SHEET_COLUMNS] = {
    { wub_string("sheet_name"), wub_edit_in_text },
    { wub_string("event_start"), wub_edit_in_time },
    { wub_string("event_end"), wub_edit_in_time },
    { wub_string("category"), wub_edit_in_text },
    { wub_string("description"), wub_edit_in_text },
    { wub_string("notes"), wub_edit_in_text },
    { wub_string("tags"), wub_edit_in_texts }
};

static const wub_edit_column_t  wub_edit_compared[WUB_SHEET_COLUMNS] = {
    { wub_edit_same_text, wub_edit_put_text },
    { wub_edit_same_time, wub_edit_put_time },
    { wub_edit_same_end, wub_edit_put_end },
    { wub_edit_same_text, wub_edit_put_text },
    { wub_edit_same_text, wub_edit_put_text },
    { wub_edit_same_notes, wub_edit_put_text },
    { wub_edit_same_texts, wub_edit_put_texts }
};


/* a line for each as upstream writes them: Python's forms of null and lists */
wub_rc_t
wub_edit_changes(wub_arena_t *arena, const wub_event_conf_t *conf,
    const wub_edit_old_t *old, const wub_edit_t *edit, wub_str_t *ret)
{
    bool             same;
    size_t           i;
    wub_rc_t         rc;
    wub_buf_t        b;
    wub_edit_pair_t  pair;

    pair.arena = arena;
    pair.conf = conf;
    pair.old = old;
    pair.edit = edit;

    wub_buf_init(&b, arena, WUB_ARENA_MAX);

    for (i = 0; i < WUB_SHEET_COLUMNS; i++) {
        rc = wub_edit_compared[i].same(&pair, (wub_sheet_column_e) i, &same);
        if (rc != WUB_OK) {
            return rc;
        }

        if (same) {
            continue;
        }

        wub_buf_str(&b, wub_edit_sheet[i].key);
        wub_buf_lit(&b, ": ");
        wub_edit_put_seen(&b, edit->sheet[i]);
        wub_buf_lit(&b, " => ");
        wub_edit_compared[i].put(&b, arena, old->sheet[i]);
        wub_buf_putc(&b, '\n');
    }

    *ret = wub_buf_view(&b);

    return b.rc;
}


/* true when one of the two is null, which decides */
static bool
wub_edit_same_null(const wub_value_t *value, wub_str_t old, bool *ret)
{
    *ret = (value->kind == WUB_VALUE_NULL && old.data == NULL);

    return value->kind == WUB_VALUE_NULL || old.data == NULL;
}


static wub_rc_t
wub_edit_same_text(const wub_edit_pair_t *pair, wub_sheet_column_e column,
    bool *ret)
{
    wub_str_t           old;
    const wub_value_t  *value;

    old = pair->old->sheet[column];
    value = pair->edit->sheet[column];

    if (wub_edit_same_null(value, old, ret)) {
        return WUB_OK;
    }

    *ret = (wub_event_cmp(value->text, old) == 0);

    return WUB_OK;
}


/* as they are in the sheet, or as GET shows them for the editor's category */
static wub_rc_t
wub_edit_same_notes(const wub_edit_pair_t *pair, wub_sheet_column_e column,
    bool *ret)
{
    wub_rc_t            rc;
    wub_buf_t           notes;
    const wub_value_t  *value, *category;

    rc = wub_edit_same_text(pair, column, ret);
    if (rc != WUB_OK || *ret) {
        return rc;
    }

    value = pair->edit->sheet[column];
    category = pair->edit->sheet[WUB_SHEET_CATEGORY];

    if (value->kind != WUB_VALUE_TEXT || category->kind != WUB_VALUE_TEXT
        || pair->old->sheet[column].data == NULL)
    {
        return WUB_OK;
    }

    wub_buf_init(&notes, pair->arena, WUB_ARENA_MAX);

    rc = wub_event_notes(&notes, pair->conf, pair->old->sheet[column],
                         category->text);
    if (rc != WUB_OK) {
        return rc;
    }

    *ret = (wub_event_cmp(value->text, wub_buf_view(&notes)) == 0);

    return WUB_OK;
}


static wub_rc_t
wub_edit_same_time(const wub_edit_pair_t *pair, wub_sheet_column_e column,
    bool *ret)
{
    *ret = wub_edit_same_moment(pair->edit->sheet[column],
                                pair->old->sheet[column]);

    return WUB_OK;
}


/* whether the end is dashed is not what an editor sees */
static wub_rc_t
wub_edit_same_end(const wub_edit_pair_t *pair, wub_sheet_column_e column,
    bool *ret)
{
    wub_rc_t   rc;
    wub_str_t  value;

    rc = wub_event_end_value(pair->arena, pair->old->sheet[column], &value);
    if (rc != WUB_OK) {
        return rc;
    }

    *ret = wub_edit_same_moment(pair->edit->sheet[column], value);

    return WUB_OK;
}


static wub_rc_t
wub_edit_same_texts(const wub_edit_pair_t *pair, wub_sheet_column_e column,
    bool *ret)
{
    size_t              i;
    wub_rc_t            rc;
    wub_str_t           old, *seen;
    wub_pg_items_t      items;
    const wub_value_t  *value;

    old = pair->old->sheet[column];
    value = pair->edit->sheet[column];

    if (wub_edit_same_null(value, old, ret)) {
        return WUB_OK;
    }

    rc = wub_pg_array_parse(pair->arena, old, &items);
    if (rc != WUB_OK) {
        return rc;
    }

    *ret = (items.nitems == value->nitems);

    if (!*ret || items.nitems == 0) {
        return WUB_OK;
    }

    seen = wub_arena_alloc(pair->arena, value->nitems * sizeof(wub_str_t));
    if (seen == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < value->nitems; i++) {
        seen[i] = value->items[i].text;
    }

    qsort(seen, value->nitems, sizeof(wub_str_t), wub_edit_cmp);
    qsort(items.items, items.nitems, sizeof(wub_str_t), wub_edit_cmp);

    for (i = 0; i < items.nitems && *ret; i++) {
        *ret = (wub_event_cmp(seen[i], items.items[i]) == 0);
    }

    return WUB_OK;
}


static bool
wub_edit_same_moment(const wub_value_t *value, wub_str_t old)
{
    bool     same;
    int64_t  a, b;

    if (wub_edit_same_null(value, old, &same)) {
        return same;
    }

    return wub_time_parse(value->text, &a) == WUB_OK
           && wub_pg_timestamp_parse(old, &b) == WUB_OK && a == b;
}


static int
wub_edit_cmp(const void *a, const void *b)
{
    const wub_str_t  *x, *y;

    x = a;
    y = b;

    return wub_event_cmp(*x, *y);
}


static void
wub_edit_put_seen(wub_buf_t *b, const wub_value_t *value)
{
    size_t  i;

    if (value->kind == WUB_VALUE_NULL) {
        wub_buf_lit(b, "None");
        return;
    }

    if (value->kind == WUB_VALUE_TEXT) {
        wub_buf_str(b, value->text);
        return;
    }

    wub_buf_putc(b, '[');

    for (i = 0; i < value->nitems; i++) {
        wub_buf_str(b, (i == 0) ? wub_str("") : wub_str(", "));
        wub_edit_put_item(b, value->items[i].text);
    }

    wub_buf_putc(b, ']');
}


static void
wub_edit_put_text(wub_buf_t *b, wub_arena_t *arena, wub_str_t old)
{
    (void) arena;

    wub_buf_str(b, (old.data != NULL) ? old : wub_str("None"));
}


static void
wub_edit_put_time(wub_buf_t *b, wub_arena_t *arena, wub_str_t old)
{
    if (old.data == NULL) {
        wub_edit_put_text(b, arena, old);
        return;
    }

    wub_event_put_iso(b, old);
}


static void
wub_edit_put_end(wub_buf_t *b, wub_arena_t *arena, wub_str_t old)
{
    wub_rc_t   rc;
    wub_str_t  value;

    rc = wub_event_end_value(arena, old, &value);
    if (rc != WUB_OK) {
        b->rc = rc;
        return;
    }

    wub_edit_put_time(b, arena, value);
}


static void
wub_edit_put_texts(wub_buf_t *b, wub_arena_t *arena, wub_str_t old)
{
    size_t          i;
    wub_rc_t        rc;
    wub_pg_items_t  items;

    if (old.data == NULL) {
        wub_edit_put_text(b, arena, old);
        return;
    }

    rc = wub_pg_array_parse(arena, old, &items);
    if (rc != WUB_OK) {
        b->rc = rc;
        return;
    }

    wub_buf_putc(b, '[');

    for (i = 0; i < items.nitems; i++) {
        wub_buf_str(b, (i == 0) ? wub_str("") : wub_str(", "));
        wub_edit_put_item(b, items.items[i]);
    }

    wub_buf_putc(b, ']');
}


static void
wub_edit_put_item(wub_buf_t *b, wub_str_t item)
{
    wub_buf_putc(b, '\'');
    wub_buf_str(b, item);
    wub_buf_putc(b, '\'');
}
