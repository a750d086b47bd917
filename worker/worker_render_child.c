
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/wub_query.h"
#include "common/wub_render.h"
#include "worker/worker_render_child.h"
#include "worker/worker_render_metrics.h"
#include "worker/worker_render_say.h"
#include "worker/worker_render_work.h"
#include "worker/worker_still.h"


/* milliseconds for a request, with its body, to become complete */
#define WORKER_RENDER_RECEIVE    10000

/* below nginx, the jobs and the parent, which have 0 of each; of ioprio,
   the least of the usual class */

#define WORKER_RENDER_NICE       10
#define WORKER_RENDER_IOPRIO     ((2 << 13) | 7)
#define WORKER_RENDER_OOM        "500"

/* heaps of malloc(), which each reserve address space */
#define WORKER_RENDER_HEAPS      2

#if defined(__SANITIZE_ADDRESS__)
#define WORKER_RENDER_BOUNDED    0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WORKER_RENDER_BOUNDED    0
#endif
#elif defined(__SANITIZE_THREAD__)
#define WORKER_RENDER_BOUNDED    0
#endif

/* a sanitizer's shadow is more address space than any limit */

#ifndef WORKER_RENDER_BOUNDED
#define WORKER_RENDER_BOUNDED    1
#endif


static void worker_render_child_counters(worker_render_shared_t *shared);
static void worker_render_child_limits(const worker_limits_t *limits);
static void worker_render_child_limit(__rlimit_resource_t resource,
    int64_t soft, int64_t hard);
static void worker_render_child_run(const worker_render_child_t *child,
    worker_render_answer_t *a);
static worker_rc_t worker_render_child_answer(
    const worker_render_child_t *child, worker_render_answer_t *a,
    worker_err_t *err);
static worker_rc_t worker_render_child_kind(
    const worker_render_child_t *child, worker_render_answer_t *a,
    wub_render_t *r, wub_str_t query, worker_err_t *err);
static bool worker_render_child_method(const worker_render_answer_t *a,
    const wub_render_t *r);
static worker_limits_kind_e worker_render_child_limited(
    const worker_render_answer_t *a, const wub_render_t *r);
static worker_rc_t worker_render_child_head(worker_render_answer_t *a,
    const wub_render_t *r, worker_err_t *err);
static void worker_render_child_sent(void *data, unsigned status,
    size_t bytes);


void
worker_render_child(const worker_render_child_t *child)
{
    worker_err_t            err;
    worker_httpd_conf_t     conf;
    worker_render_answer_t  a;

    memset(&a, 0, sizeof(worker_render_answer_t));

    a.slot = child->slot;

    worker_render_child_counters(child->shared);
    worker_render_child_limits(child->limits);

    conf.fd = child->fd;
    conf.addr = (const struct sockaddr *) &child->addr;
    conf.addrlen = child->addrlen;
    conf.body = WORKER_STILL_TEMPLATE;
    conf.stall = child->limits->stall * 1000;
    conf.sent = worker_render_child_sent;
    conf.data = child->slot;

    a.arena = wub_arena_create(WUB_ARENA_MAX);

    if (a.arena == NULL
        || worker_httpd_open(&a.httpd, &conf, &err) != WORKER_OK)
    {
        a.slot->reason = WORKER_RENDER_MEMORY;
        _exit(WORKER_EXIT_FAILED);
    }

    worker_render_child_run(child, &a);

    _exit(WORKER_EXIT_OK);
}


/* what the parent counts by is safe from what footage does to a decoder */
static void
worker_render_child_counters(worker_render_shared_t *shared)
{
    size_t  len;

    len = offsetof(worker_render_shared_t, slots);
    len -= len % (size_t) sysconf(_SC_PAGESIZE);

    (void) mprotect(shared, len, PROT_READ);
}


