
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_edit_in.h"
#include "common/wub_time.h"
#include "common/wub_transition_names.h"


static wub_rc_t wub_edit_range(const wub_edit_in_t *in,
    const wub_value_t *value, size_t n, wub_range_t *ret);
static wub_rc_t wub_edit_range_time(const wub_edit_in_t *in,
    const wub_value_t *value, const char *sentence, size_t n, int64_t *ret);
static bool wub_edit_shorter(const wub_range_t *range, int64_t duration);
static wub_rc_t wub_edit_transition(const wub_edit_in_t *in,
    const wub_value_t *value, size_t n, wub_transition_t *ret);
static wub_rc_t wub_edit_sense(const wub_edit_in_t *in, size_t n, bool open);
static wub_rc_t wub_edit_beside(const wub_edit_in_t *in, size_t n);


wub_rc_t
wub_edit_in_ranges(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    size_t         i;
    wub_rc_t       rc;
    wub_buf_t      b;
    wub_ranges_t  *r;

    if (value->kind != WUB_VALUE_LIST) {
        return wub_edit_refuse(in, 400, "% must be a list of [start, end]"
                               " pairs", &key);
    }

    if (value->nitems == 0) {
        return wub_edit_refuse(in, 400,
                               "Ranges must contain at least one range", NULL);
    }

    if (value->nitems > WUB_RANGES_MAX) {
        return wub_edit_refuse(in, 400, "% may hold at most 1000 ranges",
                               &key);
    }

    r = in->ranges;

    r->ranges = wub_arena_alloc(in->arena,
                                value->nitems * sizeof(wub_range_t));
    if (r->ranges == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < value->nitems; i++) {
        rc = wub_edit_range(in, &value->items[i], i + 1, &r->ranges[i]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    r->nranges = value->nitems;

    wub_buf_init(&b, in->arena, WUB_ARENA_MAX);
    wub_range_pg_put(&b, r);

    return wub_edit_text(&b, ret);
}


wub_rc_t
wub_edit_in_transitions(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    size_t         i;
    wub_rc_t       rc;
    wub_buf_t      b;
    wub_ranges_t  *r;

    if (value->kind != WUB_VALUE_LIST || value->nitems > WUB_RANGES_MAX) {
        return wub_edit_refuse(in, 400, "% must be a list of null or"
                               " [type, seconds], one less than there are"
                               " ranges", &key);
    }

    r = in->ranges;

    r->transitions = wub_arena_alloc(in->arena, (value->nitems + 1)
                                                * sizeof(wub_transition_t));
    if (r->transitions == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < value->nitems; i++) {
        rc = wub_edit_transition(in, &value->items[i], i + 1,
                                 &r->transitions[i]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    r->ntransitions = value->nitems;

    wub_buf_init(&b, in->arena, WUB_ARENA_MAX);
    wub_transition_pg_put(&b, r);

    return wub_edit_text(&b, ret);
}


/* the database's own rule: either null, or one more range (SCHEMA.md) */
wub_rc_t
wub_edit_in_cuts(const wub_edit_in_t *in, bool open)
{
    size_t               i;
    wub_rc_t             rc;
    wub_str_t            args[2];
    const wub_ranges_t  *r;

    r = in->ranges;

    if (r->ranges == NULL) {
        return WUB_OK;
    }

    if (r->transitions != NULL && r->ntransitions != r->nranges - 1) {
        args[0] = wub_edit_number(in, r->nranges - 1);
        args[1] = wub_edit_number(in, r->nranges);

        return wub_edit_refuse(in, 400, "There must be exactly % transitions"
                               " for % ranges", args);
    }

    for (i = 0; i < r->nranges; i++) {
        rc = wub_edit_sense(in, i, open);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    for (i = 0; r->transitions != NULL && i < r->ntransitions; i++) {
        rc = wub_edit_beside(in, i);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return WUB_OK;
}


/* n counts from 1 */
static wub_rc_t
wub_edit_range(const wub_edit_in_t *in, const wub_value_t *value, size_t n,
    wub_range_t *ret)
{
    wub_rc_t   rc;
    wub_str_t  number;

    if (value->kind != WUB_VALUE_LIST || value->nitems != 2) {
        number = wub_edit_number(in, n);

        return wub_edit_refuse(in, 400, "Range % of video_ranges must be a"
                               " pair [start, end]", &number);
    }

    ret->start = INT64_MIN;
    ret->end = INT64_MAX;

    rc = wub_edit_range_time(in, &value->items[0], "The start of range % of"
                             " video_ranges must be a time as"
                             " YYYY-MM-DDTHH:MM:SS", n, &ret->start);
    if (rc != WUB_OK) {
        return rc;
    }

    return wub_edit_range_time(in, &value->items[1], "The end of range % of"
                               " video_ranges must be a time as"
                               " YYYY-MM-DDTHH:MM:SS", n, &ret->end);
}


/* null leaves ret as it is */
static wub_rc_t
wub_edit_range_time(const wub_edit_in_t *in, const wub_value_t *value,
    const char *sentence, size_t n, int64_t *ret)
{
    wub_str_t  number;

    if (value->kind == WUB_VALUE_NULL) {
        return WUB_OK;
    }

    if (value->kind == WUB_VALUE_TEXT
        && wub_time_parse(value->text, ret) == WUB_OK)
    {
        return WUB_OK;
    }

    number = wub_edit_number(in, n);

    return wub_edit_refuse(in, 400, sentence, &number);
}


static wub_rc_t
wub_edit_transition(const wub_edit_in_t *in, const wub_value_t *value,
    size_t n, wub_transition_t *ret)
{
    wub_str_t           number;
    const wub_value_t  *items;

    ret->type = wub_str("");
    ret->duration = 0;

    if (value->kind == WUB_VALUE_NULL) {
        return WUB_OK;
    }

    items = value->items;
    number = wub_edit_number(in, n);

    if (value->kind != WUB_VALUE_LIST || value->nitems != 2
        || items[0].kind != WUB_VALUE_TEXT
        || items[1].kind != WUB_VALUE_NUMBER)
    {
        return wub_edit_refuse(in, 400, "Transition % of video_transitions"
                               " must be null or [type, seconds]", &number);
    }

    /* a page's name of a hard cut, as in the query of /cut */

    if (items[0].text.len == 0) {
        return WUB_OK;
    }

    if (wub_transition_find(items[0].text) == NULL) {
        return wub_edit_refuse(in, 400, "Unknown transition '%'",
                               &items[0].text);
    }

    if (items[1].micros <= 0 || items[1].micros > WUB_HOUR) {
        return wub_edit_refuse(in, 400, "Transition % of video_transitions"
                               " must last more than 0 seconds and at most an"
                               " hour", &number);
    }

    ret->type = items[0].text;
    ret->duration = items[1].micros;

    return WUB_OK;
}


/* range n, from 0 */
static wub_rc_t
wub_edit_sense(const wub_edit_in_t *in, size_t n, bool open)
{
    wub_str_t           number;
    const wub_range_t  *range;

    range = &in->ranges->ranges[n];

    if (range->start == INT64_MIN && !open) {
        number = wub_edit_number(in, n + 1);

        return wub_edit_refuse(in, 400, "Range % has no start: only a draft"
                               " may leave it open", &number);
    }

    if (range->end == INT64_MAX && !open) {
        number = wub_edit_number(in, n + 1);

        return wub_edit_refuse(in, 400, "Range % has no end: only a draft may"
                               " leave it open", &number);
    }

    if (range->start >= range->end) {
        return wub_edit_refuse(in, 400, "Range start must be less than end",
                               NULL);
    }

    return WUB_OK;
}


/* transition n, from 0, against the ranges that it joins; open ones are long */
static wub_rc_t
wub_edit_beside(const wub_edit_in_t *in, size_t n)
{
    wub_str_t                args[2];
    const wub_range_t       *beside;
    const wub_transition_t  *t;

    beside = &in->ranges->ranges[n];
    t = &in->ranges->transitions[n];

    if (wub_edit_shorter(&beside[0], t->duration)
        || wub_edit_shorter(&beside[1], t->duration))
    {
        args[0] = wub_edit_number(in, n + 1);

        return wub_edit_refuse(in, 400, "Transition % of video_transitions is"
                               " longer than a range beside it", args);
    }

    /* both would need the same footage; a hard cut lasts 0 */

    if (n != 0 && wub_edit_shorter(beside, t[-1].duration + t->duration)) {
        args[0] = wub_edit_number(in, n);
        args[1] = wub_edit_number(in, n + 1);

        return wub_edit_refuse(in, 400, "Transitions % and % of"
                               " video_transitions are together longer than"
                               " the range between them", args);
    }

    return WUB_OK;
}


static bool
wub_edit_shorter(const wub_range_t *range, int64_t duration)
{
    return range->start != INT64_MIN && range->end != INT64_MAX
           && range->end - range->start < duration;
}
