
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_h265: as much of H.265's byte stream (ITU-T H.265, 7.3 and annex B)
 * as a cut must know of an access unit: where decoding can begin, what it
 * carries along, and the form of the picture.  Of several layers the base
 * counts.
 * May call: wub_nal.
 * Frees: nothing; results point into the caller's bytes.
 */


#ifndef WUB_H265_H_INCLUDED_
#define WUB_H265_H_INCLUDED_


#include "common/wub_video.h"


/* profile_tier_level() of a sequence parameter set (7.3.3) */
typedef struct {
    uint8_t   space;
    uint8_t   idc;
    bool      high;             /* general_tier_flag */
    uint8_t   level;            /* thirty times its number */
    uint32_t  compatible;       /* flags, that of profile 0 uppermost */
    uint8_t   constraints[6];   /* flags, from general_progressive_source */
} wub_h265_profile_t;


/*
 * Looks through one access unit with start codes.  Decoding can begin with
 * an IDR picture (closed), with CRA and BLA (open), of which BLA says that
 * what lay before is not there (broken).
 */
void wub_h265_unit(const uint8_t *data, size_t len, wub_video_unit_t *ret);

/* reads unit.form; WUB_INVALID when it is broken or beyond the standard */
wub_rc_t wub_h265_form(wub_str_t sps, wub_video_form_t *ret) WUB_MUST_CHECK;

/* the same of its profile and level */
wub_rc_t wub_h265_profile(wub_str_t sps, wub_h265_profile_t *ret)
    WUB_MUST_CHECK;


#endif /* WUB_H265_H_INCLUDED_ */
