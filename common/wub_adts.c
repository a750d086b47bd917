
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_adts.h"


#define WUB_ADTS_SAMPLES         1024

/* the length has 13 bits */
#define WUB_ADTS_MAX             0x1fff


static const uint32_t  wub_adts_rates[16] = {
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050,
    16000, 12000, 11025, 8000, 7350, 0, 0, 0
};


wub_rc_t
wub_adts_read(const uint8_t *data, size_t len, wub_adts_t *ret)
{
    wub_adts_t  h;

    if (len < WUB_ADTS_HEAD) {
        return WUB_TOO_BIG;
    }

    /* twelve bits of sync, then the layer, which is 0 */

    if (data[0] != 0xff || (data[1] & 0xf6) != 0xf0) {
        return WUB_DECLINED;
    }

    h.object = (uint8_t) ((data[2] >> 6) + 1);
    h.rate = wub_adts_rates[data[2] >> 2 & 0x0f];
    h.channels = (uint8_t) ((data[2] & 1) << 2 | data[3] >> 6);
    h.len = (size_t) (data[3] & 3) << 11 | (size_t) data[4] << 3
            | (size_t) data[5] >> 5;
    h.samples = WUB_ADTS_SAMPLES * ((data[6] & 3U) + 1);

    if (h.rate == 0 || h.len < WUB_ADTS_HEAD) {
        return WUB_DECLINED;
    }

    if (h.len > len) {
        return WUB_TOO_BIG;
    }

    *ret = h;

    return WUB_OK;
}


wub_rc_t
wub_adts_write(const wub_adts_t *head, uint8_t *to)
{
    size_t  i;

    for (i = 0; i < 16; i++) {
        if (wub_adts_rates[i] == head->rate) {
            break;
        }
    }

    if (i == 16 || head->rate == 0 || head->object < 1 || head->object > 4
        || head->channels > 7 || head->len < WUB_ADTS_HEAD
        || head->len > WUB_ADTS_MAX)
    {
        return WUB_INVALID;
    }

    /* MPEG-4, no checksum; the buffer's fullness is that of a variable rate */

    to[0] = 0xff;
    to[1] = 0xf1;
    to[2] = (uint8_t) ((head->object - 1U) << 6 | (unsigned) i << 2
                       | (unsigned) head->channels >> 2);
    to[3] = (uint8_t) ((head->channels & 3U) << 6 | head->len >> 11);
    to[4] = (uint8_t) (head->len >> 3 & 0xff);
    to[5] = (uint8_t) ((head->len & 7) << 5 | 0x1f);
    to[6] = 0xfc;

    return WUB_OK;
}
