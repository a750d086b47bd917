
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_render.h"


typedef struct {
    ngx_http_wubloader_store_t   store;
    ngx_http_wubloader_files_t   files;

    wub_render_t                 render;    /* one range may have unset
                                               ends */
    bool                         rough;     /* it is sent from here */

    ngx_http_wubloader_chosen_e  chosen;
} ngx_http_wubloader_cut_t;


static void ngx_http_wubloader_cut_work(void *data);
static ngx_http_wubloader_chosen_e ngx_http_wubloader_cut_select(
    ngx_http_wubloader_cut_t *cut);
static ngx_http_wubloader_chosen_e ngx_http_wubloader_cut_implicit(
    ngx_http_wubloader_cut_t *cut, wub_range_t *range);
static ngx_http_wubloader_chosen_e ngx_http_wubloader_cut_add(
    ngx_http_wubloader_cut_t *cut, const wub_chain_t *chain);
static ngx_int_t ngx_http_wubloader_cut_done(ngx_http_request_t *r,
    void *data);


/*
 * The order of the checks is upstream's: ranges, transitions, allow_holes,
 * existence, selection, and only then the type.
 */

ngx_int_t
ngx_http_wubloader_cut(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_http_wubloader_cut_t  *cut;

    cut = ngx_pcalloc(r->pool, sizeof(ngx_http_wubloader_cut_t));
    if (cut == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_render_begin(r, WUB_RENDER_CUT, &cut->store,
                                         &cut->render);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    cut->files.store = &cut->store;
    cut->rough = !cut->render.plan
                 && wub_str_eq(cut->render.type, wub_str("rough"));

    return ngx_http_wubloader_task(r, ngx_http_wubloader_cut_work,
                                   ngx_http_wubloader_cut_done, cut);
}


static void
ngx_http_wubloader_cut_work(void *data)
{
    ngx_http_wubloader_cut_t *cut = data;

    wub_rc_t  rc;

    rc = ngx_http_wubloader_store_hours(&cut->store);

    if (rc != WUB_OK) {
        cut->chosen = (rc == WUB_NOT_FOUND)
                      ? ngx_http_wubloader_chosen_no_quality
                      : ngx_http_wubloader_chosen_failed;
        return;
    }

    cut->chosen = ngx_http_wubloader_cut_select(cut);

    if (cut->chosen != ngx_http_wubloader_chosen || !cut->rough) {
        return;
    }

    rc = ngx_http_wubloader_rough_prepare(&cut->files);

    if (rc != WUB_OK) {
        cut->chosen = (rc == WUB_NOT_FOUND)
                      ? ngx_http_wubloader_chosen_vanished
                      : ngx_http_wubloader_chosen_failed;
    }
}


static ngx_http_wubloader_chosen_e
ngx_http_wubloader_cut_select(ngx_http_wubloader_cut_t *cut)
{
    size_t                       i;
    wub_rc_t                     rc;
    wub_range_t                 *range;
    wub_chain_t                  chain;
    ngx_http_wubloader_chosen_e  result;

    for (i = 0; i < cut->render.ranges.nranges; i++) {
        range = &cut->render.ranges.ranges[i];

        result = ngx_http_wubloader_cut_implicit(cut, range);
        if (result != ngx_http_wubloader_chosen) {
            return result;
        }

        rc = ngx_http_wubloader_store_chain(&cut->store, range->start,
                                            range->end, &chain);
        if (rc != WUB_OK) {
            return ngx_http_wubloader_chosen_failed;
        }

        if (chain.nholes != 0 && !cut->render.allow_holes) {
            return ngx_http_wubloader_chosen_holes;
        }

        if (chain.nsegments == 0) {
            return ngx_http_wubloader_chosen_empty;
        }

        if (!cut->rough) {
            continue;
        }

        result = ngx_http_wubloader_cut_add(cut, &chain);
        if (result != ngx_http_wubloader_chosen) {
            return result;
        }
    }

    return ngx_http_wubloader_chosen;
}


/* an end that was not given is that of the hours there are */

static ngx_http_wubloader_chosen_e
ngx_http_wubloader_cut_implicit(ngx_http_wubloader_cut_t *cut,
    wub_range_t *range)
{
    if (range->start != WUB_RENDER_UNSET && range->end != WUB_RENDER_UNSET) {
        return ngx_http_wubloader_chosen;
    }

    if (cut->store.nhours == 0) {
        return ngx_http_wubloader_chosen_no_hours;
    }

    if (range->start == WUB_RENDER_UNSET) {
        range->start = cut->store.hours[0];
    }

    if (range->end == WUB_RENDER_UNSET) {
        range->end = cut->store.hours[cut->store.nhours - 1] + WUB_HOUR;
    }

    return (range->start < range->end) ? ngx_http_wubloader_chosen
                                       : ngx_http_wubloader_chosen_backwards;
}


static ngx_http_wubloader_chosen_e
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
            return ngx_http_wubloader_chosen_failed;
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

    return ngx_http_wubloader_chosen;
}


static ngx_int_t
ngx_http_wubloader_cut_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_cut_t *cut = data;

    wub_rc_t                   rc;
    ngx_int_t                  checked;
    wub_answer_t               answer;
    ngx_http_wubloader_ctx_t  *ctx;

    ngx_http_wubloader_store_log(r, &cut->store);

    checked = ngx_http_wubloader_render_chosen(r, &cut->store, cut->chosen);
    if (checked != NGX_DECLINED) {
        return checked;
    }

    if (cut->rough) {
        return ngx_http_wubloader_rough_send(r, &cut->files);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_wubloader_module);

    rc = wub_render_type(ctx->arena, &cut->render, &answer);

    checked = ngx_http_wubloader_render_checked(r, rc, &answer);
    if (checked != NGX_DECLINED) {
        return checked;
    }

    checked = ngx_http_wubloader_render_ready(r, &cut->render);
    if (checked != NGX_DECLINED) {
        return checked;
    }

    return ngx_http_wubloader_render_pass(r, &cut->render);
}
