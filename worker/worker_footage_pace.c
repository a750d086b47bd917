
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdlib.h>

#include "common/wub_ts.h"
#include "worker/worker_footage_pace.h"


/*
 * Two packets agree where the time between them is that of the frames, to
 * half a frame; where frames are lost between them, to a second.  So far
 * apart, too, are the first and the last one if they are wrong.
 */
#define WORKER_PACE_HALF         512
#define WORKER_PACE_LOSS         WUB_TS_HZ

/* sound is sent near its video */
#define WORKER_PACE_FAR          (10 * WUB_TS_HZ)


/* a packet's time, and where the track would begin by it */
typedef struct {
    size_t   beat;
    int64_t  origin;
    int64_t  slack;             /* against the one before */
    int64_t  at;                /* from the first video frame on */
} worker_anchor_t;

typedef struct {
    const worker_footage_t  *footage;
    worker_track_t          *track;
    const worker_beat_t     *beats;
    worker_anchor_t         *anchors;
    size_t                   n;
    bool                     near;      /* one is near the video */
    bool                    *good;      /* a beat's time */
} worker_pace_t;


static void worker_pace_anchors(worker_pace_t *p);
static bool worker_pace_wrong(const worker_pace_t *p, size_t i);
static bool worker_pace_far(const worker_pace_t *p, size_t i,
    int64_t distance);
static bool worker_pace_agree(const worker_pace_t *p, size_t a, size_t b);
static void worker_pace_forward(worker_pace_t *p);
static void worker_pace_back(worker_pace_t *p);
static int64_t worker_pace_ticks(int64_t samples, uint32_t rate);
static void worker_pace_end(worker_pace_t *p);


worker_rc_t
worker_footage_pace(worker_footage_t *f, worker_track_t *track,
    const worker_beat_t *beats, worker_err_t *err)
{
    size_t          i, k;
    worker_pace_t   p;

    if (track->naudio == 0) {
        return WORKER_OK;
    }

    p.footage = f;
    p.track = track;
    p.beats = beats;
    p.n = 0;
    p.near = false;
    p.good = wub_arena_calloc(f->arena, track->naudio * sizeof(bool));
    p.anchors = wub_arena_alloc(f->arena,
                                track->naudio * sizeof(worker_anchor_t));

    if (p.good == NULL || p.anchors == NULL) {
        return worker_fail_memory(err, f->name);
    }

    worker_pace_anchors(&p);

    for (i = 0; i < p.n; i++) {
        k = p.anchors[i].beat;
        p.good[k] = !worker_pace_wrong(&p, i);

        if (!p.good[k]) {
            track->audio[k].hurt = true;
        }
    }

    worker_pace_forward(&p);
    worker_pace_back(&p);
    worker_pace_end(&p);

    return WORKER_OK;
}


static void
worker_pace_anchors(worker_pace_t *p)
{
    size_t                i;
    int64_t               ticks, samples, slack;
    uint32_t              rate;
    worker_anchor_t      *anchor;
    const worker_beat_t  *beat;

    rate = p->beats[0].rate;
    ticks = 0;
    samples = 0;
    slack = 0;

    for (i = 0; i < p->track->naudio; i++) {
        beat = &p->beats[i];

        if (beat->rate != rate) {
            ticks += worker_pace_ticks(samples, rate);
            samples = 0;
            rate = beat->rate;
        }

        slack = beat->apart ? WORKER_PACE_LOSS : slack;

        if (beat->time != WUB_TS_NONE) {
            anchor = &p->anchors[p->n++];
            anchor->beat = i;
            anchor->at = wub_ts_unwrap(0, beat->time - p->footage->first);
            anchor->origin = anchor->at - ticks
                             - worker_pace_ticks(samples, rate);
            anchor->slack = slack + worker_pace_ticks(WORKER_PACE_HALF, rate);
            slack = 0;
            p->near = p->near || !worker_pace_far(p, p->n - 1,
                                                  WORKER_PACE_FAR);
        }

        samples += beat->samples;
    }
}


