
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_full_file.h"


/*
 * In a transport stream the first frame is shown at 1 s, later where its
 * delay needs it: B frames are decoded up to two frames before.
 */
#define WORKER_FULL_BASE         WUB_TS_HZ
#define WORKER_FULL_LEAD         (WUB_TS_HZ * 3 / 10)
#define WORKER_FULL_DELAY        2

/* in WebM late enough for what Opus needs ahead, 6.5 ms, to be after 0 */
#define WORKER_FULL_OPUS         (WUB_TS_HZ / 100)


static worker_rc_t worker_full_file_open(worker_full_file_t *o,
    const struct AVFrame *frame, worker_err_t *err);
static void worker_full_file_place(const worker_full_file_t *o,
    worker_av_out_conf_t *conf);
static worker_rc_t worker_full_file_packet(void *data,
    struct AVPacket *packet, worker_err_t *err);


void
worker_full_file_begin(worker_full_file_t *o, int64_t spacing)
{
    int64_t                 delay;
    const worker_encode_t  *e;

    e = o->making->encode;

    delay = worker_encode_number(e, WORKER_ENCODE_BFRAMES);
    delay = spacing * (delay < WORKER_FULL_DELAY ? delay : WORKER_FULL_DELAY);

    if (e->kind == WORKER_ENCODE_MPEGTS) {
        o->sound->base = (delay > WORKER_FULL_BASE - WORKER_FULL_LEAD)
                         ? delay + WORKER_FULL_LEAD : WORKER_FULL_BASE;

    } else if (e->kind == WORKER_ENCODE_WEBM) {
        o->sound->base = WORKER_FULL_OPUS;

    } else if (e->kind == WORKER_ENCODE_MP4 && o->making->fd != -1
               && worker_encode_number(e, WORKER_ENCODE_FASTSTART)
               && !worker_encode_number(e, WORKER_ENCODE_EDIT_LISTS))
    {
        worker_full_sound_lead(o->sound, delay);
    }

    wub_timeline_init(o->timeline, o->sound->base);

    o->spacing = spacing;
    o->pts = INT64_MIN;
    o->begun = true;
}


worker_rc_t
worker_full_file_frame(void *data, struct AVFrame *frame,
    const worker_full_frame_t *want, worker_err_t *err)
{
    worker_rc_t          rc;
    worker_full_file_t  *o;

    o = data;

    if (o->encoder == NULL) {
        rc = worker_full_file_open(o, frame, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    o->pts = (want->out > o->pts) ? want->out : o->pts + 1;
    o->made->frames++;
    o->made->damaged += want->damaged;
    o->made->done = wub_time_from_ticks(o->pts + want->duration
                                        - o->sound->base, 1, WUB_TS_HZ);

    return worker_av_encode_send(o->encoder, frame, o->pts, want->duration,
                                 err);
}


worker_rc_t
worker_full_file_video_end(worker_full_file_t *o, worker_err_t *err)
{
    return worker_av_encode_finish(o->encoder, err);
}


worker_rc_t
worker_full_file_end(worker_full_file_t *o, worker_err_t *err)
{
    return worker_av_out_finish(o->out, err);
}


void
worker_full_file_close(worker_full_file_t *o)
{
    worker_av_encode_close(o->encoder);
    worker_av_out_close(o->out);
}


/* the encoder by the first frame of all, and the file for its packets */
static worker_rc_t
worker_full_file_open(worker_full_file_t *o,
    const struct AVFrame *frame, worker_err_t *err)
{
    size_t                  i;
    worker_rc_t             rc;
    const worker_encode_t  *e;
    worker_av_out_conf_t    conf;

    const struct AVCodecContext  *encoders[1 + WORKER_TRACKS_MAX];

    e = o->making->encode;

    rc = worker_av_encode_open(&o->encoder, e, &o->making->form.video, frame,
                               o->spacing, e->kind != WORKER_ENCODE_MPEGTS,
                               &o->making->tick, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    worker_av_encode_sink(o->encoder, worker_full_file_packet, o);

    encoders[0] = worker_av_encode_codec(o->encoder);

    for (i = 0; i < o->sound->ntracks; i++) {
        encoders[i + 1] = worker_av_voice_codec(o->sound->tracks[i].voice);
    }

    memset(&conf, 0, sizeof(worker_av_out_conf_t));

    conf.write = o->making->write;
    conf.write_data = o->making->write_data;
    conf.fd = o->making->fd;
    conf.edits = true;
    conf.encoders = encoders;
    conf.nencoders = 1 + o->sound->ntracks;

    worker_full_file_place(o, &conf);

    rc = worker_av_out_create(&o->out, &conf, err);
    o->sound->out = o->out;

    return rc;
}


/* where it is written to, and how */
static void
worker_full_file_place(const worker_full_file_t *o,
    worker_av_out_conf_t *conf)
{
    const worker_encode_t  *e;

    e = o->making->encode;

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
worker_full_file_packet(void *data, struct AVPacket *packet,
    worker_err_t *err)
{
    worker_full_file_t  *o;

    o = data;

    return worker_av_out_encoded(o->out, packet, 0, err);
}
