
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_adts.h"
#include "worker/worker_footage_audio.h"
#include "worker/worker_footage_pace.h"


/* of a track; an index fits the byte of a frame */
#define WORKER_FOOTAGE_SOUNDS_MAX  16


/*
 * The bytes of all packets, end to end; ends: of each packet.  beats has room
 * for as many frames as the track has.
 */
typedef struct {
    const wub_ts_stream_t  *stream;
    uint8_t                *data;
    size_t                  len;
    size_t                 *ends;
    worker_beat_t          *beats;

    size_t                  pos;        /* of the frame at hand */
    size_t                  packet;     /* that it begins in */
    size_t                  last;       /* one that the frame before does */
    size_t                  lost;       /* where the last loss begins */
    bool                    apart;      /* something is lost before it */
    bool                    mended;     /* its header is made anew */
    const uint8_t          *like;       /* header of the frame that ends
                                           where it begins, or NULL */
} worker_tape_t;


static worker_rc_t worker_footage_tape(worker_footage_t *f,
    worker_track_t *track, const wub_ts_stream_t *stream,
    worker_tape_t *tape, worker_err_t *err);
static void worker_tape_lost(worker_tape_t *tape, size_t pos);
static bool worker_tape_whole(const worker_tape_t *tape, size_t len);
static wub_rc_t worker_tape_next(worker_tape_t *tape, wub_adts_t *ret);
static wub_rc_t worker_tape_read(const worker_tape_t *tape, size_t pos,
    wub_adts_t *ret);
static bool worker_tape_mend(worker_tape_t *tape, const uint8_t *like);
static bool worker_tape_leads(const worker_tape_t *tape, size_t pos,
    const uint8_t *like);
static const uint8_t *worker_tape_like(const worker_tape_t *tape,
    size_t len);
static int64_t worker_tape_time(worker_tape_t *tape);
static worker_rc_t worker_footage_frame(worker_footage_t *f,
    worker_track_t *track, worker_tape_t *tape, const wub_adts_t *h,
    worker_err_t *err);
static worker_rc_t worker_footage_room(worker_footage_t *f,
    worker_track_t *track, worker_tape_t *tape, worker_err_t *err);


/*
 * A time belongs to the first frame that begins in its packet (13818-1,
 * 2.4.3.7); frames may lie across packets.
 */
