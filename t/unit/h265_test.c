
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Access units of H.265 made by hand, and sequence parameter sets written
 * field by field as ITU-T H.265 7.3.2.2.1 has them.
 */


#include "t/unit/wub_test.h"
#include "t/unit/wub_test_bits.h"
#include "t/unit/wub_test_video.h"

#include "common/wub_h265.h"


typedef struct {
    uint32_t  layers;           /* sub layers, less 1 */
    uint32_t  flags;            /* two bits each: profile, level */
    uint32_t  id;
    uint32_t  chroma;
    uint32_t  width;
    uint32_t  height;
    bool      window;
    uint32_t  crop[4];          /* left, right, top, bottom */
    uint32_t  depth;            /* less 8 */
} sps_t;


static void
put_sps(wub_test_bits_t *w, const sps_t *s)
{
    uint32_t  i;

    w->n = 0;
    wub_test_put(w, 0x4201, 16);
    wub_test_put(w, 3, 4);
    wub_test_put(w, s->layers, 3);
    wub_test_put(w, 1, 1);

    wub_test_put(w, 1, 8);
    wub_test_put(w, 0x60000000, 32);
    wub_test_put(w, 0, 32);
    wub_test_put(w, 0, 16);
    wub_test_put(w, 93, 8);

    for (i = 0; s->layers != 0 && i < 8; i++) {
        wub_test_put(w, i < s->layers ? s->flags : 0, 2);
    }

    for (i = 0; i < s->layers; i++) {

        if (s->flags & 2) {
            wub_test_put(w, 0xffffffff, 32);
            wub_test_put(w, 0xffffffff, 32);
            wub_test_put(w, 0xffffff, 24);
        }

        if (s->flags & 1) {
            wub_test_put(w, 0xff, 8);
        }
    }

    wub_test_ue(w, s->id);
    wub_test_ue(w, s->chroma);

    if (s->chroma == 3) {
        wub_test_put(w, 0, 1);
    }

    wub_test_ue(w, s->width);
    wub_test_ue(w, s->height);
    wub_test_put(w, s->window, 1);

    for (i = 0; s->window && i < 4; i++) {
        wub_test_ue(w, s->crop[i]);
    }

    wub_test_ue(w, s->depth);
    wub_test_put(w, 1, 1);
}


static void
forms(void **state)
{
    size_t            i, k, len;
    wub_rc_t          rc;
    uint8_t           bytes[WUB_TEST_BITS_MAX];
    wub_str_t         sps;
    wub_test_bits_t   w;
    wub_video_form_t  form;

    static const struct {
        sps_t             sps;
        wub_rc_t          rc;
        wub_video_form_t  form;
    } rows[] = {
        { { 0, 0, 0, 1, 1280, 720, false, { 0, 0, 0, 0 }, 0 },
          WUB_OK, { WUB_VIDEO_HEVC, 1280, 720, 1, 8, false } },
        { { 0, 0, 3, 1, 1920, 1088, true, { 0, 0, 0, 4 }, 2 },
          WUB_OK, { WUB_VIDEO_HEVC, 1920, 1080, 1, 10, false } },
        { { 3, 3, 0, 2, 64, 64, true, { 1, 2, 3, 4 }, 4 },
          WUB_OK, { WUB_VIDEO_HEVC, 58, 57, 2, 12, false } },
        { { 6, 1, 15, 3, 64, 64, true, { 1, 2, 3, 4 }, 8 },
          WUB_OK, { WUB_VIDEO_HEVC, 61, 57, 3, 16, false } },
        { { 1, 2, 0, 0, 16888, 16888, false, { 0, 0, 0, 0 }, 0 },
          WUB_OK, { WUB_VIDEO_HEVC, 16888, 16888, 0, 8, false } },
        { { 7, 0, 0, 1, 64, 64, false, { 0, 0, 0, 0 }, 0 },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 0, 0, 0, 4, 64, 64, false, { 0, 0, 0, 0 }, 0 },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 0, 0, 0, 1, 0, 64, false, { 0, 0, 0, 0 }, 0 },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 0, 0, 0, 1, 64, 16889, false, { 0, 0, 0, 0 }, 0 },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 0, 0, 0, 1, 64, 64, true, { 16, 16, 0, 0 }, 0 },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 0, 0, 0, 1, 64, 64, true, { 0, UINT32_MAX - 2, 5, 0 }, 0 },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 0, 0, 0, 1, 64, 64, false, { 0, 0, 0, 0 }, 9 },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        put_sps(&w, &rows[i].sps);
        len = wub_test_pack(&w, bytes);
        sps = wub_str_n((const char *) bytes, len);

        memset(&form, 0, sizeof(form));
        rc = wub_h265_form(sps, &form);

        wub_expect(rc == rows[i].rc, "row %zu: %d", i, (int) rc);
        wub_expect(rc != WUB_OK || wub_video_same(&form, &rows[i].form),
                   "row %zu: %ux%u chroma %u depth %u", i, form.width,
                   form.height, form.chroma, form.depth);

        for (k = 0; k + 1 < len; k++) {
            sps.len = k;
            wub_expect(wub_h265_form(sps, &form) == WUB_INVALID,
                       "row %zu cut at %zu", i, k);
        }
    }
}


