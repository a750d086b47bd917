
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_segment: the names of the segment store (CONTRACT.md 1), from file
 * name to struct, and what a safe name is.
 * May call: wub_scan, wub_time, wub_base64.
 * Frees: nothing; a segment points into the name it was read from.
 */


#ifndef WUB_SEGMENT_H_INCLUDED_
#define WUB_SEGMENT_H_INCLUDED_


#include "common/wub.h"


/* in order of worth: a greater value is a better type */
typedef enum {
    WUB_SEGMENT_TEMP = 0,
    WUB_SEGMENT_PARTIAL,
    WUB_SEGMENT_SUSPECT,
    WUB_SEGMENT_FULL
} wub_segment_type_e;


/* what a name in an hour directory is, by its form alone */
typedef enum {
    WUB_NAME_OTHER = 0,     /* hidden, or an ending of no matter */
    WUB_NAME_TS,            /* ends .ts: listed, a segment or not */
    WUB_NAME_JSON,          /* ends .json: listed */
    WUB_NAME_TOMBSTONE      /* ends .tombstone */
} wub_name_kind_e;


typedef struct {
    int64_t             start;      /* microseconds since the epoch */
    int64_t             duration;   /* microseconds, 0 to an hour */
    wub_str_t           name;       /* TIME-DURATION-TYPE-HASH.ts */
    wub_str_t           hash;       /* within name; may be empty */
    wub_segment_type_e  type;
} wub_segment_t;


#define wub_segment_end(s)       ((s)->start + (s)->duration)


/*
 * Reads "MM:SS[.f{1,6}]-DURATION-TYPE-HASH.ts" of the hour that starts at
 * hour_us.  Split is on the first three '-', so a hash may hold '-'.
 * DURATION is a plain decimal, 0 <= d <= 3600 (CONTRACT.md 0).
 * WUB_INVALID: not a segment.  ret is untouched on failure.
 */
wub_rc_t wub_segment_parse(wub_str_t name, int64_t hour_us,
    wub_segment_t *ret) WUB_MUST_CHECK;

wub_name_kind_e wub_name_kind(wub_str_t name);

/* name without its .ts, .json or .tombstone; the whole name otherwise */
wub_str_t wub_name_stem(wub_str_t name);

/*
 * True for a name that may be a part of a path in the store: not empty,
 * at most WUB_NAME_MAX bytes, no '/', no NUL, not beginning with '.'.
 */
bool wub_name_safe(wub_str_t name);

/* "full", "suspect", "partial", "temp" */
wub_str_t wub_segment_type_name(wub_segment_type_e type);


#endif /* WUB_SEGMENT_H_INCLUDED_ */
