
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_out: writes video and audio packets as an MPEG transport
 * stream into a sink, in the order they come.
 * May call: libavformat.
 * Frees: all of its own in worker_av_out_close(); packets stay the
 * caller's.
 */


#ifndef WORKER_AV_OUT_H_INCLUDED_
#define WORKER_AV_OUT_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_footage.h"


typedef struct worker_av_out_s  worker_av_out_t;

/* times in ticks of 90 kHz; dts is never before that of the stream's last */
typedef struct {
    const uint8_t  *data;
    size_t          len;
    wub_str_t       insert;     /* bytes to write within; may be empty */
    size_t          at;         /* where they go, from the start of data */
    int64_t         pts;
    int64_t         dts;
    bool            video;
    bool            key;
} worker_av_packet_t;


/* takes all of len bytes or fails with a sentence */
typedef worker_rc_t (*worker_av_write_pt)(void *data, const uint8_t *bytes,
    size_t len, worker_err_t *err);


/* what the sink fails with is what the failing call returns */
worker_rc_t worker_av_out_open(worker_av_out_t **ret,
    const worker_form_t *form, worker_av_write_pt write, void *write_data,
    worker_err_t *err);

worker_rc_t worker_av_out_write(worker_av_out_t *out,
    const worker_av_packet_t *packet, worker_err_t *err);

/* writes what is held back; nothing may be written afterwards */
worker_rc_t worker_av_out_finish(worker_av_out_t *out, worker_err_t *err);

/* handed to the sink so far */
int64_t worker_av_out_bytes(const worker_av_out_t *out);

/* NULL is accepted; closing without finishing drops what is held back */
void worker_av_out_close(worker_av_out_t *out);


#endif /* WORKER_AV_OUT_H_INCLUDED_ */
