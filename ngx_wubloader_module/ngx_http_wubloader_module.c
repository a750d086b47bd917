
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_auth.h"
#include "ngx_wubloader_module/ngx_http_wubloader_db.h"
#include "ngx_wubloader_module/ngx_http_wubloader_module.h"
#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


static ngx_int_t ngx_http_wubloader_preinit(ngx_conf_t *cf);
static ngx_int_t ngx_http_wubloader_init(ngx_conf_t *cf);

static ngx_int_t ngx_http_wubloader_init_process(ngx_cycle_t *cycle);
static void ngx_http_wubloader_exit_process(ngx_cycle_t *cycle);

static void *ngx_http_wubloader_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_wubloader_create_srv_conf(ngx_conf_t *cf);
static void *ngx_http_wubloader_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_wubloader_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


#define NGX_HTTP_WUBLOADER_CONF                                               \
    NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF

/* times are counted in microseconds of 64 bits */

static ngx_conf_post_t  ngx_http_wubloader_hour_post =
    { ngx_http_wubloader_check_hour };

static ngx_conf_post_t  ngx_http_wubloader_year_post =
    { ngx_http_wubloader_check_year };

static ngx_conf_post_t  ngx_http_wubloader_years_post =
    { ngx_http_wubloader_check_years };


static ngx_command_t  ngx_http_wubloader_commands[] = {

    { ngx_string("wubloader"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_set,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_root"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_root,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_cache"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_http_wubloader_cache,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_segments_uri"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_segments_uri,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_tolerance"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_wubloader_loc_conf_t, tolerance),
      &ngx_http_wubloader_hour_post },

    { ngx_string("wubloader_live_hold"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_wubloader_loc_conf_t, live_hold),
      &ngx_http_wubloader_year_post },

    { ngx_string("wubloader_target_duration"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_target_duration,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_segment_max_age"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_wubloader_loc_conf_t, segment_max_age),
      &ngx_http_wubloader_years_post },

    { ngx_string("wubloader_max_implicit_range"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_wubloader_loc_conf_t, max_implicit_range),
      &ngx_http_wubloader_years_post },

    { ngx_string("wubloader_render"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_render,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_database"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE123,
      ngx_http_wubloader_database,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_default_channel"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_default_channel,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_bustime_start"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_bustime_start,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_title_header"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_title_header,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_description_footer"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_description_footer,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_upload_locations"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_1MORE,
      ngx_http_wubloader_upload_locations,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_archive"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE2,
      ngx_http_wubloader_archive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_templates"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_templates,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_category_notes"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_category_notes,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_auth"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_auth_off,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_auth_keys"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_TAKE1,
      ngx_http_wubloader_auth_keys,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wubloader_auth_issuers"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_1MORE,
      ngx_http_wubloader_auth_names,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_wubloader_loc_conf_t, auth_issuers),
      NULL },

    { ngx_string("wubloader_auth_clients"),
      NGX_HTTP_WUBLOADER_CONF|NGX_CONF_1MORE,
      ngx_http_wubloader_auth_names,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_wubloader_loc_conf_t, auth_clients),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_wubloader_module_ctx = {
    ngx_http_wubloader_preinit,            /* preconfiguration */
    ngx_http_wubloader_init,               /* postconfiguration */

    ngx_http_wubloader_create_main_conf,   /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_http_wubloader_create_srv_conf,    /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_wubloader_create_loc_conf,    /* create location configuration */
    ngx_http_wubloader_merge_loc_conf      /* merge location configuration */
};


ngx_module_t  ngx_http_wubloader_module = {
    NGX_MODULE_V1,
    &ngx_http_wubloader_module_ctx,        /* module context */
    ngx_http_wubloader_commands,           /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_wubloader_init_process,       /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_wubloader_exit_process,       /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_http_wubloader_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_wubloader_main_conf_t  *wmcf;

    wmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_wubloader_main_conf_t));
    if (wmcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     wmcf->metrics = NULL;
     *     wmcf->slot = NULL;
     *     wmcf->roles = NULL;
     */

    if (ngx_array_init(&wmcf->renders, cf->pool, 4,
                       sizeof(ngx_http_wubloader_render_t))
        != NGX_OK
        || ngx_array_init(&wmcf->dbs, cf->pool, 1,
                          sizeof(ngx_http_wubloader_db_t *))
           != NGX_OK)
    {
        return NULL;
    }

    return wmcf;
}


static void *
ngx_http_wubloader_create_srv_conf(ngx_conf_t *cf)
{
    /*
     * set by ngx_pcalloc():
     *
     *     wscf->used = 0;
     */

    return ngx_pcalloc(cf->pool, sizeof(ngx_http_wubloader_srv_conf_t));
}


static void *
ngx_http_wubloader_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_wubloader_loc_conf_t  *wlcf;

    wlcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_wubloader_loc_conf_t));
    if (wlcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     wlcf->kind = NULL;
     *     wlcf->prefix = { 0, NULL };
     *     wlcf->root = { 0, NULL };
     *     wlcf->segments_uri = { 0, NULL };
     *     wlcf->render = { 0, NULL };
     *     wlcf->thrim = { all empty };
     *     wlcf->templates = NULL;
     *     wlcf->thread_pool = NULL;
     *     wlcf->auth_off = 0;
     *     wlcf->auth_keys = NULL;
     *     wlcf->auth_issuers = NULL;
     *     wlcf->auth_clients = NULL;
     */

    wlcf->tolerance = NGX_CONF_UNSET_MSEC;
    wlcf->live_hold = NGX_CONF_UNSET_MSEC;
    wlcf->target_duration = NGX_CONF_UNSET_UINT;
    wlcf->segment_max_age = NGX_CONF_UNSET;
    wlcf->max_implicit_range = NGX_CONF_UNSET;
    wlcf->db = NGX_CONF_UNSET_PTR;

    return wlcf;
}


