
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_media_still: the one-shot commands "media frame", "media
 * thumbnail" and "media waveform": one picture into a file or to stdout.
 * May call: worker_still, worker_options, worker_config, worker_media_out,
 * libc.
 * Frees: all that it opened; the temporary file is gone when it fails.
 */


#ifndef WORKER_MEDIA_STILL_H_INCLUDED_
#define WORKER_MEDIA_STILL_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_config.h"
#include "worker/worker_options.h"


/* the names, for sentences */
#define WORKER_MEDIA_STILL_NAMES "frame, thumbnail or waveform"


/* whether a KIND is one of these */
bool worker_media_still_is(const char *kind);

/*
 * WORKER_DECLINED: an option is wrong or missing, or the template is not
 * good: exit 2.  All else as worker_still.h: exit 1.  stop may be NULL.
 */
worker_rc_t worker_media_still(wub_arena_t *arena,
    const worker_options_t *options, const worker_config_t *config,
    const volatile sig_atomic_t *stop, worker_err_t *err);


#endif /* WORKER_MEDIA_STILL_H_INCLUDED_ */
