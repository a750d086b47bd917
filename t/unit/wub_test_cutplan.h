
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_test_cutplan.h: a slow oracle of cut plans, which looks at each frame
 * alone and compares it with every other; for the unit test and the fuzzer.
 * May call: common/.
 * Frees: nothing.
 */


#ifndef WUB_TEST_CUTPLAN_H_INCLUDED_
#define WUB_TEST_CUTPLAN_H_INCLUDED_


#include "common/wub_cutplan.h"
#include "common/wub_time.h"


typedef struct {
    const wub_cutplan_segment_t  *segment;
    int64_t                       start;
    int64_t                       end;
    wub_cutplan_state_t           before;
    wub_cutplan_state_t           after;
    const wub_cutplan_t          *plan;
} wub_test_plan_t;


static inline bool
wub_test_in(const wub_test_plan_t *p, size_t i)
{
    int64_t                       t;
    const wub_cutplan_segment_t  *s;

    s = p->segment;
    t = s->start + wub_time_from_ticks(s->frames[i].pts - s->frames[0].pts,
                                       s->num, s->den);

    return p->start <= t && t < p->end;
}


/* the key frame that the GOP of i begins with */
static inline size_t
wub_test_key(const wub_test_plan_t *p, size_t i)
{
    while (p->segment->frames[i].key == WUB_KEY_NONE) {
        i--;
    }

    return i;
}


/* shown before the open key frame of its GOP */
static inline bool
wub_test_leads(const wub_test_plan_t *p, size_t i)
{
    const wub_cutplan_frame_t  *key;

    key = &p->segment->frames[wub_test_key(p, i)];

    return key->key == WUB_KEY_OPEN && p->segment->frames[i].pts < key->pts;
}


/* every frame from k on is shown behind every one that lies before it */
static inline bool
wub_test_border(const wub_test_plan_t *p, size_t k)
{
    size_t  a, b;

    if (k == 0 || k >= p->segment->nframes) {
        return true;
    }

    if (p->segment->frames[k].key == WUB_KEY_NONE) {
        return false;
    }

    for (a = 0; a < k; a++) {
        for (b = k; b < p->segment->nframes; b++) {
            if (p->segment->frames[b].pts <= p->segment->frames[a].pts) {
                return false;
            }
        }
    }

    return true;
}


static inline size_t
wub_test_unit(const wub_test_plan_t *p, size_t i)
{
    while (!wub_test_border(p, i)) {
        i--;
    }

    return i;
}


/* in range, but nothing to decode it with, or one like it is there */
static inline bool
wub_test_lost(const wub_test_plan_t *p, size_t i)
{
    size_t                      k, unit;
    const wub_cutplan_frame_t  *frames;

    frames = p->segment->frames;
    unit = wub_test_unit(p, i);

    if (!wub_test_in(p, i)) {
        return false;
    }

    if (unit == 0 && frames[0].key == WUB_KEY_OPEN && !p->before.before
        && frames[i].pts < frames[0].pts)
    {
        return true;
    }

    for (k = unit; k < i; k++) {
        if (frames[k].pts == frames[i].pts) {
            return true;
        }
    }

    return false;
}


/* whether the unit that begins at first is copied */
static inline bool
wub_test_copied(const wub_test_plan_t *p, size_t first)
{
    size_t                      i;
    const wub_cutplan_frame_t  *frame;

    for (i = first; i == first || !wub_test_border(p, i); i++) {
        frame = &p->segment->frames[i];

        if (!wub_test_in(p, i) || wub_test_lost(p, i) || frame->damaged
            || frame->form >= p->segment->nforms
            || !p->segment->forms[frame->form])
        {
            return false;
        }
    }

    if (p->segment->frames[first].key == WUB_KEY_CLOSED) {
        return true;
    }

    return (first == 0) ? p->before.copied
                        : wub_test_copied(p, wub_test_unit(p, first - 1));
}


/* damage in the GOP of i, up to i */
static inline bool
wub_test_hurt(const wub_test_plan_t *p, size_t i)
{
    size_t  k;

    for (k = wub_test_key(p, i); k <= i; k++) {
        if (p->segment->frames[k].damaged) {
            return true;
        }
    }

    return false;
}


static inline bool
wub_test_damaged(const wub_test_plan_t *p, size_t i)
{
    size_t  key;

    key = wub_test_key(p, i);

    if (p->segment->frames[i].mended) {
        return true;
    }

    if (!wub_test_hurt(p, i) && wub_test_leads(p, i)) {
        return (key == 0) ? p->before.damaged : wub_test_hurt(p, key - 1);
    }

    return wub_test_hurt(p, i);
}


