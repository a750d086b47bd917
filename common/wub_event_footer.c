
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_event.h"
#include "common/wub_event_text.h"


/*
 * What upstream puts behind a description (CONTRACT.md 4): an empty line,
 * the block of playlists and one more empty line if there are any, the
 * credit if there is one, the footer.
 */
#define WUB_FOOTER_HEADER                                                     \
    "This video is part of the following playlists:"
#define WUB_FOOTER_LINK          " [https://youtube.com/playlist?list="
#define WUB_FOOTER_CREDIT        "Thumbnail Credit:"


static bool wub_footer_shown(const wub_event_playlist_t *playlist,
    const wub_pg_items_t *tags);
static void wub_footer_line(wub_buf_t *b, wub_str_t text);
static bool wub_footer_take(wub_str_t *s, wub_str_t tail);
static void wub_footer_take_credit(wub_str_t *s);
static bool wub_footer_take_block(wub_str_t *s);
static bool wub_footer_is_item(wub_str_t line);
static wub_str_t wub_footer_last_line(wub_str_t s);
static bool wub_footer_escaped(wub_str_t description);


bool
wub_event_is_archive(const wub_event_conf_t *conf, wub_str_t sheet)
{
    return conf->archive_sheet.data != NULL
           && wub_str_eq(conf->archive_sheet, sheet);
}


wub_str_t
wub_event_strip_prefix(const wub_event_conf_t *conf, wub_str_t title)
{
    wub_str_t  prefix;

    prefix = conf->title_prefix;

    if (prefix.len == 0 || title.len < prefix.len
        || memcmp(title.data, prefix.data, prefix.len) != 0)
    {
        return title;
    }

    return wub_str_n(title.data + prefix.len, title.len - prefix.len);
}


bool
wub_event_matches(const wub_pg_items_t *wanted, const wub_pg_items_t *tags)
{
    size_t  i, k;

    if (wanted->items == NULL) {
        return false;
    }

    for (i = 0; i < wanted->nitems; i++) {

        for (k = 0; k < tags->nitems; k++) {
            if (wanted->items[i].data != NULL && tags->items[k].data != NULL
                && wub_event_cmp(wanted->items[i], tags->items[k]) == 0)
            {
                break;
            }
        }

        if (k == tags->nitems) {
            return false;
        }
    }

    return true;
}


/*
 * A description that itself ends in a block of playlists would lose it
 * where none is put behind it: there a space is put between, as many as
 * are needed to tell, and taken off again.
 */
wub_rc_t
wub_event_add_footer(wub_buf_t *b, const wub_event_conf_t *conf,
    wub_str_t description, const wub_pg_items_t *tags,
    const wub_event_playlist_t *playlists, size_t nplaylists,
    wub_str_t attribution)
{
    bool    any;
    size_t  i;

    any = false;

    wub_buf_str(b, description);

    for (i = 0; i < nplaylists; i++) {

        if (!wub_footer_shown(&playlists[i], tags)) {
            continue;
        }

        if (!any) {
            wub_buf_lit(b, "\n\n" WUB_FOOTER_HEADER "\n");
            any = true;
        }

        wub_buf_lit(b, "- ");
        wub_footer_line(b, playlists[i].name);
        wub_buf_lit(b, WUB_FOOTER_LINK);
        wub_buf_str(b, playlists[i].playlist_id);
        wub_buf_lit(b, "]\n");
    }

    if (!any && wub_footer_escaped(description)) {
        wub_buf_putc(b, ' ');
    }

    wub_buf_str(b, any ? wub_str("\n") : wub_str("\n\n"));

    if (wub_event_trim(attribution).len > 0) {
        wub_buf_lit(b, WUB_FOOTER_CREDIT " ");
        wub_footer_line(b, attribution);
        wub_buf_putc(b, '\n');
    }

    wub_buf_str(b, conf->description_footer);

    return b->rc;
}


