
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_arena: a bump allocator with a cap, for one request or one unit of
 * work.  The only caller of malloc() and free() in common/.
 * May call: malloc, free.
 * Frees: everything at once, in wub_arena_reset() and wub_arena_destroy().
 */


#ifndef WUB_ARENA_H_INCLUDED_
#define WUB_ARENA_H_INCLUDED_


#include "common/wub.h"


typedef struct wub_arena_s  wub_arena_t;


/* max: bytes the arena may hold in all; NULL when memory is out */
wub_arena_t *wub_arena_create(size_t max);

/* NULL is accepted */
void wub_arena_destroy(wub_arena_t *arena);

/* forgets all allocations, keeps the first block for the next turn */
void wub_arena_reset(wub_arena_t *arena);

/* aligned for any type, not zeroed; NULL when the cap or memory is out */
void *wub_arena_alloc(wub_arena_t *arena, size_t size) WUB_MUST_CHECK;
void *wub_arena_calloc(wub_arena_t *arena, size_t size) WUB_MUST_CHECK;

/*
 * Grows an allocation, in place where it is the newest one; otherwise its
 * old_size bytes are copied.  old may be NULL with old_size 0.
 */
void *wub_arena_grow(wub_arena_t *arena, void *old, size_t old_size,
    size_t new_size) WUB_MUST_CHECK;

/* a copy with a zero behind it; NULL when memory is out */
char *wub_arena_strdup(wub_arena_t *arena, wub_str_t s) WUB_MUST_CHECK;

size_t wub_arena_used(const wub_arena_t *arena);

/* tests: the nth allocation from now on fails, and all after; 0: never */
void wub_arena_fail_after(wub_arena_t *arena, size_t nth);


#endif /* WUB_ARENA_H_INCLUDED_ */
