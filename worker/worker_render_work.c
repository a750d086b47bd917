
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdio.h>
#include <string.h>

#include "worker/worker_cut.h"
#include "worker/worker_render_range.h"
#include "worker/worker_render_work.h"
#include "worker/worker_still.h"


/* bytes of a plan that is answered whole */
#define WORKER_RENDER_PLAN       ((size_t) 256 << 20)


typedef worker_rc_t (*worker_render_work_pt)(const worker_render_work_t *w,
    worker_err_t *err);

typedef worker_rc_t (*worker_render_still_pt)(wub_arena_t *arena,
    const worker_still_t *still, const wub_chain_t *chain, wub_str_t *ret,
    worker_err_t *err);

/* what the progress of a cut needs */
typedef struct {
    worker_httpd_t         *httpd;
    volatile sig_atomic_t   stop;
} worker_render_watch_t;


static worker_rc_t worker_render_cut(const worker_render_work_t *w,
    worker_err_t *err);
static worker_rc_t worker_render_cut_plan(const worker_render_work_t *w,
    const worker_cut_t *cut, worker_err_t *err);
static worker_rc_t worker_render_still(const worker_render_work_t *w,
    worker_err_t *err);
static worker_rc_t worker_render_request(const worker_render_work_t *w,
    wub_str_t *ret, worker_err_t *err);
static worker_rc_t worker_render_refused(const worker_render_work_t *w,
    const wub_answer_t *refused, worker_err_t *err);
static worker_rc_t worker_render_keep(void *data, const uint8_t *bytes,
    size_t len, worker_err_t *err);
static void worker_render_keep_chain(worker_render_slot_t *slot,
    const wub_chain_t *chain);
static worker_rc_t worker_render_collect(void *data, const uint8_t *bytes,
    size_t len, worker_err_t *err);
static void worker_render_progress(void *data,
    const worker_cut_progress_t *progress);
static worker_rc_t worker_render_tick(void *data);


static const struct {
    worker_render_work_pt   work;
    worker_render_still_pt  still;
} worker_render_works[WUB_RENDER_KINDS] = {
    [WUB_RENDER_CUT] = { worker_render_cut, NULL },
    [WUB_RENDER_FRAME] = { worker_render_still, worker_still_frame },
    [WUB_RENDER_WAVEFORM] = { worker_render_still, worker_still_waveform },
    [WUB_RENDER_THUMBNAIL] = { worker_render_still, worker_still_thumbnail }
};

static const char *const  worker_render_formats[] = {
    [WUB_RENDER_PNG] = "image/png",
    [WUB_RENDER_JPG] = "image/jpeg",
    [WUB_RENDER_JSON] = "application/json"
};

/* by the ending of a kind of cut */
static const struct {
    const char  *ending;
    const char  *type;
} worker_render_types[] = {
    { ".ts", "video/mp2t" },
    { ".mp4", "video/mp4" },
    { ".webm", "video/webm" },
    { NULL, "application/octet-stream" }
};


worker_rc_t
worker_render_work(const worker_render_work_t *w, worker_err_t *err)
{
    worker_rc_t   rc;
    wub_answer_t  refused;

    worker_render_range_exists(w->answer->arena, &w->store, &refused);

    if (refused.status != 0) {
        return worker_render_refused(w, &refused, err);
    }

    rc = worker_render_works[w->request->kind].work(w, err);

    /* for these nginx has upstream's words */

    if (w->answer->slot->status == 0 && rc == WORKER_INVALID) {
        worker_render_range_empty(w->answer->arena, &w->store, w->request,
                                  &refused);

    } else if (w->answer->slot->status == 0 && rc == WORKER_HOLES) {
        worker_render_range_holes(w->request, &refused);
    }

    return (refused.status != 0) ? worker_render_refused(w, &refused, err)
                                 : rc;
}


