
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <unistd.h>

#include "t/unit/wub_test.h"
#include "worker/worker_config.h"


/* a configuration with one location, and what stands in its place */
#define LOCATION(text)                                                        \
    "{\"cut\": {\"locations\": {\"here\": {" text "}}}}"

#define LISTEN(text)  "{\"render\": {\"listen\": \"" text "\"}}"

/* the longest path of a unix socket: the rest is for the number of a start */
#define PATH_11  "/0123456789"
#define PATH_33  PATH_11 PATH_11 PATH_11
#define PATH_99  PATH_33 PATH_33 PATH_33

#define LOCAL  "\"type\": \"local\", \"path\": \"/srv\""


typedef struct {
    const char  *text;
    const char  *error;         /* how the sentence goes on */
} bad_case_t;


static const bad_case_t  bad[] = {
    { "", "cannot be read" },
    { "{", "cannot be read" },
    { "{} {}", "cannot be read" },
    { "{\"name\": \"a\", \"name\": \"b\"}", "duplicate" },
    { "[]", "the whole must be an object" },
    { "{\"segment\": \"/srv\"}", "segment is not a known key" },
    { "{\"segments\": 3}", "segments must be a string" },
    { "{\"segments\": \"\"}", "segments must be a string that is not empty" },
    { "{\"segments\": null}", "segments must be a string" },
    { "{\"database\": [\"x\"]}", "database must be a string" },
    { "{\"name\": \"a\\u0000b\"}", "cannot be read" },
    { "{\"cut\": []}", "cut must be an object" },
    { "{\"cut\": {\"job\": 1}}", "cut.job is not a known key" },
    { "{\"cut\": {\"jobs\": 0}}", "cut.jobs must be a whole number" },
    { "{\"cut\": {\"jobs\": 65}}", "cut.jobs must be a whole number" },
    { "{\"cut\": {\"jobs\": 1.0}}", "cut.jobs must be a whole number" },
    { "{\"cut\": {\"jobs\": \"1\"}}", "cut.jobs must be a whole number" },
    { "{\"cut\": {\"jobs\": 99999999999999999999}}", "cannot be read" },
    { "{\"cut\": {\"explicit_only\": 1}}",
      "cut.explicit_only must be true or false" },
    { "{\"cut\": {\"tags\": \"a\"}}", "cut.tags must be an array" },
    { "{\"cut\": {\"tags\": [\"a\", 1]}}", "cut.tags must be a string" },
    { "{\"cut\": {\"locations\": []}}", "cut.locations must be an object" },
    { "{\"cut\": {\"locations\": {\"here\": 1}}}",
      "cut.locations.here must be an object" },
    { "{\"render\": 1}", "render must be an object" },
    { "{\"render\": {\"child\": 1}}", "render.child is not a known key" },
    { "{\"render\": {\"listen\": 1}}", "render.listen must be a string" },
    { LISTEN(""), "render.listen must be a string that is not empty" },
    { LISTEN("bogus"), "render.listen must be unix:PATH" },
    { LISTEN("unix:"), "render.listen must be unix:PATH" },
    { LISTEN("localhost:80"), "render.listen must be unix:PATH" },
    { LISTEN("127.0.0.1"), "render.listen must be unix:PATH" },
    { LISTEN(":80"), "render.listen must be unix:PATH" },
    { LISTEN("[:80"), "render.listen must be unix:PATH" },
    { LISTEN("::1:80"), "render.listen must be unix:PATH" },
    { LISTEN("127.0.0.1:"), "and a port from 1 to 65535" },
    { LISTEN("127.0.0.1:0"), "and a port from 1 to 65535" },
    { LISTEN("127.0.0.1:+80"), "and a port from 1 to 65535" },
    { LISTEN("127.0.0.1:65536"), "and a port from 1 to 65535" },
    { LISTEN("[::1]:99999"), "and a port from 1 to 65535" },
    { LISTEN("127.0.0.1:4294967376"), "and a port from 1 to 65535" },
    { LISTEN("unix:" PATH_99 "x"), "path is too long; use one of at most" },
    { "{\"cut\": {\"listen\": \"bogus\"}}", "cut.listen must be unix:" },
    { "{\"render\": {\"children\": 0}}",
      "render.children must be a whole number from 1 to 64" },
    { "{\"render\": {\"mode\": 438}}",
      "render.mode must be a string of octal digits" },
    { "{\"render\": {\"mode\": \"0888\"}}",
      "render.mode must be a string of octal digits" },
    { "{\"render\": {\"mode\": \"7777\"}}",
      "render.mode must be a string of octal digits" },
    { "{\"render\": {\"kinds\": []}}", "render.kinds must be an object" },
    { "{\"render\": {\"kinds\": {\"metrics\": {}}}}",
      "render.kinds.metrics is not a kind of request" },
    { "{\"render\": {\"kinds\": {\"cut\": 1}}}",
      "render.kinds.cut must be an object" },
    { "{\"render\": {\"kinds\": {\"cut\": {\"cpus\": 1}}}}",
      "render.kinds.cut.cpus is not a known key" },
    { "{\"render\": {\"kinds\": {\"cut\": {\"queue\": 257}}}}",
      "render.kinds.cut.queue must be a whole number from 0 to 256" },
    { "{\"render\": {\"kinds\": {\"cut\": {\"memory\": 1.5}}}}",
      "render.kinds.cut.memory must be a whole number from 64 to 1048576" },
    { "{\"render\": {\"kinds\": {\"cut\": {\"time\": 0}}}}",
      "render.kinds.cut.time must be a whole number from 1 to 86400" },
    { "{\"backfill\": []}", "backfill must be an object" },
    { "{\"coverage\": null}", "coverage must be an object" },
    { "{\"download\": {}}", "download is not a known key" },

    { LOCATION("\"path\": \"/srv\""),
      "cut.locations.here.type is missing" },
    { LOCATION("\"type\": \"vimeo\""),
      "cut.locations.here.type is not a type of location" },
    { LOCATION("\"type\": 1"),
      "cut.locations.here.type is not a type of location" },
    { LOCATION("\"type\": \"youtube\", \"category_id\": 23"),
      "cut.locations.here.type names a type of location that is not in this"
      " version" },
    { LOCATION("\"type\": \"local-archive\", \"path\": \"/srv\""),
      "cut.locations.here.type names a type of location that is not in this"
      " version" },
    { LOCATION("\"type\": \"local\""), "cut.locations.here.path is missing" },
    { LOCATION("\"type\": \"local\", \"path\": \"srv\""),
      "cut.locations.here.path must begin with a slash" },
    { LOCATION(LOCAL ", \"encode\": 1"),
      "cut.locations.here.encode: It must be an object" },
    { LOCATION(LOCAL ", \"encode\": {\"crf\": 20}"),
      "cut.locations.here.encode: Cuts of this type have no encoder" },
    { LOCATION(LOCAL ", \"cut_type\": \"mp4\", \"encode\": {\"crf\": 99}"),
      "cut.locations.here.encode: The encoder setting crf of mp4 cuts is"
      " '99'" },
    { LOCATION(LOCAL ", \"cut_type\": \"mp4\", \"encode\": {\"crf\": []}"),
      "cut.locations.here.encode: The encoder setting crf of mp4 cuts is" },
    { LOCATION(LOCAL ", \"cut_type\": \"mp4\","
               " \"encode\": {\"bufsize\": \"8M\"}"),
      "cut.locations.here.encode: The encoder setting bufsize needs maxrate" },
    { LOCATION(LOCAL ", \"cut_type\": \"mp4\", \"encode\": \"bufsize=8M\""),
      "cut.locations.here.encode: The encoder setting bufsize needs maxrate" },
    { LOCATION(LOCAL ", \"cut_type\": \"mp4\","
               " \"encode\": {\"crf=20\": true}"),
      "cut.locations.here.encode: There is no encoder setting 'crf=20'" },
    { LOCATION(LOCAL ", \"cut_type\": \"webm\", \"encode\": \"youtube\""),
      "cut.locations.here.encode: 'youtube' is no encoder setting" },
    { LOCATION(LOCAL ", \"cut_type\": \"best\""),
      "cut.locations.here.cut_type is not a cut type" },
    { LOCATION(LOCAL ", \"write_info\": \"yes\""),
      "cut.locations.here.write_info must be true or false" },
    { LOCATION(LOCAL ", \"category_id\": 23"),
      "cut.locations.here.category_id is not a known key" }
};


