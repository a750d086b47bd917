
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdio.h>

#include "worker/worker_cutter.h"
#include "worker/worker_cutter_crew.h"
#include "worker/worker_job.h"
#include "worker/worker_log.h"
#include "worker/worker_loop.h"
#include "worker/worker_upload.h"


#define WORKER_CUTTER_POLL       1000   /* ms, and some jitter */
#define WORKER_CUTTER_TIMEOUT    5000   /* ms to connect */
#define WORKER_CUTTER_AWAY_MAX   30000  /* ms between two tries to connect */
#define WORKER_CUTTER_LOCK       5000   /* ms to wait for our name */
#define WORKER_CUTTER_PATIENT    2000   /* ms until a second end is meant */
#define WORKER_CUTTER_FORGET     600000 /* ms a pause is kept past its end */


typedef struct {
    const worker_config_t   *config;
    wub_arena_t             *arena;
    worker_pg_t             *pg;
    const char              *locations; /* Postgres' array of names */
    worker_cutter_crew_t    *crew;
    int64_t                  poll_at;   /* ms, as all times here */
    int64_t                  connect_at;
    int64_t                  away;      /* the last pause between two tries */
    int64_t                  stopped_at;
    int                      stops;     /* signals passed on */
    bool                     connected;
    bool                     once;
    bool                     failed;    /* ends with an error */
} worker_cutter_t;


static int worker_cutter_check(const worker_config_t *config);
static bool worker_cutter_init(worker_cutter_t *c,
    const worker_config_t *config);
static const char *worker_cutter_locations(const worker_cutter_t *c);
static void worker_cutter_run(worker_cutter_t *c);
static void worker_cutter_wait(worker_cutter_t *c);
static void worker_cutter_stop(worker_cutter_t *c);
static bool worker_cutter_connect(worker_cutter_t *c);
static void worker_cutter_away(worker_cutter_t *c, const worker_err_t *err);
static worker_rc_t worker_cutter_session(worker_cutter_t *c,
    worker_err_t *err);
static worker_rc_t worker_cutter_lock(worker_cutter_t *c, worker_err_t *err);
static void worker_cutter_round(worker_cutter_t *c);
static worker_rc_t worker_cutter_claims(worker_cutter_t *c,
    worker_err_t *err);
static worker_rc_t worker_cutter_candidates(worker_cutter_t *c,
    worker_err_t *err);
static void worker_cutter_candidate(worker_cutter_t *c, const char *id,
    const char *key);


int
worker_cutter(const worker_config_t *config, bool once)
{
    worker_cutter_t  c;

    if (worker_cutter_check(config) != WORKER_EXIT_OK) {
        return WORKER_EXIT_FAILED;
    }

    memset(&c, 0, sizeof(worker_cutter_t));
    c.once = once;

    if (worker_cutter_init(&c, config)) {
        worker_loop_setup();
        worker_log(WORKER_LOG_INFO, "started", "name", config->name,
                   "locations", c.locations, NULL);

        worker_cutter_run(&c);

        worker_log(WORKER_LOG_INFO, "ended", "name", config->name, NULL);

    } else {
        worker_log(WORKER_LOG_ERROR, "out of memory", NULL);
        c.failed = true;
    }

    worker_pg_close(c.pg);
    wub_arena_destroy(c.arena);

    return c.failed ? WORKER_EXIT_FAILED : WORKER_EXIT_OK;
}


static int
worker_cutter_check(const worker_config_t *config)
{
    size_t                    i;
    worker_err_t              err;
    const worker_location_t  *location;

    if (worker_file_folder(config->segments, false, &err) != WORKER_OK) {
        worker_log(WORKER_LOG_ERROR, "the segment store cannot be used",
                   "error", err.text, NULL);
        return WORKER_EXIT_FAILED;
    }

    for (i = 0; i < config->cut.nlocations; i++) {
        location = &config->cut.locations[i];

        if (location->no_uploader) {
            continue;
        }

        if (worker_upload_find(location->type)->check(location, &err)
            != WORKER_OK)
        {
            worker_log(WORKER_LOG_ERROR, err.text, NULL);
            return WORKER_EXIT_FAILED;
        }
    }

    return WORKER_EXIT_OK;
}


