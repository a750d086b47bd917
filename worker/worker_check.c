
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdio.h>
#include <unistd.h>

#include "common/wub_dir.h"
#include "common/wub_time.h"
#include "worker/worker_check.h"
#include "worker/worker_cut_joints.h"


/* "range N (START to END)" */
#define WORKER_CHECK_RANGE       96


static worker_rc_t worker_check_location(const worker_config_t *config,
    const worker_job_t *job, worker_check_t *ret, worker_err_t *err);
static worker_rc_t worker_check_ranges(wub_arena_t *arena,
    const worker_job_t *job, worker_check_t *ret, worker_err_t *err);
static worker_rc_t worker_check_video(wub_arena_t *arena,
    const worker_config_t *config, const worker_job_t *job,
    worker_check_t *ret, worker_err_t *err);
static worker_rc_t worker_check_store(const worker_config_t *config,
    const worker_job_t *job, worker_store_t *ret, worker_err_t *err);
static worker_rc_t worker_check_tags(wub_arena_t *arena,
    const worker_list_t *more, wub_pg_items_t *tags, worker_err_t *err);
static worker_rc_t worker_check_thumbnail(wub_arena_t *arena,
    const worker_job_t *job, worker_check_t *ret, worker_err_t *err);
static worker_rc_t worker_check_range(wub_arena_t *arena,
    const worker_check_t *check, size_t n, worker_err_t *err);
static void worker_check_range_name(const wub_range_t *range, size_t n,
    char out[WORKER_CHECK_RANGE]);
static worker_rc_t worker_check_read(wub_arena_t *arena,
    const worker_check_t *check, wub_names_t *ret, worker_err_t *err);
static worker_rc_t worker_check_hour(wub_arena_t *arena,
    const worker_check_t *check, const wub_range_t *range, int64_t hour_us,
    wub_names_t *ret, worker_err_t *err);
static worker_rc_t worker_check_names(wub_arena_t *arena,
    const wub_names_t *names, const wub_range_t *range, int64_t hour_us,
    wub_names_t *ret, worker_err_t *err);
static worker_rc_t worker_check_add(wub_arena_t *arena, int64_t hour_us,
    wub_str_t stem, wub_names_t *ret, worker_err_t *err);


