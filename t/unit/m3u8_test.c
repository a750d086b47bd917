
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Playlists: whole texts, the rules of ends and holes as tables, and
 * properties of random chains and variants.
 */


#include "t/unit/wub_test.h"

#include "common/wub_m3u8.h"
#include "common/wub_time.h"


#define S          WUB_SECOND
#define BUF_MAX    ((size_t) 1 << 20)
#define NPARTS     16
#define NVARIANTS  40

/* 2019-11-13T02:00:00 */
#define T          INT64_C(1573610400000000)


/*
 * A chain as text, in seconds after T: "2" is a segment of 2 s, "-3" a
 * hole of 3 s, one after the other.
 */
typedef struct {
    wub_hour_t       hour;
    wub_segment_t    segments[NPARTS];
    wub_best_part_t  parts[NPARTS];
    wub_chain_t      chain;
    int64_t          end;
} chain_t;


static void
make_chain(chain_t *c, const char *text)
{
    char     *next;
    double    seconds;
    size_t    n;
    int64_t   us;

    memset(c, 0, sizeof(chain_t));

    c->hour.start = T;
    c->end = T;

    for (n = 0; *text != '\0'; n++) {
        assert_true(n < NPARTS);

        seconds = strtod(text, &next);
        assert_true(next != text);

        us = (int64_t) (((seconds < 0) ? -seconds : seconds) * 1e6 + 0.5);

        c->parts[n].hour = &c->hour;
        c->parts[n].from = c->end;
        c->parts[n].to = c->end + us;

        if (*text != '-') {
            c->segments[n].start = c->end;
            c->segments[n].duration = us;
            c->segments[n].name = wub_str("s.ts");
            c->parts[n].segment = &c->segments[n];
            c->chain.nsegments++;

        } else {
            c->chain.nholes++;
        }

        c->end += us;
        text = next + (*next == ' ');
    }

    c->chain.parts = (n == 0) ? NULL : c->parts;
    c->chain.nparts = n;
}


static void
make_media(wub_m3u8_media_t *m, int64_t end, int64_t now)
{
    m->segments_uri = wub_str("/segments");
    m->channel = wub_str("ch");
    m->quality = wub_str("source");
    m->start = T;
    m->end = end;
    m->now = now;
    m->live_hold = 15 * S;
    m->target_duration = 0;
}


static const char *
text_of(wub_buf_t *b)
{
    wub_buf_putc(b, '\0');
    assert_int_equal(b->rc, WUB_OK);
    assert_int_equal(strlen(b->data), b->len - 1);

    return b->data;
}


static void
listed(void **state)
{
    size_t   i, n;
    chain_t  c;

    static const struct {
        const char  *chain;
        int64_t      now;           /* seconds after T */
        int64_t      hold;
        size_t       listed;
    } cases[] = {
        { "", 0, 15, 0 },
        { "2 2 2", 0, 15, 3 },
        { "2 -2 2", 19, 15, 3 },
        { "2 -2 2", 18, 15, 1 },    /* the hole ends at 4 */
        { "2 -2 2", 4, 15, 1 },
        { "2 -2 2", 3, 15, 1 },
        { "2 -2 2", -1000, 15, 1 },
        { "2 -2 2", 4, 0, 3 },      /* no hold, even of what is to come */
        { "2 -2 2", 3, 0, 3 },
        { "-2 2 2", 18, 15, 3 },
        { "-2 2 2", 16, 15, 0 },
        { "2 2 -2", 18, 15, 2 },
        { "2 2 -2", 21, 15, 3 },
        { "2 -1 2 -1 2", 20, 15, 3 },
        { "2 -1 2 -1 2", 21, 15, 5 },
        { "2 -0 2", 16, 15, 1 },    /* behind a partial one */
        { "2 -0 2", 17, 15, 3 },
    };

    (void) state;

    for (i = 0; i < wub_nitems(cases); i++) {
        make_chain(&c, cases[i].chain);

        n = wub_m3u8_listed(&c.chain, T + cases[i].now * S,
                            cases[i].hold * S);
        wub_expect(n == cases[i].listed, "row %zu: %zu", i, n);
    }

    /* a hole to the end of an open range */

    make_chain(&c, "2 -2");
    c.parts[1].to = INT64_MAX;
    assert_int_equal(wub_m3u8_listed(&c.chain, 0, 15 * S), 1);
    assert_int_equal(wub_m3u8_listed(&c.chain, T, 15 * S), 1);
}


