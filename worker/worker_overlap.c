
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "common/wub_ts.h"
#include "worker/worker_av_fade.h"
#include "worker/worker_mix.h"
#include "worker/worker_overlap.h"
#include "worker/worker_overlap_pair.h"


#define WORKER_OVERLAP_ARENA     ((size_t) 1 << 20)

/* samples that cross over at a time */
#define WORKER_OVERLAP_BLOCK     1024

/* a track of which nothing is known: Hz */
#define WORKER_OVERLAP_RATE      48000


typedef enum {
    WORKER_OVERLAP_FROM = 0,
    WORKER_OVERLAP_TO,
    WORKER_OVERLAP_SIDES
} worker_overlap_side_e;

/* a side, as its steps are told */
typedef struct {
    const worker_making_t        *making;
    wub_range_t                   range;    /* what is shown of it */
    bool                          incoming;
} worker_overlap_told_t;

struct worker_overlap_s {
    const worker_overlap_conf_t  *conf;
    wub_arena_t                  *arena;    /* where this lies */
    worker_making_t               making;   /* as conf's, but for sound and
                                               steps */
    worker_overlap_out_t          out;      /* by the times alone */
    worker_overlap_told_t         sides[WORKER_OVERLAP_SIDES];
    int64_t                       resume;
    int64_t                       length;   /* to that frame, ticks */
    worker_reel_t                *pictures[WORKER_OVERLAP_SIDES];
    worker_reel_t                *sounds[WORKER_OVERLAP_SIDES];
    worker_av_scale_t             scale[WORKER_OVERLAP_SIDES];
    worker_av_look_t              look;     /* of all pictures */
    worker_av_fade_t             *fade;     /* NULL before the first one */
    worker_reel_frame_t           frame;    /* the one that is lent */
    int64_t                       later[WORKER_TRACKS_MAX];
                                            /* samples of the next range */
    worker_made_t                 made;
    float                         block[WORKER_MIX_CHANNELS]
                                       [WORKER_OVERLAP_BLOCK];
};


static worker_rc_t worker_overlap_init(worker_overlap_t *o,
    worker_err_t *err);
static worker_rc_t worker_overlap_pictures(worker_overlap_t *o,
    worker_overlap_side_e side, worker_err_t *err);
static worker_rc_t worker_overlap_step(void *data,
    const worker_footage_t *footage, const worker_step_t *step,
    worker_err_t *err);
static worker_rc_t worker_overlap_look(worker_overlap_t *o,
    worker_err_t *err);
static worker_rc_t worker_overlap_out(worker_overlap_t *o,
    worker_reel_t *reel, worker_err_t *err);
static worker_rc_t worker_overlap_in(worker_overlap_t *o,
    worker_reel_t *reel, worker_err_t *err);
static worker_rc_t worker_overlap_picture(worker_overlap_t *o,
    const worker_reel_frame_t *from, const worker_reel_frame_t *to,
    worker_err_t *err);
static worker_rc_t worker_overlap_mix(worker_overlap_t *o, size_t track,
    int64_t place, float *const *planes, size_t n, worker_err_t *err);


worker_rc_t
worker_overlap_open(worker_overlap_t **ret,
    const worker_overlap_conf_t *conf, worker_err_t *err)
{
    worker_rc_t        rc;
    wub_arena_t       *arena;
    worker_overlap_t  *o;

    arena = wub_arena_create(WORKER_OVERLAP_ARENA);
    o = (arena != NULL) ? wub_arena_calloc(arena, sizeof(worker_overlap_t))
                        : NULL;
    if (o == NULL) {
        wub_arena_destroy(arena);
        return worker_fail_memory(err, "A transition");
    }

    o->arena = arena;
    o->conf = conf;
    o->making = *conf->making;
    o->making.step = NULL;

    rc = worker_overlap_init(o, err);
    if (rc != WORKER_OK) {
        worker_overlap_close(o);
        return rc;
    }

    *ret = o;

    return WORKER_OK;
}


const worker_overlap_conf_t *
worker_overlap_conf(const worker_overlap_t *o)
{
    return o->conf;
}


