
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_hourtext.h"


#define WUB_HOURTEXT_HOLE_LEN    ((uint32_t) (sizeof(WUB_M3U8_HOLE) - 1))

/* ends of no hole and of no segment */
#define WUB_HOURTEXT_NONE        INT64_MIN


typedef struct {
    const wub_m3u8_media_t  *m;
    wub_hourtext_t          *t;
    wub_buf_t                text;
    bool                     hole;      /* before the next own segment */
} wub_hourtext_builder_t;


typedef struct {
    wub_arena_t             *arena;
    const wub_m3u8_media_t  *m;
    wub_best_t               walk;
    wub_hourtext_joined_t    joined;
    size_t                   room;      /* of joined.pieces */
    bool                     hole;      /* between two that are listed */
    bool                     missing;   /* nothing yet, or behind the last */
} wub_hourtext_joiner_t;


static wub_rc_t wub_hourtext_index(wub_arena_t *arena,
    const wub_hour_t *hour, wub_hourtext_t **ret);
static bool wub_hourtext_fits(const wub_hour_t *hour,
    const wub_segment_t *segment);
static void wub_hourtext_put(wub_hourtext_t *t, size_t i,
    const wub_segment_t *segment, char *names, size_t offset);
static wub_rc_t wub_hourtext_own(void *data, const wub_hour_t *hour,
    const wub_segment_t *segment, int64_t from, int64_t to);
static const char *wub_hourtext_names(const wub_hourtext_t *t);
static wub_rc_t wub_hourtext_join_hour(wub_hourtext_joiner_t *j,
    const wub_hourtext_t *t, size_t hour);
static wub_rc_t wub_hourtext_begin(wub_hourtext_joiner_t *j,
    const wub_hourtext_t *t, size_t hour, size_t i,
    wub_hourtext_piece_t **ret);
static void wub_hourtext_extend(wub_hourtext_joiner_t *j,
    const wub_hourtext_t *t, size_t i, wub_hourtext_piece_t *piece);
static bool wub_hourtext_uncut(const wub_hourtext_joiner_t *j,
    const wub_hourtext_t *t, size_t i);
static void wub_hourtext_rest(wub_hourtext_joiner_t *j,
    const wub_hourtext_t *t, wub_hourtext_piece_t *piece);
static wub_rc_t wub_hourtext_gap(void *data, const wub_hour_t *hour,
    const wub_segment_t *segment, int64_t from, int64_t to);
static uint32_t wub_hourtext_end(const wub_hourtext_t *t, size_t i);


wub_rc_t
wub_hourtext_build(wub_arena_t *arena, const wub_m3u8_media_t *m,
    const wub_hour_t *hour, int64_t tolerance, wub_hourtext_t **ret,
    wub_str_t *ret_text)
{
    wub_rc_t                rc;
    wub_best_t              walk;
    wub_hourtext_builder_t  builder;

    memset(&builder, 0, sizeof(wub_hourtext_builder_t));

    rc = wub_hourtext_index(arena, hour, &builder.t);
    if (rc != WUB_OK) {
        return rc;
    }

    builder.m = m;
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

    *ret = builder.t;
    *ret_text = wub_buf_view(&builder.text);

    return WUB_OK;
}


void
wub_hourtext_segment(const wub_hourtext_t *t, size_t i, wub_segment_t *ret)
{
    const char                    *name;
    const wub_hourtext_segment_t  *s;

    s = &t->segments[i];
    name = wub_hourtext_names(t) + s->name;

    ret->start = t->start + s->start;
    ret->duration = s->duration;
    ret->name = wub_str_n(name, s->name_len);
    ret->hash = wub_str_n(name + s->hash, s->hash_len);
    ret->type = (wub_segment_type_e) s->type;
}


wub_rc_t
wub_hourtext_hour(wub_arena_t *arena, const wub_hourtext_t *t,
    wub_hour_t *ret)
{
    size_t          i;
    wub_segment_t  *segments;

    segments = wub_arena_alloc(arena, t->nsegments * sizeof(wub_segment_t));
    if (segments == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < t->nsegments; i++) {
        wub_hourtext_segment(t, i, &segments[i]);
    }

    ret->start = t->start;
    ret->segments = segments;
    ret->nsegments = t->nsegments;
    ret->ignored = t->ignored;

    return WUB_OK;
}