static void
whole(void **state)
{
    size_t            holes;
    chain_t           c;
    wub_buf_t         b;
    wub_arena_t      *arena;
    wub_m3u8_media_t  m;

    (void) state;

    arena = wub_test_arena();
    make_chain(&c, "1.998 -4 2.0001 2");
    make_media(&m, c.end, c.end + 15 * S);

    c.segments[0].name = wub_str("00:00.0-1.998-full-a_b-c.ts");
    c.segments[2].name = wub_str("00:06-2.0-full-\n\"#.ts");
    m.segments_uri = wub_str("https://cdn.example/a%20b");
    m.channel = wub_str("ch ann/el");
    m.quality = wub_str("1080p\xc3\xa4");

    wub_buf_init(&b, arena, BUF_MAX);
    wub_m3u8_media(&b, &m, &c.chain, &holes);

    assert_string_equal(text_of(&b),
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PROGRAM-DATE-TIME:2019-11-13T02:00:00.000000Z\n"
        "#EXTINF:1.998000,live\n"
        "https://cdn.example/a%20b/ch%20ann/el/1080p%C3%A4/2019-11-13T02/"
        "00%3A00.0-1.998-full-a_b-c.ts\n"
        "#EXT-X-DISCONTINUITY\n"
        "#EXT-X-PROGRAM-DATE-TIME:2019-11-13T02:00:05.998000Z\n"
        "#EXTINF:2.000100,live\n"
        "https://cdn.example/a%20b/ch%20ann/el/1080p%C3%A4/2019-11-13T02/"
        "00%3A06-2.0-full-%0A%22%23.ts\n"
        "#EXT-X-PROGRAM-DATE-TIME:2019-11-13T02:00:07.998100Z\n"
        "#EXTINF:2.000000,live\n"
        "https://cdn.example/a%20b/ch%20ann/el/1080p%C3%A4/2019-11-13T02/"
        "s.ts\n"
        "#EXT-X-ENDLIST\n");
    assert_int_equal(holes, 1);

    make_chain(&c, "");
    make_media(&m, T + 10 * S, T + 1000 * S);

    wub_buf_init(&b, arena, BUF_MAX);
    wub_m3u8_media(&b, &m, &c.chain, NULL);

    assert_string_equal(text_of(&b),
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:1\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n");

    wub_arena_destroy(arena);
}


static size_t
count(const char *text, const char *word)
{
    size_t  n;

    n = 0;

    for (text = strstr(text, word); text != NULL; n++) {
        text = strstr(text + 1, word);
    }

    return n;
}


/* what is listed, where it breaks, and whether it is said to be over */
static void
ends(void **state)
{
    size_t             i, holes;
    chain_t            c;
    wub_buf_t          b;
    const char        *text;
    wub_arena_t       *arena;
    wub_m3u8_media_t   m;

    static const struct {
        const char  *chain;
        int64_t      end;           /* seconds after T; -1: open */
        int64_t      now;
        size_t       segments;
        size_t       holes;
        bool         over;
    } cases[] = {
        { "2 2 2", 6, 100, 3, 0, true },
        { "2 2 2", 6, 6, 3, 0, true },
        { "2 2 2", 6, 5, 3, 0, false },
        { "2 2 2", -1, 100, 3, 0, false },
        { "2 -2 2", 6, 100, 2, 1, true },
        { "2 -2 2", 6, 19, 2, 1, true },
        { "2 -2 2", 6, 18, 1, 0, false },
        { "-2 2 2", 6, 100, 2, 0, true },
        { "-2 2 2", 6, 10, 0, 0, false },
        { "2 2 -2", 6, 100, 2, 0, false },
        { "2 2 -2", 6, 10, 2, 0, false },
        { "2 -2 2 -2", 8, 100, 2, 1, false },
        { "2 -0 2", 4, 100, 2, 1, true },
        { "2 -1 -1 2", 6, 100, 2, 1, true },
        { "-2 2 -2 2", 8, 100, 2, 1, true },
        { "-1 -1 2 2", 6, 100, 2, 0, true },
        { "2 -1 2 -1 2", 8, 20, 2, 1, false },
        { "-10", 10, 100, 0, 0, false },
        { "-10", 10, 10, 0, 0, false },
        { "", 10, 100, 0, 0, false },
        { "0", 1, 100, 1, 0, true },
    };

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(cases); i++) {
        make_chain(&c, cases[i].chain);
        make_media(&m, (cases[i].end < 0) ? INT64_MAX
                                          : T + cases[i].end * S,
                   T + cases[i].now * S);

        wub_buf_init(&b, arena, BUF_MAX);
        wub_m3u8_media(&b, &m, &c.chain, &holes);
        text = text_of(&b);

        wub_expect(count(text, "#EXTINF:") == cases[i].segments
                   && count(text, "/s.ts\n") == cases[i].segments
                   && count(text, "#EXT-X-PROGRAM-DATE-TIME:")
                      == cases[i].segments, "row %zu: segments", i);
        wub_expect(holes == cases[i].holes
                   && count(text, "#EXT-X-DISCONTINUITY\n") == holes,
                   "row %zu: holes", i);
        wub_expect((count(text, "\n#EXT-X-ENDLIST\n") == 1)
                   == cases[i].over
                   && (count(text, "\n#EXT-X-PLAYLIST-TYPE:VOD\n") == 1)
                      == cases[i].over, "row %zu: over", i);
        wub_expect(count(text, "\n\n") == 0, "row %zu: blank line", i);
    }

    wub_arena_destroy(arena);
}


