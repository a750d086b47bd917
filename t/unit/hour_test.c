
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "common/wub_hour.h"


#define FILES_MAX                12
#define TOLERANCE                INT64_C(10000)
#define MANY                     200000


typedef struct {
    const char  *name;
    uint64_t     size;
} file_t;

/* kept: the names of the index, in order */
typedef struct {
    const char  *what;
    file_t       files[FILES_MAX];
    const char  *kept[FILES_MAX];
    size_t       ignored;
    size_t       sizes;         /* how often a size is asked for */
} best_case_t;

typedef struct {
    const char  *what;
    const char  *names[FILES_MAX];
    const char  *plain[FILES_MAX];
    const char  *tombstones[FILES_MAX];
} list_case_t;

typedef struct {
    const file_t  *files;
    size_t         asked;
} sizes_t;


static const best_case_t  best_cases[] = {
    { "nothing", { { NULL, 0 } }, { NULL }, 0, 0 },

    { "full before suspect before partial, whatever their length",
      { { "00:00.0-9.0-partial-AAAA.ts", 900 },
        { "00:00.0-5.0-suspect-AAAA.ts", 500 },
        { "00:00.0-1.0-full-AAAA.ts", 100 },
        { "00:10.0-9.0-partial-AAAA.ts", 900 },
        { "00:10.0-5.0-suspect-AAAA.ts", 500 } },
      { "00:00.0-1.0-full-AAAA.ts", "00:10.0-5.0-suspect-AAAA.ts" }, 0, 0 },

    { "the longest full one; no size is asked for",
      { { "00:00.0-1.0-full-AAAA.ts", 900 },
        { "00:00.0-2.0-full-AAAA.ts", 100 },
        { "00:00.0-1.5-full-AAAA.ts", 500 } },
      { "00:00.0-2.0-full-AAAA.ts" }, 0, 0 },

    { "of full ones of a length the greatest",
      { { "00:00.0-2.0-full-AAAA.ts", 100 },
        { "00:00.0-2.0-full-AAAB.ts", 101 },
        { "00:00.0-1.0-full-AAAC.ts", 999 } },
      { "00:00.0-2.0-full-AAAB.ts" }, 0, 2 },

    { "of full ones of a size the greatest hash: bytes, not text",
      { { "00:00.0-2.0-full-aAAA.ts", 100 },
        { "00:00.0-2.0-full--AAA.ts", 100 },
        { "00:00.0-2.0-full-ZAAA.ts", 100 },
        { "00:00.0-2.0-full-9AAA.ts", 100 } },
      { "00:00.0-2.0-full--AAA.ts" }, 0, 4 },

    { "a longer hash is greater than its beginning",
      { { "00:00.0-2.0-full-AAAA.ts", 100 },
        { "00:00.0-2.0-full-AAAAAAAA.ts", 100 },
        { "00:00.0-2.0-full-.ts", 100 } },
      { "00:00.0-2.0-full-AAAAAAAA.ts" }, 0, 3 },

    { "of full ones that are equal the first name",
      { { "00:00.000-2.0-full-AAAA.ts", 100 },
        { "00:00.0-2.00-full-AAAA.ts", 100 },
        { "00:00.0-2.0-full-AAAA.ts", 100 } },
      { "00:00.0-2.0-full-AAAA.ts" }, 0, 3 },

    { "of partial ones the greatest; length and hash are not looked at",
      { { "00:00.0-1.0-partial-AAAA.ts", 100 },
        { "00:00.0-1.0-partial-BBBB.ts", 101 },
        { "00:00.0-9.0-partial-____.ts", 99 } },
      { "00:00.0-1.0-partial-BBBB.ts" }, 0, 3 },

    { "of partial ones of a size the first name",
      { { "00:00.0-1.0-partial-BBBB.ts", 100 },
        { "00:00.0-1.0-partial-AAAA.ts", 100 },
        { "00:00.0-9.0-partial-____.ts", 100 } },
      { "00:00.0-1.0-partial-AAAA.ts" }, 0, 3 },

    { "one start, written in many ways",
      { { "00:00-1.0-full-AAAA.ts", 1 },
        { "00:00.0-2.0-full-AAAA.ts", 1 },
        { "00:00.000000-3.0-full-AAAA.ts", 1 },
        { "00:00.000001-1.0-full-AAAA.ts", 1 },
        { "00:00.00-2.5-full-AAAA.ts", 1 } },
      { "00:00.000000-3.0-full-AAAA.ts", "00:00.000001-1.0-full-AAAA.ts" },
      0, 0 },

    { "temp, tombstoned, hidden and what is no segment are out",
      { { "00:00.0-2.0-temp-AAAA.ts", 1 },
        { "00:02.0-2.0-full-AAAA.ts", 1 },
        { "00:02.0-2.0-full-AAAA.tombstone", 0 },
        { ".00:04.0-2.0-full-AAAA.ts", 1 },
        { "00:06.0-inf-full-AAAA.ts", 1 },
        { "00:07.0-inf-full-AAAA.ts", 1 },
        { "00:07.0-inf-full-AAAA.tombstone", 0 },
        { "README", 1 },
        { "00:08.0-2.0-full-AAAA.json", 1 },
        { "00:09.0-2.0-full-AAAA.ts", 1 } },
      { "00:09.0-2.0-full-AAAA.ts" }, 1, 0 },

    { "a tombstoned copy leaves the start to another",
      { { "00:00.0-2.0-full-AAAA.ts", 1 },
        { "00:00.0-2.0-full-AAAA.tombstone", 0 },
        { "00:00.0-2.0-partial-AAAA.ts", 1 } },
      { "00:00.0-2.0-partial-AAAA.ts" }, 0, 0 },

    { "9 ms",
      { { "00:00.000-2.0-partial-AAAA.ts", 1 },
        { "00:00.009-2.0-full-AAAA.ts", 1 } },
      { "00:00.009-2.0-full-AAAA.ts" }, 0, 0 },

    { "10 ms",
      { { "00:00.000-2.0-partial-AAAA.ts", 1 },
        { "00:00.010-2.0-full-AAAA.ts", 1 } },
      { "00:00.010-2.0-full-AAAA.ts" }, 0, 0 },

    { "10.001 ms",
      { { "00:00.000000-2.0-partial-AAAA.ts", 1 },
        { "00:00.010001-2.0-full-AAAA.ts", 1 } },
      { "00:00.000000-2.0-partial-AAAA.ts", "00:00.010001-2.0-full-AAAA.ts" },
      0, 0 },

    { "11 ms",
      { { "00:00.000-2.0-partial-AAAA.ts", 1 },
        { "00:00.011-2.0-full-AAAA.ts", 1 } },
      { "00:00.000-2.0-partial-AAAA.ts", "00:00.011-2.0-full-AAAA.ts" },
      0, 0 },

    { "an earlier full one stays, and so does the partial one behind it",
      { { "00:00.000-2.0-full-AAAA.ts", 1 },
        { "00:00.005-2.0-partial-AAAA.ts", 1 } },
      { "00:00.000-2.0-full-AAAA.ts", "00:00.005-2.0-partial-AAAA.ts" },
      0, 0 },

    { "equal types stay",
      { { "00:00.000-2.0-partial-AAAA.ts", 1 },
        { "00:00.005-2.0-partial-AAAA.ts", 1 },
        { "00:02.000-2.0-suspect-AAAA.ts", 1 },
        { "00:02.005-2.0-suspect-AAAA.ts", 1 },
        { "00:04.000-2.0-full-AAAA.ts", 1 },
        { "00:04.005-2.0-full-AAAA.ts", 1 } },
      { "00:00.000-2.0-partial-AAAA.ts", "00:00.005-2.0-partial-AAAA.ts",
        "00:02.000-2.0-suspect-AAAA.ts", "00:02.005-2.0-suspect-AAAA.ts",
        "00:04.000-2.0-full-AAAA.ts", "00:04.005-2.0-full-AAAA.ts" }, 0, 0 },

    { "a suspect one that gives way itself still is better",
      { { "00:00.000-2.0-partial-AAAA.ts", 1 },
        { "00:00.010-2.0-suspect-AAAA.ts", 1 },
        { "00:00.020-2.0-full-AAAA.ts", 1 } },
      { "00:00.020-2.0-full-AAAA.ts" }, 0, 0 },

    { "a better one behind a worse one",
      { { "00:00.000-2.0-suspect-AAAA.ts", 1 },
        { "00:00.005-2.0-partial-AAAA.ts", 1 },
        { "00:00.010-2.0-full-AAAA.ts", 1 } },
      { "00:00.010-2.0-full-AAAA.ts" }, 0, 0 },

    { "a start that has a full copy stays",
      { { "00:00.000-2.0-partial-AAAA.ts", 1 },
        { "00:00.000-1.0-full-AAAA.ts", 1 },
        { "00:00.005-2.0-full-AAAA.ts", 1 } },
      { "00:00.000-1.0-full-AAAA.ts", "00:00.005-2.0-full-AAAA.ts" }, 0, 0 },

    { "temp and tombstoned ones near by are of no matter",
      { { "00:00.000-2.0-partial-AAAA.ts", 1 },
        { "00:00.003-2.0-temp-AAAA.ts", 1 },
        { "00:00.005-2.0-full-AAAA.ts", 1 },
        { "00:00.005-2.0-full-AAAA.tombstone", 0 } },
      { "00:00.000-2.0-partial-AAAA.ts" }, 0, 0 }
};


