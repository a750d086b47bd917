
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_plan: the longest transition there can be, of short segments.
 */


#include "t/unit/wub_test.h"
#include "worker/worker_footage.h"
#include "worker/worker_plan.h"


/* of an hour, one each second */
#define PLAN_SEGMENTS            3600


static worker_rc_t
plan_write(void *data, const uint8_t *bytes, size_t len, worker_err_t *err)
{
    size_t *size = data;

    (void) bytes;
    (void) err;

    *size += len;

    return WORKER_OK;
}


static void
longest(void **state)
{
    size_t                i, size;
    wub_range_t           range;
    worker_err_t          err;
    worker_plan_t         p;
    worker_step_t         step;
    worker_video_t        video;
    wub_transition_t      fade;
    worker_footage_t      footage;
    wub_cutplan_frame_t   frame;

    (void) state;

    memset(&p, 0, sizeof(worker_plan_t));
    memset(&step, 0, sizeof(worker_step_t));
    memset(&video, 0, sizeof(worker_video_t));
    memset(&frame, 0, sizeof(wub_cutplan_frame_t));
    memset(&footage, 0, sizeof(worker_footage_t));

    size = 0;
    p.write = plan_write;
    p.data = &size;

    footage.name = "2024-01-05T11/59:52.000000-1.000-full-"
                   "vhgkLr87HTi_0JfLL3U2H68Z_u_Z1DPdrKHIIbbxmZY.ts";
    footage.frames = &frame;
    footage.video = &video;
    footage.nvideo = 1;

    range.start = INT64_C(1704455992000000);
    range.end = range.start + WUB_HOUR;

    fade.type = wub_str("fade");
    fade.duration = WUB_HOUR;

    step.nkept = 60;
    step.from = INT64_MIN;
    step.to = INT64_MAX;

    assert_int_equal(worker_plan_init(&p, &err), WORKER_OK);
    assert_int_equal(worker_plan_overlap(&p, &fade, &range, &err),
                     WORKER_OK);

    for (i = 0; i < 2 * PLAN_SEGMENTS; i++) {
        step.incoming = (i % 2 == 1);
        video.pos += 1000000;
        video.size = 1000000;
        footage.segment.start = range.start + (int64_t) i / 2 * WUB_SECOND;

        assert_int_equal(worker_plan_step(&p, &footage, &step, &err),
                         WORKER_OK);
    }

    assert_int_equal(worker_plan_crossed(&p, &range, 216000, &err),
                     WORKER_OK);
    wub_expect(size > (size_t) 2 * PLAN_SEGMENTS * strlen(footage.name),
               "only %zu bytes", size);

    worker_plan_free(&p);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(longest),
    };

    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
