
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

#include "t/tools/wub_tool.h"


#define WUB_FRAMES_BITS          20
#define WUB_FRAMES_ROWS          18
#define WUB_FRAMES_MIDDLE        128


typedef struct {
    wub_tool_t       tool;
    AVCodecContext  *decoder;
    int              stream;
} wub_frames_t;


static int wub_frames_open(wub_frames_t *f, const char *path);
static int wub_frames_run(wub_frames_t *f);
static int wub_frames_decode(wub_frames_t *f, const AVPacket *packet);
static int wub_frames_print(const wub_frames_t *f);
static bool wub_frames_white(const AVFrame *frame, int bit, int row);


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
    f.tool.name = "wub_frames";

    av_log_set_level(AV_LOG_WARNING);

    rc = wub_frames_open(&f, argv[1]);

    if (rc == 0) {
        rc = wub_frames_run(&f);
    }

    avcodec_free_context(&f.decoder);
    wub_tool_close(&f.tool);

    return (rc == 0) ? 0 : 1;
}


static int
wub_frames_open(wub_frames_t *f, const char *path)
{
    int  rc;

    rc = wub_tool_open(&f->tool, path);
    if (rc != 0) {
        return rc;
    }

    f->stream = av_find_best_stream(f->tool.input, AVMEDIA_TYPE_VIDEO, -1, -1,
                                    NULL, 0);
    if (f->stream < 0) {
        return wub_tool_fail(&f->tool, "there is no video in the file",
                             f->stream);
    }

    return wub_tool_decoder(&f->tool, f->tool.input->streams[f->stream],
                            &f->decoder);
}


static int
wub_frames_run(wub_frames_t *f)
{
    int  rc;

    for ( ;; ) {
        rc = av_read_frame(f->tool.input, f->tool.packet);

        if (rc == AVERROR_EOF) {
            return wub_frames_decode(f, NULL);
        }

        if (rc < 0) {
            return wub_tool_fail(&f->tool, "the file cannot be read", rc);
        }

        rc = (f->tool.packet->stream_index == f->stream)
             ? wub_frames_decode(f, f->tool.packet) : 0;

        av_packet_unref(f->tool.packet);

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
        return wub_tool_fail(&f->tool, "a packet cannot be decoded", rc);
    }

    for ( ;; ) {
        rc = avcodec_receive_frame(f->decoder, f->tool.frame);

        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) {
            return 0;
        }

        if (rc < 0) {
            return wub_tool_fail(&f->tool, "a frame cannot be decoded", rc);
        }

        if (f->tool.frame->decode_error_flags != 0
            || (f->tool.frame->flags & AV_FRAME_FLAG_CORRUPT) != 0)
        {
            return wub_tool_fail(&f->tool, "a frame is damaged",
                                 AVERROR_INVALIDDATA);
        }

        if (wub_frames_print(f) != 0) {
            return -1;
        }
    }
}


static int
wub_frames_print(const wub_frames_t *f)
{
    int             bit;
    bool            white;
    unsigned        number;
    const AVFrame  *frame;

    frame = f->tool.frame;
    number = 0;

    for (bit = 0; bit < WUB_FRAMES_BITS; bit++) {
        white = wub_frames_white(frame, bit, 0);

        if (white == wub_frames_white(frame, bit, 1)) {
            return wub_tool_fail(&f->tool, "a frame shows no number",
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
