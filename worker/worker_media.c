
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "worker/worker_cut.h"
#include "worker/worker_loop.h"
#include "worker/worker_media.h"
#include "worker/worker_media_out.h"


#define WORKER_MEDIA_BAR         30

/* a line about the result */
#define WORKER_MEDIA_TEXT        2048

/* milliseconds from one picture of the bar to the next */
#define WORKER_MEDIA_PACE        200


/* what the bar needs, and where the plan goes */
typedef struct {
    const worker_media_t  *media;
    worker_media_out_t     out;
    worker_media_out_t     plan;
    bool                   bar;
    int64_t                begun;       /* ms */
    int64_t                shown;
} worker_media_work_t;


static worker_rc_t worker_media_check(const worker_media_t *m,
    worker_err_t *err);
static worker_rc_t worker_media_cut(worker_media_work_t *w,
    worker_err_t *err);
static void worker_media_tell(worker_media_work_t *w,
    const worker_cut_result_t *result);
static void worker_media_progress(void *data,
    const worker_cut_progress_t *progress);


worker_rc_t
worker_media_run(const worker_media_t *m, worker_err_t *err)
{
    worker_rc_t           rc;
    worker_media_work_t   w;

    rc = worker_media_check(m, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    /* a reader that went away is an error of write(), with a sentence */

    (void) signal(SIGPIPE, SIG_IGN);

    memset(&w, 0, sizeof(worker_media_work_t));

    w.media = m;
    w.bar = isatty(STDERR_FILENO) == 1 && m->plan != WORKER_MEDIA_PLAN_BESIDE;
    w.begun = worker_loop_now();

    w.out.output = m->output;
    w.out.stop = m->stop;
    w.out.fd = -1;
    w.out.file.fd = -1;
    w.out.file.dirfd = -1;

    w.plan.stop = m->stop;
    w.plan.fd = STDERR_FILENO;

    w.out.arena = wub_arena_create(WUB_ARENA_MAX);
    if (w.out.arena == NULL) {
        return worker_fail_memory(err, "Cutting");
    }

    if (m->plan == WORKER_MEDIA_PLAN_ONLY) {
        w.plan.output = "-";
        rc = worker_media_out_open(&w.plan, err);

        if (rc == WORKER_OK) {
            rc = worker_media_cut(&w, err);
        }

    } else {
        rc = worker_media_out_open(&w.out, err);

        if (rc == WORKER_OK) {
            rc = worker_media_cut(&w, err);
            rc = worker_media_out_close(&w.out, rc, err);
        }
    }

    wub_arena_destroy(w.out.arena);

    return rc;
}


static worker_rc_t
worker_media_check(const worker_media_t *m, worker_err_t *err)
{
    size_t  i;

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

    return WORKER_OK;
}


static worker_rc_t
worker_media_cut(worker_media_work_t *w, worker_err_t *err)
{
    worker_rc_t            rc;
    worker_cut_t           cut;
    const worker_media_t  *m;
    worker_cut_result_t    result;

    m = w->media;
    memset(&cut, 0, sizeof(worker_cut_t));

    cut.kind = m->kind;
    cut.store = m->store;
    cut.ranges = &m->ranges;
    cut.allow_holes = m->allow_holes;
    cut.encode = &m->encode;
    cut.write = worker_media_out_write;
    cut.write_data = &w->out;
    cut.fd = w->out.file.fd;
    cut.next = (w->out.fd == -1) ? worker_media_out_next : NULL;
    cut.plan = (m->plan != WORKER_MEDIA_PLAN_NONE) ? worker_media_out_write
                                                   : NULL;
    cut.plan_data = &w->plan;
    cut.dry = (m->plan == WORKER_MEDIA_PLAN_ONLY);
    cut.progress = w->bar ? worker_media_progress : NULL;
    cut.progress_data = w;
    cut.stop = m->stop;

    rc = worker_cut_run(w->out.arena, &cut, &result, err);

    if (w->bar && w->shown != 0) {
        (void) dprintf(STDERR_FILENO, "\n");
    }

    if (rc == WORKER_OK && !cut.dry) {
        worker_media_tell(w, &result);
    }

    return rc;
}


/* what the video has is for people, what it lacks is for logs too */
static void
worker_media_tell(worker_media_work_t *w, const worker_cut_result_t *result)
{
    char  text[WORKER_MEDIA_TEXT];

    if (w->bar) {
        worker_cut_summary(result, text, sizeof(text));
        (void) dprintf(STDERR_FILENO, "%s\n", text);
    }

    if (worker_cut_warning(result, text, sizeof(text))) {
        (void) dprintf(STDERR_FILENO, "wubloader-worker: warning: %s\n", text);
    }
}


static void
worker_media_progress(void *data, const worker_cut_progress_t *progress)
{
    int                  full;      /* percent */
    int64_t              now, spent, speed, left;
    worker_media_work_t  *w;

    static const char  bar[] = "##############################";

    w = data;
    now = worker_loop_now();

    if (now - w->shown < WORKER_MEDIA_PACE
        && progress->done < progress->total)
    {
        return;
    }

    w->shown = now;

    if (progress->done <= 0 || progress->total <= 0) {
        return;
    }

    spent = (now > w->begun) ? now - w->begun : 1;
    speed = progress->done / 100 / spent;
    left = (progress->total - progress->done) / 1000 * spent
           / (progress->done / 1000 + 1) / 1000;
    left = (left > 0) ? left : 0;

    full = (int) (progress->done * 100 / progress->total);
    full = (full < 100) ? full : 100;

    (void) dprintf(STDERR_FILENO,
                   "\r[%.*s%*s] %3d %%  %" PRId64 ".%" PRId64 "x  %" PRId64
                   ":%02" PRId64 " left ", full * WORKER_MEDIA_BAR / 100, bar,
                   WORKER_MEDIA_BAR - full * WORKER_MEDIA_BAR / 100, "", full,
                   speed / 10, speed % 10, left / 60, left % 60);
}