/* good ones */
static const char  *const addresses[] = {
    "127.0.0.1:1",
    "127.0.0.1:65535",
    "[::1]:8080",
    "unix:x",
    "unix:" PATH_99
};

static const char  good[] =
    "{ \"segments\": \"/srv/segments\", \"database\": \"dbname=wub\","
    " \"name\": \"node1\", \"templates\": \"/srv/templates\","
    " \"cut\": { \"jobs\": 3, \"tags\": [\"a\", \"b c\"],"
    " \"explicit_only\": true, \"locations\": {"
    " \"one\": { \"type\": \"local\", \"cut_type\": \"fast\","
    " \"path\": \"/srv/videos//\", \"url_prefix\": \"https://x/\","
    " \"write_info\": true, \"no_uploader\": true },"
    " \"two\": { \"path\": \"/\", \"type\": \"local\" },"
    " \"three\": { \"path\": \"/\", \"type\": \"local\","
    " \"cut_type\": \"mp4\", \"encode\": { \"youtube\": true, \"gop\": 1.5,"
    " \"preset\": \"fast\", \"faststart\": false } } } },"
    " \"render\": { \"listen\": \"unix:/run/x\", \"children\": 4 },"
    " \"backfill\": { \"any\": [1] }, \"coverage\": {} }";


