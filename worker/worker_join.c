
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_av_code.h"
#include "worker/worker_join.h"
#include "worker/worker_join_audio.h"


#define WORKER_JOIN_ARENA        ((size_t) 64 << 20)

/* the first frame is shown at 1 s, later where its delay needs it */
#define WORKER_JOIN_BASE         WUB_TS_HZ
#define WORKER_JOIN_LEAD         (WUB_TS_HZ * 3 / 10)

/* frame spacings that an encoder's clock can have: to ten seconds */
#define WORKER_JOIN_SPACING_MAX  (10 * WUB_TS_HZ)


/* one segment at work */
typedef struct {
    worker_join_t             *join;
    worker_footage_t          *footage;
    wub_cutplan_segment_t      segment;
    wub_cutplan_t              plan;
    int64_t                    anchor;      /* of its first frame */
    int64_t                    start;       /* of the range */
    int64_t                    end;
    int64_t                    first;       /* shown and in range */
    int64_t                    final;       /* the last such frame */
    int64_t                   *kept;        /* of the span being encoded */
    int64_t                    delay;       /* and its reordering */
    size_t                     audio;       /* next audio frame */
} worker_join_work_t;


static worker_rc_t worker_join_plan(worker_join_work_t *w,
    worker_err_t *err);
static worker_rc_t worker_join_open(worker_join_work_t *w,
    worker_err_t *err);
static worker_rc_t worker_join_begin(worker_join_work_t *w,
    worker_err_t *err);
static void worker_join_keep(worker_join_work_t *w);
static worker_rc_t worker_join_spans(worker_join_work_t *w,
    worker_err_t *err);
static worker_rc_t worker_join_copy(worker_join_work_t *w,
    const wub_span_t *span, worker_err_t *err);
static worker_rc_t worker_join_encode(worker_join_work_t *w,
    const wub_span_t *span, worker_err_t *err);
static worker_rc_t worker_join_encoded(void *data, const uint8_t *bytes,
    size_t len, size_t index, worker_err_t *err);
static worker_rc_t worker_join_video(worker_join_work_t *w,
    worker_av_packet_t *packet, worker_err_t *err);
static worker_rc_t worker_join_audio(worker_join_t *j,
    worker_join_work_t *w, int64_t limit, worker_err_t *err);
static void worker_join_drop(worker_join_t *j);


worker_rc_t
worker_join_init(worker_join_t *j, worker_err_t *err)
{
    j->arena = wub_arena_create(WORKER_JOIN_ARENA);
    if (j->arena == NULL) {
        return worker_fail_memory(err, "Cutting");
    }

    j->out = NULL;
    j->last = NULL;
    j->run = false;
    j->frames = 0;
    j->copied = 0;
    j->base = 0;

    wub_timeline_init(&j->timeline, 0);

    return WORKER_OK;
}


void
worker_join_free(worker_join_t *j)
{
    worker_av_out_close(j->out);
    worker_footage_free(j->last);
    wub_arena_destroy(j->arena);
}


worker_rc_t
worker_join_add(worker_join_t *j, worker_footage_t *footage, int64_t start,
    int64_t end, bool hole, worker_err_t *err)
{
    worker_rc_t         rc;
    worker_join_work_t  w;

    memset(&w, 0, sizeof(worker_join_work_t));

    w.join = j;
    w.footage = footage;
    w.start = start;
    w.end = end;
    w.anchor = footage->first;

    rc = worker_join_plan(&w, err);

    if (rc == WORKER_OK && j->out == NULL && w.plan.nkept != 0) {
        rc = worker_join_open(&w, err);

    } else if (rc == WORKER_OK && j->out != NULL) {
        rc = worker_footage_same(&j->form, footage, err);
    }

    if (rc != WORKER_OK) {
        worker_footage_free(footage);
        return rc;
    }

    if (j->last != NULL) {
        w.anchor = wub_ts_unwrap(j->last_anchor + j->last->end,
                                 footage->first);

        if (!worker_join_follows(j->last, j->last_anchor, footage, hole)) {
            worker_join_drop(j);
        }
    }

    if (w.plan.nkept != 0) {
        rc = worker_join_begin(&w, err);

        if (rc == WORKER_OK) {
            rc = worker_join_spans(&w, err);
        }
    }

    if (rc == WORKER_OK && j->run) {
        rc = worker_join_audio(j, &w, INT64_MAX, err);
    }

    worker_join_keep(&w);

    return rc;
}


