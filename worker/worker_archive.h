
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_archive: whole segments, packet by packet, as one Matroska file:
 * the maker of one run of footage without holes.
 * May call: worker_av_out, worker_footage, common/.
 * Frees: all of its own in free(), and footage in add().
 */


#ifndef WORKER_ARCHIVE_H_INCLUDED_
#define WORKER_ARCHIVE_H_INCLUDED_


#include "worker/worker_maker.h"


extern const worker_maker_t  worker_archive_maker;


#endif /* WORKER_ARCHIVE_H_INCLUDED_ */
