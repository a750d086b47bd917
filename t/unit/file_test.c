
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/wub_test.h"
#include "worker/worker_file.h"
#include "worker/worker_upload.h"


#define UUID  "01234567-89ab-4cde-8f01-23456789abcd"


typedef struct {
    const char  *title;
    const char  *name;
} name_case_t;


static const name_case_t  names[] = {
    { "", "-" UUID ".ts" },
    { "plain", "plain-" UUID ".ts" },
    { "A title, (with) signs/..", "A_title___with__signs___-" UUID ".ts" },
    { "under_score-dash.dot", "under_score_dash_dot-" UUID ".ts" },

    /* one _ for each character, not for each byte */
    { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\x8c!", "____-" UUID ".ts" }
};


static char          folder[WUB_TEST_PATH];
static wub_arena_t  *arena;


static int
begin(void **state)
{
    (void) state;

    wub_test_folder(folder);
    arena = wub_test_arena();

    return 0;
}


static int
end(void **state)
{
    (void) state;

    wub_arena_destroy(arena);

    return rmdir(folder);
}


/* how many files lie in the folder */
static int
nfiles(void)
{
    int             n;
    DIR            *dir;
    struct dirent  *entry;

    n = 0;
    dir = opendir(folder);
    assert_non_null(dir);

    while ((entry = readdir(dir)) != NULL) {
        n += (entry->d_name[0] != '.');
    }

    closedir(dir);

    return n;
}


/* the content of a file of the folder, which is removed */
static const char *
take(const char *name)
{
    char         path[2 * WUB_TEST_PATH];
    FILE        *in;
    size_t       n;

    static char  text[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, name);

    in = fopen(path, "r");
    wub_expect(in != NULL, "%s is missing", path);
    n = fread(text, 1, sizeof(text) - 1, in);
    text[n] = '\0';
    fclose(in);
    unlink(path);

    return text;
}


static void
test_commit(void **state)
{
    worker_err_t   err;
    worker_file_t  file;

    (void) state;

    assert_int_equal(worker_file_create(arena, &file, folder, "a.ts", &err),
                     WORKER_OK);
    assert_int_equal(worker_file_write(&file, (const uint8_t *) "one", 3,
                                       &err), WORKER_OK);
    assert_int_equal(worker_file_write(&file, (const uint8_t *) "two", 3,
                                       &err), WORKER_OK);

    /* not there until it is whole */

    assert_int_equal(worker_file_exists(folder, "a.ts", &err),
                     WORKER_DECLINED);
    assert_int_equal(worker_file_exists(folder, "a.ts.temp", &err),
                     WORKER_OK);

    assert_int_equal(worker_file_commit(&file, &err), WORKER_OK);
    assert_int_equal(nfiles(), 1);
    assert_string_equal(take("a.ts"), "onetwo");

    /* a second end is none */
    worker_file_abort(&file);
}


static void
test_abort(void **state)
{
    worker_err_t   err;
    worker_file_t  file, other;

    (void) state;

    assert_int_equal(worker_file_create(arena, &file, folder, "a", &err),
                     WORKER_OK);

    /* the temp name is taken, and stays with who has it */

    assert_int_equal(worker_file_create(arena, &other, folder, "a", &err),
                     WORKER_RETRY);
    assert_non_null(strstr(err.text, folder));
    worker_file_abort(&other);
    assert_int_equal(nfiles(), 1);

    worker_file_abort(&file);
    assert_int_equal(nfiles(), 0);

    assert_int_equal(worker_file_create(arena, &file, "/nonexistent/x", "a",
                                        &err), WORKER_RETRY);
    assert_non_null(strstr(err.text, "/nonexistent/x"));
    worker_file_abort(&file);
}


static void
test_remove(void **state)
{
    worker_err_t  err;

    (void) state;

    assert_int_equal(worker_file_put(arena, folder, "a", wub_str("1"), &err),
                     WORKER_OK);
    assert_int_equal(worker_file_put(arena, folder, "a.temp", wub_str("2"),
                                     &err), WORKER_OK);
    assert_int_equal(nfiles(), 2);

    assert_int_equal(worker_file_remove(arena, folder, "a", &err), WORKER_OK);
    assert_int_equal(nfiles(), 0);
    assert_int_equal(worker_file_remove(arena, folder, "a", &err), WORKER_OK);

    assert_int_equal(worker_file_remove(arena, "/nonexistent", "a", &err),
                     WORKER_RETRY);
    assert_int_equal(worker_file_exists("/nonexistent", "a", &err),
                     WORKER_RETRY);
}


/* a limit on sizes stands for a full disk: the same path, another errno */
static void
test_full(void **state)
{
    worker_rc_t     rc;
    worker_err_t    err;
    worker_file_t   file;
    struct rlimit   old, limit;

    static const uint8_t  bytes[3000];

    (void) state;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = old;
    limit.rlim_cur = 5000;
    setrlimit(RLIMIT_FSIZE, &limit);

    assert_int_equal(worker_file_create(arena, &file, folder, "a", &err),
                     WORKER_OK);
    rc = worker_file_write(&file, bytes, sizeof(bytes), &err);
    assert_int_equal(rc, WORKER_OK);

    /* the second is written in part, then not at all */

    rc = worker_file_write(&file, bytes, sizeof(bytes), &err);
    setrlimit(RLIMIT_FSIZE, &old);

    assert_int_equal(rc, WORKER_RETRY);
    assert_non_null(strstr(err.text, folder));
    assert_non_null(strstr(err.text, "could not be written"));

    worker_file_abort(&file);
    assert_int_equal(nfiles(), 0);
}


static void
test_folder(void **state)
{
    worker_err_t  err;

    (void) state;

    assert_int_equal(worker_file_folder(folder, true, &err), WORKER_OK);
    assert_int_equal(worker_file_folder("/nonexistent", false, &err),
                     WORKER_INVALID);
    assert_int_equal(worker_file_folder("/dev/null", false, &err),
                     WORKER_INVALID);
    assert_string_equal(err.text, "/dev/null is not a folder");
}


static void
test_uuid(void **state)
{
    char          a[WORKER_UUID_SIZE], b[WORKER_UUID_SIZE];
    size_t        i;
    worker_err_t  err;

    (void) state;

    assert_int_equal(worker_uuid(a, &err), WORKER_OK);
    assert_int_equal(worker_uuid(b, &err), WORKER_OK);
    assert_string_not_equal(a, b);
    assert_int_equal(strlen(a), 36);
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));

    for (i = 0; i < 36; i++) {
        wub_expect((i == 8 || i == 13 || i == 18 || i == 23)
                   ? a[i] == '-' : strchr("0123456789abcdef", a[i]) != NULL,
                   "%s", a);
    }
}


