
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/wub_buf.h"
#include "common/wub_scan.h"
#include "worker/worker_httpd.h"
#include "worker/worker_loop.h"
#include "worker/worker_thread.h"


/* bytes that wait to be sent at most */
#define WORKER_HTTPD_ROOM        ((size_t) 1 << 20)

/* what libmicrohttpd has for a request's head, and for what it sends */
#define WORKER_HTTPD_HEAD        ((size_t) 256 << 10)

/* bytes in one call of the reader, if libmicrohttpd has room for them */
#define WORKER_HTTPD_PIECE       ((size_t) 128 << 10)


typedef enum {
    WORKER_HTTPD_READS = 0,     /* the request comes */
    WORKER_HTTPD_WAITS,         /* it is complete, there is no answer yet */
    WORKER_HTTPD_SENDS,         /* there is */
    WORKER_HTTPD_SENT,          /* all of it is sent */
    WORKER_HTTPD_GONE           /* the connection ended before that */
} worker_httpd_state_e;

/*
 * Bytes [taken, given) of a stream wait in the ring, at their offset modulo
 * the room; of a whole answer, those of body from taken on.  The caller's
 * thread adds to given, that of libmicrohttpd to taken; all under the lock.
 */
struct worker_httpd_s {
    worker_httpd_conf_t            conf;
    struct MHD_Daemon             *daemon;
    wub_arena_t                   *arena;
    wub_buf_t                      body;
    pthread_mutex_t                lock;
    pthread_cond_t                 more;    /* there is something to send */
    pthread_cond_t                 less;    /* something changed */
    worker_httpd_state_e           state;
    worker_httpd_request_t         request;
    worker_httpd_answer_t          answer;
    uint8_t                       *ring;
    wub_str_t                      whole;
    uint64_t                       given;
    uint64_t                       taken;
    bool                           answered;    /* answer is there */
    bool                           stream;
    bool                           ended;   /* of a stream: no more comes */
    bool                           stalled;
    int64_t                        moved;   /* ms, when taken last grew */
};


static void *worker_httpd_uri(void *data, const char *uri,
    struct MHD_Connection *connection);
static enum MHD_Result worker_httpd_handle(void *data,
    struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *bytes, size_t *len, void **ctx);
static bool worker_httpd_body(worker_httpd_t *h, const char *bytes,
    size_t *len);
static void worker_httpd_head(worker_httpd_t *h,
    struct MHD_Connection *connection, const char *method,
    const char *version);
static enum MHD_Result worker_httpd_queue(worker_httpd_t *h,
    struct MHD_Connection *connection);
static ssize_t worker_httpd_read(void *data, uint64_t at, char *buf,
    size_t max);
static void worker_httpd_done(void *data, struct MHD_Connection *connection,
    void **ctx, enum MHD_RequestTerminationCode how);
static void worker_httpd_closed(void *data,
    struct MHD_Connection *connection, void **ctx,
    enum MHD_ConnectionNotificationCode what);
static worker_rc_t worker_httpd_wait(worker_httpd_t *h, worker_err_t *err);
static bool worker_httpd_left(const worker_httpd_t *h);


worker_rc_t
worker_httpd_open(worker_httpd_t **ret, const worker_httpd_conf_t *conf,
    worker_err_t *err)
{
    wub_arena_t     *arena;
    worker_httpd_t  *h;

    /* a body grows by copies, each of up to twice the one before */

    arena = wub_arena_create(WORKER_HTTPD_ROOM + 4 * conf->body
                             + 2 * WORKER_HTTPD_HEAD);
    h = (arena == NULL) ? NULL : wub_arena_calloc(arena, sizeof(*h));

    if (h != NULL) {
        h->ring = wub_arena_alloc(arena, WORKER_HTTPD_ROOM);
    }

    if (h == NULL || h->ring == NULL) {
        return worker_fail_memory(err, "The connection");
    }

    h->arena = arena;
    h->conf = *conf;
    h->moved = worker_loop_now();

    wub_buf_init(&h->body, arena, conf->body);
    (void) pthread_mutex_init(&h->lock, NULL);
    worker_thread_condition(&h->more);
    worker_thread_condition(&h->less);

    h->daemon = MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC,
        0, NULL, NULL, worker_httpd_handle, h,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, 2 * WORKER_HTTPD_HEAD,
        MHD_OPTION_CONNECTION_MEMORY_INCREMENT, WORKER_HTTPD_PIECE,
        MHD_OPTION_URI_LOG_CALLBACK, worker_httpd_uri, h,
        MHD_OPTION_NOTIFY_COMPLETED, worker_httpd_done, h,
        MHD_OPTION_NOTIFY_CONNECTION, worker_httpd_closed, h,
        MHD_OPTION_END);

    if (h->daemon == NULL
        || MHD_add_connection(h->daemon, conf->fd, conf->addr, conf->addrlen)
           != MHD_YES)
    {
        return worker_fail(err, WORKER_RETRY,
                           "The connection cannot be served.");
    }

    *ret = h;

    return WORKER_OK;
}


