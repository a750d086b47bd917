
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_thrim_dir.h"

#include "common/wub_dir.h"

#include "ngx_wubloader_module/ngx_http_wubloader_json.h"


#define NGX_HTTP_WUBLOADER_DIR_PNG       ".png"
#define NGX_HTTP_WUBLOADER_DIR_JSON      ".json"

/* bytes of NAME.json */
#define NGX_HTTP_WUBLOADER_DIR_JSON_MAX  65536

/* the ending of a template's file, a zero included */
#define NGX_HTTP_WUBLOADER_DIR_ENDING    6


static void ngx_http_wubloader_dir_names(ngx_http_wubloader_dir_t *dir,
    const wub_names_t *names);
static ngx_uint_t ngx_http_wubloader_dir_stem(wub_str_t name,
    wub_str_t *ret);
static wub_rc_t ngx_http_wubloader_dir_template(
    ngx_http_wubloader_dir_t *dir, wub_str_t name,
    ngx_http_wubloader_template_t *ret, ngx_uint_t whole);
static wub_rc_t ngx_http_wubloader_dir_placed(ngx_http_wubloader_dir_t *dir,
    ngx_http_wubloader_template_t *ret);
static wub_rc_t ngx_http_wubloader_dir_read(ngx_http_wubloader_dir_t *dir,
    wub_str_t name, const char *ending, size_t most, size_t max,
    wub_str_t *ret);
static const char *ngx_http_wubloader_dir_fault(wub_rc_t rc);
static const char *ngx_http_wubloader_dir_json(wub_arena_t *arena,
    wub_str_t text, ngx_http_wubloader_template_t *ret);
static ngx_uint_t ngx_http_wubloader_dir_text(const wub_value_t *object,
    wub_str_t key, wub_str_t *ret);
static ngx_uint_t ngx_http_wubloader_dir_box(const wub_value_t *object,
    wub_str_t key, wub_pg_box_t *ret);
static wub_rc_t ngx_http_wubloader_dir_blame(ngx_http_wubloader_dir_t *dir,
    wub_str_t name, const char *ending, const char *fault);
static int ngx_libc_cdecl ngx_http_wubloader_cmp_templates(const void *one,
    const void *two);


void
ngx_http_wubloader_dir_init(ngx_http_wubloader_dir_t *dir,
    wub_arena_t *arena, const char *path)
{
    ngx_memzero(dir, sizeof(ngx_http_wubloader_dir_t));

    dir->arena = arena;
    dir->path = path;

    wub_buf_init(&dir->faults, arena, NGX_HTTP_WUBLOADER_DIR_FAULTS);
}


wub_rc_t
ngx_http_wubloader_dir_list(ngx_http_wubloader_dir_t *dir)
{
    int          fd;
    wub_rc_t     rc;
    wub_names_t  names;

    rc = wub_dir_open(dir->path, "", &fd, &dir->err);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_dir_read(dir->arena, fd, NGX_HTTP_WUBLOADER_DIR_NAMES, &names,
                      &dir->err);

    (void) close(fd);

    if (rc != WUB_OK) {
        return rc;
    }

    dir->templates = wub_arena_alloc(dir->arena, (names.nnames + 1)
                                     * sizeof(ngx_http_wubloader_template_t));
    if (dir->templates == NULL) {
        return WUB_NO_MEMORY;
    }

    ngx_http_wubloader_dir_names(dir, &names);

    ngx_qsort(dir->templates, dir->ntemplates,
              sizeof(ngx_http_wubloader_template_t),
              ngx_http_wubloader_cmp_templates);

    return WUB_OK;
}


static void
ngx_http_wubloader_dir_names(ngx_http_wubloader_dir_t *dir,
    const wub_names_t *names)
{
    size_t     i;
    wub_str_t  name;

    for (i = 0; i < names->nnames; i++) {

        if (ngx_http_wubloader_dir_stem(names->names[i], &name)
            && ngx_http_wubloader_dir_template(dir, name,
                                        &dir->templates[dir->ntemplates], 0)
               == WUB_OK)
        {
            dir->ntemplates++;
        }
    }
}


static ngx_uint_t
ngx_http_wubloader_dir_stem(wub_str_t name, wub_str_t *ret)
{
    size_t  n;

    n = sizeof(NGX_HTTP_WUBLOADER_DIR_PNG) - 1;

    if (name.len <= n || name.data[0] == '.'
        || ngx_memcmp(name.data + name.len - n, NGX_HTTP_WUBLOADER_DIR_PNG,
                      n) != 0)
    {
        return 0;
    }

    *ret = wub_str_n(name.data, name.len - n);

    return 1;
}


