
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_db_pool.h"


/* ms: an address is given at least that long to answer */
#define NGX_HTTP_WUBLOADER_DB_EACH  250

/* ms: a server that did not answer, or that reads only, is the last choice */
#define NGX_HTTP_WUBLOADER_DB_SHUN  10000


/* a task's own, so that the loop goes on with what it knew */
typedef struct {
    const char                   *name;
    ngx_http_wubloader_db_host_t  *host;    /* whose name it is */
    int                           error;    /* of getaddrinfo() */
    ngx_uint_t                    naddrs;
    ngx_http_wubloader_db_addr_t  addrs[NGX_HTTP_WUBLOADER_DB_ADDRS];
} ngx_http_wubloader_db_name_t;


struct ngx_http_wubloader_db_lookup_s {
    ngx_http_wubloader_db_t      *db;
    ngx_uint_t                    nnames;
    ngx_http_wubloader_db_name_t  *names;
};


static ngx_uint_t ngx_http_wubloader_db_elements(const char *list);
static const char *ngx_http_wubloader_db_element(ngx_pool_t *pool,
    const char *list, ngx_uint_t n);
static ngx_uint_t ngx_http_wubloader_db_port(const char *port);
static ngx_uint_t ngx_http_wubloader_db_numeric(const char *name);
static ngx_int_t ngx_http_wubloader_db_lookup_init(ngx_pool_t *pool,
    ngx_http_wubloader_db_t *db);
static void ngx_http_wubloader_db_lookup_work(void *data, ngx_log_t *log);
static void ngx_http_wubloader_db_lookup_name(
    ngx_http_wubloader_db_name_t *name);
static void ngx_http_wubloader_db_lookup_done(ngx_event_t *ev);


const char *
ngx_http_wubloader_db_hosts(ngx_pool_t *pool, ngx_http_wubloader_db_t *db,
    const char *host, const char *hostaddr, const char *port)
{
    ngx_uint_t                     i, n, nhosts, naddrs, nports;
    ngx_http_wubloader_db_host_t  *h;

    nhosts = ngx_http_wubloader_db_elements(host);
    naddrs = ngx_http_wubloader_db_elements(hostaddr);
    nports = ngx_http_wubloader_db_elements(port);

    n = naddrs ? naddrs : nhosts ? nhosts : 1;

    if (nhosts && nhosts != n) {
        return "has not as many of hostaddr as of host";
    }

    if (nports > 1 && nports != n) {
        return "has not as many ports as hosts; give one for all, or one "
               "each";
    }

    if (n > NGX_HTTP_WUBLOADER_DB_HOSTS) {
        return "has more than 32 hosts";
    }

    h = ngx_array_push_n(&db->hosts, n);
    if (h == NULL) {
        return "needs more memory than there is";
    }

    ngx_memzero(h, n * sizeof(ngx_http_wubloader_db_host_t));

    for (i = 0; i < n; i++) {
        h[i].name = ngx_http_wubloader_db_element(pool, host, i);
        h[i].addr = ngx_http_wubloader_db_element(pool, hostaddr, i);
        h[i].port = ngx_http_wubloader_db_element(pool, port,
                                                  (nports == 1) ? 0 : i);

        if (!ngx_http_wubloader_db_port(h[i].port)) {
            return "has a port that is no number from 1 to 65535";
        }

        if (h[i].addr == NULL && h[i].name
            && ngx_http_wubloader_db_numeric(h[i].name))
        {
            h[i].addr = h[i].name;
        }

        /* a path, or an abstract socket */

        h[i].lookup = (h[i].addr == NULL && h[i].name
                       && h[i].name[0] != '/' && h[i].name[0] != '@');
        h[i].fixed = !h[i].lookup;
        db->lookups |= h[i].lookup;
    }

    if (db->lookups
        && ngx_http_wubloader_db_lookup_init(pool, db) != NGX_OK)
    {
        return "needs more memory than there is";
    }

    return NULL;
}


static ngx_uint_t
ngx_http_wubloader_db_elements(const char *list)
{
    ngx_uint_t  n;

    if (list == NULL) {
        return 0;
    }

    for (n = 1; *list; list++) {
        if (*list == ',') {
            n++;
        }
    }

    return n;
}


