
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_edit_in.h"


/* where null is legal */
typedef enum {
    WUB_EDIT_NULL_NEVER = 0,
    WUB_EDIT_NULL_DRAFT,        /* while the row is UNEDITED */
    WUB_EDIT_NULL_ALWAYS
} wub_edit_null_e;

/* a column: its key, its values, and what may be done with it */
typedef struct {
    wub_str_t        key;
    wub_edit_in_pt   read;
    wub_edit_null_e  null;
    bool             optional;
    bool             modifiable;    /* once the video is published */
    bool             filled;        /* empty is as good as null */
} wub_edit_rule_t;

/* what a thumbnail_mode needs, and the database's rule that says so */
typedef struct {
    wub_str_t          mode;
    wub_edit_column_e  column;
    wub_str_t          constraint;
} wub_edit_need_t;


static wub_rc_t wub_edit_rules_read(const wub_edit_in_t *in,
    const wub_value_t *body, wub_edit_t *edit);
static wub_rc_t wub_edit_keys(const wub_edit_in_t *in,
    const wub_value_t *body);
static wub_rc_t wub_edit_state(const wub_edit_in_t *in,
    const wub_value_t *body, wub_edit_t *edit);
static wub_rc_t wub_edit_nulls(const wub_edit_in_t *in,
    const wub_value_t *body, const wub_edit_t *edit);
static bool wub_edit_written(const wub_edit_rule_t *rule,
    wub_state_e state);
static bool wub_edit_lacks(const wub_edit_rule_t *rule,
    const wub_value_t *body, wub_state_e state);
static wub_rc_t wub_edit_columns(const wub_edit_in_t *in,
    const wub_value_t *body, wub_edit_t *edit);
static wub_rc_t wub_edit_thumbnail(const wub_edit_in_t *in,
    const wub_edit_t *edit);
static wub_rc_t wub_edit_seen(const wub_edit_in_t *in,
    const wub_value_t *body, wub_edit_t *edit);


static const wub_edit_rule_t  wub_edit_rules[WUB_EDIT_COLUMNS] = {

    { wub_string("upload_location"), wub_edit_in_name,
      WUB_EDIT_NULL_DRAFT, false, false, true },

    { wub_string("video_ranges"), wub_edit_in_ranges,
      WUB_EDIT_NULL_DRAFT, false, false, false },

    { wub_string("video_transitions"), wub_edit_in_transitions,
      WUB_EDIT_NULL_DRAFT, false, false, false },

    { wub_string("video_channel"), wub_edit_in_part,
      WUB_EDIT_NULL_DRAFT, false, false, true },

    { wub_string("video_quality"), wub_edit_in_part,
      WUB_EDIT_NULL_NEVER, false, false, true },

    { wub_string("video_title"), wub_edit_in_text,
      WUB_EDIT_NULL_DRAFT, false, true, false },

    { wub_string("video_description"), wub_edit_in_text,
      WUB_EDIT_NULL_DRAFT, false, true, false },

    { wub_string("video_tags"), wub_edit_in_texts,
      WUB_EDIT_NULL_DRAFT, false, true, false },

    { wub_string("public"), wub_edit_in_bool,
      WUB_EDIT_NULL_NEVER, false, true, false },

    { wub_string("thumbnail_mode"), wub_edit_in_mode,
      WUB_EDIT_NULL_NEVER, false, true, false },

    { wub_string("allow_holes"), wub_edit_in_bool,
      WUB_EDIT_NULL_NEVER, true, false, false },

    { wub_string("uploader_whitelist"), wub_edit_in_texts,
      WUB_EDIT_NULL_ALWAYS, true, false, false },

    { wub_string("thumbnail_time"), wub_edit_in_time,
      WUB_EDIT_NULL_ALWAYS, true, true, false },

    { wub_string("thumbnail_template"), wub_edit_in_name,
      WUB_EDIT_NULL_ALWAYS, true, true, false },

    { wub_string("thumbnail_image"), wub_edit_in_image,
      WUB_EDIT_NULL_ALWAYS, true, true, false },

    { wub_string("thumbnail_crop"), wub_edit_in_box,
      WUB_EDIT_NULL_ALWAYS, true, true, false },

    { wub_string("thumbnail_location"), wub_edit_in_box,
      WUB_EDIT_NULL_ALWAYS, true, true, false },

    { wub_string("cut_type"), wub_edit_in_cut_type,
      WUB_EDIT_NULL_ALWAYS, true, false, false }
};


