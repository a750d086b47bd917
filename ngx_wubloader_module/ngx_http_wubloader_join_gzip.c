
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


static wub_rc_t ngx_http_wubloader_join_packed_part(
    ngx_http_wubloader_join_t *j, const ngx_http_wubloader_part_t *part);
static wub_rc_t ngx_http_wubloader_join_text(ngx_http_wubloader_join_t *j,
    ngx_http_wubloader_record_t *record, size_t from, size_t to);
static wub_rc_t ngx_http_wubloader_join_blocks(ngx_http_wubloader_join_t *j,
    ngx_http_wubloader_record_t *gz, size_t from, size_t to);
static wub_rc_t ngx_http_wubloader_join_deflate(ngx_http_wubloader_join_t *j,
    wub_str_t text);


wub_rc_t
ngx_http_wubloader_join_packed(ngx_http_wubloader_join_t *j)
{
    size_t                            i;
    wub_rc_t                          rc;
    const ngx_http_wubloader_part_t  *part;

    wub_buf_init(&j->packed, j->store->arena, WUB_ARENA_MAX);
    wub_gzip_head(&j->packed);

    for (i = 0; i < j->nparts; i++) {
        part = &j->parts[i];

        rc = part->record ? ngx_http_wubloader_join_packed_part(j, part)
                          : ngx_http_wubloader_join_deflate(j,
                                wub_str_n(j->plain.data + part->from,
                                          part->to - part->from));
        if (rc != WUB_OK) {
            return rc;
        }
    }

    wub_gzip_tail(&j->packed, j->crc, j->len);

    rc = ngx_http_wubloader_join_memory(j);
    if (rc != WUB_OK) {
        return rc;
    }

    return j->packed.rc;
}


/* whole blocks as they are, what is left at both ends compressed here */

static wub_rc_t
ngx_http_wubloader_join_packed_part(ngx_http_wubloader_join_t *j,
    const ngx_http_wubloader_part_t *part)
{
    size_t                        first, last, size;
    wub_rc_t                      rc;
    ngx_http_wubloader_record_t   gz;

    size = NGX_HTTP_WUBLOADER_BLOCK;

    first = (part->from + size - 1) / size;
    last = (part->to == part->record->meta.text)
           ? (part->to + size - 1) / size : part->to / size;

    if (first >= last) {
        return ngx_http_wubloader_join_text(j, part->record, part->from,
                                            part->to);
    }

    rc = ngx_http_wubloader_cache_gz(j->store,
                                     ngx_http_wubloader_item_hour_gz,
                                     j->hours[part->hour], part->record, &gz);
    if (rc != WUB_OK) {
        return rc;
    }

    if (part->from < first * size) {
        rc = ngx_http_wubloader_join_text(j, part->record, part->from,
                                          first * size);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    rc = ngx_http_wubloader_join_blocks(j, &gz, first, last);

    if (rc != WUB_OK || last * size >= part->to) {
        return rc;
    }

    return ngx_http_wubloader_join_text(j, part->record, last * size,
                                        part->to);
}


static wub_rc_t
ngx_http_wubloader_join_text(ngx_http_wubloader_join_t *j,
    ngx_http_wubloader_record_t *record, size_t from, size_t to)
{
    wub_rc_t   rc;
    wub_str_t  text;

    rc = ngx_http_wubloader_file_need(j->store, record);

    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_file_text(j->store->arena, record,
                                          (uint32_t) from, (uint32_t) to,
                                          &text);
    }

    return (rc == WUB_OK) ? ngx_http_wubloader_join_deflate(j, text) : rc;
}


static wub_rc_t
ngx_http_wubloader_join_blocks(ngx_http_wubloader_join_t *j,
    ngx_http_wubloader_record_t *gz, size_t from, size_t to)
{
    size_t                             i, n, len, start, end;
    wub_rc_t                           rc;
    const ngx_http_wubloader_block_t  *blocks;

    n = gz->meta.rest / sizeof(ngx_http_wubloader_block_t);

    if (from == 0 && to == n) {
        j->crc = wub_gzip_crc_shifted(j->crc, gz->meta.crc, gz->meta.shift);
        j->len += gz->meta.plain;

        return ngx_http_wubloader_join_piece(j, gz, 0, gz->meta.text);
    }

    rc = ngx_http_wubloader_file_rest(j->store->arena, gz);
    if (rc != WUB_OK) {
        return rc;
    }

    blocks = (const ngx_http_wubloader_block_t *) (const void *)
             gz->rest.data;

    for (i = from; i < to; i++) {
        len = ngx_min(gz->meta.plain - i * NGX_HTTP_WUBLOADER_BLOCK,
                      NGX_HTTP_WUBLOADER_BLOCK);

        j->crc = wub_gzip_crc_join(j->crc, blocks[i].crc, len);
        j->len += len;
    }

    start = from ? blocks[from - 1].end : 0;
    end = blocks[to - 1].end;

    /* read from a file: whoever wrote into it, no other bytes are sent */

    if (start > end || end > gz->meta.text) {
        return WUB_IO;
    }

    return ngx_http_wubloader_join_piece(j, gz, start, end);
}


static wub_rc_t
ngx_http_wubloader_join_deflate(ngx_http_wubloader_join_t *j, wub_str_t text)
{
    j->crc = wub_gzip_crc_join(j->crc, wub_gzip_crc(text), text.len);
    j->len += text.len;

    return wub_gzip_block(&j->deflate, &j->packed, text);
}
