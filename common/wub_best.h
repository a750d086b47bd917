
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_best: the chain of segments and holes that covers a range
 * (CONTRACT.md 2, rules 1 and 3 to 7), as a walk that is fed one hour
 * after the other and can be stopped between any two of them.
 * May call: nothing but the caller's sink.
 * Frees: nothing; segments belong to the hours they came from.
 */


#ifndef WUB_BEST_H_INCLUDED_
#define WUB_BEST_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_hour.h"
#include "common/wub_segment.h"


#define WUB_BEST_TOLERANCE       INT64_C(10000)


/*
 * Takes the next part of the chain: a segment of the hour given, or a hole
 * (segment NULL) that reaches from..to in microseconds.  WUB_OK goes on,
 * anything else ends the walk and is what the step returns.
 */
typedef struct wub_best_s  wub_best_t;

typedef wub_rc_t (*wub_best_sink_pt)(void *data, const wub_hour_t *hour,
    const wub_segment_t *segment, int64_t from, int64_t to);


struct wub_best_s {
    int64_t             start;
    int64_t             end;
    int64_t             tolerance;
    wub_best_sink_pt    sink;
    void               *data;

    int64_t             chain_end;  /* end of the last chosen segment */
    size_t              nsegments;
    size_t              nholes;
    wub_segment_type_e  last_type;
    bool                done;       /* end is reached; more hours are void */
};


/* the hours a range needs, first to last inclusive (rule 1) */
void wub_best_hours(int64_t start, int64_t end, int64_t *ret_first,
    int64_t *ret_last);

void wub_best_init(wub_best_t *w, int64_t start, int64_t end,
    int64_t tolerance, wub_best_sink_pt sink, void *data);

/* feeds one hour; hours come in order, those without a directory left out */
wub_rc_t wub_best_hour(wub_best_t *w, const wub_hour_t *hour) WUB_MUST_CHECK;

/* feeds one segment; hour is only handed to the sink */
wub_rc_t wub_best_segment(wub_best_t *w, const wub_hour_t *hour,
    const wub_segment_t *segment) WUB_MUST_CHECK;

/*
 * The walk as it stands after nsegments more that somebody knows it chooses,
 * the last of them of this end and type; nothing is handed to the sink.
 */
void wub_best_follow(wub_best_t *w, size_t nsegments, int64_t end,
    wub_segment_type_e type);

/* after the last hour: the trailing hole, if any (rule 5) */
wub_rc_t wub_best_finish(wub_best_t *w) WUB_MUST_CHECK;


/* one part of a collected chain */
typedef struct {
    const wub_hour_t     *hour;
    const wub_segment_t  *segment;  /* NULL: a hole */
    int64_t               from;
    int64_t               to;
} wub_best_part_t;

typedef struct {
    wub_best_part_t  *parts;
    size_t            nparts;
    size_t            nsegments;
    size_t            nholes;
} wub_chain_t;

/* the whole walk at once over hours in order, into an arena */
wub_rc_t wub_best_collect(wub_arena_t *arena, const wub_hour_t *hours,
    size_t nhours, int64_t start, int64_t end, int64_t tolerance,
    wub_chain_t *ret) WUB_MUST_CHECK;


#endif /* WUB_BEST_H_INCLUDED_ */
