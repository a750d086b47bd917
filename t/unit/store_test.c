
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Chains of ranges from a store on disk, and what is no store.
 */


#include "t/unit/wub_test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/wub_time.h"
#include "worker/worker_store.h"


static char         folder[WUB_TEST_PATH];
static wub_arena_t  *arena;


static const char *const  files[] = {
    "chan/source/2024-01-05T11/59:56.000000-2.0-full-aa.ts",
    "chan/source/2024-01-05T11/59:58.000000-2.0-full-bb.ts",
    "chan/source/2024-01-05T12/00:00.003000-2.0-full-cc.ts",
    "chan/source/2024-01-05T12/00:02.000000-2.0-full-gone.ts",
    "chan/source/2024-01-05T12/00:02.000000-2.0-full-gone.tombstone",
    "chan/source/2024-01-05T12/00:04.000000-2.0-full-dd.ts",
    "chan/source/2024-01-05T13",
    "chan/source/2024-01-05T14/00:00.000000-2.0-full-ee.ts",
    "chan/file",
};


static int
unlink_one(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
    (void) st;
    (void) type;
    (void) ftw;

    return remove(path);
}


/* makes the folders of a path that are missing */
static void
touch(const char *path)
{
    int     fd;
    char    full[2 * WUB_TEST_PATH];
    char   *p;

    (void) snprintf(full, sizeof(full), "%s/%s", folder, path);

    for (p = full + strlen(folder) + 1; *p != '\0'; p++) {
        if (*p == '/') {
            *p = '\0';
            assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
            *p = '/';
        }
    }

    fd = open(full, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    (void) close(fd);
}


static int
setup(void **state)
{
    size_t  i;

    (void) state;

    wub_test_folder(folder);
    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(files); i++) {
        touch(files[i]);
    }

    return 0;
}


