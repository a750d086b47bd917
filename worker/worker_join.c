
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdlib.h>

#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_footage_run.h"
#include "worker/worker_join.h"
#include "worker/worker_join_work.h"


#define WORKER_JOIN_ARENA        ((size_t) 64 << 20)


static worker_rc_t worker_join_begin(void **ret,
    const worker_making_t *making, worker_err_t *err);
static worker_rc_t worker_join_add(void *maker, worker_footage_t *footage,
    int64_t start, int64_t end, bool hole, worker_err_t *err);
static worker_rc_t worker_join_range_end(void *maker, worker_err_t *err);
static worker_rc_t worker_join_finish(void *maker, worker_err_t *err);
static void worker_join_made(const void *maker, worker_made_t *ret);
static void worker_join_free(void *maker);

static worker_rc_t worker_join_segment(worker_join_work_t *w,
    worker_err_t *err);
static worker_rc_t worker_join_plan(worker_join_work_t *w,
    worker_err_t *err);
static const char *worker_join_disorder(const worker_footage_t *f,
    char out[WUB_TIME_LEN + 1]);
static void worker_join_describe(worker_join_work_t *w, const bool *forms);
static worker_rc_t worker_join_back(worker_join_work_t *w,
    worker_err_t *err);
static worker_rc_t worker_join_leading(worker_join_t *j, worker_err_t *err);
static void worker_join_run(worker_join_work_t *w, bool hole);
static void worker_join_keep(worker_join_work_t *w);
static void worker_join_learn(worker_join_t *j);
static void worker_join_drop(worker_join_t *j);


const worker_maker_t  worker_join_maker = {
    worker_join_begin,
    worker_join_add,
    worker_join_range_end,
    worker_join_overlap,
    worker_join_finish,
    worker_join_made,
    worker_join_free
};


static worker_rc_t
worker_join_begin(void **ret, const worker_making_t *making,
    worker_err_t *err)
{
    wub_arena_t    *arena;
    worker_join_t  *j;

    arena = wub_arena_create(sizeof(worker_join_t) * 2);
    j = (arena == NULL) ? NULL : wub_arena_calloc(arena, sizeof(*j));

    if (j == NULL) {
        wub_arena_destroy(arena);
        return worker_fail_memory(err, "Cutting");
    }

    j->own = arena;
    j->making = making;
    j->delay = making->delay;
    memcpy(j->sounds, making->form.tracks, sizeof(j->sounds));
    *ret = j;

    j->arena = wub_arena_create(WORKER_JOIN_ARENA);
    if (j->arena == NULL) {
        return worker_fail_memory(err, "Cutting");
    }

    return WORKER_OK;
}


