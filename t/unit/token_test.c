
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Tokens but for their signatures: parts, header, claims, at a given time.
 */


#include "t/unit/wub_test.h"
#include "common/wub_base64.h"
#include "common/wub_token.h"
#include "ngx_wubloader_module/ngx_http_wubloader_json.h"


/* 2024-03-01T00:00:00Z, seconds */
#define NOW                      1709251200


static wub_arena_t  *arena;

static const wub_str_t  issuers[] = {
    wub_string("accounts.google.com"),
    wub_string("https://accounts.google.com")
};

static const wub_str_t  clients[] = {
    wub_string("one"),
    wub_string("two")
};

static const wub_token_conf_t  conf = { issuers, 2, clients, 2 };


static int
setup(void **state)
{
    (void) state;

    arena = wub_test_arena();

    return 0;
}


static int
teardown(void **state)
{
    (void) state;

    wub_arena_destroy(arena);

    return 0;
}


static wub_value_t
json(const char *text)
{
    wub_rc_t      rc;
    const char   *error;
    wub_value_t   value;

    error = "";
    rc = ngx_http_wubloader_json_read(arena, wub_test_str(text), &value,
                                      &error);
    wub_expect(rc == WUB_OK, "%s: %s", text, error);

    return value;
}


static void
split(void **state)
{
    size_t        i;
    wub_rc_t      rc;
    wub_token_t   token;
    const char   *fault;

    static const struct {
        const char  *text;
        const char  *fault;         /* NULL: good */
    } cases[] = {
        { "YWI.Y2Q.ZWY", NULL },
        { "..", NULL },
        { "YQ..", NULL },
        { "YWJj.YWJj.", NULL },
        { "", "it has fewer than three parts" },
        { ".", "it has fewer than three parts" },
        { "YWI.Y2Q", "it has fewer than three parts" },
        { "YWI.Y2Q.ZWY.", "it has more than three parts" },
        { "YWI.Y2Q.ZWY.Z2g.aWo", "it has more than three parts" },
        { "YWI=.Y2Q.ZWY", "a part of it is not base64url" },
        { "YWI.Y2Q.ZWY=", "a part of it is not base64url" },
        { "YWI.Y2Q.ZWY\n", "a part of it is not base64url" },
        { " YWI.Y2Q.ZWY", "a part of it is not base64url" },
        { "YWI.Y2Q.ZWZ", "a part of it is not base64url" },
        { "YR..", "a part of it is not base64url" },
        { "Y..", "a part of it is not base64url" },
        { "YWI.Y2Q.Z+Y", "a part of it is not base64url" },
        { "YWI.Y2Q.Z/Y", "a part of it is not base64url" },
        { "YWI.Y2Q.Z\xc3Y", "a part of it is not base64url" },
    };

    (void) state;

    for (i = 0; i < wub_nitems(cases); i++) {
        fault = NULL;
        rc = wub_token_split(arena, wub_test_str(cases[i].text), &token,
                             &fault);

        if (cases[i].fault == NULL) {
            wub_expect(rc == WUB_OK, "%s: %s", cases[i].text, fault);
            continue;
        }

        wub_expect(rc == WUB_INVALID && strcmp(fault, cases[i].fault) == 0,
                   "%s: %d %s", cases[i].text, (int) rc, fault);
    }

    rc = wub_token_split(arena, wub_str("YWI.Y2Q.ZWY"), &token, &fault);

    assert_int_equal(rc, WUB_OK);
    assert_true(wub_str_eq(token.header, wub_str("ab")));
    assert_true(wub_str_eq(token.claims, wub_str("cd")));
    assert_true(wub_str_eq(token.signature, wub_str("ef")));
    assert_true(wub_str_eq(token.signed_text, wub_str("YWI.Y2Q")));
}


static void
split_long(void **state)
{
    char         *text;
    size_t        len;
    wub_token_t   token;
    const char   *fault;

    (void) state;

    len = (size_t) 1 << 20;
    text = test_malloc(len);
    memset(text, 'A', len);
    text[4] = '.';
    text[WUB_TOKEN_MAX - 5] = '.';

    assert_int_equal(wub_token_split(arena, wub_str_n(text, len), &token,
                                     &fault), WUB_INVALID);
    assert_string_equal(fault, "it is too long");
    assert_int_equal(wub_token_split(arena, wub_str_n(text,
                                                      WUB_TOKEN_MAX + 1),
                                     &token, &fault), WUB_INVALID);
    assert_string_equal(fault, "it is too long");
    assert_int_equal(wub_token_split(arena, wub_str_n(text, WUB_TOKEN_MAX),
                                     &token, &fault), WUB_OK);

    test_free(text);
}


