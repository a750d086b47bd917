
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_full_segment: one segment of a full cut: which of its frames are
 * in range, where decoding begins for them, and all of it in order.
 * May call: worker_full_video, worker_full_sound, worker_footage, common/.
 * Frees: nothing; the footage stays the maker's.
 */


#ifndef WORKER_FULL_SEGMENT_H_INCLUDED_
#define WORKER_FULL_SEGMENT_H_INCLUDED_


#include "common/wub_cutplan.h"
#include "common/wub_timeline.h"
#include "worker/worker_full_sound.h"
#include "worker/worker_full_video.h"
#include "worker/worker_maker.h"


/* a full cut at work */
typedef struct {
    const worker_making_t  *making;
    worker_full_video_t     video;
    worker_full_sound_t     sound;
    wub_timeline_t          timeline;
    bool                    begun;      /* the timeline has its base */
    bool                    run;        /* a run of footage is open */
    bool                    warm;       /* all of last went to the decoder */
    int64_t                 end;        /* of the range */
    worker_footage_t       *last;       /* the one added last, or before */
    worker_full_audio_t     audio;      /* of last */
    wub_arena_t            *arena;      /* where this lies */
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
} worker_full_work_t;


/* anchor: where its first frame lies in source time, unwrapped */
void worker_full_work(worker_full_work_t *w, worker_full_t *f,
    worker_footage_t *footage, int64_t anchor, int64_t start, int64_t end,
    bool behind);

/* decodes, places and encodes what is kept of it, at least one frame */
worker_rc_t worker_full_segment(worker_full_work_t *w, worker_err_t *err);


#endif /* WORKER_FULL_SEGMENT_H_INCLUDED_ */
