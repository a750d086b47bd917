
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_test_video: access units, as tables of tests write them down.
 */


#ifndef WUB_TEST_VIDEO_H_INCLUDED_
#define WUB_TEST_VIDEO_H_INCLUDED_


#include "common/wub_video.h"


#define WUB_TEST_FLAGS           7


/* "CE": closed, and the sequence ends; C, O, B, R, E in that order */
static inline void
wub_test_flags(const wub_video_unit_t *u, char flags[WUB_TEST_FLAGS])
{
    size_t  i, n;

    const struct {
        bool  set;
        char  flag;
    } rows[] = {
        { u->closed, 'C' }, { u->open, 'O' }, { u->broken, 'B' },
        { u->refresh, 'R' }, { u->wrong, 'W' }, { u->ended, 'E' }
    };

    n = 0;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].set) {
            flags[n++] = rows[i].flag;
        }
    }

    flags[n] = '\0';
}


#endif /* WUB_TEST_VIDEO_H_INCLUDED_ */
