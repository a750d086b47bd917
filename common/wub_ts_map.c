
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_ts_map.h"
#include "common/wub_ts_packet.h"


#define WUB_TS_PAT_PID           0
#define WUB_TS_PAT_TABLE         0x00
#define WUB_TS_PMT_TABLE         0x02
#define WUB_TS_PRIVATE           0x06
#define WUB_TS_REGISTRATION      0x05

/* a section with its three bytes of header (13818-1, 2.4.4.3) */
#define WUB_TS_SECTION_MAX       1024

/* of the checksum at its end (annex A), which begins with ones */
#define WUB_TS_CRC               UINT32_C(0x04c11db7)


typedef struct {
    uint8_t          bytes[WUB_TS_SECTION_MAX];
    size_t           len;
    bool             open;
} wub_ts_section_t;

typedef struct {
    uint8_t          type;
    wub_ts_kind_e    kind;
    const char      *name;
} wub_ts_type_t;

/* what a stream of private packets holds, by one of its descriptors */
typedef struct {
    uint8_t          tag;
    const char      *format;        /* of a registration, else empty */
    wub_ts_kind_e    kind;
    const char      *name;
    uint8_t          type;          /* that a program map has for it, or 0 */
} wub_ts_private_t;


static wub_rc_t wub_ts_map_read(const uint8_t *data, size_t len, bool lax,
    wub_ts_t *ts);
static bool wub_ts_section(wub_ts_section_t *s, const wub_ts_packet_t *p,
    uint8_t table, bool lax);
static uint32_t wub_ts_crc(const wub_ts_section_t *s);
static void wub_ts_mend(wub_ts_section_t *s, uint32_t left);
static uint16_t wub_ts_pat(const wub_ts_section_t *s);
static wub_rc_t wub_ts_pmt(const wub_ts_section_t *s, wub_ts_t *ts);
static const wub_ts_private_t *wub_ts_private(const uint8_t *p,
    const uint8_t *end);
static const wub_ts_type_t *wub_ts_type(uint8_t type);


static const wub_ts_type_t  wub_ts_types[] = {
    { 0x01, WUB_TS_VIDEO, "MPEG-1 video" },
    { 0x02, WUB_TS_VIDEO, "MPEG-2 video" },
    { 0x03, WUB_TS_AUDIO, "MPEG-1 audio" },
    { 0x04, WUB_TS_AUDIO, "MPEG-2 audio" },
    { WUB_TS_TYPE_AAC, WUB_TS_AUDIO, "AAC audio" },
    { 0x10, WUB_TS_VIDEO, "MPEG-4 video" },
    { 0x11, WUB_TS_AUDIO, "AAC audio in LATM" },
    { WUB_TS_TYPE_H264, WUB_TS_VIDEO, "H.264 video" },
    { 0x21, WUB_TS_VIDEO, "JPEG 2000 video" },
    { WUB_TS_TYPE_HEVC, WUB_TS_VIDEO, "HEVC video" },
    { 0x33, WUB_TS_VIDEO, "VVC video" },
    { 0x42, WUB_TS_VIDEO, "AVS video" },
    { 0x81, WUB_TS_AUDIO, "AC-3 audio" },
    { 0x82, WUB_TS_AUDIO, "DTS audio" },
    { 0x87, WUB_TS_AUDIO, "E-AC-3 audio" },
    { 0xcf, WUB_TS_AUDIO, "encrypted AAC audio" },
    { 0xdb, WUB_TS_VIDEO, "encrypted H.264 video" },
    { 0xea, WUB_TS_VIDEO, "VC-1 video" },
    { 0, WUB_TS_OTHER, "data" }
};

