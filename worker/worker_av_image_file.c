
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include "worker/worker_av.h"
#include "worker/worker_av_image.h"


/*
 * Of frames of 1080p these took the least time, 60 ms; of the filters that
 * are as fast this one leaves the fewest bytes.
 */
#define WORKER_AV_IMAGE_LEVEL    1
#define WORKER_AV_IMAGE_FILTER   "up"

/* of 2 to 31, the lower the better */
#define WORKER_AV_IMAGE_QUALITY  2


/* what a file is written with */
typedef struct {
    enum AVCodecID   id;
    const char      *what;
} worker_av_image_kind_t;

/* samples of a pixel: colours, then alpha; each of so many bytes */
typedef struct {
    int         format;
    unsigned    colours;
    unsigned    alpha;
    unsigned    bytes;
} worker_av_image_form_t;


static int worker_av_image_encode(AVCodecContext *codec, AVFrame *frame,
    wub_arena_t *arena, wub_str_t *ret);
static int worker_av_image_options(AVCodecContext *codec);
static worker_rc_t worker_av_image_file(wub_arena_t *arena,
    const worker_av_image_kind_t *kind, AVFrame *frame, wub_str_t *ret,
    worker_err_t *err);
static int worker_av_image_luma(const worker_av_image_t *image,
    AVFrame *frame);
static int worker_av_image_decode(AVFrame *frame, wub_str_t png, size_t max);
static worker_rc_t worker_av_image_unpack(wub_arena_t *arena,
    const AVFrame *frame, worker_av_image_t *ret, worker_err_t *err);
static void worker_av_image_row(const worker_av_image_form_t *form,
    const uint8_t *in, uint32_t width, uint8_t *out);
static void worker_av_image_palette(const uint8_t *in,
    const uint32_t *palette, uint32_t width, uint8_t *out);
static void worker_av_image_bits(const uint8_t *in, uint32_t width,
    uint8_t *out);


static const worker_av_image_kind_t  worker_av_image_kind_png = {
    AV_CODEC_ID_PNG, "Writing a PNG"
};

static const worker_av_image_kind_t  worker_av_image_kind_jpg = {
    AV_CODEC_ID_MJPEG, "Writing a JPEG"
};

/* what the decoder of PNG makes */
static const worker_av_image_form_t  worker_av_image_forms[] = {
    { AV_PIX_FMT_PAL8, 0, 0, 0 },
    { AV_PIX_FMT_MONOBLACK, 0, 0, 0 },
    { AV_PIX_FMT_GRAY8, 1, 0, 1 },
    { AV_PIX_FMT_YA8, 1, 1, 1 },
    { AV_PIX_FMT_RGB24, 3, 0, 1 },
    { AV_PIX_FMT_RGBA, 3, 1, 1 },
    { AV_PIX_FMT_GRAY16BE, 1, 0, 2 },
    { AV_PIX_FMT_YA16BE, 1, 1, 2 },
    { AV_PIX_FMT_RGB48BE, 3, 0, 2 },
    { AV_PIX_FMT_RGBA64BE, 3, 1, 2 }
};

#define WORKER_AV_IMAGE_NFORMS                                                \
    (sizeof(worker_av_image_forms) / sizeof(worker_av_image_forms[0]))


worker_rc_t
worker_av_image_png(wub_arena_t *arena, const worker_av_image_t *image,
    wub_str_t *ret, worker_err_t *err)
{
    AVFrame      *frame;
    worker_rc_t   rc;

    frame = av_frame_alloc();
    if (frame == NULL) {
        return worker_fail_memory(err, worker_av_image_kind_png.what);
    }

    frame->width = (int) image->width;
    frame->height = (int) image->height;
    frame->format = (image->channels == WORKER_AV_IMAGE_RGBA)
                    ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
    frame->data[0] = image->data;
    frame->linesize[0] = (int) image->stride;

    rc = worker_av_image_file(arena, &worker_av_image_kind_png, frame, ret,
                              err);
    av_frame_free(&frame);

    return rc;
}


worker_rc_t
worker_av_image_jpg(wub_arena_t *arena, const worker_av_image_t *image,
    wub_str_t *ret, worker_err_t *err)
{
    int           rc;
    AVFrame      *frame;
    worker_rc_t   wrc;

    frame = av_frame_alloc();
    if (frame == NULL) {
        return worker_fail_memory(err, worker_av_image_kind_jpg.what);
    }

    rc = worker_av_image_luma(image, frame);

    wrc = (rc < 0) ? worker_av_fail(err, WORKER_ERROR, rc,
                                    worker_av_image_kind_jpg.what)
                   : worker_av_image_file(arena, &worker_av_image_kind_jpg,
                                          frame, ret, err);
    av_frame_free(&frame);

    return wrc;
}


