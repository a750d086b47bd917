
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_query: the query string of a request, split and percent-decoded.
 * May call: wub_arena.
 * Frees: nothing; decoded strings live in the caller's arena.
 *
 * A '+' stays a plus: clients write the offset of a time, +01:00, as it
 * is.  A client that writes a space as '+' does so between the date and
 * the clock of a time only; wub_query_time() knows that place.
 */


#ifndef WUB_QUERY_H_INCLUDED_
#define WUB_QUERY_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"


/* ranges and the transitions between them, and room for the rest */
#define WUB_QUERY_ARGS_MAX       (2 * WUB_RANGES_MAX + 100)


typedef struct {
    wub_str_t  name;
    wub_str_t  value;       /* empty also without a '=' */
} wub_query_arg_t;

typedef struct {
    wub_query_arg_t  *args;
    size_t            nargs;
} wub_query_t;


/*
 * raw has no '?'.  WUB_INVALID: a '%' without two hex digits behind it, or
 * a byte that is zero; WUB_TOO_BIG: more than WUB_QUERY_ARGS_MAX arguments.
 */
wub_rc_t wub_query_parse(wub_arena_t *arena, wub_str_t raw,
    wub_query_t *ret) WUB_MUST_CHECK;

/*
 * What is percent-encoded, decoded; out has room for s.len bytes.
 * WUB_INVALID as above.
 */
wub_rc_t wub_query_decode(wub_str_t s, char *out, wub_str_t *ret)
    WUB_MUST_CHECK;

/*
 * The next argument of that name at or after *pos, which is moved behind
 * it; false: no more.  A parameter that has one value takes the first, as
 * upstream does.
 */
bool wub_query_next(const wub_query_t *query, wub_str_t name, size_t *pos,
    wub_str_t *ret);

bool wub_query_first(const wub_query_t *query, wub_str_t name,
    wub_str_t *ret);

size_t wub_query_count(const wub_query_t *query, wub_str_t name);

/*
 * A time, or a range of two with a comma, with a '+' between date and
 * clock made a space; a copy where something changed.
 */
wub_rc_t wub_query_time(wub_arena_t *arena, wub_str_t value,
    wub_str_t *ret) WUB_MUST_CHECK;

/* "true" or "false" in any case */
wub_rc_t wub_query_bool(wub_str_t value, bool *ret) WUB_MUST_CHECK;


#endif /* WUB_QUERY_H_INCLUDED_ */
