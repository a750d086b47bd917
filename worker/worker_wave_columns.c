
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_buf.h"
#include "common/wub_time.h"
#include "worker/worker_av_image.h"
#include "worker/worker_wave_columns.h"


/* a sample of 1 as 16 bits, and the loudest that these can be */
#define WORKER_WAVE_ONE          32768
#define WORKER_WAVE_LOUDEST      32767

/* bytes of a column in JSON, at most, and of what is around them */
#define WORKER_WAVE_JSON         32
#define WORKER_WAVE_JSON_HEAD    256

/* of AAC, Hz; a stream that promises more is damaged */
#define WORKER_WAVE_RATE         96000

/* decimals */
#define WORKER_WAVE_UNIT         100000
#define WORKER_WAVE_DIGITS       5


static void worker_wave_part(worker_wave_column_t *column,
    const worker_av_wave_sound_t *sound, size_t from, size_t to);
static size_t worker_wave_heard(const worker_wave_column_t *column);
static void worker_wave_bar(const worker_wave_columns_t *c, uint32_t x,
    worker_av_image_t *image);
static void worker_wave_decimal(wub_buf_t *b, uint64_t n);
static uint64_t worker_wave_root(uint64_t n);


worker_rc_t
worker_wave_columns(wub_arena_t *arena, worker_wave_columns_t *c,
    worker_err_t *err)
{
    uint32_t  x;

    c->columns = wub_arena_calloc(arena,
                                  c->width * sizeof(worker_wave_column_t));
    if (c->columns == NULL) {
        return worker_fail_memory(err, "A waveform");
    }

    for (x = 0; x < c->width; x++) {
        c->columns[x].like = x;
    }

    return WORKER_OK;
}


void
worker_wave_footage(worker_wave_columns_t *c, int64_t from, int64_t to)
{
    int64_t   x, last, length;

    from = (from > c->range.start) ? from : c->range.start;
    to = (to < c->range.end) ? to : c->range.end;
    length = c->range.end - c->range.start;

    if (from >= to) {
        return;
    }

    x = (from - c->range.start) * c->width / length;
    last = (to - c->range.start - 1) * c->width / length;

    for ( /* void */ ; x <= last; x++) {
        c->columns[x].footage = true;
    }
}


/*
 * Sample i lies at time + i / rate seconds.  In millionths of a sample from
 * the range's start, which six hours at 96 kHz times 4096 columns leave
 * below 2^63; time may be anywhere.
 */
void
worker_wave_add(worker_wave_columns_t *c, int64_t time,
    const worker_av_wave_sound_t *sound)
{
    int64_t  at, begin, all, x, next, n;

    if (time >= c->range.end || sound->rate > WORKER_WAVE_RATE) {
        return;
    }

    n = (int64_t) sound->n;
    all = (c->range.end - c->range.start) * sound->rate;
    begin = (time - c->range.start) * sound->rate;
    at = (begin < 0) ? (-begin + WUB_SECOND - 1) / WUB_SECOND : 0;

    while (at < n) {
        x = (begin + at * WUB_SECOND) * c->width / all;

        if (x >= c->width) {
            return;
        }

        /* the first sample of the next column */

        next = ((x + 1) * all + c->width - 1) / c->width;
        next = (next - begin + WUB_SECOND - 1) / WUB_SECOND;
        next = (next < n) ? next : n;
        next = (next > at) ? next : at + 1;

        worker_wave_part(&c->columns[x], sound, (size_t) at, (size_t) next);

        at = next;
    }
}


void
worker_wave_fill(worker_wave_columns_t *c, int64_t within)
{
    int64_t   far, x, left, right;

    far = within * c->width / (c->range.end - c->range.start);
    left = -far - 1;
    right = -1;

    for (x = 0; x < c->width; x++) {

        if (worker_wave_heard(&c->columns[x]) != 0) {
            left = x;
            continue;
        }

        if (right < x) {
            for (right = x + 1; right < c->width; right++) {
                if (worker_wave_heard(&c->columns[right]) != 0) {
                    break;
                }
            }
        }

        if (right < c->width && right - x <= far && right - x <= x - left) {
            c->columns[x].like = (uint32_t) right;

        } else if (x - left <= far) {
            c->columns[x].like = (uint32_t) left;
        }
    }
}


