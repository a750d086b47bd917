
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


#define NGX_HTTP_WUBLOADER_PROC_FILE   4096

/* fields of /proc/PID/stat behind the name, whose first one is the state */
#define NGX_HTTP_WUBLOADER_STAT_UTIME  11


static ngx_int_t ngx_http_wubloader_proc_read(ngx_pid_t pid,
    const char *file, char buf[NGX_HTTP_WUBLOADER_PROC_FILE],
    wub_str_t *ret);
static uint64_t ngx_http_wubloader_proc_cpu(ngx_pid_t pid);
static void ngx_http_wubloader_proc_memory(ngx_pid_t pid,
    uint64_t *ret_own, uint64_t *ret_shared);
static uint64_t ngx_http_wubloader_proc_kb(wub_str_t text, const char *name);
static uint64_t ngx_http_wubloader_proc_number(const char *p,
    const char *last);


void
ngx_http_wubloader_metrics_processes(ngx_http_wubloader_metrics_t *metrics,
    ngx_http_wubloader_processes_t *ret)
{
    uint64_t                       cpu, own, shared, most;
    ngx_pid_t                      pid;
    ngx_uint_t                     i, e, m;
    ngx_http_wubloader_process_t  *slot;

    ngx_memzero(ret, sizeof(ngx_http_wubloader_processes_t));

    ret->cpu = metrics->dead_cpu;
    most = 0;

    for (i = 0; i < NGX_HTTP_WUBLOADER_SLOTS; i++) {
        slot = &metrics->slots[i];
        pid = (ngx_pid_t) slot->pid;

        if (pid == 0) {
            continue;
        }

        if (kill(pid, 0) == 0 || ngx_errno != NGX_ESRCH) {
            cpu = ngx_http_wubloader_proc_cpu(pid);

            if (cpu > slot->cpu) {
                slot->cpu = (ngx_atomic_uint_t) cpu;
            }

            ngx_http_wubloader_proc_memory(pid, &own, &shared);

            ret->resident += own;
            most = ngx_max(most, shared);
            ret->waiting += slot->waiting;
            ret->db.connecting += slot->db.connecting;
            ret->db.idle += slot->db.idle;
            ret->db.busy += slot->db.busy;
            ret->db.waiting += slot->db.waiting;
            ret->count++;

            for (e = 0; e < ngx_http_wubloader_endpoints; e++) {
                for (m = 0; m < ngx_http_wubloader_methods; m++) {
                    ret->ongoing[e][m] += slot->ongoing[e][m];
                }
            }
        }

        ret->cpu += slot->cpu;
    }

    ret->resident += most;
}


static ngx_int_t
ngx_http_wubloader_proc_read(ngx_pid_t pid, const char *file,
    char buf[NGX_HTTP_WUBLOADER_PROC_FILE], wub_str_t *ret)
{
    u_char    path[64];
    ssize_t   n;
    ngx_fd_t  fd;

    (void) ngx_snprintf(path, sizeof(path), "/proc/%P/%s%Z", pid, file);

    fd = ngx_open_file(path, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, buf, NGX_HTTP_WUBLOADER_PROC_FILE);

    (void) ngx_close_file(fd);

    if (n <= 0) {
        return NGX_ERROR;
    }

    *ret = wub_str_n(buf, (size_t) n);

    return NGX_OK;
}


static uint64_t
ngx_http_wubloader_proc_cpu(ngx_pid_t pid)
{
    char         buf[NGX_HTTP_WUBLOADER_PROC_FILE];
    long         ticks;
    uint64_t     utime, stime;
    wub_str_t    text;
    ngx_uint_t   field;
    const char  *p, *last;

    ticks = sysconf(_SC_CLK_TCK);

    if (ticks <= 0
        || ngx_http_wubloader_proc_read(pid, "stat", buf, &text) != NGX_OK)
    {
        return 0;
    }

    last = text.data + text.len;

    /* a name may hold blanks and parentheses */

    for (p = last; p > text.data && p[-1] != ')'; p--) { /* void */ }

    field = 0;
    utime = 0;
    stime = 0;

    for ( /* void */ ; p < last; p++) {
        if (*p != ' ') {
            continue;
        }

        if (field == NGX_HTTP_WUBLOADER_STAT_UTIME) {
            utime = ngx_http_wubloader_proc_number(p, last);
        }

        if (field == NGX_HTTP_WUBLOADER_STAT_UTIME + 1) {
            stime = ngx_http_wubloader_proc_number(p, last);
            break;
        }

        field++;
    }

    return (utime + stime) * 1000000 / (uint64_t) ticks;
}


static void
ngx_http_wubloader_proc_memory(ngx_pid_t pid, uint64_t *ret_own,
    uint64_t *ret_shared)
{
    char       buf[NGX_HTTP_WUBLOADER_PROC_FILE];
    uint64_t   all;
    wub_str_t  text;

    *ret_own = 0;
    *ret_shared = 0;

    if (ngx_http_wubloader_proc_read(pid, "status", buf, &text) != NGX_OK) {
        return;
    }

    all = ngx_http_wubloader_proc_kb(text, "\nVmRSS:");
    *ret_shared = ngx_http_wubloader_proc_kb(text, "\nRssShmem:");
    *ret_own = (all > *ret_shared) ? all - *ret_shared : 0;
}


/* bytes of a line that counts in kB; 0: there is none */

static uint64_t
ngx_http_wubloader_proc_kb(wub_str_t text, const char *name)
{
    size_t       len;
    const char  *p, *last;

    len = ngx_strlen(name);
    last = text.data + text.len;

    for (p = text.data; (size_t) (last - p) > len; p++) {
        if (ngx_memcmp(p, name, len) == 0) {
            return ngx_http_wubloader_proc_number(p + len, last) * 1024;
        }
    }

    return 0;
}


static uint64_t
ngx_http_wubloader_proc_number(const char *p, const char *last)
{
    uint64_t  n;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    for (n = 0; p < last && *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (uint64_t) (*p - '0');
    }

    return n;
}
