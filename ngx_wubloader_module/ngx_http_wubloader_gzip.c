
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"

#include <zlib.h>


/*
 * The same for what is kept and what is made for one request, so that one
 * strong tag always names the same bytes.  Half of a text is hashes, which
 * higher levels do not make smaller.
 */
#define NGX_HTTP_WUBLOADER_GZIP_LEVEL   1

/* a block of fewer bytes, the head of a playlist say, is not compressed */
#define NGX_HTTP_WUBLOADER_GZIP_STORED  512

/* window of 32K, and 16 for the header and trailer of gzip */
#define NGX_HTTP_WUBLOADER_GZIP_WINDOW  (MAX_WBITS + 16)


static ngx_uint_t ngx_http_wubloader_gzip_coding(u_char *p, u_char *last);
static ngx_uint_t ngx_http_wubloader_gzip_zero(u_char *p, u_char *last);
static u_char *ngx_http_wubloader_gzip_trim(u_char *p, u_char **last);
static wub_rc_t ngx_http_wubloader_deflate_start(
    ngx_http_wubloader_deflate_t *d, wub_arena_t *arena);
static wub_rc_t ngx_http_wubloader_deflate_stored(wub_buf_t *b,
    wub_str_t text);
static voidpf ngx_http_wubloader_gzip_alloc(voidpf opaque, uInt items,
    uInt size);
static void ngx_http_wubloader_gzip_free(voidpf opaque, voidpf address);


/*
 * ngx_http_gzip_ok() is for texts that nginx compresses on the way: it
 * refuses proxies unless "gzip_proxied" says otherwise.  Ours have a length
 * and a strong tag, and say Vary, so only the client's wish counts.
 */

ngx_uint_t
ngx_http_wubloader_gzip_accepted(ngx_http_request_t *r)
{
#if (NGX_HTTP_GZIP)

    u_char           *p, *last, *end;
    ngx_table_elt_t  *h;

    h = r->headers_in.accept_encoding;

    if (h == NULL) {
        return 0;
    }

    p = h->value.data;
    end = p + h->value.len;

    for ( /* void */ ; p < end; p = last + 1) {

        last = ngx_strlchr(p, end, ',');
        if (last == NULL) {
            last = end;
        }

        if (ngx_http_wubloader_gzip_coding(p, last)) {
            return 1;
        }
    }

#endif

    return 0;
}


/* one element of Accept-Encoding (RFC 9110, 12.5.3): gzip, and not q=0 */

static ngx_uint_t
ngx_http_wubloader_gzip_coding(u_char *p, u_char *last)
{
    u_char  *semi, *name, *end;

    semi = ngx_strlchr(p, last, ';');
    end = (semi == NULL) ? last : semi;

    name = ngx_http_wubloader_gzip_trim(p, &end);

    if (!(end - name == 4 && ngx_strncasecmp(name, (u_char *) "gzip", 4) == 0)
        && !(end - name == 6
             && ngx_strncasecmp(name, (u_char *) "x-gzip", 6) == 0))
    {
        return 0;
    }

    if (semi == NULL) {
        return 1;
    }

    p = ngx_http_wubloader_gzip_trim(semi + 1, &last);

    return !(last - p >= 3 && (p[0] == 'q' || p[0] == 'Q') && p[1] == '='
             && ngx_http_wubloader_gzip_zero(p + 2, last));
}


/* 0, 0., 0.0 to 0.000 */

static ngx_uint_t
ngx_http_wubloader_gzip_zero(u_char *p, u_char *last)
{
    if (*p++ != '0') {
        return 0;
    }

    if (p < last && *p++ != '.') {
        return 0;
    }

    while (p < last) {
        if (*p++ != '0') {
            return 0;
        }
    }

    return 1;
}


static u_char *
ngx_http_wubloader_gzip_trim(u_char *p, u_char **last)
{
    u_char  *end;

    end = *last;

    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }

    while (p < end && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }

    *last = end;

    return p;
}


wub_rc_t
ngx_http_wubloader_gzip(wub_arena_t *arena, wub_str_t text,
    wub_str_t *ret)
{
    int       rc;
    char     *out;
    size_t    size;
    z_stream  z;

    if (text.len > UINT32_MAX) {
        return WUB_TOO_BIG;
    }

    ngx_memzero(&z, sizeof(z_stream));

    z.zalloc = ngx_http_wubloader_gzip_alloc;
    z.zfree = ngx_http_wubloader_gzip_free;
    z.opaque = arena;

    if (deflateInit2(&z, NGX_HTTP_WUBLOADER_GZIP_LEVEL, Z_DEFLATED,
                     NGX_HTTP_WUBLOADER_GZIP_WINDOW, MAX_MEM_LEVEL - 1,
                     Z_DEFAULT_STRATEGY)
        != Z_OK)
    {
        return WUB_NO_MEMORY;
    }

    size = deflateBound(&z, text.len);

    out = (size <= UINT32_MAX) ? wub_arena_alloc(arena, size) : NULL;

    if (out == NULL) {
        (void) deflateEnd(&z);
        return WUB_NO_MEMORY;
    }

    z.next_in = (Bytef *) (uintptr_t) text.data;
    z.avail_in = (uInt) text.len;
    z.next_out = (Bytef *) out;
    z.avail_out = (uInt) size;

    rc = deflate(&z, Z_FINISH);

    *ret = wub_str_n(out, size - z.avail_out);

    (void) deflateEnd(&z);

    return (rc == Z_STREAM_END) ? WUB_OK : WUB_IO;
}