const char *
worker_render_work_type(const wub_render_t *r)
{
    size_t                i;
    const worker_kind_t  *kind;

    if (r->kind != WUB_RENDER_CUT) {
        return worker_render_formats[r->format];
    }

    if (r->plan) {
        return worker_render_formats[WUB_RENDER_JSON];
    }

    kind = worker_kind_find(r->type.data);

    for (i = 0; worker_render_types[i].ending != NULL; i++) {
        if (kind != NULL
            && strcmp(worker_render_types[i].ending, kind->ending) == 0)
        {
            break;
        }
    }

    return worker_render_types[i].type;
}


static worker_rc_t
worker_render_cut(const worker_render_work_t *w, worker_err_t *err)
{
    worker_rc_t             rc;
    wub_answer_t            refused;
    worker_cut_t            cut;
    worker_encode_t         encode;
    worker_cut_result_t     result;
    const wub_render_t     *r;
    worker_render_watch_t   watch;

    r = w->request;

    rc = worker_render_range_fill(w->answer->arena, &w->store, r, &refused,
                                  err);

    if (rc == WORKER_OK && refused.status == 0
        && wub_render_type(w->answer->arena, r, &refused) == WUB_NO_MEMORY)
    {
        rc = worker_fail_memory(err, "The type of a cut");
    }

    if (rc != WORKER_OK) {
        return rc;
    }

    if (refused.status != 0) {
        return worker_render_refused(w, &refused, err);
    }

    watch.httpd = w->answer->httpd;
    watch.stop = 0;

    memset(&cut, 0, sizeof(worker_cut_t));

    cut.kind = worker_kind_find(r->type.data);
    cut.store = w->store;
    cut.ranges = &r->ranges;
    cut.allow_holes = r->allow_holes;
    cut.write = worker_httpd_write;
    cut.write_data = w->answer->httpd;
    cut.fd = -1;
    cut.progress = worker_render_progress;
    cut.progress_data = &watch;
    cut.stop = &watch.stop;
    cut.plan = worker_render_keep;
    cut.plan_data = w->answer->slot;

    if (cut.kind == NULL) {
        return worker_fail(err, WORKER_ERROR, "There is no such kind of cut.");
    }

    /* kinds without such a set keep their own settings */

    worker_encode_defaults(&encode, cut.kind->name);
    (void) worker_encode_text(&encode, "preview", NULL);
    cut.encode = &encode;

    if (r->plan) {
        return worker_render_cut_plan(w, &cut, err);
    }

    if (!w->answer->request.chunks) {
        return worker_render_answer_refuse(w->answer, 505, "A cut needs"
                   " HTTP/1.1; in nginx, set proxy_http_version 1.1.", err);
    }

    worker_render_answer_begin(w->answer, worker_render_work_type(r));

    rc = worker_cut_run(w->answer->arena, &cut, &result, err);

    return (rc == WORKER_OK) ? worker_httpd_end(w->answer->httpd, err) : rc;
}