worker_rc_t
worker_httpd_request(worker_httpd_t *h, int64_t ms,
    worker_httpd_request_t *ret, worker_err_t *err)
{
    int64_t      until;
    worker_rc_t  rc;

    until = worker_loop_now() + ms;
    rc = WORKER_OK;

    (void) pthread_mutex_lock(&h->lock);

    while (rc == WORKER_OK && h->state == WORKER_HTTPD_READS) {
        (void) worker_thread_wait(&h->less, &h->lock);

        if (h->state == WORKER_HTTPD_READS && worker_httpd_left(h)) {
            rc = worker_fail(err, WORKER_STOPPED, "The client left.");

        } else if (worker_loop_now() >= until) {
            rc = worker_fail(err, WORKER_AGAIN,
                             "The request did not become complete.");
        }
    }

    if (h->state == WORKER_HTTPD_WAITS) {
        *ret = h->request;
        rc = WORKER_OK;

    } else if (rc == WORKER_OK) {
        rc = worker_fail(err, WORKER_STOPPED, "There was no request.");
    }

    (void) pthread_mutex_unlock(&h->lock);

    return rc;
}


worker_rc_t
worker_httpd_whole(worker_httpd_t *h, const worker_httpd_answer_t *answer,
    wub_str_t body, worker_err_t *err)
{
    bool  begun;

    (void) pthread_mutex_lock(&h->lock);

    /* as the rest of a stream it would end as if all were well */

    begun = (h->state > WORKER_HTTPD_WAITS);

    if (!begun) {
        h->whole = body;
        h->stream = false;
        h->answer = *answer;
        h->answered = true;
        h->moved = worker_loop_now();
        (void) pthread_cond_signal(&h->more);
    }

    (void) pthread_mutex_unlock(&h->lock);

    return begun ? worker_fail(err, WORKER_ERROR, "An answer had begun.")
                 : worker_httpd_wait(h, err);
}


void
worker_httpd_begin(worker_httpd_t *h, const worker_httpd_answer_t *answer)
{
    (void) pthread_mutex_lock(&h->lock);

    h->stream = true;
    h->answer = *answer;
    h->answered = true;

    (void) pthread_mutex_unlock(&h->lock);
}


worker_rc_t
worker_httpd_write(void *data, const uint8_t *bytes, size_t len,
    worker_err_t *err)
{
    worker_httpd_t *h = data;

    size_t       n, at;
    worker_rc_t  rc;

    rc = WORKER_OK;

    (void) pthread_mutex_lock(&h->lock);

    while (rc == WORKER_OK && len > 0) {

        n = WORKER_HTTPD_ROOM - (size_t) (h->given - h->taken);
        n = (n < len) ? n : len;

        if (n == 0) {
            (void) worker_thread_wait(&h->less, &h->lock);

        } else {
            at = (size_t) (h->given % WORKER_HTTPD_ROOM);
            n = (n < WORKER_HTTPD_ROOM - at) ? n : WORKER_HTTPD_ROOM - at;

            /* a client that had nothing to take did not wait */

            if (h->given == h->taken) {
                h->moved = worker_loop_now();
            }

            memcpy(h->ring + at, bytes, n);
            h->given += n;
            bytes += n;
            len -= n;

            (void) pthread_cond_signal(&h->more);
        }

        if (h->state == WORKER_HTTPD_GONE
            || worker_loop_now() - h->moved > h->conf.stall)
        {
            h->stalled = (h->state != WORKER_HTTPD_GONE);
            rc = worker_fail(err, WORKER_STOPPED,
                             h->stalled ? "The client takes nothing."
                                        : "The client left.");
        }
    }

    (void) pthread_mutex_unlock(&h->lock);

    return rc;
}


