
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_answer: what a refused request is told.
 * May call: nothing.
 * Frees: nothing; the sentence lives in the arena of who refused.
 */


#ifndef WUB_ANSWER_H_INCLUDED_
#define WUB_ANSWER_H_INCLUDED_


#include "common/wub.h"


/* status 0: it is not refused */
typedef struct {
    unsigned   status;          /* of HTTP */
    wub_str_t  sentence;
} wub_answer_t;


#endif /* WUB_ANSWER_H_INCLUDED_ */
