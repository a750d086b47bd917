
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_frames FILE: decodes a video that shows the numbers of its frames
 * as conf/run/sample draws them, and prints them, one on a line.  Exits 1
 * with a sentence when a frame cannot be read or a decoder complains.
 *
 * Each picture begins with two rows of blocks, each a 20th of the width
 * and an 18th of the height: the number in binary, highest bit first,
 * white for 1, and below it the same inverted, as a check.
 */


#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>


#define WUB_FRAMES_BITS          20
#define WUB_FRAMES_ROWS          18
#define WUB_FRAMES_MIDDLE        128


typedef struct {
    AVFormatContext  *input;
    AVCodecContext   *decoder;
    AVPacket         *packet;
    AVFrame          *frame;
    int               stream;
} wub_frames_t;


static int wub_frames_open(wub_frames_t *f, const char *path);
static int wub_frames_run(wub_frames_t *f);
static int wub_frames_decode(wub_frames_t *f, const AVPacket *packet);
static int wub_frames_print(const AVFrame *frame);
static bool wub_frames_white(const AVFrame *frame, int bit, int row);
static int wub_frames_fail(const char *what, int rc);


int
main(int argc, char **argv)
{
    int           rc;
    wub_frames_t  f;

    if (argc != 2) {
        (void) fprintf(stderr, "usage: wub_frames FILE\n");
        return 2;
    }

    memset(&f, 0, sizeof(wub_frames_t));
    av_log_set_level(AV_LOG_WARNING);

    rc = wub_frames_open(&f, argv[1]);

    if (rc == 0) {
        rc = wub_frames_run(&f);
    }

    av_frame_free(&f.frame);
    av_packet_free(&f.packet);
    avcodec_free_context(&f.decoder);
    avformat_close_input(&f.input);

    return (rc == 0) ? 0 : 1;
}


static int
wub_frames_open(wub_frames_t *f, const char *path)
{
    int             rc;
    const AVCodec  *codec;

    rc = avformat_open_input(&f->input, path, NULL, NULL);
    if (rc < 0) {
        return wub_frames_fail("the file cannot be opened", rc);
    }

    rc = avformat_find_stream_info(f->input, NULL);
    if (rc < 0) {
        return wub_frames_fail("the file cannot be read", rc);
    }

    rc = av_find_best_stream(f->input, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (rc < 0) {
        return wub_frames_fail("there is no video in the file", rc);
    }

    f->stream = rc;
    f->decoder = avcodec_alloc_context3(codec);
    f->packet = av_packet_alloc();
    f->frame = av_frame_alloc();

    if (f->decoder == NULL || f->packet == NULL || f->frame == NULL) {
        return wub_frames_fail("memory is out", AVERROR(ENOMEM));
    }

    rc = avcodec_parameters_to_context(f->decoder,
                                f->input->streams[f->stream]->codecpar);
    if (rc >= 0) {
        rc = avcodec_open2(f->decoder, codec, NULL);
    }

    if (rc < 0) {
        return wub_frames_fail("the video cannot be decoded", rc);
    }

    return 0;
}


static int
wub_frames_run(wub_frames_t *f)
{
    int  rc;

    for ( ;; ) {
        rc = av_read_frame(f->input, f->packet);

        if (rc == AVERROR_EOF) {
            return wub_frames_decode(f, NULL);
        }

        if (rc < 0) {
            return wub_frames_fail("the file cannot be read", rc);
        }

        rc = (f->packet->stream_index == f->stream)
             ? wub_frames_decode(f, f->packet) : 0;

        av_packet_unref(f->packet);

        if (rc != 0) {
            return rc;
        }
    }
}


/* a packet of NULL asks the decoder for what it still holds */

static int
wub_frames_decode(wub_frames_t *f, const AVPacket *packet)
{
    int  rc;

    rc = avcodec_send_packet(f->decoder, packet);
    if (rc < 0) {
        return wub_frames_fail("a packet cannot be decoded", rc);
    }

    for ( ;; ) {
        rc = avcodec_receive_frame(f->decoder, f->frame);

        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) {
            return 0;
        }

        if (rc < 0) {
            return wub_frames_fail("a frame cannot be decoded", rc);
        }

        if (f->frame->decode_error_flags != 0
            || (f->frame->flags & AV_FRAME_FLAG_CORRUPT) != 0)
        {
            return wub_frames_fail("a frame is damaged", AVERROR_INVALIDDATA);
        }

        if (wub_frames_print(f->frame) != 0) {
            return -1;
        }
    }
}


static int
wub_frames_print(const AVFrame *frame)
{
    int       bit;
    bool      white;
    unsigned  number;

    number = 0;

    for (bit = 0; bit < WUB_FRAMES_BITS; bit++) {
        white = wub_frames_white(frame, bit, 0);

        if (white == wub_frames_white(frame, bit, 1)) {
            return wub_frames_fail("a frame shows no number",
                                   AVERROR_INVALIDDATA);
        }

        number = number << 1 | (white ? 1 : 0);
    }

    (void) printf("%u\n", number);

    return 0;
}


static bool
wub_frames_white(const AVFrame *frame, int bit, int row)
{
    int             x, y;
    const uint8_t  *line;

    x = (2 * bit + 1) * frame->width / (2 * WUB_FRAMES_BITS);
    y = (2 * row + 1) * frame->height / (2 * WUB_FRAMES_ROWS);

    line = frame->data[0] + (ptrdiff_t) y * frame->linesize[0];

    return line[x] > WUB_FRAMES_MIDDLE;
}


static int
wub_frames_fail(const char *what, int rc)
{
    char  text[AV_ERROR_MAX_STRING_SIZE];

    if (av_strerror(rc, text, sizeof(text)) < 0) {
        text[0] = '\0';
    }

    (void) fprintf(stderr, "wub_frames: %s: %s\n", what, text);

    return -1;
}
