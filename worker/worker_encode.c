
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdio.h>
#include <string.h>

#include "common/wub_scan.h"
#include "worker/worker_encode.h"


#define WORKER_ENCODE_SENTENCE   512

/* worker_encode_formats[], a bit for each */
#define WORKER_ENCODE_ALL        0x7f
#define WORKER_ENCODE_8_BITS     0x0e
#define WORKER_ENCODE_10_BITS    0x70


typedef enum {
    WORKER_ENCODE_WORD = 0,     /* one of words */
    WORKER_ENCODE_COUNT,        /* a whole number */
    WORKER_ENCODE_DECIMAL,      /* one with a fraction */
    WORKER_ENCODE_RATE          /* whole, or with k or M for 10^3, 10^6 */
} worker_encode_type_e;

typedef struct {
    const char            *name;
    worker_encode_type_e   type;
    int64_t                min;
    int64_t                max[WORKER_ENCODE_KINDS];
    const char *const     *words;
    const char            *defaults[WORKER_ENCODE_KINDS]; /* NULL: no setting */
} worker_encode_row_t;

typedef struct {
    const char            *set;
    worker_encode_kind_e   kind;
    const char            *name;
    const char            *value;
} worker_encode_set_t;


static worker_rc_t worker_encode_value(worker_encode_t *e, wub_str_t name,
    wub_str_t value, worker_err_t *err);
static bool worker_encode_parse(const worker_encode_t *e, size_t i,
    wub_str_t value, int64_t *ret);
static bool worker_encode_rate(wub_str_t value, uint64_t max,
    uint64_t *ret);
static bool worker_encode_choice(const char *const *words, wub_str_t value,
    int64_t *ret);
static void worker_encode_list(char *list, const char *before,
    const char *word);
static worker_rc_t worker_encode_refuse(const worker_encode_t *e, size_t i,
    wub_str_t value, worker_err_t *err);
static worker_rc_t worker_encode_unknown(const worker_encode_t *e,
    wub_str_t name, worker_err_t *err);
static worker_rc_t worker_encode_whole(worker_encode_t *e, const char *set,
    worker_err_t *err);
static worker_rc_t worker_encode_profile(const worker_encode_t *e,
    worker_err_t *err);
static void worker_encode_print(const worker_encode_row_t *row,
    int64_t value, char *ret);


static const char *const  worker_encode_kind_names[] = {
    "", "mpegts", "mp4", "webm"
};

static const char *const  worker_encode_presets[] = {
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium",
    "slow", "slower", "veryslow", NULL
};

static const char *const  worker_encode_profiles[] = {
    "auto", "baseline", "main", "high", "high10", "high422", "high444", NULL
};

static const char *const  worker_encode_formats[] = {
    "source", "yuv420p", "yuv422p", "yuv444p", "yuv420p10le",
    "yuv422p10le", "yuv444p10le", NULL
};

/* which of these each profile holds (H.264 A.2), a bit for each */
static const uint8_t  worker_encode_holds[] = {
    WORKER_ENCODE_ALL, 0x03, 0x03, 0x03, 0x13, 0x37, WORKER_ENCODE_ALL
};

static const char *const  worker_encode_rates[] = {
    "source", "44100", "48000", "96000", NULL
};

static const char *const  worker_encode_yesno[] = { "no", "yes", NULL };


/*
 * Defaults: mpegts as upstream's full cut, without loss and fast; mp4 and
 * webm seen to keep 45 dB and more.  The order is worker_encode_id_e's.
 */
