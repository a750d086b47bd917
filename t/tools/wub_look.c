
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_look [-p] [-r PREFIX] FILE: takes the pictures of a video apart and
 * prints a line for each thing that a test wants to know of it; times are
 * ticks of 90 kHz, "-" where there is none:
 *
 *   video STREAM CODEC WIDTH HEIGHT FORMAT
 *   audio STREAM CODEC RATE CHANNELS
 *   packet STREAM PTS DTS DURATION KEY HASH
 *   frame PTS NUMBER WIDTH HEIGHT FORMAT HASH PSNR
 *   noise TEXT                  what a library says at level warning
 *
 * The number of a frame is a row of 16 blocks at the top of the picture, each
 * a 20th of the width, white for 1, lowest bit first.  PSNR, in dB, is that
 * against the picture of this number in PREFIX.WIDTHxHEIGHT.FORMAT, a row of
 * raw pictures; 999 where they are alike, "-" where there is no such file.
 * With -p nothing is decoded.
 */


#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <libavutil/imgutils.h>
#include <libavutil/murmur3.h>
#include <libavutil/pixdesc.h>

#include "t/tools/wub_tool.h"


#define WUB_LOOK_STREAMS         8
#define WUB_LOOK_BITS            16
#define WUB_LOOK_COLUMNS         20
#define WUB_LOOK_MIDDLE          126


typedef struct {
    wub_tool_t        tool;
    AVCodecContext   *decoder;
    const char       *prefix;
    FILE             *reference;
    char              opened[512];
    uint8_t          *picture;
    uint8_t          *other;
    size_t            size;         /* of each of the two */
    int               stream;       /* the video; -1: none */
    bool              packets_only;
} wub_look_t;


static int wub_look_open(wub_look_t *k, const char *path);
static int wub_look_stream(wub_look_t *k, unsigned i);
static int wub_look_run(wub_look_t *k);
static int wub_look_packet(wub_look_t *k);
static int wub_look_decode(wub_look_t *k, const AVPacket *packet);
static int wub_look_video(wub_look_t *k, const AVStream *stream);
static unsigned wub_look_number(const AVFrame *frame);
static int wub_look_room(wub_look_t *k, size_t size);
static double wub_look_psnr(wub_look_t *k, unsigned number, size_t size);
static double wub_look_depth(const uint8_t *a, const uint8_t *b, size_t size,
    int depth);
static void wub_look_hash(const uint8_t *bytes, size_t len, char *ret);
static void wub_look_time(int64_t at, AVRational base, char *ret, size_t size);
static int64_t wub_look_ticks(int64_t at, AVRational base);


int
main(int argc, char **argv)
{
    int         rc, i;
    wub_look_t  look;

    memset(&look, 0, sizeof(wub_look_t));
    look.tool.name = "wub_look";
    look.stream = -1;

    for (i = 1; i < argc - 1; i++) {
        if (strcmp(argv[i], "-p") == 0) {
            look.packets_only = true;

        } else if (strcmp(argv[i], "-r") == 0 && i + 2 < argc) {
            look.prefix = argv[++i];

        } else {
            break;
        }
    }

    if (i != argc - 1) {
        (void) fprintf(stderr, "usage: wub_look [-p] [-r PREFIX] FILE\n");
        return 2;
    }

    av_log_set_callback(wub_tool_log);

    rc = wub_look_open(&look, argv[i]);

    if (rc == 0) {
        rc = wub_look_run(&look);
    }

    if (look.reference != NULL) {
        (void) fclose(look.reference);
    }

    av_free(look.picture);
    av_free(look.other);
    avcodec_free_context(&look.decoder);
    wub_tool_close(&look.tool);

    return (rc == 0) ? 0 : 1;
}


static int
wub_look_open(wub_look_t *k, const char *path)
{
    int       rc;
    unsigned  i;

    rc = wub_tool_open(&k->tool, path);
    if (rc != 0) {
        return rc;
    }

    for (i = 0; i < k->tool.input->nb_streams && i < WUB_LOOK_STREAMS; i++) {
        rc = wub_look_stream(k, i);
        if (rc != 0) {
            return rc;
        }
    }

    return 0;
}


