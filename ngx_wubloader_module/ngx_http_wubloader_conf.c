
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


/* seconds of wubloader_target_duration */
#define NGX_HTTP_WUBLOADER_MAX_TARGET  3600


char *
ngx_http_wubloader_root(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    ngx_str_t  *value;

    if (wlcf->root.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "may not be empty; give the path of the segment store";
    }

    wlcf->root = value[1];

    return ngx_http_wubloader_conf_dir(cf, &wlcf->root);
}


char *
ngx_http_wubloader_conf_dir(ngx_conf_t *cf, ngx_str_t *path)
{
    if (ngx_http_script_variables_count(path)) {
        return "may not hold variables";
    }

    if (ngx_conf_full_name(cf->cycle, path, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    while (path->len > 1 && path->data[path->len - 1] == '/') {
        path->len--;
        path->data[path->len] = '\0';
    }

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_segments_uri(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    size_t      i;
    ngx_str_t  *value, *uri;

    if (wlcf->segments_uri.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    uri = &value[1];

    if (!(uri->len && uri->data[0] == '/')
        && ngx_strncasecmp(uri->data, (u_char *) "http://", 7) != 0
        && ngx_strncasecmp(uri->data, (u_char *) "https://", 8) != 0)
    {
        return "must begin with \"/\", \"http://\" or \"https://\"";
    }

    for (i = 0; i < uri->len; i++) {
        if (uri->data[i] <= ' ' || uri->data[i] >= 0x7f
            || ngx_strchr("?#\"<>\\", uri->data[i]))
        {
            return "may hold only characters of a URI's path, others "
                   "percent-encoded, and no query";
        }
    }

    while (uri->len && uri->data[uri->len - 1] == '/') {
        uri->len--;
    }

    if (uri->len && uri->data[uri->len - 1] == ':') {
        return "names no host";
    }

    wlcf->segments_uri = *uri;

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_target_duration(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (wlcf->target_duration != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "auto") == 0) {
        wlcf->target_duration = 0;
        return NGX_CONF_OK;
    }

    n = ngx_atoi(value[1].data, value[1].len);

    if (n < 1 || n > NGX_HTTP_WUBLOADER_MAX_TARGET) {
        return "must be \"auto\" or whole seconds from 1 to 3600";
    }

    wlcf->target_duration = (ngx_uint_t) n;

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_render(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    ngx_str_t  *value;

    if (wlcf->render.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len < 2 || value[1].data[0] != '@') {
        return "must be a named location, such as \"@render\"";
    }

    wlcf->render = value[1];

    return NGX_CONF_OK;
}


/* milliseconds: more would join segments that are far apart */

char *
ngx_http_wubloader_check_hour(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t *msec = data;

    if (*msec > 3600 * 1000) {
        return "must be at most 1h";
    }

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_check_year(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t *msec = data;

    if (*msec > (ngx_msec_t) 365 * 24 * 3600 * 1000) {
        return "must be at most 365d";
    }

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_check_years(ngx_conf_t *cf, void *post, void *data)
{
    time_t *sec = data;

    if (*sec > (time_t) 36500 * 24 * 3600) {
        return "must be at most 36500d";
    }

    return NGX_CONF_OK;
}
