
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_h264.h"


/* nal_unit_type (table 7-1) */
#define WUB_H264_SLICE           1
#define WUB_H264_PARTITION       2
#define WUB_H264_IDR             5
#define WUB_H264_SPS             7
#define WUB_H264_PPS             8
#define WUB_H264_DELIMITER       9

#define WUB_H264_START_LEN       3

/* of what levels allow (table A-1): 139264 macroblocks, sides of 8 times */
#define WUB_H264_MBS_MAX         1055
#define WUB_H264_DEPTH_MAX       14
#define WUB_H264_CHROMA_MAX      3
#define WUB_H264_POC_CYCLE_MAX   255

/* aspect_ratio_idc with a ratio of its own (table E-1) */
#define WUB_H264_SAR_EXTENDED    255


/* reads bits of a NAL unit, past its emulation prevention bytes (7.3.1) */
typedef struct {
    const uint8_t  *pos;
    const uint8_t  *end;
    uint32_t        zeros;      /* zero bytes just read */
    uint32_t        left;       /* bits left in byte */
    uint8_t         byte;
    bool            failed;     /* read past the end; sticky */
} wub_h264_bits_t;


static const uint8_t *wub_h264_start(const uint8_t *p, const uint8_t *end);
static void wub_h264_nal(const uint8_t *nal, const uint8_t *end,
    wub_h264_unit_t *unit);
static uint32_t wub_h264_bits(wub_h264_bits_t *b, uint32_t n);
static uint32_t wub_h264_ue(wub_h264_bits_t *b);
static int32_t wub_h264_se(wub_h264_bits_t *b);
static void wub_h264_high(wub_h264_bits_t *b, wub_video_form_t *form);
static void wub_h264_matrix(wub_h264_bits_t *b, uint32_t size);
static void wub_h264_order(wub_h264_bits_t *b);
static wub_rc_t wub_h264_read(wub_h264_bits_t *b, wub_str_t sps,
    wub_video_form_t *form);
static wub_rc_t wub_h264_size(wub_h264_bits_t *b, wub_video_form_t *form);
static wub_rc_t wub_h264_crop(wub_h264_bits_t *b, wub_video_form_t *form);


/* profiles whose parameter sets carry the fields of 7.3.2.1.1 */
static const uint8_t  wub_h264_high_profiles[] = {
    100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135
};


void
wub_h264_unit(const uint8_t *data, size_t len, wub_h264_unit_t *ret)
{
    const uint8_t  *p, *nal, *next, *end, *first;
    uint8_t         type;

    memset(ret, 0, sizeof(wub_h264_unit_t));

    end = data + len;
    first = NULL;

    for (p = wub_h264_start(data, end); p < end; p = next) {
        nal = p + WUB_H264_START_LEN;
        next = wub_h264_start(nal, end);

        if (nal == end) {
            break;
        }

        wub_h264_nal(nal, next, ret);

        type = *nal & 0x1f;

        if (type == WUB_H264_DELIMITER && ret->lead == 0) {
            ret->lead = (size_t) (next - data);
        }

        if (type == WUB_H264_SPS || type == WUB_H264_PPS) {
            first = (first == NULL) ? p : first;
            ret->sets = wub_str_n((const char *) first,
                                  (size_t) (next - first));
        }
    }
}


/* the next start code, or end */
static const uint8_t *
wub_h264_start(const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *one;

    /* most bytes are of slices, through which memchr() runs fastest */

    while (end - p >= WUB_H264_START_LEN) {
        one = memchr(p + 2, 1, (size_t) (end - p) - 2);

        if (one == NULL) {
            break;
        }

        if (one[-1] == 0 && one[-2] == 0) {
            return one - 2;
        }

        p = one - 1;
    }

    return end;
}


static void
wub_h264_nal(const uint8_t *nal, const uint8_t *end, wub_h264_unit_t *unit)
{
    switch (*nal & 0x1f) {

    case WUB_H264_IDR:
    case WUB_H264_SLICE:
    case WUB_H264_PARTITION:

        /* first_mb_in_slice is ue(v): 0 is a single bit that is set */

        unit->pictures += (end - nal > 1 && (nal[1] & 0x80) != 0);
        unit->idr = unit->idr || (*nal & 0x1f) == WUB_H264_IDR;
        break;

    case WUB_H264_SPS:
        if (!unit->sps) {
            unit->form = wub_str_n((const char *) nal, (size_t) (end - nal));
        }

        unit->sps = true;
        break;

    case WUB_H264_PPS:
        unit->pps = true;
        break;

    default:
        break;
    }
}


