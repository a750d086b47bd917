
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Access units made by hand, and sequence parameter sets written field by
 * field as ITU-T H.264 7.3.2.1.1 has them.
 */


#include "t/unit/wub_test.h"
#include "t/unit/wub_test_bits.h"
#include "t/unit/wub_test_video.h"

#include "common/wub_h264.h"


typedef struct {
    uint32_t  profile;
    uint32_t  chroma;
    uint32_t  depth;            /* less 8 */
    uint32_t  matrix;           /* scaling lists sent */
    uint32_t  order;            /* pic_order_cnt_type */
    uint32_t  mbs;              /* width, less 1 */
    uint32_t  units;            /* height, less 1 */
    bool      frames;           /* frame_mbs_only_flag */
    uint32_t  crop[4];          /* left, right, top, bottom */
} sps_t;

typedef struct {
    uint32_t  ratio;            /* aspect_ratio_idc and 1; 0: not sent */
    bool      overscan;
    uint32_t  signal;           /* 1: sent; 2: with colours */
    bool      chroma;           /* its place */
    bool      timing;
    uint32_t  units;
    uint32_t  scale;
    bool      fixed;
} vui_t;


static void
put_vui(wub_test_bits_t *w, const vui_t *v)
{
    wub_test_put(w, v->ratio != 0, 1);

    if (v->ratio != 0) {
        wub_test_put(w, v->ratio - 1, 8);

        if (v->ratio - 1 == 255) {
            wub_test_put(w, 0x00040003, 32);
        }
    }

    wub_test_put(w, v->overscan, 1);

    if (v->overscan) {
        wub_test_put(w, 1, 1);
    }

    wub_test_put(w, v->signal != 0, 1);

    if (v->signal != 0) {
        wub_test_put(w, 5 << 1, 4);
        wub_test_put(w, v->signal == 2, 1);

        if (v->signal == 2) {
            wub_test_put(w, 0x010101, 24);
        }
    }

    wub_test_put(w, v->chroma, 1);

    if (v->chroma) {
        wub_test_ue(w, 2);
        wub_test_ue(w, 0);
    }

    wub_test_put(w, v->timing, 1);

    if (v->timing) {
        wub_test_put(w, v->units, 32);
        wub_test_put(w, v->scale, 32);
        wub_test_put(w, v->fixed, 1);
    }
}


/* vui may be NULL */
static void
put_sps(wub_test_bits_t *w, const sps_t *s, const vui_t *vui)
{
    uint32_t  i;

    w->n = 0;
    wub_test_put(w, 0x67, 8);
    wub_test_put(w, s->profile, 8);
    wub_test_put(w, 40, 16);
    wub_test_ue(w, 0);

    if (s->profile >= 100) {
        wub_test_ue(w, s->chroma);

        if (s->chroma == 3) {
            wub_test_put(w, 0, 1);
        }

        wub_test_ue(w, s->depth);
        wub_test_ue(w, s->depth);
        wub_test_put(w, 0, 1);
        wub_test_put(w, s->matrix != 0, 1);

        for (i = 0; s->matrix != 0 && i < (s->chroma == 3 ? 12 : 8); i++) {
            wub_test_put(w, i < s->matrix, 1);

            /* delta_scale -8: next is 0, the list ends */

            if (i < s->matrix) {
                wub_test_ue(w, 16);
            }
        }
    }

    wub_test_ue(w, 4);
    wub_test_ue(w, s->order);

    if (s->order == 0) {
        wub_test_ue(w, 2);

    } else if (s->order == 1) {
        wub_test_put(w, 1, 1);
        wub_test_ue(w, 3);
        wub_test_ue(w, 4);
        wub_test_ue(w, 2);
        wub_test_ue(w, 1);
        wub_test_ue(w, 2);
    }

    wub_test_ue(w, 4);
    wub_test_put(w, 0, 1);
    wub_test_ue(w, s->mbs);
    wub_test_ue(w, s->units);
    wub_test_put(w, s->frames, 1);

    if (!s->frames) {
        wub_test_put(w, 1, 1);
    }

    wub_test_put(w, 1, 1);

    i = s->crop[0] + s->crop[1] + s->crop[2] + s->crop[3];
    wub_test_put(w, i != 0, 1);

    for (i = (i != 0) ? 0 : 4; i < 4; i++) {
        wub_test_ue(w, s->crop[i]);
    }

    if (vui != NULL) {
        wub_test_put(w, 1, 1);
        put_vui(w, vui);
    }

    wub_test_put(w, 1, 1);
}