worker_rc_t
worker_overlap_next(worker_overlap_t *o, const worker_reel_frame_t **ret,
    worker_err_t *err)
{
    worker_rc_t                 rc;
    const worker_reel_frame_t  *from, *to;

    *ret = NULL;

    if (o->length == 0) {
        return WORKER_OK;
    }

    rc = worker_reel_next(o->pictures[WORKER_OVERLAP_FROM], &from, err);
    if (rc != WORKER_OK || from == NULL) {
        return rc;
    }

    rc = worker_reel_near(o->pictures[WORKER_OVERLAP_TO], from->place, &to,
                          err);
    if (rc != WORKER_OK) {
        return rc;
    }

    o->frame = *from;

    if (from->last && from->place < o->length) {
        o->frame.duration = o->length - from->place;
    }

    if (to != NULL && to->damaged) {
        o->frame.damaged = true;
    }

    if (from->frame != NULL) {
        rc = worker_overlap_picture(o, from, to, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    o->made.frames++;
    o->made.damaged += o->frame.damaged;

    *ret = &o->frame;

    return WORKER_OK;
}


int64_t
worker_overlap_resume(const worker_overlap_t *o)
{
    return o->resume;
}


int64_t
worker_overlap_length(const worker_overlap_t *o)
{
    return o->length;
}


worker_rc_t
worker_overlap_sounds(worker_overlap_t *o, size_t track, uint32_t rate,
    size_t channels, worker_err_t *err)
{
    if (track >= o->making.form.ntracks || rate == 0 || channels == 0
        || channels > WORKER_MIX_CHANNELS)
    {
        return worker_fail(err, WORKER_INVALID,
                           "Sound of %u Hz with %zu channels cannot cross "
                           "over.", (unsigned) rate, channels);
    }

    o->making.form.tracks[track].rate = rate;
    o->making.form.tracks[track].channels = (uint8_t) channels;

    return WORKER_OK;
}


worker_rc_t
worker_overlap_sound(worker_overlap_t *o, size_t track, int64_t place,
    float *const *planes, size_t n, worker_err_t *err)
{
    float        *at[WORKER_MIX_CHANNELS];
    size_t        c, done, step;
    worker_rc_t   rc;

    for (done = 0; done < n; done += step) {
        step = (n - done < WORKER_OVERLAP_BLOCK) ? n - done
                                                 : WORKER_OVERLAP_BLOCK;

        for (c = 0; c < o->making.form.tracks[track].channels; c++) {
            at[c] = planes[c] + done;
        }

        rc = worker_overlap_mix(o, track, place + (int64_t) done, at, step,
                                err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


void
worker_overlap_later(worker_overlap_t *o, size_t track, int64_t samples)
{
    o->later[track] = samples;
}


void
worker_overlap_made(const worker_overlap_t *o, worker_made_t *ret)
{
    size_t  i;

    *ret = o->made;

    for (i = 0; i < WORKER_OVERLAP_SIDES; i++) {

        if (o->pictures[i] != NULL) {
            worker_reel_made(o->pictures[i], ret);
        }

        if (o->sounds[i] != NULL) {
            worker_reel_made(o->sounds[i], ret);
        }
    }
}


void
worker_overlap_close(worker_overlap_t *o)
{
    size_t  i;

    if (o == NULL) {
        return;
    }

    for (i = 0; i < WORKER_OVERLAP_SIDES; i++) {
        worker_reel_close(o->pictures[i]);
        worker_reel_close(o->sounds[i]);
        worker_av_scale_free(&o->scale[i]);
    }

    worker_av_fade_close(o->fade);
    wub_arena_destroy(o->arena);
}


/* the times first, so that of each side no more is decoded than is shown */
static worker_rc_t
worker_overlap_init(worker_overlap_t *o, worker_err_t *err)
{
    size_t           i;
    worker_rc_t      rc;
    worker_sound_t  *sound;

    for (i = 0; i < o->making.form.ntracks; i++) {
        sound = &o->making.form.tracks[i];

        if (sound->rate == 0) {
            sound->rate = WORKER_OVERLAP_RATE;
            sound->channels = 2;
        }
    }

    rc = worker_overlap_look(o, err);
    if (rc != WORKER_OK || o->length == 0) {
        return rc;
    }

    rc = worker_overlap_pictures(o, WORKER_OVERLAP_FROM, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_overlap_pictures(o, WORKER_OVERLAP_TO, err);
}


static worker_rc_t
worker_overlap_pictures(worker_overlap_t *o, worker_overlap_side_e side,
    worker_err_t *err)
{
    worker_making_t         making;
    worker_overlap_told_t  *told;

    told = &o->sides[side];
    told->making = o->conf->making;
    told->incoming = (side == WORKER_OVERLAP_TO);

    making = o->making;
    making.step = (told->making->step != NULL) ? worker_overlap_step : NULL;
    making.step_data = told;

    return worker_reel_open(&o->pictures[side],
                            making.dry ? WORKER_REEL_TIMES
                                       : WORKER_REEL_PICTURES,
                            o->conf->store, &making, &told->range, err);
}


/* what lies behind a range is told as of it */
static worker_rc_t
worker_overlap_step(void *data, const worker_footage_t *footage,
    const worker_step_t *step, worker_err_t *err)
{
    worker_step_t           own;
    worker_overlap_told_t  *told;

    told = data;

    own = *step;
    own.from = told->range.start;
    own.to = told->range.end;
    own.incoming = told->incoming;

    return told->making->step(told->making->step_data, footage, &own, err);
}


static worker_rc_t
worker_overlap_look(worker_overlap_t *o, worker_err_t *err)
{
    worker_rc_t     rc;
    worker_reel_t  *reel;

    o->sides[WORKER_OVERLAP_FROM].range = o->conf->from;
    o->sides[WORKER_OVERLAP_TO].range = o->conf->to;
    o->resume = o->conf->to.start;

    rc = worker_reel_open(&reel, WORKER_REEL_TIMES, o->conf->store,
                          &o->making, &o->conf->from, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    rc = worker_overlap_out(o, reel, err);
    worker_reel_close(reel);

    if (rc != WORKER_OK || o->out.nframes == 0) {
        return rc;
    }

    rc = worker_reel_open(&reel, WORKER_REEL_TIMES, o->conf->store,
                          &o->making, &o->conf->to, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    rc = worker_overlap_in(o, reel, err);
    worker_reel_close(reel);

    return rc;
}


static worker_rc_t
worker_overlap_out(worker_overlap_t *o, worker_reel_t *reel,
    worker_err_t *err)
{
    worker_rc_t                 rc;
    const worker_reel_frame_t  *frame;

    for ( ;; ) {
        rc = worker_reel_next(reel, &frame, err);
        if (rc != WORKER_OK || frame == NULL) {
            return rc;
        }

        o->out.nframes++;
        o->out.last = frame->place;
        o->out.end = frame->place + frame->duration;
    }
}


/* where the next range goes on alone */
static worker_rc_t
worker_overlap_in(worker_overlap_t *o, worker_reel_t *reel,
    worker_err_t *err)
{
    worker_rc_t                 rc;
    const worker_reel_frame_t  *frame;

    o->length = o->out.end;
    o->resume = o->conf->to.end;

    do {
        rc = worker_reel_next(reel, &frame, err);
        if (rc != WORKER_OK || frame == NULL) {
            return rc;
        }
    } while (!worker_overlap_behind(&o->out, frame->place,
                                    frame->duration));

    o->length = frame->place;
    o->resume = frame->time;
    o->sides[WORKER_OVERLAP_TO].range.end = frame->time;

    return WORKER_OK;
}


static worker_rc_t
worker_overlap_picture(worker_overlap_t *o, const worker_reel_frame_t *from,
    const worker_reel_frame_t *to, worker_err_t *err)
{
    worker_rc_t      rc;
    struct AVFrame  *a, *b;

    const wub_video_form_t  *form = &o->making.form.video;

    a = from->frame;

    if (o->fade == NULL) {
        o->look = worker_av_scale_form(form, worker_av_scale_format(form),
                                       worker_av_scale_full(a));

        rc = worker_av_fade_open(&o->fade, o->conf->transition->type,
                                 &o->look, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    rc = worker_av_scale_to(&o->scale[WORKER_OVERLAP_FROM], &a, &o->look,
                            err);
    if (rc != WORKER_OK) {
        return rc;
    }

    o->frame.frame = a;

    if (to == NULL) {
        return WORKER_OK;
    }

    b = to->frame;

    rc = worker_av_scale_to(&o->scale[WORKER_OVERLAP_TO], &b, &o->look, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_av_fade(o->fade, a, b,
                          (from->place < o->length) ? from->place
                                                    : o->length - 1,
                          o->length, &o->frame.frame, err);
}


/* one block of samples */
static worker_rc_t
worker_overlap_mix(worker_overlap_t *o, size_t track, int64_t place,
    float *const *planes, size_t n, worker_err_t *err)
{
    float            gain;
    float           *in[WORKER_MIX_CHANNELS];
    size_t           c, i, channels;
    int64_t          at, length;
    worker_rc_t      rc;

    for (i = 0; i < WORKER_OVERLAP_SIDES; i++) {

        if (o->sounds[i] == NULL) {
            rc = worker_reel_open(&o->sounds[i], WORKER_REEL_SOUND,
                                  o->conf->store, &o->making,
                                  &o->sides[i].range, err);
            if (rc != WORKER_OK) {
                return rc;
            }
        }
    }

    channels = o->making.form.tracks[track].channels;
    length = o->length * o->making.form.tracks[track].rate / WUB_TS_HZ;

    for (c = 0; c < channels; c++) {
        in[c] = o->block[c];
    }

    rc = worker_reel_sound(o->sounds[WORKER_OVERLAP_FROM], track, place,
                           planes, n, err);

    if (rc == WORKER_OK) {
        rc = worker_reel_sound(o->sounds[WORKER_OVERLAP_TO], track,
                               place - o->later[track], in, n, err);
    }

    if (rc != WORKER_OK) {
        return rc;
    }

    for (i = 0; i < n; i++) {
        at = place + (int64_t) i;
        at = (at < 0) ? 0 : (at > length) ? length : at;
        gain = (length > 0) ? (float) at / (float) length : 1;

        for (c = 0; c < channels; c++) {
            planes[c][i] = planes[c][i] * (1 - gain) + in[c][i] * gain;
        }
    }

    return WORKER_OK;
}
