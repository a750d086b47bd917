
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdio.h>

#include "worker/worker_address.h"
#include "worker/worker_config_work.h"


/* of a unix socket: nginx, whoever its user is, may connect */
#define WORKER_CONFIG_SOCKET     0666


static worker_rc_t worker_config_value(worker_config_ctx_t *ctx,
    json_t *json, worker_config_kind_e kind, void *field);
static worker_rc_t worker_config_string(worker_config_ctx_t *ctx,
    json_t *json, const char **ret);
static worker_rc_t worker_config_listen(worker_config_ctx_t *ctx,
    json_t *json, const char **ret);
static worker_rc_t worker_config_strings(worker_config_ctx_t *ctx,
    json_t *json, worker_list_t *ret);
static worker_rc_t worker_config_number(worker_config_ctx_t *ctx,
    json_t *json, worker_config_kind_e kind, int64_t *ret);
static worker_rc_t worker_config_mode(worker_config_ctx_t *ctx,
    json_t *json, int64_t *ret);
static worker_rc_t worker_config_limits(worker_config_ctx_t *ctx,
    json_t *json, worker_limits_t *ret);


static const worker_config_key_t  worker_config_keys[] = {
    { "segments", WORKER_CONFIG_STRING, offsetof(worker_config_t, segments) },
    { "database", WORKER_CONFIG_STRING, offsetof(worker_config_t, database) },
    { "name", WORKER_CONFIG_STRING, offsetof(worker_config_t, name) },
    { "templates", WORKER_CONFIG_STRING,
      offsetof(worker_config_t, templates) },
    { "cut", WORKER_CONFIG_CUT, offsetof(worker_config_t, cut) },
    { "render", WORKER_CONFIG_RENDER, offsetof(worker_config_t, render) },
    { "backfill", WORKER_CONFIG_OTHER, 0 },
    { "coverage", WORKER_CONFIG_OTHER, 0 },
    { NULL, WORKER_CONFIG_OTHER, 0 }
};

static const worker_config_key_t  worker_config_cut_keys[] = {
    { "listen", WORKER_CONFIG_LISTEN, offsetof(worker_config_cut_t, listen) },
    { "jobs", WORKER_CONFIG_JOBS, offsetof(worker_config_cut_t, jobs) },
    { "tags", WORKER_CONFIG_STRINGS, offsetof(worker_config_cut_t, tags) },
    { "explicit_only", WORKER_CONFIG_BOOL,
      offsetof(worker_config_cut_t, explicit_only) },
    { "locations", WORKER_CONFIG_LOCATIONS, 0 },
    { NULL, WORKER_CONFIG_OTHER, 0 }
};

static const worker_config_key_t  worker_config_render_keys[] = {
    { "listen", WORKER_CONFIG_LISTEN,
      offsetof(worker_config_render_t, listen) },
    { "mode", WORKER_CONFIG_MODE, offsetof(worker_config_render_t, mode) },
    { "children", WORKER_CONFIG_JOBS,
      offsetof(worker_config_render_t, children) },
    { "kinds", WORKER_CONFIG_LIMITS, offsetof(worker_config_render_t, kinds) },
    { NULL, WORKER_CONFIG_OTHER, 0 }
};

static const worker_config_key_t  worker_config_limits_keys[] = {
    { "children", WORKER_CONFIG_JOBS, offsetof(worker_limits_t, children) },
    { "queue", WORKER_CONFIG_QUEUE, offsetof(worker_limits_t, queue) },
    { "wait", WORKER_CONFIG_WAIT, offsetof(worker_limits_t, wait) },
    { "memory", WORKER_CONFIG_MEMORY, offsetof(worker_limits_t, memory) },
    { "cpu", WORKER_CONFIG_SECONDS, offsetof(worker_limits_t, cpu) },
    { "time", WORKER_CONFIG_SECONDS, offsetof(worker_limits_t, time) },
    { "stall", WORKER_CONFIG_SECONDS, offsetof(worker_limits_t, stall) },
    { NULL, WORKER_CONFIG_OTHER, 0 }
};

/* of each kind of number: the least and the most */
static const struct {
    int64_t  min;
    int64_t  max;
} worker_config_numbers[] = {
    [WORKER_CONFIG_JOBS] = { 1, 64 },
    [WORKER_CONFIG_QUEUE] = { 0, 256 },
    [WORKER_CONFIG_WAIT] = { 0, 600 },
    [WORKER_CONFIG_SECONDS] = { 1, 86400 },
    [WORKER_CONFIG_MEMORY] = { 64, 1 << 20 }
};


