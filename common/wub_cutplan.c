
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdlib.h>

#include "common/wub_cutplan.h"
#include "common/wub_time.h"


/* what wub_time_from_ticks() takes */
#define WUB_CUTPLAN_TICKS_MAX    (INT64_C(1) << 40)


typedef struct {
    int64_t  pts;
    size_t   frame;
    bool     damaged;
} wub_cutplan_shown_t;

/*
 * A unit is a GOP; of several whose frames mix in display, which only
 * frames before an open key frame do, all together.
 */
typedef struct {
    const wub_cutplan_segment_t  *segment;
    int64_t                       start;
    int64_t                       end;
    int64_t                      *low;      /* least pts from there on */
    wub_cutplan_shown_t          *shown;    /* room for a unit */
    size_t                        nshown;
    wub_cutplan_kept_t           *kept;     /* room for all frames */
    size_t                        key;      /* the last one before the unit */
    size_t                        joined;   /* where the last span ends */
    wub_cutplan_state_t           state;
    wub_cutplan_t                 plan;
} wub_cutplan_work_t;


static bool wub_cutplan_valid(const wub_cutplan_segment_t *segment);
static wub_rc_t wub_cutplan_room(wub_arena_t *arena, wub_cutplan_work_t *w);
static size_t wub_cutplan_next(const wub_cutplan_work_t *w, size_t first);
static void wub_cutplan_unit(wub_cutplan_work_t *w, size_t first,
    size_t next);
static bool wub_cutplan_show(wub_cutplan_work_t *w, size_t first,
    size_t next);
static bool wub_cutplan_usable(const wub_cutplan_segment_t *segment,
    const wub_cutplan_frame_t *frame);
static void wub_cutplan_sort(wub_cutplan_work_t *w);
static int wub_cutplan_compare(const void *a, const void *b);
static void wub_cutplan_add(wub_cutplan_work_t *w, wub_span_kind_e kind,
    size_t first, size_t next);
static wub_span_t *wub_cutplan_span(wub_cutplan_work_t *w,
    wub_span_kind_e kind, size_t first);


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
    int64_t start, int64_t end, wub_cutplan_state_t *state,
    wub_cutplan_t *ret)
{
    size_t              i, next;
    wub_rc_t            rc;
    wub_cutplan_work_t  w;

    if (!wub_cutplan_valid(segment)) {
        return WUB_INVALID;
    }

    memset(&w, 0, sizeof(wub_cutplan_work_t));

    w.segment = segment;
    w.start = start;
    w.end = end;
    w.state = *state;

    rc = wub_cutplan_room(arena, &w);
    if (rc != WUB_OK) {
        return rc;
    }

    for (i = 0; i < segment->nframes; i = next) {
        next = wub_cutplan_next(&w, i);
        wub_cutplan_unit(&w, i, next);
    }

    *state = w.state;
    *ret = w.plan;

    return WUB_OK;
}


/*
 * A key frame first, every key frame shown behind all that lies before it,
 * and no difference that the arithmetic of times cannot hold.
 */
static bool
wub_cutplan_valid(const wub_cutplan_segment_t *segment)
{
    bool                        overflow;
    size_t                      i;
    int64_t                     last, distance;
    const wub_cutplan_frame_t  *frame;

    if (segment->nframes == 0) {
        return true;
    }

    if (segment->frames[0].key == WUB_KEY_NONE || segment->num <= 0
        || segment->den < segment->num)
    {
        return false;
    }

    last = segment->frames[0].pts;

    for (i = 0; i < segment->nframes; i++) {
        frame = &segment->frames[i];

        if (i != 0 && frame->key != WUB_KEY_NONE && frame->pts <= last) {
            return false;
        }

        overflow = __builtin_sub_overflow(frame->pts, segment->frames[0].pts,
                                          &distance);

        if (overflow || distance >= WUB_CUTPLAN_TICKS_MAX
            || distance <= -WUB_CUTPLAN_TICKS_MAX)
        {
            return false;
        }

        last = (frame->pts > last) ? frame->pts : last;
    }

    return true;
}


static wub_rc_t
wub_cutplan_room(wub_arena_t *arena, wub_cutplan_work_t *w)
{
    size_t   i, n, nkeys;
    int64_t  low;

    n = w->segment->nframes;
    nkeys = 0;

    w->low = wub_arena_alloc(arena, (n + 1) * sizeof(int64_t));
    w->kept = wub_arena_alloc(arena, (n + 1) * sizeof(wub_cutplan_kept_t));
    w->shown = wub_arena_alloc(arena, (n + 1) * sizeof(wub_cutplan_shown_t));

    if (w->low == NULL || w->kept == NULL || w->shown == NULL) {
        return WUB_NO_MEMORY;
    }

    low = INT64_MAX;

    for (i = n; i > 0; i--) {
        low = (w->segment->frames[i - 1].pts < low)
              ? w->segment->frames[i - 1].pts : low;
        w->low[i - 1] = low;
        nkeys += (w->segment->frames[i - 1].key != WUB_KEY_NONE);
    }

    w->plan.spans = wub_arena_alloc(arena, (nkeys + 1) * sizeof(wub_span_t));

    return (w->plan.spans == NULL) ? WUB_NO_MEMORY : WUB_OK;
}


/* the index behind the unit that begins at first */
static size_t
wub_cutplan_next(const wub_cutplan_work_t *w, size_t first)
{
    size_t                      i;
    int64_t                     last;
    const wub_cutplan_frame_t  *frames;

    frames = w->segment->frames;
    last = frames[first].pts;

    for (i = first + 1; i < w->segment->nframes; i++) {

        if (frames[i].key != WUB_KEY_NONE && w->low[i] > last) {
            break;
        }

        last = (frames[i].pts > last) ? frames[i].pts : last;
    }

    return i;
}


