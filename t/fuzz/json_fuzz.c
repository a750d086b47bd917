
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * JSON of any bytes: what is read keeps to its promises, all through, and
 * what is refused gets a sentence.
 */


#include "common/wub_buf.h"
#include "ngx_wubloader_module/ngx_http_wubloader_json.h"


#define FUZZ_ARENA_MAX  ((size_t) 1 << 26)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


static void
fuzz_text(wub_str_t text)
{
    fuzz_check(text.len == 0 || memchr(text.data, 0, text.len) == NULL);
    fuzz_check(wub_buf_is_utf8(text));
}


/* returns how many values there are */

static size_t
fuzz_value(const wub_value_t *value, size_t depth)
{
    size_t  i, n;

    fuzz_text(value->text);
    fuzz_text(value->key);

    if (value->kind != WUB_VALUE_LIST && value->kind != WUB_VALUE_OBJECT) {
        fuzz_check(value->nitems == 0);
        return 1;
    }

    fuzz_check(depth < NGX_HTTP_WUBLOADER_JSON_DEPTH);

    n = 1;

    for (i = 0; i < value->nitems; i++) {
        n += fuzz_value(&value->items[i], depth + 1);

        fuzz_check(value->kind == WUB_VALUE_LIST
                   || wub_value_find(value, value->items[i].key)
                      == &value->items[i]);
    }

    return n;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wub_rc_t      rc;
    const char   *error;
    wub_arena_t  *arena;
    wub_value_t   value;

    arena = wub_arena_create(FUZZ_ARENA_MAX);
    if (arena == NULL) {
        return 0;
    }

    error = NULL;
    rc = ngx_http_wubloader_json_read(arena,
                                      wub_str_n((const char *) data, size),
                                      &value, &error);

    if (rc == WUB_OK) {
        fuzz_check(fuzz_value(&value, 0) <= NGX_HTTP_WUBLOADER_JSON_VALUES);

    } else if (rc != WUB_NO_MEMORY) {
        fuzz_check(error != NULL && error[0] != '\0');
        fuzz_check(wub_buf_is_utf8(wub_str_n(error, strlen(error))));
    }

    wub_arena_destroy(arena);

    return 0;
}
