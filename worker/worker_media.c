
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "worker/worker_cut.h"
#include "worker/worker_file.h"
#include "worker/worker_media.h"


#define WORKER_MEDIA_BAR         30

/* milliseconds from one picture of the bar to the next */
#define WORKER_MEDIA_PACE        200


/* where the bytes go, and what the bar needs */
typedef struct {
    const worker_media_t  *media;
    wub_arena_t           *arena;
    worker_file_t          file;        /* its fd is -1 for a stream */
    int                    fd;          /* of a stream */
    bool                   close;
    bool                   bar;
    int64_t                begun;       /* ms */
    int64_t                shown;
} worker_media_out_t;


static worker_rc_t worker_media_check(const worker_media_t *m,
    worker_err_t *err);
static worker_rc_t worker_media_cut(worker_media_out_t *o,
    worker_err_t *err);
static worker_rc_t worker_media_open(worker_media_out_t *o,
    worker_err_t *err);
static worker_rc_t worker_media_file(worker_media_out_t *o,
    worker_err_t *err);
static worker_rc_t worker_media_write(void *data, const uint8_t *bytes,
    size_t len, worker_err_t *err);
static worker_rc_t worker_media_close(worker_media_out_t *o, worker_rc_t rc,
    worker_err_t *err);
static void worker_media_progress(void *data,
    const worker_cut_progress_t *progress);
static int64_t worker_media_now(void);