static char *
ngx_http_wubloader_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_wubloader_loc_conf_t *prev = parent;
    ngx_http_wubloader_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* inside of "if" and "limit_except" the location's handler goes on */

    if (clcf->noname && conf->kind == NULL) {
        conf->kind = prev->kind;
        conf->prefix = prev->prefix;
        conf->thread_pool = prev->thread_pool;
    }

    ngx_conf_merge_str_value(conf->root, prev->root, "");
    ngx_conf_merge_str_value(conf->segments_uri, prev->segments_uri,
                             "/segments");
    ngx_conf_merge_msec_value(conf->tolerance, prev->tolerance, 10);
    ngx_conf_merge_msec_value(conf->live_hold, prev->live_hold, 15000);
    ngx_conf_merge_uint_value(conf->target_duration, prev->target_duration,
                              0);
    ngx_conf_merge_sec_value(conf->segment_max_age, prev->segment_max_age,
                             60);
    ngx_conf_merge_sec_value(conf->max_implicit_range,
                             prev->max_implicit_range, 12 * 3600);
    ngx_conf_merge_str_value(conf->render, prev->render, "");
    ngx_conf_merge_ptr_value(conf->db, prev->db, NULL);

    ngx_http_wubloader_thrim_merge(prev, conf);

    if (ngx_http_wubloader_auth_merge(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->kind && !clcf->noname
        && clcf->handler != ngx_http_wubloader_handler)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "location \"%V\" has a handler besides "
                      "\"wubloader %V\"; give each a location of its own",
                      &conf->prefix, &conf->kind->name);
        return NGX_CONF_ERROR;
    }

    if (conf->kind && conf->kind->root && conf->root.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"wubloader %V\" in location \"%V\" needs "
                      "\"wubloader_root\", the path of the segment store",
                      &conf->kind->name, &conf->prefix);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_wubloader_preinit(ngx_conf_t *cf)
{
    return ngx_http_wubloader_vars_add(cf);
}


static ngx_int_t
ngx_http_wubloader_init_process(ngx_cycle_t *cycle)
{
    ngx_http_wubloader_metrics_process(cycle);
    ngx_http_wubloader_cache_process(cycle);

    return ngx_http_wubloader_db_process(cycle);
}


static void
ngx_http_wubloader_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_wubloader_db_exit(cycle);
    ngx_http_wubloader_metrics_exit(cycle);
}


static ngx_int_t
ngx_http_wubloader_init(ngx_conf_t *cf)
{
    if (ngx_http_wubloader_renders_init(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_wubloader_metrics_init(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_wubloader_body_init();

    return ngx_http_wubloader_filter_init(cf);
}
