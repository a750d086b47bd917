
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_hourtext: one hour of footage as what a cache keeps of it: an index
 * in one block of memory, and the playlist text of the hour; and the joining
 * of hours into the playlist of a range.
 *
 * The own chain of an hour is the walk of wub_best that begins with the
 * hour's first best segment and knows of nothing before it; its lines are
 * the hour's text.  After a choice a walk knows no more than the end and
 * the type of what it chose.  So a walk that comes from the hour before and
 * once chooses a segment of the own chain follows that chain from there on,
 * and the rest of its lines are a piece of the hour's text.
 *
 * May call: wub_best, wub_m3u8, wub_arena, wub_buf.
 * Frees: nothing; what is built lives in the caller's arena.
 */


#ifndef WUB_HOURTEXT_H_INCLUDED_
#define WUB_HOURTEXT_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_best.h"
#include "common/wub_hour.h"
#include "common/wub_m3u8.h"


/* one best segment of the hour, of the own chain or not */
typedef struct {
    uint32_t  start;        /* microseconds after the hour's */
    uint32_t  duration;     /* microseconds */
    uint32_t  name;         /* offset among the names, if it is there */
    uint32_t  text;         /* own: offset of its lines, behind a hole's */
    uint8_t   name_len;
    uint8_t   hash;         /* offset in the name */
    uint8_t   hash_len;
    uint8_t   type : 2;     /* wub_segment_type_e */
    uint8_t   own : 1;      /* is of the own chain */
    uint8_t   hole : 1;     /* own: WUB_M3U8_HOLE stands before its lines */
} wub_hourtext_segment_t;


/*
 * The index: this, the segments, their names, without a pointer, so that
 * size bytes of it may lie at any address that is aligned for int64_t.
 * Totals are of the own chain; moments are microseconds since the epoch.
 *
 * The text holds the names of the own chain, percent-encoded, at the ends
 * of their lines.  Who keeps it needs them no second time: an index that is
 * not named has only those of the other segments.
 */
typedef struct {
    int64_t                 start;      /* of the hour */
    int64_t                 longest;    /* duration */
    int64_t                 last_end;   /* end of the last */
    int64_t                 before;     /* greatest end of all but the last */
    int64_t                 youngest;   /* greatest end of a hole */
    uint32_t                size;       /* bytes of all of it */
    uint32_t                text_len;   /* bytes of the hour's text */
    uint32_t                nsegments;  /* best ones, in order of starts */
    uint32_t                nown;
    uint32_t                nholes;     /* between own ones */
    uint32_t                last;       /* index of the last own one */
    uint32_t                longest_at; /* of the last that is as long */
    uint32_t                ignored;    /* as in wub_hour_t */
    uint32_t                last_type;  /* wub_segment_type_e */
    uint32_t                named;      /* 1: own segments' names, too */
    wub_hourtext_segment_t  segments[];
} wub_hourtext_t;


/*
 * Builds both from an hour as wub_hour_build() makes it.  Of m, what is
 * seen in the text counts: segments_uri, channel, quality.  named: the
 * index is to do without the text.  WUB_INVALID: not such an hour;
 * WUB_TOO_BIG: a text of 4 GB and more.
 */
wub_rc_t wub_hourtext_build(wub_arena_t *arena, const wub_m3u8_media_t *m,
    const wub_hour_t *hour, int64_t tolerance, bool named,
    wub_hourtext_t **ret, wub_str_t *ret_text) WUB_MUST_CHECK;

/*
 * Whether bytes that were stored may be read as an index of a text of
 * text_len bytes: all that it counts and points at lies within them.  They
 * are aligned for int64_t.
 */
bool wub_hourtext_sound(wub_str_t bytes, uint32_t text_len);

/* the segment at i; name and hash within t, or empty where it has none */
void wub_hourtext_segment(const wub_hourtext_t *t, size_t i,
    wub_segment_t *ret);

/* where the lines of the own segment at i end in the text */
uint32_t wub_hourtext_end(const wub_hourtext_t *t, size_t i);

/*
 * The hour that t was built from, names and hashes in the arena.  text: the
 * hour's, not looked at where t is named.  WUB_INVALID: another text.
 */
wub_rc_t wub_hourtext_hour(wub_arena_t *arena, const wub_hourtext_t *t,
    wub_str_t text, wub_hour_t *ret) WUB_MUST_CHECK;


/*
 * A piece of a range's lines: of one hour, the segment at first and, where
 * it is of the own chain, all own ones up to the one at last.  Its lines
 * are the bytes from..to of the hour's text, and to is 0 where they are not
 * there and must be rendered.
 */
typedef struct {
    uint32_t  hour;         /* index among the hours that were joined */
    uint32_t  first;
    uint32_t  last;
    uint32_t  from;
    uint32_t  to;
    bool      hole;         /* WUB_M3U8_HOLE is to stand before it */
} wub_hourtext_piece_t;

#define wub_hourtext_whole(t, piece)                                          \
    ((piece)->to != 0 && (piece)->from == 0 && (piece)->to == (t)->text_len)

typedef struct {
    wub_hourtext_piece_t  *pieces;
    size_t                 npieces;
    size_t                 nsegments;   /* listed */
    size_t                 nholes;      /* between two that are listed */
    int64_t                longest;     /* duration of a listed one */
    int64_t                last_end;    /* of the last listed, or the start */
    bool                   complete;    /* as wub_m3u8_media has it */
} wub_hourtext_joined_t;


/*
 * The lines of a range: with wub_m3u8_head() before and wub_m3u8_tail()
 * behind them, byte for byte what wub_m3u8_media() makes of the chain that
 * wub_best_collect() finds in the same hours.  Hours come in order, those
 * without a directory left out.  Of m, the moments count: end, now,
 * live_hold.  An hour costs a few steps for each of its segments up to the
 * one where the walk meets the own chain, mostly the first; all are walked
 * where the range ends, where a hole is held, and where the longest segment
 * was passed by before they met.
 */
wub_rc_t wub_hourtext_join(wub_arena_t *arena,
    const wub_hourtext_t *const *hours, size_t nhours,
    const wub_m3u8_media_t *m, int64_t start, int64_t end, int64_t tolerance,
    wub_hourtext_joined_t *ret) WUB_MUST_CHECK;

/*
 * Appends the lines of a piece of t, its hole's too, without the text: any
 * where t is named, else one whose lines are not there.
 */
void wub_hourtext_render(wub_buf_t *b, const wub_m3u8_media_t *m,
    const wub_hourtext_t *t, const wub_hourtext_piece_t *piece);


#endif /* WUB_HOURTEXT_H_INCLUDED_ */