static char  folder[WUB_TEST_PATH];


/* loads text as a file; options may be NULL */
static worker_rc_t
load(wub_arena_t *arena, const char *text, worker_options_t *options,
    worker_config_t *ret, worker_err_t *err)
{
    char               path[WUB_TEST_PATH + 16];
    FILE              *out;
    worker_rc_t        rc;
    worker_options_t   none;

    snprintf(path, sizeof(path), "%s/config.json", folder);

    out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);

    memset(&none, 0, sizeof(worker_options_t));
    options = (options != NULL) ? options : &none;
    options->config = path;

    rc = worker_config_load(arena, options, ret, err);
    unlink(path);

    return rc;
}


static void
test_bad(void **state)
{
    size_t            i;
    wub_arena_t      *arena;
    worker_rc_t       rc;
    worker_err_t      err;
    worker_config_t   config;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(bad); i++) {
        rc = load(arena, bad[i].text, NULL, &config, &err);

        wub_expect(rc == WORKER_INVALID, "%s: %d", bad[i].text, (int) rc);
        wub_expect(strstr(err.text, "config.json") != NULL
                   && strstr(err.text, bad[i].error) != NULL,
                   "%s: %s", bad[i].text, err.text);
    }

    wub_arena_destroy(arena);
}


static void
test_good(void **state)
{
    wub_arena_t              *arena;
    worker_err_t              err;
    worker_config_t           c;
    const worker_location_t  *l;

    (void) state;

    arena = wub_test_arena();

    wub_expect(load(arena, good, NULL, &c, &err) == WORKER_OK, "%s", err.text);

    assert_string_equal(c.segments, "/srv/segments");
    assert_string_equal(c.database, "dbname=wub");
    assert_string_equal(c.name, "node1");
    assert_string_equal(c.templates, "/srv/templates");
    assert_int_equal(c.cut.jobs, 3);
    assert_true(c.cut.explicit_only);
    assert_int_equal(c.cut.tags.nitems, 2);
    assert_string_equal(c.cut.tags.items[1], "b c");
    assert_int_equal(c.cut.nlocations, 3);
    assert_null(worker_config_location(&c.cut, "four"));

    l = worker_config_location(&c.cut, "one");
    assert_string_equal(l->type, "local");
    assert_string_equal(l->cut_type, "fast");
    assert_string_equal(l->kind->name, "smart");
    assert_string_equal(l->path, "/srv/videos");
    assert_string_equal(l->url_prefix, "https://x/");
    assert_true(l->write_info && l->no_uploader && !l->no_updater);

    l = worker_config_location(&c.cut, "two");
    assert_string_equal(l->kind->name, "smart");
    assert_string_equal(l->path, "/");
    assert_null(l->url_prefix);
    assert_false(l->write_info);

    l = worker_config_location(&c.cut, "three");
    assert_string_equal(l->kind->name, "mp4");
    assert_string_equal(worker_encode_word(&l->encode, WORKER_ENCODE_PRESET),
                        "fast");
    assert_string_equal(worker_encode_word(&l->encode, WORKER_ENCODE_PROFILE),
                        "high");
    assert_int_equal(worker_encode_number(&l->encode, WORKER_ENCODE_GOP),
                     WORKER_ENCODE_ONE * 3 / 2);
    assert_int_equal(worker_encode_number(&l->encode,
                                          WORKER_ENCODE_FASTSTART), 0);

    wub_arena_destroy(arena);
}


