
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


static wub_rc_t ngx_http_wubloader_item_names(
    ngx_http_wubloader_seek_t *seek, wub_arena_t *arena, wub_names_t *names);
static wub_rc_t ngx_http_wubloader_item_make_hour(
    ngx_http_wubloader_seek_t *seek, wub_arena_t *arena, wub_names_t *names);
static wub_rc_t ngx_http_wubloader_item_make_list(
    ngx_http_wubloader_seek_t *seek, wub_arena_t *arena, wub_names_t *names);
static wub_rc_t ngx_http_wubloader_item_make_blocks(wub_arena_t *arena,
    wub_str_t text, ngx_http_wubloader_record_t *record);
static void ngx_http_wubloader_item_make_hash(wub_str_t text,
    u_char hash[16]);


wub_rc_t
ngx_http_wubloader_item_read(ngx_http_wubloader_seek_t *seek,
    wub_arena_t *arena)
{
    wub_rc_t     rc;
    wub_names_t  names;

    rc = ngx_http_wubloader_item_names(seek, arena, &names);
    if (rc != WUB_OK) {
        return rc;
    }

    return (seek->item == ngx_http_wubloader_item_hour)
           ? ngx_http_wubloader_item_make_hour(seek, arena, &names)
           : ngx_http_wubloader_item_make_list(seek, arena, &names);
}


/*
 * A directory is read once for both of its listings: the names stay with
 * the request that may ask for the second one.
 */

