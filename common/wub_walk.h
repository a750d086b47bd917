
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_walk: the files below a directory of the segment store, for
 * /extras/DIR.  Like wub_dir it reads the disk; thread-safe and silent.
 * May call: wub_dir, fstatat, close.
 * Frees: nothing but the descriptors that it opens; paths live in the
 * caller's arena.
 */


#ifndef WUB_WALK_H_INCLUDED_
#define WUB_WALK_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_hour.h"


/* directories below one another; files of the last one are still found */
#define WUB_WALK_DEPTH_MAX       16

/* names that are looked at, hidden ones and directories included */
#define WUB_WALK_NAMES_MAX       100000


/*
 * The paths, relative to path, of all files below root/path, sorted
 * bytewise.  Names that begin with a dot are left out, and so is what is
 * neither a file nor a directory, a file whose tombstone lies beside it,
 * and an operator's STEM.tombstone-reason.  A link to a directory is not
 * followed; one to a file is listed where it leads to one inside of the
 * store.  WUB_TOO_BIG: more than one of the limits above; WUB_NOT_FOUND
 * and WUB_DECLINED as wub_dir_open() has them, for path itself.
 * *ret_errno is errno of the failing call, 0 on success.
 */
wub_rc_t wub_walk(wub_arena_t *arena, const char *root, const char *path,
    wub_names_t *ret, int *ret_errno) WUB_MUST_CHECK;


#endif /* WUB_WALK_H_INCLUDED_ */
