
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Cut plans of any frames: what is planned must be what the slow oracle
 * says.  The first six bytes are the range, the clock and the state, each
 * three that follow a frame.
 */


#include "t/unit/wub_test_cutplan.h"


#define FUZZ_ARENA_MAX   ((size_t) 1 << 20)
#define FUZZ_FRAMES_MAX  48
#define FUZZ_HEAD        6
#define FUZZ_FRAME       3

/* wild times, one frame in so many values of its byte */
#define FUZZ_FAR         0xff


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


static size_t
fuzz_frames(const uint8_t *data, size_t size, wub_cutplan_frame_t *frames)
{
    size_t  n;

    for (n = 0; n < FUZZ_FRAMES_MAX && size >= FUZZ_FRAME; n++) {
        frames[n].pts = (int8_t) data[0] + (int64_t) (data[2] >> 4) * 64;
        frames[n].dts = (int64_t) n;
        frames[n].key = (data[1] & 3) % 3;
        frames[n].form = data[1] >> 2 & 3;
        frames[n].damaged = (data[1] >> 4 == 1);
        frames[n].mended = (data[1] >> 4 == 2);

        if (data[2] == FUZZ_FAR) {
            frames[n].pts = (int64_t) ((uint64_t) data[0] << 56);
        }

        data += FUZZ_FRAME;
        size -= FUZZ_FRAME;
    }

    return n;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wub_rc_t               rc;
    wub_arena_t           *arena;
    wub_cutplan_t          plan;
    wub_test_plan_t        test;
    wub_cutplan_frame_t    frames[FUZZ_FRAMES_MAX];
    wub_cutplan_segment_t  segment;

    static const bool  forms[] = { true, true, false };

    if (size < FUZZ_HEAD) {
        return 0;
    }

    arena = wub_arena_create(FUZZ_ARENA_MAX);
    if (arena == NULL) {
        return 0;
    }

    segment.start = 0;
    segment.num = 1;
    segment.den = (data[4] & 1) ? 90000 : 1000;
    segment.frames = frames;
    segment.nframes = fuzz_frames(data + FUZZ_HEAD, size - FUZZ_HEAD,
                                  frames);
    segment.forms = forms;
    segment.nforms = sizeof(forms) / sizeof(forms[0]);

    test.segment = &segment;
    test.start = ((int64_t) (int8_t) data[0] * 256 + data[1]) * 10;
    test.end = test.start + ((int64_t) data[2] * 256 + data[3]) * 10;
    test.before.before = (data[5] & 1) != 0;
    test.before.copied = (data[5] & 3) == 3;
    test.before.damaged = (data[5] & 7) == 5;
    test.after = test.before;
    test.plan = &plan;

    rc = wub_cutplan_build(arena, &segment, test.start, test.end,
                           &test.after, &plan);

    fuzz_check(rc == WUB_OK || rc == WUB_INVALID);
    fuzz_check(rc != WUB_OK || wub_test_plan(&test) == NULL);

    wub_arena_destroy(arena);

    return 0;
}
