
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_pg.h"
#include "common/wub_scan.h"
#include "common/wub_time.h"


/* "YYYY-MM-DD HH:MM:SS" */
#define WUB_PG_TIMESTAMP_MIN     19

#define WUB_PG_BOX_LEN           4

/* digits of a bytea that are put at once */
#define WUB_PG_BYTEA_CHUNK       1024


static int wub_pg_hex(char c);


wub_rc_t
wub_pg_timestamp_parse(wub_str_t s, int64_t *ret_us)
{
    size_t  i;

    /* of what wub_time_parse() reads, only the form Postgres writes */

    if (s.len < WUB_PG_TIMESTAMP_MIN || s.data[10] != ' '
        || s.data[16] != ':')
    {
        return WUB_INVALID;
    }

    for (i = 17; i < s.len; i++) {
        if ((s.data[i] < '0' || s.data[i] > '9') && s.data[i] != '.') {
            return WUB_INVALID;
        }
    }

    return wub_time_parse(s, ret_us);
}


void
wub_pg_timestamp_put(wub_buf_t *b, int64_t us)
{
    char    text[WUB_TIME_LEN];
    size_t  len;

    wub_time_format(us, text);

    text[10] = ' ';
    len = WUB_TIME_LEN;

    while (text[len - 1] == '0' && len > WUB_PG_TIMESTAMP_MIN + 1) {
        len--;
    }

    if (len == WUB_PG_TIMESTAMP_MIN + 1) {
        len = WUB_PG_TIMESTAMP_MIN;
    }

    wub_buf_put(b, text, len);
}


wub_rc_t
wub_pg_end_time_parse(wub_arena_t *arena, wub_str_t s,
    wub_pg_end_time_t *ret)
{
    wub_rc_t           rc;
    wub_str_t         *field;
    wub_pg_items_t     items;
    wub_pg_end_time_t  t;

    rc = wub_pg_composite_parse(arena, s, &items);
    if (rc != WUB_OK) {
        return rc;
    }

    field = items.items;

    if (items.nitems != 2
        || (!wub_str_eq(field[0], wub_str("t"))
            && !wub_str_eq(field[0], wub_str("f"))))
    {
        return WUB_INVALID;
    }

    t.dashed = (field[0].data[0] == 't');
    t.null = (field[1].data == NULL);
    t.value = 0;

    if (!t.null) {
        rc = wub_pg_timestamp_parse(field[1], &t.value);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    *ret = t;

    return WUB_OK;
}


void
wub_pg_end_time_put(wub_buf_t *b, const wub_pg_end_time_t *t)
{
    wub_buf_putc(b, '(');
    wub_buf_putc(b, t->dashed ? 't' : 'f');
    wub_buf_putc(b, ',');

    if (!t->null) {
        wub_buf_putc(b, '"');
        wub_pg_timestamp_put(b, t->value);
        wub_buf_putc(b, '"');
    }

    wub_buf_putc(b, ')');
}


wub_rc_t
wub_pg_box_parse(wub_arena_t *arena, wub_str_t s, wub_pg_box_t *ret)
{
    size_t          i;
    int64_t         n;
    wub_rc_t        rc;
    wub_scan_t      scan;
    wub_pg_box_t    box;
    wub_pg_items_t  items;

    rc = wub_pg_array_parse(arena, s, &items);
    if (rc != WUB_OK) {
        return rc;
    }

    if (items.nitems != WUB_PG_BOX_LEN) {
        return WUB_INVALID;
    }

    for (i = 0; i < WUB_PG_BOX_LEN; i++) {
        wub_scan_init(&scan, items.items[i]);

        rc = wub_scan_i64(&scan, INT32_MIN, INT32_MAX, &n);
        if (rc != WUB_OK) {
            return rc;
        }

        if (!wub_scan_done(&scan)) {
            return WUB_INVALID;
        }

        box.box[i] = (int32_t) n;
    }

    *ret = box;

    return WUB_OK;
}


void
wub_pg_box_put(wub_buf_t *b, const wub_pg_box_t *box)
{
    size_t  i;

    for (i = 0; i < WUB_PG_BOX_LEN; i++) {
        wub_buf_putc(b, (i == 0) ? '{' : ',');
        wub_buf_i64(b, box->box[i]);
    }

    wub_buf_putc(b, '}');
}


wub_rc_t
wub_pg_bytea_parse(wub_arena_t *arena, wub_str_t s, wub_str_t *ret)
{
    int     high, low;
    char   *data;
    size_t  i, len;

    if (s.len < 2 || s.data[0] != '\\' || s.data[1] != 'x'
        || s.len % 2 != 0)
    {
        return WUB_INVALID;
    }

    len = s.len / 2 - 1;

    /* a byte more: an empty string is not a null */
    data = wub_arena_alloc(arena, len + 1);
    if (data == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < len; i++) {
        high = wub_pg_hex(s.data[2 * i + 2]);
        low = wub_pg_hex(s.data[2 * i + 3]);

        if (high < 0 || low < 0) {
            return WUB_INVALID;
        }

        data[i] = (char) (high * 16 + low);
    }

    *ret = wub_str_n(data, len);

    return WUB_OK;
}


void
wub_pg_bytea_put(wub_buf_t *b, wub_str_t data)
{
    char    text[WUB_PG_BYTEA_CHUNK];
    size_t  i, n;

    static const char  digits[] = "0123456789abcdef";

    wub_buf_lit(b, "\\x");

    n = 0;

    for (i = 0; i < data.len; i++) {
        text[n++] = digits[(uint8_t) data.data[i] >> 4];
        text[n++] = digits[(uint8_t) data.data[i] & 0x0f];

        if (n == sizeof(text)) {
            wub_buf_put(b, text, n);
            n = 0;
        }
    }

    wub_buf_put(b, text, n);
}


static int
wub_pg_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }

    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }

    return -1;
}
