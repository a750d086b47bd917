
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <sys/random.h>
#include <time.h>

#include "worker/worker_loop.h"


static void worker_loop_on_stop(int signo);
static void worker_loop_on_child(int signo);
static void worker_loop_handle(sigset_t *handled);


static volatile sig_atomic_t  worker_loop_stopping;


void
worker_loop_setup(void)
{
    sigset_t  handled;

    worker_loop_handle(&handled);
    (void) sigprocmask(SIG_BLOCK, &handled, NULL);
}


void
worker_loop_setup_child(void)
{
    sigset_t  handled;

    worker_loop_stopping = 0;

    worker_loop_handle(&handled);
    (void) sigprocmask(SIG_UNBLOCK, &handled, NULL);
}


const volatile sig_atomic_t *
worker_loop_stop(void)
{
    return &worker_loop_stopping;
}


bool
worker_loop_wait(int fd, int ms)
{
    struct pollfd  pfd;

    pfd.fd = fd;
    pfd.events = POLLIN;

    worker_loop_poll(&pfd, 1, ms);

    return pfd.revents != 0;
}


void
worker_loop_poll(struct pollfd *pfds, size_t npfds, int ms)
{
    size_t           i;
    sigset_t         open;
    struct timespec  timeout;

    timeout.tv_sec = ms / 1000;
    timeout.tv_nsec = (long) (ms % 1000) * 1000000;

    (void) sigemptyset(&open);

    for (i = 0; i < npfds; i++) {
        pfds[i].revents = 0;
    }

    if (ppoll(pfds, (nfds_t) npfds, &timeout, &open) > 0) {
        return;
    }

    /* what a call that failed left in them is void */

    for (i = 0; i < npfds; i++) {
        pfds[i].revents = 0;
    }
}


int
worker_loop_jitter(int ms)
{
    int       tenth;
    uint32_t  random;

    tenth = ms / 10;
    random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random)) {
        return ms;
    }

    return ms - tenth + (int) (random % (uint32_t) (2 * tenth + 1));
}


int64_t
worker_loop_now(void)
{
    struct timespec  now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);

    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}


static void
worker_loop_on_stop(int signo)
{
    (void) signo;

    if (worker_loop_stopping < 100) {
        worker_loop_stopping++;
    }
}


static void
worker_loop_on_child(int signo)
{
    (void) signo;
}


static void
worker_loop_handle(sigset_t *handled)
{
    size_t            i;
    struct sigaction  sa;

    static const struct {
        int    signo;
        void (*handler)(int signo);
    } rows[] = {
        { SIGTERM, worker_loop_on_stop },
        { SIGINT, worker_loop_on_stop },
        { SIGHUP, worker_loop_on_stop },
        { SIGCHLD, worker_loop_on_child },
        { SIGPIPE, SIG_IGN },
        { SIGXFSZ, SIG_IGN }
    };

    (void) sigemptyset(handled);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(&sa, 0, sizeof(sa));
        (void) sigemptyset(&sa.sa_mask);
        sa.sa_handler = rows[i].handler;
        (void) sigaction(rows[i].signo, &sa, NULL);

        if (rows[i].handler != SIG_IGN) {
            (void) sigaddset(handled, rows[i].signo);
        }
    }
}