static void
test_name(void **state)
{
    char         title[1001];
    size_t       i;
    const char  *name;

    (void) state;

    for (i = 0; i < wub_nitems(names); i++) {
        name = worker_upload_local_name(arena, names[i].title, UUID, ".ts");
        wub_expect(strcmp(name, names[i].name) == 0, "%s", name);
    }

    /* any title's temp name, and its json's, is one that a disk takes */

    memset(title, 'x', sizeof(title) - 1);
    title[1000] = '\0';
    name = worker_upload_local_name(arena, title, UUID, ".ts");
    assert_in_range(strlen(name), 200, WUB_NAME_MAX - sizeof(".json.temp"));
}


static worker_location_t            location;
static worker_upload_plan_t         plan;
static const worker_upload_ops_t   *ops;


static int
begin_local(void **state)
{
    (void) state;

    memset(&location, 0, sizeof(worker_location_t));
    location.name = "here";
    location.type = "local";
    location.path = folder;
    location.write_info = true;

    plan.video_id = UUID;
    plan.name = "t-" UUID ".ts";
    plan.link = "";

    ops = worker_upload_find("local");

    return 0;
}


static void *
written(void)
{
    void          *session;
    worker_err_t   err;

    assert_int_equal(ops->open(arena, &location, &plan, &session, &err),
                     WORKER_OK);
    assert_int_equal(ops->write(session, (const uint8_t *) "TS", 2, &err),
                     WORKER_OK);

    return session;
}


static void
test_local(void **state)
{
    worker_err_t           err;
    wub_str_t              tags[2] = { wub_string("a\"b"), wub_string("c") };
    wub_pg_items_t         items = { tags, 2 };
    worker_upload_video_t  video;

    (void) state;

    assert_ptr_equal(ops, &worker_upload_local);
    assert_null(worker_upload_find("youtube"));
    assert_int_equal(ops->check(&location, &err), WORKER_OK);

    video.title = "t";
    video.description = "line\nline";
    video.tags = &items;
    video.thumbnail = wub_str("PNG");

    assert_int_equal(ops->finish(written(), &video, &err), WORKER_OK);
    assert_int_equal(ops->resolve(arena, &location, &plan, &err), WORKER_OK);
    assert_int_equal(nfiles(), 3);

    assert_string_equal(take("t-" UUID ".ts"), "TS");
    assert_string_equal(take(UUID ".png"), "PNG");
    assert_string_equal(take("t-" UUID ".json"),
                        "{\"title\": \"t\", \"description\": \"line\\nline\","
                        " \"tags\": [\"a\\\"b\", \"c\"]}\n");

    location.path = "/nonexistent";
    assert_int_equal(ops->check(&location, &err), WORKER_INVALID);
    assert_non_null(strstr(err.text, "The location here cannot be used"));
}


/* what is found, and left, after an end at each point */
static void
test_local_crash(void **state)
{
    void          *session;
    worker_err_t   err;

    (void) state;

    assert_int_equal(ops->resolve(arena, &location, &plan, &err),
                     WORKER_DECLINED);

    session = written();
    assert_int_equal(nfiles(), 1);
    ops->abort(session);
    assert_int_equal(nfiles(), 0);

    session = written();
    assert_int_equal(worker_file_put(arena, folder, "t-" UUID ".json",
                                     wub_str("{}"), &err), WORKER_OK);
    assert_int_equal(worker_file_put(arena, folder, UUID ".png",
                                     wub_str("x"), &err), WORKER_OK);
    assert_int_equal(ops->resolve(arena, &location, &plan, &err),
                     WORKER_DECLINED);
    assert_int_equal(nfiles(), 0);
    ops->abort(session);

    /* a stored name that is no name removes nothing */

    plan.name = "../t-" UUID ".ts";
    assert_int_equal(ops->resolve(arena, &location, &plan, &err),
                     WORKER_INVALID);
    plan.name = "ts";
    assert_int_equal(ops->resolve(arena, &location, &plan, &err),
                     WORKER_INVALID);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_commit),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_uuid),
        cmocka_unit_test(test_name),
        cmocka_unit_test_setup(test_local, begin_local),
        cmocka_unit_test_setup(test_local_crash, begin_local)
    };

    return cmocka_run_group_tests(tests, begin, end);
}
