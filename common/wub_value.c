
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_value.h"


const wub_value_t *
wub_value_find(const wub_value_t *object, wub_str_t key)
{
    size_t  i;

    if (object == NULL || object->kind != WUB_VALUE_OBJECT) {
        return NULL;
    }

    for (i = 0; i < object->nitems; i++) {
        if (wub_str_eq(object->items[i].key, key)) {
            return &object->items[i];
        }
    }

    return NULL;
}
