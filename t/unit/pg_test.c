
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Postgres' text forms: its grammar as tables, and random values there
 * and back.
 */


#include "t/unit/wub_test.h"
#include "common/wub_pg.h"


#define ARENA_MAX  ((size_t) 1 << 22)
#define NITEMS     8


typedef struct {
    const char  *text;
    wub_rc_t     rc;
    size_t       nitems;
    const char  *items[4];      /* NULL: null */
} parse_case_t;

typedef wub_rc_t (*parse_pt)(wub_arena_t *arena, wub_str_t s,
    wub_pg_items_t *ret);
typedef void (*put_pt)(wub_buf_t *b, const wub_pg_items_t *items);


static uint32_t      seed = 1;
static wub_arena_t  *arena;


static uint32_t
rnd(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;

    return (seed >> 8) % n;
}


static wub_str_t
str(const char *s)
{
    return wub_str_n(s, (s == NULL) ? 0 : strlen(s));
}


static int
setup(void **state)
{
    (void) state;

    arena = wub_arena_create(ARENA_MAX);

    return (arena == NULL);
}


static int
teardown(void **state)
{
    (void) state;

    wub_arena_destroy(arena);

    return 0;
}


static void
check_table(const parse_case_t *c, size_t n, parse_pt parse)
{
    char            *text;
    size_t           i, k, len;
    wub_rc_t         rc;
    wub_pg_items_t   items, untouched;

    for (i = 0; i < n; i++) {
        memset(&items, 0xaa, sizeof(items));
        untouched = items;

        /* a copy without a zero, so that a read beyond it is seen */

        len = strlen(c[i].text);
        text = test_malloc(len + 1);
        memcpy(text + 1, c[i].text, len);

        rc = parse(arena, wub_str_n(text + 1, len), &items);

        test_free(text);

        if (rc != c[i].rc) {
            fail_msg("%s: %d, not %d", c[i].text, rc, c[i].rc);
        }

        if (rc != WUB_OK) {
            assert_memory_equal(&items, &untouched, sizeof(items));
            continue;
        }

        assert_int_equal(items.nitems, c[i].nitems);

        for (k = 0; k < items.nitems; k++) {
            if ((items.items[k].data == NULL) != (c[i].items[k] == NULL)
                || !wub_str_eq(items.items[k], str(c[i].items[k])))
            {
                fail_msg("%s: item %zu is \"%.*s\"", c[i].text, k,
                         (int) items.items[k].len, items.items[k].data);
            }
        }

        wub_arena_reset(arena);
    }
}


