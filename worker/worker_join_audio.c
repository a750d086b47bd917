
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "worker/worker_join_work.h"


static worker_rc_t worker_join_track(worker_join_work_t *w, size_t track,
    int64_t limit, worker_err_t *err);
static worker_rc_t worker_join_frames(worker_join_t *j,
    const worker_footage_t *f, int64_t anchor, size_t track, size_t *next,
    int64_t limit, worker_err_t *err);
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
    size_t                 i, k;
    worker_sound_t        *a;
    const worker_sound_t  *b;

    if (f->ntracks > j->making->form.ntracks) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s has %zu audio tracks, the cut "
                           "has %zu; cut it separately, or as mp4 or "
                           "mpegts.", f->name, f->ntracks,
                           j->making->form.ntracks);
    }

    for (i = 0; i < f->ntracks; i++) {
        a = &j->sounds[i];

        for (k = 0; k < f->tracks[i].nforms; k++) {
            b = &f->tracks[i].forms[k];

            if (a->rate == 0) {
                *a = *b;
            }

            if (b->rate != 0
                && (a->rate != b->rate || a->channels != b->channels
                    || a->object != b->object))
            {
                return worker_fail(err, WORKER_INVALID,
                                   "The segment %s has audio of %u Hz with "
                                   "%u channels, those before it %u Hz with "
                                   "%u; it cannot be copied, use mp4 or "
                                   "mpegts, which encode it.", f->name,
                                   b->rate, b->channels, a->rate,
                                   a->channels);
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

    return worker_join_frames(j, w->footage, w->anchor, track,
                              &w->next[track], limit, err);
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
    int64_t                out;
    worker_rc_t            rc;
    wub_timeline_e         what;
    worker_av_packet_t     packet;
    const worker_audio_t  *audio;

    for ( /* void */ ; *next < worker_join_naudio(f, track); (*next)++) {
        audio = &f->tracks[track].audio[*next];

        what = wub_timeline_audio(&j->timeline, &j->tracks[track],
                                  anchor + audio->pts, audio->duration,
                                  &out);

        if (what == WUB_TIMELINE_SKIP) {
            continue;
        }

        if (what == WUB_TIMELINE_WAIT || out > limit) {
            return WORKER_OK;
        }

        if (out <= j->audio_dts[track]) {
            continue;
        }

        memset(&packet, 0, sizeof(worker_av_packet_t));

        packet.data = audio->data;
        packet.len = audio->len;
        packet.pts = out;
        packet.dts = out;
        packet.duration = audio->duration;
        packet.track = track;
        packet.key = true;

        rc = worker_av_out_write(j->out, &packet, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        j->audio_dts[track] = out;
        wub_timeline_take(&j->timeline, &j->tracks[track],
                          anchor + audio->pts, audio->duration);
    }

    return WORKER_OK;
}


static size_t
worker_join_naudio(const worker_footage_t *f, size_t track)
{
    return (track < f->ntracks) ? f->tracks[track].naudio : 0;
}
