
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_base64.h"
#include "common/wub_token.h"


#define WUB_TOKEN_PARTS          3


static wub_str_t wub_token_text(const wub_value_t *object, wub_str_t key);
static wub_rc_t wub_token_times(const wub_value_t *claims, int64_t now,
    const char **ret_fault);
static const wub_value_t *wub_token_time(const wub_value_t *claims,
    wub_str_t key, bool *ret_bad);
static wub_rc_t wub_token_audience(const wub_token_conf_t *conf,
    const wub_value_t *claims, const char **ret_fault);
static wub_rc_t wub_token_email(wub_arena_t *arena,
    const wub_value_t *claims, wub_str_t *ret_email,
    const char **ret_fault);
static bool wub_token_among(wub_str_t s, const wub_str_t *list, size_t n);
static wub_rc_t wub_token_fault(const char **ret_fault, const char *words);


const wub_str_t  wub_token_alg_names[WUB_TOKEN_ALGORITHMS] = {
    wub_string("RS256"),
    wub_string("ES256")
};


wub_rc_t
wub_token_split(wub_arena_t *arena, wub_str_t text, wub_token_t *ret,
    const char **ret_fault)
{
    size_t       i, n, start;
    wub_rc_t     rc;
    wub_str_t    parts[WUB_TOKEN_PARTS], bytes[WUB_TOKEN_PARTS];

    if (text.len > WUB_TOKEN_MAX) {
        return wub_token_fault(ret_fault, "it is too long");
    }

    n = 0;
    start = 0;

    for (i = 0; i <= text.len; i++) {

        if (i != text.len && text.data[i] != '.') {
            continue;
        }

        if (n == WUB_TOKEN_PARTS) {
            return wub_token_fault(ret_fault, "it has more than three parts");
        }

        parts[n++] = wub_str_n(text.data + start, i - start);
        start = i + 1;
    }

    if (n != WUB_TOKEN_PARTS) {
        return wub_token_fault(ret_fault, "it has fewer than three parts");
    }

    for (i = 0; i < WUB_TOKEN_PARTS; i++) {
        rc = wub_token_base64(arena, parts[i], &bytes[i]);

        if (rc == WUB_INVALID) {
            return wub_token_fault(ret_fault, "a part of it is not "
                                              "base64url");
        }

        if (rc != WUB_OK) {
            return rc;
        }
    }

    memset(ret, 0, sizeof(wub_token_t));

    ret->header = bytes[0];
    ret->claims = bytes[1];
    ret->signature = bytes[2];
    ret->signed_text = wub_str_n(text.data,
                                 parts[0].len + 1 + parts[1].len);

    return WUB_OK;
}


wub_rc_t
wub_token_header(const wub_value_t *header, wub_token_t *token,
    const char **ret_fault)
{
    wub_str_t  alg, kid, type;

    if (header->kind != WUB_VALUE_OBJECT) {
        return wub_token_fault(ret_fault, "its header is no object");
    }

    /* RFC 7515 4.1.11: what is critical has to be understood; we do not */

    if (wub_value_find(header, wub_str("crit")) != NULL
        || wub_value_find(header, wub_str("b64")) != NULL)
    {
        return wub_token_fault(ret_fault, "its header demands an extension");
    }

    /* a token of another kind by the same issuer, RFC 8725 3.11 */

    type = wub_token_text(header, wub_str("typ"));

    if (wub_value_find(header, wub_str("typ")) != NULL
        && !wub_str_eq(type, wub_str("JWT"))
        && !wub_str_eq(type, wub_str("jwt")))
    {
        return wub_token_fault(ret_fault, "its type is not JWT");
    }

    alg = wub_token_text(header, wub_str("alg"));

    if (wub_token_alg(alg, &token->alg) != WUB_OK) {
        return wub_token_fault(ret_fault,
                               "its algorithm is not RS256 or ES256");
    }

    kid = wub_token_text(header, wub_str("kid"));

    if (kid.len == 0 || kid.len > WUB_TOKEN_KID_MAX) {
        return wub_token_fault(ret_fault, "it does not name a key");
    }

    token->kid = kid;

    return WUB_OK;
}


wub_rc_t
wub_token_claims(wub_arena_t *arena, const wub_token_conf_t *conf,
    const wub_value_t *claims, int64_t now, wub_str_t *ret_email,
    const char **ret_fault)
{
    wub_rc_t   rc;
    wub_str_t  issuer;

    if (claims->kind != WUB_VALUE_OBJECT) {
        return wub_token_fault(ret_fault, "its claims are no object");
    }

    issuer = wub_token_text(claims, wub_str("iss"));

    if (!wub_token_among(issuer, conf->issuers, conf->nissuers)) {
        return wub_token_fault(ret_fault,
                               "its issuer is not among the configured ones");
    }

    rc = wub_token_audience(conf, claims, ret_fault);
    if (rc != WUB_OK) {
        return rc;
    }

    rc = wub_token_times(claims, now, ret_fault);
    if (rc != WUB_OK) {
        return rc;
    }

    return wub_token_email(arena, claims, ret_email, ret_fault);
}


/* the text of a member, empty when it is something else */

static wub_str_t
wub_token_text(const wub_value_t *object, wub_str_t key)
{
    const wub_value_t  *value;

    value = wub_value_find(object, key);

    if (value == NULL || value->kind != WUB_VALUE_TEXT) {
        return wub_str("");
    }

    return value->text;
}


