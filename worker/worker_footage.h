
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_footage: one segment file, read whole and taken apart into video
 * access units and audio frames by the readers of common/.  What lies before
 * the first key frame is left out; what is damaged is marked.  What no cut
 * can take is refused here, with a sentence that names the segment.
 * May call: worker_store, common/, libc.
 * Frees: everything of a segment at once, in worker_footage_free().
 */


#ifndef WORKER_FOOTAGE_H_INCLUDED_
#define WORKER_FOOTAGE_H_INCLUDED_


#include "common/wub_best.h"
#include "common/wub_cutplan.h"
#include "common/wub_time.h"
#include "common/wub_video.h"
#include "worker/worker.h"
#include "worker/worker_store.h"


/* a segment file larger than this is refused */
#define WORKER_FOOTAGE_MAX       ((size_t) 256 << 20)

/* AAC streams of a segment */
#define WORKER_TRACKS_MAX        8


/* called often, in the middle of work; what is not WORKER_OK ends it */
typedef struct {
    worker_rc_t (*call)(void *data);
    void         *data;
} worker_tick_t;

typedef struct {
    uint32_t            rate;       /* 0: no frame seen */
    uint8_t             channels;
    uint8_t             object;
} worker_sound_t;

/* of an output: what its packets have in common */
typedef struct {
    wub_video_form_t    video;
    worker_sound_t      tracks[WORKER_TRACKS_MAX];
    size_t              ntracks;
} worker_form_t;

/*
 * An access unit in decoding order; its times are in frames[].  pos and
 * size: its bytes in the file, from its first packet up to the next unit's,
 * what lies between them too.
 */
typedef struct {
    const uint8_t      *data;
    size_t              len;
    bool                sets;       /* it carries all parameter sets */
    size_t              lead;       /* where they would be inserted */
    const wub_str_t    *in_force;   /* parameter sets with start codes, as
                                       they are valid for it */
    uint64_t            pos;
    uint64_t            size;
} worker_video_t;

typedef struct {
    const uint8_t      *data;
    size_t              len;
    int64_t             pts;
    int64_t             duration;
    uint8_t             form;       /* of its track's forms, the index */
    bool                hurt;       /* it is mended, or what is before it
                                       lost bytes */
} worker_audio_t;

/* an AAC stream */
typedef struct {
    uint16_t            pid;
    worker_sound_t     *forms;
    size_t              nforms;
    worker_audio_t     *audio;
    size_t              naudio;
    size_t              room;       /* of audio[] */
} worker_track_t;

/* times are ticks of 90 kHz from the first video frame on, unwrapped */
typedef struct {
    wub_arena_t          *arena;
    const char           *name;     /* "HOUR/NAME", for sentences */
    wub_segment_t         segment;  /* its own names live in the arena */
    int64_t               missing;  /* microseconds before its start, where
                                       its first key frame is lost */
    int64_t               first;    /* first video frame, 33 bits as sent */
    int64_t               end;      /* of the last frame shown */
    int64_t               spacing;  /* to that end from its beginning */
    wub_video_form_t     *forms;    /* a frame's form is an index of it */
    size_t                nforms;
    wub_cutplan_frame_t  *frames;
    worker_video_t       *video;
    size_t                nvideo;
    worker_track_t       *tracks;   /* in order of the program map */
    size_t                ntracks;
    size_t                ndamaged; /* access units that lost bytes, or
                                       their time */
} worker_footage_t;


static inline bool
worker_sound_same(const worker_sound_t *a, const worker_sound_t *b)
{
    return a->rate == b->rate && a->channels == b->channels
           && a->object == b->object;
}


/*
 * Opens and reads a segment of an hour.  WORKER_RETRY: it vanished, got a
 * tombstone or cannot be read; WORKER_INVALID: it cannot be cut.
 */
worker_rc_t worker_footage_read(worker_footage_t **ret,
    const worker_store_t *store, const wub_hour_t *hour,
    const wub_segment_t *segment, const worker_tick_t *tick,
    worker_err_t *err);

/* the same of what lies in its first max bytes */
worker_rc_t worker_footage_head(worker_footage_t **ret,
    const worker_store_t *store, const wub_hour_t *hour,
    const wub_segment_t *segment, size_t max, const worker_tick_t *tick,
    worker_err_t *err);

/* NULL is accepted */
void worker_footage_free(worker_footage_t *footage);

/* the form of the segment's first frame, and what its tracks begin with */
worker_form_t worker_footage_form(const worker_footage_t *footage);

/* the time of a moment of the segment, for sentences; returns out */
const char *worker_footage_when(const worker_footage_t *footage,
    int64_t pts, char out[WUB_TIME_LEN + 1]);

/* the same of the first sound of a track that has a form of its */
const char *worker_footage_since(const worker_footage_t *footage,
    size_t track, size_t form, char out[WUB_TIME_LEN + 1]);

/* WORKER_INVALID: a segment has, from when on, other sound than its cut */
worker_rc_t worker_footage_unlike(const char *name, const char *when,
    const worker_sound_t *has, const worker_sound_t *cut, worker_err_t *err);

/* ticks from the frame at pts to the next one shown, or as near it */
int64_t worker_footage_spacing(const worker_footage_t *footage, int64_t pts);


#endif /* WORKER_FOOTAGE_H_INCLUDED_ */