/* signals are for the parent, which says to its children what they mean */
static void
worker_render_child_limits(const worker_limits_t *limits)
{
    int  fd;

    (void) signal(SIGTERM, SIG_IGN);
    (void) signal(SIGINT, SIG_IGN);
    (void) signal(SIGHUP, SIG_IGN);

    (void) mallopt(M_ARENA_MAX, WORKER_RENDER_HEAPS);
    (void) setpriority(PRIO_PROCESS, 0, WORKER_RENDER_NICE);
    (void) syscall(SYS_ioprio_set, 1, 0, WORKER_RENDER_IOPRIO);

    fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd != -1) {
        (void) !write(fd, WORKER_RENDER_OOM, sizeof(WORKER_RENDER_OOM) - 1);
        (void) close(fd);
    }

    if (WORKER_RENDER_BOUNDED) {
        worker_render_child_limit(RLIMIT_AS, limits->memory << 20,
                                  limits->memory << 20);
    }

    worker_render_child_limit(RLIMIT_CPU, limits->cpu, limits->cpu + 1);
    worker_render_child_limit(RLIMIT_CORE, 0, 0);
}


/* never more than the process was given itself */
static void
worker_render_child_limit(__rlimit_resource_t resource, int64_t soft,
    int64_t hard)
{
    struct rlimit  old, new;

    if (getrlimit(resource, &old) == -1) {
        return;
    }

    new.rlim_cur = (rlim_t) soft;
    new.rlim_max = (rlim_t) hard;

    new.rlim_max = (new.rlim_max < old.rlim_max) ? new.rlim_max
                                                 : old.rlim_max;
    new.rlim_cur = (new.rlim_cur < new.rlim_max) ? new.rlim_cur
                                                 : new.rlim_max;

    (void) setrlimit(resource, &new);
}


static void
worker_render_child_run(const worker_render_child_t *child,
    worker_render_answer_t *a)
{
    worker_rc_t   rc;
    worker_err_t  err;

    err.text[0] = '\0';

    rc = worker_httpd_request(a->httpd, WORKER_RENDER_RECEIVE, &a->request,
                              &err);

    if (rc == WORKER_AGAIN) {
        (void) snprintf(a->slot->error, sizeof(a->slot->error), "%s",
                        err.text);
        a->slot->wanted = 408;
        return;
    }

    if (rc == WORKER_OK) {
        rc = worker_render_child_answer(child, a, &err);
    }

    if (rc == WORKER_OK) {
        a->slot->sent = true;

    } else {
        worker_render_answer_failed(a, rc, &err);
    }
}


static worker_rc_t
worker_render_child_answer(const worker_render_child_t *child,
    worker_render_answer_t *a, worker_err_t *err)
{
    wub_rc_t      rc;
    wub_str_t     path, query;
    const char   *mark;
    wub_render_t  r;

    if (a->request.too_big) {
        return worker_render_answer_refuse(a, 413, "The template is larger"
                   " than 20 MiB; send a smaller one.", err);
    }

    a->head_only = strcmp(a->request.method, "HEAD") == 0;

    path = a->request.uri;
    query = wub_str("");
    mark = memchr(path.data, '?', path.len);

    if (mark != NULL) {
        query.data = mark + 1;
        query.len = path.len - (size_t) (query.data - path.data);
        path.len = (size_t) (mark - path.data);
    }

    if (wub_str_eq(path, wub_str("/metrics"))) {
        return worker_render_metrics(child->shared, a, err);
    }

    memset(&r, 0, sizeof(wub_render_t));
    rc = wub_render_path(a->arena, path, &r);

    if (rc == WUB_NO_MEMORY) {
        return worker_fail_wub(err, rc, "The request");
    }

    if (rc != WUB_OK) {
        return (rc == WUB_INVALID)
               ? worker_render_answer_refuse(a, 403, "A channel and a quality"
                     " may not begin with a period.", err)
               : worker_render_answer_refuse(a, 404, "There is nothing here;"
                     " ask for /KIND/CHANNEL/QUALITY, KIND being cut, frame,"
                     " waveform or thumbnail.", err);
    }

    return worker_render_child_kind(child, a, &r, query, err);
}


