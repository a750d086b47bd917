
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdio.h>

#include "worker/worker_check.h"
#include "worker/worker_cutter_job.h"
#include "worker/worker_log.h"
#include "worker/worker_loop.h"


#define WORKER_CUTTER_CONNECT    5000   /* ms to connect */
#define WORKER_CUTTER_PATIENCE   60000  /* ms to get a step to the database */
#define WORKER_CUTTER_HURRY      3000   /* the same when told to stop */
#define WORKER_CUTTER_SHOW       1000   /* ms between two reports */
#define WORKER_CUTTER_RENEW      10000  /* ms a lease goes without renewal */

/* bytes of a line about the video */
#define WORKER_CUTTER_RESULT     2048

/* bytes of a sentence for the row: as much as any can grow to */
#define WORKER_CUTTER_SENTENCE   ((size_t) 8192)


typedef struct {
    const worker_config_t       *config;
    wub_arena_t                 *arena;
    worker_pg_t                 *pg;
    worker_job_t                 job;
    worker_check_t               check;
    worker_upload_plan_t         plan;
    const worker_upload_ops_t   *ops;
    int64_t                      renewed;   /* ms */
    int64_t                      shown;     /* microseconds of the video */
    bool                         away;      /* the connection is lost */
    bool                         lost;      /* the job is */
} worker_cutter_job_t;


static worker_cutter_end_e worker_cutter_job_run(worker_cutter_job_t *j,
    worker_cutter_task_e task);
static worker_cutter_end_e worker_cutter_job_claim(worker_cutter_job_t *j,
    worker_err_t *err);
static worker_cutter_end_e worker_cutter_job_cut(worker_cutter_job_t *j,
    worker_err_t *err);
static worker_rc_t worker_cutter_job_video(worker_cutter_job_t *j,
    void *session, worker_err_t *err);
static void worker_cutter_job_progress(void *data,
    const worker_cut_progress_t *progress);
static worker_cutter_end_e worker_cutter_job_finish(worker_cutter_job_t *j,
    void *session, worker_err_t *err);
static worker_cutter_end_e worker_cutter_job_failed(worker_cutter_job_t *j,
    worker_rc_t rc, const worker_err_t *why);
static worker_cutter_end_e worker_cutter_job_resolve(worker_cutter_job_t *j,
    const char *crash, worker_err_t *err);
static worker_cutter_end_e worker_cutter_job_found(worker_cutter_job_t *j,
    worker_err_t *err);
static worker_cutter_end_e worker_cutter_job_give_back(
    worker_cutter_job_t *j, const char *crash, worker_err_t *err);
static worker_rc_t worker_cutter_job_step(worker_cutter_job_t *j,
    worker_job_step_e step, const char *a, const char *b,
    worker_err_t *err);
static const char *worker_cutter_job_sentence(const worker_cutter_job_t *j,
    const char *text);


worker_cutter_end_e
worker_cutter_job(const worker_config_t *config, worker_cutter_task_e task,
    const char *id, const char *crash)
{
    char                  name[256];
    worker_err_t          err;
    worker_cutter_end_e   end;
    worker_cutter_job_t   j;

    memset(&j, 0, sizeof(worker_cutter_job_t));

    j.config = config;
    j.job.id = id;
    j.job.worker = config->name;
    j.arena = wub_arena_create(WUB_ARENA_MAX);

    if (j.arena == NULL) {
        return WORKER_CUTTER_AWAY;
    }

    (void) snprintf(name, sizeof(name), "wubloader-worker cut %s job",
                    config->name);

    if (worker_pg_open(&j.pg, config->database, name, WORKER_CUTTER_CONNECT,
                       &err) != WORKER_OK)
    {
        worker_log(WORKER_LOG_WARN, err.text, "job", id, NULL);
        end = WORKER_CUTTER_AWAY;

    } else if (task == WORKER_CUTTER_RESOLVE) {
        end = worker_cutter_job_resolve(&j, crash, &err);

    } else {
        end = worker_cutter_job_run(&j, task);
    }

    worker_pg_close(j.pg);
    wub_arena_destroy(j.arena);

    return end;
}