static int
wub_look_stream(wub_look_t *k, unsigned i)
{
    const char               *format;
    const AVCodecParameters  *par;

    par = k->tool.input->streams[i]->codecpar;

    if (par->codec_type == AVMEDIA_TYPE_VIDEO) {
        format = av_get_pix_fmt_name((enum AVPixelFormat) par->format);
        (void) printf("video %u %s %d %d %s\n", i,
                      avcodec_get_name(par->codec_id), par->width,
                      par->height, (format != NULL) ? format : "-");

    } else if (par->codec_type == AVMEDIA_TYPE_AUDIO) {
        (void) printf("audio %u %s %d %d\n", i,
                      avcodec_get_name(par->codec_id), par->sample_rate,
                      par->ch_layout.nb_channels);

    } else {
        return 0;
    }

    if (k->packets_only || par->codec_type != AVMEDIA_TYPE_VIDEO
        || k->decoder != NULL)
    {
        return 0;
    }

    k->stream = (int) i;

    return wub_tool_decoder(&k->tool, k->tool.input->streams[i],
                            &k->decoder);
}


static int
wub_look_run(wub_look_t *k)
{
    int  rc;

    for ( ;; ) {
        rc = av_read_frame(k->tool.input, k->tool.packet);

        if (rc == AVERROR_EOF) {
            return (k->decoder != NULL) ? wub_look_decode(k, NULL) : 0;
        }

        if (rc < 0) {
            return wub_tool_fail(&k->tool, "the file cannot be read", rc);
        }

        rc = wub_look_packet(k);
        av_packet_unref(k->tool.packet);

        if (rc != 0) {
            return rc;
        }
    }
}


static int
wub_look_packet(wub_look_t *k)
{
    char             hash[40], pts[24], dts[24];
    AVRational       base;
    const AVPacket  *p;

    p = k->tool.packet;
    base = k->tool.input->streams[p->stream_index]->time_base;

    wub_look_hash(p->data, (size_t) p->size, hash);
    wub_look_time(p->pts, base, pts, sizeof(pts));
    wub_look_time(p->dts, base, dts, sizeof(dts));

    (void) printf("packet %d %s %s %" PRId64 " %d %s\n", p->stream_index, pts,
                  dts, wub_look_ticks(p->duration, base),
                  (p->flags & AV_PKT_FLAG_KEY) ? 1 : 0, hash);

    return (p->stream_index == k->stream) ? wub_look_decode(k, p) : 0;
}


/* a packet of NULL asks the decoder for what it still holds */

static int
wub_look_decode(wub_look_t *k, const AVPacket *packet)
{
    int  rc;

    rc = avcodec_send_packet(k->decoder, packet);
    if (rc < 0) {
        (void) printf("noise a packet cannot be decoded\n");
        return 0;
    }

    for ( ;; ) {
        rc = avcodec_receive_frame(k->decoder, k->tool.frame);

        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) {
            return 0;
        }

        if (rc < 0) {
            (void) printf("noise a frame cannot be decoded\n");
            return 0;
        }

        if (k->tool.frame->decode_error_flags != 0
            || (k->tool.frame->flags & AV_FRAME_FLAG_CORRUPT) != 0)
        {
            (void) printf("noise a frame is damaged\n");
        }

        rc = wub_look_video(k, k->tool.input->streams[k->stream]);
        if (rc != 0) {
            return rc;
        }
    }
}


static int
wub_look_video(wub_look_t *k, const AVStream *stream)
{
    int             size;
    char            hash[40], psnr[16], path[512];
    double          db;
    unsigned        number;
    const char     *format;
    const AVFrame  *f;

    f = k->tool.frame;
    format = av_get_pix_fmt_name((enum AVPixelFormat) f->format);
    size = av_image_get_buffer_size((enum AVPixelFormat) f->format, f->width,
                                    f->height, 1);

    if (format == NULL || size <= 0 || f->width < WUB_LOOK_COLUMNS
        || wub_look_room(k, (size_t) size) != 0)
    {
        return wub_tool_fail(&k->tool, "a picture cannot be kept", size);
    }

    size = av_image_copy_to_buffer(k->picture, size,
                                   (const uint8_t *const *) f->data,
                                   f->linesize,
                                   (enum AVPixelFormat) f->format,
                                   f->width, f->height, 1);
    if (size < 0) {
        return wub_tool_fail(&k->tool, "a picture cannot be copied", size);
    }

    number = wub_look_number(f);
    wub_look_hash(k->picture, (size_t) size, hash);
    (void) snprintf(psnr, sizeof(psnr), "-");
    (void) snprintf(path, sizeof(path), "%s.%dx%d.%s",
                    (k->prefix != NULL) ? k->prefix : "", f->width,
                    f->height, format);

    if (k->prefix != NULL && strcmp(path, k->opened) != 0) {
        if (k->reference != NULL) {
            (void) fclose(k->reference);
        }

        k->reference = fopen(path, "rb");
        memcpy(k->opened, path, sizeof(path));
    }

    if (k->reference != NULL) {
        db = wub_look_psnr(k, number, (size_t) size);
        (void) snprintf(psnr, sizeof(psnr), "%.2f", db);
    }

    (void) printf("frame %" PRId64 " %u %d %d %s %s %s\n",
                  wub_look_ticks(f->best_effort_timestamp, stream->time_base),
                  number, f->width, f->height, format, hash, psnr);

    return 0;
}


