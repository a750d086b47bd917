
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * What is read of small streams made by hand: which formats are named, and
 * how many frames a second times and parameter sets together tell.  Streams
 * of true encoders are judged by ffprobe in t/media/probe.t.
 */


#include "t/unit/wub_test.h"
#include "t/unit/wub_test_ts.h"

#include "common/wub_probe.h"
#include "common/wub_ts.h"


#define PACKETS_MAX  1024
#define BITS_MAX     1024
#define PMT_PID      0x1000
#define FIRST_PID    0x100


typedef struct {
    uint8_t   bytes[PACKETS_MAX * WUB_TS_PACKET];
    size_t    len;
    uint8_t   counter;
} stream_t;

typedef struct {
    uint8_t   bits[BITS_MAX];
    size_t    n;
} writer_t;

/* how the times of frames are rounded */
typedef enum {
    TICKS = 0,
    MILLI,
    UNEVEN,
    BACK,
    UNSENT
} times_e;

typedef struct {
    size_t    frames;
    int64_t   num;              /* frames a second, of the times */
    int64_t   den;
    times_e   times;
    uint32_t  scale;            /* of the parameter set; 0: not sent */
    uint32_t  units;
    bool      fixed;
    bool      interlaced;
    size_t    slices;           /* pictures in a PES packet */
} video_t;


static void
packet(stream_t *s, uint16_t pid, bool start, const uint8_t *data, size_t len)
{
    assert_true(s->len + WUB_TS_PACKET <= sizeof(s->bytes));

    wub_test_packet(s->bytes + s->len, s->counter++, pid, start, data, len);
    s->len += WUB_TS_PACKET;
}


static void
tables(stream_t *s, const uint8_t *types, size_t n)
{
    size_t   i, at;
    uint8_t  b[184];

    static const uint8_t  pat[] = {
        0, 0x00, 0xb0, 13, 0, 1, 0xc1, 0, 0,
        0, 1, 0xe0 | PMT_PID >> 8, PMT_PID & 0xff,
        0, 0, 0, 0
    };

    s->len = 0;
    s->counter = 0;
    packet(s, 0, true, pat, sizeof(pat));

    memset(b, 0, sizeof(b));
    b[1] = 0x02;
    b[2] = 0xb0;
    b[3] = (uint8_t) (9 + 5 * n + 4);
    b[11] = 0xf0;

    for (i = 0, at = 13; i < n; i++, at += 5) {
        b[at] = types[i];
        b[at + 1] = (uint8_t) (0xe0 | (FIRST_PID + i) >> 8);
        b[at + 2] = (uint8_t) (FIRST_PID + i);
    }

    packet(s, PMT_PID, true, b, at + 4);
}


static void
pes(stream_t *s, size_t stream, int64_t pts, const uint8_t *data, size_t len)
{
    size_t   n;
    uint8_t  b[184];

    n = 0;
    memset(b, 0, sizeof(b));

    b[2] = 1;
    b[3] = 0xe0;
    b[6] = 0x80;

    if (pts != WUB_TS_NONE) {
        n = 5;
        b[7] = 0x80;
        b[9] = (uint8_t) (0x21 | (pts >> 29 & 0x0e));
        b[10] = (uint8_t) (pts >> 22);
        b[11] = (uint8_t) ((pts >> 14 & 0xfe) | 1);
        b[12] = (uint8_t) (pts >> 7);
        b[13] = (uint8_t) (pts << 1 | 1);
    }

    b[8] = (uint8_t) n;
    assert_true(9 + n + len <= sizeof(b));
    memcpy(b + 9 + n, data, len);

    packet(s, (uint16_t) (FIRST_PID + stream), true, b, 9 + n + len);
}


static void
put(writer_t *w, uint32_t value, uint32_t n)
{
    while (n-- > 0) {
        assert_true(w->n < BITS_MAX);
        w->bits[w->n++] = (uint8_t) (value >> n & 1);
    }
}


static void
put_ue(writer_t *w, uint32_t value)
{
    uint32_t  n;

    for (n = 0; (value + 1) >> (n + 1) != 0; n++) {
        /* void */
    }

    put(w, 0, n);
    put(w, value + 1, n + 1);
}


