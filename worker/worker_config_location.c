
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * The upload locations of the role cut.
 */


#include <stdio.h>

#include "worker/worker_config_work.h"


/* a number as text */
#define WORKER_CONFIG_NUMBER     64


typedef struct {
    const char  *name;
    const char  *kind;          /* NULL: not in this version */
} worker_config_name_t;


static worker_rc_t worker_config_location_read(worker_config_ctx_t *ctx,
    json_t *json, const char *name, worker_location_t *ret);
static worker_rc_t worker_config_location_type(worker_config_ctx_t *ctx,
    json_t *json);
static worker_rc_t worker_config_location_cut(worker_config_ctx_t *ctx,
    json_t *json, worker_location_t *location);
static worker_rc_t worker_config_encode(json_t *json, worker_encode_t *ret,
    worker_err_t *err);
static worker_rc_t worker_config_setting(worker_encode_t *e,
    const char *key, json_t *value, worker_err_t *err);
static const worker_config_name_t *worker_config_find(
    const worker_config_name_t *names, const char *name);


static const worker_config_key_t  worker_config_local_keys[] = {
    { "type", WORKER_CONFIG_STRING, offsetof(worker_location_t, type) },
    { "cut_type", WORKER_CONFIG_STRING,
      offsetof(worker_location_t, cut_type) },
    { "encode", WORKER_CONFIG_LATER, 0 },
    { "path", WORKER_CONFIG_STRING, offsetof(worker_location_t, path) },
    { "url_prefix", WORKER_CONFIG_STRING,
      offsetof(worker_location_t, url_prefix) },
    { "write_info", WORKER_CONFIG_BOOL,
      offsetof(worker_location_t, write_info) },
    { "no_uploader", WORKER_CONFIG_BOOL,
      offsetof(worker_location_t, no_uploader) },
    { "no_updater", WORKER_CONFIG_BOOL,
      offsetof(worker_location_t, no_updater) },
    { NULL, WORKER_CONFIG_OTHER, 0 }
};

static const worker_config_name_t  worker_config_types[] = {
    { "local", "local" },
    { "local-archive", NULL },
    { "youtube", NULL },
    { NULL, NULL }
};


worker_rc_t
worker_config_locations(worker_config_ctx_t *ctx, json_t *json,
    worker_config_cut_t *cut)
{
    size_t        len;
    json_t       *value;
    const char   *key;
    worker_rc_t   rc;

    if (!json_is_object(json)) {
        return worker_config_fail(ctx, "must be an object");
    }

    cut->nlocations = 0;
    cut->locations = wub_arena_calloc(ctx->arena,
                         (json_object_size(json) + 1)
                         * sizeof(worker_location_t));

    if (cut->locations == NULL) {
        return worker_config_full(ctx);
    }

    json_object_foreach(json, key, value) {
        len = worker_config_enter(ctx, key);

        rc = worker_config_location_read(ctx, value, key,
                                         &cut->locations[cut->nlocations]);
        if (rc != WORKER_OK) {
            return rc;
        }

        cut->nlocations++;
        ctx->path[len] = '\0';
    }

    return WORKER_OK;
}


