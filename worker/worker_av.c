
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavutil/error.h>
#include <libavutil/log.h>

#include "worker/worker_av.h"


static void worker_av_log(void *avcl, int level, const char *fmt,
    va_list args);


void
worker_av_setup(void)
{
    av_log_set_callback(worker_av_log);
}


void
worker_av_say(worker_err_t *err, int averror, const char *what)
{
    char  text[AV_ERROR_MAX_STRING_SIZE];

    (void) av_strerror(averror, text, sizeof(text));

    worker_say(err, "%s failed: %s.", what, text);
}


/* what fails comes back as a code, and a sentence is made of that */
static void
worker_av_log(void *avcl, int level, const char *fmt, va_list args)
{
    (void) avcl;
    (void) level;
    (void) fmt;
    (void) args;
}
