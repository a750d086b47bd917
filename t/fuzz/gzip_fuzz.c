
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Joined deflate: any bytes choose texts, how they are cut into blocks, and
 * which blocks follow each other, again or not at all, beside texts that are
 * compressed on the way.  zlib's inflate must find one whole file of exactly
 * these texts, with their sum and length.
 *
 * A step is one byte that says what, and what it needs:
 *     t len len byte  a text of its own, more of the input where byte is 0
 *     h size len len  an hour of so many bytes, in blocks of size * 64
 *     j from count    blocks of the hour made last
 */


#include "common/wub_gzip.h"

#include <zlib.h>


#define FUZZ_ARENA_MAX   ((size_t) 1 << 26)
#define FUZZ_OUT_MAX     ((size_t) 1 << 21)
#define FUZZ_BLOCKS_MAX  1024
#define FUZZ_STEPS_MAX   64


typedef struct {
    size_t               end;       /* compressed */
    uint32_t             crc;
    wub_str_t            text;
} fuzz_block_t;


typedef struct {
    wub_arena_t         *arena;
    const uint8_t       *p;
    const uint8_t       *last;
    wub_gzip_t           zlib;
    wub_buf_t            file;
    wub_buf_t            want;      /* all texts */
    uint32_t             crc;
    wub_buf_t            hour;
    fuzz_block_t         blocks[FUZZ_BLOCKS_MAX];
    size_t               nblocks;
} fuzz_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


static size_t
fuzz_number(fuzz_t *f, size_t bytes)
{
    size_t  n;

    for (n = 0; bytes > 0; bytes--) {
        n = n << 8 | (f->p < f->last ? *f->p++ : 0);
    }

    return n;
}


/* len bytes: of the input, over and over, or all the same */

static wub_str_t
fuzz_text(fuzz_t *f, size_t len, size_t byte)
{
    char    *text;
    size_t   i, n;

    text = wub_arena_alloc(f->arena, len + 1);
    fuzz_check(text != NULL);

    n = (size_t) (f->last - f->p);

    for (i = 0; i < len; i++) {
        text[i] = (byte == 0 && n > 0) ? (char) f->p[i % n] : (char) byte;
    }

    return wub_str_n(text, len);
}


static void
fuzz_add(fuzz_t *f, wub_str_t text, uint32_t crc)
{
    wub_buf_str(&f->want, text);
    f->crc = wub_gzip_crc_join(f->crc, crc, text.len);
}


static void
fuzz_own(fuzz_t *f)
{
    size_t     len;
    wub_str_t  text;

    len = fuzz_number(f, 2);
    text = fuzz_text(f, len, fuzz_number(f, 1));

    fuzz_check(wub_gzip_block(&f->zlib, &f->file, text) == WUB_OK);
    fuzz_add(f, text, wub_gzip_crc(text));
}


/* the blocks of an hour by themselves, and their sums */

static void
fuzz_hour(fuzz_t *f)
{
    size_t        size, i, n;
    wub_str_t     text;
    wub_gzip_t    zlib;
    fuzz_block_t  *block;

    memset(&zlib, 0, sizeof(wub_gzip_t));

    size = fuzz_number(f, 1) * 64 + 1;
    text = fuzz_text(f, fuzz_number(f, 2), 0);

    wub_buf_init(&f->hour, f->arena, FUZZ_ARENA_MAX);
    n = 0;

    for (i = 0; i < text.len && n < FUZZ_BLOCKS_MAX; i += size) {
        block = &f->blocks[n++];

        block->text = wub_str_n(text.data + i, (text.len - i < size)
                                               ? text.len - i : size);
        fuzz_check(wub_gzip_block(&zlib, &f->hour, block->text) == WUB_OK);

        block->end = f->hour.len;
        block->crc = wub_gzip_crc(block->text);
    }

    f->nblocks = n;
}


static void
fuzz_join(fuzz_t *f)
{
    size_t  i, from, count, begin;

    from = fuzz_number(f, 1);
    count = fuzz_number(f, 1);

    if (from >= f->nblocks) {
        return;
    }

    begin = from ? f->blocks[from - 1].end : 0;

    for (i = from; i < f->nblocks && i - from < count; i++) {
        wub_buf_put(&f->file, f->hour.data + begin,
                    f->blocks[i].end - begin);
        begin = f->blocks[i].end;

        fuzz_add(f, f->blocks[i].text, f->blocks[i].crc);
    }
}


static void
fuzz_inflate(fuzz_t *f)
{
    char      *out;
    z_stream   z;

    out = wub_arena_alloc(f->arena, f->want.len + 1);
    fuzz_check(out != NULL);

    memset(&z, 0, sizeof(z_stream));
    fuzz_check(inflateInit2(&z, MAX_WBITS + 16) == Z_OK);

    z.next_in = (Bytef *) f->file.data;
    z.avail_in = (uInt) f->file.len;
    z.next_out = (Bytef *) out;
    z.avail_out = (uInt) f->want.len + 1;

    fuzz_check(inflate(&z, Z_FINISH) == Z_STREAM_END);
    fuzz_check(z.avail_in == 0);
    fuzz_check(wub_str_eq(wub_str_n(out, z.total_out),
                          wub_buf_view(&f->want)));

    (void) inflateEnd(&z);
}


static void
fuzz_steps(fuzz_t *f)
{
    size_t  i;

    for (i = 0; i < FUZZ_STEPS_MAX && f->p < f->last; i++) {

        switch (*f->p++) {

        case 't':
            fuzz_own(f);
            break;

        case 'h':
            fuzz_hour(f);
            break;

        case 'j':
            fuzz_join(f);
            break;

        default:
            break;
        }

        if (f->want.len > FUZZ_OUT_MAX || wub_arena_used(f->arena)
                                          > FUZZ_ARENA_MAX / 4)
        {
            break;
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_t        f;
    wub_str_t     want;
    wub_arena_t  *arena;

    arena = wub_arena_create(FUZZ_ARENA_MAX);
    if (arena == NULL) {
        return 0;
    }

    memset(&f, 0, sizeof(fuzz_t));

    f.arena = arena;
    f.p = data;
    f.last = data + size;

    wub_buf_init(&f.file, arena, FUZZ_ARENA_MAX);
    wub_buf_init(&f.want, arena, FUZZ_ARENA_MAX);

    wub_gzip_head(&f.file);
    fuzz_steps(&f);
    wub_gzip_tail(&f.file, f.crc, f.want.len);

    want = wub_buf_view(&f.want);

    fuzz_check(f.file.rc == WUB_OK && f.want.rc == WUB_OK);
    fuzz_check(f.crc == wub_gzip_crc(want));
    fuzz_inflate(&f);

    wub_arena_destroy(arena);

    return 0;
}
