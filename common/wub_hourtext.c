
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_hourtext.h"


#define WUB_HOURTEXT_HOLE_LEN    ((uint32_t) (sizeof(WUB_M3U8_HOLE) - 1))

/* ends of no hole and of no segment */
#define WUB_HOURTEXT_NONE        INT64_MIN


typedef struct {
    wub_hourtext_t          *t;
    wub_str_t                prefix;    /* of each segment's URI */
    wub_buf_t                text;
    bool                     hole;      /* before the next own segment */
} wub_hourtext_builder_t;


static wub_rc_t wub_hourtext_index(wub_arena_t *arena,
    const wub_hour_t *hour, wub_hourtext_t **ret);
static bool wub_hourtext_fits(const wub_hour_t *hour,
    const wub_segment_t *segment);
static void wub_hourtext_put(wub_hourtext_segment_t *s, int64_t start,
    const wub_segment_t *segment);
static void wub_hourtext_name(wub_hourtext_t *t, const wub_hour_t *hour);
static bool wub_hourtext_has_name(const wub_hourtext_t *t, size_t i);
static bool wub_hourtext_sound_segments(const wub_hourtext_t *t,
    size_t names);
static wub_rc_t wub_hourtext_own(void *data, const wub_hour_t *hour,
    const wub_segment_t *segment, int64_t from, int64_t to);
static const char *wub_hourtext_names(const wub_hourtext_t *t);
static bool wub_hourtext_read_name(wub_str_t text, size_t end, char *name,
    size_t len);
static int wub_hourtext_hex(char c);


wub_rc_t
wub_hourtext_build(wub_arena_t *arena, const wub_m3u8_media_t *m,
    const wub_hour_t *hour, int64_t tolerance, bool named,
    wub_hourtext_t **ret, wub_str_t *ret_text)
{
    wub_rc_t                rc;
    wub_buf_t               prefix;
    wub_best_t              walk;
    wub_hourtext_builder_t  builder;

    memset(&builder, 0, sizeof(wub_hourtext_builder_t));

    wub_buf_init(&prefix, arena, UINT32_MAX);
    wub_m3u8_prefix(&prefix, m, hour->start);

    if (prefix.rc != WUB_OK) {
        return prefix.rc;
    }

    rc = wub_hourtext_index(arena, hour, &builder.t);
    if (rc != WUB_OK) {
        return rc;
    }

    builder.prefix = wub_buf_view(&prefix);
    wub_buf_init(&builder.text, arena, UINT32_MAX);

    wub_best_init(&walk, hour->start, INT64_MAX, tolerance,
                  wub_hourtext_own, &builder);

    /* as if a full one ended where the first one starts: it joins */

    if (hour->nsegments != 0) {
        wub_best_follow(&walk, 1, hour->segments[0].start, WUB_SEGMENT_FULL);
    }

    rc = wub_best_hour(&walk, hour);
    if (rc != WUB_OK) {
        return rc;
    }

    if (builder.text.rc != WUB_OK) {
        return builder.text.rc;
    }

    builder.t->text_len = (uint32_t) builder.text.len;
    builder.t->named = named;

    wub_hourtext_name(builder.t, hour);

    *ret = builder.t;
    *ret_text = wub_buf_view(&builder.text);

    return WUB_OK;
}


bool
wub_hourtext_sound(wub_str_t bytes, uint32_t text_len)
{
    size_t                 left;
    const wub_hourtext_t  *t;

    if (bytes.len < sizeof(wub_hourtext_t)) {
        return false;
    }

    t = (const wub_hourtext_t *) (const void *) bytes.data;
    left = bytes.len - sizeof(wub_hourtext_t);

    if (t->size != bytes.len || t->text_len != text_len
        || t->nsegments > left / sizeof(wub_hourtext_segment_t))
    {
        return false;
    }

    left -= t->nsegments * sizeof(wub_hourtext_segment_t);

    return (t->nsegments == 0
            || (t->last < t->nsegments && t->longest_at < t->nsegments))
           && wub_hourtext_sound_segments(t, left);
}


/* names: bytes of all; the lines of own segments follow one another */
static bool
wub_hourtext_sound_segments(const wub_hourtext_t *t, size_t names)
{
    size_t                         i, nown, nholes;
    uint32_t                       text, before;
    const wub_hourtext_segment_t  *s;

    nown = 0;
    nholes = 0;
    text = 0;

    for (i = 0; i < t->nsegments; i++) {
        s = &t->segments[i];

        if (s->hash + s->hash_len > s->name_len) {
            return false;
        }

        if (wub_hourtext_has_name(t, i)
            && (s->name > names || s->name_len > names - s->name))
        {
            return false;
        }

        if (!s->own) {
            continue;
        }

        before = s->hole ? WUB_HOURTEXT_HOLE_LEN : 0;

        if (s->text > t->text_len || s->text < before
            || s->text - before < text)
        {
            return false;
        }

        text = s->text;
        nown++;
        nholes += s->hole;
    }

    return nown == t->nown && nholes == t->nholes;
}


