
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "worker/worker_log.h"
#include "worker/worker_render_child.h"
#include "worker/worker_render_count.h"
#include "worker/worker_render_crew.h"
#include "worker/worker_render_say.h"


/* microseconds: for a request line, between two looks at one that is not
   whole, for a child to see for itself that its client left, and the longest
   sleep */

#define WORKER_RENDER_LINE       (10 * WUB_SECOND)
#define WORKER_RENDER_AGAIN      20000
#define WORKER_RENDER_GRACE      500000
#define WORKER_RENDER_SLEEP      (60 * WUB_SECOND)


static void worker_render_crew_event(worker_render_crew_t *crew, size_t i,
    short events);
static void worker_render_crew_look(worker_render_crew_t *crew, size_t i);
static void worker_render_crew_due(worker_render_crew_t *crew, size_t i,
    int64_t now);
static void worker_render_crew_ready(worker_render_crew_t *crew, size_t i);
static bool worker_render_crew_free(const worker_render_crew_t *crew,
    worker_limits_kind_e kind);
static void worker_render_crew_next(worker_render_crew_t *crew);
static void worker_render_crew_start(worker_render_crew_t *crew, size_t i);
static void worker_render_crew_kill(worker_render_crew_t *crew, size_t i,
    worker_render_reason_e reason);


static const worker_render_refusal_t  worker_render_busy = {
    503, "The renderer is busy; try again in a moment."
};

static const worker_render_refusal_t  worker_render_waited = {
    503, "The renderer was busy for too long; try again in a moment."
};

static const worker_render_refusal_t  worker_render_ending = {
    503, "The renderer is being restarted; try again in a moment."
};

static const worker_render_refusal_t  worker_render_line = {
    408, "The request did not become complete."
};

static const worker_render_refusal_t  worker_render_none = {
    503, "No process could be started to render; try again in a moment."
};


bool
worker_render_crew_room(const worker_render_crew_t *crew)
{
    return crew->nconns < WORKER_RENDER_CONNS;
}


void
worker_render_crew_add(worker_render_crew_t *crew, int fd,
    const struct sockaddr_storage *addr, socklen_t addrlen)
{
    size_t                 i;
    worker_render_conn_t  *c;

    for (i = 0; crew->conns[i].state != WORKER_RENDER_FREE; i++) {
        /* void */
    }

    c = &crew->conns[i];
    memset(c, 0, sizeof(worker_render_conn_t));
    memset(&crew->shared->slots[i], 0, sizeof(worker_render_slot_t));

    c->state = WORKER_RENDER_HEAD;
    c->kind = WORKER_LIMITS_OTHER;
    c->fd = fd;
    c->polled = -1;
    c->accepted = worker_render_now();
    c->until = c->accepted + WORKER_RENDER_LINE;
    c->addr = *addr;
    c->addrlen = addrlen;

    crew->nconns++;
    crew->shared->conns = crew->nconns;
    crew->shared->accepted++;

    /* as a rule the request came along with the connection */

    worker_render_crew_look(crew, i);
}


int
worker_render_crew_poll(worker_render_crew_t *crew,
    struct pollfd pfds[WORKER_RENDER_CONNS], size_t *ret_npfds)
{
    size_t                 i, n;
    int64_t                now, next;
    worker_render_conn_t  *c;

    n = 0;
    now = worker_render_now();
    next = now + WORKER_RENDER_SLEEP;

    for (i = 0; i < WORKER_RENDER_CONNS; i++) {
        c = &crew->conns[i];
        c->polled = -1;

        if (c->state == WORKER_RENDER_FREE) {
            continue;
        }

        next = (c->until < next) ? c->until : next;

        if (c->state == WORKER_RENDER_HEAD && c->look > now) {
            next = (c->look < next) ? c->look : next;
        }

        if (c->left != 0) {
            continue;
        }

        c->polled = (ssize_t) n;
        pfds[n].fd = c->fd;
        pfds[n].events = POLLRDHUP;
        pfds[n].revents = 0;

        if (c->state == WORKER_RENDER_LINGER
            || (c->state == WORKER_RENDER_HEAD && now >= c->look))
        {
            pfds[n].events = POLLIN | POLLRDHUP;
        }

        n++;
    }

    *ret_npfds = n;

    /* rounded up, so that what is due is due */

    return (next <= now) ? 0 : (int) ((next - now + 999) / 1000);
}


