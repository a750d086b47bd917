
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Random stores against an oracle that is slow and obvious: it knows what
 * each file is because it made it, compares every file with every other,
 * and finds the next part of a chain by looking at all files again.
 *
 * WUB_SEED repeats a run; WUB_LONG=1 makes a million hours of it.
 */


#include "t/unit/wub_test.h"
#include "common/wub_base64.h"
#include "common/wub_best.h"


#define HOURS                    3
#define FILES_MAX                200
#define HASH_MAX                 6
#define REQUESTS                 4
#define RUNS                     5000
#define RUNS_LONG                334000

#define MS                       INT64_C(1000)
#define TOLERANCE                (10 * MS)

/* of the first directory; any hour will do */
#define ZERO                     (INT64_C(438000) * WUB_HOUR)


typedef enum {
    PARTIAL = 1,
    SUSPECT,
    FULL
} type_e;

typedef struct {
    char      name[WUB_NAME_MAX + 1];
    size_t    hour;             /* index of its directory */
    bool      segment;          /* false: of no matter to selection */
    bool      temp;
    bool      dead;             /* has a tombstone */
    bool      listed;           /* without tombstones; with all: */
    bool      listed_all;
    int64_t   start;
    int64_t   duration;
    type_e    type;
    uint64_t  size;
    uint8_t   hash[HASH_MAX];
    size_t    nhash;
} file_t;

typedef struct {
    file_t    files[FILES_MAX];
    size_t    nfiles;
    size_t    hour;             /* the one whose sizes are asked for */
    uint64_t  random;
} store_t;

typedef struct {
    const char  *name;
    bool         listed;
    bool         listed_all;
} junk_t;

/* indexes of files; FILES_MAX is a hole */
typedef struct {
    size_t  parts[2 * FILES_MAX + 2];
    size_t  nparts;
} answer_t;


static const int64_t  steps[] = {
    0, 1, -1, 9 * MS, 10 * MS, 10 * MS + 1, 11 * MS, -9 * MS, -10 * MS,
    -10 * MS - 1, -11 * MS, 5 * MS, -500 * MS, 700 * MS, 3000 * MS
};

static const int64_t  durations[] = {
    2000 * MS, 2000 * MS, 2000 * MS, 1998 * MS, 4171 * MS, 10 * MS, 1, 0,
    100 * MS, 30000 * MS
};

static const junk_t  junk[] = {
    { "README", false, false },
    { ".hidden.ts", false, false },
    { "notasegment.ts", true, true },
    { "00:00.0-2.0-full.ts", true, true },
    { "30:00.0-inf-full-AAAA.ts", true, true },
    { "30:00.0-nan-full-AAAA.ts", true, true },
    { "30:00.0-1e0-full-AAAA.ts", true, true },
    { "30:00.0--2.0-full-AAAA.ts", true, true },
    { "30:00.0-2.0-best-AAAA.ts", true, true },
    { "30:00.0000000-2.0-full-AAAA.ts", true, true },
    { "30:61.0-2.0-full-AAAA.ts", true, true },
    { "30:00.0-2.0-full-A.ts", true, true },
    { "30:00.0-2.0-full-AAAA.ts.tmp", false, false },
    { "30:00-AAAA.json", true, true },
    { "lost.tombstone", false, true },
    { "lost.tombstone-reason", false, false }
};

static const char  *const  type_names[] = { "temp", "partial", "suspect",
                                            "full" };


/* what WUB_SEED must be for the run that failed to be the first one */
static uint64_t  current;


static int
teardown(void **state)
{
    (void) state;

    printf("# last run: WUB_SEED=%llu\n", (unsigned long long) current);

    return 0;
}


static size_t
below(store_t *store, size_t n)
{
    return wub_test_below(&store->random, n);
}


static bool
known(const store_t *store, size_t hour, const char *name)
{
    size_t  i;

    for (i = 0; i < store->nfiles; i++) {
        if (store->files[i].hour == hour
            && strcmp(store->files[i].name, name) == 0)
        {
            return true;
        }
    }

    return false;
}


static void
add_plain(store_t *store, size_t hour, const char *name, bool listed,
    bool listed_all)
{
    file_t  *file;

    if (store->nfiles == FILES_MAX || known(store, hour, name)) {
        return;
    }

    file = &store->files[store->nfiles++];
    memset(file, 0, sizeof(file_t));

    snprintf(file->name, sizeof(file->name), "%s", name);
    file->hour = hour;
    file->listed = listed;
    file->listed_all = listed_all;
}


