
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


/* hexadecimal digits of an id, and an ending */
#define NGX_HTTP_WUBLOADER_FILE      "%016xL.wub%Z"
#define NGX_HTTP_WUBLOADER_FILE_LEN  20

/* nobody asks when a text was read last, and to note it takes time */
#ifdef O_NOATIME
#define NGX_HTTP_WUBLOADER_FILE_OPEN (O_CLOEXEC|O_NOATIME)
#else
#define NGX_HTTP_WUBLOADER_FILE_OPEN O_CLOEXEC
#endif


static ngx_int_t ngx_http_wubloader_file_room(
    ngx_http_wubloader_store_t *store);
static ngx_int_t ngx_http_wubloader_file_copy(
    ngx_http_wubloader_store_t *store, ngx_http_wubloader_record_t *record,
    ngx_fd_t fd);
static ngx_uint_t ngx_http_wubloader_file_whole(
    const ngx_http_wubloader_record_t *record, ngx_fd_t fd);
static ngx_int_t ngx_http_wubloader_file_name(
    ngx_http_wubloader_cache_t *cache, uint64_t id, u_char *name);
static ngx_int_t ngx_http_wubloader_file_put(ngx_fd_t fd,
    const ngx_http_wubloader_record_t *record);
static ngx_int_t ngx_http_wubloader_file_get(ngx_fd_t fd, char *p, size_t len,
    off_t offset);


static ngx_int_t
ngx_http_wubloader_file_name(ngx_http_wubloader_cache_t *cache, uint64_t id,
    u_char *name)
{
    if (cache->path.len + 1 + NGX_HTTP_WUBLOADER_FILE_LEN >= NGX_MAX_PATH) {
        return NGX_ERROR;
    }

    (void) ngx_snprintf(name, NGX_MAX_PATH, "%V/" NGX_HTTP_WUBLOADER_FILE,
                        &cache->path, id);

    return NGX_OK;
}


