
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_range: time ranges and transitions, as clients, command lines and
 * Postgres write them (SCHEMA.md: video_range[], video_transition[]).
 * May call: wub_scan, wub_time, wub_pg.
 * Frees: nothing; results live in the caller's arena.
 */


#ifndef WUB_RANGE_H_INCLUDED_
#define WUB_RANGE_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_buf.h"


typedef struct {
    int64_t  start;             /* microseconds, inclusive; INT64_MIN: null,
                                   a draft that is written, never read */
    int64_t  end;               /* exclusive; INT64_MAX: null, a draft */
} wub_range_t;

typedef struct {
    wub_str_t  type;            /* empty: a hard cut */
    int64_t    duration;        /* of the overlap, microseconds; 0: none */
} wub_transition_t;

typedef struct {
    wub_range_t       *ranges;
    size_t             nranges;
    wub_transition_t  *transitions;     /* nranges - 1 of them, or NULL */
    size_t             ntransitions;
} wub_ranges_t;


/*
 * "START,END" of a query or command line, both as wub_time_parse() reads
 * them.  Whether the end is after the start is the caller's to say.
 */
wub_rc_t wub_range_parse(wub_str_t s, wub_range_t *ret) WUB_MUST_CHECK;

/*
 * "TYPE,SECONDS": 1 to 32 of a-z, and a plain decimal above 0, WUB_TOO_BIG
 * above an hour; empty is a hard cut.  Whether there is such a type is the
 * caller's to say.
 */
wub_rc_t wub_transition_parse(wub_str_t s, wub_transition_t *ret)
    WUB_MUST_CHECK;

/*
 * Postgres' text of video_range[] and video_transition[], there and back.
 * Each sets its own pair of fields in ret and leaves the other pair.
 */
wub_rc_t wub_range_pg_parse(wub_arena_t *arena, wub_str_t s,
    wub_ranges_t *ret) WUB_MUST_CHECK;
wub_rc_t wub_transition_pg_parse(wub_arena_t *arena, wub_str_t s,
    wub_ranges_t *ret) WUB_MUST_CHECK;
void wub_range_pg_put(wub_buf_t *b, const wub_ranges_t *r);
void wub_transition_pg_put(wub_buf_t *b, const wub_ranges_t *r);

/* sum of the ranges less the overlaps, microseconds; all ends are set */
int64_t wub_ranges_length(const wub_ranges_t *r);


#endif /* WUB_RANGE_H_INCLUDED_ */
