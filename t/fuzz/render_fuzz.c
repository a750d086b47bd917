
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Requests of any bytes, a path and a query: what is refused has a sentence
 * of printable letters; what is read is put and read again as the same.
 */


#include "common/wub_render.h"


#define FUZZ_ARENA_MAX  ((size_t) 1 << 24)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


static void
fuzz_sentence(const wub_answer_t *answer)
{
    size_t  i;

    fuzz_check(answer->status == 400);
    fuzz_check(answer->sentence.len > 0 && answer->sentence.len < 512);

    for (i = 0; i < answer->sentence.len; i++) {
        fuzz_check(answer->sentence.data[i] >= ' '
                   && answer->sentence.data[i] < 0x7f);
    }
}


/* ret: kind, channel, quality and posted are set */
static bool
fuzz_read(wub_arena_t *arena, wub_str_t raw, wub_render_t *ret)
{
    wub_query_t   query;
    wub_answer_t  answer;

    if (wub_query_parse(arena, raw, &query) != WUB_OK
        || wub_render_read(arena, &query, ret, &answer) != WUB_OK)
    {
        return false;
    }

    if (answer.status != 0) {
        fuzz_sentence(&answer);
        return false;
    }

    return true;
}


/* put, read and put again: the same text */
static void
fuzz_round(wub_arena_t *arena, const wub_render_t *r)
{
    size_t        path, n;
    wub_buf_t     b, again;
    wub_str_t     text;
    wub_render_t  back;

    wub_buf_init(&b, arena, FUZZ_ARENA_MAX);
    wub_buf_init(&again, arena, FUZZ_ARENA_MAX);

    if (wub_render_put(&b, r, &path) != WUB_OK) {
        return;
    }

    text = wub_buf_view(&b);
    memset(&back, 0, sizeof(wub_render_t));

    fuzz_check(path < text.len && text.data[path] == '?');
    fuzz_check(wub_render_path(arena, wub_str_n(text.data, path), &back)
               == WUB_OK);
    fuzz_check(back.kind == r->kind);
    fuzz_check(wub_str_eq(back.channel, r->channel));
    fuzz_check(wub_str_eq(back.quality, r->quality));

    back.posted = r->posted;

    fuzz_check(fuzz_read(arena, wub_str_n(text.data + path + 1,
                                          text.len - path - 1), &back));
    fuzz_check(wub_render_put(&again, &back, &n) == WUB_OK && n == path);
    fuzz_check(wub_str_eq(wub_buf_view(&again), text));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wub_str_t      raw, path;
    const char    *mark;
    wub_arena_t   *arena;
    wub_answer_t   answer;
    wub_render_t   r;

    arena = wub_arena_create(FUZZ_ARENA_MAX);
    if (arena == NULL) {
        return 0;
    }

    raw = wub_str_n((const char *) data, size);
    mark = (size != 0) ? memchr(raw.data, '?', size) : NULL;

    path = raw;
    path.len = (mark != NULL) ? (size_t) (mark - raw.data) : size;

    memset(&r, 0, sizeof(wub_render_t));

    if (wub_render_path(arena, path, &r) == WUB_OK && mark != NULL) {
        r.posted = (size % 2 != 0);

        if (fuzz_read(arena, wub_str_n(mark + 1, size - path.len - 1), &r)) {
            fuzz_round(arena, &r);

            if (wub_render_type(arena, &r, &answer) == WUB_OK
                && answer.status != 0)
            {
                fuzz_sentence(&answer);
            }
        }
    }

    wub_arena_destroy(arena);

    return 0;
}
