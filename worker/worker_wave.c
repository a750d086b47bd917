
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "worker/worker_av_wave.h"
#include "worker/worker_wave.h"
#include "worker/worker_wave_columns.h"
#include "worker/worker_wave_file.h"


/*
 * Frames that are decoded in all, each some 15 microseconds of a processor.
 * A range of about as many, eight minutes, is heard whole; of a longer one
 * pieces are, at least one in each column, evenly spread.  The first frame
 * of a piece is only decoded for the sake of those behind it.
 */
#define WORKER_WAVE_FRAMES       24000
#define WORKER_WAVE_WHOLE        (8 * 60 * INT64_C(1000000))
#define WORKER_WAVE_PIECES       6000

/* microseconds; nearer pieces are no less work than all bytes */
#define WORKER_WAVE_NEAR         INT64_C(400000)

/* of a frame, about */
#define WORKER_WAVE_LENGTH       INT64_C(25000)


typedef struct {
    const worker_still_t    *still;
    worker_wave_columns_t    columns;
    worker_wave_file_t       file;
    worker_av_wave_t        *decoder;
    int64_t                  npieces;   /* of the range; 0: all is heard */
    int64_t                  piece;     /* the next one */
    size_t                   nframes;   /* of a piece */
    bool                     follows;   /* the segment before was heard up
                                           to its end, and this one follows */
} worker_wave_t;


static void worker_wave_plan(worker_wave_t *w);
static worker_rc_t worker_wave_listen(worker_wave_t *w,
    const wub_chain_t *chain, worker_err_t *err);
static worker_rc_t worker_wave_part(worker_wave_t *w,
    const wub_best_part_t *part, worker_err_t *err);
static int64_t worker_wave_at(const worker_wave_t *w, int64_t piece);
static worker_rc_t worker_wave_whole(worker_wave_t *w, worker_err_t *err);
static worker_rc_t worker_wave_pieces(worker_wave_t *w,
    const wub_best_part_t *part, worker_err_t *err);
static size_t worker_wave_begin(const worker_wave_t *w, int64_t time);
static worker_rc_t worker_wave_hear(worker_wave_t *w, size_t first,
    size_t last, bool warm, worker_err_t *err);


worker_rc_t
worker_wave(wub_arena_t *work, wub_arena_t *arena,
    const worker_still_t *still, const wub_chain_t *chain, wub_str_t *ret,
    worker_err_t *err)
{
    int64_t        within;
    worker_rc_t    rc;
    worker_wave_t  w;

    memset(&w, 0, sizeof(worker_wave_t));

    w.still = still;
    w.columns.range = still->request->ranges.ranges[0];
    w.columns.width = still->request->width;
    w.columns.height = still->request->height;

    w.file.arena = work;
    w.file.still = still;
    w.file.turn = wub_arena_create(WUB_ARENA_MAX);

    if (w.file.turn == NULL) {
        return worker_fail_memory(err, "A waveform");
    }

    rc = worker_wave_columns(work, &w.columns, err);

    if (rc == WORKER_OK) {
        rc = worker_av_wave_open(&w.decoder, err);
    }

    if (rc == WORKER_OK) {
        worker_wave_plan(&w);
        rc = worker_wave_listen(&w, chain, err);
    }

    within = WORKER_WAVE_LENGTH;

    if (w.npieces != 0) {
        within += 2 * (w.columns.range.end - w.columns.range.start)
                  / w.npieces;
    }

    if (rc == WORKER_OK) {
        worker_wave_fill(&w.columns, within);

        rc = (still->request->format == WUB_RENDER_JSON)
             ? worker_wave_json(arena, &w.columns, ret, err)
             : worker_wave_picture(work, arena, &w.columns, ret, err);
    }

    worker_av_wave_close(w.decoder);
    wub_arena_destroy(w.file.turn);

    return rc;
}


static void
worker_wave_plan(worker_wave_t *w)
{
    int64_t  length;

    length = w->columns.range.end - w->columns.range.start;

    if (length <= WORKER_WAVE_WHOLE) {
        return;
    }

    w->npieces = (w->columns.width > WORKER_WAVE_PIECES)
                 ? w->columns.width : WORKER_WAVE_PIECES;
    w->nframes = (size_t) (WORKER_WAVE_FRAMES / w->npieces);
    w->columns.sampled = true;
}