static void
target(void **state)
{
    char               want[100];
    size_t             i;
    chain_t            c;
    wub_buf_t          b;
    wub_arena_t       *arena;
    wub_m3u8_media_t   m;

    static const struct {
        const char  *chain;
        uint64_t     least;
        unsigned     target;
    } cases[] = {
        { "", 0, 1 },
        { "", 7, 7 },
        { "0", 0, 1 },
        { "0.2", 0, 1 },
        { "1.499999", 0, 1 },
        { "1.5", 0, 2 },
        { "2.4 2.499999 2", 0, 2 },
        { "2.4 2.5 2", 0, 3 },
        { "5.9 2 -30 2", 0, 6 },
        { "5.9 2", 6, 6 },
        { "5.9 2", 10, 10 },
        { "6.5 2", 6, 7 },
        { "3600", 0, 3600 },
        { "2 -1 6", 1, 2 },         /* 6 is held back */
    };

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(cases); i++) {
        make_chain(&c, cases[i].chain);
        make_media(&m, c.end, c.end + ((i + 1 < wub_nitems(cases)) ? 99 : 0)
                              * S);
        m.target_duration = cases[i].least;

        wub_buf_init(&b, arena, BUF_MAX);
        wub_m3u8_media(&b, &m, &c.chain, NULL);

        (void) snprintf(want, sizeof(want), "\n#EXT-X-TARGETDURATION:%u\n",
                        cases[i].target);
        wub_expect(count(text_of(&b), want) == 1, "row %zu: %s", i, b.data);
    }

    wub_arena_destroy(arena);
}


static void
variants(void **state)
{
    size_t              i, k, n;
    wub_m3u8_variant_t  v[8];

    static const struct {
        const char  *names[8];
        uint64_t     in[8];
        const char  *order[8];
        uint64_t     out[8];
    } cases[] = {
        { { NULL }, { 0 }, { NULL }, { 0 } },
        { { "source" }, { 0 }, { "source" }, { 6846146 } },
        { { "160p", "360p", "480p", "720p", "1080p", "source", "chunked" },
          { 0 },
          { "source", "1080p", "chunked", "720p", "480p", "360p", "160p" },
          { 6846148, 6846147, 6846146, 2373000, 1427999, 630000, 230000 } },
        { { "480p", "source", "720p" }, { 900, 100, 500 },
          { "source", "480p", "720p" }, { 100, 900, 500 } },
        { { "a", "b", "source", "c" }, { 10, 11, 10, 0 },
          { "source", "c", "b", "a" }, { 12, 6846146, 11, 10 } },
        { { "c", "b", "a" }, { 5, 5, 5 }, { "a", "b", "c" }, { 7, 6, 5 } },
        { { "a", "b", "c", "d" }, { 5, 5, 6, 6 },
          { "c", "d", "a", "b" }, { 8, 7, 6, 5 } },
        { { "b", "a", "sources" }, { 1, 1, 1 },
          { "a", "b", "sources" }, { 3, 2, 1 } },
        { { "a", "b" }, { UINT64_MAX, UINT64_MAX - 5 }, { "a", "b" },
          { (UINT64_C(1) << 52) + 1, UINT64_C(1) << 52 } },
    };

    (void) state;

    memset(v, 0, sizeof(v));

    for (i = 0; i < wub_nitems(cases); i++) {

        for (n = 0; n < 8 && cases[i].names[n] != NULL; n++) {
            v[n].name = wub_test_str(cases[i].names[n]);
            v[n].bandwidth = cases[i].in[n];
        }

        wub_m3u8_variants(v, n);

        for (k = 0; k < n; k++) {
            wub_expect(wub_str_eq(v[k].name,
                                  wub_test_str(cases[i].order[k]))
                       && v[k].bandwidth == cases[i].out[k],
                       "row %zu: %.*s %llu", i, wub_arg(v[k].name),
                       (unsigned long long) v[k].bandwidth);
        }
    }
}


