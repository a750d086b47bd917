
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrim_dir.h"


/* columns of the statement that locks a row */
typedef enum {
    ngx_http_wubloader_lock_state = 0,
    ngx_http_wubloader_lock_sheet,
    ngx_http_wubloader_lock_attribution = ngx_http_wubloader_lock_sheet
                                          + WUB_SHEET_COLUMNS,
    ngx_http_wubloader_lock_playlists
} ngx_http_wubloader_lock_e;


/* id, state, editor, columns, and of the optional ones whether they were
   sent */
#define NGX_HTTP_WUBLOADER_UPDATE                                             \
    (3 + WUB_EDIT_COLUMNS + WUB_EDIT_COLUMNS - WUB_EDIT_ALLOW_HOLES)


/* a statement that writes, and the columns that it writes, in its order */
typedef struct {
    ngx_http_wubloader_db_statement_t  statement;
    ngx_uint_t                         whole;   /* state and editor, too */
    size_t                             ncolumns;
    wub_edit_column_e                  columns[WUB_EDIT_COLUMNS];
} ngx_http_wubloader_writing_t;


typedef struct {
    ngx_http_wubloader_thrim_t  *thrim;

    wub_edit_t                   read;      /* as it was sent */
    wub_edit_t                   edit;      /* of this try, checked */
    wub_rc_t                     rc;
    wub_answer_t                 answer;

    wub_str_t                    credit;    /* of a template that lies in
                                               a directory, or NULL */
    ngx_uint_t                   locked;    /* the row, in this try */
    ngx_uint_t                   missing;
    wub_str_t                    who[5];    /* parameters that lock it */
    wub_str_t                    params[NGX_HTTP_WUBLOADER_UPDATE];
} ngx_http_wubloader_update_t;


static void ngx_http_wubloader_update_read(void *data);
static ngx_int_t ngx_http_wubloader_update_start(ngx_http_request_t *r,
    void *data);
static ngx_int_t ngx_http_wubloader_update_run(ngx_http_request_t *r,
    void *data, const ngx_http_wubloader_template_t *template);
static wub_str_t ngx_http_wubloader_update_bool(bool b);
static ngx_int_t ngx_http_wubloader_update_next(
    ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result);
static ngx_int_t ngx_http_wubloader_update_check(
    ngx_http_wubloader_update_t *update,
    ngx_http_wubloader_pg_result_t *result);
static void ngx_http_wubloader_update_params(
    ngx_http_wubloader_update_t *update,
    const ngx_http_wubloader_writing_t *writing);
static void ngx_http_wubloader_update_lost(
    ngx_http_wubloader_update_t *update);
static ngx_int_t ngx_http_wubloader_update_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work);
static ngx_int_t ngx_http_wubloader_update_answer(ngx_http_request_t *r,
    void *data, const size_t *holes);


/*
 * id, who, and of the edit: thumbnail_mode, whether it names a template,
 * and which.  Playlists are in the form and order of wubloader_row().
 */
static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_update_lock =
{
    "wubloader_update_lock",
    "SELECT e.state, e.sheet_name, e.event_start, e.event_end, e.category,"
    " e.description, e.notes, e.tags,"
    " (SELECT t.attribution FROM templates AS t WHERE $3 = 'TEMPLATE'"
    "     AND t.name = CASE WHEN $4::boolean THEN $5"
    "         ELSE e.thumbnail_template END),"
    " ARRAY (SELECT ROW(p.name, p.playlist_id, p.tags,"
    "         p.show_in_description, p.default_template)::text"
    "     FROM playlists AS p WHERE p.tags IS NOT NULL"
    "         AND p.show_in_description ORDER BY p.name, p.id),"
    " set_config('application_name', $2, true)"
    " FROM events AS e WHERE e.id = $1 FOR UPDATE OF e",
    5
};