static void
add_junk(store_t *store, size_t hour)
{
    const junk_t  *j;

    j = &junk[below(store, wub_nitems(junk))];

    add_plain(store, hour, j->name, j->listed, j->listed_all);
}


/* a duration in one of the ways that writers print it */
static void
print_duration(store_t *store, int64_t us, char *out, size_t size)
{
    snprintf(out, size, "%d.%06d", (int) (us / WUB_SECOND),
             (int) (us % WUB_SECOND));

    while (below(store, 2) == 0 && out[strlen(out) - 1] == '0'
           && out[strlen(out) - 2] != '.')
    {
        out[strlen(out) - 1] = '\0';
    }
}


static void
print_time(store_t *store, int64_t us, char *out, size_t size)
{
    snprintf(out, size, "%02d:%02d.%06d", (int) (us / (60 * WUB_SECOND)),
             (int) (us / WUB_SECOND % 60), (int) (us % WUB_SECOND));

    if (below(store, 4) != 0) {
        return;
    }

    while (out[strlen(out) - 1] == '0') {
        out[strlen(out) - 1] = '\0';

        if (out[strlen(out) - 1] == '.') {
            out[strlen(out) - 1] = '\0';
            break;
        }
    }
}


static void
add_copy(store_t *store, int64_t start, int64_t duration)
{
    char     name[128], tomb[160];
    char     time[32], length[32], hash[2 * HASH_MAX];
    size_t   i;
    file_t   file;

    memset(&file, 0, sizeof(file_t));

    if (start < ZERO || start >= ZERO + HOURS * WUB_HOUR) {
        return;
    }

    file.segment = true;
    file.hour = (size_t) ((start - ZERO) / WUB_HOUR);
    file.start = start;
    file.duration = duration;
    file.temp = (below(store, 12) == 0);
    file.dead = (below(store, 8) == 0);
    file.type = (below(store, 2) == 0) ? FULL
                                       : (type_e) (1 + below(store, 3));
    file.size = 100 + below(store, 3);
    file.nhash = below(store, HASH_MAX + 1);

    for (i = 0; i < file.nhash; i++) {
        file.hash[i] = (uint8_t) below(store, 256);
    }

    wub_base64_encode(file.hash, file.nhash, hash);
    hash[wub_base64_encoded_len(file.nhash)] = '\0';

    print_time(store, start % WUB_HOUR, time, sizeof(time));
    print_duration(store, duration, length, sizeof(length));

    snprintf(name, sizeof(name), "%s-%s-%s-%s", time, length,
             type_names[file.temp ? 0 : file.type], hash);
    snprintf(tomb, sizeof(tomb), "%s.tombstone", name);
    snprintf(file.name, sizeof(file.name), "%s.ts", name);

    if (store->nfiles + 2 > FILES_MAX || known(store, file.hour, file.name)) {
        return;
    }

    file.listed = !file.temp && !file.dead;
    file.listed_all = file.listed;
    store->files[store->nfiles++] = file;

    if (file.dead) {
        add_plain(store, file.hour, tomb, false, true);
    }
}


/* a walk along the stream, near an hour's end as a rule, with accidents */
static void
make_store(store_t *store)
{
    size_t   i, j, nsteps, ncopies;
    int64_t  cursor, start, duration;

    store->nfiles = 0;

    cursor = ZERO + (int64_t) (1 + below(store, HOURS - 1)) * WUB_HOUR
             - (int64_t) below(store, 30) * WUB_SECOND;

    if (below(store, 4) == 0) {
        cursor = ZERO + (int64_t) below(store, 3500) * WUB_SECOND;
    }

    nsteps = 1 + below(store, 16);

    for (i = 0; i < nsteps; i++) {
        duration = durations[below(store, wub_nitems(durations))];
        start = cursor;

        if (below(store, 2) == 0) {
            start += steps[below(store, wub_nitems(steps))];
        }

        ncopies = (below(store, 2) == 0) ? 1 : 1 + below(store, 4);

        for (j = 0; j < ncopies; j++) {
            add_copy(store,
                     start + (below(store, 3) == 0
                              ? steps[below(store, wub_nitems(steps))] : 0),
                     (below(store, 3) == 0)
                     ? durations[below(store, wub_nitems(durations))]
                     : duration);
        }

        cursor = start + duration;
    }

    for (i = below(store, 4); i > 0; i--) {
        add_junk(store, below(store, HOURS));
    }
}