static const wub_edit_need_t  wub_edit_needs[] = {

    { wub_string("BARE"), WUB_EDIT_THUMBNAIL_TIME,
      wub_string("events_thumbnail_time_check") },

    { wub_string("TEMPLATE"), WUB_EDIT_THUMBNAIL_TIME,
      wub_string("events_thumbnail_time_check") },

    { wub_string("TEMPLATE"), WUB_EDIT_THUMBNAIL_TEMPLATE,
      wub_string("events_thumbnail_template_check") },

    { wub_string("CUSTOM"), WUB_EDIT_THUMBNAIL_IMAGE,
      wub_string("events_thumbnail_image_check") },

    { { 0, NULL }, WUB_EDIT_COLUMNS, { 0, NULL } }
};


wub_rc_t
wub_edit_read(wub_arena_t *arena, const wub_value_t *body, wub_edit_t *ret,
    wub_answer_t *answer)
{
    wub_rc_t       rc;
    wub_edit_in_t  in;

    memset(answer, 0, sizeof(wub_answer_t));
    memset(ret, 0, sizeof(wub_edit_t));

    in.arena = arena;
    in.answer = answer;
    in.ranges = &ret->ranges;

    rc = wub_edit_rules_read(&in, body, ret);

    return (rc == WUB_DECLINED) ? WUB_OK : rc;
}


static wub_rc_t
wub_edit_rules_read(const wub_edit_in_t *in, const wub_value_t *body,
    wub_edit_t *edit)
{
    wub_rc_t  rc;

    rc = wub_edit_keys(in, body);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_edit_state(in, body, edit);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_edit_nulls(in, body, edit);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_edit_columns(in, body, edit);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_edit_in_cuts(in, edit->state != WUB_STATE_EDITED);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_edit_thumbnail(in, edit);
    if (rc != WUB_OK) {
        return rc;
    }

    return wub_edit_seen(in, body, edit);
}


static wub_rc_t
wub_edit_keys(const wub_edit_in_t *in, const wub_value_t *body)
{
    size_t     i, n;
    wub_str_t  keys[WUB_EDIT_COLUMNS + 1 + WUB_SHEET_COLUMNS];

    n = 0;

    for (i = 0; i < WUB_EDIT_COLUMNS; i++) {
        if (!wub_edit_rules[i].optional) {
            keys[n++] = wub_edit_rules[i].key;
        }
    }

    keys[n++] = wub_str("state");

    for (i = 0; i < WUB_SHEET_COLUMNS; i++) {
        keys[n++] = wub_edit_sheet[i].key;
    }

    return wub_edit_missing(in, body, keys, n);
}


static wub_rc_t
wub_edit_state(const wub_edit_in_t *in, const wub_value_t *body,
    wub_edit_t *edit)
{
    wub_rc_t            rc;
    wub_str_t           name, text;
    const wub_value_t  *value;

    rc = wub_edit_in_text(in, wub_str("state"),
                          wub_value_find(body, wub_str("state")), &name);
    if (rc != WUB_OK) {
        return rc;
    }

    /* what an editor may ask for: the states that a step of its leads to */

    if (wub_state_parse(name, &edit->state) != WUB_OK
        || (!wub_state_step(WUB_STEP_EDIT, WUB_STATE_UNEDITED, edit->state)
            && !wub_state_step(WUB_STEP_EDIT, WUB_STATE_DONE, edit->state)))
    {
        return wub_edit_refuse(in, 400, "Invalid state %", &name);
    }

    value = wub_value_find(body, wub_str("override_changes"));

    if (value == NULL || value->kind == WUB_VALUE_NULL) {
        return WUB_OK;
    }

    rc = wub_edit_in_bool(in, wub_str("override_changes"), value, &text);
    if (rc != WUB_OK) {
        return rc;
    }

    edit->override = value->truth;

    return WUB_OK;
}


