
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_hour: the index of one hour directory from the list of its names:
 * tombstones applied, temp out, the best copy per start (CONTRACT.md 2
 * rule 2 and the addition of section 0); and the hour's listing.
 * May call: wub_segment, wub_arena, wub_buf, and the caller's size reader.
 * Frees: nothing; names and index live in the caller's arena.
 */


#ifndef WUB_HOUR_H_INCLUDED_
#define WUB_HOUR_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_buf.h"
#include "common/wub_segment.h"


/* names of one directory in any order, all of them, hidden ones too */
typedef struct {
    wub_str_t  *names;
    size_t      nnames;
} wub_names_t;


/*
 * The size in bytes of a file of this hour, asked for only where two
 * copies of one start are otherwise equal.  A file that is gone or cannot
 * be read counts as 0 bytes.
 */
typedef uint64_t (*wub_size_pt)(void *data, wub_str_t name);


typedef struct {
    int64_t         start;      /* of the hour, microseconds */
    wub_segment_t  *segments;   /* best per start, by start */
    size_t          nsegments;
    size_t          ignored;    /* .ts names that are not segments */
} wub_hour_t;


/* sorts names bytewise, in place */
void wub_names_sort(wub_names_t *names);

/*
 * Builds the index.  names is sorted in place; tolerance in microseconds.
 * size may be NULL: all sizes equal.
 */
wub_rc_t wub_hour_build(wub_arena_t *arena, wub_names_t *names,
    int64_t hour_us, int64_t tolerance, wub_size_pt size, void *size_data,
    wub_hour_t *ret) WUB_MUST_CHECK;

/*
 * The visible names of /files/C/Q/H, sorted: every .ts and .json that is
 * neither tombstoned nor temp nor hidden, whether or not it parses; with
 * tombstones also each visible STEM.tombstone.  names is sorted in place;
 * ret points into it and into arena.
 */
wub_rc_t wub_hour_list(wub_arena_t *arena, wub_names_t *names,
    bool tombstones, wub_names_t *ret) WUB_MUST_CHECK;

/* names that do not begin with '.', sorted: /files, /files/C, /files/C/Q */
wub_rc_t wub_names_visible(wub_arena_t *arena, wub_names_t *names,
    wub_names_t *ret) WUB_MUST_CHECK;

/* true when names (sorted) hold the tombstone of this file's stem */
bool wub_names_tombstoned(const wub_names_t *sorted, wub_str_t name);

/* a JSON array of strings */
void wub_names_json(wub_buf_t *b, const wub_names_t *names);


#endif /* WUB_HOUR_H_INCLUDED_ */
