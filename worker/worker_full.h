
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_full: the maker of cuts that encode everything: mpegts, mp4 and
 * webm.  Frames in range are decoded and go through one encoder; the sound
 * of each range is cut to the sample and laid where its frames are.
 * May call: worker_av_*, worker_mix, worker_footage, common/.
 * Frees: all of its own in the maker's free(), the footage it took too.
 */


#ifndef WORKER_FULL_H_INCLUDED_
#define WORKER_FULL_H_INCLUDED_


#include "worker/worker_maker.h"


extern const worker_maker_t  worker_full_maker;


#endif /* WORKER_FULL_H_INCLUDED_ */
