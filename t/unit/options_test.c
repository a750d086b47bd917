
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "worker/worker_options.h"


#define ARGS_MAX                 16


typedef struct {
    unsigned     command;
    const char  *args[ARGS_MAX];        /* the command's name first */
    const char  *error;                 /* part of the sentence */
} bad_case_t;


static const bad_case_t  bad[] = {
    { WORKER_CMD_CUT, { "cut", "--nonsense" }, "--nonsense" },
    { WORKER_CMD_CUT, { "cut", "--nonsense=3" }, "--nonsense=3" },
    { WORKER_CMD_CUT, { "cut", "-x" }, "-x" },
    { WORKER_CMD_CUT, { "cut", "--once=yes" }, "--once=yes" },
    { WORKER_CMD_CUT, { "cut", "--name" }, "--name needs a value" },
    { WORKER_CMD_CUT, { "cut", "--jobs", "0" }, "--jobs" },
    { WORKER_CMD_CUT, { "cut", "--jobs", "65" }, "\"65\"" },
    { WORKER_CMD_CUT, { "cut", "--jobs", "-1" }, "\"-1\"" },
    { WORKER_CMD_CUT, { "cut", "--jobs", "two" }, "\"two\"" },
    { WORKER_CMD_CUT, { "cut", "--jobs", "1x" }, "\"1x\"" },
    { WORKER_CMD_CUT, { "cut", "--jobs", "" }, "\"\"" },
    { WORKER_CMD_CUT, { "cut", "--jobs", "18446744073709551617" }, "--jobs" },

    /* options of other commands */
    { WORKER_CMD_CUT, { "cut", "--output", "x" }, "--output" },
    { WORKER_CMD_MEDIA, { "media", "--once" }, "--once" },
    { WORKER_CMD_MIGRATE, { "migrate", "--segments", "x" }, "--segments" }
};


static int
count(const char *const *args)
{
    int  n;

    for (n = 0; n < ARGS_MAX && args[n] != NULL; n++) {
        continue;
    }

    return n;
}


static wub_arena_t  *copies;


static int
begin(void **state)
{
    (void) state;

    copies = wub_test_arena();

    return 0;
}


static int
end(void **state)
{
    (void) state;

    wub_arena_destroy(copies);

    return 0;
}


/* getopt_long() sorts its arguments: it gets a copy, options point there */
static worker_rc_t
parse(wub_arena_t *arena, unsigned command, const char *const *args,
    worker_options_t *ret, worker_err_t *err)
{
    int    i, n;
    char  *argv[ARGS_MAX + 1];

    n = count(args);

    for (i = 0; i < n; i++) {
        argv[i] = wub_arena_strdup(copies, wub_test_str(args[i]));
    }

    argv[n] = NULL;

    return worker_options_parse(arena, command, n, argv, ret, err);
}


static void
test_bad(void **state)
{
    size_t             i;
    wub_arena_t       *arena;
    worker_rc_t        rc;
    worker_err_t       err;
    worker_options_t   options;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(bad); i++) {
        rc = parse(arena, bad[i].command, bad[i].args, &options, &err);

        wub_expect(rc == WORKER_INVALID, "%s: %d", bad[i].args[1], (int) rc);
        wub_expect(strstr(err.text, bad[i].error) != NULL, "%s: %s",
                   bad[i].args[1], err.text);
    }

    wub_arena_destroy(arena);
}


static void
test_cut(void **state)
{
    wub_arena_t       *arena;
    worker_err_t       err;
    worker_options_t   o;

    static const char *const  args[ARGS_MAX] = {
        "cut", "--config", "file", "--segments=/srv", "--name", "node 1",
        "--once", "--jobs", "64", "--explicit-only", "--tags=a,b",
        "--log-level", "debug", "--locations", "{}"
    };
    static const char *const  none[ARGS_MAX] = { "cut" };

    (void) state;

    arena = wub_test_arena();

    assert_int_equal(parse(arena, WORKER_CMD_CUT, args, &o, &err), WORKER_OK);
    assert_string_equal(o.config, "file");
    assert_string_equal(o.segments, "/srv");
    assert_string_equal(o.name, "node 1");
    assert_true(o.once && o.explicit_only && !o.help && !o.plan);
    assert_int_equal(o.jobs, 64);
    assert_string_equal(o.tags, "a,b");
    assert_string_equal(o.log_level, "debug");
    assert_string_equal(o.locations, "{}");
    assert_null(o.database);
    assert_int_equal(o.words.nitems, 0);

    assert_int_equal(parse(arena, WORKER_CMD_CUT, none, &o, &err), WORKER_OK);
    assert_null(o.config);
    assert_int_equal(o.jobs, 0);

    wub_arena_destroy(arena);
}


static void
test_media(void **state)
{
    wub_arena_t       *arena;
    worker_err_t       err;
    worker_options_t   o;

    static const char *const  args[ARGS_MAX] = {
        "media", "--range", "a,b", "smart", "--range=c,d", "--output", "-",
        "--range", "e,f", "--transition", "", "--", "--more"
    };

    (void) state;

    arena = wub_test_arena();

    assert_int_equal(parse(arena, WORKER_CMD_MEDIA, args, &o, &err),
                     WORKER_OK);
    assert_int_equal(o.ranges.nitems, 3);
    assert_string_equal(o.ranges.items[0], "a,b");
    assert_string_equal(o.ranges.items[1], "c,d");
    assert_string_equal(o.ranges.items[2], "e,f");
    assert_int_equal(o.transitions.nitems, 1);
    assert_string_equal(o.transitions.items[0], "");
    assert_string_equal(o.output, "-");
    assert_int_equal(o.words.nitems, 2);
    assert_string_equal(o.words.items[0], "smart");
    assert_string_equal(o.words.items[1], "--more");

    wub_arena_fail_after(arena, 2);
    assert_int_equal(parse(arena, WORKER_CMD_MEDIA, args, &o, &err),
                     WORKER_RETRY);

    wub_arena_destroy(arena);
}


static void
test_help(void **state)
{
    char    *text, *line, *next;
    FILE    *out;
    size_t   size;

    (void) state;

    out = open_memstream(&text, &size);
    worker_options_help(out, WORKER_CMD_ALL);
    fclose(out);

    assert_non_null(strstr(text, "--config FILE "));
    assert_non_null(strstr(text, "--transition TYPE,SECONDS\n"));

    for (line = text; *line != '\0'; line = next + 1) {
        next = strchr(line, '\n');
        assert_non_null(next);
        *next = '\0';
        wub_expect(strlen(line) < 80, "%s", line);
    }

    free(text);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_media),
        cmocka_unit_test(test_help)
    };

    return cmocka_run_group_tests(tests, begin, end);
}
