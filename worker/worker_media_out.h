
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_media_out: where a one-shot cut is written: a file that appears
 * under its name when it is whole, several of them for a kind that writes
 * one for each run, or a stream.
 * May call: worker_file, libc.
 * Frees: its descriptors, in worker_media_out_close().
 */


#ifndef WORKER_MEDIA_OUT_H_INCLUDED_
#define WORKER_MEDIA_OUT_H_INCLUDED_


#include "common/wub_arena.h"
#include "worker/worker.h"
#include "worker/worker_file.h"


typedef struct {
    wub_arena_t                   *arena;
    const char                    *output;      /* a path; "-": stdout */
    const volatile sig_atomic_t   *stop;        /* may be NULL */

    /* set by worker_media_out_*() */

    const char                    *dir;
    const char                    *name;        /* of one file */
    worker_file_t                  file;        /* its fd is -1: a stream */
    int                            fd;          /* of a stream */
    size_t                         nfiles;      /* whole ones before it */
    bool                           close;
    bool                           pipe;
} worker_media_out_t;


worker_rc_t worker_media_out_open(worker_media_out_t *o, worker_err_t *err);

/* a worker_write_pt */
worker_rc_t worker_media_out_write(void *data, const uint8_t *bytes,
    size_t len, worker_err_t *err);

/* a worker_cut_next_pt: NAME.mkv becomes NAME-0.mkv, NAME-1.mkv, ... */
worker_rc_t worker_media_out_next(void *data, worker_err_t *err);

/* rc: how it went; unless well nothing is left */
worker_rc_t worker_media_out_close(worker_media_out_t *o, worker_rc_t rc,
    worker_err_t *err);


#endif /* WORKER_MEDIA_OUT_H_INCLUDED_ */
