
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_upload: where finished videos go.  A backend is a table of
 * operations; what it needs to find a video again after a crash is settled
 * before the first byte and stored with the claim.
 * May call: worker_file.
 * Frees: nothing; sessions live in the job's arena, their descriptors are
 * closed by finish() and abort().
 */


#ifndef WORKER_UPLOAD_H_INCLUDED_
#define WORKER_UPLOAD_H_INCLUDED_


#include "common/wub_arena.h"
#include "common/wub_pg.h"
#include "worker/worker.h"
#include "worker/worker_config.h"
#include "worker/worker_file.h"


typedef struct {
    const char            *title;
    const char            *description;
    const wub_pg_items_t  *tags;
    wub_str_t              thumbnail;   /* PNG; length 0: there is none */
} worker_upload_video_t;

/* stored before the first byte goes out; enough to resolve a crash */
typedef struct {
    const char  *video_id;
    const char  *name;          /* of the file, no folder */
    const char  *link;
} worker_upload_plan_t;


typedef struct {
    const char  *type;

    /* once, at start: can this location be used at all? */
    worker_rc_t (*check)(const worker_location_t *location,
        worker_err_t *err);

    /* ending: of the video's name, ".ts" */
    worker_rc_t (*plan)(wub_arena_t *arena,
        const worker_location_t *location, const char *title,
        const char *ending, worker_upload_plan_t *ret, worker_err_t *err);

    worker_rc_t (*open)(wub_arena_t *arena,
        const worker_location_t *location, const worker_upload_plan_t *plan,
        void **ret, worker_err_t *err);

    /* a worker_write_pt; data is what open() gave */
    worker_rc_t (*write)(void *data, const uint8_t *bytes, size_t len,
        worker_err_t *err);

    /* of the seekable file that is written, else -1 */
    int (*fd)(const void *data);

    /*
     * The point of no return; the session is over on every path.  Any
     * failure means that nothing is there.
     */
    worker_rc_t (*finish)(void *data, const worker_upload_video_t *video,
        worker_err_t *err);

    /* leaves nothing behind */
    void (*abort)(void *data);

    /*
     * After a crash.  WORKER_OK: the video is there, whole;
     * WORKER_DECLINED: it is not, and what was left of it is gone now.
     */
    worker_rc_t (*resolve)(wub_arena_t *arena,
        const worker_location_t *location, const worker_upload_plan_t *plan,
        worker_err_t *err);
} worker_upload_ops_t;


/* NULL for a type that has no backend here */
const worker_upload_ops_t *worker_upload_find(const char *type);

extern const worker_upload_ops_t  worker_upload_local;

/*
 * The name of a local video: each character of the title that is not one
 * of A-Z, a-z, 0-9 and _ becomes _, then "-UUID.ts" (CONTRACT.md 8), or
 * what else it ends with.
 */
const char *worker_upload_local_name(wub_arena_t *arena, const char *title,
    const char *uuid, const char *ending);


#endif /* WORKER_UPLOAD_H_INCLUDED_ */