static worker_rc_t
worker_wave_listen(worker_wave_t *w, const wub_chain_t *chain,
    worker_err_t *err)
{
    size_t                  i;
    worker_rc_t             rc;
    const wub_best_part_t  *part;

    for (i = 0; i < chain->nparts; i++) {
        part = &chain->parts[i];

        if (part->segment == NULL) {
            w->follows = false;
            continue;
        }

        rc = w->still->tick.call(w->still->tick.data);

        if (rc == WORKER_OK) {
            rc = worker_wave_part(w, part, err);
        }

        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


/*
 * A segment that cannot be opened any more is a hole, one whose sound
 * cannot be read is silent.
 */
static worker_rc_t
worker_wave_part(worker_wave_t *w, const wub_best_part_t *part,
    worker_err_t *err)
{
    int64_t      to;
    worker_rc_t  rc;

    to = part->segment->start + part->segment->duration;

    while (w->piece < w->npieces
           && worker_wave_at(w, w->piece) < part->segment->start)
    {
        w->piece++;
    }

    /* nothing of it is heard */

    if (w->npieces != 0
        && (w->piece == w->npieces || worker_wave_at(w, w->piece) >= to))
    {
        worker_wave_footage(&w->columns, part->segment->start, to);
        return WORKER_OK;
    }

    rc = worker_wave_file_open(&w->file, part, err);

    if (rc == WORKER_RETRY) {
        w->follows = false;
        return WORKER_OK;
    }

    worker_wave_footage(&w->columns, part->segment->start, to);

    if (rc == WORKER_DECLINED) {
        w->follows = false;
        return WORKER_OK;
    }

    if (rc == WORKER_OK) {
        rc = (w->npieces == 0) ? worker_wave_whole(w, err)
                               : worker_wave_pieces(w, part, err);
        worker_wave_file_close(&w->file);
    }

    return rc;
}


/* the middle of a piece of the range */
static int64_t
worker_wave_at(const worker_wave_t *w, int64_t piece)
{
    const wub_range_t  *range;

    range = &w->columns.range;

    return range->start
           + (2 * piece + 1) * (range->end - range->start)
             / (2 * w->npieces);
}


/* all that is in the range, and a frame before it */
static worker_rc_t
worker_wave_whole(worker_wave_t *w, worker_err_t *err)
{
    size_t                     first, last;
    worker_rc_t                rc;
    const worker_wave_file_t  *f = &w->file;

    rc = worker_wave_file_all(&w->file, err);

    if (rc != WORKER_OK || f->nframes == 0) {
        return rc;
    }

    for (first = 0; first < f->nframes; first++) {
        if (f->frames[first].end > w->columns.range.start) {
            break;
        }
    }

    for (last = first; last < f->nframes; last++) {
        if (f->frames[last].time >= w->columns.range.end) {
            break;
        }
    }

    if (first == last) {
        return WORKER_OK;
    }

    if (first > 0) {
        first--;
        w->follows = false;
    }

    if (!w->follows) {
        worker_av_wave_flush(w->decoder);
    }

    rc = worker_wave_hear(w, first, last - 1, false, err);
    w->follows = true;

    return rc;
}


static worker_rc_t
worker_wave_pieces(worker_wave_t *w, const wub_best_part_t *part,
    worker_err_t *err)
{
    bool          all;
    size_t        first, last, next;
    int64_t       to, time;
    worker_rc_t   rc;

    to = part->segment->start + part->segment->duration;
    time = worker_wave_at(w, w->piece);

    all = (w->piece + 1 < w->npieces
           && worker_wave_at(w, w->piece + 1) - time < WORKER_WAVE_NEAR);
    next = 0;

    rc = all ? worker_wave_file_all(&w->file, err) : WORKER_OK;

    for ( /* void */ ; rc == WORKER_OK && w->piece < w->npieces; w->piece++) {
        time = worker_wave_at(w, w->piece);

        if (time >= to) {
            break;
        }

        if (!all) {
            rc = worker_wave_file_near(&w->file, time, err);
            next = 0;
        }

        if (rc != WORKER_OK || w->file.nframes == 0) {
            continue;
        }

        first = worker_wave_begin(w, time);
        last = first + w->nframes - 1;
        last = (last < w->file.nframes) ? last : w->file.nframes - 1;

        /* pieces that meet are one */

        if (next > 0 && first <= next) {
            first = next;

        } else {
            worker_av_wave_flush(w->decoder);
        }

        if (first <= last) {
            rc = worker_wave_hear(w, first, last, first != next || next == 0,
                                  err);
            next = last + 1;
        }
    }

    return rc;
}


/* the frame before that of a time, as far as there are enough behind it */
static size_t
worker_wave_begin(const worker_wave_t *w, int64_t time)
{
    size_t                     i;
    const worker_wave_file_t  *f = &w->file;

    for (i = 0; i + w->nframes < f->nframes; i++) {
        if (f->frames[i + 1].end > time) {
            break;
        }
    }

    return i;
}


/* warm: the first one is only decoded for those behind it */
static worker_rc_t
worker_wave_hear(worker_wave_t *w, size_t first, size_t last, bool warm,
    worker_err_t *err)
{
    size_t                      i;
    worker_rc_t                 rc;
    worker_av_wave_sound_t      sound;
    const worker_wave_frame_t  *frame;

    for (i = first; i <= last; i++) {
        frame = &w->file.frames[i];

        rc = worker_av_wave_decode(w->decoder,
                                   w->file.sound.data + frame->at,
                                   frame->len, &sound, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        if (sound.n != 0 && !(warm && i == first)) {
            worker_wave_add(&w->columns, frame->time, &sound);
        }
    }

    return WORKER_OK;
}
