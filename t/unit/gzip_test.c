
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Blocks of deflate, joined, are what zlib's own inflate makes of them.
 */


#include "t/unit/wub_test.h"

#include "common/wub_gzip.h"

#include <zlib.h>


#define TEXT_MAX    300000
#define BLOCKS_MAX  40
#define FOUR_GIB    (UINT64_C(1) << 32)

#define HEAD        10
#define TAIL        10


/* bytes of each kind: one value, a playlist's, all values */
typedef enum {
    SAME = 0,
    LINES,
    NOISE
} kind_e;


typedef struct {
    size_t  n;
    size_t  lens[BLOCKS_MAX];
} split_t;


static void
fill(char *text, size_t len, kind_e kind, uint64_t *seed)
{
    int     n;
    char    line[64];
    size_t  i;

    if (kind == SAME) {
        memset(text, 'a', len);
        return;
    }

    for (i = 0; i < len; i += (size_t) n) {

        if (kind == NOISE) {
            text[i] = (char) wub_test_random(seed);
            n = 1;
            continue;
        }

        n = snprintf(line, sizeof(line), "#EXTINF:2.000\n%016llx%016llx.ts\n",
                     (unsigned long long) wub_test_random(seed),
                     (unsigned long long) wub_test_random(seed));

        memcpy(text + i, line, (len - i < (size_t) n) ? len - i : (size_t) n);
    }
}


static size_t
total(const split_t *split)
{
    size_t  i, len;

    len = 0;

    for (i = 0; i < split->n; i++) {
        len += split->lens[i];
    }

    return len;
}


/* a file of blocks, its sum joined from those of the blocks */
static wub_rc_t
join(wub_gzip_t *z, wub_buf_t *b, const char *text, const split_t *split,
    uint64_t more)
{
    size_t     i;
    uint32_t   crc;
    uint64_t   len;
    wub_rc_t   rc;
    wub_str_t  block;

    crc = 0;
    len = more;

    wub_gzip_head(b);

    for (i = 0; i < split->n; i++) {
        block = wub_str_n(text, split->lens[i]);
        text += block.len;

        rc = wub_gzip_block(z, b, block);
        if (rc != WUB_OK) {
            return rc;
        }

        crc = wub_gzip_crc_join(crc, wub_gzip_crc(block), block.len);
        len += block.len;
    }

    wub_gzip_tail(b, crc, len);

    return b->rc;
}


/*
 * The file is one whole member, with a sum and a length that zlib accepts,
 * of exactly this text.
 */
static bool
same(wub_str_t file, const char *text, size_t len)
{
    int       rc;
    bool      ok;
    char     *out;
    z_stream  z;

    out = malloc(len + 1);
    assert_non_null(out);

    memset(&z, 0, sizeof(z_stream));
    assert_int_equal(inflateInit2(&z, MAX_WBITS + 16), Z_OK);

    z.next_in = (Bytef *) (uintptr_t) file.data;
    z.avail_in = (uInt) file.len;
    z.next_out = (Bytef *) out;
    z.avail_out = (uInt) len + 1;

    rc = inflate(&z, Z_FINISH);

    ok = (rc == Z_STREAM_END && z.avail_in == 0 && z.total_out == len
          && memcmp(out, text, len) == 0);

    inflateEnd(&z);
    free(out);

    return ok;
}


static uint32_t
u32(const char *p)
{
    const uint8_t  *u;

    u = (const uint8_t *) p;

    return (uint32_t) u[0] | (uint32_t) u[1] << 8 | (uint32_t) u[2] << 16
           | (uint32_t) u[3] << 24;
}


static void
expect(const char *text, const split_t *split, uint64_t more,
    const char *name)
{
    size_t        len;
    wub_buf_t     b;
    wub_str_t     file;
    wub_gzip_t    z;
    wub_arena_t  *arena;

    len = total(split);
    arena = wub_test_arena();

    memset(&z, 0, sizeof(wub_gzip_t));
    wub_buf_init(&b, arena, WUB_TEST_ARENA);

    wub_expect(join(&z, &b, text, split, more) == WUB_OK, "%s: join", name);

    file = wub_buf_view(&b);

    wub_expect(same(file, text, len), "%s: inflate", name);
    wub_expect(u32(file.data + file.len - 8)
               == (uint32_t) crc32(0, (const Bytef *) text, (uInt) len),
               "%s: sum", name);
    wub_expect(u32(file.data + file.len - 4) == (uint32_t) (more + len),
               "%s: length", name);

    wub_arena_destroy(arena);
}


