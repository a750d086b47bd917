
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>
#include <sys/utsname.h>

#include "common/wub_time.h"
#include "common/wub_ts.h"
#include "worker/worker_av_code.h"
#include "worker/worker_av_versions.h"
#include "worker/worker_plan.h"
#include "worker/worker_plan_json.h"


static worker_rc_t worker_plan_decoded(worker_plan_t *p,
    const worker_footage_t *footage, const worker_step_t *step,
    worker_err_t *err);
static void worker_plan_segment(worker_plan_t *p,
    const worker_footage_t *footage, const worker_step_t *step);
static void worker_plan_side(worker_plan_t *p, const char *key,
    const wub_range_t *range, const wub_buf_t *side);
static worker_rc_t worker_plan_part(worker_plan_t *p,
    const wub_best_part_t *part, worker_err_t *err);
static void worker_plan_output(worker_plan_t *p, const worker_form_t *form);
static void worker_plan_settings(worker_plan_t *p,
    const worker_form_t *form, const worker_encode_t *encode);
static void worker_plan_name(worker_plan_t *p, const wub_hour_t *hour,
    const wub_segment_t *segment);
static void worker_plan_versions(worker_plan_t *p);
static void worker_plan_frames(worker_plan_t *p,
    const worker_footage_t *footage, const worker_step_t *step);


static const char *const  worker_plan_codecs[] = {
    [WUB_VIDEO_H264] = "h264",
    [WUB_VIDEO_HEVC] = "hevc"
};

static const char *const  worker_plan_chroma[] = {
    "4:0:0", "4:2:0", "4:2:2", "4:4:4"
};


worker_rc_t
worker_plan_init(worker_plan_t *p, worker_err_t *err)
{
    p->more = false;
    p->frames = 0;
    p->copied = 0;
    p->arena = NULL;
    p->crosses = false;
    p->crossing = NULL;

    if (p->write == NULL) {
        return WORKER_OK;
    }

    p->arena = wub_arena_create(4 * WORKER_PLAN_PIECE);
    if (p->arena == NULL) {
        return worker_fail_memory(err, "The plan");
    }

    wub_buf_init(&p->b, p->arena, WORKER_PLAN_PIECE);

    return WORKER_OK;
}


void
worker_plan_free(worker_plan_t *p)
{
    wub_arena_destroy(p->arena);
    wub_arena_destroy(p->crossing);
}


worker_rc_t
worker_plan_begin(worker_plan_t *p, const worker_kind_t *kind,
    const worker_store_t *store, bool allow_holes, worker_err_t *err)
{
    p->kind = kind;

    if (p->write == NULL) {
        return WORKER_OK;
    }

    worker_plan_open(p);
    worker_plan_text(p, "kind", kind->name);
    worker_plan_text(p, "channel", store->channel);
    worker_plan_text(p, "quality", store->quality);
    worker_plan_bool(p, "allow_holes", allow_holes);
    worker_plan_line(p);
    worker_plan_list(p, "ranges");

    return worker_plan_put(p, err);
}


