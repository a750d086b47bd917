
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_ts.h"
#include "worker/worker_full_sound.h"


/*
 * Audio frames that are decoded before a run, as each needs what lies
 * before; and ticks behind its end, for the cross-over.
 */
#define WORKER_FULL_SOUND_ROLL   3
#define WORKER_FULL_SOUND_MORE   (WUB_TS_HZ / 100)


static worker_rc_t worker_full_sound_track(worker_full_sound_t *s,
    size_t i, worker_full_audio_t *a, int64_t limit, worker_err_t *err);
static worker_rc_t worker_full_sound_put(void *data, int64_t place,
    const float *const *planes, size_t n, worker_err_t *err);
static worker_rc_t worker_full_sound_packet(void *data,
    struct AVPacket *packet, worker_err_t *err);
static worker_rc_t worker_full_sound_open_track(worker_full_track_t *track,
    uint32_t rate, size_t channels, worker_err_t *err);


worker_rc_t
worker_full_sound_open(worker_full_sound_t *s,
    const worker_making_t *making, bool headers, worker_err_t *err)
{
    worker_rc_t           rc;
    worker_full_track_t  *track;

    while (s->ntracks < making->form.ntracks) {
        track = &s->tracks[s->ntracks];
        track->sounds = s;

        rc = worker_av_voice_open(&track->voice, making->encode,
                                  &making->form.tracks[s->ntracks++],
                                  headers, &making->tick, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        track->stream = s->ntracks;
        worker_av_voice_sink(track->voice, worker_full_sound_packet, track);

        rc = worker_full_sound_open_track(track,
                                      worker_av_voice_rate(track->voice),
                                      worker_av_voice_channels(track->voice),
                                      err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


worker_rc_t
worker_full_sound_bare(worker_full_sound_t *s,
    const worker_making_t *making, worker_err_t *err)
{
    worker_rc_t            rc;
    worker_full_track_t   *track;
    const worker_sound_t  *form;

    while (s->ntracks < making->form.ntracks) {
        form = &making->form.tracks[s->ntracks];
        track = &s->tracks[s->ntracks++];
        track->sounds = s;

        rc = worker_full_sound_open_track(track, form->rate, form->channels,
                                          err);
        if (rc != WORKER_OK) {
            return rc;
        }

        track->lead = s->before * track->rate / WUB_TS_HZ;
    }

    return WORKER_OK;
}


void
worker_full_sound_lead(worker_full_sound_t *s, int64_t delay)
{
    size_t                i;
    int64_t               padding;
    worker_full_track_t  *track;

    for (i = 0; i < s->ntracks; i++) {
        track = &s->tracks[i];

        padding = worker_av_voice_padding(track->voice);
        track->lead = delay * track->rate / WUB_TS_HZ;

        if (track->lead >= padding) {
            track->lead -= padding;

        } else {
            worker_av_voice_from(track->voice, -track->lead);
        }
    }
}


void
worker_full_sound_run(worker_full_sound_t *s)
{
    size_t                i;
    int64_t               before;
    worker_full_track_t  *track;

    before = (s->timeline->run == 1) ? s->before : 0;

    for (i = 0; i < s->ntracks; i++) {
        track = &s->tracks[i];
        worker_mix_run(&track->mix,
                       worker_full_sound_place(track, s->timeline->base
                                               - before));
    }

    s->filled = s->timeline->base;
}


bool
worker_full_sound_early(const worker_full_sound_t *s,
    const worker_footage_t *footage, int64_t pts)
{
    size_t                 i;
    const worker_track_t  *track;

    for (i = 0; i < s->ntracks && i < footage->ntracks; i++) {
        track = &footage->tracks[i];

        if (track->naudio != 0
            && track->audio[0].pts
               > pts - s->before
                 - WORKER_FULL_SOUND_ROLL * track->audio[0].duration)
        {
            return true;
        }
    }

    return false;
}


bool
worker_full_sound_short(const worker_full_sound_t *s,
    const worker_footage_t *footage)
{
    size_t                      i;
    const worker_full_track_t  *track;

    for (i = 0; i < s->ntracks && i < footage->ntracks; i++) {
        track = &s->tracks[i];

        if (footage->tracks[i].naudio != 0
            && track->mix.end < worker_full_sound_place(track,
                                                    s->timeline->video_end
                                                    + s->behind)
                                + track->mix.half)
        {
            return true;
        }
    }

    return false;
}


worker_rc_t
worker_full_sound_feed(worker_full_sound_t *s, worker_full_audio_t *a,
    worker_full_audio_t *b, int64_t limit, worker_err_t *err)
{
    size_t       i;
    worker_rc_t  rc;

    for (i = 0; i < s->ntracks; i++) {

        rc = worker_full_sound_track(s, i, a, limit, err);

        if (rc == WORKER_OK
            && (a->footage == NULL || i >= a->footage->ntracks
                || a->next[i] == a->footage->tracks[i].naudio))
        {
            rc = worker_full_sound_track(s, i, b, limit, err);
        }

        if (rc == WORKER_OK) {
            rc = worker_full_sound_encode(&s->tracks[i], false, err);
        }

        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


worker_rc_t
worker_full_sound_encode(worker_full_track_t *track, bool last,
    worker_err_t *err)
{
    size_t                n, taken;
    int64_t               base;
    worker_rc_t           rc;
    worker_full_sound_t  *s;

    s = track->sounds;

    if (s->out == NULL) {
        return WORKER_OK;
    }

    n = last ? track->mix.len
             : worker_mix_ready(&track->mix,
                                worker_full_sound_place(track,
                                                    s->timeline->video_end));

    base = s->base * track->rate / WUB_TS_HZ - track->lead + track->mix.at;

    rc = worker_av_voice_send(track->voice, base,
                              (const float *const *) track->mix.planes, n,
                              last, &taken, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (taken != 0) {
        worker_mix_take(&track->mix, taken);
    }

    return WORKER_OK;
}


int64_t
worker_full_sound_place(const worker_full_track_t *track, int64_t out)
{
    int64_t  n;

    n = (out - track->sounds->base) * track->rate;
    n += (n >= 0) ? WUB_TS_HZ / 2 : -(WUB_TS_HZ / 2);

    return n / WUB_TS_HZ + track->lead;
}


worker_rc_t
worker_full_sound_fill(worker_full_sound_t *s, worker_err_t *err)
{
    size_t                i;
    worker_rc_t           rc;
    worker_full_track_t  *track;

    for (i = 0; i < s->ntracks; i++) {
        track = &s->tracks[i];

        rc = worker_mix_silence(&track->mix,
                                worker_full_sound_place(track, s->filled),
                                err);
        if (rc == WORKER_OK) {
            rc = worker_full_sound_encode(track, false, err);
        }

        if (rc != WORKER_OK) {
            return rc;
        }
    }

    s->filled = s->timeline->video_end;

    return WORKER_OK;
}


worker_rc_t
worker_full_sound_run_end(worker_full_sound_t *s, worker_err_t *err)
{
    size_t       i;
    worker_rc_t  rc;

    for (i = 0; i < s->ntracks; i++) {
        rc = worker_av_sound_drain(s->tracks[i].sound, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


worker_rc_t
worker_full_sound_finish(worker_full_sound_t *s, worker_err_t *err)
{
    size_t                i;
    worker_rc_t           rc;
    worker_full_track_t  *track;

    for (i = 0; i < s->ntracks; i++) {
        track = &s->tracks[i];

        rc = worker_mix_end(&track->mix,
                            worker_full_sound_place(track,
                                                    s->timeline->video_end),
                            err);

        if (rc == WORKER_OK) {
            rc = worker_full_sound_encode(track, true, err);
        }

        if (rc == WORKER_OK) {
            rc = worker_av_voice_finish(track->voice, err);
        }

        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


void
worker_full_sound_close(worker_full_sound_t *s)
{
    size_t  i;

    for (i = 0; i < s->ntracks; i++) {
        worker_av_sound_close(s->tracks[i].sound);
        worker_av_voice_close(s->tracks[i].voice);
        worker_mix_free(&s->tracks[i].mix);
    }
}


static worker_rc_t
worker_full_sound_open_track(worker_full_track_t *track, uint32_t rate,
    size_t channels, worker_err_t *err)
{
    worker_rc_t  rc;

    track->rate = rate;

    rc = worker_mix_init(&track->mix, channels, rate, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_av_sound_open(&track->sound, rate, channels,
                                worker_full_sound_put, track, err);
}


static worker_rc_t
worker_full_sound_track(worker_full_sound_t *s, size_t i,
    worker_full_audio_t *a, int64_t limit, worker_err_t *err)
{
    int64_t                at, out, roll;
    worker_rc_t            rc;
    const worker_audio_t  *audio;
    const worker_track_t  *track;

    if (a->footage == NULL || i >= a->footage->ntracks) {
        return WORKER_OK;
    }

    track = &a->footage->tracks[i];

    for ( /* void */ ; a->next[i] < track->naudio; a->next[i]++) {
        audio = &track->audio[a->next[i]];
        at = a->anchor + audio->pts;
        roll = WORKER_FULL_SOUND_ROLL * audio->duration;
        roll += (s->timeline->run == 1) ? s->before : 0;

        if (at + roll < s->timeline->origin) {
            continue;
        }

        if (at > limit
            || at >= s->timeline->source_end + s->behind
                     + WORKER_FULL_SOUND_MORE)
        {
            return WORKER_OK;
        }

        out = wub_timeline_out(s->timeline, at);

        rc = worker_av_sound_send(s->tracks[i].sound, audio,
                                  worker_full_sound_place(&s->tracks[i],
                                                          out), err);
        if (rc != WORKER_OK) {
            return rc;
        }

        s->hurt += (audio->hurt && at >= s->timeline->origin);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_full_sound_put(void *data, int64_t place, const float *const *planes,
    size_t n, worker_err_t *err)
{
    worker_full_track_t  *track;

    track = data;

    return worker_mix_put(&track->mix, place, planes, n, err);
}


static worker_rc_t
worker_full_sound_packet(void *data, struct AVPacket *packet,
    worker_err_t *err)
{
    worker_full_track_t  *track;

    track = data;

    return worker_av_out_encoded(track->sounds->out, packet, track->stream,
                                 err);
}
