
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_event_text.h"
#include "common/wub_time.h"

#include "ngx_wubloader_module/ngx_http_wubloader_json.h"
#include "ngx_wubloader_module/ngx_http_wubloader_thrimshim.h"


/* bytes of the file of notes */
#define NGX_HTTP_WUBLOADER_NOTES_MAX  (1024 * 1024)

#define NGX_HTTP_WUBLOADER_PREFIX_END  " - "


static char *ngx_http_wubloader_thrim_check(const wub_str_t *field,
    const ngx_str_t *value);
static char *ngx_http_wubloader_thrim_marks(const ngx_str_t *value,
    wub_str_t allowed);
static char *ngx_http_wubloader_notes_read(ngx_conf_t *cf, wub_arena_t *arena,
    ngx_str_t *path, ngx_file_t *file, wub_str_t *ret);
static char *ngx_http_wubloader_notes_parse(ngx_conf_t *cf,
    wub_arena_t *arena, wub_event_conf_t *thrim, const ngx_str_t *path,
    wub_str_t text);
static char *ngx_http_wubloader_notes_copy(ngx_conf_t *cf,
    wub_event_conf_t *thrim, const ngx_str_t *path,
    const wub_value_t *object);
static ngx_int_t ngx_http_wubloader_thrim_copy(ngx_conf_t *cf, wub_str_t s,
    wub_str_t *ret);