/* all columns that are null and may not be, in one sentence */
static wub_rc_t
wub_edit_nulls(const wub_edit_in_t *in, const wub_value_t *body,
    const wub_edit_t *edit)
{
    size_t                  i;
    wub_buf_t               b;
    const wub_edit_rule_t  *rule;

    wub_buf_init(&b, in->arena, WUB_ARENA_MAX);

    for (i = 0; i < WUB_EDIT_COLUMNS; i++) {
        rule = &wub_edit_rules[i];

        if (wub_edit_lacks(rule, body, edit->state)) {
            wub_buf_str(&b, (b.len == 0) ? wub_str("Fields ")
                                         : wub_str(", "));
            wub_buf_str(&b, rule->key);
        }
    }

    if (b.rc != WUB_OK || b.len == 0) {
        return b.rc;
    }

    wub_buf_lit(&b, " must be non-null for ");
    wub_buf_str(&b, (edit->state == WUB_STATE_EDITED)
                    ? wub_str("video to be cut")
                    : (edit->state == WUB_STATE_MODIFIED)
                      ? wub_str("modified video") : wub_str("a draft"));

    in->answer->status = 400;
    in->answer->sentence = wub_buf_view(&b);

    return (b.rc == WUB_OK) ? WUB_DECLINED : b.rc;
}


/*
 * A published video's cut is not written again, and what is sent of it not
 * looked at: an editor page without the player sends ranges of nulls.
 */
static bool
wub_edit_written(const wub_edit_rule_t *rule, wub_state_e state)
{
    return state != WUB_STATE_MODIFIED || rule->modifiable;
}


static bool
wub_edit_lacks(const wub_edit_rule_t *rule, const wub_value_t *body,
    wub_state_e state)
{
    const wub_value_t  *value;

    value = wub_value_find(body, rule->key);

    if (value == NULL || rule->null == WUB_EDIT_NULL_ALWAYS
        || (rule->null == WUB_EDIT_NULL_DRAFT && state == WUB_STATE_UNEDITED)
        || !wub_edit_written(rule, state))
    {
        return false;
    }

    return value->kind == WUB_VALUE_NULL
           || (rule->filled && value->kind == WUB_VALUE_TEXT
               && value->text.len == 0);
}


static wub_rc_t
wub_edit_columns(const wub_edit_in_t *in, const wub_value_t *body,
    wub_edit_t *edit)
{
    size_t                  i;
    wub_rc_t                rc;
    const wub_value_t      *value;
    const wub_edit_rule_t  *rule;

    for (i = 0; i < WUB_EDIT_COLUMNS; i++) {
        rule = &wub_edit_rules[i];

        value = wub_value_find(body, rule->key);

        if (value == NULL || !wub_edit_written(rule, edit->state)) {
            continue;
        }

        edit->sent[i] = true;

        if (value->kind == WUB_VALUE_NULL) {
            continue;
        }

        rc = rule->read(in, rule->key, value, &edit->columns[i]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return WUB_OK;
}


/* what the mode needs may be in the row already, but is not taken away */
static wub_rc_t
wub_edit_thumbnail(const wub_edit_in_t *in, const wub_edit_t *edit)
{
    wub_str_t               mode;
    const wub_edit_need_t  *need;

    mode = edit->columns[WUB_EDIT_THUMBNAIL_MODE];

    if (edit->columns[WUB_EDIT_THUMBNAIL_IMAGE].data != NULL
        && !wub_str_eq(mode, wub_str("CUSTOM")))
    {
        return wub_edit_refuse(in, 400, "Can only upload custom image when"
                               " thumbnail_mode = \"CUSTOM\"", NULL);
    }

    for (need = wub_edit_needs; need->mode.data != NULL; need++) {

        if (edit->state != WUB_STATE_UNEDITED && edit->sent[need->column]
            && edit->columns[need->column].len == 0
            && wub_str_eq(mode, need->mode))
        {
            wub_edit_refused(need->constraint, in->answer);
            return WUB_DECLINED;
        }
    }

    return WUB_OK;
}


/* the sheet as the editor saw it: null or of the column's type */
static wub_rc_t
wub_edit_seen(const wub_edit_in_t *in, const wub_value_t *body,
    wub_edit_t *edit)
{
    size_t              i;
    wub_rc_t            rc;
    wub_str_t           text;
    const wub_value_t  *value;

    for (i = 0; i < WUB_SHEET_COLUMNS; i++) {
        value = wub_value_find(body, wub_edit_sheet[i].key);
        edit->sheet[i] = value;

        if (value->kind == WUB_VALUE_NULL) {
            continue;
        }

        rc = wub_edit_sheet[i].read(in, wub_edit_sheet[i].key, value, &text);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return WUB_OK;
}
