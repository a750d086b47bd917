
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "t/unit/wub_test.h"
#include "common/wub_render.h"
#include "common/wub_time.h"
#include "common/wub_transition_names.h"


#define T_ROUNDS   2000
#define T_RANGES   6

#define T_A        "2024-02-29T23:59:54"
#define T_B        "2024-02-29T23:59:58"
#define T_C        "2024-03-01T00:00:02"
#define T_D        "2024-03-01T00:00:06"
#define T_TWO      "range=" T_A "," T_B "&range=" T_C "," T_D
#define T_THREE    T_TWO "&range=" T_A "," T_B

#define T_AZ       T_A ".000000Z"
#define T_BZ       T_B ".000000Z"
#define T_CZ       T_C ".000000Z"
#define T_DZ       T_D ".000000Z"
#define T_TWOZ     "range=" T_AZ "," T_BZ "&range=" T_CZ "," T_DZ
#define T_ENDZ     "&allow_holes=false&type=fast"

#define T_BOX      "write four whole numbers from 0 to 16384, left less "     \
                   "than right and top less than bottom."


/* kinds with this bit are posted */
#define T_POSTED   16
#define T_POST     (T_POSTED | WUB_RENDER_THUMBNAIL)


typedef struct {
    unsigned     kind;
    const char  *query;
    const char  *want;      /* put again, or the sentence */
} read_case_t;

typedef struct {
    const char  *path;
    wub_rc_t     rc;
    unsigned     kind;
    const char  *channel;
    const char  *quality;
} path_case_t;

/* offsets to a time, microseconds; from == to ends */
typedef struct {
    int64_t      from;
    int64_t      to;
    bool         hole;
} part_t;

typedef struct {
    const char  *name;
    part_t       parts[4];
    int64_t      time;
    int          shown;     /* of parts; -1: a hole */
} shown_case_t;


static const read_case_t  good[] = {

    /* cuts: all that was left out is there */

    { WUB_RENDER_CUT, "range=" T_A "," T_B,
      "range=" T_AZ "," T_BZ T_ENDZ },
    { WUB_RENDER_CUT, "start=" T_A "&end=" T_B,
      "range=" T_AZ "," T_BZ T_ENDZ },
    { WUB_RENDER_CUT, "", "allow_holes=false&type=fast" },
    { WUB_RENDER_CUT, "start=" T_A, "start=" T_AZ T_ENDZ },
    { WUB_RENDER_CUT, "end=" T_A, "end=" T_AZ T_ENDZ },
    { WUB_RENDER_CUT, "start=x&end=&range=" T_A "," T_B,
      "range=" T_AZ "," T_BZ T_ENDZ },
    { WUB_RENDER_CUT, "range=2024-02-29+23:59:54,2024-03-01T00:59:58%2B01:00",
      "range=" T_AZ "," T_BZ T_ENDZ },
    { WUB_RENDER_CUT, T_TWO "&allow_holes=TRUE&type=mp4&plan=1",
      T_TWOZ "&transition=&allow_holes=true&type=mp4&plan=1" },
    { WUB_RENDER_CUT, T_TWO "&allow_holes=false&type=rough&plan=0&x=y",
      T_TWOZ "&transition=&allow_holes=false&type=rough" },
    { WUB_RENDER_CUT, T_TWO "&transition=fade,4.0000001&type=",
      T_TWOZ "&transition=fade,4.000000&allow_holes=false&type=" },
    { WUB_RENDER_CUT, T_THREE "&transition=batman,0.5",
      T_TWOZ "&range=" T_AZ "," T_BZ "&transition=batman,0.500000"
      "&transition=" T_ENDZ },
    { WUB_RENDER_CUT, T_THREE "&transition=&transition=fade,4",
      T_TWOZ "&range=" T_AZ "," T_BZ "&transition=&transition=fade,4.000000"
      T_ENDZ },
    { WUB_RENDER_CUT, T_THREE "&transition=fade,1&transition=fade,3",
      T_TWOZ "&range=" T_AZ "," T_BZ "&transition=fade,1.000000"
      "&transition=fade,3.000000" T_ENDZ },
    { WUB_RENDER_CUT, "range=" T_A "," T_B "&type=a%26b%20%ff",
      "range=" T_AZ "," T_BZ "&allow_holes=false&type=a%26b%20%FF" },

    { WUB_RENDER_FRAME, "timestamp=" T_A, "timestamp=" T_AZ "&format=png" },
    { WUB_RENDER_FRAME, "timestamp=2024-02-29%2023:59:54.1234567&format=jpg",
      "timestamp=" T_A ".123456Z&format=jpg" },
    { WUB_RENDER_FRAME, "timestamp=" T_A "&format=png&timestamp=x",
      "timestamp=" T_AZ "&format=png" },

    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B,
      "start=" T_AZ "&end=" T_BZ "&size=1024x64&format=png" },
    { WUB_RENDER_WAVEFORM,
      "size=1920x125&start=" T_A "&end=" T_B "&t=1709251194&format=json",
      "start=" T_AZ "&end=" T_BZ "&size=1920x125&format=json" },
    { WUB_RENDER_WAVEFORM,
      "start=2024-01-01T00:00&end=2024-01-01T06:00&size=4096x1",
      "start=2024-01-01T00:00:00.000000Z&end=2024-01-01T06:00:00.000000Z"
      "&size=4096x1&format=png" },

    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A "&template=a%20b",
      "timestamp=" T_AZ "&template=a%20b" },
    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A "&template=t&crop=0,0,1,1",
      "timestamp=" T_AZ "&template=t&crop=0,0,1,1" },
    { WUB_RENDER_THUMBNAIL,
      "location=1,2,16384,16383&timestamp=" T_A "&template=t",
      "timestamp=" T_AZ "&template=t&location=1,2,16384,16383" },
    { T_POST, "timestamp=" T_A "&crop=0,0,1,1&location=1,2,3,4&template=t",
      "timestamp=" T_AZ "&crop=0,0,1,1&location=1,2,3,4" }
};


