
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


/* files that one cut holds open, and opens in one turn of the event loop */
#define NGX_HTTP_WUBLOADER_WINDOW   16


/* an open file of the window; with its name for nginx's log lines */
typedef struct {
    ngx_file_t                   file;      /* fd NGX_INVALID_FILE: free */
    u_char                       name[WUB_NAME_MAX + 1];
} ngx_http_wubloader_slot_t;


typedef struct {
    ngx_http_wubloader_files_t  *files;
    size_t                       next;      /* of files, to be opened next */
    off_t                        skip;      /* bytes of files before next */
    off_t                        left;      /* bytes still to be handed on */

    int64_t                      hour;      /* whose directory is open */
    int                          dirfd;     /* -1: none is */

    ngx_http_wubloader_slot_t    slots[NGX_HTTP_WUBLOADER_WINDOW];

    ngx_chain_t                 *free;      /* buffers to be used again */
    ngx_chain_t                 *busy;      /* buffers not yet sent */
    unsigned                     last:1;    /* the end was handed on */
    unsigned                     broken:1;  /* the next file is not to be had */
} ngx_http_wubloader_rough_t;


static ngx_int_t ngx_http_wubloader_rough_header(ngx_http_request_t *r,
    ngx_http_wubloader_files_t *files);
static ngx_http_wubloader_rough_t *ngx_http_wubloader_rough_create(
    ngx_http_request_t *r, ngx_http_wubloader_files_t *files);
static void ngx_http_wubloader_rough_cleanup(void *data);
static void ngx_http_wubloader_rough_range(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough);
static void ngx_http_wubloader_rough_writer(ngx_http_request_t *r);
static void ngx_http_wubloader_rough_wait(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough);
static ngx_int_t ngx_http_wubloader_rough_turn(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough);
static ngx_int_t ngx_http_wubloader_rough_fill(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough, ngx_chain_t **out);
static ngx_buf_t *ngx_http_wubloader_rough_buf(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough, ngx_chain_t ***ll);
static ngx_http_wubloader_slot_t *ngx_http_wubloader_rough_slot(
    ngx_http_wubloader_rough_t *rough);
static ngx_int_t ngx_http_wubloader_rough_open(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough, ngx_http_wubloader_slot_t *slot);
static void ngx_http_wubloader_rough_close(ngx_http_wubloader_slot_t *slot);
static void ngx_http_wubloader_rough_recycle(
    ngx_http_wubloader_rough_t *rough);


ngx_int_t
ngx_http_wubloader_rough_send(ngx_http_request_t *r,
    ngx_http_wubloader_files_t *files)
{
    ngx_int_t                    rc;
    ngx_http_wubloader_ctx_t    *ctx;
    ngx_http_wubloader_rough_t  *rough;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    rough = ngx_http_wubloader_rough_create(r, files);
    if (rough == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_wubloader_rough_header(r, files) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    ngx_http_wubloader_rough_range(r, rough);

    ctx->data = rough;

    r->write_event_handler = ngx_http_wubloader_rough_writer;
    r->main->count++;

    ngx_http_wubloader_rough_writer(r);

    return NGX_DONE;
}


static ngx_int_t
ngx_http_wubloader_rough_header(ngx_http_request_t *r,
    ngx_http_wubloader_files_t *files)
{
    ngx_str_t  etag, control;

    ngx_str_set(&r->headers_out.content_type, "video/mp2t");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = (off_t) files->size;

    /* several ranges are more than nginx can make of many files: a 200 */

    r->allow_ranges = 1;
    r->single_range = 1;

    etag.len = NGX_HTTP_WUBLOADER_ETAG;
    etag.data = files->etag;

    ngx_str_set(&control, "no-cache");

    if (ngx_http_wubloader_set_etag(r, &etag) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_header(r, "Cache-Control", &control);
}


static ngx_http_wubloader_rough_t *
ngx_http_wubloader_rough_create(ngx_http_request_t *r,
    ngx_http_wubloader_files_t *files)
{
    ngx_uint_t                   i;
    ngx_pool_cleanup_t          *cln;
    ngx_http_wubloader_slot_t   *slot;
    ngx_http_wubloader_rough_t  *rough;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_wubloader_rough_t));
    if (cln == NULL) {
        return NULL;
    }

    rough = cln->data;
    ngx_memzero(rough, sizeof(ngx_http_wubloader_rough_t));

    rough->files = files;
    rough->dirfd = -1;

    for (i = 0; i < NGX_HTTP_WUBLOADER_WINDOW; i++) {
        slot = &rough->slots[i];

        slot->file.fd = NGX_INVALID_FILE;
        slot->file.log = r->connection->log;
    }

    cln->handler = ngx_http_wubloader_rough_cleanup;

    return rough;
}


