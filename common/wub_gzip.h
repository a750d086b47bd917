
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_gzip: texts as gzip, whole, or in blocks that are compressed once and
 * joined in any order into one gzip file (RFC 1951 and 1952).
 * May call: wub_arena, wub_buf, zlib's deflate and crc32.
 * Frees: nothing; zlib's state and the bytes live in the caller's arena.
 *
 * A file is head, blocks, tail; whoever joins blocks keeps the sum and the
 * length of their texts for the tail.
 */


#ifndef WUB_GZIP_H_INCLUDED_
#define WUB_GZIP_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_buf.h"


/* a block of so many bytes, the head of a playlist say, is not compressed */
#define WUB_GZIP_STORED          512


/* begins as zeroes; lies in the arena of the first block's buffer */
typedef struct {
    void  *stream;      /* of zlib; NULL: not begun */
} wub_gzip_t;


/* a whole gzip file of a text; ret is untouched on failure */
wub_rc_t wub_gzip(wub_arena_t *arena, wub_str_t text, wub_str_t *ret)
    WUB_MUST_CHECK;

void wub_gzip_head(wub_buf_t *b);

/*
 * Appends one block that ends at a byte, whole in itself, and not the last;
 * of an empty text, nothing.
 */
wub_rc_t wub_gzip_block(wub_gzip_t *z, wub_buf_t *b, wub_str_t text)
    WUB_MUST_CHECK;

/* crc and len of all texts; of len the file keeps the low 32 bits */
void wub_gzip_tail(wub_buf_t *b, uint32_t crc, uint64_t len);

/* the sum of no text is 0 */
uint32_t wub_gzip_crc(wub_str_t text);

/* the sum of one text and another behind it, which has len bytes */
uint32_t wub_gzip_crc_join(uint32_t one, uint32_t two, uint64_t len);

/*
 * The same in two steps, for a text that is joined often: what its bytes do
 * to the sum of those before it, which takes the time, and the sum of both.
 */
uint32_t wub_gzip_crc_shift(uint64_t len);
uint32_t wub_gzip_crc_shifted(uint32_t one, uint32_t two, uint32_t shift);


#endif /* WUB_GZIP_H_INCLUDED_ */
