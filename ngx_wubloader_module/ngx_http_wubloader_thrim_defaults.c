
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"

#include "common/wub_transition_names.h"


/* bytes of an answer: no configuration is so large */
#define NGX_HTTP_WUBLOADER_DEFAULTS_MAX  ((size_t) 1024 * 1024)


static ngx_int_t ngx_http_wubloader_defaults_send(
    ngx_http_wubloader_thrim_t *thrim, const wub_buf_t *b);
static void ngx_http_wubloader_defaults_put(wub_buf_t *b, wub_str_t s);


ngx_int_t
ngx_http_wubloader_thrim_defaults(ngx_http_wubloader_thrim_t *thrim)
{
    size_t                   i;
    wub_buf_t                b;
    const wub_event_conf_t  *conf;

    conf = thrim->conf;

    wub_buf_init(&b, thrim->arena, NGX_HTTP_WUBLOADER_DEFAULTS_MAX);

    wub_buf_lit(&b, "{\"video_channel\": ");
    ngx_http_wubloader_defaults_put(&b, conf->default_channel);
    wub_buf_lit(&b, ", \"bustime_start\": ");
    ngx_http_wubloader_defaults_put(&b, conf->bustime_start);
    wub_buf_lit(&b, ", \"title_prefix\": ");
    wub_buf_json(&b, conf->title_prefix);
    wub_buf_lit(&b, ", \"title_max_length\": ");
    wub_buf_u64(&b, WUB_EVENT_TITLE_MAX
                    - wub_event_chars(conf->title_prefix));
    wub_buf_lit(&b, ", \"upload_locations\": [");

    for (i = 0; i < conf->nlocations; i++) {

        if (i != 0) {
            wub_buf_lit(&b, ", ");
        }

        wub_buf_json(&b, conf->locations[i]);
    }

    wub_buf_lit(&b, "]}");

    return ngx_http_wubloader_defaults_send(thrim, &b);
}


/* what is not configured is null */

static void
ngx_http_wubloader_defaults_put(wub_buf_t *b, wub_str_t s)
{
    if (s.len == 0) {
        wub_buf_lit(b, "null");
        return;
    }

    wub_buf_json(b, s);
}


ngx_int_t
ngx_http_wubloader_thrim_transitions(ngx_http_wubloader_thrim_t *thrim)
{
    size_t     i;
    wub_buf_t  b;

    wub_buf_init(&b, thrim->arena, NGX_HTTP_WUBLOADER_DEFAULTS_MAX);
    wub_buf_putc(&b, '[');

    for (i = 0; i < WUB_TRANSITION_NAMES; i++) {

        if (i != 0) {
            wub_buf_lit(&b, ", ");
        }

        wub_buf_lit(&b, "{\"name\": ");
        wub_buf_json(&b, wub_transition_names[i].name);
        wub_buf_lit(&b, ", \"description\": ");
        wub_buf_json(&b, wub_transition_names[i].description);
        wub_buf_putc(&b, '}');
    }

    wub_buf_putc(&b, ']');

    return ngx_http_wubloader_defaults_send(thrim, &b);
}


static ngx_int_t
ngx_http_wubloader_defaults_send(ngx_http_wubloader_thrim_t *thrim,
    const wub_buf_t *b)
{
    wub_str_t  *body;

    body = wub_arena_alloc(thrim->arena, sizeof(wub_str_t));

    if (body == NULL || b->rc != WUB_OK) {
        return NGX_ERROR;
    }

    *body = wub_buf_view(b);

    return ngx_http_wubloader_thrim_send_json(thrim, body, 1);
}
