
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


static const char *const
    ngx_http_wubloader_endpoint_names[ngx_http_wubloader_endpoints] =
{
    "list_channels",
    "list_qualities",
    "list_hours",
    "list_segments",
    "list_extras",
    "digest",
    "generate_master_playlist",
    "generate_media_playlist",
    "segments",
    "cut",
    "get_frame",
    "generate_waveform",
    "get_thumbnail_named_template",
    "get_thumbnail_uploaded_template",
    "thrimshim",
    "status",
    "metrics",
    "get_all_rows",
    "get_defaults",
    "get_transitions",
    "get_row",
    "update_row",
    "manual_link",
    "reset_row",
    "list_templates",
    "get_template",
    "get_template_metadata",
    "add_template",
    "update_template",
    "get_thumbnail",
    "test"
};


wub_str_t
ngx_http_wubloader_endpoint_name(ngx_http_wubloader_endpoint_e endpoint)
{
    const char  *name;

    name = ngx_http_wubloader_endpoint_names[endpoint];

    return wub_str_n(name, ngx_strlen(name));
}
