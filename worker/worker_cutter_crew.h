
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_cutter_crew: the children of the role cut: who is at work on
 * what, and what the end of one means for its job's next turn.
 * May call: worker_child, worker_cutter_job, worker_pause, worker_log.
 * Frees: a child's memory when it is reaped.
 */


#ifndef WORKER_CUTTER_CREW_H_INCLUDED_
#define WORKER_CUTTER_CREW_H_INCLUDED_


#include "worker/worker_child.h"
#include "worker/worker_cutter_job.h"
#include "worker/worker_pause.h"
#include "worker/worker_pg.h"


/* as many jobs as can be, one check, and claims to resolve */
#define WORKER_CUTTER_CHILDREN   80


typedef struct {
    pid_t                  pid;         /* 0: free */
    worker_cutter_task_e   task;
    wub_arena_t           *arena;       /* owns id */
    const char            *id;
    char                   key[WORKER_PAUSE_KEY];
} worker_cutter_child_t;

typedef struct {
    const worker_config_t   *config;
    worker_pauses_t          pauses;
    worker_cutter_child_t    children[WORKER_CUTTER_CHILDREN];
} worker_cutter_crew_t;


/*
 * Starts a child; pg is the parent's connection, which the child abandons.
 * Key names the job's row as it is, or is NULL for a claim to resolve.
 */
void worker_cutter_crew_start(worker_cutter_crew_t *crew, worker_pg_t *pg,
    worker_cutter_task_e task, const char *id, const char *key,
    const char *crash);

/*
 * Takes note of all that have ended.  Where one was killed, another
 * resolves the claim that it may have had.
 */
void worker_cutter_crew_reap(worker_cutter_crew_t *crew, worker_pg_t *pg);

void worker_cutter_crew_kill(const worker_cutter_crew_t *crew, int signo);

/* the pause of a claim to resolve, as worker_pause_find() */
const worker_pause_key_t *worker_cutter_crew_claim(
    const worker_cutter_crew_t *crew, const char *id);

bool worker_cutter_crew_has(const worker_cutter_crew_t *crew,
    const char *id);
int64_t worker_cutter_crew_count(const worker_cutter_crew_t *crew,
    worker_cutter_task_e task);
bool worker_cutter_crew_idle(const worker_cutter_crew_t *crew);


#endif /* WORKER_CUTTER_CREW_H_INCLUDED_ */
