
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_av.h"
#include "worker/worker_cut.h"
#include "worker/worker_cut_first.h"
#include "worker/worker_cut_makers.h"
#include "worker/worker_rough.h"


/* milliseconds from one call of the progress function to the next */
#define WORKER_CUT_PACE          50

/* what a segment may lack of the time that its name says, microseconds */
#define WORKER_CUT_SHORT         100000


static worker_rc_t worker_cut_init(worker_cutter_t *c, worker_err_t *err);
static worker_rc_t worker_cut_behind(worker_cutter_t *c, worker_err_t *err);
static worker_rc_t worker_cut_ranges(worker_cutter_t *c, worker_err_t *err);
static worker_rc_t worker_cut_range(worker_cutter_t *c,
    const wub_range_t *range, worker_err_t *err);
static worker_rc_t worker_cut_segment(worker_cutter_t *c,
    const wub_range_t *range, const wub_best_part_t *part, bool hole,
    worker_err_t *err);
static worker_rc_t worker_cut_whole(worker_cutter_t *c,
    const wub_best_part_t *part, worker_err_t *err);
static worker_rc_t worker_cut_open(worker_cutter_t *c,
    const worker_footage_t *footage, bool hole, worker_err_t *err);
static worker_rc_t worker_cut_close(worker_cutter_t *c, worker_err_t *err);
static bool worker_cut_fits(const worker_form_t *form,
    const worker_footage_t *footage);
static void worker_cut_look(worker_cutter_t *c, const wub_range_t *range,
    const worker_footage_t *footage);
static worker_rc_t worker_cut_write(void *data, const uint8_t *bytes,
    size_t len, worker_err_t *err);
static worker_rc_t worker_cut_step(void *data,
    const worker_footage_t *footage, const worker_step_t *step,
    worker_err_t *err);
static worker_rc_t worker_cut_beside(void *data,
    const worker_footage_t *footage, bool before, worker_footage_t **ret,
    worker_err_t *err);
static worker_rc_t worker_cut_tick(void *data);
static void worker_cut_tell(worker_cutter_t *c);
static void worker_cut_sum(const worker_cutter_t *c, worker_made_t *ret);


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

    c->making.write = worker_cut_write;
    c->making.write_data = c;
    c->making.fd = cut->fd;
    c->making.beside = worker_cut_beside;
    c->making.beside_data = c;
    c->making.tick.call = worker_cut_tick;
    c->making.tick.data = c;
    c->making.encode = (cut->encode != NULL) ? cut->encode : &c->encode;
    c->making.step = worker_cut_step;
    c->making.step_data = c;
    c->making.dry = cut->dry;

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

    rc = worker_cut_close(c, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    worker_cut_tell(c);

    return worker_plan_end(&c->plan, err);
}


static worker_rc_t
worker_cut_range(worker_cutter_t *c, const wub_range_t *range,
    worker_err_t *err)
{
    bool                    hole;
    size_t                  i, k;
    wub_chain_t             chain;
    worker_rc_t             rc;
    const wub_best_part_t  *part;

    rc = worker_cut_chain(c, range, &chain, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    /* ranges are apart even where they touch */

    hole = c->cut->kind->runs;

    for (i = 0; i < chain.nparts; i++) {
        part = &chain.parts[i];

        if (part->segment == NULL) {
            hole = true;
            continue;
        }

        wub_arena_reset(c->scratch);

        for (k = i + 1; k < chain.nparts && k <= i + 2; k++) {
            if (chain.parts[k].segment != NULL) {
                worker_store_ahead(c->scratch, &c->cut->store,
                                   chain.parts[k].hour,
                                   chain.parts[k].segment);
                break;
            }
        }

        c->result.nsegments++;

        rc = (c->ops == NULL)
             ? worker_cut_whole(c, part, err)
             : worker_cut_segment(c, range, part, hole, err);

        if (rc != WORKER_OK) {
            return rc;
        }

        hole = false;
    }

    return (c->maker != NULL) ? c->ops->range_end(c->maker, err) : WORKER_OK;
}


static worker_rc_t
worker_cut_segment(worker_cutter_t *c, const wub_range_t *range,
    const wub_best_part_t *part, bool hole, worker_err_t *err)
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

    return c->ops->add(c->maker, footage, range->start, range->end, hole,
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


static worker_rc_t
worker_cut_write(void *data, const uint8_t *bytes, size_t len,
    worker_err_t *err)
{
    worker_rc_t       rc;
    worker_cutter_t  *c = data;

    rc = worker_cut_tick(c);

    if (rc != WORKER_OK || len == 0) {
        return rc;
    }

    return (c->behind != NULL)
           ? worker_behind_write(c->behind, bytes, len, err)
           : c->cut->write(c->cut->write_data, bytes, len, err);
}


static worker_rc_t
worker_cut_step(void *data, const worker_footage_t *footage,
    const worker_step_t *step, worker_err_t *err)
{
    worker_cutter_t  *c = data;

    return worker_plan_step(&c->plan, footage, step, err);
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

    wub_arena_reset(c->scratch);

    rc = worker_store_chain(c->scratch, &c->cut->store, &range, &chain, NULL);
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

    worker_cut_sum(c, &made);

    c->progress.done = made.done;
    c->progress.bytes = made.bytes;

    c->cut->progress(c->cut->progress_data, &c->progress);
}


/* of the files that are finished and the one at work */
static void
worker_cut_sum(const worker_cutter_t *c, worker_made_t *ret)
{
    worker_made_t  made;

    *ret = c->result.made;

    if (c->maker == NULL) {
        return;
    }

    memset(&made, 0, sizeof(worker_made_t));
    c->ops->made(c->maker, &made);

    ret->frames += made.frames;
    ret->copied += made.copied;
    ret->lost += made.lost;
    ret->damaged += made.damaged;
    ret->hurt += made.hurt;
    ret->done += made.done;
    ret->bytes += made.bytes;
}
