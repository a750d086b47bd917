
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_nal.h"


static uint32_t wub_nal_sei_number(wub_nal_bits_t *b);


const uint8_t *
wub_nal_start(const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *one;

    /* most bytes are of slices, through which memchr() runs fastest */

    while (end - p >= WUB_NAL_START_LEN) {
        one = memchr(p + 2, 1, (size_t) (end - p) - 2);

        if (one == NULL) {
            break;
        }

        if (one[-1] == 0 && one[-2] == 0) {
            return one - 2;
        }

        p = one - 1;
    }

    return end;
}


const uint8_t *
wub_nal_end(const uint8_t *nal, const uint8_t *end)
{
    while (end > nal && end[-1] == 0) {
        end--;
    }

    return end;
}


void
wub_nal_init(wub_nal_bits_t *b, const uint8_t *nal, const uint8_t *end)
{
    memset(b, 0, sizeof(wub_nal_bits_t));

    b->pos = nal;
    b->end = end;
}


uint32_t
wub_nal_bits(wub_nal_bits_t *b, uint32_t n)
{
    uint32_t  value;

    value = 0;

    while (n > 0) {

        if (b->left == 0) {

            if (b->zeros >= 2 && b->pos < b->end && *b->pos == 3) {
                b->pos++;
                b->zeros = 0;
            }

            if (b->pos >= b->end) {
                b->failed = true;
                return 0;
            }

            b->byte = *b->pos++;
            b->zeros = (b->byte == 0) ? b->zeros + 1 : 0;
            b->left = 8;
        }

        b->left--;
        value = value << 1 | ((uint32_t) b->byte >> b->left & 1);
        n--;
    }

    return value;
}


void
wub_nal_skip(wub_nal_bits_t *b, uint32_t n)
{
    for ( /* void */ ; n > 32 && !b->failed; n -= 32) {
        (void) wub_nal_bits(b, 32);
    }

    if (!b->failed) {
        (void) wub_nal_bits(b, n);
    }
}


uint32_t
wub_nal_ue(wub_nal_bits_t *b)
{
    uint32_t  n;

    n = 0;

    while (wub_nal_bits(b, 1) == 0) {
        if (b->failed || ++n == 32) {
            b->failed = true;
            return 0;
        }
    }

    return (uint32_t) ((UINT64_C(1) << n) - 1) + wub_nal_bits(b, n);
}


int32_t
wub_nal_se(wub_nal_bits_t *b)
{
    uint32_t  ue;

    ue = wub_nal_ue(b);

    return (ue & 1) ? (int32_t) (ue / 2 + 1) : -(int32_t) (ue / 2);
}


bool
wub_nal_sei(wub_nal_bits_t *b, uint32_t type)
{
    uint32_t  found, size;

    /* what is left of the last byte are trailing bits */

    while (!b->failed && b->end - b->pos >= 2) {
        found = wub_nal_sei_number(b);
        size = wub_nal_sei_number(b);

        if (!b->failed && found == type) {
            return true;
        }

        if (size > (size_t) (b->end - b->pos)) {
            return false;
        }

        wub_nal_skip(b, size * 8);
    }

    return false;
}


static uint32_t
wub_nal_sei_number(wub_nal_bits_t *b)
{
    uint32_t  n, byte;

    n = 0;

    do {
        byte = wub_nal_bits(b, 8);
        n += byte;
    } while (byte == 0xff && n < (1U << 24));

    return n;
}