static unsigned
wub_look_number(const AVFrame *frame)
{
    int             bit, x, y, v;
    unsigned        number;
    const uint8_t  *line;

    number = 0;
    y = frame->width / WUB_LOOK_COLUMNS / 2;

    for (bit = 0; bit < WUB_LOOK_BITS; bit++) {
        x = (2 * bit + 1) * frame->width / (2 * WUB_LOOK_COLUMNS);
        line = frame->data[0] + (ptrdiff_t) y * frame->linesize[0];

        if (av_pix_fmt_desc_get((enum AVPixelFormat) frame->format)
            ->comp[0].depth > 8)
        {
            v = (line[2 * x] | line[2 * x + 1] << 8) >> 2;

        } else {
            v = line[x];
        }

        if (v > WUB_LOOK_MIDDLE) {
            number |= 1u << bit;
        }
    }

    return number;
}


static int
wub_look_room(wub_look_t *k, size_t size)
{
    if (size <= k->size) {
        return 0;
    }

    av_free(k->picture);
    av_free(k->other);

    k->picture = av_malloc(size);
    k->other = av_malloc(size);
    k->size = size;

    return (k->picture != NULL && k->other != NULL) ? 0 : -1;
}


static double
wub_look_psnr(wub_look_t *k, unsigned number, size_t size)
{
    const AVPixFmtDescriptor  *desc;

    if (fseek(k->reference, (long) (number * size), SEEK_SET) != 0
        || fread(k->other, 1, size, k->reference) != size)
    {
        return 0;
    }

    desc = av_pix_fmt_desc_get((enum AVPixelFormat) k->tool.frame->format);

    return wub_look_depth(k->picture, k->other, size, desc->comp[0].depth);
}


static double
wub_look_depth(const uint8_t *a, const uint8_t *b, size_t size, int depth)
{
    int     d;
    double  peak, sum;
    size_t  i, n, step;

    sum = 0;
    step = (depth > 8) ? 2 : 1;
    n = size / step;
    peak = (double) ((1 << depth) - 1);

    for (i = 0; i + step <= size; i += step) {
        d = (step == 2)
            ? (a[i] | a[i + 1] << 8) - (b[i] | b[i + 1] << 8)
            : a[i] - b[i];
        sum += (double) d * d;
    }

    sum /= (double) n;

    return (sum == 0) ? 999 : 10 * log10(peak * peak / sum);
}


static void
wub_look_hash(const uint8_t *bytes, size_t len, char *ret)
{
    int                i;
    uint8_t            sum[16];
    struct AVMurMur3  *hash;

    memset(sum, 0, sizeof(sum));
    hash = av_murmur3_alloc();

    if (hash != NULL) {
        av_murmur3_init(hash);
        av_murmur3_update(hash, bytes, len);
        av_murmur3_final(hash, sum);
        av_free(hash);
    }

    for (i = 0; i < 16; i++) {
        (void) snprintf(ret + 2 * i, 3, "%02x", sum[i]);
    }
}


static void
wub_look_time(int64_t at, AVRational base, char *ret, size_t size)
{
    (void) snprintf(ret, size, "-");

    if (at != AV_NOPTS_VALUE) {
        (void) snprintf(ret, size, "%" PRId64, wub_look_ticks(at, base));
    }
}


static int64_t
wub_look_ticks(int64_t at, AVRational base)
{
    return av_rescale_q(at, base, (AVRational) { 1, 90000 });
}
