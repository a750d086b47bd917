
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_adts: AAC frames in ADTS (ISO/IEC 14496-3, 1.A.2.2): one header.
 * May call: nothing.
 * Frees: nothing.
 */


#ifndef WUB_ADTS_H_INCLUDED_
#define WUB_ADTS_H_INCLUDED_


#include "common/wub.h"


/* bytes of a header without a checksum */
#define WUB_ADTS_HEAD            7

/* of a frame, header and all: its length has 13 bits */
#define WUB_ADTS_MAX             0x1fff


typedef struct {
    size_t    len;              /* bytes, header and all */
    uint32_t  rate;             /* Hz, as sent; SBR may double it */
    uint32_t  samples;          /* at that rate */
    uint8_t   channels;         /* channel_configuration: 0 is in band */
    uint8_t   object;           /* audio object type: 2 is AAC LC */
} wub_adts_t;


/*
 * Reads the header at data.  WUB_DECLINED: no frame begins here;
 * WUB_TOO_BIG: the frame is longer than len.
 */
wub_rc_t wub_adts_read(const uint8_t *data, size_t len, wub_adts_t *ret)
    WUB_MUST_CHECK;

/*
 * Writes the header of a frame of one block.  WUB_INVALID: a field of it
 * cannot be told by a header.
 */
wub_rc_t wub_adts_write(const wub_adts_t *head, uint8_t *to) WUB_MUST_CHECK;

/*
 * Of two headers as bytes: true when all is equal that frames of a stream
 * have in common; and makes it so.
 */
bool wub_adts_same(const uint8_t *a, const uint8_t *b);
void wub_adts_like(uint8_t *head, const uint8_t *like);

/* the length that a header tells, whatever else it does */
size_t wub_adts_len(const uint8_t *head);
void wub_adts_set_len(uint8_t *head, size_t len);


#endif /* WUB_ADTS_H_INCLUDED_ */
