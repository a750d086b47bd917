
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/worker_child.h"
#include "worker/worker_loop.h"


pid_t
worker_child_fork(worker_err_t *err)
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
    (void) close_range(STDERR_FILENO + 1, ~0U, 0);

    return 0;
}


bool
worker_child_reap(worker_child_end_t *ret)
{
    int    status;
    pid_t  pid;

    do {
        pid = waitpid(-1, &status, WNOHANG);

    } while (pid == -1 && errno == EINTR);

    if (pid <= 0) {
        return false;
    }

    ret->pid = pid;
    ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    ret->signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

    return true;
}
