
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
    bool     mended;            /* its times were; the picture is whole */
} wub_cutplan_frame_t;

typedef enum {
    WUB_SPAN_COPY,              /* the packets first..last, as they are */
    WUB_SPAN_ENCODE             /* decode roll..last, keep kept[] */
} wub_span_kind_e;

/* a frame that is in the output */
typedef struct {
    size_t   frame;             /* its index, in decoding order */
    bool     damaged;           /* it, or what it may refer to, or mended */
} wub_cutplan_kept_t;

/*
 * first and last are indexes of frames in decoding order, inclusive.  A
 * span begins with a key frame; a copied one is whole GOPs, an encoded one
 * ends with the last frame that is kept.
 */
typedef struct {
    wub_span_kind_e            kind;
    size_t                     first;
    size_t                     last;
    size_t                     roll;    /* decoding begins here: first, or
                                           a key frame before it */
    bool                       before;  /* and before that the last GOP of
                                           the segment before is decoded */
    const wub_cutplan_kept_t  *kept;    /* in the order they are shown */
    size_t                     nkept;
} wub_span_t;

typedef struct {
    wub_span_t  *spans;         /* in order of time */
    size_t       nspans;
    size_t       nkept;         /* frames of all spans */
    size_t       nlost;         /* in range, but what they refer to is not
                                   there, or they share their time */
    int64_t      first;         /* pts of the kept frame shown first */
    int64_t      last;          /* and of the last one */
} wub_cutplan_t;

typedef struct {
    int64_t                     start;      /* of the segment, by its name */
    int32_t                     num;        /* a tick is num/den seconds */
    int32_t                     den;
    const wub_cutplan_frame_t  *frames;
    size_t                      nframes;
    const bool                 *forms;      /* those of the output are true */
    size_t                      nforms;
} wub_cutplan_segment_t;

/*
 * What a segment leaves to the one that goes on where it ends; all false
 * where there is none.
 */
typedef struct {
    bool  before;               /* its frames are at hand */
    bool  copied;               /* its last GOP is copied */
    bool  damaged;              /* its last GOP is damaged */
} wub_cutplan_state_t;


/* the time of a frame: start plus its distance from the first frame */
int64_t wub_cutplan_time(const wub_cutplan_segment_t *segment,
    const wub_cutplan_frame_t *frame);

/*
 * Plans one segment of a range [start, end), microseconds.  A GOP is copied
 * when all of it is in range, whole and of the output's form and it begins
 * with a closed key frame or behind a GOP that is copied; of others what is
 * in range is encoded.  Neighbours of one kind are one span.  Frames before
 * an open key frame that nothing is at hand for are lost.
 * state: that of the segment before; then that of this one, untouched on
 * failure.  WUB_INVALID: the first frame is not a key frame, or a key frame
 * is shown before a frame that lies before it.
 */
wub_rc_t wub_cutplan_build(wub_arena_t *arena,
    const wub_cutplan_segment_t *segment, int64_t start, int64_t end,
    wub_cutplan_state_t *state, wub_cutplan_t *ret) WUB_MUST_CHECK;


#endif /* WUB_CUTPLAN_H_INCLUDED_ */
