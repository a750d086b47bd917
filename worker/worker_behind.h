
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_behind: a sink for bytes that hands them on to another one from a
 * thread of its own: a video is read and encoded while what came before of
 * it is written or sent.  A bounded ring lies between the two; who fills
 * it waits while it is full, and can still be stopped.
 * May call: worker_thread, the sink.
 * Frees: all of its own in worker_behind_close().
 */


#ifndef WORKER_BEHIND_H_INCLUDED_
#define WORKER_BEHIND_H_INCLUDED_


#include "worker/worker_maker.h"


/* bytes that wait at most */
#define WORKER_BEHIND_ROOM       ((size_t) 1 << 20)


typedef struct worker_behind_s  worker_behind_t;

/*
 * The sink is called from the thread, one call at a time and only until
 * worker_behind_close() returns; tick from the caller's: what is not
 * WORKER_OK ends the waiting.
 */
typedef struct {
    worker_write_pt   write;
    void             *write_data;
    worker_tick_t     tick;
} worker_behind_sink_t;


worker_rc_t worker_behind_open(worker_behind_t **ret,
    const worker_behind_sink_t *sink, worker_err_t *err);

/* data is the worker_behind_t; what the sink failed with fails here, late */
worker_rc_t worker_behind_write(void *data, const uint8_t *bytes, size_t len,
    worker_err_t *err);

/* waits until the sink took all of it; writing may go on afterwards */
worker_rc_t worker_behind_flush(worker_behind_t *b, worker_err_t *err);

/*
 * Waits for the call of the sink at hand, which looks for its reasons to
 * stop by itself, and drops what is behind it.  NULL is accepted.
 */
void worker_behind_close(worker_behind_t *b);


#endif /* WORKER_BEHIND_H_INCLUDED_ */
