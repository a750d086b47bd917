
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_child: starts a child for one unit of work and reaps it.  The
 * child dies with its parent, has none of its descriptors but the three
 * standard ones and one that it is given, and leaves by _exit().
 * May call: libc, worker_loop.
 * Frees: nothing.
 */


#ifndef WORKER_CHILD_H_INCLUDED_
#define WORKER_CHILD_H_INCLUDED_


#include <sys/types.h>

#include "worker/worker.h"


/* how a child ended */
typedef struct {
    pid_t    pid;
    int      status;             /* of _exit(); void when signo is not 0 */
    int      signo;             /* of the signal that killed it, or 0 */
    int64_t  cpu;               /* microseconds that it used */
} worker_child_end_t;


/*
 * 0 in the child, its pid in the parent, -1 with a sentence when the
 * system has no room for one.  keep: a descriptor that the child has too,
 * or -1.
 */
pid_t worker_child_fork(int keep, worker_err_t *err);

/* true and one child that has ended, false when there is none just now */
bool worker_child_reap(worker_child_end_t *ret);


#endif /* WORKER_CHILD_H_INCLUDED_ */