static worker_rc_t
worker_config_location_read(worker_config_ctx_t *ctx, json_t *json,
    const char *name, worker_location_t *ret)
{
    const char   *why;
    worker_rc_t   rc;

    /* keys depend on the type, so it is looked at first */

    rc = worker_config_location_type(ctx, json);
    if (rc != WORKER_OK) {
        return rc;
    }

    rc = worker_config_dup(ctx, wub_str_n(name, strlen(name)), &ret->name);
    if (rc != WORKER_OK) {
        return rc;
    }

    ret->cut_type = "smart";

    rc = worker_config_object(ctx, json, worker_config_local_keys, ret);
    if (rc != WORKER_OK) {
        return rc;
    }

    rc = worker_config_location_cut(ctx, json, ret);
    if (rc != WORKER_OK) {
        return rc;
    }

    why = worker_config_folder(ctx->arena, &ret->path);

    if (why != NULL) {
        (void) worker_config_enter(ctx, "path");
        return worker_config_fail(ctx, why);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_config_location_type(worker_config_ctx_t *ctx, json_t *json)
{
    size_t                       len;
    json_t                      *type;
    const worker_config_name_t  *name;

    if (!json_is_object(json)) {
        return worker_config_fail(ctx, "must be an object");
    }

    type = json_object_get(json, "type");
    len = worker_config_enter(ctx, "type");

    if (type == NULL) {
        return worker_config_fail(ctx, "is missing; use \"local\"");
    }

    name = json_is_string(type) ? worker_config_find(worker_config_types,
                                                     json_string_value(type))
                                : NULL;

    if (name == NULL) {
        return worker_config_fail(ctx, "is not a type of location; use"
                                  " \"local\"");
    }

    if (name->kind == NULL) {
        return worker_config_fail(ctx, "names a type of location that is not"
                                  " in this version; use \"local\"");
    }

    ctx->path[len] = '\0';

    return WORKER_OK;
}


static worker_rc_t
worker_config_location_cut(worker_config_ctx_t *ctx, json_t *json,
    worker_location_t *location)
{
    size_t         len;
    json_t        *encode;
    worker_err_t   err;

    location->kind = worker_kind_find(location->cut_type);

    if (location->kind == NULL) {
        (void) worker_config_enter(ctx, "cut_type");
        return worker_config_fail(ctx, "is not a cut type; use "
                                  WORKER_KIND_NAMES);
    }

    worker_encode_defaults(&location->encode, location->kind->name);

    encode = json_object_get(json, "encode");
    len = worker_config_enter(ctx, "encode");

    if (encode != NULL
        && worker_config_encode(encode, &location->encode, &err) != WORKER_OK)
    {
        return worker_fail(ctx->err, WORKER_INVALID, "%s: %s: %s", ctx->what,
                           ctx->path, err.text);
    }

    ctx->path[len] = '\0';

    return WORKER_OK;
}


/* the name of a whole set, or an object of names and values */
static worker_rc_t
worker_config_encode(json_t *json, worker_encode_t *ret, worker_err_t *err)
{
    json_t       *value;
    const char   *key;
    worker_rc_t   rc;

    if (!json_is_string(json) && !json_is_object(json)) {
        return worker_fail(err, WORKER_INVALID, "It must be an object of "
                           "names and values, or \"preview\" or \"youtube\".");
    }

    rc = json_is_string(json)
         ? worker_encode_text(ret, json_string_value(json), err)
         : WORKER_OK;

    json_object_foreach(json, key, value) {
        if (rc == WORKER_OK) {
            rc = worker_config_setting(ret, key, value, err);
        }
    }

    return (rc == WORKER_OK) ? worker_encode_check(ret, err) : rc;
}


static worker_rc_t
worker_config_setting(worker_encode_t *e, const char *key, json_t *value,
    worker_err_t *err)
{
    char    text[WORKER_CONFIG_NUMBER];
    size_t  n;

    if (json_is_string(value)) {
        return worker_encode_set(e, key, json_string_value(value), err);
    }

    /* of a whole set, true says that it is wanted */

    if (json_is_true(value) && strchr(key, '=') == NULL
        && worker_encode_text(e, key, NULL) == WORKER_OK)
    {
        return WORKER_OK;
    }

    if (json_is_boolean(value)) {
        return worker_encode_set(e, key, json_is_true(value) ? "yes" : "no",
                                 err);
    }

    n = json_dumpb(value, text, sizeof(text),
                   JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    text[(n < sizeof(text)) ? n : 0] = '\0';

    return worker_encode_set(e, key, text, err);
}


static const worker_config_name_t *
worker_config_find(const worker_config_name_t *names, const char *name)
{
    for ( /* void */ ; names->name != NULL; names++) {
        if (strcmp(names->name, name) == 0) {
            return names;
        }
    }

    return NULL;
}