static void
test_splits(void **state)
{
    char      *text, name[32];
    size_t     i, j;
    uint64_t   seed;

    static const split_t  splits[] = {
        { 0, { 0 } },
        { 1, { 0 } },
        { 3, { 0, 0, 0 } },
        { 1, { 1 } },
        { 1, { WUB_GZIP_STORED - 1 } },
        { 1, { WUB_GZIP_STORED } },
        { 1, { WUB_GZIP_STORED + 1 } },
        { 3, { WUB_GZIP_STORED, WUB_GZIP_STORED + 1, WUB_GZIP_STORED } },
        { 5, { 0, 12288, 0, 12288, 0 } },
        { 4, { 12287, 12288, 12289, 1 } },
        { 3, { 32767, 32768, 32769 } },
        { 3, { 65535, 65536, 65537 } },
        { 1, { TEXT_MAX } },
        { 2, { 1, TEXT_MAX - 1 } },
        { 2, { TEXT_MAX - 1, 1 } }
    };

    (void) state;

    seed = 1;
    text = malloc(TEXT_MAX);
    assert_non_null(text);

    for (i = SAME; i <= NOISE; i++) {
        fill(text, TEXT_MAX, (kind_e) i, &seed);

        for (j = 0; j < wub_nitems(splits); j++) {
            snprintf(name, sizeof(name), "kind %zu, split %zu", i, j);

            expect(text, &splits[j], 0, name);
            expect(text, &splits[j], FOUR_GIB, name);
        }
    }

    free(text);
}


/* zlib's output of one call ends with the buffer, a byte before, one behind */
static void
test_output(void **state)
{
    char      *text, name[32];
    split_t    split;
    uint64_t   seed;

    (void) state;

    seed = 2;
    text = malloc(TEXT_MAX);
    assert_non_null(text);

    fill(text, TEXT_MAX, NOISE, &seed);
    split.n = 2;
    split.lens[1] = 600;

    for (split.lens[0] = 16340; split.lens[0] < 16400; split.lens[0]++) {
        snprintf(name, sizeof(name), "%zu", split.lens[0]);
        expect(text, &split, 0, name);
    }

    free(text);
}


/* any number of blocks of any length, in any order, by one state */
static void
test_random(void **state)
{
    char      *text, name[32];
    size_t     i, j, len;
    split_t    split;
    uint64_t   seed;

    static const size_t  below[] = { 2, WUB_GZIP_STORED + 2, 12300, 60000 };

    (void) state;

    seed = wub_test_seed();
    text = malloc(TEXT_MAX);
    assert_non_null(text);

    for (i = 0; i < 300; i++) {
        fill(text, TEXT_MAX, (kind_e) (i % 3), &seed);
        split.n = wub_test_below(&seed, BLOCKS_MAX + 1);
        len = TEXT_MAX;

        for (j = 0; j < split.n; j++) {
            split.lens[j] = wub_test_below(&seed,
                                below[wub_test_below(&seed, 4)]);
            split.lens[j] %= len;
            len -= split.lens[j];
        }

        snprintf(name, sizeof(name), "round %zu", i);
        expect(text, &split, wub_test_random(&seed) & ~(FOUR_GIB - 1), name);
    }

    free(text);
}


