
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * JSON texts in tests as the values that common/ is given.
 */


#ifndef WUB_TEST_JSON_H_INCLUDED_
#define WUB_TEST_JSON_H_INCLUDED_


#include <math.h>

#include <jansson.h>

#include "t/unit/wub_test.h"
#include "common/wub_value.h"


static inline void wub_test_value(wub_arena_t *arena, const json_t *json,
    wub_value_t *ret);


static inline void
wub_test_items(wub_arena_t *arena, const json_t *json, wub_value_t *ret)
{
    void         *iter;
    size_t        i;
    json_t       *j;
    const char   *key;
    wub_value_t  *items;

    ret->nitems = json_is_array(json) ? json_array_size(json)
                                      : json_object_size(json);

    items = wub_arena_calloc(arena, (ret->nitems + 1) * sizeof(wub_value_t));
    assert_non_null(items);

    ret->items = items;

    if (json_is_array(json)) {

        for (i = 0; i < ret->nitems; i++) {
            wub_test_value(arena, json_array_get(json, i), &items[i]);
        }

        return;
    }

    j = json_copy((json_t *) (uintptr_t) json);
    iter = json_object_iter(j);

    for (i = 0; i < ret->nitems; i++) {
        wub_test_value(arena, json_object_iter_value(iter), &items[i]);

        key = wub_arena_strdup(arena,
                               wub_test_str(json_object_iter_key(iter)));
        assert_non_null(key);

        items[i].key = wub_test_str(key);
        iter = json_object_iter_next(j, iter);
    }

    json_decref(j);
}


static inline void
wub_test_value(wub_arena_t *arena, const json_t *json, wub_value_t *ret)
{
    double  n;
    char   *text;

    memset(ret, 0, sizeof(wub_value_t));

    switch (json_typeof(json)) {

    case JSON_TRUE:
    case JSON_FALSE:
        ret->kind = WUB_VALUE_BOOL;
        ret->truth = json_is_true(json);
        break;

    case JSON_INTEGER:
    case JSON_REAL:
        n = json_number_value(json);

        ret->kind = WUB_VALUE_NUMBER;
        ret->whole = (n == floor(n));
        ret->micros = (n > 9e12) ? INT64_MAX : (n < -9e12) ? INT64_MIN
                                             : (int64_t) llround(n * 1e6);
        break;

    case JSON_STRING:
        text = wub_arena_strdup(arena, wub_str_n(json_string_value(json),
                                                 json_string_length(json)));
        assert_non_null(text);

        ret->kind = WUB_VALUE_TEXT;
        ret->text = wub_str_n(text, json_string_length(json));
        break;

    case JSON_ARRAY:
        ret->kind = WUB_VALUE_LIST;
        wub_test_items(arena, json, ret);
        break;

    case JSON_OBJECT:
        ret->kind = WUB_VALUE_OBJECT;
        wub_test_items(arena, json, ret);
        break;

    case JSON_NULL:
    default:
        break;
    }
}


/* single quotes stand for double ones */
static inline json_t *
wub_test_load(const char *text)
{
    char          *copy, *p;
    json_t        *json;
    json_error_t   error;

    copy = strdup(text);
    assert_non_null(copy);

    for (p = copy; *p != '\0'; p++) {
        *p = (*p == '\'') ? '"' : *p;
    }

    json = json_loads(copy, JSON_DECODE_ANY, &error);
    wub_expect(json != NULL, "%s: %s", text, error.text);
    free(copy);

    return json;
}


#endif /* WUB_TEST_JSON_H_INCLUDED_ */