static bool
worker_cutter_init(worker_cutter_t *c, const worker_config_t *config)
{
    c->config = config;
    c->arena = wub_arena_create(WUB_ARENA_MAX);

    if (c->arena == NULL) {
        return false;
    }

    c->crew = wub_arena_calloc(c->arena, sizeof(worker_cutter_crew_t));
    c->locations = worker_cutter_locations(c);

    if (c->crew == NULL || c->locations == NULL) {
        return false;
    }

    c->crew->config = config;

    return true;
}


static const char *
worker_cutter_locations(const worker_cutter_t *c)
{
    size_t                    i;
    wub_buf_t                 b;
    wub_pg_items_t            items;
    const worker_location_t  *location;

    items.nitems = 0;
    items.items = wub_arena_calloc(c->arena, (c->config->cut.nlocations + 1)
                                             * sizeof(wub_str_t));

    if (items.items == NULL) {
        return NULL;
    }

    for (i = 0; i < c->config->cut.nlocations; i++) {
        location = &c->config->cut.locations[i];

        if (!location->no_uploader) {
            items.items[items.nitems++] = wub_str_n(location->name,
                                                    strlen(location->name));
        }
    }

    wub_buf_init(&b, c->arena, (size_t) 1 << 20);
    wub_pg_array_put(&b, &items);
    wub_buf_putc(&b, '\0');

    return (b.rc == WUB_OK) ? b.data : NULL;
}


static void
worker_cutter_run(worker_cutter_t *c)
{
    for ( ;; ) {
        worker_cutter_crew_reap(c->crew, c->pg);
        worker_cutter_stop(c);

        if (c->stops > 0 || c->failed) {

            if (worker_cutter_crew_idle(c->crew)) {
                return;
            }

            (void) worker_loop_wait(-1, WORKER_CUTTER_POLL);
            continue;
        }

        if (worker_cutter_connect(c)) {
            worker_cutter_round(c);
        }

        if (c->once && worker_cutter_crew_idle(c->crew)) {
            return;
        }

        worker_cutter_wait(c);
    }
}


static void
worker_cutter_wait(worker_cutter_t *c)
{
    int           ms;
    worker_rc_t   rc;
    worker_err_t  err;

    if (!c->connected) {
        ms = (int) (c->connect_at - worker_loop_now());
        (void) worker_loop_wait(-1, ms > 0 ? ms : 0);
        return;
    }

    /* what came along with an answer does not wake the descriptor */

    rc = worker_pg_notified(c->pg, &err);

    if (rc == WORKER_AGAIN) {
        ms = (int) (c->poll_at - worker_loop_now());

        if (!worker_loop_wait(worker_pg_socket(c->pg), ms > 0 ? ms : 0)) {
            return;
        }

        rc = worker_pg_notified(c->pg, &err);
    }

    if (rc == WORKER_RETRY) {
        worker_cutter_away(c, &err);
        c->failed = c->failed || c->once;
    }
}


/*
 * Passes an end on to the children: SIGTERM first, SIGKILL when somebody
 * asks again later on.  A terminal and a script may both send the first.
 */
static void
worker_cutter_stop(worker_cutter_t *c)
{
    int      stops;
    int64_t  now;

    stops = *worker_loop_stop();

    if (c->failed && stops == 0) {
        stops = 1;
    }

    if (stops <= c->stops) {
        return;
    }

    now = worker_loop_now();

    if (c->stops == 0) {
        worker_log(WORKER_LOG_INFO, "stopping", NULL);
        worker_cutter_crew_kill(c->crew, SIGTERM);
        c->stopped_at = now;

    } else if (now - c->stopped_at >= WORKER_CUTTER_PATIENT) {
        worker_log(WORKER_LOG_WARN, "killing what is still at work", NULL);
        worker_cutter_crew_kill(c->crew, SIGKILL);
    }

    c->stops = stops;
}