void
wub_hourtext_segment(const wub_hourtext_t *t, size_t i, wub_segment_t *ret)
{
    const char                    *name;
    const wub_hourtext_segment_t  *s;

    s = &t->segments[i];

    ret->start = t->start + s->start;
    ret->duration = s->duration;
    ret->name = wub_str("");
    ret->hash = wub_str("");
    ret->type = (wub_segment_type_e) s->type;

    if (wub_hourtext_has_name(t, i)) {
        name = wub_hourtext_names(t) + s->name;

        ret->name = wub_str_n(name, s->name_len);
        ret->hash = wub_str_n(name + s->hash, s->hash_len);
    }
}


wub_rc_t
wub_hourtext_hour(wub_arena_t *arena, const wub_hourtext_t *t,
    wub_str_t text, wub_hour_t *ret)
{
    char                          *name;
    size_t                         i, len;
    wub_segment_t                 *segments;
    const wub_hourtext_segment_t  *s;

    len = 0;

    for (i = 0; i < t->nsegments; i++) {
        len += t->segments[i].name_len;
    }

    segments = wub_arena_alloc(arena, t->nsegments * sizeof(wub_segment_t));
    name = wub_arena_alloc(arena, len);

    if (segments == NULL || name == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < t->nsegments; i++) {
        s = &t->segments[i];

        wub_hourtext_segment(t, i, &segments[i]);

        if (wub_hourtext_has_name(t, i)) {
            memcpy(name, segments[i].name.data, s->name_len);

        } else if (!wub_hourtext_read_name(text, wub_hourtext_end(t, i), name,
                                           s->name_len))
        {
            return WUB_INVALID;
        }

        segments[i].name = wub_str_n(name, s->name_len);
        segments[i].hash = wub_str_n(name + s->hash, s->hash_len);

        name += s->name_len;
    }

    ret->start = t->start;
    ret->segments = segments;
    ret->nsegments = t->nsegments;
    ret->ignored = t->ignored;

    return WUB_OK;
}


uint32_t
wub_hourtext_end(const wub_hourtext_t *t, size_t i)
{
    const wub_hourtext_segment_t  *s;

    while (++i < t->nsegments) {
        s = &t->segments[i];

        if (s->own) {
            return s->hole ? s->text - WUB_HOURTEXT_HOLE_LEN : s->text;
        }
    }

    return t->text_len;
}


void
wub_hourtext_render(wub_buf_t *b, const wub_m3u8_media_t *m,
    const wub_hourtext_t *t, const wub_hourtext_piece_t *piece)
{
    size_t         i;
    wub_segment_t  segment;

    if (piece->hole) {
        wub_buf_lit(b, WUB_M3U8_HOLE);
    }

    for (i = piece->first; i <= piece->last; i++) {

        if (i != piece->first) {

            if (!t->segments[i].own) {
                continue;
            }

            if (t->segments[i].hole) {
                wub_buf_lit(b, WUB_M3U8_HOLE);
            }
        }

        wub_hourtext_segment(t, i, &segment);
        wub_m3u8_segment(b, m, t->start, &segment);
    }
}


/* all but the names and what the own chain tells; there is room for all */
static wub_rc_t
wub_hourtext_index(wub_arena_t *arena, const wub_hour_t *hour,
    wub_hourtext_t **ret)
{
    size_t           i, size, names;
    wub_hourtext_t  *t;

    if (hour->nsegments > WUB_HOUR_ENTRIES_MAX) {
        return WUB_INVALID;
    }

    names = 0;

    for (i = 0; i < hour->nsegments; i++) {

        if (!wub_hourtext_fits(hour, &hour->segments[i])) {
            return WUB_INVALID;
        }

        names += hour->segments[i].name.len;
    }

    size = sizeof(wub_hourtext_t)
           + hour->nsegments * sizeof(wub_hourtext_segment_t);

    t = wub_arena_alloc(arena, size + names);
    if (t == NULL) {
        return WUB_NO_MEMORY;
    }

    /* it is stored, and is to hold nothing but what is written */

    memset(t, 0, size);

    t->start = hour->start;
    t->last_end = WUB_HOURTEXT_NONE;
    t->before = WUB_HOURTEXT_NONE;
    t->youngest = WUB_HOURTEXT_NONE;
    t->size = (uint32_t) size;
    t->nsegments = (uint32_t) hour->nsegments;
    t->ignored = (uint32_t) hour->ignored;

    for (i = 0; i < hour->nsegments; i++) {
        wub_hourtext_put(&t->segments[i], hour->start, &hour->segments[i]);
    }

    *ret = t;

    return WUB_OK;
}


