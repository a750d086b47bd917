
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_codec: the names of codecs that playlists and media types have
 * (RFC 6381; ISO/IEC 14496-15, annex E), from what streams say of
 * themselves.
 * May call: wub_h265.
 * Frees: nothing.
 */


#ifndef WUB_CODEC_H_INCLUDED_
#define WUB_CODEC_H_INCLUDED_


#include "common/wub.h"


/* the longest is "hvc1.A31.FFFFFFFF.H255.FF.FF.FF.FF.FF.FF" */
#define WUB_CODEC_NAME_MAX       40


typedef struct {
    char    data[WUB_CODEC_NAME_MAX];
    size_t  len;
} wub_codec_name_t;


/*
 * From a sequence parameter set without start code that could be read;
 * false: it says too little, and the name is left as it was.
 */
bool wub_codec_h264(wub_codec_name_t *name, wub_str_t sps) WUB_MUST_CHECK;
bool wub_codec_hevc(wub_codec_name_t *name, wub_str_t sps) WUB_MUST_CHECK;

/* object: the type of AAC, 1 to 4 in ADTS */
void wub_codec_aac(wub_codec_name_t *name, uint8_t object);


#endif /* WUB_CODEC_H_INCLUDED_ */
