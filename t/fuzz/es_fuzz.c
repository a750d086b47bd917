
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Elementary streams of any bytes: access units and parameter sets of
 * H.264 and H.265, headers of ADTS.  The first byte says which reader gets
 * the rest.
 */


#include "common/wub_adts.h"
#include "common/wub_h264.h"
#include "common/wub_h265.h"
#include "common/wub_sets.h"


typedef struct {
    wub_video_codec_e   codec;
    void              (*unit)(const uint8_t *data, size_t len,
                            wub_video_unit_t *ret);
    wub_rc_t          (*form)(wub_str_t sps, wub_video_form_t *ret);
} fuzz_codec_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const fuzz_codec_t  h264 = {
    WUB_VIDEO_H264, wub_h264_unit, wub_h264_form
};

static const fuzz_codec_t  h265 = {
    WUB_VIDEO_HEVC, wub_h265_unit, wub_h265_form
};


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


static void
fuzz_form(const fuzz_codec_t *codec, wub_str_t sps)
{
    wub_video_form_t  form;

    if (codec->form(sps, &form) == WUB_OK) {
        fuzz_check(form.codec == codec->codec);
        fuzz_check(form.width >= 1 && form.width <= 16888);
        fuzz_check(form.height >= 1 && form.height <= 2 * 16888);
        fuzz_check(form.chroma <= 3 && form.depth >= 8 && form.depth <= 16);
    }
}


static void
fuzz_unit(const fuzz_codec_t *codec, const uint8_t *data, size_t size)
{
    size_t             i;
    wub_sets_t         sets;
    wub_arena_t       *arena;
    const wub_str_t   *bytes;
    wub_video_unit_t   unit, again;

    codec->unit(data, size, &unit);

    fuzz_check(unit.lead <= size && unit.form.len <= size);
    fuzz_check(unit.slice.len <= size && unit.nsets <= WUB_VIDEO_SETS_MAX);
    fuzz_check(unit.closed + unit.open + unit.refresh <= 1);

    if (unit.form.len != 0) {
        fuzz_form(codec, unit.form);
        (void) wub_h264_field(unit.slice, unit.form);
        (void) wub_h264_pair(unit.slice, unit.slice, unit.form);
    }

    arena = wub_arena_create((size_t) 1 << 20);
    if (arena == NULL) {
        return;
    }

    wub_sets_init(&sets);

    for (i = 0; i < unit.nsets; i++) {
        fuzz_check(wub_sets_put(&sets, &unit.sets[i]) == WUB_OK);
    }

    /* sets that are written are the same sets when they are read */

    bytes = wub_sets_bytes(&sets, arena);

    if (bytes != NULL) {
        codec->unit((const uint8_t *) bytes->data, bytes->len, &again);
        fuzz_check(again.nsets == sets.nsets && again.slice.len == 0);

        for (i = 0; i < again.nsets; i++) {
            fuzz_check(again.sets[i].kind == sets.sets[i].kind);
            fuzz_check(again.sets[i].id == sets.sets[i].id);
            fuzz_check(wub_str_eq(again.sets[i].bytes, sets.sets[i].bytes));
        }
    }

    wub_arena_destroy(arena);
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
        fuzz_unit(&h264, data + 1, size - 1);
        break;

    case 's':
        fuzz_form(&h264, wub_str_n((const char *) data + 1, size - 1));
        break;

    case 'U':
        fuzz_unit(&h265, data + 1, size - 1);
        break;

    case 'S':
        fuzz_form(&h265, wub_str_n((const char *) data + 1, size - 1));
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