/* distinct, in order, never lowered, and the same from any order */
static void
variants_random(void **state)
{
    char                 names[NVARIANTS][8];
    size_t               i, k, j, n;
    uint64_t             seed;
    wub_m3u8_variant_t   a[NVARIANTS], b[NVARIANTS], swap;

    (void) state;

    seed = wub_test_seed();

    for (i = 0; i < 3000; i++) {
        n = wub_test_below(&seed, NVARIANTS + 1);

        for (k = 0; k < n; k++) {
            (void) snprintf(names[k], sizeof(names[k]), "q%zu", k);
            a[k].name = (k == 3) ? wub_str("source")
                                 : wub_test_str(names[k]);
            a[k].bandwidth = wub_test_below(&seed, 20);
            a[k].average = wub_test_below(&seed, 20);
            memset(&a[k].probe, 0, sizeof(wub_probe_t));
            b[k] = a[k];
        }

        for (k = 0; k + 1 < n; k++) {
            j = k + wub_test_below(&seed, n - k);
            swap = b[k];
            b[k] = b[j];
            b[j] = swap;
        }

        wub_m3u8_variants(a, n);
        wub_m3u8_variants(b, n);

        for (k = 0; k < n; k++) {
            assert_true(wub_str_eq(a[k].name, b[k].name));
            assert_int_equal(a[k].bandwidth, b[k].bandwidth);
            assert_int_equal(a[k].average, b[k].average);
            assert_true(a[k].average <= a[k].bandwidth);
            assert_int_not_equal(a[k].bandwidth, 0);
            assert_true(k < 2 || a[k].bandwidth < a[k - 1].bandwidth);

            for (j = 0; j < k; j++) {
                assert_int_not_equal(a[k].bandwidth, a[j].bandwidth);
            }
        }

        if (n > 3) {
            assert_true(wub_str_eq(a[0].name, wub_str("source")));
        }
    }
}


static void
master(void **state)
{
    wub_buf_t            b;
    wub_arena_t         *arena;
    wub_m3u8_variant_t   v[2];

    (void) state;

    arena = wub_test_arena();
    memset(v, 0, sizeof(v));

    v[0].name = wub_str("source");
    v[0].bandwidth = 4000000;
    v[1].name = wub_str("480p");
    v[1].bandwidth = 1000000;

    wub_buf_init(&b, arena, BUF_MAX);
    wub_m3u8_master(&b, wub_str("/playlist"), wub_str("a b"),
                    wub_str("start=2019-11-13T02:00&end="), v, 2);

    assert_string_equal(text_of(&b),
        "#EXTM3U\n"
        "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"source\",NAME=\"source\","
        "AUTOSELECT=YES,DEFAULT=YES\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=4000000,VIDEO=\"source\","
        "NAME=\"source\"\n"
        "/playlist/a%20b/source.m3u8?start=2019-11-13T02:00&end=\n"
        "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"480p\",NAME=\"480p\","
        "AUTOSELECT=YES,DEFAULT=YES\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=1000000,VIDEO=\"480p\","
        "NAME=\"480p\"\n"
        "/playlist/a%20b/480p.m3u8?start=2019-11-13T02:00&end=\n");

    wub_buf_init(&b, arena, BUF_MAX);
    wub_m3u8_master(&b, wub_str("/x"), wub_str("c"), wub_str(""), v, 1);

    assert_string_equal(text_of(&b),
        "#EXTM3U\n"
        "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"source\",NAME=\"source\","
        "AUTOSELECT=YES,DEFAULT=YES\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=4000000,VIDEO=\"source\","
        "NAME=\"source\"\n"
        "/x/c/source.m3u8\n");

    wub_arena_destroy(arena);
}


