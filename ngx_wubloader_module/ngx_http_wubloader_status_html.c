
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_status.h"


static void ngx_http_wubloader_html_notes(wub_buf_t *b,
    const ngx_http_wubloader_overview_t *o);
static void ngx_http_wubloader_html_list(wub_buf_t *b,
    const ngx_http_wubloader_overview_t *o,
    ngx_http_wubloader_status_e level);
static void ngx_http_wubloader_html_recording(wub_buf_t *b,
    const ngx_http_wubloader_recording_t *rec, int64_t now);
static void ngx_http_wubloader_html_holes(wub_buf_t *b,
    const ngx_http_wubloader_recording_t *rec);
static void ngx_http_wubloader_html_note(wub_buf_t *b, const char *tag,
    const ngx_http_wubloader_note_t *note);
static void ngx_http_wubloader_html_text(wub_buf_t *b, wub_str_t s);


/* of ngx_http_wubloader_status_e: never told by the colour alone */
static const char *const  ngx_http_wubloader_html_levels[] = {
    "past", "ok", "warn", "bad"
};

static const char *const  ngx_http_wubloader_html_signs[] = {
    "&#8211;", "&#10003;", "!", "&#10007;"
};


static const char  ngx_http_wubloader_html_head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta http-equiv=\"refresh\" content=\"10\">\n"
    "<title>";

static const char  ngx_http_wubloader_html_style[] =
    " - wubloader</title>\n"
    "<style>\n"
    ":root { color-scheme: light dark;\n"
    "  --back: #f6f6f3; --card: #fff; --text: #1c1c1c;\n"
    "  --dim: #5c5c5c; --line: #dcdcd6; --ok: #1b6e34; --warn: #8a5200;\n"
    "  --bad: #b3121d; --past: #5a6068; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  :root { --back: #16181b; --card: #212429; --text: #ececec;\n"
    "    --dim: #a8adb4; --line: #3a3f46; } }\n"
    "* { box-sizing: border-box; }\n"
    "body { margin: 0; background: var(--back); color: var(--text);\n"
    "  font: 17px/1.45 system-ui, sans-serif; }\n"
    "main { max-width: 64rem; margin: 0 auto; padding: 1rem; }\n"
    "h1 { margin: 0; font-size: 2.4rem; line-height: 1.2; }\n"
    "h2 { margin: 2rem 0 .5rem; font-size: 1.4rem;\n"
    "  overflow-wrap: anywhere; }\n"
    "p { margin: .3rem 0; }\n"
    "header { padding: 1.2rem 1.4rem; border-radius: .6rem; color: #fff; }\n"
    "header ul { margin: .6rem 0 0; padding-left: 1.3rem; }\n"
    ".ok > b, .warn > b, .bad > b, .past > b { display: inline-block;\n"
    "  width: 1.6em; height: 1.6em; margin-right: .5em; color: #fff;\n"
    "  border-radius: 50%; text-align: center; line-height: 1.6em; }\n"
    "header.ok, .ok > b { background: var(--ok); }\n"
    "header.warn, .warn > b { background: var(--warn); }\n"
    "header.bad, .bad > b { background: var(--bad); }\n"
    "header.past, .past > b { background: var(--past); }\n"
    "section { margin: .6rem 0; padding: .9rem 1.1rem;\n"
    "  background: var(--card); border: 1px solid var(--line);\n"
    "  border-radius: .6rem; }\n"
    "section h3 { margin: 0 0 .4rem; font-size: 1.15rem;\n"
    "  overflow-wrap: anywhere; }\n"
    ".bad, .warn { font-weight: 600; }\n"
    "dl { display: grid; grid-template-columns: max-content 1fr;\n"
    "  gap: .15rem 1rem; margin: .6rem 0 0; }\n"
    "dt { color: var(--dim); }\n"
    "dd { margin: 0; overflow-wrap: anywhere; }\n"
    "@media (max-width: 36rem) { dl { display: block; }\n"
    "  dd { margin-bottom: .4rem; } h1 { font-size: 1.9rem; } }\n"
    "details ul { margin: .3rem 0; padding-left: 1.2rem; }\n"
    "summary { cursor: pointer; }\n"
    "footer { margin-top: 1.5rem; color: var(--dim); font-size: .9rem; }\n"
    "</style>\n"
    "</head>\n"
    "<body>\n"
    "<main>\n";


