
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <getopt.h>

#include "common/wub_scan.h"
#include "worker/worker_options.h"


/* columns of --help before the text and in all; options at most */
#define WORKER_OPTIONS_COLUMN    28
#define WORKER_OPTIONS_WIDTH     79
#define WORKER_OPTIONS_MAX       64

/* getopt_long() returns this plus the row */
#define WORKER_OPTIONS_FIRST     1000


typedef enum {
    WORKER_OPTION_FLAG,         /* bool */
    WORKER_OPTION_STRING,       /* const char * */
    WORKER_OPTION_NUMBER,       /* int64_t, 1 to max */
    WORKER_OPTION_LIST          /* worker_list_t; may be given again */
} worker_option_type_e;

typedef struct {
    const char            *name;
    worker_option_type_e   type;
    size_t                 offset;
    unsigned               commands;
    uint64_t               max;     /* of a number */
    const char            *arg;     /* what --help calls the value */
    const char            *help;
} worker_option_t;


static worker_rc_t worker_options_set(wub_arena_t *arena,
    const worker_option_t *option, const char *value, worker_options_t *ret,
    worker_err_t *err);
static worker_rc_t worker_options_append(wub_arena_t *arena,
    worker_list_t *list, const char *value, worker_err_t *err);
static void worker_options_wrap(FILE *out, int n, const char *text);
static size_t worker_options_table(unsigned command, struct option *ret);


#define worker_option(field)     offsetof(worker_options_t, field)