worker_rc_t
worker_config_load(wub_arena_t *arena, const worker_options_t *options,
    worker_config_t *ret, worker_err_t *err)
{
    size_t                kind;
    json_t               *json;
    worker_rc_t           rc;
    json_error_t          jerr;
    worker_config_t       config;
    worker_config_ctx_t   ctx;

    memset(&config, 0, sizeof(worker_config_t));
    config.render.mode = WORKER_CONFIG_SOCKET;

    for (kind = 0; kind < WORKER_LIMITS_KINDS; kind++) {
        worker_limits_unset(&config.render.kinds[kind]);
    }

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


worker_rc_t
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

    case WORKER_CONFIG_LISTEN:
        return worker_config_listen(ctx, json, field);

    case WORKER_CONFIG_BOOL:
        if (!json_is_boolean(json)) {
            return worker_config_fail(ctx, "must be true or false");
        }

        *(bool *) field = json_is_true(json);
        return WORKER_OK;

    case WORKER_CONFIG_JOBS:
    case WORKER_CONFIG_QUEUE:
    case WORKER_CONFIG_WAIT:
    case WORKER_CONFIG_SECONDS:
    case WORKER_CONFIG_MEMORY:
        return worker_config_number(ctx, json, kind, field);

    case WORKER_CONFIG_MODE:
        return worker_config_mode(ctx, json, field);

    case WORKER_CONFIG_STRINGS:
        return worker_config_strings(ctx, json, field);

    case WORKER_CONFIG_CUT:
        return worker_config_object(ctx, json, worker_config_cut_keys, field);

    case WORKER_CONFIG_LOCATIONS:
        return worker_config_locations(ctx, json, field);

    case WORKER_CONFIG_RENDER:
        return worker_config_object(ctx, json, worker_config_render_keys,
                                    field);

    case WORKER_CONFIG_LIMITS:
        return worker_config_limits(ctx, json, field);

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
worker_config_listen(worker_config_ctx_t *ctx, json_t *json,
    const char **ret)
{
    const char        *why;
    worker_rc_t        rc;
    worker_address_t   address;

    rc = worker_config_string(ctx, json, ret);
    if (rc != WORKER_OK) {
        return rc;
    }

    why = worker_address_parse(*ret, &address);

    return (why == NULL) ? WORKER_OK : worker_config_fail(ctx, why);
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
worker_config_number(worker_config_ctx_t *ctx, json_t *json,
    worker_config_kind_e kind, int64_t *ret)
{
    char     why[80];
    int64_t  min, max;

    min = worker_config_numbers[kind].min;
    max = worker_config_numbers[kind].max;

    if (!json_is_integer(json) || json_integer_value(json) < min
        || json_integer_value(json) > max)
    {
        (void) snprintf(why, sizeof(why),
                        "must be a whole number from %d to %d", (int) min,
                        (int) max);
        return worker_config_fail(ctx, why);
    }

    *ret = json_integer_value(json);

    return WORKER_OK;
}


/* JSON has no octal numbers */
static worker_rc_t
worker_config_mode(worker_config_ctx_t *ctx, json_t *json, int64_t *ret)
{
    int64_t      mode;
    const char  *p;

    mode = 0;
    p = json_is_string(json) ? json_string_value(json) : "";

    if (strlen(p) < 3 || strlen(p) > 4 || strspn(p, "01234567") != strlen(p)
        || (strlen(p) == 4 && p[0] != '0'))
    {
        return worker_config_fail(ctx, "must be a string of octal digits,"
                                  " such as \"0660\"");
    }

    for ( /* void */ ; *p != '\0'; p++) {
        mode = mode * 8 + (*p - '0');
    }

    *ret = mode;

    return WORKER_OK;
}


/* ret: one for each kind */
static worker_rc_t
worker_config_limits(worker_config_ctx_t *ctx, json_t *json,
    worker_limits_t *ret)
{
    size_t                      len;
    json_t                     *value;
    const char                 *key;
    worker_rc_t                 rc;
    const worker_limits_row_t  *row;

    if (!json_is_object(json)) {
        return worker_config_fail(ctx, "must be an object");
    }

    json_object_foreach(json, key, value) {
        len = worker_config_enter(ctx, key);
        row = worker_limits_find(key);

        if (row == NULL) {
            return worker_config_fail(ctx, "is not a kind of request; use"
                                      " cut, plan, frame, waveform or"
                                      " thumbnail");
        }

        rc = worker_config_object(ctx, value, worker_config_limits_keys,
                                  &ret[row - worker_limits_rows]);
        if (rc != WORKER_OK) {
            return rc;
        }

        ctx->path[len] = '\0';
    }

    return WORKER_OK;
}


worker_rc_t
worker_config_dup(worker_config_ctx_t *ctx, wub_str_t s, const char **ret)
{
    *ret = wub_arena_strdup(ctx->arena, s);

    return (*ret != NULL) ? WORKER_OK : worker_config_full(ctx);
}


size_t
worker_config_enter(worker_config_ctx_t *ctx, const char *key)
{
    size_t  len;

    len = strlen(ctx->path);
    (void) snprintf(ctx->path + len, sizeof(ctx->path) - len, "%s%s",
                    len > 0 ? "." : "", key);

    return len;
}


worker_rc_t
worker_config_fail(worker_config_ctx_t *ctx, const char *why)
{
    return worker_fail(ctx->err, WORKER_INVALID, "%s: %s %s", ctx->what,
                       ctx->path[0] != '\0' ? ctx->path : "the whole", why);
}


worker_rc_t
worker_config_full(worker_config_ctx_t *ctx)
{
    return worker_config_fail(ctx, "is too much for the memory");
}
