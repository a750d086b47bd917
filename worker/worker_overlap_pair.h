
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_overlap_pair: which frames of two ranges are shown together, by
 * their places alone: ticks from the first frame of each.
 * May call: nothing.
 * Frees: nothing.
 */


#ifndef WORKER_OVERLAP_PAIR_H_INCLUDED_
#define WORKER_OVERLAP_PAIR_H_INCLUDED_


#include <stdbool.h>
#include <stdint.h>


/* what goes out */
typedef struct {
    int64_t  nframes;
    int64_t  last;          /* the place of the last one */
    int64_t  end;           /* and where it ends */
} worker_overlap_out_t;


/*
 * Whether of two that come in the next one is the nearer to a place.  Those
 * that belong to what follows are not asked for.
 */
bool worker_overlap_nearer(int64_t place, int64_t at, int64_t next);

/*
 * Whether a frame that comes in belongs to what follows: more than half of
 * it is behind the end.  However long it is, one that begins before the
 * last frame that goes out is shown with it.
 */
bool worker_overlap_behind(const worker_overlap_out_t *out, int64_t place,
    int64_t duration);


#endif /* WORKER_OVERLAP_PAIR_H_INCLUDED_ */
