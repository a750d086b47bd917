
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_cache.h: what is known of an hour's directory while it
 * does not change.  zone: the memory that all processes share; files: the
 * texts; fds: those that this process has open; item: what makes them;
 * cache: who finds or makes one; proc: what a process does apart from its
 * requests; join: playlists out of them; ahead: their hours in time.
 * May call: nginx, common/.
 * Frees: the descriptors of a request go with its pool.
 *
 * All functions but the first of each file's run in threads: they take no
 * request, no pool and no log.
 */


#ifndef NGX_HTTP_WUBLOADER_CACHE_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_CACHE_H_INCLUDED_


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"

#include "common/wub_gzip.h"
#include "common/wub_hourtext.h"
#include "common/wub_stamp.h"
#include "common/wub_time.h"


#define NGX_HTTP_WUBLOADER_KEY   16

/* bytes of text in one block of its compressed form */
#define NGX_HTTP_WUBLOADER_BLOCK 12288


/* what is kept of an hour, each a file of its own */
typedef enum {
    ngx_http_wubloader_item_hour = 0,   /* playlist text, then the index */
    ngx_http_wubloader_item_hour_gz,    /* its blocks, then their ends */
    ngx_http_wubloader_item_list,       /* a listing */
    ngx_http_wubloader_item_list_gz,
    ngx_http_wubloader_item_tombs,      /* one with tombstones, if any */
    ngx_http_wubloader_item_tombs_gz
} ngx_http_wubloader_item_e;


/*
 * As much of a wub_hourtext_t as one that is not cut needs: of its own one
 * segment at most.
 */
typedef union {
    int64_t                       align;
    u_char                        data[sizeof(wub_hourtext_t)
                                       + sizeof(wub_hourtext_segment_t)];
} ngx_http_wubloader_summary_t;


/* what the zone tells of a file */
typedef struct {
    uint64_t                      id;       /* its name; 0: none */
    uint32_t                      text;     /* bytes, at its start */
    uint32_t                      tail;     /* bytes, behind them: the end
                                               of a playlist, or none */
    uint32_t                      rest;     /* bytes, behind those */
    uint32_t                      plain;    /* bytes, not compressed */
    uint32_t                      crc;      /* of the plain text */
    uint32_t                      shift;    /* of its length, for crc */
    uint32_t                      graves;   /* listing: tombstones */
    int64_t                       latest;   /* end of any best segment */
    u_char                        hash[16]; /* of the plain text */
    ngx_http_wubloader_summary_t  summary;
} ngx_http_wubloader_meta_t;


static ngx_inline wub_hourtext_t *
ngx_http_wubloader_summary(ngx_http_wubloader_meta_t *meta)
{
    return (wub_hourtext_t *) (void *) meta->summary.data;
}


typedef struct {
    ngx_http_wubloader_meta_t     meta;
    wub_str_t                     rest;     /* data NULL: in the file */
} ngx_http_wubloader_item_t;


typedef struct {
    ngx_rbtree_t                  rbtree;
    ngx_rbtree_node_t             sentinel;
    ngx_queue_t                   queue;        /* the latest used first */
    ngx_atomic_t                  next;         /* id */
} ngx_http_wubloader_shared_t;


/*
 * A file of a text that this process has open.  Used by requests, it is in
 * no queue; then, it is kept for others until something newer or more
 * wanted takes its place, or nobody wants it for some seconds.
 */
struct ngx_http_wubloader_held_s {
    ngx_queue_t                   queue;    /* of idle or of free ones */
    ngx_http_wubloader_held_t    *next;     /* of the same bucket */
    u_char                        key[NGX_HTTP_WUBLOADER_KEY];
    uint64_t                      id;       /* 0: not found any longer */
    ngx_fd_t                      fd;       /* -1: free */
    ngx_uint_t                    users;
    ngx_uint_t                    turn;     /* when it was last used */
};


typedef struct {
    ngx_thread_mutex_t            mutex;    /* of all that follows */
    ngx_http_wubloader_held_t   **buckets;
    ngx_uint_t                    mask;     /* of buckets */
    ngx_queue_t                   idle;     /* the latest used first */
    ngx_queue_t                   free;
    ngx_uint_t                    turn;
} ngx_http_wubloader_fds_t;


struct ngx_http_wubloader_cache_s {
    ngx_http_wubloader_shared_t  *shared;
    ngx_slab_pool_t              *pool;
    ngx_shm_zone_t               *zone;
    ngx_str_t                     path;     /* with a zero; empty: none */
    ngx_http_wubloader_stats_t   *stats;    /* NULL: nobody counts */
    ngx_atomic_t                 *waiting;  /* of this process, or NULL */

