
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * A transition in what is mostly copied: a run of its own, encoded as the
 * ends of ranges are.
 */


#include "common/wub_ts.h"
#include "worker/worker_av_anew.h"
#include "worker/worker_join_work.h"


typedef struct {
    worker_join_t        *join;
    worker_overlap_t     *overlap;
    worker_av_anew_t     *anew;         /* NULL before the first frame */
    worker_join_cross_t   cross;
    bool                  first;        /* its first frame comes next */
} worker_join_mixed_t;


static worker_rc_t worker_join_mix(worker_join_mixed_t *m,
    worker_err_t *err);
static worker_rc_t worker_join_mix_begin(worker_join_mixed_t *m,
    const worker_reel_frame_t *frame, worker_err_t *err);
static worker_rc_t worker_join_mixed(void *data,
    const worker_av_coded_t *coded, worker_err_t *err);


worker_rc_t
worker_join_overlap(void *maker, worker_overlap_t *overlap,
    worker_err_t *err)
{
    worker_rc_t          rc;
    worker_join_t       *j;
    worker_made_t        made;
    worker_join_mixed_t  m;

    j = maker;

    memset(&m, 0, sizeof(worker_join_mixed_t));
    m.join = j;
    m.overlap = overlap;
    m.first = true;

    rc = worker_join_mix(&m, err);

    worker_av_anew_close(m.anew);
    worker_join_cross_close(&m.cross);

    memset(&made, 0, sizeof(worker_made_t));
    worker_overlap_made(overlap, &made);
    j->made.lost += made.lost;
    j->made.hurt += made.hurt;
    j->run = false;

    return rc;
}


static worker_rc_t
worker_join_mix(worker_join_mixed_t *m, worker_err_t *err)
{
    worker_rc_t                 rc;
    worker_join_t              *j;
    const worker_reel_frame_t  *frame;

    j = m->join;

    for ( ;; ) {
        rc = worker_overlap_next(m->overlap, &frame, err);
        if (rc != WORKER_OK || frame == NULL) {
            break;
        }

        if (!j->run) {
            rc = worker_join_mix_begin(m, frame, err);
            if (rc != WORKER_OK) {
                return rc;
            }
        }

        wub_timeline_extend(&j->timeline, frame->place, frame->duration);

        if (j->making->dry) {
            j->made.frames++;
            j->made.damaged += frame->damaged;
            continue;
        }

        rc = worker_av_anew_frame(m->anew, frame->frame,
                                  (size_t) frame->place, frame->damaged,
                                  err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    if (rc != WORKER_OK || !j->run || j->making->dry) {
        return rc;
    }

    rc = worker_av_anew_finish(m->anew, err);

    if (rc == WORKER_OK) {
        rc = worker_join_cross(&m->cross, INT64_MAX, err);
    }

    return (rc == WORKER_OK) ? worker_join_silence(j, err) : rc;
}


static worker_rc_t
worker_join_mix_begin(worker_join_mixed_t *m,
    const worker_reel_frame_t *frame, worker_err_t *err)
{
    worker_rc_t             rc;
    worker_join_t          *j;
    worker_av_anew_conf_t   conf;

    j = m->join;

    worker_join_begun(j, j->delay);
    worker_join_runs(j, frame->place);

    if (j->making->dry) {
        return WORKER_OK;
    }

    conf.form = &j->making->form.video;
    conf.segment = NULL;
    conf.spacing = (frame->duration < 1) ? 1 : frame->duration;

    if (conf.spacing > WORKER_JOIN_SPACING_MAX) {
        conf.spacing = WORKER_JOIN_SPACING_MAX;
    }

    conf.reorder = (size_t) ((j->delay + conf.spacing / 2) / conf.spacing);

    rc = worker_av_anew_open(&m->anew, &conf, &j->making->tick,
                             worker_join_mixed, m, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_join_cross_open(&m->cross, j, m->overlap, err);
}


/* an encoded frame; its index is its place */
static worker_rc_t
worker_join_mixed(void *data, const worker_av_coded_t *coded,
    worker_err_t *err)
{
    worker_rc_t           rc;
    worker_join_t        *j;
    worker_av_packet_t    packet;
    worker_join_mixed_t  *m;

    m = data;
    j = m->join;

    memset(&packet, 0, sizeof(worker_av_packet_t));

    packet.data = coded->data;
    packet.len = coded->len;
    packet.pts = wub_timeline_out(&j->timeline, (int64_t) coded->index);
    packet.dts = packet.pts - j->delay;
    packet.key = m->first;

    rc = worker_join_ready(j, &packet, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (packet.dts > packet.pts) {
        return worker_fail(err, WORKER_INVALID,
                           "The time stamps around a transition go back; "
                           "use a hard cut.");
    }

    rc = worker_join_cross(&m->cross, packet.dts, err);

    if (rc == WORKER_OK) {
        rc = worker_join_put(j, &packet, err);
    }

    m->first = false;
    j->made.damaged += coded->damaged;

    return rc;
}
