
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_module.h: configuration and context of a request, and
 * what the files of this room offer each other.
 * May call: nginx, common/.
 * Frees: a request's pool frees all, its arena and descriptors included.
 *
 * Handlers (files, extras, playlist, master, segments, cut, rough, still,
 * thumbnail, status, metrics) use args, hours, task and response; they never
 * use each other, but for cut, which decides, and rough, which sends.  What
 * cut, still and thumbnail do not answer goes on by render.
 */


#ifndef NGX_HTTP_WUBLOADER_MODULE_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_md5.h>

#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_best.h"
#include "common/wub_buf.h"
#include "common/wub_dir.h"
#include "common/wub_event.h"
#include "common/wub_hour.h"
#include "common/wub_m3u8.h"
#include "common/wub_query.h"
#include "common/wub_range.h"
#include "common/wub_token.h"

#include "ngx_wubloader_module/ngx_http_wubloader_metrics.h"


#if !(NGX_THREADS)
#error "the wubloader module needs nginx configured --with-threads"
#endif


/* channel, quality, hour */
#define NGX_HTTP_WUBLOADER_PARTS   3

/* statuses that nginx has no names for */
#define NGX_HTTP_WUBLOADER_NOT_ACCEPTABLE  406
#define NGX_HTTP_WUBLOADER_GONE            410

/* 128 bits in hex, with quotes */
#define NGX_HTTP_WUBLOADER_ETAG    34


/* one value of the directive "wubloader" */
typedef struct {
    ngx_str_t                     name;
    ngx_http_handler_pt           handler;  /* NULL: not in this version */
    unsigned                      root:1;   /* needs wubloader_root */
    unsigned                      render:1; /* may go to wubloader_render */
    unsigned                      post:1;   /* takes POST besides, and reads
                                               or discards its body */
    unsigned                      routes:1; /* has methods of its own, and
                                               what it does not read of a
                                               body it discards */
    ngx_http_wubloader_endpoint_e  endpoint;    /* its first one */
} ngx_http_wubloader_kind_t;


/* a location that may redirect to wubloader_render, checked at the end */
typedef struct {
    ngx_http_core_srv_conf_t     *cscf;
    struct ngx_http_wubloader_loc_conf_s  *wlcf;
} ngx_http_wubloader_render_t;


typedef struct ngx_http_wubloader_cache_s  ngx_http_wubloader_cache_t;
typedef struct ngx_http_wubloader_held_s  ngx_http_wubloader_held_t;
typedef struct ngx_http_wubloader_db_s  ngx_http_wubloader_db_t;
typedef struct ngx_http_wubloader_auth_keys_s
    ngx_http_wubloader_auth_keys_t;
typedef struct ngx_http_wubloader_roles_s  ngx_http_wubloader_roles_t;


typedef struct {
    ngx_array_t                   renders;  /* ngx_http_wubloader_render_t */
    ngx_shm_zone_t               *metrics;  /* NULL: nothing is counted */
    ngx_http_wubloader_process_t  *slot;    /* of this process, or NULL */
    ngx_http_wubloader_cache_t   *cache;    /* NULL: none */
    ngx_http_wubloader_roles_t   *roles;    /* NULL: no keys anywhere */
    ngx_array_t                   dbs;      /* ngx_http_wubloader_db_t * */
} ngx_http_wubloader_main_conf_t;


typedef struct {
    ngx_flag_t                    used;     /* some location is ours */
} ngx_http_wubloader_srv_conf_t;


/* a directory of templates */
typedef struct {
    ngx_str_t                     path;     /* with a zero, no end / */
    uint32_t                      told;     /* crc of what this process has
                                               said is wrong with them */
} ngx_http_wubloader_templates_t;


typedef struct ngx_http_wubloader_loc_conf_s {
    const ngx_http_wubloader_kind_t  *kind; /* NULL: not ours */
    ngx_str_t                     prefix;   /* of the location */

    ngx_str_t                     root;     /* with a zero, no end / */
    ngx_str_t                     segments_uri;     /* no end / */
    ngx_msec_t                    tolerance;
    ngx_msec_t                    live_hold;
    ngx_uint_t                    target_duration;  /* seconds, 0: auto */
    time_t                        segment_max_age;
    time_t                        max_implicit_range;
    ngx_str_t                     render;   /* with its @, empty: none */

    wub_event_conf_t              thrim;    /* of the editor's API; what is
                                               not set has no data */
    ngx_http_wubloader_templates_t  *templates; /* NULL: none */

    ngx_thread_pool_t            *thread_pool;
    ngx_http_wubloader_db_t      *db;       /* NULL: none */

    ngx_uint_t                    auth_off; /* anybody may write */
    ngx_http_wubloader_auth_keys_t  *auth_keys;     /* NULL: none */
    ngx_array_t                  *auth_issuers;     /* wub_str_t */
    ngx_array_t                  *auth_clients;     /* wub_str_t */
    wub_token_conf_t              auth_token;   /* of both */
} ngx_http_wubloader_loc_conf_t;


