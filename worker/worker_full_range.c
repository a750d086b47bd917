
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_footage_run.h"
#include "worker/worker_full_range.h"


static worker_rc_t worker_full_range_run_end(worker_full_range_t *r,
    worker_err_t *err);
static void worker_full_range_leave(worker_full_range_t *r);
static void worker_full_range_drop(worker_full_range_t *r);


worker_rc_t
worker_full_range_init(worker_full_range_t *r, worker_err_t *err)
{
    worker_full_t  *f;

    f = &r->full;

    f->sound.timeline = &f->timeline;
    f->video.making = f->making;

    wub_timeline_init(&f->timeline, 0);

    return worker_full_video_init(&f->video, err);
}


worker_rc_t
worker_full_range_add(worker_full_range_t *r, worker_footage_t *footage,
    int64_t start, int64_t end, bool hole, worker_err_t *err)
{
    int64_t         anchor, distance;
    worker_rc_t     rc;
    worker_full_t  *f;

    f = &r->full;
    f->end = end;
    rc = WORKER_OK;
    anchor = footage->first;

    if (f->last != NULL) {

        if (worker_footage_run(f->last, footage, hole, &distance)
            != WORKER_FOOTAGE_APART)
        {
            anchor = f->audio.anchor + distance;

        } else {
            rc = worker_full_range_run_end(r, err);
        }
    }

    worker_full_work(&r->work, f, footage, anchor, start, end, false);

    if (rc == WORKER_OK && r->work.nkept != 0) {
        rc = worker_full_enter(&r->work, err);

    } else {
        f->warm = false;
    }

    r->busy = true;

    if (rc != WORKER_OK || r->work.left == 0) {
        worker_full_range_leave(r);
    }

    return rc;
}


worker_rc_t
worker_full_range_step(worker_full_range_t *r, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = worker_full_step(&r->work, err);

    if (rc != WORKER_OK || r->work.left == 0) {
        worker_full_range_leave(r);
    }

    return rc;
}


/*
 * Sound of a range's last frames may have been sent after them, and frames
 * shown before the next segment's first key frame belong to the time before
 * that.
 */
worker_rc_t
worker_full_range_behind(worker_full_range_t *r, worker_err_t *err)
{
    int64_t            end, distance;
    worker_rc_t        rc;
    worker_full_t     *f;
    worker_footage_t  *beside;

    f = &r->full;

    if (!f->run) {
        return WORKER_OK;
    }

    end = f->last->segment.start
          + wub_time_from_ticks(f->last->end - f->last->spacing, 1,
                                WUB_TS_HZ);

    if (!worker_full_sound_short(&f->sound, f->last)
        && (f->end <= end || !f->warm))
    {
        return WORKER_OK;
    }

    rc = f->making->beside(f->making->beside_data, f->last, false, &beside,
                           err);
    if (rc != WORKER_OK || beside == NULL) {
        return rc;
    }

    if (worker_footage_run(f->last, beside, false, &distance)
        == WORKER_FOOTAGE_APART)
    {
        worker_footage_free(beside);
        return WORKER_OK;
    }

    worker_full_work(&r->work, f, beside, f->audio.anchor + distance,
                     INT64_MIN, f->end, true);
    r->busy = true;

    rc = (r->work.nkept != 0 && f->warm)
         ? worker_full_enter(&r->work, err)
         : worker_full_sound_feed(&f->sound, &f->audio, &r->work.audio,
                                  INT64_MAX, err);

    if (rc != WORKER_OK || r->work.left == 0) {
        worker_full_range_leave(r);
    }

    return rc;
}


worker_rc_t
worker_full_range_end(worker_full_range_t *r, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = worker_full_range_run_end(r, err);
    worker_full_range_drop(r);

    return rc;
}


void
worker_full_range_close(worker_full_range_t *r)
{
    if (r->busy) {
        worker_full_range_leave(r);
    }

    worker_full_range_drop(r);
    worker_full_video_close(&r->full.video);
    worker_full_sound_close(&r->full.sound);
}


/* what the decoders hold, and nothing goes on from here */
static worker_rc_t
worker_full_range_run_end(worker_full_range_t *r, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = worker_full_video_drain(&r->full.video, err);

    if (rc == WORKER_OK) {
        rc = worker_full_sound_run_end(&r->full.sound, err);
    }

    r->full.run = false;
    worker_full_range_drop(r);

    return rc;
}


/* audio of this segment may be needed with the next one */
static void
worker_full_range_leave(worker_full_range_t *r)
{
    r->busy = false;

    if (r->work.behind) {
        worker_footage_free(r->work.footage);
        return;
    }

    worker_footage_free(r->full.last);

    r->full.last = r->work.footage;
    r->full.audio = r->work.audio;
}


static void
worker_full_range_drop(worker_full_range_t *r)
{
    worker_footage_free(r->full.last);

    r->full.last = NULL;
    r->full.warm = false;
    memset(&r->full.audio, 0, sizeof(worker_full_audio_t));
}