/* a parameter set of 854x480, main profile, level 3.1, with start code */
static size_t
put_sps(const video_t *v, uint8_t *out)
{
    size_t    i, k, len, zeros;
    uint8_t   byte;
    writer_t  w;

    static const uint32_t  ues[] = { 0, 0, 0, 2, 4 };

    w.n = 0;
    put(&w, 0x674d401f, 32);

    for (i = 0; i < wub_nitems(ues); i++) {
        put_ue(&w, ues[i]);
    }

    put(&w, 0, 1);
    put_ue(&w, 53);
    put_ue(&w, v->interlaced ? 14 : 29);
    put(&w, !v->interlaced, 1);
    put(&w, v->interlaced ? 3 : 1, v->interlaced ? 2 : 1);
    put(&w, 1, 1);
    put_ue(&w, 0);
    put_ue(&w, 5);
    put_ue(&w, 0);
    put_ue(&w, 0);
    put(&w, v->scale != 0, 1);

    if (v->scale != 0) {
        put(&w, 1, 5);
        put(&w, v->units, 32);
        put(&w, v->scale, 32);
        put(&w, v->fixed, 1);
    }

    put(&w, 1, 1);
    memcpy(out, "\0\0\1", 3);

    for (i = 0, len = 3, zeros = 0; i < w.n; i += 8) {
        for (byte = 0, k = i; k < i + 8; k++) {
            byte = (uint8_t) (byte << 1 | (k < w.n ? w.bits[k] : 0));
        }

        if (zeros >= 2 && byte <= 3) {
            out[len++] = 3;
            zeros = 0;
        }

        out[len++] = byte;
        zeros = (byte == 0) ? zeros + 1 : 0;
    }

    return len;
}


static int64_t
frame_time(const video_t *v, size_t i)
{
    int64_t  k;

    k = (int64_t) i;

    switch (v->times) {

    case MILLI:
        return (k * 1000 * v->den / v->num) * 90;

    case UNEVEN:
        return k * 3000 + k % 3 * 200;

    case BACK:
        return (k == 3) ? 0 : k * 3000;

    case UNSENT:
        return WUB_TS_NONE;

    case TICKS:
    default:
        return (k * WUB_TS_HZ * v->den + v->num / 2) / v->num;
    }
}


/* times begin shortly before the 33 bits of the counter are full */
static void
video(stream_t *s, size_t stream, const video_t *v)
{
    size_t   i, k, len;
    int64_t  time;
    uint8_t  b[160];

    for (i = 0; i < v->frames; i++) {
        len = (i == 0) ? put_sps(v, b) : 0;

        for (k = 0; k < (v->slices == 0 ? 1 : v->slices); k++) {
            memcpy(b + len, "\0\0\1\x65\x88\x84", 6);
            len += 6;
        }

        time = frame_time(v, i);

        pes(s, stream,
            (time == WUB_TS_NONE) ? time
                                  : (time - 5000) & ((INT64_C(1) << 33) - 1),
            b, len);
    }
}


/* frames of ten bytes; object as ADTS has it, less 1; rate: its index */
static void
audio(stream_t *s, size_t stream, uint8_t object, uint8_t rate, size_t junk)
{
    size_t   i;
    uint8_t  b[100];

    memset(b, 0xff, sizeof(b));

    for (i = junk; i + 10 <= junk + 30; i += 10) {
        memset(b + i, 0, 10);
        b[i] = 0xff;
        b[i + 1] = 0xf1;
        b[i + 2] = (uint8_t) (object << 6 | rate << 2);
        b[i + 3] = 0x80;
        b[i + 4] = 10 >> 3;
        b[i + 5] = (uint8_t) ((10 & 7) << 5 | 0x1f);
        b[i + 6] = 0xfc;
    }

    pes(s, stream, 0, b, junk + 30);
}


static const video_t  plain = { 8, 30, 1, TICKS, 0, 0, false, false, 1 };


