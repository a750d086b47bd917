
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Statements touch events before event_jobs, as the trigger that takes a
 * job away does: in the other order an editor and a worker could wait for
 * each other.  set_config() tells the trigger that the writer holds the
 * claim; it is in the WHERE clause so that it runs before the row changes.
 */


#include "worker/worker_job.h"


/* columns that make a job what it is; the image by its time of edit */
#define WORKER_JOB_KEY                                                        \
    "md5(ROW(e.id, e.allow_holes, e.uploader_whitelist, e.upload_location,"   \
    " e.public, e.video_ranges, e.video_transitions, e.video_title,"          \
    " e.video_description, e.video_tags, e.video_channel, e.video_quality,"   \
    " e.thumbnail_mode, e.thumbnail_time, e.thumbnail_template,"              \
    " e.thumbnail_crop, e.thumbnail_location, e.cut_type, e.category,"        \
    " e.edit_time)::text)"

/* the claim is ours: $1 id, $2 worker, $3 token */
#define WORKER_JOB_HELD                                                       \
    " FROM event_jobs j, (SELECT set_config('wubloader.claim_token', $3,"     \
    " true) AS token) t"                                                      \
    " WHERE e.id = $1 AND e.uploader = $2 AND j.id = e.id"                    \
    " AND j.claim_token::text = t.token AND j.lease_until > now()"

#define WORKER_JOB_LEASE         "interval '60 seconds'"

/* no renewal while a backend finishes */
#define WORKER_JOB_LEASE_LAST    "interval '10 minutes'"

/* the claim is over */
#define WORKER_JOB_DROP                                                       \
    "UPDATE event_jobs j SET claim_token = NULL, lease_until = NULL,"         \
    " upload_session = NULL, updated = now()"                                 \
    " FROM held WHERE j.id = held.id"


/* every step has all five values, so each of them is in its text */
static const char *const  worker_job_steps[] = {

    [WORKER_STEP_RENEW] =
        "WITH held AS (UPDATE events e SET progress = $4::real,"
        " progress_note = $5"
        WORKER_JOB_HELD " AND e.state = 'CLAIMED' RETURNING e.id)"
        " UPDATE event_jobs j SET lease_until = now() + " WORKER_JOB_LEASE ","
        " updated = now() FROM held WHERE j.id = held.id",

    /* from FINALIZING too: the answer to the first try may have been lost */

    [WORKER_STEP_FINALIZE] =
        "WITH held AS (UPDATE events e SET state = 'FINALIZING',"
        " progress = 1, progress_note = coalesce($4, $5, 'finishing')"
        WORKER_JOB_HELD " AND e.state IN ('CLAIMED', 'FINALIZING')"
        " RETURNING e.id)"
        " UPDATE event_jobs j SET lease_until = now() + "
        WORKER_JOB_LEASE_LAST ", updated = now()"
        " FROM held WHERE j.id = held.id",

    [WORKER_STEP_DONE] =
        "WITH held AS (UPDATE events e SET state = 'DONE', video_id = $4,"
        " video_link = $5, upload_time = now() AT TIME ZONE 'UTC',"
        " thumbnail_last_written = CASE WHEN e.thumbnail_mode = 'NONE'"
        " THEN NULL ELSE sha256(e.thumbnail_image) END,"
        " progress = 1, progress_note = NULL, error = NULL"
        WORKER_JOB_HELD " AND e.state = 'FINALIZING' RETURNING e.id) "
        WORKER_JOB_DROP,

    [WORKER_STEP_RELEASE] =
        "WITH held AS (UPDATE events e SET state = 'EDITED',"
        " uploader = NULL, error = coalesce($4, $5),"
        " progress = NULL, progress_note = NULL"
        WORKER_JOB_HELD " AND e.state IN ('CLAIMED', 'FINALIZING')"
        " RETURNING e.id) "
        WORKER_JOB_DROP,

    [WORKER_STEP_REFUSE] =
        "WITH held AS (UPDATE events e SET state = 'UNEDITED',"
        " error = coalesce($4, $5), progress = NULL, progress_note = NULL"
        WORKER_JOB_HELD " AND e.state IN ('CLAIMED', 'FINALIZING')"
        " RETURNING e.id) "
        WORKER_JOB_DROP,

    [WORKER_STEP_UNSURE] =
        "WITH held AS (UPDATE events e SET error = coalesce($4, $5)"
        WORKER_JOB_HELD " AND e.state = 'FINALIZING'"
        " AND e.error IS DISTINCT FROM $4 RETURNING e.id)"
        " UPDATE event_jobs j SET updated = now()"
        " FROM held WHERE j.id = held.id",

    [WORKER_STEP_CRASH] =
        "WITH held AS (UPDATE events e SET"
        " state = CASE WHEN n.crashes < " WORKER_JOB_CRASHES
        " THEN 'EDITED' ELSE 'UNEDITED' END::event_state,"
        " uploader = CASE WHEN n.crashes < " WORKER_JOB_CRASHES
        " THEN NULL ELSE e.uploader END,"
        " error = CASE WHEN n.crashes < " WORKER_JOB_CRASHES
        " THEN $4 ELSE $5 END, progress = NULL, progress_note = NULL"
        " FROM event_jobs j, (SELECT set_config('wubloader.claim_token', $3,"
        " true) AS token) t, LATERAL (SELECT 1 + coalesce("
        "(j.plan->>'crashes')::integer, 0) AS crashes) n"
        " WHERE e.id = $1 AND e.uploader = $2 AND j.id = e.id"
        " AND j.claim_token::text = t.token AND j.lease_until > now()"
        " AND e.state = 'CLAIMED' RETURNING e.id, n.crashes)"
        " UPDATE event_jobs j SET claim_token = NULL, lease_until = NULL,"
        " upload_session = NULL, updated = now(), plan = coalesce(j.plan,"
        " '{}') || jsonb_build_object('crashes', held.crashes)"
        " FROM held WHERE j.id = held.id"
};


