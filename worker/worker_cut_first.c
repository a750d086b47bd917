
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "worker/worker_cut_first.h"
#include "worker/worker_cut_joints.h"


static worker_rc_t worker_cut_check(worker_cutter_t *c, worker_err_t *err);
static worker_rc_t worker_cut_survey(worker_cutter_t *c, worker_err_t *err);
static worker_rc_t worker_cut_heads(worker_cutter_t *c,
    const wub_range_t *range, const wub_chain_t *chain, size_t *runs,
    int64_t *footage, worker_err_t *err);
static void worker_cut_total(worker_cutter_t *c, size_t i, int64_t footage,
    int64_t *crossed);
static bool worker_cut_copied(const worker_cutter_t *c,
    const wub_range_t *range, const wub_segment_t *segment);


worker_rc_t
worker_cut_first(worker_cutter_t *c, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = worker_cut_check(c, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_cut_survey(c, err);
}


static worker_rc_t
worker_cut_check(worker_cutter_t *c, worker_err_t *err)
{
    size_t               i;
    const wub_range_t   *range;
    const wub_ranges_t  *ranges;

    ranges = c->cut->ranges;

    if (ranges->nranges == 0) {
        return worker_fail(err, WORKER_INVALID,
                           "There is no range to cut.");
    }

    for (i = 0; i < ranges->nranges; i++) {
        range = &ranges->ranges[i];

        if (range->end == INT64_MAX || range->start >= range->end) {
            return worker_fail(err, WORKER_INVALID,
                               "The end of range %zu must be set and after "
                               "its start.", i + 1);
        }

        if (range->end - range->start > WORKER_CUT_HOURS * WUB_HOUR) {
            return worker_fail(err, WORKER_INVALID,
                               "Range %zu is longer than %d hours; correct "
                               "it.", i + 1, WORKER_CUT_HOURS);
        }
    }

    return c->cut->kind->whole ? WORKER_OK : worker_cut_joints(ranges, err);
}


static worker_rc_t
worker_cut_survey(worker_cutter_t *c, worker_err_t *err)
{
    size_t              i, runs;
    int64_t             crossed, footage;
    worker_rc_t         rc;
    wub_chain_t         chain;
    const wub_range_t  *range;

    runs = 0;
    crossed = 0;

    rc = worker_plan_begin(&c->plan, c->cut->kind, &c->cut->store,
                           c->cut->allow_holes, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    for (i = 0; i < c->cut->ranges->nranges; i++) {
        range = &c->cut->ranges->ranges[i];

        rc = worker_cut_chain(c, range, &chain, err);

        if (rc == WORKER_OK) {
            rc = worker_plan_range(&c->plan, range, &chain, err);
        }

        if (rc == WORKER_OK) {
            rc = worker_cut_heads(c, range, &chain, &runs, &footage, err);
        }

        if (rc != WORKER_OK) {
            return rc;
        }

        worker_cut_total(c, i, footage, &crossed);
    }

    if (c->cut->kind->runs && runs > 1 && c->cut->next == NULL) {
        return worker_fail(err, WORKER_INVALID,
                           "The footage has %zu runs without holes, and cuts "
                           "of type %s write a file for each; cut them "
                           "separately here.", runs, c->cut->kind->name);
    }

    worker_survey_form(&c->survey, &c->form);
    c->making.form = c->form;
    c->making.delay = c->survey.delay;

    rc = worker_survey_sounds(&c->survey, &c->form, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_plan_form(&c->plan, (c->ops != NULL) ? &c->form : NULL,
                            c->making.encode, err);
}


static worker_rc_t
worker_cut_heads(worker_cutter_t *c, const wub_range_t *range,
    const wub_chain_t *chain, size_t *runs, int64_t *footage,
    worker_err_t *err)
{
    bool                    run;
    size_t                  i;
    int64_t                 from, to;
    worker_rc_t             rc;
    const wub_best_part_t  *part;

    run = false;
    *footage = 0;

    for (i = 0; i < chain->nparts; i++) {
        part = &chain->parts[i];

        if (part->segment == NULL) {
            run = false;
            continue;
        }

        *runs += !run;
        run = true;

        from = part->segment->start;
        to = wub_segment_end(part->segment);

        if (!c->cut->kind->whole) {
            from = (from > range->start) ? from : range->start;
            to = (to < range->end) ? to : range->end;
        }

        /* behind a hole that the range ends in there may be a segment more */

        to = (to > from) ? to : from;
        *footage += to - from;

        if (c->ops == NULL) {
            continue;
        }

        rc = worker_survey_segment(&c->survey, &c->cut->store, part->hour,
                                   part->segment, to - from,
                                   worker_cut_copied(c, range, part->segment),
                                   &c->making.tick, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


/*
 * What is shown of two ranges at once counts as that of the first one:
 * *crossed is how much that is with the range before, then with the next.
 */
static void
worker_cut_total(worker_cutter_t *c, size_t i, int64_t footage,
    int64_t *crossed)
{
    int64_t  left, length;

    left = (footage > *crossed) ? footage - *crossed : 0;
    length = worker_cut_overlap(c, i);

    c->progress.total += left;
    *crossed = (length < left) ? length : left;
}


/* not what is only shown in transitions: these encode their sound */
static bool
worker_cut_copied(const worker_cutter_t *c, const wub_range_t *range,
    const wub_segment_t *segment)
{
    size_t   n;
    int64_t  start, end;

    if (c->cut->kind->whole || c->cut->kind->encodes) {
        return false;
    }

    n = (size_t) (range - c->cut->ranges->ranges);
    start = range->start + (n > 0 ? worker_cut_overlap(c, n - 1) : 0);
    end = range->end - worker_cut_overlap(c, n);

    if (start == range->start && end == range->end) {
        return true;
    }

    return start < end && wub_segment_end(segment) > start
           && segment->start < end;
}


int64_t
worker_cut_overlap(const worker_cutter_t *c, size_t i)
{
    const wub_ranges_t  *ranges;

    ranges = c->cut->ranges;

    return (c->ops == NULL || c->ops->overlap == NULL || c->cut->kind->whole
            || i >= ranges->ntransitions)
           ? 0 : ranges->transitions[i].duration;
}


worker_rc_t
worker_cut_chain(worker_cutter_t *c, const wub_range_t *range,
    wub_chain_t *ret, worker_err_t *err)
{
    char                    start[WUB_TIME_LEN], end[WUB_TIME_LEN];
    char                    from[WUB_TIME_LEN], to[WUB_TIME_LEN];
    worker_rc_t             rc;
    const wub_best_part_t  *part;

    wub_arena_reset(c->arena);

    rc = c->making.tick.call(c->making.tick.data);
    if (rc != WORKER_OK) {
        return rc;
    }

    rc = worker_store_chain(c->arena, &c->cut->store, range, ret, err);
    if (rc != WORKER_OK || ret->nholes == 0 || c->cut->allow_holes) {
        return rc;
    }

    for (part = ret->parts; part->segment != NULL; part++) {
        /* void */
    }

    wub_time_format(range->start, start);
    wub_time_format(range->end, end);
    wub_time_format(part->from, from);
    wub_time_format(part->to, to);

    return worker_fail(err, WORKER_HOLES,
                       "The range %.*s to %.*s has a hole from %.*s to %.*s; "
                       "wait for its segments, or allow holes.",
                       WUB_TIME_LEN, start, WUB_TIME_LEN, end,
                       WUB_TIME_LEN, from, WUB_TIME_LEN, to);
}
