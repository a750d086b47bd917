
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "worker/worker_pause.h"


static worker_pause_key_t *worker_pause_entry(worker_pauses_t *pauses,
    const char *key);
static worker_pause_key_t *worker_pause_soonest(worker_pauses_t *pauses);


const worker_pause_key_t *
worker_pause_find(const worker_pauses_t *pauses, const char *key)
{
    size_t  i;

    for (i = 0; i < pauses->nkeys; i++) {
        if (strcmp(pauses->keys[i].key, key) == 0) {
            return &pauses->keys[i];
        }
    }

    return NULL;
}


void
worker_pause_failed(worker_pauses_t *pauses, const char *key, int64_t now,
    int64_t base, int64_t most)
{
    unsigned             n;
    worker_pause_key_t  *k;

    k = worker_pause_entry(pauses, key);
    k->ready = false;

    for (n = 0; n < k->failures && base < most; n++) {
        base *= 2;
    }

    k->failures++;
    k->until = now + (base < most ? base : most);
}


void
worker_pause_ready(worker_pauses_t *pauses, const char *key, int64_t now,
    int64_t ms)
{
    worker_pause_key_t  *k;

    k = worker_pause_entry(pauses, key);
    k->ready = true;
    k->until = now + ms;
}


void
worker_pause_forget(worker_pauses_t *pauses, const char *key)
{
    size_t  i;

    for (i = 0; i < pauses->nkeys; i++) {
        if (strcmp(pauses->keys[i].key, key) == 0) {
            pauses->nkeys--;
            pauses->keys[i] = pauses->keys[pauses->nkeys];
            return;
        }
    }
}


void
worker_pause_expire(worker_pauses_t *pauses, int64_t before)
{
    size_t  i;

    i = 0;

    while (i < pauses->nkeys) {

        if (pauses->keys[i].until >= before) {
            i++;
            continue;
        }

        pauses->nkeys--;
        pauses->keys[i] = pauses->keys[pauses->nkeys];
    }
}


static worker_pause_key_t *
worker_pause_entry(worker_pauses_t *pauses, const char *key)
{
    size_t               i, len;
    worker_pause_key_t  *k;

    for (i = 0; i < pauses->nkeys; i++) {
        if (strcmp(pauses->keys[i].key, key) == 0) {
            return &pauses->keys[i];
        }
    }

    if (pauses->nkeys == WORKER_PAUSE_MAX) {
        k = worker_pause_soonest(pauses);

    } else {
        k = &pauses->keys[pauses->nkeys];
        pauses->nkeys++;
    }

    len = strlen(key);

    if (len > WORKER_PAUSE_KEY - 1) {
        len = WORKER_PAUSE_KEY - 1;
    }

    memset(k, 0, sizeof(worker_pause_key_t));
    memcpy(k->key, key, len);

    return k;
}


static worker_pause_key_t *
worker_pause_soonest(worker_pauses_t *pauses)
{
    size_t               i;
    worker_pause_key_t  *k;

    k = &pauses->keys[0];

    for (i = 1; i < pauses->nkeys; i++) {
        if (pauses->keys[i].until < k->until) {
            k = &pauses->keys[i];
        }
    }

    return k;
}
