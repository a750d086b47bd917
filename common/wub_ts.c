
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_ts.h"


#define WUB_TS_SYNC              0x47
#define WUB_TS_PIDS              8192
#define WUB_TS_PAT_PID           0
#define WUB_TS_PAT_TABLE         0x00
#define WUB_TS_PMT_TABLE         0x02
#define WUB_TS_PRIVATE           0x06
#define WUB_TS_REGISTRATION      0x05

/* a section with its three bytes of header (13818-1, 2.4.4.3) */
#define WUB_TS_SECTION_MAX       1024

#define WUB_TS_PES_HEADER        9
#define WUB_TS_TIME_LEN          5
#define WUB_TS_TIME_BITS         33


typedef struct {
    uint16_t         pid;
    bool             start;         /* a PES packet or section begins */
    const uint8_t   *payload;
    size_t           len;
    const uint8_t   *bytes;         /* the whole packet */
} wub_ts_packet_t;

typedef struct {
    const uint8_t   *pos;
    const uint8_t   *end;
} wub_ts_walk_t;

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
} wub_ts_private_t;


static bool wub_ts_next(wub_ts_walk_t *walk, wub_ts_packet_t *p);
static bool wub_ts_section(wub_ts_section_t *s, const wub_ts_packet_t *p,
    uint8_t table);
static uint16_t wub_ts_pat(const wub_ts_section_t *s);
static wub_rc_t wub_ts_pmt(const wub_ts_section_t *s, wub_ts_t *ts);
static const wub_ts_private_t *wub_ts_private(const uint8_t *p,
    const uint8_t *end);
static wub_rc_t wub_ts_map(const uint8_t *data, size_t len, wub_ts_t *ts);
static wub_ts_stream_t *wub_ts_find(wub_ts_t *ts, uint16_t pid);
static wub_rc_t wub_ts_room(wub_arena_t *arena, wub_ts_t *ts,
    const uint8_t *data, size_t len);
static void wub_ts_fill(wub_ts_t *ts, const uint8_t *data, size_t len);
static void wub_ts_add(wub_ts_stream_t *stream, const wub_ts_packet_t *p);
static void wub_ts_pes(const wub_ts_stream_t *stream, wub_ts_pes_t *pes);
static int64_t wub_ts_time(const uint8_t *p);
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
    { 0x24, WUB_TS_VIDEO, "HEVC video" },
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
    { WUB_TS_REGISTRATION, "Opus", WUB_TS_AUDIO, "Opus audio" },
    { WUB_TS_REGISTRATION, "AC-3", WUB_TS_AUDIO, "AC-3 audio" },
    { WUB_TS_REGISTRATION, "EAC3", WUB_TS_AUDIO, "E-AC-3 audio" },
    { WUB_TS_REGISTRATION, "DTS1", WUB_TS_AUDIO, "DTS audio" },
    { WUB_TS_REGISTRATION, "DTS2", WUB_TS_AUDIO, "DTS audio" },
    { WUB_TS_REGISTRATION, "DTS3", WUB_TS_AUDIO, "DTS audio" },
    { WUB_TS_REGISTRATION, "HEVC", WUB_TS_VIDEO, "HEVC video" },
    { WUB_TS_REGISTRATION, "AV01", WUB_TS_VIDEO, "AV1 video" },
    { WUB_TS_REGISTRATION, "VP09", WUB_TS_VIDEO, "VP9 video" },
    { 0x6a, "", WUB_TS_AUDIO, "AC-3 audio" },
    { 0x7a, "", WUB_TS_AUDIO, "E-AC-3 audio" },
    { 0x7b, "", WUB_TS_AUDIO, "DTS audio" },
    { 0, "", WUB_TS_OTHER, "data" }
};


wub_rc_t
wub_ts_read(wub_arena_t *arena, const uint8_t *data, size_t len,
    wub_ts_t *ret)
{
    size_t    i, k;
    wub_rc_t  rc;

    rc = wub_ts_map(data, len, ret);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_ts_room(arena, ret, data, len);
    if (rc != WUB_OK) {
        return rc;
    }

    wub_ts_fill(ret, data, len);

    for (i = 0; i < ret->nstreams; i++) {
        for (k = 0; k < ret->streams[i].npes; k++) {
            wub_ts_pes(&ret->streams[i], &ret->streams[i].pes[k]);
        }
    }

    return WUB_OK;
}


const char *
wub_ts_type_name(uint8_t type)
{
    return wub_ts_type(type)->name;
}


int64_t
wub_ts_unwrap(int64_t near, int64_t ts)
{
    uint64_t  delta, range;

    range = UINT64_C(1) << WUB_TS_TIME_BITS;
    delta = ((uint64_t) ts - (uint64_t) near) & (range - 1);

    if (delta >= range / 2) {
        return near - (int64_t) (range - delta);
    }

    return near + (int64_t) delta;
}


/* the next packet with a payload; out of step, the next pair of sync bytes */
static bool
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
        p->payload = b + skip;
        p->len = WUB_TS_PACKET - skip;
        p->bytes = b;

        return true;
    }

    return false;
}


