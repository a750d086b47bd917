
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/wub_scan.h"
#include "worker/worker_render_answer.h"
#include "worker/worker_render_say.h"


/* 64 bits of FNV-1a, begun with two different numbers */
#define WORKER_RENDER_PRIME      UINT64_C(1099511628211)
#define WORKER_RENDER_SEED       UINT64_C(14695981039346656037)
#define WORKER_RENDER_SEED_TOO   UINT64_C(7809847782465536322)

/* of /proc/PID/status */
#define WORKER_RENDER_STATUS     4096


typedef struct {
    uint64_t  one;
    uint64_t  two;
} worker_render_sum_t;


static void worker_render_answer_header(worker_render_answer_t *a,
    const char *name, const char *value);
static void worker_render_sum(worker_render_sum_t *sum, const void *bytes,
    size_t len);
static bool worker_render_answer_memory(const worker_err_t *err);
static bool worker_render_answer_full(void);


/* what results of worker/ are in HTTP; the sentence is theirs */
static const unsigned  worker_render_results[] = {
    [WORKER_OK] = 200,
    [WORKER_DECLINED] = 400,
    [WORKER_AGAIN] = 503,
    [WORKER_STOPPED] = 503,
    [WORKER_HOLES] = 406,
    [WORKER_RETRY] = 503,
    [WORKER_INVALID] = 500,
    [WORKER_ERROR] = 500
};


void
worker_render_answer_type(worker_render_answer_t *a, unsigned status,
    const char *type)
{
    memset(&a->head, 0, sizeof(worker_httpd_answer_t));

    a->head.status = status;

    if (type != NULL) {
        worker_render_answer_header(a, "Content-Type", type);
    }
}


bool
worker_render_answer_tag(worker_render_answer_t *a, wub_str_t request,
    const wub_chain_t *chain, wub_str_t bytes)
{
    size_t                   i;
    worker_render_sum_t      sum;
    const wub_best_part_t   *part;

    sum.one = WORKER_RENDER_SEED;
    sum.two = WORKER_RENDER_SEED_TOO;

    worker_render_sum(&sum, WORKER_VERSION, sizeof(WORKER_VERSION));
    worker_render_sum(&sum, request.data, request.len);

    for (i = 0; chain != NULL && i < chain->nparts; i++) {
        part = &chain->parts[i];

        if (part->segment == NULL) {
            worker_render_sum(&sum, "", 1);
            continue;
        }

        worker_render_sum(&sum, &part->hour->start,
                          sizeof(part->hour->start));
        worker_render_sum(&sum, part->segment->name.data,
                          part->segment->name.len);
    }

    worker_render_sum(&sum, bytes.data, bytes.len);

    (void) snprintf(a->tag, sizeof(a->tag), "\"%016" PRIx64 "%016" PRIx64
                    "\"", sum.one, sum.two);

    return a->request.none_match != NULL
           && (strcmp(a->request.none_match, "*") == 0
               || strstr(a->request.none_match, a->tag) != NULL);
}


worker_rc_t
worker_render_answer_whole(worker_render_answer_t *a, const char *type,
    wub_str_t body, worker_err_t *err)
{
    worker_render_answer_type(a, 200, type);

    if (a->tag[0] != '\0') {
        worker_render_answer_header(a, "ETag", a->tag);
        worker_render_answer_header(a, "Cache-Control", "no-cache");
    }

    return worker_httpd_whole(a->httpd, &a->head, body, err);
}


worker_rc_t
worker_render_answer_same(worker_render_answer_t *a, worker_err_t *err)
{
    worker_render_answer_type(a, 304, NULL);
    worker_render_answer_header(a, "ETag", a->tag);
    worker_render_answer_header(a, "Cache-Control", "no-cache");

    return worker_httpd_whole(a->httpd, &a->head, wub_str(""), err);
}


void
worker_render_answer_begin(worker_render_answer_t *a, const char *type)
{
    worker_render_answer_type(a, 200, type);
    worker_httpd_begin(a->httpd, &a->head);
}