static worker_cutter_end_e
worker_cutter_job_run(worker_cutter_job_t *j, worker_cutter_task_e task)
{
    const char   *text;
    worker_rc_t   rc;
    worker_err_t  err;

    rc = worker_job_load(j->arena, j->pg, j->job.id, &j->job, &err);

    if (rc == WORKER_DECLINED) {
        return WORKER_CUTTER_LOST;
    }

    if (rc != WORKER_OK) {
        worker_log(WORKER_LOG_WARN, err.text, "job", j->job.id, NULL);
        return WORKER_CUTTER_AWAY;
    }

    rc = worker_check_job(j->arena, j->config, &j->job, &j->check, &err);

    if (rc == WORKER_OK && *worker_loop_stop() != 0) {
        return WORKER_CUTTER_STOPPED;
    }

    if (rc == WORKER_OK) {
        return (task == WORKER_CUTTER_CUT) ? worker_cutter_job_claim(j, &err)
                                           : WORKER_CUTTER_READY;
    }

    text = worker_cutter_job_sentence(j, err.text);
    rc = worker_job_say(j->pg, &j->job, text, &err);

    if (rc == WORKER_OK) {
        worker_log(WORKER_LOG_WARN, "cannot be cut", "job", j->job.id,
                   "error", text, NULL);
    }

    return (rc == WORKER_OK || rc == WORKER_DECLINED) ? WORKER_CUTTER_HELD
                                                      : WORKER_CUTTER_AWAY;
}


static worker_cutter_end_e
worker_cutter_job_claim(worker_cutter_job_t *j, worker_err_t *err)
{
    worker_rc_t  rc;

    j->ops = worker_upload_find(j->check.location->type);

    rc = worker_uuid(j->job.token, err);

    if (rc == WORKER_OK) {
        rc = j->ops->plan(j->arena, j->check.location,
                          j->job.columns[WORKER_JOB_TITLE],
                          j->check.kind->ending, &j->plan, err);
    }

    if (rc == WORKER_OK) {
        rc = worker_job_claim(j->pg, &j->job, &j->plan, err);
    }

    if (rc == WORKER_DECLINED) {
        worker_log(WORKER_LOG_INFO, "somebody else was faster", "job",
                   j->job.id, NULL);
        return WORKER_CUTTER_LOST;
    }

    /* a claim whose answer was lost is found by the parent */

    if (rc != WORKER_OK) {
        worker_log(WORKER_LOG_WARN, err->text, "job", j->job.id, NULL);
        return WORKER_CUTTER_AWAY;
    }

    worker_log(WORKER_LOG_INFO, "claimed", "job", j->job.id, "file",
               j->plan.name, NULL);

    return worker_cutter_job_cut(j, err);
}


static worker_cutter_end_e
worker_cutter_job_cut(worker_cutter_job_t *j, worker_err_t *err)
{
    void         *session;
    worker_rc_t   rc;

    j->renewed = worker_loop_now();

    rc = j->ops->open(j->arena, j->check.location, &j->plan, &session, err);
    if (rc != WORKER_OK) {
        return worker_cutter_job_failed(j, rc, err);
    }

    rc = worker_cutter_job_video(j, session, err);

    if (rc != WORKER_OK) {
        j->ops->abort(session);
        return worker_cutter_job_failed(j, rc, err);
    }

    return worker_cutter_job_finish(j, session, err);
}