/*
 * Streams as letters: v H.264; a AAC LC of 48 kHz, b the same in the midst
 * of others' bytes; m AAC Main; l AAC LC of 24 kHz, h of 32; e, f H.264 and
 * AAC of which nothing comes, c HEVC; 3 MP3; i ID3; s SCTE-35; x private.
 */
static void
make(stream_t *s, const char *letters, const video_t *v)
{
    size_t       i, n;
    uint8_t      types[WUB_TS_STREAMS_MAX + 1];
    const char  *at;

    static const char     known[] = "vabmlhef3cisx";
    static const uint8_t  type[] = {
        0x1b, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x1b, 0x0f, 0x03, 0x24, 0x15,
        0x86, 0x06
    };

    n = strlen(letters);

    for (i = 0; i < n; i++) {
        at = strchr(known, letters[i]);
        assert_non_null(at);
        types[i] = type[at - known];
    }

    tables(s, types, n);

    for (i = 0; i < n; i++) {
        switch (letters[i]) {

        case 'v':
            video(s, i, v);
            break;

        case 'a':
            audio(s, i, 1, 3, 0);
            break;

        case 'b':
            audio(s, i, 1, 3, 50);
            break;

        case 'm':
            audio(s, i, 0, 3, 0);
            break;

        case 'l':
            audio(s, i, 1, 6, 0);
            break;

        case 'h':
            audio(s, i, 1, 5, 0);
            break;

        case 'e':
        case 'f':
            break;

        default:
            pes(s, i, 0, (const uint8_t *) "\xff\xfb\x90", 3);
            break;
        }
    }
}


static wub_rc_t
probe(const uint8_t *data, size_t len, wub_probe_t *ret)
{
    wub_rc_t      rc;
    uint8_t      *copy;
    wub_arena_t  *arena;

    /* exactly as long as it is, so that a sanitizer sees a read beyond */

    copy = malloc(len == 0 ? 1 : len);
    assert_non_null(copy);
    memcpy(copy, data, len);

    arena = wub_arena_create(WUB_PROBE_ARENA);
    assert_non_null(arena);

    rc = wub_probe(arena, copy, len, ret);

    wub_arena_destroy(arena);
    free(copy);

    return rc;
}


static void
codecs(void **state)
{
    size_t       i;
    wub_rc_t     rc;
    stream_t     s;
    wub_str_t    list;
    wub_probe_t  p;

    static const struct {
        const char  *streams;
        const char  *codecs;
        uint32_t     width;
    } rows[] = {
        { "va", "avc1.4d401f,mp4a.40.2", 854 },
        { "av", "avc1.4d401f,mp4a.40.2", 854 },
        { "vb", "avc1.4d401f,mp4a.40.2", 854 },
        { "vm", "avc1.4d401f,mp4a.40.1", 854 },
        { "vh", "avc1.4d401f,mp4a.40.2", 854 },
        { "v", "avc1.4d401f", 854 },
        { "a", "mp4a.40.2", 0 },
        { "vaa", "avc1.4d401f,mp4a.40.2", 854 },
        { "ivmsa", "avc1.4d401f,mp4a.40.1,mp4a.40.2", 854 },
        { "vva", "avc1.4d401f,mp4a.40.2", 0 },

        /* one that cannot be named, and none is */

        { "vl", "", 854 },
        { "val", "", 854 },
        { "v3", "", 854 },
        { "va3", "", 854 },
        { "vf", "", 854 },
        { "vax", "", 854 },
        { "ea", "", 0 },
        { "eva", "", 0 },
        { "c", "", 0 },
        { "ca", "", 0 },
        { "cva", "", 0 },
        { "x", "", 0 },
        { "i", "", 0 },
        { "", "", 0 },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        make(&s, rows[i].streams, &plain);

        rc = probe(s.bytes, s.len, &p);
        assert_int_equal(rc, WUB_OK);

        list = wub_probe_codecs(&p);
        wub_expect(wub_str_eq(list, wub_test_str(rows[i].codecs)),
                   "%s: %.*s", rows[i].streams, wub_arg(list));
        wub_expect(p.more == (strpbrk(rows[i].streams, "efc") != NULL),
                   "%s: more", rows[i].streams);
        wub_expect(p.width == rows[i].width
                   && p.height == (rows[i].width != 0 ? 480 : 0)
                   && p.frame_rate == (rows[i].width != 0 ? 30000 : 0),
                   "%s: %ux%u %u", rows[i].streams, p.width, p.height,
                   p.frame_rate);
    }
}


