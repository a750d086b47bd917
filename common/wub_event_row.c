
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_event.h"
#include "common/wub_event_text.h"


/* what the members are made from */
typedef struct {
    wub_buf_t                   *buf;
    wub_arena_t                 *arena;
    const wub_event_conf_t      *conf;
    const wub_event_row_t       *row;
    const wub_event_playlist_t  *playlists;
    size_t                       nplaylists;
    wub_pg_items_t               tags;
    bool                         archive;
} wub_event_view_t;

typedef wub_rc_t (*wub_event_put_pt)(wub_event_view_t *v);

typedef struct {
    const char        *key;         /* with its quotes and colon */
    wub_event_put_pt   put;
} wub_event_member_t;


static wub_rc_t wub_event_put_prefix(wub_event_view_t *v);
static wub_rc_t wub_event_put_length(wub_event_view_t *v);
static wub_rc_t wub_event_put_bustime(wub_event_view_t *v);
static wub_rc_t wub_event_put_locations(wub_event_view_t *v);
static wub_rc_t wub_event_put_end(wub_event_view_t *v);
static wub_rc_t wub_event_put_notes(wub_event_view_t *v);
static wub_rc_t wub_event_put_holes(wub_event_view_t *v);
static wub_rc_t wub_event_put_channel(wub_event_view_t *v);
static wub_rc_t wub_event_put_title(wub_event_view_t *v);
static wub_rc_t wub_event_put_description(wub_event_view_t *v);
static wub_rc_t wub_event_put_mode(wub_event_view_t *v);
static wub_rc_t wub_event_put_frame(wub_event_view_t *v);
static wub_rc_t wub_event_put_template(wub_event_view_t *v);
static wub_rc_t wub_event_template(const wub_event_view_t *v,
    wub_str_t *ret);
static wub_str_t wub_event_template_by(
    const wub_event_playlist_t **playlists, size_t n, wub_str_t tag);
static bool wub_event_has(const wub_pg_items_t *tags, wub_str_t tag);
static wub_rc_t wub_event_put_middle(wub_event_view_t *v, wub_str_t start,
    wub_str_t end);
static void wub_event_put_text(wub_buf_t *b, wub_str_t s);


static const wub_event_member_t  wub_event_members[] = {
    { "\"title_prefix\": ", wub_event_put_prefix },
    { "\"title_max_length\": ", wub_event_put_length },
    { "\"bustime_start\": ", wub_event_put_bustime },
    { "\"upload_locations\": ", wub_event_put_locations },
    { "\"event_end\": ", wub_event_put_end },
    { "\"notes\": ", wub_event_put_notes },
    { "\"allow_holes\": ", wub_event_put_holes },
    { "\"video_channel\": ", wub_event_put_channel },
    { "\"video_title\": ", wub_event_put_title },
    { "\"video_description\": ", wub_event_put_description },
    { "\"thumbnail_mode\": ", wub_event_put_mode },
    { "\"thumbnail_time\": ", wub_event_put_frame },
    { "\"thumbnail_template\": ", wub_event_put_template },
    { NULL, NULL }
};


