
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"

#include "common/wub_gzip.h"


/* bytes that the event loop itself may hash and compress, below a ms */
#define NGX_HTTP_WUBLOADER_SEND_INLINE  16384

/* shorter pieces are put together, so that sending is not all overhead */
#define NGX_HTTP_WUBLOADER_SEND_SHORT   16384
#define NGX_HTTP_WUBLOADER_SEND_BLOCK   (256 * 1024)


typedef struct {
    wub_arena_t                 *arena;
    const char                  *type;
    const wub_str_t             *pieces;
    size_t                       npieces;
    unsigned                     hex:1;     /* one piece, a bytea's text */
    ngx_http_wubloader_text_t    text;
    wub_rc_t                     rc;
} ngx_http_wubloader_send_t;


static ngx_int_t ngx_http_wubloader_thrim_start(
    ngx_http_wubloader_thrim_t *thrim, ngx_http_wubloader_send_t *send);
static void ngx_http_wubloader_thrim_work(void *data);
static wub_rc_t ngx_http_wubloader_thrim_unhex(
    ngx_http_wubloader_send_t *send);
static wub_rc_t ngx_http_wubloader_thrim_join(
    ngx_http_wubloader_send_t *send);
static void ngx_http_wubloader_thrim_block(ngx_http_wubloader_text_t *text,
    const char *data, size_t len);
static wub_rc_t ngx_http_wubloader_thrim_gzip(
    ngx_http_wubloader_send_t *send);
static ngx_int_t ngx_http_wubloader_thrim_sent(ngx_http_request_t *r,
    void *data);


ngx_int_t
ngx_http_wubloader_thrim_send_json(ngx_http_wubloader_thrim_t *thrim,
    const wub_str_t *pieces, size_t npieces)
{
    ngx_http_wubloader_send_t  *send;

    send = ngx_pcalloc(thrim->request->pool,
                       sizeof(ngx_http_wubloader_send_t));
    if (send == NULL) {
        return NGX_ERROR;
    }

    send->type = "application/json";
    send->pieces = pieces;
    send->npieces = npieces;

    ngx_http_wubloader_text_init(thrim->request, &send->text);

    return ngx_http_wubloader_thrim_start(thrim, send);
}


ngx_int_t
ngx_http_wubloader_thrim_send_png(ngx_http_wubloader_thrim_t *thrim,
    wub_str_t data, ngx_uint_t hex)
{
    wub_str_t                  *piece;
    ngx_http_wubloader_send_t  *send;

    send = ngx_pcalloc(thrim->request->pool,
                       sizeof(ngx_http_wubloader_send_t));
    piece = ngx_palloc(thrim->request->pool, sizeof(wub_str_t));

    if (send == NULL || piece == NULL) {
        return NGX_ERROR;
    }

    *piece = data;

    send->type = "image/png";
    send->pieces = piece;
    send->npieces = 1;
    send->hex = hex ? 1 : 0;

    ngx_http_wubloader_text_init(thrim->request, &send->text);

    /* it is compressed already */
    send->text.gzip = 0;

    return ngx_http_wubloader_thrim_start(thrim, send);
}


static ngx_int_t
ngx_http_wubloader_thrim_start(ngx_http_wubloader_thrim_t *thrim,
    ngx_http_wubloader_send_t *send)
{
    size_t  i, len;

    send->arena = thrim->arena;

    len = 0;

    for (i = 0; i < send->npieces; i++) {
        len += send->pieces[i].len;
    }

    if (len > NGX_HTTP_WUBLOADER_SEND_INLINE) {
        return ngx_http_wubloader_task(thrim->request,
                                       ngx_http_wubloader_thrim_work,
                                       ngx_http_wubloader_thrim_sent, send);
    }

    ngx_http_wubloader_thrim_work(send);

    return ngx_http_wubloader_thrim_sent(thrim->request, send);
}


/* in a thread, unless it is little */

static void
ngx_http_wubloader_thrim_work(void *data)
{
    ngx_http_wubloader_send_t *send = data;

    size_t     i;
    ngx_md5_t  md5;

    if (send->hex) {
        send->rc = ngx_http_wubloader_thrim_unhex(send);
        if (send->rc != WUB_OK) {
            return;
        }
    }

    ngx_md5_init(&md5);

    for (i = 0; i < send->npieces; i++) {
        ngx_md5_update(&md5, send->pieces[i].data, send->pieces[i].len);
    }

    ngx_http_wubloader_etag_final(&md5, send->text.etag);

    if (ngx_http_wubloader_text_same(&send->text)) {
        send->rc = WUB_OK;
        return;
    }

    send->rc = ngx_http_wubloader_thrim_join(send);

    /* where there is no memory to compress it, it goes out as it is */

    if (send->rc == WUB_OK && send->text.gzip
        && ngx_http_wubloader_thrim_gzip(send) != WUB_OK)
    {
        send->text.gzip = 0;
    }

    if (send->text.npieces == 1) {
        send->text.body = send->text.pieces[0].data;
        send->text.npieces = 0;
    }
}


