
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av: what the wrappers of libav share.  Only files worker_av_*
 * include libav; it writes nothing to stderr by itself.
 * May call: libavutil.
 * Frees: nothing.
 */


#ifndef WORKER_AV_H_INCLUDED_
#define WORKER_AV_H_INCLUDED_


#include "worker/worker.h"


/* libav's structs hold bytes that it only reads in plain pointers */
#define WORKER_AV_UNCONST(p)     ((uint8_t *) (uintptr_t) (p))


/* silences libav's log; called before its first use in a process */
void worker_av_setup(void);

/* "WHAT: libav's words for the code", for return */
worker_rc_t worker_av_fail(worker_err_t *err, worker_rc_t rc, int averror,
    const char *what);


#endif /* WORKER_AV_H_INCLUDED_ */
