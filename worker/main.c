
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wubloader-worker: a role or a one-shot command per process.
 */


#include <stdio.h>
#include <unistd.h>

#include "common/wub_range.h"
#include "worker/worker_config.h"
#include "worker/worker_cutter.h"
#include "worker/worker_log.h"
#include "worker/worker_loop.h"
#include "worker/worker_media.h"
#include "worker/worker_media_still.h"
#include "worker/worker_migrate.h"
#include "worker/worker_options.h"
#include "worker/worker_render.h"


#define MAIN_CONNECT             10000  /* ms to connect */


/* ctx is what every command may need; lives until the process ends */
typedef struct {
    wub_arena_t       *arena;
    worker_options_t   options;
    worker_config_t    config;
} worker_main_t;

typedef struct {
    const char  *name;
    unsigned     options;               /* 0: not in this version */
    int        (*run)(worker_main_t *ctx);
    const char  *words;                 /* arguments that are no options */
    const char  *help;
} worker_command_t;


static int main_command(const worker_command_t *command, int argc,
    char **argv);
static int main_run(const worker_command_t *command, worker_main_t *ctx);
static int main_level(const char *name, worker_log_level_e *ret);
static int main_cut(worker_main_t *ctx);
static int main_media(worker_main_t *ctx);
static int main_media_still(worker_main_t *ctx);
static int main_media_kind(const worker_options_t *options,
    worker_media_t *media);
static int main_media_ranges(worker_main_t *ctx, worker_media_t *media);
static int main_migrate(worker_main_t *ctx);
static int main_render(worker_main_t *ctx);
static void main_report(void *data, const char *line);
static int main_required(const char *value, const char *what);
static int main_usage(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
static const worker_command_t *main_find(const char *name);
static void main_help(FILE *out);


static const worker_command_t  main_commands[] = {
    { "cut", WORKER_CMD_CUT, main_cut, "",
      "finds jobs, cuts and stores their videos, until it is stopped" },
    { "media", WORKER_CMD_MEDIA, main_media, "KIND ",
      "makes one cut of footage, or a frame, thumbnail or waveform" },
    { "migrate", WORKER_CMD_MIGRATE, main_migrate, "",
      "brings the database to the current schema" },
    { "render", WORKER_CMD_RENDER, main_render, "",
      "answers requests for cuts, frames, waveforms and thumbnails" },
    { "backfill", 0, NULL, "", "not in this version" },
    { "coverage", 0, NULL, "", "not in this version" },
    { "download", 0, NULL, "", "not in this version" },
    { NULL, 0, NULL, NULL, NULL }
};


int
main(int argc, char **argv)
{
    const worker_command_t  *command;

    if (argc < 2) {
        (void) fprintf(stderr, "wubloader-worker needs a role or a command:"
                       " cut, media, migrate or render; see --help\n");
        return WORKER_EXIT_USAGE;
    }

    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        main_help(stdout);
        return WORKER_EXIT_OK;
    }

    if (strcmp(argv[1], "--version") == 0) {
        (void) printf("wubloader-worker %s\n", WORKER_VERSION);
        return WORKER_EXIT_OK;
    }

    command = main_find(argv[1]);

    if (command == NULL) {
        return main_usage("\"%s\" is neither a role nor a command; there are"
                          " cut, media, migrate and render, see --help",
                          argv[1]);
    }

    if (command->run == NULL) {
        return main_usage("The role %s is not in this version; there are"
                          " cut, media, migrate and render", argv[1]);
    }

    return main_command(command, argc - 1, argv + 1);
}


static int
main_command(const worker_command_t *command, int argc, char **argv)
{
    int                  code;
    worker_main_t           ctx;
    worker_err_t         err;
    worker_log_level_e   level;

    memset(&ctx, 0, sizeof(worker_main_t));
    ctx.arena = wub_arena_create(WUB_ARENA_MAX);

    if (ctx.arena == NULL) {
        return main_usage("%s: out of memory", command->name);
    }

    if (worker_options_parse(ctx.arena, command->options, argc, argv,
                             &ctx.options, &err)
        != WORKER_OK)
    {
        code = main_usage("%s", err.text);

    } else if (ctx.options.help) {
        (void) printf("Usage: wubloader-worker %s %s[options]\n\n%s %s.\n\n"
                      "Options:\n", command->name, command->words,
                      command->name, command->help);
        worker_options_help(stdout, command->options);
        code = WORKER_EXIT_OK;

    } else {
        code = main_level(ctx.options.log_level, &level);

        if (code == WORKER_EXIT_OK) {
            worker_log_setup(command->name, level);
            code = main_run(command, &ctx);
        }
    }

    wub_arena_destroy(ctx.arena);

    return code;
}


static int
main_run(const worker_command_t *command, worker_main_t *ctx)
{
    size_t         words;
    worker_err_t   err;

    words = (command->words[0] != '\0') ? 1 : 0;

    if (ctx->options.words.nitems > words) {
        return main_usage("The argument \"%s\" is one too many; see --help",
                          ctx->options.words.items[words]);
    }

    if (worker_config_load(ctx->arena, &ctx->options, &ctx->config, &err)
        != WORKER_OK)
    {
        return main_usage("%s", err.text);
    }

    return command->run(ctx);
}