worker_rc_t
worker_wave_picture(wub_arena_t *work, wub_arena_t *arena,
    const worker_wave_columns_t *c, wub_str_t *ret, worker_err_t *err)
{
    uint32_t            x;
    worker_rc_t         rc;
    worker_av_image_t   image;

    rc = worker_av_image_new(work, c->width, c->height,
                             WORKER_AV_IMAGE_RGBA, &image, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    for (x = 0; x < c->width; x++) {
        if (c->columns[x].footage) {
            worker_wave_bar(c, x, &image);
        }
    }

    return worker_av_image_png(arena, &image, ret, err);
}


worker_rc_t
worker_wave_json(wub_arena_t *arena, const worker_wave_columns_t *c,
    wub_str_t *ret, worker_err_t *err)
{
    uint64_t                     n, rms;
    uint32_t                     x;
    wub_buf_t                    b;
    const worker_wave_column_t  *column;

    wub_buf_init(&b, arena, WORKER_WAVE_JSON_HEAD
                            + (size_t) c->width * WORKER_WAVE_JSON);

    wub_buf_lit(&b, "{\"start\": \"");
    wub_time_put(&b, c->range.start);
    wub_buf_lit(&b, "\", \"end\": \"");
    wub_time_put(&b, c->range.end);
    wub_buf_lit(&b, "\", \"width\": ");
    wub_buf_u64(&b, c->width);
    wub_buf_lit(&b, ", \"sampled\": ");
    wub_buf_str(&b, c->sampled ? wub_str("true") : wub_str("false"));
    wub_buf_lit(&b, ", \"peaks\": [");

    for (x = 0; x < c->width; x++) {

        if (x > 0) {
            wub_buf_lit(&b, ", ");
        }

        if (!c->columns[x].footage) {
            wub_buf_lit(&b, "null");
            continue;
        }

        column = &c->columns[c->columns[x].like];
        n = worker_wave_heard(column);
        rms = 0;

        if (n != 0) {
            rms = worker_wave_root((uint64_t) (column->squares / (double) n
                                               * WORKER_WAVE_UNIT
                                               * WORKER_WAVE_UNIT));
        }

        wub_buf_putc(&b, '[');
        worker_wave_decimal(&b, (uint64_t) ((double) column->peak
                                            * WORKER_WAVE_UNIT));
        wub_buf_lit(&b, ", ");
        worker_wave_decimal(&b, rms);
        wub_buf_putc(&b, ']');
    }

    wub_buf_lit(&b, "]}\n");

    if (b.rc != WUB_OK) {
        return worker_fail_wub(err, b.rc, "A waveform");
    }

    *ret = wub_buf_view(&b);

    return WORKER_OK;
}


static void
worker_wave_part(worker_wave_column_t *column,
    const worker_av_wave_sound_t *sound, size_t from, size_t to)
{
    float         v, peak;
    size_t        i, k;
    double        sum, squares;
    const float  *p;

    peak = column->peak;

    for (k = 0; k < sound->channels && k < WORKER_WAVE_CHANNELS; k++) {
        p = sound->planes[k];
        sum = 0;
        squares = 0;

        for (i = from; i < to; i++) {
            v = (p[i] < 0) ? -p[i] : p[i];
            v = (v < 1) ? v : 1;
            peak = (v > peak) ? v : peak;
            sum += (double) v;
            squares += (double) (v * v);
        }

        column->sums[k] += sum;
        column->counts[k] += to - from;
        column->squares += squares;
    }

    column->peak = peak;
}


/* samples of all channels */
static size_t
worker_wave_heard(const worker_wave_column_t *column)
{
    size_t  k, n;

    n = 0;

    for (k = 0; k < WORKER_WAVE_CHANNELS; k++) {
        n += column->counts[k];
    }

    return n;
}


/*
 * As FFmpeg's showwavespic with scale=sqrt: for each channel a bar around
 * the middle, sqrt(mean / 32767) of the height, and where bars lie on each
 * other their shares of 255 add up.
 */
static void
worker_wave_bar(const worker_wave_columns_t *c, uint32_t x,
    worker_av_image_t *image)
{
    size_t                       k, n;
    uint8_t                     *p;
    uint64_t                     mean, h, y, top;
    const worker_wave_column_t  *column;

    column = &c->columns[c->columns[x].like];
    n = 0;

    for (k = 0; k < WORKER_WAVE_CHANNELS; k++) {
        n += (column->counts[k] != 0);
    }

    for (k = 0; k < n; k++) {
        mean = (uint64_t) (column->sums[k] * WORKER_WAVE_ONE
                           / (double) column->counts[k]);
        h = worker_wave_root(mean * c->height * c->height
                             / WORKER_WAVE_LOUDEST);
        h = (h < c->height) ? h : c->height;
        top = (c->height - h) / 2;

        for (y = top; y < top + h; y++) {
            p = image->data + y * image->stride + (size_t) 4 * x;
            p[3] = (uint8_t) (p[3] + 255 / n);
        }
    }
}


/* of WORKER_WAVE_UNIT */
static void
worker_wave_decimal(wub_buf_t *b, uint64_t n)
{
    size_t  i;
    char    digits[WORKER_WAVE_DIGITS];

    n = (n < WORKER_WAVE_UNIT) ? n : WORKER_WAVE_UNIT;

    wub_buf_u64(b, n / WORKER_WAVE_UNIT);
    n %= WORKER_WAVE_UNIT;

    for (i = WORKER_WAVE_DIGITS; i > 0; i--) {
        digits[i - 1] = (char) ('0' + n % 10);
        n /= 10;
    }

    for (i = WORKER_WAVE_DIGITS; i > 0 && digits[i - 1] == '0'; i--) {
        /* void */
    }

    if (i > 0) {
        wub_buf_putc(b, '.');
        wub_buf_put(b, digits, i);
    }
}


/* the largest integer whose square is not above n */
static uint64_t
worker_wave_root(uint64_t n)
{
    uint64_t  root, bit;

    root = 0;

    for (bit = UINT64_C(1) << 62; bit > n; bit >>= 2) {
        /* void */
    }

    for ( /* void */ ; bit != 0; bit >>= 2) {

        if (n >= root + bit) {
            n -= root + bit;
            root = (root >> 1) + bit;

        } else {
            root >>= 1;
        }
    }

    return root;
}
