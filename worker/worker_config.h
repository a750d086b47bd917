
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_config: the configuration, one JSON file that is checked whole;
 * what is wrong is said with the path of its key.  Its files alone have
 * jansson.
 * May call: jansson, libc, common/.
 * Frees: the JSON tree; what it returns lives in the caller's arena.
 */


#ifndef WORKER_CONFIG_H_INCLUDED_
#define WORKER_CONFIG_H_INCLUDED_


#include "common/wub_arena.h"
#include "worker/worker.h"
#include "worker/worker_encode.h"
#include "worker/worker_kind.h"
#include "worker/worker_limits.h"
#include "worker/worker_options.h"


typedef struct {
    const char              *name;
    const char           *type;         /* "local" */
    const char           *cut_type;
    const worker_kind_t  *kind;         /* that cut_type names */
    worker_encode_t       encode;       /* of that kind */
    const char           *path;         /* absolute, no slash at its end */
    const char           *url_prefix;   /* NULL: links are file:// */
    bool                  write_info;
    bool                  no_uploader;  /* known, but its jobs are not taken */
    bool                  no_updater;
} worker_location_t;

typedef struct {
    const char         *listen;
    int64_t             jobs;
    worker_list_t       tags;
    bool                explicit_only;
    worker_location_t  *locations;
    size_t              nlocations;
} worker_config_cut_t;

typedef struct {
    const char         *listen;
    int64_t             mode;           /* of a unix socket */
    int64_t             children;       /* of all kinds that render */
    worker_limits_t     kinds[WORKER_LIMITS_KINDS];
} worker_config_render_t;

/* NULL where neither file nor command line says it */
typedef struct {
    const char              *segments;
    const char              *database;
    const char              *name;
    const char              *templates;
    worker_config_cut_t      cut;
    worker_config_render_t   render;
} worker_config_t;


/*
 * The file that --config names, if any, then the options over it, then
 * defaults.  All failures are WORKER_INVALID.
 */
worker_rc_t worker_config_load(wub_arena_t *arena,
    const worker_options_t *options, worker_config_t *ret,
    worker_err_t *err);

/* the text of cut.locations alone; what names it in sentences */
worker_rc_t worker_config_parse_locations(wub_arena_t *arena,
    wub_str_t text, const char *what, worker_config_cut_t *ret,
    worker_err_t *err);

/* worker_config_load() without the file */
worker_rc_t worker_config_override(wub_arena_t *arena,
    const worker_options_t *options, worker_config_t *ret,
    worker_err_t *err);

/* the folder of a location; NULL, or what is wrong with it */
const char *worker_config_folder(wub_arena_t *arena, const char **path);

/* NULL when there is none of this name */
const worker_location_t *worker_config_location(
    const worker_config_cut_t *cut, const char *name);


#endif /* WORKER_CONFIG_H_INCLUDED_ */
