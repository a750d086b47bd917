
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/wub_time.h"
#include "worker/worker_log.h"


/* a longer line is cut; it still ends with a newline */
#define WORKER_LOG_LINE          4096


typedef struct {
    char    text[WORKER_LOG_LINE];
    size_t  len;
} worker_log_line_t;


static void worker_log_put(worker_log_line_t *line, const char *s, size_t len);
static void worker_log_value(worker_log_line_t *line, const char *value);
static bool worker_log_plain(const char *value);
static void worker_log_time(worker_log_line_t *line);


static const char *const  worker_log_levels[] = {
    [WORKER_LOG_ERROR] = "error",
    [WORKER_LOG_WARN] = "warn",
    [WORKER_LOG_INFO] = "info",
    [WORKER_LOG_DEBUG] = "debug"
};

static const char          *worker_log_role = "none";
static worker_log_level_e   worker_log_least = WORKER_LOG_INFO;


void
worker_log_setup(const char *role, worker_log_level_e level)
{
    worker_log_role = role;
    worker_log_least = level;
}


void
worker_log(worker_log_level_e level, const char *msg, ...)
{
    int                 n;
    char                head[128];
    va_list             args;
    const char         *key;
    worker_log_line_t   line;

    if (level > worker_log_least) {
        return;
    }

    line.len = 0;
    worker_log_time(&line);

    n = snprintf(head, sizeof(head), " level=%s role=%s pid=%ld msg=",
                 worker_log_levels[level], worker_log_role, (long) getpid());
    worker_log_put(&line, head, (size_t) n);
    worker_log_value(&line, msg);

    va_start(args, msg);

    for (key = va_arg(args, const char *);
         key != NULL;
         key = va_arg(args, const char *))
    {
        worker_log_put(&line, " ", 1);
        worker_log_put(&line, key, strlen(key));
        worker_log_put(&line, "=", 1);
        worker_log_value(&line, va_arg(args, const char *));
    }

    va_end(args);

    line.text[line.len++] = '\n';

    while (write(STDERR_FILENO, line.text, line.len) == -1 && errno == EINTR) {
        continue;
    }
}


static void
worker_log_put(worker_log_line_t *line, const char *s, size_t len)
{
    /* one byte stays free for the newline */

    if (len > sizeof(line->text) - 1 - line->len) {
        len = sizeof(line->text) - 1 - line->len;
    }

    memcpy(line->text + line->len, s, len);
    line->len += len;
}


static void
worker_log_value(worker_log_line_t *line, const char *value)
{
    const char  *p;

    if (value == NULL) {
        return;
    }

    if (worker_log_plain(value)) {
        worker_log_put(line, value, strlen(value));
        return;
    }

    worker_log_put(line, "\"", 1);

    for (p = value; *p != '\0'; p++) {

        if (*p == '"' || *p == '\\') {
            worker_log_put(line, "\\", 1);
            worker_log_put(line, p, 1);

        } else if (*p == '\n') {
            worker_log_put(line, "\\n", 2);

        } else if ((unsigned char) *p < 0x20 || *p == 0x7f) {
            worker_log_put(line, "?", 1);

        } else {
            worker_log_put(line, p, 1);
        }
    }

    worker_log_put(line, "\"", 1);
}


/* true for a value that logfmt takes without quotes */
static bool
worker_log_plain(const char *value)
{
    const char  *p;

    for (p = value; *p != '\0'; p++) {
        if (*p == '"' || *p == '=' || *p == '\\' || *p == 0x7f
            || (unsigned char) *p <= 0x20)
        {
            return false;
        }
    }

    return p != value;
}


static void
worker_log_time(worker_log_line_t *line)
{
    char             text[WUB_TIME_LEN];
    struct timespec  now;

    (void) clock_gettime(CLOCK_REALTIME, &now);
    wub_time_format((int64_t) now.tv_sec * WUB_SECOND + now.tv_nsec / 1000,
                    text);

    worker_log_put(line, "time=", 5);
    worker_log_put(line, text, WUB_TIME_LEN);
    worker_log_put(line, "Z", 1);
}
