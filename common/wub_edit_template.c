
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stddef.h>

#include "common/wub_edit_in.h"


typedef struct {
    wub_str_t       key;
    wub_str_t       what;       /* as upstream's sentences call it */
    wub_edit_in_pt  read;
    size_t          offset;     /* in wub_edit_template_t */
    bool            image;
} wub_edit_template_rule_t;

/* a constraint of the database and what is said where it is broken */
typedef struct {
    wub_str_t  constraint;
    wub_str_t  sentence;
} wub_edit_constraint_t;


static wub_rc_t wub_edit_template_read(const wub_edit_in_t *in,
    const wub_value_t *body, bool update, wub_edit_template_t *ret);
static wub_rc_t wub_edit_template_value(const wub_edit_in_t *in,
    const wub_edit_template_rule_t *rule, const wub_value_t *value,
    bool update, wub_edit_template_t *ret);
static wub_rc_t wub_edit_template_name(const wub_edit_in_t *in,
    wub_str_t key, const wub_value_t *value, wub_str_t *ret);


#define wub_edit_template_field(name)                                         \
    offsetof(wub_edit_template_t, name)

#define WUB_EDIT_TEMPLATE_RULES  6

static const wub_edit_template_rule_t
    wub_edit_template_rules[WUB_EDIT_TEMPLATE_RULES] =
{
    { wub_string("name"), wub_string("Template name"),
      wub_edit_template_name, wub_edit_template_field(name), false },

    { wub_string("image"), wub_string("Template image"),
      wub_edit_in_image, wub_edit_template_field(image), true },

    { wub_string("description"), wub_string("Template description"),
      wub_edit_in_text, wub_edit_template_field(description), false },

    { wub_string("attribution"), wub_string("Template attribution"),
      wub_edit_in_line, wub_edit_template_field(attribution), false },

    { wub_string("crop"), wub_string("Template crop"),
      wub_edit_in_box, wub_edit_template_field(crop), false },

    { wub_string("location"), wub_string("Template location"),
      wub_edit_in_box, wub_edit_template_field(location), false }
};

static const wub_edit_constraint_t  wub_edit_constraints[] = {

    { wub_string("events_upload_location_check"),
      wub_string("upload_location must be set unless it is a draft") },

    { wub_string("events_video_ranges_check"),
      wub_string("The video was never edited and has no video_ranges:"
                 " reset it first") },

    { wub_string("events_video_transitions_check"),
      wub_string("The video was never edited and has no video_transitions:"
                 " reset it first") },

    { wub_string("events_transitions_count_check"),
      wub_string("There must be one transition less than there are ranges") },

    { wub_string("events_video_title_check"),
      wub_string("video_title must be set unless it is a draft") },

    { wub_string("events_video_description_check"),
      wub_string("video_description must be set unless it is a draft") },

    { wub_string("events_video_tags_check"),
      wub_string("video_tags must be set unless it is a draft") },

    { wub_string("events_video_channel_check"),
      wub_string("The video was never edited and has no video_channel:"
                 " reset it first") },

    { wub_string("events_thumbnail_time_check"),
      wub_string("thumbnail_time must be set for thumbnail_mode BARE and"
                 " TEMPLATE") },

    { wub_string("events_thumbnail_template_check"),
      wub_string("thumbnail_template must be set for thumbnail_mode"
                 " TEMPLATE") },

    { wub_string("events_thumbnail_image_check"),
      wub_string("thumbnail_image must be set for thumbnail_mode CUSTOM") },

    { wub_string("events_video_link_check"),
      wub_string("The video has no link: reset it first") },

    { wub_string("events_event_end_check"),
      wub_string("The end of the event in the sheet does not fit its"
                 " start") },

    { wub_string("events_cut_type_check"),
      wub_string("cut_type must be one of: rough, fast, smart, full, mpegts,"
                 " webm, mp4, archive") },

    { wub_string("templates_pkey"),
      wub_string("A template of that name already exists") },

    { { 0, NULL },
      wub_string("The database refuses this edit") }
};


wub_rc_t
wub_edit_template(wub_arena_t *arena, const wub_value_t *body, bool update,
    wub_edit_template_t *ret, wub_answer_t *answer)
{
    wub_rc_t       rc;
    wub_edit_in_t  in;

    memset(answer, 0, sizeof(wub_answer_t));
    memset(ret, 0, sizeof(wub_edit_template_t));

    in.arena = arena;
    in.answer = answer;
    in.ranges = NULL;

    rc = wub_edit_template_read(&in, body, update, ret);

    return (rc == WUB_DECLINED) ? WUB_OK : rc;
}


void
wub_edit_refused(wub_str_t constraint, wub_answer_t *answer)
{
    const wub_edit_constraint_t  *c;

    for (c = wub_edit_constraints; c->constraint.data != NULL; c++) {
        if (wub_str_eq(c->constraint, constraint)) {
            break;
        }
    }

    answer->status = 400;
    answer->sentence = c->sentence;
}


static wub_rc_t
wub_edit_template_read(const wub_edit_in_t *in, const wub_value_t *body,
    bool update, wub_edit_template_t *ret)
{
    size_t                           i, n;
    wub_rc_t                         rc;
    wub_str_t                        keys[WUB_EDIT_TEMPLATE_RULES];
    const wub_edit_template_rule_t  *rule;

    n = 0;

    for (i = 0; i < WUB_EDIT_TEMPLATE_RULES; i++) {
        rule = &wub_edit_template_rules[i];

        if (!update || !rule->image) {
            keys[n++] = rule->key;
        }
    }

    rc = wub_edit_missing(in, body, keys, n);
    if (rc != WUB_OK) {
        return rc;
    }

    for (i = 0; i < WUB_EDIT_TEMPLATE_RULES; i++) {
        rule = &wub_edit_template_rules[i];

        rc = wub_edit_template_value(in, rule,
                                     wub_value_find(body, rule->key), update,
                                     ret);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return WUB_OK;
}


/* an image that is missing, null or empty leaves the old one in place */
static wub_rc_t
wub_edit_template_value(const wub_edit_in_t *in,
    const wub_edit_template_rule_t *rule, const wub_value_t *value,
    bool update, wub_edit_template_t *ret)
{
    wub_rc_t   rc;
    wub_str_t  text;

    if (rule->image && update
        && (value == NULL || value->kind == WUB_VALUE_NULL
            || (value->kind == WUB_VALUE_TEXT && value->text.len == 0)))
    {
        return WUB_OK;
    }

    rc = rule->read(in, rule->what, value, &text);
    if (rc != WUB_OK) {
        return rc;
    }

    memcpy((char *) ret + rule->offset, &text, sizeof(wub_str_t));

    return WUB_OK;
}


/* it is a part of the path of its PNG */
static wub_rc_t
wub_edit_template_name(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret)
{
    wub_rc_t  rc;

    rc = wub_edit_in_part(in, key, value, ret);
    if (rc != WUB_OK) {
        return rc;
    }

    if (ret->len == 0) {
        return wub_edit_refuse(in, 400, "% may not be empty", &key);
    }

    return WUB_OK;
}
