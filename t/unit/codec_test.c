
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_codec: names of codecs, from sets as encoders write them and as the
 * standard would allow them.
 */


#include "t/unit/wub_test.h"
#include "common/wub_codec.h"


typedef struct {
    const char  *bytes;
    size_t       len;
    const char  *name;          /* NULL: it has none */
} codec_t;

#define SPS(bytes)  bytes, sizeof(bytes) - 1


/* two bytes of NAL header, one of ids, then profile_tier_level() */
static const codec_t  hevc[] = {

    /* x265, Main and Main 10, and as cameras write it */

    { SPS("\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03"
          "\x00\x3c\xa0"),
      "hvc1.1.6.L60.90" },
    { SPS("\x42\x01\x01\x02\x20\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03"
          "\x00\x5d\xa0"),
      "hvc1.2.4.L93.90" },
    { SPS("\x42\x01\x01\x01\x60\x00\x00\x03\x00\xb0\x00\x00\x03\x00\x00\x03"
          "\x00\x5d\xa0"),
      "hvc1.1.6.L93.B0" },

    /* a profile space, the high tier, a flag in each bit, all constraints */

    { SPS("\x42\x01\x01\x6c\xff\xff\xff\xff\x01\xff\x00\x10\xff\x01\xff"),
      "hvc1.A12.FFFFFFFF.H255.1.FF.0.10.FF.1" },
    { SPS("\x42\x01\x01\xff\x80\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff"),
      "hvc1.C31.80000001.H255.FF.FF.FF.FF.FF.FF" },
    { SPS("\x42\x01\x01\x04\x08\x00\x00\x03\x00\x00\x00\x03\x00\x00\x00\x03"
          "\x00\x1e\xa0"),
      "hvc1.4.10.L30" },

    /* no profile, no level, and sets that break off */

    { SPS("\x42\x01\x01\x00\x60\x01\x01\x01\x90\x01\x01\x01\x01\x01\x3c\xa0"),
      NULL },
    { SPS("\x42\x01\x01\x01\x60\x01\x01\x01\x90\x01\x01\x01\x01\x01\x00\xa0"),
      NULL },
    { SPS("\x42\x01\x01\x01\x60\x01\x01\x01\x90\x01\x01\x01\x01\x01"), NULL },
    { SPS("\x42\x01"), NULL },
    { SPS(""), NULL }
};

static const codec_t  avc[] = {
    { SPS("\x67\x4d\x40\x1f"), "avc1.4d401f" },
    { SPS("\x67\x64\x00\x2a\xac"), "avc1.64002a" },
    { SPS("\x67\x00\x40\x1f"), NULL },
    { SPS("\x67\x4d\x40\x00"), NULL },
    { SPS("\x67\x4d\x40"), NULL },
    { SPS(""), NULL }
};


static void
names(const codec_t *rows, size_t n,
    bool (*read)(wub_codec_name_t *name, wub_str_t sps))
{
    size_t            i;
    wub_str_t         sps;
    wub_codec_name_t  name;

    for (i = 0; i < n; i++) {
        sps = wub_str_n(rows[i].bytes, rows[i].len);
        name.len = SIZE_MAX;

        if (rows[i].name == NULL) {
            assert_false(read(&name, sps));
            assert_true(name.len == SIZE_MAX);
            continue;
        }

        assert_true(read(&name, sps));
        assert_int_equal(name.len, strlen(rows[i].name));
        assert_memory_equal(name.data, rows[i].name, name.len);
    }
}


static void
hevc_test(void **state)
{
    (void) state;

    names(hevc, wub_nitems(hevc), wub_codec_hevc);
}


static void
h264_test(void **state)
{
    (void) state;

    names(avc, wub_nitems(avc), wub_codec_h264);
}


static void
aac_test(void **state)
{
    wub_codec_name_t  name;

    (void) state;

    wub_codec_aac(&name, 2);
    assert_int_equal(name.len, strlen("mp4a.40.2"));
    assert_memory_equal(name.data, "mp4a.40.2", name.len);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(hevc_test),
        cmocka_unit_test(h264_test),
        cmocka_unit_test(aac_test)
    };

    return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
