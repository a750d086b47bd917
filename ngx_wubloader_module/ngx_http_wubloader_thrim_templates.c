
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrim_dir.h"

#include "common/wub_event_text.h"


/* columns of wubloader_templates() */
#define NGX_HTTP_WUBLOADER_TEMPLATE_NAME  0
#define NGX_HTTP_WUBLOADER_TEMPLATE_JSON  1

/* columns of a template that is wanted whole */
#define NGX_HTTP_WUBLOADER_WHOLE_CROP      0
#define NGX_HTTP_WUBLOADER_WHOLE_LOCATION  1
#define NGX_HTTP_WUBLOADER_WHOLE_IMAGE     2


/* what is asked for, and what there is of it */
typedef struct {
    ngx_http_wubloader_thrim_t            *thrim;
    ngx_http_wubloader_templates_t        *conf;
    const ngx_http_wubloader_pg_result_t  *result;  /* NULL: no database */
    ngx_http_wubloader_dir_t               dir;
    unsigned                               one:1;   /* that of a name */
    unsigned                               image:1; /* and its image */
    wub_rc_t                               rc;

    ngx_http_wubloader_dir_pt              done;    /* NULL: it is sent */
    void                                  *data;
} ngx_http_wubloader_asked_t;


static ngx_int_t ngx_http_wubloader_templates_send_asked(
    ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_db_statement_t *statement,
    ngx_uint_t one, ngx_uint_t image);
static ngx_int_t ngx_http_wubloader_templates_ask(
    ngx_http_wubloader_asked_t *asked,
    const ngx_http_wubloader_db_statement_t *statement);
static ngx_int_t ngx_http_wubloader_templates_known(
    ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_pg_result_t *result);
static ngx_int_t ngx_http_wubloader_templates_kept(
    ngx_http_wubloader_asked_t *asked);
static void ngx_http_wubloader_templates_parse(void *data);
static ngx_int_t ngx_http_wubloader_templates_parsed(ngx_http_request_t *r,
    void *data);
static ngx_int_t ngx_http_wubloader_templates_dir(
    ngx_http_wubloader_asked_t *asked);
static void ngx_http_wubloader_templates_work(void *data);
static ngx_int_t ngx_http_wubloader_templates_done(ngx_http_request_t *r,
    void *data);
static void ngx_http_wubloader_templates_log(ngx_http_request_t *r,
    ngx_http_wubloader_asked_t *asked);
static ngx_int_t ngx_http_wubloader_templates_send(
    ngx_http_wubloader_asked_t *asked);
static void ngx_http_wubloader_templates_merge(
    ngx_http_wubloader_asked_t *asked, wub_buf_t *b);
static ngx_int_t ngx_http_wubloader_no_template(
    ngx_http_wubloader_thrim_t *thrim);
static ngx_uint_t ngx_http_wubloader_is_template_name(wub_str_t name);


static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_templates_statement =
{
    "wubloader_templates",
    "SELECT * FROM public.wubloader_templates()",
    0
};

static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_metadata_statement =
{
    "wubloader_template_metadata",
    "SELECT * FROM public.wubloader_templates() WHERE name = $1",
    1
};

static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_template_statement =
{
    "wubloader_template",
    "SELECT image FROM public.templates WHERE name = $1",
    1
};

static const ngx_http_wubloader_db_statement_t
    ngx_http_wubloader_whole_statement =
{
    "wubloader_template_whole",
    "SELECT crop, location, image FROM public.templates WHERE name = $1",
    1
};


ngx_int_t
ngx_http_wubloader_thrim_templates(ngx_http_wubloader_thrim_t *thrim)
{
    return ngx_http_wubloader_templates_send_asked(thrim,
               &ngx_http_wubloader_templates_statement, 0, 0);
}


ngx_int_t
ngx_http_wubloader_thrim_template_metadata(ngx_http_wubloader_thrim_t *thrim)
{
    return ngx_http_wubloader_templates_send_asked(thrim,
               &ngx_http_wubloader_metadata_statement, 1, 0);
}


