
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_httpd: what becomes of an answer that fails, by when it does.  The
 * client is the other end of a pair of sockets.
 */


#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/unit/wub_test.h"
#include "worker/worker_httpd.h"


/* milliseconds: for what comes, and for what must not */
#define HTTPD_SOON               5000
#define HTTPD_NEVER              300


typedef struct {
    worker_httpd_t  *httpd;
    int              client;
    char             text[4096];    /* what the client has read */
    size_t           len;
} httpd_rig_t;


static const worker_httpd_answer_t  httpd_good = { .status = 200 };
static const worker_httpd_answer_t  httpd_bad = { .status = 500 };


static void
httpd_sent(void *data, unsigned status, size_t bytes)
{
    (void) data;
    (void) status;
    (void) bytes;
}


/* one request, which is complete */
static void
httpd_open(httpd_rig_t *rig, int64_t stall)
{
    int                     fds[2];
    worker_err_t            err;
    worker_httpd_conf_t     conf;
    worker_httpd_request_t  request;

    static const struct sockaddr  addr = { .sa_family = AF_UNIX };
    static const char             text[] = "GET /x HTTP/1.1\r\n"
                                           "Host: x\r\n\r\n";

    memset(rig, 0, sizeof(httpd_rig_t));
    memset(&conf, 0, sizeof(worker_httpd_conf_t));

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
                                fds), 0);

    rig->client = fds[1];

    conf.fd = fds[0];
    conf.addr = &addr;
    conf.addrlen = sizeof(addr.sa_family);
    conf.body = 1024;
    conf.stall = stall;
    conf.sent = httpd_sent;

    assert_int_equal(write(rig->client, text, sizeof(text) - 1),
                     (ssize_t) sizeof(text) - 1);
    assert_int_equal(worker_httpd_open(&rig->httpd, &conf, &err), WORKER_OK);
    assert_int_equal(worker_httpd_request(rig->httpd, HTTPD_SOON, &request,
                                          &err), WORKER_OK);
}


/* true when the client has read a text, within so many ms */
static bool
httpd_reads(httpd_rig_t *rig, const char *text, int ms)
{
    ssize_t        n;
    struct pollfd  pfd;

    pfd.fd = rig->client;
    pfd.events = POLLIN;

    while (strstr(rig->text, text) == NULL) {

        if (poll(&pfd, 1, ms) != 1) {
            return false;
        }

        n = read(rig->client, rig->text + rig->len,
                 sizeof(rig->text) - 1 - rig->len);
        if (n <= 0) {
            return false;
        }

        rig->len += (size_t) n;
    }

    return true;
}


/* behind its first byte: never as if it were whole */
static void
late(void **state)
{
    worker_err_t  err;
    httpd_rig_t   rig;

    (void) state;

    httpd_open(&rig, HTTPD_SOON);

    worker_httpd_begin(rig.httpd, &httpd_good);
    assert_int_equal(worker_httpd_write(rig.httpd, (const uint8_t *) "abc",
                                        3, &err), WORKER_OK);
    assert_true(httpd_reads(&rig, "abc", HTTPD_SOON));

    assert_int_equal(worker_httpd_whole(rig.httpd, &httpd_bad,
                                        wub_str("failed\n"), &err),
                     WORKER_ERROR);
    assert_false(httpd_reads(&rig, "failed", HTTPD_NEVER));
    assert_null(strstr(rig.text, "\r\n0\r\n"));
    assert_non_null(strstr(rig.text, "HTTP/1.1 200 "));

    (void) close(rig.client);
}


/* before it: another answer */
static void
early(void **state)
{
    worker_err_t  err;
    httpd_rig_t   rig;

    (void) state;

    httpd_open(&rig, HTTPD_SOON);

    worker_httpd_begin(rig.httpd, &httpd_good);
    assert_int_equal(worker_httpd_whole(rig.httpd, &httpd_bad,
                                        wub_str("failed\n"), &err),
                     WORKER_OK);
    assert_true(httpd_reads(&rig, "failed\n", HTTPD_SOON));
    assert_non_null(strstr(rig.text, "HTTP/1.1 500 "));
    assert_non_null(strstr(rig.text, "Content-Length: 7\r\n"));

    (void) close(rig.client);
}


/* who was given nothing for longer than he may wait did not stall */
static void
pause_at_the_end(void **state)
{
    worker_err_t  err;
    httpd_rig_t   rig;

    (void) state;

    httpd_open(&rig, 200);

    worker_httpd_begin(rig.httpd, &httpd_good);
    assert_int_equal(worker_httpd_write(rig.httpd, (const uint8_t *) "abc",
                                        3, &err), WORKER_OK);
    assert_true(httpd_reads(&rig, "abc", HTTPD_SOON));

    (void) usleep(400000);

    assert_int_equal(worker_httpd_end(rig.httpd, &err), WORKER_OK);
    assert_true(httpd_reads(&rig, "\r\n0\r\n\r\n", HTTPD_SOON));
    assert_false(worker_httpd_stalled(rig.httpd));

    (void) close(rig.client);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(late),
        cmocka_unit_test(early),
        cmocka_unit_test(pause_at_the_end),
    };

    return cmocka_run_group_tests_name("httpd", tests, NULL, NULL);
}