static void
rates(void **state)
{
    size_t       i;
    stream_t     s;
    wub_probe_t  p;

    static const struct {
        video_t   video;
        uint32_t  rate;
    } rows[] = {

        /* times alone */

        { { 8, 30, 1, TICKS, 0, 0, false, false, 1 }, 30000 },
        { { 8, 30000, 1001, TICKS, 0, 0, false, false, 1 }, 29970 },
        { { 8, 60000, 1001, TICKS, 0, 0, false, false, 1 }, 59940 },
        { { 8, 24000, 1001, TICKS, 0, 0, false, false, 1 }, 23976 },
        { { 8, 60, 1, TICKS, 0, 0, false, false, 1 }, 60000 },
        { { 8, 5, 1, TICKS, 0, 0, false, false, 1 }, 5000 },
        { { 8, 1, 1, TICKS, 0, 0, false, false, 1 }, 1000 },
        { { 8, 120, 1, TICKS, 0, 0, false, false, 1 }, 120000 },
        { { 4, 25, 1, TICKS, 0, 0, false, false, 1 }, 25000 },
        { { 3, 25, 1, TICKS, 0, 0, false, false, 1 }, 0 },
        { { 200, 50, 1, TICKS, 0, 0, false, false, 1 }, 50000 },
        { { 8, 25, 2, TICKS, 0, 0, false, false, 1 }, 0 },

        /* milliseconds tell NTSC from whole numbers after a while only */

        { { 8, 30, 1, MILLI, 0, 0, false, false, 1 }, 0 },
        { { 100, 30, 1, MILLI, 0, 0, false, false, 1 }, 30000 },
        { { 100, 30000, 1001, MILLI, 0, 0, false, false, 1 }, 29970 },
        { { 40, 25, 1, MILLI, 0, 0, false, false, 1 }, 25000 },

        /* what the stream says helps, where the times agree */

        { { 8, 30, 1, MILLI, 60, 1, false, false, 1 }, 30000 },
        { { 8, 30, 1, MILLI, 60000, 1001, false, false, 1 }, 29970 },
        { { 8, 30, 1, TICKS, 60000, 1001, true, false, 1 }, 30000 },
        { { 8, 30, 1, TICKS, 120, 1, true, false, 1 }, 30000 },
        { { 8, 25, 2, TICKS, 25, 1, false, false, 1 }, 12500 },
        { { 8, 25, 2, TICKS, 50, 1, true, false, 1 }, 0 },
        { { 8, 30, 1, TICKS, 90000, 1, true, false, 1 }, 30000 },
        { { 8, 30, 1, TICKS, 180000, 3000, true, false, 1 }, 30000 },
        { { 8, 30, 1, TICKS, UINT32_MAX, UINT32_MAX, true, false, 1 },
          30000 },

        /* what the stream says alone, where it says that it is so */

        { { 1, 30, 1, TICKS, 60, 1, true, false, 1 }, 30000 },
        { { 1, 30, 1, TICKS, 60, 1, false, false, 1 }, 0 },
        { { 1, 30, 1, TICKS, 0, 0, false, false, 1 }, 0 },
        { { 1, 30, 1, TICKS, UINT32_MAX, 1, true, false, 1 }, 0 },
        { { 1, 30, 1, TICKS, 1, UINT32_MAX, true, false, 1 }, 0 },
        { { 1, 30, 1, TICKS, 2000000, 1, true, false, 1 }, 0 },
        { { 8, 30, 1, UNSENT, 60, 1, true, false, 1 }, 30000 },
        { { 8, 30, 1, UNSENT, 60, 1, false, false, 1 }, 0 },
        { { 8, 30, 1, BACK, 60, 1, false, false, 1 }, 0 },
        { { 8, 30, 1, UNEVEN, 60, 1, true, false, 1 }, 0 },
        { { 8, 30, 1, UNEVEN, 0, 0, false, false, 1 }, 0 },
        { { 8, 30, 1, TICKS, 0, 0, false, false, 2 }, 0 },
        { { 8, 30, 1, TICKS, 120, 1, true, false, 2 }, 60000 },

        /* fields: two to a frame, or one, as the times have it */

        { { 8, 25, 1, TICKS, 50, 1, false, true, 1 }, 25000 },
        { { 8, 25, 1, TICKS, 0, 0, false, true, 1 }, 0 },
        { { 8, 50, 1, TICKS, 50, 1, false, true, 1 }, 0 },
        { { 8, 25, 1, TICKS, 50, 1, true, true, 2 }, 25000 },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        make(&s, "va", &rows[i].video);

        assert_int_equal(probe(s.bytes, s.len, &p), WUB_OK);
        wub_expect(p.frame_rate == rows[i].rate, "row %zu: %u", i,
                   p.frame_rate);
        wub_expect(p.width == 854 && p.height == 480, "row %zu: size", i);
        wub_expect(p.codecs_len == 21, "row %zu: codecs", i);
    }
}


