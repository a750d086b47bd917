
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/wub_buf.h"
#include "common/wub_segment.h"
#include "worker/worker_media_out.h"


/* milliseconds between two looks at whether to stop */
#define WORKER_MEDIA_OUT_WAIT    50


static bool worker_media_out_stopped(const worker_media_out_t *o);
static worker_rc_t worker_media_out_file(worker_media_out_t *o,
    worker_err_t *err);
static const char *worker_media_out_name(worker_media_out_t *o, size_t i);
static worker_rc_t worker_media_out_commit(worker_media_out_t *o,
    worker_err_t *err);


/* a name of a file, or what is a stream already: "-", a pipe, a device */
worker_rc_t
worker_media_out_open(worker_media_out_t *o, worker_err_t *err)
{
    struct stat  st;

    o->fd = -1;
    o->file.fd = -1;
    o->file.dirfd = -1;
    o->nfiles = 0;
    o->close = false;
    o->pipe = false;

    if (strcmp(o->output, "-") == 0) {
        o->fd = STDOUT_FILENO;
        o->pipe = fstat(o->fd, &st) == 0 && S_ISFIFO(st.st_mode);

        return WORKER_OK;
    }

    if (stat(o->output, &st) == -1 || S_ISREG(st.st_mode)) {
        return worker_media_out_file(o, err);
    }

    o->fd = open(o->output, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    if (o->fd == -1) {
        return worker_fail(err, WORKER_RETRY, "%s cannot be written: %s.",
                           o->output, strerror(errno));
    }

    o->close = true;
    o->pipe = fstat(o->fd, &st) == 0 && S_ISFIFO(st.st_mode);

    return WORKER_OK;
}


worker_rc_t
worker_media_out_write(void *data, const uint8_t *bytes, size_t len,
    worker_err_t *err)
{
    size_t               part;
    ssize_t              n;
    worker_media_out_t  *o = data;

    if (o->fd == -1) {
        return worker_file_write(&o->file, bytes, len, err);
    }

    while (len > 0) {

        if (worker_media_out_stopped(o)) {
            return WORKER_STOPPED;
        }

        part = (o->pipe && len > PIPE_BUF) ? PIPE_BUF : len;
        n = write(o->fd, bytes, part);

        if (n == -1 && errno != EINTR) {
            return worker_fail(err, WORKER_RETRY,
                               "The output cannot be written: %s.",
                               strerror(errno));
        }

        bytes += (n > 0) ? n : 0;
        len -= (n > 0) ? (size_t) n : 0;
    }

    return WORKER_OK;
}


/*
 * True when it is time to stop.  A pipe is waited for first, since a write
 * to one that is full begins anew after a signal, or blocks behind it: with
 * that much room it does neither.
 */
static bool
worker_media_out_stopped(const worker_media_out_t *o)
{
    int            rc;
    struct pollfd  p;

    do {

        if (o->stop != NULL && *o->stop != 0) {
            return true;
        }

        p.fd = o->fd;
        p.events = POLLOUT;

        rc = o->pipe ? poll(&p, 1, WORKER_MEDIA_OUT_WAIT) : 1;

    } while (rc == 0 || (rc == -1 && errno == EINTR));

    return false;
}


worker_rc_t
worker_media_out_next(void *data, worker_err_t *err)
{
    const char          *name;
    worker_rc_t          rc;
    worker_media_out_t  *o = data;

    rc = worker_media_out_commit(o, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    o->nfiles++;

    name = worker_media_out_name(o, o->nfiles);
    if (name == NULL) {
        return worker_fail_memory(err, o->output);
    }

    return worker_file_create(o->arena, &o->file, o->dir, name, err);
}


worker_rc_t
worker_media_out_close(worker_media_out_t *o, worker_rc_t rc,
    worker_err_t *err)
{
    size_t       i;
    const char  *name;

    if (o->fd != -1) {

        if (o->close && close(o->fd) == -1 && rc == WORKER_OK) {
            return worker_fail(err, WORKER_RETRY, "%s cannot be written: %s.",
                               o->output, strerror(errno));
        }

        return rc;
    }

    if (rc == WORKER_OK) {
        rc = (o->nfiles == 0) ? worker_file_commit(&o->file, err)
                              : worker_media_out_commit(o, err);
    }

    if (rc == WORKER_OK) {
        return WORKER_OK;
    }

    worker_file_abort(&o->file);

    for (i = 0; i < o->nfiles; i++) {
        name = worker_media_out_name(o, i);

        if (name != NULL) {
            (void) worker_file_remove(o->arena, o->dir, name, NULL);
        }
    }

    return rc;
}


static worker_rc_t
worker_media_out_file(worker_media_out_t *o, worker_err_t *err)
{
    const char  *slash;

    slash = strrchr(o->output, '/');

    if (slash == NULL) {
        o->dir = ".";
        o->name = o->output;

        return worker_file_create(o->arena, &o->file, o->dir, o->name, err);
    }

    if (slash[1] == '\0') {
        return worker_fail(err, WORKER_DECLINED,
                           "--output %s names a folder, not a file.",
                           o->output);
    }

    o->name = slash + 1;
    o->dir = wub_arena_strdup(o->arena,
                              wub_str_n(o->output,
                                        (size_t) (slash + 1 - o->output)));
    if (o->dir == NULL) {
        return worker_fail_memory(err, o->output);
    }

    return worker_file_create(o->arena, &o->file, o->dir, o->name, err);
}


/* the i-th of several: what is before the last dot, "-I", and the rest */
static const char *
worker_media_out_name(worker_media_out_t *o, size_t i)
{
    wub_buf_t    b;
    const char  *dot;

    dot = strrchr(o->name, '.');

    if (dot == NULL || dot == o->name) {
        dot = o->name + strlen(o->name);
    }

    wub_buf_init(&b, o->arena, 2 * WUB_NAME_MAX);
    wub_buf_put(&b, o->name, (size_t) (dot - o->name));
    wub_buf_putc(&b, '-');
    wub_buf_u64(&b, i);
    wub_buf_put(&b, dot, strlen(dot) + 1);

    return (b.rc == WUB_OK) ? b.data : NULL;
}


/* one of several: the first one was begun as if it were alone */
static worker_rc_t
worker_media_out_commit(worker_media_out_t *o, worker_err_t *err)
{
    o->file.name = worker_media_out_name(o, o->nfiles);

    if (o->file.name == NULL) {
        return worker_fail_memory(err, o->output);
    }

    return worker_file_commit(&o->file, err);
}