    /* of this process; the event loop's, but for fds */

    ngx_http_wubloader_fds_t      fds;
    ngx_event_t                   event;    /* handler NULL: not begun */
    ngx_thread_pool_t            *threads;  /* NULL: has been swept */
    uint64_t                      first;    /* id of nothing older */
};


/* a key is a hash: its bytes are compared in no order but always the same */

static ngx_inline ngx_int_t
ngx_http_wubloader_key_cmp(const u_char *a, const u_char *b)
{
    uint64_t  one[2], two[2];

    ngx_memcpy(one, a, NGX_HTTP_WUBLOADER_KEY);
    ngx_memcpy(two, b, NGX_HTTP_WUBLOADER_KEY);

    return (one[0] != two[0]) ? (one[0] > two[0]) - (one[0] < two[0])
                              : (one[1] > two[1]) - (one[1] < two[1]);
}


/* zone */

ngx_int_t ngx_http_wubloader_zone_init(ngx_shm_zone_t *zone, void *data);

/*
 * NGX_OK: ret is filled in, its rest in the arena.  NGX_DECLINED: there is
 * none, and the caller is now the one who makes it: put or drop follows.
 * NGX_AGAIN: another one makes it.  NGX_ERROR: there is no room for a mark
 * that others could see; all else as with NGX_DECLINED.  NGX_ABORT, without
 * claim: there is none.
 */
ngx_int_t ngx_http_wubloader_zone_get(ngx_http_wubloader_cache_t *cache,
    const u_char key[NGX_HTTP_WUBLOADER_KEY], const wub_dir_stamp_t *stamp,
    wub_arena_t *arena, ngx_uint_t claim, ngx_http_wubloader_item_t *ret);

/* a name that no file has; takes no lock */
uint64_t ngx_http_wubloader_zone_id(ngx_http_wubloader_cache_t *cache);

/*
 * NGX_OK: kept.  NGX_DECLINED: there is no room for it.  In both cases
 * ret_gone has the ids of files that nobody finds any longer.  rest is
 * copied when its data is given.
 */
ngx_int_t ngx_http_wubloader_zone_put(ngx_http_wubloader_cache_t *cache,
    const u_char key[NGX_HTTP_WUBLOADER_KEY], const wub_dir_stamp_t *stamp,
    const ngx_http_wubloader_item_t *item, uint64_t *ret_gone, size_t max,
    size_t *ret_ngone);

/* how much there is and how much of it is used; stats may be NULL */
void ngx_http_wubloader_zone_stats(ngx_http_wubloader_cache_t *cache,
    ngx_http_wubloader_stats_t *stats);

/* the ids of all files, sorted; NGX_ERROR: memory */
ngx_int_t ngx_http_wubloader_zone_ids(ngx_http_wubloader_cache_t *cache,
    wub_arena_t *arena, uint64_t **ret, size_t *ret_n);

/* nothing came of making it */
void ngx_http_wubloader_zone_drop(ngx_http_wubloader_cache_t *cache,
    const u_char key[NGX_HTTP_WUBLOADER_KEY]);


/* cache */

/* one item as a request uses it; all zero but fd: not looked for yet */
typedef struct {
    ngx_http_wubloader_meta_t     meta;
    wub_dir_stamp_t               stamp;
    u_char                        key[NGX_HTTP_WUBLOADER_KEY];
    ngx_fd_t                      fd;       /* -1: in memory, or nowhere */
    wub_str_t                     text;     /* without fd; NULL: nowhere */
    wub_str_t                     rest;     /* NULL: read it when needed */
    unsigned                      kept:1;   /* the zone has it */
} ngx_http_wubloader_record_t;

/* in the event loop, before the task; without a cache it does nothing */
void ngx_http_wubloader_cache_attach(ngx_http_request_t *r,
    ngx_http_wubloader_store_t *store);

/* in the master, before any process: removes what earlier runs left */
void ngx_http_wubloader_cache_clean(ngx_http_wubloader_cache_t *cache,
    ngx_log_t *log);

/* configuration: the process ends, or the cycle */
void ngx_http_wubloader_cache_end(void *data);

/*
 * The item of an hour, made when there is none.  WUB_NOT_FOUND: the hour is
 * gone; WUB_DECLINED: store->peek, and there is none.  Of item_hour the text
 * may be nowhere, without "path=", and is not open while store->lazy is set.
 */
wub_rc_t ngx_http_wubloader_cache_get(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_item_e item, int64_t hour,
    ngx_http_wubloader_record_t *ret);

/* the index of an hour */
wub_rc_t ngx_http_wubloader_cache_index(ngx_http_wubloader_store_t *store,
    int64_t hour, wub_hour_t *ret);