/* true when the database can be asked */
static bool
worker_cutter_connect(worker_cutter_t *c)
{
    char          name[256];
    worker_rc_t   rc;
    worker_err_t  err;

    if (c->connected) {
        return true;
    }

    if (worker_loop_now() < c->connect_at) {
        return false;
    }

    if (c->pg == NULL) {
        (void) snprintf(name, sizeof(name), "wubloader-worker cut %s",
                        c->config->name);
        rc = worker_pg_open(&c->pg, c->config->database, name,
                            WORKER_CUTTER_TIMEOUT, &err);

    } else {
        rc = worker_pg_reconnect(c->pg, &err);
    }

    if (rc == WORKER_OK) {
        rc = worker_cutter_session(c, &err);
    }

    if (rc == WORKER_OK) {
        worker_log(WORKER_LOG_INFO, "connected to the database", NULL);
        c->connected = true;
        c->poll_at = 0;
        return true;
    }

    if (rc == WORKER_STOPPED) {
        return false;
    }

    if (rc != WORKER_RETRY || c->once) {
        worker_log(WORKER_LOG_ERROR, err.text, NULL);
        c->failed = true;
        return false;
    }

    worker_cutter_away(c, &err);

    return false;
}


/* at once the first time, then with pauses that grow to the most */
static void
worker_cutter_away(worker_cutter_t *c, const worker_err_t *err)
{
    worker_log(WORKER_LOG_WARN, "the database is away, it is tried again",
               "error", err->text, NULL);

    c->connected = false;
    c->connect_at = worker_loop_now() + worker_loop_jitter((int) c->away);
    c->away = (c->away == 0) ? WORKER_CUTTER_POLL : 2 * c->away;

    if (c->away > WORKER_CUTTER_AWAY_MAX) {
        c->away = WORKER_CUTTER_AWAY_MAX;
    }
}