wub_rc_t
wub_hourtext_join(wub_arena_t *arena, const wub_hourtext_t *const *hours,
    size_t nhours, const wub_m3u8_media_t *m, int64_t start, int64_t end,
    int64_t tolerance, wub_hourtext_joined_t *ret)
{
    size_t                 i;
    wub_rc_t               rc;
    wub_hourtext_joiner_t  j;

    memset(&j, 0, sizeof(wub_hourtext_joiner_t));

    j.arena = arena;
    j.m = m;
    j.missing = true;
    j.joined.last_end = start;

    wub_best_init(&j.walk, start, end, tolerance, wub_hourtext_gap, &j);

    rc = WUB_OK;

    for (i = 0; i < nhours && !j.walk.done && rc == WUB_OK; i++) {
        rc = wub_hourtext_join_hour(&j, hours[i], i);
    }

    if (rc == WUB_OK) {
        rc = wub_best_finish(&j.walk);
    }

    /* WUB_DECLINED: a hole is held back, and all behind it */

    if (rc != WUB_OK && rc != WUB_DECLINED) {
        return rc;
    }

    j.joined.complete = (m->end <= m->now && !j.missing);

    *ret = j.joined;

    return WUB_OK;
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


/* all but what the own chain tells */
static wub_rc_t
wub_hourtext_index(wub_arena_t *arena, const wub_hour_t *hour,
    wub_hourtext_t **ret)
{
    char            *names;
    size_t           i, size, offset;
    wub_hourtext_t  *t;

    if (hour->nsegments > WUB_HOUR_ENTRIES_MAX) {
        return WUB_INVALID;
    }

    offset = 0;

    for (i = 0; i < hour->nsegments; i++) {

        if (!wub_hourtext_fits(hour, &hour->segments[i])) {
            return WUB_INVALID;
        }

        offset += hour->segments[i].name.len;
    }

    size = sizeof(wub_hourtext_t)
           + hour->nsegments * sizeof(wub_hourtext_segment_t) + offset;

    /* zeroed: it is stored, and is to hold nothing but what is written */

    t = wub_arena_calloc(arena, size);
    if (t == NULL) {
        return WUB_NO_MEMORY;
    }

    t->start = hour->start;
    t->last_end = WUB_HOURTEXT_NONE;
    t->before = WUB_HOURTEXT_NONE;
    t->youngest = WUB_HOURTEXT_NONE;
    t->size = (uint32_t) size;
    t->nsegments = (uint32_t) hour->nsegments;
    t->ignored = (uint32_t) hour->ignored;

    names = (char *) &t->segments[hour->nsegments];
    offset = 0;

    for (i = 0; i < hour->nsegments; i++) {
        wub_hourtext_put(t, i, &hour->segments[i], names, offset);
        offset += hour->segments[i].name.len;
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
wub_hourtext_put(wub_hourtext_t *t, size_t i, const wub_segment_t *segment,
    char *names, size_t offset)
{
    wub_hourtext_segment_t  *s;

    s = &t->segments[i];

    s->start = (uint32_t) (segment->start - t->start);
    s->duration = (uint32_t) segment->duration;
    s->name = (uint32_t) offset;
    s->name_len = (uint8_t) segment->name.len;
    s->type = segment->type & 3u;

    if (segment->hash.len != 0) {
        s->hash = (uint8_t) (segment->hash.data - segment->name.data);
        s->hash_len = (uint8_t) segment->hash.len;
    }

    if (segment->name.len != 0) {
        memcpy(names + offset, segment->name.data, segment->name.len);
    }
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

    wub_m3u8_segment(&builder->text, builder->m, t->start, segment);

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
 * Until the walk meets the own chain each choice is a piece; from there on
 * only own ones are looked at, and they make the last piece longer.
 */
static wub_rc_t
wub_hourtext_join_hour(wub_hourtext_joiner_t *j, const wub_hourtext_t *t,
    size_t hour)
{
    size_t                 i, n;
    wub_rc_t               rc;
    wub_segment_t          segment;
    wub_hourtext_piece_t  *piece;

    piece = NULL;

    for (i = 0; i < t->nsegments && !j->walk.done; i++) {

        if (piece != NULL && !t->segments[i].own) {
            continue;
        }

        n = j->walk.nsegments;
        wub_hourtext_segment(t, i, &segment);

        rc = wub_best_segment(&j->walk, NULL, &segment);
        if (rc != WUB_OK) {
            return rc;
        }

        if (j->walk.nsegments == n) {
            continue;
        }

        if (piece != NULL) {
            wub_hourtext_extend(j, t, i, piece);
            continue;
        }

        rc = wub_hourtext_begin(j, t, hour, i, &piece);
        if (rc != WUB_OK) {
            return rc;
        }

        if (piece != NULL && wub_hourtext_uncut(j, t, i)) {
            wub_hourtext_rest(j, t, piece);
            return WUB_OK;
        }
    }

    return WUB_OK;
}


/* a piece of one segment; ret: NULL unless it is of the own chain */
static wub_rc_t
wub_hourtext_begin(wub_hourtext_joiner_t *j, const wub_hourtext_t *t,
    size_t hour, size_t i, wub_hourtext_piece_t **ret)
{
    size_t                         room;
    wub_hourtext_piece_t          *piece;
    const wub_hourtext_segment_t  *s;

    if (j->joined.npieces == j->room) {
        room = (j->room == 0) ? 64 : j->room * 2;

        piece = wub_arena_grow(j->arena, j->joined.pieces,
                               j->room * sizeof(wub_hourtext_piece_t),
                               room * sizeof(wub_hourtext_piece_t));
        if (piece == NULL) {
            return WUB_NO_MEMORY;
        }

        j->joined.pieces = piece;
        j->room = room;
    }

    s = &t->segments[i];
    piece = &j->joined.pieces[j->joined.npieces++];

    memset(piece, 0, sizeof(wub_hourtext_piece_t));

    piece->hour = (uint32_t) hour;
    piece->first = (uint32_t) i;
    piece->hole = j->hole;
    piece->from = s->own ? s->text : 0;

    wub_hourtext_extend(j, t, i, piece);

    *ret = s->own ? piece : NULL;

    return WUB_OK;
}


/* lists the segment at i, which the walk chose, as the last of its piece */
static void
wub_hourtext_extend(wub_hourtext_joiner_t *j, const wub_hourtext_t *t,
    size_t i, wub_hourtext_piece_t *piece)
{
    const wub_hourtext_segment_t  *s;

    s = &t->segments[i];

    piece->last = (uint32_t) i;
    piece->to = s->own ? wub_hourtext_end(t, i) : 0;

    j->joined.nsegments++;
    j->joined.nholes += j->hole;
    j->joined.last_end = j->walk.chain_end;

    if (s->duration > j->joined.longest) {
        j->joined.longest = s->duration;
    }

    j->hole = false;
    j->missing = false;
}


/*
 * Whether all own ones from the one at i on are listed, where none
 * but the last may reach the end of the range and none may hold a hole back,
 * and the totals of t tell the rest that must be known of them.
 */
static bool
wub_hourtext_uncut(const wub_hourtext_joiner_t *j, const wub_hourtext_t *t,
    size_t i)
{
    return t->before < j->walk.end
           && t->longest_at >= i
           && (t->nholes == 0
               || !wub_m3u8_held(t->youngest, j->m->now, j->m->live_hold));
}


/* lists all own ones behind the first of the piece, which is listed */
static void
wub_hourtext_rest(wub_hourtext_joiner_t *j, const wub_hourtext_t *t,
    wub_hourtext_piece_t *piece)
{
    size_t  i, nown, nholes;

    nown = t->nown;
    nholes = t->nholes;

    for (i = 0; i <= piece->first; i++) {
        nown -= t->segments[i].own;
        nholes -= t->segments[i].hole;
    }

    piece->last = t->last;
    piece->to = t->text_len;

    wub_best_follow(&j->walk, nown, t->last_end,
                    (wub_segment_type_e) t->last_type);

    j->joined.nsegments += nown;
    j->joined.nholes += nholes;
    j->joined.last_end = t->last_end;

    if (t->longest > j->joined.longest) {
        j->joined.longest = t->longest;
    }
}


/* the sink of the walk over the range; what it chooses its caller sees */
static wub_rc_t
wub_hourtext_gap(void *data, const wub_hour_t *hour,
    const wub_segment_t *segment, int64_t from, int64_t to)
{
    wub_hourtext_joiner_t *j = data;

    (void) hour;
    (void) from;

    if (segment != NULL) {
        return WUB_OK;
    }

    j->missing = true;

    if (wub_m3u8_held(to, j->m->now, j->m->live_hold)) {
        return WUB_DECLINED;
    }

    /* before the first that is listed there is no line to say it */
    j->hole = (j->joined.nsegments != 0);

    return WUB_OK;
}


/* where the lines of the own segment at i end */
static uint32_t
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
