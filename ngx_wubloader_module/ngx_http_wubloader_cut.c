
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"

#include "common/wub_transition_names.h"


#define NGX_HTTP_WUBLOADER_UNSET     INT64_MIN


/* what is wrong with a cut, in the order in which it is looked for */
typedef enum {
    ngx_http_wubloader_cut_found = 0,
    ngx_http_wubloader_cut_no_quality,
    ngx_http_wubloader_cut_no_hours,
    ngx_http_wubloader_cut_backwards,
    ngx_http_wubloader_cut_holes,
    ngx_http_wubloader_cut_empty,
    ngx_http_wubloader_cut_vanished,
    ngx_http_wubloader_cut_failed
} ngx_http_wubloader_cut_e;


typedef struct {
    ngx_http_wubloader_store_t  store;
    ngx_http_wubloader_files_t  files;

    wub_range_t                *ranges;     /* one may have unset ends */
    size_t                      nranges;
    bool                        allow_holes;
    wub_str_t                   type;
    bool                        rough;

    ngx_http_wubloader_cut_e    result;
} ngx_http_wubloader_cut_t;


static ngx_int_t ngx_http_wubloader_cut_ranges(ngx_http_request_t *r,
    ngx_http_wubloader_cut_t *cut);
static ngx_int_t ngx_http_wubloader_cut_range(ngx_http_request_t *r,
    ngx_http_wubloader_cut_t *cut, wub_str_t value, wub_range_t *ret);
static ngx_int_t ngx_http_wubloader_cut_start_end(ngx_http_request_t *r,
    wub_range_t *range);
static ngx_int_t ngx_http_wubloader_cut_transitions(ngx_http_request_t *r,
    const ngx_http_wubloader_cut_t *cut);
static ngx_int_t ngx_http_wubloader_cut_transition(ngx_http_request_t *r,
    const wub_range_t *beside, wub_str_t value);
static void ngx_http_wubloader_cut_work(void *data);
static ngx_http_wubloader_cut_e ngx_http_wubloader_cut_select(
    ngx_http_wubloader_cut_t *cut);
static ngx_http_wubloader_cut_e ngx_http_wubloader_cut_implicit(
    ngx_http_wubloader_cut_t *cut, wub_range_t *range);
static ngx_http_wubloader_cut_e ngx_http_wubloader_cut_add(
    ngx_http_wubloader_cut_t *cut, const wub_chain_t *chain);
static ngx_int_t ngx_http_wubloader_cut_done(ngx_http_request_t *r,
    void *data);
static ngx_int_t ngx_http_wubloader_cut_answer(ngx_http_request_t *r,
    ngx_http_wubloader_cut_t *cut);


/* CONTRACT.md 0 and 3, /cut; all but rough are rendered elsewhere */
static const wub_str_t  ngx_http_wubloader_cut_types[] = {
    wub_string("rough"),
    wub_string("fast"),
    wub_string("smart"),
    wub_string("mpegts"),
    wub_string("webm"),
    wub_string("mp4")
};


/*
 * The order of the checks is upstream's: ranges, transitions, allow_holes,
 * existence, selection, and only then the type.
 */

ngx_int_t
ngx_http_wubloader_cut(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    wub_str_t                  rest;
    ngx_http_wubloader_ctx_t  *ctx;
    ngx_http_wubloader_cut_t  *cut;
    ngx_http_wubloader_path_t  path;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    cut = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_cut_t));
    if (cut == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_rest(r, &rest);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_wubloader_split(r, rest, wub_str(".ts"), &path);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (path.nparts != 2) {
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                   "There is no cut here; ask for CHANNEL/QUALITY.ts.");
    }

    ngx_http_wubloader_store_init(r, &cut->store, &path);
    cut->files.store = &cut->store;

    rc = ngx_http_wubloader_cut_ranges(r, cut);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_wubloader_cut_transitions(r, cut);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_wubloader_arg_bool(r, "allow_holes", &cut->allow_holes);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (!wub_query_first(&ctx->query, wub_str("type"), &cut->type)) {
        cut->type = wub_str("fast");
    }

    cut->rough = wub_str_eq(cut->type, wub_str("rough"));

    return ngx_http_wubloader_task(r, ngx_http_wubloader_cut_work,
                                   ngx_http_wubloader_cut_done, cut);
}


