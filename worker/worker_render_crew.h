
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_render_crew: the connections of the render service and what
 * becomes of each: its request line is waited for, then it waits for a
 * child of its kind or is refused, then its child is watched.
 * May call: worker_child, worker_render_child, worker_render_say,
 * worker_render_count, worker_log.
 * Frees: descriptors of connections that end.
 */


#ifndef WORKER_RENDER_CREW_H_INCLUDED_
#define WORKER_RENDER_CREW_H_INCLUDED_


#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "worker/worker_config.h"
#include "worker/worker_child.h"
#include "worker/worker_render_slot.h"


typedef enum {
    WORKER_RENDER_FREE = 0,
    WORKER_RENDER_HEAD,         /* its request line is not all there */
    WORKER_RENDER_QUEUED,       /* it waits for a child */
    WORKER_RENDER_WORK,         /* a child has it */
    WORKER_RENDER_LINGER        /* answered; what it still sends is read */
} worker_render_state_e;

/* microseconds for what still comes behind an answer */
#define WORKER_RENDER_LINGERING  (2 * WUB_SECOND)


/* times are of the clock of worker_render_now() */
typedef struct {
    worker_render_state_e     state;
    worker_limits_kind_e      kind;
    int                       fd;
    pid_t                     pid;
    int64_t                   accepted;
    int64_t                   until;    /* the state's own end */
    int64_t                   look;     /* HEAD: not before that again */
    int64_t                   left;     /* WORK: its client did; or 0 */
    ssize_t                   polled;   /* where in what is polled, or -1 */
    worker_render_reason_e    killed;
    struct sockaddr_storage   addr;
    socklen_t                 addrlen;
} worker_render_conn_t;

/* slots and connections of the same index belong together */
typedef struct {
    const worker_config_t    *config;
    worker_render_shared_t   *shared;
    worker_render_conn_t      conns[WORKER_RENDER_CONNS];
    size_t                    nconns;
    int64_t                   working;  /* children that render */
    bool                      ending;
} worker_render_crew_t;


/* what the parent itself answers */
typedef struct {
    unsigned                  status;
    const char               *sentence;
} worker_render_refusal_t;


/* false when no more can be taken just now */
bool worker_render_crew_room(const worker_render_crew_t *crew);

/* takes a connection that was just accepted */
void worker_render_crew_add(worker_render_crew_t *crew, int fd,
    const struct sockaddr_storage *addr, socklen_t addrlen);

/*
 * What to wait for, *ret_npfds of them: no more than descriptors are open,
 * or poll() refuses; and for how long, in milliseconds.
 */
int worker_render_crew_poll(worker_render_crew_t *crew,
    struct pollfd pfds[WORKER_RENDER_CONNS], size_t *ret_npfds);

/* what came, what is over, who has ended, and who is next */
void worker_render_crew_turn(worker_render_crew_t *crew,
    const struct pollfd pfds[WORKER_RENDER_CONNS]);

/* those who wait are refused from now on; hard: children are killed */
void worker_render_crew_stop(worker_render_crew_t *crew, bool hard);

/* children that have ended */
void worker_render_crew_reap(worker_render_crew_t *crew);

/* an answer without a child, or in the place of one that gave none */
void worker_render_crew_refuse(worker_render_crew_t *crew, size_t i,
    const worker_render_refusal_t *refusal);

void worker_render_crew_close(worker_render_crew_t *crew, size_t i);


#endif /* WORKER_RENDER_CREW_H_INCLUDED_ */
