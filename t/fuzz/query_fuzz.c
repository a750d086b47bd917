
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Query strings of any bytes: decoding never makes text longer, and no value
 * holds a zero byte.
 */


#include "common/wub_query.h"


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
fuzz_value(wub_arena_t *arena, const wub_query_t *q, size_t i)
{
    bool        b;
    wub_rc_t    rc;
    wub_str_t   value, first;

    value = q->args[i].value;

    fuzz_check(value.len == 0 || memchr(value.data, 0, value.len) == NULL);
    fuzz_check(wub_query_first(q, q->args[i].name, &first));
    fuzz_check(wub_query_count(q, q->args[i].name) >= 1);

    if (wub_query_bool(value, &b) == WUB_OK) {
        fuzz_check(value.len == (b ? 4U : 5U));
    }

    rc = wub_query_time(arena, value, &first);
    fuzz_check(rc == WUB_NO_MEMORY || first.len == value.len);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t        i, len;
    wub_query_t   q;
    wub_arena_t  *arena;

    arena = wub_arena_create(FUZZ_ARENA_MAX);
    if (arena == NULL) {
        return 0;
    }

    if (wub_query_parse(arena, wub_str_n((const char *) data, size), &q)
        == WUB_OK)
    {
        len = 0;

        for (i = 0; i < q.nargs; i++) {
            len += q.args[i].name.len + q.args[i].value.len;
            fuzz_value(arena, &q, i);
        }

        fuzz_check(len <= size);
        fuzz_check(q.nargs <= WUB_QUERY_ARGS_MAX);
    }

    wub_arena_destroy(arena);

    return 0;
}
