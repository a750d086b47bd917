
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <unistd.h>

#include "common/wub_adts.h"
#include "common/wub_time.h"
#include "common/wub_ts_packet.h"
#include "worker/worker_wave_file.h"


/* bytes in which the program and the first picture are sought, in turn */
#define WORKER_WAVE_HEAD         ((size_t) 64 * WUB_TS_PACKET)
#define WORKER_WAVE_HEAD_MAX     ((size_t) 1 << 20)

/*
 * Around a time are read: so much time, for a PES packet of sound is that
 * long, and at least so many bytes.
 */
#define WORKER_WAVE_AROUND       INT64_C(400000)
#define WORKER_WAVE_AROUND_MIN   ((uint64_t) 256 * WUB_TS_PACKET)

#define WORKER_WAVE_COUNTERS     16

/* bytes of a PES header before and with its first time */
#define WORKER_WAVE_PES          9
#define WORKER_WAVE_PES_TIME     14


static worker_rc_t worker_wave_head(worker_wave_file_t *f, size_t max,
    worker_err_t *err);
static worker_rc_t worker_wave_pread(worker_wave_file_t *f, uint64_t at,
    size_t len, worker_err_t *err);
static worker_rc_t worker_wave_walk(worker_wave_file_t *f,
    worker_err_t *err);
static worker_rc_t worker_wave_packet(worker_wave_file_t *f,
    const wub_ts_packet_t *p, bool apart, worker_err_t *err);
static worker_rc_t worker_wave_parse(worker_wave_file_t *f,
    worker_err_t *err);
static bool worker_wave_frame(const worker_wave_file_t *f, size_t pos,
    size_t end, wub_adts_t *ret);
static worker_rc_t worker_wave_frame_add(worker_wave_file_t *f,
    const worker_wave_frame_t *frame, worker_err_t *err);
static worker_rc_t worker_wave_room(worker_wave_file_t *f,
    worker_wave_bytes_t *b, size_t len, worker_err_t *err);


