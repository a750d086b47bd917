
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * A directory, one name per line: names, index, listing and chain.  What
 * must hold of any answer is checked here, the rest by the sanitizers.
 */


#include <stdlib.h>

#include "common/wub_best.h"


#define NAMES_MAX                2000
#define TOLERANCE                WUB_BEST_TOLERANCE


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check(bool ok)
{
    if (!ok) {
        abort();
    }
}


static uint64_t
size_of(void *data, wub_str_t name)
{
    (void) data;

    return name.len % 3;
}


static void
check_hour(const wub_hour_t *hour)
{
    size_t                i;
    const wub_segment_t  *s;

    for (i = 0; i < hour->nsegments; i++) {
        s = &hour->segments[i];

        check(s->start >= hour->start && s->start < hour->start + WUB_HOUR);
        check(s->duration >= 0 && s->duration <= WUB_HOUR);
        check(s->type != WUB_SEGMENT_TEMP);
        check(s->hash.data >= s->name.data
              && s->hash.data + s->hash.len + 3
                 == s->name.data + s->name.len);

        if (i != 0) {
            check(s[-1].start < s->start);
        }
    }
}


static void
check_chain(const wub_chain_t *chain)
{
    size_t                  i;
    const wub_best_part_t  *part;

    for (i = 0; i < chain->nparts; i++) {
        part = &chain->parts[i];
        check(part->to >= part->from);

        if (i == 0) {
            continue;
        }

        if (part->segment == NULL || part[-1].segment == NULL) {
            check(part->segment != part[-1].segment);

        } else {
            check(part->from >= part[-1].to - TOLERANCE);
            check(part->from <= part[-1].to + TOLERANCE);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t        i, from;
    wub_str_t     room[NAMES_MAX];
    wub_hour_t    hour;
    wub_chain_t   chain;
    wub_names_t   names, list;
    wub_arena_t  *arena;

    names.names = room;
    names.nnames = 0;
    from = 0;

    for (i = 0; i <= size && names.nnames < NAMES_MAX; i++) {
        if (i == size || data[i] == '\n') {
            room[names.nnames++] = wub_str_n((const char *) data + from,
                                             i - from);
            (void) wub_name_safe(room[names.nnames - 1]);
            from = i + 1;
        }
    }

    arena = wub_arena_create(1 << 24);
    check(arena != NULL);

    check(wub_hour_build(arena, &names, WUB_HOUR, TOLERANCE, size_of, NULL,
                         &hour) == WUB_OK);
    check_hour(&hour);

    check(wub_hour_list(arena, &names, true, &list) == WUB_OK);
    check(list.nnames <= names.nnames);

    check(wub_best_collect(arena, &hour, 1, WUB_HOUR + WUB_SECOND,
                           2 * WUB_HOUR - WUB_SECOND, TOLERANCE, &chain)
          == WUB_OK);
    check(chain.nparts != 0);
    check_chain(&chain);

    wub_arena_destroy(arena);

    return 0;
}
