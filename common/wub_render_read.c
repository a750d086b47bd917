
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_render_in.h"
#include "common/wub_scan.h"
#include "common/wub_time.h"


/* bytes of a client's text that a sentence repeats, and of a sentence */
#define WUB_RENDER_QUOTE         80
#define WUB_RENDER_SENTENCE      1024

/* of a waveform that asks for no size */
#define WUB_RENDER_WIDTH         1024
#define WUB_RENDER_HEIGHT        64

#define WUB_RENDER_BAD           400


/* a word and what it means */
typedef struct {
    wub_str_t            name;
    wub_render_format_e  format;
} wub_render_word_t;


typedef wub_rc_t (*wub_render_read_pt)(const wub_render_in_t *in);


static wub_rc_t wub_render_read_frame(const wub_render_in_t *in);
static wub_rc_t wub_render_read_waveform(const wub_render_in_t *in);
static wub_rc_t wub_render_read_thumbnail(const wub_render_in_t *in);
static wub_rc_t wub_render_size(const wub_render_in_t *in);
static wub_rc_t wub_render_format(const wub_render_in_t *in,
    wub_render_word_t other);
static wub_rc_t wub_render_box_given(const wub_render_in_t *in,
    wub_str_t name, bool *ret_given, wub_render_box_t *ret);
static void wub_render_quote(wub_buf_t *b, wub_str_t s);


static const wub_render_read_pt  wub_render_readers[WUB_RENDER_KINDS] = {
    wub_render_read_cut,
    wub_render_read_frame,
    wub_render_read_waveform,
    wub_render_read_thumbnail
};


wub_rc_t
wub_render_read(wub_arena_t *arena, const wub_query_t *query,
    wub_render_t *ret, wub_answer_t *answer)
{
    wub_rc_t         rc;
    wub_render_t     render;
    wub_render_in_t  in;

    memset(answer, 0, sizeof(wub_answer_t));
    memset(&render, 0, sizeof(wub_render_t));

    render.kind = ret->kind;
    render.channel = ret->channel;
    render.quality = ret->quality;
    render.posted = ret->posted;

    in.arena = arena;
    in.query = query;
    in.render = &render;
    in.answer = answer;

    rc = wub_render_readers[render.kind](&in);

    if (rc == WUB_OK) {
        *ret = render;
    }

    return (rc == WUB_DECLINED) ? WUB_OK : rc;
}


static wub_rc_t
wub_render_read_frame(const wub_render_in_t *in)
{
    wub_rc_t           rc;
    wub_render_word_t  jpg;

    rc = wub_render_time(in, wub_str("timestamp"), true,
                         &in->render->timestamp);
    if (rc != WUB_OK) {
        return rc;
    }

    jpg.name = wub_str("jpg");
    jpg.format = WUB_RENDER_JPG;

    return wub_render_format(in, jpg);
}


static wub_rc_t
wub_render_read_waveform(const wub_render_in_t *in)
{
    wub_rc_t            rc;
    wub_range_t        *range;
    wub_render_word_t   json;

    range = wub_arena_alloc(in->arena, sizeof(wub_range_t));
    if (range == NULL) {
        return WUB_NO_MEMORY;
    }

    in->render->ranges.ranges = range;
    in->render->ranges.nranges = 1;

    rc = wub_render_time(in, wub_str("start"), true, &range->start);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_render_time(in, wub_str("end"), true, &range->end);
    if (rc != WUB_OK) {
        return rc;
    }

    if (range->start >= range->end) {
        return wub_render_refuse(in, "End must be after start", NULL);
    }

    if (range->end - range->start > WUB_RENDER_WAVE_MAX) {
        return wub_render_refuse(in, "Range may not be longer than 6 hours",
                                 NULL);
    }

    rc = wub_render_size(in);
    if (rc != WUB_OK) {
        return rc;
    }

    json.name = wub_str("json");
    json.format = WUB_RENDER_JSON;

    return wub_render_format(in, json);
}


static wub_rc_t
wub_render_read_thumbnail(const wub_render_in_t *in)
{
    wub_rc_t       rc;
    wub_render_t  *render;

    render = in->render;

    rc = wub_render_time(in, wub_str("timestamp"), true, &render->timestamp);
    if (rc != WUB_OK) {
        return rc;
    }

    if (!render->posted
        && (!wub_query_first(in->query, wub_str("template"),
                             &render->template)
            || render->template.len == 0))
    {
        return wub_render_refuse(in, "template is missing; name one, or POST "
                                 "its PNG.", NULL);
    }

    rc = wub_render_box_given(in, wub_str("crop"), &render->crop_given,
                              &render->crop);
    if (rc != WUB_OK) {
        return rc;
    }

    return wub_render_box_given(in, wub_str("location"),
                                &render->location_given, &render->location);
}


static wub_rc_t
wub_render_size(const wub_render_in_t *in)
{
    uint64_t    width, height;
    wub_str_t   value;
    wub_scan_t  scan;

    in->render->width = WUB_RENDER_WIDTH;
    in->render->height = WUB_RENDER_HEIGHT;

    if (!wub_query_first(in->query, wub_str("size"), &value)) {
        return WUB_OK;
    }

    wub_scan_init(&scan, value);

    if (wub_scan_u64(&scan, UINT64_MAX, &width) != WUB_OK
        || !wub_scan_char(&scan, 'x')
        || wub_scan_u64(&scan, UINT64_MAX, &height) != WUB_OK
        || !wub_scan_done(&scan))
    {
        return wub_render_refuse(in, "Invalid size", NULL);
    }

    if (width == 0 || width > WUB_RENDER_SIDE_MAX
        || height == 0 || height > WUB_RENDER_SIDE_MAX)
    {
        return wub_render_refuse(in, "Image size must be between 1x1 and "
                                 "4096x4096", NULL);
    }

    in->render->width = (uint32_t) width;
    in->render->height = (uint32_t) height;

    return WUB_OK;
}


