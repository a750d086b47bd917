
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"


static void
test_alignment(void **state)
{
    size_t        n;
    char         *p;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    for (n = 0; n < 5000; n++) {
        p = wub_arena_alloc(arena, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t) p % _Alignof(max_align_t), 0);

        memset(p, (int) (n & 0xff), n);
    }

    wub_arena_destroy(arena);
}


static void
test_apart(void **state)
{
    char         *p[300];
    size_t        i, j;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < 300; i++) {
        p[i] = wub_arena_alloc(arena, i * 7);
        assert_non_null(p[i]);
        memset(p[i], (int) (i & 0xff), i * 7);
    }

    for (i = 0; i < 300; i++) {
        for (j = 0; j < i * 7; j++) {
            assert_int_equal((uint8_t) p[i][j], i & 0xff);
        }
    }

    assert_ptr_not_equal(wub_arena_alloc(arena, 0),
                         wub_arena_alloc(arena, 0));

    wub_arena_destroy(arena);
}


static void
test_cap(void **state)
{
    size_t        n;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_arena_create(10000);
    assert_non_null(arena);

    assert_null(wub_arena_alloc(arena, 10001));
    assert_null(wub_arena_alloc(arena, SIZE_MAX));
    assert_null(wub_arena_calloc(arena, SIZE_MAX - 8));
    assert_null(wub_arena_grow(arena, NULL, 0, SIZE_MAX));
    assert_null(wub_arena_strdup(arena, wub_str_n("", SIZE_MAX)));

    for (n = 0; wub_arena_alloc(arena, 100) != NULL; n++) {
        assert_true(n < 100);
    }

    /* 112 bytes each; what is lost to the ends of blocks is bounded */
    assert_true(n >= 80);
    assert_true(wub_arena_used(arena) <= 10000);

    /* small ones may still find room, a great one does not */
    assert_null(wub_arena_alloc(arena, 9000));

    wub_arena_destroy(arena);
    wub_arena_destroy(NULL);
}


static void
test_zeroed(void **state)
{
    char         *p;
    size_t        i;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    p = wub_arena_alloc(arena, 3000);
    assert_non_null(p);
    memset(p, 0xff, 3000);

    wub_arena_reset(arena);
    assert_int_equal(wub_arena_used(arena), 0);

    p = wub_arena_calloc(arena, 3000);
    assert_non_null(p);

    for (i = 0; i < 3000; i++) {
        assert_int_equal(p[i], 0);
    }

    wub_arena_destroy(arena);
}


static void
test_reset(void **state)
{
    char         *first, *p;
    size_t        turn, i;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_arena_create(1 << 20);
    assert_non_null(arena);

    wub_arena_reset(arena);

    first = NULL;

    for (turn = 0; turn < 50; turn++) {
        p = wub_arena_alloc(arena, 64);
        assert_non_null(p);

        /* the first block is kept */
        assert_true(first == NULL || p == first);
        first = p;

        /* and the cap counts from the start again */
        for (i = 0; i < 9; i++) {
            assert_non_null(wub_arena_alloc(arena, 100000));
        }

        wub_arena_reset(arena);
    }

    wub_arena_destroy(arena);
}


static void
test_grow(void **state)
{
    char         *p, *q, *other;
    size_t        n, i;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    p = wub_arena_grow(arena, NULL, 0, 10);
    assert_non_null(p);
    memcpy(p, "0123456789", 10);

    /* the newest grows in place, also from an empty one */
    q = wub_arena_grow(arena, p, 10, 200);
    assert_ptr_equal(q, p);

    /* no smaller size moves anything */
    assert_ptr_equal(wub_arena_grow(arena, p, 200, 5), p);

    other = wub_arena_alloc(arena, 1);
    assert_non_null(other);
    assert_true(other >= p + 200);

    /* an older one is copied */
    q = wub_arena_grow(arena, p, 200, 300);
    assert_non_null(q);
    assert_ptr_not_equal(q, p);
    assert_memory_equal(q, "0123456789", 10);

    for (n = 300; n < (1 << 22); n = n * 2 + 1) {
        memset(q, (int) (n & 0x7f), n);
        p = wub_arena_grow(arena, q, n, n * 2 + 1);
        assert_non_null(p);

        for (i = 0; i < n; i++) {
            assert_int_equal(p[i], n & 0x7f);
        }

        q = p;
    }

    p = wub_arena_alloc(arena, 0);
    assert_non_null(p);
    assert_ptr_equal(wub_arena_grow(arena, p, 0, 100), p);

    q = wub_arena_alloc(arena, 1);
    assert_true(q >= p + 100);

    wub_arena_destroy(arena);
}


static void
test_strdup(void **state)
{
    char         *p;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    p = wub_arena_strdup(arena, wub_str_n("abcdef", 3));
    assert_string_equal(p, "abc");

    p = wub_arena_strdup(arena, wub_str_n(NULL, 0));
    assert_string_equal(p, "");

    wub_arena_destroy(arena);
}


static void
test_fail_after(void **state)
{
    void         *p;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    wub_arena_fail_after(arena, 1);
    assert_null(wub_arena_alloc(arena, 1));
    assert_null(wub_arena_alloc(arena, 1));

    wub_arena_fail_after(arena, 3);
    assert_non_null(wub_arena_alloc(arena, 1));
    p = wub_arena_calloc(arena, 1);
    assert_non_null(p);
    assert_null(wub_arena_grow(arena, p, 1, 100));
    assert_null(wub_arena_strdup(arena, wub_str("a")));

    /* what asks for no memory does not fail */
    assert_ptr_equal(wub_arena_grow(arena, p, 1, 1), p);

    wub_arena_fail_after(arena, 0);
    assert_non_null(wub_arena_grow(arena, p, 1, 100));

    wub_arena_destroy(arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_zeroed),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_strdup),
        cmocka_unit_test(test_fail_after)
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
