
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_event.h"
#include "common/wub_event_text.h"
#include "common/wub_time.h"


/* "YYYY-MM-DD HH:MM:SS" */
#define WUB_EVENT_TIME_MIN       19
#define WUB_EVENT_DATE_LEN       10

/* a byte that is not UTF-8 stands for itself, beyond all characters */
#define WUB_EVENT_FOREIGN        UINT32_C(0x110000)


/* every step-th character of a range, and how far its small letter is */
typedef struct {
    uint32_t  first;
    uint32_t  last;
    uint32_t  step;
    uint32_t  offset;
} wub_event_fold_t;


static bool wub_event_is_time(wub_str_t s);
static wub_str_t wub_event_skip(wub_str_t s);
static bool wub_event_next(wub_str_t *s, uint32_t *ret);
static bool wub_event_is_space(uint32_t c);
static uint32_t wub_event_fold(uint32_t c);


static const wub_event_fold_t  wub_event_folds[] = {
    { 0x00c0, 0x00d6, 1, 32 },
    { 0x00d8, 0x00de, 1, 32 },
    { 0x0100, 0x012e, 2, 1 },
    { 0x0132, 0x0136, 2, 1 },
    { 0x0139, 0x0147, 2, 1 },
    { 0x014a, 0x0176, 2, 1 },
    { 0x0179, 0x017d, 2, 1 },
    { 0x0391, 0x03a1, 1, 32 },
    { 0x03a3, 0x03a9, 1, 32 },
    { 0x0400, 0x040f, 1, 80 },
    { 0x0410, 0x042f, 1, 32 },
    { 0, 0, 0, 0 }
};

/* pairs of first and last */
static const uint32_t  wub_event_spaces[][2] = {
    { 0x0009, 0x000d },
    { 0x001c, 0x0020 },
    { 0x0085, 0x0085 },
    { 0x00a0, 0x00a0 },
    { 0x1680, 0x1680 },
    { 0x2000, 0x200a },
    { 0x2028, 0x2029 },
    { 0x202f, 0x202f },
    { 0x205f, 0x205f },
    { 0x3000, 0x3000 },
    { 0, 0 }
};


size_t
wub_event_chars(wub_str_t s)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < s.len; i++) {
        n += ((uint8_t) s.data[i] & 0xc0) != 0x80;
    }

    return n;
}


wub_str_t
wub_event_trim(wub_str_t s)
{
    size_t     start;
    uint32_t   c;
    wub_str_t  last;

    s = wub_event_skip(s);

    while (s.len > 0) {
        start = s.len - 1;

        while (start > 0 && ((uint8_t) s.data[start] & 0xc0) == 0x80) {
            start--;
        }

        last = wub_str_n(s.data + start, s.len - start);

        if (!wub_event_next(&last, &c) || !wub_event_is_space(c)
            || last.len > 0)
        {
            break;
        }

        s.len = start;
    }

    return s;
}


int
wub_event_cmp(wub_str_t a, wub_str_t b)
{
    bool      more_a, more_b;
    uint32_t  ca, cb;

    a = wub_event_trim(a);
    b = wub_event_trim(b);

    for ( ;; ) {
        more_a = wub_event_next(&a, &ca);
        more_b = wub_event_next(&b, &cb);

        if (!more_a || !more_b) {
            return more_a - more_b;
        }

        ca = wub_event_fold(ca);
        cb = wub_event_fold(cb);

        if (ca != cb) {
            return (ca > cb) - (ca < cb);
        }
    }
}


bool
wub_event_control(wub_str_t s, wub_str_t allowed)
{
    char    c;
    size_t  i;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (((uint8_t) c < ' ' || c == 0x7f)
            && (allowed.len == 0 || memchr(allowed.data, c, allowed.len)
                                    == NULL))
        {
            return true;
        }
    }

    return false;
}


bool
wub_event_is_id(wub_str_t id)
{
    char    c;
    size_t  i;

    for (i = 0; i < id.len; i++) {
        c = id.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')
            && !(c >= '0' && c <= '9') && c != '_' && c != '-')
        {
            return false;
        }
    }

    return id.len > 0;
}


void
wub_event_put_time(wub_buf_t *b, wub_str_t s)
{
    if (!wub_event_is_time(s)) {
        wub_buf_json(b, s);
        return;
    }

    wub_buf_putc(b, '"');
    wub_event_put_iso(b, s);
    wub_buf_putc(b, '"');
}


void
wub_event_put_iso(wub_buf_t *b, wub_str_t s)
{
    size_t  len;

    if (!wub_event_is_time(s)) {
        wub_buf_str(b, s);
        return;
    }

    wub_buf_put(b, s.data, WUB_EVENT_DATE_LEN);
    wub_buf_putc(b, 'T');
    wub_buf_put(b, s.data + WUB_EVENT_DATE_LEN + 1,
                s.len - WUB_EVENT_DATE_LEN - 1);

    if (s.len == WUB_EVENT_TIME_MIN) {
        return;
    }

    for (len = s.len; len < WUB_TIME_LEN; len++) {
        wub_buf_putc(b, '0');
    }
}


static bool
wub_event_is_time(wub_str_t s)
{
    char    c;
    size_t  i;

    if (s.len < WUB_EVENT_TIME_MIN || s.len > WUB_TIME_LEN
        || s.data[WUB_EVENT_DATE_LEN] != ' ')
    {
        return false;
    }

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if ((c < '0' || c > '9') && i != WUB_EVENT_DATE_LEN && c != '-'
            && c != ':' && c != '.')
        {
            return false;
        }
    }

    return true;
}


static wub_str_t
wub_event_skip(wub_str_t s)
{
    uint32_t   c;
    wub_str_t  rest;

    rest = s;

    while (wub_event_next(&rest, &c) && wub_event_is_space(c)) {
        s = rest;
    }

    return s;
}


/* false: s is at its end */
static bool
wub_event_next(wub_str_t *s, uint32_t *ret)
{
    size_t    i, len;
    uint8_t   byte;
    uint32_t  c;

    if (s->len == 0) {
        return false;
    }

    byte = (uint8_t) s->data[0];
    len = (byte < 0xc0) ? 1 : (byte < 0xe0) ? 2 : (byte < 0xf0) ? 3 : 4;
    c = (len == 1) ? byte : byte & (0x7fu >> len);

    for (i = 1; i < len && i < s->len; i++) {
        c = c << 6 | ((uint8_t) s->data[i] & 0x3f);
    }

    if ((byte >= 0x80 && byte < 0xc0) || i < len) {
        len = 1;
        c = WUB_EVENT_FOREIGN + byte;
    }

    s->data += len;
    s->len -= len;
    *ret = c;

    return true;
}


static bool
wub_event_is_space(uint32_t c)
{
    size_t  i;

    if (c > ' ' && c < 0x80) {
        return false;
    }

    for (i = 0; wub_event_spaces[i][0] != 0; i++) {
        if (c >= wub_event_spaces[i][0] && c <= wub_event_spaces[i][1]) {
            return true;
        }
    }

    return false;
}


static uint32_t
wub_event_fold(uint32_t c)
{
    const wub_event_fold_t  *f;

    /* most letters of most tags; views of rows compare many */

    if (c < 0x80) {
        return (c >= 'A' && c <= 'Z') ? c + ('a' - 'A') : c;
    }

    for (f = wub_event_folds; f->step != 0; f++) {
        if (c >= f->first && c <= f->last && (c - f->first) % f->step == 0) {
            return c + f->offset;
        }
    }

    return c;
}