static bool
alive(const file_t *f)
{
    return f->segment && !f->temp && !f->dead;
}


/* whether a is taken rather than b, both of one start */
static bool
beats(const file_t *a, const file_t *b)
{
    int     rc;
    size_t  n;

    if (a->type != b->type) {
        return a->type > b->type;
    }

    if (a->type == FULL && a->duration != b->duration) {
        return a->duration > b->duration;
    }

    if (a->size != b->size) {
        return a->size > b->size;
    }

    if (a->type == FULL) {
        n = (a->nhash < b->nhash) ? a->nhash : b->nhash;
        rc = memcmp(a->hash, b->hash, n);

        if (rc != 0 || a->nhash != b->nhash) {
            return (rc != 0) ? rc > 0 : a->nhash > b->nhash;
        }
    }

    return strcmp(a->name, b->name) < 0;
}


/* the best copy of its start */
static bool
wins(const store_t *store, const file_t *f)
{
    size_t         i;
    const file_t  *other;

    if (!alive(f)) {
        return false;
    }

    for (i = 0; i < store->nfiles; i++) {
        other = &store->files[i];

        if (alive(other) && other->start == f->start && beats(other, f)) {
            return false;
        }
    }

    return true;
}


/* and not one that gives way to a better type just behind it */
static bool
stays(const store_t *store, const file_t *f)
{
    size_t         i;
    const file_t  *other;

    if (!wins(store, f)) {
        return false;
    }

    for (i = 0; i < store->nfiles; i++) {
        other = &store->files[i];

        if (wins(store, other) && other->hour == f->hour
            && other->start > f->start && other->start - f->start <= TOLERANCE
            && other->type > f->type)
        {
            return false;
        }
    }

    return true;
}


/* the first file that may follow last, FILES_MAX for none */
static size_t
next_of(const store_t *store, const bool *staying, const file_t *last,
    int64_t start, int64_t end, size_t first_hour, size_t last_hour)
{
    bool           fits;
    size_t         i, found;
    const file_t  *f;

    found = FILES_MAX;

    for (i = 0; i < store->nfiles; i++) {
        f = &store->files[i];

        if (!staying[i] || f->hour < first_hour || f->hour > last_hour) {
            continue;
        }

        if (last == NULL) {
            fits = (f->start <= start && start < f->start + f->duration)
                   || (start < f->start && f->start < end);

        } else {
            fits = f->start > last->start
                   && f->start >= last->start + last->duration - TOLERANCE;
        }

        if (fits && (found == FILES_MAX
                     || f->start < store->files[found].start))
        {
            found = i;
        }
    }

    return found;
}


static void
ask_oracle(const store_t *store, int64_t start, int64_t end,
    size_t first_hour, size_t last_hour, answer_t *answer)
{
    bool           staying[FILES_MAX];
    size_t         i, next;
    const file_t  *last, *f;

    for (i = 0; i < store->nfiles; i++) {
        staying[i] = stays(store, &store->files[i]);
    }

    answer->nparts = 0;
    last = NULL;

    for ( ;; ) {

        if (last != NULL && last->start + last->duration >= end) {
            break;
        }

        next = next_of(store, staying, last, start, end, first_hour,
                       last_hour);
        if (next == FILES_MAX) {
            break;
        }

        f = &store->files[next];

        if ((last == NULL && f->start > start)
            || (last != NULL
                && (last->type != FULL
                    || f->start > last->start + last->duration + TOLERANCE)))
        {
            answer->parts[answer->nparts++] = FILES_MAX;
        }

        answer->parts[answer->nparts++] = next;
        last = f;
    }

    if (last == NULL || last->type != FULL
        || last->start + last->duration < end)
    {
        answer->parts[answer->nparts++] = FILES_MAX;
    }
}


