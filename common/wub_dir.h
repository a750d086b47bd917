
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_dir: the one marked exception of common/: it opens, lists and stats
 * what lies in the segment store.  Thread-safe, silent; in nginx it runs
 * in thread tasks (a lookup of one file excepted, which is bounded).
 * May call: openat2, open, openat, getdents64, lseek, fstat, fstatat, close.
 * Frees: nothing but what a failing call opened; descriptors it returns
 * are the caller's to close.
 *
 * A path never leaves the store: it is resolved beneath the root, and a
 * symbolic link that leads out is WUB_DENIED.  Where the kernel has no
 * openat2() (before 5.6), so is every symbolic link below the root.
 */


#ifndef WUB_DIR_H_INCLUDED_
#define WUB_DIR_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_hour.h"


/* the time and identity of a directory, for caches to compare */
typedef struct {
    uint64_t  device;
    uint64_t  inode;
    int64_t   mtime;        /* nanoseconds since the epoch */
    int64_t   ctime;        /* nanoseconds since the epoch */
} wub_dir_stamp_t;


typedef struct {
    uint64_t  size;         /* bytes */
    int64_t   mtime;        /* seconds since the epoch */
    uint64_t  inode;
} wub_file_stat_t;


/*
 * All functions: *ret_errno is errno of the failing call, 0 on success.
 * Paths end with a zero; path is relative to the root, "" is the root.
 */

/*
 * Opens a directory below root.  WUB_NOT_FOUND: no such directory;
 * WUB_DECLINED: it is something else.
 */
wub_rc_t wub_dir_open(const char *root, const char *path, int *ret_fd,
    int *ret_errno) WUB_MUST_CHECK;

wub_rc_t wub_dir_stamp(int fd, wub_dir_stamp_t *ret, int *ret_errno)
    WUB_MUST_CHECK;

/*
 * For what is looked for again and again in a directory that is open: the
 * stamp of a directory in it, and its opening.  name is one part of a path,
 * with a zero.  WUB_DECLINED: it is no directory, but a link, say: where
 * that leads, and whether it may, only wub_dir_open() tells; no errno.
 */
wub_rc_t wub_dir_stamp_at(int dirfd, const char *name, wub_dir_stamp_t *ret,
    int *ret_errno) WUB_MUST_CHECK;
wub_rc_t wub_dir_open_at(int dirfd, const char *name, int *ret_fd,
    int *ret_errno) WUB_MUST_CHECK;

/*
 * Reads all names but "." and "..", in directory order, into arena.  fd
 * stays open and its position is rewound first.  WUB_TOO_BIG above max.
 */
wub_rc_t wub_dir_read(wub_arena_t *arena, int fd, size_t max,
    wub_names_t *ret, int *ret_errno) WUB_MUST_CHECK;

/* a wub_size_pt over a directory; data is an int * to its descriptor */
uint64_t wub_dir_size(void *data, wub_str_t name);

/*
 * Opens a regular file below root for reading and stats it.
 * WUB_NOT_FOUND: nothing there; WUB_DECLINED: not a regular file.
 */
wub_rc_t wub_dir_open_file(const char *root, const char *path, int *ret_fd,
    wub_file_stat_t *ret, int *ret_errno) WUB_MUST_CHECK;

/*
 * The same for a file of an hour directory that is open; a link may not
 * leave that directory.  A file whose tombstone lies beside it is
 * WUB_DENIED with an errno of 0, there or not (CONTRACT.md 0: 410).
 */
wub_rc_t wub_dir_open_segment(int dirfd, wub_str_t name, int *ret_fd,
    wub_file_stat_t *ret, int *ret_errno) WUB_MUST_CHECK;

/* true when path names anything at all; false also when it cannot be told */
bool wub_dir_exists(const char *root, const char *path);


/* opens, reads and indexes root/path, the directory of hour_us */
wub_rc_t wub_dir_hour(wub_arena_t *arena, const char *root,
    const char *path, int64_t hour_us, int64_t tolerance, wub_hour_t *ret,
    int *ret_errno) WUB_MUST_CHECK;


#endif /* WUB_DIR_H_INCLUDED_ */
