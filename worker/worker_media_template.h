
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_media_template: the template of a thumbnail on the command line.
 * May call: worker_config, common/, libc.
 * Frees: nothing; the bytes live in the caller's arena.
 */


#ifndef WORKER_MEDIA_TEMPLATE_H_INCLUDED_
#define WORKER_MEDIA_TEMPLATE_H_INCLUDED_


#include "common/wub_render.h"
#include "worker/worker.h"


/*
 * The bytes of a file, or of one that is named in dir (which may be NULL),
 * and the boxes of the .json beside it into a request.  WORKER_DECLINED:
 * it cannot be read.
 */
worker_rc_t worker_media_template(wub_arena_t *arena, const char *name,
    const char *dir, wub_render_t *request, wub_str_t *ret,
    worker_err_t *err);


#endif /* WORKER_MEDIA_TEMPLATE_H_INCLUDED_ */
