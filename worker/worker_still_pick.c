
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_h264.h"
#include "common/wub_h265.h"
#include "common/wub_ts.h"
#include "worker/worker_av_still.h"
#include "worker/worker_still_pick.h"


/*
 * Microseconds that a last frame is shown beyond its own time: where nothing
 * follows it, and where the next segment does, for its frame may come late.
 */
#define WORKER_STILL_SLACK       INT64_C(10000)
#define WORKER_STILL_HELD        INT64_C(500000)

/*
 * nal_unit_type of H.265 (table 7-1): those below are pictures that none of
 * their layer refers to, where they are even.
 */
#define WORKER_STILL_RESERVED    15


/* the segment that shows the time, and the one behind it */
typedef struct {
    const worker_still_t     *still;
    int64_t                   time;
    worker_footage_t         *footage;
    worker_footage_t         *after;        /* or NULL */
    const worker_footage_t   *of;           /* which of them has the frame */
    size_t                    frame;        /* its index */
    worker_av_still_unit_t   *units;
    uint8_t                  *layers;       /* of them */
    size_t                    nunits;
} worker_still_pick_t;


static worker_rc_t worker_still_open(worker_still_pick_t *p,
    const wub_chain_t *chain, worker_err_t *err);
static int64_t worker_still_time(const worker_footage_t *footage,
    size_t frame);
static bool worker_still_latest(const worker_footage_t *footage,
    int64_t time, size_t *ret);
static worker_rc_t worker_still_behind(worker_still_pick_t *p,
    const wub_best_part_t *part, worker_err_t *err);
static bool worker_still_shows(const worker_still_pick_t *p, bool follows);
static worker_rc_t worker_still_units(worker_still_pick_t *p,
    wub_arena_t *arena, worker_err_t *err);
static size_t worker_still_key(const worker_footage_t *footage,
    size_t frame);
static void worker_still_add(worker_still_pick_t *p,
    const worker_footage_t *footage, size_t first, size_t last);
static bool worker_still_spare(const worker_footage_t *footage,
    size_t frame, uint8_t *ret_layer);
static void worker_still_idle(worker_still_pick_t *p);


worker_rc_t
worker_still_pick(wub_arena_t *arena, const worker_still_t *still,
    const wub_chain_t *chain, worker_av_image_t *ret, worker_err_t *err)
{
    worker_rc_t           rc;
    wub_video_codec_e     codec;
    worker_still_pick_t   p;

    memset(&p, 0, sizeof(worker_still_pick_t));

    p.still = still;
    p.time = still->request->timestamp;

    rc = worker_still_open(&p, chain, err);

    if (rc == WORKER_OK) {
        rc = worker_still_units(&p, arena, err);
    }

    if (rc == WORKER_OK) {
        codec = p.of->forms[p.of->frames[p.frame].form].codec;
        worker_still_idle(&p);

        rc = worker_av_still(arena, codec, p.units, p.nunits, &still->tick,
                             ret, err);
    }

    worker_footage_free(p.footage);
    worker_footage_free(p.after);

    return rc;
}


worker_rc_t
worker_still_nothing(worker_err_t *err)
{
    return worker_fail(err, WORKER_HOLES,
                       "We have no content available within the requested "
                       "time range.");
}


