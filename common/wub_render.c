
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_render.h"
#include "common/wub_scan.h"
#include "common/wub_segment.h"
#include "common/wub_time.h"


typedef void (*wub_render_put_pt)(wub_buf_t *b, const wub_render_t *r);

typedef struct {
    wub_str_t          ending;
    wub_render_put_pt  put;
} wub_render_kind_t;


static wub_rc_t wub_render_part(wub_arena_t *arena, wub_str_t raw,
    wub_str_t ending, wub_str_t *ret);
static void wub_render_put_cut(wub_buf_t *b, const wub_render_t *r);
static void wub_render_put_frame(wub_buf_t *b, const wub_render_t *r);
static void wub_render_put_waveform(wub_buf_t *b, const wub_render_t *r);
static void wub_render_put_thumbnail(wub_buf_t *b, const wub_render_t *r);
static void wub_render_put_ranges(wub_buf_t *b, const wub_ranges_t *r);
static void wub_render_put_end(wub_buf_t *b, wub_str_t name, int64_t us);
static void wub_render_put_box(wub_buf_t *b, wub_str_t name,
    const wub_render_box_t *box);


const wub_str_t  wub_render_names[WUB_RENDER_KINDS] = {
    wub_string("cut"),
    wub_string("frame"),
    wub_string("waveform"),
    wub_string("thumbnail")
};


/* the format of an image does not change the path */
static const wub_render_kind_t  wub_render_kinds[WUB_RENDER_KINDS] = {
    { wub_string(".ts"), wub_render_put_cut },
    { wub_string(".png"), wub_render_put_frame },
    { wub_string(".png"), wub_render_put_waveform },
    { wub_string(".png"), wub_render_put_thumbnail }
};


/* of wub_render_format_e */
static const wub_str_t  wub_render_formats[] = {
    wub_string("png"),
    wub_string("jpg"),
    wub_string("json")
};


wub_rc_t
wub_render_put(wub_buf_t *b, const wub_render_t *r, size_t *ret_path)
{
    size_t  from;

    from = b->len;

    wub_buf_putc(b, '/');
    wub_buf_str(b, wub_render_names[r->kind]);
    wub_buf_putc(b, '/');
    wub_buf_uri(b, r->channel);
    wub_buf_putc(b, '/');
    wub_buf_uri(b, r->quality);
    wub_buf_str(b, wub_render_kinds[r->kind].ending);

    *ret_path = b->len - from;

    wub_buf_putc(b, '?');
    wub_render_kinds[r->kind].put(b, r);

    return b->rc;
}


static void
wub_render_put_cut(wub_buf_t *b, const wub_render_t *r)
{
    wub_render_put_ranges(b, &r->ranges);

    wub_buf_lit(b, "allow_holes=");
    wub_buf_str(b, r->allow_holes ? wub_str("true") : wub_str("false"));
    wub_buf_lit(b, "&type=");
    wub_buf_uri(b, r->type);

    if (r->plan) {
        wub_buf_lit(b, "&plan=1");
    }
}


static void
wub_render_put_frame(wub_buf_t *b, const wub_render_t *r)
{
    wub_buf_lit(b, "timestamp=");
    wub_time_put(b, r->timestamp);
    wub_buf_lit(b, "&format=");
    wub_buf_str(b, wub_render_formats[r->format]);
}


static void
wub_render_put_waveform(wub_buf_t *b, const wub_render_t *r)
{
    wub_buf_lit(b, "start=");
    wub_time_put(b, r->ranges.ranges[0].start);
    wub_buf_lit(b, "&end=");
    wub_time_put(b, r->ranges.ranges[0].end);
    wub_buf_lit(b, "&size=");
    wub_buf_u64(b, r->width);
    wub_buf_putc(b, 'x');
    wub_buf_u64(b, r->height);
    wub_buf_lit(b, "&format=");
    wub_buf_str(b, wub_render_formats[r->format]);
}


static void
wub_render_put_thumbnail(wub_buf_t *b, const wub_render_t *r)
{
    wub_buf_lit(b, "timestamp=");
    wub_time_put(b, r->timestamp);

    if (!r->posted) {
        wub_buf_lit(b, "&template=");
        wub_buf_uri(b, r->template);
    }

    if (r->crop_given) {
        wub_render_put_box(b, wub_str("&crop="), &r->crop);
    }

    if (r->location_given) {
        wub_render_put_box(b, wub_str("&location="), &r->location);
    }
}


