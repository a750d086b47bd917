
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_ts.h"
#include "common/wub_ts_map.h"
#include "common/wub_ts_packet.h"


/* of a packet with no more than its header */
#define WUB_TS_PAYLOAD           (WUB_TS_PACKET - 4)

#define WUB_TS_PES_HEADER        9
#define WUB_TS_TIME_LEN          5
#define WUB_TS_TIME_BITS         33

/* continuity_counter, of packets with a payload */
#define WUB_TS_COUNTERS          16


/* what was seen of a stream last */
typedef struct {
    const uint8_t   *bytes;         /* a packet; NULL: none yet */
    uint8_t          counter;
    bool             lost;          /* something, since then */
} wub_ts_last_t;

/* reads the streams of a program */
typedef struct {
    wub_ts_t        *ts;
    const uint8_t   *data;
    size_t           len;
    wub_ts_last_t    last[WUB_TS_STREAMS_MAX];
    uint8_t          place[WUB_TS_PIDS];    /* of a pid's stream, plus 1 */
} wub_ts_reader_t;


static void wub_ts_places(wub_ts_reader_t *r);
static wub_ts_stream_t *wub_ts_find(const wub_ts_reader_t *r, uint16_t pid);
static wub_rc_t wub_ts_room(wub_ts_reader_t *r, wub_arena_t *arena);
static void wub_ts_fill(wub_ts_reader_t *r);
static bool wub_ts_begins(const wub_ts_stream_t *stream,
    const wub_ts_packet_t *p);
static bool wub_ts_count(wub_ts_last_t *last, const wub_ts_packet_t *p);
static void wub_ts_add(wub_ts_stream_t *stream, const wub_ts_packet_t *p);
static void wub_ts_loss(wub_ts_stream_t *stream);
static void wub_ts_rest(wub_ts_reader_t *r, const uint8_t *rest, size_t len);
static void wub_ts_pes(const wub_ts_stream_t *stream, wub_ts_pes_t *pes);
static int64_t wub_ts_time(const uint8_t *p);