ngx_int_t
ngx_http_wubloader_thrim_template(ngx_http_wubloader_thrim_t *thrim)
{
    return ngx_http_wubloader_templates_send_asked(thrim,
               &ngx_http_wubloader_template_statement, 1, 1);
}


ngx_int_t
ngx_http_wubloader_thrim_template_whole(ngx_http_wubloader_thrim_t *thrim,
    ngx_http_wubloader_dir_pt done, void *data)
{
    ngx_http_wubloader_asked_t  *asked;

    if (!ngx_http_wubloader_is_template_name(thrim->name)) {
        return ngx_http_wubloader_no_template(thrim);
    }

    asked = ngx_pcalloc(thrim->request->pool,
                        sizeof(ngx_http_wubloader_asked_t));
    if (asked == NULL) {
        return NGX_ERROR;
    }

    asked->thrim = thrim;
    asked->one = 1;
    asked->image = 1;
    asked->done = done;
    asked->data = data;

    return ngx_http_wubloader_templates_ask(asked,
               &ngx_http_wubloader_whole_statement);
}


static ngx_int_t
ngx_http_wubloader_templates_send_asked(ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_db_statement_t *statement, ngx_uint_t one,
    ngx_uint_t image)
{
    ngx_http_wubloader_asked_t  *asked;

    asked = ngx_pcalloc(thrim->request->pool,
                        sizeof(ngx_http_wubloader_asked_t));
    if (asked == NULL) {
        return NGX_ERROR;
    }

    asked->thrim = thrim;
    asked->one = one ? 1 : 0;
    asked->image = image ? 1 : 0;

    return ngx_http_wubloader_templates_ask(asked, statement);
}


/* the database first: where both have a name, it wins */

static ngx_int_t
ngx_http_wubloader_templates_ask(ngx_http_wubloader_asked_t *asked,
    const ngx_http_wubloader_db_statement_t *statement)
{
    ngx_http_request_t             *r;
    ngx_http_wubloader_thrim_t     *thrim;
    ngx_http_wubloader_loc_conf_t  *wlcf;

    thrim = asked->thrim;
    r = thrim->request;
    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wubloader_module);

    asked->conf = wlcf->templates;
    thrim->data = asked;

    if (wlcf->db != NULL) {
        return ngx_http_wubloader_thrim_read(thrim, statement, &thrim->name,
                   ngx_http_wubloader_templates_known);
    }

    if (asked->conf != NULL) {
        return ngx_http_wubloader_templates_dir(asked);
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_NOT_IMPLEMENTED,
               "There are no templates here; the operator of this server has "
               "to set wubloader_database or wubloader_templates.");
}


static ngx_int_t
ngx_http_wubloader_templates_known(ngx_http_wubloader_thrim_t *thrim,
    const ngx_http_wubloader_pg_result_t *result)
{
    ngx_http_wubloader_asked_t  *asked;

    asked = thrim->data;
    asked->result = result;

    if (asked->one && ngx_http_wubloader_db_rows(result) != 0) {
        return ngx_http_wubloader_templates_kept(asked);
    }

    if (asked->conf != NULL) {
        return ngx_http_wubloader_templates_dir(asked);
    }

    if (asked->one) {
        return ngx_http_wubloader_no_template(thrim);
    }

    return ngx_http_wubloader_templates_send(asked);
}


/* one that the database has */

static ngx_int_t
ngx_http_wubloader_templates_kept(ngx_http_wubloader_asked_t *asked)
{
    wub_str_t                   *piece;
    ngx_http_wubloader_thrim_t  *thrim;

    thrim = asked->thrim;

    if (asked->done != NULL) {
        return ngx_http_wubloader_task(thrim->request,
                                       ngx_http_wubloader_templates_parse,
                                       ngx_http_wubloader_templates_parsed,
                                       asked);
    }

    if (asked->image) {
        return ngx_http_wubloader_thrim_send_png(thrim,
                   ngx_http_wubloader_db_value(asked->result, 0, 0), 1);
    }

    piece = wub_arena_alloc(thrim->arena, sizeof(wub_str_t));
    if (piece == NULL) {
        return NGX_ERROR;
    }

    *piece = ngx_http_wubloader_db_value(asked->result, 0,
                                         NGX_HTTP_WUBLOADER_TEMPLATE_JSON);

    return ngx_http_wubloader_thrim_send_json(thrim, piece, 1);
}


