
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "worker/worker_cut_making.h"
#include "worker/worker_loop.h"


/* milliseconds from one call of the progress function to the next */
#define WORKER_CUT_PACE          50


static worker_rc_t worker_cut_write(void *data, const uint8_t *bytes,
    size_t len, worker_err_t *err);
static worker_rc_t worker_cut_step(void *data,
    const worker_footage_t *footage, const worker_step_t *step,
    worker_err_t *err);
static worker_rc_t worker_cut_beside(void *data,
    const worker_footage_t *footage, bool before, worker_footage_t **ret,
    worker_err_t *err);
static worker_rc_t worker_cut_tick(void *data);


void
worker_cut_making(worker_cutter_t *c)
{
    const worker_cut_t  *cut;

    cut = c->cut;

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

    c = data;

    if (c->cut->stop != NULL && *c->cut->stop != 0) {
        return WORKER_STOPPED;
    }

    now = worker_loop_now();

    if (now - c->told >= WORKER_CUT_PACE) {
        c->told = now;
        worker_cut_tell(c);
    }

    return WORKER_OK;
}


void
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


void
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
