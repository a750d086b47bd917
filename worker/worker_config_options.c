
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * What the command line and the environment say, over what the file says,
 * and the defaults below both; and what is found in the result.
 */


#include <stdlib.h>
#include <unistd.h>

#include "common/wub_scan.h"
#include "worker/worker_address.h"
#include "worker/worker_config.h"


#define WORKER_CONFIG_NAME_MAX   255

/* of the render service */
#define WORKER_CONFIG_CHILDREN   4


static worker_rc_t worker_config_cut_options(wub_arena_t *arena,
    const worker_options_t *options, worker_config_cut_t *ret,
    worker_err_t *err);
static void worker_config_render_options(const worker_options_t *options,
    worker_config_render_t *ret);
static worker_rc_t worker_config_tags(wub_arena_t *arena, const char *tags,
    worker_list_t *ret, worker_err_t *err);
static worker_rc_t worker_config_hostname(wub_arena_t *arena,
    const char **ret, worker_err_t *err);


worker_rc_t
worker_config_override(wub_arena_t *arena, const worker_options_t *options,
    worker_config_t *ret, worker_err_t *err)
{
    size_t             i;
    const char        *why;
    worker_address_t   address;

    const struct {
        const char   *name;
        const char   *option;
        const char  **field;
    } rows[] = {
        { "segments", options->segments, &ret->segments },
        { "database", options->database, &ret->database },
        { "name", options->name, &ret->name },
        { "listen", options->listen, &ret->cut.listen },
        { "listen", options->listen, &ret->render.listen }
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        if (rows[i].option == NULL) {
            continue;
        }

        if (rows[i].option[0] == '\0') {
            return worker_fail(err, WORKER_INVALID,
                               "--%s must not be empty", rows[i].name);
        }

        *rows[i].field = rows[i].option;
    }

    if (options->listen != NULL) {
        why = worker_address_parse(options->listen, &address);

        if (why != NULL) {
            return worker_fail(err, WORKER_INVALID, "--listen %s", why);
        }
    }

    if (ret->database == NULL) {
        ret->database = getenv("WUBLOADER_DATABASE");
    }

    if (ret->name == NULL
        && worker_config_hostname(arena, &ret->name, err) != WORKER_OK)
    {
        return WORKER_INVALID;
    }

    /* it stands before each sentence on a row */

    if (strlen(ret->name) > WORKER_CONFIG_NAME_MAX) {
        return worker_fail(err, WORKER_INVALID,
                           "The name of this worker is longer than %d bytes;"
                           " give it a shorter one with --name",
                           WORKER_CONFIG_NAME_MAX);
    }

    worker_config_render_options(options, &ret->render);

    return worker_config_cut_options(arena, options, &ret->cut, err);
}


const char *
worker_config_folder(wub_arena_t *arena, const char **path)
{
    size_t  len;

    if (*path == NULL) {
        return "is missing; name the folder where videos go";
    }

    if ((*path)[0] != '/') {
        return "must begin with a slash";
    }

    len = strlen(*path);

    while (len > 1 && (*path)[len - 1] == '/') {
        len--;
    }

    *path = wub_arena_strdup(arena, wub_str_n(*path, len));

    return (*path != NULL) ? NULL : "is too much for the memory";
}


const worker_location_t *
worker_config_location(const worker_config_cut_t *cut, const char *name)
{
    size_t  i;

    for (i = 0; i < cut->nlocations; i++) {
        if (strcmp(cut->locations[i].name, name) == 0) {
            return &cut->locations[i];
        }
    }

    return NULL;
}


static worker_rc_t
worker_config_cut_options(wub_arena_t *arena,
    const worker_options_t *options, worker_config_cut_t *ret,
    worker_err_t *err)
{
    wub_str_t    text;
    worker_rc_t  rc;

    if (options->jobs != 0) {
        ret->jobs = options->jobs;
    }

    if (ret->jobs == 0) {
        ret->jobs = 1;
    }

    ret->explicit_only = ret->explicit_only || options->explicit_only;

    if (options->tags != NULL) {
        rc = worker_config_tags(arena, options->tags, &ret->tags, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    if (options->locations == NULL) {
        return WORKER_OK;
    }

    text = wub_str_n(options->locations, strlen(options->locations));

    return worker_config_parse_locations(arena, text, "--locations", ret, err);
}


static void
worker_config_render_options(const worker_options_t *options,
    worker_config_render_t *ret)
{
    size_t  i;

    if (options->children != 0) {
        ret->children = options->children;
    }

    if (ret->children == 0) {
        ret->children = WORKER_CONFIG_CHILDREN;
    }

    for (i = 0; i < WORKER_LIMITS_KINDS; i++) {
        worker_limits_fill(&ret->kinds[i], (worker_limits_kind_e) i,
                           ret->children);
    }
}


static worker_rc_t
worker_config_tags(wub_arena_t *arena, const char *tags, worker_list_t *ret,
    worker_err_t *err)
{
    size_t       n;
    wub_str_t    tag;
    wub_scan_t   s;
    const char  *p;

    n = 1;

    for (p = tags; *p != '\0'; p++) {
        n += (*p == ',');
    }

    ret->nitems = 0;
    ret->items = wub_arena_calloc(arena, n * sizeof(char *));

    if (ret->items == NULL) {
        return worker_fail_memory(err, "--tags");
    }

    wub_scan_init(&s, wub_str_n(tags, strlen(tags)));

    while (!wub_scan_done(&s)) {

        if (wub_scan_until(&s, ',', &tag) != WUB_OK) {
            tag = wub_scan_rest(&s);
        }

        if (tag.len == 0) {
            continue;
        }

        ret->items[ret->nitems] = wub_arena_strdup(arena, tag);

        if (ret->items[ret->nitems] == NULL) {
            return worker_fail_memory(err, "--tags");
        }

        ret->nitems++;
    }

    return WORKER_OK;
}


static worker_rc_t
worker_config_hostname(wub_arena_t *arena, const char **ret,
    worker_err_t *err)
{
    char         name[256];
    const char  *copy;

    name[0] = '\0';
    (void) gethostname(name, sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';

    if (name[0] == '\0') {
        return worker_fail(err, WORKER_INVALID,
                           "The host has no name; give this worker one with"
                           " --name");
    }

    copy = wub_arena_strdup(arena, wub_str_n(name, strlen(name)));

    if (copy == NULL) {
        return worker_fail_memory(err, name);
    }

    *ret = copy;

    return WORKER_OK;
}
