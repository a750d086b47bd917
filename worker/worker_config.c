
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <jansson.h>
#include <stdio.h>

#include "worker/worker_config.h"


#define WORKER_CONFIG_JOBS_MAX   64

/* a number as text */
#define WORKER_CONFIG_NUMBER     64

/* one key of the file, with the objects around it */
#define WORKER_CONFIG_PATH       512


typedef enum {
    WORKER_CONFIG_STRING,       /* const char *; not empty */
    WORKER_CONFIG_BOOL,         /* bool */
    WORKER_CONFIG_JOBS,         /* int64_t, 1 to WORKER_CONFIG_JOBS_MAX */
    WORKER_CONFIG_STRINGS,      /* worker_list_t */
    WORKER_CONFIG_OTHER,        /* an object that another role reads */
    WORKER_CONFIG_LATER,        /* what depends on the keys beside it */
    WORKER_CONFIG_CUT,          /* worker_config_cut_t */
    WORKER_CONFIG_LOCATIONS     /* worker_config_cut_t's locations */
} worker_config_kind_e;

typedef struct {
    const char            *key;
    worker_config_kind_e   kind;
    size_t                 offset;
} worker_config_key_t;

typedef struct {
    wub_arena_t   *arena;
    const char    *what;        /* file or option, for sentences */
    char           path[WORKER_CONFIG_PATH];
    worker_err_t  *err;
} worker_config_ctx_t;

typedef struct {
    const char  *name;
    const char  *kind;          /* NULL: not in this version */
} worker_config_name_t;


static worker_rc_t worker_config_object(worker_config_ctx_t *ctx,
    json_t *json, const worker_config_key_t *keys, void *ret);
static worker_rc_t worker_config_value(worker_config_ctx_t *ctx,
    json_t *json, worker_config_kind_e kind, void *field);
static worker_rc_t worker_config_string(worker_config_ctx_t *ctx,
    json_t *json, const char **ret);
static worker_rc_t worker_config_strings(worker_config_ctx_t *ctx,
    json_t *json, worker_list_t *ret);
static worker_rc_t worker_config_locations(worker_config_ctx_t *ctx,
    json_t *json, worker_config_cut_t *cut);
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
static worker_rc_t worker_config_dup(worker_config_ctx_t *ctx, wub_str_t s,
    const char **ret);
static size_t worker_config_enter(worker_config_ctx_t *ctx,
    const char *key);
static worker_rc_t worker_config_fail(worker_config_ctx_t *ctx,
    const char *why);
static worker_rc_t worker_config_full(worker_config_ctx_t *ctx);


static const worker_config_key_t  worker_config_keys[] = {
    { "segments", WORKER_CONFIG_STRING, offsetof(worker_config_t, segments) },
    { "database", WORKER_CONFIG_STRING, offsetof(worker_config_t, database) },
    { "name", WORKER_CONFIG_STRING, offsetof(worker_config_t, name) },
    { "templates", WORKER_CONFIG_STRING,
      offsetof(worker_config_t, templates) },
    { "cut", WORKER_CONFIG_CUT, offsetof(worker_config_t, cut) },
    { "render", WORKER_CONFIG_OTHER, 0 },
    { "backfill", WORKER_CONFIG_OTHER, 0 },
    { "coverage", WORKER_CONFIG_OTHER, 0 },
    { NULL, WORKER_CONFIG_OTHER, 0 }
};

static const worker_config_key_t  worker_config_cut_keys[] = {
    { "listen", WORKER_CONFIG_STRING, offsetof(worker_config_cut_t, listen) },
    { "jobs", WORKER_CONFIG_JOBS, offsetof(worker_config_cut_t, jobs) },
    { "tags", WORKER_CONFIG_STRINGS, offsetof(worker_config_cut_t, tags) },
    { "explicit_only", WORKER_CONFIG_BOOL,
      offsetof(worker_config_cut_t, explicit_only) },
    { "locations", WORKER_CONFIG_LOCATIONS, 0 },
    { NULL, WORKER_CONFIG_OTHER, 0 }
};

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
worker_config_load(wub_arena_t *arena, const worker_options_t *options,
    worker_config_t *ret, worker_err_t *err)
{
    json_t               *json;
    worker_rc_t           rc;
    json_error_t          jerr;
    worker_config_t       config;
    worker_config_ctx_t   ctx;

    memset(&config, 0, sizeof(worker_config_t));

    ctx.arena = arena;
    ctx.what = options->config;
    ctx.path[0] = '\0';
    ctx.err = err;

    if (options->config != NULL) {
        json = json_load_file(options->config, JSON_REJECT_DUPLICATES, &jerr);

        if (json == NULL) {
            return worker_fail(err, WORKER_INVALID,
                               "The configuration %s cannot be read: %s,"
                               " line %d", options->config, jerr.text,
                               jerr.line);
        }

        rc = worker_config_object(&ctx, json, worker_config_keys, &config);
        json_decref(json);

        if (rc != WORKER_OK) {
            return rc;
        }
    }

    rc = worker_config_override(arena, options, &config, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    *ret = config;

    return WORKER_OK;
}


worker_rc_t
worker_config_parse_locations(wub_arena_t *arena, wub_str_t text,
    const char *what, worker_config_cut_t *ret, worker_err_t *err)
{
    json_t               *json;
    worker_rc_t           rc;
    json_error_t          jerr;
    worker_config_ctx_t   ctx;

    json = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &jerr);

    if (json == NULL) {
        return worker_fail(err, WORKER_INVALID, "%s is not JSON: %s, line %d",
                           what, jerr.text, jerr.line);
    }

    ctx.arena = arena;
    ctx.what = what;
    ctx.path[0] = '\0';
    ctx.err = err;

    rc = worker_config_locations(&ctx, json, ret);
    json_decref(json);

    return rc;
}


