
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * All that opens runs twice: as the kernel has it, and in a child whose
 * kernel says it has no openat2().
 */


#include "t/unit/wub_test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/wub_dir.h"


#define SEGMENT                  "00:00.0-2.0-full-AAAA"
#define NOBODY                   65534


typedef struct {
    const char  *path;
    wub_rc_t     rc;
    int          error;
} open_case_t;


static char  folder[WUB_TEST_PATH];

/* folder/root is the root; beside it lies what must not be reached */
static char  root[WUB_TEST_PATH];


/* with openat2(); the walk by hand follows no link at all */
static const open_case_t  dir_cases[] = {
    { "", WUB_OK, 0 },
    { "c", WUB_OK, 0 },
    { "c/q", WUB_OK, 0 },
    { "c/q/hour", WUB_OK, 0 },
    { "c/q/none", WUB_NOT_FOUND, ENOENT },
    { "none/q/hour", WUB_NOT_FOUND, ENOENT },
    { "c/q/hour/plain", WUB_DECLINED, ENOTDIR },
    { "c/q/hour/fifo", WUB_DECLINED, ENOTDIR },
    { "c/q/hour/plain/more", WUB_NOT_FOUND, ENOTDIR },
    { "/", WUB_DENIED, EXDEV },
    { "/etc", WUB_DENIED, EXDEV },
    { "..", WUB_DENIED, EXDEV },
    { "../outside", WUB_DENIED, EXDEV },
    { "c/../../outside", WUB_DENIED, EXDEV },
    { "c/q/out", WUB_DENIED, EXDEV },
    { "c/q/out/deep", WUB_DENIED, EXDEV },
    { "c/q/absolute", WUB_DENIED, EXDEV },
    { "c/q/loop", WUB_DENIED, ELOOP },
    { "c/q/dangling", WUB_NOT_FOUND, ENOENT },
    { "c/q/inside", WUB_OK, 0 }
};

static const open_case_t  file_cases[] = {
    { "c/q/hour/plain", WUB_OK, 0 },
    { "c/q/hour/empty", WUB_OK, 0 },
    { "c/q/hour/none", WUB_NOT_FOUND, ENOENT },
    { "c/q/hour/plain/more", WUB_NOT_FOUND, ENOTDIR },
    { "c/q/hour", WUB_DECLINED, 0 },
    { "", WUB_DECLINED, 0 },
    { "c/q/hour/fifo", WUB_DECLINED, 0 },
    { "c/q/out/secret", WUB_DENIED, EXDEV },
    { "c/q/hour/outlink", WUB_DENIED, EXDEV },
    { "/etc/passwd", WUB_DENIED, EXDEV },
    { "../outside/secret", WUB_DENIED, EXDEV },
    { "c/q/inside/plain", WUB_OK, 0 }
};


static char *
at(const char *path)
{
    static char  text[2 * WUB_TEST_PATH];

    snprintf(text, sizeof(text), "%s/%s", folder, path);

    return text;
}


