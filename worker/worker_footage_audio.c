
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_adts.h"
#include "worker/worker_footage_audio.h"


/* the time of the audio frame at hand */
typedef struct {
    int64_t  pts;               /* WUB_TS_NONE: not known */
    int64_t  anchor;            /* as its packet says */
    int64_t  samples;           /* since then */
    size_t   index;             /* of that packet */
    bool     begun;
} worker_pace_t;


static wub_rc_t worker_footage_next(const uint8_t *data, size_t len,
    size_t pos, wub_adts_t *ret);
static void worker_footage_pace(worker_pace_t *pace, const wub_ts_pes_t *pes,
    size_t index, const wub_adts_t *h);
static worker_rc_t worker_footage_adts(worker_footage_t *f,
    worker_track_t *track, const wub_adts_t *h, const uint8_t *data,
    int64_t pts, worker_err_t *err);


/*
 * A time belongs to the first frame that begins in its packet (13818-1,
 * 2.4.3.7); frames may lie across packets.
 */
worker_rc_t
worker_footage_audio(worker_footage_t *f, worker_track_t *track,
    const wub_ts_stream_t *stream, worker_err_t *err)
{
    size_t         i, len, pos;
    size_t        *ends;
    uint8_t       *data;
    wub_rc_t       rc;
    wub_adts_t     h;
    worker_rc_t    wrc;
    worker_pace_t  pace;

    track->pid = stream->pid;
    track->forms = wub_arena_calloc(f->arena, sizeof(worker_sound_t));

    data = wub_arena_alloc(f->arena, stream->size + 1);
    ends = wub_arena_alloc(f->arena, (stream->npes + 1) * sizeof(size_t));

    if (data == NULL || ends == NULL || track->forms == NULL) {
        return worker_fail_memory(err, f->name);
    }

    for (i = 0, len = 0; i < stream->npes; i++) {
        memcpy(data + len, stream->data + stream->pes[i].pos,
               stream->pes[i].len);
        len += stream->pes[i].len;
        ends[i] = len;
    }

    memset(&pace, 0, sizeof(worker_pace_t));
    pace.pts = WUB_TS_NONE;

    for (pos = 0, i = 0; pos < len; /* void */ ) {

        for ( /* void */ ; i < stream->npes && ends[i] <= pos; i++) {
            /* void */
        }

        rc = worker_footage_next(data, len, pos, &h);
        if (rc == WUB_TOO_BIG) {
            break;
        }

        if (rc != WUB_OK) {
            pos++;
            continue;
        }

        worker_footage_pace(&pace, &stream->pes[i], i, &h);

        if (pace.pts != WUB_TS_NONE) {
            wrc = worker_footage_adts(f, track, &h, data + pos, pace.pts,
                                      err);
            if (wrc != WORKER_OK) {
                return wrc;
            }
        }

        pos += h.len;
    }

    return WORKER_OK;
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
    size_t           size;
    worker_audio_t  *audio;
    worker_sound_t  *sound;

    sound = track->forms;

    if (track->nforms == 0) {
        sound->rate = h->rate;
        sound->channels = h->channels;
        sound->object = h->object;
        track->nforms = 1;
    }

    if (sound->rate != h->rate || sound->channels != h->channels
        || sound->object != h->object)
    {
        return worker_fail(err, WORKER_INVALID,
                           "The audio changes its rate or channels within "
                           "the segment %s; such footage cannot be cut yet.",
                           f->name);
    }

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
    audio->form = 0;
    audio->pts = wub_ts_unwrap(0, pts - f->first);
    audio->duration = ((int64_t) h->samples * WUB_TS_HZ + h->rate / 2)
                      / h->rate;

    return WORKER_OK;
}