/* PNG, if nothing else is asked for */
static wub_rc_t
wub_render_format(const wub_render_in_t *in, wub_render_word_t other)
{
    wub_str_t  value;

    in->render->format = WUB_RENDER_PNG;

    if (!wub_query_first(in->query, wub_str("format"), &value)
        || wub_str_eq(value, wub_str("png")))
    {
        return WUB_OK;
    }

    if (!wub_str_eq(value, other.name)) {
        return wub_render_refuse(in, "format must be one of: png, %",
                                 &other.name);
    }

    in->render->format = other.format;

    return WUB_OK;
}


/* ret is left as it is where a time is not required and missing */
wub_rc_t
wub_render_time(const wub_render_in_t *in, wub_str_t name, bool required,
    int64_t *ret)
{
    wub_rc_t   rc;
    wub_str_t  clean, args[2];

    args[0] = name;

    if (!wub_query_first(in->query, name, &args[1])) {
        return required ? wub_render_refuse(in, "% is missing; write "
                                            "YYYY-MM-DDTHH:MM:SS.", args)
                        : WUB_OK;
    }

    rc = wub_query_time(in->arena, args[1], &clean);
    if (rc != WUB_OK) {
        return rc;
    }

    if (wub_time_parse(clean, ret) == WUB_OK) {
        return WUB_OK;
    }

    return wub_render_refuse(in, "% is not a time: '%'; write "
                             "YYYY-MM-DDTHH:MM:SS.", args);
}


/* a named template has boxes of its own */
static wub_rc_t
wub_render_box_given(const wub_render_in_t *in, wub_str_t name,
    bool *ret_given, wub_render_box_t *ret)
{
    wub_str_t  args[2];

    args[0] = name;

    *ret_given = wub_query_first(in->query, name, &args[1]);

    if (!*ret_given) {
        return in->render->posted
               ? wub_render_refuse(in, "% is missing; write "
                                   "LEFT,TOP,RIGHT,BOTTOM.", args)
               : WUB_OK;
    }

    if (wub_render_box_parse(args[1], ret) == WUB_OK) {
        return WUB_OK;
    }

    return wub_render_refuse(in, "% is not LEFT,TOP,RIGHT,BOTTOM: '%'; write "
                             "four whole numbers from 0 to 16384, left less "
                             "than right and top less than bottom.", args);
}


wub_rc_t
wub_render_box_parse(wub_str_t s, wub_render_box_t *ret)
{
    size_t      i;
    int32_t     sides[4];
    uint64_t    n;
    wub_scan_t  scan;

    wub_scan_init(&scan, s);

    for (i = 0; i < 4; i++) {

        if (i != 0 && !wub_scan_char(&scan, ',')) {
            return WUB_INVALID;
        }

        if (wub_scan_u64(&scan, WUB_RENDER_BOX_MAX, &n) != WUB_OK) {
            return WUB_INVALID;
        }

        sides[i] = (int32_t) n;
    }

    if (!wub_scan_done(&scan)) {
        return WUB_INVALID;
    }

    return wub_render_box(sides, ret);
}


wub_rc_t
wub_render_box(const int32_t sides[4], wub_render_box_t *ret)
{
    size_t  i;

    for (i = 0; i < 4; i++) {
        if (sides[i] < 0 || sides[i] > WUB_RENDER_BOX_MAX) {
            return WUB_INVALID;
        }
    }

    if (sides[0] >= sides[2] || sides[1] >= sides[3]) {
        return WUB_INVALID;
    }

    ret->left = (uint32_t) sides[0];
    ret->top = (uint32_t) sides[1];
    ret->right = (uint32_t) sides[2];
    ret->bottom = (uint32_t) sides[3];

    return WUB_OK;
}


/* each % of the sentence is an argument */
wub_rc_t
wub_render_refuse(const wub_render_in_t *in, const char *sentence,
    const wub_str_t *args)
{
    wub_buf_t  b;

    wub_buf_init(&b, in->arena, WUB_RENDER_SENTENCE);

    for ( /* void */ ; *sentence != '\0'; sentence++) {

        if (*sentence == '%' && args != NULL) {
            wub_render_quote(&b, *args++);
            continue;
        }

        wub_buf_putc(&b, *sentence);
    }

    if (b.rc != WUB_OK) {
        return b.rc;
    }

    in->answer->status = WUB_RENDER_BAD;
    in->answer->sentence = wub_buf_view(&b);

    return WUB_DECLINED;
}


/* printable ASCII does no harm in a terminal, nor on a page */
static void
wub_render_quote(wub_buf_t *b, wub_str_t s)
{
    char    c;
    size_t  i, n;

    n = (s.len < WUB_RENDER_QUOTE) ? s.len : WUB_RENDER_QUOTE;

    for (i = 0; i < n; i++) {
        c = s.data[i];

        if (c < ' ' || c >= 0x7f) {
            c = '?';
        }

        wub_buf_putc(b, c);
    }

    if (n < s.len) {
        wub_buf_lit(b, "...");
    }
}
