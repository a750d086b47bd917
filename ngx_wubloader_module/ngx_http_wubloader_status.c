
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_status.h"

#include "common/wub_time.h"


#define NGX_HTTP_WUBLOADER_STATUS_MAX   ((size_t) 16 * 1024 * 1024)

/* hours that are looked into for the first and for the newest segment */
#define NGX_HTTP_WUBLOADER_STATUS_HOURS  4


static ngx_int_t ngx_http_wubloader_status_form(ngx_http_request_t *r,
    ngx_uint_t *ret_json);
static ngx_uint_t ngx_http_wubloader_status_accept(ngx_http_request_t *r);
static void ngx_http_wubloader_status_work(void *data);
static wub_rc_t ngx_http_wubloader_status_channel(
    ngx_http_wubloader_overview_t *o, wub_str_t channel);
static wub_rc_t ngx_http_wubloader_status_quality(
    ngx_http_wubloader_overview_t *o, wub_str_t quality);
static wub_rc_t ngx_http_wubloader_status_first(
    ngx_http_wubloader_overview_t *o, ngx_http_wubloader_recording_t *rec);
static wub_rc_t ngx_http_wubloader_status_newest(
    ngx_http_wubloader_overview_t *o, ngx_http_wubloader_recording_t *rec);
static wub_rc_t ngx_http_wubloader_status_gaps(
    ngx_http_wubloader_overview_t *o, ngx_http_wubloader_recording_t *rec);
static wub_rc_t ngx_http_wubloader_status_withdrawn(
    ngx_http_wubloader_overview_t *o, ngx_http_wubloader_recording_t *rec);
static size_t ngx_http_wubloader_status_tombstones(const wub_names_t *names,
    int64_t hour, const ngx_http_wubloader_recording_t *rec);
static ngx_int_t ngx_http_wubloader_status_done(ngx_http_request_t *r,
    void *data);


ngx_int_t
ngx_http_wubloader_status(ngx_http_request_t *r)
{
    ngx_int_t                       rc;
    wub_str_t                       rest;
    ngx_time_t                     *tp;
    ngx_http_wubloader_path_t       path;
    ngx_http_wubloader_overview_t  *o;

    rc = ngx_http_wubloader_rest(r, &rest);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (rest.len != 0) {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                        "There is nothing at this path.");
    }

    o = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_overview_t));
    if (o == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_status_form(r, &o->json);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_memzero(&path, sizeof(ngx_http_wubloader_path_t));

    ngx_http_wubloader_store_init(r, &o->store, &path);
    ngx_http_wubloader_text_init(r, &o->text);

    tp = ngx_timeofday();
    o->now = (int64_t) tp->sec * WUB_SECOND + (int64_t) tp->msec * 1000;

    return ngx_http_wubloader_task(r, ngx_http_wubloader_status_work,
                                   ngx_http_wubloader_status_done, o);
}


static ngx_int_t
ngx_http_wubloader_status_form(ngx_http_request_t *r, ngx_uint_t *ret_json)
{
    wub_str_t                  value;
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    if (!wub_query_first(&ctx->query, wub_str("format"), &value)) {
        *ret_json = ngx_http_wubloader_status_accept(r);
        return NGX_DECLINED;
    }

    if (wub_str_eq(value, wub_str("json"))) {
        *ret_json = 1;
        return NGX_DECLINED;
    }

    if (wub_str_eq(value, wub_str("html"))) {
        *ret_json = 0;
        return NGX_DECLINED;
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                                    "format must be one of: html, json");
}


/* a browser takes HTML, whatever else; a script asks for what it wants */

static ngx_uint_t
ngx_http_wubloader_status_accept(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == sizeof("Accept") - 1
                && ngx_strncasecmp(h[i].key.data, (u_char *) "Accept",
                                   sizeof("Accept") - 1) == 0)
            {
                return ngx_strstr(h[i].value.data, "application/json") != NULL
                       && ngx_strstr(h[i].value.data, "text/html") == NULL;
            }
        }
    }

    return 0;
}


static void
ngx_http_wubloader_status_work(void *data)
{
    ngx_http_wubloader_overview_t *o = data;

    size_t       i;
    wub_buf_t    b;
    wub_names_t  channels;

    o->rc = ngx_http_wubloader_store_dirs(&o->store, "", &channels);

    for (i = 0; o->rc == WUB_OK && i < channels.nnames && !o->cut; i++) {
        o->rc = ngx_http_wubloader_status_channel(o, channels.names[i]);
    }

    if (o->rc != WUB_OK) {
        return;
    }

    ngx_http_wubloader_status_disk(o);
    ngx_http_wubloader_status_all(o);

    wub_buf_init(&b, o->store.arena, NGX_HTTP_WUBLOADER_STATUS_MAX);

    if (o->json) {
        ngx_http_wubloader_status_json(&b, o);

    } else {
        ngx_http_wubloader_status_html(&b, o);
    }

    o->rc = b.rc;

    if (b.rc == WUB_OK) {
        o->rc = ngx_http_wubloader_text_make(&o->text, b.arena,
                                             wub_buf_view(&b));
    }

    if (o->rc != WUB_OK) {
        (void) ngx_http_wubloader_store_fail(&o->store, o->rc, 0, "");
    }
}


