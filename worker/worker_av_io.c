
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/error.h>
#include <libavutil/mem.h>

#include "worker/worker_av.h"
#include "worker/worker_av_io.h"


#define WORKER_AV_IO_BUFFER      (128 * 1024)


/* a second look at the file, for the muxer that moves its bytes */
typedef struct {
    worker_av_io_t       *io;
    int64_t               at;
} worker_av_io_reader_t;


static AVIOContext *worker_av_io_context(void *data, bool writes,
    int (*reads)(void *, uint8_t *, int),
    int (*wrote)(void *, uint8_t *, int),
    int64_t (*seeks)(void *, int64_t, int));
static int worker_av_io_sink(void *data, uint8_t *bytes, int len);
static int worker_av_io_file(void *data, uint8_t *bytes, int len);
static int64_t worker_av_io_seek(void *data, int64_t offset, int whence);
static int worker_av_io_reader(AVFormatContext *format, AVIOContext **ret,
    const char *url, int flags, AVDictionary **options);
static int worker_av_io_read(void *data, uint8_t *bytes, int len);
static int64_t worker_av_io_reader_seek(void *data, int64_t offset,
    int whence);
static int worker_av_io_reader_close(AVFormatContext *format,
    AVIOContext *context);


worker_rc_t
worker_av_io_open(worker_av_io_t *io, AVFormatContext *format,
    worker_err_t *err)
{
    bool  file;

    file = io->fd != -1;

    io->context = worker_av_io_context(io, true, NULL,
                                       file ? worker_av_io_file
                                            : worker_av_io_sink,
                                       file ? worker_av_io_seek : NULL);
    if (io->context == NULL) {
        return worker_fail_memory(err, "Writing the video");
    }

    io->context->seekable = file ? AVIO_SEEKABLE_NORMAL : 0;

    format->pb = io->context;
    format->opaque = io;
    format->io_open = worker_av_io_reader;
    format->io_close2 = worker_av_io_reader_close;
    format->flags |= AVFMT_FLAG_CUSTOM_IO;

    return WORKER_OK;
}


worker_rc_t
worker_av_io_result(const worker_av_io_t *io, int averror,
    worker_err_t *err)
{
    if (io->rc != WORKER_OK) {
        return worker_fail(err, io->rc, "%s", io->err.text);
    }

    if (averror < 0) {
        return worker_av_fail(err, WORKER_ERROR, averror,
                              "Writing the video");
    }

    return WORKER_OK;
}


void
worker_av_io_close(worker_av_io_t *io)
{
    if (io->context != NULL) {
        av_freep(&io->context->buffer);
        avio_context_free(&io->context);
    }
}


static AVIOContext *
worker_av_io_context(void *data, bool writes,
    int (*reads)(void *, uint8_t *, int),
    int (*wrote)(void *, uint8_t *, int),
    int64_t (*seeks)(void *, int64_t, int))
{
    uint8_t      *buffer;
    AVIOContext  *context;

    buffer = av_malloc(WORKER_AV_IO_BUFFER);
    if (buffer == NULL) {
        return NULL;
    }

    context = avio_alloc_context(buffer, WORKER_AV_IO_BUFFER, writes, data,
                                 reads, wrote, seeks);
    if (context == NULL) {
        av_free(buffer);
    }

    return context;
}


static int
worker_av_io_sink(void *data, uint8_t *bytes, int len)
{
    worker_av_io_t  *io;

    io = data;

    if (io->rc == WORKER_OK) {
        io->rc = io->write(io->data, bytes, (size_t) len, &io->err);
    }

    if (io->rc != WORKER_OK) {
        return AVERROR(EIO);
    }

    io->bytes += len;

    return len;
}


static int
worker_av_io_file(void *data, uint8_t *bytes, int len)
{
    size_t           left;
    ssize_t          n;
    worker_av_io_t  *io;

    io = data;
    left = (size_t) len;

    while (left != 0) {
        n = pwrite(io->fd, bytes, left, io->at);

        if (n < 0 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            n = AVERROR(errno);
            io->rc = worker_fail(&io->err, WORKER_RETRY,
                                 "Writing the video's file failed: %s.",
                                 strerror(errno));
            return (int) n;
        }

        bytes += n;
        left -= (size_t) n;
        io->at += n;
    }

    io->bytes = (io->at > io->bytes) ? io->at : io->bytes;

    return len;
}


static int64_t
worker_av_io_seek(void *data, int64_t offset, int whence)
{
    worker_av_io_t  *io;

    io = data;

    switch (whence & ~AVSEEK_FORCE) {

    case AVSEEK_SIZE:
        return io->bytes;

    case SEEK_SET:
        break;

    case SEEK_CUR:
        offset += io->at;
        break;

    case SEEK_END:
        offset += io->bytes;
        break;

    default:
        return AVERROR(EINVAL);
    }

    io->at = offset;

    return offset;
}


static int
worker_av_io_reader(AVFormatContext *format, AVIOContext **ret,
    const char *url, int flags, AVDictionary **options)
{
    worker_av_io_t         *io;
    worker_av_io_reader_t  *reader;

    (void) url;
    (void) options;

    io = format->opaque;

    if (io->fd == -1 || (flags & AVIO_FLAG_WRITE) != 0) {
        return AVERROR(ENOSYS);
    }

    reader = av_mallocz(sizeof(worker_av_io_reader_t));
    if (reader == NULL) {
        return AVERROR(ENOMEM);
    }

    reader->io = io;

    *ret = worker_av_io_context(reader, false, worker_av_io_read, NULL,
                                worker_av_io_reader_seek);
    if (*ret == NULL) {
        av_free(reader);
        return AVERROR(ENOMEM);
    }

    return 0;
}


static int
worker_av_io_read(void *data, uint8_t *bytes, int len)
{
    ssize_t                 n;
    worker_av_io_t         *io;
    worker_av_io_reader_t  *reader;

    reader = data;
    io = reader->io;

    /* all of a long video is moved: it may be time to stop */

    if (io->rc == WORKER_OK) {
        io->rc = io->write(io->data, bytes, 0, &io->err);
    }

    if (io->rc != WORKER_OK) {
        return AVERROR_EXIT;
    }

    do {
        n = pread(io->fd, bytes, (size_t) len, reader->at);
    } while (n < 0 && errno == EINTR);

    if (n <= 0) {
        return (n == 0) ? AVERROR_EOF : AVERROR(errno);
    }

    reader->at += n;

    return (int) n;
}


static int64_t
worker_av_io_reader_seek(void *data, int64_t offset, int whence)
{
    worker_av_io_reader_t  *reader;

    reader = data;

    if ((whence & ~AVSEEK_FORCE) != SEEK_SET) {
        return AVERROR(ENOSYS);
    }

    reader->at = offset;

    return offset;
}


static int
worker_av_io_reader_close(AVFormatContext *format, AVIOContext *context)
{
    (void) format;

    av_freep(&context->opaque);
    av_freep(&context->buffer);
    avio_context_free(&context);

    return 0;
}
