
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdio.h>
#include <unistd.h>

#include "worker/worker_cutter_crew.h"
#include "worker/worker_log.h"
#include "worker/worker_loop.h"


/* milliseconds until a job's next turn, and the most of it */

#define WORKER_CREW_AGAIN        1000   /* after a check that said no */
#define WORKER_CREW_AGAIN_MAX    10000
#define WORKER_CREW_BACK         5000   /* after a failure */
#define WORKER_CREW_BACK_MAX     300000
#define WORKER_CREW_FRESH        5000   /* a good check stays good */


static void worker_cutter_crew_ended(worker_cutter_crew_t *crew,
    worker_pg_t *pg, worker_cutter_child_t *child,
    const worker_child_end_t *end);
static void worker_cutter_crew_crashed(worker_cutter_crew_t *crew,
    worker_pg_t *pg, const worker_cutter_child_t *child, int signo);
static void worker_cutter_crew_free(worker_cutter_child_t *child);
static void worker_cutter_crew_claim_key(const char *id,
    char out[WORKER_PAUSE_KEY]);


void
worker_cutter_crew_start(worker_cutter_crew_t *crew, worker_pg_t *pg,
    worker_cutter_task_e task, const char *id, const char *key,
    const char *crash)
{
    size_t                  i;
    worker_err_t            err;
    worker_cutter_child_t  *child;

    for (i = 0; crew->children[i].pid != 0; i++) {
        if (i == WORKER_CUTTER_CHILDREN - 1) {
            return;
        }
    }

    child = &crew->children[i];
    child->task = task;

    if (key != NULL) {
        (void) snprintf(child->key, sizeof(child->key), "%s", key);

    } else {
        worker_cutter_crew_claim_key(id, child->key);
    }

    child->arena = wub_arena_create((size_t) 1 << 20);
    child->id = (child->arena == NULL) ? NULL
                : wub_arena_strdup(child->arena, wub_str_n(id, strlen(id)));

    if (child->id == NULL) {
        worker_log(WORKER_LOG_ERROR, "out of memory", "job", id, NULL);
        worker_cutter_crew_free(child);
        return;
    }

    child->pid = worker_child_fork(-1, &err);

    if (child->pid == 0) {
        worker_pg_abandon(pg);
        _exit((int) worker_cutter_job(crew->config, task, id, crash));
    }

    if (child->pid == -1) {
        worker_log(WORKER_LOG_ERROR, err.text, "job", id, NULL);
        worker_pause_failed(&crew->pauses, child->key, worker_loop_now(),
                            WORKER_CREW_BACK, WORKER_CREW_BACK_MAX);
        worker_cutter_crew_free(child);
    }
}


void
worker_cutter_crew_reap(worker_cutter_crew_t *crew, worker_pg_t *pg)
{
    size_t               i;
    worker_child_end_t   end;

    while (worker_child_reap(&end)) {

        for (i = 0; i < WORKER_CUTTER_CHILDREN; i++) {
            if (crew->children[i].pid == end.pid) {
                worker_cutter_crew_ended(crew, pg, &crew->children[i], &end);
                worker_cutter_crew_free(&crew->children[i]);
                break;
            }
        }
    }
}


static void
worker_cutter_crew_ended(worker_cutter_crew_t *crew, worker_pg_t *pg,
    worker_cutter_child_t *child, const worker_child_end_t *end)
{
    int64_t  now;

    now = worker_loop_now();

    if (end->signo != 0) {
        worker_cutter_crew_crashed(crew, pg, child, end->signo);
        return;
    }

    switch (end->status) {

    case WORKER_CUTTER_DONE:
    case WORKER_CUTTER_REFUSED:
    case WORKER_CUTTER_STOPPED:
        worker_pause_forget(&crew->pauses, child->key);
        break;

    case WORKER_CUTTER_READY:
        worker_pause_ready(&crew->pauses, child->key, now, WORKER_CREW_FRESH);
        break;

    case WORKER_CUTTER_LOST:
    case WORKER_CUTTER_HELD:
    case WORKER_CUTTER_AWAY:
        worker_pause_failed(&crew->pauses, child->key, now, WORKER_CREW_AGAIN,
                            WORKER_CREW_AGAIN_MAX);
        break;

    default:
        worker_pause_failed(&crew->pauses, child->key, now, WORKER_CREW_BACK,
                            WORKER_CREW_BACK_MAX);
        break;
    }
}


static void
worker_cutter_crew_crashed(worker_cutter_crew_t *crew, worker_pg_t *pg,
    const worker_cutter_child_t *child, int signo)
{
    char  text[128];

    (void) snprintf(text, sizeof(text), "the cut was killed by signal %d (%s)",
                    signo, strsignal(signo));

    worker_log(WORKER_LOG_ERROR, text, "job", child->id, NULL);

    worker_pause_failed(&crew->pauses, child->key, worker_loop_now(),
                        WORKER_CREW_BACK, WORKER_CREW_BACK_MAX);

    if (child->task != WORKER_CUTTER_RESOLVE) {
        worker_cutter_crew_start(crew, pg, WORKER_CUTTER_RESOLVE, child->id,
                                 NULL, text);
    }
}


void
worker_cutter_crew_kill(const worker_cutter_crew_t *crew, int signo)
{
    size_t  i;

    for (i = 0; i < WORKER_CUTTER_CHILDREN; i++) {
        if (crew->children[i].pid != 0) {
            (void) kill(crew->children[i].pid, signo);
        }
    }
}


const worker_pause_key_t *
worker_cutter_crew_claim(const worker_cutter_crew_t *crew, const char *id)
{
    char  key[WORKER_PAUSE_KEY];

    worker_cutter_crew_claim_key(id, key);

    return worker_pause_find(&crew->pauses, key);
}


bool
worker_cutter_crew_has(const worker_cutter_crew_t *crew, const char *id)
{
    size_t  i;

    for (i = 0; i < WORKER_CUTTER_CHILDREN; i++) {
        if (crew->children[i].pid != 0
            && strcmp(crew->children[i].id, id) == 0)
        {
            return true;
        }
    }

    return false;
}


int64_t
worker_cutter_crew_count(const worker_cutter_crew_t *crew,
    worker_cutter_task_e task)
{
    size_t   i;
    int64_t  n;

    n = 0;

    for (i = 0; i < WORKER_CUTTER_CHILDREN; i++) {
        if (crew->children[i].pid != 0 && crew->children[i].task == task) {
            n++;
        }
    }

    return n;
}


bool
worker_cutter_crew_idle(const worker_cutter_crew_t *crew)
{
    size_t  i;

    for (i = 0; i < WORKER_CUTTER_CHILDREN; i++) {
        if (crew->children[i].pid != 0) {
            return false;
        }
    }

    return true;
}


static void
worker_cutter_crew_free(worker_cutter_child_t *child)
{
    wub_arena_destroy(child->arena);
    memset(child, 0, sizeof(worker_cutter_child_t));
}


/* FNV-1a; a row's key is an md5 and never has a dash */
static void
worker_cutter_crew_claim_key(const char *id, char out[WORKER_PAUSE_KEY])
{
    uint64_t  hash;

    hash = UINT64_C(14695981039346656037);

    for ( /* void */ ; *id != '\0'; id++) {
        hash ^= (unsigned char) *id;
        hash *= UINT64_C(1099511628211);
    }

    (void) snprintf(out, WORKER_PAUSE_KEY, "claim-%016llx",
                    (unsigned long long) hash);
}
