
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_cache.h"


/* descriptors of one request; a longer range is made without the cache */
#define NGX_HTTP_WUBLOADER_JOIN_HOURS  258


static size_t ngx_http_wubloader_join_holes(
    const ngx_http_wubloader_join_t *j, int64_t start, int64_t end);
static wub_rc_t ngx_http_wubloader_join_hours(ngx_http_wubloader_join_t *j,
    int64_t start, int64_t end, ngx_uint_t behind);
static wub_rc_t ngx_http_wubloader_join_walk(ngx_http_wubloader_join_t *j,
    int64_t start, int64_t end);
static wub_rc_t ngx_http_wubloader_join_index(ngx_http_wubloader_join_t *j,
    size_t i);
static ngx_uint_t ngx_http_wubloader_join_whole(
    const ngx_http_wubloader_join_t *j, const wub_hourtext_piece_t *piece);
static wub_rc_t ngx_http_wubloader_join_parts(ngx_http_wubloader_join_t *j);
static void ngx_http_wubloader_join_rendered(ngx_http_wubloader_join_t *j);
static void ngx_http_wubloader_join_tag(ngx_http_wubloader_join_t *j);
static ngx_uint_t ngx_http_wubloader_join_end(
    const ngx_http_wubloader_join_t *j, size_t i);
static wub_rc_t ngx_http_wubloader_join_pieces(ngx_http_wubloader_join_t *j);


wub_rc_t
ngx_http_wubloader_join(ngx_http_wubloader_store_t *store,
    const wub_m3u8_media_t *m, int64_t start, int64_t end,
    ngx_http_wubloader_text_t *text)
{
    wub_rc_t                   rc;
    ngx_http_wubloader_join_t  j;

    ngx_memzero(&j, sizeof(ngx_http_wubloader_join_t));

    j.store = store;
    j.m = m;
    j.text = text;

    store->from = start;
    store->lazy = text->gzip;

    rc = ngx_http_wubloader_join_hours(&j, start, end, 0);

    ngx_http_wubloader_ahead_stop(&j.ahead);

    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_join_walk(&j, start, end);
    }

    /* what begins behind the range only counts where all else ends early */

    if (rc == WUB_OK && (j.joined.npieces == 0 || j.joined.last_end < end)) {
        rc = ngx_http_wubloader_join_hours(&j, start, end, 1);

        if (rc == WUB_OK) {
            rc = ngx_http_wubloader_join_walk(&j, start, end);
        }
    }

    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_join_parts(&j);
    }

    store->from = INT64_MIN;
    store->lazy = 0;

    if (rc != WUB_OK) {
        return rc;
    }

    store->nholes += ngx_http_wubloader_join_holes(&j, start, end);
    store->joined = true;

    ngx_http_wubloader_join_tag(&j);

    if (ngx_http_wubloader_text_same(text)) {
        return WUB_OK;
    }

    return text->gzip ? ngx_http_wubloader_join_packed(&j)
                      : ngx_http_wubloader_join_pieces(&j);
}


/* those at both ends, too, which no line tells of */

static size_t
ngx_http_wubloader_join_holes(const ngx_http_wubloader_join_t *j,
    int64_t start, int64_t end)
{
    size_t                       n;
    uint32_t                     type;
    const wub_hourtext_t        *first, *last;
    const wub_hourtext_piece_t  *piece;

    if (j->joined.npieces == 0) {
        return 1;
    }

    n = j->joined.nholes;

    piece = j->joined.pieces;
    first = j->indexes[piece->hour];

    n += (first->start + first->segments[piece->first].start > start);

    piece = &j->joined.pieces[j->joined.npieces - 1];
    last = j->indexes[piece->hour];

    type = (piece->last == last->last) ? last->last_type
                                       : last->segments[piece->last].type;

    n += (j->joined.last_end < end || type != WUB_SEGMENT_FULL);

    return n;
}


/*
 * The records of all hours that have a part in the range; behind: of those
 * that begin at its end or later, after the others.
 */

