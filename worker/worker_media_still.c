
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "common/wub_scan.h"
#include "common/wub_time.h"
#include "worker/worker_media_out.h"
#include "worker/worker_media_still.h"
#include "worker/worker_media_template.h"
#include "worker/worker_still.h"


/* of a waveform, as it is without --size */
#define WORKER_MEDIA_STILL_WIDTH   1024
#define WORKER_MEDIA_STILL_HEIGHT  64

#define WORKER_MEDIA_STILL_NUMBERS 4


typedef worker_rc_t (*worker_media_still_pt)(wub_arena_t *arena,
    const worker_still_t *still, const wub_chain_t *chain, wub_str_t *ret,
    worker_err_t *err);

/* an option that some kinds take: bits of wub_render_kind_e */
typedef struct {
    const char  *name;
    unsigned     kinds;
    size_t       offset;            /* of a const char * */
} worker_media_still_option_t;

typedef struct {
    const char             *name;
    wub_render_format_e     format;
    unsigned                kinds;
} worker_media_still_format_t;

/* a command at work */
typedef struct {
    wub_arena_t                   *arena;
    const worker_options_t        *options;
    const worker_config_t         *config;
    const volatile sig_atomic_t   *stop;
    wub_render_t                   request;
    wub_range_t                    range;
    worker_still_t                 still;
} worker_media_still_t;


static worker_rc_t worker_media_still_read(worker_media_still_t *m,
    worker_err_t *err);
static worker_rc_t worker_media_still_foreign(const worker_media_still_t *m,
    worker_err_t *err);
static worker_rc_t worker_media_still_format(worker_media_still_t *m,
    worker_err_t *err);
static worker_rc_t worker_media_still_times(worker_media_still_t *m,
    worker_err_t *err);
static worker_rc_t worker_media_still_range(worker_media_still_t *m,
    worker_err_t *err);
static worker_rc_t worker_media_still_size(worker_media_still_t *m,
    worker_err_t *err);
static worker_rc_t worker_media_still_boxes(worker_media_still_t *m,
    worker_err_t *err);
static worker_rc_t worker_media_still_box(const char *text,
    const char *name, wub_render_box_t *ret, worker_err_t *err);
static bool worker_media_still_numbers(const char *text, char between,
    size_t n, uint32_t *ret);
static worker_rc_t worker_media_still_make(worker_media_still_t *m,
    wub_str_t *ret, worker_err_t *err);
static worker_rc_t worker_media_still_write(worker_media_still_t *m,
    wub_str_t bytes, worker_err_t *err);
static worker_rc_t worker_media_still_tick(void *data);


#define worker_media_still_bit(kind)     (1U << (kind))

#define WORKER_MEDIA_STILL_FRAME                                              \
    worker_media_still_bit(WUB_RENDER_FRAME)
#define WORKER_MEDIA_STILL_THUMBNAIL                                          \
    worker_media_still_bit(WUB_RENDER_THUMBNAIL)
#define WORKER_MEDIA_STILL_WAVEFORM                                           \
    worker_media_still_bit(WUB_RENDER_WAVEFORM)

static const worker_media_still_pt  worker_media_still_makers[] = {
    [WUB_RENDER_CUT] = NULL,
    [WUB_RENDER_FRAME] = worker_still_frame,
    [WUB_RENDER_WAVEFORM] = worker_still_waveform,
    [WUB_RENDER_THUMBNAIL] = worker_still_thumbnail
};

static const worker_media_still_option_t  worker_media_still_options[] = {

    { "timestamp", WORKER_MEDIA_STILL_FRAME | WORKER_MEDIA_STILL_THUMBNAIL,
      offsetof(worker_options_t, timestamp) },

    { "size", WORKER_MEDIA_STILL_WAVEFORM,
      offsetof(worker_options_t, size) },

    { "template", WORKER_MEDIA_STILL_THUMBNAIL,
      offsetof(worker_options_t, template) },

    { "crop", WORKER_MEDIA_STILL_THUMBNAIL,
      offsetof(worker_options_t, crop) },

    { "location", WORKER_MEDIA_STILL_THUMBNAIL,
      offsetof(worker_options_t, location) }
};

