
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_edit_in.h"
#include "common/wub_event_text.h"


/* a text that goes to an upload site, and what upstream says of it */
typedef struct {
    wub_edit_column_e  column;
    size_t             max;         /* characters */
    const char        *too_long;
    const char        *forbidden;
    const char        *control;
    wub_str_t          allowed;     /* control characters that are legal */
} wub_edit_limit_t;


static wub_rc_t wub_edit_rules_check(const wub_edit_in_t *in,
    const wub_event_conf_t *conf, const wub_edit_old_t *old,
    wub_edit_t *edit);
static wub_rc_t wub_edit_dress(const wub_edit_in_t *in,
    const wub_event_conf_t *conf, const wub_edit_old_t *old,
    wub_edit_t *edit);
static wub_rc_t wub_edit_prefix(const wub_edit_in_t *in,
    const wub_event_conf_t *conf, wub_edit_t *edit);
static wub_rc_t wub_edit_footer(const wub_edit_in_t *in,
    const wub_event_conf_t *conf, const wub_edit_old_t *old,
    wub_edit_t *edit);
static wub_rc_t wub_edit_limits(const wub_edit_in_t *in,
    const wub_edit_t *edit);
static wub_rc_t wub_edit_limit(const wub_edit_in_t *in,
    const wub_edit_limit_t *limit, wub_str_t text);
static wub_rc_t wub_edit_step(const wub_edit_in_t *in,
    const wub_edit_old_t *old, const wub_edit_t *edit);


static const wub_edit_limit_t  wub_edit_texts[] = {

    { WUB_EDIT_TITLE, WUB_EVENT_TITLE_MAX,
      "Title must be % characters or less, including prefix",
      "Title may not contain a % character",
      "Title may not contain control characters",
      { 0, NULL } },

    { WUB_EDIT_DESCRIPTION, WUB_EVENT_DESCRIPTION_MAX,
      "Description must be % characters or less, including footer",
      "Description may not contain a % character",
      "Description may not contain control characters",
      wub_string("\t\r\n") },

    { WUB_EDIT_COLUMNS, 0, NULL, NULL, NULL, { 0, NULL } }
};


wub_rc_t
wub_edit_check(wub_arena_t *arena, const wub_event_conf_t *conf,
    const wub_edit_old_t *old, wub_edit_t *edit, wub_answer_t *answer)
{
    wub_rc_t       rc;
    wub_edit_in_t  in;

    memset(answer, 0, sizeof(wub_answer_t));

    in.arena = arena;
    in.answer = answer;
    in.ranges = NULL;

    rc = wub_edit_rules_check(&in, conf, old, edit);

    return (rc == WUB_DECLINED) ? WUB_OK : rc;
}


/* the order of the checks is upstream's */
static wub_rc_t
wub_edit_rules_check(const wub_edit_in_t *in, const wub_event_conf_t *conf,
    const wub_edit_old_t *old, wub_edit_t *edit)
{
    wub_rc_t   rc;
    wub_buf_t  b;
    wub_str_t  changes;

    rc = wub_edit_dress(in, conf, old, edit);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_edit_limits(in, edit);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_edit_step(in, old, edit);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_edit_changes(in->arena, conf, old, edit, &changes);
    if (rc != WUB_OK || changes.len == 0 || edit->override) {
        return rc;
    }

    wub_buf_init(&b, in->arena, WUB_ARENA_MAX);
    wub_buf_lit(&b, "Sheet columns have changed since editing has begun."
                    " Please review changes\n");
    wub_buf_str(&b, changes);

    if (b.rc != WUB_OK) {
        return b.rc;
    }

    in->answer->status = 409;
    in->answer->sentence = wub_buf_view(&b);

    return WUB_DECLINED;
}


