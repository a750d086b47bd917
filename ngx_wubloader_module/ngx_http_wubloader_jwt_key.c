
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "ngx_wubloader_module/ngx_http_wubloader_jwt.h"


/* bytes of an RSA exponent */
#define NGX_HTTP_WUBLOADER_JWT_EXPONENT  8


static wub_rc_t ngx_http_wubloader_jwt_rsa_make(wub_str_t n, wub_str_t e,
    EVP_PKEY **ret);
static wub_rc_t ngx_http_wubloader_jwt_make(const char *type,
    OSSL_PARAM *params, EVP_PKEY **ret);
static bool ngx_http_wubloader_jwt_good(EVP_PKEY *pkey);
static wub_rc_t ngx_http_wubloader_jwt_bytes(wub_arena_t *arena,
    const wub_value_t *jwk, wub_str_t member, wub_str_t *ret);


wub_rc_t
ngx_http_wubloader_jwt_rsa(wub_arena_t *arena, const wub_value_t *jwk,
    EVP_PKEY **ret)
{
    wub_rc_t   rc;
    wub_str_t  n, e;
    EVP_PKEY  *pkey;

    rc = ngx_http_wubloader_jwt_bytes(arena, jwk, wub_str("n"), &n);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = ngx_http_wubloader_jwt_bytes(arena, jwk, wub_str("e"), &e);
    if (rc != WUB_OK) {
        return rc;
    }

    /* even numbers, and an exponent of 1, make no RSA key */

    if (n.len > NGX_HTTP_WUBLOADER_JWT_RSA_MAX / 8
        || e.len > NGX_HTTP_WUBLOADER_JWT_EXPONENT
        || (n.data[n.len - 1] & 1) == 0
        || (e.data[e.len - 1] & 1) == 0
        || (e.len == 1 && e.data[0] == 1))
    {
        return WUB_DECLINED;
    }

    rc = ngx_http_wubloader_jwt_rsa_make(n, e, &pkey);
    if (rc != WUB_OK) {
        return rc;
    }

    if (EVP_PKEY_get_bits(pkey) < NGX_HTTP_WUBLOADER_JWT_RSA_MIN) {
        EVP_PKEY_free(pkey);
        return WUB_DECLINED;
    }

    *ret = pkey;

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_jwt_rsa_make(wub_str_t n, wub_str_t e, EVP_PKEY **ret)
{
    BIGNUM          *modulus, *exponent;
    wub_rc_t         rc;
    OSSL_PARAM      *params;
    OSSL_PARAM_BLD  *bld;

    rc = WUB_NO_MEMORY;
    params = NULL;

    modulus = BN_bin2bn((const unsigned char *) n.data, (int) n.len, NULL);
    exponent = BN_bin2bn((const unsigned char *) e.data, (int) e.len, NULL);
    bld = OSSL_PARAM_BLD_new();

    if (modulus != NULL && exponent != NULL && bld != NULL
        && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, modulus)
        && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, exponent))
    {
        params = OSSL_PARAM_BLD_to_param(bld);
    }

    if (params != NULL) {
        rc = ngx_http_wubloader_jwt_make("RSA", params, ret);
    }

    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    BN_free(exponent);
    BN_free(modulus);

    return rc;
}


wub_rc_t
ngx_http_wubloader_jwt_p256(wub_arena_t *arena, const wub_value_t *jwk,
    EVP_PKEY **ret)
{
    char         group[] = "prime256v1";
    wub_rc_t     rc;
    uint8_t      point[1 + 2 * NGX_HTTP_WUBLOADER_JWT_P256];
    EVP_PKEY    *pkey;
    wub_str_t    x, y, curve;
    OSSL_PARAM   params[3];

    curve = ngx_http_wubloader_jwt_text(jwk, wub_str("crv"));

    if (!wub_str_eq(curve, wub_str("P-256"))) {
        return WUB_DECLINED;
    }

    rc = ngx_http_wubloader_jwt_bytes(arena, jwk, wub_str("x"), &x);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = ngx_http_wubloader_jwt_bytes(arena, jwk, wub_str("y"), &y);
    if (rc != WUB_OK) {
        return rc;
    }

    if (x.len != NGX_HTTP_WUBLOADER_JWT_P256
        || y.len != NGX_HTTP_WUBLOADER_JWT_P256)
    {
        return WUB_DECLINED;
    }

    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1, x.data, x.len);
    memcpy(point + 1 + x.len, y.data, y.len);

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                 group, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                                  point, sizeof(point));
    params[2] = OSSL_PARAM_construct_end();

    rc = ngx_http_wubloader_jwt_make("EC", params, &pkey);
    if (rc != WUB_OK) {
        return rc;
    }

    if (!ngx_http_wubloader_jwt_good(pkey)) {
        EVP_PKEY_free(pkey);
        return WUB_DECLINED;
    }

    *ret = pkey;

    return WUB_OK;
}


static wub_rc_t
ngx_http_wubloader_jwt_make(const char *type, OSSL_PARAM *params,
    EVP_PKEY **ret)
{
    EVP_PKEY      *pkey;
    EVP_PKEY_CTX  *ctx;

    ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (ctx == NULL) {
        return WUB_NO_MEMORY;
    }

    pkey = NULL;

    if (EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
    {
        EVP_PKEY_CTX_free(ctx);
        return WUB_DECLINED;
    }

    EVP_PKEY_CTX_free(ctx);

    *ret = pkey;

    return WUB_OK;
}


/* a point that lies on the curve */

static bool
ngx_http_wubloader_jwt_good(EVP_PKEY *pkey)
{
    bool           good;
    EVP_PKEY_CTX  *ctx;

    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    good = (ctx != NULL && EVP_PKEY_public_check(ctx) == 1);

    EVP_PKEY_CTX_free(ctx);

    return good;
}


/* WUB_DECLINED: it is missing, empty, or not base64url */

static wub_rc_t
ngx_http_wubloader_jwt_bytes(wub_arena_t *arena, const wub_value_t *jwk,
    wub_str_t member, wub_str_t *ret)
{
    wub_rc_t   rc;
    wub_str_t  text;

    text = ngx_http_wubloader_jwt_text(jwk, member);

    if (text.len == 0) {
        return WUB_DECLINED;
    }

    rc = wub_token_base64(arena, text, ret);

    return (rc == WUB_INVALID) ? WUB_DECLINED : rc;
}


wub_str_t
ngx_http_wubloader_jwt_text(const wub_value_t *object, wub_str_t member)
{
    const wub_value_t  *value;

    value = wub_value_find(object, member);

    return (value == NULL) ? wub_str("") : value->text;
}