wub_rc_t
wub_h264_form(wub_str_t sps, wub_video_form_t *ret)
{
    wub_rc_t          rc;
    wub_h264_bits_t   b;
    wub_video_form_t  form;

    rc = wub_h264_read(&b, sps, &form);
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
    wub_h264_bits_t    b;
    wub_video_form_t   form;
    wub_h264_timing_t  timing;

    rc = wub_h264_read(&b, sps, &form);
    if (rc != WUB_OK) {
        return rc;
    }

    /* vui_parameters_present_flag; what lies before the times (E.1.1) */

    if (wub_h264_bits(&b, 1) == 0) {
        return b.failed ? WUB_INVALID : WUB_DECLINED;
    }

    if (wub_h264_bits(&b, 1) && wub_h264_bits(&b, 8) == WUB_H264_SAR_EXTENDED)
    {
        (void) wub_h264_bits(&b, 32);
    }

    if (wub_h264_bits(&b, 1)) {
        (void) wub_h264_bits(&b, 1);
    }

    if (wub_h264_bits(&b, 1)) {
        (void) wub_h264_bits(&b, 4);

        if (wub_h264_bits(&b, 1)) {
            (void) wub_h264_bits(&b, 24);
        }
    }

    if (wub_h264_bits(&b, 1)) {
        (void) wub_h264_ue(&b);
        (void) wub_h264_ue(&b);
    }

    if (wub_h264_bits(&b, 1) == 0) {
        return b.failed ? WUB_INVALID : WUB_DECLINED;
    }

    timing.units = wub_h264_bits(&b, 32);
    timing.scale = wub_h264_bits(&b, 32);
    timing.fixed = wub_h264_bits(&b, 1) == 1;

    if (b.failed || timing.units == 0 || timing.scale == 0) {
        return WUB_INVALID;
    }

    *ret = timing;

    return WUB_OK;
}


/* as far as the picture's size; b stands behind it */
static wub_rc_t
wub_h264_read(wub_h264_bits_t *b, wub_str_t sps, wub_video_form_t *form)
{
    size_t    i;
    uint32_t  profile;

    memset(b, 0, sizeof(wub_h264_bits_t));
    memset(form, 0, sizeof(wub_video_form_t));
    form->codec = WUB_VIDEO_H264;

    b->pos = (const uint8_t *) sps.data;
    b->end = b->pos + sps.len;

    (void) wub_h264_bits(b, 8);
    profile = wub_h264_bits(b, 8);

    /* constraints and level */

    (void) wub_h264_bits(b, 16);
    (void) wub_h264_ue(b);

    form->chroma = 1;
    form->depth = 8;

    for (i = 0; i < sizeof(wub_h264_high_profiles); i++) {
        if (profile == wub_h264_high_profiles[i]) {
            wub_h264_high(b, form);
            break;
        }
    }

    (void) wub_h264_ue(b);
    wub_h264_order(b);

    /* max_num_ref_frames, gaps_in_frame_num_value_allowed_flag */

    (void) wub_h264_ue(b);
    (void) wub_h264_bits(b, 1);

    return wub_h264_size(b, form);
}


static void
wub_h264_high(wub_h264_bits_t *b, wub_video_form_t *form)
{
    uint32_t  i, n, chroma, depth;

    chroma = wub_h264_ue(b);

    if (chroma == 3) {
        (void) wub_h264_bits(b, 1);
    }

    depth = wub_h264_ue(b);
    (void) wub_h264_ue(b);
    (void) wub_h264_bits(b, 1);

    if (chroma > WUB_H264_CHROMA_MAX || depth > WUB_H264_DEPTH_MAX - 8) {
        b->failed = true;
        return;
    }

    form->chroma = (uint8_t) chroma;
    form->depth = (uint8_t) (depth + 8);

    if (wub_h264_bits(b, 1) == 0) {
        return;
    }

    n = (chroma == 3) ? 12 : 8;

    for (i = 0; i < n; i++) {
        if (wub_h264_bits(b, 1)) {
            wub_h264_matrix(b, (i < 6) ? 16 : 64);
        }
    }
}


