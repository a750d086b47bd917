
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


/* bytes of what depends on the configuration: texts, escaped */
#define NGX_HTTP_WUBLOADER_ROW_MAX  ((size_t) 256 * 1024 * 1024)

/* fields of a playlist */
#define NGX_HTTP_WUBLOADER_PLAYLIST  5


/* columns of wubloader_row() */
typedef enum {
    NGX_HTTP_WUBLOADER_ROW_EVENT = 0,
    NGX_HTTP_WUBLOADER_ROW_SHEET_NAME,
    NGX_HTTP_WUBLOADER_ROW_EVENT_START,
    NGX_HTTP_WUBLOADER_ROW_EVENT_END,
    NGX_HTTP_WUBLOADER_ROW_CATEGORY,
    NGX_HTTP_WUBLOADER_ROW_DESCRIPTION,
    NGX_HTTP_WUBLOADER_ROW_NOTES,
    NGX_HTTP_WUBLOADER_ROW_TAGS,
    NGX_HTTP_WUBLOADER_ROW_ALLOW_HOLES,
    NGX_HTTP_WUBLOADER_ROW_VIDEO_CHANNEL,
    NGX_HTTP_WUBLOADER_ROW_VIDEO_TITLE,
    NGX_HTTP_WUBLOADER_ROW_VIDEO_DESCRIPTION,
    NGX_HTTP_WUBLOADER_ROW_THUMBNAIL_MODE,
    NGX_HTTP_WUBLOADER_ROW_THUMBNAIL_TIME,
    NGX_HTTP_WUBLOADER_ROW_THUMBNAIL_TEMPLATE,
    NGX_HTTP_WUBLOADER_ROW_PLAYLISTS
} ngx_http_wubloader_row_e;


static ngx_int_t ngx_http_wubloader_list_states(
    ngx_http_wubloader_thrim_t *thrim, wub_str_t *ret);
static ngx_int_t ngx_http_wubloader_list_state(
    ngx_http_wubloader_thrim_t *thrim, wub_str_t value, wub_buf_t *b);
static ngx_int_t ngx_http_wubloader_list_done(
    ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_pg_result_t *result);
static ngx_int_t ngx_http_wubloader_row_done(
    ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_pg_result_t *result);
static wub_rc_t ngx_http_wubloader_row_put(ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_pg_result_t *result, wub_buf_t *b);
static wub_rc_t ngx_http_wubloader_playlist_parse(wub_arena_t *arena,
    wub_str_t text, wub_event_playlist_t *ret);
static ngx_int_t ngx_http_wubloader_event_thumbnail_done(
    ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_pg_result_t *result);
static wub_str_t ngx_http_wubloader_addresses(
    const ngx_http_wubloader_thrim_t *thrim);
static ngx_int_t ngx_http_wubloader_vary_user(ngx_http_request_t *r);


/* names of states, or null for all; whether addresses are shown */
static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_list_statement =
{
    "wubloader_list",
    "SELECT * FROM public.wubloader_list($1, $2)",
    2
};

static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_row_statement =
{
    "wubloader_row",
    "SELECT * FROM public.wubloader_row($1, $2)",
    2
};

static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_thumbnail_statement =
{
    "wubloader_thumbnail",
    "SELECT thumbnail_image FROM public.events WHERE id = $1",
    1
};


