
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * The backend "local": TITLE-UUID.ts (.mp4, ...) in a folder, with
 * TITLE-UUID.json and UUID.png beside it where they are wanted (CONTRACT.md
 * 8).
 */


#include "common/wub_buf.h"
#include "common/wub_segment.h"
#include "worker/worker_upload.h"


/* characters of the title in a name; the rest of it stays below 60 */
#define WORKER_UPLOAD_TITLE      180

#define WORKER_UPLOAD_JSON_MAX   ((size_t) 1 << 20)


typedef struct {
    wub_arena_t                 *arena;
    const worker_location_t     *location;
    const worker_upload_plan_t  *plan;
    worker_file_t                file;
} worker_upload_local_t;


static worker_rc_t worker_upload_local_check(
    const worker_location_t *location, worker_err_t *err);
static worker_rc_t worker_upload_local_plan(wub_arena_t *arena,
    const worker_location_t *location, const char *title,
    const char *ending, worker_upload_plan_t *ret, worker_err_t *err);
static const char *worker_upload_local_link(wub_arena_t *arena,
    const worker_location_t *location, const char *name);
static worker_rc_t worker_upload_local_open(wub_arena_t *arena,
    const worker_location_t *location, const worker_upload_plan_t *plan,
    void **ret, worker_err_t *err);
static worker_rc_t worker_upload_local_write(void *data,
    const uint8_t *bytes, size_t len, worker_err_t *err);
static int worker_upload_local_fd(const void *data);
static worker_rc_t worker_upload_local_finish(void *data,
    const worker_upload_video_t *video, worker_err_t *err);
static worker_rc_t worker_upload_local_beside(
    const worker_upload_local_t *up, const worker_upload_video_t *video,
    worker_err_t *err);
static worker_rc_t worker_upload_local_info(const worker_upload_local_t *up,
    const worker_upload_video_t *video, const char *name,
    worker_err_t *err);
static void worker_upload_local_abort(void *data);
static worker_rc_t worker_upload_local_resolve(wub_arena_t *arena,
    const worker_location_t *location, const worker_upload_plan_t *plan,
    worker_err_t *err);
static worker_rc_t worker_upload_local_clean(wub_arena_t *arena,
    const worker_location_t *location, const worker_upload_plan_t *plan,
    worker_err_t *err);
static wub_str_t worker_upload_local_stem(const char *name);
static const char *worker_upload_local_join(wub_arena_t *arena,
    wub_str_t stem, const char *ending);


const worker_upload_ops_t  worker_upload_local = {
    .type = "local",
    .check = worker_upload_local_check,
    .plan = worker_upload_local_plan,
    .open = worker_upload_local_open,
    .write = worker_upload_local_write,
    .fd = worker_upload_local_fd,
    .finish = worker_upload_local_finish,
    .abort = worker_upload_local_abort,
    .resolve = worker_upload_local_resolve
};


