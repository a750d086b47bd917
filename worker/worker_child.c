
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/worker_child.h"
#include "worker/worker_loop.h"


pid_t
worker_child_fork(int keep, worker_err_t *err)
{
    pid_t  parent, pid;

    parent = getpid();
    pid = fork();

    if (pid == -1) {
        (void) worker_fail(err, WORKER_RETRY,
                           "No child process could be started: %s",
                           strerror(errno));
        return -1;
    }

    if (pid > 0) {
        return pid;
    }

    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);

    /* the parent may have died before the line above */

    if (getppid() != parent) {
        _exit(WORKER_EXIT_FAILED);
    }

    worker_loop_setup_child();

    if (keep > STDERR_FILENO + 1) {
        (void) close_range(STDERR_FILENO + 1, (unsigned) keep - 1, 0);
    }

    keep = (keep > STDERR_FILENO) ? keep : STDERR_FILENO;
    (void) close_range((unsigned) keep + 1, ~0U, 0);

    return 0;
}


bool
worker_child_reap(worker_child_end_t *ret)
{
    int            status;
    pid_t          pid;
    struct rusage  used;

    do {
        pid = wait4(-1, &status, WNOHANG, &used);

    } while (pid == -1 && errno == EINTR);

    if (pid <= 0) {
        return false;
    }

    ret->pid = pid;
    ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    ret->signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    ret->cpu = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * WUB_SECOND
               + used.ru_utime.tv_usec + used.ru_stime.tv_usec;

    return true;
}
