
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_stamp: whether what was read of a directory may be kept and given out
 * again for as long as the directory's stamp stays the same.
 * May call: nothing; stamps and moments are the caller's.
 * Frees: nothing.
 */


#ifndef WUB_STAMP_H_INCLUDED_
#define WUB_STAMP_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_dir.h"


/*
 * Two changes within one tick of the kernel's clock leave the same stamp,
 * so a directory that changed this shortly before it was read may change
 * once more unseen.  Nanoseconds; the second one is for file systems that
 * store whole seconds.
 */
#define WUB_STAMP_TICK           INT64_C(20000000)
#define WUB_STAMP_TICK_SECONDS   INT64_C(2000000000)


bool wub_stamp_eq(const wub_dir_stamp_t *a, const wub_dir_stamp_t *b);

/*
 * before, after: read on either side of the reading; now: a moment before
 * the first, nanoseconds since the epoch.
 */
bool wub_stamp_keep(const wub_dir_stamp_t *before,
    const wub_dir_stamp_t *after, int64_t now);


#endif /* WUB_STAMP_H_INCLUDED_ */
