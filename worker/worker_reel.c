
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "common/wub_ts.h"
#include "worker/worker_av_keep.h"
#include "worker/worker_full_range.h"
#include "worker/worker_overlap_pair.h"
#include "worker/worker_reel.h"


/* frames that wait, at first */
#define WORKER_REEL_ROOM         64


struct worker_reel_s {
    worker_full_range_t      range;
    worker_making_t          making;
    const worker_store_t    *store;
    wub_range_t              asked;
    wub_chain_t              chain;
    size_t                   part;      /* of the chain, the next one */
    bool                     behind;    /* what lies behind was looked at */
    bool                     ended;     /* all of it is decoded */
    wub_arena_t             *arena;     /* this, the chain and the frames */

    /* of the frames those that wait, the first one is lent */

    worker_reel_frame_t     *frames;
    size_t                   first;
    size_t                   nframes;
    size_t                   room;
    bool                     lent;
    int64_t                  place;     /* of the one that came last */
};


static worker_rc_t worker_reel_init(worker_reel_t *r, worker_reel_e what,
    worker_err_t *err);
static worker_rc_t worker_reel_frame(void *data, struct AVFrame *frame,
    const worker_full_frame_t *want, worker_err_t *err);
static worker_rc_t worker_reel_make_room(worker_reel_t *r,
    worker_err_t *err);
static worker_rc_t worker_reel_more(worker_reel_t *r, worker_err_t *err);
static worker_rc_t worker_reel_segment(worker_reel_t *r, worker_err_t *err);
static worker_rc_t worker_reel_two(worker_reel_t *r, worker_err_t *err);
static const worker_reel_frame_t *worker_reel_lend(worker_reel_t *r);
static void worker_reel_drop(worker_reel_t *r);
static bool worker_reel_lacks(const worker_reel_t *r,
    const worker_full_track_t *track, int64_t end);
static void worker_reel_read(worker_mix_t *m, int64_t place,
    float *const *planes, size_t n);


worker_rc_t
worker_reel_open(worker_reel_t **ret, worker_reel_e what,
    const worker_store_t *store, const worker_making_t *making,
    const wub_range_t *range, worker_err_t *err)
{
    worker_rc_t     rc;
    wub_arena_t    *arena;
    worker_reel_t  *r;

    arena = wub_arena_create(WUB_ARENA_MAX);
    r = (arena != NULL) ? wub_arena_calloc(arena, sizeof(worker_reel_t))
                        : NULL;
    if (r == NULL) {
        wub_arena_destroy(arena);
        return worker_fail_memory(err, "A transition");
    }

    r->arena = arena;
    r->making = *making;
    r->store = store;
    r->asked = *range;
    r->place = INT64_MIN;

    rc = worker_reel_init(r, what, err);
    if (rc != WORKER_OK) {
        worker_reel_close(r);
        return rc;
    }

    *ret = r;

    return WORKER_OK;
}