static void
array_parse(void **state)
{
    static const parse_case_t  cases[] = {
        { "{}", WUB_OK, 0, { NULL } },
        { " { } \n", WUB_OK, 0, { NULL } },
        { "{a}", WUB_OK, 1, { "a" } },
        { "{a,b c,d}", WUB_OK, 3, { "a", "b c", "d" } },
        { "{ a , b\t,\fc\v}", WUB_OK, 3, { "a", "b", "c" } },
        { "{\"a\",\" b \",\"\"}", WUB_OK, 3, { "a", " b ", "" } },
        { "{ \"a\" , \"b\" }", WUB_OK, 2, { "a", "b" } },
        { "{\"a\\\"b\",\"\\\\\",\"\\x\"}", WUB_OK, 3, { "a\"b", "\\", "x" } },
        { "{a\\,b,\\ ,c\\ }", WUB_OK, 3, { "a,b", " ", "c " } },
        { "{\\ a \\ }", WUB_OK, 1, { " a  " } },
        { "{\"{}\",\",\"}", WUB_OK, 2, { "{}", "," } },
        { "{NULL,null,nUlL}", WUB_OK, 3, { NULL, NULL, NULL } },
        { "{\"NULL\",N\\ULL,NULLS}", WUB_OK, 3, { "NULL", "NULL", "NULLS" } },
        { "{ NULL , NUL L}", WUB_OK, 2, { NULL, "NUL L" } },
        { "{(a),b)}", WUB_OK, 2, { "(a)", "b)" } },
        { "{[1:2]}", WUB_OK, 1, { "[1:2]" } },
        { "{\"\xc3\xa4\"}", WUB_OK, 1, { "\xc3\xa4" } },
        { "", WUB_INVALID, 0, { NULL } },
        { "a", WUB_INVALID, 0, { NULL } },
        { "{", WUB_INVALID, 0, { NULL } },
        { "}", WUB_INVALID, 0, { NULL } },
        { "{a", WUB_INVALID, 0, { NULL } },
        { "{a,", WUB_INVALID, 0, { NULL } },
        { "{\"a\"", WUB_INVALID, 0, { NULL } },
        { "{\"a\" ", WUB_INVALID, 0, { NULL } },
        { "{a,}", WUB_INVALID, 0, { NULL } },
        { "{,a}", WUB_INVALID, 0, { NULL } },
        { "{a,,b}", WUB_INVALID, 0, { NULL } },
        { "{a, ,b}", WUB_INVALID, 0, { NULL } },
        { "{,}", WUB_INVALID, 0, { NULL } },
        { "{\"a}", WUB_INVALID, 0, { NULL } },
        { "{\"a\\", WUB_INVALID, 0, { NULL } },
        { "{\"a\\\"}", WUB_INVALID, 0, { NULL } },
        { "{a\\", WUB_INVALID, 0, { NULL } },
        { "{a\"b\"}", WUB_INVALID, 0, { NULL } },
        { "{\"a\"b}", WUB_INVALID, 0, { NULL } },
        { "{\"a\" \"b\"}", WUB_INVALID, 0, { NULL } },
        { "{a{b}", WUB_INVALID, 0, { NULL } },
        { "{{a},{b}}", WUB_INVALID, 0, { NULL } },
        { "{{}}", WUB_INVALID, 0, { NULL } },
        { "{a}}", WUB_INVALID, 0, { NULL } },
        { "{a}x", WUB_INVALID, 0, { NULL } },
        { "[0:1]={a,b}", WUB_INVALID, 0, { NULL } },
    };

    (void) state;

    check_table(cases, sizeof(cases) / sizeof(cases[0]), wub_pg_array_parse);
}


static void
composite_parse(void **state)
{
    static const parse_case_t  cases[] = {
        { "()", WUB_OK, 1, { NULL } },
        { "(,)", WUB_OK, 2, { NULL, NULL } },
        { " (a,b) ", WUB_OK, 2, { "a", "b" } },
        { "( a , b )", WUB_OK, 2, { " a ", " b " } },
        { "(\"\",)", WUB_OK, 2, { "", NULL } },
        { "(a,,\"b \"\"c\"\"\")", WUB_OK, 3, { "a", NULL, "b \"c\"" } },
        { "(\"a\\\"b\",\"\\\\\",\"\\\\\\\\\")", WUB_OK, 3,
          { "a\"b", "\\", "\\\\" } },
        { "(a\\,b,\\)c)", WUB_OK, 2, { "a,b", ")c" } },
        { "(a\"b,\"c,d)", WUB_OK, 2, { "ab,c", "d" } },
        { "(\"a\"\"\"\"b\")", WUB_OK, 1, { "a\"\"b" } },
        { "(\"(a,\"\"b\"\")\",{x})", WUB_OK, 2, { "(a,\"b\")", "{x}" } },
        { "(null,NULL)", WUB_OK, 2, { "null", "NULL" } },
        { "", WUB_INVALID, 0, { NULL } },
        { "a", WUB_INVALID, 0, { NULL } },
        { "(", WUB_INVALID, 0, { NULL } },
        { "(a", WUB_INVALID, 0, { NULL } },
        { "(a,", WUB_INVALID, 0, { NULL } },
        { "(\"a)", WUB_INVALID, 0, { NULL } },
        { "(\"a\"\")", WUB_INVALID, 0, { NULL } },
        { "(a\\", WUB_INVALID, 0, { NULL } },
        { "(a\\)", WUB_INVALID, 0, { NULL } },
        { "(a)b", WUB_INVALID, 0, { NULL } },
        { "(a))", WUB_INVALID, 0, { NULL } },
    };

    (void) state;

    check_table(cases, sizeof(cases) / sizeof(cases[0]),
                wub_pg_composite_parse);
}