static const list_case_t  list_cases[] = {
    { "nothing", { NULL }, { NULL }, { NULL } },

    { "visible .ts and .json, bytewise",
      { "b.ts", "a.ts", "a.json", "B.ts", "a-b.ts", ".a.ts", "README",
        "a.ts.tmp", "a.tombstone-reason", "nonsense.ts", ".json" },
      { "B.ts", "a-b.ts", "a.json", "a.ts", "b.ts", "nonsense.ts" },
      { "B.ts", "a-b.ts", "a.json", "a.ts", "b.ts", "nonsense.ts" } },

    { "tombstones hide what has their stem, and no more",
      { "a.ts", "a.json", "a.tombstone", "ab.ts", "a-b.ts", "a.ts.ts",
        "A.ts", "a.tombstone.ts" },
      { "A.ts", "a-b.ts", "a.tombstone.ts", "a.ts.ts", "ab.ts" },
      { "A.ts", "a-b.ts", "a.tombstone", "a.tombstone.ts", "a.ts.ts",
        "ab.ts" } },

    { "a tombstone without its segment; a hidden one",
      { "a.tombstone", ".b.tombstone", "b.ts" },
      { "b.ts" },
      { "a.tombstone", "b.ts" } },

    { "stems one of which begins the other",
      { "a.tombstone", "a-.tombstone", "a0.tombstone", "a.ts", "a-.ts",
        "a0.ts", "a/.ts", "a--.ts" },
      { "a--.ts", "a/.ts" },
      { "a--.ts", "a-.tombstone", "a.tombstone", "a/.ts", "a0.tombstone" } },

    { "temp is left out, parsed or not; a tombstone of it is not",
      { "00:00.0-2.0-temp-AAAA.ts", "x-y-temp-.ts", "x-temp-z.ts",
        "00:00.0-2.0-full-temp.ts", "00:02.0-2.0-temp-AAAA.tombstone",
        "00:04.0-2.0-temp-AAAA.json" },
      { "00:00.0-2.0-full-temp.ts", "00:04.0-2.0-temp-AAAA.json",
        "x-temp-z.ts" },
      { "00:00.0-2.0-full-temp.ts", "00:02.0-2.0-temp-AAAA.tombstone",
        "00:04.0-2.0-temp-AAAA.json", "x-temp-z.ts" } },

    { "file names that end in temp are not .ts",
      { "00:00-AAAA.json.uuid.temp", "00:00-AAAA.json" },
      { "00:00-AAAA.json" },
      { "00:00-AAAA.json" } }
};


