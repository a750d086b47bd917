
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * JSON that others send: what is read, what is refused, and limits.
 */


#include "t/unit/wub_test.h"
#include "ngx_wubloader_module/ngx_http_wubloader_json.h"


/* members of an object, so that their names collide in the library's table */
#define MEMBERS                  5000

/* the sentence about a place */
#define at(line, column, why)                                                 \
    "Malformed JSON at line " line ", column " column why "."


static wub_arena_t  *arena;


static int
setup(void **state)
{
    (void) state;

    arena = wub_test_arena();

    return 0;
}


static int
teardown(void **state)
{
    (void) state;

    wub_arena_destroy(arena);

    return 0;
}


/* from memory that ends with the text */

static wub_rc_t
read_text(wub_str_t text, wub_value_t *ret, const char **ret_error)
{
    char      *copy;
    wub_rc_t   rc;

    copy = test_malloc(text.len + 1);
    memcpy(copy + 1, text.data, text.len);

    *ret_error = NULL;

    rc = ngx_http_wubloader_json_read(arena, wub_str_n(copy + 1, text.len),
                                      ret, ret_error);
    test_free(copy);

    return rc;
}


/* a value in a form that tells all of it */

static void
put_value(wub_buf_t *b, const wub_value_t *value)
{
    size_t  i;

    switch (value->kind) {

    case WUB_VALUE_NULL:
        wub_buf_lit(b, "null");
        return;

    case WUB_VALUE_BOOL:
        wub_buf_putc(b, value->truth ? 't' : 'f');
        return;

    case WUB_VALUE_NUMBER:
        wub_buf_i64(b, value->micros);
        wub_buf_putc(b, value->whole ? 'w' : 'u');
        return;

    case WUB_VALUE_TEXT:
        wub_buf_putc(b, '\'');
        wub_buf_str(b, value->text);
        wub_buf_putc(b, '\'');
        return;

    case WUB_VALUE_LIST:
    case WUB_VALUE_OBJECT:
    default:
        break;
    }

    wub_buf_putc(b, value->kind == WUB_VALUE_LIST ? '[' : '{');

    for (i = 0; i < value->nitems; i++) {
        wub_buf_str(b, value->items[i].key);
        wub_buf_putc(b, ':');
        put_value(b, &value->items[i]);
        wub_buf_putc(b, ' ');
    }

    wub_buf_putc(b, value->kind == WUB_VALUE_LIST ? ']' : '}');
}


static void
good(void **state)
{
    size_t        i;
    wub_buf_t     b;
    const char   *error;
    wub_value_t   value;

    static const struct {
        const char  *text;
        const char  *want;
    } cases[] = {
        { "{}", "{}" },
        { " [ ]\n", "[]" },
        { "null", "null" },
        { "[true,false,null]", "[:t :f :null ]" },
        { "\"a\\u00e4\\n\\ud83d\\ude00\\/\"",
          "'a\xc3\xa4\n\xf0\x9f\x98\x80/'" },
        { "\"\"", "''" },
        { "{\"b\":1,\"a\":{\"b\":[\"\"]}}", "{b:1000000w a:{b:[:'' ] } }" },
        { "{\"\":0}", "{:0w }" },
        { "[0,-0,1,-1,1.5,-1.5]",
          "[:0w :0w :1000000w :-1000000w :1500000u :-1500000u ]" },
        { "[0.1,0.0000004,0.0000006,-0.0000006,1e-999]",
          "[:100000u :0u :1u :-1u :0w ]" },
        { "[1.0,1e3,12E-1]", "[:1000000w :1000000000w :1200000u ]" },
        { "[9223372036854,9223372036855]",
          "[:9223372036854000000w :9223372036854775807w ]" },
        { "[-9223372036855,1e300,-1e300]",
          "[:-9223372036854775808w :9223372036854775807w "
          ":-9223372036854775808w ]" },
        { "[99999999999999999999999]", "[:9223372036854775807w ]" },
        { "\"[[[[[[[[[[[[[[[[[[[[,\\\"[\"", "'[[[[[[[[[[[[[[[[[[[[,\"['" },
        { "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
          "[:[:[:[:[:[:[:[:[:[:[:[:[:[:[:[] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ]" },
    };

    (void) state;

    for (i = 0; i < wub_nitems(cases); i++) {
        wub_expect(read_text(wub_test_str(cases[i].text), &value, &error)
                   == WUB_OK, "%s: %s", cases[i].text, error);

        wub_buf_init(&b, arena, 10000);
        put_value(&b, &value);
        wub_test_text(&b, cases[i].want);
    }
}