static ngx_int_t
ngx_http_wubloader_cut_ranges(ngx_http_request_t *r,
    ngx_http_wubloader_cut_t *cut)
{
    size_t                     n, pos;
    ngx_int_t                  rc;
    wub_str_t                  value;
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    n = wub_query_count(&ctx->query, wub_str("range"));

    if (n > WUB_RANGES_MAX) {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "range is given more than %d times.", WUB_RANGES_MAX);
    }

    cut->nranges = (n == 0) ? 1 : n;

    cut->ranges = wub_arena_alloc(ctx->arena,
                                  cut->nranges * sizeof(wub_range_t));
    if (cut->ranges == NULL) {
        return NGX_ERROR;
    }

    if (n == 0) {
        return ngx_http_wubloader_cut_start_end(r, cut->ranges);
    }

    pos = 0;

    for (n = 0; n < cut->nranges; n++) {
        (void) wub_query_next(&ctx->query, wub_str("range"), &pos, &value);

        rc = ngx_http_wubloader_cut_range(r, cut, value, &cut->ranges[n]);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    for (n = 0; n < cut->nranges; n++) {
        if (cut->ranges[n].start >= cut->ranges[n].end) {
            return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                                            "Ends must be after starts");
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_wubloader_cut_range(ngx_http_request_t *r,
    ngx_http_wubloader_cut_t *cut, wub_str_t value, wub_range_t *ret)
{
    wub_str_t   clean;
    ngx_str_t  *quote;

    if (wub_query_time(cut->store.arena, value, &clean) != WUB_OK) {
        return NGX_ERROR;
    }

    if (wub_range_parse(clean, ret) == WUB_OK) {
        return NGX_DECLINED;
    }

    quote = ngx_http_wubloader_quote(r, value, NGX_HTTP_WUBLOADER_QUOTE);
    if (quote == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
               "range is not START,END: '%V'; write both as "
               "YYYY-MM-DDTHH:MM:SS.", quote);
}


static ngx_int_t
ngx_http_wubloader_cut_start_end(ngx_http_request_t *r, wub_range_t *range)
{
    ngx_int_t  rc;

    range->start = NGX_HTTP_WUBLOADER_UNSET;
    range->end = NGX_HTTP_WUBLOADER_UNSET;

    rc = ngx_http_wubloader_arg_range(r, &range->start, &range->end);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (range->end != NGX_HTTP_WUBLOADER_UNSET
        && range->start >= range->end)
    {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                                        "Ends must be after starts");
    }

    return NGX_DECLINED;
}


/* fewer than there are joints is fine: the others are hard cuts */

static ngx_int_t
ngx_http_wubloader_cut_transitions(ngx_http_request_t *r,
    const ngx_http_wubloader_cut_t *cut)
{
    size_t                     n, pos;
    ngx_int_t                  rc;
    wub_str_t                  value;
    ngx_http_wubloader_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    if (wub_query_count(&ctx->query, wub_str("transition"))
        > cut->nranges - 1)
    {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                                        "Too many transitions");
    }

    n = 0;
    pos = 0;

    while (wub_query_next(&ctx->query, wub_str("transition"), &pos, &value)) {
        rc = ngx_http_wubloader_cut_transition(r, &cut->ranges[n++], value);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_wubloader_cut_transition(ngx_http_request_t *r,
    const wub_range_t *beside, wub_str_t value)
{
    ngx_str_t         *quote;
    wub_transition_t   transition;

    quote = ngx_http_wubloader_quote(r, value, NGX_HTTP_WUBLOADER_QUOTE);
    if (quote == NULL) {
        return NGX_ERROR;
    }

    if (wub_transition_parse(value, &transition) != WUB_OK) {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "transition is not TYPE,SECONDS: '%V'; leave it empty "
                   "for a hard cut.", quote);
    }

    if (transition.type.len == 0) {
        return NGX_DECLINED;
    }

    if (wub_transition_find(transition.type) == NULL) {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "Unknown transition '%*s'", transition.type.len,
                   transition.type.data);
    }

    if (transition.duration > beside[0].end - beside[0].start
        || transition.duration > beside[1].end - beside[1].start)
    {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                   "transition '%V' is longer than a range beside it.",
                   quote);
    }

    return NGX_DECLINED;
}


static void
ngx_http_wubloader_cut_work(void *data)
{
    ngx_http_wubloader_cut_t *cut = data;

    wub_rc_t  rc;

    rc = ngx_http_wubloader_store_hours(&cut->store);

    if (rc != WUB_OK) {
        cut->result = (rc == WUB_NOT_FOUND)
                      ? ngx_http_wubloader_cut_no_quality
                      : ngx_http_wubloader_cut_failed;
        return;
    }

    cut->result = ngx_http_wubloader_cut_select(cut);

    if (cut->result != ngx_http_wubloader_cut_found || !cut->rough) {
        return;
    }

    rc = ngx_http_wubloader_rough_prepare(&cut->files);

    if (rc != WUB_OK) {
        cut->result = (rc == WUB_NOT_FOUND)
                      ? ngx_http_wubloader_cut_vanished
                      : ngx_http_wubloader_cut_failed;
    }
}


static ngx_http_wubloader_cut_e
ngx_http_wubloader_cut_select(ngx_http_wubloader_cut_t *cut)
{
    size_t                    i;
    wub_rc_t                  rc;
    wub_range_t              *range;
    wub_chain_t               chain;
    ngx_http_wubloader_cut_e  result;

    for (i = 0; i < cut->nranges; i++) {
        range = &cut->ranges[i];

        result = ngx_http_wubloader_cut_implicit(cut, range);
        if (result != ngx_http_wubloader_cut_found) {
            return result;
        }

        rc = ngx_http_wubloader_store_chain(&cut->store, range->start,
                                            range->end, &chain);
        if (rc != WUB_OK) {
            return ngx_http_wubloader_cut_failed;
        }

        if (chain.nholes != 0 && !cut->allow_holes) {
            return ngx_http_wubloader_cut_holes;
        }

        if (chain.nsegments == 0) {
            return ngx_http_wubloader_cut_empty;
        }

        result = ngx_http_wubloader_cut_add(cut, &chain);
        if (result != ngx_http_wubloader_cut_found) {
            return result;
        }
    }

    return ngx_http_wubloader_cut_found;
}


