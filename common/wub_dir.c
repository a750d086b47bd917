
/*
 * Copyright (C) the wubloader for nginx authors
 */


/* nginx's build does not set it; O_PATH and getdents64() need it */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "common/wub_dir.h"
#include "common/wub_segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>


/* openat2() says EAGAIN when a rename crosses its way */
#define WUB_DIR_TRIES            16

#define WUB_DIR_READ_SIZE        32768
#define WUB_DIR_CHUNK            16384

/* never blocks on a pipe, never gets a terminal, never reaches a child */
#define WUB_DIR_FLAGS            (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

#define WUB_TOMBSTONE            ".tombstone"


typedef struct {
    int       error;
    wub_rc_t  rc;
} wub_dir_error_t;


typedef struct {
    wub_arena_t  *arena;
    wub_names_t   names;
    size_t        room;         /* of names.names */
    char         *chunk;        /* the bytes of names, many at once */
    size_t        left;
    size_t        max;          /* names */
} wub_dir_reader_t;


static wub_rc_t wub_dir_rc(int error, int *ret_errno);
static void wub_dir_stamp_of(const struct stat *st, wub_dir_stamp_t *ret);
static int wub_dir_root(const char *root);
static int wub_dir_beneath(int dirfd, const char *path, int flags);
static int wub_dir_walk(int dirfd, const char *path, int flags);
static wub_rc_t wub_dir_at(int dirfd, const char *path, int *ret_fd,
    int *ret_errno);
static wub_rc_t wub_dir_file_at(int dirfd, const char *path, int *ret_fd,
    wub_file_stat_t *ret, int *ret_errno);
static wub_rc_t wub_dir_tombstoned(int dirfd, wub_str_t name,
    int *ret_errno);
static wub_rc_t wub_dir_add(wub_dir_reader_t *r, const char *name);
static bool wub_dir_zero(wub_str_t name, const char *tail,
    char out[WUB_NAME_MAX + 1]);


static const wub_dir_error_t  wub_dir_errors[] = {
    { ENOENT, WUB_NOT_FOUND },
    { ENOTDIR, WUB_NOT_FOUND },
    { ENAMETOOLONG, WUB_NOT_FOUND },
    { ENXIO, WUB_DECLINED },
    { EACCES, WUB_DENIED },
    { EPERM, WUB_DENIED },
    { EXDEV, WUB_DENIED },
    { ELOOP, WUB_DENIED },
    { ENOMEM, WUB_NO_MEMORY }
};


wub_rc_t
wub_dir_open(const char *root, const char *path, int *ret_fd,
    int *ret_errno)
{
    int       rootfd;
    wub_rc_t  rc;

    rootfd = wub_dir_root(root);
    if (rootfd == -1) {
        return wub_dir_rc(errno, ret_errno);
    }

    rc = wub_dir_at(rootfd, path, ret_fd, ret_errno);
    (void) close(rootfd);

    return rc;
}


wub_rc_t
wub_dir_stamp(int fd, wub_dir_stamp_t *ret, int *ret_errno)
{
    struct stat  st;

    if (fstat(fd, &st) == -1) {
        return wub_dir_rc(errno, ret_errno);
    }

    wub_dir_stamp_of(&st, ret);
    *ret_errno = 0;

    return WUB_OK;
}


wub_rc_t
wub_dir_stamp_at(int dirfd, const char *name, wub_dir_stamp_t *ret,
    int *ret_errno)
{
    struct stat  st;

    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1) {
        return wub_dir_rc(errno, ret_errno);
    }

    *ret_errno = 0;

    if (!S_ISDIR(st.st_mode)) {
        return WUB_DECLINED;
    }

    wub_dir_stamp_of(&st, ret);

    return WUB_OK;
}


wub_rc_t
wub_dir_open_at(int dirfd, const char *name, int *ret_fd, int *ret_errno)
{
    int  fd;

    *ret_errno = 0;
    fd = openat(dirfd, name, WUB_DIR_FLAGS | O_DIRECTORY | O_NOFOLLOW);

    if (fd == -1) {
        return (errno == ENOTDIR || errno == ELOOP)
               ? WUB_DECLINED : wub_dir_rc(errno, ret_errno);
    }

    *ret_fd = fd;

    return WUB_OK;
}


wub_rc_t
wub_dir_read(wub_arena_t *arena, int fd, size_t max, wub_names_t *ret,
    int *ret_errno)
{
    wub_rc_t                        rc;
    ssize_t                         n, i;
    wub_dir_reader_t                reader;
    const struct dirent64          *entry;
    _Alignas(struct dirent64) char  buf[WUB_DIR_READ_SIZE];

    memset(&reader, 0, sizeof(wub_dir_reader_t));
    reader.arena = arena;
    reader.max = max;

    if (lseek(fd, 0, SEEK_SET) == -1) {
        return wub_dir_rc(errno, ret_errno);
    }

    *ret_errno = 0;

    for ( ;; ) {
        n = getdents64(fd, buf, sizeof(buf));

        if (n == -1) {
            return wub_dir_rc(errno, ret_errno);
        }

        if (n == 0) {
            break;
        }

        for (i = 0; i < n; i += entry->d_reclen) {
            entry = (const void *) (buf + i);

            rc = wub_dir_add(&reader, entry->d_name);
            if (rc != WUB_OK) {
                return rc;
            }
        }
    }

    *ret = reader.names;

    return WUB_OK;
}