static void
forms(void **state)
{
    size_t            i, k, len;
    wub_rc_t          rc;
    uint8_t           bytes[WUB_TEST_BITS_MAX];
    wub_test_bits_t   w;
    wub_video_form_t  form;

    static const struct {
        sps_t             sps;
        wub_rc_t          rc;
        wub_video_form_t  form;
    } rows[] = {
        { { 66, 0, 0, 0, 2, 19, 11, true, { 0, 0, 0, 6 } },
          WUB_OK, { 0, 320, 180, 1, 8, false } },
        { { 77, 0, 0, 0, 0, 79, 44, true, { 0, 0, 0, 0 } },
          WUB_OK, { 0, 1280, 720, 1, 8, false } },
        { { 100, 1, 0, 0, 0, 119, 67, true, { 0, 0, 0, 4 } },
          WUB_OK, { 0, 1920, 1080, 1, 8, false } },
        { { 100, 1, 0, 8, 1, 119, 33, false, { 0, 0, 0, 2 } },
          WUB_OK, { 0, 1920, 1080, 1, 8, true } },
        { { 122, 2, 2, 3, 0, 119, 67, true, { 1, 1, 4, 4 } },
          WUB_OK, { 0, 1916, 1080, 2, 10, false } },
        { { 244, 3, 0, 12, 0, 3, 3, true, { 1, 2, 3, 4 } },
          WUB_OK, { 0, 61, 57, 3, 8, false } },
        { { 100, 0, 6, 0, 0, 3, 3, true, { 0, 0, 0, 0 } },
          WUB_OK, { 0, 64, 64, 0, 14, false } },
        { { 100, 4, 0, 0, 0, 3, 3, true, { 0, 0, 0, 0 } },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 100, 1, 7, 0, 0, 3, 3, true, { 0, 0, 0, 0 } },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 100, 1, UINT32_MAX - 8, 0, 0, 3, 3, true, { 0, 0, 0, 0 } },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 66, 0, 0, 0, 3, 3, 3, true, { 0, 0, 0, 0 } },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 66, 0, 0, 0, 0, 100000, 3, true, { 0, 0, 0, 0 } },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 66, 0, 0, 0, 0, 3, 3, true, { 16, 16, 0, 0 } },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
        { { 66, 0, 0, 0, 0, 3, 3, true, { UINT32_MAX - 2, 5, 0, 0 } },
          WUB_INVALID, { 0, 0, 0, 0, 0, false } },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        put_sps(&w, &rows[i].sps, NULL);
        len = wub_test_pack(&w, bytes);

        memset(&form, 0, sizeof(form));
        rc = wub_h264_form(wub_str_n((const char *) bytes, len), &form);

        wub_expect(rc == rows[i].rc, "row %zu: %d", i, (int) rc);
        wub_expect(form.width == rows[i].form.width
                   && form.height == rows[i].form.height
                   && form.chroma == rows[i].form.chroma
                   && form.depth == rows[i].form.depth
                   && form.codec == WUB_VIDEO_H264
                   && form.interlaced == rows[i].form.interlaced,
                   "row %zu: %ux%u chroma %u depth %u", i, form.width,
                   form.height, form.chroma, form.depth);

        /* the trailing bit is not read; every shorter one breaks off */

        for (k = 0; k + 1 < len; k++) {
            rc = wub_h264_form(wub_str_n((const char *) bytes, k), &form);
            wub_expect(rc == WUB_INVALID, "row %zu cut at %zu", i, k);
        }
    }
}


