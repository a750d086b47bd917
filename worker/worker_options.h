
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_options: the command line.  One table row per option; parsing,
 * --help and the README's list come from it.
 * May call: libc (getopt_long), common/.
 * Frees: nothing; values point into argv or live in the caller's arena.
 */


#ifndef WORKER_OPTIONS_H_INCLUDED_
#define WORKER_OPTIONS_H_INCLUDED_


#include <stdio.h>

#include "common/wub_arena.h"
#include "worker/worker.h"


/* commands that an option belongs to; bits */
#define WORKER_CMD_CUT           0x01
#define WORKER_CMD_MEDIA         0x02
#define WORKER_CMD_MIGRATE       0x04
#define WORKER_CMD_RENDER        0x08
#define WORKER_CMD_ALL           0x0f


typedef struct {
    const char  **items;
    size_t        nitems;
} worker_list_t;

/* NULL, false, 0 and an empty list: not given */
typedef struct {
    bool           help;
    bool           once;
    bool           explicit_only;
    bool           allow_holes;
    bool           plan;
    const char    *config;
    const char    *segments;
    const char    *database;
    const char    *name;
    const char    *listen;
    const char    *log_level;
    const char    *tags;
    const char    *locations;
    const char    *channel;
    const char    *quality;
    const char    *output;
    const char    *timestamp;
    const char    *format;
    const char    *size;
    const char    *template;
    const char    *crop;
    const char    *location;
    int64_t        jobs;
    int64_t        children;
    worker_list_t  ranges;
    worker_list_t  transitions;
    worker_list_t  encode;
    worker_list_t  words;       /* arguments that are no options */
} worker_options_t;


/*
 * Reads the arguments of one command; argv[0] is the command's name.
 * WORKER_INVALID with a sentence that names the argument.
 */
worker_rc_t worker_options_parse(wub_arena_t *arena, unsigned command,
    int argc, char *const *argv, worker_options_t *ret, worker_err_t *err);

/* one line per option of the command */
void worker_options_help(FILE *out, unsigned command);


#endif /* WORKER_OPTIONS_H_INCLUDED_ */