static void
put(const char *path, const char *content)
{
    int  fd;

    fd = open(at(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd != -1);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    close(fd);
}


static int
setup(void **state)
{
    (void) state;

    wub_test_folder(folder);
    snprintf(root, sizeof(root), "%.4000s/root", folder);

    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(mkdir(at("outside"), 0755), 0);
    assert_int_equal(mkdir(at("outside/deep"), 0755), 0);
    assert_int_equal(mkdir(root, 0755), 0);
    assert_int_equal(mkdir(at("root/c"), 0755), 0);
    assert_int_equal(mkdir(at("root/c/q"), 0755), 0);
    assert_int_equal(mkdir(at("root/c/q/hour"), 0755), 0);
    assert_int_equal(mkdir(at("root/c/q/closed"), 0755), 0);
    assert_int_equal(mkfifo(at("root/c/q/hour/fifo"), 0644), 0);

    put("outside/secret", "secret");
    put("root/c/q/hour/plain", "plain");
    put("root/c/q/hour/empty", "");
    put("root/c/q/closed/plain", "plain");
    put("root/c/q/hour/" SEGMENT ".ts", "segment");
    put("root/c/q/hour/" SEGMENT "AAAA.ts", "segment");
    put("root/c/q/hour/" SEGMENT "AAAA.tombstone", "");
    put("root/c/q/hour/" SEGMENT "BBBB.tombstone", "");

    assert_int_equal(symlink("../../../outside", at("root/c/q/out")), 0);
    assert_int_equal(symlink("/etc", at("root/c/q/absolute")), 0);
    assert_int_equal(symlink("loop", at("root/c/q/loop")), 0);
    assert_int_equal(symlink("none", at("root/c/q/dangling")), 0);
    assert_int_equal(symlink("hour", at("root/c/q/inside")), 0);
    assert_int_equal(symlink("../../../../outside/secret",
                             at("root/c/q/hour/outlink")), 0);
    assert_int_equal(symlink("root", at("link")), 0);

    return 0;
}


static int
remove_one(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
    (void) st;
    (void) type;
    (void) ftw;

    return remove(path);
}


static int
teardown(void **state)
{
    (void) state;

    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}


/* what a link answers where no link is followed */
static bool
by_hand(const open_case_t *c, wub_rc_t rc)
{
    if (rc == c->rc) {
        return true;
    }

    if (strstr(c->path, "out") == NULL && strstr(c->path, "inside") == NULL
        && strstr(c->path, "absolute") == NULL
        && strstr(c->path, "loop") == NULL
        && strstr(c->path, "dangling") == NULL)
    {
        return false;
    }

    return rc != WUB_OK && rc != WUB_IO;
}


/* returns the case that fails, NULL for none; runs in a child too */
static const char *
open_dirs(bool hand)
{
    int                 fd, error;
    size_t              i;
    wub_rc_t            rc;
    struct stat         st;
    const open_case_t  *c;

    for (i = 0; i < wub_nitems(dir_cases); i++) {
        c = &dir_cases[i];
        fd = -2;

        rc = wub_dir_open(root, c->path, &fd, &error);

        if (hand ? !by_hand(c, rc) : (rc != c->rc || error != c->error)) {
            return c->path;
        }

        if (rc != WUB_OK) {
            if (fd != -2) {
                return c->path;
            }

            continue;
        }

        if (error != 0 || fstat(fd, &st) == -1 || !S_ISDIR(st.st_mode)
            || (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
        {
            return c->path;
        }

        close(fd);
    }

    return NULL;
}


static const char *
open_files(bool hand)
{
    int                 fd, error;
    size_t              i;
    wub_rc_t            rc;
    struct stat         st;
    wub_file_stat_t     file;
    const open_case_t  *c;

    for (i = 0; i < wub_nitems(file_cases); i++) {
        c = &file_cases[i];
        fd = -2;

        rc = wub_dir_open_file(root, c->path, &fd, &file, &error);

        if (hand ? !by_hand(c, rc) : (rc != c->rc || error != c->error)) {
            return c->path;
        }

        if (rc != WUB_OK) {
            if (fd != -2) {
                return c->path;
            }

            continue;
        }

        if (error != 0 || fstat(fd, &st) == -1
            || file.size != (uint64_t) st.st_size
            || file.mtime != st.st_mtime || file.inode != st.st_ino
            || (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
        {
            return c->path;
        }

        close(fd);
    }

    return NULL;
}


/* descriptors of this process that are open */
static size_t
descriptors(void)
{
    int     fd;
    size_t  n;

    n = 0;

    for (fd = 0; fd < 256; fd++) {
        n += (fcntl(fd, F_GETFD) != -1);
    }

    return n;
}


/* in a directory that is open: no link is followed, nothing else is one */
static void
test_at(void **state)
{
    int              dirfd, fd, error;
    size_t           i, n;
    wub_rc_t         rc;
    wub_dir_stamp_t  a, b;

    static const open_case_t  cases[] = {
        { "hour", WUB_OK, 0 },
        { "none", WUB_NOT_FOUND, ENOENT },
        { "inside", WUB_DECLINED, 0 },
        { "out", WUB_DECLINED, 0 },
        { "loop", WUB_DECLINED, 0 },
        { "dangling", WUB_DECLINED, 0 },
        { "hour/plain", WUB_DECLINED, 0 },
        { "hour/fifo", WUB_DECLINED, 0 }
    };

    (void) state;

    n = descriptors();
    assert_int_equal(wub_dir_open(root, "c/q", &dirfd, &error), WUB_OK);

    for (i = 0; i < wub_nitems(cases); i++) {
        fd = -2;

        rc = wub_dir_stamp_at(dirfd, cases[i].path, &a, &error);
        wub_expect(rc == cases[i].rc && error == cases[i].error,
                   "stamp of \"%s\": %d, %d", cases[i].path, rc, error);

        rc = wub_dir_open_at(dirfd, cases[i].path, &fd, &error);
        wub_expect(rc == cases[i].rc && (fd == -2) == (rc != WUB_OK),
                   "\"%s\": %d, %d", cases[i].path, rc, error);

        if (rc != WUB_OK) {
            continue;
        }

        assert_int_equal(wub_dir_stamp(fd, &b, &error), WUB_OK);
        assert_memory_equal(&a, &b, sizeof(wub_dir_stamp_t));
        assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        close(fd);
    }

    close(dirfd);
    assert_int_equal(descriptors(), n);

    assert_int_equal(wub_dir_stamp_at(dirfd, "hour", &a, &error), WUB_IO);
    assert_int_equal(error, EBADF);
    assert_int_equal(wub_dir_open_at(dirfd, "hour", &fd, &error), WUB_IO);
    assert_int_equal(error, EBADF);
}


static void
test_open(void **state)
{
    size_t       n;
    const char  *failed;

    (void) state;

    n = descriptors();

    failed = open_dirs(false);
    wub_expect(failed == NULL, "directory \"%s\"", failed);

    failed = open_files(false);
    wub_expect(failed == NULL, "file \"%s\"", failed);

    assert_int_equal(descriptors(), n);
}


/* from here on openat2() fails with this error */
static int
without_openat2(uint32_t error)
{
    struct sock_filter  code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    };
    struct sock_fprog   program;

    program.len = wub_nitems(code);
    program.filter = code;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
        return -1;
    }

    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}


static int
child_by_hand(uint32_t error)
{
    size_t       n;
    const char  *failed;

    if (without_openat2(error) == -1) {
        return 0;
    }

    n = descriptors();
    failed = open_dirs(true);

    if (failed == NULL) {
        failed = open_files(true);
    }

    if (failed == NULL && descriptors() != n) {
        failed = "descriptors";
    }

    if (failed == NULL && !wub_dir_exists(root, "c/q/hour")) {
        failed = "exists";
    }

    if (failed == NULL && wub_dir_exists(root, "../outside")) {
        failed = "exists outside";
    }

    if (failed != NULL) {
        fprintf(stderr, "# by hand: \"%s\"\n", failed);
        return 1;
    }

    return 0;
}


static int
child_nobody(uint32_t unused)
{
    int              fd, error;
    wub_file_stat_t  file;

    (void) unused;

    if (geteuid() == 0
        && (setgroups(0, NULL) == -1 || setgid(NOBODY) == -1
            || setuid(NOBODY) == -1))
    {
        return 0;
    }

    if (wub_dir_open(root, "c/q/closed", &fd, &error) != WUB_DENIED
        || error != EACCES)
    {
        return 1;
    }

    if (wub_dir_open_file(root, "c/q/closed/plain", &fd, &file, &error)
        != WUB_DENIED)
    {
        return 2;
    }

    return wub_dir_exists(root, "c/q/closed/plain") ? 3 : 0;
}


static int
in_child(int (*work)(uint32_t), uint32_t argument)
{
    int    status;
    pid_t  pid;

    fflush(NULL);

    pid = fork();
    assert_true(pid != -1);

    if (pid == 0) {
        _exit(work(argument));
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));

    return WEXITSTATUS(status);
}


static void
test_by_hand(void **state)
{
    (void) state;

    assert_int_equal(in_child(child_by_hand, ENOSYS), 0);
    assert_int_equal(in_child(child_by_hand, EPERM), 0);
}


static void
test_denied(void **state)
{
    (void) state;

    assert_int_equal(chmod(at("root/c/q/closed"), 0), 0);
    assert_int_equal(in_child(child_nobody, 0), 0);
    assert_int_equal(chmod(at("root/c/q/closed"), 0755), 0);
}


static void
test_root(void **state)
{
    int   fd, error;
    char  name[302];

    (void) state;

    assert_int_equal(wub_dir_open(at("none"), "", &fd, &error),
                     WUB_NOT_FOUND);
    assert_int_equal(error, ENOENT);
    assert_int_equal(wub_dir_open(at("outside/secret"), "", &fd, &error),
                     WUB_NOT_FOUND);
    assert_int_equal(error, ENOTDIR);

    /* the root itself may be a link */
    assert_int_equal(wub_dir_open(at("link"), "c/q", &fd, &error), WUB_OK);
    close(fd);

    memset(name, 'a', sizeof(name));
    name[300] = '\0';
    assert_int_equal(wub_dir_open(root, name, &fd, &error), WUB_NOT_FOUND);
    assert_int_equal(error, ENAMETOOLONG);

    assert_true(wub_dir_exists(root, ""));
    assert_true(wub_dir_exists(root, "c"));
    assert_true(wub_dir_exists(root, "c/q/hour/plain"));
    assert_true(wub_dir_exists(root, "c/q/hour/fifo"));
    assert_false(wub_dir_exists(root, "none"));
    assert_false(wub_dir_exists(root, name));
    assert_false(wub_dir_exists(root, "../outside"));
    assert_false(wub_dir_exists(root, "c/q/out/secret"));
    assert_false(wub_dir_exists(at("none"), ""));

}


static void
test_used_up(void **state)
{
    int            i, fd, error, fds[64];
    wub_rc_t       rc;
    struct rlimit  limit, low;

    (void) state;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);

    rc = WUB_OK;

    for (i = 0; i < 64; i++) {
        rc = wub_dir_open(root, "c", &fd, &error);
        if (rc != WUB_OK) {
            break;
        }

        fds[i] = fd;
    }

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);

    assert_int_equal(rc, WUB_IO);
    assert_int_equal(error, EMFILE);

    while (i > 0) {
        close(fds[--i]);
    }
}