worker_rc_t
worker_av_image_read(wub_arena_t *arena, wub_str_t png, size_t max,
    worker_av_image_t *ret, worker_err_t *err)
{
    int           rc;
    AVFrame      *frame;
    worker_rc_t   wrc;

    frame = av_frame_alloc();
    if (frame == NULL) {
        return worker_fail_memory(err, "Reading a PNG");
    }

    rc = worker_av_image_decode(frame, png, max);

    if (rc == AVERROR(ENOMEM)) {
        wrc = worker_av_fail(err, WORKER_RETRY, rc, "Reading a PNG");

    } else if (rc < 0) {
        wrc = worker_fail(err, WORKER_DECLINED,
                          "The template is a PNG that is damaged.");

    } else {
        wrc = worker_av_image_unpack(arena, frame, ret, err);
    }

    av_frame_free(&frame);

    return wrc;
}


static worker_rc_t
worker_av_image_file(wub_arena_t *arena, const worker_av_image_kind_t *kind,
    AVFrame *frame, wub_str_t *ret, worker_err_t *err)
{
    int              rc;
    const AVCodec   *encoder;
    AVCodecContext  *codec;

    encoder = avcodec_find_encoder(kind->id);
    codec = (encoder == NULL) ? NULL : avcodec_alloc_context3(encoder);

    if (codec == NULL) {
        return worker_fail(err, WORKER_ERROR,
                           "%s: this libavcodec has no encoder.", kind->what);
    }

    codec->width = frame->width;
    codec->height = frame->height;
    codec->pix_fmt = frame->format;
    codec->color_range = frame->color_range;
    codec->time_base = (AVRational) { 1, 1 };
    codec->thread_count = 1;
    codec->flags |= AV_CODEC_FLAG_BITEXACT;

    rc = worker_av_image_options(codec);

    if (rc >= 0) {
        rc = avcodec_open2(codec, encoder, NULL);
    }

    if (rc >= 0) {
        rc = worker_av_image_encode(codec, frame, arena, ret);
    }

    avcodec_free_context(&codec);

    if (rc < 0) {
        return worker_av_fail(err, (rc == AVERROR(ENOMEM)) ? WORKER_RETRY
                                                           : WORKER_ERROR,
                              rc, kind->what);
    }

    return WORKER_OK;
}


static int
worker_av_image_options(AVCodecContext *codec)
{
    if (codec->codec_id == AV_CODEC_ID_PNG) {
        codec->compression_level = WORKER_AV_IMAGE_LEVEL;

        return av_opt_set(codec->priv_data, "pred", WORKER_AV_IMAGE_FILTER,
                          0);
    }

    codec->flags |= AV_CODEC_FLAG_QSCALE;
    codec->global_quality = WORKER_AV_IMAGE_QUALITY * FF_QP2LAMBDA;

    return 0;
}


static int
worker_av_image_encode(AVCodecContext *codec, AVFrame *frame,
    wub_arena_t *arena, wub_str_t *ret)
{
    int        rc;
    char      *data;
    AVPacket  *packet;

    packet = av_packet_alloc();
    if (packet == NULL) {
        return AVERROR(ENOMEM);
    }

    frame->quality = codec->global_quality;

    rc = avcodec_send_frame(codec, frame);

    if (rc >= 0) {
        rc = avcodec_receive_packet(codec, packet);
    }

    if (rc >= 0) {
        data = wub_arena_alloc(arena, (size_t) packet->size);

        if (data != NULL) {
            memcpy(data, packet->data, (size_t) packet->size);
            *ret = wub_str_n(data, (size_t) packet->size);

        } else {
            rc = AVERROR(ENOMEM);
        }
    }

    av_packet_free(&packet);

    return rc;
}


/* JFIF: BT.601 and all levels */
static int
worker_av_image_luma(const worker_av_image_t *image, AVFrame *frame)
{
    int                 rc, stride;
    const int          *table;
    struct SwsContext  *sws;

    frame->width = (int) image->width;
    frame->height = (int) image->height;
    frame->format = AV_PIX_FMT_YUVJ444P;
    frame->color_range = AVCOL_RANGE_JPEG;

    rc = av_frame_get_buffer(frame, 0);
    if (rc < 0) {
        return rc;
    }

    sws = sws_getContext(frame->width, frame->height, AV_PIX_FMT_RGB24,
                         frame->width, frame->height, AV_PIX_FMT_YUV444P,
                         SWS_BILINEAR | SWS_ACCURATE_RND
                         | SWS_FULL_CHR_H_INP | SWS_BITEXACT,
                         NULL, NULL, NULL);
    if (sws == NULL) {
        return AVERROR(ENOMEM);
    }

    table = sws_getCoefficients(SWS_CS_ITU601);
    stride = (int) image->stride;

    rc = sws_setColorspaceDetails(sws, table, 1, table, 1, 0, 1 << 16,
                                  1 << 16);

    if (rc >= 0) {
        rc = sws_scale(sws, (const uint8_t *const *) &image->data, &stride,
                       0, frame->height, frame->data, frame->linesize);
    }

    sws_freeContext(sws);

    return rc;
}