/* prefixes and bytes that were changed: an answer that is sound, or none */
static void
broken(void **state)
{
    size_t       i, k, n;
    uint64_t     seed;
    stream_t     s, bad;
    wub_rc_t     rc;
    wub_probe_t  p;

    (void) state;

    seed = wub_test_seed();
    make(&s, "va", &plain);

    memset(&p, 0xee, sizeof(p));
    assert_int_equal(probe(s.bytes, 0, &p), WUB_DECLINED);
    assert_int_equal(probe(s.bytes, 300, &p), WUB_DECLINED);
    assert_int_equal(probe((const uint8_t *) "<html>", 6, &p), WUB_DECLINED);
    assert_int_equal(p.width, 0xeeeeeeee);

    for (i = 0; i <= s.len; i++) {
        rc = probe(s.bytes, i, &p);
        wub_expect(rc == WUB_DECLINED || rc == WUB_OK, "cut at %zu", i);
        wub_expect(rc != WUB_OK || p.codecs_len == 0 || i == s.len,
                   "cut at %zu: %.*s", i, (int) p.codecs_len, p.codecs);
    }

    for (i = 0; i < 5000; i++) {
        memcpy(&bad, &s, sizeof(bad));
        n = 1 + wub_test_below(&seed, 8);

        for (k = 0; k < n; k++) {
            bad.bytes[wub_test_below(&seed, s.len)]
                = (uint8_t) wub_test_random(&seed);
        }

        rc = probe(bad.bytes, bad.len, &p);
        assert_true(rc == WUB_DECLINED || rc == WUB_OK);
        assert_true(rc != WUB_OK || p.codecs_len <= WUB_PROBE_CODECS_MAX);
    }
}


static wub_rc_t
work(wub_arena_t *arena, void *data)
{
    wub_probe_t  p;
    stream_t    *s = data;

    return wub_probe(arena, s->bytes, s->len, &p);
}


static void
torture(void **state)
{
    size_t        i;
    uint8_t      *bytes;
    stream_t      s;
    wub_probe_t   p;

    (void) state;

    make(&s, "va", &plain);
    assert_true(wub_test_torture(work, &s) >= 2);

    /* as many bytes as are read, all of them of small PES packets */

    bytes = test_malloc(WUB_PROBE_BYTES_MAX);

    for (i = 0; i < WUB_PROBE_BYTES_MAX; i++) {
        bytes[i] = s.bytes[(i < s.len) ? i : s.len - WUB_TS_PACKET * 3
                                             + (i - s.len)
                                               % WUB_TS_PACKET];
    }

    assert_int_equal(probe(bytes, WUB_PROBE_BYTES_MAX, &p), WUB_OK);
    assert_int_equal(p.width, 854);

    test_free(bytes);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(codecs),
        cmocka_unit_test(rates),
        cmocka_unit_test(broken),
        cmocka_unit_test(torture),
    };

    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