static void
header(void **state)
{
    size_t        i;
    wub_rc_t      rc;
    wub_token_t   token;
    const char   *fault;
    wub_value_t   value;

#define EXTENSION  "its header demands an extension"
#define ALGORITHM  "its algorithm is not RS256 or ES256"
#define NO_KEY     "it does not name a key"
#define TYPE       "its type is not JWT"

    static const struct {
        const char  *text;
        const char  *fault;         /* NULL: good */
    } cases[] = {
        { "{\"alg\":\"RS256\",\"kid\":\"k\"}", NULL },
        { "{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"JWT\"}", NULL },
        { "{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"jwt\"}", NULL },
        { "{\"alg\":\"RS256\",\"kid\":\"k\",\"jwk\":{},\"jku\":\"x\"}",
          NULL },
        { "[]", "its header is no object" },
        { "\"RS256\"", "its header is no object" },
        { "{}", ALGORITHM },
        { "{\"kid\":\"k\"}", ALGORITHM },
        { "{\"alg\":\"none\",\"kid\":\"k\"}", ALGORITHM },
        { "{\"alg\":\"\",\"kid\":\"k\"}", ALGORITHM },
        { "{\"alg\":null,\"kid\":\"k\"}", ALGORITHM },
        { "{\"alg\":[\"RS256\"],\"kid\":\"k\"}", ALGORITHM },
        { "{\"alg\":\"HS256\",\"kid\":\"k\"}", ALGORITHM },
        { "{\"alg\":\"RS512\",\"kid\":\"k\"}", ALGORITHM },
        { "{\"alg\":\"PS256\",\"kid\":\"k\"}", ALGORITHM },
        { "{\"alg\":\"rs256\",\"kid\":\"k\"}", ALGORITHM },
        { "{\"alg\":\"RS256 \",\"kid\":\"k\"}", ALGORITHM },
        { "{\"alg\":\"EdDSA\",\"kid\":\"k\"}", ALGORITHM },
        { "{\"alg\":\"RS256\"}", NO_KEY },
        { "{\"alg\":\"RS256\",\"kid\":\"\"}", NO_KEY },
        { "{\"alg\":\"RS256\",\"kid\":1}", NO_KEY },
        { "{\"alg\":\"RS256\",\"kid\":null}", NO_KEY },
        { "{\"alg\":\"RS256\",\"kid\":\"k\",\"crit\":[\"exp\"]}",
          EXTENSION },
        { "{\"alg\":\"RS256\",\"kid\":\"k\",\"crit\":[]}", EXTENSION },
        { "{\"alg\":\"RS256\",\"kid\":\"k\",\"b64\":false}", EXTENSION },
        { "{\"alg\":\"RS256\",\"kid\":\"k\",\"typ\":\"at+jwt\"}", TYPE },
        { "{\"alg\":\"RS256\",\"kid\":\"k\",\"typ\":null}", TYPE },
    };

    (void) state;

    for (i = 0; i < wub_nitems(cases); i++) {
        value = json(cases[i].text);
        fault = NULL;

        rc = wub_token_header(&value, &token, &fault);

        if (cases[i].fault == NULL) {
            wub_expect(rc == WUB_OK, "%s: %s", cases[i].text, fault);
            assert_true(wub_str_eq(token.kid, wub_str("k")));
            assert_int_equal(token.alg, strstr(cases[i].text, "ES256") != NULL
                                        ? WUB_TOKEN_ES256 : WUB_TOKEN_RS256);
            continue;
        }

        wub_expect(rc == WUB_INVALID && strcmp(fault, cases[i].fault) == 0,
                   "%s: %d %s", cases[i].text, (int) rc, fault);
    }
}


#define ISSUER    "its issuer is not among the configured ones"
#define AUDIENCE  "it is meant for a client that is not among the configured " \
                  "ones"
#define NO_TEXT   "its audience is not all text"
#define TIME      "a time in it is missing or no number"
#define EARLY     "it is not valid yet"
#define EXPIRED   "it has expired"
#define VERIFIED  "its address is not verified"
#define ADDRESS   "it holds no address"

