
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_hourtext.h"


typedef struct {
    wub_arena_t             *arena;
    const wub_m3u8_media_t  *m;
    wub_best_t               walk;
    wub_hourtext_joined_t    joined;
    size_t                   room;      /* of joined.pieces */
    bool                     hole;      /* between two that are listed */
    bool                     missing;   /* nothing yet, or behind the last */
} wub_hourtext_joiner_t;


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
