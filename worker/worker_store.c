
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/wub_dir.h"
#include "common/wub_time.h"
#include "worker/worker_store.h"


static worker_rc_t worker_store_check(const worker_store_t *store,
    worker_err_t *err);
static worker_rc_t worker_store_hours(wub_arena_t *arena,
    const worker_store_t *store, const wub_range_t *range,
    wub_hour_t **ret, size_t *ret_nhours, worker_err_t *err);
static worker_rc_t worker_store_failed(wub_rc_t rc, int error,
    const char *path, worker_err_t *err);


worker_rc_t
worker_store_chain(wub_arena_t *arena, const worker_store_t *store,
    const wub_range_t *range, wub_chain_t *ret, worker_err_t *err)
{
    char          start[WUB_TIME_LEN], end[WUB_TIME_LEN];
    size_t        nhours;
    wub_rc_t      rc;
    wub_hour_t   *hours;
    worker_rc_t   wrc;

    hours = NULL;
    nhours = 0;

    wrc = worker_store_check(store, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    wrc = worker_store_hours(arena, store, range, &hours, &nhours, err);
    if (wrc != WORKER_OK) {
        return wrc;
    }

    rc = wub_best_collect(arena, hours, nhours, range->start, range->end,
                          store->tolerance, ret);
    if (rc != WUB_OK) {
        return worker_fail_wub(err, rc, "The segments of a range");
    }

    if (ret->nsegments == 0) {
        wub_time_format(range->start, start);
        wub_time_format(range->end, end);

        return worker_fail(err, WORKER_INVALID,
                           "There is no footage of %s/%s from %.*s to %.*s; "
                           "check the channel, the quality and the times.",
                           store->channel, store->quality, WUB_TIME_LEN,
                           start, WUB_TIME_LEN, end);
    }

    return WORKER_OK;
}


const char *
worker_store_hour_path(wub_arena_t *arena, const worker_store_t *store,
    const wub_hour_t *hour)
{
    char       name[WUB_HOUR_LEN];
    wub_buf_t  b;

    wub_hour_format(hour->start, name);

    wub_buf_init(&b, arena, 3 * (WUB_NAME_MAX + 1));
    wub_buf_put(&b, store->channel, strlen(store->channel));
    wub_buf_putc(&b, '/');
    wub_buf_put(&b, store->quality, strlen(store->quality));
    wub_buf_putc(&b, '/');
    wub_buf_put(&b, name, WUB_HOUR_LEN);
    wub_buf_putc(&b, '\0');

    return (b.rc == WUB_OK) ? b.data : NULL;
}


worker_rc_t
worker_store_open(wub_arena_t *arena, const worker_store_t *store,
    const wub_hour_t *hour, const wub_segment_t *segment, int *ret_fd,
    uint64_t *ret_size, worker_err_t *err)
{
    int              dirfd, error;
    wub_rc_t         rc;
    const char      *path;
    wub_file_stat_t  st;

    path = worker_store_hour_path(arena, store, hour);
    if (path == NULL) {
        return worker_fail_memory(err, "The path of a segment");
    }

    rc = wub_dir_open(store->segments, path, &dirfd, &error);

    if (rc == WUB_OK) {
        rc = wub_dir_open_segment(dirfd, segment->name, ret_fd, &st, &error);
        (void) close(dirfd);
    }

    if (rc == WUB_OK) {
        *ret_size = st.size;
        return WORKER_OK;
    }

    if (rc == WUB_NOT_FOUND) {
        return worker_fail(err, WORKER_RETRY,
                           "The segment %s/%.*s vanished while it was "
                           "needed.", path, (int) segment->name.len,
                           segment->name.data);
    }

    return worker_fail(err, WORKER_RETRY,
                       "The segment %s/%.*s cannot be opened: %s.", path,
                       (int) segment->name.len, segment->name.data,
                       (error != 0) ? strerror(error)
                                    : "it has a tombstone, or is no file");
}


void
worker_store_ahead(wub_arena_t *arena, const worker_store_t *store,
    const wub_hour_t *hour, const wub_segment_t *segment)
{
    int       fd;
    uint64_t  size;

    if (worker_store_open(arena, store, hour, segment, &fd, &size, NULL)
        != WORKER_OK)
    {
        return;
    }

    (void) posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
    (void) close(fd);
}


/* the quality must be there: an hour that is missing is only a hole */
static worker_rc_t
worker_store_check(const worker_store_t *store, worker_err_t *err)
{
    int         fd, error;
    char        path[2 * (WUB_NAME_MAX + 1)];
    size_t      n, m;
    wub_rc_t    rc;

    n = strlen(store->channel);
    m = strlen(store->quality);

    if (!wub_name_safe(wub_str_n(store->channel, n))
        || !wub_name_safe(wub_str_n(store->quality, m)))
    {
        return worker_fail(err, WORKER_INVALID,
                           "A channel and a quality are names without '/' "
                           "that do not begin with a dot.");
    }

    memcpy(path, store->channel, n);
    path[n] = '/';
    memcpy(path + n + 1, store->quality, m + 1);

    rc = wub_dir_open(store->segments, path, &fd, &error);
    if (rc != WUB_OK) {
        return worker_store_failed(rc, error, path, err);
    }

    (void) close(fd);

    return WORKER_OK;
}


static worker_rc_t
worker_store_hours(wub_arena_t *arena, const worker_store_t *store,
    const wub_range_t *range, wub_hour_t **ret, size_t *ret_nhours,
    worker_err_t *err)
{
    int          error;
    size_t       n, room;
    int64_t      first, last, at;
    wub_rc_t     rc;
    wub_hour_t   hour, *hours;
    const char  *path;

    wub_best_hours(range->start, range->end, &first, &last);

    n = 0;
    room = 0;
    hours = NULL;

    for (at = first; at <= last; at += WUB_HOUR) {
        hour.start = at;

        path = worker_store_hour_path(arena, store, &hour);
        if (path == NULL) {
            return worker_fail_memory(err, "The path of an hour");
        }

        rc = wub_dir_hour(arena, store->segments, path, at, store->tolerance,
                          &hour, &error);
        if (rc == WUB_NOT_FOUND || rc == WUB_DECLINED) {
            continue;
        }

        if (rc != WUB_OK) {
            return worker_store_failed(rc, error, path, err);
        }

        if (n == room) {
            hours = wub_arena_grow(arena, hours, room * sizeof(wub_hour_t),
                                   (2 * room + 4) * sizeof(wub_hour_t));
            if (hours == NULL) {
                return worker_fail_memory(err, path);
            }

            room = 2 * room + 4;
        }

        hours[n++] = hour;
    }

    *ret = hours;
    *ret_nhours = n;

    return WORKER_OK;
}


static worker_rc_t
worker_store_failed(wub_rc_t rc, int error, const char *path,
    worker_err_t *err)
{
    switch (rc) {

    case WUB_NOT_FOUND:
    case WUB_DECLINED:
        return worker_fail(err, WORKER_INVALID,
                           "There is no folder %s in the segment store.",
                           path);

    case WUB_DENIED:
        return worker_fail(err, WORKER_INVALID,
                           "The folder %s of the segment store may not be "
                           "read: %s.", path, strerror(error));

    case WUB_TOO_BIG:
        return worker_fail(err, WORKER_INVALID,
                           "The folder %s of the segment store holds more "
                           "than %d names.", path, WUB_HOUR_ENTRIES_MAX);

    case WUB_OK:
    case WUB_INVALID:
    case WUB_NO_MEMORY:
    case WUB_IO:
        break;
    }

    return worker_fail(err, WORKER_RETRY,
                       "The folder %s of the segment store cannot be read: "
                       "%s.", path,
                       (error != 0) ? strerror(error) : "out of memory");
}
