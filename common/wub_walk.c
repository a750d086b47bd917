
/*
 * Copyright (C) the wubloader for nginx authors
 */


#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "common/wub_walk.h"
#include "common/wub_buf.h"
#include "common/wub_dir.h"
#include "common/wub_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>


/* bytes of a path below the root: Linux takes no longer one in a call */
#define WUB_WALK_PATH_MAX        4096

/* what an operator wrote beside a tombstone: in no listing */
#define WUB_WALK_REASON          ".tombstone-reason"


/* a list that is the files found so far, or the directories to be read */
typedef struct {
    wub_names_t  list;
    size_t       room;
} wub_walk_list_t;


typedef struct {
    wub_arena_t      *arena;
    const char       *root;
    const char       *path;     /* where it began */

    wub_walk_list_t   files;    /* relative to path */
    wub_walk_list_t   dirs;     /* the same, of this depth */
    wub_walk_list_t   next;     /* of the next one */
    size_t            left;     /* names that may still be looked at */
    int               error;
} wub_walk_t;


static wub_rc_t wub_walk_dir(wub_walk_t *w, wub_str_t dir);
static wub_rc_t wub_walk_names(wub_walk_t *w, wub_str_t dir, int fd,
    const wub_names_t *names);
static bool wub_walk_hidden(const wub_names_t *sorted, wub_str_t name);
static wub_rc_t wub_walk_name(wub_walk_t *w, wub_str_t dir, int fd,
    wub_str_t name);
static bool wub_walk_link(wub_walk_t *w, wub_str_t path);
static const char *wub_walk_join(wub_walk_t *w, wub_str_t one, wub_str_t two,
    wub_str_t *ret);
static wub_rc_t wub_walk_add(wub_walk_t *w, wub_walk_list_t *l,
    wub_str_t path);


wub_rc_t
wub_walk(wub_arena_t *arena, const char *root, const char *path,
    wub_names_t *ret, int *ret_errno)
{
    size_t      i, depth;
    wub_rc_t    rc;
    wub_walk_t  w;

    memset(&w, 0, sizeof(wub_walk_t));

    w.arena = arena;
    w.root = root;
    w.path = path;
    w.left = WUB_WALK_NAMES_MAX;

    rc = wub_walk_dir(&w, wub_str(""));

    for (depth = 0; rc == WUB_OK && w.next.list.nnames != 0; depth++) {
        if (depth == WUB_WALK_DEPTH_MAX) {
            rc = WUB_TOO_BIG;
            break;
        }

        w.dirs = w.next;
        memset(&w.next, 0, sizeof(wub_walk_list_t));

        for (i = 0; rc == WUB_OK && i < w.dirs.list.nnames; i++) {
            rc = wub_walk_dir(&w, w.dirs.list.names[i]);

            /* what was removed or replaced meanwhile is not there */

            if (rc == WUB_NOT_FOUND || rc == WUB_DECLINED) {
                rc = WUB_OK;
            }
        }
    }

    *ret_errno = (rc == WUB_OK) ? 0 : w.error;

    if (rc == WUB_OK) {
        wub_names_sort(&w.files.list);
        *ret = w.files.list;
    }

    return rc;
}


static wub_rc_t
wub_walk_dir(wub_walk_t *w, wub_str_t dir)
{
    int          fd;
    wub_rc_t     rc;
    wub_str_t    full;
    const char  *path;
    wub_names_t  names;

    path = wub_walk_join(w, wub_str_n(w->path, strlen(w->path)), dir, &full);
    if (path == NULL) {
        return WUB_NO_MEMORY;
    }

    if (full.len >= WUB_WALK_PATH_MAX) {
        return WUB_TOO_BIG;
    }

    rc = wub_dir_open(w->root, path, &fd, &w->error);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_dir_read(w->arena, fd, w->left, &names, &w->error);

    if (rc == WUB_OK) {
        wub_names_sort(&names);
        rc = wub_walk_names(w, dir, fd, &names);
    }

    (void) close(fd);

    return rc;
}


