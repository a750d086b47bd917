
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_join_audio.h"


/*
 * Segments without a hole between them go on where their time stamps do
 * what their names say, to this many microseconds: a frame may be missing
 * or late.
 */
#define WORKER_JOIN_DRIFT        INT64_C(50000)


bool
worker_join_follows(const worker_footage_t *a, int64_t anchor,
    const worker_footage_t *b, bool hole)
{
    int64_t  first, gap, drift;

    first = wub_ts_unwrap(anchor + a->end, b->first);
    gap = first - (anchor + a->end);

    if (2 * gap <= a->spacing && 2 * gap >= -a->spacing) {
        return true;
    }

    drift = (b->segment.start - a->segment.start)
            - wub_time_from_ticks(first - anchor, 1, WUB_TS_HZ);

    return !hole && gap > 0 && drift <= WORKER_JOIN_DRIFT
           && drift >= -WORKER_JOIN_DRIFT;
}


size_t
worker_join_naudio(const worker_footage_t *f)
{
    return (f->ntracks == 0) ? 0 : f->tracks->naudio;
}


worker_rc_t
worker_join_beside(worker_join_t *j, const worker_footage_t *f,
    int64_t anchor, bool before, worker_footage_t **ret, int64_t *ret_anchor,
    worker_err_t *err)
{
    bool               follows;
    worker_rc_t        rc;
    worker_footage_t  *beside;

    *ret = NULL;

    rc = j->beside(j->beside_data, f, before, &beside, err);
    if (rc != WORKER_OK || beside == NULL) {
        return rc;
    }

    if (before) {
        *ret_anchor = wub_ts_unwrap(anchor - beside->end, beside->first);
        follows = worker_join_follows(beside, *ret_anchor, f, false);

    } else {
        *ret_anchor = wub_ts_unwrap(anchor + f->end, beside->first);
        follows = worker_join_follows(f, anchor, beside, false);
    }

    if (!follows || worker_footage_same(&j->form, beside, NULL) != WORKER_OK)
    {
        worker_footage_free(beside);
        return WORKER_OK;
    }

    *ret = beside;

    return WORKER_OK;
}


worker_rc_t
worker_join_frames(worker_join_t *j, const worker_footage_t *f,
    int64_t anchor, size_t *next, int64_t limit, worker_err_t *err)
{
    int64_t                out;
    worker_rc_t            rc;
    wub_timeline_e         what;
    worker_av_packet_t     packet;
    const worker_audio_t  *audio;

    for ( /* void */ ; *next < worker_join_naudio(f); (*next)++) {
        audio = &f->tracks->audio[*next];

        what = wub_timeline_audio(&j->timeline, anchor + audio->pts,
                                  audio->duration, &out);

        if (what == WUB_TIMELINE_SKIP) {
            continue;
        }

        if (what == WUB_TIMELINE_WAIT || out > limit) {
            return WORKER_OK;
        }

        memset(&packet, 0, sizeof(worker_av_packet_t));

        packet.data = audio->data;
        packet.len = audio->len;
        packet.pts = out;
        packet.dts = out;
        packet.key = true;

        if (packet.dts <= j->audio_dts) {
            continue;
        }

        rc = worker_av_out_write(j->out, &packet, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        j->audio_dts = out;
        wub_timeline_take(&j->timeline, anchor + audio->pts, audio->duration);
    }

    return WORKER_OK;
}


worker_rc_t
worker_join_tail(worker_join_t *j, worker_err_t *err)
{
    size_t             next;
    int64_t            anchor, missing;
    worker_rc_t        rc;
    worker_footage_t  *beside;

    rc = WORKER_OK;
    beside = NULL;
    missing = j->timeline.video_end - j->timeline.audio_end;

    /* the audio of a frame may have been sent after it */

    if (worker_join_naudio(j->last) != 0
        && missing > j->last->tracks->audio[0].duration / 2)
    {
        rc = worker_join_beside(j, j->last, j->last_anchor, false, &beside,
                                &anchor, err);
    }

    if (beside != NULL) {
        next = 0;
        rc = worker_join_frames(j, beside, anchor, &next, INT64_MAX, err);
        worker_footage_free(beside);
    }

    return rc;
}