uint64_t
wub_dir_size(void *data, wub_str_t name)
{
    int *fd = data;

    char         text[WUB_NAME_MAX + 1];
    struct stat  st;

    if (!wub_dir_zero(name, "", text)
        || fstatat(*fd, text, &st, 0) == -1
        || !S_ISREG(st.st_mode))
    {
        return 0;
    }

    return (uint64_t) st.st_size;
}


wub_rc_t
wub_dir_open_file(const char *root, const char *path, int *ret_fd,
    wub_file_stat_t *ret, int *ret_errno)
{
    int       rootfd;
    wub_rc_t  rc;

    rootfd = wub_dir_root(root);
    if (rootfd == -1) {
        return wub_dir_rc(errno, ret_errno);
    }

    rc = wub_dir_file_at(rootfd, path, ret_fd, ret, ret_errno);
    (void) close(rootfd);

    return rc;
}


wub_rc_t
wub_dir_open_segment(int dirfd, wub_str_t name, int *ret_fd,
    wub_file_stat_t *ret, int *ret_errno)
{
    char      text[WUB_NAME_MAX + 1];
    wub_rc_t  rc;

    *ret_errno = 0;

    if (!wub_name_safe(name)) {
        return WUB_NOT_FOUND;
    }

    rc = wub_dir_tombstoned(dirfd, name, ret_errno);
    if (rc != WUB_OK) {
        return rc;
    }

    (void) wub_dir_zero(name, "", text);

    return wub_dir_file_at(dirfd, text, ret_fd, ret, ret_errno);
}


bool
wub_dir_exists(const char *root, const char *path)
{
    int  rootfd, fd;

    rootfd = wub_dir_root(root);
    if (rootfd == -1) {
        return false;
    }

    fd = wub_dir_beneath(rootfd, path, O_PATH | O_CLOEXEC);
    (void) close(rootfd);

    if (fd == -1) {
        return false;
    }

    (void) close(fd);

    return true;
}


wub_rc_t
wub_dir_hour(wub_arena_t *arena, const char *root, const char *path,
    int64_t hour_us, int64_t tolerance, wub_hour_t *ret, int *ret_errno)
{
    int          fd;
    wub_rc_t     rc;
    wub_names_t  names;

    fd = -1;

    rc = wub_dir_open(root, path, &fd, ret_errno);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_dir_read(arena, fd, WUB_HOUR_ENTRIES_MAX, &names, ret_errno);

    if (rc == WUB_OK) {
        rc = wub_hour_build(arena, &names, hour_us, tolerance, wub_dir_size,
                            &fd, ret);
    }

    (void) close(fd);

    return rc;
}


static wub_rc_t
wub_dir_rc(int error, int *ret_errno)
{
    size_t  i;

    *ret_errno = error;

    for (i = 0; i < sizeof(wub_dir_errors) / sizeof(wub_dir_errors[0]); i++) {
        if (wub_dir_errors[i].error == error) {
            return wub_dir_errors[i].rc;
        }
    }

    return WUB_IO;
}


static void
wub_dir_stamp_of(const struct stat *st, wub_dir_stamp_t *ret)
{
    ret->device = st->st_dev;
    ret->inode = st->st_ino;
    ret->mtime = st->st_mtim.tv_sec * INT64_C(1000000000)
                 + st->st_mtim.tv_nsec;
    ret->ctime = st->st_ctim.tv_sec * INT64_C(1000000000)
                 + st->st_ctim.tv_nsec;
}


/* the root itself may be a link, and may lie anywhere */
static int
wub_dir_root(const char *root)
{
    return open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
}


/* -1 and errno on failure */
static int
wub_dir_beneath(int dirfd, const char *path, int flags)
{
    int              i;
    long             fd;
    struct open_how  how;

    if (path[0] == '\0') {
        path = ".";
    }

    memset(&how, 0, sizeof(struct open_how));

    how.flags = (unsigned int) flags;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;

    for (i = 0; i < WUB_DIR_TRIES; i++) {
        fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(struct open_how));

        if (fd != -1) {
            return (int) fd;
        }

        if (errno != EAGAIN && errno != EINTR) {
            break;
        }
    }

    /* kernels before 5.6, and sandboxes that know no newer call */

    if (errno == ENOSYS || errno == EPERM) {
        return wub_dir_walk(dirfd, path, flags);
    }

    return -1;
}