/* what is said of time, behind all that may stand before it */
static void
timings(void **state)
{
    size_t             i, k, len;
    wub_rc_t           rc;
    uint8_t            bytes[WUB_TEST_BITS_MAX];
    wub_test_bits_t    w;
    wub_video_form_t   form;
    wub_h264_timing_t  t;

    static const sps_t  sps = {
        100, 1, 0, 0, 0, 119, 67, true, { 0, 0, 0, 4 }
    };

    static const struct {
        vui_t     vui;
        wub_rc_t  rc;
    } rows[] = {
        { { 0, false, 0, false, true, 1, 120, true }, WUB_OK },
        { { 2, false, 0, false, true, 1001, 60000, false }, WUB_OK },
        { { 256, true, 1, true, true, 1, 50, true }, WUB_OK },
        { { 0, true, 2, true, true, UINT32_MAX, 0x10000, false }, WUB_OK },
        { { 17, true, 2, true, false, 0, 0, false }, WUB_DECLINED },
        { { 0, false, 0, false, true, 0, 50, true }, WUB_INVALID },
        { { 0, false, 0, false, true, 1, 0, true }, WUB_INVALID },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        put_sps(&w, &sps, &rows[i].vui);
        len = wub_test_pack(&w, bytes);

        memset(&t, 0, sizeof(t));
        rc = wub_h264_timing(wub_str_n((const char *) bytes, len), &t);

        wub_expect(rc == rows[i].rc, "row %zu: %d", i, (int) rc);
        wub_expect(rc != WUB_OK
                   || (t.units == rows[i].vui.units
                       && t.scale == rows[i].vui.scale
                       && t.fixed == rows[i].vui.fixed),
                   "row %zu: %u/%u", i, t.scale, t.units);

        /* the form is there whatever follows it */

        assert_int_equal(wub_h264_form(wub_str_n((const char *) bytes, len),
                                       &form), WUB_OK);
        assert_int_equal(form.width, 1920);
        assert_int_equal(form.height, 1080);

        for (k = 0; k + 1 < len; k++) {
            rc = wub_h264_timing(wub_str_n((const char *) bytes, k), &t);
            wub_expect(rc == WUB_INVALID, "row %zu cut at %zu", i, k);
        }
    }

    put_sps(&w, &sps, NULL);
    wub_test_put(&w, 0, 8);
    w.bits[w.n - 9] = 0;
    len = wub_test_pack(&w, bytes);

    rc = wub_h264_timing(wub_str_n((const char *) bytes, len), &t);
    assert_int_equal(rc, WUB_DECLINED);
}


static void
units(void **state)
{
    size_t            i;
    wub_video_unit_t  u;

    static const struct {
        const char  *bytes;
        size_t       len;
        uint32_t     pictures;
        size_t       lead;
        bool         closed;
        size_t       nsets;
        size_t       form;      /* bytes of the SPS */
    } rows[] = {
        { "", 0, 0, 0, false, 0, 0 },
        { "\0\0\1", 3, 0, 0, false, 0, 0 },
        { "\0\0\1\x65\x88", 5, 1, 0, true, 0, 0 },
        { "\0\0\1\x41\x9a", 5, 1, 0, false, 0, 0 },
        { "\0\0\1\x41\x1a", 5, 0, 0, false, 0, 0 },
        { "\0\0\1\x41", 4, 0, 0, false, 0, 0 },
        { "\0\0\0\1\x09\xf0\0\0\0\1\x67\x42\0\x1e\xa0"
          "\0\0\1\x68\xce\0\0\1\x65\x88", 25, 1, 7, true, 2, 5 },
        { "\0\0\0\1\x68\xce\0\0\1\x65\x88", 11, 1, 0, true, 1, 0 },
        { "\0\0\1\x41\x9a\0\0\1\x41\x9b", 10, 2, 0, false, 0, 0 },
        { "\0\0\1\x41\x9a\0\0\1\x41\x40", 10, 1, 0, false, 0, 0 },
        { "\0\0\0\0\0\0\1\x06\1\1\1\0\1\0\0\2\0\0\1\x41\x80", 21,
          1, 0, false, 0, 0 },

        /* a set that breaks off before its id, and ids too great */

        { "\1\1\1\0\0\1\x67", 7, 0, 0, false, 0, 1 },
        { "\0\0\1\x67\x42\0\x1e\x04\x20", 9, 0, 0, false, 0, 6 },
        { "\0\0\1\x68\x00\x80\x40", 7, 0, 0, false, 1, 0 },
        { "\0\0\1\x68\x00\x80\xc0", 7, 0, 0, false, 0, 0 },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        wub_h264_unit((const uint8_t *) rows[i].bytes, rows[i].len, &u);

        wub_expect(u.pictures == rows[i].pictures && u.lead == rows[i].lead
                   && u.closed == rows[i].closed && u.nsets == rows[i].nsets
                   && u.form.len == rows[i].form && !u.open && !u.refresh,
                   "row %zu: pictures %u lead %zu sets %zu form %zu", i,
                   u.pictures, u.lead, u.nsets, u.form.len);
    }
}


