
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <inttypes.h>

#include "common/wub_time.h"
#include "common/wub_transition_names.h"
#include "worker/worker_cut_joints.h"


static worker_rc_t worker_cut_joint(const wub_ranges_t *ranges, size_t i,
    worker_err_t *err);


worker_rc_t
worker_cut_joints(const wub_ranges_t *ranges, worker_err_t *err)
{
    size_t       i;
    worker_rc_t  rc;

    if (ranges->ntransitions >= ranges->nranges) {
        return worker_fail(err, WORKER_INVALID,
                           "There are %zu transitions for %zu ranges; name "
                           "one for each joint at most.",
                           ranges->ntransitions, ranges->nranges);
    }

    for (i = 0; i < ranges->ntransitions; i++) {

        if (ranges->transitions[i].type.len == 0) {
            continue;
        }

        rc = worker_cut_joint(ranges, i, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


int64_t
worker_cut_tail(const wub_range_t *range, const wub_chain_t *chain,
    int64_t length)
{
    size_t                  i;
    int64_t                 start, to;
    const wub_best_part_t  *part;

    start = range->end - length;

    for (i = chain->nparts; i > 0 && start > range->start; i--) {
        part = &chain->parts[i - 1];
        to = (part->to < range->end) ? part->to : range->end;

        if (part->segment == NULL && to > start && to > part->from) {
            start -= to - part->from;
        }
    }

    return (start > range->start) ? start : range->start;
}


static worker_rc_t
worker_cut_joint(const wub_ranges_t *ranges, size_t i, worker_err_t *err)
{
    size_t                   k;
    int64_t                  length;
    const wub_transition_t  *t;

    t = &ranges->transitions[i];

    if (wub_transition_find(t->type) == NULL) {
        return worker_fail(err, WORKER_INVALID,
                           "The transition \"%.*s\" after range %zu is "
                           "unknown; choose another one.",
                           (int) t->type.len, t->type.data, i + 1);
    }

    for (k = i; k <= i + 1; k++) {
        length = ranges->ranges[k].end - ranges->ranges[k].start;

        if (t->duration > length) {
            return worker_fail(err, WORKER_INVALID,
                               "The transition \"%.*s\" after range %zu is "
                               "longer than range %zu, which has %" PRId64
                               ".%06" PRId64 " s; make it shorter.",
                               (int) t->type.len, t->type.data, i + 1, k + 1,
                               length / WUB_SECOND, length % WUB_SECOND);
        }
    }

    length = ranges->ranges[i].end - ranges->ranges[i].start;

    if (i > 0 && ranges->transitions[i - 1].duration > length - t->duration) {
        return worker_fail(err, WORKER_INVALID,
                           "The transitions before and after range %zu, the "
                           "second of them \"%.*s\", are together longer "
                           "than the %" PRId64 ".%06" PRId64 " s of it; make "
                           "them shorter.", i + 1, (int) t->type.len,
                           t->type.data, length / WUB_SECOND,
                           length % WUB_SECOND);
    }

    return WORKER_OK;
}