static const read_case_t  bad[] = {

    { WUB_RENDER_CUT, "range=x", "range is not START,END: 'x'; write both as "
      "YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_CUT, "range=" T_A, "range is not START,END: '" T_A
      "'; write both as YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_CUT, "range=%0a%ff", "range is not START,END: '\?\?'; write "
      "both as YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_CUT, "range=" T_B "," T_A, "Ends must be after starts" },
    { WUB_RENDER_CUT, "range=" T_A "," T_B "&range=" T_A "," T_A,
      "Ends must be after starts" },
    { WUB_RENDER_CUT, "start=" T_A "&end=" T_A, "Ends must be after starts" },
    { WUB_RENDER_CUT, "start=1", "start is not a time: '1'; write "
      "YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_CUT, "end=", "end is not a time: ''; write "
      "YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_CUT, "transition=", "Too many transitions" },
    { WUB_RENDER_CUT, T_TWO "&transition=&transition=",
      "Too many transitions" },
    { WUB_RENDER_CUT, T_TWO "&transition=fade", "transition is not "
      "TYPE,SECONDS: 'fade'; leave it empty for a hard cut." },
    { WUB_RENDER_CUT, T_TWO "&transition=fad,1",
      "Unknown transition 'fad'" },
    { WUB_RENDER_CUT, T_TWO "&transition=fade,4.1", "transition 'fade,4.1' "
      "is longer than a range beside it." },
    { WUB_RENDER_CUT, "range=" T_A "," T_D "&range=" T_A "," T_B
      "&transition=fade,4.1", "transition 'fade,4.1' is longer than a range "
      "beside it." },
    { WUB_RENDER_CUT, T_THREE "&transition=fade,2&transition=radial,2.000001",
      "transition 'fade,2' and transition 'radial,2.000001' are together "
      "longer than the range between them." },
    { WUB_RENDER_CUT, T_TWO "&allow_holes=1",
      "allow_holes must be one of: true, false" },
    { WUB_RENDER_CUT, T_TWO "&plan=true", "plan must be one of: 0, 1" },
    { WUB_RENDER_CUT, T_TWO "&plan=", "plan must be one of: 0, 1" },

    /* upstream's order */

    { WUB_RENDER_CUT, "range=x&range=" T_B "," T_A "&transition=fade&"
      "transition=&allow_holes=x&plan=x", "range is not START,END: 'x'; "
      "write both as YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_CUT, "range=" T_B "," T_A "&transition=fade&allow_holes=x",
      "Ends must be after starts" },
    { WUB_RENDER_CUT, T_TWO "&transition=&transition=x&allow_holes=x",
      "Too many transitions" },
    { WUB_RENDER_CUT, T_TWO "&transition=no,1&allow_holes=x&plan=x",
      "Unknown transition 'no'" },
    { WUB_RENDER_CUT, T_TWO "&allow_holes=x&plan=x",
      "allow_holes must be one of: true, false" },

    { WUB_RENDER_FRAME, "", "timestamp is missing; write "
      "YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_FRAME, "timestamp=", "timestamp is not a time: ''; write "
      "YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_FRAME, "timestamp=" T_A "&format=",
      "format must be one of: png, jpg" },
    { WUB_RENDER_FRAME, "timestamp=" T_A "&format=json",
      "format must be one of: png, jpg" },

    { WUB_RENDER_WAVEFORM, "", "start is missing; write "
      "YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_WAVEFORM, "end=" T_A, "start is missing; write "
      "YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_WAVEFORM, "start=" T_A, "end is missing; write "
      "YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=%3cb%3e", "end is not a time: "
      "'<b>'; write YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_A,
      "End must be after start" },
    { WUB_RENDER_WAVEFORM, "start=" T_D "&end=" T_A "&size=x",
      "End must be after start" },
    { WUB_RENDER_WAVEFORM,
      "start=2024-01-01T00:00&end=2024-01-01T06:00:00.000001&size=x",
      "Range may not be longer than 6 hours" },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B "&size=",
      "Invalid size" },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B "&size=12",
      "Invalid size" },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B "&size=1x",
      "Invalid size" },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B "&size=1X1",
      "Invalid size" },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B "&size=1x1x1",
      "Invalid size" },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B "&size=-1x1",
      "Invalid size" },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B "&size=0x1",
      "Image size must be between 1x1 and 4096x4096" },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B "&size=1x0",
      "Image size must be between 1x1 and 4096x4096" },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B "&size=4097x1",
      "Image size must be between 1x1 and 4096x4096" },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B "&size=1x99999999999",
      "Image size must be between 1x1 and 4096x4096" },
    { WUB_RENDER_WAVEFORM, "start=" T_A "&end=" T_B "&format=jpg",
      "format must be one of: png, json" },

    { WUB_RENDER_THUMBNAIL, "template=t", "timestamp is missing; write "
      "YYYY-MM-DDTHH:MM:SS." },
    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A, "template is missing; name "
      "one, or POST its PNG." },
    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A "&template=&crop=x", "template "
      "is missing; name one, or POST its PNG." },
    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A "&template=t&crop=",
      "crop is not LEFT,TOP,RIGHT,BOTTOM: ''; " T_BOX },
    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A "&template=t&crop=1,2,3",
      "crop is not LEFT,TOP,RIGHT,BOTTOM: '1,2,3'; " T_BOX },
    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A "&template=t&crop=1,2,3,4,5",
      "crop is not LEFT,TOP,RIGHT,BOTTOM: '1,2,3,4,5'; " T_BOX },
    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A "&template=t&crop=-1,2,3,4",
      "crop is not LEFT,TOP,RIGHT,BOTTOM: '-1,2,3,4'; " T_BOX },
    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A "&template=t&crop=1.5,2,3,4",
      "crop is not LEFT,TOP,RIGHT,BOTTOM: '1.5,2,3,4'; " T_BOX },
    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A "&template=t&location=3,2,3,4",
      "location is not LEFT,TOP,RIGHT,BOTTOM: '3,2,3,4'; " T_BOX },
    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A "&template=t&location=1,4,3,4",
      "location is not LEFT,TOP,RIGHT,BOTTOM: '1,4,3,4'; " T_BOX },
    { WUB_RENDER_THUMBNAIL, "timestamp=" T_A "&template=t&location=1,2,3,"
      "16385", "location is not LEFT,TOP,RIGHT,BOTTOM: '1,2,3,16385'; "
      T_BOX },
    { T_POST, "crop=0,0,1,1&location=0,0,1,1", "timestamp is missing; write "
      "YYYY-MM-DDTHH:MM:SS." },
    { T_POST, "timestamp=" T_A "&template=t&location=x", "crop is missing; "
      "write LEFT,TOP,RIGHT,BOTTOM." },
    { T_POST, "timestamp=" T_A "&crop=0,0,1,1", "location is missing; write "
      "LEFT,TOP,RIGHT,BOTTOM." }
};


