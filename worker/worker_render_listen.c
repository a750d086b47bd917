
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "worker/worker_render_listen.h"


#define WORKER_RENDER_UNIX       "unix:"

/* connections that wait to be accepted */
#define WORKER_RENDER_BACKLOG    511


static worker_rc_t worker_render_listen_unix(worker_render_listen_t *l,
    const char *path, unsigned mode, worker_err_t *err);
static worker_rc_t worker_render_listen_free(const struct sockaddr_un *un,
    worker_err_t *err);
static worker_rc_t worker_render_listen_bind(worker_render_listen_t *l,
    const struct sockaddr_un *temp, unsigned mode);
static worker_rc_t worker_render_listen_inet(worker_render_listen_t *l,
    const char *listen, worker_err_t *err);
static int worker_render_listen_split(const char *listen, char *host,
    size_t size, const char **ret_port);


worker_rc_t
worker_render_listen_open(worker_render_listen_t *l, const char *listen,
    unsigned mode, worker_err_t *err)
{
    size_t  len;

    memset(l, 0, sizeof(worker_render_listen_t));
    l->fd = -1;

    len = sizeof(WORKER_RENDER_UNIX) - 1;

    if (strncmp(listen, WORKER_RENDER_UNIX, len) == 0) {
        return worker_render_listen_unix(l, listen + len, mode, err);
    }

    return worker_render_listen_inet(l, listen, err);
}


/*
 * It is bound to a name beside its own and renamed when it listens, so that
 * who connects meanwhile meets the one before or this one.
 */
static worker_rc_t
worker_render_listen_unix(worker_render_listen_t *l, const char *path,
    unsigned mode, worker_err_t *err)
{
    int                 n;
    worker_rc_t         rc;
    struct sockaddr_un  temp;

    memset(&temp, 0, sizeof(struct sockaddr_un));
    temp.sun_family = AF_UNIX;

    n = snprintf(temp.sun_path, sizeof(temp.sun_path), "%s.%ld", path,
                 (long) getpid());

    if (n < 0 || (size_t) n >= sizeof(temp.sun_path)) {
        return worker_fail(err, WORKER_INVALID,
                           "The path of the socket %s is too long; the "
                           "system allows %zu bytes with a number behind it.",
                           path, sizeof(temp.sun_path) - 1);
    }

    l->un = temp;
    (void) snprintf(l->un.sun_path, sizeof(l->un.sun_path), "%s", path);

    rc = worker_render_listen_free(&l->un, err);

    if (rc == WORKER_OK) {
        rc = worker_render_listen_bind(l, &temp, mode);

        if (rc != WORKER_OK) {
            rc = worker_fail(err, rc, "The socket %s cannot be made: %s.",
                             path, strerror(errno));
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
worker_render_listen_inet(worker_render_listen_t *l, const char *listen_at,
    worker_err_t *err)
{
    int               one;
    char              host[INET6_ADDRSTRLEN + 1];
    const char       *port;
    struct addrinfo   hints, *ai;

    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;

    if (worker_render_listen_split(listen_at, host, sizeof(host), &port) != 0
        || getaddrinfo(host, port, &hints, &ai) != 0)
    {
        return worker_fail(err, WORKER_INVALID,
                           "render.listen (--listen) must be unix:PATH, "
                           "ADDR:PORT or [ADDR]:PORT with a numeric address, "
                           "not \"%s\".", listen_at);
    }

    one = 1;
    l->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                   0);

    if (l->fd == -1
        || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == -1
        || bind(l->fd, ai->ai_addr, ai->ai_addrlen) == -1
        || listen(l->fd, WORKER_RENDER_BACKLOG) == -1)
    {
        (void) worker_fail(err, WORKER_INVALID, "%s cannot be listened on: "
                           "%s.", listen_at, strerror(errno));
        freeaddrinfo(ai);
        worker_render_listen_close(l);

        return WORKER_INVALID;
    }

    freeaddrinfo(ai);

    return WORKER_OK;
}


/* the host without its brackets; the port points into listen */
static int
worker_render_listen_split(const char *listen_at, char *host, size_t size,
    const char **ret_port)
{
    size_t       len;
    const char  *colon;

    colon = strrchr(listen_at, ':');

    if (colon == NULL || colon == listen_at || colon[1] == '\0') {
        return -1;
    }

    len = (size_t) (colon - listen_at);

    if (listen_at[0] == '[') {

        if (listen_at[len - 1] != ']') {
            return -1;
        }

        listen_at++;
        len -= 2;

    } else if (memchr(listen_at, ':', len) != NULL) {
        return -1;
    }

    if (len == 0 || len >= size) {
        return -1;
    }

    memcpy(host, listen_at, len);
    host[len] = '\0';
    *ret_port = colon + 1;

    return 0;
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