static const worker_encode_row_t  worker_encode_rows[] = {
    { "crf", WORKER_ENCODE_DECIMAL, 0,
      { 0, 51 * WORKER_ENCODE_ONE, 51 * WORKER_ENCODE_ONE,
        63 * WORKER_ENCODE_ONE }, NULL, { NULL, "0", "9", "6" } },
    { "preset", WORKER_ENCODE_WORD, 0, { 0 }, worker_encode_presets,
      { NULL, "ultrafast", "veryfast", NULL } },
    { "profile", WORKER_ENCODE_WORD, 0, { 0 }, worker_encode_profiles,
      { NULL, "auto", "auto", NULL } },
    { "speed", WORKER_ENCODE_COUNT, 0, { 0, 0, 0, 8 }, NULL,
      { NULL, NULL, NULL, "6" } },
    { "bitrate", WORKER_ENCODE_RATE, 0,
      { 0, 1000000000, 1000000000, 1000000000 }, NULL,
      { NULL, "0", "0", "0" } },
    { "maxrate", WORKER_ENCODE_RATE, 0,
      { 0, 1000000000, 1000000000, 1000000000 }, NULL,
      { NULL, "0", "0", "0" } },
    { "bufsize", WORKER_ENCODE_RATE, 0,
      { 0, 2000000000, 2000000000, 2000000000 }, NULL,
      { NULL, "0", "0", "0" } },
    { "pixel_format", WORKER_ENCODE_WORD, 0, { 0 }, worker_encode_formats,
      { NULL, "source", "yuv420p", "yuv420p" } },
    { "gop", WORKER_ENCODE_DECIMAL, WORKER_ENCODE_ONE / 10,
      { 0, 60 * WORKER_ENCODE_ONE, 60 * WORKER_ENCODE_ONE,
        60 * WORKER_ENCODE_ONE }, NULL, { NULL, "2", "2", "4" } },
    { "bframes", WORKER_ENCODE_COUNT, 0, { 0, 16, 16, 0 }, NULL,
      { NULL, "0", "2", NULL } },
    { "threads", WORKER_ENCODE_COUNT, 1, { 0, 64, 64, 64 }, NULL,
      { NULL, "4", "4", "4" } },
    { "audio_bitrate", WORKER_ENCODE_RATE, 16000,
      { 0, 512000, 512000, 510000 }, NULL,
      { NULL, "256k", "192k", "160k" } },
    { "audio_rate", WORKER_ENCODE_WORD, 0, { 0 }, worker_encode_rates,
      { NULL, "source", "source", NULL } },
    { "faststart", WORKER_ENCODE_WORD, 0, { 0 }, worker_encode_yesno,
      { NULL, NULL, "yes", NULL } },
    { "edit_lists", WORKER_ENCODE_WORD, 0, { 0 }, worker_encode_yesno,
      { NULL, NULL, "yes", NULL } },
    { "low_latency", WORKER_ENCODE_WORD, 0, { 0 }, worker_encode_yesno,
      { NULL, NULL, "no", "no" } },
};

/*
 * preview: somebody waits for the first frame.
 * youtube: https://support.google.com/youtube/answer/1722171, upload settings
 */
static const worker_encode_set_t  worker_encode_sets[] = {
    { "preview", WORKER_ENCODE_MP4, "low_latency", "yes" },
    { "preview", WORKER_ENCODE_WEBM, "low_latency", "yes" },
    { "preview", WORKER_ENCODE_WEBM, "speed", "8" },
    { "youtube", WORKER_ENCODE_MP4, "profile", "high" },
    { "youtube", WORKER_ENCODE_MP4, "pixel_format", "yuv420p" },
    { "youtube", WORKER_ENCODE_MP4, "bframes", "2" },
    { "youtube", WORKER_ENCODE_MP4, "gop", "0.5" },
    { "youtube", WORKER_ENCODE_MP4, "audio_bitrate", "384k" },
    { "youtube", WORKER_ENCODE_MP4, "audio_rate", "48000" },
    { "youtube", WORKER_ENCODE_MP4, "faststart", "yes" },
    { "youtube", WORKER_ENCODE_MP4, "edit_lists", "no" },
};


void
worker_encode_defaults(worker_encode_t *e, const char *kind)
{
    size_t       i;
    const char  *value;

    memset(e, 0, sizeof(worker_encode_t));

    for (i = 1; i < WORKER_ENCODE_KINDS; i++) {
        if (strcmp(kind, worker_encode_kind_names[i]) == 0) {
            e->kind = (worker_encode_kind_e) i;
        }
    }

    for (i = 0; i < WORKER_ENCODE_SETTINGS; i++) {
        value = worker_encode_rows[i].defaults[e->kind];

        if (value != NULL) {
            (void) worker_encode_parse(e, i, wub_str_n(value, strlen(value)),
                                       &e->values[i]);
        }
    }
}