/* in a thread: an image is large, and a bytea twice as large */

static void
ngx_http_wubloader_templates_parse(void *data)
{
    ngx_http_wubloader_asked_t *asked = data;

    wub_arena_t                    *arena;
    ngx_http_wubloader_template_t  *template;

    arena = asked->thrim->arena;

    template = wub_arena_calloc(arena, sizeof(ngx_http_wubloader_template_t));
    if (template == NULL) {
        asked->rc = WUB_NO_MEMORY;
        return;
    }

    asked->dir.templates = template;

    asked->rc = wub_pg_box_parse(arena,
                    ngx_http_wubloader_db_value(asked->result, 0,
                                           NGX_HTTP_WUBLOADER_WHOLE_CROP),
                    &template->crop);
    if (asked->rc != WUB_OK) {
        return;
    }

    asked->rc = wub_pg_box_parse(arena,
                    ngx_http_wubloader_db_value(asked->result, 0,
                                           NGX_HTTP_WUBLOADER_WHOLE_LOCATION),
                    &template->location);
    if (asked->rc != WUB_OK) {
        return;
    }

    asked->rc = wub_pg_bytea_parse(arena,
                    ngx_http_wubloader_db_value(asked->result, 0,
                                           NGX_HTTP_WUBLOADER_WHOLE_IMAGE),
                    &template->image);
}


static ngx_int_t
ngx_http_wubloader_templates_parsed(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_asked_t *asked = data;

    if (asked->rc == WUB_OK) {
        return asked->done(r, asked->data, asked->dir.templates);
    }

    if (asked->rc != WUB_NO_MEMORY) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "a template of the database is not as Postgres writes "
                      "one");
        ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_error);
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_wubloader_templates_dir(ngx_http_wubloader_asked_t *asked)
{
    ngx_http_wubloader_dir_init(&asked->dir, asked->thrim->arena,
                                (char *) asked->conf->path.data);

    return ngx_http_wubloader_task(asked->thrim->request,
                                   ngx_http_wubloader_templates_work,
                                   ngx_http_wubloader_templates_done, asked);
}


static void
ngx_http_wubloader_templates_work(void *data)
{
    ngx_http_wubloader_asked_t *asked = data;

    asked->rc = asked->one
                ? ngx_http_wubloader_dir_find(&asked->dir,
                                              asked->thrim->name)
                : ngx_http_wubloader_dir_list(&asked->dir);
}


static ngx_int_t
ngx_http_wubloader_templates_done(ngx_http_request_t *r, void *data)
{
    ngx_http_wubloader_asked_t *asked = data;

    ngx_http_wubloader_templates_log(r, asked);

    if (asked->rc == WUB_NOT_FOUND && asked->one) {
        return ngx_http_wubloader_no_template(asked->thrim);
    }

    if (asked->rc != WUB_OK) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log,
                      (ngx_err_t) asked->dir.err,
                      "the directory of templates \"%V\" cannot be read%s",
                      &asked->conf->path,
                      (asked->rc == WUB_TOO_BIG) ? ": it holds too many names"
                                                 : "");
        ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_error);

        return ngx_http_wubloader_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                   "The directory of templates cannot be read; see the error "
                   "log of this server.");
    }

    if (asked->done != NULL) {
        return asked->done(r, asked->data, asked->dir.templates);
    }

    if (asked->image) {
        return ngx_http_wubloader_thrim_send_png(asked->thrim,
                                              asked->dir.templates->image, 0);
    }

    return ngx_http_wubloader_templates_send(asked);
}


/* each process says once what is wrong, and again when that has changed */

