
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_best.h"
#include "common/wub_time.h"


/* the last hour that a directory's name can say, 9999-12-31T23 */
#define WUB_BEST_HOUR_MAX        (INT64_C(70389527) * WUB_HOUR)


typedef struct {
    wub_arena_t  *arena;
    wub_chain_t   chain;
    size_t        room;         /* of chain.parts */
} wub_best_collect_t;


static wub_rc_t wub_best_first(wub_best_t *w, const wub_hour_t *hour,
    const wub_segment_t *segment);
static wub_rc_t wub_best_next(wub_best_t *w, const wub_hour_t *hour,
    const wub_segment_t *segment);
static wub_rc_t wub_best_take(wub_best_t *w, const wub_hour_t *hour,
    const wub_segment_t *segment);
static wub_rc_t wub_best_hole(wub_best_t *w, const wub_hour_t *hour,
    int64_t from, int64_t to);
static wub_rc_t wub_best_collect_part(void *data, const wub_hour_t *hour,
    const wub_segment_t *segment, int64_t from, int64_t to);


void
wub_best_hours(int64_t start, int64_t end, int64_t *ret_first,
    int64_t *ret_last)
{
    int64_t  first, last;

    first = wub_hour_floor(start);
    first = (first < WUB_HOUR) ? 0 : first - WUB_HOUR;
    last = wub_hour_floor(end);

    *ret_first = first;
    *ret_last = (last > WUB_BEST_HOUR_MAX) ? WUB_BEST_HOUR_MAX : last;
}


void
wub_best_init(wub_best_t *w, int64_t start, int64_t end, int64_t tolerance,
    wub_best_sink_pt sink, void *data)
{
    memset(w, 0, sizeof(wub_best_t));

    w->start = start;
    w->end = end;
    w->tolerance = tolerance;
    w->sink = sink;
    w->data = data;
    w->chain_end = start;
}


wub_rc_t
wub_best_hour(wub_best_t *w, const wub_hour_t *hour)
{
    size_t    i;
    wub_rc_t  rc;

    for (i = 0; i < hour->nsegments && !w->done; i++) {
        rc = wub_best_segment(w, hour, &hour->segments[i]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return WUB_OK;
}


wub_rc_t
wub_best_segment(wub_best_t *w, const wub_hour_t *hour,
    const wub_segment_t *segment)
{
    return (w->nsegments == 0) ? wub_best_first(w, hour, segment)
                               : wub_best_next(w, hour, segment);
}


void
wub_best_follow(wub_best_t *w, size_t nsegments, int64_t end,
    wub_segment_type_e type)
{
    w->nsegments += nsegments;
    w->chain_end = end;
    w->last_type = type;

    /* rule 5 */
    w->done = (end >= w->end);
}


wub_rc_t
wub_best_finish(wub_best_t *w)
{
    if (w->nsegments != 0 && w->last_type == WUB_SEGMENT_FULL
        && w->chain_end >= w->end)
    {
        return WUB_OK;
    }

    return wub_best_hole(w, NULL, w->chain_end, w->end);
}


wub_rc_t
wub_best_collect(wub_arena_t *arena, const wub_hour_t *hours, size_t nhours,
    int64_t start, int64_t end, int64_t tolerance, wub_chain_t *ret)
{
    size_t              i;
    wub_rc_t            rc;
    wub_best_t          w;
    wub_best_collect_t  collect;

    memset(&collect, 0, sizeof(wub_best_collect_t));
    collect.arena = arena;

    wub_best_init(&w, start, end, tolerance, wub_best_collect_part, &collect);

    for (i = 0; i < nhours; i++) {
        rc = wub_best_hour(&w, &hours[i]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    rc = wub_best_finish(&w);
    if (rc != WUB_OK) {
        return rc;
    }

    collect.chain.nsegments = w.nsegments;
    collect.chain.nholes = w.nholes;

    *ret = collect.chain;

    return WUB_OK;
}


/* rule 3 */
static wub_rc_t
wub_best_first(wub_best_t *w, const wub_hour_t *hour,
    const wub_segment_t *segment)
{
    wub_rc_t  rc;

    if (segment->start <= w->start) {

        if (wub_segment_end(segment) <= w->start) {
            return WUB_OK;
        }

        return wub_best_take(w, hour, segment);
    }

    if (segment->start >= w->end) {
        return WUB_OK;
    }

    rc = wub_best_hole(w, hour, w->start, segment->start);
    if (rc != WUB_OK) {
        return rc;
    }

    return wub_best_take(w, hour, segment);
}


/*
 * Rules 4 and 6.  A segment that starts after the end of the range is
 * taken too, when the one before it does not reach that end.
 */
static wub_rc_t
wub_best_next(wub_best_t *w, const wub_hour_t *hour,
    const wub_segment_t *segment)
{
    int64_t   gap;
    wub_rc_t  rc;

    gap = segment->start - w->chain_end;

    if (gap < -w->tolerance) {
        return WUB_OK;
    }

    if (gap > w->tolerance || w->last_type != WUB_SEGMENT_FULL) {
        rc = wub_best_hole(w, hour, w->chain_end, segment->start);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return wub_best_take(w, hour, segment);
}


static wub_rc_t
wub_best_take(wub_best_t *w, const wub_hour_t *hour,
    const wub_segment_t *segment)
{
    wub_best_follow(w, 1, wub_segment_end(segment), segment->type);

    return w->sink(w->data, hour, segment, segment->start, w->chain_end);
}


/* a hole behind a segment that is not full may have no length at all */
static wub_rc_t
wub_best_hole(wub_best_t *w, const wub_hour_t *hour, int64_t from, int64_t to)
{
    w->nholes++;

    return w->sink(w->data, hour, NULL, from, (to < from) ? from : to);
}


static wub_rc_t
wub_best_collect_part(void *data, const wub_hour_t *hour,
    const wub_segment_t *segment, int64_t from, int64_t to)
{
    wub_best_collect_t *collect = data;

    size_t            room;
    wub_best_part_t  *part;

    if (collect->chain.nparts == collect->room) {
        room = (collect->room == 0) ? 64 : collect->room * 2;

        part = wub_arena_grow(collect->arena, collect->chain.parts,
                              collect->room * sizeof(wub_best_part_t),
                              room * sizeof(wub_best_part_t));
        if (part == NULL) {
            return WUB_NO_MEMORY;
        }

        collect->chain.parts = part;
        collect->room = room;
    }

    part = &collect->chain.parts[collect->chain.nparts++];

    part->hour = hour;
    part->segment = segment;
    part->from = from;
    part->to = to;

    return WUB_OK;
}
