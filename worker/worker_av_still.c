
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavutil/frame.h>

#include "worker/worker_av.h"
#include "worker/worker_av_decode.h"
#include "worker/worker_av_still.h"


/* a pass over the units */
typedef struct {
    const worker_av_still_unit_t  *units;
    size_t                         nunits;
    const worker_tick_t           *tick;
    wub_video_codec_e              codec;
    AVFrame                       *frame;       /* the best so far */
    size_t                         best;        /* its unit; nunits: none */
} worker_av_stiller_t;


static worker_rc_t worker_av_still_pass(worker_av_stiller_t *s, bool idle,
    worker_err_t *err);
static worker_rc_t worker_av_still_frame(void *data, struct AVFrame *frame,
    int64_t unit, bool damaged, worker_err_t *err);


worker_rc_t
worker_av_still(wub_arena_t *arena, wub_video_codec_e codec,
    const worker_av_still_unit_t *units, size_t nunits,
    const worker_tick_t *tick, worker_av_image_t *ret, worker_err_t *err)
{
    worker_rc_t          rc;
    worker_av_stiller_t  s;

    s.units = units;
    s.nunits = nunits;
    s.tick = tick;
    s.codec = codec;
    s.best = nunits;
    s.frame = av_frame_alloc();

    if (s.frame == NULL) {
        return worker_fail_memory(err, "Decoding");
    }

    /* what nothing refers to costs time, and is needed where all else fails */

    rc = worker_av_still_pass(&s, false, err);

    if (rc == WORKER_OK && s.best != nunits - 1) {
        rc = worker_av_still_pass(&s, true, err);
    }

    if (rc == WORKER_OK && s.best == nunits) {
        rc = worker_fail(err, WORKER_INVALID,
                         "The picture is damaged; no decoder shows it.");
    }

    if (rc == WORKER_OK) {
        rc = worker_av_image_take(arena, s.frame, ret, err);
    }

    av_frame_free(&s.frame);

    return rc;
}


static worker_rc_t
worker_av_still_pass(worker_av_stiller_t *s, bool idle, worker_err_t *err)
{
    size_t               i;
    worker_rc_t          rc;
    worker_av_decode_t  *decoder;

    rc = worker_av_decode_open(&decoder, s->codec, s->tick,
                               worker_av_still_frame, s, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    for (i = 0; rc == WORKER_OK && i < s->nunits; i++) {
        if (idle || !s->units[i].idle || i == s->nunits - 1) {
            rc = worker_av_decode_send(decoder, s->units[i].video,
                                       (int64_t) i, err);
        }
    }

    if (rc == WORKER_OK) {
        rc = worker_av_decode_drain(decoder, err);
    }

    worker_av_decode_close(decoder);

    return rc;
}


static worker_rc_t
worker_av_still_frame(void *data, struct AVFrame *frame, int64_t unit,
    bool damaged, worker_err_t *err)
{
    int                   rc;
    worker_av_stiller_t  *s;

    (void) damaged;

    s = data;

    if (unit < 0 || (size_t) unit >= s->nunits
        || s->units[unit].time == INT64_MIN
        || (s->best != s->nunits
            && s->units[unit].time <= s->units[s->best].time))
    {
        return WORKER_OK;
    }

    av_frame_unref(s->frame);

    rc = av_frame_ref(s->frame, frame);
    if (rc < 0) {
        return worker_av_fail(err, WORKER_RETRY, rc, "Decoding");
    }

    s->best = (size_t) unit;

    return WORKER_OK;
}