static const ngx_http_wubloader_writing_t  ngx_http_wubloader_update_edit =
{
    {
        "wubloader_update_edit",
        "UPDATE events SET state = $2::event_state, editor = $3,"
        " edit_time = now() AT TIME ZONE 'UTC', uploader = NULL,"
        " error = NULL, progress = NULL, progress_note = NULL,"
        " upload_location = $4, video_ranges = $5::video_range[],"
        " video_transitions = $6::video_transition[], video_channel = $7,"
        " video_quality = $8, video_title = $9, video_description = $10,"
        " video_tags = $11::text[], public = $12::boolean,"
        " thumbnail_mode = $13::thumbnail_mode,"
        " allow_holes = CASE WHEN $22::boolean"
        "     THEN $14::boolean ELSE allow_holes END,"
        " uploader_whitelist = CASE WHEN $23::boolean"
        "     THEN $15::text[] ELSE uploader_whitelist END,"
        " thumbnail_time = CASE WHEN $24::boolean"
        "     THEN $16::timestamp ELSE thumbnail_time END,"
        " thumbnail_template = CASE WHEN $25::boolean"
        "     THEN $17 ELSE thumbnail_template END,"
        " thumbnail_image = CASE WHEN $26::boolean"
        "     THEN $18::bytea ELSE thumbnail_image END,"
        " thumbnail_crop = CASE WHEN $27::boolean"
        "     THEN $19::box_coords ELSE thumbnail_crop END,"
        " thumbnail_location = CASE WHEN $28::boolean"
        "     THEN $20::box_coords ELSE thumbnail_location END,"
        " cut_type = CASE WHEN $29::boolean THEN $21 ELSE cut_type END"
        " WHERE id = $1 AND state IN ('UNEDITED', 'EDITED', 'CLAIMED')",
        29
    },
    1,
    WUB_EDIT_COLUMNS,
    { WUB_EDIT_LOCATION, WUB_EDIT_RANGES, WUB_EDIT_TRANSITIONS,
      WUB_EDIT_CHANNEL, WUB_EDIT_QUALITY, WUB_EDIT_TITLE,
      WUB_EDIT_DESCRIPTION, WUB_EDIT_TAGS, WUB_EDIT_PUBLIC,
      WUB_EDIT_THUMBNAIL_MODE, WUB_EDIT_ALLOW_HOLES, WUB_EDIT_WHITELIST,
      WUB_EDIT_THUMBNAIL_TIME, WUB_EDIT_THUMBNAIL_TEMPLATE,
      WUB_EDIT_THUMBNAIL_IMAGE, WUB_EDIT_THUMBNAIL_CROP,
      WUB_EDIT_THUMBNAIL_LOCATION, WUB_EDIT_CUT_TYPE }
};

static const ngx_http_wubloader_writing_t  ngx_http_wubloader_update_modify =
{
    {
        "wubloader_update_modify",
        "UPDATE events SET state = 'MODIFIED', error = NULL,"
        " last_modified = now() AT TIME ZONE 'UTC',"
        " video_title = $2, video_description = $3,"
        " video_tags = $4::text[], public = $5::boolean,"
        " thumbnail_mode = $6::thumbnail_mode,"
        " thumbnail_time = CASE WHEN $12::boolean"
        "     THEN $7::timestamp ELSE thumbnail_time END,"
        " thumbnail_template = CASE WHEN $13::boolean"
        "     THEN $8 ELSE thumbnail_template END,"
        " thumbnail_image = CASE WHEN $14::boolean"
        "     THEN $9::bytea ELSE thumbnail_image END,"
        " thumbnail_crop = CASE WHEN $15::boolean"
        "     THEN $10::box_coords ELSE thumbnail_crop END,"
        " thumbnail_location = CASE WHEN $16::boolean"
        "     THEN $11::box_coords ELSE thumbnail_location END"
        " WHERE id = $1 AND state IN ('DONE', 'MODIFIED')",
        16
    },
    0,
    10,
    { WUB_EDIT_TITLE, WUB_EDIT_DESCRIPTION, WUB_EDIT_TAGS, WUB_EDIT_PUBLIC,
      WUB_EDIT_THUMBNAIL_MODE, WUB_EDIT_THUMBNAIL_TIME,
      WUB_EDIT_THUMBNAIL_TEMPLATE, WUB_EDIT_THUMBNAIL_IMAGE,
      WUB_EDIT_THUMBNAIL_CROP, WUB_EDIT_THUMBNAIL_LOCATION }
};


