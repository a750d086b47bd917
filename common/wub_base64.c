
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_base64.h"


/* what a character that is not of RFC 4648 section 5 is worth */
#define WUB_BASE64_FOREIGN       0xff


static uint8_t wub_base64_value(char c);


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
    size_t    i, len;
    uint8_t   value;
    uint32_t  bits, nbits;

    if (s.len % 4 == 1) {
        return WUB_INVALID;
    }

    len = 0;
    bits = 0;
    nbits = 0;

    for (i = 0; i < s.len; i++) {
        value = wub_base64_value(s.data[i]);
        if (value == WUB_BASE64_FOREIGN) {
            return WUB_INVALID;
        }

        bits = (bits << 6 | value) & 0xffff;
        nbits += 6;

        if (nbits >= 8) {
            nbits -= 8;
            out[len++] = (uint8_t) (bits >> nbits & 0xff);
        }
    }

    *ret_len = len;

    return WUB_OK;
}


static uint8_t
wub_base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint8_t) (c - 'A');
    }

    if (c >= 'a' && c <= 'z') {
        return (uint8_t) (c - 'a' + 26);
    }

    if (c >= '0' && c <= '9') {
        return (uint8_t) (c - '0' + 52);
    }

    if (c == '-') {
        return 62;
    }

    if (c == '_') {
        return 63;
    }

    return WUB_BASE64_FOREIGN;
}