wub_rc_t
wub_event_put(wub_buf_t *b, wub_arena_t *arena, const wub_event_conf_t *conf,
    const wub_event_row_t *row, const wub_event_playlist_t *playlists,
    size_t nplaylists)
{
    wub_rc_t                   rc;
    wub_event_view_t           v;
    const wub_event_member_t  *m;

    v.buf = b;
    v.arena = arena;
    v.conf = conf;
    v.row = row;
    v.playlists = playlists;
    v.nplaylists = nplaylists;
    v.archive = wub_event_is_archive(conf, row->sheet_name);
    v.tags.items = NULL;
    v.tags.nitems = 0;

    if (row->tags.data != NULL) {
        rc = wub_pg_array_parse(arena, row->tags, &v.tags);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    for (m = wub_event_members; m->key != NULL; m++) {

        if (m != wub_event_members) {
            wub_buf_lit(b, ", ");
        }

        wub_buf_put(b, m->key, strlen(m->key));

        rc = m->put(&v);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return b->rc;
}


/* upstream's archive rows have none */
static wub_rc_t
wub_event_put_prefix(wub_event_view_t *v)
{
    wub_buf_json(v->buf, v->archive ? wub_str("") : v->conf->title_prefix);

    return WUB_OK;
}


static wub_rc_t
wub_event_put_length(wub_event_view_t *v)
{
    size_t  taken;

    taken = v->archive ? 0 : wub_event_chars(v->conf->title_prefix);

    wub_buf_i64(v->buf, WUB_EVENT_TITLE_MAX - (int64_t) taken);

    return WUB_OK;
}


static wub_rc_t
wub_event_put_bustime(wub_event_view_t *v)
{
    if (v->conf->bustime_start.len == 0) {
        wub_buf_lit(v->buf, "null");
        return WUB_OK;
    }

    wub_buf_json(v->buf, v->conf->bustime_start);

    return WUB_OK;
}


/* the archive's own location is the first, and so the default */
static wub_rc_t
wub_event_put_locations(wub_event_view_t *v)
{
    bool        first;
    size_t      i;
    wub_buf_t  *b;

    b = v->buf;
    first = true;

    wub_buf_putc(b, '[');

    if (v->archive) {
        wub_buf_json(b, v->conf->archive_location);
        first = false;
    }

    for (i = 0; i < v->conf->nlocations; i++) {

        if (v->archive && wub_str_eq(v->conf->locations[i],
                                     v->conf->archive_location))
        {
            continue;
        }

        if (!first) {
            wub_buf_lit(b, ", ");
        }

        wub_buf_json(b, v->conf->locations[i]);
        first = false;
    }

    wub_buf_putc(b, ']');

    return WUB_OK;
}


static wub_rc_t
wub_event_put_end(wub_event_view_t *v)
{
    wub_rc_t   rc;
    wub_str_t  value;

    rc = wub_event_end_value(v->arena, v->row->event_end, &value);
    if (rc != WUB_OK) {
        return rc;
    }

    if (value.data == NULL) {
        wub_buf_lit(v->buf, "null");
        return WUB_OK;
    }

    wub_event_put_time(v->buf, value);

    return WUB_OK;
}


static wub_rc_t
wub_event_put_notes(wub_event_view_t *v)
{
    wub_rc_t   rc;
    wub_buf_t  notes;

    if (v->row->notes.data == NULL) {
        wub_buf_lit(v->buf, "null");
        return WUB_OK;
    }

    wub_buf_init(&notes, v->arena, WUB_ARENA_MAX);

    rc = wub_event_notes(&notes, v->conf, v->row->notes, v->row->category);
    if (rc != WUB_OK) {
        return rc;
    }

    wub_buf_json(v->buf, wub_buf_view(&notes));

    return WUB_OK;
}


wub_rc_t
wub_event_notes(wub_buf_t *b, const wub_event_conf_t *conf, wub_str_t notes,
    wub_str_t category)
{
    size_t  i;

    wub_buf_str(b, notes);

    for (i = 0; i < conf->nnotes; i++) {

        if (wub_event_cmp(conf->notes[i].category, category) != 0) {
            continue;
        }

        if (b->len > 0) {
            wub_buf_lit(b, "\n\n");
        }

        wub_buf_str(b, conf->notes[i].text);
    }

    return b->rc;
}


static wub_rc_t
wub_event_put_holes(wub_event_view_t *v)
{
    bool  allow;

    allow = v->archive || wub_str_eq(v->row->allow_holes, wub_str("t"));

    wub_buf_str(v->buf, allow ? wub_str("true") : wub_str("false"));

    return WUB_OK;
}


static wub_rc_t
wub_event_put_channel(wub_event_view_t *v)
{
    wub_str_t  channel;

    channel = v->row->video_channel;

    if (channel.data == NULL && v->conf->default_channel.len > 0) {
        channel = v->conf->default_channel;
    }

    wub_event_put_text(v->buf, channel);

    return WUB_OK;
}


static wub_rc_t
wub_event_put_title(wub_event_view_t *v)
{
    wub_str_t  title;

    title = v->row->video_title;

    if (v->archive) {
        title = (title.data == NULL) ? v->row->description : title;

    } else if (title.data != NULL) {
        title = wub_event_strip_prefix(v->conf, title);
    }

    wub_event_put_text(v->buf, title);

    return WUB_OK;
}


static wub_rc_t
wub_event_put_description(wub_event_view_t *v)
{
    wub_str_t  description;

    description = v->row->video_description;

    if (description.data != NULL && !v->archive) {
        description = wub_event_strip_footer(v->conf, description);
    }

    wub_event_put_text(v->buf, description);

    return WUB_OK;
}


static wub_rc_t
wub_event_put_mode(wub_event_view_t *v)
{
    wub_event_put_text(v->buf, v->archive ? wub_str("NONE")
                                          : v->row->thumbnail_mode);

    return WUB_OK;
}


static wub_rc_t
wub_event_put_frame(wub_event_view_t *v)
{
    wub_rc_t   rc;
    wub_str_t  end, start;

    start = v->row->event_start;

    if (v->row->thumbnail_time.data != NULL) {
        wub_event_put_time(v->buf, v->row->thumbnail_time);
        return WUB_OK;
    }

    if (v->archive || start.data == NULL) {
        wub_buf_lit(v->buf, "null");
        return WUB_OK;
    }

    rc = wub_event_end_value(v->arena, v->row->event_end, &end);
    if (rc != WUB_OK) {
        return rc;
    }

    return wub_event_put_middle(v, start, (end.data != NULL) ? end : start);
}


static wub_rc_t
wub_event_put_template(wub_event_view_t *v)
{
    wub_rc_t   rc;
    wub_str_t  name;

    name = v->row->thumbnail_template;

    if (name.data == NULL && !v->archive) {
        rc = wub_event_template(v, &name);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    wub_event_put_text(v->buf, name);

    return WUB_OK;
}


/*
 * Tags of a row go from the general to the particular: the last one for
 * which a matching playlist has a template says which.  A playlist of
 * everything comes last (upstream's #600).
 */
static wub_rc_t
wub_event_template(const wub_event_view_t *v, wub_str_t *ret)
{
    size_t                       i, n;
    const wub_event_playlist_t  *p, **matching;

    matching = wub_arena_alloc(v->arena,
                               (v->nplaylists + 1) * sizeof(void *));
    if (matching == NULL) {
        return WUB_NO_MEMORY;
    }

    n = 0;

    for (i = 0; i < v->nplaylists; i++) {
        p = &v->playlists[i];

        if (p->default_template.data != NULL
            && wub_event_matches(&p->tags, &v->tags))
        {
            matching[n++] = p;
        }
    }

    *ret = wub_str_n(NULL, 0);

    for (i = v->tags.nitems; i > 0 && n > 0 && ret->data == NULL; i--) {
        if (v->tags.items[i - 1].data != NULL) {
            *ret = wub_event_template_by(matching, n, v->tags.items[i - 1]);
        }
    }

    if (ret->data == NULL) {
        *ret = wub_event_template_by(matching, n, wub_str_n(NULL, 0));
    }

    return WUB_OK;
}


/* of playlists that want the tag, data NULL: none, the one that wants most */
static wub_str_t
wub_event_template_by(const wub_event_playlist_t **playlists, size_t n,
    wub_str_t tag)
{
    size_t                       i;
    const wub_event_playlist_t  *p, *best;

    best = NULL;

    for (i = 0; i < n; i++) {
        p = playlists[i];

        if (tag.data != NULL ? !wub_event_has(&p->tags, tag)
                             : p->tags.nitems != 0)
        {
            continue;
        }

        if (best == NULL || p->tags.nitems > best->tags.nitems) {
            best = p;
        }
    }

    return (best != NULL) ? best->default_template : wub_str_n(NULL, 0);
}


static bool
wub_event_has(const wub_pg_items_t *tags, wub_str_t tag)
{
    wub_pg_items_t  one;

    one.items = &tag;
    one.nitems = 1;

    return wub_event_matches(&one, tags);
}


static wub_rc_t
wub_event_put_middle(wub_event_view_t *v, wub_str_t start, wub_str_t end)
{
    int64_t    from, to;
    wub_buf_t  b;

    if (wub_pg_timestamp_parse(start, &from) != WUB_OK
        || wub_pg_timestamp_parse(end, &to) != WUB_OK)
    {
        wub_event_put_time(v->buf, start);
        return WUB_OK;
    }

    wub_buf_init(&b, v->arena, WUB_NAME_MAX);
    wub_pg_timestamp_put(&b, from + (to - from) / 2);

    if (b.rc != WUB_OK) {
        return b.rc;
    }

    wub_event_put_time(v->buf, wub_buf_view(&b));

    return WUB_OK;
}


wub_rc_t
wub_event_end_value(wub_arena_t *arena, wub_str_t end, wub_str_t *ret)
{
    wub_rc_t        rc;
    wub_pg_items_t  fields;

    *ret = wub_str_n(NULL, 0);

    if (end.data == NULL) {
        return WUB_OK;
    }

    rc = wub_pg_composite_parse(arena, end, &fields);
    if (rc != WUB_OK) {
        return rc;
    }

    if (fields.nitems != 2) {
        return WUB_INVALID;
    }

    *ret = fields.items[1];

    return WUB_OK;
}


static void
wub_event_put_text(wub_buf_t *b, wub_str_t s)
{
    if (s.data == NULL) {
        wub_buf_lit(b, "null");
        return;
    }

    wub_buf_json(b, s);
}
