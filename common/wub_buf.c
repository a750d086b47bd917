
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_buf.h"


#define WUB_BUF_MIN              ((size_t) 256)

/* digits of the greatest uint64_t */
#define WUB_U64_LEN              20

#define WUB_REPLACEMENT          "\xef\xbf\xbd"


static bool wub_buf_reserve(wub_buf_t *b, size_t len);
static size_t wub_buf_digits(uint64_t n, size_t width, char *out);
static void wub_buf_json_char(wub_buf_t *b, char c);
static size_t wub_buf_utf8(const uint8_t *p, size_t len);
static bool wub_buf_unreserved(char c);
static const char *wub_buf_escaped(const wub_escape_t *escapes, char c);


void
wub_buf_init(wub_buf_t *b, wub_arena_t *arena, size_t max)
{
    memset(b, 0, sizeof(wub_buf_t));

    b->arena = arena;
    b->max = max;
}


void
wub_buf_put(wub_buf_t *b, const char *data, size_t len)
{
    if (len == 0 || !wub_buf_reserve(b, len)) {
        return;
    }

    memcpy(b->data + b->len, data, len);
    b->len += len;
}


void
wub_buf_putc(wub_buf_t *b, char c)
{
    wub_buf_put(b, &c, 1);
}


void
wub_buf_str(wub_buf_t *b, wub_str_t s)
{
    wub_buf_put(b, s.data, s.len);
}


void
wub_buf_u64(wub_buf_t *b, uint64_t n)
{
    char    text[WUB_U64_LEN];
    size_t  len;

    len = wub_buf_digits(n, 1, text);
    wub_buf_put(b, text + sizeof(text) - len, len);
}


void
wub_buf_i64(wub_buf_t *b, int64_t n)
{
    if (n < 0) {
        wub_buf_putc(b, '-');
        wub_buf_u64(b, 0 - (uint64_t) n);
        return;
    }

    wub_buf_u64(b, (uint64_t) n);
}


void
wub_buf_seconds(wub_buf_t *b, int64_t us)
{
    char      text[WUB_U64_LEN];
    size_t    len;
    uint64_t  n;

    n = (uint64_t) us;

    if (us < 0) {
        wub_buf_putc(b, '-');
        n = 0 - n;
    }

    wub_buf_u64(b, n / (uint64_t) WUB_SECOND);
    wub_buf_putc(b, '.');

    len = wub_buf_digits(n % (uint64_t) WUB_SECOND, 6, text);
    wub_buf_put(b, text + sizeof(text) - len, len);
}


void
wub_buf_json(wub_buf_t *b, wub_str_t s)
{
    size_t  i, n, plain;

    wub_buf_putc(b, '"');

    plain = 0;

    for (i = 0; i < s.len; i += n) {
        n = wub_buf_utf8((const uint8_t *) s.data + i, s.len - i);

        if (n > 1
            || (n == 1 && (uint8_t) s.data[i] >= 0x20
                && s.data[i] != '"' && s.data[i] != '\\'))
        {
            continue;
        }

        wub_buf_put(b, s.data + plain, i - plain);

        if (n == 0) {
            wub_buf_lit(b, WUB_REPLACEMENT);
            n = 1;

        } else {
            wub_buf_json_char(b, s.data[i]);
        }

        plain = i + n;
    }

    wub_buf_put(b, s.data + plain, s.len - plain);
    wub_buf_putc(b, '"');
}


void
wub_buf_escape(wub_buf_t *b, wub_str_t s, const wub_escape_t *escapes)
{
    size_t       i, n;
    const char  *text;

    for (i = 0; i < s.len; i += n) {
        n = wub_buf_utf8((const uint8_t *) s.data + i, s.len - i);

        if (n == 0) {
            wub_buf_lit(b, WUB_REPLACEMENT);
            n = 1;
            continue;
        }

        text = wub_buf_escaped(escapes, s.data[i]);

        if (text != NULL) {
            wub_buf_put(b, text, strlen(text));

        } else {
            wub_buf_put(b, s.data + i, n);
        }
    }
}


void
wub_buf_uri(wub_buf_t *b, wub_str_t s)
{
    char               text[3];
    size_t             i, plain;
    uint8_t            c;
    static const char  hex[] = "0123456789ABCDEF";

    plain = 0;

    for (i = 0; i < s.len; i++) {

        if (wub_buf_unreserved(s.data[i])) {
            continue;
        }

        wub_buf_put(b, s.data + plain, i - plain);

        c = (uint8_t) s.data[i];
        plain = i + 1;

        text[0] = '%';
        text[1] = hex[c >> 4];
        text[2] = hex[c & 0x0f];

        wub_buf_put(b, text, sizeof(text));
    }

    /* no bytes may have no address */

    if (plain < s.len) {
        wub_buf_put(b, s.data + plain, s.len - plain);
    }
}


