
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_versions: which libraries make a video here, as far as they
 * tell: what their output depends on besides the plan.
 * May call: libavutil, libavcodec, libavformat, libc (dl).
 * Frees: nothing.
 */


#ifndef WORKER_AV_VERSIONS_H_INCLUDED_
#define WORKER_AV_VERSIONS_H_INCLUDED_


#include "worker/worker.h"


#define WORKER_AV_VERSION_LEN    64


typedef struct {
    const char  *name;          /* "libx264" */
    char         version[WORKER_AV_VERSION_LEN];
} worker_av_version_t;


/* the i-th library; false past the last; those not there are "" */
bool worker_av_version(size_t i, worker_av_version_t *ret);


#endif /* WORKER_AV_VERSIONS_H_INCLUDED_ */