static worker_rc_t
worker_config_object(worker_config_ctx_t *ctx, json_t *json,
    const worker_config_key_t *keys, void *ret)
{
    size_t                      len;
    json_t                     *value;
    const char                 *key;
    worker_rc_t                 rc;
    const worker_config_key_t  *k;

    if (!json_is_object(json)) {
        return worker_config_fail(ctx, "must be an object");
    }

    json_object_foreach(json, key, value) {
        len = worker_config_enter(ctx, key);

        for (k = keys; k->key != NULL && strcmp(k->key, key) != 0; k++) {
            /* void */
        }

        if (k->key == NULL) {
            return worker_config_fail(ctx, "is not a known key");
        }

        rc = worker_config_value(ctx, value, k->kind,
                                 (char *) ret + k->offset);
        if (rc != WORKER_OK) {
            return rc;
        }

        ctx->path[len] = '\0';
    }

    return WORKER_OK;
}


static worker_rc_t
worker_config_value(worker_config_ctx_t *ctx, json_t *json,
    worker_config_kind_e kind, void *field)
{
    switch (kind) {

    case WORKER_CONFIG_STRING:
        return worker_config_string(ctx, json, field);

    case WORKER_CONFIG_BOOL:
        if (!json_is_boolean(json)) {
            return worker_config_fail(ctx, "must be true or false");
        }

        *(bool *) field = json_is_true(json);
        return WORKER_OK;

    case WORKER_CONFIG_JOBS:
        if (!json_is_integer(json) || json_integer_value(json) < 1
            || json_integer_value(json) > WORKER_CONFIG_JOBS_MAX)
        {
            return worker_config_fail(ctx,
                                      "must be a whole number from 1 to 64");
        }

        *(int64_t *) field = json_integer_value(json);
        return WORKER_OK;

    case WORKER_CONFIG_STRINGS:
        return worker_config_strings(ctx, json, field);

    case WORKER_CONFIG_CUT:
        return worker_config_object(ctx, json, worker_config_cut_keys, field);

    case WORKER_CONFIG_LOCATIONS:
        return worker_config_locations(ctx, json, field);

    case WORKER_CONFIG_LATER:
        return WORKER_OK;

    case WORKER_CONFIG_OTHER:
        break;
    }

    if (!json_is_object(json)) {
        return worker_config_fail(ctx, "must be an object");
    }

    return WORKER_OK;
}


static worker_rc_t
worker_config_string(worker_config_ctx_t *ctx, json_t *json,
    const char **ret)
{
    if (!json_is_string(json) || json_string_length(json) == 0) {
        return worker_config_fail(ctx, "must be a string that is not empty");
    }

    return worker_config_dup(ctx, wub_str_n(json_string_value(json),
                                            json_string_length(json)), ret);
}


static worker_rc_t
worker_config_strings(worker_config_ctx_t *ctx, json_t *json,
    worker_list_t *ret)
{
    size_t         i;
    json_t        *value;
    worker_rc_t    rc;

    if (!json_is_array(json)) {
        return worker_config_fail(ctx, "must be an array of strings");
    }

    ret->nitems = json_array_size(json);
    ret->items = wub_arena_calloc(ctx->arena,
                                  (ret->nitems + 1) * sizeof(char *));

    if (ret->items == NULL) {
        return worker_config_full(ctx);
    }

    json_array_foreach(json, i, value) {
        rc = worker_config_string(ctx, value, &ret->items[i]);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


static worker_rc_t
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
                           "names and values, or \"youtube\".");
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


static worker_rc_t
worker_config_dup(worker_config_ctx_t *ctx, wub_str_t s, const char **ret)
{
    *ret = wub_arena_strdup(ctx->arena, s);

    return (*ret != NULL) ? WORKER_OK : worker_config_full(ctx);
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


/* appends ".key" to the path; returns its length before, to go back to */
static size_t
worker_config_enter(worker_config_ctx_t *ctx, const char *key)
{
    size_t  len;

    len = strlen(ctx->path);
    (void) snprintf(ctx->path + len, sizeof(ctx->path) - len, "%s%s",
                    len > 0 ? "." : "", key);

    return len;
}


static worker_rc_t
worker_config_fail(worker_config_ctx_t *ctx, const char *why)
{
    return worker_fail(ctx->err, WORKER_INVALID, "%s: %s %s", ctx->what,
                       ctx->path[0] != '\0' ? ctx->path : "the whole", why);
}


static worker_rc_t
worker_config_full(worker_config_ctx_t *ctx)
{
    return worker_config_fail(ctx, "is too much for the memory");
}
