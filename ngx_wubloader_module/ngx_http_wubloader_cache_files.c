
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


/* hexadecimal digits of an id, and an ending */
#define NGX_HTTP_WUBLOADER_FILE      "%016xL.wub%Z"
#define NGX_HTTP_WUBLOADER_FILE_LEN  20

/* entries of a folder that is cleaned: more are none of ours */
#define NGX_HTTP_WUBLOADER_CLEAN     1000000

/* the part of all descriptors that texts may hold */
#define NGX_HTTP_WUBLOADER_SHARE     4


static void ngx_http_wubloader_file_cleanup(void *data);
static ngx_int_t ngx_http_wubloader_file_name(
    ngx_http_wubloader_cache_t *cache, uint64_t id, u_char *name);
static ngx_int_t ngx_http_wubloader_file_hold(
    ngx_http_wubloader_store_t *store, ngx_fd_t fd);
static ngx_int_t ngx_http_wubloader_file_put(ngx_fd_t fd, wub_str_t s);
static ngx_int_t ngx_http_wubloader_file_get(ngx_fd_t fd, char *p, size_t len,
    off_t offset);
static ngx_uint_t ngx_http_wubloader_file_ours(const u_char *name);


void
ngx_http_wubloader_cache_attach(ngx_http_request_t *r,
    ngx_http_wubloader_store_t *store)
{
    struct rlimit                    limit;
    ngx_pool_cleanup_t              *cln;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_wubloader_module);

    if (wmcf->cache == NULL) {
        return;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return;
    }

    cln->handler = ngx_http_wubloader_file_cleanup;
    cln->data = store;

    store->cache = wmcf->cache;
    store->cache->stats = ngx_http_wubloader_stats(r);

    if (store->cache->stats != NULL) {
        store->cache->stats->size = store->cache->zone->shm.size;
    }

    if (store->cache->max == 0) {
        store->cache->max = 256;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0
            && limit.rlim_cur != RLIM_INFINITY)
        {
            store->cache->max = (ngx_atomic_t) limit.rlim_cur
                                / NGX_HTTP_WUBLOADER_SHARE;
        }
    }
}


static void
ngx_http_wubloader_file_cleanup(void *data)
{
    ngx_http_wubloader_store_t *store = data;

    size_t  i;

    for (i = 0; i < store->nfds; i++) {
        (void) close(store->fds[i]);
        (void) ngx_atomic_fetch_add(&store->cache->open, -1);
    }

    store->nfds = 0;
}


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
    u_char       name[NGX_MAX_PATH];
    wub_rc_t     rc;
    ngx_fd_t     fd;
    struct stat  st;

    if (ngx_http_wubloader_file_name(store->cache, record->meta.id, name)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    fd = open((char *) name, O_RDONLY|O_CLOEXEC);
    if (fd == NGX_INVALID_FILE) {
        return NGX_ERROR;
    }

    if (fstat(fd, &st) == -1
        || st.st_size != (off_t) record->meta.text
                         + (off_t) record->meta.rest)
    {
        (void) close(fd);
        return NGX_ERROR;
    }

    record->fd = fd;

    if (ngx_http_wubloader_file_hold(store, fd) == NGX_OK) {
        return NGX_OK;
    }

    rc = ngx_http_wubloader_file_rest(store->arena, record);

    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_file_text(store->arena, record, 0,
                                          record->meta.text, &record->text);
    }

    record->fd = NGX_INVALID_FILE;
    (void) close(fd);

    return (rc == WUB_OK) ? NGX_OK : NGX_ERROR;
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


/* the request closes it, if it may have one more */

static ngx_int_t
ngx_http_wubloader_file_hold(ngx_http_wubloader_store_t *store, ngx_fd_t fd)
{
    size_t     room;
    ngx_fd_t  *fds;

    if (store->nfds == store->room) {
        room = (store->room == 0) ? 16 : store->room * 2;

        fds = wub_arena_grow(store->arena, store->fds,
                             store->room * sizeof(ngx_fd_t),
                             room * sizeof(ngx_fd_t));
        if (fds == NULL) {
            return NGX_DECLINED;
        }

        store->fds = fds;
        store->room = room;
    }

    if ((ngx_atomic_uint_t) ngx_atomic_fetch_add(&store->cache->open, 1)
        >= store->cache->max)
    {
        (void) ngx_atomic_fetch_add(&store->cache->open, -1);
        return NGX_DECLINED;
    }

    store->fds[store->nfds++] = fd;

    return NGX_OK;
}


