
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_render_in: one request as it is read.  Shared by the files of
 * wub_render only.
 * May call: as wub_render.
 * Frees: nothing; results live in the arena.
 *
 * Functions return WUB_OK to go on; they fill in the answer and return
 * WUB_DECLINED to refuse; anything else is a failure.
 */


#ifndef WUB_RENDER_IN_H_INCLUDED_
#define WUB_RENDER_IN_H_INCLUDED_


#include "common/wub_render.h"


typedef struct {
    wub_arena_t        *arena;
    const wub_query_t  *query;
    wub_render_t       *render;
    wub_answer_t       *answer;
} wub_render_in_t;


wub_rc_t wub_render_read_cut(const wub_render_in_t *in) WUB_MUST_CHECK;

/* ret is left as it is where a time is missing that is not required */
wub_rc_t wub_render_time(const wub_render_in_t *in, wub_str_t name,
    bool required, int64_t *ret) WUB_MUST_CHECK;

/*
 * 400.  Each '%' of the sentence takes the next of args, in letters that do
 * no harm, and cut short where it is long.
 */
wub_rc_t wub_render_refuse(const wub_render_in_t *in, const char *sentence,
    const wub_str_t *args) WUB_MUST_CHECK;


#endif /* WUB_RENDER_IN_H_INCLUDED_ */
