
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "common/wub_base64.h"


typedef struct {
    wub_str_t  bytes;
    wub_str_t  text;
} case_t;


/* RFC 4648 section 10, and the two characters of its section 5 */
static const case_t  cases[] = {
    { wub_string(""), wub_string("") },
    { wub_string("f"), wub_string("Zg") },
    { wub_string("fo"), wub_string("Zm8") },
    { wub_string("foo"), wub_string("Zm9v") },
    { wub_string("foob"), wub_string("Zm9vYg") },
    { wub_string("fooba"), wub_string("Zm9vYmE") },
    { wub_string("foobar"), wub_string("Zm9vYmFy") },
    { wub_string("\0\0\0"), wub_string("AAAA") },
    { wub_string("\xfb\xff\xbf"), wub_string("-_-_") },
    { wub_string("\xff"), wub_string("_w") }
};


static const wub_str_t  bad[] = {
    wub_string("A"),
    wub_string("AAAAA"),
    wub_string("AA=="),
    wub_string("AAA="),
    wub_string("AA+A"),
    wub_string("AA/A"),
    wub_string("AA A"),
    wub_string("AA\0A"),
    wub_string("\xff\xff"),
    wub_string("AA.A")
};


/* RFC 4648 section 4 */
static const case_t  padded[] = {
    { wub_string(""), wub_string("") },
    { wub_string("f"), wub_string("Zg==") },
    { wub_string("fo"), wub_string("Zm8=") },
    { wub_string("foo"), wub_string("Zm9v") },
    { wub_string("foob"), wub_string("Zm9vYg==") },
    { wub_string("\xfb\xff\xbf"), wub_string("+/+/") },
    { wub_string("\x89PNG\r\n\x1a\n"), wub_string("iVBORw0KGgo=") }
};


static const wub_str_t  bad_padded[] = {
    wub_string("A"),
    wub_string("Zg"),
    wub_string("Zg="),
    wub_string("Zg==="),
    wub_string("Z==="),
    wub_string("===="),
    wub_string("Zg==Zg=="),
    wub_string("Z=g="),
    wub_string("AA-A"),
    wub_string("AA_A"),
    wub_string("AA\nAA==="),
    wub_string("AAA\x80"),
    wub_string("Zm9v\n")
};


static void
test_cases(void **state)
{
    char           text[64];
    size_t         i, len;
    uint8_t        bytes[64];
    const case_t  *c;

    (void) state;

    for (i = 0; i < wub_nitems(cases); i++) {
        c = &cases[i];

        assert_int_equal(wub_base64_encoded_len(c->bytes.len), c->text.len);

        memset(text, '!', sizeof(text));
        wub_base64_encode((const uint8_t *) c->bytes.data, c->bytes.len,
                          text);
        assert_memory_equal(text, c->text.data, c->text.len);
        assert_int_equal(text[c->text.len], '!');

        memset(bytes, '!', sizeof(bytes));
        assert_int_equal(wub_base64_decode(c->text, bytes, &len), WUB_OK);
        assert_int_equal(len, c->bytes.len);
        assert_int_equal(len, wub_base64_decoded_len(c->text.len));
        assert_memory_equal(bytes, c->bytes.data, len);
        assert_int_equal(bytes[len], '!');
    }
}


static void
test_bad(void **state)
{
    size_t   i, len;
    uint8_t  bytes[64];

    (void) state;

    for (i = 0; i < wub_nitems(bad); i++) {
        wub_expect(wub_base64_decode(bad[i], bytes, &len) == WUB_INVALID,
                   "%.*s", wub_arg(bad[i]));
    }

    /* bits left over are not looked at */
    assert_int_equal(wub_base64_decode(wub_str("_z"), bytes, &len), WUB_OK);
    assert_int_equal(len, 1);
    assert_int_equal(bytes[0], 0xff);
}


static void
test_padded(void **state)
{
    size_t         i, len;
    uint8_t        bytes[64];
    const case_t  *c;

    (void) state;

    for (i = 0; i < wub_nitems(padded); i++) {
        c = &padded[i];

        memset(bytes, '!', sizeof(bytes));
        assert_int_equal(wub_base64_decode_padded(c->text, bytes, &len),
                         WUB_OK);
        assert_int_equal(len, c->bytes.len);
        assert_memory_equal(bytes, c->bytes.data, len);
        assert_int_equal(bytes[len], '!');
    }

    for (i = 0; i < wub_nitems(bad_padded); i++) {
        wub_expect(wub_base64_decode_padded(bad_padded[i], bytes, &len)
                   == WUB_INVALID, "%.*s", wub_arg(bad_padded[i]));
    }
}


static void
test_round(void **state)
{
    char      text[WUB_HASH_LEN];
    size_t    n, i, len;
    uint8_t   bytes[32], back[32];
    uint64_t  random;

    (void) state;

    assert_int_equal(wub_base64_encoded_len(32), WUB_HASH_LEN);

    random = wub_test_seed();

    for (n = 0; n < 2000; n++) {

        for (i = 0; i < sizeof(bytes); i++) {
            bytes[i] = (uint8_t) wub_test_below(&random, 256);
        }

        len = n % 33;
        wub_base64_encode(bytes, len, text);

        assert_int_equal(wub_base64_decode(
                             wub_str_n(text, wub_base64_encoded_len(len)),
                             back, &i), WUB_OK);
        assert_int_equal(i, len);
        assert_memory_equal(back, bytes, len);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_padded),
        cmocka_unit_test(test_round)
    };

    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
