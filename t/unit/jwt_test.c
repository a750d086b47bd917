
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Key sets and signatures, with keys that OpenSSL makes here.
 */


#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "t/unit/wub_test.h"
#include "common/wub_base64.h"
#include "ngx_wubloader_module/ngx_http_wubloader_jwt.h"


#define TEXT_MAX                 20000


static wub_arena_t                   *arena;
static EVP_PKEY                      *rsa, *other_rsa, *ec, *p384;
static ngx_http_wubloader_jwt_set_t  *set;


static wub_str_t
encode(const void *data, size_t len)
{
    char  *out;

    out = wub_arena_alloc(arena, wub_base64_encoded_len(len) + 1);
    assert_non_null(out);

    wub_base64_encode(data, len, out);
    out[wub_base64_encoded_len(len)] = '\0';

    return wub_str_n(out, wub_base64_encoded_len(len));
}


static const char *
member(EVP_PKEY *pkey, const char *name, int len)
{
    int       n;
    BIGNUM   *bn;
    uint8_t   bytes[2048];

    bn = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, name, &bn), 1);

    n = (len == 0) ? BN_num_bytes(bn) : len;
    assert_int_equal(BN_bn2binpad(bn, bytes, n), n);
    BN_free(bn);

    return encode(bytes, (size_t) n).data;
}


/* a key as JSON; more: members to add */

static const char *
jwk(EVP_PKEY *pkey, const char *kid, const char *more)
{
    int    n;
    char  *out;

    out = wub_arena_alloc(arena, TEXT_MAX);
    assert_non_null(out);

    if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA) {
        n = snprintf(out, TEXT_MAX,
                     "{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\","
                     "\"e\":\"%s\"%s}", kid,
                     member(pkey, OSSL_PKEY_PARAM_RSA_N, 0),
                     member(pkey, OSSL_PKEY_PARAM_RSA_E, 0), more);

    } else {
        n = EVP_PKEY_get_bits(pkey) / 8;
        n = snprintf(out, TEXT_MAX,
                     "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"kid\":\"%s\","
                     "\"x\":\"%s\",\"y\":\"%s\"%s}", n * 8, kid,
                     member(pkey, OSSL_PKEY_PARAM_EC_PUB_X, n),
                     member(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, n), more);
    }

    assert_true(n > 0 && n < TEXT_MAX);

    return out;
}


static wub_rc_t
read_keys(const char *keys, ngx_http_wubloader_jwt_set_t **ret,
    const char **ret_error)
{
    char  *text;

    text = wub_arena_alloc(arena, strlen(keys) + 100);
    assert_non_null(text);

    (void) snprintf(text, strlen(keys) + 100, "{\"keys\":[%s]}", keys);

    return ngx_http_wubloader_jwt_read(arena, wub_test_str(text), ret,
                                       ret_error);
}


static int
setup(void **state)
{
    char         keys[TEXT_MAX];
    const char  *error;

    (void) state;

    arena = wub_test_arena();
    rsa = EVP_RSA_gen(2048);
    other_rsa = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");

    assert_true(rsa != NULL && other_rsa != NULL && ec != NULL
                && p384 != NULL);

    (void) snprintf(keys, sizeof(keys), "%s,%s",
                    jwk(rsa, "rsa", ",\"use\":\"sig\",\"alg\":\"RS256\""),
                    jwk(ec, "ec", ",\"key_ops\":[\"verify\"]"));

    assert_int_equal(read_keys(keys, &set, &error), WUB_OK);

    return 0;
}


static int
teardown(void **state)
{
    (void) state;

    ngx_http_wubloader_jwt_free(set);
    ngx_http_wubloader_jwt_free(NULL);

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other_rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(p384);

    wub_arena_destroy(arena);

    return 0;
}


static wub_str_t
sign(EVP_PKEY *pkey, const EVP_MD *md, wub_str_t text)
{
    size_t       len;
    uint8_t     *out;
    EVP_MD_CTX  *ctx;

    len = 1024;
    out = wub_arena_alloc(arena, len);
    assert_non_null(out);

    ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, pkey), 1);
    assert_int_equal(EVP_DigestSign(ctx, out, &len,
                                    (const uint8_t *) text.data, text.len),
                     1);
    EVP_MD_CTX_free(ctx);

    return wub_str_n((char *) out, len);
}


/* a signature of ECDSA as a token has it */