static uint64_t
size_of(void *data, wub_str_t name)
{
    sizes_t  *sizes = data;

    size_t  i;

    sizes->asked++;

    for (i = 0; i < FILES_MAX && sizes->files[i].name != NULL; i++) {
        if (wub_str_eq(name, wub_test_str(sizes->files[i].name))) {
            return sizes->files[i].size;
        }
    }

    fail_msg("a size is asked for %.*s", wub_arg(name));

    return 0;
}


static size_t
fill(const best_case_t *c, bool backwards, wub_str_t *room)
{
    size_t  i, n;

    for (n = 0; n < FILES_MAX && c->files[n].name != NULL; n++) {
        /* void */
    }

    for (i = 0; i < n; i++) {
        room[i] = wub_test_str(c->files[backwards ? n - 1 - i : i].name);
    }

    return n;
}


static void
check_best(const best_case_t *c, bool backwards)
{
    size_t        i;
    sizes_t       sizes;
    wub_str_t     room[FILES_MAX];
    wub_hour_t    hour;
    wub_names_t   names;
    wub_arena_t  *arena;

    arena = wub_test_arena();

    names.names = room;
    names.nnames = fill(c, backwards, room);

    sizes.files = c->files;
    sizes.asked = 0;

    assert_int_equal(wub_hour_build(arena, &names, WUB_HOUR, TOLERANCE,
                                    size_of, &sizes, &hour), WUB_OK);

    for (i = 0; i < FILES_MAX && c->kept[i] != NULL; i++) {
        wub_expect(i < hour.nsegments, "%s: %zu kept", c->what,
                   hour.nsegments);
        wub_expect(wub_str_eq(hour.segments[i].name,
                              wub_test_str(c->kept[i])),
                   "%s: %.*s", c->what, wub_arg(hour.segments[i].name));
    }

    wub_expect(hour.nsegments == i, "%s: %zu kept", c->what, hour.nsegments);
    wub_expect(hour.ignored == c->ignored, "%s: %zu ignored", c->what,
               hour.ignored);
    wub_expect(sizes.asked == c->sizes, "%s: %zu sizes", c->what,
               sizes.asked);
    assert_true(hour.start == WUB_HOUR);

    wub_arena_destroy(arena);
}


