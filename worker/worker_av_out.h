
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_out: writes video and audio packets as one file: an MPEG
 * transport stream, MP4, WebM or Matroska.  Packets are copied ones, in
 * the order they come, or encoded ones, which it puts in order itself.
 * May call: libavformat.
 * Frees: all of its own in worker_av_out_close(); bytes of copied packets
 * stay the caller's, encoded packets are taken.
 */


#ifndef WORKER_AV_OUT_H_INCLUDED_
#define WORKER_AV_OUT_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_footage.h"


struct AVCodecContext;
struct AVPacket;

typedef struct worker_av_out_s  worker_av_out_t;

typedef enum {
    WORKER_AV_OUT_MPEGTS = 0,
    WORKER_AV_OUT_MP4,          /* fragments; with a file: index in front */
    WORKER_AV_OUT_WEBM,
    WORKER_AV_OUT_MATROSKA
} worker_av_container_e;

/* takes all of len bytes or fails with a sentence */
typedef worker_rc_t (*worker_av_write_pt)(void *data, const uint8_t *bytes,
    size_t len, worker_err_t *err);

/*
 * Streams: those of a form, copied (MPEG-TS, Matroska), or those of
 * encoders, the video first.
 */
typedef struct {
    worker_av_container_e               container;
    worker_av_write_pt                  write;
    void                               *write_data;
    int                                 fd;     /* a file to seek in; -1 */
    bool                                edits;  /* edit lists, of a file */

    const worker_form_t                *form;   /* NULL: encoders */
    wub_str_t                           sets;   /* parameter sets of the
                                                   first access unit */
    const struct AVCodecContext *const *encoders;
    size_t                              nencoders;
} worker_av_out_conf_t;

/* times in ticks of 90 kHz; dts is never before that of the stream's last */
typedef struct {
    const uint8_t  *data;
    size_t          len;
    wub_str_t       insert;     /* bytes to write within; may be empty */
    size_t          at;         /* where they go, from the start of data */
    int64_t         pts;
    int64_t         dts;
    int64_t         duration;   /* 0: not known */
    size_t          track;      /* of audio, its index */
    bool            video;
    bool            key;
} worker_av_packet_t;


/* what the sink fails with is what the failing call returns */
worker_rc_t worker_av_out_create(worker_av_out_t **ret,
    const worker_av_out_conf_t *conf, worker_err_t *err);

/* the same for copied packets in a transport stream */
worker_rc_t worker_av_out_open(worker_av_out_t **ret,
    const worker_form_t *form, worker_av_write_pt write, void *write_data,
    worker_err_t *err);

/* a copied packet; audio with its ADTS header */
worker_rc_t worker_av_out_write(worker_av_out_t *out,
    const worker_av_packet_t *packet, worker_err_t *err);

/*
 * An encoded packet: of video in ticks of 90 kHz, of sound in samples;
 * which encoder's, the index.
 */
worker_rc_t worker_av_out_encoded(worker_av_out_t *out,
    struct AVPacket *packet, size_t encoder, worker_err_t *err);

/* writes what is held back; nothing may be written afterwards */
worker_rc_t worker_av_out_finish(worker_av_out_t *out, worker_err_t *err);

/* handed to the sink so far */
int64_t worker_av_out_bytes(const worker_av_out_t *out);

/* NULL is accepted; closing without finishing drops what is held back */
void worker_av_out_close(worker_av_out_t *out);


#endif /* WORKER_AV_OUT_H_INCLUDED_ */