/* what is wrong with how the plan has frame i, or NULL */
static inline const char *
wub_test_frame(const wub_test_plan_t *p, size_t i)
{
    bool               kept;
    size_t             k, n, covered;
    const wub_span_t  *s;

    covered = 0;

    for (k = 0; k < p->plan->nspans; k++) {
        s = &p->plan->spans[k];

        for (n = 0; n < s->nkept; n++) {
            if (s->kept[n].frame != i) {
                continue;
            }

            covered++;

            if (i < s->first || i > s->last) {
                return "a kept frame outside its span";
            }

            if ((s->kind == WUB_SPAN_COPY)
                != wub_test_copied(p, wub_test_unit(p, i)))
            {
                return "the wrong kind of span";
            }

            if (s->kept[n].damaged != wub_test_damaged(p, i)) {
                return "damage is wrong";
            }

            if (s->kind == WUB_SPAN_COPY || !wub_test_leads(p, i)) {
                continue;
            }

            if (wub_test_key(p, i) == 0 ? !s->before
                : wub_test_key(p, wub_test_key(p, i) - 1) < s->roll)
            {
                return "what a frame refers to is not decoded";
            }
        }
    }

    kept = wub_test_in(p, i) && !wub_test_lost(p, i);

    return (covered == kept) ? NULL : "frames are missing or there twice";
}


/* what is wrong with the k-th span by itself, or NULL */
static inline const char *
wub_test_span(const wub_test_plan_t *p, size_t k)
{
    size_t             i, last;
    const wub_span_t  *s;

    s = &p->plan->spans[k];
    last = 0;

    if (s->nkept == 0 || s->first > s->last || s->roll > s->first
        || s->last >= p->segment->nframes
        || p->segment->frames[s->first].key == WUB_KEY_NONE
        || p->segment->frames[s->roll].key == WUB_KEY_NONE)
    {
        return "a span without frames, or no key frame to begin with";
    }

    if ((s->roll != s->first || s->before)
        && (s->kind == WUB_SPAN_COPY
            || p->segment->frames[s->first].key != WUB_KEY_OPEN
            || p->segment->frames[s->kept[0].frame].pts
               >= p->segment->frames[s->first].pts
            || (s->before && (s->first != 0 || !p->before.before))))
    {
        return "decoding begins too early";
    }

    for (i = 0; i < s->nkept; i++) {
        last = (s->kept[i].frame > last) ? s->kept[i].frame : last;
    }

    if (last != s->last && s->kind == WUB_SPAN_ENCODE) {
        return "decoding ends too late";
    }

    if (s->kind == WUB_SPAN_COPY
        && (s->nkept != s->last - s->first + 1
            || !wub_test_border(p, s->last + 1)))
    {
        return "a part of a GOP is copied";
    }

    return NULL;
}


/* what is wrong with a plan, or NULL */
static inline const char *
wub_test_plan(const wub_test_plan_t *p)
{
    size_t       i, k, n, lost;
    int64_t      pts, last;
    const char  *wrong;

    lost = 0;
    n = 0;
    last = 0;

    for (i = 0; i < p->segment->nframes; i++) {
        wrong = wub_test_frame(p, i);
        if (wrong != NULL) {
            return wrong;
        }

        lost += wub_test_lost(p, i);
    }

    for (k = 0; k < p->plan->nspans; k++) {
        wrong = wub_test_span(p, k);
        if (wrong != NULL) {
            return wrong;
        }

        for (i = 0; i < p->plan->spans[k].nkept; i++) {
            pts = p->segment->frames[p->plan->spans[k].kept[i].frame].pts;

            if ((n == 0) ? pts != p->plan->first : pts <= last) {
                return "frames out of order";
            }

            last = pts;
            n++;
        }
    }

    if (p->plan->nlost != lost || p->plan->nkept != n
        || (n != 0 && p->plan->last != last))
    {
        return "the sums are wrong";
    }

    i = p->segment->nframes;

    if (i != 0
        && (!p->after.before
            || p->after.copied != wub_test_copied(p, wub_test_unit(p, i - 1))
            || p->after.damaged != wub_test_hurt(p, i - 1)))
    {
        return "the state is wrong";
    }

    return NULL;
}


#endif /* WUB_TEST_CUTPLAN_H_INCLUDED_ */
