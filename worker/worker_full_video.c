
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "worker/worker_full_video.h"


#define WORKER_FULL_VIDEO_ARENA  ((size_t) 64 << 20)

/* frames that wait for the decoder, at first */
#define WORKER_FULL_VIDEO_ROOM   256


static worker_rc_t worker_full_video_frame(void *data,
    struct AVFrame *frame, int64_t pts, bool damaged, worker_err_t *err);


worker_rc_t
worker_full_video_init(worker_full_video_t *v, worker_err_t *err)
{
    v->arena = wub_arena_create(WORKER_FULL_VIDEO_ARENA);

    if (v->arena == NULL) {
        return worker_fail_memory(err, "Cutting");
    }

    return WORKER_OK;
}


worker_rc_t
worker_full_video_expect(worker_full_video_t *v,
    const worker_full_frame_t *frame, worker_err_t *err)
{
    size_t                i, end, room;
    worker_full_frame_t  *frames;

    if (v->first + v->nframes == v->room) {
        frames = v->frames;
        room = v->room;

        if (v->nframes >= room / 2) {
            room = (room == 0) ? WORKER_FULL_VIDEO_ROOM : 2 * room;

            frames = wub_arena_alloc(v->arena,
                                     room * sizeof(worker_full_frame_t));
            if (frames == NULL) {
                return worker_fail_memory(err, "Cutting");
            }
        }

        if (v->nframes != 0) {
            memmove(frames, v->frames + v->first,
                    v->nframes * sizeof(worker_full_frame_t));
        }

        v->frames = frames;
        v->room = room;
        v->first = 0;
    }

    /* of two frames with one time, one is shown; none comes far too late */

    end = v->first + v->nframes;

    for (i = end;
         i > v->first && v->frames[i - 1].pts >= frame->pts;
         i--)
    {
        if (v->frames[i - 1].pts == frame->pts
            || end - i == WORKER_FULL_HELD)
        {
            v->made.lost++;
            return WORKER_OK;
        }
    }

    memmove(v->frames + i + 1, v->frames + i,
            (end - i) * sizeof(worker_full_frame_t));

    v->frames[i] = *frame;
    v->nframes++;

    return WORKER_OK;
}


void
worker_full_video_spread(worker_full_video_t *v, size_t old, int64_t end)
{
    size_t                n;
    int64_t               next;
    worker_full_frame_t  *frame;

    /* the frame before these may have a nearer neighbour now */

    for (n = (old > 0) ? old - 1 : 0; n < v->nframes; n++) {
        frame = &v->frames[v->first + n];
        next = (n + 1 < v->nframes) ? frame[1].pts : end;

        frame->duration = next - frame->pts;
    }
}


worker_rc_t
worker_full_video_codec(worker_full_video_t *v, wub_video_codec_e codec,
    worker_err_t *err)
{
    worker_rc_t  rc;

    if (v->decoder != NULL && v->codec == codec) {
        return WORKER_OK;
    }

    if (v->decoder != NULL) {
        rc = worker_av_decode_drain(v->decoder, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        worker_av_decode_close(v->decoder);
        v->decoder = NULL;
    }

    v->codec = codec;

    return worker_av_decode_open(&v->decoder, codec, &v->making->tick,
                                 worker_full_video_frame, v, err);
}


worker_rc_t
worker_full_video_send(worker_full_video_t *v, const worker_video_t *unit,
    int64_t pts, worker_err_t *err)
{
    return worker_av_decode_send(v->decoder, unit, pts, err);
}


worker_rc_t
worker_full_video_pass(worker_full_video_t *v, size_t keep,
    worker_err_t *err)
{
    worker_rc_t          rc;
    worker_full_frame_t  want;

    while (v->nframes > keep) {
        want = v->frames[v->first++];
        v->nframes--;

        rc = v->sink(v->data, NULL, &want, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


worker_rc_t
worker_full_video_drain(worker_full_video_t *v, worker_err_t *err)
{
    worker_rc_t  rc;

    if (v->decoder == NULL) {
        return worker_full_video_pass(v, 0, err);
    }

    rc = worker_av_decode_drain(v->decoder, err);

    v->made.lost += (int64_t) v->nframes;
    v->nframes = 0;
    v->first = 0;

    return rc;
}


void
worker_full_video_close(worker_full_video_t *v)
{
    worker_av_decode_close(v->decoder);
    wub_arena_destroy(v->arena);
}


static worker_rc_t
worker_full_video_frame(void *data, struct AVFrame *frame, int64_t pts,
    bool damaged, worker_err_t *err)
{
    worker_full_frame_t   want;
    worker_full_video_t  *v;

    v = data;

    while (v->nframes != 0 && v->frames[v->first].pts < pts) {
        v->first++;
        v->nframes--;
        v->made.lost++;
    }

    if (v->nframes == 0 || v->frames[v->first].pts != pts) {
        return WORKER_OK;
    }

    want = v->frames[v->first++];
    v->nframes--;
    want.damaged |= damaged;

    return v->sink(v->data, frame, &want, err);
}
