
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "ngx_wubloader_module/ngx_http_wubloader_json.h"
#include "ngx_wubloader_module/ngx_http_wubloader_jwt.h"


/* a signature of ES256 in DER: two integers of 33 bytes, and their heads */
#define NGX_HTTP_WUBLOADER_JWT_DER   80


typedef struct {
    wub_str_t         kid;
    wub_token_alg_e   alg;
    EVP_PKEY         *pkey;
} ngx_http_wubloader_jwt_key_t;

struct ngx_http_wubloader_jwt_set_s {
    ngx_http_wubloader_jwt_key_t  *keys;
    size_t                         nkeys;
};


static wub_rc_t ngx_http_wubloader_jwt_list(wub_arena_t *arena,
    wub_str_t text, const wub_value_t **ret, const char **ret_error);
static wub_rc_t ngx_http_wubloader_jwt_key(wub_arena_t *arena,
    const wub_value_t *jwk, ngx_http_wubloader_jwt_key_t *ret);
static bool ngx_http_wubloader_jwt_signs(const wub_value_t *jwk,
    wub_token_alg_e alg);
static const ngx_http_wubloader_jwt_key_t *ngx_http_wubloader_jwt_find(
    const ngx_http_wubloader_jwt_set_t *set, wub_str_t kid);
static bool ngx_http_wubloader_jwt_der(wub_str_t raw, uint8_t *der,
    wub_str_t *ret);
static bool ngx_http_wubloader_jwt_verify(EVP_PKEY *pkey, wub_str_t text,
    wub_str_t signature);


wub_rc_t
ngx_http_wubloader_jwt_read(wub_arena_t *arena, wub_str_t text,
    ngx_http_wubloader_jwt_set_t **ret, const char **ret_error)
{
    size_t                         i;
    wub_rc_t                       rc;
    const wub_value_t             *list;
    ngx_http_wubloader_jwt_set_t  *set;
    ngx_http_wubloader_jwt_key_t  *key;

    rc = ngx_http_wubloader_jwt_list(arena, text, &list, ret_error);
    if (rc != WUB_OK) {
        return rc;
    }

    set = wub_arena_calloc(arena, sizeof(ngx_http_wubloader_jwt_set_t));
    if (set == NULL) {
        return WUB_NO_MEMORY;
    }

    set->keys = wub_arena_calloc(arena, list->nitems
                                        * sizeof(*set->keys) + 1);
    if (set->keys == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < list->nitems; i++) {
        key = &set->keys[set->nkeys];

        rc = ngx_http_wubloader_jwt_key(arena, &list->items[i], key);

        if (rc == WUB_NO_MEMORY) {
            ngx_http_wubloader_jwt_free(set);
            return rc;
        }

        if (rc != WUB_OK) {
            continue;
        }

        /* a name that two keys have says nothing: the first counts */

        if (ngx_http_wubloader_jwt_find(set, key->kid) != NULL) {
            EVP_PKEY_free(key->pkey);
            key->pkey = NULL;
            continue;
        }

        set->nkeys++;
    }

    if (set->nkeys == 0) {
        *ret_error = "None of the keys has a name (kid) and is an RSA key of "
                     "2048 to 8192 bits, or one of the curve P-256, for "
                     "signatures.";
        return WUB_INVALID;
    }

    *ret = set;

    return WUB_OK;
}


void
ngx_http_wubloader_jwt_free(ngx_http_wubloader_jwt_set_t *set)
{
    size_t  i;

    if (set == NULL) {
        return;
    }

    for (i = 0; i < set->nkeys; i++) {
        EVP_PKEY_free(set->keys[i].pkey);
    }

    set->nkeys = 0;
}


size_t
ngx_http_wubloader_jwt_nkeys(const ngx_http_wubloader_jwt_set_t *set)
{
    return set->nkeys;
}


static wub_rc_t
ngx_http_wubloader_jwt_list(wub_arena_t *arena, wub_str_t text,
    const wub_value_t **ret, const char **ret_error)
{
    wub_rc_t            rc;
    wub_value_t         value;
    const wub_value_t  *list;

    if (text.len > NGX_HTTP_WUBLOADER_JWT_SET_MAX) {
        *ret_error = "The keys are more than 65536 bytes.";
        return WUB_TOO_BIG;
    }

    rc = ngx_http_wubloader_json_read(arena, text, &value, ret_error);
    if (rc != WUB_OK) {
        return rc;
    }

    list = wub_value_find(&value, wub_str("keys"));

    if (list == NULL || list->kind != WUB_VALUE_LIST) {
        *ret_error = "The keys are no JSON Web Key Set: there is no list "
                     "\"keys\".";
        return WUB_INVALID;
    }

    if (list->nitems > NGX_HTTP_WUBLOADER_JWT_KEYS_MAX) {
        *ret_error = "The key set has more than 64 keys.";
        return WUB_TOO_BIG;
    }

    *ret = list;

    return WUB_OK;
}


/* WUB_DECLINED: of no use to us */