static const worker_media_still_format_t  worker_media_still_formats[] = {

    { "png", WUB_RENDER_PNG, WORKER_MEDIA_STILL_FRAME
                             | WORKER_MEDIA_STILL_THUMBNAIL
                             | WORKER_MEDIA_STILL_WAVEFORM },

    { "jpg", WUB_RENDER_JPG, WORKER_MEDIA_STILL_FRAME },
    { "json", WUB_RENDER_JSON, WORKER_MEDIA_STILL_WAVEFORM }
};

#define worker_media_still_n(array)                                           \
    (sizeof(array) / sizeof((array)[0]))


bool
worker_media_still_is(const char *kind)
{
    size_t  i;

    for (i = 0; i < WUB_RENDER_KINDS; i++) {
        if (worker_media_still_makers[i] != NULL
            && strcmp(wub_render_names[i].data, kind) == 0)
        {
            return true;
        }
    }

    return false;
}


worker_rc_t
worker_media_still(wub_arena_t *arena, const worker_options_t *options,
    const worker_config_t *config, const volatile sig_atomic_t *stop,
    worker_err_t *err)
{
    size_t                 i;
    wub_str_t              bytes;
    worker_rc_t            rc;
    worker_media_still_t   m;

    memset(&m, 0, sizeof(worker_media_still_t));

    m.arena = arena;
    m.options = options;
    m.config = config;
    m.stop = stop;

    for (i = 0; i < WUB_RENDER_KINDS; i++) {
        if (strcmp(wub_render_names[i].data, options->words.items[0]) == 0) {
            m.request.kind = (wub_render_kind_e) i;
        }
    }

    rc = worker_media_still_read(&m, err);

    if (rc == WORKER_OK) {
        rc = worker_media_still_make(&m, &bytes, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_media_still_write(&m, bytes, err);
    }

    return rc;
}


/* the options */
static worker_rc_t
worker_media_still_read(worker_media_still_t *m, worker_err_t *err)
{
    worker_rc_t              rc;
    const worker_options_t  *o = m->options;

    rc = worker_media_still_foreign(m, err);

    if (rc == WORKER_OK) {
        rc = worker_media_still_format(m, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_media_still_times(m, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_media_still_size(m, err);
    }

    if (rc == WORKER_OK && m->request.kind == WUB_RENDER_THUMBNAIL) {
        rc = worker_media_template(m->arena, o->template,
                                   m->config->templates, &m->request,
                                   &m->still.template, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_media_still_boxes(m, err);
    }

    m->still.store.segments = m->config->segments;
    m->still.store.channel = o->channel;
    m->still.store.quality = (o->quality != NULL) ? o->quality : "source";
    m->still.store.tolerance = WUB_BEST_TOLERANCE;
    m->still.request = &m->request;
    m->still.tick.call = worker_media_still_tick;
    m->still.tick.data = m;

    return rc;
}


static worker_rc_t
worker_media_still_foreign(const worker_media_still_t *m, worker_err_t *err)
{
    size_t                              i;
    const char                         *kind, *value;
    const worker_media_still_option_t  *option;

    kind = m->options->words.items[0];

    for (i = 0; i < worker_media_still_n(worker_media_still_options); i++) {
        option = &worker_media_still_options[i];
        value = *(const char *const *) (const void *)
                ((const char *) m->options + option->offset);

        if (value != NULL
            && (option->kinds & worker_media_still_bit(m->request.kind)) == 0)
        {
            return worker_fail(err, WORKER_DECLINED,
                               "--%s is not an option of %s; see --help",
                               option->name, kind);
        }
    }

    if (m->options->plan || m->options->encode.nitems > 0
        || m->options->transitions.nitems > 0)
    {
        return worker_fail(err, WORKER_DECLINED,
                           "--plan, --encode and --transition are options "
                           "of cuts, not of a %s", kind);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_media_still_format(worker_media_still_t *m, worker_err_t *err)
{
    size_t       i;
    const char  *name;

    name = m->options->format;

    if (name == NULL) {
        return WORKER_OK;
    }

    for (i = 0; i < worker_media_still_n(worker_media_still_formats); i++) {
        if (strcmp(worker_media_still_formats[i].name, name) == 0
            && (worker_media_still_formats[i].kinds
                & worker_media_still_bit(m->request.kind)) != 0)
        {
            m->request.format = worker_media_still_formats[i].format;
            return WORKER_OK;
        }
    }

    return worker_fail(err, WORKER_DECLINED,
                       "--format \"%s\" is none of a %s: there is png%s",
                       name, m->options->words.items[0],
                       (m->request.kind == WUB_RENDER_FRAME) ? ", and jpg"
                       : (m->request.kind == WUB_RENDER_WAVEFORM)
                       ? ", and json" : "");
}


static worker_rc_t
worker_media_still_times(worker_media_still_t *m, worker_err_t *err)
{
    const char              *text;
    worker_rc_t              rc;
    const worker_options_t  *o = m->options;

    rc = (o->ranges.nitems > 0) ? worker_media_still_range(m, err)
                                : WORKER_OK;

    if (rc != WORKER_OK || m->request.kind == WUB_RENDER_WAVEFORM) {
        return (rc == WORKER_OK && o->ranges.nitems == 0)
               ? worker_fail(err, WORKER_DECLINED, "A waveform needs a range:"
                             " --range START,END")
               : rc;
    }

    text = o->timestamp;

    if ((text == NULL) == (o->ranges.nitems == 0)) {
        return worker_fail(err, WORKER_DECLINED,
                           "A %s needs its time: --timestamp T, or --range "
                           "START,END, of which START counts",
                           o->words.items[0]);
    }

    m->request.timestamp = m->range.start;

    if (text != NULL
        && wub_time_parse(wub_str_n(text, strlen(text)),
                          &m->request.timestamp) != WUB_OK)
    {
        return worker_fail(err, WORKER_DECLINED,
                           "--timestamp must be a time in ISO 8601, not "
                           "\"%s\"", text);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_media_still_range(worker_media_still_t *m, worker_err_t *err)
{
    const char  *text;

    text = m->options->ranges.items[0];

    if (m->options->ranges.nitems > 1) {
        return worker_fail(err, WORKER_DECLINED, "A %s has one --range",
                           m->options->words.items[0]);
    }

    if (wub_range_parse(wub_str_n(text, strlen(text)), &m->range) != WUB_OK
        || m->range.start >= m->range.end)
    {
        return worker_fail(err, WORKER_DECLINED,
                           "--range must be START,END in ISO 8601 with the "
                           "end after the start, not \"%s\"", text);
    }

    if (m->request.kind == WUB_RENDER_WAVEFORM
        && m->range.end - m->range.start > WUB_RENDER_WAVE_MAX)
    {
        return worker_fail(err, WORKER_DECLINED,
                           "--range may not be longer than 6 hours for a "
                           "waveform");
    }

    m->request.ranges.ranges = &m->range;
    m->request.ranges.nranges = 1;

    return WORKER_OK;
}


static worker_rc_t
worker_media_still_size(worker_media_still_t *m, worker_err_t *err)
{
    uint32_t     sides[2];
    const char  *text;

    text = m->options->size;

    m->request.width = WORKER_MEDIA_STILL_WIDTH;
    m->request.height = WORKER_MEDIA_STILL_HEIGHT;

    if (text == NULL) {
        return WORKER_OK;
    }

    if (!worker_media_still_numbers(text, 'x', 2, sides)
        || sides[0] == 0 || sides[0] > WUB_RENDER_SIDE_MAX
        || sides[1] == 0 || sides[1] > WUB_RENDER_SIDE_MAX)
    {
        return worker_fail(err, WORKER_DECLINED,
                           "--size must be WIDTHxHEIGHT, from 1x1 to %dx%d, "
                           "not \"%s\"", WUB_RENDER_SIDE_MAX,
                           WUB_RENDER_SIDE_MAX, text);
    }

    m->request.width = sides[0];
    m->request.height = sides[1];

    return WORKER_OK;
}


/* those given count, then those beside the template */
static worker_rc_t
worker_media_still_boxes(worker_media_still_t *m, worker_err_t *err)
{
    worker_rc_t              rc;
    const worker_options_t  *o = m->options;

    rc = WORKER_OK;

    if (o->crop != NULL) {
        m->request.crop_given = true;
        rc = worker_media_still_box(o->crop, "crop", &m->request.crop, err);
    }

    if (rc == WORKER_OK && o->location != NULL) {
        m->request.location_given = true;
        rc = worker_media_still_box(o->location, "location",
                                    &m->request.location, err);
    }

    return rc;
}


static worker_rc_t
worker_media_still_box(const char *text, const char *name,
    wub_render_box_t *ret, worker_err_t *err)
{
    uint32_t  corners[WORKER_MEDIA_STILL_NUMBERS];

    if (!worker_media_still_numbers(text, ',', WORKER_MEDIA_STILL_NUMBERS,
                                    corners))
    {
        return worker_fail(err, WORKER_DECLINED,
                           "--%s must be four whole numbers, LEFT,TOP,RIGHT,"
                           "BOTTOM, not \"%s\"", name, text);
    }

    ret->left = corners[0];
    ret->top = corners[1];
    ret->right = corners[2];
    ret->bottom = corners[3];

    return WORKER_OK;
}


static bool
worker_media_still_numbers(const char *text, char between, size_t n,
    uint32_t *ret)
{
    size_t      i;
    uint64_t    number;
    wub_scan_t  s;

    wub_scan_init(&s, wub_str_n(text, strlen(text)));

    for (i = 0; i < n; i++) {
        if ((i > 0 && !wub_scan_char(&s, between))
            || wub_scan_u64(&s, UINT16_MAX, &number) != WUB_OK)
        {
            return false;
        }

        ret[i] = (uint32_t) number;
    }

    return wub_scan_done(&s);
}


static worker_rc_t
worker_media_still_make(worker_media_still_t *m, wub_str_t *ret,
    worker_err_t *err)
{
    worker_rc_t   rc;
    wub_chain_t   chain;

    rc = worker_still_chain(m->arena, &m->still, &chain, err);

    if (rc == WORKER_OK) {
        rc = worker_media_still_makers[m->request.kind](m->arena, &m->still,
                                                        &chain, ret, err);
    }

    if (rc == WORKER_STOPPED) {
        worker_say(err, "The %s was stopped.", m->options->words.items[0]);
    }

    return rc;
}


static worker_rc_t
worker_media_still_write(worker_media_still_t *m, wub_str_t bytes,
    worker_err_t *err)
{
    worker_rc_t          rc;
    worker_media_out_t   out;

    /* a reader that went away is an error of write(), with a sentence */

    (void) signal(SIGPIPE, SIG_IGN);

    memset(&out, 0, sizeof(worker_media_out_t));

    out.arena = m->arena;
    out.output = m->options->output;
    out.stop = m->stop;

    rc = worker_media_out_open(&out, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    rc = worker_media_out_write(&out, (const uint8_t *) bytes.data,
                                bytes.len, err);

    if (rc == WORKER_STOPPED) {
        worker_say(err, "The %s was stopped.", m->options->words.items[0]);
    }

    return worker_media_out_close(&out, rc, err);
}


static worker_rc_t
worker_media_still_tick(void *data)
{
    const worker_media_still_t  *m = data;

    return (m->stop != NULL && *m->stop != 0) ? WORKER_STOPPED : WORKER_OK;
}
