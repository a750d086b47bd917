
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_render_in.h"
#include "common/wub_transition_names.h"


static wub_rc_t wub_render_ranges(const wub_render_in_t *in);
static wub_rc_t wub_render_range(const wub_render_in_t *in, wub_str_t value,
    wub_range_t *ret);
static wub_rc_t wub_render_start_end(const wub_render_in_t *in,
    wub_range_t *range);
static wub_rc_t wub_render_transitions(const wub_render_in_t *in);
static wub_rc_t wub_render_transition(const wub_render_in_t *in, size_t n,
    wub_str_t value);
static wub_rc_t wub_render_neighbours(const wub_render_in_t *in, size_t n,
    wub_str_t before, wub_str_t value);
static wub_rc_t wub_render_flags(const wub_render_in_t *in);


/* CONTRACT.md 0 and 3, /cut; all but rough are rendered */
static const wub_str_t  wub_render_types[] = {
    wub_string("rough"),
    wub_string("fast"),
    wub_string("smart"),
    wub_string("mpegts"),
    wub_string("webm"),
    wub_string("mp4")
};


wub_rc_t
wub_render_type(wub_arena_t *arena, const wub_render_t *r,
    wub_answer_t *answer)
{
    size_t           i;
    wub_rc_t         rc;
    wub_render_in_t  in;

    memset(answer, 0, sizeof(wub_answer_t));

    for (i = 0; i < sizeof(wub_render_types) / sizeof(wub_str_t); i++) {
        if (wub_str_eq(r->type, wub_render_types[i])) {
            return WUB_OK;
        }
    }

    in.arena = arena;
    in.query = NULL;
    in.render = NULL;
    in.answer = answer;

    rc = wub_render_refuse(&in, "Unknown type '%'", &r->type);

    return (rc == WUB_DECLINED) ? WUB_OK : rc;
}


wub_rc_t
wub_render_read_cut(const wub_render_in_t *in)
{
    wub_rc_t  rc;

    rc = wub_render_ranges(in);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_render_transitions(in);
    if (rc != WUB_OK) {
        return rc;
    }

    if (!wub_query_first(in->query, wub_str("type"), &in->render->type)) {
        in->render->type = wub_str("fast");
    }

    return wub_render_flags(in);
}