static wub_rc_t
ngx_http_wubloader_join_hours(ngx_http_wubloader_join_t *j, int64_t start,
    int64_t end, ngx_uint_t behind)
{
    size_t                        i, n;
    int64_t                       first, last;
    wub_rc_t                      rc;
    wub_hourtext_t               *index;
    ngx_http_wubloader_store_t   *store;
    ngx_http_wubloader_record_t  *record;

    store = j->store;

    wub_best_hours(start, end, &first, &last);

    n = 0;

    for (i = 0; i < store->nhours; i++) {
        n += (store->hours[i] >= first && store->hours[i] <= last);
    }

    if (n > NGX_HTTP_WUBLOADER_JOIN_HOURS) {
        return WUB_DECLINED;
    }

    if (j->n == 0) {
        j->records = wub_arena_calloc(store->arena,
                               (n + 1) * sizeof(ngx_http_wubloader_record_t));
        j->indexes = wub_arena_calloc(store->arena,
                                      (n + 1) * sizeof(wub_hourtext_t *));
        j->hours = wub_arena_calloc(store->arena, (n + 1) * sizeof(int64_t));
    }

    if (j->records == NULL || j->indexes == NULL || j->hours == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < store->nhours; i++) {

        if (store->hours[i] < first || store->hours[i] > last
            || (store->hours[i] >= end) != behind)
        {
            continue;
        }

        record = &j->records[j->n];

        rc = ngx_http_wubloader_cache_get(store, ngx_http_wubloader_item_hour,
                                          store->hours[i], record);

        if (rc == WUB_OK && store->found >= ngx_http_wubloader_cache_miss) {
            ngx_http_wubloader_ahead_start(&j->ahead, store, i + 1, end);
        }

        if (rc == WUB_NOT_FOUND) {
            continue;
        }

        if (rc != WUB_OK) {
            return rc;
        }

        store->nlooked++;
        index = ngx_http_wubloader_summary(&record->meta);
        store->ignored += index->ignored;

        /* of an hour that ended before the range nothing is chosen */

        if (index->nsegments == 0
            || record->meta.latest <= start)
        {
            continue;
        }

        j->indexes[j->n] = index;
        j->hours[j->n] = store->hours[i];
        j->n++;
    }

    return WUB_OK;
}


/*
 * Most hours are listed whole, and of those the summary tells enough; it
 * looks like an hour of one segment, though, so an hour of which any less
 * was listed is read and all are walked again.
 */

static wub_rc_t
ngx_http_wubloader_join_walk(ngx_http_wubloader_join_t *j, int64_t start,
    int64_t end)
{
    size_t       i, n;
    wub_rc_t     rc;
    u_char      *whole;
    ngx_uint_t   again;

    whole = wub_arena_alloc(j->store->arena, j->n + 1);
    if (whole == NULL) {
        return WUB_NO_MEMORY;
    }

    do {
        rc = wub_hourtext_join(j->store->arena, j->indexes, j->n, j->m,
                               start, end, j->store->tolerance, &j->joined);
        if (rc != WUB_OK) {
            return rc;
        }

        ngx_memzero(whole, j->n + 1);

        for (i = 0; i < j->joined.npieces; i++) {
            if (ngx_http_wubloader_join_whole(j, &j->joined.pieces[i])) {
                whole[j->joined.pieces[i].hour] = 1;
            }
        }

        /* an hour behind the end of the range was not looked at */

        n = (j->joined.npieces != 0 && j->joined.last_end >= end)
            ? j->joined.pieces[j->joined.npieces - 1].hour + 1 : j->n;

        again = 0;

        for (i = 0; i < n; i++) {

            if (whole[i]
                || j->indexes[i]
                   != ngx_http_wubloader_summary(&j->records[i].meta))
            {
                continue;
            }

            rc = ngx_http_wubloader_join_index(j, i);
            if (rc != WUB_OK) {
                return rc;
            }

            again = 1;
        }

    } while (again);

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_join_index(ngx_http_wubloader_join_t *j, size_t i)
{
    wub_rc_t  rc;

    rc = ngx_http_wubloader_file_need(j->store, &j->records[i]);

    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_file_index(j->store->arena, &j->records[i],
                                           &j->indexes[i]);
    }

    return rc;
}