ngx_int_t
ngx_http_wubloader_file_open(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_record_t *record)
{
    u_char                      name[NGX_MAX_PATH];
    ngx_fd_t                    fd;
    ngx_http_wubloader_fds_t   *fds;
    ngx_http_wubloader_held_t  *held;

    if (ngx_http_wubloader_file_room(store) != NGX_OK) {
        return NGX_ERROR;
    }

    fds = &store->cache->fds;
    held = ngx_http_wubloader_fds_find(fds, record->key, record->meta.id);

    if (held == NULL) {
        if (ngx_http_wubloader_file_name(store->cache, record->meta.id, name)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        fd = open((char *) name, O_RDONLY|NGX_HTTP_WUBLOADER_FILE_OPEN);
        if (fd == NGX_INVALID_FILE) {
            return NGX_ERROR;
        }

        held = ngx_http_wubloader_fds_put(fds, record->key, record->meta.id,
                                          fd);
        if (held == NULL) {
            return ngx_http_wubloader_file_copy(store, record, fd);
        }
    }

    if (!ngx_http_wubloader_file_whole(record, held->fd)) {
        ngx_http_wubloader_fds_release(fds, held, 1);
        return NGX_ERROR;
    }

    store->held[store->nheld++] = held;
    record->fd = held->fd;

    return NGX_OK;
}


/* all of it in memory instead */

static ngx_int_t
ngx_http_wubloader_file_copy(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_record_t *record, ngx_fd_t fd)
{
    wub_rc_t  rc;

    rc = WUB_IO;

    if (ngx_http_wubloader_file_whole(record, fd)) {
        record->fd = fd;

        rc = ngx_http_wubloader_file_rest(store->arena, record);

        if (rc == WUB_OK) {
            rc = ngx_http_wubloader_file_text(store->arena, record, 0,
                                              record->meta.text,
                                              &record->text);
        }

        record->fd = NGX_INVALID_FILE;
    }

    (void) close(fd);

    return (rc == WUB_OK) ? NGX_OK : NGX_ERROR;
}


/* somebody may have cut it, or removed it to have its room */

static ngx_uint_t
ngx_http_wubloader_file_whole(const ngx_http_wubloader_record_t *record,
    ngx_fd_t fd)
{
    struct stat  st;

    return fstat(fd, &st) == 0
           && st.st_nlink != 0
           && st.st_size == (off_t) record->meta.text
                            + (off_t) record->meta.tail
                            + (off_t) record->meta.rest;
}


wub_rc_t
ngx_http_wubloader_file_need(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_record_t *record)
{
    if (record->fd != NGX_INVALID_FILE || record->text.data != NULL
        || record->meta.id == 0)
    {
        return WUB_OK;
    }

    return (ngx_http_wubloader_file_open(store, record) == NGX_OK) ? WUB_OK
                                                                   : WUB_IO;
}


/* of store->held, for one more */

static ngx_int_t
ngx_http_wubloader_file_room(ngx_http_wubloader_store_t *store)
{
    size_t                       room;
    ngx_http_wubloader_held_t  **held;

    if (store->nheld < store->room) {
        return NGX_OK;
    }

    room = (store->room == 0) ? 16 : store->room * 2;

    held = wub_arena_grow(store->arena, store->held,
                          store->room * sizeof(ngx_http_wubloader_held_t *),
                          room * sizeof(ngx_http_wubloader_held_t *));
    if (held == NULL) {
        return NGX_ERROR;
    }

    store->held = held;
    store->room = room;

    return NGX_OK;
}


ngx_int_t
ngx_http_wubloader_file_write(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_record_t *record)
{
    u_char                      name[NGX_MAX_PATH];
    ngx_fd_t                    fd;
    ngx_http_wubloader_held_t  *held;

    record->meta.id = ngx_http_wubloader_zone_id(store->cache);

    if (ngx_http_wubloader_file_room(store) != NGX_OK
        || ngx_http_wubloader_file_name(store->cache, record->meta.id, name)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    fd = open((char *) name,
              O_RDWR|O_CREAT|O_EXCL|NGX_HTTP_WUBLOADER_FILE_OPEN, 0600);
    if (fd == NGX_INVALID_FILE) {
        store->unwritten = ngx_errno;
        return NGX_ERROR;
    }

    /* nobody knows of it before it is whole */

    if (ngx_http_wubloader_file_put(fd, record) != NGX_OK) {
        store->unwritten = ngx_errno;

        (void) close(fd);
        (void) unlink((char *) name);
        return NGX_ERROR;
    }

    held = ngx_http_wubloader_fds_put(&store->cache->fds, record->key,
                                      record->meta.id, fd);
    if (held == NULL) {
        (void) close(fd);
        return NGX_OK;
    }

    store->held[store->nheld++] = held;

    record->fd = fd;
    record->text = wub_str_n(NULL, 0);
    record->rest = wub_str_n(NULL, 0);

    return NGX_OK;
}


/* in one call: it is the file system's cost, not that of the bytes */

static ngx_int_t
ngx_http_wubloader_file_put(ngx_fd_t fd,
    const ngx_http_wubloader_record_t *record)
{
    size_t        i, len;
    ssize_t       n;
    wub_str_t     parts[3];
    struct iovec  iov[3];

    parts[0] = record->text;
    parts[1] = wub_str_n(WUB_M3U8_END, record->meta.tail);
    parts[2] = record->rest;

    for (i = 0; i < 3; i++) {
        iov[i].iov_base = (void *) (uintptr_t) parts[i].data;
        iov[i].iov_len = parts[i].len;
    }

    while (iov[0].iov_len + iov[1].iov_len + iov[2].iov_len != 0) {
        n = writev(fd, iov, 3);

        if (n == -1 && ngx_errno == NGX_EINTR) {
            continue;
        }

        if (n <= 0) {
            return NGX_ERROR;
        }

        for (i = 0; i < 3; i++) {
            len = ngx_min((size_t) n, iov[i].iov_len);

            iov[i].iov_base = (char *) iov[i].iov_base + len;
            iov[i].iov_len -= len;
            n -= (ssize_t) len;
        }
    }

    return NGX_OK;
}


void
ngx_http_wubloader_file_remove(ngx_http_wubloader_cache_t *cache,
    uint64_t id)
{
    u_char  name[NGX_MAX_PATH];

    if (id != 0 && ngx_http_wubloader_file_name(cache, id, name) == NGX_OK) {
        (void) unlink((char *) name);
    }
}


wub_rc_t
ngx_http_wubloader_file_text(wub_arena_t *arena,
    const ngx_http_wubloader_record_t *record, uint32_t from, uint32_t to,
    wub_str_t *ret)
{
    char  *p;

    if (record->fd == NGX_INVALID_FILE) {
        *ret = wub_str_n(record->text.data + from, to - from);
        return WUB_OK;
    }

    p = wub_arena_alloc(arena, (size_t) (to - from) + 1);
    if (p == NULL) {
        return WUB_NO_MEMORY;
    }

    if (ngx_http_wubloader_file_get(record->fd, p, to - from, from)
        != NGX_OK)
    {
        return WUB_IO;
    }

    *ret = wub_str_n(p, to - from);

    return WUB_OK;
}


wub_rc_t
ngx_http_wubloader_file_rest(wub_arena_t *arena,
    ngx_http_wubloader_record_t *record)
{
    char  *p;

    if (record->rest.data != NULL) {
        return WUB_OK;
    }

    p = wub_arena_alloc(arena, (size_t) record->meta.rest + 1);
    if (p == NULL) {
        return WUB_NO_MEMORY;
    }

    if (record->fd == NGX_INVALID_FILE
        || ngx_http_wubloader_file_get(record->fd, p, record->meta.rest,
                                       (off_t) record->meta.text
                                       + record->meta.tail)
           != NGX_OK)
    {
        return WUB_IO;
    }

    record->rest = wub_str_n(p, record->meta.rest);

    return WUB_OK;
}


/* what comes out of the zone is what was put there; of a file who knows */

wub_rc_t
ngx_http_wubloader_file_index(wub_arena_t *arena,
    ngx_http_wubloader_record_t *record, const wub_hourtext_t **ret)
{
    wub_rc_t  rc;

    rc = ngx_http_wubloader_file_rest(arena, record);
    if (rc != WUB_OK) {
        return rc;
    }

    if (record->meta.id != 0
        && !wub_hourtext_sound(record->rest, record->meta.text))
    {
        return WUB_IO;
    }

    *ret = (const wub_hourtext_t *) (const void *) record->rest.data;

    return WUB_OK;
}


static ngx_int_t
ngx_http_wubloader_file_get(ngx_fd_t fd, char *p, size_t len, off_t offset)
{
    ssize_t  n;

    while (len) {
        n = pread(fd, p, len, offset);

        if (n == -1 && ngx_errno == NGX_EINTR) {
            continue;
        }

        if (n <= 0) {
            return NGX_ERROR;
        }

        p += n;
        len -= (size_t) n;
        offset += n;
    }

    return NGX_OK;
}