static worker_rc_t worker_job_changed(worker_pg_t *pg, const char *sql,
    int nvalues, const char *const *values, worker_err_t *err);
static const char *worker_job_copy(wub_arena_t *arena,
    const worker_pg_rows_t *rows, int col, bool *failed);


worker_rc_t
worker_job_candidates(worker_pg_t *pg, const char *worker,
    const char *locations, bool explicit_only, worker_pg_rows_t **ret,
    worker_err_t *err)
{
    const char  *values[3];

    static const char  sql[] =
        "SELECT e.id, " WORKER_JOB_KEY " FROM events e"
        " WHERE e.state = 'EDITED' AND e.upload_location = ANY ($1::text[])"
        " AND ($2 = ANY (e.uploader_whitelist)"
        "      OR (e.uploader_whitelist IS NULL AND NOT $3::boolean))"
        " ORDER BY random() LIMIT 1000";

    values[0] = locations;
    values[1] = worker;
    values[2] = explicit_only ? "true" : "false";

    return worker_pg_run(pg, sql, 3, values, ret, err);
}


worker_rc_t
worker_job_load(wub_arena_t *arena, worker_pg_t *pg, const char *id,
    worker_job_t *ret, worker_err_t *err)
{
    int                 i;
    bool                failed;
    worker_rc_t         rc;
    worker_pg_rows_t   *rows;

    /* in the order of worker_job_column_e */

    static const char  sql[] =
        "SELECT e.allow_holes::text, e.uploader_whitelist, e.upload_location,"
        " e.public::text, e.video_ranges, e.video_transitions, e.video_title,"
        " e.video_description, e.video_tags, e.video_channel,"
        " e.video_quality, e.thumbnail_mode, e.thumbnail_time,"
        " e.thumbnail_template, '\\x' || encode(e.thumbnail_image, 'hex'),"
        " e.thumbnail_crop, e.thumbnail_location, e.cut_type, e.category"
        " FROM events e WHERE e.id = $1 AND e.state = 'EDITED'";

    rc = worker_pg_run(pg, sql, 1, &id, &rows, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (worker_pg_nrows(rows) != 1) {
        worker_pg_free(rows);
        return WORKER_DECLINED;
    }

    ret->id = id;
    failed = false;

    for (i = 0; i < WORKER_JOB_NCOLUMNS; i++) {
        ret->columns[i] = worker_job_copy(arena, rows, i, &failed);
    }

    worker_pg_free(rows);

    if (failed) {
        return worker_fail_memory(err, "The row");
    }

    return WORKER_OK;
}


worker_rc_t
worker_job_say(worker_pg_t *pg, const worker_job_t *job, const char *error,
    worker_err_t *err)
{
    const char  *values[3];

    static const char  sql[] =
        "UPDATE events SET error = $3 WHERE id = $1 AND state = 'EDITED'"
        " AND error IS DISTINCT FROM $3"
        " AND (error IS NULL OR starts_with(error, $2 || ': '))";

    values[0] = job->id;
    values[1] = job->worker;
    values[2] = error;

    return worker_job_changed(pg, sql, 3, values, err);
}


worker_rc_t
worker_job_claim(worker_pg_t *pg, const worker_job_t *job,
    const worker_upload_plan_t *plan, worker_err_t *err)
{
    size_t       i;
    const char  *values[6 + WORKER_JOB_NCOLUMNS];

    static const char  sql[] =
        "WITH held AS (UPDATE events e SET state = 'CLAIMED', uploader = $2,"
        " error = NULL, progress = 0, progress_note = NULL"
        " FROM (SELECT set_config('wubloader.claim_token', $3, true)"
        " AS token) t"
        " WHERE e.id = $1 AND e.state = 'EDITED' AND t.token = $3"
        " AND e.allow_holes IS NOT DISTINCT FROM $7::boolean"
        " AND e.uploader_whitelist IS NOT DISTINCT FROM $8::text[]"
        " AND e.upload_location IS NOT DISTINCT FROM $9"
        " AND e.public IS NOT DISTINCT FROM $10::boolean"
        " AND e.video_ranges IS NOT DISTINCT FROM $11::video_range[]"
        " AND e.video_transitions IS NOT DISTINCT FROM"
        " $12::video_transition[]"
        " AND e.video_title IS NOT DISTINCT FROM $13"
        " AND e.video_description IS NOT DISTINCT FROM $14"
        " AND e.video_tags IS NOT DISTINCT FROM $15::text[]"
        " AND e.video_channel IS NOT DISTINCT FROM $16"
        " AND e.video_quality IS NOT DISTINCT FROM $17"
        " AND e.thumbnail_mode IS NOT DISTINCT FROM $18::thumbnail_mode"
        " AND e.thumbnail_time IS NOT DISTINCT FROM $19::timestamp"
        " AND e.thumbnail_template IS NOT DISTINCT FROM $20"
        " AND e.thumbnail_image IS NOT DISTINCT FROM $21::bytea"
        " AND e.thumbnail_crop::integer[] IS NOT DISTINCT FROM"
        " $22::integer[]"
        " AND e.thumbnail_location::integer[] IS NOT DISTINCT FROM"
        " $23::integer[]"
        " AND e.cut_type IS NOT DISTINCT FROM $24"
        " AND e.category IS NOT DISTINCT FROM $25"
        " RETURNING e.id, " WORKER_JOB_KEY " AS key)"
        " INSERT INTO event_jobs AS j (id, claim_token, node, lease_until,"
        " attempt, plan, upload_session, updated)"
        " SELECT held.id, $3::uuid, $2, now() + " WORKER_JOB_LEASE ", 1,"
        " jsonb_build_object('key', held.key, 'crashes', 0,"
        " 'video_id', $4::text, 'name', $5::text, 'link', $6::text),"
        " NULL, now() FROM held"
        " ON CONFLICT (id) DO UPDATE SET claim_token = EXCLUDED.claim_token,"
        " node = EXCLUDED.node, lease_until = EXCLUDED.lease_until,"
        " attempt = coalesce(j.attempt, 0) + 1,"
        " plan = EXCLUDED.plan || jsonb_build_object('crashes',"
        " CASE WHEN j.plan->>'key' = EXCLUDED.plan->>'key'"
        " THEN coalesce(j.plan->'crashes', '0') ELSE '0' END),"
        " upload_session = NULL, updated = now()";

    values[0] = job->id;
    values[1] = job->worker;
    values[2] = job->token;
    values[3] = plan->video_id;
    values[4] = plan->name;
    values[5] = plan->link;

    for (i = 0; i < WORKER_JOB_NCOLUMNS; i++) {
        values[6 + i] = job->columns[i];
    }

    return worker_job_changed(pg, sql, 6 + WORKER_JOB_NCOLUMNS, values, err);
}


worker_rc_t
worker_job_step(worker_pg_t *pg, const worker_job_t *job,
    worker_job_step_e step, const char *a, const char *b, worker_err_t *err)
{
    const char  *values[5];

    values[0] = job->id;
    values[1] = job->worker;
    values[2] = job->token;
    values[3] = a;
    values[4] = b;

    return worker_job_changed(pg, worker_job_steps[step], 5, values, err);
}


worker_rc_t
worker_job_expire(worker_pg_t *pg, const char *worker, long *ret_freed,
    worker_err_t *err)
{
    worker_rc_t        rc;
    worker_pg_rows_t  *rows;

    /* the trigger voids the claim: the writer does not hold it */

    static const char  sql[] =
        "UPDATE events e SET state = 'EDITED', uploader = NULL,"
        " error = $1 || ': the worker ' || e.uploader || ' fell silent in"
        " the middle of the cut; it is tried again',"
        " progress = NULL, progress_note = NULL"
        " FROM event_jobs j WHERE j.id = e.id AND e.state = 'CLAIMED'"
        " AND j.claim_token IS NOT NULL AND j.lease_until < now()";

    rc = worker_pg_run(pg, sql, 1, &worker, &rows, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    *ret_freed = worker_pg_affected(rows);
    worker_pg_free(rows);

    return WORKER_OK;
}


worker_rc_t
worker_job_claims(worker_pg_t *pg, const char *worker,
    worker_pg_rows_t **ret, worker_err_t *err)
{
    static const char  sql[] =
        "SELECT e.id FROM events e JOIN event_jobs j ON j.id = e.id"
        " WHERE e.state IN ('CLAIMED', 'FINALIZING') AND e.uploader = $1"
        " AND j.node = $1 AND j.claim_token IS NOT NULL";

    return worker_pg_run(pg, sql, 1, &worker, ret, err);
}


worker_rc_t
worker_job_adopt(wub_arena_t *arena, worker_pg_t *pg, const char *worker,
    const char *id, worker_job_orphan_t *ret, worker_err_t *err)
{
    bool               failed;
    size_t             i;
    const char        *values[2], *v[6];
    worker_rc_t        rc;
    worker_pg_rows_t  *rows;

    /* a statement of who held it may still be on its way: a new token */

    static const char  sql[] =
        "UPDATE event_jobs j SET claim_token = gen_random_uuid(),"
        " lease_until = now() + " WORKER_JOB_LEASE_LAST ", updated = now()"
        " FROM events e WHERE e.id = $1 AND e.uploader = $2 AND j.id = e.id"
        " AND e.state IN ('CLAIMED', 'FINALIZING') AND j.node = $2"
        " AND j.claim_token IS NOT NULL"
        " RETURNING e.state, j.claim_token, e.upload_location,"
        " j.plan->>'video_id', j.plan->>'name', j.plan->>'link'";

    values[0] = id;
    values[1] = worker;

    rc = worker_pg_run(pg, sql, 2, values, &rows, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (worker_pg_nrows(rows) != 1) {
        worker_pg_free(rows);
        return WORKER_DECLINED;
    }

    failed = false;

    for (i = 0; i < 6; i++) {
        v[i] = worker_job_copy(arena, rows, (int) i, &failed);
    }

    worker_pg_free(rows);

    if (failed || v[1] == NULL || strlen(v[1]) >= WORKER_UUID_SIZE) {
        return worker_fail_memory(err, "The row");
    }

    memset(ret, 0, sizeof(worker_job_orphan_t));

    ret->job.id = id;
    ret->job.worker = worker;
    memcpy(ret->job.token, v[1], strlen(v[1]) + 1);

    ret->finalizing = (strcmp(v[0], "FINALIZING") == 0);
    ret->location = v[2];
    ret->plan.video_id = v[3];
    ret->plan.name = v[4];
    ret->plan.link = v[5];

    return WORKER_OK;
}


/* WORKER_DECLINED: no row was changed */
static worker_rc_t
worker_job_changed(worker_pg_t *pg, const char *sql, int nvalues,
    const char *const *values, worker_err_t *err)
{
    long               n;
    worker_rc_t        rc;
    worker_pg_rows_t  *rows;

    rc = worker_pg_run(pg, sql, nvalues, values, &rows, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    n = worker_pg_affected(rows);
    worker_pg_free(rows);

    return (n == 1) ? WORKER_OK : WORKER_DECLINED;
}


/* NULL for SQL's null; failed is set when memory is out, else untouched */
static const char *
worker_job_copy(wub_arena_t *arena, const worker_pg_rows_t *rows, int col,
    bool *failed)
{
    const char  *value, *copy;

    value = worker_pg_value(rows, 0, col);

    if (value == NULL) {
        return NULL;
    }

    copy = wub_arena_strdup(arena, wub_str_n(value, strlen(value)));

    if (copy == NULL) {
        *failed = true;
    }

    return copy;
}
