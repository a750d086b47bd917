
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_migrate: brings a database to the schema that this binary was
 * built with, by the files of sql/.
 * May call: worker_pg, poll, common/.
 * Frees: nothing; the connection stays the caller's.
 */


#ifndef WORKER_MIGRATE_H_INCLUDED_
#define WORKER_MIGRATE_H_INCLUDED_


#include "worker/worker_pg.h"


/* milliseconds to wait for another migration to end */
#define WORKER_MIGRATE_TIMEOUT   60000


/* made by sql/embed.pl of the files of sql/, by ascending version */
typedef struct {
    int          version;
    const char  *name;          /* "NNN-what.sql" */
    const char  *text;
} worker_sql_file_t;

extern const worker_sql_file_t  worker_sql_files[];
extern const size_t  worker_sql_nfiles;


/* one line for a person: a file that was applied, or a notice */
typedef void (*worker_migrate_report_pt)(void *data, const char *line);


/*
 * Applies what the database has not had yet, each file in its own
 * transaction; nothing at all when it has had everything.  WORKER_ERROR
 * when it is newer than this binary.  report may be NULL.
 */
worker_rc_t worker_migrate(worker_pg_t *pg, worker_migrate_report_pt report,
    void *data, worker_err_t *err);


#endif /* WORKER_MIGRATE_H_INCLUDED_ */
