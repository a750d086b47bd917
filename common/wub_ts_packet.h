
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_ts_packet: packets of a transport stream in memory, one by one: the
 * inside of wub_ts (ISO/IEC 13818-1, 2.4.3.2).
 * May call: nothing.
 * Frees: nothing; packets point into the caller's bytes.
 */


#ifndef WUB_TS_PACKET_H_INCLUDED_
#define WUB_TS_PACKET_H_INCLUDED_


#include "common/wub_ts.h"


#define WUB_TS_SYNC              0x47
#define WUB_TS_PIDS              8192


typedef struct {
    uint16_t         pid;
    bool             start;         /* a PES packet or section begins */
    bool             broken;        /* so its sender says */
    bool             jump;          /* its counter may begin anew */
    uint8_t          counter;
    const uint8_t   *payload;
    size_t           len;
    const uint8_t   *bytes;         /* the whole packet */
} wub_ts_packet_t;

/* of a stream of packets, what is left */
typedef struct {
    const uint8_t   *pos;
    const uint8_t   *end;
} wub_ts_walk_t;


/* the next packet with a payload; out of step, the next pair of sync bytes */
static inline bool
wub_ts_next(wub_ts_walk_t *walk, wub_ts_packet_t *p)
{
    size_t          skip;
    const uint8_t  *b;

    while (walk->end - walk->pos >= WUB_TS_PACKET) {
        b = walk->pos;

        if (b[0] != WUB_TS_SYNC
            || (walk->end - b > WUB_TS_PACKET
                && b[WUB_TS_PACKET] != WUB_TS_SYNC))
        {
            walk->pos++;
            continue;
        }

        walk->pos += WUB_TS_PACKET;

        /* scrambled, or without a payload */

        if ((b[3] & 0xc0) != 0 || (b[3] & 0x10) == 0) {
            continue;
        }

        skip = (b[3] & 0x20) ? (size_t) 5 + b[4] : 4;
        if (skip >= WUB_TS_PACKET) {
            continue;
        }

        p->pid = (uint16_t) ((b[1] & 0x1f) << 8 | b[2]);
        p->start = (b[1] & 0x40) != 0;
        p->broken = (b[1] & 0x80) != 0;
        p->jump = (b[3] & 0x20) && b[4] != 0 && (b[5] & 0x80);
        p->counter = b[3] & 0x0f;
        p->payload = b + skip;
        p->len = WUB_TS_PACKET - skip;
        p->bytes = b;

        return true;
    }

    return false;
}


#endif /* WUB_TS_PACKET_H_INCLUDED_ */
