
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <inttypes.h>
#include <string.h>

#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_av.h"
#include "worker/worker_cut.h"
#include "worker/worker_cut_first.h"
#include "worker/worker_cut_joints.h"
#include "worker/worker_cut_makers.h"
#include "worker/worker_cut_making.h"
#include "worker/worker_overlap.h"
#include "worker/worker_rough.h"


/* what a segment may lack of the time that its name says, microseconds */
#define WORKER_CUT_SHORT         100000


static worker_rc_t worker_cut_init(worker_cutter_t *c, worker_err_t *err);
static worker_rc_t worker_cut_behind(worker_cutter_t *c, worker_err_t *err);
static worker_rc_t worker_cut_ranges(worker_cutter_t *c, worker_err_t *err);
static worker_rc_t worker_cut_range(worker_cutter_t *c,
    const wub_range_t *range, const wub_range_t *alone,
    const wub_chain_t *chain, worker_err_t *err);
static void worker_cut_ahead(worker_cutter_t *c, const wub_chain_t *chain,
    size_t n);
static worker_rc_t worker_cut_cross(worker_cutter_t *c, size_t n,
    int64_t *from, worker_err_t *err);
static worker_rc_t worker_cut_crossed(worker_cutter_t *c,
    const worker_overlap_conf_t *conf, int64_t *resume, worker_err_t *err);
static worker_rc_t worker_cut_segment(worker_cutter_t *c,
    const wub_range_t *range, const wub_range_t *alone,
    const wub_best_part_t *part, bool hole, worker_err_t *err);
static worker_rc_t worker_cut_whole(worker_cutter_t *c,
    const wub_best_part_t *part, worker_err_t *err);
static worker_rc_t worker_cut_open(worker_cutter_t *c,
    const worker_footage_t *footage, bool hole, worker_err_t *err);
static worker_rc_t worker_cut_close(worker_cutter_t *c, worker_err_t *err);
static bool worker_cut_fits(const worker_form_t *form,
    const worker_footage_t *footage);
static void worker_cut_look(worker_cutter_t *c, const wub_range_t *range,
    const worker_footage_t *footage);


