
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Transport streams of any bytes: what is found lies within the streams.
 */


#include "common/wub_ts.h"


#define FUZZ_ARENA_MAX  ((size_t) 1 << 24)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                  i, k;
    wub_ts_t                ts;
    wub_arena_t            *arena;
    const wub_ts_pes_t     *pes;
    const wub_ts_stream_t  *stream;

    arena = wub_arena_create(FUZZ_ARENA_MAX);
    if (arena == NULL) {
        return 0;
    }

    if (wub_ts_read(arena, data, size, &ts) == WUB_OK) {

        fuzz_check(ts.nstreams <= WUB_TS_STREAMS_MAX);

        for (i = 0; i < ts.nstreams; i++) {
            stream = &ts.streams[i];
            fuzz_check(stream->size <= size);

            for (k = 0; k < stream->npes; k++) {
                pes = &stream->pes[k];
                fuzz_check(pes->pos <= stream->size);
                fuzz_check(pes->len <= stream->size - pes->pos);
                fuzz_check(pes->whole <= pes->rest);
                fuzz_check(pes->rest <= pes->len);
                fuzz_check(pes->damaged || pes->whole == pes->len);
                fuzz_check(pes->at < size && data[pes->at] == 0x47);
                fuzz_check(k == 0 || pes->at > pes[-1].at);
                fuzz_check((pes->pts == WUB_TS_NONE)
                           <= (pes->dts == WUB_TS_NONE));
                fuzz_check(pes->pts < INT64_C(1) << 33);
            }
        }
    }

    wub_arena_destroy(arena);

    return 0;
}
