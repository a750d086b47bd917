
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Transport streams made by hand: programs, sections over several packets,
 * PES packets with and without times, and what is wrong on the wire.
 */


#include "t/unit/wub_test.h"
#include "t/unit/wub_test_ts.h"

#include "common/wub_ts.h"


#define PACKETS_MAX  64
#define PMT_PID      0x1000
#define VIDEO_PID    0x100
#define AUDIO_PID    0x101


typedef struct {
    uint8_t  bytes[PACKETS_MAX * WUB_TS_PACKET];
    size_t   len;
    uint8_t  counters[4];
} stream_t;


static uint8_t *
counter(stream_t *s, uint16_t pid)
{
    return &s->counters[pid == 0 ? 0 : pid == PMT_PID ? 1 : 2 + (pid & 1)];
}


static void
packet(stream_t *s, uint16_t pid, bool start, const uint8_t *data, size_t len)
{
    assert_true(s->len + WUB_TS_PACKET <= sizeof(s->bytes));

    wub_test_packet(s->bytes + s->len, (*counter(s, pid))++, pid, start, data,
                    len);
    s->len += WUB_TS_PACKET;
}


static void
pat(stream_t *s)
{
    static const uint8_t  bytes[] = {
        0, 0x00, 0xb0, 17, 0, 1, 0xc1, 0, 0,
        0, 0, 0xe0, 0x10,
        0, 1, 0xe0 | PMT_PID >> 8, PMT_PID & 0xff,
        0, 0, 0, 0
    };

    packet(s, 0, true, bytes, sizeof(bytes));
}


/* types of streams from pid VIDEO_PID on; skip: bytes of description */
static void
pmt(stream_t *s, const uint8_t *types, size_t n, size_t skip)
{
    size_t   i, len, at;
    uint8_t  b[1024];

    memset(b, 0, sizeof(b));
    len = 9 + skip + 5 * n + 4;

    b[1] = 0x02;
    b[2] = (uint8_t) (0xb0 | len >> 8);
    b[3] = (uint8_t) len;
    b[11] = (uint8_t) (0xf0 | skip >> 8);
    b[12] = (uint8_t) skip;

    for (i = 0, at = 13 + skip; i < n; i++, at += 5) {
        b[at] = types[i];
        b[at + 1] = (uint8_t) (0xe0 | (VIDEO_PID + i) >> 8);
        b[at + 2] = (uint8_t) (VIDEO_PID + i);
    }

    for (at = 0; at < len + 4; at += i) {
        i = len + 4 - at;
        i = (i < 184) ? i : 184;
        packet(s, PMT_PID, at == 0, b + at, i);
    }
}


static void
put_time(uint8_t *p, uint8_t mark, int64_t t)
{
    p[0] = (uint8_t) (mark | (t >> 29 & 0x0e) | 1);
    p[1] = (uint8_t) (t >> 22);
    p[2] = (uint8_t) ((t >> 14 & 0xfe) | 1);
    p[3] = (uint8_t) (t >> 7);
    p[4] = (uint8_t) (t << 1 | 1);
}


/* a PES packet in one packet; times may be WUB_TS_NONE */
static void
pes(stream_t *s, uint16_t pid, int64_t pts, int64_t dts, const char *text,
    bool sized)
{
    size_t   n, len;
    uint8_t  b[184];

    n = 0;
    len = strlen(text);
    memset(b, 0, sizeof(b));

    b[2] = 1;
    b[3] = 0xe0;
    b[6] = 0x80;

    if (pts != WUB_TS_NONE) {
        b[7] = 0x80;
        put_time(b + 9, 0x20, pts);
        n = 5;
    }

    if (dts != WUB_TS_NONE) {
        b[7] = 0xc0;
        put_time(b + 14, 0x10, dts);
        n = 10;
    }

    b[8] = (uint8_t) n;

    if (sized) {
        b[5] = (uint8_t) (3 + n + len);
    }

    memcpy(b + 9 + n, text, len);
    packet(s, pid, true, b, 9 + n + len);
}


static wub_rc_t
parse(wub_arena_t *arena, const stream_t *s, wub_ts_t *ts)
{
    wub_rc_t   rc;
    uint8_t   *copy;

    /* exactly as long as it is, so that a sanitizer sees a read beyond */

    copy = malloc(s->len == 0 ? 1 : s->len);
    assert_non_null(copy);
    memcpy(copy, s->bytes, s->len);

    rc = wub_ts_read(arena, copy, s->len, ts);
    free(copy);

    return rc;
}


