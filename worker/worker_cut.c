
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>
#include <time.h>

#include "common/wub_time.h"
#include "worker/worker_av.h"
#include "worker/worker_cut.h"
#include "worker/worker_join.h"


/* milliseconds from one call of the progress function to the next */
#define WORKER_CUT_PACE          50


typedef struct {
    const worker_cut_t     *cut;
    wub_arena_t            *arena;      /* of one range's chain */
    wub_arena_t            *beside;     /* of a look beyond it */
    worker_making_t         making;
    void                   *join;       /* NULL before the first segment */
    worker_cut_progress_t   progress;
    int64_t                 told;       /* when progress was, ms */
} worker_cutter_t;


static worker_rc_t worker_cut_check(worker_cutter_t *c, worker_err_t *err);
static worker_rc_t worker_cut_chain(worker_cutter_t *c,
    const wub_range_t *range, wub_chain_t *ret, worker_err_t *err);
static worker_rc_t worker_cut_ranges(worker_cutter_t *c, worker_err_t *err);
static worker_rc_t worker_cut_range(worker_cutter_t *c,
    const wub_range_t *range, worker_err_t *err);
static worker_rc_t worker_cut_beside(void *data,
    const worker_footage_t *footage, bool before, worker_footage_t **ret,
    worker_err_t *err);
static worker_rc_t worker_cut_stopped(worker_rc_t rc, worker_err_t *err);
static worker_rc_t worker_cut_tick(void *data);
static void worker_cut_tell(worker_cutter_t *c);


static const char *const  worker_cut_kinds[] = { "smart", "fast" };


bool
worker_cut_known(const char *kind)
{
    size_t  i;

    for (i = 0; i < sizeof(worker_cut_kinds) / sizeof(char *); i++) {
        if (strcmp(kind, worker_cut_kinds[i]) == 0) {
            return true;
        }
    }

    return false;
}


