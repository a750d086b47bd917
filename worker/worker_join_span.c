
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_av_code.h"
#include "worker/worker_join_work.h"


/* the first frame is shown at 1 s, later where its delay needs it */
#define WORKER_JOIN_BASE         WUB_TS_HZ
#define WORKER_JOIN_LEAD         (WUB_TS_HZ * 3 / 10)

/* frames that H.264 and HEVC let a decoder hold back */
#define WORKER_JOIN_HELD         16


static worker_rc_t worker_join_step(worker_join_work_t *w,
    const wub_span_t *span, worker_err_t *err);
static void worker_join_dry(worker_join_work_t *w, const wub_span_t *span);
static worker_rc_t worker_join_copy(worker_join_work_t *w,
    const wub_span_t *span, worker_err_t *err);
static int64_t worker_join_order(const worker_join_work_t *w,
    const wub_span_t *span);
static bool worker_join_wrong(const wub_cutplan_frame_t *frames,
    size_t first, size_t last);
static worker_rc_t worker_join_encode(worker_join_work_t *w,
    const wub_span_t *span, worker_err_t *err);
static worker_rc_t worker_join_encoded(void *data,
    const worker_av_coded_t *coded, worker_err_t *err);
static void worker_join_show(worker_join_work_t *w, int64_t pts);
static worker_rc_t worker_join_video(worker_join_work_t *w,
    worker_av_packet_t *packet, worker_err_t *err);


worker_rc_t
worker_join_spans(worker_join_work_t *w, worker_err_t *err)
{
    size_t             i;
    worker_rc_t        rc;
    const wub_span_t  *span;

    rc = WORKER_OK;

    for (i = 0; rc == WORKER_OK && i < w->plan.nspans; i++) {
        span = &w->plan.spans[i];

        rc = worker_join_step(w, span, err);

        if (rc != WORKER_OK) {
            break;
        }

        if (w->join->making->dry) {
            worker_join_dry(w, span);

        } else if (span->kind == WUB_SPAN_COPY) {
            rc = worker_join_copy(w, span, err);

        } else {
            rc = worker_join_encode(w, span, err);
        }
    }

    return rc;
}


static worker_rc_t
worker_join_step(worker_join_work_t *w, const wub_span_t *span,
    worker_err_t *err)
{
    worker_step_t           step;
    const worker_making_t  *making;

    making = w->join->making;

    if (making->step == NULL) {
        return WORKER_OK;
    }

    step.copy = (span->kind == WUB_SPAN_COPY);
    step.first = span->first;
    step.last = span->last;
    step.nkept = span->nkept;
    step.from = w->start;
    step.to = w->end;
    step.incoming = false;

    return making->step(making->step_data, w->footage, &step, err);
}


static void
worker_join_dry(worker_join_work_t *w, const wub_span_t *span)
{
    size_t          i;
    worker_made_t  *made;

    made = &w->join->made;

    worker_join_show(w, w->footage->frames[span->kept[0].frame].pts);

    for (i = 0; i < span->nkept; i++) {
        made->frames++;
        made->copied += (span->kind == WUB_SPAN_COPY);
        made->damaged += span->kept[i].damaged;
    }
}


