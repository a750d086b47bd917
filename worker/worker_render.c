
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "worker/worker_log.h"
#include "worker/worker_loop.h"
#include "worker/worker_render.h"
#include "worker/worker_render_crew.h"
#include "worker/worker_render_listen.h"
#include "worker/worker_render_say.h"


/* microseconds: for what is at work when an end is asked for, and of rest
   when no connection can be accepted */

#define WORKER_RENDER_PATIENCE   (30 * WUB_SECOND)
#define WORKER_RENDER_REST       100000

/* a terminal and a script may both ask for an end: once */
#define WORKER_RENDER_AGAIN      (2 * WUB_SECOND)

/* connections that are accepted in one turn */
#define WORKER_RENDER_ACCEPT     64


typedef struct {
    worker_render_listen_t   listen;
    worker_render_crew_t    *crew;
    struct pollfd            pfds[WORKER_RENDER_CONNS + 1];
    int                      stops;     /* times that an end was asked for */
    int64_t                  stopped;   /* when the first one was */
    bool                     killed;    /* nobody is waited for any more */
    int64_t                  rest;      /* nothing is accepted before */
} worker_render_t;


static worker_rc_t worker_render_open(wub_arena_t *arena,
    const worker_config_t *config, worker_render_t *r, worker_err_t *err);
static void worker_render_loop(worker_render_t *r);
static void worker_render_accept(worker_render_t *r);
static void worker_render_stop(worker_render_t *r);


int
worker_render(const worker_config_t *config)
{
    char              children[24];
    wub_arena_t      *arena;
    worker_err_t      err;
    worker_render_t  *r;

    arena = wub_arena_create(WUB_ARENA_MAX);
    r = (arena == NULL) ? NULL : wub_arena_calloc(arena, sizeof(*r));

    if (r == NULL) {
        wub_arena_destroy(arena);
        worker_log(WORKER_LOG_ERROR, "out of memory", NULL);
        return WORKER_EXIT_FAILED;
    }

    worker_loop_setup();

    if (worker_render_open(arena, config, r, &err) != WORKER_OK) {
        wub_arena_destroy(arena);
        worker_log(WORKER_LOG_ERROR, err.text, NULL);
        return WORKER_EXIT_FAILED;
    }

    (void) snprintf(children, sizeof(children), "%lld",
                    (long long) config->render.children);
    worker_log(WORKER_LOG_INFO, "rendering", "segments", config->segments,
               "listen", config->render.listen, "children", children, NULL);

    worker_render_loop(r);

    worker_render_listen_close(&r->listen);
    (void) munmap(r->crew->shared, sizeof(worker_render_shared_t));
    wub_arena_destroy(arena);
    worker_log(WORKER_LOG_INFO, "stopped", NULL);

    return WORKER_EXIT_OK;
}


static worker_rc_t
worker_render_open(wub_arena_t *arena, const worker_config_t *config,
    worker_render_t *r, worker_err_t *err)
{
    worker_rc_t              rc;
    struct timespec          now;
    worker_render_shared_t  *shared;

    r->crew = wub_arena_calloc(arena, sizeof(worker_render_crew_t));
    if (r->crew == NULL) {
        return worker_fail_memory(err, "The connections");
    }

    shared = mmap(NULL, sizeof(worker_render_shared_t),
                  PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (shared == MAP_FAILED) {
        return worker_fail_memory(err, "The counters");
    }

    rc = worker_render_listen_open(&r->listen, config->render.listen,
                                   (unsigned) config->render.mode, err);
    if (rc != WORKER_OK) {
        (void) munmap(shared, sizeof(worker_render_shared_t));
        return rc;
    }

    memcpy(shared->limits, config->render.kinds, sizeof(shared->limits));
    shared->children = config->render.children;

    (void) clock_gettime(CLOCK_REALTIME, &now);
    shared->started = (int64_t) now.tv_sec * WUB_SECOND + now.tv_nsec / 1000;

    r->crew->config = config;
    r->crew->shared = shared;

    return WORKER_OK;
}


static void
worker_render_loop(worker_render_t *r)
{
    int             ms;
    size_t          n;
    int64_t         now;
    struct pollfd  *listen;

    for ( ;; ) {
        worker_render_stop(r);

        if (r->stops > 0 && r->crew->nconns == 0) {
            return;
        }

        ms = worker_render_crew_poll(r->crew, r->pfds, &n);
        now = worker_render_now();

        listen = &r->pfds[n];
        listen->fd = -1;
        listen->events = POLLIN;
        listen->revents = 0;

        if (now < r->rest) {
            ms = (ms < WORKER_RENDER_REST / 1000) ? ms
                                                  : WORKER_RENDER_REST / 1000;

        } else if (worker_render_crew_room(r->crew)) {
            listen->fd = r->listen.fd;
        }

        if (r->stops > 0) {
            ms = (ms < 1000) ? ms : 1000;
        }

        worker_loop_poll(r->pfds, n + (listen->fd != -1), ms);
        worker_render_crew_turn(r->crew, r->pfds);

        if (listen->revents != 0) {
            worker_render_accept(r);
        }
    }
}


static void
worker_render_accept(worker_render_t *r)
{
    int                      i, fd;
    socklen_t                len;
    struct sockaddr_storage  addr;

    for (i = 0; i < WORKER_RENDER_ACCEPT && r->listen.fd != -1
                && worker_render_crew_room(r->crew); i++)
    {
        memset(&addr, 0, sizeof(addr));
        len = sizeof(addr);

        fd = accept4(r->listen.fd, (struct sockaddr *) &addr, &len,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd != -1) {
            r->rest = 0;
            worker_render_crew_add(r->crew, fd, &addr, len);
            continue;
        }

        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) {
            return;
        }

        /* no descriptors, as a rule: those at work give theirs back */

        if (r->rest == 0) {
            worker_log(WORKER_LOG_ERROR, "no connection can be accepted; it "
                       "is tried again", "error", strerror(errno), NULL);
        }

        r->crew->shared->failed++;
        r->rest = worker_render_now() + WORKER_RENDER_REST;
        return;
    }
}


/* at first, those at work may finish */
static void
worker_render_stop(worker_render_t *r)
{
    int      stops;
    int64_t  now;

    stops = *worker_loop_stop();
    now = worker_render_now();

    if (stops > r->stops && r->stops == 0) {
        worker_log(WORKER_LOG_INFO, "stopping", NULL);
        worker_render_listen_close(&r->listen);
        worker_render_crew_stop(r->crew, false);
        r->stopped = now;
        r->stops = stops;

    } else if (r->stops > 0 && !r->killed
               && (now >= r->stopped + WORKER_RENDER_PATIENCE
                   || (stops > r->stops
                       && now >= r->stopped + WORKER_RENDER_AGAIN)))
    {
        worker_log(WORKER_LOG_WARN, "killing what is still at work", NULL);
        worker_render_crew_stop(r->crew, true);
        r->killed = true;
    }
}
