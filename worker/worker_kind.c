
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "worker/worker_kind.h"


/* "fast" promises less than "smart" holds; "full" is upstream's encoding */
static const worker_kind_t  worker_kinds[] = {
    { "rough", NULL, ".ts", true, false, false },
    { "smart", NULL, ".ts", false, false, false },
    { "fast", "smart", NULL, false, false, false },
    { "mpegts", NULL, ".ts", false, false, true },
    { "full", "mpegts", NULL, false, false, false },
    { "mp4", NULL, ".mp4", false, false, true },
    { "webm", NULL, ".webm", false, false, true },
    { "archive", NULL, ".mkv", true, true, false },
    { NULL, NULL, NULL, false, false, false }
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