static void
test_best(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < wub_nitems(best_cases); i++) {
        check_best(&best_cases[i], false);
        check_best(&best_cases[i], true);
    }
}


static void
test_no_sizes(void **state)
{
    wub_str_t     room[2];
    wub_hour_t    hour;
    wub_names_t   names;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    room[0] = wub_str("00:00-2-full-BBBB.ts");
    room[1] = wub_str("00:00-2-full-AAAA.ts");
    names.names = room;
    names.nnames = 2;

    assert_int_equal(wub_hour_build(arena, &names, 0, TOLERANCE, NULL, NULL,
                                    &hour), WUB_OK);
    assert_int_equal(hour.nsegments, 1);
    assert_true(wub_str_eq(hour.segments[0].name,
                           wub_str("00:00-2-full-BBBB.ts")));

    wub_arena_destroy(arena);
}


static void
check_names(const char *what, const wub_names_t *got, const char *const *want)
{
    size_t  i;

    for (i = 0; i < FILES_MAX && want[i] != NULL; i++) {
        wub_expect(i < got->nnames, "%s: %zu names", what, got->nnames);
        wub_expect(wub_str_eq(got->names[i], wub_test_str(want[i])),
                   "%s: %.*s", what, wub_arg(got->names[i]));
    }

    wub_expect(got->nnames == i, "%s: %zu names", what, got->nnames);
}


static void
test_list(void **state)
{
    size_t              i, n;
    wub_str_t           room[FILES_MAX];
    wub_names_t         names, list;
    wub_arena_t        *arena;
    const list_case_t  *c;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(list_cases); i++) {
        c = &list_cases[i];

        for (n = 0; n < FILES_MAX && c->names[n] != NULL; n++) {
            room[n] = wub_test_str(c->names[n]);
        }

        names.names = room;
        names.nnames = n;

        assert_int_equal(wub_hour_list(arena, &names, false, &list), WUB_OK);
        check_names(c->what, &list, c->plain);

        assert_int_equal(wub_hour_list(arena, &names, true, &list), WUB_OK);
        check_names(c->what, &list, c->tombstones);
    }

    wub_arena_destroy(arena);
}


static void
test_visible(void **state)
{
    wub_str_t     room[] = { wub_string("b"), wub_string(".x"),
                             wub_string("a.ts"), wub_string("chat"),
                             wub_string("..."), wub_string("a") };
    wub_buf_t     b;
    wub_names_t   names, list;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    names.names = room;
    names.nnames = wub_nitems(room);

    assert_int_equal(wub_names_visible(arena, &names, &list), WUB_OK);

    wub_buf_init(&b, arena, 1000);
    wub_names_json(&b, &list);
    assert_true(wub_str_eq(wub_buf_view(&b),
                           wub_str("[\"a\",\"a.ts\",\"b\",\"chat\"]")));

    list.nnames = 0;
    wub_buf_init(&b, arena, 1000);
    wub_names_json(&b, &list);
    assert_true(wub_str_eq(wub_buf_view(&b), wub_str("[]")));

    wub_arena_destroy(arena);
}