/* attributes of what is known, and none of what is not */
static void
known(void **state)
{
    char                 want[200];
    size_t               i;
    wub_buf_t            b;
    wub_arena_t         *arena;
    wub_m3u8_variant_t   v;

    static const struct {
        uint64_t     average;
        const char  *codecs;
        uint32_t     width;
        uint32_t     height;
        uint32_t     rate;
        const char  *text;
    } cases[] = {
        { 0, "", 0, 0, 0, "" },
        { 900, "", 0, 0, 0, ",AVERAGE-BANDWIDTH=900" },
        { 1000, "", 0, 0, 0, ",AVERAGE-BANDWIDTH=1000" },
        { 1001, "", 0, 0, 0, ",AVERAGE-BANDWIDTH=1000" },
        { 0, "avc1.4d401f,mp4a.40.2", 0, 0, 0,
          ",CODECS=\"avc1.4d401f,mp4a.40.2\"" },
        { 0, "", 1920, 1080, 0, ",RESOLUTION=1920x1080" },
        { 0, "", 1920, 0, 0, "" },
        { 0, "", 0, 0, 29970, ",FRAME-RATE=29.970" },
        { 0, "", 0, 0, 59904, ",FRAME-RATE=59.904" },
        { 0, "", 0, 0, 1001, ",FRAME-RATE=1.001" },
        { 0, "", 0, 0, 5, ",FRAME-RATE=0.005" },
        { 10, "mp4a.40.2", 854, 480, 30000, ",AVERAGE-BANDWIDTH=10,"
          "CODECS=\"mp4a.40.2\",RESOLUTION=854x480,FRAME-RATE=30.000" },
    };

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(cases); i++) {
        memset(&v, 0, sizeof(v));

        v.name = wub_str("q");
        v.bandwidth = 1000;
        v.average = cases[i].average;
        v.probe.width = cases[i].width;
        v.probe.height = cases[i].height;
        v.probe.frame_rate = cases[i].rate;
        v.probe.codecs_len = (uint8_t) strlen(cases[i].codecs);
        memcpy(v.probe.codecs, cases[i].codecs, v.probe.codecs_len);

        wub_m3u8_variants(&v, 1);

        wub_buf_init(&b, arena, BUF_MAX);
        wub_m3u8_master(&b, wub_str("/p"), wub_str("c"), wub_str(""), &v, 1);

        (void) snprintf(want, sizeof(want),
                        "\n#EXT-X-STREAM-INF:BANDWIDTH=1000,VIDEO=\"q\","
                        "NAME=\"q\"%s\n/p/c/q.m3u8\n", cases[i].text);
        wub_expect(strstr(text_of(&b), want) != NULL, "row %zu: %s", i,
                   b.data);
    }

    wub_arena_destroy(arena);
}


