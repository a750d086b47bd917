
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_nal: what the byte streams of H.264 and H.265 share (annex B of
 * both): NAL units between start codes, and the bits within one.
 * May call: nothing.
 * Frees: nothing.
 */


#ifndef WUB_NAL_H_INCLUDED_
#define WUB_NAL_H_INCLUDED_


#include "common/wub.h"


/* bytes of a start code, a zero byte in front of it left out */
#define WUB_NAL_START_LEN        3


/* reads bits of a NAL unit, past its emulation prevention bytes */
typedef struct {
    const uint8_t  *pos;
    const uint8_t  *end;
    uint32_t        zeros;      /* zero bytes just read */
    uint32_t        left;       /* bits left in byte */
    uint8_t         byte;
    bool            failed;     /* read past the end; sticky */
} wub_nal_bits_t;


/* the next start code, or end */
const uint8_t *wub_nal_start(const uint8_t *p, const uint8_t *end);

/* the end of the unit that begins at nal, zero bytes behind it left out */
const uint8_t *wub_nal_end(const uint8_t *nal, const uint8_t *end);

void wub_nal_init(wub_nal_bits_t *b, const uint8_t *nal, const uint8_t *end);

/* n bits, at most 32; 0 past the end */
uint32_t wub_nal_bits(wub_nal_bits_t *b, uint32_t n);

/* the same, thrown away; n may be any */
void wub_nal_skip(wub_nal_bits_t *b, uint32_t n);

/* ue(v), never UINT32_MAX, and se(v) (H.264 9.1) */
uint32_t wub_nal_ue(wub_nal_bits_t *b);
int32_t wub_nal_se(wub_nal_bits_t *b);

/*
 * Goes through the messages of a SEI unit, b behind its header, to the
 * next one of that type (H.264 and H.265 7.3.2.3); false: there is none.
 */
bool wub_nal_sei(wub_nal_bits_t *b, uint32_t type);


#endif /* WUB_NAL_H_INCLUDED_ */
