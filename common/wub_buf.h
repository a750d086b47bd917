
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_buf: growing output with a mandatory maximum.  The first failure
 * sticks and later writes do nothing, so a writer checks b->rc once, at
 * the end.
 * May call: wub_arena.
 * Frees: nothing; the bytes live in the caller's arena.
 */


#ifndef WUB_BUF_H_INCLUDED_
#define WUB_BUF_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"


typedef struct {
    char         *data;
    size_t        len;
    size_t        cap;
    size_t        max;
    wub_arena_t  *arena;
    wub_rc_t      rc;       /* WUB_OK, WUB_TOO_BIG or WUB_NO_MEMORY; sticky */
} wub_buf_t;


/* what is written for a character; a table ends with a text of NULL */
typedef struct {
    char         c;
    const char  *text;
} wub_escape_t;


void wub_buf_init(wub_buf_t *b, wub_arena_t *arena, size_t max);

void wub_buf_put(wub_buf_t *b, const char *data, size_t len);
void wub_buf_putc(wub_buf_t *b, char c);
void wub_buf_str(wub_buf_t *b, wub_str_t s);

#define wub_buf_lit(b, literal)                                               \
    wub_buf_put(b, literal, sizeof(literal) - 1)

void wub_buf_u64(wub_buf_t *b, uint64_t n);
void wub_buf_i64(wub_buf_t *b, int64_t n);

/* microseconds as decimal seconds with exactly six fraction digits */
void wub_buf_seconds(wub_buf_t *b, int64_t us);

/* true: every byte is part of a character of UTF-8 */
bool wub_buf_is_utf8(wub_str_t s);

/* a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD */
void wub_buf_json(wub_buf_t *b, wub_str_t s);

/* with what the table says; bytes that are not UTF-8 become U+FFFD */
void wub_buf_escape(wub_buf_t *b, wub_str_t s, const wub_escape_t *escapes);

/*
 * Percent-encodes all but the unreserved characters of RFC 3986 and '/',
 * as Python's urllib.parse.quote() does for upstream's playlists.
 */
void wub_buf_uri(wub_buf_t *b, wub_str_t s);

wub_str_t wub_buf_view(const wub_buf_t *b);


#endif /* WUB_BUF_H_INCLUDED_ */
