
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_value: what a client sent as JSON, as plain structs: each room reads
 * JSON in one file with jansson and hands these to common/.
 * May call: nothing.
 * Frees: nothing; all lives in the caller's arena.
 */


#ifndef WUB_VALUE_H_INCLUDED_
#define WUB_VALUE_H_INCLUDED_


#include "common/wub.h"


typedef enum {
    WUB_VALUE_NULL = 0,
    WUB_VALUE_BOOL,
    WUB_VALUE_NUMBER,
    WUB_VALUE_TEXT,             /* UTF-8 without a zero byte */
    WUB_VALUE_LIST,
    WUB_VALUE_OBJECT            /* no key twice */
} wub_value_kind_e;


typedef struct wub_value_s  wub_value_t;

struct wub_value_s {
    wub_value_kind_e    kind;
    bool                truth;      /* of a BOOL */
    bool                whole;      /* a NUMBER without a fraction */
    int64_t             micros;     /* a NUMBER in millionths, rounded; those
                                       beyond int64_t are its ends */
    wub_str_t           key;        /* within an OBJECT */
    wub_str_t           text;       /* of a TEXT */
    const wub_value_t  *items;      /* of a LIST or an OBJECT */
    size_t              nitems;
};


/* NULL: not an object, or it has no such key */
const wub_value_t *wub_value_find(const wub_value_t *object, wub_str_t key);


#endif /* WUB_VALUE_H_INCLUDED_ */
