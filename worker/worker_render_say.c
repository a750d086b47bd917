
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "worker/worker_render_say.h"


/* bytes that are looked at for a request line; of an answer; in one drain */
#define WORKER_RENDER_PEEK       (128 << 10)
#define WORKER_RENDER_ANSWER     2048
#define WORKER_RENDER_DRAIN      (64 << 10)


typedef struct {
    const char             *path;
    worker_limits_kind_e    kind;
} worker_render_path_t;


static worker_limits_kind_e worker_render_kind(char *line);
static void worker_render_text(const char *line, char *text, size_t size);


/* a cut that is only planned is told by its query */
static const worker_render_path_t  worker_render_paths[] = {
    { "/cut/", WORKER_LIMITS_CUT },
    { "/frame/", WORKER_LIMITS_FRAME },
    { "/waveform/", WORKER_LIMITS_WAVEFORM },
    { "/thumbnail/", WORKER_LIMITS_THUMBNAIL },
    { "/metrics", WORKER_LIMITS_METRICS }
};

static const struct {
    unsigned     status;
    const char  *reason;
    const char  *headers;
} worker_render_reasons[] = {
    { 408, "Request Timeout", "" },
    { 500, "Internal Server Error", "" },
    { 503, "Service Unavailable", "Retry-After: " WORKER_RENDER_AFTER "\r\n" }
};


void
worker_render_say(int fd, unsigned status, const char *sentence)
{
    int     n;
    char    text[WORKER_RENDER_ANSWER];
    size_t  i;

    for (i = 0; worker_render_reasons[i].status != status; i++) {
        if (i + 1 == sizeof(worker_render_reasons)
                     / sizeof(worker_render_reasons[0]))
        {
            return;
        }
    }

    n = snprintf(text, sizeof(text),
                 "HTTP/1.1 %u %s\r\n"
                 "Content-Type: text/plain\r\n"
                 "Content-Length: %zu\r\n"
                 "%s"
                 "Connection: close\r\n\r\n"
                 "%s\n", status, worker_render_reasons[i].reason,
                 strlen(sentence) + 1, worker_render_reasons[i].headers,
                 sentence);

    if (n > 0 && (size_t) n < sizeof(text)) {
        (void) send(fd, text, (size_t) n, MSG_DONTWAIT | MSG_NOSIGNAL);
    }

    (void) shutdown(fd, SHUT_WR);
}


worker_rc_t
worker_render_look(int fd, worker_limits_kind_e *ret, char *text,
    size_t size)
{
    char     line[WORKER_RENDER_PEEK + 1], *end;
    ssize_t  n;

    do {
        n = recv(fd, line, WORKER_RENDER_PEEK, MSG_PEEK | MSG_DONTWAIT);

    } while (n == -1 && errno == EINTR);

    if (n == 0 || (n == -1 && errno != EAGAIN)) {
        return WORKER_STOPPED;
    }

    if (n == -1) {
        return WORKER_AGAIN;
    }

    line[n] = '\0';
    end = memchr(line, '\n', (size_t) n);

    /* of a longer line, what is there must do */

    if (end == NULL && n < WORKER_RENDER_PEEK) {
        return WORKER_AGAIN;
    }

    if (end != NULL) {
        *end = '\0';
    }

    worker_render_text(line, text, size);
    *ret = worker_render_kind(line);

    return WORKER_OK;
}


static worker_limits_kind_e
worker_render_kind(char *line)
{
    char    *path, *query, *end;
    size_t   i;

    path = strchr(line, ' ');

    /* who asks for a head only is never rendered for */

    if (path == NULL || strncmp(line, "HEAD ", 5) == 0) {
        return WORKER_LIMITS_OTHER;
    }

    path++;
    end = strchr(path, ' ');

    if (end != NULL) {
        *end = '\0';
    }

    for (i = 0; i < sizeof(worker_render_paths)
                    / sizeof(worker_render_paths[0]); i++)
    {
        if (strncmp(path, worker_render_paths[i].path,
                    strlen(worker_render_paths[i].path)) == 0)
        {
            break;
        }
    }

    if (i == sizeof(worker_render_paths) / sizeof(worker_render_paths[0])) {
        return WORKER_LIMITS_OTHER;
    }

    query = strchr(path, '?');

    if (worker_render_paths[i].kind == WORKER_LIMITS_CUT && query != NULL
        && (strncmp(query, "?plan=1", 7) == 0
            || strstr(query, "&plan=1") != NULL))
    {
        return WORKER_LIMITS_PLAN;
    }

    return worker_render_paths[i].kind;
}


/* without the version */
static void
worker_render_text(const char *line, char *text, size_t size)
{
    size_t       len;
    const char  *end;

    end = strrchr(line, ' ');

    len = (end != NULL && strncmp(end, " HTTP/", 6) == 0)
          ? (size_t) (end - line) : strcspn(line, "\r");
    len = (len < size - 1) ? len : size - 1;

    memcpy(text, line, len);
    text[len] = '\0';
}


bool
worker_render_drain(int fd)
{
    char     bytes[WORKER_RENDER_DRAIN];
    ssize_t  n;

    n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    return n > 0 || (n == -1 && (errno == EAGAIN || errno == EINTR));
}


int64_t
worker_render_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * WUB_SECOND + ts.tv_nsec / 1000;
}
