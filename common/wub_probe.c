
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_adts.h"
#include "common/wub_codec.h"
#include "common/wub_h264.h"
#include "common/wub_h265.h"
#include "common/wub_probe.h"
#include "common/wub_ts.h"


/* whose times are looked at: a second and more, to tell 60 from 59.94 */
#define WUB_PROBE_FRAMES         128
#define WUB_PROBE_FRAMES_MIN     4

/* PES packets of sound in which a frame is sought */
#define WUB_PROBE_SOUNDS         8

/* ticks; no frame comes ten seconds after the other */
#define WUB_PROBE_STEP_MAX       (10 * WUB_TS_HZ)

/* whole numbers of frames a second that are measured, not declared */
#define WUB_PROBE_WHOLE_MAX      144

/* thousandths of a frame a second; and terms, so that products fit 64 bits */
#define WUB_PROBE_RATE_MAX       1000000
#define WUB_PROBE_TERM_MAX       (INT64_C(1) << 28)

/* at this rate or less AAC LC may carry SBR unsaid (14496-3, 1.6.5.3) */
#define WUB_PROBE_SBR_RATE       24000
#define WUB_PROBE_AAC_LC         2

/* general_interlaced_source_flag of HEVC, in its first byte of constraints */
#define WUB_PROBE_INTERLACED     0x40


/* what reads a codec of pictures; timing: NULL where none is read */
typedef struct {
    void           (*unit)(const uint8_t *data, size_t len,
                         wub_video_unit_t *ret);
    wub_rc_t       (*form)(wub_str_t sps, wub_video_form_t *ret);
    wub_rc_t       (*timing)(wub_str_t sps, wub_h264_timing_t *ret);
    bool           (*name)(wub_codec_name_t *name, wub_str_t sps);
} wub_probe_codec_t;

/* frames a second */
typedef struct {
    int64_t          num;
    int64_t          den;
} wub_probe_rate_t;

typedef struct {
    const wub_probe_codec_t  *codec;
    wub_str_t                 sps;
    int64_t                   times[WUB_PROBE_FRAMES];  /* after the first,
                                                           ticks */
    size_t                    ntimes;
    bool                      timed;    /* each is that of one picture */
} wub_probe_video_t;


static bool wub_probe_named(const wub_ts_t *ts);
static bool wub_probe_kind(const wub_ts_t *ts, wub_ts_kind_e kind,
    wub_probe_t *probe);
static bool wub_probe_stream(const wub_ts_stream_t *stream,
    wub_probe_t *probe, wub_codec_name_t *name);
static bool wub_probe_add(wub_probe_t *probe, const wub_codec_name_t *name);
static bool wub_probe_aac(const wub_ts_stream_t *stream,
    wub_probe_t *probe, wub_codec_name_t *name);
static bool wub_probe_adts(const uint8_t *data, size_t len, wub_adts_t *ret);
static bool wub_probe_video(const wub_ts_stream_t *stream,
    const wub_probe_codec_t *codec, wub_probe_t *probe,
    wub_codec_name_t *name);
static bool wub_probe_fields(const wub_video_form_t *form, wub_str_t sps);
static void wub_probe_frames(const wub_ts_stream_t *stream,
    wub_probe_video_t *v);
static bool wub_probe_time(wub_probe_video_t *v, int64_t first, int64_t dts);
static uint32_t wub_probe_rate(const wub_probe_video_t *v, bool interlaced);
static bool wub_probe_declared(const wub_probe_video_t *v,
    wub_probe_rate_t *ret, bool *ret_fixed);
static size_t wub_probe_steady(const wub_probe_video_t *v, int64_t slack,
    wub_probe_rate_t *ret);
static bool wub_probe_fits(const wub_probe_video_t *v, wub_probe_rate_t rate,
    int64_t slack);
static uint32_t wub_probe_milli(wub_probe_rate_t rate);


static const wub_probe_codec_t  wub_probe_avc = {
    wub_h264_unit, wub_h264_form, wub_h264_timing, wub_codec_h264
};

static const wub_probe_codec_t  wub_probe_hevc = {
    wub_h265_unit, wub_h265_form, NULL, wub_codec_hevc
};

