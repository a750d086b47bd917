
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_full_segment.h"
#include "worker/worker_footage_run.h"


/* frame spacings that an encoder's clock can have: to ten seconds */
#define WORKER_FULL_SPACING_MAX  (10 * WUB_TS_HZ)

/* how far the sound is ahead of the video that is decoded */
#define WORKER_FULL_AHEAD        (WUB_TS_HZ / 2)


static void worker_full_look(worker_full_work_t *w);
static bool worker_full_kept(const worker_full_work_t *w, size_t i);
static size_t worker_full_key(const worker_footage_t *footage, size_t i);
static worker_rc_t worker_full_start(worker_full_work_t *w, size_t *ret_from,
    worker_err_t *err);
static worker_rc_t worker_full_before(worker_full_work_t *w,
    worker_err_t *err);
static worker_rc_t worker_full_beside(worker_full_work_t *w,
    worker_err_t *err);
static int64_t worker_full_spacing(const worker_footage_t *footage);
static void worker_full_run(worker_full_work_t *w);
static worker_rc_t worker_full_tell(worker_full_work_t *w, size_t from,
    size_t to, worker_err_t *err);
static worker_rc_t worker_full_expect(worker_full_work_t *w,
    worker_err_t *err);
static worker_rc_t worker_full_decode(worker_full_work_t *w,
    worker_err_t *err);


void
worker_full_work(worker_full_work_t *w, worker_full_t *f,
    worker_footage_t *footage, int64_t anchor, int64_t start, int64_t end,
    bool behind)
{
    memset(w, 0, sizeof(worker_full_work_t));

    w->full = f;
    w->footage = footage;
    w->anchor = anchor;
    w->start = start;
    w->end = end;
    w->behind = behind;
    w->audio.footage = footage;
    w->audio.anchor = anchor;

    w->segment.start = footage->segment.start;
    w->segment.num = 1;
    w->segment.den = WUB_TS_HZ;
    w->segment.frames = footage->frames;
    w->segment.nframes = footage->nvideo;

    worker_full_look(w);
}