/* registrations (13818-1, 2.6.8), and tags of DVB's (EN 300 468) */
static const wub_ts_private_t  wub_ts_privates[] = {
    { WUB_TS_REGISTRATION, "Opus", WUB_TS_AUDIO, "Opus audio", 0 },
    { WUB_TS_REGISTRATION, "AC-3", WUB_TS_AUDIO, "AC-3 audio", 0 },
    { WUB_TS_REGISTRATION, "EAC3", WUB_TS_AUDIO, "E-AC-3 audio", 0 },
    { WUB_TS_REGISTRATION, "DTS1", WUB_TS_AUDIO, "DTS audio", 0 },
    { WUB_TS_REGISTRATION, "DTS2", WUB_TS_AUDIO, "DTS audio", 0 },
    { WUB_TS_REGISTRATION, "DTS3", WUB_TS_AUDIO, "DTS audio", 0 },
    { WUB_TS_REGISTRATION, "HEVC", WUB_TS_VIDEO, "HEVC video",
      WUB_TS_TYPE_HEVC },
    { WUB_TS_REGISTRATION, "AV01", WUB_TS_VIDEO, "AV1 video", 0 },
    { WUB_TS_REGISTRATION, "VP09", WUB_TS_VIDEO, "VP9 video", 0 },
    { 0x6a, "", WUB_TS_AUDIO, "AC-3 audio", 0 },
    { 0x7a, "", WUB_TS_AUDIO, "E-AC-3 audio", 0 },
    { 0x7b, "", WUB_TS_AUDIO, "DTS audio", 0 },
    { 0, "", WUB_TS_OTHER, "data", 0 }
};


const char *
wub_ts_type_name(uint8_t type)
{
    return wub_ts_type(type)->name;
}


wub_rc_t
wub_ts_map(const uint8_t *data, size_t len, wub_ts_t *ts)
{
    wub_rc_t  rc;

    rc = wub_ts_map_read(data, len, false, ts);

    return (rc == WUB_DECLINED) ? wub_ts_map_read(data, len, true, ts) : rc;
}


/* lax: by sections whose checksum is wrong, too */
static wub_rc_t
wub_ts_map_read(const uint8_t *data, size_t len, bool lax, wub_ts_t *ts)
{
    uint16_t          pid;
    wub_ts_walk_t     walk;
    wub_ts_packet_t   p;
    wub_ts_section_t  pat, pmt;

    memset(ts, 0, sizeof(wub_ts_t));
    memset(&pat, 0, sizeof(wub_ts_section_t));
    memset(&pmt, 0, sizeof(wub_ts_section_t));

    pid = 0;
    walk.pos = data;
    walk.end = data + len;

    while (wub_ts_next(&walk, &p)) {

        if (p.broken) {
            continue;
        }

        if (p.pid == WUB_TS_PAT_PID && pid == 0
            && wub_ts_section(&pat, &p, WUB_TS_PAT_TABLE, lax))
        {
            pid = wub_ts_pat(&pat);
        }

        if (pid != 0 && p.pid == pid
            && wub_ts_section(&pmt, &p, WUB_TS_PMT_TABLE, lax))
        {
            return wub_ts_pmt(&pmt, ts);
        }
    }

    return WUB_DECLINED;
}


/* adds a packet to a section; true once a section of that table is whole */
static bool
wub_ts_section(wub_ts_section_t *s, const wub_ts_packet_t *p, uint8_t table,
    bool lax)
{
    size_t          n, need;
    uint32_t        left;
    const uint8_t  *b;

    b = p->payload;
    n = p->len;

    if (p->start) {
        if ((size_t) b[0] + 1 >= n) {
            return false;
        }

        n -= (size_t) b[0] + 1;
        b += (size_t) b[0] + 1;

        s->open = true;
        s->len = 0;
    }

    if (!s->open) {
        return false;
    }

    if (n > WUB_TS_SECTION_MAX - s->len) {
        n = WUB_TS_SECTION_MAX - s->len;
    }

    memcpy(s->bytes + s->len, b, n);
    s->len += n;

    if (s->len < 3) {
        return false;
    }

    need = (size_t) ((s->bytes[1] & 0x0f) << 8 | s->bytes[2]) + 3;
    if (s->len < need) {
        return false;
    }

    s->open = false;
    s->len = need;

    left = wub_ts_crc(s);

    if (left != 0 && lax) {
        wub_ts_mend(s, left);
    }

    return s->bytes[0] == table && (left == 0 || lax);
}


