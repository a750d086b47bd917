
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_archive.h"
#include "worker/worker_av_out.h"


#define WORKER_ARCHIVE_ARENA     ((size_t) 1 << 20)

/*
 * Time stamps of a segment that go on where the last one's end, within
 * half a second, are kept as they are; others begin at that end.
 */
#define WORKER_ARCHIVE_SLACK     (WUB_TS_HZ / 2)


typedef struct {
    wub_arena_t             *arena;
    const worker_making_t   *making;
    worker_av_out_t         *out;       /* NULL before the first segment */
    int64_t                  at;        /* output: a segment's first frame */
    int64_t                  base;      /* the same of the first segment */
    int64_t                  end;       /* output: of the video so far */
    int64_t                  source;    /* 33 bits: end of the last one */
    int64_t                  dts;       /* of the last video packet */
    int64_t                  sound[WORKER_TRACKS_MAX];  /* its end */
    worker_made_t            made;
} worker_archive_t;


static worker_rc_t worker_archive_begin(void **ret,
    const worker_making_t *making, worker_err_t *err);
static worker_rc_t worker_archive_add(void *maker, worker_footage_t *footage,
    int64_t start, int64_t end, bool hole, worker_err_t *err);
static worker_rc_t worker_archive_open(worker_archive_t *a,
    const worker_footage_t *f, worker_err_t *err);
static worker_rc_t worker_archive_segment(worker_archive_t *a,
    const worker_footage_t *f, worker_err_t *err);
static worker_rc_t worker_archive_video(worker_archive_t *a,
    const worker_footage_t *f, size_t i, worker_err_t *err);
static worker_rc_t worker_archive_sounds(worker_archive_t *a,
    const worker_footage_t *f, size_t *next, int64_t limit,
    worker_err_t *err);
static worker_rc_t worker_archive_sound(worker_archive_t *a,
    const worker_audio_t *audio, size_t track, worker_err_t *err);
static worker_rc_t worker_archive_range_end(void *maker, worker_err_t *err);
static worker_rc_t worker_archive_finish(void *maker, worker_err_t *err);
static void worker_archive_made(const void *maker, worker_made_t *ret);
static void worker_archive_free(void *maker);


const worker_maker_t  worker_archive_maker = {
    worker_archive_begin,
    worker_archive_add,
    worker_archive_range_end,
    NULL,
    worker_archive_finish,
    worker_archive_made,
    worker_archive_free
};


static worker_rc_t
worker_archive_begin(void **ret, const worker_making_t *making,
    worker_err_t *err)
{
    wub_arena_t       *arena;
    worker_archive_t  *a;

    arena = wub_arena_create(WORKER_ARCHIVE_ARENA);
    a = (arena == NULL) ? NULL : wub_arena_calloc(arena, sizeof(*a));

    if (a == NULL) {
        wub_arena_destroy(arena);
        return worker_fail_memory(err, "Cutting");
    }

    a->arena = arena;
    a->making = making;

    *ret = a;

    return WORKER_OK;
}


static worker_rc_t
worker_archive_add(void *maker, worker_footage_t *footage, int64_t start,
    int64_t end, bool hole, worker_err_t *err)
{
    int64_t            first;
    worker_rc_t        rc;
    worker_step_t      step;
    worker_archive_t  *a = maker;

    (void) start;
    (void) end;
    (void) hole;

    memset(&step, 0, sizeof(worker_step_t));

    step.copy = true;
    step.last = footage->nvideo - 1;
    step.nkept = footage->nvideo;
    step.from = INT64_MIN;
    step.to = INT64_MAX;

    rc = a->making->step(a->making->step_data, footage, &step, err);

    if (rc == WORKER_OK && !a->making->dry) {

        if (a->out == NULL) {
            rc = worker_archive_open(a, footage, err);

        } else {
            first = wub_ts_unwrap(a->source, footage->first) - a->source;
            a->at = a->end;

            if (first > -WORKER_ARCHIVE_SLACK && first < WORKER_ARCHIVE_SLACK)
            {
                a->at += first;
            }
        }

        if (rc == WORKER_OK) {
            rc = worker_archive_segment(a, footage, err);
        }
    }

    worker_footage_free(footage);

    return rc;
}


static worker_rc_t
worker_archive_open(worker_archive_t *a, const worker_footage_t *f,
    worker_err_t *err)
{
    size_t                 i;
    worker_av_out_conf_t   conf;

    memset(&conf, 0, sizeof(worker_av_out_conf_t));

    conf.container = WORKER_AV_OUT_MATROSKA;
    conf.write = a->making->write;
    conf.write_data = a->making->write_data;
    conf.fd = -1;
    conf.form = &a->making->form;
    conf.sets = *f->video[0].in_force;

    /* the earliest packet, be it of sound, lies at 0 */

    a->at = -f->frames[0].dts;

    for (i = 0; i < f->ntracks; i++) {
        if (f->tracks[i].naudio != 0 && -f->tracks[i].audio[0].pts > a->at) {
            a->at = -f->tracks[i].audio[0].pts;
        }
    }

    a->base = a->at;
    a->dts = INT64_MIN;

    for (i = 0; i < WORKER_TRACKS_MAX; i++) {
        a->sound[i] = 0;
    }

    return worker_av_out_create(&a->out, &conf, err);
}