static bool
has(const wub_names_t *names, const char *name)
{
    size_t  i;

    for (i = 0; i < names->nnames; i++) {
        if (wub_str_eq(names->names[i], wub_test_str(name))) {
            return true;
        }
    }

    return false;
}


static void
test_read(void **state)
{
    int           fd, error;
    size_t        i;
    wub_names_t   names;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    assert_int_equal(wub_dir_open(root, "c/q/hour", &fd, &error), WUB_OK);

    /* again and again from the start */

    for (i = 0; i < 3; i++) {
        assert_int_equal(wub_dir_read(arena, fd, 8, &names, &error), WUB_OK);
        assert_int_equal(error, 0);
        assert_int_equal(names.nnames, 8);
        assert_true(has(&names, "plain"));
        assert_true(has(&names, "fifo"));
        assert_true(has(&names, "outlink"));
        assert_true(has(&names, SEGMENT "AAAA.tombstone"));
    }

    names.nnames = 99;
    assert_int_equal(wub_dir_read(arena, fd, 7, &names, &error), WUB_TOO_BIG);
    assert_int_equal(names.nnames, 99);
    close(fd);

    assert_int_equal(wub_dir_read(arena, fd, 8, &names, &error), WUB_IO);
    assert_int_equal(error, EBADF);

    fd = open(at("outside/secret"), O_RDONLY | O_CLOEXEC);
    assert_true(fd != -1);
    assert_int_equal(wub_dir_read(arena, fd, 8, &names, &error),
                     WUB_NOT_FOUND);
    assert_int_equal(error, ENOTDIR);
    close(fd);

    wub_arena_destroy(arena);
}


