
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * The sound of a transition: frames that go on where those end that were
 * copied, on the same samples, so that the two halves of a frame fit.
 */


#include "common/wub_ts.h"
#include "worker/worker_join_work.h"


/* what an encoder hears of what was before */
#define WORKER_JOIN_PREROLL      2

/* bits a second for each channel, at least */
#define WORKER_JOIN_VOICE        64000


static worker_rc_t worker_join_voice_open(worker_join_cross_t *c,
    size_t track, worker_err_t *err);
static worker_rc_t worker_join_voice(worker_join_cross_t *c, size_t track,
    int64_t limit, worker_err_t *err);
static worker_rc_t worker_join_voice_make(worker_join_cross_t *c,
    size_t track, worker_av_aac_packet_t *ret, worker_err_t *err);
static int64_t worker_join_voice_ticks(const worker_join_voice_t *v,
    int64_t frames);
static int64_t worker_join_voice_samples(const worker_join_voice_t *v,
    int64_t ticks);


worker_rc_t
worker_join_cross_open(worker_join_cross_t *c, worker_join_t *join,
    worker_overlap_t *overlap, worker_err_t *err)
{
    size_t       i;
    worker_rc_t  rc;

    c->join = join;
    c->overlap = overlap;

    for (i = 0; i < join->making->form.ntracks; i++) {
        c->nvoices = i + 1;

        rc = worker_join_voice_open(c, i, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


worker_rc_t
worker_join_cross(worker_join_cross_t *c, int64_t limit, worker_err_t *err)
{
    size_t       i;
    worker_rc_t  rc;

    for (i = 0; i < c->nvoices; i++) {
        rc = worker_join_voice(c, i, limit, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


void
worker_join_cross_close(worker_join_cross_t *c)
{
    size_t  i;

    for (i = 0; i < c->nvoices; i++) {
        worker_av_aac_close(c->voices[i].aac);
    }
}


/*
 * The sound that was copied before was moved a little, to lie end to end;
 * this goes on moved as it was, for a step of less than a frame is heard.
 */
static worker_rc_t
worker_join_voice_open(worker_join_cross_t *c, size_t track,
    worker_err_t *err)
{
    int64_t                 shift, bits, least;
    worker_rc_t             rc;
    worker_join_t          *j;
    worker_join_voice_t    *v;
    wub_timeline_track_t   *t;
    const worker_sound_t   *sound;

    j = c->join;
    v = &c->voices[track];
    t = &j->tracks[track];
    sound = &j->sounds[track];

    if (sound->rate == 0 || sound->channels == 0) {
        return WORKER_OK;
    }

    least = WORKER_JOIN_VOICE * (int64_t) sound->channels;
    bits = (j->bits[track] > least) ? j->bits[track] : least;

    rc = worker_av_aac_open(&v->aac, sound, bits, err);
    if (rc != WORKER_OK || v->aac == NULL) {
        return rc;
    }

    v->rate = sound->rate;
    v->start = t->end;
    shift = (t->run != 0 && t->run + 1 == j->timeline.run) ? t->shift : 0;

    if (v->start < j->timeline.base - worker_join_voice_ticks(v, 1)) {
        v->start = j->timeline.base;
        shift = 0;
    }

    v->place = worker_join_voice_samples(v, v->start - j->timeline.base
                                            - shift);
    t->shift = shift;

    return worker_overlap_sounds(c->overlap, track, v->rate,
                                 worker_av_aac_channels(v->aac), err);
}


static worker_rc_t
worker_join_voice(worker_join_cross_t *c, size_t track, int64_t limit,
    worker_err_t *err)
{
    int64_t                  out, half;
    worker_rc_t              rc;
    worker_join_t           *j;
    worker_join_voice_t     *v;
    wub_timeline_track_t    *t;
    worker_av_aac_packet_t   packet;

    j = c->join;
    v = &c->voices[track];
    t = &j->tracks[track];

    while (v->aac != NULL) {
        out = v->start + worker_join_voice_ticks(v, v->nmade);
        half = (t->run != 0) ? worker_join_voice_ticks(v, 1) / 2 : 0;

        if (out > limit || out + half >= j->timeline.video_end) {
            break;
        }

        rc = worker_join_voice_make(c, track, &packet, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        v->nmade++;
        t->end = v->start + worker_join_voice_ticks(v, v->nmade);
        t->run = j->timeline.run;

        rc = worker_join_frame(j, track, packet.data, packet.len, out,
                               t->end - out, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


/* the next frame; those of what was before it are dropped */
static worker_rc_t
worker_join_voice_make(worker_join_cross_t *c, size_t track,
    worker_av_aac_packet_t *ret, worker_err_t *err)
{
    float *const         *planes;
    int64_t               place;
    worker_rc_t           rc;
    worker_join_voice_t  *v;

    v = &c->voices[track];

    do {
        rc = worker_av_aac_planes(v->aac, &planes, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        place = v->place + (v->nsent - WORKER_JOIN_PREROLL)
                           * WORKER_AV_AAC_SAMPLES;

        rc = worker_overlap_sound(c->overlap, track, place, planes,
                                  WORKER_AV_AAC_SAMPLES, err);

        if (rc == WORKER_OK) {
            rc = worker_av_aac_send(v->aac, ret, err);
        }

        if (rc != WORKER_OK) {
            return rc;
        }

        v->nsent++;

    } while (ret->data == NULL
             || ret->frame - WORKER_JOIN_PREROLL < v->nmade);

    return WORKER_OK;
}


/* of so many frames */
static int64_t
worker_join_voice_ticks(const worker_join_voice_t *v, int64_t frames)
{
    int64_t  rate;

    rate = v->rate;

    return (frames * WORKER_AV_AAC_SAMPLES * WUB_TS_HZ + rate / 2) / rate;
}


/* the nearest; of negative ticks too */
static int64_t
worker_join_voice_samples(const worker_join_voice_t *v, int64_t ticks)
{
    int64_t  n;

    n = ticks * v->rate;

    return (n + (n < 0 ? -1 : 1) * (WUB_TS_HZ / 2)) / WUB_TS_HZ;
}