/* what a block becomes does not depend on those before it */
static void
test_apart(void **state)
{
    char          text[3][5000];
    size_t        i, j, from;
    uint64_t      seed;
    wub_buf_t     one, all;
    wub_gzip_t    z, again;
    wub_arena_t  *arena;

    (void) state;

    seed = 3;
    arena = wub_test_arena();
    memset(&again, 0, sizeof(wub_gzip_t));
    wub_buf_init(&all, arena, WUB_TEST_ARENA);

    for (i = 0; i < 9; i++) {
        j = i % 3;

        if (i < 3) {
            fill(text[j], sizeof(text[j]), (kind_e) j, &seed);
        }

        memset(&z, 0, sizeof(wub_gzip_t));
        wub_buf_init(&one, arena, WUB_TEST_ARENA);
        from = all.len;

        assert_int_equal(wub_gzip_block(&z, &one,
                                        wub_str_n(text[j], 5000 - i)),
                         WUB_OK);
        assert_int_equal(wub_gzip_block(&again, &all,
                                        wub_str_n(text[j], 5000 - i)),
                         WUB_OK);

        wub_expect(wub_str_eq(wub_buf_view(&one),
                              wub_str_n(all.data + from, all.len - from)),
                   "block %zu", i);
    }

    wub_arena_destroy(arena);
}


static void
test_stored(void **state)
{
    char          text[WUB_GZIP_STORED + 1];
    size_t        len;
    wub_buf_t     b;
    wub_gzip_t    z;
    wub_arena_t  *arena;

    (void) state;

    memset(text, 'a', sizeof(text));
    memset(&z, 0, sizeof(wub_gzip_t));
    arena = wub_test_arena();

    for (len = 0; len <= WUB_GZIP_STORED + 1; len++) {
        wub_buf_init(&b, arena, 10000);
        assert_int_equal(wub_gzip_block(&z, &b, wub_str_n(text, len)),
                         WUB_OK);

        if (len == 0) {
            assert_int_equal(b.len, 0);

        } else if (len <= WUB_GZIP_STORED) {
            wub_expect(b.len == len + 5, "%zu bytes: %zu", len, b.len);
            assert_null(z.stream);

        } else {
            wub_expect(b.len < 50, "%zu bytes: %zu", len, b.len);
        }
    }

    wub_arena_destroy(arena);
}


static void
test_whole(void **state)
{
    char         *text;
    size_t        i, j;
    uint64_t      seed;
    wub_str_t     file;
    wub_arena_t  *arena;

    static const size_t  lens[] = {
        0, 1, WUB_GZIP_STORED, 16384, 65536, TEXT_MAX
    };

    (void) state;

    seed = 4;
    text = malloc(TEXT_MAX);
    assert_non_null(text);

    for (i = SAME; i <= NOISE; i++) {
        fill(text, TEXT_MAX, (kind_e) i, &seed);

        for (j = 0; j < wub_nitems(lens); j++) {
            arena = wub_test_arena();

            assert_int_equal(wub_gzip(arena, wub_str_n(text, lens[j]), &file),
                             WUB_OK);
            wub_expect(same(file, text, lens[j]), "kind %zu, %zu bytes", i,
                       lens[j]);

            wub_arena_destroy(arena);
        }
    }

    free(text);
}


/* texts of more than 4 GiB, of zeroes: their sums are doubled */
static void
test_sums(void **state)
{
    char      text[1000];
    size_t    i;
    uint32_t  zero, half, sum;
    uint64_t  len, seed;

    (void) state;

    seed = 5;
    fill(text, sizeof(text), NOISE, &seed);

    sum = wub_gzip_crc(wub_str_n(text, sizeof(text)));

    assert_int_equal(sum, crc32(0, (const Bytef *) text, sizeof(text)));
    assert_int_equal(wub_gzip_crc(wub_str_n(NULL, 0)), 0);
    assert_int_equal(wub_gzip_crc_join(0, sum, sizeof(text)), sum);
    assert_int_equal(wub_gzip_crc_join(sum, 0, 0), sum);

    for (i = 0; i <= sizeof(text); i++) {
        assert_int_equal(
            wub_gzip_crc_join(wub_gzip_crc(wub_str_n(text, i)),
                              wub_gzip_crc(wub_str_n(text + i,
                                                     sizeof(text) - i)),
                              sizeof(text) - i),
            sum);
    }

    memset(text, 0, sizeof(text));
    zero = wub_gzip_crc(wub_str_n(text, 1));
    half = zero;

    for (len = 1; len < FOUR_GIB; len *= 2) {
        half = zero;
        zero = wub_gzip_crc_join(zero, zero, len);
    }

    /* 2^32 zeroes, counted one by one */
    assert_int_equal(zero, 0xd202ef8d);

    /* a length of more than 32 bits, and the same in two */
    assert_int_equal(
        wub_gzip_crc_join(sum, zero, FOUR_GIB),
        wub_gzip_crc_join(wub_gzip_crc_join(sum, half, FOUR_GIB / 2), half,
                          FOUR_GIB / 2));
}