static void
test_tombstoned(void **state)
{
    wub_str_t    room[] = { wub_string("a-b.tombstone"),
                            wub_string("a.tombstone"), wub_string("a.ts"),
                            wub_string("ab.tombstone") };
    wub_names_t  names;

    (void) state;

    names.names = room;
    names.nnames = wub_nitems(room);

    assert_true(wub_names_tombstoned(&names, wub_str("a.ts")));
    assert_true(wub_names_tombstoned(&names, wub_str("a.json")));
    assert_true(wub_names_tombstoned(&names, wub_str("a-b.ts")));
    assert_true(wub_names_tombstoned(&names, wub_str("ab.json")));
    assert_false(wub_names_tombstoned(&names, wub_str("a-.ts")));
    assert_false(wub_names_tombstoned(&names, wub_str("abc.ts")));
    assert_false(wub_names_tombstoned(&names, wub_str("A.ts")));

    /* it hides neither itself nor what is no segment */
    assert_false(wub_names_tombstoned(&names, wub_str("a.tombstone")));
    assert_false(wub_names_tombstoned(&names, wub_str("a")));
    assert_false(wub_names_tombstoned(&names, wub_str("a.mkv")));

    names.nnames = 0;
    assert_false(wub_names_tombstoned(&names, wub_str("a.ts")));
}


/*
 * As many names as an hour may hold, a tenth of a millisecond apart and in
 * no order, half of them with a tombstone: this ends before any patience
 * does only when no step is quadratic.
 */
static void
test_many(void **state)
{
    char         *text;
    size_t        i, j;
    uint64_t      random;
    wub_str_t     name;
    wub_hour_t    hour;
    wub_names_t   names, list;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_arena_create(WUB_ARENA_MAX);
    assert_non_null(arena);

    names.nnames = MANY;
    names.names = wub_arena_alloc(arena, MANY * sizeof(wub_str_t));
    assert_non_null(names.names);

    for (i = 0; i < MANY; i++) {
        text = wub_arena_alloc(arena, 64);
        assert_non_null(text);

        j = i / 3;
        snprintf(text, 64, "%02zu:%02zu.%04zu-2.0-%s-AAAA.%s",
                 j / 600000, j / 10000 % 60, j % 10000,
                 (i % 3 == 2) ? "suspect" : "partial",
                 (i % 3 == 1) ? "tombstone" : "ts");
        names.names[i] = wub_test_str(text);
    }

    random = wub_test_seed();

    for (i = MANY - 1; i > 0; i--) {
        j = wub_test_below(&random, i + 1);
        name = names.names[i];
        names.names[i] = names.names[j];
        names.names[j] = name;
    }

    assert_int_equal(wub_hour_build(arena, &names, 0, TOLERANCE, NULL, NULL,
                                    &hour), WUB_OK);
    assert_int_equal(hour.nsegments, MANY / 3);

    assert_int_equal(wub_hour_list(arena, &names, true, &list), WUB_OK);
    assert_int_equal(list.nnames, MANY - (MANY + 2) / 3);

    for (i = 1; i < MANY; i++) {
        assert_true(wub_str_cmp(names.names[i - 1], names.names[i]) < 0);
    }

    wub_arena_destroy(arena);
}


static wub_rc_t
work(wub_arena_t *arena, void *data)
{
    const best_case_t  *c = data;

    sizes_t      sizes;
    wub_rc_t     rc;
    wub_str_t    room[FILES_MAX];
    wub_hour_t   hour;
    wub_names_t  names, list;

    names.names = room;
    names.nnames = fill(c, false, room);
    sizes.files = c->files;
    sizes.asked = 0;

    rc = wub_hour_build(arena, &names, 0, TOLERANCE, size_of, &sizes, &hour);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_hour_list(arena, &names, true, &list);
    if (rc != WUB_OK) {
        return rc;
    }

    return wub_names_visible(arena, &names, &list);
}


static void
test_torture(void **state)
{
    size_t       i;
    best_case_t  c;

    (void) state;

    for (i = 0; i < wub_nitems(best_cases); i++) {
        c = best_cases[i];
        assert_true(wub_test_torture(work, &c) >= 3);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_best),
        cmocka_unit_test(test_no_sizes),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_visible),
        cmocka_unit_test(test_tombstoned),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_torture)
    };

    return cmocka_run_group_tests_name("hour", tests, NULL, NULL);
}
