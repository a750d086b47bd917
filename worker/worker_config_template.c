
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <unistd.h>

#include "worker/worker_config_template.h"
#include "worker/worker_config_work.h"


#define WORKER_CONFIG_CORNERS    4


static bool worker_config_box(const json_t *json, const char *key,
    bool *given, wub_render_box_t *ret);


worker_rc_t
worker_config_template(const char *path, wub_render_t *ret,
    worker_err_t *err)
{
    bool           good;
    json_t        *json;
    json_error_t   jerr;

    if (access(path, F_OK) == -1 && errno == ENOENT) {
        return WORKER_OK;
    }

    json = json_load_file(path, JSON_REJECT_DUPLICATES, &jerr);

    if (json == NULL) {
        return worker_fail(err, WORKER_DECLINED, "%s, line %d: %s", path,
                           jerr.line, jerr.text);
    }

    good = json_is_object(json)
           && worker_config_box(json, "crop", &ret->crop_given, &ret->crop)
           && worker_config_box(json, "location", &ret->location_given,
                                &ret->location);

    json_decref(json);

    if (!good) {
        return worker_fail(err, WORKER_DECLINED,
                           "%s must be an object with \"crop\" and "
                           "\"location\", each [LEFT, TOP, RIGHT, BOTTOM] in "
                           "whole numbers", path);
    }

    return WORKER_OK;
}


/* false: it is there, and no box */
static bool
worker_config_box(const json_t *json, const char *key, bool *given,
    wub_render_box_t *ret)
{
    size_t         i;
    uint32_t       corners[WORKER_CONFIG_CORNERS];
    json_int_t     corner;
    const json_t  *box;

    box = json_object_get(json, key);

    if (box == NULL) {
        return true;
    }

    if (!json_is_array(box) || json_array_size(box) != WORKER_CONFIG_CORNERS)
    {
        return false;
    }

    for (i = 0; i < WORKER_CONFIG_CORNERS; i++) {
        if (!json_is_integer(json_array_get(box, i))) {
            return false;
        }

        corner = json_integer_value(json_array_get(box, i));

        if (corner < 0 || corner > UINT16_MAX) {
            return false;
        }

        corners[i] = (uint32_t) corner;
    }

    *given = true;

    ret->left = corners[0];
    ret->top = corners[1];
    ret->right = corners[2];
    ret->bottom = corners[3];

    return true;
}
