
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_pg.h"
#include "common/wub_scan.h"


#define WUB_PG_ITEMS_MIN         8


/* items as they are read; their bytes lie one after the other in text */
typedef struct {
    wub_arena_t     *arena;
    wub_pg_items_t   items;
    size_t           cap;
    char            *text;
    size_t           len;       /* of text that is written */
} wub_pg_reader_t;


static wub_rc_t wub_pg_reader_init(wub_pg_reader_t *r, wub_arena_t *arena,
    size_t len);
static wub_rc_t wub_pg_reader_add(wub_pg_reader_t *r, wub_str_t item);
static wub_rc_t wub_pg_array_items(wub_pg_reader_t *r, wub_scan_t *s);
static wub_rc_t wub_pg_array_item(wub_pg_reader_t *r, wub_scan_t *s,
    wub_str_t *ret);
static wub_rc_t wub_pg_array_quoted(wub_pg_reader_t *r, wub_scan_t *s,
    wub_str_t *ret);
static wub_rc_t wub_pg_array_bare(wub_pg_reader_t *r, wub_scan_t *s,
    wub_str_t *ret);
static wub_rc_t wub_pg_composite_item(wub_pg_reader_t *r, wub_scan_t *s,
    wub_str_t *ret);
static bool wub_pg_plain(wub_str_t item, wub_str_t special);
static bool wub_pg_is_null(wub_str_t item);
static bool wub_pg_space(char c);
static void wub_pg_skip_space(wub_scan_t *s);


wub_rc_t
wub_pg_array_parse(wub_arena_t *arena, wub_str_t s, wub_pg_items_t *ret)
{
    wub_rc_t         rc;
    wub_scan_t       scan;
    wub_pg_reader_t  reader;

    rc = wub_pg_reader_init(&reader, arena, s.len);
    if (rc != WUB_OK) {
        return rc;
    }

    wub_scan_init(&scan, s);
    wub_pg_skip_space(&scan);

    if (!wub_scan_char(&scan, '{')) {
        return WUB_INVALID;
    }

    rc = wub_pg_array_items(&reader, &scan);
    if (rc != WUB_OK) {
        return rc;
    }

    wub_pg_skip_space(&scan);

    if (!wub_scan_done(&scan)) {
        return WUB_INVALID;
    }

    *ret = reader.items;

    return WUB_OK;
}


void
wub_pg_array_put(wub_buf_t *b, const wub_pg_items_t *items)
{
    size_t  i;

    wub_buf_putc(b, '{');

    for (i = 0; i < items->nitems; i++) {

        if (i != 0) {
            wub_buf_putc(b, ',');
        }

        wub_pg_array_put_item(b, items->items[i]);
    }

    wub_buf_putc(b, '}');
}


void
wub_pg_array_put_item(wub_buf_t *b, wub_str_t item)
{
    size_t  i;

    if (item.data == NULL) {
        wub_buf_lit(b, "NULL");
        return;
    }

    if (wub_pg_plain(item, wub_str("\"\\{},")) && !wub_pg_is_null(item)) {
        wub_buf_str(b, item);
        return;
    }

    wub_buf_putc(b, '"');

    for (i = 0; i < item.len; i++) {

        if (item.data[i] == '"' || item.data[i] == '\\') {
            wub_buf_putc(b, '\\');
        }

        wub_buf_putc(b, item.data[i]);
    }

    wub_buf_putc(b, '"');
}


wub_rc_t
wub_pg_composite_parse(wub_arena_t *arena, wub_str_t s, wub_pg_items_t *ret)
{
    wub_rc_t         rc;
    wub_str_t        item;
    wub_scan_t       scan;
    wub_pg_reader_t  reader;

    rc = wub_pg_reader_init(&reader, arena, s.len);
    if (rc != WUB_OK) {
        return rc;
    }

    wub_scan_init(&scan, s);
    wub_pg_skip_space(&scan);

    if (!wub_scan_char(&scan, '(')) {
        return WUB_INVALID;
    }

    do {
        rc = wub_pg_composite_item(&reader, &scan, &item);
        if (rc != WUB_OK) {
            return rc;
        }

        rc = wub_pg_reader_add(&reader, item);
        if (rc != WUB_OK) {
            return rc;
        }
    } while (wub_scan_char(&scan, ','));

    if (!wub_scan_char(&scan, ')')) {
        return WUB_INVALID;
    }

    wub_pg_skip_space(&scan);

    if (!wub_scan_done(&scan)) {
        return WUB_INVALID;
    }

    *ret = reader.items;

    return WUB_OK;
}


void
wub_pg_composite_put(wub_buf_t *b, const wub_pg_items_t *items)
{
    size_t     i, k;
    wub_str_t  item;

    wub_buf_putc(b, '(');

    for (i = 0; i < items->nitems; i++) {
        item = items->items[i];

        if (i != 0) {
            wub_buf_putc(b, ',');
        }

        if (item.data == NULL) {
            continue;
        }

        if (wub_pg_plain(item, wub_str("\"\\(),"))) {
            wub_buf_str(b, item);
            continue;
        }

        wub_buf_putc(b, '"');

        for (k = 0; k < item.len; k++) {

            if (item.data[k] == '"' || item.data[k] == '\\') {
                wub_buf_putc(b, item.data[k]);
            }

            wub_buf_putc(b, item.data[k]);
        }

        wub_buf_putc(b, '"');
    }

    wub_buf_putc(b, ')');
}


/* no text of items is longer than their literal */
static wub_rc_t
wub_pg_reader_init(wub_pg_reader_t *r, wub_arena_t *arena, size_t len)
{
    memset(r, 0, sizeof(wub_pg_reader_t));

    r->arena = arena;

    r->text = wub_arena_alloc(arena, len + 1);
    if (r->text == NULL) {
        return WUB_NO_MEMORY;
    }

    return WUB_OK;
}