static int
main_level(const char *name, worker_log_level_e *ret)
{
    size_t  i;

    static const char *const  levels[] = {
        [WORKER_LOG_ERROR] = "error",
        [WORKER_LOG_WARN] = "warn",
        [WORKER_LOG_INFO] = "info",
        [WORKER_LOG_DEBUG] = "debug"
    };

    *ret = WORKER_LOG_INFO;

    if (name == NULL) {
        return WORKER_EXIT_OK;
    }

    for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strcmp(levels[i], name) == 0) {
            *ret = (worker_log_level_e) i;
            return WORKER_EXIT_OK;
        }
    }

    return main_usage("--log-level must be error, warn, info or debug, not"
                      " \"%s\"", name);
}


static int
main_cut(worker_main_t *ctx)
{
    const worker_config_t  *config = &ctx->config;

    if (main_required(config->segments, "the segment store: --segments DIR")
        || main_required(config->database,
                         "the database: --database CONNINFO"))
    {
        return WORKER_EXIT_USAGE;
    }

    if (config->cut.listen != NULL) {
        return main_usage("cut.listen (--listen %s): metrics are not in this"
                          " version; leave it out", config->cut.listen);
    }

    if (config->cut.nlocations == 0) {
        return main_usage("%s needs at least one upload location: key"
                          " cut.locations in --config FILE, or --locations"
                          " JSON", "cut");
    }

    return worker_cutter(config, ctx->options.once);
}


static int
main_media(worker_main_t *ctx)
{
    worker_rc_t              rc;
    worker_err_t             err;
    worker_media_t           media;
    const worker_options_t  *options = &ctx->options;

    if (options->words.nitems == 0) {
        return main_usage("%s needs a KIND: " WORKER_KIND_NAMES ", or "
                          WORKER_MEDIA_STILL_NAMES, "media");
    }

    if (main_required(ctx->config.segments,
                      "the segment store: --segments DIR")
        || main_required(options->channel, "the channel: --channel C")
        || (!options->plan
            && main_required(options->output,
                             "where to write: --output FILE")))
    {
        return WORKER_EXIT_USAGE;
    }

    if (worker_media_still_is(options->words.items[0])) {
        return main_media_still(ctx);
    }

    memset(&media, 0, sizeof(worker_media_t));

    if (main_media_kind(options, &media) != WORKER_EXIT_OK
        || main_media_ranges(ctx, &media) != WORKER_EXIT_OK)
    {
        return WORKER_EXIT_USAGE;
    }

    media.store.segments = ctx->config.segments;
    media.store.channel = options->channel;
    media.store.quality = (options->quality != NULL) ? options->quality
                                                     : "source";
    media.store.tolerance = WUB_BEST_TOLERANCE;
    media.allow_holes = options->allow_holes;
    media.output = options->output;
    media.stop = worker_loop_stop();

    worker_loop_setup_child();

    rc = worker_media_run(&media, &err);

    if (rc == WORKER_OK) {
        return WORKER_EXIT_OK;
    }

    (void) fprintf(stderr, "wubloader-worker: %s\n", err.text);

    return (rc == WORKER_DECLINED) ? WORKER_EXIT_USAGE : WORKER_EXIT_FAILED;
}


static int
main_media_still(worker_main_t *ctx)
{
    worker_rc_t   rc;
    worker_err_t  err;

    if (main_required(ctx->options.output, "where to write: --output FILE")) {
        return WORKER_EXIT_USAGE;
    }

    worker_loop_setup_child();

    rc = worker_media_still(ctx->arena, &ctx->options, &ctx->config,
                            worker_loop_stop(), &err);

    if (rc == WORKER_OK) {
        return WORKER_EXIT_OK;
    }

    (void) fprintf(stderr, "wubloader-worker: %s\n", err.text);

    return (rc == WORKER_DECLINED) ? WORKER_EXIT_USAGE : WORKER_EXIT_FAILED;
}


/* the kind, its settings, and whether its plan is asked for */
static int
main_media_kind(const worker_options_t *options, worker_media_t *media)
{
    size_t         i;
    const char    *name;
    worker_err_t   err;

    name = options->words.items[0];
    media->kind = worker_kind_find(name);

    if (media->kind == NULL) {
        return main_usage("\"%s\" is not a kind of cut; there are "
                          WORKER_KIND_NAMES ", and the pictures "
                          WORKER_MEDIA_STILL_NAMES, name);
    }

    worker_encode_defaults(&media->encode, media->kind->name);

    for (i = 0; i < options->encode.nitems; i++) {
        if (worker_encode_text(&media->encode, options->encode.items[i], &err)
            != WORKER_OK)
        {
            return main_usage("--encode: %s", err.text);
        }
    }

    if (worker_encode_check(&media->encode, &err) != WORKER_OK) {
        return main_usage("--encode: %s", err.text);
    }

    if (options->plan) {
        media->plan = WORKER_MEDIA_PLAN_ONLY;

    } else if (options->log_level != NULL
               && strcmp(options->log_level, "debug") == 0)
    {
        media->plan = WORKER_MEDIA_PLAN_BESIDE;
    }

    return WORKER_EXIT_OK;
}