/* work runs in a thread, done after it in the event loop */
typedef void (*ngx_http_wubloader_work_pt)(void *data);
typedef ngx_int_t (*ngx_http_wubloader_done_pt)(ngx_http_request_t *r,
    void *data);


typedef struct {
    ngx_http_request_t           *request;  /* NULL: it has no handler */
    wub_arena_t                  *arena;
    ngx_thread_pool_t            *thread_pool;
    wub_query_t                   query;

    void                         *data;     /* of the handler */
    ngx_http_wubloader_done_pt    done;

    ngx_http_wubloader_seen_t     seen;     /* for log and metrics */

    off_t                         room;     /* bytes that a body may still
                                               have */
    unsigned                      reading:1;    /* a body, into room */

    ngx_str_t                     sentence; /* in place of nginx's HTML */
    unsigned                      sending:1;    /* an answer of our own */
} ngx_http_wubloader_ctx_t;


/* what a path of a request names; all empty but those that were given */
typedef struct {
    wub_str_t                     parts[NGX_HTTP_WUBLOADER_PARTS];
    ngx_uint_t                    nparts;
} ngx_http_wubloader_path_t;


/*
 * What a thread task reads of the store.  The task only notes what went
 * wrong, the first thing; the event loop puts it on the log.
 */
typedef struct {
    wub_arena_t                  *arena;
    const char                   *root;
    wub_str_t                     channel;
    wub_str_t                     quality;
    int64_t                       tolerance;    /* microseconds */

    int64_t                      *hours;    /* that have a directory, sorted */
    wub_hour_t                  **indexes;  /* of hours; NULL: not read yet */
    size_t                        nhours;
    size_t                        ignored;  /* .ts names, no segments */
    size_t                        nlooked;  /* hours, by store_hour() */
    size_t                        nholes;   /* of all chains */
    bool                          joined;   /* there was a chain */

    ngx_http_wubloader_cache_t   *cache;    /* NULL: none */
    wub_str_t                     segments_uri;
    ngx_fd_t                      dirfd;    /* of the quality, in a task;
                                               -1: not open */
    wub_arena_t                  *maker;    /* of new items, or NULL */
    ngx_md5_t                     key;      /* of all items, without their
                                               hour */
    ngx_uint_t                    keyed;    /* key is begun */
    ngx_http_wubloader_held_t   **held;     /* released with the request */
    size_t                        nheld;
    size_t                        room;     /* of held */
    ngx_http_wubloader_cache_e    found;    /* the worst of all */
    int64_t                       from;     /* texts that end before it are
                                               not opened */
    ngx_uint_t                    peek;     /* only what is in the cache */
    ngx_uint_t                    ahead;    /* not what others make */
    ngx_uint_t                    lazy;     /* texts are opened when needed */
    ngx_uint_t                    both;     /* a listing with tombstones may
                                               follow one without */
    wub_names_t                   names;    /* for it, of a listing kept */
    wub_dir_stamp_t               stamp;    /* of names */
    int                           unwritten;    /* errno of a text's file */

    wub_rc_t                      rc;
    int                           err;          /* errno, or 0 */
    const char                   *where;        /* NULL: nothing noted */
} ngx_http_wubloader_store_t;


static ngx_inline wub_str_t
ngx_http_wubloader_wub(ngx_str_t s)
{
    return wub_str_n((const char *) s.data, s.len);
}


static ngx_inline ngx_str_t
ngx_http_wubloader_ngx(wub_str_t s)
{
    ngx_str_t  str;

    str.len = s.len;
    str.data = (u_char *) (uintptr_t) s.data;

    return str;
}


/* kind: the directive "wubloader" */