void
ngx_http_wubloader_status_html(wub_buf_t *b,
    const ngx_http_wubloader_overview_t *o)
{
    size_t                                 i;
    const ngx_http_wubloader_recording_t  *rec;

    wub_buf_lit(b, ngx_http_wubloader_html_head);
    wub_buf_str(b, o->all.text);
    wub_buf_lit(b, ngx_http_wubloader_html_style);

    ngx_http_wubloader_html_notes(b, o);

    for (i = 0; i < o->nrecordings; i++) {
        rec = &o->recordings[i];

        if (i == 0 || !wub_str_eq(rec->channel, rec[-1].channel)) {
            wub_buf_lit(b, "<h2>");
            ngx_http_wubloader_html_text(b, rec->channel);
            wub_buf_lit(b, "</h2>\n");
        }

        ngx_http_wubloader_html_recording(b, rec, o->now);
    }

    wub_buf_lit(b, "<h2>Disk</h2>\n<section>\n");
    ngx_http_wubloader_html_note(b, "p", &o->disk);
    wub_buf_lit(b, "</section>\n<footer>\n");

    if (o->cut) {
        wub_buf_lit(b, "<p>There are more qualities than are shown here.</p>"
                       "\n");
    }

    wub_buf_lit(b, "<p>As of ");
    ngx_http_wubloader_status_time(b, o->now);
    wub_buf_lit(b, " UTC, of this server alone. The page renews itself every "
                   "10 seconds; where it does not, this server or the way to "
                   "it is down. All times are UTC. "
                   "<a href=\"?format=json\">The same as JSON</a></p>\n"
                   "</footer>\n</main>\n</body>\n</html>\n");
}


/* the verdict, and all that it is based on */

static void
ngx_http_wubloader_html_notes(wub_buf_t *b,
    const ngx_http_wubloader_overview_t *o)
{
    const char  *level;

    level = ngx_http_wubloader_html_levels[o->all.level];

    wub_buf_lit(b, "<header class=\"");
    wub_buf_put(b, level, ngx_strlen(level));
    wub_buf_lit(b, "\">\n<h1>");
    wub_buf_str(b, o->all.text);
    wub_buf_lit(b, "</h1>\n");

    if (o->all.level > ngx_http_wubloader_status_fine) {
        wub_buf_lit(b, "<ul>\n");
        ngx_http_wubloader_html_list(b, o, ngx_http_wubloader_status_bad);
        ngx_http_wubloader_html_list(b, o, ngx_http_wubloader_status_warn);
        wub_buf_lit(b, "</ul>\n");
    }

    wub_buf_lit(b, "</header>\n");
}


static void
ngx_http_wubloader_html_list(wub_buf_t *b,
    const ngx_http_wubloader_overview_t *o, ngx_http_wubloader_status_e level)
{
    size_t                                 i;
    const ngx_http_wubloader_recording_t  *rec;

    for (i = 0; i < o->nrecordings; i++) {
        rec = &o->recordings[i];

        if (rec->state.level == level) {
            wub_buf_lit(b, "<li>");
            ngx_http_wubloader_html_text(b, rec->channel);
            wub_buf_putc(b, ' ');
            ngx_http_wubloader_html_text(b, rec->quality);
            wub_buf_lit(b, ": ");
            wub_buf_str(b, rec->state.text);
            wub_buf_lit(b, "</li>\n");
        }
    }

    if (o->disk.level == level) {
        wub_buf_lit(b, "<li>");
        wub_buf_str(b, o->disk.text);
        wub_buf_lit(b, "</li>\n");
    }
}


