
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_auth.h"


/* a look at the file in a thread */
typedef struct {
    ngx_http_wubloader_auth_t     *auth;
    const char                    *path;
    ngx_http_wubloader_key_file_t  file;
} ngx_http_wubloader_key_look_t;


static void ngx_http_wubloader_key_file_fill(ngx_fd_t fd,
    ngx_http_wubloader_key_file_t *file);
static void ngx_http_wubloader_key_file_work(void *data);
static ngx_int_t ngx_http_wubloader_key_file_done(ngx_http_request_t *r,
    void *data);


void
ngx_http_wubloader_key_file_read(const char *path,
    ngx_http_wubloader_key_file_t *file)
{
    ngx_fd_t  fd;

    file->err = 0;
    file->error = NULL;
    file->same = 0;

    /* O_NONBLOCK: a pipe without a writer */

    fd = open(path, O_RDONLY|O_CLOEXEC|O_NONBLOCK);

    if (fd == NGX_INVALID_FILE) {
        file->err = ngx_errno;
        file->error = "It cannot be opened.";
        return;
    }

    ngx_http_wubloader_key_file_fill(fd, file);

    (void) close(fd);
}


static void
ngx_http_wubloader_key_file_fill(ngx_fd_t fd,
    ngx_http_wubloader_key_file_t *file)
{
    ssize_t                         n;
    ngx_file_info_t                 fi;
    ngx_http_wubloader_key_stamp_t  stamp;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        file->err = ngx_errno;
        file->error = "It cannot be looked at.";
        return;
    }

    ngx_memzero(&stamp, sizeof(stamp));

    stamp.mtime = fi.st_mtim;
    stamp.ctime = fi.st_ctim;
    stamp.size = ngx_file_size(&fi);
    stamp.uniq = ngx_file_uniq(&fi);

    if (!ngx_is_file(&fi)) {
        file->error = "It is not a file.";
        return;
    }

    if (stamp.size > NGX_HTTP_WUBLOADER_JWT_SET_MAX) {
        file->error = "It is more than 65536 bytes.";
        return;
    }

    if (ngx_memcmp(&stamp, &file->stamp, sizeof(stamp)) == 0) {
        file->same = 1;
        return;
    }

    file->stamp = stamp;
    file->len = 0;

    do {
        n = pread(fd, file->data + file->len,
                  NGX_HTTP_WUBLOADER_JWT_SET_MAX - file->len,
                  (off_t) file->len);

        if (n > 0) {
            file->len += (size_t) n;
        }

    } while (n > 0 && file->len < NGX_HTTP_WUBLOADER_JWT_SET_MAX);

    if (n == -1) {
        file->err = ngx_errno;
        file->error = "It cannot be read.";
    }
}


ngx_int_t
ngx_http_wubloader_key_file_look(ngx_http_wubloader_auth_t *auth)
{
    ngx_http_request_t              *r;
    ngx_http_wubloader_ctx_t        *ctx;
    ngx_http_wubloader_key_look_t   *look;
    ngx_http_wubloader_auth_keys_t  *keys;

    r = auth->request;
    keys = auth->keys;

    if (keys->tries
        && ngx_current_msec - keys->tried < NGX_HTTP_WUBLOADER_KEYS_LOOK)
    {
        return NGX_DECLINED;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    look = wub_arena_calloc(ctx->arena,
                            sizeof(ngx_http_wubloader_key_look_t));
    if (look == NULL) {
        return NGX_ERROR;
    }

    look->file.data = wub_arena_alloc(ctx->arena,
                                      NGX_HTTP_WUBLOADER_JWT_SET_MAX);
    if (look->file.data == NULL) {
        return NGX_ERROR;
    }

    look->auth = auth;
    look->path = (char *) keys->path.data;
    look->file.stamp = keys->stamp;

    keys->tries = 1;
    keys->tried = ngx_current_msec;
    auth->waited = 1;

    return ngx_http_wubloader_task(r, ngx_http_wubloader_key_file_work,
                                   ngx_http_wubloader_key_file_done, look);
}


static void
ngx_http_wubloader_key_file_work(void *data)
{
    ngx_http_wubloader_key_look_t *look = data;

    ngx_http_wubloader_key_file_read(look->path, &look->file);
}


static ngx_int_t
ngx_http_wubloader_key_file_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_key_look_t *look = data;

    ngx_int_t                        rc;
    const char                      *error;
    ngx_http_wubloader_auth_keys_t  *keys;

    keys = look->auth->keys;
    error = look->file.error;

    if (look->file.same) {
        keys->failed = 0;
        return ngx_http_wubloader_auth_go_on(look->auth);
    }

    rc = NGX_ERROR;

    if (error == NULL) {
        keys->stamp = look->file.stamp;
        rc = ngx_http_wubloader_keys_take(keys,
                                          wub_str_n(look->file.data,
                                                    look->file.len),
                                          &error);
    }

    /* one line for each change, or until it can be read again */

    if (rc != NGX_OK && (!keys->failed || look->file.error == NULL)) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, look->file.err,
                      "keys of tokens could not be read from \"%V\": %s "
                      "Those read before are used on.", &keys->path, error);
        ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_error);
    }

    if (rc == NGX_OK) {
        ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                      "new keys of tokens were read from \"%V\"",
                      &keys->path);
    }

    keys->failed = (rc != NGX_OK && look->file.error != NULL);

    return ngx_http_wubloader_auth_go_on(look->auth);
}
