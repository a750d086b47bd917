
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


/* pages of memory; fewer hold no more than the zone's own bookkeeping */
#define NGX_HTTP_WUBLOADER_ZONE_PAGES  8


static char *ngx_http_wubloader_cache_zone(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *name, ssize_t *size);
static char *ngx_http_wubloader_cache_path(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_wubloader_cache_t *cache);


/* wubloader_cache zone=NAME:SIZE [path=DIR]; */

char *
ngx_http_wubloader_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wubloader_main_conf_t *wmcf = conf;

    char                        *rv;
    ssize_t                      size;
    ngx_str_t                   *value, name;
    ngx_uint_t                   i;
    ngx_pool_cleanup_t          *cln;
    ngx_http_wubloader_cache_t  *cache;

    if (wmcf->cache) {
        return "is duplicate";
    }

    cache = ngx_pcalloc(cf->pool, sizeof(ngx_http_wubloader_cache_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (cache == NULL || cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_wubloader_cache_end;
    cln->data = cache;

    size = 0;
    ngx_str_null(&name);
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "zone=", 5) == 0 && name.len == 0) {
            rv = ngx_http_wubloader_cache_zone(cf, &value[i], &name, &size);

        } else if (ngx_strncmp(value[i].data, "path=", 5) == 0
                   && cache->path.len == 0)
        {
            rv = ngx_http_wubloader_cache_path(cf, &value[i], cache);

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"wubloader_cache\" does not take \"%V\"; "
                               "write zone=NAME:SIZE, then path=DIR or "
                               "nothing", &value[i]);
            rv = NGX_CONF_ERROR;
        }

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (name.len == 0) {
        return "needs zone=NAME:SIZE";
    }

    cache->zone = ngx_shared_memory_add(cf, &name, (size_t) size,
                                        &ngx_http_wubloader_module);
    if (cache->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    cache->zone->init = ngx_http_wubloader_zone_init;
    cache->zone->data = cache;

    wmcf->cache = cache;

    return NGX_CONF_OK;
}


static char *
ngx_http_wubloader_cache_zone(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *name, ssize_t *size)
{
    u_char     *p, *last;
    ngx_str_t   s;

    last = value->data + value->len;
    name->data = value->data + 5;

    p = ngx_strlchr(name->data, last, ':');

    if (p == NULL || p == name->data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" of \"wubloader_cache\" is not "
                           "zone=NAME:SIZE", value);
        return NGX_CONF_ERROR;
    }

    name->len = (size_t) (p - name->data);

    s.data = p + 1;
    s.len = (size_t) (last - s.data);

    *size = ngx_parse_size(&s);

    if (*size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" of \"wubloader_cache\" has a bad size; "
                           "write 64m, say", value);
        return NGX_CONF_ERROR;
    }

    if (*size < (ssize_t) (NGX_HTTP_WUBLOADER_ZONE_PAGES * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" of \"wubloader_cache\" is too small; "
                           "give it at least %uzk", value,
                           NGX_HTTP_WUBLOADER_ZONE_PAGES * ngx_pagesize
                           / 1024);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* nginx makes the directory at start, owned by who its processes run as */

static char *
ngx_http_wubloader_cache_path(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_wubloader_cache_t *cache)
{
    ngx_path_t       *path;
    ngx_file_info_t   fi;

    if (ngx_http_script_variables_count(value) != 0) {
        return "has a \"path=\" with a variable; write the directory itself";
    }

    path = ngx_pcalloc(cf->pool, sizeof(ngx_path_t));
    if (path == NULL) {
        return NGX_CONF_ERROR;
    }

    path->name.data = value->data + 5;
    path->name.len = value->len - 5;

    if (path->name.len == 0) {
        return "has an empty \"path=\"; give a directory of its own";
    }

    if (ngx_conf_full_name(cf->cycle, &path->name, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    while (path->name.len > 1 && path->name.data[path->name.len - 1] == '/') {
        path->name.len--;
        path->name.data[path->name.len] = '\0';
    }

    /* nginx would make it belong to its processes, whatever it is */

    if (ngx_file_info(path->name.data, &fi) != NGX_FILE_ERROR
        && !ngx_is_dir(&fi))
    {
        return "has a \"path=\" that is no directory; give one of its own";
    }

    path->conf_file = cf->conf_file->file.name.data;
    path->line = cf->conf_file->line;

    if (ngx_add_path(cf, &path) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    cache->path = path->name;

    return NGX_CONF_OK;
}
