
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_adts.h"
#include "worker/worker_footage_audio.h"


/* of a track; an index fits the byte of a frame */
#define WORKER_FOOTAGE_SOUNDS_MAX  16


/* the time of the audio frame at hand */
typedef struct {
    int64_t  anchor;            /* as its packet says */
    int64_t  samples;           /* since then */
    size_t   index;             /* of that packet, or one behind it */
    size_t   loss;              /* index of the packet of the last loss */
    bool     begun;
    size_t   waiting;           /* frames that have no time yet: those the
                                   track ends with */
} worker_pace_t;

/* the bytes of all packets, end to end; ends: of each packet */
typedef struct {
    const wub_ts_stream_t  *stream;
    uint8_t                *data;
    size_t                  len;
    size_t                 *ends;
} worker_tape_t;


static worker_rc_t worker_footage_tape(worker_footage_t *f,
    worker_track_t *track, const wub_ts_stream_t *stream,
    worker_tape_t *tape, worker_err_t *err);
static bool worker_footage_whole(const worker_tape_t *tape, size_t i,
    size_t pos, size_t len);
static wub_rc_t worker_footage_next(const uint8_t *data, size_t len,
    size_t pos, wub_adts_t *ret);
static void worker_footage_lost(worker_pace_t *pace, worker_track_t *track);
static int64_t worker_footage_pace(worker_pace_t *pace,
    worker_track_t *track, const worker_tape_t *tape, size_t i, size_t pos,
    const wub_adts_t *h);
static void worker_footage_back(const worker_footage_t *f,
    worker_pace_t *pace, worker_track_t *track, int64_t pts);
static worker_rc_t worker_footage_adts(worker_footage_t *f,
    worker_track_t *track, const wub_adts_t *h, const uint8_t *data,
    int64_t pts, worker_err_t *err);


/*
 * A time belongs to the first frame that begins in its packet (13818-1,
 * 2.4.3.7); frames may lie across packets.  One that lost bytes is left
 * out; those behind it lie before the next one that has a time.
 */
