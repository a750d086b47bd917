
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_video.h"


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
