
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_httpd: answers one connection that somebody else accepted, once,
 * as HTTP/1.1.  libmicrohttpd reads and writes on a thread of its own; the
 * caller's thread makes the answer, whole or piece by piece through a
 * bounded ring.  The only file with libmicrohttpd.
 * May call: libmicrohttpd, worker_thread, worker_loop.
 * Frees: nothing: the process ends with its connection.
 */


#ifndef WORKER_HTTPD_H_INCLUDED_
#define WORKER_HTTPD_H_INCLUDED_


#include <sys/socket.h>

#include "common/wub_arena.h"
#include "worker/worker.h"


/* headers of an answer, besides those that say how it is sent */
#define WORKER_HTTPD_HEADERS     8


typedef struct worker_httpd_s  worker_httpd_t;

/*
 * From the thread: the head of an answer of that status is handed on to
 * the connection; or, with a status of 0, bytes of its body.
 */
typedef void (*worker_httpd_sent_pt)(void *data, unsigned status,
    size_t bytes);

typedef struct {
    int                      fd;        /* connected */
    const struct sockaddr   *addr;      /* of the other side */
    socklen_t                addrlen;
    size_t                   body;      /* bytes of a request's at most */
    int64_t                  stall;     /* ms without a byte taken */
    worker_httpd_sent_pt     sent;
    void                    *data;
} worker_httpd_conf_t;

typedef struct {
    const char              *method;
    wub_str_t                uri;       /* as it was sent, with its query */
    const char              *none_match;    /* If-None-Match, or NULL */
    wub_str_t                body;
    bool                     too_big;   /* the body is; it is empty here */
    bool                     chunks;    /* an end that is missing is seen */
} worker_httpd_request_t;

typedef struct {
    const char              *name;      /* NULL: the last one was before */
    const char              *value;
} worker_httpd_header_t;

/* what its headers point to outlives the connection */
typedef struct {
    unsigned                 status;
    worker_httpd_header_t    headers[WORKER_HTTPD_HEADERS + 1];
} worker_httpd_answer_t;


worker_rc_t worker_httpd_open(worker_httpd_t **ret,
    const worker_httpd_conf_t *conf, worker_err_t *err);

/*
 * Waits until the request is complete.  WORKER_AGAIN: it was not within
 * ms; WORKER_STOPPED: the client left, or what it sent was no HTTP and has
 * been answered.
 */
worker_rc_t worker_httpd_request(worker_httpd_t *h, int64_t ms,
    worker_httpd_request_t *ret, worker_err_t *err);

/*
 * One whole answer, with its length, also in the place of a stream of which
 * nothing went out; WORKER_OK once it is sent.  WORKER_ERROR: an answer went
 * out before.  What stops here and below is WORKER_STOPPED: the client left,
 * or it took nothing for too long.
 */
worker_rc_t worker_httpd_whole(worker_httpd_t *h,
    const worker_httpd_answer_t *answer, wub_str_t body, worker_err_t *err);

/* an answer of a length that is not known; its head goes with a first byte */
void worker_httpd_begin(worker_httpd_t *h,
    const worker_httpd_answer_t *answer);

/* data is the worker_httpd_t; from any one thread */
worker_rc_t worker_httpd_write(void *data, const uint8_t *bytes, size_t len,
    worker_err_t *err);

/* there is no more; WORKER_OK once all is sent */
worker_rc_t worker_httpd_end(worker_httpd_t *h, worker_err_t *err);

/* the client left, or will take no more */
bool worker_httpd_gone(worker_httpd_t *h);

/* it took nothing for too long */
bool worker_httpd_stalled(worker_httpd_t *h);


#endif /* WORKER_HTTPD_H_INCLUDED_ */