/* title and description as they are published; archive rows as they are */
static wub_rc_t
wub_edit_dress(const wub_edit_in_t *in, const wub_event_conf_t *conf,
    const wub_edit_old_t *old, wub_edit_t *edit)
{
    wub_rc_t   rc;
    wub_str_t  title;

    if (old->sheet[WUB_SHEET_NAME].data != NULL
        && wub_event_is_archive(conf, old->sheet[WUB_SHEET_NAME]))
    {
        return WUB_OK;
    }

    title = edit->columns[WUB_EDIT_TITLE];

    if (title.data != NULL) {

        if (edit->state != WUB_STATE_UNEDITED
            && wub_event_trim(title).len == 0)
        {
            return wub_edit_refuse(in, 400, "Video title must not be blank",
                                   NULL);
        }

        rc = wub_edit_prefix(in, conf, edit);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    if (edit->columns[WUB_EDIT_DESCRIPTION].data == NULL) {
        return WUB_OK;
    }

    return wub_edit_footer(in, conf, old, edit);
}


static wub_rc_t
wub_edit_prefix(const wub_edit_in_t *in, const wub_event_conf_t *conf,
    wub_edit_t *edit)
{
    wub_buf_t  b;

    wub_buf_init(&b, in->arena, WUB_ARENA_MAX);
    wub_buf_str(&b, conf->title_prefix);
    wub_buf_str(&b, edit->columns[WUB_EDIT_TITLE]);

    return wub_edit_text(&b, &edit->columns[WUB_EDIT_TITLE]);
}


static wub_rc_t
wub_edit_footer(const wub_edit_in_t *in, const wub_event_conf_t *conf,
    const wub_edit_old_t *old, wub_edit_t *edit)
{
    wub_rc_t        rc;
    wub_buf_t       b;
    wub_str_t       credit;
    wub_pg_items_t  tags;

    tags.items = NULL;
    tags.nitems = 0;

    if (old->sheet[WUB_SHEET_TAGS].data != NULL) {
        rc = wub_pg_array_parse(in->arena, old->sheet[WUB_SHEET_TAGS], &tags);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    credit = wub_str("");

    if (old->attribution.data != NULL
        && wub_str_eq(edit->columns[WUB_EDIT_THUMBNAIL_MODE],
                      wub_str("TEMPLATE")))
    {
        credit = old->attribution;
    }

    wub_buf_init(&b, in->arena, WUB_ARENA_MAX);

    rc = wub_event_add_footer(&b, conf, edit->columns[WUB_EDIT_DESCRIPTION],
                              &tags, old->playlists, old->nplaylists, credit);
    if (rc != WUB_OK) {
        return rc;
    }

    return wub_edit_text(&b, &edit->columns[WUB_EDIT_DESCRIPTION]);
}


/* lengths first, as upstream */
static wub_rc_t
wub_edit_limits(const wub_edit_in_t *in, const wub_edit_t *edit)
{
    wub_rc_t                 rc;
    wub_str_t                number;
    const wub_edit_limit_t  *limit;

    for (limit = wub_edit_texts; limit->max != 0; limit++) {
        if (wub_event_chars(edit->columns[limit->column]) > limit->max) {
            number = wub_edit_number(in, limit->max);
            return wub_edit_refuse(in, 400, limit->too_long, &number);
        }
    }

    for (limit = wub_edit_texts; limit->max != 0; limit++) {
        rc = wub_edit_limit(in, limit, edit->columns[limit->column]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return WUB_OK;
}


static wub_rc_t
wub_edit_limit(const wub_edit_in_t *in, const wub_edit_limit_t *limit,
    wub_str_t text)
{
    size_t     i;
    wub_str_t  c;

    for (i = 0; i < 2; i++) {
        c = wub_str_n(&"<>"[i], 1);

        if (text.len > 0 && memchr(text.data, *c.data, text.len) != NULL) {
            return wub_edit_refuse(in, 400, limit->forbidden, &c);
        }
    }

    if (wub_event_control(text, limit->allowed)) {
        return wub_edit_refuse(in, 400, limit->control, NULL);
    }

    return WUB_OK;
}


/* a state that is not of ours, of a newer upstream, is left alone */
static wub_rc_t
wub_edit_step(const wub_edit_in_t *in, const wub_edit_old_t *old,
    const wub_edit_t *edit)
{
    wub_state_e  from;

    if (wub_state_parse(old->state, &from) == WUB_OK
        && wub_state_step(WUB_STEP_EDIT, from, edit->state))
    {
        return WUB_OK;
    }

    if (edit->state == WUB_STATE_MODIFIED) {
        return wub_edit_refuse(in, 403, "Video is in state % and cannot be"
                               " modified", &old->state);
    }

    return wub_edit_refuse(in, 403, "Video already published", NULL);
}
