
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_adts.h"


#define WUB_ADTS_SAMPLES         1024


/* sync, version, layer, object, rate, channels; the count of blocks */
static const uint8_t  wub_adts_common[WUB_ADTS_HEAD] = {
    0xff, 0xff, 0xfd, 0xc0, 0, 0, 0x03
};

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
    h.len = wub_adts_len(data);
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


bool
wub_adts_same(const uint8_t *a, const uint8_t *b)
{
    size_t  i;

    for (i = 0; i < WUB_ADTS_HEAD; i++) {
        if (((a[i] ^ b[i]) & wub_adts_common[i]) != 0) {
            return false;
        }
    }

    return true;
}


void
wub_adts_like(uint8_t *head, const uint8_t *like)
{
    size_t  i, common;

    for (i = 0; i < WUB_ADTS_HEAD; i++) {
        common = wub_adts_common[i];
        head[i] = (uint8_t) ((like[i] & common) | (head[i] & ~common));
    }
}


size_t
wub_adts_len(const uint8_t *head)
{
    return (size_t) (head[3] & 3) << 11 | (size_t) head[4] << 3
           | (size_t) head[5] >> 5;
}


void
wub_adts_set_len(uint8_t *head, size_t len)
{
    head[3] = (uint8_t) ((head[3] & ~3U) | (len >> 11 & 3));
    head[4] = (uint8_t) (len >> 3 & 0xff);
    head[5] = (uint8_t) ((len & 7) << 5 | (head[5] & 0x1f));
}
