
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "worker/worker_rough.h"


/* between two looks at whether to stop */
#define WORKER_ROUGH_CHUNK       ((size_t) 256 << 10)


static worker_rc_t worker_rough_bytes(uint8_t *chunk, int fd,
    const wub_segment_t *segment, const worker_making_t *making,
    uint64_t size, worker_err_t *err);


worker_rc_t
worker_rough(wub_arena_t *arena, const worker_store_t *store,
    const wub_hour_t *hour, const wub_segment_t *segment,
    const worker_making_t *making, uint64_t *ret_size, worker_err_t *err)
{
    int           fd;
    uint8_t      *chunk;
    uint64_t      size;
    worker_rc_t   rc;

    fd = -1;
    size = 0;

    rc = worker_store_open(arena, store, hour, segment, &fd, &size, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (!making->dry) {
        chunk = wub_arena_alloc(arena, WORKER_ROUGH_CHUNK);

        rc = (chunk != NULL)
             ? worker_rough_bytes(chunk, fd, segment, making, size, err)
             : worker_fail_memory(err, "Reading a segment");
    }

    (void) close(fd);

    if (rc == WORKER_OK) {
        *ret_size = size;
    }

    return rc;
}


static worker_rc_t
worker_rough_bytes(uint8_t *chunk, int fd, const wub_segment_t *segment,
    const worker_making_t *making, uint64_t size, worker_err_t *err)
{
    size_t       want;
    ssize_t      n;
    worker_rc_t  rc;

    while (size > 0) {
        want = (size < WORKER_ROUGH_CHUNK) ? (size_t) size
                                           : WORKER_ROUGH_CHUNK;
        n = read(fd, chunk, want);

        if (n == -1 && errno != EINTR) {
            return worker_fail(err, WORKER_RETRY,
                               "The segment %.*s cannot be read: %s.",
                               (int) segment->name.len, segment->name.data,
                               strerror(errno));
        }

        if (n == 0) {
            return worker_fail(err, WORKER_RETRY,
                               "The segment %.*s became shorter while it "
                               "was read.", (int) segment->name.len,
                               segment->name.data);
        }

        rc = making->tick.call(making->tick.data);

        if (rc == WORKER_OK && n > 0) {
            rc = making->write(making->write_data, chunk, (size_t) n, err);
            size -= (uint64_t) n;
        }

        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}
