
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_base64.h"


/* beside the six bits of a value: the alphabets that lack the character */
#define WUB_BASE64_NO_URL        0x80
#define WUB_BASE64_NO_STD        0x40
#define WUB_BASE64_VALUE         0x3f


static wub_rc_t wub_base64_read(wub_str_t s, uint8_t lacks, uint8_t *out,
    size_t *ret_len);


/*
 * By the code of a character: what it is worth in RFC 4648, sections 4 and
 * 5.  A table, since the hash of every segment listed passes here.
 */
static const uint8_t  wub_base64_values[128] = {
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0x80 | 62, 0xc0, 0x40 | 62, 0xc0, 0x80 | 63,
      52,   53,   54,   55,   56,   57,   58,   59,   60,   61,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
       0,    1,    2,    3,    4,    5,    6,    7,    8,    9,
      10,   11,   12,   13,   14,   15,   16,   17,   18,   19,
      20,   21,   22,   23,   24,   25,
    0xc0, 0xc0, 0xc0, 0xc0, 0x40 | 63, 0xc0,
      26,   27,   28,   29,   30,   31,   32,   33,   34,   35,
      36,   37,   38,   39,   40,   41,   42,   43,   44,   45,
      46,   47,   48,   49,   50,   51,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0
};


void
wub_base64_encode(const uint8_t *data, size_t len, char *out)
{
    size_t             i;
    uint32_t           bits, nbits;
    static const char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_";

    bits = 0;
    nbits = 0;

    for (i = 0; i < len; i++) {
        bits = (bits << 8 | data[i]) & 0xffff;
        nbits += 8;

        while (nbits >= 6) {
            nbits -= 6;
            *out++ = alphabet[bits >> nbits & 0x3f];
        }
    }

    if (nbits != 0) {
        *out = alphabet[bits << (6 - nbits) & 0x3f];
    }
}


wub_rc_t
wub_base64_decode(wub_str_t s, uint8_t *out, size_t *ret_len)
{
    return wub_base64_read(s, WUB_BASE64_NO_URL, out, ret_len);
}


wub_rc_t
wub_base64_decode_padded(wub_str_t s, uint8_t *out, size_t *ret_len)
{
    size_t  i;

    if (s.len % 4 != 0) {
        return WUB_INVALID;
    }

    for (i = 0; i < 2 && s.len > 0 && s.data[s.len - 1] == '='; i++) {
        s.len--;
    }

    return wub_base64_read(s, WUB_BASE64_NO_STD, out, ret_len);
}


static wub_rc_t
wub_base64_read(wub_str_t s, uint8_t lacks, uint8_t *out, size_t *ret_len)
{
    size_t    i, len;
    uint8_t   c, value;
    uint32_t  bits, nbits;

    if (s.len % 4 == 1) {
        return WUB_INVALID;
    }

    len = 0;
    bits = 0;
    nbits = 0;

    for (i = 0; i < s.len; i++) {
        c = (uint8_t) s.data[i];

        if (c >= sizeof(wub_base64_values)) {
            return WUB_INVALID;
        }

        value = wub_base64_values[c];

        if ((value & lacks) != 0) {
            return WUB_INVALID;
        }

        bits = (bits << 6 | (value & WUB_BASE64_VALUE)) & 0xffff;
        nbits += 6;

        if (nbits >= 8) {
            nbits -= 8;
            out[len++] = (uint8_t) (bits >> nbits & 0xff);
        }
    }

    *ret_len = len;

    return WUB_OK;
}