static wub_rc_t
ngx_http_wubloader_thrim_unhex(ngx_http_wubloader_send_t *send)
{
    wub_rc_t    rc;
    wub_str_t  *image;

    image = wub_arena_alloc(send->arena, sizeof(wub_str_t));
    if (image == NULL) {
        return WUB_NO_MEMORY;
    }

    rc = wub_pg_bytea_parse(send->arena, send->pieces[0], image);

    send->pieces = image;

    return rc;
}


/*
 * Long pieces stay where they are, in the database's answer; short ones are
 * copied into blocks.
 */

static wub_rc_t
ngx_http_wubloader_thrim_join(ngx_http_wubloader_send_t *send)
{
    size_t                      i, len, used, nlong;
    char                       *data, *p;
    const wub_str_t            *piece;
    ngx_http_wubloader_text_t  *text;

    text = &send->text;
    len = 0;
    nlong = 0;

    for (i = 0; i < send->npieces; i++) {
        piece = &send->pieces[i];

        if (piece->len < NGX_HTTP_WUBLOADER_SEND_SHORT) {
            len += piece->len;

        } else {
            nlong++;
        }
    }

    /* before each long one, after the last, and at each full block */

    data = wub_arena_alloc(send->arena, len + 1);
    text->pieces = wub_arena_alloc(send->arena,
                       (2 * nlong + 2 + len / (NGX_HTTP_WUBLOADER_SEND_BLOCK
                                       - NGX_HTTP_WUBLOADER_SEND_SHORT))
                       * sizeof(ngx_http_wubloader_piece_t));

    if (data == NULL || text->pieces == NULL) {
        return WUB_NO_MEMORY;
    }

    text->npieces = 0;
    p = data;
    used = 0;

    for (i = 0; i < send->npieces; i++) {
        piece = &send->pieces[i];

        if (piece->len >= NGX_HTTP_WUBLOADER_SEND_SHORT
            || used + piece->len > NGX_HTTP_WUBLOADER_SEND_BLOCK)
        {
            ngx_http_wubloader_thrim_block(text, p, used);
            p += used;
            used = 0;
        }

        if (piece->len >= NGX_HTTP_WUBLOADER_SEND_SHORT) {
            ngx_http_wubloader_thrim_block(text, piece->data, piece->len);
            continue;
        }

        ngx_memcpy(p + used, piece->data, piece->len);
        used += piece->len;
    }

    ngx_http_wubloader_thrim_block(text, p, used);

    return WUB_OK;
}


static void
ngx_http_wubloader_thrim_block(ngx_http_wubloader_text_t *text,
    const char *data, size_t len)
{
    ngx_http_wubloader_piece_t  *piece;

    if (len == 0) {
        return;
    }

    piece = &text->pieces[text->npieces++];

    piece->data = wub_str_n(data, len);
    piece->fd = NGX_INVALID_FILE;
}


static wub_rc_t
ngx_http_wubloader_thrim_gzip(ngx_http_wubloader_send_t *send)
{
    size_t                      i;
    uint32_t                    crc;
    uint64_t                    len;
    wub_rc_t                    rc;
    wub_buf_t                   b;
    wub_str_t                   data;
    wub_gzip_t                  z;
    ngx_http_wubloader_text_t  *text;

    text = &send->text;
    crc = 0;
    len = 0;

    ngx_memzero(&z, sizeof(wub_gzip_t));
    wub_buf_init(&b, send->arena, WUB_ARENA_MAX);
    wub_gzip_head(&b);

    for (i = 0; i < text->npieces; i++) {
        data = text->pieces[i].data;

        rc = wub_gzip_block(&z, &b, data);
        if (rc != WUB_OK) {
            return rc;
        }

        crc = wub_gzip_crc_join(crc, wub_gzip_crc(data), data.len);
        len += data.len;
    }

    wub_gzip_tail(&b, crc, len);

    if (b.rc == WUB_OK) {
        text->body = wub_buf_view(&b);
        text->npieces = 0;
    }

    return b.rc;
}


static ngx_int_t
ngx_http_wubloader_thrim_sent(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_send_t *send = data;

    switch (send->rc) {

    case WUB_OK:
        return ngx_http_wubloader_text_send(r, send->type, &send->text);

    case WUB_NO_MEMORY:
    case WUB_TOO_BIG:
        return ngx_http_wubloader_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                   "The answer needs too much memory; ask for the rows of "
                   "some states only, or for one row.");

    default:
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "an image of the database is not as Postgres writes "
                      "one");
        ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_error);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}
