
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_ts.h"
#include "worker/worker_join_work.h"


/* audio is sent that much later than its video, at most */
#define WORKER_JOIN_LATE         WUB_TS_HZ

/* the shortest frame, of 96 kHz */
#define WORKER_JOIN_SHORT        (WORKER_AV_HUSH_SAMPLES * WUB_TS_HZ / 96000)


static worker_rc_t worker_join_track(worker_join_work_t *w, size_t track,
    int64_t limit, worker_err_t *err);
static worker_rc_t worker_join_frames(worker_join_t *j,
    const worker_footage_t *f, int64_t anchor, size_t track, size_t *next,
    int64_t limit, worker_err_t *err);
static worker_rc_t worker_join_hush(worker_join_t *j, size_t track,
    int64_t until, worker_err_t *err);
static size_t worker_join_naudio(const worker_footage_t *f, size_t track);


/*
 * A transport stream sends audio somewhat before or after the video it
 * belongs to, so it is taken from the segment before as well.
 */
worker_rc_t
worker_join_audio(worker_join_work_t *w, int64_t limit, worker_err_t *err)
{
    size_t       i;
    worker_rc_t  rc;

    for (i = 0; i < w->join->making->form.ntracks; i++) {
        rc = worker_join_track(w, i, limit, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


worker_rc_t
worker_join_silence(worker_join_t *j, worker_err_t *err)
{
    size_t       i;
    worker_rc_t  rc;

    for (i = 0; i < j->making->form.ntracks; i++) {
        rc = worker_join_hush(j, i, j->timeline.video_end, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


bool
worker_join_audio_early(const worker_join_work_t *w, int64_t pts)
{
    size_t  i;

    for (i = 0; i < w->footage->ntracks; i++) {
        if (worker_join_naudio(w->footage, i) != 0
            && w->footage->tracks[i].audio[0].pts > pts)
        {
            return true;
        }
    }

    return false;
}


bool
worker_join_audio_late(const worker_join_t *j)
{
    size_t   i;
    int64_t  missing;

    for (i = 0; i < j->making->form.ntracks; i++) {

        if (worker_join_naudio(j->last, i) == 0) {
            continue;
        }

        missing = j->timeline.video_end - j->tracks[i].end;

        if (missing > j->last->tracks[i].audio[0].duration / 2) {
            return true;
        }
    }

    return false;
}


worker_rc_t
worker_join_sounds(worker_join_t *j, const worker_footage_t *f,
    worker_err_t *err)
{
    char                   when[WUB_TIME_LEN + 1];
    size_t                 i, k;
    worker_sound_t        *a;
    const worker_sound_t  *b;

    if (f->ntracks > j->making->form.ntracks) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s has %zu audio tracks from %s on, "
                           "the cut has %zu; cut it separately, or as mp4 or "
                           "mpegts.", f->name, f->ntracks,
                           worker_footage_when(f, 0, when),
                           j->making->form.ntracks);
    }

    for (i = 0; i < f->ntracks; i++) {
        a = &j->sounds[i];

        for (k = 0; k < f->tracks[i].nforms; k++) {
            b = &f->tracks[i].forms[k];

            if (a->rate == 0) {
                *a = *b;
                j->hush[i].rate = 0;
            }

            if (b->rate != 0 && !worker_sound_same(a, b)) {
                worker_footage_since(f, i, k, when);
                return worker_footage_unlike(f->name, when, b, a, err);
            }
        }
    }

    return WORKER_OK;
}


static worker_rc_t
worker_join_track(worker_join_work_t *w, size_t track, int64_t limit,
    worker_err_t *err)
{
    worker_rc_t     rc;
    worker_join_t  *j;

    j = w->join;

    if (j->last != NULL) {
        rc = worker_join_frames(j, j->last, j->anchor, track,
                                &j->next[track], limit, err);

        if (rc != WORKER_OK
            || j->next[track] < worker_join_naudio(j->last, track))
        {
            return rc;
        }
    }

    rc = worker_join_frames(j, w->footage, w->anchor, track,
                            &w->next[track], limit, err);

    if (rc != WORKER_OK
        || w->next[track] < worker_join_naudio(w->footage, track))
    {
        return rc;
    }

    limit = (limit < j->timeline.video_end) ? limit : j->timeline.video_end;

    return worker_join_hush(j, track, limit - WORKER_JOIN_LATE, err);
}


/*
 * Writes the audio of f from *next on, up to the output time limit or the
 * end of the video so far; *next is then the first frame left.
 */
static worker_rc_t
worker_join_frames(worker_join_t *j, const worker_footage_t *f,
    int64_t anchor, size_t track, size_t *next, int64_t limit,
    worker_err_t *err)
{
    int64_t                out, end;
    worker_rc_t            rc;
    wub_timeline_e         what;
    const worker_audio_t  *audio;

    while (*next < worker_join_naudio(f, track)) {
        audio = &f->tracks[track].audio[*next];

        what = wub_timeline_audio(&j->timeline, &j->tracks[track],
                                  anchor + audio->pts, audio->duration,
                                  &out);

        if (what == WUB_TIMELINE_WAIT || (what == WUB_TIMELINE_TAKE
                                          && out > limit))
        {
            end = (limit < j->timeline.video_end) ? limit
                                                  : j->timeline.video_end;
            return worker_join_hush(j, track, end, err);
        }

        if (what == WUB_TIMELINE_SKIP || out <= j->audio_dts[track]) {
            (*next)++;
            continue;
        }

        /* what goes before it may move it */

        end = j->tracks[track].end;

        rc = worker_join_hush(j, track, out, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        if (j->tracks[track].end != end) {
            continue;
        }

        rc = worker_join_frame(j, track, audio->data, audio->len, out,
                               audio->duration, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        wub_timeline_take(&j->timeline, &j->tracks[track],
                          anchor + audio->pts, audio->duration);
        j->made.hurt += audio->hurt;
        (*next)++;
    }

    return WORKER_OK;
}


worker_rc_t
worker_join_frame(worker_join_t *j, size_t track, const uint8_t *data,
    size_t len, int64_t out, int64_t duration, worker_err_t *err)
{
    worker_av_packet_t  packet;

    memset(&packet, 0, sizeof(worker_av_packet_t));

    packet.data = data;
    packet.len = len;
    packet.pts = out;
    packet.dts = out;
    packet.duration = duration;
    packet.track = track;
    packet.key = true;

    j->audio_dts[track] = out;

    return worker_av_out_write(j->out, &packet, err);
}


/*
 * Silence from the end of a track up to an output time, where whole frames
 * of it have room: a track that is announced has sound from the beginning.
 */
static worker_rc_t
worker_join_hush(worker_join_t *j, size_t track, int64_t until,
    worker_err_t *err)
{
    int64_t                duration;
    worker_rc_t            rc;
    worker_av_hush_t      *hush;
    wub_timeline_track_t  *t;

    hush = &j->hush[track];
    t = &j->tracks[track];

    if (until - t->end < WORKER_JOIN_SHORT) {
        return WORKER_OK;
    }

    if (hush->rate == 0) {
        rc = worker_av_hush(hush, &j->sounds[track], err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    if (hush->rate == 0 || hush->len == 0) {
        return WORKER_OK;
    }

    duration = WORKER_AV_HUSH_SAMPLES * WUB_TS_HZ / (int64_t) hush->rate;

    while (until - t->end >= duration) {

        rc = j->making->tick.call(j->making->tick.data);
        if (rc != WORKER_OK) {
            return rc;
        }

        rc = worker_join_frame(j, track, hush->data, hush->len, t->end,
                               duration, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        t->end += duration;
    }

    return WORKER_OK;
}


static size_t
worker_join_naudio(const worker_footage_t *f, size_t track)
{
    return (track < f->ntracks) ? f->tracks[track].naudio : 0;
}