/* NULL: it is empty, which means the default */

static const char *
ngx_http_wubloader_db_element(ngx_pool_t *pool, const char *list,
    ngx_uint_t n)
{
    size_t       len;
    u_char      *text;
    const char  *p, *last;

    if (list == NULL) {
        return NULL;
    }

    for (p = list; n; n--) {
        p = ngx_strchr(p, ',') + 1;
    }

    for (last = p; *last && *last != ','; last++) { /* void */ }

    len = (size_t) (last - p);

    if (len == 0) {
        return NULL;
    }

    /* without memory: the default, and the next allocation ends it all */

    text = ngx_pnalloc(pool, len + 1);
    if (text == NULL) {
        return NULL;
    }

    (void) ngx_cpystrn(text, (u_char *) (uintptr_t) p, len + 1);

    return (char *) text;
}


static ngx_uint_t
ngx_http_wubloader_db_port(const char *port)
{
    ngx_int_t  n;

    if (port == NULL) {
        return 1;
    }

    n = ngx_atoi((u_char *) (uintptr_t) port, ngx_strlen(port));

    return n >= 1 && n <= 65535;
}


static ngx_uint_t
ngx_http_wubloader_db_numeric(const char *name)
{
    size_t   len;
    u_char   in6[16];
    u_char  *p;

    p = (u_char *) (uintptr_t) name;
    len = ngx_strlen(name);

    return ngx_inet_addr(p, len) != INADDR_NONE
           || ngx_inet6_addr(p, len, in6) == NGX_OK;
}


static ngx_int_t
ngx_http_wubloader_db_lookup_init(ngx_pool_t *pool,
    ngx_http_wubloader_db_t *db)
{
    ngx_uint_t                       i;
    ngx_http_wubloader_db_host_t    *host;
    ngx_http_wubloader_db_name_t    *name;
    ngx_http_wubloader_db_lookup_t  *lookup;

    db->task = ngx_thread_task_alloc(pool,
                                     sizeof(ngx_http_wubloader_db_lookup_t));
    if (db->task == NULL) {
        return NGX_ERROR;
    }

    lookup = db->task->ctx;
    lookup->db = db;
    lookup->nnames = 0;

    lookup->names = ngx_pcalloc(pool, db->hosts.nelts
                                * sizeof(ngx_http_wubloader_db_name_t));
    if (lookup->names == NULL) {
        return NGX_ERROR;
    }

    host = db->hosts.elts;

    for (i = 0; i < db->hosts.nelts; i++) {
        if (host[i].lookup) {
            name = &lookup->names[lookup->nnames++];
            name->name = host[i].name;
            name->host = &host[i];
        }
    }

    db->lookup = lookup;

    db->task->handler = ngx_http_wubloader_db_lookup_work;
    db->task->event.data = lookup;
    db->task->event.handler = ngx_http_wubloader_db_lookup_done;

    return NGX_OK;
}


ngx_int_t
ngx_http_wubloader_db_look_up(ngx_http_wubloader_db_t *db)
{
    if (!db->lookups) {
        return NGX_OK;
    }

    if (db->looking) {
        return NGX_AGAIN;
    }

    db->task->event.log = db->log;

    if (ngx_thread_task_post(db->thread_pool, db->task) != NGX_OK) {
        return NGX_ERROR;
    }

    db->looking = 1;

    return NGX_AGAIN;
}


/* in a thread */

static void
ngx_http_wubloader_db_lookup_work(void *data, ngx_log_t *log)
{
    ngx_http_wubloader_db_lookup_t *lookup = data;

    ngx_uint_t  i;

    for (i = 0; i < lookup->nnames; i++) {
        ngx_http_wubloader_db_lookup_name(&lookup->names[i]);
    }
}


static void
ngx_http_wubloader_db_lookup_name(ngx_http_wubloader_db_name_t *name)
{
    struct addrinfo   hints, *list, *ai;

    ngx_memzero(&hints, sizeof(struct addrinfo));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;

    name->naddrs = 0;
    name->error = getaddrinfo(name->name, NULL, &hints, &list);

    if (name->error != 0) {
        return;
    }

    for (ai = list; ai; ai = ai->ai_next) {

        if (name->naddrs == NGX_HTTP_WUBLOADER_DB_ADDRS) {
            break;
        }

        if (getnameinfo(ai->ai_addr, ai->ai_addrlen,
                        (char *) name->addrs[name->naddrs],
                        sizeof(ngx_http_wubloader_db_addr_t), NULL, 0,
                        NI_NUMERICHOST)
            == 0)
        {
            name->naddrs++;
        }
    }

    freeaddrinfo(list);
}