static worker_rc_t
worker_render_cut_plan(const worker_render_work_t *w,
    const worker_cut_t *cut, worker_err_t *err)
{
    wub_buf_t            b;
    worker_rc_t          rc;
    worker_cut_t         plan;
    worker_cut_result_t  result;

    wub_buf_init(&b, w->answer->arena, WORKER_RENDER_PLAN);

    plan = *cut;
    plan.dry = true;
    plan.plan = worker_render_collect;
    plan.plan_data = &b;

    rc = worker_cut_run(w->answer->arena, &plan, &result, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (worker_render_answer_tag(w->answer, wub_str(""), NULL,
                                 wub_buf_view(&b)))
    {
        return worker_render_answer_same(w->answer, err);
    }

    return worker_render_answer_whole(w->answer, "application/json",
                                      wub_buf_view(&b), err);
}


static worker_rc_t
worker_render_still(const worker_render_work_t *w, worker_err_t *err)
{
    wub_str_t        picture, request;
    wub_chain_t      chain;
    worker_rc_t      rc;
    worker_still_t   still;

    if (w->request->kind == WUB_RENDER_THUMBNAIL && !w->request->posted) {
        return worker_render_answer_refuse(w->answer, 501, "Templates are not"
                   " known by their names here; POST the PNG of one.", err);
    }

    still.store = w->store;
    still.request = w->request;
    still.template = w->answer->request.body;
    still.tick.call = worker_render_tick;
    still.tick.data = w->answer->httpd;

    request = wub_str("");
    picture = wub_str("");

    rc = worker_still_chain(w->answer->arena, &still, &chain, err);

    if (rc == WORKER_OK) {
        rc = worker_render_request(w, &request, err);
    }

    if (rc != WORKER_OK) {
        return rc;
    }

    if (worker_render_answer_tag(w->answer, request, &chain, still.template)) {
        return worker_render_answer_same(w->answer, err);
    }

    worker_render_keep_chain(w->answer->slot, &chain);

    rc = worker_render_works[w->request->kind].still(w->answer->arena, &still,
                                                     &chain, &picture, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_render_answer_whole(w->answer, worker_render_work_type(
                                      w->request), picture, err);
}


/* as it is read, whatever its client wrote */
static worker_rc_t
worker_render_request(const worker_render_work_t *w, wub_str_t *ret,
    worker_err_t *err)
{
    size_t     path;
    wub_rc_t   rc;
    wub_buf_t  b;

    wub_buf_init(&b, w->answer->arena, (size_t) 1 << 20);

    rc = wub_render_put(&b, w->request, &path);
    if (rc != WUB_OK) {
        return worker_fail_wub(err, rc, "The request");
    }

    *ret = wub_buf_view(&b);

    return WORKER_OK;
}


static worker_rc_t
worker_render_refused(const worker_render_work_t *w,
    const wub_answer_t *refused, worker_err_t *err)
{
    const char  *sentence;

    sentence = wub_arena_strdup(w->answer->arena, refused->sentence);
    if (sentence == NULL) {
        return worker_fail_memory(err, "An answer");
    }

    return worker_render_answer_refuse(w->answer, refused->status, sentence,
                                       err);
}


/* of a plan the range or step that came last: what is done, if it goes wrong */
static worker_rc_t
worker_render_keep(void *data, const uint8_t *bytes, size_t len,
    worker_err_t *err)
{
    worker_render_slot_t *slot = data;

    (void) err;

    while (len != 0 && (*bytes == ',' || *bytes == '\n')) {
        bytes++;
        len--;
    }

    if (len != 0 && *bytes == '{') {
        (void) snprintf(slot->plan, sizeof(slot->plan), "%.*s",
                        (int) (len < WORKER_RENDER_TEXT ? len
                               : WORKER_RENDER_TEXT - 1),
                        (const char *) bytes);
    }

    return WORKER_OK;
}


/* a picture's: how many segments, and the first of them */
static void
worker_render_keep_chain(worker_render_slot_t *slot,
    const wub_chain_t *chain)
{
    size_t                i;
    const wub_segment_t  *segment;

    for (i = 0; i < chain->nparts; i++) {
        segment = chain->parts[i].segment;

        if (segment != NULL) {
            (void) snprintf(slot->plan, sizeof(slot->plan),
                            "{\"segments\": %zu, \"first\": \"%.*s\"}",
                            chain->nsegments, (int) segment->name.len,
                            segment->name.data);
            return;
        }
    }
}


static worker_rc_t
worker_render_collect(void *data, const uint8_t *bytes, size_t len,
    worker_err_t *err)
{
    wub_buf_t *b = data;

    wub_buf_put(b, (const char *) bytes, len);

    return (b->rc == WUB_OK) ? WORKER_OK
                             : worker_fail_wub(err, b->rc, "The plan");
}


static void
worker_render_progress(void *data, const worker_cut_progress_t *progress)
{
    worker_render_watch_t *watch = data;

    (void) progress;

    if (worker_httpd_gone(watch->httpd)) {
        watch->stop = 1;
    }
}


static worker_rc_t
worker_render_tick(void *data)
{
    return worker_httpd_gone(data) ? WORKER_STOPPED : WORKER_OK;
}
