
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Postgres' text forms of any bytes; what is read must come back the same
 * from what is put.  The first byte says which reader gets the rest.
 */


#include "common/wub_pg.h"


#define FUZZ_ARENA_MAX  ((size_t) 1 << 24)


typedef wub_rc_t (*fuzz_parse_pt)(wub_arena_t *arena, wub_str_t s,
    wub_pg_items_t *ret);
typedef void (*fuzz_put_pt)(wub_buf_t *b, const wub_pg_items_t *items);


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


static void
fuzz_items(wub_arena_t *arena, wub_str_t s, fuzz_parse_pt parse,
    fuzz_put_pt put)
{
    size_t          i;
    wub_buf_t       b;
    wub_pg_items_t  items, back;

    if (parse(arena, s, &items) != WUB_OK) {
        return;
    }

    wub_buf_init(&b, arena, FUZZ_ARENA_MAX);
    put(&b, &items);

    fuzz_check(parse(arena, wub_buf_view(&b), &back) == WUB_OK);
    fuzz_check(back.nitems == items.nitems);

    for (i = 0; i < items.nitems; i++) {
        fuzz_check(wub_str_eq(back.items[i], items.items[i]));
        fuzz_check((back.items[i].data == NULL)
                   == (items.items[i].data == NULL));
    }
}


static void
fuzz_timestamp(wub_arena_t *arena, wub_str_t s)
{
    int64_t    us, back;
    wub_buf_t  b;

    if (wub_pg_timestamp_parse(s, &us) != WUB_OK) {
        return;
    }

    wub_buf_init(&b, arena, FUZZ_ARENA_MAX);
    wub_pg_timestamp_put(&b, us);

    fuzz_check(wub_pg_timestamp_parse(wub_buf_view(&b), &back) == WUB_OK);
    fuzz_check(back == us);
}


static void
fuzz_bytea(wub_arena_t *arena, wub_str_t s)
{
    wub_buf_t  b;
    wub_str_t  data, back;

    if (wub_pg_bytea_parse(arena, s, &data) != WUB_OK) {
        return;
    }

    wub_buf_init(&b, arena, FUZZ_ARENA_MAX);
    wub_pg_bytea_put(&b, data);

    fuzz_check(wub_pg_bytea_parse(arena, wub_buf_view(&b), &back) == WUB_OK);
    fuzz_check(wub_str_eq(back, data));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wub_rc_t            rc;
    wub_str_t           s;
    wub_arena_t        *arena;
    wub_pg_box_t        box;
    wub_pg_end_time_t   t;

    if (size == 0) {
        return 0;
    }

    arena = wub_arena_create(FUZZ_ARENA_MAX);
    if (arena == NULL) {
        return 0;
    }

    s = wub_str_n((const char *) data + 1, size - 1);

    switch (data[0]) {

    case 'a':
        fuzz_items(arena, s, wub_pg_array_parse, wub_pg_array_put);
        break;

    case 'c':
        fuzz_items(arena, s, wub_pg_composite_parse, wub_pg_composite_put);
        break;

    case 't':
        fuzz_timestamp(arena, s);
        break;

    case 'x':
        fuzz_bytea(arena, s);
        break;

    case 'b':
        rc = wub_pg_box_parse(arena, s, &box);
        (void) rc;
        break;

    case 'e':
        rc = wub_pg_end_time_parse(arena, s, &t);
        fuzz_check(rc != WUB_OK || !t.null || t.value == 0);
        break;

    default:
        break;
    }

    wub_arena_destroy(arena);

    return 0;
}