static wub_rc_t
ngx_http_wubloader_status_channel(ngx_http_wubloader_overview_t *o,
    wub_str_t channel)
{
    size_t       i;
    wub_rc_t     rc;
    const char  *path;
    wub_names_t  names;

    path = ngx_http_wubloader_store_path(&o->store, &channel, 1);
    if (path == NULL) {
        return ngx_http_wubloader_store_fail(&o->store, WUB_NO_MEMORY, 0, "");
    }

    rc = ngx_http_wubloader_store_dirs(&o->store, path, &names);

    if (rc != WUB_OK) {
        return (rc == WUB_NO_MEMORY) ? rc : WUB_OK;
    }

    o->store.channel = channel;

    for (i = 0; i < names.nnames && !o->cut; i++) {
        if (wub_str_eq(names.names[i], wub_str("chat"))) {
            continue;
        }

        rc = ngx_http_wubloader_status_quality(o, names.names[i]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return WUB_OK;
}


/* one that cannot be read is told of, and hides no other */

static wub_rc_t
ngx_http_wubloader_status_quality(ngx_http_wubloader_overview_t *o,
    wub_str_t quality)
{
    wub_rc_t                         rc;
    ngx_http_wubloader_recording_t  *rec;

    o->store.quality = quality;

    rc = ngx_http_wubloader_store_hours(&o->store);

    if (rc == WUB_NO_MEMORY) {
        return rc;
    }

    if (rc == WUB_NOT_FOUND || (rc == WUB_OK && o->store.nhours == 0)) {
        return WUB_OK;
    }

    if (o->recordings == NULL) {
        o->recordings = wub_arena_calloc(o->store.arena,
                            NGX_HTTP_WUBLOADER_STATUS_QUALITIES
                            * sizeof(ngx_http_wubloader_recording_t));
        if (o->recordings == NULL) {
            return ngx_http_wubloader_store_fail(&o->store, WUB_NO_MEMORY, 0,
                                                 "");
        }
    }

    if (o->nrecordings == NGX_HTTP_WUBLOADER_STATUS_QUALITIES) {
        o->cut = 1;
        return WUB_OK;
    }

    rec = &o->recordings[o->nrecordings++];
    rec->channel = o->store.channel;
    rec->quality = quality;

    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_status_first(o, rec);
    }

    if (rc == WUB_OK) {
        rc = ngx_http_wubloader_status_newest(o, rec);
    }

    if (rc == WUB_OK && rec->name.len != 0) {
        rc = ngx_http_wubloader_status_gaps(o, rec);
    }

    if (rc == WUB_NO_MEMORY) {
        return rc;
    }

    if (rc != WUB_OK) {
        rec->state.level = ngx_http_wubloader_status_bad;
        rec->state.text = wub_str("Its footage cannot be read; see the error "
                                  "log of this server.");
        return WUB_OK;
    }

    ngx_http_wubloader_status_judge(o, rec);

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_status_first(ngx_http_wubloader_overview_t *o,
    ngx_http_wubloader_recording_t *rec)
{
    size_t             i;
    wub_rc_t           rc;
    const wub_hour_t  *hour;

    rec->first = o->store.hours[0];

    for (i = 0;
         i < o->store.nhours && i < NGX_HTTP_WUBLOADER_STATUS_HOURS;
         i++)
    {
        rc = ngx_http_wubloader_store_hour(&o->store, i, &hour);

        if (rc == WUB_OK && hour->nsegments != 0) {
            rec->first = hour->segments[0].start;
            return WUB_OK;
        }

        if (rc != WUB_OK && rc != WUB_NOT_FOUND) {
            return rc;
        }
    }

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_status_newest(ngx_http_wubloader_overview_t *o,
    ngx_http_wubloader_recording_t *rec)
{
    size_t                i, k, n;
    wub_rc_t              rc;
    const wub_hour_t     *hour;
    const wub_segment_t  *s;

    n = o->store.nhours;

    for (i = 1; i <= n && i <= NGX_HTTP_WUBLOADER_STATUS_HOURS; i++) {
        rc = ngx_http_wubloader_store_hour(&o->store, n - i, &hour);

        if (rc == WUB_NOT_FOUND) {
            continue;
        }

        if (rc != WUB_OK) {
            return rc;
        }

        for (k = 0; k < hour->nsegments; k++) {
            s = &hour->segments[k];

            if (s->type == WUB_SEGMENT_FULL
                && (rec->name.len == 0 || wub_segment_end(s) > rec->newest))
            {
                rec->newest = wub_segment_end(s);
                rec->name = s->name;
            }
        }

        if (rec->name.len != 0) {
            break;
        }
    }

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_status_gaps(ngx_http_wubloader_overview_t *o,
    ngx_http_wubloader_recording_t *rec)
{
    size_t            i;
    wub_rc_t          rc;
    wub_best_part_t  *part;
    wub_chain_t       chain;

    rec->from = ngx_max(rec->first,
                        rec->newest - NGX_HTTP_WUBLOADER_STATUS_WINDOW);

    if (rec->from >= rec->newest) {
        return WUB_OK;
    }

    rc = ngx_http_wubloader_store_chain(&o->store, rec->from, rec->newest,
                                        &chain);
    if (rc != WUB_OK) {
        return rc;
    }

    rec->gaps = wub_arena_calloc(o->store.arena,
                                 NGX_HTTP_WUBLOADER_STATUS_HOLES
                                 * sizeof(ngx_http_wubloader_gap_t));
    if (rec->gaps == NULL) {
        return ngx_http_wubloader_store_fail(&o->store, WUB_NO_MEMORY, 0, "");
    }

    for (i = chain.nparts; i > 0; i--) {
        part = &chain.parts[i - 1];

        if (part->segment != NULL) {
            continue;
        }

        if (rec->ngaps < NGX_HTTP_WUBLOADER_STATUS_HOLES) {
            rec->gaps[rec->ngaps].from = part->from;
            rec->gaps[rec->ngaps].to = part->to;
            rec->ngaps++;
        }

        rec->nholes++;
        rec->missing += part->to - part->from;
    }

    return ngx_http_wubloader_status_withdrawn(o, rec);
}


static wub_rc_t
ngx_http_wubloader_status_withdrawn(ngx_http_wubloader_overview_t *o,
    ngx_http_wubloader_recording_t *rec)
{
    size_t        i;
    wub_rc_t      rc;
    const char   *path;
    wub_names_t   names;

    for (i = 0; i < o->store.nhours; i++) {
        if (o->store.hours[i] < wub_hour_floor(rec->from)
            || o->store.hours[i] > rec->newest)
        {
            continue;
        }

        path = ngx_http_wubloader_store_hour_path(&o->store,
                                                  o->store.hours[i]);
        if (path == NULL) {
            return ngx_http_wubloader_store_fail(&o->store, WUB_NO_MEMORY, 0,
                                                 "");
        }

        rc = ngx_http_wubloader_store_read(&o->store, path, &names);

        if (rc == WUB_OK) {
            rec->withdrawn += ngx_http_wubloader_status_tombstones(&names,
                                  o->store.hours[i], rec);

        } else if (rc != WUB_NOT_FOUND) {
            return rc;
        }
    }

    return WUB_OK;
}


static size_t
ngx_http_wubloader_status_tombstones(const wub_names_t *names, int64_t hour,
    const ngx_http_wubloader_recording_t *rec)
{
    size_t         i, n;
    char           text[WUB_NAME_MAX];
    wub_str_t      stem;
    wub_segment_t  s;

    n = 0;

    for (i = 0; i < names->nnames; i++) {
        if (wub_name_kind(names->names[i]) != WUB_NAME_TOMBSTONE) {
            continue;
        }

        stem = wub_name_stem(names->names[i]);

        /* ".tombstone" is the longer ending */

        ngx_memcpy(text, stem.data, stem.len);
        ngx_memcpy(text + stem.len, ".ts", sizeof(".ts") - 1);

        if (wub_segment_parse(wub_str_n(text, stem.len + sizeof(".ts") - 1),
                              hour, &s)
            == WUB_OK
            && wub_segment_end(&s) > rec->from && s.start < rec->newest)
        {
            n++;
        }
    }

    return n;
}


static ngx_int_t
ngx_http_wubloader_status_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_overview_t *o = data;

    ngx_str_t  vary;

    ngx_http_wubloader_store_log(r, &o->store);

    if (o->rc != WUB_OK) {
        return ngx_http_wubloader_store_failed(r, &o->store);
    }

    ngx_str_set(&vary, "Accept");

    if (ngx_http_wubloader_header(r, "Vary", &vary) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_text_send(r,
                                        o->json ? "application/json"
                                                : "text/html; charset=utf-8",
                                        &o->text);
}
