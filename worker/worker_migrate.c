
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <poll.h>
#include <stdio.h>

#include "worker/worker_migrate.h"


/* also in every file of sql/; "wubl" */
#define WORKER_MIGRATE_LOCK      "2004181612"

#define WORKER_MIGRATE_PAUSE     200


typedef struct {
    worker_migrate_report_pt   report;      /* may be NULL */
    void                      *data;
    const char                *name;        /* of the file that is running */
} worker_migrate_ctx_t;


static worker_rc_t worker_migrate_all(worker_pg_t *pg,
    worker_migrate_ctx_t *ctx, worker_err_t *err);
static worker_rc_t worker_migrate_state(worker_pg_t *pg, size_t *ret_missing,
    worker_err_t *err);
static worker_rc_t worker_migrate_pending(worker_pg_t *pg, int version,
    bool *ret, worker_err_t *err);
static worker_rc_t worker_migrate_table(worker_pg_t *pg, bool *ret,
    worker_err_t *err);
static worker_rc_t worker_migrate_file(worker_pg_t *pg,
    const worker_sql_file_t *file, worker_migrate_ctx_t *ctx,
    worker_err_t *err);
static worker_rc_t worker_migrate_lock(worker_pg_t *pg, worker_err_t *err);
static worker_rc_t worker_migrate_value(worker_pg_t *pg, const char *sql,
    const char *const *values, bool *ret, worker_err_t *err);
static void worker_migrate_notice(void *data, const char *text);