static wub_str_t
raw(wub_str_t der, int half)
{
    uint8_t        *out;
    ECDSA_SIG      *sig;
    const uint8_t  *p;

    p = (const uint8_t *) der.data;
    sig = d2i_ECDSA_SIG(NULL, &p, (long) der.len);
    assert_non_null(sig);

    out = wub_arena_alloc(arena, 2 * (size_t) half);
    assert_non_null(out);

    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, half), half);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, half),
                     half);
    ECDSA_SIG_free(sig);

    return wub_str_n((char *) out, 2 * (size_t) half);
}


static wub_token_t
token_of(wub_token_alg_e alg, const char *kid, const char *text,
    wub_str_t signature)
{
    wub_token_t  token;

    memset(&token, 0, sizeof(token));

    token.alg = alg;
    token.kid = wub_test_str(kid);
    token.signed_text = wub_test_str(text);
    token.signature = signature;

    return token;
}


static void
expect(wub_token_t token, wub_rc_t want, const char *fault)
{
    wub_rc_t     rc;
    const char  *said;

    said = "";
    rc = ngx_http_wubloader_jwt_check(set, &token, &said);

    wub_expect(rc == want && strcmp(said, fault) == 0, "%d \"%s\", not %d "
               "\"%s\"", (int) rc, said, (int) want, fault);
    assert_int_equal(ERR_peek_error(), 0);
}


#define NOT_BY_KEY  "its signature is not by the key that it names"
#define NOT_FORM    "its signature has not the form of ES256"
#define OTHER_ALG   "its key is of another algorithm"


static void
check_rsa(void **state)
{
    char         bytes[300];
    wub_str_t    good;

    (void) state;

    good = sign(rsa, EVP_sha256(), wub_str("a.b"));

    expect(token_of(WUB_TOKEN_RS256, "rsa", "a.b", good), WUB_OK, "");
    expect(token_of(WUB_TOKEN_RS256, "rsa", "a.c", good), WUB_INVALID,
           NOT_BY_KEY);
    expect(token_of(WUB_TOKEN_RS256, "other", "a.b", good), WUB_NOT_FOUND,
           "");
    expect(token_of(WUB_TOKEN_RS256, "RSA", "a.b", good), WUB_NOT_FOUND, "");
    expect(token_of(WUB_TOKEN_RS256, "ec", "a.b", good), WUB_INVALID,
           OTHER_ALG);
    expect(token_of(WUB_TOKEN_ES256, "rsa", "a.b", good), WUB_INVALID,
           OTHER_ALG);
    expect(token_of(WUB_TOKEN_RS256, "rsa", "a.b",
                    sign(other_rsa, EVP_sha256(), wub_str("a.b"))),
           WUB_INVALID, NOT_BY_KEY);
    expect(token_of(WUB_TOKEN_RS256, "rsa", "a.b",
                    sign(rsa, EVP_sha512(), wub_str("a.b"))),
           WUB_INVALID, NOT_BY_KEY);
    expect(token_of(WUB_TOKEN_RS256, "rsa", "a.b", wub_str("")), WUB_INVALID,
           NOT_BY_KEY);
    expect(token_of(WUB_TOKEN_RS256, "rsa", "a.b",
                    wub_str_n(good.data, good.len - 1)),
           WUB_INVALID, NOT_BY_KEY);

    memset(bytes, 0, sizeof(bytes));
    expect(token_of(WUB_TOKEN_RS256, "rsa", "a.b", wub_str_n(bytes, 256)),
           WUB_INVALID, NOT_BY_KEY);

    memcpy(bytes, good.data, good.len);
    expect(token_of(WUB_TOKEN_RS256, "rsa", "a.b",
                    wub_str_n(bytes, good.len + 1)),
           WUB_INVALID, NOT_BY_KEY);

    bytes[100] = (char) (bytes[100] ^ 1);
    expect(token_of(WUB_TOKEN_RS256, "rsa", "a.b",
                    wub_str_n(bytes, good.len)),
           WUB_INVALID, NOT_BY_KEY);
}


