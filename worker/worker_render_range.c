
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>
#include <unistd.h>

#include "common/wub_dir.h"
#include "common/wub_time.h"
#include "worker/worker_render_range.h"


static wub_rc_t worker_render_range_dir(wub_arena_t *arena,
    const worker_store_t *store, int *ret_fd);
static worker_rc_t worker_render_range_hours(wub_arena_t *arena,
    const worker_store_t *store, wub_range_t *ret, worker_err_t *err);
static void worker_render_range_answer(wub_answer_t *answer,
    unsigned status, const char *sentence);


worker_rc_t
worker_render_range_fill(wub_arena_t *arena, const worker_store_t *store,
    const wub_render_t *r, wub_answer_t *answer, worker_err_t *err)
{
    worker_rc_t   rc;
    wub_range_t   hours, *range;

    answer->status = 0;
    range = r->ranges.ranges;

    if (range->start != WUB_RENDER_UNSET && range->end != WUB_RENDER_UNSET) {
        return WORKER_OK;
    }

    rc = worker_render_range_hours(arena, store, &hours, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (hours.start >= hours.end) {
        worker_render_range_answer(answer, 404, "This quality has no segments"
                                   " yet; give start and end.");
        return WORKER_OK;
    }

    if (range->start == WUB_RENDER_UNSET) {
        range->start = hours.start;
    }

    if (range->end == WUB_RENDER_UNSET) {
        range->end = hours.end;
    }

    if (range->start >= range->end) {
        worker_render_range_answer(answer, 400, "Ends must be after starts");
    }

    return WORKER_OK;
}


void
worker_render_range_exists(wub_arena_t *arena, const worker_store_t *store,
    wub_answer_t *answer)
{
    int       fd;
    wub_rc_t  rc;

    answer->status = 0;
    rc = worker_render_range_dir(arena, store, &fd);

    if (rc == WUB_OK) {
        (void) close(fd);

    } else if (rc == WUB_NOT_FOUND || rc == WUB_DECLINED) {
        worker_render_range_answer(answer, 404,
                                   "There is no such channel or quality.");
    }
}


void
worker_render_range_empty(wub_arena_t *arena, const worker_store_t *store,
    const wub_render_t *r, wub_answer_t *answer)
{
    size_t              i, n;
    worker_rc_t         rc;
    wub_chain_t         chain;
    wub_range_t         span;
    const wub_range_t  *ranges;

    answer->status = 0;
    span = wub_render_span(r);

    ranges = (r->kind == WUB_RENDER_CUT) ? r->ranges.ranges : &span;
    n = (r->kind == WUB_RENDER_CUT) ? r->ranges.nranges : 1;

    for (i = 0; i < n; i++) {
        rc = worker_store_chain(arena, store, &ranges[i], &chain, NULL);

        if (rc != WORKER_INVALID) {
            continue;
        }

        worker_render_range_holes(r, answer);
        return;
    }
}


void
worker_render_range_holes(const wub_render_t *r, wub_answer_t *answer)
{
    worker_render_range_answer(answer, 406,
        (r->kind == WUB_RENDER_CUT && !r->allow_holes)
        ? "Requested time range contains holes or is incomplete."
        : "We have no content available within the requested time range.");
}


static wub_rc_t
worker_render_range_dir(wub_arena_t *arena, const worker_store_t *store,
    int *ret_fd)
{
    int        error;
    wub_buf_t  b;

    wub_buf_init(&b, arena, 2 * (WUB_NAME_MAX + 1));
    wub_buf_put(&b, store->channel, strlen(store->channel));
    wub_buf_putc(&b, '/');
    wub_buf_put(&b, store->quality, strlen(store->quality));
    wub_buf_putc(&b, '\0');

    return (b.rc == WUB_OK) ? wub_dir_open(store->segments, b.data, ret_fd,
                                           &error)
                            : b.rc;
}


/* from the first hour there is to the end of the last one */
static worker_rc_t
worker_render_range_hours(wub_arena_t *arena, const worker_store_t *store,
    wub_range_t *ret, worker_err_t *err)
{
    int          fd, error;
    size_t       i;
    int64_t      hour;
    wub_rc_t     rc;
    wub_names_t  names;

    ret->start = INT64_MAX;
    ret->end = INT64_MIN;

    rc = worker_render_range_dir(arena, store, &fd);

    if (rc == WUB_OK) {
        rc = wub_dir_read(arena, fd, WUB_HOUR_ENTRIES_MAX, &names, &error);
        (void) close(fd);
    }

    if (rc != WUB_OK) {
        return worker_fail_wub(err, rc, "The hours of a quality");
    }

    for (i = 0; i < names.nnames; i++) {

        if (wub_hour_parse(names.names[i], &hour) != WUB_OK) {
            continue;
        }

        ret->start = (hour < ret->start) ? hour : ret->start;
        ret->end = (hour + WUB_HOUR > ret->end) ? hour + WUB_HOUR : ret->end;
    }

    return WORKER_OK;
}


static void
worker_render_range_answer(wub_answer_t *answer, unsigned status,
    const char *sentence)
{
    answer->status = status;
    answer->sentence = wub_str_n(sentence, strlen(sentence));
}