static const struct {
    const char  *name;
    const char  *value;         /* NULL: it is missing */
    const char  *fault;         /* NULL: good */
}  claims_cases[] = {
    { "at", "1", NULL },
    { "iss", "\"accounts.google.com\"", NULL },
    { "iss", "\"https://accounts.google.com/\"", ISSUER },
    { "iss", "\"http://accounts.google.com\"", ISSUER },
    { "iss", "\"Accounts.google.com\"", ISSUER },
    { "iss", "\"accounts.google.com.example.com\"", ISSUER },
    { "iss", "\"\"", ISSUER },
    { "iss", "null", ISSUER },
    { "iss", "[\"accounts.google.com\"]", ISSUER },
    { "iss", NULL, ISSUER },
    { "aud", "\"one\"", NULL },
    { "aud", "[\"one\"]", NULL },
    { "aud", "[\"other\",\"one\"]", NULL },
    { "aud", "\"other\"", AUDIENCE },
    { "aud", "\"on\"", AUDIENCE },
    { "aud", "\"one two\"", AUDIENCE },
    { "aud", "\"\"", AUDIENCE },
    { "aud", "[]", AUDIENCE },
    { "aud", "[\"other\"]", AUDIENCE },
    { "aud", "[\"one\",1]", NO_TEXT },
    { "aud", "[[\"one\"]]", NO_TEXT },
    { "aud", "{\"one\":\"one\"}", AUDIENCE },
    { "aud", "null", AUDIENCE },
    { "aud", NULL, AUDIENCE },
    { "azp", NULL, NULL },
    { "azp", "\"other\"", NULL },
    { "exp", "1709251199", NULL },
    { "exp", "1709251140.5", NULL },
    { "exp", "1709251140", EXPIRED },
    { "exp", "1709251139", EXPIRED },
    { "exp", "0", EXPIRED },
    { "exp", "-1", EXPIRED },
    { "exp", "1e300", NULL },
    { "exp", "-1e300", EXPIRED },
    { "exp", "\"1709254800\"", TIME },
    { "exp", "null", TIME },
    { "exp", "true", TIME },
    { "exp", NULL, TIME },
    { "nbf", "1709251260", NULL },
    { "nbf", "1709251261", EARLY },
    { "nbf", "1e300", EARLY },
    { "nbf", "-1e300", NULL },
    { "nbf", "\"0\"", TIME },
    { "nbf", NULL, NULL },
    { "iat", "1709251260", NULL },
    { "iat", "1709251261", EARLY },
    { "iat", "null", TIME },
    { "iat", NULL, NULL },
    { "email_verified", "\"true\"", VERIFIED },
    { "email_verified", "false", VERIFIED },
    { "email_verified", "\"false\"", VERIFIED },
    { "email_verified", "\"True\"", VERIFIED },
    { "email_verified", "\"\"", VERIFIED },
    { "email_verified", "1", VERIFIED },
    { "email_verified", "null", VERIFIED },
    { "email_verified", "[true]", VERIFIED },
    { "email_verified", NULL, VERIFIED },
    { "email", "\"ann@example.com\"", NULL },
    { "email", "\"\"", ADDRESS },
    { "email", "\"NOT_AUTH\"", ADDRESS },
    { "email", "null", ADDRESS },
    { "email", "[\"ann@example.com\"]", ADDRESS },
    { "email", NULL, ADDRESS },
};


/* a set of good claims, with one member replaced or left out */

static wub_rc_t
claims_with(const char *name, const char *value, wub_str_t *ret_email,
    const char **ret_fault)
{
    size_t        i;
    wub_buf_t     b;
    wub_value_t   claims;

    static const struct {
        const char  *name;
        const char  *value;
    } good[] = {
        { "iss", "\"https://accounts.google.com\"" },
        { "aud", "\"two\"" },
        { "azp", "\"two\"" },
        { "sub", "\"1234\"" },
        { "exp", "1709254800" },
        { "iat", "1709251100" },
        { "nbf", "1709251100" },
        { "email", "\"Ann@Example.Com\"" },
        { "email_verified", "true" },
    };

    wub_buf_init(&b, arena, 10000);
    wub_buf_lit(&b, "{\"at_hash\":null");

    for (i = 0; i < wub_nitems(good); i++) {

        if (strcmp(name, good[i].name) == 0) {
            continue;
        }

        wub_buf_lit(&b, ",\"");
        wub_buf_put(&b, good[i].name, strlen(good[i].name));
        wub_buf_lit(&b, "\":");
        wub_buf_put(&b, good[i].value, strlen(good[i].value));
    }

    if (value != NULL) {
        wub_buf_lit(&b, ",\"");
        wub_buf_put(&b, name, strlen(name));
        wub_buf_lit(&b, "\":");
        wub_buf_put(&b, value, strlen(value));
    }

    wub_buf_putc(&b, '}');
    wub_buf_putc(&b, '\0');

    claims = json(b.data);

    return wub_token_claims(arena, &conf, &claims, NOW * WUB_SECOND,
                            ret_email, ret_fault);
}


