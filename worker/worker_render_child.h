
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_render_child: one request in a process of its own: its limits, the
 * connection, what is asked for, the answer.
 * May call: worker_httpd, worker_render_answer, worker_render_work,
 * worker_render_metrics, common/.
 * Frees: nothing: the process ends with its connection.
 */


#ifndef WORKER_RENDER_CHILD_H_INCLUDED_
#define WORKER_RENDER_CHILD_H_INCLUDED_


#include <sys/socket.h>

#include "worker/worker_config.h"
#include "worker/worker_render_slot.h"


typedef struct {
    const worker_config_t         *config;
    worker_render_shared_t        *shared;
    const worker_limits_t         *limits;
    worker_render_slot_t          *slot;
    worker_limits_kind_e           kind;
    int                            fd;
    struct sockaddr_storage        addr;
    socklen_t                      addrlen;
} worker_render_child_t;


/* never returns */
void worker_render_child(const worker_render_child_t *child)
    __attribute__((noreturn));


#endif /* WORKER_RENDER_CHILD_H_INCLUDED_ */
