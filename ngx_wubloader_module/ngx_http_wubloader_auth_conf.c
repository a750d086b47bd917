
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_auth.h"


static char *ngx_http_wubloader_auth_file(ngx_conf_t *cf,
    ngx_http_wubloader_auth_keys_t *keys);
static char *ngx_http_wubloader_auth_uri(ngx_conf_t *cf,
    ngx_http_wubloader_auth_keys_t *keys);
static char *ngx_http_wubloader_auth_check(ngx_conf_t *cf,
    ngx_http_wubloader_loc_conf_t *conf);


/* Google's, as upstream has them */
static const wub_str_t  ngx_http_wubloader_auth_google[] = {
    wub_string("accounts.google.com"),
    wub_string("https://accounts.google.com")
};


char *
ngx_http_wubloader_auth_off(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    ngx_str_t  *value;

    if (wlcf->auth_off) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") != 0) {
        return "must be \"off\"; leave it out, and set "
               "\"wubloader_auth_keys\", for tokens to be checked";
    }

    if (wlcf->auth_keys) {
        return "may not be beside \"wubloader_auth_keys\"";
    }

    wlcf->auth_off = 1;

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_auth_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    ngx_str_t                       *value;
    ngx_pool_cleanup_t              *cln;
    ngx_http_wubloader_auth_keys_t  *keys;
    ngx_http_wubloader_main_conf_t  *wmcf;

    if (wlcf->auth_keys) {
        return "is duplicate";
    }

    if (wlcf->auth_off) {
        return "may not be beside \"wubloader_auth off\"";
    }

    value = cf->args->elts;

    if (ngx_http_script_variables_count(&value[1])) {
        return "may not hold variables";
    }

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wubloader_module);

    if (wmcf->roles == NULL) {
        wmcf->roles = ngx_http_wubloader_roles_create(cf->pool);
        if (wmcf->roles == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    cln = ngx_pool_cleanup_add(cf->pool,
                               sizeof(ngx_http_wubloader_auth_keys_t));
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    keys = cln->data;
    ngx_memzero(keys, sizeof(ngx_http_wubloader_auth_keys_t));
    cln->handler = ngx_http_wubloader_keys_cleanup;

    ngx_queue_init(&keys->waiting);
    keys->name = value[1];

    wlcf->auth_keys = keys;

    if (ngx_strncmp(value[1].data, "file:", 5) == 0) {
        return ngx_http_wubloader_auth_file(cf, keys);
    }

    return ngx_http_wubloader_auth_uri(cf, keys);
}


static char *
ngx_http_wubloader_auth_file(ngx_conf_t *cf,
    ngx_http_wubloader_auth_keys_t *keys)
{
    const char                     *error;
    ngx_http_wubloader_key_file_t   file;

    keys->path.data = keys->name.data + 5;
    keys->path.len = keys->name.len - 5;

    if (keys->path.len == 0) {
        return "needs a path behind \"file:\"";
    }

    if (ngx_conf_full_name(cf->cycle, &keys->path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&file, sizeof(ngx_http_wubloader_key_file_t));

    file.data = ngx_palloc(cf->temp_pool, NGX_HTTP_WUBLOADER_JWT_SET_MAX);
    if (file.data == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_http_wubloader_key_file_read((char *) keys->path.data, &file);

    error = file.error;

    if (error == NULL
        && ngx_http_wubloader_keys_take(keys, wub_str_n(file.data, file.len),
                                        &error)
           == NGX_OK)
    {
        keys->stamp = file.stamp;
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, file.err,
                       "keys of tokens could not be read from \"%V\": %s",
                       &keys->path, error);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_wubloader_auth_uri(ngx_conf_t *cf,
    ngx_http_wubloader_auth_keys_t *keys)
{
    u_char  *p;

    if (keys->name.len == 0 || keys->name.data[0] != '/') {
        return "must be the URI of a location of this server that has the "
               "keys, such as \"/google-keys\", or \"file:PATH\"";
    }

    keys->uri = keys->name;

    p = ngx_strlchr(keys->uri.data, keys->uri.data + keys->uri.len, '?');

    if (p != NULL) {
        keys->args.data = p + 1;
        keys->args.len = (size_t) (keys->uri.data + keys->uri.len - p - 1);
        keys->uri.len = (size_t) (p - keys->uri.data);
    }

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_auth_names(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    char *p = conf;

    ngx_str_t    *value;
    wub_str_t    *name;
    ngx_uint_t    i;
    ngx_array_t **names;

    names = (ngx_array_t **) (void *) (p + cmd->offset);

    if (*names) {
        return "is duplicate";
    }

    value = cf->args->elts;

    *names = ngx_array_create(cf->pool, cf->args->nelts, sizeof(wub_str_t));
    if (*names == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {
        if (value[i].len == 0) {
            return "may not hold an empty name";
        }

        if (ngx_http_script_variables_count(&value[i])) {
            return "may not hold variables";
        }

        name = ngx_array_push(*names);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        *name = ngx_http_wubloader_wub(value[i]);
    }

    return NGX_CONF_OK;
}


/* "off" and keys are two values of one setting */

char *
ngx_http_wubloader_auth_merge(ngx_conf_t *cf,
    ngx_http_wubloader_loc_conf_t *prev,
    ngx_http_wubloader_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    if (!conf->auth_off && conf->auth_keys == NULL) {
        conf->auth_off = prev->auth_off;
        conf->auth_keys = prev->auth_keys;
    }

    if (conf->auth_issuers == NULL) {
        conf->auth_issuers = prev->auth_issuers;
    }

    if (conf->auth_clients == NULL) {
        conf->auth_clients = prev->auth_clients;
    }

    conf->auth_token.issuers = ngx_http_wubloader_auth_google;
    conf->auth_token.nissuers = 2;

    if (conf->auth_issuers) {
        conf->auth_token.issuers = conf->auth_issuers->elts;
        conf->auth_token.nissuers = conf->auth_issuers->nelts;
    }

    if (conf->auth_clients) {
        conf->auth_token.clients = conf->auth_clients->elts;
        conf->auth_token.nclients = conf->auth_clients->nelts;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->kind == NULL || !conf->kind->routes || clcf->noname) {
        return NGX_CONF_OK;
    }

    return ngx_http_wubloader_auth_check(cf, conf);
}


static char *
ngx_http_wubloader_auth_check(ngx_conf_t *cf,
    ngx_http_wubloader_loc_conf_t *conf)
{
    if (conf->auth_keys && conf->auth_clients == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"wubloader_auth_keys\" in location \"%V\" needs "
                      "\"wubloader_auth_clients\", the ids that tokens are "
                      "meant for", &conf->prefix);
        return NGX_CONF_ERROR;
    }

    if (!conf->auth_off && conf->auth_keys == NULL
        && (conf->auth_clients || conf->auth_issuers))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"wubloader_auth_%s\" in location \"%V\" needs "
                      "\"wubloader_auth_keys\"",
                      conf->auth_clients ? "clients" : "issuers",
                      &conf->prefix);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