void
worker_render_crew_turn(worker_render_crew_t *crew,
    const struct pollfd pfds[WORKER_RENDER_CONNS])
{
    size_t                 i;
    int64_t                now;
    worker_render_conn_t  *c;

    worker_render_crew_reap(crew);

    now = worker_render_now();

    for (i = 0; i < WORKER_RENDER_CONNS; i++) {
        c = &crew->conns[i];

        if (c->state == WORKER_RENDER_FREE) {
            continue;
        }

        if (c->polled != -1 && pfds[c->polled].revents != 0) {
            worker_render_crew_event(crew, i, pfds[c->polled].revents);
        }

        worker_render_crew_due(crew, i, now);
    }

    worker_render_crew_next(crew);
}


void
worker_render_crew_stop(worker_render_crew_t *crew, bool hard)
{
    size_t                 i;
    worker_render_conn_t  *c;

    crew->ending = true;

    for (i = 0; i < WORKER_RENDER_CONNS; i++) {
        c = &crew->conns[i];

        if (c->state == WORKER_RENDER_HEAD
            || c->state == WORKER_RENDER_QUEUED)
        {
            worker_render_crew_refuse(crew, i, &worker_render_ending);

        } else if (hard && c->state == WORKER_RENDER_WORK) {
            worker_render_crew_kill(crew, i, WORKER_RENDER_STOP);

        } else if (hard && c->state == WORKER_RENDER_LINGER) {
            worker_render_crew_close(crew, i);
        }
    }
}


