
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_timeline: where frames that are joined lie in the output.  Video
 * leads: within a run of footage its own spacing stays, the next run
 * begins where the last frame ends.  The audio of a run, each track by
 * itself, is laid end to end with what is there, which moves it by at most
 * half an audio frame; each run is measured against its own video, so
 * nothing adds up.
 * May call: nothing.
 * Frees: nothing.
 */


#ifndef WUB_TIMELINE_H_INCLUDED_
#define WUB_TIMELINE_H_INCLUDED_


#include "common/wub.h"


/* all in ticks of one clock; source times are unwrapped */
typedef struct {
    int64_t   origin;           /* source: the run's first frame */
    int64_t   base;             /* output: where that frame lies */
    int64_t   source_end;       /* source: end of the last frame placed */
    int64_t   video_end;        /* output: the same */
    uint64_t  run;              /* how many were begun */
} wub_timeline_t;

/* a track of audio; zeroed before its first frame, but for its end */
typedef struct {
    int64_t   end;              /* output: of the last frame placed */
    int64_t   shift;            /* of the run's audio against its video */
    uint64_t  run;              /* the last one that it has some of */
} wub_timeline_track_t;

typedef enum {
    WUB_TIMELINE_SKIP,          /* before its run, or there already */
    WUB_TIMELINE_TAKE,
    WUB_TIMELINE_WAIT           /* past the end of the video so far */
} wub_timeline_e;


/* base: output time of the first frame of all */
void wub_timeline_init(wub_timeline_t *t, int64_t base);

/* begins a run with the frame at pts */
void wub_timeline_run(wub_timeline_t *t, int64_t pts);

/* the video of the run now reaches to the end of the frame at pts */
void wub_timeline_extend(wub_timeline_t *t, int64_t pts, int64_t duration);

/* the output time of a moment of the run */
int64_t wub_timeline_out(const wub_timeline_t *t, int64_t pts);

/*
 * What to do with the next audio frame of a track, and its output time if
 * it is to be taken; to take it is to call wub_timeline_take().
 */
wub_timeline_e wub_timeline_audio(const wub_timeline_t *t,
    const wub_timeline_track_t *track, int64_t pts, int64_t duration,
    int64_t *ret_out);
void wub_timeline_take(const wub_timeline_t *t, wub_timeline_track_t *track,
    int64_t pts, int64_t duration);


#endif /* WUB_TIMELINE_H_INCLUDED_ */