worker_rc_t
worker_httpd_end(worker_httpd_t *h, worker_err_t *err)
{
    (void) pthread_mutex_lock(&h->lock);

    h->ended = true;
    h->moved = (h->given == h->taken) ? worker_loop_now() : h->moved;
    (void) pthread_cond_signal(&h->more);

    (void) pthread_mutex_unlock(&h->lock);

    return worker_httpd_wait(h, err);
}


bool
worker_httpd_gone(worker_httpd_t *h)
{
    bool  gone;

    (void) pthread_mutex_lock(&h->lock);
    gone = h->state == WORKER_HTTPD_GONE || h->stalled || worker_httpd_left(h);
    (void) pthread_mutex_unlock(&h->lock);

    return gone;
}


bool
worker_httpd_stalled(worker_httpd_t *h)
{
    bool  stalled;

    (void) pthread_mutex_lock(&h->lock);
    stalled = h->stalled;
    (void) pthread_mutex_unlock(&h->lock);

    return stalled;
}


/* the only place that has it as it was sent */
static void *
worker_httpd_uri(void *data, const char *uri,
    struct MHD_Connection *connection)
{
    worker_httpd_t *h = data;

    const char  *copy;

    (void) connection;

    copy = wub_arena_strdup(h->arena, wub_str_n(uri, strlen(uri)));
    h->request.uri = wub_str_n(copy, (copy != NULL) ? strlen(copy) : 0);

    return NULL;
}


/*
 * First with the head, then with each piece of the body, and last with none
 * of it.  A second request on the connection is never read: each answer
 * closes it.
 */
static enum MHD_Result
worker_httpd_handle(void *data, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version,
    const char *bytes, size_t *len, void **ctx)
{
    worker_httpd_t *h = data;

    (void) url;

    if (*ctx == NULL) {
        *ctx = h;
        worker_httpd_head(h, connection, method, version);

        if (!h->request.too_big) {
            return MHD_YES;
        }

    } else if (worker_httpd_body(h, bytes, len)) {
        return MHD_YES;
    }

    (void) pthread_mutex_lock(&h->lock);

    h->request.body = h->request.too_big ? wub_str_n(NULL, 0)
                                         : wub_buf_view(&h->body);
    h->state = WORKER_HTTPD_WAITS;
    (void) pthread_cond_signal(&h->less);

    while (!h->answered || (h->stream && h->given == 0 && !h->ended)) {
        (void) pthread_cond_wait(&h->more, &h->lock);
    }

    h->state = WORKER_HTTPD_SENDS;

    (void) pthread_mutex_unlock(&h->lock);

    /* not under the lock: libmicrohttpd calls back under locks of its own */

    return worker_httpd_queue(h, connection);
}


static void
worker_httpd_head(worker_httpd_t *h, struct MHD_Connection *connection,
    const char *method, const char *version)
{
    uint64_t     size;
    const char  *length;

    h->request.method = wub_arena_strdup(h->arena,
                                         wub_str_n(method, strlen(method)));
    h->request.chunks = strcmp(version, MHD_HTTP_VERSION_1_0) != 0;
    h->request.none_match = MHD_lookup_connection_value(connection,
                                MHD_HEADER_KIND,
                                MHD_HTTP_HEADER_IF_NONE_MATCH);

    if (h->request.method == NULL || h->request.uri.data == NULL) {
        h->request.too_big = true;
        return;
    }

    length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                         MHD_HTTP_HEADER_CONTENT_LENGTH);

    if (length != NULL
        && wub_str_u64(wub_str_n(length, strlen(length)), h->conf.body, &size)
           != WUB_OK)
    {
        h->request.too_big = true;
    }
}


/* false when all of it is there */
static bool
worker_httpd_body(worker_httpd_t *h, const char *bytes, size_t *len)
{
    if (*len == 0) {
        return false;
    }

    wub_buf_put(&h->body, bytes, *len);
    h->request.too_big = h->request.too_big || h->body.rc != WUB_OK;
    *len = 0;

    return true;
}


