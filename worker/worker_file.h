
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_file: a file that appears under its name whole or not at all: a
 * temp name beside it, writes that are looped, fsync of file and folder,
 * rename.
 * May call: libc.
 * Frees: its descriptors, in worker_file_commit() and worker_file_abort().
 */


#ifndef WORKER_FILE_H_INCLUDED_
#define WORKER_FILE_H_INCLUDED_


#include "common/wub_arena.h"
#include "worker/worker.h"


/* 36 characters and a zero */
#define WORKER_UUID_SIZE         37

/* the end of the name that a file has until it is whole */
#define WORKER_FILE_TEMP         ".temp"


typedef struct {
    int          fd;            /* -1: none is open */
    int          dirfd;
    const char  *dir;
    const char  *name;
    const char  *temp;          /* name with WORKER_FILE_TEMP */
} worker_file_t;


/*
 * Creates dir/name.temp; dir and name must outlive the file.  What fails
 * here and below is WORKER_RETRY, with a sentence that names the path: a
 * disk may be full or away only for now.
 */
worker_rc_t worker_file_create(wub_arena_t *arena, worker_file_t *file,
    const char *dir, const char *name, worker_err_t *err);

worker_rc_t worker_file_write(worker_file_t *file, const uint8_t *bytes,
    size_t len, worker_err_t *err);

/* makes it durable under its name; the file is closed on every path */
worker_rc_t worker_file_commit(worker_file_t *file, worker_err_t *err);

/* closes and removes the temp file; nothing when none is open */
void worker_file_abort(worker_file_t *file);

/* a whole small file at once */
worker_rc_t worker_file_put(wub_arena_t *arena, const char *dir,
    const char *name, wub_str_t content, worker_err_t *err);

/* WORKER_OK, or WORKER_DECLINED when there is no regular file dir/name */
worker_rc_t worker_file_exists(const char *dir, const char *name,
    worker_err_t *err);

/* removes dir/name and its temp file, where they are */
worker_rc_t worker_file_remove(wub_arena_t *arena, const char *dir,
    const char *name, worker_err_t *err);

/* WORKER_INVALID unless path is a folder in which files can be made */
worker_rc_t worker_file_folder(const char *path, bool writable,
    worker_err_t *err);

/* a random UUID (version 4) */
worker_rc_t worker_uuid(char out[WORKER_UUID_SIZE], worker_err_t *err);


#endif /* WORKER_FILE_H_INCLUDED_ */
