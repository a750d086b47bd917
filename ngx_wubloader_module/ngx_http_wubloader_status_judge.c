
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_status.h"

#include "common/wub_time.h"


/* footage that is this old is late, and has stopped, and is no news */
#define NGX_HTTP_WUBLOADER_LATE         (30 * WUB_SECOND)
#define NGX_HTTP_WUBLOADER_STOPPED      (120 * WUB_SECOND)
#define NGX_HTTP_WUBLOADER_OVER         (24 * WUB_HOUR)

/* footage may be dated ahead by this much, as clocks go */
#define NGX_HTTP_WUBLOADER_AHEAD        (10 * WUB_SECOND)

/* a hundredth of the disk that is left */
#define NGX_HTTP_WUBLOADER_DISK_WARN    10
#define NGX_HTTP_WUBLOADER_DISK_BAD     3


/* a length of time in words */
typedef struct {
    int64_t      least;     /* from here on it is used, microseconds */
    int64_t      us;
    const char  *one;
    const char  *many;
} ngx_http_wubloader_unit_t;


static const ngx_http_wubloader_unit_t  ngx_http_wubloader_units[] = {
    { 48 * WUB_HOUR, 24 * WUB_HOUR, "day", "days" },
    { 2 * WUB_HOUR, WUB_HOUR, "hour", "hours" },
    { 120 * WUB_SECOND, 60 * WUB_SECOND, "minute", "minutes" },
    { 0, WUB_SECOND, "second", "seconds" }
};


void
ngx_http_wubloader_status_judge(ngx_http_wubloader_overview_t *o,
    ngx_http_wubloader_recording_t *rec)
{
    int64_t    age;
    wub_buf_t  b;

    wub_buf_init(&b, o->store.arena, 512);

    age = o->now - rec->newest;

    if (rec->name.len == 0) {
        rec->state.level = ngx_http_wubloader_status_warn;
        wub_buf_lit(&b, "There is no whole segment in its newest hours.");

    } else if (age < -NGX_HTTP_WUBLOADER_AHEAD) {
        rec->state.level = ngx_http_wubloader_status_warn;
        wub_buf_lit(&b, "Its newest footage is dated ");
        ngx_http_wubloader_status_span(&b, -age);
        wub_buf_lit(&b, " ahead: the clock of the recorder or of this server "
                        "is wrong.");

    } else if (age <= NGX_HTTP_WUBLOADER_LATE) {
        rec->state.level = ngx_http_wubloader_status_fine;
        wub_buf_lit(&b, "Recording.");

    } else if (age <= NGX_HTTP_WUBLOADER_STOPPED) {
        rec->state.level = ngx_http_wubloader_status_warn;
        wub_buf_lit(&b, "Late: no new footage for ");
        ngx_http_wubloader_status_span(&b, age);
        wub_buf_putc(&b, '.');

    } else if (age <= NGX_HTTP_WUBLOADER_OVER) {
        rec->state.level = ngx_http_wubloader_status_bad;
        wub_buf_lit(&b, "STOPPED: no new footage for ");
        ngx_http_wubloader_status_span(&b, age);
        wub_buf_lit(&b, ", since ");
        ngx_http_wubloader_status_time(&b, rec->newest);
        wub_buf_lit(&b, " UTC.");

    } else {
        rec->state.level = ngx_http_wubloader_status_past;
        wub_buf_lit(&b, "Not recording; it ended ");
        ngx_http_wubloader_status_span(&b, age);
        wub_buf_lit(&b, " ago.");
    }

    if (rec->nholes != 0
        && rec->state.level == ngx_http_wubloader_status_fine)
    {
        rec->state.level = ngx_http_wubloader_status_warn;
        wub_buf_lit(&b, " But footage is missing, the last time at ");
        ngx_http_wubloader_status_clock(&b, rec->gaps[0].from);
        wub_buf_lit(&b, " UTC.");
    }

    rec->state.text = wub_buf_view(&b);
}


