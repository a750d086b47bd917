
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_h264.h"
#include "common/wub_nal.h"


/* nal_unit_type (table 7-1) */
#define WUB_H264_SLICE           1
#define WUB_H264_PARTITION       2
#define WUB_H264_IDR             5
#define WUB_H264_SEI             6
#define WUB_H264_SPS             7
#define WUB_H264_PPS             8
#define WUB_H264_DELIMITER       9
#define WUB_H264_END             10

/* slice_type (table 7-6), which counts twice over */
#define WUB_H264_SLICE_TYPES     5
#define WUB_H264_SLICE_I         2
#define WUB_H264_SLICE_SI        4

#define WUB_H264_SEI_RECOVERY    6

#define WUB_H264_SPS_MAX         31
#define WUB_H264_PPS_MAX         255
#define WUB_H264_FRAME_NUM_MAX   16

/* of what levels allow (table A-1): 139264 macroblocks, sides of 8 times */
#define WUB_H264_MBS_MAX         1055
#define WUB_H264_DEPTH_MAX       14
#define WUB_H264_CHROMA_MAX      3
#define WUB_H264_POC_CYCLE_MAX   255

/* aspect_ratio_idc with a ratio of its own (table E-1) */
#define WUB_H264_SAR_EXTENDED    255


/* what is seen of an access unit on the way */
typedef struct {
    bool      slices;
    bool      inter;            /* a slice other than I, or broken */
    bool      refers;           /* one that is not broken */
    bool      idr;
    bool      sps;
    bool      pps;
    bool      point;            /* a recovery point of no frames */
    bool      refresh;          /* one of some frames */
    bool      broken;           /* its broken_link_flag */
} wub_h264_look_t;

/* what of an SPS its slices depend on */
typedef struct {
    bool      planes;           /* separate_colour_plane_flag */
    uint32_t  frame_num;        /* bits */
} wub_h264_sps_t;

/* what of a slice tells its picture from the next one */
typedef struct {
    uint32_t  frame_num;
    bool      field;
    bool      bottom;
} wub_h264_picture_t;


static void wub_h264_nal(const uint8_t *nal, const uint8_t *end,
    wub_h264_look_t *look, wub_video_unit_t *unit);
static void wub_h264_slice(const uint8_t *nal, const uint8_t *end,
    wub_h264_look_t *look, wub_video_unit_t *unit);
static void wub_h264_recovery(const uint8_t *nal, const uint8_t *end,
    wub_h264_look_t *look);
static void wub_h264_set(const uint8_t *nal, const uint8_t *end,
    wub_video_kind_e kind, wub_video_unit_t *unit);
static void wub_h264_picture(wub_str_t slice, wub_str_t sps,
    wub_h264_picture_t *ret);
static void wub_h264_high(wub_nal_bits_t *b, wub_h264_sps_t *s,
    wub_video_form_t *form);
static void wub_h264_matrix(wub_nal_bits_t *b, uint32_t size);
static void wub_h264_order(wub_nal_bits_t *b);
static wub_rc_t wub_h264_read(wub_nal_bits_t *b, wub_str_t sps,
    wub_h264_sps_t *s, wub_video_form_t *form);
static wub_rc_t wub_h264_size(wub_nal_bits_t *b, wub_video_form_t *form);
static wub_rc_t wub_h264_crop(wub_nal_bits_t *b, wub_video_form_t *form);


/* profiles whose parameter sets carry the fields of 7.3.2.1.1 */
static const uint8_t  wub_h264_high_profiles[] = {
    100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135
};


void
wub_h264_unit(const uint8_t *data, size_t len, wub_video_unit_t *ret)
{
    const uint8_t    *p, *nal, *next, *end;
    wub_h264_look_t   look;

    memset(ret, 0, offsetof(wub_video_unit_t, sets));
    memset(&look, 0, sizeof(wub_h264_look_t));

    end = data + len;

    for (p = wub_nal_start(data, end); p < end; p = next) {
        nal = p + WUB_NAL_START_LEN;
        next = wub_nal_start(nal, end);

        if (nal == end) {
            break;
        }

        if ((*nal & 0x1f) == WUB_H264_DELIMITER && ret->lead == 0) {
            ret->lead = (size_t) (next - data);
        }

        wub_h264_nal(nal, next, &look, ret);
    }

    ret->wrong = look.idr && look.refers && !look.sps;
    ret->closed = look.idr && !ret->wrong;
    ret->open = !ret->closed
                && (look.point
                    || (look.slices && !look.inter && look.sps && look.pps));
    ret->refresh = !ret->closed && !ret->open && look.refresh;
    ret->broken = ret->open && look.broken;
}