/* all bytes into the backend, up to the point of no return */
static worker_rc_t
worker_cutter_job_video(worker_cutter_job_t *j, void *session,
    worker_err_t *err)
{
    char                 text[WORKER_CUTTER_RESULT];
    worker_rc_t          rc;
    worker_cut_t         cut;
    worker_cut_result_t  result;

    memset(&cut, 0, sizeof(worker_cut_t));

    cut.kind = j->check.kind;
    cut.store = j->check.store;
    cut.ranges = &j->check.ranges;
    cut.allow_holes = j->check.allow_holes;
    cut.encode = &j->check.encode;
    cut.write = j->ops->write;
    cut.write_data = session;
    cut.fd = j->ops->fd(session);
    cut.progress = worker_cutter_job_progress;
    cut.progress_data = j;
    cut.stop = worker_loop_stop();

    rc = worker_cut_run(j->arena, &cut, &result, err);

    if (rc == WORKER_OK && *worker_loop_stop() != 0) {
        rc = WORKER_STOPPED;
    }

    if (rc != WORKER_OK) {
        return rc;
    }

    worker_cut_summary(&result, text, sizeof(text));
    worker_log(WORKER_LOG_INFO, "cut", "job", j->job.id, "video", text, NULL);

    if (worker_cut_warning(&result, text, sizeof(text))) {
        worker_log(WORKER_LOG_WARN, "the video lacks some of its footage",
                   "job", j->job.id, "what", text, NULL);
    }

    return worker_check_tombstones(j->arena, &j->check, err);
}


/*
 * Renews the lease with the progress.  While the database is away the cut
 * goes on; when the job was taken away it ends.
 */
static void
worker_cutter_job_progress(void *data, const worker_cut_progress_t *progress)
{
    char                  part[32], note[128];
    int64_t               now, permille, age;
    worker_rc_t           rc;
    worker_err_t          err;
    worker_cutter_job_t  *j = data;

    now = worker_loop_now();
    age = now - j->renewed;

    if (j->lost || age < WORKER_CUTTER_SHOW
        || (age < WORKER_CUTTER_RENEW && progress->done == j->shown))
    {
        return;
    }

    j->renewed = now;
    j->shown = progress->done;

    if (j->away && worker_pg_reconnect(j->pg, &err) != WORKER_OK) {
        return;
    }

    permille = (progress->total > 0) ? progress->done * 1000 / progress->total
                                     : 0;
    permille = (permille > 1000) ? 1000 : permille;

    (void) snprintf(part, sizeof(part), "%lld.%03lld",
                    (long long) (permille / 1000),
                    (long long) (permille % 1000));
    (void) snprintf(note, sizeof(note), "cut %lld of %lld s",
                    (long long) (progress->done / WUB_SECOND),
                    (long long) (progress->total / WUB_SECOND));

    rc = worker_job_step(j->pg, &j->job, WORKER_STEP_RENEW, part, note, &err);
    j->away = (rc == WORKER_RETRY);

    if (rc == WORKER_DECLINED) {
        j->lost = true;
        (void) raise(SIGTERM);

    } else if (rc != WORKER_OK) {
        worker_log(WORKER_LOG_WARN, err.text, "job", j->job.id, NULL);
    }
}


static worker_cutter_end_e
worker_cutter_job_finish(worker_cutter_job_t *j, void *session,
    worker_err_t *err)
{
    worker_rc_t             rc;
    worker_upload_video_t   video;

    rc = worker_cutter_job_step(j, WORKER_STEP_FINALIZE, NULL, NULL, err);

    if (rc != WORKER_OK) {
        j->ops->abort(session);
        j->lost = (rc == WORKER_DECLINED);
        return worker_cutter_job_failed(j, rc, err);
    }

    video.title = j->job.columns[WORKER_JOB_TITLE];
    video.description = j->job.columns[WORKER_JOB_DESCRIPTION];
    video.tags = &j->check.tags;
    video.thumbnail = j->check.thumbnail;

    rc = j->ops->finish(session, &video, err);
    if (rc != WORKER_OK) {
        return worker_cutter_job_failed(j, rc, err);
    }

    rc = worker_cutter_job_step(j, WORKER_STEP_DONE, j->plan.video_id,
                                j->plan.link, err);

    /* the video is there: what the row lacks, the next look at it sets */

    if (rc != WORKER_OK) {
        worker_log(WORKER_LOG_ERROR, "the video is there, but the row could"
                   " not be set to DONE", "job", j->job.id, "file",
                   j->plan.name, "error", (rc == WORKER_DECLINED)
                       ? "the job is not ours any more" : err->text, NULL);
        return WORKER_CUTTER_AWAY;
    }

    worker_log(WORKER_LOG_INFO, "done", "job", j->job.id, "link",
               j->plan.link, NULL);

    return WORKER_CUTTER_DONE;
}