static void
ngx_http_wubloader_rough_cleanup(void *data)
{
    ngx_http_wubloader_rough_t *rough = data;

    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_WUBLOADER_WINDOW; i++) {
        ngx_http_wubloader_rough_close(&rough->slots[i]);
    }

    if (rough->dirfd != -1) {
        (void) close(rough->dirfd);
    }
}


/* files that lie before a range are not opened, those after it neither */

static void
ngx_http_wubloader_rough_range(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough)
{
    off_t                        end, size;
    ngx_http_wubloader_files_t  *files;

    files = rough->files;
    rough->left = (off_t) files->size;

    if (r->headers_out.status != NGX_HTTP_PARTIAL_CONTENT) {
        return;
    }

    end = r->headers_out.content_offset + r->headers_out.content_length_n;

    for ( /* void */ ; rough->next < files->nfiles; rough->next++) {
        size = (off_t) files->files[rough->next].size;

        if (rough->skip + size > r->headers_out.content_offset) {
            break;
        }

        rough->skip += size;
    }

    rough->left = end - rough->skip;
}


static void
ngx_http_wubloader_rough_writer(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_event_t                 *wev;
    ngx_connection_t            *c;
    ngx_http_wubloader_ctx_t    *ctx;
    ngx_http_wubloader_rough_t  *rough;

    c = r->connection;
    wev = c->write;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);
    rough = ctx->data;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "client timed out");
        c->timedout = 1;

        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    if (wev->delayed || r->aio) {
        ngx_http_wubloader_rough_wait(r, rough);
        return;
    }

    rc = ngx_http_wubloader_rough_turn(r, rough);

    /*
     * HTTP/2 resets no stream that has frames in its queue, and a thread
     * may be what sent the last of them: so first all that was handed on.
     */

    if (rc == NGX_ERROR || (rough->broken && rough->busy == NULL)) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    if (rough->last) {
        r->write_event_handler = ngx_http_request_empty_handler;
        ngx_http_finalize_request(r, rc);
        return;
    }

    ngx_http_wubloader_rough_wait(r, rough);
}


static void
ngx_http_wubloader_rough_wait(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough)
{
    ngx_event_t               *wev;
    ngx_http_core_loc_conf_t  *clcf;

    wev = r->connection->write;
    clcf = ngx_http_get_module_loc_conf(r->main, ngx_http_core_module);

    /* also when posted: a worker told to quit waits for timers only */

    if (!wev->delayed) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    /* all was sent at once: others come first, then the next files */

    if (rough->busy == NULL && !wev->delayed && !r->aio) {
        ngx_post_event(wev, &ngx_posted_next_events);
        return;
    }

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
    }
}


static ngx_int_t
ngx_http_wubloader_rough_turn(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough)
{
    ngx_int_t     rc;
    ngx_chain_t  *out;

    rc = ngx_http_wubloader_rough_fill(r, rough, &out);
    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    if (rough->broken && out == NULL && rough->busy == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_output_filter(r, out);

    ngx_chain_update_chains(r->pool, &rough->free, &rough->busy, &out,
                            (ngx_buf_tag_t) &ngx_http_wubloader_module);

    ngx_http_wubloader_rough_recycle(rough);

    return rc;
}


static ngx_int_t
ngx_http_wubloader_rough_fill(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough, ngx_chain_t **out)
{
    off_t                       size;
    ngx_buf_t                  *b;
    ngx_chain_t               **ll;
    ngx_http_wubloader_slot_t  *slot;

    b = NULL;
    ll = out;
    *out = NULL;

    /* the range filter counts these bytes and throws them away unread */

    if (rough->skip > 0) {
        b = ngx_http_wubloader_rough_buf(r, rough, &ll);
        if (b == NULL) {
            return NGX_ERROR;
        }

        b->in_file = 1;
        b->file_last = rough->skip;

        rough->skip = 0;
    }

    while (rough->left > 0 && !rough->broken) {
        slot = ngx_http_wubloader_rough_slot(rough);

        if (slot == NULL) {
            break;
        }

        if (ngx_http_wubloader_rough_open(r, rough, slot) != NGX_OK) {
            rough->broken = 1;
            break;
        }

        size = (off_t) rough->files->files[rough->next++].size;

        if (size == 0) {
            ngx_http_wubloader_rough_close(slot);
            continue;
        }

        b = ngx_http_wubloader_rough_buf(r, rough, &ll);
        if (b == NULL) {
            return NGX_ERROR;
        }

        b->in_file = 1;
        b->file = &slot->file;
        b->file_last = size;

        rough->left -= size;
    }

    if (rough->left <= 0) {
        b = ngx_http_wubloader_rough_buf(r, rough, &ll);
        if (b == NULL) {
            return NGX_ERROR;
        }

        b->last_buf = (r == r->main);
        b->last_in_chain = 1;
        b->sync = !b->last_buf;

        rough->last = 1;

    } else if (b != NULL) {

        /* a few small files must not wait for postpone_output */

        b->flush = 1;
    }

    return NGX_OK;
}


static ngx_buf_t *
ngx_http_wubloader_rough_buf(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough, ngx_chain_t ***ll)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    cl = ngx_chain_get_free_buf(r->pool, &rough->free);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;
    ngx_memzero(b, sizeof(ngx_buf_t));

    b->tag = (ngx_buf_tag_t) &ngx_http_wubloader_module;

    **ll = cl;
    *ll = &cl->next;

    return b;
}


