
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "common/wub_stamp.h"


#define S    INT64_C(1000000000)
#define MS   INT64_C(1000000)
#define NOW  (INT64_C(1709247600) * S + 5)


/* device, inode, mtime, ctime */
typedef struct {
    const char       *what;
    wub_dir_stamp_t   before;
    wub_dir_stamp_t   after;
    bool              keep;
} case_t;


static const case_t  cases[] = {
    { "old", { 1, 2, 3, NOW - S }, { 1, 2, 3, NOW - S }, true },
    { "other device", { 1, 2, 3, NOW - S }, { 9, 2, 3, NOW - S }, false },
    { "other inode", { 1, 2, 3, NOW - S }, { 1, 9, 3, NOW - S }, false },
    { "other mtime", { 1, 2, 3, NOW - S }, { 1, 2, 9, NOW - S }, false },
    { "other ctime", { 1, 2, 3, NOW - S }, { 1, 2, 3, NOW - S + 1 }, false },

    { "20 ms", { 1, 2, 3, NOW - 20 * MS }, { 1, 2, 3, NOW - 20 * MS },
      false },
    { "just more", { 1, 2, 3, NOW - 20 * MS - 1 },
      { 1, 2, 3, NOW - 20 * MS - 1 }, true },
    { "the moment", { 1, 2, 3, NOW }, { 1, 2, 3, NOW }, false },
    { "future", { 1, 2, 3, NOW + 1 }, { 1, 2, 3, NOW + 1 }, false },
    { "far future", { 1, 2, 3, NOW + 900 * S }, { 1, 2, 3, NOW + 900 * S },
      false },
    { "end of time", { 1, 2, 3, INT64_MAX }, { 1, 2, 3, INT64_MAX }, false },

    /* whole seconds; now is 5 ns after one */
    { "seconds, 1", { 1, 2, 3, NOW - 5 - S }, { 1, 2, 3, NOW - 5 - S },
      false },
    { "seconds, 2", { 1, 2, 3, NOW - 5 - 2 * S },
      { 1, 2, 3, NOW - 5 - 2 * S }, true },
    { "seconds, 0", { 1, 2, 3, NOW - 5 }, { 1, 2, 3, NOW - 5 }, false },
    { "the epoch", { 1, 2, 0, 0 }, { 1, 2, 0, 0 }, true },

    /* an mtime that was set, in whole seconds or ahead, says nothing */
    { "set mtime", { 1, 2, NOW - 5, NOW - S }, { 1, 2, NOW - 5, NOW - S },
      true },
    { "mtime ahead", { 1, 2, NOW + S, NOW - S }, { 1, 2, NOW + S, NOW - S },
      true },
    { "old mtime", { 1, 2, 0, NOW - MS }, { 1, 2, 0, NOW - MS }, false }
};


/*
 * A directory whose clock stands still: the stat is this test's.  What was
 * read before the second change may not be kept.
 */
static void
test_equal_stamps(void **state)
{
    int64_t          tick, now;
    wub_dir_stamp_t  first, second;

    (void) state;

    first = (wub_dir_stamp_t) { 1, 2, NOW, NOW };
    second = first;                 /* changed again within the tick */

    assert_true(wub_stamp_eq(&first, &second));

    for (now = NOW; now <= NOW + 20 * MS; now += MS) {
        assert_false(wub_stamp_keep(&first, &second, now));
    }

    /* as coarse as a tick of 4 ms: any change after it is seen */

    for (tick = 1; tick <= 4; tick++) {
        second.ctime = NOW + tick * MS;
        assert_false(wub_stamp_eq(&first, &second));
    }
}


static void
test_cases(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        if (wub_stamp_keep(&cases[i].before, &cases[i].after, NOW)
            != cases[i].keep)
        {
            fail_msg("%s", cases[i].what);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_equal_stamps)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