static voidpf
ngx_http_wubloader_gzip_alloc(voidpf opaque, uInt items, uInt size)
{
    return wub_arena_alloc(opaque, (size_t) items * size);
}


/* zlib needs 256K, and to clear them: not before there is a use for it */

static wub_rc_t
ngx_http_wubloader_deflate_start(ngx_http_wubloader_deflate_t *d,
    wub_arena_t *arena)
{
    z_stream  *z;

    if (d->stream != NULL) {
        return WUB_OK;
    }

    z = wub_arena_calloc(arena, sizeof(z_stream));
    if (z == NULL) {
        return WUB_NO_MEMORY;
    }

    z->zalloc = ngx_http_wubloader_gzip_alloc;
    z->zfree = ngx_http_wubloader_gzip_free;
    z->opaque = arena;

    if (deflateInit2(z, NGX_HTTP_WUBLOADER_GZIP_LEVEL, Z_DEFLATED, -MAX_WBITS,
                     MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY)
        != Z_OK)
    {
        return WUB_NO_MEMORY;
    }

    d->stream = z;

    return WUB_OK;
}


wub_rc_t
ngx_http_wubloader_deflate_block(ngx_http_wubloader_deflate_t *d,
    wub_buf_t *b, wub_str_t text)
{
    u_char     out[16384];
    wub_rc_t   rc;
    z_stream  *z;

    if (text.len <= NGX_HTTP_WUBLOADER_GZIP_STORED) {
        return ngx_http_wubloader_deflate_stored(b, text);
    }

    rc = ngx_http_wubloader_deflate_start(d, b->arena);
    if (rc != WUB_OK) {
        return rc;
    }

    z = d->stream;

    if (text.len > UINT32_MAX || deflateReset(z) != Z_OK) {
        return WUB_TOO_BIG;
    }

    z->next_in = (Bytef *) (uintptr_t) text.data;
    z->avail_in = (uInt) text.len;

    do {
        z->next_out = out;
        z->avail_out = sizeof(out);

        (void) deflate(z, Z_FULL_FLUSH);

        wub_buf_put(b, (char *) out, sizeof(out) - z->avail_out);

    } while (z->avail_out == 0);

    return b->rc;
}


/* RFC 1951, 3.2.4: not the last, at a byte, its length twice */

static wub_rc_t
ngx_http_wubloader_deflate_stored(wub_buf_t *b, wub_str_t text)
{
    if (text.len == 0) {
        return WUB_OK;
    }

    wub_buf_putc(b, '\0');
    wub_buf_putc(b, (char) (text.len & 0xff));
    wub_buf_putc(b, (char) (text.len >> 8));
    wub_buf_putc(b, (char) (~text.len & 0xff));
    wub_buf_putc(b, (char) (~text.len >> 8 & 0xff));
    wub_buf_str(b, text);

    return b->rc;
}


/* RFC 1952: deflate, no name, no time, of any system */

void
ngx_http_wubloader_gzip_head(wub_buf_t *b)
{
    wub_buf_lit(b, "\x1f\x8b\x08\0\0\0\0\0\0\xff");
}


void
ngx_http_wubloader_gzip_tail(wub_buf_t *b, uint32_t crc, uint64_t len)
{
    ngx_uint_t  i;

    /* an empty block that is the last one */

    wub_buf_lit(b, "\x03\0");

    for (i = 0; i < 4; i++) {
        wub_buf_putc(b, (char) (crc >> (8 * i) & 0xff));
    }

    for (i = 0; i < 4; i++) {
        wub_buf_putc(b, (char) (len >> (8 * i) & 0xff));
    }
}


uint32_t
ngx_http_wubloader_crc(wub_str_t text)
{
    return (uint32_t) crc32_z(0, (const Bytef *) text.data, text.len);
}


uint32_t
ngx_http_wubloader_crc_join(uint32_t one, uint32_t two, uint64_t len)
{
    return (uint32_t) crc32_combine(one, two, (z_off_t) len);
}


/* the arena goes with the request */

static void
ngx_http_wubloader_gzip_free(voidpf opaque, voidpf address)
{
}
