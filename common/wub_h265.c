
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_h265.h"
#include "common/wub_nal.h"


/* nal_unit_type (table 7-1): pictures, those to begin with, and the rest */
#define WUB_H265_RASL_R          9
#define WUB_H265_BLA_FIRST       16
#define WUB_H265_BLA_LAST        18
#define WUB_H265_IDR_FIRST       19
#define WUB_H265_IDR_LAST        20
#define WUB_H265_CRA             21
#define WUB_H265_IRAP_LAST       23
#define WUB_H265_VPS             32
#define WUB_H265_SPS             33
#define WUB_H265_PPS             34
#define WUB_H265_DELIMITER       35
#define WUB_H265_END             36
#define WUB_H265_END_STREAM      37

#define WUB_H265_HEADER          2

#define WUB_H265_VPS_MAX         15
#define WUB_H265_SPS_MAX         15
#define WUB_H265_PPS_MAX         63

/* of what levels allow (table A.8): sides of sqrt(8 * 35651584) */
#define WUB_H265_SIDE_MAX        16888
#define WUB_H265_DEPTH_MAX       16
#define WUB_H265_CHROMA_MAX      3
#define WUB_H265_LAYERS_MAX      6

/* profile_tier_level() without the level: of all layers, or of one */
#define WUB_H265_PROFILE_BITS    88
#define WUB_H265_LEVEL_BITS      8


static void wub_h265_nal(const uint8_t *nal, const uint8_t *end,
    wub_video_unit_t *unit);
static void wub_h265_slice(const uint8_t *nal, const uint8_t *end,
    wub_video_unit_t *unit);
static void wub_h265_set(const uint8_t *nal, const uint8_t *end,
    wub_video_kind_e kind, wub_video_unit_t *unit);
static bool wub_h265_ids(wub_nal_bits_t *b, wub_video_set_t *set);
static uint32_t wub_h265_start(wub_nal_bits_t *b, wub_h265_profile_t *ret);
static wub_rc_t wub_h265_window(wub_nal_bits_t *b, wub_video_form_t *form);


void
wub_h265_unit(const uint8_t *data, size_t len, wub_video_unit_t *ret)
{
    uint8_t         type;
    const uint8_t  *p, *nal, *next, *end;

    memset(ret, 0, offsetof(wub_video_unit_t, sets));

    end = data + len;

    for (p = wub_nal_start(data, end); p < end; p = next) {
        nal = p + WUB_NAL_START_LEN;
        next = wub_nal_start(nal, end);

        if (next - nal < WUB_H265_HEADER) {
            continue;
        }

        type = nal[0] >> 1 & 0x3f;

        if (type == WUB_H265_DELIMITER && ret->lead == 0) {
            ret->lead = (size_t) (next - data);
        }

        /* nuh_layer_id */

        if ((nal[0] & 1) == 0 && (nal[1] & 0xf8) == 0) {
            wub_h265_nal(nal, next, ret);
        }
    }
}


static void
wub_h265_nal(const uint8_t *nal, const uint8_t *end, wub_video_unit_t *unit)
{
    uint8_t  type;

    type = nal[0] >> 1 & 0x3f;

    if (type <= WUB_H265_RASL_R
        || (type >= WUB_H265_BLA_FIRST && type <= WUB_H265_CRA))
    {
        wub_h265_slice(nal, end, unit);
        return;
    }

    switch (type) {

    case WUB_H265_VPS:
        wub_h265_set(nal, end, WUB_VIDEO_VPS, unit);
        break;

    case WUB_H265_SPS:
        if (unit->form.len == 0) {
            unit->form = wub_str_n((const char *) nal, (size_t) (end - nal));
        }

        wub_h265_set(nal, end, WUB_VIDEO_SPS, unit);
        break;

    case WUB_H265_PPS:
        wub_h265_set(nal, end, WUB_VIDEO_PPS, unit);
        break;

    case WUB_H265_END:
    case WUB_H265_END_STREAM:
        unit->ended = true;
        break;

    default:
        break;
    }
}


static void
wub_h265_slice(const uint8_t *nal, const uint8_t *end, wub_video_unit_t *unit)
{
    uint8_t         type;
    wub_nal_bits_t  b;

    type = nal[0] >> 1 & 0x3f;

    wub_nal_init(&b, nal + WUB_H265_HEADER, end);

    /* first_slice_segment_in_pic_flag, no_output_of_prior_pics_flag */

    unit->pictures += wub_nal_bits(&b, 1);

    if (type >= WUB_H265_BLA_FIRST && type <= WUB_H265_IRAP_LAST) {
        (void) wub_nal_bits(&b, 1);
    }

    if (unit->slice.len == 0) {
        unit->pps = wub_nal_ue(&b);
        unit->slice = wub_str_n((const char *) nal, (size_t) (end - nal));

        unit->broken = type >= WUB_H265_BLA_FIRST
                       && type <= WUB_H265_BLA_LAST;
        unit->open = unit->broken || type == WUB_H265_CRA;
        unit->closed = type == WUB_H265_IDR_FIRST
                       || type == WUB_H265_IDR_LAST;
    }
}


/* one that breaks off, or has an id beyond the standard's, is nobody's */
static void
wub_h265_set(const uint8_t *nal, const uint8_t *end, wub_video_kind_e kind,
    wub_video_unit_t *unit)
{
    wub_nal_bits_t    b;
    wub_video_set_t  *set;

    set = wub_video_set(unit, kind, nal, end);
    if (set == NULL) {
        return;
    }

    if (set->bytes.len > WUB_H265_HEADER) {
        wub_nal_init(&b, nal + WUB_H265_HEADER, nal + set->bytes.len);
        unit->nsets += wub_h265_ids(&b, set);
    }
}


