
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "common/wub_query.h"
#include "common/wub_transition_names.h"


#define T_ARGS  4


typedef struct {
    const char  *in;
    const char  *args[2 * T_ARGS];      /* name, value, ... NULL */
} good_case_t;

typedef struct {
    const char  *in;
    const char  *out;
} pair_case_t;


static const good_case_t  good[] = {
    { "", { NULL } },
    { "&", { NULL } },
    { "&&&", { NULL } },
    { "a", { "a", "", NULL } },
    { "a=", { "a", "", NULL } },
    { "=", { "", "", NULL } },
    { "=b", { "", "b", NULL } },
    { "a=b", { "a", "b", NULL } },
    { "a=b&", { "a", "b", NULL } },
    { "&a=b&&c", { "a", "b", "c", "", NULL } },
    { "a=b=c", { "a", "b=c", NULL } },
    { "a=b&a=c", { "a", "b", "a", "c", NULL } },
    { "a=b;c=d", { "a", "b;c=d", NULL } },
    { "a=%41%7a%7A", { "a", "Azz", NULL } },
    { "a=%4f%4F", { "a", "OO", NULL } },
    { "%61=1", { "a", "1", NULL } },
    { "a=%26%3D%25&b=1", { "a", "&=%", "b", "1", NULL } },
    { "a=%2525", { "a", "%25", NULL } },
    { "a=%ff\xff", { "a", "\xff\xff", NULL } },
    { "start=2019-11-13T02:34:36+01:00",
      { "start", "2019-11-13T02:34:36+01:00", NULL } },
    { "start=2019-11-13T02%3A34%3A36%2B01%3A00",
      { "start", "2019-11-13T02:34:36+01:00", NULL } },
    { "range=a,b&transition=&range=c%2Cd&x",
      { "range", "a,b", "transition", "", "range", "c,d", "x", "" } }
};


static const char  *bad[] = {
    "%", "a=%", "a=%4", "a=%4&b=1", "a=%g0", "a=%0g", "a=% 1", "%=1",
    "a=%00", "a=b%00c", "%00=1", "a=%%41"
};


static const pair_case_t  times[] = {
    { "", "" },
    { "2019-11-13T02:34:36", "2019-11-13T02:34:36" },
    { "2019-11-13+02:34:36", "2019-11-13 02:34:36" },
    { "2019-11-13+02:34:36+01:00", "2019-11-13 02:34:36+01:00" },
    { "2019-11-13T02:34:36+01:00", "2019-11-13T02:34:36+01:00" },
    { "2019-11-13+02:34,2019-11-13+02:35",
      "2019-11-13 02:34,2019-11-13 02:35" },
    { "2019-11-13T02:34+01,2019-11-13+02:35+01",
      "2019-11-13T02:34+01,2019-11-13 02:35+01" },
    { ",2019-11-13+02:35", ",2019-11-13 02:35" },
    { "+", "+" },
    { "++++++++++++", "++++++++++ +" }
};


static const pair_case_t  words[] = {
    { "true", "t" }, { "True", "t" }, { "TRUE", "t" }, { "tRuE", "t" },
    { "false", "f" }, { "False", "f" }, { "FALSE", "f" },
    { "", "" }, { "1", "" }, { "0", "" }, { "yes", "" }, { "tru", "" },
    { "truee", "" }, { "true ", "" }, { " true", "" }, { "\x54rue", "t" }
};


static void
test_parse(void **state)
{
    size_t        i, n;
    wub_arena_t  *arena;
    wub_query_t   q;

    (void) state;

    for (i = 0; i < wub_nitems(good); i++) {
        arena = wub_test_arena();

        wub_expect(wub_query_parse(arena, wub_test_str(good[i].in), &q)
                   == WUB_OK, "\"%s\" is refused", good[i].in);

        for (n = 0; n < T_ARGS && good[i].args[2 * n] != NULL; n++) {
            wub_expect(n < q.nargs, "\"%s\" has %zu arguments", good[i].in,
                       q.nargs);
            wub_expect(wub_str_eq(q.args[n].name,
                                  wub_test_str(good[i].args[2 * n])),
                       "\"%s\": name %zu is \"%.*s\"", good[i].in, n,
                       wub_arg(q.args[n].name));
            wub_expect(wub_str_eq(q.args[n].value,
                                  wub_test_str(good[i].args[2 * n + 1])),
                       "\"%s\": value %zu is \"%.*s\"", good[i].in, n,
                       wub_arg(q.args[n].value));
        }

        wub_expect(n == q.nargs, "\"%s\" has %zu arguments", good[i].in,
                   q.nargs);

        wub_arena_destroy(arena);
    }
}


static void
test_refuse(void **state)
{
    size_t        i;
    wub_arena_t  *arena;
    wub_query_t   q;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(bad); i++) {
        wub_expect(wub_query_parse(arena, wub_test_str(bad[i]), &q)
                   == WUB_INVALID, "\"%s\" is not refused", bad[i]);
    }

    assert_int_equal(wub_query_parse(arena, wub_str("a=\0"), &q),
                     WUB_INVALID);

    /* what lies behind the end is not looked at */

    assert_int_equal(wub_query_parse(arena, wub_str_n("a=%41", 4), &q),
                     WUB_INVALID);
    assert_int_equal(wub_query_parse(arena, wub_str_n("a=%41", 3), &q),
                     WUB_INVALID);

    wub_arena_destroy(arena);
}