/* neither picture nor sound: no list of codecs names them */
static const uint8_t  wub_probe_silent[] = {
    0x05,       /* private sections */
    0x15,       /* timed metadata, such as ID3 */
    0x86        /* SCTE-35 */
};

/* NTSC: times 1000/1001 */
static const int64_t  wub_probe_ntsc[] = { 12, 15, 24, 30, 48, 60, 120 };

/*
 * What rounding does to times, in ticks: to a tick, once more when the
 * container was changed; to a millisecond, where the stream came by RTMP.
 */
static const int64_t  wub_probe_slacks[] = { 2, WUB_TS_HZ / 1000 };


wub_rc_t
wub_probe(wub_arena_t *arena, const uint8_t *data, size_t len,
    wub_probe_t *ret)
{
    bool         named;
    wub_ts_t     ts;
    wub_rc_t     rc;
    wub_probe_t  probe;

    if (len > WUB_PROBE_BYTES_MAX) {
        len = WUB_PROBE_BYTES_MAX;
    }

    rc = wub_ts_read(arena, data, len, &ts);
    if (rc != WUB_OK) {
        return (rc == WUB_NO_MEMORY) ? rc : WUB_DECLINED;
    }

    memset(&probe, 0, sizeof(wub_probe_t));

    named = wub_probe_named(&ts);
    named = wub_probe_kind(&ts, WUB_TS_VIDEO, &probe) && named;
    named = wub_probe_kind(&ts, WUB_TS_AUDIO, &probe) && named;

    if (!named) {
        memset(probe.codecs, 0, WUB_PROBE_CODECS_MAX);
        probe.codecs_len = 0;
    }

    *ret = probe;

    return WUB_OK;
}


/* true when all that is neither picture nor sound needs no name */
static bool
wub_probe_named(const wub_ts_t *ts)
{
    size_t  i;

    for (i = 0; i < ts->nstreams; i++) {
        if (ts->streams[i].kind == WUB_TS_OTHER
            && memchr(wub_probe_silent, ts->streams[i].type,
                      sizeof(wub_probe_silent)) == NULL)
        {
            return false;
        }
    }

    return true;
}


/* true when each stream of that kind is in the list */
static bool
wub_probe_kind(const wub_ts_t *ts, wub_ts_kind_e kind, wub_probe_t *probe)
{
    bool              named;
    size_t            i, n;
    wub_codec_name_t  name;

    n = 0;
    named = true;

    for (i = 0; i < ts->nstreams; i++) {

        if (ts->streams[i].kind != kind) {
            continue;
        }

        n++;

        named = wub_probe_stream(&ts->streams[i], probe, &name)
                && wub_probe_add(probe, &name) && named;
    }

    /* of several pictures, which one is shown is the player's to say */

    if (kind == WUB_TS_VIDEO && n > 1) {
        probe->width = 0;
        probe->height = 0;
        probe->frame_rate = 0;
    }

    return named;
}


static bool
wub_probe_stream(const wub_ts_stream_t *stream, wub_probe_t *probe,
    wub_codec_name_t *name)
{
    name->len = 0;

    switch (stream->type) {

    case WUB_TS_TYPE_H264:
        return wub_probe_video(stream, &wub_probe_avc, probe, name);

    case WUB_TS_TYPE_HEVC:
        return wub_probe_video(stream, &wub_probe_hevc, probe, name);

    case WUB_TS_TYPE_AAC:
        return wub_probe_aac(stream, probe, name);

    default:
        return false;
    }
}


/* false when the list is full; a name that it holds is not added again */
static bool
wub_probe_add(wub_probe_t *probe, const wub_codec_name_t *name)
{
    size_t       at, len;
    const char  *list;

    list = probe->codecs;
    len = probe->codecs_len;

    /* names have no comma, but one may begin with another */

    for (at = 0; at + name->len <= len; at++) {
        if (memcmp(list + at, name->data, name->len) == 0
            && (at == 0 || list[at - 1] == ',')
            && (at + name->len == len || list[at + name->len] == ','))
        {
            return true;
        }
    }

    if (len + 1 + name->len > WUB_PROBE_CODECS_MAX) {
        return false;
    }

    if (len != 0) {
        probe->codecs[len++] = ',';
    }

    memcpy(probe->codecs + len, name->data, name->len);
    probe->codecs_len = (uint8_t) (len + name->len);

    return true;
}


