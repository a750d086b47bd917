
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_footage_times: the times of a segment's pictures.  One that jumps
 * and comes back is damage: it is made anew between its neighbours, and its
 * frame is marked as mended.  A jump that stays is none.
 * May call: wub_ts, wub_arena.
 * Frees: nothing.
 */


#ifndef WORKER_FOOTAGE_TIMES_H_INCLUDED_
#define WORKER_FOOTAGE_TIMES_H_INCLUDED_


#include "worker/worker_footage.h"


/*
 * Mends the times of frames[], ticks of 33 bits from first on, WUB_TS_NONE
 * where none was sent, and unwraps them; the first frame is then at 0, and
 * first where it belongs.  WORKER_INVALID: some are missing for good.
 */
worker_rc_t worker_footage_times(worker_footage_t *f, worker_err_t *err);


#endif /* WORKER_FOOTAGE_TIMES_H_INCLUDED_ */
