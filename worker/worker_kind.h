
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_kind: the kinds of cuts as data: their names, the names that
 * others use for them, and what their videos are.
 * May call: libc.
 * Frees: nothing.
 */


#ifndef WORKER_KIND_H_INCLUDED_
#define WORKER_KIND_H_INCLUDED_


#include "worker/worker.h"


/* for sentences */
#define WORKER_KIND_NAMES        "rough, smart, fast, mpegts, mp4, webm or"   \
                                 " archive"


typedef struct {
    const char  *name;
    const char  *same;          /* another name for that kind, or NULL */
    const char  *ending;        /* of a file, with its dot */
    bool         whole;         /* whole segments, as if nobody cut */
    bool         runs;          /* one file for each run without holes */
    bool         encodes;       /* has settings of encoders */
    bool         behind;        /* written by a thread of its own */
} worker_kind_t;


/* NULL when there is no such kind; never one that is another name */
const worker_kind_t *worker_kind_find(const char *name);


#endif /* WORKER_KIND_H_INCLUDED_ */
