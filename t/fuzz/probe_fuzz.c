
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Segments of any bytes: what is said of them is sound, and an arena of the
 * named size is always enough.
 */


#include "common/wub_probe.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


static void
fuzz_codecs(wub_str_t list)
{
    char    c;
    size_t  i;

    fuzz_check(list.len <= WUB_PROBE_CODECS_MAX);

    for (i = 0; i < list.len; i++) {
        c = list.data[i];

        fuzz_check((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                   || (c >= '0' && c <= '9') || c == '.' || c == ',');
        fuzz_check(c != ',' || (i != 0 && i + 1 < list.len
                                && list.data[i - 1] != ','));
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wub_rc_t      rc;
    wub_arena_t  *arena;
    wub_probe_t   probe;

    arena = wub_arena_create(WUB_PROBE_ARENA);
    if (arena == NULL) {
        return 0;
    }

    rc = wub_probe(arena, data, size, &probe);

    fuzz_check(rc == WUB_OK || rc == WUB_DECLINED);

    if (rc == WUB_OK) {
        fuzz_check((probe.width == 0) == (probe.height == 0));
        fuzz_check(probe.width <= 16888 && probe.height <= 2 * 16880);
        fuzz_check(probe.frame_rate <= 1000000);
        fuzz_codecs(wub_probe_codecs(&probe));
    }

    wub_arena_destroy(arena);

    return 0;
}
