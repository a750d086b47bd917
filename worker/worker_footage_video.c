
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_h264.h"
#include "common/wub_h265.h"
#include "common/wub_sets.h"
#include "worker/worker_footage_bounds.h"
#include "worker/worker_footage_times.h"
#include "worker/worker_footage_video.h"


/* of one segment; an index fits the byte of a frame */
#define WORKER_REEL_FORMS_MAX    64

/* of so many packets one may hold other than a frame, and a few more */
#define WORKER_REEL_SHARE        8
#define WORKER_REEL_FEW          2


/* what reads a codec */
typedef struct {
    wub_ts_type_e   type;
    const char     *name;
    void          (*unit)(const uint8_t *data, size_t len,
                        wub_video_unit_t *ret);
    wub_rc_t      (*form)(wub_str_t sps, wub_video_form_t *ret);
} worker_reel_codec_t;

/* the video of a segment, at work */
typedef struct {
    worker_footage_t           *f;
    const worker_reel_codec_t  *codec;
    const wub_ts_stream_t      *stream;
    size_t                      size;       /* bytes of the file */
    wub_sets_t                  sets;
    wub_str_t                   sps;        /* of the form; may be empty */
    uint8_t                     form;
    int64_t                     key;        /* pts of the last key frame */
    bool                        broken;     /* what is shown before it is */
    bool                        ended;      /* the sequence, just now */
    bool                        torn;       /* the packet at hand */
    bool                        lost;       /* a picture, just now */
    bool                        timed;      /* a frame has a time */
    bool                        timeless;   /* another has none */
    bool                        bare;       /* a key frame without its sets */
    worker_bounds_t             bounds;
    size_t                      nodd;       /* packets that are not a frame */
    uint32_t                    pictures;   /* in the last of them */
    uint32_t                    want;
    wub_str_t                   field;      /* that waits for the other one */
    size_t                      nlone;      /* fields that no one completes */
    bool                        refresh;    /* one that others complete */
} worker_reel_t;


static worker_rc_t worker_reel_init(worker_reel_t *r, worker_err_t *err);
static worker_rc_t worker_reel_pes(worker_reel_t *r, size_t i,
    worker_err_t *err);
static bool worker_reel_garbage(worker_reel_t *r, const wub_ts_pes_t *pes,
    const wub_video_unit_t *unit);
static bool worker_reel_before(worker_reel_t *r, const wub_ts_pes_t *pes,
    const wub_video_unit_t *unit);
static worker_rc_t worker_reel_sets(worker_reel_t *r,
    const wub_ts_pes_t *pes, const wub_video_unit_t *unit,
    worker_err_t *err);
static bool worker_reel_active(const worker_reel_t *r,
    const wub_video_unit_t *unit, wub_str_t *ret_sps);
static worker_rc_t worker_reel_form(worker_reel_t *r,
    const wub_video_unit_t *unit, worker_err_t *err);
static void worker_reel_count(worker_reel_t *r,
    const wub_video_unit_t *unit);
static worker_rc_t worker_reel_check(const worker_reel_t *r,
    worker_err_t *err);
static worker_rc_t worker_reel_add(worker_reel_t *r, size_t i,
    const wub_video_unit_t *unit, worker_err_t *err);
static bool worker_reel_damaged(worker_reel_t *r,
    const wub_video_unit_t *unit, int64_t pts);
static void worker_reel_times(worker_reel_t *r);


static const worker_reel_codec_t  worker_reel_codecs[] = {
    { WUB_TS_TYPE_H264, "H.264", wub_h264_unit, wub_h264_form },
    { WUB_TS_TYPE_HEVC, "HEVC", wub_h265_unit, wub_h265_form }
};


