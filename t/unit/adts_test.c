
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


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(headers),
    };

    return cmocka_run_group_tests_name("adts", tests, NULL, NULL);
}
