
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_job: the steps of a job in the database (CONTRACT.md 0 and 7),
 * one statement each over events and event_jobs.  The row count says
 * whether the job was still ours.
 * May call: worker_pg, common/.
 * Frees: nothing but its rows; values live in the caller's arena.
 */


#ifndef WORKER_JOB_H_INCLUDED_
#define WORKER_JOB_H_INCLUDED_


#include "common/wub_arena.h"
#include "worker/worker.h"
#include "worker/worker_file.h"
#include "worker/worker_pg.h"
#include "worker/worker_upload.h"


/* crashes of one and the same cut before a person has to look at it */
#define WORKER_JOB_CRASHES       "3"


/* the columns of a job, as the claim compares them */
typedef enum {
    WORKER_JOB_ALLOW_HOLES = 0,
    WORKER_JOB_WHITELIST,
    WORKER_JOB_LOCATION,
    WORKER_JOB_PUBLIC,
    WORKER_JOB_RANGES,
    WORKER_JOB_TRANSITIONS,
    WORKER_JOB_TITLE,
    WORKER_JOB_DESCRIPTION,
    WORKER_JOB_TAGS,
    WORKER_JOB_CHANNEL,
    WORKER_JOB_QUALITY,
    WORKER_JOB_THUMBNAIL_MODE,
    WORKER_JOB_THUMBNAIL_TIME,
    WORKER_JOB_THUMBNAIL_TEMPLATE,
    WORKER_JOB_THUMBNAIL_IMAGE,
    WORKER_JOB_THUMBNAIL_CROP,
    WORKER_JOB_THUMBNAIL_LOCATION,
    WORKER_JOB_CUT_TYPE,
    WORKER_JOB_CATEGORY,
    WORKER_JOB_NCOLUMNS
} worker_job_column_e;

typedef struct {
    const char  *id;
    const char  *worker;        /* our name: uploader and node */
    char         token[WORKER_UUID_SIZE];
    const char  *columns[WORKER_JOB_NCOLUMNS];  /* Postgres' text or NULL */
} worker_job_t;


/* what a claimed job may do next; a and b are its two values */
typedef enum {
    WORKER_STEP_RENEW = 0,      /* progress, progress_note */
    WORKER_STEP_FINALIZE,       /* -, - */
    WORKER_STEP_DONE,           /* video_id, video_link */
    WORKER_STEP_RELEASE,        /* to EDITED: error or NULL, - */
    WORKER_STEP_REFUSE,         /* to UNEDITED: error, - */
    WORKER_STEP_UNSURE,         /* stays FINALIZING: error, - */
    WORKER_STEP_CRASH           /* to EDITED: error; at last to UNEDITED */
} worker_job_step_e;


/* a claim of this worker with nobody at work on it */
typedef struct {
    worker_job_t           job;
    bool                   finalizing;
    const char            *location;
    worker_upload_plan_t   plan;
} worker_job_orphan_t;


/*
 * Rows of id and key: EDITED, at one of locations (a Postgres array), and
 * for this worker; in random order.  A key is an md5 of the job's columns:
 * another one, another job.
 */
worker_rc_t worker_job_candidates(worker_pg_t *pg, const char *worker,
    const char *locations, bool explicit_only, worker_pg_rows_t **ret,
    worker_err_t *err);

/* WORKER_DECLINED: there is no such row, or it is not EDITED any more */
worker_rc_t worker_job_load(wub_arena_t *arena, worker_pg_t *pg,
    const char *id, worker_job_t *ret, worker_err_t *err);

/*
 * Says on an EDITED row why it is not cut.  What another node or a person
 * said there stays; what this worker said before is replaced.
 */
worker_rc_t worker_job_say(worker_pg_t *pg, const worker_job_t *job,
    const char *error, worker_err_t *err);

/*
 * EDITED to CLAIMED, if every column is as it was read; job->token becomes
 * the claim's.  WORKER_DECLINED: somebody was faster.
 */
worker_rc_t worker_job_claim(worker_pg_t *pg, const worker_job_t *job,
    const worker_upload_plan_t *plan, worker_err_t *err);

/* WORKER_DECLINED: the job is not ours any more */
worker_rc_t worker_job_step(worker_pg_t *pg, const worker_job_t *job,
    worker_job_step_e step, const char *a, const char *b,
    worker_err_t *err);

/* claims whose lease ran out, of any worker of ours, go back to EDITED */
worker_rc_t worker_job_expire(worker_pg_t *pg, const char *worker,
    long *ret_freed, worker_err_t *err);

/* rows of id: the claims of this worker */
worker_rc_t worker_job_claims(worker_pg_t *pg, const char *worker,
    worker_pg_rows_t **ret, worker_err_t *err);

/*
 * Takes such a claim over from whoever held it here before, with a lease.
 * WORKER_DECLINED: it is gone.
 */
worker_rc_t worker_job_adopt(wub_arena_t *arena, worker_pg_t *pg,
    const char *worker, const char *id, worker_job_orphan_t *ret,
    worker_err_t *err);


#endif /* WORKER_JOB_H_INCLUDED_ */
