
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_render_listen: the socket that the render service listens on: a
 * unix socket that appears under its name when it can be connected to, or
 * an address and a port.
 * May call: libc, common/.
 * Frees: its descriptor and its name, in worker_render_listen_close().
 */


#ifndef WORKER_RENDER_LISTEN_H_INCLUDED_
#define WORKER_RENDER_LISTEN_H_INCLUDED_


#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "worker/worker.h"


typedef struct {
    int                 fd;         /* -1: not open */
    struct sockaddr_un  un;         /* of a unix socket; else no family */
    struct stat         st;         /* of its name, to know it again */
} worker_render_listen_t;


/*
 * listen: as worker_address_parse() takes it.  mode: of a unix socket.
 * WORKER_INVALID with a sentence.
 */
worker_rc_t worker_render_listen_open(worker_render_listen_t *l,
    const char *listen, unsigned mode, worker_err_t *err);

/* a name that is another's by now is left alone */
void worker_render_listen_close(worker_render_listen_t *l);


#endif /* WORKER_RENDER_LISTEN_H_INCLUDED_ */
