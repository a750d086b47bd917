
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "worker/worker_upload.h"


static const worker_upload_ops_t *const  worker_upload_backends[] = {
    &worker_upload_local
};


const worker_upload_ops_t *
worker_upload_find(const char *type)
{
    size_t  i, n;

    n = sizeof(worker_upload_backends) / sizeof(worker_upload_backends[0]);

    for (i = 0; i < n; i++) {
        if (strcmp(worker_upload_backends[i]->type, type) == 0) {
            return worker_upload_backends[i];
        }
    }

    return NULL;
}