static void
claims(void **state)
{
    size_t        i;
    wub_rc_t      rc;
    wub_str_t     email;
    const char   *fault, *name, *value, *want;

    (void) state;

    for (i = 0; i < wub_nitems(claims_cases); i++) {
        name = claims_cases[i].name;
        value = claims_cases[i].value;
        want = claims_cases[i].fault;

        fault = NULL;
        rc = claims_with(name, value, &email, &fault);

        if (want == NULL) {
            wub_expect(rc == WUB_OK, "%s: %s: %s", name, value, fault);
            assert_true(wub_str_eq(email, wub_str("ann@example.com")));
            continue;
        }

        wub_expect(rc == WUB_INVALID && strcmp(fault, want) == 0,
                   "%s: %s: %d %s", name, value, (int) rc, fault);
    }
}


static void
claims_more(void **state)
{
    char          text[400];
    wub_str_t     email;
    const char   *fault;
    wub_value_t   value;

    (void) state;

    value = json("[]");
    assert_int_equal(wub_token_claims(arena, &conf, &value, 0, &email,
                                      &fault), WUB_INVALID);
    assert_string_equal(fault, "its claims are no object");

    /* of several audiences the one that asked has to be ours */

    value = json("{\"iss\":\"accounts.google.com\",\"aud\":[\"one\",\"x\"],"
                 "\"azp\":\"x\",\"exp\":1,\"email_verified\":true,"
                 "\"email\":\"a@b\"}");
    assert_int_equal(wub_token_claims(arena, &conf, &value, 0, &email,
                                      &fault), WUB_INVALID);
    assert_string_equal(fault, AUDIENCE);

    /* letters beyond ASCII stay: a Kelvin sign is no k */

    assert_int_equal(claims_with("email", "\"\\u212AY\\u00c4@B\"", &email,
                                 &fault), WUB_OK);
    assert_true(wub_str_eq(email, wub_str("\xe2\x84\xaay\xc3\x84@b")));

    memset(text, 'a', sizeof(text));
    text[0] = '"';
    text[1] = '@';
    text[WUB_TOKEN_EMAIL_MAX + 1] = '"';
    text[WUB_TOKEN_EMAIL_MAX + 2] = '\0';
    assert_int_equal(claims_with("email", text, &email, &fault), WUB_OK);

    text[WUB_TOKEN_EMAIL_MAX + 1] = 'a';
    text[WUB_TOKEN_EMAIL_MAX + 2] = '"';
    text[WUB_TOKEN_EMAIL_MAX + 3] = '\0';
    assert_int_equal(claims_with("email", text, &email, &fault),
                     WUB_INVALID);
    assert_string_equal(fault, ADDRESS);
}


/* whatever an encoder writes is taken, and nothing else of that length */

static void
base64(void **state)
{
    char       text[8];
    size_t     i, k, len, good;
    uint8_t    bytes[4];
    wub_str_t  out;
    uint64_t   seed;

    (void) state;

    seed = wub_test_seed();

    for (i = 0; i < 2000; i++) {
        len = 1 + wub_test_below(&seed, 3);

        for (k = 0; k < len; k++) {
            bytes[k] = (uint8_t) wub_test_random(&seed);
        }

        wub_base64_encode(bytes, len, text);
        k = wub_base64_encoded_len(len);

        assert_int_equal(wub_token_base64(arena, wub_str_n(text, k), &out),
                         WUB_OK);
        assert_int_equal(out.len, len);
        assert_memory_equal(out.data, bytes, len);

        good = 0;

        for (bytes[3] = '!'; bytes[3] < '~'; bytes[3]++) {
            text[k - 1] = (char) bytes[3];
            good += (wub_token_base64(arena, wub_str_n(text, k), &out)
                     == WUB_OK);
        }

        assert_int_equal(good, len == 1 ? 4 : (len == 2 ? 16 : 64));
        wub_arena_reset(arena);
    }
}


static wub_rc_t
torture_work(wub_arena_t *fresh, void *data)
{
    wub_rc_t      rc;
    wub_str_t     email;
    const char   *fault;
    wub_token_t   token;

    rc = wub_token_split(fresh, wub_str("YWI.Y2Q.ZWY"), &token, &fault);

    if (rc != WUB_OK) {
        return rc;
    }

    return wub_token_claims(fresh, &conf, data, 0, &email, &fault);
}


static void
torture(void **state)
{
    wub_value_t  value;

    (void) state;

    value = json("{\"iss\":\"accounts.google.com\",\"aud\":\"one\","
                 "\"exp\":1,\"email_verified\":true,\"email\":\"a@b\"}");

    assert_true(wub_test_torture(torture_work, &value) >= 1);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(split, setup, teardown),
        cmocka_unit_test_setup_teardown(split_long, setup, teardown),
        cmocka_unit_test_setup_teardown(header, setup, teardown),
        cmocka_unit_test_setup_teardown(claims, setup, teardown),
        cmocka_unit_test_setup_teardown(claims_more, setup, teardown),
        cmocka_unit_test_setup_teardown(base64, setup, teardown),
        cmocka_unit_test_setup_teardown(torture, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