static const worker_option_t  worker_options[] = {

    { "config", WORKER_OPTION_STRING, worker_option(config),
      WORKER_CMD_ALL, 0, "FILE",
      "the configuration, one JSON file (default: none)" },

    { "segments", WORKER_OPTION_STRING, worker_option(segments),
      WORKER_CMD_CUT | WORKER_CMD_MEDIA | WORKER_CMD_RENDER, 0, "DIR",
      "the segment store (required, here or in FILE)" },

    { "database", WORKER_OPTION_STRING, worker_option(database),
      WORKER_CMD_CUT | WORKER_CMD_MIGRATE, 0, "CONNINFO",
      "how to reach Postgres (required, here, in FILE or in the"
      " environment's WUBLOADER_DATABASE)" },

    { "name", WORKER_OPTION_STRING, worker_option(name),
      WORKER_CMD_CUT, 0, "NAME",
      "this worker's name on the rows; no two cutters share one"
      " (default: the host's name)" },

    { "listen", WORKER_OPTION_STRING, worker_option(listen),
      WORKER_CMD_CUT | WORKER_CMD_RENDER, 0, "ADDR",
      "where requests are answered, unix:PATH or ADDR:PORT; for cut, where"
      " metrics are (not in this version)" },

    { "once", WORKER_OPTION_FLAG, worker_option(once),
      WORKER_CMD_CUT, 0, NULL,
      "do the jobs that can be done now, then exit" },

    { "jobs", WORKER_OPTION_NUMBER, worker_option(jobs),
      WORKER_CMD_CUT, 64, "N",
      "cuts at the same time, 1 to 64 (default: 1)" },

    { "children", WORKER_OPTION_NUMBER, worker_option(children),
      WORKER_CMD_RENDER, 64, "N",
      "requests that are rendered at the same time, 1 to 64 (default: 4)" },

    { "tags", WORKER_OPTION_STRING, worker_option(tags),
      WORKER_CMD_CUT, 0, "A,B",
      "tags added to those of each video (default: none)" },

    { "explicit-only", WORKER_OPTION_FLAG, worker_option(explicit_only),
      WORKER_CMD_CUT, 0, NULL,
      "take only jobs whose uploader_whitelist names this worker" },

    { "locations", WORKER_OPTION_STRING, worker_option(locations),
      WORKER_CMD_CUT, 0, "JSON",
      "the upload locations, as cut.locations of FILE has them"
      " (required, here or in FILE)" },

    { "channel", WORKER_OPTION_STRING, worker_option(channel),
      WORKER_CMD_MEDIA, 0, "C", "the channel (required)" },

    { "quality", WORKER_OPTION_STRING, worker_option(quality),
      WORKER_CMD_MEDIA, 0, "Q", "the quality (default: source)" },

    { "range", WORKER_OPTION_LIST, worker_option(ranges),
      WORKER_CMD_MEDIA, 0, "START,END",
      "a range of time, UTC, start inclusive and end exclusive; again for"
      " each further range (required)" },

    { "transition", WORKER_OPTION_LIST, worker_option(transitions),
      WORKER_CMD_MEDIA, 0, "TYPE,SECONDS",
      "between two ranges, which it shows at the same time for so long;"
      " empty is a hard cut; rough and archive have none (default: hard"
      " cuts)" },

    { "allow-holes", WORKER_OPTION_FLAG, worker_option(allow_holes),
      WORKER_CMD_MEDIA, 0, NULL, "cut also where footage is missing" },

    { "plan", WORKER_OPTION_FLAG, worker_option(plan),
      WORKER_CMD_MEDIA, 0, NULL,
      "cut nothing, but print as JSON what would be copied and encoded" },

    { "encode", WORKER_OPTION_LIST, worker_option(encode),
      WORKER_CMD_MEDIA, 0, "NAME=VALUE",
      "a setting of the encoders of mpegts, mp4 and webm, again for each"
      " further one; youtube stands for a whole set (default: those of the"
      " kind)" },

    { "timestamp", WORKER_OPTION_STRING, worker_option(timestamp),
      WORKER_CMD_MEDIA, 0, "TIME",
      "of a frame or thumbnail: the time, UTC, of which the picture is shown"
      " (default: START of --range)" },

    { "format", WORKER_OPTION_STRING, worker_option(format),
      WORKER_CMD_MEDIA, 0, "FORMAT",
      "png; of a frame also jpg, of a waveform also json (default: png)" },

    { "size", WORKER_OPTION_STRING, worker_option(size),
      WORKER_CMD_MEDIA, 0, "WIDTHxHEIGHT",
      "of a waveform, in pixels (default: 1024x64)" },

    { "template", WORKER_OPTION_STRING, worker_option(template),
      WORKER_CMD_MEDIA, 0, "FILE",
      "of a thumbnail: a PNG, or a name in the configuration's templates;"
      " crop and location are read from the .json beside it, if there is one"
      " (required, of a thumbnail)" },

    { "crop", WORKER_OPTION_STRING, worker_option(crop),
      WORKER_CMD_MEDIA, 0, "X1,Y1,X2,Y2",
      "of a thumbnail: the part of the frame that is shown (default: that of"
      " the template, or all)" },

    { "location", WORKER_OPTION_STRING, worker_option(location),
      WORKER_CMD_MEDIA, 0, "X1,Y1,X2,Y2",
      "of a thumbnail: where that lies in the template (default: that of the"
      " template, or all)" },

    { "output", WORKER_OPTION_STRING, worker_option(output),
      WORKER_CMD_MEDIA, 0, "FILE",
      "the file to write, - for stdout (required, but for --plan)" },

    { "log-level", WORKER_OPTION_STRING, worker_option(log_level),
      WORKER_CMD_ALL, 0, "LEVEL",
      "error, warn, info or debug (default: info)" },

    { "help", WORKER_OPTION_FLAG, worker_option(help),
      WORKER_CMD_ALL, 0, NULL, "print this and exit" }
};

#define WORKER_OPTIONS_N                                                      \
    (sizeof(worker_options) / sizeof(worker_options[0]))


