
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <jansson.h>

#include "common/wub_buf.h"

#include "ngx_wubloader_module/ngx_http_wubloader_json.h"


/* bytes of a sentence */
#define NGX_HTTP_WUBLOADER_JSON_SENTENCE  256

/* 2^63: doubles from here on are beyond an int64_t */
#define NGX_HTTP_WUBLOADER_JSON_END  9223372036854775808.0


typedef struct {
    enum json_error_code   code;
    const char            *text;
} ngx_http_wubloader_json_fault_t;


static const char *ngx_http_wubloader_json_limits(wub_str_t text);
static wub_rc_t ngx_http_wubloader_json_fault(wub_arena_t *arena,
    const json_error_t *err, const char **ret_error);
static wub_rc_t ngx_http_wubloader_json_value(wub_arena_t *arena,
    json_t *json, wub_value_t *ret);
static wub_rc_t ngx_http_wubloader_json_text(wub_arena_t *arena,
    const char *data, size_t len, wub_str_t *ret);
static wub_rc_t ngx_http_wubloader_json_list(wub_arena_t *arena,
    const json_t *json, wub_value_t *ret);
static wub_rc_t ngx_http_wubloader_json_object(wub_arena_t *arena,
    json_t *json, wub_value_t *ret);
static void ngx_http_wubloader_json_number(double d, wub_value_t *ret);


/* the library's own texts may repeat any bytes of the input */
static const ngx_http_wubloader_json_fault_t
    ngx_http_wubloader_json_faults[] =
{
    { json_error_duplicate_key, "a key is given twice" },
    { json_error_invalid_utf8, "a text is not UTF-8" },
    { json_error_null_character, "a text holds a zero byte" },
    { json_error_null_byte_in_key, "a key holds a zero byte" },
    { json_error_numeric_overflow, "a number is too large" },
    { json_error_premature_end_of_input, "it ends too early" },
    { json_error_end_of_input_expected, "something follows its end" },
    { json_error_unknown, NULL }
};


wub_rc_t
ngx_http_wubloader_json_read(wub_arena_t *arena, wub_str_t text,
    wub_value_t *ret, const char **ret_error)
{
    json_t        *json;
    wub_rc_t       rc;
    const char    *limit;
    wub_value_t    value;
    json_error_t   err;

    /* the library allocates for every value, so what is too much ends here */

    limit = ngx_http_wubloader_json_limits(text);

    if (limit != NULL) {
        *ret_error = limit;
        return WUB_TOO_BIG;
    }

    /* an integer of 20 digits is a number as any other */

    json = json_loadb((text.len == 0) ? "" : text.data, text.len,
                      JSON_REJECT_DUPLICATES|JSON_DECODE_ANY
                      |JSON_DECODE_INT_AS_REAL,
                      &err);
    if (json == NULL) {
        return ngx_http_wubloader_json_fault(arena, &err, ret_error);
    }

    rc = ngx_http_wubloader_json_value(arena, json, &value);

    json_decref(json);

    if (rc == WUB_OK) {
        value.key = wub_str("");
        *ret = value;
    }

    return rc;
}


/* counts as if it were JSON; where it is not, the library says so */

static const char *
ngx_http_wubloader_json_limits(wub_str_t text)
{
    bool    quoted;
    size_t  i, depth, nvalues;

    depth = 0;
    nvalues = 1;
    quoted = false;

    for (i = 0; i < text.len; i++) {

        if (quoted) {
            if (text.data[i] == '\\') {
                i++;

            } else if (text.data[i] == '"') {
                quoted = false;
            }

            continue;
        }

        switch (text.data[i]) {

        case '"':
            quoted = true;
            break;

        case '[':
        case '{':
            depth++;
            nvalues++;
            break;

        case ']':
        case '}':
            depth -= (depth != 0);
            break;

        case ',':
            nvalues++;
            break;

        default:
            break;
        }

        if (depth > NGX_HTTP_WUBLOADER_JSON_DEPTH) {
            return "The JSON has lists and objects within each other more "
                   "than 16 deep.";
        }

        if (nvalues > NGX_HTTP_WUBLOADER_JSON_VALUES) {
            return "The JSON holds more than 100000 values.";
        }
    }

    return NULL;
}


