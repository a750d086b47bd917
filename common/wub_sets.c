
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_sets.h"


static const uint8_t  wub_sets_start[] = { 0, 0, 0, 1 };


static size_t wub_sets_place(const wub_sets_t *sets, wub_video_kind_e kind,
    uint32_t id);


void
wub_sets_init(wub_sets_t *sets)
{
    sets->nsets = 0;
    sets->bytes = NULL;
}


wub_rc_t
wub_sets_put(wub_sets_t *sets, const wub_video_set_t *set)
{
    size_t            i;
    wub_video_set_t  *old;

    i = wub_sets_place(sets, set->kind, set->id);
    old = &sets->sets[i];

    if (i < sets->nsets && old->kind == set->kind && old->id == set->id) {

        if (!wub_str_eq(old->bytes, set->bytes)) {
            sets->bytes = NULL;
        }

        *old = *set;

        return WUB_OK;
    }

    if (sets->nsets == WUB_SETS_MAX) {
        return WUB_TOO_BIG;
    }

    memmove(old + 1, old, (sets->nsets - i) * sizeof(wub_video_set_t));

    *old = *set;
    sets->nsets++;
    sets->bytes = NULL;

    return WUB_OK;
}


const wub_video_set_t *
wub_sets_find(const wub_sets_t *sets, wub_video_kind_e kind, uint32_t id)
{
    size_t                  i;
    const wub_video_set_t  *set;

    i = wub_sets_place(sets, kind, id);
    set = &sets->sets[i];

    return (i < sets->nsets && set->kind == kind && set->id == id) ? set
                                                                   : NULL;
}


const wub_str_t *
wub_sets_bytes(wub_sets_t *sets, wub_arena_t *arena)
{
    char       *p;
    size_t      i, len;
    wub_str_t  *bytes;

    if (sets->bytes != NULL) {
        return sets->bytes;
    }

    for (i = 0, len = 0; i < sets->nsets; i++) {
        len += sizeof(wub_sets_start) + sets->sets[i].bytes.len;
    }

    p = wub_arena_alloc(arena, len);
    bytes = wub_arena_alloc(arena, sizeof(wub_str_t));

    if (p == NULL || bytes == NULL) {
        return NULL;
    }

    *bytes = wub_str_n(p, len);

    for (i = 0; i < sets->nsets; i++) {
        memcpy(p, wub_sets_start, sizeof(wub_sets_start));
        p += sizeof(wub_sets_start);

        memcpy(p, sets->sets[i].bytes.data, sets->sets[i].bytes.len);
        p += sets->sets[i].bytes.len;
    }

    sets->bytes = bytes;

    return bytes;
}


bool
wub_sets_carried(const wub_sets_t *sets, const wub_video_unit_t *unit)
{
    size_t                  i;
    const char             *data;
    const wub_video_set_t  *set;

    /* those in force that it brought lie in its own bytes */

    for (i = 0; i < sets->nsets; i++) {
        data = sets->sets[i].bytes.data;

        for (set = unit->sets; set < unit->sets + unit->nsets; set++) {
            if (set->bytes.data == data) {
                break;
            }
        }

        if (set == unit->sets + unit->nsets) {
            return false;
        }
    }

    return sets->nsets != 0;
}


/* where a set is, or would be put */
static size_t
wub_sets_place(const wub_sets_t *sets, wub_video_kind_e kind, uint32_t id)
{
    size_t                  i;
    const wub_video_set_t  *set;

    for (i = 0; i < sets->nsets; i++) {
        set = &sets->sets[i];

        if (set->kind > kind || (set->kind == kind && set->id >= id)) {
            break;
        }
    }

    return i;
}
