
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavutil/mem.h>

#include "worker/worker_av_anew.h"
#include "worker/worker_av_code.h"
#include "worker/worker_av_decode.h"


/* an access unit of which no frame is kept */
#define WORKER_AV_CODE_NONE      SIZE_MAX


typedef struct {
    const worker_av_span_t  *span;
    const worker_tick_t     *tick;
    worker_av_anew_t        *anew;

    worker_av_decode_t      *decoder;
    size_t                  *places;    /* of units from span->first on,
                                           in kept[] */
    size_t                   next;      /* of kept[], that may come */
} worker_av_coder_t;


static worker_rc_t worker_av_code_open(worker_av_coder_t *c,
    worker_err_t *err);
static void worker_av_code_places(worker_av_coder_t *c);
static worker_rc_t worker_av_code_run(worker_av_coder_t *c,
    worker_err_t *err);
static worker_rc_t worker_av_code_before(worker_av_coder_t *c,
    worker_err_t *err);
static worker_rc_t worker_av_code_frame(void *data, struct AVFrame *frame,
    int64_t unit, bool damaged, worker_err_t *err);


worker_rc_t
worker_av_code(const worker_av_span_t *span, const worker_tick_t *tick,
    worker_av_code_pt sink, void *data, worker_err_t *err)
{
    worker_rc_t            rc;
    worker_av_coder_t      c;
    worker_av_anew_conf_t  conf;

    memset(&c, 0, sizeof(worker_av_coder_t));

    c.span = span;
    c.tick = tick;

    conf.form = span->form;
    conf.spacing = span->spacing;
    conf.reorder = span->reorder;
    conf.segment = span->footage->name;

    rc = worker_av_code_open(&c, err);

    if (rc == WORKER_OK) {
        rc = worker_av_anew_open(&c.anew, &conf, tick, sink, data, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_av_code_run(&c, err);
    }

    worker_av_anew_close(c.anew);
    worker_av_decode_close(c.decoder);
    av_freep(&c.places);

    return rc;
}


static worker_rc_t
worker_av_code_open(worker_av_coder_t *c, worker_err_t *err)
{
    size_t                   n;
    const wub_video_form_t  *form;

    form = &c->span->footage->forms[
               c->span->footage->frames[c->span->span->first].form];

    n = c->span->span->last - c->span->span->first + 1;

    c->places = av_malloc_array(n, sizeof(size_t));
    if (c->places == NULL) {
        return worker_fail_memory(err, "Decoding");
    }

    worker_av_code_places(c);

    return worker_av_decode_open(&c->decoder, form->codec, c->tick,
                                 worker_av_code_frame, c, err);
}


static void
worker_av_code_places(worker_av_coder_t *c)
{
    size_t             i;
    const wub_span_t  *span;

    span = c->span->span;

    for (i = 0; i <= span->last - span->first; i++) {
        c->places[i] = WORKER_AV_CODE_NONE;
    }

    for (i = 0; i < span->nkept; i++) {
        c->places[span->kept[i].frame - span->first] = i;
    }
}


static worker_rc_t
worker_av_code_run(worker_av_coder_t *c, worker_err_t *err)
{
    size_t             i;
    worker_rc_t        rc;
    const wub_span_t  *span;

    span = c->span->span;
    rc = worker_av_code_before(c, err);

    for (i = span->roll; rc == WORKER_OK && i <= span->last; i++) {
        rc = worker_av_decode_send(c->decoder, &c->span->footage->video[i],
                                   (int64_t) i - (int64_t) span->first, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_av_decode_drain(c->decoder, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_av_anew_finish(c->anew, err);
    }

    return rc;
}


/* the last GOP of the segment before */
static worker_rc_t
worker_av_code_before(worker_av_coder_t *c, worker_err_t *err)
{
    size_t                   i;
    worker_rc_t              rc;
    const worker_footage_t  *before;

    before = c->span->before;

    if (before == NULL) {
        return WORKER_OK;
    }

    for (i = before->nvideo - 1; i > 0; i--) {
        if (before->frames[i].key != WUB_KEY_NONE) {
            break;
        }
    }

    rc = WORKER_OK;

    for ( /* void */ ; rc == WORKER_OK && i < before->nvideo; i++) {
        rc = worker_av_decode_send(c->decoder, &before->video[i], -1, err);
    }

    return rc;
}


/* what comes twice, or behind what should follow it, is left out */
static worker_rc_t
worker_av_code_frame(void *data, struct AVFrame *frame, int64_t unit,
    bool damaged, worker_err_t *err)
{
    size_t              place;
    worker_rc_t         rc;
    worker_av_coder_t  *c;

    c = data;

    rc = c->tick->call(c->tick->data);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (unit < 0
        || (size_t) unit > c->span->span->last - c->span->span->first)
    {
        return WORKER_OK;
    }

    place = c->places[unit];

    if (place == WORKER_AV_CODE_NONE || place < c->next) {
        return WORKER_OK;
    }

    c->next = place + 1;

    return worker_av_anew_frame(c->anew, frame, place, damaged, err);
}