char *
ngx_http_wubloader_default_channel(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    char       *rv;
    ngx_str_t  *value;

    value = cf->args->elts;

    rv = ngx_http_wubloader_thrim_check(&wlcf->thrim.default_channel,
                                        &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (!wub_name_safe(ngx_http_wubloader_wub(value[1]))) {
        return "is not the name of a channel; give that of a directory in "
               "the segment store";
    }

    wlcf->thrim.default_channel = ngx_http_wubloader_wub(value[1]);

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_bustime_start(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    char       *rv;
    int64_t     us;
    wub_str_t   time;
    ngx_str_t  *value;

    value = cf->args->elts;

    rv = ngx_http_wubloader_thrim_check(&wlcf->thrim.bustime_start,
                                        &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    time = ngx_http_wubloader_wub(value[1]);

    if (wub_time_parse(time, &us) != WUB_OK) {
        return "is not a time; write YYYY-MM-DDTHH:MM:SS";
    }

    wlcf->thrim.bustime_start = time;

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_title_header(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    char       *rv;
    u_char     *p, *last;
    ngx_str_t  *value;
    wub_str_t   prefix;

    value = cf->args->elts;

    rv = ngx_http_wubloader_thrim_check(&wlcf->thrim.title_prefix,
                                        &value[1]);
    if (rv == NGX_CONF_OK) {
        rv = ngx_http_wubloader_thrim_marks(&value[1], wub_str(""));
    }

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (value[1].len == 0) {
        wlcf->thrim.title_prefix = ngx_http_wubloader_wub(value[1]);
        return NGX_CONF_OK;
    }

    p = ngx_pnalloc(cf->pool, value[1].len
                              + sizeof(NGX_HTTP_WUBLOADER_PREFIX_END) - 1);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    last = ngx_cpymem(p, value[1].data, value[1].len);
    last = ngx_cpymem(last, NGX_HTTP_WUBLOADER_PREFIX_END,
                      sizeof(NGX_HTTP_WUBLOADER_PREFIX_END) - 1);

    prefix = wub_str_n((char *) p, (size_t) (last - p));

    if (wub_event_chars(prefix) >= WUB_EVENT_TITLE_MAX) {
        return "is too long; with \" - \" behind it, it has to be shorter "
               "than the 100 characters of a title";
    }

    wlcf->thrim.title_prefix = prefix;

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_description_footer(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    char       *rv;
    ngx_str_t  *value;

    value = cf->args->elts;

    rv = ngx_http_wubloader_thrim_check(&wlcf->thrim.description_footer,
                                        &value[1]);
    if (rv == NGX_CONF_OK) {
        rv = ngx_http_wubloader_thrim_marks(&value[1], wub_str("\t\r\n"));
    }

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    /* no parameter of nginx is as long as a description may be */

    wlcf->thrim.description_footer = ngx_http_wubloader_wub(value[1]);

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_upload_locations(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    char        *rv;
    ngx_str_t   *value;
    wub_str_t   *names;
    ngx_uint_t   i, j, n;

    if (wlcf->thrim.locations) {
        return "is duplicate";
    }

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    names = ngx_palloc(cf->pool, n * sizeof(wub_str_t));
    if (names == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < n; i++) {

        if (value[i + 1].len == 0) {
            return "has an empty name";
        }

        rv = ngx_http_wubloader_thrim_check(NULL, &value[i + 1]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }

        names[i] = ngx_http_wubloader_wub(value[i + 1]);

        for (j = 0; j < i; j++) {
            if (wub_str_eq(names[i], names[j])) {
                return "names a location twice";
            }
        }
    }

    wlcf->thrim.locations = names;
    wlcf->thrim.nlocations = n;

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_archive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    char       *rv;
    ngx_str_t  *value;

    value = cf->args->elts;

    rv = ngx_http_wubloader_thrim_check(&wlcf->thrim.archive_sheet,
                                        &value[1]);
    if (rv == NGX_CONF_OK) {
        rv = ngx_http_wubloader_thrim_check(NULL, &value[2]);
    }

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (value[1].len == 0 || value[2].len == 0) {
        return "needs the name of a sheet and that of a location";
    }

    wlcf->thrim.archive_sheet = ngx_http_wubloader_wub(value[1]);
    wlcf->thrim.archive_location = ngx_http_wubloader_wub(value[2]);

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_templates(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    ngx_str_t                       *value;
    ngx_http_wubloader_templates_t  *templates;

    if (wlcf->templates) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "may not be empty; give the path of a directory with "
               "templates";
    }

    templates = ngx_pcalloc(cf->pool,
                            sizeof(ngx_http_wubloader_templates_t));
    if (templates == NULL) {
        return NGX_CONF_ERROR;
    }

    templates->path = value[1];
    wlcf->templates = templates;

    return ngx_http_wubloader_conf_dir(cf, &templates->path);
}


/* no text that goes into JSON may break it; field: what the value goes to */

static char *
ngx_http_wubloader_thrim_check(const wub_str_t *field, const ngx_str_t *value)
{
    if (field && field->data) {
        return "is duplicate";
    }

    if (!wub_buf_is_utf8(ngx_http_wubloader_wub(*value))) {
        return "is not UTF-8";
    }

    return NGX_CONF_OK;
}


/* they would have every edit refused; allowed: as wub_edit_check() does */

static char *
ngx_http_wubloader_thrim_marks(const ngx_str_t *value, wub_str_t allowed)
{
    if (memchr(value->data, '<', value->len)
        || memchr(value->data, '>', value->len))
    {
        return "may not hold \"<\" or \">\", which no upload site takes";
    }

    if (wub_event_control(ngx_http_wubloader_wub(*value), allowed)) {
        return "may not hold control characters";
    }

    return NGX_CONF_OK;
}


char *
ngx_http_wubloader_category_notes(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_wubloader_loc_conf_t *wlcf = conf;

    char         *rv;
    ngx_str_t    *value, path;
    wub_str_t     text;
    ngx_file_t    file;
    wub_arena_t  *arena;

    if (wlcf->thrim.notes) {
        return "is duplicate";
    }

    value = cf->args->elts;
    path = value[1];

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    arena = wub_arena_create(WUB_ARENA_MAX);
    if (arena == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&file, sizeof(ngx_file_t));
    file.name = path;
    file.log = cf->log;

    rv = ngx_http_wubloader_notes_read(cf, arena, &path, &file, &text);

    if (rv == NGX_CONF_OK) {
        rv = ngx_http_wubloader_notes_parse(cf, arena, &wlcf->thrim, &path,
                                            text);
    }

    wub_arena_destroy(arena);

    return rv;
}


static char *
ngx_http_wubloader_notes_read(ngx_conf_t *cf, wub_arena_t *arena,
    ngx_str_t *path, ngx_file_t *file, wub_str_t *ret)
{
    char             *data;
    size_t            size;
    ssize_t           n;
    ngx_file_info_t   fi;

    file->fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file->fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "the notes \"%V\" cannot be opened", path);
        return NGX_CONF_ERROR;
    }

    data = NULL;
    size = 0;
    n = NGX_ERROR;

    if (ngx_fd_info(file->fd, &fi) != NGX_FILE_ERROR && ngx_is_file(&fi)
        && ngx_file_size(&fi) <= NGX_HTTP_WUBLOADER_NOTES_MAX)
    {
        size = (size_t) ngx_file_size(&fi);
        data = wub_arena_alloc(arena, size + 1);
    }

    if (data != NULL) {
        n = ngx_read_file(file, (u_char *) data, size, 0);
    }

    (void) ngx_close_file(file->fd);

    if (n == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the notes \"%V\" cannot be read: they have to be "
                           "a file of at most 1 MB", path);
        return NGX_CONF_ERROR;
    }

    *ret = wub_str_n(data, (size_t) n);

    return NGX_CONF_OK;
}


static char *
ngx_http_wubloader_notes_parse(ngx_conf_t *cf, wub_arena_t *arena,
    wub_event_conf_t *thrim, const ngx_str_t *path, wub_str_t text)
{
    const char   *error;
    wub_value_t   value;

    error = "there is no memory";

    if (ngx_http_wubloader_json_read(arena, text, &value, &error) != WUB_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the notes \"%V\" cannot be used: %s", path,
                           error);
        return NGX_CONF_ERROR;
    }

    if (value.kind != WUB_VALUE_OBJECT) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the notes \"%V\" cannot be used: they have to be "
                           "a JSON object of categories and their texts",
                           path);
        return NGX_CONF_ERROR;
    }

    return ngx_http_wubloader_notes_copy(cf, thrim, path, &value);
}


