
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_thrim_dir: templates of thumbnails that lie in a
 * directory (wubloader_templates): NAME.png with NAME.json.  What reads them
 * runs in a thread, and reads the disk each time.
 * May call: nginx, json, common/.
 * Frees: nothing; all lives in the caller's arena.
 */


#ifndef NGX_HTTP_WUBLOADER_THRIM_DIR_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_THRIM_DIR_H_INCLUDED_


#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


/* how a PNG begins */
#define NGX_HTTP_WUBLOADER_PNG         "\x89PNG\r\n\x1a\n"

/* names in a directory of templates */
#define NGX_HTTP_WUBLOADER_DIR_NAMES   10000

/* bytes of what is said of templates that are left out */
#define NGX_HTTP_WUBLOADER_DIR_FAULTS  65536


typedef struct {
    wub_str_t                       name;
    wub_str_t                       description;
    wub_str_t                       attribution;
    wub_pg_box_t                    crop;
    wub_pg_box_t                    location;
    wub_str_t                       image;  /* its head, or all of it */
} ngx_http_wubloader_template_t;

typedef struct {
    wub_arena_t                    *arena;
    const char                     *path;   /* with a zero */
    ngx_http_wubloader_template_t  *templates;  /* sorted by name */
    size_t                          ntemplates;
    wub_buf_t                       faults; /* a line for each that was left
                                               out; what does not fit is not
                                               said */
    int                             err;    /* errno, or 0 */
} ngx_http_wubloader_dir_t;


void ngx_http_wubloader_dir_init(ngx_http_wubloader_dir_t *dir,
    wub_arena_t *arena, const char *path);

/* all that are whole; otherwise the directory cannot be read */
wub_rc_t ngx_http_wubloader_dir_list(ngx_http_wubloader_dir_t *dir)
    WUB_MUST_CHECK;

/* that of a name, with its image; WUB_NOT_FOUND: none */
wub_rc_t ngx_http_wubloader_dir_find(ngx_http_wubloader_dir_t *dir,
    wub_str_t name) WUB_MUST_CHECK;

/* as JSON */
void ngx_http_wubloader_dir_put(wub_buf_t *b,
    const ngx_http_wubloader_template_t *template);

/* from here on in the event loop; template: NULL, there is none, or the
   directory cannot be read, which the log tells */
typedef ngx_int_t (*ngx_http_wubloader_dir_pt)(ngx_http_request_t *r,
    void *data, const ngx_http_wubloader_template_t *template);

/* asks a thread for one of the location's; returns what a content handler
   returns */
ngx_int_t ngx_http_wubloader_dir_one(ngx_http_wubloader_thrim_t *thrim,
    wub_str_t name, ngx_http_wubloader_dir_pt done, void *data);

/*
 * templates: the one of thrim's name with its image, of the database or of
 * the directory; done() is called where there is one, the rest is answered.
 * Of thrim request, arena and name are set.
 */
ngx_int_t ngx_http_wubloader_thrim_template_whole(
    ngx_http_wubloader_thrim_t *thrim, ngx_http_wubloader_dir_pt done,
    void *data);


#endif /* NGX_HTTP_WUBLOADER_THRIM_DIR_H_INCLUDED_ */
