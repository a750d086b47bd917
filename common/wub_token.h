
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_token: a signed token, JSON Web Token in compact form (RFC 7519, RFC
 * 7515), without the signature's mathematics: its parts, what its header
 * may say, and whether its claims are for us.
 * May call: wub_base64, wub_value.
 * Frees: nothing; results live in the caller's arena, or in the text.
 */


#ifndef WUB_TOKEN_H_INCLUDED_
#define WUB_TOKEN_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_value.h"


/* bytes of a token; those of issuers have under two thousand */
#define WUB_TOKEN_MAX            16384

/* bytes of an address, RFC 5321 4.5.3.1, and of the name of a key */
#define WUB_TOKEN_EMAIL_MAX      254
#define WUB_TOKEN_KID_MAX        255

/* microseconds that clocks may differ */
#define WUB_TOKEN_LEEWAY         (60 * WUB_SECOND)


/* the only ones; "none" and those with a shared secret are not */
typedef enum {
    WUB_TOKEN_RS256 = 0,
    WUB_TOKEN_ES256,
    WUB_TOKEN_ALGORITHMS
} wub_token_alg_e;

extern const wub_str_t  wub_token_alg_names[WUB_TOKEN_ALGORITHMS];


typedef struct {
    wub_str_t        header;        /* JSON, decoded */
    wub_str_t        claims;        /* JSON, decoded */
    wub_str_t        signed_text;   /* what the signature is of */
    wub_str_t        signature;
    wub_token_alg_e  alg;
    wub_str_t        kid;           /* names the key */
} wub_token_t;


typedef struct {
    const wub_str_t  *issuers;
    size_t            nissuers;
    const wub_str_t  *clients;      /* that a token may be meant for */
    size_t            nclients;
} wub_token_conf_t;


/*
 * All return WUB_INVALID for a token that is refused; ret_fault is why, as
 * a part of a sentence: "it has expired".
 */

/* all but alg and kid */
wub_rc_t wub_token_split(wub_arena_t *arena, wub_str_t text,
    wub_token_t *ret, const char **ret_fault) WUB_MUST_CHECK;

/* alg and kid; a key within the header is never looked at */
wub_rc_t wub_token_header(const wub_value_t *header, wub_token_t *token,
    const char **ret_fault) WUB_MUST_CHECK;

/* now: microseconds since 1970; ret_email: lower case */
wub_rc_t wub_token_claims(wub_arena_t *arena, const wub_token_conf_t *conf,
    const wub_value_t *claims, int64_t now, wub_str_t *ret_email,
    const char **ret_fault) WUB_MUST_CHECK;

/* WUB_NOT_FOUND: not one of ours */
wub_rc_t wub_token_alg(wub_str_t name, wub_token_alg_e *ret) WUB_MUST_CHECK;

/* url-safe base64 without padding, only as an encoder writes it */
wub_rc_t wub_token_base64(wub_arena_t *arena, wub_str_t s, wub_str_t *ret)
    WUB_MUST_CHECK;


#endif /* WUB_TOKEN_H_INCLUDED_ */