static wub_rc_t
wub_pg_reader_add(wub_pg_reader_t *r, wub_str_t item)
{
    void    *p;
    size_t   cap;

    if (r->items.nitems == WUB_PG_ITEMS_MAX) {
        return WUB_TOO_BIG;
    }

    if (r->items.nitems == r->cap) {
        cap = (r->cap == 0) ? WUB_PG_ITEMS_MIN : 2 * r->cap;

        p = wub_arena_grow(r->arena, r->items.items,
                           r->cap * sizeof(wub_str_t),
                           cap * sizeof(wub_str_t));
        if (p == NULL) {
            return WUB_NO_MEMORY;
        }

        r->items.items = p;
        r->cap = cap;
    }

    r->items.items[r->items.nitems++] = item;

    return WUB_OK;
}


/* all that stands between the braces, and the closing one */
static wub_rc_t
wub_pg_array_items(wub_pg_reader_t *r, wub_scan_t *s)
{
    wub_rc_t   rc;
    wub_str_t  item;

    wub_pg_skip_space(s);

    if (wub_scan_char(s, '}')) {
        return WUB_OK;
    }

    do {
        wub_pg_skip_space(s);

        rc = wub_pg_array_item(r, s, &item);
        if (rc != WUB_OK) {
            return rc;
        }

        rc = wub_pg_reader_add(r, item);
        if (rc != WUB_OK) {
            return rc;
        }

        wub_pg_skip_space(s);
    } while (wub_scan_char(s, ','));

    return wub_scan_char(s, '}') ? WUB_OK : WUB_INVALID;
}


static wub_rc_t
wub_pg_array_item(wub_pg_reader_t *r, wub_scan_t *s, wub_str_t *ret)
{
    if (wub_scan_char(s, '"')) {
        return wub_pg_array_quoted(r, s, ret);
    }

    return wub_pg_array_bare(r, s, ret);
}


static wub_rc_t
wub_pg_array_quoted(wub_pg_reader_t *r, wub_scan_t *s, wub_str_t *ret)
{
    size_t  start;

    start = r->len;

    while (!wub_scan_char(s, '"')) {
        (void) wub_scan_char(s, '\\');

        if (wub_scan_done(s)) {
            return WUB_INVALID;
        }

        r->text[r->len++] = *s->pos++;
    }

    *ret = wub_str_n(r->text + start, r->len - start);

    return WUB_OK;
}


/* white space ends up in an item only between its bytes, or escaped */
static wub_rc_t
wub_pg_array_bare(wub_pg_reader_t *r, wub_scan_t *s, wub_str_t *ret)
{
    bool    escaped;
    size_t  start, end;

    start = r->len;
    end = r->len;
    escaped = false;

    for ( ;; ) {

        if (wub_scan_done(s) || *s->pos == '"' || *s->pos == '{') {
            return WUB_INVALID;
        }

        if (*s->pos == ',' || *s->pos == '}') {
            break;
        }

        if (wub_scan_char(s, '\\')) {

            if (wub_scan_done(s)) {
                return WUB_INVALID;
            }

            escaped = true;
            end = r->len + 1;

        } else if (!wub_pg_space(*s->pos)) {
            end = r->len + 1;
        }

        r->text[r->len++] = *s->pos++;
    }

    if (end == start) {
        return WUB_INVALID;
    }

    *ret = wub_str_n(r->text + start, end - start);

    if (!escaped && wub_pg_is_null(*ret)) {
        *ret = wub_str_n(NULL, 0);
    }

    return WUB_OK;
}


/* stops before the comma or parenthesis; quotes may stand anywhere in it */
static wub_rc_t
wub_pg_composite_item(wub_pg_reader_t *r, wub_scan_t *s, wub_str_t *ret)
{
    bool    quoted;
    size_t  start;

    if (!wub_scan_done(s) && (*s->pos == ',' || *s->pos == ')')) {
        *ret = wub_str_n(NULL, 0);
        return WUB_OK;
    }

    start = r->len;
    quoted = false;

    for ( ;; ) {

        if (wub_scan_done(s)) {
            return WUB_INVALID;
        }

        if (!quoted && (*s->pos == ',' || *s->pos == ')')) {
            break;
        }

        if (wub_scan_char(s, '"')) {

            if (!quoted || !wub_scan_char(s, '"')) {
                quoted = !quoted;
                continue;
            }

            r->text[r->len++] = '"';
            continue;
        }

        if (wub_scan_char(s, '\\') && wub_scan_done(s)) {
            return WUB_INVALID;
        }

        r->text[r->len++] = *s->pos++;
    }

    *ret = wub_str_n(r->text + start, r->len - start);

    return WUB_OK;
}


/* true for an item that can stand without quotes */
static bool
wub_pg_plain(wub_str_t item, wub_str_t special)
{
    size_t  i, k;

    for (i = 0; i < item.len; i++) {

        if (wub_pg_space(item.data[i])) {
            return false;
        }

        for (k = 0; k < special.len; k++) {
            if (item.data[i] == special.data[k]) {
                return false;
            }
        }
    }

    return item.len != 0;
}


static bool
wub_pg_is_null(wub_str_t item)
{
    size_t  i;

    static const char  null[] = "null";

    if (item.len != 4) {
        return false;
    }

    for (i = 0; i < 4; i++) {
        if ((item.data[i] | 0x20) != null[i]) {
            return false;
        }
    }

    return true;
}


static bool
wub_pg_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}


static void
wub_pg_skip_space(wub_scan_t *s)
{
    while (!wub_scan_done(s) && wub_pg_space(*s->pos)) {
        s->pos++;
    }
}
