
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_full_video.h"


#define WORKER_FULL_VIDEO_ARENA  ((size_t) 64 << 20)

/* frames that wait for the decoder, at first */
#define WORKER_FULL_VIDEO_ROOM   256

/* frames that H.264 and HEVC let a decoder hold back */
#define WORKER_FULL_VIDEO_HELD   16


static worker_rc_t worker_full_video_frame(void *data,
    struct AVFrame *frame, int64_t pts, bool damaged, worker_err_t *err);
static worker_rc_t worker_full_video_open(worker_full_video_t *v,
    const struct AVFrame *frame, worker_err_t *err);
static void worker_full_video_place(const worker_full_video_t *v,
    worker_av_out_conf_t *conf);
static worker_rc_t worker_full_video_packet(void *data,
    struct AVPacket *packet, worker_err_t *err);


worker_rc_t
worker_full_video_init(worker_full_video_t *v, worker_err_t *err)
{
    v->pts = INT64_MIN;
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
            || end - i == WORKER_FULL_VIDEO_HELD)
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
worker_full_video_drain(worker_full_video_t *v, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = (v->decoder != NULL) ? worker_av_decode_drain(v->decoder, err)
                              : WORKER_OK;

    v->made.lost += (int64_t) v->nframes;
    v->nframes = 0;
    v->first = 0;

    return rc;
}


worker_rc_t
worker_full_video_finish(worker_full_video_t *v, worker_err_t *err)
{
    return worker_av_encode_finish(v->encoder, err);
}


void
worker_full_video_close(worker_full_video_t *v)
{
    worker_av_decode_close(v->decoder);
    worker_av_encode_close(v->encoder);
    worker_av_out_close(v->out);
    wub_arena_destroy(v->arena);
}


static worker_rc_t
worker_full_video_frame(void *data, struct AVFrame *frame, int64_t pts,
    bool damaged, worker_err_t *err)
{
    worker_rc_t                 rc;
    worker_full_video_t        *v;
    const worker_full_frame_t  *want;

    v = data;

    while (v->nframes != 0 && v->frames[v->first].pts < pts) {
        v->first++;
        v->nframes--;
        v->made.lost++;
    }

    if (v->nframes == 0 || v->frames[v->first].pts != pts) {
        return WORKER_OK;
    }

    want = &v->frames[v->first++];
    v->nframes--;

    if (v->encoder == NULL) {
        rc = worker_full_video_open(v, frame, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    v->pts = (want->out > v->pts) ? want->out : v->pts + 1;
    v->made.frames++;
    v->made.damaged += (damaged || want->damaged);
    v->made.done = wub_time_from_ticks(v->pts + want->duration
                                       - v->sound->base, 1, WUB_TS_HZ);

    return worker_av_encode_send(v->encoder, frame, v->pts, want->duration,
                                 err);
}


/* the encoder by the first frame of all, and the file for its packets */
static worker_rc_t
worker_full_video_open(worker_full_video_t *v,
    const struct AVFrame *frame, worker_err_t *err)
{
    size_t                  i;
    worker_rc_t             rc;
    const worker_encode_t  *e;
    worker_av_out_conf_t    conf;

    const struct AVCodecContext  *encoders[1 + WORKER_TRACKS_MAX];

    e = v->making->encode;

    rc = worker_av_encode_open(&v->encoder, e, &v->making->form.video, frame,
                               v->spacing, e->kind != WORKER_ENCODE_MPEGTS,
                               &v->making->tick, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    worker_av_encode_sink(v->encoder, worker_full_video_packet, v);

    encoders[0] = worker_av_encode_codec(v->encoder);

    for (i = 0; i < v->sound->ntracks; i++) {
        encoders[i + 1] = worker_av_voice_codec(v->sound->tracks[i].voice);
    }

    memset(&conf, 0, sizeof(worker_av_out_conf_t));

    conf.write = v->making->write;
    conf.write_data = v->making->write_data;
    conf.fd = v->making->fd;
    conf.edits = true;
    conf.encoders = encoders;
    conf.nencoders = 1 + v->sound->ntracks;

    worker_full_video_place(v, &conf);

    rc = worker_av_out_create(&v->out, &conf, err);
    v->sound->out = v->out;

    return rc;
}


/* where it is written to, and how */
static void
worker_full_video_place(const worker_full_video_t *v,
    worker_av_out_conf_t *conf)
{
    const worker_encode_t  *e;

    e = v->making->encode;

    switch (e->kind) {

    case WORKER_ENCODE_MP4:
        conf->container = WORKER_AV_OUT_MP4;
        conf->edits = worker_encode_number(e, WORKER_ENCODE_EDIT_LISTS) != 0;

        if (!worker_encode_number(e, WORKER_ENCODE_FASTSTART)) {
            conf->fd = -1;
        }

        break;

    case WORKER_ENCODE_WEBM:
        conf->container = WORKER_AV_OUT_WEBM;
        break;

    case WORKER_ENCODE_NONE:
    case WORKER_ENCODE_MPEGTS:
    case WORKER_ENCODE_KINDS:
    default:
        conf->container = WORKER_AV_OUT_MPEGTS;
        conf->fd = -1;
        break;
    }
}


static worker_rc_t
worker_full_video_packet(void *data, struct AVPacket *packet,
    worker_err_t *err)
{
    worker_full_video_t  *v;

    v = data;

    return worker_av_out_encoded(v->out, packet, 0, err);
}
