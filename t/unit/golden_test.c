
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Stores and requests recorded from upstream (t/golden/README.md): same
 * listings, same holes, same best segments but where CONTRACT.md 0 has
 * ours differ.
 */


#include "t/unit/wub_test.h"

#include <jansson.h>

#include "common/wub_best.h"
#include "common/wub_time.h"


#define GOLDEN                   "t/golden/selection.json"

/* "YYYY-MM-DDTHH/" */
#define PREFIX                   (WUB_HOUR_LEN + 1)


typedef struct {
    const char  *id;
    json_t      *files;         /* of [path, size] */
    char         hour[PREFIX + 1];
    size_t       sizes;         /* asked for */
} store_t;


static json_t  *golden;


static wub_str_t
path_of(const store_t *store, size_t i)
{
    json_t  *path;

    path = json_array_get(json_array_get(store->files, i), 0);
    assert_true(json_is_string(path));

    return wub_str_n(json_string_value(path), json_string_length(path));
}


static uint64_t
size_of(void *data, wub_str_t name)
{
    store_t  *store = data;

    size_t     i;
    wub_str_t  path;

    store->sizes++;

    for (i = 0; i < json_array_size(store->files); i++) {
        path = path_of(store, i);

        if (path.len == PREFIX + name.len
            && memcmp(path.data, store->hour, PREFIX) == 0
            && memcmp(path.data + PREFIX, name.data, name.len) == 0)
        {
            return (uint64_t) json_integer_value(
                json_array_get(json_array_get(store->files, i), 1));
        }
    }

    fail_msg("%s: no file %.*s", store->id, wub_arg(name));

    return 0;
}


/* the names of one hour directory, last first */
static void
names_of(wub_arena_t *arena, store_t *store, int64_t hour, wub_names_t *ret)
{
    size_t     i;
    wub_str_t  path;

    wub_hour_format(hour, store->hour);
    memcpy(store->hour + WUB_HOUR_LEN, "/", 2);

    ret->nnames = 0;
    ret->names = wub_arena_alloc(arena, json_array_size(store->files)
                                        * sizeof(wub_str_t));
    assert_non_null(ret->names);

    for (i = json_array_size(store->files); i > 0; i--) {
        path = path_of(store, i - 1);

        if (memcmp(path.data, store->hour, PREFIX) == 0) {
            ret->names[ret->nnames++] = wub_str_n(path.data + PREFIX,
                                                  path.len - PREFIX);
        }
    }
}


static int64_t
time_of(json_t *object, const char *key)
{
    int64_t  us;

    assert_int_equal(wub_time_parse(
                         wub_test_str(json_string_value(
                             json_object_get(object, key))), &us), WUB_OK);

    return us;
}


static bool
is_temp(wub_str_t path)
{
    wub_segment_t  segment;

    return wub_segment_parse(wub_str_n(path.data + PREFIX, path.len - PREFIX),
                             0, &segment) == WUB_OK
           && segment.type == WUB_SEGMENT_TEMP;
}


/* upstream lists temp segments, ours are without */
static void
check_listing(store_t *store, const wub_names_t *list, json_t *want)
{
    size_t     i, n;
    wub_str_t  path;

    n = 0;

    for (i = 0; i < json_array_size(want); i++) {
        path = path_of(store, (size_t) json_integer_value(
                                  json_array_get(want, i)));

        if (is_temp(path)) {
            continue;
        }

        wub_expect(n < list->nnames
                   && wub_str_eq(list->names[n],
                                 wub_str_n(path.data + PREFIX,
                                           path.len - PREFIX)),
                   "%s: %.*s is not listed", store->id, wub_arg(path));
        n++;
    }

    wub_expect(n == list->nnames, "%s: %zu are listed", store->id,
               list->nnames);
}