/* adds a packet to a section; true once a section of that table is whole */
static bool
wub_ts_section(wub_ts_section_t *s, const wub_ts_packet_t *p, uint8_t table)
{
    size_t          n, need;
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

    return s->bytes[0] == table;
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


static wub_rc_t
wub_ts_map(const uint8_t *data, size_t len, wub_ts_t *ts)
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

        if (p.pid == WUB_TS_PAT_PID && pid == 0
            && wub_ts_section(&pat, &p, WUB_TS_PAT_TABLE))
        {
            pid = wub_ts_pat(&pat);
        }

        if (pid != 0 && p.pid == pid
            && wub_ts_section(&pmt, &p, WUB_TS_PMT_TABLE))
        {
            return wub_ts_pmt(&pmt, ts);
        }
    }

    return WUB_DECLINED;
}


/* the stream whose bytes are kept; a pid named twice is the first one's */
static wub_ts_stream_t *
wub_ts_find(wub_ts_t *ts, uint16_t pid)
{
    size_t  i;

    for (i = 0; i < ts->nstreams; i++) {
        if (ts->streams[i].pid == pid
            && ts->streams[i].kind != WUB_TS_OTHER)
        {
            return &ts->streams[i];
        }
    }

    return NULL;
}


/* counts first, so that the arena holds no byte too many */
static wub_rc_t
wub_ts_room(wub_arena_t *arena, wub_ts_t *ts, const uint8_t *data,
    size_t len)
{
    size_t            i;
    wub_ts_walk_t     walk;
    wub_ts_packet_t   p;
    wub_ts_stream_t  *stream;

    walk.pos = data;
    walk.end = data + len;

    while (wub_ts_next(&walk, &p)) {
        stream = wub_ts_find(ts, p.pid);

        if (stream != NULL) {
            stream->npes += p.start;
            stream->size += p.len;
        }
    }

    for (i = 0; i < ts->nstreams; i++) {
        stream = &ts->streams[i];

        if (stream->npes == 0) {
            continue;
        }

        stream->pes = wub_arena_alloc(arena,
                                      stream->npes * sizeof(wub_ts_pes_t));
        if (stream->pes == NULL) {
            return WUB_NO_MEMORY;
        }

        stream->data = wub_arena_alloc(arena, stream->size);
        if (stream->data == NULL) {
            return WUB_NO_MEMORY;
        }
    }

    return WUB_OK;
}


static void
wub_ts_fill(wub_ts_t *ts, const uint8_t *data, size_t len)
{
    size_t            i;
    const uint8_t    *last[WUB_TS_STREAMS_MAX];
    wub_ts_walk_t     walk;
    wub_ts_packet_t   p;
    wub_ts_stream_t  *stream;

    memset(last, 0, sizeof(last));

    for (i = 0; i < ts->nstreams; i++) {
        ts->streams[i].npes = 0;
        ts->streams[i].size = 0;
    }

    walk.pos = data;
    walk.end = data + len;

    while (wub_ts_next(&walk, &p)) {
        stream = wub_ts_find(ts, p.pid);

        if (stream == NULL) {
            continue;
        }

        /* a packet may be sent twice (13818-1, 2.4.3.3) */

        i = (size_t) (stream - ts->streams);

        if (last[i] != NULL && memcmp(last[i], p.bytes, WUB_TS_PACKET) == 0) {
            continue;
        }

        last[i] = p.bytes;
        wub_ts_add(stream, &p);
    }
}


static void
wub_ts_add(wub_ts_stream_t *stream, const wub_ts_packet_t *p)
{
    wub_ts_pes_t  *pes;

    if (p->start) {
        stream->npes++;
    }

    /* the end of a packet whose beginning is missing */

    if (stream->npes == 0) {
        return;
    }

    pes = &stream->pes[stream->npes - 1];

    if (p->start) {
        pes->pos = stream->size;
        pes->len = 0;
    }

    memcpy(stream->data + stream->size, p->payload, p->len);
    stream->size += p->len;
    pes->len += p->len;
}


/* reads the header of a PES packet (13818-1, 2.4.3.6) and steps over it */
static void
wub_ts_pes(const wub_ts_stream_t *stream, wub_ts_pes_t *pes)
{
    size_t          len, head;
    const uint8_t  *b;

    b = stream->data + pes->pos;

    pes->pts = WUB_TS_NONE;
    pes->dts = WUB_TS_NONE;

    if (pes->len < WUB_TS_PES_HEADER || b[0] != 0 || b[1] != 0 || b[2] != 1
        || (b[6] & 0xc0) != 0x80)
    {
        pes->len = 0;
        return;
    }

    len = (size_t) b[4] << 8 | b[5];
    if (len != 0 && len + 6 < pes->len) {
        pes->len = len + 6;
    }

    head = (size_t) WUB_TS_PES_HEADER + b[8];
    if (head > pes->len) {
        pes->len = 0;
        return;
    }

    if ((b[7] & 0x80) && b[8] >= WUB_TS_TIME_LEN) {
        pes->pts = wub_ts_time(b + WUB_TS_PES_HEADER);
        pes->dts = pes->pts;
    }

    if ((b[7] & 0xc0) == 0xc0 && b[8] >= 2 * WUB_TS_TIME_LEN) {
        pes->dts = wub_ts_time(b + WUB_TS_PES_HEADER + WUB_TS_TIME_LEN);
    }

    pes->pos += head;
    pes->len -= head;
}


static int64_t
wub_ts_time(const uint8_t *p)
{
    return (int64_t) (p[0] & 0x0e) << 29
           | (int64_t) p[1] << 22
           | (int64_t) (p[2] & 0xfe) << 14
           | (int64_t) p[3] << 7
           | (int64_t) p[4] >> 1;
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
