
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * What the unit tests of common/ share: cmocka with the headers it needs,
 * expectations that name their case, random numbers, torture, folders.
 */


#ifndef WUB_TEST_H_INCLUDED_
#define WUB_TEST_H_INCLUDED_


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_buf.h"


#define WUB_TEST_ARENA           ((size_t) 64 << 20)

#define wub_nitems(table)        (sizeof(table) / sizeof((table)[0]))

/* fails with a message that says which row of a table it was */
#define wub_expect(ok, ...)                                                   \
    do {                                                                      \
        if (!(ok)) {                                                          \
            fail_msg(__VA_ARGS__);                                            \
        }                                                                     \
    } while (0)

/* for "%.*s" */
#define wub_arg(s)               ((int) (s).len), ((s).len ? (s).data : "")


/* work to be done with allocations that fail; the arena is fresh each time */
typedef wub_rc_t (*wub_test_work_pt)(wub_arena_t *arena, void *data);


static inline wub_str_t
wub_test_str(const char *text)
{
    return wub_str_n(text, strlen(text));
}


/* what was written, whole and without a failure */
static inline void
wub_test_text(wub_buf_t *b, const char *want)
{
    wub_buf_putc(b, '\0');

    assert_int_equal(b->rc, WUB_OK);
    assert_string_equal(b->data, want);
}


static inline wub_arena_t *
wub_test_arena(void)
{
    wub_arena_t  *arena;

    arena = wub_arena_create(WUB_TEST_ARENA);
    assert_non_null(arena);

    return arena;
}


/*
 * Reruns work with the first, second, ... allocation failing until it
 * passes; every failure must be WUB_NO_MEMORY.  Returns how many failed.
 */
static inline size_t
wub_test_torture(wub_test_work_pt work, void *data)
{
    size_t        n;
    wub_rc_t      rc;
    wub_arena_t  *arena;

    for (n = 1; n < 100000; n++) {
        arena = wub_test_arena();
        wub_arena_fail_after(arena, n);

        rc = work(arena, data);
        wub_arena_destroy(arena);

        if (rc == WUB_OK) {
            return n - 1;
        }

        wub_expect(rc == WUB_NO_MEMORY, "allocation %zu failing: %d", n,
                   (int) rc);
    }

    fail_msg("it never passes");

    return 0;
}


/* WUB_SEED, or the time; printed, so that a failure can be repeated */
static inline uint64_t
wub_test_seed(void)
{
    uint64_t     seed;
    const char  *text;

    text = getenv("WUB_SEED");
    seed = (text != NULL) ? strtoull(text, NULL, 10) : (uint64_t) time(NULL);

    printf("# WUB_SEED=%llu\n", (unsigned long long) seed);
    fflush(stdout);

    return seed;
}


/* splitmix64 */
static inline uint64_t
wub_test_random(uint64_t *state)
{
    uint64_t  z;

    *state += UINT64_C(0x9e3779b97f4a7c15);

    z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);

    return z ^ (z >> 31);
}


/* 0 to n - 1 */
static inline size_t
wub_test_below(uint64_t *state, size_t n)
{
    return (size_t) (wub_test_random(state) % n);
}


/* a new folder; out has room for WUB_TEST_PATH bytes */

#define WUB_TEST_PATH            4096

static inline void
wub_test_folder(char *out)
{
    const char  *tmp;

    tmp = getenv("TMPDIR");

    snprintf(out, WUB_TEST_PATH, "%s/wub_test_XXXXXX",
             (tmp == NULL || *tmp == '\0') ? "/tmp" : tmp);

    assert_non_null(mkdtemp(out));
}


#endif /* WUB_TEST_H_INCLUDED_ */