worker_rc_t
worker_plan_range(worker_plan_t *p, const wub_range_t *range,
    const wub_chain_t *chain, worker_err_t *err)
{
    size_t       i;
    worker_rc_t  rc;

    if (p->write == NULL) {
        return WORKER_OK;
    }

    worker_plan_line(p);
    worker_plan_open(p);
    worker_plan_time(p, "start", range->start);
    worker_plan_time(p, "end", range->end);
    worker_plan_list(p, "parts");

    for (i = 0; i < chain->nparts; i++) {
        rc = worker_plan_part(p, &chain->parts[i], err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    wub_buf_putc(&p->b, ']');
    worker_plan_close(p);

    return worker_plan_put(p, err);
}


worker_rc_t
worker_plan_form(worker_plan_t *p, const worker_form_t *form,
    const worker_encode_t *encode, worker_err_t *err)
{
    if (p->write == NULL) {
        return WORKER_OK;
    }

    wub_buf_putc(&p->b, ']');

    p->more = true;

    p->counts = (form != NULL);

    if (p->counts) {
        worker_plan_output(p, form);
    }

    worker_plan_settings(p, form, encode);
    worker_plan_versions(p);
    worker_plan_line(p);
    worker_plan_list(p, "steps");

    return worker_plan_put(p, err);
}


worker_rc_t
worker_plan_step(worker_plan_t *p, const worker_footage_t *footage,
    const worker_step_t *step, worker_err_t *err)
{
    if (p->crosses) {
        return worker_plan_decoded(p, footage, step, err);
    }

    p->frames += (int64_t) step->nkept;
    p->copied += step->copy ? (int64_t) step->nkept : 0;

    if (p->write == NULL) {
        return WORKER_OK;
    }

    worker_plan_line(p);
    worker_plan_open(p);
    worker_plan_text(p, "do", step->copy ? "copy" : "encode");
    worker_plan_segment(p, footage, step);
    worker_plan_close(p);

    return worker_plan_put(p, err);
}


worker_rc_t
worker_plan_overlap(worker_plan_t *p, const wub_transition_t *t,
    const wub_range_t *from, worker_err_t *err)
{
    p->crosses = true;
    p->cross = *t;
    p->from = *from;

    if (p->write == NULL) {
        return WORKER_OK;
    }

    if (p->crossing == NULL) {
        p->crossing = wub_arena_create(4 * WORKER_PLAN_SIDE);
    }

    if (p->crossing == NULL) {
        return worker_fail_memory(err, "The plan");
    }

    wub_arena_reset(p->crossing);
    wub_buf_init(&p->sides[0], p->crossing, WORKER_PLAN_SIDE);
    wub_buf_init(&p->sides[1], p->crossing, WORKER_PLAN_SIDE);

    return WORKER_OK;
}


/* which side reads on first is no part of a plan */
static worker_rc_t
worker_plan_decoded(worker_plan_t *p, const worker_footage_t *footage,
    const worker_step_t *step, worker_err_t *err)
{
    bool        more;
    wub_buf_t   own, *side;

    if (p->write == NULL) {
        return WORKER_OK;
    }

    side = &p->sides[step->incoming];

    own = p->b;
    more = p->more;

    p->b = *side;
    p->more = (side->len != 0);

    worker_plan_line(p);
    worker_plan_open(p);
    worker_plan_segment(p, footage, step);
    worker_plan_close(p);

    *side = p->b;
    p->b = own;
    p->more = more;

    return (side->rc == WUB_OK) ? WORKER_OK
                                : worker_fail_wub(err, side->rc, "The plan");
}


worker_rc_t
worker_plan_crossed(worker_plan_t *p, const wub_range_t *to, int64_t frames,
    worker_err_t *err)
{
    p->crosses = false;
    p->frames += frames;

    if (p->write == NULL) {
        return WORKER_OK;
    }

    worker_plan_line(p);
    worker_plan_open(p);
    worker_plan_text(p, "do", "overlap");
    worker_plan_key(p, "transition");
    wub_buf_json(&p->b, p->cross.type);
    worker_plan_key(p, "seconds");
    wub_buf_seconds(&p->b, p->cross.duration);
    worker_plan_number(p, "frames", frames);
    worker_plan_line(p);
    worker_plan_side(p, "from", &p->from, &p->sides[0]);
    worker_plan_line(p);
    worker_plan_side(p, "to", to, &p->sides[1]);
    worker_plan_close(p);

    return worker_plan_put(p, err);
}


worker_rc_t
worker_plan_whole(worker_plan_t *p, const wub_hour_t *hour,
    const wub_segment_t *segment, uint64_t size, worker_err_t *err)
{
    if (p->write == NULL) {
        return WORKER_OK;
    }

    worker_plan_line(p);
    worker_plan_open(p);
    worker_plan_text(p, "do", "copy");
    worker_plan_name(p, hour, segment);
    worker_plan_bytes(p, 0, size);
    worker_plan_close(p);

    return worker_plan_put(p, err);
}


worker_rc_t
worker_plan_next(worker_plan_t *p, worker_err_t *err)
{
    if (p->write == NULL) {
        return WORKER_OK;
    }

    worker_plan_line(p);
    wub_buf_lit(&p->b, "{\"do\": \"next file\"}");
    p->more = true;

    return worker_plan_put(p, err);
}


worker_rc_t
worker_plan_end(worker_plan_t *p, worker_err_t *err)
{
    if (p->write == NULL) {
        return WORKER_OK;
    }

    wub_buf_putc(&p->b, ']');
    p->more = true;

    if (p->counts) {
        worker_plan_line(p);
        worker_plan_number(p, "frames", p->frames);
        worker_plan_number(p, "copied", p->copied);
    }

    wub_buf_lit(&p->b, "}\n");

    return worker_plan_put(p, err);
}


static void
worker_plan_segment(worker_plan_t *p, const worker_footage_t *footage,
    const worker_step_t *step)
{
    uint64_t               from, to;
    const worker_video_t  *video;

    video = footage->video;
    from = video[step->first].pos;
    to = video[step->last].pos + video[step->last].size;

    worker_plan_text(p, "segment", footage->name);
    worker_plan_bytes(p, from, to);
    worker_plan_frames(p, footage, step);
}


static void
worker_plan_side(worker_plan_t *p, const char *key, const wub_range_t *range,
    const wub_buf_t *side)
{
    worker_plan_key(p, key);
    worker_plan_open(p);
    worker_plan_time(p, "start", range->start);
    worker_plan_time(p, "end", range->end);
    worker_plan_list(p, "decode");
    wub_buf_put(&p->b, side->data, side->len);
    wub_buf_putc(&p->b, ']');
    worker_plan_close(p);
}


static worker_rc_t
worker_plan_part(worker_plan_t *p, const wub_best_part_t *part,
    worker_err_t *err)
{
    worker_plan_line(p);
    worker_plan_open(p);

    if (part->segment == NULL) {
        worker_plan_key(p, "hole");
        worker_plan_open(p);
        worker_plan_time(p, "start", part->from);
        worker_plan_time(p, "end", part->to);
        worker_plan_close(p);

    } else {
        worker_plan_name(p, part->hour, part->segment);
        worker_plan_key(p, "hash");
        wub_buf_json(&p->b, part->segment->hash);
        worker_plan_time(p, "start", part->segment->start);
        worker_plan_key(p, "seconds");
        wub_buf_seconds(&p->b, part->segment->duration);
    }

    worker_plan_close(p);

    return worker_plan_put(p, err);
}


static void
worker_plan_output(worker_plan_t *p, const worker_form_t *form)
{
    size_t  i;

    worker_plan_line(p);
    worker_plan_key(p, "video");
    worker_plan_open(p);
    worker_plan_text(p, "codec", worker_plan_codecs[form->video.codec]);
    worker_plan_number(p, "width", form->video.width);
    worker_plan_number(p, "height", form->video.height);
    worker_plan_text(p, "chroma", worker_plan_chroma[form->video.chroma & 3]);
    worker_plan_number(p, "depth", form->video.depth);
    worker_plan_bool(p, "interlaced", form->video.interlaced);
    worker_plan_close(p);

    worker_plan_line(p);
    worker_plan_list(p, "audio");

    for (i = 0; i < form->ntracks; i++) {

        if (i > 0) {
            wub_buf_lit(&p->b, ", ");
        }

        worker_plan_open(p);
        worker_plan_number(p, "rate", form->tracks[i].rate);
        worker_plan_number(p, "channels", form->tracks[i].channels);
        worker_plan_number(p, "object", form->tracks[i].object);
        worker_plan_close(p);
    }

    wub_buf_putc(&p->b, ']');
    p->more = true;
}


/* those of the kind, or those that frames between copied ones get */
static void
worker_plan_settings(worker_plan_t *p, const worker_form_t *form,
    const worker_encode_t *encode)
{
    size_t                      i;
    worker_encode_pair_t        pair;
    const worker_av_setting_t  *setting;

    worker_plan_line(p);
    worker_plan_key(p, "encode");
    worker_plan_open(p);

    for (i = 0; worker_encode_pair(encode, i, &pair); i++) {
        worker_plan_text(p, pair.name, pair.value);
    }

    if (form != NULL && !p->kind->whole && !p->kind->encodes) {
        setting = worker_av_code_setting(form->video.codec);

        worker_plan_text(p, "encoder", setting->encoder);
        worker_plan_text(p, "preset", setting->preset);
        worker_plan_text(p, "crf", setting->crf);
        worker_plan_text(p, setting->option, setting->params);
        worker_plan_number(p, "qpmax", setting->qpmax
                           + setting->qpmax_bit * (form->video.depth - 8));

        if (setting->reorders) {
            worker_plan_text(p, "bframes", "as the source reorders");
        }

        worker_plan_number(p, "threads", setting->threads);
    }

    worker_plan_close(p);
}


static void
worker_plan_name(worker_plan_t *p, const wub_hour_t *hour,
    const wub_segment_t *segment)
{
    char  name[WUB_HOUR_LEN + 1 + WUB_NAME_MAX];

    wub_hour_format(hour->start, name);
    name[WUB_HOUR_LEN] = '/';
    memcpy(name + WUB_HOUR_LEN + 1, segment->name.data, segment->name.len);

    worker_plan_key(p, "segment");
    wub_buf_json(&p->b, wub_str_n(name, WUB_HOUR_LEN + 1
                                        + segment->name.len));
}


static void
worker_plan_versions(worker_plan_t *p)
{
    size_t               i;
    struct utsname       host;
    worker_av_version_t  version;

    worker_plan_line(p);
    worker_plan_text(p, "version", WORKER_VERSION);
    worker_plan_text(p, "architecture",
                     (uname(&host) == 0) ? host.machine : "");

    worker_plan_line(p);
    worker_plan_key(p, "libraries");
    worker_plan_open(p);

    for (i = 0; worker_av_version(i, &version); i++) {
        worker_plan_text(p, version.name, version.version);
    }

    worker_plan_close(p);
}


/* how many, and the times of the first and the last one shown */
static void
worker_plan_frames(worker_plan_t *p, const worker_footage_t *footage,
    const worker_step_t *step)
{
    size_t                 i;
    int64_t                t, first, last;
    wub_cutplan_segment_t  segment;

    memset(&segment, 0, sizeof(wub_cutplan_segment_t));

    segment.start = footage->segment.start;
    segment.num = 1;
    segment.den = WUB_TS_HZ;
    segment.frames = footage->frames;
    segment.nframes = footage->nvideo;

    first = INT64_MAX;
    last = INT64_MIN;

    for (i = step->first; i <= step->last; i++) {
        t = wub_cutplan_time(&segment, &footage->frames[i]);

        if (t >= step->from && t < step->to) {
            first = (t < first) ? t : first;
            last = (t > last) ? t : last;
        }
    }

    worker_plan_number(p, "frames", (int64_t) step->nkept);

    if (first <= last) {
        worker_plan_time(p, "first", first);
        worker_plan_time(p, "last", last);
    }
}
