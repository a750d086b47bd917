
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/wub_metrics.h"
#include "common/wub_scan.h"
#include "worker/worker_render_count.h"
#include "worker/worker_render_metrics.h"


/* bytes of the text at most; labels of a sample */
#define WORKER_RENDER_METRICS    ((size_t) 4 << 20)
#define WORKER_RENDER_LABELS     2


typedef struct {
    const worker_render_shared_t  *shared;
    wub_buf_t                      b;
    wub_metrics_label_t            labels[WORKER_RENDER_LABELS];
} worker_render_page_t;


static void worker_render_page_kinds(worker_render_page_t *p);
static void worker_render_page_statuses(worker_render_page_t *p);
static void worker_render_page_times(worker_render_page_t *p);
static void worker_render_page_killed(worker_render_page_t *p);
static void worker_render_page_process(worker_render_page_t *p);
static void worker_render_page_one(worker_render_page_t *p,
    const wub_metrics_t *metric, uint64_t value);
static uint64_t worker_render_page_cpu(pid_t pid);
static uint64_t worker_render_page_resident(pid_t pid);
static uint64_t worker_render_page_fds(pid_t pid);


static const wub_metrics_t  worker_render_metrics_requests = {
    "wubloader_render_requests_total", WUB_METRICS_COUNTER,
    "Answers by kind of request and status; 499: the client left before it"
    " got one."
};

static const wub_metrics_t  worker_render_metrics_killed = {
    "wubloader_render_killed_total", WUB_METRICS_COUNTER,
    "Requests that were ended before their answer was, and why: a limit of"
    " the kind, a client that left, the end of the service."
};

static const struct {
    wub_metrics_t  metric;
} worker_render_metrics_times[] = {
    { { "wubloader_render_request_seconds", WUB_METRICS_HISTOGRAM,
        "From the connection to the end of its answer." } },
    { { "wubloader_render_first_byte_seconds", WUB_METRICS_HISTOGRAM,
        "From the connection to the first byte of its answer." } }
};

/* of a kind: a number, or microseconds */
static const struct {
    wub_metrics_t  metric;
    size_t         offset;
    bool           us;
} worker_render_metrics_kinds[] = {
    { { "wubloader_render_response_bytes_total", WUB_METRICS_COUNTER,
        "Bytes of the bodies of answers that have ended." },
      offsetof(worker_render_counts_t, bytes), false },
    { { "wubloader_render_busy_total", WUB_METRICS_COUNTER,
        "Requests refused because too many were there." },
      offsetof(worker_render_counts_t, busy), false },
    { { "wubloader_render_crashed_total", WUB_METRICS_COUNTER,
        "Children that died of themselves." },
      offsetof(worker_render_counts_t, crashed), false },
    { { "wubloader_render_broken_total", WUB_METRICS_COUNTER,
        "Answers that were broken off behind their first byte, other than by"
        " the client." },
      offsetof(worker_render_counts_t, broken), false },
    { { "wubloader_render_cpu_seconds_total", WUB_METRICS_COUNTER,
        "CPU time of children that have ended." },
      offsetof(worker_render_counts_t, cpu), true },
    { { "wubloader_render_queue", WUB_METRICS_GAUGE,
        "Requests that wait for a child." },
      offsetof(worker_render_counts_t, queued), false },
    { { "wubloader_render_children", WUB_METRICS_GAUGE,
        "Children at work." },
      offsetof(worker_render_counts_t, working), false }
};

/* of the whole service */
static const struct {
    wub_metrics_t  metric;
    size_t         offset;
} worker_render_metrics_whole[] = {
    { { "wubloader_render_connections_total", WUB_METRICS_COUNTER,
        "Connections that were accepted." },
      offsetof(worker_render_shared_t, accepted) },
    { { "wubloader_render_failures_total", WUB_METRICS_COUNTER,
        "Times that no connection could be accepted, or no child started." },
      offsetof(worker_render_shared_t, failed) },
    { { "wubloader_render_connections", WUB_METRICS_GAUGE,
        "Connections that are open." },
      offsetof(worker_render_shared_t, conns) }
};

static const wub_metrics_t  worker_render_metrics_cpu = {
    "process_cpu_seconds_total", WUB_METRICS_COUNTER,
    "CPU time of the parent."
};

