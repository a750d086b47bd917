
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * The worker's connection to servers that do not behave: silent, gone,
 * hanging in the middle.  A child plays the server's part.  What a real one
 * does is in t/worker/.
 */


#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/unit/wub_test.h"
#include "worker/worker_pg.h"
#include "worker/worker_pg_error.h"


typedef enum {
    PLAY_SILENT = 0,            /* accepts, says nothing */
    PLAY_CLOSES,                /* hangs up at once */
    PLAY_HANGS,                 /* lets in, answers no statement */
    PLAY_ANSWERS,               /* every statement with nothing */
    PLAY_FALLS                  /* answers the first, then hangs up */
} play_e;

typedef struct {
    const char   *sqlstate;
    worker_rc_t   rc;
} state_case_t;

typedef struct {
    const char  *message;
    const char  *said;
} say_case_t;

typedef struct {
    play_e       play;
    const char  *said;
} open_case_t;


static const state_case_t  states[] = {
    { NULL,    WORKER_RETRY },
    { "08006", WORKER_RETRY },
    { "22P02", WORKER_INVALID },
    { "23505", WORKER_INVALID },
    { "23514", WORKER_INVALID },
    { "25006", WORKER_RETRY },
    { "25P02", WORKER_ERROR },
    { "25P03", WORKER_RETRY },
    { "40001", WORKER_RETRY },
    { "40P01", WORKER_RETRY },
    { "40002", WORKER_ERROR },
    { "42601", WORKER_ERROR },
    { "42P01", WORKER_ERROR },
    { "53100", WORKER_RETRY },
    { "53300", WORKER_RETRY },
    { "55P03", WORKER_RETRY },
    { "55000", WORKER_ERROR },
    { "57014", WORKER_RETRY },
    { "57P01", WORKER_RETRY },
    { "57P03", WORKER_RETRY },
    { "58030", WORKER_RETRY },
    { "XX000", WORKER_ERROR },
    { "",      WORKER_ERROR }
};


static const say_case_t  sayings[] = {
    { "plain",                    "what: plain" },
    { "two lines\n\tof it\n",     "what: two lines of it" },
    { "\n\n  spaces   inside \n", "what: spaces inside" },
    { "",                         "what: " }
};


static const open_case_t  opens[] = {
    { PLAY_SILENT, "in time" },
    { PLAY_CLOSES, "closed the connection" },
    { PLAY_HANGS,  "did not answer in time" }
};


static char   folder[WUB_TEST_PATH];
static char   conninfo[WUB_TEST_PATH + 80];
static char   socket_path[WUB_TEST_PATH + 32];
static pid_t  server;
static int    heard;            /* first bytes of what the server was sent */


static void
play_answer(int fd, bool let_in)
{
    static const char  in[] = { 'R', 0, 0, 0, 8, 0, 0, 0, 0,
                                'Z', 0, 0, 0, 5, 'I' };
    static const char  done[] = { 'C', 0, 0, 0, 13, 'S', 'E', 'L', 'E', 'C',
                                  'T', ' ', '0', 0,
                                  'Z', 0, 0, 0, 5, 'I' };

    if (let_in) {
        (void) !write(fd, in, sizeof(in));
        return;
    }

    (void) !write(fd, done, sizeof(done));
}


/* one client after the other; each chunk is one message, as libpq sends */

static void
play(play_e what, int listener, int tell)
{
    int      fd, n;
    char     bytes[4096];
    ssize_t  got;

    for ( ;; ) {
        fd = accept(listener, NULL, NULL);
        if (fd == -1) {
            _exit(0);
        }

        for (n = 0; what != PLAY_CLOSES; n++) {
            got = read(fd, bytes, sizeof(bytes));
            if (got <= 0) {
                break;
            }

            if (n == 0) {
                if (what != PLAY_SILENT) {
                    play_answer(fd, true);
                }

                continue;
            }

            (void) !write(tell, bytes, 1);

            if (what == PLAY_FALLS && n == 2) {
                break;
            }

            if (what == PLAY_ANSWERS || what == PLAY_FALLS) {
                play_answer(fd, false);
            }
        }

        (void) close(fd);
    }
}


