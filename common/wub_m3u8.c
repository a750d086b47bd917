
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_m3u8.h"
#include "common/wub_time.h"


/* above it numbers are not exact in a player's JavaScript */
#define WUB_M3U8_BANDWIDTH_MAX   (UINT64_C(1) << 52)

#define WUB_M3U8_BANDWIDTH_OTHER UINT64_C(6846146)


/* upstream's numbers (CONTRACT.md 6), bits per second */
static const struct {
    wub_str_t  name;
    uint64_t   bandwidth;
} wub_m3u8_bandwidths[] = {
    { wub_string("1080p"), 6846146 },
    { wub_string("720p"),  2373000 },
    { wub_string("480p"),  1427999 },
    { wub_string("360p"),  630000 },
    { wub_string("160p"),  230000 }
};


static void wub_m3u8_times(wub_buf_t *b, const wub_segment_t *segment);
static int64_t wub_m3u8_longest(const wub_chain_t *chain, size_t nlisted);
static uint64_t wub_m3u8_canned(wub_str_t name);
static bool wub_m3u8_before(const wub_m3u8_variant_t *a,
    const wub_m3u8_variant_t *b);
static void wub_m3u8_sort(wub_m3u8_variant_t *variants, size_t n);
static void wub_m3u8_sift(wub_m3u8_variant_t *variants, size_t i, size_t n);
static void wub_m3u8_distinct(wub_m3u8_variant_t *variants, size_t n);
static void wub_m3u8_known(wub_buf_t *b, const wub_m3u8_variant_t *v);
static void wub_m3u8_quoted(wub_buf_t *b, wub_str_t s);
static size_t wub_m3u8_utf8(wub_str_t s, size_t i);
static void wub_m3u8_query(wub_buf_t *b, wub_str_t s);
static void wub_m3u8_percent(wub_buf_t *b, char c);


size_t
wub_m3u8_listed(const wub_chain_t *chain, int64_t now, int64_t live_hold)
{
    size_t  i;

    for (i = 0; i < chain->nparts; i++) {

        if (chain->parts[i].segment == NULL
            && wub_m3u8_held(chain->parts[i].to, now, live_hold))
        {
            break;
        }
    }

    return i;
}


bool
wub_m3u8_held(int64_t to, int64_t now, int64_t live_hold)
{
    int64_t  age;

    /* a hole that ends in the future is new; a hold of 0 holds none */
    age = (to < now) ? now - to : 0;

    return age < live_hold;
}


void
wub_m3u8_media(wub_buf_t *b, const wub_m3u8_media_t *m,
    const wub_chain_t *chain, size_t *ret_holes)
{
    bool    complete, hole, any;
    size_t  i, n, holes;

    n = wub_m3u8_listed(chain, m->now, m->live_hold);

    complete = (m->end <= m->now && n != 0 && n == chain->nparts
                && chain->parts[n - 1].segment != NULL);

    wub_m3u8_head(b, m, wub_m3u8_longest(chain, n), complete);

    any = false;
    hole = false;
    holes = 0;

    for (i = 0; i < n; i++) {

        if (chain->parts[i].segment == NULL) {
            hole = any;
            continue;
        }

        if (hole) {
            wub_buf_lit(b, WUB_M3U8_HOLE);
            holes++;
        }

        wub_m3u8_segment(b, m, chain->parts[i].hour->start,
                         chain->parts[i].segment);

        any = true;
        hole = false;
    }

    wub_m3u8_tail(b, complete);

    if (ret_holes != NULL) {
        *ret_holes = holes;
    }
}


static int64_t
wub_m3u8_longest(const wub_chain_t *chain, size_t nlisted)
{
    size_t   i;
    int64_t  longest;

    longest = 0;

    for (i = 0; i < nlisted; i++) {

        if (chain->parts[i].segment != NULL
            && chain->parts[i].segment->duration > longest)
        {
            longest = chain->parts[i].segment->duration;
        }
    }

    return longest;
}