ngx_int_t
ngx_http_wubloader_thrim_list(ngx_http_wubloader_thrim_t *thrim)
{
    ngx_int_t   rc;
    wub_str_t  *params;

    params = wub_arena_alloc(thrim->arena, 2 * sizeof(wub_str_t));
    if (params == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_list_states(thrim, &params[0]);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    params[1] = ngx_http_wubloader_addresses(thrim);

    return ngx_http_wubloader_thrim_read(thrim,
                                         &ngx_http_wubloader_list_statement,
                                         params,
                                         ngx_http_wubloader_list_done);
}


/* ?state=A,B&state=C as the text of an array, data NULL without any */

static ngx_int_t
ngx_http_wubloader_list_states(ngx_http_wubloader_thrim_t *thrim,
    wub_str_t *ret)
{
    size_t                     pos;
    wub_buf_t                  b;
    wub_str_t                  value;
    ngx_int_t                  rc;
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(thrim->request, ngx_http_wubloader_module);

    *ret = wub_str_n(NULL, 0);

    if (wub_query_count(&ctx->query, wub_str("state")) == 0) {
        return NGX_DECLINED;
    }

    wub_buf_init(&b, thrim->arena, NGX_HTTP_WUBLOADER_ROW_MAX);
    wub_buf_putc(&b, '{');

    for (pos = 0;
         wub_query_next(&ctx->query, wub_str("state"), &pos, &value); )
    {
        rc = ngx_http_wubloader_list_state(thrim, value, &b);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    wub_buf_putc(&b, '}');

    *ret = wub_buf_view(&b);

    return (b.rc == WUB_OK) ? NGX_DECLINED : NGX_ERROR;
}


/* of a list with commas; no name of a state needs quotes */

static ngx_int_t
ngx_http_wubloader_list_state(ngx_http_wubloader_thrim_t *thrim,
    wub_str_t value, wub_buf_t *b)
{
    ngx_str_t           *quote;
    wub_str_t            name;
    const char          *comma;
    wub_state_e          state;
    ngx_http_request_t  *r;

    r = thrim->request;

    for ( ;; ) {
        comma = (value.len != 0) ? memchr(value.data, ',', value.len) : NULL;

        name = (comma == NULL) ? value
                               : wub_str_n(value.data,
                                           (size_t) (comma - value.data));

        if (wub_state_parse(name, &state) != WUB_OK) {
            break;
        }

        if (b->len > 1) {
            wub_buf_putc(b, ',');
        }

        wub_buf_str(b, name);

        if (comma == NULL) {
            return NGX_DECLINED;
        }

        value = wub_str_n(comma + 1, value.len - name.len - 1);
    }

    quote = ngx_http_wubloader_quote(r, name, NGX_HTTP_WUBLOADER_QUOTE);
    if (quote == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
               "state is not a state of a row: '%V'; it is UNEDITED, EDITED, "
               "CLAIMED, FINALIZING, TRANSCODING, DONE or MODIFIED.", quote);
}


static ngx_int_t
ngx_http_wubloader_list_done(ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_pg_result_t *result)
{
    wub_str_t   *pieces, *piece;
    ngx_uint_t   i, n;

    n = ngx_http_wubloader_db_rows(result);

    pieces = wub_arena_alloc(thrim->arena, (2 * n + 2) * sizeof(wub_str_t));
    if (pieces == NULL || ngx_http_wubloader_vary_user(thrim->request)
                          != NGX_OK)
    {
        return NGX_ERROR;
    }

    piece = pieces;
    *piece++ = wub_str("[");

    for (i = 0; i < n; i++) {

        if (i != 0) {
            *piece++ = wub_str(",\n");
        }

        *piece++ = ngx_http_wubloader_db_value(result, i, 0);
    }

    *piece++ = wub_str("]");

    return ngx_http_wubloader_thrim_send_json(thrim, pieces,
                                              (size_t) (piece - pieces));
}


ngx_int_t
ngx_http_wubloader_thrim_row(ngx_http_wubloader_thrim_t *thrim)
{
    wub_str_t  *params;

    params = wub_arena_alloc(thrim->arena, 2 * sizeof(wub_str_t));
    if (params == NULL) {
        return NGX_ERROR;
    }

    params[0] = thrim->name;
    params[1] = ngx_http_wubloader_addresses(thrim);

    return ngx_http_wubloader_thrim_read(thrim,
                                         &ngx_http_wubloader_row_statement,
                                         params, ngx_http_wubloader_row_done);
}


/* the members that the database knows, and those that it does not */

static ngx_int_t
ngx_http_wubloader_row_done(ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_pg_result_t *result)
{
    wub_rc_t             rc;
    wub_buf_t            b;
    wub_str_t           *pieces;
    ngx_http_request_t  *r;

    r = thrim->request;

    if (ngx_http_wubloader_vary_user(r) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_wubloader_db_rows(result) == 0) {
        return ngx_http_wubloader_thrim_no_row(thrim);
    }

    pieces = wub_arena_alloc(thrim->arena, 2 * sizeof(wub_str_t));
    if (pieces == NULL) {
        return NGX_ERROR;
    }

    wub_buf_init(&b, thrim->arena, NGX_HTTP_WUBLOADER_ROW_MAX);

    rc = ngx_http_wubloader_row_put(thrim, result, &b);

    if (rc != WUB_OK) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "row \"%*s\" cannot be shown: a list or a time of it "
                      "is of a form that this version does not know",
                      thrim->name.len, thrim->name.data);
        ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_error);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    pieces[0] = ngx_http_wubloader_db_value(result, 0,
                                            NGX_HTTP_WUBLOADER_ROW_EVENT);
    pieces[0].len--;
    pieces[1] = wub_buf_view(&b);

    return ngx_http_wubloader_thrim_send_json(thrim, pieces, 2);
}