/* sums that do not fit and streams that break off are errors here */
static int
worker_av_image_decode(AVFrame *frame, wub_str_t png, size_t max)
{
    int              rc;
    AVPacket        *packet;
    const AVCodec   *decoder;
    AVCodecContext  *codec;

    decoder = avcodec_find_decoder(AV_CODEC_ID_PNG);
    codec = (decoder == NULL) ? NULL : avcodec_alloc_context3(decoder);
    packet = av_packet_alloc();

    rc = (codec == NULL || packet == NULL)
         ? AVERROR(ENOMEM) : av_new_packet(packet, (int) png.len);

    if (rc >= 0) {
        memcpy(packet->data, png.data, png.len);

        codec->thread_count = 1;
        codec->max_pixels = (int64_t) max;
        codec->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;

        rc = avcodec_open2(codec, decoder, NULL);
    }

    if (rc >= 0) {
        rc = avcodec_send_packet(codec, packet);
    }

    if (rc >= 0) {
        rc = avcodec_receive_frame(codec, frame);
    }

    av_packet_free(&packet);
    avcodec_free_context(&codec);

    return rc;
}


static worker_rc_t
worker_av_image_unpack(wub_arena_t *arena, const AVFrame *frame,
    worker_av_image_t *ret, worker_err_t *err)
{
    size_t           i, y;
    uint8_t         *out;
    worker_rc_t      rc;
    const uint8_t   *in;
    const uint32_t  *palette;

    for (i = 0; i < WORKER_AV_IMAGE_NFORMS; i++) {
        if (worker_av_image_forms[i].format == frame->format) {
            break;
        }
    }

    if (i == WORKER_AV_IMAGE_NFORMS) {
        return worker_fail(err, WORKER_DECLINED,
                           "The template is a PNG of a kind that is not "
                           "known.");
    }

    rc = worker_av_image_new(arena, (uint32_t) frame->width,
                             (uint32_t) frame->height, WORKER_AV_IMAGE_RGBA,
                             ret, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    palette = (const uint32_t *) (const void *) frame->data[1];

    for (y = 0; y < ret->height; y++) {
        in = frame->data[0] + y * (size_t) frame->linesize[0];
        out = ret->data + y * ret->stride;

        if (frame->format == AV_PIX_FMT_PAL8) {
            worker_av_image_palette(in, palette, ret->width, out);

        } else if (frame->format == AV_PIX_FMT_MONOBLACK) {
            worker_av_image_bits(in, ret->width, out);

        } else {
            worker_av_image_row(&worker_av_image_forms[i], in, ret->width,
                                out);
        }
    }

    return WORKER_OK;
}


/*
 * Of two bytes, the nearest of 256 levels: 65535 is 257 times 255, so there
 * are no ties.
 */
static void
worker_av_image_row(const worker_av_image_form_t *form, const uint8_t *in,
    uint32_t width, uint8_t *out)
{
    unsigned   i, n;
    uint8_t    samples[4];
    uint32_t   x;

    n = form->colours + form->alpha;
    memset(samples, 0, sizeof(samples));

    for (x = 0; x < width; x++) {

        for (i = 0; i < n; i++) {
            samples[i] = (form->bytes == 1)
                         ? in[0]
                         : (uint8_t) (((unsigned) (in[0] << 8 | in[1]) + 128)
                                      / 257);
            in += form->bytes;
        }

        out[0] = samples[0];
        out[1] = samples[(form->colours == 3) ? 1 : 0];
        out[2] = samples[(form->colours == 3) ? 2 : 0];
        out[3] = form->alpha ? samples[n - 1] : 255;
        out += 4;
    }
}


/* a colour is one number: alpha, red, green, blue, from its top */
static void
worker_av_image_palette(const uint8_t *in, const uint32_t *palette,
    uint32_t width, uint8_t *out)
{
    uint32_t  x, colour;

    for (x = 0; x < width; x++) {
        colour = palette[in[x]];

        out[0] = (uint8_t) (colour >> 16 & 0xff);
        out[1] = (uint8_t) (colour >> 8 & 0xff);
        out[2] = (uint8_t) (colour & 0xff);
        out[3] = (uint8_t) (colour >> 24);
        out += 4;
    }
}


static void
worker_av_image_bits(const uint8_t *in, uint32_t width, uint8_t *out)
{
    uint32_t  x;

    for (x = 0; x < width; x++) {
        memset(out, (in[x / 8] >> (7 - x % 8) & 1) ? 255 : 0, 3);
        out[3] = 255;
        out += 4;
    }
}