static void
check_request(store_t *store, json_t *request)
{
    size_t        i, n;
    json_t       *want, *index;
    int64_t       start, end, first, last, hour;
    wub_str_t     path;
    wub_hour_t    hours[16];
    wub_chain_t   chain;
    wub_names_t   names;
    wub_arena_t  *arena;

    arena = wub_test_arena();

    start = time_of(request, "start");
    end = time_of(request, "end");
    wub_best_hours(start, end, &first, &last);
    n = 0;

    for (hour = first; hour <= last; hour += WUB_HOUR) {
        assert_true(n < wub_nitems(hours));
        names_of(arena, store, hour, &names);

        assert_int_equal(wub_hour_build(arena, &names, hour,
                                        WUB_BEST_TOLERANCE, size_of, store,
                                        &hours[n++]), WUB_OK);
    }

    assert_int_equal(wub_best_collect(arena, hours, n, start, end,
                                      WUB_BEST_TOLERANCE, &chain), WUB_OK);

    want = json_object_get(request, "ours");

    if (want == NULL) {
        want = json_object_get(request, "upstream");

        /* it says so of upstream's answer */
        wub_expect((chain.nholes != 0) == json_is_true(
                       json_object_get(request, "contains_holes")),
                   "%s: %zu holes", store->id, chain.nholes);
    }

    wub_expect(chain.nparts == json_array_size(want), "%s: %zu parts",
               store->id, chain.nparts);

    for (i = 0; i < chain.nparts; i++) {
        index = json_array_get(want, i);

        if (chain.parts[i].segment == NULL) {
            wub_expect(json_is_null(index), "%s: part %zu is a hole",
                       store->id, i);
            continue;
        }

        wub_expect(json_is_integer(index), "%s: part %zu is no hole",
                   store->id, i);

        path = path_of(store, (size_t) json_integer_value(index));
        wub_hour_format(chain.parts[i].hour->start, store->hour);

        wub_expect(memcmp(store->hour, path.data, WUB_HOUR_LEN) == 0
                   && wub_str_eq(chain.parts[i].segment->name,
                                 wub_str_n(path.data + PREFIX,
                                           path.len - PREFIX)),
                   "%s: %.*s for %.*s", store->id,
                   wub_arg(chain.parts[i].segment->name), wub_arg(path));
    }

    wub_arena_destroy(arena);
}


static void
test_listings(void **state)
{
    size_t        i, n;
    json_t       *item, *listing;
    int64_t       us;
    store_t       store;
    const char   *hour;
    wub_names_t   names, list;
    wub_arena_t  *arena;

    (void) state;

    n = 0;

    json_array_foreach (golden, i, item) {
        store.id = json_string_value(json_object_get(item, "id"));
        store.files = json_object_get(item, "files");

        json_object_foreach (json_object_get(item, "listings"), hour,
                             listing)
        {
            arena = wub_test_arena();

            assert_int_equal(wub_hour_parse(wub_test_str(hour), &us), WUB_OK);
            names_of(arena, &store, us, &names);

            assert_int_equal(wub_hour_list(arena, &names, false, &list),
                             WUB_OK);
            check_listing(&store, &list, json_object_get(listing, "plain"));

            assert_int_equal(wub_hour_list(arena, &names, true, &list),
                             WUB_OK);
            check_listing(&store, &list,
                          json_object_get(listing, "tombstones"));

            wub_arena_destroy(arena);
            n++;
        }
    }

    assert_true(n >= 200);
}


static void
test_requests(void **state)
{
    size_t    i, j, n, ours;
    json_t   *item, *request;
    store_t   store;

    (void) state;

    n = 0;
    ours = 0;
    store.sizes = 0;

    json_array_foreach (golden, i, item) {
        store.id = json_string_value(json_object_get(item, "id"));
        store.files = json_object_get(item, "files");

        json_array_foreach (json_object_get(item, "requests"), j, request) {
            check_request(&store, request);

            n++;
            ours += (json_object_get(request, "ours") != NULL);
        }
    }

    assert_int_equal(json_array_size(golden), 200);
    assert_int_equal(n, 693);
    assert_int_equal(ours, 20);
    assert_true(store.sizes > 0);
}


static int
setup(void **state)
{
    json_error_t  error;

    (void) state;

    golden = json_load_file(GOLDEN, 0, &error);

    if (golden == NULL) {
        printf("# %s: %s\n", GOLDEN, error.text);
        return -1;
    }

    return 0;
}


static int
teardown(void **state)
{
    (void) state;

    json_decref(golden);

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_listings),
        cmocka_unit_test(test_requests)
    };

    return cmocka_run_group_tests_name("golden", tests, setup, teardown);
}
