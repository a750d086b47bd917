
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_tool: what the programs that look at videos for the tests begin with
 * and how they complain.  Each program is a single file, so all is inline.
 * May call: libavformat, libavcodec.
 * Frees: the program frees what it opened here, also after a failure.
 */


#ifndef WUB_TOOL_H_INCLUDED_
#define WUB_TOOL_H_INCLUDED_


#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>


typedef struct {
    const char       *name;         /* of the program */
    AVFormatContext  *input;
    AVPacket         *packet;
    AVFrame          *frame;
} wub_tool_t;


/* a line on standard error; returns -1 */
static inline int
wub_tool_fail(const wub_tool_t *t, const char *what, int rc)
{
    char  text[AV_ERROR_MAX_STRING_SIZE];

    if (av_strerror(rc, text, sizeof(text)) < 0) {
        text[0] = '\0';
    }

    (void) fprintf(stderr, "%s: %s: %s\n", t->name, what, text);

    return -1;
}


static inline int
wub_tool_open(wub_tool_t *t, const char *path)
{
    int  rc;

    rc = avformat_open_input(&t->input, path, NULL, NULL);
    if (rc < 0) {
        return wub_tool_fail(t, "the file cannot be opened", rc);
    }

    rc = avformat_find_stream_info(t->input, NULL);
    if (rc < 0) {
        return wub_tool_fail(t, "the file cannot be read", rc);
    }

    t->packet = av_packet_alloc();
    t->frame = av_frame_alloc();

    if (t->packet == NULL || t->frame == NULL) {
        return wub_tool_fail(t, "memory is out", AVERROR(ENOMEM));
    }

    return 0;
}


/* a decoder of one thread for a stream; ret is set even when it fails */
static inline int
wub_tool_decoder(const wub_tool_t *t, const AVStream *stream,
    AVCodecContext **ret)
{
    int             rc;
    const AVCodec  *codec;

    codec = avcodec_find_decoder(stream->codecpar->codec_id);
    if (codec == NULL) {
        return wub_tool_fail(t, "there is no decoder",
                             AVERROR_DECODER_NOT_FOUND);
    }

    *ret = avcodec_alloc_context3(codec);
    if (*ret == NULL) {
        return wub_tool_fail(t, "memory is out", AVERROR(ENOMEM));
    }

    (*ret)->thread_count = 1;

    /* it moves the time of a frame of which the beginning is not heard */
    (*ret)->pkt_timebase = stream->time_base;

    rc = avcodec_parameters_to_context(*ret, stream->codecpar);
    if (rc >= 0) {
        rc = avcodec_open2(*ret, codec, NULL);
    }

    return (rc >= 0) ? 0 : wub_tool_fail(t, "there is no decoder", rc);
}


static inline void
wub_tool_close(wub_tool_t *t)
{
    av_frame_free(&t->frame);
    av_packet_free(&t->packet);
    avformat_close_input(&t->input);
}


/* for av_log_set_callback(): warnings are lines of the output, "noise ..." */
static inline void
wub_tool_log(void *avcl, int level, const char *format, va_list args)
{
    int   prefix;
    char  line[512];

    if (level > AV_LOG_WARNING) {
        return;
    }

    prefix = 1;
    (void) av_log_format_line2(avcl, level, format, args, line, sizeof(line),
                               &prefix);
    line[strcspn(line, "\n")] = '\0';
    (void) printf("noise %s\n", line);
}


#endif /* WUB_TOOL_H_INCLUDED_ */