worker_rc_t
worker_encode_set(worker_encode_t *e, const char *name, const char *value,
    worker_err_t *err)
{
    return worker_encode_value(e, wub_str_n(name, strlen(name)),
                               wub_str_n(value, strlen(value)), err);
}


worker_rc_t
worker_encode_text(worker_encode_t *e, const char *text, worker_err_t *err)
{
    const char  *equals;

    equals = strchr(text, '=');

    if (equals == NULL) {
        return worker_encode_whole(e, text, err);
    }

    return worker_encode_value(e, wub_str_n(text, (size_t) (equals - text)),
                               wub_str_n(equals + 1, strlen(equals + 1)),
                               err);
}


worker_rc_t
worker_encode_check(const worker_encode_t *e, worker_err_t *err)
{
    const int64_t  *v;

    v = e->values;

    if (v[WORKER_ENCODE_BUFSIZE] != 0 && v[WORKER_ENCODE_MAXRATE] == 0) {
        return worker_fail(err, WORKER_INVALID,
                           "The encoder setting bufsize needs maxrate "
                           "beside it.");
    }

    if (v[WORKER_ENCODE_MAXRATE] != 0
        && v[WORKER_ENCODE_MAXRATE] < v[WORKER_ENCODE_BITRATE])
    {
        return worker_fail(err, WORKER_INVALID,
                           "The encoder setting maxrate is less than "
                           "bitrate.");
    }

    return worker_encode_profile(e, err);
}


/*
 * What x264 would refuse, after the footage was found and with words of its
 * own.  A kind without profiles has the first one, auto.
 */
static worker_rc_t
worker_encode_profile(const worker_encode_t *e, worker_err_t *err)
{
    unsigned        holds, wanted;
    const char     *profile, *format;
    const int64_t  *v;

    v = e->values;
    holds = worker_encode_holds[v[WORKER_ENCODE_PROFILE]];
    wanted = 1U << v[WORKER_ENCODE_PIXEL_FORMAT];
    profile = worker_encode_word(e, WORKER_ENCODE_PROFILE);
    format = worker_encode_word(e, WORKER_ENCODE_PIXEL_FORMAT);

    if (v[WORKER_ENCODE_BFRAMES] != 0 && strcmp(profile, "baseline") == 0) {
        return worker_fail(err, WORKER_INVALID,
                           "The encoder setting profile=baseline has no B "
                           "frames; set bframes=0 beside it.");
    }

    if ((holds & wanted) == 0) {
        return worker_fail(err, WORKER_INVALID,
                           "The encoder setting profile=%s does not hold "
                           "pixel_format=%s; set one of them anew.", profile,
                           format);
    }

    /* the least quantizer of 8 bits; that of 10 lies below 0 */

    if (v[WORKER_ENCODE_CRF] < WORKER_ENCODE_ONE
        && v[WORKER_ENCODE_BITRATE] == 0 && holds != WORKER_ENCODE_ALL
        && ((holds & WORKER_ENCODE_10_BITS) == 0
            || (wanted & WORKER_ENCODE_8_BITS) != 0))
    {
        return worker_fail(err, WORKER_INVALID,
                           "The encoder setting profile=%s cannot be without "
                           "loss, which crf below 1 means; set crf beside "
                           "it.", profile);
    }

    return WORKER_OK;
}


bool
worker_encode_pair(const worker_encode_t *e, size_t i,
    worker_encode_pair_t *ret)
{
    size_t                      k;
    const worker_encode_row_t  *row;

    for (k = 0; k < WORKER_ENCODE_SETTINGS; k++) {
        row = &worker_encode_rows[k];

        if (row->defaults[e->kind] != NULL && i-- == 0) {
            ret->name = row->name;
            worker_encode_print(row, e->values[k], ret->value);

            return true;
        }
    }

    return false;
}


