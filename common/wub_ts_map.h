
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_ts_map: the program map of a transport stream: which streams there
 * are and what they hold; the inside of wub_ts.
 * May call: nothing.
 * Frees: nothing.
 */


#ifndef WUB_TS_MAP_H_INCLUDED_
#define WUB_TS_MAP_H_INCLUDED_


#include "common/wub_ts.h"


/*
 * Fills what the first program's map says of each stream, and zeroes the
 * rest.  A section with a wrong checksum counts where no other one is; a
 * single bit of it is mended.  Returns what wub_ts_read() does, memory aside.
 */
wub_rc_t wub_ts_map(const uint8_t *data, size_t len, wub_ts_t *ts)
    WUB_MUST_CHECK;


#endif /* WUB_TS_MAP_H_INCLUDED_ */
