
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_test_bits.h: NAL units written field by field, for tests.
 * May call: cmocka; after its headers.
 * Frees: nothing; the caller gives the room.
 */


#ifndef WUB_TEST_BITS_H_INCLUDED_
#define WUB_TEST_BITS_H_INCLUDED_


#define WUB_TEST_BITS_MAX  4096


typedef struct {
    uint8_t  bits[WUB_TEST_BITS_MAX];
    size_t   n;
} wub_test_bits_t;


static inline void
wub_test_put(wub_test_bits_t *w, uint32_t value, uint32_t n)
{
    while (n-- > 0) {
        assert_true(w->n < WUB_TEST_BITS_MAX);
        w->bits[w->n++] = (uint8_t) (value >> n & 1);
    }
}


static inline void
wub_test_ue(wub_test_bits_t *w, uint32_t value)
{
    uint32_t  n;

    for (n = 0; ((uint64_t) value + 1) >> (n + 1) != 0; n++) {
        /* void */
    }

    wub_test_put(w, 0, n);
    wub_test_put(w, value + 1, n + 1);
}


/* bytes with emulation prevention, as they are sent */
static inline size_t
wub_test_pack(const wub_test_bits_t *w, uint8_t *out)
{
    size_t   i, len, zeros;
    uint8_t  byte;

    len = 0;
    zeros = 0;

    for (i = 0; i < w->n; i += 8) {
        size_t  k;

        byte = 0;

        for (k = 0; k < 8; k++) {
            byte = (uint8_t) (byte << 1 | (i + k < w->n ? w->bits[i + k] : 0));
        }

        if (zeros >= 2 && byte <= 3) {
            out[len++] = 3;
            zeros = 0;
        }

        out[len++] = byte;
        zeros = (byte == 0) ? zeros + 1 : 0;
    }

    return len;
}


#endif /* WUB_TEST_BITS_H_INCLUDED_ */
