
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_transition_names.h"


const wub_transition_name_t  wub_transition_names[WUB_TRANSITION_NAMES] = {
    { wub_string("fade"), false },
    { wub_string("fadeblack"), false },
    { wub_string("fadewhite"), false },
    { wub_string("fadegrays"), false },
    { wub_string("wipeleft"), false },
    { wub_string("wiperight"), false },
    { wub_string("wipeup"), false },
    { wub_string("wipedown"), false },
    { wub_string("wipetl"), false },
    { wub_string("wipetr"), false },
    { wub_string("wipebl"), false },
    { wub_string("wipebr"), false },
    { wub_string("slideleft"), false },
    { wub_string("slideright"), false },
    { wub_string("slideup"), false },
    { wub_string("slidedown"), false },
    { wub_string("smoothleft"), false },
    { wub_string("smoothright"), false },
    { wub_string("smoothup"), false },
    { wub_string("smoothdown"), false },
    { wub_string("circlecrop"), false },
    { wub_string("rectcrop"), false },
    { wub_string("circleclose"), false },
    { wub_string("circleopen"), false },
    { wub_string("horzclose"), false },
    { wub_string("horzopen"), false },
    { wub_string("vertclose"), false },
    { wub_string("vertopen"), false },
    { wub_string("diagbl"), false },
    { wub_string("diagbr"), false },
    { wub_string("diagtl"), false },
    { wub_string("diagtr"), false },
    { wub_string("hlslice"), false },
    { wub_string("hrslice"), false },
    { wub_string("vuslice"), false },
    { wub_string("vdslice"), false },
    { wub_string("dissolve"), false },
    { wub_string("pixelize"), false },
    { wub_string("radial"), false },
    { wub_string("hblur"), false },
    { wub_string("distance"), false },
    { wub_string("squeezev"), false },
    { wub_string("squeezeh"), false },
    { wub_string("zoomin"), false },
    { wub_string("hlwind"), false },
    { wub_string("hrwind"), false },
    { wub_string("vuwind"), false },
    { wub_string("vdwind"), false },
    { wub_string("coverleft"), false },
    { wub_string("coverright"), false },
    { wub_string("coverup"), false },
    { wub_string("coverdown"), false },
    { wub_string("revealleft"), false },
    { wub_string("revealright"), false },
    { wub_string("revealup"), false },
    { wub_string("revealdown"), false },

    { wub_string("clockwipe"), true },
    { wub_string("starwipe"), true },
    { wub_string("batman"), true },
    { wub_string("diamondwipe"), true }
};


const wub_transition_name_t *
wub_transition_find(wub_str_t name)
{
    size_t  i;

    for (i = 0; i < WUB_TRANSITION_NAMES; i++) {
        if (wub_str_eq(wub_transition_names[i].name, name)) {
            return &wub_transition_names[i];
        }
    }

    return NULL;
}