static void
check_ec(void **state)
{
    int        i;
    char       bytes[100];
    wub_str_t  der, good;

    (void) state;

    /* r and s of all lengths */

    for (i = 0; i < 300; i++) {
        good = raw(sign(ec, EVP_sha256(), wub_str("a.b")), 32);
        expect(token_of(WUB_TOKEN_ES256, "ec", "a.b", good), WUB_OK, "");
    }

    der = sign(ec, EVP_sha256(), wub_str("a.b"));
    good = raw(der, 32);

    expect(token_of(WUB_TOKEN_ES256, "ec", "a.c", good), WUB_INVALID,
           NOT_BY_KEY);
    expect(token_of(WUB_TOKEN_ES256, "ec", "a.b", der), WUB_INVALID,
           NOT_FORM);
    expect(token_of(WUB_TOKEN_ES256, "ec", "a.b", wub_str("")), WUB_INVALID,
           NOT_FORM);
    expect(token_of(WUB_TOKEN_ES256, "ec", "a.b",
                    wub_str_n(good.data, 63)), WUB_INVALID, NOT_FORM);
    expect(token_of(WUB_TOKEN_ES256, "ec", "a.b",
                    raw(sign(p384, EVP_sha256(), wub_str("a.b")), 48)),
           WUB_INVALID, NOT_FORM);

    memset(bytes, 0, sizeof(bytes));
    expect(token_of(WUB_TOKEN_ES256, "ec", "a.b", wub_str_n(bytes, 64)),
           WUB_INVALID, NOT_BY_KEY);

    memset(bytes, 0xff, sizeof(bytes));
    expect(token_of(WUB_TOKEN_ES256, "ec", "a.b", wub_str_n(bytes, 64)),
           WUB_INVALID, NOT_BY_KEY);

    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes, good.data, 32);
    expect(token_of(WUB_TOKEN_ES256, "ec", "a.b", wub_str_n(bytes, 64)),
           WUB_INVALID, NOT_BY_KEY);
}


/* a secret that is the public key, whatever the token says of it */

static void
check_confusion(void **state)
{
    uint8_t      mac[EVP_MAX_MD_SIZE];
    unsigned     len;
    const char  *key;

    (void) state;

    key = jwk(rsa, "rsa", "");

    assert_non_null(HMAC(EVP_sha256(), key, (int) strlen(key),
                         (const uint8_t *) "a.b", 3, mac, &len));

    expect(token_of(WUB_TOKEN_RS256, "rsa", "a.b",
                    wub_str_n((char *) mac, len)), WUB_INVALID, NOT_BY_KEY);
}


#define NO_KEY  "None of the keys has a name (kid) and is an RSA key of 2048 " \
                "to 8192 bits, or one of the curve P-256, for signatures."