static void
ngx_http_wubloader_db_lookup_done(ngx_event_t *ev)
{
    ngx_http_wubloader_db_lookup_t *lookup = ev->data;

    ngx_uint_t                     i;
    ngx_http_wubloader_db_name_t  *name;

    lookup->db->looking = 0;

    for (i = 0; i < lookup->nnames; i++) {
        name = &lookup->names[i];

        /* with no name server to ask, the last answer is the best */

        if (name->error != 0) {
            ngx_log_error(NGX_LOG_WARN, lookup->db->log, 0,
                          "the database's host \"%s\" is not found: %s",
                          name->name, gai_strerror(name->error));
        }

        if (name->error == EAI_AGAIN && name->host->naddrs) {
            continue;
        }

        name->host->naddrs = name->naddrs;
        ngx_memcpy(name->host->addrs, name->addrs, sizeof(name->addrs));
    }

    ngx_http_wubloader_db_looked_up(lookup->db);
}


void
ngx_http_wubloader_db_place_init(ngx_http_wubloader_db_t *db,
    ngx_http_wubloader_db_place_t *place)
{
    ngx_uint_t                     i, n;
    ngx_http_wubloader_db_host_t  *host;

    n = 0;
    host = db->hosts.elts;

    for (i = 0; i < db->hosts.nelts; i++) {
        n += host[i].fixed ? 1 : host[i].naddrs;
    }

    n = ngx_max(n, 1);

    if (db->prefer_standby) {
        n *= 2;
    }

    ngx_memzero(place, sizeof(ngx_http_wubloader_db_place_t));

    place->each = ngx_max(db->timeout / n, NGX_HTTP_WUBLOADER_DB_EACH);

    if (db->connect_timeout) {
        place->each = ngx_min(place->each, db->connect_timeout);
    }

    place->host = db->hosts.nelts;
}


/*
 * Hosts in the order of the conninfo, each with all of its addresses, those
 * that are shunned last; for prefer-standby all of that twice.
 */

ngx_uint_t
ngx_http_wubloader_db_place_next(ngx_http_wubloader_db_t *db,
    ngx_http_wubloader_db_place_t *place)
{
    ngx_uint_t                     i, npasses;
    ngx_http_wubloader_db_host_t  *host;

    host = db->hosts.elts;

    if (place->host < db->hosts.nelts
        && place->addr + 1 < host[place->host].naddrs)
    {
        place->addr++;
        return 1;
    }

    place->addr = 0;
    npasses = db->prefer_standby ? 2 : 1;

    while (place->pass < npasses) {

        for (i = 0; i < db->hosts.nelts; i++) {

            if (place->tried & ((uint32_t) 1 << i)) {
                continue;
            }

            if (host[i].shunned
                && (ngx_msec_int_t) (host[i].shunned - ngx_current_msec) <= 0)
            {
                host[i].shunned = 0;
            }

            if (host[i].shunned && !place->last) {
                continue;
            }

            place->tried |= (uint32_t) 1 << i;

            if (host[i].fixed || host[i].naddrs) {
                place->host = i;
                return 1;
            }
        }

        if (!place->last) {
            place->last = 1;
            continue;
        }

        place->last = 0;
        place->tried = 0;
        place->pass++;
    }

    return 0;
}


void
ngx_http_wubloader_db_shun(ngx_http_wubloader_db_t *db,
    const ngx_http_wubloader_db_place_t *place)
{
    ngx_http_wubloader_db_host_t  *host;

    host = db->hosts.elts;

    if (db->hosts.nelts > 1) {
        host[place->host].shunned = ngx_current_msec
                                    + NGX_HTTP_WUBLOADER_DB_SHUN;

        if (host[place->host].shunned == 0) {
            host[place->host].shunned = 1;
        }
    }
}
