
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "worker/worker_pause.h"


static worker_pauses_t  pauses;


static int
empty(void **state)
{
    (void) state;

    memset(&pauses, 0, sizeof(worker_pauses_t));

    return 0;
}


static void
test_grows(void **state)
{
    size_t                     i;
    const worker_pause_key_t  *k;

    static const int64_t  expected[] = { 5, 10, 20, 40, 60, 60, 60 };

    (void) state;

    assert_null(worker_pause_find(&pauses, "a"));

    for (i = 0; i < wub_nitems(expected); i++) {
        worker_pause_failed(&pauses, "a", 1000, 5, 60);
        k = worker_pause_find(&pauses, "a");
        assert_non_null(k);
        wub_expect(k->until == 1000 + expected[i], "%zu: %lld", i,
                   (long long) k->until);
        assert_false(k->ready);
    }

    /* others wait for nothing, and what is forgotten begins anew */

    worker_pause_failed(&pauses, "b", 1000, 5, 60);
    assert_true(worker_pause_find(&pauses, "b")->until == 1005);

    worker_pause_forget(&pauses, "a");
    worker_pause_forget(&pauses, "nothing");
    assert_null(worker_pause_find(&pauses, "a"));
    assert_non_null(worker_pause_find(&pauses, "b"));

    worker_pause_failed(&pauses, "a", 1000, 5, 60);
    assert_true(worker_pause_find(&pauses, "a")->until == 1005);
}


static void
test_ready(void **state)
{
    (void) state;

    worker_pause_failed(&pauses, "a", 0, 5, 60);
    worker_pause_ready(&pauses, "a", 100, 7);
    assert_true(worker_pause_find(&pauses, "a")->ready);
    assert_true(worker_pause_find(&pauses, "a")->until == 107);

    /* its failures still count */

    worker_pause_failed(&pauses, "a", 200, 5, 60);
    assert_false(worker_pause_find(&pauses, "a")->ready);
    assert_true(worker_pause_find(&pauses, "a")->until == 210);
}


static void
test_expire(void **state)
{
    (void) state;

    worker_pause_failed(&pauses, "a", 0, 5, 60);
    worker_pause_failed(&pauses, "b", 1, 5, 60);
    worker_pause_failed(&pauses, "c", 2, 5, 60);
    worker_pause_failed(&pauses, "d", 0, 5, 60);

    worker_pause_expire(&pauses, 5);
    assert_int_equal(pauses.nkeys, 4);

    worker_pause_expire(&pauses, 7);
    assert_null(worker_pause_find(&pauses, "a"));
    assert_null(worker_pause_find(&pauses, "b"));
    assert_non_null(worker_pause_find(&pauses, "c"));
    assert_null(worker_pause_find(&pauses, "d"));
}


/* when it is full, the one that is soonest due goes */
static void
test_full(void **state)
{
    int   i;
    char  key[WORKER_PAUSE_KEY];

    (void) state;

    for (i = 0; i < WORKER_PAUSE_MAX; i++) {
        snprintf(key, sizeof(key), "%d", i);
        worker_pause_failed(&pauses, key, i == 77 ? 0 : 100 + i, 5, 60);
    }

    worker_pause_failed(&pauses, "more", 9000, 5, 60);
    assert_int_equal(pauses.nkeys, WORKER_PAUSE_MAX);
    assert_null(worker_pause_find(&pauses, "77"));
    assert_non_null(worker_pause_find(&pauses, "0"));
    assert_true(worker_pause_find(&pauses, "more")->until == 9005);

    /* an overlong key is cut, not written past its end */

    worker_pause_forget(&pauses, "more");
    worker_pause_failed(&pauses, "0123456789012345678901234567890123456789",
                        0, 5, 60);
    assert_non_null(worker_pause_find(&pauses,
                                      "01234567890123456789012345678901"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(test_grows, empty),
        cmocka_unit_test_setup(test_ready, empty),
        cmocka_unit_test_setup(test_expire, empty),
        cmocka_unit_test_setup(test_full, empty)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
