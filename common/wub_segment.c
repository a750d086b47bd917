
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_segment.h"
#include "common/wub_base64.h"
#include "common/wub_scan.h"
#include "common/wub_time.h"


#define WUB_DURATION_MAX         WUB_HOUR

#define wub_nitems(table)        (sizeof(table) / sizeof((table)[0]))


typedef struct {
    wub_str_t        text;
    wub_name_kind_e  kind;
} wub_name_ending_t;


static wub_rc_t wub_segment_time(wub_scan_t *s, int64_t *ret_us);
static wub_rc_t wub_segment_type(wub_scan_t *s, wub_segment_type_e *ret);
static bool wub_segment_hash(wub_str_t hash);
static const wub_name_ending_t *wub_name_ending(wub_str_t name);


/* by wub_segment_type_e */
static const wub_str_t  wub_segment_types[] = {
    wub_string("temp"),
    wub_string("partial"),
    wub_string("suspect"),
    wub_string("full")
};


static const wub_name_ending_t  wub_name_endings[] = {
    { wub_string(".ts"), WUB_NAME_TS },
    { wub_string(".json"), WUB_NAME_JSON },
    { wub_string(".tombstone"), WUB_NAME_TOMBSTONE }
};


wub_rc_t
wub_segment_parse(wub_str_t name, int64_t hour_us, wub_segment_t *ret)
{
    int64_t        us;
    wub_scan_t     s;
    wub_segment_t  segment;

    if (name.len > WUB_NAME_MAX || wub_name_kind(name) != WUB_NAME_TS) {
        return WUB_INVALID;
    }

    wub_scan_init(&s, wub_name_stem(name));

    if (wub_segment_time(&s, &us) != WUB_OK || !wub_scan_char(&s, '-')) {
        return WUB_INVALID;
    }

    if (wub_scan_seconds(&s, WUB_DURATION_MAX, &segment.duration) != WUB_OK
        || !wub_scan_char(&s, '-'))
    {
        return WUB_INVALID;
    }

    if (wub_segment_type(&s, &segment.type) != WUB_OK) {
        return WUB_INVALID;
    }

    segment.start = hour_us + us;
    segment.name = name;
    segment.hash = wub_scan_rest(&s);

    /* what a temp file has there is a uuid, not a hash */
    if (segment.type != WUB_SEGMENT_TEMP && !wub_segment_hash(segment.hash)) {
        return WUB_INVALID;
    }

    *ret = segment;

    return WUB_OK;
}


wub_name_kind_e
wub_name_kind(wub_str_t name)
{
    const wub_name_ending_t  *ending;

    if (name.len == 0 || name.data[0] == '.') {
        return WUB_NAME_OTHER;
    }

    ending = wub_name_ending(name);

    return (ending == NULL) ? WUB_NAME_OTHER : ending->kind;
}


wub_str_t
wub_name_stem(wub_str_t name)
{
    const wub_name_ending_t  *ending;

    ending = wub_name_ending(name);

    if (ending != NULL) {
        name.len -= ending->text.len;
    }

    return name;
}


bool
wub_name_safe(wub_str_t name)
{
    size_t  i;

    if (name.len == 0 || name.len > WUB_NAME_MAX || name.data[0] == '.') {
        return false;
    }

    for (i = 0; i < name.len; i++) {
        if (name.data[i] == '/' || name.data[i] == '\0') {
            return false;
        }
    }

    return true;
}


wub_str_t
wub_segment_type_name(wub_segment_type_e type)
{
    return wub_segment_types[type];
}


/* MM:SS[.f{1,6}], microseconds since the start of the hour */
static wub_rc_t
wub_segment_time(wub_scan_t *s, int64_t *ret_us)
{
    size_t   n;
    int64_t  minute, second, digit, fraction;

    if (wub_scan_digits(s, 2, &minute) != WUB_OK || minute > 59
        || !wub_scan_char(s, ':'))
    {
        return WUB_INVALID;
    }

    if (wub_scan_digits(s, 2, &second) != WUB_OK || second > 59) {
        return WUB_INVALID;
    }

    n = 0;
    fraction = 0;

    if (wub_scan_char(s, '.')) {

        while (n < 6 && wub_scan_digits(s, 1, &digit) == WUB_OK) {
            fraction = fraction * 10 + digit;
            n++;
        }

        if (n == 0) {
            return WUB_INVALID;
        }

        for ( /* void */ ; n < 6; n++) {
            fraction *= 10;
        }
    }

    *ret_us = (minute * 60 + second) * WUB_SECOND + fraction;

    return WUB_OK;
}


/* the word and the '-' behind it */
static wub_rc_t
wub_segment_type(wub_scan_t *s, wub_segment_type_e *ret)
{
    size_t     i;
    wub_str_t  word;

    if (wub_scan_until(s, '-', &word) != WUB_OK) {
        return WUB_INVALID;
    }

    for (i = 0; i < wub_nitems(wub_segment_types); i++) {

        if (wub_str_eq(word, wub_segment_types[i])) {
            *ret = (wub_segment_type_e) i;
            return WUB_OK;
        }
    }

    return WUB_INVALID;
}


static bool
wub_segment_hash(wub_str_t hash)
{
    size_t   len;
    uint8_t  bytes[wub_base64_decoded_len(WUB_NAME_MAX)];

    return wub_base64_decode(hash, bytes, &len) == WUB_OK;
}


static const wub_name_ending_t *
wub_name_ending(wub_str_t name)
{
    size_t                    i;
    wub_str_t                 tail;
    const wub_name_ending_t  *ending;

    for (i = 0; i < wub_nitems(wub_name_endings); i++) {
        ending = &wub_name_endings[i];

        /* the last byte, which tells them apart, saves most comparisons */

        if (name.len < ending->text.len
            || name.data[name.len - 1]
               != ending->text.data[ending->text.len - 1])
        {
            continue;
        }

        tail = wub_str_n(name.data + name.len - ending->text.len,
                         ending->text.len);

        if (wub_str_eq(tail, ending->text)) {
            return ending;
        }
    }

    return NULL;
}
