
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_pg: Postgres' text forms of arrays, composites, bytea and the types
 * of SCHEMA.md; no libpq.  Values that go to the database are always bound
 * parameters; this is their text, never part of a statement.
 * May call: wub_scan, wub_buf, wub_time, wub_arena.
 * Frees: nothing; results live in the caller's arena.
 */


#ifndef WUB_PG_H_INCLUDED_
#define WUB_PG_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_buf.h"


/* elements of an array, fields of a composite */
#define WUB_PG_ITEMS_MAX         10000


/*
 * data NULL is SQL's null; an empty string has data that is not NULL.
 * Items that are put hold no zero byte, as no text of Postgres can.
 */
typedef struct {
    wub_str_t  *items;
    size_t      nitems;
} wub_pg_items_t;

typedef struct {
    bool     dashed;
    bool     null;
    int64_t  value;             /* microseconds; void when null */
} wub_pg_end_time_t;

typedef struct {
    int32_t  box[4];            /* left, top, right, bottom */
} wub_pg_box_t;


/* one dimension, "{a,\"b c\",NULL}"; other dimensions are WUB_INVALID */
wub_rc_t wub_pg_array_parse(wub_arena_t *arena, wub_str_t s,
    wub_pg_items_t *ret) WUB_MUST_CHECK;
void wub_pg_array_put(wub_buf_t *b, const wub_pg_items_t *items);

/* one element, quoted where it must be; no commas, no braces */
void wub_pg_array_put_item(wub_buf_t *b, wub_str_t item);

/*
 * "(a,,\"b \"\"c\"\"\")"; an empty field is null, so "()" is one null:
 * a composite without columns looks the same.
 */
wub_rc_t wub_pg_composite_parse(wub_arena_t *arena, wub_str_t s,
    wub_pg_items_t *ret) WUB_MUST_CHECK;
void wub_pg_composite_put(wub_buf_t *b, const wub_pg_items_t *items);

/* "YYYY-MM-DD HH:MM:SS[.f]", DateStyle ISO */
wub_rc_t wub_pg_timestamp_parse(wub_str_t s, int64_t *ret_us)
    WUB_MUST_CHECK;
void wub_pg_timestamp_put(wub_buf_t *b, int64_t us);

/* "(t,\"2019-11-13 02:34:36\")" */
wub_rc_t wub_pg_end_time_parse(wub_arena_t *arena, wub_str_t s,
    wub_pg_end_time_t *ret) WUB_MUST_CHECK;
void wub_pg_end_time_put(wub_buf_t *b, const wub_pg_end_time_t *t);

/* "{left,top,right,bottom}" */
wub_rc_t wub_pg_box_parse(wub_arena_t *arena, wub_str_t s,
    wub_pg_box_t *ret) WUB_MUST_CHECK;
void wub_pg_box_put(wub_buf_t *b, const wub_pg_box_t *box);

/* "\\x68656c6c6f", bytea_output hex */
wub_rc_t wub_pg_bytea_parse(wub_arena_t *arena, wub_str_t s,
    wub_str_t *ret) WUB_MUST_CHECK;
void wub_pg_bytea_put(wub_buf_t *b, wub_str_t data);


#endif /* WUB_PG_H_INCLUDED_ */