/* nothing of the video is left; says so on the row */
static worker_cutter_end_e
worker_cutter_job_failed(worker_cutter_job_t *j, worker_rc_t rc,
    const worker_err_t *why)
{
    const char           *error;
    worker_err_t          err;
    worker_job_step_e     step;
    worker_cutter_end_e   end;

    if (j->lost) {
        worker_log(WORKER_LOG_INFO, "taken away, nothing is left of it",
                   "job", j->job.id, NULL);
        return WORKER_CUTTER_LOST;
    }

    step = WORKER_STEP_RELEASE;
    end = WORKER_CUTTER_RETRY;
    error = worker_cutter_job_sentence(j, why->text);

    if (rc == WORKER_STOPPED) {
        end = WORKER_CUTTER_STOPPED;
        error = NULL;

    } else if (rc != WORKER_RETRY && rc != WORKER_HOLES) {
        step = WORKER_STEP_REFUSE;
        end = WORKER_CUTTER_REFUSED;
    }

    worker_log(error != NULL ? WORKER_LOG_ERROR : WORKER_LOG_INFO,
               (step == WORKER_STEP_REFUSE) ? "refused" : "given back",
               "job", j->job.id, "error", error != NULL ? error : "none",
               NULL);

    rc = worker_cutter_job_step(j, step, error, NULL, &err);

    if (rc == WORKER_OK) {
        return end;
    }

    if (rc == WORKER_DECLINED) {
        return WORKER_CUTTER_LOST;
    }

    worker_log(WORKER_LOG_WARN, err.text, "job", j->job.id, NULL);

    return WORKER_CUTTER_AWAY;
}


/* asks the backend what became of a claim */
static worker_cutter_end_e
worker_cutter_job_resolve(worker_cutter_job_t *j, const char *crash,
    worker_err_t *err)
{
    const char               *text;
    worker_rc_t               rc;
    worker_job_orphan_t       orphan;
    const worker_location_t  *location;

    rc = worker_job_adopt(j->arena, j->pg, j->config->name, j->job.id,
                          &orphan, err);

    /* it may have died before it had claimed anything */

    if (rc == WORKER_DECLINED && crash != NULL) {
        text = worker_cutter_job_sentence(j, crash);
        (void) worker_job_say(j->pg, &j->job, text, NULL);
    }

    if (rc == WORKER_DECLINED) {
        return WORKER_CUTTER_LOST;
    }

    if (rc != WORKER_OK) {
        worker_log(WORKER_LOG_WARN, err->text, "job", j->job.id, NULL);
        return WORKER_CUTTER_AWAY;
    }

    j->job = orphan.job;
    j->plan = orphan.plan;

    location = (orphan.location == NULL) ? NULL
               : worker_config_location(&j->config->cut, orphan.location);

    if (location == NULL || j->plan.name == NULL || j->plan.video_id == NULL) {
        rc = worker_fail(err, WORKER_INVALID,
                         "The upload location \"%s\" of this claim is not"
                         " configured here any more, so whether its video is"
                         " there cannot be told", (orphan.location != NULL)
                             ? orphan.location : "");

    } else {
        rc = worker_upload_find(location->type)->resolve(j->arena, location,
                                                         &j->plan, err);
    }

    if (rc == WORKER_OK) {
        return worker_cutter_job_found(j, err);
    }

    /* what cannot be asked about may be there: only a person can tell */

    if (rc != WORKER_DECLINED && orphan.finalizing) {
        text = worker_cutter_job_sentence(j, err->text);
        worker_log(WORKER_LOG_ERROR, text, "job", j->job.id, NULL);
        (void) worker_cutter_job_step(j, WORKER_STEP_UNSURE, text, NULL, err);
        return WORKER_CUTTER_RETRY;
    }

    return worker_cutter_job_give_back(j, crash, err);
}


/*
 * The backend has the whole video, so the job was FINALIZING, though a
 * database that crashed, or a standby of it, may have lost that.
 */