ngx_int_t
ngx_http_wubloader_thrim_update(ngx_http_wubloader_thrim_t *thrim)
{
    ngx_http_wubloader_update_t  *update;

    update = wub_arena_calloc(thrim->arena,
                              sizeof(ngx_http_wubloader_update_t));
    if (update == NULL) {
        return NGX_ERROR;
    }

    update->thrim = thrim;

    return ngx_http_wubloader_thrim_write(thrim,
                                          ngx_http_wubloader_update_read,
                                          ngx_http_wubloader_update_start,
                                          update);
}


static void
ngx_http_wubloader_update_read(void *data)
{
    ngx_http_wubloader_update_t *update = data;

    update->rc = wub_edit_read(update->thrim->arena, update->thrim->body,
                               &update->read, &update->answer);
}


static ngx_int_t
ngx_http_wubloader_update_start(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_update_t *update = data;

    wub_str_t    name;
    ngx_int_t    rc;
    wub_edit_t  *read;

    read = &update->read;

    rc = ngx_http_wubloader_thrim_checked(update->thrim, update->rc,
                                          &update->answer);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    name = wub_str("");

    if (wub_str_eq(read->columns[WUB_EDIT_THUMBNAIL_MODE],
                   wub_str("TEMPLATE")))
    {
        name = read->columns[WUB_EDIT_THUMBNAIL_TEMPLATE];
    }

    return ngx_http_wubloader_dir_one(update->thrim, name,
                                      ngx_http_wubloader_update_run, update);
}


static ngx_int_t
ngx_http_wubloader_update_run(ngx_http_request_t *r, void *data,
    const ngx_http_wubloader_template_t *template)
{
    ngx_http_wubloader_update_t *update = data;

    wub_edit_t                  *read;
    ngx_http_wubloader_thrim_t  *thrim;

    thrim = update->thrim;
    read = &update->read;

    if (template != NULL) {
        update->credit = template->attribution;
    }

    update->who[0] = thrim->name;
    update->who[1] = ngx_http_wubloader_thrim_writer(thrim);
    update->who[2] = read->columns[WUB_EDIT_THUMBNAIL_MODE];
    update->who[3] = ngx_http_wubloader_update_bool(
                         read->sent[WUB_EDIT_THUMBNAIL_TEMPLATE]);
    update->who[4] = read->columns[WUB_EDIT_THUMBNAIL_TEMPLATE];

    return ngx_http_wubloader_thrim_run(thrim, ngx_http_wubloader_update_next,
                                        ngx_http_wubloader_update_end,
                                        update);
}


static wub_str_t
ngx_http_wubloader_update_bool(bool b)
{
    return b ? wub_str("t") : wub_str("f");
}