/* what is left of a section and its checksum: 0 where nothing is wrong */
static uint32_t
wub_ts_crc(const wub_ts_section_t *s)
{
    size_t    i, k;
    uint32_t  left;

    left = UINT32_MAX;

    for (i = 0; i < s->len; i++) {
        left ^= (uint32_t) s->bytes[i] << 24;

        for (k = 0; k < 8; k++) {
            left = (left << 1) ^ ((left >> 31) ? WUB_TS_CRC : 0);
        }
    }

    return left;
}


/* a single bit leaves what no other one does, from the last one on */
static void
wub_ts_mend(wub_ts_section_t *s, uint32_t left)
{
    size_t    i;
    uint32_t  one;

    one = WUB_TS_CRC;

    for (i = 0; i < 8 * s->len; i++) {

        if (one == left) {
            s->bytes[s->len - 1 - i / 8] ^= (uint8_t) (1U << i % 8);
            return;
        }

        one = (one << 1) ^ ((one >> 31) ? WUB_TS_CRC : 0);
    }
}


/* the pid of the first program's map, 0 for none */
static uint16_t
wub_ts_pat(const wub_ts_section_t *s)
{
    size_t          i;
    const uint8_t  *b;

    /* eight bytes before the programs, four of checksum behind them */

    for (i = 8; i + 4 + 4 <= s->len; i += 4) {
        b = s->bytes + i;

        if (b[0] != 0 || b[1] != 0) {
            return (uint16_t) ((b[2] & 0x1f) << 8 | b[3]);
        }
    }

    return 0;
}


static wub_rc_t
wub_ts_pmt(const wub_ts_section_t *s, wub_ts_t *ts)
{
    size_t                   i, n;
    const uint8_t           *b;
    wub_ts_stream_t         *stream;
    const wub_ts_private_t  *private;

    if (s->len < 12 + 4) {
        return WUB_DECLINED;
    }

    i = 12 + (size_t) ((s->bytes[10] & 0x0f) << 8 | s->bytes[11]);

    while (i + 5 + 4 <= s->len) {
        b = s->bytes + i;

        if (ts->nstreams == WUB_TS_STREAMS_MAX) {
            return WUB_TOO_BIG;
        }

        stream = &ts->streams[ts->nstreams++];

        stream->type = b[0];
        stream->kind = wub_ts_type(b[0])->kind;
        stream->name = wub_ts_type(b[0])->name;
        stream->pid = (uint16_t) ((b[1] & 0x1f) << 8 | b[2]);

        i += 5;
        n = (size_t) ((b[3] & 0x0f) << 8 | b[4]);
        n = (n < s->len - 4 - i) ? n : s->len - 4 - i;

        if (stream->type == WUB_TS_PRIVATE) {
            private = wub_ts_private(s->bytes + i, s->bytes + i + n);
            stream->kind = private->kind;
            stream->name = private->name;
            stream->type = (private->type != 0) ? private->type
                                                : stream->type;
        }

        i += n;
    }

    return WUB_OK;
}


/* the first descriptor that tells, or the row of data */
static const wub_ts_private_t *
wub_ts_private(const uint8_t *p, const uint8_t *end)
{
    size_t                   len;
    const wub_ts_private_t  *row;

    for ( /* void */ ; end - p >= 2 && end - p - 2 >= p[1]; p += 2 + p[1]) {

        for (row = wub_ts_privates; row->tag != 0; row++) {
            len = strlen(row->format);

            if (row->tag == p[0] && len <= p[1]
                && memcmp(row->format, p + 2, len) == 0)
            {
                return row;
            }
        }
    }

    return &wub_ts_privates[sizeof(wub_ts_privates)
                            / sizeof(wub_ts_privates[0]) - 1];
}


static const wub_ts_type_t *
wub_ts_type(uint8_t type)
{
    const wub_ts_type_t  *t;

    for (t = wub_ts_types; t->type != 0 && t->type != type; t++) {
        /* void */
    }

    return t;
}
