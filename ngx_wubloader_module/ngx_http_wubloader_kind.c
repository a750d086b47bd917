
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


static const ngx_http_wubloader_kind_t *ngx_http_wubloader_find_kind(
    ngx_str_t *name);
static char *ngx_http_wubloader_check_location(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf);
static char *ngx_http_wubloader_add_render(ngx_conf_t *cf,
    ngx_http_wubloader_loc_conf_t *wlcf);
static ngx_int_t ngx_http_wubloader_init_render(ngx_conf_t *cf,
    ngx_http_wubloader_render_t *render);


/*
 * name, handler, needs root, may go to wubloader_render, takes POST, routes,
 * endpoint
 */
static const ngx_http_wubloader_kind_t  ngx_http_wubloader_kinds[] = {

    { ngx_string("files"), ngx_http_wubloader_files, 1, 0, 0, 0,
      ngx_http_wubloader_list_channels },
    { ngx_string("playlist"), ngx_http_wubloader_playlist, 1, 0, 0, 0,
      ngx_http_wubloader_master_playlist },
    { ngx_string("segments"), ngx_http_wubloader_segments, 1, 0, 0, 0,
      ngx_http_wubloader_get_segment },
    { ngx_string("cut"), ngx_http_wubloader_cut, 1, 1, 0, 0,
      ngx_http_wubloader_get_cut },
    { ngx_string("frame"), ngx_http_wubloader_frame, 1, 1, 0, 0,
      ngx_http_wubloader_get_frame },
    { ngx_string("waveform"), ngx_http_wubloader_waveform, 1, 1, 0, 0,
      ngx_http_wubloader_get_waveform },
    { ngx_string("thumbnail"), ngx_http_wubloader_thumbnail, 1, 1, 1, 0,
      ngx_http_wubloader_get_thumbnail },
    { ngx_string("extras"), ngx_http_wubloader_extras, 1, 0, 0, 0,
      ngx_http_wubloader_list_extras },
    { ngx_string("status"), ngx_http_wubloader_status, 1, 0, 0, 0,
      ngx_http_wubloader_get_status },
    { ngx_string("metrics"), ngx_http_wubloader_metrics, 0, 0, 0, 0,
      ngx_http_wubloader_get_metrics },
    { ngx_string("thrimshim"), ngx_http_wubloader_thrimshim, 0, 0, 0, 1,
      ngx_http_wubloader_get_thrimshim },

    { ngx_string("digest"), NULL, 1, 0, 0, 0,
      ngx_http_wubloader_get_digest },

    { ngx_null_string, NULL, 0, 0, 0, 0, 0 }
};


char *
ngx_http_wubloader_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    char                             *rv;
    ngx_str_t                        *value;
    ngx_http_core_loc_conf_t         *clcf;
    ngx_http_wubloader_srv_conf_t    *wscf;
    const ngx_http_wubloader_kind_t  *kind;

    if (wlcf->kind) {
        return "is duplicate";
    }

    value = cf->args->elts;

    kind = ngx_http_wubloader_find_kind(&value[1]);

    if (kind == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"wubloader\" knows no \"%V\"; it serves files, "
                           "playlist, segments, cut, frame, waveform, "
                           "thumbnail, extras, status, metrics or thrimshim",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    if (kind->handler == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"wubloader %V\" is not in this version; remove "
                           "this location", &value[1]);
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    rv = ngx_http_wubloader_check_location(cf, clcf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    wlcf->thread_pool = ngx_thread_pool_add(cf, NULL);
    if (wlcf->thread_pool == NULL) {
        return NGX_CONF_ERROR;
    }

    wscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_wubloader_module);
    wscf->used = 1;

    wlcf->kind = kind;
    wlcf->prefix = clcf->name;
    clcf->handler = ngx_http_wubloader_handler;

    if (kind->endpoint == ngx_http_wubloader_get_metrics) {
        return ngx_http_wubloader_metrics_add(cf);
    }

    if (kind->render) {
        return ngx_http_wubloader_add_render(cf, wlcf);
    }

    return NGX_CONF_OK;
}


static const ngx_http_wubloader_kind_t *
ngx_http_wubloader_find_kind(ngx_str_t *name)
{
    const ngx_http_wubloader_kind_t  *kind;

    for (kind = ngx_http_wubloader_kinds; kind->name.len; kind++) {
        if (kind->name.len == name->len
            && ngx_memcmp(kind->name.data, name->data, name->len) == 0)
        {
            return kind;
        }
    }

    return NULL;
}


static char *
ngx_http_wubloader_check_location(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf)
{
    ngx_uint_t  regex;

    regex = 0;

#if (NGX_PCRE)
    regex = (clcf->regex != NULL);
#endif

    if (regex || clcf->named) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"wubloader\" may not be in the %s location "
                           "\"%V\"; use a prefix or exact one",
                           regex ? "regex" : "named", &clcf->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_wubloader_add_render(ngx_conf_t *cf,
    ngx_http_wubloader_loc_conf_t *wlcf)
{
    ngx_http_wubloader_render_t     *render;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wubloader_module);

    render = ngx_array_push(&wmcf->renders);
    if (render == NULL) {
        return NGX_CONF_ERROR;
    }

    render->cscf = ngx_http_conf_get_module_srv_conf(cf,
                                                     ngx_http_core_module);
    render->wlcf = wlcf;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_wubloader_renders_init(ngx_conf_t *cf)
{
    ngx_uint_t                       i;
    ngx_http_wubloader_render_t     *render;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wubloader_module);

    render = wmcf->renders.elts;

    for (i = 0; i < wmcf->renders.nelts; i++) {
        if (ngx_http_wubloader_init_render(cf, &render[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* a missing named location would be a 500 at the first request */

static ngx_int_t
ngx_http_wubloader_init_render(ngx_conf_t *cf,
    ngx_http_wubloader_render_t *render)
{
    ngx_str_t                  *name;
    ngx_http_core_loc_conf_t  **clcfp;

    name = &render->wlcf->render;

    if (name->len == 0) {
        return NGX_OK;
    }

    clcfp = render->cscf->named_locations;

    for ( /* void */ ; clcfp && *clcfp; clcfp++) {
        if (name->len == (*clcfp)->name.len
            && ngx_strncmp(name->data, (*clcfp)->name.data, name->len) == 0)
        {
            return NGX_OK;
        }
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"wubloader_render %V\" of location \"%V\" names no "
                  "location of its server; add \"location %V { ... }\"",
                  name, &render->wlcf->prefix, name);

    return NGX_ERROR;
}
