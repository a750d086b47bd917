
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_config_template: what lies beside a template's picture: where the
 * frame goes, and which part of it.
 * May call: jansson, common/.
 * Frees: the JSON tree.
 */


#ifndef WORKER_CONFIG_TEMPLATE_H_INCLUDED_
#define WORKER_CONFIG_TEMPLATE_H_INCLUDED_


#include "common/wub_render.h"
#include "worker/worker.h"


/*
 * {"crop": [LEFT, TOP, RIGHT, BOTTOM], "location": [...]}, both or one of
 * them, into the boxes of a request; no file says nothing.
 * WORKER_DECLINED: it is not that.
 */
worker_rc_t worker_config_template(const char *path, wub_render_t *ret,
    worker_err_t *err);


#endif /* WORKER_CONFIG_TEMPLATE_H_INCLUDED_ */