void
wub_m3u8_head(wub_buf_t *b, const wub_m3u8_media_t *m, int64_t longest,
    bool complete)
{
    uint64_t  seconds, target;

    /*
     * Seconds; no listed EXTINF, rounded half up, is above it (RFC 8216
     * 4.3.3.1).
     */
    seconds = (uint64_t) ((longest + WUB_SECOND / 2) / WUB_SECOND);
    target = (m->target_duration > 0) ? m->target_duration : 1;

    wub_buf_lit(b, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:");
    wub_buf_u64(b, (seconds > target) ? seconds : target);
    wub_buf_putc(b, '\n');

    if (complete) {
        wub_buf_lit(b, "#EXT-X-PLAYLIST-TYPE:VOD\n");
    }

    wub_buf_lit(b, "#EXT-X-MEDIA-SEQUENCE:0\n");
}


void
wub_m3u8_segment(wub_buf_t *b, const wub_m3u8_media_t *m, int64_t hour,
    const wub_segment_t *segment)
{
    wub_m3u8_times(b, segment);
    wub_m3u8_prefix(b, m, hour);
    wub_buf_uri(b, segment->name);
    wub_buf_putc(b, '\n');
}


void
wub_m3u8_prefix(wub_buf_t *b, const wub_m3u8_media_t *m, int64_t hour)
{
    char  text[WUB_HOUR_LEN];

    wub_hour_format(hour, text);

    wub_buf_str(b, m->segments_uri);
    wub_buf_putc(b, '/');
    wub_buf_uri(b, m->channel);
    wub_buf_putc(b, '/');
    wub_buf_uri(b, m->quality);
    wub_buf_putc(b, '/');
    wub_buf_put(b, text, WUB_HOUR_LEN);
    wub_buf_putc(b, '/');
}


void
wub_m3u8_lines(wub_buf_t *b, wub_str_t prefix, const wub_segment_t *segment)
{
    wub_m3u8_times(b, segment);
    wub_buf_str(b, prefix);
    wub_buf_uri(b, segment->name);
    wub_buf_putc(b, '\n');
}


static void
wub_m3u8_times(wub_buf_t *b, const wub_segment_t *segment)
{
    wub_buf_lit(b, "#EXT-X-PROGRAM-DATE-TIME:");
    wub_time_put(b, segment->start);
    wub_buf_lit(b, "\n#EXTINF:");
    wub_buf_seconds(b, segment->duration);
    wub_buf_lit(b, ",live\n");
}


void
wub_m3u8_tail(wub_buf_t *b, bool complete)
{
    if (complete) {
        wub_buf_lit(b, WUB_M3U8_END);
    }
}


void
wub_m3u8_variants(wub_m3u8_variant_t *variants, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {

        if (variants[i].bandwidth == 0) {
            variants[i].bandwidth = wub_m3u8_canned(variants[i].name);
        }

        if (variants[i].bandwidth > WUB_M3U8_BANDWIDTH_MAX) {
            variants[i].bandwidth = WUB_M3U8_BANDWIDTH_MAX;
        }

        if (variants[i].average > variants[i].bandwidth) {
            variants[i].average = variants[i].bandwidth;
        }
    }

    wub_m3u8_sort(variants, n);
    wub_m3u8_distinct(variants, n);
}


static uint64_t
wub_m3u8_canned(wub_str_t name)
{
    size_t  i, n;

    n = sizeof(wub_m3u8_bandwidths) / sizeof(wub_m3u8_bandwidths[0]);

    for (i = 0; i < n; i++) {
        if (wub_str_eq(name, wub_m3u8_bandwidths[i].name)) {
            return wub_m3u8_bandwidths[i].bandwidth;
        }
    }

    return WUB_M3U8_BANDWIDTH_OTHER;
}


static bool
wub_m3u8_before(const wub_m3u8_variant_t *a, const wub_m3u8_variant_t *b)
{
    bool  a_source, b_source;

    a_source = wub_str_eq(a->name, wub_str("source"));
    b_source = wub_str_eq(b->name, wub_str("source"));

    if (a_source != b_source) {
        return a_source;
    }

    if (a->bandwidth != b->bandwidth) {
        return a->bandwidth > b->bandwidth;
    }

    return wub_str_cmp(a->name, b->name) < 0;
}


/* a heap sort: no memory, and names that others choose cannot make it slow */
static void
wub_m3u8_sort(wub_m3u8_variant_t *variants, size_t n)
{
    size_t              i;
    wub_m3u8_variant_t  v;

    for (i = n / 2; i > 0; i--) {
        wub_m3u8_sift(variants, i - 1, n);
    }

    for (i = n; i > 1; i--) {
        v = variants[0];
        variants[0] = variants[i - 1];
        variants[i - 1] = v;

        wub_m3u8_sift(variants, 0, i - 1);
    }
}


static void
wub_m3u8_sift(wub_m3u8_variant_t *variants, size_t i, size_t n)
{
    size_t              child;
    wub_m3u8_variant_t  v;

    v = variants[i];

    for ( ;; ) {
        child = 2 * i + 1;

        if (child >= n) {
            break;
        }

        if (child + 1 < n
            && wub_m3u8_before(&variants[child], &variants[child + 1]))
        {
            child++;
        }

        if (!wub_m3u8_before(&v, &variants[child])) {
            break;
        }

        variants[i] = variants[child];
        i = child;
    }

    variants[i] = v;
}


/*
 * Numbers are raised from the lowest on, which never ends at 0 and keeps
 * the order; source stands first at any number and gives way last.
 */
static void
wub_m3u8_distinct(wub_m3u8_variant_t *variants, size_t n)
{
    size_t  i, first;

    first = (n != 0 && wub_str_eq(variants[0].name, wub_str("source")));

    for (i = n; i > first + 1; i--) {
        if (variants[i - 2].bandwidth <= variants[i - 1].bandwidth) {
            variants[i - 2].bandwidth = variants[i - 1].bandwidth + 1;
        }
    }

    if (first == 0) {
        return;
    }

    for (i = n; i > 1; i--) {
        if (variants[0].bandwidth == variants[i - 1].bandwidth) {
            variants[0].bandwidth++;
        }
    }
}


/*
 * Each quality is a group of its own with one rendition, as upstream has
 * it: players show NAME of EXT-X-MEDIA, the editor NAME of
 * EXT-X-STREAM-INF, which is not in the RFC.
 */
void
wub_m3u8_master(wub_buf_t *b, wub_str_t prefix, wub_str_t channel,
    wub_str_t query, const wub_m3u8_variant_t *variants, size_t n)
{
    size_t  i;

    wub_buf_lit(b, "#EXTM3U\n");

    for (i = 0; i < n; i++) {
        wub_buf_lit(b, "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=");
        wub_m3u8_quoted(b, variants[i].name);
        wub_buf_lit(b, ",NAME=");
        wub_m3u8_quoted(b, variants[i].name);
        wub_buf_lit(b, ",AUTOSELECT=YES,DEFAULT=YES\n");

        wub_buf_lit(b, "#EXT-X-STREAM-INF:BANDWIDTH=");
        wub_buf_u64(b, variants[i].bandwidth);
        wub_buf_lit(b, ",VIDEO=");
        wub_m3u8_quoted(b, variants[i].name);
        wub_buf_lit(b, ",NAME=");
        wub_m3u8_quoted(b, variants[i].name);
        wub_m3u8_known(b, &variants[i]);
        wub_buf_putc(b, '\n');

        wub_buf_str(b, prefix);
        wub_buf_putc(b, '/');
        wub_buf_uri(b, channel);
        wub_buf_putc(b, '/');
        wub_buf_uri(b, variants[i].name);
        wub_buf_lit(b, ".m3u8");

        if (query.len != 0) {
            wub_buf_putc(b, '?');
            wub_m3u8_query(b, query);
        }

        wub_buf_putc(b, '\n');
    }
}


/* attributes of EXT-X-STREAM-INF that were read or measured */
static void
wub_m3u8_known(wub_buf_t *b, const wub_m3u8_variant_t *v)
{
    char      digits[3];
    uint32_t  milli;

    if (v->average != 0) {
        wub_buf_lit(b, ",AVERAGE-BANDWIDTH=");
        wub_buf_u64(b, v->average);
    }

    if (v->probe.codecs_len != 0) {
        wub_buf_lit(b, ",CODECS=");
        wub_m3u8_quoted(b, wub_probe_codecs(&v->probe));
    }

    if (v->probe.width != 0 && v->probe.height != 0) {
        wub_buf_lit(b, ",RESOLUTION=");
        wub_buf_u64(b, v->probe.width);
        wub_buf_putc(b, 'x');
        wub_buf_u64(b, v->probe.height);
    }

    if (v->probe.frame_rate != 0) {
        milli = v->probe.frame_rate % 1000;

        digits[0] = (char) ('0' + milli / 100);
        digits[1] = (char) ('0' + milli / 10 % 10);
        digits[2] = (char) ('0' + milli % 10);

        wub_buf_lit(b, ",FRAME-RATE=");
        wub_buf_u64(b, v->probe.frame_rate / 1000);
        wub_buf_putc(b, '.');
        wub_buf_put(b, digits, sizeof(digits));
    }
}


/*
 * A quoted string of an attribute.  What may not stand in one (RFC 8216
 * 4.1, 4.2: quotes, control characters, bytes that are not UTF-8) is
 * percent-encoded; '%' is too, so that two names never become one.
 */
static void
wub_m3u8_quoted(wub_buf_t *b, wub_str_t s)
{
    char    c;
    size_t  i, n;

    wub_buf_putc(b, '"');

    for (i = 0; i < s.len; i += n) {
        c = s.data[i];
        n = wub_m3u8_utf8(s, i);

        if (n == 0 || c == '"' || c == '%' || (n == 1 && c < ' ')
            || c == 0x7f)
        {
            wub_m3u8_percent(b, c);
            n = 1;
            continue;
        }

        wub_buf_put(b, s.data + i, n);
    }

    wub_buf_putc(b, '"');
}


/*
 * The length of the UTF-8 character at s[i]; 0: none, or a control
 * character of U+0080 to U+009F.
 */
static size_t
wub_m3u8_utf8(wub_str_t s, size_t i)
{
    size_t    k, n;
    uint8_t   c;
    uint32_t  value;

    static const uint32_t  least[] = { 0, 0, 0xa0, 0x800, 0x10000 };

    c = (uint8_t) s.data[i];

    if (c < 0x80) {
        return 1;
    }

    if (c < 0xc2 || c > 0xf4) {
        return 0;
    }

    n = (c < 0xe0) ? 2 : (c < 0xf0) ? 3 : 4;
    value = c & (0xffu >> (n + 1));

    if (s.len - i < n) {
        return 0;
    }

    for (k = 1; k < n; k++) {
        c = (uint8_t) s.data[i + k];

        if ((c & 0xc0) != 0x80) {
            return 0;
        }

        value = (value << 6) | (c & 0x3fu);
    }

    if (value < least[n] || value > 0x10ffff
        || (value >= 0xd800 && value <= 0xdfff))
    {
        return 0;
    }

    return n;
}


/* as it came, but a byte that could end the line or the query is encoded */
static void
wub_m3u8_query(wub_buf_t *b, wub_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] > ' ' && s.data[i] < 0x7f && s.data[i] != '#') {
            wub_buf_putc(b, s.data[i]);

        } else {
            wub_m3u8_percent(b, s.data[i]);
        }
    }
}


static void
wub_m3u8_percent(wub_buf_t *b, char c)
{
    static const char  digits[] = "0123456789ABCDEF";

    wub_buf_putc(b, '%');
    wub_buf_putc(b, digits[(uint8_t) c >> 4]);
    wub_buf_putc(b, digits[(uint8_t) c & 0x0f]);
}
