
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_full_sound: the tracks of sound of a full cut: from the frames of
 * footage through samples at their places to packets of the output, or
 * samples that stay in the mix.
 * May call: worker_av_*, worker_mix, common/.
 * Frees: all of its own in worker_full_sound_close().
 */


#ifndef WORKER_FULL_SOUND_H_INCLUDED_
#define WORKER_FULL_SOUND_H_INCLUDED_


#include "common/wub_timeline.h"
#include "worker/worker_av_out.h"
#include "worker/worker_av_sound.h"
#include "worker/worker_av_voice.h"
#include "worker/worker_maker.h"
#include "worker/worker_mix.h"


typedef struct worker_full_sound_s  worker_full_sound_t;

typedef struct {
    worker_full_sound_t   *sounds;
    worker_av_sound_t     *sound;
    worker_av_voice_t     *voice;       /* NULL: samples stay in the mix */
    worker_mix_t           mix;
    int64_t                rate;
    size_t                 stream;      /* of the output */
    int64_t                lead;        /* silence in front, samples */
} worker_full_track_t;

struct worker_full_sound_s {
    worker_full_track_t    tracks[WORKER_TRACKS_MAX];
    size_t                 ntracks;
    const wub_timeline_t  *timeline;
    worker_av_out_t       *out;         /* NULL until the video has begun */
    int64_t                base;        /* of the output, ticks */
    int64_t                before;      /* also wanted: ticks in front of
                                           the first frame */
    int64_t                behind;      /* and behind the last one */
    int64_t                filled;      /* sound is due up to here, ticks */
    int64_t                hurt;        /* frames of it that are damaged */
};

/* the audio of a segment that is to come, by track */
typedef struct {
    const worker_footage_t  *footage;   /* may be NULL */
    int64_t                  anchor;    /* of its first frame, unwrapped */
    size_t                   next[WORKER_TRACKS_MAX];
} worker_full_audio_t;


/* headers: once for the file */
worker_rc_t worker_full_sound_open(worker_full_sound_t *s,
    const worker_making_t *making, bool headers, worker_err_t *err);

/* without voices: tracks as they are in the form, of the footage's rates */
worker_rc_t worker_full_sound_bare(worker_full_sound_t *s,
    const worker_making_t *making, worker_err_t *err);

/*
 * For a file in which each track begins with its first packet: silence, so
 * that this packet lies where the video's does, delay before its time.
 */
void worker_full_sound_lead(worker_full_sound_t *s, int64_t delay);

/* a run has begun in the timeline */
void worker_full_sound_run(worker_full_sound_t *s);

/* true when the sound of a run needs the segment before, or the next one */
bool worker_full_sound_early(const worker_full_sound_t *s,
    const worker_footage_t *footage, int64_t pts);
bool worker_full_sound_short(const worker_full_sound_t *s,
    const worker_footage_t *footage);

/* audio up to a source time; of b only where a has none left */
worker_rc_t worker_full_sound_feed(worker_full_sound_t *s,
    worker_full_audio_t *a, worker_full_audio_t *b, int64_t limit,
    worker_err_t *err);

/* samples from the first one of the track, of an output time */
int64_t worker_full_sound_place(const worker_full_track_t *track,
    int64_t out);

/* hands on what nothing can change any more; last: all there is */
worker_rc_t worker_full_sound_encode(worker_full_track_t *track, bool last,
    worker_err_t *err);

/* after a segment: what is still missing before it does not come any more */
worker_rc_t worker_full_sound_fill(worker_full_sound_t *s,
    worker_err_t *err);

/* the run ends */
worker_rc_t worker_full_sound_run_end(worker_full_sound_t *s,
    worker_err_t *err);

worker_rc_t worker_full_sound_finish(worker_full_sound_t *s,
    worker_err_t *err);

void worker_full_sound_close(worker_full_sound_t *s);


#endif /* WORKER_FULL_SOUND_H_INCLUDED_ */