worker_rc_t
worker_cut_run(wub_arena_t *arena, const worker_cut_t *cut,
    worker_cut_result_t *ret, worker_err_t *err)
{
    worker_rc_t       rc;
    worker_cutter_t  *c;

    worker_av_setup();

    c = wub_arena_calloc(arena, sizeof(worker_cutter_t));
    if (c == NULL) {
        return worker_fail_memory(err, "Cutting");
    }

    c->cut = cut;

    rc = worker_cut_init(c, err);

    if (rc == WORKER_OK) {
        rc = worker_cut_first(c, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_cut_ranges(c, err);
    }

    if (rc == WORKER_OK) {
        *ret = c->result;
    }

    if (c->maker != NULL) {
        c->ops->free(c->maker);
    }

    worker_behind_close(c->behind);
    worker_plan_free(&c->plan);
    wub_arena_destroy(c->arena);
    wub_arena_destroy(c->scratch);

    if (rc == WORKER_STOPPED) {
        return worker_fail(err, rc, "The cut was stopped before its end.");
    }

    return rc;
}


static worker_rc_t
worker_cut_init(worker_cutter_t *c, worker_err_t *err)
{
    worker_rc_t  rc;

    const worker_cut_t  *cut = c->cut;

    c->ops = worker_cut_maker(cut->kind);

    worker_encode_defaults(&c->encode, cut->kind->name);

    worker_cut_making(c);

    c->plan.write = cut->plan;
    c->plan.data = cut->plan_data;

    c->arena = wub_arena_create(WUB_ARENA_MAX);
    c->scratch = wub_arena_create(WUB_ARENA_MAX);

    if (c->arena == NULL || c->scratch == NULL) {
        return worker_fail_memory(err, "Cutting");
    }

    rc = worker_cut_behind(c, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_plan_init(&c->plan, err);
}


/* what is copied takes as long to be written as to be read */
static worker_rc_t
worker_cut_behind(worker_cutter_t *c, worker_err_t *err)
{
    worker_behind_sink_t  sink;

    if (!c->cut->kind->behind || c->cut->dry) {
        return WORKER_OK;
    }

    sink.write = c->cut->write;
    sink.write_data = c->cut->write_data;
    sink.tick = c->making.tick;

    return worker_behind_open(&c->behind, &sink, err);
}


/*
 * Each range is shown alone from where the transition before it leaves it
 * to where the one behind it begins.
 */
static worker_rc_t
worker_cut_ranges(worker_cutter_t *c, worker_err_t *err)
{
    size_t              i;
    int64_t             from;
    wub_chain_t         chain;
    wub_range_t         alone;
    worker_rc_t         rc;
    const wub_range_t  *range;

    from = INT64_MIN;

    for (i = 0; i < c->cut->ranges->nranges; i++) {
        range = &c->cut->ranges->ranges[i];

        rc = worker_cut_chain(c, range, &chain, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        alone.start = (from > range->start) ? from : range->start;
        alone.end = worker_cut_tail(range, &chain, worker_cut_overlap(c, i));

        rc = worker_cut_range(c, range, &alone, &chain, err);

        if (rc == WORKER_OK) {
            from = (alone.start > alone.end) ? alone.start : alone.end;
            rc = worker_cut_cross(c, i, &from, err);
        }

        if (rc != WORKER_OK) {
            return rc;
        }
    }

    rc = worker_cut_close(c, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    worker_cut_tell(c);

    return worker_plan_end(&c->plan, err);
}


/* what is shown alone of a range; its segments are those of all of it */
static worker_rc_t
worker_cut_range(worker_cutter_t *c, const wub_range_t *range,
    const wub_range_t *alone, const wub_chain_t *chain, worker_err_t *err)
{
    bool                    hole, whole;
    size_t                  i;
    worker_rc_t             rc;
    const wub_best_part_t  *part;

    /* ranges are apart even where they touch */

    hole = c->cut->kind->runs;
    whole = (alone->start == range->start && alone->end == range->end);

    for (i = 0; i < chain->nparts; i++) {
        part = &chain->parts[i];

        if (part->segment == NULL) {
            hole = true;
            continue;
        }

        c->result.nsegments++;

        if (!whole && (alone->start >= alone->end
                       || wub_segment_end(part->segment) <= alone->start
                       || part->segment->start >= alone->end))
        {
            continue;
        }

        worker_cut_ahead(c, chain, i);

        rc = (c->ops == NULL)
             ? worker_cut_whole(c, part, err)
             : worker_cut_segment(c, range, alone, part, hole, err);

        if (rc != WORKER_OK) {
            return rc;
        }

        hole = false;
    }

    return (c->maker != NULL) ? c->ops->range_end(c->maker, err) : WORKER_OK;
}


static void
worker_cut_ahead(worker_cutter_t *c, const wub_chain_t *chain, size_t n)
{
    size_t  k;

    wub_arena_reset(c->scratch);

    for (k = n + 1; k < chain->nparts && k <= n + 2; k++) {
        if (chain->parts[k].segment != NULL) {
            worker_store_ahead(c->scratch, &c->cut->store,
                               chain->parts[k].hour, chain->parts[k].segment);
            break;
        }
    }
}


/*
 * The transition behind a range, if there is one: *from is where the range
 * is no longer alone, then where the next one is.
 */
static worker_rc_t
worker_cut_cross(worker_cutter_t *c, size_t n, int64_t *from,
    worker_err_t *err)
{
    worker_rc_t            rc;
    worker_overlap_conf_t  conf;

    if (worker_cut_overlap(c, n) == 0) {
        *from = INT64_MIN;
        return WORKER_OK;
    }

    conf.store = &c->cut->store;
    conf.making = &c->making;
    conf.transition = &c->cut->ranges->transitions[n];
    conf.from.start = *from;
    conf.from.end = c->cut->ranges->ranges[n].end;
    conf.to = c->cut->ranges->ranges[n + 1];

    /* the transition before it took the last frame */

    if (conf.from.start >= conf.from.end) {
        *from = INT64_MIN;
        return WORKER_OK;
    }

    rc = (c->maker == NULL) ? c->ops->begin(&c->maker, &c->making, err)
                            : WORKER_OK;

    if (rc == WORKER_OK) {
        rc = worker_plan_overlap(&c->plan, conf.transition, &conf.from, err);
    }

    return (rc == WORKER_OK) ? worker_cut_crossed(c, &conf, from, err) : rc;
}


static worker_rc_t
worker_cut_crossed(worker_cutter_t *c, const worker_overlap_conf_t *conf,
    int64_t *resume, worker_err_t *err)
{
    wub_range_t        to;
    worker_rc_t        rc;
    worker_made_t      before, made;
    worker_overlap_t  *overlap;

    overlap = NULL;
    worker_cut_sum(c, &before);

    rc = worker_overlap_open(&overlap, conf, err);

    if (rc == WORKER_OK) {
        rc = c->ops->overlap(c->maker, overlap, err);
    }

    if (rc == WORKER_OK) {
        *resume = worker_overlap_resume(overlap);
        worker_cut_sum(c, &made);

        to.start = conf->to.start;
        to.end = *resume;

        rc = worker_plan_crossed(&c->plan, &to, made.frames - before.frames,
                                 err);
    }

    worker_overlap_close(overlap);

    return rc;
}


static worker_rc_t
worker_cut_segment(worker_cutter_t *c, const wub_range_t *range,
    const wub_range_t *alone, const wub_best_part_t *part, bool hole,
    worker_err_t *err)
{
    worker_rc_t        rc;
    worker_footage_t  *footage;

    rc = worker_footage_read(&footage, &c->cut->store, part->hour,
                             part->segment, &c->making.tick, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    worker_cut_look(c, range, footage);

    rc = worker_cut_open(c, footage, hole, err);

    if (rc != WORKER_OK) {
        worker_footage_free(footage);
        return rc;
    }

    return c->ops->add(c->maker, footage, alone->start, alone->end, hole,
                       err);
}


/* a segment as it is */
static worker_rc_t
worker_cut_whole(worker_cutter_t *c, const wub_best_part_t *part,
    worker_err_t *err)
{
    uint64_t     size;
    worker_rc_t  rc;

    wub_arena_reset(c->scratch);

    rc = worker_rough(c->scratch, &c->cut->store, part->hour, part->segment,
                      &c->making, &size, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    c->result.nfiles = 1;
    c->result.made.bytes += (int64_t) size;
    c->result.made.done += part->segment->duration;

    return worker_plan_whole(&c->plan, part->hour, part->segment, size, err);
}


/* a maker for the segment: the one at work, or the next file's */
static worker_rc_t
worker_cut_open(worker_cutter_t *c, const worker_footage_t *footage,
    bool hole, worker_err_t *err)
{
    char            when[WUB_TIME_LEN + 1];
    size_t          i;
    worker_rc_t     rc;

    if (c->maker != NULL
        && (!c->cut->kind->runs
            || (!hole && worker_cut_fits(&c->making.form, footage))))
    {
        return WORKER_OK;
    }

    rc = worker_cut_close(c, err);

    if (rc == WORKER_OK && c->result.nfiles > 0) {

        if (c->cut->next == NULL) {
            return worker_fail(err, WORKER_INVALID,
                               "The segment %s has another form than those "
                               "before it, from %s on, and cuts of type %s "
                               "write a file for each; cut them separately "
                               "here.", footage->name,
                               worker_footage_when(footage, 0, when),
                               c->cut->kind->name);
        }

        rc = c->cut->dry ? WORKER_OK
                         : c->cut->next(c->cut->write_data, err);

        if (rc == WORKER_OK) {
            rc = worker_plan_next(&c->plan, err);
        }
    }

    if (rc != WORKER_OK) {
        return rc;
    }

    if (c->cut->kind->runs) {
        c->making.form = worker_footage_form(footage);

        /* sound that begins late is announced as what it mostly is */

        for (i = 0; i < c->making.form.ntracks; i++) {
            if (c->making.form.tracks[i].rate == 0) {
                c->making.form.tracks[i] = c->form.tracks[i];
            }
        }
    }

    return c->ops->begin(&c->maker, &c->making, err);
}


/* a file is finished */
static worker_rc_t
worker_cut_close(worker_cutter_t *c, worker_err_t *err)
{
    worker_rc_t    rc;
    worker_made_t  made;

    if (c->maker == NULL) {
        return WORKER_OK;
    }

    rc = c->ops->finish(c->maker, err);

    if (rc == WORKER_OK && c->behind != NULL) {
        rc = worker_behind_flush(c->behind, err);
    }

    if (rc != WORKER_OK) {
        return rc;
    }

    worker_cut_sum(c, &made);

    c->result.made = made;
    c->result.nfiles++;

    c->ops->free(c->maker);
    c->maker = NULL;

    return WORKER_OK;
}


/* true when footage can go on in a file of that form */
static bool
worker_cut_fits(const worker_form_t *form, const worker_footage_t *footage)
{
    size_t         i;
    worker_form_t  f;

    f = worker_footage_form(footage);

    if (!wub_video_same(&form->video, &f.video)
        || form->ntracks != f.ntracks)
    {
        return false;
    }

    for (i = 0; i < f.ntracks; i++) {
        if (f.tracks[i].rate != 0
            && !worker_sound_same(&form->tracks[i], &f.tracks[i]))
        {
            return false;
        }
    }

    return true;
}


/*
 * Names are trusted, but what they promise is compared with what is there,
 * by the first range that needs the segment.
 */
static void
worker_cut_look(worker_cutter_t *c, const wub_range_t *range,
    const worker_footage_t *footage)
{
    int64_t               missing;
    const wub_range_t    *r;
    const wub_segment_t  *segment;

    segment = &footage->segment;
    missing = footage->missing + segment->duration
              - wub_time_from_ticks(footage->end, 1, WUB_TS_HZ);

    if (missing <= WORKER_CUT_SHORT) {
        return;
    }

    for (r = c->cut->ranges->ranges; r < range; r++) {
        if (r->start < wub_segment_end(segment) && r->end > segment->start) {
            return;
        }
    }

    if (c->result.nshort++ == 0) {
        worker_say(&c->result.missing, "%s by %" PRId64 ".%03" PRId64 " s",
                   footage->name, missing / WUB_SECOND,
                   missing % WUB_SECOND / 1000);
    }
}
