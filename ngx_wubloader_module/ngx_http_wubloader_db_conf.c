
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_db_pool.h"


#define NGX_HTTP_WUBLOADER_DB_CONNECTIONS      4
#define NGX_HTTP_WUBLOADER_DB_CONNECTIONS_MAX  256

/* ms */
#define NGX_HTTP_WUBLOADER_DB_TIMEOUT          5000
#define NGX_HTTP_WUBLOADER_DB_TIMEOUT_MIN      100
#define NGX_HTTP_WUBLOADER_DB_TIMEOUT_MAX      (3600 * 1000)


/* an option of which libpq would find out too late */
typedef struct {
    const char   *key;
    const char   *values;       /* a blank behind each; NULL: none */
    const char   *sentence;
} ngx_http_wubloader_db_rule_t;


static char *ngx_http_wubloader_db_parameter(ngx_conf_t *cf,
    ngx_str_t *value, ngx_http_wubloader_db_t *db);
static char *ngx_http_wubloader_db_conninfo(ngx_conf_t *cf,
    ngx_http_wubloader_db_t *db);
static const char *ngx_http_wubloader_db_options(ngx_conf_t *cf,
    ngx_http_wubloader_db_t *db);
static const char *ngx_http_wubloader_db_rules(
    const ngx_http_wubloader_pg_option_t *option);
static ngx_http_wubloader_db_t *ngx_http_wubloader_db_same(
    ngx_array_t *dbs, const ngx_http_wubloader_db_t *db);
static ngx_http_wubloader_db_t *ngx_http_wubloader_db_create(ngx_conf_t *cf);


static const ngx_http_wubloader_db_rule_t  ngx_http_wubloader_db_checks[] = {

    { "service", NULL,
      "names a service, whose file nginx does not read; write its host, "
      "port, dbname and user instead" },

    { "target_session_attrs",
      "any read-write read-only primary standby prefer-standby ",
      "has a target_session_attrs that is not any, read-write, read-only, "
      "primary, standby or prefer-standby" },

    { "sslmode",
      "disable allow prefer require verify-ca verify-full ",
      "has an sslmode that is not disable, allow, prefer, require, verify-ca "
      "or verify-full" },

    { "channel_binding",
      "disable prefer require ",
      "has a channel_binding that is not disable, prefer or require" },

    { "replication",
      "false off no 0 ",
      "asks for replication, which is for other programs" },

    { NULL, NULL, NULL }
};


/* wubloader_database CONNINFO [connections=N] [timeout=TIME] | off; */

char *
ngx_http_wubloader_database(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    char                            *rv;
    ngx_str_t                       *value;
    ngx_uint_t                       i;
    ngx_http_wubloader_db_t         *db, *same, **slot;
    ngx_http_wubloader_main_conf_t  *wmcf;

    if (wlcf->db != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        wlcf->db = NULL;
        return NGX_CONF_OK;
    }

    db = ngx_http_wubloader_db_create(cf);
    if (db == NULL) {
        return NGX_CONF_ERROR;
    }

    db->conninfo = value[1];

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_http_wubloader_db_parameter(cf, &value[i], db);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wubloader_module);

    same = ngx_http_wubloader_db_same(&wmcf->dbs, db);

    if (same != NULL) {
        wlcf->db = same;
        return NGX_CONF_OK;
    }

    rv = ngx_http_wubloader_db_conninfo(cf, db);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    slot = ngx_array_push(&wmcf->dbs);
    if (slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = db;
    wlcf->db = db;

    return NGX_CONF_OK;
}


static ngx_http_wubloader_db_t *
ngx_http_wubloader_db_create(ngx_conf_t *cf)
{
    ngx_http_wubloader_db_t  *db;

    db = ngx_pcalloc(cf->pool, sizeof(ngx_http_wubloader_db_t));

    if (db == NULL
        || ngx_array_init(&db->options, cf->pool, 8,
                          sizeof(ngx_http_wubloader_pg_option_t))
           != NGX_OK
        || ngx_array_init(&db->hosts, cf->pool, 1,
                          sizeof(ngx_http_wubloader_db_host_t))
           != NGX_OK)
    {
        return NULL;
    }

    db->max = NGX_HTTP_WUBLOADER_DB_CONNECTIONS;
    db->timeout = NGX_HTTP_WUBLOADER_DB_TIMEOUT;

    db->thread_pool = ngx_thread_pool_add(cf, NULL);
    if (db->thread_pool == NULL) {
        return NULL;
    }

    return db;
}


