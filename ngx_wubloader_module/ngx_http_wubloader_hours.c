
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"

#include "common/wub_time.h"


static ngx_uint_t ngx_http_wubloader_is_dir(ngx_http_wubloader_store_t *store,
    const char *path, int fd, wub_str_t name);
static const char *ngx_http_wubloader_store_quality_path(
    ngx_http_wubloader_store_t *store);
static int ngx_libc_cdecl ngx_http_wubloader_cmp_hours(const void *one,
    const void *two);


void
ngx_http_wubloader_store_init(ngx_http_request_t *r,
    ngx_http_wubloader_store_t *store, const ngx_http_wubloader_path_t *path)
{
    ngx_http_wubloader_ctx_t       *ctx;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);
    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    ngx_memzero(store, sizeof(ngx_http_wubloader_store_t));

    store->arena = ctx->arena;
    store->root = (const char *) wlcf->root.data;
    store->channel = path->parts[0];
    store->quality = path->parts[1];
    store->segments_uri = ngx_http_wubloader_wub(wlcf->segments_uri);
    store->tolerance = (int64_t) wlcf->tolerance * 1000;

    store->from = INT64_MIN;
    store->dirfd = NGX_INVALID_FILE;

    ngx_http_wubloader_cache_attach(r, store);
}


const char *
ngx_http_wubloader_store_path(ngx_http_wubloader_store_t *store,
    const wub_str_t *names, size_t nnames)
{
    size_t     i;
    wub_buf_t  b;

    wub_buf_init(&b, store->arena, NGX_MAX_PATH);

    for (i = 0; i < nnames; i++) {

        if (i != 0) {
            wub_buf_putc(&b, '/');
        }

        wub_buf_str(&b, names[i]);
    }

    wub_buf_putc(&b, '\0');

    return (b.rc == WUB_OK) ? b.data : NULL;
}


const char *
ngx_http_wubloader_store_hour_path(ngx_http_wubloader_store_t *store,
    int64_t hour)
{
    char       text[WUB_HOUR_LEN];
    wub_str_t  names[3];

    wub_hour_format(hour, text);

    names[0] = store->channel;
    names[1] = store->quality;
    names[2] = wub_str_n(text, WUB_HOUR_LEN);

    return ngx_http_wubloader_store_path(store, names, 3);
}


wub_rc_t
ngx_http_wubloader_store_fail(ngx_http_wubloader_store_t *store, wub_rc_t rc,
    int err, const char *where)
{
    /* what ends the task says more than what it could pass over */

    if (store->where == NULL || store->rc == WUB_DECLINED) {
        store->rc = rc;
        store->err = err;
        store->where = where;
    }

    return rc;
}


/*
 * An unmounted disk must not look like an empty store: a thing that is not
 * found is only missing when the root is there.
 */

wub_rc_t
ngx_http_wubloader_store_open(ngx_http_wubloader_store_t *store,
    const char *path, int *ret_fd)
{
    int       err, fd;
    wub_rc_t  rc;

    rc = wub_dir_open(store->root, path, ret_fd, &err);

    if (rc == WUB_OK) {
        return WUB_OK;
    }

    if (rc == WUB_DECLINED) {
        (void) ngx_http_wubloader_store_fail(store, rc, err, path);
        return WUB_NOT_FOUND;
    }

    if (rc != WUB_NOT_FOUND) {
        return ngx_http_wubloader_store_fail(store, rc, err, path);
    }

    rc = wub_dir_open(store->root, "", &fd, &err);

    if (rc != WUB_OK) {
        return ngx_http_wubloader_store_fail(store, WUB_IO, err, "");
    }

    (void) close(fd);

    return WUB_NOT_FOUND;
}


wub_rc_t
ngx_http_wubloader_store_read(ngx_http_wubloader_store_t *store,
    const char *path, wub_names_t *ret)
{
    int       err, fd;
    wub_rc_t  rc;

    rc = ngx_http_wubloader_store_open(store, path, &fd);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_dir_read(store->arena, fd, WUB_HOUR_ENTRIES_MAX, ret, &err);

    (void) close(fd);

    if (rc != WUB_OK) {
        return ngx_http_wubloader_store_fail(store, rc, err, path);
    }

    return WUB_OK;
}


