
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


/* what goes on behind a transition: the segment, and its first frame */
typedef struct {
    worker_footage_t  *footage;     /* NULL: nothing is known of it */
    int64_t            pts;
} worker_join_behind_t;


static worker_rc_t worker_join_behind(worker_join_cross_t *c,
    worker_join_behind_t *ret, worker_err_t *err);
static bool worker_join_behind_pts(const worker_footage_t *f, int64_t time,
    int64_t *ret);
static worker_rc_t worker_join_voice_open(worker_join_cross_t *c,
    size_t track, const worker_join_behind_t *behind, worker_err_t *err);
static const worker_audio_t *worker_join_voice_near(
    const worker_track_t *track, int64_t pts);
static int64_t worker_join_voice_shift(const worker_join_cross_t *c,
    size_t track, const worker_join_behind_t *behind, int64_t shift);
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
    size_t                i;
    worker_rc_t           rc;
    worker_join_behind_t  behind;

    c->join = join;
    c->overlap = overlap;

    if (join->making->form.ntracks == 0) {
        return WORKER_OK;
    }

    rc = worker_join_behind(c, &behind, err);

    for (i = 0; rc == WORKER_OK && i < join->making->form.ntracks; i++) {
        c->nvoices = i + 1;
        rc = worker_join_voice_open(c, i, &behind, err);
    }

    worker_footage_free(behind.footage);

    return rc;
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


/* nothing fails without it */
static worker_rc_t
worker_join_behind(worker_join_cross_t *c, worker_join_behind_t *ret,
    worker_err_t *err)
{
    size_t                        i;
    wub_chain_t                   chain;
    wub_range_t                   range;
    worker_rc_t                   rc;
    const worker_overlap_conf_t  *conf;

    ret->footage = NULL;

    conf = worker_overlap_conf(c->overlap);
    range.start = worker_overlap_resume(c->overlap);
    range.end = range.start + 1;

    wub_arena_reset(c->join->arena);

    if (range.start >= conf->to.end
        || worker_store_chain(c->join->arena, conf->store, &range, &chain,
                              NULL) != WORKER_OK)
    {
        return WORKER_OK;
    }

    for (i = 0; i < chain.nparts && chain.parts[i].segment == NULL; i++) {
        /* void */
    }

    if (i == chain.nparts) {
        return WORKER_OK;
    }

    rc = worker_footage_read(&ret->footage, conf->store, chain.parts[i].hour,
                             chain.parts[i].segment, &c->join->making->tick,
                             err);
    if (rc != WORKER_OK) {
        ret->footage = NULL;
        return (rc == WORKER_STOPPED) ? rc : WORKER_OK;
    }

    if (!worker_join_behind_pts(ret->footage, range.start, &ret->pts)) {
        worker_footage_free(ret->footage);
        ret->footage = NULL;
    }

    return WORKER_OK;
}


/* of the first frame at a time or behind it */
static bool
worker_join_behind_pts(const worker_footage_t *f, int64_t time,
    int64_t *ret)
{
    bool                   found;
    size_t                 i;
    wub_cutplan_segment_t  segment;

    memset(&segment, 0, sizeof(wub_cutplan_segment_t));

    segment.start = f->segment.start;
    segment.num = 1;
    segment.den = WUB_TS_HZ;
    segment.frames = f->frames;
    segment.nframes = f->nvideo;

    found = false;

    for (i = 0; i < f->nvideo; i++) {
        if (wub_cutplan_time(&segment, &f->frames[i]) >= time
            && (!found || f->frames[i].pts < *ret))
        {
            *ret = f->frames[i].pts;
            found = true;
        }
    }

    return found;
}


/*
 * What was copied before was moved a little, to lie end to end, and so will
 * be what is copied behind: the sound of either range goes the same way, and
 * no step is heard.
 */
static worker_rc_t
worker_join_voice_open(worker_join_cross_t *c, size_t track,
    const worker_join_behind_t *behind, worker_err_t *err)
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
    t->shift = worker_join_voice_shift(c, track, behind, shift);

    worker_overlap_later(c->overlap, track,
                         worker_join_voice_samples(v, t->shift - shift));

    return worker_overlap_sounds(c->overlap, track, v->rate,
                                 worker_av_aac_channels(v->aac), err);
}


static const worker_audio_t *
worker_join_voice_near(const worker_track_t *track, int64_t pts)
{
    size_t  i;

    for (i = 0; i + 1 < track->naudio; i++) {
        if (track->audio[i + 1].pts > pts) {
            break;
        }
    }

    return &track->audio[i];
}


/* how far what is copied behind will be moved, as wub_timeline does it */
static int64_t
worker_join_voice_shift(const worker_join_cross_t *c, size_t track,
    const worker_join_behind_t *behind, int64_t shift)
{
    int64_t                     end, last, n, each, moved;
    const worker_audio_t       *audio;
    const worker_join_voice_t  *v;

    if (behind->footage == NULL || track >= behind->footage->ntracks
        || behind->footage->tracks[track].naudio == 0)
    {
        return shift;
    }

    v = &c->voices[track];
    audio = worker_join_voice_near(&behind->footage->tracks[track],
                                   behind->pts);
    each = worker_join_voice_ticks(v, 1);

    /* where the frames of the transition will end */

    end = c->join->timeline.base + worker_overlap_length(c->overlap);
    last = end - each / 2;
    n = (last > v->start) ? (last - v->start) / (each + 1) : 0;

    while (v->start + worker_join_voice_ticks(v, n) < last) {
        n++;
    }

    /* one frame tells where all of them lie */

    moved = v->start + worker_join_voice_ticks(v, n)
            - (end + audio->pts - behind->pts);
    moved %= each;

    if (moved < 0) {
        moved += each;
    }

    return (moved > each / 2) ? moved - each : moved;
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

    n += (n < 0) ? -(WUB_TS_HZ / 2) : WUB_TS_HZ / 2;

    return n / WUB_TS_HZ;
}