static void
expect_pes(const wub_ts_stream_t *stream, size_t i, int64_t pts, int64_t dts,
    const char *text)
{
    const wub_ts_pes_t  *p;

    assert_true(i < stream->npes);
    p = &stream->pes[i];

    assert_int_equal(p->pts, pts);
    assert_int_equal(p->dts, dts);
    assert_int_equal(p->len, strlen(text));
    assert_memory_equal(stream->data + p->pos, text, p->len);
}


static void
make(stream_t *s)
{
    static const uint8_t  types[] = { 0x1b, 0x0f };

    memset(s, 0, sizeof(stream_t));
    pat(s);
    pmt(s, types, 2, 0);
}


static void
streams(void **state)
{
    stream_t      s;
    wub_ts_t      ts;
    wub_arena_t  *arena;

    (void) state;
    arena = wub_test_arena();
    make(&s);

    packet(&s, VIDEO_PID, false, (const uint8_t *) "tail", 4);
    pes(&s, VIDEO_PID, 9000, 6000, "first", false);
    pes(&s, AUDIO_PID, INT64_C(0x1ffffffff), WUB_TS_NONE, "sound", true);
    packet(&s, VIDEO_PID, false, (const uint8_t *) " and on", 7);
    pes(&s, VIDEO_PID, WUB_TS_NONE, WUB_TS_NONE, "second", false);

    assert_int_equal(parse(arena, &s, &ts), WUB_OK);
    assert_int_equal(ts.nstreams, 2);
    assert_int_equal(ts.streams[0].kind, WUB_TS_VIDEO);
    assert_int_equal(ts.streams[0].type, WUB_TS_TYPE_H264);
    assert_int_equal(ts.streams[1].kind, WUB_TS_AUDIO);
    assert_int_equal(ts.streams[0].npes, 2);
    assert_int_equal(ts.streams[1].npes, 1);

    expect_pes(&ts.streams[0], 0, 9000, 6000, "first and on");
    expect_pes(&ts.streams[0], 1, WUB_TS_NONE, WUB_TS_NONE, "second");
    expect_pes(&ts.streams[1], 0, INT64_C(0x1ffffffff),
               INT64_C(0x1ffffffff), "sound");

    wub_arena_destroy(arena);
}


/* a PES packet begins where only the flag that says so is broken */
static void
flags(void **state)
{
    stream_t      s;
    wub_ts_t      ts;
    wub_arena_t  *arena;

    (void) state;
    arena = wub_test_arena();
    make(&s);

    pes(&s, VIDEO_PID, 9000, 6000, "first", false);
    pes(&s, VIDEO_PID, 12000, 9000, "second", false);
    s.bytes[s.len - WUB_TS_PACKET + 1] &= 0xbf;
    pes(&s, VIDEO_PID, WUB_TS_NONE, WUB_TS_NONE, "third", false);
    s.bytes[s.len - WUB_TS_PACKET + 1] &= 0xbf;

    assert_int_equal(parse(arena, &s, &ts), WUB_OK);
    assert_int_equal(ts.streams[0].npes, 2);
    expect_pes(&ts.streams[0], 0, 9000, 6000, "first");
    assert_int_equal(ts.streams[0].pes[1].pts, 12000);

    wub_arena_destroy(arena);
}


/* what a PES packet's length leaves out, a packet sent twice, a bad start */
static void
wire(void **state)
{
    stream_t      s;
    wub_ts_t      ts;
    wub_arena_t  *arena;

    (void) state;
    arena = wub_test_arena();
    make(&s);

    pes(&s, AUDIO_PID, 1, WUB_TS_NONE, "kept", true);
    packet(&s, AUDIO_PID, false, (const uint8_t *) "stuffing", 8);

    pes(&s, VIDEO_PID, 2, WUB_TS_NONE, "once", false);
    memcpy(s.bytes + s.len, s.bytes + s.len - WUB_TS_PACKET, WUB_TS_PACKET);
    s.len += WUB_TS_PACKET;

    packet(&s, VIDEO_PID, true, (const uint8_t *) "no start code", 13);

    /* scrambled: not seen */

    pes(&s, VIDEO_PID, 3, WUB_TS_NONE, "secret", false);
    s.bytes[s.len - WUB_TS_PACKET + 3] |= 0x80;

    /* out of step by three bytes, then by a broken sync byte */

    memmove(s.bytes + 3, s.bytes, s.len);
    memcpy(s.bytes, "abc", 3);
    s.len += 3;

    pes(&s, VIDEO_PID, 4, WUB_TS_NONE, "lost", false);
    s.bytes[s.len - WUB_TS_PACKET] = 0;
    pes(&s, VIDEO_PID, 5, WUB_TS_NONE, "found", false);
    s.len -= 1;

    assert_int_equal(parse(arena, &s, &ts), WUB_OK);
    assert_int_equal(ts.streams[0].npes, 2);
    expect_pes(&ts.streams[1], 0, 1, 1, "kept");
    expect_pes(&ts.streams[0], 0, 2, 2, "once");
    assert_int_equal(ts.streams[0].pes[1].len, 0);
    assert_int_equal(ts.streams[0].pes[1].pts, WUB_TS_NONE);

    wub_arena_destroy(arena);
}


