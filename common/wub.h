
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub.h: the words every room of common/ uses: strings, result codes and
 * the hard limits on sizes that others choose.
 * May call: nothing; freestanding headers and string.h only.
 * Frees: nothing; a wub_str_t never owns its bytes.
 */


#ifndef WUB_H_INCLUDED_
#define WUB_H_INCLUDED_


#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>


#define WUB_MUST_CHECK           __attribute__((warn_unused_result))

/* the longest name that a Linux directory can hold, in bytes */
#define WUB_NAME_MAX             255

/* entries of one hour directory; above it the hour is WUB_TOO_BIG */
#define WUB_HOUR_ENTRIES_MAX     200000

/* bytes of arena for one request or one unit of work */
#define WUB_ARENA_MAX            ((size_t) 1 << 30)

/* ranges of one cut, wherever it is asked for */
#define WUB_RANGES_MAX           1000

#define WUB_SECOND               INT64_C(1000000)
#define WUB_HOUR                 (INT64_C(3600) * WUB_SECOND)


typedef enum {
    WUB_OK = 0,
    WUB_DECLINED,       /* well formed, but not the thing that was sought */
    WUB_INVALID,        /* malformed input */
    WUB_TOO_BIG,        /* a limit of this header or of the caller */
    WUB_NO_MEMORY,
    WUB_NOT_FOUND,
    WUB_DENIED,         /* permission, or a path that leaves the store */
    WUB_IO              /* any other failure of the system */
} wub_rc_t;


/* bytes somebody else owns; not terminated by a zero */
typedef struct {
    size_t       len;
    const char  *data;
} wub_str_t;


#define wub_string(literal)      { sizeof(literal) - 1, literal }
#define wub_str(literal)                                                      \
    ((wub_str_t) { sizeof(literal) - 1, literal })


static inline wub_str_t
wub_str_n(const char *data, size_t len)
{
    wub_str_t  s;

    s.len = len;
    s.data = data;

    return s;
}


static inline bool
wub_str_eq(wub_str_t a, wub_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


/* bytewise order, a prefix first: the order of every listing */
static inline int
wub_str_cmp(wub_str_t a, wub_str_t b)
{
    int     rc;
    size_t  n;

    n = (a.len < b.len) ? a.len : b.len;
    rc = (n == 0) ? 0 : memcmp(a.data, b.data, n);

    if (rc != 0) {
        return rc;
    }

    return (a.len > b.len) - (a.len < b.len);
}


#endif /* WUB_H_INCLUDED_ */