static worker_cutter_end_e
worker_cutter_job_found(worker_cutter_job_t *j, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = worker_cutter_job_step(j, WORKER_STEP_FINALIZE, NULL, NULL, err);

    if (rc == WORKER_OK) {
        rc = worker_cutter_job_step(j, WORKER_STEP_DONE, j->plan.video_id,
                                    j->plan.link, err);
    }

    if (rc != WORKER_OK) {
        worker_log(WORKER_LOG_WARN, (rc == WORKER_DECLINED)
                   ? "the job is not ours any more" : err->text,
                   "job", j->job.id, NULL);
        return WORKER_CUTTER_AWAY;
    }

    worker_log(WORKER_LOG_INFO, "found whole after a crash", "job", j->job.id,
               "link", j->plan.link, NULL);

    return WORKER_CUTTER_DONE;
}


static worker_cutter_end_e
worker_cutter_job_give_back(worker_cutter_job_t *j, const char *crash,
    worker_err_t *err)
{
    char          text[1024];
    const char   *again, *over;
    worker_rc_t   rc;

    if (crash != NULL) {
        (void) snprintf(text, sizeof(text), "%s; it is tried again", crash);
        again = worker_cutter_job_sentence(j, text);

        (void) snprintf(text, sizeof(text), "%s, as often as this may happen;"
                        " look at the worker's log, then submit the job"
                        " again", crash);
        over = worker_cutter_job_sentence(j, text);

        rc = worker_cutter_job_step(j, WORKER_STEP_CRASH, again, over, err);

    } else {
        again = worker_cutter_job_sentence(j, "the worker ended in the middle"
                                           " of the cut; it is tried again");
        rc = WORKER_DECLINED;
    }

    /* no crash of the cut itself, or one in FINALIZING */

    if (rc == WORKER_DECLINED) {
        rc = worker_cutter_job_step(j, WORKER_STEP_RELEASE, again, NULL, err);
    }

    worker_log(WORKER_LOG_WARN, "given back", "job", j->job.id, "error",
               again, NULL);

    if (rc == WORKER_DECLINED) {
        return WORKER_CUTTER_LOST;
    }

    if (rc != WORKER_OK) {
        return WORKER_CUTTER_AWAY;
    }

    return (crash != NULL) ? WORKER_CUTTER_RETRY : WORKER_CUTTER_LOST;
}


/* a step that a database which comes back in time does not lose */
static worker_rc_t
worker_cutter_job_step(worker_cutter_job_t *j, worker_job_step_e step,
    const char *a, const char *b, worker_err_t *err)
{
    int64_t      start, patience;
    worker_rc_t  rc;

    start = worker_loop_now();

    for ( ;; ) {
        rc = worker_job_step(j->pg, &j->job, step, a, b, err);

        patience = (*worker_loop_stop() != 0) ? WORKER_CUTTER_HURRY
                                              : WORKER_CUTTER_PATIENCE;

        if (rc != WORKER_RETRY || worker_loop_now() - start >= patience) {
            return rc;
        }

        worker_log(WORKER_LOG_WARN, err->text, "job", j->job.id, NULL);

        (void) worker_loop_wait(-1, 500);
        (void) worker_pg_reconnect(j->pg, NULL);
    }
}


/*
 * "NAME: " and the text, for the row.  A text may end in the middle of a
 * character, or quote a name of the file system: the database takes only
 * UTF-8.
 */
static const char *
worker_cutter_job_sentence(const worker_cutter_job_t *j, const char *text)
{
    wub_buf_t  b;

    static const wub_escape_t  none[] = { { 0, NULL } };

    wub_buf_init(&b, j->arena, WORKER_CUTTER_SENTENCE);
    wub_buf_put(&b, j->config->name, strlen(j->config->name));
    wub_buf_lit(&b, ": ");
    wub_buf_escape(&b, wub_str_n(text, strlen(text)), none);
    wub_buf_putc(&b, '\0');

    return (b.rc == WUB_OK) ? b.data : "out of memory";
}
