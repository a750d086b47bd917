
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker.h: the words every file of worker/ uses: result codes and the
 * sentence that goes with a failure.
 * May call: libc and common/.
 * Frees: nothing; a worker_err_t is the caller's, on its stack as a rule.
 */


#ifndef WORKER_H_INCLUDED_
#define WORKER_H_INCLUDED_


#include <signal.h>
#include <stdarg.h>

#include "common/wub.h"
#include "common/wub_arena.h"


#define WORKER_VERSION           "0.1.0"

#define WORKER_EXIT_OK           0
#define WORKER_EXIT_FAILED       1
#define WORKER_EXIT_USAGE        2


typedef enum {
    WORKER_OK = 0,
    WORKER_DECLINED,        /* nothing to do, or a job that is not ours */
    WORKER_AGAIN,           /* nothing yet: wait and ask again */
    WORKER_STOPPED,         /* told to stop in the middle */
    WORKER_HOLES,           /* the range has holes and may not have them */
    WORKER_RETRY,           /* failed in a way that may pass: network, disk */
    WORKER_INVALID,         /* the input is at fault; no use to try again */
    WORKER_ERROR            /* failed for good */
} worker_rc_t;


/* one plain sentence that names the thing and what to do; never empty */
typedef struct {
    char  text[1024];
} worker_err_t;


/* writes the sentence; err may be NULL */
void worker_say(worker_err_t *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The same and then the code, for "return": a macro, so that analysers of
 * one file see that what comes back is rc.
 */
#define worker_fail(err, rc, ...)                                             \
    (worker_say(err, __VA_ARGS__), (worker_rc_t) (rc))

#define worker_fail_memory(err, what)                                         \
    worker_fail(err, WORKER_RETRY, "%s: out of memory", what)

/* the same for a code of common/: its usual sentence after what */
worker_rc_t worker_fail_wub(worker_err_t *err, wub_rc_t rc,
    const char *what);


#endif /* WORKER_H_INCLUDED_ */
