
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavutil/cpu.h>
#include <libavutil/error.h>
#include <libavutil/log.h>

#include "worker/worker_av.h"


/* x86-64 as it came; others have no such choice in libav's sound */
#if defined(__x86_64__)
#define WORKER_AV_PLAIN          (AV_CPU_FLAG_CMOV | AV_CPU_FLAG_MMX          \
                                  | AV_CPU_FLAG_MMXEXT | AV_CPU_FLAG_SSE      \
                                  | AV_CPU_FLAG_SSE2)
#else
#define WORKER_AV_PLAIN          (-1)
#endif


static void worker_av_log(void *avcl, int level, const char *fmt,
    va_list args);


void
worker_av_setup(void)
{
    av_log_set_callback(worker_av_log);
}


void
worker_av_plain(bool on)
{
    av_force_cpu_flags(on ? WORKER_AV_PLAIN : -1);
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
