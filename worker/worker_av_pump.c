
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavcodec/avcodec.h>
#include <libavutil/mem.h>

#include "worker/worker_av.h"
#include "worker/worker_av_pump.h"
#include "worker/worker_thread.h"


typedef enum {
    WORKER_AV_PUMP_REST = 0,
    WORKER_AV_PUMP_SEND,
    WORKER_AV_PUMP_RECEIVE
} worker_av_pump_e;

/*
 * What the two sides share is under the mutex; while there is an order, the
 * encoder, the frame and the packet are the thread's.
 */
struct worker_av_pump_s {
    pthread_t          thread;
    pthread_mutex_t    mutex;
    pthread_cond_t     begin;
    pthread_cond_t     done;
    worker_tick_t      tick;            /* the caller's alone */
    worker_rc_t        stopped;         /* the same: what tick said */
    bool               flushing;        /* the same: no frame comes more */
    bool               finished;        /* the same: no packet either */

    worker_av_pump_e   order;
    bool               closed;
    int                rc;              /* of the last order */
    AVCodecContext    *codec;
    AVFrame           *frame;
    AVPacket          *packet;
};


static worker_rc_t worker_av_pump_receive(worker_av_pump_t *p, int *ret);
static void *worker_av_pump_main(void *data);
static worker_rc_t worker_av_pump_order(worker_av_pump_t *p,
    worker_av_pump_e order, int *ret);
static void worker_av_pump_free(worker_av_pump_t *p);


worker_rc_t
worker_av_pump_open(worker_av_pump_t **ret, AVCodecContext *codec,
    const worker_tick_t *tick, worker_err_t *err)
{
    worker_av_pump_t  *p;

    p = av_mallocz(sizeof(worker_av_pump_t));
    if (p == NULL) {
        avcodec_free_context(&codec);
        return worker_fail_memory(err, "Encoding");
    }

    p->tick = *tick;
    p->codec = codec;
    p->frame = av_frame_alloc();
    p->packet = av_packet_alloc();

    (void) pthread_mutex_init(&p->mutex, NULL);
    (void) pthread_cond_init(&p->begin, NULL);
    worker_thread_condition(&p->done);

    if (p->frame == NULL || p->packet == NULL
        || worker_thread_start(&p->thread, worker_av_pump_main, p) != 0)
    {
        worker_av_pump_free(p);
        return worker_fail_memory(err, "Encoding");
    }

    *ret = p;

    return WORKER_OK;
}


worker_rc_t
worker_av_pump_send(worker_av_pump_t *p, const AVFrame *frame,
    worker_err_t *err)
{
    int          rc;
    worker_rc_t  wrc;

    if (frame == NULL) {
        p->flushing = true;

    } else {
        rc = av_frame_ref(p->frame, frame);
        if (rc < 0) {
            return worker_av_fail(err, WORKER_ERROR, rc, "Encoding");
        }
    }

    wrc = worker_av_pump_order(p, WORKER_AV_PUMP_SEND, &rc);

    if (wrc == WORKER_OK && rc < 0) {
        return worker_av_fail(err, WORKER_ERROR, rc, "Encoding");
    }

    return wrc;
}


worker_rc_t
worker_av_pump_packets(worker_av_pump_t *p, worker_av_pump_pt sink,
    void *data, worker_err_t *err)
{
    int          rc;
    worker_rc_t  wrc;

    for ( ;; ) {
        wrc = worker_av_pump_receive(p, &rc);
        if (wrc != WORKER_OK) {
            return wrc;
        }

        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) {
            return WORKER_OK;
        }

        if (rc < 0) {
            return worker_av_fail(err, WORKER_ERROR, rc, "Encoding");
        }

        wrc = p->tick.call(p->tick.data);

        if (wrc == WORKER_OK) {
            wrc = sink(data, p->packet, err);
        }

        av_packet_unref(p->packet);

        if (wrc != WORKER_OK) {
            return wrc;
        }
    }
}


/* packets are made by what is sent, but at the end by what is received */
static worker_rc_t
worker_av_pump_receive(worker_av_pump_t *p, int *ret)
{
    worker_rc_t  rc;

    if (!p->flushing) {
        *ret = avcodec_receive_packet(p->codec, p->packet);
        return WORKER_OK;
    }

    rc = worker_av_pump_order(p, WORKER_AV_PUMP_RECEIVE, ret);

    p->finished = (rc == WORKER_OK && *ret == AVERROR_EOF);

    return rc;
}


void
worker_av_pump_close(worker_av_pump_t *p)
{
    bool       wait;
    pthread_t  thread;

    if (p == NULL) {
        return;
    }

    /* to end one that has frames takes its time, too; then it is not ours */

    wait = p->finished || (p->stopped == WORKER_OK
                           && p->tick.call(p->tick.data) == WORKER_OK);
    thread = p->thread;

    (void) pthread_mutex_lock(&p->mutex);
    p->closed = true;
    (void) pthread_cond_signal(&p->begin);
    (void) pthread_mutex_unlock(&p->mutex);

    if (wait) {
        (void) pthread_join(thread, NULL);

    } else {
        (void) pthread_detach(thread);
    }
}


static void *
worker_av_pump_main(void *data)
{
    int                rc;
    worker_av_pump_t  *p;
    worker_av_pump_e   order;

    p = data;

    (void) pthread_mutex_lock(&p->mutex);

    for ( ;; ) {

        while (p->order == WORKER_AV_PUMP_REST && !p->closed) {
            (void) pthread_cond_wait(&p->begin, &p->mutex);
        }

        if (p->closed) {
            break;
        }

        order = p->order;
        (void) pthread_mutex_unlock(&p->mutex);

        if (order == WORKER_AV_PUMP_RECEIVE) {
            rc = avcodec_receive_packet(p->codec, p->packet);

        } else {
            rc = avcodec_send_frame(p->codec, (p->frame->buf[0] != NULL)
                                              ? p->frame : NULL);
            av_frame_unref(p->frame);
        }

        (void) pthread_mutex_lock(&p->mutex);

        p->rc = rc;
        p->order = WORKER_AV_PUMP_REST;
        (void) pthread_cond_signal(&p->done);
    }

    (void) pthread_mutex_unlock(&p->mutex);

    worker_av_pump_free(p);

    return NULL;
}


static worker_rc_t
worker_av_pump_order(worker_av_pump_t *p, worker_av_pump_e order, int *ret)
{
    (void) pthread_mutex_lock(&p->mutex);

    p->order = order;
    (void) pthread_cond_signal(&p->begin);

    while (p->order != WORKER_AV_PUMP_REST && p->stopped == WORKER_OK) {

        if (worker_thread_wait(&p->done, &p->mutex)) {
            continue;
        }

        (void) pthread_mutex_unlock(&p->mutex);
        p->stopped = p->tick.call(p->tick.data);
        (void) pthread_mutex_lock(&p->mutex);
    }

    *ret = p->rc;

    (void) pthread_mutex_unlock(&p->mutex);

    return p->stopped;
}


static void
worker_av_pump_free(worker_av_pump_t *p)
{
    avcodec_free_context(&p->codec);
    av_frame_free(&p->frame);
    av_packet_free(&p->packet);
    (void) pthread_cond_destroy(&p->begin);
    (void) pthread_cond_destroy(&p->done);
    (void) pthread_mutex_destroy(&p->mutex);
    av_free(p);
}
