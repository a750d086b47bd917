
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "worker/worker_full.h"
#include "worker/worker_full_overlap.h"
#include "worker/worker_full_range.h"


#define WORKER_FULL_ARENA        ((size_t) 1 << 20)


/* a full cut at work */
typedef struct {
    worker_full_range_t  range;
    worker_full_file_t   file;
    wub_arena_t         *arena;         /* where this lies */
} worker_full_cut_t;


static worker_rc_t worker_full_begin(void **ret,
    const worker_making_t *making, worker_err_t *err);
static worker_rc_t worker_full_open(worker_full_cut_t *m,
    const worker_making_t *making, worker_err_t *err);
static worker_rc_t worker_full_add(void *maker, worker_footage_t *footage,
    int64_t start, int64_t end, bool hole, worker_err_t *err);
static worker_rc_t worker_full_range_done(void *maker, worker_err_t *err);
static worker_rc_t worker_full_cross(void *maker,
    struct worker_overlap_s *overlap, worker_err_t *err);
static worker_rc_t worker_full_finish(void *maker, worker_err_t *err);
static void worker_full_made(const void *maker, worker_made_t *ret);
static void worker_full_free(void *maker);

static worker_rc_t worker_full_steps(worker_full_cut_t *m,
    worker_err_t *err);


const worker_maker_t  worker_full_maker = {
    worker_full_begin,
    worker_full_add,
    worker_full_range_done,
    worker_full_cross,
    worker_full_finish,
    worker_full_made,
    worker_full_free
};


static worker_rc_t
worker_full_begin(void **ret, const worker_making_t *making,
    worker_err_t *err)
{
    worker_rc_t               rc;
    wub_arena_t              *arena;
    worker_full_cut_t  *m;

    arena = wub_arena_create(WORKER_FULL_ARENA);
    m = (arena != NULL)
        ? wub_arena_calloc(arena, sizeof(worker_full_cut_t)) : NULL;

    if (m == NULL) {
        wub_arena_destroy(arena);
        return worker_fail_memory(err, "Cutting");
    }

    m->arena = arena;

    rc = worker_full_open(m, making, err);
    if (rc != WORKER_OK) {
        worker_full_free(m);
        return rc;
    }

    *ret = m;

    return WORKER_OK;
}


static worker_rc_t
worker_full_open(worker_full_cut_t *m, const worker_making_t *making,
    worker_err_t *err)
{
    worker_rc_t     rc;
    worker_full_t  *f;

    f = &m->range.full;

    m->file.making = making;
    m->file.sound = &f->sound;
    m->file.timeline = &f->timeline;
    m->file.made = &f->video.made;

    f->what = making->dry ? WORKER_FULL_PLAN : WORKER_FULL_BOTH;
    f->making = making;
    f->file = &m->file;
    f->video.sink = worker_full_file_frame;
    f->video.data = &m->file;

    rc = worker_full_range_init(&m->range, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_full_sound_open(&f->sound, making,
                                  making->encode->kind
                                  != WORKER_ENCODE_MPEGTS, err);
}


static worker_rc_t
worker_full_add(void *maker, worker_footage_t *footage, int64_t start,
    int64_t end, bool hole, worker_err_t *err)
{
    worker_rc_t               rc;
    worker_full_cut_t  *m;

    m = maker;

    rc = worker_full_range_add(&m->range, footage, start, end, hole, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_full_steps(m, err);
}


static worker_rc_t
worker_full_range_done(void *maker, worker_err_t *err)
{
    worker_rc_t               rc;
    worker_full_cut_t  *m;

    m = maker;

    rc = worker_full_range_behind(&m->range, err);

    if (rc == WORKER_OK) {
        rc = worker_full_steps(m, err);
    }

    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_full_range_end(&m->range, err);
}


static worker_rc_t
worker_full_cross(void *maker, struct worker_overlap_s *overlap,
    worker_err_t *err)
{
    worker_full_cut_t  *m;

    m = maker;

    return worker_full_overlap(&m->range.full, overlap, err);
}


static worker_rc_t
worker_full_finish(void *maker, worker_err_t *err)
{
    worker_rc_t               rc;
    worker_full_t            *f;
    worker_full_cut_t  *m;

    m = maker;
    f = &m->range.full;

    if (f->video.made.frames == 0) {
        return worker_fail(err, WORKER_INVALID,
                           "No frame lies within the ranges.");
    }

    if (f->what == WORKER_FULL_PLAN) {
        return WORKER_OK;
    }

    rc = worker_full_file_video_end(&m->file, err);

    if (rc == WORKER_OK) {
        rc = worker_full_sound_finish(&f->sound, err);
    }

    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_full_file_end(&m->file, err);
}


static void
worker_full_made(const void *maker, worker_made_t *ret)
{
    const worker_full_cut_t  *m;

    m = maker;
    *ret = m->range.full.video.made;
    ret->hurt = m->range.full.sound.hurt;

    if (m->file.out != NULL) {
        ret->bytes = worker_av_out_bytes(m->file.out);
    }
}


static void
worker_full_free(void *maker)
{
    worker_full_cut_t  *m;

    m = maker;

    if (m == NULL) {
        return;
    }

    worker_full_file_close(&m->file);
    worker_full_range_close(&m->range);
    wub_arena_destroy(m->arena);
}


/* all of the segment that was added last */
static worker_rc_t
worker_full_steps(worker_full_cut_t *m, worker_err_t *err)
{
    worker_rc_t  rc;

    while (m->range.busy) {
        rc = worker_full_range_step(&m->range, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}