static uint64_t
size_of(void *data, wub_str_t name)
{
    store_t  *store = data;

    size_t  i;

    for (i = 0; i < store->nfiles; i++) {
        if (store->files[i].hour == store->hour
            && wub_str_eq(name, wub_test_str(store->files[i].name)))
        {
            return store->files[i].size;
        }
    }

    fail_msg("a size is asked for %.*s", wub_arg(name));

    return 0;
}


/* the names of one directory, shuffled */
static void
shuffle(wub_arena_t *arena, store_t *store, size_t hour, wub_names_t *ret)
{
    size_t     i, j;
    wub_str_t  name;

    ret->nnames = 0;
    ret->names = wub_arena_alloc(arena, FILES_MAX * sizeof(wub_str_t));
    assert_non_null(ret->names);

    for (i = 0; i < store->nfiles; i++) {
        if (store->files[i].hour == hour) {
            ret->names[ret->nnames++] = wub_test_str(store->files[i].name);
        }
    }

    for (i = ret->nnames; i > 1; i--) {
        j = below(store, i);
        name = ret->names[i - 1];
        ret->names[i - 1] = ret->names[j];
        ret->names[j] = name;
    }
}


static const file_t *
file_of(const store_t *store, const wub_best_part_t *part)
{
    size_t  i;

    for (i = 0; i < store->nfiles; i++) {
        if (wub_str_eq(part->segment->name,
                       wub_test_str(store->files[i].name))
            && store->files[i].start == part->segment->start)
        {
            return &store->files[i];
        }
    }

    fail_msg("%.*s is no file", wub_arg(part->segment->name));

    return NULL;
}


/* never a worse type than another copy of this start or just behind it */
static void
check_type(const store_t *store, const file_t *f)
{
    size_t         i;
    const file_t  *other;

    for (i = 0; i < store->nfiles; i++) {
        other = &store->files[i];

        wub_expect(!alive(other) || other->hour != f->hour
                   || other->start < f->start
                   || other->start > f->start + TOLERANCE
                   || other->type <= f->type,
                   "%s rather than %s", f->name, other->name);
    }
}


/* what must be true of any chain, whoever made it */
static void
check_properties(const store_t *store, const wub_chain_t *chain,
    int64_t start, int64_t end)
{
    bool                    hole;
    size_t                  i;
    int64_t                 gap, chain_end;
    const file_t           *f, *last;
    const wub_best_part_t  *part;

    hole = false;
    last = NULL;
    chain_end = start;

    for (i = 0; i < chain->nparts; i++) {
        part = &chain->parts[i];

        if (part->segment == NULL) {
            assert_false(hole);
            assert_true(part->from == chain_end);
            assert_true(part->to >= part->from);
            hole = true;
            continue;
        }

        f = file_of(store, part);
        assert_true(alive(f));
        check_type(store, f);

        gap = f->start - chain_end;

        if (last == NULL) {
            assert_true(hole == (gap > 0));
            assert_true(f->start + f->duration > start || gap > 0);

        } else {
            assert_true(f->start > last->start);
            assert_true(gap >= -TOLERANCE);
            assert_true(chain_end < end);
            assert_true(hole == (gap > TOLERANCE || last->type != FULL));
        }

        last = f;
        chain_end = f->start + f->duration;
        hole = false;
    }

    assert_true(hole == (last == NULL || last->type != FULL
                         || chain_end < end));
}


static void
check_listing(wub_arena_t *arena, store_t *store, size_t hour)
{
    size_t       i, j, n;
    file_t      *f;
    wub_names_t  names, list;

    for (j = 0; j < 2; j++) {
        shuffle(arena, store, hour, &names);
        assert_int_equal(wub_hour_list(arena, &names, j == 1, &list), WUB_OK);

        n = 0;

        for (i = 0; i < store->nfiles; i++) {
            f = &store->files[i];
            n += (f->hour == hour && ((j == 1) ? f->listed_all : f->listed));
        }

        assert_int_equal(list.nnames, n);

        for (i = 0; i < store->nfiles; i++) {
            f = &store->files[i];

            if (f->hour != hour || !((j == 1) ? f->listed_all : f->listed)) {
                continue;
            }

            for (n = 0; n < list.nnames; n++) {
                if (wub_str_eq(list.names[n], wub_test_str(f->name))) {
                    break;
                }
            }

            wub_expect(n < list.nnames, "%s is not listed", f->name);
        }

        for (i = 1; i < list.nnames; i++) {
            assert_true(wub_str_cmp(list.names[i - 1], list.names[i]) < 0);
        }
    }
}