char *ngx_http_wubloader_set(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* after all of the configuration is read */
ngx_int_t ngx_http_wubloader_renders_init(ngx_conf_t *cf);


/* conf: values of directives that have a grammar or bounds of their own */

char *ngx_http_wubloader_root(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_wubloader_cache(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
/* the path of a directory: relative to nginx's prefix, no end / */
char *ngx_http_wubloader_conf_dir(ngx_conf_t *cf, ngx_str_t *path);
char *ngx_http_wubloader_segments_uri(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_wubloader_target_duration(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
char *ngx_http_wubloader_render(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_wubloader_check_hour(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_wubloader_check_year(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_wubloader_check_years(ngx_conf_t *cf, void *post,
    void *data);


/*
 * Checks of a request return NGX_DECLINED when all is well and nothing was
 * answered; anything else is what the content handler returns.
 */


/* route */

ngx_int_t ngx_http_wubloader_handler(ngx_http_request_t *r);

/*
 * The answer to OPTIONS, or 405, where methods are taken: NGX_HTTP_GET,
 * which brings HEAD with it, NGX_HTTP_POST, or both.
 */
ngx_int_t ngx_http_wubloader_allow(ngx_http_request_t *r,
    ngx_uint_t methods);

/* the query's parameters */
ngx_int_t ngx_http_wubloader_query(ngx_http_request_t *r);

/* what follows the location's prefix, without the slash between */
ngx_int_t ngx_http_wubloader_rest(ngx_http_request_t *r, wub_str_t *ret);

/*
 * Splits a rest into 1 to NGX_HTTP_WUBLOADER_PARTS checked parts; ending,
 * ".m3u8" say, is taken off the last one, and must be there unless empty.
 */
ngx_int_t ngx_http_wubloader_split(ngx_http_request_t *r, wub_str_t rest,
    wub_str_t ending, ngx_http_wubloader_path_t *ret);

/* what: the part's name in the sentence */
ngx_int_t ngx_http_wubloader_check_part(ngx_http_request_t *r,
    wub_str_t part, const char *what);

/* also after an internal redirect out of our location; NULL: not ours */
ngx_http_wubloader_ctx_t *ngx_http_wubloader_find_ctx(ngx_http_request_t *r);


/* args */

/* ret is untouched when the parameter is missing */
ngx_int_t ngx_http_wubloader_arg_range(ngx_http_request_t *r,
    int64_t *ret_start, int64_t *ret_end);
ngx_int_t ngx_http_wubloader_arg_bool(ngx_http_request_t *r,
    const char *name, bool *ret);

/* bytes of a client's text that a sentence repeats */
#define NGX_HTTP_WUBLOADER_QUOTE  80

/*
 * At most max bytes of a foreign text as they may stand in a sentence or
 * on the log: printable ASCII; in the request's pool.
 */
ngx_str_t *ngx_http_wubloader_quote(ngx_http_request_t *r, wub_str_t s,
    size_t max);


/* filter */

ngx_int_t ngx_http_wubloader_filter_init(ngx_conf_t *cf);


/* response: all return what a content handler returns */

ngx_int_t ngx_http_wubloader_header(ngx_http_request_t *r, const char *key,
    const ngx_str_t *value);

ngx_int_t ngx_http_wubloader_send_header(ngx_http_request_t *r);

/*
 * The sentence ends without a newline; r->pool holds the text.  A body that
 * nobody has read is discarded.
 */
ngx_int_t ngx_http_wubloader_error(ngx_http_request_t *r, ngx_uint_t status,
    const char *fmt, ...);

/* the same for a sentence of any length that others made */
ngx_int_t ngx_http_wubloader_sentence(ngx_http_request_t *r,
    ngx_uint_t status, wub_str_t sentence);

/* 204, for OPTIONS */
ngx_int_t ngx_http_wubloader_no_content(ngx_http_request_t *r);

ngx_int_t ngx_http_wubloader_set_etag(ngx_http_request_t *r, ngx_str_t *etag);

void ngx_http_wubloader_type(ngx_http_request_t *r, ngx_uint_t status,
    const char *type);

/* a whole answer of one text */
ngx_int_t ngx_http_wubloader_body(ngx_http_request_t *r, ngx_uint_t status,
    const char *type, wub_str_t body);


/*
 * text: listings and playlists, under a strong ETag, in the form that the
 * client takes
 */

/* bytes in memory, or, where there is one, of a file */
typedef struct {
    wub_str_t                     data;
    ngx_fd_t                      fd;
    off_t                         from;
    off_t                         to;
} ngx_http_wubloader_piece_t;

typedef struct {
    wub_str_t                     body;     /* in the form that is sent */
    ngx_http_wubloader_piece_t   *pieces;   /* in its place, none empty */
    size_t                        npieces;
    ngx_str_t                     none_match;   /* the header, or empty */
    u_char                        etag[NGX_HTTP_WUBLOADER_ETAG];
    unsigned                      gzip:1;   /* the client takes it */
    unsigned                      same:1;   /* the client has it: 304 */
} ngx_http_wubloader_text_t;

/* in the event loop, before the task */
void ngx_http_wubloader_text_init(ngx_http_request_t *r,
    ngx_http_wubloader_text_t *text);

/* before a second try */
void ngx_http_wubloader_text_again(ngx_http_wubloader_text_t *text);

/* in a thread; body stays in use */
wub_rc_t ngx_http_wubloader_text_make(ngx_http_wubloader_text_t *text,
    wub_arena_t *arena, wub_str_t body);

/* in a thread, once the tag is known: whether the client has this text */
ngx_uint_t ngx_http_wubloader_text_same(ngx_http_wubloader_text_t *text);

/* in the event loop again: 200 or 304 */
ngx_int_t ngx_http_wubloader_text_send(ngx_http_request_t *r,
    const char *type, const ngx_http_wubloader_text_t *text);

/* all three at once for a short text, which alone is compressed */
ngx_int_t ngx_http_wubloader_text(ngx_http_request_t *r, const char *type,
    wub_str_t body, const u_char etag[NGX_HTTP_WUBLOADER_ETAG]);

/* thread-safe; 34 bytes, quotes included */
void ngx_http_wubloader_etag(wub_str_t body,
    u_char etag[NGX_HTTP_WUBLOADER_ETAG]);
void ngx_http_wubloader_etag_final(ngx_md5_t *md5,
    u_char etag[NGX_HTTP_WUBLOADER_ETAG]);
void ngx_http_wubloader_etag_hash(const u_char hash[16],
    u_char etag[NGX_HTTP_WUBLOADER_ETAG]);


/* cache: tells the metrics of it, before any request */

void ngx_http_wubloader_cache_process(ngx_cycle_t *cycle);


/* gzip */

/* the client takes gzip */
ngx_uint_t ngx_http_wubloader_gzip_accepted(ngx_http_request_t *r);


/* task */

/*
 * Runs work(data) in a thread and then done(r, data) in the event loop,
 * whose result finalizes the request.  data lies in the request's pool,
 * which stays until the thread is done, also when the client leaves; work
 * may allocate from the context's arena, never from the pool, and never
 * looks at r.  Returns what the content handler returns.
 */
ngx_int_t ngx_http_wubloader_task(ngx_http_request_t *r,
    ngx_http_wubloader_work_pt work, ngx_http_wubloader_done_pt done,
    void *data);

/* the same, but NGX_DECLINED, without an answer, when too many wait */
ngx_int_t ngx_http_wubloader_try_task(ngx_http_request_t *r,
    ngx_http_wubloader_work_pt work, ngx_http_wubloader_done_pt done,
    void *data);

/* bytes whose freeing would hold up the event loop */
#define NGX_HTTP_WUBLOADER_FREE  (1024 * 1024)

typedef void (*ngx_http_wubloader_free_pt)(void *data);

/* frees what is as large as that in a thread, after the request if need be */
void ngx_http_wubloader_free(ngx_thread_pool_t *tp, size_t size,
    ngx_http_wubloader_free_pt free, void *data);


/* hours */

/* in the event loop, before the task */
void ngx_http_wubloader_store_init(ngx_http_request_t *r,
    ngx_http_wubloader_store_t *store, const ngx_http_wubloader_path_t *path);

/* from here to the mark: in a thread */

/* names joined by '/', with a zero; NULL: memory */
const char *ngx_http_wubloader_store_path(ngx_http_wubloader_store_t *store,
    const wub_str_t *names, size_t nnames);

/*
 * Opens a directory.  WUB_NOT_FOUND: it does not exist, or is something
 * else, but the root is there.
 */
wub_rc_t ngx_http_wubloader_store_open(ngx_http_wubloader_store_t *store,
    const char *path, int *ret_fd);

/*
 * All names of a directory.  WUB_NOT_FOUND: it does not exist, or is
 * something else, but the root is there.
 */
wub_rc_t ngx_http_wubloader_store_read(ngx_http_wubloader_store_t *store,
    const char *path, wub_names_t *ret);

/* those that are not hidden and are directories, sorted */
wub_rc_t ngx_http_wubloader_store_dirs(ngx_http_wubloader_store_t *store,
    const char *path, wub_names_t *ret);

/*
 * In the event loop, for a look at the cache that reads no directory: hours
 * are all of the span, there or not.  And for the task after it.
 */
wub_rc_t ngx_http_wubloader_store_peek(ngx_http_wubloader_store_t *store,
    int64_t start, int64_t end);
void ngx_http_wubloader_store_again(ngx_http_wubloader_store_t *store);

/* hours that a peek looks at */
#define NGX_HTTP_WUBLOADER_PEEK  5

/*
 * Opens the quality, unless it is open.  It is closed when the task is done,
 * at the latest with the request: between requests no disk is held.
 */
wub_rc_t ngx_http_wubloader_store_quality(ngx_http_wubloader_store_t *store);

/* fills in hours and indexes; WUB_NOT_FOUND: no such quality */
wub_rc_t ngx_http_wubloader_store_hours(ngx_http_wubloader_store_t *store);

/*
 * The index of store->hours[i], read once.  The only way to one: a cache
 * of hours goes behind this function.  WUB_NOT_FOUND: it is gone.
 */
wub_rc_t ngx_http_wubloader_store_hour(ngx_http_wubloader_store_t *store,
    size_t i, const wub_hour_t **ret);

/* the chain that covers a range; store->hours is filled in */
wub_rc_t ngx_http_wubloader_store_chain(ngx_http_wubloader_store_t *store,
    int64_t start, int64_t end, wub_chain_t *ret);

/* the path of an hour's directory */
const char *ngx_http_wubloader_store_hour_path(
    ngx_http_wubloader_store_t *store, int64_t hour);

/* notes a failure for store_failed() and returns rc */
wub_rc_t ngx_http_wubloader_store_fail(ngx_http_wubloader_store_t *store,
    wub_rc_t rc, int err, const char *where);

/* the mark: in the event loop again */

/* puts on the log what the task noted, if anything; ends the task */
void ngx_http_wubloader_store_log(ngx_http_request_t *r,
    ngx_http_wubloader_store_t *store);
void ngx_http_wubloader_store_close(ngx_http_wubloader_store_t *store);

/* the answer when a function above failed with anything but not found */
ngx_int_t ngx_http_wubloader_store_failed(ngx_http_request_t *r,
    const ngx_http_wubloader_store_t *store);


/* handlers */

ngx_int_t ngx_http_wubloader_files(ngx_http_request_t *r);
ngx_int_t ngx_http_wubloader_playlist(ngx_http_request_t *r);
ngx_int_t ngx_http_wubloader_segments(ngx_http_request_t *r);
ngx_int_t ngx_http_wubloader_cut(ngx_http_request_t *r);
ngx_int_t ngx_http_wubloader_frame(ngx_http_request_t *r);
ngx_int_t ngx_http_wubloader_waveform(ngx_http_request_t *r);
ngx_int_t ngx_http_wubloader_thumbnail(ngx_http_request_t *r);
ngx_int_t ngx_http_wubloader_extras(ngx_http_request_t *r);
ngx_int_t ngx_http_wubloader_status(ngx_http_request_t *r);
ngx_int_t ngx_http_wubloader_thrimshim(ngx_http_request_t *r);
ngx_int_t ngx_http_wubloader_metrics(ngx_http_request_t *r);

/* the part of playlist that answers for a channel */
ngx_int_t ngx_http_wubloader_master(ngx_http_request_t *r,
    const ngx_http_wubloader_path_t *path);


/* rough: whole segments, one after the other */

/* one file of a rough cut */
typedef struct {
    int64_t                       hour;     /* whose directory it is in */
    wub_str_t                     name;
    uint64_t                      size;
} ngx_http_wubloader_file_t;

typedef struct {
    ngx_http_wubloader_store_t   *store;
    ngx_http_wubloader_file_t    *files;
    size_t                        nfiles;
    size_t                        room;     /* of files */
    uint64_t                      size;     /* bytes of all */
    u_char                        etag[NGX_HTTP_WUBLOADER_ETAG];
} ngx_http_wubloader_files_t;

/* in a thread: sizes and ETag; WUB_NOT_FOUND: a file has vanished */
wub_rc_t ngx_http_wubloader_rough_prepare(ngx_http_wubloader_files_t *files);

/* opens the directory of an hour, unless it is the one that is open */
wub_rc_t ngx_http_wubloader_rough_dir(ngx_http_wubloader_store_t *store,
    int64_t hour, int64_t *current, int *dirfd, int *ret_err);

ngx_int_t ngx_http_wubloader_rough_send(ngx_http_request_t *r,
    ngx_http_wubloader_files_t *files);


extern ngx_module_t  ngx_http_wubloader_module;


#endif /* NGX_HTTP_WUBLOADER_MODULE_H_INCLUDED_ */