static ngx_http_wubloader_slot_t *
ngx_http_wubloader_rough_slot(ngx_http_wubloader_rough_t *rough)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_WUBLOADER_WINDOW; i++) {
        if (rough->slots[i].file.fd == NGX_INVALID_FILE) {
            return &rough->slots[i];
        }
    }

    return NULL;
}


/*
 * Opened here and not in a thread: a window at a time, of files whose
 * lookups the task has just made.  Its tombstone and size are looked at
 * again; the client has a Content-Length, so other bytes must not follow.
 */

static ngx_int_t
ngx_http_wubloader_rough_open(ngx_http_request_t *r,
    ngx_http_wubloader_rough_t *rough, ngx_http_wubloader_slot_t *slot)
{
    int                         err, fd;
    wub_rc_t                    rc;
    const char                 *what;
    wub_file_stat_t             st;
    ngx_http_wubloader_file_t  *file;

    file = &rough->files->files[rough->next];

    rc = ngx_http_wubloader_rough_dir(rough->files->store, file->hour,
                                      &rough->hour, &rough->dirfd, &err);
    if (rc == WUB_OK) {
        rc = wub_dir_open_segment(rough->dirfd, file->name, &fd, &st, &err);
    }

    if (rc == WUB_OK && st.size == file->size) {
        slot->file.fd = fd;
        slot->file.offset = 0;
        slot->file.sys_offset = 0;

        ngx_memcpy(slot->name, file->name.data, file->name.len);
        slot->name[file->name.len] = '\0';

        slot->file.name.data = slot->name;
        slot->file.name.len = file->name.len;

        return NGX_OK;
    }

    if (rc == WUB_OK) {
        (void) close(fd);
        what = "has another size than when the cut began";

    } else if (rc == WUB_DENIED && err == 0) {
        what = "was marked by a tombstone";

    } else {
        what = "cannot be opened";
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, err,
                  "the cut is broken off: segment \"%s/%s/%*s\" %s",
                  rough->files->store->root,
                  ngx_http_wubloader_store_hour_path(rough->files->store,
                                                     file->hour),
                  file->name.len, file->name.data, what);

    ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_error);

    return NGX_ERROR;
}


static void
ngx_http_wubloader_rough_close(ngx_http_wubloader_slot_t *slot)
{
    if (slot->file.fd != NGX_INVALID_FILE) {
        (void) close(slot->file.fd);
        slot->file.fd = NGX_INVALID_FILE;
    }
}


/* a file is closed as soon as nothing of its buffer is left */

static void
ngx_http_wubloader_rough_recycle(ngx_http_wubloader_rough_t *rough)
{
    ngx_uint_t                  i;
    ngx_chain_t                *cl;
    ngx_http_wubloader_slot_t  *slot;

    for (cl = rough->free; cl; cl = cl->next) {

        for (i = 0; i < NGX_HTTP_WUBLOADER_WINDOW; i++) {
            slot = &rough->slots[i];

            if (cl->buf->file == &slot->file) {
                ngx_http_wubloader_rough_close(slot);
                cl->buf->file = NULL;
                break;
            }
        }
    }
}