static enum MHD_Result
worker_httpd_queue(worker_httpd_t *h, struct MHD_Connection *connection)
{
    enum MHD_Result               result;
    struct MHD_Response          *response;
    const worker_httpd_header_t  *header;

    response = MHD_create_response_from_callback(
                   h->stream ? MHD_SIZE_UNKNOWN : h->whole.len,
                   WORKER_HTTPD_PIECE, worker_httpd_read, h, NULL);

    if (response == NULL) {
        return MHD_NO;
    }

    result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION,
                                     "close");

    for (header = h->answer.headers; header->name != NULL; header++) {
        if (result == MHD_YES) {
            result = MHD_add_response_header(response, header->name,
                                             header->value);
        }
    }

    if (result == MHD_YES) {
        h->conf.sent(h->conf.data, h->answer.status, 0);
        result = MHD_queue_response(connection, h->answer.status, response);
    }

    MHD_destroy_response(response);

    return result;
}


static ssize_t
worker_httpd_read(void *data, uint64_t at, char *buf, size_t max)
{
    worker_httpd_t *h = data;

    size_t   from;
    ssize_t  n;

    (void) at;

    (void) pthread_mutex_lock(&h->lock);

    if (h->stream) {

        while (h->given == h->taken && !h->ended) {
            (void) pthread_cond_wait(&h->more, &h->lock);
        }

        from = (size_t) (h->taken % WORKER_HTTPD_ROOM);
        max = (max < WORKER_HTTPD_ROOM - from) ? max
                                               : WORKER_HTTPD_ROOM - from;
        max = (max < h->given - h->taken) ? max
                                          : (size_t) (h->given - h->taken);
        memcpy(buf, h->ring + from, max);

    } else {
        from = (size_t) h->taken;
        max = (max < h->whole.len - from) ? max : h->whole.len - from;
        memcpy(buf, h->whole.data + from, max);
    }

    h->taken += max;
    h->moved = worker_loop_now();
    n = (max > 0) ? (ssize_t) max : MHD_CONTENT_READER_END_OF_STREAM;

    (void) pthread_cond_signal(&h->less);
    (void) pthread_mutex_unlock(&h->lock);

    if (max > 0) {
        h->conf.sent(h->conf.data, 0, max);
    }

    return n;
}


static void
worker_httpd_done(void *data, struct MHD_Connection *connection, void **ctx,
    enum MHD_RequestTerminationCode how)
{
    worker_httpd_t *h = data;

    (void) connection;
    (void) ctx;

    (void) pthread_mutex_lock(&h->lock);

    h->state = (how == MHD_REQUEST_TERMINATED_COMPLETED_OK)
               ? WORKER_HTTPD_SENT : WORKER_HTTPD_GONE;
    (void) pthread_cond_signal(&h->less);

    (void) pthread_mutex_unlock(&h->lock);
}


/* also without any request */
static void
worker_httpd_closed(void *data, struct MHD_Connection *connection,
    void **ctx, enum MHD_ConnectionNotificationCode what)
{
    worker_httpd_t *h = data;

    (void) connection;
    (void) ctx;

    if (what != MHD_CONNECTION_NOTIFY_CLOSED) {
        return;
    }

    (void) pthread_mutex_lock(&h->lock);

    if (h->state != WORKER_HTTPD_SENT) {
        h->state = WORKER_HTTPD_GONE;
    }

    (void) pthread_cond_signal(&h->less);
    (void) pthread_mutex_unlock(&h->lock);
}


static worker_rc_t
worker_httpd_wait(worker_httpd_t *h, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = WORKER_OK;

    (void) pthread_mutex_lock(&h->lock);

    while (h->state != WORKER_HTTPD_SENT && h->state != WORKER_HTTPD_GONE
           && !h->stalled)
    {
        (void) worker_thread_wait(&h->less, &h->lock);
        h->stalled = worker_loop_now() - h->moved > h->conf.stall;
    }

    if (h->state != WORKER_HTTPD_SENT) {
        rc = worker_fail(err, WORKER_STOPPED,
                         h->stalled ? "The client takes nothing."
                                    : "The client left.");
    }

    (void) pthread_mutex_unlock(&h->lock);

    return rc;
}


static bool
worker_httpd_left(const worker_httpd_t *h)
{
    struct pollfd  pfd;

    pfd.fd = h->conf.fd;
    pfd.events = POLLRDHUP;
    pfd.revents = 0;

    return poll(&pfd, 1, 0) == 1;
}