static void
test_stamp(void **state)
{
    int              fd, error;
    wub_dir_stamp_t  a, b;
    struct timespec  times[2] = { { 1, 2 }, { 3, 4 } };

    (void) state;

    assert_int_equal(wub_dir_open(root, "c/q/hour", &fd, &error), WUB_OK);
    assert_int_equal(wub_dir_stamp(fd, &a, &error), WUB_OK);

    assert_int_equal(futimens(fd, times), 0);
    assert_int_equal(wub_dir_stamp(fd, &b, &error), WUB_OK);
    assert_int_equal(error, 0);
    close(fd);

    assert_int_equal(b.mtime, INT64_C(3000000004));
    assert_true(a.inode == b.inode && a.device == b.device);
    assert_true(b.ctime > INT64_C(1500000000) * 1000000000);

    assert_int_equal(wub_dir_stamp(-1, &b, &error), WUB_IO);
    assert_int_equal(error, EBADF);
}


static void
test_segment(void **state)
{
    int              dirfd, fd, error;
    char             buf[16], name[300];
    wub_file_stat_t  file;

    (void) state;

    assert_int_equal(wub_dir_open(root, "c/q/hour", &dirfd, &error), WUB_OK);

    assert_int_equal(wub_dir_open_segment(dirfd, wub_str(SEGMENT ".ts"), &fd,
                                          &file, &error), WUB_OK);
    assert_int_equal(error, 0);
    assert_int_equal(file.size, 7);
    assert_int_equal(read(fd, buf, sizeof(buf)), 7);
    close(fd);

    /* 410, whether or not the file is there still */
    assert_int_equal(wub_dir_open_segment(dirfd, wub_str(SEGMENT "AAAA.ts"),
                                          &fd, &file, &error), WUB_DENIED);
    assert_int_equal(error, 0);
    assert_int_equal(wub_dir_open_segment(dirfd, wub_str(SEGMENT "BBBB.json"),
                                          &fd, &file, &error), WUB_DENIED);
    assert_int_equal(error, 0);

    /* its tombstone can be fetched */
    assert_int_equal(wub_dir_open_segment(dirfd,
                                          wub_str(SEGMENT "AAAA.tombstone"),
                                          &fd, &file, &error), WUB_OK);
    assert_int_equal(file.size, 0);
    close(fd);

    assert_int_equal(wub_dir_open_segment(dirfd, wub_str("none.ts"), &fd,
                                          &file, &error), WUB_NOT_FOUND);
    assert_int_equal(error, ENOENT);
    assert_int_equal(wub_dir_open_segment(dirfd, wub_str("fifo"), &fd, &file,
                                          &error), WUB_DECLINED);
    assert_int_equal(wub_dir_open_segment(dirfd, wub_str("outlink"), &fd,
                                          &file, &error), WUB_DENIED);
    assert_int_equal(error, EXDEV);
    assert_int_equal(wub_dir_open_segment(dirfd, wub_str(".."), &fd, &file,
                                          &error), WUB_NOT_FOUND);
    assert_int_equal(wub_dir_open_segment(dirfd, wub_str("../x"), &fd, &file,
                                          &error), WUB_NOT_FOUND);

    /* no room for a tombstone's name, none for a name at all */

    memset(name, 'a', sizeof(name));
    memcpy(name + 252, ".ts", 3);
    assert_int_equal(wub_dir_open_segment(dirfd, wub_str_n(name, 255), &fd,
                                          &file, &error), WUB_NOT_FOUND);
    memcpy(name + 297, ".ts", 3);
    assert_int_equal(wub_dir_open_segment(dirfd, wub_str_n(name, 300), &fd,
                                          &file, &error), WUB_NOT_FOUND);

    assert_int_equal(wub_dir_size(&dirfd, wub_str(SEGMENT ".ts")), 7);
    assert_int_equal(wub_dir_size(&dirfd, wub_str("none.ts")), 0);
    assert_int_equal(wub_dir_size(&dirfd, wub_str("fifo")), 0);
    assert_int_equal(wub_dir_size(&dirfd, wub_str_n(name, 300)), 0);

    close(dirfd);
}


