
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_full_segment: one segment that is decoded: which of its frames
 * are in range, where decoding begins for them, and all of it in order.
 * May call: worker_full_video, worker_full_sound, worker_full_file,
 * worker_footage, common/.
 * Frees: nothing; the footage stays the maker's.
 */


#ifndef WORKER_FULL_SEGMENT_H_INCLUDED_
#define WORKER_FULL_SEGMENT_H_INCLUDED_


#include "common/wub_cutplan.h"
#include "common/wub_timeline.h"
#include "worker/worker_full_file.h"
#include "worker/worker_full_sound.h"
#include "worker/worker_full_video.h"
#include "worker/worker_maker.h"


/* what is made of the footage */
typedef enum {
    WORKER_FULL_PLAN = 0,       /* nothing: steps are told */
    WORKER_FULL_TIMES,          /* frames, but none is decoded */
    WORKER_FULL_PICTURES,
    WORKER_FULL_SOUND,
    WORKER_FULL_BOTH
} worker_full_e;

/* footage of ranges on its way through the decoders */
typedef struct {
    worker_full_e           what;
    const worker_making_t  *making;
    worker_full_file_t     *file;       /* NULL: it goes elsewhere */
    worker_full_video_t     video;
    worker_full_sound_t     sound;
    wub_timeline_t          timeline;
    bool                    run;        /* a run of footage is open */
    bool                    warm;       /* all of last went to the decoder */
    int64_t                 end;        /* of the range */
    worker_footage_t       *last;       /* the one added last, or before */
    worker_full_audio_t     audio;      /* of last */
} worker_full_t;

/* one segment at work */
typedef struct {
    worker_full_t          *full;
    worker_footage_t       *footage;
    wub_cutplan_segment_t   segment;
    worker_full_audio_t     audio;
    int64_t                 anchor;     /* of its first frame */
    int64_t                 start;      /* of the range */
    int64_t                 end;
    bool                    behind;     /* it lies behind the range */
    bool                    bare;       /* nothing is at hand before it */
    bool                    cold;       /* the GOP before it comes first */
    int64_t                 shown;      /* pts of the first kept frame */
    int64_t                 final;      /* and of the last one */
    size_t                  low;        /* the first one in the segment */
    size_t                  high;       /* and the last one */
    size_t                  nkept;
    size_t                  next;       /* access unit to be decoded */
    size_t                  left;       /* so many from there on */
} worker_full_work_t;


static inline bool
worker_full_pictures(const worker_full_t *f)
{
    return f->what == WORKER_FULL_PICTURES || f->what == WORKER_FULL_BOTH;
}


static inline bool
worker_full_sounds(const worker_full_t *f)
{
    return f->what == WORKER_FULL_SOUND || f->what == WORKER_FULL_BOTH;
}


/* anchor: where its first frame lies in source time, unwrapped */
void worker_full_work(worker_full_work_t *w, worker_full_t *f,
    worker_footage_t *footage, int64_t anchor, int64_t start, int64_t end,
    bool behind);

/* places what is kept of it, at least one frame; then steps are left */
worker_rc_t worker_full_enter(worker_full_work_t *w, worker_err_t *err);

/* decodes one access unit, and the sound up to it */
worker_rc_t worker_full_step(worker_full_work_t *w, worker_err_t *err);


#endif /* WORKER_FULL_SEGMENT_H_INCLUDED_ */