static bool
wub_h265_ids(wub_nal_bits_t *b, wub_video_set_t *set)
{
    uint32_t            max;
    wub_h265_profile_t  profile;

    switch (set->kind) {

    case WUB_VIDEO_VPS:
        set->id = wub_nal_bits(b, 4);
        max = WUB_H265_VPS_MAX;
        break;

    case WUB_VIDEO_SPS:
        set->parent = wub_h265_start(b, &profile);
        set->id = wub_nal_ue(b);
        max = WUB_H265_SPS_MAX;
        break;

    case WUB_VIDEO_PPS:
    default:
        set->id = wub_nal_ue(b);
        set->parent = wub_nal_ue(b);
        max = WUB_H265_PPS_MAX;
        break;
    }

    return !b->failed && set->id <= max;
}


/* the start of a sequence parameter set, to its id; returns the VPS' (7.3.3) */
static uint32_t
wub_h265_start(wub_nal_bits_t *b, wub_h265_profile_t *ret)
{
    uint32_t  i, vps, layers, flags;

    vps = wub_nal_bits(b, 4);
    layers = wub_nal_bits(b, 3);

    if (layers > WUB_H265_LAYERS_MAX) {
        b->failed = true;
        return 0;
    }

    (void) wub_nal_bits(b, 1);

    ret->space = (uint8_t) wub_nal_bits(b, 2);
    ret->high = wub_nal_bits(b, 1) == 1;
    ret->idc = (uint8_t) wub_nal_bits(b, 5);
    ret->compatible = wub_nal_bits(b, 32);

    for (i = 0; i < sizeof(ret->constraints); i++) {
        ret->constraints[i] = (uint8_t) wub_nal_bits(b, 8);
    }

    ret->level = (uint8_t) wub_nal_bits(b, 8);

    if (layers == 0) {
        return vps;
    }

    /* two flags for each of eight layers, the uppermost's left out */

    flags = wub_nal_bits(b, 16);

    for (i = 0; i < layers; i++, flags <<= 2) {
        wub_nal_skip(b, (flags & 0x8000) ? WUB_H265_PROFILE_BITS : 0);
        wub_nal_skip(b, (flags & 0x4000) ? WUB_H265_LEVEL_BITS : 0);
    }

    return vps;
}


wub_rc_t
wub_h265_form(wub_str_t sps, wub_video_form_t *ret)
{
    wub_rc_t            rc;
    uint32_t            chroma, depth;
    const uint8_t      *p;
    wub_nal_bits_t      b;
    wub_video_form_t    form;
    wub_h265_profile_t  profile;

    if (sps.len <= WUB_H265_HEADER) {
        return WUB_INVALID;
    }

    memset(&form, 0, sizeof(wub_video_form_t));

    p = (const uint8_t *) sps.data;
    wub_nal_init(&b, p + WUB_H265_HEADER, p + sps.len);

    (void) wub_h265_start(&b, &profile);
    (void) wub_nal_ue(&b);

    chroma = wub_nal_ue(&b);

    if (chroma == 3) {
        (void) wub_nal_bits(&b, 1);
    }

    form.codec = WUB_VIDEO_HEVC;
    form.width = wub_nal_ue(&b);
    form.height = wub_nal_ue(&b);

    if (b.failed || chroma > WUB_H265_CHROMA_MAX) {
        return WUB_INVALID;
    }

    form.chroma = (uint8_t) chroma;

    rc = wub_h265_window(&b, &form);
    if (rc != WUB_OK) {
        return rc;
    }

    depth = wub_nal_ue(&b);

    if (b.failed || depth > WUB_H265_DEPTH_MAX - 8) {
        return WUB_INVALID;
    }

    form.depth = (uint8_t) (depth + 8);

    *ret = form;

    return WUB_OK;
}


wub_rc_t
wub_h265_profile(wub_str_t sps, wub_h265_profile_t *ret)
{
    const uint8_t      *p;
    wub_nal_bits_t      b;
    wub_h265_profile_t  profile;

    if (sps.len <= WUB_H265_HEADER) {
        return WUB_INVALID;
    }

    p = (const uint8_t *) sps.data;
    wub_nal_init(&b, p + WUB_H265_HEADER, p + sps.len);

    (void) wub_h265_start(&b, &profile);

    if (b.failed) {
        return WUB_INVALID;
    }

    *ret = profile;

    return WUB_OK;
}


/* conformance_window_flag, and what is cut off the sides */
static wub_rc_t
wub_h265_window(wub_nal_bits_t *b, wub_video_form_t *form)
{
    uint64_t  x, y;

    if (form->width == 0 || form->width > WUB_H265_SIDE_MAX
        || form->height == 0 || form->height > WUB_H265_SIDE_MAX)
    {
        return WUB_INVALID;
    }

    if (wub_nal_bits(b, 1) == 0) {
        return WUB_OK;
    }

    x = wub_nal_ue(b);
    x += wub_nal_ue(b);
    y = wub_nal_ue(b);
    y += wub_nal_ue(b);

    /* in samples of chroma (7.4.3.2.1) */

    x *= (form->chroma == 1 || form->chroma == 2) ? 2 : 1;
    y *= (form->chroma == 1) ? 2 : 1;

    if (b->failed || x >= form->width || y >= form->height) {
        return WUB_INVALID;
    }

    form->width -= (uint32_t) x;
    form->height -= (uint32_t) y;

    return WUB_OK;
}