static void
put(void **state)
{
    size_t          i;
    wub_str_t       items[4];
    wub_buf_t       b;
    wub_pg_items_t  list;

    static const struct {
        size_t       nitems;
        const char  *items[4];
        const char  *array;
        const char  *composite;
    } cases[] = {
        { 0, { NULL }, "{}", "()" },
        { 1, { NULL }, "{NULL}", "()" },
        { 2, { NULL, NULL }, "{NULL,NULL}", "(,)" },
        { 2, { "a", "" }, "{a,\"\"}", "(a,\"\")" },
        { 3, { "null", "NULLS", "nul" }, "{\"null\",NULLS,nul}",
          "(null,NULLS,nul)" },
        { 3, { "a b", "a,b", "\t" }, "{\"a b\",\"a,b\",\"\t\"}",
          "(\"a b\",\"a,b\",\"\t\")" },
        { 2, { "a\"b", "\\" }, "{\"a\\\"b\",\"\\\\\"}",
          "(\"a\"\"b\",\"\\\\\")" },
        { 2, { "{}", "()" }, "{\"{}\",()}", "({},\"()\")" },
        { 1, { "\xc3\xa4'" }, "{\xc3\xa4'}", "(\xc3\xa4')" },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        list.items = items;
        list.nitems = cases[i].nitems;

        items[0] = str(cases[i].items[0]);
        items[1] = str(cases[i].items[1]);
        items[2] = str(cases[i].items[2]);

        wub_buf_init(&b, arena, 1000);
        wub_pg_array_put(&b, &list);
        wub_test_text(&b, cases[i].array);

        wub_buf_init(&b, arena, 1000);
        wub_pg_composite_put(&b, &list);
        wub_test_text(&b, cases[i].composite);
    }
}


static wub_str_t
random_item(char *text, size_t max)
{
    size_t  i, len;

    static const char  alphabet[] = "nulNULab \t\n\v\f\r\"\"\\\\{}(),'\xc3\x01";

    if (rnd(6) == 0) {
        return wub_str_n(NULL, 0);
    }

    len = rnd((uint32_t) max);

    for (i = 0; i < len; i++) {
        text[i] = alphabet[rnd(sizeof(alphabet) - 1)];
    }

    return wub_str_n(text, len);
}


static void
check_there_and_back(parse_pt parse, put_pt put_items, size_t least)
{
    char            text[NITEMS][8];
    size_t          i, k;
    wub_buf_t       b;
    wub_str_t       items[NITEMS];
    wub_pg_items_t  list, back;

    for (i = 0; i < 20000; i++) {
        list.items = items;
        list.nitems = least + rnd(NITEMS - 1);

        for (k = 0; k < list.nitems; k++) {
            items[k] = random_item(text[k], sizeof(text[k]));
        }

        wub_buf_init(&b, arena, 10000);
        put_items(&b, &list);
        assert_int_equal(b.rc, WUB_OK);

        assert_int_equal(parse(arena, wub_buf_view(&b), &back), WUB_OK);
        assert_int_equal(back.nitems, list.nitems);

        for (k = 0; k < list.nitems; k++) {
            assert_true(wub_str_eq(back.items[k], items[k]));
            assert_int_equal(back.items[k].data == NULL,
                             items[k].data == NULL);
        }

        wub_arena_reset(arena);
    }
}


static void
there_and_back(void **state)
{
    (void) state;

    check_there_and_back(wub_pg_array_parse, wub_pg_array_put, 0);
    check_there_and_back(wub_pg_composite_parse, wub_pg_composite_put, 1);
}


/* an array of composites of arrays, each quoted for the one around it */
static void
nested(void **state)
{
    char            text[2][8];
    size_t          i;
    wub_buf_t       inner, middle, outer;
    wub_str_t       leaf[2], field[2], item;
    wub_pg_items_t  list, back;

    (void) state;

    for (i = 0; i < 5000; i++) {
        leaf[0] = random_item(text[0], sizeof(text[0]));
        leaf[1] = random_item(text[1], sizeof(text[1]));

        list.items = leaf;
        list.nitems = 2;
        wub_buf_init(&inner, arena, 10000);
        wub_pg_array_put(&inner, &list);

        field[0] = wub_str("x");
        field[1] = wub_buf_view(&inner);
        list.items = field;
        wub_buf_init(&middle, arena, 10000);
        wub_pg_composite_put(&middle, &list);

        item = wub_buf_view(&middle);
        list.items = &item;
        list.nitems = 1;
        wub_buf_init(&outer, arena, 10000);
        wub_pg_array_put(&outer, &list);

        assert_int_equal(wub_pg_array_parse(arena, wub_buf_view(&outer),
                                            &back), WUB_OK);
        assert_int_equal(back.nitems, 1);
        assert_int_equal(wub_pg_composite_parse(arena, back.items[0], &back),
                         WUB_OK);
        assert_int_equal(back.nitems, 2);
        assert_int_equal(wub_pg_array_parse(arena, back.items[1], &back),
                         WUB_OK);
        assert_int_equal(back.nitems, 2);
        assert_true(wub_str_eq(back.items[0], leaf[0]));
        assert_true(wub_str_eq(back.items[1], leaf[1]));

        wub_arena_reset(arena);
    }
}