static void
worker_render_crew_event(worker_render_crew_t *crew, size_t i, short events)
{
    bool                     gone;
    worker_render_conn_t    *c;
    worker_render_counts_t  *counts;

    c = &crew->conns[i];
    counts = &crew->shared->kinds[c->kind];
    gone = (events & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;

    switch (c->state) {

    case WORKER_RENDER_HEAD:
    case WORKER_RENDER_QUEUED:

        if (gone) {
            worker_render_count(counts, 499,
                                worker_render_now() - c->accepted);
            worker_render_crew_close(crew, i);

        } else if (c->state == WORKER_RENDER_HEAD) {
            worker_render_crew_look(crew, i);
        }

        break;

    case WORKER_RENDER_WORK:

        /* its child sees it too, unless it is too busy to look */

        if (gone && c->killed == WORKER_RENDER_NOTHING) {
            c->left = worker_render_now();
            c->until = (c->until < c->left + WORKER_RENDER_GRACE)
                       ? c->until : c->left + WORKER_RENDER_GRACE;
        }

        break;

    case WORKER_RENDER_LINGER:

        if (!worker_render_drain(c->fd)) {
            worker_render_crew_close(crew, i);
        }

        break;

    case WORKER_RENDER_FREE:
        break;
    }
}


static void
worker_render_crew_look(worker_render_crew_t *crew, size_t i)
{
    worker_rc_t            rc;
    worker_render_conn_t  *c;

    c = &crew->conns[i];

    rc = worker_render_look(c->fd, &c->kind, crew->shared->slots[i].text,
                            WORKER_RENDER_TEXT);

    if (rc == WORKER_OK) {
        worker_render_crew_ready(crew, i);

    } else if (rc == WORKER_AGAIN) {

        /* a piece of a line can be read the whole time: not at each turn */

        c->look = worker_render_now() + WORKER_RENDER_AGAIN;

    } else {
        worker_render_crew_close(crew, i);
    }
}


static void
worker_render_crew_due(worker_render_crew_t *crew, size_t i, int64_t now)
{
    worker_render_conn_t  *c;

    c = &crew->conns[i];

    if (c->state == WORKER_RENDER_FREE || now < c->until) {
        return;
    }

    switch (c->state) {

    case WORKER_RENDER_HEAD:
        worker_render_crew_refuse(crew, i, &worker_render_line);
        break;

    case WORKER_RENDER_QUEUED:
        crew->shared->kinds[c->kind].busy++;
        worker_render_crew_refuse(crew, i, &worker_render_waited);
        break;

    case WORKER_RENDER_WORK:
        worker_render_crew_kill(crew, i, (c->left != 0) ? WORKER_RENDER_LEFT
                                                        : WORKER_RENDER_TIME);
        break;

    case WORKER_RENDER_LINGER:
        worker_render_crew_close(crew, i);
        break;

    case WORKER_RENDER_FREE:
        break;
    }
}


/* its kind is known */
static void
worker_render_crew_ready(worker_render_crew_t *crew, size_t i)
{
    worker_render_conn_t    *c;
    worker_render_counts_t  *counts;
    const worker_limits_t   *limits;

    c = &crew->conns[i];
    counts = &crew->shared->kinds[c->kind];
    limits = &crew->shared->limits[c->kind];

    if (crew->ending) {
        worker_render_crew_refuse(crew, i, &worker_render_ending);

    } else if (counts->queued == 0 && worker_render_crew_free(crew, c->kind)) {
        worker_render_crew_start(crew, i);

    } else if (counts->queued < (uint64_t) limits->queue) {
        c->state = WORKER_RENDER_QUEUED;
        c->until = worker_render_now() + limits->wait * WUB_SECOND;
        counts->queued++;

    } else {
        counts->busy++;
        worker_render_crew_refuse(crew, i, &worker_render_busy);
    }
}


/* true when a child of this kind may be started */
static bool
worker_render_crew_free(const worker_render_crew_t *crew,
    worker_limits_kind_e kind)
{
    if (crew->shared->kinds[kind].working
        >= (uint64_t) crew->shared->limits[kind].children)
    {
        return false;
    }

    return !worker_limits_rows[kind].renders
           || crew->working < crew->shared->children;
}


/* those who wait, in the order in which they came */
static void
worker_render_crew_next(worker_render_crew_t *crew)
{
    size_t                       i, oldest;
    const worker_render_conn_t  *c;

    for ( ;; ) {
        oldest = WORKER_RENDER_CONNS;

        for (i = 0; i < WORKER_RENDER_CONNS; i++) {
            c = &crew->conns[i];

            if (c->state == WORKER_RENDER_QUEUED
                && worker_render_crew_free(crew, c->kind)
                && (oldest == WORKER_RENDER_CONNS
                    || c->accepted < crew->conns[oldest].accepted))
            {
                oldest = i;
            }
        }

        if (oldest == WORKER_RENDER_CONNS) {
            return;
        }

        worker_render_crew_start(crew, oldest);
    }
}


static void
worker_render_crew_start(worker_render_crew_t *crew, size_t i)
{
    pid_t                    pid;
    worker_err_t             err;
    worker_render_conn_t    *c;
    worker_render_child_t    child;
    worker_render_shared_t  *shared;

    c = &crew->conns[i];
    shared = crew->shared;

    if (c->state == WORKER_RENDER_QUEUED) {
        shared->kinds[c->kind].queued--;
        c->state = WORKER_RENDER_HEAD;
    }

    child.config = crew->config;
    child.shared = shared;
    child.limits = &shared->limits[c->kind];
    child.slot = &shared->slots[i];
    child.kind = c->kind;
    child.fd = c->fd;
    child.addr = c->addr;
    child.addrlen = c->addrlen;

    pid = worker_child_fork(c->fd, &err);

    if (pid == 0) {
        worker_render_child(&child);
    }

    if (pid == -1) {
        worker_log(WORKER_LOG_ERROR, err.text, NULL);
        shared->failed++;
        worker_render_crew_refuse(crew, i, &worker_render_none);
        return;
    }

    c->state = WORKER_RENDER_WORK;
    c->pid = pid;
    c->until = worker_render_now()
               + shared->limits[c->kind].time * WUB_SECOND;

    shared->kinds[c->kind].working++;
    crew->working += worker_limits_rows[c->kind].renders;
}


static void
worker_render_crew_kill(worker_render_crew_t *crew, size_t i,
    worker_render_reason_e reason)
{
    worker_render_conn_t  *c;

    c = &crew->conns[i];

    if (c->killed == WORKER_RENDER_NOTHING) {
        c->killed = reason;
    }

    c->until = INT64_MAX;
    (void) kill(c->pid, SIGKILL);
}


void
worker_render_crew_refuse(worker_render_crew_t *crew, size_t i,
    const worker_render_refusal_t *refusal)
{
    int64_t                  now;
    worker_render_conn_t    *c;
    worker_render_counts_t  *counts;

    c = &crew->conns[i];
    counts = &crew->shared->kinds[c->kind];
    now = worker_render_now();

    if (c->state == WORKER_RENDER_QUEUED) {
        counts->queued--;
    }

    worker_render_count(counts, refusal->status, now - c->accepted);
    worker_render_say(c->fd, refusal->status, refusal->sentence);

    c->state = WORKER_RENDER_LINGER;
    c->until = now + WORKER_RENDER_LINGERING;
}


void
worker_render_crew_close(worker_render_crew_t *crew, size_t i)
{
    worker_render_conn_t  *c;

    c = &crew->conns[i];

    if (c->state == WORKER_RENDER_QUEUED) {
        crew->shared->kinds[c->kind].queued--;
    }

    (void) close(c->fd);

    c->state = WORKER_RENDER_FREE;
    crew->nconns--;
    crew->shared->conns = crew->nconns;
}
