
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdio.h>

#include "worker/worker.h"


static const char *const  worker_wub_sentences[] = {
    [WUB_OK] = "no error",
    [WUB_DECLINED] = "not what was expected there",
    [WUB_INVALID] = "malformed",
    [WUB_TOO_BIG] = "larger than the limit",
    [WUB_NO_MEMORY] = "out of memory",
    [WUB_NOT_FOUND] = "not found",
    [WUB_DENIED] = "permission denied",
    [WUB_IO] = "an error of the file system"
};


void
worker_say(worker_err_t *err, const char *fmt, ...)
{
    va_list  args;

    if (err == NULL) {
        return;
    }

    va_start(args, fmt);
    (void) vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
}


worker_rc_t
worker_fail_wub(worker_err_t *err, wub_rc_t rc, const char *what)
{
    switch (rc) {

    case WUB_OK:
        return WORKER_OK;

    case WUB_NO_MEMORY:
    case WUB_IO:
        return worker_fail(err, WORKER_RETRY, "%s: %s", what,
                           worker_wub_sentences[rc]);

    case WUB_DECLINED:
    case WUB_INVALID:
    case WUB_TOO_BIG:
    case WUB_NOT_FOUND:
    case WUB_DENIED:
        break;
    }

    return worker_fail(err, WORKER_INVALID, "%s: %s", what,
                       worker_wub_sentences[rc]);
}