int64_t
worker_encode_number(const worker_encode_t *e, worker_encode_id_e id)
{
    uint64_t    n;
    const char  *word;

    if (id != WORKER_ENCODE_AUDIO_RATE) {
        return e->values[id];
    }

    word = worker_encode_word(e, id);

    return (wub_str_u64(wub_str_n(word, strlen(word)), UINT32_MAX, &n)
            == WUB_OK) ? (int64_t) n : 0;
}


const char *
worker_encode_word(const worker_encode_t *e, worker_encode_id_e id)
{
    return worker_encode_rows[id].words[e->values[id]];
}


static worker_rc_t
worker_encode_value(worker_encode_t *e, wub_str_t name, wub_str_t value,
    worker_err_t *err)
{
    size_t       i;
    int64_t      n;
    const char  *row;

    for (i = 0; i < WORKER_ENCODE_SETTINGS; i++) {
        row = worker_encode_rows[i].name;

        if (worker_encode_rows[i].defaults[e->kind] != NULL
            && wub_str_eq(wub_str_n(row, strlen(row)), name))
        {
            break;
        }
    }

    if (i == WORKER_ENCODE_SETTINGS) {
        return worker_encode_unknown(e, name, err);
    }

    if (!worker_encode_parse(e, i, value, &n)) {
        return worker_encode_refuse(e, i, value, err);
    }

    e->values[i] = n;

    return WORKER_OK;
}


static bool
worker_encode_parse(const worker_encode_t *e, size_t i, wub_str_t value,
    int64_t *ret)
{
    bool                        good;
    int64_t                     n;
    uint64_t                    u;
    wub_scan_t                  s;
    const worker_encode_row_t  *row;

    n = 0;
    u = 0;
    row = &worker_encode_rows[i];

    switch (row->type) {

    case WORKER_ENCODE_WORD:
        return worker_encode_choice(row->words, value, ret);

    case WORKER_ENCODE_DECIMAL:
        wub_scan_init(&s, value);
        good = wub_scan_seconds(&s, row->max[e->kind], &n) == WUB_OK
               && wub_scan_done(&s);
        break;

    case WORKER_ENCODE_RATE:
        good = worker_encode_rate(value, (uint64_t) row->max[e->kind], &u);
        n = (int64_t) u;
        break;

    case WORKER_ENCODE_COUNT:
    default:
        good = wub_str_u64(value, (uint64_t) row->max[e->kind], &u)
               == WUB_OK;
        n = (int64_t) u;
        break;
    }

    if (!good || n < row->min || n > row->max[e->kind]) {
        return false;
    }

    *ret = n;

    return true;
}


static bool
worker_encode_rate(wub_str_t value, uint64_t max, uint64_t *ret)
{
    uint64_t    unit;
    wub_scan_t  s;

    wub_scan_init(&s, value);

    if (wub_scan_u64(&s, max, ret) != WUB_OK) {
        return false;
    }

    unit = wub_scan_char(&s, 'k') ? 1000
           : wub_scan_char(&s, 'M') ? 1000000 : 1;

    if (!wub_scan_done(&s) || *ret > max / unit) {
        return false;
    }

    *ret *= unit;

    return true;
}


static bool
worker_encode_choice(const char *const *words, wub_str_t value,
    int64_t *ret)
{
    size_t  i;

    for (i = 0; words[i] != NULL; i++) {
        if (wub_str_eq(wub_str_n(words[i], strlen(words[i])), value)) {
            *ret = (int64_t) i;
            return true;
        }
    }

    return false;
}


/* one word more, where there is room */
static void
worker_encode_list(char *list, const char *before, const char *word)
{
    size_t  at;

    at = strlen(list);

    (void) snprintf(list + at, WORKER_ENCODE_SENTENCE - at, "%s%s", before,
                    word);
}


