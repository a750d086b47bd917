
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_store: the segments that a range needs, found on the disk and
 * selected by the rules of common/, and opened.
 * May call: common/ (wub_dir, wub_best), libc.
 * Frees: nothing; chains live in the caller's arena, descriptors are the
 * caller's.
 */


#ifndef WORKER_STORE_H_INCLUDED_
#define WORKER_STORE_H_INCLUDED_


#include "common/wub_best.h"
#include "common/wub_range.h"
#include "worker/worker.h"


/* what a node knows about where footage lies */
typedef struct {
    const char  *segments;      /* the store's root */
    const char  *channel;
    const char  *quality;
    int64_t      tolerance;     /* microseconds */
} worker_store_t;


/*
 * Selects the chain of one range.  A quality directory that does not exist
 * or cannot be read, and a range without any footage, are WORKER_INVALID;
 * holes are not an error here: chain->nholes says them.
 */
worker_rc_t worker_store_chain(wub_arena_t *arena,
    const worker_store_t *store, const wub_range_t *range,
    wub_chain_t *ret, worker_err_t *err);

/* "CHANNEL/QUALITY/HOUR" of a part, with a zero */
const char *worker_store_hour_path(wub_arena_t *arena,
    const worker_store_t *store, const wub_hour_t *hour);

/*
 * Opens a segment of an hour.  WORKER_RETRY: it vanished, got a tombstone
 * or cannot be read.
 */
worker_rc_t worker_store_open(wub_arena_t *arena,
    const worker_store_t *store, const wub_hour_t *hour,
    const wub_segment_t *segment, int *ret_fd, uint64_t *ret_size,
    worker_err_t *err);

/* a segment is going to be read: the disk may begin now */
void worker_store_ahead(wub_arena_t *arena, const worker_store_t *store,
    const wub_hour_t *hour, const wub_segment_t *segment);


#endif /* WORKER_STORE_H_INCLUDED_ */