/*
 * With what decoding can begin: C closed, O open, B broken, R some pictures
 * later.  Slices: 0x88 and 0xb8 are I, 0x9a and 0x5a are P.
 */
static void
keys(void **state)
{
    char              flags[WUB_TEST_FLAGS];
    size_t            i;
    wub_video_unit_t  u;

    static const struct {
        const char  *bytes;
        size_t       len;
        const char  *flags;
    } rows[] = {
        { "\0\0\1\x41\x88\x80", 6, "" },
        { "\0\0\1\x65\x88\x80", 6, "C" },

        /* recovery points: none, of 0 frames, of 2, of 0 but broken */

        { "\0\0\1\x06\x01\x01\x40\x80\0\0\1\x41\x88\x80", 14, "" },
        { "\0\0\1\x06\x06\x01\xc4\x80\0\0\1\x41\x88\x80", 14, "O" },
        { "\0\0\1\x06\x06\x01\x64\x80\0\0\1\x41\x9a\x80", 14, "R" },
        { "\0\0\1\x06\x06\x01\xe4\x80\0\0\1\x41\x88\x80", 14, "OB" },
        { "\0\0\1\x06\x06\x01\xe4\x80\0\0\1\x65\x88\x80", 14, "C" },

        /* behind another message, and in one that breaks off */

        { "\0\0\1\x06\x05\x02\x06\x06\x06\x01\xc4\x80"
          "\0\0\1\x41\x88\x80", 18, "O" },
        { "\0\0\1\x06\xff\x05\x02\x06\x06\x06\x01\xc4\x80"
          "\0\0\1\x41\x88\x80", 19, "O" },
        { "\0\0\1\x06\x05\x09\x06\x06\x06\x01\xc4\x80"
          "\0\0\1\x41\x88\x80", 18, "" },

        /* slices of I only, with both sets or one */

        { "\0\0\1\x67\x42\0\x1e\xa0\0\0\1\x68\xce"
          "\0\0\1\x41\x88\x80", 19, "O" },
        { "\0\0\1\x67\x42\0\x1e\xa0\0\0\1\x41\x88\x80", 14, "" },
        { "\0\0\1\x67\x42\0\x1e\xa0\0\0\1\x68\xce"
          "\0\0\1\x41\xb8\x80", 19, "O" },
        { "\0\0\1\x67\x42\0\x1e\xa0\0\0\1\x68\xce"
          "\0\0\1\x41\x9a\x80", 19, "" },
        { "\0\0\1\x67\x42\0\x1e\xa0\0\0\1\x68\xce"
          "\0\0\1\x41\x88\x80\0\0\1\x41\x5a\x80", 25, "" },
        { "\0\0\1\x67\x42\0\x1e\xa0\0\0\1\x68\xce", 13, "" },
        { "\0\0\1\x65\x88\x80\0\0\1\x0a", 10, "CE" },

        /* an IDR picture that refers to others, with a set and without */

        { "\0\0\1\x65\x9a\x80", 6, "W" },
        { "\0\0\1\x45\x88\x80\0\0\1\x41\x9a\x80", 12, "W" },
        { "\0\0\1\x67\x42\0\x1e\xa0\0\0\1\x65\x9a\x80", 14, "C" },
        { "\0\0\1\x65", 4, "C" },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        wub_h264_unit((const uint8_t *) rows[i].bytes, rows[i].len, &u);

        wub_test_flags(&u, flags);

        wub_expect(strcmp(flags, rows[i].flags) == 0, "row %zu: %s", i, flags);
    }
}