/* a segment of this hour whose hash lies in its name */
static bool
wub_hourtext_fits(const wub_hour_t *hour, const wub_segment_t *segment)
{
    uintptr_t  name, hash;

    name = (uintptr_t) segment->name.data;
    hash = (uintptr_t) segment->hash.data;

    return segment->start >= hour->start
           && segment->start - hour->start < WUB_HOUR
           && segment->duration >= 0
           && segment->duration <= WUB_HOUR
           && segment->name.len <= WUB_NAME_MAX
           && (segment->hash.len == 0
               || (hash >= name && hash - name <= segment->name.len
                   && segment->hash.len
                      <= segment->name.len - (hash - name)));
}


static void
wub_hourtext_put(wub_hourtext_segment_t *s, int64_t start,
    const wub_segment_t *segment)
{
    s->start = (uint32_t) (segment->start - start);
    s->duration = (uint32_t) segment->duration;
    s->name_len = (uint8_t) segment->name.len;
    s->type = segment->type & 3u;

    if (segment->hash.len != 0) {
        s->hash = (uint8_t) (segment->hash.data - segment->name.data);
        s->hash_len = (uint8_t) segment->hash.len;
    }
}


/* puts behind the segments the names that the text does not have */
static void
wub_hourtext_name(wub_hourtext_t *t, const wub_hour_t *hour)
{
    char       *names;
    size_t      i, offset;
    wub_str_t   name;

    names = (char *) &t->segments[t->nsegments];
    offset = 0;

    for (i = 0; i < t->nsegments; i++) {
        name = hour->segments[i].name;

        if (!wub_hourtext_has_name(t, i) || name.len == 0) {
            continue;
        }

        t->segments[i].name = (uint32_t) offset;

        memcpy(names + offset, name.data, name.len);
        offset += name.len;
    }

    t->size += (uint32_t) offset;
}


static bool
wub_hourtext_has_name(const wub_hourtext_t *t, size_t i)
{
    return t->named || !t->segments[i].own;
}


/* the sink of the walk that is the own chain */
static wub_rc_t
wub_hourtext_own(void *data, const wub_hour_t *hour,
    const wub_segment_t *segment, int64_t from, int64_t to)
{
    wub_hourtext_builder_t *builder = data;

    size_t                   i;
    wub_hourtext_t          *t;
    wub_hourtext_segment_t  *s;

    (void) from;

    t = builder->t;

    if (segment == NULL) {
        builder->hole = true;
        t->nholes++;
        t->youngest = (to > t->youngest) ? to : t->youngest;

        return WUB_OK;
    }

    i = (size_t) (segment - hour->segments);
    s = &t->segments[i];

    if (builder->hole) {
        wub_buf_lit(&builder->text, WUB_M3U8_HOLE);
    }

    s->own = 1;
    s->hole = builder->hole;
    s->text = (uint32_t) builder->text.len;

    wub_m3u8_lines(&builder->text, builder->prefix, segment);

    if (t->nown != 0 && t->last_end > t->before) {
        t->before = t->last_end;
    }

    t->nown++;
    t->last = (uint32_t) i;
    t->last_end = to;
    t->last_type = segment->type;

    if (segment->duration >= t->longest) {
        t->longest = segment->duration;
        t->longest_at = (uint32_t) i;
    }

    builder->hole = false;

    return WUB_OK;
}


static const char *
wub_hourtext_names(const wub_hourtext_t *t)
{
    return (const char *) &t->segments[t->nsegments];
}


/*
 * The len bytes of a name whose line ends, with its newline, at end; from
 * behind, since '%' stands in the text for nothing but itself and the two
 * digits that follow it.
 */
static bool
wub_hourtext_read_name(wub_str_t text, size_t end, char *name, size_t len)
{
    int          high, low;
    const char  *p;

    if (end == 0 || end > text.len) {
        return false;
    }

    p = text.data + end - 1;

    while (len > 0) {

        if (p - text.data >= 3 && p[-3] == '%') {
            high = wub_hourtext_hex(p[-2]);
            low = wub_hourtext_hex(p[-1]);

            if (high == -1 || low == -1) {
                return false;
            }

            name[--len] = (char) (high * 16 + low);
            p -= 3;
            continue;
        }

        if (p == text.data) {
            return false;
        }

        name[--len] = *--p;
    }

    return p > text.data && p[-1] == '/';
}


static int
wub_hourtext_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }

    return -1;
}
