
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_adts.h"
#include "worker/worker_footage_audio.h"


/* of a track; an index fits the byte of a frame */
#define WORKER_FOOTAGE_SOUNDS_MAX  16


/* the time of the audio frame at hand */
typedef struct {
    int64_t  pts;               /* WUB_TS_NONE: not known */
    int64_t  anchor;            /* as its packet says */
    int64_t  samples;           /* since then */
    size_t   index;             /* of that packet */
    bool     begun;
} worker_pace_t;

/* the bytes of all packets, end to end; ends: of each packet */
typedef struct {
    const wub_ts_stream_t  *stream;
    uint8_t                *data;
    size_t                  len;
    size_t                 *ends;
} worker_tape_t;


static worker_rc_t worker_footage_tape(worker_footage_t *f,
    const wub_ts_stream_t *stream, worker_tape_t *tape, worker_err_t *err);
static bool worker_footage_whole(const worker_tape_t *tape, size_t i,
    size_t pos, size_t len);
static wub_rc_t worker_footage_next(const uint8_t *data, size_t len,
    size_t pos, wub_adts_t *ret);
static void worker_footage_pace(worker_pace_t *pace, const wub_ts_pes_t *pes,
    size_t index, const wub_adts_t *h);
static worker_rc_t worker_footage_adts(worker_footage_t *f,
    worker_track_t *track, const wub_adts_t *h, const uint8_t *data,
    int64_t pts, worker_err_t *err);


/*
 * A time belongs to the first frame that begins in its packet (13818-1,
 * 2.4.3.7); frames may lie across packets.  A frame of which bytes are lost
 * is left out, and those behind it in its packet, whose time is unknown.
 */
worker_rc_t
worker_footage_audio(worker_footage_t *f, worker_track_t *track,
    const wub_ts_stream_t *stream, worker_err_t *err)
{
    size_t         i, pos;
    wub_rc_t       rc;
    wub_adts_t     h;
    worker_rc_t    wrc;
    worker_pace_t  pace;
    worker_tape_t  tape;

    track->pid = stream->pid;
    track->forms = wub_arena_calloc(f->arena, WORKER_FOOTAGE_SOUNDS_MAX
                                              * sizeof(worker_sound_t));
    if (track->forms == NULL) {
        return worker_fail_memory(err, f->name);
    }

    wrc = worker_footage_tape(f, stream, &tape, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    memset(&pace, 0, sizeof(worker_pace_t));
    pace.pts = WUB_TS_NONE;

    for (pos = 0, i = 0; pos < tape.len; /* void */ ) {

        for ( /* void */ ; i < stream->npes && tape.ends[i] <= pos; i++) {
            /* void */
        }

        rc = worker_footage_next(tape.data, tape.len, pos, &h);

        if (rc != WUB_OK) {
            pos++;
            continue;
        }

        worker_footage_pace(&pace, &stream->pes[i], i, &h);

        if (!worker_footage_whole(&tape, i, pos, h.len)) {
            pace.begun = false;
            pace.pts = WUB_TS_NONE;
        }

        if (pace.pts != WUB_TS_NONE) {
            wrc = worker_footage_adts(f, track, &h, tape.data + pos, pace.pts,
                                      err);
            if (wrc != WORKER_OK) {
                return wrc;
            }
        }

        pos += h.len;
    }

    return WORKER_OK;
}


static worker_rc_t
worker_footage_tape(worker_footage_t *f, const wub_ts_stream_t *stream,
    worker_tape_t *tape, worker_err_t *err)
{
    size_t               i;
    const wub_ts_pes_t  *pes;

    tape->stream = stream;
    tape->len = 0;
    tape->data = wub_arena_alloc(f->arena, stream->size + 1);
    tape->ends = wub_arena_alloc(f->arena,
                                 (stream->npes + 1) * sizeof(size_t));

    if (tape->data == NULL || tape->ends == NULL) {
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


/* false when the frame at pos, which is in packet i, lies across a loss */
static bool
worker_footage_whole(const worker_tape_t *tape, size_t i, size_t pos,
    size_t len)
{
    size_t               loss, start;
    const wub_ts_pes_t  *pes;

    for ( /* void */ ; i < tape->stream->npes; i++) {
        pes = &tape->stream->pes[i];
        start = tape->ends[i] - pes->len;

        if (start >= pos + len) {
            break;
        }

        loss = start + pes->whole;

        if (pes->damaged && pos + len > loss) {
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


/* moves pace to a frame that begins in the packet of that index */
static void
worker_footage_pace(worker_pace_t *pace, const wub_ts_pes_t *pes,
    size_t index, const wub_adts_t *h)
{
    if (pes->pts != WUB_TS_NONE && (!pace->begun || index != pace->index)) {
        pace->begun = true;
        pace->index = index;
        pace->anchor = pes->pts;
        pace->samples = 0;
    }

    if (pace->begun) {
        pace->pts = pace->anchor + (pace->samples * WUB_TS_HZ + h->rate / 2)
                                   / h->rate;
        pace->samples += h->samples;
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
    audio->pts = wub_ts_unwrap(0, pts - f->first);
    audio->duration = ((int64_t) h->samples * WUB_TS_HZ + h->rate / 2)
                      / h->rate;

    return WORKER_OK;
}
