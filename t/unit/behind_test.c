
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"

#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "worker/worker_behind.h"


/* a sink that compares what it gets, and its troubles */
typedef struct {
    uint64_t       bytes;       /* taken so far */
    uint64_t       wrong;       /* of them, not those that were given */
    uint64_t       fail_at;     /* 0: never */
    unsigned       slow;        /* microseconds for each call */
    atomic_bool    stuck;       /* takes nothing as long as it is */
    atomic_bool    stop;
    unsigned       ticks;
} sink_t;


static uint8_t
byte_at(uint64_t i)
{
    return (uint8_t) (i * 7 + (i >> 8) + (i >> 16) * 3);
}


static worker_rc_t
take(void *data, const uint8_t *bytes, size_t len, worker_err_t *err)
{
    sink_t *sink = data;

    size_t           i;
    struct timespec  ts;

    for (i = 0; i < len; i++) {
        sink->wrong += (bytes[i] != byte_at(sink->bytes + i));
    }

    if (sink->slow != 0) {
        ts.tv_sec = 0;
        ts.tv_nsec = (long) sink->slow * 1000;
        (void) nanosleep(&ts, NULL);
    }

    sink->bytes += len;

    if (sink->fail_at != 0 && sink->bytes >= sink->fail_at) {
        return worker_fail(err, WORKER_RETRY, "The disk is full.");
    }

    while (sink->stuck) {
        (void) sched_yield();
    }

    return WORKER_OK;
}


static worker_rc_t
tick(void *data)
{
    sink_t *sink = data;

    sink->ticks++;

    return sink->stop ? WORKER_STOPPED : WORKER_OK;
}


static worker_behind_t *
open_behind(sink_t *sink)
{
    worker_err_t           err;
    worker_behind_t       *b;
    worker_behind_sink_t   to;

    to.write = take;
    to.write_data = sink;
    to.tick.call = tick;
    to.tick.data = sink;

    assert_int_equal(worker_behind_open(&b, &to, &err), WORKER_OK);

    return b;
}


/* n bytes in pieces of size; the code of the first call that failed */
static worker_rc_t
give(worker_behind_t *b, uint64_t n, size_t size, worker_err_t *err)
{
    size_t       i, len;
    uint64_t     at;
    worker_rc_t  rc;

    static uint8_t  piece[3 * WORKER_BEHIND_ROOM];

    assert_true(size <= sizeof(piece));

    for (at = 0; at < n; at += len) {
        len = (n - at < size) ? (size_t) (n - at) : size;

        for (i = 0; i < len; i++) {
            piece[i] = byte_at(at + i);
        }

        rc = worker_behind_write(b, piece, len, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


static void
test_all_bytes(void **state)
{
    size_t            i;
    sink_t            sink;
    worker_err_t      err;
    worker_behind_t  *b;

    static const struct {
        uint64_t  bytes;
        size_t    size;
        unsigned  slow;
    } rows[] = {
        { 0, 1, 0 },
        { 1, 1, 0 },
        { 100000, 17, 0 },
        { WORKER_BEHIND_ROOM, WORKER_BEHIND_ROOM, 0 },
        { 3 * WORKER_BEHIND_ROOM + 5, 3 * WORKER_BEHIND_ROOM, 0 },
        { 5 * WORKER_BEHIND_ROOM + 1, 131072, 1000 },
        { 2 * WORKER_BEHIND_ROOM, 100003, 500 },
        { 40 * WORKER_BEHIND_ROOM, 131072, 0 }
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        memset(&sink, 0, sizeof(sink_t));
        sink.slow = rows[i].slow;

        b = open_behind(&sink);

        assert_int_equal(give(b, rows[i].bytes, rows[i].size, &err),
                         WORKER_OK);
        assert_int_equal(worker_behind_flush(b, &err), WORKER_OK);

        wub_expect(sink.bytes == rows[i].bytes, "%zu: %llu bytes", i,
                   (unsigned long long) sink.bytes);
        wub_expect(sink.wrong == 0, "%zu: %llu wrong", i,
                   (unsigned long long) sink.wrong);

        worker_behind_close(b);
    }
}


/* what the sink says comes back, also when all was given before it failed */

static void
test_failing(void **state)
{
    size_t            i;
    sink_t            sink;
    worker_rc_t       rc;
    worker_err_t      err;
    worker_behind_t  *b;

    static const uint64_t  rows[] = {
        1, 200000, WORKER_BEHIND_ROOM + 1, 9 * WORKER_BEHIND_ROOM
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        memset(&sink, 0, sizeof(sink_t));
        memset(&err, 0, sizeof(worker_err_t));
        sink.fail_at = rows[i];

        b = open_behind(&sink);

        rc = give(b, 9 * WORKER_BEHIND_ROOM, 131072, &err);
        if (rc == WORKER_OK) {
            rc = worker_behind_flush(b, &err);
        }

        assert_int_equal(rc, WORKER_RETRY);
        assert_string_equal(err.text, "The disk is full.");

        /* and again, without another call of the sink */

        sink.fail_at = 0;
        assert_int_equal(worker_behind_write(b, (const uint8_t *) "x", 1,
                                             &err), WORKER_RETRY);
        worker_behind_close(b);
    }
}


/* a sink that takes nothing holds nobody up who was told to stop */

static void
test_stopped(void **state)
{
    sink_t            sink;
    worker_err_t      err;
    worker_behind_t  *b;

    (void) state;

    memset(&sink, 0, sizeof(sink_t));
    sink.stuck = true;

    b = open_behind(&sink);

    assert_int_equal(give(b, WORKER_BEHIND_ROOM, 131072, &err), WORKER_OK);
    sink.stop = true;
    assert_int_equal(give(b, 2 * WORKER_BEHIND_ROOM, 131072, &err),
                     WORKER_STOPPED);
    assert_true(sink.ticks > 0);

    sink.stuck = false;
    worker_behind_close(b);
}


static void
test_dropped(void **state)
{
    sink_t            sink;
    worker_err_t      err;
    worker_behind_t  *b;

    (void) state;

    memset(&sink, 0, sizeof(sink_t));
    sink.slow = 10000;

    b = open_behind(&sink);
    assert_int_equal(give(b, WORKER_BEHIND_ROOM, 131072, &err), WORKER_OK);
    worker_behind_close(b);

    assert_true(sink.bytes < WORKER_BEHIND_ROOM);
    worker_behind_close(NULL);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_all_bytes),
        cmocka_unit_test(test_failing),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_dropped)
    };

    return cmocka_run_group_tests_name("behind", tests, NULL, NULL);
}
