
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_timeline.h"


/* ticks of 90 kHz: a millisecond */
#define WUB_TIMELINE_LEAD  90


static int64_t wub_timeline_begin(const wub_timeline_t *t,
    const wub_timeline_track_t *track, int64_t duration);
static int64_t wub_timeline_shift(const wub_timeline_t *t,
    const wub_timeline_track_t *track, int64_t ideal, int64_t duration);


void
wub_timeline_init(wub_timeline_t *t, int64_t base)
{
    memset(t, 0, sizeof(wub_timeline_t));

    t->base = base;
    t->video_end = base;
}


void
wub_timeline_run(wub_timeline_t *t, int64_t pts)
{
    t->origin = pts;
    t->base = t->video_end;
    t->source_end = pts;
    t->run++;
}


void
wub_timeline_extend(wub_timeline_t *t, int64_t pts, int64_t duration)
{
    t->source_end = pts + duration;
    t->video_end = wub_timeline_out(t, t->source_end);
}


int64_t
wub_timeline_out(const wub_timeline_t *t, int64_t pts)
{
    return t->base + (pts - t->origin);
}


wub_timeline_e
wub_timeline_audio(const wub_timeline_t *t,
    const wub_timeline_track_t *track, int64_t pts, int64_t duration,
    int64_t *ret_out)
{
    int64_t  out, half, floor;

    out = wub_timeline_out(t, pts);

    if (track->run == t->run) {
        out += track->shift;
        floor = track->end;

    } else {
        floor = wub_timeline_begin(t, track, duration);
        out += wub_timeline_shift(t, track, out, duration);
    }

    if (out + duration / 2 < floor) {
        return WUB_TIMELINE_SKIP;
    }

    /* a frame of video may be shorter than half of one of audio */

    half = (track->run != 0) ? duration / 2 : 0;

    if (out + half >= t->video_end) {
        return WUB_TIMELINE_WAIT;
    }

    *ret_out = out;

    return WUB_TIMELINE_TAKE;
}


void
wub_timeline_take(const wub_timeline_t *t, wub_timeline_track_t *track,
    int64_t pts, int64_t duration)
{
    int64_t  out;

    out = wub_timeline_out(t, pts);

    if (track->run != t->run) {
        track->shift = wub_timeline_shift(t, track, out, duration);
    }

    track->end = out + track->shift + duration;
    track->run = t->run;
}


/*
 * Where the audio of a run should begin: at the end of what is there.  The
 * first of all, and one behind a gap that no move closes, with its video.
 */
static int64_t
wub_timeline_begin(const wub_timeline_t *t,
    const wub_timeline_track_t *track, int64_t duration)
{
    if (track->run == 0 || track->end > t->base + duration
        || track->end < t->base - duration)
    {
        return t->base;
    }

    return track->end;
}


/*
 * How far the first audio frame of a run moves; ideal is its own place.  A
 * first one that leads by next to nothing goes with its video: where sound
 * begins less than a millisecond before it, FFmpeg's mp4 muxer, whose edits
 * are counted in milliseconds, lets the edit of the video begin before its
 * key frame.
 */
static int64_t
wub_timeline_shift(const wub_timeline_t *t,
    const wub_timeline_track_t *track, int64_t ideal, int64_t duration)
{
    int64_t  begin;

    begin = wub_timeline_begin(t, track, duration);

    if (track->run == 0) {
        return (ideal < begin && begin - ideal < WUB_TIMELINE_LEAD)
               ? begin - ideal : 0;
    }

    if (begin != track->end
        || begin - ideal > duration / 2 || ideal - begin > duration / 2)
    {
        return 0;
    }

    return begin - ideal;
}