static wub_rc_t
wub_token_audience(const wub_token_conf_t *conf, const wub_value_t *claims,
    const char **ret_fault)
{
    bool                found;
    size_t              i;
    const wub_value_t  *aud, *item;

    aud = wub_value_find(claims, wub_str("aud"));
    found = false;

    if (aud != NULL && aud->kind == WUB_VALUE_TEXT) {
        found = wub_token_among(aud->text, conf->clients, conf->nclients);
    }

    if (aud != NULL && aud->kind == WUB_VALUE_LIST) {

        for (i = 0; i < aud->nitems; i++) {
            item = &aud->items[i];

            if (item->kind != WUB_VALUE_TEXT) {
                return wub_token_fault(ret_fault,
                                       "its audience is not all text");
            }

            found = found || wub_token_among(item->text, conf->clients,
                                             conf->nclients);
        }

        /* OpenID Connect Core 3.1.3.7: then it says who asked for it */

        if (aud->nitems > 1
            && !wub_token_among(wub_token_text(claims, wub_str("azp")),
                                conf->clients, conf->nclients))
        {
            found = false;
        }
    }

    if (!found) {
        return wub_token_fault(ret_fault, "it is meant for a client that is "
                                          "not among the configured ones");
    }

    return WUB_OK;
}


/* values at the ends of int64_t are times beyond them: nothing is added */

static wub_rc_t
wub_token_times(const wub_value_t *claims, int64_t now,
    const char **ret_fault)
{
    bool                bad;
    const wub_value_t  *exp, *nbf, *iat;

    bad = false;

    exp = wub_token_time(claims, wub_str("exp"), &bad);
    nbf = wub_token_time(claims, wub_str("nbf"), &bad);
    iat = wub_token_time(claims, wub_str("iat"), &bad);

    if (bad || exp == NULL) {
        return wub_token_fault(ret_fault, "a time in it is missing or no "
                                          "number");
    }

    if (exp->micros <= now - WUB_TOKEN_LEEWAY) {
        return wub_token_fault(ret_fault, "it has expired");
    }

    if ((nbf != NULL && nbf->micros > now + WUB_TOKEN_LEEWAY)
        || (iat != NULL && iat->micros > now + WUB_TOKEN_LEEWAY))
    {
        return wub_token_fault(ret_fault, "it is not valid yet");
    }

    return WUB_OK;
}


static const wub_value_t *
wub_token_time(const wub_value_t *claims, wub_str_t key, bool *ret_bad)
{
    const wub_value_t  *value;

    value = wub_value_find(claims, key);

    if (value != NULL && value->kind != WUB_VALUE_NUMBER) {
        *ret_bad = true;
    }

    return value;
}


static wub_rc_t
wub_token_email(wub_arena_t *arena, const wub_value_t *claims,
    wub_str_t *ret_email, const char **ret_fault)
{
    char               *lower;
    size_t              i;
    wub_str_t           email;
    const wub_value_t  *verified;

    verified = wub_value_find(claims, wub_str("email_verified"));

    if (verified == NULL || verified->kind != WUB_VALUE_BOOL
        || !verified->truth)
    {
        return wub_token_fault(ret_fault, "its address is not verified");
    }

    email = wub_token_text(claims, wub_str("email"));

    if (email.len == 0 || email.len > WUB_TOKEN_EMAIL_MAX
        || memchr(email.data, '@', email.len) == NULL)
    {
        return wub_token_fault(ret_fault, "it holds no address");
    }

    lower = wub_arena_strdup(arena, email);
    if (lower == NULL) {
        return WUB_NO_MEMORY;
    }

    /* of ASCII alone: a Kelvin sign is no k */

    for (i = 0; i < email.len; i++) {
        if (lower[i] >= 'A' && lower[i] <= 'Z') {
            lower[i] = (char) (lower[i] - 'A' + 'a');
        }
    }

    *ret_email = wub_str_n(lower, email.len);

    return WUB_OK;
}


wub_rc_t
wub_token_alg(wub_str_t name, wub_token_alg_e *ret)
{
    wub_token_alg_e  alg;

    for (alg = 0; alg < WUB_TOKEN_ALGORITHMS; alg++) {
        if (wub_str_eq(name, wub_token_alg_names[alg])) {
            *ret = alg;
            return WUB_OK;
        }
    }

    return WUB_NOT_FOUND;
}


wub_rc_t
wub_token_base64(wub_arena_t *arena, wub_str_t s, wub_str_t *ret)
{
    char       again[4];
    size_t     len, tail;
    uint8_t   *out;
    wub_rc_t   rc;

    out = wub_arena_alloc(arena, wub_base64_decoded_len(s.len) + 1);
    if (out == NULL) {
        return WUB_NO_MEMORY;
    }

    rc = wub_base64_decode(s, out, &len);
    if (rc != WUB_OK) {
        return rc;
    }

    /* bits left over in the last character have to be zero */

    tail = s.len % 4;

    if (tail != 0) {
        wub_base64_encode(out + len - len % 3, len % 3, again);

        if (memcmp(again, s.data + s.len - tail, tail) != 0) {
            return WUB_INVALID;
        }
    }

    *ret = wub_str_n((char *) out, len);

    return WUB_OK;
}


static bool
wub_token_among(wub_str_t s, const wub_str_t *list, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (wub_str_eq(s, list[i])) {
            return true;
        }
    }

    return false;
}


static wub_rc_t
wub_token_fault(const char **ret_fault, const char *words)
{
    *ret_fault = words;

    return WUB_INVALID;
}