worker_rc_t
worker_media_run(const worker_media_t *m, worker_err_t *err)
{
    worker_rc_t         rc;
    worker_media_out_t  out;

    rc = worker_media_check(m, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    /* a reader that went away is an error of write(), with a sentence */

    (void) signal(SIGPIPE, SIG_IGN);

    memset(&out, 0, sizeof(worker_media_out_t));

    out.media = m;
    out.fd = -1;
    out.file.fd = -1;
    out.file.dirfd = -1;
    out.bar = isatty(STDERR_FILENO) == 1;
    out.begun = worker_media_now();

    out.arena = wub_arena_create(WUB_ARENA_MAX);
    if (out.arena == NULL) {
        return worker_fail_memory(err, "Cutting");
    }

    rc = worker_media_open(&out, err);

    if (rc == WORKER_OK) {
        rc = worker_media_cut(&out, err);
        rc = worker_media_close(&out, rc, err);
    }

    wub_arena_destroy(out.arena);

    return rc;
}


static worker_rc_t
worker_media_check(const worker_media_t *m, worker_err_t *err)
{
    size_t  i;

    if (!worker_cut_known(m->kind)) {
        return worker_fail(err, WORKER_DECLINED,
                           "The kind '%s' is not there yet; use smart.",
                           m->kind);
    }

    if (m->plan) {
        return worker_fail(err, WORKER_DECLINED,
                           "The option --plan is not there yet.");
    }

    if (m->ranges.nranges == 0) {
        return worker_fail(err, WORKER_DECLINED,
                           "At least one --range START,END is needed.");
    }

    for (i = 0; i < m->ranges.nranges; i++) {
        if (m->ranges.ranges[i].end == INT64_MAX
            || m->ranges.ranges[i].start >= m->ranges.ranges[i].end)
        {
            return worker_fail(err, WORKER_DECLINED,
                               "The end of --range %zu must be after its "
                               "start.", i + 1);
        }
    }

    for (i = 0; i < m->ranges.ntransitions; i++) {
        if (m->ranges.transitions[i].type.len != 0) {
            return worker_fail(err, WORKER_DECLINED,
                               "The option --transition is not there yet.");
        }
    }

    return WORKER_OK;
}


static worker_rc_t
worker_media_cut(worker_media_out_t *o, worker_err_t *err)
{
    worker_rc_t          rc;
    worker_cut_t         cut;
    worker_cut_result_t  result;

    memset(&cut, 0, sizeof(worker_cut_t));

    cut.kind = o->media->kind;
    cut.store = o->media->store;
    cut.ranges = &o->media->ranges;
    cut.allow_holes = o->media->allow_holes;
    cut.write = worker_media_write;
    cut.write_data = o;
    cut.progress = o->bar ? worker_media_progress : NULL;
    cut.progress_data = o;
    cut.stop = o->media->stop;

    rc = worker_cut_run(o->arena, &cut, &result, err);

    if (o->bar && o->shown != 0) {
        (void) dprintf(STDERR_FILENO, "\n");
    }

    if (rc == WORKER_OK && o->bar) {
        (void) dprintf(STDERR_FILENO,
                       "%" PRId64 ".%03" PRId64 " s, %" PRId64 " frames, %"
                       PRId64 " of them copied, %" PRId64 " bytes\n",
                       result.duration / WUB_SECOND,
                       result.duration % WUB_SECOND / 1000, result.frames,
                       result.copied, result.bytes);
    }

    return rc;
}


/* a name of a file, or what is a stream already: "-", a pipe, a device */
static worker_rc_t
worker_media_open(worker_media_out_t *o, worker_err_t *err)
{
    const char   *output;
    struct stat   st;

    output = o->media->output;

    if (strcmp(output, "-") == 0) {
        o->fd = STDOUT_FILENO;
        return WORKER_OK;
    }

    if (stat(output, &st) == -1 || S_ISREG(st.st_mode)) {
        return worker_media_file(o, err);
    }

    o->fd = open(output, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    if (o->fd == -1) {
        return worker_fail(err, WORKER_RETRY, "%s cannot be written: %s.",
                           output, strerror(errno));
    }

    o->close = true;

    return WORKER_OK;
}


static worker_rc_t
worker_media_file(worker_media_out_t *o, worker_err_t *err)
{
    const char  *output, *slash, *dir;

    output = o->media->output;
    slash = strrchr(output, '/');

    if (slash == NULL) {
        return worker_file_create(o->arena, &o->file, ".", output, err);
    }

    if (slash[1] == '\0') {
        return worker_fail(err, WORKER_DECLINED,
                           "--output %s names a folder, not a file.", output);
    }

    dir = wub_arena_strdup(o->arena,
                           wub_str_n(output, (size_t) (slash + 1 - output)));
    if (dir == NULL) {
        return worker_fail_memory(err, output);
    }

    return worker_file_create(o->arena, &o->file, dir, slash + 1, err);
}


static worker_rc_t
worker_media_write(void *data, const uint8_t *bytes, size_t len,
    worker_err_t *err)
{
    ssize_t              n;
    worker_media_out_t  *o;

    o = data;

    if (o->fd == -1) {
        return worker_file_write(&o->file, bytes, len, err);
    }

    while (len > 0) {
        n = write(o->fd, bytes, len);

        if (n == -1 && errno == EINTR) {

            if (o->media->stop != NULL && *o->media->stop != 0) {
                return WORKER_STOPPED;
            }

            continue;
        }

        if (n == -1) {
            return worker_fail(err, WORKER_RETRY,
                               "The output cannot be written: %s.",
                               strerror(errno));
        }

        bytes += n;
        len -= (size_t) n;
    }

    return WORKER_OK;
}


static worker_rc_t
worker_media_close(worker_media_out_t *o, worker_rc_t rc, worker_err_t *err)
{
    if (o->fd == -1) {

        if (rc == WORKER_OK) {
            return worker_file_commit(&o->file, err);
        }

        worker_file_abort(&o->file);
        return rc;
    }

    if (o->close && close(o->fd) == -1 && rc == WORKER_OK) {
        return worker_fail(err, WORKER_RETRY, "%s cannot be written: %s.",
                           o->media->output, strerror(errno));
    }

    return rc;
}


static void
worker_media_progress(void *data, const worker_cut_progress_t *progress)
{
    int                  full;
    int64_t              now, spent, left;
    worker_media_out_t  *o;

    static const char  bar[] = "##############################";

    o = data;
    now = worker_media_now();

    if (now - o->shown < WORKER_MEDIA_PACE
        && progress->done < progress->total)
    {
        return;
    }

    o->shown = now;

    if (progress->done <= 0 || progress->total <= 0) {
        return;
    }

    spent = (now > o->begun) ? now - o->begun : 1;
    left = (progress->total - progress->done) / 1000 * spent
           / (progress->done / 1000 + 1) / 1000;
    left = (left > 0) ? left : 0;

    full = (int) (progress->done * WORKER_MEDIA_BAR / progress->total);
    full = (full < WORKER_MEDIA_BAR) ? full : WORKER_MEDIA_BAR;

    (void) dprintf(STDERR_FILENO,
                   "\r[%.*s%*s] %3d %%  %" PRId64 "x  %" PRId64 ":%02" PRId64
                   " left ", full, bar, WORKER_MEDIA_BAR - full, "",
                   full * 100 / WORKER_MEDIA_BAR,
                   progress->done / 1000 / spent, left / 60, left % 60);
}


/* milliseconds of a clock that only goes forward */
static int64_t
worker_media_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
