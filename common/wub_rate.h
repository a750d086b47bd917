
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_rate: the bit rates of a playlist from the sizes of its segments, as
 * BANDWIDTH and AVERAGE-BANDWIDTH have them (RFC 8216 4.1 and 4.3.4.2).
 * Only full segments count.
 * May call: wub_segment.
 * Frees: nothing.
 */


#ifndef WUB_RATE_H_INCLUDED_
#define WUB_RATE_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_segment.h"


typedef struct {
    const wub_segment_t  *segments;     /* by start, as an hour has them */
    const uint64_t       *sizes;        /* bytes of each */
    size_t                n;
    int64_t               tolerance;    /* of what is contiguous, us */
} wub_rate_t;


/*
 * Bits per second, rounded up; 0: not known.  The peak is the highest rate
 * of any contiguous segments that last 0.5 to 1.5 times the target duration
 * (the longest of all, rounded, at least a second) together; where there
 * are none, that of one segment.  Short segments that touch no other are in
 * the average alone, so that it may be above the peak.
 */
uint64_t wub_rate_peak(const wub_rate_t *s);
uint64_t wub_rate_average(const wub_rate_t *s);


#endif /* WUB_RATE_H_INCLUDED_ */