static wub_rc_t
ngx_http_wubloader_row_put(ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_pg_result_t *result, wub_buf_t *b)
{
    size_t                 n;
    wub_rc_t               rc;
    wub_event_row_t        row;
    wub_event_playlist_t  *playlists;

    rc = ngx_http_wubloader_thrim_playlists(thrim->arena,
             ngx_http_wubloader_db_value(result, 0,
                                         NGX_HTTP_WUBLOADER_ROW_PLAYLISTS),
             &playlists, &n);
    if (rc != WUB_OK) {
        return rc;
    }

#define ngx_http_wubloader_column(name)                                       \
    ngx_http_wubloader_db_value(result, 0, NGX_HTTP_WUBLOADER_ROW_##name)

    row.sheet_name = ngx_http_wubloader_column(SHEET_NAME);
    row.event_start = ngx_http_wubloader_column(EVENT_START);
    row.event_end = ngx_http_wubloader_column(EVENT_END);
    row.category = ngx_http_wubloader_column(CATEGORY);
    row.description = ngx_http_wubloader_column(DESCRIPTION);
    row.notes = ngx_http_wubloader_column(NOTES);
    row.tags = ngx_http_wubloader_column(TAGS);
    row.allow_holes = ngx_http_wubloader_column(ALLOW_HOLES);
    row.video_channel = ngx_http_wubloader_column(VIDEO_CHANNEL);
    row.video_title = ngx_http_wubloader_column(VIDEO_TITLE);
    row.video_description = ngx_http_wubloader_column(VIDEO_DESCRIPTION);
    row.thumbnail_mode = ngx_http_wubloader_column(THUMBNAIL_MODE);
    row.thumbnail_time = ngx_http_wubloader_column(THUMBNAIL_TIME);
    row.thumbnail_template = ngx_http_wubloader_column(THUMBNAIL_TEMPLATE);

    wub_buf_putc(b, ',');

    rc = wub_event_put(b, thrim->arena, thrim->conf, &row, playlists, n);

    wub_buf_putc(b, '}');

    return (rc == WUB_OK) ? b->rc : rc;
}


wub_rc_t
ngx_http_wubloader_thrim_playlists(wub_arena_t *arena, wub_str_t text,
    wub_event_playlist_t **ret, size_t *ret_n)
{
    size_t                 i, n;
    wub_rc_t               rc;
    wub_pg_items_t         items;
    wub_event_playlist_t  *playlists;

    rc = wub_pg_array_parse(arena, text, &items);
    if (rc != WUB_OK) {
        return rc;
    }

    playlists = wub_arena_alloc(arena, (items.nitems + 1)
                                       * sizeof(wub_event_playlist_t));
    if (playlists == NULL) {
        return WUB_NO_MEMORY;
    }

    n = 0;

    for (i = 0; i < items.nitems; i++) {
        rc = ngx_http_wubloader_playlist_parse(arena, items.items[i],
                                               &playlists[n]);
        if (rc == WUB_OK) {
            n++;
            continue;
        }

        /* tags of several dimensions, which match nothing */

        if (rc != WUB_INVALID) {
            return rc;
        }
    }

    *ret = playlists;
    *ret_n = n;

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_playlist_parse(wub_arena_t *arena, wub_str_t text,
    wub_event_playlist_t *ret)
{
    wub_rc_t        rc;
    wub_pg_items_t  fields;

    rc = wub_pg_composite_parse(arena, text, &fields);
    if (rc != WUB_OK) {
        return rc;
    }

    if (fields.nitems != NGX_HTTP_WUBLOADER_PLAYLIST) {
        return WUB_INVALID;
    }

    ret->name = fields.items[0];
    ret->playlist_id = fields.items[1];
    ret->show = wub_str_eq(fields.items[3], wub_str("t"));
    ret->default_template = fields.items[4];

    rc = wub_pg_array_parse(arena, fields.items[2], &ret->tags);

    if (rc == WUB_OK && ret->tags.items == NULL) {

        /* no tags are wanted, which is not the same as none being there */

        ret->tags.items = fields.items;
    }

    return rc;
}


ngx_int_t
ngx_http_wubloader_thrim_event_thumbnail(ngx_http_wubloader_thrim_t *thrim)
{
    return ngx_http_wubloader_thrim_read(thrim,
               &ngx_http_wubloader_thumbnail_statement, &thrim->name,
               ngx_http_wubloader_event_thumbnail_done);
}


static ngx_int_t
ngx_http_wubloader_event_thumbnail_done(ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_pg_result_t *result)
{
    wub_str_t            image;
    ngx_http_request_t  *r;

    r = thrim->request;

    if (ngx_http_wubloader_db_rows(result) == 0) {
        return ngx_http_wubloader_thrim_no_row(thrim);
    }

    image = ngx_http_wubloader_db_value(result, 0, 0);

    if (image.data == NULL) {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                        "Row id = %*s has no thumbnail of "
                                        "its own", thrim->name.len,
                                        thrim->name.data);
    }

    return ngx_http_wubloader_thrim_send_png(thrim, image, 1);
}


static wub_str_t
ngx_http_wubloader_addresses(const ngx_http_wubloader_thrim_t *thrim)
{
    if (thrim->user.len == 0 || wub_str_eq(thrim->user, wub_str("NOT_AUTH")))
    {
        return wub_str("f");
    }

    return wub_str("t");
}


static ngx_int_t
ngx_http_wubloader_vary_user(ngx_http_request_t *r)
{
    ngx_str_t  value;

    ngx_str_set(&value, "Authorization");

    return ngx_http_wubloader_header(r, "Vary", &value);
}