/* a '&' behind each */
static void
wub_render_put_ranges(wub_buf_t *b, const wub_ranges_t *r)
{
    size_t                   i;
    const wub_range_t       *range;
    const wub_transition_t  *t;

    range = r->ranges;

    if (r->nranges == 1 && (range->start == WUB_RENDER_UNSET
                            || range->end == WUB_RENDER_UNSET))
    {
        wub_render_put_end(b, wub_str("start="), range->start);
        wub_render_put_end(b, wub_str("end="), range->end);
        return;
    }

    for (i = 0; i < r->nranges; i++) {
        wub_buf_lit(b, "range=");
        wub_time_put(b, range[i].start);
        wub_buf_putc(b, ',');
        wub_time_put(b, range[i].end);
        wub_buf_putc(b, '&');
    }

    for (i = 0; i < r->ntransitions; i++) {
        t = &r->transitions[i];

        wub_buf_lit(b, "transition=");

        if (t->type.len != 0) {
            wub_buf_str(b, t->type);
            wub_buf_putc(b, ',');
            wub_buf_seconds(b, t->duration);
        }

        wub_buf_putc(b, '&');
    }
}


static void
wub_render_put_end(wub_buf_t *b, wub_str_t name, int64_t us)
{
    if (us == WUB_RENDER_UNSET) {
        return;
    }

    wub_buf_str(b, name);
    wub_time_put(b, us);
    wub_buf_putc(b, '&');
}


static void
wub_render_put_box(wub_buf_t *b, wub_str_t name, const wub_render_box_t *box)
{
    wub_buf_str(b, name);
    wub_buf_u64(b, box->left);
    wub_buf_putc(b, ',');
    wub_buf_u64(b, box->top);
    wub_buf_putc(b, ',');
    wub_buf_u64(b, box->right);
    wub_buf_putc(b, ',');
    wub_buf_u64(b, box->bottom);
}


wub_str_t
wub_render_ending(wub_render_kind_e kind)
{
    return wub_render_kinds[kind].ending;
}


wub_rc_t
wub_render_path(wub_arena_t *arena, wub_str_t path, wub_render_t *ret)
{
    size_t      kind;
    wub_rc_t    rc;
    wub_str_t   name, channel, quality;
    wub_scan_t  scan;

    wub_scan_init(&scan, path);

    if (!wub_scan_char(&scan, '/')
        || wub_scan_until(&scan, '/', &name) != WUB_OK
        || wub_scan_until(&scan, '/', &channel) != WUB_OK)
    {
        return WUB_NOT_FOUND;
    }

    for (kind = 0; kind < WUB_RENDER_KINDS; kind++) {
        if (wub_str_eq(name, wub_render_names[kind])) {
            break;
        }
    }

    quality = wub_scan_rest(&scan);

    if (kind == WUB_RENDER_KINDS
        || (quality.len != 0
            && memchr(quality.data, '/', quality.len) != NULL))
    {
        return WUB_NOT_FOUND;
    }

    rc = wub_render_part(arena, channel, wub_str(""), &channel);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_render_part(arena, quality, wub_render_kinds[kind].ending,
                         &quality);
    if (rc != WUB_OK) {
        return rc;
    }

    ret->kind = (wub_render_kind_e) kind;
    ret->channel = channel;
    ret->quality = quality;

    return WUB_OK;
}


static wub_rc_t
wub_render_part(wub_arena_t *arena, wub_str_t raw, wub_str_t ending,
    wub_str_t *ret)
{
    char       *out;
    wub_rc_t    rc;
    wub_str_t   part, last;

    /* one byte more: an arena may refuse to give none */

    out = wub_arena_alloc(arena, raw.len + 1);
    if (out == NULL) {
        return WUB_NO_MEMORY;
    }

    rc = wub_query_decode(raw, out, &part);
    if (rc != WUB_OK) {
        return rc;
    }

    if (part.len < ending.len) {
        return WUB_NOT_FOUND;
    }

    last = wub_str_n(part.data + part.len - ending.len, ending.len);
    part.len -= ending.len;

    if (!wub_str_eq(last, ending)
        || part.len == 0 || part.len > WUB_NAME_MAX)
    {
        return WUB_NOT_FOUND;
    }

    *ret = part;

    return wub_name_safe(part) ? WUB_OK : WUB_INVALID;
}


wub_range_t
wub_render_span(const wub_render_t *r)
{
    wub_range_t  span;

    if (r->kind == WUB_RENDER_CUT || r->kind == WUB_RENDER_WAVEFORM) {
        return r->ranges.ranges[0];
    }

    span.start = r->timestamp - WUB_RENDER_BESIDE;
    span.end = r->timestamp + WUB_RENDER_BESIDE;

    return span;
}


const wub_best_part_t *
wub_render_shown(const wub_chain_t *chain, int64_t time)
{
    size_t                  i;
    const wub_best_part_t  *part, *shown;

    shown = NULL;

    for (i = 0; i < chain->nparts; i++) {
        part = &chain->parts[i];

        if (part->segment != NULL && part->segment->start <= time) {
            shown = part;
        }
    }

    if (shown == NULL || wub_segment_end(shown->segment) > time) {
        return shown;
    }

    /* a gap within the tolerance is none */

    part = shown + 1;

    return (part < chain->parts + chain->nparts && part->segment != NULL)
           ? shown : NULL;
}
