
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <signal.h>
#include <time.h>

#include "worker/worker_thread.h"


/* nanoseconds */
#define WORKER_THREAD_WAIT       20000000
#define WORKER_THREAD_SECOND     1000000000


int
worker_thread_start(pthread_t *ret, void *(*run)(void *data), void *data)
{
    int       rc;
    sigset_t  all, old;

    (void) sigfillset(&all);

    rc = pthread_sigmask(SIG_SETMASK, &all, &old);
    if (rc != 0) {
        return rc;
    }

    rc = pthread_create(ret, NULL, run, data);
    (void) pthread_sigmask(SIG_SETMASK, &old, NULL);

    return rc;
}


void
worker_thread_condition(pthread_cond_t *condition)
{
    pthread_condattr_t  attr;

    (void) pthread_condattr_init(&attr);
    (void) pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void) pthread_cond_init(condition, &attr);
    (void) pthread_condattr_destroy(&attr);
}


bool
worker_thread_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    struct timespec  until;

    (void) clock_gettime(CLOCK_MONOTONIC, &until);

    until.tv_nsec += WORKER_THREAD_WAIT;

    if (until.tv_nsec >= WORKER_THREAD_SECOND) {
        until.tv_nsec -= WORKER_THREAD_SECOND;
        until.tv_sec++;
    }

    return pthread_cond_timedwait(condition, mutex, &until) == 0;
}
