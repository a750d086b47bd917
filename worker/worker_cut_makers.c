
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "worker/worker_archive.h"
#include "worker/worker_cut_makers.h"
#include "worker/worker_full.h"
#include "worker/worker_join.h"


typedef struct {
    const char            *kind;
    const worker_maker_t  *maker;
} worker_cut_row_t;

static const worker_cut_row_t  worker_cut_rows[] = {
    { "smart", &worker_join_maker },
    { "mpegts", &worker_full_maker },
    { "mp4", &worker_full_maker },
    { "webm", &worker_full_maker },
    { "archive", &worker_archive_maker },
    { NULL, NULL }
};


const worker_maker_t *
worker_cut_maker(const worker_kind_t *kind)
{
    const worker_cut_row_t  *row;

    for (row = worker_cut_rows; row->kind != NULL; row++) {
        if (strcmp(row->kind, kind->name) == 0) {
            break;
        }
    }

    return row->maker;
}
