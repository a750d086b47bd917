
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_listen FILE: takes the sound of a video apart and prints a line for
 * each thing that a test wants to know of it; times are ticks of 90 kHz:
 *
 *   tone STREAM PTS HZ          a tone begins that follows on silence
 *   gap STREAM PTS TICKS        what is missing before this; < 0: twice
 *   sound STREAM FIRST END BEND the ends, and how far the wave bends at most
 *   noise TEXT                  what a library says at level warning
 *
 * Only the first channel of each stream is looked at.
 */


#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "t/tools/wub_tool.h"


#define WUB_LISTEN_STREAMS       8
#define WUB_LISTEN_SAMPLES_MAX   (192000 * 600)

/* of full scale; milliseconds */
#define WUB_LISTEN_LOUD          0.09f
#define WUB_LISTEN_QUIET         30
#define WUB_LISTEN_TONE_FROM     8
#define WUB_LISTEN_TONE_TO       38

/* at the ends, where an encoder begins and stops, no bend counts */
#define WUB_LISTEN_EDGE          60

/* Hz: how far the first guess of a pitch may be off, and steps from there */
#define WUB_LISTEN_NEAR          48
#define WUB_LISTEN_STEP          4

/* seconds; clocks of 1 ms round */
#define WUB_LISTEN_GAP           0.0015


/* the time of a sample, and of those behind it up to the next mark */
typedef struct {
    size_t               at;
    double               seconds;
} wub_listen_mark_t;

typedef struct {
    AVCodecContext      *decoder;
    float               *samples;
    size_t               nsamples;
    size_t               room;
    wub_listen_mark_t   *marks;
    size_t               nmarks;
    size_t               marks_room;
    int                  rate;
} wub_listen_sound_t;

typedef struct {
    wub_tool_t           tool;
    wub_listen_sound_t   sounds[WUB_LISTEN_STREAMS];
} wub_listen_t;


static int wub_listen_open(wub_listen_t *l, const char *path);
static int wub_listen_run(wub_listen_t *l);
static void wub_listen_print(const wub_listen_sound_t *s, unsigned stream);
static int wub_listen_decode(wub_listen_t *l, unsigned i, const AVPacket
    *packet);
static int wub_listen_audio(wub_listen_t *l, unsigned i);
static int wub_listen_room(wub_listen_sound_t *s, size_t more);
static float wub_listen_sample(const AVFrame *frame, int n);
static double wub_listen_when(const wub_listen_sound_t *s, size_t at);
static void wub_listen_tones(const wub_listen_sound_t *s, unsigned stream);
static double wub_listen_pitch(const wub_listen_sound_t *s, size_t from, size_t
    to);
static double wub_listen_power(const wub_listen_sound_t *s, size_t from,
    size_t to, double hz);
static double wub_listen_bend(const wub_listen_sound_t *s);


int
main(int argc, char **argv)
{
    int           rc, i;
    wub_listen_t  listen;

    if (argc != 2) {
        (void) fprintf(stderr, "usage: wub_listen FILE\n");
        return 2;
    }

    memset(&listen, 0, sizeof(wub_listen_t));
    listen.tool.name = "wub_listen";

    av_log_set_callback(wub_tool_log);

    rc = wub_listen_open(&listen, argv[1]);

    if (rc == 0) {
        rc = wub_listen_run(&listen);
    }

    for (i = 0; i < WUB_LISTEN_STREAMS; i++) {
        avcodec_free_context(&listen.sounds[i].decoder);
        av_free(listen.sounds[i].samples);
        av_free(listen.sounds[i].marks);
    }

    wub_tool_close(&listen.tool);

    return (rc == 0) ? 0 : 1;
}


static int
wub_listen_open(wub_listen_t *l, const char *path)
{
    int               rc;
    unsigned          i;
    enum AVMediaType  type;

    rc = wub_tool_open(&l->tool, path);
    if (rc != 0) {
        return rc;
    }

    for (i = 0; i < l->tool.input->nb_streams && i < WUB_LISTEN_STREAMS; i++) {
        type = l->tool.input->streams[i]->codecpar->codec_type;

        if (type != AVMEDIA_TYPE_AUDIO) {
            continue;
        }

        rc = wub_tool_decoder(&l->tool, l->tool.input->streams[i],
                              &l->sounds[i].decoder);
        if (rc != 0) {
            return rc;
        }
    }

    return 0;
}


