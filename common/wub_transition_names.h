
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_transition_names: the transitions that a cut may name (CONTRACT.md
 * 3, Transitions): those of FFmpeg's xfade filter and upstream's own.
 * May call: nothing.
 * Frees: nothing.
 */


#ifndef WUB_TRANSITION_NAMES_H_INCLUDED_
#define WUB_TRANSITION_NAMES_H_INCLUDED_


#include "common/wub.h"


#define WUB_TRANSITION_NAMES     60


typedef struct {
    wub_str_t  name;
    bool       custom;      /* an expression of upstream's, not of xfade */
    wub_str_t  description; /* a sentence, for people */
} wub_transition_name_t;


extern const wub_transition_name_t
    wub_transition_names[WUB_TRANSITION_NAMES];


/* NULL: no such transition */
const wub_transition_name_t *wub_transition_find(wub_str_t name);


#endif /* WUB_TRANSITION_NAMES_H_INCLUDED_ */
