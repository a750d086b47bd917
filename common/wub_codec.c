
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_codec.h"
#include "common/wub_h265.h"


/* bytes of an H.264 set: its NAL header, profile, constraints and level */
#define WUB_CODEC_H264_BYTES     4


static void wub_codec_text(wub_codec_name_t *name, const char *text);
static void wub_codec_decimal(wub_codec_name_t *name, uint32_t n);
static void wub_codec_hex(wub_codec_name_t *name, const char *digits,
    uint32_t n, uint32_t min);


static const char  wub_codec_lower[] = "0123456789abcdef";
static const char  wub_codec_upper[] = "0123456789ABCDEF";


bool
wub_codec_h264(wub_codec_name_t *name, wub_str_t sps)
{
    size_t  i;

    /* two of these are never 0 */

    if (sps.len < WUB_CODEC_H264_BYTES || sps.data[1] == 0
        || sps.data[3] == 0)
    {
        return false;
    }

    name->len = 0;
    wub_codec_text(name, "avc1.");

    for (i = 1; i < WUB_CODEC_H264_BYTES; i++) {
        wub_codec_hex(name, wub_codec_lower, (uint8_t) sps.data[i], 2);
    }

    return true;
}


bool
wub_codec_hevc(wub_codec_name_t *name, wub_str_t sps)
{
    size_t              i, n;
    uint32_t            bit, flags;
    wub_h265_profile_t  p;

    if (wub_h265_profile(sps, &p) != WUB_OK || p.idc == 0 || p.level == 0) {
        return false;
    }

    name->len = 0;
    wub_codec_text(name, "hvc1.");

    if (p.space != 0) {
        name->data[name->len++] = (char) ('A' + p.space - 1);
    }

    wub_codec_decimal(name, p.idc);
    wub_codec_text(name, ".");

    /* the flag of profile 0 is the lowest bit */

    for (bit = 0, flags = 0; bit < 32; bit++) {
        flags |= (p.compatible >> (31 - bit) & 1) << bit;
    }

    wub_codec_hex(name, wub_codec_upper, flags, 1);
    wub_codec_text(name, p.high ? ".H" : ".L");
    wub_codec_decimal(name, p.level);

    for (n = sizeof(p.constraints); n > 0 && p.constraints[n - 1] == 0; n--) {
        /* void */
    }

    for (i = 0; i < n; i++) {
        wub_codec_text(name, ".");
        wub_codec_hex(name, wub_codec_upper, p.constraints[i], 1);
    }

    return true;
}


void
wub_codec_aac(wub_codec_name_t *name, uint8_t object)
{
    name->len = 0;
    wub_codec_text(name, "mp4a.40.");
    wub_codec_decimal(name, object);
}


static void
wub_codec_text(wub_codec_name_t *name, const char *text)
{
    while (*text != '\0') {
        name->data[name->len++] = *text++;
    }
}


static void
wub_codec_decimal(wub_codec_name_t *name, uint32_t n)
{
    uint32_t  unit;

    for (unit = 1; n / unit >= 10; unit *= 10) {
        /* void */
    }

    for ( /* void */ ; unit > 0; unit /= 10) {
        name->data[name->len++] = (char) ('0' + n / unit % 10);
    }
}


/* at least min digits */
static void
wub_codec_hex(wub_codec_name_t *name, const char *digits, uint32_t n,
    uint32_t min)
{
    uint32_t  count;

    for (count = 8; count > min && n >> (4 * (count - 1)) == 0; count--) {
        /* void */
    }

    while (count > 0) {
        count--;
        name->data[name->len++] = digits[n >> (4 * count) & 0xf];
    }
}
