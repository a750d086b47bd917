
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_auth.h"


/* bytes of arena for a set: what JSON of its size can hold */
#define NGX_HTTP_WUBLOADER_KEYS_ARENA  ((size_t) 16 << 20)


static void ngx_http_wubloader_keys_drop(
    ngx_http_wubloader_auth_keys_t *keys);
static ngx_uint_t ngx_http_wubloader_keys_begin(
    ngx_http_wubloader_auth_keys_t *keys, ngx_http_request_t *r);
static ngx_int_t ngx_http_wubloader_keys_wait(
    ngx_http_wubloader_auth_t *auth);
static void ngx_http_wubloader_keys_wake(
    ngx_http_wubloader_auth_keys_t *keys, ngx_uint_t enough);
static void ngx_http_wubloader_keys_leave(ngx_http_wubloader_auth_t *auth);
static void ngx_http_wubloader_keys_gone(void *data);
static void ngx_http_wubloader_keys_event(ngx_event_t *ev);


ngx_int_t
ngx_http_wubloader_keys_take(ngx_http_wubloader_auth_keys_t *keys,
    wub_str_t text, const char **ret_error)
{
    wub_rc_t                       rc;
    wub_arena_t                   *arena;
    const char                    *error;
    ngx_http_wubloader_jwt_set_t  *set;

    *ret_error = "Memory is out.";

    arena = wub_arena_create(NGX_HTTP_WUBLOADER_KEYS_ARENA);
    if (arena == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wubloader_jwt_read(arena, text, &set, &error);

    if (rc == WUB_OK) {
        ngx_http_wubloader_keys_drop(keys);

        keys->set = set;
        keys->arena = arena;
        keys->loaded = ngx_current_msec;

        return NGX_OK;
    }

    /* some sentences lie in the arena that goes */

    if (rc == WUB_INVALID || rc == WUB_TOO_BIG) {
        *ret_error = (ngx_strncmp(error, "Malformed JSON", 14) == 0)
                     ? "It is not JSON." : error;
    }

    wub_arena_destroy(arena);

    return NGX_ERROR;
}


static void
ngx_http_wubloader_keys_drop(ngx_http_wubloader_auth_keys_t *keys)
{
    ngx_http_wubloader_jwt_free(keys->set);
    wub_arena_destroy(keys->arena);

    keys->set = NULL;
    keys->arena = NULL;
}


void
ngx_http_wubloader_keys_cleanup(void *data)
{
    ngx_http_wubloader_keys_drop(data);
}


ngx_int_t
ngx_http_wubloader_keys_look(ngx_http_wubloader_auth_t *auth,
    ngx_uint_t need)
{
    ngx_msec_t                       age;
    ngx_http_wubloader_auth_keys_t  *keys;

    keys = auth->keys;

    if (auth->waited) {
        return NGX_DECLINED;
    }

    if (keys->uri.len == 0) {
        return ngx_http_wubloader_key_file_look(auth);
    }

    age = keys->set ? ngx_current_msec - keys->loaded : 0;

    if (age > NGX_HTTP_WUBLOADER_KEYS_OLD) {
        ngx_http_wubloader_keys_drop(keys);
        need = 1;
    }

    if (!need && age < NGX_HTTP_WUBLOADER_KEYS_FRESH) {
        return NGX_DECLINED;
    }

    if (!ngx_http_wubloader_keys_begin(keys, auth->request) || !need) {
        return NGX_DECLINED;
    }

    return ngx_http_wubloader_keys_wait(auth);
}


/* 0: no fetch is under way, and none may be */

static ngx_uint_t
ngx_http_wubloader_keys_begin(ngx_http_wubloader_auth_keys_t *keys,
    ngx_http_request_t *r)
{
    ngx_msec_t  since, floor;

    since = ngx_current_msec - keys->tried;
    floor = keys->orphan ? NGX_HTTP_WUBLOADER_KEYS_ORPHAN
                         : NGX_HTTP_WUBLOADER_KEYS_FLOOR;

    if (keys->fetch && since < NGX_HTTP_WUBLOADER_KEYS_LOST) {
        return 1;
    }

    if (keys->tries && since < floor) {
        return 0;
    }

    keys->tries = 1;
    keys->orphan = 0;
    keys->tried = ngx_current_msec;

    return ngx_http_wubloader_fetch(keys, r) == NGX_OK;
}


static ngx_int_t
ngx_http_wubloader_keys_wait(ngx_http_wubloader_auth_t *auth)
{
    ngx_http_cleanup_t              *cln;
    ngx_http_request_t              *r;
    ngx_http_wubloader_auth_keys_t  *keys;

    r = auth->request;
    keys = auth->keys;

    if (keys->nwaiting == NGX_HTTP_WUBLOADER_KEYS_WAITERS) {
        return NGX_DECLINED;
    }

    /* the second time, after whoever fetched has left, it is there */

    if (auth->event.handler == NULL) {
        cln = ngx_http_cleanup_add(r, 0);
        if (cln == NULL) {
            return NGX_ERROR;
        }

        cln->data = auth;
        cln->handler = ngx_http_wubloader_keys_gone;

        auth->event.handler = ngx_http_wubloader_keys_event;
        auth->event.data = auth;
        auth->event.log = r->connection->log;
    }

    ngx_add_timer(&auth->event, NGX_HTTP_WUBLOADER_KEYS_WAIT);

    ngx_queue_insert_tail(&keys->waiting, &auth->queue);
    keys->nwaiting++;
    auth->waiting = 1;

    /* a client that leaves is noticed */

    if (!r->discard_body) {
        r->read_event_handler = ngx_http_test_reading;
    }

    r->write_event_handler = ngx_http_request_empty_handler;
    r->main->count++;

    return NGX_DONE;
}


static void
ngx_http_wubloader_keys_leave(ngx_http_wubloader_auth_t *auth)
{
    if (!auth->waiting) {
        return;
    }

    ngx_queue_remove(&auth->queue);
    auth->keys->nwaiting--;
    auth->waiting = 0;

    if (auth->event.timer_set) {
        ngx_del_timer(&auth->event);
    }
}


static void
ngx_http_wubloader_keys_gone(void *data)
{
    ngx_http_wubloader_auth_t *auth = data;

    ngx_http_wubloader_keys_leave(auth);

    if (auth->event.posted) {
        ngx_delete_posted_event(&auth->event);
    }
}


/* they go on from the event loop, each on its own connection */

static void
ngx_http_wubloader_keys_wake(ngx_http_wubloader_auth_keys_t *keys,
    ngx_uint_t enough)
{
    ngx_queue_t                *q;
    ngx_http_wubloader_auth_t  *auth;

    while (!ngx_queue_empty(&keys->waiting)) {
        q = ngx_queue_head(&keys->waiting);
        auth = ngx_queue_data(q, ngx_http_wubloader_auth_t, queue);

        ngx_http_wubloader_keys_leave(auth);

        auth->waited = enough ? 1 : 0;
        ngx_post_event(&auth->event, &ngx_posted_events);
    }
}


static void
ngx_http_wubloader_keys_event(ngx_event_t *ev)
{
    ngx_connection_t           *c;
    ngx_http_request_t         *r;
    ngx_http_wubloader_auth_t  *auth;

    auth = ev->data;
    r = auth->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ev->timedout) {
        ev->timedout = 0;
        auth->waited = 1;
        ngx_http_wubloader_keys_leave(auth);
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, c->log, 0,
                   "wubloader keys: go on, waited:%d \"%V\"",
                   auth->waited, &r->uri);

    ngx_http_finalize_request(r, ngx_http_wubloader_auth_go_on(auth));

    ngx_http_run_posted_requests(c);
}


void
ngx_http_wubloader_keys_fetched(ngx_http_wubloader_auth_keys_t *keys,
    ngx_http_request_t *r, wub_str_t text, const char *error)
{
    ngx_int_t  rc;

    keys->fetch = NULL;

    rc = (error == NULL) ? ngx_http_wubloader_keys_take(keys, text, &error)
                         : NGX_ERROR;

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "keys of tokens could not be fetched from \"%V\": %s "
                      "%s", &keys->name, error,
                      keys->set ? "Those fetched before are used on."
                                : "Nobody can sign in.");
        ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_error);

    } else if (keys->failed) {
        ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                      "keys of tokens could be fetched from \"%V\" again",
                      &keys->name);
    }

    keys->failed = (rc != NGX_OK);

    ngx_http_wubloader_keys_wake(keys, 1);
}


void
ngx_http_wubloader_keys_orphaned(ngx_http_wubloader_auth_keys_t *keys)
{
    keys->fetch = NULL;
    keys->orphan = 1;

    /* it is nobody's fault: one of those who wait may begin at once */

    if (!ngx_queue_empty(&keys->waiting)) {
        keys->tries = 0;
    }

    ngx_http_wubloader_keys_wake(keys, 0);
}
