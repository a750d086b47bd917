
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_loop: signals become flags, and waiting happens in one place.
 * Signals are held back except while worker_loop_wait() waits, so none is
 * missed between the look at a flag and the wait.
 * May call: libc.
 * Frees: nothing.
 */


#ifndef WORKER_LOOP_H_INCLUDED_
#define WORKER_LOOP_H_INCLUDED_


#include <poll.h>

#include "worker/worker.h"


/*
 * SIGTERM, SIGINT and SIGHUP (the terminal is gone; the configuration is
 * read at start only) ask for an end, SIGCHLD wakes; SIGPIPE and SIGXFSZ
 * are ignored, so that writing says what went wrong.
 */
void worker_loop_setup(void);

/* in a child: the same flags, cleared, and signals arrive at any time */
void worker_loop_setup_child(void);

/* not 0 once an end is asked for; the number of times in the parent */
const volatile sig_atomic_t *worker_loop_stop(void);

/*
 * Waits until fd (or -1) can be read, a signal comes, or ms have passed.
 * True when fd can be read.
 */
bool worker_loop_wait(int fd, int ms);

/* the same for many descriptors; what came is in their revents */
void worker_loop_poll(struct pollfd *pfds, size_t npfds, int ms);

/* ms with a jitter of 10 percent to either side */
int worker_loop_jitter(int ms);

/* milliseconds of a clock that only goes forward */
int64_t worker_loop_now(void);


#endif /* WORKER_LOOP_H_INCLUDED_ */
