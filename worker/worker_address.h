
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_address: what is listened on, from its text: "unix:PATH",
 * "ADDR:PORT" or "[ADDR]:PORT", with a numeric address and a port from 1 to
 * 65535.
 * May call: libc.
 * Frees: nothing; it opens nothing.
 */


#ifndef WORKER_ADDRESS_H_INCLUDED_
#define WORKER_ADDRESS_H_INCLUDED_


#include <sys/socket.h>

#include "worker/worker.h"


/* of a unix socket it is a sockaddr_un, whole */
typedef struct {
    struct sockaddr_storage  addr;
    socklen_t                len;
} worker_address_t;


/* NULL, or what is wrong with it, to stand behind its name in a sentence */
const char *worker_address_parse(const char *text, worker_address_t *ret);


#endif /* WORKER_ADDRESS_H_INCLUDED_ */