worker_rc_t
worker_full_enter(worker_full_work_t *w, worker_err_t *err)
{
    size_t          from, to;
    worker_rc_t     rc;
    worker_full_t  *f;

    f = w->full;
    from = 0;

    if (!f->warm) {
        rc = worker_full_start(w, &from, err);
        if (rc != WORKER_OK || w->nkept == 0) {
            return rc;
        }
    }

    /* where the range goes on, so does the decoder */

    to = (f->end > wub_segment_end(&w->footage->segment) && !w->behind)
         ? w->footage->nvideo - 1 : w->high;

    if (!f->run) {
        worker_full_run(w);
    }

    if (w->anchor + w->final >= f->timeline.source_end) {
        wub_timeline_extend(&f->timeline, w->anchor + w->final,
                            worker_footage_spacing(w->footage, w->final));
    }

    f->warm = (to == w->footage->nvideo - 1);

    rc = worker_full_tell(w, from, to, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    w->next = from;
    w->left = worker_full_pictures(f) || worker_full_sounds(f)
              ? to + 1 - from : 0;

    return worker_full_decode(w, err);
}


worker_rc_t
worker_full_step(worker_full_work_t *w, worker_err_t *err)
{
    worker_rc_t                 rc;
    worker_full_t              *f;
    const wub_cutplan_frame_t  *frame;

    f = w->full;
    frame = &w->footage->frames[w->next];
    rc = WORKER_OK;

    if (worker_full_sounds(f)) {
        rc = worker_full_sound_feed(&f->sound, &f->audio, &w->audio,
                                    w->anchor + frame->dts
                                    + WORKER_FULL_AHEAD, err);
    }

    if (rc == WORKER_OK && worker_full_pictures(f)) {
        rc = worker_full_video_send(&f->video, &w->footage->video[w->next],
                                    w->anchor + frame->pts, err);
    }

    w->next++;
    w->left--;

    if (rc != WORKER_OK || w->left != 0 || !worker_full_sounds(f)) {
        return rc;
    }

    rc = worker_full_sound_feed(&f->sound, &f->audio, &w->audio, INT64_MAX,
                                err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_full_sound_fill(&f->sound, err);
}


/* which frames of the segment are in range */
static void
worker_full_look(worker_full_work_t *w)
{
    size_t   i;
    int64_t  pts;

    w->nkept = 0;
    w->shown = INT64_MAX;
    w->final = INT64_MIN;

    for (i = 0; i < w->segment.nframes; i++) {

        if (!worker_full_kept(w, i)) {
            continue;
        }

        pts = w->segment.frames[i].pts;
        w->shown = (pts < w->shown) ? pts : w->shown;
        w->final = (pts > w->final) ? pts : w->final;
        w->low = (w->nkept++ == 0) ? i : w->low;
        w->high = i;
    }
}


/*
 * CONTRACT.md 0, time of a frame.  Behind a range only what is shown before
 * the segment's first key frame counts, and with nothing at hand before a
 * segment all but that.
 */
static bool
worker_full_kept(const worker_full_work_t *w, size_t i)
{
    int64_t  t, pts, key;

    t = wub_cutplan_time(&w->segment, &w->segment.frames[i]);

    if (t < w->start || t >= w->end) {
        return false;
    }

    pts = w->segment.frames[i].pts;
    key = w->segment.frames[0].pts;

    return !(w->behind && pts >= key) && !(w->bare && pts < key);
}


/* the last key frame up to i */
static size_t
worker_full_key(const worker_footage_t *footage, size_t i)
{
    while (i != 0 && footage->frames[i].key == WUB_KEY_NONE) {
        i--;
    }

    return i;
}


/* the decoder begins anew, with the access unit *ret_from */
static worker_rc_t
worker_full_start(worker_full_work_t *w, size_t *ret_from, worker_err_t *err)
{
    size_t          from;
    worker_rc_t     rc;
    worker_full_t  *f;

    f = w->full;

    rc = worker_full_before(w, err);
    if (rc != WORKER_OK || w->nkept == 0) {
        return rc;
    }

    if (f->run) {
        rc = worker_full_video_drain(&f->video, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    /* frames shown before an open key frame need the GOP before it */

    from = worker_full_key(w->footage, w->low);

    if (from != 0 && w->footage->frames[from].key == WUB_KEY_OPEN
        && w->shown < w->footage->frames[from].pts)
    {
        from = worker_full_key(w->footage, from - 1);
    }

    *ret_from = from;

    return WORKER_OK;
}


/*
 * What lies before the segment, if anything of it is needed: frames shown
 * before its first key frame are lost without.
 */
static worker_rc_t
worker_full_before(worker_full_work_t *w, worker_err_t *err)
{
    worker_rc_t     rc;
    worker_full_t  *f;

    f = w->full;
    rc = WORKER_OK;
    w->cold = w->shown < w->footage->frames[0].pts;

    if (f->last == NULL
        && (w->cold || worker_full_sound_early(&f->sound, w->footage,
                                               w->shown)))
    {
        rc = worker_full_beside(w, err);
    }

    if (w->cold && f->last == NULL) {
        f->video.made.lost += (int64_t) w->nkept;
        w->bare = true;
        w->cold = false;
        worker_full_look(w);
        f->video.made.lost -= (int64_t) w->nkept;
    }

    return rc;
}


static worker_rc_t
worker_full_beside(worker_full_work_t *w, worker_err_t *err)
{
    int64_t            distance;
    worker_rc_t        rc;
    worker_full_t     *f;
    worker_footage_t  *beside;

    f = w->full;

    rc = f->making->beside(f->making->beside_data, w->footage, true, &beside,
                           err);
    if (rc != WORKER_OK || beside == NULL) {
        return rc;
    }

    if (worker_footage_run(beside, w->footage, false, &distance)
        == WORKER_FOOTAGE_APART)
    {
        worker_footage_free(beside);
        return WORKER_OK;
    }

    f->last = beside;

    memset(&f->audio, 0, sizeof(worker_full_audio_t));
    f->audio.footage = beside;
    f->audio.anchor = w->anchor - distance;

    return WORKER_OK;
}


/* from frame to frame, on average */
static int64_t
worker_full_spacing(const worker_footage_t *footage)
{
    int64_t  spacing;

    spacing = (footage->end - footage->frames[0].pts)
              / (int64_t) footage->nvideo;

    if (spacing > WORKER_FULL_SPACING_MAX) {
        return WORKER_FULL_SPACING_MAX;
    }

    return (spacing < 1) ? 1 : spacing;
}


/* begins a run with the first frame of the segment that is in range */
static void
worker_full_run(worker_full_work_t *w)
{
    worker_full_t  *f;

    f = w->full;

    if (f->file != NULL && !f->file->begun) {
        worker_full_file_begin(f->file, worker_full_spacing(w->footage));
    }

    wub_timeline_run(&f->timeline, w->anchor + w->shown);
    worker_full_sound_run(&f->sound);

    f->run = true;
}


static worker_rc_t
worker_full_tell(worker_full_work_t *w, size_t from, size_t to,
    worker_err_t *err)
{
    worker_step_t   step;
    worker_full_t  *f;

    f = w->full;

    if (f->what == WORKER_FULL_PLAN) {
        f->video.made.frames += (int64_t) w->nkept;
        f->video.made.done = wub_time_from_ticks(f->timeline.video_end
                                                 - f->sound.base, 1,
                                                 WUB_TS_HZ);
    }

    if (f->making->step == NULL) {
        return WORKER_OK;
    }

    step.copy = false;
    step.first = from;
    step.last = to;
    step.nkept = w->nkept;
    step.from = w->start;
    step.to = w->end;
    step.incoming = false;

    return f->making->step(f->making->step_data, w->footage, &step, err);
}


/* the frames that are to come out of the decoder */
static worker_rc_t
worker_full_expect(worker_full_work_t *w, worker_err_t *err)
{
    size_t                      i, old;
    worker_rc_t                 rc;
    worker_full_t              *f;
    worker_full_frame_t         frame;
    const wub_cutplan_frame_t  *source;

    f = w->full;
    old = f->video.nframes;

    for (i = w->low; i <= w->high; i++) {

        if (!worker_full_kept(w, i)) {
            continue;
        }

        source = &w->segment.frames[i];

        frame.pts = w->anchor + source->pts;
        frame.out = wub_timeline_out(&f->timeline, frame.pts);
        frame.duration = 0;
        frame.time = wub_cutplan_time(&w->segment, source);
        frame.damaged = source->damaged || source->mended;

        rc = worker_full_video_expect(&f->video, &frame, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    worker_full_video_spread(&f->video, old, f->timeline.source_end);

    return WORKER_OK;
}


/* what comes before the first access unit of the segment itself */
static worker_rc_t
worker_full_decode(worker_full_work_t *w, worker_err_t *err)
{
    size_t          i;
    worker_rc_t     rc;
    worker_full_t  *f;

    f = w->full;

    if (f->what != WORKER_FULL_TIMES && !worker_full_pictures(f)) {
        return WORKER_OK;
    }

    rc = worker_full_expect(w, err);

    if (rc == WORKER_OK && f->what == WORKER_FULL_TIMES) {
        return worker_full_video_pass(&f->video, WORKER_FULL_HELD, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_full_video_codec(&f->video, w->footage->forms->codec,
                                     err);
    }

    if (rc == WORKER_OK && w->cold) {
        for (i = worker_full_key(f->last, f->last->nvideo - 1);
             rc == WORKER_OK && i < f->last->nvideo;
             i++)
        {
            rc = worker_full_video_send(&f->video, &f->last->video[i],
                                        f->audio.anchor
                                        + f->last->frames[i].pts, err);
        }
    }

    return rc;
}
