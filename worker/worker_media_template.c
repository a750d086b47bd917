
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/worker_config_template.h"
#include "worker/worker_media_template.h"
#include "worker/worker_still.h"


static worker_rc_t worker_media_template_file(wub_arena_t *arena,
    const char *path, wub_str_t *ret, worker_err_t *err);
static worker_rc_t worker_media_template_bytes(wub_arena_t *arena, int fd,
    const char *path, wub_str_t *ret, worker_err_t *err);


/* a file, or a name in the folder of templates */
worker_rc_t
worker_media_template(wub_arena_t *arena, const char *name, const char *dir,
    wub_render_t *request, wub_str_t *ret, worker_err_t *err)
{
    size_t       n;
    wub_buf_t    b;
    worker_rc_t  rc;

    if (name == NULL) {
        return worker_fail(err, WORKER_DECLINED,
                           "A thumbnail needs its template: --template FILE");
    }

    n = strlen(name);
    wub_buf_init(&b, arena, PATH_MAX);

    if (dir != NULL && wub_name_safe(wub_str_n(name, n))
        && (n < 4 || strcmp(name + n - 4, ".png") != 0))
    {
        wub_buf_put(&b, dir, strlen(dir));
        wub_buf_putc(&b, '/');
        wub_buf_put(&b, name, n);
        wub_buf_lit(&b, ".png");

    } else {
        wub_buf_put(&b, name, n);
    }

    n = b.len;

    /* as long as with the other ending */

    wub_buf_put(&b, "\0", 2);

    if (b.rc != WUB_OK) {
        return worker_fail(err, WORKER_DECLINED,
                           "The name of --template is too long");
    }

    rc = worker_media_template_file(arena, b.data, ret, err);

    if (rc == WORKER_OK && n > 4 && strcmp(b.data + n - 4, ".png") == 0) {
        memcpy(b.data + n - 4, ".json", sizeof(".json"));
        rc = worker_config_template(b.data, request, err);
    }

    return rc;
}


static worker_rc_t
worker_media_template_file(wub_arena_t *arena, const char *path,
    wub_str_t *ret, worker_err_t *err)
{
    int          fd;
    worker_rc_t  rc;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd == -1) {
        return worker_fail(err, WORKER_DECLINED,
                           "The template %s cannot be opened: %s", path,
                           strerror(errno));
    }

    rc = worker_media_template_bytes(arena, fd, path, ret, err);
    (void) close(fd);

    return rc;
}


static worker_rc_t
worker_media_template_bytes(wub_arena_t *arena, int fd, const char *path,
    wub_str_t *ret, worker_err_t *err)
{
    char         *data;
    size_t        len;
    ssize_t       n;
    struct stat   st;

    if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
        return worker_fail(err, WORKER_DECLINED,
                           "The template %s is not a file", path);
    }

    if (st.st_size > (off_t) WORKER_STILL_TEMPLATE) {
        return worker_fail(err, WORKER_DECLINED,
                           "The template %s is larger than %zu MB", path,
                           WORKER_STILL_TEMPLATE >> 20);
    }

    data = wub_arena_alloc(arena, (size_t) st.st_size + 1);
    if (data == NULL) {
        return worker_fail_memory(err, path);
    }

    for (len = 0; len < (size_t) st.st_size; len += (size_t) n) {
        n = read(fd, data + len, (size_t) st.st_size - len);

        if (n == -1 && errno == EINTR) {
            n = 0;
            continue;
        }

        if (n == -1) {
            return worker_fail(err, WORKER_DECLINED,
                               "The template %s cannot be read: %s", path,
                               strerror(errno));
        }

        if (n == 0) {
            break;
        }
    }

    *ret = wub_str_n(data, len);

    return WORKER_OK;
}
