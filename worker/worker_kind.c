
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "worker/worker_kind.h"


/* "fast" promises less than "smart" holds; "full" is upstream's encoding */
static const worker_kind_t  worker_kinds[] = {
    { "rough", NULL, ".ts", true, false, false, false },
    { "smart", NULL, ".ts", false, false, false, true },
    { "fast", "smart", NULL, false, false, false, false },
    { "mpegts", NULL, ".ts", false, false, true, false },
    { "full", "mpegts", NULL, false, false, false, false },
    { "mp4", NULL, ".mp4", false, false, true, false },
    { "webm", NULL, ".webm", false, false, true, false },
    { "archive", NULL, ".mkv", true, true, false, false },
    { NULL, NULL, NULL, false, false, false, false }
};


const worker_kind_t *
worker_kind_find(const char *name)
{
    const worker_kind_t  *kind;

    for (kind = worker_kinds; kind->name != NULL; kind++) {

        if (strcmp(kind->name, name) != 0) {
            continue;
        }

        return (kind->same != NULL) ? worker_kind_find(kind->same) : kind;
    }

    return NULL;
}