static void
limits(void **state)
{
    char            *text;
    size_t           i, n;
    wub_pg_items_t   items;

    (void) state;

    /* "{0,0,...}" of one item more than there may be */

    n = WUB_PG_ITEMS_MAX + 1;
    text = wub_arena_alloc(arena, 2 * n + 1);
    assert_non_null(text);

    for (i = 0; i < n; i++) {
        text[2 * i] = ',';
        text[2 * i + 1] = '0';
    }

    text[0] = '{';
    text[2 * n] = '}';
    assert_int_equal(wub_pg_array_parse(arena, wub_str_n(text, 2 * n + 1),
                                        &items), WUB_TOO_BIG);

    text[2 * n - 2] = '}';
    assert_int_equal(wub_pg_array_parse(arena, wub_str_n(text, 2 * n - 1),
                                        &items), WUB_OK);
    assert_int_equal(items.nitems, WUB_PG_ITEMS_MAX);

    text[0] = '(';
    text[2 * n - 2] = ',';
    text[2 * n] = ')';
    assert_int_equal(wub_pg_composite_parse(arena,
                                            wub_str_n(text, 2 * n + 1),
                                            &items), WUB_TOO_BIG);
}


static void
timestamp(void **state)
{
    size_t     i;
    int64_t    us;
    wub_rc_t   rc;
    wub_buf_t  b;

    static const struct {
        const char  *text;
        wub_rc_t     rc;
        int64_t      us;
        const char  *put;       /* NULL: as text */
    } cases[] = {
        { "1970-01-01 00:00:00", WUB_OK, 0, NULL },
        { "2019-11-13 02:34:36", WUB_OK, INT64_C(1573612476000000), NULL },
        { "2019-11-13 02:34:36.5", WUB_OK, INT64_C(1573612476500000), NULL },
        { "2019-11-13 02:34:30", WUB_OK, INT64_C(1573612470000000), NULL },
        { "2019-11-13 02:34:36.000001", WUB_OK, INT64_C(1573612476000001),
          NULL },
        { "2019-11-13 02:34:36.100000", WUB_OK, INT64_C(1573612476100000),
          "2019-11-13 02:34:36.1" },
        { "2020-02-29 23:59:59.999999", WUB_OK, INT64_C(1583020799999999),
          NULL },
        { "9999-12-31 23:59:59.999999", WUB_OK, INT64_C(253402300799999999),
          NULL },
        { "2019-11-13T02:34:36", WUB_INVALID, 0, NULL },
        { "2019-11-13 02:34", WUB_INVALID, 0, NULL },
        { "2019-11-13 02:34:36Z", WUB_INVALID, 0, NULL },
        { "2019-11-13 02:34:36+01", WUB_INVALID, 0, NULL },
        { "2019-11-13 02:34+01:00", WUB_INVALID, 0, NULL },
        { "2019-11-13 02:34+01", WUB_INVALID, 0, NULL },
        { "2019-11-13 02:34:36 BC", WUB_INVALID, 0, NULL },
        { "2019-11-13 02:34:36.", WUB_INVALID, 0, NULL },
        { "2019-11-13 02:34:36.1.2", WUB_INVALID, 0, NULL },
        { "2019-02-29 02:34:36", WUB_INVALID, 0, NULL },
        { "2019-11-13 02:34:60", WUB_INVALID, 0, NULL },
        { "12019-11-13 02:34:36", WUB_INVALID, 0, NULL },
        { "13/11/2019 02:34:36", WUB_INVALID, 0, NULL },
        { "infinity", WUB_INVALID, 0, NULL },
        { "-infinity", WUB_INVALID, 0, NULL },
        { "", WUB_INVALID, 0, NULL },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        us = -7;
        rc = wub_pg_timestamp_parse(str(cases[i].text), &us);

        if (rc != cases[i].rc) {
            fail_msg("%s: %d", cases[i].text, rc);
        }

        if (rc != WUB_OK) {
            assert_int_equal(us, -7);
            continue;
        }

        assert_int_equal(us, cases[i].us);

        wub_buf_init(&b, arena, 100);
        wub_pg_timestamp_put(&b, us);
        wub_test_text(&b, (cases[i].put == NULL) ? cases[i].text
                                               : cases[i].put);
    }
}