wub_str_t
wub_buf_view(const wub_buf_t *b)
{
    return wub_str_n(b->data, b->len);
}


/* room for len more bytes; false: the failure is in b->rc */
static bool
wub_buf_reserve(wub_buf_t *b, size_t len)
{
    void    *p;
    size_t   cap;

    if (b->rc != WUB_OK) {
        return false;
    }

    if (len > b->max - b->len) {
        b->rc = WUB_TOO_BIG;
        return false;
    }

    if (len <= b->cap - b->len) {
        return true;
    }

    cap = (b->cap > b->max / 2) ? b->max : b->cap * 2;

    if (cap < b->len + len) {
        cap = b->len + len;
    }

    if (cap < WUB_BUF_MIN) {
        cap = (b->max < WUB_BUF_MIN) ? b->max : WUB_BUF_MIN;
    }

    p = wub_arena_grow(b->arena, b->data, b->cap, cap);
    if (p == NULL) {
        b->rc = WUB_NO_MEMORY;
        return false;
    }

    b->data = p;
    b->cap = cap;

    return true;
}


/* writes at the end of out, WUB_U64_LEN bytes long; at least width digits */
static size_t
wub_buf_digits(uint64_t n, size_t width, char *out)
{
    size_t  len;

    len = 0;

    do {
        len++;
        out[WUB_U64_LEN - len] = (char) ('0' + n % 10);
        n /= 10;
    } while (n != 0 || len < width);

    return len;
}


static void
wub_buf_json_char(wub_buf_t *b, char c)
{
    static const char  hex[] = "0123456789abcdef";

    switch (c) {

    case '"':
        wub_buf_lit(b, "\\\"");
        return;

    case '\\':
        wub_buf_lit(b, "\\\\");
        return;

    case '\n':
        wub_buf_lit(b, "\\n");
        return;

    case '\r':
        wub_buf_lit(b, "\\r");
        return;

    case '\t':
        wub_buf_lit(b, "\\t");
        return;

    default:
        break;
    }

    wub_buf_lit(b, "\\u00");
    wub_buf_putc(b, hex[((uint8_t) c) >> 4]);
    wub_buf_putc(b, hex[((uint8_t) c) & 0x0f]);
}


bool
wub_buf_is_utf8(wub_str_t s)
{
    size_t  i, n;

    for (i = 0; i < s.len; i += n) {
        n = wub_buf_utf8((const uint8_t *) s.data + i, s.len - i);

        if (n == 0) {
            return false;
        }
    }

    return true;
}


/*
 * The length of the UTF-8 sequence at p, 0 when there is none: shortest
 * form only, no surrogates, nothing above U+10FFFF (RFC 3629).
 */
static size_t
wub_buf_utf8(const uint8_t *p, size_t len)
{
    size_t   i, n;
    uint8_t  low, high;

    if (p[0] < 0x80) {
        return 1;
    }

    if (p[0] < 0xc2 || p[0] > 0xf4) {
        return 0;
    }

    n = (p[0] < 0xe0) ? 2 : (p[0] < 0xf0) ? 3 : 4;

    if (len < n) {
        return 0;
    }

    low = (p[0] == 0xe0) ? 0xa0 : (p[0] == 0xf0) ? 0x90 : 0x80;
    high = (p[0] == 0xed) ? 0x9f : (p[0] == 0xf4) ? 0x8f : 0xbf;

    if (p[1] < low || p[1] > high) {
        return 0;
    }

    for (i = 2; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    return n;
}


/* a bit for each of the characters, which are all of ASCII */
static bool
wub_buf_unreserved(char c)
{
    uint8_t  i;

    static const uint64_t  bits[] = {
        UINT64_C(0x03ffe00000000000),   /* - . / 0 to 9 */
        UINT64_C(0x47fffffe87fffffe)    /* A to Z _ a to z ~ */
    };

    i = (uint8_t) c;

    return i < 128 && (bits[i / 64] >> (i % 64) & 1) != 0;
}


static const char *
wub_buf_escaped(const wub_escape_t *escapes, char c)
{
    size_t  i;

    for (i = 0; escapes[i].text != NULL; i++) {
        if (escapes[i].c == c) {
            return escapes[i].text;
        }
    }

    return NULL;
}