static const wub_metrics_t  worker_render_metrics_start = {
    "process_start_time_seconds", WUB_METRICS_GAUGE,
    "When the parent began, since the epoch."
};

/* of the parent */
static const struct {
    wub_metrics_t   metric;
    uint64_t      (*value)(pid_t pid);
} worker_render_metrics_process[] = {
    { { "process_resident_memory_bytes", WUB_METRICS_GAUGE,
        "Memory of the parent." },
      worker_render_page_resident },
    { { "process_open_fds", WUB_METRICS_GAUGE,
        "Descriptors of the parent." },
      worker_render_page_fds }
};


worker_rc_t
worker_render_metrics(const worker_render_shared_t *shared,
    worker_render_answer_t *a, worker_err_t *err)
{
    worker_render_page_t  page;

    memset(&page, 0, sizeof(worker_render_page_t));

    page.shared = shared;
    page.labels[0].name = "kind";
    wub_buf_init(&page.b, a->arena, WORKER_RENDER_METRICS);

    worker_render_page_statuses(&page);
    worker_render_page_kinds(&page);
    worker_render_page_times(&page);
    worker_render_page_killed(&page);
    worker_render_page_process(&page);

    if (page.b.rc != WUB_OK) {
        return worker_fail_wub(err, page.b.rc, "The metrics");
    }

    return worker_render_answer_whole(a, "text/plain; version=0.0.4;"
                                      " charset=utf-8",
                                      wub_buf_view(&page.b), err);
}


static void
worker_render_page_statuses(worker_render_page_t *p)
{
    char                           text[24];
    size_t                         kind, i;
    const worker_render_counts_t  *counts;

    wub_metrics_head(&p->b, &worker_render_metrics_requests);
    p->labels[1].name = "status";

    for (kind = 0; kind < WORKER_LIMITS_KINDS; kind++) {
        counts = &p->shared->kinds[kind];
        p->labels[0].value = wub_str_n(worker_limits_rows[kind].name,
                                       strlen(worker_limits_rows[kind].name));

        for (i = 0; i < WORKER_RENDER_STATUSES; i++) {

            if (counts->statuses[i] == 0 && worker_render_statuses[i] != 200) {
                continue;
            }

            (void) snprintf(text, sizeof(text), "%u",
                            worker_render_statuses[i]);
            p->labels[1].value = (worker_render_statuses[i] != 0)
                                 ? wub_str_n(text, strlen(text))
                                 : wub_str("other");

            wub_metrics_put(&p->b, &worker_render_metrics_requests, p->labels,
                            2, counts->statuses[i]);
        }
    }
}


static void
worker_render_page_kinds(worker_render_page_t *p)
{
    size_t                       i, kind;
    uint64_t                     value;
    const wub_metrics_t         *metric;
    const worker_limits_row_t   *row;

    for (i = 0; i < sizeof(worker_render_metrics_kinds)
                    / sizeof(worker_render_metrics_kinds[0]); i++)
    {
        metric = &worker_render_metrics_kinds[i].metric;
        wub_metrics_head(&p->b, metric);

        for (kind = 0; kind < WORKER_LIMITS_KINDS; kind++) {
            row = &worker_limits_rows[kind];
            p->labels[0].value = wub_str_n(row->name, strlen(row->name));

            memcpy(&value, (const char *) &p->shared->kinds[kind]
                           + worker_render_metrics_kinds[i].offset,
                   sizeof(value));

            if (worker_render_metrics_kinds[i].us) {
                wub_metrics_put_us(&p->b, metric, p->labels, 1, value);

            } else {
                wub_metrics_put(&p->b, metric, p->labels, 1, value);
            }
        }
    }
}


static void
worker_render_page_times(worker_render_page_t *p)
{
    size_t                        i, kind;
    const worker_limits_row_t    *row;
    const worker_render_times_t  *times;

    for (i = 0; i < sizeof(worker_render_metrics_times)
                    / sizeof(worker_render_metrics_times[0]); i++)
    {
        wub_metrics_head(&p->b, &worker_render_metrics_times[i].metric);

        for (kind = 0; kind < WORKER_LIMITS_KINDS; kind++) {
            row = &worker_limits_rows[kind];
            p->labels[0].value = wub_str_n(row->name, strlen(row->name));

            times = (i == 0) ? &p->shared->kinds[kind].seconds
                             : &p->shared->kinds[kind].first;

            wub_metrics_histogram(&p->b,
                                  &worker_render_metrics_times[i].metric,
                                  p->labels, 1, worker_render_bounds,
                                  WORKER_RENDER_BOUNDS, times->counts,
                                  times->sum);
        }
    }
}