/* out of the arena, which goes */

static char *
ngx_http_wubloader_notes_copy(ngx_conf_t *cf, wub_event_conf_t *thrim,
    const ngx_str_t *path, const wub_value_t *object)
{
    size_t              i;
    ngx_str_t           key;
    wub_event_note_t   *notes;
    const wub_value_t  *item;

    /* one more, since NULL says that there is no such directive */

    notes = ngx_palloc(cf->pool,
                       (object->nitems + 1) * sizeof(wub_event_note_t));
    if (notes == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < object->nitems; i++) {
        item = &object->items[i];

        if (item->kind != WUB_VALUE_TEXT) {
            key = ngx_http_wubloader_ngx(item->key);
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "the notes \"%V\" cannot be used: what stands "
                               "for the category \"%V\" is not a text", path,
                               &key);
            return NGX_CONF_ERROR;
        }

        if (ngx_http_wubloader_thrim_copy(cf, item->key, &notes[i].category)
            != NGX_OK
            || ngx_http_wubloader_thrim_copy(cf, item->text, &notes[i].text)
               != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    thrim->notes = notes;
    thrim->nnotes = object->nitems;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_wubloader_thrim_copy(ngx_conf_t *cf, wub_str_t s, wub_str_t *ret)
{
    u_char  *p;

    p = ngx_pnalloc(cf->pool, s.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, s.data, s.len);
    *ret = wub_str_n((char *) p, s.len);

    return NGX_OK;
}


void
ngx_http_wubloader_thrim_merge(ngx_http_wubloader_loc_conf_t *prev,
    ngx_http_wubloader_loc_conf_t *conf)
{
    wub_event_conf_t  *to, *from;

    to = &conf->thrim;
    from = &prev->thrim;

    if (to->default_channel.data == NULL) {
        to->default_channel = from->default_channel;
    }

    if (to->bustime_start.data == NULL) {
        to->bustime_start = from->bustime_start;
    }

    if (to->title_prefix.data == NULL) {
        to->title_prefix = from->title_prefix;
    }

    if (to->description_footer.data == NULL) {
        to->description_footer = from->description_footer;
    }

    if (to->locations == NULL) {
        to->locations = from->locations;
        to->nlocations = from->nlocations;
    }

    if (to->archive_sheet.data == NULL) {
        to->archive_sheet = from->archive_sheet;
        to->archive_location = from->archive_location;
    }

    if (to->notes == NULL) {
        to->notes = from->notes;
        to->nnotes = from->nnotes;
    }

    if (conf->templates == NULL) {
        conf->templates = prev->templates;
    }
}
