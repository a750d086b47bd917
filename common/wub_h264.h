
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_h264: as much of H.264's byte stream (ITU-T H.264, 7.3 and annex B)
 * as a cut or a playlist must know of an access unit: where decoding can
 * begin, what it carries along, the form of the picture and its rate.
 * May call: nothing.
 * Frees: nothing; results point into the caller's bytes.
 */


#ifndef WUB_H264_H_INCLUDED_
#define WUB_H264_H_INCLUDED_


#include "common/wub_video.h"


/* its timing information (E.2.1): a frame lasts two ticks */
typedef struct {
    uint32_t  units;            /* num_units_in_tick, not 0 */
    uint32_t  scale;            /* units in a second, not 0 */
    bool      fixed;            /* each frame lasts as long */
} wub_h264_timing_t;


/*
 * Looks through one access unit with start codes.  Decoding can begin with
 * an IDR picture (closed), a recovery point of no frames, or a picture of I
 * slices with its parameter sets (open).  Of other slices, and without a
 * parameter set, an IDR picture is none.
 */
void wub_h264_unit(const uint8_t *data, size_t len, wub_video_unit_t *ret);

/* reads unit.form; WUB_INVALID when it is broken or beyond the standard */
wub_rc_t wub_h264_form(wub_str_t sps, wub_video_form_t *ret) WUB_MUST_CHECK;

/* the same of its timing; WUB_DECLINED: it carries none */
wub_rc_t wub_h264_timing(wub_str_t sps, wub_h264_timing_t *ret)
    WUB_MUST_CHECK;

/* true when unit.slice, whose SPS is given, is of a field, not a frame */
bool wub_h264_field(wub_str_t slice, wub_str_t sps);

/* true when both are of fields, and these make a frame */
bool wub_h264_pair(wub_str_t first, wub_str_t second, wub_str_t sps);


#endif /* WUB_H264_H_INCLUDED_ */
