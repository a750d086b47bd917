
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

/*
 * Between true and false what is opened uses what every processor of the
 * architecture has: sums of floats come out the same everywhere.
 */
void worker_av_plain(bool on);

/* "WHAT failed: libav's words for the code" */
void worker_av_say(worker_err_t *err, int averror, const char *what);

/* the same and then rc, for "return" */
#define worker_av_fail(err, rc, averror, what)                                \
    (worker_av_say(err, averror, what), (worker_rc_t) (rc))


#endif /* WORKER_AV_H_INCLUDED_ */