/* scaling_list() of 7.3.2.1.1.1 */
static void
wub_h264_matrix(wub_h264_bits_t *b, uint32_t size)
{
    uint32_t  i, last, next;

    last = 8;
    next = 8;

    for (i = 0; i < size && next != 0 && !b->failed; i++) {
        next = (last + (uint32_t) wub_h264_se(b)) & 0xff;
        last = (next == 0) ? last : next;
    }
}


/* the picture order count, which no one here needs */
static void
wub_h264_order(wub_h264_bits_t *b)
{
    uint32_t  n, type;

    type = wub_h264_ue(b);

    if (type == 0) {
        (void) wub_h264_ue(b);
        return;
    }

    if (type != 1) {
        b->failed = b->failed || type != 2;
        return;
    }

    (void) wub_h264_bits(b, 1);
    (void) wub_h264_se(b);
    (void) wub_h264_se(b);

    n = wub_h264_ue(b);
    if (n > WUB_H264_POC_CYCLE_MAX) {
        b->failed = true;
        return;
    }

    while (n > 0) {
        (void) wub_h264_se(b);
        n--;
    }
}


static wub_rc_t
wub_h264_size(wub_h264_bits_t *b, wub_video_form_t *form)
{
    uint32_t  width, height;

    width = wub_h264_ue(b);
    height = wub_h264_ue(b);

    form->interlaced = wub_h264_bits(b, 1) == 0;

    if (form->interlaced) {
        (void) wub_h264_bits(b, 1);
    }

    /* direct_8x8_inference_flag */

    (void) wub_h264_bits(b, 1);

    if (b->failed || width >= WUB_H264_MBS_MAX || height >= WUB_H264_MBS_MAX)
    {
        return WUB_INVALID;
    }

    form->width = (width + 1) * 16;
    form->height = (height + 1) * 16 * (form->interlaced ? 2 : 1);

    return wub_h264_crop(b, form);
}


static wub_rc_t
wub_h264_crop(wub_h264_bits_t *b, wub_video_form_t *form)
{
    uint64_t  x, y;

    if (wub_h264_bits(b, 1) == 0) {
        return b->failed ? WUB_INVALID : WUB_OK;
    }

    x = wub_h264_ue(b);
    x += wub_h264_ue(b);
    y = wub_h264_ue(b);
    y += wub_h264_ue(b);

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


/* n bits, at most 32; 0 past the end */
static uint32_t
wub_h264_bits(wub_h264_bits_t *b, uint32_t n)
{
    uint32_t  value;

    value = 0;

    while (n > 0) {

        if (b->left == 0) {

            if (b->zeros >= 2 && b->pos < b->end && *b->pos == 3) {
                b->pos++;
                b->zeros = 0;
            }

            if (b->pos >= b->end) {
                b->failed = true;
                return 0;
            }

            b->byte = *b->pos++;
            b->zeros = (b->byte == 0) ? b->zeros + 1 : 0;
            b->left = 8;
        }

        b->left--;
        value = value << 1 | ((uint32_t) b->byte >> b->left & 1);
        n--;
    }

    return value;
}


/* ue(v) of 9.1; UINT32_MAX is never a value */
static uint32_t
wub_h264_ue(wub_h264_bits_t *b)
{
    uint32_t  n;

    n = 0;

    while (wub_h264_bits(b, 1) == 0) {
        if (b->failed || ++n == 32) {
            b->failed = true;
            return 0;
        }
    }

    return (uint32_t) ((UINT64_C(1) << n) - 1) + wub_h264_bits(b, n);
}


static int32_t
wub_h264_se(wub_h264_bits_t *b)
{
    uint32_t  ue;

    ue = wub_h264_ue(b);

    return (ue & 1) ? (int32_t) (ue / 2 + 1) : -(int32_t) (ue / 2);
}