static void
test_hour(void **state)
{
    int           error;
    wub_hour_t    hour;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();

    assert_int_equal(wub_dir_hour(arena, root, "c/q/hour", WUB_HOUR, 10000,
                                  &hour, &error), WUB_OK);
    assert_int_equal(hour.nsegments, 1);
    assert_true(hour.segments[0].start == WUB_HOUR);
    assert_true(wub_str_eq(hour.segments[0].name, wub_str(SEGMENT ".ts")));

    /* of two that are else equal the greater file */
    put("root/c/q/hour/00:00.0-2.0-full-.ts", "greater file");
    assert_int_equal(wub_dir_hour(arena, root, "c/q/hour", WUB_HOUR, 10000,
                                  &hour, &error), WUB_OK);
    assert_int_equal(hour.nsegments, 1);
    assert_int_equal(hour.segments[0].hash.len, 0);
    assert_int_equal(unlink(at("root/c/q/hour/00:00.0-2.0-full-.ts")), 0);

    assert_int_equal(wub_dir_hour(arena, root, "c/q/none", 0, 10000, &hour,
                                  &error), WUB_NOT_FOUND);
    assert_int_equal(wub_dir_hour(arena, root, "c/q/hour/plain", 0, 10000,
                                  &hour, &error), WUB_DECLINED);

    wub_arena_destroy(arena);
}