static void
bad(void **state)
{
    size_t        i;
    const char   *error;
    wub_value_t   value, untouched;

    static const struct {
        wub_str_t    text;
        const char  *error;
    } cases[] = {
        { wub_string(""), at("1", "0", ": it ends too early") },
        { wub_string(" "), at("1", "1", ": it ends too early") },
        { wub_string("{"), at("1", "1", ": it ends too early") },
        { wub_string("[1,\n2"), at("2", "1", ": it ends too early") },
        { wub_string("\"a"), at("1", "2", ": it ends too early") },
        { wub_string("{} {}"), at("1", "4", ": something follows its end") },
        { wub_string("{}\0"), at("1", "3", ": something follows its end") },
        { wub_string("{\"a\":1,\"b\":2,\"a\":1}"),
          at("1", "16", ": a key is given twice") },
        { wub_string("{\"a\":1,\"\\u0061\":1}"),
          at("1", "15", ": a key is given twice") },
        { wub_string("[{\"a\":{\"b\":1,\"b\":1}}]"),
          at("1", "16", ": a key is given twice") },
        { wub_string("\"\\u0000\""), at("1", "8",
                                       ": a text holds a zero byte") },
        { wub_string("{\"\\u0000\":1}"), at("1", "9",
                                           ": a key holds a zero byte") },
        { wub_string("\"\0\""), at("1", "1", "") },
        { wub_string("\"\n\""), at("1", "1", "") },
        { wub_string("\"\xff\""), at("1", "1", ": a text is not UTF-8") },
        { wub_string("\"\xc3\""), at("1", "1", ": a text is not UTF-8") },
        { wub_string("\"\xed\xa0\x80\""),
          at("1", "1", ": a text is not UTF-8") },
        { wub_string("\"\xc0\x80\""), at("1", "1",
                                         ": a text is not UTF-8") },
        { wub_string("\"\\ud800\""), at("1", "8", "") },
        { wub_string("\"\\udc00\""), at("1", "8", "") },
        { wub_string("1e999"), at("1", "5", ": a number is too large") },
        { wub_string("nul"), at("1", "3", "") },
        { wub_string("NaN"), at("1", "3", "") },
        { wub_string("Infinity"), at("1", "8", "") },
        { wub_string("01"), at("1", "1", "") },
        { wub_string("+1"), at("1", "1", "") },
        { wub_string("{'a':1}"), at("1", "2", "") },
        { wub_string("{a:1}"), at("1", "2", "") },
        { wub_string("[1,]"), at("1", "4", "") },
        { wub_string("{\"a\":1,}"), at("1", "8", "") },
        { wub_string("]"), at("1", "1", "") },
        { wub_string("// x\n1"), at("1", "1", "") },
        { wub_string("\xef\xbb\xbf{}"), at("1", "1", "") },
        { wub_string("token=a&b=c"), at("1", "5", "") },
    };

    (void) state;

    for (i = 0; i < wub_nitems(cases); i++) {
        memset(&value, 0xaa, sizeof(value));
        untouched = value;

        wub_expect(read_text(cases[i].text, &value, &error) == WUB_INVALID,
                   "%s: accepted", cases[i].text.data);
        wub_expect(strcmp(error, cases[i].error) == 0, "\"%s\": %s",
                   cases[i].text.data, error);
        assert_memory_equal(&value, &untouched, sizeof(value));
    }
}