static wub_rc_t
wub_render_ranges(const wub_render_in_t *in)
{
    size_t         i, n, pos;
    wub_rc_t       rc;
    wub_str_t      value;
    wub_range_t   *range;
    wub_ranges_t  *ranges;

    ranges = &in->render->ranges;
    n = wub_query_count(in->query, wub_str("range"));

    if (n > WUB_RANGES_MAX) {
        return wub_render_refuse(in, "range is given more than 1000 times.",
                                 NULL);
    }

    ranges->nranges = (n == 0) ? 1 : n;

    range = wub_arena_alloc(in->arena,
                            ranges->nranges * sizeof(wub_range_t));
    if (range == NULL) {
        return WUB_NO_MEMORY;
    }

    ranges->ranges = range;

    if (n == 0) {
        return wub_render_start_end(in, range);
    }

    pos = 0;

    for (i = 0; i < n; i++) {
        (void) wub_query_next(in->query, wub_str("range"), &pos, &value);

        rc = wub_render_range(in, value, &range[i]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    for (i = 0; i < n; i++) {
        if (range[i].start >= range[i].end) {
            return wub_render_refuse(in, "Ends must be after starts", NULL);
        }
    }

    return WUB_OK;
}


static wub_rc_t
wub_render_range(const wub_render_in_t *in, wub_str_t value, wub_range_t *ret)
{
    wub_rc_t   rc;
    wub_str_t  clean;

    rc = wub_query_time(in->arena, value, &clean);
    if (rc != WUB_OK) {
        return rc;
    }

    if (wub_range_parse(clean, ret) == WUB_OK) {
        return WUB_OK;
    }

    return wub_render_refuse(in, "range is not START,END: '%'; write both as "
                             "YYYY-MM-DDTHH:MM:SS.", &value);
}


static wub_rc_t
wub_render_start_end(const wub_render_in_t *in, wub_range_t *range)
{
    wub_rc_t  rc;

    range->start = WUB_RENDER_UNSET;
    range->end = WUB_RENDER_UNSET;

    rc = wub_render_time(in, wub_str("start"), false, &range->start);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_render_time(in, wub_str("end"), false, &range->end);
    if (rc != WUB_OK) {
        return rc;
    }

    if (range->end != WUB_RENDER_UNSET && range->start >= range->end) {
        return wub_render_refuse(in, "Ends must be after starts", NULL);
    }

    return WUB_OK;
}


/* fewer than there are joints is fine: the others are hard cuts */
static wub_rc_t
wub_render_transitions(const wub_render_in_t *in)
{
    size_t             i, n, pos;
    wub_rc_t           rc;
    wub_str_t          before, value;
    wub_ranges_t      *ranges;
    wub_transition_t  *t;

    ranges = &in->render->ranges;
    n = ranges->nranges - 1;

    if (wub_query_count(in->query, wub_str("transition")) > n) {
        return wub_render_refuse(in, "Too many transitions", NULL);
    }

    /* one more: an arena may refuse to give none */

    t = wub_arena_alloc(in->arena, (n + 1) * sizeof(wub_transition_t));
    if (t == NULL) {
        return WUB_NO_MEMORY;
    }

    ranges->transitions = t;
    ranges->ntransitions = n;

    pos = 0;
    before = wub_str("");

    for (i = 0; i < n; i++) {

        if (!wub_query_next(in->query, wub_str("transition"), &pos, &value)) {
            value = wub_str("");
        }

        rc = wub_render_transition(in, i, value);
        if (rc != WUB_OK) {
            return rc;
        }

        rc = wub_render_neighbours(in, i, before, value);
        if (rc != WUB_OK) {
            return rc;
        }

        before = value;
    }

    return WUB_OK;
}


static wub_rc_t
wub_render_transition(const wub_render_in_t *in, size_t n, wub_str_t value)
{
    wub_transition_t  *t;

    t = &in->render->ranges.transitions[n];

    if (wub_transition_parse(value, t) != WUB_OK) {
        return wub_render_refuse(in, "transition is not TYPE,SECONDS: '%'; "
                                 "leave it empty for a hard cut.", &value);
    }

    if (t->type.len != 0 && wub_transition_find(t->type) == NULL) {
        return wub_render_refuse(in, "Unknown transition '%'", &t->type);
    }

    return WUB_OK;
}


/* before, value: as they were sent */
static wub_rc_t
wub_render_neighbours(const wub_render_in_t *in, size_t n, wub_str_t before,
    wub_str_t value)
{
    int64_t                  length;
    wub_str_t                args[2];
    const wub_range_t       *range;
    const wub_transition_t  *t;

    t = &in->render->ranges.transitions[n];
    range = &in->render->ranges.ranges[n];

    if (t->type.len == 0) {
        return WUB_OK;
    }

    length = range[0].end - range[0].start;

    if (t->duration > length || t->duration > range[1].end - range[1].start) {
        return wub_render_refuse(in, "transition '%' is longer than a range "
                                 "beside it.", &value);
    }

    if (n != 0 && t[-1].duration + t->duration > length) {
        args[0] = before;
        args[1] = value;

        return wub_render_refuse(in, "transition '%' and transition '%' are "
                                 "together longer than the range between "
                                 "them.", args);
    }

    return WUB_OK;
}


static wub_rc_t
wub_render_flags(const wub_render_in_t *in)
{
    wub_str_t      value;
    wub_render_t  *render;

    render = in->render;

    if (wub_query_first(in->query, wub_str("allow_holes"), &value)
        && wub_query_bool(value, &render->allow_holes) != WUB_OK)
    {
        return wub_render_refuse(in, "allow_holes must be one of: true, "
                                 "false", NULL);
    }

    if (!wub_query_first(in->query, wub_str("plan"), &value)) {
        return WUB_OK;
    }

    render->plan = wub_str_eq(value, wub_str("1"));

    if (!render->plan && !wub_str_eq(value, wub_str("0"))) {
        return wub_render_refuse(in, "plan must be one of: 0, 1", NULL);
    }

    return WUB_OK;
}