static void
ngx_http_wubloader_html_recording(wub_buf_t *b,
    const ngx_http_wubloader_recording_t *rec, int64_t now)
{
    wub_buf_lit(b, "<section>\n<h3>");
    ngx_http_wubloader_html_text(b, rec->quality);
    wub_buf_lit(b, "</h3>\n");

    ngx_http_wubloader_html_note(b, "p", &rec->state);

    if (rec->name.len == 0) {
        wub_buf_lit(b, "</section>\n");
        return;
    }

    wub_buf_lit(b, "<dl>\n<dt>Newest footage</dt><dd>");
    ngx_http_wubloader_status_time(b, rec->newest);

    if (now >= rec->newest) {
        wub_buf_lit(b, ", ");
        ngx_http_wubloader_status_span(b, now - rec->newest);
        wub_buf_lit(b, " ago");
    }

    wub_buf_lit(b, "</dd>\n<dt>Footage since</dt><dd>");
    ngx_http_wubloader_status_time(b, rec->first);
    wub_buf_lit(b, "</dd>\n<dt>Missing in its last ");
    ngx_http_wubloader_status_span(b, rec->newest - rec->from);
    wub_buf_lit(b, "</dt><dd>");
    ngx_http_wubloader_html_holes(b, rec);
    wub_buf_lit(b, "</dd>\n");

    if (rec->withdrawn != 0) {
        wub_buf_lit(b, "<dt>Withdrawn in that time</dt><dd>");
        wub_buf_u64(b, rec->withdrawn);
        wub_buf_lit(b, " segment");

        if (rec->withdrawn != 1) {
            wub_buf_putc(b, 's');
        }

        wub_buf_lit(b, ", hidden by tombstones</dd>\n");
    }

    wub_buf_lit(b, "</dl>\n</section>\n");
}


static void
ngx_http_wubloader_html_holes(wub_buf_t *b,
    const ngx_http_wubloader_recording_t *rec)
{
    size_t  i;

    if (rec->nholes == 0) {
        wub_buf_lit(b, "nothing");
        return;
    }

    wub_buf_lit(b, "<details><summary>");
    wub_buf_seconds(b, rec->missing);
    b->len -= (b->rc == WUB_OK) ? 5 : 0;
    wub_buf_lit(b, " seconds in ");
    wub_buf_u64(b, rec->nholes);
    wub_buf_lit(b, " hole");

    if (rec->nholes != 1) {
        wub_buf_putc(b, 's');
    }

    wub_buf_lit(b, "</summary>\n<ul>\n");

    for (i = 0; i < rec->ngaps; i++) {
        wub_buf_lit(b, "<li>");
        ngx_http_wubloader_status_clock(b, rec->gaps[i].from);
        wub_buf_lit(b, " to ");
        ngx_http_wubloader_status_clock(b, rec->gaps[i].to);
        wub_buf_lit(b, "</li>\n");
    }

    if (rec->ngaps < rec->nholes) {
        wub_buf_lit(b, "<li>and ");
        wub_buf_u64(b, rec->nholes - rec->ngaps);
        wub_buf_lit(b, " before these</li>\n");
    }

    wub_buf_lit(b, "</ul></details>");
}


static void
ngx_http_wubloader_html_note(wub_buf_t *b, const char *tag,
    const ngx_http_wubloader_note_t *note)
{
    const char  *level, *sign;

    level = ngx_http_wubloader_html_levels[note->level];
    sign = ngx_http_wubloader_html_signs[note->level];

    wub_buf_putc(b, '<');
    wub_buf_put(b, tag, ngx_strlen(tag));
    wub_buf_lit(b, " class=\"");
    wub_buf_put(b, level, ngx_strlen(level));
    wub_buf_lit(b, "\"><b>");
    wub_buf_put(b, sign, ngx_strlen(sign));
    wub_buf_lit(b, "</b>");
    wub_buf_str(b, note->text);
    wub_buf_lit(b, "</");
    wub_buf_put(b, tag, ngx_strlen(tag));
    wub_buf_lit(b, ">\n");
}


/* names are the only foreign text of the page */

static void
ngx_http_wubloader_html_text(wub_buf_t *b, wub_str_t s)
{
    static const wub_escape_t  escapes[] = {
        { '&', "&amp;" },
        { '<', "&lt;" },
        { '>', "&gt;" },
        { '"', "&quot;" },
        { '\'', "&#39;" },
        { '\0', NULL }
    };

    wub_buf_escape(b, s, escapes);
}
