
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_cutplan.h"
#include "common/wub_time.h"


/* what wub_time_from_ticks() takes */
#define WUB_CUTPLAN_TICKS_MAX    (INT64_C(1) << 40)

/*
 * GOPs do not overlap in display, so those with a frame in range are
 * neighbours and only the first and the last of them can be partial.
 */
#define WUB_CUTPLAN_SPANS_MAX    3


static bool wub_cutplan_valid(const wub_cutplan_segment_t *segment);
static size_t wub_cutplan_gop(const wub_cutplan_segment_t *segment,
    size_t first, int64_t *ret_last_pts);
static void wub_cutplan_add(wub_cutplan_t *plan, const wub_span_t *span);


int64_t
wub_cutplan_time(const wub_cutplan_segment_t *segment,
    const wub_cutplan_frame_t *frame)
{
    return segment->start + wub_time_from_ticks(frame->pts
                                                - segment->frames[0].pts,
                                                segment->num, segment->den);
}


wub_rc_t
wub_cutplan_build(wub_arena_t *arena, const wub_cutplan_segment_t *segment,
    int64_t start, int64_t end, wub_cutplan_t *ret)
{
    size_t         i, k, next;
    int64_t        t, last;
    wub_span_t     span;
    wub_cutplan_t  plan;

    if (!wub_cutplan_valid(segment)) {
        return WUB_INVALID;
    }

    plan.nspans = 0;
    plan.nkept = 0;
    plan.spans = wub_arena_alloc(arena,
                                 WUB_CUTPLAN_SPANS_MAX * sizeof(wub_span_t));
    if (plan.spans == NULL) {
        return WUB_NO_MEMORY;
    }

    span.from = start;
    span.to = end;

    for (i = 0; i < segment->nframes; i = next) {
        next = wub_cutplan_gop(segment, i, &last);

        span.first = i;
        span.last = next - 1;
        span.nkept = 0;

        for (k = i; k < next; k++) {
            t = wub_cutplan_time(segment, &segment->frames[k]);
            span.nkept += (start <= t && t < end);
        }

        if (span.nkept != 0) {
            wub_cutplan_add(&plan, &span);
        }
    }

    *ret = plan;

    return WUB_OK;
}


/*
 * Key frame first, every GOP shown as a whole after the one before it and
 * from its key frame on, and no difference that the arithmetic of times
 * cannot hold.
 */
static bool
wub_cutplan_valid(const wub_cutplan_segment_t *segment)
{
    bool     overflow;
    size_t   i, j, next;
    int64_t  before, last, distance;

    if (segment->nframes == 0) {
        return true;
    }

    if (segment->frames[0].key != WUB_KEY_CLOSED || segment->num <= 0
        || segment->den < segment->num)
    {
        return false;
    }

    before = INT64_MIN;

    for (i = 0; i < segment->nframes; i = next) {
        next = wub_cutplan_gop(segment, i, &last);

        if (i != 0 && segment->frames[i].pts <= before) {
            return false;
        }

        for (j = i; j < next; j++) {
            overflow = __builtin_sub_overflow(segment->frames[j].pts,
                                              segment->frames[0].pts,
                                              &distance);

            if (segment->frames[j].pts < segment->frames[i].pts || overflow
                || distance >= WUB_CUTPLAN_TICKS_MAX)
            {
                return false;
            }
        }

        before = last;
    }

    return true;
}


/* the index behind the GOP that begins at first, and its greatest pts */
static size_t
wub_cutplan_gop(const wub_cutplan_segment_t *segment, size_t first,
    int64_t *ret_last_pts)
{
    size_t   i;
    int64_t  last;

    last = segment->frames[first].pts;

    for (i = first + 1; i < segment->nframes; i++) {

        if (segment->frames[i].key == WUB_KEY_CLOSED) {
            break;
        }

        if (segment->frames[i].pts > last) {
            last = segment->frames[i].pts;
        }
    }

    *ret_last_pts = last;

    return i;
}


static void
wub_cutplan_add(wub_cutplan_t *plan, const wub_span_t *span)
{
    wub_span_t       *last;
    wub_span_kind_e   kind;

    kind = (span->nkept == span->last - span->first + 1) ? WUB_SPAN_COPY
                                                         : WUB_SPAN_ENCODE;
    plan->nkept += span->nkept;

    if (plan->nspans != 0) {
        last = &plan->spans[plan->nspans - 1];

        if (last->kind == kind && last->last + 1 == span->first) {
            last->last = span->last;
            last->nkept += span->nkept;
            return;
        }
    }

    plan->spans[plan->nspans] = *span;
    plan->spans[plan->nspans].kind = kind;
    plan->nspans++;
}