static worker_rc_t
worker_join_add(void *maker, worker_footage_t *footage, int64_t start,
    int64_t end, bool hole, worker_err_t *err)
{
    worker_rc_t         rc;
    worker_join_t      *j;
    worker_join_work_t  w;

    j = maker;
    j->start = start;
    j->end = end;

    memset(&w, 0, sizeof(worker_join_work_t));

    w.join = j;
    w.footage = footage;
    w.start = start;
    w.end = end;

    worker_join_run(&w, hole);

    rc = worker_join_sounds(j, footage, err);

    if (rc == WORKER_OK) {
        rc = worker_join_plan(&w, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_join_back(&w, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_join_segment(&w, err);
    }

    worker_join_keep(&w);

    return rc;
}


/* where the segment lies: behind the last one, or in a run of its own */
static void
worker_join_run(worker_join_work_t *w, bool hole)
{
    int64_t               distance;
    worker_join_t        *j;
    worker_footage_run_e  how;

    j = w->join;
    w->anchor = w->footage->first;

    if (j->last == NULL) {
        return;
    }

    how = worker_footage_run(j->last, w->footage, hole, &distance);

    if (how == WORKER_FOOTAGE_APART) {
        worker_join_drop(j);
        return;
    }

    w->anchor = j->anchor + distance;

    /* an encoder may have begun anew: what it refers to may not be there */

    if (how == WORKER_FOOTAGE_ANEW) {
        j->state.copied = false;
    }
}


/*
 * Frames and audio of a range may lie in the segment behind its last one:
 * frames that are shown before that segment's first key frame, audio that
 * was sent after its video.
 */
static worker_rc_t
worker_join_range_end(void *maker, worker_err_t *err)
{
    bool            wanted;
    int64_t         end;
    worker_rc_t     rc;
    worker_join_t  *j;

    j = maker;
    rc = WORKER_OK;

    if (j->last != NULL) {
        end = j->last->segment.start
              + wub_time_from_ticks(j->last->end - j->last->spacing, 1,
                                    WUB_TS_HZ);

        wanted = end < j->end;

        if (!wanted && j->run && !j->making->dry) {
            wanted = worker_join_audio_late(j);
        }

        if (wanted) {
            rc = worker_join_leading(j, err);
        }

        worker_join_learn(j);
    }

    if (rc == WORKER_OK && j->run && !j->making->dry) {
        rc = worker_join_silence(j, err);
    }

    worker_join_drop(j);

    return rc;
}


static worker_rc_t
worker_join_finish(void *maker, worker_err_t *err)
{
    worker_join_t  *j;

    j = maker;

    if (j->made.frames == 0) {
        return worker_fail(err, WORKER_INVALID,
                           (j->made.lost != 0)
                           ? "No frame of the ranges can be decoded."
                           : "No frame lies within the ranges.");
    }

    if (j->making->dry) {
        return WORKER_OK;
    }

    return worker_av_out_finish(j->out, err);
}


static void
worker_join_made(const void *maker, worker_made_t *ret)
{
    const worker_join_t  *j;

    j = maker;

    *ret = j->made;
    ret->done = wub_time_from_ticks(j->timeline.video_end - j->base, 1,
                                    WUB_TS_HZ);
    ret->bytes = (j->out == NULL) ? 0 : worker_av_out_bytes(j->out);
}


static void
worker_join_free(void *maker)
{
    worker_join_t  *j;

    j = maker;

    if (j != NULL) {
        worker_av_out_close(j->out);
        worker_footage_free(j->last);
        wub_arena_destroy(j->arena);
        wub_arena_destroy(j->own);
    }
}


static worker_rc_t
worker_join_segment(worker_join_work_t *w, worker_err_t *err)
{
    worker_rc_t  rc;

    w->join->made.lost += (int64_t) w->plan.nlost;

    rc = worker_join_spans(w, err);

    if (rc == WORKER_OK && w->join->run && !w->join->making->dry) {
        rc = worker_join_audio(w, INT64_MAX, err);
    }

    return rc;
}


static worker_rc_t
worker_join_plan(worker_join_work_t *w, worker_err_t *err)
{
    bool          *forms;
    char           when[WUB_TIME_LEN + 1];
    size_t         i;
    wub_rc_t       rc;
    wub_arena_t   *arena;

    arena = w->join->arena;
    wub_arena_reset(arena);

    forms = wub_arena_alloc(arena, w->footage->nforms * sizeof(bool) + 1);
    if (forms == NULL) {
        return worker_fail_memory(err, w->footage->name);
    }

    for (i = 0; i < w->footage->nforms; i++) {
        forms[i] = wub_video_same(&w->footage->forms[i],
                                  &w->join->making->form.video);
    }

    worker_join_describe(w, forms);
    w->state = w->join->state;

    rc = wub_cutplan_build(arena, &w->segment, w->start, w->end, &w->state,
                           &w->plan);

    if (rc == WUB_INVALID) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s has time stamps out of order at "
                           "%s; it cannot be cut.", w->footage->name,
                           worker_join_disorder(w->footage, when));
    }

    return (rc == WUB_OK) ? WORKER_OK
                          : worker_fail_wub(err, rc, w->footage->name);
}


/* where a key frame is shown before what lies before it */
static const char *
worker_join_disorder(const worker_footage_t *f, char out[WUB_TIME_LEN + 1])
{
    size_t   i;
    int64_t  last;

    last = 0;

    for (i = 1; i < f->nvideo; i++) {

        if (f->frames[i].key != WUB_KEY_NONE && f->frames[i].pts <= last) {
            break;
        }

        last = (f->frames[i].pts > last) ? f->frames[i].pts : last;
    }

    return worker_footage_when(f, last, out);
}


