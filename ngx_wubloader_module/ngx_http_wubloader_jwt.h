
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_jwt: public keys as a JSON Web Key Set (RFC 7517) has
 * them, and signatures checked with them; the only files of this room that
 * include OpenSSL.
 * May call: OpenSSL's libcrypto, json, common/.
 * Frees: ngx_http_wubloader_jwt_free() frees what a set holds of OpenSSL;
 * the rest lives in the caller's arena.
 */


#ifndef NGX_HTTP_WUBLOADER_JWT_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_JWT_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_token.h"


/* bytes of a set; those of issuers have a few thousand */
#define NGX_HTTP_WUBLOADER_JWT_SET_MAX   65536

/* keys of a set */
#define NGX_HTTP_WUBLOADER_JWT_KEYS_MAX  64

/* bytes of a coordinate of P-256, and of each half of a signature */
#define NGX_HTTP_WUBLOADER_JWT_P256      32

/* bits of an RSA modulus */
#define NGX_HTTP_WUBLOADER_JWT_RSA_MIN   2048
#define NGX_HTTP_WUBLOADER_JWT_RSA_MAX   8192


typedef struct ngx_http_wubloader_jwt_set_s  ngx_http_wubloader_jwt_set_t;


/*
 * Keys that are of no use to us, another algorithm's say, are left out.
 * WUB_INVALID, WUB_TOO_BIG: there is no set in the text, or no key of use
 * in the set; ret_error is a sentence.
 */
wub_rc_t ngx_http_wubloader_jwt_read(wub_arena_t *arena, wub_str_t text,
    ngx_http_wubloader_jwt_set_t **ret, const char **ret_error)
    WUB_MUST_CHECK;

/* NULL is accepted */
void ngx_http_wubloader_jwt_free(ngx_http_wubloader_jwt_set_t *set);

size_t ngx_http_wubloader_jwt_nkeys(const ngx_http_wubloader_jwt_set_t *set);

/*
 * WUB_NOT_FOUND: the set has no key of this name; WUB_INVALID: it has, but
 * the signature is not by that key, and ret_fault is why.
 */
wub_rc_t ngx_http_wubloader_jwt_check(
    const ngx_http_wubloader_jwt_set_t *set, const wub_token_t *token,
    const char **ret_fault) WUB_MUST_CHECK;


/*
 * jwt_key: OpenSSL's key of one of a set.  WUB_DECLINED: it is of no use;
 * OpenSSL's errors are left for the caller to clear.
 */

struct evp_pkey_st;

wub_rc_t ngx_http_wubloader_jwt_rsa(wub_arena_t *arena,
    const wub_value_t *jwk, struct evp_pkey_st **ret) WUB_MUST_CHECK;
wub_rc_t ngx_http_wubloader_jwt_p256(wub_arena_t *arena,
    const wub_value_t *jwk, struct evp_pkey_st **ret) WUB_MUST_CHECK;

/* the text of a member, empty when it is something else */
wub_str_t ngx_http_wubloader_jwt_text(const wub_value_t *object,
    wub_str_t member);


#endif /* NGX_HTTP_WUBLOADER_JWT_H_INCLUDED_ */