static worker_rc_t
worker_render_child_kind(const worker_render_child_t *child,
    worker_render_answer_t *a, wub_render_t *r, wub_str_t query,
    worker_err_t *err)
{
    wub_rc_t              rc;
    wub_query_t           args;
    wub_answer_t          refused;
    worker_render_work_t  w;

    if (!worker_render_child_method(a, r)) {
        return worker_render_answer_refuse(a, 405, "Only GET and HEAD are"
                   " answered here, and for a thumbnail POST.", err);
    }

    r->posted = strcmp(a->request.method, "POST") == 0;

    rc = wub_query_parse(a->arena, query, &args);

    if (rc == WUB_INVALID || rc == WUB_TOO_BIG) {
        return worker_render_answer_refuse(a, 400, (rc == WUB_INVALID)
                   ? "The query string cannot be read; encode % as %25."
                   : "The query string has too many arguments.", err);
    }

    if (rc == WUB_OK) {
        rc = wub_render_read(a->arena, &args, r, &refused);
    }

    if (rc != WUB_OK) {
        return worker_fail_wub(err, rc, "The request");
    }

    if (refused.status != 0) {
        return worker_render_answer_refuse(a, refused.status,
                   wub_arena_strdup(a->arena, refused.sentence), err);
    }

    /* the parent looked at it less closely, and gave the limits of a kind */

    if (worker_render_child_limited(a, r) != child->kind) {
        return worker_render_answer_refuse(a, 400, "The request has to be"
                   " written as nginx writes it: with single spaces, and its"
                   " parameters as they are.", err);
    }

    /* what is below looks for it by a name with a zero */

    r->type.data = wub_arena_strdup(a->arena, r->type);

    if (r->type.data == NULL) {
        return worker_fail_memory(err, "The request");
    }

    if (a->head_only) {
        return worker_render_child_head(a, r, err);
    }

    memset(&w, 0, sizeof(worker_render_work_t));

    w.answer = a;
    w.request = r;
    w.store.segments = child->config->segments;
    w.store.channel = wub_arena_strdup(a->arena, r->channel);
    w.store.quality = wub_arena_strdup(a->arena, r->quality);
    w.store.tolerance = WUB_BEST_TOLERANCE;

    if (w.store.channel == NULL || w.store.quality == NULL) {
        return worker_fail_memory(err, "The request");
    }

    return worker_render_work(&w, err);
}


static bool
worker_render_child_method(const worker_render_answer_t *a,
    const wub_render_t *r)
{
    return a->head_only || strcmp(a->request.method, "GET") == 0
           || (r->kind == WUB_RENDER_THUMBNAIL
               && strcmp(a->request.method, "POST") == 0);
}


static worker_limits_kind_e
worker_render_child_limited(const worker_render_answer_t *a,
    const wub_render_t *r)
{
    static const worker_limits_kind_e  kinds[WUB_RENDER_KINDS] = {
        [WUB_RENDER_CUT] = WORKER_LIMITS_CUT,
        [WUB_RENDER_FRAME] = WORKER_LIMITS_FRAME,
        [WUB_RENDER_WAVEFORM] = WORKER_LIMITS_WAVEFORM,
        [WUB_RENDER_THUMBNAIL] = WORKER_LIMITS_THUMBNAIL
    };

    if (a->head_only) {
        return WORKER_LIMITS_OTHER;
    }

    return (r->kind == WUB_RENDER_CUT && r->plan) ? WORKER_LIMITS_PLAN
                                                  : kinds[r->kind];
}


/*
 * A good request, as far as can be told without rendering it.  Its length
 * would be known only then.
 */
static worker_rc_t
worker_render_child_head(worker_render_answer_t *a, const wub_render_t *r,
    worker_err_t *err)
{
    wub_answer_t  refused;

    refused.status = 0;

    if (r->kind == WUB_RENDER_CUT
        && wub_render_type(a->arena, r, &refused) != WUB_OK)
    {
        return worker_fail_memory(err, "The type of a cut");
    }

    if (refused.status != 0) {
        return worker_render_answer_refuse(a, refused.status,
                   wub_arena_strdup(a->arena, refused.sentence), err);
    }

    worker_render_answer_begin(a, worker_render_work_type(r));

    return worker_httpd_end(a->httpd, err);
}


/* on the thread that sends */
static void
worker_render_child_sent(void *data, unsigned status, size_t bytes)
{
    worker_render_slot_t *slot = data;

    if (status != 0) {
        slot->first = worker_render_now();
        slot->status = status;
    }

    slot->bytes += bytes;
}
