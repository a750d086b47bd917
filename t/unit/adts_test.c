
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ADTS headers: each field, and what is none.
 */


#include "t/unit/wub_test.h"

#include "common/wub_adts.h"


static void
headers(void **state)
{
    size_t      i;
    wub_rc_t    rc;
    wub_adts_t  h;

    static const struct {
        const char  *bytes;
        size_t       len;
        wub_rc_t     rc;
        wub_adts_t   want;
    } rows[] = {
        /* AAC LC, 48 kHz, stereo, 8 bytes, one block */
        { "\xff\xf1\x4c\x80\x01\x1f\xfc-", 8, WUB_OK,
          { 8, 48000, 1024, 2, 2 } },
        /* with a checksum, 44.1 kHz mono, four blocks, not the last bytes */
        { "\xff\xf0\x50\x40\x01\x1f\xff--", 9, WUB_OK,
          { 8, 44100, 4096, 1, 2 } },
        /* MPEG-2, main profile, 7.35 kHz, 7.1 */
        { "\xff\xf9\x31\xc0\x00\xff\xfc", 7, WUB_OK,
          { 7, 7350, 1024, 7, 1 } },
        /* the longest frame, and one byte is missing */
        { "\xff\xf1\x4c\x83\xff\xff\xfc-", 8, WUB_TOO_BIG,
          { 0, 0, 0, 0, 0 } },
        { "\xff\xf1\x4c\x80\x01\x3f\xfc-", 8, WUB_TOO_BIG,
          { 0, 0, 0, 0, 0 } },
        { "\xff\xf1\x4c\x80\x01\x1f", 6, WUB_TOO_BIG, { 0, 0, 0, 0, 0 } },
        { "", 0, WUB_TOO_BIG, { 0, 0, 0, 0, 0 } },
        /* no sync, a layer, a rate that is reserved, shorter than itself */
        { "\xfe\xf1\x4c\x80\x01\x1f\xfc-", 8, WUB_DECLINED,
          { 0, 0, 0, 0, 0 } },
        { "\xff\xe1\x4c\x80\x01\x1f\xfc-", 8, WUB_DECLINED,
          { 0, 0, 0, 0, 0 } },
        { "\xff\xf3\x4c\x80\x01\x1f\xfc-", 8, WUB_DECLINED,
          { 0, 0, 0, 0, 0 } },
        { "\xff\xf1\x74\x80\x01\x1f\xfc-", 8, WUB_DECLINED,
          { 0, 0, 0, 0, 0 } },
        { "\xff\xf1\x4c\x80\x00\xdf\xfc-", 8, WUB_DECLINED,
          { 0, 0, 0, 0, 0 } },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        memset(&h, 0, sizeof(h));
        rc = wub_adts_read((const uint8_t *) rows[i].bytes, rows[i].len, &h);

        wub_expect(rc == rows[i].rc, "row %zu: %d", i, (int) rc);
        wub_expect(h.len == rows[i].want.len && h.rate == rows[i].want.rate
                   && h.samples == rows[i].want.samples
                   && h.channels == rows[i].want.channels
                   && h.object == rows[i].want.object,
                   "row %zu: %zu bytes, %u Hz, %u samples, %u, %u", i, h.len,
                   h.rate, h.samples, h.channels, h.object);
    }
}


/* what is written is what is read, and nothing else is written */
static void
written(void **state)
{
    size_t      i;
    wub_rc_t    rc;
    uint8_t     bytes[8191];
    wub_adts_t  h;

    static const struct {
        wub_rc_t    rc;
        wub_adts_t  head;
    } rows[] = {
        { WUB_OK, { 7, 96000, 1024, 1, 1 } },
        { WUB_OK, { 13, 48000, 1024, 2, 2 } },
        { WUB_OK, { 8191, 7350, 1024, 7, 4 } },
        { WUB_OK, { 2055, 44100, 1024, 0, 2 } },
        { WUB_INVALID, { 6, 48000, 1024, 2, 2 } },
        { WUB_INVALID, { 8192, 48000, 1024, 2, 2 } },
        { WUB_INVALID, { 13, 47000, 1024, 2, 2 } },
        { WUB_INVALID, { 13, 0, 1024, 2, 2 } },
        { WUB_INVALID, { 13, 48000, 1024, 8, 2 } },
        { WUB_INVALID, { 13, 48000, 1024, 2, 0 } },
        { WUB_INVALID, { 13, 48000, 1024, 2, 5 } },
    };

    (void) state;
    memset(bytes, 0, sizeof(bytes));

    for (i = 0; i < wub_nitems(rows); i++) {
        rc = wub_adts_write(&rows[i].head, bytes);
        wub_expect(rc == rows[i].rc, "row %zu: %d", i, (int) rc);

        if (rc != WUB_OK) {
            continue;
        }

        rc = wub_adts_read(bytes, sizeof(bytes), &h);
        wub_expect(rc == WUB_OK && h.len == rows[i].head.len
                   && h.rate == rows[i].head.rate
                   && h.samples == rows[i].head.samples
                   && h.channels == rows[i].head.channels
                   && h.object == rows[i].head.object,
                   "row %zu: read as %zu bytes, %u Hz", i, h.len, h.rate);
    }
}


/* a bit more in a header: whether it is another one, and made as the first */
static void
alike(void **state)
{
    size_t   i;
    uint8_t  a[WUB_ADTS_HEAD], b[WUB_ADTS_HEAD];

    static const struct {
        size_t   byte;
        uint8_t  bit;
        bool     same;
    } rows[] = {
        { 0, 0x80, false }, { 1, 0x08, false }, { 1, 0x01, false },
        { 2, 0x40, false }, { 2, 0x04, false }, { 2, 0x01, false },
        { 2, 0x02, true }, { 3, 0x80, false }, { 3, 0x20, true },
        { 3, 0x02, true }, { 5, 0x20, true }, { 5, 0x01, true },
        { 6, 0x80, true }, { 6, 0x02, false },
    };

    static const wub_adts_t  head = { 300, 48000, 1024, 2, 2 };

    (void) state;
    assert_int_equal(wub_adts_write(&head, a), WUB_OK);

    for (i = 0; i < wub_nitems(rows); i++) {
        memcpy(b, a, sizeof(b));
        b[rows[i].byte] ^= rows[i].bit;

        wub_expect(wub_adts_same(a, b) == rows[i].same, "row %zu", i);

        wub_adts_like(b, a);
        wub_expect(wub_adts_same(a, b), "row %zu: not alike", i);
        wub_expect(rows[i].same
                   ? b[rows[i].byte] == (a[rows[i].byte] ^ rows[i].bit)
                   : memcmp(a, b, sizeof(b)) == 0,
                   "row %zu: something else is changed", i);

        wub_adts_set_len(b, 8191 - i);
        wub_expect(wub_adts_len(b) == 8191 - i && wub_adts_same(a, b),
                   "row %zu: its length", i);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(headers),
        cmocka_unit_test(written),
        cmocka_unit_test(alike),
    };

    return cmocka_run_group_tests_name("adts", tests, NULL, NULL);
}
