
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Parameter sets that come, change and go out of force.
 */


#include "t/unit/wub_test.h"

#include "common/wub_sets.h"


/* "S1=ab": a set of kind S and id 1 with these bytes */
static wub_video_set_t
read_set(const char *text)
{
    wub_video_set_t  set;

    set.kind = (*text == 'V') ? WUB_VIDEO_VPS
               : (*text == 'S') ? WUB_VIDEO_SPS : WUB_VIDEO_PPS;
    set.id = (uint32_t) (text[1] - '0');
    set.parent = 0;
    set.bytes = wub_str_n(text + 3, strcspn(text + 3, " "));

    return set;
}


/* what is in force after all of them, and how often that changed */
static void
force(void **state)
{
    char              got[64];
    size_t            i, k, n, changes;
    const char       *p;
    wub_sets_t        sets;
    wub_arena_t      *arena;
    wub_video_set_t   set;
    const wub_str_t  *bytes, *before;

    static const struct {
        const char  *sent;
        const char  *want;      /* a start code as '|' */
        size_t       changes;
    } rows[] = {
        { "S0=ab P0=c", "|ab|c", 2 },
        { "P0=c S0=ab", "|ab|c", 2 },
        { "S0=ab P0=c S0=ab P0=c", "|ab|c", 2 },
        { "S0=ab P0=c S0=xy P0=c", "|xy|c", 3 },
        { "P2=c P0=a P1=b S1=y S0=x V0=v", "|v|x|y|a|b|c", 6 },
        { "P0=a P0=aa", "|aa", 2 },
    };

    (void) state;
    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(rows); i++) {
        wub_sets_init(&sets);
        before = NULL;
        changes = 0;

        for (p = rows[i].sent; *p != '\0'; p += (*p == ' ')) {
            set = read_set(p);
            p = set.bytes.data + set.bytes.len;

            assert_int_equal(wub_sets_put(&sets, &set), WUB_OK);

            bytes = wub_sets_bytes(&sets, arena);
            assert_non_null(bytes);

            changes += (bytes != before);
            before = bytes;
        }

        for (k = 0, n = 0; k < before->len; k++) {

            if (before->data[k] != '\0') {
                got[n++] = (before->data[k] == 1) ? '|' : before->data[k];
            }
        }

        got[n] = '\0';
        assert_int_equal(before->len, n + 3 * sets.nsets);

        wub_expect(strcmp(got, rows[i].want) == 0
                   && changes == rows[i].changes, "%s: %s, %zu changes",
                   rows[i].sent, got, changes);
    }

    wub_arena_destroy(arena);
}


static void
finding(void **state)
{
    uint32_t                i;
    wub_sets_t              sets;
    wub_arena_t            *arena;
    wub_video_set_t         set;
    wub_video_unit_t        unit;
    const wub_video_set_t  *found;

    (void) state;
    arena = wub_test_arena();
    wub_sets_init(&sets);

    memset(&unit, 0, sizeof(unit));
    assert_null(wub_sets_find(&sets, WUB_VIDEO_VPS, 0));
    assert_false(wub_sets_carried(&sets, &unit));

    /* a unit that carries some of those in force, then all, then more */

    unit.sets[0] = read_set("S0=s");
    unit.sets[1] = read_set("P0=p");

    for (i = 0; i < 2; i++) {
        assert_int_equal(wub_sets_put(&sets, &unit.sets[i]), WUB_OK);
        assert_false(wub_sets_carried(&sets, &unit));
        unit.nsets++;
        assert_true(wub_sets_carried(&sets, &unit));
    }

    set = read_set("P1=q");
    assert_int_equal(wub_sets_put(&sets, &set), WUB_OK);
    assert_false(wub_sets_carried(&sets, &unit));

    found = wub_sets_find(&sets, WUB_VIDEO_PPS, 1);
    assert_non_null(found);
    assert_true(found->bytes.data == set.bytes.data);
    assert_null(wub_sets_find(&sets, WUB_VIDEO_SPS, 1));
    assert_null(wub_sets_find(&sets, WUB_VIDEO_PPS, 2));

    /* full: known ones may still change */

    for (i = 2; sets.nsets < WUB_SETS_MAX; i++) {
        set.id = i;
        assert_int_equal(wub_sets_put(&sets, &set), WUB_OK);
    }

    assert_int_equal(wub_sets_put(&sets, &set), WUB_OK);
    set.id = i;
    assert_int_equal(wub_sets_put(&sets, &set), WUB_TOO_BIG);

    wub_arena_destroy(arena);
}


static wub_rc_t
work(wub_arena_t *arena, void *data)
{
    wub_sets_t       sets;
    wub_video_set_t  set;

    wub_sets_init(&sets);
    set = read_set(data);

    if (wub_sets_put(&sets, &set) != WUB_OK) {
        return WUB_INVALID;
    }

    return wub_sets_bytes(&sets, arena) != NULL ? WUB_OK : WUB_NO_MEMORY;
}


static void
torture(void **state)
{
    char  text[] = "S0=bytes";

    (void) state;

    assert_int_equal(wub_test_torture(work, text), 2);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(force),
        cmocka_unit_test(finding),
        cmocka_unit_test(torture),
    };

    return cmocka_run_group_tests_name("sets", tests, NULL, NULL);
}