/* an end that was not given is that of the hours there are */

static ngx_http_wubloader_cut_e
ngx_http_wubloader_cut_implicit(ngx_http_wubloader_cut_t *cut,
    wub_range_t *range)
{
    if (range->start != NGX_HTTP_WUBLOADER_UNSET
        && range->end != NGX_HTTP_WUBLOADER_UNSET)
    {
        return ngx_http_wubloader_cut_found;
    }

    if (cut->store.nhours == 0) {
        return ngx_http_wubloader_cut_no_hours;
    }

    if (range->start == NGX_HTTP_WUBLOADER_UNSET) {
        range->start = cut->store.hours[0];
    }

    if (range->end == NGX_HTTP_WUBLOADER_UNSET) {
        range->end = cut->store.hours[cut->store.nhours - 1] + WUB_HOUR;
    }

    return (range->start < range->end) ? ngx_http_wubloader_cut_found
                                       : ngx_http_wubloader_cut_backwards;
}


static ngx_http_wubloader_cut_e
ngx_http_wubloader_cut_add(ngx_http_wubloader_cut_t *cut,
    const wub_chain_t *chain)
{
    size_t                       i, room;
    const wub_best_part_t       *part;
    ngx_http_wubloader_file_t   *file;
    ngx_http_wubloader_files_t  *files;

    files = &cut->files;

    if (files->room - files->nfiles < chain->nsegments) {
        room = 2 * files->room + chain->nsegments;

        file = wub_arena_grow(cut->store.arena, files->files,
                              files->nfiles * sizeof(*file),
                              room * sizeof(*file));
        if (file == NULL) {
            (void) ngx_http_wubloader_store_fail(&cut->store, WUB_NO_MEMORY,
                                                 0, "");
            return ngx_http_wubloader_cut_failed;
        }

        files->files = file;
        files->room = room;
    }

    for (i = 0; i < chain->nparts; i++) {
        part = &chain->parts[i];

        if (part->segment == NULL) {
            continue;
        }

        file = &files->files[files->nfiles++];

        file->hour = part->hour->start;
        file->name = part->segment->name;
        file->size = 0;
    }

    return ngx_http_wubloader_cut_found;
}


static ngx_int_t
ngx_http_wubloader_cut_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_cut_t *cut = data;

    ngx_http_wubloader_store_log(r, &cut->store);

    switch (cut->result) {

    case ngx_http_wubloader_cut_found:
        return ngx_http_wubloader_cut_answer(r, cut);

    case ngx_http_wubloader_cut_no_quality:
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                        "There is no such channel or "
                                        "quality.");

    case ngx_http_wubloader_cut_no_hours:
        return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                        "This quality has no segments yet; "
                                        "give start and end.");

    case ngx_http_wubloader_cut_backwards:
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                                        "Ends must be after starts");

    case ngx_http_wubloader_cut_holes:
        return ngx_http_wubloader_error(r, NGX_HTTP_WUBLOADER_NOT_ACCEPTABLE,
                                        "Requested time range contains holes "
                                        "or is incomplete.");

    case ngx_http_wubloader_cut_empty:
        return ngx_http_wubloader_error(r, NGX_HTTP_WUBLOADER_NOT_ACCEPTABLE,
                                        "We have no content available within "
                                        "the requested time range.");

    case ngx_http_wubloader_cut_vanished:
        return ngx_http_wubloader_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                        "A segment was withdrawn while the "
                                        "cut was prepared; try again.");

    default:
        return ngx_http_wubloader_store_failed(r, &cut->store);
    }
}


static ngx_int_t
ngx_http_wubloader_cut_answer(ngx_http_request_t *r,
    ngx_http_wubloader_cut_t *cut)
{
    size_t                          i, n;
    ngx_str_t                      *quote;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    if (cut->rough) {
        return ngx_http_wubloader_rough_send(r, &cut->files);
    }

    quote = ngx_http_wubloader_quote(r, cut->type, NGX_HTTP_WUBLOADER_QUOTE);
    if (quote == NULL) {
        return NGX_ERROR;
    }

    n = sizeof(ngx_http_wubloader_cut_types) / sizeof(wub_str_t);

    for (i = 0; i < n; i++) {
        if (wub_str_eq(cut->type, ngx_http_wubloader_cut_types[i])) {
            break;
        }
    }

    if (i == n) {
        return ngx_http_wubloader_error(r, NGX_HTTP_BAD_REQUEST,
                                        "Unknown type '%V'", quote);
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    if (wlcf->render.len) {
        return ngx_http_named_location(r, &wlcf->render);
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_NOT_IMPLEMENTED,
               "This server does not render cuts of type %V; ask for "
               "type=rough.", quote);
}
