
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_edit_in.h"
#include "common/wub_event_text.h"


/* letters of a video's id */
#define WUB_EDIT_ID_LEN          11


static wub_rc_t wub_edit_link_read(const wub_edit_in_t *in,
    const wub_value_t *body, wub_edit_link_t *ret);
static bool wub_edit_link_id(wub_str_t link, wub_str_t *ret);


static const wub_str_t  wub_edit_link_forms[] = {
    wub_string("https://youtu.be/"),
    wub_string("http://youtu.be/"),
    wub_string("https://youtube.com/watch?v="),
    wub_string("http://youtube.com/watch?v="),
    wub_string("https://www.youtube.com/watch?v="),
    wub_string("http://www.youtube.com/watch?v="),
    { 0, NULL }
};


wub_rc_t
wub_edit_link(wub_arena_t *arena, const wub_value_t *body,
    wub_edit_link_t *ret, wub_answer_t *answer)
{
    wub_rc_t       rc;
    wub_edit_in_t  in;

    memset(answer, 0, sizeof(wub_answer_t));
    memset(ret, 0, sizeof(wub_edit_link_t));

    in.arena = arena;
    in.answer = answer;
    in.ranges = NULL;

    rc = wub_edit_link_read(&in, body, ret);

    return (rc == WUB_DECLINED) ? WUB_OK : rc;
}


static wub_rc_t
wub_edit_link_read(const wub_edit_in_t *in, const wub_value_t *body,
    wub_edit_link_t *ret)
{
    wub_rc_t            rc;
    wub_str_t           key;
    const wub_value_t  *value;

    key = wub_str("link");

    rc = wub_edit_missing(in, body, &key, 1);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_edit_in_line(in, key, wub_value_find(body, key), &ret->link);
    if (rc != WUB_OK) {
        return rc;
    }

    if (ret->link.len == 0) {
        return wub_edit_refuse(in, 400, "% may not be empty", &key);
    }

    ret->location = wub_str("manual");
    value = wub_value_find(body, wub_str("upload_location"));

    if (value == NULL || (value->kind == WUB_VALUE_TEXT
                          && wub_str_eq(value->text, ret->location)))
    {
        return WUB_OK;
    }

    ret->location = wub_str("youtube-manual");

    if (value->kind != WUB_VALUE_TEXT
        || !wub_str_eq(value->text, ret->location))
    {
        return wub_edit_refuse(in, 400, "Upload location must be \"manual\" or"
                               " \"youtube-manual\"", NULL);
    }

    if (!wub_edit_link_id(ret->link, &ret->video_id)) {
        return wub_edit_refuse(in, 400, "Link does not appear to be a"
                               " youtube.com or youtu.be video link. Try"
                               " removing any extra query params (after the"
                               " video id).", NULL);
    }

    return WUB_OK;
}


static bool
wub_edit_link_id(wub_str_t link, wub_str_t *ret)
{
    size_t     i;
    wub_str_t  form, id;

    for (i = 0; wub_edit_link_forms[i].data != NULL; i++) {
        form = wub_edit_link_forms[i];

        if (link.len != form.len + WUB_EDIT_ID_LEN
            || memcmp(link.data, form.data, form.len) != 0)
        {
            continue;
        }

        id = wub_str_n(link.data + form.len, WUB_EDIT_ID_LEN);

        if (wub_event_is_id(id)) {
            *ret = id;
            return true;
        }
    }

    return false;
}