/*
 * The compressed form of a record of item - 1 that is there.  WUB_IO: its
 * text went before it was needed.
 */
wub_rc_t ngx_http_wubloader_cache_gz(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_item_e item, int64_t hour,
    ngx_http_wubloader_record_t *plain, ngx_http_wubloader_record_t *ret);


/* lets go of all that the request holds open */
void ngx_http_wubloader_cache_release(ngx_http_wubloader_store_t *store);


/* item: made into a record whose bytes lie in the arena given */

/* what looks for an item and, where there is none, makes it */
typedef struct {
    ngx_http_wubloader_store_t         *store;
    ngx_http_wubloader_cache_t         *cache;
    ngx_http_wubloader_item_e           item;
    int64_t                             hour;
    char                                name[WUB_HOUR_LEN + 1];
                                                /* of its directory */
    int                                 dirfd;  /* of the hour; -1: not open */
    ngx_http_wubloader_record_t        *plain;  /* NULL: of a directory */
    ngx_http_wubloader_record_t        *record;
} ngx_http_wubloader_seek_t;

/* the directory by its whole path, links included */
wub_rc_t ngx_http_wubloader_cache_open(ngx_http_wubloader_seek_t *seek);

/* notes a failure of the hour and returns rc */
wub_rc_t ngx_http_wubloader_cache_fail(ngx_http_wubloader_seek_t *seek,
    wub_rc_t rc, int err);

/* makes and, where it may, keeps it; there was none, or a claim of ours */
wub_rc_t ngx_http_wubloader_cache_make(ngx_http_wubloader_seek_t *seek);

/* from the directory that is open */
wub_rc_t ngx_http_wubloader_item_read(ngx_http_wubloader_seek_t *seek,
    wub_arena_t *arena);

/* from its plain form */
wub_rc_t ngx_http_wubloader_item_pack(ngx_http_wubloader_seek_t *seek,
    wub_arena_t *arena);

/* what lies behind the blocks of item_hour_gz, one for each */
typedef struct {
    uint32_t                      end;      /* offset, compressed */
    uint32_t                      crc;      /* of its plain text */
} ngx_http_wubloader_block_t;


/* files */

/*
 * Opens the file of a record, for as long as the request lives; where too
 * many are open its text is read instead.  NGX_ERROR: it is gone or broken.
 */
ngx_int_t ngx_http_wubloader_file_open(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_record_t *record);

/*
 * Writes text and rest into a new file, which takes their place in the
 * record, or, where too many are open, does not.  NGX_ERROR: there is none.
 */
ngx_int_t ngx_http_wubloader_file_write(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_record_t *record);

/* id 0: of none */
void ngx_http_wubloader_file_remove(ngx_http_wubloader_cache_t *cache,
    uint64_t id);

/* opens it, if that was put off; WUB_IO: it is gone */
wub_rc_t ngx_http_wubloader_file_need(ngx_http_wubloader_store_t *store,
    ngx_http_wubloader_record_t *record);

/* bytes of the text in memory */
wub_rc_t ngx_http_wubloader_file_text(wub_arena_t *arena,
    const ngx_http_wubloader_record_t *record, uint32_t from, uint32_t to,
    wub_str_t *ret);

/* what lies behind the text of item_hour; WUB_IO: it is none */
wub_rc_t ngx_http_wubloader_file_index(wub_arena_t *arena,
    ngx_http_wubloader_record_t *record, const wub_hourtext_t **ret);

/* all that lies behind it */
wub_rc_t ngx_http_wubloader_file_rest(wub_arena_t *arena,
    ngx_http_wubloader_record_t *record);


/* fds: thread-safe; what they return is used until it is released */

/* in the event loop, once; NGX_ERROR: memory */
ngx_int_t ngx_http_wubloader_fds_init(ngx_http_wubloader_cache_t *cache);

/* NULL: not open here; an older one of this key goes */
ngx_http_wubloader_held_t *ngx_http_wubloader_fds_find(
    ngx_http_wubloader_fds_t *fds, const u_char key[NGX_HTTP_WUBLOADER_KEY],
    uint64_t id);

/* takes the descriptor over; NULL: does not, since too many are in use */
ngx_http_wubloader_held_t *ngx_http_wubloader_fds_put(
    ngx_http_wubloader_fds_t *fds, const u_char key[NGX_HTTP_WUBLOADER_KEY],
    uint64_t id, ngx_fd_t fd);

/* forget: nobody finds it again */
void ngx_http_wubloader_fds_release(ngx_http_wubloader_fds_t *fds,
    ngx_http_wubloader_held_t *held, ngx_uint_t forget);

