
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "worker/worker_address.h"
#include "worker/worker_render_listen.h"


/* connections that wait to be accepted */
#define WORKER_RENDER_BACKLOG    511


static worker_rc_t worker_render_listen_unix(worker_render_listen_t *l,
    const worker_address_t *address, unsigned mode, worker_err_t *err);
static worker_rc_t worker_render_listen_free(const struct sockaddr_un *un,
    worker_err_t *err);
static worker_rc_t worker_render_listen_bind(worker_render_listen_t *l,
    const struct sockaddr_un *temp, unsigned mode);
static worker_rc_t worker_render_listen_inet(worker_render_listen_t *l,
    const worker_address_t *address, const char *listen_at,
    worker_err_t *err);


worker_rc_t
worker_render_listen_open(worker_render_listen_t *l, const char *listen,
    unsigned mode, worker_err_t *err)
{
    const char        *why;
    worker_address_t   address;

    memset(l, 0, sizeof(worker_render_listen_t));
    l->fd = -1;

    why = worker_address_parse(listen, &address);

    if (why != NULL) {
        return worker_fail(err, WORKER_INVALID, "render.listen (--listen) %s.",
                           why);
    }

    return (address.addr.ss_family == AF_UNIX)
           ? worker_render_listen_unix(l, &address, mode, err)
           : worker_render_listen_inet(l, &address, listen, err);
}


/*
 * It is bound to a name beside its own and renamed when it listens, so that
 * who connects meanwhile meets the one before or this one.
 */
static worker_rc_t
worker_render_listen_unix(worker_render_listen_t *l,
    const worker_address_t *address, unsigned mode, worker_err_t *err)
{
    int                 n;
    worker_rc_t         rc;
    struct sockaddr_un  temp;

    memcpy(&l->un, &address->addr, sizeof(struct sockaddr_un));

    temp = l->un;
    n = snprintf(temp.sun_path, sizeof(temp.sun_path), "%s.%ld",
                 l->un.sun_path, (long) getpid());

    if (n < 0 || (size_t) n >= sizeof(temp.sun_path)) {
        rc = worker_fail(err, WORKER_INVALID, "The path of the socket %s is "
                         "too long.", l->un.sun_path);
        l->un.sun_family = AF_UNSPEC;

        return rc;
    }

    rc = worker_render_listen_free(&l->un, err);

    if (rc == WORKER_OK) {
        rc = worker_render_listen_bind(l, &temp, mode);

        if (rc != WORKER_OK) {
            rc = worker_fail(err, rc, "The socket %s cannot be made: %s.",
                             l->un.sun_path, strerror(errno));
            (void) unlink(temp.sun_path);
        }
    }

    if (rc != WORKER_OK) {
        l->un.sun_family = AF_UNSPEC;
        worker_render_listen_close(l);
    }

    return rc;
}


/* nobody listens there; what is there is a socket or nothing */
static worker_rc_t
worker_render_listen_free(const struct sockaddr_un *un, worker_err_t *err)
{
    int          fd, rc, error;
    struct stat  st;

    if (lstat(un->sun_path, &st) == -1) {
        return (errno == ENOENT)
               ? WORKER_OK
               : worker_fail(err, WORKER_INVALID,
                             "The socket %s cannot be made: %s.",
                             un->sun_path, strerror(errno));
    }

    if (!S_ISSOCK(st.st_mode)) {
        return worker_fail(err, WORKER_INVALID,
                           "%s is there and is no socket; name another one, "
                           "or remove it.", un->sun_path);
    }

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd == -1) {
        return worker_fail(err, WORKER_INVALID,
                           "The socket %s cannot be made: %s.", un->sun_path,
                           strerror(errno));
    }

    rc = connect(fd, (const struct sockaddr *) un, sizeof(*un));
    error = (rc == 0) ? 0 : errno;
    (void) close(fd);

    if (error == ECONNREFUSED || error == ENOENT) {
        return WORKER_OK;
    }

    return worker_fail(err, WORKER_INVALID,
                       "Another process listens on the socket %s; stop it, "
                       "or name another one.", un->sun_path);
}


/* errno says what failed */
static worker_rc_t
worker_render_listen_bind(worker_render_listen_t *l,
    const struct sockaddr_un *temp, unsigned mode)
{
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (l->fd == -1
        || bind(l->fd, (const struct sockaddr *) temp, sizeof(*temp)) == -1
        || chmod(temp->sun_path, (mode_t) mode) == -1
        || listen(l->fd, WORKER_RENDER_BACKLOG) == -1
        || stat(temp->sun_path, &l->st) == -1
        || rename(temp->sun_path, l->un.sun_path) == -1)
    {
        return WORKER_INVALID;
    }

    return WORKER_OK;
}


static worker_rc_t
worker_render_listen_inet(worker_render_listen_t *l,
    const worker_address_t *address, const char *listen_at, worker_err_t *err)
{
    int  one;

    one = 1;
    l->fd = socket(address->addr.ss_family,
                   SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (l->fd == -1
        || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == -1
        || bind(l->fd, (const struct sockaddr *) &address->addr, address->len)
           == -1
        || listen(l->fd, WORKER_RENDER_BACKLOG) == -1)
    {
        (void) worker_fail(err, WORKER_INVALID, "%s cannot be listened on: "
                           "%s.", listen_at, strerror(errno));
        worker_render_listen_close(l);

        return WORKER_INVALID;
    }

    return WORKER_OK;
}


void
worker_render_listen_close(worker_render_listen_t *l)
{
    struct stat  st;

    if (l->fd != -1) {
        (void) close(l->fd);
        l->fd = -1;
    }

    if (l->un.sun_family == AF_UNIX && lstat(l->un.sun_path, &st) == 0
        && st.st_dev == l->st.st_dev && st.st_ino == l->st.st_ino)
    {
        (void) unlink(l->un.sun_path);
    }

    l->un.sun_family = AF_UNSPEC;
}