worker_rc_t
worker_options_parse(wub_arena_t *arena, unsigned command, int argc,
    char *const *argv, worker_options_t *ret, worker_err_t *err)
{
    int            c;
    worker_rc_t    rc;
    struct option  longs[WORKER_OPTIONS_MAX];

    memset(ret, 0, sizeof(worker_options_t));
    (void) worker_options_table(command, longs);

    optind = 0;
    opterr = 0;

    while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {

        if (c == 'h') {
            ret->help = true;
            continue;
        }

        if (c == ':') {
            return worker_fail(err, WORKER_INVALID,
                               "The option %s needs a value; see --help",
                               argv[optind - 1]);
        }

        if (c < WORKER_OPTIONS_FIRST) {
            return worker_fail(err, WORKER_INVALID,
                               "%s does not know the option %s, or not in"
                               " this form; see --help", argv[0],
                               argv[optind > 1 ? optind - 1 : 1]);
        }

        rc = worker_options_set(arena,
                                &worker_options[c - WORKER_OPTIONS_FIRST],
                                optarg, ret, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    for ( /* void */ ; optind < argc; optind++) {
        rc = worker_options_append(arena, &ret->words, argv[optind], err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


static worker_rc_t
worker_options_set(wub_arena_t *arena, const worker_option_t *option,
    const char *value, worker_options_t *ret, worker_err_t *err)
{
    char      *field;
    uint64_t   number;

    field = (char *) ret + option->offset;

    switch (option->type) {

    case WORKER_OPTION_FLAG:
        *(bool *) (void *) field = true;
        return WORKER_OK;

    case WORKER_OPTION_STRING:
        *(const char **) (void *) field = value;
        return WORKER_OK;

    case WORKER_OPTION_NUMBER:
        if (wub_str_u64(wub_str_n(value, strlen(value)), option->max,
                        &number) != WUB_OK
            || number == 0)
        {
            return worker_fail(err, WORKER_INVALID,
                               "--%s must be a whole number from 1 to %llu,"
                               " not \"%s\"", option->name,
                               (unsigned long long) option->max, value);
        }

        *(int64_t *) (void *) field = (int64_t) number;
        return WORKER_OK;

    case WORKER_OPTION_LIST:
        break;
    }

    return worker_options_append(arena, (worker_list_t *) (void *) field,
                                 value, err);
}


static worker_rc_t
worker_options_append(wub_arena_t *arena, worker_list_t *list,
    const char *value, worker_err_t *err)
{
    const char  **items;

    items = wub_arena_alloc(arena, (list->nitems + 1) * sizeof(char *));

    if (items == NULL) {
        return worker_fail_memory(err, "The arguments");
    }

    if (list->nitems > 0) {
        memcpy(items, list->items, list->nitems * sizeof(char *));
    }

    items[list->nitems] = value;

    list->items = items;
    list->nitems++;

    return WORKER_OK;
}


void
worker_options_help(FILE *out, unsigned command)
{
    int                     n;
    size_t                  i;
    const worker_option_t  *option;

    for (i = 0; i < WORKER_OPTIONS_N; i++) {
        option = &worker_options[i];

        if ((option->commands & command) == 0) {
            continue;
        }

        n = fprintf(out, "  --%s%s%s", option->name,
                    option->arg != NULL ? " " : "",
                    option->arg != NULL ? option->arg : "");

        worker_options_wrap(out, n, option->help);
    }
}


/* n columns are taken; words go into those from WORKER_OPTIONS_COLUMN on */
static void
worker_options_wrap(FILE *out, int n, const char *text)
{
    int  len;

    if (n > WORKER_OPTIONS_COLUMN - 2) {
        (void) fputc('\n', out);
        n = 0;
    }

    (void) fprintf(out, "%*s", WORKER_OPTIONS_COLUMN - n, "");
    n = WORKER_OPTIONS_COLUMN;

    while (*text != '\0') {
        len = (int) strcspn(text, " ");

        if (n > WORKER_OPTIONS_COLUMN && n + 1 + len > WORKER_OPTIONS_WIDTH) {
            (void) fprintf(out, "\n%*s", WORKER_OPTIONS_COLUMN, "");
            n = WORKER_OPTIONS_COLUMN;

        } else if (n > WORKER_OPTIONS_COLUMN) {
            (void) fputc(' ', out);
            n++;
        }

        (void) fprintf(out, "%.*s", len, text);
        n += len;
        text += len + (text[len] == ' ');
    }

    (void) fputc('\n', out);
}


static size_t
worker_options_table(unsigned command, struct option *ret)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < WORKER_OPTIONS_N; i++) {

        if ((worker_options[i].commands & command) == 0) {
            continue;
        }

        ret[n].name = worker_options[i].name;
        ret[n].has_arg = worker_options[i].arg != NULL ? required_argument
                                                       : no_argument;
        ret[n].flag = NULL;
        ret[n].val = WORKER_OPTIONS_FIRST + (int) i;
        n++;
    }

    memset(&ret[n], 0, sizeof(struct option));

    return n;
}