void
ngx_http_wubloader_status_disk(ngx_http_wubloader_overview_t *o)
{
    wub_buf_t      b;
    uint64_t       percent;
    struct statfs  fs;

    wub_buf_init(&b, o->store.arena, 512);

    if (statfs(o->store.root, &fs) == -1 || fs.f_blocks == 0) {
        o->disk.level = ngx_http_wubloader_status_warn;
        o->disk.text = wub_str("It is not known how much room is left on the "
                               "disk.");
        return;
    }

    o->total = (uint64_t) fs.f_blocks * (uint64_t) fs.f_bsize;
    o->left = (uint64_t) fs.f_bavail * (uint64_t) fs.f_bsize;

    percent = (uint64_t) fs.f_bavail * 100 / (uint64_t) fs.f_blocks;

    o->disk.level = (percent < NGX_HTTP_WUBLOADER_DISK_BAD)
                    ? ngx_http_wubloader_status_bad
                    : (percent < NGX_HTTP_WUBLOADER_DISK_WARN)
                      ? ngx_http_wubloader_status_warn
                      : ngx_http_wubloader_status_fine;

    if (o->disk.level != ngx_http_wubloader_status_fine) {
        wub_buf_lit(&b, "The disk is nearly full: ");
    }

    ngx_http_wubloader_status_bytes(&b, o->left);
    wub_buf_lit(&b, " of ");
    ngx_http_wubloader_status_bytes(&b, o->total);
    wub_buf_lit(&b, " are free (");
    wub_buf_u64(&b, percent);
    wub_buf_lit(&b, " %).");

    o->disk.text = wub_buf_view(&b);
}


void
ngx_http_wubloader_status_all(ngx_http_wubloader_overview_t *o)
{
    size_t                       i;
    ngx_http_wubloader_status_e  level;

    level = ngx_http_wubloader_status_past;

    for (i = 0; i < o->nrecordings; i++) {
        level = ngx_max(level, o->recordings[i].state.level);
    }

    if (o->disk.level > ngx_http_wubloader_status_fine) {
        level = ngx_max(level, o->disk.level);
    }

    o->all.level = level;

    switch (level) {

    case ngx_http_wubloader_status_bad:
        o->all.text = wub_str("Something is wrong.");
        break;

    case ngx_http_wubloader_status_warn:
        o->all.text = wub_str("Somebody should look at this.");
        break;

    case ngx_http_wubloader_status_fine:
        o->all.text = wub_str("All is well.");
        break;

    default:
        o->all.text = (o->nrecordings == 0)
                      ? wub_str("There is no footage here.")
                      : wub_str("Nothing is being recorded.");
        break;
    }
}


void
ngx_http_wubloader_status_clock(wub_buf_t *b, int64_t us)
{
    char  text[WUB_TIME_LEN];

    wub_time_format(us, text);
    wub_buf_put(b, text + sizeof("YYYY-MM-DDT") - 1,
                sizeof("HH:MM:SS.f") - 1);
}


void
ngx_http_wubloader_status_time(wub_buf_t *b, int64_t us)
{
    char  text[WUB_TIME_LEN];

    wub_time_format(us, text);

    wub_buf_put(b, text, sizeof("YYYY-MM-DD") - 1);
    wub_buf_putc(b, ' ');
    wub_buf_put(b, text + sizeof("YYYY-MM-DDT") - 1, sizeof("HH:MM:SS") - 1);
}


void
ngx_http_wubloader_status_span(wub_buf_t *b, int64_t us)
{
    int64_t                           n;
    const char                       *word;
    const ngx_http_wubloader_unit_t  *unit;

    us = ngx_max(us, 0);

    for (unit = ngx_http_wubloader_units; us < unit->least; unit++) {
        /* void */
    }

    n = us / unit->us;
    word = (n == 1) ? unit->one : unit->many;

    wub_buf_i64(b, n);
    wub_buf_putc(b, ' ');
    wub_buf_put(b, word, ngx_strlen(word));
}


void
ngx_http_wubloader_status_bytes(wub_buf_t *b, uint64_t bytes)
{
    wub_buf_u64(b, bytes / 1000000000);
    wub_buf_putc(b, '.');
    wub_buf_u64(b, bytes / 100000000 % 10);
    wub_buf_lit(b, " GB");
}
