
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_test_ts.h: packets of a transport stream, made by hand for tests.
 * May call: cmocka; after its headers.
 * Frees: nothing; the caller gives the room.
 */


#ifndef WUB_TEST_TS_H_INCLUDED_
#define WUB_TEST_TS_H_INCLUDED_


#include "common/wub_ts.h"


/* writes WUB_TS_PACKET bytes: a packet of data, stuffed to its size */
static inline void
wub_test_packet(uint8_t *p, uint8_t counter, uint16_t pid, bool start,
    const uint8_t *data, size_t len)
{
    size_t  stuff;

    assert_true(len <= WUB_TS_PACKET - 4);

    memset(p, 0xff, WUB_TS_PACKET);
    stuff = WUB_TS_PACKET - 4 - len;

    p[0] = 0x47;
    p[1] = (uint8_t) ((start ? 0x40 : 0) | pid >> 8);
    p[2] = (uint8_t) pid;
    p[3] = (uint8_t) ((stuff != 0 ? 0x30 : 0x10) | (counter & 0x0f));

    if (stuff != 0) {
        p[4] = (uint8_t) (stuff - 1);
    }

    if (stuff > 1) {
        p[5] = 0;
    }

    memcpy(p + WUB_TS_PACKET - len, data, len);
}


#endif /* WUB_TEST_TS_H_INCLUDED_ */