worker_rc_t
worker_check_job(wub_arena_t *arena, const worker_config_t *config,
    const worker_job_t *job, worker_check_t *ret, worker_err_t *err)
{
    size_t          i;
    worker_rc_t     rc;
    worker_check_t  check;

    memset(&check, 0, sizeof(worker_check_t));

    rc = worker_check_location(config, job, &check, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    rc = worker_check_ranges(arena, job, &check, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    rc = worker_check_video(arena, config, job, &check, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    /* before the segments: a tombstone that comes in between is seen */

    rc = worker_check_read(arena, &check, &check.tombstones, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    for (i = 0; i < check.ranges.nranges; i++) {
        rc = worker_check_range(arena, &check, i, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    *ret = check;

    return WORKER_OK;
}


worker_rc_t
worker_check_tombstones(wub_arena_t *arena, const worker_check_t *check,
    worker_err_t *err)
{
    size_t        i, j;
    wub_names_t   now;
    worker_rc_t   rc;

    memset(&now, 0, sizeof(wub_names_t));

    rc = worker_check_read(arena, check, &now, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    j = 0;

    for (i = 0; i < now.nnames; i++) {

        while (j < check->tombstones.nnames
               && wub_str_cmp(check->tombstones.names[j], now.names[i]) < 0)
        {
            j++;
        }

        if (j == check->tombstones.nnames
            || !wub_str_eq(check->tombstones.names[j], now.names[i]))
        {
            return worker_fail(err, WORKER_RETRY,
                               "The segment %.*s was tombstoned during the"
                               " cut; the video is made again without it",
                               (int) now.names[i].len, now.names[i].data);
        }
    }

    return WORKER_OK;
}


static worker_rc_t
worker_check_location(const worker_config_t *config, const worker_job_t *job,
    worker_check_t *ret, worker_err_t *err)
{
    const char  *name, *cut_type;

    name = job->columns[WORKER_JOB_LOCATION];
    cut_type = job->columns[WORKER_JOB_CUT_TYPE];

    ret->location = (name != NULL) ? worker_config_location(&config->cut, name)
                                   : NULL;

    if (ret->location == NULL) {
        return worker_fail(err, WORKER_INVALID,
                           "This worker has no upload location \"%s\"",
                           name != NULL ? name : "");
    }

    ret->kind = (cut_type != NULL) ? worker_kind_find(cut_type)
                                   : ret->location->kind;

    if (ret->kind == NULL) {
        return worker_fail(err, WORKER_INVALID,
                           "\"%s\" is not a cut type; use "
                           WORKER_KIND_NAMES, cut_type);
    }

    /* settings are those of the location's own kind */

    if (ret->kind == ret->location->kind) {
        ret->encode = ret->location->encode;

    } else {
        worker_encode_defaults(&ret->encode, ret->kind->name);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_check_ranges(wub_arena_t *arena, const worker_job_t *job,
    worker_check_t *ret, worker_err_t *err)
{
    char           name[WORKER_CHECK_RANGE];
    size_t         i;
    const char    *ranges, *transitions;
    wub_range_t   *r;

    ranges = job->columns[WORKER_JOB_RANGES];
    transitions = job->columns[WORKER_JOB_TRANSITIONS];

    if (ranges == NULL
        || wub_range_pg_parse(arena, wub_str_n(ranges, strlen(ranges)),
                              &ret->ranges) != WUB_OK
        || ret->ranges.nranges == 0)
    {
        return worker_fail(err, WORKER_INVALID,
                           "The job has no ranges that can be read; submit"
                           " it again");
    }

    if (transitions != NULL
        && wub_transition_pg_parse(arena,
                                   wub_str_n(transitions,
                                             strlen(transitions)),
                                   &ret->ranges) != WUB_OK)
    {
        return worker_fail(err, WORKER_INVALID,
                           "The job has transitions that cannot be read;"
                           " submit it again");
    }

    for (i = 0; i < ret->ranges.nranges; i++) {
        r = &ret->ranges.ranges[i];

        if (r->end == INT64_MAX || r->start >= r->end) {
            worker_check_range_name(r, i, name);
            return worker_fail(err, WORKER_INVALID,
                               "%s does not end after its start; correct it"
                               " and submit the job again", name);
        }

        if (r->end - r->start > WORKER_CUT_HOURS * WUB_HOUR) {
            worker_check_range_name(r, i, name);
            return worker_fail(err, WORKER_INVALID,
                               "%s is longer than %d hours; correct it and"
                               " submit the job again", name,
                               WORKER_CUT_HOURS);
        }
    }

    return ret->kind->whole ? WORKER_OK
                            : worker_cut_joints(&ret->ranges, err);
}


static worker_rc_t
worker_check_video(wub_arena_t *arena, const worker_config_t *config,
    const worker_job_t *job, worker_check_t *ret, worker_err_t *err)
{
    const char   *tags;
    worker_rc_t   rc;

    if (job->columns[WORKER_JOB_CHANNEL] == NULL
        || job->columns[WORKER_JOB_QUALITY] == NULL
        || job->columns[WORKER_JOB_TITLE] == NULL
        || job->columns[WORKER_JOB_DESCRIPTION] == NULL
        || job->columns[WORKER_JOB_TAGS] == NULL)
    {
        return worker_fail(err, WORKER_INVALID,
                           "The job lacks its channel, quality, title,"
                           " description or tags; submit it again");
    }

    rc = worker_check_store(config, job, &ret->store, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    ret->allow_holes = (strcmp(job->columns[WORKER_JOB_ALLOW_HOLES], "true")
                        == 0);

    tags = job->columns[WORKER_JOB_TAGS];

    if (wub_pg_array_parse(arena, wub_str_n(tags, strlen(tags)), &ret->tags)
        != WUB_OK)
    {
        return worker_fail(err, WORKER_INVALID,
                           "The job's video_tags cannot be read; submit it"
                           " again");
    }

    rc = worker_check_tags(arena, &config->cut.tags, &ret->tags, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_check_thumbnail(arena, job, ret, err);
}


static worker_rc_t
worker_check_store(const worker_config_t *config, const worker_job_t *job,
    worker_store_t *ret, worker_err_t *err)
{
    const char  *channel, *quality;

    channel = job->columns[WORKER_JOB_CHANNEL];
    quality = job->columns[WORKER_JOB_QUALITY];

    if (!wub_name_safe(wub_str_n(channel, strlen(channel)))
        || !wub_name_safe(wub_str_n(quality, strlen(quality))))
    {
        return worker_fail(err, WORKER_INVALID,
                           "\"%.255s/%.255s\" is no channel and quality:"
                           " names have no slash and do not begin with a dot",
                           channel, quality);
    }

    ret->segments = config->segments;
    ret->channel = channel;
    ret->quality = quality;
    ret->tolerance = WUB_BEST_TOLERANCE;

    return WORKER_OK;
}


/* the worker's own tags follow the row's, each once */
static worker_rc_t
worker_check_tags(wub_arena_t *arena, const worker_list_t *more,
    wub_pg_items_t *tags, worker_err_t *err)
{
    size_t      i, j;
    wub_str_t   tag, *items;

    items = wub_arena_calloc(arena, (tags->nitems + more->nitems + 1)
                                    * sizeof(wub_str_t));

    if (items == NULL) {
        return worker_fail_memory(err, "The tags");
    }

    if (tags->nitems > 0) {
        memcpy(items, tags->items, tags->nitems * sizeof(wub_str_t));
    }

    tags->items = items;

    for (i = 0; i < more->nitems; i++) {
        tag = wub_str_n(more->items[i], strlen(more->items[i]));

        for (j = 0; j < tags->nitems && !wub_str_eq(items[j], tag); j++) {
            continue;
        }

        if (j == tags->nitems) {
            items[tags->nitems++] = tag;
        }
    }

    return WORKER_OK;
}


static worker_rc_t
worker_check_thumbnail(wub_arena_t *arena, const worker_job_t *job,
    worker_check_t *ret, worker_err_t *err)
{
    const char  *mode, *image;

    mode = job->columns[WORKER_JOB_THUMBNAIL_MODE];
    image = job->columns[WORKER_JOB_THUMBNAIL_IMAGE];

    if (strcmp(mode, "NONE") == 0) {
        return WORKER_OK;
    }

    if (strcmp(mode, "CUSTOM") != 0) {
        return worker_fail(err, WORKER_INVALID,
                           "The thumbnail mode %s is not in this version;"
                           " use NONE or CUSTOM", mode);
    }

    if (image == NULL
        || wub_pg_bytea_parse(arena, wub_str_n(image, strlen(image)),
                              &ret->thumbnail) != WUB_OK
        || ret->thumbnail.len == 0)
    {
        return worker_fail(err, WORKER_INVALID,
                           "The thumbnail mode is CUSTOM, but the job has no"
                           " image; upload one");
    }

    return WORKER_OK;
}


static worker_rc_t
worker_check_range(wub_arena_t *arena, const worker_check_t *check,
    size_t n, worker_err_t *err)
{
    char                from[WUB_TIME_LEN], to[WUB_TIME_LEN];
    char                name[WORKER_CHECK_RANGE];
    size_t              i;
    int64_t             start, end;
    worker_rc_t         rc;
    wub_chain_t         chain;
    worker_err_t        why;
    const wub_range_t  *range;

    range = &check->ranges.ranges[n];
    worker_check_range_name(range, n, name);

    rc = worker_store_chain(arena, &check->store, range, &chain, &why);
    if (rc != WORKER_OK) {
        return worker_fail(err, rc, "%s: %.800s", name, why.text);
    }

    if (chain.nholes == 0 || check->allow_holes) {
        return WORKER_OK;
    }

    for (i = 0; chain.parts[i].segment != NULL; i++) {
        continue;
    }

    /* of a gap, the part that was asked for */

    start = chain.parts[i].from;
    end = chain.parts[i].to;

    wub_time_format(start > range->start ? start : range->start, from);
    wub_time_format(end < range->end ? end : range->end, to);

    return worker_fail(err, WORKER_HOLES,
                       "%s has %zu hole%s, the first from %.*s to %.*s; wait"
                       " for the footage, move the range or allow holes",
                       name, chain.nholes, chain.nholes == 1 ? "" : "s",
                       WUB_TIME_LEN, from, WUB_TIME_LEN, to);
}


static void
worker_check_range_name(const wub_range_t *range, size_t n,
    char out[WORKER_CHECK_RANGE])
{
    int   len;
    char  start[WUB_TIME_LEN], end[WUB_TIME_LEN];

    wub_time_format(range->start, start);
    end[0] = '\0';
    len = 0;

    if (range->end != INT64_MAX) {
        wub_time_format(range->end, end);
        len = WUB_TIME_LEN;
    }

    (void) snprintf(out, WORKER_CHECK_RANGE, "range %zu (%.*s to %.*s)",
                    n + 1, WUB_TIME_LEN, start, len, end);
}


/* the tombstones of segments that touch the ranges */
static worker_rc_t
worker_check_read(wub_arena_t *arena, const worker_check_t *check,
    wub_names_t *ret, worker_err_t *err)
{
    size_t              i;
    int64_t             first, last, at;
    worker_rc_t         rc;
    const wub_range_t  *range;

    for (i = 0; i < check->ranges.nranges; i++) {
        range = &check->ranges.ranges[i];
        wub_best_hours(range->start, range->end, &first, &last);

        for (at = first; at <= last; at += WUB_HOUR) {
            rc = worker_check_hour(arena, check, range, at, ret, err);
            if (rc != WORKER_OK) {
                return rc;
            }
        }
    }

    wub_names_sort(ret);

    return WORKER_OK;
}


static worker_rc_t
worker_check_hour(wub_arena_t *arena, const worker_check_t *check,
    const wub_range_t *range, int64_t hour_us, wub_names_t *ret,
    worker_err_t *err)
{
    int          fd, error;
    wub_rc_t     rc;
    wub_hour_t   hour;
    const char  *path;
    wub_names_t  names;

    hour.start = hour_us;
    path = worker_store_hour_path(arena, &check->store, &hour);

    if (path == NULL) {
        return worker_fail_memory(err, "The path of an hour");
    }

    rc = wub_dir_open(check->store.segments, path, &fd, &error);

    if (rc == WUB_NOT_FOUND || rc == WUB_DECLINED) {
        return WORKER_OK;
    }

    if (rc != WUB_OK) {
        return worker_fail_wub(err, rc, path);
    }

    rc = wub_dir_read(arena, fd, WUB_HOUR_ENTRIES_MAX, &names, &error);
    (void) close(fd);

    if (rc != WUB_OK) {
        return worker_fail_wub(err, rc, path);
    }

    return worker_check_names(arena, &names, range, hour_us, ret, err);
}


static worker_rc_t
worker_check_names(wub_arena_t *arena, const wub_names_t *names,
    const wub_range_t *range, int64_t hour_us, wub_names_t *ret,
    worker_err_t *err)
{
    char            ts[WUB_NAME_MAX + sizeof(".ts")];
    size_t          i;
    wub_str_t       stem;
    worker_rc_t     rc;
    wub_segment_t   segment;

    for (i = 0; i < names->nnames; i++) {

        if (wub_name_kind(names->names[i]) != WUB_NAME_TOMBSTONE) {
            continue;
        }

        stem = wub_name_stem(names->names[i]);

        if (stem.len > WUB_NAME_MAX) {
            continue;
        }

        memcpy(ts, stem.data, stem.len);
        memcpy(ts + stem.len, ".ts", sizeof(".ts"));

        if (wub_segment_parse(wub_str_n(ts, stem.len + 3), hour_us, &segment)
            != WUB_OK
            || segment.start >= range->end
            || wub_segment_end(&segment) <= range->start)
        {
            continue;
        }

        rc = worker_check_add(arena, hour_us, stem, ret, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


static worker_rc_t
worker_check_add(wub_arena_t *arena, int64_t hour_us, wub_str_t stem,
    wub_names_t *ret, worker_err_t *err)
{
    char    *name;
    size_t   size;

    /* grows in steps of powers of two, from 16 names on */

    size = ret->nnames * sizeof(wub_str_t);

    if (ret->nnames == 0) {
        ret->names = wub_arena_alloc(arena, 16 * sizeof(wub_str_t));

    } else if (ret->nnames >= 16
               && (ret->nnames & (ret->nnames - 1)) == 0)
    {
        ret->names = wub_arena_grow(arena, ret->names, size, 2 * size);
    }

    name = wub_arena_alloc(arena, WUB_HOUR_LEN + 1 + stem.len);

    if (ret->names == NULL || name == NULL) {
        return worker_fail_memory(err, "The tombstones");
    }

    wub_hour_format(hour_us, name);
    name[WUB_HOUR_LEN] = '/';
    memcpy(name + WUB_HOUR_LEN + 1, stem.data, stem.len);

    ret->names[ret->nnames++] = wub_str_n(name, WUB_HOUR_LEN + 1 + stem.len);

    return WORKER_OK;
}