wub_str_t
wub_event_strip_footer(const wub_event_conf_t *conf, wub_str_t description)
{
    wub_str_t  s, less;

    s = description;

    if (!wub_footer_take(&s, conf->description_footer)) {
        return description;
    }

    wub_footer_take_credit(&s);

    if (!wub_footer_take(&s, wub_str("\n\n"))) {
        return description;
    }

    if (wub_footer_take_block(&s)) {
        return s;
    }

    less = s;

    if (wub_footer_take(&less, wub_str(" ")) && wub_footer_escaped(less)) {
        return less;
    }

    return s;
}


/* an id of other letters could not be told from the text around it */
static bool
wub_footer_shown(const wub_event_playlist_t *playlist,
    const wub_pg_items_t *tags)
{
    return playlist->show && playlist->playlist_id.data != NULL
           && wub_event_is_id(playlist->playlist_id)
           && wub_event_matches(&playlist->tags, tags);
}


/* on one line, and without what YouTube forbids */
static void
wub_footer_line(wub_buf_t *b, wub_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] == '<' || text.data[i] == '>') {
            continue;
        }

        if (wub_event_control(wub_str_n(&text.data[i], 1), wub_str(""))) {
            wub_buf_putc(b, ' ');
            continue;
        }

        wub_buf_putc(b, text.data[i]);
    }
}


static bool
wub_footer_take(wub_str_t *s, wub_str_t tail)
{
    if (s->len < tail.len
        || (tail.len > 0 && memcmp(s->data + s->len - tail.len, tail.data,
                                   tail.len) != 0))
    {
        return false;
    }

    s->len -= tail.len;

    return true;
}


static void
wub_footer_take_credit(wub_str_t *s)
{
    wub_str_t  rest, line, credit;

    rest = *s;
    credit = wub_str(WUB_FOOTER_CREDIT);

    if (!wub_footer_take(&rest, wub_str("\n"))) {
        return;
    }

    line = wub_footer_last_line(rest);

    if (line.len < credit.len
        || memcmp(line.data, credit.data, credit.len) != 0)
    {
        return;
    }

    rest.len -= line.len;
    *s = rest;
}


/* the empty line before it too */
static bool
wub_footer_take_block(wub_str_t *s)
{
    bool       any;
    wub_str_t  rest, line;

    any = false;
    rest = *s;

    for ( ;; ) {
        line = wub_footer_last_line(rest);

        if (!wub_footer_is_item(line)) {
            break;
        }

        any = true;
        rest.len -= line.len;

        if (!wub_footer_take(&rest, wub_str("\n"))) {
            return false;
        }
    }

    if (!any || !wub_footer_take(&rest, wub_str("\n\n" WUB_FOOTER_HEADER))) {
        return false;
    }

    *s = rest;

    return true;
}


/* "- NAME [https://youtube.com/playlist?list=ID]" */
static bool
wub_footer_is_item(wub_str_t line)
{
    size_t     start;
    wub_str_t  link;

    link = wub_str(WUB_FOOTER_LINK);

    if (line.len < 2 || memcmp(line.data, "- ", 2) != 0
        || !wub_footer_take(&line, wub_str("]")))
    {
        return false;
    }

    for (start = line.len; start > 2; start--) {
        if (line.data[start - 1] == '=') {
            break;
        }
    }

    if (!wub_event_is_id(wub_str_n(line.data + start, line.len - start))) {
        return false;
    }

    line.len = start;

    return wub_footer_take(&line, link) && line.len >= 2;
}


static wub_str_t
wub_footer_last_line(wub_str_t s)
{
    size_t  start;

    if (s.len == 0) {
        return s;
    }

    for (start = s.len; start > 0; start--) {
        if (s.data[start - 1] == '\n') {
            break;
        }
    }

    return wub_str_n(s.data + start, s.len - start);
}


/* true: a block of playlists and any number of spaces end it */
static bool
wub_footer_escaped(wub_str_t description)
{
    while (wub_footer_take(&description, wub_str(" "))) {
        /* void */
    }

    return wub_footer_take_block(&description);
}