static void
worker_render_page_killed(worker_render_page_t *p)
{
    size_t       kind, i;
    const char  *name;

    wub_metrics_head(&p->b, &worker_render_metrics_killed);
    p->labels[1].name = "reason";

    for (kind = 0; kind < WORKER_LIMITS_KINDS; kind++) {
        name = worker_limits_rows[kind].name;
        p->labels[0].value = wub_str_n(name, strlen(name));

        for (i = WORKER_RENDER_NOTHING + 1; i < WORKER_RENDER_REASONS; i++) {
            name = worker_render_reason_names[i];
            p->labels[1].value = wub_str_n(name, strlen(name));

            wub_metrics_put(&p->b, &worker_render_metrics_killed, p->labels,
                            2, p->shared->kinds[kind].killed[i]);
        }
    }
}


static void
worker_render_page_process(worker_render_page_t *p)
{
    pid_t     parent;
    size_t    i;
    uint64_t  value;

    for (i = 0; i < sizeof(worker_render_metrics_whole)
                    / sizeof(worker_render_metrics_whole[0]); i++)
    {
        memcpy(&value, (const char *) p->shared
                       + worker_render_metrics_whole[i].offset,
               sizeof(value));
        worker_render_page_one(p, &worker_render_metrics_whole[i].metric,
                               value);
    }

    parent = getppid();

    for (i = 0; i < sizeof(worker_render_metrics_process)
                    / sizeof(worker_render_metrics_process[0]); i++)
    {
        worker_render_page_one(p, &worker_render_metrics_process[i].metric,
                               worker_render_metrics_process[i].value(parent));
    }

    wub_metrics_head(&p->b, &worker_render_metrics_cpu);
    wub_metrics_put_us(&p->b, &worker_render_metrics_cpu, NULL, 0,
                       worker_render_page_cpu(parent));

    wub_metrics_head(&p->b, &worker_render_metrics_start);
    wub_metrics_put_us(&p->b, &worker_render_metrics_start, NULL, 0,
                       (uint64_t) p->shared->started);
}


static void
worker_render_page_one(worker_render_page_t *p, const wub_metrics_t *metric,
    uint64_t value)
{
    wub_metrics_head(&p->b, metric);
    wub_metrics_put(&p->b, metric, NULL, 0, value);
}


static uint64_t
worker_render_page_cpu(pid_t pid)
{
    clockid_t        clock;
    struct timespec  ts;

    if (clock_getcpuclockid(pid, &clock) != 0
        || clock_gettime(clock, &ts) == -1)
    {
        return 0;
    }

    return (uint64_t) ts.tv_sec * WUB_SECOND + (uint64_t) ts.tv_nsec / 1000;
}


static uint64_t
worker_render_page_resident(pid_t pid)
{
    int          fd;
    char         path[64], text[128];
    ssize_t      n;
    uint64_t     pages;
    wub_str_t    all;
    wub_scan_t   scan;

    (void) snprintf(path, sizeof(path), "/proc/%ld/statm", (long) pid);

    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return 0;
    }

    n = read(fd, text, sizeof(text));
    (void) close(fd);

    wub_scan_init(&scan, wub_str_n(text, (n > 0) ? (size_t) n : 0));

    if (wub_scan_until(&scan, ' ', &all) != WUB_OK
        || wub_scan_u64(&scan, INT64_MAX, &pages) != WUB_OK)
    {
        return 0;
    }

    return pages * (uint64_t) sysconf(_SC_PAGESIZE);
}


static uint64_t
worker_render_page_fds(pid_t pid)
{
    DIR                  *dir;
    char                  path[64];
    uint64_t              n;
    const struct dirent  *entry;

    (void) snprintf(path, sizeof(path), "/proc/%ld/fd", (long) pid);

    dir = opendir(path);
    if (dir == NULL) {
        return 0;
    }

    for (n = 0; (entry = readdir(dir)) != NULL; n += entry->d_name[0] != '.') {
        /* void */
    }

    (void) closedir(dir);

    return n;
}
