
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_render: requests for what is rendered: cuts, frames, waveforms and
 * thumbnails (CONTRACT.md 0 and 3).  nginx reads what a client asks for and
 * writes it down again, complete, for the renderer, which reads it by the
 * same rules.
 * May call: wub_query, wub_range, wub_time, wub_scan, wub_buf,
 * wub_transition_names.
 * Frees: nothing; results live in the caller's arena.
 */


#ifndef WUB_RENDER_H_INCLUDED_
#define WUB_RENDER_H_INCLUDED_


#include "common/wub_answer.h"
#include "common/wub_arena.h"
#include "common/wub_best.h"
#include "common/wub_buf.h"
#include "common/wub_query.h"
#include "common/wub_range.h"


/* an end of a range that was not given; those of the hours there are */
#define WUB_RENDER_UNSET         INT64_MIN

/* a frame is sought in the segments this far to either side of its time */
#define WUB_RENDER_BESIDE        WUB_SECOND

/* pixels of a side of a waveform */
#define WUB_RENDER_SIDE_MAX      4096

/* pixels, of the corners of a thumbnail's boxes: as templates have them */
#define WUB_RENDER_BOX_MAX       16384

/* bytes of a request as it is put, a type that is known included */
#define WUB_RENDER_MAX           ((size_t) 192 * 1024)

/* of a waveform, microseconds */
#define WUB_RENDER_WAVE_MAX      (6 * WUB_HOUR)


typedef enum {
    WUB_RENDER_CUT = 0,
    WUB_RENDER_FRAME,
    WUB_RENDER_WAVEFORM,
    WUB_RENDER_THUMBNAIL,
    WUB_RENDER_KINDS
} wub_render_kind_e;

/* of all but cuts */
typedef enum {
    WUB_RENDER_PNG = 0,
    WUB_RENDER_JPG,             /* of a frame */
    WUB_RENDER_JSON             /* of a waveform */
} wub_render_format_e;

/* corners, in pixels: from the left and top ones up to these */
typedef struct {
    uint32_t             left;
    uint32_t             top;
    uint32_t             right;
    uint32_t             bottom;
} wub_render_box_t;

typedef struct {
    wub_render_kind_e    kind;
    wub_str_t            channel;
    wub_str_t            quality;

    /* a cut; a waveform has one range */

    wub_ranges_t         ranges;        /* nranges - 1 transitions */
    bool                 allow_holes;
    wub_str_t            type;          /* as it was sent; "fast" if not */
    bool                 plan;          /* what would be done, as JSON */

    /* a frame, a thumbnail */

    int64_t              timestamp;

    /* a waveform */

    uint32_t             width;
    uint32_t             height;

    wub_render_format_e  format;

    /* a thumbnail: boxes of the frame and of the template */

    bool                 posted;        /* the template is the body */
    wub_str_t            template;      /* its name, else */
    bool                 crop_given;    /* always so where it is posted */
    bool                 location_given;
    wub_render_box_t     crop;
    wub_render_box_t     location;
} wub_render_t;


extern const wub_str_t  wub_render_names[WUB_RENDER_KINDS];


/*
 * The parameters of a kind, in upstream's order of checks, but for the type
 * of a cut: existence and selection come before that.  ret: kind, channel,
 * quality and posted are the caller's to set, before.  WUB_OK with
 * answer->status 0: ret is filled in; with another: refused.
 */
wub_rc_t wub_render_read(wub_arena_t *arena, const wub_query_t *query,
    wub_render_t *ret, wub_answer_t *answer) WUB_MUST_CHECK;

/* WUB_OK as above; refused: there is no such type of cut */
wub_rc_t wub_render_type(wub_arena_t *arena, const wub_render_t *r,
    wub_answer_t *answer) WUB_MUST_CHECK;

/*
 * A box as a parameter has it, "LEFT,TOP,RIGHT,BOTTOM", and four numbers of
 * elsewhere.  WUB_INVALID: it is none, or holds nothing, or is too large.
 */
wub_rc_t wub_render_box_parse(wub_str_t s, wub_render_box_t *ret)
    WUB_MUST_CHECK;
wub_rc_t wub_render_box(const int32_t sides[4], wub_render_box_t *ret)
    WUB_MUST_CHECK;

/*
 * The request complete, as the renderer gets it: "/cut/C/Q.ts?range=..."
 * with all that was left out, but for ends of a range that are not set.
 * *ret_path: the length of the path in it.
 */
wub_rc_t wub_render_put(wub_buf_t *b, const wub_render_t *r,
    size_t *ret_path) WUB_MUST_CHECK;

/* ".ts" or ".png" */
wub_str_t wub_render_ending(wub_render_kind_e kind);

/*
 * "/KIND/CHANNEL/QUALITY.ENDING", percent-encoded, into kind, channel and
 * quality.  WUB_NOT_FOUND: no such path; WUB_INVALID: a part begins with a
 * period, has a slash or a zero in it, or is not percent-encoded.
 */
wub_rc_t wub_render_path(wub_arena_t *arena, wub_str_t path,
    wub_render_t *ret) WUB_MUST_CHECK;

/* the times that the segments of a still or a waveform are selected for */
wub_range_t wub_render_span(const wub_render_t *r);

/*
 * The part of a chain whose segment shows a time: the last one that has
 * begun by then and has not ended, or that another one follows without a
 * hole.  NULL: a hole.
 */
const wub_best_part_t *wub_render_shown(const wub_chain_t *chain,
    int64_t time);


#endif /* WUB_RENDER_H_INCLUDED_ */