static void
test_tail(void **state)
{
    size_t        i;
    wub_buf_t     b;
    wub_arena_t  *arena;

    static const struct {
        uint64_t  len;
        uint32_t  want;
    } rows[] = {
        { 0, 0 },
        { UINT32_MAX, UINT32_MAX },
        { FOUR_GIB, 0 },
        { FOUR_GIB + 7, 7 },
        { UINT64_MAX, UINT32_MAX }
    };

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(rows); i++) {
        wub_buf_init(&b, arena, 100);
        wub_gzip_tail(&b, 0x89abcdef, rows[i].len);

        assert_int_equal(b.len, TAIL);
        assert_memory_equal(b.data, "\x03\0\xef\xcd\xab\x89", 6);
        assert_int_equal(u32(b.data + 6), rows[i].want);
    }

    wub_buf_init(&b, arena, 100);
    wub_gzip_head(&b);
    assert_int_equal(b.len, HEAD);

    wub_arena_destroy(arena);
}


/* limits of zlib, of the buffer, of the memory */
static void
test_limits(void **state)
{
    char          text[20000];
    size_t        max;
    split_t       split;
    uint64_t      seed;
    wub_buf_t     b;
    wub_str_t     file;
    wub_gzip_t    z;
    wub_arena_t  *arena;

    (void) state;

    seed = 6;
    fill(text, sizeof(text), NOISE, &seed);
    arena = wub_test_arena();
    memset(&z, 0, sizeof(wub_gzip_t));
    memset(&file, 0, sizeof(wub_str_t));

    wub_buf_init(&b, arena, 100);
    assert_int_equal(wub_gzip_block(&z, &b, wub_str_n(text, FOUR_GIB)),
                     WUB_TOO_BIG);
    assert_int_equal(b.len, 0);
    assert_int_equal(wub_gzip(arena, wub_str_n(text, FOUR_GIB), &file),
                     WUB_TOO_BIG);
    assert_null(file.data);

    split.n = 3;
    split.lens[0] = 400;
    split.lens[1] = 0;
    split.lens[2] = sizeof(text) - 400;

    for (max = 0; max < sizeof(text) + HEAD; max += 7) {
        wub_buf_init(&b, arena, max);
        assert_int_equal(join(&z, &b, text, &split, 0), WUB_TOO_BIG);
        wub_expect(b.len <= max, "%zu of %zu", b.len, max);
    }

    wub_arena_destroy(arena);
}


static wub_rc_t
work(wub_arena_t *arena, void *data)
{
    wub_rc_t        rc;
    wub_buf_t       b;
    wub_str_t       file;
    wub_gzip_t      z;
    const split_t  *split = data;

    static const char  text[20000];

    memset(&z, 0, sizeof(wub_gzip_t));
    wub_buf_init(&b, arena, WUB_TEST_ARENA);

    rc = join(&z, &b, text, split, 0);
    if (rc != WUB_OK) {
        return rc;
    }

    assert_true(same(wub_buf_view(&b), text, total(split)));

    return wub_gzip(arena, wub_str_n(text, sizeof(text)), &file);
}


static void
test_torture(void **state)
{
    split_t  split;

    (void) state;

    split.n = 3;
    split.lens[0] = 300;
    split.lens[1] = 10000;
    split.lens[2] = 1000;

    /* zlib's state and its four tables, twice, and our own */
    assert_true(wub_test_torture(work, &split) >= 11);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_splits),
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_stored),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_torture)
    };

    return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
