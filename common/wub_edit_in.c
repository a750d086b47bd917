
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_base64.h"
#include "common/wub_edit_in.h"
#include "common/wub_event_text.h"
#include "common/wub_pg.h"
#include "common/wub_time.h"


/* bytes of a value that a sentence quotes */
#define WUB_EDIT_QUOTE_MAX       100

/* pixels that a picture may measure */
#define WUB_EDIT_BOX_MAX         16384

#define WUB_EDIT_PNG             "\x89PNG\r\n\x1a\n"


static void wub_edit_quote(wub_buf_t *b, wub_str_t s);
static wub_rc_t wub_edit_in_one_of(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, const wub_str_t *names, wub_str_t *ret);
static bool wub_edit_in_side(const wub_value_t *value, int32_t *ret);


static const wub_str_t  wub_edit_modes[] = {
    wub_string("NONE"),
    wub_string("BARE"),
    wub_string("TEMPLATE"),
    wub_string("CUSTOM"),
    { 0, NULL }
};

static const wub_str_t  wub_edit_cut_types[] = {
    wub_string("rough"),
    wub_string("fast"),
    wub_string("smart"),
    wub_string("full"),
    wub_string("mpegts"),
    wub_string("webm"),
    wub_string("mp4"),
    wub_string("archive"),
    { 0, NULL }
};


wub_rc_t
wub_edit_refuse(const wub_edit_in_t *in, unsigned status,
    const char *sentence, const wub_str_t *args)
{
    wub_buf_t  b;

    wub_buf_init(&b, in->arena, WUB_ARENA_MAX);

    for ( /* void */ ; *sentence != '\0'; sentence++) {

        if (*sentence == '%') {
            wub_edit_quote(&b, *args++);
            continue;
        }

        wub_buf_putc(&b, *sentence);
    }

    if (b.rc != WUB_OK) {
        return b.rc;
    }

    in->answer->status = status;
    in->answer->sentence = wub_buf_view(&b);

    return WUB_DECLINED;
}


wub_str_t
wub_edit_number(const wub_edit_in_t *in, size_t n)
{
    wub_buf_t  b;

    wub_buf_init(&b, in->arena, WUB_NAME_MAX);
    wub_buf_u64(&b, n);

    return (b.rc == WUB_OK) ? wub_buf_view(&b) : wub_str("");
}


wub_rc_t
wub_edit_text(const wub_buf_t *b, wub_str_t *ret)
{
    *ret = (b->len > 0) ? wub_buf_view(b) : wub_str("");

    return b->rc;
}


wub_rc_t
wub_edit_missing(const wub_edit_in_t *in, const wub_value_t *body,
    const wub_str_t *keys, size_t nkeys)
{
    size_t     i;
    wub_buf_t  b;

    wub_buf_init(&b, in->arena, WUB_ARENA_MAX);

    for (i = 0; i < nkeys; i++) {

        if (wub_value_find(body, keys[i]) != NULL) {
            continue;
        }

        wub_buf_str(&b, (b.len == 0) ? wub_str("Fields missing in JSON: ")
                                     : wub_str(", "));
        wub_buf_str(&b, keys[i]);
    }

    if (b.rc != WUB_OK || b.len == 0) {
        return b.rc;
    }

    in->answer->status = 400;
    in->answer->sentence = wub_buf_view(&b);

    return WUB_DECLINED;
}


wub_rc_t
wub_edit_in_text(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    if (value->kind != WUB_VALUE_TEXT) {
        return wub_edit_refuse(in, 400, "% must be a text", &key);
    }

    *ret = (value->text.len > 0) ? value->text : wub_str("");

    return WUB_OK;
}


wub_rc_t
wub_edit_in_line(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    if (value->kind != WUB_VALUE_TEXT
        || wub_event_control(value->text, wub_str("")))
    {
        return wub_edit_refuse(in, 400, "% must be a text without control"
                               " characters", &key);
    }

    return wub_edit_in_text(in, key, value, ret);
}


wub_rc_t
wub_edit_in_name(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    if (value->kind != WUB_VALUE_TEXT || value->text.len > WUB_NAME_MAX
        || wub_event_control(value->text, wub_str("")))
    {
        return wub_edit_refuse(in, 400, "% must be a text of at most 255"
                               " bytes without control characters", &key);
    }

    return wub_edit_in_text(in, key, value, ret);
}


wub_rc_t
wub_edit_in_part(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    wub_rc_t   rc;
    wub_str_t  name;

    name = wub_str("");

    rc = wub_edit_in_name(in, key, value, &name);
    if (rc != WUB_OK) {
        return rc;
    }

    if (name.len > 0 && (name.data[0] == '.'
                         || memchr(name.data, '/', name.len) != NULL))
    {
        return wub_edit_refuse(in, 400, "% may not contain a / or start with"
                               " a period", &key);
    }

    *ret = name;

    return WUB_OK;
}


wub_rc_t
wub_edit_in_bool(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    if (value->kind != WUB_VALUE_BOOL) {
        return wub_edit_refuse(in, 400, "% must be true or false", &key);
    }

    *ret = value->truth ? wub_str("t") : wub_str("f");

    return WUB_OK;
}