static ngx_int_t
ngx_http_wubloader_update_next(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result)
{
    ngx_int_t                            rc;
    ngx_http_wubloader_update_t         *update;
    const ngx_http_wubloader_writing_t  *writing;

    update = work->data;

    if (result == NULL) {
        update->locked = 0;
        update->missing = 0;

        return ngx_http_wubloader_db_send(work,
                                          &ngx_http_wubloader_update_lock,
                                          update->who);
    }

    if (!update->locked) {
        rc = ngx_http_wubloader_update_check(update, result);
        if (rc != NGX_OK) {
            return rc;
        }

        update->locked = 1;

        writing = (update->edit.state == WUB_STATE_MODIFIED)
                  ? &ngx_http_wubloader_update_modify
                  : &ngx_http_wubloader_update_edit;

        ngx_http_wubloader_update_params(update, writing);

        return ngx_http_wubloader_db_send(work, &writing->statement,
                                          update->params);
    }

    if (ngx_http_wubloader_db_affected(result) != 1) {
        ngx_http_wubloader_update_lost(update);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* NGX_DECLINED: it is refused */

static ngx_int_t
ngx_http_wubloader_update_check(ngx_http_wubloader_update_t *update,
    ngx_http_wubloader_pg_result_t *result)
{
    wub_str_t                    text;
    ngx_uint_t                   i;
    wub_edit_old_t               old;
    wub_event_playlist_t        *playlists;
    ngx_http_wubloader_thrim_t  *thrim;

    thrim = update->thrim;

    if (ngx_http_wubloader_db_rows(result) == 0) {
        update->missing = 1;
        return NGX_DECLINED;
    }

    ngx_memzero(&old, sizeof(wub_edit_old_t));

    old.state = ngx_http_wubloader_db_value(result, 0,
                                            ngx_http_wubloader_lock_state);
    old.attribution = ngx_http_wubloader_db_value(result, 0,
                          ngx_http_wubloader_lock_attribution);

    /* the database wins where both have a template of that name */

    if (old.attribution.data == NULL) {
        old.attribution = update->credit;
    }

    text = ngx_http_wubloader_db_value(result, 0,
                                       ngx_http_wubloader_lock_playlists);

    for (i = 0; i < WUB_SHEET_COLUMNS; i++) {
        old.sheet[i] = ngx_http_wubloader_db_value(result, 0,
                           ngx_http_wubloader_lock_sheet + i);
    }

    if (ngx_http_wubloader_thrim_playlists(thrim->arena, text, &playlists,
                                           &old.nplaylists)
        != WUB_OK)
    {
        return NGX_ERROR;
    }

    old.playlists = playlists;

    /* an earlier try has put its own around title and description */

    update->edit = update->read;
    update->answer.status = 0;

    if (wub_edit_check(thrim->arena, thrim->conf, &old, &update->edit,
                       &update->answer)
        != WUB_OK)
    {
        return NGX_ERROR;
    }

    return (update->answer.status == 0) ? NGX_OK : NGX_DECLINED;
}


static void
ngx_http_wubloader_update_params(ngx_http_wubloader_update_t *update,
    const ngx_http_wubloader_writing_t *writing)
{
    size_t      i;
    wub_str_t  *p;

    p = update->params;

    *p++ = update->thrim->name;

    if (writing->whole) {
        *p++ = wub_state_names[update->edit.state];
        *p++ = update->thrim->user;
    }

    for (i = 0; i < writing->ncolumns; i++) {
        *p++ = update->edit.columns[writing->columns[i]];
    }

    for (i = 0; i < writing->ncolumns; i++) {
        if (writing->columns[i] >= WUB_EDIT_ALLOW_HOLES) {
            *p++ = ngx_http_wubloader_update_bool(
                       update->edit.sent[writing->columns[i]]);
        }
    }
}


/* the row was locked, so only a rule of the database's own can do this */

static void
ngx_http_wubloader_update_lost(ngx_http_wubloader_update_t *update)
{
    if (update->edit.state == WUB_STATE_MODIFIED) {
        update->answer.status = NGX_HTTP_CONFLICT;
        update->answer.sentence = wub_str("Video changed state while we were "
                                          "updating - maybe it was reset?");
        return;
    }

    update->answer.status = NGX_HTTP_FORBIDDEN;
    update->answer.sentence = wub_str("Video likely already published");
}


static ngx_int_t
ngx_http_wubloader_update_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work)
{
    ngx_http_wubloader_update_t *update = work->data;

    switch (work->how) {

    case NGX_HTTP_WUBLOADER_DB_DONE:
        return ngx_http_wubloader_thrim_holes(update->thrim, &update->edit,
                                           ngx_http_wubloader_update_answer,
                                           update);

    case NGX_HTTP_WUBLOADER_DB_UNDONE:
        if (update->missing) {
            return ngx_http_wubloader_thrim_no_row(update->thrim);
        }

        return ngx_http_wubloader_sentence(r, update->answer.status,
                                           update->answer.sentence);

    default:
        return ngx_http_wubloader_thrim_failed(update->thrim, work);
    }
}


static ngx_int_t
ngx_http_wubloader_update_answer(ngx_http_request_t *r, void *data,
    const size_t *holes)
{
    ngx_http_wubloader_update_t *update = data;

    wub_rc_t   rc;
    wub_buf_t  b;
    wub_str_t  body;

    wub_buf_init(&b, update->thrim->arena, WUB_ARENA_MAX);
    wub_buf_lit(&b, "{\"warnings\": ");
    rc = wub_edit_warnings(&b, &update->edit, holes);
    wub_buf_lit(&b, "}");

    /* it is written, whether there is memory for warnings or not */

    body = (rc == WUB_OK && b.rc == WUB_OK) ? wub_buf_view(&b)
                                            : wub_str("{\"warnings\": []}");

    return ngx_http_wubloader_body(r, NGX_HTTP_CREATED, "application/json",
                                   body);
}