static int
wub_listen_run(wub_listen_t *l)
{
    int       rc;
    unsigned  i;

    for ( ;; ) {
        rc = av_read_frame(l->tool.input, l->tool.packet);

        if (rc == AVERROR_EOF) {
            break;
        }

        if (rc < 0) {
            return wub_tool_fail(&l->tool, "the file cannot be read", rc);
        }

        i = (unsigned) l->tool.packet->stream_index;
        rc = (i < WUB_LISTEN_STREAMS && l->sounds[i].decoder != NULL)
             ? wub_listen_decode(l, i, l->tool.packet) : 0;

        av_packet_unref(l->tool.packet);

        if (rc != 0) {
            return rc;
        }
    }

    for (i = 0; i < WUB_LISTEN_STREAMS; i++) {
        rc = (l->sounds[i].decoder != NULL) ? wub_listen_decode(l, i, NULL)
                                            : 0;
        if (rc != 0) {
            return rc;
        }

        if (l->sounds[i].nsamples != 0) {
            wub_listen_print(&l->sounds[i], i);
        }
    }

    return 0;
}


static void
wub_listen_print(const wub_listen_sound_t *s, unsigned stream)
{
    wub_listen_tones(s, stream);
    (void) printf("sound %u %.1f %.1f %.4f\n", stream,
                  90000 * wub_listen_when(s, 0),
                  90000 * wub_listen_when(s, s->nsamples),
                  wub_listen_bend(s));
}


/* a packet of NULL asks the decoder for what it still holds */

static int
wub_listen_decode(wub_listen_t *l, unsigned i, const AVPacket *packet)
{
    int  rc;

    rc = avcodec_send_packet(l->sounds[i].decoder, packet);
    if (rc < 0) {
        (void) printf("noise a packet of stream %u cannot be decoded\n", i);
        return 0;
    }

    for ( ;; ) {
        rc = avcodec_receive_frame(l->sounds[i].decoder, l->tool.frame);

        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) {
            return 0;
        }

        if (rc < 0) {
            (void) printf("noise stream %u cannot be decoded\n", i);
            return 0;
        }

        if (l->tool.frame->decode_error_flags != 0
            || (l->tool.frame->flags & AV_FRAME_FLAG_CORRUPT) != 0)
        {
            (void) printf("noise a frame of stream %u is damaged\n", i);
        }

        rc = wub_listen_audio(l, i);
        if (rc != 0) {
            return rc;
        }
    }
}


static int
wub_listen_audio(wub_listen_t *l, unsigned i)
{
    int                  n;
    double               at, gap;
    const AVFrame       *f;
    wub_listen_sound_t  *s;

    f = l->tool.frame;
    s = &l->sounds[i];

    if (s->rate != 0 && s->rate != f->sample_rate) {
        (void) printf("noise the rate of stream %u changes\n", i);
        return 0;
    }

    if (wub_listen_room(s, (size_t) f->nb_samples) != 0) {
        return wub_tool_fail(&l->tool, "the sound is too long",
                             AVERROR(ENOMEM));
    }

    s->rate = f->sample_rate;
    at = (double) f->best_effort_timestamp
         * av_q2d(l->tool.input->streams[i]->time_base);

    if (s->nmarks != 0) {
        gap = at - wub_listen_when(s, s->nsamples);

        if (fabs(gap) > WUB_LISTEN_GAP) {
            (void) printf("gap %u %.0f %.0f\n", i, 90000 * at, 90000 * gap);
        }
    }

    s->marks[s->nmarks].at = s->nsamples;
    s->marks[s->nmarks++].seconds = at;

    for (n = 0; n < f->nb_samples; n++) {
        s->samples[s->nsamples++] = wub_listen_sample(f, n);
    }

    return 0;
}


static int
wub_listen_room(wub_listen_sound_t *s, size_t more)
{
    if (s->nsamples + more > s->room) {
        s->room = 2 * s->room + more;

        if (s->room > WUB_LISTEN_SAMPLES_MAX) {
            return -1;
        }

        s->samples = av_realloc_f(s->samples, s->room, sizeof(float));
    }

    if (s->nmarks == s->marks_room) {
        s->marks_room = 2 * s->marks_room + 64;
        s->marks = av_realloc_f(s->marks, s->marks_room,
                                sizeof(wub_listen_mark_t));
    }

    return (s->samples != NULL && s->marks != NULL) ? 0 : -1;
}


