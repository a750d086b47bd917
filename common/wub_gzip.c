
/*
 * Copyright (C) the wubloader for nginx authors
 */


#define ZLIB_CONST

#include "common/wub_gzip.h"

#include <zlib.h>


/*
 * The same for what is kept and what is made for one request, so that one
 * strong tag always names the same bytes.  Half of a text is hashes, which
 * higher levels do not make smaller.
 */
#define WUB_GZIP_LEVEL           1

/* window of 32K, and 16 for the header and trailer of gzip */
#define WUB_GZIP_WINDOW          (MAX_WBITS + 16)

/* zlib takes lengths of so many bits */
#define WUB_GZIP_TEXT_MAX        UINT32_MAX


static wub_rc_t wub_gzip_begin(wub_arena_t *arena, int window, z_stream *z);
static wub_rc_t wub_gzip_start(wub_gzip_t *z, wub_arena_t *arena);
static wub_rc_t wub_gzip_stored(wub_buf_t *b, wub_str_t text);
static void wub_gzip_u32(wub_buf_t *b, uint32_t n);
static voidpf wub_gzip_alloc(voidpf opaque, uInt items, uInt size);
static void wub_gzip_free(voidpf opaque, voidpf address);


wub_rc_t
wub_gzip(wub_arena_t *arena, wub_str_t text, wub_str_t *ret)
{
    int        rc;
    char      *out;
    size_t     size;
    wub_rc_t   begun;
    z_stream   z;

    if (text.len > WUB_GZIP_TEXT_MAX) {
        return WUB_TOO_BIG;
    }

    begun = wub_gzip_begin(arena, WUB_GZIP_WINDOW, &z);
    if (begun != WUB_OK) {
        return begun;
    }

    size = deflateBound(&z, (uLong) text.len);

    if (size > WUB_GZIP_TEXT_MAX) {
        return WUB_TOO_BIG;
    }

    out = wub_arena_alloc(arena, size);
    if (out == NULL) {
        return WUB_NO_MEMORY;
    }

    z.next_in = (const Bytef *) text.data;
    z.avail_in = (uInt) text.len;
    z.next_out = (Bytef *) out;
    z.avail_out = (uInt) size;

    rc = deflate(&z, Z_FINISH);
    if (rc != Z_STREAM_END) {
        return WUB_IO;
    }

    *ret = wub_str_n(out, size - z.avail_out);

    return WUB_OK;
}


/* there is no end to it: the arena takes all back */

static wub_rc_t
wub_gzip_begin(wub_arena_t *arena, int window, z_stream *z)
{
    memset(z, 0, sizeof(z_stream));

    z->zalloc = wub_gzip_alloc;
    z->zfree = wub_gzip_free;
    z->opaque = arena;

    if (deflateInit2(z, WUB_GZIP_LEVEL, Z_DEFLATED, window,
                     MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY)
        != Z_OK)
    {
        return WUB_NO_MEMORY;
    }

    return WUB_OK;
}


/* zlib needs 256K, and to clear them: not before there is a use for it */

static wub_rc_t
wub_gzip_start(wub_gzip_t *z, wub_arena_t *arena)
{
    wub_rc_t   rc;
    z_stream  *stream;

    if (z->stream != NULL) {
        return WUB_OK;
    }

    stream = wub_arena_alloc(arena, sizeof(z_stream));
    if (stream == NULL) {
        return WUB_NO_MEMORY;
    }

    rc = wub_gzip_begin(arena, -MAX_WBITS, stream);
    if (rc != WUB_OK) {
        return rc;
    }

    z->stream = stream;

    return WUB_OK;
}


/* RFC 1952: deflate, no name, no time, of any system */

void
wub_gzip_head(wub_buf_t *b)
{
    wub_buf_lit(b, "\x1f\x8b\x08\0\0\0\0\0\0\xff");
}


wub_rc_t
wub_gzip_block(wub_gzip_t *z, wub_buf_t *b, wub_str_t text)
{
    char       out[16384];
    wub_rc_t   rc;
    z_stream  *stream;

    if (text.len <= WUB_GZIP_STORED) {
        return wub_gzip_stored(b, text);
    }

    if (text.len > WUB_GZIP_TEXT_MAX) {
        return WUB_TOO_BIG;
    }

    rc = wub_gzip_start(z, b->arena);
    if (rc != WUB_OK) {
        return rc;
    }

    stream = z->stream;

    if (deflateReset(stream) != Z_OK) {
        return WUB_IO;
    }

    stream->next_in = (const Bytef *) text.data;
    stream->avail_in = (uInt) text.len;

    do {
        stream->next_out = (Bytef *) out;
        stream->avail_out = sizeof(out);

        (void) deflate(stream, Z_FULL_FLUSH);

        wub_buf_put(b, out, sizeof(out) - stream->avail_out);

    } while (stream->avail_out == 0 && b->rc == WUB_OK);

    return b->rc;
}


/* RFC 1951, 3.2.4: not the last, at a byte, its length twice */

static wub_rc_t
wub_gzip_stored(wub_buf_t *b, wub_str_t text)
{
    uint32_t  len;

    if (text.len == 0) {
        return b->rc;
    }

    len = (uint32_t) text.len;

    wub_buf_putc(b, '\0');
    wub_gzip_u32(b, len | (~len << 16));
    wub_buf_str(b, text);

    return b->rc;
}


void
wub_gzip_tail(wub_buf_t *b, uint32_t crc, uint64_t len)
{
    /* an empty block that is the last one */

    wub_buf_lit(b, "\x03\0");

    wub_gzip_u32(b, crc);
    wub_gzip_u32(b, (uint32_t) (len & UINT32_MAX));
}


static void
wub_gzip_u32(wub_buf_t *b, uint32_t n)
{
    unsigned  i;

    for (i = 0; i < 4; i++) {
        wub_buf_putc(b, (char) (n >> (8 * i) & 0xff));
    }
}


uint32_t
wub_gzip_crc(wub_str_t text)
{
    return (uint32_t) crc32_z(0, (const Bytef *) text.data, text.len);
}


uint32_t
wub_gzip_crc_join(uint32_t one, uint32_t two, uint64_t len)
{
    return wub_gzip_crc_shifted(one, two, wub_gzip_crc_shift(len));
}


uint32_t
wub_gzip_crc_shift(uint64_t len)
{
    return (uint32_t) crc32_combine_gen((z_off_t) len);
}


uint32_t
wub_gzip_crc_shifted(uint32_t one, uint32_t two, uint32_t shift)
{
    return (uint32_t) crc32_combine_op(one, two, shift);
}


static voidpf
wub_gzip_alloc(voidpf opaque, uInt items, uInt size)
{
    return wub_arena_alloc(opaque, (size_t) items * size);
}


static void
wub_gzip_free(voidpf opaque, voidpf address)
{
    (void) opaque;
    (void) address;
}