worker_rc_t
worker_join_range_end(worker_join_t *j, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = j->run ? worker_join_tail(j, err) : WORKER_OK;

    worker_join_drop(j);

    return rc;
}


worker_rc_t
worker_join_finish(worker_join_t *j, worker_err_t *err)
{
    if (j->out == NULL) {
        return worker_fail(err, WORKER_INVALID,
                           "No frame lies within the ranges.");
    }

    return worker_av_out_finish(j->out, err);
}


int64_t
worker_join_done(const worker_join_t *j)
{
    return wub_time_from_ticks(j->timeline.video_end - j->base, 1,
                               WUB_TS_HZ);
}


static worker_rc_t
worker_join_plan(worker_join_work_t *w, worker_err_t *err)
{
    wub_rc_t             rc;
    wub_cutplan_state_t  state;

    /* whose form is another is refused */

    static const bool  forms[] = { true };

    wub_arena_reset(w->join->arena);
    memset(&state, 0, sizeof(wub_cutplan_state_t));

    w->segment.start = w->footage->segment.start;
    w->segment.num = 1;
    w->segment.den = WUB_TS_HZ;
    w->segment.frames = w->footage->frames;
    w->segment.nframes = w->footage->nvideo;
    w->segment.forms = forms;
    w->segment.nforms = 1;

    rc = wub_cutplan_build(w->join->arena, &w->segment, w->start, w->end,
                           &state, &w->plan);

    if (rc == WUB_NO_MEMORY) {
        return worker_fail_wub(err, rc, w->footage->name);
    }

    if (rc != WUB_OK) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s has an open GOP, or time stamps "
                           "out of order; such footage cannot be cut yet.",
                           w->footage->name);
    }

    w->first = w->plan.first;
    w->final = w->plan.last;

    return WORKER_OK;
}


/* the first frame of all: its form is that of the output */
static worker_rc_t
worker_join_open(worker_join_work_t *w, worker_err_t *err)
{
    int64_t         delay;
    worker_join_t  *j;

    j = w->join;
    j->form = worker_footage_form(w->footage);

    delay = w->segment.frames[0].pts - w->segment.frames[0].dts;

    j->base = (delay > WORKER_JOIN_BASE - WORKER_JOIN_LEAD)
              ? delay + WORKER_JOIN_LEAD : WORKER_JOIN_BASE;
    j->dts = INT64_MIN;
    j->audio_dts = INT64_MIN;

    wub_timeline_init(&j->timeline, j->base);

    return worker_av_out_open(&j->out, &j->form, j->write, j->write_data,
                              err);
}


/* goes on with the run, or begins one with this segment's first frame */
static worker_rc_t
worker_join_begin(worker_join_work_t *w, worker_err_t *err)
{
    worker_rc_t     rc;
    worker_join_t  *j;

    j = w->join;
    rc = WORKER_OK;

    if (!j->run) {
        wub_timeline_run(&j->timeline, w->anchor + w->first);
        j->run = true;
        j->sets = true;

        /* the audio of a frame may have been sent before it */

        if (j->last == NULL && worker_join_naudio(w->footage) != 0
            && w->footage->tracks->audio[0].pts > w->first)
        {
            j->last_audio = 0;
            rc = worker_join_beside(j, w->footage, w->anchor, true, &j->last,
                                    &j->last_anchor, err);
        }
    }

    wub_timeline_extend(&j->timeline, w->anchor + w->final,
                        worker_footage_spacing(w->footage, w->final));

    return rc;
}


/* this segment's audio may reach into the next one's video */
static void
worker_join_keep(worker_join_work_t *w)
{
    worker_join_t  *j;

    j = w->join;

    worker_footage_free(j->last);

    j->last = w->footage;
    j->last_audio = w->audio;
    j->last_anchor = w->anchor;
}