static void
wub_cutplan_unit(wub_cutplan_work_t *w, size_t first, size_t next)
{
    bool             whole;
    size_t           i;
    wub_span_kind_e  kind;

    whole = wub_cutplan_show(w, first, next);

    if (w->segment->frames[first].key == WUB_KEY_OPEN && !w->state.copied) {
        whole = false;
    }

    kind = whole ? WUB_SPAN_COPY : WUB_SPAN_ENCODE;

    if (w->nshown != 0) {
        wub_cutplan_add(w, kind, first, next);
    }

    w->state.before = true;
    w->state.copied = whole;

    for (i = first; i < next; i++) {
        if (w->segment->frames[i].key != WUB_KEY_NONE) {
            w->key = i;
        }
    }
}


/*
 * The frames of a unit that are in range, in the order they are shown;
 * false when they are not all of it, or not fit to be copied.
 */
static bool
wub_cutplan_show(wub_cutplan_work_t *w, size_t first, size_t next)
{
    bool                        whole, before, damaged;
    size_t                      i, key;
    int64_t                     t;
    wub_cutplan_shown_t        *shown;
    const wub_cutplan_frame_t  *frame, *frames;

    frames = w->segment->frames;
    damaged = w->state.damaged;
    before = false;
    whole = true;
    key = first;
    w->nshown = 0;

    for (i = first; i < next; i++) {
        frame = &frames[i];

        if (frame->key != WUB_KEY_NONE) {
            key = i;
            before = damaged && frame->key == WUB_KEY_OPEN;
            damaged = false;
        }

        damaged = damaged || frame->damaged;
        t = wub_cutplan_time(w->segment, frame);

        if (t < w->start || t >= w->end) {
            whole = false;
            continue;
        }

        whole = whole && wub_cutplan_usable(w->segment, frame);

        if (frames[first].key == WUB_KEY_OPEN && !w->state.before
            && frame->pts < frames[first].pts)
        {
            whole = false;
            w->plan.nlost++;
            continue;
        }

        shown = &w->shown[w->nshown++];
        shown->pts = frame->pts;
        shown->frame = i;
        shown->damaged = damaged || frame->mended
                         || (before && frame->pts < frames[key].pts);
    }

    w->state.damaged = damaged;
    i = w->nshown;
    wub_cutplan_sort(w);

    return whole && w->nshown == i;
}


static bool
wub_cutplan_usable(const wub_cutplan_segment_t *segment,
    const wub_cutplan_frame_t *frame)
{
    return !frame->damaged && frame->form < segment->nforms
           && segment->forms[frame->form];
}


/* of frames that share their time the first one stays */
static void
wub_cutplan_sort(wub_cutplan_work_t *w)
{
    size_t  i, n;

    if (w->nshown == 0) {
        return;
    }

    qsort(w->shown, w->nshown, sizeof(wub_cutplan_shown_t),
          wub_cutplan_compare);

    for (i = 1, n = 1; i < w->nshown; i++) {
        if (w->shown[i].pts != w->shown[n - 1].pts) {
            w->shown[n++] = w->shown[i];
        }
    }

    w->plan.nlost += w->nshown - n;
    w->nshown = n;
}


static int
wub_cutplan_compare(const void *a, const void *b)
{
    const wub_cutplan_shown_t  *one, *two;

    one = a;
    two = b;

    if (one->pts != two->pts) {
        return (one->pts > two->pts) ? 1 : -1;
    }

    return (one->frame > two->frame) - (one->frame < two->frame);
}


static void
wub_cutplan_add(wub_cutplan_work_t *w, wub_span_kind_e kind, size_t first,
    size_t next)
{
    size_t               i;
    wub_span_t          *span;
    wub_cutplan_kept_t  *kept;

    span = wub_cutplan_span(w, kind, first);

    if (w->plan.nkept == 0) {
        w->plan.first = w->shown[0].pts;
    }

    for (i = 0; i < w->nshown; i++) {
        kept = &w->kept[w->plan.nkept++];
        kept->frame = w->shown[i].frame;
        kept->damaged = w->shown[i].damaged;

        if (kept->frame > span->last) {
            span->last = kept->frame;
        }
    }

    if (kind == WUB_SPAN_COPY) {
        span->last = next - 1;
    }

    span->nkept += w->nshown;
    w->plan.last = w->shown[w->nshown - 1].pts;
    w->joined = next;
}


/* the span that a unit belongs to: the last one, or a new one */
static wub_span_t *
wub_cutplan_span(wub_cutplan_work_t *w, wub_span_kind_e kind, size_t first)
{
    bool                        back;
    wub_span_t                 *span;
    const wub_cutplan_frame_t  *key;

    if (w->plan.nspans != 0 && w->joined == first
        && w->plan.spans[w->plan.nspans - 1].kind == kind)
    {
        return &w->plan.spans[w->plan.nspans - 1];
    }

    key = &w->segment->frames[first];
    back = (kind == WUB_SPAN_ENCODE && key->key == WUB_KEY_OPEN
            && w->shown[0].pts < key->pts);

    span = &w->plan.spans[w->plan.nspans++];
    span->kind = kind;
    span->first = first;
    span->last = first;
    span->roll = (back && first != 0) ? w->key : first;
    span->before = (back && first == 0);
    span->kept = w->kept + w->plan.nkept;
    span->nkept = 0;

    return span;
}
