
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_cutplan: which packets of a segment are copied and which frames are
 * encoded, so that a cut holds exactly the frames asked for (CONTRACT.md 0,
 * time of a frame).  Pure: it sees times and flags, never media.
 * May call: wub_arena, wub_time.
 * Frees: nothing; a plan lives in the caller's arena.
 */


#ifndef WUB_CUTPLAN_H_INCLUDED_
#define WUB_CUTPLAN_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"


/* whether decoding can begin with an access unit */
typedef enum {
    WUB_KEY_NONE = 0,
    WUB_KEY_OPEN,               /* yes, but frames shown before it, and
                                   behind it in decoding order, may need
                                   what lies before */
    WUB_KEY_CLOSED              /* nothing behind it refers to what lies
                                   before: an IDR picture */
} wub_cutplan_key_e;

/* one video access unit of a segment, in decoding order */
typedef struct {
    int64_t  pts;               /* ticks, unwrapped */
    int64_t  dts;               /* ticks, unwrapped; pts where not known */
    uint8_t  key;               /* wub_cutplan_key_e */
    uint8_t  form;              /* of the segment's forms, its index */
    bool     damaged;           /* bytes of it are lost */
} wub_cutplan_frame_t;

typedef enum {
    WUB_SPAN_COPY,              /* the packets first..last, as they are */
    WUB_SPAN_ENCODE             /* decode first..last, keep from..to */
} wub_span_kind_e;

/*
 * first and last are indexes of frames in decoding order, inclusive, and
 * always whole GOPs.  Of an encoded span the frames with a time in
 * [from, to) are kept; nkept says how many.
 */
typedef struct {
    wub_span_kind_e  kind;
    size_t           first;
    size_t           last;
    int64_t          from;      /* microseconds */
    int64_t          to;
    size_t           nkept;
} wub_span_t;

typedef struct {
    wub_span_t  *spans;         /* in order of time */
    size_t       nspans;
    size_t       nkept;         /* frames of the segment that are in range */
} wub_cutplan_t;

typedef struct {
    int64_t                     start;      /* of the segment, by its name */
    int32_t                     num;        /* a tick is num/den seconds */
    int32_t                     den;
    const wub_cutplan_frame_t  *frames;
    size_t                      nframes;
} wub_cutplan_segment_t;


/* the time of a frame: start plus its distance from the first frame */
int64_t wub_cutplan_time(const wub_cutplan_segment_t *segment,
    const wub_cutplan_frame_t *frame);

/*
 * Plans one segment of a range [start, end).  A GOP whose every frame is
 * in range is copied, one with some in range is encoded, neighbours of one
 * kind are one span.  WUB_INVALID: the first frame is not a key frame, or
 * a frame after a key frame is shown before it (an open GOP).  All times
 * in microseconds.
 */
wub_rc_t wub_cutplan_build(wub_arena_t *arena,
    const wub_cutplan_segment_t *segment, int64_t start, int64_t end,
    wub_cutplan_t *ret) WUB_MUST_CHECK;


#endif /* WUB_CUTPLAN_H_INCLUDED_ */