worker_rc_t
worker_migrate(worker_pg_t *pg, worker_migrate_report_pt report, void *data,
    worker_err_t *err)
{
    size_t                missing;
    worker_rc_t           rc;
    worker_migrate_ctx_t  ctx;

    missing = 0;

    rc = worker_migrate_state(pg, &missing, err);
    if (rc != WORKER_OK || missing == 0) {
        return rc;
    }

    rc = worker_migrate_lock(pg, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    ctx.report = report;
    ctx.data = data;
    ctx.name = "";

    worker_pg_on_notice(pg, worker_migrate_notice, &ctx);

    /* a rewrite of a large table takes what it takes */

    rc = worker_pg_run(pg, "SET statement_timeout TO 0", 0, NULL, NULL, err);

    if (rc == WORKER_OK) {
        rc = worker_migrate_all(pg, &ctx, err);
    }

    worker_pg_on_notice(pg, NULL, NULL);

    /* a connection that broke took the lock with it */

    (void) worker_pg_run(pg, "SET statement_timeout TO '25s'", 0, NULL, NULL,
                         NULL);
    (void) worker_pg_run(pg, "SELECT pg_advisory_unlock(" WORKER_MIGRATE_LOCK
                         ")", 0, NULL, NULL, NULL);

    return rc;
}


static worker_rc_t
worker_migrate_all(worker_pg_t *pg, worker_migrate_ctx_t *ctx,
    worker_err_t *err)
{
    bool         pending;
    size_t       i;
    worker_rc_t  rc;

    /* another migration may have ended while we waited for the lock */

    for (i = 0; i < worker_sql_nfiles; i++) {
        rc = worker_migrate_pending(pg, worker_sql_files[i].version, &pending,
                                    err);
        if (rc != WORKER_OK) {
            return rc;
        }

        if (!pending) {
            continue;
        }

        rc = worker_migrate_file(pg, &worker_sql_files[i], ctx, err);
        if (rc != WORKER_OK) {
            return rc;
        }
    }

    return WORKER_OK;
}


/* how many files are missing; refuses a database from the future */

static worker_rc_t
worker_migrate_state(worker_pg_t *pg, size_t *ret_missing, worker_err_t *err)
{
    bool          there, newer, pending;
    char          last[16];
    size_t        i;
    const char   *values[1];
    worker_rc_t   rc;

    *ret_missing = worker_sql_nfiles;

    rc = worker_migrate_table(pg, &there, err);
    if (rc != WORKER_OK || !there) {
        return rc;
    }

    (void) snprintf(last, sizeof(last), "%d",
                    worker_sql_files[worker_sql_nfiles - 1].version);
    values[0] = last;

    rc = worker_migrate_value(pg, "SELECT EXISTS (SELECT FROM "
                              "public.schema_migrations "
                              "WHERE version > $1::integer)",
                              values, &newer, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (newer) {
        return worker_fail(err, WORKER_ERROR, "the database is newer than "
                           "this wubloader-worker, which knows version %s: "
                           "use the wubloader-worker that migrated it, or a "
                           "later one", last);
    }

    for (i = 0; i < worker_sql_nfiles; i++) {
        rc = worker_migrate_pending(pg, worker_sql_files[i].version, &pending,
                                    err);
        if (rc != WORKER_OK) {
            return rc;
        }

        if (!pending) {
            (*ret_missing)--;
        }
    }

    return WORKER_OK;
}


static worker_rc_t
worker_migrate_pending(worker_pg_t *pg, int version, bool *ret,
    worker_err_t *err)
{
    bool          there;
    char          text[16];
    const char   *values[1];
    worker_rc_t   rc;

    *ret = true;

    rc = worker_migrate_table(pg, &there, err);
    if (rc != WORKER_OK || !there) {
        return rc;
    }

    (void) snprintf(text, sizeof(text), "%d", version);
    values[0] = text;

    return worker_migrate_value(pg, "SELECT NOT EXISTS (SELECT FROM "
                                "public.schema_migrations "
                                "WHERE version = $1::integer)",
                                values, ret, err);
}


static worker_rc_t
worker_migrate_table(worker_pg_t *pg, bool *ret, worker_err_t *err)
{
    return worker_migrate_value(pg, "SELECT to_regclass("
                                "'public.schema_migrations') IS NOT NULL",
                                NULL, ret, err);
}


/* the file is one transaction, and ends with its row in the table */

static worker_rc_t
worker_migrate_file(worker_pg_t *pg, const worker_sql_file_t *file,
    worker_migrate_ctx_t *ctx, worker_err_t *err)
{
    bool          pending;
    char          line[160];
    worker_rc_t   rc;
    worker_err_t  why;

    ctx->name = file->name;

    rc = worker_pg_script(pg, file->text, &why);
    if (rc != WORKER_OK) {
        return worker_fail(err, rc, "sql/%s was not applied: %.900s",
                           file->name, why.text);
    }

    rc = worker_migrate_pending(pg, file->version, &pending, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (pending) {
        return worker_fail(err, WORKER_ERROR, "sql/%s did not record itself "
                           "in schema_migrations", file->name);
    }

    if (ctx->report != NULL) {
        (void) snprintf(line, sizeof(line), "applied %s", file->name);
        ctx->report(ctx->data, line);
    }

    return WORKER_OK;
}


static worker_rc_t
worker_migrate_lock(worker_pg_t *pg, worker_err_t *err)
{
    int          waited;
    bool         got;
    worker_rc_t  rc;

    for (waited = 0; waited < WORKER_MIGRATE_TIMEOUT;
         waited += WORKER_MIGRATE_PAUSE)
    {
        rc = worker_migrate_value(pg, "SELECT pg_try_advisory_lock("
                                  WORKER_MIGRATE_LOCK ")", NULL, &got, err);
        if (rc != WORKER_OK || got) {
            return rc;
        }

        (void) poll(NULL, 0, WORKER_MIGRATE_PAUSE);
    }

    return worker_fail(err, WORKER_RETRY, "another migration of this database "
                       "is running: wait for its end, then migrate again");
}


/* one row, one column, a boolean; values has one value, or is NULL */

static worker_rc_t
worker_migrate_value(worker_pg_t *pg, const char *sql,
    const char *const *values, bool *ret, worker_err_t *err)
{
    const char        *value;
    worker_rc_t        rc;
    worker_pg_rows_t  *rows;

    *ret = false;

    rc = worker_pg_run(pg, sql, values == NULL ? 0 : 1, values, &rows, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    value = worker_pg_nrows(rows) == 1 ? worker_pg_value(rows, 0, 0) : NULL;
    *ret = (value != NULL && value[0] == 't');

    worker_pg_free(rows);

    return WORKER_OK;
}


static void
worker_migrate_notice(void *data, const char *text)
{
    char                   line[1200];
    worker_migrate_ctx_t  *ctx;

    ctx = data;

    if (ctx->report == NULL) {
        return;
    }

    (void) snprintf(line, sizeof(line), "%s: %s", ctx->name, text);
    ctx->report(ctx->data, line);
}