static void
server_start(play_e what)
{
    int                 fd, pair[2];
    struct sockaddr_un  addr;

    memset(&addr, 0, sizeof(addr));
    addr.sun_family = AF_UNIX;
    assert_true(strlen(socket_path) < sizeof(addr.sun_path));
    memcpy(addr.sun_path, socket_path, strlen(socket_path));

    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_not_equal(fd, -1);
    assert_int_equal(bind(fd, (struct sockaddr *) &addr, sizeof(addr)), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(pipe(pair), 0);

    server = fork();
    assert_int_not_equal(server, -1);

    if (server == 0) {
        (void) alarm(60);
        (void) close(pair[0]);
        play(what, fd, pair[1]);
    }

    (void) close(fd);
    (void) close(pair[1]);
    heard = pair[0];
}


static void
server_stop(void)
{
    (void) kill(server, SIGKILL);
    assert_int_equal(waitpid(server, NULL, 0), server);
    (void) close(heard);
    (void) unlink(socket_path);
    server = 0;
}


static int
begin(void **state)
{
    (void) state;

    (void) signal(SIGPIPE, SIG_IGN);

    wub_test_folder(folder);
    (void) snprintf(socket_path, sizeof(socket_path), "%s/.s.PGSQL.5432",
                    folder);
    (void) snprintf(conninfo, sizeof(conninfo),
                    "host=%s port=5432 user=u dbname=d gssencmode=disable",
                    folder);

    return 0;
}


static int
end(void **state)
{
    (void) state;

    return rmdir(folder);
}


/* after a failure in the middle of a test */

static int
end_test(void **state)
{
    (void) state;

    if (server != 0) {
        server_stop();
    }

    return 0;
}


static int64_t
now_ms(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static void
test_states(void **state)
{
    size_t       i;
    worker_rc_t  rc;

    (void) state;

    for (i = 0; i < wub_nitems(states); i++) {
        rc = worker_pg_state(states[i].sqlstate);
        wub_expect(rc == states[i].rc, "%s: %d, expected %d",
                   states[i].sqlstate ? states[i].sqlstate : "no SQLSTATE",
                   (int) rc, (int) states[i].rc);
    }
}


static void
test_sayings(void **state)
{
    char          text[4000];
    size_t        i;
    worker_rc_t   rc;
    worker_err_t  err;

    (void) state;

    for (i = 0; i < wub_nitems(sayings); i++) {
        rc = worker_pg_say(&err, WORKER_RETRY, "what", sayings[i].message);
        assert_int_equal(rc, WORKER_RETRY);
        assert_string_equal(err.text, sayings[i].said);
    }

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';

    assert_int_equal(worker_pg_say(&err, WORKER_ERROR, "what", text),
                     WORKER_ERROR);
    assert_true(strlen(err.text) > 500);
    assert_true(strlen(err.text) < sizeof(err.text) - 100);

    assert_int_equal(worker_pg_say(NULL, WORKER_ERROR, "what", text),
                     WORKER_ERROR);
}


static void
test_conninfo(void **state)
{
    worker_pg_t   *pg;
    worker_err_t   err;

    (void) state;

    pg = NULL;

    assert_int_equal(worker_pg_open(&pg, "hoost=x", "n", 1000, &err),
                     WORKER_INVALID);
    assert_non_null(strstr(err.text, "\"hoost\""));
    assert_int_equal(worker_pg_open(&pg, "host", "n", 1000, &err),
                     WORKER_INVALID);

    /* nobody there: the socket does not exist */

    assert_int_equal(worker_pg_open(&pg, conninfo, "n", 1000, &err),
                     WORKER_RETRY);
    assert_non_null(strstr(err.text, folder));
    assert_null(strchr(err.text, '\n'));
    assert_null(pg);

    worker_pg_close(NULL);
    worker_pg_abandon(NULL);
    worker_pg_free(NULL);
}


static void
test_opens(void **state)
{
    size_t         i;
    int64_t        t;
    worker_rc_t    rc;
    worker_pg_t   *pg;
    worker_err_t   err;

    (void) state;

    for (i = 0; i < wub_nitems(opens); i++) {
        server_start(opens[i].play);

        pg = NULL;
        t = now_ms();
        rc = worker_pg_open(&pg, conninfo, "n", 300, &err);
        t = now_ms() - t;

        server_stop();

        wub_expect(rc == WORKER_RETRY, "%zu: %d", i, (int) rc);
        wub_expect(strstr(err.text, opens[i].said) != NULL, "%zu: %s", i,
                   err.text);
        wub_expect(t < 5000, "%zu: %lld ms", i, (long long) t);
        assert_null(pg);
    }
}


static void
test_lost(void **state)
{
    worker_pg_t   *pg;
    worker_err_t   err;

    (void) state;

    server_start(PLAY_FALLS);

    assert_int_equal(worker_pg_open(&pg, conninfo, "n", 5000, &err),
                     WORKER_OK);
    assert_int_not_equal(worker_pg_socket(pg), -1);

    assert_int_equal(worker_pg_run(pg, "SELECT", 0, NULL, NULL, &err),
                     WORKER_RETRY);
    assert_int_equal(worker_pg_socket(pg), -1);

    /* no use, and no harm, until it is opened anew */

    assert_int_equal(worker_pg_run(pg, "SELECT", 0, NULL, NULL, &err),
                     WORKER_RETRY);
    assert_int_equal(worker_pg_script(pg, "SELECT", &err), WORKER_RETRY);
    assert_int_equal(worker_pg_notified(pg, &err), WORKER_RETRY);

    assert_int_equal(worker_pg_reconnect(pg, &err), WORKER_OK);
    assert_int_equal(worker_pg_notified(pg, &err), WORKER_AGAIN);

    server_stop();

    assert_int_equal(worker_pg_notified(pg, &err), WORKER_RETRY);
    assert_int_equal(worker_pg_reconnect(pg, &err), WORKER_RETRY);

    worker_pg_close(pg);
}


static void
test_abandon(void **state)
{
    int            status;
    char           bytes[16];
    pid_t          pid;
    ssize_t        n;
    worker_pg_t   *pg;
    worker_err_t   err;

    (void) state;

    server_start(PLAY_ANSWERS);

    assert_int_equal(worker_pg_open(&pg, conninfo, "n", 5000, &err),
                     WORKER_OK);

    pid = fork();
    assert_int_not_equal(pid, -1);

    if (pid == 0) {
        worker_pg_abandon(pg);
        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);

    assert_int_equal(worker_pg_script(pg, "SELECT", &err), WORKER_OK);

    worker_pg_close(pg);

    /* the settings, the script, and one goodbye, which is the parent's */

    n = 0;
    while (n < 3) {
        assert_int_equal(read(heard, &bytes[n], 1), 1);
        n++;
    }

    assert_memory_equal(bytes, "QQX", 3);

    server_stop();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_sayings),
        cmocka_unit_test(test_conninfo),
        cmocka_unit_test_teardown(test_opens, end_test),
        cmocka_unit_test_teardown(test_lost, end_test),
        cmocka_unit_test_teardown(test_abandon, end_test)
    };

    return cmocka_run_group_tests(tests, begin, end);
}