static void
useless(void **state)
{
    char                          *text;
    size_t                         i, k;
    const char                    *keys[40], *error, *x, *y;
    EVP_PKEY                      *small;
    ngx_http_wubloader_jwt_set_t  *found;

    static const char *const  members[] = {
        ",\"use\":\"enc\"", ",\"use\":1", ",\"alg\":\"RS512\"",
        ",\"alg\":\"ES256\"", ",\"alg\":null", ",\"key_ops\":[]",
        ",\"key_ops\":[\"sign\"]", ",\"key_ops\":\"verify\"",
    };

    (void) state;

    k = 0;
    small = EVP_RSA_gen(1024);
    assert_non_null(small);

    keys[k++] = "";
    keys[k++] = "1,null,[],\"a\",{}";
    keys[k++] = jwk(small, "a", "");
    keys[k++] = jwk(rsa, "", "");
    keys[k++] = jwk(p384, "a", "");
    keys[k++] = "{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"YWJj\"}";
    keys[k++] = "{\"kty\":\"OKP\",\"kid\":\"a\",\"crv\":\"Ed25519\","
                "\"x\":\"YWJj\"}";
    keys[k++] = "{\"kty\":\"RSA\",\"kid\":\"a\"}";
    keys[k++] = "{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"\",\"e\":\"AQAB\"}";
    keys[k++] = "{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AAAA\",\"e\":"
                "\"AQAB\"}";
    keys[k++] = "{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":1,\"e\":3}";
    keys[k++] = "{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"P-256\"}";

    x = member(ec, OSSL_PKEY_PARAM_EC_PUB_X, 32);
    y = member(ec, OSSL_PKEY_PARAM_EC_PUB_Y, 32);

    text = wub_arena_alloc(arena, TEXT_MAX);
    (void) snprintf(text, TEXT_MAX, "{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":"
                    "\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}", y, x);
    keys[k++] = text;

    text = wub_arena_alloc(arena, TEXT_MAX);
    (void) snprintf(text, TEXT_MAX, "{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":"
                    "\"P-521\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
    keys[k++] = text;

    text = wub_arena_alloc(arena, TEXT_MAX);
    (void) snprintf(text, TEXT_MAX, "{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":"
                    "\"%s\",\"e\":\"AQ\"}",
                    member(rsa, OSSL_PKEY_PARAM_RSA_N, 0));
    keys[k++] = text;

    for (i = 0; i < wub_nitems(members); i++) {
        keys[k++] = jwk(rsa, "a", members[i]);
    }

    for (i = 0; i < k; i++) {
        error = "";
        wub_expect(read_keys(keys[i], &found, &error) == WUB_INVALID
                   && strcmp(error, NO_KEY) == 0, "%s: %s", keys[i], error);
        assert_int_equal(ERR_peek_error(), 0);
    }

    EVP_PKEY_free(small);
}


/* useless keys do no harm to those beside them; a name counts once */

static void
mixed(void **state)
{
    char                           text[TEXT_MAX];
    const char                    *error;
    wub_token_t                    token;
    ngx_http_wubloader_jwt_set_t  *found;

    (void) state;

    (void) snprintf(text, sizeof(text), "{},%s,%s,%s,1",
                    jwk(p384, "wide", ""), jwk(rsa, "a", ""),
                    jwk(other_rsa, "a", ""));

    assert_int_equal(read_keys(text, &found, &error), WUB_OK);
    assert_int_equal(ngx_http_wubloader_jwt_nkeys(found), 1);

    token = token_of(WUB_TOKEN_RS256, "a", "a.b",
                     sign(rsa, EVP_sha256(), wub_str("a.b")));
    assert_int_equal(ngx_http_wubloader_jwt_check(found, &token, &error),
                     WUB_OK);

    ngx_http_wubloader_jwt_free(found);
}


static void
sets(void **state)
{
    char                          *text;
    size_t                         i, len;
    const char                    *error;
    ngx_http_wubloader_jwt_set_t  *found;

    static const struct {
        const char  *text;
        const char  *error;
    } cases[] = {
        { "<html>", "Malformed JSON at line 1, column 1." },
        { "", "Malformed JSON at line 1, column 0: it ends too early." },
        { "[]", "The keys are no JSON Web Key Set: there is no list "
                "\"keys\"." },
        { "{}", "The keys are no JSON Web Key Set: there is no list "
                "\"keys\"." },
        { "{\"keys\":{}}", "The keys are no JSON Web Key Set: there is no "
                           "list \"keys\"." },
        { "{\"keys\":[],\"keys\":[]}",
          "Malformed JSON at line 1, column 17: a key is given twice." },
    };

    (void) state;

    for (i = 0; i < wub_nitems(cases); i++) {
        error = "";
        wub_expect(ngx_http_wubloader_jwt_read(arena,
                                               wub_test_str(cases[i].text),
                                               &found, &error)
                   == WUB_INVALID && strcmp(error, cases[i].error) == 0,
                   "%s: %s", cases[i].text, error);
    }

    len = NGX_HTTP_WUBLOADER_JWT_SET_MAX + 1;
    text = wub_arena_alloc(arena, len);
    memset(text, ' ', len);
    assert_int_equal(ngx_http_wubloader_jwt_read(arena, wub_str_n(text, len),
                                                 &found, &error),
                     WUB_TOO_BIG);
    assert_string_equal(error, "The keys are more than 65536 bytes.");

    /* one more than there may be */

    memset(text, 0, len);

    for (i = 0; i < 2 * NGX_HTTP_WUBLOADER_JWT_KEYS_MAX + 1; i++) {
        text[i] = (i % 2 == 0) ? '1' : ',';
    }

    assert_int_equal(read_keys(text, &found, &error), WUB_TOO_BIG);
    assert_string_equal(error, "The key set has more than 64 keys.");
}


static wub_rc_t
torture_work(wub_arena_t *fresh, void *data)
{
    wub_rc_t                       rc;
    const char                    *error;
    ngx_http_wubloader_jwt_set_t  *found;

    rc = ngx_http_wubloader_jwt_read(fresh, wub_test_str(data), &found,
                                     &error);
    if (rc == WUB_OK) {
        ngx_http_wubloader_jwt_free(found);
    }

    return rc;
}


static void
torture(void **state)
{
    char  text[TEXT_MAX];

    (void) state;

    (void) snprintf(text, sizeof(text), "{\"keys\":[%s,%s]}",
                    jwk(ec, "a", ""), jwk(rsa, "b", ""));

    assert_true(wub_test_torture(torture_work, text) > 5);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_rsa),
        cmocka_unit_test(check_ec),
        cmocka_unit_test(check_confusion),
        cmocka_unit_test(useless),
        cmocka_unit_test(mixed),
        cmocka_unit_test(sets),
        cmocka_unit_test(torture),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
