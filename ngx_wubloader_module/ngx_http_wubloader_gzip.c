
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "ngx_wubloader_module/ngx_http_wubloader_module.h"


static ngx_uint_t ngx_http_wubloader_gzip_coding(u_char *p, u_char *last);
static ngx_uint_t ngx_http_wubloader_gzip_zero(u_char *p, u_char *last);
static u_char *ngx_http_wubloader_gzip_trim(u_char *p, u_char **last);


/*
 * ngx_http_gzip_ok() is for texts that nginx compresses on the way: it
 * refuses proxies unless "gzip_proxied" says otherwise.  Ours have a length
 * and a strong tag, and say Vary, so only the client's wish counts.
 */

ngx_uint_t
ngx_http_wubloader_gzip_accepted(ngx_http_request_t *r)
{
#if (NGX_HTTP_GZIP)

    u_char           *p, *last, *end;
    ngx_table_elt_t  *h;

    h = r->headers_in.accept_encoding;

    if (h == NULL) {
        return 0;
    }

    p = h->value.data;
    end = p + h->value.len;

    for ( /* void */ ; p < end; p = last + 1) {

        last = ngx_strlchr(p, end, ',');
        if (last == NULL) {
            last = end;
        }

        if (ngx_http_wubloader_gzip_coding(p, last)) {
            return 1;
        }
    }

#endif

    return 0;
}


/* one element of Accept-Encoding (RFC 9110, 12.5.3): gzip, and not q=0 */

static ngx_uint_t
ngx_http_wubloader_gzip_coding(u_char *p, u_char *last)
{
    u_char  *semi, *name, *end;

    semi = ngx_strlchr(p, last, ';');
    end = (semi == NULL) ? last : semi;

    name = ngx_http_wubloader_gzip_trim(p, &end);

    if (!(end - name == 4 && ngx_strncasecmp(name, (u_char *) "gzip", 4) == 0)
        && !(end - name == 6
             && ngx_strncasecmp(name, (u_char *) "x-gzip", 6) == 0))
    {
        return 0;
    }

    if (semi == NULL) {
        return 1;
    }

    p = ngx_http_wubloader_gzip_trim(semi + 1, &last);

    return !(last - p >= 3 && (p[0] == 'q' || p[0] == 'Q') && p[1] == '='
             && ngx_http_wubloader_gzip_zero(p + 2, last));
}


/* 0, 0., 0.0 to 0.000 */

static ngx_uint_t
ngx_http_wubloader_gzip_zero(u_char *p, u_char *last)
{
    if (*p++ != '0') {
        return 0;
    }

    if (p < last && *p++ != '.') {
        return 0;
    }

    while (p < last) {
        if (*p++ != '0') {
            return 0;
        }
    }

    return 1;
}


static u_char *
ngx_http_wubloader_gzip_trim(u_char *p, u_char **last)
{
    u_char  *end;

    end = *last;

    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }

    while (p < end && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }

    *last = end;

    return p;
}
