
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_query.h"


/* where a time has its 'T', and where a space may stand for it */
#define WUB_QUERY_DATE_LEN       10


static size_t
wub_query_upper_bound(wub_str_t raw)
{
    size_t  i, n;

    n = 1;

    for (i = 0; i < raw.len; i++) {
        n += (raw.data[i] == '&');
    }

    return n;
}


static int
wub_query_hex(char c)
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


wub_rc_t
wub_query_decode(wub_str_t s, char *out, wub_str_t *ret)
{
    int     hi, lo;
    char    c;
    size_t  i, n;

    n = 0;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (c == '%') {
            if (s.len - i < 3) {
                return WUB_INVALID;
            }

            hi = wub_query_hex(s.data[i + 1]);
            lo = wub_query_hex(s.data[i + 2]);

            if (hi < 0 || lo < 0) {
                return WUB_INVALID;
            }

            c = (char) (hi * 16 + lo);
            i += 2;
        }

        if (c == '\0') {
            return WUB_INVALID;
        }

        out[n++] = c;
    }

    *ret = wub_str_n(out, n);

    return WUB_OK;
}


static wub_rc_t
wub_query_arg(wub_arena_t *arena, wub_str_t piece, wub_query_arg_t *ret)
{
    char        *out;
    size_t       n;
    wub_rc_t     rc;
    const char  *eq;

    /* one byte more: an arena may refuse to give none */
    out = wub_arena_alloc(arena, piece.len + 1);
    if (out == NULL) {
        return WUB_NO_MEMORY;
    }

    eq = memchr(piece.data, '=', piece.len);
    n = (eq == NULL) ? piece.len : (size_t) (eq - piece.data);

    rc = wub_query_decode(wub_str_n(piece.data, n), out, &ret->name);
    if (rc != WUB_OK) {
        return rc;
    }

    if (eq == NULL) {
        ret->value = wub_str_n(out + n, 0);
        return WUB_OK;
    }

    return wub_query_decode(wub_str_n(eq + 1, piece.len - n - 1), out + n,
                            &ret->value);
}


wub_rc_t
wub_query_parse(wub_arena_t *arena, wub_str_t raw, wub_query_t *ret)
{
    size_t        n;
    wub_rc_t      rc;
    wub_str_t     piece;
    const char   *amp, *end, *pos;
    wub_query_t   query;

    n = wub_query_upper_bound(raw);
    if (n > WUB_QUERY_ARGS_MAX) {
        return WUB_TOO_BIG;
    }

    query.nargs = 0;
    query.args = wub_arena_alloc(arena, n * sizeof(wub_query_arg_t));
    if (query.args == NULL) {
        return WUB_NO_MEMORY;
    }

    if (raw.len == 0) {
        *ret = query;
        return WUB_OK;
    }

    end = raw.data + raw.len;

    for (pos = raw.data; pos < end; pos += piece.len + 1) {
        amp = memchr(pos, '&', (size_t) (end - pos));
        piece = wub_str_n(pos, (size_t) ((amp == NULL ? end : amp) - pos));

        if (piece.len == 0) {
            continue;
        }

        rc = wub_query_arg(arena, piece, &query.args[query.nargs]);
        if (rc != WUB_OK) {
            return rc;
        }

        query.nargs++;

        if (amp == NULL) {
            break;
        }
    }

    *ret = query;

    return WUB_OK;
}


bool
wub_query_next(const wub_query_t *query, wub_str_t name, size_t *pos,
    wub_str_t *ret)
{
    size_t  i;

    for (i = *pos; i < query->nargs; i++) {
        if (wub_str_eq(query->args[i].name, name)) {
            *pos = i + 1;
            *ret = query->args[i].value;
            return true;
        }
    }

    *pos = query->nargs;

    return false;
}


bool
wub_query_first(const wub_query_t *query, wub_str_t name, wub_str_t *ret)
{
    size_t  pos;

    pos = 0;

    return wub_query_next(query, name, &pos, ret);
}


size_t
wub_query_count(const wub_query_t *query, wub_str_t name)
{
    size_t     n, pos;
    wub_str_t  value;

    n = 0;
    pos = 0;

    while (wub_query_next(query, name, &pos, &value)) {
        n++;
    }

    return n;
}


wub_rc_t
wub_query_time(wub_arena_t *arena, wub_str_t value, wub_str_t *ret)
{
    char    *copy;
    size_t   i, start;

    *ret = value;
    copy = NULL;
    start = 0;

    for (i = 0; i < value.len; i++) {
        if (value.data[i] == ',') {
            start = i + 1;
            continue;
        }

        if (value.data[i] != '+' || i - start != WUB_QUERY_DATE_LEN) {
            continue;
        }

        if (copy == NULL) {
            copy = wub_arena_strdup(arena, value);
            if (copy == NULL) {
                return WUB_NO_MEMORY;
            }

            *ret = wub_str_n(copy, value.len);
        }

        copy[i] = ' ';
    }

    return WUB_OK;
}


static bool
wub_query_is_word(wub_str_t value, wub_str_t lower)
{
    char    c;
    size_t  i;

    if (value.len != lower.len) {
        return false;
    }

    for (i = 0; i < value.len; i++) {
        c = value.data[i];

        if (c >= 'A' && c <= 'Z') {
            c = (char) (c - 'A' + 'a');
        }

        if (c != lower.data[i]) {
            return false;
        }
    }

    return true;
}


wub_rc_t
wub_query_bool(wub_str_t value, bool *ret)
{
    if (wub_query_is_word(value, wub_str("true"))) {
        *ret = true;
        return WUB_OK;
    }

    if (wub_query_is_word(value, wub_str("false"))) {
        *ret = false;
        return WUB_OK;
    }

    return WUB_INVALID;
}