wub_rc_t
ngx_http_wubloader_dir_find(ngx_http_wubloader_dir_t *dir, wub_str_t name)
{
    int       fd;
    wub_rc_t  rc;

    if (name.len == 0 || name.data[0] == '.'
        || name.len > WUB_NAME_MAX - NGX_HTTP_WUBLOADER_DIR_ENDING
        || !wub_name_safe(name))
    {
        return WUB_NOT_FOUND;
    }

    dir->templates = wub_arena_alloc(dir->arena,
                                     sizeof(ngx_http_wubloader_template_t));
    if (dir->templates == NULL) {
        return WUB_NO_MEMORY;
    }

    rc = ngx_http_wubloader_dir_template(dir, name, dir->templates, 1);

    if (rc == WUB_OK) {
        dir->ntemplates = 1;
    }

    if (rc != WUB_NOT_FOUND) {
        return rc;
    }

    /* nothing is missing where there is no directory */

    rc = wub_dir_open(dir->path, "", &fd, &dir->err);
    if (rc != WUB_OK) {
        return (rc == WUB_NOT_FOUND) ? WUB_IO : rc;
    }

    (void) close(fd);

    return WUB_NOT_FOUND;
}


/* WUB_NOT_FOUND: there is none of that name, or something is wrong with it */

static wub_rc_t
ngx_http_wubloader_dir_template(ngx_http_wubloader_dir_t *dir,
    wub_str_t name, ngx_http_wubloader_template_t *ret, ngx_uint_t whole)
{
    size_t    head;
    wub_rc_t  rc;

    ngx_memzero(ret, sizeof(ngx_http_wubloader_template_t));

    ret->name = name;
    head = sizeof(NGX_HTTP_WUBLOADER_PNG) - 1;

    rc = ngx_http_wubloader_dir_read(dir, name, NGX_HTTP_WUBLOADER_DIR_PNG,
                                     whole ? NGX_HTTP_WUBLOADER_BODY_MAX
                                           : head,
                                     NGX_HTTP_WUBLOADER_BODY_MAX,
                                     &ret->image);

    if (rc == WUB_NO_MEMORY || (rc == WUB_NOT_FOUND && whole)) {
        return rc;
    }

    if (rc != WUB_OK) {
        return ngx_http_wubloader_dir_blame(dir, name,
                                            NGX_HTTP_WUBLOADER_DIR_PNG,
                                            ngx_http_wubloader_dir_fault(rc));
    }

    if (ret->image.len < head
        || ngx_memcmp(ret->image.data, NGX_HTTP_WUBLOADER_PNG, head) != 0)
    {
        return ngx_http_wubloader_dir_blame(dir, name,
                                            NGX_HTTP_WUBLOADER_DIR_PNG,
                                            "it is no PNG");
    }

    return ngx_http_wubloader_dir_placed(dir, ret);
}


/* where a frame goes, and what is told of the template */

static wub_rc_t
ngx_http_wubloader_dir_placed(ngx_http_wubloader_dir_t *dir,
    ngx_http_wubloader_template_t *ret)
{
    wub_rc_t     rc;
    wub_str_t    text;
    const char  *fault;

    rc = ngx_http_wubloader_dir_read(dir, ret->name,
                                     NGX_HTTP_WUBLOADER_DIR_JSON,
                                     NGX_HTTP_WUBLOADER_DIR_JSON_MAX,
                                     NGX_HTTP_WUBLOADER_DIR_JSON_MAX, &text);

    if (rc == WUB_NO_MEMORY) {
        return rc;
    }

    fault = (rc == WUB_OK)
            ? ngx_http_wubloader_dir_json(dir->arena, text, ret)
            : ngx_http_wubloader_dir_fault(rc);

    if (fault == NULL && !wub_buf_is_utf8(ret->name)) {
        fault = "it has a name that is not UTF-8";
    }

    if (fault != NULL) {
        return ngx_http_wubloader_dir_blame(dir, ret->name,
                                            NGX_HTTP_WUBLOADER_DIR_JSON,
                                            fault);
    }

    return WUB_OK;
}


/* most: bytes that are read, of a file of at most max */

static wub_rc_t
ngx_http_wubloader_dir_read(ngx_http_wubloader_dir_t *dir, wub_str_t name,
    const char *ending, size_t most, size_t max, wub_str_t *ret)
{
    int               fd, err;
    char             *data, path[WUB_NAME_MAX
                                 + NGX_HTTP_WUBLOADER_DIR_ENDING];
    size_t            size, n;
    ssize_t           got;
    wub_rc_t          rc;
    wub_file_stat_t   st;

    n = ngx_strlen(ending);

    ngx_memcpy(path, name.data, name.len);
    ngx_memcpy(path + name.len, ending, n + 1);

    rc = wub_dir_open_file(dir->path, path, &fd, &st, &err);
    if (rc != WUB_OK) {
        return rc;
    }

    if (st.size > max) {
        (void) close(fd);
        return WUB_TOO_BIG;
    }

    size = ngx_min((size_t) st.size, most);

    data = wub_arena_alloc(dir->arena, size + 1);
    if (data == NULL) {
        (void) close(fd);
        return WUB_NO_MEMORY;
    }

    for (n = 0; n < size; n += (size_t) got) {
        got = pread(fd, data + n, size - n, (off_t) n);

        if (got <= 0) {
            break;
        }
    }

    (void) close(fd);

    *ret = wub_str_n(data, n);

    return (n == size) ? WUB_OK : WUB_IO;
}