static worker_rc_t
worker_archive_segment(worker_archive_t *a, const worker_footage_t *f,
    worker_err_t *err)
{
    size_t       i, next[WORKER_TRACKS_MAX];
    worker_rc_t  rc;

    memset(next, 0, sizeof(next));

    for (i = 0; i < f->nvideo; i++) {

        rc = worker_archive_sounds(a, f, next, a->at + f->frames[i].dts, err);

        if (rc == WORKER_OK) {
            rc = worker_archive_video(a, f, i, err);
        }

        if (rc != WORKER_OK) {
            return rc;
        }
    }

    a->end = a->at + f->end;
    a->source = f->first + f->end;
    a->made.damaged += (int64_t) f->ndamaged;

    return worker_archive_sounds(a, f, next, INT64_MAX, err);
}


static worker_rc_t
worker_archive_video(worker_archive_t *a, const worker_footage_t *f,
    size_t i, worker_err_t *err)
{
    worker_rc_t            rc;
    worker_av_packet_t     packet;
    const worker_video_t  *video;

    rc = a->making->tick.call(a->making->tick.data);
    if (rc != WORKER_OK) {
        return rc;
    }

    video = &f->video[i];
    memset(&packet, 0, sizeof(worker_av_packet_t));

    packet.data = video->data;
    packet.len = video->len;
    packet.pts = a->at + f->frames[i].pts;
    packet.dts = a->at + f->frames[i].dts;
    packet.video = true;
    packet.key = f->frames[i].key != WUB_KEY_NONE;

    if (i == 0 && !video->sets) {
        packet.insert = *video->in_force;
        packet.at = video->lead;
    }

    if (packet.dts <= a->dts) {
        packet.dts = a->dts + 1;
    }

    if (packet.pts < packet.dts) {
        packet.pts = packet.dts;
    }

    rc = worker_av_out_write(a->out, &packet, err);

    if (rc == WORKER_OK) {
        a->dts = packet.dts;
        a->made.frames++;
    }

    return rc;
}


/* what of each track comes up to an output time */
static worker_rc_t
worker_archive_sounds(worker_archive_t *a, const worker_footage_t *f,
    size_t *next, int64_t limit, worker_err_t *err)
{
    size_t                 i;
    worker_rc_t            rc;
    const worker_track_t  *track;

    for (i = 0; i < f->ntracks; i++) {
        track = &f->tracks[i];

        for ( /* void */ ; next[i] < track->naudio; next[i]++) {

            if (a->at + track->audio[next[i]].pts > limit) {
                break;
            }

            rc = worker_archive_sound(a, &track->audio[next[i]], i, err);
            if (rc != WORKER_OK) {
                return rc;
            }
        }
    }

    return WORKER_OK;
}


static worker_rc_t
worker_archive_sound(worker_archive_t *a, const worker_audio_t *audio,
    size_t track, worker_err_t *err)
{
    worker_av_packet_t  packet;

    memset(&packet, 0, sizeof(worker_av_packet_t));

    packet.data = audio->data;
    packet.len = audio->len;
    packet.pts = a->at + audio->pts;
    packet.dts = packet.pts;
    packet.duration = audio->duration;
    packet.track = track;
    packet.key = true;

    /* where segments overlap, no sound is there twice */

    if (packet.pts < 0 || packet.pts < a->sound[track] - audio->duration / 2) {
        return WORKER_OK;
    }

    a->sound[track] = packet.pts + audio->duration;
    a->made.hurt += audio->hurt;

    return worker_av_out_write(a->out, &packet, err);
}


static worker_rc_t
worker_archive_range_end(void *maker, worker_err_t *err)
{
    (void) maker;
    (void) err;

    return WORKER_OK;
}


static worker_rc_t
worker_archive_finish(void *maker, worker_err_t *err)
{
    worker_archive_t  *a = maker;

    return a->making->dry ? WORKER_OK : worker_av_out_finish(a->out, err);
}


static void
worker_archive_made(const void *maker, worker_made_t *ret)
{
    const worker_archive_t  *a = maker;

    *ret = a->made;
    ret->copied = a->made.frames;
    ret->done = wub_time_from_ticks(a->end - a->base, 1, WUB_TS_HZ);
    ret->bytes = (a->out != NULL) ? worker_av_out_bytes(a->out) : 0;

    if (a->end == 0) {
        ret->done = 0;
    }
}


static void
worker_archive_free(void *maker)
{
    worker_archive_t  *a = maker;

    worker_av_out_close(a->out);
    wub_arena_destroy(a->arena);
}