wub_rc_t
wub_edit_in_texts(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    size_t     i;
    wub_buf_t  b;

    if (value->kind != WUB_VALUE_LIST || value->nitems > WUB_PG_ITEMS_MAX) {
        return wub_edit_refuse(in, 400, "% must be a list of at most 10000"
                               " texts", &key);
    }

    wub_buf_init(&b, in->arena, WUB_ARENA_MAX);
    wub_buf_putc(&b, '{');

    for (i = 0; i < value->nitems; i++) {

        if (value->items[i].kind != WUB_VALUE_TEXT) {
            return wub_edit_refuse(in, 400, "% must be a list of texts", &key);
        }

        if (i != 0) {
            wub_buf_putc(&b, ',');
        }

        wub_pg_array_put_item(&b, (value->items[i].text.len > 0)
                                  ? value->items[i].text : wub_str(""));
    }

    wub_buf_putc(&b, '}');

    return wub_edit_text(&b, ret);
}


wub_rc_t
wub_edit_in_time(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    int64_t    us;
    wub_buf_t  b;

    if (value->kind != WUB_VALUE_TEXT
        || wub_time_parse(value->text, &us) != WUB_OK)
    {
        return wub_edit_refuse(in, 400, "% must be a time as"
                               " YYYY-MM-DDTHH:MM:SS", &key);
    }

    wub_buf_init(&b, in->arena, WUB_NAME_MAX);
    wub_pg_timestamp_put(&b, us);

    return wub_edit_text(&b, ret);
}


wub_rc_t
wub_edit_in_mode(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    return wub_edit_in_one_of(in, key, value, wub_edit_modes, ret);
}


wub_rc_t
wub_edit_in_cut_type(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    return wub_edit_in_one_of(in, key, value, wub_edit_cut_types, ret);
}


/* the sentences are upstream's, which name thumbnail_image */
wub_rc_t
wub_edit_in_image(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    char       *image;
    size_t      len;
    wub_buf_t   b;

    if (value->kind != WUB_VALUE_TEXT) {
        return wub_edit_refuse(in, 400, "% must be valid base64", &key);
    }

    image = wub_arena_alloc(in->arena,
                            wub_base64_decoded_len(value->text.len) + 1);
    if (image == NULL) {
        return WUB_NO_MEMORY;
    }

    if (wub_base64_decode_padded(value->text, (uint8_t *) image, &len)
        != WUB_OK)
    {
        return wub_edit_refuse(in, 400, "% must be valid base64", &key);
    }

    if (len < sizeof(WUB_EDIT_PNG) - 1
        || memcmp(image, WUB_EDIT_PNG, sizeof(WUB_EDIT_PNG) - 1) != 0)
    {
        return wub_edit_refuse(in, 400, "% must be a PNG", &key);
    }

    wub_buf_init(&b, in->arena, WUB_ARENA_MAX);
    wub_pg_bytea_put(&b, wub_str_n(image, len));

    return wub_edit_text(&b, ret);
}


wub_rc_t
wub_edit_in_box(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    size_t        i;
    wub_buf_t     b;
    wub_pg_box_t  box;

    if (value->kind != WUB_VALUE_LIST || value->nitems != 4) {
        return wub_edit_refuse(in, 400, "% must be a list of 4 whole numbers:"
                               " left, top, right, bottom", &key);
    }

    for (i = 0; i < 4; i++) {
        if (!wub_edit_in_side(&value->items[i], &box.box[i])) {
            return wub_edit_refuse(in, 400, "% must hold whole numbers from 0"
                                   " to 16384", &key);
        }
    }

    if (box.box[0] >= box.box[2] || box.box[1] >= box.box[3]) {
        return wub_edit_refuse(in, 400, "% must have left less than right and"
                               " top less than bottom", &key);
    }

    wub_buf_init(&b, in->arena, WUB_NAME_MAX);
    wub_pg_box_put(&b, &box);

    return wub_edit_text(&b, ret);
}


static void
wub_edit_quote(wub_buf_t *b, wub_str_t s)
{
    size_t     i, len;
    wub_str_t  c;

    len = s.len;

    if (len > WUB_EDIT_QUOTE_MAX) {
        len = WUB_EDIT_QUOTE_MAX;

        while (len > 0 && ((uint8_t) s.data[len] & 0xc0) == 0x80) {
            len--;
        }
    }

    for (i = 0; i < len; i++) {
        c = wub_str_n(&s.data[i], 1);
        wub_buf_str(b, wub_event_control(c, wub_str("")) ? wub_str("?") : c);
    }

    if (len < s.len) {
        wub_buf_lit(b, "...");
    }
}


static wub_rc_t
wub_edit_in_one_of(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, const wub_str_t *names, wub_str_t *ret)
{
    size_t     i;
    wub_buf_t  b;
    wub_str_t  args[2];

    wub_buf_init(&b, in->arena, WUB_NAME_MAX);

    for (i = 0; names[i].data != NULL; i++) {

        if (value->kind == WUB_VALUE_TEXT
            && wub_str_eq(value->text, names[i]))
        {
            *ret = names[i];
            return WUB_OK;
        }

        wub_buf_str(&b, (i == 0) ? wub_str("") : wub_str(", "));
        wub_buf_str(&b, names[i]);
    }

    if (b.rc != WUB_OK) {
        return b.rc;
    }

    args[0] = key;
    args[1] = wub_buf_view(&b);

    return wub_edit_refuse(in, 400, "% must be one of: %", args);
}


static bool
wub_edit_in_side(const wub_value_t *value, int32_t *ret)
{
    if (value->kind != WUB_VALUE_NUMBER || !value->whole
        || value->micros < 0
        || value->micros > WUB_EDIT_BOX_MAX * WUB_SECOND)
    {
        return false;
    }

    *ret = (int32_t) (value->micros / WUB_SECOND);

    return true;
}