/*
 * One packet of a script, ten bytes of a stream each: S begins a PES packet,
 * L one of fifty bytes by its header, B one that is none, c goes on; x and X
 * are lost; d is sent twice, e marked as broken, j jumps in its counter, r
 * and R are cut off.
 */
static void
script(stream_t *s, char what)
{
    size_t  n;

    static const uint8_t  zeros[10] = { 0 };

    switch (what) {

    case 'S':
    case 'L':
    case 'B':
    case 'R':
        pes(s, VIDEO_PID, WUB_TS_NONE, WUB_TS_NONE, "0123456789", false);

        if (what == 'L') {
            s->bytes[s->len - 10 - 4] = 3 + 50;
        }

        s->bytes[s->len - 10 - 7] = (what != 'B');
        break;

    case 'd':
        memcpy(s->bytes + s->len, s->bytes + s->len - WUB_TS_PACKET,
               WUB_TS_PACKET);
        s->len += WUB_TS_PACKET;
        break;

    case 'x':
    case 'X':
        (*counter(s, VIDEO_PID))++;
        break;

    default:
        for (n = (what == 'j') ? 5 : 0; n > 0; n--) {
            (*counter(s, VIDEO_PID))++;
        }

        packet(s, VIDEO_PID, false, zeros, sizeof(zeros));
        break;
    }

    if (what == 'e') {
        s->bytes[s->len - WUB_TS_PACKET + 1] |= 0x80;
    }

    if (what == 'j') {
        s->bytes[s->len - WUB_TS_PACKET + 5] |= 0x80;
    }

    if (what == 'r' || what == 'R') {
        s->len -= 100;
    }
}


/* "5!2-4": of five packets' bytes the first loss is behind the second */
static void
damage(void **state)
{
    char                 got[64];
    size_t               i, k, n;
    stream_t             s;
    wub_ts_t             ts;
    const char          *p;
    wub_arena_t         *arena;
    const wub_ts_pes_t  *pes;

    static const struct {
        const char  *script;
        const char  *want;
    } rows[] = {
        { "SccSc", " 3 2" },
        { "SccccccccccccccccccS", " 19 1" },
        { "cSc", " 2" },
        { "xScxSc", " 2!2 2" },
        { "ScxcSc", " 3!2 2" },
        { "ScxcxcSc", " 4!2-3 2" },
        { "SccXccSc", " 5!3 2" },
        { "ScdcSdc", " 3 2" },
        { "ScecSc", " 3!2 2" },
        { "Sce", " 2!2" },
        { "eSc", " 2" },
        { "Seec", " 2!1" },
        { "Scjc", " 4" },
        { "ScSxxxxxxxxxxxxxxxcS", " 2 2!1 1" },
        { "Scr", " 2!2" },
        { "ScR", " 2" },
        { "LccccSc", " 5 2" },
        { "LccccccSc", " 7!0-7 2" },
        { "LccSc", " 3!3 2" },
        { "LcxcSc", " 3!2 2" },
        { "ScxcxS", " 3!2-3 1" },
        { "LcxccSc", " 4!2 2" },
        { "LccccxSc", " 5!5 2" },
        { "ScBcSc", " 2 0!0 2" },
        { "BxcS", " 0!0 1" },
    };

    (void) state;
    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(rows); i++) {
        make(&s);

        for (p = rows[i].script; *p != '\0'; p++) {
            script(&s, *p);
        }

        assert_int_equal(parse(arena, &s, &ts), WUB_OK);
        got[0] = '\0';

        for (k = 0, n = 0; k < ts.streams[0].npes; k++) {
            pes = &ts.streams[0].pes[k];

            n += (size_t) snprintf(got + n, sizeof(got) - n, " %zu",
                                   pes->len / 10);

            if (pes->damaged) {
                n += (size_t) snprintf(got + n, sizeof(got) - n, "!%zu",
                                       pes->whole / 10);
                n += (pes->rest == pes->whole) ? 0
                     : (size_t) snprintf(got + n, sizeof(got) - n, "-%zu",
                                         pes->rest / 10);

            } else {
                assert_int_equal(pes->whole, pes->len);
            }

            assert_int_equal(pes->at % WUB_TS_PACKET, 0);
            assert_true(s.bytes[pes->at + 1] & 0x40);
        }

        wub_expect(strcmp(got, rows[i].want) == 0, "%s:%s", rows[i].script,
                   got);
    }

    wub_arena_destroy(arena);
}