static worker_rc_t
worker_join_spans(worker_join_work_t *w, worker_err_t *err)
{
    size_t       i;
    worker_rc_t  rc;

    for (i = 0; i < w->plan.nspans; i++) {

        if (w->plan.spans[i].kind == WUB_SPAN_COPY) {
            rc = worker_join_copy(w, &w->plan.spans[i], err);

        } else {
            rc = worker_join_encode(w, &w->plan.spans[i], err);
        }

        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


static worker_rc_t
worker_join_copy(worker_join_work_t *w, const wub_span_t *span,
    worker_err_t *err)
{
    size_t                      i;
    worker_rc_t                 rc;
    worker_join_t              *j;
    worker_av_packet_t          packet;
    const worker_video_t       *video;
    const wub_cutplan_frame_t  *frame;

    j = w->join;

    for (i = span->first; i <= span->last; i++) {
        video = &w->footage->video[i];
        frame = &w->footage->frames[i];

        memset(&packet, 0, sizeof(worker_av_packet_t));

        packet.data = video->data;
        packet.len = video->len;
        packet.pts = wub_timeline_out(&j->timeline, w->anchor + frame->pts);
        packet.dts = wub_timeline_out(&j->timeline, w->anchor + frame->dts);
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

        j->copied++;
    }

    return WORKER_OK;
}


static worker_rc_t
worker_join_encode(worker_join_work_t *w, const wub_span_t *span,
    worker_err_t *err)
{
    size_t             i;
    worker_av_span_t   s;

    const wub_cutplan_frame_t  *frame;

    w->kept = wub_arena_alloc(w->join->arena, span->nkept * sizeof(int64_t));
    if (w->kept == NULL) {
        return worker_fail_memory(err, w->footage->name);
    }

    for (i = 0; i < span->nkept; i++) {
        w->kept[i] = w->footage->frames[span->kept[i].frame].pts;
    }

    s.nkept = span->nkept;

    frame = &w->footage->frames[span->first];
    w->delay = frame->pts - frame->dts;

    s.footage = w->footage;
    s.first = span->first;
    s.last = span->last;
    s.kept = w->kept;
    s.spacing = worker_footage_spacing(w->footage, frame->pts);

    if (s.spacing > WORKER_JOIN_SPACING_MAX) {
        s.spacing = WORKER_JOIN_SPACING_MAX;
    }

    /* encoded parts bring their parameter sets, copied ones need theirs */

    w->join->sets = true;

    return worker_av_code(&s, &w->join->tick, worker_join_encoded, w, err);
}


static worker_rc_t
worker_join_encoded(void *data, const uint8_t *bytes, size_t len,
    size_t index, worker_err_t *err)
{
    worker_join_work_t  *w;
    worker_av_packet_t   packet;

    w = data;
    memset(&packet, 0, sizeof(worker_av_packet_t));

    packet.data = bytes;
    packet.len = len;
    packet.pts = wub_timeline_out(&w->join->timeline,
                                  w->anchor + w->kept[index]);
    packet.dts = packet.pts - w->delay;
    packet.key = (index == 0);

    return worker_join_video(w, &packet, err);
}


static worker_rc_t
worker_join_video(worker_join_work_t *w, worker_av_packet_t *packet,
    worker_err_t *err)
{
    worker_rc_t     rc;
    worker_join_t  *j;

    j = w->join;

    rc = j->tick.call(j->tick.data);
    if (rc != WORKER_OK) {
        return rc;
    }

    /* where the delay grows at a join, decoding times draw together */

    if (packet->dts <= j->dts) {
        packet->dts = j->dts + 1;
    }

    if (packet->dts > packet->pts) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s has time stamps that go back; it "
                           "cannot be cut.", w->footage->name);
    }

    rc = worker_join_audio(j, w, packet->dts, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    packet->video = true;

    rc = worker_av_out_write(j->out, packet, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    j->dts = packet->dts;
    j->frames++;

    return WORKER_OK;
}


/* audio up to an output time: what is left of the last segment, then this */
static worker_rc_t
worker_join_audio(worker_join_t *j, worker_join_work_t *w, int64_t limit,
    worker_err_t *err)
{
    worker_rc_t  rc;

    if (j->last != NULL) {
        rc = worker_join_frames(j, j->last, j->last_anchor, &j->last_audio,
                                limit, err);
        if (rc != WORKER_OK || j->last_audio < worker_join_naudio(j->last)) {
            return rc;
        }
    }

    return worker_join_frames(j, w->footage, w->anchor, &w->audio, limit,
                              err);
}


/* the run ends here */
static void
worker_join_drop(worker_join_t *j)
{
    worker_footage_free(j->last);

    j->last = NULL;
    j->run = false;
}