static bool
wub_probe_aac(const wub_ts_stream_t *stream, wub_probe_t *probe,
    wub_codec_name_t *name)
{
    size_t               i;
    wub_adts_t           h;
    const wub_ts_pes_t  *pes;

    for (i = 0; i < stream->npes && i < WUB_PROBE_SOUNDS; i++) {
        pes = &stream->pes[i];

        if (!wub_probe_adts(stream->data + pes->pos, pes->len, &h)) {
            continue;
        }

        if (h.object == WUB_PROBE_AAC_LC && h.rate <= WUB_PROBE_SBR_RATE) {
            return false;
        }

        wub_codec_aac(name, h.object);

        return true;
    }

    probe->more = true;

    return false;
}


/* a frame that is whole and ends where another begins, or all ends */
static bool
wub_probe_adts(const uint8_t *data, size_t len, wub_adts_t *ret)
{
    size_t      i, next;
    wub_adts_t  h;

    for (i = 0; i < len; i++) {

        if (wub_adts_read(data + i, len - i, ret) != WUB_OK) {
            continue;
        }

        next = i + ret->len;

        if (next == len
            || wub_adts_read(data + next, len - next, &h) != WUB_DECLINED)
        {
            return true;
        }
    }

    return false;
}


static bool
wub_probe_video(const wub_ts_stream_t *stream,
    const wub_probe_codec_t *codec, wub_probe_t *probe,
    wub_codec_name_t *name)
{
    wub_video_form_t   form;
    wub_probe_video_t  v;

    memset(&v, 0, sizeof(wub_probe_video_t));
    v.codec = codec;

    wub_probe_frames(stream, &v);

    if (v.sps.len == 0) {
        probe->more = true;
        return false;
    }

    if (codec->form(v.sps, &form) != WUB_OK) {
        return false;
    }

    probe->width = form.width;
    probe->height = form.height;
    probe->frame_rate = wub_probe_rate(&v, wub_probe_fields(&form, v.sps));

    return codec->name(name, v.sps);
}


/* true when a picture may be a field */
static bool
wub_probe_fields(const wub_video_form_t *form, wub_str_t sps)
{
    wub_h265_profile_t  profile;

    if (form->codec != WUB_VIDEO_HEVC) {
        return form->interlaced;
    }

    return wub_h265_profile(sps, &profile) != WUB_OK
           || (profile.constraints[0] & WUB_PROBE_INTERLACED) != 0;
}


static void
wub_probe_frames(const wub_ts_stream_t *stream, wub_probe_video_t *v)
{
    bool                 last;
    size_t               i;
    int64_t              first;
    wub_video_unit_t     unit;
    const wub_ts_pes_t  *pes;

    v->timed = true;
    first = 0;

    for (i = 0; i < stream->npes; i++) {
        pes = &stream->pes[i];

        if (i >= WUB_PROBE_FRAMES && v->sps.len != 0) {
            break;
        }

        v->codec->unit(stream->data + pes->pos, pes->len, &unit);

        if (v->sps.len == 0 && unit.form.len != 0) {
            v->sps = unit.form;
        }

        if (i >= WUB_PROBE_FRAMES) {
            continue;
        }

        if (i == 0) {
            first = pes->dts;
        }

        /* the last one may be cut off before its picture */

        last = (i + 1 == stream->npes && unit.pictures == 0);

        v->timed = v->timed && (unit.pictures == 1 || last)
                   && pes->dts != WUB_TS_NONE
                   && wub_probe_time(v, first, pes->dts);
    }
}