/* more names than one read gives */
static void
test_many(void **state)
{
    int           error;
    char          name[64];
    size_t        i, n;
    wub_hour_t    hour;
    wub_arena_t  *arena;

    (void) state;

    arena = wub_test_arena();
    n = descriptors();

    assert_int_equal(mkdir(at("root/c/q/many"), 0755), 0);

    for (i = 0; i < 1800; i++) {
        snprintf(name, sizeof(name),
                 "root/c/q/many/%02zu:%02zu.000000-2.0-full-AAAA.ts",
                 i / 30, i % 30 * 2);
        put(name, "");
    }

    assert_int_equal(wub_dir_hour(arena, root, "c/q/many", 0, 10000, &hour,
                                  &error), WUB_OK);
    assert_int_equal(hour.nsegments, 1800);

    for (i = 0; i < 1800; i++) {
        assert_true(hour.segments[i].start == (int64_t) i * 2 * WUB_SECOND);
    }

    assert_int_equal(descriptors(), n);

    wub_arena_destroy(arena);
}


static wub_rc_t
work(wub_arena_t *arena, void *data)
{
    int         error;
    wub_hour_t  hour;

    return wub_dir_hour(arena, root, data, 0, 10000, &hour, &error);
}


static void
test_torture(void **state)
{
    char    hour[] = "c/q/hour", many[] = "c/q/many";
    size_t  n;

    (void) state;

    n = descriptors();

    assert_int_equal(wub_test_torture(work, hour), 4);
    assert_true(wub_test_torture(work, many) > 8);

    assert_int_equal(descriptors(), n);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_at),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_denied),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_stamp),
        cmocka_unit_test(test_segment),
        cmocka_unit_test(test_hour),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_torture),
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_used_up)
    };

    return cmocka_run_group_tests_name("dir", tests, setup, teardown);
}
