
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_video: what is to be known of video, whatever its codec: the form of
 * a picture, an access unit, a parameter set.
 * May call: wub_nal.
 * Frees: nothing.
 */


#ifndef WUB_VIDEO_H_INCLUDED_
#define WUB_VIDEO_H_INCLUDED_


#include "common/wub.h"


typedef enum {
    WUB_VIDEO_H264 = 0,
    WUB_VIDEO_HEVC
} wub_video_codec_e;

/* what a sequence parameter set says of the picture */
typedef struct {
    wub_video_codec_e  codec;
    uint32_t           width;           /* luma samples, cropped */
    uint32_t           height;
    uint8_t            chroma;          /* chroma_format_idc: 1 is 4:2:0 */
    uint8_t            depth;           /* bits of luma */
    bool               interlaced;      /* fields are possible */
} wub_video_form_t;


/*
 * A parameter set, its NAL unit without start code; kinds are in the order
 * in which sets refer to each other.
 */
typedef enum {
    WUB_VIDEO_VPS = 0,
    WUB_VIDEO_SPS,
    WUB_VIDEO_PPS
} wub_video_kind_e;

typedef struct {
    wub_video_kind_e   kind;
    uint32_t           id;
    uint32_t           parent;          /* the set of the kind before that
                                           that it refers to */
    wub_str_t          bytes;
} wub_video_set_t;

/* more in one access unit are not looked at */
#define WUB_VIDEO_SETS_MAX       32

/* an access unit, as far as it must be known to cut or to describe it */
typedef struct {
    uint32_t           pictures;        /* slices that begin a picture */
    size_t             lead;            /* the access unit delimiter in
                                           front, with all before it; 0:
                                           there is none */
    bool               closed;          /* decoding can begin here, and
                                           nothing behind refers to what
                                           lies before */
    bool               open;            /* it can, but what is shown before
                                           may refer to what lies before */
    bool               refresh;         /* it can, but the picture is whole
                                           only some pictures later */
    bool               broken;          /* open, and what lies before is not
                                           there */
    bool               wrong;           /* its header says that it refers to
                                           nothing, its slices do */
    bool               ended;           /* the sequence ends behind it */
    uint32_t           pps;             /* id its first slice refers to */
    wub_str_t          slice;           /* that slice; may be empty */
    wub_str_t          form;            /* the first SPS; may be empty */
    size_t             nsets;
    wub_video_set_t    sets[WUB_VIDEO_SETS_MAX];
} wub_video_unit_t;


/*
 * The next of the unit's sets, not counted yet: the NAL unit at nal, which
 * ends before end, its ids to be read; NULL when there is no room.
 */
wub_video_set_t *wub_video_set(wub_video_unit_t *unit,
    wub_video_kind_e kind, const uint8_t *nal, const uint8_t *end);

/* true when packets of the two can lie in one stream */
bool wub_video_same(const wub_video_form_t *a, const wub_video_form_t *b);


#endif /* WUB_VIDEO_H_INCLUDED_ */