static void
wub_h264_nal(const uint8_t *nal, const uint8_t *end, wub_h264_look_t *look,
    wub_video_unit_t *unit)
{
    switch (*nal & 0x1f) {

    case WUB_H264_IDR:
    case WUB_H264_SLICE:
    case WUB_H264_PARTITION:
        look->idr = look->idr || (*nal & 0x1f) == WUB_H264_IDR;
        wub_h264_slice(nal, end, look, unit);
        break;

    case WUB_H264_SEI:
        wub_h264_recovery(nal, end, look);
        break;

    case WUB_H264_SPS:
        look->sps = true;

        if (unit->form.len == 0) {
            unit->form = wub_str_n((const char *) nal, (size_t) (end - nal));
        }

        wub_h264_set(nal, end, WUB_VIDEO_SPS, unit);
        break;

    case WUB_H264_PPS:
        look->pps = true;
        wub_h264_set(nal, end, WUB_VIDEO_PPS, unit);
        break;

    case WUB_H264_END:
        unit->ended = true;
        break;

    default:
        break;
    }
}


static void
wub_h264_slice(const uint8_t *nal, const uint8_t *end, wub_h264_look_t *look,
    wub_video_unit_t *unit)
{
    bool            inter;
    uint32_t        type, pps;
    wub_nal_bits_t  b;

    /* first_mb_in_slice is ue(v): 0 is a single bit that is set */

    unit->pictures += (end - nal > 1 && (nal[1] & 0x80) != 0);

    wub_nal_init(&b, nal + 1, end);

    (void) wub_nal_ue(&b);
    type = wub_nal_ue(&b) % WUB_H264_SLICE_TYPES;
    pps = wub_nal_ue(&b);

    inter = (type != WUB_H264_SLICE_I && type != WUB_H264_SLICE_SI);

    look->inter = look->inter || inter || b.failed;
    look->refers = look->refers || (inter && !b.failed);

    if (!look->slices) {
        look->slices = true;
        unit->pps = pps;
        unit->slice = wub_str_n((const char *) nal, (size_t) (end - nal));
    }
}


/* D.1.8 */
static void
wub_h264_recovery(const uint8_t *nal, const uint8_t *end,
    wub_h264_look_t *look)
{
    uint32_t        frames;
    wub_nal_bits_t  b;

    wub_nal_init(&b, nal + 1, end);

    if (!wub_nal_sei(&b, WUB_H264_SEI_RECOVERY)) {
        return;
    }

    frames = wub_nal_ue(&b);
    (void) wub_nal_bits(&b, 1);
    look->broken = wub_nal_bits(&b, 1) == 1;

    look->point = !b.failed && frames == 0;
    look->refresh = !b.failed && frames != 0;
}


/* the ids; one beyond the standard's is nobody's */
static void
wub_h264_set(const uint8_t *nal, const uint8_t *end, wub_video_kind_e kind,
    wub_video_unit_t *unit)
{
    wub_nal_bits_t    b;
    wub_video_set_t  *set;

    set = wub_video_set(unit, kind, nal, end);
    if (set == NULL) {
        return;
    }

    wub_nal_init(&b, nal + 1, nal + set->bytes.len);

    if (kind == WUB_VIDEO_SPS) {

        /* profile, constraints, level */

        wub_nal_skip(&b, 24);
        set->id = wub_nal_ue(&b);

    } else {
        set->id = wub_nal_ue(&b);
        set->parent = wub_nal_ue(&b);
    }

    unit->nsets += !b.failed
                   && set->id <= (kind == WUB_VIDEO_SPS ? WUB_H264_SPS_MAX
                                                        : WUB_H264_PPS_MAX);
}


bool
wub_h264_field(wub_str_t slice, wub_str_t sps)
{
    wub_h264_picture_t  picture;

    wub_h264_picture(slice, sps, &picture);

    return picture.field;
}


bool
wub_h264_pair(wub_str_t first, wub_str_t second, wub_str_t sps)
{
    wub_h264_picture_t  a, b;

    wub_h264_picture(first, sps, &a);
    wub_h264_picture(second, sps, &b);

    return a.field && b.field && a.bottom != b.bottom
           && a.frame_num == b.frame_num;
}


