
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * A time of a client, an hour, a duration: what is read can be written and
 * read again as the same.
 */


#include <stdlib.h>

#include "common/wub_scan.h"
#include "common/wub_time.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check(bool ok)
{
    if (!ok) {
        abort();
    }
}


static void
check_time(wub_str_t input)
{
    char     text[WUB_TIME_LEN];
    int64_t  us, again;

    if (wub_time_parse(input, &us) != WUB_OK) {
        return;
    }

    wub_time_format(us, text);

    check(wub_time_parse(wub_str_n(text, WUB_TIME_LEN), &again) == WUB_OK);
    check(again == us);

    check(wub_hour_parse(wub_str_n(text, WUB_HOUR_LEN), &again) == WUB_OK);
    check(again == wub_hour_floor(us));
}


static void
check_hour(wub_str_t input)
{
    char     text[WUB_HOUR_LEN];
    int64_t  us;

    if (wub_hour_parse(input, &us) == WUB_OK) {
        wub_hour_format(us, text);
        check(wub_str_eq(input, wub_str_n(text, WUB_HOUR_LEN)));
    }
}


static void
check_seconds(wub_str_t input)
{
    int64_t       us, again;
    wub_buf_t     b;
    wub_scan_t    s;
    wub_arena_t  *arena;

    wub_scan_init(&s, input);

    if (wub_scan_seconds(&s, INT64_MAX, &us) != WUB_OK) {
        return;
    }

    arena = wub_arena_create(4096);
    check(arena != NULL);

    wub_buf_init(&b, arena, 100);
    wub_buf_seconds(&b, us);
    check(b.rc == WUB_OK);

    wub_scan_init(&s, wub_buf_view(&b));
    check(wub_scan_seconds(&s, INT64_MAX, &again) == WUB_OK);
    check(again == us && wub_scan_done(&s));

    wub_arena_destroy(arena);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wub_str_t  input;

    input = wub_str_n((const char *) data, size);

    check_time(input);
    check_hour(input);
    check_seconds(input);

    return 0;
}