static void
sections(void **state)
{
    uint8_t       types[WUB_TS_STREAMS_MAX + 1];
    stream_t      s;
    wub_ts_t      ts;
    wub_arena_t  *arena;

    (void) state;
    arena = wub_test_arena();

    /* a program map over four packets */

    memset(types, 0x15, sizeof(types));
    types[0] = 0x24;
    memset(&s, 0, sizeof(stream_t));
    pat(&s);
    pmt(&s, types, 3, 600);

    assert_int_equal(parse(arena, &s, &ts), WUB_OK);
    assert_int_equal(ts.nstreams, 3);
    assert_int_equal(ts.streams[0].type, 0x24);
    assert_int_equal(ts.streams[1].kind, WUB_TS_OTHER);

    memset(&s, 0, sizeof(stream_t));
    pat(&s);
    pmt(&s, types, sizeof(types), 0);
    assert_int_equal(parse(arena, &s, &ts), WUB_TOO_BIG);

    /* no map, no packet, nothing */

    memset(&s, 0, sizeof(stream_t));
    pat(&s);
    assert_int_equal(parse(arena, &s, &ts), WUB_DECLINED);

    s.bytes[0] = 'x';
    assert_int_equal(parse(arena, &s, &ts), WUB_DECLINED);

    s.len = 0;
    assert_int_equal(parse(arena, &s, &ts), WUB_DECLINED);

    wub_arena_destroy(arena);
}


/* of a map that is sent twice, and of one that is sent once, a bit flips */
static void
checksums(void **state)
{
    size_t        i, k, bit;
    stream_t      s;
    wub_ts_t      ts;
    wub_arena_t  *arena;

    static const uint8_t  programs[] = {
        0, 0x00, 0xb0, 13, 0, 1, 0xc1, 0, 0,
        0, 1, 0xe0 | PMT_PID >> 8, PMT_PID & 0xff,
        0x2a, 0xb1, 0x04, 0xb2
    };
    static const uint8_t  map[] = {
        0, 0x02, 0xb0, 23, 0, 1, 0xc1, 0, 0,
        0xe0 | VIDEO_PID >> 8, VIDEO_PID & 0xff, 0xf0, 0,
        0x1b, 0xe0 | VIDEO_PID >> 8, VIDEO_PID & 0xff, 0xf0, 0,
        0x0f, 0xe0 | AUDIO_PID >> 8, AUDIO_PID & 0xff, 0xf0, 0,
        0x2f, 0x44, 0xb9, 0x9b
    };
    static const struct {
        const uint8_t  *bytes;
        size_t          len;
        uint16_t        pid;
    } rows[] = {
        { programs, sizeof(programs), 0 },
        { map, sizeof(map), PMT_PID }
    };

    (void) state;
    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(rows); i++) {
        for (bit = 0; bit < 8 * rows[i].len; bit++) {
            for (k = 0; k < 2; k++) {
                memset(&s, 0, sizeof(stream_t));

                packet(&s, 0, true, programs, sizeof(programs));
                packet(&s, PMT_PID, true, map, sizeof(map));

                s.bytes[(i + 1) * WUB_TS_PACKET - rows[i].len + bit / 8] ^=
                    (uint8_t) (1U << bit % 8);

                if (k == 1) {
                    packet(&s, 0, true, programs, sizeof(programs));
                    packet(&s, PMT_PID, true, map, sizeof(map));
                }

                /* how long a section is tells where its checksum lies */

                if (k == 0 && (bit < 8 || bit / 8 == 2 || bit / 8 == 3)) {
                    continue;
                }

                wub_expect(parse(arena, &s, &ts) == WUB_OK
                           && ts.nstreams == 2
                           && ts.streams[0].type == WUB_TS_TYPE_H264
                           && ts.streams[0].pid == VIDEO_PID
                           && ts.streams[1].type == WUB_TS_TYPE_AAC
                           && ts.streams[1].pid == AUDIO_PID,
                           "section %zu, bit %zu, sent %zu times", i, bit,
                           k + 1);
            }
        }
    }

    wub_arena_destroy(arena);
}


