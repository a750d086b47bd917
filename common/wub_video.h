
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_video: the form of a picture, whatever codec it is in.
 * May call: nothing.
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


/* true when packets of the two can lie in one stream */
bool wub_video_same(const wub_video_form_t *a, const wub_video_form_t *b);


#endif /* WUB_VIDEO_H_INCLUDED_ */