worker_rc_t
worker_reel_next(worker_reel_t *r, const worker_reel_frame_t **ret,
    worker_err_t *err)
{
    worker_rc_t  rc;

    if (r->lent) {
        worker_reel_drop(r);
    }

    rc = worker_reel_two(r, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    *ret = worker_reel_lend(r);
    r->lent = (*ret != NULL);

    return WORKER_OK;
}


worker_rc_t
worker_reel_near(worker_reel_t *r, int64_t place,
    const worker_reel_frame_t **ret, worker_err_t *err)
{
    worker_rc_t           rc;
    worker_reel_frame_t  *f;

    for ( ;; ) {
        rc = worker_reel_two(r, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        if (r->nframes < 2) {
            break;
        }

        f = &r->frames[r->first];

        if (!worker_overlap_nearer(place, f[0].place, f[1].place)) {
            break;
        }

        worker_reel_drop(r);
    }

    *ret = worker_reel_lend(r);

    return WORKER_OK;
}


worker_rc_t
worker_reel_sound(worker_reel_t *r, size_t track, int64_t place,
    float *const *planes, size_t n, worker_err_t *err)
{
    size_t                     c;
    worker_rc_t                rc;
    const worker_full_track_t  *t;

    t = &r->range.full.sound.tracks[track];
    place += t->lead;

    while (worker_reel_lacks(r, t, place + (int64_t) n)) {
        rc = worker_reel_more(r, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    for (c = 0; c < t->mix.channels; c++) {
        memset(planes[c], 0, n * sizeof(float));
    }

    worker_reel_read(&r->range.full.sound.tracks[track].mix, place, planes,
                     n);

    return WORKER_OK;
}


void
worker_reel_made(const worker_reel_t *r, worker_made_t *made)
{
    if (r->range.full.what == WORKER_FULL_SOUND) {
        made->hurt += r->range.full.sound.hurt;

    } else {
        made->lost += r->range.full.video.made.lost;
    }
}


void
worker_reel_close(worker_reel_t *r)
{
    if (r == NULL) {
        return;
    }

    while (r->nframes != 0) {
        worker_reel_drop(r);
    }

    worker_full_range_close(&r->range);
    wub_arena_destroy(r->arena);
}


static worker_rc_t
worker_reel_init(worker_reel_t *r, worker_reel_e what, worker_err_t *err)
{
    worker_rc_t     rc;
    worker_full_t  *f;

    static const worker_full_e  whats[] = {
        WORKER_FULL_TIMES, WORKER_FULL_PICTURES, WORKER_FULL_SOUND
    };

    f = &r->range.full;

    f->what = whats[what];
    f->making = &r->making;
    f->video.sink = worker_reel_frame;
    f->video.data = r;

    rc = worker_full_range_init(&r->range, err);

    if (rc == WORKER_OK && what == WORKER_REEL_SOUND) {
        f->sound.before = WORKER_REEL_BESIDE;
        f->sound.behind = WORKER_REEL_BESIDE;

        rc = worker_full_sound_bare(&f->sound, &r->making, err);
    }

    if (rc != WORKER_OK) {
        return rc;
    }

    rc = worker_store_chain(r->arena, r->store, &r->asked, &r->chain, err);

    /* a hole from end to end */

    if (rc == WORKER_INVALID) {
        memset(&r->chain, 0, sizeof(wub_chain_t));
        return WORKER_OK;
    }

    return rc;
}


/* a worker_full_frame_pt */
static worker_rc_t
worker_reel_frame(void *data, struct AVFrame *frame,
    const worker_full_frame_t *want, worker_err_t *err)
{
    worker_rc_t           rc;
    worker_reel_t        *r;
    worker_reel_frame_t  *f;

    r = data;

    rc = worker_reel_make_room(r, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    f = &r->frames[r->first + r->nframes];

    memset(f, 0, sizeof(worker_reel_frame_t));

    if (frame != NULL) {
        f->frame = worker_av_keep(frame);

        if (f->frame == NULL) {
            return worker_fail_memory(err, "A transition");
        }
    }

    r->place = (want->out > r->place) ? want->out : r->place + 1;
    r->nframes++;

    f->place = r->place;
    f->duration = want->duration;
    f->time = want->time;
    f->damaged = want->damaged;

    return WORKER_OK;
}


static worker_rc_t
worker_reel_make_room(worker_reel_t *r, worker_err_t *err)
{
    size_t                room;
    worker_reel_frame_t  *frames;

    if (r->first + r->nframes < r->room) {
        return WORKER_OK;
    }

    frames = r->frames;
    room = r->room;

    if (r->nframes >= room / 2) {
        room = (room == 0) ? WORKER_REEL_ROOM : 2 * room;

        frames = wub_arena_alloc(r->arena,
                                 room * sizeof(worker_reel_frame_t));
        if (frames == NULL) {
            return worker_fail_memory(err, "A transition");
        }
    }

    if (r->nframes != 0) {
        memmove(frames, r->frames + r->first,
                r->nframes * sizeof(worker_reel_frame_t));
    }

    r->frames = frames;
    r->room = room;
    r->first = 0;

    return WORKER_OK;
}


/* one access unit, the next segment, or the end */
static worker_rc_t
worker_reel_more(worker_reel_t *r, worker_err_t *err)
{
    worker_full_range_t  *range;

    range = &r->range;

    if (range->busy) {
        return worker_full_range_step(range, err);
    }

    if (r->part < r->chain.nparts) {
        return worker_reel_segment(r, err);
    }

    if (!r->behind) {
        r->behind = true;
        return worker_full_range_behind(range, err);
    }

    r->ended = true;

    return worker_full_range_end(range, err);
}


static worker_rc_t
worker_reel_segment(worker_reel_t *r, worker_err_t *err)
{
    bool                    hole;
    worker_rc_t             rc;
    worker_footage_t       *footage;
    const wub_best_part_t  *part;

    part = &r->chain.parts[r->part++];

    if (part->segment == NULL) {
        return WORKER_OK;
    }

    hole = r->part > 1 && part[-1].segment == NULL;

    rc = worker_footage_read(&footage, r->store, part->hour, part->segment,
                             &r->making.tick, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_full_range_add(&r->range, footage, r->asked.start,
                                 r->asked.end, hole, err);
}


/* a frame's duration is known with the next one's place */
static worker_rc_t
worker_reel_two(worker_reel_t *r, worker_err_t *err)
{
    worker_rc_t  rc;

    while (r->nframes < 2 && !r->ended) {
        rc = worker_reel_more(r, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


static const worker_reel_frame_t *
worker_reel_lend(worker_reel_t *r)
{
    worker_reel_frame_t  *f;

    if (r->nframes == 0) {
        return NULL;
    }

    f = &r->frames[r->first];
    f->last = (r->nframes == 1);

    if (!f->last) {
        f->duration = f[1].place - f[0].place;
    }

    return f;
}


static void
worker_reel_drop(worker_reel_t *r)
{
    worker_av_release(r->frames[r->first].frame);

    r->first++;
    r->nframes--;
    r->lent = false;
}


/* whether samples up to a place may still change */
static bool
worker_reel_lacks(const worker_reel_t *r, const worker_full_track_t *track,
    int64_t end)
{
    int64_t  video;

    if (r->ended) {
        return false;
    }

    video = worker_full_sound_place(track,
                                    r->range.full.timeline.video_end);

    return track->mix.at + (int64_t) worker_mix_ready(&track->mix, video)
           < end;
}


/* and forgets what lies before */
static void
worker_reel_read(worker_mix_t *m, int64_t place, float *const *planes,
    size_t n)
{
    size_t   c, len;
    int64_t  skip;

    skip = place - m->at;

    if (skip > 0) {
        worker_mix_take(m, ((uint64_t) skip < m->len) ? (size_t) skip
                                                      : m->len);
    }

    /* what lies before the first one of all, or is forgotten, is silent */

    skip = (place < m->at) ? m->at - place : 0;

    if (place + (int64_t) n <= m->at || (skip == 0 && place != m->at)) {
        return;
    }

    len = (m->len < n - (size_t) skip) ? m->len : n - (size_t) skip;

    for (c = 0; c < m->channels; c++) {
        memcpy(planes[c] + skip, m->planes[c], len * sizeof(float));
    }
}