/* openat2() by hand: part by part, and no link is followed at all */
static int
wub_dir_walk(int dirfd, const char *path, int flags)
{
    int        fd, next, error;
    wub_str_t  part;
    char       text[WUB_NAME_MAX + 1];

    if (path[0] == '/') {
        errno = EXDEV;
        return -1;
    }

    fd = dirfd;

    for ( ;; ) {
        part = wub_str_n(path, strcspn(path, "/"));
        path += part.len;
        path += strspn(path, "/");

        if (wub_str_eq(part, wub_str(".."))) {
            error = EXDEV;
            next = -1;

        } else if (!wub_dir_zero(part, "", text)) {
            error = ENAMETOOLONG;
            next = -1;

        } else {
            next = openat(fd, text,
                          O_NOFOLLOW | (*path == '\0' ? flags
                                        : O_PATH | O_DIRECTORY | O_CLOEXEC));
            error = errno;
        }

        if (fd != dirfd) {
            (void) close(fd);
        }

        if (next == -1 || *path == '\0') {
            errno = error;
            return next;
        }

        fd = next;
    }
}


static wub_rc_t
wub_dir_at(int dirfd, const char *path, int *ret_fd, int *ret_errno)
{
    int  fd;

    fd = wub_dir_beneath(dirfd, path, WUB_DIR_FLAGS | O_DIRECTORY);

    if (fd != -1) {
        *ret_fd = fd;
        *ret_errno = 0;
        return WUB_OK;
    }

    if (errno != ENOTDIR) {
        return wub_dir_rc(errno, ret_errno);
    }

    *ret_errno = ENOTDIR;

    /* the thing itself is no directory, or one on the way to it */

    fd = wub_dir_beneath(dirfd, path, O_PATH | O_CLOEXEC);
    if (fd == -1) {
        return WUB_NOT_FOUND;
    }

    (void) close(fd);

    return WUB_DECLINED;
}


static wub_rc_t
wub_dir_file_at(int dirfd, const char *path, int *ret_fd,
    wub_file_stat_t *ret, int *ret_errno)
{
    int          fd;
    struct stat  st;

    fd = wub_dir_beneath(dirfd, path, WUB_DIR_FLAGS);
    if (fd == -1) {
        return wub_dir_rc(errno, ret_errno);
    }

    if (fstat(fd, &st) == -1) {
        *ret_errno = errno;
        (void) close(fd);
        return wub_dir_rc(*ret_errno, ret_errno);
    }

    *ret_errno = 0;

    if (!S_ISREG(st.st_mode)) {
        (void) close(fd);
        return WUB_DECLINED;
    }

    *ret_fd = fd;

    ret->size = (uint64_t) st.st_size;
    ret->mtime = st.st_mtim.tv_sec;
    ret->inode = st.st_ino;

    return WUB_OK;
}


/* WUB_DENIED: yes; another failure: it cannot be told */
static wub_rc_t
wub_dir_tombstoned(int dirfd, wub_str_t name, int *ret_errno)
{
    char             text[WUB_NAME_MAX + 1];
    struct stat      st;
    wub_name_kind_e  kind;

    kind = wub_name_kind(name);

    if ((kind != WUB_NAME_TS && kind != WUB_NAME_JSON)
        || !wub_dir_zero(wub_name_stem(name), WUB_TOMBSTONE, text))
    {
        return WUB_OK;
    }

    if (fstatat(dirfd, text, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        return WUB_DENIED;
    }

    return (errno == ENOENT) ? WUB_OK : wub_dir_rc(errno, ret_errno);
}


static wub_rc_t
wub_dir_add(wub_dir_reader_t *r, const char *name)
{
    size_t      len, room;
    wub_str_t  *list;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return WUB_OK;
    }

    if (r->names.nnames == r->max) {
        return WUB_TOO_BIG;
    }

    if (r->names.nnames == r->room) {
        room = (r->room == 0) ? 256 : r->room * 2;

        list = wub_arena_grow(r->arena, r->names.names,
                              r->room * sizeof(wub_str_t),
                              room * sizeof(wub_str_t));
        if (list == NULL) {
            return WUB_NO_MEMORY;
        }

        r->names.names = list;
        r->room = room;
    }

    len = strlen(name);

    if (r->chunk == NULL || len > r->left) {
        r->left = (len > WUB_DIR_CHUNK) ? len : WUB_DIR_CHUNK;

        r->chunk = wub_arena_alloc(r->arena, r->left);
        if (r->chunk == NULL) {
            return WUB_NO_MEMORY;
        }
    }

    memcpy(r->chunk, name, len);
    r->names.names[r->names.nnames++] = wub_str_n(r->chunk, len);

    r->chunk += len;
    r->left -= len;

    return WUB_OK;
}


/* name and tail in one piece with a zero; false: too long for a name */
static bool
wub_dir_zero(wub_str_t name, const char *tail, char out[WUB_NAME_MAX + 1])
{
    size_t  len;

    len = strlen(tail);

    if (name.len > WUB_NAME_MAX || len > WUB_NAME_MAX - name.len) {
        return false;
    }

    memcpy(out, name.data, name.len);
    memcpy(out + name.len, tail, len + 1);

    return true;
}
