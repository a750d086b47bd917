
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_status.h"

#include "common/wub_time.h"


static void ngx_http_wubloader_json_recording(wub_buf_t *b,
    const ngx_http_wubloader_recording_t *rec, int64_t now);
static void ngx_http_wubloader_json_newest(wub_buf_t *b,
    const ngx_http_wubloader_recording_t *rec, int64_t now);
static void ngx_http_wubloader_json_note(wub_buf_t *b,
    const ngx_http_wubloader_note_t *note);
static void ngx_http_wubloader_json_time(wub_buf_t *b, const char *name,
    int64_t us);


/* of ngx_http_wubloader_status_e */
static const char *const  ngx_http_wubloader_json_levels[] = {
    "past", "ok", "warning", "error"
};


void
ngx_http_wubloader_status_json(wub_buf_t *b,
    const ngx_http_wubloader_overview_t *o)
{
    size_t  i;

    wub_buf_putc(b, '{');
    ngx_http_wubloader_json_note(b, &o->all);
    ngx_http_wubloader_json_time(b, ",\"time\":", o->now);

    wub_buf_lit(b, ",\"disk\":{");
    ngx_http_wubloader_json_note(b, &o->disk);
    wub_buf_lit(b, ",\"total_bytes\":");
    wub_buf_u64(b, o->total);
    wub_buf_lit(b, ",\"free_bytes\":");
    wub_buf_u64(b, o->left);

    wub_buf_lit(b, "},\"truncated\":");

    if (o->cut) {
        wub_buf_lit(b, "true");

    } else {
        wub_buf_lit(b, "false");
    }

    wub_buf_lit(b, ",\"recordings\":[");

    for (i = 0; i < o->nrecordings; i++) {

        if (i != 0) {
            wub_buf_putc(b, ',');
        }

        ngx_http_wubloader_json_recording(b, &o->recordings[i], o->now);
    }

    wub_buf_lit(b, "]}\n");
}


static void
ngx_http_wubloader_json_recording(wub_buf_t *b,
    const ngx_http_wubloader_recording_t *rec, int64_t now)
{
    wub_buf_lit(b, "{\"channel\":");
    wub_buf_json(b, rec->channel);
    wub_buf_lit(b, ",\"quality\":");
    wub_buf_json(b, rec->quality);
    wub_buf_putc(b, ',');
    ngx_http_wubloader_json_note(b, &rec->state);

    if (rec->first != 0) {
        ngx_http_wubloader_json_time(b, ",\"start\":", rec->first);
    }

    if (rec->name.len != 0) {
        ngx_http_wubloader_json_newest(b, rec, now);
    }

    wub_buf_putc(b, '}');
}


static void
ngx_http_wubloader_json_newest(wub_buf_t *b,
    const ngx_http_wubloader_recording_t *rec, int64_t now)
{
    size_t  i;

    ngx_http_wubloader_json_time(b, ",\"end\":", rec->newest);
    wub_buf_lit(b, ",\"age_seconds\":");
    wub_buf_seconds(b, now - rec->newest);
    wub_buf_lit(b, ",\"newest_segment\":");
    wub_buf_json(b, rec->name);

    ngx_http_wubloader_json_time(b, ",\"window_start\":", rec->from);
    wub_buf_lit(b, ",\"holes\":");
    wub_buf_u64(b, rec->nholes);
    wub_buf_lit(b, ",\"missing_seconds\":");
    wub_buf_seconds(b, rec->missing);
    wub_buf_lit(b, ",\"tombstones\":");
    wub_buf_u64(b, rec->withdrawn);
    wub_buf_lit(b, ",\"newest_holes\":[");

    for (i = 0; i < rec->ngaps; i++) {

        if (i != 0) {
            wub_buf_putc(b, ',');
        }

        ngx_http_wubloader_json_time(b, "{\"start\":", rec->gaps[i].from);
        ngx_http_wubloader_json_time(b, ",\"end\":", rec->gaps[i].to);
        wub_buf_putc(b, '}');
    }

    wub_buf_putc(b, ']');
}


static void
ngx_http_wubloader_json_note(wub_buf_t *b,
    const ngx_http_wubloader_note_t *note)
{
    const char  *level;

    level = ngx_http_wubloader_json_levels[note->level];

    wub_buf_lit(b, "\"level\":\"");
    wub_buf_put(b, level, ngx_strlen(level));
    wub_buf_lit(b, "\",\"text\":");
    wub_buf_json(b, note->text);
}


static void
ngx_http_wubloader_json_time(wub_buf_t *b, const char *name, int64_t us)
{
    wub_buf_put(b, name, ngx_strlen(name));
    wub_buf_putc(b, '"');
    wub_time_put(b, us);
    wub_buf_putc(b, '"');
}