static char *
ngx_http_wubloader_db_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_wubloader_db_t *db)
{
    ngx_str_t  s;
    ngx_int_t  n;

    if (ngx_strncmp(value->data, "connections=", 12) == 0) {
        n = ngx_atoi(value->data + 12, value->len - 12);

        if (n < 1 || n > NGX_HTTP_WUBLOADER_DB_CONNECTIONS_MAX) {
            return "must have connections= from 1 to 256, for each process "
                   "of nginx";
        }

        db->max = (ngx_uint_t) n;

        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value->data, "timeout=", 8) == 0) {
        s.data = value->data + 8;
        s.len = value->len - 8;

        n = ngx_parse_time(&s, 0);

        if (n < NGX_HTTP_WUBLOADER_DB_TIMEOUT_MIN
            || n > NGX_HTTP_WUBLOADER_DB_TIMEOUT_MAX)
        {
            return "must have a timeout= from 100ms to 1h";
        }

        db->timeout = (ngx_msec_t) n;

        return NGX_CONF_OK;
    }

    /* it is not repeated: it may be a password */

    return "takes a conninfo, in quotes when it has blanks, then "
           "connections=N and timeout=TIME, and nothing else";
}


/* distinct values have connections of their own */

static ngx_http_wubloader_db_t *
ngx_http_wubloader_db_same(ngx_array_t *dbs,
    const ngx_http_wubloader_db_t *db)
{
    ngx_uint_t                 i;
    ngx_http_wubloader_db_t  **list;

    list = dbs->elts;

    for (i = 0; i < dbs->nelts; i++) {
        if (list[i]->max == db->max
            && list[i]->timeout == db->timeout
            && list[i]->conninfo.len == db->conninfo.len
            && ngx_memcmp(list[i]->conninfo.data, db->conninfo.data,
                          db->conninfo.len)
               == 0)
        {
            return list[i];
        }
    }

    return NULL;
}


static char *
ngx_http_wubloader_db_conninfo(ngx_conf_t *cf, ngx_http_wubloader_db_t *db)
{
    const char  *wrong;

    if (db->conninfo.len == 0) {
        wrong = "is empty; write \"host=... dbname=... user=...\"";

    } else {
        wrong = ngx_http_wubloader_pg_parse(cf->pool,
                                            (char *) db->conninfo.data,
                                            &db->options);
    }

    if (wrong == NULL) {
        wrong = ngx_http_wubloader_db_options(cf, db);
    }

    if (wrong != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the conninfo of \"wubloader_database\" %s",
                           wrong);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* takes out what is said anew for each address */

static const char *
ngx_http_wubloader_db_options(ngx_conf_t *cf, ngx_http_wubloader_db_t *db)
{
    ngx_int_t                        seconds;
    ngx_uint_t                       i, kept;
    const char                      *host, *hostaddr, *port, *wrong;
    ngx_http_wubloader_pg_option_t  *option;

    host = NULL;
    hostaddr = NULL;
    port = NULL;
    kept = 0;
    option = db->options.elts;

    for (i = 0; i < db->options.nelts; i++) {

        wrong = ngx_http_wubloader_db_rules(&option[i]);

        if (wrong != NULL) {
            return wrong;
        }

        if (ngx_strcmp(option[i].key, "host") == 0) {
            host = option[i].value;

        } else if (ngx_strcmp(option[i].key, "hostaddr") == 0) {
            hostaddr = option[i].value;

        } else if (ngx_strcmp(option[i].key, "port") == 0) {
            port = option[i].value;

        } else if (ngx_strcmp(option[i].key, "connect_timeout") == 0) {
            seconds = ngx_atoi((u_char *) option[i].value,
                               ngx_strlen(option[i].value));

            if (seconds == NGX_ERROR || seconds > 3600) {
                return "has a connect_timeout that is not whole seconds up "
                       "to 3600";
            }

            db->connect_timeout = (ngx_msec_t) seconds * 1000;

        } else if (ngx_strcmp(option[i].value, "prefer-standby") == 0
                   && ngx_strcmp(option[i].key, "target_session_attrs") == 0)
        {
            db->prefer_standby = 1;

        } else {
            option[kept++] = option[i];
        }
    }

    db->options.nelts = kept;

    return ngx_http_wubloader_db_hosts(cf->pool, db, host, hostaddr, port);
}


static const char *
ngx_http_wubloader_db_rules(const ngx_http_wubloader_pg_option_t *option)
{
    size_t                               len;
    const char                          *p;
    const ngx_http_wubloader_db_rule_t  *rule;

    for (rule = ngx_http_wubloader_db_checks; rule->key; rule++) {

        if (ngx_strcmp(rule->key, option->key) != 0) {
            continue;
        }

        len = ngx_strlen(option->value);

        for (p = rule->values; p && *p; p++) {
            if (ngx_strncmp(p, option->value, len) == 0 && p[len] == ' ') {
                return NULL;
            }

            p = ngx_strchr(p, ' ');
        }

        return rule->sentence;
    }

    return NULL;
}