static wub_rc_t
ngx_http_wubloader_json_fault(wub_arena_t *arena, const json_error_t *err,
    const char **ret_error)
{
    wub_buf_t                               b;
    enum json_error_code                    code;
    const ngx_http_wubloader_json_fault_t  *fault;

    code = json_error_code(err);

    if (code == json_error_out_of_memory) {
        return WUB_NO_MEMORY;
    }

    for (fault = ngx_http_wubloader_json_faults; fault->text; fault++) {
        if (fault->code == code) {
            break;
        }
    }

    wub_buf_init(&b, arena, NGX_HTTP_WUBLOADER_JSON_SENTENCE);

    wub_buf_lit(&b, "Malformed JSON at line ");
    wub_buf_i64(&b, err->line);
    wub_buf_lit(&b, ", column ");
    wub_buf_i64(&b, err->column);

    if (fault->text != NULL) {
        wub_buf_lit(&b, ": ");
        wub_buf_put(&b, fault->text, strlen(fault->text));
    }

    wub_buf_lit(&b, ".");
    wub_buf_putc(&b, '\0');

    if (b.rc != WUB_OK) {
        return b.rc;
    }

    *ret_error = b.data;

    return WUB_INVALID;
}


/* as deep as ngx_http_wubloader_json_limits() lets it be */

static wub_rc_t
ngx_http_wubloader_json_value(wub_arena_t *arena, json_t *json,
    wub_value_t *ret)
{
    memset(ret, 0, sizeof(wub_value_t));

    switch (json_typeof(json)) {

    case JSON_OBJECT:
        return ngx_http_wubloader_json_object(arena, json, ret);

    case JSON_ARRAY:
        return ngx_http_wubloader_json_list(arena, json, ret);

    case JSON_STRING:
        ret->kind = WUB_VALUE_TEXT;
        return ngx_http_wubloader_json_text(arena, json_string_value(json),
                                            json_string_length(json),
                                            &ret->text);

    case JSON_INTEGER:
    case JSON_REAL:
        ngx_http_wubloader_json_number(json_number_value(json), ret);
        return WUB_OK;

    case JSON_TRUE:
    case JSON_FALSE:
        ret->kind = WUB_VALUE_BOOL;
        ret->truth = json_is_true(json);
        return WUB_OK;

    case JSON_NULL:
    default:
        ret->kind = WUB_VALUE_NULL;
        return WUB_OK;
    }
}


static wub_rc_t
ngx_http_wubloader_json_text(wub_arena_t *arena, const char *data, size_t len,
    wub_str_t *ret)
{
    char  *copy;

    copy = wub_arena_strdup(arena, wub_str_n(data, len));
    if (copy == NULL) {
        return WUB_NO_MEMORY;
    }

    *ret = wub_str_n(copy, len);

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_json_list(wub_arena_t *arena, const json_t *json,
    wub_value_t *ret)
{
    size_t        i, n;
    wub_rc_t      rc;
    wub_value_t  *items;

    n = json_array_size(json);

    items = wub_arena_alloc(arena, n * sizeof(wub_value_t) + 1);
    if (items == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < n; i++) {
        rc = ngx_http_wubloader_json_value(arena, json_array_get(json, i),
                                           &items[i]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    ret->kind = WUB_VALUE_LIST;
    ret->items = items;
    ret->nitems = n;

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_json_object(wub_arena_t *arena, json_t *json,
    wub_value_t *ret)
{
    size_t        n;
    json_t       *member;
    wub_rc_t      rc;
    const char   *key;
    wub_value_t  *items;

    n = 0;

    items = wub_arena_alloc(arena,
                            json_object_size(json) * sizeof(wub_value_t) + 1);
    if (items == NULL) {
        return WUB_NO_MEMORY;
    }

    json_object_foreach(json, key, member) {
        rc = ngx_http_wubloader_json_value(arena, member, &items[n]);
        if (rc != WUB_OK) {
            return rc;
        }

        rc = ngx_http_wubloader_json_text(arena, key, strlen(key),
                                          &items[n].key);
        if (rc != WUB_OK) {
            return rc;
        }

        n++;
    }

    ret->kind = WUB_VALUE_OBJECT;
    ret->items = items;
    ret->nitems = n;

    return WUB_OK;
}


static void
ngx_http_wubloader_json_number(double d, wub_value_t *ret)
{
    double   micros;
    int64_t  n, rest;

    ret->kind = WUB_VALUE_NUMBER;

    micros = d * 1e6;

    if (micros >= NGX_HTTP_WUBLOADER_JSON_END
        || micros <= -NGX_HTTP_WUBLOADER_JSON_END)
    {
        /* doubles of this size have no fraction to speak of */

        ret->whole = true;
        ret->micros = (micros > 0) ? INT64_MAX : INT64_MIN;
        return;
    }

    /* the product of a whole number of 13 digits may be more than 2^53 */

    n = (int64_t) d;
    rest = (int64_t) ((d - (double) n) * 1e7);

    ret->whole = (d == (double) n);
    ret->micros = n * 1000000 + (rest + ((rest < 0) ? -5 : 5)) / 10;
}