static const path_case_t  paths[] = {
    { "/cut/c/q.ts", WUB_OK, WUB_RENDER_CUT, "c", "q" },
    { "/frame/c/q.png", WUB_OK, WUB_RENDER_FRAME, "c", "q" },
    { "/waveform/c/q.png", WUB_OK, WUB_RENDER_WAVEFORM, "c", "q" },
    { "/thumbnail/c/q.png", WUB_OK, WUB_RENDER_THUMBNAIL, "c", "q" },
    { "/cut/a%20b+c/q.ts.ts", WUB_OK, WUB_RENDER_CUT, "a b+c", "q.ts" },
    { "/cut/a&b=c;d/%c3%A9.ts", WUB_OK, WUB_RENDER_CUT, "a&b=c;d",
      "\xc3\xa9" },
    { "/cut/c/q%2ets", WUB_OK, WUB_RENDER_CUT, "c", "q" },
    { "/cut/c%3f%25/q.ts", WUB_OK, WUB_RENDER_CUT, "c?%", "q" },

    { "", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/", WUB_NOT_FOUND, 0, NULL, NULL },
    { "cut/c/q.ts", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/cut", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/cut/c", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/cut/c/", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/cut/c/q", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/cut/c/q.png", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/frame/c/q.ts", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/cuts/c/q.ts", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/cut/c/q.ts/", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/cut/c/d/q.ts", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/cut//q.ts", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/cut/c/.ts", WUB_NOT_FOUND, 0, NULL, NULL },
    { "//cut/c/q.ts", WUB_NOT_FOUND, 0, NULL, NULL },
    { "/cut/c/.q.ts", WUB_INVALID, 0, NULL, NULL },
    { "/cut/.c/q.ts", WUB_INVALID, 0, NULL, NULL },
    { "/cut/%2e%2e/q.ts", WUB_INVALID, 0, NULL, NULL },
    { "/cut/a%2fb/q.ts", WUB_INVALID, 0, NULL, NULL },
    { "/cut/a%00b/q.ts", WUB_INVALID, 0, NULL, NULL },
    { "/cut/a%b/q.ts", WUB_INVALID, 0, NULL, NULL },
    { "/cut/a/q%2.ts", WUB_INVALID, 0, NULL, NULL }
};


static const shown_case_t  shows[] = {
    { "nothing", { { 0, 0, false } }, 0, -1 },
    { "all is a hole", { { -9, 9, true } }, 0, -1 },
    { "within", { { -9, 9, false } }, 0, 0 },
    { "its first moment", { { 0, 9, false } }, 0, 0 },
    { "its end", { { -9, 0, false } }, 0, -1 },
    { "its end, then a hole", { { -9, 0, false }, { 0, 9, true } }, 0, -1 },
    { "its end, then another", { { -9, 0, false }, { 0, 9, false } }, 0, 1 },
    { "a gap that is none", { { -9, -2, false }, { 3, 9, false } }, 0, 0 },
    { "the gap's end", { { -9, -2, false }, { 0, 9, false } }, 0, 1 },
    { "an overlap", { { -9, 5, false }, { -2, 9, false } }, 0, 1 },
    { "before an overlap", { { -9, 5, false }, { 2, 9, false } }, 0, 0 },
    { "in a hole", { { -9, -5, false }, { -5, 5, true }, { 5, 9, false } },
      0, -1 },
    { "behind a hole", { { -9, -5, false }, { -5, 0, true },
                         { 0, 9, false } }, 0, 2 },
    { "before the first", { { -9, 3, true }, { 3, 9, false } }, 0, -1 }
};


static void
t_render(unsigned kind, wub_render_t *ret)
{
    memset(ret, 0, sizeof(wub_render_t));

    ret->kind = (wub_render_kind_e) (kind % T_POSTED);
    ret->posted = (kind >= T_POSTED);
    ret->channel = wub_str("c");
    ret->quality = wub_str("q");
}


static wub_rc_t
t_read(wub_arena_t *arena, wub_str_t query, wub_render_t *ret,
    wub_answer_t *answer)
{
    wub_rc_t     rc;
    wub_query_t  q;

    rc = wub_query_parse(arena, query, &q);

    return (rc != WUB_OK) ? rc : wub_render_read(arena, &q, ret, answer);
}


static void
test_good(void **state)
{
    size_t        i, path;
    wub_buf_t     b;
    wub_str_t     query;
    wub_arena_t  *arena;
    wub_answer_t  answer;
    wub_render_t  r;

    (void) state;

    for (i = 0; i < wub_nitems(good); i++) {
        arena = wub_test_arena();
        t_render(good[i].kind, &r);

        wub_expect(t_read(arena, wub_test_str(good[i].query), &r, &answer)
                   == WUB_OK && answer.status == 0, "\"%s\" is refused: %.*s",
                   good[i].query, wub_arg(answer.sentence));

        wub_buf_init(&b, arena, WUB_RENDER_MAX);
        wub_expect(wub_render_put(&b, &r, &path) == WUB_OK,
                   "\"%s\" is not put", good[i].query);

        query = wub_str_n(b.data + path + 1, b.len - path - 1);

        wub_expect(wub_str_eq(query, wub_test_str(good[i].want)),
                   "\"%s\" is put as \"%.*s\"", good[i].query,
                   wub_arg(query));

        wub_arena_destroy(arena);
    }
}


static void
test_bad(void **state)
{
    size_t         i;
    wub_arena_t   *arena;
    wub_answer_t   answer;
    wub_render_t   r, before;

    (void) state;

    for (i = 0; i < wub_nitems(bad); i++) {
        arena = wub_test_arena();
        t_render(bad[i].kind, &r);
        before = r;

        wub_expect(t_read(arena, wub_test_str(bad[i].query), &r, &answer)
                   == WUB_OK, "\"%s\" fails", bad[i].query);
        wub_expect(answer.status == 400
                   && wub_str_eq(answer.sentence, wub_test_str(bad[i].want)),
                   "\"%s\": %u, \"%.*s\"", bad[i].query, answer.status,
                   wub_arg(answer.sentence));

        assert_memory_equal(&r, &before, sizeof(wub_render_t));

        wub_arena_destroy(arena);
    }
}


static void
test_long(void **state)
{
    size_t         i, path;
    wub_buf_t      b, put;
    wub_arena_t   *arena;
    wub_answer_t   answer;
    wub_render_t   r;

    (void) state;

    arena = wub_test_arena();
    wub_buf_init(&b, arena, WUB_TEST_ARENA / 2);
    wub_buf_init(&put, arena, WUB_RENDER_MAX);

    for (i = 0; i < WUB_RANGES_MAX; i++) {
        wub_buf_lit(&b, "range=2024-01-01T00:00,2024-01-01T02:00&");
    }

    for (i = 0; i < WUB_RANGES_MAX - 1; i++) {
        wub_buf_lit(&b, "transition=diamondwipe,3599.123456&");
    }

    /* the longest request of all fits */

    t_render(WUB_RENDER_CUT, &r);

    assert_int_equal(t_read(arena, wub_buf_view(&b), &r, &answer), WUB_OK);
    assert_int_equal(answer.status, 0);
    assert_int_equal(wub_render_put(&put, &r, &path), WUB_OK);

    wub_buf_lit(&b, "range=x");

    assert_int_equal(t_read(arena, wub_buf_view(&b), &r, &answer), WUB_OK);
    assert_int_equal(answer.status, 400);
    assert_true(wub_str_eq(answer.sentence,
                           wub_str("range is given more than 1000 times.")));

    /* a sentence does not grow with what it repeats */

    wub_buf_init(&b, arena, WUB_TEST_ARENA / 2);
    wub_buf_lit(&b, "timestamp=");

    for (i = 0; i < 5000; i++) {
        wub_buf_putc(&b, 'z');
    }

    t_render(WUB_RENDER_FRAME, &r);

    assert_int_equal(t_read(arena, wub_buf_view(&b), &r, &answer), WUB_OK);
    assert_int_equal(answer.status, 400);
    assert_int_equal(answer.sentence.len, 138);

    wub_arena_destroy(arena);
}


static void
test_type(void **state)
{
    size_t         i;
    wub_arena_t   *arena;
    wub_answer_t   answer;
    wub_render_t   r;

    static const char  *const  types[] = {
        "rough", "fast", "smart", "mpegts", "webm", "mp4"
    };

    (void) state;

    arena = wub_test_arena();
    t_render(WUB_RENDER_CUT, &r);

    for (i = 0; i < wub_nitems(types); i++) {
        r.type = wub_test_str(types[i]);

        assert_int_equal(wub_render_type(arena, &r, &answer), WUB_OK);
        assert_int_equal(answer.status, 0);
    }

    r.type = wub_str("Fast\n");

    assert_int_equal(wub_render_type(arena, &r, &answer), WUB_OK);
    assert_int_equal(answer.status, 400);
    assert_true(wub_str_eq(answer.sentence, wub_str("Unknown type 'Fast?'")));

    r.type = wub_str("");

    assert_int_equal(wub_render_type(arena, &r, &answer), WUB_OK);
    assert_true(wub_str_eq(answer.sentence, wub_str("Unknown type ''")));

    wub_arena_destroy(arena);
}


static void
test_path(void **state)
{
    char           name[2 * WUB_NAME_MAX];
    size_t         i;
    wub_buf_t      b;
    wub_rc_t       rc;
    wub_arena_t   *arena;
    wub_render_t   r;

    (void) state;

    arena = wub_test_arena();

    for (i = 0; i < wub_nitems(paths); i++) {
        memset(&r, 0, sizeof(wub_render_t));

        rc = wub_render_path(arena, wub_test_str(paths[i].path), &r);

        wub_expect(rc == paths[i].rc, "\"%s\": %d", paths[i].path, (int) rc);

        if (rc == WUB_OK) {
            wub_expect(r.kind == (wub_render_kind_e) paths[i].kind
                       && wub_str_eq(r.channel,
                                     wub_test_str(paths[i].channel))
                       && wub_str_eq(r.quality,
                                     wub_test_str(paths[i].quality)),
                       "\"%s\": kind %d, \"%.*s\", \"%.*s\"", paths[i].path,
                       (int) r.kind, wub_arg(r.channel), wub_arg(r.quality));
        }
    }

    memset(name, 'x', sizeof(name));

    for (i = WUB_NAME_MAX; i <= WUB_NAME_MAX + 1; i++) {
        wub_buf_init(&b, arena, WUB_RENDER_MAX);
        wub_buf_lit(&b, "/frame/c/");
        wub_buf_put(&b, name, i);
        wub_buf_lit(&b, ".png");

        assert_int_equal(wub_render_path(arena, wub_buf_view(&b), &r),
                         (i == WUB_NAME_MAX) ? WUB_OK : WUB_NOT_FOUND);
    }

    wub_arena_destroy(arena);
}


static void
test_shown(void **state)
{
    size_t                  i, n;
    int64_t                 base;
    wub_chain_t             chain;
    wub_segment_t           segments[4];
    wub_best_part_t         parts[4];
    const part_t           *p;
    const wub_best_part_t  *shown;

    (void) state;

    base = INT64_C(1709251200) * WUB_SECOND;

    for (i = 0; i < wub_nitems(shows); i++) {
        memset(&chain, 0, sizeof(wub_chain_t));
        memset(parts, 0, sizeof(parts));
        memset(segments, 0, sizeof(segments));

        for (n = 0; n < 4; n++) {
            p = &shows[i].parts[n];

            if (p->from == p->to) {
                break;
            }

            parts[n].from = base + p->from;
            parts[n].to = base + p->to;

            if (!p->hole) {
                segments[n].start = parts[n].from;
                segments[n].duration = p->to - p->from;
                parts[n].segment = &segments[n];
            }
        }

        chain.parts = parts;
        chain.nparts = n;

        shown = wub_render_shown(&chain, base + shows[i].time);

        wub_expect((shown == NULL) ? shows[i].shown == -1
                                   : shown == &parts[shows[i].shown]
                                     && shows[i].shown >= 0,
                   "%s", shows[i].name);
    }
}


static void
test_span(void **state)
{
    wub_range_t   range, span;
    wub_render_t  r;

    (void) state;

    t_render(WUB_RENDER_FRAME, &r);
    r.timestamp = 10 * WUB_SECOND;

    span = wub_render_span(&r);

    assert_int_equal(span.start, 9 * WUB_SECOND);
    assert_int_equal(span.end, 11 * WUB_SECOND);

    t_render(WUB_RENDER_WAVEFORM, &r);
    range.start = 5;
    range.end = 7;
    r.ranges.ranges = &range;
    r.ranges.nranges = 1;

    span = wub_render_span(&r);

    assert_int_equal(span.start, 5);
    assert_int_equal(span.end, 7);
}


static wub_str_t
t_name(wub_arena_t *arena, uint64_t *seed)
{
    char    *name;
    size_t   i, n;

    n = 1 + wub_test_below(seed, 8);

    name = wub_arena_alloc(arena, n);
    assert_non_null(name);

    for (i = 0; i < n; i++) {
        do {
            name[i] = (char) (1 + wub_test_below(seed, 255));
        } while (name[i] == '/' || (i == 0 && name[i] == '.'));
    }

    return wub_str_n(name, n);
}


static wub_render_box_t
t_box(uint64_t *seed)
{
    wub_render_box_t  box;

    box.left = (uint32_t) wub_test_below(seed, WUB_RENDER_BOX_MAX);
    box.top = (uint32_t) wub_test_below(seed, WUB_RENDER_BOX_MAX);
    box.right = box.left + 1
                + (uint32_t) wub_test_below(seed,
                                            WUB_RENDER_BOX_MAX - box.left);
    box.bottom = box.top + 1
                 + (uint32_t) wub_test_below(seed,
                                             WUB_RENDER_BOX_MAX - box.top);

    return box;
}


/* no more than half of a range goes to a transition */
static void
t_ranges(wub_arena_t *arena, uint64_t *seed, size_t nranges,
    wub_ranges_t *ret)
{
    size_t   i;
    int64_t  longest;

    ret->nranges = nranges;
    ret->ntransitions = nranges - 1;
    ret->ranges = wub_arena_alloc(arena, nranges * sizeof(wub_range_t));
    ret->transitions = wub_arena_calloc(arena,
                                        nranges * sizeof(wub_transition_t));
    assert_non_null(ret->ranges);
    assert_non_null(ret->transitions);

    longest = INT64_MAX;

    for (i = 0; i < nranges; i++) {
        ret->ranges[i].start = (int64_t) wub_test_below(seed, 1 << 30)
                               * WUB_SECOND
                               + (int64_t) wub_test_below(seed, 1000000);
        ret->ranges[i].end = ret->ranges[i].start + 2
                             + (int64_t) wub_test_below(seed, 1000000000);

        if (ret->ranges[i].end - ret->ranges[i].start < longest) {
            longest = ret->ranges[i].end - ret->ranges[i].start;
        }
    }

    for (i = 0; i < nranges - 1; i++) {
        ret->transitions[i].type = wub_str("");

        if (wub_test_below(seed, 3) != 0) {
            ret->transitions[i].type =
                wub_transition_names[wub_test_below(seed,
                                              WUB_TRANSITION_NAMES)].name;
            ret->transitions[i].duration =
                1 + (int64_t) wub_test_below(seed, (size_t) longest / 2);
        }
    }
}


static void
t_random(wub_arena_t *arena, uint64_t *seed, wub_render_t *ret)
{
    memset(ret, 0, sizeof(wub_render_t));

    ret->kind = (wub_render_kind_e) wub_test_below(seed, WUB_RENDER_KINDS);
    ret->channel = t_name(arena, seed);
    ret->quality = t_name(arena, seed);

    switch (ret->kind) {

    case WUB_RENDER_CUT:
        t_ranges(arena, seed, 1 + wub_test_below(seed, T_RANGES),
                 &ret->ranges);
        ret->allow_holes = wub_test_below(seed, 2) != 0;
        ret->plan = wub_test_below(seed, 2) != 0;
        ret->type = t_name(arena, seed);
        return;

    case WUB_RENDER_WAVEFORM:
        t_ranges(arena, seed, 1, &ret->ranges);
        ret->ranges.transitions = NULL;
        ret->width = 1 + (uint32_t) wub_test_below(seed, WUB_RENDER_SIDE_MAX);
        ret->height = 1 + (uint32_t) wub_test_below(seed,
                                                    WUB_RENDER_SIDE_MAX);
        ret->format = wub_test_below(seed, 2) ? WUB_RENDER_PNG
                                              : WUB_RENDER_JSON;
        return;

    case WUB_RENDER_FRAME:
        ret->format = wub_test_below(seed, 2) ? WUB_RENDER_PNG
                                              : WUB_RENDER_JPG;
        break;

    case WUB_RENDER_THUMBNAIL:
        ret->posted = wub_test_below(seed, 2) != 0;
        ret->crop_given = ret->posted || wub_test_below(seed, 2) != 0;
        ret->location_given = ret->posted || wub_test_below(seed, 2) != 0;

        if (!ret->posted) {
            ret->template = t_name(arena, seed);
        }

        if (ret->crop_given) {
            ret->crop = t_box(seed);
        }

        if (ret->location_given) {
            ret->location = t_box(seed);
        }

        break;

    case WUB_RENDER_KINDS:
        break;
    }

    ret->timestamp = (int64_t) wub_test_below(seed, 1 << 30) * WUB_SECOND
                     + (int64_t) wub_test_below(seed, 1000000);
}


static bool
t_same_ranges(const wub_ranges_t *a, const wub_ranges_t *b)
{
    size_t  i;

    if (a->nranges != b->nranges || a->ntransitions != b->ntransitions) {
        return false;
    }

    for (i = 0; i < a->nranges; i++) {
        if (a->ranges[i].start != b->ranges[i].start
            || a->ranges[i].end != b->ranges[i].end)
        {
            return false;
        }
    }

    for (i = 0; i < a->ntransitions; i++) {
        if (!wub_str_eq(a->transitions[i].type, b->transitions[i].type)
            || a->transitions[i].duration != b->transitions[i].duration)
        {
            return false;
        }
    }

    return true;
}


static bool
t_same(const wub_render_t *a, const wub_render_t *b)
{
    return a->kind == b->kind
           && wub_str_eq(a->channel, b->channel)
           && wub_str_eq(a->quality, b->quality)
           && t_same_ranges(&a->ranges, &b->ranges)
           && a->allow_holes == b->allow_holes
           && wub_str_eq(a->type, b->type)
           && a->plan == b->plan
           && a->timestamp == b->timestamp
           && a->width == b->width && a->height == b->height
           && a->format == b->format
           && a->posted == b->posted
           && wub_str_eq(a->template, b->template)
           && a->crop_given == b->crop_given
           && a->location_given == b->location_given
           && memcmp(&a->crop, &b->crop, sizeof(wub_render_box_t)) == 0
           && memcmp(&a->location, &b->location, sizeof(wub_render_box_t))
              == 0;
}


static void
test_round(void **state)
{
    size_t         i, path;
    uint64_t       seed;
    wub_buf_t      b;
    wub_str_t      text;
    wub_arena_t   *arena;
    wub_answer_t   answer;
    wub_render_t   r, back;

    (void) state;

    seed = wub_test_seed();

    for (i = 0; i < T_ROUNDS; i++) {
        arena = wub_test_arena();
        t_random(arena, &seed, &r);

        wub_buf_init(&b, arena, WUB_RENDER_MAX);
        assert_int_equal(wub_render_put(&b, &r, &path), WUB_OK);

        text = wub_buf_view(&b);
        memset(&back, 0, sizeof(wub_render_t));

        wub_expect(wub_render_path(arena, wub_str_n(text.data, path), &back)
                   == WUB_OK, "\"%.*s\" is no path", wub_arg(text));

        back.posted = r.posted;

        wub_expect(t_read(arena, wub_str_n(text.data + path + 1,
                                           text.len - path - 1), &back,
                          &answer) == WUB_OK && answer.status == 0,
                   "\"%.*s\" is refused", wub_arg(text));
        wub_expect(t_same(&r, &back), "\"%.*s\" differs", wub_arg(text));

        wub_arena_destroy(arena);
    }
}


static wub_rc_t
t_work(wub_arena_t *arena, void *data)
{
    size_t               path;
    wub_rc_t             rc;
    wub_buf_t            b;
    wub_answer_t         answer;
    wub_render_t         r;
    const read_case_t   *c;

    c = data;
    t_render(c->kind, &r);

    rc = t_read(arena, wub_test_str(c->query), &r, &answer);
    if (rc != WUB_OK || answer.status != 0) {
        return rc;
    }

    wub_buf_init(&b, arena, WUB_RENDER_MAX);

    rc = wub_render_put(&b, &r, &path);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_render_path(arena, wub_str_n(b.data, path), &r);
    if (rc != WUB_OK) {
        return rc;
    }

    r.type = wub_str("x");

    return wub_render_type(arena, &r, &answer);
}


static void
test_torture(void **state)
{
    size_t       i;
    read_case_t  c;

    (void) state;

    for (i = 0; i < wub_nitems(good); i++) {
        c = good[i];
        assert_true(wub_test_torture(t_work, &c) > 0);
    }

    for (i = 0; i < wub_nitems(bad); i++) {
        c = bad[i];
        assert_true(wub_test_torture(t_work, &c) > 0);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_type),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_span),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_torture)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