static int
teardown(void **state)
{
    (void) state;

    wub_arena_destroy(arena);

    return nftw(folder, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}


static int64_t
moment(const char *text)
{
    int64_t  us;

    assert_int_equal(wub_time_parse(wub_test_str(text), &us), WUB_OK);

    return us;
}


/* "a b - d": hashes of segments, '-' for holes */
static void
describe(const wub_chain_t *chain, char *out, size_t size)
{
    size_t  i, n;

    n = 0;
    out[0] = '\0';

    for (i = 0; i < chain->nparts; i++) {
        n += (size_t) snprintf(out + n, size - n, "%s%.*s",
                               i == 0 ? "" : " ",
                               chain->parts[i].segment == NULL ? 1
                               : (int) chain->parts[i].segment->hash.len,
                               chain->parts[i].segment == NULL ? "-"
                               : chain->parts[i].segment->hash.data);
    }
}


static void
chains(void **state)
{
    char            got[256];
    size_t          i;
    wub_range_t     range;
    wub_chain_t     chain;
    worker_rc_t     rc;
    worker_err_t    err;
    worker_store_t  store;

    static const struct {
        const char   *start;
        const char   *end;
        worker_rc_t   rc;
        const char   *want;     /* the chain, or a part of the sentence */
    } rows[] = {
        { "2024-01-05T11:59:56.5", "2024-01-05T11:59:57", WORKER_OK, "aa" },
        { "2024-01-05T11:59:57", "2024-01-05T12:00:01", WORKER_OK, "aa bb cc" },
        { "2024-01-05T11:59:55", "2024-01-05T12:00:05", WORKER_OK,
          "- aa bb cc - dd" },
        { "2024-01-05T12:00:05", "2024-01-05T14:00:03", WORKER_OK,
          "dd - ee -" },
        { "2024-01-05T13:59:59", "2024-01-05T14:00:01", WORKER_OK, "- ee" },
        { "2024-01-05T12:00:02.5", "2024-01-05T12:00:03", WORKER_INVALID,
          "no footage of chan/source from 2024-01-05T12:00:02.500000 to" },
        { "2023-01-05T12:00:02.5", "2023-01-05T12:00:03", WORKER_INVALID,
          "There is no footage" },
    };

    (void) state;

    memset(&store, 0, sizeof(store));
    store.segments = folder;
    store.channel = "chan";
    store.quality = "source";
    store.tolerance = WUB_BEST_TOLERANCE;

    for (i = 0; i < wub_nitems(rows); i++) {
        range.start = moment(rows[i].start);
        range.end = moment(rows[i].end);
        err.text[0] = '\0';

        rc = worker_store_chain(arena, &store, &range, &chain, &err);
        wub_expect(rc == rows[i].rc, "row %zu: %d %s", i, (int) rc, err.text);

        if (rc != WORKER_OK) {
            wub_expect(strstr(err.text, rows[i].want) != NULL, "row %zu: %s",
                       i, err.text);
            continue;
        }

        describe(&chain, got, sizeof(got));
        wub_expect(strcmp(got, rows[i].want) == 0, "row %zu: %s", i, got);
    }
}


static void
wrong(void **state)
{
    size_t          i;
    wub_range_t     range;
    wub_chain_t     chain;
    worker_rc_t     rc;
    worker_err_t    err;
    worker_store_t  store;

    static const struct {
        const char  *root;
        const char  *channel;
        const char  *quality;
        const char  *want;
    } rows[] = {
        { NULL, "chan", "480p", "no folder chan/480p in" },
        { NULL, "none", "source", "no folder none/source in" },
        { NULL, "chan", "file", "no folder chan/file in" },
        { "/dev/null/none", "chan", "source", "no folder chan/source in" },
        { NULL, "..", "source", "without '/'" },
        { NULL, "", "source", "without '/'" },
        { NULL, "chan", ".hidden", "without '/'" },
        { NULL, "chan/source", "2024-01-05T11", "without '/'" },
    };

    (void) state;

    memset(&store, 0, sizeof(store));
    store.tolerance = WUB_BEST_TOLERANCE;
    range.start = moment("2024-01-05T11:59:56");
    range.end = moment("2024-01-05T11:59:58");

    for (i = 0; i < wub_nitems(rows); i++) {
        store.segments = (rows[i].root != NULL) ? rows[i].root : folder;
        store.channel = rows[i].channel;
        store.quality = rows[i].quality;

        rc = worker_store_chain(arena, &store, &range, &chain, &err);

        wub_expect(rc == WORKER_INVALID, "row %zu: %d", i, (int) rc);
        wub_expect(strstr(err.text, rows[i].want) != NULL, "row %zu: %s", i,
                   err.text);
    }
}


/* an arena that is too small says so, at every allocation */
static void
memory(void **state)
{
    size_t          n;
    wub_arena_t    *small;
    wub_range_t     range;
    wub_chain_t     chain;
    worker_rc_t     rc;
    worker_err_t    err;
    worker_store_t  store;

    (void) state;

    memset(&store, 0, sizeof(store));
    store.segments = folder;
    store.channel = "chan";
    store.quality = "source";
    store.tolerance = WUB_BEST_TOLERANCE;
    range.start = moment("2024-01-05T11:59:56");
    range.end = moment("2024-01-05T12:00:05");

    for (n = 1; n < 1000; n++) {
        small = wub_test_arena();
        wub_arena_fail_after(small, n);
        err.text[0] = '\0';

        rc = worker_store_chain(small, &store, &range, &chain, &err);
        wub_arena_destroy(small);

        if (rc == WORKER_OK) {
            break;
        }

        wub_expect(rc == WORKER_RETRY && err.text[0] != '\0',
                   "allocation %zu: %d %s", n, (int) rc, err.text);
    }

    assert_true(n > 3 && n < 1000);
}


static void
paths(void **state)
{
    wub_hour_t      hour;
    worker_store_t  store;

    (void) state;

    memset(&hour, 0, sizeof(hour));
    hour.start = moment("2024-02-29T23:00");
    store.channel = "chan";
    store.quality = "source";

    assert_string_equal(worker_store_hour_path(arena, &store, &hour),
                        "chan/source/2024-02-29T23");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(chains),
        cmocka_unit_test(wrong),
        cmocka_unit_test(memory),
        cmocka_unit_test(paths),
    };

    return cmocka_run_group_tests_name("store", tests, setup, teardown);
}