static void
test_override(void **state)
{
    size_t             i;
    wub_arena_t       *arena;
    worker_err_t       err;
    worker_config_t    c;
    worker_options_t   o;

    (void) state;

    arena = wub_test_arena();
    memset(&o, 0, sizeof(worker_options_t));

    o.segments = "/other";
    o.name = "me";
    o.jobs = 5;
    o.tags = "x,,y z,";
    o.locations = "{\"three\": {" LOCAL "}}";

    wub_expect(load(arena, good, &o, &c, &err) == WORKER_OK, "%s", err.text);
    assert_string_equal(c.segments, "/other");
    assert_string_equal(c.database, "dbname=wub");
    assert_string_equal(c.name, "me");
    assert_int_equal(c.cut.jobs, 5);
    assert_true(c.cut.explicit_only);
    assert_int_equal(c.cut.tags.nitems, 2);
    assert_string_equal(c.cut.tags.items[0], "x");
    assert_string_equal(c.cut.tags.items[1], "y z");
    assert_int_equal(c.cut.nlocations, 1);
    assert_non_null(worker_config_location(&c.cut, "three"));

    o.listen = "127.0.0.1:99999";
    assert_int_equal(load(arena, good, &o, &c, &err), WORKER_INVALID);
    assert_string_equal(err.text, "--listen must be unix:PATH, ADDR:PORT or"
                        " [ADDR]:PORT, with a numeric address and a port from"
                        " 1 to 65535");

    for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        o.listen = addresses[i];
        wub_expect(load(arena, good, &o, &c, &err) == WORKER_OK, "%s: %s",
                   addresses[i], err.text);
        assert_string_equal(c.render.listen, addresses[i]);
    }

    o.locations = "{\"three\": {\"type\": \"local\"}}";
    assert_int_equal(load(arena, good, &o, &c, &err), WORKER_INVALID);
    assert_string_equal(err.text, "--locations: three.path is missing; name"
                        " the folder where videos go");

    wub_arena_destroy(arena);
}


/* no file at all: the environment, and defaults */
static void
test_defaults(void **state)
{
    wub_arena_t       *arena;
    worker_err_t       err;
    worker_config_t    c;
    worker_options_t   o;

    (void) state;

    arena = wub_test_arena();
    memset(&o, 0, sizeof(worker_options_t));

    unsetenv("WUBLOADER_DATABASE");
    assert_int_equal(worker_config_load(arena, &o, &c, &err), WORKER_OK);
    assert_null(c.database);
    assert_null(c.segments);
    assert_non_null(c.name);
    assert_int_equal(c.cut.jobs, 1);
    assert_false(c.cut.explicit_only);

    setenv("WUBLOADER_DATABASE", "dbname=env", 1);
    assert_int_equal(worker_config_load(arena, &o, &c, &err), WORKER_OK);
    assert_string_equal(c.database, "dbname=env");

    /* the file is stronger */
    assert_int_equal(load(arena, good, NULL, &c, &err), WORKER_OK);
    assert_string_equal(c.database, "dbname=wub");

    unsetenv("WUBLOADER_DATABASE");

    o.config = "/nonexistent/config.json";
    assert_int_equal(worker_config_load(arena, &o, &c, &err),
                     WORKER_INVALID);
    assert_non_null(strstr(err.text, "/nonexistent/config.json"));

    wub_arena_destroy(arena);
}


static void
test_kinds(void **state)
{
    (void) state;

    assert_string_equal(worker_kind_find("smart")->name, "smart");
    assert_string_equal(worker_kind_find("fast")->name, "smart");
    assert_string_equal(worker_kind_find("full")->name, "mpegts");
    assert_string_equal(worker_kind_find("webm")->ending, ".webm");
    assert_null(worker_kind_find("best"));
    assert_null(worker_kind_find(""));
}


static void
test_torture(void **state)
{
    size_t            n;
    wub_arena_t      *arena;
    worker_rc_t       rc;
    worker_err_t      err;
    worker_config_t   config;

    (void) state;

    for (n = 1; n < 1000; n++) {
        arena = wub_test_arena();
        wub_arena_fail_after(arena, n);
        rc = load(arena, good, NULL, &config, &err);
        wub_arena_destroy(arena);

        if (rc == WORKER_OK) {
            break;
        }

        assert_int_equal(rc, WORKER_INVALID);
    }

    assert_in_range(n, 10, 999);
}


static int
make_folder(void **state)
{
    (void) state;

    wub_test_folder(folder);

    return 0;
}


static int
remove_folder(void **state)
{
    (void) state;

    return rmdir(folder);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_override),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_torture)
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