worker_rc_t
worker_render_answer_refuse(worker_render_answer_t *a, unsigned status,
    const char *sentence, worker_err_t *err)
{
    wub_buf_t  b;

    worker_render_answer_type(a, status, "text/plain");

    if (status == 405) {
        worker_render_answer_header(a, "Allow", "GET, HEAD, POST");

    } else if (status == 503) {
        worker_render_answer_header(a, "Retry-After", WORKER_RENDER_AFTER);
    }

    /* it may be a copy that there was no memory for */

    if (sentence == NULL) {
        return worker_fail_memory(err, "An answer");
    }

    wub_buf_init(&b, a->arena, sizeof(worker_err_t) + 2);
    wub_buf_put(&b, sentence, strlen(sentence));
    wub_buf_putc(&b, '\n');

    return worker_httpd_whole(a->httpd, &a->head, wub_buf_view(&b), err);
}


void
worker_render_answer_failed(worker_render_answer_t *a, worker_rc_t rc,
    const worker_err_t *err)
{
    bool          memory;
    unsigned      status;
    const char   *sentence;
    worker_err_t  ignored;

    if (rc == WORKER_STOPPED || worker_httpd_gone(a->httpd)) {
        a->slot->reason = worker_httpd_stalled(a->httpd)
                          ? WORKER_RENDER_STALL : WORKER_RENDER_LEFT;
        return;
    }

    memory = worker_render_answer_memory(err);
    status = memory ? 500 : worker_render_results[rc];
    sentence = err->text;

    /* libraries that get no memory have words of their own for it */

    if (!memory && status >= 500 && worker_render_answer_full()) {
        memory = true;
        status = 500;
        sentence = WORKER_RENDER_NO_MEMORY;
    }

    if (memory) {
        a->slot->reason = WORKER_RENDER_MEMORY;
    }

    if (status >= 500 || a->slot->status != 0) {
        (void) snprintf(a->slot->error, sizeof(a->slot->error), "%s",
                        err->text);
    }

    if (a->slot->status != 0) {
        return;
    }

    rc = worker_render_answer_refuse(a, status, sentence, &ignored);

    a->slot->sent = (rc == WORKER_OK);
}


static void
worker_render_answer_header(worker_render_answer_t *a, const char *name,
    const char *value)
{
    size_t  i;

    for (i = 0; a->head.headers[i].name != NULL; i++) {
        /* void */
    }

    if (i < WORKER_HTTPD_HEADERS) {
        a->head.headers[i].name = name;
        a->head.headers[i].value = value;
    }
}


static void
worker_render_sum(worker_render_sum_t *sum, const void *bytes, size_t len)
{
    size_t                i;
    const unsigned char  *p;

    p = bytes;

    for (i = 0; i < len; i++) {
        sum->one = (sum->one ^ p[i]) * WORKER_RENDER_PRIME;
        sum->two = (sum->two ^ p[i]) * WORKER_RENDER_PRIME;
    }

    /* where one thing ends and the next one begins counts too */

    sum->one = (sum->one ^ len) * WORKER_RENDER_PRIME;
    sum->two = (sum->two ^ len) * WORKER_RENDER_PRIME;
}


/*
 * Memory that is out is one more thing that may pass for a job; here it is
 * the limit of the child, which the next one has too.
 */
static bool
worker_render_answer_memory(const worker_err_t *err)
{
    return strstr(err->text, "out of memory") != NULL
           || strstr(err->text, strerror(ENOMEM)) != NULL;
}


/* most of what may be held was held: what failed wanted more than the rest */
static bool
worker_render_answer_full(void)
{
    int            fd;
    char           text[WORKER_RENDER_STATUS];
    ssize_t        n;
    uint64_t       peak;
    const char    *p;
    wub_scan_t     scan;
    struct rlimit  limit;

    if (getrlimit(RLIMIT_AS, &limit) == -1
        || limit.rlim_cur == RLIM_INFINITY)
    {
        return false;
    }

    fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return false;
    }

    n = read(fd, text, sizeof(text) - 1);
    (void) close(fd);

    text[(n > 0) ? n : 0] = '\0';

    p = strstr(text, "VmPeak:");
    if (p == NULL) {
        return false;
    }

    p += sizeof("VmPeak:") - 1;
    p += strspn(p, " \t");

    wub_scan_init(&scan, wub_str_n(p, strlen(p)));

    return wub_scan_u64(&scan, UINT64_MAX / 1024, &peak) == WUB_OK
           && peak * 1024 >= limit.rlim_cur / 4 * 3;
}