/* which SPS the slices use, and whether they are of fields */
static void
fields(void **state)
{
    size_t            i, len;
    uint8_t           bytes[WUB_TEST_BITS_MAX], slice[WUB_TEST_BITS_MAX];
    wub_test_bits_t   w;
    wub_str_t         s;
    wub_video_unit_t  u;

    static const struct {
        sps_t     sps;
        uint32_t  frame_num;
        bool      field;
        bool      want;
    } rows[] = {
        { { 100, 1, 0, 0, 0, 3, 3, true, { 0, 0, 0, 0 } }, 8, true, false },
        { { 100, 1, 0, 0, 0, 3, 3, false, { 0, 0, 0, 0 } }, 8, false, false },
        { { 100, 1, 0, 0, 0, 3, 3, false, { 0, 0, 0, 0 } }, 8, true, true },
        { { 244, 3, 0, 0, 0, 3, 3, false, { 0, 0, 0, 0 } }, 8, true, true },
        { { 244, 3, 0, 0, 0, 3, 3, false, { 0, 0, 0, 0 } }, 8, false, false },
    };

    (void) state;

    for (i = 0; i < wub_nitems(rows); i++) {
        w.n = 0;
        wub_test_put(&w, 0, 8);
        wub_test_put(&w, 0, 8);
        wub_test_put(&w, 1, 8);
        wub_test_put(&w, 0x41, 8);
        wub_test_ue(&w, 0);
        wub_test_ue(&w, 5);
        wub_test_ue(&w, 7);
        wub_test_put(&w, 0x55, rows[i].frame_num);
        wub_test_put(&w, rows[i].field, 1);
        wub_test_put(&w, 1, 7);

        memset(slice, 0, sizeof(slice));
        slice[2] = 1;
        memmove(w.bits, w.bits + 24, w.n - 24);
        w.n -= 24;
        len = wub_test_pack(&w, slice + 3);

        wub_h264_unit(slice, len + 3, &u);
        assert_int_equal(u.pps, 7);

        put_sps(&w, &rows[i].sps, NULL);
        s = wub_str_n((const char *) bytes, wub_test_pack(&w, bytes));

        wub_expect(wub_h264_field(u.slice, s) == rows[i].want, "row %zu", i);

        u.slice.len = 3;
        assert_false(wub_h264_field(u.slice, s));
        u.slice.len = 0;
        assert_false(wub_h264_field(u.slice, s));
    }
}


/* a slice of PPS 7 */
static wub_str_t
put_slice(uint8_t bytes[WUB_TEST_BITS_MAX], uint32_t frame_num, bool field,
    bool bottom)
{
    wub_test_bits_t  w;

    w.n = 0;
    wub_test_put(&w, 0x41, 8);
    wub_test_ue(&w, 0);
    wub_test_ue(&w, 5);
    wub_test_ue(&w, 7);
    wub_test_put(&w, frame_num, 8);
    wub_test_put(&w, field, 1);
    wub_test_put(&w, bottom, 1);
    wub_test_put(&w, 1, 7);

    return wub_str_n((const char *) bytes, wub_test_pack(&w, bytes));
}


/* two fields of one frame */
static void
pairs(void **state)
{
    size_t           i;
    uint8_t          bytes[3][WUB_TEST_BITS_MAX];
    wub_str_t        a, b, s;
    wub_test_bits_t  w;

    static const sps_t  sps = {
        100, 1, 0, 0, 0, 3, 3, false, { 0, 0, 0, 0 }
    };
    static const struct {
        uint32_t  frame_num[2];
        bool      field[2];
        bool      bottom[2];
        bool      want;
    } rows[] = {
        { { 5, 5 }, { true, true }, { false, true }, true },
        { { 5, 5 }, { true, true }, { true, false }, true },
        { { 5, 5 }, { true, true }, { true, true }, false },
        { { 5, 6 }, { true, true }, { false, true }, false },
        { { 5, 5 }, { true, false }, { true, false }, false },
        { { 5, 5 }, { false, true }, { false, true }, false },
    };

    (void) state;

    put_sps(&w, &sps, NULL);
    s = wub_str_n((const char *) bytes[2], wub_test_pack(&w, bytes[2]));

    for (i = 0; i < wub_nitems(rows); i++) {
        a = put_slice(bytes[0], rows[i].frame_num[0], rows[i].field[0],
                      rows[i].bottom[0]);
        b = put_slice(bytes[1], rows[i].frame_num[1], rows[i].field[1],
                      rows[i].bottom[1]);

        wub_expect(wub_h264_pair(a, b, s) == rows[i].want, "row %zu", i);

        a.len = 0;
        assert_false(wub_h264_pair(a, b, s));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(timings),
        cmocka_unit_test(units),
        cmocka_unit_test(keys),
        cmocka_unit_test(fields),
        cmocka_unit_test(pairs),
    };

    return cmocka_run_group_tests_name("h264", tests, NULL, NULL);
}