static int64_t
make_time(store_t *store)
{
    int64_t        us;
    const file_t  *f;

    us = ZERO + WUB_HOUR;

    if (store->nfiles != 0 && below(store, 10) != 0) {
        f = &store->files[below(store, store->nfiles)];

        if (f->segment) {
            us = f->start + (below(store, 2) == 0 ? f->duration : 0);
        }
    }

    if (below(store, 2) == 0) {
        us += steps[below(store, wub_nitems(steps))];
    }

    return us;
}


static void
check_request(wub_arena_t *arena, store_t *store, const wub_hour_t *hours)
{
    size_t       i, a, b;
    int64_t      start, end, first, last;
    answer_t     answer;
    wub_chain_t  chain;

    start = make_time(store);
    end = make_time(store);

    if (end < start) {
        first = start;
        start = end;
        end = first;
    }

    wub_best_hours(start, end, &first, &last);

    assert_true(first == start - start % WUB_HOUR - WUB_HOUR);
    assert_true(last == end - end % WUB_HOUR);

    a = (first < ZERO) ? 0 : (size_t) ((first - ZERO) / WUB_HOUR);
    b = (size_t) ((last - ZERO) / WUB_HOUR);

    if (last < ZERO || a >= HOURS) {
        return;
    }

    b = (b >= HOURS) ? HOURS - 1 : b;

    assert_int_equal(wub_best_collect(arena, hours + a, b - a + 1, start, end,
                                      TOLERANCE, &chain), WUB_OK);

    check_properties(store, &chain, start, end);
    ask_oracle(store, start, end, a, b, &answer);

    assert_int_equal(chain.nparts, answer.nparts);

    for (i = 0; i < answer.nparts; i++) {

        if (answer.parts[i] == FILES_MAX) {
            assert_null(chain.parts[i].segment);
            continue;
        }

        assert_non_null(chain.parts[i].segment);
        assert_ptr_equal(file_of(store, &chain.parts[i]),
                         &store->files[answer.parts[i]]);
    }
}


/* the index does not depend on the order of the directory */
static void
build_hours(wub_arena_t *arena, store_t *store, wub_hour_t *hours)
{
    size_t       i, j;
    wub_hour_t   again;
    wub_names_t  names;

    for (i = 0; i < HOURS; i++) {
        store->hour = i;

        shuffle(arena, store, i, &names);
        assert_int_equal(wub_hour_build(arena, &names,
                                        ZERO + (int64_t) i * WUB_HOUR,
                                        TOLERANCE, size_of, store, &hours[i]),
                         WUB_OK);

        shuffle(arena, store, i, &names);
        assert_int_equal(wub_hour_build(arena, &names,
                                        ZERO + (int64_t) i * WUB_HOUR,
                                        TOLERANCE, size_of, store, &again),
                         WUB_OK);

        assert_int_equal(again.nsegments, hours[i].nsegments);
        assert_int_equal(again.ignored, hours[i].ignored);

        for (j = 0; j < again.nsegments; j++) {
            assert_true(wub_str_eq(again.segments[j].name,
                                   hours[i].segments[j].name));
        }
    }
}


static void
test_oracle(void **state)
{
    size_t        i, j, n;
    store_t      *store;
    uint64_t      seed;
    wub_hour_t    hours[HOURS];
    const char   *text;
    wub_arena_t  *arena;

    (void) state;

    text = getenv("WUB_LONG");
    n = (text != NULL && strcmp(text, "1") == 0) ? RUNS_LONG : RUNS;

    seed = wub_test_seed();

    arena = wub_test_arena();
    store = test_malloc(sizeof(store_t));

    for (i = 0; i < n; i++) {

        store->random = seed + i;
        current = seed + i;

        make_store(store);
        wub_arena_reset(arena);
        build_hours(arena, store, hours);

        for (j = 0; j < HOURS; j++) {
            check_listing(arena, store, j);
        }

        for (j = 0; j < REQUESTS; j++) {
            check_request(arena, store, hours);
        }
    }

    test_free(store);
    wub_arena_destroy(arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_oracle)
    };

    return cmocka_run_group_tests_name("oracle", tests, NULL, teardown);
}