static worker_rc_t
worker_encode_refuse(const worker_encode_t *e, size_t i, wub_str_t value,
    worker_err_t *err)
{
    char                        may[WORKER_ENCODE_SENTENCE];
    char                        min[WORKER_ENCODE_LEN];
    char                        max[WORKER_ENCODE_LEN];
    size_t                      k;
    const worker_encode_row_t  *row;

    row = &worker_encode_rows[i];
    may[0] = '\0';

    if (row->type != WORKER_ENCODE_WORD) {
        worker_encode_print(row, row->min, min);
        worker_encode_print(row, row->max[e->kind], max);
        (void) snprintf(may, sizeof(may), "%s from %s to %s",
                        (row->type == WORKER_ENCODE_RATE)
                        ? "bits (k and M may follow)"
                        : (row->type == WORKER_ENCODE_COUNT)
                          ? "a whole number" : "a number", min, max);
    }

    for (k = 0; row->type == WORKER_ENCODE_WORD && row->words[k] != NULL; k++)
    {
        worker_encode_list(may, (k == 0) ? "one of " : ", ", row->words[k]);
    }

    return worker_fail(err, WORKER_INVALID,
                       "The encoder setting %s of %s cuts is '%.*s', but "
                       "must be %s.", row->name,
                       worker_encode_kind_names[e->kind], (int) value.len,
                       value.data, may);
}


static worker_rc_t
worker_encode_unknown(const worker_encode_t *e, wub_str_t name,
    worker_err_t *err)
{
    char    may[WORKER_ENCODE_SENTENCE];
    size_t  i;

    may[0] = '\0';

    if (e->kind == WORKER_ENCODE_NONE) {
        return worker_fail(err, WORKER_INVALID,
                           "Cuts of this type have no encoder settings; "
                           "leave '%.*s' out, or cut as mpegts, mp4 or "
                           "webm.", (int) name.len, name.data);
    }

    for (i = 0; i < WORKER_ENCODE_SETTINGS; i++) {
        if (worker_encode_rows[i].defaults[e->kind] != NULL) {
            worker_encode_list(may, (may[0] == '\0') ? "" : ", ",
                               worker_encode_rows[i].name);
        }
    }

    return worker_fail(err, WORKER_INVALID,
                       "There is no encoder setting '%.*s' of %s cuts; "
                       "there are %s.", (int) name.len, name.data,
                       worker_encode_kind_names[e->kind], may);
}


static worker_rc_t
worker_encode_whole(worker_encode_t *e, const char *set, worker_err_t *err)
{
    size_t                      i;
    worker_rc_t                 rc;
    const worker_encode_set_t  *row;

    rc = WORKER_DECLINED;

    for (i = 0; i < sizeof(worker_encode_sets) / sizeof(worker_encode_set_t);
         i++)
    {
        row = &worker_encode_sets[i];

        if (row->kind == e->kind && strcmp(row->set, set) == 0) {
            rc = worker_encode_set(e, row->name, row->value, err);

            if (rc != WORKER_OK) {
                return rc;
            }
        }
    }

    if (rc == WORKER_DECLINED) {
        return worker_fail(err, WORKER_INVALID,
                           "'%s' is no encoder setting: write NAME=VALUE, or "
                           "preview for mp4 and webm cuts, youtube for mp4 "
                           "ones.", set);
    }

    return WORKER_OK;
}


static void
worker_encode_print(const worker_encode_row_t *row, int64_t value,
    char *ret)
{
    size_t  len;

    if (row->type == WORKER_ENCODE_WORD) {
        (void) snprintf(ret, WORKER_ENCODE_LEN, "%s", row->words[value]);
        return;
    }

    if (row->type != WORKER_ENCODE_DECIMAL) {
        (void) snprintf(ret, WORKER_ENCODE_LEN, "%lld", (long long) value);
        return;
    }

    (void) snprintf(ret, WORKER_ENCODE_LEN, "%lld.%06lld",
                    (long long) (value / WORKER_ENCODE_ONE),
                    (long long) (value % WORKER_ENCODE_ONE));

    for (len = strlen(ret); ret[len - 1] == '0'; len--) {
        ret[len - 1] = '\0';
    }

    if (ret[len - 1] == '.') {
        ret[len - 1] = '\0';
    }
}