static void
test_limit(void **state)
{
    char         *text;
    size_t        n;
    wub_arena_t  *arena;
    wub_query_t   q;

    (void) state;

    arena = wub_test_arena();
    n = 2 * WUB_QUERY_ARGS_MAX;

    text = wub_arena_alloc(arena, n + 1);
    assert_non_null(text);

    for (n = 0; n < WUB_QUERY_ARGS_MAX; n++) {
        text[2 * n] = 'a';
        text[2 * n + 1] = '&';
    }

    assert_int_equal(wub_query_parse(arena, wub_str_n(text, 2 * n - 1), &q),
                     WUB_OK);
    assert_int_equal(q.nargs, WUB_QUERY_ARGS_MAX);
    assert_int_equal(wub_query_parse(arena, wub_str_n(text, 2 * n), &q),
                     WUB_TOO_BIG);

    wub_arena_destroy(arena);
}


static void
test_find(void **state)
{
    size_t        pos;
    wub_str_t     value;
    wub_arena_t  *arena;
    wub_query_t   q;

    (void) state;

    arena = wub_test_arena();

    assert_int_equal(wub_query_parse(arena, wub_str("r=1&x=&r=2&R=3&r"), &q),
                     WUB_OK);

    assert_int_equal(wub_query_count(&q, wub_str("r")), 3);
    assert_int_equal(wub_query_count(&q, wub_str("R")), 1);
    assert_int_equal(wub_query_count(&q, wub_str("y")), 0);

    assert_true(wub_query_first(&q, wub_str("r"), &value));
    assert_true(wub_str_eq(value, wub_str("1")));

    value = wub_str("untouched");
    assert_false(wub_query_first(&q, wub_str("y"), &value));
    assert_true(wub_str_eq(value, wub_str("untouched")));

    assert_true(wub_query_first(&q, wub_str("x"), &value));
    assert_int_equal(value.len, 0);

    pos = 0;
    assert_true(wub_query_next(&q, wub_str("r"), &pos, &value));
    assert_true(wub_query_next(&q, wub_str("r"), &pos, &value));
    assert_true(wub_str_eq(value, wub_str("2")));
    assert_true(wub_query_next(&q, wub_str("r"), &pos, &value));
    assert_int_equal(value.len, 0);
    assert_false(wub_query_next(&q, wub_str("r"), &pos, &value));
    assert_false(wub_query_next(&q, wub_str("r"), &pos, &value));

    wub_arena_destroy(arena);
}


static void
test_time(void **state)
{
    size_t        i;
    wub_str_t     out;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(times); i++) {
        assert_int_equal(wub_query_time(arena, wub_test_str(times[i].in),
                                        &out), WUB_OK);
        wub_expect(wub_str_eq(out, wub_test_str(times[i].out)),
                   "\"%s\" becomes \"%.*s\"", times[i].in, wub_arg(out));
    }

    wub_arena_destroy(arena);
}


static void
test_bool(void **state)
{
    bool    b;
    char    c;
    size_t  i;

    (void) state;

    for (i = 0; i < wub_nitems(words); i++) {
        c = '\0';

        if (wub_query_bool(wub_test_str(words[i].in), &b) == WUB_OK) {
            c = b ? 't' : 'f';
        }

        wub_expect(c == words[i].out[0], "\"%s\" is %d", words[i].in, c);
    }
}


static void
test_transition_names(void **state)
{
    size_t                        i, custom;
    const wub_transition_name_t  *found;

    (void) state;

    custom = 0;

    for (i = 0; i < WUB_TRANSITION_NAMES; i++) {
        found = wub_transition_find(wub_transition_names[i].name);
        wub_expect(found == &wub_transition_names[i], "\"%.*s\" is twice",
                   wub_arg(wub_transition_names[i].name));
        custom += found->custom;
    }

    assert_int_equal(custom, 4);
    assert_int_equal(WUB_TRANSITION_NAMES - custom, 56);

    assert_non_null(wub_transition_find(wub_str("revealdown")));
    assert_non_null(wub_transition_find(wub_str("batman")));
    assert_null(wub_transition_find(wub_str("")));
    assert_null(wub_transition_find(wub_str("fad")));
    assert_null(wub_transition_find(wub_str("Fade")));
    assert_null(wub_transition_find(wub_str("robin")));
}


static wub_rc_t
torture_work(wub_arena_t *arena, void *data)
{
    wub_rc_t     rc;
    wub_str_t    value, out;
    wub_query_t  q;

    (void) data;

    rc = wub_query_parse(arena, wub_str("a=2019-11-13+02:34&b=%20&c"), &q);
    if (rc != WUB_OK) {
        return rc;
    }

    assert_true(wub_query_first(&q, wub_str("a"), &value));

    return wub_query_time(arena, value, &out);
}


static void
test_torture(void **state)
{
    (void) state;

    assert_true(wub_test_torture(torture_work, NULL) >= 4);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_refuse),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_bool),
        cmocka_unit_test(test_transition_names),
        cmocka_unit_test(test_torture)
    };

    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