static void
ngx_http_wubloader_templates_log(ngx_http_request_t *r,
    ngx_http_wubloader_asked_t *asked)
{
    u_char    *p, *last, *end;
    uint32_t   crc;

    if (asked->one) {
        return;
    }

    p = (u_char *) asked->dir.faults.data;
    end = p + asked->dir.faults.len;
    crc = ngx_crc32_long(p, asked->dir.faults.len);

    if (crc == asked->conf->told) {
        return;
    }

    asked->conf->told = crc;

    for ( /* void */ ; p < end; p = last + 1) {
        last = ngx_strlchr(p, end, '\n');

        if (last == NULL) {
            break;
        }

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "%*s",
                      (size_t) (last - p), p);
        ngx_http_wubloader_metrics_logged(r, ngx_http_wubloader_log_error);
    }
}


static ngx_int_t
ngx_http_wubloader_templates_send(ngx_http_wubloader_asked_t *asked)
{
    wub_buf_t                    b;
    wub_str_t                   *piece;
    ngx_http_wubloader_thrim_t  *thrim;

    thrim = asked->thrim;

    piece = wub_arena_alloc(thrim->arena, sizeof(wub_str_t));
    if (piece == NULL) {
        return NGX_ERROR;
    }

    wub_buf_init(&b, thrim->arena, WUB_ARENA_MAX);

    if (asked->one) {
        ngx_http_wubloader_dir_put(&b, asked->dir.templates);

    } else {
        ngx_http_wubloader_templates_merge(asked, &b);
    }

    if (b.rc != WUB_OK) {
        return NGX_ERROR;
    }

    *piece = wub_buf_view(&b);

    return ngx_http_wubloader_thrim_send_json(thrim, piece, 1);
}


/* both lists are sorted by bytes */

static void
ngx_http_wubloader_templates_merge(ngx_http_wubloader_asked_t *asked,
    wub_buf_t *b)
{
    int                        cmp;
    size_t                     j;
    ngx_uint_t                 i, n;
    ngx_http_wubloader_dir_t  *dir;

    dir = &asked->dir;
    n = (asked->result != NULL) ? ngx_http_wubloader_db_rows(asked->result)
                                : 0;

    wub_buf_putc(b, '[');

    for (i = 0, j = 0; i < n || j < dir->ntemplates; ) {

        if (i == n) {
            cmp = 1;

        } else if (j == dir->ntemplates) {
            cmp = -1;

        } else {
            cmp = wub_str_cmp(ngx_http_wubloader_db_value(asked->result, i,
                                           NGX_HTTP_WUBLOADER_TEMPLATE_NAME),
                              dir->templates[j].name);
        }

        if (i + j != 0) {
            wub_buf_lit(b, ", ");
        }

        if (cmp <= 0) {
            wub_buf_str(b, ngx_http_wubloader_db_value(asked->result, i,
                                          NGX_HTTP_WUBLOADER_TEMPLATE_JSON));
            i++;
        }

        if (cmp > 0) {
            ngx_http_wubloader_dir_put(b, &dir->templates[j]);
        }

        if (cmp >= 0) {
            j++;
        }
    }

    wub_buf_putc(b, ']');
}


static ngx_int_t
ngx_http_wubloader_no_template(ngx_http_wubloader_thrim_t *thrim)
{
    ngx_str_t            name, *quote;
    ngx_http_request_t  *r;

    r = thrim->request;
    name = ngx_http_wubloader_ngx(thrim->name);

    if (!ngx_http_wubloader_is_template_name(thrim->name)) {
        quote = ngx_http_wubloader_quote(r, thrim->name,
                                         NGX_HTTP_WUBLOADER_QUOTE);
        if (quote == NULL) {
            return NGX_ERROR;
        }

        name = *quote;
    }

    return ngx_http_wubloader_error(r, NGX_HTTP_NOT_FOUND,
                                    "Template %V not found", &name);
}


/* no template has another one, and the database takes no other text */

static ngx_uint_t
ngx_http_wubloader_is_template_name(wub_str_t name)
{
    return name.len <= WUB_NAME_MAX && wub_buf_is_utf8(name)
           && !wub_event_control(name, wub_str(""));
}
