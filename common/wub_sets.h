
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_sets: the parameter sets of a video stream that are in force at a
 * place in it: of each kind and id the one sent last.
 * May call: wub_arena.
 * Frees: nothing; bytes lie in the caller's stream and arena.
 */


#ifndef WUB_SETS_H_INCLUDED_
#define WUB_SETS_H_INCLUDED_


#include "common/wub_arena.h"
#include "common/wub_video.h"


#define WUB_SETS_MAX             64


typedef struct {
    wub_video_set_t   sets[WUB_SETS_MAX];   /* by kind and id */
    size_t            nsets;
    const wub_str_t  *bytes;                /* of all; NULL: to be made */
} wub_sets_t;


void wub_sets_init(wub_sets_t *sets);

/* WUB_TOO_BIG: more than the maximum */
wub_rc_t wub_sets_put(wub_sets_t *sets, const wub_video_set_t *set)
    WUB_MUST_CHECK;

/* NULL: there is none */
const wub_video_set_t *wub_sets_find(const wub_sets_t *sets,
    wub_video_kind_e kind, uint32_t id);

/*
 * All that are in force, with start codes; the same pointer as long as they
 * stay the same.  NULL: no memory.
 */
const wub_str_t *wub_sets_bytes(wub_sets_t *sets, wub_arena_t *arena)
    WUB_MUST_CHECK;

/* true when an access unit carries all of them itself, and some */
bool wub_sets_carried(const wub_sets_t *sets, const wub_video_unit_t *unit);


#endif /* WUB_SETS_H_INCLUDED_ */
