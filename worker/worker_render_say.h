
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_render_say: what the parent itself tells a connection, without a
 * child and without libmicrohttpd; and what it can learn of a request
 * without taking it from the connection.
 * May call: libc, worker_limits.
 * Frees: nothing.
 */


#ifndef WORKER_RENDER_SAY_H_INCLUDED_
#define WORKER_RENDER_SAY_H_INCLUDED_


#include "worker/worker_limits.h"


/* seconds that a client is asked to wait before it comes again */
#define WORKER_RENDER_AFTER      "2"


/* an answer of that status; what does not fit at once is left out */
void worker_render_say(int fd, unsigned status, const char *sentence);

/*
 * WORKER_AGAIN: the request line is not all there; WORKER_STOPPED: the
 * other side has closed.  text: method and URI, for the log.
 */
worker_rc_t worker_render_look(int fd, worker_limits_kind_e *ret,
    char *text, size_t size);

/* reads what there is and forgets it; false when the other side closed */
bool worker_render_drain(int fd);

/* microseconds of a clock that only goes forward */
int64_t worker_render_now(void);


#endif /* WORKER_RENDER_SAY_H_INCLUDED_ */
