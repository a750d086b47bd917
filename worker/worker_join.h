
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_join: the maker of smart cuts: lays the footage of ranges end to
 * end in a transport stream: plans each segment by wub_cutplan, copies or
 * encodes its frames, and places them and their audio by wub_timeline.
 * May call: worker_av_*, worker_footage, common/.
 * Frees: all of its own in free(), the footage it took too.
 */


#ifndef WORKER_JOIN_H_INCLUDED_
#define WORKER_JOIN_H_INCLUDED_


#include "worker/worker_maker.h"


extern const worker_maker_t  worker_join_maker;


#endif /* WORKER_JOIN_H_INCLUDED_ */
