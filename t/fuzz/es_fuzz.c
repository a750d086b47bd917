
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Elementary streams of any bytes: access units and parameter sets of
 * H.264, headers of ADTS.  The first byte says which reader gets the rest.
 */


#include "common/wub_adts.h"
#include "common/wub_h264.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


static void
fuzz_form(wub_str_t sps)
{
    wub_video_form_t  form;

    if (wub_h264_form(sps, &form) == WUB_OK) {
        fuzz_check(form.width >= 1 && form.width <= 16880);
        fuzz_check(form.height >= 1 && form.height <= 2 * 16880);
        fuzz_check(form.chroma <= 3 && form.depth >= 8 && form.depth <= 14);
    }
}


static void
fuzz_unit(const uint8_t *data, size_t size)
{
    wub_h264_unit_t  unit;

    wub_h264_unit(data, size, &unit);

    fuzz_check(unit.lead <= size && unit.sets.len <= size);
    fuzz_check((unit.sets.len != 0) == (unit.sps || unit.pps));

    if (unit.sps) {
        fuzz_form(unit.form);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wub_adts_t  h;

    if (size == 0) {
        return 0;
    }

    switch (data[0]) {

    case 'u':
        fuzz_unit(data + 1, size - 1);
        break;

    case 's':
        fuzz_form(wub_str_n((const char *) data + 1, size - 1));
        break;

    case 'a':
        fuzz_check(wub_adts_read(data + 1, size - 1, &h) != WUB_OK
                   || (h.len >= 7 && h.len < size && h.rate >= 7350
                       && h.samples % 1024 == 0 && h.channels < 8));
        break;

    default:
        break;
    }

    return 0;
}