static wub_rc_t
ngx_http_wubloader_item_names(ngx_http_wubloader_seek_t *seek,
    wub_arena_t *arena, wub_names_t *names)
{
    int                          err;
    wub_rc_t                     rc;
    ngx_uint_t                   first;
    ngx_http_wubloader_store_t  *store;

    store = seek->store;

    if (seek->item == ngx_http_wubloader_item_tombs
        && store->names.nnames != 0
        && wub_stamp_eq(&store->stamp, &seek->record->stamp))
    {
        *names = store->names;
        return WUB_OK;
    }

    first = (store->both && seek->item == ngx_http_wubloader_item_list);

    rc = wub_dir_read(first ? store->arena : arena, seek->dirfd,
                      WUB_HOUR_ENTRIES_MAX, names, &err);
    if (rc != WUB_OK) {
        return ngx_http_wubloader_cache_fail(seek, rc, err);
    }

    if (first) {
        store->names = *names;
        store->stamp = seek->record->stamp;
    }

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_item_make_hour(ngx_http_wubloader_seek_t *seek,
    wub_arena_t *arena, wub_names_t *names)
{
    size_t                        i;
    int64_t                       end;
    wub_rc_t                      rc;
    wub_hour_t                    hour;
    wub_hourtext_t               *index;
    wub_m3u8_media_t              media;
    ngx_http_wubloader_meta_t    *meta;
    ngx_http_wubloader_record_t  *record;

    record = seek->record;
    meta = &record->meta;

    rc = wub_hour_build(arena, names, seek->hour, seek->store->tolerance,
                        wub_dir_size, &seek->dirfd, &hour);
    if (rc != WUB_OK) {
        return rc;
    }

    ngx_memzero(&media, sizeof(wub_m3u8_media_t));

    media.segments_uri = seek->store->segments_uri;
    media.channel = seek->store->channel;
    media.quality = seek->store->quality;

    /* without "path=" the index stays, and the text goes */

    rc = wub_hourtext_build(arena, &media, &hour, seek->store->tolerance,
                            seek->cache->path.len == 0, &index,
                            &record->text);
    if (rc != WUB_OK) {
        return rc;
    }

    record->rest = wub_str_n((char *) index, index->size);

    ngx_http_wubloader_item_make_hash(record->text, meta->hash);
    meta->latest = INT64_MIN;

    for (i = 0; i < hour.nsegments; i++) {
        end = wub_segment_end(&hour.segments[i]);
        meta->latest = ngx_max(meta->latest, end);
    }

    ngx_memcpy(meta->summary.data, index,
               ngx_min(index->size, sizeof(ngx_http_wubloader_summary_t)));

    /* nobody may look behind the one segment that it has */

    ngx_http_wubloader_summary(meta)->nsegments = ngx_min(index->nsegments, 1);

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_item_make_list(ngx_http_wubloader_seek_t *seek,
    wub_arena_t *arena, wub_names_t *names)
{
    size_t       i;
    wub_rc_t     rc;
    wub_buf_t    b;
    ngx_md5_t    md5;
    wub_names_t  list;

    rc = wub_hour_list(arena, names,
                       seek->item == ngx_http_wubloader_item_tombs, &list);
    if (rc != WUB_OK) {
        return rc;
    }

    for (i = 0; i < names->nnames; i++) {
        seek->record->meta.graves += (wub_name_kind(names->names[i])
                                      == WUB_NAME_TOMBSTONE);
    }

    wub_buf_init(&b, arena, UINT32_MAX);
    wub_names_json(&b, &list);

    if (b.rc != WUB_OK) {
        return b.rc;
    }

    seek->record->text = wub_buf_view(&b);

    /* the tag that it has without a cache */

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, b.data, b.len);
    ngx_md5_final(seek->record->meta.hash, &md5);

    return WUB_OK;
}


wub_rc_t
ngx_http_wubloader_item_pack(ngx_http_wubloader_seek_t *seek,
    wub_arena_t *arena)
{
    wub_rc_t                      rc;
    wub_str_t                     text;
    ngx_http_wubloader_record_t  *plain;

    plain = seek->plain;
    seek->record->stamp = plain->stamp;

    rc = ngx_http_wubloader_file_need(seek->store, plain);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = ngx_http_wubloader_file_text(arena, plain, 0, plain->meta.text,
                                      &text);
    if (rc != WUB_OK) {
        return rc;
    }

    ngx_memcpy(seek->record->meta.hash, plain->meta.hash, 16);
    seek->record->meta.plain = (uint32_t) text.len;

    if (seek->item != ngx_http_wubloader_item_hour_gz) {
        return wub_gzip(arena, text, &seek->record->text);
    }

    seek->record->meta.crc = wub_gzip_crc(text);
    seek->record->meta.shift = wub_gzip_crc_shift(text.len);

    return ngx_http_wubloader_item_make_blocks(arena, text, seek->record);
}


/* where each block ends, compressed, and the sum of its text */

static wub_rc_t
ngx_http_wubloader_item_make_blocks(wub_arena_t *arena, wub_str_t text,
    ngx_http_wubloader_record_t *record)
{
    size_t                         i, n;
    wub_rc_t                       rc;
    wub_buf_t                      b;
    wub_str_t                      block;
    wub_gzip_t                     deflate;
    ngx_http_wubloader_block_t    *blocks;

    n = (text.len + NGX_HTTP_WUBLOADER_BLOCK - 1) / NGX_HTTP_WUBLOADER_BLOCK;

    blocks = wub_arena_alloc(arena, n * sizeof(ngx_http_wubloader_block_t));
    if (blocks == NULL) {
        return WUB_NO_MEMORY;
    }

    ngx_memzero(&deflate, sizeof(wub_gzip_t));
    wub_buf_init(&b, arena, UINT32_MAX);

    for (i = 0; i < n; i++) {
        block.data = text.data + i * NGX_HTTP_WUBLOADER_BLOCK;
        block.len = ngx_min(text.len - i * NGX_HTTP_WUBLOADER_BLOCK,
                            NGX_HTTP_WUBLOADER_BLOCK);

        rc = wub_gzip_block(&deflate, &b, block);
        if (rc != WUB_OK) {
            return rc;
        }

        blocks[i].end = (uint32_t) b.len;
        blocks[i].crc = wub_gzip_crc(block);
    }

    record->text = wub_buf_view(&b);
    record->rest = wub_str_n((char *) blocks,
                             n * sizeof(ngx_http_wubloader_block_t));

    return WUB_OK;
}


/* tells texts of our own apart, faster than they are written */

static void
ngx_http_wubloader_item_make_hash(wub_str_t text, u_char hash[16])
{
    size_t    i, n;
    uint64_t  a, b, word;

    a = text.len;
    b = UINT64_C(0x9e3779b97f4a7c15);

    for (i = 0; i < text.len; i += n) {
        n = ngx_min(text.len - i, sizeof(uint64_t));
        word = 0;
        ngx_memcpy(&word, text.data + i, n);

        a = (a ^ word) * UINT64_C(0xff51afd7ed558ccd);
        a ^= a >> 32;
        b = (b + word) * UINT64_C(0xc4ceb9fe1a85ec53);
        b ^= b >> 29;
    }

    ngx_memcpy(hash, &a, 8);
    ngx_memcpy(hash + 8, &b, 8);
}