wub_rc_t
ngx_http_wubloader_store_dirs(ngx_http_wubloader_store_t *store,
    const char *path, wub_names_t *ret)
{
    int          err, fd;
    size_t       i, n;
    wub_rc_t     rc;
    wub_names_t  names, visible;

    rc = ngx_http_wubloader_store_open(store, path, &fd);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_dir_read(store->arena, fd, WUB_HOUR_ENTRIES_MAX, &names, &err);

    if (rc == WUB_OK) {
        rc = wub_names_visible(store->arena, &names, &visible);
    }

    if (rc != WUB_OK) {
        (void) close(fd);
        return ngx_http_wubloader_store_fail(store, rc, err, path);
    }

    n = 0;

    for (i = 0; i < visible.nnames; i++) {
        if (ngx_http_wubloader_is_dir(store, path, fd, visible.names[i])) {
            visible.names[n++] = visible.names[i];
        }
    }

    (void) close(fd);

    visible.nnames = n;
    *ret = visible;

    return WUB_OK;
}


/* a link counts where it leads to a directory inside of the store */

static ngx_uint_t
ngx_http_wubloader_is_dir(ngx_http_wubloader_store_t *store, const char *path,
    int fd, wub_str_t name)
{
    int          linkfd, err;
    char         text[WUB_NAME_MAX + 1];
    wub_str_t    names[2];
    const char  *target;
    struct stat  st;

    if (name.len > WUB_NAME_MAX) {
        return 0;
    }

    ngx_memcpy(text, name.data, name.len);
    text[name.len] = '\0';

    if (fstatat(fd, text, &st, AT_SYMLINK_NOFOLLOW) == -1) {
        return 0;
    }

    if (!S_ISLNK(st.st_mode)) {
        return S_ISDIR(st.st_mode);
    }

    names[0] = wub_str_n(path, ngx_strlen(path));
    names[1] = name;

    target = (path[0] == '\0')
             ? ngx_http_wubloader_store_path(store, &names[1], 1)
             : ngx_http_wubloader_store_path(store, names, 2);

    if (target == NULL
        || wub_dir_open(store->root, target, &linkfd, &err) != WUB_OK)
    {
        return 0;
    }

    (void) close(linkfd);

    return 1;
}


wub_rc_t
ngx_http_wubloader_store_peek(ngx_http_wubloader_store_t *store,
    int64_t start, int64_t end)
{
    int64_t  first, last;

    wub_best_hours(start, end, &first, &last);

    if (start >= end || last - first >= NGX_HTTP_WUBLOADER_PEEK * WUB_HOUR) {
        return WUB_DECLINED;
    }

    store->hours = wub_arena_alloc(store->arena, NGX_HTTP_WUBLOADER_PEEK
                                                 * sizeof(int64_t));
    if (store->hours == NULL) {
        return WUB_NO_MEMORY;
    }

    for ( /* void */ ; first <= last; first += WUB_HOUR) {
        store->hours[store->nhours++] = first;
    }

    store->peek = 1;

    return WUB_OK;
}


void
ngx_http_wubloader_store_again(ngx_http_wubloader_store_t *store)
{
    ngx_http_wubloader_store_close(store);

    store->peek = 0;
    store->nhours = 0;
    store->ignored = 0;
    store->nlooked = 0;
    store->nholes = 0;
    store->joined = false;
    store->found = ngx_http_wubloader_cache_none;

    store->rc = WUB_OK;
    store->err = 0;
    store->where = NULL;
}


static const char *
ngx_http_wubloader_store_quality_path(ngx_http_wubloader_store_t *store)
{
    wub_str_t  parts[2];

    parts[0] = store->channel;
    parts[1] = store->quality;

    return ngx_http_wubloader_store_path(store, parts, 2);
}


wub_rc_t
ngx_http_wubloader_store_quality(ngx_http_wubloader_store_t *store)
{
    const char  *path;

    if (store->dirfd != NGX_INVALID_FILE) {
        return WUB_OK;
    }

    path = ngx_http_wubloader_store_quality_path(store);
    if (path == NULL) {
        return ngx_http_wubloader_store_fail(store, WUB_NO_MEMORY, 0, "");
    }

    return ngx_http_wubloader_store_open(store, path, &store->dirfd);
}


void
ngx_http_wubloader_store_close(ngx_http_wubloader_store_t *store)
{
    if (store->dirfd != NGX_INVALID_FILE) {
        (void) close(store->dirfd);
        store->dirfd = NGX_INVALID_FILE;
    }

    wub_arena_destroy(store->maker);
    store->maker = NULL;

    store->keyed = 0;
}