static void
limits(void **state)
{
    char         *text;
    size_t        i, len;
    const char   *error;
    wub_value_t   value;

    (void) state;

    assert_int_equal(read_text(wub_str("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"),
                               &value, &error), WUB_TOO_BIG);
    assert_string_equal(error, "The JSON has lists and objects within each "
                               "other more than 16 deep.");

    /* a list, and as many numbers as make the limit */

    len = 2 * (NGX_HTTP_WUBLOADER_JSON_VALUES - 1) + 1;
    text = test_malloc(len + 2);

    text[0] = '[';

    for (i = 1; i < len + 2; i += 2) {
        text[i] = '0';
        text[i + 1 < len + 2 ? i + 1 : i] = ',';
    }

    text[len - 1] = ']';
    assert_int_equal(read_text(wub_str_n(text, len), &value, &error), WUB_OK);
    assert_int_equal(value.nitems, NGX_HTTP_WUBLOADER_JSON_VALUES - 1);

    text[len - 1] = ',';
    text[len] = '0';
    text[len + 1] = ']';
    assert_int_equal(read_text(wub_str_n(text, len + 2), &value, &error),
                     WUB_TOO_BIG);
    assert_string_equal(error, "The JSON holds more than 100000 values.");

    test_free(text);
}


/* all of a body, though it is read in the event loop */

static void
big_text(void **state)
{
    char         *text;
    size_t        len;
    const char   *error;
    wub_value_t   value;

    (void) state;

    len = (size_t) 20 << 20;
    text = test_malloc(len);
    memset(text, 'a', len);
    text[0] = '"';
    text[len - 1] = '"';

    assert_int_equal(read_text(wub_str_n(text, len), &value, &error), WUB_OK);
    assert_int_equal(value.text.len, len - 2);
    assert_memory_equal(value.text.data, text + 1, len - 2);

    test_free(text);
}


static void
members(void **state)
{
    size_t        i;
    wub_buf_t     b;
    const char   *error;
    wub_value_t   value;

    (void) state;

    wub_buf_init(&b, arena, WUB_TEST_ARENA);
    wub_buf_putc(&b, '{');

    for (i = 0; i < MEMBERS; i++) {
        wub_buf_str(&b, (i == 0) ? wub_str("\"") : wub_str(",\""));
        wub_buf_u64(&b, i);
        wub_buf_lit(&b, "\":0");
    }

    wub_buf_putc(&b, '}');

    assert_int_equal(read_text(wub_buf_view(&b), &value, &error), WUB_OK);
    assert_int_equal(value.nitems, MEMBERS);
    assert_true(wub_str_eq(value.items[42].key, wub_str("42")));
}


static wub_rc_t
torture_work(wub_arena_t *fresh, void *data)
{
    wub_rc_t      rc;
    const char   *error;
    wub_value_t   value;

    (void) data;

    rc = ngx_http_wubloader_json_read(fresh,
             wub_str("{\"a\":[1,\"b\",{}],\"c\":\"\"}"), &value, &error);

    if (rc != WUB_OK) {
        return rc;
    }

    rc = ngx_http_wubloader_json_read(fresh, wub_str("{"), &value, &error);

    return (rc == WUB_INVALID) ? WUB_OK : rc;
}


static void
torture(void **state)
{
    (void) state;

    assert_true(wub_test_torture(torture_work, NULL) > 5);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good, setup, teardown),
        cmocka_unit_test_setup_teardown(bad, setup, teardown),
        cmocka_unit_test_setup_teardown(limits, setup, teardown),
        cmocka_unit_test_setup_teardown(big_text, setup, teardown),
        cmocka_unit_test_setup_teardown(members, setup, teardown),
        cmocka_unit_test(torture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
