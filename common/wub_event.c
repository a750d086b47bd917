
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_event.h"


#define WUB_STATE_BIT(state)     (1u << WUB_STATE_##state)

/* no video of it has been handed to an upload site */
#define WUB_STATE_UNPUBLISHED                                                 \
    (WUB_STATE_BIT(UNEDITED) | WUB_STATE_BIT(EDITED)                          \
     | WUB_STATE_BIT(CLAIMED))

#define WUB_STATE_ALL            ((1u << WUB_STATES) - 1)


/* CONTRACT.md 7: sets of states that lead to sets of states */
typedef struct {
    wub_step_e  who;
    unsigned    from;
    unsigned    to;
} wub_event_step_t;


const wub_str_t  wub_state_names[WUB_STATES] = {
    wub_string("UNEDITED"),
    wub_string("EDITED"),
    wub_string("CLAIMED"),
    wub_string("FINALIZING"),
    wub_string("TRANSCODING"),
    wub_string("DONE"),
    wub_string("MODIFIED")
};

static const wub_event_step_t  wub_event_steps[] = {
    { WUB_STEP_EDIT, WUB_STATE_UNPUBLISHED,
      WUB_STATE_BIT(EDITED) | WUB_STATE_BIT(UNEDITED) },
    { WUB_STEP_EDIT, WUB_STATE_BIT(DONE) | WUB_STATE_BIT(MODIFIED),
      WUB_STATE_BIT(MODIFIED) },
    { WUB_STEP_LINK, WUB_STATE_BIT(UNEDITED), WUB_STATE_BIT(DONE) },
    { WUB_STEP_RESET, WUB_STATE_UNPUBLISHED, WUB_STATE_BIT(UNEDITED) },
    { WUB_STEP_FORCE, WUB_STATE_ALL, WUB_STATE_BIT(UNEDITED) },
    { WUB_STEP_EDIT, 0, 0 }
};


wub_rc_t
wub_state_parse(wub_str_t s, wub_state_e *ret)
{
    unsigned  i;

    for (i = 0; i < WUB_STATES; i++) {
        if (wub_str_eq(wub_state_names[i], s)) {
            *ret = (wub_state_e) i;
            return WUB_OK;
        }
    }

    return WUB_NOT_FOUND;
}


bool
wub_state_step(wub_step_e who, wub_state_e from, wub_state_e to)
{
    const wub_event_step_t  *step;

    for (step = wub_event_steps; step->from != 0; step++) {
        if (step->who == who && (step->from >> from & 1u) != 0
            && (step->to >> to & 1u) != 0)
        {
            return true;
        }
    }

    return false;
}