static worker_rc_t
worker_upload_local_check(const worker_location_t *location,
    worker_err_t *err)
{
    worker_err_t  why;

    if (worker_file_folder(location->path, true, &why) != WORKER_OK) {
        return worker_fail(err, WORKER_INVALID,
                           "The location %s cannot be used: %s",
                           location->name, why.text);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_upload_local_plan(wub_arena_t *arena,
    const worker_location_t *location, const char *title,
    const char *ending, worker_upload_plan_t *ret, worker_err_t *err)
{
    char                  uuid[WORKER_UUID_SIZE];
    worker_rc_t           rc;
    worker_upload_plan_t  plan;

    rc = worker_uuid(uuid, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    plan.video_id = wub_arena_strdup(arena, wub_str_n(uuid, strlen(uuid)));
    plan.name = worker_upload_local_name(arena, title, uuid, ending);

    if (plan.video_id == NULL || plan.name == NULL) {
        return worker_fail_memory(err, title);
    }

    plan.link = worker_upload_local_link(arena, location, plan.name);

    if (plan.link == NULL) {
        return worker_fail_memory(err, title);
    }

    *ret = plan;

    return WORKER_OK;
}


const char *
worker_upload_local_name(wub_arena_t *arena, const char *title,
    const char *uuid, const char *ending)
{
    char           c;
    size_t         len;
    wub_buf_t      b;
    const char    *p;

    wub_buf_init(&b, arena, WUB_NAME_MAX);
    len = 0;

    for (p = title; *p != '\0' && len < WORKER_UPLOAD_TITLE; p++) {
        c = *p;

        /* the later bytes of a UTF-8 character: its first one counts */

        if (((unsigned char) c & 0xc0) == 0x80) {
            continue;
        }

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
              || (c >= '0' && c <= '9')))
        {
            c = '_';
        }

        wub_buf_putc(&b, c);
        len++;
    }

    wub_buf_putc(&b, '-');
    wub_buf_put(&b, uuid, strlen(uuid));
    wub_buf_put(&b, ending, strlen(ending) + 1);

    return (b.rc == WUB_OK) ? b.data : NULL;
}


static const char *
worker_upload_local_link(wub_arena_t *arena,
    const worker_location_t *location, const char *name)
{
    wub_buf_t  b;

    wub_buf_init(&b, arena, WORKER_UPLOAD_JSON_MAX);

    if (location->url_prefix != NULL) {
        wub_buf_put(&b, location->url_prefix, strlen(location->url_prefix));

    } else {
        wub_buf_lit(&b, "file://");
        wub_buf_uri(&b, wub_str_n(location->path, strlen(location->path)));
        wub_buf_putc(&b, '/');
    }

    wub_buf_put(&b, name, strlen(name) + 1);

    return (b.rc == WUB_OK) ? b.data : NULL;
}


static worker_rc_t
worker_upload_local_open(wub_arena_t *arena,
    const worker_location_t *location, const worker_upload_plan_t *plan,
    void **ret, worker_err_t *err)
{
    worker_rc_t             rc;
    worker_upload_local_t  *up;

    up = wub_arena_calloc(arena, sizeof(worker_upload_local_t));

    if (up == NULL) {
        return worker_fail_memory(err, plan->name);
    }

    up->arena = arena;
    up->location = location;
    up->plan = plan;

    rc = worker_file_create(arena, &up->file, location->path, plan->name, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    *ret = up;

    return WORKER_OK;
}


static worker_rc_t
worker_upload_local_write(void *data, const uint8_t *bytes, size_t len,
    worker_err_t *err)
{
    worker_upload_local_t  *up = data;

    return worker_file_write(&up->file, bytes, len, err);
}


static int
worker_upload_local_fd(const void *data)
{
    const worker_upload_local_t  *up = data;

    return up->file.fd;
}


/*
 * The video is renamed last: where it stands under its name, all that
 * belongs to it does.
 */
static worker_rc_t
worker_upload_local_finish(void *data, const worker_upload_video_t *video,
    worker_err_t *err)
{
    worker_rc_t             rc;
    worker_upload_local_t  *up = data;

    rc = worker_upload_local_beside(up, video, err);

    if (rc != WORKER_OK) {
        worker_upload_local_abort(up);
        return rc;
    }

    rc = worker_file_commit(&up->file, err);

    if (rc != WORKER_OK) {
        (void) worker_upload_local_clean(up->arena, up->location, up->plan,
                                         NULL);
    }

    return rc;
}


static worker_rc_t
worker_upload_local_beside(const worker_upload_local_t *up,
    const worker_upload_video_t *video, worker_err_t *err)
{
    wub_str_t    stem;
    const char  *info, *image;
    worker_rc_t  rc;

    stem = worker_upload_local_stem(up->plan->name);
    info = worker_upload_local_join(up->arena, stem, ".json");

    stem = wub_str_n(up->plan->video_id, strlen(up->plan->video_id));
    image = worker_upload_local_join(up->arena, stem, ".png");

    if (info == NULL || image == NULL) {
        return worker_fail_memory(err, up->plan->name);
    }

    if (up->location->write_info) {
        rc = worker_upload_local_info(up, video, info, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    if (video->thumbnail.len == 0) {
        return WORKER_OK;
    }

    return worker_file_put(up->arena, up->location->path, image,
                           video->thumbnail, err);
}


static worker_rc_t
worker_upload_local_info(const worker_upload_local_t *up,
    const worker_upload_video_t *video, const char *name, worker_err_t *err)
{
    size_t     i;
    wub_buf_t  b;

    wub_buf_init(&b, up->arena, WORKER_UPLOAD_JSON_MAX);

    wub_buf_lit(&b, "{\"title\": ");
    wub_buf_json(&b, wub_str_n(video->title, strlen(video->title)));
    wub_buf_lit(&b, ", \"description\": ");
    wub_buf_json(&b, wub_str_n(video->description,
                               strlen(video->description)));
    wub_buf_lit(&b, ", \"tags\": [");

    for (i = 0; i < video->tags->nitems; i++) {

        if (i > 0) {
            wub_buf_lit(&b, ", ");
        }

        wub_buf_json(&b, video->tags->items[i]);
    }

    wub_buf_lit(&b, "]}\n");

    if (b.rc != WUB_OK) {
        return worker_fail_wub(err, b.rc, name);
    }

    return worker_file_put(up->arena, up->location->path, name,
                           wub_buf_view(&b), err);
}


static void
worker_upload_local_abort(void *data)
{
    worker_upload_local_t  *up = data;

    worker_file_abort(&up->file);
    (void) worker_upload_local_clean(up->arena, up->location, up->plan, NULL);
}


static worker_rc_t
worker_upload_local_resolve(wub_arena_t *arena,
    const worker_location_t *location, const worker_upload_plan_t *plan,
    worker_err_t *err)
{
    size_t       len;
    worker_rc_t  rc;

    len = strlen(plan->name);

    if (!wub_name_safe(wub_str_n(plan->name, len)) || len < 4
        || !wub_name_safe(wub_str_n(plan->video_id, strlen(plan->video_id))))
    {
        return worker_fail(err, WORKER_INVALID,
                           "The stored plan names no file: \"%s\"",
                           plan->name);
    }

    rc = worker_file_exists(location->path, plan->name, err);
    if (rc != WORKER_DECLINED) {
        return rc;
    }

    rc = worker_upload_local_clean(arena, location, plan, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return WORKER_DECLINED;
}


/* removes the video and what lies beside it, whole or not */
static worker_rc_t
worker_upload_local_clean(wub_arena_t *arena,
    const worker_location_t *location, const worker_upload_plan_t *plan,
    worker_err_t *err)
{
    size_t       i;
    wub_str_t    stem;
    const char  *names[3];
    worker_rc_t  rc, failed;

    stem = worker_upload_local_stem(plan->name);
    names[0] = plan->name;
    names[1] = worker_upload_local_join(arena, stem, ".json");

    stem = wub_str_n(plan->video_id, strlen(plan->video_id));
    names[2] = worker_upload_local_join(arena, stem, ".png");

    if (names[1] == NULL || names[2] == NULL) {
        return worker_fail_memory(err, plan->name);
    }

    rc = WORKER_OK;

    for (i = 0; i < 3; i++) {
        failed = worker_file_remove(arena, location->path, names[i], err);

        if (failed != WORKER_OK) {
            rc = failed;
        }
    }

    return rc;
}


/* a name without its ending */
static wub_str_t
worker_upload_local_stem(const char *name)
{
    const char  *dot;

    dot = strrchr(name, '.');

    return wub_str_n(name, (dot != NULL) ? (size_t) (dot - name)
                                         : strlen(name));
}


static const char *
worker_upload_local_join(wub_arena_t *arena, wub_str_t stem,
    const char *ending)
{
    wub_buf_t  b;

    wub_buf_init(&b, arena, 2 * WUB_NAME_MAX);
    wub_buf_str(&b, stem);
    wub_buf_put(&b, ending, strlen(ending) + 1);

    return (b.rc == WUB_OK) ? b.data : NULL;
}
