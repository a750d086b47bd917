
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Tokens and key sets of any bytes: a token is split, its header and claims
 * are read, and keys that a set has check nothing they did not sign.  Up to
 * the first zero byte the input is a token, from there a key set; with none
 * it is both, and the claims of a token that is not base64url.
 */


#include "common/wub_token.h"
#include "ngx_wubloader_module/ngx_http_wubloader_json.h"
#include "ngx_wubloader_module/ngx_http_wubloader_jwt.h"


#define FUZZ_ARENA_MAX  ((size_t) 1 << 26)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const wub_str_t  fuzz_names[] = {
    wub_string("iss"),
    wub_string("aud")
};

static const wub_token_conf_t  fuzz_conf = {
    fuzz_names, 1, fuzz_names + 1, 1
};


static void
fuzz_check(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}


static void
fuzz_claims(wub_arena_t *arena, wub_str_t text)
{
    wub_rc_t      rc;
    wub_str_t     email;
    const char   *fault;
    wub_value_t   value;

    if (ngx_http_wubloader_json_read(arena, text, &value, &fault) != WUB_OK) {
        return;
    }

    fault = NULL;
    rc = wub_token_claims(arena, &fuzz_conf, &value, 0, &email, &fault);

    fuzz_check(rc != WUB_INVALID || fault != NULL);
    fuzz_check(rc != WUB_OK
               || (email.len <= WUB_TOKEN_EMAIL_MAX
                   && memchr(email.data, '@', email.len) != NULL));
}


/* true: it has a key's name and an algorithm */

static bool
fuzz_token(wub_arena_t *arena, wub_str_t text, wub_token_t *token)
{
    wub_rc_t      rc;
    const char   *fault;
    wub_value_t   value;

    fault = NULL;
    rc = wub_token_split(arena, text, token, &fault);

    fuzz_check(rc != WUB_INVALID || fault != NULL);

    if (rc != WUB_OK) {
        return false;
    }

    fuzz_check(token->signed_text.len < text.len);
    fuzz_claims(arena, token->claims);

    if (ngx_http_wubloader_json_read(arena, token->header, &value, &fault)
        != WUB_OK)
    {
        return false;
    }

    fault = NULL;
    rc = wub_token_header(&value, token, &fault);

    fuzz_check(rc != WUB_INVALID || fault != NULL);
    fuzz_check(rc != WUB_OK || token->kid.len != 0);

    return rc == WUB_OK;
}


static void
fuzz_set(wub_arena_t *arena, wub_str_t text, const wub_token_t *token)
{
    wub_rc_t                       rc;
    const char                    *fault;
    ngx_http_wubloader_jwt_set_t  *set;

    fault = NULL;
    rc = ngx_http_wubloader_jwt_read(arena, text, &set, &fault);

    if (rc != WUB_OK) {
        fuzz_check(rc == WUB_NO_MEMORY || fault != NULL);
        return;
    }

    fuzz_check(ngx_http_wubloader_jwt_nkeys(set) != 0);

    if (token != NULL) {
        rc = ngx_http_wubloader_jwt_check(set, token, &fault);
        fuzz_check(rc != WUB_INVALID || fault != NULL);
    }

    ngx_http_wubloader_jwt_free(set);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool            named;
    wub_str_t       text, keys;
    wub_token_t     token;
    wub_arena_t    *arena;
    const uint8_t  *zero;

    arena = wub_arena_create(FUZZ_ARENA_MAX);
    if (arena == NULL) {
        return 0;
    }

    text = wub_str_n((const char *) data, size);
    keys = text;

    zero = (size != 0) ? memchr(data, 0, size) : NULL;

    if (zero != NULL) {
        text.len = (size_t) (zero - data);
        keys = wub_str_n((const char *) zero + 1, size - text.len - 1);
    }

    named = fuzz_token(arena, text, &token);

    fuzz_claims(arena, text);
    fuzz_set(arena, keys, named ? &token : NULL);

    wub_arena_destroy(arena);

    return 0;
}