worker_rc_t
worker_cut_run(wub_arena_t *arena, const worker_cut_t *cut,
    worker_cut_result_t *ret, worker_err_t *err)
{
    worker_rc_t       rc;
    worker_made_t     made;
    worker_cutter_t  *c;

    worker_av_setup();

    c = wub_arena_calloc(arena, sizeof(worker_cutter_t));
    if (c == NULL) {
        return worker_fail_memory(err, "Cutting");
    }

    c->cut = cut;
    c->arena = wub_arena_create(WUB_ARENA_MAX);
    c->beside = wub_arena_create(WUB_ARENA_MAX);

    c->making.write = cut->write;
    c->making.write_data = cut->write_data;
    c->making.fd = -1;
    c->making.beside = worker_cut_beside;
    c->making.beside_data = c;
    c->making.tick.call = worker_cut_tick;
    c->making.tick.data = c;

    rc = (c->arena != NULL && c->beside != NULL)
         ? WORKER_OK
         : worker_fail_memory(err, "Cutting");

    if (rc == WORKER_OK) {
        rc = worker_cut_check(c, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_cut_ranges(c, err);
    }

    if (rc == WORKER_OK) {
        worker_join_maker.made(c->join, &made);
        ret->frames = made.frames;
        ret->copied = made.copied;
        ret->duration = made.done;
        ret->bytes = made.bytes;
    }

    worker_join_maker.free(c->join);
    wub_arena_destroy(c->arena);
    wub_arena_destroy(c->beside);

    return worker_cut_stopped(rc, err);
}


/* everything that can be said before the first byte */
static worker_rc_t
worker_cut_check(worker_cutter_t *c, worker_err_t *err)
{
    size_t              i;
    worker_rc_t         rc;
    wub_chain_t         chain;
    const wub_range_t  *range;

    if (!worker_cut_known(c->cut->kind)) {
        return worker_fail(err, WORKER_INVALID,
                           "Cuts of type '%s' are not there yet; use smart.",
                           c->cut->kind);
    }

    if (c->cut->ranges->nranges == 0) {
        return worker_fail(err, WORKER_INVALID,
                           "There is no range to cut.");
    }

    for (i = 0; i < c->cut->ranges->ntransitions; i++) {
        if (c->cut->ranges->transitions[i].type.len != 0) {
            return worker_fail(err, WORKER_INVALID,
                               "Transitions are not there yet; use hard "
                               "cuts.");
        }
    }

    for (i = 0; i < c->cut->ranges->nranges; i++) {
        range = &c->cut->ranges->ranges[i];

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

        rc = worker_cut_chain(c, range, &chain, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    c->progress.total = wub_ranges_length(c->cut->ranges);

    return WORKER_OK;
}


static worker_rc_t
worker_cut_chain(worker_cutter_t *c, const wub_range_t *range,
    wub_chain_t *ret, worker_err_t *err)
{
    char                    start[WUB_TIME_LEN], end[WUB_TIME_LEN];
    char                    from[WUB_TIME_LEN], to[WUB_TIME_LEN];
    worker_rc_t             rc;
    const wub_best_part_t  *part;

    wub_arena_reset(c->arena);

    rc = worker_cut_tick(c);
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


static worker_rc_t
worker_cut_ranges(worker_cutter_t *c, worker_err_t *err)
{
    size_t       i;
    worker_rc_t  rc;

    for (i = 0; i < c->cut->ranges->nranges; i++) {
        rc = worker_cut_range(c, &c->cut->ranges->ranges[i], err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    rc = worker_join_maker.finish(c->join, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    worker_cut_tell(c);

    return WORKER_OK;
}


static worker_rc_t
worker_cut_range(worker_cutter_t *c, const wub_range_t *range,
    worker_err_t *err)
{
    bool                    hole;
    size_t                  i;
    wub_chain_t             chain;
    worker_rc_t             rc;
    worker_footage_t       *footage;
    const wub_best_part_t  *part;

    rc = worker_cut_chain(c, range, &chain, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    hole = false;

    for (i = 0; i < chain.nparts; i++) {
        part = &chain.parts[i];

        if (part->segment == NULL) {
            hole = true;
            continue;
        }

        rc = worker_footage_read(&footage, &c->cut->store, part->hour,
                                 part->segment, &c->making.tick, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        if (c->join == NULL) {
            c->making.form = worker_footage_form(footage);

            rc = worker_join_maker.begin(&c->join, &c->making, err);
            if (rc != WORKER_OK) {
                worker_footage_free(footage);
                return rc;
            }
        }

        rc = worker_join_maker.add(c->join, footage, range->start,
                                   range->end, hole, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        hole = false;
    }

    return worker_join_maker.range_end(c->join, err);
}


/* what is beside a range is of use, but nothing fails without it */
static worker_rc_t
worker_cut_beside(void *data, const worker_footage_t *footage, bool before,
    worker_footage_t **ret, worker_err_t *err)
{
    size_t                  i;
    int64_t                 edge, tolerance;
    wub_chain_t             chain;
    wub_range_t             range;
    worker_rc_t             rc;
    worker_cutter_t        *c;
    const wub_best_part_t  *part;

    c = data;
    *ret = NULL;

    tolerance = c->cut->store.tolerance + 1;
    edge = before ? footage->segment.start
                  : wub_segment_end(&footage->segment);

    range.start = edge - (before ? 2 * tolerance : 0);
    range.end = edge + (before ? 0 : 2 * tolerance);

    wub_arena_reset(c->beside);

    rc = worker_store_chain(c->beside, &c->cut->store, &range, &chain, NULL);
    if (rc != WORKER_OK) {
        return WORKER_OK;
    }

    for (i = 0; i < chain.nparts; i++) {
        part = &chain.parts[i];

        if (part->segment == NULL
            || (before && part->segment->start >= footage->segment.start)
            || (!before && part->segment->start <= footage->segment.start))
        {
            continue;
        }

        rc = worker_footage_read(ret, &c->cut->store, part->hour,
                                 part->segment, &c->making.tick, err);

        return (rc == WORKER_STOPPED) ? rc : WORKER_OK;
    }

    return WORKER_OK;
}


static worker_rc_t
worker_cut_stopped(worker_rc_t rc, worker_err_t *err)
{
    if (rc != WORKER_STOPPED) {
        return rc;
    }

    return worker_fail(err, rc, "The cut was stopped before its end.");
}


static worker_rc_t
worker_cut_tick(void *data)
{
    int64_t           now;
    worker_cutter_t  *c;
    struct timespec   ts;

    c = data;

    if (c->cut->stop != NULL && *c->cut->stop != 0) {
        return WORKER_STOPPED;
    }

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);
    now = (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;

    if (now - c->told >= WORKER_CUT_PACE) {
        c->told = now;
        worker_cut_tell(c);
    }

    return WORKER_OK;
}


static void
worker_cut_tell(worker_cutter_t *c)
{
    worker_made_t  made;

    if (c->cut->progress == NULL) {
        return;
    }

    if (c->join != NULL) {
        worker_join_maker.made(c->join, &made);
        c->progress.done = made.done;
        c->progress.bytes = made.bytes;
    }

    c->cut->progress(c->cut->progress_data, &c->progress);
}
