
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_full.h"
#include "worker/worker_full_segment.h"
#include "worker/worker_footage_run.h"


#define WORKER_FULL_ARENA        ((size_t) 1 << 20)


static worker_rc_t worker_full_begin(void **ret,
    const worker_making_t *making, worker_err_t *err);
static worker_rc_t worker_full_open(worker_full_t *f, worker_err_t *err);
static worker_rc_t worker_full_add(void *maker, worker_footage_t *footage,
    int64_t start, int64_t end, bool hole, worker_err_t *err);
static worker_rc_t worker_full_range_end(void *maker, worker_err_t *err);
static worker_rc_t worker_full_finish(void *maker, worker_err_t *err);
static void worker_full_made(const void *maker, worker_made_t *ret);
static void worker_full_free(void *maker);

static worker_rc_t worker_full_behind(worker_full_t *f, worker_err_t *err);
static worker_rc_t worker_full_run_end(worker_full_t *f, worker_err_t *err);
static void worker_full_keep(worker_full_t *f, const worker_full_work_t *w);
static void worker_full_drop(worker_full_t *f);


const worker_maker_t  worker_full_maker = {
    worker_full_begin,
    worker_full_add,
    worker_full_range_end,
    NULL,
    worker_full_finish,
    worker_full_made,
    worker_full_free
};


static worker_rc_t
worker_full_begin(void **ret, const worker_making_t *making,
    worker_err_t *err)
{
    worker_rc_t     rc;
    wub_arena_t    *arena;
    worker_full_t  *f;

    arena = wub_arena_create(WORKER_FULL_ARENA);
    f = (arena != NULL) ? wub_arena_calloc(arena, sizeof(worker_full_t))
                        : NULL;
    if (f == NULL) {
        wub_arena_destroy(arena);
        return worker_fail_memory(err, "Cutting");
    }

    f->making = making;
    f->arena = arena;

    rc = worker_full_open(f, err);
    if (rc != WORKER_OK) {
        worker_full_free(f);
        return rc;
    }

    *ret = f;

    return WORKER_OK;
}


static worker_rc_t
worker_full_open(worker_full_t *f, worker_err_t *err)
{
    worker_rc_t  rc;

    f->sound.timeline = &f->timeline;
    f->video.making = f->making;
    f->video.sound = &f->sound;

    wub_timeline_init(&f->timeline, 0);

    rc = worker_full_video_init(&f->video, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_full_sound_open(&f->sound, f->making,
                         f->making->encode->kind != WORKER_ENCODE_MPEGTS,
                         err);
}


static worker_rc_t
worker_full_add(void *maker, worker_footage_t *footage, int64_t start,
    int64_t end, bool hole, worker_err_t *err)
{
    int64_t              anchor, distance;
    worker_rc_t          rc;
    worker_full_t       *f;
    worker_full_work_t   w;

    f = maker;
    f->end = end;
    rc = WORKER_OK;
    anchor = footage->first;

    if (f->last != NULL) {

        if (worker_footage_run(f->last, footage, hole, &distance)
            != WORKER_FOOTAGE_APART)
        {
            anchor = f->audio.anchor + distance;

        } else {
            rc = worker_full_run_end(f, err);
        }
    }

    worker_full_work(&w, f, footage, anchor, start, end, false);

    if (rc == WORKER_OK && w.nkept != 0) {
        rc = worker_full_segment(&w, err);

    } else {
        f->warm = false;
    }

    worker_full_keep(f, &w);

    return rc;
}


static worker_rc_t
worker_full_range_end(void *maker, worker_err_t *err)
{
    worker_rc_t     rc;
    worker_full_t  *f;

    f = maker;
    rc = f->run ? worker_full_behind(f, err) : WORKER_OK;

    if (rc == WORKER_OK) {
        rc = worker_full_run_end(f, err);
    }

    worker_full_drop(f);

    return rc;
}


static worker_rc_t
worker_full_finish(void *maker, worker_err_t *err)
{
    worker_rc_t     rc;
    worker_full_t  *f;

    f = maker;

    if (f->video.made.frames == 0) {
        return worker_fail(err, WORKER_INVALID,
                           "No frame lies within the ranges.");
    }

    if (f->making->dry) {
        return WORKER_OK;
    }

    rc = worker_full_video_finish(&f->video, err);

    if (rc == WORKER_OK) {
        rc = worker_full_sound_finish(&f->sound, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_av_out_finish(f->video.out, err);
    }

    return rc;
}


static void
worker_full_made(const void *maker, worker_made_t *ret)
{
    const worker_full_t  *f;

    f = maker;
    *ret = f->video.made;
    ret->hurt = f->sound.hurt;

    if (f->video.out != NULL) {
        ret->bytes = worker_av_out_bytes(f->video.out);
    }
}


static void
worker_full_free(void *maker)
{
    worker_full_t  *f;

    f = maker;

    if (f == NULL) {
        return;
    }

    worker_full_drop(f);
    worker_full_video_close(&f->video);
    worker_full_sound_close(&f->sound);
    wub_arena_destroy(f->arena);
}


/*
 * The end of a range: sound of its last frames may have been sent after
 * them, and frames shown before the next segment's first key frame belong
 * to the time before that.
 */
static worker_rc_t
worker_full_behind(worker_full_t *f, worker_err_t *err)
{
    int64_t              end, distance;
    worker_rc_t          rc;
    worker_footage_t    *beside;
    worker_full_work_t   w;

    end = f->last->segment.start
          + wub_time_from_ticks(f->last->end - f->last->spacing, 1,
                                WUB_TS_HZ);

    if (!worker_full_sound_short(&f->sound, f->last)
        && (f->end <= end || !f->warm))
    {
        return WORKER_OK;
    }

    rc = f->making->beside(f->making->beside_data, f->last, false, &beside,
                           err);
    if (rc != WORKER_OK || beside == NULL) {
        return rc;
    }

    if (worker_footage_run(f->last, beside, false, &distance)
        != WORKER_FOOTAGE_APART)
    {
        worker_full_work(&w, f, beside, f->audio.anchor + distance,
                         INT64_MIN, f->end, true);

        rc = (w.nkept != 0 && f->warm)
             ? worker_full_segment(&w, err)
             : worker_full_sound_feed(&f->sound, &f->audio, &w.audio,
                                      INT64_MAX, err);
    }

    worker_footage_free(beside);

    return rc;
}


/* what the decoders hold, and nothing goes on from here */
static worker_rc_t
worker_full_run_end(worker_full_t *f, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = worker_full_video_drain(&f->video, err);

    if (rc == WORKER_OK) {
        rc = worker_full_sound_run_end(&f->sound, err);
    }

    f->run = false;
    worker_full_drop(f);

    return rc;
}


/* audio of this segment may be needed with the next one */
static void
worker_full_keep(worker_full_t *f, const worker_full_work_t *w)
{
    worker_footage_free(f->last);

    f->last = w->footage;
    f->audio = w->audio;
}


static void
worker_full_drop(worker_full_t *f)
{
    worker_footage_free(f->last);

    f->last = NULL;
    f->warm = false;
    memset(&f->audio, 0, sizeof(worker_full_audio_t));
}