static void
end_time(void **state)
{
    size_t             i;
    wub_rc_t           rc;
    wub_buf_t          b;
    wub_pg_end_time_t  t;

    static const struct {
        const char  *text;
        wub_rc_t     rc;
        bool         dashed;
        bool         null;
        int64_t      value;
    } cases[] = {
        { "(t,\"2019-11-13 02:34:36\")", WUB_OK, true, false,
          INT64_C(1573612476000000) },
        { "(f,\"2019-11-13 02:34:36.25\")", WUB_OK, false, false,
          INT64_C(1573612476250000) },
        { "(f,)", WUB_OK, false, true, 0 },
        { "(t,)", WUB_OK, true, true, 0 },
        { "(,)", WUB_INVALID, false, false, 0 },
        { "(x,)", WUB_INVALID, false, false, 0 },
        { "(true,)", WUB_INVALID, false, false, 0 },
        { "(f,\"\")", WUB_INVALID, false, false, 0 },
        { "(f,infinity)", WUB_INVALID, false, false, 0 },
        { "(f)", WUB_INVALID, false, false, 0 },
        { "(f,,)", WUB_INVALID, false, false, 0 },
        { "", WUB_INVALID, false, false, 0 },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rc = wub_pg_end_time_parse(arena, str(cases[i].text), &t);

        if (rc != cases[i].rc) {
            fail_msg("%s: %d", cases[i].text, rc);
        }

        if (rc != WUB_OK) {
            continue;
        }

        assert_int_equal(t.dashed, cases[i].dashed);
        assert_int_equal(t.null, cases[i].null);
        assert_int_equal(t.value, cases[i].value);

        wub_buf_init(&b, arena, 100);
        wub_pg_end_time_put(&b, &t);
        wub_test_text(&b, cases[i].text);
    }
}


static void
box(void **state)
{
    size_t        i;
    wub_rc_t      rc;
    wub_buf_t     b;
    wub_pg_box_t  box;

    static const struct {
        const char  *text;
        wub_rc_t     rc;
        int32_t      box[4];
    } cases[] = {
        { "{0,0,1280,720}", WUB_OK, { 0, 0, 1280, 720 } },
        { "{-2147483648,-1,0,2147483647}", WUB_OK,
          { INT32_MIN, -1, 0, INT32_MAX } },
        { "{0,0,0,2147483648}", WUB_TOO_BIG, { 0 } },
        { "{0,0,0,99999999999999999999}", WUB_TOO_BIG, { 0 } },
        { "{1,2,3}", WUB_INVALID, { 0 } },
        { "{1,2,3,4,5}", WUB_INVALID, { 0 } },
        { "{}", WUB_INVALID, { 0 } },
        { "{1,2,3,NULL}", WUB_INVALID, { 0 } },
        { "{1,2,3,4.0}", WUB_INVALID, { 0 } },
        { "{1,2,3,x}", WUB_INVALID, { 0 } },
        { "{1,2,3,\"\"}", WUB_INVALID, { 0 } },
        { "1,2,3,4", WUB_INVALID, { 0 } },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rc = wub_pg_box_parse(arena, str(cases[i].text), &box);

        if (rc != cases[i].rc) {
            fail_msg("%s: %d", cases[i].text, rc);
        }

        if (rc != WUB_OK) {
            continue;
        }

        assert_memory_equal(box.box, cases[i].box, sizeof(box.box));

        wub_buf_init(&b, arena, 100);
        wub_pg_box_put(&b, &box);
        wub_test_text(&b, cases[i].text);
    }
}