wub_rc_t
wub_ts_read(wub_arena_t *arena, const uint8_t *data, size_t len,
    wub_ts_t *ret)
{
    size_t           i, k;
    wub_rc_t         rc;
    wub_ts_reader_t  r;

    rc = wub_ts_map(data, len, ret);
    if (rc != WUB_OK) {
        return rc;
    }

    memset(&r, 0, sizeof(wub_ts_reader_t));

    r.ts = ret;
    r.data = data;
    r.len = len;

    wub_ts_places(&r);

    rc = wub_ts_room(&r, arena);
    if (rc != WUB_OK) {
        return rc;
    }

    wub_ts_fill(&r);

    for (i = 0; i < ret->nstreams; i++) {
        for (k = 0; k < ret->streams[i].npes; k++) {
            wub_ts_pes(&ret->streams[i], &ret->streams[i].pes[k]);
        }
    }

    return WUB_OK;
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


/* of the streams whose bytes are kept; a pid named twice is the first one's */
static void
wub_ts_places(wub_ts_reader_t *r)
{
    size_t                  i;
    const wub_ts_stream_t  *stream;

    for (i = r->ts->nstreams; i > 0; i--) {
        stream = &r->ts->streams[i - 1];

        if (stream->kind != WUB_TS_OTHER) {
            r->place[stream->pid] = (uint8_t) i;
        }
    }
}


static wub_ts_stream_t *
wub_ts_find(const wub_ts_reader_t *r, uint16_t pid)
{
    size_t  i;

    i = r->place[pid];

    return (i != 0) ? &r->ts->streams[i - 1] : NULL;
}


/* counts first, so that the arena holds no byte too many */
static wub_rc_t
wub_ts_room(wub_ts_reader_t *r, wub_arena_t *arena)
{
    size_t            i;
    wub_ts_walk_t     walk;
    wub_ts_packet_t   p;
    wub_ts_stream_t  *stream;

    walk.pos = r->data;
    walk.end = r->data + r->len;

    while (wub_ts_next(&walk, &p)) {
        stream = wub_ts_find(r, p.pid);

        if (stream != NULL) {
            stream->npes += wub_ts_begins(stream, &p);
            stream->size += p.len;
        }
    }

    for (i = 0; i < r->ts->nstreams; i++) {
        stream = &r->ts->streams[i];

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
wub_ts_fill(wub_ts_reader_t *r)
{
    size_t            i;
    wub_ts_walk_t     walk;
    wub_ts_last_t    *last;
    wub_ts_packet_t   p;
    wub_ts_stream_t  *stream;

    for (i = 0; i < r->ts->nstreams; i++) {
        r->ts->streams[i].npes = 0;
        r->ts->streams[i].size = 0;
    }

    walk.pos = r->data;
    walk.end = r->data + r->len;

    while (wub_ts_next(&walk, &p)) {
        stream = wub_ts_find(r, p.pid);

        if (stream == NULL) {
            continue;
        }

        last = &r->last[stream - r->ts->streams];

        if (!wub_ts_count(last, &p)) {
            continue;
        }

        if (last->lost) {
            wub_ts_loss(stream);
            last->lost = false;
        }

        p.start = wub_ts_begins(stream, &p);
        wub_ts_add(stream, &p);

        if (p.start) {
            stream->pes[stream->npes - 1].at = (size_t) (p.bytes - r->data);
        }
    }

    wub_ts_rest(r, walk.pos, (size_t) (walk.end - walk.pos));

    for (i = 0; i < r->ts->nstreams; i++) {
        if (r->last[i].lost) {
            wub_ts_loss(&r->ts->streams[i]);
        }
    }
}


/*
 * Also where only its flag is broken: no video holds these bytes, and sound
 * by no accident.
 */
static bool
wub_ts_begins(const wub_ts_stream_t *stream, const wub_ts_packet_t *p)
{
    const uint8_t  *b;

    b = p->payload;

    if (p->start || p->len < WUB_TS_PES_HEADER + WUB_TS_TIME_LEN) {
        return p->start;
    }

    return b[0] == 0 && b[1] == 0 && b[2] == 1
           && ((stream->kind == WUB_TS_VIDEO) ? (b[3] & 0xf0) == 0xe0
                                              : (b[3] & 0xe0) == 0xc0)
           && (b[6] & 0xc0) == 0x80 && (b[7] & 0x80) != 0
           && b[8] >= WUB_TS_TIME_LEN && (b[9] & 0xe1) == 0x21;
}


/* false: no bytes of this packet are used */
static bool
wub_ts_count(wub_ts_last_t *last, const wub_ts_packet_t *p)
{
    if (p->broken) {
        last->lost = true;
        return false;
    }

    if (last->bytes != NULL && !p->jump) {

        /* a packet may be sent twice (13818-1, 2.4.3.3) */

        if (last->counter == p->counter
            && memcmp(last->bytes, p->bytes, WUB_TS_PACKET) == 0)
        {
            return false;
        }

        if (p->counter != (last->counter + 1) % WUB_TS_COUNTERS) {
            last->lost = true;
        }
    }

    last->bytes = p->bytes;
    last->counter = p->counter;

    return true;
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
        memset(pes, 0, sizeof(wub_ts_pes_t));
        pes->pos = stream->size;
    }

    /* most are full; a length that is known makes of it a few moves */

    if (p->len == WUB_TS_PAYLOAD) {
        memcpy(stream->data + stream->size, p->payload, WUB_TS_PAYLOAD);

    } else {
        memcpy(stream->data + stream->size, p->payload, p->len);
    }

    stream->size += p->len;
    pes->len += p->len;
}


/* what comes next does not follow what is there */
static void
wub_ts_loss(wub_ts_stream_t *stream)
{
    wub_ts_pes_t  *pes;

    if (stream->npes == 0) {
        return;
    }

    pes = &stream->pes[stream->npes - 1];

    if (!pes->damaged) {
        pes->damaged = true;
        pes->whole = pes->len;
    }

    pes->rest = pes->len;
}


/* less than a packet: where it goes on with one, that is not whole */
static void
wub_ts_rest(wub_ts_reader_t *r, const uint8_t *rest, size_t len)
{
    wub_ts_stream_t  *stream;

    while (len > 0 && *rest != WUB_TS_SYNC) {
        rest++;
        len--;
    }

    if (len < 3 || (rest[1] & 0x40) != 0) {
        return;
    }

    stream = wub_ts_find(r, (uint16_t) ((rest[1] & 0x1f) << 8 | rest[2]));

    if (stream != NULL) {
        wub_ts_loss(stream);
    }
}


/*
 * Reads the header of a PES packet (13818-1, 2.4.3.6) and steps over it.
 * One that cannot be read is damaged and empty.
 */
static void
wub_ts_pes(const wub_ts_stream_t *stream, wub_ts_pes_t *pes)
{
    size_t          len, head;
    const uint8_t  *b;

    b = stream->data + pes->pos;
    head = 0;

    pes->pts = WUB_TS_NONE;
    pes->dts = WUB_TS_NONE;

    if (!pes->damaged) {
        pes->whole = pes->len;
        pes->rest = pes->len;
    }

    if (pes->len >= WUB_TS_PES_HEADER && b[0] == 0 && b[1] == 0 && b[2] == 1
        && (b[6] & 0xc0) == 0x80)
    {
        head = (size_t) WUB_TS_PES_HEADER + b[8];
    }

    if (head == 0 || head > pes->whole) {
        pes->len = 0;
        pes->whole = 0;
        pes->rest = 0;
        pes->damaged = true;
        return;
    }

    len = (size_t) b[4] << 8 | b[5];

    /* a loss that is known is why bytes are missing */

    if (len != 0 && len + 6 > pes->len) {
        pes->damaged = true;

    } else if (len != 0 && len + 6 < pes->len
               && stream->kind == WUB_TS_VIDEO)
    {
        /* pictures are mostly sent without a length: this one is wrong */

        pes->damaged = true;
        pes->whole = (pes->whole < head) ? pes->whole : head;

    } else if (len != 0) {
        pes->len = (len + 6 > head) ? len + 6 : head;
        pes->whole = (pes->whole < pes->len) ? pes->whole : pes->len;
        pes->rest = (pes->rest < pes->len) ? pes->rest : pes->len;
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
    pes->whole -= head;
    pes->rest -= head;
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
