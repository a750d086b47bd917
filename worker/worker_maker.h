
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_maker: what a kind of cut does with the footage of its ranges: an
 * interface of functions that worker_cut calls in order of time.  begin,
 * then for each range its segments by add and one range_end, then finish,
 * and on every path, last of all, free.
 * May call: nothing; each maker says for itself.
 * Frees: a maker frees what it made, and footage that it was given.
 */


#ifndef WORKER_MAKER_H_INCLUDED_
#define WORKER_MAKER_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_encode.h"
#include "worker/worker_footage.h"


/*
 * Takes all of len bytes or fails with a sentence.  That of a cut may be
 * called for 0 bytes, in the middle of work that writes nothing: it says
 * whether to go on.
 */
typedef worker_rc_t (*worker_write_pt)(void *data, const uint8_t *bytes,
    size_t len, worker_err_t *err);

/*
 * Reads the segment before or behind the one given, where frames or audio
 * of that one may lie; *ret is NULL when there is none of use.
 */
typedef worker_rc_t (*worker_beside_pt)(void *data,
    const worker_footage_t *footage, bool before, worker_footage_t **ret,
    worker_err_t *err);

/*
 * What becomes of some video of a segment.  first and last are access
 * units in decoding order, inclusive; of them the nkept frames with a time
 * in [from, to), microseconds, are in the output.
 */
typedef struct {
    bool                       copy;    /* as they are; else encoded */
    size_t                     first;
    size_t                     last;
    size_t                     nkept;
    int64_t                    from;
    int64_t                    to;
    bool                       incoming;    /* in a transition: the range
                                               that comes in */
} worker_step_t;

/* a step that comes next, in the order of the output; for --plan */
typedef worker_rc_t (*worker_step_pt)(void *data,
    const worker_footage_t *footage, const worker_step_t *step,
    worker_err_t *err);


/* what a maker works with; it outlives the maker */
typedef struct {
    worker_write_pt            write;
    void                      *write_data;
    int                        fd;      /* a new, seekable file, or -1 */
    worker_beside_pt           beside;
    void                      *beside_data;
    worker_tick_t              tick;
    worker_form_t              form;    /* of the output */
    int64_t                    delay;   /* ticks by which footage is decoded
                                           before it is shown, at most */
    const worker_encode_t     *encode;  /* settings of the kind */
    worker_step_pt             step;    /* may be NULL */
    void                      *step_data;
    bool                       dry;     /* steps are told, none is taken */
} worker_making_t;

/* what came of it so far */
typedef struct {
    int64_t                    frames;  /* video frames in the output */
    int64_t                    copied;  /* of them, copied bit by bit */
    int64_t                    lost;    /* in range, but not decodable */
    int64_t                    damaged; /* of the frames, concealed */
    int64_t                    hurt;    /* frames of sound, likewise */
    int64_t                    done;    /* microseconds of video */
    int64_t                    bytes;
} worker_made_t;


/* a transition at work (worker_overlap.h) */
struct worker_overlap_s;

/*
 * Footage is taken on every path; start and end are the range's.  overlap
 * comes between two ranges, behind range_end of what is shown of the first
 * one alone; it stays the caller's.
 */
typedef struct {
    worker_rc_t  (*begin)(void **ret, const worker_making_t *making,
                          worker_err_t *err);
    worker_rc_t  (*add)(void *maker, worker_footage_t *footage,
                        int64_t start, int64_t end, bool hole,
                        worker_err_t *err);
    worker_rc_t  (*range_end)(void *maker, worker_err_t *err);
    worker_rc_t  (*overlap)(void *maker, struct worker_overlap_s *overlap,
                            worker_err_t *err);     /* NULL: hard cuts */
    worker_rc_t  (*finish)(void *maker, worker_err_t *err);
    void         (*made)(const void *maker, worker_made_t *ret);
    void         (*free)(void *maker);
} worker_maker_t;


#endif /* WORKER_MAKER_H_INCLUDED_ */
