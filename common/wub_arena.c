
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_arena.h"

#include <stdlib.h>


#define WUB_ARENA_ALIGN          _Alignof(max_align_t)

/* bytes of the first block; later ones double up to the greatest */
#define WUB_ARENA_BLOCK_MIN      ((size_t) 4096)
#define WUB_ARENA_BLOCK_MAX      ((size_t) 1 << 20)

#define wub_arena_align(n)                                                    \
    (((n) + WUB_ARENA_ALIGN - 1) & ~(size_t) (WUB_ARENA_ALIGN - 1))


typedef struct wub_arena_block_s  wub_arena_block_t;

struct wub_arena_block_s {
    wub_arena_block_t  *next;
    size_t              size;       /* bytes of data */
    size_t              used;       /* always aligned */
    max_align_t         data[];
};


struct wub_arena_s {
    wub_arena_block_t  *first;
    wub_arena_block_t  *last;       /* the one that is bumped */
    size_t              max;
    size_t              held;       /* bytes of all blocks, heads excepted */
    size_t              used;       /* bytes handed out, padding included */
    size_t              fail;       /* allocations until failure; 0: never */
};


static bool wub_arena_failing(wub_arena_t *arena);
static void *wub_arena_bump(wub_arena_t *arena, size_t size);
static wub_arena_block_t *wub_arena_block(wub_arena_t *arena, size_t size);
static void wub_arena_free_from(wub_arena_block_t *block);


wub_arena_t *
wub_arena_create(size_t max)
{
    wub_arena_t  *arena;

    arena = calloc(1, sizeof(wub_arena_t));
    if (arena == NULL) {
        return NULL;
    }

    arena->max = max;

    return arena;
}


void
wub_arena_destroy(wub_arena_t *arena)
{
    if (arena == NULL) {
        return;
    }

    wub_arena_free_from(arena->first);
    free(arena);
}


void
wub_arena_reset(wub_arena_t *arena)
{
    if (arena->first == NULL) {
        return;
    }

    wub_arena_free_from(arena->first->next);

    arena->first->next = NULL;
    arena->first->used = 0;
    arena->last = arena->first;
    arena->held = arena->first->size;
    arena->used = 0;
}


void *
wub_arena_alloc(wub_arena_t *arena, size_t size)
{
    if (wub_arena_failing(arena)) {
        return NULL;
    }

    return wub_arena_bump(arena, size);
}


void *
wub_arena_calloc(wub_arena_t *arena, size_t size)
{
    void  *p;

    p = wub_arena_alloc(arena, size);
    if (p == NULL) {
        return NULL;
    }

    memset(p, 0, size);

    return p;
}


void *
wub_arena_grow(wub_arena_t *arena, void *old, size_t old_size,
    size_t new_size)
{
    char               *p, *end;
    size_t              have, want;
    wub_arena_block_t  *block;

    if (old != NULL && new_size <= old_size) {
        return old;
    }

    if (wub_arena_failing(arena)) {
        return NULL;
    }

    if (old != NULL && new_size <= arena->max) {
        block = arena->last;
        have = wub_arena_align(old_size == 0 ? 1 : old_size);
        want = wub_arena_align(new_size);
        end = (char *) block->data + block->used;

        if ((char *) old + have == end
            && want - have <= block->size - block->used)
        {
            block->used += want - have;
            arena->used += want - have;
            return old;
        }
    }

    p = wub_arena_bump(arena, new_size);
    if (p == NULL) {
        return NULL;
    }

    if (old != NULL && old_size != 0) {
        memcpy(p, old, old_size);
    }

    return p;
}


char *
wub_arena_strdup(wub_arena_t *arena, wub_str_t s)
{
    char  *p;

    if (s.len == SIZE_MAX) {
        return NULL;
    }

    p = wub_arena_alloc(arena, s.len + 1);
    if (p == NULL) {
        return NULL;
    }

    if (s.len != 0) {
        memcpy(p, s.data, s.len);
    }

    p[s.len] = '\0';

    return p;
}


size_t
wub_arena_used(const wub_arena_t *arena)
{
    return arena->used;
}


void
wub_arena_fail_after(wub_arena_t *arena, size_t nth)
{
    arena->fail = nth;
}


static bool
wub_arena_failing(wub_arena_t *arena)
{
    if (arena->fail == 0) {
        return false;
    }

    if (arena->fail == 1) {
        return true;
    }

    arena->fail--;

    return false;
}


static void *
wub_arena_bump(wub_arena_t *arena, size_t size)
{
    char               *p;
    wub_arena_block_t  *block;

    if (size > arena->max) {
        return NULL;
    }

    /* an empty allocation has an address of its own too */
    size = wub_arena_align(size == 0 ? 1 : size);
    block = arena->last;

    if (block == NULL || size > block->size - block->used) {
        block = wub_arena_block(arena, size);
        if (block == NULL) {
            return NULL;
        }
    }

    p = (char *) block->data + block->used;
    block->used += size;
    arena->used += size;

    return p;
}


static wub_arena_block_t *
wub_arena_block(wub_arena_t *arena, size_t size)
{
    size_t              n;
    wub_arena_block_t  *block;

    n = (arena->last == NULL) ? WUB_ARENA_BLOCK_MIN : arena->last->size * 2;

    if (n > WUB_ARENA_BLOCK_MAX) {
        n = WUB_ARENA_BLOCK_MAX;
    }

    if (n > arena->max - arena->held) {
        n = (arena->max - arena->held) & ~(size_t) (WUB_ARENA_ALIGN - 1);
    }

    if (n < size) {
        n = size;
    }

    if (n > arena->max - arena->held) {
        return NULL;
    }

    block = malloc(sizeof(wub_arena_block_t) + n);
    if (block == NULL) {
        return NULL;
    }

    block->next = NULL;
    block->size = n;
    block->used = 0;

    if (arena->last == NULL) {
        arena->first = block;

    } else {
        arena->last->next = block;
    }

    arena->last = block;
    arena->held += n;

    return block;
}


static void
wub_arena_free_from(wub_arena_block_t *block)
{
    wub_arena_block_t  *next;

    while (block != NULL) {
        next = block->next;
        free(block);
        block = next;
    }
}