worker_rc_t
worker_wave_file_open(worker_wave_file_t *f, const wub_best_part_t *part,
    worker_err_t *err)
{
    worker_rc_t  rc;

    wub_arena_reset(f->turn);

    f->start = part->segment->start;
    f->duration = part->segment->duration;

    rc = worker_store_open(f->turn, &f->still->store, part->hour,
                           part->segment, &f->fd, &f->size, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    rc = worker_wave_head(f, WORKER_WAVE_HEAD, err);

    if (rc == WORKER_DECLINED) {
        rc = worker_wave_head(f, WORKER_WAVE_HEAD_MAX, err);
    }

    if (rc != WORKER_OK) {
        worker_wave_file_close(f);
    }

    return rc;
}


void
worker_wave_file_close(worker_wave_file_t *f)
{
    (void) close(f->fd);
}


worker_rc_t
worker_wave_file_all(worker_wave_file_t *f, worker_err_t *err)
{
    size_t       len;
    worker_rc_t  rc;

    len = (f->size < WORKER_FOOTAGE_MAX) ? (size_t) f->size
                                         : WORKER_FOOTAGE_MAX;

    rc = worker_wave_pread(f, 0, len, err);

    return (rc == WORKER_OK) ? worker_wave_walk(f, err) : rc;
}


/* where bytes are spread evenly over time */
worker_rc_t
worker_wave_file_near(worker_wave_file_t *f, int64_t time,
    worker_err_t *err)
{
    uint64_t     at, len, into;
    worker_rc_t  rc;

    if (f->duration <= 2 * WORKER_WAVE_AROUND) {
        return worker_wave_file_all(f, err);
    }

    into = (time > f->start) ? (uint64_t) (time - f->start) : 0;
    len = f->size * WORKER_WAVE_AROUND / (uint64_t) f->duration;
    len = (len > WORKER_WAVE_AROUND_MIN) ? len : WORKER_WAVE_AROUND_MIN;
    len = (len < f->size) ? len : f->size;
    at = f->size * into / (uint64_t) f->duration;
    at = (at > len / 2) ? at - len / 2 : 0;
    at = (at < f->size - len) ? at : f->size - len;
    at -= at % WUB_TS_PACKET;

    if (len > WORKER_FOOTAGE_MAX) {
        return worker_wave_file_all(f, err);
    }

    rc = worker_wave_pread(f, at, (size_t) len, err);

    if (rc == WORKER_OK) {
        rc = worker_wave_walk(f, err);
    }

    if (rc == WORKER_OK && f->nframes == 0) {
        rc = worker_wave_file_all(f, err);
    }

    return rc;
}


/* WORKER_DECLINED: what is sought is not in there */
static worker_rc_t
worker_wave_head(worker_wave_file_t *f, size_t max, worker_err_t *err)
{
    size_t                  i, n;
    wub_rc_t                wrc;
    wub_ts_t                ts;
    worker_rc_t             rc;
    const wub_ts_stream_t  *stream, *sound, *picture;

    rc = worker_wave_pread(f, 0, max, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    sound = NULL;
    picture = NULL;
    n = 0;

    wrc = wub_ts_read(f->turn, f->bytes.data, f->bytes.len, &ts);

    if (wrc == WUB_NO_MEMORY) {
        return worker_fail_wub(err, wrc, "A waveform");
    }

    for (i = 0; wrc == WUB_OK && i < ts.nstreams; i++) {
        stream = &ts.streams[i];

        if (stream->kind == WUB_TS_VIDEO && picture == NULL) {
            picture = stream;
        }

        if (stream->type == WUB_TS_TYPE_AAC && sound == NULL) {
            sound = stream;
        }
    }

    if (sound == NULL) {
        return worker_fail(err, WORKER_DECLINED,
                           "A segment has no sound that can be read.");
    }

    stream = (picture != NULL) ? picture : sound;

    while (n < stream->npes && stream->pes[n].pts == WUB_TS_NONE) {
        n++;
    }

    if (n == stream->npes) {
        return worker_fail(err, WORKER_DECLINED,
                           "A segment has no time that can be read.");
    }

    f->pid = sound->pid;
    f->first = stream->pes[n].pts;

    return WORKER_OK;
}


/* a file that ends before has changed: what is there counts */
static worker_rc_t
worker_wave_pread(worker_wave_file_t *f, uint64_t at, size_t len,
    worker_err_t *err)
{
    ssize_t      n;
    worker_rc_t  rc;

    f->bytes.len = 0;

    rc = worker_wave_room(f, &f->bytes, len, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    while (f->bytes.len < len) {
        n = pread(f->fd, f->bytes.data + f->bytes.len, len - f->bytes.len,
                  (off_t) (at + f->bytes.len));

        if (n == -1 && errno == EINTR) {
            continue;
        }

        if (n == -1) {
            return worker_fail(err, WORKER_RETRY,
                               "A segment cannot be read: %s.",
                               strerror(errno));
        }

        if (n == 0) {
            break;
        }

        f->bytes.len += (size_t) n;
    }

    return WORKER_OK;
}


/* the sound in what was read, then its frames */
static worker_rc_t
worker_wave_walk(worker_wave_file_t *f, worker_err_t *err)
{
    bool              seen, apart;
    uint8_t           counter;
    worker_rc_t       rc;
    wub_ts_walk_t     walk;
    wub_ts_packet_t   p;

    f->sound.len = 0;
    f->nmarks = 0;
    f->nframes = 0;

    seen = false;
    apart = true;
    counter = 0;

    walk.pos = f->bytes.data;
    walk.end = f->bytes.data + f->bytes.len;

    while (wub_ts_next(&walk, &p)) {

        if (p.pid != f->pid) {
            continue;
        }

        /* sent twice: the same counter (13818-1, 2.4.3.3) */

        if (seen && p.counter == counter && !p.jump && !p.broken) {
            continue;
        }

        apart = apart || p.broken
                || (seen && !p.jump
                    && p.counter != (counter + 1) % WORKER_WAVE_COUNTERS);
        seen = true;
        counter = p.counter;

        if (p.broken || (apart && !p.start)) {
            continue;
        }

        rc = worker_wave_packet(f, &p, apart, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        apart = false;
    }

    return worker_wave_parse(f, err);
}


/* a PES header is a mark, the rest is sound */
static worker_rc_t
worker_wave_packet(worker_wave_file_t *f, const wub_ts_packet_t *p,
    bool apart, worker_err_t *err)
{
    size_t               len, head, room;
    worker_rc_t          rc;
    const uint8_t       *b;
    worker_wave_mark_t  *marks, *mark;

    b = p->payload;
    len = p->len;

    if (p->start) {

        if (f->nmarks == f->marks_room) {
            room = 2 * f->marks_room + 16;
            marks = wub_arena_grow(f->arena, f->marks,
                                   f->marks_room
                                   * sizeof(worker_wave_mark_t),
                                   room * sizeof(worker_wave_mark_t));
            if (marks == NULL) {
                return worker_fail_memory(err, "A waveform");
            }

            f->marks = marks;
            f->marks_room = room;
        }

        mark = &f->marks[f->nmarks++];

        mark->at = f->sound.len;
        mark->pts = WUB_TS_NONE;
        mark->apart = apart;

        if (len < WORKER_WAVE_PES || b[0] != 0 || b[1] != 0 || b[2] != 1) {
            mark->apart = true;
            return WORKER_OK;
        }

        if ((b[7] & 0x80) != 0 && len >= WORKER_WAVE_PES_TIME) {
            mark->pts = (int64_t) (b[9] & 0x0e) << 29 | (int64_t) b[10] << 22
                        | (int64_t) (b[11] & 0xfe) << 14
                        | (int64_t) b[12] << 7 | b[13] >> 1;
        }

        head = (size_t) WORKER_WAVE_PES + b[8];
        head = (head < len) ? head : len;
        b += head;
        len -= head;
    }

    rc = worker_wave_room(f, &f->sound, len, err);

    if (rc == WORKER_OK) {
        memcpy(f->sound.data + f->sound.len, b, len);
        f->sound.len += len;
    }

    return rc;
}


/*
 * A time belongs to the first frame that begins in its packet (13818-1,
 * 2.4.3.7).
 */
static worker_rc_t
worker_wave_parse(worker_wave_file_t *f, worker_err_t *err)
{
    size_t                pos, i, next, end, samples;
    int64_t               base;
    worker_rc_t           rc;
    wub_adts_t            h;
    worker_wave_frame_t   frame;

    base = WUB_TS_NONE;
    samples = 0;
    i = 0;
    next = 0;

    for (pos = 0; pos < f->sound.len; /* void */ ) {

        for ( /* void */ ; i < f->nmarks && f->marks[i].at <= pos; i++) {

            if (f->marks[i].apart) {
                base = WUB_TS_NONE;
            }

            if (f->marks[i].pts != WUB_TS_NONE) {
                base = f->marks[i].pts;
                samples = 0;
            }
        }

        /* what is whole ends before the next loss */

        next = (next > i) ? next : i;

        while (next < f->nmarks && !f->marks[next].apart) {
            next++;
        }

        end = (next < f->nmarks) ? f->marks[next].at : f->sound.len;

        if (!worker_wave_frame(f, pos, end, &h)) {
            pos++;
            continue;
        }

        if (base != WUB_TS_NONE) {
            frame.at = pos;
            frame.len = h.len;
            frame.time = f->start
                + wub_time_from_ticks(wub_ts_unwrap(0, base - f->first), 1,
                                      WUB_TS_HZ)
                + (int64_t) samples * WUB_SECOND / h.rate;
            frame.end = frame.time
                        + (int64_t) h.samples * WUB_SECOND / h.rate;

            rc = worker_wave_frame_add(f, &frame, err);
            if (rc != WORKER_OK) {
                return rc;
            }
        }

        samples += h.samples;
        pos += h.len;
    }

    return WORKER_OK;
}


/* true: a whole frame, and behind it another one, or the end */
static bool
worker_wave_frame(const worker_wave_file_t *f, size_t pos, size_t end,
    wub_adts_t *ret)
{
    size_t          next;
    const uint8_t  *p;

    p = f->sound.data;

    if (wub_adts_read(p + pos, end - pos, ret) != WUB_OK) {
        return false;
    }

    next = pos + ret->len;

    return end - next < WUB_ADTS_HEAD || wub_adts_same(p + pos, p + next);
}


static worker_rc_t
worker_wave_frame_add(worker_wave_file_t *f,
    const worker_wave_frame_t *frame, worker_err_t *err)
{
    size_t                room;
    worker_wave_frame_t  *frames;

    if (f->nframes == f->frames_room) {
        room = 2 * f->frames_room + 16;
        frames = wub_arena_grow(f->arena, f->frames,
                                f->frames_room * sizeof(worker_wave_frame_t),
                                room * sizeof(worker_wave_frame_t));
        if (frames == NULL) {
            return worker_fail_memory(err, "A waveform");
        }

        f->frames = frames;
        f->frames_room = room;
    }

    f->frames[f->nframes++] = *frame;

    return WORKER_OK;
}


/* for len more bytes */
static worker_rc_t
worker_wave_room(worker_wave_file_t *f, worker_wave_bytes_t *b, size_t len,
    worker_err_t *err)
{
    size_t    room;
    uint8_t  *data;

    if (b->room - b->len >= len) {
        return WORKER_OK;
    }

    room = 2 * b->room + len;

    data = wub_arena_grow(f->arena, b->data, b->room, room);
    if (data == NULL) {
        return worker_fail_memory(err, "A waveform");
    }

    b->data = data;
    b->room = room;

    return WORKER_OK;
}