/* the ids of sets, and of the sets they refer to */
static void
sets(void **state)
{
    size_t            i, len;
    uint8_t           bytes[WUB_TEST_BITS_MAX];
    wub_test_bits_t   w;
    wub_video_unit_t  u;

    static const struct {
        sps_t     sps;
        size_t    nsets;
        uint32_t  id;
    } rows[] = {
        { { 0, 0, 0, 1, 64, 64, false, { 0, 0, 0, 0 }, 0 }, 1, 0 },
        { { 4, 3, 15, 1, 64, 64, false, { 0, 0, 0, 0 }, 0 }, 1, 15 },
        { { 0, 0, 16, 1, 64, 64, false, { 0, 0, 0, 0 }, 0 }, 0, 0 },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        put_sps(&w, &rows[i].sps);
        memset(bytes, 0, sizeof(bytes));
        bytes[2] = 1;
        len = 3 + wub_test_pack(&w, bytes + 3);

        /* zeros behind a unit are none of its bytes */

        wub_h265_unit(bytes, len + 5, &u);

        assert_int_equal(u.nsets, rows[i].nsets);
        assert_true(u.form.data == (const char *) bytes + 3);

        if (u.nsets != 0) {
            assert_int_equal(u.sets[0].kind, WUB_VIDEO_SPS);
            assert_int_equal(u.sets[0].id, rows[i].id);
            assert_int_equal(u.sets[0].parent, 3);
            assert_int_equal(u.sets[0].bytes.len, len - 3);
        }
    }
}


/* C closed, O open, B broken, E the sequence ends */
static void
units(void **state)
{
    char              flags[WUB_TEST_FLAGS];
    size_t            i;
    wub_video_unit_t  u;

    static const struct {
        const char  *bytes;
        size_t       len;
        uint32_t     pictures;
        size_t       lead;
        size_t       nsets;
        uint32_t     pps;
        const char  *flags;
    } rows[] = {
        { "", 0, 0, 0, 0, 0, "" },
        { "\0\0\1\x26", 4, 0, 0, 0, 0, "" },

        /* IDR, both; CRA; BLA, the first and the last; TRAIL; RASL */

        { "\0\0\1\x26\1\xa0", 6, 1, 0, 0, 0, "C" },
        { "\0\0\1\x28\1\xa0", 6, 1, 0, 0, 0, "C" },
        { "\0\0\1\x2a\1\x90\x80", 7, 1, 0, 0, 1, "O" },
        { "\0\0\1\x20\1\x98\x80", 7, 1, 0, 0, 2, "OB" },
        { "\0\0\1\x24\1\xa0", 6, 1, 0, 0, 0, "OB" },
        { "\0\0\1\x02\1\xa0", 6, 1, 0, 0, 1, "" },
        { "\0\0\1\x12\1\xc0", 6, 1, 0, 0, 0, "" },

        /* reserved types are none */

        { "\0\0\1\x14\1\xc0", 6, 0, 0, 0, 0, "" },
        { "\0\0\1\x2c\1\xc0", 6, 0, 0, 0, 0, "" },

        /* of another layer; a second slice, a second picture */

        { "\0\0\1\x26\x09\xa0", 6, 0, 0, 0, 0, "" },
        { "\0\0\1\x27\x01\xa0", 6, 0, 0, 0, 0, "" },
        { "\0\0\1\x26\1\xa0\0\0\1\x26\1\x20", 12, 1, 0, 0, 0, "C" },
        { "\0\0\1\x02\1\xc0\0\0\1\x02\1\xc0", 12, 2, 0, 0, 0, "" },

        /* a delimiter; VPS 5, PPS 1 of SPS 2, and one that breaks off */

        { "\0\0\0\1\x46\1\x50\0\0\0\1\x40\1\x50\0\0\1\x44\1\x4c"
          "\0\0\1\x44\1\x04\0\0\1\x26\1\xa0", 32, 1, 8, 2, 0, "C" },
        { "\0\0\1\x02\1\xc0\0\0\1\x48\1", 11, 1, 0, 0, 0, "E" },
        { "\0\0\1\x02\1\xc0\0\0\1\x4a\1", 11, 1, 0, 0, 0, "E" },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        wub_h265_unit((const uint8_t *) rows[i].bytes, rows[i].len, &u);

        wub_test_flags(&u, flags);

        wub_expect(u.pictures == rows[i].pictures && u.lead == rows[i].lead
                   && u.nsets == rows[i].nsets && u.pps == rows[i].pps
                   && strcmp(flags, rows[i].flags) == 0,
                   "row %zu: pictures %u lead %zu sets %zu pps %u %s", i,
                   u.pictures, u.lead, u.nsets, u.pps, flags);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(sets),
        cmocka_unit_test(units),
    };

    return cmocka_run_group_tests_name("h265", tests, NULL, NULL);
}
