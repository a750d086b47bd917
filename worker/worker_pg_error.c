
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "worker/worker_pg_error.h"


typedef struct {
    const char   *prefix;       /* of an SQLSTATE; the first match counts */
    worker_rc_t   rc;
} worker_pg_state_t;


/* Postgres' appendix A; a class is two characters */
static const worker_pg_state_t  worker_pg_states[] = {
    { "08",    WORKER_RETRY },      /* connection */
    { "22",    WORKER_INVALID },    /* data */
    { "23",    WORKER_INVALID },    /* constraints */
    { "25006", WORKER_RETRY },      /* read only: a standby, or fenced */
    { "25P03", WORKER_RETRY },      /* idle in a transaction for too long */
    { "40001", WORKER_RETRY },      /* serialization failure */
    { "40P01", WORKER_RETRY },      /* deadlock */
    { "53",    WORKER_RETRY },      /* disk full, memory, connections */
    { "55P03", WORKER_RETRY },      /* lock_timeout */
    { "57014", WORKER_RETRY },      /* statement_timeout */
    { "57P",   WORKER_RETRY },      /* shut down, crashed, starting */
    { "58",    WORKER_RETRY }       /* the server's system: disk */
};


worker_rc_t
worker_pg_state(const char *sqlstate)
{
    size_t                    i;
    const worker_pg_state_t  *s;

    /* libpq's own failures have none: the connection broke */

    if (sqlstate == NULL) {
        return WORKER_RETRY;
    }

    for (i = 0; i < sizeof(worker_pg_states) / sizeof(worker_pg_states[0]);
         i++)
    {
        s = &worker_pg_states[i];

        if (strncmp(sqlstate, s->prefix, strlen(s->prefix)) == 0) {
            return s->rc;
        }
    }

    return WORKER_ERROR;
}


worker_rc_t
worker_pg_say(worker_err_t *err, worker_rc_t rc, const char *what,
    const char *message)
{
    char    line[512];
    size_t  n;

    n = 0;

    for ( /* void */ ; *message != '\0' && n < sizeof(line) - 1; message++) {

        if (*message == '\n' || *message == '\t' || *message == ' ') {
            if (n != 0 && line[n - 1] != ' ') {
                line[n++] = ' ';
            }

            continue;
        }

        line[n++] = *message;
    }

    while (n != 0 && line[n - 1] == ' ') {
        n--;
    }

    line[n] = '\0';

    return worker_fail(err, rc, "%s: %s", what, line);
}