static worker_rc_t
worker_join_copy(worker_join_work_t *w, const wub_span_t *span,
    worker_err_t *err)
{
    size_t                      i;
    int64_t                     dts, order;
    worker_rc_t                 rc;
    worker_join_t              *j;
    worker_av_packet_t          packet;
    const worker_video_t       *video;
    const wub_cutplan_frame_t  *frame, *shown;

    j = w->join;
    order = worker_join_order(w, span);

    worker_join_show(w, w->footage->frames[span->kept[0].frame].pts);

    for (i = span->first; i <= span->last; i++) {
        video = &w->footage->video[i];
        frame = &w->footage->frames[i];
        shown = &w->footage->frames[span->kept[i - span->first].frame];
        dts = (order < 0) ? frame->dts : shown->pts - order;

        memset(&packet, 0, sizeof(worker_av_packet_t));

        packet.data = video->data;
        packet.len = video->len;
        packet.pts = wub_timeline_out(&j->timeline, w->anchor + frame->pts);
        packet.dts = wub_timeline_out(&j->timeline, w->anchor + dts);
        packet.key = (frame->key != WUB_KEY_NONE);

        if (j->sets && !video->sets) {
            packet.insert = *video->in_force;
            packet.at = video->lead;
        }

        j->sets = false;

        rc = worker_join_video(w, &packet, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        j->made.copied++;
        j->made.damaged += span->kept[i - span->first].damaged;
    }

    return WORKER_OK;
}


/*
 * Decoding times that are wrong are made anew: those of showing, earlier by
 * what is returned; -1 where all is well.
 */
static int64_t
worker_join_order(const worker_join_work_t *w, const wub_span_t *span)
{
    size_t                      i;
    int64_t                     delay, late;
    const wub_cutplan_frame_t  *frames;

    frames = w->footage->frames;

    if (!worker_join_wrong(frames, span->first, span->last)) {
        return -1;
    }

    delay = 0;

    for (i = span->first; i <= span->last; i++) {
        late = frames[span->kept[i - span->first].frame].pts - frames[i].pts;
        delay = (late > delay) ? late : delay;
    }

    return delay;
}


/* decoding times that are missing, go back, or lie behind their frame */
static bool
worker_join_wrong(const wub_cutplan_frame_t *frames, size_t first,
    size_t last)
{
    size_t  i;

    for (i = first; i <= last; i++) {
        if (frames[i].dts > frames[i].pts
            || (i != first && frames[i].dts <= frames[i - 1].dts))
        {
            return true;
        }
    }

    return false;
}


static worker_rc_t
worker_join_encode(worker_join_work_t *w, const wub_span_t *span,
    worker_err_t *err)
{
    int64_t           frames;
    worker_rc_t       rc;
    worker_av_span_t  s;

    s.footage = w->footage;
    s.before = span->before ? w->join->last : NULL;
    s.span = span;
    s.form = &w->join->making->form.video;
    s.spacing = worker_footage_spacing(w->footage,
                                       w->footage->frames[span->first].pts);

    if (s.spacing > WORKER_JOIN_SPACING_MAX) {
        s.spacing = WORKER_JOIN_SPACING_MAX;
    }

    w->span = span;
    w->delay = worker_join_delay(w->footage, span->first);
    s.reorder = (size_t) ((w->delay + s.spacing / 2) / s.spacing);
    w->first = true;

    /* encoded parts bring their parameter sets, copied ones need theirs */

    w->join->sets = true;
    frames = w->join->made.frames;

    rc = worker_av_code(&s, &w->join->making->tick, worker_join_encoded, w,
                        err);

    if (rc == WORKER_OK) {
        w->join->made.lost += frames + (int64_t) span->nkept
                              - w->join->made.frames;
    }

    return rc;
}


static worker_rc_t
worker_join_encoded(void *data, const worker_av_coded_t *coded,
    worker_err_t *err)
{
    int64_t                    pts;
    worker_rc_t                rc;
    worker_join_work_t        *w;
    worker_av_packet_t         packet;
    const wub_cutplan_kept_t  *kept;

    w = data;
    kept = &w->span->kept[coded->index];
    pts = w->footage->frames[kept->frame].pts;

    worker_join_show(w, pts);

    memset(&packet, 0, sizeof(worker_av_packet_t));

    packet.data = coded->data;
    packet.len = coded->len;
    packet.pts = wub_timeline_out(&w->join->timeline, w->anchor + pts);
    packet.dts = packet.pts - w->delay;
    packet.key = w->first;

    rc = worker_join_video(w, &packet, err);

    if (rc == WORKER_OK) {
        w->first = false;
        w->join->made.damaged += (kept->damaged || coded->damaged);
    }

    return rc;
}


/*
 * By how much frames of a GOP are decoded before they are shown: the first
 * one to be decoded, against the first one to be shown; without decoding
 * times, as many frames as are decoded before one that is shown earlier.
 */
int64_t
worker_join_delay(const worker_footage_t *f, size_t first)
{
    size_t                      i, k, n, last, most;
    int64_t                     pts;
    const wub_cutplan_frame_t  *frames;

    frames = f->frames;
    pts = frames[first].pts;

    for (last = first; last + 1 < f->nvideo; last++) {

        if (frames[last + 1].key != WUB_KEY_NONE) {
            break;
        }

        pts = (frames[last + 1].pts < pts) ? frames[last + 1].pts : pts;
    }

    if (!worker_join_wrong(frames, first, last)) {
        return (pts > frames[first].dts) ? pts - frames[first].dts : 0;
    }

    most = 0;

    for (i = first; i <= last; i++) {
        n = 0;
        k = (i - first > WORKER_JOIN_HELD) ? i - WORKER_JOIN_HELD : first;

        for ( /* void */ ; k < i; k++) {
            n += (frames[k].pts > frames[i].pts);
        }

        most = (n > most) ? n : most;
    }

    return (int64_t) most * worker_footage_spacing(f, pts);
}


void
worker_join_begun(worker_join_t *j, int64_t delay)
{
    size_t  i;

    if (j->begun) {
        return;
    }

    j->base = (delay > WORKER_JOIN_BASE - WORKER_JOIN_LEAD)
              ? delay + WORKER_JOIN_LEAD : WORKER_JOIN_BASE;
    j->dts = INT64_MIN;

    for (i = 0; i < WORKER_TRACKS_MAX; i++) {
        j->audio_dts[i] = INT64_MIN;
        j->tracks[i].end = j->base;
    }

    wub_timeline_init(&j->timeline, j->base);
    j->begun = true;
}


void
worker_join_runs(worker_join_t *j, int64_t pts)
{
    if (!j->run) {
        wub_timeline_run(&j->timeline, pts);
        j->run = true;
        j->sets = true;
    }
}


/* before the frame at pts: the first of all, of a run, of this segment */
static void
worker_join_show(worker_join_work_t *w, int64_t pts)
{
    worker_join_t  *j;

    j = w->join;

    if (!j->begun) {
        worker_join_begun(j, worker_join_delay(w->footage, 0));
    }

    worker_join_runs(j, w->anchor + pts);

    if (!w->shown) {
        wub_timeline_extend(&j->timeline, w->anchor + w->plan.last,
                            worker_footage_spacing(w->footage,
                                                   w->plan.last));
        w->shown = true;
    }
}


static worker_rc_t
worker_join_video(worker_join_work_t *w, worker_av_packet_t *packet,
    worker_err_t *err)
{
    char            when[WUB_TIME_LEN + 1];
    worker_rc_t     rc;
    worker_join_t  *j;

    j = w->join;

    rc = worker_join_ready(j, packet, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (packet->dts > packet->pts) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s has time stamps that go back at "
                           "%s; it cannot be cut.", w->footage->name,
                           worker_footage_when(w->footage,
                               packet->pts - wub_timeline_out(&j->timeline, 0)
                               - w->anchor, when));
    }

    rc = worker_join_audio(w, packet->dts, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_join_put(j, packet, err);
}


worker_rc_t
worker_join_ready(worker_join_t *j, worker_av_packet_t *packet,
    worker_err_t *err)
{
    worker_rc_t             rc;
    const worker_making_t  *making;

    making = j->making;

    rc = making->tick.call(making->tick.data);

    if (rc == WORKER_OK && j->out == NULL) {
        rc = worker_av_out_open(&j->out, &making->form, making->write,
                                making->write_data, err);
    }

    /* where the delay grows at a join, decoding times draw together */

    if (packet->dts <= j->dts) {
        packet->dts = j->dts + 1;
    }

    return rc;
}


worker_rc_t
worker_join_put(worker_join_t *j, worker_av_packet_t *packet,
    worker_err_t *err)
{
    worker_rc_t  rc;

    packet->video = true;

    rc = worker_av_out_write(j->out, packet, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    j->dts = packet->dts;
    j->made.frames++;

    return WORKER_OK;
}