/*
 * Closes what nobody used since the last time, all: what nobody uses.
 * NGX_OK: nothing is left.
 */
ngx_int_t ngx_http_wubloader_fds_sweep(ngx_http_wubloader_fds_t *fds,
    ngx_uint_t all);


/* join */

/*
 * The playlist of a range of store->hours into text, tag and compressed
 * form included.  WUB_DECLINED: there are so many hours, or store->peek and
 * one is not there, that it is made without; WUB_IO: a text went.
 */
wub_rc_t ngx_http_wubloader_join(ngx_http_wubloader_store_t *store,
    const wub_m3u8_media_t *m, int64_t start, int64_t end,
    ngx_http_wubloader_text_t *text);


/* fact: a few bytes that follow from one hour's directory, in the zone */

typedef enum {
    ngx_http_wubloader_fact_rates = 0,
    ngx_http_wubloader_fact_probe
} ngx_http_wubloader_fact_e;


typedef struct {
    ngx_http_wubloader_cache_t   *cache;    /* NULL: nothing is kept */
    int                           dirfd;
    int64_t                       now;      /* nanoseconds */
    wub_dir_stamp_t               stamp;
    u_char                        key[NGX_HTTP_WUBLOADER_KEY];
} ngx_http_wubloader_fact_t;

/*
 * The newest fact of its kind about a quality, if it was of this directory
 * as it is; otherwise NGX_DECLINED, before anything is read, and what was
 * read may be kept.
 */
ngx_int_t ngx_http_wubloader_fact_find(ngx_http_wubloader_fact_t *fact,
    ngx_http_wubloader_store_t *store, ngx_http_wubloader_fact_e kind,
    int dirfd, void *data, size_t size);
void ngx_http_wubloader_fact_keep(ngx_http_wubloader_fact_t *fact,
    const void *data, size_t size);


/*
 * ahead: one more thread makes the last hours of a long range while the one
 * that needs them makes the first
 */

/* hours that are worth a thread */
#define NGX_HTTP_WUBLOADER_AHEAD 6

/* begins as zeroes */
typedef struct {
    ngx_http_wubloader_store_t    store;    /* of its own */
    size_t                        first;    /* of store.hours */
    size_t                        last;     /* behind them */
    pthread_t                     thread;
    ngx_atomic_t                  stop;
    unsigned                      running:1;
    unsigned                      tried:1;
} ngx_http_wubloader_ahead_t;

/*
 * store->hours, from the one at i to the end; what store points at stays
 * until the stop
 */
void ngx_http_wubloader_ahead_start(ngx_http_wubloader_ahead_t *ahead,
    const ngx_http_wubloader_store_t *store, size_t i, int64_t end);
void ngx_http_wubloader_ahead_stop(ngx_http_wubloader_ahead_t *ahead);


/* join and join_gzip between them */

/*
 * A part of the plain text: bytes of a record's text, or, without one,
 * bytes of join.plain.
 */
typedef struct {
    ngx_http_wubloader_record_t  *record;   /* NULL: of plain */
    size_t                        hour;     /* of the record */
    size_t                        from;
    size_t                        to;
} ngx_http_wubloader_part_t;


typedef struct {
    ngx_http_wubloader_store_t    *store;
    const wub_m3u8_media_t        *m;
    ngx_http_wubloader_text_t     *text;

    ngx_http_wubloader_record_t   *records;
    const wub_hourtext_t         **indexes; /* of records */
    int64_t                       *hours;   /* of records */
    size_t                         n;       /* of all three */
    ngx_http_wubloader_ahead_t     ahead;

    wub_hourtext_joined_t          joined;
    wub_buf_t                      plain;   /* what is rendered here */
    size_t                         done;    /* bytes of it in parts */
    ngx_http_wubloader_part_t     *parts;
    size_t                         nparts;

    wub_gzip_t                     deflate;
    wub_buf_t                      packed;
    size_t                         sent;    /* bytes of it in pieces */
    uint32_t                       crc;     /* of the text so far */
    uint64_t                       len;     /* and its bytes */
    size_t                         room;    /* of text->pieces */
} ngx_http_wubloader_join_t;


/* all parts as one gzip file */
wub_rc_t ngx_http_wubloader_join_packed(ngx_http_wubloader_join_t *j);

/* a piece of what was packed since the last one */
wub_rc_t ngx_http_wubloader_join_memory(ngx_http_wubloader_join_t *j);

/* behind it, a piece of a record's text */
wub_rc_t ngx_http_wubloader_join_piece(ngx_http_wubloader_join_t *j,
    const ngx_http_wubloader_record_t *record, size_t from, size_t to);


#endif /* NGX_HTTP_WUBLOADER_CACHE_H_INCLUDED_ */
