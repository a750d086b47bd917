
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_footage_pace: the times of a track's frames, from those of their
 * packets.  A packet's time that jumps while the next one's does not is
 * damage, and is left out.
 * May call: wub_ts, wub_arena.
 * Frees: nothing.
 */


#ifndef WORKER_FOOTAGE_PACE_H_INCLUDED_
#define WORKER_FOOTAGE_PACE_H_INCLUDED_


#include "worker/worker_footage.h"


/* what is known of the time of a frame of a track */
typedef struct {
    int64_t   time;             /* as sent, or WUB_TS_NONE */
    uint32_t  samples;
    uint32_t  rate;
    bool      apart;            /* it does not go on where the one before
                                   it ends */
} worker_beat_t;


/*
 * Sets the times of all frames of a track, one for each of beats[]; those
 * that nothing tells the time of are left out.
 */
worker_rc_t worker_footage_pace(worker_footage_t *f, worker_track_t *track,
    const worker_beat_t *beats, worker_err_t *err);


#endif /* WORKER_FOOTAGE_PACE_H_INCLUDED_ */
