
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_probe: what a master playlist says of a quality, from the first bytes
 * of one of its segments: the headers of MPEG-TS, H.264, HEVC and AAC in
 * ADTS.
 * Nothing is guessed: what the bytes do not tell is left out.
 * May call: wub_ts, wub_h264, wub_h265, wub_adts, wub_codec.
 * Frees: nothing; the arena is only worked in, the result points nowhere.
 */


#ifndef WUB_PROBE_H_INCLUDED_
#define WUB_PROBE_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"


/*
 * Of a segment: parameter sets, a first frame and some times as a rule; at
 * high rates the first sound may come late.
 */
#define WUB_PROBE_BYTES          ((size_t) 256 * 1024)
#define WUB_PROBE_BYTES_MAX      ((size_t) 2 * 1024 * 1024)

/* an arena of that size is enough for as many bytes */
#define WUB_PROBE_ARENA          ((size_t) 8 << 20)

#define WUB_PROBE_CODECS_MAX     64


typedef struct {
    uint32_t  width;            /* pixels, cropped; 0: not known */
    uint32_t  height;
    uint32_t  frame_rate;       /* thousandths, a second; 0: not known */
    bool      more;             /* a format may be told by bytes behind */
    uint8_t   codecs_len;
    char      codecs[WUB_PROBE_CODECS_MAX];
} wub_probe_t;


/*
 * Reads at most WUB_PROBE_BYTES_MAX of data.  WUB_DECLINED: not a transport
 * stream; ret is untouched then.  codecs is a list as RFC 6381 has it, video
 * first, empty unless it names every stream of picture and sound (RFC 8216
 * 4.3.4.2); AAC LC at 24 kHz or less may be HE-AAC, which its headers do
 * not tell.
 */
wub_rc_t wub_probe(wub_arena_t *arena, const uint8_t *data, size_t len,
    wub_probe_t *ret) WUB_MUST_CHECK;

static inline wub_str_t
wub_probe_codecs(const wub_probe_t *probe)
{
    return wub_str_n(probe->codecs, probe->codecs_len);
}


#endif /* WUB_PROBE_H_INCLUDED_ */
