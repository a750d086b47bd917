
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_auth.h"
#include "ngx_wubloader_module/ngx_http_wubloader_db.h"


/* bits of ngx_http_wubloader_known_t's roles */
#define NGX_HTTP_WUBLOADER_IS_EDITOR  1
#define NGX_HTTP_WUBLOADER_IS_ARTIST  2


/* an address that was looked up */
typedef struct {
    const ngx_http_wubloader_db_t  *db;     /* NULL: not used yet */
    ngx_msec_t                      when;
    ngx_uint_t                      roles;
    size_t                          len;
    u_char                          email[WUB_TOKEN_EMAIL_MAX];
} ngx_http_wubloader_known_t;

struct ngx_http_wubloader_roles_s {
    ngx_http_wubloader_known_t      known[NGX_HTTP_WUBLOADER_ROLES];
};


static ngx_int_t ngx_http_wubloader_roles_decide(
    ngx_http_wubloader_auth_t *auth, ngx_uint_t roles);
static ngx_http_wubloader_known_t *ngx_http_wubloader_roles_place(
    ngx_http_wubloader_auth_t *auth);
static ngx_uint_t ngx_http_wubloader_roles_fits(
    const ngx_http_wubloader_known_t *known,
    const ngx_http_wubloader_db_t *db, wub_str_t email);
static ngx_int_t ngx_http_wubloader_roles_next(
    ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result);
static ngx_int_t ngx_http_wubloader_roles_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work);


static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_roles_statement =
{
    "wubloader_roles",
    "SELECT editor, artist FROM roles WHERE email = $1",
    1
};


ngx_http_wubloader_roles_t *
ngx_http_wubloader_roles_create(ngx_pool_t *pool)
{
    return ngx_pcalloc(pool, sizeof(ngx_http_wubloader_roles_t));
}


ngx_int_t
ngx_http_wubloader_roles(ngx_http_wubloader_auth_t *auth)
{
    ngx_http_wubloader_known_t      *known;
    ngx_http_wubloader_db_work_t    *work;
    ngx_http_wubloader_loc_conf_t   *wlcf;

    wlcf = ngx_http_get_module_loc_conf(auth->request,
                                        ngx_http_wubloader_module);

    if (wlcf->db == NULL) {
        return ngx_http_wubloader_roles_decide(auth, 0);
    }

    known = ngx_http_wubloader_roles_place(auth);

    if (ngx_http_wubloader_roles_fits(known, wlcf->db, auth->email)
        && ngx_current_msec - known->when < NGX_HTTP_WUBLOADER_ROLES_FRESH)
    {
        return ngx_http_wubloader_roles_decide(auth, known->roles);
    }

    work = ngx_http_wubloader_db_work(auth->request);
    if (work == NULL) {
        return NGX_ERROR;
    }

    work->data = auth;
    work->next = ngx_http_wubloader_roles_next;
    work->end = ngx_http_wubloader_roles_end;

    return ngx_http_wubloader_db_run(work);
}


static ngx_int_t
ngx_http_wubloader_roles_decide(ngx_http_wubloader_auth_t *auth,
    ngx_uint_t roles)
{
    ngx_uint_t  need;

    switch (auth->role) {

    case NGX_HTTP_WUBLOADER_EDITOR:
        need = NGX_HTTP_WUBLOADER_IS_EDITOR;
        break;

    case NGX_HTTP_WUBLOADER_ARTIST:
        need = NGX_HTTP_WUBLOADER_IS_ARTIST;
        break;

    default: /* NGX_HTTP_WUBLOADER_ANYBODY */
        need = NGX_HTTP_WUBLOADER_IS_EDITOR|NGX_HTTP_WUBLOADER_IS_ARTIST;
        break;
    }

    if ((roles & need) == 0) {
        return ngx_http_wubloader_auth_unknown(auth);
    }

    return auth->then(auth->request, auth->data, auth->email);
}


/*
 * Where an address is, or may be put: one of four places that its hash
 * says, the one that fits, or the oldest.
 */

static ngx_http_wubloader_known_t *
ngx_http_wubloader_roles_place(ngx_http_wubloader_auth_t *auth)
{
    ngx_uint_t                       i, n;
    ngx_http_wubloader_known_t      *known, *oldest;
    ngx_http_wubloader_loc_conf_t   *wlcf;
    ngx_http_wubloader_main_conf_t  *wmcf;

    wlcf = ngx_http_get_module_loc_conf(auth->request,
                                        ngx_http_wubloader_module);
    wmcf = ngx_http_get_module_main_conf(auth->request,
                                         ngx_http_wubloader_module);

    n = ngx_crc32_short((u_char *) (uintptr_t) auth->email.data,
                        auth->email.len);

    oldest = NULL;

    for (i = 0; i < 4; i++) {
        known = &wmcf->roles->known[(n + i) % NGX_HTTP_WUBLOADER_ROLES];

        if (ngx_http_wubloader_roles_fits(known, wlcf->db, auth->email)) {
            return known;
        }

        if (oldest == NULL || known->db == NULL
            || (oldest->db && (ngx_msec_int_t) (known->when - oldest->when)
                              < 0))
        {
            oldest = known;
        }
    }

    return oldest;
}


static ngx_uint_t
ngx_http_wubloader_roles_fits(const ngx_http_wubloader_known_t *known,
    const ngx_http_wubloader_db_t *db, wub_str_t email)
{
    return known->db == db && known->len == email.len
           && ngx_memcmp(known->email, email.data, email.len) == 0;
}


static ngx_int_t
ngx_http_wubloader_roles_next(ngx_http_wubloader_db_work_t *work,
    ngx_http_wubloader_pg_result_t *result)
{
    ngx_http_wubloader_known_t      *known;
    ngx_http_wubloader_auth_t       *auth;
    ngx_http_wubloader_loc_conf_t   *wlcf;

    auth = work->data;

    if (result == NULL) {
        return ngx_http_wubloader_db_send(work,
                                          &ngx_http_wubloader_roles_statement,
                                          &auth->email);
    }

    wlcf = ngx_http_get_module_loc_conf(auth->request,
                                        ngx_http_wubloader_module);

    known = ngx_http_wubloader_roles_place(auth);

    known->db = wlcf->db;
    known->when = ngx_current_msec;
    known->len = auth->email.len;
    ngx_memcpy(known->email, auth->email.data, auth->email.len);

    auth->roles = 0;

    if (ngx_http_wubloader_db_rows(result) != 0) {

        if (wub_str_eq(ngx_http_wubloader_db_value(result, 0, 0),
                       wub_str("t")))
        {
            auth->roles |= NGX_HTTP_WUBLOADER_IS_EDITOR;
        }

        if (wub_str_eq(ngx_http_wubloader_db_value(result, 0, 1),
                       wub_str("t")))
        {
            auth->roles |= NGX_HTTP_WUBLOADER_IS_ARTIST;
        }
    }

    known->roles = auth->roles;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wubloader_roles_end(ngx_http_request_t *r,
    ngx_http_wubloader_db_work_t *work)
{
    ngx_http_wubloader_auth_t  *auth;

    auth = work->data;

    if (work->how == NGX_HTTP_WUBLOADER_DB_DONE) {
        return ngx_http_wubloader_roles_decide(auth, auth->roles);
    }

    if (auth->role == NGX_HTTP_WUBLOADER_ANYBODY) {
        return ngx_http_wubloader_auth_nobody(auth);
    }

    return ngx_http_wubloader_db_failed(r, work);
}