static int
main_media_ranges(worker_main_t *ctx, worker_media_t *media)
{
    size_t                i;
    const char           *text;
    wub_ranges_t         *ret;
    const worker_list_t  *ranges, *transitions;

    ret = &media->ranges;
    ranges = &ctx->options.ranges;
    transitions = &ctx->options.transitions;

    if (ranges->nitems == 0) {
        return main_usage("%s needs a range: --range START,END", "media");
    }

    if (ranges->nitems > WUB_RANGES_MAX
        || transitions->nitems > ranges->nitems - 1)
    {
        return main_usage("%s: there are too many ranges, or as many"
                          " transitions as ranges", "media");
    }

    ret->nranges = ranges->nitems;
    ret->ntransitions = ranges->nitems - 1;
    ret->ranges = wub_arena_calloc(ctx->arena,
                                   ret->nranges * sizeof(wub_range_t));
    ret->transitions = wub_arena_calloc(ctx->arena,
                                        ret->nranges
                                        * sizeof(wub_transition_t));

    if (ret->ranges == NULL || ret->transitions == NULL) {
        return main_usage("%s: out of memory", "media");
    }

    for (i = 0; i < ranges->nitems; i++) {
        text = ranges->items[i];

        if (wub_range_parse(wub_str_n(text, strlen(text)), &ret->ranges[i])
            != WUB_OK
            || ret->ranges[i].start >= ret->ranges[i].end)
        {
            return main_usage("--range must be START,END in ISO 8601 with"
                              " the end after the start, not \"%s\"", text);
        }
    }

    for (i = 0; i < transitions->nitems; i++) {
        text = transitions->items[i];

        if (wub_transition_parse(wub_str_n(text, strlen(text)),
                                 &ret->transitions[i])
            != WUB_OK)
        {
            return main_usage("--transition must be empty or TYPE,SECONDS,"
                              " not \"%s\"", text);
        }
    }

    return WORKER_EXIT_OK;
}


static int
main_migrate(worker_main_t *ctx)
{
    worker_pg_t   *pg;
    worker_rc_t    rc;
    worker_err_t   err;

    if (main_required(ctx->config.database,
                      "the database: --database CONNINFO"))
    {
        return WORKER_EXIT_USAGE;
    }

    rc = worker_pg_open(&pg, ctx->config.database, "wubloader-worker migrate",
                        MAIN_CONNECT, &err);

    if (rc == WORKER_OK) {
        rc = worker_migrate(pg, main_report, NULL, &err);
        worker_pg_close(pg);
    }

    if (rc != WORKER_OK) {
        worker_log(WORKER_LOG_ERROR, err.text, NULL);
        return WORKER_EXIT_FAILED;
    }

    worker_log(WORKER_LOG_INFO, "the database has the current schema", NULL);

    return WORKER_EXIT_OK;
}


static int
main_render(worker_main_t *ctx)
{
    const worker_config_t  *config = &ctx->config;

    if (main_required(config->segments, "the segment store: --segments DIR")
        || main_required(config->render.listen,
                         "where to listen: --listen ADDR"))
    {
        return WORKER_EXIT_USAGE;
    }

    return worker_render(config);
}


static void
main_report(void *data, const char *line)
{
    (void) data;

    worker_log(WORKER_LOG_INFO, line, NULL);
}


/* 0 when the value is there */
static int
main_required(const char *value, const char *what)
{
    if (value != NULL) {
        return WORKER_EXIT_OK;
    }

    return main_usage("Nothing names %s, or its key in --config FILE", what);
}


static int
main_usage(const char *fmt, ...)
{
    va_list  args;

    (void) fputs("wubloader-worker: ", stderr);

    va_start(args, fmt);
    (void) vfprintf(stderr, fmt, args);
    va_end(args);

    (void) fputc('\n', stderr);

    return WORKER_EXIT_USAGE;
}


static const worker_command_t *
main_find(const char *name)
{
    size_t  i;

    for (i = 0; main_commands[i].name != NULL; i++) {
        if (strcmp(main_commands[i].name, name) == 0) {
            return &main_commands[i];
        }
    }

    return NULL;
}


static void
main_help(FILE *out)
{
    size_t  i;

    (void) fputs("Usage: wubloader-worker COMMAND [options]\n\n"
                 "Commands:\n", out);

    for (i = 0; main_commands[i].name != NULL; i++) {
        (void) fprintf(out, "  %-10s%s\n", main_commands[i].name,
                       main_commands[i].help);
    }

    for (i = 0; main_commands[i].name != NULL; i++) {

        if (main_commands[i].run == NULL) {
            continue;
        }

        (void) fprintf(out, "\nOptions of %s:\n", main_commands[i].name);
        worker_options_help(out, main_commands[i].options);
    }

    (void) fputs("\n  --version                 print the version and exit\n",
                 out);
}