static bool
wub_probe_time(wub_probe_video_t *v, int64_t first, int64_t dts)
{
    int64_t  time, before;

    if (v->ntimes == 0) {
        v->times[v->ntimes++] = 0;
        return true;
    }

    before = v->times[v->ntimes - 1];
    time = wub_ts_unwrap(first + before, dts) - first;

    if (time <= before || time - before > WUB_PROBE_STEP_MAX) {
        return false;
    }

    v->times[v->ntimes++] = time;

    return true;
}


/*
 * Thousandths of a frame a second, 0 for not known: what the stream says,
 * where its times agree, else what they say, where that is one rate only.
 */
static uint32_t
wub_probe_rate(const wub_probe_video_t *v, bool interlaced)
{
    bool              declared, fixed;
    size_t            i, n;
    wub_probe_rate_t  said, seen;

    memset(&said, 0, sizeof(wub_probe_rate_t));
    memset(&seen, 0, sizeof(wub_probe_rate_t));

    fixed = false;
    declared = wub_probe_declared(v, &said, &fixed);

    if (!v->timed || v->ntimes < WUB_PROBE_FRAMES_MIN) {
        return (declared && fixed) ? wub_probe_milli(said) : 0;
    }

    for (i = 0; i < sizeof(wub_probe_slacks) / sizeof(int64_t); i++) {

        if (declared && wub_probe_fits(v, said, wub_probe_slacks[i])) {
            return wub_probe_milli(said);
        }

        /* the times of interlaced pictures may be those of fields */

        if (interlaced) {
            continue;
        }

        n = wub_probe_steady(v, wub_probe_slacks[i], &seen);

        if (n != 0) {
            return (n == 1) ? wub_probe_milli(seen) : 0;
        }
    }

    return 0;
}


static bool
wub_probe_declared(const wub_probe_video_t *v, wub_probe_rate_t *ret,
    bool *ret_fixed)
{
    int64_t            a, b, rest;
    wub_h264_timing_t  timing;

    if (v->codec->timing == NULL
        || v->codec->timing(v->sps, &timing) != WUB_OK)
    {
        return false;
    }

    ret->num = timing.scale;
    ret->den = 2 * (int64_t) timing.units;

    for (a = ret->num, b = ret->den; b != 0; a = b, b = rest) {
        rest = a % b;
    }

    ret->num /= a;
    ret->den /= a;

    *ret_fixed = timing.fixed;

    return ret->num <= WUB_PROBE_TERM_MAX && ret->den <= WUB_PROBE_TERM_MAX
           && wub_probe_milli(*ret) != 0;
}


/* how many of the usual rates the times agree with, and the last such one */
static size_t
wub_probe_steady(const wub_probe_video_t *v, int64_t slack,
    wub_probe_rate_t *ret)
{
    size_t            i, n, count;
    wub_probe_rate_t  rate;

    n = sizeof(wub_probe_ntsc) / sizeof(wub_probe_ntsc[0]);
    count = 0;

    for (i = 0; i < n + WUB_PROBE_WHOLE_MAX; i++) {

        if (i < n) {
            rate.num = wub_probe_ntsc[i] * 1000;
            rate.den = 1001;

        } else {
            rate.num = (int64_t) (i - n) + 1;
            rate.den = 1;
        }

        if (wub_probe_fits(v, rate, slack)) {
            *ret = rate;
            count++;
        }
    }

    return count;
}


/* true when no two times are further off than slack, in ticks */
static bool
wub_probe_fits(const wub_probe_video_t *v, wub_probe_rate_t rate,
    int64_t slack)
{
    size_t   i;
    int64_t  off, least, most;

    least = 0;
    most = 0;

    for (i = 0; i < v->ntimes; i++) {
        off = v->times[i] * rate.num - (int64_t) i * WUB_TS_HZ * rate.den;

        least = (off < least) ? off : least;
        most = (off > most) ? off : most;
    }

    return most - least <= slack * rate.num;
}


/* rounded to the nearest; 0: out of bounds */
static uint32_t
wub_probe_milli(wub_probe_rate_t rate)
{
    int64_t  milli;

    if (rate.den <= 0) {
        return 0;
    }

    milli = (rate.num * 1000 + rate.den / 2) / rate.den;

    return (milli <= WUB_PROBE_RATE_MAX) ? (uint32_t) milli : 0;
}
