
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_cut_makers: which maker makes a kind of cut.
 * May call: the makers.
 * Frees: nothing.
 */


#ifndef WORKER_CUT_MAKERS_H_INCLUDED_
#define WORKER_CUT_MAKERS_H_INCLUDED_


#include "worker/worker_kind.h"
#include "worker/worker_maker.h"


/* NULL for the kind whose segments are written as they are */
const worker_maker_t *worker_cut_maker(const worker_kind_t *kind);


#endif /* WORKER_CUT_MAKERS_H_INCLUDED_ */