static const char *
ngx_http_wubloader_dir_fault(wub_rc_t rc)
{
    switch (rc) {

    case WUB_NOT_FOUND:
        return "it is missing";

    case WUB_DECLINED:
        return "it is no file";

    case WUB_DENIED:
        return "it may not be read, or leads out of the directory";

    case WUB_TOO_BIG:
        return "it is too large";

    default:
        return "it cannot be read";
    }
}


/* NULL: all is well */

static const char *
ngx_http_wubloader_dir_json(wub_arena_t *arena, wub_str_t text,
    ngx_http_wubloader_template_t *ret)
{
    const char   *error;
    wub_value_t   value;

    error = "it cannot be read: there is no memory";

    if (ngx_http_wubloader_json_read(arena, text, &value, &error) != WUB_OK) {
        return error;
    }

    if (value.kind != WUB_VALUE_OBJECT) {
        return "it is no JSON object";
    }

    if (!ngx_http_wubloader_dir_box(&value, wub_str("crop"), &ret->crop)
        || !ngx_http_wubloader_dir_box(&value, wub_str("location"),
                                       &ret->location))
    {
        return "it needs \"crop\" and \"location\", each a list of four "
               "whole numbers";
    }

    if (!ngx_http_wubloader_dir_text(&value, wub_str("description"),
                                     &ret->description)
        || !ngx_http_wubloader_dir_text(&value, wub_str("attribution"),
                                        &ret->attribution))
    {
        return "it has a \"description\" or \"attribution\" that is no "
               "text";
    }

    return NULL;
}


/* what is missing, or null, is empty */

static ngx_uint_t
ngx_http_wubloader_dir_text(const wub_value_t *object, wub_str_t key,
    wub_str_t *ret)
{
    const wub_value_t  *value;

    *ret = wub_str("");

    value = wub_value_find(object, key);

    if (value == NULL || value->kind == WUB_VALUE_NULL) {
        return 1;
    }

    *ret = value->text;

    return value->kind == WUB_VALUE_TEXT;
}


static ngx_uint_t
ngx_http_wubloader_dir_box(const wub_value_t *object, wub_str_t key,
    wub_pg_box_t *ret)
{
    size_t              i;
    int64_t             n;
    const wub_value_t  *value, *item;

    value = wub_value_find(object, key);

    if (value == NULL || value->kind != WUB_VALUE_LIST || value->nitems != 4) {
        return 0;
    }

    for (i = 0; i < 4; i++) {
        item = &value->items[i];
        n = item->micros / WUB_SECOND;

        if (item->kind != WUB_VALUE_NUMBER || !item->whole
            || n < INT32_MIN || n > INT32_MAX)
        {
            return 0;
        }

        ret->box[i] = (int32_t) n;
    }

    return 1;
}


/* a line for each, for the log */

static wub_rc_t
ngx_http_wubloader_dir_blame(ngx_http_wubloader_dir_t *dir, wub_str_t name,
    const char *ending, const char *fault)
{
    size_t      i;
    wub_buf_t  *b;

    b = &dir->faults;

    wub_buf_lit(b, "template \"");

    for (i = 0; i < name.len; i++) {
        wub_buf_putc(b, ((u_char) name.data[i] < ' ') ? '?' : name.data[i]);
    }

    wub_buf_lit(b, "\" of \"");
    wub_buf_put(b, dir->path, ngx_strlen(dir->path));
    wub_buf_lit(b, "\" is left out for its ");
    wub_buf_put(b, ending, ngx_strlen(ending));
    wub_buf_lit(b, ": ");
    wub_buf_put(b, fault, ngx_strlen(fault));
    wub_buf_putc(b, '\n');

    return WUB_NOT_FOUND;
}


static int ngx_libc_cdecl
ngx_http_wubloader_cmp_templates(const void *one, const void *two)
{
    const ngx_http_wubloader_template_t *first = one;
    const ngx_http_wubloader_template_t *second = two;

    return wub_str_cmp(first->name, second->name);
}


void
ngx_http_wubloader_dir_put(wub_buf_t *b,
    const ngx_http_wubloader_template_t *template)
{
    size_t  i;

    wub_buf_lit(b, "{\"name\": ");
    wub_buf_json(b, template->name);
    wub_buf_lit(b, ", \"description\": ");
    wub_buf_json(b, template->description);
    wub_buf_lit(b, ", \"attribution\": ");
    wub_buf_json(b, template->attribution);
    wub_buf_lit(b, ", \"crop\": [");

    for (i = 0; i < 4; i++) {

        if (i != 0) {
            wub_buf_lit(b, ", ");
        }

        wub_buf_i64(b, template->crop.box[i]);
    }

    wub_buf_lit(b, "], \"location\": [");

    for (i = 0; i < 4; i++) {

        if (i != 0) {
            wub_buf_lit(b, ", ");
        }

        wub_buf_i64(b, template->location.box[i]);
    }

    wub_buf_lit(b, "]}");
}
