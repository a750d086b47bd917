
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Ranges and transitions of any bytes; what Postgres' forms are read to
 * must come back the same from what is put.  The first byte says which
 * reader gets the rest.
 */


#include "common/wub_pg.h"
#include "common/wub_range.h"


#define FUZZ_ARENA_MAX  ((size_t) 1 << 24)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


static void
fuzz_ranges(wub_arena_t *arena, wub_str_t s)
{
    wub_buf_t     b;
    wub_ranges_t  r, back;

    if (wub_range_pg_parse(arena, s, &r) != WUB_OK) {
        return;
    }

    wub_buf_init(&b, arena, FUZZ_ARENA_MAX);
    wub_range_pg_put(&b, &r);

    fuzz_check(wub_range_pg_parse(arena, wub_buf_view(&b), &back) == WUB_OK);
    fuzz_check(back.nranges == r.nranges);
    fuzz_check(r.nranges == 0
               || memcmp(back.ranges, r.ranges,
                         r.nranges * sizeof(wub_range_t)) == 0);
}


static void
fuzz_transitions(wub_arena_t *arena, wub_str_t s)
{
    size_t        i;
    wub_buf_t     b;
    wub_ranges_t  r, back;

    if (wub_transition_pg_parse(arena, s, &r) != WUB_OK) {
        return;
    }

    wub_buf_init(&b, arena, FUZZ_ARENA_MAX);
    wub_transition_pg_put(&b, &r);

    fuzz_check(wub_transition_pg_parse(arena, wub_buf_view(&b), &back)
               == WUB_OK);
    fuzz_check(back.ntransitions == r.ntransitions);

    for (i = 0; i < r.ntransitions; i++) {
        fuzz_check(wub_str_eq(back.transitions[i].type,
                              r.transitions[i].type));
        fuzz_check(back.transitions[i].duration
                   == r.transitions[i].duration);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wub_rc_t           rc;
    wub_str_t          s;
    wub_arena_t       *arena;
    wub_range_t        range;
    wub_transition_t   t;

    if (size == 0) {
        return 0;
    }

    arena = wub_arena_create(FUZZ_ARENA_MAX);
    if (arena == NULL) {
        return 0;
    }

    s = wub_str_n((const char *) data + 1, size - 1);

    switch (data[0]) {

    case 'r':
        rc = wub_range_parse(s, &range);
        fuzz_check(rc != WUB_OK || (range.start >= 0 && range.end >= 0));
        break;

    case 't':
        rc = wub_transition_parse(s, &t);
        fuzz_check(rc != WUB_OK || (t.duration == 0) == (t.type.len == 0));
        break;

    case 'R':
        fuzz_ranges(arena, s);
        break;

    case 'T':
        fuzz_transitions(arena, s);
        break;

    default:
        break;
    }

    wub_arena_destroy(arena);

    return 0;
}