worker_rc_t
worker_footage_audio(worker_footage_t *f, worker_track_t *track,
    const wub_ts_stream_t *stream, worker_err_t *err)
{
    wub_adts_t           h;
    worker_rc_t          rc;
    worker_tape_t        tape;
    const wub_ts_pes_t  *pes;

    rc = worker_footage_tape(f, track, stream, &tape, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    while (tape.pos < tape.len) {

        for ( /* void */ ;
             tape.packet < stream->npes && tape.ends[tape.packet] <= tape.pos;
             tape.packet++)
        {
            pes = &stream->pes[tape.packet];

            if (pes->rest == pes->len && pes->damaged) {
                worker_tape_lost(&tape, tape.ends[tape.packet]);
            }
        }

        if (worker_tape_next(&tape, &h) != WUB_OK) {
            worker_tape_lost(&tape, tape.pos++);
            continue;
        }

        if (!worker_tape_whole(&tape, h.len)) {
            worker_tape_lost(&tape, tape.pos);
            tape.pos += h.len;
            continue;
        }

        rc = worker_footage_frame(f, track, &tape, &h, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        tape.like = tape.data + tape.pos;
        tape.pos += h.len;
    }

    return worker_footage_pace(f, track, tape.beats, err);
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

    memset(tape, 0, sizeof(worker_tape_t));
    tape->stream = stream;
    tape->last = SIZE_MAX;
    tape->lost = SIZE_MAX;
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


/* bytes from pos on are no frame, or none that is whole */
static void
worker_tape_lost(worker_tape_t *tape, size_t pos)
{
    if (!tape->apart) {
        tape->lost = pos;
    }

    tape->apart = true;
    tape->like = NULL;
}


/*
 * False when the frame at hand lies across a loss, or between two of one
 * packet.
 */
static bool
worker_tape_whole(const worker_tape_t *tape, size_t len)
{
    size_t               i, start;
    const wub_ts_pes_t  *pes;

    for (i = tape->packet; i < tape->stream->npes; i++) {
        pes = &tape->stream->pes[i];
        start = tape->ends[i] - pes->len;

        if (start >= tape->pos + len) {
            break;
        }

        if (pes->damaged && tape->pos + len > start + pes->whole
            && tape->pos < start + pes->rest)
        {
            return false;
        }
    }

    return true;
}


/* the frame at hand, if it ends where another begins, or with the stream */
static wub_rc_t
worker_tape_next(worker_tape_t *tape, wub_adts_t *ret)
{
    wub_rc_t        rc;
    const uint8_t  *like;

    tape->mended = false;
    rc = worker_tape_read(tape, tape->pos, ret);
    like = tape->like;

    if (like == NULL) {

        if (rc != WUB_OK) {
            return rc;
        }

        like = worker_tape_like(tape, ret->len);
    }

    if (like == NULL
        || (rc == WUB_OK && wub_adts_same(like, tape->data + tape->pos))
        || !worker_tape_mend(tape, like))
    {
        return rc;
    }

    return wub_adts_read(tape->data + tape->pos, tape->len - tape->pos, ret);
}


static wub_rc_t
worker_tape_read(const worker_tape_t *tape, size_t pos, wub_adts_t *ret)
{
    wub_rc_t    rc;
    wub_adts_t  next;

    rc = wub_adts_read(tape->data + pos, tape->len - pos, ret);
    if (rc != WUB_OK) {
        return rc;
    }

    pos += ret->len;

    return wub_adts_read(tape->data + pos, tape->len - pos, &next)
           == WUB_DECLINED ? WUB_DECLINED : WUB_OK;
}


/*
 * Makes the header at hand like another one, if a frame with one like it, or
 * the end of all, comes where it says, or elsewhere.
 */
static bool
worker_tape_mend(worker_tape_t *tape, const uint8_t *like)
{
    size_t       len, left;
    uint8_t     *head, b[WUB_ADTS_HEAD];
    wub_adts_t   h;

    head = tape->data + tape->pos;
    left = tape->len - tape->pos;

    if (left < WUB_ADTS_HEAD) {
        return false;
    }

    memcpy(b, head, WUB_ADTS_HEAD);
    wub_adts_like(b, like);
    len = wub_adts_len(b);

    if (len >= WUB_ADTS_HEAD && worker_tape_leads(tape, tape->pos + len, like))
    {
        tape->mended = !wub_adts_same(head, like);
        memcpy(head, b, WUB_ADTS_HEAD);

        return true;
    }

    /* its length is what is wrong, and only that */

    if (!wub_adts_same(head, like)) {
        return false;
    }

    for (len = WUB_ADTS_HEAD;
         len + WUB_ADTS_HEAD <= left && len <= WUB_ADTS_MAX;
         len++)
    {
        if (wub_adts_same(head + len, like)
            && worker_tape_read(tape, tape->pos + len, &h) == WUB_OK)
        {
            wub_adts_set_len(head, len);
            tape->mended = true;

            return true;
        }
    }

    return false;
}


/* true for the end, a header like another one, or one that can be made so */
static bool
worker_tape_leads(const worker_tape_t *tape, size_t pos, const uint8_t *like)
{
    size_t   len;
    uint8_t  b[WUB_ADTS_HEAD];

    if (pos == tape->len) {
        return true;
    }

    if (pos + WUB_ADTS_HEAD > tape->len) {
        return false;
    }

    memcpy(b, tape->data + pos, WUB_ADTS_HEAD);

    if (wub_adts_same(b, like)) {
        return true;
    }

    wub_adts_like(b, like);
    len = wub_adts_len(b);
    pos += len;

    return len >= WUB_ADTS_HEAD
           && (pos == tape->len
               || (pos + WUB_ADTS_HEAD <= tape->len
                   && wub_adts_same(tape->data + pos, like)));
}


/*
 * Of a frame that none goes before: the header of the one behind it, if the
 * next one has such a header too.
 */
static const uint8_t *
worker_tape_like(const worker_tape_t *tape, size_t len)
{
    size_t          next;
    wub_adts_t      h;
    const uint8_t  *like;

    next = tape->pos + len;
    like = tape->data + next;

    if (tape->len - next < WUB_ADTS_HEAD
        || worker_tape_read(tape, next, &h) != WUB_OK
        || tape->len - next < h.len + WUB_ADTS_HEAD
        || !wub_adts_same(like, like + h.len))
    {
        return NULL;
    }

    return like;
}


/* that is sent for the frame at hand */
static int64_t
worker_tape_time(worker_tape_t *tape)
{
    size_t               start;
    const wub_ts_pes_t  *pes;

    if (tape->packet == tape->last) {
        return WUB_TS_NONE;
    }

    tape->last = tape->packet;

    pes = &tape->stream->pes[tape->packet];
    start = tape->ends[tape->packet] - pes->len;

    /* behind a loss the packet's time is no more that of this frame */

    if ((tape->apart && tape->lost >= start && tape->stream->npes > 1)
        || (pes->damaged && tape->pos >= start + pes->rest))
    {
        return WUB_TS_NONE;
    }

    return pes->pts;
}


static worker_rc_t
worker_footage_frame(worker_footage_t *f, worker_track_t *track,
    worker_tape_t *tape, const wub_adts_t *h, worker_err_t *err)
{
    size_t           i;
    worker_rc_t      rc;
    worker_beat_t   *beat;
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

    rc = worker_footage_room(f, track, tape, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    beat = &tape->beats[track->naudio];
    beat->time = worker_tape_time(tape);
    beat->samples = h->samples;
    beat->rate = h->rate;
    beat->apart = tape->apart;

    audio = &track->audio[track->naudio];
    audio->data = tape->data + tape->pos;
    audio->len = h->len;
    audio->form = (uint8_t) i;
    audio->hurt = tape->mended || (tape->apart && track->naudio != 0);
    audio->duration = ((int64_t) h->samples * WUB_TS_HZ + h->rate / 2)
                      / h->rate;

    track->naudio++;
    tape->apart = false;

    return WORKER_OK;
}


static worker_rc_t
worker_footage_room(worker_footage_t *f, worker_track_t *track,
    worker_tape_t *tape, worker_err_t *err)
{
    size_t  n, room;

    if (track->naudio < track->room) {
        return WORKER_OK;
    }

    n = track->naudio;
    room = 2 * n + 256;
    track->room = room;

    track->audio = wub_arena_grow(f->arena, track->audio,
                                  n * sizeof(worker_audio_t),
                                  room * sizeof(worker_audio_t));
    tape->beats = wub_arena_grow(f->arena, tape->beats,
                                 n * sizeof(worker_beat_t),
                                 room * sizeof(worker_beat_t));

    if (track->audio == NULL || tape->beats == NULL) {
        return worker_fail_memory(err, f->name);
    }

    return WORKER_OK;
}
