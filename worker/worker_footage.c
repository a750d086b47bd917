
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_footage.h"
#include "worker/worker_footage_audio.h"
#include "worker/worker_footage_video.h"


/* the file, its streams, and the arrays over them */
#define WORKER_FOOTAGE_ARENA     (3 * WORKER_FOOTAGE_MAX)

#define WORKER_FOOTAGE_CHUNK     ((size_t) 1 << 20)

/* a frame's length where a segment has but one: 1/30 s */
#define WORKER_FOOTAGE_SPACING   (WUB_TS_HZ / 30)


static worker_rc_t worker_footage_open(worker_footage_t *f,
    const worker_store_t *store, const wub_hour_t *hour, int *ret_fd,
    uint64_t *ret_size, worker_err_t *err);
static worker_rc_t worker_footage_bytes(worker_footage_t *f, int fd,
    uint64_t size, const worker_tick_t *tick, wub_str_t *ret,
    worker_err_t *err);
static worker_rc_t worker_footage_parse(worker_footage_t *f,
    wub_str_t bytes, worker_err_t *err);
static worker_rc_t worker_footage_streams(worker_footage_t *f,
    const wub_ts_t *ts, const wub_ts_stream_t **ret_video,
    worker_err_t *err);
static worker_rc_t worker_footage_track(worker_footage_t *f,
    const wub_ts_stream_t *stream, worker_err_t *err);


worker_rc_t
worker_footage_read(worker_footage_t **ret, const worker_store_t *store,
    const wub_hour_t *hour, const wub_segment_t *segment,
    const worker_tick_t *tick, worker_err_t *err)
{
    return worker_footage_head(ret, store, hour, segment, SIZE_MAX, tick,
                               err);
}


worker_rc_t
worker_footage_head(worker_footage_t **ret, const worker_store_t *store,
    const wub_hour_t *hour, const wub_segment_t *segment, size_t max,
    const worker_tick_t *tick, worker_err_t *err)
{
    int                fd;
    uint64_t           size;
    wub_str_t          bytes;
    worker_rc_t        rc;
    wub_arena_t       *arena;
    worker_footage_t  *f;

    arena = wub_arena_create(WORKER_FOOTAGE_ARENA);
    f = (arena == NULL) ? NULL : wub_arena_calloc(arena, sizeof(*f));

    if (f == NULL) {
        wub_arena_destroy(arena);
        return worker_fail_memory(err, "Reading a segment");
    }

    f->arena = arena;
    f->segment = *segment;
    fd = -1;
    size = 0;

    rc = worker_footage_open(f, store, hour, &fd, &size, err);

    if (rc == WORKER_OK) {
        size = (size < max) ? size : max;
        rc = worker_footage_bytes(f, fd, size, tick, &bytes, err);
        (void) close(fd);
    }

    if (rc == WORKER_OK) {
        rc = worker_footage_parse(f, bytes, err);
    }

    if (rc != WORKER_OK) {
        worker_footage_free(f);
        return rc;
    }

    *ret = f;

    return WORKER_OK;
}


void
worker_footage_free(worker_footage_t *footage)
{
    if (footage != NULL) {
        wub_arena_destroy(footage->arena);
    }
}


worker_form_t
worker_footage_form(const worker_footage_t *footage)
{
    size_t                 i;
    worker_form_t          form;
    const worker_track_t  *track;

    memset(&form, 0, sizeof(worker_form_t));

    form.video = footage->forms[footage->frames[0].form];
    form.ntracks = footage->ntracks;

    for (i = 0; i < footage->ntracks; i++) {
        track = &footage->tracks[i];

        if (track->nforms != 0) {
            form.tracks[i] = track->forms[0];
        }
    }

    return form;
}


const char *
worker_footage_when(const worker_footage_t *footage, int64_t pts,
    char out[WUB_TIME_LEN + 1])
{
    wub_time_format(footage->segment.start
                    + wub_time_from_ticks(pts, 1, WUB_TS_HZ), out);

    out[WUB_TIME_LEN] = '\0';

    return out;
}


const char *
worker_footage_since(const worker_footage_t *footage, size_t track,
    size_t form, char out[WUB_TIME_LEN + 1])
{
    size_t                 i;
    const worker_track_t  *t;

    t = &footage->tracks[track];

    for (i = 0; i < t->naudio && t->audio[i].form != form; i++) {
        /* void */
    }

    return worker_footage_when(footage, (i < t->naudio) ? t->audio[i].pts : 0,
                               out);
}


worker_rc_t
worker_footage_unlike(const char *name, const char *when,
    const worker_sound_t *has, const worker_sound_t *cut, worker_err_t *err)
{
    return worker_fail(err, WORKER_INVALID,
                       "The segment %s has audio of %u Hz with %u channels "
                       "(AAC type %u) from %s on, the cut %u Hz with %u "
                       "(type %u); it cannot be copied, use mp4 or mpegts, "
                       "which encode it.", name, has->rate, has->channels,
                       has->object, when, cut->rate, cut->channels,
                       cut->object);
}


int64_t
worker_footage_spacing(const worker_footage_t *footage, int64_t pts)
{
    size_t   i;
    int64_t  at, before, after;

    before = INT64_MIN;
    after = INT64_MAX;

    for (i = 0; i < footage->nvideo; i++) {
        at = footage->frames[i].pts;

        if (at > pts && at < after) {
            after = at;

        } else if (at < pts && at > before) {
            before = at;
        }
    }

    if (after != INT64_MAX) {
        return after - pts;
    }

    return (before != INT64_MIN) ? pts - before : WORKER_FOOTAGE_SPACING;
}