/* finds the frame, and reads the segments that it needs */
static worker_rc_t
worker_still_open(worker_still_pick_t *p, const wub_chain_t *chain,
    worker_err_t *err)
{
    bool                    follows;
    worker_rc_t             rc;
    const worker_still_t   *s;
    const wub_best_part_t  *part;

    s = p->still;
    part = wub_render_shown(chain, p->time);

    if (part == NULL) {
        return worker_still_nothing(err);
    }

    rc = worker_footage_read(&p->footage, &s->store, part->hour,
                             part->segment, &s->tick, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    p->of = p->footage;

    if (p->time < p->footage->segment.start
        || !worker_still_latest(p->footage, p->time, &p->frame))
    {
        return worker_still_nothing(err);
    }

    follows = (part + 1 < chain->parts + chain->nparts
               && part[1].segment != NULL);

    if (follows) {
        rc = worker_still_behind(p, part + 1, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    if (!worker_still_shows(p, follows)) {
        return worker_still_nothing(err);
    }

    return WORKER_OK;
}


static int64_t
worker_still_time(const worker_footage_t *footage, size_t frame)
{
    wub_cutplan_segment_t  segment;

    memset(&segment, 0, sizeof(wub_cutplan_segment_t));

    segment.start = footage->segment.start;
    segment.num = 1;
    segment.den = WUB_TS_HZ;
    segment.frames = footage->frames;
    segment.nframes = footage->nvideo;

    return wub_cutplan_time(&segment, &footage->frames[frame]);
}


/* the last frame that is shown by then */
static bool
worker_still_latest(const worker_footage_t *footage, int64_t time,
    size_t *ret)
{
    bool     found;
    size_t   i;
    int64_t  best;

    found = false;
    best = 0;

    for (i = 0; i < footage->nvideo; i++) {
        if ((!found || footage->frames[i].pts > best)
            && worker_still_time(footage, i) <= time)
        {
            found = true;
            best = footage->frames[i].pts;
            *ret = i;
        }
    }

    return found;
}


/*
 * Behind the last frame of a segment others may be shown that are coded at
 * the head of the next one, behind an open key frame.  That this one cannot
 * be read is no reason to show nothing.
 */
static worker_rc_t
worker_still_behind(worker_still_pick_t *p, const wub_best_part_t *part,
    worker_err_t *err)
{
    size_t                 i, frame;
    worker_rc_t            rc;
    const worker_still_t  *s;

    for (i = 0; i < p->footage->nvideo; i++) {
        if (p->footage->frames[i].pts > p->footage->frames[p->frame].pts) {
            return WORKER_OK;
        }
    }

    s = p->still;

    rc = worker_footage_read(&p->after, &s->store, part->hour, part->segment,
                             &s->tick, err);
    if (rc != WORKER_OK) {
        return (rc == WORKER_STOPPED) ? rc : WORKER_OK;
    }

    if (p->after->missing == 0 && p->after->frames[0].key == WUB_KEY_OPEN
        && worker_still_latest(p->after, p->time, &frame)
        && worker_still_time(p->after, frame)
           > worker_still_time(p->footage, p->frame))
    {
        p->of = p->after;
        p->frame = frame;
    }

    return WORKER_OK;
}


/* false: the video ended before */
static bool
worker_still_shows(const worker_still_pick_t *p, bool follows)
{
    int64_t  end;

    if (p->of != p->footage) {
        return true;
    }

    end = p->footage->segment.start
          + wub_time_from_ticks(p->footage->end, 1, WUB_TS_HZ);

    return p->time - end < (follows ? WORKER_STILL_HELD
                                    : WORKER_STILL_SLACK);
}


/*
 * From the key frame on; from the one before, where the frame is shown
 * before an open one.
 */
static worker_rc_t
worker_still_units(worker_still_pick_t *p, wub_arena_t *arena,
    worker_err_t *err)
{
    size_t                   key, n;
    bool                     before;
    const worker_footage_t  *f;

    f = p->of;
    key = worker_still_key(f, p->frame);
    before = (f->frames[key].key == WUB_KEY_OPEN
              && f->frames[p->frame].pts < f->frames[key].pts);

    n = f->nvideo + p->footage->nvideo;
    p->units = wub_arena_calloc(arena, n * sizeof(worker_av_still_unit_t));
    p->layers = wub_arena_calloc(arena, n);

    if (p->units == NULL || p->layers == NULL) {
        return worker_fail_memory(err, f->name);
    }

    if (before && key > 0) {
        key = worker_still_key(f, key - 1);

    } else if (before && f == p->after) {
        worker_still_add(p, p->footage,
                         worker_still_key(p->footage, p->footage->nvideo - 1),
                         p->footage->nvideo - 1);
    }

    worker_still_add(p, f, key, p->frame);

    return WORKER_OK;
}


static size_t
worker_still_key(const worker_footage_t *footage, size_t frame)
{
    while (frame > 0 && footage->frames[frame].key == WUB_KEY_NONE) {
        frame--;
    }

    return frame;
}


static void
worker_still_add(worker_still_pick_t *p, const worker_footage_t *footage,
    size_t first, size_t last)
{
    size_t                   i;
    worker_av_still_unit_t  *unit;

    for (i = first; i <= last; i++) {
        unit = &p->units[p->nunits];

        unit->video = &footage->video[i];
        unit->time = worker_still_time(footage, i);
        unit->idle = worker_still_spare(footage, i, &p->layers[p->nunits]);
        p->nunits++;

        if (unit->time > p->time) {
            unit->time = INT64_MIN;
        }
    }
}


/*
 * True when none of its layer refers to it; fields of H.264 may refer to
 * each other.
 */
static bool
worker_still_spare(const worker_footage_t *footage, size_t frame,
    uint8_t *ret_layer)
{
    uint8_t                  type;
    wub_video_unit_t         unit;
    const worker_video_t    *video;
    const wub_video_form_t  *form;

    video = &footage->video[frame];
    form = &footage->forms[footage->frames[frame].form];

    *ret_layer = 0;

    if (form->codec == WUB_VIDEO_H264) {
        wub_h264_unit(video->data, video->len, &unit);

        return unit.slice.len != 0 && !form->interlaced
               && (unit.slice.data[0] & 0x60) == 0;
    }

    wub_h265_unit(video->data, video->len, &unit);

    if (unit.slice.len < 2) {
        return false;
    }

    type = (uint8_t) unit.slice.data[0] >> 1 & 0x3f;
    *ret_layer = unit.slice.data[1] & 7;

    return type < WORKER_STILL_RESERVED && type % 2 == 0;
}


/* those of higher layers may refer to one of a lower one */
static void
worker_still_idle(worker_still_pick_t *p)
{
    size_t   i;
    uint8_t  top;

    top = 0;

    for (i = 0; i < p->nunits; i++) {
        top = (p->layers[i] > top) ? p->layers[i] : top;
    }

    for (i = 0; i < p->nunits; i++) {
        p->units[i].idle = p->units[i].idle && p->layers[i] == top;
    }
}
