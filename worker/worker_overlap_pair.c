
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "worker/worker_overlap_pair.h"


static int64_t worker_overlap_apart(int64_t a, int64_t b);


bool
worker_overlap_nearer(int64_t place, int64_t at, int64_t next)
{
    return worker_overlap_apart(next, place) < worker_overlap_apart(at, place);
}


bool
worker_overlap_behind(const worker_overlap_out_t *out, int64_t place,
    int64_t duration)
{
    return place > out->last && 2 * (place - out->end) + duration > 0;
}


static int64_t
worker_overlap_apart(int64_t a, int64_t b)
{
    return (a < b) ? b - a : a - b;
}
