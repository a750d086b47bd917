
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/worker_file.h"


static const char *worker_file_temp_name(wub_arena_t *arena,
    const char *name);
static worker_rc_t worker_file_failed(const worker_file_t *file,
    const char *what, worker_err_t *err);
static void worker_file_close(worker_file_t *file);


worker_rc_t
worker_file_create(wub_arena_t *arena, worker_file_t *file, const char *dir,
    const char *name, worker_err_t *err)
{
    file->fd = -1;
    file->dirfd = -1;
    file->dir = dir;
    file->name = name;
    file->temp = worker_file_temp_name(arena, name);

    if (file->temp == NULL) {
        return worker_fail_memory(err, name);
    }

    file->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (file->dirfd == -1) {
        return worker_fail(err, WORKER_RETRY,
                           "The folder %s cannot be opened: %s", dir,
                           strerror(errno));
    }

    file->fd = openat(file->dirfd, file->temp,
                      O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (file->fd == -1) {
        (void) worker_file_failed(file, "created", err);
        worker_file_close(file);
        return WORKER_RETRY;
    }

    return WORKER_OK;
}


worker_rc_t
worker_file_write(worker_file_t *file, const uint8_t *bytes, size_t len,
    worker_err_t *err)
{
    ssize_t  n;

    while (len > 0) {
        n = write(file->fd, bytes, len);

        if (n == -1 && errno == EINTR) {
            continue;
        }

        if (n == -1) {
            return worker_file_failed(file, "written", err);
        }

        bytes += n;
        len -= (size_t) n;
    }

    return WORKER_OK;
}


worker_rc_t
worker_file_commit(worker_file_t *file, worker_err_t *err)
{
    int  fd;

    if (fsync(file->fd) == -1) {
        (void) worker_file_failed(file, "made durable", err);
        goto failed;
    }

    fd = file->fd;
    file->fd = -1;

    /* network file systems tell of a full disk only here */

    if (close(fd) == -1 && errno != EINTR) {
        (void) worker_file_failed(file, "closed", err);
        goto failed;
    }

    if (renameat(file->dirfd, file->temp, file->dirfd, file->name) == -1) {
        (void) worker_file_failed(file, "renamed", err);
        goto failed;
    }

    if (fsync(file->dirfd) == -1) {
        (void) worker_fail(err, WORKER_RETRY,
                           "The folder %s cannot be made durable: %s",
                           file->dir, strerror(errno));
        (void) unlinkat(file->dirfd, file->name, 0);
        worker_file_close(file);
        return WORKER_RETRY;
    }

    worker_file_close(file);

    return WORKER_OK;

failed:

    worker_file_abort(file);

    return WORKER_RETRY;
}


void
worker_file_abort(worker_file_t *file)
{
    if (file->dirfd == -1) {
        return;
    }

    (void) unlinkat(file->dirfd, file->temp, 0);
    worker_file_close(file);
}


worker_rc_t
worker_file_put(wub_arena_t *arena, const char *dir, const char *name,
    wub_str_t content, worker_err_t *err)
{
    worker_rc_t    rc;
    worker_file_t  file;

    rc = worker_file_create(arena, &file, dir, name, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    rc = worker_file_write(&file, (const uint8_t *) content.data, content.len,
                           err);
    if (rc != WORKER_OK) {
        worker_file_abort(&file);
        return rc;
    }

    return worker_file_commit(&file, err);
}


worker_rc_t
worker_file_exists(const char *dir, const char *name, worker_err_t *err)
{
    int          fd, rc;
    struct stat  st;

    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd == -1) {
        return worker_fail(err, WORKER_RETRY,
                           "The folder %s cannot be opened: %s", dir,
                           strerror(errno));
    }

    rc = fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW);

    if (rc == -1 && errno != ENOENT) {
        (void) worker_fail(err, WORKER_RETRY, "%s/%s cannot be looked at: %s",
                           dir, name, strerror(errno));
        (void) close(fd);
        return WORKER_RETRY;
    }

    (void) close(fd);

    return (rc == 0 && S_ISREG(st.st_mode)) ? WORKER_OK : WORKER_DECLINED;
}


worker_rc_t
worker_file_remove(wub_arena_t *arena, const char *dir, const char *name,
    worker_err_t *err)
{
    int          fd;
    size_t       i;
    const char  *names[2];
    worker_rc_t  rc;

    names[0] = name;
    names[1] = worker_file_temp_name(arena, name);

    if (names[1] == NULL) {
        return worker_fail_memory(err, name);
    }

    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd == -1) {
        return worker_fail(err, WORKER_RETRY,
                           "The folder %s cannot be opened: %s", dir,
                           strerror(errno));
    }

    rc = WORKER_OK;

    for (i = 0; i < 2; i++) {
        if (unlinkat(fd, names[i], 0) == -1 && errno != ENOENT) {
            rc = worker_fail(err, WORKER_RETRY, "%s/%s cannot be removed: %s",
                             dir, names[i], strerror(errno));
        }
    }

    (void) close(fd);

    return rc;
}


worker_rc_t
worker_file_folder(const char *path, bool writable, worker_err_t *err)
{
    struct stat  st;

    if (stat(path, &st) == -1) {
        return worker_fail(err, WORKER_INVALID,
                           "the folder %s is not there: %s", path,
                           strerror(errno));
    }

    if (!S_ISDIR(st.st_mode)) {
        return worker_fail(err, WORKER_INVALID, "%s is not a folder", path);
    }

    if (access(path, (writable ? W_OK : R_OK) | X_OK) == -1) {
        return worker_fail(err, WORKER_INVALID,
                           "the folder %s may not be %s by this user", path,
                           writable ? "written to" : "read");
    }

    return WORKER_OK;
}


worker_rc_t
worker_uuid(char out[WORKER_UUID_SIZE], worker_err_t *err)
{
    size_t   i, n;
    uint8_t  bytes[16];

    static const char  hex[] = "0123456789abcdef";

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t) sizeof(bytes)) {
        return worker_fail(err, WORKER_RETRY,
                           "The system gave no random bytes: %s",
                           strerror(errno));
    }

    /* RFC 9562: version 4, variant 10 */

    bytes[6] = (uint8_t) ((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t) ((bytes[8] & 0x3f) | 0x80);

    n = 0;

    for (i = 0; i < sizeof(bytes); i++) {

        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out[n++] = '-';
        }

        out[n++] = hex[bytes[i] >> 4];
        out[n++] = hex[bytes[i] & 0x0f];
    }

    out[n] = '\0';

    return WORKER_OK;
}


static const char *
worker_file_temp_name(wub_arena_t *arena, const char *name)
{
    char    *temp;
    size_t   len;

    len = strlen(name);
    temp = wub_arena_alloc(arena, len + sizeof(WORKER_FILE_TEMP));

    if (temp != NULL) {
        memcpy(temp, name, len);
        memcpy(temp + len, WORKER_FILE_TEMP, sizeof(WORKER_FILE_TEMP));
    }

    return temp;
}


/* errno is that of the call that failed */
static worker_rc_t
worker_file_failed(const worker_file_t *file, const char *what,
    worker_err_t *err)
{
    return worker_fail(err, WORKER_RETRY, "%s/%s could not be %s: %s",
                       file->dir, file->name, what, strerror(errno));
}


static void
worker_file_close(worker_file_t *file)
{
    if (file->fd != -1) {
        (void) close(file->fd);
        file->fd = -1;
    }

    if (file->dirfd != -1) {
        (void) close(file->dirfd);
        file->dirfd = -1;
    }
}
