
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_base64: url-safe base64 without padding, the form of the hash in a
 * segment's name (CONTRACT.md 1); and the usual one, of images in JSON.
 * May call: nothing.
 * Frees: nothing; the caller gives the room.
 */


#ifndef WUB_BASE64_H_INCLUDED_
#define WUB_BASE64_H_INCLUDED_


#include "common/wub.h"


#define wub_base64_encoded_len(n)  (((n) * 4 + 2) / 3)
#define wub_base64_decoded_len(n)  ((n) * 3 / 4)

/* a sha256, encoded */
#define WUB_HASH_LEN             43


/* writes wub_base64_encoded_len(len) bytes, no zero */
void wub_base64_encode(const uint8_t *data, size_t len, char *out);

/*
 * Writes at most wub_base64_decoded_len(s.len) bytes.  WUB_INVALID: a
 * foreign character, or a length that is 1 modulo 4.  As Python does,
 * bits left over in the last character are not looked at.
 */
wub_rc_t wub_base64_decode(wub_str_t s, uint8_t *out, size_t *ret_len)
    WUB_MUST_CHECK;

/* the same with '+' and '/', and padded to a multiple of four characters */
wub_rc_t wub_base64_decode_padded(wub_str_t s, uint8_t *out,
    size_t *ret_len) WUB_MUST_CHECK;


#endif /* WUB_BASE64_H_INCLUDED_ */