static ngx_uint_t
ngx_http_wubloader_join_whole(const ngx_http_wubloader_join_t *j,
    const wub_hourtext_piece_t *piece)
{
    const wub_hourtext_t  *index;

    index = j->indexes[piece->hour];

    return piece->first == 0 && piece->last == index->last
           && wub_hourtext_whole(index, piece);
}


/* the text in order: what is rendered here, and ranges of hours' texts */

static wub_rc_t
ngx_http_wubloader_join_parts(ngx_http_wubloader_join_t *j)
{
    size_t                        i;
    wub_rc_t                      rc;
    ngx_http_wubloader_part_t    *part;
    const wub_hourtext_piece_t   *piece;
    ngx_http_wubloader_record_t  *record;

    j->parts = wub_arena_alloc(j->store->arena,
                               (2 * j->joined.npieces + 1)
                               * sizeof(ngx_http_wubloader_part_t));
    if (j->parts == NULL) {
        return WUB_NO_MEMORY;
    }

    wub_buf_init(&j->plain, j->store->arena, WUB_ARENA_MAX);
    wub_m3u8_head(&j->plain, j->m, j->joined.longest, j->joined.complete);

    for (i = 0; i < j->joined.npieces; i++) {
        piece = &j->joined.pieces[i];
        record = &j->records[piece->hour];

        if (piece->to == 0
            || (record->meta.id == 0 && record->text.data == NULL))
        {
            rc = ngx_http_wubloader_join_index(j, piece->hour);
            if (rc != WUB_OK) {
                return rc;
            }

            wub_hourtext_render(&j->plain, j->m, j->indexes[piece->hour],
                                piece);
            continue;
        }

        if (piece->hole) {
            wub_buf_lit(&j->plain, WUB_M3U8_HOLE);
        }

        ngx_http_wubloader_join_rendered(j);

        part = &j->parts[j->nparts++];
        part->record = record;
        part->hour = piece->hour;
        part->from = piece->from;
        part->to = piece->to;
    }

    wub_m3u8_tail(&j->plain, j->joined.complete);
    ngx_http_wubloader_join_rendered(j);

    return j->plain.rc;
}


static void
ngx_http_wubloader_join_rendered(ngx_http_wubloader_join_t *j)
{
    ngx_http_wubloader_part_t  *part;

    if (j->plain.len == j->done) {
        return;
    }

    part = &j->parts[j->nparts++];
    part->record = NULL;
    part->hour = 0;
    part->from = j->done;
    part->to = j->plain.len;

    j->done = j->plain.len;
}


/*
 * Made of what the parts are known by, not of all their bytes: the same
 * parts of the same texts are the same bytes.
 */

static void
ngx_http_wubloader_join_tag(ngx_http_wubloader_join_t *j)
{
    size_t                            i;
    ngx_md5_t                         md5;
    const ngx_http_wubloader_part_t  *part;

    ngx_md5_init(&md5);

    for (i = 0; i < j->nparts; i++) {
        part = &j->parts[i];

        ngx_md5_update(&md5, &part->from, sizeof(size_t));
        ngx_md5_update(&md5, &part->to, sizeof(size_t));

        if (part->record) {
            ngx_md5_update(&md5, part->record->meta.hash, 16);
            continue;
        }

        ngx_md5_update(&md5, j->plain.data + part->from,
                       part->to - part->from);
    }

    ngx_http_wubloader_etag_final(&md5, j->text->etag);
}