wub_rc_t
wub_h264_form(wub_str_t sps, wub_video_form_t *ret)
{
    wub_rc_t          rc;
    wub_nal_bits_t    b;
    wub_h264_sps_t    s;
    wub_video_form_t  form;

    rc = wub_h264_read(&b, sps, &s, &form);
    if (rc != WUB_OK) {
        return rc;
    }

    *ret = form;

    return WUB_OK;
}


wub_rc_t
wub_h264_timing(wub_str_t sps, wub_h264_timing_t *ret)
{
    wub_rc_t           rc;
    wub_nal_bits_t     b;
    wub_h264_sps_t     s;
    wub_video_form_t   form;
    wub_h264_timing_t  timing;

    rc = wub_h264_read(&b, sps, &s, &form);
    if (rc != WUB_OK) {
        return rc;
    }

    /* vui_parameters_present_flag; what lies before the times (E.1.1) */

    if (wub_nal_bits(&b, 1) == 0) {
        return b.failed ? WUB_INVALID : WUB_DECLINED;
    }

    if (wub_nal_bits(&b, 1) && wub_nal_bits(&b, 8) == WUB_H264_SAR_EXTENDED)
    {
        (void) wub_nal_bits(&b, 32);
    }

    if (wub_nal_bits(&b, 1)) {
        (void) wub_nal_bits(&b, 1);
    }

    if (wub_nal_bits(&b, 1)) {
        (void) wub_nal_bits(&b, 4);

        if (wub_nal_bits(&b, 1)) {
            (void) wub_nal_bits(&b, 24);
        }
    }

    if (wub_nal_bits(&b, 1)) {
        (void) wub_nal_ue(&b);
        (void) wub_nal_ue(&b);
    }

    if (wub_nal_bits(&b, 1) == 0) {
        return b.failed ? WUB_INVALID : WUB_DECLINED;
    }

    timing.units = wub_nal_bits(&b, 32);
    timing.scale = wub_nal_bits(&b, 32);
    timing.fixed = wub_nal_bits(&b, 1) == 1;

    if (b.failed || timing.units == 0 || timing.scale == 0) {
        return WUB_INVALID;
    }

    *ret = timing;

    return WUB_OK;
}


/* of a broken one, and where there are no fields, that of a frame */
static void
wub_h264_picture(wub_str_t slice, wub_str_t sps, wub_h264_picture_t *ret)
{
    wub_nal_bits_t    b;
    wub_h264_sps_t    s;
    wub_video_form_t  form;

    memset(ret, 0, sizeof(wub_h264_picture_t));

    if (slice.len == 0 || wub_h264_read(&b, sps, &s, &form) != WUB_OK
        || !form.interlaced)
    {
        return;
    }

    wub_nal_init(&b, (const uint8_t *) slice.data + 1,
                 (const uint8_t *) slice.data + slice.len);

    /* 7.3.3, up to bottom_field_flag */

    (void) wub_nal_ue(&b);
    (void) wub_nal_ue(&b);
    (void) wub_nal_ue(&b);
    wub_nal_skip(&b, s.planes ? 2 : 0);

    ret->frame_num = wub_nal_bits(&b, s.frame_num);
    ret->field = wub_nal_bits(&b, 1) == 1;
    ret->bottom = ret->field && wub_nal_bits(&b, 1) == 1;
}


/* as far as the picture's size; b stands behind it */
static wub_rc_t
wub_h264_read(wub_nal_bits_t *b, wub_str_t sps, wub_h264_sps_t *s,
    wub_video_form_t *form)
{
    size_t    i;
    uint32_t  profile;

    memset(s, 0, sizeof(wub_h264_sps_t));
    memset(form, 0, sizeof(wub_video_form_t));
    form->codec = WUB_VIDEO_H264;

    wub_nal_init(b, (const uint8_t *) sps.data,
                 (const uint8_t *) sps.data + sps.len);

    (void) wub_nal_bits(b, 8);
    profile = wub_nal_bits(b, 8);

    /* constraints and level */

    (void) wub_nal_bits(b, 16);
    (void) wub_nal_ue(b);

    form->chroma = 1;
    form->depth = 8;

    for (i = 0; i < sizeof(wub_h264_high_profiles); i++) {
        if (profile == wub_h264_high_profiles[i]) {
            wub_h264_high(b, s, form);
            break;
        }
    }

    s->frame_num = wub_nal_ue(b) + 4;

    if (s->frame_num > WUB_H264_FRAME_NUM_MAX) {
        return WUB_INVALID;
    }

    wub_h264_order(b);

    /* max_num_ref_frames, gaps_in_frame_num_value_allowed_flag */

    (void) wub_nal_ue(b);
    (void) wub_nal_bits(b, 1);

    return wub_h264_size(b, form);
}