static wub_rc_t
wub_walk_names(wub_walk_t *w, wub_str_t dir, int fd,
    const wub_names_t *names)
{
    size_t    i;
    wub_rc_t  rc;

    w->left -= names->nnames;

    for (i = 0; i < names->nnames; i++) {
        if (wub_walk_hidden(names, names->names[i])) {
            continue;
        }

        rc = wub_walk_name(w, dir, fd, names->names[i]);
        if (rc != WUB_OK) {
            return rc;
        }
    }

    return WUB_OK;
}


static bool
wub_walk_hidden(const wub_names_t *sorted, wub_str_t name)
{
    size_t  n;

    n = sizeof(WUB_WALK_REASON) - 1;

    if (name.len >= n
        && memcmp(name.data + name.len - n, WUB_WALK_REASON, n) == 0)
    {
        return true;
    }

    return wub_names_tombstoned(sorted, name);
}


static wub_rc_t
wub_walk_name(wub_walk_t *w, wub_str_t dir, int fd, wub_str_t name)
{
    wub_str_t    path;
    const char  *text;
    struct stat  st;

    if (!wub_name_safe(name)) {
        return WUB_OK;
    }

    text = wub_walk_join(w, wub_str(""), name, &path);
    if (text == NULL) {
        return WUB_NO_MEMORY;
    }

    if (fstatat(fd, text, &st, AT_SYMLINK_NOFOLLOW) == -1) {
        return WUB_OK;
    }

    if (dir.len != 0 && wub_walk_join(w, dir, name, &path) == NULL) {
        return WUB_NO_MEMORY;
    }

    if (S_ISDIR(st.st_mode)) {
        return wub_walk_add(w, &w->next, path);
    }

    if (S_ISREG(st.st_mode) || (S_ISLNK(st.st_mode) && wub_walk_link(w, path)))
    {
        return wub_walk_add(w, &w->files, path);
    }

    return WUB_OK;
}


/* true when it leads to a file of the store */

static bool
wub_walk_link(wub_walk_t *w, wub_str_t path)
{
    int              fd, error;
    wub_str_t        full;
    const char      *text;
    wub_file_stat_t  st;

    text = wub_walk_join(w, wub_str_n(w->path, strlen(w->path)), path, &full);

    if (text == NULL
        || wub_dir_open_file(w->root, text, &fd, &st, &error) != WUB_OK)
    {
        return false;
    }

    (void) close(fd);

    return true;
}


/* with a zero behind it; an empty one has no slash */

static const char *
wub_walk_join(wub_walk_t *w, wub_str_t one, wub_str_t two, wub_str_t *ret)
{
    wub_buf_t  b;

    wub_buf_init(&b, w->arena, one.len + two.len + 2);

    wub_buf_str(&b, one);

    if (one.len != 0 && two.len != 0) {
        wub_buf_putc(&b, '/');
    }

    wub_buf_str(&b, two);
    wub_buf_putc(&b, '\0');

    if (b.rc != WUB_OK) {
        return NULL;
    }

    *ret = wub_str_n(b.data, b.len - 1);

    return b.data;
}


static wub_rc_t
wub_walk_add(wub_walk_t *w, wub_walk_list_t *l, wub_str_t path)
{
    size_t      room;
    wub_str_t  *names;

    if (l->list.nnames == l->room) {
        room = (l->room == 0) ? 64 : l->room * 2;

        names = wub_arena_grow(w->arena, l->list.names,
                               l->room * sizeof(wub_str_t),
                               room * sizeof(wub_str_t));
        if (names == NULL) {
            return WUB_NO_MEMORY;
        }

        l->list.names = names;
        l->room = room;
    }

    l->list.names[l->list.nnames++] = path;

    return WUB_OK;
}