static float
wub_listen_sample(const AVFrame *frame, int n)
{
    int  at;

    at = n * frame->ch_layout.nb_channels;

    if (frame->format == AV_SAMPLE_FMT_FLTP) {
        return ((const float *) (const void *) frame->data[0])[n];
    }

    if (frame->format == AV_SAMPLE_FMT_FLT) {
        return ((const float *) (const void *) frame->data[0])[at];
    }

    if (frame->format == AV_SAMPLE_FMT_S16P) {
        return (float) ((const int16_t *) (const void *) frame->data[0])[n]
               / 32768;
    }

    if (frame->format == AV_SAMPLE_FMT_S16) {
        return (float) ((const int16_t *) (const void *) frame->data[0])[at]
               / 32768;
    }

    return 0;
}


static double
wub_listen_when(const wub_listen_sound_t *s, size_t at)
{
    size_t  low, high, middle;

    low = 0;
    high = s->nmarks;

    while (high - low > 1) {
        middle = (low + high) / 2;

        if (s->marks[middle].at <= at) {
            low = middle;

        } else {
            high = middle;
        }
    }

    return s->marks[low].seconds
           + ((double) at - (double) s->marks[low].at) / s->rate;
}


static void
wub_listen_tones(const wub_listen_sound_t *s, unsigned stream)
{
    float   peak;
    double  pitch;
    size_t  i, j, ms, quiet;

    quiet = 0;
    ms = (size_t) s->rate / 1000;

    for (i = 0; i + ms <= s->nsamples; i += ms) {
        peak = 0;

        for (j = i; j < i + ms; j++) {
            peak = fmaxf(peak, fabsf(s->samples[j]));
        }

        if (peak < WUB_LISTEN_LOUD) {
            quiet++;
            continue;
        }

        if (quiet >= WUB_LISTEN_QUIET
            && i + (WUB_LISTEN_TONE_TO + 1) * ms < s->nsamples)
        {
            pitch = wub_listen_pitch(s, i + WUB_LISTEN_TONE_FROM * ms,
                                   i + WUB_LISTEN_TONE_TO * ms);

            if (pitch > 0) {
                (void) printf("tone %u %.1f %.1f\n", stream,
                              90000 * wub_listen_when(s, i), pitch);
            }
        }

        quiet = 0;
    }
}


/*
 * A first guess, from where the wave comes up through zero, and of the
 * pitches near that the strongest; 0: there is none.
 */

static double
wub_listen_pitch(const wub_listen_sound_t *s, size_t from, size_t to)
{
    int           away;
    double        first, last, guess, hz, power, best, most;
    size_t        i, n;
    const float  *v;

    n = 0;
    first = 0;
    last = 0;
    v = s->samples;

    for (i = from; i <= to; i++) {
        if (v[i - 1] < 0 && v[i] >= 0) {
            last = (double) i - (double) (v[i] / (v[i] - v[i - 1]));
            first = (n == 0) ? last : first;
            n++;
        }
    }

    if (n <= 2) {
        return 0;
    }

    best = 0;
    most = 0;
    guess = (double) (n - 1) * s->rate / (last - first);

    for (away = -WUB_LISTEN_NEAR; away <= WUB_LISTEN_NEAR;
         away += WUB_LISTEN_STEP)
    {
        hz = guess + away;
        power = wub_listen_power(s, from, to, hz);

        if (power > most) {
            most = power;
            best = hz;
        }
    }

    return best;
}


static double
wub_listen_power(const wub_listen_sound_t *s, size_t from, size_t to,
    double hz)
{
    double  a, b, angle;
    size_t  i;

    a = 0;
    b = 0;

    for (i = from; i < to; i++) {
        angle = 2 * M_PI * hz * (double) (i - from) / s->rate;
        a += (double) s->samples[i] * cos(angle);
        b += (double) s->samples[i] * sin(angle);
    }

    return a * a + b * b;
}


/* the second difference: small for a sine, large for a click */

static double
wub_listen_bend(const wub_listen_sound_t *s)
{
    double  most;
    size_t  i, edge;

    most = 0;
    edge = (size_t) s->rate * WUB_LISTEN_EDGE / 1000;

    for (i = edge + 2; i + edge < s->nsamples; i++) {
        most = fmax(most, fabs((double) s->samples[i]
                               - 2 * (double) s->samples[i - 1]
                               + (double) s->samples[i - 2]));
    }

    return most;
}
