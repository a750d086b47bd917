
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_nal.h"
#include "common/wub_video.h"


wub_video_set_t *
wub_video_set(wub_video_unit_t *unit, wub_video_kind_e kind,
    const uint8_t *nal, const uint8_t *end)
{
    wub_video_set_t  *set;

    if (unit->nsets == WUB_VIDEO_SETS_MAX) {
        return NULL;
    }

    set = &unit->sets[unit->nsets];

    set->kind = kind;
    set->parent = 0;
    set->bytes = wub_str_n((const char *) nal,
                           (size_t) (wub_nal_end(nal, end) - nal));

    return set;
}


bool
wub_video_same(const wub_video_form_t *a, const wub_video_form_t *b)
{
    return a->codec == b->codec
           && a->width == b->width
           && a->height == b->height
           && a->chroma == b->chroma
           && a->depth == b->depth
           && a->interlaced == b->interlaced;
}