worker_rc_t
worker_footage_audio(worker_footage_t *f, worker_track_t *track,
    const wub_ts_stream_t *stream, worker_err_t *err)
{
    size_t         i, pos;
    int64_t        pts;
    wub_adts_t     h;
    worker_rc_t    rc;
    worker_pace_t  pace;
    worker_tape_t  tape;

    rc = worker_footage_tape(f, track, stream, &tape, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    memset(&pace, 0, sizeof(worker_pace_t));
    pace.index = SIZE_MAX;
    pace.loss = SIZE_MAX;

    for (pos = 0, i = 0; pos < tape.len; /* void */ ) {

        for ( /* void */ ; i < stream->npes && tape.ends[i] <= pos; i++) {
            if (stream->pes[i].rest == stream->pes[i].len
                && stream->pes[i].damaged)
            {
                worker_footage_lost(&pace, track);
            }
        }

        if (worker_footage_next(tape.data, tape.len, pos, &h) != WUB_OK) {
            pos++;
            continue;
        }

        if (!worker_footage_whole(&tape, i, pos, h.len)) {
            worker_footage_lost(&pace, track);
            pos += h.len;
            continue;
        }

        pts = worker_footage_pace(&pace, track, &tape, i, pos, &h);

        if (pts != WUB_TS_NONE) {
            worker_footage_back(f, &pace, track, pts);
        }

        rc = worker_footage_adts(f, track, &h, tape.data + pos, pts, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        pace.waiting += (pts == WUB_TS_NONE);
        pos += h.len;
    }

    worker_footage_lost(&pace, track);

    return WORKER_OK;
}


static worker_rc_t
worker_footage_tape(worker_footage_t *f, worker_track_t *track,
    const wub_ts_stream_t *stream, worker_tape_t *tape, worker_err_t *err)
{
    size_t               i;
    const wub_ts_pes_t  *pes;

    track->pid = stream->pid;
    track->forms = wub_arena_calloc(f->arena, WORKER_FOOTAGE_SOUNDS_MAX
                                              * sizeof(worker_sound_t));
    tape->stream = stream;
    tape->len = 0;
    tape->data = wub_arena_alloc(f->arena, stream->size + 1);
    tape->ends = wub_arena_alloc(f->arena,
                                 (stream->npes + 1) * sizeof(size_t));

    if (track->forms == NULL || tape->data == NULL || tape->ends == NULL) {
        return worker_fail_memory(err, f->name);
    }

    for (i = 0; i < stream->npes; i++) {
        pes = &stream->pes[i];

        memcpy(tape->data + tape->len, stream->data + pes->pos, pes->len);
        tape->len += pes->len;
        tape->ends[i] = tape->len;
    }

    return WORKER_OK;
}


/*
 * False when the frame at pos, which begins in packet i, lies across a loss,
 * or between two of one packet.
 */
static bool
worker_footage_whole(const worker_tape_t *tape, size_t i, size_t pos,
    size_t len)
{
    size_t               start;
    const wub_ts_pes_t  *pes;

    for ( /* void */ ; i < tape->stream->npes; i++) {
        pes = &tape->stream->pes[i];
        start = tape->ends[i] - pes->len;

        if (start >= pos + len) {
            break;
        }

        if (pes->damaged && pos + len > start + pes->whole
            && pos < start + pes->rest)
        {
            return false;
        }
    }

    return true;
}


/* the frame at pos, if it ends where another begins, or with the stream */
static wub_rc_t
worker_footage_next(const uint8_t *data, size_t len, size_t pos,
    wub_adts_t *ret)
{
    wub_rc_t    rc;
    wub_adts_t  next;

    rc = wub_adts_read(data + pos, len - pos, ret);
    if (rc != WUB_OK) {
        return rc;
    }

    pos += ret->len;

    return wub_adts_read(data + pos, len - pos, &next) == WUB_DECLINED
           ? WUB_DECLINED : WUB_OK;
}


/* frames that wait for a time get none; what comes next needs one too */
static void
worker_footage_lost(worker_pace_t *pace, worker_track_t *track)
{
    track->naudio -= pace->waiting;

    pace->waiting = 0;
    pace->begun = false;
}


/* the time of the frame at pos, which begins in packet i */
static int64_t
worker_footage_pace(worker_pace_t *pace, worker_track_t *track,
    const worker_tape_t *tape, size_t i, size_t pos, const wub_adts_t *h)
{
    int64_t              pts;
    const wub_ts_pes_t  *pes;

    pes = &tape->stream->pes[i];

    /* behind a loss the packet's time is no more that of this frame */

    if (pes->damaged && i != pace->loss
        && pos >= tape->ends[i] - pes->len + pes->rest)
    {
        pace->index = i;
        pace->loss = i;

        worker_footage_lost(pace, track);
    }

    if (i != pace->index) {
        pace->index = i;

        if (pes->pts != WUB_TS_NONE) {
            pace->begun = true;
            pace->anchor = pes->pts;
            pace->samples = 0;
        }
    }

    if (!pace->begun) {
        return WUB_TS_NONE;
    }

    pts = pace->anchor + (pace->samples * WUB_TS_HZ + h->rate / 2) / h->rate;
    pace->samples += h->samples;

    return pts;
}


/* the frames that wait lie end to end before the one at pts */
static void
worker_footage_back(const worker_footage_t *f, worker_pace_t *pace,
    worker_track_t *track, int64_t pts)
{
    size_t           i;
    int64_t          samples, rate;
    worker_audio_t  *audio;

    samples = 0;

    for (i = track->naudio; pace->waiting > 0; pace->waiting--) {
        audio = &track->audio[--i];
        rate = track->forms[audio->form].rate;
        samples += (audio->duration * rate + WUB_TS_HZ / 2) / WUB_TS_HZ;

        audio->pts = wub_ts_unwrap(0, pts - (samples * WUB_TS_HZ + rate / 2)
                                            / rate - f->first);
    }
}


static worker_rc_t
worker_footage_adts(worker_footage_t *f, worker_track_t *track,
    const wub_adts_t *h, const uint8_t *data, int64_t pts, worker_err_t *err)
{
    size_t           i, size;
    worker_audio_t  *audio;
    worker_sound_t  *sound;

    if (track->nforms == WORKER_FOOTAGE_SOUNDS_MAX) {
        return worker_fail(err, WORKER_INVALID,
                           "The audio changes its rate or channels more than "
                           "%d times within the segment %s; it cannot be "
                           "cut.", WORKER_FOOTAGE_SOUNDS_MAX - 1, f->name);
    }

    sound = &track->forms[track->nforms];
    sound->rate = h->rate;
    sound->channels = h->channels;
    sound->object = h->object;

    for (i = 0; !worker_sound_same(&track->forms[i], sound); i++) {
        /* void */
    }

    track->nforms += (i == track->nforms);

    if (track->naudio == track->room) {
        size = track->naudio * sizeof(worker_audio_t);
        track->room = 2 * track->naudio + 256;

        track->audio = wub_arena_grow(f->arena, track->audio, size,
                                      track->room * sizeof(worker_audio_t));
        if (track->audio == NULL) {
            return worker_fail_memory(err, f->name);
        }
    }

    audio = &track->audio[track->naudio++];
    audio->data = data;
    audio->len = h->len;
    audio->form = (uint8_t) i;
    audio->pts = (pts == WUB_TS_NONE) ? 0
                                      : wub_ts_unwrap(0, pts - f->first);
    audio->duration = ((int64_t) h->samples * WUB_TS_HZ + h->rate / 2)
                      / h->rate;

    return WORKER_OK;
}