wub_rc_t
ngx_http_wubloader_store_hours(ngx_http_wubloader_store_t *store)
{
    int          err;
    size_t       i;
    wub_rc_t     rc;
    wub_names_t  names;

    /* it may be that of another quality */

    ngx_http_wubloader_store_close(store);

    rc = ngx_http_wubloader_store_quality(store);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_dir_read(store->arena, store->dirfd, WUB_HOUR_ENTRIES_MAX,
                      &names, &err);
    if (rc != WUB_OK) {
        (void) ngx_http_wubloader_store_fail(store, rc, err,
                   ngx_http_wubloader_store_quality_path(store));
    }

    /* without a cache nobody would close it should the client leave */

    if (store->cache == NULL) {
        ngx_http_wubloader_store_close(store);
    }

    if (rc != WUB_OK) {
        return rc;
    }

    store->nhours = 0;
    store->hours = wub_arena_alloc(store->arena,
                                   (names.nnames + 1) * sizeof(int64_t));
    store->indexes = wub_arena_calloc(store->arena,
                                      (names.nnames + 1)
                                      * sizeof(wub_hour_t *));
    if (store->hours == NULL || store->indexes == NULL) {
        return ngx_http_wubloader_store_fail(store, WUB_NO_MEMORY, 0, "");
    }

    for (i = 0; i < names.nnames; i++) {
        if (wub_hour_parse(names.names[i], &store->hours[store->nhours])
            == WUB_OK)
        {
            store->nhours++;
        }
    }

    ngx_qsort(store->hours, store->nhours, sizeof(int64_t),
              ngx_http_wubloader_cmp_hours);

    return WUB_OK;
}


static int ngx_libc_cdecl
ngx_http_wubloader_cmp_hours(const void *one, const void *two)
{
    int64_t  a, b;

    a = *(const int64_t *) one;
    b = *(const int64_t *) two;

    return (a > b) - (a < b);
}


wub_rc_t
ngx_http_wubloader_store_hour(ngx_http_wubloader_store_t *store, size_t i,
    const wub_hour_t **ret)
{
    int          err;
    wub_rc_t     rc;
    wub_hour_t  *index;
    const char  *path;

    if (store->indexes[i] != NULL) {
        *ret = store->indexes[i];
        return WUB_OK;
    }

    path = ngx_http_wubloader_store_hour_path(store, store->hours[i]);
    index = wub_arena_alloc(store->arena, sizeof(wub_hour_t));

    if (path == NULL || index == NULL) {
        return ngx_http_wubloader_store_fail(store, WUB_NO_MEMORY, 0, "");
    }

    rc = WUB_IO;
    err = 0;

    if (store->cache) {
        rc = ngx_http_wubloader_cache_index(store, store->hours[i], index);
    }

    /* nor does a text that somebody broke keep anyone from the directory */

    if (rc == WUB_IO || rc == WUB_INVALID) {
        rc = wub_dir_hour(store->arena, store->root, path, store->hours[i],
                          store->tolerance, index, &err);
    }

    if (rc == WUB_OK) {
        store->ignored += index->ignored;
        store->nlooked++;
        store->indexes[i] = index;
        *ret = index;
        return WUB_OK;
    }

    if (rc == WUB_NOT_FOUND) {
        return WUB_NOT_FOUND;
    }

    (void) ngx_http_wubloader_store_fail(store, rc, err, path);

    /* a file that bears the name of an hour holds no segments */

    return (rc == WUB_DECLINED) ? WUB_NOT_FOUND : rc;
}


wub_rc_t
ngx_http_wubloader_store_chain(ngx_http_wubloader_store_t *store,
    int64_t start, int64_t end, wub_chain_t *ret)
{
    size_t             i, n, from, to;
    int64_t            first, last;
    wub_rc_t           rc;
    wub_hour_t        *hours;
    const wub_hour_t  *index;

    wub_best_hours(start, end, &first, &last);

    for (from = 0; from < store->nhours; from++) {
        if (store->hours[from] >= first) {
            break;
        }
    }

    for (to = from; to < store->nhours; to++) {
        if (store->hours[to] > last) {
            break;
        }
    }

    hours = wub_arena_alloc(store->arena,
                            (to - from + 1) * sizeof(wub_hour_t));
    if (hours == NULL) {
        return ngx_http_wubloader_store_fail(store, WUB_NO_MEMORY, 0, "");
    }

    n = 0;

    for (i = from; i < to; i++) {
        rc = ngx_http_wubloader_store_hour(store, i, &index);

        if (rc == WUB_NOT_FOUND) {
            continue;
        }

        if (rc != WUB_OK) {
            return rc;
        }

        hours[n++] = *index;
    }

    rc = wub_best_collect(store->arena, hours, n, start, end,
                          store->tolerance, ret);
    if (rc != WUB_OK) {
        return ngx_http_wubloader_store_fail(store, rc, 0, "");
    }

    store->nholes += ret->nholes;
    store->joined = true;

    return WUB_OK;
}