static void
bytea(void **state)
{
    char       text[64];
    size_t     i, k, len;
    wub_rc_t   rc;
    wub_buf_t  b;
    wub_str_t  data;

    static const struct {
        const char  *text;
        wub_rc_t     rc;
        const char  *data;
    } cases[] = {
        { "\\x", WUB_OK, "" },
        { "\\x68656c6c6f", WUB_OK, "hello" },
        { "\\xFf0a", WUB_OK, "\xff\n" },
        { "\\x6", WUB_INVALID, NULL },
        { "\\x6g", WUB_INVALID, NULL },
        { "\\xg6", WUB_INVALID, NULL },
        { "\\x 66", WUB_INVALID, NULL },
        { "\\X66", WUB_INVALID, NULL },
        { "\\", WUB_INVALID, NULL },
        { "68", WUB_INVALID, NULL },
        { "", WUB_INVALID, NULL },
        { "\\000\\001", WUB_INVALID, NULL },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rc = wub_pg_bytea_parse(arena, str(cases[i].text), &data);

        if (rc != cases[i].rc) {
            fail_msg("%s: %d", cases[i].text, rc);
        }

        if (rc == WUB_OK) {
            assert_non_null(data.data);
            assert_true(wub_str_eq(data, str(cases[i].data)));
        }
    }

    for (i = 0; i < 2000; i++) {
        len = rnd(sizeof(text));

        for (k = 0; k < len; k++) {
            text[k] = (char) rnd(256);
        }

        wub_buf_init(&b, arena, 1000);
        wub_pg_bytea_put(&b, wub_str_n(text, len));
        assert_int_equal(b.len, 2 + 2 * len);

        assert_int_equal(wub_pg_bytea_parse(arena, wub_buf_view(&b), &data),
                         WUB_OK);
        assert_true(wub_str_eq(data, wub_str_n(text, len)));

        wub_arena_reset(arena);
    }
}


/* every parse once with its first, second, ... allocation failing */
static void
torture(void **state)
{
    size_t             n;
    wub_rc_t           rc;
    wub_str_t          data;
    wub_pg_box_t       b;
    wub_pg_items_t     items;
    wub_pg_end_time_t  t;

    (void) state;

    for (n = 1; /* void */ ; n++) {
        memset(&items, 0, sizeof(items));

        wub_arena_fail_after(arena, n);
        rc = wub_pg_array_parse(arena,
                                wub_str("{1,2,3,4,5,6,7,8,9,10,11,12,13,14,"
                                        "15,16,17,18,19,20}"), &items);
        wub_arena_fail_after(arena, 0);
        wub_arena_reset(arena);

        if (rc == WUB_OK) {
            break;
        }

        assert_int_equal(rc, WUB_NO_MEMORY);
        assert_null(items.items);
    }

    assert_true(n > 3);

    wub_arena_fail_after(arena, 1);
    assert_int_equal(wub_pg_bytea_parse(arena, wub_str("\\x00"), &data),
                     WUB_NO_MEMORY);
    wub_arena_fail_after(arena, 1);
    assert_int_equal(wub_pg_composite_parse(arena, wub_str("(a)"), &items),
                     WUB_NO_MEMORY);
    wub_arena_fail_after(arena, 2);
    assert_int_equal(wub_pg_composite_parse(arena, wub_str("(a)"), &items),
                     WUB_NO_MEMORY);
    wub_arena_fail_after(arena, 2);
    assert_int_equal(wub_pg_box_parse(arena, wub_str("{1,2,3,4}"), &b),
                     WUB_NO_MEMORY);
    wub_arena_fail_after(arena, 2);
    assert_int_equal(wub_pg_end_time_parse(arena, wub_str("(f,)"), &t),
                     WUB_NO_MEMORY);
    wub_arena_fail_after(arena, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(array_parse, setup, teardown),
        cmocka_unit_test_setup_teardown(composite_parse, setup, teardown),
        cmocka_unit_test_setup_teardown(put, setup, teardown),
        cmocka_unit_test_setup_teardown(there_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(nested, setup, teardown),
        cmocka_unit_test_setup_teardown(limits, setup, teardown),
        cmocka_unit_test_setup_teardown(timestamp, setup, teardown),
        cmocka_unit_test_setup_teardown(end_time, setup, teardown),
        cmocka_unit_test_setup_teardown(box, setup, teardown),
        cmocka_unit_test_setup_teardown(bytea, setup, teardown),
        cmocka_unit_test_setup_teardown(torture, setup, teardown),
    };

    return cmocka_run_group_tests_name("pg", tests, NULL, NULL);
}
