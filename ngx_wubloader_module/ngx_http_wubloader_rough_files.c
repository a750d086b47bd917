
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


wub_rc_t
ngx_http_wubloader_rough_prepare(ngx_http_wubloader_files_t *files)
{
    int                         err, fd, dirfd;
    size_t                      i;
    int64_t                     hour;
    wub_rc_t                    rc;
    ngx_md5_t                   md5;
    wub_file_stat_t             st;
    ngx_http_wubloader_file_t  *file;

    err = 0;
    rc = WUB_OK;
    hour = 0;
    dirfd = -1;

    files->size = 0;
    ngx_md5_init(&md5);

    for (i = 0; i < files->nfiles; i++) {
        file = &files->files[i];

        rc = ngx_http_wubloader_rough_dir(files->store, file->hour, &hour,
                                          &dirfd, &err);
        if (rc != WUB_OK) {
            break;
        }

        rc = wub_dir_open_segment(dirfd, file->name, &fd, &st, &err);
        if (rc != WUB_OK) {
            break;
        }

        (void) close(fd);

        file->size = st.size;
        files->size += st.size;

        ngx_md5_update(&md5, &file->hour, sizeof(int64_t));
        ngx_md5_update(&md5, file->name.data, file->name.len);
        ngx_md5_update(&md5, "/", 1);
        ngx_md5_update(&md5, &file->size, sizeof(uint64_t));
    }

    if (dirfd != -1) {
        (void) close(dirfd);
    }

    ngx_http_wubloader_etag_final(&md5, files->etag);

    if (rc == WUB_OK) {
        return WUB_OK;
    }

    /* listed a moment ago: deleted, or marked by a tombstone, since then */

    if (rc == WUB_DECLINED || (rc == WUB_DENIED && err == 0)) {
        rc = WUB_NOT_FOUND;
    }

    return ngx_http_wubloader_store_fail(files->store, rc, err,
               ngx_http_wubloader_store_hour_path(files->store,
                                                  files->files[i].hour));
}


wub_rc_t
ngx_http_wubloader_rough_dir(ngx_http_wubloader_store_t *store, int64_t hour,
    int64_t *current, int *dirfd, int *ret_err)
{
    const char  *path;

    if (*dirfd != -1) {

        if (*current == hour) {
            return WUB_OK;
        }

        (void) close(*dirfd);
        *dirfd = -1;
    }

    *ret_err = 0;

    path = ngx_http_wubloader_store_hour_path(store, hour);
    if (path == NULL) {
        return WUB_NO_MEMORY;
    }

    *current = hour;

    return wub_dir_open(store->root, path, dirfd, ret_err);
}
