
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "worker/worker_behind.h"
#include "worker/worker_thread.h"


/* one call of the sink */
#define WORKER_BEHIND_PIECE      ((size_t) 256 << 10)


/*
 * Bytes [taken, given) wait, at their offset modulo the room.  Only the
 * writer adds to given, only the thread to taken; both under the lock.
 */
struct worker_behind_s {
    worker_behind_sink_t   sink;
    wub_arena_t           *arena;
    uint8_t               *ring;
    pthread_t              thread;
    pthread_mutex_t        lock;
    pthread_cond_t         more;    /* there is something to do */
    pthread_cond_t         less;    /* something was done */
    uint64_t               given;
    uint64_t               taken;
    bool                   closing;
    worker_rc_t            rc;      /* of the sink; sticky */
    worker_err_t           err;     /* its sentence */
};


static void *worker_behind_thread(void *data);
static worker_rc_t worker_behind_wait(worker_behind_t *b, uint64_t room,
    worker_err_t *err);


worker_rc_t
worker_behind_open(worker_behind_t **ret, const worker_behind_sink_t *sink,
    worker_err_t *err)
{
    wub_arena_t      *arena;
    worker_behind_t  *b;

    arena = wub_arena_create(2 * WORKER_BEHIND_ROOM);
    b = (arena == NULL) ? NULL : wub_arena_calloc(arena, sizeof(*b));

    if (b != NULL) {
        b->ring = wub_arena_alloc(arena, WORKER_BEHIND_ROOM);
    }

    if (b == NULL || b->ring == NULL) {
        wub_arena_destroy(arena);
        return worker_fail_memory(err, "Writing the video");
    }

    b->arena = arena;
    b->sink = *sink;
    b->rc = WORKER_OK;

    (void) pthread_mutex_init(&b->lock, NULL);
    (void) pthread_cond_init(&b->more, NULL);
    worker_thread_condition(&b->less);

    if (worker_thread_start(&b->thread, worker_behind_thread, b) != 0) {
        wub_arena_destroy(arena);
        return worker_fail(err, WORKER_RETRY,
                           "No thread can be made to write the video.");
    }

    *ret = b;

    return WORKER_OK;
}


worker_rc_t
worker_behind_write(void *data, const uint8_t *bytes, size_t len,
    worker_err_t *err)
{
    worker_behind_t *b = data;

    size_t       n, at;
    worker_rc_t  rc;

    while (len > 0) {
        rc = worker_behind_wait(b, 1, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        /* only this side adds to given, and taken only makes more room */

        at = (size_t) (b->given % WORKER_BEHIND_ROOM);

        (void) pthread_mutex_lock(&b->lock);
        n = WORKER_BEHIND_ROOM - (size_t) (b->given - b->taken);
        (void) pthread_mutex_unlock(&b->lock);

        n = (n < len) ? n : len;
        n = (n < WORKER_BEHIND_ROOM - at) ? n : WORKER_BEHIND_ROOM - at;

        memcpy(b->ring + at, bytes, n);

        (void) pthread_mutex_lock(&b->lock);
        b->given += n;
        (void) pthread_cond_signal(&b->more);
        (void) pthread_mutex_unlock(&b->lock);

        bytes += n;
        len -= n;
    }

    return WORKER_OK;
}


worker_rc_t
worker_behind_flush(worker_behind_t *b, worker_err_t *err)
{
    return worker_behind_wait(b, WORKER_BEHIND_ROOM, err);
}


void
worker_behind_close(worker_behind_t *b)
{
    if (b == NULL) {
        return;
    }

    (void) pthread_mutex_lock(&b->lock);

    b->closing = true;
    (void) pthread_cond_signal(&b->more);

    (void) pthread_mutex_unlock(&b->lock);

    (void) pthread_join(b->thread, NULL);
    (void) pthread_cond_destroy(&b->more);
    (void) pthread_cond_destroy(&b->less);
    (void) pthread_mutex_destroy(&b->lock);

    wub_arena_destroy(b->arena);
}


static void *
worker_behind_thread(void *data)
{
    worker_behind_t *b = data;

    size_t       n, at;
    worker_rc_t  rc;

    (void) pthread_mutex_lock(&b->lock);

    while (!b->closing && b->rc == WORKER_OK) {

        if (b->given == b->taken) {
            (void) pthread_cond_wait(&b->more, &b->lock);
            continue;
        }

        at = (size_t) (b->taken % WORKER_BEHIND_ROOM);
        n = (size_t) (b->given - b->taken);
        n = (n < WORKER_BEHIND_ROOM - at) ? n : WORKER_BEHIND_ROOM - at;
        n = (n < WORKER_BEHIND_PIECE) ? n : WORKER_BEHIND_PIECE;

        (void) pthread_mutex_unlock(&b->lock);
        rc = b->sink.write(b->sink.write_data, b->ring + at, n, &b->err);
        (void) pthread_mutex_lock(&b->lock);

        b->rc = rc;
        b->taken += n;
        (void) pthread_cond_signal(&b->less);
    }

    (void) pthread_mutex_unlock(&b->lock);

    return NULL;
}


/* until as much as room is free in the ring */
static worker_rc_t
worker_behind_wait(worker_behind_t *b, uint64_t room, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = WORKER_OK;

    (void) pthread_mutex_lock(&b->lock);

    while (rc == WORKER_OK && b->rc == WORKER_OK
           && WORKER_BEHIND_ROOM - (b->given - b->taken) < room)
    {
        (void) worker_thread_wait(&b->less, &b->lock);

        (void) pthread_mutex_unlock(&b->lock);
        rc = b->sink.tick.call(b->sink.tick.data);
        (void) pthread_mutex_lock(&b->lock);
    }

    if (b->rc != WORKER_OK) {
        rc = worker_fail(err, b->rc, "%s", b->err.text);
    }

    (void) pthread_mutex_unlock(&b->lock);

    return rc;
}