/*
 * Alone against those beside it.  The first and the last one have but one
 * neighbour, and there may be a gap between the two.
 */
static bool
worker_pace_wrong(const worker_pace_t *p, size_t i)
{
    size_t   beside;
    int64_t  gap;

    if (worker_pace_far(p, i, WORKER_PACE_FAR)) {
        return p->near;
    }

    if (p->n < 3) {
        return false;
    }

    if (i != 0 && i + 1 != p->n) {
        return !worker_pace_agree(p, i - 1, i)
               && !worker_pace_agree(p, i, i + 1)
               && worker_pace_agree(p, i - 1, i + 1);
    }

    beside = (i == 0) ? 1 : i - 1;
    gap = llabs(p->anchors[i].origin - p->anchors[beside].origin);

    if (gap <= WORKER_PACE_LOSS) {
        return false;
    }

    return (p->anchors[i].origin > p->anchors[beside].origin) == (i == 0)
           || worker_pace_far(p, i, WORKER_PACE_LOSS);
}


/* far from the video */
static bool
worker_pace_far(const worker_pace_t *p, size_t i, int64_t distance)
{
    return p->anchors[i].at < -distance
           || p->anchors[i].at > p->footage->end + distance;
}


static bool
worker_pace_agree(const worker_pace_t *p, size_t a, size_t b)
{
    int64_t  slack;

    slack = p->anchors[b].slack;
    slack = (b - a > 1 && p->anchors[a + 1].slack > slack)
            ? p->anchors[a + 1].slack : slack;

    return llabs(p->anchors[a].origin - p->anchors[b].origin) <= slack;
}


static void
worker_pace_forward(worker_pace_t *p)
{
    size_t                i;
    int64_t               at, samples;
    const worker_beat_t  *beat;

    at = WUB_TS_NONE;
    samples = 0;

    for (i = 0; i < p->track->naudio; i++) {
        beat = &p->beats[i];

        if (beat->apart) {
            at = WUB_TS_NONE;
        }

        if (p->good[i]) {
            at = beat->time;
            samples = 0;
        }

        p->track->audio[i].pts = (at == WUB_TS_NONE) ? WUB_TS_NONE
                                 : at + worker_pace_ticks(samples, beat->rate);
        samples += beat->samples;
    }
}


/* frames before the first time of theirs lie end to end before it */
static void
worker_pace_back(worker_pace_t *p)
{
    size_t           i;
    int64_t          at, samples;
    worker_audio_t  *audio;

    at = WUB_TS_NONE;
    samples = 0;

    for (i = p->track->naudio; i > 0; i--) {
        audio = &p->track->audio[i - 1];

        if (audio->pts != WUB_TS_NONE) {
            at = audio->pts;
            samples = 0;

        } else if (at != WUB_TS_NONE) {
            samples += p->beats[i - 1].samples;
            audio->pts = at - worker_pace_ticks(samples,
                                                p->beats[i - 1].rate);
        }

        if (p->beats[i - 1].apart) {
            at = WUB_TS_NONE;
        }
    }
}


static int64_t
worker_pace_ticks(int64_t samples, uint32_t rate)
{
    return (samples * WUB_TS_HZ + rate / 2) / rate;
}


static void
worker_pace_end(worker_pace_t *p)
{
    bool             hurt;
    size_t           i, n;
    worker_audio_t  *audio;

    audio = p->track->audio;
    hurt = false;

    for (i = 0, n = 0; i < p->track->naudio; i++) {

        if (audio[i].pts == WUB_TS_NONE) {
            hurt = true;
            continue;
        }

        audio[n] = audio[i];
        audio[n].pts = wub_ts_unwrap(0, audio[i].pts - p->footage->first);
        audio[n].hurt = audio[i].hurt || hurt;
        hurt = false;
        n++;
    }

    p->track->naudio = n;
}
