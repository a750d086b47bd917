
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_av_keep: pictures that were lent are kept for later.
 * May call: libavutil.
 * Frees: nothing; a picture that is kept is released.
 */


#ifndef WORKER_AV_KEEP_H_INCLUDED_
#define WORKER_AV_KEEP_H_INCLUDED_


struct AVFrame;


/* NULL: no memory */
struct AVFrame *worker_av_keep(const struct AVFrame *frame);

/* NULL is accepted */
void worker_av_release(struct AVFrame *frame);


#endif /* WORKER_AV_KEEP_H_INCLUDED_ */