static wub_rc_t
ngx_http_wubloader_jwt_key(wub_arena_t *arena, const wub_value_t *jwk,
    ngx_http_wubloader_jwt_key_t *ret)
{
    wub_rc_t   rc;
    wub_str_t  type;

    ret->kid = ngx_http_wubloader_jwt_text(jwk, wub_str("kid"));

    if (ret->kid.len == 0 || ret->kid.len > WUB_TOKEN_KID_MAX) {
        return WUB_DECLINED;
    }

    type = ngx_http_wubloader_jwt_text(jwk, wub_str("kty"));

    if (wub_str_eq(type, wub_str("RSA"))) {
        ret->alg = WUB_TOKEN_RS256;

    } else if (wub_str_eq(type, wub_str("EC"))) {
        ret->alg = WUB_TOKEN_ES256;

    } else {
        return WUB_DECLINED;
    }

    if (!ngx_http_wubloader_jwt_signs(jwk, ret->alg)) {
        return WUB_DECLINED;
    }

    if (ret->alg == WUB_TOKEN_RS256) {
        rc = ngx_http_wubloader_jwt_rsa(arena, jwk, &ret->pkey);

    } else {
        rc = ngx_http_wubloader_jwt_p256(arena, jwk, &ret->pkey);
    }

    /* nginx would take what is left there for a fault of a connection's */

    ERR_clear_error();

    return rc;
}


/* what RFC 7517 4.2 to 4.4 say a key is for; each may be missing */

static bool
ngx_http_wubloader_jwt_signs(const wub_value_t *jwk, wub_token_alg_e alg)
{
    size_t              i;
    const wub_value_t  *use, *name, *ops;

    use = wub_value_find(jwk, wub_str("use"));
    name = wub_value_find(jwk, wub_str("alg"));
    ops = wub_value_find(jwk, wub_str("key_ops"));

    if (use != NULL && !wub_str_eq(use->text, wub_str("sig"))) {
        return false;
    }

    if (name != NULL && !wub_str_eq(name->text, wub_token_alg_names[alg])) {
        return false;
    }

    if (ops == NULL) {
        return true;
    }

    for (i = 0; i < ops->nitems; i++) {
        if (wub_str_eq(ops->items[i].text, wub_str("verify"))) {
            return true;
        }
    }

    return false;
}


static const ngx_http_wubloader_jwt_key_t *
ngx_http_wubloader_jwt_find(const ngx_http_wubloader_jwt_set_t *set,
    wub_str_t kid)
{
    size_t  i;

    for (i = 0; i < set->nkeys; i++) {
        if (wub_str_eq(set->keys[i].kid, kid)) {
            return &set->keys[i];
        }
    }

    return NULL;
}


wub_rc_t
ngx_http_wubloader_jwt_check(const ngx_http_wubloader_jwt_set_t *set,
    const wub_token_t *token, const char **ret_fault)
{
    uint8_t                              der[NGX_HTTP_WUBLOADER_JWT_DER];
    wub_str_t                            signature;
    const ngx_http_wubloader_jwt_key_t  *key;

    key = ngx_http_wubloader_jwt_find(set, token->kid);

    if (key == NULL) {
        return WUB_NOT_FOUND;
    }

    /* the key says which algorithm it is of, never the token */

    if (key->alg != token->alg) {
        *ret_fault = "its key is of another algorithm";
        return WUB_INVALID;
    }

    signature = token->signature;

    if (key->alg == WUB_TOKEN_ES256
        && !ngx_http_wubloader_jwt_der(token->signature, der, &signature))
    {
        *ret_fault = "its signature has not the form of ES256";
        return WUB_INVALID;
    }

    if (!ngx_http_wubloader_jwt_verify(key->pkey, token->signed_text,
                                       signature))
    {
        *ret_fault = "its signature is not by the key that it names";
        return WUB_INVALID;
    }

    return WUB_OK;
}


/* RFC 7518 3.4: r and s, 32 bytes each; OpenSSL takes DER */

static bool
ngx_http_wubloader_jwt_der(wub_str_t raw, uint8_t *der, wub_str_t *ret)
{
    int             len;
    BIGNUM         *r, *s;
    uint8_t        *p;
    ECDSA_SIG      *sig;
    const uint8_t  *data;

    if (raw.len != 2 * NGX_HTTP_WUBLOADER_JWT_P256) {
        return false;
    }

    data = (const uint8_t *) raw.data;

    r = BN_bin2bn(data, NGX_HTTP_WUBLOADER_JWT_P256, NULL);
    s = BN_bin2bn(data + NGX_HTTP_WUBLOADER_JWT_P256,
                  NGX_HTTP_WUBLOADER_JWT_P256, NULL);
    sig = ECDSA_SIG_new();

    if (r == NULL || s == NULL || sig == NULL
        || !ECDSA_SIG_set0(sig, r, s))
    {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return false;
    }

    /* sig owns r and s */

    p = der;
    len = i2d_ECDSA_SIG(sig, &p);

    ECDSA_SIG_free(sig);

    if (len <= 0) {
        return false;
    }

    *ret = wub_str_n((const char *) der, (size_t) len);

    return true;
}


static bool
ngx_http_wubloader_jwt_verify(EVP_PKEY *pkey, wub_str_t text,
    wub_str_t signature)
{
    bool         good;
    EVP_MD_CTX  *ctx;

    ctx = EVP_MD_CTX_new();
    if (ctx == NULL) {
        return false;
    }

    good = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1
           && EVP_DigestVerify(ctx, (const unsigned char *) signature.data,
                               signature.len,
                               (const unsigned char *) text.data, text.len)
              == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();

    return good;
}