static void
worker_join_describe(worker_join_work_t *w, const bool *forms)
{
    w->segment.start = w->footage->segment.start;
    w->segment.num = 1;
    w->segment.den = WUB_TS_HZ;
    w->segment.frames = w->footage->frames;
    w->segment.nframes = w->footage->nvideo;
    w->segment.forms = forms;
    w->segment.nforms = w->footage->nforms;
}


/*
 * Where a range begins, frames may refer to the segment before, and audio
 * that belongs to its first frames may have been sent with that one.
 */
static worker_rc_t
worker_join_back(worker_join_work_t *w, worker_err_t *err)
{
    int64_t              distance;
    worker_rc_t          rc;
    worker_join_t       *j;
    worker_footage_t    *beside;
    worker_join_work_t   b;

    j = w->join;

    if (j->last != NULL
        || (w->plan.nlost == 0
            && (j->making->dry || w->plan.nkept == 0
                || !worker_join_audio_early(w, w->plan.first))))
    {
        return WORKER_OK;
    }

    rc = j->making->beside(j->making->beside_data, w->footage, true, &beside,
                           err);
    if (rc != WORKER_OK || beside == NULL) {
        return rc;
    }

    if (worker_footage_run(beside, w->footage, false, &distance)
        == WORKER_FOOTAGE_APART
        || worker_join_sounds(j, beside, NULL) != WORKER_OK)
    {
        worker_footage_free(beside);
        return WORKER_OK;
    }

    memset(&b, 0, sizeof(worker_join_work_t));

    b.join = j;
    b.footage = beside;
    b.anchor = w->anchor - distance;

    /* an empty range: only the state behind it counts */

    if (worker_join_plan(&b, NULL) != WORKER_OK) {
        worker_footage_free(beside);

    } else {
        worker_join_keep(&b);
    }

    return worker_join_plan(w, err);
}


/* what is beside a range is of use, but nothing fails without it */
static worker_rc_t
worker_join_leading(worker_join_t *j, worker_err_t *err)
{
    int64_t             distance;
    worker_rc_t         rc;
    worker_join_work_t  w;

    memset(&w, 0, sizeof(worker_join_work_t));

    w.join = j;

    rc = j->making->beside(j->making->beside_data, j->last, false,
                           &w.footage, err);
    if (rc != WORKER_OK || w.footage == NULL) {
        return rc;
    }

    w.start = j->start;
    w.end = (j->end < w.footage->segment.start) ? j->end
                                                : w.footage->segment.start;

    if (worker_footage_run(j->last, w.footage, false, &distance)
        != WORKER_FOOTAGE_APART
        && worker_join_sounds(j, w.footage, NULL) == WORKER_OK
        && worker_join_plan(&w, NULL) == WORKER_OK)
    {
        w.anchor = j->anchor + distance;
        rc = worker_join_segment(&w, err);
    }

    worker_footage_free(w.footage);

    return rc;
}


/* this segment's frames and audio may be needed with the next one's */
static void
worker_join_keep(worker_join_work_t *w)
{
    worker_join_t  *j;

    j = w->join;

    worker_footage_free(j->last);

    j->last = w->footage;
    j->anchor = w->anchor;
    j->state = w->state;
    memcpy(j->next, w->next, sizeof(j->next));
}


/* what a transition behind the range goes on with */
static void
worker_join_learn(worker_join_t *j)
{
    size_t                 i, k, last, bytes;
    const worker_track_t  *track;

    last = 0;

    for (i = 0; i < j->last->nvideo; i++) {
        last = (j->last->frames[i].key != WUB_KEY_NONE) ? i : last;
    }

    j->delay = worker_join_delay(j->last, last);

    for (i = 0; i < j->last->ntracks; i++) {
        track = &j->last->tracks[i];
        bytes = 0;

        for (k = 0; k < track->naudio; k++) {
            bytes += track->audio[k].len;
        }

        if (track->naudio != 0) {
            j->bits[i] = (int64_t) (bytes / track->naudio) * 8
                         * j->sounds[i].rate / WORKER_AV_AAC_SAMPLES;
        }
    }
}


/* the run ends here */
static void
worker_join_drop(worker_join_t *j)
{
    worker_footage_free(j->last);

    j->last = NULL;
    j->run = false;
    memset(&j->state, 0, sizeof(wub_cutplan_state_t));
}