static worker_rc_t
worker_footage_open(worker_footage_t *f, const worker_store_t *store,
    const wub_hour_t *hour, int *ret_fd, uint64_t *ret_size,
    worker_err_t *err)
{
    char    *name;
    size_t   n;

    n = f->segment.name.len;
    name = wub_arena_alloc(f->arena, WUB_HOUR_LEN + 1 + n + 1);

    if (name == NULL) {
        return worker_fail_memory(err, "Reading a segment");
    }

    wub_hour_format(hour->start, name);
    name[WUB_HOUR_LEN] = '/';
    memcpy(name + WUB_HOUR_LEN + 1, f->segment.name.data, n);
    name[WUB_HOUR_LEN + 1 + n] = '\0';

    f->name = name;
    f->segment.name.data = name + WUB_HOUR_LEN + 1;
    f->segment.hash.len = 0;

    return worker_store_open(f->arena, store, hour, &f->segment, ret_fd,
                             ret_size, err);
}


static worker_rc_t
worker_footage_bytes(worker_footage_t *f, int fd, uint64_t size,
    const worker_tick_t *tick, wub_str_t *ret, worker_err_t *err)
{
    char         *data;
    size_t        n, len;
    ssize_t       got;
    worker_rc_t   rc;

    if (size > WORKER_FOOTAGE_MAX) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s is larger than %zu MB.", f->name,
                           WORKER_FOOTAGE_MAX >> 20);
    }

    data = wub_arena_alloc(f->arena, (size_t) size + 1);
    if (data == NULL) {
        return worker_fail_memory(err, f->name);
    }

    for (len = 0; len < size; len += (size_t) got) {

        rc = tick->call(tick->data);
        if (rc != WORKER_OK) {
            return rc;
        }

        n = (size_t) size - len;
        n = (n < WORKER_FOOTAGE_CHUNK) ? n : WORKER_FOOTAGE_CHUNK;

        got = read(fd, data + len, n);

        if (got == -1 && errno == EINTR) {
            got = 0;
            continue;
        }

        if (got == -1) {
            return worker_fail(err, WORKER_RETRY,
                               "The segment %s cannot be read: %s.", f->name,
                               strerror(errno));
        }

        if (got == 0) {
            break;
        }
    }

    *ret = wub_str_n(data, len);

    return WORKER_OK;
}


static worker_rc_t
worker_footage_parse(worker_footage_t *f, wub_str_t bytes, worker_err_t *err)
{
    size_t                  i;
    wub_rc_t                rc;
    wub_ts_t                ts;
    worker_rc_t             wrc;
    const wub_ts_stream_t  *video;

    rc = wub_ts_read(f->arena, (const uint8_t *) bytes.data, bytes.len, &ts);

    if (rc == WUB_NO_MEMORY) {
        return worker_fail_wub(err, rc, f->name);
    }

    if (rc != WUB_OK) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s is not an MPEG transport stream "
                           "with a program.", f->name);
    }

    wrc = worker_footage_streams(f, &ts, &video, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    wrc = worker_footage_video(f, video, bytes.len, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    /* the times of audio count from the first frame */

    f->tracks = wub_arena_calloc(f->arena, WORKER_TRACKS_MAX
                                           * sizeof(worker_track_t));
    if (f->tracks == NULL) {
        return worker_fail_memory(err, f->name);
    }

    for (i = 0; i < ts.nstreams; i++) {
        if (ts.streams[i].kind == WUB_TS_AUDIO) {
            wrc = worker_footage_track(f, &ts.streams[i], err);
            if (wrc != WORKER_OK) {
                return wrc;
            }
        }
    }

    return WORKER_OK;
}


/* the one stream of video; only streams that can be cut are beside it */
static worker_rc_t
worker_footage_streams(worker_footage_t *f, const wub_ts_t *ts,
    const wub_ts_stream_t **ret_video, worker_err_t *err)
{
    size_t                  i;
    const wub_ts_stream_t  *stream, *video;

    video = NULL;

    for (i = 0; i < ts->nstreams; i++) {
        stream = &ts->streams[i];

        if (stream->kind == WUB_TS_AUDIO && stream->type != WUB_TS_TYPE_AAC) {
            return worker_fail(err, WORKER_INVALID,
                               "The segment %s holds %s; only %s can be cut.",
                               f->name, stream->name,
                               wub_ts_type_name(WUB_TS_TYPE_AAC));
        }

        if (stream->kind != WUB_TS_VIDEO) {
            continue;
        }

        if (stream->type != WUB_TS_TYPE_H264
            && stream->type != WUB_TS_TYPE_HEVC)
        {
            return worker_fail(err, WORKER_INVALID,
                               "The segment %s holds %s; only %s and %s can "
                               "be cut.", f->name, stream->name,
                               wub_ts_type_name(WUB_TS_TYPE_H264),
                               wub_ts_type_name(WUB_TS_TYPE_HEVC));
        }

        if (video != NULL) {
            return worker_fail(err, WORKER_INVALID,
                               "The segment %s holds several streams of "
                               "video; only one can be cut.", f->name);
        }

        video = stream;
    }

    if (video == NULL) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s has no video.", f->name);
    }

    *ret_video = video;

    return WORKER_OK;
}


static worker_rc_t
worker_footage_track(worker_footage_t *f, const wub_ts_stream_t *stream,
    worker_err_t *err)
{
    if (f->ntracks == WORKER_TRACKS_MAX) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s has more than %d tracks of audio; "
                           "it cannot be cut.", f->name, WORKER_TRACKS_MAX);
    }

    return worker_footage_audio(f, &f->tracks[f->ntracks++], stream, err);
}