/* names and queries that would break a line, a string or UTF-8 */
static void
hostile(void **state)
{
    char                 want[200], *copy;
    size_t               i, len;
    wub_buf_t            b;
    wub_arena_t         *arena;
    wub_m3u8_variant_t   v;

    static const struct {
        const char  *name;
        const char  *quoted;
    } names[] = {
        { "a\"b", "a%22b" },
        { "a\nb\rc", "a%0Ab%0Dc" },
        { "\x01\x1f\x7f", "%01%1F%7F" },
        { "a,b=c", "a,b=c" },
        { "a%22b", "a%2522b" },
        { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
          "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
        { "\xc2\x80\xc2\x9f\xc2\xa0", "%C2%80%C2%9F\xc2\xa0" },
        { "\x80\xbf\xff\xfe", "%80%BF%FF%FE" },
        { "\xc0\xaf\xc1\xbf", "%C0%AF%C1%BF" },
        { "\xe0\x9f\xbf\xe0\xa0\x80", "%E0%9F%BF\xe0\xa0\x80" },
        { "\xed\x9f\xbf\xed\xa0\x80", "\xed\x9f\xbf%ED%A0%80" },
        { "\xf0\x8f\xbf\xbf\xf0\x90\x80\x80",
          "%F0%8F%BF%BF\xf0\x90\x80\x80" },
        { "\xf4\x8f\xbf\xbf\xf4\x90\x80\x80",
          "\xf4\x8f\xbf\xbf%F4%90%80%80" },
        { "\xf5\x80\x80\x80\xf9\x88\x80\x80",
          "%F5%80%80%80%F9%88%80%80" },
        { "\xc3", "%C3" },
        { "\xe2\x82", "%E2%82" },
        { "\xf0\x9f\x98", "%F0%9F%98" },
        { "\xe2\x28\xa1", "%E2(%A1" },
    };

    (void) state;

    arena = wub_test_arena();
    memset(&v, 0, sizeof(v));

    for (i = 0; i < wub_nitems(names); i++) {

        /* a copy without a zero, so that a read beyond it is seen */

        len = strlen(names[i].name);
        copy = test_malloc(len);
        memcpy(copy, names[i].name, len);

        v.name = wub_str_n(copy, len);
        v.bandwidth = 1;

        wub_buf_init(&b, arena, BUF_MAX);
        wub_m3u8_master(&b, wub_str("/playlist"), wub_str("c"), wub_str(""),
                        &v, 1);
        test_free(copy);

        (void) snprintf(want, sizeof(want),
                        "GROUP-ID=\"%s\",NAME=\"%s\",AUTOSELECT",
                        names[i].quoted, names[i].quoted);
        wub_expect(strstr(text_of(&b), want) != NULL, "row %zu: %s", i,
                   b.data);

        (void) snprintf(want, sizeof(want), "VIDEO=\"%s\",NAME=\"%s\"\n",
                        names[i].quoted, names[i].quoted);
        wub_expect(strstr(b.data, want) != NULL, "row %zu: %s", i, b.data);
        wub_expect(count(b.data, "\n") == 4, "row %zu: lines", i);
    }

    v.name = wub_str("q");

    wub_buf_init(&b, arena, BUF_MAX);
    wub_m3u8_master(&b, wub_str("/playlist"), wub_str("c\n"),
                    wub_str("a=1&b=%20\n#x y\xff\x7f?"), &v, 1);
    assert_non_null(strstr(text_of(&b), "\n/playlist/c%0A/q.m3u8"
                           "?a=1&b=%20%0A%23x%20y%FF%7F?\n"));

    wub_arena_destroy(arena);
}


static wub_rc_t
write_all(wub_arena_t *arena, void *data)
{
    size_t              i;
    chain_t             c;
    wub_buf_t           b;
    wub_m3u8_media_t    m;
    wub_m3u8_variant_t  v;

    (void) data;

    make_chain(&c, "2 -2 2 2");
    make_media(&m, c.end, c.end + 99 * S);

    memset(&v, 0, sizeof(v));
    v.name = wub_str("so\"urce");
    v.bandwidth = 1;

    wub_buf_init(&b, arena, BUF_MAX);

    for (i = 0; i < 20; i++) {
        wub_m3u8_media(&b, &m, &c.chain, NULL);
        wub_m3u8_master(&b, wub_str("/p"), wub_str("c"), wub_str("x y"), &v,
                        1);
    }

    return b.rc;
}


static void
torture(void **state)
{
    chain_t            c;
    wub_buf_t          b;
    wub_arena_t       *arena;
    wub_m3u8_media_t   m;

    (void) state;

    assert_true(wub_test_torture(write_all, NULL) > 3);

    arena = wub_test_arena();
    make_chain(&c, "2 -2 2 2");
    make_media(&m, c.end, c.end + 99 * S);

    wub_buf_init(&b, arena, 100);
    wub_m3u8_media(&b, &m, &c.chain, NULL);
    assert_int_equal(b.rc, WUB_TOO_BIG);

    wub_arena_destroy(arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(listed),
        cmocka_unit_test(whole),
        cmocka_unit_test(ends),
        cmocka_unit_test(target),
        cmocka_unit_test(variants),
        cmocka_unit_test(variants_random),
        cmocka_unit_test(master),
        cmocka_unit_test(known),
        cmocka_unit_test(hostile),
        cmocka_unit_test(torture),
    };

    return cmocka_run_group_tests_name("m3u8", tests, NULL, NULL);
}
