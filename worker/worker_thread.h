
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_thread: a second thread of a cut, and how the first one waits for
 * it without being deaf to its reasons to stop.
 * May call: libc's threads.
 * Frees: nothing.
 */


#ifndef WORKER_THREAD_H_INCLUDED_
#define WORKER_THREAD_H_INCLUDED_


#include <pthread.h>

#include "worker/worker.h"


/* Signals are for the threads that there were before.  0, or an errno. */
int worker_thread_start(pthread_t *ret, void *(*run)(void *data),
    void *data);

/* a condition for worker_thread_wait() */
void worker_thread_condition(pthread_cond_t *condition);

/* false when nothing was signalled for 20 ms: time to look around */
bool worker_thread_wait(pthread_cond_t *condition, pthread_mutex_t *mutex);


#endif /* WORKER_THREAD_H_INCLUDED_ */
