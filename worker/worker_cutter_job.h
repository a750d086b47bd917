
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_cutter_job: the child's half of the role cut: one job from its
 * check to DONE, or one claim that was left behind, over a connection of
 * its own.
 * May call: worker_job, worker_check, worker_cut, worker_upload, worker_pg,
 * worker_log.
 * Frees: all of it, and no file is left under a temp name.
 */


#ifndef WORKER_CUTTER_JOB_H_INCLUDED_
#define WORKER_CUTTER_JOB_H_INCLUDED_


#include "worker/worker_config.h"


/* how a child of the role ends: its exit status */
typedef enum {
    WORKER_CUTTER_DONE = 0,
    WORKER_CUTTER_LOST = 10,    /* not a job of ours, or not any more */
    WORKER_CUTTER_READY,        /* it can be cut */
    WORKER_CUTTER_HELD,         /* it cannot be cut as it is */
    WORKER_CUTTER_RETRY,        /* given back with an error */
    WORKER_CUTTER_REFUSED,      /* it is UNEDITED, with an error */
    WORKER_CUTTER_STOPPED,      /* told to stop, given back */
    WORKER_CUTTER_AWAY          /* the database could not be reached */
} worker_cutter_end_e;

typedef enum {
    WORKER_CUTTER_CUT,          /* check, claim, cut */
    WORKER_CUTTER_CHECK,        /* check only: there is no room to cut */
    WORKER_CUTTER_RESOLVE       /* a claim that nobody is at work on */
} worker_cutter_task_e;


/* runs in the child; crash says how an earlier child died, or is NULL */
worker_cutter_end_e worker_cutter_job(const worker_config_t *config,
    worker_cutter_task_e task, const char *id, const char *crash);


#endif /* WORKER_CUTTER_JOB_H_INCLUDED_ */
