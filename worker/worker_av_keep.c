
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <libavutil/frame.h>

#include "worker/worker_av_keep.h"


AVFrame *
worker_av_keep(const AVFrame *frame)
{
    return av_frame_clone(frame);
}


void
worker_av_release(AVFrame *frame)
{
    av_frame_free(&frame);
}