ngx_int_t
ngx_http_wubloader_file_write(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_record_t *record)
{
    u_char    name[NGX_MAX_PATH];
    ngx_fd_t  fd;

    record->meta.id = ngx_http_wubloader_zone_id(store->cache);

    if (ngx_http_wubloader_file_name(store->cache, record->meta.id, name)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    fd = open((char *) name, O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC, 0600);
    if (fd == NGX_INVALID_FILE) {
        store->unwritten = ngx_errno;
        return NGX_ERROR;
    }

    /* nobody knows of it before it is whole */

    if (ngx_http_wubloader_file_put(fd, record->text) != NGX_OK
        || ngx_http_wubloader_file_put(fd, record->rest) != NGX_OK)
    {
        store->unwritten = ngx_errno;

        (void) close(fd);
        (void) unlink((char *) name);
        return NGX_ERROR;
    }

    if (ngx_http_wubloader_file_hold(store, fd) != NGX_OK) {
        (void) close(fd);
        return NGX_OK;
    }

    record->fd = fd;
    record->text = wub_str_n(NULL, 0);
    record->rest = wub_str_n(NULL, 0);

    return NGX_OK;
}


static ngx_int_t
ngx_http_wubloader_file_put(ngx_fd_t fd, wub_str_t s)
{
    ssize_t  n;

    while (s.len) {
        n = write(fd, s.data, s.len);

        if (n == -1 && ngx_errno == NGX_EINTR) {
            continue;
        }

        if (n <= 0) {
            return NGX_ERROR;
        }

        s.data += n;
        s.len -= (size_t) n;
    }

    return NGX_OK;
}


void
ngx_http_wubloader_file_remove(ngx_http_wubloader_cache_t *cache,
    uint64_t id)
{
    u_char  name[NGX_MAX_PATH];

    if (ngx_http_wubloader_file_name(cache, id, name) == NGX_OK) {
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
                                       record->meta.text)
           != NGX_OK)
    {
        return WUB_IO;
    }

    record->rest = wub_str_n(p, record->meta.rest);

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


void
ngx_http_wubloader_cache_clean(ngx_http_wubloader_cache_t *cache,
    ngx_log_t *log)
{
    u_char      name[NGX_MAX_PATH];
    ngx_dir_t   dir;
    ngx_uint_t  n;

    if (cache->path.len == 0) {
        return;
    }

    if (ngx_open_dir(&cache->path, &dir) == NGX_ERROR) {
        ngx_log_error(NGX_LOG_WARN, log, ngx_errno,
                      "\"%V\" of \"wubloader_cache\" cannot be cleaned",
                      &cache->path);
        return;
    }

    for (n = 0; n < NGX_HTTP_WUBLOADER_CLEAN; n++) {

        if (ngx_read_dir(&dir) == NGX_ERROR) {
            break;
        }

        if (ngx_http_wubloader_file_ours(ngx_de_name(&dir))) {
            (void) ngx_snprintf(name, NGX_MAX_PATH, "%V/%s%Z", &cache->path,
                                ngx_de_name(&dir));
            (void) ngx_delete_file(name);
        }
    }

    (void) ngx_close_dir(&dir);
}


static ngx_uint_t
ngx_http_wubloader_file_ours(const u_char *name)
{
    ngx_uint_t  i;

    if (ngx_strlen(name) != NGX_HTTP_WUBLOADER_FILE_LEN
        || ngx_strcmp(name + 16, ".wub") != 0)
    {
        return 0;
    }

    for (i = 0; i < 16; i++) {
        if (!((name[i] >= '0' && name[i] <= '9')
              || (name[i] >= 'a' && name[i] <= 'f')))
        {
            return 0;
        }
    }

    return 1;
}