/* what private packets hold, as their descriptors say */
static void
privates(void **state)
{
    size_t        i, n;
    uint8_t       b[256];
    stream_t      s;
    wub_ts_t      ts;
    wub_arena_t  *arena;

    static const struct {
        const char     *descriptors;    /* tag, length, bytes; repeated */
        size_t          len;
        wub_ts_kind_e   kind;
        const char     *name;
    } rows[] = {
        { "", 0, WUB_TS_OTHER, "data" },
        { "\x05\x04Opus\x7f\x02\x80\x02", 10, WUB_TS_AUDIO, "Opus audio" },
        { "\x0a\x04""eng\0\x05\x06""AC-3..", 14, WUB_TS_AUDIO, "AC-3 audio" },
        { "\x7a\0", 2, WUB_TS_AUDIO, "E-AC-3 audio" },
        { "\x05\x04""AV01", 6, WUB_TS_VIDEO, "AV1 video" },
        { "\x05\x04HEVC", 6, WUB_TS_VIDEO, "HEVC video" },
        { "\x05\x04KLVA", 6, WUB_TS_OTHER, "data" },
        { "\x05\x02""AC-3", 6, WUB_TS_OTHER, "data" },
        { "\x05\x09""AC-3", 6, WUB_TS_OTHER, "data" },
        { "\x05", 1, WUB_TS_OTHER, "data" }
    };

    (void) state;
    arena = wub_test_arena();

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        n = rows[i].len;

        memset(b, 0, sizeof(b));
        b[1] = 0x02;
        b[2] = 0xb0;
        b[3] = (uint8_t) (9 + 5 + n + 4);
        b[11] = 0xf0;
        b[13] = 0x06;
        b[14] = 0xe0 | VIDEO_PID >> 8;
        b[15] = VIDEO_PID & 0xff;
        b[17] = (uint8_t) n;
        memcpy(b + 18, rows[i].descriptors, n);

        memset(&s, 0, sizeof(stream_t));
        pat(&s);
        packet(&s, PMT_PID, true, b, 18 + n + 4);

        assert_int_equal(parse(arena, &s, &ts), WUB_OK);
        assert_int_equal(ts.nstreams, 1);
        wub_expect(ts.streams[0].kind == rows[i].kind, "kind of row %zu", i);
        wub_expect((ts.streams[0].type == WUB_TS_TYPE_HEVC)
                   == (strcmp(rows[i].name, "HEVC video") == 0),
                   "type of row %zu", i);
        assert_string_equal(ts.streams[0].name, rows[i].name);
    }

    wub_arena_destroy(arena);
}


static void
unwrap(void **state)
{
    size_t  i;

    static const struct {
        int64_t  near;
        int64_t  ts;
        int64_t  want;
    } rows[] = {
        { 0, 0, 0 },
        { 0, 100, 100 },
        { 0, INT64_C(0x1ffffffff), -1 },
        { 0, -1, -1 },
        { INT64_C(0x1ffffffff), 5, INT64_C(0x200000005) },
        { INT64_C(0x200000005), INT64_C(0x1fffffff0), INT64_C(0x1fffffff0) },
        { -10, 20, 20 },
        { -10, INT64_C(0x1ffffffec), -20 },
        { 0, INT64_C(0xffffffff), INT64_C(0xffffffff) },
        { 0, INT64_C(0x100000000), -INT64_C(0x100000000) },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        wub_expect(wub_ts_unwrap(rows[i].near, rows[i].ts) == rows[i].want,
                   "row %zu: %lld", i,
                   (long long) wub_ts_unwrap(rows[i].near, rows[i].ts));
    }
}


static void
names(void **state)
{
    (void) state;

    assert_string_equal(wub_ts_type_name(0x24), "HEVC video");
    assert_string_equal(wub_ts_type_name(0x02), "MPEG-2 video");
    assert_string_equal(wub_ts_type_name(0xfe), "data");
    assert_string_equal(wub_ts_type_name(0), "data");
}


static wub_rc_t
work(wub_arena_t *arena, void *data)
{
    wub_ts_t  ts;

    return parse(arena, data, &ts);
}


static void
torture(void **state)
{
    stream_t  s;

    (void) state;

    make(&s);
    pes(&s, VIDEO_PID, 1, 1, "video", false);
    pes(&s, AUDIO_PID, 1, WUB_TS_NONE, "audio", false);

    assert_int_equal(wub_test_torture(work, &s), 4);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(streams),
        cmocka_unit_test(flags),
        cmocka_unit_test(wire),
        cmocka_unit_test(damage),
        cmocka_unit_test(sections),
        cmocka_unit_test(checksums),
        cmocka_unit_test(privates),
        cmocka_unit_test(unwrap),
        cmocka_unit_test(names),
        cmocka_unit_test(torture),
    };

    return cmocka_run_group_tests_name("ts", tests, NULL, NULL);
}