static void
wub_h264_high(wub_nal_bits_t *b, wub_h264_sps_t *s, wub_video_form_t *form)
{
    uint32_t  i, n, chroma, depth;

    chroma = wub_nal_ue(b);

    if (chroma == 3) {
        s->planes = wub_nal_bits(b, 1) == 1;
    }

    depth = wub_nal_ue(b);
    (void) wub_nal_ue(b);
    (void) wub_nal_bits(b, 1);

    if (chroma > WUB_H264_CHROMA_MAX || depth > WUB_H264_DEPTH_MAX - 8) {
        b->failed = true;
        return;
    }

    form->chroma = (uint8_t) chroma;
    form->depth = (uint8_t) (depth + 8);

    if (wub_nal_bits(b, 1) == 0) {
        return;
    }

    n = (chroma == 3) ? 12 : 8;

    for (i = 0; i < n; i++) {
        if (wub_nal_bits(b, 1)) {
            wub_h264_matrix(b, (i < 6) ? 16 : 64);
        }
    }
}


/* scaling_list() of 7.3.2.1.1.1 */
static void
wub_h264_matrix(wub_nal_bits_t *b, uint32_t size)
{
    uint32_t  i, last, next;

    last = 8;
    next = 8;

    for (i = 0; i < size && next != 0 && !b->failed; i++) {
        next = (last + (uint32_t) wub_nal_se(b)) & 0xff;
        last = (next == 0) ? last : next;
    }
}


/* the picture order count, which no one here needs */
static void
wub_h264_order(wub_nal_bits_t *b)
{
    uint32_t  n, type;

    type = wub_nal_ue(b);

    if (type == 0) {
        (void) wub_nal_ue(b);
        return;
    }

    if (type != 1) {
        b->failed = b->failed || type != 2;
        return;
    }

    (void) wub_nal_bits(b, 1);
    (void) wub_nal_se(b);
    (void) wub_nal_se(b);

    n = wub_nal_ue(b);
    if (n > WUB_H264_POC_CYCLE_MAX) {
        b->failed = true;
        return;
    }

    while (n > 0) {
        (void) wub_nal_se(b);
        n--;
    }
}


static wub_rc_t
wub_h264_size(wub_nal_bits_t *b, wub_video_form_t *form)
{
    uint32_t  width, height;

    width = wub_nal_ue(b);
    height = wub_nal_ue(b);

    form->interlaced = wub_nal_bits(b, 1) == 0;

    if (form->interlaced) {
        (void) wub_nal_bits(b, 1);
    }

    /* direct_8x8_inference_flag */

    (void) wub_nal_bits(b, 1);

    if (b->failed || width >= WUB_H264_MBS_MAX || height >= WUB_H264_MBS_MAX)
    {
        return WUB_INVALID;
    }

    form->width = (width + 1) * 16;
    form->height = (height + 1) * 16 * (form->interlaced ? 2 : 1);

    return wub_h264_crop(b, form);
}


static wub_rc_t
wub_h264_crop(wub_nal_bits_t *b, wub_video_form_t *form)
{
    uint64_t  x, y;

    if (wub_nal_bits(b, 1) == 0) {
        return b->failed ? WUB_INVALID : WUB_OK;
    }

    x = wub_nal_ue(b);
    x += wub_nal_ue(b);
    y = wub_nal_ue(b);
    y += wub_nal_ue(b);

    /* in chroma samples, and rows of a field (equations 7-19 to 7-22) */

    x *= (form->chroma == 1 || form->chroma == 2) ? 2 : 1;
    y *= (form->chroma == 1) ? 2 : 1;
    y *= form->interlaced ? 2 : 1;

    if (b->failed || x >= form->width || y >= form->height) {
        return WUB_INVALID;
    }

    form->width -= (uint32_t) x;
    form->height -= (uint32_t) y;

    return WUB_OK;
}