worker_rc_t
worker_footage_video(worker_footage_t *f, const wub_ts_stream_t *stream,
    size_t size, worker_err_t *err)
{
    size_t         i, n;
    worker_rc_t    rc;
    worker_reel_t  r;

    memset(&r, 0, sizeof(worker_reel_t));
    wub_sets_init(&r.sets);

    r.f = f;
    r.stream = stream;
    r.size = size;
    r.codec = &worker_reel_codecs[stream->type == WUB_TS_TYPE_HEVC];
    worker_bounds_init(&r.bounds);

    rc = worker_reel_init(&r, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    n = stream->npes;

    /* where a transfer broke off, a picture broke off */

    if (f->segment.type == WUB_SEGMENT_PARTIAL && n > 0) {
        n--;
    }

    for (i = 0; i < n; i++) {
        rc = worker_reel_pes(&r, i, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    rc = worker_reel_check(&r, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (r.timeless) {
        worker_reel_times(&r);
    }

    rc = worker_footage_times(f, err);

    if (rc == WORKER_OK) {
        worker_footage_bounds(f, &r.bounds);

        for (i = 0; i < f->nvideo; i++) {
            f->ndamaged += (f->frames[i].damaged || f->frames[i].mended);
        }
    }

    return rc;
}


static worker_rc_t
worker_reel_init(worker_reel_t *r, worker_err_t *err)
{
    size_t             n;
    worker_footage_t  *f;

    f = r->f;
    n = r->stream->npes + 1;

    f->frames = wub_arena_alloc(f->arena, n * sizeof(wub_cutplan_frame_t));
    f->video = wub_arena_alloc(f->arena, n * sizeof(worker_video_t));
    f->forms = wub_arena_alloc(f->arena, WORKER_REEL_FORMS_MAX
                                         * sizeof(wub_video_form_t));

    if (f->frames == NULL || f->video == NULL || f->forms == NULL) {
        return worker_fail_memory(err, f->name);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_reel_pes(worker_reel_t *r, size_t i, worker_err_t *err)
{
    worker_rc_t          rc;
    wub_video_unit_t     unit;
    const wub_ts_pes_t  *pes;

    pes = &r->stream->pes[i];

    r->codec->unit(r->stream->data + pes->pos, pes->len, &unit);

    /* a picture without its beginning has bytes that no counter counts */

    r->torn = pes->damaged || unit.wrong
              || (pes->pts != WUB_TS_NONE && pes->len != 0
                  && unit.pictures == 0 && !unit.ended);

    rc = worker_reel_sets(r, pes, &unit, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (worker_reel_garbage(r, pes, &unit)) {
        r->ended = r->ended || unit.ended;
        return WORKER_OK;
    }

    rc = worker_reel_form(r, &unit, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    worker_reel_count(r, &unit);

    return worker_reel_add(r, i, &unit, err);
}


/*
 * What is left out: all before the first key frame, a packet whose time is
 * lost, and one without a picture.
 */
static bool
worker_reel_garbage(worker_reel_t *r, const wub_ts_pes_t *pes,
    const wub_video_unit_t *unit)
{
    r->refresh = r->refresh || unit->refresh;

    if (r->f->nvideo == 0) {
        return worker_reel_before(r, pes, unit);
    }

    if (r->torn && pes->pts == WUB_TS_NONE) {
        r->f->frames[r->f->nvideo - 1].damaged = true;
        r->lost = true;

        return true;
    }

    return !r->torn && unit->slice.len == 0 && unit->nsets == 0;
}


/*
 * A key frame that nothing can be done with is left out too, but it is where
 * the segment starts.
 */
static bool
worker_reel_before(worker_reel_t *r, const wub_ts_pes_t *pes,
    const wub_video_unit_t *unit)
{
    bool              key;
    wub_str_t         sps;
    wub_video_form_t  form;

    key = unit->closed || unit->open;

    if (key && !(r->torn && pes->pts == WUB_TS_NONE)) {

        if (worker_reel_active(r, unit, &sps)
            && r->codec->form(sps, &form) == WUB_OK)
        {
            return false;
        }

        r->bare = true;
    }

    worker_bounds_left(&r->bounds, pes->pts,
                       key || (r->torn && unit->nsets != 0));

    return true;
}


/* of a damaged packet, those before the damage */
static worker_rc_t
worker_reel_sets(worker_reel_t *r, const wub_ts_pes_t *pes,
    const wub_video_unit_t *unit, worker_err_t *err)
{
    size_t                  i;
    const uint8_t          *end;
    const wub_video_set_t  *set;

    end = r->stream->data + pes->pos + pes->whole;

    for (i = 0; i < unit->nsets; i++) {
        set = &unit->sets[i];

        if (pes->damaged
            && (const uint8_t *) set->bytes.data + set->bytes.len >= end)
        {
            break;
        }

        if (wub_sets_put(&r->sets, set) != WUB_OK) {
            return worker_fail(err, WORKER_INVALID,
                               "The segment %s has more than %d parameter "
                               "sets of %s; it cannot be cut.", r->f->name,
                               WUB_SETS_MAX, r->codec->name);
        }
    }

    return WORKER_OK;
}


/* the SPS that the slices of an access unit refer to */
static bool
worker_reel_active(const worker_reel_t *r, const wub_video_unit_t *unit,
    wub_str_t *ret_sps)
{
    const wub_video_set_t  *set;

    set = wub_sets_find(&r->sets, WUB_VIDEO_PPS, unit->pps);

    if (set != NULL) {
        set = wub_sets_find(&r->sets, WUB_VIDEO_SPS, set->parent);
    }

    if (set == NULL) {
        return false;
    }

    *ret_sps = set->bytes;

    return true;
}


/*
 * The form can only change with a key frame (H.264 7.4.1.2.1); one that has
 * none is damaged.
 */
static worker_rc_t
worker_reel_form(worker_reel_t *r, const wub_video_unit_t *unit,
    worker_err_t *err)
{
    size_t             i;
    wub_str_t          sps;
    worker_footage_t  *f;

    f = r->f;

    if ((!unit->closed && !unit->open)
        || (r->torn && f->nvideo != 0))
    {
        return WORKER_OK;
    }

    if (!worker_reel_active(r, unit, &sps)) {
        r->torn = true;
        return WORKER_OK;
    }

    if (wub_str_eq(sps, r->sps)) {
        return WORKER_OK;
    }

    if (f->nforms == WORKER_REEL_FORMS_MAX) {
        return worker_fail(err, WORKER_INVALID,
                           "The picture changes its form more than %d times "
                           "within the segment %s; it cannot be cut.",
                           WORKER_REEL_FORMS_MAX, f->name);
    }

    if (r->codec->form(sps, &f->forms[f->nforms]) != WUB_OK) {
        r->torn = true;
        return WORKER_OK;
    }

    for (i = 0; !wub_video_same(&f->forms[i], &f->forms[f->nforms]); i++) {
        /* void */
    }

    f->nforms += (i == f->nforms);

    r->form = (uint8_t) i;
    r->sps = sps;

    return WORKER_OK;
}


/* a lone field is none: a damaged parameter set makes one of any picture */
static void
worker_reel_count(worker_reel_t *r, const wub_video_unit_t *unit)
{
    uint32_t   want;
    wub_str_t  field;

    want = 1;
    field = r->field;
    r->field.len = 0;

    if (r->f->forms[r->form].interlaced && wub_h264_field(unit->slice, r->sps))
    {
        want = 2;
    }

    if (r->torn || unit->pictures == want) {
        return;
    }

    r->torn = true;

    if (unit->pictures < want) {

        if (!wub_h264_pair(field, unit->slice, r->sps)) {
            r->field = unit->slice;
            r->nlone++;
            return;
        }

        r->nlone--;
        r->nodd++;
    }

    r->pictures = unit->pictures;
    r->want = want;
    r->nodd++;
}


/*
 * Packets that are not a frame are damage, but for where many are; of fields
 * by accident more are alone than in pairs.
 */
static worker_rc_t
worker_reel_check(const worker_reel_t *r, worker_err_t *err)
{
    const worker_footage_t  *f;

    f = r->f;

    if (f->nvideo == 0 && r->bare) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s has a key frame without its %s "
                           "parameter sets; it cannot be cut.", f->name,
                           r->codec->name);
    }

    if (f->nvideo == 0) {
        return worker_fail(err, WORKER_INVALID,
                           "The segment %s has no %s picture with which "
                           "decoding can begin%s; it cannot be cut.", f->name,
                           r->codec->name,
                           r->refresh ? " (it is coded by intra refresh)"
                                      : "");
    }

    if (r->nodd <= r->nlone
        || (2 * r->nodd < f->nvideo
            && r->nodd <= f->nvideo / WORKER_REEL_SHARE + WORKER_REEL_FEW))
    {
        return WORKER_OK;
    }

    return worker_fail(err, WORKER_INVALID,
                       "The segment %s has video packets that are not one "
                       "frame, but %u %s; such footage cannot be cut.",
                       f->name, r->pictures,
                       (r->want == 1) ? "pictures" : "fields");
}


static worker_rc_t
worker_reel_add(worker_reel_t *r, size_t i, const wub_video_unit_t *unit,
    worker_err_t *err)
{
    size_t                next;
    worker_video_t       *video;
    worker_footage_t     *f;
    const wub_ts_pes_t   *pes;
    wub_cutplan_frame_t  *frame;

    f = r->f;
    pes = &r->stream->pes[i];
    frame = &f->frames[f->nvideo];
    video = &f->video[f->nvideo];

    memset(frame, 0, sizeof(wub_cutplan_frame_t));

    frame->key = unit->closed ? WUB_KEY_CLOSED
                 : unit->open ? WUB_KEY_OPEN : WUB_KEY_NONE;
    frame->form = r->form;
    frame->pts = WUB_TS_NONE;
    frame->dts = WUB_TS_NONE;

    if (pes->pts == WUB_TS_NONE) {
        r->timeless = true;

    } else {

        if (!r->timed) {
            f->first = pes->pts;
            r->timed = true;
        }

        frame->pts = wub_ts_unwrap(0, pes->pts - f->first);
        frame->dts = wub_ts_unwrap(0, pes->dts - f->first);
    }

    frame->damaged = worker_reel_damaged(r, unit, frame->pts);
    f->nvideo++;

    video->data = r->stream->data + pes->pos;
    video->len = pes->len;
    video->sets = wub_sets_carried(&r->sets, unit);
    video->lead = unit->lead;
    video->in_force = wub_sets_bytes(&r->sets, f->arena);

    next = (i + 1 < r->stream->npes) ? pes[1].at : r->size;
    video->pos = pes->at;
    video->size = next - pes->at;

    if (video->in_force == NULL) {
        return worker_fail_memory(err, f->name);
    }

    return WORKER_OK;
}


/* also where it refers to what is not there, and the stream says so */
static bool
worker_reel_damaged(worker_reel_t *r, const wub_video_unit_t *unit,
    int64_t pts)
{
    bool  damaged;

    damaged = r->torn;

    if (unit->closed || unit->open) {
        r->key = pts;
        r->broken = unit->broken || (unit->open && r->ended);

    } else {
        damaged = damaged || r->lost || (r->broken && pts < r->key);
    }

    r->lost = false;
    r->ended = unit->ended;

    return damaged;
}


/*
 * Where pictures are not reordered, one without a time lies between its
 * neighbours, as far from one as from the other.
 */
static void
worker_reel_times(worker_reel_t *r)
{
    size_t                i, k, last;
    int64_t               step;
    wub_cutplan_frame_t  *frames;

    frames = r->f->frames;
    last = 0;
    step = 0;

    if (frames[0].pts == WUB_TS_NONE || frames[0].pts != frames[0].dts) {
        return;
    }

    for (i = 1; i <= r->f->nvideo; i++) {

        if (i < r->f->nvideo && frames[i].pts == WUB_TS_NONE) {
            continue;
        }

        if (i < r->f->nvideo) {
            step = (frames[i].pts - frames[last].pts) / (int64_t) (i - last);

            if (frames[i].pts != frames[i].dts || step <= 0) {
                return;
            }
        }

        for (k = last + 1; k < i && step > 0; k++) {
            frames[k].pts = frames[last].pts + step * (int64_t) (k - last);
            frames[k].dts = frames[k].pts;
        }

        last = i;
    }
}