static worker_rc_t
worker_cutter_session(worker_cutter_t *c, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = worker_cutter_lock(c, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    return worker_pg_run(c->pg, "LISTEN wubloader_events", 0, NULL, NULL,
                         err);
}


/*
 * Two workers of one name would give back each other's jobs.  The server
 * may take a moment to notice that one before us is dead.
 */
static worker_rc_t
worker_cutter_lock(worker_cutter_t *c, worker_err_t *err)
{
    bool               ours;
    int64_t            deadline;
    worker_rc_t        rc;
    worker_pg_rows_t  *rows;

    static const char  sql[] =
        "SELECT pg_try_advisory_lock(hashtext('wubloader-worker cut'),"
        " hashtext($1))";

    deadline = worker_loop_now() + WORKER_CUTTER_LOCK;

    for ( ;; ) {
        rc = worker_pg_run(c->pg, sql, 1, &c->config->name, &rows, err);
        if (rc != WORKER_OK) {
            return rc;
        }

        ours = strcmp(worker_pg_value(rows, 0, 0), "t") == 0;
        worker_pg_free(rows);

        if (ours) {
            return WORKER_OK;
        }

        if (*worker_loop_stop() != 0) {
            return WORKER_STOPPED;
        }

        if (worker_loop_now() >= deadline) {
            return worker_fail(err, WORKER_INVALID,
                               "Another worker named \"%s\" is at work on"
                               " this database; give one of them another"
                               " --name", c->config->name);
        }

        (void) worker_loop_wait(-1, 250);
    }
}


static void
worker_cutter_round(worker_cutter_t *c)
{
    long          freed;
    int64_t       now;
    worker_rc_t   rc;
    worker_err_t  err;

    now = worker_loop_now();
    rc = WORKER_OK;
    freed = 0;

    if (now >= c->poll_at) {
        c->poll_at = now + worker_loop_jitter(WORKER_CUTTER_POLL);
        worker_pause_expire(&c->crew->pauses, now - WORKER_CUTTER_FORGET);

        rc = worker_job_expire(c->pg, c->config->name, &freed, &err);

        if (rc == WORKER_OK) {
            rc = worker_cutter_claims(c, &err);
        }
    }

    if (freed > 0) {
        worker_log(WORKER_LOG_WARN, "freed jobs whose worker fell silent",
                   NULL);
    }

    if (rc == WORKER_OK) {
        rc = worker_cutter_candidates(c, &err);
    }

    if (rc == WORKER_OK) {
        c->away = 0;
        return;
    }

    worker_cutter_away(c, &err);

    /* a database without our tables, as a rule: no use to go on */

    if (rc != WORKER_RETRY) {
        worker_log(WORKER_LOG_ERROR, "the database cannot be used; run"
                   " wubloader-worker migrate", NULL);
    }

    c->failed = (rc != WORKER_RETRY || c->once);
}


/* claims of ours that no child is at work on */
static worker_rc_t
worker_cutter_claims(worker_cutter_t *c, worker_err_t *err)
{
    int                        i;
    int64_t                    now;
    const char                *id;
    worker_rc_t                rc;
    worker_pg_rows_t          *rows;
    const worker_pause_key_t  *pause;

    rc = worker_job_claims(c->pg, c->config->name, &rows, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    now = worker_loop_now();

    for (i = 0; i < worker_pg_nrows(rows); i++) {
        id = worker_pg_value(rows, i, 0);
        pause = worker_cutter_crew_claim(c->crew, id);

        if (worker_cutter_crew_count(c->crew, WORKER_CUTTER_RESOLVE) > 0) {
            break;
        }

        if (worker_cutter_crew_has(c->crew, id)
            || (pause != NULL && now < pause->until))
        {
            continue;
        }

        worker_cutter_crew_start(c->crew, c->pg, WORKER_CUTTER_RESOLVE, id,
                                 NULL, NULL);
    }

    worker_pg_free(rows);

    return WORKER_OK;
}


static worker_rc_t
worker_cutter_candidates(worker_cutter_t *c, worker_err_t *err)
{
    int                i;
    worker_rc_t        rc;
    worker_pg_rows_t  *rows;

    rc = worker_job_candidates(c->pg, c->config->name, c->locations,
                               c->config->cut.explicit_only, &rows, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    for (i = 0; i < worker_pg_nrows(rows); i++) {
        worker_cutter_candidate(c, worker_pg_value(rows, i, 0),
                                worker_pg_value(rows, i, 1));
    }

    worker_pg_free(rows);

    return WORKER_OK;
}


static void
worker_cutter_candidate(worker_cutter_t *c, const char *id, const char *key)
{
    bool                       fresh, again;
    int64_t                    cuts;
    worker_cutter_task_e       task;
    const worker_pause_key_t  *pause;

    if (worker_cutter_crew_has(c->crew, id)) {
        return;
    }

    pause = worker_pause_find(&c->crew->pauses, key);
    cuts = worker_cutter_crew_count(c->crew, WORKER_CUTTER_CUT);

    fresh = (pause == NULL);
    again = (pause != NULL && !c->once && worker_loop_now() >= pause->until);

    if (cuts < c->config->cut.jobs) {
        task = WORKER_CUTTER_CUT;
        fresh = fresh || pause->ready;

    } else {

        /* what is wrong with a job is said before its turn comes */

        task = WORKER_CUTTER_CHECK;
        fresh = fresh
                && worker_cutter_crew_count(c->crew, WORKER_CUTTER_CHECK) == 0;
    }

    if (fresh || again) {
        worker_cutter_crew_start(c->crew, c->pg, task, id, key, NULL);
    }
}