static wub_rc_t
ngx_http_wubloader_join_pieces(ngx_http_wubloader_join_t *j)
{
    size_t                            i;
    wub_rc_t                          rc;
    const ngx_http_wubloader_part_t  *part;
    ngx_http_wubloader_record_t       plain;

    ngx_memzero(&plain, sizeof(ngx_http_wubloader_record_t));

    plain.fd = NGX_INVALID_FILE;
    plain.text = wub_buf_view(&j->plain);

    for (i = 0; i < j->nparts; i++) {
        part = &j->parts[i];

        if (ngx_http_wubloader_join_end(j, i)) {
            j->text->pieces[j->text->npieces - 1].to += (off_t)
                                                        (part->to - part->from);
            break;
        }

        rc = ngx_http_wubloader_join_piece(j, part->record ? part->record
                                                           : &plain,
                                           part->from, part->to);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return WUB_OK;
}


/*
 * Whether the part at i is the end of the playlist and stands in the file
 * behind the part before it: a piece less, and so a packet.
 */

static ngx_uint_t
ngx_http_wubloader_join_end(const ngx_http_wubloader_join_t *j, size_t i)
{
    const ngx_http_wubloader_part_t    *part;
    const ngx_http_wubloader_record_t  *record;

    part = &j->parts[i];

    if (i == 0 || i + 1 != j->nparts || part->record != NULL) {
        return 0;
    }

    record = j->parts[i - 1].record;

    return record != NULL
           && record->fd != NGX_INVALID_FILE
           && record->meta.tail == part->to - part->from
           && record->meta.text == j->parts[i - 1].to
           && ngx_memcmp(j->plain.data + part->from, WUB_M3U8_END,
                         sizeof(WUB_M3U8_END) - 1)
              == 0;
}


/*
 * What was packed since the last piece.  The buffer grows and moves on, so
 * a piece gets a copy: the ends of hours, not their texts.
 */

wub_rc_t
ngx_http_wubloader_join_memory(ngx_http_wubloader_join_t *j)
{
    size_t                        n;
    char                         *p;
    ngx_http_wubloader_record_t   record;

    n = j->packed.len - j->sent;

    if (n == 0 || j->packed.rc != WUB_OK) {
        return j->packed.rc;
    }

    p = wub_arena_alloc(j->store->arena, n);
    if (p == NULL) {
        return WUB_NO_MEMORY;
    }

    ngx_memcpy(p, j->packed.data + j->sent, n);
    j->sent = j->packed.len;

    ngx_memzero(&record, sizeof(ngx_http_wubloader_record_t));

    record.fd = NGX_INVALID_FILE;
    record.text = wub_str_n(p, n);

    return ngx_http_wubloader_join_piece(j, &record, 0, n);
}


wub_rc_t
ngx_http_wubloader_join_piece(ngx_http_wubloader_join_t *j,
    const ngx_http_wubloader_record_t *record, size_t from, size_t to)
{
    size_t                       room;
    wub_rc_t                     rc;
    ngx_http_wubloader_text_t   *text;
    ngx_http_wubloader_piece_t  *piece;

    if (from == to) {
        return WUB_OK;
    }

    rc = ngx_http_wubloader_join_memory(j);
    if (rc != WUB_OK) {
        return rc;
    }

    text = j->text;

    if (text->npieces == j->room) {
        room = (j->room == 0) ? 64 : j->room * 2;

        piece = wub_arena_grow(j->store->arena, text->pieces,
                               j->room * sizeof(ngx_http_wubloader_piece_t),
                               room * sizeof(ngx_http_wubloader_piece_t));
        if (piece == NULL) {
            return WUB_NO_MEMORY;
        }

        text->pieces = piece;
        j->room = room;
    }

    piece = &text->pieces[text->npieces++];

    ngx_memzero(piece, sizeof(ngx_http_wubloader_piece_t));

    piece->fd = record->fd;
    piece->from = (off_t) from;
    piece->to = (off_t) to;

    if (record->fd == NGX_INVALID_FILE) {
        piece->data = wub_str_n(record->text.data + from, to - from);
    }

    return WUB_OK;
}
