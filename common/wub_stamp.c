
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_stamp.h"


/* nanoseconds */
#define WUB_STAMP_SECOND         INT64_C(1000000000)


bool
wub_stamp_eq(const wub_dir_stamp_t *a, const wub_dir_stamp_t *b)
{
    return a->device == b->device && a->inode == b->inode
           && a->mtime == b->mtime && a->ctime == b->ctime;
}


bool
wub_stamp_keep(const wub_dir_stamp_t *before, const wub_dir_stamp_t *after,
    int64_t now)
{
    int64_t  tick;

    if (!wub_stamp_eq(before, after)) {
        return false;
    }

    tick = (before->ctime % WUB_STAMP_SECOND == 0) ? WUB_STAMP_TICK_SECONDS
                                                   : WUB_STAMP_TICK;

    /* the clock may have been set back since, or be another machine's */

    return before->ctime <= now && now - before->ctime > tick;
}
